//! Prefixes, IPv4 or IPv6: which one holds an address, from the innermost outwards.
//!
//! Every distinct prefix is a *node* that knows its parent, the next larger prefix around it. The edges of all prefixes
//! cut the address space into intervals; each interval knows its innermost node. A look-up finds the interval and walks
//! the parents. Interval starts are searched in levels: each level holds every 16th key of the one below, so that a step
//! down looks at sixteen neighbours, and all but the lowest levels stay in the cache.

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

/// Keys of a level for one key of the level above: sixteen IPv4 addresses are a cache line.
const FAN_OUT: usize = 16;

/// The prefixes of one address family, each with what is said of it.
pub(crate) struct PrefixTable<K, E> {
    /// Interval starts, then every 16th of them, and so on up to a level of at most 16.
    levels: Vec<Vec<K>>,
    innermost: Vec<u32>,
    /// One more than there are prefixes, to say where the entries of the last one end.
    nodes: Vec<Node>,
    entries: Vec<E>,
}

/// A prefix that holds entries. Kept together, because a look-up walks from one to its parent.
#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    first_entry: u32,
    prefix_len: u8,
}

impl<K: Bits, E> PrefixTable<K, E> {
    /// From prefixes without host bits: start, length, and where to find the entry.
    pub fn build(mut prefixes: Vec<(K, u8, u32)>, entry: impl Fn(u32) -> E) -> Self {
        prefixes.sort_unstable();
        let mut table = Self {
            levels: vec![Vec::with_capacity(prefixes.len())],
            innermost: Vec::with_capacity(prefixes.len()),
            nodes: Vec::with_capacity(prefixes.len() + 1),
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
                let node = table.nodes.len() as u32;
                let parent = open.last().map_or(NONE, |&(node, _)| node);
                table.nodes.push(Node { parent, first_entry: table.entries.len() as u32, prefix_len });
                table.begin(start, node);
                open.push((node, start.last(prefix_len)));
            }
            table.entries.push(entry(at));
        }
        while !open.is_empty() {
            table.close(&mut open);
        }
        table.nodes.push(Node { parent: NONE, first_entry: table.entries.len() as u32, prefix_len: 0 });
        table.shrink();
        while let Some(below) = table.levels.last().filter(|level| level.len() > FAN_OUT) {
            let level = below.iter().step_by(FAN_OUT).copied().collect();
            table.levels.push(level);
        }
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
        let starts = &mut self.levels[0];
        match (starts.last(), self.innermost.last_mut()) {
            (Some(&last), Some(innermost)) if last == start => *innermost = node,
            (_, Some(innermost)) if *innermost == node => {}
            _ => {
                starts.push(start);
                self.innermost.push(node);
            }
        }
    }

    fn shrink(&mut self) {
        self.levels[0].shrink_to_fit();
        self.innermost.shrink_to_fit();
        self.nodes.shrink_to_fit();
    }

    /// Every prefix that holds this address, from the innermost outwards, with its entries.
    pub fn around(&self, address: K) -> impl Iterator<Item = (u8, &[E])> {
        let mut node = self.innermost_at(address);
        std::iter::from_fn(move || {
            if node == NONE {
                return None;
            }
            let [this, next] = [self.nodes[node as usize], self.nodes[node as usize + 1]];
            node = this.parent;
            Some((this.prefix_len, &self.entries[this.first_entry as usize..next.first_entry as usize]))
        })
    }

    fn innermost_at(&self, address: K) -> u32 {
        let mut at = 0;
        for level in self.levels.iter().rev() {
            let block = &level[at * FAN_OUT..level.len().min((at + 1) * FAN_OUT)];
            let not_after: usize = block.iter().map(|&start| usize::from(start <= address)).sum();
            match not_after {
                // Only before the very first start: below it, a block's first key is one of the level above.
                0 => return NONE,
                _ => at = at * FAN_OUT + not_after - 1,
            }
        }
        self.innermost.get(at).copied().unwrap_or(NONE)
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(Vec::capacity).sum::<usize>() * size_of::<K>()
            + self.innermost.capacity() * size_of::<u32>()
            + self.nodes.capacity() * size_of::<Node>()
            + self.entries.capacity() * size_of::<E>()
    }
}
