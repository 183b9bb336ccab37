//! Findings on their way to other hubs. A notification that hands over has one parcel for each of its findings instead of messages; when the
//! last of them is answered, its assignments get their fates. All of that in the transaction that records the receipts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    fate::Fate,
    hub::{FindingKeyOnLink, HubName, OutgoingParcel, ParcelId, ParcelState, ReceiptOutcome, Withheld},
    ids::{FindingId, LinkId, NotificationId, ReportId},
};
use schakel_rules::handover::{AfterReceipt, Lately, after_receipt, was_taken};

use crate::{
    Store, StoreError,
    chunks::{self, Blocks},
    error::DatabaseContext,
    id_list,
    outbox::{NewNotification, set_fate},
    parcel_queues,
    split::split,
    transaction::Transaction,
};

/// A notification that another hub tells, about to be stored.
pub struct NewHandover {
    /// The notification, without messages.
    pub notice: NewNotification,
    /// Its findings, one parcel each.
    pub parcels: Vec<OutgoingParcel>,
}

/// What a hub says of a parcel of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeardReceipt {
    /// Which.
    pub parcel: ParcelId,
    /// What it says.
    pub outcome: ReceiptOutcome,
    /// The signed line, kept as proof.
    pub line: Vec<u8>,
}

/// What receipts came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// How many said something new.
    pub counted: u64,
    /// Those that named no parcel of this link.
    pub unknown: u64,
    /// What is not the other's, by the notification that handed it over.
    pub not_mine: BTreeMap<NotificationId, Vec<FindingId>>,
}

/// A parcel of ours as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SentParcel {
    /// Its link.
    pub link: LinkId,
    /// Its name.
    pub id: ParcelId,
    /// The finding it tells.
    pub finding: FindingId,
    /// How the finding is called there.
    pub key: FindingKeyOnLink,
    /// Grows with each parcel about the same finding on this link.
    pub revision: u32,
    /// What handed it over.
    pub notification: NotificationId,
    /// How far it has come.
    pub state: ParcelState,
    /// What the receipt says.
    pub outcome: Option<ReceiptOutcome>,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// When it was last sent.
    pub sent_at: Option<i64>,
    /// When it was answered.
    pub answered_at: Option<i64>,
    /// Why it is not sent.
    pub withheld: Option<Withheld>,
}

impl Store {
    /// Stores what is handed over: notifications, assignments and parcels in one transaction.
    pub fn hand_over(&mut self, new: Vec<NewHandover>, at: i64) -> Result<(), StoreError> {
        let (notices, parcels): (Vec<_>, Vec<_>) =
            new.into_iter().map(|one| (one.notice, one.parcels)).unzip();
        self.store_notifications_and(&notices, at, |transaction| {
            parcels.iter().flatten().try_for_each(|parcel| insert(transaction, parcel))
        })
    }

    /// Records receipts of a link, with what follows for the assignments that they are about.
    pub fn hear_receipts(
        &mut self,
        at: i64,
        link: LinkId,
        receipts: &[HeardReceipt],
    ) -> Result<Heard, StoreError> {
        self.write(|transaction| {
            let mut heard = Heard::default();
            let mut touched = BTreeSet::new();
            for receipt in receipts {
                hear(transaction, at, link, receipt, &mut heard, &mut touched)?;
            }
            touched.into_iter().try_for_each(|notification| settle(transaction, at, notification))?;
            Ok(heard)
        })
    }

    /// Gives up what waits for links that have ended, and gives their fates to assignments of which no parcel is under way any more. Gives how many
    /// notifications those were.
    pub fn settle_handovers(&mut self, at: i64) -> Result<u64, StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE parcel_out SET state = ?1 WHERE state IN (0, 1)
                        AND link IN (SELECT id FROM hub_link WHERE ended_at IS NOT NULL)",
                )
                .and_then(|mut statement| statement.execute([ParcelState::GivenUp as u8]))
                .doing("give up what a link carries no more")?;
            let loose = loose(transaction)?;
            loose.iter().try_for_each(|notification| settle(transaction, at, *notification))?;
            Ok(loose.len() as u64)
        })
    }
}

/// Stores a parcel that waits for its turn.
pub(crate) fn insert(transaction: &Transaction<'_>, parcel: &OutgoingParcel) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO parcel_out (link, parcel, class, finding, key, revision, notification, body, created_at, state, attempts, next_at,
                withheld)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,0,0,?9,?10)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                parcel.link.0,
                parcel.id.0,
                parcel.class as u8,
                parcel.finding.0,
                parcel.key.0,
                parcel.revision,
                parcel.notification.0,
                parcel.body,
                parcel.created_at,
                parcel.withheld.map(Withheld::as_str)
            ])
        })
        .doing("store a parcel")
        .map(|_| ())
}

/// What was not sent yet and is taken back does not leave.
pub(crate) fn take_back(
    transaction: &Transaction<'_>,
    notification: NotificationId,
    findings: &[FindingId],
) -> Result<(), StoreError> {
    for finding in findings {
        transaction
            .prepare_cached(
                "UPDATE parcel_out SET state = ?3 WHERE notification = ?1 AND finding = ?2 AND state = ?4",
            )
            .and_then(|mut statement| {
                let (gone, waiting) = (ParcelState::GivenUp as u8, ParcelState::Waiting as u8);
                statement.execute(params![notification.0, finding.0, gone, waiting])
            })
            .doing("keep a parcel from leaving")?;
    }
    Ok(())
}

/// Notifications with assignments that wait for parcels of which none is under way.
fn loose(connection: &Connection) -> Result<Vec<NotificationId>, StoreError> {
    connection
        .prepare_cached(
            "SELECT DISTINCT b.reference FROM assignment_block b JOIN notification n ON n.id = b.reference
             WHERE b.fate = 1 AND n.kind = 'handover'
                AND NOT EXISTS (SELECT 1 FROM parcel_out p WHERE p.notification = b.reference AND p.state IN (0, 1) AND p.outcome IS NOT 'deferred')
                AND NOT EXISTS (SELECT 1 FROM parcel_out p WHERE p.notification = b.reference AND p.state IN (0, 1))",
        )
        .and_then(|mut statement| statement.query_map([], |row| row.get(0).map(NotificationId))?.collect())
        .doing("find what is handed over")
}

fn hear(
    transaction: &Transaction<'_>,
    at: i64,
    link: LinkId,
    receipt: &HeardReceipt,
    heard: &mut Heard,
    touched: &mut BTreeSet<NotificationId>,
) -> Result<(), StoreError> {
    let known = transaction
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, attempts FROM parcel_out WHERE link = ?1 AND parcel = ?2"
        ))
        .and_then(|mut statement| {
            let read = |row: &Row<'_>| Ok((from_row(row)?, row.get::<_, u32>(COLUMN_COUNT)?));
            statement.query_row(params![link.0, receipt.parcel.0], read).optional()
        })
        .doing("find a parcel")?;
    let Some((parcel, attempts)) = known else {
        heard.unknown += 1;
        return Ok(());
    };
    match after_receipt(parcel.state, parcel.outcome, receipt.outcome, attempts, at) {
        // Said again: what follows from it may have been cut off by a crash.
        AfterReceipt::Nothing
            if (parcel.outcome, receipt.outcome)
                == (Some(ReceiptOutcome::NotMine), ReceiptOutcome::NotMine) =>
        {
            heard.not_mine.entry(parcel.notification).or_default().push(parcel.finding);
            return Ok(());
        }
        AfterReceipt::Nothing => return Ok(()),
        AfterReceipt::Again(next_at) => {
            transaction
                .prepare_cached(
                    "UPDATE parcel_out SET state = ?3, next_at = ?4, receipt = ?6,
                        outcome = CASE WHEN outcome IN ('accepted', 'duplicate') THEN outcome ELSE ?5 END WHERE link = ?1 AND parcel = ?2",
                )
                .and_then(|mut statement| {
                    statement.execute(params![
                        link.0,
                        receipt.parcel.0,
                        ParcelState::Waiting as u8,
                        next_at,
                        receipt.outcome.as_str(),
                        receipt.line
                    ])
                })
                .doing("record a receipt")?;
            touched.insert(parcel.notification);
        }
        AfterReceipt::Answered(outcome) => {
            let reason = match outcome {
                ReceiptOutcome::Rejected(reason) => reason.as_str(),
                _ => "",
            };
            transaction
                .prepare_cached(
                    "UPDATE parcel_out SET state = ?3, outcome = ?4, reason = ?5, receipt = ?6, answered_at = ?7
                     WHERE link = ?1 AND parcel = ?2",
                )
                .and_then(|mut statement| {
                    statement.execute(params![
                        link.0,
                        receipt.parcel.0,
                        ParcelState::Answered as u8,
                        outcome.as_str(),
                        reason,
                        receipt.line,
                        at
                    ])
                })
                .doing("record a receipt")?;
            touched.insert(parcel.notification);
            if outcome == ReceiptOutcome::NotMine {
                heard.not_mine.entry(parcel.notification).or_default().push(parcel.finding);
            }
        }
    }
    heard.counted += 1;
    Ok(())
}

/// Gives the assignments of a notification their fates once none of its parcels waits for a first word: not before, so that they are split once. What is
/// deferred stays queued by itself.
fn settle(transaction: &Transaction<'_>, at: i64, notification: NotificationId) -> Result<(), StoreError> {
    if parcel_queues::waits_for_a_first_word(transaction, notification)? {
        return Ok(());
    }
    let parcels = of_notification(transaction, notification)?;
    // What is under way still, was deferred.
    let is_deferred = |parcel: &SentParcel| matches!(parcel.state, ParcelState::Waiting | ParcelState::Sent);
    let mut ends: HashMap<FindingId, Option<(Fate, String)>> = HashMap::with_capacity(parcels.len());
    for parcel in &parcels {
        let end =
            if is_deferred(parcel) { None } else { Some(end(parcel, &peer(transaction, parcel.link)?)) };
        ends.insert(parcel.finding, end);
    }
    let lost = Some((Fate::Undeliverable, "its parcel is gone".to_owned()));
    for block in chunks::blocks(transaction, &Blocks::OfNotification(notification.0))? {
        if block.fate != Fate::Queued {
            continue;
        }
        let mut parts: BTreeMap<&Option<(Fate, String)>, Vec<FindingId>> = BTreeMap::new();
        for finding in id_list::decode(&block.findings) {
            parts.entry(ends.get(&finding).unwrap_or(&lost)).or_default().push(finding);
        }
        // The largest part stays where it is.
        let mut parts: Vec<_> = parts.into_iter().collect();
        parts.sort_by_key(|(_, findings)| findings.len());
        let mut left: Vec<FindingId> = id_list::decode(&block.findings).collect();
        while let Some((end, findings)) = (!parts.is_empty()).then(|| parts.remove(0)) {
            let part = match parts.is_empty() {
                true => block.id,
                false => {
                    left.retain(|finding| findings.binary_search(finding).is_err());
                    split(transaction, block.id, &findings, &left)?
                }
            };
            if let Some((fate, reason)) = end {
                set_fate(transaction, at, part, *fate, Some(notification.0), reason)?;
            }
        }
    }
    Ok(())
}

fn end(parcel: &SentParcel, peer: &str) -> (Fate, String) {
    match (parcel.state, parcel.outcome) {
        (ParcelState::Answered, Some(outcome))
            if was_taken(outcome) || outcome == ReceiptOutcome::NotMine =>
        {
            (Fate::HandedOver, format!("handed over to {peer}"))
        }
        (ParcelState::Answered, Some(ReceiptOutcome::Rejected(reason))) => {
            (Fate::Undeliverable, format!("{peer} refuses it: {reason}"))
        }
        _ => (Fate::Undeliverable, format!("the link with {peer} has ended")),
    }
}

fn peer(connection: &Connection, link: LinkId) -> Result<String, StoreError> {
    connection
        .prepare_cached("SELECT peer FROM hub_link WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([link.0], |row| row.get(0)).optional())
        .doing("read the name of a hub")
        .map(|name| name.unwrap_or_else(|| format!("link {link}")))
}

const COLUMNS: &str = "link, parcel, finding, key, revision, notification, state, outcome, reason, created_at, sent_at, answered_at, withheld";
const COLUMN_COUNT: usize = 13;

fn from_row(row: &Row<'_>) -> rusqlite::Result<SentParcel> {
    let (state, outcome): (u8, Option<String>) = (row.get(6)?, row.get(7)?);
    let reason: Option<String> = row.get(8)?;
    Ok(SentParcel {
        link: LinkId(row.get(0)?),
        id: ParcelId(row.get(1)?),
        finding: FindingId(row.get(2)?),
        key: FindingKeyOnLink(row.get(3)?),
        revision: row.get(4)?,
        notification: NotificationId(row.get(5)?),
        state: ParcelState::ALL
            .iter()
            .copied()
            .find(|one| *one as u8 == state)
            .unwrap_or(ParcelState::GivenUp),
        outcome: outcome.and_then(|word| ReceiptOutcome::read(&word, reason.as_deref().unwrap_or("")).ok()),
        created_at: row.get(9)?,
        sent_at: row.get(10)?,
        answered_at: row.get(11)?,
        withheld: row.get::<_, Option<String>>(12)?.and_then(|word| word.parse().ok()),
    })
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<SentParcel>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM parcel_out WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read parcels")
}

/// The parcels of a notification.
pub fn of_notification(
    connection: &Connection,
    notification: NotificationId,
) -> Result<Vec<SentParcel>, StoreError> {
    select(connection, "notification = ?1 ORDER BY id", [notification.0])
}

/// A parcel of a link by its name.
pub fn by_name(
    connection: &Connection,
    link: LinkId,
    parcel: ParcelId,
) -> Result<Option<SentParcel>, StoreError> {
    Ok(select(connection, "link = ?1 AND parcel = ?2", params![link.0, parcel.0])?.pop())
}

/// The parcels of a link about a finding, the first first.
pub fn of_finding(
    connection: &Connection,
    link: LinkId,
    finding: FindingId,
) -> Result<Vec<SentParcel>, StoreError> {
    select(connection, "link = ?1 AND finding = ?2 ORDER BY revision", params![link.0, finding.0])
}

/// The newest parcel of a link about the finding that is called so there.
pub fn by_key(
    connection: &Connection,
    link: LinkId,
    key: FindingKeyOnLink,
) -> Result<Option<SentParcel>, StoreError> {
    Ok(select(connection, "link = ?1 AND key = ?2 ORDER BY revision DESC LIMIT 1", params![link.0, key.0])?
        .pop())
}

/// What each notification that handed over has come to: how many of its parcels wait for a receipt.
pub fn under_way(connection: &Connection, notification: NotificationId) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT count(*) FROM parcel_out WHERE notification = ?1 AND state IN (0, 1)")
        .and_then(|mut statement| statement.query_row([notification.0], |row| row.get::<_, i64>(0)))
        .map(|count| count as u64)
        .doing("count parcels")
}

/// How many hubs have said of each finding that was handed over that it is not theirs.
pub fn bounces(connection: &Connection, finding: FindingId) -> Result<u32, StoreError> {
    connection
        .prepare_cached(
            "SELECT count(DISTINCT link) FROM parcel_out WHERE finding = ?1 AND outcome = 'not_mine'",
        )
        .and_then(|mut statement| statement.query_row([finding.0], |row| row.get(0)))
        .doing("count who sent a finding back")
}

/// What a link has said of parcels since a time.
pub fn lately(connection: &Connection, link: LinkId, since: i64) -> Result<Lately, StoreError> {
    connection
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE outcome = 'not_mine') FROM parcel_out
             WHERE link = ?1 AND answered_at >= ?2",
        )
        .and_then(|mut statement| {
            statement.query_row(params![link.0, since], |row| {
                Ok(Lately { answered: row.get::<_, i64>(0)? as u64, not_mine: row.get::<_, i64>(1)? as u64 })
            })
        })
        .doing("count what a hub sends back")
}

/// Notifications that handed findings over.
pub fn notifications(connection: &Connection) -> Result<BTreeSet<NotificationId>, StoreError> {
    connection
        .prepare_cached("SELECT id FROM notification WHERE kind = 'handover'")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0).map(NotificationId))?.collect())
        .doing("read what was handed over")
}

/// The hubs that rows of a report passed to get here, the last one last. Rows that came from no hub are left out.
pub fn paths(
    connection: &Connection,
    report: ReportId,
    rows: std::ops::Range<u32>,
) -> Result<HashMap<u32, Vec<HubName>>, StoreError> {
    let found: Vec<(u32, String)> = connection
        .prepare_cached("SELECT row, path FROM parcel_in WHERE report = ?1 AND row >= ?2 AND row < ?3")
        .and_then(|mut statement| {
            statement
                .query_map(params![report.0, rows.start, rows.end], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .doing("read by which hubs rows came")?;
    let names = |path: &str| path.split(' ').filter_map(|name| name.parse().ok()).collect();
    Ok(found.into_iter().map(|(row, path)| (row, names(&path))).collect())
}

/// The parcels about a finding that were made for a link: the revision of each, and when it was made, in seconds since 1970.
pub fn made(
    connection: &Connection,
    link: LinkId,
    finding: FindingId,
) -> Result<Vec<(u32, i64)>, StoreError> {
    connection
        .prepare_cached(
            "SELECT revision, created_at FROM parcel_out WHERE link = ?1 AND finding = ?2 ORDER BY revision",
        )
        .and_then(|mut statement| {
            let parcels =
                statement.query_map(params![link.0, finding.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            parcels.collect()
        })
        .doing("read when parcels were made")
}
