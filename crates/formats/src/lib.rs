//! Wire formats we read and write, containers with caps, and mail.
//!
//! - [`dns`], [`rdap`], [`rdap_abuse`]: what name servers and registries answer; [`rdap_bootstrap`]: which registry knows,
//! - [`security_txt`]: whom a web site wants to hear from,
//! - [`sheets`] reads spreadsheets,
//! - [`told_list`]: what another system told whom,
//! - [`contact_key`]: public keys of contacts,
//! - [`hub`]: what goes from hub to hub; [`http_signature`]: the signature of a request.

pub mod cbor;
pub mod contact_key;
pub mod dns;
pub mod geo;
pub mod http_signature;
pub mod hub;
pub mod rdap;
pub mod rdap_abuse;
pub mod rdap_bootstrap;
pub mod register;
pub mod security_txt;
pub mod sheets;
pub mod strict_json;
pub mod told_list;
pub mod xml;

pub mod containers;

pub mod mail;
