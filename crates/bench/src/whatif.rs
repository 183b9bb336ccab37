//! A changed register rehearsed on everything that is stored.

use std::{path::Path, time::Instant};

use anyhow::Context;
use schakel_app::{
    changed_register::with_changes,
    pipeline::state::RegisterView,
    whatif::{Question, Span, chunks_in, whatif},
};
use schakel_store::{Reader, data_dir::DataDir, register};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{bytes_if_known, count, rate, seconds},
    floors, resources,
    table::Table,
};

/// What a rehearsal took.
#[derive(Serialize, Deserialize)]
pub struct Whatif {
    /// Events replayed.
    pub events: u64,
    /// Findings that would have moved when one organisation's ranges become another's.
    pub findings: u64,
    /// How long that took.
    pub seconds: f64,
    /// How long it takes when contacts change too: then every row is attributed twice.
    pub every_row_seconds: f64,
    /// The most memory it had.
    pub peak_memory_bytes: Option<u64>,
}

impl Whatif {
    /// As lines of the table.
    pub fn show(&self, floor: Option<f64>, table: &mut Table) {
        let mut line = |what: String, took: f64| {
            let per_second = self.events as f64 / took;
            let measured = format!("{}, {}", seconds(took), rate(per_second, "events"));
            table.line(what, measured, "≤ 25 s for 10 M", floors::beside(per_second, floor));
        };
        let (events, findings) = (count(self.events), count(self.findings));
        line(format!("what-if over {events} events, {findings} findings move"), self.seconds);
        line("what-if when a contact changes as well".to_owned(), self.every_row_seconds);
        table.line("what-if: most memory", bytes_if_known(self.peak_memory_bytes), "", "");
    }
}

/// Replays everything, changing nothing.
pub fn measure(data: &Path) -> anyhow::Result<Whatif> {
    let reader = Reader::open(&DataDir::new(data))?;
    let standing = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let chunks = chunks_in(&reader, Span::Since(0))?;
    let [one, other] = &standing.organisations[..2] else { anyhow::bail!("the register is too small") };
    let mut changed = with_changes(&standing, &[])?;
    for asset in changed.assets.iter_mut().filter(|asset| asset.organisation == one.id) {
        asset.organisation = other.id;
    }
    let mut told_otherwise = changed.clone();
    told_otherwise.contacts.pop().context("the register has no contacts")?;
    let [standing, changed, told_otherwise] = [standing, changed, told_otherwise].map(RegisterView::new);
    let ask = |changed: &RegisterView| -> anyhow::Result<_> {
        let question = Question { standing: &standing, changed, now: 0, examples: 3 };
        let start = Instant::now();
        let difference = whatif(&reader, &chunks, &question, &|_| ())?;
        Ok((difference, start.elapsed().as_secs_f64()))
    };
    let (difference, took) = ask(&changed)?;
    let (_, every_row) = ask(&told_otherwise)?;
    Ok(Whatif {
        events: difference.events,
        findings: difference.findings_changed,
        seconds: took,
        every_row_seconds: every_row,
        peak_memory_bytes: resources::peak_memory_bytes(),
    })
}
