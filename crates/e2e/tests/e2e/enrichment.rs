//! What we find out ourselves: apart from what a source said, with its origin and time, and asked only where every source permits it.

use std::{fs, net::UdpSocket};

use rusqlite::Connection;
use schakel_testkit::knot::Knot;
use serde_json::{Value, json};

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
    serve::{Serving, put},
};

const REVERSE: &str = "1 PTR WWW.eikendam.nl.\n2 PTR liar.eikendam.nl.\n3 CNAME 4\n4 CNAME 3\n";
const FORWARD: &str = "www A 198.51.100.1\nwww AAAA 2001:db8::1\nliar A 192.0.2.1\nround CNAME round\n";

/// A name server for these addresses and names; about 60 kB for 198.51.100.5, and none that works for 203.0.113.0/24.
fn name_server() -> Option<Knot> {
    let mut reverse = REVERSE.to_owned();
    for name in 0..800 {
        reverse += &format!("5 PTR n{name}-{}.eikendam.nl.\n", "x".repeat(50));
    }
    Knot::start(&[
        ("100.51.198.in-addr.arpa", &reverse),
        ("113.0.203.in-addr.arpa", ""),
        ("eikendam.nl", FORWARD),
    ])
}

/// The addresses of tests are not public; this lets them be asked about.
fn resolver(address: impl std::fmt::Display) -> String {
    format!(
        "[outgoing]\nresolvers = [\"{address}\"]\ntimeout_seconds = 1\nallow = [\"198.51.100.0/24\", \"203.0.113.0/24\"]\n"
    )
}

/// Takes in findings of these addresses, F0 and on.
fn ingest(installation: &Installation, day: &str, addresses: &[&str]) {
    installation.ingest(&installation.file(&rdp_name(day), rdp(day, addresses)));
}

/// Kind, value and whether it leads back.
fn values(enrichment: &Value) -> Vec<(String, String, Value)> {
    let values = enrichment.as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    values.map(|one| (text(&one["kind"]), text(&one["value"]), one["leads_back"].clone())).collect()
}

fn of_finding(installation: &Installation, finding: &str) -> Value {
    installation.json(&["trace", finding])["enrichment"].clone()
}

fn enrich_says(installation: &Installation, finding: &str, parts: &[&str]) {
    let said = installation.run(&["enrich", finding]).ended(0).stdout;
    for part in parts {
        assert!(said.contains(part), "`{part}` is not said: {said}");
    }
}

#[test]
fn without_asking_anybody_there_is_the_announced_prefix_and_the_registrable_domain() {
    let installation = Installation::empty();
    installation.import(&Register::small());
    // The most specific line of 2001:db8::5 says no country, and the wider one does not say it in its place.
    let table = "prefix,asn,country\n198.51.100.0/24,64496,nl\n198.51.0.0/16,64500,US\n2001:db8::/32,64497,ZZ\n2001:d00::/24,64498,DE\n";
    let table = installation.file("table.csv", table);
    installation.run(&["register", "import-prefixes", &table, "--date", "2026-11-20"]).ended(0);
    let event = json!({
        "time.source": "2026-11-20T03:00:00+00:00", "source.ip": "198.51.100.1", "source.url": "https://www.eikendam.nl:8443/x",
        "destination.ip": "2001:db8::5", "classification.type": "phishing", "classification.identifier": "phishing",
        "feed.name": "test", "feed.provider": "test"
    });
    installation.ingest(&installation.file("one.jsonl", format!("{event}\n")));
    let prefix = |subject: &str, kind: &str, value: &str| {
        json!({
            "subject": subject, "kind": kind, "value": value, "origin": "table of announced prefixes table.csv",
            "at": "2026-11-20T00:00:00Z"
        })
    };
    let trace = installation.json(&["trace", "1:1"]);
    assert_eq!(
        trace["enrichment"],
        json!([
            prefix("198.51.100.1", "as", "AS64496"),
            prefix("198.51.100.1", "prefix", "198.51.100.0/24"),
            prefix("198.51.100.1", "country", "NL"),
            {
                "subject": "www.eikendam.nl", "kind": "registrable_domain", "value": "eikendam.nl", "origin": "public suffix list",
                "at": null
            },
            prefix("2001:db8::5", "as", "AS64497"),
            prefix("2001:db8::5", "prefix", "2001:db8::/32"),
        ])
    );
    // A table by handle has a country of its own.
    let listed = "inetnum: 198.51.100.0 - 198.51.100.15\ncountry: BE\norg: ORG-EX1-RIPE\n";
    let listed = installation.file("ripe.db", listed);
    installation.run(&["register", "import-prefixes", &listed, "--date", "2026-11-19"]).ended(0);
    let of_finding = of_finding(&installation, "F0");
    assert_eq!(
        (&of_finding[2], &of_finding[3]),
        (
            &prefix("198.51.100.1", "country", "NL"),
            &json!({
                "subject": "198.51.100.1", "kind": "country", "value": "BE", "origin": "table of announced prefixes ripe.db",
                "at": "2026-11-19T00:00:00Z"
            })
        )
    );
    assert_eq!(
        installation.json(&["trace", "1:1"])["enrichment"],
        trace["enrichment"],
        "by the table of then"
    );
    assert_eq!(trace["finding"].get("enrichment"), None, "it stands once");
    assert!(!trace["idf"].to_string().contains("64496"), "never mixed with what the source said: {trace}");
    let shown = installation.run(&["trace", "F0"]).ended(0).stdout;
    let section = shown.split("What we found out ourselves\n").nth(1).unwrap();
    assert!(
        section.contains(
            "198.51.100.1: AS number AS64496 [table of announced prefixes table.csv of 2026-11-20T00:00:00Z]"
        ),
        "{shown}"
    );
    assert!(
        section.contains(
            "198.51.100.1: country NL [table of announced prefixes table.csv of 2026-11-20T00:00:00Z]"
        ),
        "{shown}"
    );
}

#[test]
fn the_dns_is_asked_once_a_day_and_bad_answers_do_no_harm() {
    let Some(mut knot) = name_server() else { return };
    let mut installation = Installation::new();
    installation.configure(&resolver(knot.address()));
    let addresses = [
        "198.51.100.1",
        "198.51.100.2",
        "198.51.100.3",
        "198.51.100.5",
        "198.51.100.9",
        "203.0.113.7",
        "10.0.0.7",
    ];
    ingest(&installation, "2026-11-20", &addresses);
    let before = knot.questions().unwrap();
    assert_eq!(of_finding(&installation, "F0"), json!([]));
    let dry = installation.json(&["enrich", "F0", "--dry-run"]);
    assert_eq!((&dry["questions"], &dry["enrichment"]), (&json!(["198.51.100.1"]), &json!([])));
    assert_eq!(knot.questions().unwrap(), before, "a look at what there is asks nobody");

    let found = installation.json(&["enrich", "F0"]);
    let name = json!([{
        "subject": "198.51.100.1", "kind": "ptr", "value": "www.eikendam.nl", "origin": "DNS", "at": "2026-11-21T09:00:00Z",
        "leads_back": true
    }]);
    assert_eq!(found["enrichment"], name);
    // The names, and the IPv4 and IPv6 addresses of the one name.
    assert_eq!(knot.questions().unwrap(), before + 3);
    enrich_says(&installation, "F0", &["asked about less than a day ago", "leads back"]);
    assert_eq!(knot.questions().unwrap(), before + 3, "it is kept for a day");

    let due = installation.json(&["enrich", "--due"]);
    assert_eq!((count(&due["due"]), count(&due["inner"])), (5, 1), "{due}");
    // A name and its address; two answers too large and going round; one that is not there; a server that fails.
    assert_eq!(due["answers"], json!({ "found": 2, "nothing": 1, "unusable": 2, "unknown": 1, "left": 0 }));
    let liar = [("ptr".to_owned(), "liar.eikendam.nl".to_owned(), json!(false))];
    assert_eq!(values(&of_finding(&installation, "F1")), liar);
    for finding in ["F2", "F3", "F4", "F5", "F6"] {
        assert_eq!(of_finding(&installation, finding), json!([]), "{finding}");
    }
    enrich_says(&installation, "F6", &["10.0.0.7 is not a public address"]);

    // A day later only what had no answer is due, until something is seen again.
    installation.at("2026-11-22T09:00:00Z");
    assert_eq!(count(&installation.json(&["enrich", "--due", "--dry-run"])["due"]), 1);
    ingest(&installation, "2026-11-22", &["198.51.100.2"]);
    assert_eq!(count(&installation.json(&["enrich", "--due", "--dry-run"])["due"]), 2);

    // Nobody answers: what was found stays, with its time.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    installation.configure(&resolver(silent.local_addr().unwrap()));
    enrich_says(&installation, "F0", &["1 had no answer, which says nothing"]);
    assert_eq!(of_finding(&installation, "F0"), name);

    // The address has another name now.
    knot.change("100.51.198.in-addr.arpa", "1 PTR round.eikendam.nl.\n").unwrap();
    installation.at("2026-11-23T09:00:00Z").configure(&resolver(knot.address()));
    enrich_says(&installation, "F0", &["An answer cannot be used"]);
    let round = [("ptr".to_owned(), "round.eikendam.nl".to_owned(), json!(false))];
    assert_eq!(values(&of_finding(&installation, "F0")), round);
    installation.run(&["enrich", "F99"]).ended(1).says(&["there is no finding F99"]);
    installation.run(&["enrich", "N1"]).ended(1).says(&["write F12"]);
    installation.assert_sound();
}

#[test]
fn nothing_is_asked_about_what_a_source_shows_that_forbids_it() {
    let Some(knot) = name_server() else { return };
    let installation = Installation::new();
    for (code, may) in [("closed", "false"), ("open", "true")] {
        installation.run(&["source", "add", code, "--trust", "automatic", "--may-look-up", may]).ended(0);
    }
    let folder = |source: &str| {
        let folder = installation.data().join("incoming").join(source);
        fs::create_dir_all(&folder).unwrap();
        folder
    };
    // The service is told to look up, and does so when it starts: there is nothing yet.
    let serving =
        Serving::start(&installation, &format!("{}[enrichment]\nlook_up = true\n", resolver(knot.address())));
    let before = knot.questions().unwrap();
    let rows = || count(&installation.ledger()["rows"]);
    // 1 by closed only, 2 by closed and open, 3 by nobody in particular.
    let (name, report) = (rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.1", "198.51.100.2"]));
    fs::rename(installation.file(&name, report), folder("closed").join(&name)).unwrap();
    serving.wait("the first report", || rows() == 2);
    let (name, report) = (rdp_name("2026-11-19"), rdp("2026-11-19", &["198.51.100.2"]));
    fs::rename(installation.file(&name, report), folder("open").join(&name)).unwrap();
    serving.wait("the second report", || rows() == 3);
    put(&installation, &rdp_name("2026-11-18"), rdp("2026-11-18", &["198.51.100.9"]));
    serving.wait("the third report", || rows() == 4);
    serving.stop();

    let forbidden = installation.json(&["enrich", "F0"]);
    assert_eq!((&forbidden["forbidden_by"], &forbidden["questions"]), (&json!(["closed"]), &json!([])));
    enrich_says(&installation, "F1", &["The source closed forbids"]);
    let due = installation.json(&["enrich", "--due", "--dry-run"]);
    assert_eq!((count(&due["due"]), count(&due["forbidden"])), (1, 2), "{due}");
    assert_eq!(knot.questions().unwrap(), before, "nothing was asked");
    let due = installation.json(&["enrich", "--due"]);
    assert_eq!(count(&due["answers"]["nothing"]), 1, "{due}");
    assert_eq!(knot.questions().unwrap(), before + 1, "only about what nobody forbids");

    // A service looks up what came before it started, and nothing that is forbidden.
    installation.run(&["source", "change", "closed", "--may-look-up", "true"]).ended(0);
    installation.run(&["source", "change", "open", "--may-look-up", "false"]).ended(0);
    let serving =
        Serving::start(&installation, &format!("{}[enrichment]\nlook_up = true\n", resolver(knot.address())));
    serving.wait("the DNS to be asked", || !values(&of_finding(&installation, "F0")).is_empty());
    assert!(serving.stop().contains("asked the DNS about findings"));
    assert_eq!(values(&of_finding(&installation, "F0"))[0].1, "www.eikendam.nl");
    assert_eq!(of_finding(&installation, "F1"), json!([]), "open forbids it now");
    assert_eq!(knot.questions().unwrap(), before + 4);
}

#[test]
fn a_source_that_sends_the_same_file_as_another_before_it_forbids_all_the_same() {
    let installation = Installation::new();
    installation.run(&["source", "add", "closed", "--trust", "automatic", "--may-look-up", "false"]).ended(0);
    let folder = installation.data().join("incoming/closed");
    fs::create_dir_all(&folder).unwrap();
    let serving = Serving::start(&installation, "");
    let (name, report) = (rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.1"]));
    put(&installation, &name, &report);
    serving.wait("the report", || count(&installation.ledger()["rows"]) == 1);
    assert_eq!(installation.json(&["enrich", "F0", "--dry-run"])["forbidden_by"], json!([]));
    fs::rename(installation.file(&name, &report), folder.join(&name)).unwrap();
    let arrived = || installation.json(&["arrivals"])["arrivals"].to_string();
    serving.wait("the arrival", || arrived().contains("known"));
    assert!(arrived().contains("closed") && !folder.join(&name).exists(), "{}", arrived());
    assert_eq!(installation.json(&["enrich", "F0", "--dry-run"])["forbidden_by"], json!(["closed"]));
    serving.stop();
    installation.assert_sound();
}

#[test]
fn what_was_found_out_goes_with_the_finding() {
    let Some(knot) = name_server() else { return };
    let installation = Installation::new();
    installation.configure(&resolver(knot.address()));
    installation.json(&["user", "add", "jan"]);
    ingest(&installation, "2026-11-20", &["198.51.100.1", "198.51.100.2"]);
    installation.run(&["tell"]).ended(0);
    installation.json(&["enrich", "--due"]);
    let kept = || -> Vec<String> {
        let store = Connection::open(installation.data().join("store.sqlite")).unwrap();
        let mut statement = store.prepare("SELECT subject FROM look_up ORDER BY subject").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(kept(), ["198.51.100.1", "198.51.100.2", "liar.eikendam.nl", "www.eikendam.nl"]);
    let found = installation.json(&["privacy", "find", "www.eikendam", "--as", "jan"]);
    assert!(found.to_string().contains("look-up of an address or a name"), "{found}");
    installation.run(&["privacy", "erase", "198.51.100.1", "--reason", "request", "--as", "jan"]).ended(0);
    assert_eq!(kept(), ["198.51.100.2", "liar.eikendam.nl"]);
    installation
        .run(&["privacy", "erase", "liar.eikendam.nl", "--reason", "request", "--as", "jan"])
        .ended(0);
    assert_eq!(kept(), [""; 0]);
    installation.assert_sound();
}
