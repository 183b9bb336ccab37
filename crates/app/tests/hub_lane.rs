//! What waits for a hub is brought to it, whatever that answers: in time, in smaller pieces, later, and never to anybody else.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    sync::{Arc, Mutex},
};

use schakel_app::{
    config,
    hub::{
        ours::{self, Ours},
        sending::{Lane, Turn},
    },
};
use schakel_formats::{
    http_signature::{self, Posted},
    hub::message,
};
use schakel_model::{
    answer::NotificationKind,
    clock::Clock,
    hub::{
        Direction, FindingKeyOnLink, Link, LinkState, LinkTerms, OutgoingParcel, ParcelClass, ParcelId,
        Purpose, StatusLevel, Transport,
    },
    ids::{FindingId, LinkId, OrganisationId},
    language::Language,
    source::Source,
    tlp::Tlp,
};
use schakel_rules::confidential::Wish;
use schakel_seal::ed25519;
use schakel_store::{
    Store,
    act::Act,
    data_dir::DataDir,
    handovers::NewHandover,
    hub_messages, hubs,
    outbox::{self, NewNotification, Notification},
};
use schakel_testkit::{
    https_server::{Asked, HttpsServer},
    server_tls::ServerTls,
};

const NOW: i64 = 1_795_000_000;
const ACT: Act<'static> = Act { at: NOW, actor: "test", reason: "" };

/// A hub with a link to a server that answers what the test says, over TLS.
struct Sending {
    folder: tempfile::TempDir,
    store: Store,
    link: LinkId,
    lane: Lane,
    ours: Ours,
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<Vec<&'static str>>>,
    _server: HttpsServer,
}

impl Sending {
    fn new() -> Self {
        let (asked, answers) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::<&str>::new())));
        let tls = ServerTls::for_localhost();
        let (keeps, says) = (Arc::clone(&asked), Arc::clone(&answers));
        let server = HttpsServer::start_asked("127.0.0.1:0", &tls, move |one| {
            keeps.lock().unwrap().push(one.clone());
            let answer = says.lock().unwrap().pop().unwrap_or("500 Error\r\n");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer.trim_end(), ""));
            format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
                .into_bytes()
        })
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path().join("data"));
        data.create().unwrap();
        let ca = folder.path().join("ca.pem");
        fs::write(&ca, &tls.certificate_pem).unwrap();
        let text = format!(
            "[hub]\nname = \"top.example\"\n[outgoing]\nallow = [\"127.0.0.0/8\"]\nca_file = \"{}\"\n",
            ca.display()
        );
        fs::write(data.config(), text).unwrap();
        let config = config::load(&data).unwrap();
        ours::init(&config).unwrap();
        let mut store = Store::open(&data).unwrap();
        let url = format!("https://127.0.0.1:{}", server.address().port());
        let link = Link {
            id: LinkId(0),
            peer: "bottom.example".parse().unwrap(),
            url: url.clone(),
            organisation: String::new(),
            state: LinkState::Active,
            terms: LinkTerms {
                direction: Direction::Out,
                transport: Transport::Push,
                tlp_max: Tlp::Amber,
                purposes: vec![Purpose::Notify],
                parcels_per_hour: 1_000,
                credit: 100,
                service_level_seconds: 900,
                status: StatusLevel::None,
                retention_days: 30,
            },
            created_at: NOW,
            ended_at: None,
        };
        let link = store.add_link(ACT, &link, &Source::new(&hubs::source_code(&link.peer))).unwrap();
        let lane = Lane::open(&data, &config, link).unwrap();
        let ours = Ours::require(&config).unwrap();
        Self { folder, store, link, lane, ours, url, asked, answers, _server: server }
    }

    fn queue(&mut self, bodies: &[&str]) {
        let link = self.link;
        self.store
            .write(|transaction| {
                bodies
                    .iter()
                    .try_for_each(|body| hub_messages::queue(transaction, link, "x", body.as_bytes(), NOW))
            })
            .unwrap();
    }

    /// Hands over so many parcels of a class, in one notification.
    fn hand_over(&mut self, class: ParcelClass, count: u32) {
        let id = self.store.read(outbox::next_notification).unwrap();
        let notification = Notification {
            id,
            epoch: 0,
            organisation: OrganisationId(1),
            language: Language::default(),
            created_at: NOW,
            tlp: Tlp::Amber,
            findings: u64::from(count),
            subject: String::new(),
            lead: id,
            kind: NotificationKind::Handover,
            thread: None,
            wish: Wish::ByMarking,
        };
        let parcel = |nth: u32| {
            let mut name = [0; 16];
            name[..4].copy_from_slice(&id.0.to_le_bytes());
            name[4..8].copy_from_slice(&nth.to_le_bytes());
            OutgoingParcel {
                link: self.link,
                id: ParcelId(name),
                class,
                finding: FindingId(id.0 * 10_000 + nth),
                key: FindingKeyOnLink(name),
                revision: 1,
                notification: id,
                body: class.as_str().into(),
                created_at: NOW,
                withheld: None,
            }
        };
        let parcels = (0..count).map(parcel).collect();
        let notice =
            NewNotification { notification, messages: Vec::new(), blocks: Vec::new(), tells: Vec::new() };
        self.store.hand_over(vec![NewHandover { notice, parcels }], NOW).unwrap();
    }

    /// One turn at this time; the server answers this, if it is asked. How often was it asked?
    fn turn(&mut self, at: i64, answer: &'static str) -> (Turn, usize) {
        *self.answers.lock().unwrap() = vec![answer];
        self.asked.lock().unwrap().clear();
        let clock = Clock::fixed(jiff::Timestamp::from_second(at).unwrap());
        let turn = self.lane.turn(&clock).unwrap();
        (turn, self.asked.lock().unwrap().len())
    }

    fn last_lines(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let body = zstd::stream::decode_all(&asked.last().unwrap().body[..]).unwrap();
        String::from_utf8(body).unwrap().lines().map(str::to_owned).collect()
    }

    fn waiting(&self) -> u64 {
        self.store.read(|connection| hub_messages::count_waiting(connection, self.link)).unwrap()
    }
}

#[test]
fn what_is_brought_is_signed_and_sent_again_until_it_was_taken() {
    let mut sending = Sending::new();
    assert_eq!(sending.turn(NOW, ""), (Turn::Idle, 0), "nothing waits");
    sending.queue(&["one", "two", "three", "four"]);
    assert_eq!(sending.turn(NOW, "500 Error"), (Turn::Idle, 1));
    assert_eq!(sending.turn(NOW + 1, ""), (Turn::Idle, 0), "it waits two seconds");
    assert_eq!(sending.turn(NOW + 2, "429 Too Many Requests\r\nRetry-After: 40"), (Turn::Idle, 1));
    assert_eq!(sending.turn(NOW + 41, ""), (Turn::Idle, 0), "as long as it was told");
    // Too much at once: half of it.
    assert_eq!(sending.turn(NOW + 42, "413 Too Large"), (Turn::Idle, 1));
    assert_eq!(sending.last_lines(), ["one", "two", "three", "four"]);
    assert_eq!(sending.turn(NOW + 100, "200 OK\r\n\r\n{\"taken\":2,\"credit\":9}"), (Turn::Sent(2), 1));
    assert_eq!((sending.last_lines(), sending.waiting()), (vec!["one".into(), "two".into()], 2));
    {
        let asked = sending.asked.lock().unwrap();
        let one = &asked[0];
        let target = format!("{}/hub/v1/messages", sending.url);
        let posted = Posted { target: &target, content_type: one.header("content-type"), body: &one.body };
        let given = http_signature::read(
            &posted,
            one.header("content-digest"),
            one.header("signature-input"),
            one.header("signature"),
        )
        .unwrap();
        let key = sending.ours.key().public();
        assert!(ed25519::holds(&key, &given.signed, &given.signature));
        assert_eq!((given.key_id, given.created), (message::key_id(&key), NOW + 100));
        assert_eq!(one.header("content-encoding"), "zstd");
    }
    assert_eq!(sending.turn(NOW + 101, "200 OK\r\n\r\n{\"taken\":2,\"credit\":9}"), (Turn::Sent(2), 1));
    assert_eq!(sending.turn(NOW + 102, ""), (Turn::Idle, 0));
}

#[test]
fn what_is_critical_overtakes_a_backlog_and_does_not_rest_with_it() {
    let mut sending = Sending::new();
    let good = "200 OK\r\n\r\n{\"taken\":1,\"credit\":1000}";
    sending.hand_over(ParcelClass::Bulk, 90);
    sending.hand_over(ParcelClass::Normal, 60);
    sending.queue(&["message"; 150]);
    sending.hand_over(ParcelClass::Critical, 3);
    // What was made last goes first, and is held up little by what comes along.
    assert_eq!(sending.turn(NOW, good), (Turn::Sent(103), 1));
    assert_eq!(sending.last_lines()[..4], ["critical", "critical", "critical", "message"]);
    // No room for the rest: that rests, and what is critical goes.
    assert_eq!(sending.turn(NOW, "429 Too Many Requests\r\nRetry-After: 60"), (Turn::Idle, 1));
    assert_eq!(sending.last_lines()[0], "normal");
    assert_eq!(sending.turn(NOW + 1, good), (Turn::Idle, 0));
    sending.hand_over(ParcelClass::Critical, 1);
    assert_eq!(sending.turn(NOW + 2, good), (Turn::Sent(1), 1));
    assert_eq!(sending.last_lines(), ["critical"]);
    // When what is critical is sent away as well, or nobody answers, everything rests.
    sending.hand_over(ParcelClass::Critical, 1);
    assert_eq!(sending.turn(NOW + 3, "429 Too Many Requests\r\nRetry-After: 90"), (Turn::Idle, 1));
    assert_eq!(sending.turn(NOW + 70, good), (Turn::Idle, 0));
    // The other side has no room left: the same, for a second.
    let full = "200 OK\r\n\r\n{\"taken\":1,\"credit\":0}";
    assert_eq!(
        sending.turn(NOW + 93, full),
        (Turn::Sent(51), 1),
        "the critical one, and the messages that were left"
    );
    assert_eq!(sending.turn(NOW + 93, good), (Turn::Idle, 0));
    sending.hand_over(ParcelClass::Critical, 1);
    assert_eq!(sending.turn(NOW + 93, good), (Turn::Sent(1), 1));
    assert_eq!(sending.turn(NOW + 94, good), (Turn::Sent(60), 1));
    assert_eq!(sending.last_lines()[0], "normal");
}

#[test]
fn what_is_for_a_hub_goes_nowhere_else_and_nothing_of_it_is_lost() {
    let mut sending = Sending::new();
    sending.queue(&["one"]);
    // A redirect is not followed; an answer that is none, or from nobody, is no answer.
    let elsewhere = "307 Temporary Redirect\r\nLocation: https://127.0.0.1:1/";
    assert_eq!(sending.turn(NOW, elsewhere), (Turn::Idle, 1));
    assert_eq!(sending.turn(NOW + 600, "401 Unauthorized"), (Turn::Idle, 1));
    assert_eq!((sending.turn(NOW + 1_200, "no status"), sending.waiting()), ((Turn::Idle, 1), 1));
    // An answer that says nothing of credit still says that it was taken.
    assert_eq!(sending.turn(NOW + 1_800, "200 OK\r\n\r\nhello"), (Turn::Sent(1), 1));
    // A link that rests sends nothing.
    sending.queue(&["two"]);
    let link = sending.store.read(|connection| hubs::get(connection, sending.link)).unwrap().unwrap();
    let paused = Link { state: LinkState::Paused, ..link };
    sending.store.change_link(ACT, &paused, schakel_store::audit::Action::HubLinkPaused).unwrap();
    assert_eq!((sending.turn(NOW + 2_400, ""), sending.waiting()), ((Turn::Idle, 0), 1));
    assert!(sending.folder.path().exists());
}
