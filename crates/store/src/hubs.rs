//! Links with other hubs, and the keys that are pinned for them.

use rusqlite::{Connection, Row, params};
use schakel_model::{
    hub::{Direction, HubName, Link, LinkState, LinkTerms, Purpose, StatusLevel, Transport},
    ids::{LinkId, SourceId},
    source::Source,
    tlp::Tlp,
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    hub_messages, hub_proofs, hub_questions, parcels_out, sources,
    transaction::Transaction,
};

/// What the second source of a link is called beside the first: through it comes what may not be looked up outside.
pub const NO_LOOK_UP: &str = ".no-look-up";

/// A public key of another hub, pinned by a person or announced under one that was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PinnedKey {
    /// Whose.
    pub link: LinkId,
    /// The key (Ed25519).
    pub key: [u8; 32],
    /// The key under which it was announced; `None`: a person pinned it.
    pub announced_by: Option<[u8; 32]>,
    /// Since when, in seconds since 1970.
    pub pinned_at: i64,
    /// Until when it counts; `None`: no end is known.
    pub valid_until: Option<i64>,
    /// Since when nothing signed by it counts.
    pub revoked_at: Option<i64>,
}

impl PinnedKey {
    /// Does what is signed by it count at this time?
    pub fn counts(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.valid_until.is_none_or(|until| now < until)
    }
}

const COLUMNS: &str = "id, peer, url, organisation, state, direction, transport, tlp_max, purposes, parcels_per_hour, credit, \
    service_level_seconds, status, retention_days, created_at, ended_at";

/// A word that this program does not know is taken at its strictest.
fn from_row(row: &Row<'_>) -> rusqlite::Result<Link> {
    let word = |column: usize| row.get::<_, String>(column);
    let peer: String = word(1)?;
    let peer = peer.parse::<HubName>().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
    })?;
    Ok(Link {
        id: LinkId(row.get(0)?),
        peer,
        url: word(2)?,
        organisation: word(3)?,
        state: word(4)?.parse().unwrap_or(LinkState::Paused),
        terms: LinkTerms {
            direction: word(5)?.parse().unwrap_or(Direction::In),
            transport: word(6)?.parse().unwrap_or(Transport::Pulled),
            tlp_max: Tlp::ALL.get(usize::from(row.get::<_, u8>(7)?)).copied().unwrap_or(Tlp::Clear),
            purposes: word(8)?.split(' ').filter_map(|word| word.parse::<Purpose>().ok()).collect(),
            parcels_per_hour: row.get(9)?,
            credit: row.get(10)?,
            service_level_seconds: row.get(11)?,
            status: word(12)?.parse().unwrap_or(StatusLevel::None),
            retention_days: row.get(13)?,
        },
        created_at: row.get(14)?,
        ended_at: row.get(15)?,
    })
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Link>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM hub_link WHERE {condition} ORDER BY id"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read the links with other hubs")
}

/// Every link, also those that ended.
pub fn list(connection: &Connection) -> Result<Vec<Link>, StoreError> {
    select(connection, "1", [])
}

/// The links that have not ended.
pub fn standing(connection: &Connection) -> Result<Vec<Link>, StoreError> {
    select(connection, "ended_at IS NULL", [])
}

/// The links on which findings are handed over now.
pub fn sending(connection: &Connection) -> Result<Vec<Link>, StoreError> {
    Ok(standing(connection)?.into_iter().filter(Link::sends).collect())
}

/// A link by its number.
pub fn get(connection: &Connection, id: LinkId) -> Result<Option<Link>, StoreError> {
    Ok(select(connection, "id = ?1", [id.0])?.pop())
}

/// The link with a hub that has not ended.
pub fn by_peer(connection: &Connection, peer: &HubName) -> Result<Option<Link>, StoreError> {
    Ok(select(connection, "peer = ?1 AND ended_at IS NULL", [peer.as_str()])?.pop())
}

/// The link through whose sources a report came, also when it has ended.
pub fn by_source(connection: &Connection, source: SourceId) -> Result<Option<Link>, StoreError> {
    let condition = "'hub.' || peer = (SELECT CASE WHEN code LIKE '%' || ?2 THEN substr(code, 1, length(code) - length(?2)) ELSE code END
        FROM source WHERE id = ?1)";
    Ok(select(connection, condition, params![source.0, NO_LOOK_UP])?.pop())
}

/// The code of the source through which what a hub sends comes in.
pub fn source_code(peer: &HubName) -> String {
    format!("hub.{peer}")
}

/// The keys of a link, the oldest first.
pub fn keys(connection: &Connection, link: LinkId) -> Result<Vec<PinnedKey>, StoreError> {
    select_keys(connection, "link = ?1", [link.0])
}

/// The standing link and the key behind an id of a key; also one that counts no more.
pub fn by_key_id(connection: &Connection, key_id: &str) -> Result<Option<(Link, PinnedKey)>, StoreError> {
    let condition =
        "lower(hex(substr(key, 1, 8))) = ?1 AND link IN (SELECT id FROM hub_link WHERE ended_at IS NULL)";
    let Some(key) = select_keys(connection, condition, [key_id])?.pop() else { return Ok(None) };
    Ok(get(connection, key.link)?.map(|link| (link, key)))
}

fn select_keys(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<PinnedKey>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT link, key, announced_by, pinned_at, valid_until, revoked_at FROM hub_key WHERE {condition} ORDER BY pinned_at, key"
        ))
        .and_then(|mut statement| {
            let key = |row: &Row<'_>| {
                Ok(PinnedKey {
                    link: LinkId(row.get(0)?),
                    key: row.get(1)?,
                    announced_by: row.get(2)?,
                    pinned_at: row.get(3)?,
                    valid_until: row.get(4)?,
                    revoked_at: row.get(5)?,
                })
            };
            statement.query_map(arguments, key)?.collect()
        })
        .doing("read the keys of other hubs")
}

impl Store {
    /// Makes a link, with the two sources through which what the other sends comes in. `link.id` is given here.
    pub fn add_link(&mut self, act: Act<'_>, link: &Link, source: &Source) -> Result<LinkId, StoreError> {
        self.write(|transaction| add(transaction, act, link, source))
    }

    /// Writes what may change of a link: address, organisation, state and terms. `action` says what was done.
    pub fn change_link(&mut self, act: Act<'_>, link: &Link, action: Action) -> Result<(), StoreError> {
        self.write(|transaction| change(transaction, act, link, action))
    }

    /// Pins a key for a link.
    pub fn pin_hub_key(&mut self, act: Act<'_>, link: &Link, key: &PinnedKey) -> Result<(), StoreError> {
        self.write(|transaction| pin(transaction, act, link, key))
    }

    /// Forgets what went over links longer ago than was agreed: what parcels said, receipts, and messages that were taken. Gives how many.
    pub fn forget_old_parcels(&mut self, now: i64) -> Result<usize, StoreError> {
        let links = self.read(list)?;
        self.write(|transaction| {
            links.iter().try_fold(0, |count, link| {
                let before = now - i64::from(link.terms.retention_days) * 86_400;
                let parcels = parcels_out::forget(transaction, link.id, before)?;
                let questions = hub_questions::forget(transaction, link.id, before)?
                    + hub_proofs::forget(transaction, link.id, before)?;
                Ok(count + parcels + questions + hub_messages::forget(transaction, link.id, before)?)
            })
        })
    }

    /// Lets nothing that is signed by a key count any more, nor by one that was announced under it: whoever stole it may have announced one of their
    /// own. Did it count until now?
    pub fn revoke_hub_key(&mut self, act: Act<'_>, link: &Link, key: &[u8; 32]) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let revoked = transaction
                .execute(
                    "WITH RECURSIVE heir(key) AS (
                        SELECT ?2 UNION SELECT h.key FROM hub_key h JOIN heir ON h.announced_by = heir.key WHERE h.link = ?1
                     )
                     UPDATE hub_key SET revoked_at = ?3 WHERE link = ?1 AND key IN (SELECT key FROM heir) AND revoked_at IS NULL",
                    params![link.id.0, key, act.at],
                )
                .doing("revoke a key of another hub")?;
            if revoked > 0 {
                act.audit(transaction, Action::HubKeyRevoked, &subject(link), &json(&key_text(key)))?;
            }
            Ok(revoked > 0)
        })
    }
}

fn add(
    transaction: &Transaction<'_>,
    act: Act<'_>,
    link: &Link,
    source: &Source,
) -> Result<LinkId, StoreError> {
    let closed =
        Source { code: format!("{}{NO_LOOK_UP}", source.code), may_look_up: false, ..source.clone() };
    // A source of an earlier link with the same hub keeps its number.
    let number = sources::put(transaction, act, source, "")?;
    sources::put(transaction, act, &closed, "")?;
    let terms = &link.terms;
    let id = transaction
        .prepare_cached(
            "INSERT INTO hub_link (peer, url, organisation, source, state, direction, transport, tlp_max, purposes, parcels_per_hour,
                credit, service_level_seconds, status, retention_days, created_at)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
        )
        .and_then(|mut statement| {
            statement.insert(params![
                link.peer.as_str(),
                link.url,
                link.organisation,
                number.0,
                link.state.as_str(),
                terms.direction.as_str(),
                terms.transport.as_str(),
                terms.tlp_max as u8,
                purposes(terms),
                terms.parcels_per_hour,
                terms.credit,
                terms.service_level_seconds,
                terms.status.as_str(),
                terms.retention_days,
                link.created_at,
            ])
        })
        .doing("make a link")?;
    act.audit(transaction, Action::HubLinked, &subject(link), &json(link.state.as_str()))?;
    Ok(LinkId(id as u32))
}

fn purposes(terms: &LinkTerms) -> String {
    terms.purposes.iter().map(|purpose| purpose.as_str()).collect::<Vec<_>>().join(" ")
}

fn change(
    transaction: &Transaction<'_>,
    act: Act<'_>,
    link: &Link,
    action: Action,
) -> Result<(), StoreError> {
    let terms = &link.terms;
    transaction
        .prepare_cached(
            "UPDATE hub_link SET url = ?2, organisation = ?3, state = ?4, direction = ?5, transport = ?6, tlp_max = ?7, purposes = ?8,
                parcels_per_hour = ?9, credit = ?10, service_level_seconds = ?11, status = ?12, retention_days = ?13, ended_at = ?14
             WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                link.id.0,
                link.url,
                link.organisation,
                link.state.as_str(),
                terms.direction.as_str(),
                terms.transport.as_str(),
                terms.tlp_max as u8,
                purposes(terms),
                terms.parcels_per_hour,
                terms.credit,
                terms.service_level_seconds,
                terms.status.as_str(),
                terms.retention_days,
                link.ended_at,
            ])
        })
        .doing("change a link")?;
    act.audit(transaction, action, &subject(link), &json(link.state.as_str()))
}

/// As [`Store::pin_hub_key`], within a transaction. A key that was revoked stays revoked.
pub fn pin(
    transaction: &Transaction<'_>,
    act: Act<'_>,
    link: &Link,
    key: &PinnedKey,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO hub_key (link, key, announced_by, pinned_at, valid_until) VALUES (?1,?2,?3,?4,?5)
             ON CONFLICT (link, key) DO UPDATE SET valid_until = excluded.valid_until",
        )
        .and_then(|mut statement| {
            statement.execute(params![link.id.0, key.key, key.announced_by, key.pinned_at, key.valid_until])
        })
        .doing("pin a key of another hub")?;
    act.audit(transaction, Action::HubKeyPinned, &subject(link), &json(&key_text(&key.key)))
}

fn subject(link: &Link) -> String {
    format!("hub:{}", link.peer)
}

fn key_text(key: &[u8; 32]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use schakel_model::source::{SourceKind, Trust};

    use super::*;
    use crate::data_dir::DataDir;

    pub(crate) const ACT: Act<'static> = Act { at: 1_700_000_000, actor: "jan", reason: "" };

    /// A link with every term set to something.
    pub(crate) fn link(peer: &str) -> Link {
        Link {
            id: LinkId(0),
            peer: peer.parse().unwrap(),
            url: format!("https://{peer}"),
            organisation: "CERT".into(),
            state: LinkState::Active,
            terms: LinkTerms {
                direction: Direction::Both,
                transport: Transport::Push,
                tlp_max: Tlp::Amber,
                purposes: vec![Purpose::Notify, Purpose::Analyse],
                parcels_per_hour: 10_000,
                credit: 500,
                service_level_seconds: 900,
                status: StatusLevel::PerFinding,
                retention_days: 30,
            },
            created_at: ACT.at,
            ended_at: None,
        }
    }

    /// Makes that link.
    pub(crate) fn linked(store: &mut Store, peer: &str) -> Link {
        let link = link(peer);
        let source = Source {
            kind: SourceKind::Cert,
            trust: Trust::Automatic,
            ..Source::new(&source_code(&link.peer))
        };
        let id = store.add_link(ACT, &link, &source).unwrap();
        Link { id, ..link }
    }

    #[test]
    fn a_link_is_read_as_it_was_written_and_its_name_is_free_again_when_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let mut link = linked(&mut store, "a.example");
        let read = |store: &Store| store.read(|connection| by_peer(connection, &link.peer)).unwrap();
        assert_eq!(read(&store), Some(link.clone()));
        let source = |store: &Store, code: &str| {
            store.read(|connection| sources::by_code(connection, code)).unwrap().unwrap()
        };
        for (code, may_look_up) in [("hub.a.example", true), ("hub.a.example.no-look-up", false)] {
            let source = source(&store, code);
            assert_eq!(source.may_look_up, may_look_up);
            let found = store.read(|connection| by_source(connection, source.id)).unwrap();
            assert_eq!(found.map(|link| link.id), Some(link.id));
        }
        let again =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| linked(&mut store, "a.example")));
        assert!(again.is_err(), "two standing links with one hub");
        link.state = LinkState::Ended;
        link.ended_at = Some(ACT.at + 1);
        store.change_link(ACT, &link, Action::HubLinkEnded).unwrap();
        assert_eq!(store.read(|connection| by_peer(connection, &link.peer)).unwrap(), None);
        assert_ne!(linked(&mut store, "a.example").id, link.id);
        assert_eq!(store.read(list).unwrap().len(), 2);
    }

    #[test]
    fn a_key_counts_until_it_ends_or_is_revoked_and_never_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let link = linked(&mut store, "a.example");
        let key = PinnedKey {
            link: link.id,
            key: [0xab; 32],
            announced_by: None,
            pinned_at: 10,
            valid_until: Some(20),
            revoked_at: None,
        };
        store.pin_hub_key(ACT, &link, &key).unwrap();
        let read = |store: &Store| {
            store.read(|connection| by_key_id(connection, "abababababababab")).unwrap().unwrap()
        };
        assert_eq!(read(&store), (link.clone(), key));
        assert!(key.counts(19) && !key.counts(20));
        assert_eq!(store.read(|connection| by_key_id(connection, "00ababababababab")).unwrap(), None);
        // One that was announced under it, and one under that, go with it; another stays.
        let heir = |key: u8, by: Option<u8>| PinnedKey {
            link: link.id,
            key: [key; 32],
            announced_by: by.map(|by| [by; 32]),
            pinned_at: 11,
            valid_until: None,
            revoked_at: None,
        };
        for key in [heir(1, Some(0xab)), heir(2, Some(1)), heir(3, None)] {
            store.pin_hub_key(ACT, &link, &key).unwrap();
        }
        assert!(store.revoke_hub_key(ACT, &link, &key.key).unwrap());
        let counting: Vec<u8> = store
            .read(|connection| keys(connection, link.id))
            .unwrap()
            .iter()
            .filter(|key| key.counts(12))
            .map(|key| key.key[0])
            .collect();
        assert_eq!(counting, [3]);
        assert!(!store.revoke_hub_key(ACT, &link, &key.key).unwrap());
        store.pin_hub_key(ACT, &link, &PinnedKey { valid_until: None, ..key }).unwrap();
        assert!(!read(&store).1.counts(11));
    }
}
