//! Notifications out: to a mail server by SMTP, into a folder as files, to programs of members over HTTPS.
//!
//! Three steps, which the caller keeps apart so that a crash between them loses nothing and sends no second mail with
//! another name:
//!
//! 1. [`mail::freeze`] makes the final bytes. The same input gives the same bytes; they are stored before the first attempt.
//! 2. The caller commits that an attempt starts.
//! 3. [`channel::Channel::deliver`] sends those bytes to one recipient and says how it ended: an [`outcome::Outcome`].
//!    What follows is decided by `schakel_rules::retry`.

pub mod channel;
pub mod folder;
pub mod mail;
pub mod message_id;
pub mod outcome;
pub mod settings;
pub mod smtp;
pub mod webhook;
