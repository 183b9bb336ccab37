//! A sorted list of finding ids as bytes: the differences as varints. Repeats are allowed.

use schakel_model::ids::FindingId;

use crate::varint;

/// Encodes ids that are sorted.
pub fn encode(sorted: &[FindingId]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sorted.len() * 2);
    let mut previous = 0;
    for id in sorted {
        varint::push(&mut out, id.0 - previous);
        previous = id.0;
    }
    out
}

/// Decodes what [`encode`] made; stops at the first byte that cannot be.
pub fn decode(bytes: &[u8]) -> impl Iterator<Item = FindingId> + '_ {
    let (mut at, mut previous) = (0, 0u32);
    std::iter::from_fn(move || {
        previous = previous.checked_add(varint::read(bytes, &mut at)?)?;
        Some(FindingId(previous))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_back() {
        let ids: Vec<_> = [0, 0, 5, 5, 6, 1_000_000].map(FindingId).to_vec();
        assert_eq!(decode(&encode(&ids)).collect::<Vec<_>>(), ids);
        assert_eq!(decode(&[]).count(), 0);
    }
}
