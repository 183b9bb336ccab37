//! A report's bytes as they came.

use std::io::Write;

use schakel_model::ids::ReportId;
use schakel_store::{Reader, chunks, reports};

/// Writes the bytes of a report.
pub fn write(reader: &Reader, report: ReportId, out: &mut dyn Write) -> anyhow::Result<()> {
    let known = reader.read(|connection| reports::get(connection, report))?;
    anyhow::ensure!(known.is_some(), "there is no report {report}. `schakel reports` lists them");
    let mut frames = reader.frames()?;
    let mut raw = Vec::new();
    let originals = reader.read(|connection| reports::originals(connection, report))?;
    for frame in &originals {
        frames.read(*frame, &mut raw)?;
        out.write_all(&raw)?;
    }
    if !originals.is_empty() {
        return Ok(());
    }
    for member in reader.read(|connection| reports::members(connection, report))? {
        out.write_all(&member.head)?;
    }
    for chunk in reader.read(|connection| chunks::of_report(connection, report))? {
        frames.read(chunk.frame, &mut raw)?;
        out.write_all(&raw)?;
    }
    Ok(())
}
