//! One member never learns of another's data: each address of members is tried with what is somebody else's, by its path, by a form, by a filter, a
//! search, an export and a count. An address without a case fails the test.

use std::fs;

use schakel_app::{
    claims::{self, Entry, Run},
    contacts,
    intake::Intake,
    reading::Reading,
    register::{Import, standing},
    tell::Composer,
};
use schakel_formats::register::import::Options;
use schakel_model::{
    asset::{AssetKind, Role},
    ids::ContactId,
    register::Contact,
    tlp::Tlp,
};
use schakel_render::templates::Templates;
use schakel_rules::access::Right;

use super::*;

pub const OWN: [Right; 5] =
    [Right::SeeOwn, Right::SeeOwnConfidential, Right::AnswerOwn, Right::ChangeOwn, Right::ManageOwnAccounts];

/// What stands nowhere but in what is GM2's.
const OF_GM2: [&str; 3] = ["198.51.100.200", "Lindeveen", "vcib@lindeveen.example"];

/// Two municipalities that were told of something each, and of something confidential, and a partnership that serves GM2.
///
/// F0: GM1, F1: GM1 and confidential, F2: GM2, F3: GM2 and confidential.
pub struct World {
    _folder: tempfile::TempDir,
    pub portal: Portal,
}

/// Somebody who is signed in.
pub struct Who {
    cookie: String,
    form_token: String,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path().join("data"));
        let register = folder.path().join("register");
        fs::create_dir(&register).unwrap();
        for (name, text) in [
            (
                "organisations.csv",
                "id,name,kind,parent,language\nGM1,Eikendam,municipality,,nl\nGM2,Lindeveen,municipality,,nl\nSV1,Hulpbron,it_partnership,,nl\n",
            ),
            (
                "assets.csv",
                "organisation,kind,value,role,valid_from,valid_until,proof,flags,note\nGM1,prefix,198.51.100.0/25,owner,,,desk,,\nGM2,prefix,198.51.100.128/25,owner,,,desk,,\n",
            ),
            (
                "contacts.csv",
                "organisation,role,name,email,phone,language,tlp_max,order,valid_from,valid_until\nGM1,vcib,V. Vertrouwd,vcib@eikendam.example,+31 88 000 00 01,nl,RED,,,\nGM2,vcib,L. Linde,vcib@lindeveen.example,+31 88 000 00 02,nl,RED,,,\nSV1,findings,Dienst,dienst@hulpbron.example,,nl,AMBER,,,\n",
            ),
            (
                "relations.csv",
                "from,kind,to,mandate,scan_consent,valid_from,valid_until,note\nSV1,serves,GM2,,,,,\n",
            ),
        ] {
            fs::write(register.join(name), text).unwrap();
        }
        let clock = Clock::fixed(jiff::Timestamp::from_second(NOW).unwrap());
        let mut intake = Intake::open(&data, clock).unwrap();
        let import =
            Import::read(&[register], &Options::default(), standing(intake.store()).unwrap()).unwrap();
        assert_eq!(import.reading.errors, 0, "{:?}", import.reading.problems);
        let act = Act { at: NOW - 100, actor: "test", reason: "" };
        import.apply(intake.store(), &import.diff(), act).unwrap();
        intake.reload_register().unwrap();
        let mut config = Config::default();
        config.mail.from = "CERT <desk@cert.example>".into();
        for (nth, tlp, address) in [
            (1, Tlp::Amber, "198.51.100.10"),
            (2, Tlp::AmberStrict, "198.51.100.11"),
            (3, Tlp::Amber, "198.51.100.200"),
            (4, Tlp::AmberStrict, "198.51.100.201"),
        ] {
            let path = folder.path().join(format!("2026-09-2{nth}-scan_rdp-nederland.csv"));
            let rows = format!(
                "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo\n2026-09-20 03:00:00,high,{address},tcp,3389,,rdp,64500,NL\n"
            );
            fs::write(&path, rows).unwrap();
            intake.ingest(&path, &Reading { tlp: Some(tlp), ..Reading::default() }, &|_| {}).unwrap();
        }
        intake.settle().unwrap();
        let reader = intake.store().reader().unwrap();
        let (view, templates) = (intake.view(), Templates::new(&[]).unwrap());
        let composer = Composer {
            reader: &reader,
            view: &view,
            config: &config,
            templates: &templates,
            now: clock.now(),
        };
        assert!(composer.compose(Some(intake.store()), &mut |_| {}).unwrap() >= 4);
        // Each says that something of the other is theirs, and GM2 asks for another trusted contact.
        for (code, value) in [("GM2", "198.51.100.10"), ("GM1", "198.51.100.130")] {
            let entry = Entry {
                code,
                kind: AssetKind::Address,
                value,
                role: Role::Owner,
                valid_from: None,
                valid_until: None,
                note: "",
            };
            claims::add(intake.store(), &config.claims, &act, &entry, Run::Real).unwrap();
        }
        let renamed = |before: &Contact| Contact { phone: "+31 88 000 00 09".into(), ..before.clone() };
        contacts::change(intake.store(), &act, ContactId(2), renamed).unwrap();
        drop(intake);
        let (asking, _) = requests::channel();
        let portal = Portal::new(&config, &asking, &data, clock, false, Vec::new()).unwrap();
        Self { _folder: folder, portal }
    }

    pub fn who(&self, name: &str, organisation: &str, roles: &[PortalRole]) -> Who {
        let mut store = Store::open(&self.portal.data).unwrap();
        let act = Act { at: NOW, actor: "test", reason: "" };
        let language = Language::En;
        invite(&mut store, &act, &Invite { name, display_name: "", organisation, roles, language }).unwrap();
        let reader = store.reader().unwrap();
        let account = reader.read(|connection| accounts::by_name(connection, name)).unwrap().unwrap();
        let cookie = sign_in_as(&reader, NOW, &account, "").unwrap();
        let session = person(&reader, NOW, &cookie).unwrap().unwrap().session;
        let form_token = form_token(&reader.secret(), &session.token);
        Who { cookie: format!("{}={cookie}", cookies::SESSION), form_token }
    }

    pub async fn get(&self, who: &Who, path: &str) -> (StatusCode, String) {
        let (answer, page) = ask(router(self.portal.clone()), Method::GET, path, &who.cookie, "").await;
        (answer.status(), page)
    }

    pub async fn post(&self, who: &Who, path: &str, form: &str) -> (StatusCode, String) {
        let form = format!("form_token={}&{form}", who.form_token);
        let (answer, page) = ask(router(self.portal.clone()), Method::POST, path, &who.cookie, &form).await;
        (answer.status(), page)
    }
}

fn everything_of_a_member() -> Vec<PortalRole> {
    PortalRole::ALL.iter().copied().filter(|role| !role.is_of_desk()).collect()
}

/// For each address what of GM2's is tried there, by somebody of GM1 who may do everything there: with a path of GM2, and with a path of GM1 that
/// leads to something of GM2. `POST` stands before a form.
fn tries(path: &str) -> &'static [&'static str] {
    match path {
        "/own" => &[],
        "/own/{code}" => &["/own/GM2", "/own/gm2", "/own/Lindeveen", "/own/SV1", "/own/GM9"],
        "/own/{code}/findings" => &["/own/GM2/findings", "/own/GM2/findings?open=no"],
        "/own/{code}/findings.csv" => &["/own/GM2/findings.csv", "/own/GM2/findings.csv?what=198.51.100.200"],
        "/own/{code}/findings/{name}" => &[
            "/own/GM2/findings/F2",
            "/own/GM2/findings/F0",
            "/own/GM1/findings/F2",
            "/own/GM1/findings/F3",
            "/own/GM1/findings/F99",
        ],
        "/own/{code}/findings/{name}/answers" => &[
            "POST /own/GM2/findings/F2/answers?kind=fixed",
            "POST /own/GM1/findings/F2/answers?kind=fixed",
            "POST /own/GM1/findings/F99/answers?kind=fixed",
        ],
        "/own/{code}/answers/undo" => &[
            "POST /own/GM2/answers/undo?what=1",
            "POST /own/GM1/answers/undo?what=1",
            "POST /own/GM1/answers/undo?what=",
        ],
        "/own/{code}/register" => &["/own/GM2/register"],
        "/own/{code}/closed" => {
            &["POST /own/GM2/closed?day=2026-12-24", "POST /own/GM9/closed?day=2026-12-24"]
        }
        // The range of GM2 is the second of the register.
        "/own/{code}/assets/{number}" => &[
            "/own/GM2/assets/2",
            "/own/GM1/assets/2",
            "/own/GM1/assets/x",
            "POST /own/GM2/assets/2?wish=give_up",
            "POST /own/GM1/assets/2?wish=give_up",
        ],
        "/own/{code}/assets/take-back" => &[
            "POST /own/GM2/assets/take-back?what=1",
            "POST /own/GM1/assets/take-back?what=1",
            "POST /own/GM1/assets/take-back?what=",
        ],
        "/own/{code}/claim" => {
            &["/own/GM2/claim", "POST /own/GM2/claim?kind=domain&value=a.example&role=owner"]
        }
        "/own/{code}/claims/take-back" => &[
            "POST /own/GM2/claims/take-back?what=1",
            "POST /own/GM1/claims/take-back?what=1",
            "POST /own/GM1/claims/take-back?what=2+1",
            "POST /own/GM1/claims/take-back?what=",
        ],
        "/own/{code}/claims/{number}" => {
            &["/own/GM2/claims/1", "/own/GM1/claims/1", "/own/GM1/claims/99", "/own/GM1/claims/x"]
        }
        "/own/{code}/claims/{number}/check" => &[
            "POST /own/GM2/claims/1/check?by=dns",
            "POST /own/GM1/claims/1/check?by=dns",
            "POST /own/GM1/claims/99/check?by=dns",
        ],
        "/own/{code}/claims/{number}/mail" => {
            &["POST /own/GM2/claims/1/mail?mailbox=security", "POST /own/GM1/claims/1/mail?mailbox=security"]
        }
        "/own/{code}/claims/{number}/code" => {
            &["POST /own/GM2/claims/1/code?code=1", "POST /own/GM1/claims/1/code?code=1"]
        }
        // The trusted contact of GM2 is the second of the register.
        "/own/{code}/contact" => &[
            "/own/GM2/contact",
            "/own/GM2/contact?contact=2",
            "/own/GM1/contact?contact=2",
            "/own/GM1/contact?contact=99",
            "POST /own/GM2/contact?role=findings&email=a@b.example&language=nl",
            "POST /own/GM1/contact?contact=2&email=a@b.example&language=nl",
        ],
        "/own/{code}/contact/leave" => {
            &["POST /own/GM2/contact/leave?contact=2", "POST /own/GM1/contact/leave?contact=2"]
        }
        "/own/{code}/contact/right" => {
            &["POST /own/GM2/contact/right?contact=2", "POST /own/GM1/contact/right?contact=2"]
        }
        "/own/{code}/contact/take-back" => &[
            "POST /own/GM2/contact/take-back?what=1",
            "POST /own/GM1/contact/take-back?what=1",
            "POST /own/GM1/contact/take-back?what=",
        ],
        "/own/{code}/people" => {
            &["/own/GM2/people", "POST /own/GM2/people?name=new@lindeveen.example&role=viewer"]
        }
        "/own/{code}/people/disable" => &[
            "POST /own/GM2/people/disable?name=vcib@lindeveen.example",
            "POST /own/GM1/people/disable?name=vcib@lindeveen.example",
            "POST /own/GM1/people/disable?name=anna",
            "POST /own/GM1/people/disable?name=",
        ],
        "/own/{code}/people/sessions" => &[
            "POST /own/GM2/people/sessions?name=vcib@lindeveen.example&session=0",
            "POST /own/GM1/people/sessions?name=vcib@lindeveen.example&session=0",
        ],
        "/own/{code}/people/role" => &[
            "POST /own/GM2/people/role?name=vcib@lindeveen.example&role=viewer",
            "POST /own/GM1/people/role?name=vcib@lindeveen.example&role=viewer",
        ],
        "/own/{code}/people/administrator" => &[
            "POST /own/GM2/people/administrator?name=vcib@lindeveen.example&change=hand_over",
            "POST /own/GM1/people/administrator?name=vcib@lindeveen.example&change=hand_over",
        ],
        "/own/{code}/sent" => &["/own/GM2/sent", "/own/GM2/sent?before=99"],
        "/own/{code}/sent/{number}" => {
            &["/own/GM2/sent/3", "/own/GM1/sent/3", "/own/GM1/sent/4", "/own/GM1/sent/99"]
        }
        "/own/{code}/weekly" => &["/own/GM2/weekly", "/own/GM2/weekly?until=1"],
        other => panic!("{other} has no case: say here how somebody else's data is asked for by it"),
    }
}

/// Pages of GM1 that must not count or name anything of GM2, whatever is asked of them.
const FILTERS: &[&str] = &[
    "/own/GM1",
    "/own/GM1/findings",
    "/own/GM1/findings?what=198.51.100.20",
    "/own/GM1/findings?what=F2",
    "/own/GM1/findings?open=no",
    "/own/GM1/findings.csv",
    "/own/GM1/findings.csv?what=198.51.100.20",
    "/own/GM1/register",
    "/own/GM1/sent",
    "/own/GM1/sent?before=4",
    "/own/GM1/weekly",
    "/own/GM1/assets/1",
    "/own/GM1/claim",
    "/own/GM1/claims/2",
    "/own/GM1/contact",
    "/own/GM1/contact?contact=1",
    "/own/GM1/people",
    "/sector",
];

#[test]
fn a_member_sees_nothing_of_another_member() {
    run(async {
        let world = World::new();
        let who = world.who("eik@eikendam.example", "GM1", &everything_of_a_member());
        world.who("vcib@lindeveen.example", "GM2", &everything_of_a_member());
        for route in routes() {
            let Access::Has(right) = route.access else { continue };
            if !OWN.contains(&right) {
                continue;
            }
            for tried in tries(route.path) {
                let (status, page) = match tried.strip_prefix("POST ") {
                    Some(form) => {
                        let (path, form) = form.split_once('?').unwrap_or((form, ""));
                        world.post(&who, path, form).await
                    }
                    None => world.get(&who, tried).await,
                };
                assert_eq!(status, StatusCode::NOT_FOUND, "{tried}: {page}");
                // What was asked for stands in the ways to read the same page otherwise.
                let page = page.replace(&tried.replace('/', "&#x2f;"), "");
                let told = OF_GM2.iter().find(|text| page.contains(**text));
                assert_eq!(told, None, "{tried} tells: {page}");
            }
        }
        for path in FILTERS {
            let (status, page) = world.get(&who, path).await;
            assert_eq!(status, StatusCode::OK, "{path}: {page}");
            let told = OF_GM2.iter().find(|text| page.contains(**text));
            assert_eq!(told, None, "{path} tells: {page}");
        }
        let (_, all) = world.get(&who, "/own/GM1/findings").await;
        assert!(all.contains("2 findings."), "its own two: {all}");
        let (_, searched) = world.get(&who, "/own/GM1/findings?what=198.51.100.200").await;
        let (_, made_up) = world.get(&who, "/own/GM1/findings?what=192.0.2.99").await;
        let without = |page: String| page.replace("198.51.100.200", "").replace("192.0.2.99", "");
        assert_eq!(without(searched), without(made_up), "what another has and what nobody has look alike");
    });
}

#[test]
fn a_member_does_nothing_without_a_form_of_their_own() {
    run(async {
        let world = World::new();
        let who = world.who("eik@eikendam.example", "GM1", &everything_of_a_member());
        for route in routes() {
            if !matches!(route.access, Access::Has(right) if OWN.contains(&right)) {
                continue;
            }
            let path = example(route.path);
            for body in ["", "form_token=00000000000000000000000000000000"] {
                let router = router(world.portal.clone());
                let (answer, page) = ask(router, Method::POST, &path, &who.cookie, body).await;
                if answer.status() != StatusCode::METHOD_NOT_ALLOWED {
                    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} with {body}");
                    assert!(page.contains("This form is too old"), "{path}: {page}");
                }
            }
        }
    });
}

#[test]
fn the_desks_pages_are_closed_to_members_and_theirs_to_the_desk() {
    run(async {
        let world = World::new();
        let member = world.who("eik@eikendam.example", "GM1", &everything_of_a_member());
        let roles: Vec<_> = PortalRole::ALL.iter().copied().filter(|role| role.is_of_desk()).collect();
        let desk = world.who("anna", "", &roles);
        for route in routes() {
            let Access::Has(right) = route.access else { continue };
            if right == Right::SignedIn {
                continue;
            }
            let path = example(route.path);
            let other = if OWN.contains(&right) { &desk } else { &member };
            let first = right == Right::SeeDesk;
            for (status, page) in [world.get(other, &path).await, world.post(other, &path, "").await] {
                let is_shut = status == StatusCode::FORBIDDEN
                    || status == StatusCode::METHOD_NOT_ALLOWED
                    || first && status == StatusCode::SEE_OTHER;
                assert!(is_shut, "{path}: {status} {page}");
            }
        }
        let (answer, _) = ask(router(world.portal.clone()), Method::GET, "/", &member.cookie, "").await;
        assert_eq!(header_of(&answer, header::LOCATION), "/own/GM1", "their first page is another one");
    });
}

#[test]
fn a_general_contact_learns_that_something_confidential_waits_and_not_what() {
    run(async {
        let world = World::new();
        let acib = world.who("acib@eikendam.example", "GM1", &[PortalRole::Acib]);
        let vcib = world.who("vcib@eikendam.example", "GM1", &[PortalRole::Vcib]);
        for (who, sees) in [(&acib, false), (&vcib, true)] {
            let (_, front) = world.get(who, "/own/GM1").await;
            assert_eq!(front.contains("198.51.100.11"), sees, "{front}");
            assert_eq!(front.contains("1 confidential finding is waiting."), !sees, "{front}");
            assert_eq!(front.contains("V. Vertrouwd"), !sees, "who may see it");
            let (status, _) = world.get(who, "/own/GM1/findings/F1").await;
            assert_eq!(status == StatusCode::OK, sees);
            let (_, file) = world.get(who, "/own/GM1/findings.csv").await;
            assert_eq!(file.contains("198.51.100.11"), sees, "{file}");
            let (_, sent) = world.get(who, "/own/GM1/sent").await;
            assert_eq!(sent.contains("Confidential, only for your VCIB"), !sees, "{sent}");
            assert!(world.get(who, "/own/GM1/findings/F0").await.1.contains("198.51.100.10"));
        }
        let reader = Reader::open(&world.portal.data).unwrap();
        let entries = reader
            .read(|connection| schakel_store::audit::list(connection, &Default::default(), 100))
            .unwrap();
        assert!(entries.iter().any(|one| one.subject == "finding:1"), "who looked is known: {entries:?}");
    });
}

#[test]
fn a_partnership_sees_whom_it_serves_and_of_that_what_may_reach_it() {
    run(async {
        let world = World::new();
        let who = world.who("dienst@hulpbron.example", "SV1", &everything_of_a_member());
        let (status, front) = world.get(&who, "/own/SV1").await;
        assert!(status == StatusCode::OK && front.contains("href=\"/own/GM2\""), "{front}");
        let (_, served) = world.get(&who, "/own/GM2").await;
        assert!(served.contains("198.51.100.200"), "{served}");
        // AMBER+STRICT is for one organisation: who serves it learns nothing, not even that there is something.
        assert!(!served.contains("198.51.100.201") && !served.contains("confidential finding"), "{served}");
        assert_eq!(world.get(&who, "/own/GM2/findings/F2").await.0, StatusCode::OK);
        for closed in ["/own/GM2/findings/F3", "/own/GM1", "/own/GM1/findings/F0", "/own/SV1/findings/F2"] {
            assert_eq!(world.get(&who, closed).await.0, StatusCode::NOT_FOUND, "{closed}");
        }
    });
}
