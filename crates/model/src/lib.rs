//! The values of Schakel and what always holds for them.
//!
//! Everything here is plain data with pure functions: no files, no sockets, no clock, no random source.
//! Read it in the order of a report's life:
//!
//! - [`source`]: who reports; [`arrival`]: what reached a door and is no report of the store yet,
//! - [`observation`]: one row of a report as the data plane sees it (borrowed, no allocation per field),
//! - [`event`]: the same row with every field, as IDF names them,
//! - [`register`]: organisations, assets and contacts; [`asset`] says what can be owned,
//! - [`claim`]: what a member says is theirs, before it counts; [`affiliation`]: how it joins,
//! - [`name_look_up`]: what the DNS said of a name, and when a name counts as gone,
//! - [`enrichment`]: what we found out ourselves about an address or a name,
//! - [`abuse_contact`]: whom the outside world names for what is nobody's,
//! - [`finding`]: the durable problem behind repeated events, and its key,
//! - [`answer`]: what recipients say about what they were told, and where a finding stands at an organisation,
//! - [`account`]: who signs in to the portal,
//! - [`hub`]: other installations, the links with them and what goes over those,
//! - [`api`]: programs that use the API, and what they may do,
//! - [`call`]: whom the desk telephones when nothing else reached anybody,
//! - [`fate`]: what became of a row and of an assignment, and the sums that must balance; [`keeping`]: why something is not told now,
//! - [`tlp`], [`severity`], [`classification`]: the field's own scales; [`cve`]: its numbers of vulnerabilities,
//! - [`said!`]: closed sets of what is said to people.
//!
//! Nothing here is serialisable by accident: wire formats live in `schakel-formats` and at the edges.

pub mod abuse_contact;
pub mod account;
pub mod affiliation;
pub mod announced;
pub mod answer;
pub mod api;
pub mod arrival;
pub mod asset;
pub mod assignment;
pub mod call;
pub mod claim;
pub mod classification;
pub mod clock;
pub mod country;
pub mod cve;
pub mod enrichment;
pub mod event;
pub mod fate;
pub mod finding;
pub mod hub;
pub mod ids;
pub mod keeping;
pub mod language;
pub mod limits;
pub mod name_look_up;
pub mod observation;
pub mod register;
pub mod reject;
pub mod relation;
mod said;
pub mod severity;
pub mod source;
pub mod tlp;
