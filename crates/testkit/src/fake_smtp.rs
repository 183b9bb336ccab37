//! A mail server over real TCP that does what a [`Script`] says: take mails, refuse, stall, or break off.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rustls::{ServerConnection, StreamOwned};

use crate::server_tls::ServerTls;

/// A stalled connection is dropped after this time, so that no test leaves threads behind for long.
const STALL_MAX: Duration = Duration::from_secs(60);

/// A mail that the server took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// `MAIL FROM`.
    pub from: String,
    /// `RCPT TO`, those that were accepted.
    pub to: Vec<String>,
    /// What came after `DATA`, without dot-stuffing, with the last line break.
    pub bytes: Vec<u8>,
    /// Did it come over TLS?
    pub encrypted: bool,
    /// The name that logged in; empty when nobody did.
    pub user: String,
}

/// Where in the dialogue something happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Instead of the greeting.
    Greeting,
    /// Instead of the answer to `MAIL FROM`.
    Mail,
    /// Instead of the answer to `RCPT TO`.
    Recipient,
    /// Instead of the answer to `DATA`.
    Data,
    /// In the middle of the mail.
    Body,
    /// The whole mail came and is kept, but the answer is another.
    AfterBody,
}

/// What happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// This answer, without line break.
    Reply(String),
    /// No answer at all.
    Stall,
    /// The connection breaks.
    Close,
}

#[derive(Clone, Debug)]
struct Surprise {
    stage: Stage,
    act: Act,
    /// Only for recipients that contain this.
    recipient: String,
    /// How often it is passed over before it happens.
    skip: Arc<AtomicUsize>,
    /// How often it still happens.
    left: Arc<AtomicUsize>,
}

/// How the server behaves. The default takes every mail, without TLS.
#[derive(Clone, Debug, Default)]
pub struct Script {
    tls: Option<ServerTls>,
    implicit: bool,
    login: Option<(String, String)>,
    surprises: Vec<Surprise>,
}

impl Script {
    /// Offers STARTTLS.
    pub fn starttls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Speaks TLS from the first byte.
    pub fn implicit_tls(mut self, tls: ServerTls) -> Self {
        self.implicit = true;
        self.starttls(tls)
    }

    /// Asks for this name and password (AUTH PLAIN).
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    /// Refuses recipients that contain this text, for good.
    pub fn refusing(self, recipient: &str) -> Self {
        self.surprise(Stage::Recipient, Act::Reply("550 5.1.1 unknown here".into()), recipient, 0, usize::MAX)
    }

    /// Does something else at this stage, every time.
    pub fn at(self, stage: Stage, act: Act) -> Self {
        self.surprise(stage, act, "", 0, usize::MAX)
    }

    /// Does something else at this stage, the first `times` times.
    pub fn first(self, times: usize, stage: Stage, act: Act) -> Self {
        self.surprise(stage, act, "", 0, times)
    }

    /// Does something else at this stage, once, after it has gone well `times` times.
    pub fn after(self, times: usize, stage: Stage, act: Act) -> Self {
        self.surprise(stage, act, "", times, 1)
    }

    fn surprise(mut self, stage: Stage, act: Act, recipient: &str, skip: usize, times: usize) -> Self {
        let (skip, left) = (Arc::new(AtomicUsize::new(skip)), Arc::new(AtomicUsize::new(times)));
        self.surprises.push(Surprise { stage, act, recipient: recipient.into(), skip, left });
        self
    }

    fn act(&self, stage: Stage, recipient: &str) -> Option<Act> {
        self.surprises
            .iter()
            .filter(|surprise| surprise.stage == stage && recipient.contains(&surprise.recipient))
            .find(|surprise| !counted_down(&surprise.skip) && counted_down(&surprise.left))
            .map(|surprise| surprise.act.clone())
    }
}

/// Takes one off; false when there is none left.
fn counted_down(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

/// A running server on a port of loopback. It stops when dropped.
#[derive(Debug)]
pub struct FakeSmtp {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

impl FakeSmtp {
    /// Starts a server with this script.
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if for_thread.stopped.load(Ordering::SeqCst) {
                    return;
                }
                for_thread.connections.fetch_add(1, Ordering::SeqCst);
                let (script, shared) = (script.clone(), Arc::clone(&for_thread));
                thread::spawn(move || {
                    // A client that goes away in the middle is part of the tests.
                    let _ = Session::serve(stream, script, shared);
                });
            }
        });
        Self { address, shared }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The mails it took so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().expect("no thread panics with the lock").clone()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for FakeSmtp {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // Wakes the listener.
    }
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

struct Session {
    stream: BufReader<Box<dyn Stream>>,
    script: Script,
    shared: Arc<Shared>,
    encrypted: bool,
    user: String,
    from: String,
    to: Vec<String>,
}

/// Whether the dialogue goes on.
enum Next {
    Go,
    End,
}

impl Session {
    fn serve(tcp: TcpStream, script: Script, shared: Arc<Shared>) -> io::Result<()> {
        tcp.set_read_timeout(Some(STALL_MAX))?;
        tcp.set_nodelay(true)?;
        let raw = tcp.try_clone()?;
        let encrypted = script.implicit;
        let stream: Box<dyn Stream> = match &script.tls {
            Some(tls) if script.implicit => Box::new(secured(tcp, tls)?),
            _ => Box::new(tcp),
        };
        let mut session = Self {
            stream: BufReader::new(stream),
            script,
            shared,
            encrypted,
            user: String::new(),
            from: String::new(),
            to: Vec::new(),
        };
        if let Next::End = session.answer(Stage::Greeting, "", "220 fake.example ESMTP")? {
            return Ok(());
        }
        let mut line = String::new();
        loop {
            line.clear();
            if session.stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim_end().eq_ignore_ascii_case("STARTTLS") && !session.encrypted {
                session.reply("220 go ahead")?;
                let Some(tls) = session.script.tls.clone() else { return Ok(()) };
                session.stream = BufReader::new(Box::new(secured(raw.try_clone()?, &tls)?));
                session.encrypted = true;
            } else if let Next::End = session.command(line.trim_end())? {
                return Ok(());
            }
        }
    }

    fn command(&mut self, line: &str) -> io::Result<Next> {
        let word = line.split([' ', ':']).next().unwrap_or("").to_ascii_uppercase();
        let argument = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(a, _)| a);
        match word.as_str() {
            "EHLO" => self.hello(),
            "AUTH" => self.log_in(line),
            "MAIL" if self.script.login.is_some() && self.user.is_empty() => {
                self.reply("530 5.7.0 authentication required")
            }
            "MAIL" => {
                self.from = argument.into();
                self.to.clear();
                self.answer(Stage::Mail, "", "250 ok")
            }
            "RCPT" => match self.script.act(Stage::Recipient, argument) {
                Some(act) => self.perform(act),
                None => {
                    self.to.push(argument.into());
                    self.reply("250 ok")
                }
            },
            "DATA" if self.to.is_empty() => self.reply("503 5.5.1 no recipient"),
            "DATA" => self.data(),
            "RSET" => {
                self.to.clear();
                self.reply("250 ok")
            }
            "NOOP" => self.reply("250 ok"),
            "QUIT" => {
                self.reply("221 bye")?;
                Ok(Next::End)
            }
            _ => self.reply("502 5.5.2 what"),
        }
    }

    fn hello(&mut self) -> io::Result<Next> {
        let mut lines = vec!["fake.example", "8BITMIME"];
        if self.script.tls.is_some() && !self.encrypted {
            lines.push("STARTTLS");
        }
        if self.script.login.is_some() {
            lines.push("AUTH PLAIN");
        }
        lines.push("SMTPUTF8");
        let last = lines.len() - 1;
        let text: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' }))
            .collect();
        self.reply(&text.join("\r\n"))
    }

    fn log_in(&mut self, line: &str) -> io::Result<Next> {
        let given = line.split_whitespace().nth(2).unwrap_or("");
        match self.script.login.clone() {
            Some((user, password)) if given == base64(&format!("\0{user}\0{password}")) => {
                self.user = user;
                self.reply("235 2.7.0 welcome")
            }
            _ => self.reply("535 5.7.8 wrong name or password"),
        }
    }

    fn data(&mut self) -> io::Result<Next> {
        if let Some(act) = self.script.act(Stage::Data, "") {
            return self.perform(act);
        }
        self.reply("354 go ahead")?;
        let break_off = self.script.act(Stage::Body, "");
        let mut bytes = Vec::new();
        loop {
            let start = bytes.len();
            if self.stream.read_until(b'\n', &mut bytes)? == 0 {
                return Ok(Next::End);
            }
            if let Some(act) = &break_off {
                return self.perform(act.clone());
            }
            if &bytes[start..] == b".\r\n" {
                bytes.truncate(start);
                break;
            }
            if bytes[start] == b'.' {
                bytes.remove(start);
            }
        }
        let received = Received {
            from: self.from.clone(),
            to: std::mem::take(&mut self.to),
            bytes,
            encrypted: self.encrypted,
            user: self.user.clone(),
        };
        self.shared.received.lock().expect("no thread panics with the lock").push(received);
        self.answer(Stage::AfterBody, "", "250 2.0.0 taken")
    }

    /// The usual answer, unless the script says otherwise.
    fn answer(&mut self, stage: Stage, recipient: &str, usual: &str) -> io::Result<Next> {
        match self.script.act(stage, recipient) {
            Some(act) => self.perform(act),
            None => self.reply(usual),
        }
    }

    fn perform(&mut self, act: Act) -> io::Result<Next> {
        match act {
            Act::Reply(text) => self.reply(&text),
            Act::Close => Ok(Next::End),
            Act::Stall => {
                // Until the client hangs up or the read times out.
                io::copy(&mut self.stream, &mut io::sink())?;
                Ok(Next::End)
            }
        }
    }

    fn reply(&mut self, text: &str) -> io::Result<Next> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{text}\r\n").as_bytes())?;
        stream.flush()?;
        Ok(Next::Go)
    }
}

fn secured(tcp: TcpStream, tls: &ServerTls) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let connection = ServerConnection::new(Arc::clone(&tls.config)).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, tcp))
}

/// Base64 with padding: all the fake needs of it.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(*three.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let six = (bits >> (18 - 6 * at)) & 63;
            out.push(if at > three.len() { '=' } else { ALPHABET[six as usize].into() });
        }
    }
    out
}
