//! Prefixes, IPv4 or IPv6: which one holds an address, from the innermost outwards.
//!
//! Every distinct prefix is a *node* that knows its parent, the next larger prefix around it. The edges of all prefixes
//! cut the address space into intervals; each interval knows its innermost node. A look-up finds the interval by binary
//! search (first among every 64th start, which stays in the cache) and walks the parents.

use crate::entry::Entry;

/// An address as a number.
pub(crate) trait Bits: Copy + Ord {
    const WIDTH: u8;
    /// The last address of the prefix that starts here.
    fn last(self, prefix_len: u8) -> Self;
    /// The address after this one.
    fn next(self) -> Option<Self>;
}

macro_rules! bits {
    ($number:ty) => {
        impl Bits for $number {
            const WIDTH: u8 = <$number>::BITS as u8;
            fn last(self, prefix_len: u8) -> Self {
                self | <$number>::MAX.checked_shr(u32::from(prefix_len)).unwrap_or(0)
            }
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
        }
    };
}
bits!(u32);
bits!(u128);

/// No node.
const NONE: u32 = u32::MAX;

/// Every so many interval starts, one is in the sample.
const SAMPLE_STRIDE: usize = 64;

/// The prefixes of one address family.
pub(crate) struct PrefixTable<K> {
    sample: Vec<K>,
    starts: Vec<K>,
    innermost: Vec<u32>,
    /// By node.
    prefix_len: Vec<u8>,
    parent: Vec<u32>,
    /// Where a node's entries start; one more than there are nodes.
    first_entry: Vec<u32>,
    entries: Vec<Entry>,
}

impl<K: Bits> PrefixTable<K> {
    /// From prefixes without host bits: start, length, and where to find the entry.
    pub fn build(mut prefixes: Vec<(K, u8, u32)>, entry: impl Fn(u32) -> Entry) -> Self {
        prefixes.sort_unstable();
        let mut table = Self {
            sample: Vec::new(),
            starts: Vec::with_capacity(prefixes.len()),
            innermost: Vec::with_capacity(prefixes.len()),
            prefix_len: Vec::with_capacity(prefixes.len()),
            parent: Vec::with_capacity(prefixes.len()),
            first_entry: Vec::with_capacity(prefixes.len() + 1),
            entries: Vec::with_capacity(prefixes.len()),
        };
        let mut open: Vec<(u32, K)> = Vec::new();
        let mut previous = None;
        for &(start, prefix_len, at) in &prefixes {
            if previous != Some((start, prefix_len)) {
                previous = Some((start, prefix_len));
                while open.last().is_some_and(|&(_, last)| last < start) {
                    table.close(&mut open);
                }
                let node = table.prefix_len.len() as u32;
                table.prefix_len.push(prefix_len);
                table.parent.push(open.last().map_or(NONE, |&(node, _)| node));
                table.first_entry.push(table.entries.len() as u32);
                table.begin(start, node);
                open.push((node, start.last(prefix_len)));
            }
            table.entries.push(entry(at));
        }
        while !open.is_empty() {
            table.close(&mut open);
        }
        table.first_entry.push(table.entries.len() as u32);
        table.sample = table.starts.iter().step_by(SAMPLE_STRIDE).copied().collect();
        table.shrink();
        table
    }

    /// The innermost open prefix ends: what is around it goes on after its last address.
    fn close(&mut self, open: &mut Vec<(u32, K)>) {
        let Some((_, last)) = open.pop() else { return };
        let around = open.last().map_or(NONE, |&(node, _)| node);
        if let Some(start) = last.next() {
            self.begin(start, around);
        }
    }

    fn begin(&mut self, start: K, node: u32) {
        match (self.starts.last(), self.innermost.last_mut()) {
            (Some(&last), Some(innermost)) if last == start => *innermost = node,
            (_, Some(innermost)) if *innermost == node => {}
            _ => {
                self.starts.push(start);
                self.innermost.push(node);
            }
        }
    }

    fn shrink(&mut self) {
        self.starts.shrink_to_fit();
        self.innermost.shrink_to_fit();
        self.prefix_len.shrink_to_fit();
        self.parent.shrink_to_fit();
        self.first_entry.shrink_to_fit();
    }

    /// Every prefix that holds this address, from the innermost outwards, with its entries.
    pub fn around(&self, address: K) -> impl Iterator<Item = (u8, &[Entry])> {
        let mut node = self.innermost_at(address);
        std::iter::from_fn(move || {
            if node == NONE {
                return None;
            }
            let at = node as usize;
            node = self.parent[at];
            let entries = self.first_entry[at] as usize..self.first_entry[at + 1] as usize;
            Some((self.prefix_len[at], &self.entries[entries]))
        })
    }

    fn innermost_at(&self, address: K) -> u32 {
        let block = self.sample.partition_point(|&start| start <= address);
        let Some(block) = block.checked_sub(1) else { return NONE };
        let from = block * SAMPLE_STRIDE;
        let to = self.starts.len().min(from + SAMPLE_STRIDE);
        // The sample says that at least the first start of the block is not after the address.
        let at = from + self.starts[from..to].partition_point(|&start| start <= address) - 1;
        self.innermost[at]
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        (self.sample.capacity() + self.starts.capacity()) * size_of::<K>()
            + (self.innermost.capacity() + self.parent.capacity() + self.first_entry.capacity())
                * size_of::<u32>()
            + self.prefix_len.capacity()
            + self.entries.capacity() * size_of::<Entry>()
    }
}
