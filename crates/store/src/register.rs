//! The register over time. Nothing is overwritten: a row is recorded in one version and withdrawn in a later one, so that any past
//! version can be loaded again.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{
    asset::{Asset, Proof, Role},
    fate::Fate,
    ids::{AssetId, ContactId, OrganisationId, RegisterVersion, RelationId},
    register::{Contact, Organisation, Register},
    relation::{Mandate, Relation, RelationKind},
};

use crate::{
    Store, StoreError, announced, asset_index,
    error::DatabaseContext,
    ledger::{self, Scope},
    outbox::set_fate,
    register_digest,
    register_rows::{
        ASSET, CONTACT, ORGANISATION, RECORDED, RELATION, asset_of, contact_of, flags_of, organisation_of,
        relation_of,
    },
    transaction::Transaction,
};

/// A change of the register, applied whole as one new version.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RegisterChange {
    /// New organisations and new states of known ones, by code; the `id` is ignored.
    pub organisations: Vec<Organisation>,
    /// Codes of organisations that end. Their assets and contacts must be withdrawn in the same change; what waits to be told to them
    /// becomes `no_contact`.
    pub withdrawn_organisations: Vec<String>,
    /// New assets, with the code of their organisation; `id` and `organisation` are ignored.
    pub assets: Vec<(String, Asset)>,
    /// Assets that end.
    pub withdrawn_assets: Vec<AssetId>,
    /// New contacts, with the code of their organisation; `id` and `organisation` are ignored.
    pub contacts: Vec<(String, Contact)>,
    /// Contacts that end.
    pub withdrawn_contacts: Vec<ContactId>,
    /// New relations, by the codes of both organisations; `id`, `from` and `to` are ignored.
    pub relations: Vec<(String, String, Relation)>,
    /// Relations that end.
    pub withdrawn_relations: Vec<RelationId>,
}

/// The newest version, 0 when there is none.
pub fn version(connection: &Connection) -> Result<RegisterVersion, StoreError> {
    connection
        .query_row("SELECT coalesce(max(version), 0) FROM register_version", [], |row| row.get(0))
        .map(RegisterVersion)
        .doing("read the register's version")
}

/// The register as recorded at a version.
pub fn load(connection: &Connection, version: RegisterVersion) -> Result<Register, StoreError> {
    let rows = Rows::At(version);
    let assets = assets(connection, rows)?;
    Ok(Register {
        version,
        organisations: organisations(connection, rows)?,
        announced: announced::load(connection, version, &assets)?,
        assets,
        contacts: contacts(connection, rows)?,
        relations: relations(connection, rows)?,
    })
}

/// All organisations as recorded at a version, and nothing else.
pub fn load_organisations(connection: &Connection, version: RegisterVersion) -> Result<Register, StoreError> {
    let organisations = organisations(connection, Rows::At(version))?;
    Ok(Register { version, organisations, ..Register::default() })
}

/// All organisations as they are known now, and nothing else: enough to name them.
pub fn load_organisations_now(connection: &Connection) -> Result<Register, StoreError> {
    load_organisations(connection, version(connection)?)
}

/// How many assets and contacts each organisation has that are recorded now.
pub fn counts_now(
    connection: &Connection,
) -> Result<std::collections::HashMap<OrganisationId, (u64, u64)>, StoreError> {
    let mut counts = std::collections::HashMap::new();
    let mut statement = connection
        .prepare_cached(
            "SELECT organisation, count(*), 0 FROM asset WHERE withdrawn_in IS NULL GROUP BY organisation
             UNION ALL SELECT organisation, 0, count(*) FROM contact WHERE withdrawn_in IS NULL GROUP BY organisation",
        )
        .doing("count assets and contacts")?;
    let mut rows = statement.query([]).doing("count assets and contacts")?;
    while let Some(row) = rows.next().doing("count assets and contacts")? {
        let read = || -> rusqlite::Result<(u32, u32, u32)> { Ok((row.get(0)?, row.get(1)?, row.get(2)?)) };
        let (organisation, assets, contacts) = read().doing("count assets and contacts")?;
        let count: &mut (u64, u64) = counts.entry(OrganisationId(organisation)).or_default();
        count.0 += u64::from(assets);
        count.1 += u64::from(contacts);
    }
    Ok(counts)
}

/// Adds to a register what belongs to one of its organisations at its version: assets, contacts and relations.
pub fn load_of(
    connection: &Connection,
    register: &mut Register,
    organisation: OrganisationId,
) -> Result<(), StoreError> {
    let rows = Rows::Of(register.version, organisation);
    register.assets = assets(connection, rows)?;
    register.contacts = contacts(connection, rows)?;
    register.relations = relations(connection, rows)?;
    Ok(())
}

/// What a version has changed: all organisations before and after, and of the rest the rows it withdrew, and those it recorded.
pub fn load_change(
    connection: &Connection,
    version: RegisterVersion,
) -> Result<(Register, Register), StoreError> {
    let load = |at, rows| {
        Ok::<_, StoreError>(Register {
            version: at,
            organisations: organisations(connection, Rows::At(at))?,
            assets: assets(connection, rows)?,
            contacts: contacts(connection, rows)?,
            relations: relations(connection, rows)?,
            ..Register::default()
        })
    };
    let before = load(RegisterVersion(version.0.saturating_sub(1)), Rows::WithdrawnIn(version))?;
    Ok((before, load(version, Rows::RecordedIn(version))?))
}

/// Which rows of the register are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rows {
    /// Those that stood at a version.
    At(RegisterVersion),
    /// Of those, what belongs to an organisation.
    Of(RegisterVersion, OrganisationId),
    /// Those that a version recorded.
    RecordedIn(RegisterVersion),
    /// Those that a version withdrew.
    WithdrawnIn(RegisterVersion),
}

impl Rows {
    fn version(self) -> RegisterVersion {
        match self {
            Self::At(version)
            | Self::Of(version, _)
            | Self::RecordedIn(version)
            | Self::WithdrawnIn(version) => version,
        }
    }

    /// As SQL over the version `?1`; `owners` are the columns that say whose a row is.
    fn condition(self, owners: &str) -> String {
        match self {
            Self::At(_) => RECORDED.to_owned(),
            Self::Of(_, organisation) => format!("{organisation} IN ({owners}) AND {RECORDED}"),
            Self::RecordedIn(_) => "recorded_in = ?1".to_owned(),
            Self::WithdrawnIn(_) => "withdrawn_in = ?1".to_owned(),
        }
    }
}

fn organisations(connection: &Connection, rows: Rows) -> Result<Vec<Organisation>, StoreError> {
    connection
        .prepare(&format!("SELECT {ORGANISATION} WHERE {} ORDER BY o.id", rows.condition("o.id")))
        .and_then(|mut statement| statement.query_map([rows.version().0], organisation_of)?.collect())
        .doing("read the organisations")
}

fn assets(connection: &Connection, rows: Rows) -> Result<Vec<Asset>, StoreError> {
    connection
        .prepare(&format!("SELECT {ASSET} WHERE {} ORDER BY id", rows.condition("organisation")))
        .and_then(|mut statement| statement.query_map([rows.version().0], asset_of)?.collect())
        .doing("read the assets")
}

fn contacts(connection: &Connection, rows: Rows) -> Result<Vec<Contact>, StoreError> {
    connection
        .prepare(&format!(
            "SELECT {CONTACT} WHERE {} ORDER BY organisation, role, position, id",
            rows.condition("organisation")
        ))
        .and_then(|mut statement| statement.query_map([rows.version().0], contact_of)?.collect())
        .doing("read the contacts")
}

fn relations(connection: &Connection, rows: Rows) -> Result<Vec<Relation>, StoreError> {
    connection
        .prepare(&format!(
            "SELECT {RELATION} WHERE {} ORDER BY id",
            rows.condition("from_organisation, to_organisation")
        ))
        .and_then(|mut statement| statement.query_map([rows.version().0], relation_of)?.collect())
        .doing("read the relations")
}

/// What organisations are concerned in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Concerned {
    /// Assignments that wait to be told.
    pub waiting: u64,
    /// Assignments that were told, or could not be.
    pub told: u64,
}

/// What each of these organisations is concerned in; those in nothing are left out.
pub fn concerned(
    connection: &Connection,
    organisations: &[OrganisationId],
) -> Result<Vec<(OrganisationId, Concerned)>, StoreError> {
    let mut all: BTreeMap<OrganisationId, Concerned> =
        organisations.iter().map(|id| (*id, Concerned::default())).collect();
    ledger::for_each_block(connection, &Scope::All, |organisation, fate, count| {
        let Some(concerned) = all.get_mut(&OrganisationId(organisation)) else { return };
        match fate {
            Fate::Queued | Fate::Digest => concerned.waiting += count,
            // Not theirs, or theirs no more.
            Fate::Suppressed | Fate::Withdrawn => {}
            _ => concerned.told += count,
        }
    })?;
    all.retain(|_, concerned| *concerned != Concerned::default());
    Ok(all.into_iter().collect())
}

impl Store {
    /// Applies a change as a new version: all of it, or nothing.
    pub fn change_register(
        &mut self,
        at: i64,
        actor: &str,
        reason: &str,
        change: &RegisterChange,
    ) -> Result<RegisterVersion, StoreError> {
        self.write(|transaction| apply(transaction, at, actor, reason, change))
    }
}

/// Applies a change as a new version, within the transaction of what else belongs to it.
pub(crate) fn apply(
    transaction: &Transaction<'_>,
    at: i64,
    actor: &str,
    reason: &str,
    change: &RegisterChange,
) -> Result<RegisterVersion, StoreError> {
    let next = RegisterVersion(version(transaction)?.0 + 1);
    transaction
        .execute("INSERT INTO register_version VALUES (?1,?2,?3,?4)", params![next.0, at, actor, reason])
        .doing("record a version of the register")?;
    let before = register_digest::Ends::now(transaction)?;
    withdraw(transaction, next, change).doing("withdraw from the register")?;
    settle(transaction, at, &change.withdrawn_organisations)?;
    asset_index::around_bulk(transaction, change.assets.len(), || record(transaction, next, change))
        .doing("record in the register")?;
    register_digest::append_entry(transaction, &before, next, (at, actor, reason))?;
    Ok(next)
}

/// What waited to be told to organisations that end is told to nobody, and the ledger says so.
fn settle(transaction: &Transaction<'_>, at: i64, codes: &[String]) -> Result<(), StoreError> {
    for code in codes {
        let waiting: Vec<i64> = transaction
            .prepare_cached(
                "SELECT id FROM assignment_block WHERE organisation = (SELECT id FROM organisation WHERE code = ?1)
                 AND (fate = 1 AND reference IS NULL OR id IN (SELECT block FROM kept_block))",
            )
            .and_then(|mut statement| statement.query_map([code], |row| row.get(0))?.collect())
            .doing("look for what waits to be told")?;
        for block in waiting {
            set_fate(
                transaction,
                at,
                block,
                Fate::NoContact,
                None,
                "the organisation was withdrawn from the register",
            )?;
        }
    }
    Ok(())
}

fn withdraw(
    transaction: &Transaction<'_>,
    next: RegisterVersion,
    change: &RegisterChange,
) -> rusqlite::Result<()> {
    let mut asset = transaction
        .prepare_cached("UPDATE asset SET withdrawn_in = ?2 WHERE id = ?1 AND withdrawn_in IS NULL")?;
    for id in &change.withdrawn_assets {
        asset.execute(params![id.0, next.0])?;
    }
    let mut contact = transaction
        .prepare_cached("UPDATE contact SET withdrawn_in = ?2 WHERE id = ?1 AND withdrawn_in IS NULL")?;
    for id in &change.withdrawn_contacts {
        contact.execute(params![id.0, next.0])?;
    }
    let mut relation = transaction
        .prepare_cached("UPDATE relation SET withdrawn_in = ?2 WHERE id = ?1 AND withdrawn_in IS NULL")?;
    for id in &change.withdrawn_relations {
        relation.execute(params![id.0, next.0])?;
    }
    for code in &change.withdrawn_organisations {
        withdraw_state(transaction, next, code)?;
    }
    Ok(())
}

fn withdraw_state(
    transaction: &Transaction<'_>,
    next: RegisterVersion,
    code: &str,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "UPDATE organisation_state SET withdrawn_in = ?2
             WHERE withdrawn_in IS NULL AND organisation = (SELECT id FROM organisation WHERE code = ?1)",
        )?
        .execute(params![code, next.0])
}

fn withdraw_state_of(
    transaction: &Transaction<'_>,
    next: RegisterVersion,
    id: u32,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "UPDATE organisation_state SET withdrawn_in = ?2 WHERE organisation = ?1 AND withdrawn_in IS NULL",
        )?
        .execute(params![id, next.0])
}

fn record(
    transaction: &Transaction<'_>,
    next: RegisterVersion,
    change: &RegisterChange,
) -> rusqlite::Result<()> {
    let mut number = Numbers::new(transaction);
    for organisation in &change.organisations {
        let id = number.of(&organisation.code)?;
        withdraw_state_of(transaction, next, id)?;
        transaction
            .prepare_cached("INSERT INTO organisation_state VALUES (?1,?2,?3,?4,?5,?6,NULL)")?
            .execute(params![
                id,
                organisation.name,
                organisation.kind.as_str(),
                organisation.parent,
                organisation.language.as_str(),
                next.0
            ])?;
    }
    let mut insert_asset = transaction.prepare_cached(
        "INSERT INTO asset (organisation, kind, value, role, valid_from, valid_until, proof, flags, note, recorded_in)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    )?;
    for (code, asset) in &change.assets {
        insert_asset.execute(params![
            number.of(code)?,
            asset.value.kind().as_str(),
            asset.value.to_string(),
            Role::as_str(asset.role),
            asset.valid_from,
            asset.valid_until,
            Proof::as_str(asset.proof),
            flags_of(asset.flags),
            asset.note,
            next.0
        ])?;
    }
    for (code, contact) in &change.contacts {
        transaction
            .prepare_cached(
                "INSERT INTO contact (organisation, role, name, email, phone, language, tlp_max, recorded_in, position,
                 valid_from, valid_until) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
            )?
            .execute(params![
                number.of(code)?,
                contact.role.as_str(),
                contact.name,
                contact.email,
                contact.phone,
                contact.language.as_str(),
                contact.tlp_max as u8,
                next.0,
                contact.position,
                contact.valid_from,
                contact.valid_until
            ])?;
    }
    for (from, to, relation) in &change.relations {
        transaction
            .prepare_cached(
                "INSERT INTO relation (from_organisation, kind, to_organisation, mandate, scan_consent, valid_from,
                 valid_until, note, recorded_in) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
            )?
            .execute(params![
                number.of(from)?,
                RelationKind::as_str(relation.kind),
                number.of(to)?,
                Mandate::as_str(relation.mandate),
                relation.scan_consent,
                relation.valid_from,
                relation.valid_until,
                relation.note,
                next.0
            ])?;
    }
    Ok(())
}

fn number_of(transaction: &Transaction<'_>, code: &str) -> rusqlite::Result<u32> {
    let known = transaction
        .prepare_cached("SELECT id FROM organisation WHERE code = ?1")?
        .query_row([code], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => {
            transaction.prepare_cached("INSERT INTO organisation (code) VALUES (?1)")?.execute([code])?;
            Ok(transaction.last_insert_rowid() as u32)
        }
    }
}

/// The numbers of organisations by code, each looked up once: a large register has a million of them in any order.
struct Numbers<'t> {
    transaction: &'t Transaction<'t>,
    known: HashMap<String, u32>,
}

impl<'t> Numbers<'t> {
    fn new(transaction: &'t Transaction<'t>) -> Self {
        Self { transaction, known: HashMap::new() }
    }

    fn of(&mut self, code: &str) -> rusqlite::Result<u32> {
        if let Some(number) = self.known.get(code) {
            return Ok(*number);
        }
        let number = number_of(self.transaction, code)?;
        self.known.insert(code.to_owned(), number);
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::asset::{AssetFlags, AssetValue};

    use super::*;
    use crate::{
        data_dir::DataDir,
        register_rows::examples::{organisation, vcib},
    };

    #[test]
    fn a_past_version_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let asset = Asset {
            id: AssetId(0),
            organisation: OrganisationId(0),
            value: AssetValue::Prefix("198.18.0.0/24".parse().unwrap()),
            role: Role::Owner,
            valid_from: Some(5),
            valid_until: None,
            proof: Proof::Desk,
            flags: AssetFlags { shared_hosting: true, ..AssetFlags::default() },
            note: "note".to_owned(),
        };
        let contact = vcib();
        let first = RegisterChange {
            organisations: vec![organisation("GM1", "Old name")],
            assets: vec![("GM1".to_owned(), asset.clone())],
            contacts: vec![("GM1".to_owned(), contact.clone())],
            ..RegisterChange::default()
        };
        let v1 = store.change_register(10, "desk", "first", &first).unwrap();
        let second = RegisterChange {
            organisations: vec![organisation("GM1", "New name")],
            withdrawn_assets: vec![AssetId(1)],
            withdrawn_contacts: vec![ContactId(1)],
            ..RegisterChange::default()
        };
        let v2 = store.change_register(20, "desk", "second", &second).unwrap();
        let old = store.read(|connection| load(connection, v1)).unwrap();
        assert_eq!(old.organisations[0].name, "Old name");
        assert_eq!(old.assets, vec![Asset { id: AssetId(1), organisation: OrganisationId(1), ..asset }]);
        assert_eq!(old.contacts, vec![contact]);
        let new = store.read(|connection| load(connection, v2)).unwrap();
        assert_eq!(
            (new.organisations[0].name.as_str(), new.assets.len(), new.contacts.len()),
            ("New name", 0, 0)
        );
        assert_eq!(store.read(version).unwrap(), v2);
    }
}
