//! The doors against real clients and servers, and against bad ones.

mod imap;
mod postfix;
mod smtp;
mod spool;
