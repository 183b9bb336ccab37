//! Whatever the policy decides, in whatever order: each assignment has one fate, and none is lost or doubled.

#![allow(clippy::unwrap_used)] // Helpers of tests stop the test.

use std::collections::BTreeMap;

use proptest::prelude::*;
use schakel_model::{
    answer::NotificationKind,
    asset::Role,
    assignment::{Assignee, End},
    fate::{Fate, Sums},
    ids::{FindingId, NotificationId, OrganisationId, RegisterVersion, ReportId},
    keeping::Keeps,
    language::Language,
    tlp::Tlp,
};
use schakel_rules::confidential::Wish;
use schakel_store::{
    Store,
    act::Act,
    chunks::{self, Block, Blocks, Chunk, ChunkBlobs, NewBlock, NewChunk},
    data_dir::DataDir,
    frames::{FrameRef, Packer},
    id_list,
    keeping::{self, Decided, Verdict},
    ledger::{Scope, sums},
    outbox::{NewNotification, Notification, next_notification},
    overviews,
};

/// Findings of each organisation; every third stands twice in its block, as two rows of one chunk give it.
const FINDINGS: u32 = 9;
const ORGANISATIONS: u32 = 2;

fn findings(organisation: u32) -> Vec<FindingId> {
    let first = organisation * FINDINGS;
    (first..first + FINDINGS).flat_map(|id| vec![FindingId(id); if id % 3 == 0 { 2 } else { 1 }]).collect()
}

fn store(folder: &std::path::Path) -> Store {
    let mut store = Store::open(&DataDir::new(folder.join("data"))).unwrap();
    let blocks: Vec<NewBlock> = (1..=ORGANISATIONS)
        .map(|organisation| NewBlock {
            assignee: Some(Assignee {
                organisation: OrganisationId(organisation),
                role: Role::Owner,
                end: End::Source,
            }),
            fate: Fate::Queued,
            findings: findings(organisation),
        })
        .collect();
    let rows: u64 = blocks.iter().map(|block| block.findings.len() as u64).sum();
    let packed = Packer::new().unwrap().pack(b"rows").unwrap().to_vec();
    let chunk = Chunk {
        id: 0,
        report: ReportId(1),
        member: 0,
        first_row: 1,
        rows: rows as u32,
        first_line: 1,
        end_line: 2,
        starts_skipping: false,
        ends_skipping: false,
        end_offset: 4,
        prefix_hash: [0; 32],
        frame: FrameRef { segment: 0, offset: 0, length: 0, raw_length: 4 },
        register_version: RegisterVersion(0),
        committed_at: 1,
        sums: Sums { rows, events: rows, assignments: rows, ..Sums::default() },
        first_finding: FindingId(0),
        new_findings: 0,
        sightings_applied: true,
    };
    let blobs = ChunkBlobs::default();
    let new = NewChunk { chunk, packed, blobs, findings: vec![], kinds: vec![], sets: vec![], blocks };
    store.commit_chunks(&mut [new]).unwrap();
    store
}

/// One step of a history.
#[derive(Clone, Debug)]
enum Step {
    /// Decide what waits: a number for each finding says which verdict.
    Decide(Vec<u8>),
    /// Tell the block at this place.
    Tell(usize),
    /// The desk lets go of everything that is kept.
    Release,
    /// Time passes: overviews become due.
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(0u8..6, 3 * FINDINGS as usize).prop_map(Step::Decide),
        2 => (0usize..8).prop_map(Step::Tell),
        1 => Just(Step::Release),
        1 => Just(Step::Wait),
    ]
}

fn verdict(number: u8, organisation: OrganisationId, now: i64) -> Verdict {
    let kept = |keeps, rule, until| Verdict::Kept { keeps, rule, until, reason: "a test".to_owned() };
    match number {
        0 => Verdict::Told,
        1 => Verdict::Overview {
            organisation,
            rhythm: "hourly".to_owned(),
            due_at: now + 10,
            rule: 1,
            reason: "a test".to_owned(),
        },
        2 => kept(Keeps::Held, 2, Some(now + 5)),
        3 => kept(Keeps::Suppressed, 3, Some(now + 20)),
        4 => kept(Keeps::Shadow, 4, None),
        _ => kept(Keeps::Nobody, 5, Some(now + 1)),
    }
}

fn all_blocks(store: &Store) -> Vec<Block> {
    store.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(1))).unwrap()
}

/// What must hold at every moment.
fn check(store: &Store) {
    let sums = store.read(|connection| sums(connection, &Scope::All)).unwrap();
    assert!(sums.balanced(), "{sums:?}");
    let mut by_organisation: BTreeMap<OrganisationId, Vec<FindingId>> = BTreeMap::new();
    for block in all_blocks(store) {
        let findings: Vec<FindingId> = id_list::decode(&block.findings).collect();
        assert_eq!(findings.len() as u64, block.count);
        assert!(!findings.is_empty(), "a block of nothing");
        by_organisation.entry(block.assignee.unwrap().organisation).or_default().extend(findings);
        if block.fate == Fate::Digest {
            let id = schakel_model::ids::OverviewId(block.reference.unwrap());
            assert!(store.read(|connection| overviews::get(connection, id)).unwrap().is_some());
        }
    }
    for (organisation, mut found) in by_organisation {
        found.sort_unstable();
        assert_eq!(found, findings(organisation.0), "each finding as often as before");
    }
    // What is kept has the fate of being kept.
    let fates: BTreeMap<i64, Fate> = all_blocks(store).iter().map(|block| (block.id, block.fate)).collect();
    for kept in store.read(keeping::all).unwrap() {
        let expected = match kept.keeps {
            Keeps::Overview => Fate::Digest,
            Keeps::Suppressed => Fate::Suppressed,
            Keeps::Released => Fate::Queued,
            _ => Fate::Held,
        };
        assert_eq!(fates[&kept.block], expected, "{kept:?}");
    }
}

fn take(store: &mut Store, step: &Step, version: &mut u32, now: &mut i64) {
    match step {
        Step::Decide(numbers) => {
            *version += 1;
            let mut to_decide: Vec<Block> =
                store.read(|connection| chunks::blocks(connection, &Blocks::ToTell)).unwrap();
            for kept in store.read(|connection| keeping::to_decide(connection, *version, *now)).unwrap() {
                to_decide.extend(store.read(|connection| chunks::block(connection, kept.block)).unwrap());
            }
            let decided: Vec<Decided> = to_decide
                .iter()
                .map(|block| {
                    let organisation = block.assignee.unwrap().organisation;
                    let mut parts: BTreeMap<u8, Vec<FindingId>> = BTreeMap::new();
                    for finding in id_list::decode(&block.findings) {
                        parts.entry(numbers[finding.0 as usize % numbers.len()]).or_default().push(finding);
                    }
                    let parts = parts
                        .into_iter()
                        .map(|(number, findings)| (findings, verdict(number, organisation, *now)));
                    Decided { block: block.id, parts: parts.collect() }
                })
                .collect();
            let ids = store.keep(*now, *version, &decided, &[]).unwrap();
            for (decided, ids) in decided.iter().zip(ids) {
                assert_eq!(ids.len(), decided.parts.len());
                for ((findings, _), id) in decided.parts.iter().zip(ids) {
                    let block = store.read(|connection| chunks::block(connection, id)).unwrap().unwrap();
                    assert_eq!(&id_list::decode(&block.findings).collect::<Vec<_>>(), findings);
                }
            }
        }
        Step::Tell(place) => {
            let blocks = all_blocks(store);
            let waiting: Vec<&Block> = blocks
                .iter()
                .filter(|block| match block.fate {
                    Fate::Queued => block.reference.is_none(),
                    fate => fate == Fate::Digest,
                })
                .collect();
            let Some(block) = waiting.get(*place) else { return };
            let id = store.read(next_notification).unwrap();
            tell(store, block, id, *now);
        }
        Step::Release => {
            let kept: Vec<i64> = store.read(keeping::all).unwrap().iter().map(|kept| kept.block).collect();
            let act = Act { at: *now, actor: "schakel", reason: "a test" };
            store.release(&act, "all", &kept, None).unwrap();
        }
        Step::Wait => {
            *now += 30;
            store.close_empty_overviews(*now).unwrap();
        }
    }
}

fn tell(store: &mut Store, block: &Block, id: NotificationId, now: i64) {
    let notification = Notification {
        id,
        epoch: 0,
        organisation: block.assignee.unwrap().organisation,
        language: Language::Nl,
        created_at: now,
        tlp: Tlp::Amber,
        findings: block.count,
        subject: String::new(),
        lead: id,
        kind: NotificationKind::Findings,
        thread: None,
        wish: Wish::ByMarking,
    };
    let new =
        NewNotification { notification, messages: Vec::new(), blocks: vec![block.id], tells: Vec::new() };
    store.store_notifications(&[new], now).unwrap();
    let told = store.read(|connection| chunks::block(connection, block.id)).unwrap().unwrap();
    assert_eq!((told.fate, told.reference), (Fate::Queued, Some(id.0)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_ledger_balances_after_every_step(steps in prop::collection::vec(step(), 1..12)) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path());
        let (mut version, mut now) = (0, 100);
        check(&store);
        for step in &steps {
            take(&mut store, step, &mut version, &mut now);
            check(&store);
        }
    }
}

#[test]
fn what_is_decided_as_before_leaves_no_trace_in_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let decide = |store: &mut Store, version, now| {
        let blocks = all_blocks(store);
        let decided: Vec<Decided> = blocks
            .iter()
            .map(|block| {
                let organisation = block.assignee.unwrap().organisation;
                let findings = id_list::decode(&block.findings).collect();
                Decided { block: block.id, parts: vec![(findings, verdict(1, organisation, now))] }
            })
            .collect();
        store.keep(now, version, &decided, &[]).unwrap();
    };
    let history = |store: &Store, block: &Block| {
        store.read(|connection| schakel_store::outbox::fate_changes(connection, block.id)).unwrap().len()
    };
    decide(&mut store, 1, 100);
    let first = all_blocks(&store);
    decide(&mut store, 2, 105);
    let second = all_blocks(&store);
    assert_eq!(first, second, "the overview stays the same, and so does its time");
    assert!(second.iter().all(|block| history(&store, block) == 1));
    assert_eq!(store.read(overviews::waiting).unwrap().len(), ORGANISATIONS as usize);
    assert!(!store.read(|connection| keeping::any_to_decide(connection, 2, 105)).unwrap());
    assert!(store.read(|connection| keeping::any_to_decide(connection, 2, 110)).unwrap());
    assert!(store.read(|connection| keeping::any_to_decide(connection, 3, 105)).unwrap());
}
