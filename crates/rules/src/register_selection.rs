//! Applying part of an import: which of its changes are taken, so that what stands afterwards still fits together.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    str::FromStr,
};

use foldhash::fast::FixedState;
use schakel_formats::register::{
    AssetRow, ContactRow, OrganisationRow, RegisterFile, RegisterFiles, RelationRow,
};

use crate::register_diff::{Changes, Counts, RegisterDiff};

/// A word of `--only`: a kind of change or a kind of row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Only {
    /// Rows that do not stand yet.
    New,
    /// Rows that stand and say something else.
    Changed,
    /// Rows that stand and are not in the import.
    Withdrawn,
    /// Rows of this file.
    Rows(RegisterFile),
}

impl Only {
    /// Every word.
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::Changed,
        Self::Withdrawn,
        Self::Rows(RegisterFile::Organisations),
        Self::Rows(RegisterFile::Assets),
        Self::Rows(RegisterFile::Contacts),
        Self::Rows(RegisterFile::Relations),
    ];
}

impl fmt::Display for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Withdrawn => "withdrawn",
            Self::Rows(RegisterFile::Organisations) => "organisations",
            Self::Rows(RegisterFile::Assets) => "assets",
            Self::Rows(RegisterFile::Contacts) => "contacts",
            Self::Rows(RegisterFile::Relations) => "relations",
        })
    }
}

impl FromStr for Only {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|only| only.to_string().eq_ignore_ascii_case(text)).ok_or_else(|| {
            format!(
                "`{text}` is no part of an import: use {}",
                Self::ALL.map(|only| only.to_string()).join(", ")
            )
        })
    }
}

/// Which changes are taken. Of an empty list all are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Of these kinds.
    pub only: Vec<Only>,
    /// About these organisations, by code.
    pub organisations: Vec<String>,
}

/// What was selected, and what was not and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selected<'a> {
    /// The changes that are taken.
    pub diff: RegisterDiff<'a>,
    /// Changes that were not selected.
    pub left_out: u64,
    /// Rows that were selected, but whose organisation is not in the register and is not selected.
    pub without_organisation: u64,
    /// Organisations whose withdrawal was selected, but of which other rows stay.
    pub still_in_use: Vec<&'a str>,
}

impl Selection {
    /// Is everything taken?
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.organisations.is_empty()
    }

    fn takes(&self, change: Only, file: RegisterFile) -> bool {
        let named =
            |changes: bool| self.only.iter().filter(move |only| matches!(only, Only::Rows(_)) != changes);
        let change_fits = named(true).next().is_none() || named(true).any(|only| *only == change);
        let file_fits = named(false).next().is_none() || named(false).any(|only| *only == Only::Rows(file));
        change_fits && file_fits
    }

    fn is_about(&self, codes: &[&str]) -> bool {
        self.organisations.is_empty() || self.organisations.iter().any(|code| codes.contains(&code.as_str()))
    }
}

/// Takes part of a diff. What could not stand without the rest is left out as well.
pub fn select<'a>(
    mut diff: RegisterDiff<'a>,
    selection: &Selection,
    standing: &'a RegisterFiles,
) -> Selected<'a> {
    if selection.is_everything() {
        return Selected { diff, left_out: 0, without_organisation: 0, still_in_use: Vec::new() };
    }
    let before = changed(diff.counts());
    keep(&mut diff.organisations, RegisterFile::Organisations, selection, |row| {
        selection.is_about(&[&row.code])
    });
    keep(&mut diff.assets, RegisterFile::Assets, selection, |row| selection.is_about(&[&row.organisation]));
    keep(&mut diff.contacts, RegisterFile::Contacts, selection, |row| {
        selection.is_about(&[&row.organisation])
    });
    keep(&mut diff.relations, RegisterFile::Relations, selection, |row| {
        selection.is_about(&[&row.from, &row.to])
    });
    let left_out = before - changed(diff.counts());

    let in_use = in_use(&diff, standing);
    let mut still_in_use = Vec::new();
    diff.organisations.withdrawn.retain(|row| {
        let stays = in_use.contains(&*row.code);
        if stays {
            still_in_use.push(&*row.code);
        }
        !stays
    });
    let codes = standing_after(&diff.organisations, standing);
    let selected = changed(diff.counts());
    retain(&mut diff.assets, |row| codes.contains(&*row.organisation));
    retain(&mut diff.contacts, |row| codes.contains(&*row.organisation));
    retain(&mut diff.relations, |row| codes.contains(&*row.from) && codes.contains(&*row.to));
    let without_organisation = selected - changed(diff.counts());
    Selected { diff, left_out, without_organisation, still_in_use }
}

fn changed(counts: Counts) -> u64 {
    counts.added + counts.changed + counts.withdrawn
}

fn keep<T>(
    changes: &mut Changes<'_, T>,
    file: RegisterFile,
    selection: &Selection,
    about: impl Fn(&T) -> bool,
) {
    changes.added.retain(|row| selection.takes(Only::New, file) && about(row));
    changes.changed.retain(|change| selection.takes(Only::Changed, file) && about(change.after));
    changes.withdrawn.retain(|row| selection.takes(Only::Withdrawn, file) && about(row));
}

/// Of new and changed rows keeps those that may stand.
fn retain<T>(changes: &mut Changes<'_, T>, may_stand: impl Fn(&T) -> bool) {
    changes.added.retain(|row| may_stand(row));
    changes.changed.retain(|change| may_stand(change.after));
}

fn standing_after<'a>(
    changes: &Changes<'a, OrganisationRow>,
    standing: &'a RegisterFiles,
) -> HashSet<&'a str, FixedState> {
    let mut codes: HashSet<&str, FixedState> = standing.organisations.iter().map(|row| &*row.code).collect();
    codes.extend(changes.added.iter().map(|row| &*row.code));
    for row in &changes.withdrawn {
        codes.remove(&*row.code);
    }
    codes
}

/// The organisations that are to be withdrawn and of which a row stays.
fn in_use<'a>(diff: &RegisterDiff<'a>, standing: &'a RegisterFiles) -> HashSet<&'a str, FixedState> {
    let leaving: HashSet<&str, FixedState> =
        diff.organisations.withdrawn.iter().map(|row| &*row.code).collect();
    if leaving.is_empty() {
        return leaving;
    }
    let mut rows: HashMap<&'a str, i64, FixedState> = HashMap::default();
    let mut count = |code: &'a str, by: i64| {
        if leaving.contains(code) {
            *rows.entry(code).or_default() += by;
        }
    };
    let asset = |row: &'a AssetRow| [&*row.organisation; 1];
    let contact = |row: &'a ContactRow| [&*row.organisation; 1];
    let relation = |row: &'a RelationRow| [&*row.from, &*row.to];
    tally(&standing.assets, &diff.assets, asset, &mut count);
    tally(&standing.contacts, &diff.contacts, contact, &mut count);
    tally(&standing.relations, &diff.relations, relation, &mut count);
    rows.into_iter().filter_map(|(code, count)| (count > 0).then_some(code)).collect()
}

fn tally<'a, T, const N: usize>(
    standing: &'a [T],
    changes: &Changes<'a, T>,
    codes: impl Fn(&'a T) -> [&'a str; N],
    count: &mut impl FnMut(&'a str, i64),
) {
    for row in standing {
        codes(row).into_iter().for_each(|code| count(code, 1));
    }
    for row in &changes.withdrawn {
        codes(row).into_iter().for_each(|code| count(code, -1));
    }
}

#[cfg(test)]
mod tests {
    use schakel_formats::register::read;

    use super::*;
    use crate::register_diff::diff;

    fn files(organisations: &str, assets: &str, contacts: &str) -> RegisterFiles {
        let reading = read(
            format!("id,name,kind\n{organisations}").as_bytes(),
            format!("organisation,kind,value,note\n{assets}").as_bytes(),
            format!("organisation,role,email\n{contacts}").as_bytes(),
            b"",
        );
        assert_eq!(reading.errors, 0, "{:?}", reading.problems);
        reading.files
    }

    /// New, changed, withdrawn, left out, without organisation, still in use.
    fn taken(only: &[&str], organisations: &[&str]) -> ([u64; 5], Vec<String>) {
        let standing = files(
            "A,Adorp,municipality\nB,Bdam,municipality\n",
            "A,domain,adorp.example,\nB,domain,bdam.example,\n",
            "A,vcib,ada@adorp.example\nB,vcib,bo@bdam.example\n",
        );
        // B goes with all it had, C comes; A gets a note and another contact.
        let imported = files(
            "A,Adorp,municipality\nC,Cstad,municipality\n",
            "A,domain,adorp.example,asked\nC,domain,cstad.example,\n",
            "A,vcib,eva@adorp.example\nC,vcib,cor@cstad.example\n",
        );
        let selection = Selection {
            only: only.iter().map(|word| word.parse().unwrap()).collect(),
            organisations: organisations.iter().map(|code| (*code).to_owned()).collect(),
        };
        let selected = select(diff(&standing, &imported, &RegisterFile::ALL), &selection, &standing);
        let counts = selected.diff.counts();
        (
            [
                counts.added,
                counts.changed,
                counts.withdrawn,
                selected.left_out,
                selected.without_organisation,
            ],
            selected.still_in_use.into_iter().map(str::to_owned).collect(),
        )
    }

    #[test]
    fn part_of_an_import_is_taken_and_still_fits_together() {
        assert_eq!(taken(&[], &[]), ([4, 1, 4, 0, 0], vec![]));
        assert_eq!(taken(&["new"], &[]), ([4, 0, 0, 5, 0], vec![]));
        assert_eq!(taken(&["changed"], &[]), ([0, 1, 0, 8, 0], vec![]));
        assert_eq!(taken(&["withdrawn"], &[]), ([0, 0, 4, 5, 0], vec![]));
        assert_eq!(taken(&["new", "changed"], &[]), ([4, 1, 0, 4, 0], vec![]));
        assert_eq!(taken(&["new", "contacts"], &[]), ([1, 0, 0, 7, 1], vec![]), "C is not there yet");
        assert_eq!(taken(&["withdrawn", "organisations"], &[]), ([0, 0, 0, 8, 0], vec!["B".to_owned()]));
        assert_eq!(
            taken(&["withdrawn", "assets", "organisations"], &[]),
            ([0, 0, 1, 7, 0], vec!["B".to_owned()])
        );
        assert_eq!(taken(&[], &["B"]), ([0, 0, 3, 6, 0], vec![]));
        assert_eq!(taken(&["new"], &["A"]), ([1, 0, 0, 8, 0], vec![]));
        assert!("renewed".parse::<Only>().unwrap_err().contains("withdrawn"));
    }
}
