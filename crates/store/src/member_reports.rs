//! What decides which rows a member may fetch: of which findings it was told, what of a report still waits to be told, who may receive.

use rusqlite::{Connection, params};
use schakel_model::{
    fate::Fate,
    ids::{FindingId, OrganisationId, RegisterVersion, ReportId},
    register::Contact,
    relation::Relation,
};

use crate::{
    StoreError,
    error::DatabaseContext,
    id_list,
    register_rows::{CONTACT, RECORDED, RELATION, contact_of, relation_of},
};

/// The findings that any of these organisations was told of, sorted.
pub fn told(connection: &Connection, organisations: &[OrganisationId]) -> Result<Vec<FindingId>, StoreError> {
    let mut findings = Vec::new();
    for organisation in organisations {
        // The number stands in the text so that the index over it counts.
        connection
            .prepare_cached(&format!(
                "SELECT findings FROM assignment_block WHERE organisation = ?1 AND fate = {}",
                Fate::Notified as u8
            ))
            .and_then(|mut statement| {
                let mut rows = statement.query([organisation.0])?;
                while let Some(row) = rows.next()? {
                    findings.extend(id_list::decode(row.get_ref(0)?.as_blob()?));
                }
                Ok(())
            })
            .doing("read what an organisation was told")?;
        // Most are told once; repeats of a chunk go before there are many.
        findings.sort_unstable();
        findings.dedup();
    }
    Ok(findings)
}

/// Does anything of this report still wait to be told to one of these organisations?
pub fn waits(
    connection: &Connection,
    report: ReportId,
    organisations: &[OrganisationId],
) -> Result<bool, StoreError> {
    for organisation in organisations {
        let waits: bool = connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM assignment_block WHERE report = ?1 AND organisation = ?2 AND fate = ?3)",
            )
            .and_then(|mut statement| {
                statement.query_row(params![report.0, organisation.0, Fate::Queued as u8], |row| row.get(0))
            })
            .doing("look whether a report is told")?;
        if waits {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The relations between organisations as recorded at a version.
pub fn relations(connection: &Connection, version: RegisterVersion) -> Result<Vec<Relation>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {RELATION} WHERE {RECORDED}"))
        .and_then(|mut statement| statement.query_map([version.0], relation_of)?.collect())
        .doing("read the relations")
}

/// The contacts of an organisation as recorded at a version.
pub fn contacts(
    connection: &Connection,
    version: RegisterVersion,
    organisation: OrganisationId,
) -> Result<Vec<Contact>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT {CONTACT} WHERE organisation = ?2 AND {RECORDED} ORDER BY position, id"
        ))
        .and_then(|mut statement| {
            statement.query_map(params![version.0, organisation.0], contact_of)?.collect()
        })
        .doing("read the contacts of an organisation")
}
