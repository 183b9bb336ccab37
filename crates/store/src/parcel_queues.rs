//! How much of what we hand over is under way: asked all the time, also when half a million parcels wait. So it is answered by indexes that hold what is
//! under way and nothing else, and that hold all that is asked.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{
    hub::{HubName, Link, LinkState, ParcelClass, ParcelState},
    ids::{LinkId, NotificationId},
};

use crate::{StoreError, error::DatabaseContext, hubs};

/// What of a class waits for its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The class.
    pub class: ParcelClass,
    /// How many.
    pub count: u64,
    /// When the oldest was made, in seconds since 1970.
    pub oldest_at: Option<i64>,
}

/// Parcels that a link has not answered in time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Late {
    /// The link.
    pub link: LinkId,
    /// Its hub.
    pub peer: HubName,
    /// How many.
    pub count: u64,
    /// When the oldest was made, in seconds since 1970.
    pub oldest_at: i64,
}

const COUNT: &str = "SELECT count(*) FROM parcel_out INDEXED BY parcel_out_under_way
    WHERE link = ?1 AND state = ?2 AND state IN (0, 1) AND class = ?3";

const OLDEST: &str = "SELECT created_at FROM parcel_out INDEXED BY parcel_out_under_way
    WHERE link = ?1 AND state = ?2 AND state IN (0, 1) AND class = ?3 ORDER BY created_at LIMIT 1";

const LATE: &str = "SELECT count(*), min(created_at) FROM parcel_out INDEXED BY parcel_out_under_way
    WHERE link = ?1 AND state = ?2 AND state IN (0, 1) AND class = ?3 AND created_at <= ?4 AND answered_at IS NULL";

const FIRST_WORD: &str = "SELECT EXISTS (SELECT 1 FROM parcel_out INDEXED BY parcel_out_first_word
    WHERE notification = ?1 AND state IN (0, 1) AND outcome IS NOT 'deferred')";

/// What waits on a link, by class. Also what is not due yet.
pub fn waiting(connection: &Connection, link: LinkId) -> Result<Vec<Waiting>, StoreError> {
    let mut all = Vec::with_capacity(ParcelClass::ALL.len());
    for class in ParcelClass::ALL.iter().copied() {
        let arguments = params![link.0, ParcelState::Waiting as u8, class as u8];
        let oldest_at = connection
            .prepare_cached(OLDEST)
            .and_then(|mut statement| statement.query_row(arguments, |row| row.get(0)).optional())
            .doing("look how long parcels wait")?;
        all.push(Waiting { class, count: count(connection, link, ParcelState::Waiting, class)?, oldest_at });
    }
    Ok(all)
}

/// Parcels of a link that were sent and have no receipt.
pub fn without_receipt(connection: &Connection, link: LinkId) -> Result<u64, StoreError> {
    ParcelClass::ALL.iter().map(|class| count(connection, link, ParcelState::Sent, *class)).sum()
}

fn count(
    connection: &Connection,
    link: LinkId,
    state: ParcelState,
    class: ParcelClass,
) -> Result<u64, StoreError> {
    connection
        .prepare_cached(COUNT)
        .and_then(|mut statement| {
            statement.query_row(params![link.0, state as u8, class as u8], |row| row.get::<_, i64>(0))
        })
        .map(|count| count as u64)
        .doing("count parcels under way")
}

/// The links that do their work and have not answered everything within their service level. What was answered and is to be sent again is not late.
pub fn late(connection: &Connection, now: i64) -> Result<Vec<Late>, StoreError> {
    let mut all = Vec::new();
    for link in hubs::standing(connection)?.into_iter().filter(|link| link.state == LinkState::Active) {
        all.extend(late_of(connection, &link, now)?);
    }
    Ok(all)
}

fn late_of(connection: &Connection, link: &Link, now: i64) -> Result<Option<Late>, StoreError> {
    let before = now - i64::from(link.terms.service_level_seconds);
    let mut late: Option<Late> = None;
    for state in [ParcelState::Waiting, ParcelState::Sent] {
        for class in ParcelClass::ALL {
            let (count, oldest): (i64, Option<i64>) = connection
                .prepare_cached(LATE)
                .and_then(|mut statement| {
                    let arguments = params![link.id.0, state as u8, *class as u8, before];
                    statement.query_row(arguments, |row| Ok((row.get(0)?, row.get(1)?)))
                })
                .doing("count late receipts")?;
            let Some(oldest_at) = oldest else { continue };
            let sum =
                late.get_or_insert(Late { link: link.id, peer: link.peer.clone(), count: 0, oldest_at });
            sum.count += count as u64;
            sum.oldest_at = sum.oldest_at.min(oldest_at);
        }
    }
    Ok(late)
}

/// Does a parcel of this notification wait for the first word of the other hub? What was deferred had one.
pub(crate) fn waits_for_a_first_word(
    connection: &Connection,
    notification: NotificationId,
) -> Result<bool, StoreError> {
    connection
        .prepare_cached(FIRST_WORD)
        .and_then(|mut statement| statement.query_row([notification.0], |row| row.get(0)))
        .doing("look what waits for a receipt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, data_dir::DataDir};

    #[test]
    fn half_a_million_parcels_are_counted_without_reading_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::new(folder.path())).unwrap();
        for query in [COUNT, OLDEST, LATE] {
            let plan = store
                .read(|connection| {
                    connection
                        .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
                        .and_then(|mut statement| {
                            statement
                                .query_map(
                                    params![1, 1, 1, 1][..statement_arguments(query)].as_ref(),
                                    |row| row.get::<_, String>(3),
                                )?
                                .collect::<Result<Vec<_>, _>>()
                        })
                        .doing("explain")
                })
                .unwrap();
            assert_eq!(plan.len(), 1, "{plan:?}");
            assert!(
                plan[0].contains("COVERING INDEX parcel_out_under_way (link=? AND state=? AND class=?"),
                "{plan:?}"
            );
        }
        assert!(store.read(|connection| waits_for_a_first_word(connection, NotificationId(1))).is_ok());
    }

    fn statement_arguments(query: &str) -> usize {
        if query.contains("?4") { 4 } else { 3 }
    }
}
