//! The register from files and back: problems first, then what would change, then the change as one new version.

use std::{
    collections::HashMap,
    fs,
    io::{ErrorKind, Read, Write},
    path::Path,
};

use anyhow::Context;
use foldhash::fast::FixedState;
use schakel_formats::register::{
    self as files, AssetRow, ContactRow, OrganisationRow, RegisterFiles, RelationRow,
};
use schakel_model::{
    asset::Asset,
    ids::{AssetId, ContactId, OrganisationId, RegisterVersion, RelationId},
    limits::REGISTER_FILE_BYTES_MAX,
    register::{Contact, Organisation, Register},
    relation::Relation,
};
use schakel_rules::register_diff::{RegisterDiff, diff};
use schakel_store::{
    Store,
    register::{RegisterChange, load, version},
};

/// The register's files as read from a folder, beside what stands.
pub struct Import {
    /// What was read, with its problems.
    pub reading: files::Reading,
    /// What stands.
    pub standing: Register,
    standing_files: RegisterFiles,
}

impl Import {
    /// Reads the files of a folder. A file that is not there changes nothing of its kind; at least one must be.
    pub fn read(folder: &Path, standing: Register) -> anyhow::Result<Self> {
        let standing_files = RegisterFiles::of(&standing);
        let written = files::write(&standing_files);
        let mut found = 0;
        let mut read = |name: &str, otherwise: Vec<u8>| -> anyhow::Result<Vec<u8>> {
            let bytes = read_limited(&folder.join(name))?;
            found += usize::from(bytes.is_some());
            Ok(bytes.unwrap_or(otherwise))
        };
        let organisations = read("organisations.csv", written.organisations)?;
        let assets = read("assets.csv", written.assets)?;
        let contacts = read("contacts.csv", written.contacts)?;
        let relations = read("relations.csv", written.relations)?;
        anyhow::ensure!(
            found > 0,
            "{} has none of organisations.csv, assets.csv, contacts.csv and relations.csv. Look in docs/manual for what stands in them",
            folder.display()
        );
        Ok(Self {
            reading: files::read(&organisations, &assets, &contacts, &relations),
            standing,
            standing_files,
        })
    }

    /// What would change.
    pub fn diff(&self) -> RegisterDiff<'_> {
        diff(&self.standing_files, &self.reading.files)
    }

    /// Applies the change as a new version; `None` when there is none.
    pub fn apply(
        &self,
        store: &mut Store,
        now: i64,
        actor: &str,
        reason: &str,
    ) -> anyhow::Result<Option<RegisterVersion>> {
        let diff = self.diff();
        if diff.is_empty() {
            return Ok(None);
        }
        let ids = self.asset_ids();
        let mut change = RegisterChange::default();
        let organisations = &diff.organisations;
        let states = organisations
            .added
            .iter()
            .copied()
            .chain(organisations.changed.iter().map(|change| change.after));
        change.organisations = states.map(organisation).collect();
        change.withdrawn_organisations =
            organisations.withdrawn.iter().map(|row| row.code.to_string()).collect();
        let assets = &diff.assets;
        let new = assets.added.iter().copied().chain(assets.changed.iter().map(|change| change.after));
        change.assets = new.map(|row| (row.organisation.to_string(), asset(row))).collect();
        let old = assets.withdrawn.iter().copied().chain(assets.changed.iter().map(|change| change.before));
        change.withdrawn_assets = old.filter_map(|row| ids.get(&row.key()).copied()).collect();
        let contacts = &diff.contacts;
        let new = contacts.added.iter().copied().chain(contacts.changed.iter().map(|change| change.after));
        change.contacts = new.map(|row| (row.organisation.to_string(), contact(row))).collect();
        let old =
            contacts.withdrawn.iter().copied().chain(contacts.changed.iter().map(|change| change.before));
        let ids = self.contact_ids();
        change.withdrawn_contacts = old.filter_map(|row| ids.get(&row.key()).copied()).collect();
        let relations = &diff.relations;
        let new = relations.added.iter().copied().chain(relations.changed.iter().map(|change| change.after));
        change.relations = new.map(|row| (row.from.to_string(), row.to.to_string(), relation(row))).collect();
        let old =
            relations.withdrawn.iter().copied().chain(relations.changed.iter().map(|change| change.before));
        let ids = self.relation_ids();
        change.withdrawn_relations = old.filter_map(|row| ids.get(&row.key()).copied()).collect();
        Ok(Some(store.change_register(now, actor, reason, &change)?))
    }

    fn asset_ids(&self) -> HashMap<files::AssetKey<'_>, AssetId, FixedState> {
        // Rows and assets stand in the same order; what belongs to nobody has no row.
        let owned = |asset: &&Asset| self.standing.organisation(asset.organisation).is_some();
        let assets = self.standing.assets.iter().filter(owned);
        self.standing_files.assets.iter().zip(assets).map(|(row, asset)| (row.key(), asset.id)).collect()
    }

    fn contact_ids(&self) -> HashMap<files::ContactKey<'_>, ContactId, FixedState> {
        let of = |contact: &&Contact| self.standing.organisation(contact.organisation).is_some();
        let contacts = self.standing.contacts.iter().filter(of);
        self.standing_files
            .contacts
            .iter()
            .zip(contacts)
            .map(|(row, contact)| (row.key(), contact.id))
            .collect()
    }

    fn relation_ids(&self) -> HashMap<files::RelationKey<'_>, RelationId, FixedState> {
        let known = |id| self.standing.organisation(id).is_some();
        let both = |relation: &&Relation| known(relation.from) && known(relation.to);
        let relations = self.standing.relations.iter().filter(both);
        let rows = self.standing_files.relations.iter();
        rows.zip(relations).map(|(row, relation)| (row.key(), relation.id)).collect()
    }
}

/// The newest register in a store.
pub fn standing(store: &Store) -> anyhow::Result<Register> {
    Ok(store.read(|connection| load(connection, version(connection)?))?)
}

/// Writes a register as its four files into a folder.
pub fn export(register: &Register, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let written = files::write(&RegisterFiles::of(register));
    let named = [
        ("organisations.csv", written.organisations),
        ("assets.csv", written.assets),
        ("contacts.csv", written.contacts),
        ("relations.csv", written.relations),
    ];
    for (name, bytes) in named {
        write_whole(&folder.join(name), &bytes)?;
    }
    Ok(())
}

/// Writes a file so that it is there whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let partial = path.with_extension("partial");
    let writing = || format!("cannot write {}", path.display());
    let mut file = fs::File::create(&partial).with_context(writing)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(writing)?;
    fs::rename(&partial, path).with_context(writing)
}

fn read_limited(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut bytes = Vec::new();
    file.take(REGISTER_FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(
        bytes.len() as u64 <= REGISTER_FILE_BYTES_MAX,
        "{} is larger than {} GiB. Split it and import the parts with --partial",
        path.display(),
        REGISTER_FILE_BYTES_MAX >> 30
    );
    Ok(Some(bytes))
}

fn organisation(row: &OrganisationRow) -> Organisation {
    Organisation {
        id: OrganisationId(0),
        code: row.code.to_string(),
        name: row.name.clone(),
        kind: row.kind,
        parent: row.parent.as_deref().map(str::to_owned),
        language: row.language,
    }
}

fn asset(row: &AssetRow) -> Asset {
    Asset {
        id: AssetId(0),
        organisation: OrganisationId(0),
        value: row.value.clone(),
        role: row.role,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
        proof: row.proof,
        flags: row.flags,
        note: row.note.clone(),
    }
}

fn contact(row: &ContactRow) -> Contact {
    Contact {
        id: ContactId(0),
        organisation: OrganisationId(0),
        role: row.role,
        name: row.name.clone(),
        email: row.email.clone(),
        phone: row.phone.clone(),
        language: row.language,
        tlp_max: row.tlp_max,
        position: row.position,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
    }
}

fn relation(row: &RelationRow) -> Relation {
    Relation {
        id: RelationId(0),
        from: OrganisationId(0),
        kind: row.kind,
        to: OrganisationId(0),
        mandate: row.mandate,
        scan_consent: row.scan_consent,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
        note: row.note.clone(),
    }
}
