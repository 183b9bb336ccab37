//! When a rule matches: every condition that stands in it holds, and a condition holds when one of its values does.

use std::{fmt, str::FromStr};

use ipnet::IpNet;
use jiff::Timestamp;
use schakel_model::{classification::ClassificationType, severity::Severity, tlp::Tlp};

use super::{calendars::Calendars, document, facts::Facts, problem::Problem, wrong::Wrong};

/// A condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// How bad.
    Severity,
    /// What kind.
    Kind,
    /// Who reported it.
    Source,
    /// Whom it concerns.
    Organisation,
    /// Where it is.
    Asset,
    /// What it is tagged with.
    Tag,
    /// Which vulnerability.
    Cve,
    /// How it is marked.
    Tlp,
    /// When it is decided.
    Time,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Severity => "severity",
            Self::Kind => "kind",
            Self::Source => "source",
            Self::Organisation => "organisation",
            Self::Asset => "asset",
            Self::Tag => "tag",
            Self::Cve => "cve",
            Self::Tlp => "tlp",
            Self::Time => "time",
        })
    }
}

/// All conditions of a rule. Empty: it does not ask.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct When {
    severities: Option<u8>,
    kinds: Vec<Pattern>,
    sources: Vec<Pattern>,
    organisations: Vec<Pattern>,
    assets: Vec<Place>,
    tags: Vec<Pattern>,
    cves: Vec<Pattern>,
    markings: Option<u8>,
    time: Option<String>,
}

/// A word in which `*` stands for any text. In lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Pattern(String);

/// Where something is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    Prefix(IpNet),
    /// A name and everything below it, in lower case.
    Domain(String),
}

impl When {
    pub(super) fn read(
        document: &document::When,
        line: Option<usize>,
        section: &str,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut wrong = |what| problems.push(Problem::error(line, section, what));
        let mut words = |field: Field, words: &Option<document::Words>| -> Vec<String> {
            let Some(document::Words(words)) = words else { return Vec::new() };
            if words.is_empty() || words.iter().any(|word| word.trim().is_empty()) {
                wrong(Wrong::NamesNothing { key: field.to_string() });
            }
            words.iter().map(|word| word.trim().to_ascii_lowercase()).collect()
        };
        let severities = words(Field::Severity, &document.severity);
        let markings = words(Field::Tlp, &document.tlp);
        let assets = words(Field::Asset, &document.asset);
        let mut patterns = |field, text| words(field, text).into_iter().map(Pattern).collect();
        let mut read = Self {
            kinds: patterns(Field::Kind, &document.kind),
            sources: patterns(Field::Source, &document.source),
            organisations: patterns(Field::Organisation, &document.organisation),
            tags: patterns(Field::Tag, &document.tag),
            cves: patterns(Field::Cve, &document.cve),
            time: document.time.clone(),
            ..Self::default()
        };
        for word in severities {
            match Severity::from_str(&word) {
                Ok(severity) => *read.severities.get_or_insert(0) |= 1 << severity as u8,
                Err(text) => wrong(Wrong::UnknownWord { text }),
            }
        }
        for word in markings {
            match Tlp::from_str(&word) {
                Ok(tlp) => *read.markings.get_or_insert(0) |= 1 << tlp as u8,
                Err(text) => wrong(Wrong::UnknownWord { text }),
            }
        }
        for word in assets {
            match place(&word) {
                Some(place) => read.assets.push(place),
                None => wrong(Wrong::NoPlace { written: word }),
            }
        }
        read
    }

    /// The same, of these organisations only.
    pub(super) fn of_organisations(self, organisations: Self) -> Self {
        Self { organisations: organisations.organisations, ..self }
    }

    /// Does it ask nothing but perhaps the time?
    pub fn is_for_everything(&self) -> bool {
        *self == Self { time: self.time.clone(), ..Self::default() }
    }

    /// Does it ask for critical by name?
    pub fn names_critical(&self) -> bool {
        self.severities.is_some_and(|bits| bits & (1 << Severity::Critical as u8) != 0)
    }

    /// Does it ask for tags or vulnerabilities?
    pub fn asks_for_words(&self) -> bool {
        !self.tags.is_empty() || !self.cves.is_empty()
    }

    /// The calendar it asks.
    pub fn time(&self) -> Option<&str> {
        self.time.as_deref()
    }

    /// Codes of organisations it names, without patterns.
    pub fn organisations(&self) -> impl Iterator<Item = &str> {
        names(&self.organisations)
    }

    /// Codes of sources it names, without patterns.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        names(&self.sources)
    }

    /// Kinds it names, with patterns.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|pattern| pattern.0.as_str())
    }

    /// Is its calendar open, if it asks one? One that does not exist never is.
    pub fn is_in_time(&self, at: Timestamp, calendars: &Calendars) -> bool {
        self.time
            .as_deref()
            .is_none_or(|name| calendars.get(name).is_some_and(|calendar| calendar.is_open(at)))
    }

    /// The first condition, but for the time, that does not hold.
    pub fn obstacle(&self, facts: &Facts<'_>) -> Option<Field> {
        let bit = |bits: Option<u8>, code: u8| bits.is_none_or(|bits| bits & (1 << code) != 0);
        if !bit(self.severities, facts.severity as u8) {
            return Some(Field::Severity);
        }
        if !bit(self.markings, facts.tlp as u8) {
            return Some(Field::Tlp);
        }
        if !any(&self.organisations, [facts.organisation]) {
            return Some(Field::Organisation);
        }
        if !any(&self.sources, [facts.source]) {
            return Some(Field::Source);
        }
        if !any(&self.kinds, [facts.classification.as_str(), facts.report_type, facts.identifier]) {
            return Some(Field::Kind);
        }
        if !self.assets.is_empty() && !self.assets.iter().any(|place| place.holds(facts)) {
            return Some(Field::Asset);
        }
        if !any(&self.tags, facts.tags.iter().copied()) {
            return Some(Field::Tag);
        }
        if !any(&self.cves, facts.cves.iter().copied()) {
            return Some(Field::Cve);
        }
        None
    }

    /// Does it match whatever the other matches, whenever that does? Sure when it says so; it may miss some.
    pub fn covers(&self, other: &Self) -> bool {
        let bits = |mine: Option<u8>, theirs: Option<u8>| match (mine, theirs) {
            (None, _) => true,
            (Some(mine), Some(theirs)) => theirs & !mine == 0,
            (Some(_), None) => false,
        };
        let patterns = |mine: &[Pattern], theirs: &[Pattern]| {
            mine.is_empty()
                || (!theirs.is_empty() && theirs.iter().all(|one| mine.iter().any(|my| my.matches(&one.0))))
        };
        let places = self.assets.is_empty()
            || (!other.assets.is_empty()
                && other.assets.iter().all(|one| self.assets.iter().any(|my| my.covers(one))));
        bits(self.severities, other.severities)
            && bits(self.markings, other.markings)
            && patterns(&self.organisations, &other.organisations)
            && patterns(&self.sources, &other.sources)
            && patterns(&self.kinds, &other.kinds)
            && patterns(&self.tags, &other.tags)
            && patterns(&self.cves, &other.cves)
            && places
            && (self.time.is_none() || self.time == other.time)
    }
}

fn any<'a>(patterns: &[Pattern], values: impl IntoIterator<Item = &'a str>) -> bool {
    patterns.is_empty() || values.into_iter().any(|value| patterns.iter().any(|one| one.matches(value)))
}

fn names(patterns: &[Pattern]) -> impl Iterator<Item = &str> {
    patterns.iter().map(|pattern| pattern.0.as_str()).filter(|word| !word.contains('*'))
}

/// Is the value what the pattern says? Neither regards case of a-z.
pub fn matches(pattern: &str, value: &str) -> bool {
    Pattern(pattern.to_ascii_lowercase()).matches(value)
}

impl Pattern {
    /// The parts between stars must come one after the other, the first at the beginning and the last at the end.
    fn matches(&self, value: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return self.0.eq_ignore_ascii_case(value);
        };
        let (value, first) = (value.as_bytes(), first.as_bytes());
        if value.len() < first.len() || !value[..first.len()].eq_ignore_ascii_case(first) {
            return false;
        }
        let mut left = &value[first.len()..];
        let (between, last) = match rest.rsplit_once('*') {
            Some((between, last)) => (between, last.as_bytes()),
            None => ("", rest.as_bytes()),
        };
        for part in between.split('*').map(str::as_bytes).filter(|part| !part.is_empty()) {
            match left.windows(part.len()).position(|window| window.eq_ignore_ascii_case(part)) {
                Some(at) => left = &left[at + part.len()..],
                None => return false,
            }
        }
        left.len() >= last.len() && left[left.len() - last.len()..].eq_ignore_ascii_case(last)
    }
}

impl Place {
    fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::Prefix(prefix) => facts.ip.is_some_and(|ip| prefix.contains(&ip)),
            Self::Domain(domain) => is_at_or_below(facts.name, domain),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Prefix(mine), Self::Prefix(theirs)) => mine.contains(theirs),
            (Self::Domain(mine), Self::Domain(theirs)) => is_at_or_below(theirs, mine),
            _ => false,
        }
    }
}

fn is_at_or_below(name: &str, domain: &str) -> bool {
    let Some(at) = name.len().checked_sub(domain.len()) else { return false };
    let (front, end) = name.as_bytes().split_at(at);
    end.eq_ignore_ascii_case(domain.as_bytes()) && (front.is_empty() || front.ends_with(b"."))
}

fn place(word: &str) -> Option<Place> {
    if let Ok(prefix) = word.parse::<IpNet>() {
        return Some(Place::Prefix(prefix.trunc()));
    }
    if let Ok(ip) = word.parse::<std::net::IpAddr>() {
        return Some(Place::Prefix(ip.into()));
    }
    let domain = word.trim_start_matches("*.").trim_matches('.');
    let looks_like_one = domain.contains('.')
        && !domain.contains(|c: char| c.is_whitespace() || "/:*@".contains(c))
        && !domain.ends_with(|c: char| c.is_ascii_digit());
    looks_like_one.then(|| Place::Domain(domain.to_owned()))
}

/// Is this a word for a kind, as far as can be known without looking at what came in?
pub fn is_classification(word: &str) -> bool {
    ClassificationType::ALL.iter().any(|kind| matches(word, kind.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, value, expected) in [
            ("open-rdp", "open-rdp", true),
            ("open-rdp", "OPEN-RDP", true),
            ("open-rdp", "open-rdpx", false),
            ("open-*", "open-", true),
            ("open-*", "ope", false),
            ("*-rdp", "open-rdp", true),
            ("*-rdp", "open-rdp2", false),
            ("a*b*c", "axxbxxc", true),
            ("a*b*c", "axxc", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("**", "x", true),
            ("cve-2026-*", "CVE-2026-1234", true),
        ] {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        }
    }

    #[test]
    fn a_place_is_a_prefix_an_address_or_a_domain() {
        assert_eq!(place("198.51.100.7/24"), Some(Place::Prefix("198.51.100.0/24".parse().unwrap())));
        assert_eq!(place("2001:db8::1"), Some(Place::Prefix("2001:db8::1/128".parse().unwrap())));
        assert_eq!(place("gouda.nl"), Some(Place::Domain("gouda.nl".into())));
        assert_eq!(place("*.gouda.nl"), Some(Place::Domain("gouda.nl".into())));
        for wrong in ["198.51.100.300/24", "198.51.100", "gouda", "https://gouda.nl/", ""] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
        assert!(is_at_or_below("www.gouda.nl", "gouda.nl") && is_at_or_below("gouda.nl", "gouda.nl"));
        assert!(!is_at_or_below("xgouda.nl", "gouda.nl") && !is_at_or_below("nl", "gouda.nl"));
    }
}
