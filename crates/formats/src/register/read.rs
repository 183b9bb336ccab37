//! The four files together.

use super::{
    assets, contacts, organisations,
    problem::{Level, Problem, Problems},
    relations,
    rows::RegisterFiles,
};

/// What was read: the rows without errors, and every problem.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// The rows that can be taken. Whoever wants all or nothing looks at `errors` first.
    pub files: RegisterFiles,
    /// By file and line; of each level the first [`super::PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// How many errors there are, also those not in the list.
    pub errors: u64,
    /// How many warnings.
    pub warnings: u64,
    /// How many notes.
    pub notes: u64,
}

/// Reads `organisations.csv`, `assets.csv`, `contacts.csv` and `relations.csv`. For a file that is not there the caller passes what
/// stands ([`super::write`]), so that leaving a file out changes nothing of its kind.
pub fn read(organisations: &[u8], assets: &[u8], contacts: &[u8], relations: &[u8]) -> Reading {
    let mut problems = Problems::default();
    let organisations = organisations::read(organisations, &mut problems);
    let assets = assets::read(assets, &organisations, &mut problems);
    let contacts = contacts::read(contacts, &organisations, &mut problems);
    let relations = relations::read(relations, &organisations, &mut problems);
    contacts::check_everybody_has_one(&organisations, &contacts, &mut problems);
    problems.list.sort_by_key(|problem| (problem.file, problem.line));
    Reading {
        files: RegisterFiles { organisations: organisations.rows, assets, contacts, relations },
        errors: problems.count(Level::Error),
        warnings: problems.count(Level::Warning),
        notes: problems.count(Level::Note),
        problems: problems.list,
    }
}
