//! What other hubs signed and said, kept as it came: whoever doubts it later can check the signature again.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{arrival::Receipt, hub::ParcelId, ids::LinkId};

use crate::{Store, StoreError, error::DatabaseContext, transaction::Transaction};

/// Lines of one arrival are packed as well as they can be in little time.
const ZSTD_LEVEL: i32 = 1;

/// What an arrival unpacks to at most, in bytes: as much as a hub may bring at once.
const LINES_BYTES_MAX: usize = 64 << 20;

/// Keeps the lines of an arrival, each without its line end. Kept again, after a crash, it is the same.
pub fn keep(
    transaction: &Transaction<'_>,
    arrival: Receipt,
    link: LinkId,
    lines: &[Vec<u8>],
    at: i64,
) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO hub_proof VALUES (?1,?2,?3,?4)")
        .and_then(|mut statement| statement.execute(params![arrival.0 as i64, link.0, at, packed(lines)?]))
        .doing("keep what a hub said")
        .map(|_| ())
}

/// The line of a parcel that had its effect here, as it came; `None`: it is kept no more.
pub fn of_parcel(
    connection: &Connection,
    link: LinkId,
    parcel: ParcelId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let doing = "read what a hub said";
    let kept: Option<Vec<u8>> = connection
        .prepare_cached(
            "SELECT b.lines FROM parcel_in p JOIN report r ON r.id = p.report JOIN hub_proof b ON b.arrival = r.receipt
             WHERE p.link = ?1 AND p.parcel = ?2",
        )
        .and_then(|mut statement| statement.query_row(params![link.0, parcel.0], |row| row.get(0)).optional())
        .doing(doing)?;
    let Some(kept) = kept else { return Ok(None) };
    Ok(unpacked(&kept).doing(doing)?.into_iter().find(|line| names(line, parcel)))
}

/// Erases what parcels about a finding said.
pub(crate) fn erase(transaction: &Transaction<'_>, finding: u32) -> Result<(), StoreError> {
    let doing = "erase what a hub said";
    let told: Vec<(i64, [u8; 16], Vec<u8>)> = transaction
        .prepare_cached(
            "SELECT b.arrival, p.parcel, b.lines FROM parcel_in p JOIN report r ON r.id = p.report
             JOIN hub_proof b ON b.arrival = r.receipt WHERE p.finding = ?1",
        )
        .and_then(|mut statement| {
            statement.query_map([finding], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .doing(doing)?;
    for (arrival, parcel, _) in told {
        // Read anew: another parcel of the same arrival may have gone a moment ago.
        let lines: Vec<u8> = transaction
            .query_row("SELECT lines FROM hub_proof WHERE arrival = ?1", [arrival], |row| row.get(0))
            .doing(doing)?;
        let mut lines = unpacked(&lines).doing(doing)?;
        lines.retain(|line| !names(line, ParcelId(parcel)));
        transaction
            .prepare_cached("UPDATE hub_proof SET lines = ?2 WHERE arrival = ?1")
            .and_then(|mut statement| statement.execute(params![arrival, packed(&lines)?]))
            .doing(doing)?;
    }
    Ok(())
}

/// Forgets what came over a link before this time.
pub(crate) fn forget(transaction: &Transaction<'_>, link: LinkId, before: i64) -> Result<usize, StoreError> {
    transaction
        .prepare_cached("DELETE FROM hub_proof WHERE link = ?1 AND at < ?2")
        .and_then(|mut statement| statement.execute(params![link.0, before]))
        .doing("forget what a hub said")
}

/// Is a line the envelope with this id? It is canonical: there is one way to write that.
fn names(line: &[u8], parcel: ParcelId) -> bool {
    let id = format!("\"id\":\"{parcel}\"");
    memchr::memmem::find(line, id.as_bytes()).is_some()
}

fn packed(lines: &[Vec<u8>]) -> rusqlite::Result<Vec<u8>> {
    zstd::bulk::compress(&lines.join(&b'\n'), ZSTD_LEVEL)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn unpacked(kept: &[u8]) -> rusqlite::Result<Vec<Vec<u8>>> {
    let lines = zstd::bulk::decompress(kept, LINES_BYTES_MAX).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, error.into())
    })?;
    Ok(lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
}

impl Store {
    /// As [`keep`], in a transaction of its own.
    pub fn keep_hub_proof(
        &mut self,
        arrival: Receipt,
        link: LinkId,
        lines: &[Vec<u8>],
        at: i64,
    ) -> Result<(), StoreError> {
        self.write(|transaction| keep(transaction, arrival, link, lines, at))
    }
}
