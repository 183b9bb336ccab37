//! The desk's own work on findings: who handles one, until when it is snoozed, and what colleagues noted about it. Recipients never see any of it.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::ids::{FindingId, UserId};

use crate::{Store, StoreError, act::Act, audit::Action, error::DatabaseContext, transaction::Transaction};

/// What changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Who handles it; none: nobody.
    Handler(Option<UserId>),
    /// Until when it is snoozed, in seconds since 1970; none: it is not.
    Snooze(Option<i64>),
}

impl Change {
    fn what(self) -> u8 {
        match self {
            Self::Handler(_) => 0,
            Self::Snooze(_) => 1,
        }
    }

    fn value(self) -> Option<i64> {
        match self {
            Self::Handler(handler) => handler.map(|user| i64::from(user.0)),
            Self::Snooze(until) => until,
        }
    }

    fn of(what: u8, value: Option<i64>) -> Self {
        match what {
            0 => Self::Handler(value.and_then(|user| u32::try_from(user).ok()).map(UserId)),
            _ => Self::Snooze(value),
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Handler(_) => Action::FindingAssigned,
            Self::Snooze(_) => Action::FindingSnoozed,
        }
    }
}

/// What the desk does about a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Work {
    /// Who works on it.
    pub handler: Option<UserId>,
    /// It is no open work before this time, in seconds since 1970.
    pub snoozed_until: Option<i64>,
}

/// A change as it was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// To what.
    pub to: Change,
}

/// A note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who wrote it.
    pub actor: String,
    /// What.
    pub text: String,
}

impl Store {
    /// Changes the work on these findings: all of it, or nothing. Gives the number of the batch; `None`: nothing was different.
    pub fn change_work(
        &mut self,
        act: &Act<'_>,
        findings: &[FindingId],
        to: Change,
    ) -> Result<Option<i64>, StoreError> {
        self.write(|transaction| change(transaction, act, findings, to))
    }

    /// Takes a batch back, of what nobody changed since. Gives how many findings are as they were.
    pub fn undo_work(&mut self, act: &Act<'_>, batch: i64) -> Result<usize, StoreError> {
        self.write(|transaction| undo(transaction, act, batch))
    }

    /// Notes something about a finding.
    pub fn note(&mut self, act: &Act<'_>, finding: FindingId, text: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO finding_note (finding, at, actor, text) VALUES (?1,?2,?3,?4)",
                    params![finding.0, act.at, act.actor, text],
                )
                .doing("note something about a finding")?;
            act.audit(transaction, Action::FindingNoted, &format!("finding:{finding}"), "")
        })
    }
}

fn change(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    findings: &[FindingId],
    to: Change,
) -> Result<Option<i64>, StoreError> {
    let mut batch = None;
    let mut changed = Vec::new();
    for finding in findings {
        let before = work(transaction, *finding)?;
        let before = match to {
            Change::Handler(_) => Change::Handler(before.handler),
            Change::Snooze(_) => Change::Snooze(before.snoozed_until),
        };
        if before == to {
            continue;
        }
        put(transaction, *finding, to)?;
        let id: i64 = transaction
            .prepare_cached(
                "INSERT INTO finding_change (batch, finding, at, actor, what, before, after) VALUES (coalesce(?1, 0),?2,?3,?4,?5,?6,?7)
                 RETURNING id",
            )
            .and_then(|mut statement| {
                statement.query_row(
                    params![batch, finding.0, act.at, act.actor, to.what(), before.value(), to.value()],
                    |row| row.get(0),
                )
            })
            .doing("record who works on a finding")?;
        if batch.is_none() {
            batch = Some(id);
            transaction
                .execute("UPDATE finding_change SET batch = id WHERE id = ?1", [id])
                .doing("record who works on a finding")?;
        }
        changed.push(finding.to_string());
    }
    if let Some(batch) = batch {
        let value = to.value().map_or_else(|| "null".to_owned(), |value| value.to_string());
        let detail = format!(r#"{{"findings":[{}],"to":{value}}}"#, changed.join(","));
        act.audit(transaction, to.action(), &format!("batch:{batch}"), &detail)?;
    }
    Ok(batch)
}

fn undo(transaction: &Transaction<'_>, act: &Act<'_>, batch: i64) -> Result<usize, StoreError> {
    let made: Vec<(u32, Change, Change)> = transaction
        .prepare_cached("SELECT finding, what, before, after FROM finding_change WHERE batch = ?1")
        .and_then(|mut statement| {
            statement
                .query_map([batch], |row| {
                    let what: u8 = row.get(1)?;
                    Ok((row.get(0)?, Change::of(what, row.get(2)?), Change::of(what, row.get(3)?)))
                })?
                .collect()
        })
        .doing("read what was changed at once")?;
    let mut undone = 0;
    for (finding, before, after) in made {
        let finding = FindingId(finding);
        let now = work(transaction, finding)?;
        let stands = match after {
            Change::Handler(handler) => now.handler == handler,
            Change::Snooze(until) => now.snoozed_until == until,
        };
        if stands && change(transaction, act, &[finding], before)?.is_some() {
            undone += 1;
        }
    }
    Ok(undone)
}

fn put(transaction: &Transaction<'_>, finding: FindingId, to: Change) -> Result<(), StoreError> {
    let column = match to {
        Change::Handler(_) => "handler",
        Change::Snooze(_) => "snoozed_until",
    };
    transaction
        .prepare_cached(&format!(
            "INSERT INTO finding_work (finding, {column}) VALUES (?1, ?2) ON CONFLICT (finding) DO UPDATE SET {column} = ?2"
        ))
        .and_then(|mut statement| statement.execute(params![finding.0, to.value()]))
        .doing("change who works on a finding")
        .map(|_| ())
}

/// What the desk does about a finding.
pub fn work(connection: &Connection, finding: FindingId) -> Result<Work, StoreError> {
    connection
        .prepare_cached("SELECT handler, snoozed_until FROM finding_work WHERE finding = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([finding.0], |row| {
                    let handler: Option<u32> = row.get(0)?;
                    Ok(Work { handler: handler.map(UserId), snoozed_until: row.get(1)? })
                })
                .optional()
        })
        .map(Option::unwrap_or_default)
        .doing("read who works on a finding")
}

/// Was anything changed at once under this number?
pub fn is_batch(connection: &Connection, batch: i64) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM finding_change WHERE batch = ?1)")
        .and_then(|mut statement| statement.query_row([batch], |row| row.get(0)))
        .doing("look for what was changed at once")
}

/// The changes of the work on a finding, the oldest first.
pub fn changes(connection: &Connection, finding: FindingId) -> Result<Vec<Changed>, StoreError> {
    let from_row = |row: &Row<'_>| {
        let what: u8 = row.get(2)?;
        Ok(Changed { at: row.get(0)?, actor: row.get(1)?, to: Change::of(what, row.get(3)?) })
    };
    connection
        .prepare_cached("SELECT at, actor, what, after FROM finding_change WHERE finding = ?1 ORDER BY id")
        .and_then(|mut statement| statement.query_map([finding.0], from_row)?.collect())
        .doing("read who worked on a finding")
}

/// The notes about a finding, the oldest first.
pub fn notes(connection: &Connection, finding: FindingId) -> Result<Vec<Note>, StoreError> {
    let from_row = |row: &Row<'_>| Ok(Note { at: row.get(0)?, actor: row.get(1)?, text: row.get(2)? });
    connection
        .prepare_cached("SELECT at, actor, text FROM finding_note WHERE finding = ?1 ORDER BY id")
        .and_then(|mut statement| statement.query_map([finding.0], from_row)?.collect())
        .doing("read the notes about a finding")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    fn act(at: i64) -> Act<'static> {
        Act { at, actor: "anna", reason: "" }
    }

    #[test]
    fn what_was_changed_at_once_is_taken_back_at_once_but_for_what_changed_since() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let all = [1, 2, 3].map(FindingId);
        let to = |user| Change::Handler(Some(UserId(user)));
        store.change_work(&act(1), &all[..1], to(7)).unwrap();
        let batch = store.change_work(&act(2), &all, to(8)).unwrap().unwrap();
        assert_eq!(store.change_work(&act(2), &all, to(8)).unwrap(), None, "nothing is different");
        store.change_work(&act(3), &all, Change::Snooze(Some(99))).unwrap();
        store.change_work(&act(4), &all[2..], to(9)).unwrap();
        assert_eq!(store.undo_work(&act(5), batch).unwrap(), 2);
        let handlers = all.map(|finding| {
            store.read(|connection| work(connection, finding)).unwrap().handler.map(|user| user.0)
        });
        assert_eq!(handlers, [Some(7), None, Some(9)]);
        let snoozed = store.read(|connection| work(connection, all[0])).unwrap().snoozed_until;
        assert_eq!(snoozed, Some(99), "the other thing stays");
        assert_eq!(store.undo_work(&act(6), batch).unwrap(), 0, "once");
        let made = store.read(|connection| changes(connection, all[2])).unwrap();
        let to: Vec<Change> = made.into_iter().map(|one| one.to).collect();
        assert_eq!(
            to,
            [Change::Handler(Some(UserId(8))), Change::Snooze(Some(99)), Change::Handler(Some(UserId(9)))]
        );
    }

    #[test]
    fn notes_stand_in_the_order_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        store.note(&act(1), FindingId(4), "called them").unwrap();
        store.note(&act(2), FindingId(4), "called back").unwrap();
        store.note(&act(2), FindingId(5), "another").unwrap();
        let found = store.read(|connection| notes(connection, FindingId(4))).unwrap();
        let texts: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts, ["called them", "called back"]);
    }
}
