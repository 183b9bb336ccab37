//! A file of the intake folder: who sent it, may it be taken in, and in with it.

use std::{path::Path, sync::atomic::Ordering::Relaxed};

use anyhow::Context;
use schakel_ingest::{door::Refusal, folder::IntakeFolder};
use schakel_model::{
    arrival::{Door, Envelope},
    clock::Clock,
    ids::SourceId,
};
use schakel_rules::vetting::Verdict;
use schakel_store::{Reader, reports};

use super::Counters;
use crate::{
    arrivals::{self, is_store_trouble},
    config::Config,
    doors::SpoolDoor,
    incoming::{Incoming, Origin},
    intake::{Ingested, Intake},
    reading::Reading,
};

/// The intake folder with what is needed to judge and read what lies in it.
pub(super) struct FolderTurn<'a> {
    pub folder: &'a IntakeFolder,
    pub door: &'a SpoolDoor,
    pub reader: &'a Reader,
    pub reading: &'a Reading,
    pub config: &'a Config,
}

impl FolderTurn<'_> {
    /// Takes a file in, lets it wait for a person, or moves it to `failed/` with the reason.
    pub fn take_in(
        &self,
        intake: &mut Intake,
        file: &Path,
        counters: &Counters,
        clock: &Clock,
    ) -> anyhow::Result<()> {
        match self.judge(file, clock.now_seconds()) {
            Ok(Some(incoming)) => self.take(intake, file, incoming, counters, clock),
            // It waits in the spool now, for a person.
            Ok(None) => Ok(()),
            Err(error) => self.refused(file, error, counters),
        }
    }

    /// Who sent it, and may it be taken in? What a person must see is moved to the spool.
    fn judge(&self, file: &Path, now: i64) -> anyhow::Result<Option<Incoming>> {
        let mut incoming = Incoming::file(file)?;
        let envelope = self.envelope(file, &incoming.name, now);
        let code = envelope.source.as_str();
        let looked = arrivals::look(self.reader, &envelope, &mut incoming, self.reading, self.config)?;
        anyhow::ensure!(
            code.is_empty() || looked.sender.proven,
            "no source is called {code}. `schakel source add {code}` adds it; then move the file to incoming/{code}/ again"
        );
        match looked.verdict {
            Verdict::Take => {
                let source = looked.sender.source.as_ref();
                let tlp = source.and_then(|source| source.tlp);
                let untold = source.is_some_and(|source| !source.may_notify);
                let origin = Origin { source: looked.sender.id(), tlp, untold, ..Origin::default() };
                let name = incoming.name.clone();
                Ok(Some(incoming.from(&name, origin)))
            }
            Verdict::Hold(reason) => match self.door.keep_file(&envelope, file) {
                Ok(receipt) => {
                    tracing::info!(%receipt, %reason, "a file waits for a person");
                    Ok(None)
                }
                Err(Refusal::Later { .. }) => anyhow::bail!("{reason}, and there is no room to let it wait"),
                Err(refusal) => anyhow::bail!("{reason}, and it cannot be kept: {refusal:?}"),
            },
            Verdict::Refuse(reason) => anyhow::bail!("refused: {reason}"),
        }
    }

    fn envelope(&self, file: &Path, name: &str, now: i64) -> Envelope {
        Envelope {
            door: Door::Folder,
            source: self.folder.source(file).unwrap_or_default().to_owned(),
            received_at: now,
            name: name.to_owned(),
            sender: String::new(),
            peer: None,
        }
    }

    /// Did somebody else send the same before? Then what this source permits counts as well, and stands with its arrival.
    fn came_from_another(&self, ingested: &Ingested, from: SourceId) -> anyhow::Result<bool> {
        if !ingested.report_known || from == SourceId(0) {
            return Ok(false);
        }
        let report = self.reader.read(|connection| reports::get(connection, ingested.report))?;
        Ok(report.is_some_and(|report| report.source != from))
    }

    fn take(
        &self,
        intake: &mut Intake,
        file: &Path,
        incoming: Incoming,
        counters: &Counters,
        clock: &Clock,
    ) -> anyhow::Result<()> {
        let (from, name) = (incoming.origin.source, incoming.name.clone());
        // A large report takes longer than a loop may stand still.
        match intake.take(incoming, self.reading, &|_| counters.is_alive(clock)) {
            Ok(ingested) => {
                counters.taken(&ingested);
                let Ingested { failures, changed, .. } = &ingested;
                if *changed {
                    // Somebody is still writing to it: it stays, and is taken in again when it has settled.
                    tracing::warn!(report = %ingested.report, "a file changed while it was read");
                } else if self.came_from_another(&ingested, from)? {
                    // The spool records it as an arrival.
                    let envelope = self.envelope(file, &name, clock.now_seconds());
                    if let Err(refusal) = self.door.keep_file(&envelope, file) {
                        let error = anyhow::anyhow!(
                            "another source sent the same before, and that this one did cannot be recorded: {refusal:?}"
                        );
                        return self.refused(file, error, counters);
                    }
                } else if failures.is_empty() {
                    self.folder.done(file)?;
                } else {
                    counters.reports_failed.fetch_add(1, Relaxed);
                    tracing::warn!(report = %ingested.report, failures = failures.len(), "taken in only in part");
                    let head = format!("Taken in as report {}, but not whole:\n", ingested.report);
                    self.folder.failed(file, &(head + &failures.join("\n")))?;
                }
                Ok(())
            }
            Err(error) => self.refused(file, error, counters),
        }
    }

    fn refused(&self, file: &Path, error: anyhow::Error, counters: &Counters) -> anyhow::Result<()> {
        // A store that cannot be written to is no fault of the file: stop, and take it up again after the restart.
        if is_store_trouble(&error) {
            return Err(error).with_context(|| format!("while taking in {}", file.display()));
        }
        counters.reports_failed.fetch_add(1, Relaxed);
        tracing::warn!(reason = %format!("{error:#}"), "a file cannot be taken in");
        self.folder.failed(file, &format!("{error:#}")).map(|_| ())
    }
}
