//! Telling: a day's notifications composed, signed (DKIM) and written as mails to a folder, each attempt recorded before and after; and
//! looking what is due of what was told.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    time::Instant,
};

use anyhow::Context;
use jiff::civil::date;
use schakel_app::{
    config, dkim, following, intake::Intake, policy, reading::Reading, send::send_due, tell::Composer,
};
use schakel_demo::{day::day, world::World};
use schakel_model::{clock::Clock, ids::FindingId, severity::Severity};
use schakel_store::{
    data_dir::DataDir,
    findings,
    follow_ups::Tells,
    outbox::{self, NewNotification, Notification},
};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{count, seconds},
    installation,
    table::Table,
};

/// A day of reports over all municipalities: some hundred findings each for the large ones, a few for the small ones.
const ROWS: u64 = 50_000;
const SEED: u64 = 1;

/// Findings that are open when it is looked what is due.
const OPEN: u32 = 100_000;

/// Into a folder, from an address that does not exist, with a key of ours.
const CONFIG: &str = "[mail]\nchannel = \"folder\"\nfrom = \"Bench <bench@cert.example>\"\n[mail.dkim]\nselectors = [\"bench\"]\n";

/// What telling took.
#[derive(Serialize, Deserialize)]
pub struct Deliver {
    /// Notifications made.
    pub notifications: usize,
    /// Findings in them.
    pub findings: u64,
    /// Mails written.
    pub mails: u64,
    /// To compose and store them.
    pub compose_seconds: f64,
    /// To write them to the folder.
    pub send_seconds: f64,
    /// Findings that were told and are open.
    pub open: u64,
    /// To look what is due of them.
    pub look_seconds: f64,
}

impl Deliver {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let (notifications, findings) = (count(self.notifications as u64), count(self.findings));
        let mails = count(self.mails);
        table.part(&format!("Telling: {notifications} notifications over {findings} findings"));
        table.line("composing, signing and storing them", seconds(self.compose_seconds), "", "");
        table.line(format!("writing {mails} mails to a folder"), seconds(self.send_seconds), "", "");
        let open = count(self.open);
        table.line(
            format!("looking what is due of {open} open findings"),
            seconds(self.look_seconds),
            "",
            "",
        );
    }
}

/// Takes a day in, which is not measured, and tells it, which is.
pub fn measure(data: &Path) -> anyhow::Result<Deliver> {
    let mut intake = installation::open(data)?;
    let data = DataDir::new(data);
    fs::write(data.config(), CONFIG).context("cannot write the configuration")?;
    let config = config::load(&data)?;
    dkim::generate(&config, "bench", dkim::Algorithm::Rsa)?;
    take_in(&mut intake, &data.root().join("reports"))?;
    let clock = Clock::system();
    let (reader, view) = (intake.store().reader()?, intake.view());
    let templates = schakel_app::templates::in_force(&reader)?;

    let start = Instant::now();
    let composer =
        Composer { reader: &reader, view: &view, config: &config, templates: &templates, now: clock.now() };
    let mut findings = 0;
    let notifications =
        composer.compose(Some(intake.store()), &mut |composed| findings += composed.notification.findings)?;
    let composed = start.elapsed();
    let mut outbox = intake.store().outbox_writer()?;
    let sent = send_due(&mut outbox, &mut reader.frames()?, &config, &clock, &|| false)?;
    let done = start.elapsed();
    let at = clock.now_seconds();
    open_findings(&mut intake, at)?;
    let policy = policy::in_force(&reader)?;
    let start = Instant::now();
    let looked = following::look(&reader, &policy.policy, at + LATER_SECONDS)?;
    let look = start.elapsed();
    Ok(Deliver {
        notifications,
        findings,
        mails: sent.accepted,
        compose_seconds: composed.as_secs_f64(),
        send_seconds: (done - composed).as_secs_f64(),
        open: looked.open,
        look_seconds: look.as_secs_f64(),
    })
}

/// It is looked so long after: steps of the ladder are due, and reminders.
const LATER_SECONDS: i64 = 40 * 86_400;

/// As many open findings as promised, spread over all who were told something.
fn open_findings(intake: &mut Intake, at: i64) -> anyhow::Result<()> {
    let store = intake.store();
    let told = store.read(|connection| outbox::notifications(connection, usize::MAX >> 1))?;
    let findings = store.read(findings::count)?;
    let mut next = store.read(outbox::next_notification)?;
    let each = OPEN / told.len().max(1) as u32 + 1;
    let mut new = Vec::new();
    for (one, first) in told.iter().zip((0..).step_by(each as usize)) {
        let tells = (first..first + each).map(|finding| Tells {
            finding: FindingId(finding % findings.max(1)),
            severity: Severity::ALL[finding as usize % Severity::ALL.len()],
            compromised: finding % 3 == 0,
            deadline: None,
            same_case: true,
            cves: Vec::new(),
        });
        new.push(NewNotification {
            notification: Notification { id: next, lead: next, ..one.clone() },
            messages: Vec::new(),
            blocks: Vec::new(),
            tells: tells.collect(),
        });
        next.0 += 1;
    }
    Ok(store.store_notifications(&new, at)?)
}

fn take_in(intake: &mut Intake, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let world = World::new();
    for report in day(&world, SEED, date(2026, 11, 20), ROWS) {
        let path = folder.join(report.file_name());
        let writing = || format!("cannot write {}", path.display());
        let mut file = BufWriter::new(File::create(&path).with_context(writing)?);
        report.write_to(&mut file).with_context(writing)?;
        file.flush().with_context(writing)?;
        intake.ingest(&path, &Reading::default(), &|_| ())?;
    }
    intake.settle()
}
