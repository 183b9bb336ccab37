//! The doors against real clients and servers, and against bad ones.

mod postfix;
mod smtp;
mod spool;
