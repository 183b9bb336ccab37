//! A register of a million organisations with five million assets, and 770,000 announced prefixes: taking it in, asking it, and swapping it
//! while reports come in.

use std::{
    fs::File,
    io::{BufWriter, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use schakel_app::{
    announced::{PrefixImport, Said},
    explain::{Question, explain},
    intake::Intake,
    pipeline::run::Progress,
    reading::Reading,
};
use schakel_attribute::{Input, InputKind};
use schakel_demo::world::World;
use schakel_model::{
    asset::{Asset, AssetFlags, AssetValue, Proof, Role},
    clock::Clock,
    ids::{AssetId, ContactId, OrganisationId},
    language::Language,
    register::{Contact, ContactRole, Organisation, OrganisationKind},
    tlp::Tlp,
};
use schakel_store::{
    Reader, Store,
    data_dir::DataDir,
    register::{self, RegisterChange},
};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{bytes_if_known, count, seconds},
    installation,
    random::Random,
    resources,
    table::Table,
};

const ORGANISATIONS: u32 = 1_000_000;
const ASSETS: usize = 5_000_000;
const PREFIXES_V4: usize = 600_000;
const PREFIXES_V6: usize = 170_000;

/// A register that was recorded.
#[derive(Serialize, Deserialize)]
pub struct Recorded {
    assets: u64,
    seconds: f64,
    load_seconds: f64,
    peak_memory_bytes: Option<u64>,
    folder_bytes: u64,
}

impl Recorded {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let what = format!("a register of {} assets: recorded", count(self.assets));
        table.line(what, seconds(self.seconds), "≤ 120 s with reading", "");
        table.line("loaded and built again", seconds(self.load_seconds), "", "");
        let memory = bytes_if_known(self.peak_memory_bytes);
        table.line(
            "peak memory; store",
            format!("{memory}; {}", bytes_if_known(Some(self.folder_bytes))),
            "",
            "",
        );
    }
}

/// Records the register as one version after the demo's.
pub fn record(data: &Path) -> anyhow::Result<Recorded> {
    drop(installation::open(data)?);
    let data = DataDir::new(data);
    let change = large_change();
    let assets = change.assets.len() as u64;
    let mut store = Store::open(&data)?;
    let start = Instant::now();
    store.change_register(Clock::system().now_seconds(), "bench", "a large register", &change)?;
    let recorded = start.elapsed();
    drop((change, store));
    let start = Instant::now();
    let intake = Intake::open(&data, Clock::system())?;
    let load = start.elapsed();
    drop(intake);
    Ok(Recorded {
        assets,
        seconds: recorded.as_secs_f64(),
        load_seconds: load.as_secs_f64(),
        peak_memory_bytes: resources::peak_memory_bytes(),
        folder_bytes: resources::folder_bytes(data.root()),
    })
}

/// Every address that reports are about is an asset of some organisation; the rest is prefixes and names all over.
fn large_change() -> RegisterChange {
    let mut random = Random(7);
    let code = |number: u64| format!("BENCH{number:07}");
    let world = World::new();
    let addresses = world.v4_addresses().map(|(address, _)| AssetValue::Address(IpAddr::V4(address)));
    let mut values: Vec<AssetValue> = addresses.take(ASSETS).collect();
    while values.len() < ASSETS {
        values.push(match random.below(4) {
            0 => {
                let net =
                    Ipv4Net::new(Ipv4Addr::from_bits(random.next() as u32), 20 + random.below(10) as u8);
                AssetValue::Prefix(IpNet::V4(net.expect("a length below 32").trunc()))
            }
            1 => {
                let bits = (u128::from(random.next()) << 64 | u128::from(random.next())) >> 3 | 1 << 125;
                let net = Ipv6Net::new(Ipv6Addr::from_bits(bits), 32 + random.below(32) as u8);
                AssetValue::Prefix(IpNet::V6(net.expect("a length below 128").trunc()))
            }
            2 => AssetValue::Domain(format!("d{:x}.example.nl", random.next() >> 24)),
            _ => AssetValue::Hostname(format!("www.d{:x}.example.nl", random.next() >> 24)),
        });
    }
    let asset = |(at, value): (usize, AssetValue), organisation: u64| {
        let asset = Asset {
            id: AssetId(0),
            organisation: OrganisationId(0),
            value,
            role: if at % 8 == 7 { Role::Supplier } else { Role::Owner },
            valid_from: None,
            valid_until: None,
            proof: Proof::Desk,
            flags: AssetFlags::default(),
            note: String::new(),
        };
        (code(organisation), asset)
    };
    let organisation = |number: u32| Organisation {
        id: OrganisationId(0),
        code: code(number.into()),
        name: format!("Organisation {number}"),
        kind: OrganisationKind::Authority,
        parent: None,
        language: Language::Nl,
    };
    let contact = |number: u32| Contact {
        id: ContactId(0),
        organisation: OrganisationId(0),
        role: ContactRole::Vcib,
        name: format!("Contact {number}"),
        email: format!("vcib@d{number}.example.nl"),
        phone: String::new(),
        language: Language::Nl,
        tlp_max: Tlp::Red,
        position: 0,
        valid_from: None,
        valid_until: None,
    };
    let mut owners: Vec<u64> = (0..ASSETS).map(|_| random.below(ORGANISATIONS.into())).collect();
    owners.sort_unstable();
    // Addresses stand first in the values: they are spread over all organisations.
    let mut places: Vec<usize> = (0..ASSETS).collect();
    places.sort_unstable_by_key(|&at| (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut values: Vec<Option<AssetValue>> = values.into_iter().map(Some).collect();
    let taken = places.iter().map(|&at| (at, values[at].take().expect("each place is taken once")));
    let assets = taken.zip(owners).map(|(value, owner)| asset(value, owner)).collect();
    RegisterChange {
        organisations: (0..ORGANISATIONS).map(organisation).collect(),
        contacts: (0..ORGANISATIONS).map(|number| (code(number.into()), contact(number))).collect(),
        assets,
        ..RegisterChange::default()
    }
}

/// Tables that were taken in.
#[derive(Serialize, Deserialize)]
pub struct Tables {
    prefixes: u64,
    read_seconds: f64,
    apply_seconds: f64,
    again_seconds: f64,
    peak_memory_bytes: Option<u64>,
}

impl Tables {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let what = format!("{} announced prefixes: read, recorded", count(self.prefixes));
        let took = format!("{}, {}", seconds(self.read_seconds), seconds(self.apply_seconds));
        table.line(what, took, "≤ 20 s", "");
        let memory = bytes_if_known(self.peak_memory_bytes);
        table.line(
            "the same again; peak memory",
            format!("{}; {memory}", seconds(self.again_seconds)),
            "",
            "",
        );
    }
}

/// Writes tables as iptoasn has them, and takes them in.
pub fn tables(data: &Path, folder: &Path) -> anyhow::Result<Tables> {
    let file = folder.join("announced.tsv");
    write_tables(&file).with_context(|| format!("cannot write {}", file.display()))?;
    let start = Instant::now();
    let import = PrefixImport::read(&file, None)?;
    let read = start.elapsed();
    anyhow::ensure!(import.reading.bad == 0, "{:?}", import.reading.bad_lines);
    let mut store = Store::open(&DataDir::new(data))?;
    let now = Clock::system().now_seconds();
    let said = Said { now, actor: "bench", reason: "", as_of: now };
    let start = Instant::now();
    import.apply(&mut store, &said)?;
    let applied = start.elapsed();
    let start = Instant::now();
    let (version, _) = import.apply(&mut store, &said)?;
    anyhow::ensure!(version.is_none(), "the same tables changed something");
    Ok(Tables {
        prefixes: import.reading.prefixes.len() as u64,
        read_seconds: read.as_secs_f64(),
        apply_seconds: applied.as_secs_f64(),
        again_seconds: start.elapsed().as_secs_f64(),
        peak_memory_bytes: resources::peak_memory_bytes(),
    })
}

fn write_tables(path: &Path) -> std::io::Result<()> {
    let mut random = Random(11);
    let mut out = BufWriter::new(File::create(path)?);
    for at in 0..PREFIXES_V4 {
        let net = Ipv4Net::new(Ipv4Addr::from_bits((at as u32) * 5_000), 20 + random.below(5) as u8);
        let net = net.expect("a length below 32").trunc();
        writeln!(out, "{}\t{}\t{}\tNL\tEXAMPLE", net.network(), net.broadcast(), 1 + random.below(80_000))?;
    }
    for at in 0..PREFIXES_V6 {
        let bits = 1u128 << 125 | (at as u128) << 90 | u128::from(random.next()) << 60;
        let net = Ipv6Net::new(Ipv6Addr::from_bits(bits), 29 + random.below(20) as u8);
        let net = net.expect("a length below 128").trunc();
        writeln!(out, "{}\t{}\t{}\tNL\tEXAMPLE", net.network(), net.broadcast(), 1 + random.below(80_000))?;
    }
    out.into_inner()?.sync_all()
}

/// A register that was swapped while reports came in.
#[derive(Serialize, Deserialize)]
pub struct Swapped {
    rows: u64,
    ingest_seconds: f64,
    build_seconds: f64,
    /// The longest times between two commits of a report: before, while the new one was built, at the swap itself.
    gap_before_ms: f64,
    gap_building_ms: f64,
    gap_at_swap_ms: f64,
    /// The rates before and meanwhile, in rows a second.
    rate_before: f64,
    rate_building: f64,
    peak_memory_bytes: Option<u64>,
}

impl Swapped {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let gaps = format!(
            "{:.0} ms at the swap; {:.0} ms while building, {:.0} ms before",
            self.gap_at_swap_ms, self.gap_building_ms, self.gap_before_ms
        );
        table.line(
            "a register swapped while reports come in: longest time between commits",
            gaps,
            "no pause > 50 ms",
            "",
        );
        let rates = format!(
            "{} rows/s, before {}; built in {}",
            count(self.rate_building as u64),
            count(self.rate_before as u64),
            seconds(self.build_seconds)
        );
        table.line("meanwhile taken in", rates, "", "");
        table.line("peak memory, two registers at once", bytes_if_known(self.peak_memory_bytes), "", "");
    }
}

/// Takes a report in again and again, each time as another one, while a new version of the register is built and swapped.
pub fn swap(data: &Path, files: &[PathBuf]) -> anyhow::Result<Swapped> {
    let mut intake = installation::open(data)?;
    let start = Instant::now();
    let commits: Mutex<Vec<(Duration, u64)>> = Mutex::new(Vec::new());
    let swapped_at: Mutex<Option<Duration>> = Mutex::new(None);
    let done = AtomicBool::new(false);
    // A version that differs in one organisation: loading and building are those of the whole register.
    let renamed = Organisation {
        id: OrganisationId(0),
        code: "BENCH0000001".to_owned(),
        name: "Renamed".to_owned(),
        kind: OrganisationKind::Authority,
        parent: None,
        language: Language::Nl,
    };
    let change = RegisterChange { organisations: vec![renamed], ..RegisterChange::default() };
    let version = intake.store().change_register(Clock::system().now_seconds(), "bench", "swap", &change)?;
    let (reader, views) = (intake.store().reader()?, intake.views());
    let mut build_begins = None;
    let mut rows = 0;
    thread::scope(|scope| -> anyhow::Result<()> {
        let watching = scope.spawn(|| {
            while !done.load(Relaxed) {
                if views.version() == version {
                    *swapped_at.lock().expect("nobody panics") = Some(start.elapsed());
                    return;
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        let mut reader = Some(reader);
        for (number, file) in files.iter().enumerate() {
            // The first report is taken in by itself, to compare.
            if number == 1
                && let Some(reader) = reader.take()
            {
                build_begins = Some(start.elapsed());
                views.take_up_beside(reader, version)?;
            }
            let before = rows;
            let progress = |progress: &Progress| {
                let commit = (start.elapsed(), before + progress.sums.rows);
                commits.lock().expect("nobody panics").push(commit);
            };
            // The mark of a report's begin is not a gap between commits.
            commits.lock().expect("nobody panics").push((start.elapsed(), u64::MAX));
            rows += intake.ingest(file, &Reading::default(), &progress)?.progress.sums.rows;
            if number > 1 && views.version() == version {
                break;
            }
        }
        done.store(true, Relaxed);
        watching.join().map_err(|_| anyhow::anyhow!("the watching thread panicked"))
    })?;
    let ingest_seconds = start.elapsed().as_secs_f64();
    let commits = commits.into_inner()?;
    let begun = build_begins.context("one report is not enough")?;
    let swapped =
        swapped_at.into_inner()?.context("the register was not swapped before the reports ended")?;
    let gaps: Vec<(Duration, Duration)> = commits
        .windows(2)
        .filter(|pair| pair[0].1 != u64::MAX && pair[1].1 != u64::MAX)
        .map(|pair| (pair[0].0, pair[1].0))
        .collect();
    let longest = |wanted: &dyn Fn(Duration, Duration) -> bool| {
        let wanted = gaps.iter().filter(|(from, until)| wanted(*from, *until));
        wanted.map(|(from, until)| (*until - *from).as_secs_f64() * 1e3).fold(0.0, f64::max)
    };
    let rate = |from: Duration, until: Duration| {
        let inside: Vec<_> =
            commits.iter().filter(|(at, rows)| *rows != u64::MAX && *at >= from && *at <= until).collect();
        match (inside.first(), inside.last()) {
            (Some(first), Some(last)) if last.0 > first.0 => {
                (last.1 - first.1) as f64 / (last.0 - first.0).as_secs_f64()
            }
            _ => 0.0,
        }
    };
    let moment = Duration::from_millis(50);
    Ok(Swapped {
        rows,
        ingest_seconds,
        build_seconds: (swapped - begun).as_secs_f64(),
        gap_before_ms: longest(&|_, until| until <= begun),
        gap_building_ms: longest(&|from, until| from >= begun && until <= swapped),
        gap_at_swap_ms: longest(&|from, until| from <= swapped + moment && until >= swapped),
        rate_before: rate(Duration::ZERO, begun),
        rate_building: rate(begun, swapped),
        peak_memory_bytes: resources::peak_memory_bytes(),
    })
}

/// Questions that were answered.
#[derive(Serialize, Deserialize)]
pub struct Explained {
    first_seconds: f64,
    worst_seconds: f64,
    questions: u64,
    candidates: u64,
}

impl Explained {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let what = format!("explain: the first of a process; the slowest of {} more", self.questions);
        let took = format!("{}; {}", seconds(self.first_seconds), seconds(self.worst_seconds));
        table.line(what, took, "≤ 50 ms", format!("{} candidates", self.candidates));
    }
}

/// Asks by address, name, URL and AS number, now and as known earlier.
pub fn explained(data: &Path) -> anyhow::Result<Explained> {
    let data = DataDir::new(data);
    let start = Instant::now();
    let mut first_seconds = None;
    let (mut worst_seconds, mut questions, mut candidates) = (0.0f64, 0, 0);
    let reader = Reader::open(&data)?;
    let now = Clock::system().now_seconds();
    let recorded = reader.read(register::version)?;
    anyhow::ensure!(recorded.0 > 1, "there is no large register");
    let mut random = Random(5);
    let addresses: Vec<Ipv4Addr> = World::new().v4_addresses().map(|(address, _)| address).collect();
    for at in 0..200 {
        let address = addresses[random.below(addresses.len() as u64) as usize].to_string();
        let asked = match at % 4 {
            0 => [(InputKind::Ip, address), (InputKind::Country, "NL".to_owned())],
            1 => [
                (InputKind::Ip, "2a07:3500::1".to_owned()),
                (InputKind::Domain, "www.a.b.c.example.nl".to_owned()),
            ],
            2 => [(InputKind::Url, format!("https://{address}/a/b")), (InputKind::Asn, "AS1103".to_owned())],
            _ => [(InputKind::Email, "jan@mail.example.nl".to_owned()), (InputKind::Ip, address)],
        };
        let inputs = asked.map(|(kind, text)| Input::read(kind, &text)).into_iter().collect::<Result<_, _>>();
        let inputs = inputs.map_err(anyhow::Error::msg)?;
        let as_known_at = (at % 8 > 3).then_some(now - 1);
        let asked = Instant::now();
        let answer = explain(&reader, &Question { inputs, at: now, as_known_at, now, kind: None })?;
        let took = asked.elapsed().as_secs_f64();
        candidates += answer.candidates.len() as u64;
        match first_seconds {
            None => first_seconds = Some(start.elapsed().as_secs_f64()),
            Some(_) => {
                worst_seconds = worst_seconds.max(took);
                questions += 1;
            }
        }
    }
    Ok(Explained { first_seconds: first_seconds.unwrap_or_default(), worst_seconds, questions, candidates })
}
