//! What is wrong with a file of the register, or was read otherwise than written.

use std::fmt;

use super::PROBLEMS_MAX;

/// Which file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RegisterFile {
    /// `organisations.csv`
    Organisations,
    /// `assets.csv`
    Assets,
    /// `contacts.csv`
    Contacts,
    /// `relations.csv`
    Relations,
}

impl RegisterFile {
    /// All of them, in the order in which they are read.
    pub const ALL: [Self; 4] = [Self::Organisations, Self::Assets, Self::Contacts, Self::Relations];

    /// Its name on disk.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Organisations => "organisations.csv",
            Self::Assets => "assets.csv",
            Self::Contacts => "contacts.csv",
            Self::Relations => "relations.csv",
        }
    }
}

impl fmt::Display for RegisterFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file_name())
    }
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Read otherwise than written, or worth knowing.
    Note,
    /// Legal, but look at it.
    Warning,
    /// The row cannot be taken.
    Error,
}

impl Level {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $word:literal $level:ident,)*) => {
        /// The closed list of problems.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum ProblemKind { $($(#[$doc])* $variant,)* }

        impl ProblemKind {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// How bad it is.
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }
        }
    };
}

kinds! {
    /// A column that must be there is not.
    MissingColumn "missing_column" Error,
    /// A file, row or value is beyond its limit.
    TooLarge "too_large" Error,
    /// Bytes that are no UTF-8.
    NotUtf8 "not_utf8" Error,
    /// More fields than the header has columns.
    TooManyFields "too_many_fields" Error,
    /// A value that must be there is not.
    Empty "empty" Error,
    /// A character that is not for people.
    ControlCharacter "control_character" Error,
    /// A word outside its closed list.
    UnknownWord "unknown_word" Error,
    /// An organisation that is not in `organisations.csv`.
    UnknownOrganisation "unknown_organisation" Error,
    /// Two rows for one thing that say different things.
    Duplicate "duplicate" Error,
    /// An organisation that belongs to itself, perhaps by way of others.
    ParentCycle "parent_cycle" Error,
    /// Organisations that merge into each other, serve each other or supply each other in a circle.
    RelationCycle "relation_cycle" Error,
    /// An organisation that stands in a relation to itself.
    RelationToItself "relation_to_itself" Error,
    /// A number that cannot be read, or is out of bounds.
    BadNumber "bad_number" Error,
    /// No date that can be read.
    BadDate "bad_date" Error,
    /// A period that ends before it begins.
    EndBeforeStart "end_before_start" Error,
    /// A value that its kind of asset cannot have.
    BadValue "bad_value" Error,
    /// Nobody owns `nl`.
    PublicSuffix "public_suffix" Error,
    /// Nobody owns everything.
    Everything "everything" Error,
    /// No mail address.
    BadMail "bad_mail" Error,
    /// A cell whose formula has no result, or an error for one.
    NoResult "no_result" Error,
    /// A column that we do not know.
    UnknownColumn "unknown_column" Warning,
    /// The same row again.
    Repeated "repeated" Warning,
    /// A private or documentation range or AS number, or one with another special meaning.
    SpecialRange "special_range" Warning,
    /// A suffix that a private party hands out names under.
    PrivateSuffix "private_suffix" Warning,
    /// Nobody to tell.
    NoContact "no_contact" Warning,
    /// A contact whom no mail can reach.
    NoMail "no_mail" Warning,
    /// An organisation that was dissolved, and nobody says into which.
    NoSuccessor "no_successor" Warning,
    /// A part of a file that has no place in the register.
    NotTaken "not_taken" Warning,
    /// Another organisation has it too, in the same role.
    SharedAsset "shared_asset" Note,
    /// The value was written otherwise and is kept in its normal form.
    Normalised "normalised" Note,
}

/// One problem: where, what, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Which of the closed list.
    pub kind: ProblemKind,
    /// The file.
    pub file: RegisterFile,
    /// The line on which the row starts, from 1; 0 is the file as a whole.
    pub line: u64,
    /// The column; empty is the row as a whole.
    pub column: &'static str,
    /// The value as it stands there, cut off when long.
    pub value: String,
    /// What is wrong and what to do, in English.
    pub message: String,
    /// Where it stands in a file of another shape (`members.xlsx Sheet1!C17`), instead of file and line; else empty.
    pub place: String,
}

impl Problem {
    /// How bad it is.
    pub fn level(&self) -> Level {
        self.kind.level()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.place.as_str(), self.line) {
            ("", 0) => self.file.fmt(f)?,
            ("", line) => write!(f, "{}:{line}", self.file)?,
            (place, _) => f.write_str(place)?,
        }
        write!(f, ": {}: ", self.level().as_str())?;
        if !self.column.is_empty() {
            write!(f, "{}: ", self.column)?;
        }
        f.write_str(&self.message)
    }
}

/// Collects problems, and counts those beyond [`PROBLEMS_MAX`] of a level.
#[derive(Default)]
pub(super) struct Problems {
    pub list: Vec<Problem>,
    counts: [u64; 3],
}

/// A place in a file, to say problems about.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub file: RegisterFile,
    pub line: u64,
}

impl Problems {
    pub fn push(
        &mut self,
        place: Place,
        column: &'static str,
        value: &str,
        kind: ProblemKind,
        message: impl FnOnce() -> String,
    ) {
        let count = &mut self.counts[kind.level() as usize];
        *count += 1;
        if *count <= PROBLEMS_MAX {
            let Place { file, line } = place;
            let value = value.chars().take(SHOWN_CHARS_MAX).collect();
            self.list.push(Problem {
                kind,
                file,
                line,
                column,
                value,
                message: message(),
                place: String::new(),
            });
        }
    }

    pub fn count(&self, level: Level) -> u64 {
        self.counts[level as usize]
    }
}

/// Of a value this much is shown.
pub(super) const SHOWN_CHARS_MAX: usize = 120;
