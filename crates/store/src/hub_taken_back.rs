//! What was handed over and then taken back: by us, to be said to the hub that has it, and by other hubs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, Row, params};
use schakel_model::{
    hub::{FindingKeyOnLink, ReceiptOutcome, TakeBack},
    ids::{FindingId, LinkId, ReportId},
};
use schakel_rules::handover::was_taken;

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    chunks::{self, Blocks},
    corrections,
    error::DatabaseContext,
    handovers::{self, SentParcel},
    hub_status::Told,
    id_list,
    transaction::Transaction,
};

/// What is taken back before it comes is remembered for so long, in seconds: lines that overtake each other do so by hours at the most.
const EARLY_SECONDS: i64 = 7 * 86_400;

/// And so many of a link.
const EARLY_MAX: i64 = 10_000;

/// What corrections behind this one took back of what hubs have, with the last correction: each finding with its newest parcel on the link.
pub fn since(connection: &Connection, after: u32) -> Result<(u32, Vec<SentParcel>), StoreError> {
    let mut gone: BTreeMap<(LinkId, FindingId), SentParcel> = BTreeMap::new();
    let mut last = after;
    for correction in corrections::list(connection)?.into_iter().filter(|one| one.id > after) {
        last = last.max(correction.id);
        for withdrawn in corrections::withdrawn(connection, correction.id)? {
            let Some(notification) = withdrawn.told_by else { continue };
            let parcels = handovers::of_notification(connection, notification)?;
            let Some(block) = chunks::block(connection, withdrawn.block)?.filter(|_| !parcels.is_empty())
            else {
                continue;
            };
            // What is still told in another role stays.
            let standing: BTreeSet<FindingId> =
                chunks::blocks(connection, &Blocks::OfNotification(notification.0))?
                    .iter()
                    .flat_map(|block| id_list::decode(&block.findings).collect::<Vec<_>>())
                    .collect();
            for finding in id_list::decode(&block.findings).filter(|finding| !standing.contains(finding)) {
                let Some(parcel) = parcels.iter().find(|parcel| parcel.finding == finding) else { continue };
                let newest = handovers::of_finding(connection, parcel.link, finding)?.pop();
                // What never left, or was sent back, is not taken back.
                let stays = |one: &SentParcel| {
                    one.outcome
                        .is_none_or(|outcome| was_taken(outcome) || outcome == ReceiptOutcome::Deferred)
                };
                let left = newest.filter(|newest| newest.sent_at.is_some() && stays(newest));
                gone.extend(left.map(|newest| ((newest.link, finding), newest)));
            }
        }
    }
    Ok((last, gone.into_values().collect()))
}

/// A finding that another hub handed over and took back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TakenBack {
    /// The link.
    pub link: LinkId,
    /// The finding.
    pub finding: FindingId,
    /// When, as the other hub says, in seconds since 1970: what it handed over later counts.
    pub at: i64,
    /// What became of it; `None`: it is to be carried out.
    pub outcome: Option<TakeBack>,
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<TakenBack>, StoreError> {
    let read = |row: &Row<'_>| {
        let outcome: Option<String> = row.get(3)?;
        Ok(TakenBack {
            link: LinkId(row.get(0)?),
            finding: FindingId(row.get(1)?),
            at: row.get(2)?,
            outcome: outcome.map(|word| word.parse().unwrap_or(TakeBack::Noted)),
        })
    };
    connection
        .prepare_cached(&format!("SELECT link, finding, at, outcome FROM hub_taken_back WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, read)?.collect())
        .doing("read what hubs took back")
}

/// By which hubs a finding was taken back that they handed over.
pub fn of_finding(connection: &Connection, finding: FindingId) -> Result<Vec<TakenBack>, StoreError> {
    select(connection, "finding = ?1 ORDER BY at", [finding.0])
}

/// What is to be carried out, at most `limit`.
pub fn to_carry_out(connection: &Connection, limit: usize) -> Result<Vec<TakenBack>, StoreError> {
    select(connection, "outcome IS NULL ORDER BY link, finding LIMIT ?1", [limit as i64])
}

/// What waits for a person.
pub fn for_desk(connection: &Connection) -> Result<Vec<TakenBack>, StoreError> {
    select(connection, "outcome = 'for_desk' ORDER BY link, finding", [])
}

/// How many findings a link was heard to take back since a time, by our clock, and how many parcels came over it that are kept.
pub fn lately(connection: &Connection, link: LinkId, since: i64) -> Result<(u64, u64), StoreError> {
    let count = |query: &str, arguments: &[&dyn rusqlite::ToSql]| {
        connection
            .prepare_cached(query)
            .and_then(|mut statement| statement.query_row(arguments, |row| row.get::<_, i64>(0)))
            .map(|count| count as u64)
            .doing("count what a hub took back")
    };
    Ok((
        count("SELECT count(*) FROM hub_taken_back WHERE link = ?1 AND heard_at >= ?2", &[&link.0, &since])?,
        count("SELECT count(*) FROM parcel_in WHERE link = ?1", &[&link.0])?,
    ))
}

/// The rows that count no more, because the hub that handed them over took them back.
pub fn rows(connection: &Connection) -> Result<HashMap<ReportId, BTreeSet<u32>>, StoreError> {
    let mut rows: HashMap<ReportId, BTreeSet<u32>> = HashMap::new();
    let found: Vec<(u32, u32)> = connection
        .prepare_cached(
            "SELECT p.report, p.row FROM hub_taken_back t JOIN parcel_in p ON p.finding = t.finding AND p.link = t.link
             WHERE p.finding >= 0 AND p.made_at <= t.at AND (t.outcome IS NULL OR t.outcome IN ('withdrawn', 'shown_by_others'))",
        )
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .doing("read what hubs took back")?;
    for (report, row) in found {
        rows.entry(ReportId(report)).or_default().insert(row);
    }
    Ok(rows)
}

impl Store {
    /// Says to hubs what is taken back, up to this correction.
    pub fn say_taken_back(&mut self, at: i64, told: &[Told], mark: (&str, u32)) -> Result<(), StoreError> {
        self.tell_hubs(at, told, &[(mark.0.to_owned(), mark.1.to_string())])
    }

    /// Notes what another hub takes back, so that it is carried out; also what is not here yet. Gives the findings of which that is new.
    pub fn hear_taken_back(
        &mut self,
        act: &Act<'_>,
        link: LinkId,
        keys: &[(FindingKeyOnLink, i64)],
    ) -> Result<BTreeSet<FindingId>, StoreError> {
        self.write(|transaction| {
            let mut new = BTreeSet::new();
            for (key, at) in keys {
                let told: Vec<(Option<i64>, i64)> = transaction
                    .prepare_cached("SELECT finding, made_at FROM parcel_in WHERE link = ?1 AND key = ?2")
                    .and_then(|mut statement| {
                        statement
                            .query_map(params![link.0, key.0], |row| Ok((row.get(0)?, row.get(1)?)))?
                            .collect()
                    })
                    .doing(DOING)?;
                let is_to_come = told.iter().all(|(finding, _)| finding.is_none());
                if is_to_come {
                    note_early(transaction, link, *key, *at, act.at)?;
                }
                // What was handed over later is not meant.
                let meant: BTreeSet<u32> = told
                    .into_iter()
                    .filter(|(_, made_at)| made_at <= at)
                    .filter_map(|(finding, _)| finding.and_then(|finding| u32::try_from(finding).ok()))
                    .collect();
                for finding in meant {
                    if note(transaction, act, link, FindingId(finding), *at)? {
                        new.insert(FindingId(finding));
                    }
                }
            }
            Ok(new)
        })
    }

    /// What was taken back before it was here, and is here now.
    pub fn meet_early_take_backs(&mut self, act: &Act<'_>) -> Result<usize, StoreError> {
        let met = |connection: &Connection| {
            connection
                .prepare_cached(
                    "SELECT e.link, e.key, e.at, p.finding FROM hub_taken_back_early e JOIN parcel_in p ON p.link = e.link AND p.key = e.key
                     WHERE p.finding IS NOT NULL AND p.made_at <= e.at",
                )
                .and_then(|mut statement| {
                    let read = |row: &Row<'_>| -> rusqlite::Result<(u32, Vec<u8>, i64, i64)> {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                    };
                    statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()
                })
                .doing(DOING)
        };
        // Nearly always there is none, and nothing is written.
        if self.read(met)?.is_empty() {
            return Ok(0);
        }
        self.write(|transaction| {
            let all = met(transaction)?;
            for (link, key, at, finding) in &all {
                if let Ok(finding) = u32::try_from(*finding) {
                    note(transaction, act, LinkId(*link), FindingId(finding), *at)?;
                }
                transaction
                    .prepare_cached("DELETE FROM hub_taken_back_early WHERE link = ?1 AND key = ?2")
                    .and_then(|mut statement| statement.execute(params![link, key]))
                    .doing(DOING)?;
            }
            Ok(all.len())
        })
    }

    /// Says what became of what hubs took back. With an action, because a person decided so.
    pub fn settle_take_backs(
        &mut self,
        act: &Act<'_>,
        settled: &[TakenBack],
        action: Option<Action>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            for one in settled {
                let outcome = one.outcome.map(TakeBack::as_str);
                transaction
                    .prepare_cached(
                        "UPDATE hub_taken_back SET outcome = ?3 WHERE link = ?1 AND finding = ?2 AND at = ?4",
                    )
                    .and_then(|mut statement| {
                        statement.execute(params![one.link.0, one.finding.0, outcome, one.at])
                    })
                    .doing(DOING)?;
                if let Some(action) = action {
                    let detail = json(outcome.unwrap_or("carry_out"));
                    act.audit(transaction, action, &format!("finding:{}", one.finding), &detail)?;
                }
            }
            Ok(())
        })
    }
}

const DOING: &str = "note what a hub took back";

/// Notes it; what was noted before counts again when something came in between. Gives whether it is new.
fn note(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    link: LinkId,
    finding: FindingId,
    at: i64,
) -> Result<bool, StoreError> {
    let changed = transaction
        .prepare_cached(
            "INSERT INTO hub_taken_back (link, finding, at, heard_at) VALUES (?1,?2,?3,?4) ON CONFLICT (link, finding) DO UPDATE
                SET at = excluded.at, heard_at = excluded.heard_at, outcome = NULL
                WHERE EXISTS (SELECT 1 FROM parcel_in p WHERE p.link = ?1 AND p.finding = ?2 AND p.finding >= 0
                    AND p.made_at > hub_taken_back.at AND p.made_at <= excluded.at)",
        )
        .and_then(|mut statement| statement.execute(params![link.0, finding.0, at, act.at]))
        .doing(DOING)?;
    if changed > 0 {
        let detail = json("taken back by the hub that handed it over");
        act.audit(transaction, Action::HubTookBack, &format!("finding:{finding}"), &detail)?;
    }
    Ok(changed > 0)
}

/// Remembers it for a while, as far as there is room: a hub that takes back what it never hands over fills no disk.
fn note_early(
    transaction: &Transaction<'_>,
    link: LinkId,
    key: FindingKeyOnLink,
    at: i64,
    now: i64,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM hub_taken_back_early WHERE link = ?1 AND heard_at < ?2")
        .and_then(|mut statement| statement.execute(params![link.0, now - EARLY_SECONDS]))
        .doing(DOING)?;
    transaction
        .prepare_cached(
            "INSERT INTO hub_taken_back_early SELECT ?1, ?2, ?3, ?4
                WHERE (SELECT count(*) FROM hub_taken_back_early WHERE link = ?1) < ?5
             ON CONFLICT (link, key) DO UPDATE SET at = max(at, excluded.at)",
        )
        .and_then(|mut statement| statement.execute(params![link.0, key.0, at, now, EARLY_MAX]))
        .doing(DOING)
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{data_dir::DataDir, hubs::tests::linked};

    #[test]
    fn what_was_never_handed_over_is_remembered_for_a_while_and_not_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let link = linked(&mut store, "a.example").id;
        let mut hear = |now, from: u32, count: u32| {
            let keys: Vec<_> = (from..from + count)
                .map(|nth| {
                    let mut key = [0; 16];
                    key[..4].copy_from_slice(&nth.to_le_bytes());
                    (FindingKeyOnLink(key), now)
                })
                .collect();
            let act = Act { at: now, actor: "test", reason: "" };
            assert!(store.hear_taken_back(&act, link, &keys).unwrap().is_empty());
            assert_eq!(store.meet_early_take_backs(&act).unwrap(), 0);
            store
                .read(|connection| {
                    connection
                        .query_row("SELECT count(*) FROM hub_taken_back_early", [], |row| {
                            row.get::<_, i64>(0)
                        })
                        .doing("count")
                })
                .unwrap()
        };
        assert_eq!(hear(1_000, 0, 5), 5);
        assert_eq!(hear(1_001, 0, 5), 5, "the same again");
        assert_eq!(hear(1_002, 5, EARLY_MAX as u32 + 10), EARLY_MAX);
        assert_eq!(hear(1_003 + EARLY_SECONDS, 90_000, 1), 1);
    }
}
