//! What may stand in each field of an X-ARF report: the table in `fields.txt`, and fitting a value to it.

use std::{net::IpAddr, sync::LazyLock};

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value as Json};

/// The table as text.
const TABLE: &str = include_str!("fields.txt");

/// The table of this version.
static CLASSES: LazyLock<Vec<Class>> = LazyLock::new(|| read_table(TABLE));

/// A type of report, and what may stand in it besides what may stand in every one.
#[derive(Debug)]
pub(super) struct Class {
    /// `*` for what every report has.
    pub category: &'static str,
    /// Empty for what all types of a category have.
    pub kind: &'static str,
    members: Object,
}

/// The fields of an object, and the rules over them. Without fields it takes anything.
#[derive(Debug, Default)]
struct Object {
    fields: Vec<Field>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    must: bool,
    kind: Kind,
}

/// What several fields of one object must be together.
#[derive(Debug)]
enum Rule {
    /// When the source is an address, this must be there.
    Address(&'static str),
    /// When the protocol is SMTP, these must be there.
    Smtp([&'static str; 2]),
    /// One of these must be there.
    Either([&'static str; 2]),
}

#[derive(Debug)]
enum Kind {
    Text { chars_max: usize },
    Word(Vec<&'static str>),
    Whole { min: Option<i64>, max: Option<i64> },
    Number { min: Option<f64>, max: Option<f64> },
    Hex { length: usize },
    Flag,
    Address,
    Country,
    Currency,
    Cve,
    Cvss,
    Date,
    Domain,
    Email,
    Hash,
    Host,
    Language,
    Magnet,
    Tag,
    Time,
    Uri,
    Uuid,
    List(Box<Self>),
    Object(Object),
}

/// The type of a category, when the specification has it.
pub(super) fn class(category: &str, kind: &str) -> Option<&'static Class> {
    CLASSES
        .iter()
        .find(|class| class.category == category && class.kind == kind && !kind.is_empty() && category != "*")
}

impl Class {
    /// The names of all fields that a report of this type knows: its own before those of every report, so that a stricter kind of its own
    /// comes first.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static str> {
        let mut names: Vec<&'static str> = Vec::new();
        for field in self.layers().flat_map(|class| &class.members.fields) {
            if !names.contains(&field.name) {
                names.push(field.name);
            }
        }
        names.into_iter()
    }

    /// A value as this field takes it, if it does.
    pub(super) fn fit(&self, name: &str, value: &Json) -> Option<Json> {
        let mut fields = self.layers().flat_map(|class| &class.members.fields);
        fields.find(|field| field.name == name)?.kind.fit(value)
    }

    /// Does a report have all that one of this type must have?
    pub(super) fn is_whole(&self, report: &Map<String, Json>) -> bool {
        self.layers().all(|class| class.members.is_whole(report))
    }

    fn layers(&self) -> impl Iterator<Item = &Class> {
        let of = |category: &'static str| {
            CLASSES.iter().find(move |class| class.category == category && class.kind.is_empty())
        };
        std::iter::once(self).chain(of(self.category)).chain(of("*"))
    }
}

impl Object {
    fn fit(&self, value: &Json) -> Option<Json> {
        let given = value.as_object()?;
        if self.fields.is_empty() {
            return Some(value.clone());
        }
        let fit = |field: &Field| Some((field.name.to_owned(), field.kind.fit(given.get(field.name)?)?));
        let fitting: Map<String, Json> = self.fields.iter().filter_map(fit).collect();
        (!fitting.is_empty() && self.is_whole(&fitting)).then_some(Json::Object(fitting))
    }

    fn is_whole(&self, values: &Map<String, Json>) -> bool {
        let has = |name: &str| values.contains_key(name);
        let text = |name: &str| values.get(name).and_then(Json::as_str).unwrap_or_default();
        let all = self.fields.iter().all(|field| !field.must || has(field.name));
        all && self.rules.iter().all(|rule| match rule {
            Rule::Address(name) => text("source_identifier").parse::<IpAddr>().is_err() || has(name),
            Rule::Smtp(names) => text("protocol") != "smtp" || names.iter().all(|name| has(name)),
            Rule::Either(names) => names.iter().any(|name| has(name)),
        })
    }
}

impl Kind {
    fn fit(&self, value: &Json) -> Option<Json> {
        match self {
            Self::List(kind) => {
                // A single value is a list of one.
                let one = std::slice::from_ref(value);
                let values = value.as_array().map_or(one, Vec::as_slice);
                let fitting: Vec<Json> = values.iter().filter_map(|value| kind.fit(value)).collect();
                (!fitting.is_empty()).then_some(Json::Array(fitting))
            }
            Self::Object(object) => object.fit(value),
            Self::Whole { min, max } => {
                let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
                let fits = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
                fits.then(|| number.into())
            }
            Self::Number { min, max } => {
                let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
                let fits = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
                let number = serde_json::Number::from_f64(number)?;
                fits.then_some(Json::Number(number))
            }
            Self::Flag => match value {
                Json::Bool(_) => Some(value.clone()),
                Json::String(text) => text.trim().to_ascii_lowercase().parse().ok().map(Json::Bool),
                _ => None,
            },
            Self::Text { chars_max } => {
                let text = text_of(value)?;
                Some(Json::String(text.chars().take(*chars_max).collect()))
            }
            _ => self.fit_text(text_of(value)?.trim()).map(Json::String),
        }
    }

    fn fit_text(&self, text: &str) -> Option<String> {
        let lower = || text.to_ascii_lowercase();
        let upper = || text.to_ascii_uppercase();
        let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self {
            Self::Word(words) => {
                words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| (*word).to_owned())
            }
            Self::Hex { length } => (text.len() == *length && is_hex(text)).then(lower),
            Self::Address => text.parse::<IpAddr>().ok().map(|address| address.to_string()),
            Self::Country => is_letters(text, 2).then(upper),
            Self::Currency => is_letters(text, 3).then(upper),
            Self::Cve => cve(&upper()),
            Self::Cvss => {
                (text.starts_with("CVSS:3.0/") || text.starts_with("CVSS:3.1/")).then(|| text.to_owned())
            }
            Self::Date => text.get(..10)?.parse::<Date>().ok().map(|date| date.to_string()),
            Self::Domain => is_domain(&lower()).then(lower),
            Self::Email => {
                let (name, domain) = text.rsplit_once('@')?;
                (!name.is_empty() && is_host(domain) && !text.contains(char::is_whitespace))
                    .then(|| text.to_owned())
            }
            Self::Hash => {
                let (algorithm, hash) = text.split_once(':')?;
                let known = ["md5", "sha1", "sha256"].contains(&algorithm);
                (known && is_hex(hash)).then(|| text.to_owned())
            }
            Self::Host => is_host(text).then(|| text.to_owned()),
            Self::Language => {
                let (language, country) = text.split_once('-').unwrap_or((text, "NL"));
                let fits = is_letters(language, 2) && is_letters(country, 2);
                let is_cased =
                    language == language.to_ascii_lowercase() && country == country.to_ascii_uppercase();
                (fits && is_cased).then(|| text.to_owned())
            }
            Self::Magnet => text.starts_with("magnet:?xt=urn:").then(|| text.to_owned()),
            Self::Tag => is_tag(text).then(|| text.to_owned()),
            Self::Time => text.parse::<Timestamp>().ok().map(|_| text.to_owned()),
            Self::Uri => is_uri(text).then(|| text.to_owned()),
            Self::Uuid => is_uuid(text).then(|| text.to_owned()),
            _ => None,
        }
    }
}

fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_letters(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn cve(text: &str) -> Option<String> {
    let (year, number) = text.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (year.len() == 4 && number.len() >= 4 && digits(year) && digits(number)).then(|| text.to_owned())
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let edge = !label.starts_with('-') && !label.ends_with('-') && !label.contains("--");
    !label.is_empty() && edge && label.bytes().all(inner)
}

/// As the specification wants a domain: lower case, and no sign in its last label.
fn is_domain(text: &str) -> bool {
    let Some((front, last)) = text.rsplit_once('.') else { return false };
    last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_lowercase()) && front.split('.').all(is_label)
}

/// A host name by RFC 1123.
pub(super) fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(fits)
    };
    (1..=253).contains(&text.len()) && text.split('.').all(label)
}

fn is_tag(text: &str) -> bool {
    let part = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_+-".contains(&byte);
        part.bytes().all(fits) && part.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
    };
    text.split_once(':').is_some_and(|(space, name)| part(space) && part(name))
}

/// A URI by RFC 3986: a scheme, and only the characters that one may hold.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let host_and_way = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    // Brackets stand around an address of version 6 only, a `#` once, and two hexadecimal digits behind each `%`.
    let authority_end =
        rest.strip_prefix("//").map_or(0, |rest| 2 + rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let behind = &rest[authority_end..];
    let escapes = rest
        .split('%')
        .skip(1)
        .all(|after| after.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)));
    let has_port_of_digits = |authority: &str| {
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let port =
            host.rsplit_once(']').map_or(host, |(_, port)| port).split_once(':').map_or("", |(_, port)| port);
        port.bytes().all(|byte| byte.is_ascii_digit())
    };
    is_scheme
        && !rest.is_empty()
        && rest.bytes().all(host_and_way)
        && !behind.contains(['[', ']'])
        && behind.matches('#').count() <= 1
        && escapes
        && has_port_of_digits(rest[..authority_end].trim_start_matches('/'))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The table. It is ours and tested, so what cannot be read in it is a mistake of the program.
fn read_table(table: &'static str) -> Vec<Class> {
    let mut lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).peekable();
    let mut classes = Vec::new();
    while let Some(line) = lines.next() {
        let (category, kind) = line.split_once(' ').unwrap_or((line, ""));
        classes.push(Class { category, kind, members: read_object(&mut lines, 2) });
    }
    classes
}

type Lines<I> = std::iter::Peekable<I>;

fn read_object<I: Iterator<Item = &'static str>>(lines: &mut Lines<I>, indent: usize) -> Object {
    let mut object = Object::default();
    while let Some(line) = lines.next_if(|line| indent_of(line) == indent) {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        if name == "=" {
            object.rules.push(read_rule(&words.collect::<Vec<_>>()));
            continue;
        }
        let kind = read_kind(&words.collect::<Vec<_>>(), lines, indent);
        let field = Field { name: name.trim_end_matches('!'), must: name.ends_with('!'), kind };
        object.fields.push(field);
    }
    object
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn read_rule(words: &[&'static str]) -> Rule {
    match *words {
        ["address", name] => Rule::Address(name),
        ["smtp", one, two] => Rule::Smtp([one, two]),
        ["either", one, two] => Rule::Either([one, two]),
        _ => unreachable!("no rule of the X-ARF table: {words:?}"),
    }
}

fn read_kind<I: Iterator<Item = &'static str>>(
    words: &[&'static str],
    lines: &mut Lines<I>,
    indent: usize,
) -> Kind {
    match *words {
        ["text"] => Kind::Text { chars_max: usize::MAX },
        ["text", chars] => Kind::Text { chars_max: chars.parse().unwrap_or(usize::MAX) },
        ["word", ref words @ ..] => Kind::Word(words.to_vec()),
        ["whole", min, max] => Kind::Whole { min: min.parse().ok(), max: max.parse().ok() },
        ["number", min, max] => Kind::Number { min: min.parse().ok(), max: max.parse().ok() },
        ["hex", length] => Kind::Hex { length: length.parse().unwrap_or_default() },
        ["list", ref words @ ..] => Kind::List(Box::new(read_kind(words, lines, indent))),
        ["object"] => Kind::Object(read_object(lines, indent + 2)),
        ["flag"] => Kind::Flag,
        ["ip"] => Kind::Address,
        ["country"] => Kind::Country,
        ["currency"] => Kind::Currency,
        ["cve"] => Kind::Cve,
        ["cvss"] => Kind::Cvss,
        ["date"] => Kind::Date,
        ["domain"] => Kind::Domain,
        ["email"] => Kind::Email,
        ["hash"] => Kind::Hash,
        ["host"] => Kind::Host,
        ["language"] => Kind::Language,
        ["magnet"] => Kind::Magnet,
        ["tag"] => Kind::Tag,
        ["time"] => Kind::Time,
        ["uri"] => Kind::Uri,
        ["uuid"] => Kind::Uuid,
        _ => unreachable!("no kind of the X-ARF table: {words:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_has_all_types_of_the_specification() {
        let types = CLASSES.iter().filter(|class| !class.kind.is_empty()).count();
        assert_eq!(types, 32);
        let phishing = class("content", "phishing").unwrap();
        let fields: Vec<_> = phishing.fields().collect();
        for name in ["lure_type", "url", "report_id", "evidence"] {
            assert!(fields.contains(&name), "{name}");
        }
        assert!(
            class("content", "").is_none() && class("*", "").is_none() && class("content", "spam").is_none()
        );
    }

    #[test]
    fn a_value_is_fitted_or_left_out() {
        let ddos = class("connection", "ddos").unwrap();
        for (name, given, expected) in [
            ("source_port", json!("53"), Some(json!(53))),
            ("source_port", json!(0), None),
            ("source_port", json!(65_536), None),
            ("protocol", json!("UDP"), Some(json!("udp"))),
            ("protocol", json!("smoke"), None),
            ("evidence_source", json!("guess"), None),
            ("mitigation_applied", json!("True"), Some(json!(true))),
            ("destination_ip", json!("192.0.2.1"), Some(json!("192.0.2.1"))),
            ("destination_ip", json!("www.example.nl"), None),
            ("first_seen", json!("2026-03-01T05:07:57Z"), Some(json!("2026-03-01T05:07:57Z"))),
            ("first_seen", json!("2026-03-01 05:07"), None),
            ("confidence", json!(0.5), Some(json!(0.5))),
            ("confidence", json!(95), None),
            ("tags", json!(["a:b", "A b", "c"]), Some(json!(["a:b"]))),
            ("novelty", json!("x"), None),
        ] {
            assert_eq!(ddos.fit(name, &given), expected, "{name} = {given}");
        }
        let phishing = class("content", "phishing").unwrap();
        for (url, fits) in [
            ("https://a.example.nl/x?y=%20#z", true),
            ("http://[2001:db8::1]:80/", true),
            ("https://a.example.nl/x y", false),
            ("https://a.example.nl/%zz", false),
            ("https://a.example.nl:port/", false),
            ("http://a.example.nl/[x]", false),
            ("a.example.nl", false),
            ("http://bücher.example/", false),
        ] {
            assert_eq!(phishing.fit("url", &json!(url)).is_some(), fits, "{url}");
        }
        let whois = json!({"registrant": "Jan", "created_date": "yesterday", "novelty": 1});
        assert_eq!(phishing.fit("whois", &whois), Some(json!({"registrant": "Jan"})));
        let swarm = json!({"torrent_name": "x"});
        let p2p = class("copyright", "p2p").unwrap();
        assert_eq!(p2p.fit("swarm_info", &swarm), None);
        let swarm = json!({"torrent_name": "x", "info_hash": "00".repeat(20)});
        assert_eq!(p2p.fit("swarm_info", &swarm).as_ref(), Some(&swarm));
    }
}
