//! A real name server of its own (Knot DNS), in a temporary folder, on a port of loopback. It serves the zones it is given and nothing
//! else.
//!
//! Needs the package `knot`. Where it is missing, [`Knot::start`] says so on stderr and returns `None`, and the test skips.

use std::{
    fs, io,
    net::{SocketAddr, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::ports::free_port;

/// It starts in well under a second; a loaded machine may take longer.
const START_MAX: Duration = Duration::from_secs(20);

/// A running name server. Stopped when dropped.
#[derive(Debug)]
pub struct Knot {
    folder: TempDir,
    address: SocketAddr,
    process: Child,
}

impl Knot {
    /// Serves zones: name (`a.example`) and records, one a line in the format of a zone file (RFC 1035), without SOA and NS. A zone
    /// without records cannot be loaded: the server answers SERVFAIL for it.
    pub fn start(zones: &[(&str, &str)]) -> Option<Self> {
        match Self::try_start(zones) {
            Ok(knot) => Some(knot),
            Err(error) => {
                #[allow(clippy::print_stderr)]
                {
                    eprintln!("skipped: no Knot DNS: {error}");
                }
                None
            }
        }
    }

    fn try_start(zones: &[(&str, &str)]) -> io::Result<Self> {
        let program = which("knotd")
            .ok_or_else(|| io::Error::other("it is not installed (Debian: apt-get install knot)"))?;
        let folder = tempfile::Builder::new().prefix("schakel-knot-").tempdir()?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        for (name, records) in zones {
            write_zone(folder.path(), name, records)?;
        }
        let names: Vec<&str> = zones.iter().map(|(name, _)| *name).collect();
        fs::write(folder.path().join("knot.conf"), configuration(folder.path(), address, &names))?;
        let log = fs::File::create(folder.path().join("log"))?;
        let process = Command::new(program)
            .arg("-c")
            .arg(folder.path().join("knot.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut knot = Self { folder, address, process };
        knot.wait_until_it_answers()?;
        Ok(knot)
    }

    /// Where it answers, over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many questions it has had, by its own count.
    pub fn questions(&self) -> io::Result<u64> {
        let program = which("knotc").ok_or_else(|| io::Error::other("knotc is not installed"))?;
        let run = Command::new(program)
            .arg("-s")
            .arg(self.folder.path().join("knot.sock"))
            .args(["stats", "mod-stats.request-protocol"])
            .output()?;
        let counts = String::from_utf8_lossy(&run.stdout);
        // `mod-stats.request-protocol[udp4] = 3`
        let count = |line: &str| line.rsplit_once(" = ")?.1.trim().parse::<u64>().ok();
        let counts: Vec<u64> = counts.lines().filter_map(count).collect();
        match counts.is_empty() {
            true => Err(io::Error::other(format!(
                "knotc says no count: {}",
                String::from_utf8_lossy(&run.stderr)
            ))),
            false => Ok(counts.iter().sum()),
        }
    }

    /// Serves other records from now on.
    pub fn change(&mut self, zone: &str, records: &str) -> io::Result<()> {
        write_zone(self.folder.path(), zone, records)?;
        // It reads its zones anew when it is started: simpler than its control socket, and as fast.
        self.stop();
        let log = fs::OpenOptions::new().append(true).open(self.folder.path().join("log"))?;
        let program = which("knotd").ok_or_else(|| io::Error::other("it went away"))?;
        self.process = Command::new(program)
            .arg("-c")
            .arg(self.folder.path().join("knot.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.wait_until_it_answers()
    }

    fn stop(&mut self) {
        // Gone already is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    fn wait_until_it_answers(&mut self) -> io::Result<()> {
        // A question for the root, which it does not serve: any answer will do.
        const QUESTION: [u8; 17] = [0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let started = Instant::now();
        while started.elapsed() < START_MAX {
            let _ = socket.send_to(&QUESTION, self.address);
            if socket.recv(&mut [0; 512]).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("it ended with {status}: {log}")));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(io::Error::other("it does not answer"))
    }
}

impl Drop for Knot {
    fn drop(&mut self) {
        self.stop();
    }
}

fn write_zone(folder: &Path, name: &str, records: &str) -> io::Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let head = format!(
        "$ORIGIN {name}.\n$TTL 60\n@ SOA ns.{name}. hostmaster.{name}. 1 3600 600 86400 60\n@ NS ns.{name}.\nns A 127.0.0.1\n"
    );
    fs::write(folder.join(format!("{name}.zone")), head + records + "\n")
}

fn configuration(folder: &Path, address: SocketAddr, zones: &[&str]) -> String {
    let folder = folder.display();
    let mut text = format!(
        "server:\n    listen: {}@{}\n    rundir: {folder}\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n\
         log:\n  - target: stderr\n    any: warning\n\
         database:\n    storage: {folder}\n\
         mod-stats:\n  - id: all\n    request-protocol: on\n\
         template:\n  - id: default\n    global-module: mod-stats/all\n    storage: {folder}\n    file: \"%s.zone\"\n    semantic-checks: off\n    zonefile-sync: -1\n    journal-content: none\n\
         zone:\n",
        address.ip(),
        address.port()
    );
    for zone in zones {
        text += &format!("  - domain: {zone}\n");
    }
    text
}

fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}
