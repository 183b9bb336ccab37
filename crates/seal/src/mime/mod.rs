//! MIME where the exact bytes matter: what is signed must not change by a space.

pub mod fields;
pub mod write;
