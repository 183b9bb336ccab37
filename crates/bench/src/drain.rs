//! What waits after an outage, and what is critical meanwhile: two services in this process, each with a directory and a door of its own. The one
//! below was away; what concerns it waits above. It comes back, and while all of that goes down, critical findings are reported above, one after
//! another. How long does each take, from the folder at the top to the finding at the bottom?

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    net::{IpAddr, TcpListener},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context;
use schakel_app::{
    config::{self, Config},
    doors::DoorSlot,
    hub::{
        links::{self, Proposal},
        ours::{self, Ours},
    },
    intake::Intake,
    register::{Import, standing},
    requests,
    serve::{Counters, serve},
};
use schakel_model::{
    clock::Clock,
    hub::{Direction, LinkTerms, Purpose, StatusLevel, Transport},
    ids::LinkId,
    tlp::Tlp,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    data_dir::DataDir,
    finding_list::{self, Conditions},
    findings, parcel_queues,
};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{count, seconds},
    table::Table,
};

const TOP: &str = "top.example";
const BOTTOM: &str = "bottom.example";

/// What is critical is reported so often: more of it than a day has anywhere.
const CRITICAL_EVERY: Duration = Duration::from_millis(500);

/// How often it is looked what has come down.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often it is counted what waits.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// Nothing takes longer than this, or it hangs.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// What draining took.
#[derive(Serialize, Deserialize)]
pub struct Drain {
    parcels: u32,
    /// To hand them over, with nobody there to take them.
    wait_seconds: f64,
    /// Until the last one had its receipt.
    drain_seconds: f64,
    /// Of each critical finding, in order of length.
    critical_seconds: Vec<f64>,
}

impl Drain {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let parcels = count(u64::from(self.parcels));
        table.part(&format!("The chain after an outage: {parcels} parcels wait"));
        let rate = |taken: f64| {
            let each = count((f64::from(self.parcels) / taken) as u64);
            format!("{} ({each} a second)", seconds(taken))
        };
        table.line("taken in, handed over and signed", rate(self.wait_seconds), "", "");
        table.line("down, effect and receipts", rate(self.drain_seconds), "", "");
        let at = |part: f64| {
            let last = self.critical_seconds.len().saturating_sub(1);
            self.critical_seconds.get((last as f64 * part) as usize).copied().unwrap_or(f64::NAN)
        };
        let what =
            format!("{} critical ones meanwhile, from file to finding, median", self.critical_seconds.len());
        table.line(what, seconds(at(0.5)), "", "");
        table.line("p95 of these", seconds(at(0.95)), "≤ 5 s", "");
        table.line("the longest", seconds(at(1.0)), "", "");
    }
}

/// A hub: its directory, its configuration, its key.
struct Hub {
    data: DataDir,
    config: Config,
    ours: Ours,
}

/// One that serves, until it is dropped.
struct Serving {
    stop: Arc<AtomicBool>,
    service: Option<JoinHandle<anyhow::Result<()>>>,
    door: Option<schakel_web::Handle>,
}

impl Hub {
    fn new(folder: &Path, name: &str, register: [(&str, &str); 3]) -> anyhow::Result<Self> {
        let data = DataDir::new(folder);
        data.create()?;
        let port = free_port()?;
        let text = format!(
            "[hub]\nname = \"{name}\"\nlisten = \"127.0.0.1:{port}\"\nurl = \"http://127.0.0.1:{port}\"\n\
             [outgoing]\nallow = [\"127.0.0.0/8\"]\n[http]\nlisten = \"\"\n[intake]\nsettle_ms = 0\n[telling]\nwait_seconds = 0\n\
             [mail]\nchannel = \"folder\"\nfrom = \"desk@{name}\"\n"
        );
        fs::write(data.config(), text).context("cannot write the configuration")?;
        let config = config::load(&data)?;
        let files: Vec<(String, Vec<u8>)> =
            register.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        let mut intake = Intake::open(&data, Clock::system())?;
        let import = Import::read_named(&files, &Default::default(), standing(intake.store())?)?;
        anyhow::ensure!(import.reading.errors == 0, "the register has errors: {:?}", import.reading.problems);
        import.apply(intake.store(), &import.diff(), act())?;
        intake.close()?;
        ours::init(&config)?;
        let ours = Ours::require(&config)?;
        Ok(Self { data, config, ours })
    }

    fn serve(&self) -> anyhow::Result<Serving> {
        let (data, config, clock) = (self.data.clone(), self.config.clone(), Clock::system());
        let stop = Arc::new(AtomicBool::new(false));
        let slot: Arc<DoorSlot> = Arc::default();
        let door = schakel_web::hub::start(&config, &slot, clock, &data)?;
        let stopped = Arc::clone(&stop);
        let service = thread::spawn(move || {
            let (_asking, requests) = requests::channel();
            serve(&data, &config, clock, &stopped, &Arc::new(Counters::default()), &slot, &requests)
        });
        Ok(Serving { stop, service: Some(service), door: Some(door) })
    }

    /// Puts a report into the folder, whole.
    fn put(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let folder = self.data.root().join("incoming");
        fs::create_dir_all(&folder)?;
        let partial = self.data.root().join("partial");
        fs::write(&partial, text)?;
        fs::rename(partial, folder.join(name)).with_context(|| format!("cannot put {name} into the folder"))
    }
}

impl Serving {
    fn is_well(&self) -> anyhow::Result<()> {
        let ended = self.service.as_ref().is_none_or(JoinHandle::is_finished);
        anyhow::ensure!(!ended, "a service has ended by itself");
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        let ended = self.service.take().map(JoinHandle::join);
        if let Some(Ok(Err(error))) = ended {
            eprintln!("bench: a service failed: {error:#}");
        }
        self.door.take().into_iter().for_each(schakel_web::Handle::stop);
    }
}

fn act() -> Act<'static> {
    Act { at: Clock::system().now_seconds(), actor: "bench", reason: "bench" }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("no port of loopback is free")?.local_addr()?.port())
}

fn link(top: &Hub, bottom: &Hub, parcels: u32) -> anyhow::Result<()> {
    let terms = LinkTerms {
        direction: Direction::Out,
        transport: Transport::Push,
        tlp_max: Tlp::Amber,
        purposes: vec![Purpose::Notify],
        parcels_per_hour: parcels.saturating_mul(10),
        credit: 20_000,
        service_level_seconds: 86_400,
        status: StatusLevel::PerFinding,
        retention_days: 30,
    };
    let theirs = LinkTerms { direction: Direction::In, ..terms.clone() };
    let proposal = Proposal { peer: bottom.ours.name.clone(), organisation: "CERT".to_owned(), terms };
    let invitation = links::invite(&mut Store::open(&top.data)?, act(), &top.ours, &proposal)?;
    let (of_top, of_bottom) = (top.ours.fingerprint(), bottom.ours.fingerprint());
    let (_, acceptance) = links::accept(
        &mut Store::open(&bottom.data)?,
        act(),
        &bottom.ours,
        &invitation,
        &of_top,
        "",
        &theirs,
    )?;
    links::confirm(&mut Store::open(&top.data)?, act(), &top.ours, &acceptance, &of_bottom)?;
    Ok(())
}

const CONTACTS: &str = "organisation,role,name,email\n";

fn report(severity: &str, addresses: impl Iterator<Item = String>) -> String {
    let mut text =
        "\"timestamp\",\"severity\",\"ip\",\"protocol\",\"port\",\"hostname\",\"tag\",\"asn\",\"geo\"\n"
            .to_owned();
    for ip in addresses {
        let _ = writeln!(
            text,
            "\"2026-11-20 03:00:00\",\"{severity}\",\"{ip}\",\"tcp\",3389,\"\",\"rdp\",64500,\"NL\""
        );
    }
    text
}

fn waiting(reader: &Reader) -> anyhow::Result<u64> {
    let link = LinkId(1);
    let waiting = reader.read(|connection| parcel_queues::waiting(connection, link))?;
    let without_receipt = reader.read(|connection| parcel_queues::without_receipt(connection, link))?;
    Ok(waiting.iter().map(|of_class| of_class.count).sum::<u64>() + without_receipt)
}

fn until(
    what: &str,
    serving: &[&Serving],
    mut holds: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let start = Instant::now();
    while !holds()? {
        serving.iter().try_for_each(|one| one.is_well())?;
        anyhow::ensure!(start.elapsed() < PATIENCE, "waited too long for {what}");
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// Measures with so many parcels.
pub fn measure(folder: &Path, parcels: u32) -> anyhow::Result<Drain> {
    let top = Hub::new(
        &folder.join("top"),
        TOP,
        [
            ("organisations.csv", "id,name,kind\nCERT,Sectoral CERT,hub\n"),
            (
                "assets.csv",
                "organisation,kind,value,role,proof\nCERT,prefix,10.0.0.0/8,owner,desk\nCERT,prefix,172.16.0.0/12,owner,desk\n",
            ),
            ("contacts.csv", CONTACTS),
        ],
    )?;
    let bottom = Hub::new(
        &folder.join("bottom"),
        BOTTOM,
        [
            ("organisations.csv", "id,name,kind\nGM1,Eikendam,municipality\n"),
            (
                "assets.csv",
                "organisation,kind,value,role,proof\nGM1,prefix,10.0.0.0/8,owner,desk\nGM1,prefix,172.16.0.0/12,owner,desk\n",
            ),
            ("contacts.csv", &format!("{CONTACTS}GM1,findings,CERT Eikendam,cert@eikendam.example\n")),
        ],
    )?;
    link(&top, &bottom, parcels)?;
    let (above, below) = (Reader::open(&top.data)?, Reader::open(&bottom.data)?);

    let all = (0..parcels).map(|nth| IpAddr::from((0x0A00_0000_u32 + nth).to_be_bytes()).to_string());
    top.put("2026-11-20-scan_rdp-nederland-geo.csv", &report("high", all))?;
    let start = Instant::now();
    let away = top.serve()?;
    until("all to be handed over", &[&away], || Ok(waiting(&above)? >= u64::from(parcels)))?;
    let wait_seconds = start.elapsed().as_secs_f64();
    drop(away);

    let (there, here) = (top.serve()?, bottom.serve()?);
    let start = Instant::now();
    let criticals = Conditions { network: Some("172.16.0.0/12".parse()?), ..Conditions::default() };
    let mut put: BTreeMap<IpAddr, (Instant, Option<f64>)> = BTreeMap::new();
    let (mut looked, mut wait, mut counted) = (0, u64::from(parcels), start);
    until("all to be drained", &[&there, &here], || {
        // Counting what waits takes long while there is much.
        if counted.elapsed() >= COUNT_EVERY {
            (wait, counted) = (waiting(&above)?, Instant::now());
        }
        if wait > 0 && start.elapsed() >= CRITICAL_EVERY * put.len() as u32 {
            let ip = IpAddr::from((0xAC10_0000_u32 + put.len() as u32).to_be_bytes());
            let name = format!("2026-11-20-scan_rdp-critical{}-geo.csv", put.len());
            put.insert(ip, (Instant::now(), None));
            top.put(&name, &report("critical", [ip.to_string()].into_iter()))?;
        }
        // Only what is new since the last look is looked through.
        let known = below.read(findings::count)?;
        if known > looked {
            let mut before = None;
            loop {
                let page =
                    below.read(|connection| finding_list::page(connection, &criticals, before, 1_000))?;
                for finding in page.findings.iter().filter(|finding| finding.id.0 >= looked) {
                    let Some((since, taken)) = finding.first.ip.and_then(|ip| put.get_mut(&ip)) else {
                        continue;
                    };
                    taken.get_or_insert(since.elapsed().as_secs_f64());
                }
                before = page.next.filter(|next| next.0 > looked);
                if before.is_none() {
                    break;
                }
            }
            looked = known;
        }
        Ok(wait == 0 && put.values().all(|(_, taken)| taken.is_some()))
    })?;
    let drain_seconds = start.elapsed().as_secs_f64();
    drop((there, here));
    let arrived = u64::from(below.read(findings::count)?);
    let expected = u64::from(parcels) + put.len() as u64;
    anyhow::ensure!(arrived == expected, "{arrived} findings arrived of {expected}");
    let mut critical_seconds: Vec<f64> = put.into_values().filter_map(|(_, taken)| taken).collect();
    critical_seconds.sort_by(f64::total_cmp);
    Ok(Drain { parcels, wait_seconds, drain_seconds, critical_seconds })
}
