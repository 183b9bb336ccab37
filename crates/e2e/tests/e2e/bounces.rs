//! Mail that comes back, and mailboxes that somebody else reads.

use schakel_testkit::{
    ports::free_port,
    postfix::{Postfix, Protocol},
    swaks::swaks,
};

use crate::{
    answers,
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
    serve::{Serving, put},
    telling,
};

/// A delivery report about a mail of ours. `head`: fields of the mail that it returns.
fn report(to: &str, status: &str, head: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.else.example\r\nTo: {to}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.else.example\r\n\r\n\
         Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 {status} no\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\n{head}\r\n--b--\r\n"
    )
}

/// The head of a mail of ours, as a server returns it.
fn head(mail: &str) -> String {
    let end = mail.find("\r\n\r\n").or_else(|| mail.find("\n\n")).unwrap();
    mail[..end].to_owned()
}

fn mail_to(installation: &Installation, address: &str) -> Option<String> {
    installation.mails().into_iter().find(|mail| head(mail).contains(address))
}

fn send(installation: &Installation, server: &str, mail: &str) -> Option<()> {
    let file = format!("@{}", installation.file("back.eml", mail));
    let said =
        swaks(&["--server", server], &["--from", "<>", "--to", "back@schakel.example", "--data", &file])?;
    assert_eq!(said.status, 0, "{}", said.conversation);
    Some(())
}

#[test]
fn a_mail_that_comes_back_goes_to_the_next_contact_and_then_on_the_calling_list() {
    let installation = Installation::new();
    installation.json(&["user", "add", "jan"]);
    let port = free_port().unwrap();
    let server = format!("127.0.0.1:{port}");
    let serving = Serving::start(
        &installation,
        &format!(
            "[mail]\nreplies = \"tokens\"\n[doors.smtp]\nlisten = [\"{server}\"]\nrecipients = [\"@schakel.example\"]\n"
        ),
    );
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.7"]));
    serving.wait("the mails", || mail_to(&installation, "cert@eikendam.example").is_some());
    serving.wait("its fate", || installation.fate("notified") > 0);
    let told = installation.fate("notified");
    let mail = mail_to(&installation, "cert@eikendam.example").unwrap();
    let message_id = head(&mail).lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
    let health = || installation.json(&["contact", "health"])["addresses"].as_array().unwrap().clone();

    // Somebody knows the number and the address, and makes one up: nothing changes.
    if send(&installation, &server, &report("cert@eikendam.example", "5.1.1", &message_id)).is_none() {
        return;
    }
    let arrivals = |count: usize| {
        serving.wait("it to be dealt with", || {
            installation.json(&["arrivals"])["arrivals"].as_array().unwrap().len() == count
        });
    };
    arrivals(1);
    assert!(health().is_empty());

    // A storm of the real one.
    for _ in 0..5 {
        send(&installation, &server, &report("cert@eikendam.example", "5.1.1", &head(&mail)));
    }
    serving.wait("the next contact", || mail_to(&installation, "vcib@eikendam.example").is_some());
    arrivals(6);
    let ill = health();
    assert_eq!(ill.len(), 1, "{ill:?}");
    assert_eq!(
        (&ill[0]["address"], count(&ill[0]["failures"]), &ill[0]["usable"]),
        (&"cert@eikendam.example".into(), 1, &false.into())
    );
    serving.wait("it to be told again", || installation.fate("notified") == told);
    let to_vcib =
        installation.mails().iter().filter(|mail| head(mail).contains("vcib@eikendam.example")).count();
    assert_eq!(to_vcib, 1);

    // And that one comes back as well: nobody is left to write to.
    let mail = mail_to(&installation, "vcib@eikendam.example").unwrap();
    send(&installation, &server, &report("vcib@eikendam.example", "5.1.1", &head(&mail)));
    serving.wait("it to be undeliverable", || installation.fate("undeliverable") == 1);

    installation
        .run(&["--as", "jan", "contact", "trust-again", "cert@eikendam.example", "--reason", "called"])
        .ended(0);
    assert_eq!(health().len(), 1);
    put(&installation, &rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.8"]));
    serving.wait("mail to it again", || {
        installation.mails().iter().filter(|mail| head(mail).contains("cert@eikendam.example")).count() == 2
    });
    serving.stop();
    installation.assert_sound();
}

/// A complaint (ARF, RFC 5965) about a mail of ours, with the head of that mail.
fn complaint(head: &str) -> String {
    format!(
        "From: abuse@provider.example\r\nTo: back@schakel.example\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
         --b\r\n\r\nOne of our readers calls this spam.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n\
         Feedback-Type: abuse\r\nUser-Agent: provider/1\r\nVersion: 1\r\n\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{head}\r\n\r\ntext\r\n--b--\r\n"
    )
}

#[test]
fn a_complaint_marks_the_mailbox_and_mail_still_goes_there() {
    let installation = Installation::new();
    let port = free_port().unwrap();
    let server = format!("127.0.0.1:{port}");
    let serving = Serving::start(
        &installation,
        &format!(
            "[mail]\nreplies = \"tokens\"\n[doors.smtp]\nlisten = [\"{server}\"]\nrecipients = [\"@schakel.example\"]\n"
        ),
    );
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    serving.wait("the mail", || mail_to(&installation, "vcib@lindeveen.example").is_some());
    let mail = mail_to(&installation, "vcib@lindeveen.example").unwrap();
    // Whoever knows the number of a mail can write this; whoever had the mail knows where it is answered.
    let known =
        head(&mail).lines().filter(|line| !line.starts_with("Reply-To")).collect::<Vec<_>>().join("\r\n");
    let known = known.replace(&answers::field(&mail, "Reply-To"), "");
    if send(&installation, &server, &complaint(&known)).is_none() {
        return;
    }
    let arrivals = |count: usize| {
        serving.wait("it to be dealt with", || {
            installation.json(&["arrivals"])["arrivals"].as_array().unwrap().len() == count
        });
    };
    arrivals(1);
    let health = || installation.json(&["contact", "health"])["addresses"].as_array().unwrap().clone();
    assert_eq!(health(), [] as [serde_json::Value; 0], "nothing proves it");
    send(&installation, &server, &complaint(&head(&mail)));
    arrivals(2);
    serving.wait("the mark", || health().len() == 1);
    let marked = &health()[0];
    assert_eq!((&marked["address"], &marked["usable"]), (&"vcib@lindeveen.example".into(), &true.into()));
    assert!(marked["complained_at"].is_string(), "{marked}");
    assert_eq!(installation.fate("notified"), 1, "it was told all the same");
    put(&installation, &rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.201"]));
    serving.wait("mail to it again", || installation.mails().len() == 2);
    serving.stop();
    installation.assert_sound();
}

#[test]
fn a_real_mail_server_says_by_the_return_path_whom_it_could_not_reach() {
    let door = free_port().unwrap();
    let Some(postfix) = Postfix::start_handing_to(Protocol::Smtp, door) else { return };
    let installation = Installation::new();
    let smtp = telling::smtp_config(postfix.port());
    let settings = "return_path_host = \"bounces.cert.example\"\n";
    // Postfix hands everything to our own door, which takes what is for the return paths and refuses the rest: nobody here has that address.
    let serving = Serving::start_with_telling(
        &installation,
        &format!(
            "{}[intake]\nsettle_ms = 0\n[doors.smtp]\nlisten = [\"127.0.0.1:{door}\"]\nrecipients = [\"@bounces.cert.example\"]\n\
             [telling]\nwait_seconds = 1\nweekly = \"off\"\n[contacts]\nremind = false\n",
            smtp.replacen("[mail]\n", &format!("[mail]\n{settings}"), 1)
        ),
    );
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    serving.wait("the delivery report", || installation.fate("undeliverable") == 1);
    let health = installation.json(&["contact", "health"])["addresses"].as_array().unwrap().clone();
    assert_eq!(health.len(), 1, "{health:?}");
    assert_eq!(
        (&health[0]["address"], &health[0]["usable"]),
        (&"vcib@lindeveen.example".into(), &false.into())
    );
    assert!(health[0]["failure"].as_str().unwrap().contains("5.1.1"), "{health:?}");
    serving.stop();
    installation.assert_sound();
}

#[test]
fn the_doctor_says_when_no_mail_that_comes_back_is_believed() {
    let installation = Installation::new();
    let smtp = "[mail]\nchannel = \"smtp\"\nfrom = \"Schakel <schakel@cert.example>\"\n";
    for (more, is_said) in [
        ("", true),
        ("replies = \"tokens\"\n", false),
        ("return_path_host = \"bounces.cert.example\"\n", false),
    ] {
        installation.configure(&format!("{smtp}{more}"));
        let said = installation.run(&["doctor"]).stdout;
        assert_eq!(said.contains("comes back is not believed"), is_said, "{more}: {said}");
    }
}

/// A leaked account in our own format.
fn leaked(account: &str) -> String {
    let domain = account.split('@').nth(1).unwrap();
    format!(
        "{{\"time.source\":\"2026-11-20T03:00:00Z\",\"classification.type\":\"data-leak\",\"classification.taxonomy\":\"information-content-security\",\
         \"source.account\":\"{account}\",\"source.fqdn\":\"{domain}\",\"feed.name\":\"leaks\"}}\n"
    )
}

#[test]
fn a_stolen_mailbox_is_not_written_to() {
    let register = Register::small()
        .asset("GM1,domain,eikendam.example,owner")
        .asset("GM2,domain,lindeveen.example,owner");
    let installation = Installation::empty();
    installation.import(&register);
    installation.json(&["user", "add", "jan"]);
    installation.configure("");
    // Something waits for both.
    installation.ingest(
        &installation.file(&rdp_name("2026-11-19"), rdp("2026-11-19", &["198.51.100.7", "198.51.100.200"])),
    );
    installation.run(&["tell", "--no-send"]).ended(0);

    let leaks =
        leaked("cert@eikendam.example") + &leaked("vcib@lindeveen.example") + &leaked("jan@eikendam.example");
    installation.ingest(&installation.file("leaks.jsonl", leaks));
    installation.run(&["tell"]).ended(0);
    let recipients: Vec<String> = installation.mails().iter().map(|mail| head(mail)).collect();
    let written = |address: &str| recipients.iter().filter(|head| head.contains(address)).count();
    assert_eq!(
        (written("cert@eikendam.example"), written("vcib@lindeveen.example")),
        (0, 0),
        "{recipients:#?}"
    );
    assert_eq!(written("vcib@eikendam.example"), 2, "both go to the other contact: {recipients:#?}");
    // Lindeveen has nobody else: it is called.
    assert!(installation.fate("no_contact") >= 1);
    let calls = installation.json(&["call", "list"]).to_string();
    assert!(
        calls.contains("GM2") && calls.contains("compromised_channel") && !calls.contains("GM1"),
        "{calls}"
    );
    let health = installation.json(&["contact", "health"]);
    assert!(
        health["addresses"].as_array().unwrap().iter().all(|one| one["compromised_by"].is_string()),
        "{health}"
    );
    installation.assert_sound();
}

#[test]
fn the_desk_says_that_a_mailbox_is_compromised_and_good_again() {
    let installation = Installation::new();
    installation.json(&["user", "add", "jan"]);
    installation.configure("");
    installation.ingest(&installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.7"])));
    installation.run(&["tell", "--no-send"]).ended(0);
    let mark = ["--as", "jan", "contact", "compromised", "CERT@eikendam.example", "--reason", "phished"];
    assert_eq!(installation.json(&[&mark[..], &["--dry-run"]].concat())["dry_run"], true);
    let marked = installation.json(&mark);
    assert_eq!(count(&marked["notifications_told_anew"]), 1, "{marked}");
    installation.run(&["tell"]).ended(0);
    let to = |address: &str| installation.mails().iter().filter(|mail| head(mail).contains(address)).count();
    assert_eq!((to("cert@eikendam.example"), to("vcib@eikendam.example")), (0, 1));
    let trust = ["--as", "jan", "contact", "trust-again", "cert@eikendam.example", "--reason", "reset"];
    installation.run(&trust).ended(0);
    installation.run(&trust).ended(1);
    installation.run(&["--as", "jan", "contact", "compromised", "no address", "--reason", "x"]).ended(1);
    installation.assert_sound();
}
