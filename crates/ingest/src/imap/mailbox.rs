//! Fetches what is in a mailbox, mail by mail, and waits for more.
//!
//! A mail is marked and moved only when it is durable in the spool. Its identity on the server is the UIDVALIDITY of the folder and its
//! UID: what is in the spool and could not be moved is not fetched again, over broken connections too. When the program itself ends in
//! between, the mail comes again; it is then known by its bytes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use schakel_model::{
    arrival::{Door, Envelope, Receipt},
    clock::Clock,
};

use super::{
    client::Client,
    settings::{After, ImapSettings},
    status::StatusBoard,
    waiting::Stop,
    wire::{ImapError, Sink},
};
use crate::door::{Refusal, Spool, Upload};

/// Mails that are put away together. As many may come a second time when the program is killed; one by one, each would cost three answers
/// of the server instead of one.
const TOGETHER_MAX: usize = 50;

/// How long is waited. Fixed in the program; only tests are in more of a hurry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waits {
    /// Before the second attempt to connect; it doubles from then on.
    pub first: Duration,
    /// Before any attempt to connect.
    pub longest: Duration,
    /// When the spool is in trouble.
    pub trouble: Duration,
    /// After this time IDLE is begun anew. Servers may hang up after 29 minutes (RFC 2177); a connection that died without a sound is
    /// found at this time as well.
    pub idle: Duration,
    /// A server that is silent for so long in the middle of an answer is left.
    pub silence: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_secs(300),
            trouble: Duration::from_secs(30),
            idle: Duration::from_secs(540),
            silence: Duration::from_secs(60),
        }
    }
}

/// A mailbox and what is known of it.
pub struct Mailbox {
    pub(super) settings: ImapSettings,
    pub(super) waits: Waits,
    pub(super) spool: Arc<dyn Spool>,
    pub(super) clock: Clock,
    pub(super) stop: Arc<Stop>,
    pub(super) board: Arc<StatusBoard>,
    /// UIDVALIDITY of the folder when the sets below were made.
    validity: u32,
    /// Mails that need not be fetched any more, and are not put away.
    finished: HashMap<u32, Fate>,
    /// Mails that the server cannot give.
    unreadable: HashSet<u32>,
}

/// What became of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Spooled,
    Refused,
}

impl Mailbox {
    pub(super) fn new(
        settings: ImapSettings,
        waits: Waits,
        spool: Arc<dyn Spool>,
        clock: Clock,
        stop: Arc<Stop>,
        board: Arc<StatusBoard>,
    ) -> Self {
        let (finished, unreadable) = (HashMap::new(), HashSet::new());
        Self { settings, waits, spool, clock, stop, board, validity: 0, finished, unreadable }
    }

    /// Fetches until it should stop.
    pub(super) fn watch(mut self) {
        let mut wait = self.waits.first;
        while !self.stop.is_set() {
            let successes = self.board.successes();
            match self.converse() {
                Ok(()) | Err(ImapError::Stopped) => break,
                Err(error) => self.board.failed(&error.to_string(), self.clock.now_seconds()),
            }
            self.board.disconnected();
            if self.board.successes() > successes {
                wait = self.waits.first;
            }
            self.stop.wait(wait);
            wait = (wait * 2).min(self.waits.longest);
        }
        self.board.disconnected();
    }

    /// One connection.
    fn converse(&mut self) -> Result<(), ImapError> {
        let mut client = Client::connect(&self.settings, self.waits.silence, &self.stop)?;
        let validity = client.select(&self.settings.folder)?;
        if validity != self.validity {
            self.validity = validity;
            self.finished.clear();
        }
        self.unreadable.clear();
        self.board.connected();
        while !self.stop.is_set() {
            let failures = self.board.failures();
            match self.round(&mut client)? {
                Some(pause) => {
                    self.stop.wait(pause);
                    client.noop()?;
                }
                None => {
                    let stuck = self.finished.len() + self.unreadable.len();
                    self.board.succeeded(failures, stuck, self.clock.now_seconds());
                    if client.can("IDLE") {
                        client.idle(self.waits.idle)?;
                    } else {
                        self.stop.wait(Duration::from_secs(self.settings.poll_seconds.max(1)));
                        client.noop()?;
                    }
                }
            }
        }
        client.log_out();
        Ok(())
    }

    /// Fetches all that is there. When the spool takes nothing now: how long to wait.
    fn round(&mut self, client: &mut Client) -> Result<Option<Duration>, ImapError> {
        let criteria = match self.settings.after {
            After::Move => "UNDELETED",
            After::Seen => "UNSEEN UNDELETED",
        };
        let uids = client.search(criteria)?;
        let there: HashSet<u32> = uids.iter().copied().collect();
        self.finished.retain(|uid, _| there.contains(uid));
        self.unreadable.retain(|uid| there.contains(uid));
        let (mut waiting, mut pause) = (Vec::new(), None);
        for uid in uids {
            if self.stop.is_set() {
                self.put_away(client, &mut waiting)?;
                return Err(ImapError::Stopped);
            }
            if self.unreadable.contains(&uid) {
                continue;
            }
            let fate = match self.finished.get(&uid) {
                Some(fate) => *fate,
                None => match self.fetch(client, uid)? {
                    Fetched::Fate(fate) => fate,
                    Fetched::Nothing => continue,
                    Fetched::Later(time) => {
                        pause = Some(time);
                        break;
                    }
                },
            };
            self.finished.insert(uid, fate);
            waiting.push((uid, fate));
            if waiting.len() == TOGETHER_MAX {
                self.put_away(client, &mut waiting)?;
            }
        }
        self.put_away(client, &mut waiting)?;
        Ok(pause)
    }

    fn fetch(&mut self, client: &mut Client, uid: u32) -> Result<Fetched, ImapError> {
        let envelope = Envelope {
            door: Door::Imap,
            source: String::new(),
            received_at: self.clock.now_seconds(),
            name: format!("imap-{}-{uid}.eml", self.validity),
            sender: String::new(),
            peer: None,
        };
        let mut intake = Intake::new(&*self.spool, &envelope, self.settings.bytes_max);
        match client.fetch(uid, &mut intake) {
            Ok(true) => {}
            Ok(false) => return Ok(Fetched::Nothing),
            Err(error @ ImapError::Refused { .. }) => {
                self.unreadable.insert(uid);
                self.board.failed(&format!("mail {uid}: {error}"), self.clock.now_seconds());
                return Ok(Fetched::Nothing);
            }
            Err(error) => return Err(error),
        }
        let bytes = intake.bytes;
        if bytes == 0 {
            tracing::warn!(uid, folder = %self.settings.refused_folder, "a mail of the mailbox is empty");
            self.board.refused();
            return Ok(Fetched::Fate(Fate::Refused));
        }
        Ok(match intake.finish() {
            Ok(receipt) => {
                tracing::info!(%receipt, bytes, uid, "fetched a mail");
                self.board.fetched();
                Fetched::Fate(Fate::Spooled)
            }
            Err(Refusal::Later { after_seconds }) => {
                tracing::warn!(
                    after_seconds,
                    "there is no room for a fetched mail: it stays in the mailbox for now"
                );
                Fetched::Later(Duration::from_secs(after_seconds.into()))
            }
            Err(Refusal::Trouble(text)) => {
                self.board.failed(&format!("a mail cannot be kept: {text}"), self.clock.now_seconds());
                Fetched::Later(self.waits.trouble)
            }
            Err(refusal @ (Refusal::TooLarge { .. } | Refusal::Blocked)) => {
                tracing::warn!(?refusal, bytes, uid, folder = %self.settings.refused_folder, "refused a mail of the mailbox");
                self.board.refused();
                Fetched::Fate(Fate::Refused)
            }
        })
    }

    /// Marks and moves mails, together or else one by one. Those that the server does not move stay where they are, and are not fetched
    /// again.
    fn put_away(&mut self, client: &mut Client, waiting: &mut Vec<(u32, Fate)>) -> Result<(), ImapError> {
        for fate in [Fate::Spooled, Fate::Refused] {
            let uids: Vec<u32> = waiting.iter().filter(|(_, f)| *f == fate).map(|(uid, _)| *uid).collect();
            if uids.is_empty() {
                continue;
            }
            match self.put_away_together(client, &uids, fate) {
                Ok(()) => self.finished.retain(|uid, _| !uids.contains(uid)),
                Err(ImapError::Refused { .. }) => {
                    for uid in uids {
                        match self.put_away_together(client, &[uid], fate) {
                            Ok(()) => _ = self.finished.remove(&uid),
                            Err(error @ ImapError::Refused { .. }) => {
                                self.board.failed(&error.to_string(), self.clock.now_seconds());
                            }
                            Err(error) => return Err(error),
                        }
                    }
                }
                Err(error) => return Err(error),
            }
        }
        waiting.clear();
        Ok(())
    }

    fn put_away_together(&self, client: &mut Client, uids: &[u32], fate: Fate) -> Result<(), ImapError> {
        match (self.settings.after, fate) {
            (After::Seen, Fate::Spooled) => client.flag(uids, "\\Seen"),
            (After::Seen, Fate::Refused) => client.flag(uids, "\\Seen \\Flagged"),
            (After::Move, Fate::Spooled) => {
                client.flag(uids, "\\Seen")?;
                client.move_to(uids, &self.settings.done_folder)
            }
            (After::Move, Fate::Refused) => client.move_to(uids, &self.settings.refused_folder),
        }
    }
}

enum Fetched {
    Fate(Fate),
    /// Somebody else took it away, or the server cannot give it.
    Nothing,
    Later(Duration),
}

/// Takes the content of one mail into the spool.
struct Intake<'a> {
    spool: &'a dyn Spool,
    envelope: &'a Envelope,
    bytes_max: u64,
    bytes: u64,
    /// `None` before the content begins.
    upload: Option<Result<Box<dyn Upload>, Refusal>>,
}

impl<'a> Intake<'a> {
    fn new(spool: &'a dyn Spool, envelope: &'a Envelope, bytes_max: u64) -> Self {
        Self { spool, envelope, bytes_max, bytes: 0, upload: None }
    }

    fn finish(self) -> Result<Receipt, Refusal> {
        match self.upload {
            Some(upload) => upload?.finish(),
            None => Err(Refusal::Trouble("the server gave no content".into())),
        }
    }
}

impl Sink for Intake<'_> {
    fn begin(&mut self, bytes: u64) {
        self.bytes = bytes;
        self.upload = Some(if bytes > self.bytes_max {
            Err(Refusal::TooLarge { bytes_max: self.bytes_max })
        } else {
            self.spool.begin(self.envelope)
        });
    }

    fn piece(&mut self, bytes: &[u8]) {
        if let Some(Ok(upload)) = &mut self.upload
            && let Err(error) = upload.write_all(bytes)
        {
            self.upload = Some(Err(error.into()));
        }
    }
}
