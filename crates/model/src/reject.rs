//! Why a row could not become an event. A closed list: a reject is never lost and never nameless.

use std::{borrow::Cow, fmt};

/// The closed list of reasons.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum RejectCode {
    /// The row has no time, or one that cannot be read.
    BadTime = 1,
    /// The row is larger than [`crate::limits::RECORD_BYTES_MAX`].
    RecordTooLarge = 2,
    /// The row has more columns than [`crate::limits::COLUMNS_MAX`].
    TooManyColumns = 3,
    /// The row is no record of its format (broken JSON, no object).
    NotARecord = 4,
    /// The row ends before its format allows (the file was cut off).
    CutOff = 5,
    /// A time that can be read but not stored: before 1970 or after February 2106
    /// ([`crate::limits::OBSERVED_AT_MIN`], [`crate::limits::OBSERVED_AT_MAX`]).
    TimeOutOfRange = 6,
}

impl RejectCode {
    /// Every code.
    pub const ALL: [Self; 6] = [
        Self::BadTime,
        Self::RecordTooLarge,
        Self::TooManyColumns,
        Self::NotARecord,
        Self::CutOff,
        Self::TimeOutOfRange,
    ];

    /// The code as it stands in rejects files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadTime => "bad_time",
            Self::RecordTooLarge => "record_too_large",
            Self::TooManyColumns => "too_many_columns",
            Self::NotARecord => "not_a_record",
            Self::CutOff => "cut_off",
            Self::TimeOutOfRange => "time_out_of_range",
        }
    }

    /// The code with this number, as stored.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reject| *reject as u8 == code)
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row that could not be read: the code, and a sentence for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// Which of the closed list.
    pub code: RejectCode,
    /// What was tried on what, and what would be right.
    pub message: Cow<'static, str>,
}

impl Reject {
    /// A reject with its sentence.
    pub fn new(code: RejectCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}
