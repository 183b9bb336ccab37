//! What can go wrong in the store, with what was tried on what.

use std::{io, path::PathBuf};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file could not be read or written.
    #[error("cannot {action} {}: {cause}{}", path.display(), hint(cause))]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed. Said in the text and not as a source, for what to do next stands behind it.
        cause: io::Error,
    },
    /// The database refused.
    #[error("the database could not {action}: {cause}{}", database_hint(cause))]
    Database {
        /// What was tried, as a verb phrase.
        action: &'static str,
        /// Why it failed. Said in the text and not as a source, for what to do next stands behind it.
        cause: rusqlite::Error,
    },
    /// Another process owns the data directory.
    #[error(
        "{} is in use by another schakel process{holder}. Stop that process first, or use another --data directory",
        path.display()
    )]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// ` (process 123)` when known.
        holder: String,
    },
    /// There is no store here.
    #[error("{} holds no Schakel data yet. Run `schakel demo` to try it out, or `schakel register import DIR` to begin", path.display())]
    NoStore {
        /// The data directory.
        path: PathBuf,
    },
    /// What should be restored is no backup.
    #[error("{} is no backup: it holds no store.sqlite. Name a folder that `schakel backup` has written", path.display())]
    NoBackup {
        /// The folder.
        path: PathBuf,
    },
    /// The store was written by a newer program.
    #[error(
        "this store has layout {found}, this program knows up to {known}. Use the newer program that wrote it"
    )]
    Newer {
        /// Layout number found.
        found: i64,
        /// Highest layout number known.
        known: i64,
    },
    /// The store has the layout of an older program, and another process has it open.
    #[error(
        "this store has layout {found}, this program needs {known}. Stop the older `schakel` that has it open: then it is \
         copied and brought to the new layout"
    )]
    Older {
        /// Layout number found.
        found: i64,
        /// Layout number needed.
        known: i64,
    },
    /// The database is some other program's.
    #[error("{} is no Schakel store", path.display())]
    Foreign {
        /// The database file.
        path: PathBuf,
    },
    /// What should be read was erased.
    #[error("{what} were erased. `schakel audit list` shows when and by whom")]
    Erased {
        /// What, in the plural: "the raw bytes of report 17".
        what: String,
    },
    /// What was read cannot be what was written.
    #[error(
        "the store is damaged: {what}. Run `schakel verify` to see how far it goes, then restore a backup"
    )]
    Damaged {
        /// What is wrong where.
        what: String,
    },
}

fn hint(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull => ". Free some space and run the command again: nothing was lost",
        io::ErrorKind::ReadOnlyFilesystem => {
            ". The file system is read-only: mount it for writing, or use another --data"
        }
        _ => "",
    }
}

fn database_hint(cause: &rusqlite::Error) -> &'static str {
    match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => {
            ". The disk is full: free some space and run the command again, nothing was lost"
        }
        Some(rusqlite::ErrorCode::ReadOnly) => {
            ". The file system is read-only: mount it for writing, or use another --data"
        }
        _ => "",
    }
}

/// Adds what was tried to an error of the database.
pub(crate) trait DatabaseContext<T> {
    fn doing(self, action: &'static str) -> Result<T, StoreError>;
}

impl<T> DatabaseContext<T> for Result<T, rusqlite::Error> {
    fn doing(self, action: &'static str) -> Result<T, StoreError> {
        self.map_err(|cause| StoreError::Database { action, cause })
    }
}

/// Adds what was tried on which file to an error of the file system.
pub(crate) trait FileContext<T> {
    fn on(self, action: &'static str, path: &std::path::Path) -> Result<T, StoreError>;
}

impl<T> FileContext<T> for Result<T, io::Error> {
    fn on(self, action: &'static str, path: &std::path::Path) -> Result<T, StoreError> {
        self.map_err(|cause| StoreError::File { action, path: path.to_owned(), cause })
    }
}
