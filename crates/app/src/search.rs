//! Fills the index of words in findings: for each what the row says that showed it first. A running service does it on a thread of its own and follows what comes in within
//! seconds; it works at most half of the time, so that taking in has the machine. Lists look at what is not in it yet one by one, so nothing waits for it.

use std::{
    collections::{HashMap, HashSet},
    thread,
    time::{Duration, Instant},
};

use schakel_model::{
    event::{Event, Value},
    ids::FindingId,
};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Chunk},
    search::{Mark, SearchIndex, base_text},
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
    let mut index = SearchIndex::open(reader)?;
    while let Some(count) = turn(reader, &mut index)? {
        added += count;
    }
    Ok(added)
}

/// Follows the store until it is over. Trouble is said and tried again after a rest; lists look at findings one by one meanwhile.
pub fn follow(reader: &Reader, over: &dyn Fn() -> bool) {
    while !over() {
        if let Err(error) = follow_closely(reader, over) {
            tracing::error!(error = %format!("{error:#}"), "the index of words cannot be filled: `schakel doctor` says how far it is");
            wait(REST, over);
        }
    }
}

fn follow_closely(reader: &Reader, over: &dyn Fn() -> bool) -> anyhow::Result<()> {
    while !over() {
        let began = Instant::now();
        let mut index = SearchIndex::open(reader)?;
        let mut is_done = true;
        while !over() {
            let turn_began = Instant::now();
            if turn(reader, &mut index)?.is_none() {
                break;
            }
            is_done = false;
            // As long as it took, others have the machine.
            wait(turn_began.elapsed(), over);
        }
        let rest = if is_done { TICK.saturating_sub(began.elapsed()) } else { Duration::ZERO };
        wait(rest, over);
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

/// Adds the findings of the next chunks. Gives how many; `None`: there are none.
fn turn(reader: &Reader, index: &mut SearchIndex) -> anyhow::Result<Option<u64>> {
    let mark = index.mark()?;
    // Before anything is read: what is erased after this makes the index refuse what was read.
    let erased = reader.last_erasure()?;
    let chunks = reader.read(|connection| chunks::after(connection, mark.chunk, CHUNKS_MAX))?;
    let Some(last) = chunks.last() else { return Ok(None) };
    let mut upto = Mark { chunk: last.id, upto: mark.upto, erased };
    let mut texts = Vec::new();
    let mut deriver = None;
    for chunk in chunks.iter().filter(|chunk| chunk.new_findings > 0) {
        if deriver.is_none() {
            deriver = Some((Deriver::new(Reader::open(reader.data())?)?, DerivedChunk::default()));
        }
        let Some((deriver, derived)) = &mut deriver else { continue };
        texts.extend(of_chunk(reader, (deriver, derived), chunk)?);
        upto.upto = upto.upto.max(chunk.first_finding.0 + chunk.new_findings);
        if texts.len() as u64 >= u64::from(u16::MAX) {
            upto.chunk = chunk.id;
            break;
        }
    }
    let count = texts.len() as u64;
    match index.put(&texts, upto)? {
        true => Ok(Some(count)),
        // Something was erased meanwhile: what was read is read again.
        false => {
            *index = SearchIndex::open(reader)?;
            Ok(Some(0))
        }
    }
}

/// The texts of the findings that a chunk showed first.
fn of_chunk(
    reader: &Reader,
    deriving: (&mut Deriver, &mut DerivedChunk),
    chunk: &Chunk,
) -> anyhow::Result<Vec<(FindingId, String)>> {
    let first = chunk.first_finding.0;
    let made: Vec<FindingId> = (first..first + chunk.new_findings).map(FindingId).collect();
    let wanted: HashSet<FindingId> = made.iter().copied().collect();
    let mut said: HashMap<FindingId, String> = HashMap::new();
    first_rows(reader, deriving, chunk, wanted, |row| {
        said.insert(row.finding, words(&row.event()));
    })?;
    let mut texts = Vec::with_capacity(made.len());
    for finding in made {
        // What was erased has no text, and what its row said is not looked for either.
        let Some(mut text) = reader.read(|connection| base_text(connection, finding))? else { continue };
        if let Some(said) = said.remove(&finding) {
            text.push(' ');
            text.push_str(&said);
        }
        texts.push((finding, text));
    }
    Ok(texts)
}

/// The words of a row, each value once.
fn words(event: &Event) -> String {
    let mut words = String::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for (name, value) in event.fields() {
        if !NOT_SEARCHED.iter().any(|not| name.starts_with(not)) {
            collect(value, &mut words, &mut seen);
        }
    }
    words.truncate(words.floor_char_boundary(TEXT_BYTES_MAX));
    words
}

fn collect<'v>(value: &'v Value, words: &mut String, seen: &mut HashSet<&'v str>) {
    match value {
        Value::Text(text) => {
            if words.len() < TEXT_BYTES_MAX && seen.insert(text) {
                words.push_str(text);
                words.push(' ');
            }
        }
        Value::List(values) => values.iter().for_each(|value| collect(value, words, seen)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| collect(value, words, seen)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_source_are_searched_and_each_once() {
        let mut event = Event::default();
        let text = |text: &str| Value::Text(text.to_owned());
        event.set("source.fqdn", text("a.example.nl"));
        event.set("time.source", text("2026-11-20T00:00:00Z"));
        event.set("malware.name", text("avalanche"));
        event.set("source.asn", Value::Int(64_500));
        event.set("extra.tag", Value::List(vec![text("avalanche"), text("sinkhole")]));
        event.set("extra.page", text(&"é".repeat(2_000)));
        event.set("extra.late", text("late"));
        let words = words(&event);
        assert!(words.starts_with("a.example.nl avalanche sinkhole é"), "{words}");
        assert!(
            words.len() <= TEXT_BYTES_MAX && !words.contains("late") && !words.contains("2026"),
            "{words}"
        );
    }
}
