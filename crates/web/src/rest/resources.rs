//! What the routes do, a file for each kind of thing. They read what is committed and leave decisions and changes to the use cases in `app`.

pub mod accounts;
pub mod changes;
pub mod claims;
pub mod desk;
pub mod desk_mail;
pub mod drop_ins;
pub mod events;
pub mod findings;
pub mod ledger;
pub mod notifications;
pub mod own;
pub mod own_claims;
pub mod pictures;
pub mod policy;
pub mod register;
pub mod register_changes;
pub mod register_files;
pub mod register_work;
pub mod reports;
pub mod shifts;
pub mod submissions;
pub mod texts;
pub mod vetting;
pub mod what_ifs;
pub mod work;
