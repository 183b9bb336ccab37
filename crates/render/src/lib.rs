//! A notification as mail text and CSV.
