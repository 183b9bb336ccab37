//! Mail that a mail server of ours hands over, by SMTP or LMTP.
//!
//! This is no mail server for the world: no TLS, no log-in, no relaying. Only this machine and the peers in the settings may connect, for
//! what they say about a mail's sender is believed.
//!
//! - [`settings`]: where, from whom, for whom,
//! - [`session`]: one conversation, without sockets; [`command`], [`content`] and [`reply`] are its parts,
//! - [`server`]: sockets and threads.

pub mod command;
mod connection;
pub mod content;
pub mod reply;
pub mod server;
pub mod session;
pub mod settings;

pub use server::{Counts, Handle, start};
pub use settings::{Protocol, SmtpSettings};
