//! A resolver that asks the name servers it is told (RFC 1035), and believes no more than it must: it compares what was asked, follows
//! few aliases, and reads no large answers.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use domain::{
    base::{Message, MessageBuilder, Name, ParsedName, Rtype, StreamTarget, ToName, iana::Rcode},
    rdata::{A, Aaaa, Cname, Txt},
};

/// An answer larger than this is refused. The largest honest answers, of domains with a hundred verification tokens, are about 8 kB.
pub const ANSWER_BYTES_MAX: usize = 16 << 10;

/// Aliases that are followed. Honest chains have two or three.
pub const ALIASES_MAX: usize = 8;

/// What we say we take over UDP: it passes every network without being cut up (DNS flag day 2020).
const UDP_BYTES_MAX: u16 = 1232;

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

type Answer = Message<Vec<u8>>;
type Wire = Name<Vec<u8>>;

impl Resolver {
    /// These servers, in order; a look-up takes at most this long.
    pub fn new(servers: Vec<SocketAddr>, timeout: Duration) -> Self {
        Self { servers, timeout }
    }

    /// The texts of the TXT records of a name: each string by itself, and those of one record together.
    pub fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let mut texts = Vec::new();
        self.look_up(name, Rtype::TXT, &mut |answer, owner| {
            let records = answer.answer()?.limit_to_in::<Txt<_>>().flatten();
            for record in records.filter(|record| *record.owner() == *owner) {
                let strings: Vec<String> =
                    record.data().iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
                if strings.len() > 1 {
                    texts.push(strings.concat());
                }
                texts.extend(strings);
            }
            Ok(!texts.is_empty())
        })?;
        Ok(texts)
    }

    /// The addresses of a name, IPv6 and IPv4. None is no error.
    pub fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let mut v4: Vec<Ipv4Addr> = Vec::new();
        self.look_up(name, Rtype::A, &mut |answer, owner| {
            let records = answer.answer()?.limit_to_in::<A>().flatten();
            v4.extend(records.filter(|record| *record.owner() == *owner).map(|record| record.data().addr()));
            Ok(!v4.is_empty())
        })?;
        let mut v6: Vec<Ipv6Addr> = Vec::new();
        self.look_up(name, Rtype::AAAA, &mut |answer, owner| {
            let records = answer.answer()?.limit_to_in::<Aaaa>().flatten();
            v6.extend(records.filter(|record| *record.owner() == *owner).map(|record| record.data().addr()));
            Ok(!v6.is_empty())
        })?;
        Ok(v4.into_iter().map(IpAddr::V4).chain(v6.into_iter().map(IpAddr::V6)).collect())
    }

    /// Asks for a name and follows its aliases, within the answer and by asking again. `take` takes what it finds at a name, and says
    /// whether that was anything.
    fn look_up(
        &self,
        name: &str,
        rtype: Rtype,
        take: &mut dyn FnMut(&Answer, &Wire) -> Result<bool, domain::base::wire::ParseError>,
    ) -> Result<(), DnsError> {
        let deadline = Instant::now() + self.timeout;
        let mut owner: Wire = Name::vec_from_str(name).map_err(|_| DnsError::Name(name.to_owned()))?;
        let mut aliases = 0;
        loop {
            let answer = self.ask(&owner, rtype, deadline)?;
            let asked = owner.clone();
            loop {
                let unreadable = |_| DnsError::Unreadable(name.to_owned());
                if take(&answer, &owner).map_err(unreadable)? {
                    return Ok(());
                }
                let Some(target) = alias(&answer, &owner).map_err(unreadable)? else { break };
                aliases += 1;
                if aliases > ALIASES_MAX {
                    return Err(DnsError::Aliases(name.to_owned()));
                }
                owner = target;
            }
            if owner == asked {
                return Ok(());
            }
            // The alias leads out of this answer.
            if answer.header().rcode() == Rcode::NXDOMAIN {
                return Err(DnsError::NoSuchName(name.to_owned()));
            }
        }
    }

    /// One question, to one server after the other until one answers.
    fn ask(&self, name: &Wire, rtype: Rtype, deadline: Instant) -> Result<Answer, DnsError> {
        let said = || name.to_string();
        let mut error = DnsError::Timeout(said());
        // Twice: a datagram may be lost.
        for server in self.servers.iter().chain(&self.servers) {
            let patience = PATIENCE.min(deadline.saturating_duration_since(Instant::now()));
            if patience.is_zero() {
                break;
            }
            match exchange(*server, name, rtype, patience) {
                Ok(answer) => match answer.header().rcode() {
                    Rcode::NOERROR => return Ok(answer),
                    Rcode::NXDOMAIN if answer.header_counts().ancount() > 0 => return Ok(answer),
                    Rcode::NXDOMAIN => return Err(DnsError::NoSuchName(said())),
                    code => error = DnsError::Failed { name: said(), code: code.to_string() },
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

/// What this name is an alias of, in this answer.
fn alias(answer: &Answer, owner: &Wire) -> Result<Option<Wire>, domain::base::wire::ParseError> {
    let records = answer.answer()?.limit_to_in::<Cname<ParsedName<_>>>().flatten();
    let mut targets = records.filter(|record| *record.owner() == *owner);
    Ok(targets.next().map(|record| record.data().cname().to_name::<Vec<u8>>()))
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
fn exchange(server: SocketAddr, name: &Wire, rtype: Rtype, patience: Duration) -> Result<Answer, Trouble> {
    let id = getrandom::u32().map_err(|error| io::Error::other(error.to_string()))? as u16;
    let question = question(id, name, rtype)?;
    let deadline = Instant::now() + patience;
    let local: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(local)?;
    // Connected: only what this server sends is received.
    socket.connect(server)?;
    socket.send(question.as_dgram_slice())?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        socket.set_read_timeout(Some(left(deadline)?))?;
        let size = socket.recv(&mut buffer)?;
        // What does not answer our question is somebody else's; we go on waiting.
        let Some(answer) = answer(&buffer[..size], id, name, rtype) else { continue };
        return if answer.header().tc() {
            over_tcp(server, &question, id, name, rtype, deadline)
        } else {
            Ok(answer)
        };
    }
}

fn over_tcp(
    server: SocketAddr,
    question: &StreamTarget<Vec<u8>>,
    id: u16,
    name: &Wire,
    rtype: Rtype,
    deadline: Instant,
) -> Result<Answer, Trouble> {
    let mut stream = TcpStream::connect_timeout(&server, left(deadline)?)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    stream.write_all(question.as_stream_slice())?;
    let mut size = [0; 2];
    read_exact(&mut stream, &mut size, deadline)?;
    let size = usize::from(u16::from_be_bytes(size));
    if size > ANSWER_BYTES_MAX {
        return Err(Trouble::TooLarge(size));
    }
    let mut buffer = vec![0; size];
    read_exact(&mut stream, &mut buffer, deadline)?;
    answer(&buffer, id, name, rtype).ok_or(Trouble::Unreadable)
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

fn question(id: u16, name: &Wire, rtype: Rtype) -> io::Result<StreamTarget<Vec<u8>>> {
    let too_long = |_| io::Error::other("the question does not fit");
    let mut builder = MessageBuilder::from_target(StreamTarget::new_vec())
        .map_err(|_| io::Error::other("out of memory"))?;
    builder.header_mut().set_id(id);
    builder.header_mut().set_rd(true);
    let mut builder = builder.question();
    builder.push((name, rtype)).map_err(too_long)?;
    let mut builder = builder.additional();
    builder
        .opt(|opt| {
            opt.set_udp_payload_size(UDP_BYTES_MAX);
            Ok(())
        })
        .map_err(too_long)?;
    Ok(builder.finish())
}

/// The answer, if it is one to this question.
fn answer(bytes: &[u8], id: u16, name: &Wire, rtype: Rtype) -> Option<Answer> {
    let answer = Message::from_octets(bytes.to_vec()).ok()?;
    let header = answer.header();
    let question = answer.sole_question().ok()?;
    let ours = header.id() == id && header.qr() && *question.qname() == *name && question.qtype() == rtype;
    ours.then_some(answer)
}
