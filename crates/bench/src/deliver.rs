//! Telling: a day's notifications composed and written as mails to a folder, each attempt recorded before and after.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    time::Instant,
};

use anyhow::Context;
use jiff::civil::date;
use schakel_app::{config, intake::Intake, reading::Reading, send::send_due, tell::Composer};
use schakel_demo::{day::day, world::World};
use schakel_model::clock::Clock;
use schakel_store::data_dir::DataDir;
use serde::{Deserialize, Serialize};

use crate::{
    figures::{count, seconds},
    installation,
    table::Table,
};

/// A day of reports over all municipalities: some hundred findings each for the large ones, a few for the small ones.
const ROWS: u64 = 50_000;
const SEED: u64 = 1;

/// Into a folder, from an address that does not exist.
const CONFIG: &str = "[mail]\nchannel = \"folder\"\nfrom = \"Bench <bench@cert.example>\"\n";

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
}

impl Deliver {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let (notifications, findings) = (count(self.notifications as u64), count(self.findings));
        let mails = count(self.mails);
        table.part(&format!("Telling: {notifications} notifications over {findings} findings"));
        table.line("composing and storing them", seconds(self.compose_seconds), "", "");
        table.line(format!("writing {mails} mails to a folder"), seconds(self.send_seconds), "", "");
    }
}

/// Takes a day in, which is not measured, and tells it, which is.
pub fn measure(data: &Path) -> anyhow::Result<Deliver> {
    let mut intake = installation::open(data)?;
    let data = DataDir::new(data);
    fs::write(data.config(), CONFIG).context("cannot write the configuration")?;
    let config = config::load(&data)?;
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
    Ok(Deliver {
        notifications,
        findings,
        mails: sent.accepted,
        compose_seconds: composed.as_secs_f64(),
        send_seconds: (done - composed).as_secs_f64(),
    })
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
