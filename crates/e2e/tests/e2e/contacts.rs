//! Contacts: what a role needs, four eyes for trusted contacts, freshness, leaving, and nobody left.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::{
    claims::with_desk,
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
    program,
    serve::Serving,
};

/// The number of a contact, by code and role.
fn contact(installation: &Installation, code: &str, role: &str) -> String {
    let contacts = installation.json(&["contact", "list", code]);
    let found = contacts["contacts"].as_array().unwrap().iter().find(|one| one["role"] == role);
    found.unwrap_or_else(|| panic!("{code} has no {role}"))["contact"].to_string()
}

fn vcibs(installation: &Installation, code: &str) -> Vec<(String, String)> {
    let contacts = installation.json(&["contact", "list", code]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let vcibs = contacts["contacts"].as_array().unwrap().iter().filter(|one| one["role"] == "vcib");
    vcibs.map(|one| (text(&one["email"]), text(&one["phone"]))).collect()
}

#[test]
fn a_role_says_what_it_needs_and_others_than_vcib_change_at_once() {
    let installation = with_desk(Installation::new());
    let add = ["contact", "add", "GM2", "ciso", "--name", "C. Iso"];
    installation.run(&add).ended(1).says(&["ciso", "email"]);
    installation.run(&[&add[..], &["--email", "no address"]].concat()).ended(1).says(&["no mail address"]);
    let added = installation.json(&[&add[..], &["--email", "ciso@lindeveen.example"]].concat());
    assert_eq!(added, json!({ "applied": true, "pending": null }));
    let id = contact(&installation, "GM2", "ciso");
    installation.run(&["contact", "change", &id]).ended(1).says(&["nothing changes"]);
    installation.json(&["contact", "change", &id, "--phone", "088 1"]);
    let again = contact(&installation, "GM2", "ciso");
    assert_ne!(id, again, "nothing is overwritten");
    installation.run(&["contact", "change", &id, "--phone", "088 2"]).ended(1).says(&["no contact"]);
    for (from, until) in [("2026-02-01", "2026-01-01"), ("2026-01-01", "2026-01-01")] {
        let period = ["contact", "change", &again, "--from", from, "--until", until];
        installation.run(&period).ended(1).says(&["ends before it begins"]);
    }
}

#[test]
fn a_trusted_contact_changes_only_with_four_eyes_and_a_call_back_to_a_known_number() {
    let installation = with_desk(Installation::new());
    let id = contact(&installation, "GM1", "vcib");
    let change = ["contact", "change", &id, "--email", "v@elsewhere.example", "--phone", "06 9999 9999"];
    installation.run(&change).ended(1).says(&["--as NAME"]);
    let asked = installation.json(&[&change[..], &["--as", "jan"]].concat());
    assert_eq!(asked, json!({ "applied": false, "pending": 1 }));
    let stands = [("vcib@eikendam.example".to_owned(), "+31 88 000 00 01".to_owned())];
    assert_eq!(vcibs(&installation, "GM1"), stands);

    let approve = |number: &str, by: &str| {
        installation.run(&["contact", "pending", "approve", "1", "--called-back", number, "--as", by])
    };
    approve("088-0000001", "jan").ended(1).says(&["somebody else"]);
    approve("06 9999 9999", "piet").ended(1).says(&["not on record before", "+31 88 000 00 01"]);
    // A number that was put into the register after the change was asked for was not known before.
    installation.run(&["contact", "add", "GM1", "duty", "--phone", "06 9999 9999"]).ended(0);
    approve("06 9999 9999", "piet").ended(1).says(&["not on record before"]);
    assert_eq!(vcibs(&installation, "GM1"), stands);
    approve("088-0000001", "piet").ended(0);
    assert_eq!(vcibs(&installation, "GM1"), [("v@elsewhere.example".to_owned(), "06 9999 9999".to_owned())]);
    approve("088-0000001", "piet").ended(1).says(&["decided already"]);
    let pending = installation.json(&["contact", "pending", "list", "--all"]);
    let one = &pending["changes"][0];
    assert_eq!((&one["requested_by"], &one["decided_by"]), (&json!("jan"), &json!("piet")));
    assert_eq!(one["called_back"], "088-0000001");

    // A second VCIB beside the first, and one in place of one who left: the same.
    let second = [
        "contact",
        "add",
        "GM1",
        "vcib",
        "--name",
        "X",
        "--email",
        "x@eikendam.example",
        "--phone",
        "06 1",
        "--as",
        "jan",
    ];
    assert_eq!(installation.json(&second)["pending"], 2);
    let id = contact(&installation, "GM1", "vcib");
    installation.run(&["contact", "leave", &id]).ended(0);
    assert_eq!(installation.json(&second)["pending"], 3);
    installation.run(&["contact", "pending", "refuse", "2", "--reason", "unknown", "--as", "piet"]).ended(0);
    assert_eq!(vcibs(&installation, "GM1"), []);
    // Another name is no other way to be reached.
    let id = contact(&installation, "GM2", "vcib");
    let renamed = installation.json(&[
        "contact",
        "change",
        &id,
        "--name",
        "L. Linde-Boom",
        "--phone",
        "06 2",
        "--as",
        "jan",
    ]);
    assert_eq!(renamed["applied"], false, "a number where there was none");
    installation.run(&["audit", "verify"]).ended(0);
}

#[test]
fn a_contact_that_changed_meanwhile_is_not_overwritten_by_an_old_request() {
    let installation = with_desk(Installation::new());
    let id = contact(&installation, "GM1", "vcib");
    installation.json(&["contact", "change", &id, "--phone", "06 1", "--as", "jan"]);
    installation.json(&["contact", "change", &id, "--name", "V. Nieuw", "--as", "jan"]);
    let approve = ["contact", "pending", "approve", "1", "--called-back", "+31880000001", "--as", "piet"];
    installation.run(&approve).ended(1).says(&["has changed since"]);
}

#[test]
fn an_import_that_would_change_a_trusted_contact_waits_too() {
    let installation = with_desk(Installation::new());
    let with = |vcib: &str| {
        Register::default()
            .organisation("GM1,Eikendam,municipality,,nl")
            .asset("GM1,prefix,198.51.100.0/25,owner")
            .contact("GM1,findings,CERT Eikendam,new@eikendam.example,,nl,AMBER")
            .contact(vcib)
    };
    let stands = [("vcib@eikendam.example".to_owned(), "+31 88 000 00 01".to_owned())];
    let other = with("GM1,vcib,V. Vertrouwd,boef@elsewhere.example,06 66,nl,RED");
    for _ in 0..2 {
        installation.import(&other);
        assert_eq!(vcibs(&installation, "GM1"), stands);
        let pending = installation.json(&["contact", "pending", "list"]);
        assert_eq!(pending["changes"].as_array().unwrap().len(), 1, "the same file asks once");
        assert_eq!(pending["changes"][0]["after"]["email"], "boef@elsewhere.example");
    }
    let contacts = installation.json(&["contact", "list", "GM1"]);
    assert_eq!(contacts["contacts"][0]["email"], "new@eikendam.example", "the rest of it is in force");
    let approve = ["contact", "pending", "approve", "1", "--as", "piet", "--called-back"];
    installation.run(&[&approve[..], &["06 66"]].concat()).ended(1).says(&["not on record before"]);
    installation.run(&[&approve[..], &["+31 88 000 0001"]].concat()).ended(0);
    assert_eq!(vcibs(&installation, "GM1"), [("boef@elsewhere.example".to_owned(), "06 66".to_owned())]);
    // Back to who they were: somebody looks at that too.
    installation.import(&with("GM1,vcib,V. Vertrouwd,vcib@eikendam.example,+31 88 000 00 01,nl,RED"));
    assert_eq!(vcibs(&installation, "GM1"), [("boef@elsewhere.example".to_owned(), "06 66".to_owned())]);
    assert_eq!(installation.json(&["contact", "pending", "list"])["changes"].as_array().unwrap().len(), 1);
}

#[test]
fn an_emergency_vcib_has_an_end_and_a_call_back() {
    let mut installation = with_desk(Installation::new());
    let name = |more: &[&str]| {
        let start = [
            "contact",
            "emergency",
            "GM1",
            "--name",
            "E. Haast",
            "--email",
            "e@eikendam.example",
            "--phone",
            "06 5",
        ];
        installation.run(&[&start[..], more].concat())
    };
    let by = ["--as", "jan", "--reason", "VCIB unreachable"];
    let known = ["--called-back", "088 000 00 01"];
    let until = ["--until", "2026-11-28"];
    name(&[&known[..], &until, &["--reason", "x"]].concat()).ended(1).says(&["--as NAME"]);
    name(&[&known[..], &by].concat()).ended(1).says(&["--until"]);
    name(&[&known[..], &by, &["--until", "2027-11-28"]].concat()).ended(1).says(&["within 31 days"]);
    name(&[&by[..], &until, &["--called-back", "06 5"]].concat()).ended(1).says(&["not on record"]);
    name(&[&known[..], &by, &until].concat()).ended(0);
    assert_eq!(vcibs(&installation, "GM1").len(), 2);
    let tell = |installation: &mut Installation, day: &str, address: &str| {
        installation.at(&format!("{day}T09:00:00Z"));
        let file = installation.file(&rdp_name(day), rdp(day, &[address]));
        let mut args = vec!["ingest", &file, "--tlp", "RED"];
        args.push("--json");
        installation.run(&args).ended(0);
        installation.run(&["tell"]).ended(0);
        installation
            .mails()
            .iter()
            .filter(|mail| mail.contains("To: ") && mail.contains("e@eikendam.example"))
            .count()
    };
    assert_eq!(tell(&mut installation, "2026-11-22", "198.51.100.7"), 1);
    assert_eq!(tell(&mut installation, "2026-11-28", "198.51.100.8"), 1, "the period is over");
}

#[test]
fn who_leaves_gets_no_mail_any_more_and_what_waited_is_told_to_who_is_left() {
    let mut installation = with_desk(Installation::new());
    installation.at("2026-11-21T09:00:00Z");
    let file = installation.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.7"]));
    installation.ingest(&file);
    installation.run(&["tell", "--no-send"]).ended(0);
    let findings = contact(&installation, "GM1", "findings");
    let left = installation.json(&["contact", "leave", &findings, "--reason", "other job"]);
    assert_eq!((left["messages"].as_array().unwrap().len(), count(&left["told_anew"])), (1, 1));
    installation.run(&["outbox", "--send"]).ended(0);
    assert!(!installation.mails().iter().any(|mail| mail.contains("cert@eikendam.example")));
    installation.run(&["tell"]).ended(0);
    assert!(installation.mails().iter().any(|mail| mail.contains("vcib@eikendam.example")));
    installation.assert_sound();

    // The last one leaves: it waits with a fate that says so, and an alarm goes off.
    let file = installation.file(&rdp_name("2026-11-22"), rdp("2026-11-22", &["198.51.100.200"]));
    installation.ingest(&file);
    installation.run(&["tell", "--no-send"]).ended(0);
    installation.run(&["contact", "alarms"]).ended(0);
    let vcib = contact(&installation, "GM2", "vcib");
    installation.run(&["contact", "leave", &vcib]).ended(0);
    assert_eq!(installation.fate("no_contact"), 1);
    let alarms = installation.run(&["contact", "alarms", "--json"]).ended(3);
    assert_eq!(alarms.json()["organisations"], json!(["GM2"]));
    let doctor = installation.run(&["doctor", "--json"]);
    assert!(doctor.stdout.contains("GM2") && doctor.stdout.contains("nobody"), "{doctor:?}");
    installation.assert_sound();
}

#[test]
fn a_key_is_kept_when_its_fingerprint_is_the_one_that_was_read_out() {
    let installation = with_desk(Installation::new());
    let file = installation.file("key.asc", include_str!("key.asc"));
    let add = |contact: &str, fingerprint: &str, more: &[&str]| {
        let start =
            ["contact", "key", "add", contact, &file, "--kind", "openpgp", "--fingerprint", fingerprint];
        installation.run(&[&start[..], more].concat())
    };
    let right = "71b3 f9cb a552 7792 cfb4 f14d 7639 22ff f58e 6528";
    let (findings, vcib) = (contact(&installation, "GM1", "findings"), contact(&installation, "GM1", "vcib"));
    add(&findings, "71b3 f9cb", &[]).ended(1).says(&["71B3 F9CB A552", "by telephone"]);
    add(&findings, right, &[]).ended(0);
    add(&vcib, right, &["--as", "jan"]).ended(0);
    let keys = |expected: &[&str]| {
        let keys = installation.json(&["contact", "key", "list"]);
        let emails: Vec<_> =
            keys["keys"].as_array().unwrap().iter().map(|key| key["email"].clone()).collect();
        assert_eq!(emails, expected);
    };
    keys(&["cert@eikendam.example"]);
    installation
        .run(&["contact", "pending", "approve", "1", "--called-back", "0880000001", "--as", "piet"])
        .ended(0);
    keys(&["cert@eikendam.example", "vcib@eikendam.example"]);
}

/// Status and text of an answer of the running service.
fn ask(serving: &Serving, method: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", serving.port())).unwrap();
    let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\n{length}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

#[test]
fn a_stale_contact_confirms_with_one_step_and_the_link_is_good_once() {
    let mut installation = with_desk(Installation::empty());
    installation.at("2026-01-01T09:00:00Z");
    installation.import(&Register::small());
    installation.configure("[http]\npublic_url = \"https://schakel.example/\"\n");
    assert_eq!(installation.json(&["contact", "stale"])["contacts"], json!([]));
    installation.at("2026-03-31T09:00:00Z");
    assert_eq!(installation.json(&["contact", "stale"])["contacts"], json!([]), "89 days");
    // The service below knows no other clock than the machine's.
    let by_the_real_clock = |args: &[&str]| {
        program::run(installation.command_by_the_real_clock(args).arg("--json")).ended(0).json()
    };
    let remind = ["contact", "stale", "--remind"];
    let reminded = by_the_real_clock(&remind);
    assert_eq!(reminded["contacts"].as_array().unwrap().len(), 6);
    assert_eq!(count(&reminded["reminded"]), 6);
    assert_eq!(count(&by_the_real_clock(&remind)["reminded"]), 0, "once in two weeks");
    by_the_real_clock(&["outbox", "--send"]);
    let mails = installation.mails();
    let link = |address: &str| {
        let mail = mails.iter().find(|mail| mail.contains(address)).unwrap();
        let plain = mail.replace("=\r\n", "").replace("=\n", "");
        let start = plain.find("https://schakel.example/contact/").unwrap_or_else(|| panic!("{plain}"));
        plain[start..]
            .split_whitespace()
            .next()
            .unwrap()
            .trim_start_matches("https://schakel.example")
            .to_owned()
    };
    let (dutch, english) = (link("vcib@lindeveen.example"), link("desk@berkendal.example"));

    let serving = Serving::start(&installation, "");
    let (status, page) = ask(&serving, "GET", &dutch);
    assert_eq!(status, 200, "{page}");
    for part in [
        "<html lang=\"nl\">",
        "L. Linde",
        "Lindeveen",
        "Dit klopt",
        "method=\"post\"",
        "no-store",
        "default-src 'none'",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script"), "{page}");
    assert!(ask(&serving, "GET", &english).1.contains("This is right"));
    // Looking changes nothing; confirming does, once.
    assert_eq!(ask(&serving, "GET", &dutch).0, 200);
    let (status, thanks) = ask(&serving, "POST", &dutch);
    assert!(status == 200 && thanks.contains("Dank"), "{thanks}");
    for method in ["GET", "POST"] {
        assert_eq!(ask(&serving, method, &dutch).0, 410);
        assert_eq!(ask(&serving, method, "/contact/aaaaaaaaaaaaaaaaaaaaaaaaaa").0, 410);
    }
    serving.stop();
    let stale = by_the_real_clock(&["contact", "stale"]);
    let left: Vec<_> =
        stale["contacts"].as_array().unwrap().iter().map(|one| one["organisation"].clone()).collect();
    assert_eq!(left.len(), 5);
    assert!(!left.contains(&json!("GM2")));
    // The desk asks by telephone.
    let id = contact(&installation, "GM3", "acib");
    by_the_real_clock(&["contact", "confirm", &id]);
    assert_eq!(by_the_real_clock(&["contact", "stale"])["contacts"].as_array().unwrap().len(), 4);
    installation.run(&["audit", "verify"]).ended(0);
}

/// What a dry run says would be recorded, and to whom mail would go.
pub fn rehearsed(installation: &Installation, args: &[&str]) -> (Vec<String>, Vec<String>) {
    let said = installation.json(&[args, &["--dry-run"]].concat());
    assert_eq!(said["dry_run"], true, "{said}");
    let all = |list: &str, key: &str| -> Vec<String> {
        said[list].as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
    };
    (all("changes", "action"), all("mails", "to"))
}

/// Everything that a dry run could have left behind.
fn traces(installation: &Installation) -> Value {
    json!([
        installation.json(&["audit", "head"]),
        installation.json(&["contact", "list"]),
        installation.json(&["contact", "pending", "list", "--all"]),
        installation.json(&["contact", "key", "list"]),
        installation.json(&["claim", "list", "--all"]),
        installation.json(&["conflict", "list", "--all"]),
        installation.json(&["onboarding", "list"]),
        installation.json(&["outbox"]),
        installation.json(&["register", "history"]),
    ])
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let mut installation = with_desk(Installation::new());
    let vcib = contact(&installation, "GM1", "vcib");
    let findings = contact(&installation, "GM1", "findings");
    let change = ["contact", "change", &vcib, "--phone", "06 9999 9999", "--as", "jan"];
    installation.json(&change);
    installation.json(&["claim", "add", "GM1", "domain", "berkendal.nl"]);
    installation.json(&["claim", "add", "GM2", "domain", "lindeveen.nl"]);
    installation.at("2027-03-01T09:00:00Z");
    let before = traces(&installation);

    let add = ["contact", "add", "GM2", "ciso", "--name", "C. Iso", "--email", "ciso@lindeveen.example"];
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/key.asc");
    let cases: [(&[&str], &[&str], usize); 12] = [
        (&add, &["register.change"], 0),
        (&["contact", "change", &findings, "--phone", "088 1"], &["register.change"], 0),
        (&["contact", "change", &vcib, "--phone", "088 2", "--as", "jan"], &["contact.change_requested"], 0),
        (&["contact", "leave", &findings], &["register.change"], 0),
        (&["contact", "confirm", &findings], &["contact.confirm"], 0),
        (
            &["contact", "pending", "approve", "1", "--called-back", "+31 88 000 00 01", "--as", "piet"],
            &["register.change", "contact.change_approved"],
            0,
        ),
        (
            &["contact", "pending", "refuse", "1", "--reason", "no", "--as", "piet"],
            &["contact.change_refused"],
            0,
        ),
        (&["onboarding", "invite", "GM2"], &["joining.step"], 0),
        (&["claim", "prove", "2", "--by", "mail"], &["claim.code_sent"], 1),
        (&["claim", "prove", "2", "--by", "desk", "--reason", "seen", "--as", "jan"], &["claim.prove"], 0),
        (&["claim", "withdraw", "2", "--reason", "no"], &["claim.withdraw"], 0),
        (
            &["conflict", "decide", "1", "--for", "GM1", "--reason", "seen", "--as", "jan"],
            &["conflict.decide"],
            0,
        ),
    ];
    for (args, expected, mails) in cases {
        let (actions, to) = rehearsed(&installation, args);
        for action in expected {
            assert!(actions.iter().any(|one| one == action), "{args:?} would do {actions:?}");
        }
        assert_eq!(to.len(), mails, "{args:?}: {to:?}");
    }
    // All who are stale are asked, by mail.
    let (actions, to) = rehearsed(&installation, &["contact", "stale", "--remind"]);
    assert!(!to.is_empty() && actions.len() >= to.len(), "{actions:?} {to:?}");
    assert!(to.contains(&"cert@eikendam.example".to_owned()), "{to:?}");
    // What is refused for real is refused here.
    let refused = ["contact", "add", "GM2", "ciso", "--name", "C. Iso", "--dry-run"];
    installation.run(&refused).ended(1).says(&["ciso", "email"]);
    let wrong =
        ["contact", "key", "add", &vcib, key, "--kind", "openpgp", "--fingerprint", "00", "--dry-run"];
    assert_eq!(installation.run(&wrong).code, Some(1));
    let said = installation.run(&[&add[..], &["--dry-run"]].concat()).ended(0).stdout;
    assert!(
        said.contains("would be recorded  register.change") && said.contains("nothing was changed"),
        "{said}"
    );
    assert_eq!(traces(&installation), before);
    installation.run(&["audit", "verify"]).ended(0);
    installation.json(&add);
    assert_ne!(traces(&installation), before);
    installation.assert_sound();
}
