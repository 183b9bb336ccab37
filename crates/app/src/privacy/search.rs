//! Looking for a term in the texts of the store, at findings, in the raw rows of reports and in messages.

use std::{
    collections::{BTreeMap, HashSet},
    io::Read,
};

use schakel_formats::mail::MailDocument;
use schakel_model::fate::Fate;
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Blocks, Chunk},
    erase::{Text, ToErase},
    fate_blob::{self, RowFate},
    frames::FrameReader,
    id_list, outbox,
    privacy::{self, Found, Remedy},
    reports::{self, ReportState},
    spool::{SpoolDesk, State},
};

use super::{Occurrence, Search, Term, term::Needles};
use crate::{
    arrivals::content,
    holds::Held,
    pipeline::derive::{DerivedChunk, Deriver},
};

/// Of what reached a door this much is looked through: more than any mail has.
const DOOR_BYTES_MAX: u64 = 64 << 20;

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
        for fate in [Fate::Held, Fate::Digest] {
            waiting.extend(blocks(Blocks::WithFate(fate))?.iter().map(|block| block.report.0));
        }
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
        search: Search {
            occurrences: Vec::new(),
            what: ToErase::default(),
            rows: BTreeMap::new(),
            arrivals: Vec::new(),
        },
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
    searcher.at_doors()?;
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

    /// What reached a door and is no report of the store.
    fn at_doors(&mut self) -> anyhow::Result<()> {
        let spool = SpoolDesk::open(self.reader.data())?;
        for kept in spool.all()? {
            let mut bytes = format!("{}\n{}\n", kept.envelope.name, kept.envelope.sender).into_bytes();
            let mut incoming = content(&spool, &kept)?;
            (&mut incoming).take(DOOR_BYTES_MAX).read_to_end(&mut bytes)?;
            // What a mail says is not always written as it is read.
            let mail = MailDocument::read(
                &bytes[bytes.len().min(kept.envelope.name.len() + kept.envelope.sender.len() + 2)..],
            );
            let lower = [&bytes[..], mail.body().as_bytes()].concat().to_ascii_lowercase();
            if !self.needles.is_in(&lower) {
                continue;
            }
            let decided = kept.state == State::Aside;
            let reason = (!decided).then(|| "waits for a decision: `schakel vetting list`".to_owned());
            if decided {
                self.search.arrivals.push(kept.receipt.0);
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.add(format!("arrival:{}", kept.receipt), "what reached a door", text, reason);
        }
        Ok(())
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
            Remedy::Replace | Remedy::Forget => {
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
