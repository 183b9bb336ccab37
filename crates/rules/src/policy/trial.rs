//! Trial operation: what is decided as ever, and not sent, or only to the desk. So a desk can compare before it switches.

use super::{When, document, problem::Problem, wrong::Wrong};

/// Is what is decided also done?
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mode {
    /// Nothing is told, nor decided.
    Off,
    /// It is decided and recorded, and nothing is sent.
    Shadow,
    /// The mail goes to the desk, and to nobody else.
    Desk,
    /// It is told.
    Live,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Off, Self::Shadow, Self::Desk, Self::Live];

    /// The word in documents and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::Desk => "desk",
            Self::Live => "live",
        }
    }
}

/// A line of trial operation; the first that matches holds, and without one it is live.
#[derive(Clone, PartialEq, Debug)]
pub struct Trial {
    /// Where it stands in the document, from 1.
    pub line: usize,
    /// For what.
    pub when: When,
    /// What is done.
    pub mode: Mode,
    /// Is the first load of each kind of a source kept until the desk releases it?
    pub baseline: bool,
}

pub(super) fn read(
    trial: &document::Trial,
    number: u32,
    line: usize,
    problems: &mut Vec<Problem>,
) -> Option<Trial> {
    let section = format!("trial {number}");
    let when = When::read(&trial.when, Some(line), &section, problems);
    let Some(mode) = Mode::ALL.into_iter().find(|mode| mode.as_str() == trial.mode) else {
        problems.push(Problem::error(Some(line), &section, Wrong::NoMode { written: trial.mode.clone() }));
        return None;
    };
    Some(Trial { line, when, mode, baseline: trial.baseline })
}
