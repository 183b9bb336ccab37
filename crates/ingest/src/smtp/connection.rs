//! One connection: moves bytes between a socket, a [`Session`] and the spool, and watches the time.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{IpAddr, TcpStream},
    os::unix::net::UnixStream,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

use schakel_model::arrival::{Door, Envelope};

use super::{
    reply::line,
    server::Shared,
    session::{Session, Step},
};
use crate::door::{Refusal, Upload};

/// What is read at once; all the memory that a connection needs, with its answers.
const INPUT_BYTES: usize = 64 << 10;

/// Answers of pipelined commands are sent together, up to here.
const OUTPUT_BYTES: usize = 8 << 10;

/// What a mail is called in the spool: it is read as a mail because of its ending.
const NAME: &str = "mail.eml";

/// A TCP or Unix socket.
pub(super) trait Stream: Read + Write + Send + 'static {
    fn set_timeouts(&self, read: Duration, write: Duration) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn set_timeouts(&self, read: Duration, write: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(read))?;
        self.set_write_timeout(Some(write))?;
        self.set_nodelay(true)
    }
}

impl Stream for UnixStream {
    fn set_timeouts(&self, read: Duration, write: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(read))?;
        self.set_write_timeout(Some(write))
    }
}

/// Why a connection ends before the client says so.
enum End {
    /// The client has gone.
    Gone,
    /// We say this and close.
    Said(&'static str, &'static str),
}

/// A mail on its way in.
struct Incoming {
    /// `None` once it is refused: the rest is read and forgotten.
    upload: Result<Box<dyn Upload>, Refusal>,
    bytes: u64,
    deadline: Instant,
}

struct Connection<'a, S> {
    shared: &'a Shared,
    stream: S,
    peer: Option<IpAddr>,
    output: String,
    /// When the client last did what it should.
    active: Instant,
    ends: Instant,
    incoming: Option<Incoming>,
    stop_by: Option<Instant>,
}

/// Serves a client until it or we have had enough.
pub(super) fn serve<S: Stream>(stream: S, peer: Option<IpAddr>, shared: &Shared) {
    let now = Instant::now();
    let mut connection = Connection {
        shared,
        stream,
        peer,
        output: String::new(),
        active: now,
        ends: now + shared.timeouts.session,
        incoming: None,
        stop_by: None,
    };
    if let Err(End::Said(code, text)) = connection.converse() {
        connection.output += &line(code, text);
        // It may have gone.
        let _ = connection.flush();
    }
    if connection.incoming.is_some() {
        shared.refused.fetch_add(1, SeqCst);
        tracing::warn!(
            ?peer,
            "a mail did not come to its end: nothing of it is kept, the sender has it still"
        );
    }
}

impl<S: Stream> Connection<'_, S> {
    fn converse(&mut self) -> Result<(), End> {
        let mut session = Session::new(Arc::clone(&self.shared.offer));
        self.output += &session.greeting();
        let mut buffer = vec![0; INPUT_BYTES];
        let (mut start, mut end) = (0, 0);
        loop {
            let (used, step) = session.step(&buffer[start..end]);
            start += used;
            match step {
                Step::More if used > 0 && start < end => {}
                Step::More => {
                    buffer.copy_within(start..end, 0);
                    (start, end) = (0, end - start);
                    end += self.read(&mut buffer[end..])?;
                }
                Step::Reply(reply) => self.answer(&reply)?,
                Step::Begin { sender } => {
                    let outcome = self.begin(sender);
                    self.answer(&session.begun(outcome))?;
                }
                Step::Bytes(bytes) => self.keep(bytes)?,
                Step::Finish => {
                    let outcome = self.finish();
                    self.answer(&session.finished(outcome))?;
                }
                Step::Discard(reply) => {
                    self.incoming = None;
                    self.answer(&reply)?;
                }
                Step::Close(reply) => {
                    self.output += &reply;
                    return self.flush();
                }
            }
        }
    }

    /// Reads at least one byte.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, End> {
        self.flush()?;
        loop {
            self.check_the_time()?;
            match self.stream.read(buffer) {
                Ok(0) => return Err(End::Gone),
                Ok(count) => {
                    if self.incoming.is_some() {
                        self.active = Instant::now();
                    }
                    return Ok(count);
                }
                Err(error) if is_passing(&error) => {}
                Err(_) => return Err(End::Gone),
            }
        }
    }

    fn check_the_time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        let stop = self.shared.stopping.load(SeqCst);
        if stop {
            let by = *self.stop_by.get_or_insert(now + self.shared.timeouts.stop);
            if self.incoming.is_none() || now > by {
                return Err(End::Said("421 4.3.2", "stopping, try again later"));
            }
        }
        // Within a command, single bytes do not count as activity: only commands do.
        if now > self.active + self.shared.timeouts.idle {
            return Err(End::Said("421 4.4.2", "nothing came for too long"));
        }
        match &self.incoming {
            Some(incoming) if now > incoming.deadline => {
                Err(End::Said("421 4.4.2", "the mail took too long"))
            }
            None if now > self.ends => Err(End::Said("421 4.4.2", "come back with a new connection")),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, sender: String) -> Result<(), Refusal> {
        let envelope = Envelope {
            door: Door::Mail,
            source: String::new(),
            received_at: self.shared.clock.now_seconds(),
            name: NAME.into(),
            sender,
            peer: self.peer,
        };
        let upload = self.shared.spool.begin(&envelope).map_err(|refusal| self.note(refusal))?;
        let deadline = Instant::now() + self.shared.timeouts.mail;
        self.incoming = Some(Incoming { upload: Ok(upload), bytes: 0, deadline });
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), End> {
        let bytes_max = self.shared.offer.bytes_max;
        let Some(incoming) = &mut self.incoming else { return Ok(()) };
        incoming.bytes += bytes.len() as u64;
        if let Ok(upload) = &mut incoming.upload {
            if incoming.bytes > bytes_max {
                incoming.upload = Err(Refusal::TooLarge { bytes_max });
            } else if let Err(error) = upload.write_all(bytes) {
                incoming.upload = Err(error.into());
            }
        }
        // A client that was told the limit and sends on and on is not one to be polite to.
        if incoming.bytes > bytes_max.saturating_mul(2) {
            return Err(End::Said("552 5.3.4", "the mail is far too large"));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<schakel_model::arrival::Receipt, Refusal> {
        let Some(incoming) = self.incoming.take() else {
            return Err(Refusal::Trouble("a mail ended that had not begun".into()));
        };
        match incoming.upload.and_then(|upload| upload.finish()) {
            Ok(receipt) => {
                self.shared.received.fetch_add(1, SeqCst);
                tracing::info!(%receipt, bytes = incoming.bytes, peer = ?self.peer, "received a mail");
                Ok(receipt)
            }
            Err(refusal) => Err(self.note(refusal)),
        }
    }

    /// Counts a refusal and writes it to the log.
    fn note(&self, refusal: Refusal) -> Refusal {
        self.shared.refused.fetch_add(1, SeqCst);
        match &refusal {
            Refusal::Trouble(text) => tracing::error!(error = %text, "cannot keep a mail"),
            refusal => tracing::warn!(?refusal, peer = ?self.peer, "refused a mail"),
        }
        refusal
    }

    fn answer(&mut self, reply: &str) -> Result<(), End> {
        self.active = Instant::now();
        self.output += reply;
        if self.output.len() > OUTPUT_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), End> {
        let sent = self.stream.write_all(self.output.as_bytes()).and_then(|()| self.stream.flush());
        self.output.clear();
        sent.map_err(|_| End::Gone)
    }
}

/// The read timeout went by, or a signal came: nothing is wrong.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
