//! Joining: the steps that were taken, and what waits until an organisation is affiliated.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{
    affiliation::{Joining, Step, StepTaken},
    fate::Fate,
    ids::{FindingId, OrganisationId},
    severity::Severity,
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    id_list,
    outbox::set_fate,
    register_rows::word,
};

/// The reason in the history of an assignment that waits for its organisation to join.
const WAITS: &str = "the organisation is not officially affiliated yet";

/// Every organisation that joins or has joined by steps, by number.
pub fn joinings(connection: &Connection) -> Result<Vec<Joining>, StoreError> {
    let rows: Vec<(u32, StepTaken)> = connection
        .prepare_cached("SELECT organisation, step, at, actor, by_name, number FROM joining_step")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    let taken = StepTaken {
                        step: word(row, 1)?,
                        at: row.get(2)?,
                        actor: row.get(3)?,
                        by: row.get(4)?,
                        number: row.get(5)?,
                    };
                    Ok((row.get(0)?, taken))
                })?
                .collect()
        })
        .doing("read the steps of joining")?;
    let mut joinings: std::collections::BTreeMap<u32, Vec<StepTaken>> = Default::default();
    for (organisation, taken) in rows {
        joinings.entry(organisation).or_default().push(taken);
    }
    Ok(joinings
        .into_iter()
        .map(|(organisation, mut taken)| {
            taken.sort_by_key(|taken| taken.step);
            Joining { organisation: OrganisationId(organisation), taken }
        })
        .collect())
}

/// What waits for one organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waiting {
    /// Assignments.
    pub count: u64,
    /// Critical ones among them.
    pub critical: u64,
    /// When the first and the last of them came in, in seconds since 1970.
    pub since: (i64, i64),
}

/// What these blocks of assignments hold.
pub fn waiting(connection: &Connection, blocks: &[i64]) -> Result<Waiting, StoreError> {
    let mut waiting = Waiting::default();
    for block in blocks {
        let (came_at, findings): (i64, Vec<u8>) = connection
            .prepare_cached(
                "SELECT c.committed_at, b.findings FROM assignment_block b JOIN chunk c ON c.id = b.chunk WHERE b.id = ?1",
            )
            .and_then(|mut statement| statement.query_row([block], |row| Ok((row.get(0)?, row.get(1)?))))
            .doing("read what waits for an organisation that joins")?;
        waiting.since = match waiting.count {
            0 => (came_at, came_at),
            _ => (waiting.since.0.min(came_at), waiting.since.1.max(came_at)),
        };
        for finding in id_list::decode(&findings) {
            waiting.count += 1;
            waiting.critical += u64::from(is_critical(connection, finding)?);
        }
    }
    Ok(waiting)
}

fn is_critical(connection: &Connection, finding: FindingId) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT k.severity FROM finding f JOIN kind k ON k.id = f.kind WHERE f.id = ?1")
        .and_then(|mut statement| statement.query_row([finding.0], |row| row.get::<_, u8>(0)).optional())
        .map(|severity| severity == Some(Severity::Critical as u8))
        .doing("look a finding up")
}

/// The assignments of an organisation that its joining keeps from being told: queued and not composed yet, or without a contact.
pub fn to_hold(connection: &Connection, organisation: OrganisationId) -> Result<Vec<i64>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id FROM assignment_block WHERE organisation = ?1 AND fate = 1 AND reference IS NULL
             UNION ALL SELECT id FROM assignment_block WHERE organisation = ?1 AND fate = 10",
        )
        .and_then(|mut statement| statement.query_map([organisation.0], |row| row.get(0))?.collect())
        .doing("find assignments of an organisation that joins")
}

/// The assignments that wait for an organisation.
pub fn held(connection: &Connection, organisation: OrganisationId) -> Result<Vec<i64>, StoreError> {
    connection
        .prepare_cached("SELECT block FROM joining_block WHERE organisation = ?1 ORDER BY block")
        .and_then(|mut statement| statement.query_map([organisation.0], |row| row.get(0))?.collect())
        .doing("find what waits for an organisation")
}

/// When the general contact of an organisation last heard that something waits.
pub fn letter_at(connection: &Connection, organisation: OrganisationId) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT max(at) FROM joining_letter WHERE organisation = ?1")
        .and_then(|mut statement| statement.query_row([organisation.0], |row| row.get(0)))
        .doing("look up when an organisation was written to")
}

impl Store {
    /// Records that a step was taken; again: as it is now. `released`: what no longer waits, when this step makes the organisation
    /// officially affiliated.
    pub fn take_step(
        &mut self,
        act: &Act<'_>,
        (organisation, code): (OrganisationId, &str),
        taken: &StepTaken,
        released: &[(i64, Fate)],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT OR REPLACE INTO joining_step VALUES (?1,?2,?3,?4,?5,?6)",
                    params![
                        organisation.0,
                        Step::as_str(taken.step),
                        taken.at,
                        taken.actor,
                        taken.by,
                        taken.number
                    ],
                )
                .doing("record a step of joining")?;
            for (block, fate) in released {
                set_fate(
                    transaction,
                    act.at,
                    *block,
                    *fate,
                    None,
                    "the organisation is officially affiliated",
                )?;
                transaction
                    .execute("DELETE FROM joining_block WHERE block = ?1", [block])
                    .doing("release what waited")?;
            }
            let detail = format!(
                "{{\"step\":\"{}\",\"by\":{},\"number\":{}}}",
                taken.step,
                json(&taken.by),
                json(&taken.number)
            );
            act.audit(transaction, Action::JoiningStepTaken, &format!("organisation:{code}"), &detail)
        })
    }

    /// Keeps assignments from being told until their organisation has joined.
    pub fn hold_for_joining(
        &mut self,
        at: i64,
        organisation: OrganisationId,
        blocks: &[i64],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            for block in blocks {
                set_fate(transaction, at, *block, Fate::Held, None, WAITS)?;
                transaction
                    .execute(
                        "INSERT OR REPLACE INTO joining_block VALUES (?1,?2)",
                        params![block, organisation.0],
                    )
                    .doing("hold an assignment")?;
            }
            Ok(())
        })
    }

    /// Records that the general contact of an organisation was written to.
    pub fn add_joining_letter(&mut self, at: i64, organisation: OrganisationId) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO joining_letter (organisation, at) VALUES (?1,?2)",
                    params![organisation.0, at],
                )
                .doing("record that an organisation was written to")
                .map(|_| ())
        })
    }
}
