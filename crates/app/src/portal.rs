//! What the portal's pages are made of. The pages themselves are in `schakel-render`, their addresses in `schakel-web`.
//!
//! - [`accounts`]: who may sign in,
//! - [`breached`]: passwords that were leaked elsewhere,
//! - [`sign_in`]: who is at a browser: invitation, password, code, session,
//! - [`renewal`]: another password, another app,
//! - [`passkeys`], [`providers`], [`recovery`]: other ways to sign in, and back in; [`carried`]: what a browser has between two steps,
//! - [`morning`]: the desk's first page; [`ahead`]: what comes if nobody reacts,
//! - [`own`]: what people of a member see,
//! - [`answers`], [`calls`], [`findings`], [`organisations`], [`sector`], [`vetting`], [`why`]: what their names say,
//! - [`finding`]: one of them, with its [`timeline`]; [`work`]: what the desk does to them,
//! - [`reports`], [`rules`], [`people`], [`shift`]: what their names say,
//! - [`register_work`]: changes of the register; [`disputes`]: what waits for a decision there.

pub mod accounts;
pub mod ahead;
pub mod answers;
pub mod breached;
pub mod breaches;
pub mod calls;
pub mod carried;
pub mod conversation;
pub mod disputes;
pub mod finding;
pub mod findings;
pub mod mail;
pub mod morning;
pub mod organisations;
pub mod own;
pub mod passkeys;
pub mod people;
pub mod providers;
pub mod recovery;
pub mod register_work;
pub mod renewal;
pub mod reports;
pub mod rules;
pub mod sector;
pub mod shift;
pub mod sign_in;
pub mod timeline;
pub mod vetting;
pub mod why;
pub mod work;
