//! Tables of announced prefixes as others publish them, a line at a time, plain or gzip.
//!
//! | format | what stands in it | what comes out |
//! |---|---|---|
//! | `csv` | columns for a prefix (or first and last address) and an AS number or handle; a header may say which | as it says |
//! | `iptoasn` | `first address <tab> last address <tab> AS number …`, as iptoasn.com has it | announced by the AS number |
//! | `ripe` | split files of the RIPE database: `inetnum`, `inet6num` with `org:`, `route`, `route6` with `origin:` | listed under the handle; announced by the AS number |
//! | `delegated` | the statistics of the regional registries (`delegated-…-extended`) | by the AS numbers of the same holder |
//!
//! A line that cannot be read is counted and named, and the rest is read. What says that nothing is announced is skipped.

use std::{
    collections::HashMap,
    fmt,
    io::{self, BufRead, BufReader, Read},
    net::IpAddr,
};

use flate2::bufread::MultiGzDecoder;
use foldhash::fast::RandomState;
use ipnet::{IpNet, IpSubnets, Ipv4Net, Ipv4Subnets, Ipv6Subnets};
use schakel_model::{
    announced::{AnnouncedPrefix, Origin},
    country::CountryCode,
};

/// Prefixes of one file. The world announces about 1.3 million, and the RIPE database has 4.5 million ranges.
pub const PREFIXES_MAX: usize = 10_000_000;

/// A line longer than this is no line of a table. The longest honest ones (remarks) are under 2 kB.
pub const LINE_BYTES_MAX: usize = 64 << 10;

/// Lines that cannot be read and are named; beyond, they are counted. Nobody reads more.
pub const BAD_LINES_NAMED: usize = 1_000;

/// What stands first in a file, to see its format by.
const HEAD_BYTES: usize = 64 << 10;

/// The shapes that tables come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // The module says what stands in them.
pub enum TableFormat {
    Csv,
    Iptoasn,
    Ripe,
    Delegated,
}

impl TableFormat {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Iptoasn, Self::Ripe, Self::Delegated];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Iptoasn => "iptoasn",
            Self::Ripe => "ripe",
            Self::Delegated => "delegated",
        }
    }

    /// By how a file begins.
    fn guess(head: &[u8]) -> Self {
        let head = String::from_utf8_lossy(head);
        let line = |line: &&str| !line.trim().is_empty() && !line.starts_with(['#', '%']);
        let Some(first) = head.lines().find(line) else { return Self::Csv };
        let columns: Vec<&str> = first.split('\t').collect();
        if first.matches('|').count() >= 5 {
            Self::Delegated
        } else if matches!(columns[..], [from, until, _, ..] if address(from).is_some() && address(until).is_some())
        {
            Self::Iptoasn
        } else if first.split_once(':').is_some_and(|(name, _)| is_attribute(name)) {
            Self::Ripe
        } else {
            Self::Csv
        }
    }
}

/// `inetnum`, `mnt-by`: the name of an attribute in the RIPE database.
fn is_attribute(name: &str) -> bool {
    name.len() > 2
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl fmt::Display for TableFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for TableFormat {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is no format of a table of prefixes: use {known}")
        })
    }
}

/// A line that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadLine {
    /// Which, from 1. Of an object of several lines the first.
    pub line: u64,
    /// Why.
    pub message: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// What a file holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableReading {
    /// How it was read.
    pub format: TableFormat,
    /// In the order of the file; ranges are split into prefixes.
    pub prefixes: Vec<AnnouncedPrefix>,
    /// Lines read.
    pub lines: u64,
    /// Lines that say that nothing is announced, or are about something else.
    pub skipped: u64,
    /// Lines that could not be read.
    pub bad: u64,
    /// The first of those.
    pub bad_lines: Vec<BadLine>,
    /// Why the file could not be read to its end.
    pub broken_off: Option<String>,
}

/// Reads a table, plain or gzip. The format is seen by how the file begins, unless it is said.
pub fn read_table(input: &mut dyn Read, format: Option<TableFormat>) -> TableReading {
    let mut packed = BufReader::with_capacity(1 << 16, input);
    let is_gzip = packed.fill_buf().is_ok_and(|head| head.starts_with(b"\x1f\x8b"));
    if is_gzip {
        read_plain(&mut BufReader::with_capacity(HEAD_BYTES, MultiGzDecoder::new(packed)), format)
    } else {
        read_plain(&mut packed, format)
    }
}

fn read_plain(input: &mut dyn BufRead, format: Option<TableFormat>) -> TableReading {
    let format = format.unwrap_or_else(|| TableFormat::guess(input.fill_buf().unwrap_or_default()));
    let mut out = TableReading {
        format,
        prefixes: Vec::new(),
        lines: 0,
        skipped: 0,
        bad: 0,
        bad_lines: Vec::new(),
        broken_off: None,
    };
    match format {
        TableFormat::Csv => read_lines(input, &mut out, &mut Csv::default()),
        TableFormat::Iptoasn => {
            let fields = Columns {
                delimiter: b'\t',
                first: 0,
                last: Some(1),
                asn: Some(2),
                handle: None,
                country: Some(3),
            };
            read_lines(input, &mut out, &mut Csv { columns: Some(fields) });
        }
        TableFormat::Ripe => read_lines(input, &mut out, &mut Ripe::default()),
        TableFormat::Delegated => read_lines(input, &mut out, &mut Delegated::default()),
    }
    out
}

/// A format, which is given line by line.
trait Lines {
    /// Takes a line without its end. An error is the sentence that says what is wrong with it.
    fn line(&mut self, line: &str, out: &mut TableReading) -> Result<(), String>;
    /// After the last line.
    fn end(&mut self, _out: &mut TableReading) {}
}

fn read_lines(input: &mut dyn BufRead, out: &mut TableReading, lines: &mut dyn Lines) {
    let mut line = Vec::new();
    loop {
        line.clear();
        match next_line(input, &mut line) {
            Ok(Line::End) => break,
            Ok(Line::Whole) => {}
            Ok(Line::TooLong) => {
                out.lines += 1;
                out.bad(out.lines, format!("longer than {} kB", LINE_BYTES_MAX >> 10));
                continue;
            }
            Err(error) => {
                out.broken_off = Some(format!("it breaks off after line {}: {error}", out.lines));
                break;
            }
        }
        out.lines += 1;
        // A byte order mark, and whatever encoding remarks are in: what counts is ASCII.
        let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| out.lines == 1).unwrap_or(&line);
        let text = String::from_utf8_lossy(text);
        if let Err(message) = lines.line(text.trim_end_matches(['\r', '\n']), out) {
            out.bad(out.lines, message);
        }
        if out.prefixes.len() > PREFIXES_MAX {
            out.broken_off = Some(format!("it has more than {PREFIXES_MAX} prefixes"));
            break;
        }
    }
    lines.end(out);
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// A line with its end, as far as it is not too long.
fn next_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    if input.take(LINE_BYTES_MAX as u64).read_until(b'\n', line)? == 0 {
        return Ok(Line::End);
    }
    if line.len() < LINE_BYTES_MAX || line.ends_with(b"\n") {
        return Ok(Line::Whole);
    }
    loop {
        let rest = input.fill_buf()?;
        let end = memchr::memchr(b'\n', rest).map(|at| at + 1);
        let count = end.unwrap_or(rest.len());
        input.consume(count);
        if end.is_some() || count == 0 {
            return Ok(Line::TooLong);
        }
    }
}

impl TableReading {
    fn bad(&mut self, line: u64, message: String) {
        self.bad += 1;
        if self.bad_lines.len() < BAD_LINES_NAMED {
            self.bad_lines.push(BadLine { line, message });
        }
    }

    fn add(&mut self, nets: &[IpNet], origin: &Origin, country: Option<CountryCode>) {
        self.prefixes.extend(nets.iter().map(|&net| AnnouncedPrefix {
            net,
            origin: origin.clone(),
            country,
        }));
    }
}

/// Fields between delimiters; iptoasn's tables are of this kind.
#[derive(Default)]
struct Csv {
    /// Known from the first line on.
    columns: Option<Columns>,
}

/// Which field is what.
#[derive(Clone, Copy)]
struct Columns {
    delimiter: u8,
    /// The prefix, or the first address.
    first: usize,
    last: Option<usize>,
    asn: Option<usize>,
    handle: Option<usize>,
    country: Option<usize>,
}

const PREFIX_COLUMNS: [&str; 5] = ["prefix", "network", "cidr", "route", "ip_prefix"];
const FIRST_COLUMNS: [&str; 5] = ["range_start", "start", "first", "start_ip", "ip_range_start"];
const LAST_COLUMNS: [&str; 5] = ["range_end", "end", "last", "end_ip", "ip_range_end"];
const ASN_COLUMNS: [&str; 6] = ["asn", "as", "as_number", "origin", "origin_as", "autonomous_system_number"];
const HANDLE_COLUMNS: [&str; 5] = ["ripe_handle", "handle", "org", "organisation", "org_handle"];
const COUNTRY_COLUMNS: [&str; 3] = ["country", "country_code", "cc"];

impl Columns {
    /// By the first line: a header, or the first prefix itself.
    fn of(line: &str) -> Result<(Self, bool), String> {
        let delimiter = [b'\t', b';', b','].into_iter().find(|byte| line.as_bytes().contains(byte));
        let delimiter = delimiter.unwrap_or(b',');
        let fields: Vec<String> = split(line, delimiter).map(|field| field.to_ascii_lowercase()).collect();
        let is_net = fields.first().is_some_and(|field| net(field).is_ok());
        let is_address = |at: usize| fields.get(at).is_some_and(|field| address(field).is_some());
        let fixed =
            |last, asn| Self { delimiter, first: 0, last, asn: Some(asn), handle: None, country: None };
        if is_net && fields.len() > 1 {
            return Ok((fixed(None, 1), false));
        }
        if is_address(0) && is_address(1) {
            return Ok((fixed(Some(1), 2), false));
        }
        let column = |names: &[&str]| fields.iter().position(|field| names.contains(&field.as_str()));
        let (prefix, start, end) = (column(&PREFIX_COLUMNS), column(&FIRST_COLUMNS), column(&LAST_COLUMNS));
        let (asn, handle, country) =
            (column(&ASN_COLUMNS), column(&HANDLE_COLUMNS), column(&COUNTRY_COLUMNS));
        match (prefix, start, end) {
            _ if asn.is_none() && handle.is_none() => {}
            (Some(first), _, _) => {
                return Ok((Self { delimiter, first, last: None, asn, handle, country }, true));
            }
            (None, Some(first), Some(last)) => {
                return Ok((Self { delimiter, first, last: Some(last), asn, handle, country }, true));
            }
            _ => {}
        }
        Err("this is no header of a table of prefixes: it needs a column `prefix` (or `range_start` and `range_end`) and a column \
             `asn` (or `ripe_handle`)"
            .to_owned())
    }
}

impl Lines for Csv {
    fn line(&mut self, line: &str, out: &mut TableReading) -> Result<(), String> {
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let columns = match self.columns {
            Some(columns) => columns,
            None => {
                let (columns, is_header) = Columns::of(line)?;
                self.columns = Some(columns);
                if is_header {
                    return Ok(());
                }
                columns
            }
        };
        let (mut first, mut last, mut asn, mut handle, mut country) = ("", "", "", "", "");
        for (at, field) in split(line, columns.delimiter).enumerate() {
            for (place, wanted) in [
                (&mut first, Some(columns.first)),
                (&mut last, columns.last),
                (&mut asn, columns.asn),
                (&mut handle, columns.handle),
                (&mut country, columns.country),
            ] {
                if wanted == Some(at) {
                    *place = field;
                }
            }
        }
        let nets = match columns.last {
            Some(_) => range(first, last)?,
            None => vec![net(first)?],
        };
        let country = CountryCode::read(country);
        let mut announced = false;
        if let Some(asn) = read_asn(asn)? {
            out.add(&nets, &Origin::Asn(asn), country);
            announced = true;
        }
        if !handle.is_empty() {
            out.add(&nets, &Origin::Handle(read_handle(handle)?), country);
            announced = true;
        }
        out.skipped += u64::from(!announced);
        Ok(())
    }
}

/// The fields of a line, without the quotes around them. What follows a quote inside a field is not needed here.
fn split(line: &str, delimiter: u8) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    line.split(move |c: char| {
        quoted ^= c == '"';
        !quoted && c == char::from(delimiter)
    })
    .map(|field| field.trim().trim_matches('"').trim())
}

/// Objects of the RIPE database: attributes, a line each, up to an empty line.
#[derive(Default)]
struct Ripe {
    object: Option<Object>,
}

struct Object {
    line: u64,
    /// The prefixes; `None` is another kind of object.
    nets: Option<Result<Vec<IpNet>, String>>,
    is_route: bool,
    asn: String,
    handle: String,
    /// Each that it says.
    countries: Vec<Option<CountryCode>>,
}

impl Object {
    /// A range that is in use in several countries has none.
    fn country(&self) -> Option<CountryCode> {
        let (first, rest) = self.countries.split_first()?;
        first.filter(|_| rest.iter().all(|other| other == first))
    }
}

impl Ripe {
    fn finish(&mut self, out: &mut TableReading) {
        let Some(object) = self.object.take() else { return };
        let country = object.country();
        let Some(nets) = object.nets else {
            out.skipped += 1;
            return;
        };
        let origin = match (object.is_route, object.asn.as_str(), object.handle.as_str()) {
            (true, "", _) => Err("a route without `origin:`".to_owned()),
            (true, asn, _) => read_asn(asn).map(|asn| asn.map(Origin::Asn)),
            (false, _, "") => Ok(None),
            (false, _, handle) => read_handle(handle).map(|handle| Some(Origin::Handle(handle))),
        };
        match nets.and_then(|nets| Ok((nets, origin?))) {
            Ok((nets, Some(origin))) => out.add(&nets, &origin, country),
            // What is assigned without an organisation of its own belongs to the range around it.
            Ok((_, None)) => out.skipped += 1,
            Err(message) => out.bad(object.line, message),
        }
    }
}

impl Lines for Ripe {
    fn line(&mut self, line: &str, out: &mut TableReading) -> Result<(), String> {
        if line.trim().is_empty() {
            self.finish(out);
            return Ok(());
        }
        // Comments, and lines that go on with the attribute before.
        if line.starts_with(['%', '#', ' ', '\t', '+']) {
            return Ok(());
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err("no attribute: a line of an object is `name: value`".to_owned());
        };
        let value = value.split_once('#').map_or(value, |(value, _)| value).trim();
        let Some(object) = &mut self.object else {
            let nets = match name {
                "inetnum" => Some(match value.split_once('-') {
                    Some((first, last)) => range(first.trim(), last.trim()),
                    None => net(value).map(|net| vec![net]),
                }),
                "inet6num" | "route" | "route6" => Some(net(value).map(|net| vec![net])),
                _ => None,
            };
            let is_route = matches!(name, "route" | "route6");
            let (line, asn, handle, countries) = (out.lines, String::new(), String::new(), Vec::new());
            self.object = Some(Object { line, nets, is_route, asn, handle, countries });
            return Ok(());
        };
        match name {
            "origin" => object.asn = value.to_owned(),
            "org" => object.handle = value.to_owned(),
            "country" => object.countries.push(CountryCode::read(value)),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, out: &mut TableReading) {
        // Of an object that breaks off nobody knows what would have followed.
        if out.broken_off.is_none() {
            self.finish(out);
        }
    }
}

/// `registry|country|kind|value|count or length|date|status|holder`. A prefix comes out for each AS number of its holder.
#[derive(Default)]
struct Delegated {
    nets: Vec<(IpNet, u32, Option<CountryCode>)>,
    asns: HashMap<u32, Vec<u32>, RandomState>,
    holders: HashMap<String, u32, RandomState>,
}

impl Delegated {
    fn holder(&mut self, holder: &str) -> u32 {
        let next = self.holders.len() as u32;
        match self.holders.get(holder) {
            Some(number) => *number,
            None => *self.holders.entry(holder.to_owned()).or_insert(next),
        }
    }
}

impl Lines for Delegated {
    fn line(&mut self, line: &str, out: &mut TableReading) -> Result<(), String> {
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let fields: Vec<&str> = line.split('|').collect();
        let (country, kind, value, count, status, holder) = match fields[..] {
            [version, ..] if version.starts_with(|c: char| c.is_ascii_digit()) => return Ok(()), // The header.
            [.., "summary"] => return Ok(()),
            [_, country, kind, value, count, _, status, holder, ..] => {
                (country, kind, value, count, status, holder)
            }
            [_, _, _, _, _, _, _] => {
                out.skipped += 1; // Without a holder: not the extended form.
                return Ok(());
            }
            _ => return Err(format!("{} fields, and not eight", fields.len())),
        };
        if !matches!(status, "allocated" | "assigned") || holder.is_empty() {
            out.skipped += 1;
            return Ok(());
        }
        let number: u64 = count.parse().map_err(|_| format!("`{count}` is no number"))?;
        let nets = match kind {
            "asn" => {
                let first: u32 = value.parse().map_err(|_| format!("`{value}` is no AS number"))?;
                let past = u64::from(first).saturating_add(number);
                if past > u64::from(u32::MAX) || number > ASN_BLOCK_MAX {
                    return Err(format!("{count} AS numbers from {value} on are no block of AS numbers"));
                }
                let holder = self.holder(holder);
                self.asns.entry(holder).or_default().extend(first..past as u32);
                return Ok(());
            }
            "ipv4" => match address(value) {
                Some(IpAddr::V4(first)) => {
                    let last = u64::from(first.to_bits()) + number.max(1) - 1;
                    let last = u32::try_from(last).ok().filter(|_| number > 0);
                    let last =
                        last.ok_or_else(|| format!("{count} addresses from {value} on are no range"))?;
                    range(value, &std::net::Ipv4Addr::from_bits(last).to_string())?
                }
                _ => return Err(format!("`{value}` is no IPv4 address")),
            },
            "ipv6" => vec![net(&format!("{value}/{count}"))?],
            _ => return Err(format!("`{kind}` is no kind of number resource")),
        };
        let holder = self.holder(holder);
        let country = CountryCode::read(country);
        self.nets.extend(nets.into_iter().map(|net| (net, holder, country)));
        Ok(())
    }

    fn end(&mut self, out: &mut TableReading) {
        for (net, holder, country) in &self.nets {
            let asns = self.asns.get(holder).map_or(&[][..], Vec::as_slice);
            out.skipped += u64::from(asns.is_empty());
            for &asn in asns {
                if out.prefixes.len() >= PREFIXES_MAX {
                    out.broken_off = Some(format!("it has more than {PREFIXES_MAX} prefixes"));
                    return;
                }
                out.prefixes.push(AnnouncedPrefix { net: *net, origin: Origin::Asn(asn), country: *country });
            }
        }
    }
}

/// The largest block of AS numbers that a registry has given out is 1,024.
const ASN_BLOCK_MAX: u64 = 1_024;

fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// A prefix without host bits; IPv4-mapped IPv6 is IPv4.
fn net(text: &str) -> Result<IpNet, String> {
    let net: IpNet = text.parse().map_err(|_| format!("`{}` is no prefix", shown(text)))?;
    if net != net.trunc() {
        return Err(format!("`{text}` has bits behind its length: is {} meant?", net.trunc()));
    }
    if net.prefix_len() == 0 {
        return Err(format!("`{text}` is everything, which nobody announces"));
    }
    Ok(match net {
        IpNet::V6(v6) => match v6.addr().to_ipv4_mapped() {
            Some(v4) if v6.prefix_len() >= 96 => {
                Ipv4Net::new(v4, v6.prefix_len() - 96).map_or(net, IpNet::V4)
            }
            _ => net,
        },
        IpNet::V4(_) => net,
    })
}

/// The prefixes that a range is made of.
fn range(first: &str, last: &str) -> Result<Vec<IpNet>, String> {
    let read = |text: &str| address(text).ok_or_else(|| format!("`{}` is no address", shown(text)));
    let nets = match (read(first)?, read(last)?) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
            IpSubnets::V4(Ipv4Subnets::new(first, last, 0))
        }
        (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
            IpSubnets::V6(Ipv6Subnets::new(first, last, 0))
        }
        _ => return Err(format!("{first} to {last} is no range")),
    };
    let nets: Vec<IpNet> = nets.collect();
    match nets.first() {
        Some(net) if net.prefix_len() == 0 => {
            Err(format!("{first} to {last} is everything, which nobody announces"))
        }
        _ => Ok(nets),
    }
}

/// `None`: the table says that nobody announces it.
fn read_asn(text: &str) -> Result<Option<u32>, String> {
    let digits = match text.get(..2) {
        Some(prefix) if prefix.eq_ignore_ascii_case("as") => text[2..].trim_start(),
        _ => text,
    };
    match digits.parse() {
        Ok(0) => Ok(None),
        Ok(asn) => Ok(Some(asn)),
        Err(_) if digits.is_empty() || digits == "-" || digits.eq_ignore_ascii_case("none") => Ok(None),
        Err(_) => Err(format!("`{}` is no AS number", shown(text))),
    }
}

fn read_handle(text: &str) -> Result<String, String> {
    let handle = text.to_ascii_uppercase();
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    match handle.starts_with("ORG-") && handle.len() <= HANDLE_BYTES_MAX && handle.bytes().all(plain) {
        true => Ok(handle),
        false => Err(format!("`{}` is no handle of an organisation", shown(text))),
    }
}

/// `ORG-`, four letters, five digits, `-` and the registry.
const HANDLE_BYTES_MAX: usize = 30;

/// A value in a message: short, and without what a terminal would act upon.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
