//! The whole: a file taken in, from opening the store until all of it is committed and applied. Durable as in use.

use std::{
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use schakel_app::{pipeline::run::Progress, reading::Reading};
use schakel_store::{
    findings,
    ledger::{self, Scope},
};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{bytes, bytes_if_known, count, rate, seconds},
    floors, installation, resources,
    table::Table,
};

/// From here on the figures for 10 million rows are asked for.
const MANY_ROWS: u64 = 10_000_000;

/// What taking a file in took.
#[derive(Serialize, Deserialize)]
pub struct Ingest {
    /// Rows of the file.
    pub rows: u64,
    /// Findings that were new.
    pub findings_new: u64,
    /// Findings known before and seen again.
    pub findings_seen: u64,
    /// All findings in the store now.
    pub findings: u64,
    /// Does the ledger of the whole store balance?
    pub balanced: bool,
    /// To open the store, with its table of findings.
    pub open_seconds: f64,
    /// From the start of the process to the first commit: when somebody could see a finding.
    pub visible_seconds: f64,
    /// From the open store to everything committed and applied.
    pub seconds: f64,
    /// Processor time for the same, over all threads.
    pub cpu_seconds: Option<f64>,
    /// Bytes written to disk by this process, from its start until the store is closed.
    pub written_bytes: Option<u64>,
    /// The most memory it had.
    pub peak_memory_bytes: Option<u64>,
    /// Size of the data directory afterwards.
    pub folder_bytes: u64,
}

impl Ingest {
    /// As lines of the table: a whole day.
    pub fn show(&self, name: &str, floor: Option<f64>, table: &mut Table) {
        let asked = self.asked();
        let per_second = self.rows as f64 / self.seconds;
        table.line(name, rate(per_second, "rows"), asked.rate, floors::beside(per_second, floor));
        if let Some(cpu) = self.cpu_seconds {
            table.line(format!("{name}: processor time a row"), seconds(cpu / self.rows as f64), "", "");
        }
        let (written, kept) = (bytes_if_known(self.written_bytes), bytes(self.folder_bytes));
        table.line(
            format!("{name}: written; the folder after"),
            format!("{written}; {kept}"),
            asked.written,
            "",
        );
        let memory = bytes_if_known(self.peak_memory_bytes);
        table.line(format!("{name}: most memory"), memory, "≤ 300 MB up to 10 M findings", "");
        let (new, seen) = (count(self.findings_new), count(self.findings_seen));
        let ledger = if self.balanced { "balances" } else { "DOES NOT BALANCE" };
        table.line(
            format!("{name}: findings; ledger"),
            format!("{new} new, {seen} seen again; {ledger}"),
            "balances",
            "",
        );
    }

    /// As lines of the table: a small report on a large store.
    pub fn show_visible(&self, table: &mut Table) {
        table.line("opening the store to write", seconds(self.open_seconds), "", "");
        let what = format!("a report of {} rows, from start to visible", count(self.rows));
        table.line(what, seconds(self.visible_seconds), "≤ 3 s at 10 M", "");
    }

    fn asked(&self) -> Asked {
        let first = self.findings_new > self.findings_seen;
        match (self.rows >= MANY_ROWS, first) {
            (false, true) => Asked { rate: "≥ 250,000 rows/s", written: "" },
            (false, false) => Asked { rate: "≥ 800,000 rows/s", written: "" },
            (true, true) => Asked { rate: "≥ 200,000 rows/s", written: "≤ 8 GB at 10 M" },
            (true, false) => Asked { rate: "≥ 600,000 rows/s", written: "≤ 1 GB at 10 M" },
        }
    }
}

/// What was asked for.
struct Asked {
    rate: &'static str,
    written: &'static str,
}

/// Takes the file in.
pub fn measure(data: &Path, file: &Path) -> anyhow::Result<Ingest> {
    let start = Instant::now();
    let mut intake = installation::open(data)?;
    let open = start.elapsed();
    let cpu_before = resources::cpu_seconds();
    let visible: OnceLock<Duration> = OnceLock::new();
    let progress = |_: &Progress| {
        visible.get_or_init(|| start.elapsed());
    };
    let ingested = intake.ingest(file, &Reading::default(), &progress)?;
    intake.settle()?;
    let done = start.elapsed();
    let cpu_after = resources::cpu_seconds();
    anyhow::ensure!(ingested.failures.is_empty(), "not all was taken in: {}", ingested.failures.join("; "));
    let findings = intake.store().read(findings::count)?;
    let sums = intake.store().read(|connection| ledger::sums(connection, &Scope::All))?;
    drop(intake);
    Ok(Ingest {
        rows: ingested.progress.sums.rows,
        findings_new: ingested.progress.new_findings,
        findings_seen: ingested.findings_seen,
        findings: u64::from(findings),
        balanced: sums.balanced(),
        open_seconds: open.as_secs_f64(),
        visible_seconds: visible.get().unwrap_or(&done).as_secs_f64(),
        seconds: (done - open).as_secs_f64(),
        cpu_seconds: cpu_after.zip(cpu_before).map(|(after, before)| after - before),
        written_bytes: resources::written_bytes(),
        peak_memory_bytes: resources::peak_memory_bytes(),
        folder_bytes: resources::folder_bytes(data),
    })
}
