//! What holds for every address of the portal.

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use schakel_app::{
    portal::{
        accounts::{Invite, invite},
        sign_in::{form_token, person, sign_in_as},
    },
    requests,
};
use schakel_model::{account::PortalRole, language::Language};
use schakel_render::portal::acting::{Done, Mistake};
use schakel_store::{Store, accounts, act::Act};

use super::{
    acting::{Went, act},
    forms::Form,
    routes::{router, routes},
    visitor::{Access, Visitor},
    *,
};

mod members;
mod upload;

const NOW: i64 = 1_790_000_000;

/// A portal with somebody who may do everything that anybody may.
struct Place {
    _folder: tempfile::TempDir,
    portal: Portal,
    cookie: String,
    form_token: String,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::new(folder.path());
    let mut store = Store::open(&data).unwrap();
    let roles: Vec<PortalRole> = PortalRole::ALL.iter().copied().filter(|role| role.is_of_desk()).collect();
    let who =
        Invite { name: "anna", display_name: "", organisation: "", roles: &roles, language: Language::En };
    invite(&mut store, &Act { at: NOW, actor: "test", reason: "" }, &who).unwrap();
    let reader = store.reader().unwrap();
    let account = reader.read(|connection| accounts::by_name(connection, "anna")).unwrap().unwrap();
    let cookie = sign_in_as(&reader, NOW, &account, "").unwrap();
    let session = person(&reader, NOW, &cookie).unwrap().unwrap().session;
    let form_token = form_token(&reader.secret(), &session.token);
    let clock = Clock::fixed(jiff::Timestamp::from_second(NOW).unwrap());
    // Nobody carries anything out: what asks for it is told that the service is busy.
    let (asking, _) = requests::channel();
    let portal = Portal::new(&Config::default(), &asking, &data, clock, false, Vec::new()).unwrap();
    Place { _folder: folder, portal, cookie: format!("{}={cookie}", cookies::SESSION), form_token }
}

async fn ask(
    router: axum::Router,
    method: Method,
    path: &str,
    cookie: &str,
    body: &str,
) -> (Response, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::COOKIE, cookie)
        .body(Body::from(body.to_owned()))
        .unwrap();
    send(router, request).await
}

async fn send(router: axum::Router, request: Request<Body>) -> (Response, String) {
    let response = TowerToHyperService::new(router).call(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, 1 << 22).await.unwrap();
    let text = String::from_utf8_lossy(&body).into_owned();
    (Response::from_parts(head, Body::empty()), text)
}

fn header_of(response: &Response, name: header::HeaderName) -> &str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

/// As a browser would fill it in.
fn example(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/")
}

#[test]
fn nobody_does_anything_without_signing_in_or_without_a_form_of_their_own() {
    run(async {
        let place = place();
        let mut taking = 0;
        for route in routes() {
            let path = example(route.path);
            let ask = |cookie, body| ask(router(place.portal.clone()), Method::POST, &path, cookie, body);
            let Access::Has(right) = route.access else { continue };
            let (stranger, _) = ask("", "").await;
            assert_eq!(stranger.status(), StatusCode::SEE_OTHER, "{path}");
            assert!(header_of(&stranger, header::LOCATION).starts_with("/sign-in"), "{path}");
            // Those of members have a test of their own.
            if members::OWN.contains(&right) {
                continue;
            }
            for body in ["", "form_token=", "form_token=00000000000000000000000000000000"] {
                let (answer, page) = ask(&place.cookie, body).await;
                match answer.status() {
                    // It takes no forms.
                    StatusCode::METHOD_NOT_ALLOWED => {}
                    status => {
                        assert_eq!(status, StatusCode::FORBIDDEN, "{path} with {body}");
                        assert!(page.contains("This form is too old"), "{path}: {page}");
                        taking += 1;
                    }
                }
            }
        }
        assert!(taking > 0);
    });
}

#[test]
fn no_address_stands_twice() {
    let paths: Vec<&str> = routes().iter().map(|route| route.path).collect();
    let once: std::collections::BTreeSet<&str> = paths.iter().copied().collect();
    assert_eq!(paths.len(), once.len());
}

/// A form, and what became of it.
async fn acted(place: &Place, what: fn() -> anyhow::Result<Done>, carry_out: bool) -> (Response, String) {
    let (asking, requests) = requests::channel();
    let portal =
        Portal::new(&place.portal.config, &asking, &place.portal.data, place.portal.clock, false, Vec::new())
            .unwrap();
    let handler = move |axum::extract::State(portal): axum::extract::State<Portal>,
                        axum::Extension(visitor): axum::Extension<Visitor>,
                        form: Form| async move {
        act(
            &portal,
            &visitor,
            form,
            move |_, act, _| {
                assert_eq!((act.actor, act.reason), ("anna", "because"));
                what().map(Went::from)
            },
            |portal, visitor, _| visitor.page(portal, StatusCode::OK, "accessibility", ()),
        )
        .await
    };
    let layer = axum::middleware::from_fn_with_state(
        (portal.clone(), Access::Has(schakel_rules::access::Right::SignedIn)),
        visitor::receive,
    );
    let router =
        axum::Router::new().route("/x", axum::routing::post(handler).layer(layer)).with_state(portal);
    let writer = carry_out.then(|| {
        let data = place.portal.data.clone();
        std::thread::spawn(move || {
            let mut intake = schakel_app::intake::Intake::open(&data, Clock::system()).unwrap();
            let reader = intake.store().reader().unwrap();
            drop(schakel_store::spool::Spool::open(&data, schakel_model::arrival::Receipt(0)).unwrap());
            requests.wait(std::time::Duration::from_secs(30));
            requests.carry_out(&mut requests::AtWork {
                intake: &mut intake,
                reader: &reader,
                spool: &schakel_store::spool::SpoolDesk::open(&data).unwrap(),
                reading: &schakel_app::reading::Reading::default(),
                config: &Config::default(),
                templates: &schakel_render::templates::Templates::new(&[]).unwrap(),
                clock: Clock::system(),
            })
        })
    });
    let body = format!("form_token={}&reason=because&back=%2Ffindings%3Fopen%3Dyes", place.form_token);
    let answered = ask(router, Method::POST, "/x", &place.cookie, &body).await;
    if let Some(writer) = writer {
        assert_eq!(writer.join().unwrap(), 1);
    }
    answered
}

#[test]
fn what_was_done_is_said_once_where_it_was_asked() {
    run(async {
        let place = place();
        let (answer, _) = acted(&place, || Ok(Done::Saved), true).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(header_of(&answer, header::LOCATION), "/findings?open=yes");
        let given = header_of(&answer, header::SET_COOKIE).split(';').next().unwrap().to_owned();
        let both = format!("{}; {given}", place.cookie);
        let router = || router(place.portal.clone());
        let (answer, page) = ask(router(), Method::GET, "/account", &both, "").await;
        assert!(page.contains("Saved."), "{page}");
        assert!(header_of(&answer, header::SET_COOKIE).starts_with("__Host-schakel-notice=;"), "{answer:?}");
        let (_, page) = ask(router(), Method::GET, "/account", &place.cookie, "").await;
        assert!(!page.contains("Saved."), "{page}");
    });
}

#[test]
fn a_mistake_is_shown_on_the_same_page_in_the_readers_language() {
    run(async {
        let place = place();
        let (answer, page) = acted(&place, || Err(Mistake::new("", "wrong-unknown").into()), true).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("It takes long.") && page.contains("role=\"alert\""), "{page}");
        let (answer, page) = acted(&place, || anyhow::bail!("there is no <such> thing"), true).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Nothing was changed:") && page.contains("no &lt;such&gt; thing"), "{page}");
    });
}

#[test]
fn a_busy_service_says_so() {
    run(async {
        let place = place();
        let (answer, page) = acted(&place, || Ok(Done::Saved), false).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(header_of(&answer, header::RETRY_AFTER), "5");
        assert!(page.contains("the system is busy"), "{page}");
    });
}

#[test]
fn every_refusal_is_said_in_the_language_of_the_reader() {
    use schakel_app::refused::Refused;
    for key in Refused::KEYS {
        assert!(schakel_render::portal::has_text(key), "{key}");
    }
    for key in schakel_rules::policy::wrong::Wrong::KEYS {
        assert!(schakel_render::portal::has_text(key), "{key}");
    }
    let refused = Refused::NameTaken { name: "<jan>".into() };
    let mistake = acting::mistake(anyhow::Error::from(refused).context("while inviting")).unwrap();
    assert_eq!(mistake.key, "refused-name-taken");
    assert_eq!((mistake.parts, mistake.detail.as_str()), (vec![("name", "<jan>".to_owned())], ""));
    let other = acting::mistake(anyhow::anyhow!("something else")).unwrap();
    assert_eq!((other.key, other.detail.as_str()), ("wrong-refused", "something else"));
}

/// At a portal whose clock is this much later.
async fn later(place: &Place, seconds: i64, method: Method, path: &str, body: &str) -> (Response, String) {
    let (asking, _) = requests::channel();
    let clock = Clock::fixed(jiff::Timestamp::from_second(NOW + seconds).unwrap());
    let portal =
        Portal::new(&place.portal.config, &asking, &place.portal.data, clock, false, Vec::new()).unwrap();
    ask(router(portal), method, path, &place.cookie, body).await
}

#[test]
fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
    use schakel_app::portal::sign_in::{IDLE_SECONDS, SESSION_SECONDS};
    run(async {
        let place = place();
        let status = |seconds| {
            let place = &place;
            async move { later(place, seconds, Method::GET, "/account", "").await.0.status() }
        };
        // Used within each two hours, until the twelve are over.
        for seconds in (0..SESSION_SECONDS).step_by(IDLE_SECONDS as usize - 1) {
            assert_eq!(status(seconds).await, StatusCode::OK, "{seconds}");
        }
        assert_eq!(status(SESSION_SECONDS).await, StatusCode::SEE_OTHER, "too old");
    });
    run(async {
        let place = self::place();
        let (answer, _) = later(&place, IDLE_SECONDS, Method::GET, "/account", "").await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "not used");
    });
}

#[test]
fn how_somebody_signs_in_changes_only_just_after_they_did() {
    use schakel_app::portal::sign_in::RECENT_SECONDS;
    run(async {
        let place = place();
        let form = format!("form_token={}&passkey=AQ", place.form_token);
        for path in ["/account/password", "/account/app"] {
            for method in [Method::GET, Method::POST] {
                let (answer, page) = later(&place, RECENT_SECONDS, method, path, &form).await;
                assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
                assert!(page.contains("Sign in again"), "{path}: {page}");
            }
        }
        for path in ["/account/passkeys/remove", "/account/recovery"] {
            let (answer, page) = later(&place, RECENT_SECONDS, Method::POST, path, &form).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
            assert!(page.contains("Sign in again") && page.contains("again=yes"), "{path}: {page}");
            let (answer, _) = later(&place, RECENT_SECONDS - 1, Method::POST, path, &form).await;
            assert!(answer.status() == StatusCode::OK || answer.status() == StatusCode::SEE_OTHER, "{path}");
        }
        let (_, page) = later(&place, RECENT_SECONDS, Method::GET, "/account", "").await;
        assert!(page.contains("sign in again first") && !page.contains("/account/recovery\""), "{page}");
        let (answer, page) = later(&place, RECENT_SECONDS, Method::GET, "/sign-in?again=yes", "").await;
        assert!(answer.status() == StatusCode::OK && page.contains(&place.form_token), "{page}");
        let (answer, _) = later(&place, RECENT_SECONDS, Method::GET, "/sign-in", "").await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    });
}
