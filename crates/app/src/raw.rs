//! A report's bytes as they came.

use std::io::Write;

use schakel_model::ids::ReportId;
use schakel_store::{Reader, chunks, erase, reports};

use crate::erased;

/// Writes the bytes of a report.
pub fn write(reader: &Reader, report: ReportId, out: &mut dyn Write) -> anyhow::Result<()> {
    let known = reader.read(|connection| reports::get(connection, report))?;
    anyhow::ensure!(known.is_some(), "there is no report {report}. `schakel reports` lists them");
    if let Some(by) = reader.read(|connection| erase::report_erased(connection, report))? {
        anyhow::bail!("the raw bytes of report {report} were {}", erased::words(reader, by)?);
    }
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
    let members = reader.read(|connection| reports::members(connection, report))?;
    anyhow::ensure!(
        members.iter().all(|member| !member.path.contains('/')),
        "report {report} came in a container, which was erased because rows in it were. `schakel trace` shows the rows that are left"
    );
    for member in members {
        out.write_all(&member.head)?;
    }
    for chunk in reader.read(|connection| chunks::of_report(connection, report))? {
        frames.read(chunk.frame, &mut raw)?;
        out.write_all(&raw)?;
    }
    Ok(())
}
