//! One link of the made-up chain: an installation with a data directory and a process of its own, driven by commands as anybody would.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

/// Who acts in the demo.
const DESK: &str = "dagdienst";

/// Ports are looked for from here on.
const PORTS_FROM: u16 = 21_000;

/// The longest a step may take on a busy machine.
const STEP_TIME_MAX: Duration = Duration::from_secs(60);

/// How often it is looked whether something has happened.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// An installation of the chain.
pub struct Site {
    /// What people call it.
    pub title: &'static str,
    /// Its name as a hub.
    pub name: &'static str,
    data: PathBuf,
    api: u16,
    process: Option<Child>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Site {
    /// Makes its data directory, with a register of these files (name, content), and its key.
    pub fn new(
        root: &std::path::Path,
        (title, name): (&'static str, &'static str),
        register: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let data = root.join(name);
        let files = data.join("register");
        fs::create_dir_all(&files).with_context(|| format!("cannot make the folder {}", files.display()))?;
        let [http, api, hub] = [free_port()?, free_port()?, free_port()?];
        let config = format!(
            "sender = \"{title}\"\n\n[intake]\nsettle_ms = 50\n\n[telling]\nwait_seconds = 0\n\n[http]\nlisten = \"127.0.0.1:{http}\"\n\n\
             [doors.api]\nlisten = \"127.0.0.1:{api}\"\n\n[hub]\nname = \"{name}\"\nlisten = \"127.0.0.1:{hub}\"\nurl = \"http://127.0.0.1:{hub}\"\n\n\
             [outgoing]\nallow = [\"127.0.0.0/8\"]\n\n[mail]\nchannel = \"folder\"\nfrom = \"meldingen@{name}\"\n\
             # As many mails as `--rounds` may ask for: it measures the way, not the brake.\nper_recipient_per_hour = 300\nper_recipient_per_day = 300\n"
        );
        fs::write(data.join("schakel.toml"), config).context("cannot write schakel.toml")?;
        for (file, text) in register {
            fs::write(files.join(file), text).with_context(|| format!("cannot write {file}"))?;
        }
        let site = Self { title, name, data, api, process: None };
        site.run_as(None, &["user", "add", DESK])?;
        site.run(&["register", "import", &files.display().to_string()])?;
        site.run(&["hub", "init"])?;
        Ok(site)
    }

    /// Starts its service.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let log = fs::File::create(self.data.join("serve.log")).context("cannot write serve.log")?;
        let process = program()?
            .args(["--data", &self.data.display().to_string(), "serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("cannot start a service")?;
        self.process = Some(process);
        // It takes reports, and lends its store to commands.
        let (api, socket) = (self.api, self.data.join("control.sock"));
        wait(&format!("the service of {} to start", self.title), || {
            Ok(TcpStream::connect(("127.0.0.1", api)).is_ok_and(|_| socket.exists()).then_some(()))
        })
    }

    /// Its process.
    pub fn process(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// Ends its service.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Runs a command; gives what it says in JSON.
    pub fn run(&self, args: &[&str]) -> anyhow::Result<Value> {
        self.run_as(Some(DESK), args)
    }

    fn run_as(&self, actor: Option<&str>, args: &[&str]) -> anyhow::Result<Value> {
        let output = program()?
            .args(["--data", &self.data.display().to_string(), "--json"])
            .args(actor.map(|actor| format!("--as={actor}")))
            .args(args)
            .output()
            .context("cannot run a command")?;
        ensure!(
            output.status.success(),
            "`schakel {}` at {} failed: {}",
            args.join(" "),
            self.title,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    /// Hands a file from one site to another, as somebody would by mail.
    pub fn file(&self, name: &str, text: &str) -> anyhow::Result<String> {
        let path = self.data.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path.display().to_string())
    }

    /// Sends a report over HTTP, as a source with this token. Gives its receipt, once the report is safe.
    pub fn report(&self, token: &str, name: &str, body: &str) -> anyhow::Result<String> {
        let mut stream =
            TcpStream::connect(("127.0.0.1", self.api)).context("cannot reach the door for reports")?;
        stream.set_read_timeout(Some(STEP_TIME_MAX))?;
        write!(
            stream,
            "POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).context("no answer to a report")?;
        let json = answer
            .split("\r\n\r\n")
            .nth(1)
            .and_then(|body| body.find('{').map(|at| &body[at..=body.rfind('}').unwrap_or(at)]));
        let json: Value = json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        match json["receipt"].as_str() {
            Some(receipt) => Ok(receipt.to_owned()),
            None => bail!("the report was not taken: {}", answer.lines().next().unwrap_or_default()),
        }
    }

    /// How many mails lie in its folder.
    pub fn mails(&self) -> usize {
        let entries = fs::read_dir(self.data.join("mail")).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "eml")).count()
    }

    /// Where its mails lie.
    pub fn mail_folder(&self) -> String {
        self.data.join("mail").display().to_string()
    }

    /// Its data directory.
    pub fn data(&self) -> String {
        self.data.display().to_string()
    }
}

/// Waits for something; an error when it takes too long.
pub fn wait<T>(what: &str, mut look: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        ensure!(begun.elapsed() < STEP_TIME_MAX, "waited {} s for {what}", STEP_TIME_MAX.as_secs());
        thread::sleep(LOOK_EVERY);
    }
}

fn program() -> anyhow::Result<Command> {
    Ok(Command::new(std::env::current_exe().context("cannot find this program")?))
}

/// A port that nobody listens on; each is given once by this process.
fn free_port() -> anyhow::Result<u16> {
    use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two demos at a time begin at different places.
    let start = PORTS_FROM + (std::process::id() % 20_000) as u16;
    for _ in 0..1_000 {
        let port = start + NEXT.fetch_add(1, Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free on this machine")
}
