//! Findings at organisations that were told of them: what was told when, and what was heard.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    answer::{FollowUp, RecipientState},
    ids::{AnswerId, FindingId, NotificationId, OrganisationId},
    severity::Severity,
};

use crate::{Store, StoreError, error::DatabaseContext, transaction::Transaction};

/// A finding that a notification tells, as the reader of its mail sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

/// Records that a notification tells findings. What was closed is open again.
pub(crate) fn tell(
    transaction: &Transaction<'_>,
    organisation: OrganisationId,
    lead: NotificationId,
    at: i64,
    tells: &[Tells],
) -> Result<(), StoreError> {
    let mut statement = transaction
        .prepare_cached(
            "INSERT INTO follow_up VALUES (?1,?2,?3,?3,?4,?5,?6,?6,1,?7,?6,NULL,?8,NULL,NULL)
             ON CONFLICT (organisation, finding) DO UPDATE SET
                first_told_by = CASE WHEN ?9 THEN first_told_by ELSE ?3 END,
                first_told_at = CASE WHEN ?9 THEN first_told_at ELSE ?6 END,
                tellings = CASE WHEN ?9 THEN tellings + 1 ELSE 1 END,
                deadline = CASE WHEN ?9 THEN coalesce(deadline, ?8) ELSE ?8 END,
                told_by = ?3, severity = ?4, compromised = ?5, last_told_at = ?6, state = ?7, state_at = ?6,
                until = NULL, closed_at = NULL",
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
                one.same_case
            ])
            .doing("record what is told")?;
    }
    Ok(())
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
    deadline, answer, closed_at";

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
    })
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
