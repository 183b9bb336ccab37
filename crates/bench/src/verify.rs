//! The whole store proved by deriving everything again.

use std::{path::Path, time::Instant};

use schakel_app::verify::verify;
use schakel_store::{Reader, data_dir::DataDir};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{bytes_if_known, count, rate, seconds},
    floors, resources,
    table::Table,
};

/// What proving took.
#[derive(Serialize, Deserialize)]
pub struct Verify {
    /// Nothing was wrong.
    pub ok: bool,
    /// Rows derived again.
    pub rows: u64,
    /// How long it took.
    pub seconds: f64,
    /// The most memory it had.
    pub peak_memory_bytes: Option<u64>,
}

impl Verify {
    /// As lines of the table.
    pub fn show(&self, floor: Option<f64>, table: &mut Table) {
        let per_second = self.rows as f64 / self.seconds;
        let verdict = if self.ok { "all is well" } else { "NOT WELL" };
        table.line(
            format!("verify of {} rows: {verdict}", count(self.rows)),
            format!("{}, {}", seconds(self.seconds), rate(per_second, "rows")),
            "≤ 60 s for 10 M",
            floors::beside(per_second, floor),
        );
        table.line("verify: most memory", bytes_if_known(self.peak_memory_bytes), "", "");
    }
}

/// Proves the store.
pub fn measure(data: &Path) -> anyhow::Result<Verify> {
    let start = Instant::now();
    let reader = Reader::open(&DataDir::new(data))?;
    let verified = verify(&reader, &|_| ())?;
    Ok(Verify {
        ok: verified.ok,
        rows: verified.checked.get("rows").copied().unwrap_or_default(),
        seconds: start.elapsed().as_secs_f64(),
        peak_memory_bytes: resources::peak_memory_bytes(),
    })
}
