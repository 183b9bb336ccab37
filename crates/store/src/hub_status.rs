//! How far findings came that went over links: of ours at other hubs, and of theirs here.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    hub::{FindingKeyOnLink, HubName, HubStatus, ParcelId},
    ids::{EventId, FindingId, LinkId, ReportId},
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    hub_messages,
    outbox::meta,
    transaction::Transaction,
};

/// What stands for a parcel whose row is no finding: it could not be read, or had been there.
const NO_FINDING: i64 = -1;

/// A parcel that came to us, as far as its status is concerned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedParcel {
    /// Its number here.
    pub id: i64,
    /// Its link.
    pub link: LinkId,
    /// Its name.
    pub parcel: ParcelId,
    /// How the finding is called on its link.
    pub key: FindingKeyOnLink,
    /// The row that it became.
    pub row: EventId,
    /// The finding that it told, once that is known.
    pub finding: Option<FindingId>,
    /// What was last said of it.
    pub status: Option<HubStatus>,
    /// When it came, in seconds since 1970.
    pub at: i64,
}

/// What is told to another hub, with what it changes here.
pub struct Told {
    /// The link.
    pub link: LinkId,
    /// What sort of message, and the signed line; none when the other hears nothing of it.
    pub line: Option<(&'static str, Vec<u8>)>,
    /// What is said of which parcels from now on.
    pub statuses: Vec<(i64, HubStatus)>,
}

impl Store {
    /// Notes which findings parcels told; `None`: none.
    pub fn resolve_parcels(&mut self, resolved: &[(i64, Option<FindingId>)]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (parcel, finding) in resolved {
                let finding = finding.map_or(NO_FINDING, |finding| i64::from(finding.0));
                transaction
                    .prepare_cached("UPDATE parcel_in SET finding = ?2 WHERE id = ?1")
                    .and_then(|mut statement| statement.execute(params![parcel, finding]))
                    .doing("note what a parcel told")?;
            }
            Ok(())
        })
    }

    /// Queues what is told to other hubs, with how far it was told, and the marks up to which it was looked.
    pub fn tell_hubs(
        &mut self,
        at: i64,
        told: &[Told],
        marks: &[(String, String)],
    ) -> Result<(), StoreError> {
        self.write(|transaction| tell(transaction, at, told, marks))
    }

    /// The same, because somebody wants it; `detail` says what.
    pub fn tell_hubs_for(
        &mut self,
        act: &Act<'_>,
        (action, peer, detail): (Action, &HubName, &str),
        told: &[Told],
        marks: &[(String, String)],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            tell(transaction, act.at, told, marks)?;
            act.audit(transaction, action, &format!("hub:{peer}"), &json(detail))
        })
    }

    /// Records how far findings came at another hub.
    pub fn hear_status(
        &mut self,
        link: LinkId,
        heard: &[(FindingId, HubStatus, i64)],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (finding, status, at) in heard {
                transaction
                    .prepare_cached(
                        "INSERT INTO hub_status VALUES (?1,?2,?3,?4) ON CONFLICT (link, finding) DO UPDATE
                            SET status = excluded.status, at = excluded.at WHERE excluded.at >= hub_status.at",
                    )
                    .and_then(|mut statement| statement.execute(params![link.0, finding.0, *status as u8, at]))
                    .doing("record how far a finding came")?;
            }
            Ok(())
        })
    }

    /// Records counts of a day (`2026-11-22`) at another hub; they take the place of earlier ones of that day.
    pub fn hear_counts(
        &mut self,
        link: LinkId,
        day: &str,
        counts: &[(HubStatus, u64)],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute("DELETE FROM hub_status_count WHERE link = ?1 AND day = ?2", params![link.0, day])
                .doing("record counts of a hub")?;
            for (status, count) in counts {
                transaction
                    .prepare_cached("INSERT INTO hub_status_count VALUES (?1,?2,?3,?4)")
                    .and_then(|mut statement| {
                        statement.execute(params![link.0, day, *status as u8, *count as i64])
                    })
                    .doing("record counts of a hub")?;
            }
            Ok(())
        })
    }
}

fn tell(
    transaction: &Transaction<'_>,
    at: i64,
    told: &[Told],
    marks: &[(String, String)],
) -> Result<(), StoreError> {
    for one in told {
        if let Some((kind, line)) = &one.line {
            hub_messages::queue(transaction, one.link, kind, line, at)?;
        }
        for (parcel, status) in &one.statuses {
            transaction
                .prepare_cached("UPDATE parcel_in SET status = ?2 WHERE id = ?1")
                .and_then(|mut statement| statement.execute(params![parcel, *status as u8]))
                .doing("note what was said of a parcel")?;
        }
    }
    for (name, value) in marks {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1,?2)")
            .and_then(|mut statement| statement.execute(params![name, value]))
            .doing("note how far was looked")?;
    }
    Ok(())
}

const COLUMNS: &str = "id, link, parcel, key, report, row, finding, status, at";

fn from_row(row: &Row<'_>) -> rusqlite::Result<ReceivedParcel> {
    let (finding, status): (Option<i64>, u8) = (row.get(6)?, row.get(7)?);
    Ok(ReceivedParcel {
        id: row.get(0)?,
        link: LinkId(row.get(1)?),
        parcel: ParcelId(row.get(2)?),
        key: FindingKeyOnLink(row.get(3)?),
        row: EventId { report: ReportId(row.get(4)?), row: row.get(5)? },
        finding: finding.and_then(|finding| u32::try_from(finding).ok()).map(FindingId),
        status: status_of(status),
        at: row.get(8)?,
    })
}

fn status_of(code: u8) -> Option<HubStatus> {
    HubStatus::ALL.iter().copied().find(|status| *status as u8 == code)
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<ReceivedParcel>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM parcel_in WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read what other hubs sent")
}

/// Parcels of which it is not known yet what they told, at most `limit`.
pub fn unresolved(connection: &Connection, limit: usize) -> Result<Vec<ReceivedParcel>, StoreError> {
    select(connection, "finding IS NULL ORDER BY id LIMIT ?1", [limit as i64])
}

/// The parcels that told a finding.
pub fn that_told(connection: &Connection, finding: FindingId) -> Result<Vec<ReceivedParcel>, StoreError> {
    select(connection, "finding = ?1 AND finding >= 0 ORDER BY id", [finding.0])
}

/// The findings between these, both included, that parcels told.
pub fn between(
    connection: &Connection,
    first: FindingId,
    last: FindingId,
) -> Result<Vec<FindingId>, StoreError> {
    connection
        .prepare_cached(
            "SELECT DISTINCT finding FROM parcel_in WHERE finding BETWEEN ?1 AND ?2 AND finding >= 0",
        )
        .and_then(|mut statement| {
            statement.query_map(params![first.0, last.0], |row| row.get(0).map(FindingId))?.collect()
        })
        .doing("find what other hubs sent")
}

/// Parcels of which nothing was said yet, the oldest first, at most `limit`.
pub fn unsaid(connection: &Connection, limit: usize) -> Result<Vec<ReceivedParcel>, StoreError> {
    select(
        connection,
        "status = 0 AND finding >= 0 AND link IN (SELECT id FROM hub_link WHERE ended_at IS NULL) ORDER BY id LIMIT ?1",
        [limit as i64],
    )
}

/// The number of the last change of a fate.
pub fn last_change(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .query_row("SELECT coalesce(max(id), 0) FROM fate_change", [], |row| row.get(0))
        .doing("find the last change of a fate")
}

/// Parcels behind this number, at most `limit`: a slice of all.
pub fn slice(connection: &Connection, after: i64, limit: usize) -> Result<Vec<ReceivedParcel>, StoreError> {
    select(connection, "id > ?1 AND finding >= 0 ORDER BY id LIMIT ?2", params![after, limit as i64])
}

/// The parcels of a link that came in this time.
pub fn of_time(
    connection: &Connection,
    link: LinkId,
    from: i64,
    until: i64,
) -> Result<Vec<ReceivedParcel>, StoreError> {
    select(
        connection,
        "link = ?1 AND at >= ?2 AND at < ?3 AND finding >= 0 ORDER BY id",
        params![link.0, from, until],
    )
}

/// How far was looked for changes; empty: nowhere yet.
pub fn mark(connection: &Connection, name: &str) -> Result<String, StoreError> {
    Ok(meta(connection, name)?.unwrap_or_default())
}

/// Blocks of which the fate changed behind this change, with the number of the last one; at most `limit` changes.
pub fn changed_blocks(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, i64)>, StoreError> {
    connection
        .prepare_cached("SELECT id, block FROM fate_change WHERE id > ?1 ORDER BY id LIMIT ?2")
        .and_then(|mut statement| {
            statement.query_map(params![after, limit as i64], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .doing("read changes of fate")
}

/// How far a finding came at the hubs it was handed over to.
pub fn beyond(
    connection: &Connection,
    finding: FindingId,
) -> Result<Vec<(LinkId, HubStatus, i64)>, StoreError> {
    connection
        .prepare_cached("SELECT link, status, at FROM hub_status WHERE finding = ?1 ORDER BY link")
        .and_then(|mut statement| {
            statement
                .query_map([finding.0], |row| Ok((LinkId(row.get(0)?), row.get::<_, u8>(1)?, row.get(2)?)))?
                .collect::<Result<Vec<_>, _>>()
        })
        .doing("read how far a finding came")
        .map(|found| {
            let known = |(link, code, at)| Some((link, status_of(code)?, at));
            found.into_iter().filter_map(known).collect()
        })
}

/// How many findings of a link came how far, by what it says of each.
pub fn totals(connection: &Connection, link: LinkId) -> Result<Vec<(HubStatus, u64)>, StoreError> {
    let found: Vec<(u8, i64)> = connection
        .prepare_cached(
            "SELECT status, count(*) FROM hub_status WHERE link = ?1 GROUP BY status ORDER BY status",
        )
        .and_then(|mut statement| {
            statement.query_map([link.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .doing("count how far findings came")?;
    Ok(found.into_iter().filter_map(|(code, count)| Some((status_of(code)?, count as u64))).collect())
}

/// The counts that a link told, the newest day first, at most `limit`.
pub fn counts(
    connection: &Connection,
    link: LinkId,
    limit: usize,
) -> Result<Vec<(String, HubStatus, u64)>, StoreError> {
    let found: Vec<(String, u8, i64)> = connection
        .prepare_cached(
            "SELECT day, status, count FROM hub_status_count WHERE link = ?1 ORDER BY day DESC, status LIMIT ?2",
        )
        .and_then(|mut statement| {
            statement
                .query_map(params![link.0, limit as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })
        .doing("read the counts of a hub")?;
    Ok(found
        .into_iter()
        .filter_map(|(day, code, count)| Some((day, status_of(code)?, count as u64)))
        .collect())
}

/// What a link said last of a finding.
pub fn of(
    connection: &Connection,
    link: LinkId,
    finding: FindingId,
) -> Result<Option<HubStatus>, StoreError> {
    connection
        .prepare_cached("SELECT status FROM hub_status WHERE link = ?1 AND finding = ?2")
        .and_then(|mut statement| {
            statement.query_row(params![link.0, finding.0], |row| row.get::<_, u8>(0)).optional()
        })
        .doing("read how far a finding came")
        .map(|code| code.and_then(status_of))
}
