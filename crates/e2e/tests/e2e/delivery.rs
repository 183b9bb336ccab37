//! Mail that can be believed and that others cannot read: DKIM, encryption, what is withheld, the check code; and programs of members.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use schakel_testkit::{
    https_server::{Asked, HttpsServer, answer},
    knot::Knot,
    opendkim,
    postfix::header,
    server_tls::ServerTls,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
    program::Run,
    serve::Serving,
};

const DAY: &str = "2026-11-20";

const BASE: &str = "sender = \"Meldpunt Test\"\n[mail]\nfrom = \"Schakel <schakel@meldpunt.example>\"\n";

/// One organisation with one mailbox that may receive everything.
fn one_member() -> Installation {
    let installation = Installation::empty();
    installation.import(
        &Register::default()
            .organisation("GM1,Eikendam,municipality,,nl")
            .asset("GM1,prefix,198.51.100.0/25,owner")
            .contact("GM1,findings,CERT Eikendam,cert@eikendam.example,,nl,AMBER+STRICT"),
    );
    installation
}

fn take_in(installation: &mut Installation, address: &str) {
    installation.at(&format!("{DAY}T09:00:00Z"));
    let file = installation.file(&rdp_name(DAY), rdp(DAY, &[address]));
    installation.ingest(&file);
}

/// What is printed for people holds all of these.
#[track_caller]
fn says(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(run.stdout.contains(part), "`{part}` is not said: {run:#?}");
    }
}

#[test]
fn opendkim_believes_our_mails_and_not_when_they_were_changed() {
    let mut installation = one_member();
    installation.configure(BASE);
    installation.run(&["key", "dkim", "generate", "rsa1"]).ended(0);
    installation.run(&["key", "dkim", "generate", "ed1", "--kind", "ed25519"]).ended(0);
    installation.run(&["key", "dkim", "generate", "rsa1"]).ended(1).says(&["is there already"]);
    installation.run(&["key", "dkim", "generate", "Not a name"]).ended(1).says(&["is no selector"]);
    installation.configure(&format!("{BASE}[mail.dkim]\nselectors = [\"rsa1\", \"ed1\"]\n"));
    let shown = installation.json(&["key", "dkim", "show"]);
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    let records: Vec<(String, String)> = shown["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (text(key, "name"), text(key, "record")))
        .collect();
    assert_eq!(records.len(), 2, "{shown}");
    take_in(&mut installation, "198.51.100.1");
    installation.json(&["tell"]);
    let mails = installation.mails();
    let mail = &mails[0];
    assert_eq!(mail.matches("DKIM-Signature:").count(), 2);
    assert_eq!(header(mail.as_bytes(), "list-id"), "<notifications.meldpunt.example>");
    let folder = tempfile::tempdir().unwrap();
    // Each key by itself: one good signature must not hide a bad one.
    for (name, _) in &records {
        let other = if name.starts_with("rsa1") { "s=ed1" } else { "s=rsa1" };
        let signed_once = without_signature(mail, other);
        let Some(judged) = opendkim::verify(folder.path(), &records, signed_once.as_bytes()) else { return };
        assert!(judged.is_good, "{name}: {}", judged.said);
        for (from, to) in
            [("Beste", "Beest"), ("Subject: ", "Subject: Re: "), ("To: ", "Cc: x@y.example\r\nTo: ")]
        {
            let changed = signed_once.replacen(from, to, 1);
            assert_ne!(changed, signed_once);
            let judged = opendkim::verify(folder.path(), &records, changed.as_bytes()).unwrap();
            assert!(!judged.is_good, "{name}, {from}: {}", judged.said);
        }
    }
}

/// The mail without the signature that has this in it.
fn without_signature(mail: &str, mark: &str) -> String {
    let mut kept = String::new();
    let mut field = String::new();
    for line in mail.split_inclusive("\r\n") {
        if !line.starts_with([' ', '\t']) {
            if !(field.starts_with("DKIM-Signature:") && field.contains(mark)) {
                kept += &field;
            }
            field.clear();
        }
        field += line;
    }
    kept + &field
}

#[test]
fn a_key_that_is_named_and_missing_stops_mails_and_is_said() {
    let mut installation = one_member();
    installation.configure(&format!("{BASE}[mail.dkim]\nselectors = [\"gone\"]\n"));
    take_in(&mut installation, "198.51.100.1");
    installation.run(&["tell"]).ended(1).says(&["gone", "schakel key dkim show"]);
    assert_eq!(installation.fate("queued"), 1);
    says(&installation.run(&["doctor"]), &["gone"]);
}

/// A GnuPG of the recipient.
struct Gpg(TempDir);

impl Gpg {
    fn new(user_id: &str) -> Option<Self> {
        if Command::new("gpg").arg("--version").stdout(Stdio::null()).status().is_err() {
            println!("skipped: gpg is not installed");
            return None;
        }
        let gpg = Self(tempfile::Builder::new().prefix("e2e-gpg").tempdir().unwrap());
        gpg.run(&["--quick-gen-key", user_id, "future-default", "default", "2y"], b"");
        Some(gpg)
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> String {
        self.run_at("20261120T080000!", arguments, input)
    }

    fn run_at(&self, time: &str, arguments: &[&str], input: &[u8]) -> String {
        let home = self.0.path().to_str().unwrap();
        let always =
            ["--homedir", home, "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""];
        let mut child = Command::new("gpg")
            .args(always)
            .args(["--trust-model", "always", "--faked-system-time", time])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "gpg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn fingerprint(&self) -> String {
        let listed = self.run(&["--with-colons", "--list-keys"], b"");
        let line = listed.lines().find(|line| line.starts_with("fpr")).unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .args(["--homedir", self.0.path().to_str().unwrap(), "--kill", "all"])
            .status();
    }
}

/// What is told is TLP:AMBER+STRICT.
fn strict(more: &str) -> String {
    format!("{BASE}{more}[intake]\ntlp = \"AMBER+STRICT\"\n")
}

fn states(installation: &Installation) -> Vec<(i64, String)> {
    let listed = installation.json(&["outbox"]);
    let state = |one: &Value| (one["message"].as_i64().unwrap(), one["state"].as_str().unwrap().to_owned());
    listed["messages"].as_array().unwrap().iter().map(state).collect()
}

#[test]
fn what_is_confidential_waits_for_a_key_and_then_leaves_encrypted() {
    let Some(gpg) = Gpg::new("CERT Eikendam <cert@eikendam.example>") else { return };
    let mut installation = one_member();
    installation.configure(&strict(""));
    take_in(&mut installation, "198.51.100.77");
    installation.json(&["tell"]);
    // The recipient hears that something waits, and not what.
    let mails = installation.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(
        mails[0].contains("vertrouwelijk bericht") && !mails[0].contains("198.51.100.77"),
        "{}",
        mails[0]
    );
    assert_eq!((installation.fate("held"), installation.fate("notified")), (1, 0));
    assert!(states(&installation).iter().any(|(_, state)| state == "withheld"));
    installation.assert_sound();
    // Once.
    installation.json(&["tell"]);
    assert_eq!(installation.mails().len(), 1);
    // An own key signs, the recipient's key comes.
    installation.run(&["key", "generate", "Meldpunt <schakel@meldpunt.example>"]).ended(0);
    installation.configure(&strict("sign = \"openpgp\"\n"));
    let key = installation.file("key.asc", gpg.run(&["--armor", "--export"], b""));
    let contacts = installation.json(&["contact", "list"]);
    let contact = contacts["contacts"][0]["contact"].to_string();
    let fingerprint = gpg.fingerprint();
    let add = ["contact", "key", "add", &contact, &key, "--kind", "openpgp", "--fingerprint", &fingerprint];
    installation.run(&add).ended(0);
    installation.json(&["tell"]);
    let mails = installation.mails();
    assert_eq!(mails.len(), 2);
    let sealed = mails.iter().find(|mail| mail.contains("multipart/encrypted")).unwrap();
    assert!(!sealed.contains("198.51.100.77") && !sealed.contains("Eikendam <"), "{sealed}");
    assert_eq!(header(sealed.as_bytes(), "subject"), "[Schakel #1] TLP:AMBER+STRICT");
    let own = installation.run(&["key", "export"]).ended(0).stdout;
    gpg.run_at("20261120T100000!", &["--import"], own.as_bytes());
    let start = sealed.find("-----BEGIN PGP MESSAGE-----").unwrap();
    let inside =
        gpg.run_at("20261120T100000!", &["--status-fd", "1", "--decrypt"], &sealed.as_bytes()[start..]);
    assert!(
        inside.contains("GOODSIG") && inside.contains("Subject: ") && inside.contains("bevinding"),
        "{inside}"
    );
    assert_eq!((installation.fate("held"), installation.fate("notified")), (0, 1));
    installation.assert_sound();
}

/// How many mails are encrypted, and how many there are.
fn encrypted(installation: &Installation) -> (usize, usize) {
    let mails = installation.mails();
    (mails.iter().filter(|mail| mail.contains("multipart/encrypted")).count(), mails.len())
}

#[test]
fn what_the_policy_asks_to_be_encrypted_stays_so_in_reminders_and_overviews() {
    let Some(gpg) = Gpg::new("CERT Eikendam <cert@eikendam.example>") else { return };
    let mut installation = one_member();
    installation.configure(&format!("{BASE}[telling]\nweekly = \"tuesday 08:00\"\n"));
    installation.json(&["user", "add", "jan"]);
    let policy = "[[rule]]\nname = 'RDP'\nowner = 'desk'\nreason = 'asked by the members'\n\
                  when.kind = 'open-rdp'\nthen = 'at_once'\nencrypt = true\n";
    let file = installation.file("policy.toml", policy);
    take_in(&mut installation, "198.51.100.77");
    let tested = installation.json(&["policy", "test", &file]).to_string();
    assert!(tested.contains("at once, encrypted"), "{tested}");
    installation.json(&["--as", "jan", "policy", "set", &file, "--reason", "a test"]);
    assert!(installation.run(&["policy", "explain", "F0"]).ended(0).stdout.contains("at once, encrypted"));
    // Without a key it waits, although its marking asks for nothing.
    installation.json(&["tell"]);
    assert!(installation.mails().iter().all(|mail| !mail.contains("198.51.100.77")));
    assert_eq!(installation.fate("held"), 1);
    let key = installation.file("key.asc", gpg.run(&["--armor", "--export"], b""));
    let contact = installation.json(&["contact", "list"])["contacts"][0]["contact"].to_string();
    let fingerprint = gpg.fingerprint();
    let add = ["contact", "key", "add", &contact, &key, "--kind", "openpgp", "--fingerprint", &fingerprint];
    installation.run(&add).ended(0);
    installation.json(&["tell"]);
    assert_eq!(encrypted(&installation), (1, 2), "the letter that something waits, and the mail");
    // Another policy, that asks for nothing, changes nothing about what was told under this one.
    let file = installation.file("policy.toml", policy.replace("encrypt = true", ""));
    installation.json(&["--as", "jan", "policy", "set", &file, "--reason", "a test"]);
    let mark = ["exploited", "mark", "open-rdp", "--reason", "seen"];
    installation.at("2026-11-21T09:00:00Z");
    installation.json(&[&["--as", "jan"][..], &mark].concat());
    installation.json(&["tell"]);
    assert_eq!(encrypted(&installation), (2, 3), "the reminder");
    installation.at("2026-11-24T09:00:00Z");
    installation.json(&["overview", "send"]);
    installation.json(&["tell"]);
    assert_eq!(encrypted(&installation), (3, 4), "the overview");
    installation.assert_sound();
}

#[test]
fn a_key_that_cannot_be_used_is_as_good_as_none_and_it_is_said_why() {
    let user = "CERT Eikendam <cert@eikendam.example>";
    for (what, expected) in
        [("expired", "it has expired"), ("revoked", "it was revoked"), ("no subkey", "not made for this")]
    {
        let Some(gpg) = Gpg::new(user) else { return };
        let fingerprint = gpg.fingerprint();
        match what {
            "expired" => {
                gpg.run_at("20261120T080100!", &["--quick-set-expire", &fingerprint, "1d"], b"");
                gpg.run_at("20261120T080100!", &["--quick-set-expire", &fingerprint, "1d", "*"], b"");
            }
            "revoked" => {
                let path = gpg.0.path().join(format!("openpgp-revocs.d/{fingerprint}.rev"));
                // GnuPG puts a colon in front, so that nobody uses it by mistake.
                let revocation = fs::read_to_string(path).unwrap().replace(":-----BEGIN", "-----BEGIN");
                gpg.run(&["--import"], revocation.as_bytes());
            }
            _ => {
                gpg.run(&["--delete-secret-and-public-key", &fingerprint], b"");
                gpg.run(&["--quick-gen-key", user, "ed25519", "sign", "2y"], b"");
            }
        }
        let mut installation = one_member();
        installation.configure(&strict(""));
        let fingerprint = gpg.fingerprint();
        let key = installation.file("key.asc", gpg.run(&["--armor", "--export"], b""));
        installation.at("2026-11-20T08:30:00Z");
        let contact = installation.json(&["contact", "list"])["contacts"][0]["contact"].to_string();
        let add =
            ["contact", "key", "add", &contact, &key, "--kind", "openpgp", "--fingerprint", &fingerprint];
        installation.run(&add).ended(0);
        take_in(&mut installation, "198.51.100.77");
        installation.at("2026-11-25T09:00:00Z");
        installation.json(&["tell"]);
        let listed = installation.json(&["outbox"]).to_string();
        assert!(listed.contains("withheld") && listed.contains(expected), "{what}: {listed}");
        assert_eq!(installation.fate("held"), 1, "{what}");
        assert!(installation.mails().iter().all(|mail| !mail.contains("198.51.100.77")), "{what}");
    }
}

#[test]
fn what_is_withheld_for_a_mailbox_that_somebody_else_reads_does_not_wait_for_ever() {
    let mut installation = one_member();
    installation.configure(&strict(""));
    installation.json(&["user", "add", "jan"]);
    take_in(&mut installation, "198.51.100.77");
    installation.json(&["tell"]);
    assert_eq!(installation.fate("held"), 1);
    let mark = ["contact", "compromised", "cert@eikendam.example", "--reason", "phished"];
    installation.json(&[&["--as", "jan"][..], &mark].concat());
    installation.json(&["tell"]);
    assert_eq!((installation.fate("held"), installation.fate("no_contact")), (0, 1));
    assert!(installation.json(&["call", "list"]).to_string().contains("compromised_channel"));
    assert_eq!(installation.mails().len(), 1, "only the letter from before that something waits");
    installation.assert_sound();
}

#[test]
fn what_is_withheld_and_taken_back_never_leaves() {
    let mut installation = one_member();
    installation.configure(&strict(""));
    take_in(&mut installation, "198.51.100.77");
    installation.json(&["tell"]);
    let (id, _) = states(&installation).into_iter().find(|(_, state)| state == "withheld").unwrap();
    installation.json(&["report", "withdraw", "1", "--reason", "a mistake"]);
    assert_eq!((installation.fate("held"), installation.fate("withdrawn")), (0, 1));
    assert!(states(&installation).contains(&(id, "given_up".to_owned())), "{:?}", states(&installation));
    assert_eq!(count(&installation.json(&["due"])["open"]), 0, "nobody is reminded of it");
    installation.json(&["tell"]);
    assert_eq!(installation.mails().len(), 1, "only the letter from before that something waits");
    installation.assert_sound();
}

#[test]
fn the_desk_lets_a_withheld_message_go_with_a_reason() {
    let mut installation = one_member();
    installation.configure(&strict(""));
    installation.json(&["user", "add", "jan"]);
    take_in(&mut installation, "198.51.100.77");
    installation.json(&["tell"]);
    let (id, _) = states(&installation).into_iter().find(|(_, state)| state == "withheld").unwrap();
    let id = id.to_string();
    let release = ["--as", "jan", "outbox", "release", &id, "--reason", "agreed by telephone"];
    installation.run(&["outbox", "release", &id, "--reason", "x"]).ended(1);
    installation.run(&[&release[..], &["--dry-run"]].concat()).ended(0);
    assert_eq!(installation.fate("held"), 1);
    says(&installation.run(&release).ended(0), &["as an ordinary mail"]);
    installation.run(&release).ended(1).says(&["is not withheld"]);
    installation.json(&["outbox", "--send"]);
    assert!(
        installation.mails().iter().any(|mail| mail.contains("198.51.100.77") || mail.contains("bevinding"))
    );
    assert_eq!(installation.fate("notified"), 1);
    installation.assert_sound();
}

#[test]
fn a_domain_with_agreed_tls_gets_its_mails_without_a_key() {
    let mut installation = one_member();
    installation.configure(&strict("tls_domains = [\"Eikendam.example\"]\n"));
    take_in(&mut installation, "198.51.100.77");
    installation.json(&["tell"]);
    assert_eq!((installation.fate("notified"), installation.fate("held")), (1, 0));
}

#[test]
fn a_reader_checks_by_number_and_code_that_a_mail_is_ours() {
    let mut installation = one_member();
    installation.configure(&format!("{BASE}[http]\npublic_url = \"https://meldpunt.example/\"\n"));
    take_in(&mut installation, "198.51.100.1");
    installation.json(&["tell"]);
    let mail = installation.mails()[0].replace("=\r\n", "");
    let at = mail.find("https://meldpunt.example/verify").unwrap_or_else(|| panic!("{mail}"));
    let words: Vec<&str> = mail[at..].split([' ', ',', '.', '\r', '\n']).collect();
    let is_code = |word: &&&str| word.len() == 9 && word.as_bytes()[4] == b'-';
    let code: &str = words.iter().find(is_code).unwrap();
    says(&installation.run(&["outbox", "check", "1", code]).ended(0), &["Yes"]);
    for (number, code) in [("2", code), ("1", "AAAA-AAAA"), ("1", ""), ("x", code)] {
        says(&installation.run(&["outbox", "check", number, code]).ended(1), &["No"]);
    }
    let serving = Serving::start(&installation, BASE);
    let (status, page) = serving.get("/verify").unwrap();
    assert!(status == 200 && page.contains("<form method=\"post\""), "{page}");
    let yes = post(&serving, &format!("number=%231&code={}", code.to_lowercase()));
    assert!(yes.contains("200 OK") && yes.contains("<strong>Ja.</strong>") && yes.contains(DAY), "{yes}");
    // Yes and a day: not to whom, not what.
    assert!(!yes.contains("ikendam") && !yes.contains("TLP"), "{yes}");
    let no = post(&serving, "number=1&code=AAAA-AAAA");
    assert!(no.contains("<strong>Nee.</strong>"), "{no}");
    let unknown = post(&serving, &format!("number=99&code={code}"));
    assert_eq!(body(&no), body(&unknown));
    let too_often =
        (0..200).map(|_| post(&serving, "number=1&code=BBBB-BBBB")).find(|page| page.contains(" 429 "));
    assert!(too_often.is_some(), "whoever guesses is slowed down");
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

fn post(serving: &Serving, form: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", serving.port())).unwrap();
    write!(
        stream,
        "POST /verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn programs_of_a_member_get_what_they_may_beside_the_mail() {
    let tls = ServerTls::for_localhost();
    let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let kept = Arc::clone(&asked);
    let server = HttpsServer::start_asked("127.0.0.1:0", &tls, move |one| {
        kept.lock().unwrap().push(one.clone());
        answer("204 No Content", "", b"")
    })
    .unwrap();
    let mut installation = one_member();
    let ca = installation.file("ca.pem", &tls.certificate_pem);
    let drop = installation.path("drop");
    fs::create_dir(&drop).unwrap();
    let secret = installation.file("siem.secret", "a secret that both sides know");
    let config = |tlp: &str| {
        format!(
            "{BASE}[outgoing]\nallow = [\"127.0.0.0/8\"]\nca_file = \"{ca}\"\n\
             [[channels.webhook]]\nname = \"siem\"\norganisation = \"GM1\"\nurl = \"https://127.0.0.1:{}/in\"\ntlp_max = \"{tlp}\"\n\
             secret_file = \"{secret}\"\n\
             [[channels.drop]]\nname = \"folder\"\norganisation = \"GM1\"\nfolder = \"{}\"\ntlp_max = \"AMBER\"\n\
             [[channels.drop]]\nname = \"other\"\norganisation = \"GM2\"\nfolder = \"{}\"\ntlp_max = \"AMBER\"\n",
            server.address().port(),
            drop.display(),
            drop.display()
        )
    };
    // What is told is TLP:AMBER.
    installation.configure(&config("AMBER"));
    take_in(&mut installation, "198.51.100.1");
    let told = installation.json(&["tell"]);
    // There is no key to sign with yet: the event waits, and the mail does not.
    assert_eq!(count(&told["sent"]["accepted"]), 2, "{told}");
    let listed = installation.json(&["outbox"]).to_string();
    assert!(listed.contains("webhook:siem") && listed.contains("schakel key webhook"), "{listed}");
    let key = installation.json(&["key", "webhook"])["public_key"].as_str().unwrap().to_owned();
    installation.at(&format!("{DAY}T09:10:00Z"));
    installation.json(&["outbox", "--send"]);
    let posted = asked.lock().unwrap();
    assert_eq!(posted.len(), 1);
    let event: Value = serde_json::from_slice(&posted[0].body).unwrap();
    assert_eq!(
        (&event["type"], &event["subject"], &event["tlp"]),
        (&"schakel.notification.findings".into(), &"GM1".into(), &"AMBER".into())
    );
    assert!(event["data"]["attachments"][0]["text"].as_str().unwrap().contains("198.51.100.1"));
    as_the_manual_says(&installation, &posted[0], server.address().port(), &key);
    let files: Vec<_> = fs::read_dir(&drop).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    installation.assert_sound();
    // Never more than the setting says.
    let mut lower = one_member();
    lower.configure(&config("GREEN"));
    take_in(&mut lower, "198.51.100.1");
    lower.json(&["tell"]);
    assert!(!lower.json(&["outbox"]).to_string().contains("webhook:siem"));
    lower.configure(&config("RED"));
    says(&lower.run(&["doctor"]), &["TLP:RED is for named persons"]);
}

/// The Python of the manual believes what was posted, and not when a byte of it is another.
fn as_the_manual_says(installation: &Installation, posted: &Asked, port: u16, key: &str) {
    let has_python =
        Command::new("python3").args(["-c", "import cryptography"]).stderr(Stdio::null()).status();
    if !has_python.is_ok_and(|status| status.success()) {
        println!("skipped: there is no python3 with the package cryptography");
        return;
    }
    let manual = include_str!("../../../../docs/manual/delivery.md");
    let code = manual.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let check = "
import json, sys
told = json.load(open(sys.argv[1]))
headers, body = told['headers'], bytes(told['body'])
key, secret = told['key'].encode(), b'a secret that both sides know'
changed = body[:-2] + b' ' + body[-1:]
print(is_ours('POST', told['url'], headers, body, key), is_ours_by_secret(headers, body, secret))
print(is_ours('POST', told['url'], headers, changed, key), is_ours_by_secret(headers, changed, secret))
print(is_ours('POST', told['url'] + 'x', headers, body, key), is_ours_by_secret(headers, body, b'another'))
";
    let names = ["content-type", "content-digest", "signature-input", "signature", "x-schakel-signature"];
    let headers: serde_json::Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), posted.header(name).into())).collect();
    let url = format!("https://127.0.0.1:{port}{}", posted.path);
    let told = serde_json::json!({ "headers": headers, "body": posted.body, "key": key, "url": url });
    let program = installation.file("check.py", format!("{code}{check}"));
    let told = installation.file("posted.json", told.to_string());
    let output = Command::new("python3").args([&program, &told]).output().unwrap();
    let (said, trouble) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, "True True\nFalse False\nFalse False\n", "{trouble}");
}

#[test]
fn check_mail_says_what_stands_in_the_dns_and_what_is_to_be_published() {
    let installation = one_member();
    installation.configure(BASE);
    let made = installation.json(&["key", "dkim", "generate", "rsa1"]);
    let record = made["record"].as_str().unwrap();
    let (one, two) = record.split_at(200);
    let zone = format!(
        "@ TXT \"v=spf1 mx -all\"\n@ MX 10 mx.meldpunt.example.\nmx A 192.0.2.1\n_dmarc TXT \"v=DMARC1; p=none\"\n\
         _smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tls@meldpunt.example\"\nrsa1._domainkey TXT \"{one}\" \"{two}\"\n\
         _25._tcp.mx TLSA 3 1 1 {}\n",
        "ab".repeat(32)
    );
    let Some(knot) = Knot::start(&[("meldpunt.example", &zone)]) else { return };
    installation.configure(&format!(
        "{BASE}tls_domains = [\"meldpunt.example\"]\n[mail.dkim]\nselectors = [\"rsa1\"]\n[outgoing]\nresolvers = [\"{}\"]\ntimeout_seconds = 2\n",
        knot.address()
    ));
    let mut command = installation.command(&["check-mail"]);
    let run = crate::program::run(command.arg("--json")).ended(1);
    let said = run.json();
    let state = |about: &str| {
        let lines = said["records"].as_array().unwrap();
        let line =
            lines.iter().find(|line| line["about"] == about).unwrap_or_else(|| panic!("{about}: {said}"));
        line["state"].as_str().unwrap().to_owned()
    };
    for (about, expected) in [
        ("alignment", "right"),
        ("SPF", "right"),
        ("DKIM", "right"),
        ("DMARC", "wrong"),
        ("MTA-STS", "missing"),
        ("TLS-RPT", "right"),
        // It stands there, and nobody vouches for it.
        ("DANE", "wrong"),
        ("agreed TLS", "wrong"),
    ] {
        assert_eq!(state(about), expected, "{about}: {said}");
    }
    says(&installation.run(&["check-mail"]).ended(1), &["p=none", "DNSSEC"]);
}

/// A key and a certificate of its own for an address; `None` when OpenSSL is not installed.
fn certificate(installation: &Installation, name: &str, address: &str) -> Option<(String, String)> {
    let (key, certificate) =
        (installation.path(&format!("{name}.key")), installation.path(&format!("{name}.pem")));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            &format!("/CN={name}"),
        ])
        .args(["-addext", &format!("subjectAltName=email:{address}"), "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    let Ok(made) = made else {
        println!("skipped: openssl is not installed");
        return None;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some((key.to_str().unwrap().to_owned(), certificate.to_str().unwrap().to_owned()))
}

fn openssl(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[allow(clippy::disallowed_methods)] // Certificates go by the real clock.
fn openssl_verifies_and_opens_what_we_send() {
    let mut installation = one_member();
    let Some((key, own)) = certificate(&installation, "ours", "schakel@meldpunt.example") else { return };
    let Some((their_key, theirs)) = certificate(&installation, "theirs", "cert@eikendam.example") else {
        return;
    };
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(5);
    let day = (now - jiff::SignedDuration::from_hours(24)).to_string()[..10].to_owned();
    installation.at(&now.to_string());
    fs::create_dir_all(installation.data().join("keys/own")).unwrap();
    let pair = fs::read_to_string(&key).unwrap() + &fs::read_to_string(&own).unwrap();
    fs::write(installation.data().join("keys/own/ours.pem"), pair).unwrap();
    // Signed, for everybody to read.
    installation.configure(&format!("{BASE}sign = \"smime\"\n"));
    let file = installation.file(&rdp_name(&day), rdp(&day, &["198.51.100.1"]));
    installation.ingest(&file);
    installation.json(&["tell"]);
    let signed = installation.mails().remove(0);
    let verified = openssl(&["cms", "-verify", "-CAfile", &own, "-purpose", "any"], &signed);
    assert!(verified.contains("Eikendam") && verified.contains("Subject: "), "{verified}");
    // Signed and encrypted.
    installation.configure(&strict("sign = \"smime\"\n"));
    let said = openssl(&["x509", "-in", &theirs, "-noout", "-fingerprint", "-sha256"], "");
    let fingerprint = said.trim().split('=').nth(1).unwrap().to_owned();
    let contact = installation.json(&["contact", "list"])["contacts"][0]["contact"].to_string();
    let add = ["contact", "key", "add", &contact, &theirs, "--kind", "smime", "--fingerprint", &fingerprint];
    installation.run(&add).ended(0);
    let file = installation.file(&format!("{day}-scan_rdp-b-nederland.csv"), rdp(&day, &["198.51.100.77"]));
    installation.json(&["ingest", &file, "--type", "scan_rdp"]);
    installation.json(&["tell"]);
    let mails = installation.mails();
    let sealed =
        mails.iter().find(|mail| mail.contains("enveloped-data")).unwrap_or_else(|| panic!("{mails:?}"));
    assert!(!sealed.contains("bevinding"), "{sealed}");
    let opened = openssl(&["cms", "-decrypt", "-recip", &theirs, "-inkey", &their_key], sealed);
    let verified = openssl(&["cms", "-verify", "-CAfile", &own, "-purpose", "any"], &opened);
    assert!(verified.contains("bevinding"), "{verified}");
}
