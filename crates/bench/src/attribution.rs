//! Random look-ups on one core, the time to build a table, and what it takes. A look-up is a whole [`Snapshot::assign`]: finding,
//! judging and sorting.

use std::{
    borrow::Cow,
    hint::black_box,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Instant,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use schakel_attribute::{Scratch, Snapshot};
use schakel_model::{
    asset::{Asset, AssetFlags, AssetValue, Proof, Role},
    classification::ClassificationType,
    ids::{AssetId, OrganisationId, RegisterVersion},
    observation::{Endpoint, Identity, Observation, ObservedAt, Polarity, Transport},
    register::Register,
    severity::Severity,
};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{bytes, count, rate, seconds},
    random::Random,
    table::Table,
};

/// Registers that are looked up in: a national one, and the world's.
pub const SMALL_REGISTER: usize = 100_000;
/// See [`SMALL_REGISTER`].
pub const LARGE_REGISTER: usize = 5_000_000;

const LOOK_UPS: usize = 1_000_000;
/// Of many short rounds the best counts: other work on the machine only ever makes a round slower.
const ROUNDS: usize = 20;

/// Which table is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// IPv4 prefixes.
    V4,
    /// IPv6 prefixes.
    V6,
    /// Domains and host names.
    Domains,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::V4, Self::V6, Self::Domains];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
            Self::Domains => "domains",
        }
    }
}

/// What look-ups took.
#[derive(Serialize, Deserialize)]
pub struct Attribution {
    /// To build the table.
    pub build_seconds: f64,
    /// What it takes.
    pub bytes: u64,
    /// Look-ups a second.
    pub rate: f64,
}

impl Attribution {
    /// As lines of the table.
    pub fn show(&self, kind: Kind, assets: usize, table: &mut Table) {
        let name = format!("{} of {}", kind.as_str(), count(assets as u64));
        let large = assets >= LARGE_REGISTER;
        let asked = match kind {
            _ if large => "≥ 0.7 M look-ups/s",
            Kind::V4 => "≥ 5 M look-ups/s",
            Kind::V6 => "≥ 3 M look-ups/s",
            Kind::Domains => "≥ 2 M look-ups/s",
        };
        table.line(&name, rate(self.rate, "look-ups"), asked, "");
        let (build, two) = (seconds(self.build_seconds), bytes(2 * self.bytes));
        let asked = if large { "≤ 3 s; ≤ 1 GB" } else { "" };
        table.line(format!("{name}: build; two at a swap"), format!("{build}; {two}"), asked, "");
    }
}

enum Asked {
    Address(IpAddr),
    Name(String),
}

/// Builds a table and asks it.
pub fn measure(kind: Kind, count: usize) -> Attribution {
    let mut random = Random(42);
    let assets: Vec<Asset> = (0..count).map(|at| asset(at, kind, &mut random)).collect();
    let register = Register { version: RegisterVersion(1), assets, ..Register::default() };
    let start = Instant::now();
    let snapshot = Snapshot::build(&register);
    let build_seconds = start.elapsed().as_secs_f64();
    let questions: Vec<Asked> = (0..LOOK_UPS).map(|_| question(&mut random, &register.assets)).collect();
    drop(register);
    let mut scratch = Scratch::default();
    let mut observation = observation();
    let mut best = f64::INFINITY;
    for round in questions.chunks(LOOK_UPS / ROUNDS) {
        let start = Instant::now();
        for question in round {
            match question {
                Asked::Address(ip) => observation.source.ip = Some(*ip),
                Asked::Name(name) => observation.source.fqdn = Cow::Borrowed(name),
            }
            black_box(snapshot.assign(&observation, &mut scratch));
        }
        best = best.min(start.elapsed().as_secs_f64() / round.len() as f64);
    }
    let sizes = snapshot.sizes();
    let bytes = (sizes.v4_bytes + sizes.v6_bytes + sizes.names_bytes) as u64;
    Attribution { build_seconds, bytes, rate: 1.0 / best }
}

fn asset(at: usize, kind: Kind, random: &mut Random) -> Asset {
    let value = match kind {
        Kind::V4 => v4_value(random),
        Kind::V6 => v6_value(random),
        Kind::Domains => name_value(random),
    };
    Asset {
        id: AssetId(at as u32),
        organisation: OrganisationId(random.below(5_000) as u32),
        value,
        role: if random.below(8) == 0 { Role::Supplier } else { Role::Owner },
        valid_from: None,
        valid_until: None,
        proof: Proof::Desk,
        flags: AssetFlags::default(),
        note: String::new(),
    }
}

/// Prefixes of the lengths that are announced and registered, nested as they fall.
fn v4_value(random: &mut Random) -> AssetValue {
    let length = 16 + random.below(15) as u8;
    let net = Ipv4Net::new(Ipv4Addr::from_bits(random.next() as u32), length).expect("a length below 32");
    AssetValue::Prefix(IpNet::V4(net.trunc()))
}

/// Within 2000::/3, from /29 to /64.
fn v6_value(random: &mut Random) -> AssetValue {
    let length = 29 + random.below(36) as u8;
    let bits = (u128::from(random.next()) << 64 | u128::from(random.next())) >> 3 | 1 << 125;
    let net = Ipv6Net::new(Ipv6Addr::from_bits(bits), length).expect("a length below 128");
    AssetValue::Prefix(IpNet::V6(net.trunc()))
}

fn name_value(random: &mut Random) -> AssetValue {
    let name = format!("{}{}.nl", word(random), random.below(10_000));
    match random.below(4) {
        0 => AssetValue::Hostname(format!("www.{name}")),
        _ => AssetValue::Domain(name),
    }
}

/// An address in one of the prefixes, or a name below one of the domains; every fourth name is nobody's.
fn question(random: &mut Random, assets: &[Asset]) -> Asked {
    match &assets[random.below(assets.len() as u64) as usize].value {
        AssetValue::Prefix(IpNet::V4(net)) => {
            let host = random.next() as u32 & net.hostmask().to_bits();
            Asked::Address(IpAddr::V4(Ipv4Addr::from_bits(net.network().to_bits() | host)))
        }
        AssetValue::Prefix(IpNet::V6(net)) => {
            let host = u128::from(random.next()) & net.hostmask().to_bits();
            Asked::Address(IpAddr::V6(Ipv6Addr::from_bits(net.network().to_bits() | host)))
        }
        AssetValue::Domain(_) | AssetValue::Hostname(_) if random.below(4) == 0 => {
            Asked::Name(format!("{}.{}.example.com", word(random), word(random)))
        }
        AssetValue::Hostname(name) => Asked::Name(name.clone()),
        AssetValue::Domain(name) => Asked::Name(format!("{}.{name}", word(random))),
        _ => Asked::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    }
}

fn word(random: &mut Random) -> String {
    let letters = 4 + random.below(8);
    (0..letters).map(|_| char::from(b'a' + random.below(26) as u8)).collect()
}

fn observation<'a>() -> Observation<'a> {
    Observation {
        observed_at: ObservedAt(1_790_000_000),
        source: Endpoint::default(),
        target: Endpoint::default(),
        transport: Transport::Tcp,
        classification: ClassificationType::VulnerableSystem,
        identifier: Cow::Borrowed(""),
        malware: Cow::Borrowed(""),
        severity: Severity::Low,
        polarity: Polarity::Seen,
        identity: Identity::SERVICE,
    }
}
