//! The sums of a report, a day, or everything.

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
    let mut statement = connection
        .prepare(&format!("SELECT fate, total(count) FROM assignment_block WHERE {condition} GROUP BY fate"))
        .doing("add up the ledger")?;
    let fates: Vec<(u8, f64)> = statement
        .query_map(params![argument], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .doing("add up the ledger")?;
    for (code, count) in fates {
        let fate = Fate::from_code(code).ok_or_else(|| StoreError::Damaged {
            what: format!("an assignment has the unknown fate {code}"),
        })?;
        sums.add_fate(fate, count as u64);
    }
    Ok(sums)
}

/// Assignments by organisation and fate in a scope; organisation 0 is nobody.
pub fn by_organisation(connection: &Connection, scope: &Scope) -> Result<Vec<(u32, Fate, u64)>, StoreError> {
    let (condition, argument) = in_scope(scope);
    connection
        .prepare(&format!(
            "SELECT organisation, fate, total(count) FROM assignment_block WHERE {condition} GROUP BY 1, 2 ORDER BY 1, 2"
        ))
        .and_then(|mut statement| {
            statement
                .query_map(params![argument], |row| {
                    Ok((row.get(0)?, row.get::<_, u8>(1)?, row.get::<_, f64>(2)? as u64))
                })?
                .collect::<Result<Vec<_>, _>>()
        })
        .doing("add up the ledger")
        .map(|rows| rows.into_iter().filter_map(|(who, fate, count)| Some((who, Fate::from_code(fate)?, count))).collect())
}

/// The condition in SQL, with its one argument.
fn in_scope(scope: &Scope) -> (&'static str, String) {
    match scope {
        Scope::All => ("?1 = ''", String::new()),
        Scope::Report(report) => ("report = CAST(?1 AS INTEGER)", report.to_string()),
        Scope::Day(day) => ("report IN (SELECT id FROM report WHERE received_day = ?1)", day.clone()),
    }
}
