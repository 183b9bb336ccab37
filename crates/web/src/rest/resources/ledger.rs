//! The balance of the ledger.

use std::collections::BTreeMap;

use schakel_app::explain::organisation_name;
use schakel_model::{
    fate::{Fate, Sums},
    ids::OrganisationId,
};
use schakel_store::{
    ledger::{Scope, by_organisation, sums},
    register::load_organisations_now,
    reports,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rest::{call::Call, problem::Problem, route::Nothing, values::Day};

/// Which sums.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LedgerQuery {
    /// Of the reports that came in on this day in Europe/Amsterdam; without it of everything
    day: Option<Day>,
}

/// The sums of a day, a report, or everything. `rows = rejected + replayed + duplicates + clears + events` and
/// `assignments` is the sum of the fates.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    rows: u64,
    rejected: u64,
    replayed: u64,
    duplicates: u64,
    clears: u64,
    events: u64,
    assignments: u64,
    /// How many assignments have each fate
    fates: BTreeMap<&'static str, u64>,
    /// Do both sums balance?
    balanced: bool,
    /// The fates of each organisation, by its code; empty is nobody
    organisations: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

/// `GET /ledger`
pub fn day(call: &Call, query: LedgerQuery) -> Result<Ledger, Problem> {
    ledger(call, &query.day.map_or(Scope::All, |day| Scope::Day(day.0.to_string())))
}

/// `GET /reports/{report}/ledger`
pub fn report(call: &Call, _: Nothing) -> Result<Ledger, Problem> {
    let report = call.number("report", "R")?;
    call.reader.read(|connection| reports::get(connection, report))?.ok_or_else(Problem::not_found)?;
    ledger(call, &Scope::Report(report))
}

fn ledger(call: &Call, scope: &Scope) -> Result<Ledger, Problem> {
    let sums: Sums = call.reader.read(|connection| sums(connection, scope))?;
    let register = call.reader.read(load_organisations_now)?;
    let mut organisations: BTreeMap<String, BTreeMap<&'static str, u64>> = BTreeMap::new();
    for (organisation, fate, count) in call.reader.read(|connection| by_organisation(connection, scope))? {
        let code = match organisation {
            0 => "",
            id => organisation_name(&register, OrganisationId(id)).0,
        };
        organisations.entry(code.to_owned()).or_default().insert(fate.as_str(), count);
    }
    Ok(Ledger {
        rows: sums.rows,
        rejected: sums.rejected,
        replayed: sums.replayed,
        duplicates: sums.duplicates,
        clears: sums.clears,
        events: sums.events,
        assignments: sums.assignments,
        fates: Fate::ALL.iter().map(|fate| (fate.as_str(), sums.fate(*fate))).collect(),
        balanced: sums.balanced(),
        organisations,
    })
}
