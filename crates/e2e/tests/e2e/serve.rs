//! `schakel serve`: files in, mails out, health and metrics, and a clean end.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use schakel_testkit::ports::free_port;

use crate::{
    fixtures::{RDP_HEADER, Register, rdp, rdp_name, rdp_row},
    installation::{Installation, count},
    program::terminate,
};

/// A machine under load needs this long at worst; none of the waits below is the time itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that runs; killed when dropped.
pub struct Serving {
    child: Child,
    log: Arc<Mutex<String>>,
    port: u16,
}

impl Serving {
    /// Configures it to act at once, starts it, and waits until it is ready.
    pub fn start(installation: &Installation, config: &str) -> Self {
        Self::start_with(installation, config, &[])
    }

    /// As [`Self::start`], with these variables in its environment.
    pub fn start_with(installation: &Installation, config: &str, variables: &[(&str, &str)]) -> Self {
        let port = free_port().unwrap();
        installation.configure(&format!(
            "{config}\n[intake]\nsettle_ms = 0\n[telling]\nwait_seconds = 1\nweekly = \"off\"\n[contacts]\nremind = false\n[http]\nlisten = \"127.0.0.1:{port}\"\n"
        ));
        let serving = Self::start_as_configured(installation, port, variables);
        serving.wait("it to be ready", || serving.get("/readyz").is_some_and(|(status, _)| status == 200));
        serving
    }

    /// Starts it with this configuration, which has a `[telling]` of its own.
    pub fn start_with_telling(installation: &Installation, config: &str) -> Self {
        let port = free_port().unwrap();
        installation.configure(&format!("{config}\n[http]\nlisten = \"127.0.0.1:{port}\"\n"));
        let serving = Self::start_as_configured(installation, port, &[]);
        serving.wait("it to be ready", || serving.get("/readyz").is_some_and(|(status, _)| status == 200));
        serving
    }

    fn start_as_configured(installation: &Installation, port: u16, variables: &[(&str, &str)]) -> Self {
        let mut child = installation
            .command_by_a_running_clock(&["serve"])
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (errors, kept) = (child.stderr.take().unwrap(), Arc::clone(&log));
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                *kept.lock().unwrap() += &(line + "\n");
            }
        });
        Self { child, log, port }
    }

    /// The port it answers on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until something holds.
    #[track_caller]
    pub fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let started = Instant::now();
        while !holds() {
            assert!(started.elapsed() < PATIENCE, "waited too long for {what}; the log: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Status and answer, when it answers.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some((answer.split(' ').nth(1)?.parse().ok()?, answer))
    }

    fn metric(&self, name: &str) -> u64 {
        let (_, answer) = self.get("/metrics").expect("metrics are served");
        let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is missing in {answer}")).parse().unwrap()
    }

    /// Asks it to stop; it must end well.
    #[track_caller]
    pub fn stop(mut self) -> String {
        terminate(self.child.id());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.log());
        self.log()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts a file into `incoming/` as the manual says: written elsewhere on the same disk, then moved.
pub fn put(installation: &Installation, name: &str, content: impl AsRef<[u8]>) {
    let from = installation.file(name, content);
    fs::rename(from, installation.data().join("incoming").join(name)).unwrap();
}

fn lying_in(installation: &Installation, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(installation.data().join(folder)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_comes_in_is_told_and_lies_in_done() {
    let installation = Installation::new();
    let serving = Serving::start(&installation, "");
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200", "192.0.2.1"]));
    serving.wait("the finding", || count(&installation.json(&["findings"])["count"]) == 2);
    serving.wait("the mail", || installation.mails().len() == 1);
    assert_eq!(lying_in(&installation, "done"), [rdp_name("2026-11-20")]);
    assert!(lying_in(&installation, "incoming").is_empty());
    assert_eq!(serving.metric("schakel_reports_total"), 1);
    assert_eq!(serving.metric("schakel_rows_total"), 2);
    assert_eq!(serving.metric("schakel_findings_new_total"), 2);
    serving.wait("the metric", || serving.metric("schakel_mails_total{state=\"accepted\"}") == 1);
    assert_eq!(serving.metric("schakel_notifications_total"), 1);
    assert_eq!(serving.get("/livez").unwrap().0, 200);
    let log = serving.stop();
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
    assert!(
        !log.contains("198.51.100.200") && !log.contains("@lindeveen"),
        "personal data in the log: {log}"
    );
    assert_eq!(installation.fate("notified"), 1);
    installation.assert_sound();
}

#[test]
fn a_file_nobody_can_read_lies_in_failed_with_the_reason_and_the_others_go_on() {
    let installation = Installation::new();
    let serving = Serving::start(&installation, "");
    put(&installation, "holiday.csv", "a,b\n1,2\n");
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    put(&installation, "2026-11-20-scan_ssl.csv.gz", &b"\x1f\x8b\x08\x00broken"[..]);
    serving.wait("the good one", || lying_in(&installation, "done").len() == 1);
    serving.wait("the others", || lying_in(&installation, "failed").len() == 4);
    assert_eq!(
        lying_in(&installation, "failed"),
        [
            "2026-11-20-scan_ssl.csv.gz",
            "2026-11-20-scan_ssl.csv.gz.reason",
            "holiday.csv",
            "holiday.csv.reason"
        ]
    );
    let reason = fs::read_to_string(installation.data().join("failed/holiday.csv.reason")).unwrap();
    assert!(reason.contains("--type"), "{reason}");
    assert_eq!(serving.metric("schakel_reports_failed_total"), 2);
    let doctor = installation.run(&["doctor"]);
    assert!(doctor.stdout.contains("2 files"), "{doctor:#?}");
    serving.stop();
    installation.assert_sound();
}

#[test]
fn a_command_works_beside_the_service_which_goes_on_afterwards() {
    let installation = Installation::new();
    let serving = Serving::start(&installation, "");
    // Nobody's until the register says otherwise; the register changes while the service runs.
    let register = Register::small()
        .organisation("GM5,Negenhuizen,municipality,,nl")
        .asset("GM5,prefix,192.0.2.0/24,owner")
        .contact("GM5,findings,CERT Negenhuizen,cert@negenhuizen.example,,nl,AMBER");
    let folder = register.write_to(&installation.path("register"));
    installation.run(&["register", "import", &folder]).ended(0);
    // Until then a command finds the store free, and needs nothing from the service.
    serving.wait("its store to be back", || serving.log().matches("\"message\":\"ready\"").count() == 2);
    let by_hand = installation.file(&rdp_name("2026-11-19"), rdp("2026-11-19", &["192.0.2.1"]));
    installation.ingest(&by_hand);
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["192.0.2.1", "192.0.2.2"]));
    serving.wait("both findings told", || installation.fate("notified") == 2);
    assert_eq!(installation.fate("known"), 1, "the service knows what the command took in");
    assert_eq!(installation.fate("unrouted"), 0);
    let log = serving.stop();
    for command in ["register", "ingest"] {
        assert!(log.contains(&format!("\"command\":\"{command}\"")), "{log}");
    }
    assert!(!installation.data().join("control.sock").exists());
    installation.assert_sound();
}

#[test]
fn what_is_still_being_written_is_left_alone() {
    let installation = Installation::new();
    let serving = Serving::start(&installation, "");
    put(&installation, &format!("{}.part", rdp_name("2026-11-20")), "\"timest");
    put(
        &installation,
        &rdp_name("2026-11-19"),
        RDP_HEADER.to_owned() + &rdp_row("2026-11-19 03:00:00", "192.0.2.1"),
    );
    serving.wait("the whole one", || lying_in(&installation, "done").len() == 1);
    assert_eq!(lying_in(&installation, "incoming"), [format!("{}.part", rdp_name("2026-11-20"))]);
    serving.stop();
}

#[test]
fn a_second_service_is_refused_and_readers_are_not() {
    let installation = Installation::new();
    let serving = Serving::start(&installation, "");
    let process = serving.child.id().to_string();
    installation.run(&["serve"]).ended(1).says(&[installation.data().to_str().unwrap(), &process]);
    installation.json(&["tell", "--dry-run"]);
    installation.assert_sound();
    assert!(!serving.stop().contains("lent the store"), "readers need no loan");
}

#[test]
fn a_port_that_is_taken_is_said_with_what_to_do() {
    let installation = Installation::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    installation.configure(&format!("[http]\nlisten = \"{address}\"\n"));
    installation.run(&["serve"]).ended(1).says(&[&address, "http.listen"]);
}

#[test]
fn a_register_that_was_imported_before_the_start_is_in_force_and_a_restart_takes_up_what_waits() {
    let installation = Installation::new();
    let file = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    installation.ingest(&file);
    let serving = Serving::start(&installation, "");
    serving.wait("what was waiting", || installation.mails().len() == 1);
    serving.stop();
}

#[test]
fn a_server_that_hears_a_stop_while_a_mail_server_stalls_ends_within_its_timeouts() {
    use schakel_testkit::fake_smtp::{Act, FakeSmtp, Script, Stage};
    let server = FakeSmtp::start(Script::default().at(Stage::Greeting, Act::Stall));
    let installation = Installation::new();
    let serving = Serving::start(&installation, &crate::telling::smtp_config(server.port()));
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    serving.wait("an attempt", || server.connections() > 0);
    let asked = Instant::now();
    serving.stop();
    assert!(asked.elapsed() < PATIENCE);
    let counts = installation.json(&["outbox"]);
    assert_eq!(count(&counts["waiting"]), 1, "{counts}");
    installation.assert_sound();
}

#[test]
fn killed_in_the_middle_it_takes_the_same_file_up_again() {
    let installation = Installation::new();
    let rows: Vec<String> = (0..200).flat_map(|c| (0..250).map(move |d| format!("10.1.{c}.{d}"))).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut serving = Serving::start(&installation, "");
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &rows));
    serving.wait("the first rows", || count(&installation.ledger()["rows"]) > 0);
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    let serving = Serving::start(&installation, "");
    serving.wait("the rest", || lying_in(&installation, "done").len() == 1);
    serving.stop();
    assert_eq!(count(&installation.ledger()["rows"]), 50_000);
    installation.assert_sound();
}
