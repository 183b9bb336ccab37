//! Reports in. So far one way: a folder that files are moved into.

pub mod folder;
