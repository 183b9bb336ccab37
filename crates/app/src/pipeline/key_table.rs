//! The table in memory: key → finding, and for each finding the set of those told of it.
//!
//! About 19 bytes a finding: 10 of the key and 3 for the set side by side, 5 for a slot (id and tag) at a load of 70–85 %. A finding's key is 128 bits;
//! the table and the store keep 80 of them, so that among ten million findings the chance that any two are taken for one is 1 in 10^10.
//! Large shards grow one by one and by a fifth, so that growing never doubles the memory nor stops the pipeline.

use schakel_model::{ids::FindingId, severity::Severity};
use schakel_store::chunks::STORED_KEY_BYTES;

/// The bytes of a key that are kept.
pub type StoredKey = [u8; STORED_KEY_BYTES];

/// Number of shards: a shard of ten million findings holds 39,000 and grows in well under a millisecond.
const SHARDS: usize = 256;
/// A shard grows at this load, in percent: linear probing stays short below it.
const LOAD_MAX_PERCENT: usize = 85;
/// Findings in one piece of the dense columns: growth adds a piece and copies nothing.
const PIECE: usize = 1 << 16;
/// Below this many slots a shard doubles instead of growing by a fifth: what it may waste is little.
const SMALL: usize = 8_192;
const EMPTY: u32 = u32::MAX;

/// What stands in the place of a key that was erased. A real one is this with a chance of 1 in 2^80.
pub const ERASED_KEY: StoredKey = [0; STORED_KEY_BYTES];

/// See the module.
pub struct KeyTable {
    shards: Vec<Shard>,
    entries: Pieces<Entry>,
}

/// What is kept of a finding: one look into memory for both.
#[derive(Clone, Copy, Default)]
struct Entry {
    key: StoredKey,
    /// The set of those told in the lower 22 bits, how bad it was at its worst in the others.
    told: [u8; 3],
}

/// Assignment sets are numbered densely by the combinations of organisations that occur: 4 million are more than any register makes.
const SET_BITS: u32 = 22;

impl Entry {
    fn new(key: StoredKey, set: u32, severity: Severity) -> Self {
        assert!(set < 1 << SET_BITS, "there are more than 2^22 sets of assignees");
        let [a, b, c, _] = (set | (severity as u32) << SET_BITS).to_le_bytes();
        Self { key, told: [a, b, c] }
    }

    fn word(&self) -> u32 {
        let [a, b, c] = self.told;
        u32::from_le_bytes([a, b, c, 0])
    }

    fn set(&self) -> u32 {
        self.word() & ((1 << SET_BITS) - 1)
    }

    fn severity(&self) -> Severity {
        Severity::ALL[(self.word() >> SET_BITS) as usize]
    }
}

impl Default for KeyTable {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Shard::default()).collect(), entries: Pieces::default() }
    }
}

impl KeyTable {
    /// Makes room for this many findings in all.
    pub fn reserve(&mut self, findings: u32) {
        // A little more than the mean, for shards are not all equally full.
        let capacity = (findings as usize / SHARDS + 64) * 120 / 100;
        self.shards.iter_mut().for_each(|shard| shard.resize(capacity, &self.entries));
    }

    /// How many findings it holds; the next gets this number.
    pub fn len(&self) -> u32 {
        self.entries.len as u32
    }

    /// Does it hold none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The finding with this key.
    #[inline]
    pub fn get(&self, key: &StoredKey) -> Option<FindingId> {
        self.shards[usize::from(key[0])].find(key, &self.entries).map(FindingId)
    }

    /// Adds a finding that is not there yet, with the set of those told of it and how bad it is.
    pub fn insert(&mut self, key: StoredKey, told: u32, severity: Severity) -> FindingId {
        let id = self.len();
        self.entries.push(Entry::new(key, told, severity));
        self.shards[usize::from(key[0])].insert(&key, id, &self.entries);
        FindingId(id)
    }

    /// Adds a finding whose key was erased: it has a number, and nothing finds it any more.
    pub fn push_erased(&mut self, told: u32) {
        self.entries.push(Entry::new(ERASED_KEY, told, Severity::Critical));
    }

    /// The set of those told of this finding.
    #[inline]
    pub fn told(&self, finding: FindingId) -> u32 {
        self.entries.get(finding.0 as usize).set()
    }

    /// How bad it was at its worst.
    #[inline]
    pub fn severity(&self, finding: FindingId) -> Severity {
        self.entries.get(finding.0 as usize).severity()
    }

    /// Changes how bad it was at its worst.
    pub fn set_severity(&mut self, finding: FindingId, severity: Severity) {
        let entry = self.entries.get_mut(finding.0 as usize);
        *entry = Entry::new(entry.key, entry.set(), severity);
    }

    /// Changes the set of those told.
    pub fn set_told(&mut self, finding: FindingId, told: u32) {
        let entry = self.entries.get_mut(finding.0 as usize);
        *entry = Entry::new(entry.key, told, entry.severity());
    }

    /// Bytes it takes.
    pub fn memory_bytes(&self) -> usize {
        let slots: usize = self.shards.iter().map(|shard| shard.slots.len() * size_of::<Slot>()).sum();
        slots + self.entries.pieces.len() * PIECE * size_of::<Entry>()
    }
}

/// A finding's number and a byte of its key, side by side: one look into memory.
#[derive(Clone, Copy)]
struct Slot {
    id: [u8; 4],
    tag: u8,
}

impl Slot {
    const EMPTY: Self = Self { id: EMPTY.to_ne_bytes(), tag: 0 };

    fn id(self) -> u32 {
        u32::from_ne_bytes(self.id)
    }
}

/// Open addressing with linear probing; the place and the tag come from the key, which is uniformly random.
#[derive(Default)]
struct Shard {
    slots: Vec<Slot>,
    used: usize,
}

impl Shard {
    #[inline]
    fn place(&self, key: &StoredKey) -> usize {
        let hash = u32::from_le_bytes([key[1], key[2], key[3], key[4]]);
        ((u64::from(hash) * self.slots.len() as u64) >> 32) as usize
    }

    #[inline]
    fn find(&self, key: &StoredKey, entries: &Pieces<Entry>) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mut at = self.place(key);
        loop {
            let slot = self.slots[at];
            let id = slot.id();
            if id == EMPTY {
                return None;
            }
            if slot.tag == key[5] && entries.get(id as usize).key == *key {
                return Some(id);
            }
            at += 1;
            if at == self.slots.len() {
                at = 0;
            }
        }
    }

    fn insert(&mut self, key: &StoredKey, id: u32, entries: &Pieces<Entry>) {
        if self.used * 100 >= self.slots.len() * LOAD_MAX_PERCENT {
            let capacity = self.slots.len() + self.slots.len() / if self.slots.len() < SMALL { 1 } else { 5 };
            self.resize(capacity.max(64), entries);
        }
        self.put(key, id);
        self.used += 1;
    }

    fn put(&mut self, key: &StoredKey, id: u32) {
        let mut at = self.place(key);
        while self.slots[at].id() != EMPTY {
            at += 1;
            if at == self.slots.len() {
                at = 0;
            }
        }
        self.slots[at] = Slot { id: id.to_ne_bytes(), tag: key[5] };
    }

    fn resize(&mut self, capacity: usize, entries: &Pieces<Entry>) {
        if capacity <= self.slots.len() {
            return;
        }
        let old = std::mem::replace(&mut self.slots, vec![Slot::EMPTY; capacity]);
        let ids = old.into_iter().map(Slot::id).filter(|id| *id != EMPTY);
        ids.for_each(|id| self.put(&entries.get(id as usize).key, id));
    }
}

/// A vector in pieces: growing copies nothing.
struct Pieces<T> {
    pieces: Vec<Box<[T]>>,
    len: usize,
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self { pieces: Vec::new(), len: 0 }
    }
}

impl<T: Copy + Default> Pieces<T> {
    fn push(&mut self, value: T) {
        if self.len == self.pieces.len() * PIECE {
            self.pieces.push(vec![T::default(); PIECE].into_boxed_slice());
        }
        self.len += 1;
        *self.get_mut(self.len - 1) = value;
    }

    #[inline]
    fn get(&self, at: usize) -> &T {
        &self.pieces[at / PIECE][at % PIECE]
    }

    fn get_mut(&mut self, at: usize) -> &mut T {
        &mut self.pieces[at / PIECE][at % PIECE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> StoredKey {
        let hash = blake3::hash(&number.to_le_bytes());
        hash.as_bytes()[..STORED_KEY_BYTES].try_into().unwrap()
    }

    #[test]
    fn findings_are_found_again_and_only_they() {
        let mut table = KeyTable::default();
        for number in 0..100_000 {
            assert_eq!(table.get(&key(number)), None);
            assert_eq!(table.insert(key(number), number as u32 % 7, Severity::Low), FindingId(number as u32));
        }
        for number in 0..100_000 {
            let finding = table.get(&key(number)).unwrap();
            assert_eq!((finding, table.told(finding)), (FindingId(number as u32), number as u32 % 7));
        }
        assert_eq!(table.get(&key(100_000)), None);
        let most = (1 << SET_BITS) - 1;
        for (set, severity) in [(99, Severity::Low), (most, Severity::Critical), (0, Severity::High)] {
            table.set_severity(FindingId(5), severity);
            table.set_told(FindingId(5), set);
            assert_eq!((table.told(FindingId(5)), table.severity(FindingId(5))), (set, severity));
        }
        assert_eq!((table.told(FindingId(6)), table.severity(FindingId(6))), (6, Severity::Low));
    }

    #[test]
    fn an_erased_finding_keeps_its_number_and_is_not_found() {
        let mut table = KeyTable::default();
        table.insert(key(1), 0, Severity::Low);
        table.push_erased(7);
        table.push_erased(8);
        assert_eq!(table.insert(key(2), 0, Severity::Low), FindingId(3));
        assert_eq!((table.get(&ERASED_KEY), table.told(FindingId(2))), (None, 8));
        (3..100_000)
            .for_each(|number| assert_eq!(table.insert(key(number), 0, Severity::Low).0, number as u32 + 1));
        assert_eq!((table.get(&key(2)), table.get(&ERASED_KEY)), (Some(FindingId(3)), None));
    }

    #[test]
    fn keys_that_differ_in_their_last_byte_only_are_two() {
        let mut table = KeyTable::default();
        let (one, mut two) = (key(1), key(1));
        two[STORED_KEY_BYTES - 1] ^= 1;
        table.insert(one, 0, Severity::Low);
        assert_eq!(table.get(&two), None);
        table.insert(two, 0, Severity::Low);
        assert_eq!(table.get(&one), Some(FindingId(0)));
    }
}
