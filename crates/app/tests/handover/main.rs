//! Handing over, from a report to fates: what goes by a link, what does not, and what becomes of it.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, fs};

use schakel_app::{
    answers::{Said, desk},
    config::{self, Config},
    handover::{
        anti_entropy, heard,
        matching::{self, Allowed},
        upward::Upward,
    },
    hub::ours::{self, Ours},
    incoming::{Incoming, Tied},
    intake::Intake,
    register,
    register_import::Import,
    tell::Composer,
    templates, trace, verify,
};
use schakel_formats::{
    hub::{
        claims::{ClaimList, HubClaim},
        message::{self, Envelope, Kind},
        parcel::{Content, Parcel},
        receipt::Receipt,
        status::Status,
    },
    register::import::Options,
};
use schakel_model::{
    answer::{AnswerKind, AnswerWay, NotificationKind, RecipientState},
    clock::Clock,
    fate::Fate,
    hub::{
        Direction, FindingKeyOnLink, HubName, HubStatus, Link, LinkState, LinkTerms, ParcelId, Purpose,
        ReceiptOutcome, Rejection, StatusLevel, Transport,
    },
    ids::{FindingId, LinkId, ReportId, SourceId},
    source::Source,
    tlp::Tlp,
};
use schakel_store::{
    Reader,
    act::Act,
    answers, chunks,
    data_dir::DataDir,
    follow_ups, handovers, hub_messages, hubs, id_list,
    ledger::{self, Scope},
    outbox::{self, AttemptResult, MessageState},
    parcels_in::NewParcelIn,
    reports::{Report, ReportState},
};

const ORGANISATIONS: &str = "id,name,kind\nCERT,Sectoral CERT,hub\nGM1,Gemeente Eikendam,municipality\n";
const ASSETS: &str = "organisation,kind,value,role\nCERT,prefix,192.0.2.0/24,owner\nCERT,prefix,198.51.100.0/24,owner\nGM1,prefix,203.0.113.0/24,owner\nGM1,prefix,198.51.100.0/23,owner\n";
const CONTACTS: &str = "organisation,role,name,email,language,tlp_max\nCERT,findings,Desk,desk@cert.example,en,TLP:AMBER+STRICT\nGM1,findings,IB,ib@eikendam.example,nl,TLP:AMBER\n";
const ACT: Act<'static> = Act { at: 1_795_000_000, actor: "test", reason: "" };

mod claims;
mod documents;
mod explained;
mod silence;
mod taken_back;
mod whose;

struct Hub {
    _folder: tempfile::TempDir,
    config: Config,
    intake: Intake,
    clock: Clock,
    link: Link,
    reports: u32,
}

fn link(status: StatusLevel) -> Link {
    Link {
        id: LinkId(0),
        peer: "cert.example".parse().unwrap(),
        url: String::new(),
        organisation: "cert".into(),
        state: LinkState::Active,
        terms: LinkTerms {
            direction: Direction::Both,
            transport: Transport::Push,
            tlp_max: Tlp::Amber,
            purposes: vec![Purpose::Notify],
            parcels_per_hour: 10_000,
            credit: 1_000,
            service_level_seconds: 900,
            status,
            retention_days: 30,
        },
        created_at: ACT.at,
        ended_at: None,
    }
}

impl Hub {
    fn new(contacts: &str, link: Link) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path().join("data"));
        data.create().unwrap();
        fs::write(
            data.config(),
            "[mail]\nchannel = \"folder\"\nfrom = \"desk@top.example\"\n[hub]\nname = \"top.example\"\n",
        )
        .unwrap();
        let config = config::load(&data).unwrap();
        ours::init(&config).unwrap();
        let clock = Clock::fixed(jiff::Timestamp::from_second(ACT.at).unwrap());
        let mut intake = Intake::open(&data, clock).unwrap();
        let register = folder.path().join("register");
        fs::create_dir(&register).unwrap();
        for (name, text) in
            [("organisations.csv", ORGANISATIONS), ("assets.csv", ASSETS), ("contacts.csv", contacts)]
        {
            fs::write(register.join(name), text).unwrap();
        }
        let import =
            Import::read(&[register], &Options::default(), register::standing(intake.store()).unwrap())
                .unwrap();
        assert_eq!(import.reading.errors, 0, "{:?}", import.reading.problems);
        import.apply(intake.store(), &import.diff(), ACT).unwrap();
        intake.reload_register().unwrap();
        let source = Source::new(&hubs::source_code(&link.peer));
        let id = intake.store().add_link(ACT, &link, &source).unwrap();
        Self { _folder: folder, config, intake, clock, link: Link { id, ..link }, reports: 0 }
    }

    /// From now on another hub speaks, which stands for this organisation; the one that spoke is given back.
    fn another(&mut self, peer: &str, organisation: &str) -> Link {
        let mut other = link(StatusLevel::None);
        (other.peer, other.organisation) = (peer.parse().unwrap(), organisation.to_owned());
        let source = Source::new(&hubs::source_code(&other.peer));
        other.id = self.intake.store().add_link(ACT, &other, &source).unwrap();
        std::mem::replace(&mut self.link, other)
    }

    fn report(&mut self, addresses: &[&str]) {
        let bytes = self.rows(addresses);
        let name = format!("report-{}.json", self.reports);
        self.take(Incoming::memory(&name, bytes));
    }

    fn rows(&mut self, addresses: &[&str]) -> Vec<u8> {
        self.reports += 1;
        let line = |ip: &&str| {
            format!(
                "{{\"time.source\":\"2026-11-18T03:{:02}:00+00:00\",\"source.ip\":\"{ip}\",\"classification.type\":\"vulnerable-system\",\
                 \"classification.identifier\":\"open-rdp\",\"feed.name\":\"scan\",\"feed.provider\":\"secret-reporter\",\"extra.who\":\"x\"}}\n",
                self.reports
            )
        };
        addresses.iter().map(line).collect::<String>().into_bytes()
    }

    fn take(&mut self, incoming: Incoming) {
        let reading = self.config.reading().unwrap();
        self.intake.take(incoming, &reading, &|_| {}).unwrap();
        self.intake.settle().unwrap();
    }

    fn reader(&mut self) -> Reader {
        self.intake.store().reader().unwrap()
    }

    fn compose(&mut self) -> usize {
        let (reader, view) = (self.reader(), self.intake.view());
        let templates = templates::in_force(&reader).unwrap();
        let composer = Composer {
            reader: &reader,
            view: &view,
            config: &self.config,
            templates: &templates,
            now: self.clock.now(),
        };
        composer.compose(Some(self.intake.store()), &mut |_| {}).unwrap()
    }

    /// The parcels that wait, as the other hub would read them.
    fn parcels(&mut self) -> Vec<Parcel> {
        let link = self.link.id;
        let mut parcels = Vec::new();
        for class in schakel_model::hub::ParcelClass::ALL {
            let due = self.intake.store().read(|connection| {
                schakel_store::parcels_out::due(connection, link, *class, ACT.at + 1_000_000, 1_000)
            });
            for parcel in due.unwrap() {
                let signed = message::read(&parcel.body).unwrap();
                assert_eq!(
                    (signed.envelope.source.as_str(), signed.envelope.recipient.as_str()),
                    ("top.example", "cert.example")
                );
                assert_eq!(signed.envelope.kind, Kind::Parcel);
                parcels.push(Parcel::read(&signed.envelope.id, &signed.envelope.data).unwrap());
            }
        }
        parcels
    }

    fn hear(&mut self, kind: Kind, data: serde_json::Value) {
        let envelope = Envelope {
            id: "1".into(),
            source: self.link.peer.clone(),
            recipient: "top.example".parse::<HubName>().unwrap(),
            kind,
            time: ACT.at,
            subject: None,
            data,
        };
        let message = heard::Message { envelope, line: b"line".to_vec() };
        let ours = Ours::require(&self.config).unwrap();
        heard::hear(self.intake.store(), &ours, &self.link, &[message], ACT.at + 10).unwrap();
    }

    fn receipt(&mut self, parcel: ParcelId, outcome: ReceiptOutcome) {
        self.hear(Kind::Receipt, Receipt { parcel, outcome, at: ACT.at }.to_data());
    }

    fn fates(&mut self) -> BTreeMap<(String, Fate), usize> {
        let mut fates = BTreeMap::new();
        let view = self.intake.view();
        self.intake
            .store()
            .read(|connection| {
                chunks::for_each_block(connection, |block| {
                    let code = block.assignee.map_or(String::new(), |one| {
                        view.register.organisation(one.organisation).unwrap().code.clone()
                    });
                    *fates.entry((code, block.fate)).or_default() += id_list::decode(&block.findings).count();
                })
            })
            .unwrap();
        fates
    }

    /// Everything holds.
    fn check(&mut self) {
        let sums = self.intake.store().read(|connection| ledger::sums(connection, &Scope::All)).unwrap();
        assert!(sums.balanced(), "{sums:?}");
        let verified = verify::verify(&self.reader(), &|_| {}).unwrap();
        assert!(verified.ok, "{:?}", verified.violations);
    }
}

fn counts(expected: &[(&str, Fate, usize)]) -> BTreeMap<(String, Fate), usize> {
    expected.iter().map(|(code, fate, count)| (((*code).to_owned(), *fate), *count)).collect()
}

#[test]
fn what_concerns_a_hub_is_handed_over_and_gets_its_fate_by_the_receipts() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::PerFinding));
    hub.report(&["192.0.2.1", "192.0.2.2", "192.0.2.3", "203.0.113.9", "8.8.8.8"]);
    assert_eq!(hub.compose(), 2, "one by the link, one by mail");
    hub.check();
    let parcels = hub.parcels();
    assert_eq!(parcels.len(), 3);
    let first = &parcels[0];
    assert_eq!((first.revision, first.tlp, first.origin.as_str()), (1, Tlp::Amber, "top.example"));
    assert_eq!(first.path.iter().map(HubName::as_str).collect::<Vec<_>>(), ["top.example"]);
    let asset = first.asset.clone().unwrap();
    assert_eq!(
        (asset.kind.as_str(), asset.value.as_str(), asset.role.as_str()),
        ("prefix", "192.0.2.0/24", "owner")
    );
    let Content::Event(event) = &first.content else { panic!("{first:?}") };
    assert_eq!(event["classification.identifier"], "open-rdp");
    assert_eq!(event["severity"], "medium");
    assert!(!event.to_string().contains("secret-reporter"), "{event}");
    // Nothing is composed twice, and until it is answered it waits.
    assert_eq!(hub.compose(), 0);
    assert_eq!(hub.fates()[&("CERT".to_owned(), Fate::Queued)], 3);
    hub.receipt(parcels[0].id, ReceiptOutcome::Accepted);
    hub.receipt(parcels[1].id, ReceiptOutcome::Rejected(Rejection::Scope));
    hub.check();
    assert_eq!(hub.fates()[&("CERT".to_owned(), Fate::Queued)], 3, "one is under way still");
    hub.receipt(parcels[2].id, ReceiptOutcome::Duplicate);
    hub.check();
    let expected = counts(&[
        ("", Fate::Unrouted, 1),
        ("CERT", Fate::HandedOver, 2),
        ("CERT", Fate::Undeliverable, 1),
        ("GM1", Fate::Queued, 1),
    ]);
    assert_eq!(hub.fates(), expected);
    let trace = trace::finding(&hub.reader(), FindingId(0)).unwrap();
    let at = trace.assignments[0].hub.as_ref().unwrap();
    assert_eq!((at.hub.as_str(), at.receipt, at.revision), ("cert.example", Some("accepted"), 1));
    assert_eq!(trace.assignments[0].history.last().unwrap().reason, "handed over to cert.example");
}

#[test]
fn what_may_not_go_by_the_link_goes_to_contacts_and_red_to_neither() {
    for (marking, by_link, by_mail) in [("AMBER", 1, 0), ("AMBER+STRICT", 0, 1), ("RED", 0, 0)] {
        let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
        hub.config.intake.tlp = marking.to_owned();
        hub.report(&["192.0.2.1"]);
        hub.compose();
        assert_eq!(hub.parcels().len(), by_link, "{marking}");
        let told = |connection: &_| schakel_store::outbox::notifications(connection, 9);
        let mails = hub.intake.store().read(told).unwrap();
        let mails = mails.iter().filter(|one| one.kind == NotificationKind::Findings).count();
        assert_eq!(mails, by_mail, "{marking}");
        hub.check();
    }
}

#[test]
fn an_organisation_that_nobody_can_mail_is_told_by_its_hub_once() {
    let mut hub = Hub::new("organisation,role,name,email,language,tlp_max\n", link(StatusLevel::None));
    hub.report(&["192.0.2.1"]);
    assert_eq!(hub.fates(), counts(&[("CERT", Fate::NoContact, 1)]));
    hub.compose();
    let parcels = hub.parcels();
    assert_eq!(parcels.len(), 1);
    hub.receipt(parcels[0].id, ReceiptOutcome::Accepted);
    assert_eq!(hub.fates(), counts(&[("CERT", Fate::HandedOver, 1)]));
    // Seen again it is assigned again, since it is no contact's: and not handed over again.
    hub.report(&["192.0.2.1"]);
    hub.compose();
    assert_eq!(hub.parcels().len(), 0);
    assert_eq!(hub.fates(), counts(&[("CERT", Fate::HandedOver, 2)]));
    hub.check();
    // What may not go by a link still is nobody's to tell.
    hub.config.intake.tlp = "RED".to_owned();
    hub.report(&["192.0.2.7"]);
    hub.compose();
    assert_eq!(hub.fates()[&("CERT".to_owned(), Fate::NoContact)], 1);
    hub.check();
}

#[test]
fn not_mine_is_an_answer_and_the_next_owner_is_told() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::PerFinding));
    // CERT has the /24, GM1 the /23 around it.
    hub.report(&["198.51.100.7"]);
    hub.compose();
    let parcel = hub.parcels().remove(0);
    hub.receipt(parcel.id, ReceiptOutcome::NotMine);
    let open = hub.intake.store().read(answers::to_carry_out).unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].said.way, open[0].said.sender.as_str()), (AnswerWay::Hub, "cert.example"));
    let config = hub.config.clone();
    schakel_app::answers::carry_out::carry_out(&mut hub.intake, &config, ACT.at + 20).unwrap();
    hub.intake.reload_register().unwrap();
    hub.compose();
    let fates = hub.fates();
    assert_eq!(fates, counts(&[("GM1", Fate::Queued, 1)]));
    assert_eq!(hub.parcels().len(), 0);
    hub.check();
    // Said again it changes nothing.
    hub.receipt(parcel.id, ReceiptOutcome::NotMine);
    assert_eq!(hub.fates(), fates);
}

#[test]
fn a_hub_that_sends_everything_back_is_for_the_desk() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::PerFinding));
    let addresses: Vec<String> = (1..=40).map(|last| format!("192.0.2.{last}")).collect();
    hub.report(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
    hub.compose();
    for parcel in hub.parcels() {
        hub.receipt(parcel.id, ReceiptOutcome::NotMine);
    }
    let by_itself = hub.intake.store().read(answers::to_carry_out).unwrap().len();
    assert_eq!(by_itself, 19, "from the twentieth on nobody believes it");
    let open = hub.intake.store().read(answers::open).unwrap();
    assert_eq!(open.iter().filter(|one| one.said.why.contains("more than half")).count(), 21);
    hub.check();
}

#[test]
fn status_is_shown_and_entered_as_answers_as_far_as_was_agreed() {
    for (level, hears) in [(StatusLevel::PerFinding, true), (StatusLevel::Aggregate, false)] {
        let mut hub = Hub::new(CONTACTS, link(level));
        hub.report(&["192.0.2.1", "192.0.2.2"]);
        hub.compose();
        let parcels = hub.parcels();
        for parcel in &parcels {
            hub.receipt(parcel.id, ReceiptOutcome::Accepted);
        }
        for (status, state) in [
            (HubStatus::Delivered, RecipientState::Told),
            (HubStatus::Acknowledged, RecipientState::Received),
            (HubStatus::Fixed, RecipientState::Fixed),
        ] {
            hub.hear(Kind::Status, Status { key: parcels[0].key, status, at: ACT.at }.to_data());
            let told = hub
                .intake
                .store()
                .read(|connection| follow_ups::of_finding(connection, FindingId(0)))
                .unwrap();
            assert_eq!(told[0].state, if hears { state } else { RecipientState::Told });
            let trace = trace::finding(&hub.reader(), FindingId(0)).unwrap();
            let shown = trace.assignments[0].hub.as_ref().unwrap().status;
            assert_eq!(shown, hears.then_some(status.as_str()));
        }
        let other =
            hub.intake.store().read(|connection| follow_ups::of_finding(connection, FindingId(1))).unwrap();
        assert_eq!(other[0].state, RecipientState::Told);
        hub.check();
    }
}

#[test]
fn an_ended_link_leaves_nothing_without_a_fate() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    hub.report(&["192.0.2.1"]);
    hub.compose();
    let ended = Link { state: LinkState::Ended, ended_at: Some(ACT.at + 5), ..hub.link.clone() };
    hub.intake.store().change_link(ACT, &ended, schakel_store::audit::Action::HubLinkEnded).unwrap();
    assert_eq!(hub.intake.store().settle_handovers(ACT.at + 6).unwrap(), 1);
    assert_eq!(hub.fates(), counts(&[("CERT", Fate::Undeliverable, 1)]));
    hub.check();
}

#[test]
fn what_a_hub_claims_becomes_its_assets_until_it_takes_it_back() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    let claim = |kind: &str, value: &str| HubClaim {
        kind: kind.into(),
        value: value.into(),
        role: "owner".into(),
        proof: "dns".into(),
        key: None,
        valid_from: None,
        valid_until: None,
    };
    let list = |version, claims: &[HubClaim]| {
        ClaimList { version, claims: claims.to_vec(), keys: Vec::new() }.to_data()
    };
    let good = [claim("prefix", "100.64.0.0/16"), claim("domain", "cert-members.example")];
    let bad = [
        claim("prefix", "0.0.0.0/0"),
        claim("domain", "nl"),
        claim("country", "NL"),
        claim("prefix", "nonsense"),
        claim("dragon", "x"),
    ];
    let neighbours = claim("prefix", "203.0.113.128/25");
    let all = [&good[..], &bad, std::slice::from_ref(&neighbours)].concat();
    hub.hear(Kind::Claims, list(2, &all));
    let assets = |hub: &mut Hub| -> Vec<String> {
        let register = register::standing(hub.intake.store()).unwrap();
        let cert = register.organisations.iter().find(|one| one.code == "CERT").unwrap().id;
        register
            .assets
            .iter()
            .filter(|one| one.organisation == cert)
            .map(|one| one.value.to_string())
            .collect()
    };
    let before = ["192.0.2.0/24", "198.51.100.0/24"];
    let with = [&before[..], &["100.64.0.0/16", "cert-members.example"]].concat();
    assert_eq!(assets(&mut hub), with, "what is GM1's waits for a decision");
    assert_eq!(open_conflicts(&mut hub), 1);
    let version = hub.intake.store().read(schakel_store::register::version).unwrap();
    // The same again, and what is older, says nothing.
    for (number, claims) in [(2, &[][..]), (1, &good), (0, &[])] {
        hub.hear(Kind::Claims, list(number, claims));
    }
    hub.hear(Kind::Claims, list(3, &all));
    assert_eq!(hub.intake.store().read(schakel_store::register::version).unwrap(), version);
    hub.hear(Kind::Claims, list(4, &good[1..]));
    assert_eq!(assets(&mut hub), [&before[..], &["cert-members.example"]].concat());
    assert_eq!(open_conflicts(&mut hub), 0);
    hub.hear(Kind::Claims, list(5, &[]));
    assert_eq!(assets(&mut hub), before, "what was registered otherwise stays");
    hub.check();
    // What we would claim ourselves names no organisation.
    let register = register::standing(hub.intake.store()).unwrap();
    let ours = schakel_app::handover::claims::ours(&register, ACT.at).unwrap();
    assert_eq!(ours.len(), 4);
}

fn open_conflicts(hub: &mut Hub) -> usize {
    let all = hub.intake.store().read(schakel_store::conflicts::list).unwrap();
    all.iter().filter(|one| one.decision.is_none()).count()
}

impl Hub {
    /// What waits for the other hub beside parcels, heard there; gives how many messages that were.
    fn tell(&mut self, other: &mut Hub) -> usize {
        let link = self.link.id;
        let due = self.intake.store().read(|connection| hub_messages::due(connection, link, 100)).unwrap();
        for message in &due {
            let signed = message::read(&message.body).unwrap();
            other.hear(signed.envelope.kind, signed.envelope.data);
        }
        let rows: Vec<i64> = due.iter().map(|message| message.row).collect();
        self.intake.store().write(|transaction| hub_messages::sent(transaction, &rows, ACT.at)).unwrap();
        due.len()
    }

    /// Notes parcels as if their arrival was taken in here.
    fn has_taken(&mut self, parcels: &[Parcel]) {
        let link = self.link.id;
        let report = Report {
            id: ReportId(0),
            name: "hub.top.example".into(),
            received_at: ACT.at,
            received_day: "2026-11-18".into(),
            size: 1,
            head_hash: [0; 32],
            content_hash: None,
            state: ReportState::Taking,
            failure: None,
            source: SourceId(1),
            receipt: None,
            withdrawn_at: None,
        };
        let came: Vec<NewParcelIn> = (1..)
            .zip(parcels)
            .map(|(row, parcel)| NewParcelIn {
                link,
                id: parcel.id,
                key: parcel.key,
                revision: parcel.revision,
                row,
                path: parcel.path.clone(),
                made_at: ACT.at,
            })
            .collect();
        self.intake.store().begin_report(&report, None, &came).unwrap();
    }
}

#[test]
fn what_a_restored_hub_has_lost_is_sent_again_and_has_one_effect() {
    let (mut above, mut below) =
        (Hub::new(CONTACTS, link(StatusLevel::None)), Hub::new(CONTACTS, link(StatusLevel::None)));
    let addresses: Vec<String> = (1..=150).map(|last| format!("192.0.2.{last}")).collect();
    above.report(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
    above.compose();
    let parcels = above.parcels();
    for parcel in &parcels {
        above.receipt(parcel.id, ReceiptOutcome::Accepted);
    }
    let fates = above.fates();
    assert_eq!(fates, counts(&[("CERT", Fate::HandedOver, 150)]));
    // Restored from a backup: the last 40 are gone.
    below.has_taken(&parcels[..110]);
    let ours = Ours::require(&above.config).unwrap();
    let links = [above.link.clone()];
    let tomorrow = ACT.at + 86_400;
    let digest = |hub: &mut Hub, now| anti_entropy::turn(hub.intake.store(), &ours, &links, now).unwrap();
    assert_eq!(digest(&mut above, tomorrow), 1);
    assert_eq!(digest(&mut above, tomorrow), 0, "once a day");
    let mut turns = 0;
    while above.tell(&mut below) + below.tell(&mut above) > 0 {
        turns += 1;
        assert!(turns < 20, "it does not end");
    }
    let again: Vec<ParcelId> = above.parcels().iter().map(|parcel| parcel.id).collect();
    assert!(parcels[110..].iter().all(|parcel| again.contains(&parcel.id)), "{} are sent again", again.len());
    above.check();
    for id in again {
        let was_lost = parcels[110..].iter().any(|parcel| parcel.id == id);
        let outcome = if was_lost { ReceiptOutcome::Accepted } else { ReceiptOutcome::Duplicate };
        above.receipt(id, outcome);
    }
    assert_eq!((above.fates(), above.parcels().len()), (fates, 0));
    above.check();
    // With everything there, there is nothing to ask.
    below.has_taken(&parcels[110..]);
    assert_eq!(digest(&mut above, tomorrow + 86_400), 1);
    assert_eq!((above.tell(&mut below), below.tell(&mut above)), (1, 0));
}

#[test]
fn what_cannot_be_read_of_a_digest_changes_nothing() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    let ours = Ours::require(&hub.config).unwrap();
    let links = [hub.link.clone()];
    assert_eq!(anti_entropy::turn(hub.intake.store(), &ours, &links, ACT.at).unwrap(), 0);
    hub.hear(Kind::Digest, serde_json::json!({"windows": "nonsense"}));
    hub.hear(Kind::DigestAsk, serde_json::json!({"narrow": [], "sendAgain": [{"from": 1}]}));
    hub.check();
}

#[test]
fn blind_matching_finds_what_is_the_others_and_nothing_else() {
    let (mut above, mut below) =
        (Hub::new(CONTACTS, link(StatusLevel::None)), Hub::new(CONTACTS, link(StatusLevel::None)));
    // Above knows nothing of 100.64.0.0/10; below has a part of it, and is asked about more than it has.
    let asset = "organisation,kind,value,role\nGM1,prefix,100.64.0.0/21,owner\n";
    let files = below._folder.path().join("more");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("organisations.csv"), ORGANISATIONS).unwrap();
    fs::write(files.join("assets.csv"), asset).unwrap();
    fs::write(files.join("contacts.csv"), CONTACTS).unwrap();
    let options = Options::default();
    let import = Import::read(&[files], &options, register::standing(below.intake.store()).unwrap()).unwrap();
    import.apply(below.intake.store(), &import.diff(), ACT).unwrap();
    above.report(&["100.64.7.9", "100.64.8.1", "8.8.8.8", "192.0.2.1"]);
    let ours = Ours::require(&above.config).unwrap();
    let (up, down) = (above.link.clone(), below.link.clone());
    let asked = matching::begin(above.intake.store(), &ACT, &ours, &up).unwrap();
    assert_eq!(asked, 3, "what has an owner is not asked about");
    // Nobody answers who was not told to.
    above.tell(&mut below);
    assert_eq!(below.tell(&mut above), 0);
    matching::allow(below.intake.store(), &ACT, &down, Allowed::Yes).unwrap();
    matching::begin(above.intake.store(), &ACT, &ours, &up).unwrap();
    let link = up.id;
    let question = above.intake.store().read(|connection| hub_messages::due(connection, link, 9)).unwrap();
    let text = String::from_utf8(question[0].body.clone()).unwrap();
    assert!(!text.contains("100.64"), "nothing of what is asked is shown");
    above.tell(&mut below);
    assert_eq!(below.tell(&mut above), 1);
    let reader = above.reader();
    let matched = matching::last(&reader, &up).unwrap().unwrap();
    assert!(matched.answered);
    assert_eq!(matched.hits, [(0, "n:100.64.4.0/22".to_owned())].to_vec(), "{matched:?}");
    assert_eq!(matching::take(above.intake.store(), &ACT, &up).unwrap(), 1);
    assert_eq!(matching::take(above.intake.store(), &ACT, &up).unwrap(), 0, "once");
    let register = register::standing(above.intake.store()).unwrap();
    assert!(
        register.assets.iter().any(|one| one.value.to_string() == "100.64.7.9"),
        "what was held, not the range"
    );
    above.check();
}

/// What we say to a hub that handed findings over to us, in the order in which it is queued.
fn said(hub: &mut Hub) -> Vec<String> {
    let link = hub.link.id;
    let due = hub.intake.store().read(|connection| hub_messages::due(connection, link, 100)).unwrap();
    due.iter()
        .map(|message| {
            let envelope = message::read(&message.body).unwrap().envelope;
            match envelope.kind {
                Kind::Receipt => Receipt::read(&envelope.data).unwrap().outcome.as_str().to_owned(),
                Kind::Status => Status::read(&envelope.data).unwrap().status.to_string(),
                other => other.as_str().to_owned(),
            }
        })
        .collect()
}

#[test]
fn what_becomes_of_a_parcel_here_is_said_as_far_as_was_agreed() {
    for (level, expected) in [
        (StatusLevel::PerFinding, &["not_mine", "delivered", "acknowledged", "fixed"][..]),
        (StatusLevel::Aggregate, &["not_mine"]),
        (StatusLevel::None, &["not_mine"]),
    ] {
        let mut hub = Hub::new(CONTACTS, link(level));
        // Two rows of a report that came over the link: one is GM1's, one is nobody's.
        let came = [1, 2].map(|row| NewParcelIn {
            link: hub.link.id,
            id: ParcelId([row as u8; 16]),
            key: FindingKeyOnLink([row as u8; 16]),
            revision: 1,
            row,
            path: vec!["top.example".parse().unwrap()],
            made_at: ACT.at,
        });
        let rows = hub.rows(&["203.0.113.9", "8.8.8.8"]);
        let mut incoming = Incoming::memory("hub.jsonl", rows);
        incoming.tied = Tied::New(came.into());
        hub.take(incoming);
        let config = hub.config.clone();
        let turn = |hub: &mut Hub, at| Upward::default().turn(hub.intake.store(), &config, at).unwrap();
        turn(&mut hub, ACT.at + 1);
        assert_eq!(said(&mut hub), ["not_mine"]);
        assert_eq!(turn(&mut hub, ACT.at + 2), 0, "the same is said once");
        hub.compose();
        let due = hub.intake.store().read(outbox::unfinished).unwrap();
        let accepted = AttemptResult {
            message: due[0].id,
            state: MessageState::Accepted,
            next_at: 0,
            outcome: "250 ok".into(),
            failure: None,
        };
        hub.intake.store().finish_attempts(ACT.at + 3, &[accepted]).unwrap();
        turn(&mut hub, ACT.at + 4);
        for kind in [AnswerKind::Received, AnswerKind::Fixed] {
            let about = desk::About::Notification(due[0].notification);
            let said = Said {
                kind,
                findings: Vec::new(),
                until: None,
                supplier: String::new(),
                decided_by: String::new(),
                reason: String::new(),
                text: String::new(),
            };
            desk::enter(hub.intake.store(), &ACT, about, "Piet", said).unwrap();
            turn(&mut hub, ACT.at + 5);
        }
        assert_eq!(said(&mut hub), expected, "{level}");
        hub.check();
    }
}
