//! How far findings came here that other hubs handed over to us.

use std::collections::{BTreeSet, HashMap, HashSet};

use schakel_model::{fate::Fate, hub::HubStatus, ids::FindingId};
use schakel_rules::hub_status::{Standing, status};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Blocks},
    corrections, follow_ups, hub_status, id_list,
};

/// The fates of findings, chunk by chunk: each is read once.
#[derive(Default)]
struct Fates {
    wanted: HashSet<FindingId>,
    by_chunk: HashMap<u32, HashMap<FindingId, Vec<Fate>>>,
    corrected: Option<HashMap<FindingId, Vec<u32>>>,
}

/// How far each of these came. With each finding the chunk in which it came by a link.
pub(super) fn of(
    reader: &Reader,
    findings: &[(FindingId, Option<u32>)],
) -> Result<HashMap<FindingId, HubStatus>, StoreError> {
    let wanted = findings.iter().map(|(finding, _)| *finding).collect();
    let mut fates = Fates { wanted, ..Fates::default() };
    let mut found = HashMap::with_capacity(findings.len());
    for (finding, chunk) in findings {
        let made = reader.read(|connection| chunks::that_made(connection, *finding))?;
        let in_chunks: BTreeSet<u32> = chunk.iter().copied().chain([made]).collect();
        let told = reader.read(|connection| follow_ups::of_finding(connection, *finding))?;
        let beyond = reader.read(|connection| hub_status::beyond(connection, *finding))?;
        let standing = Standing {
            fates: fates.of(reader, *finding, in_chunks)?,
            states: told.iter().map(|one| one.state).collect(),
            beyond: beyond.into_iter().map(|(_, status, _)| status).collect(),
        };
        found.insert(*finding, status(&standing));
    }
    Ok(found)
}

impl Fates {
    /// The fates that stand. What a correction moved is looked for only when nothing else stands.
    fn of(
        &mut self,
        reader: &Reader,
        finding: FindingId,
        in_chunks: BTreeSet<u32>,
    ) -> Result<Vec<Fate>, StoreError> {
        let mut fates = Vec::new();
        for chunk in &in_chunks {
            fates.extend(self.in_chunk(reader, *chunk, finding)?);
        }
        if fates.is_empty() {
            for chunk in self.corrected(reader, finding)? {
                if !in_chunks.contains(&chunk) {
                    fates.extend(self.in_chunk(reader, chunk, finding)?);
                }
            }
        }
        Ok(fates)
    }

    fn in_chunk(&mut self, reader: &Reader, chunk: u32, finding: FindingId) -> Result<Vec<Fate>, StoreError> {
        if !self.by_chunk.contains_key(&chunk) {
            let mut of_chunk: HashMap<FindingId, Vec<Fate>> = HashMap::new();
            for block in reader.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(chunk)))? {
                if block.fate == Fate::Withdrawn {
                    continue;
                }
                for finding in id_list::decode(&block.findings).filter(|one| self.wanted.contains(one)) {
                    of_chunk.entry(finding).or_default().push(block.fate);
                }
            }
            self.by_chunk.insert(chunk, of_chunk);
        }
        Ok(self.by_chunk[&chunk].get(&finding).cloned().unwrap_or_default())
    }

    fn corrected(&mut self, reader: &Reader, finding: FindingId) -> Result<Vec<u32>, StoreError> {
        if self.corrected.is_none() {
            let mut corrected: HashMap<FindingId, Vec<u32>> = HashMap::new();
            for correction in reader.read(corrections::list)? {
                for item in reader.read(|connection| corrections::items(connection, correction.id))? {
                    if self.wanted.contains(&item.finding) {
                        corrected.entry(item.finding).or_default().push(item.chunk);
                    }
                }
            }
            self.corrected = Some(corrected);
        }
        Ok(self.corrected.as_ref().and_then(|all| all.get(&finding)).cloned().unwrap_or_default())
    }
}
