//! The index over the values of assets. They come in no order, and each would go to a page of its own: a large import builds the index
//! anew behind its rows, which is one sorted pass.

use crate::transaction::Transaction;

/// From this many new assets on. Adding them one by one would cost more than sorting what a large register holds.
const BULK: usize = 200_000;

/// Records this many new assets.
pub(crate) fn around_bulk(
    transaction: &Transaction<'_>,
    assets: usize,
    record: impl FnOnce() -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    if assets < BULK {
        return record();
    }
    transaction.execute_batch("DROP INDEX asset_value")?;
    record()?;
    transaction.execute_batch("CREATE INDEX asset_value ON asset (value)")
}
