//! A mail of 200 MB comes in by both doors in a memory that does not grow with it. Alone in its file: the memory is that of the process.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use schakel_ingest::{
    door::{Refusal, Spool, Upload},
    imap::{self, ImapSettings, settings::Encryption},
    smtp::{self, SmtpSettings},
};
use schakel_model::{
    arrival::{Envelope, Receipt},
    clock::Clock,
};

/// Counts what it gets and keeps nothing.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicU64>);

impl Spool for Counting {
    fn begin(&self, _: &Envelope) -> Result<Box<dyn Upload>, Refusal> {
        Ok(Box::new(self.clone()))
    }
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, SeqCst);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for Counting {
    fn finish(self: Box<Self>) -> Result<Receipt, Refusal> {
        Ok(Receipt(1))
    }
}

const MAIL_BYTES: u64 = 200 << 20;
const GROWTH_BYTES_MAX: u64 = 8 << 20;

#[test]
fn a_mail_of_200_mb_comes_by_smtp_in_little_memory() {
    let spool = Counting::default();
    let settings = SmtpSettings {
        listen: vec!["127.0.0.1:0".into()],
        recipients: vec!["@cert.example".into()],
        ..SmtpSettings::default()
    };
    let door = smtp::start(&settings, Arc::new(spool.clone()), Clock::system()).unwrap();
    let mut client = BufReader::new(TcpStream::connect(door.addresses()[0]).unwrap());
    client.get_mut().write_all(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@cert.example>\r\nDATA\r\n").unwrap();
    let mut replies = String::new();
    for _ in 0..5 {
        client.read_line(&mut replies).unwrap();
    }
    assert!(replies.contains("\r\n354 "), "{replies}");

    let lines = lines();
    let (before, started) = (memory_peak(), Instant::now());
    let mut sent = 0;
    while sent < MAIL_BYTES {
        client.get_mut().write_all(&lines).unwrap();
        sent += lines.len() as u64 - 1_024 / 64;
    }
    client.get_mut().write_all(b".\r\n").unwrap();
    let mut reply = String::new();
    client.read_line(&mut reply).unwrap();
    let (seconds, growth) = (started.elapsed().as_secs_f64(), memory_peak() - before);
    println!("{sent} bytes in {seconds:.2} s; memory grew by {growth} bytes");
    assert_eq!(reply, "250 2.0.0 received as R1\r\n");
    assert_eq!(spool.0.load(SeqCst), sent);
    assert!(growth < GROWTH_BYTES_MAX, "memory grew by {growth} bytes");
}

/// Base64, as an attachment is; one line in 64 begins with a dot.
fn lines() -> Vec<u8> {
    let mut lines = Vec::new();
    for line in 0..1_024 {
        lines.extend_from_slice(if line % 64 == 0 { b".." } else { b"AB" });
        lines.extend_from_slice(&[b'A'; 74]);
        lines.extend_from_slice(b"\r\n");
    }
    lines
}

#[test]
fn a_mail_of_200_mb_comes_by_imap_in_little_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let lines = lines();
    let bytes = lines.len() * (MAIL_BYTES as usize / lines.len());
    thread::spawn(move || serve_one_mail(&listener, &lines, bytes));
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, "x").unwrap();
    let settings = ImapSettings {
        host: "127.0.0.1".into(),
        port,
        encryption: Encryption::None,
        username: "x".into(),
        password_file,
        ..ImapSettings::default()
    };
    let spool = Counting::default();
    let (before, started) = (memory_peak(), Instant::now());
    let handle = imap::start(&settings, Arc::new(spool.clone()), Clock::system()).unwrap();
    while handle.status().fetched == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "{:?}", handle.status());
        thread::sleep(Duration::from_millis(5));
    }
    let (seconds, growth) = (started.elapsed().as_secs_f64(), memory_peak() - before);
    println!("{bytes} bytes by IMAP in {seconds:.2} s; memory grew by {growth} bytes");
    assert_eq!(spool.0.load(SeqCst), bytes as u64);
    assert!(growth < GROWTH_BYTES_MAX, "memory grew by {growth} bytes");
}

fn serve_one_mail(listener: &TcpListener, lines: &[u8], bytes: usize) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(b"* OK hello\r\n").unwrap();
    let commands = BufReader::new(stream.try_clone().unwrap());
    for command in commands.lines() {
        let Ok(command) = command else { return };
        let (tag, command) = command.split_once(' ').unwrap();
        if command.starts_with("SELECT") {
            stream.write_all(b"* OK [UIDVALIDITY 1] valid\r\n").unwrap();
        } else if command.starts_with("UID SEARCH") {
            stream.write_all(b"* SEARCH 1\r\n").unwrap();
        } else if command.starts_with("UID FETCH") {
            stream.write_all(format!("* 1 FETCH (UID 1 BODY[] {{{bytes}}}\r\n").as_bytes()).unwrap();
            for _ in 0..bytes / lines.len() {
                stream.write_all(lines).unwrap();
            }
            stream.write_all(b")\r\n").unwrap();
        }
        stream.write_all(format!("{tag} OK done\r\n").as_bytes()).unwrap();
    }
}

/// The most memory that this process has had, in bytes.
fn memory_peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}
