//! Formats that are transcribed: one document holds events in its own way, and becomes IDF events, one a line.
//!
//! The document is to its events what a zip is to its files: it is kept as it came, and the ordinary pipeline reads the
//! lines with [`Plan::transcribed`](crate::Plan::transcribed). A bad element costs one line, which is a reject.
//!
//! A format is a file here with a constant `FORMAT`, and a line in [`Feed`].

mod credentials;
mod csaf;
mod draft;
mod idea;
mod json;
pub(crate) mod line;
mod mail;
mod misp;
mod n6;
mod nmap;
mod nuclei;
#[cfg(test)]
mod testing;
mod transcription;
mod xarf;

use std::io::{self, Read};

use schakel_model::{
    event::Event,
    reject::{Reject, RejectCode},
};

pub(crate) use self::draft::{host_of, is_host};
pub use self::{mail::has_extracted, transcription::Transcription};
use crate::json::Json;

macro_rules! feeds {
    ($($variant:ident $module:ident,)*) => {
        /// A format that is transcribed. Closed list, one file each.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Feed {
            $(#[doc = concat!("See `feeds/", stringify!($module), ".rs`.")] $variant,)*
        }

        impl Feed {
            /// Every format, in the order in which they are tried.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn format(self) -> &'static Format {
                match self { $(Self::$variant => &$module::FORMAT,)* }
            }
        }
    };
}

feeds! {
    Mail mail,
    Xarf xarf,
    Csaf csaf,
    N6 n6,
    Idea idea,
    Misp misp,
    Nuclei nuclei,
    Nmap nmap,
    Credentials credentials,
}

impl Feed {
    /// The word for it: after `--type`, and in `feed.name`.
    pub fn name(self) -> &'static str {
        self.format().name
    }
}

/// What a document of which these are the name and the first bytes is. A format that cannot be told by its looks has to be
/// named.
pub fn recognise(name: &str, head: &[u8]) -> Option<Feed> {
    Feed::ALL.iter().copied().find(|feed| (feed.format().recognise)(name, head))
}

/// The format with this name.
pub fn named(word: &str) -> Option<Feed> {
    Feed::ALL.iter().copied().find(|feed| feed.name() == word)
}

/// What is known of a document from outside.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// When it came in, seconds since 1970: the time of what bears none. The same whenever the document is read again.
    pub received_at: i64,
    /// The document's name.
    pub name: String,
    /// The domain of who sent it, as far as that is known; else empty.
    pub sender_domain: String,
    /// The installation's secret, with which the same leaked secret is recognised without being kept; none: nothing of it stays.
    pub secret: Option<[u8; 32]>,
}

/// Takes what a transcription finds, in order.
pub trait Sink {
    /// An event. Its fields need not be valid: the IDF reader keeps what its field does not take as `extra.FIELD`.
    fn event(&mut self, event: &Event);
    /// What could not be read, and its bytes; none when they must not be shown.
    fn reject(&mut self, reject: Reject, raw: &[u8]);
}

/// Why a document cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum TranscribeError {
    /// The bytes broke off.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is read whole, and larger than that is allowed to be.
    #[error("the document is larger than {bytes_max} bytes, and this format is read whole")]
    TooLarge {
        /// The cap.
        bytes_max: u64,
    },
    /// It is not in the format.
    #[error("this is no {format}: {reason}")]
    Broken {
        /// What it should have been.
        format: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
}

/// Reads the whole of `input` and hands on all that is in it. One bad element is a reject; an error means that nothing
/// more could be read.
pub fn transcribe(
    feed: Feed,
    input: &mut dyn Read,
    given: &Given,
    sink: &mut dyn Sink,
) -> Result<(), TranscribeError> {
    let mut steps = feed.format().how.steps();
    while steps.step(input, given, sink)? == Step::More {}
    Ok(())
}

/// One format.
pub(crate) struct Format {
    /// See [`Feed::name`].
    pub name: &'static str,
    /// By name and first bytes (a MiB of them, or all there are).
    pub recognise: fn(&str, &[u8]) -> bool,
    /// How its documents are divided.
    pub how: How,
    /// Do its events bear TLP markings?
    pub markings: Markings,
}

/// Does a format mark its events?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Markings {
    /// It has none.
    None,
    /// `tlp` of an event. The document is read before its first line is given, so that the strictest holds for all of it.
    OfEvents,
}

/// How the documents of a format are divided into what is read at once.
pub(crate) enum How {
    /// Not: read whole.
    Whole {
        /// Documents beyond are refused.
        bytes_max: u64,
        /// Reads the document.
        read: fn(&[u8], &Given, &mut dyn Sink) -> Result<(), TranscribeError>,
    },
    /// JSON: one object, a list of them, or one after the other.
    Elements {
        /// An element beyond is a reject.
        bytes_max: usize,
        /// Reads an element. The reject it gives is that of the whole element.
        read: fn(&Json<'_>, &Given, &mut dyn Sink) -> Result<(), Reject>,
    },
    /// Text lines.
    Lines {
        /// Reads a line without its end, that is not empty. The reject it gives is that of the line.
        read: fn(&[u8], &Given, &mut dyn Sink) -> Result<(), Reject>,
        /// May a reject show the line?
        rejects: Rejects,
    },
    /// In a way of its own.
    Steps(fn() -> Box<dyn Steps>),
}

/// What stands beside a reject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rejects {
    /// Its bytes.
    WithBytes,
    /// Nothing: there is a secret in them.
    WithoutBytes,
}

/// Reading a document bit by bit.
pub(crate) trait Steps {
    /// Reads on a little, and hands on what was found: perhaps nothing.
    fn step(
        &mut self,
        input: &mut dyn Read,
        given: &Given,
        sink: &mut dyn Sink,
    ) -> Result<Step, TranscribeError>;
}

/// Is there more to read?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Perhaps.
    More,
    /// No.
    Ended,
}

/// Does this stand in the first bytes of a document?
pub(crate) fn contains(head: &[u8], wanted: &str) -> bool {
    memchr::memmem::find(head, wanted.as_bytes()).is_some()
}

/// A reject of something that is not what the format says.
pub(crate) fn not_a_record(message: impl Into<std::borrow::Cow<'static, str>>) -> Reject {
    Reject::new(RejectCode::NotARecord, message)
}
