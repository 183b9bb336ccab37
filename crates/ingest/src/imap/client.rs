//! The commands of IMAP that fetching needs.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    response::{Response, Status, uid_validity},
    settings::{ImapSettings, Login},
    waiting::Stop,
    wire::{ImapError, Nobody, Sink, Wire},
};

/// For one response, such as a large mail over a thin line.
const RESPONSE_MAX: Duration = Duration::from_secs(1_800);

/// For the mail that is just coming and for putting away what is in the spool, when the program stops.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// A password file larger than this is none.
const SECRET_BYTES_MAX: usize = 16 << 10;

/// So much of what a server says goes into our log.
const ANSWER_CHARS_MAX: usize = 200;

/// A conversation with a server that knows who we are.
pub struct Client {
    wire: Wire,
    /// For the next bytes of an answer.
    silence: Duration,
    commands: u32,
    capabilities: Vec<String>,
    /// Has the server told of a mail since the last search began?
    news: bool,
}

impl Client {
    /// Connects and logs in. A server that is silent for so long in the middle of an answer is left.
    pub fn connect(settings: &ImapSettings, silence: Duration, stop: &Arc<Stop>) -> Result<Self, ImapError> {
        let mut wire = Wire::connect(settings, stop)?;
        let greeting = wire.response(silence, RESPONSE_MAX, &mut Nobody)?;
        let mut client = Self { wire, silence, commands: 0, capabilities: Vec::new(), news: false };
        match greeting {
            Response::State { status: Status::Ok, .. } => client.log_in(settings)?,
            Response::State { status: Status::PreAuth, .. } => {}
            Response::Bye(text) => return Err(hung_up(&text)),
            _ => return Err(ImapError::Protocol("it does not greet")),
        }
        // Some servers tell less to those they do not know.
        client.command("CAPABILITY", "to tell what it can do", &mut Nobody)?;
        Ok(client)
    }

    /// Does the server have this extension?
    pub fn can(&self, extension: &str) -> bool {
        self.capabilities.iter().any(|found| found == extension)
    }

    /// Opens a folder; its UIDVALIDITY.
    pub fn select(&mut self, folder: &str) -> Result<u32, ImapError> {
        let mut validity = None;
        self.send(&format!("SELECT {}", quoted(folder)?))?;
        self.answers("to open the folder", &mut Nobody, |response| {
            if let Response::State { status: Status::Ok, text } = response {
                validity = uid_validity(&text).or(validity);
            }
        })?;
        validity.ok_or(ImapError::Protocol("the folder has no UIDVALIDITY"))
    }

    /// The UIDs of mails that match, the oldest first.
    pub fn search(&mut self, criteria: &str) -> Result<Vec<u32>, ImapError> {
        self.wire.set_patience(STOP_PATIENCE);
        self.news = false;
        let mut uids = Vec::new();
        self.send(&format!("UID SEARCH {criteria}"))?;
        self.answers("to search", &mut Nobody, |response| {
            if let Response::Search(found) = response {
                uids.extend(found);
            }
        })?;
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// Hands on the content of a mail. False when the mail is not there.
    pub fn fetch(&mut self, uid: u32, sink: &mut dyn Sink) -> Result<bool, ImapError> {
        self.send(&format!("UID FETCH {uid} (UID BODY.PEEK[])"))?;
        let mut found = Found { sink, begun: false };
        let mut other = false;
        // Short contents stand in quotes, and come at the end; of these the wire knows nothing.
        let mut short = None;
        self.answers("to give a mail", &mut found, |response| {
            if let Response::Fetch { uid: told, body: Some(body) } = response {
                other |= told.is_some_and(|told| told != uid);
                short = Some(body);
            }
        })?;
        let begun = found.begun;
        if other {
            return Err(ImapError::Protocol("it gives another mail than was asked for"));
        }
        match short {
            Some(body) if !begun => {
                sink.begin(body.len() as u64);
                sink.piece(&body);
                Ok(true)
            }
            _ => Ok(begun),
        }
    }

    /// Sets flags of mails.
    pub fn flag(&mut self, uids: &[u32], flags: &str) -> Result<(), ImapError> {
        self.command(
            &format!("UID STORE {} +FLAGS.SILENT ({flags})", set(uids)),
            "to mark mails",
            &mut Nobody,
        )
    }

    /// Moves mails to another folder, which is made if need be.
    pub fn move_to(&mut self, uids: &[u32], folder: &str) -> Result<(), ImapError> {
        match self.move_once(uids, folder) {
            Err(ImapError::Refused { .. }) => {
                let made = format!("CREATE {}", quoted(folder)?);
                // It may be there already, and the server refuses for another reason: then the second attempt says so.
                match self.command(&made, "to make a folder", &mut Nobody) {
                    Ok(()) | Err(ImapError::Refused { .. }) => self.move_once(uids, folder),
                    Err(error) => Err(error),
                }
            }
            done => done,
        }
    }

    fn move_once(&mut self, uids: &[u32], folder: &str) -> Result<(), ImapError> {
        let (set, folder) = (set(uids), quoted(folder)?);
        if self.can("MOVE") {
            return self.command(&format!("UID MOVE {set} {folder}"), "to move mails", &mut Nobody);
        }
        self.command(&format!("UID COPY {set} {folder}"), "to copy mails", &mut Nobody)?;
        self.flag(uids, "\\Deleted")?;
        // Without UIDPLUS, they stay until somebody expunges them: that would also take away what others have marked.
        if self.can("UIDPLUS") {
            self.command(&format!("UID EXPUNGE {set}"), "to take mails away", &mut Nobody)?;
        }
        Ok(())
    }

    /// Waits until the server tells of a mail, with IDLE (RFC 2177), at most so long.
    pub fn idle(&mut self, most: Duration) -> Result<(), ImapError> {
        if self.news {
            return Ok(());
        }
        self.wire.set_patience(Duration::ZERO);
        let tag = self.send("IDLE")?;
        let by = Instant::now() + most;
        let mut asked_to_end = false;
        loop {
            let left = by.saturating_duration_since(Instant::now());
            let wait = if asked_to_end { self.silence } else { left };
            match self.wire.response(wait, RESPONSE_MAX, &mut Nobody) {
                Ok(Response::Exists(_)) => self.news = true,
                Ok(Response::Bye(text)) => return Err(hung_up(&text)),
                Ok(Response::Done { tag: found, status, text }) if found == tag => {
                    return finished(status, &text, "to wait for mail");
                }
                Ok(_) => {}
                // Half a line may be lost here. What it told is found by the search that follows.
                Err(ImapError::Timeout) if !asked_to_end => {}
                Err(error) => return Err(error),
            }
            if !asked_to_end && (self.news || Instant::now() >= by) {
                self.wire.send(b"DONE\r\n")?;
                asked_to_end = true;
            }
        }
    }

    /// Keeps the connection alive, and hears what is new.
    pub fn noop(&mut self) -> Result<(), ImapError> {
        self.command("NOOP", "to do nothing", &mut Nobody)
    }

    /// Ends the conversation.
    pub fn log_out(mut self) {
        // Nothing depends on the answer.
        let _ = self.send("LOGOUT");
    }

    fn log_in(&mut self, settings: &ImapSettings) -> Result<(), ImapError> {
        const WHAT: &str = "the log-in";
        self.command("CAPABILITY", "to tell what it can do", &mut Nobody)?;
        let (user, secret) = (&settings.username, secret(settings)?);
        let (mechanism, response) = match settings.login {
            Login::Oauth2 => ("XOAUTH2", format!("user={user}\x01auth=Bearer {secret}\x01\x01")),
            Login::Password if self.can("AUTH=PLAIN") => ("PLAIN", format!("\0{user}\0{secret}")),
            Login::Password => {
                if self.can("LOGINDISABLED") {
                    return Err(ImapError::Refused { what: WHAT, answer: "LOGINDISABLED".into() });
                }
                let command = format!("LOGIN {} {}", quoted(user)?, quoted(&secret)?);
                return self.command(&command, WHAT, &mut Nobody);
            }
        };
        let tag = self.send(&format!("AUTHENTICATE {mechanism}"))?;
        let mut replies = [STANDARD.encode(response), String::new()].into_iter();
        loop {
            match self.wire.response(self.silence, RESPONSE_MAX, &mut Nobody)? {
                // The second time, XOAUTH2 tells of an error and waits for an empty line.
                Response::Continue => match replies.next() {
                    Some(reply) => self.wire.send(format!("{reply}\r\n").as_bytes())?,
                    None => return Err(ImapError::Protocol("it does not come to an end with the log-in")),
                },
                Response::Done { tag: found, status, text } if found == tag => {
                    return finished(status, &text, WHAT);
                }
                Response::Bye(text) => return Err(hung_up(&text)),
                _ => {}
            }
        }
    }

    fn command(&mut self, command: &str, what: &'static str, sink: &mut dyn Sink) -> Result<(), ImapError> {
        self.send(command)?;
        self.answers(what, sink, |_| {})
    }

    fn send(&mut self, command: &str) -> Result<String, ImapError> {
        self.commands += 1;
        let tag = self.tag();
        self.wire.send(format!("{tag} {command}\r\n").as_bytes())?;
        Ok(tag)
    }

    fn tag(&self) -> String {
        format!("s{}", self.commands)
    }

    /// Reads responses up to the end of the command that was sent last.
    fn answers(
        &mut self,
        what: &'static str,
        sink: &mut dyn Sink,
        mut each: impl FnMut(Response),
    ) -> Result<(), ImapError> {
        let tag = self.tag();
        loop {
            match self.wire.response(self.silence, RESPONSE_MAX, sink)? {
                Response::Done { tag: found, status, text } if found == tag => {
                    return finished(status, &text, what);
                }
                Response::Bye(text) => return Err(hung_up(&text)),
                Response::Exists(_) => self.news = true,
                Response::Capabilities(found) => self.capabilities = found,
                response => each(response),
            }
        }
    }
}

/// Notes that there was content.
struct Found<'a> {
    sink: &'a mut dyn Sink,
    begun: bool,
}

impl Sink for Found<'_> {
    fn begin(&mut self, bytes: u64) {
        self.begun = true;
        self.sink.begin(bytes);
    }
    fn piece(&mut self, bytes: &[u8]) {
        self.sink.piece(bytes);
    }
}

/// `7,8,9`.
fn set(uids: &[u32]) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

fn finished(status: Status, text: &str, what: &'static str) -> Result<(), ImapError> {
    match status {
        Status::Ok | Status::PreAuth => Ok(()),
        Status::No | Status::Bad => Err(ImapError::Refused { what, answer: clean(text) }),
    }
}

fn hung_up(text: &str) -> ImapError {
    ImapError::HungUp(format!(": {}", clean(text)))
}

/// Fit for a log.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(ANSWER_CHARS_MAX).collect()
}

/// A text in quotes. Other characters would need an encoding that servers disagree on.
fn quoted(text: &str) -> Result<String, ImapError> {
    if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(ImapError::Settings(
            "this server takes only ASCII in names of folders, user names and passwords".into(),
        ));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// The password or the token.
pub(super) fn secret(settings: &ImapSettings) -> Result<String, ImapError> {
    let ImapSettings { password_file, password_env, .. } = settings;
    let secret = if !password_file.as_os_str().is_empty() {
        fs::read_to_string(password_file).map_err(|error| {
            ImapError::Settings(format!("doors.imap.password_file {}: {error}", password_file.display()))
        })?
    } else if !password_env.is_empty() {
        std::env::var(password_env).map_err(|_| {
            ImapError::Settings(format!("doors.imap.password_env: there is no variable {password_env}"))
        })?
    } else {
        return Err(ImapError::Settings("name doors.imap.password_file or doors.imap.password_env".into()));
    };
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.is_empty() || secret.len() > SECRET_BYTES_MAX || secret.chars().any(char::is_control) {
        return Err(ImapError::Settings("the password of the mailbox is empty, or is none".into()));
    }
    Ok(secret.to_owned())
}
