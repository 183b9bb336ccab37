//! Prefixes, IPv4 or IPv6: which one holds an address, from the innermost outwards.
//!
//! Every distinct prefix is a *node* that knows its parent, the next larger prefix around it. The edges of all prefixes
//! cut the address space into intervals; each interval knows its innermost node. A look-up finds the interval and walks
//! the parents. An index over equal parts of the space, about as many as there are intervals, says where to search: where
//! prefixes lie evenly that is one place, and where they crowd the search halves what is left.

/// An address as a number.
pub(crate) trait Bits: Copy + Ord {
    const WIDTH: u8;
    /// The last address of the prefix that starts here.
    fn last(self, prefix_len: u8) -> Self;
    /// The address after this one.
    fn next(self) -> Option<Self>;
    /// How many addresses this is behind an earlier one, in units of `1 << shift`.
    fn behind(self, earlier: Self, shift: u32) -> usize;
    /// The bits that it takes to count from an earlier address to this one.
    fn bits_behind(self, earlier: Self) -> u32;
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
            fn behind(self, earlier: Self, shift: u32) -> usize {
                ((self - earlier) >> shift) as usize
            }
            fn bits_behind(self, earlier: Self) -> u32 {
                <$number>::BITS - (self - earlier).leading_zeros()
            }
        }
    };
}
bits!(u32);
bits!(u128);

/// No node.
const NONE: u32 = u32::MAX;

/// The prefixes of one address family, each with what is said of it.
pub(crate) struct PrefixTable<K, E> {
    intervals: Vec<Interval<K>>,
    /// The space from the first start to the last in parts of `1 << shift` addresses: how many starts stand before each part, and in all.
    index: Vec<u32>,
    shift: u32,
    /// One more than there are prefixes, to say where the entries of the last one end.
    nodes: Vec<Node>,
    entries: Vec<E>,
}

/// The addresses from a start up to that of the next interval, and the innermost node that holds them. Side by side, because a look-up
/// wants both; packed, because there may be millions.
#[derive(Clone, Copy)]
#[repr(C, packed(4))]
struct Interval<K> {
    start: K,
    innermost: u32,
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
            intervals: Vec::with_capacity(prefixes.len()),
            index: Vec::new(),
            shift: 0,
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
        table.make_index();
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
        match self.intervals.last_mut() {
            Some(last) if { last.start } == start => last.innermost = node,
            Some(last) if last.innermost == node => {}
            _ => self.intervals.push(Interval { start, innermost: node }),
        }
    }

    fn shrink(&mut self) {
        self.intervals.shrink_to_fit();
        self.nodes.shrink_to_fit();
    }

    fn make_index(&mut self) {
        let Some((first, last)) = self.ends() else { return };
        self.shift = last.bits_behind(first).saturating_sub(self.intervals.len().ilog2());
        let parts = last.behind(first, self.shift) + 1;
        self.index = Vec::with_capacity(parts + 1);
        for (at, interval) in (0..).zip(&self.intervals) {
            let part = { interval.start }.behind(first, self.shift);
            self.index.resize(self.index.len().max(part + 1), at);
        }
        self.index.push(self.intervals.len() as u32);
    }

    /// Where the first interval and the last one start.
    fn ends(&self) -> Option<(K, K)> {
        Some((self.intervals.first()?.start, self.intervals.last()?.start))
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
        let Some((first, last)) = self.ends() else { return NONE };
        if address < first {
            return NONE;
        }
        let part = address.min(last).behind(first, self.shift);
        let [from, to] = [self.index[part] as usize, self.index[part + 1] as usize];
        // At least the very first start is not after the address.
        let not_after =
            from + self.intervals[from..to].partition_point(|interval| { interval.start } <= address);
        self.intervals[not_after - 1].innermost
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.intervals.capacity() * size_of::<Interval<K>>()
            + self.index.capacity() * size_of::<u32>()
            + self.nodes.capacity() * size_of::<Node>()
            + self.entries.capacity() * size_of::<E>()
    }
}
