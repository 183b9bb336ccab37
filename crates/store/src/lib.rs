//! The store: the only crate that holds SQL, and the only one that writes raw reports to disk.
//!
//! One data directory holds everything (see [`data_dir`]): `store.sqlite` with the state, `raw/` with frames of the raw reports.
//! A [`Store`] is the one writer; [`Store::reader`] opens a snapshot beside it.
//!
//! - [`data_dir`]: the layout, the lock, the installation's secret,
//! - [`frames`]: zstd frames of raw bytes in append-only segment files,
//! - [`chunks`]: the transaction that is the arbiter: what a chunk of rows has done, all or nothing,
//! - [`fate_blob`]: a byte or a few per row: what became of it,
//! - [`sightings`]: last seen and count, in blocks of 1,000 findings,
//! - [`corrections`]: assignments taken back and given anew; [`recalls`]: the notices that say so,
//! - [`policy`]: the rules for telling; [`keeping`]: what they keep from being told, [`overviews`]: and until when,
//! - [`replays`]: rejected rows that were read again,
//! - [`reports`], [`findings`], [`register`], [`outbox`], [`ledger`]: what their names say,
//! - [`templates`]: the texts of mails as the desk changed them,
//! - [`weekly_overviews`]: what an organisation is shown once a week,
//! - [`transaction`]: all or nothing; [`rehearsal`]: nothing in the end,
//! - [`audit`], [`users`]: who did what, when and why, as a chain of hashes,
//! - [`campaigns`]: actions of the desk about one report,
//! - [`claims`], [`conflicts`]: what members say is theirs, and who else does; [`onboarding`]: how they join,
//! - [`contact_changes`], [`contact_keys`], [`confirmations`]: what belongs to contacts beside the register,
//! - [`look_ups`]: what the DNS said of the addresses and names of findings,
//! - [`safety_net`], [`abuse_contacts`], [`do_not_contact`]: what is nobody's and is told all the same, to whom, and to whom never,
//! - [`name_look_ups`]: what the DNS said of the names of the register,
//! - [`erase`], [`retention`]: what is erased for real, when, and what is held; [`privacy`]: where a person occurs,
//! - [`sources`]: who reports; [`spool`]: what reached a door and waits; [`arrivals`]: what became of it,
//! - [`follow_ups`], [`answers`]: what was told to whom, and what they said; [`mailboxes`]: what is known of their addresses,
//! - [`handovers`]: findings on their way to other hubs, and what those say of them; [`hub_status`]: how far they came there;
//!   [`digests`]: what was sent and what came, to be compared,
//! - [`feeds`]: what came of each feed,
//! - [`hubs`]: links with other hubs; [`parcels_out`], [`parcels_in`], [`hub_messages`]: what goes over them; [`parcel_queues`]: how much is under way;
//!   [`hub_outages`]: who does not answer,
//! - [`finding_list`]: findings by conditions, page by page; [`desk_work`]: who works on which; [`saved_views`]: lists that people keep,
//! - [`shifts`]: what one shift hands over to the next,
//! - [`listed`]: the newest of a list, and what is new in it,
//! - [`api_clients`]: programs that use the API,
//! - [`member_keys`], [`member_reports`]: how members fetch their own rows, and which those are,
//! - [`register_digest`]: what a change of the register has changed, for that chain,
//! - [`register_history`]: the versions of the register,
//! - [`backup`]: a consistent copy, and the way back.

pub mod abuse_contacts;
pub mod accounts;
pub mod act;
pub mod announced;
pub mod answers;
pub mod api_clients;
pub mod arrivals;
mod asset_index;
pub mod asset_requests;
pub mod audit;
pub mod backup;
pub mod breaches;
pub mod calls;
pub mod campaigns;
pub mod chunks;
pub mod claims;
pub mod closing_days;
pub mod confirmations;
pub mod conflicts;
pub mod contact_changes;
pub mod contact_keys;
pub mod corrections;
pub mod credentials;
pub mod data_dir;
pub mod desk_work;
pub mod digests;
pub mod do_not_contact;
pub mod erase;
pub mod error;
pub mod exploited;
pub mod fate_blob;
pub mod feeds;
pub mod finding_list;
pub mod findings;
pub mod follow_ups;
pub mod frames;
pub mod handovers;
pub mod hub_claim_lists;
pub mod hub_messages;
pub mod hub_outages;
pub mod hub_payload;
pub mod hub_proofs;
pub mod hub_questions;
pub mod hub_sealing;
pub mod hub_status;
pub mod hub_taken_back;
pub mod hubs;
pub mod id_list;
pub mod keeping;
pub mod ladders;
pub mod last_changes;
pub mod ledger;
pub mod listed;
pub mod look_ups;
pub mod mailboxes;
pub mod member_keys;
pub mod member_reports;
pub mod name_look_ups;
pub mod onboarding;
pub mod open;
pub mod outbox;
pub mod overviews;
pub mod parcel_queues;
pub mod parcels_in;
pub mod parcels_out;
pub mod policy;
pub mod privacy;
pub mod readers;
pub mod recalls;
pub mod register;
pub mod register_around;
pub mod register_digest;
pub mod register_history;
mod register_rows;
pub mod rehearsal;
pub mod replays;
pub mod replies;
pub mod reports;
pub mod retention;
pub mod safety_net;
pub mod saved_views;
pub mod search;
pub mod sector;
pub mod sessions;
pub mod shifts;
pub mod sightings;
pub mod sources;
mod split;
pub mod spool;
pub mod templates;
pub mod transaction;
pub mod users;
pub mod varint;
pub mod weekly_overviews;
mod wipe;

pub use error::StoreError;
pub use open::{Reader, Store};
