//! The sums of a report, a day, or everything.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use schakel_model::{
    fate::{Fate, Sums},
    ids::ReportId,
};

use crate::{StoreError, error::DatabaseContext};

/// What the sums are over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Everything.
    All,
    /// One report.
    Report(ReportId),
    /// The reports received on a day in Europe/Amsterdam, `2026-11-21`.
    Day(String),
}

/// Adds up a scope. What never changes comes from the chunks and the corrections, the fates that can change from the assignments:
/// whether they balance is not presumed here.
pub fn sums(connection: &Connection, scope: &Scope) -> Result<Sums, StoreError> {
    let (condition, argument) = in_scope(scope);
    let mut sums: Sums = connection
        .query_row(
            &format!(
                "SELECT total(rows), total(rejected - replayed), total(duplicates), total(clears), total(events), total(assignments),
                        total(known), total(replayed) FROM chunk WHERE {condition}"
            ),
            params![argument],
            |row| {
                let number = |column| row.get::<_, f64>(column).map(|sum| sum as u64);
                let mut sums = Sums {
                    rows: number(0)?,
                    rejected: number(1)?,
                    replayed: number(7)?,
                    duplicates: number(2)?,
                    clears: number(3)?,
                    events: number(4)?,
                    assignments: number(5)?,
                    ..Sums::default()
                };
                sums.add_fate(Fate::Known, number(6)?);
                Ok(sums)
            },
        )
        .doing("add up the ledger")?;
    let added: f64 = connection
        .query_row(
            &format!("SELECT total(assignments) FROM correction_report WHERE {condition}"),
            params![argument],
            |row| row.get(0),
        )
        .doing("add up the ledger")?;
    sums.assignments += added as u64;
    for_each_block(connection, scope, |_, fate, count| sums.add_fate(fate, count))?;
    Ok(sums)
}

/// Assignments by organisation and fate in a scope; organisation 0 is nobody.
pub fn by_organisation(connection: &Connection, scope: &Scope) -> Result<Vec<(u32, Fate, u64)>, StoreError> {
    let mut sums: BTreeMap<(u32, u8), (Fate, u64)> = BTreeMap::new();
    for_each_block(connection, scope, |organisation, fate, count| {
        sums.entry((organisation, fate as u8)).or_insert((fate, 0)).1 += count;
    })?;
    Ok(sums.into_iter().map(|((organisation, _), (fate, count))| (organisation, fate, count)).collect())
}

/// Calls `visit` with the organisation, fate and count of each block of assignments in a scope. Added up here: SQL would sort the blocks in
/// memory, and there are more of them every day.
pub(crate) fn for_each_block(
    connection: &Connection,
    scope: &Scope,
    mut visit: impl FnMut(u32, Fate, u64),
) -> Result<(), StoreError> {
    let doing = "add up the ledger";
    let (condition, argument) = in_scope(scope);
    let mut statement = connection
        .prepare_cached(&format!("SELECT organisation, fate, count FROM assignment_block WHERE {condition}"))
        .doing(doing)?;
    let mut rows = statement.query(params![argument]).doing(doing)?;
    while let Some(row) = rows.next().doing(doing)? {
        let code = row.get(1).doing(doing)?;
        let fate = Fate::from_code(code).ok_or_else(|| StoreError::Damaged {
            what: format!("an assignment has the unknown fate {code}"),
        })?;
        visit(row.get(0).doing(doing)?, fate, row.get::<_, i64>(2).doing(doing)? as u64);
    }
    Ok(())
}

/// The condition in SQL, with its one argument.
fn in_scope(scope: &Scope) -> (&'static str, String) {
    match scope {
        Scope::All => ("?1 = ''", String::new()),
        Scope::Report(report) => ("report = CAST(?1 AS INTEGER)", report.to_string()),
        Scope::Day(day) => ("report IN (SELECT id FROM report WHERE received_day = ?1)", day.clone()),
    }
}
