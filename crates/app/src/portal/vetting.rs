//! Reports that wait for a person, and what is in one of them.

use schakel_model::{arrival::Receipt, event::Value, fate::Fate};
use schakel_rules::vetting::Reason;
use schakel_store::{
    Reader, sources,
    spool::{Kept, SpoolDesk, State},
};
use serde::Serialize;

use super::findings::Looking;
use crate::{
    access_log::Looker,
    config::Config,
    parse_files::RejectLine,
    preview::{Concerned, Knows, Most, Preview, Shown},
    vetting,
};

/// The queue.
#[derive(Debug, Serialize)]
pub struct Queue {
    /// What waits, the longest first.
    pub waiting: Vec<Waiting>,
}

/// Something that waits.
#[derive(Debug, Serialize)]
pub struct Waiting {
    /// Its number.
    pub receipt: String,
    /// By which door it came.
    pub door: String,
    /// The code of the source that proved to be it; empty: nobody did.
    pub source: String,
    /// Of a mail: the envelope's sender.
    pub sender: String,
    /// Its file name.
    pub name: String,
    /// In seconds since 1970.
    pub received_at: i64,
    /// Bytes.
    pub size: u64,
    /// Why it waits.
    pub reason: String,
    /// The same for the reader's language, with what it names; `None` for a reason in words of its own.
    pub why: Option<(&'static str, String)>,
}

impl From<Kept> for Waiting {
    fn from(kept: Kept) -> Self {
        Self {
            receipt: kept.receipt.to_string(),
            door: kept.envelope.door.to_string(),
            source: kept.envelope.source,
            sender: kept.envelope.sender,
            name: kept.envelope.name,
            received_at: kept.envelope.received_at,
            size: kept.size,
            why: why(&kept.reason),
            reason: kept.reason,
        }
    }
}

fn why(reason: &str) -> Option<(&'static str, String)> {
    Some(match Reason::read(reason)? {
        Reason::Blocked => ("waits-blocked", String::new()),
        Reason::Extracted => ("waits-extracted", String::new()),
        Reason::UnknownNotifier => ("waits-unknown-notifier", String::new()),
        Reason::SenderNotProven => ("waits-sender-not-proven", String::new()),
        Reason::Vetted => ("waits-vetted", String::new()),
        Reason::Sealed => ("waits-sealed", String::new()),
        Reason::Format(format) => ("waits-format", format),
        Reason::TooLarge(bytes_max) => ("waits-too-large", bytes_max.to_string()),
        Reason::TooMany(reports_max) => ("waits-too-many", reports_max.to_string()),
    })
}

/// One of them, opened.
#[derive(Debug, Serialize)]
pub struct Opened {
    /// It.
    #[serde(flatten)]
    pub waiting: Waiting,
    /// Of a mail: who wrote it, and about what.
    pub address: String,
    /// See [`Opened::address`].
    pub title: String,
    /// Is it certain who sent it?
    pub proven: bool,
    /// The formats it holds.
    pub formats: Vec<String>,
    /// What accepting it would do; `None`: the service has no time to say so.
    pub tried: Option<Tried>,
    /// Every source: code and name.
    pub sources: Vec<(String, String)>,
}

/// What accepting it would do.
#[derive(Debug, Serialize)]
pub struct Tried {
    /// These bytes came in before.
    pub known: bool,
    /// Rows that were looked at.
    pub rows: u64,
    /// Are there more?
    pub more: bool,
    /// Those that could not be read.
    pub rejected: u64,
    /// Findings that would be new.
    pub new_findings: u64,
    /// Findings that would be seen again.
    pub findings_seen: u64,
    /// New ones that would be nobody's.
    pub unrouted: u64,
    /// Whom it concerns.
    pub concerned: Vec<Concerned>,
    /// The first events.
    pub events: Vec<Seen>,
    /// The first rows that could not be read.
    pub rejects: Vec<RejectLine>,
    /// What could not be read, in sentences.
    pub failures: Vec<String>,
}

impl From<Preview> for Tried {
    fn from(preview: Preview) -> Self {
        Self {
            known: preview.known,
            rows: preview.sums.rows,
            more: preview.more,
            rejected: preview.sums.rejected,
            new_findings: preview.new_findings,
            findings_seen: preview.findings_seen,
            unrouted: preview.sums.fate(Fate::Unrouted),
            concerned: preview.concerned,
            events: preview.events.into_iter().map(seen).collect(),
            rejects: preview.rejects,
            failures: preview.failures,
        }
    }
}

/// An event of it.
#[derive(Debug, Default, Serialize)]
pub struct Seen {
    /// When it was seen, RFC 3339.
    pub at: String,
    /// What it is about.
    pub target: String,
    /// The type and the identifier.
    pub kind: String,
    /// Whose it is by the register of now: codes and names.
    pub owners: Vec<(String, String)>,
}

/// What waits.
pub fn queue(reader: &Reader) -> anyhow::Result<Queue> {
    let waiting = SpoolDesk::open(reader.data())?.list(State::Held)?;
    Ok(Queue { waiting: waiting.into_iter().map(Waiting::from).collect() })
}

/// What waits under this number, opened; `None` when nothing does. Who looks is recorded before they see it.
pub fn open(
    reader: &Reader,
    config: &Config,
    receipt: &str,
    looking: Looking<'_>,
    knows: &mut dyn Knows,
) -> anyhow::Result<Option<Opened>> {
    let Ok(receipt) = receipt.parse::<Receipt>() else { return Ok(None) };
    let kept = SpoolDesk::open(reader.data())?.get(receipt)?;
    let Some(kept) = kept.filter(|kept| kept.state == State::Held) else { return Ok(None) };
    let Looking { actor, now } = looking;
    Looker { reader, actor, now }.raw(&format!("arrival:{receipt}"))?;
    let (looked, tried) = vetting::preview(reader, config, &kept, knows, now, Most::OF_A_PAGE)?;
    let known = reader.read(sources::list)?;
    Ok(Some(Opened {
        waiting: Waiting::from(kept),
        address: looked.sender.address,
        title: looked.sender.title,
        proven: looked.sender.proven,
        formats: looked.formats,
        tried: tried.ok().map(Tried::from),
        sources: known.into_iter().map(|one| (one.code, one.name)).collect(),
    }))
}

fn seen(shown: Shown) -> Seen {
    let (event, target) = (&shown.event, shown.target());
    let kind = [event.text("classification.type"), event.text("classification.identifier")];
    Seen {
        at: event.text("time.source").to_owned(),
        target: match event.get("source.port") {
            Some(Value::Int(port)) => format!("{target} {port}"),
            _ => target.to_owned(),
        },
        kind: kind.join(" ").trim().to_owned(),
        owners: shown.owners,
    }
}
