//! What can be wrong with a container.

use std::{io, sync::Arc};

/// What is wrong, and with which file. The files beside it are still read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ContainerError {
    /// The bytes end before the file does.
    #[error("{path} is cut off: {unpacked_bytes} bytes could be read. Ask for the file again")]
    Truncated {
        /// Which file.
        path: String,
        /// How much of it was handed over.
        unpacked_bytes: u64,
    },
    /// The bytes are no such container, or a checksum does not agree.
    #[error("{path} is damaged: {what} ({unpacked_bytes} bytes could be read). Ask for the file again")]
    Corrupt {
        /// Which file.
        path: String,
        /// What does not agree.
        what: String,
        /// How much of it was handed over.
        unpacked_bytes: u64,
    },
    /// Bytes after the end that are no part of it. All before them was read.
    #[error("{path} has bytes after its end that are no gzip data; all before them was read")]
    TrailingBytes {
        /// Which file.
        path: String,
    },
    /// Containers inside containers beyond the limit.
    #[error("{path} is packed more than {depth_max} times and is not opened. Send it unpacked")]
    TooDeep {
        /// Which container was not opened.
        path: String,
        /// The limit.
        depth_max: usize,
    },
    /// More bytes than a report may have.
    #[error("{path} goes over the limit of {bytes_max} bytes for one report. Send it in parts")]
    TooLarge {
        /// The file in which the limit was reached.
        path: String,
        /// The limit.
        bytes_max: u64,
    },
    /// Packs so well that it is more likely an attack than a report.
    #[error("{path} unpacks to more than {ratio_max} times its size, as a zip bomb does. Look at it by hand")]
    RatioTooHigh {
        /// Which file.
        path: String,
        /// The limit.
        ratio_max: u64,
        /// How much of it was handed over.
        unpacked_bytes: u64,
    },
    /// More files than a report may have.
    #[error("{path} has more files than the {members_max} that are taken from one report. Send it in parts")]
    TooManyMembers {
        /// The container in which the limit was reached.
        path: String,
        /// The limit.
        members_max: usize,
    },
    /// A file with a password on it.
    #[error("{path} is encrypted. Send it without a password")]
    Encrypted {
        /// Which file.
        path: String,
    },
    /// A way of packing that is not read.
    #[error("{path} is packed with {method}, which is not read. Pack it with the usual method (deflate)")]
    Unsupported {
        /// Which file.
        path: String,
        /// The name of the method.
        method: String,
    },
    /// The report itself could not be read.
    #[error("{path} could not be read")]
    Read {
        /// The report.
        path: String,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
}

impl ContainerError {
    /// The container's error inside what a reader returned, if that is what it is.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref())
    }

    /// Which file it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::Truncated { path, .. }
            | Self::Corrupt { path, .. }
            | Self::TrailingBytes { path }
            | Self::TooDeep { path, .. }
            | Self::TooLarge { path, .. }
            | Self::RatioTooHigh { path, .. }
            | Self::TooManyMembers { path, .. }
            | Self::Encrypted { path }
            | Self::Unsupported { path, .. }
            | Self::Read { path, .. } => path,
        }
    }
}
