//! Questions about one address or name that hubs asked each other, with what was said.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    hub::{HubName, ParcelId, Whose},
    ids::LinkId,
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    hub_messages,
    transaction::Transaction,
};

/// Who asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// We did.
    Asked,
    /// The other hub did.
    Heard,
}

impl Way {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Heard => "heard",
        }
    }
}

/// A question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Its link.
    pub link: LinkId,
    /// Its name.
    pub question: ParcelId,
    /// Who asked.
    pub way: Way,
    /// The address or name.
    pub value: String,
    /// When, in seconds since 1970.
    pub asked_at: i64,
    /// What was said, and when; `None`: nothing yet.
    pub answer: Option<(Whose, i64)>,
}

const COLUMNS: &str = "link, question, way, value, asked_at, answer, hub, answered_at";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Asked> {
    let (word, hub, at): (Option<String>, Option<String>, Option<i64>) =
        (row.get(5)?, row.get(6)?, row.get(7)?);
    let hub = hub.and_then(|hub| hub.parse::<HubName>().ok());
    Ok(Asked {
        link: LinkId(row.get(0)?),
        question: ParcelId(row.get(1)?),
        way: if row.get::<_, String>(2)? == Way::Asked.as_str() { Way::Asked } else { Way::Heard },
        value: row.get(3)?,
        asked_at: row.get(4)?,
        answer: word.and_then(|word| Whose::read(&word, hub).ok()).zip(at),
    })
}

/// The questions of a link, the newest first, at most `limit`.
pub fn list(connection: &Connection, link: LinkId, limit: usize) -> Result<Vec<Asked>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM hub_question WHERE link = ?1 ORDER BY id DESC LIMIT ?2"
        ))
        .and_then(|mut statement| statement.query_map(params![link.0, limit as i64], from_row)?.collect())
        .doing("read the questions between hubs")
}

/// A question by its name.
pub fn get(
    connection: &Connection,
    link: LinkId,
    way: Way,
    question: ParcelId,
) -> Result<Option<Asked>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM hub_question WHERE link = ?1 AND way = ?2 AND question = ?3"
        ))
        .and_then(|mut statement| {
            statement.query_row(params![link.0, way.as_str(), question.0], from_row).optional()
        })
        .doing("find a question between hubs")
}

/// How much a hub asked since a time.
pub fn heard_since(connection: &Connection, link: LinkId, since: i64) -> Result<u64, StoreError> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM hub_question WHERE link = ?1 AND way = 'heard' AND asked_at > ?2",
        )
        .and_then(|mut statement| statement.query_row(params![link.0, since], |row| row.get::<_, i64>(0)))
        .doing("count the questions of a hub")
        .map(|count| count as u64)
}

impl Store {
    /// Asks another hub: `line` goes to it.
    pub fn ask_hub(
        &mut self,
        act: &Act<'_>,
        peer: &HubName,
        asked: &Asked,
        kind: &str,
        line: &[u8],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            insert(transaction, asked)?;
            hub_messages::queue(transaction, asked.link, kind, line, act.at)?;
            act.audit(
                transaction,
                Action::HubAsked,
                &subject(peer),
                &json(&format!("asked: {}", asked.value)),
            )
        })
    }

    /// Notes what another hub asked and what it is told; `line` goes to it. That it asked stands in the log for good, what it asked as long as details do.
    pub fn answer_hub(
        &mut self,
        act: &Act<'_>,
        peer: &HubName,
        asked: &Asked,
        kind: &str,
        line: &[u8],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            insert(transaction, asked)?;
            hub_messages::queue(transaction, asked.link, kind, line, act.at)?;
            let (word, _) = asked.answer.as_ref().map_or(("", None), |(answer, _)| answer.words());
            act.audit(
                transaction,
                Action::HubAsked,
                &subject(peer),
                &json(&format!("was asked: {}: {word}", asked.value)),
            )
        })
    }

    /// Notes what another hub says of what we asked; the first answer counts. Was it asked?
    pub fn hear_whose(
        &mut self,
        link: LinkId,
        question: ParcelId,
        answer: &Whose,
        at: i64,
    ) -> Result<bool, StoreError> {
        let (word, hub) = answer.words();
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE hub_question SET answer = ?3, hub = ?4, answered_at = ?5
                     WHERE link = ?1 AND way = 'asked' AND question = ?2 AND answer IS NULL",
                )
                .and_then(|mut statement| {
                    statement.execute(params![link.0, question.0, word, hub.map(HubName::as_str), at])
                })
                .doing("note the answer of a hub")
                .map(|changed| changed > 0)
        })
    }
}

fn insert(transaction: &Transaction<'_>, asked: &Asked) -> Result<(), StoreError> {
    let answer = asked.answer.as_ref().map(|(answer, at)| (answer.words(), *at));
    transaction
        .prepare_cached(
            "INSERT INTO hub_question (link, question, way, value, asked_at, answer, hub, answered_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                asked.link.0,
                asked.question.0,
                asked.way.as_str(),
                asked.value,
                asked.asked_at,
                answer.map(|((word, _), _)| word),
                answer.and_then(|((_, hub), _)| hub.map(HubName::as_str)),
                answer.map(|(_, at)| at),
            ])
        })
        .doing("note a question between hubs")
        .map(|_| ())
}

fn subject(peer: &HubName) -> String {
    format!("hub:{peer}")
}

/// Forgets what was asked over a link before this time.
pub(crate) fn forget(transaction: &Transaction<'_>, link: LinkId, before: i64) -> Result<usize, StoreError> {
    transaction
        .prepare_cached("DELETE FROM hub_question WHERE link = ?1 AND asked_at < ?2")
        .and_then(|mut statement| statement.execute(params![link.0, before]))
        .doing("forget questions between hubs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data_dir::DataDir,
        hubs::tests::{ACT, linked},
    };

    #[test]
    fn a_question_is_answered_once_counted_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let (link, other) = (linked(&mut store, "a.example"), linked(&mut store, "b.example"));
        let asked = |way, number: u8, answer| Asked {
            link: link.id,
            question: ParcelId([number; 16]),
            way,
            value: "192.0.2.1".into(),
            asked_at: ACT.at,
            answer,
        };
        store.ask_hub(&ACT, &link.peer, &asked(Way::Asked, 1, None), "whose", b"line").unwrap();
        let named = Whose::Hub("cert.example".parse().unwrap());
        let hear = |store: &mut Store, link, number: u8, answer: &Whose| {
            store.hear_whose(link, ParcelId([number; 16]), answer, ACT.at + 5).unwrap()
        };
        assert!(!hear(&mut store, other.id, 1, &named), "another hub was not asked");
        assert!(!hear(&mut store, link.id, 2, &named), "it was not asked that");
        assert!(hear(&mut store, link.id, 1, &named));
        assert!(!hear(&mut store, link.id, 1, &Whose::No), "the first answer counts");
        let heard = asked(Way::Heard, 1, Some((Whose::Yes, ACT.at)));
        store.answer_hub(&ACT, &link.peer, &heard, "whose", b"line").unwrap();
        assert!(
            store.answer_hub(&ACT, &link.peer, &heard, "whose", b"line").is_err(),
            "no question comes twice"
        );
        let all = store.read(|connection| list(connection, link.id, 9)).unwrap();
        assert_eq!(all, [heard, asked(Way::Asked, 1, Some((named, ACT.at + 5)))]);
        let count =
            |store: &Store, since| store.read(|connection| heard_since(connection, link.id, since)).unwrap();
        assert_eq!((count(&store, ACT.at - 1), count(&store, ACT.at)), (1, 0));
        store.forget_old_parcels(ACT.at + 31 * 86_400).unwrap();
        assert_eq!(store.read(|connection| list(connection, link.id, 9)).unwrap(), []);
    }
}
