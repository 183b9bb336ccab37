//! Lines of `Key: value`: how most programs that send abuse mail write, X-ARF of before version 3 (YAML) among them.
//!
//! One reader for all: what a key means is a table. A key that comes again begins the next event; it takes over the address of
//! the one before when it has none of its own.

use schakel_model::{
    classification::{ClassificationType as Kind, Taxonomy},
    event::Value,
};

use super::{Letter, When, arf::is_address, mark_extracted, moments, plain, words};
use crate::feeds::draft::{Draft, End, host_of, is_host};

/// Events of one mail by this reader.
const EVENTS_MAX: usize = 10_000;

/// Characters of a key. `Initial Infringement Timestamp` has 30.
const KEY_CHARS_MAX: usize = 40;

/// Fields of one event beside those that are known.
const EXTRAS_MAX: usize = 100;

/// The feed's name for attached documents, and for lines in the text.
const ATTACHED: &str = "x-arf";
const IN_TEXT: &str = "mail-lines";

/// What a key means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    Source,
    SourcePort,
    Port,
    Url,
    Host,
    Destination,
    DestinationPort,
    Time { rank: u8 },
    Asn,
    Country,
    Type { rank: u8 },
    Malware,
    Transport,
    Application,
    ReportId,
    Hash,
}

/// Keys as they are after [`plain_key`]. Of times and types the lower rank counts.
const KEYS: &[(&str, Meaning)] = &[
    ("source", Meaning::Source),
    ("source ip", Meaning::Source),
    ("source ip address", Meaning::Source),
    ("src", Meaning::Source),
    ("src ip", Meaning::Source),
    ("ip", Meaning::Source),
    ("ips", Meaning::Source),
    ("ip address", Meaning::Source),
    ("ip adres", Meaning::Source),
    ("ipv4", Meaning::Source),
    ("ipv6", Meaning::Source),
    ("address", Meaning::Source),
    ("attacker", Meaning::Source),
    ("attacker ip", Meaning::Source),
    ("attacking ip", Meaning::Source),
    ("abuser", Meaning::Source),
    ("abusive ip", Meaning::Source),
    ("offending ip", Meaning::Source),
    ("offending source ip", Meaning::Source),
    ("offender", Meaning::Source),
    ("infected ip", Meaning::Source),
    ("infringers ip", Meaning::Source),
    ("infringers ip address", Meaning::Source),
    ("remote ip", Meaning::Source),
    ("client ip", Meaning::Source),
    ("sender ip", Meaning::Source),
    ("bron", Meaning::Source),
    ("bron ip", Meaning::Source),
    ("source port", Meaning::SourcePort),
    ("src port", Meaning::SourcePort),
    ("infringers port", Meaning::SourcePort),
    ("port id", Meaning::SourcePort),
    ("bronpoort", Meaning::SourcePort),
    ("port", Meaning::Port),
    ("poort", Meaning::Port),
    ("url", Meaning::Url),
    ("uri", Meaning::Url),
    ("link", Meaning::Url),
    ("download link", Meaning::Url),
    ("phishing url", Meaning::Url),
    ("malware url", Meaning::Url),
    ("infected url", Meaning::Url),
    ("reported url", Meaning::Url),
    ("domain", Meaning::Host),
    ("domein", Meaning::Host),
    ("domeinnaam", Meaning::Host),
    ("host", Meaning::Host),
    ("hostname", Meaning::Host),
    ("fqdn", Meaning::Host),
    ("destination", Meaning::Destination),
    ("destination ip", Meaning::Destination),
    ("dst ip", Meaning::Destination),
    ("target ip", Meaning::Destination),
    ("doel ip", Meaning::Destination),
    ("destination port", Meaning::DestinationPort),
    ("dst port", Meaning::DestinationPort),
    ("target port", Meaning::DestinationPort),
    ("date", Meaning::Time { rank: 0 }),
    ("timestamp", Meaning::Time { rank: 0 }),
    ("time", Meaning::Time { rank: 0 }),
    ("datum", Meaning::Time { rank: 0 }),
    ("tijdstip", Meaning::Time { rank: 0 }),
    ("event time", Meaning::Time { rank: 0 }),
    ("last seen", Meaning::Time { rank: 1 }),
    ("recent infringement timestamp", Meaning::Time { rank: 1 }),
    ("first seen", Meaning::Time { rank: 2 }),
    ("initial infringement timestamp", Meaning::Time { rank: 2 }),
    ("tested on", Meaning::Time { rank: 3 }),
    ("last scan", Meaning::Time { rank: 4 }),
    ("asn", Meaning::Asn),
    ("country", Meaning::Country),
    ("report type", Meaning::Type { rank: 0 }),
    ("malware", Meaning::Malware),
    ("transport", Meaning::Transport),
    ("protocol", Meaning::Application),
    ("report id", Meaning::ReportId),
    ("file sha256", Meaning::Hash),
];

/// More keys: those of what it is.
const TYPE_KEYS: &[(&str, u8)] = &[
    ("type", 1),
    ("attack type", 0),
    ("abuse type", 0),
    ("signature", 1),
    ("result", 1),
    ("issue", 2),
    ("reason", 2),
    ("category", 3),
];

/// More keys: those of other things.
const OTHER_KEYS: &[(&str, Meaning)] = &[
    ("service", Meaning::Application),
    ("notice id", Meaning::ReportId),
    ("case id", Meaning::ReportId),
    ("ticket", Meaning::ReportId),
    ("malware name", Meaning::Malware),
    ("infection", Meaning::Malware),
];

/// Keys of people, places and mail programs: no part of what was seen.
const NO_KEYS: &[&str] = &[
    "http",
    "https",
    "hxxp",
    "hxxps",
    "ftp",
    "mailto",
    "phone",
    "telephone",
    "telefoon",
    "tel",
    "fax",
    "email",
    "e mail",
    "re",
    "fw",
    "fwd",
    "cc",
    "hash",
];

/// A key as it was written, and its value.
type Line<'t> = (String, &'t str);

/// Attached documents of labelled lines.
pub(super) fn read_attached(letter: &Letter<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for text in letter.attached() {
        let filled = text.lines().filter(|line| !line.trim().is_empty()).count();
        let lines: Vec<Line<'_>> = text.lines().filter_map(labelled).collect();
        // Mostly labelled: a log or an essay with a colon in it is neither.
        if lines.len() * 2 < filled {
            continue;
        }
        for record in records(&lines) {
            if let Some(draft) = event(letter, &record, ATTACHED)
                && drafts.len() < EVENTS_MAX
            {
                drafts.push(draft);
            }
        }
    }
    drafts
}

/// Labelled lines in the text.
pub(super) fn read_text(letter: &Letter<'_>) -> Vec<Draft> {
    let own = letter.own_lines();
    let lines: Vec<Line<'_>> = own.iter().filter_map(|line| labelled(line)).collect();
    let mut drafts: Vec<Draft> =
        records(&lines).iter().filter_map(|record| event(letter, record, IN_TEXT)).take(EVENTS_MAX).collect();
    drafts.iter_mut().for_each(mark_extracted);
    drafts
}

/// A line of a key and a value; bullets and quotes in front are passed over.
fn labelled(line: &str) -> Option<Line<'_>> {
    let line = line.trim_start_matches([' ', '\t', '-', '*', '>', '•', '|', '#']);
    let at = line.find([':', '='])?;
    let (key, value) = (line[..at].trim(), line[at + 1..].trim());
    let value = yaml_value(value);
    let is_key = !key.is_empty()
        && key.chars().count() <= KEY_CHARS_MAX
        && key.starts_with(char::is_alphabetic)
        && key.split_whitespace().count() <= 4
        && key.chars().all(|c| c.is_alphanumeric() || " -_'’/.()".contains(c));
    let key = plain_key(key);
    let fits = is_key && !value.is_empty() && !value.starts_with("//") && !NO_KEYS.contains(&key.as_str());
    fits.then_some((key, value))
}

/// The value of a line of YAML: without its type and its quotes.
fn yaml_value(value: &str) -> &str {
    let value = match value.strip_prefix("!!") {
        Some(typed) => typed.split_once(' ').map_or("", |(_, value)| value.trim()),
        None => value,
    };
    for quote in ['\'', '"'] {
        if let Some(inside) = value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote)) {
            return inside;
        }
    }
    value
}

/// `Offending/Source-IP` as `offending source ip`.
fn plain_key(key: &str) -> String {
    let letters: String = key
        .to_lowercase()
        .chars()
        .filter(|c| !matches!(c, '\'' | '’'))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of each event.
fn records<'t>(lines: &[Line<'t>]) -> Vec<Vec<Line<'t>>> {
    let mut records: Vec<Vec<Line<'t>>> = Vec::new();
    let mut now: Vec<Line<'t>> = Vec::new();
    for line in lines {
        if now.iter().any(|(key, _)| *key == line.0) && meaning(&line.0).is_some() {
            records.push(std::mem::take(&mut now));
        }
        now.push(line.clone());
    }
    records.push(now);
    // `Offending IP` stands once above several incidents.
    let mut address: Option<Line<'t>> = None;
    for record in &mut records {
        match record.iter().find(|(key, _)| meaning(key) == Some(Meaning::Source)) {
            Some(own) => address = Some(own.clone()),
            None => record.extend(address.clone()),
        }
    }
    records
}

fn meaning(key: &str) -> Option<Meaning> {
    if let Some((_, meaning)) = KEYS.iter().chain(OTHER_KEYS).find(|(known, _)| *known == key) {
        return Some(*meaning);
    }
    TYPE_KEYS.iter().find(|(known, _)| *known == key).map(|(_, rank)| Meaning::Type { rank: *rank })
}

/// The value of the first line that means this.
fn said<'t>(record: &[Line<'t>], wanted: Meaning) -> Option<&'t str> {
    record.iter().find(|(key, _)| meaning(key) == Some(wanted)).map(|(_, value)| *value)
}

/// The event in these lines; none when they name no machine.
fn event(letter: &Letter<'_>, record: &[Line<'_>], feed: &'static str) -> Option<Draft> {
    let source = said(record, Meaning::Source).map(plain::refanged).unwrap_or_default();
    let url = match said(record, Meaning::Url).map(plain::refanged) {
        Some(url) if !host_of(&url).is_empty() => url,
        _ if !host_of(&source).is_empty() => source.clone(),
        _ => String::new(),
    };
    let host = said(record, Meaning::Host).map(plain::refanged);
    let host = host.filter(|host| is_host(host) && !is_address(host));
    let address = plain::address_at_start(&source).or_else(|| {
        let host = said(record, Meaning::Host)?;
        plain::address_at_start(&plain::refanged(host))
    });
    if address.is_none() && url.is_empty() && (host.is_none() || feed != ATTACHED) {
        return None;
    }
    let mut draft = letter.draft(feed);
    if let Some((address, port)) = &address {
        draft.machine(End::Source, address).port(End::Source, *port);
    } else if let Some(address) = plain::address_beside(letter, &url) {
        // The machine of a URL is often named in the text alone.
        draft.machine(End::Source, &address);
    }
    if !url.is_empty() {
        draft.url(End::Source, &url);
    }
    if let Some(host) = &host {
        draft.text("source.fqdn", host);
    }
    let kind = classification(letter, record, &url);
    draft.kind(kind);
    times(letter, &mut draft, record);
    ports(&mut draft, record, kind);
    rest(&mut draft, record);
    Some(draft)
}

fn classification(letter: &Letter<'_>, record: &[Line<'_>], url: &str) -> Kind {
    let mut types: Vec<(u8, &str)> = record
        .iter()
        .filter_map(|(key, value)| match meaning(key) {
            Some(Meaning::Type { rank }) => Some((rank, *value)),
            _ => None,
        })
        .collect();
    types.sort_by_key(|(rank, _)| *rank);
    let kind = types
        .iter()
        .find_map(|(_, value)| words::of_type(value))
        .or_else(|| words::kind(&letter.mail.subject))
        .or_else(|| words::kind(&letter.own_lines().join("\n")))
        .unwrap_or(Kind::Undetermined);
    // Without a URL nothing is handed out: the machine itself has it.
    if kind == Kind::MalwareDistribution && url.is_empty() { Kind::InfectedSystem } else { kind }
}

fn times(letter: &Letter<'_>, draft: &mut Draft, record: &[Line<'_>]) {
    let mut times: Vec<(u8, i64)> = record
        .iter()
        .filter_map(|(key, value)| match meaning(key) {
            Some(Meaning::Time { rank }) => moments::first(value, 0).map(|moment| (rank, moment.seconds)),
            _ => None,
        })
        .collect();
    times.sort_by_key(|(rank, _)| *rank);
    letter.seen(draft, times.first().map_or(When::OfTheMail, |(_, seconds)| When::Said(*seconds)));
}

/// `Port` is that of the machine attacked when it is an attack, else that of the machine itself.
fn ports(draft: &mut Draft, record: &[Line<'_>], kind: Kind) {
    let port =
        |wanted| said(record, wanted).and_then(|text| text.split('|').next()?.trim().parse::<u16>().ok());
    let attack = matches!(
        kind.taxonomy(),
        Taxonomy::IntrusionAttempts | Taxonomy::Availability | Taxonomy::InformationGathering
    ) || record.iter().any(|(key, _)| key.starts_with("target"));
    if let Some(own) = port(Meaning::SourcePort) {
        draft.port(End::Source, own);
    }
    if let Some(either) = port(Meaning::Port) {
        draft.port(if attack { End::Destination } else { End::Source }, either);
    }
    if let Some(destination) = said(record, Meaning::Destination).map(plain::refanged) {
        if let Some((address, port)) = plain::address_at_start(&destination) {
            draft.machine(End::Destination, &address).port(End::Destination, port);
        } else if is_host(&destination) {
            draft.machine(End::Destination, &destination);
        }
    }
    if let Some(destination) = port(Meaning::DestinationPort) {
        draft.port(End::Destination, destination);
    }
}

/// What else the lines say: fields of their own, or `extra` under their keys.
fn rest(draft: &mut Draft, record: &[Line<'_>]) {
    for (key, value) in record.iter().take(EXTRAS_MAX) {
        match meaning(key) {
            Some(Meaning::Asn) => {
                let digits = value.trim_start_matches(|c: char| !c.is_ascii_digit());
                let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                if let Some(number) = digits[..end].parse::<u32>().ok().filter(|number| *number > 0) {
                    draft.value("source.asn", Value::Int(number.into()));
                }
            }
            Some(Meaning::Country) if value.len() == 2 => {
                draft.text("source.geolocation.cc", value);
            }
            Some(Meaning::Malware) => {
                draft.text("malware.name", value);
            }
            Some(Meaning::Transport | Meaning::Application) => {
                let word = value.to_lowercase();
                let field = if matches!(word.as_str(), "tcp" | "udp" | "icmp") {
                    "protocol.transport"
                } else {
                    "protocol.application"
                };
                draft.text(field, &word);
            }
            Some(Meaning::ReportId) => {
                draft.text("extra.report_id", value);
            }
            Some(Meaning::Hash) if value.len() == 64 => {
                draft.text("malware.hash.sha256", value);
            }
            Some(
                Meaning::Source
                | Meaning::SourcePort
                | Meaning::Port
                | Meaning::Url
                | Meaning::Host
                | Meaning::Destination
                | Meaning::DestinationPort,
            ) => {}
            _ => {
                draft.text(format!("extra.{}", key.replace(' ', "_")), value);
            }
        }
    }
}
