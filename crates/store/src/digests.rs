//! What was sent over a link and taken, and what came, as counts and digests of times: so that a hub that was restored from a backup finds what it lost.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use schakel_model::{hub::ParcelState, ids::LinkId};

use crate::{Store, StoreError, error::DatabaseContext};

/// How many parcels, and their names added up bit by bit without carry.
pub type Sum = (u64, [u8; 16]);

/// Which way parcels went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Ours, which the other side took.
    Sent,
    /// Theirs, which had their effect here.
    Received,
}

/// Sums by times of this many seconds, counted from `from`; those with nothing in them are left out. By when their sender made them.
pub fn sums(
    connection: &Connection,
    link: LinkId,
    way: Way,
    (from, until): (i64, i64),
    seconds: i64,
) -> Result<BTreeMap<i64, Sum>, StoreError> {
    let sql = match way {
        Way::Sent => {
            "SELECT created_at, parcel FROM parcel_out WHERE link = ?1 AND created_at >= ?2 AND created_at < ?3
                AND outcome IN ('accepted', 'duplicate', 'not_mine')"
        }
        Way::Received => "SELECT made_at, parcel FROM parcel_in WHERE link = ?1 AND made_at >= ?2 AND made_at < ?3",
    };
    let mut sums: BTreeMap<i64, Sum> = BTreeMap::new();
    let mut statement = connection.prepare_cached(sql).doing("add up parcels")?;
    let mut rows = statement.query(params![link.0, from, until]).doing("add up parcels")?;
    while let Some(row) = rows.next().doing("add up parcels")? {
        let at: i64 = row.get(0).doing("add up parcels")?;
        let parcel: [u8; 16] = row.get(1).doing("add up parcels")?;
        let (count, digest) = sums.entry(from + (at - from) / seconds.max(1) * seconds.max(1)).or_default();
        *count += 1;
        digest.iter_mut().zip(parcel).for_each(|(sum, byte)| *sum ^= byte);
    }
    Ok(sums)
}

/// The sum of one time.
pub fn sum(connection: &Connection, link: LinkId, way: Way, span: (i64, i64)) -> Result<Sum, StoreError> {
    let seconds = span.1.saturating_sub(span.0);
    Ok(sums(connection, link, way, span, seconds)?.into_values().next().unwrap_or_default())
}

impl Store {
    /// Lets parcels that the other side took once, and may have lost, be sent again: those that were made in this time. What they came to stays.
    pub fn send_parcels_again(
        &mut self,
        link: LinkId,
        (from, until): (i64, i64),
        now: i64,
    ) -> Result<u64, StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE parcel_out SET state = ?4, next_at = ?5 WHERE link = ?1 AND created_at >= ?2 AND created_at < ?3
                        AND state = ?6 AND outcome IN ('accepted', 'duplicate') AND length(body) > 0",
                )
                .and_then(|mut statement| {
                    statement.execute(params![
                        link.0,
                        from,
                        until,
                        ParcelState::Waiting as u8,
                        now,
                        ParcelState::Answered as u8
                    ])
                })
                .doing("send parcels again")
                .map(|changed| changed as u64)
        })
    }
}
