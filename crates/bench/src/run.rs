//! All measurements in order, each in a process of its own, and their lines in the table.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context;

use crate::{
    api::Api,
    attribution::{Attribution, Kind, LARGE_REGISTER, SMALL_REGISTER},
    corpus,
    deliver::Deliver,
    drain::Drain,
    figures::{count, seconds},
    floors::Floors,
    hub::Hub,
    ingest::Ingest,
    large_register::{Explained, Recorded, Swapped, Tables},
    looking_back::LookingBack,
    matching::Matching,
    options::{Options, Part},
    portal::Portal,
    resources,
    table::Table,
    task::Task,
    verify::Verify,
    whatif::Whatif,
};

/// Measures what is wanted.
pub fn all(options: &Options) -> anyhow::Result<Table> {
    let start = Instant::now();
    let load = resources::load();
    let folder = work_folder(options)?;
    let dir = folder.path();
    say(&format!("working in {}", dir.display()));
    let mut table = Table::default();
    if options.wants(Part::Floors) || options.wants(Part::Ingest) {
        reports(options, dir, &mut table)?;
    }
    if options.wants(Part::Deliver) {
        deliver(dir, &mut table)?;
    }
    if options.wants(Part::Hub) {
        say("parcels from hub to hub");
        Task::Hub { data: dir.join("hub") }.run::<Hub>()?.show(&mut table);
    }
    if options.wants(Part::Attribution) {
        attribute(options, &mut table)?;
    }
    if options.wants(Part::Matching) {
        table.part("Blind matching, one core");
        say("blind matching");
        Task::Matching.run::<Matching>()?.show(&mut table);
    }
    if options.only == Some(Part::Api) {
        let data = with_a_day(options, dir)?;
        say("asking over HTTP");
        Task::Api { data }.run::<Api>()?.show(&mut table);
    }
    if options.only == Some(Part::Portal) {
        let data = with_a_day(options, dir)?;
        say("reading pages");
        Task::Portal { data }.run::<Portal>()?.show(&mut table);
    }
    if options.only == Some(Part::Drain) {
        say(&format!("{} parcels after an outage", count(u64::from(options.parcels))));
        let task = Task::Drain { data: dir.join("drain"), parcels: options.parcels };
        task.run::<Drain>()?.show(&mut table);
    }
    if options.only == Some(Part::Register) {
        register(options, dir, &mut table)?;
    }
    table.part("Machine");
    table.line("machine", resources::machine(dir), "2 cores", "");
    table.line("load average at start and end", format!("{load}, {}", resources::load()), "", "");
    table.line("time for all of this", seconds(start.elapsed().as_secs_f64()), "", "");
    Ok(table)
}

/// A folder that goes away again, or one that stays.
enum Folder {
    Goes(tempfile::TempDir),
    Stays(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Goes(folder) => folder.path(),
            Self::Stays(path) => path,
        }
    }
}

fn work_folder(options: &Options) -> anyhow::Result<Folder> {
    let base = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let making = || format!("cannot make a folder in {}", base.display());
    fs::create_dir_all(&base).with_context(making)?;
    let folder = tempfile::Builder::new().prefix("schakel-bench-").tempdir_in(&base).with_context(making)?;
    Ok(if options.keep { Folder::Stays(folder.keep()) } else { Folder::Goes(folder) })
}

/// What is measured on large reports: floors, stages, the whole, and looking back at it.
fn reports(options: &Options, dir: &Path, table: &mut Table) -> anyhow::Result<()> {
    let file = day(options, dir, 0)?;
    let mut floor = None;
    if options.wants(Part::Floors) {
        say("floors and stages");
        let floors: Floors = Task::Floors { data: dir.join("floors"), file: file.clone() }.run()?;
        floors.show(table);
        floor = Some(floors.rows as f64 / floors.parse_look_up_key);
    }
    if options.wants(Part::Ingest) {
        let data = dir.join("data");
        ingest(options, dir, &data, file, floor, table)?;
        look_back(options, dir, &data, floor, table)?;
    } else {
        discard(options, &file)?;
    }
    Ok(())
}

fn day(options: &Options, dir: &Path, day: u32) -> anyhow::Result<PathBuf> {
    say(&format!("writing the report of day {day}: {} rows", count(options.rows)));
    corpus::write_day(&dir.join("reports"), options.rows, day)
}

/// An installation that has taken the first day in.
fn with_a_day(options: &Options, dir: &Path) -> anyhow::Result<PathBuf> {
    let (file, data) = (day(options, dir, 0)?, dir.join("data"));
    say("taking it in");
    Task::Ingest { data: data.clone(), file: file.clone() }.run::<Ingest>()?;
    discard(options, &file)?;
    Ok(data)
}

fn discard(options: &Options, file: &Path) -> anyhow::Result<()> {
    if options.keep {
        return Ok(());
    }
    fs::remove_file(file).with_context(|| format!("cannot remove {}", file.display()))
}

/// Takes the days in, one after another.
fn ingest(
    options: &Options,
    dir: &Path,
    data: &Path,
    first: PathBuf,
    floor: Option<f64>,
    table: &mut Table,
) -> anyhow::Result<()> {
    table.part(&format!("Whole: {} rows a day, durable, from file to committed", count(options.rows)));
    let mut file = first;
    for number in 0..options.days {
        if number > 0 {
            file = day(options, dir, number)?;
        }
        say(&format!("taking day {number} in"));
        let day: Ingest = Task::Ingest { data: data.to_owned(), file: file.clone() }.run()?;
        discard(options, &file)?;
        let name = match number {
            0 => "first day".to_owned(),
            1 => "repeat, same order".to_owned(),
            2 => "repeat, shuffled".to_owned(),
            _ => format!("repeat, shuffled, day {}", number + 1),
        };
        day.show(&name, floor, table);
    }
    Ok(())
}

fn look_back(
    options: &Options,
    dir: &Path,
    data: &Path,
    floor: Option<f64>,
    table: &mut Table,
) -> anyhow::Result<()> {
    say("a small report on the large store");
    let file = corpus::write_small(&dir.join("reports"))?;
    let small: Ingest = Task::Ingest { data: data.to_owned(), file: file.clone() }.run()?;
    discard(options, &file)?;
    table.part(&format!("Looking back on {} days, {} findings", options.days, count(small.findings)));
    small.show_visible(table);
    say("looking back");
    Task::LookingBack { data: data.to_owned() }.run::<LookingBack>()?.show(table);
    say("rehearsing a changed register");
    Task::Whatif { data: data.to_owned() }.run::<Whatif>()?.show(floor, table);
    say("proving the store");
    Task::Verify { data: data.to_owned() }.run::<Verify>()?.show(floor, table);
    Ok(())
}

fn deliver(dir: &Path, table: &mut Table) -> anyhow::Result<()> {
    say("notifications");
    Task::Deliver { data: dir.join("deliver") }.run::<Deliver>()?.show(table);
    Ok(())
}

fn attribute(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    table.part("Attribution: random look-ups, one core");
    let sizes = if options.quick { &[SMALL_REGISTER][..] } else { &[SMALL_REGISTER, LARGE_REGISTER] };
    for &assets in sizes {
        for kind in Kind::ALL {
            say(&format!("attribution: {} assets, {}", count(assets as u64), kind.as_str()));
            Task::Attribution { kind, assets }.run::<Attribution>()?.show(kind, assets, table);
        }
    }
    Ok(())
}

/// Reports that come in while a register is swapped: more than it takes to build one.
const REPORTS_AT_SWAP: u32 = 15;

fn register(options: &Options, dir: &Path, table: &mut Table) -> anyhow::Result<()> {
    table.part("A register of a million organisations");
    let data = dir.join("large");
    say("recording a large register");
    Task::Record { data: data.clone() }.run::<Recorded>()?.show(table);
    say("taking in announced prefixes");
    Task::Tables { data: data.clone(), folder: dir.to_owned() }.run::<Tables>()?.show(table);
    say("asking it");
    Task::Explain { data: data.clone() }.run::<Explained>()?.show(table);
    for (number, name) in (0..).zip(["first day", "repeat, same order", "repeat, shuffled"]) {
        let file = day(options, dir, number)?;
        say(&format!("taking day {number} in"));
        let measured: Ingest = Task::Ingest { data: data.clone(), file: file.clone() }.run()?;
        discard(options, &file)?;
        measured.show(name, None, table);
    }
    let days = (3..).take(REPORTS_AT_SWAP as usize);
    let files = days.map(|number| day(options, dir, number)).collect::<anyhow::Result<Vec<_>>>()?;
    say("swapping the register while reports come in");
    Task::Swap { data, files: files.clone() }.run::<Swapped>()?.show(table);
    files.iter().try_for_each(|file| discard(options, file))
}

fn say(what: &str) {
    eprintln!("bench: {what}");
}
