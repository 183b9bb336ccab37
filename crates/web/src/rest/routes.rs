//! The table of routes: every path, what a client must be allowed, and whether members may use it. There is no route that is not in it, and no row
//! without its authorisation.

use axum::http::StatusCode;
use schakel_model::api::Scope::{
    AccountsRead, AccountsWrite, AuditRead, BreachesRead, BreachesWrite, CallsRead, CallsWrite, ChangesRead,
    FindingsAnswer, FindingsRead, FindingsWrite, LedgerRead, MailRead, MailWrite, NotificationsRead,
    OwnWrite, PeopleRead, PeopleWrite, PolicyRead, PolicyWrite, RegisterRead, RegisterWrite, ReportsRead,
    ReportsWrite, SectorRead, ShiftsRead, ShiftsWrite, SourcesRead, TextsRead, TextsWrite, VettingRead,
    VettingWrite,
};

use super::{
    resources::{
        accounts, answers, asset_requests, breaches, changes, claims, desk, desk_mail, drop_ins, events,
        finding_explanation, finding_list, findings, ledger, notifications, own, own_claims, own_contacts,
        own_people, pictures, policy, register, register_changes, register_files, register_work, reports,
        shifts, submissions, texts, vetting, what_ifs, work,
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
        list(("/findings", "listFindings", "Findings, the newest first"), FindingsRead, Own, finding_list::list),
        get(("/findings/{finding}", "getFinding", "One finding, and what became of it"), FindingsRead, Own, findings::one),
        get(("/findings/{finding}/explanation", "explainFinding", "Who owns what a finding is about, and why"), FindingsRead, Own, finding_explanation::explanation),
        list(("/findings/{finding}/sightings", "listSightings", "The events of a finding"), FindingsRead, No, findings::sightings_of),
        get(("/findings/{finding}/work", "getFindingWork", "Who handles a finding, and all that happened to it"), FindingsRead, No, work::one),
        list(("/findings/{finding}/notes", "listNotes", "What the desk noted about a finding"), FindingsRead, No, work::notes),
        post(("/findings/{finding}/notes", "addNote", "Note something about a finding, for the desk only"), FindingsWrite, No, CREATED, work::note),
        post(("/handlers", "assignFindings", "Give findings to somebody of the desk; with dryRun only to see what would change"), FindingsWrite, No, OK, work::assign),
        post(("/snoozes", "snoozeFindings", "Let findings sleep, or wake them; with dryRun only to see what would change"), FindingsWrite, No, OK, work::snooze),
        post(("/work-batches/{batch}/undo", "undoWork", "Take back who handles findings, or until when they sleep"), FindingsWrite, No, OK, work::undo),
        list(("/notifications", "listNotifications", "What was sent to whom, the newest first"), NotificationsRead, Own, notifications::list),
        get(("/notifications/{notification}", "getNotification", "One notification, its messages and its answers"), NotificationsRead, Own, notifications::one),
        list(("/answers", "listAnswers", "What recipients answered, the newest first"), NotificationsRead, Own, answers::list),
        post(("/answers", "answerFindings", "Answer for findings, as many as were told"), FindingsAnswer, Own, CREATED, answers::post),
        post(("/answers/{answer}/accept", "acceptAnswer", "The desk accepts what was answered"), FindingsAnswer, No, OK, answers::accept),
        post(("/answers/{answer}/refuse", "refuseAnswer", "The desk refuses what was answered"), FindingsAnswer, No, OK, answers::refuse),
        post(("/answers/{answer}/undo", "undoAnswer", "Take back what was answered a short while ago"), FindingsAnswer, Own, OK, answers::undo),
        list(("/organisations", "listOrganisations", "Organisations in the register"), RegisterRead, Own, register::list),
        get(("/organisations/{organisation}", "getOrganisation", "One organisation with its relations, assets and contacts"), RegisterRead, Own, register::one),
        post(("/organisations/{organisation}/claims", "addClaims", "Claim assets for an organisation: all of them, or with dryRun only to see what it comes to"), RegisterWrite, No, CREATED, claims::add),
        list(("/organisations/{organisation}/claims", "listClaims", "What an organisation says is its own"), RegisterRead, Own, own_claims::list),
        post(("/organisations/{organisation}/own-claims", "addOwnClaim", "Say that something is theirs; it is to be proven"), OwnWrite, Own, CREATED, own_claims::add),
        get(("/claims/{claim}", "getClaim", "One claim, how to prove it, and what was tried"), RegisterRead, Own, own_claims::one),
        post(("/claims/{claim}/checks", "checkClaim", "Look for the proof of a claim now"), OwnWrite, Own, OK, own_claims::check),
        post(("/claims/{claim}/mails", "mailCode", "Send a code to a mailbox of a claimed domain"), OwnWrite, Own, OK, own_claims::mail),
        post(("/claims/{claim}/codes", "typeCode", "The code that was sent for a claim"), OwnWrite, Own, OK, own_claims::code),
        post(("/claims/{claim}/take-back", "takeClaimBack", "Take a claim back that is not proven"), OwnWrite, Own, OK, own_claims::take_back),
        post(("/claims/{claim}/desk-proofs", "deskLooked", "Say that the desk looked whose it is, and at what"), RegisterWrite, No, OK, claims::by_desk),
        list(("/organisations/{organisation}/asset-requests", "listOwnAssetRequests", "What an organisation asked about what is its own, and waits"), RegisterRead, Own, asset_requests::theirs),
        post(("/organisations/{organisation}/asset-requests", "askAboutAsset", "Ask the desk to take something from the register, or to change it"), OwnWrite, Own, CREATED, asset_requests::ask),
        post(("/organisations/{organisation}/asset-requests/{request}/take-back", "takeAssetRequestBack", "Take back what was asked about an asset"), OwnWrite, Own, OK, asset_requests::take_back),
        list(("/asset-requests", "listAssetRequests", "What members asked about what is theirs, and waits"), RegisterRead, No, asset_requests::all),
        post(("/asset-requests/{request}/accept", "acceptAssetRequest", "Agree with what a member asks: what is given up leaves the register"), RegisterWrite, No, OK, asset_requests::accept),
        post(("/asset-requests/{request}/refuse", "refuseAssetRequest", "Do not agree with what a member asks"), RegisterWrite, No, OK, asset_requests::refuse),
        post(("/organisations/{organisation}/own-contacts", "addOwnContact", "Add somebody who gets messages; never a trusted contact"), OwnWrite, Own, CREATED, own_contacts::add),
        post(("/organisations/{organisation}/own-contacts/{contact}/change", "changeOwnContact", "Change who gets messages; never a trusted contact"), OwnWrite, Own, OK, own_contacts::change),
        post(("/organisations/{organisation}/own-contacts/{contact}/leave", "ownContactLeaves", "Somebody gets no messages any more; never a trusted contact"), OwnWrite, Own, OK, own_contacts::leave),
        post(("/organisations/{organisation}/own-contacts/{contact}/confirm", "confirmOwnContact", "A contact is still right"), OwnWrite, Own, OK, own_contacts::confirm),
        list(("/organisations/{organisation}/contact-changes", "listOwnContactChanges", "Changes of trusted contacts of an organisation that wait for the desk"), RegisterRead, Own, own_contacts::waiting),
        post(("/organisations/{organisation}/contact-changes/{change}/take-back", "takeContactChangeBack", "Take back a change of a trusted contact that waits"), OwnWrite, Own, OK, own_contacts::take_back),
        list(("/organisations/{organisation}/people", "listPeople", "Who of an organisation may sign in to the portal"), PeopleRead, Own, own_people::list),
        post(("/organisations/{organisation}/people", "invitePerson", "Invite somebody of an organisation to the portal, or anew"), PeopleWrite, Own, CREATED, own_people::invite).unkept(),
        post(("/organisations/{organisation}/people/{account}/role", "setRole", "Say whether somebody answers or only looks"), PeopleWrite, Own, OK, own_people::role),
        post(("/organisations/{organisation}/people/{account}/disable", "disablePerson", "Keep somebody of an organisation from signing in"), PeopleWrite, Own, OK, own_people::disable),
        post(("/organisations/{organisation}/people/{account}/sessions/{session}/end", "endPersonsSession", "End a session of somebody of an organisation"), PeopleWrite, Own, OK, own_people::end_session),
        post(("/organisations/{organisation}/contacts", "addContact", "Add a contact; never a trusted one"), RegisterWrite, No, CREATED, register_changes::add_contact),
        post(("/contacts/{contact}/change", "changeContact", "Change a contact; never a trusted one"), RegisterWrite, No, OK, register_changes::change_contact),
        post(("/contacts/{contact}/leave", "contactLeaves", "A contact leaves, with the mail that waits for them"), RegisterWrite, No, OK, register_changes::contact_leaves),
        post(("/contacts/{contact}/confirm", "confirmContact", "Somebody asked, and a contact is still right"), RegisterWrite, No, OK, register_work::confirm),
        list(("/contact-changes", "listContactChanges", "Changes of trusted contacts that wait for people"), RegisterRead, No, register_work::contact_changes),
        post(("/contact-changes/{change}/refuse", "refuseContactChange", "Leave a trusted contact as it is"), RegisterWrite, No, OK, register_work::refuse),
        list(("/register-conflicts", "listConflicts", "What two organisations say is theirs"), RegisterRead, No, register_work::conflicts_waiting),
        post(("/register-conflicts/{conflict}/decide", "decideConflict", "Decide whose something is"), RegisterWrite, No, OK, register_work::decide),
        list(("/register-versions", "listRegisterVersions", "Who changed the register, the newest first"), RegisterRead, No, register_work::versions),
        get(("/organisations/{organisation}/quality", "getQuality", "How good what we have of an organisation is"), RegisterRead, No, register_work::quality),
        list(("/organisations/{organisation}/steps", "listSteps", "How far an organisation is with joining"), RegisterRead, No, register_work::steps),
        post(("/organisations/{organisation}/steps", "takeStep", "A step of joining was taken; never one about the trusted contact"), RegisterWrite, No, CREATED, register_work::take_step),
        list(("/organisations/{organisation}/closing-days", "listClosingDays", "On which days an organisation is closed, from today on"), RegisterRead, Own, own::closing_days),
        post(("/organisations/{organisation}/closing-days", "setClosingDays", "Say on which days an organisation is closed, or open after all"), OwnWrite, Own, OK, own::close),
        get(("/organisations/{organisation}/weekly-overview", "getWeeklyOverview", "What happened in a week at an organisation"), NotificationsRead, Own, own::week),
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
        post(("/reports/{report}/replay", "replayReport", "Read the rejected rows of a report again; with dryRun only to see how many can be read now"), ReportsWrite, No, OK, events::replay_rejected),
        list(("/ledger-rows", "listLedgerRows", "Rows of the ledger, by what became of them"), ReportsRead, No, events::rows),
        get(("/events/{event}", "getEvent", "One row as it came, and what it was taken for"), ReportsRead, No, events::one),
        get(("/overview", "getOverview", "What came in since last evening, and what waits for a person"), LedgerRead, No, pictures::overview),
        get(("/sector", "getSector", "The picture of the sector; for members in counts that name nobody"), SectorRead, Own, pictures::of_sector),
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
        get(("/policy", "getPolicy", "The rules for telling"), PolicyRead, No, policy::policy),
        post(("/policy/check", "checkPolicy", "Try a document of rules; nothing is kept"), PolicyRead, No, OK, policy::check),
        post(("/policy/effect", "askPolicyEffect", "What a document of rules would have done with what came in; nothing is kept"), PolicyRead, No, OK, policy::effect),
        post(("/policy", "setPolicy", "Put a document of rules in force; with dryRun only to see whether it can be"), PolicyWrite, No, OK, policy::set),
        post(("/policy/undo", "undoPolicy", "Put the document before in force again"), PolicyWrite, No, OK, policy::undo),
        list(("/policy-versions", "listPolicyVersions", "Who changed the rules for telling, the newest first"), PolicyRead, No, policy::versions),
        list(("/texts", "listTexts", "The texts of mails"), TextsRead, No, texts::list),
        get(("/texts/{language}/{text}", "getText", "One text, with mails made of it"), TextsRead, No, texts::one),
        post(("/texts/{language}/{text}/check", "checkText", "How mails would read with another text; nothing is kept"), TextsRead, No, OK, texts::check),
        post(("/texts/{language}/{text}", "setText", "Put a text in force; with dryRun only to see whether it can be"), TextsWrite, No, OK, texts::set),
        post(("/texts/{language}/{text}/undo", "undoText", "Put the text before in force again"), TextsWrite, No, OK, texts::undo),
        list(("/shifts", "listShifts", "What shifts handed over, the newest first"), ShiftsRead, No, shifts::list),
        get(("/shift-sums", "getShiftSums", "What is open, promised and due now"), ShiftsRead, No, shifts::sums),
        post(("/shifts", "handOverShift", "Hand a shift over"), ShiftsWrite, No, CREATED, shifts::hand_over),
        post(("/shifts/{shift}/accept", "acceptShift", "Accept what another handed over"), ShiftsWrite, No, OK, shifts::accept),
        list(("/accounts", "listAccounts", "Who may sign in to the portal, and who is signed in where"), AccountsRead, No, accounts::list),
        post(("/accounts", "inviteAccount", "Invite somebody to the portal, or anew with other roles"), AccountsWrite, No, CREATED, accounts::invite).unkept(),
        post(("/accounts/{account}/disable", "disableAccount", "Keep somebody from signing in"), AccountsWrite, No, OK, accounts::disable),
        post(("/accounts/{account}/sessions/{session}/end", "endSession", "End a session of somebody"), AccountsWrite, No, OK, accounts::end_session),
        list(("/accounts/{account}/saved-views", "listSavedViews", "The lists of findings that somebody keeps"), AccountsRead, No, accounts::views),
        post(("/accounts/{account}/saved-views", "keepSavedView", "Keep a list of findings for somebody"), AccountsWrite, No, CREATED, accounts::keep_view),
        post(("/accounts/{account}/saved-views/{view}/forget", "forgetSavedView", "Forget a list that somebody keeps"), AccountsWrite, No, OK, accounts::forget_view),
        list(("/outbox", "listOutbox", "Messages that wait, are kept back, were given up or left"), MailRead, No, desk_mail::outbox),
        get(("/outbox/{message}", "getMessage", "One message as it leaves"), MailRead, No, desk_mail::message),
        post(("/outbox/{message}/release", "releaseMessage", "Let a message leave that is kept back"), MailWrite, No, OK, desk_mail::release),
        post(("/notifications/{notification}/replies", "reply", "Go on about a notification; with dryRun only to see what its readers would get"), MailWrite, No, CREATED, desk_mail::reply),
        list(("/incoming-mails", "listIncomingMails", "What came by mail"), MailRead, No, desk_mail::incoming),
        post(("/incoming-mails/{receipt}/vetting", "vetMail", "Let a mail wait for a person again"), MailWrite, No, OK, desk_mail::to_vetting),
        post(("/incoming-mails/{receipt}/answer", "mailIsAnswer", "Say that a mail answers a notification"), MailWrite, No, OK, desk_mail::is_answer),
        list(("/mailboxes", "listMailboxes", "Mail addresses against which something is known"), MailRead, No, desk_mail::mailboxes_known),
        post(("/mailboxes/{mailbox}/trust", "trustMailbox", "A mail address is good again"), MailWrite, No, OK, desk_mail::trust),
        post(("/mailboxes/{mailbox}/compromised", "mailboxIsCompromised", "Somebody else may read a mail address: nothing goes there"), MailWrite, No, OK, desk_mail::compromised),
        list(("/breaches", "listBreaches", "What may have been told to the wrong party, the newest first"), BreachesRead, No, breaches::list),
        get(("/breaches/{breach}", "getBreach", "One possible data breach, and who received what"), BreachesRead, No, breaches::one),
        post(("/breaches", "openBreach", "Something may have been told to the wrong party: ask everybody who received it to delete it; with dryRun only to see who did"), BreachesWrite, No, CREATED, breaches::open),
        post(("/breaches/{breach}/close", "closeBreach", "Say what was decided about a possible data breach"), BreachesWrite, No, OK, breaches::close),
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
        "claim" => "The number of a claim, such as 5",
        "message" => "The number of a message in the outbox, such as 12",
        "request" => "The number of what was asked, such as 2",
        "breach" => "The number of a possible data breach, such as B1",
        "mailbox" => "A mail address",
        "event" => "Report and row, such as 3:17",
        "conflict" => "The number of a conflict, such as 2",
        "change" => "The number of a change that waits, such as 2",
        "language" => "`nl` or `en`",
        "text" => "The name of a text, such as notification.txt",
        "shift" => "The number of what was handed over, such as 4",
        "account" => "The name that somebody signs in with",
        "session" => "Which session, as the list of accounts names it",
        "view" => "The number of a list that somebody keeps",
        "batch" => "What was changed at once, by its number",
        "receipt" => "The receipt of what reached a door",
        _ => "",
    }
}
