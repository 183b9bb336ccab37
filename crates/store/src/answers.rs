//! What recipients said about what they were told, and what that changed.

use std::collections::HashSet;

use rusqlite::{Connection, Row, params};
use schakel_model::{
    answer::{AnswerKind, AnswerWay, RecipientState, Standing},
    arrival::Receipt,
    ids::{AnswerId, FindingId, NotificationId, OrganisationId},
};

use crate::{
    Store, StoreError,
    act::Act,
    audit::Action,
    data_dir::DataDir,
    error::DatabaseContext,
    follow_ups::{StateChange, change_state},
    id_list,
    open::writer_beside,
    transaction::{Transaction, in_transaction},
};

/// An answer about to be recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAnswer {
    /// Whom the findings concern.
    pub organisation: OrganisationId,
    /// The notification (its lead) that is answered.
    pub notification: NotificationId,
    /// What it says.
    pub kind: AnswerKind,
    /// Of which findings, sorted; empty: of all that the notification tells.
    pub findings: Vec<FindingId>,
    /// Until when, in seconds since 1970.
    pub until: Option<i64>,
    /// Who accepted a risk.
    pub decided_by: String,
    /// To whom it was passed on.
    pub supplier: String,
    /// Why, in their words.
    pub reason: String,
    /// What they wrote.
    pub text: String,
    /// By which way it came.
    pub way: AnswerWay,
    /// Who wrote it, by mail address; or how the desk calls them.
    pub sender: String,
    /// The mail it came in.
    pub receipt: Option<Receipt>,
    /// Does it count?
    pub standing: Standing,
    /// Why it does not, in a sentence.
    pub why: String,
    /// An earlier answer that cannot be true as well.
    pub contradicts: Option<AnswerId>,
    /// The states that it changes. Their answer is this one.
    pub states: Vec<StateChange>,
}

/// A stored answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Its number.
    pub id: AnswerId,
    /// When it came, in seconds since 1970.
    pub at: i64,
    /// What was recorded; its states are in the follow-ups.
    pub said: NewAnswer,
    /// When the desk decided.
    pub decided_at: Option<i64>,
    /// Of "not ours": when the assignments were corrected.
    pub done_at: Option<i64>,
    /// Who recorded or decided it.
    pub actor: String,
}

impl Answer {
    /// Does the desk have to look at it? At "not ours" always: until then the finding goes to nobody outside.
    pub fn is_open(&self) -> bool {
        let said = &self.said;
        let disowns = said.kind == AnswerKind::NotOurs && said.standing == Standing::Taken;
        self.decided_at.is_none()
            && (said.standing == Standing::Proposed || said.contradicts.is_some() || disowns)
    }
}

impl Store {
    /// Records answers of one mail, or one entry of the desk: all, or none. Gives their numbers.
    pub fn record_answers(&mut self, act: &Act<'_>, new: &[NewAnswer]) -> Result<Vec<AnswerId>, StoreError> {
        self.write(|transaction| new.iter().map(|one| record(transaction, act, one)).collect())
    }

    /// Records what the desk decides about an answer, with the states that this changes.
    pub fn decide_answer(
        &mut self,
        act: &Act<'_>,
        id: AnswerId,
        standing: Standing,
        until: Option<i64>,
        states: &[StateChange],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "UPDATE answer SET standing = ?2, decided_at = ?3, actor = ?4, until = coalesce(?5, until) WHERE id = ?1",
                    params![id.0, standing as u8, act.at, act.actor, until],
                )
                .doing("decide about an answer")?;
            states.iter().try_for_each(|change| change_state(transaction, change))?;
            let action = match standing {
                Standing::Refused => Action::AnswerRefused,
                Standing::Taken | Standing::Proposed => Action::AnswerAccepted,
            };
            act.audit(transaction, action, &subject(id), "")
        })
    }

    /// Records that the assignments were corrected as an answer asks.
    pub fn answer_done(&mut self, act: &Act<'_>, id: AnswerId) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute("UPDATE answer SET done_at = ?2 WHERE id = ?1", params![id.0, act.at])
                .doing("carry an answer out")?;
            act.audit(transaction, Action::AnswerCarriedOut, &subject(id), "")
        })
    }
}

impl Store {
    /// Records that an answer that counted cannot be carried out: the desk decides.
    pub fn answer_failed(&mut self, act: &Act<'_>, id: AnswerId, why: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "UPDATE answer SET standing = ?2, why = ?3, decided_at = NULL WHERE id = ?1",
                    params![id.0, Standing::Proposed as u8, why],
                )
                .doing("give an answer back to the desk")?;
            act.audit(transaction, Action::AnswerProposed, &subject(id), "")
        })
    }
}

/// Records an answer beside the one writer, so that the page answers while reports are taken in. The same said again by the same one changes
/// nothing, and gives the number it has.
pub fn record_beside(data: &DataDir, act: &Act<'_>, new: &NewAnswer) -> Result<AnswerId, StoreError> {
    let mut connection = writer_beside(data)?;
    in_transaction(&mut connection, |transaction| {
        let last: Option<Answer> = select(
            transaction,
            "notification = ?1 AND way = ?2 AND sender = ?3 ORDER BY id DESC LIMIT 1",
            params![new.notification.0, new.way.as_str(), new.sender],
        )?
        .pop();
        let is_same = |last: &Answer| {
            let said = &last.said;
            (said.kind, said.until, &said.text, &said.supplier, &said.decided_by)
                == (new.kind, new.until, &new.text, &new.supplier, &new.decided_by)
                && said.standing == new.standing
        };
        match last.filter(is_same) {
            Some(same) => Ok(same.id),
            None => record(transaction, act, new),
        }
    })
}

fn record(transaction: &Transaction<'_>, act: &Act<'_>, new: &NewAnswer) -> Result<AnswerId, StoreError> {
    let decided_at = (new.way == AnswerWay::Desk).then_some(act.at);
    let id = transaction
        .prepare_cached(
            "INSERT INTO answer (at, organisation, notification, kind, findings, until, decided_by, supplier, reason, text, way, sender, receipt,
                standing, why, contradicts, decided_at, actor) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
        )
        .and_then(|mut statement| {
            statement.insert(params![
                act.at,
                new.organisation.0,
                new.notification.0,
                new.kind.as_str(),
                id_list::encode(&new.findings),
                new.until,
                new.decided_by,
                new.supplier,
                new.reason,
                new.text,
                new.way.as_str(),
                new.sender,
                new.receipt.map(|receipt| receipt.0 as i64),
                new.standing as u8,
                new.why,
                new.contradicts.map(|answer| answer.0),
                decided_at,
                act.actor
            ])
        })
        .doing("record an answer")?;
    let id = AnswerId(id as u32);
    for change in &new.states {
        change_state(transaction, &StateChange { answer: Some(id), ..*change })?;
    }
    let action = match new.standing {
        Standing::Taken => Action::AnswerTaken,
        Standing::Proposed | Standing::Refused => Action::AnswerProposed,
    };
    act.audit(transaction, action, &subject(id), "")?;
    Ok(id)
}

fn subject(id: AnswerId) -> String {
    format!("answer:{id}")
}

const COLUMNS: &str = "id, at, organisation, notification, kind, findings, until, decided_by, supplier, reason, text, way, sender, receipt,
    standing, why, contradicts, decided_at, done_at, actor";

/// A word that this program does not know is a question, by mail: nothing is decided by it.
fn from_row(row: &Row<'_>) -> rusqlite::Result<Answer> {
    let word = |column: usize| row.get::<_, String>(column);
    let standing: u8 = row.get(14)?;
    Ok(Answer {
        id: AnswerId(row.get(0)?),
        at: row.get(1)?,
        said: NewAnswer {
            organisation: OrganisationId(row.get(2)?),
            notification: NotificationId(row.get(3)?),
            kind: word(4)?.parse().unwrap_or(AnswerKind::Question),
            findings: id_list::decode(&row.get::<_, Vec<u8>>(5)?).collect(),
            until: row.get(6)?,
            decided_by: row.get(7)?,
            supplier: row.get(8)?,
            reason: row.get(9)?,
            text: row.get(10)?,
            way: word(11)?.parse().unwrap_or(AnswerWay::Mail),
            sender: row.get(12)?,
            receipt: row.get::<_, Option<i64>>(13)?.map(|receipt| Receipt(receipt as u64)),
            standing: Standing::ALL
                .iter()
                .copied()
                .find(|one| *one as u8 == standing)
                .unwrap_or(Standing::Proposed),
            why: row.get(15)?,
            contradicts: row.get::<_, Option<u32>>(16)?.map(AnswerId),
            states: Vec::new(),
        },
        decided_at: row.get(17)?,
        done_at: row.get(18)?,
        actor: row.get(19)?,
    })
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Answer>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM answer WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read answers")
}

/// One answer.
pub fn get(connection: &Connection, id: AnswerId) -> Result<Option<Answer>, StoreError> {
    Ok(select(connection, "id = ?1", [id.0])?.pop())
}

/// The newest answers, at most `limit`.
pub fn newest(connection: &Connection, limit: usize) -> Result<Vec<Answer>, StoreError> {
    select(connection, "1 ORDER BY id DESC LIMIT ?1", [limit as i64])
}

/// The answers behind this one, the oldest first, at most `limit`.
pub fn after(connection: &Connection, id: u32, limit: usize) -> Result<Vec<Answer>, StoreError> {
    select(connection, "id > ?1 ORDER BY id LIMIT ?2", params![id, limit as i64])
}

/// As [`Answer::is_open`].
const OPEN: &str =
    "decided_at IS NULL AND (standing = 0 OR contradicts IS NOT NULL OR standing = 1 AND kind = 'not_ours')";

/// Those that the desk has to look at, the oldest first.
pub fn open(connection: &Connection) -> Result<Vec<Answer>, StoreError> {
    select(connection, &format!("{OPEN} ORDER BY id"), [])
}

/// How many the desk has to look at.
pub fn open_count(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached(&format!("SELECT count(*) FROM answer WHERE {OPEN}"))
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
        .map(|count| count as u64)
        .doing("count answers")
}

/// What was said about a notification (its lead), the oldest first.
pub fn of_notification(connection: &Connection, lead: NotificationId) -> Result<Vec<Answer>, StoreError> {
    select(connection, "notification = ?1 ORDER BY id", [lead.0])
}

/// The answers that this mail was, when it was recorded before.
pub fn of_receipt(connection: &Connection, receipt: Receipt) -> Result<Vec<Answer>, StoreError> {
    select(connection, "receipt = ?1 ORDER BY id", [receipt.0 as i64])
}

/// Those that say "not ours", count, and have not corrected the assignments yet. One that another contradicts waits for the desk.
pub fn to_carry_out(connection: &Connection) -> Result<Vec<Answer>, StoreError> {
    select(
        connection,
        "kind = 'not_ours' AND standing = 1 AND done_at IS NULL AND (contradicts IS NULL OR decided_at IS NOT NULL) ORDER BY id",
        [],
    )
}

/// Findings that somebody has said are not theirs, without the desk: they must not leave by themselves to anybody outside, such as the abuse
/// contact of an address. One stolen mailbox would be enough to send them there.
pub fn left_without_the_desk(connection: &Connection) -> Result<HashSet<FindingId>, StoreError> {
    connection
        .prepare_cached(
            "SELECT f.finding FROM follow_up f JOIN answer a ON a.id = f.answer
             WHERE f.state = ?1 AND a.kind = 'not_ours' AND a.decided_at IS NULL",
        )
        .and_then(|mut statement| {
            statement.query_map([RecipientState::NotOurs as u8], |row| row.get(0).map(FindingId))?.collect()
        })
        .doing("read whose findings were said to be nobody's")
}

#[cfg(test)]
mod tests {
    use schakel_model::severity::Severity;

    use super::*;
    use crate::follow_ups::{self, Holds, Tells};

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let tells = [1, 2].map(|finding| Tells {
            finding: FindingId(finding),
            severity: Severity::High,
            compromised: false,
            deadline: None,
            same_case: true,
            cves: Vec::new(),
        });
        store
            .write(|transaction| {
                follow_ups::tell(
                    transaction,
                    OrganisationId(1),
                    (NotificationId(7), Holds::Assignments),
                    50,
                    &tells,
                )
            })
            .unwrap();
        (folder, store)
    }

    fn answer(kind: AnswerKind, standing: Standing) -> NewAnswer {
        let change = |finding| StateChange {
            organisation: OrganisationId(1),
            finding: FindingId(finding),
            state: kind.into(),
            at: 100,
            until: None,
            answer: None,
            closed_at: None,
        };
        NewAnswer {
            organisation: OrganisationId(1),
            notification: NotificationId(7),
            kind,
            findings: vec![FindingId(1), FindingId(2)],
            until: None,
            decided_by: String::new(),
            supplier: String::new(),
            reason: String::new(),
            text: "x".into(),
            way: AnswerWay::Page,
            sender: "a@b.example".into(),
            receipt: None,
            standing,
            why: String::new(),
            contradicts: None,
            states: if standing == Standing::Taken { vec![change(1), change(2)] } else { Vec::new() },
        }
    }

    const ACT: Act<'static> = Act { at: 100, actor: "serve", reason: "" };

    fn states(store: &Store) -> Vec<RecipientState> {
        let read = |connection: &Connection| follow_ups::of_notification(connection, NotificationId(7));
        store.read(read).unwrap().iter().map(|one| one.state).collect()
    }

    #[test]
    fn an_answer_is_read_as_it_was_written_with_the_states_it_changed() {
        let (_folder, mut store) = store();
        let new = NewAnswer {
            receipt: Some(Receipt(5)),
            until: Some(9),
            ..answer(AnswerKind::Fixed, Standing::Taken)
        };
        let ids = store.record_answers(&ACT, std::slice::from_ref(&new)).unwrap();
        let read = store.read(|connection| get(connection, ids[0])).unwrap().unwrap();
        assert_eq!((read.said, read.at), (NewAnswer { states: Vec::new(), ..new }, 100));
        assert_eq!(states(&store), [RecipientState::Fixed; 2]);
        assert_eq!(store.read(|connection| of_receipt(connection, Receipt(5))).unwrap().len(), 1);
        assert_eq!(store.read(|connection| of_receipt(connection, Receipt(6))).unwrap().len(), 0);
        assert_eq!(store.read(open_count).unwrap(), 0);
    }

    #[test]
    fn what_waits_for_the_desk_is_listed_until_it_is_decided() {
        let (_folder, mut store) = store();
        let contradicting =
            NewAnswer { contradicts: Some(AnswerId(1)), ..answer(AnswerKind::NotOurs, Standing::Taken) };
        let new = [answer(AnswerKind::Fixed, Standing::Proposed), contradicting];
        let ids = store.record_answers(&ACT, &new).unwrap();
        let waiting = |store: &Store| store.read(open).unwrap().iter().map(|one| one.id).collect::<Vec<_>>();
        assert_eq!(waiting(&store), ids);
        assert_eq!(store.read(left_without_the_desk).unwrap().len(), 2);
        assert_eq!(store.read(open_count).unwrap(), 2);
        store.decide_answer(&ACT, ids[1], Standing::Taken, None, &[]).unwrap();
        assert_eq!(waiting(&store), ids[..1]);
        assert!(store.read(left_without_the_desk).unwrap().is_empty(), "the desk has decided");
        store.decide_answer(&ACT, ids[0], Standing::Refused, None, &[]).unwrap();
        assert!(waiting(&store).is_empty() && store.read(open_count).unwrap() == 0);
        assert_eq!(store.read(to_carry_out).unwrap().len(), 1);
        store.answer_done(&ACT, ids[1]).unwrap();
        assert!(store.read(to_carry_out).unwrap().is_empty());
    }

    #[test]
    fn the_same_said_again_is_one_answer() {
        let (folder, store) = store();
        let data = DataDir::new(folder.path());
        let fixed = answer(AnswerKind::Fixed, Standing::Taken);
        let first = record_beside(&data, &ACT, &fixed).unwrap();
        assert_eq!(record_beside(&data, &Act { at: 300, ..ACT }, &fixed).unwrap(), first);
        let other = record_beside(&data, &ACT, &answer(AnswerKind::NotOurs, Standing::Taken)).unwrap();
        assert_ne!(other, first);
        // Back again is a new one.
        assert_ne!(record_beside(&data, &ACT, &fixed).unwrap(), first);
        assert_eq!(states(&store), [RecipientState::Fixed; 2]);
    }
}
