//! Findings: append-only rows with dense ids; kinds and assignment sets they share; how the table in memory is rebuilt.

use std::net::IpAddr;

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    asset::Role,
    assignment::{Assignee, AssignmentSet, End},
    classification::ClassificationType,
    ids::{EventId, FindingId, KindId, OrganisationId, ReportId},
    observation::{ObservedAt, Transport},
    severity::Severity,
};

use crate::{StoreError, chunks::ChunkBlobs, corrections, error::DatabaseContext, transaction::Transaction};

/// A finding about to be stored.
#[derive(Clone, PartialEq, Debug)]
pub struct NewFinding {
    /// The event that showed it first.
    pub event: EventId,
    /// Its kind.
    pub kind: KindId,
    /// When it was first observed.
    pub first_seen: ObservedAt,
    /// The transport of the service.
    pub transport: Transport,
    /// The port of the service, 0 when not said.
    pub port: u16,
    /// The address.
    pub ip: Option<IpAddr>,
    /// The host name, URL or account.
    pub name: Option<String>,
}

/// A stored finding.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Its number.
    pub id: FindingId,
    /// What was stored.
    pub first: NewFinding,
}

/// A kind of finding.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Kind {
    /// Who reports it, for example `shadowserver`.
    pub provider: String,
    /// The report type.
    pub feed: String,
    /// The RSIT type.
    pub classification: ClassificationType,
    /// The identifier.
    pub identifier: String,
    /// How bad.
    pub severity: Severity,
}

/// A kind with the number it gets.
pub type NewKind = (KindId, Kind);

pub(crate) fn insert_kinds(transaction: &Transaction<'_>, kinds: &[NewKind]) -> Result<(), StoreError> {
    for (id, kind) in kinds {
        transaction
            .prepare_cached("INSERT INTO kind VALUES (?1,?2,?3,?4,?5,?6)")
            .and_then(|mut statement| {
                statement.execute(params![
                    id.0,
                    kind.provider,
                    kind.feed,
                    kind.classification.as_str(),
                    kind.identifier,
                    kind.severity as u8
                ])
            })
            .doing("store a kind of finding")?;
    }
    Ok(())
}

/// All kinds, in order of their numbers, which are dense from 0.
pub fn kinds(connection: &Connection) -> Result<Vec<Kind>, StoreError> {
    connection
        .prepare_cached("SELECT provider, feed, classification, identifier, severity FROM kind ORDER BY id")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    let classification: String = row.get(2)?;
                    Ok(Kind {
                        provider: row.get(0)?,
                        feed: row.get(1)?,
                        classification: classification.parse().unwrap_or(ClassificationType::Undetermined),
                        identifier: row.get(3)?,
                        severity: Severity::from_code(row.get(4)?).unwrap_or_default(),
                    })
                })?
                .collect()
        })
        .doing("read the kinds of findings")
}

pub(crate) fn insert_sets(
    transaction: &Transaction<'_>,
    sets: &[(u32, AssignmentSet)],
) -> Result<(), StoreError> {
    for (id, set) in sets {
        let mut members = Vec::with_capacity(set.len() * 6);
        for assignee in set {
            members.extend_from_slice(&assignee.organisation.0.to_le_bytes());
            members.push(assignee.role as u8);
            members.push(assignee.end as u8);
        }
        transaction
            .prepare_cached("INSERT INTO assignment_set VALUES (?1,?2)")
            .and_then(|mut statement| statement.execute(params![id, members]))
            .doing("store a set of assignees")?;
    }
    Ok(())
}

/// All assignment sets with their numbers. Numbers may have gaps.
pub fn sets(connection: &Connection) -> Result<Vec<(u32, AssignmentSet)>, StoreError> {
    connection
        .prepare_cached("SELECT id, members FROM assignment_set ORDER BY id")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    let members: Vec<u8> = row.get(1)?;
                    Ok((row.get(0)?, members.chunks_exact(6).map(assignee).collect()))
                })?
                .collect()
        })
        .doing("read the sets of assignees")
}

fn assignee(bytes: &[u8]) -> Assignee {
    Assignee {
        organisation: OrganisationId(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        role: Role::ALL.get(usize::from(bytes[4])).copied().unwrap_or(Role::Monitor),
        end: if bytes[5] == 0 { End::Source } else { End::Target },
    }
}

pub(crate) fn insert(
    transaction: &Transaction<'_>,
    first: FindingId,
    findings: &[NewFinding],
) -> Result<(), StoreError> {
    let mut statement = transaction
        .prepare_cached("INSERT INTO finding VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)")
        .doing("store findings")?;
    for (id, finding) in (first.0..).zip(findings) {
        let (v4, v6);
        let ip: Option<&[u8]> = match finding.ip {
            None => None,
            Some(IpAddr::V4(ip)) => {
                v4 = ip.octets();
                Some(&v4)
            }
            Some(IpAddr::V6(ip)) => {
                v6 = ip.octets();
                Some(&v6)
            }
        };
        statement
            .execute(params![
                id,
                finding.event.report.0,
                finding.event.row,
                finding.kind.0,
                finding.first_seen.0,
                finding.transport as u8,
                finding.port,
                ip,
                finding.name,
            ])
            .doing("store findings")?;
    }
    Ok(())
}

/// The columns of a finding `f`, as [`from_row`] reads them.
pub(crate) const COLUMNS_OF: &str =
    "f.id, f.report, f.row, f.kind, f.first_seen, f.transport, f.port, f.ip, f.name";

pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Finding> {
    let transport: u8 = row.get(5)?;
    let ip: Option<Vec<u8>> = row.get(7)?;
    Ok(Finding {
        id: FindingId(row.get(0)?),
        first: NewFinding {
            event: EventId { report: ReportId(row.get(1)?), row: row.get(2)? },
            kind: KindId(row.get(3)?),
            first_seen: ObservedAt(row.get(4)?),
            transport: match transport {
                1 => Transport::Tcp,
                2 => Transport::Udp,
                3 => Transport::Icmp,
                4 => Transport::Sctp,
                5 => Transport::Other,
                _ => Transport::Unknown,
            },
            port: row.get(6)?,
            ip: ip.as_deref().and_then(ip_from_bytes),
            name: row.get(8)?,
        },
    })
}

fn ip_from_bytes(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

/// One finding.
pub fn get(connection: &Connection, id: FindingId) -> Result<Option<Finding>, StoreError> {
    connection
        .prepare_cached("SELECT * FROM finding WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id.0], from_row).optional())
        .doing("read a finding")
}

/// Findings from `first` on, at most `limit`.
pub fn list(connection: &Connection, first: FindingId, limit: usize) -> Result<Vec<Finding>, StoreError> {
    connection
        .prepare_cached("SELECT * FROM finding WHERE id >= ?1 ORDER BY id LIMIT ?2")
        .and_then(|mut statement| statement.query_map(params![first.0, limit as i64], from_row)?.collect())
        .doing("read findings")
}

/// The kinds of these findings, in their order; none for one that is not there.
pub fn kinds_of(connection: &Connection, findings: &[FindingId]) -> Result<Vec<Option<KindId>>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT kind FROM finding WHERE id = ?1")
        .doing("read the kind of a finding")?;
    let mut kind_of = |finding: &FindingId| {
        statement
            .query_row([finding.0], |row| row.get(0).map(KindId))
            .optional()
            .doing("read the kind of a finding")
    };
    findings.iter().map(&mut kind_of).collect()
}

/// How many findings there are; ids are dense from 0.
pub fn count(connection: &Connection) -> Result<u32, StoreError> {
    connection
        .query_row("SELECT coalesce(max(id) + 1, 0) FROM finding", [], |row| row.get(0))
        .doing("count findings")
}

/// Walks over the blobs about findings (without fates) of all chunks that have any, and the changes by corrections between them, in order of commit:
/// what the table in memory is rebuilt from.
pub fn for_each_key_blob(
    connection: &Connection,
    mut visit: impl FnMut(&ChunkBlobs) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let corrections = corrections::list(connection)?;
    let mut corrections = corrections.iter().peekable();
    let mut statement = connection
        .prepare(
            "SELECT keys, sets, changes, id, severities, worse FROM chunk
             WHERE new_findings > 0 OR length(changes) > 0 OR worse IS NOT NULL ORDER BY id",
        )
        .doing("read the keys of findings")?;
    let mut rows = statement.query([]).doing("read the keys of findings")?;
    while let Some(row) = rows.next().doing("read the keys of findings")? {
        let chunk: u32 = row.get(3).doing("read the keys of findings")?;
        while let Some(before) = corrections.next_if(|correction| correction.after_chunk < chunk) {
            visit(&of_correction(connection, before.id)?)?;
        }
        let blob = |column| {
            let bytes = row.get::<_, Option<Vec<u8>>>(column).doing("read the keys of findings")?;
            Ok(bytes.unwrap_or_default())
        };
        visit(&ChunkBlobs {
            keys: blob(0)?,
            sets: blob(1)?,
            changes: blob(2)?,
            severities: blob(4)?,
            worse: blob(5)?,
            fates: Vec::new(),
        })?;
    }
    corrections.try_for_each(|after| visit(&of_correction(connection, after.id)?))
}

/// A correction changes only who was told.
fn of_correction(connection: &Connection, id: u32) -> Result<ChunkBlobs, StoreError> {
    Ok(ChunkBlobs { changes: corrections::changes(connection, id)?, ..ChunkBlobs::default() })
}
