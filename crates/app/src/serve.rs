//! `schakel serve`: takes in what arrives in the intake folder, tells, sends, until it is asked to stop.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use schakel_ingest::folder::{IntakeFolder, Settled};
use schakel_model::clock::Clock;
use schakel_store::{Reader, data_dir::DataDir};

use crate::{
    config::Config,
    intake::{Ingested, Intake},
    send::send_due,
    tell::Composer,
};

/// How often the folder is looked at and what is due is sent: new files are seen well within a second.
const TICK: Duration = Duration::from_millis(200);

/// What a running server counts, for metrics.
#[derive(Default)]
#[allow(missing_docs)] // The names are those of the metrics.
pub struct Counters {
    pub reports: AtomicU64,
    pub reports_failed: AtomicU64,
    pub rows: AtomicU64,
    pub rejected: AtomicU64,
    pub events: AtomicU64,
    pub findings_new: AtomicU64,
    pub notifications: AtomicU64,
    pub mails_accepted: AtomicU64,
    pub mails_given_up: AtomicU64,
    /// Ready to take reports in.
    pub ready: AtomicBool,
    /// The last time the loop went round, seconds since 1970: a loop that stands still is not alive.
    pub last_round_at: AtomicU64,
}

impl Counters {
    /// The loop goes round, or on with the report it is taking in.
    fn is_alive(&self, clock: &Clock) {
        self.last_round_at.store(clock.now_seconds().max(0) as u64, Relaxed);
    }
}

/// Runs until `stop` is set. Everything that was begun is finished or stands in the store to be taken up again.
pub fn serve(
    data: &DataDir,
    config: &Config,
    clock: Clock,
    stop: &Arc<AtomicBool>,
    counters: &Arc<Counters>,
) -> anyhow::Result<()> {
    let mut intake = Intake::open(data, clock)?;
    let folder = IntakeFolder::open(data.root())?;
    let templates = config.templates()?;
    let reading = config.reading()?;
    let reader = intake.store().reader()?;
    let sender = start_sender(&mut intake, config, clock, stop, counters)?;
    let mut settling = Settled::new(Duration::from_millis(config.intake.settle_ms));
    let mut waiting = Waiting::from_store(&reader)?;
    counters.ready.store(true, Relaxed);
    tracing::info!(folder = %folder.incoming().display(), "ready");
    while !stop.load(Relaxed) {
        counters.is_alive(&clock);
        intake.reload_register()?;
        let files = settling.ready(&folder, Instant::now())?;
        for file in &files {
            take_in(&mut intake, &folder, file, &reading, counters, &clock)?;
            waiting.report_came(Instant::now());
            if stop.load(Relaxed) {
                break;
            }
        }
        if files.is_empty() {
            intake.settle()?;
        }
        if waiting.is_over(Instant::now(), config) {
            compose(&mut intake, &reader, config, &templates, clock, counters)?;
            waiting.told();
        }
        if files.is_empty() {
            thread::sleep(TICK);
        }
    }
    counters.ready.store(false, Relaxed);
    intake.settle()?;
    if sender.join().is_err() {
        anyhow::bail!("the sending thread stopped in an unexpected way");
    }
    tracing::info!("stopped");
    Ok(())
}

fn start_sender(
    intake: &mut Intake,
    config: &Config,
    clock: Clock,
    stop: &Arc<AtomicBool>,
    counters: &Arc<Counters>,
) -> anyhow::Result<thread::JoinHandle<()>> {
    let mut outbox = intake.store().outbox_writer()?;
    let mut frames = intake.store().reader()?.frames()?;
    let (config, stop, counters) = (config.clone(), Arc::clone(stop), Arc::clone(counters));
    Ok(thread::spawn(move || {
        let mut said = String::new();
        while !stop.load(Relaxed) {
            match send_due(&mut outbox, &mut frames, &config, &clock, &|| stop.load(Relaxed)) {
                Ok(sent) => {
                    said.clear();
                    counters.mails_accepted.fetch_add(sent.accepted, Relaxed);
                    counters.mails_given_up.fetch_add(sent.given_up, Relaxed);
                    if sent != Default::default() {
                        tracing::info!(?sent, "sent");
                    }
                }
                Err(error) => {
                    // The same trouble is said once, not five times a second.
                    let text = format!("{error:#}");
                    if text != said {
                        tracing::error!(error = %text, "cannot send");
                        said = text;
                    }
                }
            }
            thread::sleep(TICK);
        }
    }))
}

fn take_in(
    intake: &mut Intake,
    folder: &IntakeFolder,
    file: &Path,
    reading: &crate::reading::Reading,
    counters: &Counters,
    clock: &Clock,
) -> anyhow::Result<()> {
    // A large report takes longer than a loop may stand still.
    match intake.ingest(file, reading, &|_| counters.is_alive(clock)) {
        Ok(ingested) => {
            let sums = ingested.progress.sums;
            counters.reports.fetch_add(u64::from(!ingested.report_known), Relaxed);
            counters.rows.fetch_add(sums.rows, Relaxed);
            counters.rejected.fetch_add(sums.rejected, Relaxed);
            counters.events.fetch_add(sums.events, Relaxed);
            counters.findings_new.fetch_add(ingested.progress.new_findings, Relaxed);
            tracing::info!(report = %ingested.report, rows = sums.rows, new = ingested.progress.new_findings,
                known = ingested.report_known, "taken in");
            let Ingested { failures, changed, .. } = &ingested;
            if *changed {
                // Somebody is still writing to it: it stays, and is taken in again when it has settled.
                tracing::warn!(report = %ingested.report, "a file changed while it was read");
            } else if failures.is_empty() {
                folder.done(file)?;
            } else {
                counters.reports_failed.fetch_add(1, Relaxed);
                tracing::warn!(report = %ingested.report, failures = failures.len(), "taken in only in part");
                let head = format!("Taken in as report {}, but not whole:\n", ingested.report);
                folder.failed(file, &(head + &failures.join("\n")))?;
            }
        }
        // A store that cannot be written to is no fault of the file: stop, and take it up again after the restart.
        Err(error) if is_store_trouble(&error) => {
            return Err(error).with_context(|| format!("while taking in {}", file.display()));
        }
        Err(error) => {
            counters.reports_failed.fetch_add(1, Relaxed);
            tracing::warn!(reason = %format!("{error:#}"), "a file cannot be taken in");
            folder.failed(file, &format!("{error:#}"))?;
        }
    }
    Ok(())
}

fn is_store_trouble(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.is::<schakel_store::StoreError>() || cause.is::<crate::pipeline::run::RunError>())
}

fn compose(
    intake: &mut Intake,
    reader: &Reader,
    config: &Config,
    templates: &schakel_render::templates::Templates,
    clock: Clock,
    counters: &Counters,
) -> anyhow::Result<()> {
    let view = intake.view();
    let composer = Composer { reader, view: &view, config, templates, now: clock.now() };
    let count = composer.compose(Some(intake.store()), &mut |composed| {
        tracing::info!(notification = %composed.notification.id, findings = composed.notification.findings, "composed");
    })?;
    counters.notifications.fetch_add(count as u64, Relaxed);
    Ok(())
}

/// Since when something waits to be told, and when the last report came.
struct Waiting {
    since: Option<Instant>,
    last: Option<Instant>,
}

impl Waiting {
    /// After a restart what was waiting is told after the usual wait.
    fn from_store(reader: &Reader) -> anyhow::Result<Self> {
        let blocks = reader.read(|connection| {
            schakel_store::chunks::blocks(connection, &schakel_store::chunks::Blocks::ToTell)
        })?;
        let since = (!blocks.is_empty()).then(Instant::now);
        Ok(Self { since, last: since })
    }

    fn report_came(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        self.last = Some(now);
    }

    fn is_over(&self, now: Instant, config: &Config) -> bool {
        let (Some(since), Some(last)) = (self.since, self.last) else { return false };
        let telling = &config.telling;
        now.duration_since(last) >= Duration::from_secs(telling.wait_seconds)
            || now.duration_since(since) >= Duration::from_secs(telling.wait_seconds_max)
    }

    fn told(&mut self) {
        (self.since, self.last) = (None, None);
    }
}

/// Files that could not be taken in, newest last.
pub fn failed_files(data: &DataDir) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(data.root().join("failed")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_none_or(|extension| extension != "reason"));
    files.sort();
    files
}
