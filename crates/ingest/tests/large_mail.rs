//! A mail of 200 MB goes through the door in a memory that does not grow with it. Alone in its file: the memory is that of the process.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Instant,
};

use schakel_ingest::{
    door::{Refusal, Spool, Upload},
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
fn a_mail_of_200_mb_takes_little_memory() {
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

    // Base64, as an attachment is; one line in 64 begins with a dot.
    let mut lines = Vec::new();
    for line in 0..1_024 {
        lines.extend_from_slice(if line % 64 == 0 { b".." } else { b"AB" });
        lines.extend_from_slice(&[b'A'; 74]);
        lines.extend_from_slice(b"\r\n");
    }
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

/// The most memory that this process has had, in bytes.
fn memory_peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}
