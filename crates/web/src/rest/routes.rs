//! The table of routes: every path, what a client must be allowed, and whether members may use it. There is no route that is not in it, and no row
//! without its authorisation.

use schakel_model::api::Scope;

use super::{
    resources::{findings, ledger},
    route::{
        Members::{No, Own},
        Route, get, list,
    },
};

/// Every route.
pub fn all() -> Vec<Route> {
    vec![
        list(
            ("/findings", "listFindings", "Findings, the newest first"),
            Scope::FindingsRead,
            Own,
            findings::list,
        ),
        get(
            ("/findings/{finding}", "getFinding", "One finding, and what became of it"),
            Scope::FindingsRead,
            Own,
            findings::one,
        ),
        get(
            (
                "/findings/{finding}/explanation",
                "explainFinding",
                "Who owns what a finding is about, and why",
            ),
            Scope::FindingsRead,
            Own,
            findings::explanation,
        ),
        list(
            ("/findings/{finding}/sightings", "listSightings", "The events of a finding"),
            Scope::FindingsRead,
            No,
            findings::sightings_of,
        ),
        get(("/ledger", "getLedger", "The balance of the ledger"), Scope::LedgerRead, No, ledger::day),
        get(
            ("/reports/{report}/ledger", "getReportLedger", "The balance of one report"),
            Scope::LedgerRead,
            No,
            ledger::report,
        ),
    ]
}

/// What a parameter in a path is.
pub fn about_parameter(name: &str) -> &'static str {
    match name {
        "finding" => "The number of a finding, such as F12",
        "report" => "The number of a report, such as R3",
        "notification" => "The number of a notification, such as N7",
        "answer" => "The number of an answer, such as A4",
        "organisation" => "The code of an organisation, such as GM0513",
        "receipt" => "The receipt of what reached a door",
        "source" => "The code of a source",
        _ => "",
    }
}
