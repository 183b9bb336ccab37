//! What is wrong, or looks wrong, with a policy: where, and what to do.

use std::fmt;

use super::wrong::Wrong;

/// How bad a problem is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Weight {
    /// It may be meant so.
    Warning,
    /// Such a policy does not come into force.
    Error,
}

/// A problem of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// How bad.
    pub weight: Weight,
    /// The line of the document, from 1.
    pub line: Option<usize>,
    /// The section, as `rule 3 (open services)`; empty for the document as a whole.
    pub section: String,
    /// What is wrong and what to do.
    pub what: Wrong,
}

impl Problem {
    /// An error.
    pub fn error(line: Option<usize>, section: &str, what: Wrong) -> Self {
        Self { weight: Weight::Error, line, section: section.to_owned(), what }
    }

    /// A warning.
    pub fn warning(line: Option<usize>, section: &str, what: Wrong) -> Self {
        Self { weight: Weight::Warning, ..Self::error(line, section, what) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.weight {
            Weight::Warning => "warning: ",
            Weight::Error => "error: ",
        })?;
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.section.is_empty() {
            write!(f, "{}: ", self.section)?;
        }
        self.what.fmt(f)
    }
}

impl std::error::Error for Problem {}
