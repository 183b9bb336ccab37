//! What an import would change in the register, to be shown before it is applied.
//!
//! Rows are matched by their natural keys: an organisation by its code; an asset by organisation, kind, value, role and
//! beginning; a contact by organisation, role, mail address (else name) and beginning; a relation by its two organisations,
//! kind and beginning. A row with another key is another thing: an asset that begins on another day is one withdrawn and
//! one new. The order of rows is no change.

use std::{collections::HashMap, hash::Hash, ops::Add};

use foldhash::fast::FixedState;
use schakel_formats::register::{
    AssetRow, ContactRow, OrganisationRow, RegisterFile, RegisterFiles, RelationRow,
};

/// What changes, by file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterDiff<'a> {
    /// In `organisations.csv`.
    pub organisations: Changes<'a, OrganisationRow>,
    /// In `assets.csv`.
    pub assets: Changes<'a, AssetRow>,
    /// In `contacts.csv`.
    pub contacts: Changes<'a, ContactRow>,
    /// In `relations.csv`.
    pub relations: Changes<'a, RelationRow>,
}

/// What changes among rows of one kind. New and changed rows are in the order of the import, withdrawn ones in the
/// order in which they stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changes<'a, T> {
    /// Rows that do not stand yet.
    pub added: Vec<&'a T>,
    /// Rows that stand and say something else.
    pub changed: Vec<Change<'a, T>>,
    /// Rows that stand and are not in the import.
    pub withdrawn: Vec<&'a T>,
    /// How many rows stay as they are.
    pub unchanged: u64,
}

impl<T> Default for Changes<'_, T> {
    fn default() -> Self {
        Self { added: Vec::new(), changed: Vec::new(), withdrawn: Vec::new(), unchanged: 0 }
    }
}

/// A row before and after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change<'a, T> {
    /// As it stands.
    pub before: &'a T,
    /// As it is imported.
    pub after: &'a T,
}

/// How many rows change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct Counts {
    pub added: u64,
    pub changed: u64,
    pub withdrawn: u64,
    pub unchanged: u64,
}

/// Compares what stands with what is imported. Of a kind that was not `given` nothing changes.
pub fn diff<'a>(
    standing: &'a RegisterFiles,
    imported: &'a RegisterFiles,
    given: &[RegisterFile],
) -> RegisterDiff<'a> {
    use RegisterFile::{Assets, Contacts, Organisations, Relations};
    let given = |kind| given.contains(&kind);
    let (old, new) = (standing, imported);
    RegisterDiff {
        organisations: changes(&old.organisations, &new.organisations, given(Organisations), |row| {
            &*row.code
        }),
        assets: changes(&old.assets, &new.assets, given(Assets), AssetRow::key),
        contacts: changes(&old.contacts, &new.contacts, given(Contacts), ContactRow::key),
        relations: changes(&old.relations, &new.relations, given(Relations), RelationRow::key),
    }
}

impl RegisterDiff<'_> {
    /// Over all files.
    pub fn counts(&self) -> Counts {
        self.organisations.counts() + self.assets.counts() + self.contacts.counts() + self.relations.counts()
    }

    /// Does the import change nothing?
    pub fn is_empty(&self) -> bool {
        let Counts { added, changed, withdrawn, .. } = self.counts();
        added + changed + withdrawn == 0
    }
}

impl<T> Changes<'_, T> {
    /// How many.
    pub fn counts(&self) -> Counts {
        Counts {
            added: self.added.len() as u64,
            changed: self.changed.len() as u64,
            withdrawn: self.withdrawn.len() as u64,
            unchanged: self.unchanged,
        }
    }
}

impl Add for Counts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            added: self.added + other.added,
            changed: self.changed + other.changed,
            withdrawn: self.withdrawn + other.withdrawn,
            unchanged: self.unchanged + other.unchanged,
        }
    }
}

fn changes<'a, T: PartialEq, K: Eq + Hash>(
    standing: &'a [T],
    imported: &'a [T],
    given: bool,
    key: impl Fn(&'a T) -> K,
) -> Changes<'a, T> {
    if !given {
        return Changes { unchanged: standing.len() as u64, ..Changes::default() };
    }
    let mut by_key = HashMap::with_capacity_and_hasher(standing.len(), FixedState::default());
    for (at, row) in standing.iter().enumerate() {
        by_key.insert(key(row), at);
    }
    let mut stays = vec![false; standing.len()];
    let mut changes = Changes::default();
    for after in imported {
        // Each standing row is met once, so that a repeated key shows as a new row and is not lost.
        match by_key.remove(&key(after)) {
            None => changes.added.push(after),
            Some(at) => {
                stays[at] = true;
                let before = &standing[at];
                if before == after {
                    changes.unchanged += 1;
                } else {
                    changes.changed.push(Change { before, after });
                }
            }
        }
    }
    changes.withdrawn =
        standing.iter().zip(stays).filter_map(|(row, stays)| (!stays).then_some(row)).collect();
    changes
}

#[cfg(test)]
mod tests {
    use schakel_formats::register::read;

    use super::*;

    const ORGANISATIONS: &str =
        "id,name,kind,parent,language\nA,Adorp,municipality,,\nB,Bdam,municipality,,\n";
    const ASSETS: &str = "organisation,kind,value,role,valid_from,note\n\
        A,domain,adorp.example,owner,,\nA,domain,adorp.example,operator,,\nB,prefix,198.18.1.0/24,owner,2020-01-01,\n";
    const CONTACTS: &str =
        "organisation,role,name,email,phone\nA,vcib,Ada,ada@adorp.example,\nB,duty,Desk,,112\n";

    fn files(organisations: &str, assets: &str, contacts: &str) -> RegisterFiles {
        let reading = read(organisations.as_bytes(), assets.as_bytes(), contacts.as_bytes(), b"");
        assert_eq!(reading.errors, 0, "{:?}", reading.problems);
        reading.files
    }

    fn told(counts: Counts) -> [u64; 4] {
        [counts.added, counts.changed, counts.withdrawn, counts.unchanged]
    }

    #[test]
    fn an_import_is_compared_by_natural_keys() {
        let standing = files(ORGANISATIONS, ASSETS, CONTACTS);
        for (what, organisations, assets, contacts, expected) in [
            ("the same", ORGANISATIONS, ASSETS, CONTACTS, [0, 0, 0, 7]),
            (
                "another order",
                "id,name,kind\nB,Bdam,municipality\nA,Adorp,municipality\n",
                ASSETS,
                CONTACTS,
                [0, 0, 0, 7],
            ),
            (
                "a new name, a new note, a new phone number",
                "id,name,kind\nA,Adorp-Bdam,municipality\nB,Bdam,municipality\n",
                "organisation,kind,value,role,valid_from,note\nA,domain,ADORP.example.,owner,,asked\n\
                 A,domain,adorp.example,operator,,\nB,prefix,198.18.1.9/24,owner,2020-01-01T00:00:00Z,\n",
                "organisation,role,name,email,phone\nA,vcib,Ada,ada@adorp.example,1\nB,duty,Desk,,112\n",
                [0, 3, 0, 4],
            ),
            (
                "another beginning is another asset, another address another contact",
                ORGANISATIONS,
                "organisation,kind,value,role,valid_from\nA,domain,adorp.example,owner,\n\
                 A,domain,adorp.example,operator,\nB,prefix,198.18.1.0/24,owner,2021-01-01\n",
                "organisation,role,name,email,phone\nA,vcib,Ada,ada@bdam.example,\nB,duty,Desk,,112\n",
                [2, 0, 2, 5],
            ),
            (
                "an organisation leaves with all it has",
                "id,name,kind\nA,Adorp,municipality\n",
                "organisation,kind,value,role\nA,domain,adorp.example,owner\nA,domain,adorp.example,operator\n",
                "organisation,role,name,email\nA,vcib,Ada,ada@adorp.example\n",
                [0, 0, 3, 4],
            ),
        ] {
            let imported = files(organisations, assets, contacts);
            let there = diff(&standing, &imported, &RegisterFile::ALL);
            assert_eq!(told(there.counts()), expected, "{what}");
            assert_eq!(there.is_empty(), expected[..3] == [0, 0, 0]);
            let back = diff(&imported, &standing, &RegisterFile::ALL);
            assert_eq!(
                told(back.counts()),
                [expected[2], expected[1], expected[0], expected[3]],
                "{what}, back"
            );
        }
        let nothing = RegisterFiles::default();
        assert_eq!(told(diff(&nothing, &standing, &[]).counts()), [0; 4]);
        assert_eq!(told(diff(&standing, &nothing, &[RegisterFile::Assets]).counts()), [0, 0, 3, 4]);
        assert_eq!(told(diff(&nothing, &standing, &RegisterFile::ALL).counts()), [7, 0, 0, 0]);
    }

    #[test]
    fn a_key_that_stands_twice_is_not_lost() {
        let one = files(ORGANISATIONS, ASSETS, CONTACTS);
        let mut twice = one.clone();
        twice.assets.push(one.assets[0].clone());
        assert_eq!(told(diff(&one, &twice, &RegisterFile::ALL).assets.counts()), [1, 0, 0, 3]);
        assert_eq!(told(diff(&twice, &one, &RegisterFile::ALL).assets.counts()), [0, 0, 1, 3]);
    }
}
