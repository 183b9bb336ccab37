//! Reports that the service fetches: from a web address, and from Shadowserver's API.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use schakel_testkit::{
    fake_shadowserver::{FakeShadowserver, Report},
    https_server::{HttpsServer, answer},
    server_tls::ServerTls,
};

use crate::{
    fixtures::{rdp, rdp_name},
    installation::{Installation, count},
    serve::Serving,
};

const RULE: &str = "[outgoing]\nallow = [\"127.0.0.0/8\"]\n";

/// A service that may reach loopback, and trusts this server.
fn installation(tls: &ServerTls) -> (Installation, String) {
    let installation = Installation::new();
    installation.json(&["source", "add", "feed", "--trust", "automatic"]);
    let certificate = installation.file("ca.pem", &tls.certificate_pem);
    (installation, format!("{RULE}ca_file = \"{certificate}\"\n"))
}

fn rows(installation: &Installation) -> u64 {
    count(&installation.ledger()["rows"])
}

#[test]
fn a_web_address_is_polled_and_what_has_not_changed_is_not_fetched_again() {
    let tls = ServerTls::for_localhost();
    let (full, unchanged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (fulls, unchangeds) = (Arc::clone(&full), Arc::clone(&unchanged));
    let report = rdp("2026-11-20", &["198.51.100.200"]);
    let server = HttpsServer::start_asked("127.0.0.1:0", &tls, move |asked| {
        if asked.header("x-key") != "sesame" {
            return answer("403 Forbidden", "", b"");
        }
        if asked.header("if-none-match") == "\"v1\"" {
            unchangeds.fetch_add(1, Relaxed);
            return answer("304 Not Modified", "", b"");
        }
        fulls.fetch_add(1, Relaxed);
        answer("200 OK", "ETag: \"v1\"\r\n", report.as_bytes())
    })
    .unwrap();
    let (installation, rule) = installation(&tls);
    // PATH stands in every environment: an expected value that is not there is refused at the start.
    let poll = |header: &str| {
        format!(
            "{rule}[[doors.poll]]\nname = \"{}\"\nurl = \"https://{}/list\"\nsource = \"feed\"\nevery_seconds = 60\n{header}",
            rdp_name("2026-11-20"),
            server.address()
        )
    };
    installation.configure(&poll("header = \"X-Key\"\nheader_env = \"SCHAKEL_TEST_NOT_SET\"\n"));
    installation.run(&["serve"]).ended(1).says(&["SCHAKEL_TEST_NOT_SET"]);
    let with_key = poll("header = \"X-Key\"\nheader_env = \"SCHAKEL_TEST_KEY\"\n");
    let serving = Serving::start_with(&installation, &with_key, &[("SCHAKEL_TEST_KEY", "sesame")]);
    serving.wait("the report", || rows(&installation) == 1);
    serving.wait("the mail", || installation.mails().len() == 1);
    let (_, metrics) = serving.get("/metrics").unwrap();
    let name = rdp_name("2026-11-20");
    assert!(metrics.contains(&format!("schakel_poll_failures_total{{poll=\"{name}\"}} 0")), "{metrics}");
    assert!(
        !metrics.contains(&format!("last_success_timestamp_seconds{{poll=\"{name}\"}} 0\n")),
        "{metrics}"
    );
    let log = serving.stop();
    assert!(!log.contains("sesame"), "{log}");
    assert_eq!((full.load(Relaxed), unchanged.load(Relaxed)), (1, 0));

    // It goes on where it was: its minute is not over; later, only what has changed is fetched.
    let checkpoint = installation.data().join("spool/polls").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&checkpoint).unwrap();
    let at = text.split_once("\"succeeded_at\":").unwrap().1.trim_end_matches('}').to_owned();
    std::fs::write(&checkpoint, text.replace(&at, "1")).unwrap();
    let serving = Serving::start_with(&installation, &with_key, &[("SCHAKEL_TEST_KEY", "sesame")]);
    serving.wait("the question", || unchanged.load(Relaxed) == 1);
    serving.stop();
    assert_eq!(full.load(Relaxed), 1);

    // A server that refuses is said, counted, and asked again later.
    std::fs::remove_file(&checkpoint).unwrap();
    let serving = Serving::start_with(&installation, &with_key, &[("SCHAKEL_TEST_KEY", "wrong")]);
    serving.wait("the failure", || serving.log().contains("answers 403"));
    assert!(serving.get("/metrics").unwrap().1.contains(&format!("failures_total{{poll=\"{name}\"}} 1")));
    serving.stop();
    installation.assert_sound();
}

#[test]
fn shadowservers_reports_are_fetched_once_each_also_after_a_restart() {
    let tls = ServerTls::for_localhost();
    let server = FakeShadowserver::start(&tls, "our-key", "our-secret").unwrap();
    let report = |date, address| Report { date, type_name: "scan_rdp", csv: rdp(date, &[address]) };
    server.add(report("2026-11-19", "198.51.100.200"));
    server.add(report("2026-11-20", "198.51.100.201"));
    let (installation, rule) = installation(&tls);
    let secret = installation.file("secret", "our-secret\n");
    let config = format!(
        "{rule}[doors.shadowserver]\nsource = \"feed\"\nkey = \"our-key\"\nsecret_file = \"{secret}\"\nreports = [\"example\"]\nurl = \"https://{0}/api2/\"\nfiles_url = \"https://{0}/files/\"\n",
        server.address()
    );
    let serving = Serving::start(&installation, &config);
    serving.wait("both", || rows(&installation) == 2);
    let log = serving.stop();
    assert!(!log.contains("our-secret") && !log.contains("ID-2026"), "{log}");
    let asked = server.asked();
    assert!(
        asked[0].starts_with("/api2/reports/list ") && asked[0].contains("\"reports\":[\"example\"]"),
        "{asked:?}"
    );
    assert_eq!(asked.iter().filter(|one| one.starts_with("/files/")).count(), 2);

    // A late one.
    server.add(report("2026-11-18", "198.51.100.202"));
    let checkpoint = installation.data().join("spool/polls/shadowserver.json");
    let text = std::fs::read_to_string(&checkpoint).unwrap();
    let (before, _) = text.split_once("\"succeeded_at\":").unwrap();
    std::fs::write(&checkpoint, format!("{before}\"succeeded_at\":1}}")).unwrap();
    let serving = Serving::start(&installation, &config);
    serving.wait("the late one", || rows(&installation) == 3);
    serving.stop();
    assert_eq!(server.asked().iter().filter(|one| one.starts_with("/files/")).count(), 3, "each once");

    // A secret that is not right is said.
    std::fs::remove_file(&checkpoint).unwrap();
    std::fs::write(&secret, "wrong").unwrap();
    let serving = Serving::start(&installation, &config);
    serving.wait("the failure", || serving.log().contains("invalid apikey or HMAC"));
    serving.stop();
    installation.assert_sound();
}
