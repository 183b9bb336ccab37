//! What reports come packed in: zip, gzip and mail, one inside the other, unpacked as a stream and within limits.
//!
//! [`walk`] takes a report's bytes and hands every file inside to a visitor, in the order they stand. Nothing is
//! opened or written here and memory does not grow with a file's size (a mail, which is small, is read whole).
//! What is broken is said and left behind: the rows before a cut are still handed over, and so are the files after it.

mod error;
mod gzip;
mod mail;
pub(crate) mod names;
mod sniff;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod zip;

use std::{
    cell::{Cell, RefCell},
    io::{self, Read},
};

use schakel_model::limits;

pub use self::{
    error::ContainerError,
    mail::WHOLE_MAIL_EXTENSION,
    sniff::{Container, HEAD_BYTES, sniff},
};
use self::{names::Names, source::Source};

/// A file found in a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Where it stands, from the report inwards: `reports.eml/day.zip/scan_rdp.csv`. Unique within the report.
    pub path: String,
    /// Its own name: no folders, no control characters. The type of report is found by it.
    pub name: String,
}

/// A part that was left alone, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skipped {
    /// Where it stands.
    pub path: String,
    /// Why it is no report.
    pub reason: SkipReason,
}

/// Why a part of a container was left alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SkipReason {
    /// A mail's text without a table or JSON in it.
    TextWithoutTable,
    /// A part of a mail that is no kind of report: a picture, a signature, HTML.
    NotAReport,
    /// The mail that an abuse report is about: evidence, not a report.
    Evidence,
    /// The file that a report beside it was made from.
    MadeFrom,
    /// What a Mac adds to a zip beside the real files.
    ResourceFork,
}

impl SkipReason {
    /// A sentence for a person.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TextWithoutTable => "text without a table in it",
            Self::NotAReport => "not a kind of file that reports come in",
            Self::Evidence => "the mail that the abuse report is about, kept as evidence",
            Self::MadeFrom => "the file that the report beside it was made from, kept as evidence",
            Self::ResourceFork => "a file that a Mac adds beside the real one",
        }
    }
}

/// What a walk came across besides the files it handed over.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// Files handed to the visitor.
    pub members: usize,
    /// What was broken or refused, in the order it was met.
    pub problems: Vec<ContainerError>,
    /// What was left alone.
    pub skipped: Vec<Skipped>,
}

/// How far unpacking may go.
#[derive(Clone, Debug)]
pub struct Caps {
    /// Containers inside containers.
    pub depth_max: usize,
    /// Files over the whole report.
    pub members_max: usize,
    /// Bytes out of all decompressors together.
    pub unpacked_bytes_max: u64,
    /// Unpacked bytes of a file for each packed byte of the report.
    pub ratio_max: u64,
    /// Up to here the ratio is not looked at.
    pub ratio_free_bytes: u64,
    /// A mail larger than this is refused.
    pub mail_bytes_max: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            depth_max: limits::CONTAINER_DEPTH_MAX,
            members_max: limits::CONTAINER_MEMBERS_MAX,
            unpacked_bytes_max: limits::UNPACKED_BYTES_MAX,
            ratio_max: limits::UNPACK_RATIO_MAX,
            ratio_free_bytes: limits::UNPACK_RATIO_FREE_BYTES,
            mail_bytes_max: MAIL_BYTES_MAX,
        }
    }
}

/// A mail is read whole. Mail servers take 25 to 50 MB; 64 MiB leaves room and keeps what one mail costs bounded.
pub const MAIL_BYTES_MAX: u64 = 64 << 20;

/// Hands every file in `source` to `visit`, in order. `name` is the report's file name.
///
/// When a file breaks off, reading it fails after the last good byte with a [`ContainerError`] inside the
/// [`io::Error`] (see [`ContainerError::of`]); the visitor keeps the rows it has. The same error stands in
/// [`Walked::problems`]. The visitor need not read to the end. Its own error ends the walk.
pub fn walk<E>(
    source: &mut dyn Read,
    name: &str,
    caps: &Caps,
    visit: &mut dyn FnMut(&Member, &mut dyn Read) -> Result<(), E>,
) -> Result<Walked, E> {
    walk_wanting(source, name, caps, &|_| false, visit)
}

/// As [`walk`]; an attachment of a mail is a report as well when its name is `wanted`.
pub fn walk_wanting<E>(
    source: &mut dyn Read,
    name: &str,
    caps: &Caps,
    wanted: &dyn Fn(&str) -> bool,
    visit: &mut dyn FnMut(&Member, &mut dyn Read) -> Result<(), E>,
) -> Result<Walked, E> {
    let shared = Shared::new(caps, wanted);
    let mut refused = None;
    {
        let mut visit = |member: &Member, bytes: &mut dyn Read| match visit(member, bytes) {
            Ok(()) => Ok(()),
            Err(error) => {
                refused = Some(error);
                Err(Stop::Visitor)
            }
        };
        let mut walker = Walker { shared: &shared, names: Names::default(), visit: &mut visit };
        let name = names::file_name(name.as_bytes());
        let mut source = Source::outermost(source, &shared, &name);
        // A broken stream has been recorded where it broke.
        let _ = walker.open(&mut source, &Member { path: name.clone(), name }, 0);
    }
    match refused {
        Some(error) => Err(error),
        None => Ok(shared.into_walked()),
    }
}

/// Why a level of the walk came to an end early.
enum Stop {
    /// The visitor wants no more.
    Visitor,
    /// The stream below cannot be read on; recorded already.
    Broken,
}

impl From<io::Error> for Stop {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

type Visit<'v> = &'v mut dyn FnMut(&Member, &mut dyn Read) -> Result<(), Stop>;

struct Walker<'w, 'v> {
    shared: &'w Shared<'w>,
    names: Names,
    visit: Visit<'v>,
}

impl Walker<'_, '_> {
    /// Looks at what `source` is, and walks it or hands it over.
    fn open(&mut self, source: &mut Source<'_>, member: &Member, depth: usize) -> Result<(), Stop> {
        // What cannot be read even at its head is still handed over: the visitor sees the same error.
        let container = match source.peek(HEAD_BYTES) {
            Ok(head) => sniff(&member.name, head),
            Err(_) => Container::Plain,
        };
        if container == Container::Plain {
            return self.hand_over(source, member);
        }
        if depth >= self.shared.caps.depth_max {
            self.shared.record(ContainerError::TooDeep {
                path: member.path.clone(),
                depth_max: self.shared.caps.depth_max,
            });
            return Ok(());
        }
        match container {
            Container::Plain => Ok(()),
            Container::Gzip => gzip::walk(self, source, member, depth),
            Container::Zip => zip::walk(self, source, member, depth),
            Container::Mail => mail::walk(self, source, member, depth),
        }
    }

    fn hand_over(&mut self, bytes: &mut dyn Read, member: &Member) -> Result<(), Stop> {
        self.shared.members.set(self.shared.members.get() + 1);
        (self.visit)(member, bytes)
    }

    /// The member with this raw name inside `parent`.
    fn member(&mut self, parent: &Member, raw_name: &[u8]) -> Member {
        let name = names::file_name(raw_name);
        Member { path: self.names.unique(&format!("{}/{name}", parent.path)), name }
    }

    fn skip(&mut self, path: String, reason: SkipReason) {
        self.shared.skipped.borrow_mut().push(Skipped { path, reason });
    }

    /// Counts one entry of a container; `false` when there were too many, which is recorded.
    fn may_enter(&mut self, container: &Member) -> bool {
        let entered = self.shared.entered.get();
        if entered >= self.shared.caps.members_max {
            self.shared.record(ContainerError::TooManyMembers {
                path: container.path.clone(),
                members_max: self.shared.caps.members_max,
            });
            return false;
        }
        self.shared.entered.set(entered + 1);
        true
    }
}

/// What all levels of one walk count and record together.
struct Shared<'c> {
    caps: &'c Caps,
    /// Names of attachments that are reports whatever their extension says.
    wanted: &'c dyn Fn(&str) -> bool,
    problems: RefCell<Vec<ContainerError>>,
    skipped: RefCell<Vec<Skipped>>,
    /// Files handed over.
    members: Cell<usize>,
    /// Entries of containers looked at: a folder costs nothing less than a file.
    entered: Cell<usize>,
    /// Bytes taken from the report itself.
    packed: Cell<u64>,
    /// Bytes that came out of decompressors, at every level.
    unpacked: Cell<u64>,
}

impl<'c> Shared<'c> {
    fn new(caps: &'c Caps, wanted: &'c dyn Fn(&str) -> bool) -> Self {
        Self {
            caps,
            wanted,
            problems: RefCell::default(),
            skipped: RefCell::default(),
            members: Cell::new(0),
            entered: Cell::new(0),
            packed: Cell::new(0),
            unpacked: Cell::new(0),
        }
    }

    /// Records a problem and makes the error that readers above see.
    fn fail(&self, error: ContainerError) -> io::Error {
        self.record(error.clone());
        io::Error::other(error)
    }

    fn record(&self, error: ContainerError) {
        self.problems.borrow_mut().push(error);
    }

    fn into_walked(self) -> Walked {
        Walked {
            members: self.members.get(),
            problems: self.problems.into_inner(),
            skipped: self.skipped.into_inner(),
        }
    }
}
