//! The rows of an import among those that stand.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use foldhash::fast::FixedState;

use super::super::{
    AssetKey, AssetRow, ContactKey, ContactRow, OrganisationRow, RegisterFiles, RelationKey, RelationRow,
};

/// What a file means by what it does not mention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// It is the whole register: what is not in it is withdrawn. Only the register's own files can be.
    Whole,
    /// It adds and changes: what it does not mention stays.
    Additions,
    /// It is all there is of the organisations it names: what it does not mention of those is withdrawn, of each kind that it
    /// has for them. A list of someone's prefixes withdraws their other prefixes, not their domains or contacts.
    Organisations,
}

/// The register as it would stand with the imported rows in it.
pub(super) fn merge(standing: &RegisterFiles, imported: RegisterFiles, scope: Scope) -> RegisterFiles {
    if scope == Scope::Whole {
        return imported;
    }
    let replaces = scope == Scope::Organisations;
    RegisterFiles {
        organisations: merge_rows(&standing.organisations, imported.organisations, false),
        assets: merge_rows(&standing.assets, imported.assets, replaces),
        contacts: merge_rows(&standing.contacts, imported.contacts, replaces),
        relations: merge_rows(&standing.relations, imported.relations, replaces),
    }
}

/// A row of one of the register's files.
trait Keyed: Clone {
    type Key<'a>: Eq + Hash
    where
        Self: 'a;
    /// What makes it this row and no other.
    fn key(&self) -> Self::Key<'_>;
    /// The organisation it is about, and of which kind it is.
    fn group(&self) -> (&str, &'static str);
}

/// Those that stand, in their order, changed where the import says something else; then the new ones.
fn merge_rows<T: Keyed>(standing: &[T], imported: Vec<T>, replaces: bool) -> Vec<T> {
    let mut merged = Vec::with_capacity(standing.len() + imported.len());
    let mut used = vec![false; imported.len()];
    {
        let by_key: HashMap<T::Key<'_>, usize, FixedState> =
            imported.iter().enumerate().map(|(at, row)| (row.key(), at)).collect();
        let groups: HashSet<(&str, &'static str), FixedState> = imported.iter().map(Keyed::group).collect();
        for row in standing {
            match by_key.get(&row.key()) {
                Some(&at) => {
                    used[at] = true;
                    merged.push(imported[at].clone());
                }
                None if replaces && groups.contains(&row.group()) => {}
                None => merged.push(row.clone()),
            }
        }
    }
    let new = imported.into_iter().zip(used).filter(|(_, used)| !used).map(|(row, _)| row);
    merged.extend(new);
    merged
}

impl Keyed for OrganisationRow {
    type Key<'a> = &'a str;
    fn key(&self) -> &str {
        &self.code
    }
    fn group(&self) -> (&str, &'static str) {
        (&self.code, "")
    }
}

impl Keyed for AssetRow {
    type Key<'a> = AssetKey<'a>;
    fn key(&self) -> AssetKey<'_> {
        Self::key(self)
    }
    fn group(&self) -> (&str, &'static str) {
        (&self.organisation, self.value.kind().as_str())
    }
}

impl Keyed for ContactRow {
    type Key<'a> = ContactKey<'a>;
    fn key(&self) -> ContactKey<'_> {
        Self::key(self)
    }
    fn group(&self) -> (&str, &'static str) {
        (&self.organisation, "")
    }
}

impl Keyed for RelationRow {
    type Key<'a> = RelationKey<'a>;
    fn key(&self) -> RelationKey<'_> {
        Self::key(self)
    }
    fn group(&self) -> (&str, &'static str) {
        (&self.from, self.kind.as_str())
    }
}
