//! Whatever another hub says of what was handed over, in whatever order and how often: the ledger balances, and each parcel has one fate.

#![allow(clippy::unwrap_used)] // Helpers of tests stop the test.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use schakel_model::{
    answer::NotificationKind,
    asset::Role,
    assignment::{Assignee, End},
    fate::{Fate, Sums},
    hub::{FindingKeyOnLink, OutgoingParcel, ParcelClass, ParcelId, ReceiptOutcome, Rejection},
    ids::{FindingId, LinkId, NotificationId, OrganisationId, RegisterVersion, ReportId},
    language::Language,
    tlp::Tlp,
};
use schakel_store::{
    Store,
    backup::{self, Waiting},
    chunks::{self, Blocks, Chunk, ChunkBlobs, NewBlock, NewChunk},
    data_dir::DataDir,
    frames::{FrameRef, Packer},
    handovers::{self, HeardReceipt, NewHandover},
    id_list,
    ledger::{Scope, sums},
    outbox::{NewNotification, Notification, next_notification},
};

const FINDINGS: u32 = 8;
const LINK: LinkId = LinkId(1);

/// The findings of both blocks: of the owner, where every third stands twice, and of its supplier, which has the even ones.
fn findings(role: Role) -> Vec<FindingId> {
    let all = (0..FINDINGS).map(FindingId);
    match role {
        Role::Owner => all.flat_map(|id| vec![id; if id.0 % 3 == 0 { 2 } else { 1 }]).collect(),
        _ => all.filter(|id| id.0 % 2 == 0).collect(),
    }
}

fn handed_over(folder: &std::path::Path) -> (Store, NotificationId) {
    let mut store = Store::open(&DataDir::new(folder.join("data"))).unwrap();
    let blocks: Vec<NewBlock> = [Role::Owner, Role::Operator]
        .map(|role| NewBlock {
            assignee: Some(Assignee { organisation: OrganisationId(1), role, end: End::Source }),
            fate: Fate::Queued,
            findings: findings(role),
        })
        .into();
    let rows: u64 = blocks[0].findings.len() as u64;
    let assignments = rows + blocks[1].findings.len() as u64;
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
        sums: Sums { rows, events: rows, assignments, ..Sums::default() },
        first_finding: FindingId(0),
        new_findings: 0,
        sightings_applied: true,
    };
    let blobs = ChunkBlobs::default();
    let new = NewChunk { chunk, packed, blobs, findings: vec![], kinds: vec![], sets: vec![], blocks };
    store.commit_chunks(&mut [new]).unwrap();
    let id = store.read(next_notification).unwrap();
    let blocks = store.read(|connection| chunks::blocks(connection, &Blocks::ToTell)).unwrap();
    let notification = Notification {
        id,
        epoch: 0,
        organisation: OrganisationId(1),
        language: Language::Nl,
        created_at: 10,
        tlp: Tlp::Amber,
        findings: u64::from(FINDINGS),
        subject: "x".into(),
        lead: id,
        kind: NotificationKind::Handover,
        wish: schakel_rules::confidential::Wish::ByMarking,
        thread: None,
    };
    let parcels = (0..FINDINGS).map(|finding| OutgoingParcel {
        link: LINK,
        id: name(finding),
        class: ParcelClass::Normal,
        finding: FindingId(finding),
        key: FindingKeyOnLink([finding as u8; 16]),
        revision: 1,
        notification: id,
        body: b"line".to_vec(),
        created_at: 10,
        withheld: None,
    });
    let new = NewHandover {
        parcels: parcels.collect(),
        notice: NewNotification {
            notification,
            messages: vec![],
            blocks: blocks.iter().map(|block| block.id).collect(),
            tells: vec![],
        },
    };
    store.hand_over(vec![new], 10).unwrap();
    (store, id)
}

fn name(finding: u32) -> ParcelId {
    ParcelId([finding as u8 + 1; 16])
}

/// The fate of each finding in each block, as far as they stand.
fn fates(store: &Store) -> HashMap<(Role, FindingId), Fate> {
    let mut fates = HashMap::new();
    for block in store.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(1))).unwrap() {
        for finding in id_list::decode(&block.findings) {
            let before = fates.insert((block.assignee.unwrap().role, finding), block.fate);
            assert!(before.is_none_or(|before| before == block.fate), "one has two fates");
        }
    }
    fates
}

fn outcomes() -> impl Strategy<Value = ReceiptOutcome> {
    prop_oneof![
        Just(ReceiptOutcome::Accepted),
        Just(ReceiptOutcome::Duplicate),
        Just(ReceiptOutcome::Deferred),
        Just(ReceiptOutcome::NotMine),
        proptest::sample::select(Rejection::ALL).prop_map(ReceiptOutcome::Rejected),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn each_parcel_has_one_fate_and_the_ledger_balances(
        batches in proptest::collection::vec(
            proptest::collection::vec((0..FINDINGS + 1, outcomes()), 1..12), 1..8,
        ),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = handed_over(folder.path());
        let mut first: HashMap<u32, ReceiptOutcome> = HashMap::new();
        let mut deferred: HashSet<u32> = HashSet::new();
        let mut all = batches;
        // In the end everything is answered.
        all.push((0..FINDINGS).map(|finding| (finding, ReceiptOutcome::Accepted)).collect());
        for (batch, at) in all.iter().zip(20..) {
            let receipts: Vec<HeardReceipt> = batch
                .iter()
                .map(|(finding, outcome)| HeardReceipt {
                    parcel: name(*finding),
                    outcome: *outcome,
                    line: b"receipt".to_vec(),
                })
                .collect();
            let heard = store.hear_receipts(at, LINK, &receipts).unwrap();
            prop_assert_eq!(heard.unknown, batch.iter().filter(|(finding, _)| *finding == FINDINGS).count() as u64);
            for (finding, outcome) in batch.iter().filter(|(finding, _)| *finding < FINDINGS) {
                match outcome {
                    ReceiptOutcome::Deferred => drop(deferred.insert(*finding)),
                    _ => drop(first.entry(*finding).or_insert(*outcome)),
                }
            }
            let sums = store.read(|connection| sums(connection, &Scope::All)).unwrap();
            prop_assert!(sums.balanced(), "{:?}", sums);
            let fates = fates(&store);
            // What is deferred holds nobody else up.
            let has_a_word = |finding| first.contains_key(&finding) || deferred.contains(&finding);
            let is_over = (0..FINDINGS).all(has_a_word);
            for ((role, finding), fate) in &fates {
                let expected = match first.get(&finding.0) {
                    _ if !is_over => Fate::Queued,
                    None => Fate::Queued,
                    Some(ReceiptOutcome::Rejected(_)) => Fate::Undeliverable,
                    _ => Fate::HandedOver,
                };
                prop_assert_eq!(*fate, expected, "{} {}", role, finding);
            }
            prop_assert_eq!(fates.len(), FINDINGS as usize + FINDINGS as usize / 2);
        }
        prop_assert_eq!(store.settle_handovers(100).unwrap(), 0, "nothing is left over");
    }
}

#[test]
fn what_is_said_of_another_link_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, id) = handed_over(folder.path());
    let receipt = HeardReceipt { parcel: name(0), outcome: ReceiptOutcome::Accepted, line: vec![] };
    let heard = store.hear_receipts(20, LinkId(2), &[receipt]).unwrap();
    assert_eq!((heard.counted, heard.unknown), (0, 1));
    assert_eq!(store.read(|connection| handovers::under_way(connection, id)).unwrap(), u64::from(FINDINGS));
}

#[test]
fn a_hub_that_finds_out_later_that_it_is_not_its_own_is_heard_however_often_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, id) = handed_over(folder.path());
    let mut say = |outcome| {
        let receipt = HeardReceipt { parcel: name(3), outcome, line: vec![] };
        store.hear_receipts(20, LINK, &[receipt]).unwrap()
    };
    assert_eq!(say(ReceiptOutcome::Accepted).not_mine.len(), 0);
    let heard = say(ReceiptOutcome::NotMine);
    assert_eq!((heard.counted, heard.not_mine), (1, [(id, vec![FindingId(3)])].into()));
    let again = say(ReceiptOutcome::NotMine);
    assert_eq!((again.counted, again.not_mine), (0, [(id, vec![FindingId(3)])].into()));
    let bounces = store.read(|connection| handovers::bounces(connection, FindingId(3))).unwrap();
    assert_eq!(bounces, 1);
    let lately = store.read(|connection| handovers::lately(connection, LINK, 0)).unwrap();
    assert_eq!((lately.answered, lately.not_mine), (1, 1));
}

#[test]
fn after_a_restore_what_another_hub_tells_is_not_held_since_it_has_its_effect_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = handed_over(folder.path());
    backup::confirm_restore(&mut store, 30, "jan", Waiting::Hold).unwrap();
    assert!(fates(&store).values().all(|fate| *fate == Fate::Queued));
    let receipts: Vec<HeardReceipt> = (0..FINDINGS)
        .map(|finding| HeardReceipt {
            parcel: name(finding),
            outcome: ReceiptOutcome::Duplicate,
            line: vec![],
        })
        .collect();
    store.hear_receipts(40, LINK, &receipts).unwrap();
    assert!(fates(&store).values().all(|fate| *fate == Fate::HandedOver));
}
