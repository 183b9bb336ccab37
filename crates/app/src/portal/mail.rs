//! The desk's mail: what waits in the outbox or failed, what came in by the doors for mail, and addresses that nothing goes to.

use schakel_model::{arrival::Receipt, register::Register};
use schakel_store::{
    Reader, arrivals, mailboxes,
    outbox::{self, Message, MessageState},
    register::{self, load_organisations_now},
    spool::{SpoolDesk, State},
};
use serde::Serialize;

use super::findings::Looking;
use crate::{access_log::Looker, explain::organisation_name, mailbox_health};

/// Messages, or arrivals, on a page.
const LISTED: usize = 200;

/// The longest mail that is shown, in bytes: what is longer is an attachment that nobody reads on a page.
const SHOWN_BYTES_MAX: usize = 256 << 10;

/// The outbox.
#[derive(Debug, Serialize)]
pub struct Outbox {
    /// What is asked for: a state, or `open` for all that is not done.
    pub state: String,
    /// Every state with how many there are, in the order of the page.
    pub counts: Vec<(&'static str, u64)>,
    /// Why nothing is sent; empty: it is.
    pub paused: String,
    /// The newest first; what waits, by its turn.
    pub messages: Vec<InOutbox>,
}

/// A message.
#[derive(Clone, Debug, Serialize)]
pub struct InOutbox {
    /// Its number.
    pub id: i64,
    /// Of which notification, and its subject.
    pub notification: u32,
    /// See [`InOutbox::notification`].
    pub subject: String,
    /// For whom: code and name; empty: nobody in the register.
    pub organisation: String,
    /// See [`InOutbox::organisation`].
    pub organisation_name: String,
    /// The address.
    pub recipient: String,
    /// A word.
    pub state: &'static str,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was made, in seconds since 1970.
    pub at: i64,
    /// When it is tried again, in seconds since 1970.
    pub next_at: Option<i64>,
    /// What the other side said last; may be empty.
    pub outcome: String,
}

/// The messages in a state; not one of ours: those that wait, are withheld or were given up.
pub fn outbox(reader: &Reader, state: &str) -> anyhow::Result<Outbox> {
    let names = reader.read(load_organisations_now)?;
    let [waiting, unknown, accepted, given_up, withheld] = reader.read(outbox::counts)?;
    let all = [MessageState::Withheld, MessageState::GivenUp, MessageState::Waiting, MessageState::Accepted];
    let asked: Vec<MessageState> = match all.iter().find(|one| one.as_str() == state) {
        Some(MessageState::Waiting) => vec![MessageState::Waiting, MessageState::Attempting],
        Some(one) => vec![*one],
        None => vec![MessageState::Withheld, MessageState::Waiting, MessageState::Attempting],
    };
    let mut messages = Vec::new();
    for message in reader.read(|connection| outbox::in_states(connection, &asked, LISTED))? {
        messages.push(in_outbox(reader, &names, message)?);
    }
    Ok(Outbox {
        state: if all.iter().any(|one| one.as_str() == state) { state.to_owned() } else { String::new() },
        counts: vec![
            ("withheld", withheld),
            ("given_up", given_up),
            ("waiting", waiting + unknown),
            ("accepted", accepted),
        ],
        paused: reader.read(outbox::paused)?.unwrap_or_default(),
        messages,
    })
}

fn in_outbox(reader: &Reader, names: &Register, message: Message) -> anyhow::Result<InOutbox> {
    let told = reader.read(|connection| outbox::notification(connection, message.notification))?;
    let organisation = told.as_ref().map(|told| organisation_name(names, told.organisation));
    let is_open = message.finished_at.is_none() && message.state != MessageState::Withheld;
    Ok(InOutbox {
        id: message.id,
        notification: message.notification.0,
        organisation: organisation.map_or_else(String::new, |(code, _)| code.to_owned()),
        organisation_name: organisation.map_or_else(String::new, |(_, name)| name.to_owned()),
        subject: told.map(|told| told.subject).unwrap_or_default(),
        recipient: message.recipient,
        state: message.state.as_str(),
        attempts: message.attempts,
        at: message.created_at,
        next_at: is_open.then(|| message.next_at.max(message.not_before.unwrap_or_default())),
        outcome: message.outcome.unwrap_or_default(),
    })
}

/// One message, as it leaves.
#[derive(Debug, Serialize)]
pub struct OneMessage {
    /// It.
    pub message: InOutbox,
    /// Its marking.
    pub tlp: &'static str,
    /// The mail.
    pub mail: String,
    /// Is there more of it?
    pub more: bool,
    /// Is it there no more?
    pub erased: bool,
}

/// One message; `None` when there is none. Who looks is recorded when it is confidential.
pub fn message(reader: &Reader, id: i64, looking: Looking<'_>) -> anyhow::Result<Option<OneMessage>> {
    let Some(stored) = reader.read(|connection| outbox::message(connection, id))? else { return Ok(None) };
    let told = reader.read(|connection| outbox::notification(connection, stored.notification))?;
    let tlp = told.map_or(schakel_model::tlp::Tlp::Red, |told| told.tlp);
    let Looking { actor, now } = looking;
    Looker { reader, actor, now }.item(&format!("message:{id}"), tlp)?;
    let erased = reader.read(|connection| schakel_store::erase::message_erased(connection, id))?.is_some();
    let mut bytes = Vec::new();
    if !erased {
        reader.frames()?.read(stored.frame, &mut bytes)?;
    }
    let more = bytes.len() > SHOWN_BYTES_MAX;
    bytes.truncate(SHOWN_BYTES_MAX);
    let names = reader.read(load_organisations_now)?;
    Ok(Some(OneMessage {
        message: in_outbox(reader, &names, stored)?,
        tlp: tlp.as_str(),
        mail: String::from_utf8_lossy(&bytes).into_owned(),
        more,
        erased,
    }))
}

/// What came in by the doors for mail.
#[derive(Debug, Serialize)]
pub struct Incoming {
    /// What is asked for: `aside` (no report, or refused), `taken`, or empty for both.
    pub which: String,
    /// The newest first.
    pub mails: Vec<Came>,
}

/// A mail that came.
#[derive(Clone, Debug, Serialize)]
pub struct Came {
    /// Its number.
    pub receipt: String,
    /// Which door: a word.
    pub door: &'static str,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who wrote it.
    pub sender: String,
    /// What it is called.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// What became of it: `waiting`, `held`, `taken`, `known`, `refused`, `no_report`.
    pub became: &'static str,
    /// Why, in a sentence.
    pub why: String,
    /// The report that it became.
    pub report: Option<u32>,
    /// Are its bytes still here, so that a person can decide anew?
    pub is_kept: bool,
}

/// What came by mail.
pub fn incoming(reader: &Reader, which: &str) -> anyhow::Result<Incoming> {
    let spool = SpoolDesk::open(reader.data())?;
    let kept: Vec<_> = spool.all()?.into_iter().filter(|kept| kept.envelope.door.is_mail()).collect();
    let aside: Vec<Receipt> =
        kept.iter().filter(|kept| kept.state == State::Aside).map(|kept| kept.receipt).collect();
    let here = kept.into_iter().filter(|kept| kept.state != State::Aside);
    let mut mails: Vec<(Receipt, Came)> = here
        .map(|kept| {
            let came = Came {
                receipt: kept.receipt.to_string(),
                door: kept.envelope.door.as_str(),
                at: kept.envelope.received_at,
                sender: kept.envelope.sender,
                name: kept.envelope.name,
                size: kept.size,
                became: if kept.state == State::Held { "held" } else { "waiting" },
                why: kept.reason,
                report: None,
                is_kept: true,
            };
            (kept.receipt, came)
        })
        .collect();
    for arrival in reader.read(|connection| arrivals::by_mail(connection, LISTED))? {
        // One that was handed to a person again stands above.
        if mails.iter().any(|(receipt, _)| *receipt == arrival.receipt) {
            continue;
        }
        let came = Came {
            receipt: arrival.receipt.to_string(),
            door: arrival.door.as_str(),
            at: arrival.received_at,
            sender: arrival.sender,
            name: arrival.name,
            size: arrival.size,
            became: arrival.outcome.as_str(),
            why: arrival.reason,
            report: arrival.report.map(|report| report.0),
            is_kept: aside.contains(&arrival.receipt),
        };
        mails.push((arrival.receipt, came));
    }
    let is_asked = |came: &Came| match which {
        "aside" => matches!(came.became, "no_report" | "refused"),
        "taken" => matches!(came.became, "taken" | "known"),
        _ => true,
    };
    mails.retain(|(_, came)| is_asked(came));
    mails.sort_by_key(|(receipt, _)| std::cmp::Reverse(*receipt));
    mails.truncate(LISTED);
    let which = if matches!(which, "aside" | "taken") { which } else { "" };
    Ok(Incoming { which: which.to_owned(), mails: mails.into_iter().map(|(_, came)| came).collect() })
}

/// Addresses of which something is known.
#[derive(Debug, Serialize)]
pub struct Mailboxes {
    /// They, those that nothing goes to first.
    pub mailboxes: Vec<Address>,
}

/// A mail address.
#[derive(Clone, Debug, Serialize)]
pub struct Address {
    /// It.
    pub address: String,
    /// Whose: code, name of the organisation, role.
    pub contacts: Vec<(String, String, &'static str)>,
    /// May mail go there?
    pub usable: bool,
    /// When mail was last accepted, in seconds since 1970.
    pub accepted_at: Option<i64>,
    /// Mails that came back.
    pub failures: u32,
    /// What was said then.
    pub failure: String,
    /// Words for what is known, each with since when.
    pub states: Vec<(&'static str, i64)>,
    /// The finding that shows that somebody else may read it.
    pub finding: Option<u32>,
}

/// Addresses against which something is known.
pub fn mailboxes(reader: &Reader, now: i64) -> anyhow::Result<Mailboxes> {
    if reader.read(mailboxes::list)?.is_empty() {
        return Ok(Mailboxes { mailboxes: Vec::new() });
    }
    let register = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let known = mailbox_health::health(reader, &register, None, now)?;
    let ill = known.into_iter().filter(|one| {
        !one.mailbox.is_usable() || one.mailbox.failures > 0 || one.mailbox.complained_at.is_some()
    });
    let mut found: Vec<Address> = ill
        .map(|one| {
            let mailbox = one.mailbox;
            let states = [
                ("compromised", mailbox.compromised_at),
                ("failed", mailbox.failed_at),
                ("complained", mailbox.complained_at),
            ];
            Address {
                usable: mailbox.is_usable(),
                contacts: one
                    .contacts
                    .iter()
                    .map(|contact| {
                        let (code, name) = organisation_name(&register, contact.organisation);
                        (code.to_owned(), name.to_owned(), contact.role.as_str())
                    })
                    .collect(),
                accepted_at: one.accepted_at,
                failures: mailbox.failures,
                failure: mailbox.failure,
                states: states.into_iter().filter_map(|(word, at)| Some((word, at?))).collect(),
                finding: mailbox.compromised_by.map(|finding| finding.0),
                address: mailbox.address,
            }
        })
        .collect();
    found.sort_by(|a, b| (a.usable, &a.address).cmp(&(b.usable, &b.address)));
    Ok(Mailboxes { mailboxes: found })
}
