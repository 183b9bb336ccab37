//! What members say is theirs: entered, disputed, proven by every means, looked up again, and never silently gone.

use std::fs;

use schakel_testkit::{
    https_server::{HttpsServer, answer},
    knot::Knot,
    server_tls::ServerTls,
};
use serde_json::{Value, json};

use crate::{
    fixtures::{Register, rdp_name, rdp_row_named},
    installation::{Installation, count},
};

/// An installation with desk users jan and piet.
pub fn with_desk(installation: Installation) -> Installation {
    for name in ["jan", "piet"] {
        installation.run(&["user", "add", name]).ended(0);
    }
    installation
}

/// The owners of a name or an address by winning assets, with their proof: `GM3 desk`.
fn owners(installation: &Installation, option: &str, value: &str) -> Vec<String> {
    let explained = installation.json(&["explain", option, value]);
    let won = explained["candidates"].as_array().unwrap().iter().filter(|one| one["won"] == true);
    let mut owners: Vec<String> = won
        .filter(|one| one["role"] == "owner")
        .map(|one| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            format!("{} {}", text(&one["organisation"]), text(&one["asset"]["proof"]))
        })
        .collect();
    owners.sort();
    owners
}

fn claim(installation: &Installation, id: &str) -> Value {
    installation.json(&["claim", "show", id])
}

#[test]
fn a_claim_says_at_once_what_it_meets_and_does_not_attribute() {
    let installation = Installation::new();
    let added = installation.json(&["claim", "add", "gm1", "domain", "WWW.Berkendal.nl."]);
    let one = &added["claims"][0];
    assert_eq!(one["value"], "www.berkendal.nl");
    assert_eq!(one["meets"][0]["organisation"], "GM3");
    assert_eq!((&one["meets"][0]["how"], &one["meets"][0]["claim"]), (&json!("inside"), &Value::Null));
    assert_eq!(one["conflicts"], json!([1]));
    assert_eq!(owners(&installation, "--domain", "www.berkendal.nl"), ["GM3 desk"]);

    // In another role it is worth a warning, and no conflict: both can be true.
    let operator =
        installation.json(&["claim", "add", "GM2", "prefix", "198.51.100.64/26", "--role", "operator"]);
    let meets = operator["claims"][0]["meets"].as_array().unwrap();
    let met: Vec<_> = meets.iter().map(|met| (met["organisation"].as_str(), met["role"].as_str())).collect();
    assert_eq!(met, [(Some("GM1"), Some("owner")), (Some("SV1"), Some("operator"))]);
    assert_eq!(operator["claims"][0]["conflicts"], json!([2]));

    // Two claims see each other, before either is an asset.
    let first = installation.json(&["claim", "add", "GM1", "asn", "AS64500"]);
    assert_eq!(first["claims"][0]["meets"], json!([]));
    let second = installation.json(&["claim", "add", "GM2", "asn", "64500"]);
    assert_eq!(second["claims"][0]["meets"][0]["claim"], first["claims"][0]["claim"]);
    assert_eq!(second["claims"][0]["conflicts"], json!([3]));

    installation.run(&["claim", "add", "GM1", "asn", "64500"]).ended(1).says(&["claim 3 says the same"]);
    let dry = installation.json(&["claim", "add", "GM4", "domain", "berkendal.nl", "--dry-run"]);
    assert_eq!((&dry["claims"][0]["claim"], &dry["dry_run"]), (&Value::Null, &json!(true)));
    let range = installation.json(&["claim", "add", "GM4", "prefix", "192.0.2.5-192.0.2.9"]);
    assert_eq!(range["claims"].as_array().unwrap().len(), 3);
    assert_eq!(installation.json(&["claim", "list"])["claims"].as_array().unwrap().len(), 7);
}

#[test]
fn what_nobody_can_own_is_no_claim() {
    let installation = Installation::new();
    for (kind, value, said) in [
        ("prefix", "0.0.0.0/0", "every address there is"),
        ("prefix", "::/0", "every address there is"),
        ("domain", "nl", "public suffix"),
        ("domain", "co.uk", "public suffix"),
        ("mail_domain", "@nl", "public suffix"),
        ("domain", "not a name", "is no name"),
        ("prefix", "192.0.2.9-192.0.2.1", "ends before it begins"),
        ("asn", "0", "is no AS number"),
    ] {
        installation.run(&["claim", "add", "GM1", kind, value]).ended(1).says(&[said]);
    }
    installation.run(&["claim", "add", "GM9", "asn", "7"]).ended(1).says(&["no organisation GM9"]);
    assert_eq!(installation.json(&["claim", "list", "--all"])["claims"], json!([]));
    // Host bits are no refusal: the prefix they stand in is claimed, and shown.
    let put_right = installation.json(&["claim", "add", "GM1", "prefix", "203.0.113.77/26"]);
    assert_eq!(put_right["claims"][0]["value"], "203.0.113.64/26");
}

#[test]
fn policy_can_let_a_claim_attribute_at_once_unless_it_is_disputed() {
    let installation = Installation::new();
    installation.configure("[claims]\nattribute = \"at_once\"\n");
    installation.json(&["claim", "add", "GM1", "domain", "eikendam.nl"]);
    assert_eq!(owners(&installation, "--domain", "eikendam.nl"), ["GM1 asserted"]);
    let disputed = installation.json(&["claim", "add", "GM2", "domain", "berkendal.nl"]);
    assert_eq!(disputed["claims"][0]["attributes"], false);
    assert_eq!(owners(&installation, "--domain", "berkendal.nl"), ["GM3 desk"]);
}

#[test]
fn the_desk_proves_with_its_name_and_a_reason() {
    let installation = with_desk(Installation::new());
    installation.json(&["claim", "add", "GM1", "domain", "eikendam.nl"]);
    let by_desk = ["claim", "prove", "1", "--by", "desk", "--reason", "site visit"];
    installation.run(&by_desk).ended(1).says(&["--as NAME"]);
    installation.run(&["claim", "prove", "1", "--by", "desk", "--as", "jan"]).ended(1).says(&["--reason"]);
    installation.run(&[&by_desk[..], &["--as", "jan"]].concat()).ended(0);
    assert_eq!(owners(&installation, "--domain", "x.eikendam.nl"), ["GM1 desk"]);
    let shown = claim(&installation, "1");
    assert_eq!((&shown["state"], &shown["attempts"][0]["actor"]), (&json!("proven"), &json!("jan")));
    assert_eq!(shown["expires_at"], "2027-11-21T09:00:00Z");

    // Taken back, the asset is asserted; or goes, when that is said.
    installation.run(&["claim", "withdraw", "1", "--reason", "moved"]).ended(0);
    assert_eq!(owners(&installation, "--domain", "eikendam.nl"), ["GM1 asserted"]);
    installation.json(&["claim", "add", "GM1", "domain", "eikendam.nl"]);
    installation.run(&["claim", "withdraw", "2", "--reason", "sold", "--with-asset"]).ended(0);
    assert_eq!(owners(&installation, "--domain", "eikendam.nl"), [""; 0]);
    installation.run(&["claim", "withdraw", "2", "--reason", "x"]).ended(1).says(&["withdrawn already"]);
    let log = installation.json(&["audit", "list", "--subject", "claim:1"]);
    let actions: Vec<_> =
        log["entries"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect();
    assert_eq!(actions, [json!("claim.withdraw"), json!("claim.prove"), json!("claim.add")]);
    installation.run(&["audit", "verify"]).ended(0);
}

#[test]
fn a_conflict_shows_both_sides_and_the_decision_is_carried_out() {
    let installation = with_desk(Installation::new());
    // GM2 claims a part of what is GM1's.
    installation.json(&["claim", "add", "GM2", "prefix", "198.51.100.64/26"]);
    installation.run(&["claim", "prove", "1", "--by", "desk", "--reason", "letter", "--as", "jan"]).ended(0);
    assert_eq!(owners(&installation, "--ip", "198.51.100.70"), ["GM1 desk"], "disputed: it waits");
    let shown = installation.json(&["conflict", "show", "1"]);
    assert_eq!(shown["sides"][0]["organisation"], "GM2");
    assert_eq!(shown["sides"][0]["claim"]["proven_by"], "desk");
    assert_eq!(
        (&shown["sides"][1]["organisation"], &shown["sides"][1]["asset_proof"]),
        (&json!("GM1"), &json!("desk"))
    );

    let decide = ["conflict", "decide", "1", "--for", "GM2", "--reason", "sold in 2025"];
    installation.run(&decide).ended(1).says(&["--as NAME"]);
    let by_jan = [&decide[..], &["--as", "jan"]].concat();
    installation
        .run(&["conflict", "decide", "1", "--for", "GM4", "--reason", "x", "--as", "jan"])
        .ended(1)
        .says(&["no side"]);
    installation.run(&by_jan).ended(0);
    installation.run(&by_jan).ended(1).says(&["decided already"]);
    // A hole in what is GM1's; the rest of it stays.
    assert_eq!(owners(&installation, "--ip", "198.51.100.70"), ["GM2 desk"]);
    assert_eq!(owners(&installation, "--ip", "198.51.100.7"), ["GM1 desk"]);
    let decided = installation.json(&["conflict", "list", "--all"]);
    let one = &decided["conflicts"][0];
    assert_eq!(
        (&one["decided_for"], &one["decided_by"], &one["reason"]),
        (&json!("GM2"), &json!("jan"), &json!("sold in 2025"))
    );

    // Against the claim: it is refused, nothing else changes.
    installation.json(&["claim", "add", "GM1", "domain", "berkendal.nl"]);
    installation
        .run(&["conflict", "decide", "2", "--for", "GM3", "--reason", "theirs", "--as", "jan"])
        .ended(0);
    assert_eq!(claim(&installation, "2")["state"], "refused");
    assert_eq!(owners(&installation, "--domain", "berkendal.nl"), ["GM3 desk"]);
    installation
        .run(&["claim", "prove", "2", "--by", "desk", "--reason", "x", "--as", "jan"])
        .ended(1)
        .says(&["refused"]);

    // Two claims, and both have it.
    for code in ["GM1", "GM2"] {
        installation.json(&["claim", "add", code, "domain", "samen.nl"]);
    }
    installation.run(&["claim", "prove", "3", "--by", "desk", "--reason", "a", "--as", "jan"]).ended(0);
    installation
        .run(&["conflict", "decide", "3", "--for", "both", "--reason", "together", "--as", "piet"])
        .ended(0);
    assert_eq!(
        owners(&installation, "--domain", "samen.nl"),
        ["GM1 desk"],
        "the other is still to be proven"
    );
    installation.run(&["claim", "prove", "4", "--by", "desk", "--reason", "b", "--as", "jan"]).ended(0);
    assert_eq!(owners(&installation, "--domain", "samen.nl"), ["GM1 desk", "GM2 desk"]);

    // A claim that meets several: when it is taken back, nothing of it is left to decide.
    installation.json(&["claim", "add", "GM3", "prefix", "198.51.100.0/24"]);
    let open = || installation.json(&["conflict", "list"])["conflicts"].as_array().unwrap().len();
    assert!(open() >= 2, "{}", open());
    installation.run(&["claim", "withdraw", "5", "--reason", "a slip", "--as", "jan"]).ended(0);
    assert_eq!(open(), 0);
    installation.assert_sound();
}

#[test]
fn a_code_goes_to_a_role_mailbox_and_is_typed_back() {
    let installation = with_desk(Installation::new());
    installation.json(&["claim", "add", "GM1", "domain", "eikendam.nl"]);
    installation.json(&["claim", "add", "GM1", "prefix", "192.0.2.0/28"]);
    let send = ["claim", "prove", "1", "--by", "mail"];
    installation.run(&["claim", "prove", "2", "--by", "mail"]).ended(1).says(&["cannot be proven by mail"]);
    installation
        .run(&[&send[..], &["--mailbox", "info"]].concat())
        .ended(1)
        .says(&["no role mailbox", "hostmaster"]);
    installation.run(&["claim", "code", "1", "AAAA-AAAA"]).ended(1).says(&["no code was sent"]);

    let sent = installation.json(&send);
    assert_eq!(sent["address"], "hostmaster@eikendam.nl");
    installation.run(&["outbox", "--send"]).ended(0);
    let code = sent_code(&installation, 0);
    for left in [4, 3, 2, 1, 0] {
        let wrong = installation.run(&["claim", "code", "1", "WRONG-CODE", "--json"]).ended(3);
        assert_eq!(wrong.json()["said"], format!("a wrong code was typed; {left} tries are left"));
    }
    installation.run(&["claim", "code", "1", &code]).ended(1).says(&["spent"]);

    // A new one; typed in small letters and with a space. The first is spent for good.
    installation.json(&[&send[..], &["--mailbox", "security"]].concat());
    installation.run(&["outbox", "--send"]).ended(0);
    let second = sent_code(&installation, 1);
    assert_ne!(code, second);
    installation.run(&["claim", "code", "1", &code]).ended(3);
    installation.run(&["claim", "code", "1", &second.to_lowercase().replace('-', " ")]).ended(0);
    assert_eq!(owners(&installation, "--domain", "eikendam.nl"), ["GM1 mail"]);
    installation.run(&["claim", "code", "1", &second]).ended(1).says(&["used"]);
}

#[test]
fn a_role_address_that_bounces_or_a_code_that_is_old_proves_nothing() {
    let mut installation = Installation::new();
    installation.json(&["claim", "add", "GM1", "domain", "eikendam.nl"]);
    installation.json(&["claim", "prove", "1", "--by", "mail"]);
    installation.run(&["outbox", "--send"]).ended(0);
    let code = sent_code(&installation, 0);
    installation.run(&["claim", "bounced", "1"]).ended(0);
    installation.run(&["claim", "code", "1", &code]).ended(1).says(&["bounced"]);
    assert_eq!(claim(&installation, "1")["codes"][0]["state"], "bounced");

    installation.json(&["claim", "prove", "1", "--by", "mail", "--mailbox", "postmaster"]);
    installation.run(&["outbox", "--send"]).ended(0);
    let code = sent_code(&installation, 1);
    installation.at("2026-11-28T09:00:01Z");
    installation.run(&["claim", "code", "1", &code]).ended(1).says(&["run out"]);
    assert_eq!(owners(&installation, "--domain", "eikendam.nl"), [""; 0]);
}

/// The code in the mail with this place.
pub fn sent_code(installation: &Installation, at: usize) -> String {
    let mails = installation.mails();
    let code = mails[at].lines().map(str::trim).find(|line| {
        line.len() == 9
            && line.as_bytes()[4] == b'-'
            && line.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    });
    code.unwrap_or_else(|| panic!("no code in {}", mails[at])).to_owned()
}

/// A name server, a web server that answers on loopback as the world would, and an installation that may reach it.
struct World {
    knot: Knot,
    tls: ServerTls,
    installation: Installation,
    ca_file: String,
}

/// Where the web server of the tests listens: the port is that of HTTPS, so the address is one that nobody else uses.
const WEB: &str = "127.83.67.72";

impl World {
    fn new(records: &str) -> Option<Self> {
        let knot = Knot::start(&[("eikendam.nl", records), ("broken.nl", "")])?;
        let tls = ServerTls::for_names(&["eikendam.nl", "www.eikendam.nl", "rdap.eikendam.nl"]);
        let installation = with_desk(Installation::new());
        let ca_file = installation.file("ca.pem", &tls.certificate_pem);
        let world = Self { knot, tls, installation, ca_file };
        world.configure();
        Some(world)
    }

    fn configure(&self) {
        self.installation.configure(&format!(
            "[outgoing]\nallow = [\"{WEB}\"]\nresolvers = [\"{}\"]\ntimeout_seconds = 2\nca_file = \"{}\"\nrdap = \"https://rdap.eikendam.nl\"\n",
            self.knot.address(),
            self.ca_file
        ));
    }

    /// Serves other records from now on.
    fn publish(&mut self, records: &str) {
        self.knot.change("eikendam.nl", records).unwrap();
    }

    /// A web server, where a test may listen on the port of HTTPS.
    fn web(&self, answers: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Option<HttpsServer> {
        match HttpsServer::start(&format!("{WEB}:443"), &self.tls, answers) {
            Ok(server) => Some(server),
            Err(error) => {
                println!("skipped: cannot listen on {WEB}:443: {error}");
                None
            }
        }
    }

    fn token(&self, claim: &str) -> String {
        self.installation.json(&["claim", "show", claim])["token"].as_str().unwrap().to_owned()
    }

    fn prove(&self, claim: &str, by: &str, code: i32) -> String {
        let run = self.installation.run(&["claim", "prove", claim, "--by", by, "--json"]).ended(code);
        run.json()["said"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_txt_record_proves_a_domain_until_it_is_gone_for_longer_than_the_grace() {
    let Some(mut world) = World::new("www A 192.0.2.1\n") else { return };
    world.installation.json(&["claim", "add", "GM1", "domain", "eikendam.nl"]);
    let shown = claim(&world.installation, "1");
    assert_eq!(shown["dns_record"], "_schakel-challenge.eikendam.nl");
    assert!(world.prove("1", "dns", 3).contains("NXDOMAIN"));

    let token = world.token("1");
    world.publish("_schakel-challenge TXT \"wrong\"\n");
    assert!(world.prove("1", "dns", 3).contains("none is the token"));
    let record =
        format!("_schakel-challenge TXT \"v=x\" \"{token}\" \"y\"\n_schakel-challenge TXT \"another\"\n");
    world.publish(&record);
    assert!(world.prove("1", "dns", 0).contains("holds the token"));
    assert_eq!(owners(&world.installation, "--domain", "x.eikendam.nl"), ["GM1 dns"]);

    // A day later it is looked up again; gone, it is said, and goes on counting for the grace.
    let day = |world: &mut World, day: &str| {
        world.installation.at(day);
        let run = world.installation.run(&["claim", "recheck", "--json"]).ended(0);
        run.json()["claims"].clone()
    };
    assert_eq!(day(&mut world, "2026-11-21T20:00:00Z"), json!([]), "not yet");
    let looked = day(&mut world, "2026-11-22T10:00:00Z");
    assert_eq!((&looked[0]["state"], &looked[0]["failing_since"]), (&json!("proven"), &Value::Null));
    assert_eq!(claim(&world.installation, "1")["expires_at"], "2027-11-22T10:00:00Z");
    world.publish("www A 192.0.2.1\n");
    let looked = day(&mut world, "2026-11-23T10:00:00Z");
    assert_eq!(looked[0]["failing_since"], "2026-11-23T10:00:00Z");
    world.installation.at("2026-12-01T10:00:00Z");
    world.installation.run(&["claim", "recheck"]).ended(0).says(&["Not found since", "14 days"]);
    assert_eq!(owners(&world.installation, "--domain", "eikendam.nl"), ["GM1 dns"]);

    // Back within the grace: as if nothing happened.
    world.publish(&record);
    let looked = day(&mut world, "2026-12-03T10:00:00Z");
    assert_eq!(looked[0]["failing_since"], Value::Null);
    world.publish("www A 192.0.2.1\n");
    day(&mut world, "2026-12-05T10:00:00Z");
    let looked = day(&mut world, "2026-12-19T10:00:00Z");
    assert_eq!(looked[0]["state"], "lapsed");
    assert_eq!(
        owners(&world.installation, "--domain", "eikendam.nl"),
        ["GM1 asserted"],
        "never silently withdrawn"
    );
    assert_eq!(day(&mut world, "2026-12-30T10:00:00Z"), json!([]));
    // Proven again.
    world.publish(&record);
    world.prove("1", "dns", 0);
    assert_eq!(owners(&world.installation, "--domain", "eikendam.nl"), ["GM1 dns"]);
    world.installation.run(&["audit", "verify"]).ended(0);
}

#[test]
fn a_service_looks_proofs_up_again_by_itself() {
    let Some(mut world) = World::new("www A 192.0.2.1\n") else { return };
    // By the machine's clock this is long ago, and the proof counts for long.
    let config =
        format!("[outgoing]\nresolvers = [\"{}\"]\n[claims]\ndns_days = 36500\n", world.knot.address());
    world.installation.at("2026-11-01T09:00:00Z").configure(&config);
    world.installation.json(&["claim", "add", "GM1", "domain", "eikendam.nl"]);
    let token = world.token("1");
    world.publish(&format!("_schakel-challenge TXT \"{token}\"\n"));
    world.prove("1", "dns", 0);
    world.publish("www A 192.0.2.1\n");
    let serving = crate::serve::Serving::start(&world.installation, &config);
    serving
        .wait("the proof to be missed", || claim(&world.installation, "1")["failing_since"] != Value::Null);
    assert_eq!(claim(&world.installation, "1")["state"], "proven");
    assert!(serving.stop().contains("a proof is not found any more"));
}

#[test]
fn answers_that_mean_harm_or_nothing_prove_nothing() {
    let mut records = String::from(
        "_schakel-challenge.loop CNAME _schakel-challenge.loop2\n_schakel-challenge.loop2 CNAME _schakel-challenge.loop\n",
    );
    for n in 0..240 {
        records += &format!("_schakel-challenge.huge TXT \"{n:03}{}\"\n", "x".repeat(250));
    }
    let Some(world) = World::new(&records) else { return };
    for (at, (name, said)) in [
        ("loop.eikendam.nl", "goes round"),
        ("huge.eikendam.nl", "bytes"),
        ("broken.nl", "cannot answer"),
        ("nobody.eikendam.nl", "NXDOMAIN"),
    ]
    .into_iter()
    .enumerate()
    {
        world.installation.json(&["claim", "add", "GM1", "hostname", name]);
        let answer = world.prove(&(at + 1).to_string(), "dns", 3);
        assert!(answer.contains(said), "{name}: {answer}");
    }
    // A name server that says nothing.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = silent.local_addr().unwrap();
    world.installation.configure(&format!("[outgoing]\nresolvers = [\"{resolver}\"]\ntimeout_seconds = 1\n"));
    assert!(world.prove("1", "dns", 3).contains("in time"));
    assert_eq!(world.installation.json(&["claim", "list"])["claims"].as_array().unwrap().len(), 4);
    assert_eq!(owners(&world.installation, "--domain", "loop.eikendam.nl"), [""; 0]);
}

#[test]
fn a_file_on_the_web_server_proves_a_name_but_not_one_from_inside() {
    let records = format!("@ A {WEB}\nwww A {WEB}\ninside A 127.0.0.1\nmetadata A 169.254.169.254\n");
    let Some(world) = World::new(&records) else { return };
    world.installation.json(&["claim", "add", "GM1", "domain", "eikendam.nl"]);
    world.installation.json(&["claim", "add", "GM1", "hostname", "inside.eikendam.nl"]);
    assert!(world.prove("2", "file", 3).contains("may not be reached"));
    let token = world.token("1");
    let path = format!("/.well-known/schakel-{token}.txt");
    assert_eq!(claim(&world.installation, "1")["file_url"], format!("https://eikendam.nl{path}"));
    let state = std::sync::Arc::new(std::sync::Mutex::new("wrong"));
    let (now, held) = (std::sync::Arc::clone(&state), token.clone());
    let Some(server) = world.web(move |asked| {
        let redirect = |to: &str| answer("302 Found", &format!("Location: {to}\r\n"), b"");
        match (*now.lock().unwrap(), asked == path) {
            (_, false) => answer("404 Not Found", "", b""),
            ("wrong", _) => answer("200 OK", "", b"another token"),
            ("huge", _) => answer("200 OK", "", &vec![b'x'; 1 << 20]),
            ("to metadata", _) => redirect("https://metadata.eikendam.nl/latest/meta-data/"),
            ("to loopback", _) => redirect("https://127.0.0.1:443/"),
            ("to mapped", _) => redirect("https://[::ffff:127.0.0.1]/"),
            ("to www", _) => redirect(&format!("https://www.eikendam.nl{path}?ok")),
            _ => answer("200 OK", "", format!("{held}\n").as_bytes()),
        }
    }) else {
        return;
    };
    for (what, said) in [
        ("wrong", "not the token"),
        ("huge", "more than 4096 bytes"),
        ("to metadata", "may not be reached"),
        ("to loopback", "may not be reached"),
        ("to mapped", "may not be reached"),
        ("to www", "404"),
    ] {
        *state.lock().unwrap() = what;
        let answer = world.prove("1", "file", 3);
        assert!(answer.contains(said), "{what}: {answer}");
    }
    *state.lock().unwrap() = "right";
    world.prove("1", "file", 0);
    assert_eq!(owners(&world.installation, "--domain", "eikendam.nl"), ["GM1 file"]);
    assert!(server.requests() > 0);
}

#[test]
fn the_registrys_holder_proves_a_prefix() {
    let Some(world) = World::new(&format!("rdap A {WEB}\n")) else { return };
    let held = json!({
        "startAddress": "192.0.2.0", "endAddress": "192.0.2.255",
        "entities": [{ "handle": "ORG-ED1-RIPE", "roles": ["registrant"],
            "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "EIKENDAM"]]] }],
    })
    .to_string();
    let autnum = json!({ "startAutnum": 64500, "endAutnum": 64500,
        "entities": [{ "handle": "ORG-LV1-RIPE", "roles": ["registrant"] }] })
    .to_string();
    let Some(_server) = world.web(move |path| match path {
        "/ip/192.0.2.0/26" | "/ip/198.18.0.0/24" => answer("200 OK", "", held.as_bytes()),
        "/autnum/64500" => answer("200 OK", "", autnum.as_bytes()),
        _ => answer("404 Not Found", "", b"{}"),
    }) else {
        return;
    };
    for (kind, value) in [
        ("prefix", "192.0.2.0/26"),
        ("prefix", "198.18.0.0/24"),
        ("prefix", "203.0.113.192/26"),
        ("asn", "64500"),
    ] {
        world.installation.json(&["claim", "add", "GM1", kind, value]);
    }
    assert!(world.prove("1", "rdap", 0).contains("EIKENDAM"));
    assert_eq!(owners(&world.installation, "--ip", "192.0.2.7"), ["GM1 rdap"]);
    assert!(world.prove("2", "rdap", 3).contains("does not hold"), "an answer about another range");
    assert!(world.prove("3", "rdap", 3).contains("404"));
    assert!(world.prove("4", "rdap", 3).contains("ORG-LV1-RIPE"), "somebody else's");
    world
        .installation
        .run(&["claim", "prove", "1", "--by", "dns"])
        .ended(1)
        .says(&["cannot be proven by dns"]);
}

#[test]
fn what_was_nobodys_reaches_its_owner_once_it_is_proven() {
    let installation = with_desk(Installation::empty());
    installation.import(&Register::small());
    let report = format!(
        "{}{}",
        crate::fixtures::RDP_HEADER,
        rdp_row_named("2026-11-21 03:00:00", "192.0.2.7", "vpn.eikendam.nl")
    );
    let file = installation.file(&rdp_name("2026-11-21"), &report);
    installation.ingest(&file);
    assert_eq!(installation.fate("unrouted"), 1);
    installation.json(&["claim", "add", "GM1", "domain", "eikendam.nl"]);
    installation.run(&["claim", "prove", "1", "--by", "desk", "--reason", "seen", "--as", "jan"]).ended(0);
    let next = report.replace("2026-11-21 03", "2026-11-21 04").replace("192.0.2.7", "192.0.2.8");
    installation.ingest(&installation.file(&rdp_name("2026-11-22"), next));
    assert_eq!(count(&installation.ledger()["fates"]["queued"]), 1);
    installation.assert_sound();
    assert!(fs::read_dir(installation.data()).is_ok());
}
