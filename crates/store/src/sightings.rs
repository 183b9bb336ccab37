//! Last seen and count of each finding, in blocks of 1,000.
//!
//! Marks gather in memory and are applied in one sorted pass, in the same transaction that says which chunks they came from. After a crash
//! they are derived again from the chunks that do not say so.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{ids::FindingId, observation::ObservedAt};

use crate::{Store, StoreError, error::DatabaseContext, transaction::Transaction, varint};

/// Findings in a block.
const BLOCK: u32 = 1000;

/// How often a finding was seen, and when last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sighting {
    /// The latest observation.
    pub last_seen: ObservedAt,
    /// Events of this finding.
    pub count: u32,
}

/// One event of a finding, not applied yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mark {
    /// The finding.
    pub finding: FindingId,
    /// When it was observed.
    pub observed_at: ObservedAt,
}

impl Store {
    /// Applies marks (sorted here) that came from these chunks.
    pub fn apply_sightings(&mut self, marks: &mut [Mark], chunks: &[u32]) -> Result<(), StoreError> {
        // As one number each, which compares without a branch.
        marks.sort_unstable_by_key(|mark| u64::from(mark.finding.0) << 32 | u64::from(mark.observed_at.0));
        self.write(|transaction| {
            for block in marks.chunk_by(|a, b| a.finding.0 / BLOCK == b.finding.0 / BLOCK) {
                apply_to_block(transaction, block)?;
            }
            let mut statement = transaction
                .prepare_cached("UPDATE chunk SET sightings_applied = 1 WHERE id = ?1")
                .doing("mark sightings as applied")?;
            chunks
                .iter()
                .try_for_each(|chunk| statement.execute([chunk]).map(|_| ()))
                .doing("mark sightings as applied")
        })
    }
}

fn apply_to_block(transaction: &Transaction<'_>, marks: &[Mark]) -> Result<(), StoreError> {
    let number = marks[0].finding.0 / BLOCK;
    let mut sightings = read_block(transaction, number)?;
    for mark in marks {
        let at = (mark.finding.0 % BLOCK) as usize;
        if sightings.len() <= at {
            sightings.resize(at + 1, Sighting::default());
        }
        let sighting = &mut sightings[at];
        sighting.last_seen = sighting.last_seen.max(mark.observed_at);
        sighting.count = sighting.count.saturating_add(1);
    }
    transaction
        .prepare_cached("INSERT INTO sighting_block VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET marks = excluded.marks")
        .and_then(|mut statement| statement.execute(params![number, encode(&sightings)]))
        .doing("store sightings")
        .map(|_| ())
}

/// The sightings of findings `number * 1000` and on.
fn read_block(connection: &Connection, number: u32) -> Result<Vec<Sighting>, StoreError> {
    let blob: Option<Vec<u8>> = connection
        .prepare_cached("SELECT marks FROM sighting_block WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([number], |row| row.get(0)).optional())
        .doing("read sightings")?;
    match blob {
        None => Ok(Vec::new()),
        Some(blob) => decode(&blob).ok_or_else(|| StoreError::Damaged {
            what: format!("sightings of findings {} and on", number * BLOCK),
        }),
    }
}

/// The base time as four bytes, then for each finding the count and, if it is not 0, seconds since the base.
fn encode(sightings: &[Sighting]) -> Vec<u8> {
    let base = sightings.iter().filter(|s| s.count > 0).map(|s| s.last_seen.0).min().unwrap_or(0);
    let mut out = Vec::with_capacity(4 + sightings.len() * 4);
    out.extend_from_slice(&base.to_le_bytes());
    for sighting in sightings {
        varint::push(&mut out, sighting.count);
        if sighting.count > 0 {
            varint::push(&mut out, sighting.last_seen.0 - base);
        }
    }
    out
}

fn decode(blob: &[u8]) -> Option<Vec<Sighting>> {
    let base = u32::from_le_bytes(blob.get(..4)?.try_into().ok()?);
    let mut at = 4;
    let mut sightings = Vec::with_capacity(BLOCK as usize);
    while at < blob.len() {
        let count = varint::read(blob, &mut at)?;
        let last_seen = if count > 0 { base.checked_add(varint::read(blob, &mut at)?)? } else { 0 };
        sightings.push(Sighting { last_seen: ObservedAt(last_seen), count });
    }
    Some(sightings)
}

/// The sighting of one finding, as far as applied.
pub fn get(connection: &Connection, finding: FindingId) -> Result<Sighting, StoreError> {
    let block = read_block(connection, finding.0 / BLOCK)?;
    Ok(block.get((finding.0 % BLOCK) as usize).copied().unwrap_or_default())
}

/// The sightings of these findings (sorted), in their order.
pub fn of(connection: &Connection, findings: &[FindingId]) -> Result<Vec<Sighting>, StoreError> {
    let mut sightings = Vec::with_capacity(findings.len());
    for same_block in findings.chunk_by(|a, b| a.0 / BLOCK == b.0 / BLOCK) {
        let block = read_block(connection, same_block[0].0 / BLOCK)?;
        let of_block = same_block.iter().map(|finding| block.get((finding.0 % BLOCK) as usize).copied());
        sightings.extend(of_block.map(Option::unwrap_or_default));
    }
    Ok(sightings)
}

/// The sightings of all findings in order of id.
pub fn all(connection: &Connection) -> Result<Vec<Sighting>, StoreError> {
    let mut sightings: Vec<Sighting> = Vec::new();
    let mut statement = connection
        .prepare_cached("SELECT id, marks FROM sighting_block ORDER BY id")
        .doing("read sightings")?;
    let mut rows = statement.query([]).doing("read sightings")?;
    while let Some(row) = rows.next().doing("read sightings")? {
        let number: u32 = row.get(0).doing("read sightings")?;
        let blob = row.get_ref(1).and_then(|value| Ok(value.as_blob()?)).doing("read sightings")?;
        let block = decode(blob).ok_or_else(|| StoreError::Damaged {
            what: format!("sightings of findings {} and on", number * BLOCK),
        })?;
        sightings.resize((number * BLOCK) as usize, Sighting::default());
        sightings.extend(block);
    }
    Ok(sightings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    fn mark(finding: u32, at: u32) -> Mark {
        Mark { finding: FindingId(finding), observed_at: ObservedAt(at) }
    }

    #[test]
    fn marks_gather_over_passes_and_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        store.apply_sightings(&mut [mark(2500, 90), mark(3, 50), mark(3, 40)], &[]).unwrap();
        store.apply_sightings(&mut [mark(3, 45), mark(999, 7)], &[]).unwrap();
        let seen = |id| store.read(|connection| get(connection, FindingId(id))).unwrap();
        assert_eq!(seen(3), Sighting { last_seen: ObservedAt(50), count: 3 });
        assert_eq!(seen(999), Sighting { last_seen: ObservedAt(7), count: 1 });
        assert_eq!(seen(2500), Sighting { last_seen: ObservedAt(90), count: 1 });
        assert_eq!(seen(1500), Sighting::default());
        let all = store.read(all).unwrap();
        assert_eq!(all.iter().map(|sighting| sighting.count).sum::<u32>(), 5);
    }
}
