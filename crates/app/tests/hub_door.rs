//! Two hubs agree, and one brings things to the other: what counts has its effect once, everything else has none and is answered as it should be.

#![allow(clippy::unwrap_used)]

use std::{fs, sync::Arc};

use schakel_app::{
    arrivals::{ArrivalDesk, Became},
    config::{self, Config},
    doors::SpoolDoor,
    hub::{
        door::{Asked, FETCH, Fetched, HubDoor, JSON_TYPE, LINES_TYPE, MESSAGES, NotServed, Taken},
        links::{self, Proposal},
        ours::{self, Ours},
    },
    intake::Intake,
    register,
    register_import::Import,
    verify,
};
use schakel_formats::{
    http_signature::{Parameters, Posted, fields},
    hub::{
        fingerprint::Fingerprint,
        message::{self, Envelope, Kind},
        parcel::{Content, Parcel},
        receipt::Receipt,
    },
    register::import::Options,
};
use schakel_model::{
    clock::Clock,
    event::{Event, Value as Field},
    hub::{
        Direction, FindingKeyOnLink, HubName, Link, LinkState, LinkTerms, ParcelClass, ParcelId, Purpose,
        ReceiptOutcome, Rejection, StatusLevel, Transport,
    },
    tlp::Tlp,
};
use schakel_parse::{
    csaf::{self, Issue},
    idf,
    xarf::Reporter,
};
use schakel_seal::{ed25519::Ed25519Key, random::Random};
use schakel_store::{
    Reader, Store, act::Act, data_dir::DataDir, findings, hub_messages, hubs, reports, sources,
    spool::SpoolDesk,
};
use serde_json::{Value, json};

const NOW: i64 = 1_795_000_000;
const ACT: Act<'static> = Act { at: NOW, actor: "test", reason: "" };
const URL: &str = "https://bottom.example";

fn terms() -> LinkTerms {
    LinkTerms {
        direction: Direction::Both,
        transport: Transport::Push,
        tlp_max: Tlp::Amber,
        purposes: vec![Purpose::Notify, Purpose::Analyse],
        parcels_per_hour: 1_000,
        credit: 500,
        service_level_seconds: 900,
        status: StatusLevel::PerFinding,
        retention_days: 30,
    }
}

/// One hub.
struct Hub {
    _folder: tempfile::TempDir,
    data: DataDir,
    config: Config,
    ours: Ours,
}

impl Hub {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path().join("data"));
        data.create().unwrap();
        let text = format!(
            "[mail]\nchannel = \"folder\"\nfrom = \"desk@{name}\"\n[hub]\nname = \"{name}\"\nurl = \"https://{name}\"\n"
        );
        fs::write(data.config(), text).unwrap();
        let config = config::load(&data).unwrap();
        assert!(ours::init(&config).unwrap());
        let ours = Ours::require(&config).unwrap();
        drop(Store::open(&data).unwrap());
        Self { _folder: folder, data, config, ours }
    }

    fn store(&self) -> Store {
        Store::open(&self.data).unwrap()
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.data).unwrap()
    }

    fn link(&self, peer: &Hub) -> Link {
        self.reader().read(|connection| hubs::by_peer(connection, &peer.ours.name)).unwrap().unwrap()
    }
}

/// The top invites, the bottom accepts, the top confirms.
fn linked() -> (Hub, Hub) {
    let (top, bottom) = (Hub::new("top.example"), Hub::new("bottom.example"));
    let proposal = Proposal {
        peer: bottom.ours.name.clone(),
        organisation: String::new(),
        terms: LinkTerms { direction: Direction::Out, ..terms() },
    };
    let invitation = links::invite(&mut top.store(), ACT, &top.ours, &proposal).unwrap();
    let print = top.ours.fingerprint();
    let (link, acceptance) =
        links::accept(&mut bottom.store(), ACT, &bottom.ours, &invitation, &print, "", &terms()).unwrap();
    assert_eq!((link.state, link.terms.direction), (LinkState::Active, Direction::In));
    let print = bottom.ours.fingerprint();
    let link = links::confirm(&mut top.store(), ACT, &top.ours, &acceptance, &print).unwrap();
    assert_eq!(
        (link.state, link.terms.direction, link.url.as_str()),
        (LinkState::Active, Direction::Out, URL)
    );
    (top, bottom)
}

/// What the top may say, and how it is brought.
struct Bringing<'a> {
    top: &'a Hub,
    door: HubDoor,
    nonce: u32,
}

impl<'a> Bringing<'a> {
    fn new(top: &'a Hub, bottom: &Hub) -> Self {
        let spool = Arc::new(SpoolDoor::open(&bottom.data, &bottom.config.doors).unwrap());
        Self { top, door: HubDoor::open(&bottom.data, &bottom.config, spool).unwrap(), nonce: 0 }
    }

    fn bring(&mut self, lines: &[Vec<u8>]) -> Result<Taken, NotServed> {
        let body: Vec<u8> = lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect();
        self.post(&body, "", NOW)
    }

    fn post(&mut self, body: &[u8], encoding: &str, now: i64) -> Result<Taken, NotServed> {
        self.nonce += 1;
        let nonce = self.nonce.to_string();
        let signed = signed(self.top.ours.key(), MESSAGES, LINES_TYPE, body, &nonce, NOW);
        self.door.messages(&asked(MESSAGES, LINES_TYPE, encoding, &signed, body, now))
    }

    fn fetch(&mut self, after: &str) -> Result<Fetched, NotServed> {
        self.nonce += 1;
        let nonce = self.nonce.to_string();
        let body = json!({"after": after, "limit": 100}).to_string();
        let signed = signed(self.top.ours.key(), FETCH, JSON_TYPE, body.as_bytes(), &nonce, NOW);
        self.door.fetch(&asked(FETCH, JSON_TYPE, "", &signed, body.as_bytes(), NOW))
    }
}

fn signed(key: &Ed25519Key, path: &str, kind: &str, body: &[u8], nonce: &str, at: i64) -> [String; 3] {
    let target = format!("{URL}{path}");
    let posted = Posted { target: &target, content_type: kind, body };
    let key_id = key.id();
    let parameters = Parameters { created: at, nonce: Some(nonce), key_id: &key_id };
    let fields = fields(&posted, &parameters, &|bytes| key.sign(bytes));
    fields.into_iter().map(|(_, value)| value).collect::<Vec<_>>().try_into().unwrap()
}

fn asked<'a>(
    path: &'a str,
    content_type: &'a str,
    content_encoding: &'a str,
    [digest, input, signature]: &'a [String; 3],
    body: &'a [u8],
    now: i64,
) -> Asked<'a> {
    Asked {
        path,
        content_type,
        content_encoding,
        content_digest: digest,
        signature_input: input,
        signature,
        body,
        peer: None,
        now,
    }
}

fn hub(name: &str) -> HubName {
    name.parse().unwrap()
}

/// A parcel about an address of Eikendam (GM1).
fn parcel(number: u8) -> Parcel {
    Parcel {
        id: ParcelId([number; 16]),
        key: FindingKeyOnLink([number; 16]),
        revision: 1,
        class: ParcelClass::Normal,
        origin: hub("top.example"),
        path: vec![hub("top.example")],
        hop_limit: 7,
        tlp: Tlp::Amber,
        purposes: vec![Purpose::Notify],
        may_notify: true,
        may_look_up: false,
        expires_at: NOW + 86_400,
        asset: None,
        content: Content::Event(json!({
            "classification.identifier": "open-rdp",
            "classification.type": "vulnerable-system",
            "source.ip": format!("203.0.113.{number}"),
            "time.source": "2026-11-18T03:00:00+00:00",
        })),
    }
}

/// A parcel with an advisory of another program, about a machine at these URIs.
fn advisory(number: u8, uris: &[&str]) -> Parcel {
    let uri = |uri: &&str| json!({"namespace": "https://schakel.org/ns/machine", "uri": uri});
    let uris: Vec<Value> = uris.iter().map(uri).collect();
    let advisory = json!({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Update the gate",
            "distribution": {"tlp": {"label": "WHITE"}},
            "publisher": {"category": "coordinator", "name": "CERT", "namespace": "https://cert.example"},
            "tracking": {
                "current_release_date": "2026-11-18T03:00:00Z", "id": "A-1", "initial_release_date": "2026-11-18T03:00:00Z",
                "revision_history": [{"date": "2026-11-18T03:00:00Z", "number": "1", "summary": "First"}], "status": "final", "version": "1",
            },
        },
        "product_tree": {"full_product_names": [
            {"name": "Gate 7", "product_id": "gate", "product_identification_helper": {"x_generic_uris": uris}},
        ]},
        "vulnerabilities": [{"cve": "CVE-2026-1234", "product_status": {"known_affected": ["gate"]}}],
    });
    Parcel { content: Content::Csaf(advisory), ..parcel(number) }
}

fn envelope(parcel: &Parcel) -> Envelope {
    Envelope {
        id: parcel.id.to_string(),
        source: hub("top.example"),
        recipient: hub("bottom.example"),
        kind: Kind::Parcel,
        time: NOW,
        subject: None,
        data: parcel.to_data(),
    }
}

fn line(top: &Hub, envelope: &Envelope) -> Vec<u8> {
    message::write(envelope, &top.ours.key().id(), &|bytes| top.ours.key().sign(bytes)).unwrap()
}

fn of(top: &Hub, parcel: &Parcel) -> Vec<u8> {
    line(top, &envelope(parcel))
}

fn key(seed: u8) -> Ed25519Key {
    Ed25519Key::read(Ed25519Key::generate(&mut Random::from_seed([seed; 32])).unwrap().as_bytes()).unwrap()
}

/// Deals with all that was brought. `twice`: as after a crash just before the end.
fn deal(bottom: &Hub, twice: bool) -> Vec<String> {
    let mut intake = Intake::open(&bottom.data, clock()).unwrap();
    let (reader, spool) = (bottom.reader(), SpoolDesk::open(&bottom.data).unwrap());
    let reading = bottom.config.reading().unwrap();
    let mut failures = Vec::new();
    while let Some(kept) = spool.next().unwrap() {
        let mut desk = ArrivalDesk {
            intake: &mut intake,
            reader: &reader,
            spool: &spool,
            reading: &reading,
            config: &bottom.config,
            now: NOW,
        };
        if twice {
            // The spool gives it again, as it does when it could not be told that it was dealt with.
            let content = spool.content(&kept).unwrap();
            desk.handle(&kept, &|_| {}).unwrap();
            let schakel_store::spool::Content::Bytes(bytes) = content else { panic!("it is small") };
            let door = schakel_app::hub::arrive::HubDesk {
                intake: &mut intake,
                reader: &reader,
                spool: &spool,
                reading: &reading,
                ours: &bottom.ours,
                now: NOW,
            };
            let mut door = door;
            door.handle(&kept, &bytes, &|_| {}).unwrap();
            continue;
        }
        let (became, _) = desk.handle(&kept, &|_| {}).unwrap();
        if let Became::Taken(ingested) = became {
            failures.extend(ingested.failures);
        }
    }
    intake.settle().unwrap();
    failures
}

fn clock() -> Clock {
    Clock::fixed(jiff::Timestamp::from_second(NOW).unwrap())
}

/// The receipts that wait for the top.
fn receipts(bottom: &Hub, top: &Hub) -> Vec<(u8, ReceiptOutcome)> {
    let link = bottom.link(top).id;
    let lines = bottom.reader().read(|connection| hub_messages::due(connection, link, 1_000)).unwrap();
    let read = |line: &[u8]| {
        let signed = message::read(line).unwrap();
        let receipt = Receipt::read(&signed.envelope.data).unwrap();
        (receipt.parcel.0[0], receipt.outcome)
    };
    lines.iter().filter(|one| one.kind == Kind::Receipt.as_str()).map(|one| read(&one.body)).collect()
}

fn with_register(bottom: &Hub) {
    let mut intake = Intake::open(&bottom.data, clock()).unwrap();
    let folder = bottom.data.root().join("register");
    fs::create_dir(&folder).unwrap();
    for (name, text) in [
        ("organisations.csv", "id,name,kind\nGM1,Gemeente Eikendam,municipality\n"),
        ("assets.csv", "organisation,kind,value,role\nGM1,prefix,203.0.113.0/25,owner\n"),
        (
            "contacts.csv",
            "organisation,role,name,email,language,tlp_max\nGM1,findings,IB,ib@eikendam.example,nl,TLP:AMBER\n",
        ),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    let standing = register::standing(intake.store()).unwrap();
    let import = Import::read(&[folder], &Options::default(), standing).unwrap();
    assert_eq!(import.reading.errors, 0, "{:?}", import.reading.problems);
    import.apply(intake.store(), &import.diff(), ACT).unwrap();
    intake.close().unwrap();
}

#[test]
fn each_parcel_of_a_batch_has_its_own_outcome_and_the_good_ones_their_effect_once() {
    let (top, bottom) = linked();
    with_register(&bottom);
    let mut bringing = Bringing::new(&top, &bottom);
    let changed = |line: &[u8], from: &str, to: &str| {
        let text = String::from_utf8(line.to_vec()).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        text.replacen(from, to, 1).into_bytes()
    };
    let rejected = ReceiptOutcome::Rejected;
    let long: Vec<HubName> = (0..1_000).map(|n| hub(&format!("h{n}.example"))).collect();
    let with = |event: Value| Parcel { content: Content::Event(event), ..parcel(30) };
    let huge = with(json!({
        "classification.type": "vulnerable-system", "time.source": "2026-11-18T03:00:00+00:00", "extra.x": "x".repeat(200_000),
    }));
    let lines: Vec<(Vec<u8>, u8, ReceiptOutcome)> = vec![
        (of(&top, &parcel(1)), 1, ReceiptOutcome::Accepted),
        // Nobody's here, which is said later, with its status.
        (
            of(
                &top,
                &Parcel {
                    content: Content::Event(json!({
                        "classification.type": "vulnerable-system", "source.ip": "192.0.2.1", "time.source": "2026-11-18T03:00:00+00:00",
                    })),
                    ..parcel(200)
                },
            ),
            200,
            ReceiptOutcome::Accepted,
        ),
        // No event, when it is read as one.
        (
            of(
                &top,
                &Parcel {
                    content: Content::Event(json!({
                        "classification.type": "vulnerable-system", "source.ip": "203.0.113.7", "time.source": "yesterday",
                    })),
                    ..parcel(201)
                },
            ),
            201,
            rejected(Rejection::Schema),
        ),
        // As an X-ARF report, and as half of one.
        (
            of(
                &top,
                &Parcel {
                    content: Content::Xarf(json!({
                        "xarf_version": "4.2.0", "category": "vulnerability", "type": "open_service",
                        "source_identifier": "203.0.113.31", "timestamp": "2026-11-18T03:00:00Z",
                    })),
                    ..parcel(202)
                },
            ),
            202,
            ReceiptOutcome::Accepted,
        ),
        (
            of(&top, &Parcel { content: Content::Xarf(json!({ "ReporterInfo": {} })), ..parcel(203) }),
            203,
            rejected(Rejection::Schema),
        ),
        // As a CSAF advisory, and as some that are about nobody, two or nothing.
        (of(&top, &advisory(204, &["tcp://203.0.113.32:443"])), 204, ReceiptOutcome::Accepted),
        (of(&top, &advisory(205, &[])), 205, rejected(Rejection::Schema)),
        (
            of(&top, &advisory(206, &["ip://203.0.113.33", "ip://203.0.113.34"])),
            206,
            rejected(Rejection::Schema),
        ),
        (
            of(
                &top,
                &Parcel { content: Content::Csaf(json!({"document": {"csaf_version": []}})), ..parcel(207) },
            ),
            207,
            rejected(Rejection::Schema),
        ),
        // The same again, under its name and under another.
        (of(&top, &parcel(1)), 1, ReceiptOutcome::Duplicate),
        (of(&top, &Parcel { id: ParcelId([2; 16]), ..parcel(1) }), 2, ReceiptOutcome::Duplicate),
        // A later one about the same finding.
        (of(&top, &Parcel { id: ParcelId([3; 16]), revision: 2, ..parcel(1) }), 3, ReceiptOutcome::Accepted),
        (of(&top, &Parcel { tlp: Tlp::AmberStrict, ..parcel(4) }), 4, rejected(Rejection::Tlp)),
        (of(&top, &Parcel { expires_at: NOW - 86_400, ..parcel(5) }), 5, rejected(Rejection::Expired)),
        (
            line(&top, &Envelope { time: NOW + 3_600, ..envelope(&parcel(6)) }),
            6,
            rejected(Rejection::Expired),
        ),
        (of(&top, &Parcel { path: long, ..parcel(7) }), 7, rejected(Rejection::Loop)),
        (
            of(&top, &Parcel { path: vec![hub("bottom.example"), hub("top.example")], ..parcel(8) }),
            8,
            rejected(Rejection::Loop),
        ),
        (
            of(&top, &Parcel { purposes: vec![Purpose::Statistics], ..parcel(9) }),
            9,
            rejected(Rejection::Scope),
        ),
        // For somebody else, as somebody else, with a key twice, changed on the way, too large, not an event.
        (
            line(&top, &Envelope { recipient: hub("x.example"), ..envelope(&parcel(10)) }),
            10,
            rejected(Rejection::Schema),
        ),
        (
            line(&top, &Envelope { source: hub("x.example"), ..envelope(&parcel(11)) }),
            11,
            rejected(Rejection::Schema),
        ),
        (
            changed(&of(&top, &parcel(12)), "\"hopLimit\":7,", "\"hopLimit\":7,\"hopLimit\":7,"),
            12,
            rejected(Rejection::Schema),
        ),
        (changed(&of(&top, &parcel(13)), "203.0.113.13", "203.0.113.14"), 13, rejected(Rejection::Schema)),
        (of(&top, &huge), 30, rejected(Rejection::Schema)),
        (
            of(&top, &Parcel { id: ParcelId([15; 16]), ..with(json!({"source.ip": "203.0.113.1"})) }),
            15,
            rejected(Rejection::Schema),
        ),
        (
            message::write(&envelope(&parcel(16)), &key(9).id(), &|bytes| key(9).sign(bytes)).unwrap(),
            16,
            rejected(Rejection::Schema),
        ),
        // Terms of its own: it may not be told, and it may be looked up.
        (
            of(&top, &Parcel { may_notify: false, tlp: Tlp::Green, ..parcel(17) }),
            17,
            ReceiptOutcome::Accepted,
        ),
        (
            of(
                &top,
                &Parcel {
                    may_look_up: true,
                    purposes: vec![Purpose::Notify, Purpose::Analyse],
                    ..parcel(18)
                },
            ),
            18,
            ReceiptOutcome::Accepted,
        ),
        (b"no message".to_vec(), 0, ReceiptOutcome::Accepted),
    ];
    let body: Vec<Vec<u8>> = lines.iter().map(|(line, ..)| line.clone()).collect();
    assert_eq!(bringing.bring(&body).unwrap().taken, body.len());
    let failures = deal(&bottom, false);
    assert_eq!(failures.len(), 8, "{failures:#?}");
    let mut expected: Vec<(u8, ReceiptOutcome)> = lines
        .iter()
        .filter(|(_, number, _)| *number > 0)
        .map(|(_, number, outcome)| (*number, *outcome))
        .collect();
    let mut found = receipts(&bottom, &top);
    expected.sort_by_key(|(number, outcome)| (*number, format!("{outcome:?}")));
    found.sort_by_key(|(number, outcome)| (*number, format!("{outcome:?}")));
    assert_eq!(found, expected);
    // Rows hold to the terms of their parcels.
    let reader = bottom.reader();
    let taken: Vec<_> = reader
        .read(|connection| reports::list(connection, None))
        .unwrap()
        .into_iter()
        .map(|report| {
            let terms = reader.read(|connection| reports::terms(connection, report.id, 0)).unwrap();
            let all = reader.read(sources::list).unwrap();
            let source = all.into_iter().find(|source| source.id == report.source).unwrap();
            (terms.tlp, terms.may_notify, source.may_look_up)
        })
        .collect();
    assert_eq!(taken, [(Tlp::Amber, true, true), (Tlp::Amber, true, false), (Tlp::Green, false, false)]);
    assert!(verify::verify(&bottom.reader(), &|_| {}).unwrap().ok);
}

#[test]
fn a_finding_is_the_same_in_whatever_form_it_comes() {
    let (top, bottom) = linked();
    with_register(&bottom);
    let mut bringing = Bringing::new(&top, &bottom);
    let mut event = Event::default();
    for (field, text) in [
        ("source.ip", "203.0.113.1"),
        ("protocol.transport", "tcp"),
        ("classification.type", "vulnerable-system"),
        ("classification.identifier", "open-gate"),
        ("product.vulnerabilities", "cve-2026-1234"),
        ("time.source", "2026-11-18T03:00:00+00:00"),
    ] {
        event.set(field, Field::Text(text.to_owned()));
    }
    event.set("source.port", Field::Int(443));
    let reporter = Reporter::new("Top", "desk@top.example").unwrap();
    let issue = Issue { publisher: &reporter, id: "1", tlp: Tlp::Amber, versions: &[(1, NOW)] };
    let again = |number: u8, content| {
        of(&top, &Parcel { key: parcel(1).key, revision: number.into(), content, ..parcel(number) })
    };
    let as_event = serde_json::from_str(&idf::to_json(&event)).unwrap();
    let lines = [
        again(1, Content::Event(as_event)),
        again(2, Content::Csaf(csaf::document(&event, &issue).unwrap())),
        // Its own marking is not what counts: that of its parcel does.
        of(&top, &advisory(3, &["tcp://203.0.113.3"])),
    ];
    bringing.bring(&lines).unwrap();
    assert_eq!(deal(&bottom, false), Vec::<String>::new());
    assert!(receipts(&bottom, &top).iter().all(|(_, outcome)| *outcome == ReceiptOutcome::Accepted));
    let reader = bottom.reader();
    assert_eq!(reader.read(findings::count).unwrap(), 2);
    let all = reader.read(|connection| reports::list(connection, None)).unwrap();
    let terms = reader.read(|connection| reports::terms(connection, all[0].id, 0)).unwrap();
    assert_eq!((all.len(), terms.tlp), (1, Tlp::Amber));
    assert!(verify::verify(&reader, &|_| {}).unwrap().ok);
}

#[test]
fn what_is_dealt_with_again_after_a_crash_has_no_second_effect_and_the_same_receipts() {
    let (top, bottom) = linked();
    with_register(&bottom);
    let mut bringing = Bringing::new(&top, &bottom);
    bringing.bring(&[of(&top, &parcel(1)), of(&top, &parcel(2))]).unwrap();
    deal(&bottom, true);
    let found = receipts(&bottom, &top);
    assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 1, 2]);
    assert!(found.iter().all(|(_, outcome)| *outcome == ReceiptOutcome::Accepted), "{found:?}");
    assert_eq!(bottom.reader().read(|connection| reports::list(connection, None)).unwrap().len(), 1);
    // Brought again under another number, it is a duplicate.
    bringing.bring(&[of(&top, &parcel(2))]).unwrap();
    deal(&bottom, false);
    assert_eq!(receipts(&bottom, &top).last(), Some(&(2, ReceiptOutcome::Duplicate)));
    assert!(verify::verify(&bottom.reader(), &|_| {}).unwrap().ok);
}

#[test]
fn only_a_fresh_request_by_a_key_that_counts_is_heard() {
    let (top, bottom) = linked();
    let mut bringing = Bringing::new(&top, &bottom);
    let body = of(&top, &parcel(1));
    let (ours, stranger) = (top.ours.key(), key(9));
    let unknown = Err(NotServed::Unknown);
    let good = signed(ours, MESSAGES, LINES_TYPE, &body, "a", NOW);
    let ask = |signed: &[String; 3], body: &[u8], now| {
        bringing.door.messages(&asked(MESSAGES, LINES_TYPE, "", signed, body, now))
    };
    assert!(ask(&good, &body, NOW).is_ok());
    assert_eq!(ask(&good, &body, NOW), unknown, "the same request again");
    let fresh = |nonce: &str, at| signed(ours, MESSAGES, LINES_TYPE, &body, nonce, at);
    // Reordered is fine; too old and from the future are not.
    assert!(ask(&fresh("c", NOW - 10), &body, NOW).is_ok());
    assert!(ask(&fresh("b", NOW - 600), &body, NOW).is_ok(), "clocks ten minutes apart");
    for (nonce, at) in [("d", NOW - 901), ("e", NOW + 901)] {
        assert_eq!(ask(&fresh(nonce, at), &body, NOW), unknown);
    }
    assert_eq!(ask(&fresh("f", NOW), b"another body", NOW), unknown);
    assert_eq!(ask(&signed(&stranger, MESSAGES, LINES_TYPE, &body, "g", NOW), &body, NOW), unknown);
    assert_eq!(
        ask(&signed(ours, FETCH, LINES_TYPE, &body, "h", NOW), &body, NOW),
        unknown,
        "another address"
    );
    assert_eq!(ask(&signed(ours, MESSAGES, LINES_TYPE, &body, "", NOW), &body, NOW), unknown, "no nonce");
    let [_, input, _] = good;
    assert!(bringing.door.knows(&input).unwrap());
    let [_, input, _] = signed(&stranger, MESSAGES, LINES_TYPE, &body, "i", NOW);
    assert!(!bringing.door.knows(&input).unwrap());

    // A stolen key signs well until it is revoked.
    links::revoke(&mut bottom.store(), ACT, &top.ours.name, &ours.id()).unwrap();
    assert_eq!(bringing.post(&body, "", NOW), unknown);
    let failures = deal(&bottom, false);
    assert!(
        failures.len() == 3 && failures[0].contains("does not count"),
        "what lies here does not count: {failures:?}"
    );
}

#[test]
fn bombs_floods_and_links_that_rest_are_refused_in_time() {
    let (top, bottom) = linked();
    let mut bringing = Bringing::new(&top, &bottom);
    let bomb = zstd::bulk::compress(&vec![b'\n'; 40 << 20], 19).unwrap();
    assert!(bomb.len() < 10_000);
    assert_eq!(bringing.post(&bomb, "zstd", NOW), Err(NotServed::TooLarge));
    for (body, encoding) in [(&b"no zstd"[..], "zstd"), (b"x", "br"), (b"\n\n", ""), (b"", "")] {
        assert!(matches!(bringing.post(body, encoding, NOW), Err(NotServed::Bad(_))), "{encoding}");
    }
    let lines = vec![b'x'; 2 << 20];
    assert_eq!(bringing.post(&lines, "", NOW), Err(NotServed::TooLarge), "a line of two MiB");
    let good = zstd::bulk::compress(&of(&top, &parcel(1)), 1).unwrap();
    assert_eq!(bringing.post(&good, "zstd", NOW).unwrap().taken, 1);

    // A flood: the rest of the hour is used up at once, critical parcels have a tenth more.
    let many: Vec<Vec<u8>> = (0..999).map(|_| of(&top, &parcel(2))).collect();
    bringing.bring(&many).unwrap();
    assert!(matches!(bringing.bring(&many[..1]), Err(NotServed::Later(_))));
    let critical = of(&top, &Parcel { class: ParcelClass::Critical, ..parcel(3) });
    bringing.bring(&[critical]).unwrap();
    let spool = SpoolDesk::open(&bottom.data).unwrap();
    let first = spool.next().unwrap().unwrap();
    let schakel_store::spool::Content::Bytes(bytes) = spool.content(&first).unwrap() else { panic!() };
    assert!(bytes.windows(8).any(|window| window == b"critical"), "it overtakes");
    drop(spool);

    let set = |state| links::set_state(&mut bottom.store(), ACT, &top.ours.name, state).unwrap();
    set(LinkState::Paused);
    assert!(matches!(bringing.post(&good, "zstd", NOW), Err(NotServed::Later(_))));
    set(LinkState::Active);
    set(LinkState::Ended);
    assert_eq!(bringing.post(&good, "zstd", NOW), Err(NotServed::Unknown));
    // What lay there when it ended is kept for a person, and has no effect.
    deal(&bottom, false);
    assert!(bottom.reader().read(|connection| reports::list(connection, None)).unwrap().is_empty());
}

#[test]
fn a_hub_without_an_address_fetches_and_says_what_has_arrived() {
    let (top, bottom) = linked();
    with_register(&bottom);
    let mut bringing = Bringing::new(&top, &bottom);
    bringing.bring(&[of(&top, &parcel(1)), of(&top, &parcel(2))]).unwrap();
    deal(&bottom, false);
    let lines = |fetched: &Fetched| fetched.lines.iter().filter(|byte| **byte == b'\n').count();
    let first = bringing.fetch("").unwrap();
    assert_eq!(lines(&first), 2);
    // Not said to have arrived, it is given again; a wrong cursor says nothing.
    let again = bringing.fetch("nothing").unwrap();
    assert_eq!((lines(&again), again.lines == first.lines), (2, true));
    let next = bringing.fetch(&again.cursor).unwrap();
    assert_eq!(lines(&next), 0);
    assert!(receipts(&bottom, &top).is_empty());
}

#[test]
fn what_two_hubs_do_not_agree_on_is_no_link() {
    let (top, bottom) = linked();
    let other = Hub::new("other.example");
    let proposal = |peer: &str, terms| Proposal { peer: hub(peer), organisation: String::new(), terms };
    let mut store = top.store();
    let mut invite = |peer: &str, terms| links::invite(&mut store, ACT, &top.ours, &proposal(peer, terms));
    for (peer, terms, said) in [
        ("bottom.example", terms(), "already"),
        ("top.example", terms(), "itself"),
        ("red.example", LinkTerms { tlp_max: Tlp::Red, ..terms() }, "RED"),
        ("none.example", LinkTerms { purposes: Vec::new(), ..terms() }, "purpose"),
        (&format!("{}.example", "a".repeat(60)), terms(), "bytes"),
    ] {
        let error = format!("{:#}", invite(peer, terms).unwrap_err());
        assert!(error.contains(said), "{peer}: {error}");
    }
    let file = invite("other.example", LinkTerms { direction: Direction::Out, ..terms() }).unwrap();
    drop(store);
    let (print, wrong) = (top.ours.fingerprint(), Fingerprint::of(&[1; 32]));
    let mut store = other.store();
    let mut accept = |ours: &Ours, file: &[u8], print: &Fingerprint, terms: &LinkTerms| {
        links::accept(&mut store, ACT, ours, file, print, "", terms).map(|(link, _)| link)
    };
    assert!(accept(&other.ours, &file, &wrong, &terms()).is_err(), "another fingerprint");
    assert!(accept(&bottom.ours, &file, &print, &terms()).is_err(), "for somebody else");
    let outward = LinkTerms { direction: Direction::Out, ..terms() };
    assert!(accept(&other.ours, &file, &print, &outward).is_err(), "both only send");
    let narrow = LinkTerms { tlp_max: Tlp::Green, credit: 9, ..terms() };
    let link = accept(&other.ours, &file, &print, &narrow).unwrap();
    assert_eq!((link.terms.tlp_max, link.terms.credit), (Tlp::Green, 9));
    drop(store);
    assert!(links::confirm(&mut top.store(), ACT, &top.ours, &file, &print).is_err(), "an invitation");
}

#[test]
fn a_key_that_is_announced_counts_beside_the_old_one_and_signs_when_every_hub_knows_it() {
    let (top, bottom) = linked();
    let rotate = || links::rotate(&mut top.store(), ACT, &top.config, || ours::next_key(&top.config));
    assert_eq!(rotate().unwrap(), 1);
    assert!(rotate().is_err(), "one at a time");
    let link = top.link(&bottom).id;
    let follow = |now| links::follow_rotation(&top.reader(), &top.config, now).unwrap();
    assert!(!follow(NOW + 10_000), "the other has not heard of it");
    let due = top.reader().read(|connection| hub_messages::due(connection, link, 10)).unwrap();
    let mut bringing = Bringing::new(&top, &bottom);
    bringing.bring(&[due[0].body.clone()]).unwrap();
    deal(&bottom, false);
    top.store().write(|transaction| hub_messages::sent(transaction, &[due[0].row], NOW)).unwrap();
    assert!(!follow(NOW + 10));
    assert!(follow(NOW + 301));
    assert!(!follow(NOW + 400));
    let renewed = Ours::require(&top.config).unwrap();
    assert_ne!(renewed.key().id(), top.ours.key().id());
    // Both sign, until the old one ends.
    let body = of(&top, &parcel(1));
    let ask = |key: &Ed25519Key, now: i64| {
        let signed = signed(key, MESSAGES, LINES_TYPE, &body, &format!("{now}{}", key.id()), now);
        bringing.door.messages(&asked(MESSAGES, LINES_TYPE, "", &signed, &body, now))
    };
    assert!(ask(renewed.key(), NOW).is_ok() && ask(top.ours.key(), NOW).is_ok());
    let later = NOW + 31 * 86_400;
    assert!(ask(renewed.key(), later).is_ok());
    assert_eq!(ask(top.ours.key(), later), Err(NotServed::Unknown));
}

#[test]
fn a_second_hub_of_the_same_name_is_not_the_first() {
    let (top, bottom) = linked();
    with_register(&bottom);
    let impostor = Hub::new("top.example");
    assert_ne!(impostor.ours.fingerprint(), top.ours.fingerprint());
    // It cannot be linked with beside the first, with its own fingerprint or with that of the first.
    let proposal = Proposal { peer: hub("bottom.example"), organisation: String::new(), terms: terms() };
    let file = links::invite(&mut impostor.store(), ACT, &impostor.ours, &proposal).unwrap();
    for print in [impostor.ours.fingerprint(), top.ours.fingerprint()] {
        assert!(
            links::accept(&mut bottom.store(), ACT, &bottom.ours, &file, &print, "", &terms()).is_err(),
            "{print}"
        );
    }
    // Nothing that it brings is heard, and what is brought for it by the first does not count by its key.
    let mut bringing = Bringing::new(&impostor, &bottom);
    assert_eq!(bringing.bring(&[of(&impostor, &parcel(1))]), Err(NotServed::Unknown));
    let mut bringing = Bringing::new(&top, &bottom);
    bringing.bring(&[of(&impostor, &parcel(1)), of(&top, &parcel(2))]).unwrap();
    deal(&bottom, false);
    assert_eq!(
        receipts(&bottom, &top),
        [(1, ReceiptOutcome::Rejected(Rejection::Schema)), (2, ReceiptOutcome::Accepted)]
    );
}
