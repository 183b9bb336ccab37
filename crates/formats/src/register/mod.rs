//! The register's files: what an installation knows about organisations, what they own and whom to tell.

pub mod host;
pub mod url;
