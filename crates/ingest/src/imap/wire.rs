//! The connection to an IMAP server: TLS, lines and literals, and the time they may take.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use super::{
    response::{self, Response},
    settings::{Encryption, ImapSettings},
    waiting::Stop,
};

/// How often a waiting thread looks whether it should stop.
const TICK: Duration = Duration::from_millis(200);

/// To connect, TLS and all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest line: the answer to a search in a mailbox of a million mails.
const LINE_BYTES_MAX: usize = 12 << 20;

/// The longest literal that is no mail: a name of a folder, a header.
const LITERAL_BYTES_MAX: u64 = 64 << 10;

/// What is read at once.
const READ_BYTES: usize = 64 << 10;

/// Why a conversation with a server ends.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// A setting.
    #[error("{0}")]
    Settings(String),
    /// The server cannot be reached, or not safely.
    #[error("cannot connect to {server}: {source}")]
    Connect {
        /// Which.
        server: String,
        /// Why.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(io::Error),
    /// The server closed it.
    #[error("the server hung up{0}")]
    HungUp(String),
    /// It took too long.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server refuses.
    #[error("the server refuses {what}: {answer}")]
    Refused {
        /// What was asked, without what is secret.
        what: &'static str,
        /// In its words.
        answer: String,
    },
    /// It does not speak IMAP.
    #[error("the server says what is no IMAP: {0}")]
    Protocol(&'static str),
    /// Nothing is wrong: the program stops.
    #[error("stopped")]
    Stopped,
}

/// Who takes the content of a mail.
pub trait Sink {
    /// Content of so many bytes comes.
    fn begin(&mut self, bytes: u64);
    /// A piece of it.
    fn piece(&mut self, bytes: &[u8]);
}

/// Where no content is expected.
pub struct Nobody;

impl Sink for Nobody {
    fn begin(&mut self, _: u64) {}
    fn piece(&mut self, _: &[u8]) {}
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A connection.
pub struct Wire {
    stream: Box<dyn Stream>,
    stop: Arc<Stop>,
    buffer: Vec<u8>,
    start: usize,
    /// How long answers are still waited for when the program stops.
    patience: Duration,
    stop_seen: Option<Instant>,
}

impl Wire {
    /// Connects to the server, over TLS unless it is on this machine.
    pub fn connect(settings: &ImapSettings, stop: &Arc<Stop>) -> Result<Self, ImapError> {
        let server = format!("{}:{}", settings.host, settings.port);
        let failed = |source| ImapError::Connect { server: server.clone(), source };
        let socket = open_socket(settings).map_err(failed)?;
        let stream: Box<dyn Stream> = match settings.encryption {
            Encryption::None => Box::new(socket),
            Encryption::Tls => {
                let config = Arc::new(tls(&settings.ca_file)?);
                let name = ServerName::try_from(settings.host.clone()).map_err(|_| {
                    ImapError::Settings(format!("doors.imap.host: `{}` is no host", settings.host))
                })?;
                let connection =
                    ClientConnection::new(config, name).map_err(|error| failed(io::Error::other(error)))?;
                let mut stream = StreamOwned::new(connection, socket);
                shake_hands(&mut stream).map_err(failed)?;
                Box::new(stream)
            }
        };
        let (stop, buffer) = (Arc::clone(stop), Vec::new());
        Ok(Self { stream, stop, buffer, start: 0, patience: Duration::ZERO, stop_seen: None })
    }

    /// How long answers are still waited for when the program stops: zero while nothing is under way.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), ImapError> {
        self.stream.write_all(bytes).and_then(|()| self.stream.flush()).map_err(ImapError::Broken)
    }

    /// The next response. While bytes come, it may take `most`; when none come, `silence`.
    pub fn response(
        &mut self,
        silence: Duration,
        most: Duration,
        sink: &mut dyn Sink,
    ) -> Result<Response, ImapError> {
        let by = Instant::now() + most;
        let mut line = Vec::new();
        loop {
            let begun = line.len();
            self.line(&mut line, silence, by)?;
            // What a literal left behind is no part of the line's last piece, but of what stands before its announcement.
            let Some(literal) = response::literal(&line).filter(|literal| literal.at >= begun) else {
                return Ok(response::parse(&line));
            };
            line.truncate(literal.at);
            if literal.is_mail {
                line.extend_from_slice(b"{0}\r\n");
                sink.begin(literal.bytes);
                self.bytes(literal.bytes, silence, by, &mut |piece| sink.piece(piece))?;
            } else if literal.bytes <= LITERAL_BYTES_MAX {
                line.extend_from_slice(format!("{{{}}}\r\n", literal.bytes).as_bytes());
                self.bytes(literal.bytes, silence, by, &mut |piece| line.extend_from_slice(piece))?;
            } else {
                return Err(ImapError::Protocol("a literal that is no mail is too long"));
            }
            if line.len() > LINE_BYTES_MAX {
                return Err(ImapError::Protocol("a response is too long"));
            }
        }
    }

    /// Appends a line, without its end.
    fn line(&mut self, line: &mut Vec<u8>, silence: Duration, by: Instant) -> Result<(), ImapError> {
        loop {
            let waiting = &self.buffer[self.start..];
            let (used, ended) = match memchr::memchr(b'\n', waiting) {
                Some(at) => (at + 1, true),
                None => (waiting.len(), false),
            };
            line.extend_from_slice(&waiting[..used]);
            self.start += used;
            if line.len() > LINE_BYTES_MAX {
                return Err(ImapError::Protocol("a line is too long"));
            }
            if ended {
                line.pop();
                line.pop_if(|byte| *byte == b'\r');
                return Ok(());
            }
            self.fill(silence, by)?;
        }
    }

    /// Hands on so many bytes.
    fn bytes(
        &mut self,
        count: u64,
        silence: Duration,
        by: Instant,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), ImapError> {
        let mut left = count;
        while left > 0 {
            if self.start == self.buffer.len() {
                self.fill(silence, by)?;
            }
            let waiting = &self.buffer[self.start..];
            let used = waiting.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            take(&waiting[..used]);
            self.start += used;
            left -= used as u64;
        }
        Ok(())
    }

    /// Reads at least one byte; what was in the buffer has been used.
    fn fill(&mut self, silence: Duration, by: Instant) -> Result<(), ImapError> {
        let by = by.min(Instant::now() + silence);
        self.buffer.resize(READ_BYTES, 0);
        self.start = self.buffer.len();
        loop {
            if self.stop.is_set()
                && self.stop_seen.get_or_insert_with(Instant::now).elapsed() >= self.patience
            {
                return Err(ImapError::Stopped);
            }
            if Instant::now() > by {
                return Err(ImapError::Timeout);
            }
            match self.stream.read(&mut self.buffer) {
                Ok(0) => return Err(ImapError::HungUp(String::new())),
                Ok(count) => {
                    self.buffer.truncate(count);
                    self.start = 0;
                    return Ok(());
                }
                Err(error) if is_passing(&error) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(ImapError::HungUp(String::new()));
                }
                Err(error) => return Err(ImapError::Broken(error)),
            }
        }
    }
}

/// Connects to the first address that answers. Without TLS, only to this machine: the address counts, not the name.
fn open_socket(settings: &ImapSettings) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in (settings.host.as_str(), settings.port).to_socket_addrs()? {
        if settings.encryption == Encryption::None && !is_this_machine(address) {
            last = io::Error::new(
                ErrorKind::PermissionDenied,
                "it is not on this machine, so the password may not go there without TLS",
            );
            continue;
        }
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                socket.set_read_timeout(Some(TICK))?;
                socket.set_write_timeout(Some(CONNECT_TIMEOUT))?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn is_this_machine(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn shake_hands(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> io::Result<()> {
    let by = Instant::now() + CONNECT_TIMEOUT;
    while stream.conn.is_handshaking() {
        match stream.conn.complete_io(&mut stream.sock) {
            Ok(_) => {}
            Err(error) if is_passing(&error) && Instant::now() < by => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn tls(ca_file: &Path) -> Result<ClientConfig, ImapError> {
    let mut roots = RootCertStore::empty();
    if ca_file.as_os_str().is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    } else {
        let wrong =
            |why: String| ImapError::Settings(format!("doors.imap.ca_file {}: {why}", ca_file.display()));
        for certificate in CertificateDer::pem_file_iter(ca_file).map_err(|error| wrong(error.to_string()))? {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(wrong("there is no certificate in it".into()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ImapError::Settings(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The read timeout went by, or a signal came: nothing is wrong.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
