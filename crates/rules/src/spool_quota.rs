//! May a door keep one more report? So that one source that floods us does not keep the others out.

/// Of the quota, this share is kept for critical sources, in per cent.
const FOR_CRITICAL_PERCENT: u64 = 20;

/// Of what is left, this share is the most that one source may fill, in per cent.
const ONE_SOURCE_PERCENT: u64 = 50;

/// What lies in the spool, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Of everybody.
    pub total: u64,
    /// Of this source.
    pub by_source: u64,
}

/// Is there room? A report counts with what is known of its size. A source that floods us is told so before the spool is full.
pub fn has_room(quota: u64, used: Used, size: u64, critical: bool) -> bool {
    if critical {
        return used.total.saturating_add(size) <= quota;
    }
    let open = quota / 100 * (100 - FOR_CRITICAL_PERCENT);
    used.total.saturating_add(size) <= open
        && used.by_source.saturating_add(size) <= open / 100 * ONE_SOURCE_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_fills_a_part_and_a_critical_one_goes_on() {
        let used = |total, by_source| Used { total, by_source };
        for (used, size, critical, room) in [
            (used(0, 0), 4_000, false, true),
            (used(0, 0), 4_001, false, false),
            (used(4_000, 4_000), 1, false, false),
            (used(4_000, 0), 4_000, false, true),
            (used(8_000, 0), 1, false, false),
            (used(8_000, 4_000), 2_000, true, true),
            (used(10_000, 0), 1, true, false),
            (used(u64::MAX, 0), u64::MAX, true, false),
        ] {
            assert_eq!(has_room(10_000, used, size, critical), room, "{used:?} {size} {critical}");
        }
    }
}
