//! Measures reading, comparing keys and writing of a large register.
//!
//! `cargo run --release -p schakel-formats --example register_speed [ASSETS]`, by default 5000000.

#![allow(clippy::print_stdout, missing_docs)]

use std::{fmt::Write, time::Instant};

use schakel_formats::register::{read, write};

fn main() {
    let count: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(5_000_000);
    let mut organisations = "id,name,kind,parent,language\n".to_owned();
    let mut contacts = "organisation,role,name,email,phone,language,tlp_max\n".to_owned();
    for organisation in 0..5_000 {
        let _ = writeln!(organisations, "GM{organisation:04},Gemeente {organisation},municipality,,nl");
        let _ = writeln!(contacts, "GM{organisation:04},vcib,,vcib@g{organisation}.example,,nl,RED");
    }
    let mut assets = "organisation,kind,value,role,valid_from,valid_until,proof,flags,note\n".to_owned();
    for asset in 0..count {
        let organisation = asset.wrapping_mul(2_654_435_761) % 5_000;
        let _ = match asset % 3 {
            0 => {
                let ip = std::net::Ipv4Addr::from_bits(0x0B00_0000 + (asset / 3) * 16);
                writeln!(assets, "GM{organisation:04},prefix,{ip}/28,owner,2020-01-01,,rdap,,")
            }
            1 => writeln!(assets, "GM{organisation:04},domain,name{asset}.example,owner,,,dns,,"),
            _ => writeln!(assets, "GM{organisation:04},hostname,www{asset}.name.example,supplier,,,,,noted"),
        };
    }
    println!("{count} assets, {} MB", assets.len() / 1_000_000);
    let before = Instant::now();
    let reading = read(organisations.as_bytes(), assets.as_bytes(), contacts.as_bytes(), b"");
    println!(
        "read   {:>6.2} s, {} errors, {} notes",
        before.elapsed().as_secs_f64(),
        reading.errors,
        reading.notes
    );
    let before = Instant::now();
    let written = write(&reading.files);
    println!("write  {:>6.2} s, {} MB", before.elapsed().as_secs_f64(), written.assets.len() / 1_000_000);
}
