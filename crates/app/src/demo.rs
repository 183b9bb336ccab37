//! `schakel demo`: a made-up day of reports over the 342 municipalities, from register to mail. Nothing leaves the machine.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use schakel_demo::{constituency, day::day, world::World};
use schakel_formats::register::import::Options;
use schakel_model::{
    clock::Clock,
    fate::{Fate, Sums},
    ids::OrganisationId,
    register::OrganisationKind,
};
use schakel_store::{
    Reader,
    act::Act,
    chunks::{self, Blocks},
    data_dir::DataDir,
    fate_blob::{self, RowFate},
    findings,
    ledger::{self, Scope},
    reports,
};

use crate::{
    calendar,
    config::{self, Config},
    explain::organisation_name,
    intake::Intake,
    pipeline::run::Progress,
    register::{standing, write_whole},
    register_import::Import,
    send::{Sent, send_due},
    tell::Composer,
};

/// The mail settings of the demo: into a folder, from an address that does not exist, many mails a day to anybody; and a desk whose number is nobody's.
const CONFIG: &str = "# The demo's configuration. `schakel config show` prints every key.\n\
    sender = \"CERT Voorbeeld\"\n\n[mail]\nchannel = \"folder\"\nfrom = \"CERT Voorbeeld <meldingen@cert.example>\"\n\n\
    [portal]\ndesk_phone = \"+31 88 000 00 00\"\ndesk_mail = \"desk@cert.example\"\n";

/// How the demo speaks while it works.
pub trait Listener: Sync {
    /// A step begins.
    fn step(&self, text: &str);
    /// Rows taken in so far.
    fn rows(&self, rows: u64);
}

/// What a day brought.
pub struct Day {
    /// Which day.
    pub date: Date,
    /// The first day of this demo?
    pub first: bool,
    /// Report files.
    pub reports: usize,
    /// Kinds of report.
    pub report_types: usize,
    /// Rows and fates of this day.
    pub sums: Sums,
    /// New findings.
    pub new_findings: u64,
    /// Findings seen again.
    pub findings_seen: u64,
    /// Rows that could not be read, by reason.
    pub rejects: u64,
    /// Notifications made.
    pub notifications: usize,
    /// Who gets most: organisation, findings told today.
    pub told: Vec<(String, u64)>,
    /// How many organisations were told something.
    pub organisations_told: usize,
    /// Where what is nobody's lies: a prefix and how many events.
    pub unrouted: Vec<(String, u64)>,
    /// Owners nobody can be told at.
    pub no_contact: Vec<(String, u64)>,
    /// Mails.
    pub sent: Sent,
    /// Where they lie.
    pub mails: PathBuf,
    /// New findings by severity and kind, the worst first.
    pub kinds: Vec<(&'static str, String, u64)>,
    /// Organisations in the register.
    pub organisations: usize,
    /// Municipalities among them.
    pub municipalities: usize,
    /// Assets in the register.
    pub assets: usize,
    /// An event worth tracing.
    pub example_event: Option<String>,
    /// An address worth explaining.
    pub example_ip: Option<String>,
    /// How long taking in took, in seconds.
    pub ingest_seconds: f64,
}

/// Runs the next day of the demo in this data directory.
pub fn run(
    data: &DataDir,
    today: Date,
    seed: u64,
    rows: u64,
    listener: &dyn Listener,
) -> anyhow::Result<Day> {
    data.create()?;
    if !data.config().exists() {
        write_whole(&data.config(), CONFIG.as_bytes())?;
    }
    let config = config::load(data)?;
    let date = next_day(data, today)?;
    // The morning after, so that the times in mails and ledger fit the day.
    let morning = date.tomorrow()?.at(6, 0, 0, 0).to_zoned(calendar::amsterdam())?.timestamp();
    let clock = Clock::fixed(morning);
    let mut intake = Intake::open(data, clock)?;
    let first = intake.view().register.version.0 == 0;
    if first {
        listener.step("loading the register of 342 municipalities");
        load_register(&mut intake, data, clock)?;
    }
    listener.step(&format!("making up the reports of {date}"));
    let folder = data.root().join("demo").join(date.to_string());
    let files = write_reports(&folder, seed, date, rows)?;
    listener.step("taking the reports in");
    let started = std::time::Instant::now();
    let taken = take_in(&mut intake, &files, &config, listener)?;
    let ingest_seconds = started.elapsed().as_secs_f64();
    listener.step("writing the notifications");
    let reader = intake.store().reader()?;
    let told = compose(&mut intake, &reader, &config, clock)?;
    let mut outbox = intake.store().outbox_writer()?;
    let sent = send_due(&mut outbox, &mut reader.frames()?, &config, &clock, &|| false)?;
    let day = Scope::Day(calendar::day(morning));
    let register = &intake.view().register;
    let mut summary = Day {
        date,
        first,
        reports: files.len(),
        report_types: files.len(),
        sums: reader.read(|connection| ledger::sums(connection, &day))?,
        new_findings: taken.new_findings,
        findings_seen: taken.findings_seen,
        rejects: taken.rejected,
        notifications: told.len(),
        organisations_told: told.iter().map(|(name, _)| name).collect::<std::collections::HashSet<_>>().len(),
        told: most(told),
        unrouted: Vec::new(),
        no_contact: Vec::new(),
        sent,
        mails: config.mail.folder.path.clone(),
        kinds: new_kinds(&reader, taken.first_finding)?,
        organisations: register.organisations.len(),
        municipalities: register
            .organisations
            .iter()
            .filter(|organisation| organisation.kind == OrganisationKind::Municipality)
            .count(),
        assets: register.assets.len(),
        example_event: None,
        example_ip: None,
        ingest_seconds,
    };
    left_over(&reader, &day, register, &mut summary)?;
    Ok(summary)
}

/// The day after the last one taken in, or yesterday.
fn next_day(data: &DataDir, today: Date) -> anyhow::Result<Date> {
    let last = if data.has_store() {
        let reader = Reader::open(data)?;
        let reports = reader.read(|connection| reports::list(connection, None))?;
        reports.iter().filter_map(|report| report.name.get(..10)?.parse::<Date>().ok()).max()
    } else {
        None
    };
    Ok(match last {
        Some(last) => last.tomorrow()?,
        None => today.checked_sub(1.day())?,
    })
}

fn load_register(intake: &mut Intake, data: &DataDir, clock: Clock) -> anyhow::Result<()> {
    let files = constituency::register_files();
    let folder = data.root().join("demo").join("register");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (name, text) in [
        ("organisations.csv", files.organisations),
        ("assets.csv", files.assets),
        ("contacts.csv", files.contacts),
        ("relations.csv", files.relations),
    ] {
        write_whole(&folder.join(name), text.as_bytes())?;
    }
    let import = Import::read(&[folder], &Options::default(), standing(intake.store())?)?;
    anyhow::ensure!(
        import.reading.errors == 0,
        "the demo's register has errors: {:?}",
        import.reading.problems
    );
    let act = Act { at: clock.now_seconds(), actor: "demo", reason: "the demo's constituency" };
    import.apply(intake.store(), &import.diff(), act)?;
    intake.reload_register()
}

fn write_reports(folder: &Path, seed: u64, date: Date, rows: u64) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let world = World::new();
    let mut files = Vec::new();
    for report in day(&world, seed, date, rows) {
        let path = folder.join(report.file_name());
        let writing = || format!("cannot write {}", path.display());
        let mut file = BufWriter::new(fs::File::create(&path).with_context(writing)?);
        report.write_to(&mut file).with_context(writing)?;
        file.flush().with_context(writing)?;
        files.push(path);
    }
    Ok(files)
}

struct Taken {
    first_finding: u32,
    new_findings: u64,
    findings_seen: u64,
    rejected: u64,
}

fn take_in(
    intake: &mut Intake,
    files: &[PathBuf],
    config: &Config,
    listener: &dyn Listener,
) -> anyhow::Result<Taken> {
    let reading = config.reading()?;
    let first_finding = intake.store().read(findings::count)?;
    let mut taken = Taken { first_finding, new_findings: 0, findings_seen: 0, rejected: 0 };
    let mut rows = 0;
    for file in files {
        let before = rows;
        let ingested = intake.ingest(file, &reading, &|progress: &Progress| {
            listener.rows(before + progress.sums.rows);
        })?;
        rows += ingested.progress.sums.rows;
        taken.new_findings += ingested.progress.new_findings;
        taken.findings_seen += ingested.findings_seen;
        taken.rejected += ingested.progress.sums.rejected;
    }
    intake.settle()?;
    Ok(taken)
}

/// Name of the organisation and number of findings of each notification.
fn compose(
    intake: &mut Intake,
    reader: &Reader,
    config: &Config,
    clock: Clock,
) -> anyhow::Result<Vec<(String, u64)>> {
    let view = intake.view();
    let templates = crate::templates::in_force(reader)?;
    let composer = Composer { reader, view: &view, config, templates: &templates, now: clock.now() };
    let mut told = Vec::new();
    composer.compose(Some(intake.store()), &mut |composed| {
        told.push((composed.organisation.1.clone(), composed.notification.findings));
    })?;
    Ok(told)
}

fn most(told: Vec<(String, u64)>) -> Vec<(String, u64)> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    told.into_iter().for_each(|(name, count)| *sums.entry(name).or_default() += count);
    let mut most: Vec<_> = sums.into_iter().collect();
    most.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    most
}

fn new_kinds(reader: &Reader, first: u32) -> anyhow::Result<Vec<(&'static str, String, u64)>> {
    let kinds = reader.read(findings::kinds)?;
    let mut counts: HashMap<u32, u64> = HashMap::new();
    let new = reader.read(|connection| {
        findings::list(connection, schakel_model::ids::FindingId(first), u32::MAX as usize)
    })?;
    new.iter().for_each(|finding| *counts.entry(finding.first.kind.0).or_default() += 1);
    let mut by_kind: BTreeMap<(std::cmp::Reverse<schakel_model::severity::Severity>, String), u64> =
        BTreeMap::new();
    for (kind, count) in counts {
        if let Some(kind) = kinds.get(kind as usize) {
            *by_kind.entry((std::cmp::Reverse(kind.severity), kind.identifier.clone())).or_default() += count;
        }
    }
    let mut listed: Vec<_> = by_kind
        .into_iter()
        .map(|((severity, identifier), count)| (severity.0.as_str(), identifier, count))
        .collect();
    // The sort is stable: within a severity the most frequent first.
    listed.sort_by_key(|(severity, _, count)| {
        (
            std::cmp::Reverse(severity.parse::<schakel_model::severity::Severity>().ok()),
            std::cmp::Reverse(*count),
        )
    });
    Ok(listed)
}

/// What is nobody's, by the /24 or /48 it lies in; and whose owner cannot be told.
fn left_over(
    reader: &Reader,
    scope: &Scope,
    register: &schakel_model::register::Register,
    summary: &mut Day,
) -> anyhow::Result<()> {
    let mut nobodys: HashMap<String, u64> = HashMap::new();
    for block in reader.read(|connection| chunks::blocks(connection, &Blocks::WithFate(Fate::Unrouted)))? {
        for id in schakel_store::id_list::decode(&block.findings) {
            let Some(finding) = reader.read(|connection| findings::get(connection, id))? else { continue };
            let place = match finding.first.ip {
                Some(std::net::IpAddr::V4(ip)) => {
                    format!("{}.{}.{}.0/24", ip.octets()[0], ip.octets()[1], ip.octets()[2])
                }
                Some(std::net::IpAddr::V6(ip)) => {
                    let [a, b, c, ..] = ip.segments();
                    format!("{a:x}:{b:x}:{c:x}::/48")
                }
                None => finding.first.name.unwrap_or_else(|| "no address or name".to_owned()),
            };
            *nobodys.entry(place).or_default() += 1;
        }
    }
    summary.unrouted = nobodys.into_iter().collect();
    summary.unrouted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let by_organisation = reader.read(|connection| ledger::by_organisation(connection, scope))?;
    for (organisation, fate, count) in by_organisation {
        if fate == Fate::NoContact {
            let (_, name) = organisation_name(register, OrganisationId(organisation));
            summary.no_contact.push((name.to_owned(), count));
        }
    }
    example(reader, summary)
}

/// An event that was told, for the commands to try next.
fn example(reader: &Reader, summary: &mut Day) -> anyhow::Result<()> {
    let Some(block) = reader
        .read(|connection| chunks::blocks(connection, &Blocks::WithFate(Fate::Notified)))?
        .into_iter()
        .next_back()
    else {
        return Ok(());
    };
    let fates = reader.read(|connection| chunks::fates(connection, block.chunk))?;
    let wanted = schakel_store::id_list::decode(&block.findings).next();
    let at = fate_blob::read(&fates)
        .position(|fate| matches!((fate, wanted), (Ok(RowFate::Event(id)), Some(wanted)) if id == wanted));
    let chunk = reader.read(|connection| chunks::by_id(connection, block.chunk))?;
    if let (Some(at), Some(chunk), Some(wanted)) = (at, chunk, wanted) {
        summary.example_event = Some(format!("{}:{}", chunk.report, chunk.first_row as usize + at));
        let finding = reader.read(|connection| findings::get(connection, wanted))?;
        summary.example_ip = finding.and_then(|finding| finding.first.ip).map(|ip| ip.to_string());
    }
    Ok(())
}

/// The day it is, by this clock, in UTC.
pub fn today(clock: &Clock) -> Date {
    clock.now().to_zoned(TimeZone::UTC).date()
}
