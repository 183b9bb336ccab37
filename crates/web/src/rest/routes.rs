//! The table of routes: every path, what a client must be allowed, and whether members may use it. There is no route that is not in it, and no row
//! without its authorisation.

use axum::http::StatusCode;
use schakel_model::api::Scope::{
    AuditRead, CallsRead, CallsWrite, ChangesRead, FindingsAnswer, FindingsRead, LedgerRead,
    NotificationsRead, PolicyRead, RegisterRead, RegisterWrite, ReportsRead, ReportsWrite, SourcesRead,
    VettingRead, VettingWrite,
};

use super::{
    resources::{
        changes, claims, desk, drop_ins, findings, ledger, notifications, register, register_changes,
        register_files, reports, submissions, vetting, what_ifs,
    },
    route::{
        Members::{No, Own},
        Route, get, list, post,
    },
};

/// The path of changes, which can be waited for.
pub const CHANGES: &str = "/changes";

const OK: StatusCode = StatusCode::OK;
const CREATED: StatusCode = StatusCode::CREATED;

/// Files of the register in one body: a register of half a million assets.
const REGISTER_BYTES_MAX: usize = 64 << 20;

/// A report in one body; the door for reports takes larger ones as they are.
const REPORT_BYTES_MAX: usize = 16 << 20;

/// Every route.
#[rustfmt::skip] // One row, one line: it is a table.
pub fn all() -> Vec<Route> {
    vec![
        list(("/findings", "listFindings", "Findings, the newest first"), FindingsRead, Own, findings::list),
        get(("/findings/{finding}", "getFinding", "One finding, and what became of it"), FindingsRead, Own, findings::one),
        get(("/findings/{finding}/explanation", "explainFinding", "Who owns what a finding is about, and why"), FindingsRead, Own, findings::explanation),
        list(("/findings/{finding}/sightings", "listSightings", "The events of a finding"), FindingsRead, No, findings::sightings_of),
        list(("/notifications", "listNotifications", "What was sent to whom, the newest first"), NotificationsRead, Own, notifications::list),
        get(("/notifications/{notification}", "getNotification", "One notification, its messages and its answers"), NotificationsRead, Own, notifications::one),
        list(("/answers", "listAnswers", "What recipients answered, the newest first"), NotificationsRead, Own, notifications::answers),
        post(("/answers", "answerFindings", "Answer for findings, as many as were told"), FindingsAnswer, Own, CREATED, notifications::post),
        post(("/answers/{answer}/accept", "acceptAnswer", "The desk accepts what was answered"), FindingsAnswer, No, OK, notifications::accept),
        post(("/answers/{answer}/refuse", "refuseAnswer", "The desk refuses what was answered"), FindingsAnswer, No, OK, notifications::refuse),
        list(("/organisations", "listOrganisations", "Organisations in the register"), RegisterRead, Own, register::list),
        get(("/organisations/{organisation}", "getOrganisation", "One organisation with its relations, assets and contacts"), RegisterRead, Own, register::one),
        post(("/organisations/{organisation}/claims", "addClaims", "Claim assets for an organisation: all of them, or with dryRun only to see what it comes to"), RegisterWrite, No, CREATED, claims::add),
        post(("/organisations/{organisation}/contacts", "addContact", "Add a contact; never a trusted one"), RegisterWrite, No, CREATED, register_changes::add_contact),
        post(("/contacts/{contact}/change", "changeContact", "Change a contact; never a trusted one"), RegisterWrite, No, OK, register_changes::change_contact),
        post(("/contacts/{contact}/leave", "contactLeaves", "A contact leaves, with the mail that waits for them"), RegisterWrite, No, OK, register_changes::contact_leaves),
        post(("/relations", "addRelation", "Enter a relation between two organisations, or change it"), RegisterWrite, No, CREATED, register_changes::add_relation),
        post(("/relations/{relation}/withdraw", "withdrawRelation", "Take a relation away"), RegisterWrite, No, OK, register_changes::withdraw_relation),
        post(("/assets/{asset}/withdraw", "withdrawAsset", "Take an asset away"), RegisterWrite, No, OK, register_changes::withdraw_asset),
        get(("/register-files", "exportRegister", "The register as its files"), RegisterRead, No, register_files::export),
        post(("/register-imports", "importRegister", "Files into the register; with dryRun only to see what would change"), RegisterWrite, No, OK, register_files::import).with_body(REGISTER_BYTES_MAX),
        post(("/what-ifs", "askWhatIf", "What a change of the register would have done with what came in; nothing is changed"), FindingsRead, No, OK, what_ifs::ask).with_body(REGISTER_BYTES_MAX),
        get(("/explanations", "explain", "Who owns an address or a name, and why"), RegisterRead, No, register::explanation),
        list(("/unrouted-clusters", "listUnroutedClusters", "What is nobody's, by where it lies"), FindingsRead, No, register::unrouted),
        post(("/reports", "submitReport", "Send a report"), ReportsWrite, Own, StatusCode::ACCEPTED, submissions::submit).with_body(REPORT_BYTES_MAX),
        get(("/receipts/{receipt}", "getReceipt", "What became of a report that was sent"), ReportsWrite, Own, submissions::receipt),
        list(("/reports", "listReports", "Reports as they came in, the newest first"), ReportsRead, No, reports::list),
        get(("/reports/{report}", "getReport", "One report"), ReportsRead, No, reports::one),
        get(("/reports/{report}/ledger", "getReportLedger", "The balance of one report"), LedgerRead, No, ledger::report),
        get(("/ledger", "getLedger", "The balance of the ledger"), LedgerRead, No, ledger::day),
        list(("/sources", "listSources", "Who reports, and what came of it"), SourcesRead, No, reports::sources),
        list(("/vetting", "listVetting", "What waits for a person"), VettingRead, No, vetting::list),
        get(("/vetting/{receipt}", "previewReport", "What waits, and what accepting it would do"), VettingRead, No, vetting::preview),
        post(("/vetting/{receipt}/accept", "acceptReport", "Take in what waits"), VettingWrite, No, OK, vetting::accept),
        post(("/vetting/{receipt}/refuse", "refuseReport", "Put aside what waits"), VettingWrite, No, OK, vetting::refuse),
        list(("/calls", "listCalls", "The calling list, the worst first"), CallsRead, No, desk::calls),
        post(("/calls/{organisation}/lock", "lockCall", "Say that you are calling"), CallsWrite, No, OK, desk::lock),
        post(("/calls/{organisation}/unlock", "unlockCall", "Say that you are not calling after all"), CallsWrite, No, OK, desk::unlock),
        post(("/calls/{organisation}/results", "recordCall", "Say what came of a call"), CallsWrite, No, CREATED, desk::result),
        get(("/policy", "getPolicy", "The rules for telling"), PolicyRead, No, desk::policy),
        post(("/policy/check", "checkPolicy", "Try a document of rules; nothing is kept"), PolicyRead, No, OK, desk::check),
        list(("/audit-entries", "listAuditEntries", "Who did what, the newest first"), AuditRead, No, desk::audit_entries),
        get((CHANGES, "listChanges", "What changed since a cursor; can be waited for, or followed as server-sent events"), ChangesRead, Own, changes::list),
    ]
}

/// What asks us as it asks others: paths, names and shapes are theirs, and so these are not in the description.
#[rustfmt::skip]
pub fn drop_ins() -> Vec<Route> {
    vec![
        get(("/intelmq/lookup", "tuency", "Whom to tell, as IntelMQ asks tuency"), RegisterRead, Own, drop_ins::tuency),
        get(("/search/events.json", "n6Search", "Events, as n6 gives them"), FindingsRead, Own, drop_ins::n6),
        get(("/report/inside.json", "n6Inside", "Events in the own network, as n6 gives them"), FindingsRead, Own, drop_ins::n6),
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
        "contact" => "The number of a contact in the register, such as 7",
        "relation" => "The number of a relation in the register, such as 3",
        "asset" => "The number of an asset in the register, such as 12",
        "receipt" => "The receipt of what reached a door",
        _ => "",
    }
}
