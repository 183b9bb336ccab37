//! The only crate that holds SQL.
