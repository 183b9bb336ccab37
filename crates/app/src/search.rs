//! Fills the index of words in findings: for each what the row says that showed it first. A running service does it on a thread of its own and follows what comes in within
//! seconds, in the time that taking in leaves. Lists look at what is not in it yet one by one, so nothing waits for it.

mod giving_way;

use std::{
    collections::HashSet,
    ops::Range,
    sync::mpsc::sync_channel,
    thread,
    time::{Duration, Instant},
};

use giving_way::Calm;
use schakel_model::ids::FindingId;
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Chunk},
    data_dir::DataDir,
    search::{Mark, SearchIndex, base_texts},
};

use crate::{
    pipeline::derive::{DerivedChunk, Deriver},
    tell::rows::first_rows,
};

/// As much of what a row says is searched, in bytes: names, addresses and tags; not a page that a scanner fetched.
const TEXT_BYTES_MAX: usize = 1_000;

/// Fields that are no words of the source: how it was sent, when, and what stands in the text of the finding itself.
const NOT_SEARCHED: [&str; 7] =
    ["feed.", "classification.", "time.", "protocol.", "raw", "rtir_id", "event_hash"];

/// Chunks that are looked up at once.
const CHUNKS_MAX: usize = 16;

/// As many findings at least are written at once, where there are so many.
const BATCH: usize = 1 << 16;

/// How often it is looked whether something came, where nothing did.
const TICK: Duration = Duration::from_secs(1);

/// How long it rests when something is wrong, a full disk for one.
const REST: Duration = Duration::from_secs(60);

/// How often whoever waits is asked whether it is over.
const STOP_TICK: Duration = Duration::from_millis(100);

/// How far the index is behind the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Behind {
    /// Findings that are in the store and not in the index.
    pub findings: u32,
    /// Is there an index that is of use?
    pub exists: bool,
}

/// How far it is behind.
pub fn behind(reader: &Reader) -> Result<Behind, StoreError> {
    let count = reader.read(schakel_store::findings::count)?;
    let mark = reader.index_mark()?;
    Ok(Behind { findings: count - mark.map_or(0, |mark| mark.upto).min(count), exists: mark.is_some() })
}

/// Brings it up to the store. Gives how many findings were added.
pub fn catch_up(reader: &Reader) -> anyhow::Result<u64> {
    let mut added = 0;
    while let Some(count) = fill(reader, || Ok(true))? {
        added += count;
    }
    Ok(added)
}

/// Follows the store until it is over. Trouble is said and tried again after a rest; lists look at findings one by one meanwhile.
pub fn follow(reader: &Reader, over: &dyn Fn() -> bool) {
    giving_way::let_others_go_first();
    while !over() {
        if let Err(error) = follow_closely(reader, over) {
            tracing::error!(error = %format!("{error:#}"), "the index of words cannot be filled: `schakel doctor` says how far it is");
            wait(REST, over);
        }
    }
}

fn follow_closely(reader: &Reader, over: &dyn Fn() -> bool) -> anyhow::Result<()> {
    let mut calm = Calm::default();
    let mut goes_on = || {
        calm.wait(reader, over)?;
        Ok(!over())
    };
    while goes_on()? {
        if fill(reader, &mut goes_on)?.is_none() {
            wait(TICK, over);
        }
    }
    Ok(())
}

fn wait(time: Duration, over: &dyn Fn() -> bool) {
    let until = Instant::now() + time;
    while !over() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(STOP_TICK));
    }
}

/// What is put into the index at once: texts of findings, and how far it is with them.
type Batch = (Vec<(FindingId, String)>, Mark);

/// Adds the findings of all chunks that there are, as long as `goes_on` says so; they are read while those before are written. Gives how many; `None`: there are no more
/// chunks.
fn fill(
    reader: &Reader,
    mut goes_on: impl FnMut() -> Result<bool, StoreError>,
) -> anyhow::Result<Option<u64>> {
    let mut index = SearchIndex::open(reader)?;
    let mark = index.mark()?;
    if reader.read(|connection| chunks::after(connection, mark.chunk, 1))?.is_empty() {
        return Ok(None);
    }
    let mut added = 0;
    let mut gatherer = Gatherer::new(reader.data(), mark)?;
    thread::scope(|scope| {
        let (sender, batches) = sync_channel::<Batch>(1);
        let gathering = scope.spawn(move || {
            while let Some(batch) = gatherer.next()? {
                // Nobody asks any more.
                if sender.send(batch).is_err() {
                    break;
                }
            }
            anyhow::Ok(())
        });
        for (texts, upto) in batches {
            // Otherwise something was erased meanwhile: what was read is read again, next time.
            if !goes_on()? || !index.put(&texts, upto)? {
                return Ok(());
            }
            added += texts.len() as u64;
        }
        gathering.join().map_err(|_| anyhow::anyhow!("reading what findings say broke off"))?
    })?;
    Ok(Some(added))
}

/// Reads what findings say.
struct Gatherer {
    reader: Reader,
    deriver: Deriver,
    derived: DerivedChunk,
    upto: Mark,
}

impl Gatherer {
    /// Of the findings after this mark.
    fn new(data: &DataDir, upto: Mark) -> Result<Self, StoreError> {
        let deriver = Deriver::new(Reader::open(data)?)?;
        Ok(Self { reader: Reader::open(data)?, deriver, derived: DerivedChunk::default(), upto })
    }

    /// The findings of the next chunks. `None`: there are none, or something was erased that this does not know of.
    fn next(&mut self) -> anyhow::Result<Option<Batch>> {
        // Before anything is read: what is erased after this makes the index refuse what was read.
        if self.reader.last_erasure()? != self.upto.erased {
            return Ok(None);
        }
        let upto = self.upto;
        let chunks = self.reader.read(|connection| chunks::after(connection, upto.chunk, CHUNKS_MAX))?;
        let mut texts = Vec::new();
        for chunk in &chunks {
            self.upto.chunk = chunk.id;
            if chunk.new_findings > 0 {
                texts.extend(self.of_chunk(chunk)?);
                self.upto.upto = self.upto.upto.max(chunk.first_finding.0 + chunk.new_findings);
            }
            if texts.len() >= BATCH {
                break;
            }
        }
        Ok((!chunks.is_empty()).then_some((texts, self.upto)))
    }

    /// The texts of the findings that a chunk showed first. What was erased has no text, and what its row said is not looked for either.
    fn of_chunk(&mut self, chunk: &Chunk) -> anyhow::Result<Vec<(FindingId, String)>> {
        let (first, count) = (chunk.first_finding, chunk.new_findings);
        let mut texts = self.reader.read(|connection| base_texts(connection, first, count))?;
        let wanted: HashSet<FindingId> = texts.iter().map(|(finding, _)| *finding).collect();
        let deriving = (&mut self.deriver, &mut self.derived);
        let mut words = Words::default();
        first_rows(&self.reader, deriving, chunk, wanted, |row| {
            if let Ok(at) = texts.binary_search_by_key(&row.finding, |(finding, _)| *finding) {
                words.begin(&texts[at].1);
                row.for_each_text(&mut |field, said| words.add(field, said));
                texts[at].1.clone_from(&words.text);
            }
        })?;
        Ok(texts)
    }
}

/// A text, and the words of a row that are not in it yet, each value once.
#[derive(Default)]
struct Words {
    text: String,
    each: Vec<Range<usize>>,
    bytes_max: usize,
}

impl Words {
    /// Begins with this text.
    fn begin(&mut self, text: &str) {
        self.text.clear();
        self.each.clear();
        text.split(' ').for_each(|word| self.push(word));
        self.bytes_max = self.text.len() + TEXT_BYTES_MAX;
    }

    /// Takes in what a field says.
    fn add(&mut self, field: &str, said: &str) {
        let is_searched = || !NOT_SEARCHED.iter().any(|not| field.starts_with(not));
        let is_new = || !self.each.iter().any(|one| self.text[one.clone()] == *said);
        if self.text.len() < self.bytes_max && is_searched() && is_new() {
            self.push(said);
            if self.text.len() > self.bytes_max {
                self.text.truncate(self.text.floor_char_boundary(self.bytes_max));
                // It is full.
                self.bytes_max = 0;
            }
        }
    }

    fn push(&mut self, said: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        let begin = self.text.len();
        self.text.push_str(said);
        self.each.push(begin..self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_source_are_searched_and_each_once() {
        let mut words = Words::default();
        words.begin("192.0.2.1 a.example.nl rdp");
        let long = "é".repeat(2_000);
        for (field, said) in [
            ("source.fqdn", "a.example.nl"),
            ("time.source", "2026-11-20T00:00:00Z"),
            ("malware.name", "avalanche"),
            ("extra.tag", "avalanche"),
            ("extra.tag", "sinkhole"),
            ("extra.tag", "sink"),
            ("extra.page", &long),
            ("extra.late", "late"),
        ] {
            words.add(field, said);
        }
        let text = &words.text;
        assert!(text.starts_with("192.0.2.1 a.example.nl rdp avalanche sinkhole sink é"), "{text}");
        assert!(
            text.len() <= TEXT_BYTES_MAX + 26 && !text.contains("late") && !text.contains("2026"),
            "{text}"
        );
        words.begin("a");
        words.add("extra.tag", "late");
        assert_eq!(words.text, "a late");
    }
}
