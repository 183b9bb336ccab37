//! Tables of announced prefixes in every format, good and bad.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::io::{Cursor, Read, Write};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use schakel_formats::register::announced::{LINE_BYTES_MAX, TableFormat, TableReading, read_table};
use schakel_model::announced::{AnnouncedPrefix, Origin};

fn read(text: impl AsRef<[u8]>) -> TableReading {
    read_table(&mut Cursor::new(text.as_ref()), None)
}

fn lines(reading: &TableReading) -> Vec<String> {
    let origin = |origin: &Origin| match origin {
        Origin::Asn(asn) => format!("AS{asn}"),
        Origin::Handle(handle) => handle.clone(),
    };
    reading.prefixes.iter().map(|prefix| format!("{} {}", prefix.net, origin(&prefix.origin))).collect()
}

fn bad(reading: &TableReading) -> Vec<String> {
    assert_eq!(reading.bad, reading.bad_lines.len() as u64);
    reading.bad_lines.iter().map(ToString::to_string).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

const GOOD: [&str; 5] = [
    "192.0.2.0/24 AS64496",
    "198.51.100.0/25 AS64497",
    "198.51.100.128/26 AS64497",
    "198.51.100.192/32 AS64497",
    "2001:db8::/32 AS64498",
];

#[test]
fn every_format_says_the_same() {
    let iptoasn = "192.0.2.0\t192.0.2.255\t64496\tNL\tEXAMPLE - One\n\
        198.51.100.0\t198.51.100.192\t64497\tNL\tTWO\n\
        203.0.113.0\t203.0.113.255\t0\tNone\tNot routed\n\
        2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64498\tNL\tTHREE\n";
    let reading = read(iptoasn);
    assert_eq!((reading.format, reading.lines, reading.skipped), (TableFormat::Iptoasn, 4, 1));
    assert_eq!((lines(&reading), bad(&reading)), (GOOD.map(str::to_owned).to_vec(), vec![]));

    let csv = "prefix,asn,as_name\r\n192.0.2.0/24,64496,\"Example, Inc.\"\r\n198.51.100.0/25,AS64497,Two\r\n\
        198.51.100.128/26,as64497,\n198.51.100.192/32,64497\n203.0.113.0/24,,nobody\n2001:db8::/32,64498,\"a \"\"b\"\"\"";
    let ranges = "range_start;range_end;country;asn\n192.0.2.0;192.0.2.255;NL;64496\n198.51.100.0;198.51.100.192;NL;64497\n\
        2001:db8::;2001:db8:ffff:ffff:ffff:ffff:ffff:ffff;NL;64498\n";
    let bare = "192.0.2.0,192.0.2.255,64496,Example\n198.51.100.0,198.51.100.192,64497,Two\n\
        2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64498,Three";
    for text in [csv, ranges, bare, &format!("\u{feff}# a remark\n\n{csv}")] {
        let reading = read(text);
        assert_eq!(reading.format, TableFormat::Csv, "{text}");
        assert_eq!((lines(&reading), bad(&reading)), (GOOD.map(str::to_owned).to_vec(), vec![]), "{text}");
    }

    let delegated = "2|ripencc|1763680000|5|19830705|20261121|+0100\nripencc|*|ipv4|*|3|summary\n\
        ripencc|NL|asn|64496|1|20100101|allocated|one\nripencc|NL|ipv4|192.0.2.0|256|20100101|assigned|one\n\
        ripencc|NL|ipv4|198.51.100.0|193|20100101|allocated|two\nripencc|NL|asn|64497|1|20100101|allocated|two\n\
        ripencc|NL|ipv4|203.0.113.0|256||available|\nripencc|NL|ipv4|203.0.113.0|256|20100101|allocated|no-asn\n\
        ripencc|NL|ipv6|2001:db8::|32|20100101|allocated|three\nripencc|NL|asn|64498|1|20100101|allocated|three\n";
    let reading = read(delegated);
    assert_eq!((reading.format, reading.skipped), (TableFormat::Delegated, 2));
    assert_eq!((lines(&reading), bad(&reading)), (GOOD.map(str::to_owned).to_vec(), vec![]));

    let routes = "# route\n\nroute:          192.0.2.0/24\ndescr:          Example\n                goes on\norigin:         AS64496 # here\n\
        org:            ORG-EX1-RIPE\n\nroute:198.51.100.0/25\norigin:AS64497\n\nroute:198.51.100.128/26\norigin:AS64497\n\n\
        route:198.51.100.192/32\norigin:AS64497\n\nroute6:         2001:db8::/32\norigin:         AS64498\n\nmntner: X\n";
    let reading = read(routes);
    assert_eq!((reading.format, reading.skipped), (TableFormat::Ripe, 1));
    assert_eq!((lines(&reading), bad(&reading)), (GOOD.map(str::to_owned).to_vec(), vec![]));
}

#[test]
fn registry_objects_are_listed_under_their_organisation() {
    let text = b"% RIPE\n\ninetnum:        192.0.2.0 - 192.0.2.191\nnetname:        EX\ndescr:          Caf\xe9\norg:            org-ex1-ripe\n\n\
        inetnum:        192.0.2.0 - 192.0.2.15\nnetname:        WITHOUT\n\ninet6num:       2001:db8::/32\norg:            ORG-EX2-RIPE\nsource:         RIPE # Filtered\n";
    let reading = read(text);
    assert_eq!(
        lines(&reading),
        ["192.0.2.0/25 ORG-EX1-RIPE", "192.0.2.128/26 ORG-EX1-RIPE", "2001:db8::/32 ORG-EX2-RIPE"]
    );
    assert_eq!((reading.skipped, bad(&reading)), (1, vec![]));
    let csv = "ripe_handle,prefix,asn\nORG-EX1-RIPE,192.0.2.0/24,64496\n,192.0.2.0/25,64496\nORG-EX1-RIPE,192.0.2.0/26,\n";
    assert_eq!(
        lines(&read(csv)),
        [
            "192.0.2.0/24 AS64496",
            "192.0.2.0/24 ORG-EX1-RIPE",
            "192.0.2.0/25 AS64496",
            "192.0.2.0/26 ORG-EX1-RIPE"
        ]
    );
}

#[test]
fn the_country_is_kept_where_a_table_has_one() {
    let countries = |text: &str| -> Vec<String> {
        let reading = read(text);
        assert_eq!(bad(&reading), [""; 0], "{text}");
        let country =
            |prefix: &AnnouncedPrefix| prefix.country.map_or("-".to_owned(), |code| code.to_string());
        reading.prefixes.iter().map(|prefix| format!("{} {}", prefix.net, country(prefix))).collect()
    };
    // What is no country leaves a line as it is, without one.
    let codes =
        [("NL", "NL"), ("be", "BE"), ("None", "-"), ("ZZ", "-"), ("EU", "-"), ("NLD", "-"), ("", "-")];
    let expected: Vec<String> =
        (0..).zip(codes).map(|(net, (_, country))| format!("10.{net}.0.0/16 {country}")).collect();
    let table = |head: &str, line: &dyn Fn(usize, &str) -> String| {
        let lines = codes.iter().enumerate().map(|(net, (code, _))| line(net, code));
        countries(&format!("{head}{}", lines.collect::<String>()))
    };
    let iptoasn = table("", &|net, code| format!("10.{net}.0.0\t10.{net}.255.255\t64496\t{code}\tEXAMPLE\n"));
    assert_eq!(iptoasn, expected);
    for name in ["country", "Country_Code", "cc"] {
        let csv =
            table(&format!("prefix,{name},asn\n"), &|net, code| format!("10.{net}.0.0/16,{code},64496\n"));
        assert_eq!(csv, expected, "{name}");
    }
    let delegated = table("ripencc|DE|asn|64496|1|20100101|allocated|one\n", &|net, code| {
        format!("ripencc|{code}|ipv4|10.{net}.0.0|65536|20100101|allocated|one\n")
    });
    assert_eq!(delegated, expected);
    let ripe = table("", &|net, code| {
        format!("inetnum: 10.{net}.0.0 - 10.{net}.255.255\ncountry: {code} # there\norg: ORG-EX1-RIPE\n\n")
    });
    assert_eq!(ripe, expected);

    // Columns that have no name are no countries, and short lines have none.
    assert_eq!(countries("10.0.0.0,10.0.255.255,64496,NL\n"), ["10.0.0.0/16 -"]);
    assert_eq!(countries("10.0.0.0\t10.0.255.255\t64496\n"), ["10.0.0.0/16 -"]);
    // A split range has it in every part; a range in several countries has none; a route says none.
    let objects = "inetnum: 192.0.2.0 - 192.0.2.191\norg: ORG-EX1-RIPE\ncountry: NL\ncountry: nl\n\n\
        inet6num: 2001:db8::/32\ncountry: NL\ncountry: DE\norg: ORG-EX1-RIPE\n\n\
        inet6num: 2001:db9::/32\ncountry: NL\ncountry: EU\norg: ORG-EX1-RIPE\n\nroute: 198.51.100.0/24\norigin: AS64496\n";
    let expected =
        ["192.0.2.0/25 NL", "192.0.2.128/26 NL", "2001:db8::/32 -", "2001:db9::/32 -", "198.51.100.0/24 -"];
    assert_eq!(countries(objects), expected);
}

#[test]
fn a_bad_line_is_named_and_the_rest_is_read() {
    let long = format!("192.0.2.0/24,{}", "6".repeat(LINE_BYTES_MAX));
    let text = format!(
        "prefix,asn\n192.0.2.1/24,1\nabc,1\n0.0.0.0/0,1\n::/0,1\n192.0.2.0/33,1\n192.0.2.0/24,x\n192.0.2.0/24,4294967296\n{long}\n\
         192.0.2.0/24\n::ffff:192.0.2.0/120,64496\n"
    );
    let reading = read(&text);
    assert_eq!(lines(&reading), ["192.0.2.0/24 AS64496"], "mapped IPv6 is IPv4");
    assert_eq!(
        bad(&reading),
        [
            "line 2: `192.0.2.1/24` has bits behind its length: is 192.0.2.0/24 meant?",
            "line 3: `abc` is no prefix",
            "line 4: `0.0.0.0/0` is everything, which nobody announces",
            "line 5: `::/0` is everything, which nobody announces",
            "line 6: `192.0.2.0/33` is no prefix",
            "line 7: `x` is no AS number",
            "line 8: `4294967296` is no AS number",
            "line 9: longer than 64 kB",
        ]
    );
    assert_eq!(reading.skipped, 1, "a line without an AS number");

    let text = "192.0.2.0\t192.0.1.0\t1\n192.0.2.0\t2001:db8::\t1\n0.0.0.0\t255.255.255.255\t1\n192.0.2.0\n\x1b[31m\t1.2.3.4\t1\n";
    let reading = read_table(&mut Cursor::new(text), Some(TableFormat::Iptoasn));
    assert_eq!(
        bad(&reading),
        [
            "line 1: 192.0.2.0 to 192.0.1.0 is no range",
            "line 2: 192.0.2.0 to 2001:db8:: is no range",
            "line 3: 0.0.0.0 to 255.255.255.255 is everything, which nobody announces",
            "line 4: `` is no address",
            "line 5: `[31m` is no address",
        ]
    );

    let text = "route: 192.0.2.0/24\n\nroute: 192.0.2.0/24\norigin: AS\n\nroute: x\norigin: AS1\n\ninetnum: 192.0.2.0/24\norg: Example\n\nnothing here\n";
    assert_eq!(
        bad(&read(text)),
        [
            "line 1: a route without `origin:`",
            "line 6: `x` is no prefix",
            "line 9: `Example` is no handle of an organisation",
            "line 12: no attribute: a line of an object is `name: value`",
        ]
    );

    let text = "ripencc|NL|asn|1|1|20100101|allocated|h\nripencc|NL|asn|x|1|20100101|allocated|h\nripencc|NL|asn|1|5000|20100101|allocated|h\n\
        ripencc|NL|ipv4|192.0.2.0|0|20100101|allocated|h\nripencc|NL|ipv4|255.255.255.0|512|20100101|allocated|h\n\
        ripencc|NL|ipv6|2001:db8::|129|20100101|allocated|h\nripencc|NL|mac|1|1|20100101|allocated|h\nripencc|NL|ipv4\n\
        ripencc|NL|ipv4|192.0.2.0|256|20100101|allocated|h\n";
    let reading = read(text);
    assert_eq!(
        (reading.bad, lines(&reading)),
        (7, vec!["192.0.2.0/24 AS1".to_owned()]),
        "{:?}",
        bad(&reading)
    );
}

#[test]
fn a_table_that_is_none_says_what_it_needs() {
    for text in ["organisation,kind\nGM0001,prefix\n", "prefix,name\n192.0.2.0/24,x\n", "hello\n"] {
        let reading = read(text);
        assert!(reading.prefixes.is_empty());
        assert!(bad(&reading)[0].contains("it needs a column `prefix`"), "{:?}", bad(&reading));
    }
    assert_eq!(lines(&read("")), Vec::<String>::new());
}

#[test]
fn a_packed_table_that_breaks_off_says_so() {
    let text: String = (0..60_000u32)
        .map(|at| {
            format!(
                "10.{}.{}.0\t10.{}.{}.255\t{}\tNL\tX\n",
                at >> 8,
                at & 255,
                at >> 8,
                at & 255,
                64_496 + at % 7
            )
        })
        .collect();
    let packed = gzip(text.as_bytes());
    let whole = read(&packed);
    assert_eq!((whole.prefixes.len(), whole.broken_off.as_deref()), (60_000, None));
    let cut = read(&packed[..packed.len() / 2]);
    assert!(!cut.prefixes.is_empty() && cut.prefixes.len() < 60_000);
    let why = cut.broken_off.unwrap();
    assert!(why.starts_with("it breaks off after line"), "{why}");
    // Two streams one after the other are one file.
    let mut twice = packed.clone();
    twice.extend_from_slice(&packed);
    assert_eq!(read(&twice).prefixes.len(), 120_000);
}

#[test]
fn the_announced_prefixes_of_the_netherlands_are_read_whole() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/real/nl-prefixes-asn.csv");
    let Ok(mut file) = std::fs::File::open(path) else {
        println!("skipped: {path} is not there");
        return;
    };
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    let reading = read(&text);
    assert_eq!((reading.prefixes.len(), bad(&reading)), (text.lines().count() - 1, vec![]));
}

proptest! {
    #[test]
    fn whatever_stands_in_a_file_it_is_read(text in "[\\PC\t\n|:,/.0-9]{0,300}", format in 0usize..5) {
        let format = TableFormat::ALL.get(format).copied();
        let reading = read_table(&mut Cursor::new(text.as_bytes()), format);
        prop_assert!(reading.bad <= reading.lines);
        for prefix in &reading.prefixes {
            prop_assert_eq!(prefix.net, prefix.net.trunc());
        }
    }

    /// A range is exactly the prefixes it is split into.
    #[test]
    fn a_range_is_the_sum_of_its_prefixes(first: u32, length in 0u32..5_000) {
        let last = first.saturating_add(length);
        let [from, until] = [first, last].map(std::net::Ipv4Addr::from_bits);
        let reading = read(format!("{from}\t{until}\t64496\n"));
        let mut next = u64::from(first);
        for prefix in &reading.prefixes {
            let ipnet::IpNet::V4(net) = prefix.net else { panic!() };
            prop_assert_eq!(u64::from(net.network().to_bits()), next);
            next = u64::from(net.broadcast().to_bits()) + 1;
        }
        prop_assert_eq!(next, u64::from(last) + 1);
    }
}
