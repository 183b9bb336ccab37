//! Comparing what one hub sent with what the other has, and asking for what is lost: by counts and digests of times, halved until they are small.

/// So many parcels are sent again rather than looked at more closely: those that are there already are duplicates, and have no effect.
pub const SENT_AGAIN_MAX: u64 = 100;

/// What follows from one time that was compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Both have the same.
    Nothing,
    /// A closer look is taken.
    Narrow,
    /// All of it is sent again.
    SendAgain,
}

/// What follows: `theirs` is what was sent, `ours` what is here, each a count and a digest; `seconds` is how long the time is.
pub fn next(theirs: (u64, [u8; 16]), ours: (u64, [u8; 16]), seconds: i64) -> Next {
    if theirs == ours || theirs.0 == 0 {
        return Next::Nothing;
    }
    match ours.0 == 0 || theirs.0 <= SENT_AGAIN_MAX || seconds <= 1 {
        true => Next::SendAgain,
        false => Next::Narrow,
    }
}

/// The halves of a time; itself when it cannot be halved.
pub fn halves(from: i64, until: i64) -> Vec<(i64, i64)> {
    let middle = from + (until - from) / 2;
    if middle <= from { vec![(from, until)] } else { vec![(from, middle), (middle, until)] }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn sum(parcels: &BTreeSet<(i64, [u8; 16])>, from: i64, until: i64) -> (u64, [u8; 16]) {
        let inside = parcels.iter().filter(|(at, _)| (from..until).contains(at));
        inside.fold((0, [0; 16]), |(count, mut digest), (_, id)| {
            digest.iter_mut().zip(id).for_each(|(sum, byte)| *sum ^= byte);
            (count + 1, digest)
        })
    }

    /// Asks until nothing is left to ask. Gives what is sent again, and how many times were compared.
    fn reconcile(
        sent: &BTreeSet<(i64, [u8; 16])>,
        here: &BTreeSet<(i64, [u8; 16])>,
        (from, until): (i64, i64),
    ) -> (BTreeSet<(i64, [u8; 16])>, usize) {
        let (mut again, mut ask, mut compared) = (BTreeSet::new(), vec![(from, until)], 0);
        while let Some((from, until)) = ask.pop() {
            compared += 1;
            match next(sum(sent, from, until), sum(here, from, until), until - from) {
                Next::Nothing => {}
                Next::Narrow => ask.extend(halves(from, until)),
                Next::SendAgain => again.extend(sent.iter().filter(|(at, _)| (from..until).contains(at))),
            }
        }
        (again, compared)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_was_lost_is_sent_again(
            sent in proptest::collection::btree_set((0i64..3_600, any::<[u8; 16]>()), 0..600),
            lost in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
            after in proptest::option::of(0i64..3_600),
        ) {
            let all: Vec<_> = sent.iter().copied().collect();
            let mut here = sent.clone();
            if !all.is_empty() {
                lost.iter().for_each(|at| { here.remove(at.get(&all)); });
            }
            // As after a restore: everything since some time.
            here.retain(|(at, _)| after.is_none_or(|after| *at < after));
            let (again, compared) = reconcile(&sent, &here, (0, 3_600));
            prop_assert!(sent.difference(&here).all(|one| again.contains(one)), "something stays lost");
            prop_assert!(compared <= 2 * 3_600);
            if here == sent {
                prop_assert!(again.is_empty() && compared == 1);
            }
        }
    }

    #[test]
    fn one_lost_among_many_costs_a_few_looks_and_few_parcels() {
        let sent: BTreeSet<_> = (0..20_000u32)
            .map(|n| {
                let mut id = [0; 16];
                id[..4].copy_from_slice(&n.to_le_bytes());
                id[8] = n as u8;
                (i64::from(n) * 3_600 / 20_000, id)
            })
            .collect();
        let mut here = sent.clone();
        here.remove(&sent.iter().nth(12_345).copied().unwrap());
        let (again, compared) = reconcile(&sent, &here, (0, 3_600));
        assert!(again.len() as u64 <= SENT_AGAIN_MAX && compared < 30, "{} {compared}", again.len());
    }

    #[test]
    fn a_time_is_halved_without_a_gap() {
        assert_eq!(halves(0, 3_600), [(0, 1_800), (1_800, 3_600)]);
        assert_eq!(halves(0, 3), [(0, 1), (1, 3)]);
        assert_eq!(halves(5, 6), [(5, 6)]);
    }
}
