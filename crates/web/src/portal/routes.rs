//! Every address of the portal, with whom it is for.

use axum::{
    Extension, Router,
    extract::State,
    http::{StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use schakel_rules::access::Right;

use super::{
    Portal, account, ahead, answers, assets, breaches, calls, conversations, desk, findings, mail, morning,
    other_ways, own, own_answers, own_assets, own_claims, own_closing_days, own_contacts, own_people, plain,
    register, register_import, register_work, renewal, reports, rules, sector, signing_in, vetting,
    visitor::{Access, Visitor, receive},
    well_known, work,
};

/// An address, whom it is for, and what answers there.
pub(super) struct Route {
    pub path: &'static str,
    pub access: Access,
    handler: MethodRouter<Portal>,
}

const fn anybody(path: &'static str, handler: MethodRouter<Portal>) -> Route {
    Route { path, access: Access::Anybody, handler }
}

const fn has(right: Right, path: &'static str, handler: MethodRouter<Portal>) -> Route {
    Route { path, access: Access::Has(right), handler }
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        anybody("/sign-in", get(signing_in::ask).post(signing_in::take)),
        anybody("/sign-in/code", get(signing_in::ask_code).post(signing_in::take_code)),
        anybody("/invitation/{token}", get(signing_in::invited).post(signing_in::set_up)),
        anybody("/sign-in/passkey", post(other_ways::by_passkey)),
        anybody("/sign-in/with/{name}", get(other_ways::with_provider)),
        anybody("/sign-in/back", get(other_ways::back)),
        anybody("/invitation/{token}/with/{name}", get(other_ways::invited_with_provider)),
        anybody("/demo/{token}", get(signing_in::sample)),
        anybody("/toegankelijkheid", get(accessibility)),
        has(Right::SignedIn, "/sign-out", post(signing_in::sign_out)),
        has(Right::SignedIn, "/account", get(account::show)),
        has(Right::SignedIn, "/account/sessions", post(account::end_session)),
        has(Right::SignedIn, "/account/password", get(renewal::password).post(renewal::set_password)),
        has(Right::SignedIn, "/account/app", get(renewal::app).post(renewal::set_app)),
        has(Right::SignedIn, "/account/passkeys", post(other_ways::add_passkey)),
        has(Right::SignedIn, "/account/passkeys/remove", post(other_ways::remove_passkey)),
        has(Right::SignedIn, "/account/recovery", post(other_ways::recovery_codes)),
        has(Right::SeeDesk, "/", get(morning::show)),
        has(Right::SeeCases, "/ahead", get(ahead::list)),
        has(Right::SignedIn, "/sector", get(sector::show)),
        has(Right::SeeCases, "/calls", get(calls::show)),
        has(Right::ActOnCases, "/calls/{code}/lock", post(calls::lock)),
        has(Right::ActOnCases, "/calls/{code}/unlock", post(calls::unlock)),
        has(Right::ActOnCases, "/calls/{code}/result", post(calls::result)),
        has(Right::SeeCases, "/vetting", get(vetting::queue)),
        has(Right::SeeCases, "/vetting/{receipt}", get(vetting::one)),
        has(Right::ActOnCases, "/vetting/{receipt}/accept", post(vetting::accept)),
        has(Right::ActOnCases, "/vetting/{receipt}/refuse", post(vetting::refuse)),
        has(Right::SeeCases, "/answers", get(answers::list)),
        has(Right::ActOnCases, "/answers/{id}/accept", post(answers::accept)),
        has(Right::ActOnCases, "/answers/{id}/refuse", post(answers::refuse)),
        has(Right::SeeCases, "/conversations/{number}", get(conversations::show)),
        has(
            Right::ActOnCases,
            "/conversations/{number}/reply",
            get(conversations::show).post(conversations::reply),
        ),
        has(Right::SeeCases, "/outbox", get(mail::outbox)),
        has(Right::SeeCases, "/outbox/{message}", get(mail::message)),
        has(Right::Decide, "/outbox/{message}/release", post(mail::release)),
        has(Right::SeeCases, "/mail", get(mail::incoming)),
        has(Right::ActOnCases, "/mail/{receipt}/vetting", post(mail::to_vetting)),
        has(Right::ActOnCases, "/mail/{receipt}/answer", post(mail::is_answer)),
        has(Right::SeeCases, "/mailboxes", get(mail::mailboxes)),
        has(Right::ActOnCases, "/mailboxes/trust", post(mail::trust)),
        has(Right::ActOnCases, "/mailboxes/compromised", post(mail::compromised)),
        has(Right::SeeCases, "/breaches", get(breaches::list)),
        has(Right::ActOnCases, "/breaches/open", post(breaches::open)),
        has(Right::SeeCases, "/breaches/{number}", get(breaches::one)),
        has(Right::Decide, "/breaches/{number}/close", post(breaches::close)),
        has(Right::SeeCases, "/reports", get(reports::list)),
        has(Right::SeeCases, "/reports/{id}", get(reports::one)),
        has(Right::ActOnCases, "/reports/{id}/replay", post(reports::replay)),
        has(Right::SeeDesk, "/sources", get(reports::sources)),
        has(Right::SeeFigures, "/ledger", get(reports::ledger)),
        has(Right::SeeRules, "/policy", get(rules::policy)),
        has(Right::ChangeRules, "/policy/undo", post(rules::undo_policy)),
        has(Right::ChangeRules, "/policy/change", get(rules::policy).post(rules::put_policy)),
        has(Right::SeeRules, "/texts", get(rules::texts)),
        has(Right::SeeRules, "/texts/{language}/{*name}", get(rules::text)),
        has(Right::ChangeRules, "/texts/change/{language}/{*name}", get(rules::text).post(rules::put_text)),
        has(Right::SeeAudit, "/audit", get(desk::audit)),
        has(Right::ManageAccounts, "/people", get(desk::people).post(desk::invite)),
        has(Right::ManageAccounts, "/people/disable", post(desk::disable)),
        has(Right::ManageAccounts, "/people/sessions", post(desk::end_session)),
        has(Right::SeeCases, "/shift", get(desk::shift)),
        has(Right::ActOnCases, "/shift/hand-over", get(desk::shift).post(desk::hand_over)),
        has(Right::ActOnCases, "/shift/accept", post(desk::accept_shift)),
        has(Right::SeeCases, "/findings", get(findings::list)),
        has(Right::SeeCases, "/findings/export", get(findings::export)),
        has(Right::ActOnCases, "/findings/bulk", get(work::bulk)),
        has(Right::ActOnCases, "/findings/handler", post(work::assign)),
        has(Right::ActOnCases, "/findings/snooze", post(work::snooze)),
        has(Right::ActOnCases, "/findings/undo", post(work::undo)),
        has(Right::ActOnCases, "/findings/answers", post(work::record)),
        has(Right::ActOnCases, "/findings/answers/undo", post(work::take_back)),
        has(Right::SeeCases, "/findings/views", post(work::keep_view)),
        has(Right::SeeCases, "/findings/views/forget", post(work::forget_view)),
        has(Right::SeeCases, "/findings/{name}", get(findings::one)),
        has(Right::SeeCases, "/findings/{name}/rows", get(findings::rows)),
        has(Right::ActOnCases, "/findings/{name}/notes", post(work::note)),
        has(Right::SeeOwn, "/own", get(own::mine)),
        has(Right::SeeOwn, "/own/{code}", get(own::front)),
        has(Right::SeeOwn, "/own/{code}/findings", get(own::findings)),
        has(Right::SeeOwn, "/own/{code}/findings.csv", get(own::export)),
        has(Right::SeeOwn, "/own/{code}/findings/{name}", get(own::finding)),
        has(Right::AnswerOwn, "/own/{code}/findings/{name}/answers", post(own_answers::record)),
        has(Right::AnswerOwn, "/own/{code}/answers/undo", post(own_answers::take_back)),
        has(Right::SeeOwn, "/own/{code}/register", get(own::register)),
        has(Right::ChangeOwn, "/own/{code}/closed", post(own_closing_days::set)),
        has(Right::ChangeOwn, "/own/{code}/assets/{number}", get(own_assets::show).post(own_assets::ask)),
        has(Right::ChangeOwn, "/own/{code}/assets/take-back", post(own_assets::take_back)),
        has(Right::ChangeOwn, "/own/{code}/claim", get(own_claims::new).post(own_claims::add)),
        has(Right::ChangeOwn, "/own/{code}/claims/take-back", post(own_claims::take_back)),
        has(Right::SeeOwn, "/own/{code}/claims/{number}", get(own_claims::one)),
        has(Right::ChangeOwn, "/own/{code}/claims/{number}/check", post(own_claims::check)),
        has(Right::ChangeOwn, "/own/{code}/claims/{number}/mail", post(own_claims::mail)),
        has(Right::ChangeOwn, "/own/{code}/claims/{number}/code", post(own_claims::code)),
        has(Right::ChangeOwn, "/own/{code}/contact", get(own_contacts::show).post(own_contacts::put)),
        has(Right::ChangeOwn, "/own/{code}/contact/leave", post(own_contacts::leave)),
        has(Right::ChangeOwn, "/own/{code}/contact/right", post(own_contacts::right)),
        has(Right::ChangeOwn, "/own/{code}/contact/take-back", post(own_contacts::take_back)),
        has(Right::ManageOwnAccounts, "/own/{code}/people", get(own_people::show).post(own_people::invite)),
        has(Right::ManageOwnAccounts, "/own/{code}/people/disable", post(own_people::disable)),
        has(Right::ManageOwnAccounts, "/own/{code}/people/sessions", post(own_people::end_session)),
        has(Right::ManageOwnAccounts, "/own/{code}/people/role", post(own_people::role)),
        has(Right::ManageOwnAccounts, "/own/{code}/people/administrator", post(own_people::administrator)),
        has(Right::SeeOwn, "/own/{code}/sent", get(own::sent)),
        has(Right::SeeOwn, "/own/{code}/sent/{number}", get(own::message)),
        has(Right::SeeOwn, "/own/{code}/weekly", get(own::weekly)),
        has(Right::SeeRegister, "/explain", get(register::explain)),
        has(Right::SeeRegister, "/organisations", get(register::organisations)),
        has(Right::SeeRegister, "/organisations/{code}", get(register::organisation)),
        has(Right::SeeRegister, "/organisations/{code}/quality", get(register::quality)),
        has(
            Right::ChangeRegister,
            "/organisations/{code}/assets",
            get(register_work::asset).post(register_work::add_asset),
        ),
        has(
            Right::ChangeRegister,
            "/organisations/{code}/assets/withdraw",
            post(register_work::withdraw_asset),
        ),
        has(
            Right::ChangeRegister,
            "/organisations/{code}/contacts",
            get(register_work::contact).post(register_work::put_contact),
        ),
        has(
            Right::ChangeRegister,
            "/organisations/{code}/contacts/leave",
            post(register_work::contact_leaves),
        ),
        has(
            Right::ChangeRegister,
            "/organisations/{code}/contacts/right",
            post(register_work::contact_is_right),
        ),
        has(Right::ChangeRegister, "/organisations/{code}/steps", post(register_work::step)),
        has(Right::SeeRegister, "/register/waiting", get(register_work::waiting)),
        has(Right::ChangeRegister, "/register/conflicts/{id}", post(register_work::decide)),
        has(Right::ChangeRegister, "/register/changes/{id}/approve", post(register_work::approve)),
        has(Right::ChangeRegister, "/register/changes/{id}/refuse", post(register_work::refuse)),
        has(Right::ChangeRegister, "/register/requests/{id}/accept", post(register_work::accept_request)),
        has(Right::ChangeRegister, "/register/requests/{id}/refuse", post(register_work::refuse_request)),
        has(
            Right::ChangeRegister,
            "/register/import",
            get(register_import::show).post(register_import::take),
        ),
        has(Right::SeeRegister, "/register/history", get(register_work::history)),
    ]
}

/// All of them behind [`receive`], and what needs no visitor.
pub(super) fn router(portal: Portal) -> Router {
    let mut router = Router::new();
    for Route { path, access, handler } in routes() {
        let layer = from_fn_with_state((portal.clone(), access), receive);
        router = router.route(path, handler.layer(layer));
    }
    let elsewhere = get(not_found).layer(from_fn_with_state((portal.clone(), Access::Anybody), receive));
    router
        .route("/assets/{name}", get(assets::show))
        .route("/robots.txt", get(robots))
        .route("/.well-known/security.txt", get(well_known::security_txt))
        .fallback_service(elsewhere.with_state(portal.clone()))
        .with_state(portal)
}

async fn not_found(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    plain::not_found(&portal, &visitor)
}

async fn accessibility(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    visitor
        .page(&portal, StatusCode::OK, "accessibility", ())
        .unwrap_or_else(|_| plain::trouble(&portal, &visitor))
}

async fn robots() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "User-agent: *\nDisallow: /\n").into_response()
}
