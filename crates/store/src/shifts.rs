//! One shift of the desk hands over to the next: written by one person, accepted by another.

use rusqlite::{Connection, Row, params};

use crate::{Store, StoreError, act::Act, audit::Action, error::DatabaseContext};

/// What was handed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shift {
    /// Its number.
    pub id: i64,
    /// When it was written, in seconds since 1970.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// What they say.
    pub text: String,
    /// What was open, promised and due then, as JSON.
    pub sums: String,
    /// When it was accepted, and by whom.
    pub accepted: Option<(i64, String)>,
}

impl Store {
    /// Writes what is handed over.
    pub fn hand_over_shift(&mut self, act: &Act<'_>, text: &str, sums: &str) -> Result<i64, StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO shift (at, actor, text, sums) VALUES (?1,?2,?3,?4)",
                    params![act.at, act.actor, text, sums],
                )
                .doing("hand a shift over")?;
            let id = transaction.last_insert_rowid();
            act.audit(transaction, Action::ShiftHandedOver, &format!("shift:{id}"), sums)?;
            Ok(id)
        })
    }

    /// Accepts it; `false` when somebody did already.
    pub fn accept_shift(&mut self, act: &Act<'_>, id: i64) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let accepted = transaction
                .execute(
                    "UPDATE shift SET accepted_at = ?2, accepted_by = ?3 WHERE id = ?1 AND accepted_at IS NULL",
                    params![id, act.at, act.actor],
                )
                .doing("accept a shift")?;
            if accepted > 0 {
                act.audit(transaction, Action::ShiftAccepted, &format!("shift:{id}"), "")?;
            }
            Ok(accepted > 0)
        })
    }
}

/// The newest, at most so many.
pub fn newest(connection: &Connection, limit: usize) -> Result<Vec<Shift>, StoreError> {
    let from_row = |row: &Row<'_>| {
        let (at, by): (Option<i64>, Option<String>) = (row.get(5)?, row.get(6)?);
        Ok(Shift {
            id: row.get(0)?,
            at: row.get(1)?,
            actor: row.get(2)?,
            text: row.get(3)?,
            sums: row.get(4)?,
            accepted: at.zip(by),
        })
    };
    connection
        .prepare_cached(
            "SELECT id, at, actor, text, sums, accepted_at, accepted_by FROM shift ORDER BY id DESC LIMIT ?1",
        )
        .and_then(|mut statement| statement.query_map([limit as i64], from_row)?.collect())
        .doing("read what shifts handed over")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    #[test]
    fn it_is_accepted_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let act = |at, actor| Act { at, actor, reason: "" };
        let id = store.hand_over_shift(&act(1, "anna"), "quiet", "{}").unwrap();
        assert!(store.accept_shift(&act(2, "bram"), id).unwrap());
        assert!(!store.accept_shift(&act(3, "carla"), id).unwrap());
        let read = store.read(|connection| newest(connection, 5)).unwrap();
        assert_eq!(read[0].accepted, Some((2, "bram".to_owned())));
        assert_eq!((read[0].text.as_str(), read[0].actor.as_str()), ("quiet", "anna"));
    }
}
