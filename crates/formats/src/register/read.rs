//! The four files together.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::FixedState;

use super::{
    assets, contacts,
    organisations::{self, Organisations},
    problem::{Level, Place, Problem, ProblemKind, Problems, RegisterFile},
    relations,
    rows::RegisterFiles,
};

/// The bytes of the files of each kind. A kind without a file is not given: what stands of it stays.
#[derive(Clone, Debug, Default)]
pub struct Given<'a> {
    /// `organisations.csv`
    pub organisations: Vec<&'a [u8]>,
    /// `assets.csv`
    pub assets: Vec<&'a [u8]>,
    /// `contacts.csv`
    pub contacts: Vec<&'a [u8]>,
    /// `relations.csv`
    pub relations: Vec<&'a [u8]>,
    /// What they mean by an organisation that they do not mention.
    pub unmentioned: Unmentioned,
}

/// What becomes of an organisation that is not mentioned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Unmentioned {
    /// It goes, and nothing may refer to it.
    #[default]
    Goes,
    /// It stays, and rows may refer to it.
    Stays,
}

/// What was read: the rows without errors, and every problem.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// The rows that can be taken. Whoever wants all or nothing looks at `errors` first.
    pub files: RegisterFiles,
    /// The kinds of file that were given.
    pub given: Vec<RegisterFile>,
    /// By file and line; of each level the first [`super::PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// How many errors there are, also those not in the list.
    pub errors: u64,
    /// How many warnings.
    pub warnings: u64,
    /// How many notes.
    pub notes: u64,
}

/// Reads one `organisations.csv`, `assets.csv`, `contacts.csv` and `relations.csv`.
pub fn read(organisations: &[u8], assets: &[u8], contacts: &[u8], relations: &[u8]) -> Reading {
    let given = Given {
        organisations: vec![organisations],
        assets: vec![assets],
        contacts: vec![contacts],
        relations: vec![relations],
        unmentioned: Unmentioned::Goes,
    };
    read_beside(&given, &RegisterFiles::default())
}

/// Reads what is given, beside what stands. Of a kind that is not given nothing is read, but it is checked that its standing rows
/// still have their organisations.
pub fn read_beside(given: &Given<'_>, standing: &RegisterFiles) -> Reading {
    let mut problems = Problems::default();
    let stays = given.organisations.is_empty() || given.unmentioned == Unmentioned::Stays;
    let known = if stays { Organisations::of(&standing.organisations) } else { Organisations::default() };
    let organisations = organisations::read(known, &given.organisations, &mut problems);
    let assets = assets::read(&given.assets, &organisations, &mut problems);
    let contacts = contacts::read(&given.contacts, &organisations, &mut problems);
    let relations = relations::read(&given.relations, &organisations, &mut problems);
    if !given.organisations.is_empty() {
        if !stays {
            check_standing(given, standing, &organisations, &mut problems);
        }
        let standing = if stays || given.contacts.is_empty() { &standing.contacts[..] } else { &[] };
        contacts::check_everybody_has_one(&organisations, contacts.iter().chain(standing), &mut problems);
    }
    problems.list.sort_by_key(|problem| (problem.file, problem.line));
    let organisations = if given.organisations.is_empty() { Vec::new() } else { organisations.rows };
    Reading {
        files: RegisterFiles { organisations, assets, contacts, relations },
        given: given.kinds(),
        errors: problems.count(Level::Error),
        warnings: problems.count(Level::Warning),
        notes: problems.count(Level::Note),
        problems: problems.list,
    }
}

impl Given<'_> {
    /// The kinds of file that are given.
    pub fn kinds(&self) -> Vec<RegisterFile> {
        let all = [&self.organisations, &self.assets, &self.contacts, &self.relations];
        let given = RegisterFile::ALL.into_iter().zip(all);
        given.filter(|(_, files)| !files.is_empty()).map(|(kind, _)| kind).collect()
    }
}

/// Rows that are not given stay, so their organisations must.
fn check_standing(
    given: &Given<'_>,
    standing: &RegisterFiles,
    organisations: &Organisations,
    problems: &mut Problems,
) {
    let mut orphans: HashMap<&Arc<str>, [u64; 3], FixedState> = HashMap::default();
    let mut count = |code, kind: usize| {
        if !organisations.by_code.contains_key(code) {
            orphans.entry(code).or_default()[kind] += 1;
        }
    };
    if given.assets.is_empty() {
        standing.assets.iter().for_each(|row| count(&row.organisation, 0));
    }
    if given.contacts.is_empty() {
        standing.contacts.iter().for_each(|row| count(&row.organisation, 1));
    }
    if given.relations.is_empty() {
        for row in &standing.relations {
            count(&row.from, 2);
            count(&row.to, 2);
        }
    }
    let mut orphans: Vec<_> = orphans.into_iter().collect();
    orphans.sort_unstable();
    let place = Place { file: RegisterFile::Organisations, line: 0 };
    for (code, [assets, contacts, relations]) in orphans {
        problems.push(place, "id", code, ProblemKind::UnknownOrganisation, || {
            format!(
                "`{code}` is not in the file, but {assets} assets, {contacts} contacts and {relations} relations of it stand in \
                 the register; keep it, or give the other files too, without its rows"
            )
        });
    }
}
