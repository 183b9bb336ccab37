//! What is old enough to be erased, and what is held for the law. Rules about ages are in the application.

use rusqlite::{Connection, params};
use schakel_model::ids::{FindingId, ReportId};

use crate::{
    Store, StoreError,
    audit::{self, Action, Entry},
    erase::{ERASED, Text},
    error::DatabaseContext,
    privacy::PLACES,
    users,
};

/// Something with the time from which its age counts, in seconds since 1970.
pub type Aged = (u32, i64);

/// A legal hold: nothing of its subject is erased.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hold {
    /// Its number.
    pub id: i64,
    /// `report:17`, `finding:12` or `organisation:GM0513`.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// When it was placed, in seconds since 1970.
    pub placed_at: i64,
    /// By which desk user.
    pub placed_by: u32,
    /// When it was released.
    pub released_at: Option<i64>,
}

/// All holds, released ones too.
pub fn holds(connection: &Connection) -> Result<Vec<Hold>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, subject, reason, placed_at, placed_by, released_at FROM legal_hold ORDER BY id",
        )
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(Hold {
                        id: row.get(0)?,
                        subject: row.get(1)?,
                        reason: row.get(2)?,
                        placed_at: row.get(3)?,
                        placed_by: row.get(4)?,
                        released_at: row.get(5)?,
                    })
                })?
                .collect()
        })
        .doing("read the legal holds")
}

impl Store {
    /// Notes that retention was run.
    pub fn set_retention_ran(&mut self, at: i64) -> Result<(), StoreError> {
        self.set_meta("retention_ran_at", Some(&at.to_string()))
    }

    /// Places a legal hold.
    pub fn place_hold(
        &mut self,
        at: i64,
        actor: &str,
        subject: &str,
        reason: &str,
    ) -> Result<i64, StoreError> {
        self.write(|transaction| {
            let by = users::number_of(transaction, actor)?;
            let id = transaction
                .query_row(
                    "INSERT INTO legal_hold (subject, reason, placed_at, placed_by) VALUES (?1,?2,?3,?4) RETURNING id",
                    params![subject, reason, at, by],
                    |row| row.get(0),
                )
                .doing("place a legal hold")?;
            let entry = Entry { at, actor, action: Action::HoldPlaced, subject, reason, detail: "" };
            audit::append(transaction, &entry)?;
            Ok(id)
        })
    }

    /// Releases a legal hold; it stays in the list.
    pub fn release_hold(
        &mut self,
        at: i64,
        actor: &str,
        hold: &Hold,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let by = users::number_of(transaction, actor)?;
            transaction
                .execute(
                    "UPDATE legal_hold SET released_at = ?2, released_by = ?3 WHERE id = ?1",
                    params![hold.id, at, by],
                )
                .doing("release a legal hold")?;
            let subject = &hold.subject;
            let entry = Entry { at, actor, action: Action::HoldReleased, subject, reason, detail: "" };
            audit::append(transaction, &entry).map(|_| ())
        })
    }
}

/// When retention was last run, in seconds since 1970.
pub fn ran_at(connection: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(crate::outbox::meta(connection, "retention_ran_at")?.and_then(|text| text.parse().ok()))
}

fn aged(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Aged>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .doing("look what is old")
}

/// Reports received before a time whose bytes are there. One that is being taken in, or whose sightings are still to be counted, is not among
/// them.
pub fn reports(connection: &Connection, before: i64) -> Result<Vec<Aged>, StoreError> {
    aged(
        connection,
        "SELECT id, received_at FROM report WHERE received_at < ?1 AND erased IS NULL AND state > 0
         AND NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.report = report.id AND sightings_applied = 0) ORDER BY id",
        [before],
    )
}

/// Findings whose address or name is there, with their first sighting.
pub fn findings(connection: &Connection) -> Result<Vec<Aged>, StoreError> {
    aged(
        connection,
        "SELECT id, first_seen FROM finding WHERE ip IS NOT NULL OR name IS NOT NULL ORDER BY id",
        [],
    )
}

/// Messages made before a time that are finished and whose bytes are there.
pub fn messages(connection: &Connection, before: i64) -> Result<Vec<Aged>, StoreError> {
    aged(
        connection,
        "SELECT id, created_at FROM message WHERE created_at < ?1 AND state >= 2 AND erased IS NULL ORDER BY id",
        [before],
    )
}

/// What answers before a time still say: the texts, each with the notification (its lead) that is answered.
pub fn answers(connection: &Connection, before: i64) -> Result<Vec<(Text, u32)>, StoreError> {
    let mut old = Vec::new();
    for place in PLACES.iter().filter(|place| place.table == "answer") {
        let sql = format!(
            "SELECT id, notification FROM answer WHERE at < ?1 AND {0} NOT IN ('', '{ERASED}') ORDER BY id",
            place.column
        );
        let rows: Vec<(u32, u32)> =
            aged(connection, &sql, [before])?.into_iter().map(|(id, lead)| (id, lead as u32)).collect();
        old.extend(rows.into_iter().map(|(id, lead)| (Text { place: *place, row: id.to_string() }, lead)));
    }
    Ok(old)
}

/// Contacts withdrawn before a time that still say who they were.
pub fn contacts(connection: &Connection, before: i64) -> Result<Vec<Aged>, StoreError> {
    aged(
        connection,
        "SELECT c.id, v.at FROM contact c JOIN register_version v ON v.version = c.withdrawn_in
         WHERE v.at < ?1 AND (c.salt IS NOT NULL OR c.commitment IS NULL AND c.name <> 'erased') ORDER BY c.id",
        [before],
    )
}

/// Which entries of the audit log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entries {
    /// Who looked at something.
    Access,
    /// All others.
    Changes,
}

/// Audit entries appended before a time that still have their detail.
pub fn details(connection: &Connection, entries: Entries, before: i64) -> Result<Vec<Aged>, StoreError> {
    let access = match entries {
        Entries::Access => "a.action LIKE 'read.%'",
        Entries::Changes => "a.action NOT LIKE 'read.%'",
    };
    let sql = format!(
        "SELECT a.id, a.at FROM audit a JOIN audit_detail d ON d.entry = a.id WHERE a.at < ?1 AND {access} ORDER BY a.id"
    );
    aged(connection, &sql, [before])
}

/// Findings of these kinds.
pub fn findings_of_kinds(connection: &Connection, kinds: &[u32]) -> Result<Vec<FindingId>, StoreError> {
    let mut findings = Vec::new();
    for kind in kinds {
        let of_kind: Vec<FindingId> = connection
            .prepare_cached("SELECT id FROM finding WHERE kind = ?1 AND (ip IS NOT NULL OR name IS NOT NULL)")
            .and_then(|mut statement| statement.query_map([kind], |row| row.get(0).map(FindingId))?.collect())
            .doing("look what is of a kind")?;
        findings.extend(of_kind);
    }
    findings.sort_unstable();
    Ok(findings)
}

/// The organisation, the report and the notification of every block of assignments, with its findings: what a hold reaches.
pub fn for_each_block(
    connection: &Connection,
    mut visit: impl FnMut(u32, ReportId, Option<u32>, &[u8]),
) -> Result<(), StoreError> {
    let mut read = || -> rusqlite::Result<()> {
        let mut statement = connection
            .prepare_cached("SELECT organisation, report, reference, findings FROM assignment_block")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            visit(row.get(0)?, ReportId(row.get(1)?), row.get(2)?, row.get_ref(3)?.as_blob()?);
        }
        Ok(())
    };
    read().doing("read assignments")
}

/// The message of each notification, with the notification's organisation and the one whose assignments it tells.
pub fn messages_told(connection: &Connection) -> Result<Vec<(u32, u32, u32)>, StoreError> {
    connection
        .prepare_cached(
            "SELECT m.id, n.organisation, n.lead FROM message m JOIN notification n ON n.id = m.notification",
        )
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .doing("read messages")
}

/// The number of the organisation with this code, in any version of the register.
pub fn organisation(connection: &Connection, code: &str) -> Result<Option<u32>, StoreError> {
    use rusqlite::OptionalExtension;
    connection
        .query_row("SELECT id FROM organisation WHERE code = ?1", [code], |row| row.get(0))
        .optional()
        .doing("look an organisation up")
}

/// Contacts of these organisations, in any version of the register.
pub fn contacts_of(connection: &Connection, organisations: &[u32]) -> Result<Vec<u32>, StoreError> {
    let mut contacts = Vec::new();
    for organisation in organisations {
        let of: Vec<u32> = connection
            .prepare_cached("SELECT id FROM contact WHERE organisation = ?1")
            .and_then(|mut statement| statement.query_map([organisation], |row| row.get(0))?.collect())
            .doing("read the contacts")?;
        contacts.extend(of);
    }
    Ok(contacts)
}
