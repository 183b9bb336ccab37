//! How reports are to be read: what the operator says beside the file names.

use std::io::{self, Cursor, Read};

use anyhow::Context;
use jiff::Timestamp;
use schakel_formats::containers::{Caps, Member, Walked, walk_wanting};
use schakel_model::tlp::{Terms, Tlp};
use schakel_parse::{
    Plan, PlanError, PlanOptions,
    feeds::{self, Feed, Given, Transcription},
    mapping::Mapping,
    shadowserver::Schema,
    sheet,
};

use schakel_seal::keys::Keys;

use crate::{
    incoming::Incoming,
    sealed::{Seals, unseal},
};

/// The bytes by which a report is recognised before it is read whole, and in which its header must stand.
pub const HEAD_BYTES: usize = 1 << 20;

/// Reading as told on the command line or in the configuration.
pub struct Reading {
    /// The report type, when the file name does not say it.
    pub type_name: Option<String>,
    /// A newer official Shadowserver schema.
    pub schema: Option<Schema>,
    /// Mappings for other files, tried by their file patterns in order.
    pub mappings: Vec<Mapping>,
    /// The mapping to use whatever the file is called.
    pub mapping: Option<Mapping>,
    /// The marking of everything read, when the operator says one.
    pub tlp: Option<Tlp>,
    /// The marking of what bears none and whose mapping says none.
    pub default_tlp: Tlp,
    /// The keys that sealed mail is opened with.
    pub keys: Keys,
}

/// What is known of a report from outside.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received {
    /// When it came in, in seconds since 1970.
    pub at: i64,
    /// The marking of its source, for what bears none.
    pub source_tlp: Option<Tlp>,
    /// The installation's secret, with which the same leaked secret is recognised without being kept.
    pub secret: Option<[u8; 32]>,
}

/// What a walk through a container left unread, in sentences.
#[derive(Clone, Debug, Default)]
pub struct Unread {
    /// What could not be read, or broke off.
    pub failures: Vec<String>,
    /// What was left alone.
    pub skipped: Vec<String>,
}

/// A file or a member of a container, ready to be read row by row.
pub struct Opened<'i> {
    /// How its rows are read.
    pub plan: Plan,
    /// Its first bytes.
    pub head: Vec<u8>,
    /// What follows them.
    pub input: Box<dyn Read + 'i>,
    /// The terms on which what is in it may be passed on.
    pub terms: Terms,
}

impl Default for Reading {
    /// Nothing said, and TLP:AMBER for what bears no marking.
    fn default() -> Self {
        Self {
            type_name: None,
            schema: None,
            mappings: Vec::new(),
            mapping: None,
            tlp: None,
            default_tlp: Tlp::Amber,
            keys: Keys::default(),
        }
    }
}

impl Reading {
    /// Opens a sealed mail, so that it is read as it is inside; what is none is left alone. `now`: when keys must be valid.
    pub fn unseal(&self, incoming: &mut Incoming, now: Timestamp) -> anyhow::Result<Option<Seals>> {
        let unsealed = unseal(incoming, &self.keys, now);
        unsealed.with_context(|| format!("cannot read {}", incoming.name))
    }

    /// The format of a document that holds events in its own way; `None` for a file of rows.
    pub fn document(&self, name: &str, head: &[u8]) -> Option<Feed> {
        match (&self.type_name, self.mapping_for(name)) {
            (_, Some(_)) => None,
            (Some(word), None) => feeds::named(word),
            (None, None) => feeds::recognise(name, head),
        }
    }

    /// Is a file kept in the chunks of its rows, with a plan that its name and first bytes give? Else it is kept whole, and opened.
    pub fn is_of_rows(&self, name: &str, head: &[u8]) -> bool {
        let has_its_own_way = |mapping: &Mapping| sheet::is_for(mapping) || mapping.takes_time_of_receipt();
        self.document(name, head).is_none() && !self.mapping_for(name).is_some_and(has_its_own_way)
    }

    /// Opens a file or a member. What is no file of rows is transcribed while it is read.
    pub fn open<'i>(
        &self,
        name: &str,
        input: &'i mut dyn Read,
        received: Received,
    ) -> anyhow::Result<Opened<'i>> {
        let Received { at: received_at, source_tlp, secret } = received;
        let head = read_head(input).with_context(|| format!("cannot read {name}"))?;
        if let Some(mapping) = self.sheet_mapping(name) {
            let mut csv =
                Cursor::new(sheet_rows(mapping, head, input).with_context(|| format!("cannot read {name}"))?);
            let head = read_head(&mut csv)?;
            let plan = self.plan_at(name, &head, Some(received_at))?;
            return Ok(Opened {
                plan,
                head,
                input: Box::new(csv),
                terms: self.marking(name, source_tlp).into(),
            });
        }
        let Some(feed) = self.document(name, &head) else {
            let plan = self.plan_at(name, &head, Some(received_at))?;
            return Ok(Opened {
                plan,
                head,
                input: Box::new(input),
                terms: self.marking(name, source_tlp).into(),
            });
        };
        let given = Given { received_at, name: name.to_owned(), sender_domain: String::new(), secret };
        let mut lines = Transcription::start(feed, Box::new(Cursor::new(head).chain(input)), given);
        let tlp = self.tlp.or(lines.marking()).or(source_tlp).unwrap_or(self.default_tlp);
        let head = read_head(&mut lines).with_context(|| format!("cannot read {name}"))?;
        Ok(Opened { plan: Plan::transcribed(), head, input: Box::new(lines), terms: tlp.into() })
    }

    /// The format of a file of rows: `shadowserver`, `idf`, or the name of its mapping. `None`: it cannot be read.
    pub fn format(&self, name: &str, head: &[u8]) -> Option<String> {
        if let Some(mapping) = self.sheet_mapping(name) {
            return Some(mapping.name.clone());
        }
        let plan = self.plan(name, head).ok()?;
        Some(
            self.mapping_for(name).map_or_else(|| plan.provider().to_owned(), |mapping| mapping.name.clone()),
        )
    }

    /// Hands every file in a report to `visit`. In a mail that is also what a mapping is for by its name.
    pub fn walk<E>(
        &self,
        name: &str,
        source: &mut dyn Read,
        visit: &mut dyn FnMut(&Member, &mut dyn Read) -> Result<(), E>,
    ) -> Result<Walked, E> {
        let wanted =
            |name: &str| self.mapping.iter().chain(&self.mappings).any(|mapping| mapping.matches(name));
        walk_wanting(source, name, &Caps::default(), &wanted, visit)
    }

    /// Opens every report in a container, one after another, and hands it to `visit` with the way to it. `visit` gives what broke off in
    /// it; an error of `visit` ends the walk. `shown`: what the container is called in sentences.
    pub fn each_report(
        &self,
        (name, shown): (&str, &str),
        source: &mut dyn Read,
        received: Received,
        visit: &mut dyn FnMut(&str, Opened<'_>) -> anyhow::Result<Option<String>>,
    ) -> anyhow::Result<Unread> {
        let mut failures = Vec::new();
        let walked = self.walk(name, source, &mut |member, input| {
            match self.open(&member.name, input, received) {
                Ok(opened) => failures.extend(visit(&member.path, opened)?),
                Err(error) => failures.push(format!("{}: {error:#}", member.path)),
            }
            anyhow::Ok(())
        })?;
        // What broke off inside a member was noted when it was read.
        for problem in walked.problems.iter().map(ToString::to_string) {
            if !failures.iter().any(|failure| failure.contains(&problem)) {
                failures.push(problem);
            }
        }
        if walked.members == 0 && failures.is_empty() {
            failures.push(format!("{shown} holds no report"));
        }
        let skipped =
            walked.skipped.iter().map(|skip| format!("{}: {}", skip.path, skip.reason.as_str())).collect();
        Ok(Unread { failures, skipped })
    }

    /// The plan for a file of rows.
    pub fn plan(&self, name: &str, head: &[u8]) -> Result<Plan, PlanError> {
        self.plan_at(name, head, None)
    }

    fn plan_at(&self, name: &str, head: &[u8], received_at: Option<i64>) -> Result<Plan, PlanError> {
        let options = PlanOptions {
            received_at,
            type_name: self.type_name.as_deref(),
            schema: self.schema.as_ref(),
            mapping: self.mapping_for(name),
        };
        Plan::for_file(name, head, &options)
    }

    /// The marking of a file's items; `source_tlp`: that of its source.
    pub fn marking(&self, name: &str, source_tlp: Option<Tlp>) -> Tlp {
        self.tlp.or_else(|| self.mapping_for(name)?.tlp).or(source_tlp).unwrap_or(self.default_tlp)
    }

    /// The mapping for a file, when it is for spreadsheets.
    fn sheet_mapping(&self, name: &str) -> Option<&Mapping> {
        self.mapping_for(name).filter(|mapping| sheet::is_for(mapping))
    }

    fn mapping_for(&self, name: &str) -> Option<&Mapping> {
        self.mapping.as_ref().or_else(|| self.mappings.iter().find(|mapping| mapping.matches(name)))
    }
}

/// The rows of a spreadsheet of which the first bytes were read.
fn sheet_rows(mapping: &Mapping, mut bytes: Vec<u8>, input: &mut dyn Read) -> anyhow::Result<Vec<u8>> {
    // One byte too many is refused in a sentence.
    let left = (sheet::BYTES_MAX + 1).saturating_sub(bytes.len());
    input.take(left as u64).read_to_end(&mut bytes)?;
    Ok(sheet::to_csv(mapping, &bytes)?)
}

/// What is said of a report that broke off.
pub fn cannot_read(shown: &str, error: &io::Error) -> String {
    format!("{shown} could be read only in part: {error}")
}

/// The first bytes of an input.
pub fn read_head(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match input.take(HEAD_BYTES as u64).read_to_end(&mut head) {
        // What could be read before it broke off is read; the break shows again behind it.
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}
