//! What the picture of a sector is made of: new findings by day and kind, and what became of what was told.

use std::{collections::HashMap, ops::Range};

use rusqlite::Connection;
use schakel_model::{
    answer::{RecipientState, Standing},
    ids::{FindingId, KindId, OrganisationId},
    severity::Severity,
};

use crate::{StoreError, error::DatabaseContext, id_list};

/// New findings that were taken in together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Came {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Their numbers.
    pub findings: Range<u32>,
}

/// A finding that was told to an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    /// Which organisation.
    pub organisation: OrganisationId,
    /// Which finding.
    pub finding: FindingId,
    /// How bad it is.
    pub severity: Severity,
    /// When its report came in; this and all times in seconds since 1970.
    pub received_at: i64,
    /// When it was told first.
    pub told_at: i64,
    /// What they say now.
    pub state: RecipientState,
    /// When it was closed.
    pub closed_at: Option<i64>,
}

/// New findings since this time, the newest first.
pub fn came_since(connection: &Connection, since: i64) -> Result<Vec<Came>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT committed_at, first_finding, new_findings FROM chunk ORDER BY id DESC")
        .doing("read what came in")?;
    let mut rows = statement.query([]).doing("read what came in")?;
    let mut came = Vec::new();
    while let Some(row) = rows.next().doing("read what came in")? {
        let read = || -> rusqlite::Result<Came> {
            let first: u32 = row.get(1)?;
            Ok(Came { at: row.get(0)?, findings: first..first.saturating_add(row.get(2)?) })
        };
        let one = read().doing("read what came in")?;
        if one.at < since {
            break;
        }
        came.push(one);
    }
    Ok(came)
}

/// How many of these findings are of each kind.
pub fn by_kind(connection: &Connection, findings: &Range<u32>) -> Result<Vec<(KindId, u64)>, StoreError> {
    connection
        .prepare_cached("SELECT kind, count(*) FROM finding WHERE id >= ?1 AND id < ?2 GROUP BY kind")
        .and_then(|mut statement| {
            statement
                .query_map([findings.start, findings.end], |row| {
                    Ok((KindId(row.get(0)?), count(row.get(1)?)))
                })?
                .collect()
        })
        .doing("count findings by kind")
}

/// What was told first since this time.
pub fn told_since(connection: &Connection, since: i64) -> Result<Vec<Told>, StoreError> {
    connection
        .prepare_cached(
            "SELECT u.organisation, u.finding, u.severity, r.received_at, u.first_told_at, u.state, u.closed_at
             FROM follow_up u JOIN finding f ON f.id = u.finding JOIN report r ON r.id = f.report
             WHERE u.first_told_at >= ?1",
        )
        .and_then(|mut statement| {
            statement
                .query_map([since], |row| {
                    Ok(Told {
                        organisation: OrganisationId(row.get(0)?),
                        finding: FindingId(row.get(1)?),
                        severity: Severity::from_code(row.get(2)?).unwrap_or(Severity::High),
                        received_at: row.get(3)?,
                        told_at: row.get(4)?,
                        state: RecipientState::from_code(row.get(5)?).unwrap_or(RecipientState::Told),
                        closed_at: row.get(6)?,
                    })
                })?
                .collect()
        })
        .doing("read what was told")
}

/// When each finding was first answered by each organisation, of answers since this time.
pub fn first_answers(
    connection: &Connection,
    since: i64,
) -> Result<HashMap<(OrganisationId, FindingId), i64>, StoreError> {
    let mut first = HashMap::new();
    let mut statement = connection
        .prepare_cached(
            "SELECT organisation, at, findings FROM answer WHERE standing = ?1 AND at >= ?2 ORDER BY id",
        )
        .doing("read answers")?;
    let mut rows = statement.query((Standing::Taken as u8, since)).doing("read answers")?;
    while let Some(row) = rows.next().doing("read answers")? {
        let mut read = || -> rusqlite::Result<()> {
            let organisation = OrganisationId(row.get(0)?);
            let at: i64 = row.get(1)?;
            for finding in id_list::decode(row.get_ref(2)?.as_blob()?) {
                first.entry((organisation, finding)).or_insert(at);
            }
            Ok(())
        };
        read().doing("read answers")?;
    }
    Ok(first)
}

/// Findings that are open at each organisation, and those among them to which nothing was said.
pub fn open_by_organisation(connection: &Connection) -> Result<Vec<(OrganisationId, u64, u64)>, StoreError> {
    connection
        .prepare_cached(
            "SELECT organisation, count(*), sum(state = ?1) FROM follow_up WHERE closed_at IS NULL GROUP BY organisation",
        )
        .and_then(|mut statement| {
            statement
                .query_map([RecipientState::Told as u8], |row| {
                    Ok((OrganisationId(row.get(0)?), count(row.get(1)?), count(row.get(2)?)))
                })?
                .collect()
        })
        .doing("count what is open")
}

/// SQLite counts with a sign.
fn count(count: i64) -> u64 {
    count.unsigned_abs()
}
