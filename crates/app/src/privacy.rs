//! Where a person or an address occurs, and erasing that.
//!
//! [`search`] looks at the texts of the store, at findings, at the raw rows of reports and at messages. [`erase`] does what can be done and leaves
//! the rest, which it names: what is held, what waits to be told or sent, and what the register says of an organisation. What was erased is
//! noted in a file beside the store, so that a backup that is brought back loses it again ([`erase_again`]).

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    io::Write,
    net::IpAddr,
};

use anyhow::{Context, ensure};
use memchr::memmem;
use schakel_model::{
    fate::Fate,
    ids::{ContactId, ReportId},
};
use schakel_store::{
    Reader, Store, StoreError,
    audit::{Action, Entry},
    chunks::{self, Blocks, Chunk},
    erase::{Kind, Redaction, Text, ToErase, erased_numbers},
    fate_blob::{self, RowFate},
    frames::FrameReader,
    id_list, outbox,
    privacy::{self, Found, Remedy},
    register::RegisterChange,
    reports::{self, ReportState},
};
use serde::{Deserialize, Serialize};

use crate::{
    config::Config,
    holds::Held,
    pipeline::derive::{DerivedChunk, Deriver},
    retention::remove_mails,
    users::Actor,
};

/// A shorter term occurs everywhere.
const TERM_BYTES_MIN: usize = 3;

/// What is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Term {
    /// An address.
    Address(IpAddr),
    /// A name, mail address, phone number or other text, in lower case.
    Text(String),
}

impl std::str::FromStr for Term {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        if text.len() < TERM_BYTES_MIN {
            return Err(format!("write at least {TERM_BYTES_MIN} letters: less occurs everywhere"));
        }
        Ok(Self::Text(text.to_lowercase()))
    }
}

impl Term {
    /// As it stands in texts: an IPv6 address has more than one way.
    fn needles(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::Address(IpAddr::V4(address)) => vec![address.to_string()],
            Self::Address(IpAddr::V6(address)) => {
                let full: Vec<String> = address.segments().iter().map(|part| format!("{part:04x}")).collect();
                let short: Vec<String> = address.segments().iter().map(|part| format!("{part:x}")).collect();
                let mut all = vec![address.to_string(), full.join(":"), short.join(":")];
                all.dedup();
                all
            }
        }
    }
}

/// Looks for a term in bytes.
struct Needles {
    finders: Vec<memmem::Finder<'static>>,
    is_address: bool,
}

impl Needles {
    fn of(term: &Term) -> Self {
        let needles = term.needles();
        let finders = needles.iter().map(|needle| memmem::Finder::new(needle.as_bytes()).into_owned());
        Self { finders: finders.collect(), is_address: matches!(term, Term::Address(_)) }
    }

    /// Is it in these bytes, which are in lower case? An address is not found inside another.
    fn is_in(&self, bytes: &[u8]) -> bool {
        self.finders.iter().any(|finder| {
            finder
                .find_iter(bytes)
                .any(|at| !self.is_address || is_whole_address(bytes, at, at + finder.needle().len()))
        })
    }
}

fn is_whole_address(bytes: &[u8], from: usize, to: usize) -> bool {
    let part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
    let before = from.checked_sub(1).map(|at| bytes[at]);
    let after = (bytes.get(to).copied(), bytes.get(to + 1).copied());
    // A dot goes on only before a digit: a sentence may end in an address.
    let goes_on = match after {
        (Some(b'.'), Some(next)) => next.is_ascii_digit(),
        // A port behind an IPv4 address.
        (Some(b':'), _) => bytes[from..to].contains(&b':'),
        (Some(byte), _) => part(byte),
        (None, _) => false,
    };
    !before.is_some_and(|byte| part(byte) || byte == b'.') && !goes_on
}

/// Where a term occurs once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Occurrence {
    /// `contact:12`, `finding:3`, `event:17:4023`, `message:5`, `audit:9`, or a table and its row.
    pub subject: String,
    /// What it is.
    pub what: String,
    /// The text, for an export; a raw row as it came.
    pub text: String,
    /// Why it cannot be erased now; `None` when it can.
    pub kept: Option<String>,
}

/// What a search found, ready to be erased.
pub struct Search {
    /// Every place.
    pub occurrences: Vec<Occurrence>,
    /// What can be erased; rows come with [`Search::rows`].
    what: ToErase,
    /// Rows by chunk.
    rows: BTreeMap<u32, Vec<u32>>,
}

impl Search {
    /// Is there anything that can be erased?
    pub fn is_empty(&self) -> bool {
        self.what.is_empty() && self.rows.is_empty()
    }
}

/// Why things are kept.
struct Kept {
    held: Held,
    /// Reports with assignments that wait to be told, or that are being taken in.
    waiting: HashSet<u32>,
    unfinished: HashSet<u32>,
}

impl Kept {
    fn now(reader: &Reader) -> Result<Self, StoreError> {
        let blocks = |which| reader.read(|connection| chunks::blocks(connection, &which));
        let mut waiting: HashSet<u32> = blocks(Blocks::ToTell)?.iter().map(|block| block.report.0).collect();
        waiting.extend(blocks(Blocks::WithFate(Fate::Held))?.iter().map(|block| block.report.0));
        waiting.extend(reader.read(chunks::unapplied)?.iter().map(|chunk| chunk.report.0));
        let reports = reader.read(|connection| reports::list(connection, None))?;
        waiting.extend(
            reports.iter().filter(|report| report.state == ReportState::Taking).map(|report| report.id.0),
        );
        let unfinished = reader.read(outbox::unfinished)?.iter().map(|message| message.id as u32).collect();
        Ok(Self { held: Held::now(reader)?, waiting, unfinished })
    }

    fn report(&self, report: u32) -> Option<String> {
        if self.held.reports.contains(&report) {
            return Some("under legal hold".to_owned());
        }
        self.waiting
            .contains(&report)
            .then(|| format!("report {report} waits to be told or is being taken in"))
    }

    fn message(&self, message: u32) -> Option<String> {
        if self.held.messages.contains(&message) {
            return Some("under legal hold".to_owned());
        }
        self.unfinished.contains(&message).then(|| "still to be sent".to_owned())
    }
}

fn held(is_held: bool) -> Option<String> {
    is_held.then(|| "under legal hold".to_owned())
}

/// Looks everywhere.
pub fn search(reader: &Reader, term: &Term) -> anyhow::Result<Search> {
    let mut searcher = Searcher {
        reader,
        needles: Needles::of(term),
        kept: Kept::now(reader)?,
        search: Search { occurrences: Vec::new(), what: ToErase::default(), rows: BTreeMap::new() },
        findings: BTreeMap::new(),
        messages: BTreeMap::new(),
        addresses: HashSet::new(),
    };
    for needle in term.needles() {
        for found in reader.read(|connection| privacy::texts(connection, &needle))? {
            if searcher.needles.is_in(found.text.to_lowercase().as_bytes()) {
                searcher.text(found);
            }
        }
    }
    if let Term::Address(address) = term {
        for finding in reader.read(|connection| privacy::findings_at(connection, *address))? {
            searcher.findings.insert(finding, address.to_string());
        }
    }
    let told = searcher.rows()?;
    searcher.messages(&told)?;
    Ok(searcher.finish())
}

struct Searcher<'a> {
    reader: &'a Reader,
    needles: Needles,
    kept: Kept,
    search: Search,
    /// Findings with their text.
    findings: BTreeMap<u32, String>,
    messages: BTreeMap<u32, String>,
    /// Mail addresses of the contacts that were found.
    addresses: HashSet<String>,
}

impl Searcher<'_> {
    fn add(&mut self, subject: String, what: &str, text: String, kept: Option<String>) {
        let occurrence = Occurrence { subject, what: what.to_owned(), text, kept };
        if !self.search.occurrences.contains(&occurrence) {
            self.search.occurrences.push(occurrence);
        }
    }

    fn text(&mut self, found: Found) {
        let Found { place, row, text } = found;
        let number: u32 = row.parse().unwrap_or_default();
        match place.remedy {
            Remedy::Finding => drop(self.findings.insert(number, text)),
            Remedy::Message => drop(self.messages.insert(number, text)),
            Remedy::Contact => {
                let kept = held(self.kept.held.contacts.contains(&number));
                if place.column == "email" {
                    self.addresses.insert(text.to_lowercase());
                }
                if kept.is_none() && !self.search.what.contacts.contains(&number) {
                    self.search.what.contacts.push(number);
                }
                self.add(format!("contact:{number}"), place.what, text, kept);
            }
            Remedy::Detail => {
                let kept = held(self.kept.held.entries.contains(&number));
                if kept.is_none() && !self.search.what.details.contains(&number) {
                    self.search.what.details.push(number);
                }
                self.add(format!("audit:{number}"), place.what, text, kept);
            }
            Remedy::Replace => {
                let subject = format!("{}:{row}", place.table);
                self.search.what.texts.push(Text { place, row });
                self.add(subject, place.what, text, None);
            }
            Remedy::Register => {
                let kept = Some("the register or a claim says it of an organisation: change that".to_owned());
                self.add(format!("{}:{row}", place.table), place.what, text, kept);
            }
        }
    }

    /// Raw rows that hold the term, and those of the findings. Gives the findings of all of them: messages may tell those.
    fn rows(&mut self) -> anyhow::Result<HashSet<u32>> {
        let mut told: HashSet<u32> = self.findings.keys().copied().collect();
        let mut deriver = Deriver::new(Reader::open(self.reader.data())?)?;
        let mut derived = DerivedChunk::default();
        let mut frames = self.reader.frames()?;
        let mut bytes = Vec::new();
        let mut last = 0;
        loop {
            let next = self.reader.read(|connection| chunks::after(connection, last, 256))?;
            let Some(end) = next.last() else { break };
            last = end.id;
            for chunk in &next {
                if deriver.is_erased(chunk.report) {
                    continue;
                }
                self.chunk(chunk, &mut deriver, &mut derived, (&mut frames, &mut bytes), &mut told)?;
            }
        }
        Ok(told)
    }

    fn chunk(
        &mut self,
        chunk: &Chunk,
        deriver: &mut Deriver,
        derived: &mut DerivedChunk,
        (frames, bytes): (&mut FrameReader, &mut Vec<u8>),
        told: &mut HashSet<u32>,
    ) -> anyhow::Result<()> {
        let fates = self.reader.read(|connection| chunks::fates(connection, chunk.id))?;
        let fates: Vec<_> = fate_blob::read(&fates).filter_map(Result::ok).collect();
        let of_finding = |fate: &RowFate| match fate {
            RowFate::Event(finding) => Some(finding.0),
            _ => None,
        };
        frames.read(chunk.frame, bytes)?;
        bytes.make_ascii_lowercase();
        let ours =
            |fate: &RowFate| of_finding(fate).is_some_and(|finding| self.findings.contains_key(&finding));
        if !self.needles.is_in(bytes) && !fates.iter().any(ours) {
            return Ok(());
        }
        deriver.chunk(chunk, derived)?;
        for (at, fate) in fates.iter().enumerate() {
            let Some(record) = derived.record(at) else { continue };
            let finding = of_finding(fate);
            let named = self.needles.is_in(&record.raw().to_ascii_lowercase());
            if !named && !finding.is_some_and(|finding| self.findings.contains_key(&finding)) {
                continue;
            }
            let row = chunk.first_row + at as u32;
            let gone = deriver.is_touched(chunk.report)
                && self
                    .reader
                    .read(|connection| schakel_store::erase::row_erased(connection, chunk.report, row))?
                    .is_some();
            if gone {
                continue;
            }
            told.extend(finding);
            let kept = self.kept.report(chunk.report.0);
            match (&kept, finding) {
                (None, _) => self.search.rows.entry(chunk.id).or_default().push(row),
                // A finding is only erased when nothing that is left can be read as it.
                (Some(_), Some(finding)) => drop(self.kept.held.findings.insert(finding)),
                (Some(_), None) => {}
            }
            let text = String::from_utf8_lossy(record.raw()).into_owned();
            self.add(format!("event:{}:{row}", chunk.report), "raw row", text, kept);
        }
        Ok(())
    }

    /// Messages to the person, that name the term, or that tell what was found in raw rows.
    fn messages(&mut self, told: &HashSet<u32>) -> anyhow::Result<()> {
        let mut tellings = HashSet::new();
        self.reader.read(|connection| {
            schakel_store::retention::for_each_block(connection, |_, _, notification, findings| {
                let ours = || id_list::decode(findings).any(|finding| told.contains(&finding.0));
                if notification.is_some_and(|number| !tellings.contains(&number)) && ours() {
                    tellings.extend(notification);
                }
            })
        })?;
        let mut frames = self.reader.frames()?;
        let mut bytes = Vec::new();
        for (number, _, lead) in self.reader.read(schakel_store::retention::messages_told)? {
            let Some(message) =
                self.reader.read(|connection| outbox::message(connection, i64::from(number)))?
            else {
                continue;
            };
            let gone = self
                .reader
                .read(|connection| schakel_store::erase::message_erased(connection, message.id))?
                .is_some();
            if gone {
                continue;
            }
            frames.read(message.frame, &mut bytes)?;
            let tells =
                tellings.contains(&lead) || self.addresses.contains(&message.recipient.to_lowercase());
            if tells || self.needles.is_in(&bytes.to_ascii_lowercase()) {
                self.messages.insert(number, message.recipient);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Search {
        for (finding, text) in std::mem::take(&mut self.findings) {
            let kept = held(self.kept.held.findings.contains(&finding))
                .map(|_| "under legal hold, or shown by a report that is kept".to_owned());
            if kept.is_none() {
                self.search.what.findings.push(finding);
            }
            self.add(format!("finding:{finding}"), "finding", text, kept);
        }
        for (message, text) in std::mem::take(&mut self.messages) {
            let kept = self.kept.message(message);
            if kept.is_none() {
                self.search.what.messages.push(message);
            }
            self.add(format!("message:{message}"), "message", text, kept);
        }
        let what = &mut self.search.what;
        what.contacts.sort_unstable();
        what.details.sort_unstable();
        self.search
    }
}

/// What was erased.
#[derive(Debug, Default, Serialize, Deserialize, Clone, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Erased {
    /// The audit entry.
    pub entry: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Contacts.
    pub contacts: Vec<u32>,
    /// Findings.
    pub findings: Vec<u32>,
    /// Messages.
    pub messages: Vec<u32>,
    /// Details of the audit log.
    pub details: Vec<u32>,
    /// Reports whose bytes went as a whole.
    pub reports: Vec<u32>,
    /// Rows that were blanked: chunk and rows of the report.
    pub rows: Vec<(u32, Vec<u32>)>,
    /// Other texts: table, column, row.
    pub texts: Vec<(String, String, String)>,
}

/// Erases what a search found and what is not kept. `None` when there is nothing.
pub fn erase(
    store: &mut Store,
    config: &Config,
    actor: &Actor,
    now: i64,
    reason: &str,
    search: Search,
) -> anyhow::Result<Option<Erased>> {
    if search.is_empty() {
        return Ok(None);
    }
    let Search { mut what, rows, .. } = search;
    redact(store, &rows, &mut what)?;
    let entry = Entry {
        at: now,
        actor: actor.name(),
        action: Action::Erased,
        subject: "privacy",
        reason,
        detail: "",
    };
    erase_and_note(store, config, &entry, what)
}

fn erase_and_note(
    store: &mut Store,
    config: &Config,
    entry: &Entry<'_>,
    what: ToErase,
) -> anyhow::Result<Option<Erased>> {
    // Who stands in the register leaves it first.
    let standing = store.read(|connection| privacy::standing_contacts(connection, &what.contacts))?;
    if !standing.is_empty() {
        let withdrawn_contacts = standing.into_iter().map(ContactId).collect();
        let change = RegisterChange { withdrawn_contacts, ..RegisterChange::default() };
        store.change_register(entry.at, entry.actor, "erased", &change)?;
    }
    remove_mails(store, config, &what.messages)?;
    let Some(number) = store.erase(entry, &what)? else { return Ok(None) };
    let erased = Erased {
        entry: number,
        at: crate::explain::rfc3339(entry.at),
        rows: what.redactions.iter().map(|redaction| (redaction.chunk, redaction.rows.clone())).collect(),
        texts: what
            .texts
            .iter()
            .map(|text| (text.place.table.to_owned(), text.place.column.to_owned(), text.row.clone()))
            .collect(),
        contacts: what.contacts,
        findings: what.findings,
        messages: what.messages,
        details: what.details,
        reports: what.reports,
    };
    note(store, &erased)?;
    Ok(Some(erased))
}

/// Blanks rows in their chunks. A chunk that cannot be cut into the same rows any more goes with its whole report.
fn redact(store: &Store, rows: &BTreeMap<u32, Vec<u32>>, what: &mut ToErase) -> anyhow::Result<()> {
    let reader = store.reader()?;
    let mut deriver = Deriver::new(store.reader()?)?;
    let mut derived = DerivedChunk::default();
    let mut whole = BTreeSet::new();
    for (chunk, rows) in rows {
        let chunk = reader
            .read(|connection| chunks::by_id(connection, *chunk))?
            .with_context(|| format!("chunk {chunk} is missing. Run `schakel verify`"))?;
        deriver.chunk(&chunk, &mut derived)?;
        let mut bytes = derived.bytes.clone();
        for row in rows {
            let Some(record) = derived.record((row - chunk.first_row) as usize) else { continue };
            let from = record.raw().as_ptr() as usize - derived.bytes.as_ptr() as usize;
            blank(&mut bytes[from..from + record.raw().len()]);
        }
        if deriver.cuts_alike(&chunk, &bytes)? {
            let (report, rows) = (chunk.report, rows.clone());
            what.redactions.push(Redaction { chunk: chunk.id, report, rows, bytes });
        } else {
            whole.insert(chunk.report);
        }
    }
    what.redactions.retain(|redaction| !whole.contains(&redaction.report));
    what.reports.extend(whole.iter().map(|report: &ReportId| report.0));
    Ok(())
}

/// A row becomes one quoted text of the same length, which is a record in every format we cut, and nothing that can be read.
fn blank(row: &mut [u8]) {
    row.fill(b'x');
    if let [first, .., last] = row {
        (*first, *last) = (b'"', b'"');
    }
}

/// Notes what was erased beside the store.
fn note(store: &Store, erased: &Erased) -> anyhow::Result<()> {
    let path = store.data().erasures();
    let noting = || format!("cannot note what was erased in {}", path.display());
    let mut line = serde_json::to_string(erased)?;
    line.push('\n');
    let mut file = fs::OpenOptions::new().create(true).append(true).open(&path).with_context(noting)?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).with_context(noting)
}

/// After a restore: erases again what is noted as erased beside the store and what the backup has brought back. Things that the backup does
/// not have are forgotten, for their numbers are given anew. Gives how many erasures were done again.
pub fn erase_again(store: &mut Store, config: &Config, actor: &Actor, now: i64) -> anyhow::Result<usize> {
    let path = store.data().erasures();
    let Ok(noted) = fs::read_to_string(&path) else { return Ok(0) };
    let mut all = Vec::new();
    for (at, line) in noted.lines().enumerate() {
        let erased: Erased = serde_json::from_str(line)
            .with_context(|| format!("line {} of {} is not what was noted", at + 1, path.display()))?;
        all.push(erased);
    }
    crate::register::write_whole(&path, b"")?;
    let mut done = 0;
    for erased in all {
        let what = still_there(store, &erased)?;
        let entry = Entry {
            at: now,
            actor: actor.name(),
            action: Action::Erased,
            subject: "privacy",
            reason: "erased before the restore",
            detail: "",
        };
        match erase_and_note(store, config, &entry, what)? {
            Some(_) => done += 1,
            // The backup knew of it.
            None => note(store, &erased)?,
        }
    }
    Ok(done)
}

/// What of an erasure a restored store has.
fn still_there(store: &Store, erased: &Erased) -> anyhow::Result<ToErase> {
    let gone = |kind| -> Result<HashSet<u32>, StoreError> {
        Ok(store
            .read(|connection| erased_numbers(connection, kind))?
            .into_iter()
            .map(|(_, number)| number)
            .collect())
    };
    let left = |kind, numbers: &[u32], end: u32| -> Result<Vec<u32>, StoreError> {
        let gone = gone(kind)?;
        Ok(numbers.iter().copied().filter(|number| !gone.contains(number) && *number < end).collect())
    };
    let end = |table| store.read(|connection| privacy::end_of(connection, table));
    let mut what = ToErase {
        contacts: left(Kind::Contact, &erased.contacts, end("contact")?)?,
        findings: left(Kind::Finding, &erased.findings, end("finding")?)?,
        messages: left(Kind::Message, &erased.messages, end("message")?)?,
        details: left(Kind::Detail, &erased.details, end("audit_detail")?)?,
        reports: left(Kind::Report, &erased.reports, end("report")?)?,
        ..ToErase::default()
    };
    for (table, column, row) in &erased.texts {
        let place = privacy::PLACES.iter().find(|place| place.table == table && place.column == column);
        let Some(place) = place.filter(|_| !what.is_empty()) else { continue };
        what.texts.push(Text { place: *place, row: row.clone() });
    }
    let mut rows = BTreeMap::new();
    for (chunk, numbers) in &erased.rows {
        let known = store.read(|connection| chunks::by_id(connection, *chunk))?;
        let Some(known) = known else { continue };
        let mut left = Vec::new();
        for row in numbers {
            let blanked =
                store.read(|connection| schakel_store::erase::row_erased(connection, known.report, *row))?;
            if blanked.is_none() {
                left.push(*row);
            }
        }
        if !left.is_empty()
            && store
                .read(|connection| schakel_store::erase::report_erased(connection, known.report))?
                .is_none()
        {
            rows.insert(*chunk, left);
        }
    }
    redact(store, &rows, &mut what)?;
    ensure!(what.reports.iter().all(|report| *report > 0), "a report without a number");
    Ok(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_not_found_inside_another() {
        let found = |term: &str, text: &str| {
            Needles::of(&term.parse().unwrap()).is_in(text.to_lowercase().as_bytes())
        };
        assert!(found("192.0.2.1", "at 192.0.2.1, port"));
        assert!(found("192.0.2.1", "192.0.2.1:443"));
        assert!(found("192.0.2.1", "It was 192.0.2.1."));
        assert!(!found("192.0.2.1", "192.0.2.10 and 1192.0.2.1 and 192.0.2.1.5"));
        assert!(found("2001:db8::1", "2001:0DB8:0000:0000:0000:0000:0000:0001"));
        assert!(!found("2001:db8::1", "2001:db8::1:2"));
        assert!(found("Jan Jansen", "van JAN JANSEN aan"));
        assert!("ab".parse::<Term>().is_err());
    }

    #[test]
    fn a_blanked_row_is_one_text_of_the_same_length() {
        let mut row = *b"2026,\"a\nb\",c";
        blank(&mut row);
        assert_eq!(&row, b"\"xxxxxxxxxx\"");
    }
}
