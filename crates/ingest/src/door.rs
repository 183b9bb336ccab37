//! Where every door puts what it received.

use std::io::{self, Write};

use schakel_model::arrival::{Envelope, Receipt};

/// Keeps what a door received until it is taken in. Shared by all doors.
pub trait Spool: Send + Sync {
    /// Begins to keep a report that comes in pieces. Nothing is kept when the upload is dropped unfinished.
    fn begin(&self, envelope: &Envelope) -> Result<Box<dyn Upload>, Refusal>;

    /// Keeps a whole report. It is durable when this returns, so only then may a door say that it was received.
    fn accept(&self, envelope: &Envelope, bytes: &[u8]) -> Result<Receipt, Refusal> {
        let mut upload = self.begin(envelope)?;
        upload.write_all(bytes)?;
        upload.finish()
    }
}

/// A report on its way into the spool.
pub trait Upload: Write + Send {
    /// Makes it durable.
    fn finish(self: Box<Self>) -> Result<Receipt, Refusal>;
}

/// Why nothing was kept. The door says so in the words of its protocol.
#[derive(Debug)]
pub enum Refusal {
    /// The spool is full, wholly or for this source: come back after so many seconds (HTTP 429, SMTP 4xx).
    Later {
        /// Seconds.
        after_seconds: u32,
    },
    /// Larger than what may come through this door, or from this source (HTTP 413, SMTP 552).
    TooLarge {
        /// The limit, in bytes.
        bytes_max: u64,
    },
    /// This source may not report (HTTP 403, SMTP 550).
    Blocked,
    /// Something is wrong here; the sender should try again (HTTP 503, SMTP 451). The text is for our log, not for the sender.
    Trouble(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        // An upload says why it refused more bytes by way of the error.
        match error.downcast::<Refused>() {
            Ok(Refused(refusal)) => refusal,
            Err(error) => Self::Trouble(error.to_string()),
        }
    }
}

/// A refusal inside an [`io::Error`].
#[derive(Debug)]
pub struct Refused(pub Refusal);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Refusal::Later { .. } => f.write_str("the spool is full"),
            Refusal::TooLarge { bytes_max } => write!(f, "larger than {bytes_max} bytes"),
            Refusal::Blocked => f.write_str("this source may not report"),
            Refusal::Trouble(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Refused {}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::other(Refused(refusal))
    }
}
