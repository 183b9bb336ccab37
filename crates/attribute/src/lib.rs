//! Event to owners, and why.
//!
//! A [`Snapshot`] holds what the register says as tables that never change; whoever changes the register builds a new
//! one and swaps it whole. [`Snapshot::assign`] tells whom an observation concerns, [`Snapshot::explain`] shows every
//! candidate and the rule that decided. Both go through the same [`contest`], so they cannot disagree.
//!
//! How it is decided, for each end of the event and each role on its own:
//!
//! 1. **Selectors.** The address, every name (host name, PTR name, host of the URL), the account and the URL are asked
//!    separately, and each may have a winner: whose the address is and whose the name is are two facts. A URL and the
//!    same host given as a name are one selector. A host that is an address counts as an address.
//! 2. **Not valid then** ([`Rule::NotValidThen`]). An asset that did not hold at the time of observation is out; the
//!    next less specific one takes its place.
//! 3. **Holes** ([`Rule::Excluded`]). Whatever falls in an asset with the flag `excluded` is not that organisation's in
//!    that role: its assets that are no more specific than the hole are out, its AS number and country as well. A more
//!    specific asset inside the hole counts again.
//! 4. **Shared hosting** ([`Rule::SharedHosting`]). When the end has a name of its own (host name, URL, account; a PTR
//!    name is the address's), an address asset with the flag `shared_hosting` is a hole for its organisation: the
//!    address says nothing about whose the name is. Without such a name it counts as any other: the holder of the
//!    address is concerned. Kinds that go by names only ([`names_only`]) leave out address, PTR name and AS number
//!    whenever there is such a name.
//! 5. **Most specific** ([`Rule::LongestPrefix`], [`Rule::HostOverDomain`]). Among prefixes the longest; an address is
//!    the longest prefix. Among names: URL, then host name, then domain; the longer before the shorter. For an account:
//!    mail domain, then domain.
//! 6. **Proven before asserted** ([`Rule::Proven`]) among equally specific ones: any proof but `asserted` counts, and
//!    counts the same. Who is then still equal wins together.
//! 7. **AS number** ([`Rule::NameOverAsn`]) only when no address or name asset won in that role at that end; **country**
//!    ([`Rule::Country`]) only when nothing else did.
//! 8. **Announced prefixes** stand between these two, by the same rule as AS numbers: an address in a prefix that an
//!    imported table says is announced by a registered AS number, or listed under a registered RIPE handle, concerns
//!    whoever has that AS number or handle. It says who carries the traffic, never whose the address is. Only the most
//!    specific announcement around the address counts, whoever's it is. When the event states an AS number itself, the
//!    table's AS numbers do not count: the source saw the origin at that time.
//!
//! In URLs `http` and `https` are one, a default port is none, and a path matches up to a border (`/`, `?`, `&`, `#`);
//! percent-encoding is compared as written. The flag `dynamic` decides nothing here: it is for whoever tells.

mod announced;
mod candidate;
mod contest;
mod entry;
mod explain;
mod keys;
mod names;
mod prefixes;
mod selectors;
mod snapshot;
mod wanted;

pub use candidate::{Candidate, Input, InputKind, Query, Rule};
pub use contest::{Scratch, names_only};
pub use snapshot::{Snapshot, TableSizes};
pub use wanted::Wanted;
