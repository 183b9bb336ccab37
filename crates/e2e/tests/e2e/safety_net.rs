//! The safety net: what is nobody's is told to whoever the outside world names, once, and to nobody who must not be written to. The outside world is
//! a name server and a web server on loopback.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
};

use schakel_testkit::{
    fake_smtp::{FakeSmtp, Script},
    https_server::{Asked, HttpsServer, answer},
    knot::Knot,
    ports::free_port,
    server_tls::ServerTls,
};
use serde_json::{Value, json};

use crate::{
    answers,
    fixtures::{RDP_HEADER, Register, rdp, rdp_name},
    installation::{Installation, count},
    serve::Serving,
};

const DAY: &str = "2026-11-20";
const LATER: &str = "2026-11-25T09:00:00Z";

/// What is answered by path, for each host its own.
type Pages = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

struct World {
    installation: Installation,
    port: u16,
    pages: Pages,
    asked: Arc<Mutex<Vec<String>>>,
    config: String,
    _knot: Knot,
    _server: HttpsServer,
}

impl World {
    /// `None` where the name server is not installed.
    fn new(settings: &str) -> Option<Self> {
        Self::with_mail(settings, "")
    }

    fn with_mail(settings: &str, mail: &str) -> Option<Self> {
        let zone = "iana A 127.0.0.1\nrdap A 127.0.0.1\nwww A 127.0.0.1\nsite A 127.0.0.1\n";
        let knot = Knot::start(&[("eikendam.nl", zone)])?;
        let hosts = ["iana", "rdap", "www", "site"].map(|host| format!("{host}.eikendam.nl"));
        let tls = ServerTls::for_names(&hosts.each_ref().map(String::as_str));
        let port = free_port().unwrap();
        let (pages, asked) = (Pages::default(), Arc::new(Mutex::new(Vec::new())));
        let (served, noted) = (Arc::clone(&pages), Arc::clone(&asked));
        let server = HttpsServer::start_asked(&format!("127.0.0.1:{port}"), &tls, move |asked: &Asked| {
            let host = asked.header("host").split('.').next().unwrap_or_default().to_owned();
            let key = format!("{host}{}", asked.path);
            noted.lock().unwrap().push(key.clone());
            served.lock().unwrap().get(&key).cloned().unwrap_or_else(|| answer("404 Not Found", "", b"no"))
        })
        .unwrap();
        let installation = Installation::empty();
        let ca = installation.file("ca.pem", &tls.certificate_pem);
        let config = format!(
            "[intake]\ntlp = \"GREEN\"\n[mail]\nfrom = \"Meldpunt <meldpunt@mail.cert-voorbeeld.nl>\"\n{mail}\n[safety_net]\n{settings}\n\
             [outgoing]\nresolvers = [\"{}\"]\ntimeout_seconds = 3\nca_file = \"{ca}\"\nallow = [\"127.0.0.1/32\", \"203.0.113.0/24\"]\n\
             rdap_bootstrap = \"https://iana.eikendam.nl:{port}/rdap\"\n",
            knot.address()
        );
        installation.configure(&config);
        installation.import(&Register::small());
        let world = Self { installation, port, pages, asked, config, _knot: knot, _server: server };
        let services = |entry: &str| {
            format!("{{\"services\":[[[\"{entry}\"],[\"https://rdap.eikendam.nl:{port}/\"]]]}}")
        };
        world.page("iana/rdap/ipv4.json", "200 OK", services("203.0.113.0/24").as_bytes());
        world.page("iana/rdap/ipv6.json", "200 OK", b"{\"services\":[]}");
        world.page("iana/rdap/dns.json", "200 OK", services("nl").as_bytes());
        Some(world)
    }

    fn page(&self, key: &str, status: &str, body: &[u8]) {
        self.pages.lock().unwrap().insert(key.to_owned(), answer(status, "", body));
    }

    /// The registry names this address for these hosts of 203.0.113.0/24.
    fn network(&self, hosts: &[u8], mail: &str) {
        let entity = json!({ "roles": ["abuse"], "vcardArray": ["vcard", [["email", {}, "text", mail]]] });
        let answer = json!({
            "startAddress": "203.0.113.0", "endAddress": "203.0.113.255", "name": "ISP-NET", "entities": [entity]
        });
        for host in hosts {
            self.page(&format!("rdap/ip/203.0.113.{host}"), "200 OK", answer.to_string().as_bytes());
        }
    }

    fn ingest(&self, day: &str, hosts: &[u8]) {
        let addresses: Vec<String> = hosts.iter().map(|host| format!("203.0.113.{host}")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        self.installation.ingest(&self.installation.file(&rdp_name(day), rdp(day, &addresses)));
    }

    fn asked(&self, key: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == key).count()
    }

    /// To whom a plan or a run writes, with how many findings.
    fn mails(shown: &Value) -> Vec<(String, usize)> {
        let mails = shown["mails"].as_array().unwrap().iter();
        mails
            .map(|mail| (mail["to"].as_str().unwrap().to_owned(), mail["findings"].as_array().unwrap().len()))
            .collect()
    }
}

#[test]
fn what_is_nobodys_is_told_to_the_abuse_desk_of_its_network_in_one_mail() {
    let Some(mut world) = World::new("enabled = true") else { return };
    world.network(&[200, 201], "Abuse@isp.nl");
    world.network(&[202], "abuse@other.example");
    world.ingest(DAY, &[200, 201, 202]);
    // The register may catch up.
    let early = world.installation.json(&["safety-net", "plan"]);
    assert_eq!((World::mails(&early).len(), count(&early["not_told"]["too_early"])), (0, 3));
    assert_eq!(world.asked("rdap/ip/203.0.113.200"), 0, "nobody is asked before it is time");

    world.installation.at(LATER);
    let dry = world.installation.json(&["safety-net", "plan", "--dry-run"]);
    assert_eq!((count(&dry["not_told"]["not_asked"]), dry["to_ask"].as_array().unwrap().len()), (3, 3));
    assert_eq!(world.asked("rdap/ip/203.0.113.200"), 0);
    let plan = world.installation.json(&["safety-net", "plan"]);
    let expected = [("Abuse@isp.nl".to_owned(), 2), ("abuse@other.example".to_owned(), 1)];
    assert_eq!(World::mails(&plan), expected);
    assert_eq!(plan["mails"][0]["confidence"], "medium");
    assert_eq!(world.installation.fate("unrouted"), 3, "a plan tells nobody");

    let sent = world.installation.json(&["safety-net", "send"]);
    assert_eq!(World::mails(&sent), expected);
    assert_eq!(world.asked("rdap/ip/203.0.113.200"), 1, "what is known is not asked again");
    assert_eq!((world.installation.fate("queued"), world.installation.fate("unrouted")), (3, 0));
    world.installation.assert_sound();
    world.installation.run(&["tell"]).ended(0);
    assert_eq!((world.installation.fate("safety_net"), world.installation.fate("queued")), (3, 0));
    world.installation.assert_sound();

    let mails = world.installation.mails();
    assert_eq!(mails.len(), 2);
    let dutch = mails.iter().find(|mail| mail.contains("To: Abuse@isp.nl")).unwrap();
    for part in [
        "TLP:GREEN",
        "203.0.113.200",
        "203.0.113.201",
        "STOP als eerste woord",
        "schakel-1.csv",
        "xarf-F0.json",
    ] {
        assert!(dutch.contains(part), "{part}: {dutch}");
    }
    assert!(!dutch.contains("203.0.113.202"), "one desk learns nothing of another's addresses");
    assert!(
        mails
            .iter()
            .any(|mail| mail.contains("To: abuse@other.example") && mail.contains("STOP as the first word"))
    );

    // Seen again: it was told. A month later it is told again.
    world.ingest("2026-11-25", &[200]);
    world.installation.at("2026-11-29T09:00:00Z");
    let again = world.installation.json(&["safety-net", "send"]);
    assert_eq!((World::mails(&again).len(), count(&again["not_told"]["told"])), (0, 1));
    assert_eq!((world.installation.fate("safety_net"), world.installation.fate("unrouted")), (4, 0));
    world.installation.assert_sound();
    world.installation.at("2026-12-26T09:00:00Z");
    world.ingest("2026-12-25", &[200]);
    world.installation.at("2026-12-30T09:00:00Z");
    let month = world.installation.json(&["safety-net", "send"]);
    assert_eq!(World::mails(&month), [("Abuse@isp.nl".to_owned(), 1)]);
    world.installation.assert_sound();
}

#[test]
fn what_somebody_says_is_not_theirs_waits_for_the_desk() {
    let door = free_port().unwrap();
    let server = format!("127.0.0.1:{door}");
    let Some(mut world) = World::new("enabled = true") else { return };
    world.network(&[200], "abuse@isp.nl");
    world.installation.json(&["user", "add", "jan"]);
    world.installation.import(&Register::small().asset("GM2,prefix,203.0.113.200/32,owner,,,asserted"));
    let report = format!(
        "{RDP_HEADER}\"{DAY} 03:00:00\",\"medium\",\"203.0.113.200\",\"tcp\",3389,\"\",\"rdp\",64500,\"NL\"\n"
    );
    world.installation.at("2026-11-20T09:00:00Z");
    world.installation.ingest(&world.installation.file(&rdp_name(DAY), report));
    world.installation.json(&["tell"]);
    let id = answers::field(&world.installation.mails()[0], "Message-ID");
    // The service takes their reply; what it would tell by itself is tried below.
    let config = world.config.replace("enabled = true", "enabled = false");
    let doors = format!(
        "[doors.mail]\ntrusted = [\"mx.schakel.example\"]\n[doors.smtp]\nlisten = [\"{server}\"]\nrecipients = [\"@schakel.example\"]\n"
    );
    let serving = Serving::start_with_telling(&world.installation, &format!("{config}{doors}"));
    let theirs = answers::proven("lindeveen.example");
    if answers::reply(&server, "vcib@lindeveen.example", &id, "Niet van ons.", &[&theirs]).is_none() {
        return;
    }
    serving.wait("it to be nobody's", || world.installation.fate("unrouted") == 1);
    serving.stop();
    world.installation.configure(&world.config);
    world.installation.at("2026-12-10T09:00:00Z");
    let plan = world.installation.json(&["safety-net", "plan"]);
    assert_eq!((World::mails(&plan).len(), count(&plan["not_told"]["disowned"])), (0, 1), "{plan}");
    assert_eq!(world.asked("rdap/ip/203.0.113.200"), 0, "one stolen mailbox redirects nothing");
    world.installation.json(&["--as", "jan", "answer", "accept", "A1"]);
    let plan = world.installation.json(&["safety-net", "plan"]);
    assert_eq!(World::mails(&plan), [("abuse@isp.nl".to_owned(), 1)], "{plan}");
    world.installation.assert_sound();
}

#[test]
fn a_desk_gets_one_mail_a_day_and_none_when_it_asked_so() {
    let Some(mut world) = World::new("enabled = true\ndelay_days = 0\nmails_per_day = 2") else { return };
    world.network(&[200, 201, 202], "abuse@isp.nl");
    world.ingest(DAY, &[200]);
    assert_eq!(World::mails(&world.installation.json(&["safety-net", "send"])).len(), 1);
    world.ingest("2026-11-21", &[201]);
    let same_day = world.installation.json(&["safety-net", "send"]);
    assert_eq!((World::mails(&same_day).len(), count(&same_day["not_told"]["desk_had_mail"])), (0, 1));

    world.installation.run(&["user", "add", "jan"]).ended(0);
    let block = ["safety-net", "block", "ISP.nl", "--reason", "asked by mail", "--as", "jan"];
    let mut dry = block.to_vec();
    dry.push("--dry-run");
    world.installation.run(&dry).ended(0);
    assert_eq!(world.installation.json(&["safety-net", "list"])["do_not_contact"], json!([]));
    world.installation.run(&block).ended(0);
    world.installation.at("2026-11-23T09:00:00Z");
    let blocked = world.installation.json(&["safety-net", "send"]);
    assert_eq!((World::mails(&blocked).len(), count(&blocked["not_told"]["do_not_contact"])), (0, 1));
    assert_eq!(world.installation.fate("unrouted"), 1);
    let listed = world.installation.json(&["safety-net", "list"]);
    assert_eq!(listed["do_not_contact"][0]["subject"], "isp.nl");
    let allow = ["safety-net", "allow", "isp.nl", "--reason", "they changed their mind", "--as", "jan"];
    world.installation.run(&allow).ended(0);
    world.installation.run(&allow).ended(1);
    assert_eq!(World::mails(&world.installation.json(&["safety-net", "send"])).len(), 1);
    // Three desks, and two mails a day: the first is more than a day old.
    world.installation.at("2026-11-24T10:00:00Z");
    for (host, isp) in [(210, "a"), (211, "b"), (212, "c")] {
        world.network(&[host], &format!("abuse@{isp}.example"));
    }
    world.ingest("2026-11-22", &[210, 211, 212]);
    let many = world.installation.json(&["safety-net", "send"]);
    assert_eq!((World::mails(&many).len(), count(&many["not_told"]["enough"])), (2, 1));
    world.installation.assert_sound();
}

#[test]
fn an_answer_that_leads_nowhere_tells_nobody() {
    let Some(mut world) = World::new("enabled = true\ndelay_days = 0") else { return };
    world.network(&[200], "abuse@cert-voorbeeld.nl");
    world.network(&[201], "desk@hub.example");
    world.page(
        "rdap/ip/203.0.113.202",
        "200 OK",
        br#"{"startAddress":"203.0.113.0","endAddress":"203.0.113.255","entities":[]}"#,
    );
    let round = format!("Location: https://rdap.eikendam.nl:{}/ip/203.0.113.203\r\n", world.port);
    world.pages.lock().unwrap().insert("rdap/ip/203.0.113.203".into(), answer("302 Found", &round, b""));
    world.page("rdap/ip/203.0.113.204", "200 OK", &vec![b' '; 10 << 20]);
    let cycle = r#"{"startAddress":"203.0.113.0","endAddress":"203.0.113.255","entities":[{"handle":"A","roles":["registrant"],"entities":[{"handle":"A","entities":[{"handle":"A","roles":["abuse"]}]}]}]}"#;
    world.page("rdap/ip/203.0.113.205", "200 OK", cycle.as_bytes());
    world.page(
        "rdap/ip/203.0.113.206",
        "200 OK",
        br#"{"startAddress":"192.0.2.0","endAddress":"192.0.2.255"}"#,
    );
    let register = Register::small()
        .organisation("HUB,Ander knooppunt,hub,,nl")
        .contact("HUB,findings,Desk,desk@hub.example,,nl,AMBER");
    world.installation.import(&register);
    world.ingest(DAY, &[200, 201, 202, 203, 204, 205, 206]);
    let sent = world.installation.json(&["safety-net", "send"]);
    assert_eq!(World::mails(&sent), []);
    assert_eq!(sent["not_told"], json!({ "ourselves": 1, "hub": 1, "nobody": 5 }));
    assert_eq!(world.installation.fate("unrouted"), 7);

    // The registry has had enough: nothing is recorded, and it is asked again the next time.
    world.page("rdap/ip/203.0.113.220", "429 Too Many Requests", b"");
    world.network(&[221], "abuse@isp.nl");
    world.installation.at("2026-11-21T12:00:00Z");
    world.ingest("2026-11-21", &[220, 221]);
    let enough = world.installation.json(&["safety-net", "send"]);
    assert_eq!((World::mails(&enough).len(), count(&enough["asked"]["left"])), (0, 2));
    assert_eq!(world.asked("rdap/ip/203.0.113.221"), 0);
    world.network(&[220], "abuse@isp.nl");
    assert_eq!(
        World::mails(&world.installation.json(&["safety-net", "send"])),
        [("abuse@isp.nl".to_owned(), 2)]
    );
    world.installation.assert_sound();
}

#[test]
fn a_site_is_asked_for_its_security_txt_before_anybody_else() {
    let Some(world) = World::new("enabled = true\ndelay_days = 0\nseverity = \"low\"") else { return };
    let site = |path: &str, host: &str| {
        json!({
            "time.source": "2026-11-20T03:00:00+00:00", "source.url": format!("https://{host}.eikendam.nl:{}{path}", world.port),
            "classification.type": "phishing", "classification.identifier": "phishing", "feed.name": "t", "feed.provider": "t"
        })
        .to_string()
    };
    let account = json!({
        "time.source": "2026-11-20T03:00:00+00:00", "source.account": "jan@eikendam.nl", "source.ip": "203.0.113.230",
        "classification.type": "data-leak", "classification.identifier": "leak", "feed.name": "t", "feed.provider": "t"
    });
    world.network(&[230], "abuse@isp.nl");
    let lines = [site("/a", "www"), site("/b", "site"), account.to_string()].join("\n");
    world.installation.ingest(&world.installation.file("urls.jsonl", lines + "\n"));
    let text = "Contact: mailto:security@eikendam.nl\nExpires: 2026-12-31T00:00:00Z\n";
    world.page("www/.well-known/security.txt", "200 OK", text.as_bytes());
    world.page("site/.well-known/security.txt", "200 OK", &vec![b'x'; 100 << 20]);
    let abuse =
        json!({ "roles": ["abuse"], "vcardArray": ["vcard", [["email", {}, "text", "abuse@registrar.nl"]]] });
    let domain =
        json!({ "ldhName": "eikendam.nl", "entities": [{ "roles": ["registrar"], "entities": [abuse] }] });
    world.page("rdap/domain/eikendam.nl", "200 OK", domain.to_string().as_bytes());
    let sent = world.installation.json(&["safety-net", "send"]);
    let mut mails = World::mails(&sent);
    mails.sort();
    assert_eq!(mails, [("abuse@registrar.nl".to_owned(), 1), ("security@eikendam.nl".to_owned(), 1)]);
    assert_eq!(sent["not_told"], json!({ "credentials": 1 }));
    let shown = world.installation.json(&["safety-net", "show"]);
    let known: Vec<(&Value, &Value)> =
        shown["contacts"].as_array().unwrap().iter().map(|one| (&one["means"], &one["confidence"])).collect();
    assert!(known.contains(&(&json!("security_txt"), &json!("high"))), "{shown}");
    assert!(known.contains(&(&json!("registrar"), &json!("low"))), "{shown}");
    world.installation.assert_sound();
}

#[test]
fn nothing_is_told_or_asked_when_it_is_off_or_a_source_forbids_it() {
    let Some(world) = World::new("delay_days = 0") else { return };
    world.network(&[200], "abuse@isp.nl");
    world.ingest(DAY, &[200]);
    let off = world.installation.run(&["safety-net", "send"]).ended(1);
    assert!(off.stderr.contains("[safety_net]"), "{}", off.stderr);

    for (code, settings, why) in [
        ("closed", ["--tlp", "GREEN", "--may-look-up", "false"], "look_up"),
        ("silent", ["--tlp", "GREEN", "--may-notify", "false"], "source"),
        ("amber", ["--tlp", "AMBER", "--may-notify", "true"], "marking"),
    ] {
        let Some(mut world) = World::new("enabled = true\ndelay_days = 0") else { return };
        world.network(&[200], "abuse@isp.nl");
        let mut add = vec!["source", "add", code, "--trust", "automatic"];
        add.extend(settings);
        world.installation.run(&add).ended(0);
        let serving = Serving::start(&world.installation, "");
        let folder = world.installation.data().join("incoming").join(code);
        fs::create_dir_all(&folder).unwrap();
        let path = world.installation.file(&rdp_name(DAY), rdp(DAY, &["203.0.113.200"]));
        fs::rename(path, folder.join(rdp_name(DAY))).unwrap();
        serving.wait("it to be taken in", || count(&world.installation.ledger()["events"]) == 1);
        serving.stop();
        world.installation.configure(&world.config);
        // The service went by the clock of the machine.
        world.installation.at("2036-01-01T00:00:00Z");
        let sent = world.installation.json(&["safety-net", "send"]);
        assert_eq!((World::mails(&sent).len(), &sent["not_told"]), (0, &json!({ why: 1 })));
        assert_eq!(world.asked.lock().unwrap().len(), 0, "{code}: nobody is asked");
        assert_eq!(world.installation.fate("unrouted"), 1);
    }
}

#[test]
fn a_desk_that_refuses_the_mail_makes_it_undeliverable() {
    let server = FakeSmtp::start(Script::default().refusing("@isp.nl"));
    let mail = format!(
        "channel = \"smtp\"\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\nencryption = \"none\"",
        server.port()
    );
    let Some(world) = World::with_mail("enabled = true\ndelay_days = 0", &mail) else { return };
    world.network(&[200], "abuse@isp.nl");
    world.network(&[201], "abuse@other.nl");
    world.ingest(DAY, &[200, 201]);
    world.installation.json(&["safety-net", "send"]);
    world.installation.json(&["tell"]);
    let fate = |fate| world.installation.fate(fate);
    assert_eq!((fate("undeliverable"), fate("safety_net"), fate("unrouted")), (1, 1, 0));
    world.installation.assert_sound();
}
