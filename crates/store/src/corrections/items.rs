//! What a correction did to each of its findings, packed into one blob.

use std::collections::{BTreeMap, BTreeSet};

use schakel_model::ids::FindingId;

use crate::varint;

/// What happens to a finding, as numbers of assignment sets. Few are different, so a correction stores each once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Shape {
    /// Those told before.
    pub told_before: u32,
    /// Those told afterwards.
    pub told_after: u32,
    /// Those concerned by the register of now, at the finding's last sighting.
    pub concerned: u32,
    /// Whose assignments are taken back.
    pub withdrawn: u32,
    /// Who gets a new one.
    pub added: u32,
    /// What happens to the assignments of nobody.
    pub nobody: Nobody,
}

/// What happens to a finding's assignments to nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Nobody {
    /// Nothing.
    Stays,
    /// They are taken back: it is somebody's now.
    Withdrawn,
    /// One is added: it is nobody's now.
    Added,
}

/// A finding that is corrected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Item {
    /// The chunk of its last sighting, by which it was attributed anew.
    pub chunk: u32,
    /// The finding.
    pub finding: FindingId,
    /// What happens to it.
    pub shape: Shape,
}

/// Distinct shapes first, each six numbers; then for each chunk its number (as a difference), how many findings, and for each the
/// finding (as a difference) and its shape.
pub(super) fn encode(items: &[Item]) -> Vec<u8> {
    let shapes: BTreeSet<Shape> = items.iter().map(|item| item.shape).collect();
    let numbers: BTreeMap<Shape, u32> = shapes.iter().copied().zip(0..).collect();
    let mut out = Vec::with_capacity(items.len() * 3 + shapes.len() * 8);
    varint::push(&mut out, shapes.len() as u32);
    for shape in &shapes {
        let Shape { told_before, told_after, concerned, withdrawn, added, nobody } = *shape;
        for number in [told_before, told_after, concerned, withdrawn, added, nobody as u32] {
            varint::push(&mut out, number);
        }
    }
    let mut last_chunk = 0;
    for group in items.chunk_by(|a, b| a.chunk == b.chunk) {
        varint::push(&mut out, group[0].chunk - last_chunk);
        last_chunk = group[0].chunk;
        varint::push(&mut out, group.len() as u32);
        let mut last = 0;
        for item in group {
            varint::push(&mut out, item.finding.0 - last);
            last = item.finding.0;
            varint::push(&mut out, numbers[&item.shape]);
        }
    }
    out
}

pub(super) fn decode(blob: &[u8]) -> Option<Vec<Item>> {
    let mut at = 0;
    let mut next = || varint::read(blob, &mut at);
    let mut shapes = Vec::new();
    for _ in 0..next()? {
        shapes.push(Shape {
            told_before: next()?,
            told_after: next()?,
            concerned: next()?,
            withdrawn: next()?,
            added: next()?,
            nobody: match next()? {
                0 => Nobody::Stays,
                1 => Nobody::Withdrawn,
                2 => Nobody::Added,
                _ => return None,
            },
        });
    }
    let mut items = Vec::new();
    let mut chunk = 0u32;
    while at < blob.len() {
        let mut next = || varint::read(blob, &mut at);
        chunk = chunk.checked_add(next()?)?;
        let mut finding = 0u32;
        for _ in 0..next()? {
            finding = finding.checked_add(next()?)?;
            let shape = *shapes.get(next()? as usize)?;
            items.push(Item { chunk, finding: FindingId(finding), shape });
        }
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_back() {
        let shape = |number: u32, nobody| Shape {
            told_before: number,
            told_after: number + 1,
            concerned: 300,
            withdrawn: 0,
            added: 70_000,
            nobody,
        };
        let items: Vec<Item> = [
            (2, 0, shape(0, Nobody::Stays)),
            (2, 9, shape(1, Nobody::Withdrawn)),
            (2, 4_000_000_000, shape(0, Nobody::Stays)),
            (1_000_000, 3, shape(2, Nobody::Added)),
        ]
        .into_iter()
        .map(|(chunk, finding, shape)| Item { chunk, finding: FindingId(finding), shape })
        .collect();
        let blob = encode(&items);
        assert_eq!(decode(&blob), Some(items));
        assert_eq!(decode(&encode(&[])), Some(Vec::new()));
        for cut in 0..blob.len() {
            assert_ne!(decode(&blob[..cut]).map(|items| items.len()), Some(4), "cut at {cut}");
        }
        assert_eq!(decode(&[1, 0, 0, 0, 0, 0, 9]), None);
    }
}
