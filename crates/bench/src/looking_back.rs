//! Questions about the past: the trace of a row, all rows of a finding, and who would be told about an address.

use std::{path::Path, time::Instant};

use anyhow::Context;
use schakel_app::{
    events,
    explain::{Question, explain},
    trace,
};
use schakel_attribute::Input;
use schakel_model::{
    clock::Clock,
    ids::{EventId, FindingId},
};
use schakel_store::{Reader, chunks, data_dir::DataDir, findings};
use serde::{Deserialize, Serialize};

use crate::{figures::seconds, random::Random, table::Table};

/// So many of each question: the slowest is reported.
const QUESTIONS: usize = 20;
/// A scan over all fates takes longer: fewer of them.
const SCANS: usize = 3;

/// The slowest of some questions each, in seconds.
#[derive(Serialize, Deserialize)]
pub struct LookingBack {
    /// The trace of a random row.
    pub trace_seconds: f64,
    /// All rows of a random finding.
    pub rows_of_finding_seconds: f64,
    /// How many rows a finding had.
    pub rows_of_finding: usize,
    /// Who would be told about a random address.
    pub explain_seconds: f64,
}

impl LookingBack {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let what = format!("trace of a row, slowest of {QUESTIONS}");
        table.line(what, seconds(self.trace_seconds), "≤ 100 ms", "");
        let what = format!("all {} rows of a finding, slowest of {SCANS}", self.rows_of_finding);
        table.line(what, seconds(self.rows_of_finding_seconds), "≤ 2 s for 30 days of 10 M", "");
        let what = format!("explain an address, slowest of {QUESTIONS}");
        table.line(what, seconds(self.explain_seconds), "", "");
    }
}

/// Asks.
pub fn measure(data: &Path) -> anyhow::Result<LookingBack> {
    let reader = Reader::open(&DataDir::new(data))?;
    let mut random = Random(1);
    let chunks = reader.read(|connection| chunks::after(connection, 0, usize::MAX >> 1))?;
    let any_event = |random: &mut Random| {
        let chunk = &chunks[random.below(chunks.len() as u64) as usize];
        let row = chunk.first_row + random.below(u64::from(chunk.rows.max(1))) as u32;
        EventId { report: chunk.report, row }
    };
    let findings = reader.read(findings::count)?;
    anyhow::ensure!(!chunks.is_empty() && findings > 0, "the store is empty");
    let trace_seconds = slowest(QUESTIONS, || {
        let event = any_event(&mut random);
        trace::event(&reader, event).with_context(|| format!("tracing {event}")).map(|_| ())
    })?;
    let mut rows_of_finding = 0;
    let rows_of_finding_seconds = slowest(SCANS, || {
        let finding = FindingId(random.below(u64::from(findings)) as u32);
        rows_of_finding = events::of_finding(&reader, finding)?.len();
        Ok(())
    })?;
    let explain_seconds = slowest(QUESTIONS, || {
        let address = [198, 18, random.below(256) as u8, random.below(256) as u8];
        let inputs = vec![Input::Ip(address.into())];
        let now = Clock::system().now_seconds();
        explain(&reader, &Question { inputs, at: now, as_known_at: None, now, kind: None }).map(|_| ())
    })?;
    Ok(LookingBack { trace_seconds, rows_of_finding_seconds, rows_of_finding, explain_seconds })
}

fn slowest(times: usize, mut ask: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut slowest: f64 = 0.0;
    for _ in 0..times {
        let start = Instant::now();
        ask()?;
        slowest = slowest.max(start.elapsed().as_secs_f64());
    }
    Ok(slowest)
}
