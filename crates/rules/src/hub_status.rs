//! How far what a hub got from another one came there, and how much of that the other hears.

use std::collections::BTreeMap;

use schakel_model::{answer::RecipientState, fate::Fate, hub::HubStatus};

use crate::small_counts::coarse;

/// What became of a finding here.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The fates of its assignments that stand.
    pub fates: Vec<Fate>,
    /// What those say who were told of it.
    pub states: Vec<RecipientState>,
    /// How far it came at hubs that it was handed over to.
    pub beyond: Vec<HubStatus>,
}

/// How far it came.
pub fn status(standing: &Standing) -> HubStatus {
    let Standing { fates, states, beyond } = standing;
    let all = |wanted: &[Fate]| !fates.is_empty() && fates.iter().all(|fate| wanted.contains(fate));
    let any = |wanted: &[Fate]| fates.iter().any(|fate| wanted.contains(fate));
    if all(&[Fate::Unrouted]) {
        return HubStatus::NotMine;
    }
    // Whoever says that it is somebody else's has not said what becomes of it.
    let mut heard = states.iter().filter(|state| **state != RecipientState::NotOurs).peekable();
    if heard.peek().is_some() && heard.clone().all(|state| *state == RecipientState::Fixed) {
        return HubStatus::Fixed;
    }
    if heard.any(|state| *state != RecipientState::Told) {
        return HubStatus::Acknowledged;
    }
    let told_beyond = beyond.contains(&HubStatus::Delivered);
    if told_beyond || any(&[Fate::Notified, Fate::SafetyNet]) {
        return HubStatus::Delivered;
    }
    let lost_beyond = any(&[Fate::HandedOver]) && beyond.contains(&HubStatus::Undeliverable);
    if lost_beyond || all(&[Fate::Undeliverable, Fate::NoContact, Fate::Suppressed]) {
        return HubStatus::Undeliverable;
    }
    HubStatus::Received
}

/// How many came how far, as the other side may know it.
pub fn counted(statuses: impl IntoIterator<Item = HubStatus>) -> BTreeMap<HubStatus, u64> {
    let mut counts: BTreeMap<HubStatus, u64> = BTreeMap::new();
    statuses.into_iter().for_each(|status| *counts.entry(status).or_default() += 1);
    counts.values_mut().for_each(|count| *count = coarse(*count));
    counts.retain(|_, count| *count > 0);
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::small_counts::COUNT_STEP;

    fn of(fates: &[Fate], states: &[RecipientState], beyond: &[HubStatus]) -> HubStatus {
        status(&Standing { fates: fates.to_vec(), states: states.to_vec(), beyond: beyond.to_vec() })
    }

    #[test]
    fn the_furthest_that_is_sure_is_said() {
        use Fate::{HandedOver, Held, NoContact, Notified, Queued, SafetyNet, Undeliverable, Unrouted};
        use HubStatus::{Acknowledged, Delivered, Fixed, NotMine, Received};
        use RecipientState::{InProgress, NotOurs, Question, Told};
        type Case = (&'static [Fate], &'static [RecipientState], &'static [HubStatus], HubStatus);
        let cases: &[Case] = &[
            (&[], &[], &[], Received),
            (&[Queued], &[Told], &[], Received),
            (&[Held], &[], &[], Received),
            (&[Notified], &[Told], &[], Delivered),
            (&[SafetyNet], &[], &[], Delivered),
            (&[Notified, NoContact], &[Told], &[], Delivered),
            (&[Notified], &[InProgress], &[], Acknowledged),
            (&[Notified], &[Question], &[], Acknowledged),
            (&[Notified, Notified], &[RecipientState::Fixed, Told], &[], Acknowledged),
            (&[Notified], &[RecipientState::Fixed], &[], Fixed),
            (&[Unrouted], &[NotOurs], &[], NotMine),
            (&[Notified], &[NotOurs], &[], Delivered),
            (&[Notified], &[NotOurs, RecipientState::Fixed], &[], Fixed),
            (&[Unrouted, Notified], &[Told], &[], Delivered),
            (&[NoContact], &[], &[], HubStatus::Undeliverable),
            (&[Undeliverable], &[Told], &[], HubStatus::Undeliverable),
            (&[HandedOver], &[Told], &[Received], Received),
            (&[HandedOver], &[Told], &[Delivered], Delivered),
            (&[HandedOver], &[Told], &[HubStatus::Undeliverable], HubStatus::Undeliverable),
        ];
        for (fates, states, beyond, expected) in cases {
            assert_eq!(of(fates, states, beyond), *expected, "{fates:?} {states:?} {beyond:?}");
        }
    }

    #[test]
    fn small_counts_are_left_out() {
        let many = |status, count| std::iter::repeat_n(status, count);
        let counts = counted(many(HubStatus::Fixed, 4).chain(many(HubStatus::Delivered, 13)));
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(HubStatus::Delivered, 10)]);
    }

    proptest! {
        #[test]
        fn no_count_says_something_of_fewer_than_five(counts in proptest::collection::vec(0usize..60, 6)) {
            let all = HubStatus::ALL.iter().zip(&counts).flat_map(|(status, count)| std::iter::repeat_n(*status, *count));
            for (status, told) in counted(all) {
                let real = counts[status as usize - 1] as u64;
                prop_assert!(told >= COUNT_STEP && told <= real && told % COUNT_STEP == 0);
            }
        }
    }
}
