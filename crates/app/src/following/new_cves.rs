//! Vulnerabilities that a finding has now and was not told with.
//!
//! A repeat costs the pipeline nothing for this: it looks at no tags. What was told and is open is looked up afterwards, in the chunks that came
//! since, and only its own rows are read again. A vulnerability that comes between taking in and telling is noticed at the next repeat.

use std::collections::{HashMap, HashSet};

use schakel_model::ids::FindingId;
use schakel_store::{
    Reader, Store, StoreError,
    chunks::{self, Chunk},
    fate_blob::{self, RowFate},
    follow_ups::{self, Cves},
};

use crate::{
    pipeline::derive::{DerivedChunk, Deriver},
    tell::{facts::cves_of, rows::first_rows},
};

/// Chunks looked at in one go: some two million rows, about a second. The rest is for the next look.
const CHUNKS_MAX: usize = 64;

/// What was seen, and up to which chunk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noticed {
    upto: u32,
    seen: Vec<Cves>,
}

impl Noticed {
    /// Remembers it.
    pub fn keep(&self, store: &mut Store) -> Result<(), StoreError> {
        store.note_cves(self.upto, &self.seen)
    }
}

/// Looks at what came since the last look; `None`: nothing did. The first look of a store begins with what comes after it.
pub fn notice(reader: &Reader) -> anyhow::Result<Option<Noticed>> {
    let last = reader.read(chunks::last)?;
    let Some(from) = reader.read(follow_ups::cves_seen)? else {
        return Ok(Some(Noticed { upto: last, seen: Vec::new() }));
    };
    let chunks = reader.read(|connection| chunks::after(connection, from, CHUNKS_MAX))?;
    let Some(upto) = chunks.last().map(|chunk| chunk.id) else { return Ok(None) };
    let mut told: HashMap<FindingId, Vec<Cves>> = HashMap::new();
    for one in reader.read(follow_ups::open_cves)? {
        told.entry(one.finding).or_default().push(one);
    }
    let mut deriver = Deriver::new(Reader::open(reader.data())?)?;
    let mut derived = DerivedChunk::default();
    let mut changed = HashSet::new();
    for chunk in &chunks {
        let wanted = repeats(reader, chunk, &told)?;
        if wanted.is_empty() {
            continue;
        }
        first_rows(reader, (&mut deriver, &mut derived), chunk, wanted, |row| {
            let found = cves_of(&row.event(), row);
            for one in told.get_mut(&row.finding).into_iter().flatten() {
                if add(one, &found) {
                    changed.insert(row.finding);
                }
            }
        })?;
    }
    let seen = changed.iter().filter_map(|finding| told.remove(finding)).flatten().collect();
    Ok(Some(Noticed { upto, seen }))
}

/// The findings of a chunk that were told before it came.
fn repeats(
    reader: &Reader,
    chunk: &Chunk,
    told: &HashMap<FindingId, Vec<Cves>>,
) -> Result<HashSet<FindingId>, StoreError> {
    let fates = reader.read(|connection| chunks::fates(connection, chunk.id))?;
    let is_repeat = |fate| match fate {
        Ok(RowFate::Event(finding)) if finding < chunk.first_finding && told.contains_key(&finding) => {
            Some(finding)
        }
        _ => None,
    };
    Ok(fate_blob::read(&fates).filter_map(is_repeat).collect())
}

/// Adds what a finding was seen with; says whether that is new. Of what was told before this was kept, the first look counts as told.
fn add(known: &mut Cves, found: &[String]) -> bool {
    let Some(told) = &known.told else {
        known.told = Some(found.to_vec());
        return true;
    };
    let new: Vec<String> =
        found.iter().filter(|cve| !told.contains(cve) && !known.new.contains(cve)).cloned().collect();
    known.new.extend_from_slice(&new);
    !new.is_empty()
}

#[cfg(test)]
mod tests {
    use schakel_model::ids::OrganisationId;

    use super::*;

    #[test]
    fn only_what_was_neither_told_nor_seen_is_new() {
        let list = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (told, new, found, expected) in [
            (Some("A B"), "", "B", (Some("A B"), "", false)),
            (Some("A"), "", "A B C", (Some("A"), "B C", true)),
            (Some("A"), "B", "B", (Some("A"), "B", false)),
            (Some(""), "", "A", (Some(""), "A", true)),
            (Some("A"), "", "", (Some("A"), "", false)),
            (None, "", "A", (Some("A"), "", true)),
        ] {
            let mut known = Cves {
                organisation: OrganisationId(1),
                finding: FindingId(1),
                told: told.map(list),
                new: list(new),
            };
            let changed = add(&mut known, &list(found));
            let got = (known.told.map(|told| told.join(" ")), known.new.join(" "), changed);
            assert_eq!(got, (expected.0.map(str::to_owned), expected.1.to_owned(), expected.2), "{found}");
        }
    }
}
