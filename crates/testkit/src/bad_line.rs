//! A bad line between two programs that speak HTTP: requests are cut off before they arrive or before they are answered, delayed, doubled, and
//! held back until later ones have arrived. Which request fares how follows from a number, so that a run can be repeated.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

/// Nobody in a test takes longer to send or to answer.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// The longest delay.
const DELAY_MS_MAX: u64 = 1_500;

/// How a request fares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fares {
    /// It arrives and is answered.
    Well,
    /// It does not arrive.
    CutBefore,
    /// It arrives, and its answer does not.
    CutAfter,
    /// It arrives late.
    Delayed,
    /// It arrives twice.
    Doubled,
    /// It seems lost, and arrives when later ones have.
    HeldBack,
}

/// How many requests fared how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // The words say it.
pub struct Fared {
    pub well: u64,
    pub cut_before: u64,
    pub cut_after: u64,
    pub delayed: u64,
    pub doubled: u64,
    pub held_back: u64,
}

/// The line. It ends when it is dropped.
pub struct BadLine {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    to: SocketAddr,
    random: AtomicU64,
    healed: AtomicBool,
    ended: AtomicBool,
    fared: Mutex<Fared>,
}

impl BadLine {
    /// A line at this port of loopback that leads to another.
    pub fn start(port: u16, to: SocketAddr, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            to,
            random: AtomicU64::new(seed),
            healed: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            fared: Mutex::default(),
        });
        let line = Self { address, shared: Arc::clone(&shared) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.ended.load(SeqCst) {
                    break;
                }
                let (Ok(stream), shared) = (stream, Arc::clone(&shared)) else { continue };
                // A connection that breaks is what this is for.
                thread::spawn(move || drop(shared.carry(stream)));
            }
        });
        Ok(line)
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on everything arrives, once; what is held back arrives as well.
    pub fn heal(&self) {
        self.shared.healed.store(true, SeqCst);
    }

    /// How requests have fared so far.
    pub fn fared(&self) -> Fared {
        *self.shared.fared.lock().expect("no thread panics while it holds this lock")
    }
}

impl Drop for BadLine {
    fn drop(&mut self) {
        self.shared.ended.store(true, SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    /// The next number (SplitMix64).
    fn next(&self) -> u64 {
        let mut z = self.random.fetch_add(0x9E37_79B9_7F4A_7C15, SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Four of ten fare well, so that something gets on.
    fn draw(&self) -> Fares {
        if self.healed.load(SeqCst) {
            return Fares::Well;
        }
        match self.next() % 10 {
            0 => Fares::CutBefore,
            1 => Fares::CutAfter,
            2 => Fares::Delayed,
            3 | 4 => Fares::Doubled,
            5 => Fares::HeldBack,
            _ => Fares::Well,
        }
    }

    fn count(&self, fares: Fares) {
        let mut fared = self.fared.lock().expect("no thread panics while it holds this lock");
        *match fares {
            Fares::Well => &mut fared.well,
            Fares::CutBefore => &mut fared.cut_before,
            Fares::CutAfter => &mut fared.cut_after,
            Fares::Delayed => &mut fared.delayed,
            Fares::Doubled => &mut fared.doubled,
            Fares::HeldBack => &mut fared.held_back,
        } += 1;
    }

    fn wait(&self) {
        thread::sleep(Duration::from_millis(self.next() % DELAY_MS_MAX));
    }

    /// One request and its answer; one for each connection.
    fn carry(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(SILENCE_MAX))?;
        let request = read_request(&mut client)?;
        let fares = self.draw();
        self.count(fares);
        match fares {
            Fares::CutBefore => return Ok(()),
            Fares::CutAfter => {
                self.ask(&request)?;
                return Ok(());
            }
            Fares::HeldBack => {
                drop(client);
                self.wait();
                self.wait();
                self.ask(&request)?;
                return Ok(());
            }
            Fares::Delayed => self.wait(),
            Fares::Doubled => drop(self.ask(&request)?),
            Fares::Well => {}
        }
        let answer = self.ask(&request)?;
        client.write_all(&answer)
    }

    fn ask(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(self.to)?;
        server.set_read_timeout(Some(SILENCE_MAX))?;
        server.write_all(request)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// Head and content of a request, with the wish that the connection ends behind it.
fn read_request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 << 10];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        match client.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let field = |line: &str, name: &str| {
        line.split_once(':').is_some_and(|(known, _)| known.trim().eq_ignore_ascii_case(name))
    };
    let length = head.lines().find(|line| field(line, "content-length"));
    let length: usize = length
        .and_then(|line| line.split_once(':')?.1.trim().parse().ok())
        .ok_or_else(|| io::Error::other("a request says how long it is"))?;
    while bytes.len() < end + 4 + length {
        match client.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
    let kept: Vec<&str> = head.lines().filter(|line| !field(line, "connection")).collect();
    let mut request = format!("{}\r\nConnection: close\r\n\r\n", kept.join("\r\n")).into_bytes();
    request.extend_from_slice(&bytes[end + 4..end + 4 + length]);
    Ok(request)
}
