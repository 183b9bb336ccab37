//! Blocks of assignments in two: when a part of what was decided together becomes something else.

use rusqlite::params;
use schakel_model::ids::FindingId;

use crate::{StoreError, error::DatabaseContext, id_list, transaction::Transaction};

/// Splits `taken` off a block. Both parts have the history up to now, and what keeps them.
pub(crate) fn split(
    transaction: &Transaction<'_>,
    block: i64,
    taken: &[FindingId],
    left: &[FindingId],
) -> Result<i64, StoreError> {
    transaction
        .prepare_cached("UPDATE assignment_block SET count = ?2, findings = ?3 WHERE id = ?1")
        .and_then(|mut statement| statement.execute(params![block, left.len() as i64, id_list::encode(left)]))
        .doing("split assignments")?;
    let part = transaction
        .prepare_cached(
            "INSERT INTO assignment_block (chunk, report, organisation, role, end, count, fate, reference, findings, correction)
             SELECT chunk, report, organisation, role, end, ?2, fate, reference, ?3, correction
             FROM assignment_block WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.insert(params![block, taken.len() as i64, id_list::encode(taken)])
        })
        .doing("split assignments")?;
    transaction
        .prepare_cached(
            "INSERT INTO fate_change (block, at, fate, reference, reason)
             SELECT ?2, at, fate, reference, reason FROM fate_change WHERE block = ?1 ORDER BY id",
        )
        .and_then(|mut statement| statement.execute(params![block, part]))
        .doing("split assignments")?;
    transaction
        .prepare_cached(
            "INSERT INTO kept_block SELECT ?2, keeps, version, rule, until FROM kept_block WHERE block = ?1",
        )
        .and_then(|mut statement| statement.execute(params![block, part]))
        .doing("split assignments")?;
    Ok(part)
}
