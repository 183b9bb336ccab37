//! Reports in: folder and files.
