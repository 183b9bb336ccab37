//! Sends what is due: an attempt is recorded before it is made, and how it ended after.

use std::collections::HashMap;

use jiff::Timestamp;
use schakel_deliver::{
    channel::{Channel, Delivery},
    mail::address,
    message_id::MessageId,
    outcome::{Answer, Outcome},
    settings::MailSettings,
};
use schakel_model::clock::Clock;
use schakel_rules::{
    retry::{Decision, Progress, after_attempt, is_no_such_mailbox},
    storm_brake::Verdict,
};
use schakel_store::{
    frames::FrameReader,
    mailboxes::Failure,
    outbox::{self, AttemptResult, Lane, Message, MessageState, OutboxWriter},
};
use serde::Serialize;

use crate::{
    answers::tokens::{self, Token, Use},
    config::Config,
    machines::Opened,
};

/// Messages of one round: one commit before and one after for all of them. After a crash at most so many are sent again, with the
/// same bytes.
const ROUND: usize = 20;
/// The storm brake looks back this far, in seconds.
const BRAKE_SECONDS: i64 = 86_400;

/// What a run of sending did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Taken by the other side.
    pub accepted: u64,
    /// To be tried again later.
    pub later: u64,
    /// Given up.
    pub given_up: u64,
    /// Put off by the storm brake.
    pub braked: u64,
}

impl Sent {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.later += other.later;
        self.given_up += other.given_up;
        self.braked += other.braked;
    }
}

/// Sends what is due now, to people and then to programs. Stops between two messages when `stop` says so.
pub fn send_due(
    store: &mut OutboxWriter,
    frames: &mut FrameReader,
    config: &Config,
    clock: &Clock,
    stop: &dyn Fn() -> bool,
) -> anyhow::Result<Sent> {
    let mut sent = send_lane(Lane::Mail, store, frames, (config, clock), stop)?;
    sent.add(send_lane(Lane::Machine, store, frames, (config, clock), stop)?);
    Ok(sent)
}

/// Sends what is due now by one of the ways.
pub fn send_lane(
    lane: Lane,
    store: &mut OutboxWriter,
    frames: &mut FrameReader,
    (config, clock): (&Config, &Clock),
    stop: &dyn Fn() -> bool,
) -> anyhow::Result<Sent> {
    let mut sent = Sent::default();
    if let Some(reason) = store.read(outbox::paused)? {
        anyhow::bail!(
            "sending is paused: {reason}. Run `schakel restore confirm` to say what should happen with what was waiting"
        );
    }
    let mut ways = Ways::open(lane, store, config)?;
    while !stop() {
        let now = clock.now();
        let due = store.read(|connection| outbox::due(connection, lane, now.as_second(), ROUND))?;
        if due.is_empty() {
            break;
        }
        let (mut go, braked) = match lane {
            Lane::Mail => brake(store, config, now, due)?,
            // A program is not annoyed.
            Lane::Machine => (due, Vec::new()),
        };
        sent.braked += braked.len() as u64;
        store.postpone(&braked)?;
        let started = store.start_attempts(&go.iter().map(|message| message.id).collect::<Vec<_>>())?;
        go.retain(|message| started.contains(&message.id));
        let mut results = Vec::with_capacity(go.len());
        for message in &go {
            let result = attempt(&mut ways, frames, message, clock.now())?;
            match result.state {
                MessageState::Accepted => sent.accepted += 1,
                MessageState::GivenUp => sent.given_up += 1,
                _ => sent.later += 1,
            }
            results.push(result);
            if stop() {
                break;
            }
        }
        // What was not tried any more goes back to waiting, without having been sent.
        let untried = go.iter().skip(results.len()).map(|message| AttemptResult {
            message: message.id,
            state: MessageState::Waiting,
            next_at: message.next_at,
            outcome: "stopped before it was tried".to_owned(),
            failure: None,
        });
        results.extend(untried);
        store.finish_attempts(clock.now_seconds(), &results)?;
    }
    ways.close();
    Ok(sent)
}

/// What messages of a lane go by.
enum Ways<'a> {
    /// All by one channel, each with its return path.
    Mail(Box<Channel>, ReturnPath),
    /// Each by that of its recipient.
    Machine(Opened<'a>),
}

impl<'a> Ways<'a> {
    fn open(lane: Lane, store: &OutboxWriter, config: &'a Config) -> anyhow::Result<Self> {
        Ok(match lane {
            Lane::Mail => Self::Mail(Box::new(Channel::open(&config.mail)?), ReturnPath::new(store, config)?),
            Lane::Machine => Self::Machine(Opened::new(config)),
        })
    }

    fn deliver(&mut self, message: &Message, id: &MessageId, bytes: &[u8], now: Timestamp) -> Outcome {
        let delivery = Delivery { envelope_from: "", to: &message.recipient, message_id: id, bytes, now };
        match self {
            Self::Mail(channel, return_path) => {
                channel.deliver(&Delivery { envelope_from: &return_path.of(id), ..delivery })
            }
            Self::Machine(opened) => match opened.get(&message.recipient) {
                Ok(channel) => channel.deliver(&delivery),
                // A matter of the configuration: the message waits until it is put right.
                Err(error) => Outcome::Temporary(Answer { code: None, text: format!("{error:#}") }),
            },
        }
    }

    fn close(&mut self) {
        if let Self::Mail(channel, _) = self {
            channel.close();
        }
    }
}

/// Those that may go, and those that wait with the time until when.
type Braked = (Vec<Message>, Vec<(i64, i64)>);

/// Who may get a mail now, and until when the others wait.
fn brake(store: &OutboxWriter, config: &Config, now: Timestamp, due: Vec<Message>) -> anyhow::Result<Braked> {
    let brake = config.mail.storm_brake();
    let mut history: HashMap<String, Vec<Timestamp>> = HashMap::new();
    let (mut go, mut braked) = (Vec::new(), Vec::new());
    for message in due {
        if !history.contains_key(&message.recipient) {
            let since = now.as_second() - BRAKE_SECONDS;
            let times =
                store.read(|connection| outbox::accepted_since(connection, &message.recipient, since))?;
            let times = times.into_iter().filter_map(|at| Timestamp::from_second(at).ok()).collect();
            history.insert(message.recipient.clone(), times);
        }
        let times = history.entry(message.recipient.clone()).or_default();
        match brake.verdict(times, now) {
            Verdict::Go => {
                times.push(now);
                go.push(message);
            }
            Verdict::WaitUntil(until) => braked.push((message.id, until.as_second())),
        }
    }
    Ok((go, braked))
}

fn attempt(
    ways: &mut Ways<'_>,
    frames: &mut FrameReader,
    message: &Message,
    now: Timestamp,
) -> anyhow::Result<AttemptResult> {
    let mut bytes = Vec::new();
    frames.read(message.frame, &mut bytes)?;
    let message_id: MessageId = message.message_id.parse()?;
    let outcome = ways.deliver(message, &message_id, &bytes, now);
    let progress = Progress {
        // An attempt that a crash cut off is counted already.
        attempts: message.attempts + u32::from(message.state == MessageState::Waiting),
        // A message is due from the moment it is made.
        first_attempt_at: Timestamp::from_second(message.created_at).unwrap_or(now),
        now,
    };
    // Which mail comes back when is spread by its own number: no random source is needed.
    let chance = (message.id as u32).wrapping_mul(2_654_435_761);
    let (state, next_at) = match after_attempt(outcome.attempt(), progress, chance) {
        Decision::Done => (MessageState::Accepted, 0),
        Decision::RetryAt(at) => (MessageState::Waiting, at.as_second()),
        Decision::GiveUp(_) => (MessageState::GivenUp, 0),
    };
    let outcome = outcome.answer().to_string();
    let failure = match state {
        // A program has no mailbox.
        _ if matches!(ways, Ways::Machine(_)) => None,
        MessageState::GivenUp if is_no_such_mailbox(&outcome) => Some(Failure::Hard),
        MessageState::GivenUp => Some(Failure::Soft),
        _ => None,
    };
    Ok(AttemptResult { message: message.id, state, next_at, outcome, failure })
}

/// Where mail servers report failures to.
enum ReturnPath {
    /// One address for all mails.
    Address(String),
    /// An address for each mail, made of this one (VERP), so that a report that quotes nothing still names its mail.
    Each([u8; 32], String),
}

impl ReturnPath {
    fn new(store: &OutboxWriter, config: &Config) -> anyhow::Result<Self> {
        let MailSettings { from, envelope_from, return_path_host, .. } = &config.mail;
        Ok(match (return_path_host.as_str(), envelope_from.as_str()) {
            ("", "") => Self::Address(address("mail.from", from)?),
            ("", configured) => Self::Address(address("mail.envelope_from", configured)?),
            (host, _) => {
                // Checked here once, so that no single mail fails over it.
                Self::Each(store.secret(), address("mail.return_path_host", &format!("bounce@{host}"))?)
            }
        })
    }

    fn of(&self, id: &MessageId) -> String {
        match self {
            Self::Address(address) => address.clone(),
            Self::Each(secret, base) => tokens::address(secret, Use::Return, Token::from(id), base),
        }
    }
}
