//! Mail in, over real protocols: from a mail server's side and from a mailbox.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Instant,
};

use schakel_testkit::{dovecot::Dovecot, ports::free_port, swaks::swaks};

use crate::{
    fixtures::{rdp, rdp_name},
    installation::{Installation, count},
    serve::{Serving, put},
};

const XARF: &str = r#"{"xarf_version":"4.0.0","report_id":"0b0a3a4e-9d8a-4d62-8b4f-2f3d2a1c9e11","timestamp":"2026-11-20T03:00:00Z",
"reporter":{"org":"Feed","contact":"abuse@feed.example","domain":"feed.example"},
"sender":{"org":"Feed","contact":"abuse@feed.example","domain":"feed.example"},
"source_identifier":"198.51.100.200","category":"vulnerability","type":"open_service","evidence_source":"automated_scan",
"service":"rdp","service_port":3389}"#;

/// An installation with a desk user, and a service that takes mail on a free port.
fn desk(more: &str) -> (Installation, Serving, String) {
    let installation = Installation::new();
    installation.json(&["user", "add", "jan"]);
    let port = free_port().unwrap();
    let server = format!("127.0.0.1:{port}");
    let config = format!(
        "[doors.mail]\ntrusted = [\"mx.schakel.example\"]\n[doors.smtp]\nlisten = [\"{server}\"]\nrecipients = [\"reports@schakel.example\"]\n{more}"
    );
    let serving = Serving::start(&installation, &config);
    (installation, serving, server)
}

fn send(server: &str, from: &str, more: &[&str]) -> Option<()> {
    let mut arguments = vec!["--from", from, "--to", "reports@schakel.example"];
    arguments.extend(more);
    let said = swaks(&["--server", server], &arguments)?;
    assert_eq!(said.status, 0, "{}", said.conversation);
    assert!(said.conversation.contains("received as R"), "{}", said.conversation);
    Some(())
}

fn proven(domain: &str) -> String {
    format!("Authentication-Results: mx.schakel.example; dmarc=pass header.from={domain}")
}

fn held(installation: &Installation) -> usize {
    installation.json(&["vetting", "list"])["held"].as_array().unwrap().len()
}

#[test]
fn a_trusted_feed_is_taken_in_and_a_stranger_waits_and_gets_a_number() {
    let (installation, serving, server) = desk("");
    installation.json(&[
        "source",
        "add",
        "feed",
        "--trust",
        "automatic",
        "--kind",
        "feed",
        "--add-sender",
        "feed.example",
    ]);
    let file = installation.file("report.json", XARF);
    let proof = proven("feed.example");
    let attachment = format!("@{file}");
    let begun = Instant::now();
    let sent = send(
        &server,
        "abuse@feed.example",
        &["--header", &proof, "--attach-type", "application/json", "--attach", &attachment],
    );
    if sent.is_none() {
        return;
    }
    serving.wait("the event", || count(&installation.ledger()["events"]) == 1);
    println!("from mail to event: {} ms", begun.elapsed().as_millis());
    serving.wait("the mail to the owner", || installation.mails().len() == 1);

    // Nothing proves that this is the feed: it waits, and nobody is written to.
    send(
        &server,
        "abuse@feed.example",
        &["--attach-type", "application/json", "--attach", &attachment, "--header", "Subject: again"],
    );
    serving.wait("it to wait", || held(&installation) == 1);
    // Somebody who is certain, and unknown: a number at once, and the decision later.
    let proof = proven("melder.nl");
    send(
        &server,
        "els@melder.nl",
        &[
            "--header",
            &proof,
            "--header",
            "Subject: RDP open",
            "--body",
            "RDP is open on 198.51.100.201 since 2026-11-20 02:55 UTC",
        ],
    );
    serving.wait("it to wait", || held(&installation) == 2);
    serving.wait("the receipt", || installation.mails().len() == 2);
    let receipt = installation.mails().into_iter().find(|mail| mail.contains("els@melder.nl")).unwrap();
    assert!(receipt.contains("R3"), "{receipt}");

    installation.run(&["--as", "jan", "vetting", "accept", "R3"]).ended(0);
    serving.wait("the decision", || {
        installation.mails().iter().filter(|mail| mail.contains("els@melder.nl")).count() == 2
    });
    let told: Vec<String> =
        installation.mails().into_iter().filter(|mail| mail.contains("els@melder.nl")).collect();
    assert!(
        told.iter().all(|mail| !mail.contains("lindeveen") && !mail.contains("198.51.100")),
        "who was told is not said"
    );
    serving.stop();
    installation.assert_sound();
}

#[test]
fn what_is_no_report_is_put_aside() {
    let (installation, serving, server) = desk("");
    let proof = proven("melder.nl");
    let away = send(
        &server,
        "els@melder.nl",
        &[
            "--header",
            &proof,
            "--header",
            "Auto-Submitted: auto-replied",
            "--header",
            "Subject: Afwezig",
            "--body",
            "Ik ben er niet. 198.51.100.200",
        ],
    );
    if away.is_none() {
        return;
    }
    send(
        &server,
        "schakel@localhost.localdomain",
        &["--header", "Subject: from ourselves", "--body", "198.51.100.200 2026-11-20 02:55 UTC"],
    );
    serving.wait("both to be dealt with", || {
        installation.json(&["arrivals"])["arrivals"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["state"] == "no_report")
            .count()
            == 2
    });
    assert_eq!(
        (held(&installation), installation.mails().len(), count(&installation.ledger()["rows"])),
        (0, 0, 0)
    );
    let refused =
        swaks(&["--server", &server], &["--from", "a@b.example", "--to", "somebody@schakel.example"])
            .unwrap();
    assert_ne!(refused.status, 0, "an address that is not ours is refused");
    serving.stop();
    installation.assert_sound();
}

#[test]
fn a_mailbox_is_fetched() {
    let Some(dovecot) = Dovecot::start("") else { return };
    dovecot.deliver(MAIL).unwrap();
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), schakel_testkit::dovecot::PASSWORD).unwrap();
    let more = format!(
        "[doors.imap]\nhost = \"127.0.0.1\"\nport = {}\nencryption = \"none\"\nusername = \"{}\"\npassword_file = \"{}\"\n",
        dovecot.port_plain(),
        schakel_testkit::dovecot::USER,
        secret.path().display()
    );
    let (installation, serving, _) = desk(&more);
    serving.wait("the mail", || held(&installation) == 1);
    dovecot.deliver(&[MAIL, b"Again.\r\n"].concat()).unwrap();
    serving.wait("the next one", || held(&installation) == 2);
    let arrivals = installation.json(&["arrivals"]);
    assert_eq!(arrivals["arrivals"][0]["door"], "imap", "{arrivals}");
    serving.wait("both to be put away", || dovecot.mails("Schakel-done").is_ok_and(|mails| mails.len() == 2));
    serving.stop();
    installation.assert_sound();
}

const MAIL: &[u8] =
    b"From: melder@example.org\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\nSubject: scan\r\n\r\n\
    We saw a port scan from 198.51.100.200 at 2026-11-20 02:55 UTC.\r\n";

#[test]
fn an_answer_is_heard_and_one_with_a_report_is_a_report_as_well() {
    let (installation, serving, server) = desk("");
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    serving.wait("a notification", || installation.mails().len() == 1);
    let ours = installation.mails().remove(0);
    let id = ours.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().trim();
    let (proof, reply) = (proven("lindeveen.example"), format!("In-Reply-To: {id}"));
    let answer = ["--header", &proof, "--header", &reply, "--header", "Subject: Re: bevindingen"];
    let body = ["--body", "Opgelost, zie 198.51.100.200."];
    if send(&server, "vcib@lindeveen.example", &[&answer[..], &body].concat()).is_none() {
        return;
    }
    let heard = || installation.json(&["answer", "list", "--all"])["answers"].as_array().unwrap().len();
    serving.wait("it to be heard", || heard() == 1);
    assert_eq!(held(&installation), 0);
    let file = installation.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.201"]));
    let attached = ["--attach-type", "text/csv", "--attach-name", "2026-11-21-scan_rdp-x.csv", "--attach"];
    let attachment = format!("@{file}");
    send(&server, "vcib@lindeveen.example", &[&answer[..], &attached, &[attachment.as_str()]].concat());
    serving.wait("the report to wait", || held(&installation) == 1);
    assert_eq!(heard(), 2, "what it says is heard all the same");
    let preview = installation.json(&["vetting", "show", "R2"]);
    assert_eq!(count(&preview["preview"]["events"]), 1, "{preview}");
    serving.stop();
    installation.assert_sound();
}

#[test]
fn nothing_of_a_subject_becomes_a_field_of_ours() {
    let (installation, serving, server) = desk("");
    let proof = proven("melder.nl");
    // `open\r\nBcc: all@example.org`, as a mail program would hide it.
    let subject = "Subject: =?utf-8?B?b3Blbg0KQmNjOiBhbGxAZXhhbXBsZS5vcmc=?=";
    let body = "RDP is open on 198.51.100.201 since 2026-11-20 02:55 UTC";
    if send(&server, "els@melder.nl", &["--header", &proof, "--header", subject, "--body", body]).is_none() {
        return;
    }
    serving.wait("the receipt", || installation.mails().len() == 1);
    let receipt = installation.mails().remove(0);
    assert!(!receipt.lines().any(|line| line.starts_with("Bcc")), "{receipt}");
    serving.stop();
    installation.assert_sound();
}

/// Encrypts a part of a mail with GnuPG to the keys in a file, as PGP/MIME. `None`: there is no GnuPG here.
fn encrypted(public_keys: &str, part: &str) -> Option<Vec<u8>> {
    let home = tempfile::tempdir().unwrap();
    let gpg = |arguments: &[&str], input: &str| {
        let mut child = Command::new("gpg")
            .args([
                "--batch",
                "--quiet",
                "--homedir",
                home.path().to_str().unwrap(),
                "--trust-model",
                "always",
            ])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "gpg {arguments:?}");
        Some(String::from_utf8(output.stdout).unwrap())
    };
    gpg(&["--import"], public_keys).or_else(|| {
        println!("skipped: no gpg here (Debian: apt-get install gnupg)");
        None
    })?;
    let sealed = gpg(
        &["--armor", "--encrypt", "--default-recipient-self", "--recipient", "reports@schakel.example"],
        part,
    )?;
    Some(
        format!(
            "From: Feed <abuse@feed.example>\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\nSubject: ...\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"b\"\r\n\r\n--b\r\n\
             Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n\
             {}\r\n--b--\r\n",
            sealed.replace('\n', "\r\n")
        )
        .into_bytes(),
    )
}

#[test]
fn an_encrypted_report_is_opened_with_our_key_and_kept_as_it_came() {
    let installation = Installation::new();
    let made = installation.json(&["key", "generate", "Meldpunt <reports@schakel.example>"]);
    let part = format!(
        "Content-Type: application/json; name=\"report.json\"\r\nContent-Disposition: attachment; filename=\"report.json\"\r\n\r\n{XARF}\r\n"
    );
    let Some(mail) = encrypted(made["public_key"].as_str().unwrap(), &part) else { return };
    let file = installation.file("sealed.eml", &mail);
    let taken = installation.ingest(&file);
    assert_eq!((count(&taken["events"]), count(&taken["rejected"])), (1, 0), "{taken}");
    let raw = installation.command(&["reports", "--raw", "1"]).output().unwrap();
    assert_eq!(raw.stdout, mail, "kept as it came");
    installation.assert_sound();

    // Without the key it stays closed, and a person sees it.
    std::fs::remove_dir_all(installation.data().join("keys")).unwrap();
    installation.json(&["user", "add", "jan"]);
    let serving = Serving::start(&installation, "");
    let other = encrypted(made["public_key"].as_str().unwrap(), &part.replace("3389", "3390")).unwrap();
    put(&installation, "other.eml", &other);
    serving.wait("it to be dealt with", || {
        count(&installation.ledger()["rejected"]) == 1 || held(&installation) == 1
    });
    serving.stop();
    installation.assert_sound();
}

#[test]
fn keys_are_listed_with_what_is_wrong_with_them() {
    let installation = Installation::new();
    installation.run(&["key", "list"]).ended(0);
    installation.run(&["key", "generate", "nobody"]).ended(1).says(&["a name and a mail address"]);
    let made = installation.json(&["key", "generate", "Meldpunt <reports@schakel.example>", "--years", "1"]);
    let public = installation.file("public.asc", made["public_key"].as_str().unwrap());
    installation.json(&["key", "believe", &public]);
    let broken = installation.file("broken.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxxxx\n");
    installation.run(&["key", "believe", &broken]).ended(1);
    std::fs::copy(&broken, installation.data().join("keys/others/broken.asc")).unwrap();
    let keys = installation.json(&["key", "list"]);
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(keys.iter().any(|key| key["own"] == true && key["state"] == "good"), "{keys:?}");
    assert!(keys.iter().any(|key| key["error"].is_string()), "{keys:?}");
}
