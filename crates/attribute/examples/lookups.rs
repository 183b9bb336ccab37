//! Measures random look-ups on one core, the time to build, and what the tables take. A look-up is a whole
//! [`Snapshot::assign`]: finding, judging and sorting. The last line asks as a row of a report does, with address, PTR
//! name, AS number and country, against the register of a national constituency.
//!
//! `cargo run --release -p schakel-attribute --example lookups [ASSETS…]`, by default 100000 and 5000000.

#![allow(clippy::print_stdout, clippy::expect_used, missing_docs)]

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

const LOOKUPS: usize = 2_000_000;
const ROUNDS: usize = 40;

enum Asked {
    Address(IpAddr),
    Name(String),
    Row(IpAddr, String),
}

fn main() {
    let mut sizes: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![100_000, 5_000_000];
    }
    println!(
        "{:<8} {:>9} {:>9} {:>9} {:>12} {:>6}",
        "table", "assets", "build s", "MB", "look-ups/s", "hits"
    );
    for count in sizes {
        measure("v4", count, v4_asset, |random, assets| Asked::Address(inside(random, assets)));
        measure("v6", count, v6_asset, |random, assets| Asked::Address(inside(random, assets)));
        measure("domains", count, domain_asset, |random, assets| Asked::Name(below(random, assets)));
    }
    let one_of_each = |random: &mut Random| match random.next() % 3 {
        0 => v4_asset(random),
        1 => v6_asset(random),
        _ => domain_asset(random),
    };
    measure("a row", 4_200, one_of_each, |random, assets| {
        Asked::Row(inside(random, assets), format!("{}.{}.example.nl", word(random), word(random)))
    });
    println!(
        "beside the tables, the register itself takes {} bytes an asset and its texts",
        size_of::<Asset>()
    );
}

fn measure(
    table: &str,
    count: usize,
    value: impl Fn(&mut Random) -> AssetValue,
    asked: impl Fn(&mut Random, &[Asset]) -> Asked,
) {
    let mut random = Random(42);
    let assets: Vec<Asset> = (0..count).map(|at| asset(at, value(&mut random), &mut random)).collect();
    let register = Register { version: RegisterVersion(1), assets, ..Register::default() };
    let before = Instant::now();
    let snapshot = Snapshot::build(&register);
    let build = before.elapsed().as_secs_f64();
    let questions: Vec<Asked> = (0..LOOKUPS).map(|_| asked(&mut random, &register.assets)).collect();
    drop(register);
    let mut scratch = Scratch::default();
    let mut hits = 0usize;
    let mut observation = observation();
    // The best of many rounds: other work on the machine only ever makes a round slower.
    let mut best = f64::INFINITY;
    for round in questions.chunks(LOOKUPS / ROUNDS) {
        let before = Instant::now();
        for question in round {
            match question {
                Asked::Address(ip) => observation.source.ip = Some(*ip),
                Asked::Name(name) => observation.source.fqdn = Cow::Borrowed(name),
                Asked::Row(ip, reverse_dns) => {
                    observation.source.ip = Some(*ip);
                    observation.source.reverse_dns = Cow::Borrowed(reverse_dns);
                    observation.source.asn = 64_496;
                    observation.source.country = *b"NL";
                }
            }
            hits += usize::from(!black_box(snapshot.assign(&observation, &mut scratch)).is_empty());
        }
        best = best.min(before.elapsed().as_secs_f64() / round.len() as f64);
    }
    let rate = 1.0 / best;
    let sizes = snapshot.sizes();
    let bytes = sizes.v4_bytes + sizes.v6_bytes + sizes.names_bytes;
    println!(
        "{table:<8} {count:>9} {build:>9.2} {:>9.0} {rate:>12.0} {:>5.0}%",
        bytes as f64 / 1e6,
        100.0 * hits as f64 / LOOKUPS as f64
    );
}

fn asset(at: usize, value: AssetValue, random: &mut Random) -> Asset {
    Asset {
        id: AssetId(at as u32),
        organisation: OrganisationId((random.next() % 5_000) as u32),
        value,
        role: if random.next().is_multiple_of(8) { Role::Supplier } else { Role::Owner },
        valid_from: None,
        valid_until: None,
        proof: Proof::Desk,
        flags: AssetFlags::default(),
        note: String::new(),
    }
}

/// Prefixes of the lengths that are announced and registered, nested as they fall.
fn v4_asset(random: &mut Random) -> AssetValue {
    let len = 16 + (random.next() % 15) as u8;
    let net = Ipv4Net::new(Ipv4Addr::from_bits(random.next() as u32), len).expect("a length below 32");
    AssetValue::Prefix(IpNet::V4(net.trunc()))
}

/// Within 2000::/3, from /29 to /64.
fn v6_asset(random: &mut Random) -> AssetValue {
    let len = 29 + (random.next() % 36) as u8;
    let bits = (u128::from(random.next()) << 64 | u128::from(random.next())) >> 3 | 1 << 125;
    let net = Ipv6Net::new(Ipv6Addr::from_bits(bits), len).expect("a length below 128");
    AssetValue::Prefix(IpNet::V6(net.trunc()))
}

fn domain_asset(random: &mut Random) -> AssetValue {
    let name = format!("{}{}.nl", word(random), random.next() % 10_000);
    match random.next() % 4 {
        0 => AssetValue::Hostname(format!("www.{name}")),
        _ => AssetValue::Domain(name),
    }
}

/// An address in one of the prefixes.
fn inside(random: &mut Random, assets: &[Asset]) -> IpAddr {
    match &assets[random.next() as usize % assets.len()].value {
        AssetValue::Prefix(IpNet::V4(net)) => {
            let host = random.next() as u32 & net.hostmask().to_bits();
            IpAddr::V4(Ipv4Addr::from_bits(net.network().to_bits() | host))
        }
        AssetValue::Prefix(IpNet::V6(net)) => {
            let host = u128::from(random.next()) & net.hostmask().to_bits();
            IpAddr::V6(Ipv6Addr::from_bits(net.network().to_bits() | host))
        }
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

/// A name below one of the domains; every fourth one is nobody's.
fn below(random: &mut Random, assets: &[Asset]) -> String {
    if random.next().is_multiple_of(4) {
        return format!("{}.{}.example.com", word(random), word(random));
    }
    match &assets[random.next() as usize % assets.len()].value {
        AssetValue::Domain(name) => format!("{}.{name}", word(random)),
        AssetValue::Hostname(name) => name.clone(),
        _ => String::new(),
    }
}

fn word(random: &mut Random) -> String {
    let letters = 4 + random.next() % 8;
    (0..letters).map(|_| char::from(b'a' + (random.next() % 26) as u8)).collect()
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

/// SplitMix64: the same corpus every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
