//! Event to owners, and why.
