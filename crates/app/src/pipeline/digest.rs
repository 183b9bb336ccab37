//! A chunk of rows, read and attributed by a worker thread: everything the decision needs, in columns, nothing borrowed.

use std::{collections::HashMap, io, net::IpAddr};

use foldhash::fast::RandomState;
use schakel_attribute::{Scratch, Snapshot};
use schakel_model::{
    assignment::{Assignee, AssignmentSet},
    finding::KeyMaker,
    observation::{Observation, ObservedAt, Polarity, Transport},
    reject::RejectCode,
    severity::Severity,
};
use schakel_parse::{Plan, Records};
use schakel_store::{chunks::STORED_KEY_BYTES, findings::Kind, frames::Packer};

use super::{interner::Interner, key_table::StoredKey};

/// What a row turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Not readable.
    Rejected(RejectCode),
    /// A negative observation.
    Clear,
    /// An event.
    Event,
}

/// One row's part in the decision.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What it is.
    pub verdict: Verdict,
    /// The finding's key. Zero for a reject.
    pub key: StoredKey,
    /// When it was observed.
    pub observed_at: ObservedAt,
    /// Number of the set of assignees.
    pub set: u32,
    /// Number of the kind.
    pub kind: u32,
    /// How bad.
    pub severity: Severity,
    /// The service's transport.
    pub transport: Transport,
    /// The service's port.
    pub port: u16,
    /// The address.
    pub ip: Option<IpAddr>,
    /// Where its name stands in [`Digest::names`]: start and length.
    pub name: (u32, u32),
}

/// A chunk's rows.
#[derive(Default)]
pub struct Digest {
    /// In row order.
    pub rows: Vec<Row>,
    /// The names the rows refer to.
    pub names: String,
}

impl Digest {
    /// The name of a row.
    pub fn name(&self, row: &Row) -> Option<&str> {
        let (start, length) = (row.name.0 as usize, row.name.1 as usize);
        (length > 0).then(|| &self.names[start..start + length])
    }
}

/// What all workers share.
pub struct Shared {
    /// Kinds and their numbers.
    pub kinds: Interner<Kind>,
    /// Assignment sets and their numbers; 0 is the empty set.
    pub sets: Interner<AssignmentSet>,
}

/// One worker: its buffers and caches.
pub struct Digester {
    keys: KeyMaker,
    key_input: Vec<u8>,
    scratch: Scratch,
    sets: HashMap<AssignmentSet, u32, RandomState>,
    last_set: (AssignmentSet, u32),
    kinds: KindCache,
    packer: Packer,
}

impl Digester {
    /// With the installation's secret.
    pub fn new(keys: KeyMaker) -> io::Result<Self> {
        Ok(Self {
            keys,
            key_input: Vec::new(),
            scratch: Scratch::default(),
            sets: HashMap::default(),
            last_set: (Vec::new(), 0),
            kinds: KindCache::default(),
            packer: Packer::new()?,
        })
    }

    /// Packs the raw bytes.
    pub fn pack(&mut self, raw: &[u8]) -> io::Result<Vec<u8>> {
        self.packer.pack(raw)
    }

    /// Reads and attributes the records that were cut out of `bytes`.
    pub fn digest(
        &mut self,
        plan: &Plan,
        snapshot: &Snapshot,
        shared: &Shared,
        bytes: &[u8],
        records: &Records,
    ) -> Digest {
        let mut digest = Digest { rows: Vec::with_capacity(records.len()), names: String::new() };
        for at in 0..records.len() {
            let row = match plan.observe(records.get(bytes, at)) {
                Ok(observation) => self.row(plan, snapshot, shared, &observation, &mut digest.names),
                Err(reject) => rejected(reject.code),
            };
            digest.rows.push(row);
        }
        digest
    }

    fn row(
        &mut self,
        plan: &Plan,
        snapshot: &Snapshot,
        shared: &Shared,
        observation: &Observation<'_>,
        names: &mut String,
    ) -> Row {
        let key = self.keys.key(observation, &mut self.key_input);
        let mut stored = [0; STORED_KEY_BYTES];
        stored.copy_from_slice(&key.0[..STORED_KEY_BYTES]);
        let set = self.set(snapshot, shared, observation);
        let source = &observation.source;
        let name = match source.ip {
            Some(_) => &source.fqdn,
            None => [&source.fqdn, &source.url, &source.account, &source.reverse_dns]
                .into_iter()
                .find(|name| !name.is_empty())
                .unwrap_or(&source.fqdn),
        };
        let start = names.len() as u32;
        names.push_str(name);
        Row {
            verdict: if observation.polarity == Polarity::Clear { Verdict::Clear } else { Verdict::Event },
            key: stored,
            observed_at: observation.observed_at,
            set,
            kind: self.kinds.number(plan, shared, observation),
            severity: observation.severity,
            transport: observation.transport,
            port: source.port,
            ip: source.ip,
            name: (start, name.len() as u32),
        }
    }

    fn set(&mut self, snapshot: &Snapshot, shared: &Shared, observation: &Observation<'_>) -> u32 {
        let assignees: &[Assignee] = snapshot.assign(observation, &mut self.scratch);
        if self.last_set.0 == assignees {
            return self.last_set.1;
        }
        let number = match self.sets.get(assignees) {
            Some(number) => *number,
            None => {
                let set = assignees.to_vec();
                let number = shared.sets.number(&set);
                self.sets.insert(set, number);
                number
            }
        };
        self.last_set.0.clear();
        self.last_set.0.extend_from_slice(assignees);
        self.last_set.1 = number;
        number
    }
}

fn rejected(code: RejectCode) -> Row {
    Row {
        verdict: Verdict::Rejected(code),
        key: [0; STORED_KEY_BYTES],
        observed_at: ObservedAt(0),
        set: 0,
        kind: 0,
        severity: Severity::Low,
        transport: Transport::Unknown,
        port: 0,
        ip: None,
        name: (0, 0),
    }
}

/// The kinds a worker has met in the plan it reads now. A handful: a list beats a hash.
#[derive(Default)]
struct KindCache {
    feed: String,
    known: Vec<(Kind, u32)>,
}

impl KindCache {
    /// Beyond this many kinds in one feed the list is forgotten now and then: identifiers from a mapping can be anything.
    const KNOWN_MAX: usize = 64;

    fn number(&mut self, plan: &Plan, shared: &Shared, observation: &Observation<'_>) -> u32 {
        if self.feed != plan.feed() {
            self.known.clear();
            self.feed = plan.feed().to_owned();
        }
        let found = self.known.iter().find(|(kind, _)| {
            kind.severity == observation.severity
                && kind.classification == observation.classification
                && kind.identifier == observation.identifier
        });
        if let Some((_, number)) = found {
            return *number;
        }
        let kind = Kind {
            provider: plan.provider().to_owned(),
            feed: plan.feed().to_owned(),
            classification: observation.classification,
            identifier: observation.identifier.to_string(),
            severity: observation.severity,
        };
        let number = shared.kinds.number(&kind);
        if self.known.len() == Self::KNOWN_MAX {
            self.known.clear();
        }
        self.known.push((kind, number));
        number
    }
}
