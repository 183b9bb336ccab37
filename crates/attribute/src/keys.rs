//! Entries by a number: AS numbers, countries.

use crate::entry::Entry;

/// Sorted keys with their entries.
pub(crate) struct KeyTable {
    keys: Vec<u32>,
    first_entry: Vec<u32>,
    entries: Vec<Entry>,
}

impl KeyTable {
    /// From keys, each with its entry.
    pub fn build(mut pairs: Vec<(u32, u32)>, entry: impl Fn(u32) -> Entry) -> Self {
        pairs.sort_unstable();
        let mut table =
            Self { keys: Vec::new(), first_entry: Vec::new(), entries: Vec::with_capacity(pairs.len()) };
        for (key, at) in pairs {
            if table.keys.last() != Some(&key) {
                table.keys.push(key);
                table.first_entry.push(table.entries.len() as u32);
            }
            table.entries.push(entry(at));
        }
        table.first_entry.push(table.entries.len() as u32);
        table
    }

    /// The entries of this key.
    pub fn get(&self, key: u32) -> &[Entry] {
        match self.keys.binary_search(&key) {
            Ok(at) => &self.entries[self.first_entry[at] as usize..self.first_entry[at + 1] as usize],
            Err(_) => &[],
        }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        (self.keys.capacity() + self.first_entry.capacity()) * size_of::<u32>()
            + self.entries.capacity() * size_of::<Entry>()
    }
}
