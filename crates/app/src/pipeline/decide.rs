//! What a chunk of rows does to the findings and the ledger. Pure: the same rows in the same order on the same state decide the same,
//! which is how `schakel verify` proves the store.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use schakel_model::{
    assignment::{Assignee, AssignmentSet, assignments_of},
    fate::{Fate, Sums},
    ids::{EventId, FindingId, KindId, ReportId},
    severity::Severity,
};
use schakel_store::{
    chunks::{ChunkBlobs, NewBlock},
    fate_blob::{self, RowFate},
    findings::NewFinding,
    sightings::Mark,
    varint,
};

use super::{
    digest::{Digest, Row, Shared, Verdict},
    duplicates::Duplicates,
    key_table::{KeyTable, StoredKey},
    seen::Seen,
};

/// The state that decisions read and change.
#[derive(Default)]
pub struct State {
    /// Findings by key, with those told of them.
    pub table: KeyTable,
    /// What the report at hand has given already.
    pub duplicates: Duplicates,
    /// Which known findings the report at hand has shown again.
    pub seen: Seen,
    transitions: HashMap<(u32, u32), Transition, RandomState>,
    slots: Slots,
    touched: Vec<u32>,
}

/// What is known of findings by their keys.
#[derive(Default)]
pub struct KnownKeys {
    /// In the order of the keys: the number of the set of those told, and how bad it was at its worst; `None`: there is no such finding.
    pub before: Vec<Option<(u32, Severity)>>,
    /// The sets with those numbers.
    pub told: HashMap<u32, AssignmentSet>,
}

/// Where new assignments are gathered, found by assignee and fate.
#[derive(Default)]
struct Slots {
    places: HashMap<(Option<Assignee>, Fate), u32, RandomState>,
    slots: Vec<Slot>,
}

/// What is the same for all rows of a chunk.
struct Chunk<'a> {
    digest: &'a Digest,
    shared: &'a Shared,
    fate_of: &'a dyn Fn(Option<Assignee>, &[Assignee]) -> Fate,
}

/// What an event with one set does to a finding whose told are another set.
struct Transition {
    /// Those told afterwards.
    told: u32,
    /// How many of the event's assignees were told before.
    known: u64,
    /// How many assignments the event has.
    assignments: u64,
    /// Where the new assignments go.
    slots: Vec<u32>,
}

/// New assignments of the chunk at hand, gathered by assignee and fate.
struct Slot {
    assignee: Option<Assignee>,
    fate: Fate,
    findings: Vec<FindingId>,
}

/// What a chunk did.
#[derive(Default)]
pub struct Decision {
    /// The sums, with the fates that were given now.
    pub sums: Sums,
    /// Keys, sets, changes and fates as they are stored.
    pub blobs: ChunkBlobs,
    /// The first new finding.
    pub first_finding: FindingId,
    /// The new findings.
    pub findings: Vec<NewFinding>,
    /// The new assignments.
    pub blocks: Vec<NewBlock>,
    /// The sightings.
    pub marks: Vec<Mark>,
}

impl State {
    /// Decides a chunk. `first_row` is the number of its first row in the report; `fate_of` says what a new assignment's fate is.
    pub fn decide(
        &mut self,
        digest: &Digest,
        shared: &Shared,
        report: ReportId,
        first_row: u32,
        fate_of: &dyn Fn(Option<Assignee>, &[Assignee]) -> Fate,
    ) -> Decision {
        let rows = digest.rows.len();
        let mut decision = Decision {
            first_finding: FindingId(self.table.len()),
            marks: Vec::with_capacity(rows),
            ..Decision::default()
        };
        let mut fates = fate_blob::Writer::with_capacity(rows);
        decision.sums.rows = rows as u64;
        let chunk = Chunk { digest, shared, fate_of };
        // All at once: nothing between two looks into the table, so that the waits for memory overlap.
        let known: Vec<Option<FindingId>> = digest.rows.iter().map(|row| self.table.get(&row.key)).collect();
        for ((number, row), known) in (first_row..).zip(&digest.rows).zip(known) {
            let event = EventId { report, row: number };
            fates.push(self.decide_row(&chunk, row, known, event, &mut decision));
        }
        decision.blobs.fates = fates.finish();
        self.finish_sets(&mut decision);
        self.take_blocks(&mut decision);
        decision
    }

    /// What is known of the findings with these keys.
    pub fn known(&self, keys: &[StoredKey], shared: &Shared) -> KnownKeys {
        let mut known = KnownKeys::default();
        for key in keys {
            let finding = self.table.get(key);
            known
                .before
                .push(finding.map(|finding| (self.table.told(finding), self.table.severity(finding))));
        }
        for (told, _) in known.before.iter().flatten() {
            known.told.entry(*told).or_insert_with(|| shared.sets.value(*told));
        }
        known
    }

    fn decide_row(
        &mut self,
        chunk: &Chunk<'_>,
        row: &Row,
        known: Option<FindingId>,
        event: EventId,
        decision: &mut Decision,
    ) -> RowFate {
        match row.verdict {
            Verdict::Rejected(code) => {
                decision.sums.rejected += 1;
                return RowFate::Rejected(code);
            }
            Verdict::Clear => {
                decision.sums.clears += 1;
                return RowFate::Clear;
            }
            Verdict::Event => {}
        }
        // What was not known before the chunk may be by now.
        let finding = match known.or_else(|| self.table.get(&row.key)) {
            Some(finding) => {
                self.notice_worse(finding, row, decision);
                finding
            }
            None => {
                decision.findings.push(new_finding(chunk.digest, row, event));
                decision.blobs.keys.extend_from_slice(&row.key);
                self.table.insert(row.key, 0, row.severity)
            }
        };
        if !self.duplicates.take(finding, row.observed_at) {
            decision.sums.duplicates += 1;
            return RowFate::Duplicate;
        }
        decision.sums.events += 1;
        self.seen.mark(finding);
        decision.marks.push(Mark { finding, observed_at: row.observed_at });
        self.assign(finding, row.set, chunk, decision);
        RowFate::Event(finding)
    }

    /// What is worse than ever before is told again; what is better is not.
    fn notice_worse(&mut self, finding: FindingId, row: &Row, decision: &mut Decision) {
        if row.severity <= self.table.severity(finding) {
            return;
        }
        self.table.set_severity(finding, row.severity);
        if finding < decision.first_finding {
            varint::push(&mut decision.blobs.worse, finding.0);
            varint::push(&mut decision.blobs.worse, row.severity as u32);
        }
    }

    fn assign(&mut self, finding: FindingId, set: u32, chunk: &Chunk<'_>, decision: &mut Decision) {
        let shared = chunk.shared;
        let told = self.table.told(finding);
        let slots = &mut self.slots;
        let transition = self.transitions.entry((told, set)).or_insert_with(|| {
            transition(&shared.sets.value(told), &shared.sets.value(set), shared, slots, chunk.fate_of)
        });
        decision.sums.assignments += transition.assignments;
        decision.sums.add_fate(Fate::Known, transition.known);
        for slot in &transition.slots {
            let gathered = &mut self.slots.slots[*slot as usize];
            if gathered.findings.is_empty() {
                self.touched.push(*slot);
            }
            gathered.findings.push(finding);
            decision.sums.add_fate(gathered.fate, 1);
        }
        if transition.told != told {
            self.table.set_told(finding, transition.told);
            if finding < decision.first_finding {
                varint::push(&mut decision.blobs.changes, finding.0);
                varint::push(&mut decision.blobs.changes, transition.told);
            }
        }
    }

    /// The sets of the new findings, and how bad those are, stand as they are at the chunk's end.
    fn finish_sets(&self, decision: &mut Decision) {
        for (nth, finding) in (decision.first_finding.0..self.table.len()).map(FindingId).enumerate() {
            varint::push(&mut decision.blobs.sets, self.table.told(finding));
            decision.blobs.push_severity(nth, self.table.severity(finding));
        }
    }

    fn take_blocks(&mut self, decision: &mut Decision) {
        self.touched.sort_unstable();
        for at in self.touched.drain(..) {
            let slot = &mut self.slots.slots[at as usize];
            let mut findings = std::mem::take(&mut slot.findings);
            findings.sort_unstable();
            decision.blocks.push(NewBlock { assignee: slot.assignee, fate: slot.fate, findings });
        }
    }

    /// Another report begins.
    pub fn begin_report(&mut self) {
        self.duplicates.begin_report();
        self.seen.known_below(FindingId(self.table.len()));
    }

    /// Forgets what depends on the register and its contacts: another register, or another marking, decides from here on.
    pub fn forget_transitions(&mut self) {
        debug_assert!(self.touched.is_empty());
        self.transitions.clear();
        self.slots = Slots::default();
    }
}

/// Those told before are known; the others get the fate that holds for them, and are told from now on unless there is nobody to tell.
fn transition(
    told: &AssignmentSet,
    set: &AssignmentSet,
    shared: &Shared,
    slots: &mut Slots,
    fate_of: &dyn Fn(Option<Assignee>, &[Assignee]) -> Fate,
) -> Transition {
    let mut after = told.clone();
    let mut transition =
        Transition { told: 0, known: 0, assignments: assignments_of(set), slots: Vec::new() };
    if set.is_empty() {
        transition.slots.push(slots.place(None, fate_of(None, set)));
    }
    for assignee in set {
        if told.contains(assignee) {
            transition.known += 1;
            continue;
        }
        let fate = fate_of(Some(*assignee), set);
        transition.slots.push(slots.place(Some(*assignee), fate));
        // Whom nobody could tell is tried again at the next sighting: the register may have a contact by then.
        if fate != Fate::NoContact {
            after.push(*assignee);
        }
    }
    after.sort_unstable();
    transition.told = if after == *told { shared.sets.number(told) } else { shared.sets.number(&after) };
    transition
}

impl Slots {
    fn place(&mut self, assignee: Option<Assignee>, fate: Fate) -> u32 {
        *self.places.entry((assignee, fate)).or_insert_with(|| {
            self.slots.push(Slot { assignee, fate, findings: Vec::new() });
            self.slots.len() as u32 - 1
        })
    }
}

fn new_finding(digest: &Digest, row: &Row, event: EventId) -> NewFinding {
    NewFinding {
        event,
        kind: KindId(row.kind),
        first_seen: row.observed_at,
        transport: row.transport,
        port: row.port,
        ip: row.ip,
        name: digest.name(row).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        asset::Role,
        assignment::End,
        ids::OrganisationId,
        observation::{ObservedAt, Transport},
        reject::RejectCode,
    };

    use super::*;
    use schakel_store::chunks::each_worse;

    use crate::pipeline::{interner::Interner, state::take_over};

    const GOUDA: u32 = 1;
    const DELFT: u32 = 2;
    const MUTE: u32 = 3;

    fn assignee(organisation: u32) -> Assignee {
        Assignee { organisation: OrganisationId(organisation), role: Role::Owner, end: End::Source }
    }

    /// Everybody can be told but [`MUTE`].
    fn fate_of(assignee: Option<Assignee>, _: &[Assignee]) -> Fate {
        match assignee {
            None => Fate::Unrouted,
            Some(assignee) if assignee.organisation.0 == MUTE => Fate::NoContact,
            Some(_) => Fate::Queued,
        }
    }

    struct World {
        state: State,
        shared: Shared,
        next_row: u32,
    }

    impl World {
        fn new() -> Self {
            let sets = Interner::new(vec![Vec::new()]);
            Self {
                state: State::default(),
                shared: Shared { kinds: Interner::new(Vec::new()), sets },
                next_row: 1,
            }
        }

        fn row(&self, key: u8, at: u32, owners: &[u32]) -> Row {
            let set: AssignmentSet = owners.iter().map(|owner| assignee(*owner)).collect();
            Row {
                verdict: Verdict::Event,
                key: StoredKey::from([key; 10]),
                observed_at: ObservedAt(at),
                set: self.shared.sets.number(&set),
                kind: 0,
                severity: Severity::Low,
                transport: Transport::Tcp,
                port: 443,
                ip: None,
                name: (0, 0),
            }
        }

        fn decide(&mut self, rows: Vec<Row>) -> Decision {
            let first_row = self.next_row;
            self.next_row += rows.len() as u32;
            let digest = Digest { rows, names: String::new() };
            let decision = self.state.decide(&digest, &self.shared, ReportId(1), first_row, &fate_of);
            assert!(decision.sums.balanced(), "{:?}", decision.sums);
            decision
        }
    }

    #[test]
    fn a_repeat_is_known_and_the_same_time_in_one_report_is_a_duplicate() {
        let mut world = World::new();
        let rows = vec![world.row(1, 10, &[GOUDA]), world.row(1, 10, &[GOUDA]), world.row(1, 20, &[GOUDA])];
        let sums = world.decide(rows).sums;
        assert_eq!((sums.events, sums.duplicates, sums.assignments), (2, 1, 2));
        assert_eq!((sums.fate(Fate::Queued), sums.fate(Fate::Known)), (1, 1));
        world.state.begin_report();
        let rows = vec![world.row(1, 10, &[GOUDA])];
        let sums = world.decide(rows).sums;
        assert_eq!((sums.duplicates, sums.fate(Fate::Known)), (0, 1), "another report may say it again");
    }

    #[test]
    fn a_new_owner_of_a_known_finding_is_told_and_the_old_one_is_not_told_again() {
        let mut world = World::new();
        let rows = vec![world.row(1, 10, &[GOUDA])];
        world.decide(rows);
        let rows = vec![world.row(1, 20, &[GOUDA, DELFT]), world.row(1, 30, &[DELFT])];
        let decision = world.decide(rows);
        let told: Vec<_> = decision.blocks.iter().map(|block| (block.assignee, block.fate)).collect();
        assert_eq!(told, [(Some(assignee(DELFT)), Fate::Queued)]);
        assert_eq!(decision.sums.fate(Fate::Known), 2);
        assert!(!decision.blobs.changes.is_empty(), "that Delft was told must survive a restart");
    }

    #[test]
    fn what_is_worse_than_ever_before_is_noticed_once_also_after_a_restart() {
        let mut world = World::new();
        let bad = |world: &World, key: u8, at, severity| Row { severity, ..world.row(key, at, &[GOUDA]) };
        let rows = vec![
            bad(&world, 1, 10, Severity::Low),
            bad(&world, 2, 10, Severity::High),
            bad(&world, 3, 10, Severity::Low),
            bad(&world, 3, 20, Severity::Medium),
        ];
        let first = world.decide(rows);
        assert!(first.blobs.worse.is_empty(), "what is new in this chunk is not worse");
        let severities: Vec<_> = (0..3).map(|nth| first.blobs.severity(nth)).collect();
        assert_eq!(severities, [Severity::Low, Severity::High, Severity::Medium]);

        let mut again = World::new();
        take_over(&mut again.state.table, &first.blobs).unwrap();
        for world in [&mut world, &mut again] {
            let rows = vec![
                bad(world, 1, 30, Severity::Critical),
                bad(world, 1, 40, Severity::High),
                bad(world, 2, 30, Severity::High),
                bad(world, 3, 30, Severity::Low),
            ];
            let mut worse = Vec::new();
            each_worse(&world.decide(rows).blobs.worse, |finding, severity| worse.push((finding, severity)));
            assert_eq!(worse, [(FindingId(0), Severity::Critical)]);
        }
        let before = ChunkBlobs { severities: Vec::new(), ..first.blobs };
        let mut older = World::new();
        take_over(&mut older.state.table, &before).unwrap();
        let rows = vec![bad(&older, 1, 30, Severity::Critical)];
        assert!(older.decide(rows).blobs.worse.is_empty(), "how bad it was is not known");
    }

    #[test]
    fn who_could_not_be_told_is_tried_again_and_nobodys_stays_nobodys() {
        let mut world = World::new();
        for _ in 0..2 {
            let rows = vec![world.row(1, 10, &[MUTE]), world.row(2, 10, &[])];
            let sums = world.decide(rows).sums;
            assert_eq!(
                (sums.fate(Fate::NoContact), sums.fate(Fate::Unrouted), sums.fate(Fate::Known)),
                (1, 1, 0)
            );
            world.state.begin_report();
        }
    }

    #[test]
    fn rejects_and_clears_make_no_finding() {
        let mut world = World::new();
        let clear = Row { verdict: Verdict::Clear, ..world.row(1, 10, &[GOUDA]) };
        let reject = Row { verdict: Verdict::Rejected(RejectCode::BadTime), ..world.row(2, 10, &[]) };
        let decision = world.decide(vec![clear, reject]);
        assert_eq!((decision.sums.clears, decision.sums.rejected, decision.findings.len()), (1, 1, 0));
        let fates: Vec<_> = fate_blob::read(&decision.blobs.fates).map(Result::unwrap).collect();
        assert_eq!(fates, [RowFate::Clear, RowFate::Rejected(RejectCode::BadTime)]);
    }

    #[test]
    fn the_same_rows_on_the_same_state_decide_the_same() {
        let decide = || {
            let mut world = World::new();
            let rows = (0..200)
                .map(|n| world.row((n % 7) as u8, n % 5, &[GOUDA, DELFT, MUTE][..(n % 4) as usize]))
                .collect();
            let decision = world.decide(rows);
            (decision.blobs, decision.blocks, decision.sums)
        };
        assert!(decide() == decide());
    }
}
