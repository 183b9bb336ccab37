//! Names and URLs by their text: domains, host names, mail domains; a URL up to a border of its path.
//!
//! One hash table from the text to a slice of entries. A look-up asks for every suffix of a name at its label borders,
//! and compares the text, so that a chance match of hashes decides nothing.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::entry::Entry;

/// Texts with their entries.
pub(crate) struct NameTable {
    /// From the hash of a text to its number.
    numbers: HashTable<u32>,
    texts: Texts,
    /// By number: where its entries start; one more than there are texts.
    first_entry: Vec<u32>,
    entries: Vec<Entry>,
}

/// All texts in one string.
struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let from = if number == 0 { 0 } else { self.ends[number - 1] as usize };
        &self.all[from..self.ends[number] as usize]
    }

    fn push(&mut self, text: &str) -> u32 {
        self.all.push_str(text);
        let end = u32::try_from(self.all.len()).expect("a file of the register has at most 2 GiB");
        self.ends.push(end);
        (self.ends.len() - 1) as u32
    }
}

fn hash(text: &str) -> u64 {
    FixedState::with_seed(0).hash_one(text.as_bytes())
}

impl NameTable {
    /// From texts, each with where to find its entry. `text` writes the text of one to the buffer.
    pub fn build(
        assets: &[u32],
        mut text: impl FnMut(u32, &mut String),
        entry: impl Fn(u32) -> Entry,
    ) -> Self {
        let mut numbers: HashTable<u32> = HashTable::with_capacity(assets.len());
        let mut texts = Texts { all: String::new(), ends: Vec::new() };
        let mut counts: Vec<u32> = Vec::new();
        let mut buffer = String::new();
        let number_of: Vec<u32> = assets
            .iter()
            .map(|&asset| {
                buffer.clear();
                text(asset, &mut buffer);
                let hashed = hash(&buffer);
                let number = match numbers.find(hashed, |&number| texts.get(number) == buffer) {
                    Some(&number) => number,
                    None => {
                        let number = texts.push(&buffer);
                        counts.push(0);
                        numbers.insert_unique(hashed, number, |&number| hash(texts.get(number)));
                        number
                    }
                };
                counts[number as usize] += 1;
                number
            })
            .collect();
        let (first_entry, order) = group(&number_of, &counts);
        let entries = order.iter().map(|&at| entry(assets[at as usize])).collect();
        numbers.shrink_to_fit(|&number| hash(texts.get(number)));
        texts.all.shrink_to_fit();
        texts.ends.shrink_to_fit();
        Self { numbers, texts, first_entry, entries }
    }

    /// The entries of exactly this text.
    pub fn get(&self, text: &str) -> &[Entry] {
        if self.entries.is_empty() {
            return &[];
        }
        match self.numbers.find(hash(text), |&number| self.texts.get(number) == text) {
            Some(&number) => {
                let at = number as usize;
                &self.entries[self.first_entry[at] as usize..self.first_entry[at + 1] as usize]
            }
            None => &[],
        }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.numbers.allocation_size()
            + self.texts.all.capacity()
            + (self.texts.ends.capacity() + self.first_entry.capacity()) * size_of::<u32>()
            + self.entries.capacity() * size_of::<Entry>()
    }
}

/// Sorts by number, keeping the order within one: where each number's slice starts, and the positions in their new order.
fn group(number_of: &[u32], counts: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut first = Vec::with_capacity(counts.len() + 1);
    let mut sum = 0;
    for count in counts {
        first.push(sum);
        sum += count;
    }
    first.push(sum);
    let mut next = first.clone();
    let mut order = vec![0; number_of.len()];
    for (at, &number) in number_of.iter().enumerate() {
        let slot = &mut next[number as usize];
        order[*slot as usize] = at as u32;
        *slot += 1;
    }
    (first, order)
}

/// Where the suffixes of a name start, longest first: the whole, and after each dot.
pub(crate) fn suffixes(name: &str) -> impl Iterator<Item = usize> {
    // Only the last labels count: an honest name has at most 127.
    let from = if name.len() < LABELS_MAX {
        0
    } else {
        let dots = name.bytes().enumerate().rev().filter(|(_, byte)| *byte == b'.');
        dots.map(|(at, _)| at + 1).nth(LABELS_MAX - 1).unwrap_or(0)
    };
    std::iter::once(from)
        .chain(name.bytes().enumerate().skip(from).filter(|(_, byte)| *byte == b'.').map(|(at, _)| at + 1))
}

/// Labels of a name that are looked at, from the right (RFC 1035: 253 characters hold at most 127).
const LABELS_MAX: usize = 127;
