//! Pages of the portal over a large store: each many times, for one person; then two hundred people who click without a pause.

use std::{
    fs,
    path::Path,
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use schakel_app::{
    config::{self, Config},
    portal::accounts::{Invite, invite},
    random::token,
    requests::{self, AtWork, Requests},
    templates,
};
use schakel_model::{account::PortalRole, clock::Clock, language::Language};
use schakel_store::{Reader, Store, act::Act, data_dir::DataDir, findings, spool::SpoolDesk};
use schakel_web::portal::{SamplePerson, start};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{bytes, count, rate, seconds},
    http, installation,
    random::Random,
    table::Table,
};

/// So many times each page, for one person.
const PAGES: usize = 300;
/// People who click at the same time.
const PEOPLE: usize = 200;
/// For so long.
const CLICKING: Duration = Duration::from_secs(30);
/// One click in so many writes a note.
const NOTES: u64 = 20;
/// A member, and its page.
const MEMBER: &str = "GM0513";

/// How long the pages took.
#[derive(Serialize, Deserialize)]
pub struct Portal {
    findings: u64,
    pages: Vec<Page>,
    clicks: u64,
    notes: u64,
    errors: u64,
    clicking_seconds: f64,
    median: f64,
    p95: f64,
    memory_bytes: Option<u64>,
}

/// A page, with its median and p95 in seconds, and its size as it comes to a browser.
#[derive(Serialize, Deserialize)]
struct Page {
    name: String,
    asked: String,
    median: f64,
    p95: f64,
    bytes: u64,
}

impl Portal {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        table.part(&format!("The portal, {} findings, {PAGES} of each page", count(self.findings)));
        for Page { name, asked, median, p95, bytes: size } in &self.pages {
            let measured = format!(
                "{} median, {} p95; {} kB",
                seconds(*median),
                seconds(*p95),
                count(size.div_ceil(1_000))
            );
            table.line(name, measured, asked, "");
        }
        table.part(&format!("The portal, {PEOPLE} people who click without a pause"));
        table.line("clicks", rate(self.clicks as f64 / self.clicking_seconds, "clicks"), "", "");
        table.line("notes among them; errors", format!("{}; {}", self.notes, self.errors), "no errors", "");
        table.line("a click", format!("{} median, {} p95", seconds(self.median), seconds(self.p95)), "", "");
        if let Some(memory) = self.memory_bytes {
            table.line("most memory, people included", bytes(memory), "", "");
        }
    }
}

/// Asks a service in this process.
pub fn measure(data: &Path) -> anyhow::Result<Portal> {
    let (data, clock) = (DataDir::new(data), Clock::system());
    let port = http::free_port()?;
    fs::write(data.config(), format!("[portal]\nlisten = \"127.0.0.1:{port}\"\n"))
        .context("cannot write the configuration")?;
    let config = config::load(&data)?;
    let samples = people(&data, clock.now_seconds())?;
    let (asking, requests) = requests::channel();
    let server = start(&config, &asking, &data, clock, samples.clone())?;
    let findings = u64::from(Reader::open(&data)?.read(findings::count)?);
    let stop = AtomicBool::new(false);
    let measured = thread::scope(|scope| {
        let (opened, is_open) = mpsc::channel();
        let writer = scope.spawn(|| write(&data, &config, clock, &requests, &stop, opened));
        is_open.recv().context("the store cannot be opened")?;
        let measured = read_and_click(port, &samples, findings);
        stop.store(true, Relaxed);
        writer.join().map_err(|_| anyhow::anyhow!("the writer failed"))??;
        measured
    });
    server.stop();
    measured
}

/// The one writer: carries out what pages ask.
fn write(
    data: &DataDir,
    config: &Config,
    clock: Clock,
    requests: &Requests,
    stop: &AtomicBool,
    opened: mpsc::Sender<()>,
) -> anyhow::Result<()> {
    let mut intake = installation::open(data.root())?;
    let reader = intake.store().reader()?;
    let (spool, reading, templates) =
        (SpoolDesk::open(data)?, config.reading()?, templates::in_force(&reader)?);
    opened.send(())?;
    while !stop.load(Relaxed) {
        requests.wait(Duration::from_millis(100));
        requests.carry_out(&mut AtWork {
            intake: &mut intake,
            reader: &reader,
            spool: &spool,
            reading: &reading,
            config,
            templates: &templates,
            clock,
        });
    }
    intake.close()?;
    Ok(())
}

/// The desk, and somebody of a member.
fn people(data: &DataDir, now: i64) -> anyhow::Result<Vec<SamplePerson>> {
    let act = Act { at: now, actor: "bench", reason: "" };
    let mut store = Store::open(data)?;
    let mut samples = Vec::new();
    for number in 0..=PEOPLE {
        let name = format!("person{number}");
        let (organisation, roles): (_, &[PortalRole]) = match number {
            PEOPLE => (MEMBER, &[PortalRole::Vcib]),
            _ => ("", &[PortalRole::Handler, PortalRole::Coordinator]),
        };
        let asked = Invite { name: &name, display_name: &name, organisation, roles, language: Language::Nl };
        invite(&mut store, &act, &asked)?;
        samples.push(SamplePerson { token: token()?, account: name });
    }
    Ok(samples)
}

/// Signs somebody in; the header line that says who they are.
fn sign_in(port: u16, sample: &SamplePerson) -> anyhow::Result<String> {
    let answer = http::ask(port, &format!("/demo/{}", sample.token), "", None)?;
    let cookie = answer.head.lines().filter_map(|line| line.split_once("__Host-schakel=")).next();
    let cookie = cookie.with_context(|| format!("{} cannot sign in: {}", sample.account, answer.head))?.1;
    let cookie = cookie.split(';').next().unwrap_or_default();
    Ok(format!("Cookie: __Host-schakel={cookie}\r\nAccept-Encoding: gzip\r\n"))
}

fn read_and_click(port: u16, samples: &[SamplePerson], findings: u64) -> anyhow::Result<Portal> {
    let pages = pages(port, samples, findings)?;
    let desk = &samples[..PEOPLE];
    let sessions: Vec<String> = desk.iter().map(|sample| sign_in(port, sample)).collect::<Result<_, _>>()?;
    let (notes, errors) = (AtomicU64::new(0), AtomicU64::new(0));
    let start = Instant::now();
    let mut taken: Vec<f64> = thread::scope(|scope| {
        let clicking: Vec<_> = (1..)
            .zip(&sessions)
            .map(|(seed, session)| {
                let (notes, errors) = (&notes, &errors);
                scope.spawn(move || click(port, session, findings, Random(seed), (start, notes, errors)))
            })
            .collect();
        clicking.into_iter().flat_map(|person| person.join().unwrap_or_default()).collect()
    });
    let clicking_seconds = start.elapsed().as_secs_f64();
    taken.sort_by(f64::total_cmp);
    anyhow::ensure!(!taken.is_empty(), "nobody clicked");
    Ok(Portal {
        findings,
        pages,
        clicks: taken.len() as u64,
        notes: notes.into_inner(),
        errors: errors.into_inner(),
        clicking_seconds,
        median: taken[taken.len() / 2],
        p95: taken[taken.len() * 95 / 100],
        memory_bytes: crate::resources::peak_memory_bytes(),
    })
}

/// What people look at: a name, what was asked for, and its address.
type Asked = (&'static str, &'static str, fn(u64) -> String);

/// Of the desk.
const DESK: [Asked; 10] = [
    ("the morning", "", |_| "/".into()),
    ("findings, the newest", "≤ 50 ms", |_| "/findings".into()),
    ("findings, a severity and open", "≤ 50 ms", |_| "/findings?severity=high&open=yes".into()),
    ("findings of an organisation", "≤ 50 ms", |nth| {
        format!("/findings?organisation=GM0{}", [513, 518, 599, 344, 363][nth as usize % 5])
    }),
    ("findings at an address", "≤ 50 ms", |nth| {
        format!("/findings?what=198.18.{}.{}", nth / 256 % 256, nth % 256)
    }),
    ("findings, by words", "≤ 50 ms", |_| "/findings?q=gouda+http".into()),
    ("one finding", "≤ 30 ms", |nth| format!("/findings/F{nth}")),
    ("why it is whose", "", |nth| format!("/explain?ip=198.18.{}.{}", nth / 256 % 256, nth % 256)),
    ("an organisation", "", |_| "/organisations/GM0513".into()),
    ("the picture of the sector", "", |_| "/sector".into()),
];

/// Of a member.
const OWN: [Asked; 2] = [
    ("a member: what is open", "≤ 50 ms", |_| format!("/own/{MEMBER}")),
    ("a member: its findings", "≤ 50 ms", |_| format!("/own/{MEMBER}/findings")),
];

fn pages(port: u16, samples: &[SamplePerson], findings: u64) -> anyhow::Result<Vec<Page>> {
    let [desk, member] = [sign_in(port, &samples[0])?, sign_in(port, &samples[PEOPLE])?];
    let asked = DESK.iter().map(|asked| (asked, &desk)).chain(OWN.iter().map(|asked| (asked, &member)));
    let mut random = Random(1);
    let any: Vec<u64> = (0..PAGES).map(|_| random.below(findings)).collect();
    let mut pages = Vec::new();
    for ((name, asked, path), session) in asked {
        let mut taken = Vec::with_capacity(PAGES);
        let mut bytes = 0;
        for nth in &any {
            let start = Instant::now();
            let answer = http::page(port, &path(*nth), session)?;
            taken.push(start.elapsed().as_secs_f64());
            bytes = bytes.max(answer.body.len() as u64);
        }
        taken.sort_by(f64::total_cmp);
        let (median, p95) = (taken[PAGES / 2], taken[PAGES * 95 / 100]);
        pages.push(Page { name: (*name).to_owned(), asked: (*asked).to_owned(), median, p95, bytes });
    }
    Ok(pages)
}

/// One person, until the time is over; how long each click took.
fn click(
    port: u16,
    session: &str,
    findings: u64,
    mut random: Random,
    (start, notes, errors): (Instant, &AtomicU64, &AtomicU64),
) -> Vec<f64> {
    let mut taken = Vec::new();
    while start.elapsed() < CLICKING {
        let begun = Instant::now();
        let went = match random.below(NOTES) {
            0 => {
                notes.fetch_add(1, Relaxed);
                note(port, session, random.below(findings))
            }
            _ => {
                let path = DESK[random.below(DESK.len() as u64) as usize].2;
                http::page(port, &path(random.below(findings)), session).map(drop)
            }
        };
        if let Err(error) = went {
            eprintln!("bench: {error:#}");
            errors.fetch_add(1, Relaxed);
        }
        taken.push(begun.elapsed().as_secs_f64());
    }
    taken
}

/// Looks at a finding and writes a note with it.
fn note(port: u16, session: &str, nth: u64) -> anyhow::Result<()> {
    let plain = session.replace("Accept-Encoding: gzip\r\n", "");
    let page = http::page(port, &format!("/findings/F{nth}"), &plain)?;
    let page = String::from_utf8_lossy(&page.body);
    let token = page.split("name=\"form_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = format!("form_token={}&back=%2F&note=called", token.context("a page without a form")?);
    let done = http::ask(port, &format!("/findings/F{nth}/notes"), &plain, Some(&form))?;
    anyhow::ensure!(done.status == 303, "a note: {}", done.head);
    Ok(())
}
