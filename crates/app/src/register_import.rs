//! Files into the register: problems first, then what would change, then the change, or part of it, as one new version.

use std::{collections::HashSet, path::PathBuf};

use schakel_formats::register::{
    self as files, AssetRow, RegisterFile, RegisterFiles, RelationRow, circle_message, circles,
    import::{self, Format, Options, Scope},
};
use schakel_model::{
    ids::{AssetId, ContactId, OrganisationId, RegisterVersion, RelationId},
    register::Register,
};
use schakel_rules::{
    register_conflict::{Conflict, conflicts},
    register_diff::{Changes, RegisterDiff, diff},
    register_selection::{Selected, Selection, select},
};
use schakel_store::{
    Store,
    act::Act,
    register::{Concerned, RegisterChange, concerned},
};

use crate::{contacts, register_files};

/// An import as read, beside what stands.
pub struct Import {
    /// In which format.
    pub format: Format,
    /// What was made of what the files do not mention.
    pub scope: Scope,
    /// What was read, with its problems.
    pub reading: files::Reading,
    /// What stands.
    pub standing: Register,
    /// The rows of what stands: of each kind in the order of `standing`.
    pub standing_files: RegisterFiles,
}

/// Which part of an import is applied.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// Which of its changes.
    pub selection: Selection,
    /// Without what another organisation has proven in the same role.
    pub without_conflicts: bool,
}

/// An organisation that an import withdraws while something of it is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaving {
    /// Its code.
    pub code: String,
    /// What it is concerned in.
    pub concerned: Concerned,
}

impl Import {
    /// Reads files or folders, in the format they are recognised to have or the one that the options name.
    pub fn read(paths: &[PathBuf], options: &Options, standing: Register) -> anyhow::Result<Self> {
        let standing = owned_only(standing);
        let standing_files = RegisterFiles::of(&standing);
        let import::Import { format, scope, reading } =
            register_files::read(paths, options, &standing_files)?;
        Ok(Self { format, scope, reading, standing, standing_files })
    }

    /// Reads files that are here already, each with its name.
    pub fn read_named(
        files: &[(String, Vec<u8>)],
        options: &Options,
        standing: Register,
    ) -> anyhow::Result<Self> {
        let standing = owned_only(standing);
        let standing_files = RegisterFiles::of(&standing);
        let import::Import { format, scope, reading } =
            register_files::read_named(files, options, &standing_files)?;
        Ok(Self { format, scope, reading, standing, standing_files })
    }

    /// What was read elsewhere, beside what stands.
    pub fn of(reading: files::Reading, standing: Register) -> Self {
        let standing = owned_only(standing);
        let standing_files = RegisterFiles::of(&standing);
        Self { format: Format::Register, scope: Scope::Whole, reading, standing, standing_files }
    }

    /// What would change.
    pub fn diff(&self) -> RegisterDiff<'_> {
        diff(&self.standing_files, &self.reading.files, &self.reading.given)
    }

    /// The register as it would stand.
    pub fn files(&self) -> RegisterFiles {
        let mut files = self.reading.files.clone();
        let stays = |kind| !self.reading.given.contains(&kind);
        let standing = &self.standing_files;
        if stays(RegisterFile::Organisations) {
            files.organisations.clone_from(&standing.organisations);
        }
        if stays(RegisterFile::Assets) {
            files.assets.clone_from(&standing.assets);
        }
        if stays(RegisterFile::Contacts) {
            files.contacts.clone_from(&standing.contacts);
        }
        if stays(RegisterFile::Relations) {
            files.relations.clone_from(&standing.relations);
        }
        files
    }

    /// Which new rows claim what somebody else has proven.
    pub fn conflicts<'a>(&'a self, diff: &RegisterDiff<'a>) -> Vec<Conflict<'a>> {
        conflicts(&self.standing_files, diff)
    }

    /// The part of a diff that is to be applied. `conflicts`: those of the whole.
    pub fn part<'a>(
        &'a self,
        diff: RegisterDiff<'a>,
        part: &Part,
        conflicts: &[Conflict<'_>],
    ) -> Selected<'a> {
        let mut selected = select(diff, &part.selection, &self.standing_files);
        if part.without_conflicts {
            let disputed: HashSet<*const AssetRow> =
                conflicts.iter().map(|conflict| &raw const *conflict.row).collect();
            let added = &mut selected.diff.assets.added;
            let before = added.len();
            added.retain(|row| !disputed.contains(&(&raw const **row)));
            selected.left_out += (before - added.len()) as u64;
        }
        selected
    }

    /// The organisations that a change withdraws while something of theirs is open.
    pub fn leaving(&self, store: &Store, diff: &RegisterDiff<'_>) -> anyhow::Result<Vec<Leaving>> {
        let ids: Vec<_> =
            places(&self.standing_files.organisations, diff.organisations.withdrawn.iter().copied())
                .map(|at| self.standing.organisations[at].id)
                .collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let open = store.read(|connection| concerned(connection, &ids))?;
        let code = |id| self.standing.organisation(id).map(|one| one.code.clone()).unwrap_or_default();
        Ok(open.into_iter().map(|(id, concerned)| Leaving { code: code(id), concerned }).collect())
    }

    /// Applies a diff, or part of it, as a new version; `None` when it is empty. What would change how trusted contacts are reached waits
    /// for a second pair of eyes.
    ///
    /// # Errors
    /// When relations would go in a circle, or the store fails; then nothing has changed.
    pub fn apply(
        &self,
        store: &mut Store,
        diff: &RegisterDiff<'_>,
        act: Act<'_>,
    ) -> anyhow::Result<Option<RegisterVersion>> {
        if diff.is_empty() {
            return Ok(None);
        }
        self.check_circles(diff)?;
        let mut change = self.change(diff);
        let held = contacts::hold_back(store, &self.standing, &mut change)?;
        Ok(store.change_register_but(&act, &change, &held)?)
    }

    fn change(&self, diff: &RegisterDiff<'_>) -> RegisterChange {
        let RegisterDiff { organisations, assets, contacts, relations } = diff;
        let (stands, files) = (&self.standing, &self.standing_files);
        // The store gives numbers, and finds organisations by the code beside a row.
        let later = OrganisationId::default();
        RegisterChange {
            organisations: after(organisations).map(|row| row.organisation(later)).collect(),
            withdrawn_organisations: organisations.withdrawn.iter().map(|row| row.code.to_string()).collect(),
            assets: after(assets)
                .map(|row| (row.organisation.to_string(), row.asset(AssetId::default(), later)))
                .collect(),
            withdrawn_assets: places(&files.assets, before(assets)).map(|at| stands.assets[at].id).collect(),
            contacts: after(contacts)
                .map(|row| (row.organisation.to_string(), row.contact(ContactId::default(), later)))
                .collect(),
            withdrawn_contacts: places(&files.contacts, before(contacts))
                .map(|at| stands.contacts[at].id)
                .collect(),
            relations: after(relations)
                .map(|row| {
                    let relation = row.relation(RelationId::default(), later, later);
                    (row.from.to_string(), row.to.to_string(), relation)
                })
                .collect(),
            withdrawn_relations: places(&files.relations, before(relations))
                .map(|at| stands.relations[at].id)
                .collect(),
        }
    }

    /// Part of an import may close a circle that the whole of it does not have.
    fn check_circles(&self, diff: &RegisterDiff<'_>) -> anyhow::Result<()> {
        if diff.relations.added.is_empty() && diff.relations.changed.is_empty() {
            return Ok(());
        }
        let mut stays = vec![true; self.standing_files.relations.len()];
        places(&self.standing_files.relations, before(&diff.relations)).for_each(|at| stays[at] = false);
        let standing = self.standing_files.relations.iter().zip(stays).filter(|(_, stays)| *stays);
        let rows: Vec<RelationRow> =
            standing.map(|(row, _)| row).chain(after(&diff.relations)).cloned().collect();
        match circles(&rows).first() {
            Some(&at) => anyhow::bail!("nothing was changed: {}", circle_message(&rows[at])),
            None => Ok(()),
        }
    }
}

/// What belongs to no organisation that stands has no row, and is left alone.
fn owned_only(mut standing: Register) -> Register {
    let known: Vec<OrganisationId> = standing.organisations.iter().map(|one| one.id).collect();
    let known = |id: OrganisationId| known.binary_search(&id).is_ok();
    standing.assets.retain(|asset| known(asset.organisation));
    standing.contacts.retain(|contact| known(contact.organisation));
    standing.relations.retain(|relation| known(relation.from) && known(relation.to));
    standing
}

/// New rows and the new states of changed ones.
fn after<'d, 'a: 'd, T>(changes: &'d Changes<'a, T>) -> impl Iterator<Item = &'a T> + 'd {
    changes.added.iter().copied().chain(changes.changed.iter().map(|change| change.after))
}

/// Withdrawn rows and the old states of changed ones.
fn before<'d, 'a: 'd, T>(changes: &'d Changes<'a, T>) -> impl Iterator<Item = &'a T> + 'd {
    changes.withdrawn.iter().copied().chain(changes.changed.iter().map(|change| change.before))
}

/// Where rows stand among all.
fn places<'d, 'a: 'd, T: 'a>(
    all: &'d [T],
    rows: impl Iterator<Item = &'a T> + 'd,
) -> impl Iterator<Item = usize> + 'd {
    rows.filter_map(|row| all.element_offset(row))
}
