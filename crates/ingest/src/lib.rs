//! Reports in: a folder that files are moved into, and doors that others come to.
//!
//! - [`folder`]: `incoming/`, `done/`, `failed/`,
//! - [`door`]: what every other way in does with what it received,
//! - [`smtp`]: mail that a mail server hands over,
//! - [`imap`]: mail that lies in a mailbox elsewhere.

pub mod door;
pub mod folder;
pub mod imap;
pub mod smtp;
