//! What is wrong with a mapping, where, and what to do.

use std::fmt;

/// What is wrong with a mapping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MappingError {
    /// The line, from 1; `None` when something is missing from the file as a whole.
    pub line: Option<usize>,
    /// The key, with dots between tables: `columns.ip`. Empty when the file is no TOML.
    pub key: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "`{}` ", self.key)?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for MappingError {}
