//! What members change about themselves in the portal: what is theirs, who gets messages, who signs in.

use schakel_testkit::{browser, knot::Knot};
use serde_json::{Value, json};

use crate::{
    claims::sent_code,
    fixtures::{Register, rdp, rdp_name},
    installation::Installation,
    portal::{Answer, Portal},
    program,
    serve::put,
};

/// Somebody who is signed in, with what their forms bring along.
struct Somebody<'a> {
    portal: &'a Portal,
    session: String,
    token: String,
}

impl<'a> Somebody<'a> {
    fn new(portal: &'a Portal, name: &str, organisation: &str, roles: &[&str]) -> Self {
        let secret = portal.somebody_of(name, organisation, roles);
        let session = portal.sign_in(name, &secret);
        let page = portal.get("/account", &session).body;
        let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        Self { portal, session, token: token.to_owned() }
    }

    fn get(&self, path: &str) -> String {
        let page = self.portal.get(path, &self.session);
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        page.body
    }

    fn post(&self, path: &str, fields: &str) -> Answer {
        let form = format!("form_token={}&back=%2Faccount&{fields}", self.token);
        self.portal.post(path, &self.session, &form)
    }

    /// What the next page says after a form that went well, and where it is.
    fn done(&self, path: &str, fields: &str) -> (String, String) {
        let answer = self.post(path, fields);
        assert_eq!(answer.status, 303, "{path} {fields}: {answer:?}");
        let both = format!("{}; {}", self.session, answer.cookie("__Host-schakel-notice"));
        let to = answer.header("location").to_owned();
        let page = self.portal.get(&to, &both).body;
        let said = page.split("role=\"status\"><span>").nth(1).unwrap_or_else(|| panic!("{to}: {page}"));
        (said.split("</span>").next().unwrap().to_owned(), to)
    }

    /// What is wrong with a form, with the field it is at.
    fn wrong(&self, path: &str, fields: &str, said: &str) {
        let answer = self.post(path, fields);
        assert!(answer.status == 422 && answer.body.contains(said), "{path} {fields}: {said}: {answer:?}");
    }
}

fn json_of(portal: &Portal, arguments: &[&str]) -> Value {
    let mut command = portal.installation.command_by_the_real_clock(arguments);
    program::run(command.arg("--json")).ended(0).json()
}

#[test]
fn a_member_says_what_is_theirs_proves_it_and_takes_it_back() {
    let Some(mut knot) = Knot::start(&[("lindeveen.nl", "www A 192.0.2.1\n")]) else { return };
    let portal =
        Portal::with(&format!("[outgoing]\nresolvers = [\"{}\"]\ntimeout_seconds = 2\n", knot.address()));
    let linde = Somebody::new(&portal, "linde@lindeveen.example", "GM2", &["acib"]);
    let (said, to) = linde.done("/own/GM2/claim", "kind=domain&value=Lindeveen.NL.&role=owner&note=site");
    assert_eq!(
        (said.as_str(), to.as_str()),
        ("Opgegeven. Laat nu zien dat het van u is.", "/own/GM2/claims/1")
    );
    let page = linde.get(&to);
    let token = json_of(&portal, &["claim", "show", "1"])["token"].as_str().unwrap().to_owned();
    let file = format!("https:&#x2f;&#x2f;lindeveen.nl&#x2f;.well-known&#x2f;schakel-{token}.txt");
    for shown in ["_schakel-challenge.lindeveen.nl", &token, &file, "security@lindeveen.nl"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }

    // Not there yet; then it is.
    let check = |by: &str| linde.done("/own/GM2/claims/1/check", &format!("by={by}")).0;
    assert!(check("dns").starts_with("Nog niet gevonden."));
    assert!(linde.get(&to).contains("niet gevonden"));
    knot.change("lindeveen.nl", &format!("_schakel-challenge TXT \"{token}\"\n")).unwrap();
    assert!(check("dns").starts_with("Gevonden. Het is bewezen"));
    let shown = json_of(&portal, &["claim", "show", "1"]);
    assert_eq!((&shown["state"], &shown["proven_by"]), (&json!("proven"), &json!("dns")));
    assert_eq!(shown["attempts"][0]["actor"], "linde@lindeveen.example");
    assert!(linde.get("/own/GM2/register").contains("record in de DNS"));
    // A proof that is of no use for a domain, and one of a claim of nobody.
    linde.wrong("/own/GM2/claims/1/check", "by=rdap", "dit kan zo niet");
    assert_eq!(linde.post("/own/GM2/claims/9/check", "by=dns").status, 404);
    // What counts is not simply taken back.
    linde.wrong("/own/GM2/claims/take-back", "what=1", "dit kan zo niet");

    // What somebody else has is said without a word of who that is.
    let (said, to) = linde.done("/own/GM2/claim", "kind=domain&value=www.berkendal.nl&role=owner");
    assert!(said.contains("Een andere organisatie"), "{said}");
    let page = linde.get(&to);
    assert!(!page.contains("GM3") && !page.contains("Berkendal"), "{page}");
    let (said, _) = linde.done("/own/GM2/claims/take-back", "what=2");
    assert_eq!(said, "De opgave is ingetrokken.");
    assert_eq!(json_of(&portal, &["claim", "show", "2"])["state"], "withdrawn");

    // By a code that goes to a mailbox of the domain.
    let (_, to) = linde.done("/own/GM2/claim", "kind=mail_domain&value=lindeveen.nl&role=owner");
    linde.wrong(&format!("{to}/code"), "code=AAAA-AAAA", "Deze code telt niet meer");
    linde.done(&format!("{to}/mail"), "mailbox=security");
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    assert_eq!(
        linde.done(&format!("{to}/code"), "code=AAAA-AAAA").0.split('.').next(),
        Some("Deze code klopt niet")
    );
    let code = sent_code(&portal.installation, 0);
    assert!(linde.done(&format!("{to}/code"), &format!("code={code}")).0.starts_with("Gevonden."));
    for _ in 0..2 {
        linde.done(&format!("{to}/mail"), "mailbox=hostmaster");
    }
    linde.wrong(&format!("{to}/mail"), "mailbox=hostmaster", "mailbox-wrong");
    linde.wrong(&format!("{to}/mail"), "mailbox=directeur", "dit kan zo niet");

    for (fields, said) in [
        ("kind=domain&value=nl&role=owner", "value-wrong"),
        ("kind=domain&value=&role=owner", "value-wrong"),
        ("kind=domain&value=lindeveen.nl&role=owner", "Dit hebt u al opgegeven"),
        ("kind=country&value=NL&role=owner", "dit kan zo niet"),
        ("kind=domain&value=x.nl&role=monitor", "dit kan zo niet"),
        ("kind=&value=x.nl&role=owner", "kind-wrong"),
    ] {
        linde.wrong("/own/GM2/claim", fields, said);
    }
    let viewer = Somebody::new(&portal, "kijk@lindeveen.example", "GM2", &["viewer"]);
    assert_eq!(viewer.post("/own/GM2/claim", "kind=domain&value=x.nl&role=owner").status, 403);
    assert!(!viewer.get("/own/GM2/register").contains("Iets van u opgeven"));
    portal.installation.assert_sound();
    portal.serving.stop();
}

#[test]
fn what_a_member_gives_up_leaves_the_register_when_the_desk_agrees() {
    let portal = Portal::new();
    let linde = Somebody::new(&portal, "linde@lindeveen.example", "GM2", &["acib"]);
    let bram = Somebody::new(&portal, "bram", "", &["register_desk"]);
    let page = linde.get("/own/GM2/register");
    let asset = page.split("/assets/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/own/GM2/assets/{asset}");
    assert!(linde.get(&path).contains("198.51.100.128"));
    linde.wrong(&path, "wish=change&text=", "text-wrong");
    linde.wrong(&path, "wish=steal", "Kies er een");
    assert!(linde.done(&path, "wish=give_up&text=verkocht").0.contains("alles zoals het is"));
    linde.wrong(&path, "wish=change&text=x", "al iets gevraagd");
    linde.done("/own/GM2/assets/take-back", "what=1");
    assert_eq!(linde.post("/own/GM2/assets/take-back", "what=1").status, 404, "once");
    let assets = || json_of(&portal, &["register", "show", "GM2"])["assets"].as_array().unwrap().len();
    linde.done(&path, "wish=give_up&text=verkocht");
    assert_eq!(assets(), 1, "it waits");
    let waiting = bram.get("/register/waiting");
    assert!(waiting.contains("niet meer van hen") && waiting.contains("verkocht"), "{waiting}");
    bram.wrong("/register/requests/2/refuse", "", "Vul dit in");
    assert_eq!(linde.post("/register/requests/2/accept", "").status, 403);
    bram.done("/register/requests/2/accept", "");
    assert_eq!(assets(), 0);
    bram.wrong("/register/requests/2/accept", "", "does not wait");
    assert_eq!(linde.post(&path, "wish=give_up").status, 404);
    portal.installation.assert_sound();
    portal.serving.stop();
}

#[test]
fn a_member_keeps_its_contacts_and_the_desk_guards_the_trusted_one() {
    let portal = Portal::new();
    let eik = Somebody::new(&portal, "eik@eikendam.example", "GM1", &["acib"]);
    let contacts = || json_of(&portal, &["contact", "list", "GM1"])["contacts"].clone();
    let id_of = |role: &str| {
        let all = contacts();
        let found = all.as_array().unwrap().iter().find(|one| one["role"] == role).cloned();
        found.unwrap_or_else(|| panic!("no {role} in {all}"))["contact"].to_string()
    };
    let put = "/own/GM1/contact";
    eik.wrong(put, "role=ciso&name=C.+Iso&email=&phone=&language=nl", "email-wrong");
    eik.wrong(put, "role=ciso&name=C.+Iso&email=nobody&phone=&language=nl", "email-wrong");
    let (said, to) = eik.done(put, "role=ciso&name=C.+Iso&email=ciso@eikendam.example&phone=&language=nl");
    assert_eq!((said.as_str(), to.as_str()), ("Het contact is opgeslagen.", "/own/GM1/register"));
    let ciso = id_of("ciso");
    assert!(eik.get("/own/GM1/register").contains("ciso@eikendam.example"));
    let changed = format!("contact={ciso}&name=C.+Iso&email=iso@eikendam.example&phone=&language=en");
    assert_eq!(eik.done(put, &changed).0, "Het contact is opgeslagen.");
    let ciso = id_of("ciso");
    let same = format!("contact={ciso}&name=C.+Iso&email=iso@eikendam.example&phone=&language=en");
    assert!(eik.done(put, &same).0.contains("Het was al zo"));
    assert!(eik.done("/own/GM1/contact/right", &format!("contact={ciso}")).0.contains("nog klopt"));

    // How the trusted contact is reached waits, and can be taken back.
    let vcib = id_of("vcib");
    let other = format!(
        "contact={vcib}&name=V.+Vertrouwd&email=boef@eikendam.example&phone=%2B31880000001&language=nl"
    );
    let (said, _) = eik.done(put, &other);
    assert!(said.contains("bellen wij terug"), "{said}");
    assert!(contacts().to_string().contains("vcib@eikendam.example"), "as it was");
    let page = eik.get("/own/GM1/register");
    assert!(page.contains("Wijziging wacht op controle") && page.contains("boef@eikendam.example"), "{page}");
    eik.done("/own/GM1/contact/take-back", "what=1");
    assert!(!eik.get("/own/GM1/register").contains("boef@eikendam.example"));
    assert_eq!(eik.post("/own/GM1/contact/take-back", "what=1").status, 404, "once");

    // A number that a member has typed is none to call back: it may be that of whoever got hold of an account.
    eik.done(put, "role=duty&name=&email=&phone=%2B31612345678&language=nl");
    eik.done(put, &other);
    portal.installation.command_by_the_real_clock(&["user", "add", "piet"]).output().unwrap();
    let approve = |number: &str, code| {
        let arguments = ["contact", "pending", "approve", "2", "--called-back", number, "--as", "piet"];
        program::run(&mut portal.installation.command_by_the_real_clock(&arguments)).ended(code);
    };
    approve("+31 6 12345678", 1);
    approve("+31 88 000 00 01", 0);
    assert!(contacts().to_string().contains("boef@eikendam.example"));

    // The trusted contact goes by their own word, the last one who is told anything not at all.
    let vcib = id_of("vcib");
    eik.wrong("/own/GM1/contact/leave", &format!("contact={vcib}"), "verwijdert zichzelf");
    for role in ["ciso", "duty", "findings"] {
        let left = eik.done("/own/GM1/contact/leave", &format!("contact={}", id_of(role)));
        assert_eq!(left.0, "Deze persoon krijgt geen berichten meer.");
    }
    let trusted = Somebody::new(&portal, "v@eikendam.example", "GM1", &["vcib"]);
    trusted.wrong("/own/GM1/contact/leave", &format!("contact={vcib}"), "Voeg eerst iemand anders toe");
    // Somebody without one names the first by a form.
    let stil = Somebody::new(&portal, "s@stilstad.example", "GM4", &["acib"]);
    let first = "role=vcib&name=S&email=s@stilstad.example&phone=%2B31880000004&language=nl";
    stil.wrong("/own/GM4/contact", first, "role-wrong");
    portal.installation.assert_sound();
    portal.serving.stop();
}

/// The link that an administrator of a member is shown, once.
fn link(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{page:?}");
    let path = page.body.split("&#x2f;invitation&#x2f;").nth(1).unwrap_or_else(|| panic!("{page:?}"));
    format!("/invitation/{}", path.split('<').next().unwrap())
}

#[test]
fn administrators_of_a_member_say_who_signs_in_and_never_lose_the_last_of_them() {
    let installation = Installation::empty();
    installation.import(&Register::small().relation("SV1,serves,GM2"));
    let portal = Portal::of(installation, "");
    let beheer = Somebody::new(&portal, "beheer@lindeveen.example", "GM2", &["member_administrator"]);
    let people = "/own/GM2/people";
    let invited = beheer.post(people, "name=kim@lindeveen.example&display_name=Kim&role=acib&language=nl");
    let path = link(&invited);
    assert_eq!(portal.get(&path, "").status, 200, "the link works");
    assert!(beheer.get(people).contains("Uitgenodigd. De link werkt tot"));
    // A new link replaces it; a role of trust is not theirs to give, and a name of elsewhere is no name.
    beheer.post(people, "name=kim@lindeveen.example&role=viewer&language=nl");
    assert_eq!(portal.get(&path, "").status, 410);
    for role in ["vcib", "handler", "administrator", "member_administrator", ""] {
        beheer.wrong(people, &format!("name=x@lindeveen.example&role={role}&language=nl"), "role-wrong");
    }
    let eik = Somebody::new(&portal, "eik@eikendam.example", "GM1", &["acib"]);
    for name in ["eik@eikendam.example", "two+words", ""] {
        beheer.wrong(people, &format!("name={name}&role=viewer&language=nl"), "name-wrong");
    }
    assert!(eik.get("/own/GM1").contains("Eikendam"), "nothing happened to them");

    // Nobody becomes administrator before they have set up their account.
    let change = "/own/GM2/people/administrator";
    beheer.wrong(change, "name=kim@lindeveen.example&change=hand_over", "nog niet ingelogd");
    beheer.wrong(change, "name=beheer@lindeveen.example&change=lay_down", "moet een beheerder overblijven");
    beheer.wrong("/own/GM2/people/disable", "name=beheer@lindeveen.example", "niet voor uzelf");
    let kim = Somebody::new(&portal, "kim@lindeveen.example", "GM2", &["viewer"]);
    assert_eq!(kim.post(people, "name=x&role=viewer&language=nl").status, 403);
    beheer.done("/own/GM2/people/role", "name=kim@lindeveen.example&role=acib");
    assert!(kim.get("/own/GM2/register").contains("Iets van u opgeven"), "counts at once");
    beheer.done(change, "name=kim@lindeveen.example&change=add");
    let third = Somebody::new(&portal, "bo@lindeveen.example", "GM2", &["vcib"]);
    beheer.wrong(change, "name=bo@lindeveen.example&change=add", "al twee beheerders");
    for (path, fields) in [
        (people, "name=bo@lindeveen.example&role=viewer&language=nl"),
        ("/own/GM2/people/role", "name=bo@lindeveen.example&role=viewer"),
    ] {
        beheer.wrong(path, fields, "vertrouwde contactpersoon (VCIB)");
    }

    // Whoever serves the member manages its people, but not its administrators and not who is trusted.
    let solido = Somebody::new(&portal, "dienst@hulpbron.example", "SV1", &["member_administrator"]);
    link(&solido.post(people, "name=lee@lindeveen.example&role=viewer&language=nl"));
    assert_eq!(
        solido.done("/own/GM2/people/disable", "name=lee@lindeveen.example").0,
        "Die persoon kan niet meer inloggen."
    );
    solido.wrong("/own/GM2/people/disable", "name=kim@lindeveen.example", "beslist de organisatie zelf");
    solido.wrong("/own/GM2/people/disable", "name=bo@lindeveen.example", "(VCIB)");
    solido.wrong(change, "name=bo@lindeveen.example&change=add", "beslist de organisatie zelf");
    assert_eq!(solido.post("/own/GM1/people/disable", "name=eik@eikendam.example").status, 404);

    // Handed over, shut out, and what was done is known.
    let (said, to) = beheer.done(change, "name=bo@lindeveen.example&change=hand_over");
    assert_eq!((said.as_str(), to.as_str()), ("Het beheer is overgedragen.", "/own/GM2"));
    assert_eq!(beheer.post(people, "name=y&role=viewer&language=nl").status, 403);
    third.done("/own/GM2/people/disable", "name=beheer@lindeveen.example");
    assert_eq!(portal.get("/own/GM2", &beheer.session).status, 303, "shut out at once");
    third.done(change, "name=bo@lindeveen.example&change=lay_down");
    kim.wrong(change, "name=kim@lindeveen.example&change=lay_down", "moet een beheerder overblijven");
    let log = json_of(&portal, &["audit", "list", "--limit", "200"]);
    let by = |name: &str, action: &str| {
        log["entries"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["actor_name"] == name && one["action"] == action)
    };
    assert!(by("beheer@lindeveen.example", "account.invite") && by("bo@lindeveen.example", "account.change"));
    portal.installation.assert_sound();
    portal.serving.stop();
}

#[test]
fn every_page_of_a_member_is_accessible_and_says_whom_to_call() {
    let portal = Portal::with("desk_phone = \"+31 88 000 00 00\"\ndesk_mail = \"desk@cert.example\"\n");
    put(&portal.installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    json_of(&portal, &["claim", "add", "GM2", "domain", "www.berkendal.nl"]);
    let invite = |name: &str, roles: &[&str]| portal.invite_of(name, "GM2", roles);
    let invitations = [
        invite("vcib@lindeveen.example", &["vcib", "member_administrator"]),
        invite("acib@lindeveen.example", &["acib"]),
        invite("viewer@lindeveen.example", &["viewer"]),
    ];
    let base = portal.base();
    let mut arguments = vec![base.as_str(), "GM2"];
    arguments.extend(invitations.iter().map(String::as_str));
    browser::run("members.mjs", &arguments);
    portal.serving.stop();
}
