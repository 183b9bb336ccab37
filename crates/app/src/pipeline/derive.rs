//! A stored chunk, read again: its raw bytes, cut into records by the plan it was read with.

use std::{collections::HashMap, sync::Arc};

use schakel_model::{
    finding::KeyMaker,
    ids::{FindingId, ReportId},
    observation::ObservedAt,
};
use schakel_parse::{Plan, Record, Records, masking::Masker};
use schakel_store::{
    Reader, StoreError, chunks,
    chunks::Chunk,
    erase,
    fate_blob::{self, RowFate},
    frames::FrameReader,
    reports,
};

use super::read::cutter_from;

/// Reads stored chunks again.
pub struct Deriver {
    reader: Reader,
    frames: FrameReader,
    /// What is read again is read to be shown or sent.
    masker: Masker,
    plans: HashMap<(ReportId, u32), Arc<Plan>>,
    /// Plans by their number, shared by the members that were read alike.
    by_number: HashMap<u32, Arc<Plan>>,
    /// Reports whose bytes were erased, sorted.
    erased: Vec<ReportId>,
    /// Those, and reports of which rows were blanked, sorted.
    touched: Vec<ReportId>,
}

/// A chunk's bytes and records.
#[derive(Default)]
pub struct DerivedChunk {
    /// The raw bytes.
    pub bytes: Vec<u8>,
    /// The records in them.
    pub records: Records,
}

impl DerivedChunk {
    /// The record of a row, counted from 0 in this chunk.
    pub fn record(&self, at: usize) -> Option<Record<'_>> {
        (at < self.records.len()).then(|| self.records.get(&self.bytes, at))
    }
}

impl Deriver {
    /// Over this store.
    pub fn new(reader: Reader) -> Result<Self, StoreError> {
        let frames = reader.frames()?;
        let erased = reader.read(erase::erased_reports)?;
        let touched = reader.read(erase::touched_reports)?;
        let masker = Masker::new(crate::config::masking(reader.data()), &reader.secret());
        Ok(Self { reader, frames, masker, plans: HashMap::new(), by_number: HashMap::new(), erased, touched })
    }

    /// Were the bytes of this report erased?
    pub fn is_erased(&self, report: ReportId) -> bool {
        self.erased.binary_search(&report).is_ok()
    }

    /// Were the bytes of this report erased, or rows of it blanked? Then not every event in it can be read any more.
    pub fn is_touched(&self, report: ReportId) -> bool {
        self.touched.binary_search(&report).is_ok()
    }

    /// The store it reads.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Makes keys of findings as this installation does.
    pub fn key_maker(&self) -> KeyMaker {
        KeyMaker::new(self.reader.secret())
    }

    /// The plan by which a member was read.
    pub fn plan(&mut self, report: ReportId, member: u32) -> Result<Arc<Plan>, StoreError> {
        if let Some(plan) = self.plans.get(&(report, member)) {
            return Ok(Arc::clone(plan));
        }
        for member in self.reader.read(|connection| reports::members(connection, report))? {
            let plan = self.plan_by_number(member.plan)?;
            self.plans.insert((report, member.seq), plan);
        }
        self.plans
            .get(&(report, member))
            .cloned()
            .ok_or_else(|| StoreError::Damaged { what: format!("report {report} has no member {member}") })
    }

    fn plan_by_number(&mut self, number: u32) -> Result<Arc<Plan>, StoreError> {
        if let Some(plan) = self.by_number.get(&number) {
            return Ok(Arc::clone(plan));
        }
        let definition = self.reader.read(|connection| reports::plan_definition(connection, number))?;
        let plan = Plan::from_definition(&definition)
            .map(|plan| Arc::new(plan.with_masking(self.masker.clone())))
            .map_err(|error| StoreError::Damaged { what: format!("plan {number}: {error}") })?;
        self.by_number.insert(number, Arc::clone(&plan));
        Ok(plan)
    }

    /// Unpacks and cuts a chunk.
    pub fn chunk(&mut self, chunk: &Chunk, into: &mut DerivedChunk) -> Result<Arc<Plan>, StoreError> {
        if self.is_erased(chunk.report) {
            return Err(StoreError::Erased { what: format!("the raw bytes of report {}", chunk.report) });
        }
        let plan = self.plan(chunk.report, chunk.member)?;
        self.frames.read(chunk.frame, &mut into.bytes)?;
        into.records.clear();
        let mut cutter = cutter_from(&plan, chunk.first_line, chunk.starts_skipping);
        let consumed = cutter.cut(&into.bytes, true, usize::MAX, &mut into.records);
        if consumed != into.bytes.len() || into.records.len() != chunk.rows as usize {
            let what = format!(
                "chunk {} gives {} rows, it was stored with {}",
                chunk.id,
                into.records.len(),
                chunk.rows
            );
            return Err(StoreError::Damaged { what });
        }
        Ok(plan)
    }

    /// Do these bytes cut into the same number of rows as the chunk's?
    pub fn cuts_alike(&mut self, chunk: &Chunk, bytes: &[u8]) -> Result<bool, StoreError> {
        let plan = self.plan(chunk.report, chunk.member)?;
        let mut records = Records::default();
        let mut cutter = cutter_from(&plan, chunk.first_line, chunk.starts_skipping);
        let consumed = cutter.cut(bytes, true, usize::MAX, &mut records);
        Ok(consumed == bytes.len() && records.len() == chunk.rows as usize)
    }

    /// Calls `visit` with the finding and the time of each event in a chunk, in row order.
    pub fn for_each_sighting(
        &mut self,
        chunk: &Chunk,
        into: &mut DerivedChunk,
        mut visit: impl FnMut(FindingId, ObservedAt),
    ) -> Result<(), StoreError> {
        let plan = self.chunk(chunk, into)?;
        let fates = self.reader.read(|connection| chunks::fates(connection, chunk.id))?;
        for (at, fate) in fate_blob::read(&fates).enumerate() {
            let fate =
                fate.map_err(|what| StoreError::Damaged { what: format!("chunk {}: {what}", chunk.id) })?;
            let RowFate::Event(finding) = fate else { continue };
            let observed_at =
                into.record(at).and_then(|record| plan.observe(record).ok()).map(|o| o.observed_at);
            let observed_at = observed_at.ok_or_else(|| StoreError::Damaged {
                what: format!(
                    "row {} of report {} was an event and cannot be read",
                    chunk.first_row + at as u32,
                    chunk.report
                ),
            })?;
            visit(finding, observed_at);
        }
        Ok(())
    }
}
