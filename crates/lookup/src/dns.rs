//! A resolver that asks the name servers it is told, and believes no more than it must: it compares what was asked, follows
//! few aliases, and reads no large answers.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use schakel_formats::dns::{self, Answer, Found, Name, Question, Records, Unreadable, Verdict};

pub use schakel_formats::dns::TlsaRecord;

/// An answer larger than this is refused. The largest honest answers, of domains with a hundred verification tokens, are about 8 kB.
pub const ANSWER_BYTES_MAX: usize = 16 << 10;

/// One question waits so long for one server before the next is asked.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a name could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// It cannot stand in the DNS.
    #[error("`{0}` is no name that can stand in the DNS")]
    Name(String),
    /// There is no such name.
    #[error("{0} does not exist (NXDOMAIN)")]
    NoSuchName(String),
    /// The servers say that they cannot answer.
    #[error("the name server cannot answer for {name} ({code})")]
    Failed {
        /// For which name.
        name: String,
        /// What they say.
        code: String,
    },
    /// No server answered in time.
    #[error("no name server answered for {0} in time")]
    Timeout(String),
    /// An answer that cannot be read.
    #[error("the answer for {0} cannot be read")]
    Unreadable(String),
    /// An answer above the limit.
    #[error("the answer for {name} has {size} bytes; {ANSWER_BYTES_MAX} is the most")]
    TooLarge {
        /// For which name.
        name: String,
        /// How large.
        size: usize,
    },
    /// Aliases that go round, or too many.
    #[error("{0} is an alias of an alias that goes round, or goes on for too long")]
    Aliases(String),
    /// The network.
    #[error("no name server can be asked for {name}")]
    Network {
        /// For which name.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Asks name servers.
#[derive(Clone, Debug)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
    timeout: Duration,
}

impl Resolver {
    /// These servers, in order; a look-up takes at most this long.
    pub fn new(servers: Vec<SocketAddr>, timeout: Duration) -> Self {
        Self { servers, timeout }
    }

    /// The texts of the TXT records of a name: each string by itself, and those of one record together.
    pub fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        self.look_up(name, Records::Txt, Answer::texts)
    }

    /// The addresses of a name, IPv4 and IPv6. None is no error.
    pub fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let mut addresses = self.look_up(name, Records::A, Answer::addresses)?;
        addresses.extend(self.look_up(name, Records::Aaaa, Answer::addresses)?);
        Ok(addresses)
    }

    /// The names of an address (PTR), as whoever holds the address says. None is no error.
    pub fn names(&self, address: IpAddr) -> Result<Vec<String>, DnsError> {
        self.look_up(&dns::reverse_name(address), Records::Ptr, Answer::pointers)
    }

    /// The mail servers of a domain, the preferred ones first, and whether DNSSEC vouches for that.
    pub fn mail_servers(&self, domain: &str) -> Result<(Vec<String>, bool), DnsError> {
        self.look_up_and(domain, Records::Mx, Answer::mail_servers)
    }

    /// The records for DANE of a name such as `_25._tcp.mx.example`, and whether DNSSEC vouches for them.
    pub fn tlsa(&self, name: &str) -> Result<(Vec<TlsaRecord>, bool), DnsError> {
        self.look_up_and(name, Records::Tlsa, Answer::tlsa)
    }

    fn look_up<T>(
        &self,
        name: &str,
        records: Records,
        read: impl Fn(&Answer, &Name, &mut usize) -> Result<Found<T>, Unreadable>,
    ) -> Result<Vec<T>, DnsError> {
        self.look_up_and(name, records, read).map(|(records, _)| records)
    }

    /// Asks for a name and follows its aliases, within the answer and by asking again. Also: does the resolver vouch for all of it?
    fn look_up_and<T>(
        &self,
        name: &str,
        records: Records,
        read: impl Fn(&Answer, &Name, &mut usize) -> Result<Found<T>, Unreadable>,
    ) -> Result<(Vec<T>, bool), DnsError> {
        let mut is_authentic = true;
        let deadline = Instant::now() + self.timeout;
        let mut owner = dns::name(name).ok_or_else(|| DnsError::Name(name.to_owned()))?;
        let mut aliases = 0;
        loop {
            let answer = self.ask(&owner, records, deadline)?;
            is_authentic &= answer.is_authentic();
            match read(&answer, &owner, &mut aliases) {
                Ok(Found::Records(records)) => return Ok((records, is_authentic)),
                Ok(Found::Alias(_)) if answer.verdict() == Verdict::NoSuchName => {
                    return Err(DnsError::NoSuchName(name.to_owned()));
                }
                Ok(Found::Alias(target)) => owner = target,
                Ok(Found::TooManyAliases) => return Err(DnsError::Aliases(name.to_owned())),
                Err(Unreadable) => return Err(DnsError::Unreadable(name.to_owned())),
            }
        }
    }

    /// One question, to one server after the other until one answers.
    fn ask(&self, name: &Name, records: Records, deadline: Instant) -> Result<Answer, DnsError> {
        let said = || name.to_string();
        let mut error = DnsError::Timeout(said());
        // Twice: a datagram may be lost.
        for server in self.servers.iter().chain(&self.servers) {
            let patience = PATIENCE.min(deadline.saturating_duration_since(Instant::now()));
            if patience.is_zero() {
                break;
            }
            match exchange(*server, name, records, patience) {
                Ok(answer) => match answer.verdict() {
                    Verdict::Answered => return Ok(answer),
                    Verdict::NoSuchName if answer.has_records() => return Ok(answer),
                    Verdict::NoSuchName => return Err(DnsError::NoSuchName(said())),
                    Verdict::Failed(code) => error = DnsError::Failed { name: said(), code },
                },
                Err(Trouble::TooLarge(size)) => return Err(DnsError::TooLarge { name: said(), size }),
                Err(Trouble::Unreadable) => error = DnsError::Unreadable(said()),
                Err(Trouble::Io(source)) if is_timeout(&source) => {}
                Err(Trouble::Io(source)) => error = DnsError::Network { name: said(), source },
            }
        }
        Err(error)
    }
}

enum Trouble {
    Io(io::Error),
    Unreadable,
    TooLarge(usize),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Over UDP, and over TCP when the answer does not fit.
fn exchange(
    server: SocketAddr,
    name: &Name,
    records: Records,
    patience: Duration,
) -> Result<Answer, Trouble> {
    let id = getrandom::u32().map_err(|error| io::Error::other(error.to_string()))? as u16;
    let question =
        Question::new(id, name, records).ok_or_else(|| io::Error::other("the question does not fit"))?;
    let deadline = Instant::now() + patience;
    let local: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(local)?;
    // Connected: only what this server sends is received.
    socket.connect(server)?;
    socket.send(question.datagram())?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        socket.set_read_timeout(Some(left(deadline)?))?;
        let size = socket.recv(&mut buffer)?;
        // What does not answer our question is somebody else's; we go on waiting.
        let Some(answer) = Answer::read(&buffer[..size], &question) else { continue };
        return if answer.is_cut_off() { over_tcp(server, &question, deadline) } else { Ok(answer) };
    }
}

fn over_tcp(server: SocketAddr, question: &Question, deadline: Instant) -> Result<Answer, Trouble> {
    let mut stream = TcpStream::connect_timeout(&server, left(deadline)?)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    stream.write_all(question.stream())?;
    let mut size = [0; 2];
    read_exact(&mut stream, &mut size, deadline)?;
    let size = usize::from(u16::from_be_bytes(size));
    if size > ANSWER_BYTES_MAX {
        return Err(Trouble::TooLarge(size));
    }
    let mut buffer = vec![0; size];
    read_exact(&mut stream, &mut buffer, deadline)?;
    Answer::read(&buffer, question).ok_or(Trouble::Unreadable)
}

/// Like `Read::read_exact`, but a server that sends a byte now and then does not hold us.
fn read_exact(stream: &mut TcpStream, mut buffer: &mut [u8], deadline: Instant) -> io::Result<()> {
    while !buffer.is_empty() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => buffer = &mut buffer[count..],
        }
    }
    Ok(())
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}
