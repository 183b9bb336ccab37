//! The doors against real clients and servers, and against bad ones.
#![allow(clippy::unwrap_used)] // A test fails by panicking.
#![allow(clippy::print_stdout)] // Rates are worth seeing.

mod imap;
mod postfix;
mod smtp;
mod spool;
