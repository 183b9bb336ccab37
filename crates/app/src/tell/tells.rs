//! What is remembered of what a notification tells.

use std::collections::BTreeMap;

use schakel_model::{event::Event, ids::FindingId};
use schakel_rules::policy::{Deadline, Starts};
use schakel_store::follow_ups::Tells;

use super::Told;

const DAY: i64 = 86_400;

/// A high chance (kans) and high damage (schade), as NCSC writes them: a mapping or the source says so.
pub(super) fn is_urgent(event: &Event) -> bool {
    ["extra.chance", "extra.damage"].iter().all(|field| event.text(field).trim().eq_ignore_ascii_case("high"))
}

/// What is recorded as told: a finding that is told in two roles once, as its worst.
pub(super) fn tells(told: &[Told], deadline: Deadline, now: i64) -> Vec<Tells> {
    let mut tells: BTreeMap<FindingId, Tells> = BTreeMap::new();
    for Told { group: (severity, classification, ..), item, urgent, received_at, cves, .. } in told {
        let starts = match deadline.starts {
            Starts::Told => now,
            Starts::Received => *received_at,
        };
        let one = Tells {
            finding: item.finding,
            severity: *severity,
            compromised: classification.means_compromised(),
            deadline: urgent.then(|| starts.saturating_add(i64::from(deadline.days) * DAY)),
            same_case: true,
            cves: cves.clone(),
        };
        let known = tells.entry(item.finding).or_insert_with(|| one.clone());
        known.severity = known.severity.max(one.severity);
        known.compromised |= one.compromised;
        known.deadline = known.deadline.or(one.deadline);
        known.cves.extend(one.cves.into_iter().filter(|cve| !known.cves.contains(cve)).collect::<Vec<_>>());
    }
    tells.into_values().collect()
}
