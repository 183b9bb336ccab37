//! The floors of the machine and the stages of the pipeline, on the same bytes at the same moment: each chunk of the file, as the
//! pipeline cuts it, goes through all of them in turn, so that noise of the machine hits all alike. Of each the best of some rounds
//! counts: other work on the machine only ever makes a round slower.

use std::{fs::File, hint::black_box, io::Read, path::Path, time::Instant};

use anyhow::Context;
use schakel_app::pipeline::{
    decide::State,
    digest::{Digest, Digester, Shared},
    interner::Interner,
    read::{ChunkReader, Cut},
    state::RegisterView,
};
use schakel_attribute::Scratch;
use schakel_model::{finding::KeyMaker, ids::ReportId, tlp::Tlp};
use schakel_parse::{Plan, PlanOptions, Records};
use schakel_store::frames::Packer;
use serde::{Deserialize, Serialize};

use crate::{
    figures::{count, rate},
    installation,
    table::Table,
};

/// Rounds over each chunk.
const ROUNDS: usize = 3;
/// More rows say nothing new.
const ROWS_MAX: u64 = 1_000_000;
/// Enough to hold the header.
const HEAD_BYTES: u64 = 1 << 16;
/// The store's level of zstd.
const ZSTD_LEVEL: i32 = 1;
/// csv-core's buffers: more than a record of the corpus needs.
const RECORD_BYTES: usize = 1 << 16;
const RECORD_FIELDS: usize = 256;
/// The name of the floor that all we do with a row is held against.
const OURS: &str = "parse, look-up, key";
/// A repeat comes this much later, in seconds.
const DAY_SECONDS: u32 = 86_400;

/// Seconds for all rows, on one thread each.
#[derive(Default, Serialize, Deserialize)]
pub struct Floors {
    /// Rows measured on.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their bytes packed.
    pub packed_bytes: u64,
    /// Floor: csv-core, records and fields.
    pub csv_core: f64,
    /// Floor: zstd level 1 into a buffer that is there.
    pub zstd: f64,
    /// Floor: BLAKE3.
    pub blake3: f64,
    /// Floor: cutting, observing, look-up and key, one row after another.
    pub parse_look_up_key: f64,
    /// Stage: cutting into records.
    pub cutting: f64,
    /// Stage: reading what attribution and key need.
    pub observing: f64,
    /// Stage: look-ups.
    pub attributing: f64,
    /// Stage: keys of findings.
    pub keys: f64,
    /// Stage: packing.
    pub packing: f64,
    /// Stage: all that a worker does with a chunk but packing.
    pub digesting: f64,
    /// Stage: deciding, all findings new.
    pub deciding_new: f64,
    /// Stage: deciding, all findings known.
    pub deciding_known: f64,
}

impl Floors {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let rows = self.rows as f64;
        let per_second = |seconds: f64| rate(rows / seconds, "rows");
        let row_bytes = self.bytes / self.rows.max(1);
        table.part(&format!("Floors: one thread, {} rows of {row_bytes} bytes", count(self.rows)));
        let packed = self.bytes as f64 / self.packed_bytes.max(1) as f64;
        let zstd = format!("zstd level 1 alone, {packed:.1} to 1");
        table.line("csv-core alone, records and fields", per_second(self.csv_core), "floor 1.5 M rows/s", "");
        table.line(zstd, per_second(self.zstd), "floor 1.05 M rows/s", "");
        table.line(
            "parse, look-up and key alone",
            per_second(self.parse_look_up_key),
            "floor 1.0 M rows/s",
            "",
        );
        table.line("BLAKE3 alone", per_second(self.blake3), "", "");
        table.part("Stages: one thread, on the same bytes");
        let ours = (self.parse_look_up_key, OURS);
        for (what, seconds, (floor, name)) in [
            ("cutting", self.cutting, (self.csv_core, "csv-core")),
            ("observing", self.observing, (self.csv_core, "csv-core")),
            ("attributing", self.attributing, ours),
            ("keys", self.keys, ours),
            ("digesting (observe, attribute, key)", self.digesting, ours),
            ("packing", self.packing, (self.zstd, "zstd")),
            ("deciding, all new", self.deciding_new, ours),
            ("deciding, all known", self.deciding_known, ours),
        ] {
            table.line(what, per_second(seconds), "", format!("{:.2} × {name}", floor / seconds));
        }
    }
}

/// How a rate stands to the floor of our own stages, when that was measured.
pub fn beside(rows_per_second: f64, floor: Option<f64>) -> String {
    floor.map_or_else(String::new, |floor| format!("{:.2} × {OURS}", rows_per_second / floor))
}

/// Measures on the first rows of a file.
pub fn measure(data: &Path, path: &Path) -> anyhow::Result<Floors> {
    let view = installation::open(data)?.view();
    let reading = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(reading)?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD_BYTES).read_to_end(&mut head).with_context(reading)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let plan = Plan::for_file(&name, &head, &PlanOptions::default())?;
    let mut bench = Bench::new(&plan, &view)?;
    let mut reader = ChunkReader::start(&mut file, head, &plan);
    while bench.floors.rows < ROWS_MAX
        && let Some(cut) = reader.next(Vec::new())
    {
        bench.chunk(&cut)?;
    }
    bench.decide();
    Ok(bench.floors)
}

struct Bench<'a> {
    plan: &'a Plan,
    view: &'a RegisterView,
    keys: KeyMaker,
    digester: Digester,
    packer: Packer,
    zstd: zstd::bulk::Compressor<'static>,
    shared: Shared,
    digests: Vec<Digest>,
    floors: Floors,
}

impl<'a> Bench<'a> {
    fn new(plan: &'a Plan, view: &'a RegisterView) -> anyhow::Result<Self> {
        // The time it takes does not depend on the secret.
        let keys = KeyMaker::new([7; 32]);
        let sets = Interner::new(Vec::new());
        sets.number(&Vec::new());
        Ok(Self {
            plan,
            view,
            digester: Digester::new(keys.clone())?,
            keys,
            packer: Packer::new()?,
            zstd: zstd::bulk::Compressor::new(ZSTD_LEVEL)?,
            shared: Shared { kinds: Interner::new(Vec::new()), sets },
            digests: Vec::new(),
            floors: Floors::default(),
        })
    }

    fn chunk(&mut self, cut: &Cut) -> anyhow::Result<()> {
        let bytes = &cut.bytes[..];
        self.floors.rows += cut.records.len() as u64;
        self.floors.bytes += bytes.len() as u64;
        self.floor_of_others(bytes)?;
        self.floor_of_ours(bytes);
        self.stages(cut)?;
        let shared = &self.shared;
        let mut digest = Digest::default();
        self.floors.digesting += best(|| {
            digest = self.digester.digest(self.plan, &self.view.snapshot, shared, bytes, &cut.records);
        });
        self.digests.push(digest);
        Ok(())
    }

    fn floor_of_others(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let (mut fields, mut ends) = (vec![0; RECORD_BYTES], vec![0; RECORD_FIELDS]);
        self.floors.csv_core += best(|| {
            black_box(csv_core_records(bytes, &mut fields, &mut ends));
        });
        let mut packed = Vec::with_capacity(zstd::zstd_safe::compress_bound(bytes.len()));
        let mut failed = None;
        self.floors.zstd += best(|| {
            packed.clear();
            failed = self.zstd.compress_to_buffer(bytes, &mut packed).err();
        });
        self.floors.packed_bytes += packed.len() as u64;
        self.floors.blake3 += best(|| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(bytes);
            black_box(hasher.finalize());
        });
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn floor_of_ours(&mut self, bytes: &[u8]) {
        let (mut records, mut scratch, mut input) = (Records::new(), Scratch::default(), Vec::new());
        self.floors.parse_look_up_key += best(|| {
            records.clear();
            self.plan.cutter().cut(bytes, true, usize::MAX, &mut records);
            for record in records.iter(bytes) {
                if let Ok(observation) = self.plan.observe(record) {
                    black_box(self.view.snapshot.assign(&observation, &mut scratch));
                    black_box(self.keys.key(&observation, &mut input));
                }
            }
        });
    }

    fn stages(&mut self, cut: &Cut) -> anyhow::Result<()> {
        let bytes = &cut.bytes[..];
        let mut records = Records::new();
        self.floors.cutting += best(|| {
            records.clear();
            black_box(self.plan.cutter().cut(bytes, true, usize::MAX, &mut records));
        });
        self.floors.observing += best(|| {
            for record in records.iter(bytes) {
                let _ = black_box(self.plan.observe(record));
            }
        });
        let observations: Vec<_> =
            records.iter(bytes).filter_map(|record| self.plan.observe(record).ok()).collect();
        let (mut scratch, mut input) = (Scratch::default(), Vec::new());
        self.floors.attributing += best(|| {
            for observation in &observations {
                black_box(self.view.snapshot.assign(observation, &mut scratch));
            }
        });
        self.floors.keys += best(|| {
            for observation in &observations {
                black_box(self.keys.key(observation, &mut input));
            }
        });
        let mut packed = Ok(Vec::new());
        self.floors.packing += best(|| packed = self.packer.pack(bytes));
        packed?;
        Ok(())
    }

    /// Deciding changes the state it works on, so there is one round of it: a first day, and the same again a day later.
    fn decide(&mut self) {
        let mut state = State::default();
        self.floors.deciding_new = self.decide_day(&mut state);
        let rows = self.digests.iter_mut().flat_map(|digest| &mut digest.rows);
        rows.for_each(|row| row.observed_at.0 += DAY_SECONDS);
        state.begin_report();
        self.floors.deciding_known = self.decide_day(&mut state);
    }

    fn decide_day(&self, state: &mut State) -> f64 {
        let fate_of = |assignee, all: &[_]| self.view.fate_of(assignee, all, Tlp::Amber, 0);
        let mut first_row = 1;
        let mut seconds = 0.0;
        for digest in &self.digests {
            let start = Instant::now();
            black_box(state.decide(digest, &self.shared, ReportId(1), first_row, &fate_of));
            seconds += start.elapsed().as_secs_f64();
            first_row += digest.rows.len() as u32;
        }
        seconds
    }
}

/// The seconds of the best round.
fn best(mut round: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        round();
        start.elapsed().as_secs_f64()
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn csv_core_records(mut bytes: &[u8], fields: &mut [u8], ends: &mut [usize]) -> usize {
    let mut reader = csv_core::Reader::new();
    let mut records = 0;
    loop {
        let (result, read, _, _) = reader.read_record(bytes, fields, ends);
        bytes = &bytes[read..];
        match result {
            csv_core::ReadRecordResult::Record => records += 1,
            csv_core::ReadRecordResult::InputEmpty => {}
            _ => return records,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_reads_every_record() {
        let (mut fields, mut ends) = (vec![0; 64], vec![0; 8]);
        assert_eq!(csv_core_records(b"a,b\n\"c,\nd\",e\nf,g", &mut fields, &mut ends), 3);
    }
}
