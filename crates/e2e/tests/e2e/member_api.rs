//! Members fetch their own rows by Shadowserver's API: exactly theirs, as long as they may, and nothing that was taken back or erased.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use schakel_testkit::{ports::free_port, server_tls::ServerTls, signing::hmac2};
use serde_json::{Value, json};

use crate::{
    fixtures::{RDP_HEADER, Register, rdp, rdp_name},
    installation::{Installation, count},
    serve::Serving,
};

/// A service that members ask. It goes by the real clock, so what they fetch came in before today.
struct Service {
    installation: Installation,
    config: String,
    port: u16,
}

/// A key and its secret.
struct Key {
    key: String,
    secret: String,
}

/// So many hours ago, and the day of then in the Netherlands.
#[allow(clippy::disallowed_methods)] // The service goes by the real clock.
fn ago(hours: i64) -> (String, String) {
    let at = Timestamp::now().checked_sub(hours.hours()).unwrap();
    let at = Timestamp::from_second(at.as_second()).unwrap();
    (at.to_string(), at.to_zoned(TimeZone::get("Europe/Amsterdam").unwrap()).date().to_string())
}

impl Service {
    fn new(register: &Register, more: &str) -> Self {
        let port = free_port().unwrap();
        let mut installation = Installation::empty();
        installation.at(&ago(200).0);
        installation.import(register);
        let config = format!("[doors.api]\nlisten = \"127.0.0.1:{port}\"\n{more}");
        Self { installation, config, port }
    }

    /// Takes a report of this day in, so many hours ago, and tells it.
    fn day(&mut self, hours: i64, report: &str) {
        let (at, day) = ago(hours);
        let file = self.installation.file(&rdp_name(&day), report);
        self.installation.at(&at);
        let taken = self.installation.run(&["ingest", &file]);
        assert!(matches!(taken.code, Some(0 | 3)), "{taken:?}");
        self.installation.run(&["tell"]).ended(0);
    }

    fn key(&self, code: &str) -> Key {
        let made = self.installation.json(&["member-key", "add", code, "--label", "SIEM"]);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Key { key: text("key"), secret: text("secret") }
    }

    fn request(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        write!(
            stream,
            "{head}Host: schakel.example\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        (status, if chunked { unchunked(body) } else { body.to_owned() })
    }

    fn signed(&self, method: &str, body: &str, signature: &str) -> (u16, String) {
        self.request(&format!("POST /api2/{method} HTTP/1.1\r\nHMAC2: {signature}\r\n"), body)
    }

    fn ask(&self, key: &Key, method: &str, mut question: Value) -> Value {
        question["apikey"] = key.key.as_str().into();
        let body = question.to_string();
        let (status, answer) = self.signed(method, &body, &hmac2(&key.secret, &body));
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    fn list(&self, key: &Key) -> Vec<Value> {
        self.ask(key, "reports/list", json!({})).as_array().unwrap().clone()
    }

    fn file(&self, id: &str) -> (u16, String) {
        self.request(&format!("GET /dl/{id} HTTP/1.1\r\n"), "")
    }

    /// The addresses in all files of a key.
    fn addresses(&self, key: &Key) -> Vec<String> {
        let mut addresses = Vec::new();
        for file in self.list(key) {
            let (status, csv) = self.file(file["id"].as_str().unwrap());
            assert_eq!(status, 200, "{csv}");
            addresses.extend(csv.lines().skip(1).map(|row| row.split(',').nth(2).unwrap().replace('"', "")));
        }
        addresses
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").expect("a chunk says its size: the answer broke off");
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole += &rest[..size];
        body = &rest[size + 2..];
    }
}

fn error(text: &str) -> Value {
    json!({ "error": text })
}

/// The same numbers each time, that follow no order.
fn scattered(seed: u32) -> impl Iterator<Item = u32> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    })
}

#[test]
fn each_member_fetches_exactly_its_own_rows() {
    let mut service = Service::new(&Register::small(), "");
    let mut expected = [Vec::new(), Vec::new()];
    for hours in [74, 50, 26] {
        let addresses: BTreeSet<String> = scattered(7)
            .take(150)
            .map(|number| number + 13 * hours as u32)
            .map(|number| match number % 5 {
                0 => format!("203.0.113.{}", number % 120 + 1),
                1 => format!("192.0.2.{}", number % 250 + 1),
                _ => format!("198.51.100.{}", number / 5 % 250 + 1),
            })
            .collect();
        for address in &addresses {
            let last: u32 = address.rsplit_once('.').unwrap().1.parse().unwrap();
            if address.starts_with("198.51.100.") {
                expected[usize::from(last >= 128)].push(address.clone());
            }
        }
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        service.day(hours, &rdp(&ago(hours).1, &addresses));
    }
    assert!(expected.iter().all(|rows| rows.len() > 60), "{expected:?}");
    let [first, second, third, fourth] = ["GM1", "GM2", "SV1", "GM4"].map(|code| service.key(code));
    let serving = Serving::start(&service.installation, &service.config);

    assert!(service.ask(&first, "test/ping", json!({}))["pong"].is_string());
    assert_eq!(service.ask(&first, "reports/subscribed", json!({})), json!(["gm1"]));
    assert_eq!(service.ask(&first, "reports/types", json!({})), json!(["scan_rdp"]));
    assert_eq!(service.addresses(&first), expected[0]);
    assert_eq!(service.addresses(&second), expected[1]);
    assert_eq!(service.addresses(&third), expected[0], "it operates what the first owns");
    assert_eq!(service.list(&fourth), Vec::<Value>::new(), "nobody there may receive AMBER");

    let day = ago(50).1;
    let listed = service.ask(&first, "reports/list", json!({ "date": day, "reports": ["gm1"] }));
    let id = listed[0]["id"].as_str().unwrap_or_else(|| panic!("{day}: {listed} {:?}", service.list(&first)));
    assert_eq!(
        listed,
        json!([{
            "id": id, "file": format!("{day}-scan_rdp-gm1.csv"), "report": "gm1", "type": "scan_rdp",
            "timestamp": day, "url": format!("http://schakel.example/dl/{id}"),
        }])
    );
    for (asked, found) in [
        (json!({ "date": format!("{}:{day}", ago(74).1) }), 2),
        (json!({ "type": "scan_rdp", "limit": 1 }), 1),
        (json!({ "type": "scan_ssl" }), 0),
        (json!({ "reports": ["gm2"] }), 0),
        (json!({ "date": "2020-01-01" }), 0),
        (json!({ "date": ago(0).1 }), 0),
    ] {
        let listed = service.ask(&first, "reports/list", asked.clone());
        assert_eq!(listed.as_array().unwrap().len(), found, "{asked}");
    }
    let (_, csv) = service.file(id);
    let row = csv.lines().nth(1).unwrap();
    let address = row.split(',').nth(2).unwrap().replace('"', "");
    assert_eq!(csv.lines().next().unwrap(), RDP_HEADER.trim_end());
    let quoted = |row: &str| row.trim_end().replace(",3389,", ",\"3389\",").replace(",64500,", ",\"64500\",");
    assert_eq!(row, quoted(rdp(&day, &[&address]).lines().nth(1).unwrap()), "the row as it came");
    let rows = service.ask(&first, "reports/download", json!({ "id": id }));
    assert_eq!(rows.as_array().unwrap().len(), csv.lines().count() - 1);
    assert_eq!((&rows[0]["ip"], &rows[0]["port"]), (&json!(address), &json!("3389")));

    // What is another's is as if it were not there; no two ids are alike.
    let unknown = "0".repeat(id.len());
    let strange = [id, unknown.as_str(), &format!("{}{}", &id[..16], &unknown[16..]), "", "x"];
    for one in strange {
        let answer = service.ask(&second, "reports/download", json!({ "id": one }));
        assert_eq!(answer, error("there is no such report"), "{one}");
    }
    for one in &strange[1..3] {
        assert_eq!(service.file(one), (404, error("there is no such report").to_string()));
    }
    let ids: BTreeSet<String> = [&first, &second, &third]
        .iter()
        .flat_map(|key| service.list(key))
        .map(|file| file["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 9);
    assert_eq!(
        service.ask(&first, "reports/query", json!({}))["error"].as_str().unwrap()[..14],
        *"no such method"
    );
    let log = serving.stop();
    assert!(!log.contains(id) && !log.contains(&first.secret) && !log.contains(&first.key), "{log}");

    // Who fetched what stands in the audit log.
    let audit = service.installation.json(&["audit", "list", "--subject", "organisation:GM1"]);
    let entries = audit["entries"].as_array().unwrap_or_else(|| panic!("{audit}"));
    let fetched = entries.iter().filter(|entry| entry["action"] == "read.member_report").count();
    assert_eq!(fetched, 3 + 1 + 1, "{audit}");
    service.installation.assert_sound();
}

#[test]
fn only_a_key_that_counts_and_a_right_signature_are_answered() {
    let mut service = Service::new(&Register::small(), "");
    service.day(26, &rdp(&ago(26).1, &["198.51.100.1"]));
    let (key, other) = (service.key("GM1"), service.key("GM1"));
    let serving = Serving::start(&service.installation, &service.config);
    let body = json!({ "apikey": key.key }).to_string();
    let refused = (200, error("invalid apikey or HMAC").to_string());
    let right = hmac2(&key.secret, &body);
    assert_eq!(service.signed("reports/subscribed", &body, &right), (200, "[\"gm1\"]".to_owned()));
    for wrong in
        [hmac2(&other.secret, &body), hmac2("", &body), String::new(), "zz".to_owned(), right[2..].to_owned()]
    {
        assert_eq!(service.signed("reports/subscribed", &body, &wrong), refused, "{wrong}");
    }
    assert_eq!(service.signed("reports/list", &body.replace('}', " }"), &right), refused, "another question");
    let unknown = json!({ "apikey": "" }).to_string();
    assert_eq!(service.signed("reports/list", &unknown, &hmac2("", &unknown)), refused);
    let is_json = "the question must be a JSON object with an apikey";
    for bad in ["", "[]", "{", "{\"apikey\":1}", &"[".repeat(10_000)] {
        assert_eq!(service.signed("reports/list", bad, &right), (200, error(is_json).to_string()));
    }
    assert_eq!(service.signed("reports/list", &"x".repeat(20_000), &right).0, 413);

    let id = service.list(&key)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(service.file(&id).0, 200);
    let revoke = ["member-key", "revoke", &key.key, "--reason", "lost"];
    let planned = service.installation.run(&[&revoke[..], &["--dry-run"]].concat()).ended(0).stdout;
    assert!(planned.contains("member_key.revoke"), "{planned}");
    assert_eq!(service.signed("reports/subscribed", &body, &right).1, "[\"gm1\"]");
    service.installation.run(&revoke).ended(0);
    assert_eq!(service.signed("reports/subscribed", &body, &right), refused);
    assert_eq!(service.file(&id).0, 404, "a file goes with the key");
    assert_eq!(service.addresses(&other), ["198.51.100.1"]);
    service.installation.run(&revoke).ended(1).says(&["counts"]);
    let listed = service.installation.run(&["member-key", "list", "GM1"]).ended(0).stdout;
    assert!(listed.contains(&key.key) && !listed.contains(&key.secret) && !listed.contains(&other.secret));
    serving.stop();
}

#[test]
fn what_was_taken_back_erased_or_may_not_be_told_is_not_served() {
    let mut service = Service::new(&Register::small(), "");
    let day = ago(26).1;
    // One row cannot be read; one is there twice.
    let report = rdp(&day, &["198.51.100.200", "198.51.100.201", "198.51.100.202", "198.51.100.200"]);
    let unreadable = "\"never\",\"high\",\"198.51.100.203\",\"tcp\",3389,\"\",\"rdp\",64500,\"NL\"\n";
    service.day(26, &(report + unreadable));
    service.day(26, &rdp(&day, &["198.51.100.204", "198.51.100.1", "2001:db8:3::1"]));
    service.day(26, &rdp(&day, &["198.51.100.205", "2001:db8:3::2", "198.51.100.201"]));
    // Today is not over.
    service.day(0, &rdp(&ago(0).1, &["198.51.100.207"]));
    let (second, third) = (service.key("GM2"), service.key("GM3"));
    let serving = Serving::start(&service.installation, &service.config);
    let own = |last: &[u8]| last.iter().map(|last| format!("198.51.100.{last}")).collect::<Vec<_>>();
    assert_eq!(service.addresses(&second), own(&[200, 201, 202, 204, 205, 201]));
    assert_eq!(service.addresses(&third), ["2001:db8:3::1", "2001:db8:3::2"]);

    service.installation.run(&["report", "withdraw", "2", "--reason", "a mistake"]).ended(0);
    assert_eq!(service.addresses(&second), own(&[200, 201, 202, 205, 201]));
    assert_eq!(service.addresses(&third), ["2001:db8:3::2"]);
    service.installation.run(&["user", "add", "jan"]).ended(0);
    let erase = ["privacy", "erase", "198.51.100.202", "--reason", "request 8", "--as", "jan"];
    service.installation.run(&erase).ended(0);
    assert_eq!(service.addresses(&second), own(&[200, 201, 205, 201]));
    service.installation.assert_sound();

    // Had the third report come with other terms: which nobody of GM3 may receive, which no program may; and then not to be told at all.
    let terms = |terms: &str| {
        let store = rusqlite::Connection::open(service.installation.data().join("store.sqlite")).unwrap();
        store.execute(&format!("UPDATE member SET {terms} WHERE report = 3"), []).unwrap();
    };
    terms("tlp = 3");
    assert_eq!(service.addresses(&second), own(&[200, 201, 205, 201]), "a trusted person may receive it");
    assert_eq!(service.list(&third), Vec::<Value>::new());
    terms("tlp = 4");
    assert_eq!(service.addresses(&second), own(&[200, 201]), "TLP:RED is for a person, and a program asks");
    terms("may_notify = 0");
    assert_eq!(service.addresses(&second), own(&[200, 201]));
    // What still waits to be told keeps its day back, for clients fetch a file once.
    let wait = |fate: u8| {
        let store = rusqlite::Connection::open(service.installation.data().join("store.sqlite")).unwrap();
        let sql = "UPDATE assignment_block SET fate = ?1, reference = 1 WHERE report = 1 AND fate IN (1, 2)";
        store.execute(sql, [fate]).unwrap();
    };
    wait(1);
    assert_eq!(service.list(&second), Vec::<Value>::new());
    assert_eq!(service.list(&third), Vec::<Value>::new());
    wait(2);
    assert_eq!(service.addresses(&second), own(&[200, 201]));
    serving.stop();
}

#[test]
fn an_address_that_went_to_another_shows_each_only_their_own_time() {
    let later = ago(26).1;
    let register = |end: &str, begin: &str| {
        Register::small()
            .without_asset("SV1,")
            .without_asset("GM1,prefix,198.51.100.0/25")
            .asset(&format!("GM1,prefix,198.51.100.0/25,owner,,{end}"))
            .asset(&format!("GM2,prefix,198.51.100.0/25,owner,{begin}"))
    };
    let mut service = Service::new(&register(&later, &later), "");
    for hours in [74, 26] {
        service.day(hours, &rdp(&ago(hours).1, &["198.51.100.1"]));
    }
    assert_eq!(service.installation.fate("notified"), 2, "both are told of the same finding");
    let keys = [service.key("GM1"), service.key("GM2")];
    let serving = Serving::start(&service.installation, &service.config);
    for (key, hours) in keys.iter().zip([74, 26]) {
        let listed = service.list(key);
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!(listed[0]["timestamp"], ago(hours).1);
    }
    serving.stop();
}

/// Whoever the rows go to is reckoned here from the owners alone, for addresses that change hands in any way.
#[test]
fn for_any_owners_and_rows_each_row_goes_to_its_owner_of_then_and_to_nobody_else() {
    const HOURS: [i64; 3] = [74, 50, 26];
    const OWNERS: [&str; 4] = ["GM1", "GM2", "GM3", ""];
    for seed in 1..=3 {
        let mut numbers = scattered(seed);
        let mut number = |below: usize| numbers.next().unwrap() as usize % below;
        // Of each address: who has it before a day, from which on another, or the same, has it.
        let hands: Vec<([usize; 2], usize)> = (0..24).map(|_| ([number(4), number(4)], number(4))).collect();
        let mut register = Register::small();
        for asset in ["GM1,", "SV1,", "GM2,", "GM3,", "GM4,"] {
            register = register.without_asset(asset);
        }
        for (at, (owners, turn)) in hands.iter().enumerate() {
            let day = HOURS.get(*turn).map(|hours| ago(*hours).1).unwrap_or_default();
            let periods = if day.is_empty() {
                [Some(",".to_owned()), None]
            } else {
                [Some(format!(",{day}")), Some(format!("{day},"))]
            };
            for (owner, period) in owners.iter().zip(periods) {
                if let (owner @ ("GM1" | "GM2" | "GM3"), Some(period)) = (OWNERS[*owner], period) {
                    register = register.asset(&format!("{owner},address,198.51.100.{at},owner,{period}"));
                }
            }
        }
        let mut service = Service::new(&register, "");
        let mut expected: [Vec<String>; 3] = Default::default();
        for (day, hours) in HOURS.into_iter().enumerate() {
            let seen: BTreeSet<usize> = (0..16).map(|_| number(hands.len())).collect();
            for at in &seen {
                let (owners, turn) = &hands[*at];
                if let Some(rows) = expected.get_mut(owners[usize::from(day >= *turn)]) {
                    rows.push(format!("198.51.100.{at}"));
                }
            }
            let addresses: Vec<String> = seen.iter().map(|at| format!("198.51.100.{at}")).collect();
            let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
            service.day(hours, &rdp(&ago(hours).1, &addresses));
        }
        let keys = ["GM1", "GM2", "GM3"].map(|code| service.key(code));
        let serving = Serving::start(&service.installation, &service.config);
        for (key, rows) in keys.iter().zip(&expected) {
            assert_eq!(&service.addresses(key), rows, "seed {seed}: {hands:?}");
        }
        assert!(expected.iter().all(|rows| !rows.is_empty()), "{expected:?}");
        serving.stop();
    }
}

#[test]
fn after_a_merger_the_successor_fetches_what_both_were_told() {
    let register = Register::small().relation(&format!("GM1,merged_into,GM2,,,{}", ago(26).1));
    let mut service = Service::new(&register, "");
    service.day(74, &rdp(&ago(74).1, &["198.51.100.1", "198.51.100.200"]));
    assert_eq!(service.installation.fate("notified"), 3);
    let (old, new) = (service.key("GM1"), service.key("GM2"));
    let serving = Serving::start(&service.installation, &service.config);
    assert_eq!(service.addresses(&new), ["198.51.100.1", "198.51.100.200"]);
    assert_eq!(service.list(&old), Vec::<Value>::new(), "nobody is there any more");
    serving.stop();
}

#[test]
fn our_own_client_of_shadowservers_api_fetches_it_unchanged() {
    let tls = ServerTls::for_localhost();
    let files = Installation::empty();
    let (certificate, private) =
        (files.file("cert.pem", &tls.certificate_pem), files.file("key.pem", &tls.key_pem));
    let more = format!("tls_certificate = \"{certificate}\"\ntls_key = \"{private}\"\n");
    let mut service = Service::new(&Register::small(), &more);
    for (hours, addresses) in
        [(50, ["198.51.100.200", "198.51.100.1"]), (26, ["198.51.100.200", "198.51.100.201"])]
    {
        service.day(hours, &rdp(&ago(hours).1, &addresses));
    }
    let key = service.key("GM2");
    let serving = Serving::start(&service.installation, &service.config);

    let mut member = Installation::empty();
    member.at(&ago(200).0);
    member.import(&Register::small());
    member.json(&["source", "add", "cert", "--trust", "automatic"]);
    let secret = member.file("secret", &key.secret);
    let fetching = Serving::start(
        &member,
        &format!(
            "[outgoing]\nallow = [\"127.0.0.0/8\"]\nca_file = \"{certificate}\"\n[doors.shadowserver]\nsource = \"cert\"\nkey = \"{}\"\nsecret_file = \"{secret}\"\nurl = \"https://127.0.0.1:{port}/api2/\"\nfiles_url = \"https://127.0.0.1:{port}/dl/\"\n",
            key.key,
            port = service.port,
        ),
    );
    fetching.wait("both days", || count(&member.ledger()["rows"]) == 3);
    fetching.stop();
    serving.stop();
    let ledger = member.ledger();
    assert_eq!((count(&ledger["rejected"]), count(&ledger["events"])), (0, 3), "{ledger}");
    member.assert_sound();
}
