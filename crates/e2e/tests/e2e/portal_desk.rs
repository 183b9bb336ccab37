//! What the desk does in the portal, form by form.

use schakel_testkit::ports::free_port;

use crate::{
    answers::{field, reply},
    fixtures::{rdp, rdp_name},
    portal::{Answer, Portal},
    serve::put,
};

/// The token that forms of this page bear.
fn token(page: &Answer) -> String {
    let found =
        page.body.split("name=\"form_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    found.unwrap_or_else(|| panic!("no token in {page:?}")).to_owned()
}

/// A part of a form with files: its name, the name of a file, and what it holds.
type Part<'a> = (&'a str, Option<&'a str>, &'a str);

/// Somebody who sends forms.
pub struct Sender<'a> {
    portal: &'a Portal,
    session: String,
    token: String,
}

impl<'a> Sender<'a> {
    pub fn new(portal: &'a Portal, name: &str, roles: &[&str]) -> Self {
        let session = portal.sign_in(name, &portal.somebody(name, roles));
        let token = token(&portal.get("/account", &session));
        Self { portal, session, token }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.portal.get(path, &self.session)
    }

    pub fn post(&self, path: &str, fields: &str) -> Answer {
        self.portal.post(path, &self.session, &format!("form_token={}&{fields}", self.token))
    }

    /// Sends a form with files, as a browser does: fields by name, a file with its own name.
    pub fn upload(&self, path: &str, fields: &[Part<'_>], more: &[Part<'_>]) -> Answer {
        let token = ("form_token", None, self.token.as_str());
        let mut body = String::new();
        for (name, file, text) in std::iter::once(&token).chain(fields).chain(more) {
            let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
            body +=
                &format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n");
        }
        let kind = "Content-Type: multipart/form-data; boundary=x\r\n";
        self.portal.ask("POST", path, &self.session, kind, &(body + "--x--\r\n"))
    }

    /// Sends a form that is accepted; what the next page says.
    pub fn done(&self, path: &str, fields: &str) -> String {
        let answer = self.post(path, fields);
        assert_eq!(answer.status, 303, "{path} {fields}: {}", answer.body);
        let cookies = format!("{}; {}", self.session, answer.cookie("__Host-schakel-notice"));
        self.portal.get(answer.header("location"), &cookies).body
    }
}

#[test]
fn people_share_the_work_and_take_it_back() {
    let portal = Portal::new();
    put(
        &portal.installation,
        &rdp_name("2026-11-20"),
        rdp("2026-11-20", &["198.51.100.200", "198.51.100.201"]),
    );
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    portal.somebody("bram", &["handler"]);
    let session = portal.sign_in("anna", &portal.somebody("anna", &["handler"]));
    let token = token(&portal.get("/findings/F0", &session));
    let post = |path: &str, fields: &str| {
        portal.post(path, &session, &format!("form_token={token}&back=%2Ffindings%2FF0&{fields}"))
    };
    let cookies = |answer: &Answer| format!("{session}; {}", answer.cookie("__Host-schakel-notice"));
    let mine = || portal.get("/findings", &session).body;
    assert!(!mine().contains("/findings/F0"), "nobody works on it yet");

    let done = post("/findings/handler", "finding=F0&finding=F1&handler=me");
    assert_eq!((done.status, done.header("location")), (303, "/findings/F0"), "{done:?}");
    assert!(mine().contains("/findings/F0\"") && mine().contains("/findings/F1\""));
    let page = portal.get("/findings/F0", &cookies(&done)).body;
    assert!(page.contains("2 bevindingen toegewezen") && page.contains("&#x2f;findings&#x2f;undo"), "{page}");
    let batch = page.split("name=\"what\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(post("/findings/handler", "finding=F1&handler=bram").status, 303);
    assert_eq!(post("/findings/undo", &format!("what={batch}")).status, 303);
    assert!(!mine().contains("/findings/F0\""));
    assert!(
        portal.get("/findings?open=yes&handler=bram", &session).body.contains("/findings/F1\""),
        "changed since"
    );

    assert_eq!(post("/findings/handler", "finding=F0&handler=me").status, 303);
    for (fields, status) in [
        ("finding=F0&until=2020-01-01", 422),
        ("finding=F0", 422),
        ("until=2026-12-31", 422),
        ("finding=F0&days=7", 303),
    ] {
        assert_eq!(post("/findings/snooze", fields).status, status, "{fields}");
    }
    assert!(!mine().contains("/findings/F0\""), "it sleeps");
    assert!(portal.get("/findings?open=yes&handler=me&asleep=yes", &session).body.contains("/findings/F0\""));
    assert_eq!(post("/findings/F0/notes", "note=%3Cb%3Ecalled+Jan").status, 303);
    let found = portal.get("/findings?q=jan", &session).body;
    assert!(found.contains("/findings/F0\"") && !found.contains("/findings/F1\""), "a note is found");

    let wrong = post("/findings/answers", "finding=F0&kind=risk_accepted&who=Jan");
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("until-wrong") && wrong.body.contains("value=\"Jan\""), "{}", wrong.body);
    let done = post("/findings/answers", "finding=F0&finding=F1&kind=fixed&who=Jan");
    assert_eq!(done.status, 303, "{done:?}");
    assert!(portal.get("/findings?state=fixed", &session).body.contains("/findings/F1\""));
    let page = portal.get("/findings/F0", &cookies(&done)).body;
    let what = page.split("name=\"what\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(page.contains("&lt;b&gt;called Jan"), "{page}");
    assert_eq!(post("/findings/answers/undo", &format!("what={what}")).status, 303);
    assert!(!portal.get("/findings?state=fixed", &session).body.contains("/findings/F1\""), "as it was");
    assert_eq!(post("/findings/answers/undo", &format!("what={what}")).status, 422, "once");

    let csv = portal.get("/findings/export?open=any&format=csv", &session);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.body.contains("\"finding\",\"severity\"") && csv.body.contains("\"F1\",\"high\""), "{csv:?}");
    let json = portal.get("/findings/export?open=any&format=json&q=f1", &session);
    let rows: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!((rows.as_array().unwrap().len(), rows[0]["id"].as_str()), (1, Some("F1")));
    assert_eq!(post("/findings/views", "name=RDP&query=kind%3Drdp").status, 303);
    assert!(portal.get("/findings", &session).body.contains(">RDP<"));
    let log = portal.installation.run(&["audit", "list", "--json"]).ended(0).stdout;
    for action in ["finding.assign", "finding.snooze", "finding.note", "answer.take"] {
        assert!(log.contains(action), "{action} in {log}");
    }
    portal.serving.stop();
}

#[test]
fn what_waits_is_opened_and_taken_in_or_refused() {
    let portal = Portal::new();
    let anna = Sender::new(&portal, "anna", &["handler"]);
    let mail = |nth: u32| {
        format!(
            "From: melder@example.org\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\nSubject: scan <b>{nth}\r\n\r\n\
             We saw a port scan from 198.51.100.20{nth} at 2026-11-20 02:55 UTC.\r\n"
        )
    };
    put(&portal.installation, "one.eml", mail(1));
    put(&portal.installation, "two.eml", mail(2));
    portal.serving.wait("both to wait", || {
        let page = anna.get("/vetting").body;
        page.contains("/vetting/R1\"") && page.contains("/vetting/R2\"")
    });
    let page = anna.get("/vetting/R1").body;
    assert!(page.contains("198.51.100.20") && page.contains("Lindeveen"), "whose it is: {page}");
    assert!(!page.contains("scan <b>"), "{page}");
    assert!(
        page.contains("Wat er gebeurt als u dit inneemt") && page.contains("vcib@lindeveen.example"),
        "{page}"
    );
    assert!(!anna.get("/findings?open=any").body.contains("/findings/F0\""), "looking takes nothing in");
    assert_eq!(anna.post("/vetting/R1/refuse", "reason=+").status, 422);
    let said = anna.done("/vetting/R1/accept", "source=");
    assert!(said.contains("1 waarneming"), "{said}");
    anna.done("/vetting/R2/refuse", "reason=nothing+in+it");
    let page = anna.get("/vetting").body;
    assert!(!page.contains("/vetting/R1\"") && !page.contains("/vetting/R2\""), "{page}");
    assert_eq!(anna.get("/vetting/R1").status, 404);
    assert_eq!(anna.post("/vetting/R2/accept", "source=").status, 404, "somebody has done it");
    assert!(anna.get("/findings?open=any").body.contains("/findings/F0\""));
    portal.serving.stop();
}

#[test]
fn answers_that_no_program_may_decide_wait_for_a_person() {
    let server = format!("127.0.0.1:{}", free_port().unwrap());
    let portal = Portal::with(&format!(
        "[doors.smtp]\nlisten = [\"{server}\"]\nrecipients = [\"@schakel.example\"]\n"
    ));
    put(&portal.installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    let anna = Sender::new(&portal, "anna", &["handler"]);
    assert!(!anna.get("/answers").body.contains("/answers/1/"));
    let id = field(&portal.installation.mails()[0], "Message-ID");
    if reply(&server, "x@stranger.example", &id, "Niet van ons. <i>Groet", &[]).is_none() {
        return;
    }
    portal.serving.wait("the answer", || anna.get("/answers").body.contains("/answers/1/accept"));
    let page = anna.get("/answers").body;
    assert!(page.contains("&lt;i&gt;Groet") && page.contains("x@stranger.example"), "{page}");
    assert_eq!(anna.post("/answers/1/refuse", "answer=1&reason=").status, 422);
    assert_eq!(anna.post("/answers/9/accept", "answer=9").status, 422);
    anna.done("/answers/1/refuse", "answer=1&reason=it+is+theirs");
    assert!(!anna.get("/answers").body.contains("/answers/1/"));
    assert!(anna.get("/findings?state=told").body.contains("/findings/F0\""), "as it was");
    assert!(anna.get("/findings/F0").body.contains("Niet van ons."), "it stands in the line of time");
    portal.serving.stop();
}

#[test]
fn the_register_is_changed_after_a_look_at_what_it_leads_to() {
    let portal = Portal::new();
    put(&portal.installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["203.0.113.200"]));
    let bram = Sender::new(&portal, "bram", &["register_desk"]);
    portal.serving.wait("the report", || bram.get("/findings?open=any").body.contains("/findings/F0\""));
    let look = "/organisations/GM2/assets?kind=prefix&value=203.0.113.128%2F25&role=owner";
    let page = bram.get(look).body;
    assert!(page.contains("1 bevinding verandert") && page.contains("wordt van iemand"), "{page}");
    assert!(!bram.get("/organisations/GM2").body.contains("203.0.113.128"), "looking changes nothing");
    let wrong = bram.get("/organisations/GM2/assets?kind=prefix&value=%3Cscript%3E&role=owner").body;
    assert!(wrong.contains("&lt;script&gt;") && !wrong.contains("<script>x"), "{wrong}");
    let fields = "kind=prefix&value=203.0.113.128%2F25&role=owner&looked=yes";
    assert_eq!(bram.post("/organisations/GM2/assets", fields).status, 422, "say what you looked at");
    let said = bram.done("/organisations/GM2/assets", &format!("{fields}&reason=RIPE"));
    assert!(said.contains("203.0.113.128"), "{said}");
    let page = bram.get("/organisations/GM2").body;
    let (_, rest) = page.split_once("203.0.113.128&#x2f;25").unwrap();
    let asset = rest.split("assets?asset=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(bram.get(&format!("/organisations/GM2/assets?asset={asset}")).body.contains("wordt van niemand"));
    assert_eq!(
        bram.post("/organisations/GM1/assets/withdraw", &format!("asset={asset}&reason=x")).status,
        422,
        "it is somebody else's"
    );
    bram.done("/organisations/GM2/assets/withdraw", &format!("asset={asset}&reason=moved"));
    assert!(!bram.get("/organisations/GM2").body.contains("203.0.113.128"));

    // A trusted contact changes when a second person has called a known number back.
    let contact =
        "role=vcib&name=Piet&email=piet@lindeveen.example&phone=%2B31600000000&language=nl&tlp_max=RED";
    let said = bram.done("/organisations/GM2/contacts", contact);
    assert!(said.contains("tweede persoon") && !said.contains("Piet"), "{said}");
    assert!(bram.get("/register/waiting").body.contains("Piet"));
    let carla = Sender::new(&portal, "carla", &["register_desk"]);
    assert_eq!(bram.post("/register/changes/1/approve", "number=1").status, 422, "not by who asked");
    carla.done("/register/changes/1/refuse", "reason=nobody+knows+them");
    assert!(!bram.get("/register/waiting").body.contains("Piet"));
    let said = bram.done(
        "/organisations/GM2/contacts",
        "role=findings&name=Mies&email=mies@lindeveen.example&phone=&language=nl&tlp_max=AMBER",
    );
    assert!(said.contains("Mies"), "{said}");

    // An import shows what it changes before it changes it.
    let text =
        "text=organisation%2Ckind%2Cvalue%2Crole%0AGM2%2Cdomain%2Cnieuw.example%2Cowner%0A&scope=additions";
    let page = bram.post("/register/import", text);
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("nieuw.example") && page.body.contains("name=\"apply\""), "{}", page.body);
    assert!(!bram.get("/organisations/GM2").body.contains("nieuw.example"));
    bram.done("/register/import", &format!("{text}&apply=yes&reason=list"));
    assert!(bram.get("/organisations/GM2").body.contains("nieuw.example"));
    let wrong = bram.post(
        "/register/import",
        "text=organisation%2Ckind%2Cvalue%2Crole%0AGM2%2Cprefix%2C%3Cscript%3E%2Cowner&scope=additions",
    );
    assert!(!wrong.body.contains("name=\"apply\"") && !wrong.body.contains("<script>,"), "{}", wrong.body);
    assert!(bram.get("/register/history").body.contains("list"));

    // Files are the same: two together, looked at, then applied as they were.
    let assets = "organisation,kind,value,role\nGM2,domain,uit-een-bestand.example,owner\n";
    let contacts = "organisation,role,name,email,phone,language,tlp_max\nGM2,findings,Els,els@lindeveen.example,,nl,AMBER\n";
    let page = bram.upload(
        "/register/import",
        &[("scope", None, "additions")],
        &[("files", Some("../assets.csv"), assets), ("files", Some("contacts.csv"), contacts)],
    );
    assert_eq!(page.status, 200, "{}", page.body);
    for shown in [
        "<code>assets.csv</code>",
        "<code>contacts.csv</code>",
        "uit-een-bestand.example",
        "els@lindeveen.example",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!bram.get("/organisations/GM2").body.contains("uit-een-bestand.example"), "only looked at");
    let kept = [
        ("name", None, "assets.csv"),
        ("text", None, assets),
        ("name", None, "contacts.csv"),
        ("text", None, contacts),
        ("scope", None, "additions"),
        ("apply", None, "yes"),
    ];
    assert_eq!(bram.upload("/register/import", &kept, &[]).status, 422, "say why");
    let applied = bram.upload("/register/import", &kept, &[("reason", None, "the files of Els")]);
    assert_eq!((applied.status, applied.header("location")), (303, "/organisations"), "{}", applied.body);
    let page = bram.get("/organisations/GM2").body;
    assert!(page.contains("uit-een-bestand.example") && page.contains("els@lindeveen.example"), "{page}");
    bram.done("/organisations/GM2/steps", "step=invitation&by=Jan&number=");
    assert_eq!(bram.get("/organisations/GM2/quality").status, 200);
    let anna = Sender::new(&portal, "anna", &["handler"]);
    assert_eq!(anna.get(look).status, 403, "a handler keeps no register");
    portal.serving.stop();
}

#[test]
fn rules_and_texts_are_tried_before_they_are_in_force() {
    let portal = Portal::new();
    put(&portal.installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    let eva = Sender::new(&portal, "eva", &["editor"]);
    let encode = |text: &str| url_encoded(text);
    let rule = "[[rule]]\nname = \"quiet\"\nkind = [\"open-rdp\"]\nthen = \"suppress\"\n";
    let tried = eva.post("/policy/change", &format!("text={}", encode(rule)));
    assert_eq!(tried.status, 200, "{}", tried.body);
    let wrong = eva.post("/policy/change", "text=%3Cscript%3E&apply=yes&reason=x");
    assert_eq!(wrong.status, 422);
    assert!(!wrong.body.contains("<script>"), "{}", wrong.body);
    let name = "/texts/change/nl/notification.txt";
    let broken = eva.post(name, "text=%7B%7B+nobody+%7D%7D");
    assert!(broken.status == 200 && !broken.body.contains("value=\"yes\""), "{}", broken.body);
    assert_eq!(eva.post(name, "text=%7B%7B+nobody+%7D%7D&apply=yes&reason=x").status, 422);
    let anna = Sender::new(&portal, "anna", &["handler"]);
    assert_eq!(anna.get("/policy").status, 200);
    assert_eq!(anna.post("/policy/change", "text=").status, 403, "a handler writes no rules");
    portal.serving.stop();
}

/// RFC 3986: all but letters and digits.
fn url_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[test]
fn the_desk_invites_shuts_out_and_hands_over() {
    let portal = Portal::new();
    let daan = Sender::new(&portal, "daan", &["administrator"]);
    let invited = daan.post("/people", "name=eva&display_name=Eva&organisation=&language=nl&role=editor");
    assert_eq!(invited.status, 200, "{}", invited.body);
    let (_, link) = invited.body.split_once("invitation&#x2f;").unwrap();
    let token = link.split('<').next().unwrap();
    assert_eq!(portal.get(&format!("/invitation/{token}"), "").status, 200);
    let wrong = daan.post("/people", "name=x+y&role=editor");
    assert!(wrong.status == 422 && wrong.body.contains("geen spaties"), "{}", wrong.body);
    assert_eq!(daan.post("/people/disable", "name=daan").status, 422, "not oneself");
    let anna = Sender::new(&portal, "anna", &["handler"]);
    let bram = Sender::new(&portal, "bram", &["handler"]);
    anna.done("/shift/hand-over", "text=%3Cb%3Ecall+Lindeveen");
    assert!(bram.get("/shift").body.contains("&lt;b&gt;call Lindeveen"));
    assert_eq!(anna.post("/shift/accept", "shift=1").status, 422, "somebody else accepts it");
    bram.done("/shift/accept", "shift=1");
    assert_eq!(bram.post("/shift/accept", "shift=1").status, 422, "once");
    // A session of somebody else is ended, and the account is shut out.
    let page = daan.get("/people").body;
    let (_, of_anna) = page.split_once("name=\"name\" value=\"anna\"").unwrap();
    let session = of_anna.split("name=\"session\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    daan.done("/people/sessions", &format!("name=anna&session={session}"));
    assert_eq!(anna.get("/shift").status, 303, "signed out");
    daan.done("/people/disable", "name=bram");
    assert_eq!(bram.get("/shift").status, 303, "shut out at once");
    let log = daan.get("/audit?action=session.end").body;
    assert!(log.contains("session.end") && log.contains("daan"), "{log}");
    let csv = daan.get("/audit?format=csv");
    assert!(
        csv.body.contains("\"shift.hand_over\"") && csv.header("content-type").starts_with("text/csv"),
        "{csv:?}"
    );
    assert_eq!(daan.get("/reports").status, 403, "an administrator sees no case");
    portal.serving.stop();
}
