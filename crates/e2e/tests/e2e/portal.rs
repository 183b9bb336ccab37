//! The portal: who gets in, who does not, and what a browser makes of it.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use ring::hmac;
use schakel_testkit::{browser, ports::free_port};

use crate::{
    fixtures::{rdp, rdp_name},
    installation::Installation,
    program,
    serve::{Serving, put},
};

const PASSWORD: &str = "drie appels op een fiets";

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
        line.map_or("", |line| &line[name.len() + 2..])
    }

    /// The cookie that was given under this name.
    pub fn cookie(&self, name: &str) -> String {
        let given = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut cookies =
            given.filter(|(key, _)| key.eq_ignore_ascii_case("set-cookie")).map(|(_, value)| value);
        let found = cookies.find_map(|value| value.strip_prefix(&format!("{name}=")));
        let value = found.and_then(|value| value.split(';').next());
        format!("{name}={}", value.unwrap_or_else(|| panic!("no {name} in {self:?}")))
    }
}

/// A service with a portal.
pub struct Portal {
    pub installation: Installation,
    pub serving: Serving,
    port: u16,
}

impl Portal {
    pub fn new() -> Self {
        Self::with("")
    }

    /// With more configuration.
    pub fn with(more: &str) -> Self {
        Self::of(Installation::new(), more)
    }

    /// Of this installation.
    pub fn of(installation: Installation, more: &str) -> Self {
        let port = free_port().unwrap();
        let configuration = format!("[portal]\nlisten = \"127.0.0.1:{port}\"\n{more}");
        let serving = Serving::start(&installation, &configuration);
        Self { installation, serving, port }
    }

    pub fn ask(&self, method: &str, path: &str, cookie: &str, more: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let (port, length) = (self.port, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nCookie: {cookie}\r\nContent-Length: {length}\r\n{more}\r\n{body}"
        )
        .unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask("GET", path, cookie, "", "")
    }

    pub fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        self.ask("POST", path, cookie, "", form)
    }

    /// The address of the first page.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn invite(&self, name: &str, roles: &[&str]) -> String {
        self.invite_of(name, "", roles)
    }

    pub fn invite_of(&self, name: &str, organisation: &str, roles: &[&str]) -> String {
        let mut arguments = vec!["account", "invite", name, "--organisation", organisation];
        roles.iter().for_each(|role| arguments.extend(["--role", role]));
        // The service goes by the real clock, so does what is asked of it here.
        let mut command = self.installation.command_by_the_real_clock(&arguments);
        let invited = program::run(command.arg("--json")).ended(0).json();
        let link = invited["link"].as_str().unwrap();
        link[link.find("/invitation/").unwrap()..].to_owned()
    }

    /// Somebody who has set up their account; their secret.
    pub fn somebody(&self, name: &str, roles: &[&str]) -> Vec<u8> {
        self.somebody_of(name, "", roles)
    }

    /// The same, of a member.
    pub fn somebody_of(&self, name: &str, organisation: &str, roles: &[&str]) -> Vec<u8> {
        let path = self.invite_of(name, organisation, roles);
        let page = self.get(&path, "");
        let secret = page.body.split("<code>").nth(1).unwrap().split("</code>").next().unwrap();
        let secret = base32(secret);
        let form = format!("password={}&code={}", PASSWORD.replace(' ', "+"), code(&secret, -1));
        let done = self.post(&path, "", &form);
        assert_eq!(done.status, 200, "{done:?}");
        assert_eq!(self.post(&path, "", &form).status, 410, "an invitation works once");
        secret
    }

    /// Signs in; the cookie of the session.
    pub fn sign_in(&self, name: &str, secret: &[u8]) -> String {
        let name = name.replace('@', "%40");
        let form = format!("name={name}&password={}&next=%2Fexplain", PASSWORD.replace(' ', "+"));
        let half = self.post("/sign-in", "", &form);
        assert_eq!(
            (half.status, half.header("location")),
            (303, "/sign-in/code?next=%2Fexplain"),
            "{half:?}"
        );
        let half = half.cookie("__Host-schakel-step");
        assert_eq!(self.get("/", &half).status, 303, "a password alone opens nothing");
        let whole = self.post("/sign-in/code", &half, &format!("code={}&next=%2Fexplain", code(secret, 0)));
        assert_eq!((whole.status, whole.header("location")), (303, "/explain"), "{whole:?}");
        assert!(whole.head.contains("HttpOnly") && whole.head.contains("Secure"), "{whole:?}");
        whole.cookie("__Host-schakel")
    }
}

/// RFC 4648 section 6.
fn base32(text: &str) -> Vec<u8> {
    let mut bits = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap();
        bits.push_str(&format!("{value:05b}"));
    }
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

/// The code (RFC 6238) some steps from now, by the clock of the service.
#[expect(
    clippy::disallowed_methods,
    reason = "the service goes by the real clock, and so does an app for codes"
)]
fn code(secret: &[u8], steps: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let step = now.as_secs() as i64 / 30 + steps;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Every page that is not for everybody.
const PAGES: [&str; 26] = [
    "/",
    "/findings",
    "/findings/F0",
    "/findings/F0/rows",
    "/findings/bulk?finding=F0&do=answer",
    "/organisations",
    "/organisations/GM2",
    "/organisations/GM2/quality",
    "/register/waiting",
    "/register/history",
    "/reports",
    "/reports/1",
    "/sources",
    "/ledger?list=events",
    "/policy",
    "/texts/nl/notification.txt",
    "/shift",
    "/vetting",
    "/answers",
    "/calls",
    "/sector",
    "/explain?what=192.0.2.1",
    "/ahead?within=day",
    "/account",
    "/account/password",
    "/account/app",
];

#[test]
fn nobody_sees_anything_before_they_signed_in() {
    let portal = Portal::new();
    for path in PAGES {
        let answer = portal.get(path, "__Host-schakel=made-up");
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").starts_with("/sign-in?next="), "{answer:?}");
        assert!(answer.body.is_empty(), "{answer:?}");
    }
    for path in ["/sign-out", "/account/sessions"] {
        assert_eq!(portal.post(path, "", "").status, 303, "{path}");
    }
    let page = portal.get("/sign-in", "");
    assert_eq!(page.status, 200);
    for (name, expected) in [
        ("content-security-policy", "script-src 'self'"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert!(page.header(name).contains(expected), "{name} in {page:?}");
    }
    assert_eq!(portal.get("/elsewhere", "").status, 404);
    assert_eq!(portal.get("/demo/x", "").status, 404);
    assert_eq!(portal.get("/assets/..%2f..%2fetc%2fpasswd", "").status, 404);
    portal.serving.stop();
}

#[test]
fn a_wrong_name_and_a_wrong_password_are_answered_alike() {
    let portal = Portal::new();
    portal.somebody("anna", &["handler"]);
    let known = portal.post("/sign-in", "", "name=anna&password=wrong");
    let unknown = portal.post("/sign-in", "", "name=anna&password=wrong".replace("anna", "bert").as_str());
    assert_eq!((known.status, unknown.status), (401, 401));
    assert_eq!(known.body.replace("anna", "bert"), unknown.body);
    portal.serving.stop();
}

#[test]
fn somebody_is_invited_signs_in_looks_around_and_leaves() {
    let portal = Portal::new();
    put(&portal.installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    let secret = portal.somebody("anna", &["handler"]);
    let session = portal.sign_in("anna", &secret);
    for path in PAGES {
        let page = portal.get(path, &session);
        assert_eq!(page.status, 200, "{path}: {}", page.body);
    }
    let finding = portal.get("/findings/F0", &session);
    assert!(
        finding.body.contains("198.51.100.200") && finding.body.contains("Lindeveen"),
        "{}",
        finding.body
    );
    assert!(portal.get("/findings?organisation=Lindeveen", &session).body.contains("F0"));
    assert!(!portal.get("/findings?severity=low", &session).body.contains("/findings/F0"));
    assert!(portal.get("/findings?organisation=nobody", &session).body.contains("nobody"));
    for gone in ["/findings/F1", "/findings/x", "/organisations/GM1234"] {
        assert_eq!(portal.get(gone, &session).status, 404, "{gone}");
    }
    for path in ["/findings/bulk?finding=F9", "/findings/bulk"] {
        assert_eq!(portal.get(path, &session).header("location"), "/findings", "{path}: nothing was ticked");
    }
    // A form without the token of this session, or from another site, changes nothing.
    assert_eq!(portal.post("/sign-out", &session, "").status, 403);
    assert_eq!(portal.post("/sign-out", &session, "form_token=00000000000000000000000000000000").status, 403);
    let page = portal.get("/account", &session);
    let token = page.body.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("form_token={token}");
    let elsewhere = portal.ask("POST", "/sign-out", &session, "Sec-Fetch-Site: cross-site\r\n", &form);
    assert_eq!(elsewhere.status, 403);
    assert_eq!(portal.post("/sign-out", &session, &form).status, 200);
    assert_eq!(portal.get("/", &session).status, 303, "the cookie is worth nothing any more");
    portal.serving.stop();
}

#[test]
fn a_role_opens_what_it_opens_and_no_more() {
    let portal = Portal::new();
    let secret = portal.somebody("daan", &["administrator"]);
    let session = portal.sign_in("daan", &secret);
    for (path, status) in
        [("/", 200), ("/organisations", 200), ("/findings", 403), ("/findings/F0", 403), ("/calls", 403)]
    {
        assert_eq!(portal.get(path, &session).status, status, "{path}");
    }
    let disable = ["account", "disable", "daan", "--reason", "left"];
    program::run(&mut portal.installation.command_by_the_real_clock(&disable)).ended(0);
    assert_eq!(portal.get("/", &session).status, 303, "shut out at once");
    portal.installation.run(&["account", "invite", "x y", "--role", "handler"]).ended(1).says(&["no spaces"]);
    portal
        .installation
        .run(&["account", "invite", "eva", "--role", "vcib"])
        .ended(1)
        .says(&["no role of the desk"]);
    portal.serving.stop();
}

/// What a feed can fill stands on a page as text, whatever it is.
#[test]
fn what_a_feed_says_is_never_part_of_the_page() {
    let portal = Portal::new();
    let report = "timestamp,ip,port,protocol,hostname,tag\n\
                  2026-11-20 00:00:00,198.51.100.200,3389,tcp,\"<script>alert(1)</script>\",\"\"\"><img src=x onerror=alert(2)>\"\n";
    put(&portal.installation, &rdp_name("2026-11-20"), report);
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    let session = portal.sign_in("anna", &portal.somebody("anna", &["handler"]));
    for path in [
        "/findings?open=any",
        "/findings?q=%22%3E%3Cimg%20src%3Dx%3E",
        "/findings/F0",
        "/findings/F0/rows",
        "/findings/bulk?finding=F0&do=assign",
        "/explain?what=%3Cscript%3E",
        "/organisations?name=%22%3E%3Cimg%20src%3Dx%3E",
    ] {
        let page = portal.get(path, &session).body;
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{path}: {page}");
    }
    portal.serving.stop();
}

#[test]
fn a_browser_finds_its_way_and_every_page_is_accessible() {
    let portal = Portal::new();
    put(&portal.installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    let waits = "From: melder@example.org\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\nSubject: scan\r\n\r\n\
                 We saw port scans from 198.51.100.201 and 192.0.2.7 at 2026-11-20 02:55 UTC.\r\n";
    put(&portal.installation, "melding.eml", waits);
    let held = || portal.installation.json(&["vetting", "list"])["held"][0]["receipt"].is_string();
    portal.serving.wait("a mail to be vetted", held);
    portal.installation.json(&["breach", "open", "--notification", "N1", "--reason", "the wrong town"]);
    let invitation = portal.invite("anna", &["handler", "coordinator", "administrator"]);
    let base = portal.base();
    browser::run("portal.mjs", &[&base, &invitation]);
    portal.serving.stop();
}

/// Passkeys are for a name, so the portal has one here: that of this machine.
#[test]
fn somebody_signs_in_by_a_passkey_and_back_in_by_a_recovery_code() {
    let installation = Installation::new();
    let port = free_port().unwrap();
    let base = format!("http://localhost:{port}");
    let configuration = format!("[portal]\nlisten = \"127.0.0.1:{port}\"\nurl = \"{base}\"\n");
    let serving = Serving::start(&installation, &configuration);
    let portal = Portal { installation, serving, port };
    let invitation = portal.invite("anna", &["handler"]);
    browser::run("passkeys.mjs", &[&base, &invitation]);
    portal.serving.stop();
}
