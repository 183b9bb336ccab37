//! Fakes with real protocols, for tests: nothing here reaches beyond loopback.

pub mod bad_line;
pub mod browser;
pub mod dovecot;
pub mod fake_shadowserver;
pub mod fake_smtp;
pub mod https_server;
pub mod knot;
pub mod opendkim;
pub mod ports;
pub mod postfix;
pub mod python_peers;
pub mod server_tls;
pub mod signing;
pub mod swaks;
