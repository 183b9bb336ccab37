//! Bytes to events and rejects.
