//! Taking a report in: known already, resumed after a crash, or new; plain or a container; to its end.

pub mod open_report;

use std::{
    collections::BTreeSet,
    io::{self, Read},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use jiff::Timestamp;
use schakel_model::{
    clock::Clock,
    ids::{FindingId, ReportId},
    tlp::Terms,
};
use schakel_parse::Plan;
use schakel_store::{
    Store,
    chunks::{self, Chunk},
    data_dir::DataDir,
    frames::Packer,
    reports::{self, Report, ReportState},
    sightings::Mark,
};

use crate::{
    calendar,
    incoming::{Incoming, Origin, Tied},
    intake::open_report::{Kept, Known, OpenReport},
    pipeline::{
        decide::KnownKeys,
        derive::{DerivedChunk, Deriver},
        key_table::StoredKey,
        read::{CHUNK_BYTES, ChunkReader},
        run::{DataPlane, MARKS_MAX, MemberJob, NO_SPAN, Progress, RunError},
        state,
        views::Views,
    },
    reading::{Opened, Reading, Received, cannot_read},
};

/// How long a report waits for a new register at most: then it is taken in by the one before.
const REGISTER_WAIT: Duration = Duration::from_millis(40);

/// What became of a file.
#[derive(Clone, Debug, Default)]
pub struct Ingested {
    /// The report it is.
    pub report: ReportId,
    /// These bytes were taken in before; nothing was done.
    pub report_known: bool,
    /// Sums of the whole report, with the fates as they were given.
    pub progress: Progress,
    /// Findings known before that were seen again.
    pub findings_seen: u64,
    /// The file changed while it was read: what was added since is not in the report.
    pub changed: bool,
    /// What could not be read, in sentences. What could be read was taken in.
    pub failures: Vec<String>,
    /// What a person should know, but is no failure.
    pub notes: Vec<String>,
    /// Findings that another hub said something of.
    pub heard: BTreeSet<FindingId>,
}

/// The data plane, ready to take reports in.
pub struct Intake {
    plane: DataPlane,
    clock: Clock,
}

impl Intake {
    /// Opens the store, rebuilds the table of findings and finishes what a crash has left.
    pub fn open(data: &DataDir, clock: Clock) -> anyhow::Result<Self> {
        let store = Store::open(data)?;
        let reader = store.reader()?;
        let version = reader.read(schakel_store::register::version)?;
        let views = Arc::new(Views::new(state::register_view(&reader, version)?));
        Self::with(store, clock, views)
    }

    /// Opens the store with a register that is in force already; [`Intake::follow_register`] takes a newer one up.
    pub fn open_again(data: &DataDir, clock: Clock, views: Arc<Views>) -> anyhow::Result<Self> {
        Self::with(Store::open(data)?, clock, views)
    }

    fn with(store: Store, clock: Clock, views: Arc<Views>) -> anyhow::Result<Self> {
        let reader = store.reader()?;
        let plane = DataPlane {
            state: state::decision_state(&reader)?,
            shared: Arc::new(state::shared(&reader)?),
            views,
            store,
            marks: Vec::new(),
            marks_span: NO_SPAN,
            mark_chunks: Vec::new(),
        };
        let mut intake = Self { plane, clock };
        intake.recover_sightings()?;
        Ok(intake)
    }

    /// The store, for what else a command has to do.
    pub fn store(&mut self) -> &mut Store {
        &mut self.plane.store
    }

    /// The register in force.
    pub fn view(&self) -> Arc<state::RegisterView> {
        self.plane.views.current()
    }

    /// Where the register in force stands.
    pub fn views(&self) -> Arc<Views> {
        Arc::clone(&self.plane.views)
    }

    /// Gives the store back, with everything applied.
    pub fn close(mut self) -> anyhow::Result<Store> {
        self.plane.apply_sightings()?;
        Ok(self.plane.store)
    }

    /// Takes the newest register into force.
    pub fn reload_register(&mut self) -> anyhow::Result<()> {
        let reader = self.plane.store.reader()?;
        let version = reader.read(schakel_store::register::version)?;
        Ok(self.plane.views.take_up(&reader, version)?)
    }

    /// Takes the newest register into force as soon as it is built. A small one is there at once; a large one while reports are being
    /// taken in. Is it in force now?
    pub fn follow_register(&mut self) -> anyhow::Result<bool> {
        let version = self.plane.store.read(schakel_store::register::version)?;
        if version != self.plane.views.version() {
            self.plane.views.take_up_beside(self.plane.store.reader()?, version)?;
            self.plane.views.wait_for(version, REGISTER_WAIT);
        }
        Ok(version == self.plane.views.version())
    }

    /// Builds the table of findings again, after something else than a report has changed it: what was erased, or corrected.
    pub fn rebuild_table(&mut self) -> anyhow::Result<()> {
        self.plane.state = state::decision_state(&self.plane.store.reader()?)?;
        Ok(())
    }

    /// What is known of the findings with these keys.
    pub fn known_keys(&self, keys: &[StoredKey]) -> KnownKeys {
        self.plane.state.known(keys, &self.plane.shared)
    }

    /// Sightings whose chunks were committed but not applied when the process ended are derived again.
    fn recover_sightings(&mut self) -> anyhow::Result<()> {
        let unapplied = self.plane.store.read(chunks::unapplied)?;
        if unapplied.is_empty() {
            return Ok(());
        }
        let mut deriver = Deriver::new(self.plane.store.reader()?)?;
        let mut derived = DerivedChunk::default();
        for chunk in unapplied {
            let marks = &mut self.plane.marks;
            deriver.for_each_sighting(&chunk, &mut derived, |finding, observed_at| {
                marks.push(Mark { finding, observed_at });
            })?;
            self.plane.mark_chunks.push(chunk.id);
            if self.plane.marks.len() >= MARKS_MAX {
                self.plane.apply_sightings()?;
            }
        }
        Ok(self.plane.apply_sightings()?)
    }

    /// Takes a file in. An error means that nothing of it could be taken in; what broke later stands in the outcome.
    pub fn ingest(
        &mut self,
        path: &Path,
        reading: &Reading,
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> anyhow::Result<Ingested> {
        self.take(Incoming::file(path)?, reading, progress)
    }

    /// As [`Intake::ingest`], of whatever came from wherever.
    pub fn take(
        &mut self,
        incoming: Incoming,
        reading: &Reading,
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> anyhow::Result<Ingested> {
        let mut incoming = incoming;
        reading.unseal(&mut incoming, self.clock.now())?;
        let mut file = OpenReport::open(incoming, reading)?;
        let known = match file.incoming.tied {
            Tied::No => {
                file.known(&|same| self.plane.store.read(|connection| reports::with_same(connection, same)))?
            }
            // The same parcels never come in twice; what they tell may be the same in every byte.
            Tied::New(_) => Known::No,
            Tied::Begun(report) => Known::Interrupted(report),
        };
        let resume = match known {
            Known::Report(report) if !file.incoming.origin.again => {
                return Ok(Ingested { report, report_known: true, ..Ingested::default() });
            }
            Known::Interrupted(report) => Some(report),
            Known::Report(_) | Known::No => None,
        };
        // A file nobody can read is refused before anything is recorded.
        let plan = match file.kept {
            Kept::AsRows => Some(Arc::new(reading.plan(file.name(), &file.head)?)),
            Kept::Whole => None,
        };
        let mut outcome = Ingested::default();
        let taken = match plan {
            Some(plan) => {
                let tlp = reading.marking(file.name(), file.incoming.origin.tlp);
                let terms = Terms { tlp, may_notify: !file.incoming.origin.untold };
                self.ingest_plain(&mut file, plan, resume, terms, progress, &mut outcome)
            }
            None => self.ingest_container(&mut file, reading, resume, progress, &mut outcome),
        };
        let (content_hash, size) =
            taken.with_context(|| format!("{} was not taken in whole", file.name()))?;
        let failure = (!outcome.failures.is_empty()).then(|| outcome.failures.join("; "));
        self.plane.store.end_report(outcome.report, size, &content_hash, failure.as_deref())?;
        outcome.findings_seen = self.plane.state.seen.count();
        outcome.changed = file.incoming.changed()?;
        if outcome.changed {
            outcome.notes.push(format!(
                "{} changed while it was read: it was taken in as it was read. Run the command again for what was added",
                file.name()
            ));
        }
        Ok(outcome)
    }

    /// Applies what is still to be applied; call when there is nothing more to take in for now.
    pub fn settle(&mut self) -> anyhow::Result<()> {
        if !self.plane.mark_chunks.is_empty() {
            self.plane.apply_sightings()?;
        }
        Ok(())
    }

    fn begin(&mut self, file: &OpenReport) -> anyhow::Result<ReportId> {
        let Origin { source, receipt, received_at, campaign, .. } = file.incoming.origin;
        let received_at = match received_at {
            Some(seconds) => Timestamp::from_second(seconds)?,
            None => self.clock.now(),
        };
        let report = Report {
            id: ReportId(0),
            name: file.name().to_owned(),
            received_at: received_at.as_second(),
            received_day: calendar::day(received_at),
            size: file.size,
            head_hash: file.head_hash,
            content_hash: file.content_hash,
            state: ReportState::Taking,
            failure: None,
            source,
            receipt,
            withdrawn_at: None,
        };
        let parcels: &[_] = match &file.incoming.tied {
            Tied::New(parcels) => parcels,
            Tied::No | Tied::Begun(_) => &[],
        };
        Ok(self.plane.store.begin_report(&report, campaign, parcels)?)
    }

    fn ingest_plain(
        &mut self,
        file: &mut OpenReport,
        plan: Arc<Plan>,
        resume: Option<ReportId>,
        terms: Terms,
        progress: &(dyn Fn(&Progress) + Sync),
        outcome: &mut Ingested,
    ) -> anyhow::Result<([u8; 32], u64)> {
        if let Some(report) = resume {
            match self.resume_plain(file, &plan, report, terms, progress, outcome)? {
                Some(done) => return Ok(done),
                // Not the same bytes after all: what was taken stays in the ledger as an interrupted report.
                None => file.rewind()?,
            }
        }
        outcome.report = self.begin(file)?;
        self.begin_counting();
        self.plane.store.add_member(
            outcome.report,
            0,
            file.name(),
            body_head(&plan, &file.head),
            terms,
            &plan.definition(),
        )?;
        let mut input = io::Read::take(&mut file.incoming, u64::MAX);
        let mut reader = ChunkReader::start(&mut input, std::mem::take(&mut file.head), &plan);
        let job = self.job(outcome.report, 0, plan, 1, terms, progress);
        outcome.progress = self.plane.run(&job, &mut reader)?;
        let (hash, size, broken) = reader.finish();
        outcome.failures.extend(broken.map(|error| cannot_read(file.name(), &error)));
        Ok((hash, size))
    }

    fn resume_plain(
        &mut self,
        file: &mut OpenReport,
        plan: &Arc<Plan>,
        report: ReportId,
        terms: Terms,
        progress: &(dyn Fn(&Progress) + Sync),
        outcome: &mut Ingested,
    ) -> anyhow::Result<Option<([u8; 32], u64)>> {
        let stored = self.plane.store.read(|connection| reports::members(connection, report))?;
        if stored.is_empty() {
            self.plane.store.add_member(
                report,
                0,
                file.name(),
                body_head(plan, &file.head),
                terms,
                &plan.definition(),
            )?;
        } else {
            let same_plan = Deriver::new(self.plane.store.reader()?)?.plan(report, 0)?;
            if same_plan.definition() != plan.definition() {
                return Ok(None);
            }
        }
        let done = self.plane.store.read(|connection| chunks::of_report(connection, report))?;
        let mut reader = ChunkReader::start(&mut file.incoming, file.head.clone(), plan);
        if let Some(last) = done.last()
            && !reader.resume(plan, last)?
        {
            return Ok(None);
        }
        outcome.report = report;
        self.begin_counting();
        let before = self.count_again(&done)?;
        let job = self.job(report, 0, Arc::clone(plan), before.sums.rows as u32 + 1, terms, progress);
        outcome.progress = self.plane.run(&job, &mut reader)?;
        outcome.progress.add(&before);
        outcome.notes.push(format!("taken up again at row {} after an interruption", before.sums.rows + 1));
        let (hash, size, broken) = reader.finish();
        outcome.failures.extend(broken.map(|error| cannot_read(file.name(), &error)));
        Ok(Some((hash, size)))
    }

    fn ingest_container(
        &mut self,
        file: &mut OpenReport,
        reading: &Reading,
        resume: Option<ReportId>,
        progress: &(dyn Fn(&Progress) + Sync),
        outcome: &mut Ingested,
    ) -> anyhow::Result<([u8; 32], u64)> {
        outcome.report = match resume {
            Some(report) => report,
            None => self.begin(file)?,
        };
        self.store_original(file, outcome.report)?;
        self.begin_counting();
        let done = self.plane.store.read(|connection| chunks::of_report(connection, outcome.report))?;
        if !done.is_empty() {
            outcome.progress = self.count_again(&done)?;
            let row = outcome.progress.sums.rows + 1;
            outcome.notes.push(format!("taken up again at row {row} after an interruption"));
        }
        // A document read again after an interruption came in when it came in first.
        let received_at = self
            .plane
            .store
            .read(|connection| reports::get(connection, outcome.report))?
            .map_or(self.clock.now_seconds(), |report| report.received_at);
        file.rewind()?;
        let mut seq = 0;
        let name = file.name().to_owned();
        let Origin { tlp: source_tlp, untold, .. } = file.incoming.origin;
        let received = Received { at: received_at, source_tlp, secret: Some(self.plane.store.secret()) };
        let unread = reading.each_report(
            (&name, &name),
            &mut file.incoming.content()?,
            received,
            &mut |path, mut opened| {
                opened.terms.may_notify = !untold;
                let resumed: Vec<&Chunk> = done.iter().filter(|chunk| chunk.member == seq).collect();
                let broken = self.ingest_member(seq, path, opened, &resumed, progress, outcome)?;
                seq += 1;
                Ok(broken)
            },
        )?;
        outcome.failures.extend(unread.failures);
        outcome.notes.extend(unread.skipped);
        Ok((file.hash_whole()?, file.size))
    }

    fn ingest_member(
        &mut self,
        seq: u32,
        path: &str,
        opened: Opened<'_>,
        resumed: &[&Chunk],
        progress: &(dyn Fn(&Progress) + Sync),
        outcome: &mut Ingested,
    ) -> anyhow::Result<Option<String>> {
        let Opened { plan, head, mut input, terms } = opened;
        let plan = Arc::new(plan);
        let report = outcome.report;
        self.plane.store.add_member(report, seq, path, body_head(&plan, &head), terms, &plan.definition())?;
        let mut reader = ChunkReader::start(&mut *input, head, &plan);
        if let Some(last) = resumed.last()
            && !reader.resume(&plan, last)?
        {
            anyhow::bail!("{path} does not unpack to the same bytes as before the interruption");
        }
        let first_row = u32::try_from(outcome.progress.sums.rows + 1).map_err(|_| RunError::TooManyRows)?;
        let job = self.job(report, seq, plan, first_row, terms, progress);
        let more = self.plane.run(&job, &mut reader)?;
        outcome.progress.add(&more);
        let (_, _, broken) = reader.finish();
        Ok(broken.map(|error| cannot_read(path, &error)))
    }

    /// Keeps the bytes of a container or a document as evidence, unless an earlier attempt has.
    fn store_original(&mut self, file: &mut OpenReport, report: ReportId) -> anyhow::Result<()> {
        let stored = self.plane.store.read(|connection| reports::originals(connection, report))?;
        if stored.iter().map(|frame| u64::from(frame.raw_length)).sum::<u64>() == file.size {
            return Ok(());
        }
        file.rewind()?;
        let mut packer = Packer::new()?;
        for seq in 0.. {
            let mut block = Vec::new();
            io::Read::take(&mut file.incoming, CHUNK_BYTES as u64).read_to_end(&mut block)?;
            if block.is_empty() {
                break;
            }
            self.plane.store.store_original(report, seq, &[(packer.pack(&block)?, block.len())])?;
        }
        Ok(())
    }

    fn begin_counting(&mut self) {
        self.plane.state.begin_report();
    }

    /// Counts what chunks committed before an interruption have done, and remembers what they gave.
    fn count_again(&mut self, done: &[Chunk]) -> anyhow::Result<Progress> {
        let mut before = Progress::default();
        let mut deriver = Deriver::new(self.plane.store.reader()?)?;
        let mut derived = DerivedChunk::default();
        if let Some(first) = done.first() {
            self.plane.state.seen.known_below(first.first_finding);
        }
        for chunk in done {
            before.sums.add(&chunk.sums);
            for block in self
                .plane
                .store
                .read(|connection| chunks::blocks(connection, &chunks::Blocks::OfChunk(chunk.id)))?
            {
                // What a correction has added since is not the report's own doing.
                if block.correction.is_none() {
                    before.sums.add_fate(block.fate, block.count);
                }
            }
            before.new_findings += u64::from(chunk.new_findings);
            let state = &mut self.plane.state;
            deriver.for_each_sighting(chunk, &mut derived, |finding, observed_at| {
                state.duplicates.take(finding, observed_at);
                state.seen.mark(finding);
            })?;
        }
        Ok(before)
    }

    fn job<'a>(
        &self,
        report: ReportId,
        member: u32,
        plan: Arc<Plan>,
        first_row: u32,
        terms: Terms,
        progress: &'a (dyn Fn(&Progress) + Sync),
    ) -> MemberJob<'a> {
        MemberJob { report, member, plan, first_row, terms, now: self.clock.now_seconds(), progress }
    }
}

/// What stands before the first record.
fn body_head<'h>(plan: &Plan, head: &'h [u8]) -> &'h [u8] {
    &head[..plan.body_offset().min(head.len())]
}
