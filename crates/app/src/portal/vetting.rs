//! Reports that wait for a person, and what is in one of them.

use schakel_attribute::{Input, InputKind};
use schakel_model::{arrival::Receipt, event::Event};
use schakel_store::{
    Reader, sources,
    spool::{Kept, SpoolDesk, State},
};
use serde::Serialize;

use super::findings::Looking;
use crate::{
    access_log::Looker,
    arrivals::{content, look},
    config::Config,
    explain::{Question, explain},
    parse_files::{RejectLine, RowSink, parse_incoming},
};

/// Rows of a report that are read to show what it is.
const ROWS_MAX: u64 = 20_000;

/// Events and rejects that are shown.
const SHOWN: usize = 10;

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
            reason: kept.reason,
        }
    }
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
    /// Rows that were read.
    pub rows: u64,
    /// Are there more?
    pub more: bool,
    /// Those that could not be read.
    pub rejected: u64,
    /// The first events.
    pub events: Vec<Seen>,
    /// The first rows that could not be read.
    pub rejects: Vec<RejectLine>,
    /// What could not be read, in sentences.
    pub failures: Vec<String>,
    /// Every source: code and name.
    pub sources: Vec<(String, String)>,
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
) -> anyhow::Result<Option<Opened>> {
    let Ok(receipt) = receipt.parse::<Receipt>() else { return Ok(None) };
    let spool = SpoolDesk::open(reader.data())?;
    let Some(kept) = spool.get(receipt)?.filter(|kept| kept.state == State::Held) else { return Ok(None) };
    let Looking { actor, now } = looking;
    Looker { reader, actor, now }.raw(&format!("arrival:{receipt}"))?;
    let reading = config.reading()?;
    let mut incoming = content(&spool, &kept)?;
    let looked = look(reader, &kept.envelope, &mut incoming, &reading, config)?;
    let mut first = First::default();
    let parsed = parse_incoming(&mut incoming, &kept.envelope.name, &reading, now, &mut first);
    let failures = match parsed {
        Ok(parsed) => parsed.failures,
        Err(_) if first.is_enough() => Vec::new(),
        Err(error) => vec![format!("{error:#}")],
    };
    let mut events = Vec::new();
    for event in &first.events {
        events.push(seen(reader, event, now)?);
    }
    let known = reader.read(sources::list)?;
    Ok(Some(Opened {
        waiting: Waiting::from(kept),
        address: looked.sender.address,
        title: looked.sender.title,
        proven: looked.sender.proven,
        formats: looked.formats,
        more: first.is_enough(),
        rows: first.rows,
        rejected: first.rejected,
        events,
        rejects: first.rejects,
        failures,
        sources: known.into_iter().map(|one| (one.code, one.name)).collect(),
    }))
}

fn seen(reader: &Reader, event: &serde_json::Value, now: i64) -> anyhow::Result<Seen> {
    let field = |name: &str| match &event[name] {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    };
    let (ip, name, port) = (field("source.ip"), field("source.fqdn"), field("source.port"));
    let inputs = [(InputKind::Ip, &ip), (InputKind::Domain, &name)];
    let inputs: Vec<Input> = inputs
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .filter_map(|(kind, text)| Input::read(kind, text).ok())
        .collect();
    let owners = match inputs.is_empty() {
        true => Vec::new(),
        false => {
            explain(reader, &Question { inputs, at: now, as_known_at: None, now, kind: None })?.candidates
        }
    };
    let target = if ip.is_empty() { name } else { ip };
    Ok(Seen {
        at: field("time.source"),
        target: if port.is_empty() { target } else { format!("{target} {port}") },
        kind: [field("classification.type"), field("classification.identifier")].join(" ").trim().to_owned(),
        owners: owners
            .into_iter()
            .filter(|one| one.won)
            .map(|one| (one.organisation, one.organisation_name))
            .collect(),
    })
}

/// Keeps the first events and rejects, and reads no further than it has to.
#[derive(Default)]
struct First {
    rows: u64,
    rejected: u64,
    events: Vec<serde_json::Value>,
    rejects: Vec<RejectLine>,
}

impl First {
    fn is_enough(&self) -> bool {
        self.rows >= ROWS_MAX
    }

    fn row(&mut self) -> anyhow::Result<()> {
        self.rows += 1;
        anyhow::ensure!(!self.is_enough(), "that is enough");
        Ok(())
    }
}

impl RowSink for First {
    fn event(&mut self, event: &Event) -> anyhow::Result<()> {
        if self.events.len() < SHOWN {
            self.events.push(serde_json::from_str(&schakel_parse::idf::to_json(event))?);
        }
        self.row()
    }

    fn reject(&mut self, reject: &RejectLine) -> anyhow::Result<()> {
        self.rejected += 1;
        if self.rejects.len() < SHOWN {
            self.rejects.push(RejectLine { raw_base64: String::new(), ..reject.clone() });
        }
        self.row()
    }
}
