//! Files that people have, read into the register: each importer says what the rows of a foreign file are in the
//! register's own files, and the rules of those do the rest.
//!
//! [`import`] recognises a file by its name and content, or is told. What it gives is the register as it would stand, so
//! that the difference with what stands is what the file changes. [`Scope`] says what a file means by what it does not
//! mention. A field that a file leaves empty changes nothing.
//!
//! To add a format: a file here with `recognises` and `draft`, and a line in [`FORMATS`].

mod abuseio;
mod columns;
mod contactdb;
mod csv_sheet;
mod draft;
mod fill;
mod json;
mod merge;
mod names;
mod peer;
mod roo;
mod spreadsheet;
mod tables;
mod taranis;
mod tuency;
mod written;

use std::{collections::HashSet, fmt, str::FromStr};

use foldhash::fast::FixedState;

use self::{
    draft::{Draft, DraftReading},
    merge::merge,
};
pub use self::{json::write_json, tables::JSON_FILE_BYTES_MAX};
pub use self::{merge::Scope, names::Names};
use super::{Given, Problem, ProblemKind, Reading, RegisterFile, RegisterFiles, Unmentioned, read_beside};

/// A file that is to be imported.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, without folders.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Source<'_> {
    /// Has its name one of these endings, in any case?
    fn has_ending(&self, endings: &[&str]) -> bool {
        let ending = self.name.rsplit_once('.').map_or("", |(_, ending)| ending);
        endings.iter().any(|known| known.eq_ignore_ascii_case(ending))
    }
}

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident $word:literal $what:literal,)*) => {
        /// The formats that can be imported.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Format { $($(#[$doc])* $variant,)* }

        impl Format {
            /// Every one, in the order in which they are tried.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it is, for a person.
            pub fn describe(self) -> &'static str {
                match self { $(Self::$variant => $what,)* }
            }
        }
    };
}

formats! {
    /// The register's own CSV files.
    Register "register" "the register's own CSV files",
    /// The register as one JSON object.
    Json "json" "the register as JSON",
    /// The Register van Overheidsorganisaties.
    Roo "roo" "the Register van Overheidsorganisaties as CSV files",
    /// IntelMQ's contact database.
    ContactDb "contactdb" "the contact database of IntelMQ (certbund-contact)",
    /// tuency.
    Tuency "tuency" "an export of tuency",
    /// AbuseIO.
    AbuseIo "abuseio" "contacts, netblocks and domains of AbuseIO",
    /// A photo of Taranis 3.
    Taranis "taranis" "a photo of Taranis 3",
    /// A spreadsheet: XLSX, ODS or CSV.
    Spreadsheet "spreadsheet" "a spreadsheet (XLSX, ODS or CSV)",
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|format| format.as_str().eq_ignore_ascii_case(text.trim())).ok_or_else(
            || {
                let known: Vec<_> = Self::ALL.iter().map(|format| format.as_str()).collect();
                format!("`{text}` is no format that can be imported: use {}", known.join(", "))
            },
        )
    }
}

/// How an import is to be read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format; `None` recognises it.
    pub format: Option<Format>,
    /// The organisation that rows are about which name none, by code or name.
    pub organisation: Option<String>,
    /// What the file means by what it does not mention; `None` is what its format means by it.
    pub scope: Option<Scope>,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Import {
    /// In which format.
    pub format: Format,
    /// What was made of what the file does not mention.
    pub scope: Scope,
    /// The register as it would stand, and the problems of the file.
    pub reading: Reading,
}

/// Why nothing could be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing to read.
    #[error("there is no file to import")]
    Nothing,
    /// No format knows it.
    #[error("{name} is in no format that can be imported. {known}")]
    Unknown {
        /// Which file.
        name: String,
        /// The formats.
        known: String,
    },
    /// A file that ends in `.json` and is none.
    #[error("{name}: {message}")]
    NoJson {
        /// Which file.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// Files of several formats.
    #[error("the files are of several formats: {}. Import them apart, or say which one with --format", .0.join(", "))]
    Mixed(Vec<String>),
    /// A foreign format that is said to be all there is.
    #[error("{0} cannot be the whole register; only the register's own files can")]
    NotWhole(&'static str),
    /// The organisation named for all rows is not there.
    #[error("--organisation: {0}")]
    Organisation(String),
}

type Recognise = fn(&Source<'_>) -> bool;

/// The foreign formats. The first that recognises a file has it.
const FORMATS: [(Format, Recognise); 7] = [
    (Format::Json, json::recognises),
    (Format::Roo, roo::recognises),
    (Format::ContactDb, contactdb::recognises),
    (Format::Tuency, tuency::recognises),
    (Format::AbuseIo, abuseio::recognises),
    (Format::Taranis, taranis::recognises),
    (Format::Spreadsheet, spreadsheet::recognises),
];

/// Reads files into the register that stands.
///
/// # Errors
/// When it is not clear what the files are. What is wrong inside them stands in the problems.
pub fn import(
    sources: &[Source<'_>],
    options: &Options,
    standing: &RegisterFiles,
) -> Result<Import, ImportError> {
    let (format, taken, left) = choose(sources, options.format)?;
    if format == Format::Register {
        let scope = options.scope.unwrap_or(Scope::Whole);
        let mut reading = read_register(&taken, scope, standing);
        if scope != Scope::Whole {
            reading.files = merge(standing, reading.files, scope);
            reading.given = RegisterFile::ALL.to_vec();
        }
        return Ok(Import { format, scope, reading });
    }
    let mut draft = Draft::default();
    if format == Format::Json && options.scope.unwrap_or(Scope::Whole) == Scope::Whole {
        let given = json::draft(&taken, &mut draft);
        let read = draft.read_whole(&given, standing);
        let mut reading = Reading { given, ..read.into() };
        say_left_out(&mut reading, format, &left);
        return Ok(Import { format, scope: Scope::Whole, reading });
    }
    let scope = options.scope.unwrap_or(Scope::Additions);
    if scope == Scope::Whole {
        return Err(ImportError::NotWhole(format.describe()));
    }
    let mut names = Names::of(standing);
    let default = match &options.organisation {
        Some(text) => Some(names.find(text).map_err(ImportError::Organisation)?),
        None => None,
    };
    match format {
        // Read above.
        Format::Register => {}
        Format::Json => drop(json::draft(&taken, &mut draft)),
        Format::Roo => roo::draft(&taken, &mut draft),
        Format::ContactDb => contactdb::draft(&taken, &names, &mut draft),
        Format::Tuency => tuency::draft(&taken, &names, &mut draft),
        Format::AbuseIo => abuseio::draft(&taken, &names, &mut draft),
        Format::Taranis => taranis::draft(&taken, default.as_ref(), &mut draft),
        Format::Spreadsheet => spreadsheet::draft(&taken, default.as_ref(), &mut names, &mut draft),
    }
    let read = draft.read(standing);
    let about: HashSet<_, FixedState> = read.files.organisations.iter().map(|row| row.code.clone()).collect();
    let mut reading: Reading = read.into();
    reading.files = merge(standing, reading.files, scope);
    let reached: HashSet<&str, FixedState> =
        reading.files.contacts.iter().map(|contact| &*contact.organisation).collect();
    let silent = about.iter().filter(|code| !reached.contains(&***code)).count();
    if silent > 0 {
        warn(&mut reading, ProblemKind::NoContact, taken[0].name, || {
            format!("{silent} organisations have no contact yet; what concerns them cannot be told")
        });
    }
    say_left_out(&mut reading, format, &left);
    Ok(Import { format, scope, reading })
}

impl From<DraftReading> for Reading {
    fn from(read: DraftReading) -> Self {
        let DraftReading { files, problems, errors, warnings, notes } = read;
        Self { files, given: RegisterFile::ALL.to_vec(), problems, errors, warnings, notes }
    }
}

fn say_left_out(reading: &mut Reading, format: Format, left: &[&str]) {
    if let Some(first) = left.first() {
        warn(reading, ProblemKind::NotTaken, first, || {
            format!("{} not read: the others are {}", left.join(", "), format.describe())
        });
    }
}

/// A warning about a file as a whole.
fn warn(reading: &mut Reading, kind: ProblemKind, name: &str, message: impl FnOnce() -> String) {
    reading.warnings += 1;
    reading.problems.push(Problem {
        kind,
        file: RegisterFile::Organisations,
        line: 0,
        column: "",
        value: String::new(),
        message: message(),
        place: name.to_owned(),
    });
}

/// The format, the files of that format and the names of those that are not.
fn choose<'s>(
    sources: &'s [Source<'s>],
    wanted: Option<Format>,
) -> Result<(Format, Vec<Source<'s>>, Vec<&'s str>), ImportError> {
    let first = sources.first().ok_or(ImportError::Nothing)?;
    if let Some(format) = wanted {
        return Ok((format, sources.to_vec(), Vec::new()));
    }
    let recognised: Vec<Option<Format>> = sources.iter().map(recognise).collect();
    let mut formats: Vec<Format> = recognised.iter().copied().flatten().collect();
    formats.sort_unstable();
    formats.dedup();
    // Any CSV file may be a spreadsheet; beside files that are surely something else it is one that is left alone.
    if formats.len() > 1 {
        formats.retain(|format| *format != Format::Spreadsheet);
    }
    match formats[..] {
        [] => Err(unknown(first)),
        [format] => {
            let is_ours = |at: &usize| recognised[*at] == Some(format);
            let taken = (0..sources.len()).filter(is_ours).map(|at| sources[at]).collect();
            let left = (0..sources.len()).filter(|at| !is_ours(at)).map(|at| sources[at].name).collect();
            Ok((format, taken, left))
        }
        _ => Err(ImportError::Mixed(formats.iter().map(|format| format.describe().to_owned()).collect())),
    }
}

fn unknown(source: &Source<'_>) -> ImportError {
    let name = source.name.to_owned();
    match tables::json(source) {
        Err(message) if source.has_ending(&["json"]) => ImportError::NoJson { name, message },
        _ => ImportError::Unknown { name, known: known_formats() },
    }
}

fn recognise(source: &Source<'_>) -> Option<Format> {
    if is_register(source) {
        return Some(Format::Register);
    }
    FORMATS.iter().find(|(_, recognises)| recognises(source)).map(|(format, _)| *format)
}

fn known_formats() -> String {
    let known: Vec<_> =
        Format::ALL.iter().map(|format| format!("{format} ({})", format.describe())).collect();
    format!("Known are: {}", known.join("; "))
}

/// The columns that tell our own files from others of the same name.
const OWN_COLUMNS: [(RegisterFile, &[&str]); 4] = [
    (RegisterFile::Organisations, &["id", "name", "kind"]),
    (RegisterFile::Assets, &["organisation", "kind", "value"]),
    (RegisterFile::Contacts, &["organisation", "role", "email"]),
    (RegisterFile::Relations, &["from", "kind", "to"]),
];

fn is_register(source: &Source<'_>) -> bool {
    OWN_COLUMNS.iter().any(|(file, columns)| {
        source.name == file.file_name() && tables::has_all(&tables::csv_columns(source.bytes), columns)
    })
}

/// A file that is not there changes nothing of its kind.
fn read_register(sources: &[Source<'_>], scope: Scope, standing: &RegisterFiles) -> Reading {
    let of = |file: RegisterFile| {
        sources.iter().filter(|source| source.name == file.file_name()).map(|source| source.bytes).collect()
    };
    let given = Given {
        organisations: of(RegisterFile::Organisations),
        assets: of(RegisterFile::Assets),
        contacts: of(RegisterFile::Contacts),
        relations: of(RegisterFile::Relations),
        unmentioned: if scope == Scope::Whole { Unmentioned::Goes } else { Unmentioned::Stays },
    };
    read_beside(&given, standing)
}
