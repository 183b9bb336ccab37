//! What strangers write, in every field that they can fill, through the real program to every page, mail and file that shows it: always as text.

mod page;
mod payloads;
mod sheet;

use std::{collections::BTreeSet, fmt::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_testkit::browser;
use serde_json::json;
use url::form_urlencoded::byte_serialize;

use self::payloads::PAYLOADS;
use crate::{fixtures::rdp_name, installation::Installation, portal::Portal, program, serve::put};

/// The address that the nth is about.
fn ip(nth: usize) -> String {
    format!("192.0.2.{}", nth + 1)
}

fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// An organisation for each, with its name and that of its contact; a partnership operates what all of them own.
fn register(installation: &Installation) {
    let mut organisations = "id,name,kind,parent,language\n".to_owned();
    let mut assets = "organisation,kind,value,role,valid_from,valid_until,proof,flags,note\n".to_owned();
    let mut contacts = "organisation,role,name,email,phone,language,tlp_max\n".to_owned();
    for (nth, payload) in PAYLOADS.iter().enumerate() {
        let (text, language) = (cell(payload), ["nl", "en"][nth % 2]);
        writeln!(organisations, "HX{nth},{text},municipality,,{language}").unwrap();
        writeln!(assets, "HX{nth},prefix,{}/32,owner,,,desk,,{text}", ip(nth)).unwrap();
        writeln!(contacts, "HX{nth},findings,{text},c{nth}@hx.example,{text},{language},AMBER").unwrap();
    }
    writeln!(assets, "GM2,prefix,192.0.2.0/24,operator,,,desk,,").unwrap();
    let files = [("organisations.csv", organisations), ("assets.csv", assets), ("contacts.csv", contacts)];
    for (name, text) in files {
        let file = installation.file(name, text);
        // What cannot be a name at all is refused row by row; the rest is taken.
        let done = installation.run(&[
            "register",
            "import",
            "--scope",
            "additions",
            "--partial",
            "--reason",
            PAYLOADS[5],
            &file,
        ]);
        assert!(matches!(done.code, Some(0 | 3)), "{done:?}");
    }
    let store = rusqlite::Connection::open(installation.data().join("store.sqlite")).unwrap();
    let named = "SELECT count(*) FROM organisation_state WHERE name LIKE '%zqx%'";
    let named: u32 = store.query_row(named, [], |row| row.get(0)).unwrap();
    assert!(named >= 80, "{named} names are strange");
}

/// Reports that say it everywhere, as three formats have it.
fn reports(installation: &Installation) {
    let mut scan = "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,region,city,sector,banner,subject_common_name\n".to_owned();
    let mut sinkhole = "timestamp,severity,protocol,src_ip,src_port,src_hostname,src_city,dst_ip,dst_port,infection,family,tag,application,http_url,http_host,http_agent\n".to_owned();
    let mut events = String::new();
    for (nth, payload) in PAYLOADS.iter().enumerate() {
        let (text, ip) = (cell(payload), ip(nth));
        let more = [text.as_str(); 7].join(",");
        writeln!(scan, "2026-11-20 03:00:00,high,{ip},tcp,3389,{text},{text},64500,{more}").unwrap();
        writeln!(
            sinkhole,
            "2026-11-20 03:00:00,high,tcp,{ip},{},{text},{text},198.51.100.1,80,{}",
            40_000 + nth,
            more
        )
        .unwrap();
        let event = json!({
            "time.source": "2026-11-20T03:00:00+00:00", "source.ip": ip, "source.port": 1_000 + nth, "source.fqdn": payload,
            "source.url": payload, "source.account": payload, "classification.type": "vulnerable-system", "classification.identifier": payload,
            "malware.name": payload, "event_description.text": payload, "comment": payload, "feed.name": payload, "feed.provider": payload,
            "source.reverse_dns": payload, "source.geolocation.city": payload, "extra.banner": payload, "extra.tag": payload, "status": payload,
        });
        writeln!(events, "{event}").unwrap();
    }
    for (name, text) in [
        (rdp_name("2026-11-20"), scan),
        ("2026-11-20-event4_sinkhole_http-x.csv".into(), sinkhole),
        ("events.jsonl".into(), events),
    ] {
        let file = installation.file(&name, text);
        let done = installation.run(&["ingest", &file]);
        assert!(matches!(done.code, Some(0 | 3)), "{name}: {done:?}");
    }
    let ledger = installation.ledger();
    assert!(ledger["events"].as_u64().unwrap() >= 300, "{ledger}");
}

/// The heads that our mails have.
const HEADS: [&str; 18] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "reply-to",
    "auto-submitted",
    "references",
    "in-reply-to",
    "x-auto-response-suppress",
    "list-id",
    "precedence",
    "sender",
    "return-path",
    "dkim-signature",
];

/// A mail has the heads that we write and no other, its text is plain, and its file is harmless.
fn assert_harmless_mail(mail: &str) {
    let mail = mail.replace("\r\n", "\n");
    let (head, body) = mail.split_once("\n\n").unwrap();
    let head = &head.replace("\n ", " ").replace("\n\t", " ");
    let mut seen = BTreeSet::new();
    for line in head.lines().filter(|line| !line.starts_with([' ', '\t'])) {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        let is_ours = HEADS.contains(&name.as_str()) || name.starts_with("x-schakel") || name == "x-tlp";
        assert!(is_ours && seen.insert(name.clone()), "{name} in {head}");
    }
    let to = head.lines().find(|line| line.starts_with("To: ")).unwrap();
    assert_eq!(to.matches('@').count(), 1, "{to}");
    assert!(!mail.to_ascii_lowercase().contains("content-type: text/html"), "{mail}");
    for part in body.split("Content-Type: ").filter(|part| part.starts_with("text/csv")) {
        let (head, rest) = part.split_once("\n\n").unwrap();
        let data = rest.split("\n--").next().unwrap();
        let text = match head.contains("base64") {
            true => String::from_utf8(STANDARD.decode(data.replace('\n', "")).unwrap()).unwrap(),
            false => format!("{}\n", data.replace("=\n", "").trim_end()),
        };
        sheet::assert_harmless("the file of a mail", &text);
        assert!(text.chars().all(|c| !c.is_control() || c == '\n' || c == '\r'), "{text:?}");
    }
}

/// Who looks, by the cookie of their session; sends forms.
struct Person<'a> {
    portal: &'a Portal,
    session: String,
    token: String,
}

impl<'a> Person<'a> {
    fn new(portal: &'a Portal, name: &str, secret: &[u8], account: &str) -> Self {
        let session = portal.sign_in(name, secret);
        let page = portal.get(account, &session).body;
        let token =
            page.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        Self { portal, session, token }
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> u16 {
        let mut form = format!("form_token={}", self.token);
        for (name, value) in fields {
            form += &format!("&{name}={}", byte_serialize(value.as_bytes()).collect::<String>());
        }
        let answer = self.portal.post(path, &self.session, &form);
        let faults = page::faults(&answer.body);
        assert!(answer.status < 500 && faults.is_empty(), "{path} {fields:?}: {} {faults:#?}", answer.status);
        answer.status
    }

    /// Looks at a page; what strangers wrote stands in it as text, so often.
    fn look(&self, path: &str) -> usize {
        let answer = self.portal.get(path, &self.session);
        let faults = page::faults(&answer.body);
        assert!(answer.status == 200 && faults.is_empty(), "{path}: {} {faults:#?}", answer.status);
        answer.body.matches("zqx").count()
    }
}

#[test]
fn there_are_a_hundred_ways_and_each_is_another() {
    let distinct: BTreeSet<&str> = PAYLOADS.into_iter().collect();
    assert!(distinct.len() >= 100 && distinct.len() == PAYLOADS.len());
}

#[test]
fn what_strangers_write_is_text_wherever_it_is_shown() {
    let installation = Installation::new();
    register(&installation);
    reports(&installation);
    installation.run(&["tell"]).ended(0);
    let mails = installation.mails();
    assert!(mails.len() >= 80, "{} mails", mails.len());
    mails.iter().for_each(|mail| assert_harmless_mail(mail));

    let portal = Portal::of(installation, "");
    // Mails of strangers, whose heads say it too, and files with such names.
    for (nth, payload) in PAYLOADS.iter().enumerate() {
        let word = format!("=?UTF-8?B?{}?=", STANDARD.encode(payload));
        let mail = format!(
            "From: {word} <m{nth}@melder.example>\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\nSubject: {word}\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            STANDARD
                .encode(format!("We saw a port scan from {} at 2026-11-20 02:55 UTC.\n{payload}\n", ip(nth)))
        );
        // What a file can be called: no slash, no zero, not too long.
        let named: String = payload.chars().filter(|c| !matches!(c, '/' | '\0')).take(50).collect();
        put(&portal.installation, &format!("{nth}{named}.eml"), mail);
    }
    for (name, body) in [
        ("zqx<img src=x onerror=zqx(200)>.csv", "a,b\n<script>zqx(201)</script>,=1\n"),
        ("zqx.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"zqx(202)\"/>"),
        ("zqx.html", "<script>zqx(203)</script>"),
    ] {
        put(&portal.installation, name, body);
    }
    let desk_secret =
        portal.somebody("anna", &["handler", "coordinator", "register_desk", "administrator", "auditor"]);
    let member_secret = portal.somebody_of("linde@lindeveen.example", "GM2", &["vcib"]);
    let desk = Person::new(&portal, "anna", &desk_secret, "/account");
    let member = Person::new(&portal, "linde@lindeveen.example", &member_secret, "/account");
    portal.serving.wait("the mails to wait", || {
        desk.portal.get("/vetting", &desk.session).body.matches("/vetting/R").count() >= 100
    });

    // What people can type says it as well.
    let of_member: Vec<String> = findings_of(&portal, &member);
    assert!(of_member.len() >= 80, "{of_member:?}");
    for (nth, payload) in PAYLOADS.iter().enumerate() {
        let finding = &of_member[nth % of_member.len()];
        desk.post(
            &format!("/findings/{finding}/notes"),
            &[("back", payload), ("note", payload), ("reason", payload)],
        );
        let said = [("back", *payload), ("kind", "question"), ("text", *payload), ("supplier", *payload)];
        member.post(&format!("/own/GM2/findings/{finding}/answers"), &said);
        desk.post("/findings/views", &[("name", payload), ("query", payload), ("back", payload)]);
        desk.post("/shift/hand-over", &[("text", payload), ("back", payload)]);
        desk.post("/explain", &[("what", payload)]);
        let word: String = byte_serialize(payload.as_bytes()).collect();
        for path in [
            "/findings?q=",
            "/findings?organisation=",
            "/organisations?name=",
            "/explain?what=",
            "/audit?subject=",
            "/ledger?day=",
        ] {
            let answer = portal.get(&format!("{path}{word}"), &desk.session);
            let faults = page::faults(&answer.body);
            assert!(answer.status < 500 && faults.is_empty(), "{path}{word}: {faults:#?}");
        }
        let next = portal.get(&format!("/sign-in?next={word}"), "");
        assert_eq!(page::faults(&next.body), [""; 0], "{word}");
    }

    // Every page that shows it, and each shows it.
    let mut pages = Vec::new();
    for path in [
        "/findings?open=any",
        "/findings?open=any&q=zqx",
        "/vetting",
        "/answers",
        "/shift",
        "/audit",
        "/organisations",
        "/ledger?list=events",
        "/register/history",
        "/reports",
        "/calls",
        "/",
        "/sector",
        "/sources",
        "/people",
        "/register/waiting",
        "/ahead",
    ] {
        pages.push((path.to_owned(), desk.look(path)));
    }
    for (path, count) in &pages[..9] {
        assert!(*count > 0, "{path} shows none of it");
    }
    let shown = portal.get("/findings?open=any", &desk.session).body;
    let findings: BTreeSet<String> = names(&shown).collect();
    assert!(findings.len() >= 90, "{findings:?}");
    let mut strange = 0;
    for finding in &findings {
        for path in [format!("/findings/{finding}"), format!("/findings/{finding}/rows")] {
            strange += desk.look(&path);
        }
    }
    assert!(strange > 500, "{strange}");
    for nth in 0..PAYLOADS.len() {
        let path = format!("/organisations/HX{nth}");
        if portal.get(&path, &desk.session).status == 200 {
            desk.look(&path);
            desk.look(&format!("{path}/contacts"));
        }
    }
    let mut strange = 0;
    for receipt in 1..=30 {
        let path = format!("/vetting/R{receipt}");
        if portal.get(&path, &desk.session).status == 200 {
            strange += desk.look(&path);
        }
    }
    assert!(strange > 20, "{strange}");
    for path in ["/own/GM2", "/own/GM2/findings", "/own/GM2/sent", "/own/GM2/weekly", "/own/GM2/register"] {
        member.look(path);
    }
    let strange: usize = (1..=5).map(|page| member.look(&format!("/own/GM2/findings?page={page}"))).sum();
    assert!(strange > 20, "{strange}");
    let strange: usize =
        of_member.iter().take(40).map(|finding| member.look(&format!("/own/GM2/findings/{finding}"))).sum();
    assert!(strange > 40, "{strange}");

    // Files.
    let file = |path: &str, who: &Person<'_>, content_type: &str| {
        let answer = portal.get(path, &who.session);
        assert_eq!((answer.status, answer.header("content-type")), (200, content_type), "{path}");
        assert!(
            answer.header("content-disposition").starts_with("attachment; filename=\""),
            "{path}: {}",
            answer.head
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.body.contains("zqx"), "{path} shows none of it");
        answer.body
    };
    let csv = "text/csv; charset=utf-8";
    sheet::assert_harmless("the desk's list", &file("/findings/export?open=any&format=csv", &desk, csv));
    sheet::assert_harmless("the audit log", &file("/audit?format=csv", &desk, csv));
    sheet::assert_harmless("the member's list", &file("/own/GM2/findings.csv", &member, csv));
    let json = file("/findings/export?open=any&format=json", &desk, "application/json");
    let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(parsed.as_array().unwrap().len() >= 90);
    list_files(&desk);

    let paths: Vec<String> = pages
        .into_iter()
        .map(|(path, _)| path)
        .chain(findings.iter().take(60).map(|finding| format!("/findings/{finding}")))
        .chain((0..30).map(|nth| format!("/vetting/R{}", nth + 1)))
        .collect();
    let base = portal.base();
    browser::run("hostile.mjs", &[&base, &desk.session, &paths.join(" ")]);
    let own: Vec<String> =
        ["/own/GM2", "/own/GM2/findings", "/own/GM2/register", "/own/GM2/weekly", "/own/GM2/sent"]
            .map(str::to_owned)
            .into_iter()
            .chain(of_member.iter().take(40).map(|finding| format!("/own/GM2/findings/{finding}")))
            .collect();
    browser::run("hostile.mjs", &[&base, &member.session, &own.join(" ")]);
    let Portal { installation, serving, .. } = portal;
    serving.stop();
    let verified =
        program::run(installation.command_by_the_real_clock(&["verify"]).arg("--json")).ended(0).json();
    assert_eq!(verified["ok"], true, "{verified}");
}

/// Every list of the desk as a file: the type and the name are ours, nothing in it is a formula, and it is written whole. A drawing is no data.
fn list_files(desk: &Person<'_>) {
    let mut strange = 0;
    for path in [
        "/ahead",
        "/answers",
        "/breaches",
        "/calls",
        "/ledger?list=events",
        "/mail",
        "/mailboxes",
        "/organisations",
        "/organisations/HX1/quality",
        "/outbox",
        "/outbox?state=accepted",
        "/people",
        "/register/history",
        "/register/waiting",
        "/reports",
        "/sector",
        "/shift",
        "/sources",
        "/vetting",
    ] {
        let page = desk.portal.get(path, &desk.session);
        if page.status == 404 {
            continue;
        }
        let join = if path.contains('?') { '&' } else { '?' };
        for (format, kind) in [("csv", "text/csv; charset=utf-8"), ("json", "application/json")] {
            let file = desk.portal.get(&format!("{path}{join}format={format}"), &desk.session);
            assert_eq!((file.status, file.header("content-type")), (200, kind), "{path}");
            let named = format!("attachment; filename=\"schakel.{format}\"");
            assert_eq!(file.header("content-disposition"), named, "{path}");
            assert_eq!(file.header("x-content-type-options"), "nosniff", "{path}");
            strange += file.body.matches("zqx").count();
            match format {
                // A list with nothing in it has no row.
                "csv" if sheet::rows(&file.body).len() <= 1 => {}
                "csv" => sheet::assert_harmless(path, &file.body),
                _ => {
                    let shown: serde_json::Value = serde_json::from_str(&file.body).unwrap();
                    for drawn in ["bars", "chart", "map"] {
                        assert!(shown.get(drawn).is_none(), "{path} gives a drawing: {drawn}");
                    }
                }
            }
        }
    }
    assert!(strange > 200, "{strange}: the lists show none of it");
}

/// The names of findings that a page leads to.
fn names(page: &str) -> impl Iterator<Item = String> {
    page.split("/findings/F")
        .skip(1)
        .map(|rest| format!("F{}", rest.chars().take_while(char::is_ascii_digit).collect::<String>()))
}

/// What the member was told of.
fn findings_of(portal: &Portal, member: &Person<'_>) -> Vec<String> {
    let mut found = BTreeSet::new();
    for page in ["/own/GM2/findings", "/own/GM2/findings?page=2", "/own/GM2"] {
        found.extend(names(&portal.get(page, &member.session).body.replace("&#x2f;", "/")));
    }
    found.into_iter().collect()
}
