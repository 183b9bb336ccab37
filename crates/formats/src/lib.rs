//! Wire formats we read and write, containers with caps, and mail.
//!
//! - [`dns`], [`rdap`]: what name servers and registries answer,
//! - [`sheets`] reads spreadsheets,
//! - [`contact_key`]: public keys of contacts.

pub mod contact_key;
pub mod dns;
pub mod rdap;
pub mod register;
pub mod sheets;
pub mod xml;

pub mod containers;

pub mod mail;
