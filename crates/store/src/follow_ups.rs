//! Findings at organisations that were told of them: what was told when, and what was heard.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    answer::{FollowUp, RecipientState},
    ids::{AnswerId, FindingId, NotificationId, OrganisationId},
    severity::Severity,
};

use crate::{Store, StoreError, error::DatabaseContext, outbox::meta, transaction::Transaction};

/// A finding that a notification tells, as the reader of its mail sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tells {
    /// Which.
    pub finding: FindingId,
    /// How bad.
    pub severity: Severity,
    /// See [`FollowUp::compromised`].
    pub compromised: bool,
    /// See [`FollowUp::deadline`].
    pub deadline: Option<i64>,
    /// It is the same case as before, when it was told before; else it begins anew.
    pub same_case: bool,
    /// The vulnerabilities (CVE) that its row names.
    pub cves: Vec<String>,
}

/// A finding at an organisation gets another state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StateChange {
    /// Who.
    pub organisation: OrganisationId,
    /// Of which finding.
    pub finding: FindingId,
    /// What they say.
    pub state: RecipientState,
    /// Since when, in seconds since 1970.
    pub at: i64,
    /// Until when, when the state has an end.
    pub until: Option<i64>,
    /// The answer that says so.
    pub answer: Option<AnswerId>,
    /// When it was closed; none opens it.
    pub closed_at: Option<i64>,
}

impl Store {
    /// Changes states: all, or none.
    pub fn change_states(&mut self, changes: &[StateChange]) -> Result<(), StoreError> {
        self.write(|transaction| changes.iter().try_for_each(|change| change_state(transaction, change)))
    }
}

/// Changes one state, in a transaction with whatever causes it. A finding that the organisation was not told of is left alone.
pub fn change_state(transaction: &Transaction<'_>, change: &StateChange) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "UPDATE follow_up SET state = ?3, state_at = ?4, until = ?5, answer = coalesce(?6, answer), closed_at = ?7
             WHERE organisation = ?1 AND finding = ?2",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                change.organisation.0,
                change.finding.0,
                change.state as u8,
                change.at,
                change.until,
                change.answer.map(|answer| answer.0),
                change.closed_at
            ])
        })
        .doing("change what a recipient says")
        .map(|_| ())
}

/// What a notification holds of what it tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Holds {
    /// The assignments: their rows are found by it from now on, unless an earlier one has them still.
    Assignments,
    /// Nothing: an earlier one does, whatever case it is.
    Nothing,
}

/// Records that a notification tells findings. What was closed is open again.
pub(crate) fn tell(
    transaction: &Transaction<'_>,
    organisation: OrganisationId,
    (lead, holds): (NotificationId, Holds),
    at: i64,
    tells: &[Tells],
) -> Result<(), StoreError> {
    let mut statement = transaction
        .prepare_cached(
            "INSERT INTO follow_up (organisation, finding, first_told_by, told_by, severity, compromised, first_told_at, last_told_at,
                tellings, state, state_at, deadline, cves)
             VALUES (?1,?2,?3,?3,?4,?5,?6,?6,1,?7,?6,?8,?10)
             ON CONFLICT (organisation, finding) DO UPDATE SET
                first_told_by = CASE WHEN ?11 AND closed_at IS NOT NULL THEN ?3 ELSE first_told_by END,
                first_told_at = CASE WHEN ?9 THEN first_told_at ELSE ?6 END,
                tellings = CASE WHEN ?9 THEN tellings + 1 ELSE 1 END,
                deadline = CASE WHEN ?9 THEN coalesce(deadline, ?8) ELSE ?8 END,
                told_by = ?3, severity = ?4, compromised = ?5, last_told_at = ?6, state = ?7, state_at = ?6,
                until = NULL, closed_at = NULL, new_cves = NULL,
                cves = trim(coalesce(cves, '') || ' ' || coalesce(new_cves, '') || ' ' || ?10)",
        )
        .doing("record what is told")?;
    for one in tells {
        statement
            .execute(params![
                organisation.0,
                one.finding.0,
                lead.0,
                one.severity as u8,
                one.compromised,
                at,
                RecipientState::Told as u8,
                one.deadline,
                one.same_case,
                one.cves.join(" "),
                holds == Holds::Assignments
            ])
            .doing("record what is told")?;
    }
    Ok(())
}

/// Forgets what a notification (a lead) was the first to tell, when nobody got it and it is told anew: until then nobody was told.
pub(crate) fn forget(transaction: &Transaction<'_>, lead: u32) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM follow_up WHERE told_by = ?1 AND first_told_by = ?1 AND state = ?2")
        .and_then(|mut statement| statement.execute(params![lead, RecipientState::Told as u8]))
        .doing("forget what nobody was told")
        .map(|_| ())
}

/// Ends what a notification (a lead) told: it was not for that organisation.
pub(crate) fn withdraw(
    transaction: &Transaction<'_>,
    lead: NotificationId,
    at: i64,
    findings: &[FindingId],
) -> Result<(), StoreError> {
    let mut statement = transaction
        .prepare_cached(
            "UPDATE follow_up SET state = ?4, state_at = ?3, until = NULL, deadline = NULL, closed_at = ?3
             WHERE finding = ?2 AND first_told_by = ?1",
        )
        .doing("end what was told")?;
    for finding in findings {
        statement
            .execute(params![lead.0, finding.0, at, RecipientState::NotOurs as u8])
            .doing("end what was told")?;
    }
    Ok(())
}

const COLUMNS: &str = "organisation, finding, first_told_by, told_by, severity, compromised, first_told_at, last_told_at, tellings, state, state_at, until,
    deadline, answer, closed_at, cves, new_cves";

fn from_row(row: &Row<'_>) -> rusqlite::Result<FollowUp> {
    let (severity, state): (u8, u8) = (row.get(4)?, row.get(9)?);
    Ok(FollowUp {
        organisation: OrganisationId(row.get(0)?),
        finding: FindingId(row.get(1)?),
        first_told_by: NotificationId(row.get(2)?),
        told_by: NotificationId(row.get(3)?),
        severity: Severity::ALL.iter().copied().find(|one| *one as u8 == severity).unwrap_or(Severity::High),
        compromised: row.get(5)?,
        first_told_at: row.get(6)?,
        last_told_at: row.get(7)?,
        tellings: row.get(8)?,
        state: RecipientState::from_code(state).unwrap_or(RecipientState::Told),
        state_at: row.get(10)?,
        until: row.get(11)?,
        deadline: row.get(12)?,
        answer: row.get::<_, Option<u32>>(13)?.map(AnswerId),
        closed_at: row.get(14)?,
        cves: cves(row.get_ref(15)?.as_str_or_null()?),
        new_cves: cves(row.get_ref(16)?.as_str_or_null()?),
    })
}

/// A list of vulnerabilities as it is stored.
fn cves(text: Option<&str>) -> Vec<String> {
    let mut found: Vec<String> =
        text.unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<FollowUp>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM follow_up WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read what was told")
}

/// One finding at one organisation.
pub fn get(
    connection: &Connection,
    organisation: OrganisationId,
    finding: FindingId,
) -> Result<Option<FollowUp>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM follow_up WHERE organisation = ?1 AND finding = ?2"))
        .and_then(|mut statement| {
            statement.query_row(params![organisation.0, finding.0], from_row).optional()
        })
        .doing("read what was told")
}

/// What a notification (a lead) was the last to tell.
pub fn of_notification(connection: &Connection, lead: NotificationId) -> Result<Vec<FollowUp>, StoreError> {
    select(connection, "told_by = ?1 ORDER BY organisation, finding", [lead.0])
}

/// Everything an organisation was told.
pub fn of_organisation(
    connection: &Connection,
    organisation: OrganisationId,
) -> Result<Vec<FollowUp>, StoreError> {
    select(connection, "organisation = ?1 ORDER BY finding", [organisation.0])
}

/// What these organisations were told, open or closed, the most pressing first: by how bad it is, then by when it must be done.
pub fn most_pressing(
    connection: &Connection,
    organisations: &[OrganisationId],
    open: Open,
    limit: usize,
) -> Result<Vec<FollowUp>, StoreError> {
    let numbers: Vec<String> = organisations.iter().map(ToString::to_string).collect();
    let open = match open {
        Open::Yes => " AND closed_at IS NULL",
        Open::No => " AND closed_at IS NOT NULL",
    };
    select(
        connection,
        &format!(
            "organisation IN ({}){open} ORDER BY severity DESC, deadline IS NULL, deadline, first_told_at, finding LIMIT ?1",
            numbers.join(",")
        ),
        [limit as i64],
    )
}

/// Is it dealt with?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Open {
    /// Not yet.
    Yes,
    /// It is closed.
    No,
}

/// A finding at all organisations that were told of it.
pub fn of_finding(connection: &Connection, finding: FindingId) -> Result<Vec<FollowUp>, StoreError> {
    select(connection, "finding = ?1 ORDER BY organisation", [finding.0])
}

/// Walks over everything, in order of organisation and finding.
pub fn for_each(connection: &Connection, mut visit: impl FnMut(FollowUp)) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM follow_up ORDER BY organisation, finding"))
        .doing("read what was told")?;
    let mut rows = statement.query([]).doing("read what was told")?;
    while let Some(row) = rows.next().doing("read what was told")? {
        visit(from_row(row).doing("read what was told")?);
    }
    Ok(())
}

/// The vulnerabilities of a finding at an organisation, as far as they are known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cves {
    /// Who was told.
    pub organisation: OrganisationId,
    /// Of what.
    pub finding: FindingId,
    /// Those that it was told with; `None`: that was not kept.
    pub told: Option<Vec<String>>,
    /// Those that it was seen with since.
    pub new: Vec<String>,
}

/// Of everything that was told and is open.
pub fn open_cves(connection: &Connection) -> Result<Vec<Cves>, StoreError> {
    connection
        .prepare_cached("SELECT organisation, finding, cves, new_cves FROM follow_up WHERE closed_at IS NULL")
        .and_then(|mut statement| {
            let of_row = |row: &Row<'_>| {
                let told = row.get_ref(2)?.as_str_or_null()?;
                Ok(Cves {
                    organisation: OrganisationId(row.get(0)?),
                    finding: FindingId(row.get(1)?),
                    told: told.map(|told| cves(Some(told))),
                    new: cves(row.get_ref(3)?.as_str_or_null()?),
                })
            };
            statement.query_map([], of_row)?.collect()
        })
        .doing("read the vulnerabilities of what was told")
}

/// The last chunk that was looked at for new vulnerabilities; `None`: none was ever.
pub fn cves_seen(connection: &Connection) -> Result<Option<u32>, StoreError> {
    Ok(meta(connection, CVES_SEEN)?.and_then(|text| text.parse().ok()))
}

/// Where that stands in the settings of the store.
const CVES_SEEN: &str = "cves_seen";

impl Store {
    /// Records what was seen of vulnerabilities, up to this chunk.
    pub fn note_cves(&mut self, upto: u32, seen: &[Cves]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for one in seen {
                transaction
                    .prepare_cached(
                        "UPDATE follow_up SET cves = ?3, new_cves = nullif(?4, '') WHERE organisation = ?1 AND finding = ?2",
                    )
                    .and_then(|mut statement| {
                        statement.execute(params![
                            one.organisation.0,
                            one.finding.0,
                            one.told.as_ref().map(|told| told.join(" ")),
                            one.new.join(" ")
                        ])
                    })
                    .doing("note new vulnerabilities")?;
            }
            transaction
                .execute("INSERT OR REPLACE INTO meta VALUES (?1,?2)", params![CVES_SEEN, upto.to_string()])
                .doing("note new vulnerabilities")
                .map(|_| ())
        })
    }
}
