//! What we found out ourselves about an address or a name: beside what a source said of it, never in its place.

use std::{fmt, net::IpAddr};

use crate::asset::words;

/// Of one answer so many values are kept. Honest addresses have one name or a few; a name behind a large service has up to about ten
/// addresses.
pub const VALUES_MAX: usize = 16;

/// What can be asked about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// An address.
    Address(IpAddr),
    /// A host name, in lower case, without a dot at its end.
    Name(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// What of a finding can be asked about: its address, and the host in its name, which may be a host name, a URL or an account. An account is
/// somebody's, and its domain says nothing of a machine.
pub fn subjects(ip: Option<IpAddr>, name: &str) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = ip.map(|ip| Subject::Address(ip.to_canonical())).into_iter().collect();
    if let Some(host) = host(name) {
        subjects.push(match host.parse::<IpAddr>() {
            Ok(address) => Subject::Address(address.to_canonical()),
            Err(_) => Subject::Name(host.trim_end_matches('.').to_ascii_lowercase()),
        });
    }
    subjects.dedup();
    subjects
}

/// The host in a host name or a URL.
fn host(name: &str) -> Option<&str> {
    let Some((_, rest)) = name.split_once("://") else {
        let is_host = !name.is_empty() && !name.contains(['@', '/', ' ']);
        return is_host.then_some(name);
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    // What stands before an @ is somebody's name and password.
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next()?,
        None => host.rsplit_once(':').map_or(host, |(host, _)| host),
    };
    (!host.is_empty()).then_some(host)
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ValueKind {
    /// The AS number that announces the address.
    As,
    /// The prefix it announces.
    Prefix,
    /// The country that the prefix is registered in.
    Country,
    /// What somebody registered, one label below a public suffix.
    RegistrableDomain,
    /// A name of the address, as whoever holds the address says.
    Ptr,
    /// An address of the name.
    Address,
}

words!(ValueKind, "kind of value", As "as", Prefix "prefix", Country "country", RegistrableDomain "registrable_domain", Ptr "ptr", Address "address");

/// Something that we found out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// About what.
    pub subject: Subject,
    /// What it is.
    pub kind: ValueKind,
    /// The value.
    pub value: String,
    /// Where it comes from, in words.
    pub origin: String,
    /// Of when it is, in seconds since 1970; `None`: it comes with this program.
    pub at: Option<i64>,
    /// Of a name: does it lead back to the address? `None`: not known, or no such question.
    pub leads_back: Option<bool>,
}

/// What the DNS said of a subject: the names of an address, the addresses of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DnsAnswer {
    /// These; the first [`VALUES_MAX`] of them.
    Found(Vec<String>),
    /// There is nothing.
    Nothing,
    /// What cannot be used: too large, aliases that go round, unreadable.
    Unusable,
    /// Nobody answered, or nobody could. This says nothing.
    Unknown,
}

impl DnsAnswer {
    /// Found is what there is of these; nothing when there are none.
    pub fn of(mut values: Vec<String>) -> Self {
        values.sort();
        values.dedup();
        values.truncate(VALUES_MAX);
        if values.is_empty() { Self::Nothing } else { Self::Found(values) }
    }

    /// Did anybody say anything?
    pub fn is_known(&self) -> bool {
        *self != Self::Unknown
    }
}

/// The last look-up of a subject, and what those before it leave. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LookUp {
    /// When it was asked last.
    pub looked_at: i64,
    /// What was said last; unknown only when nobody ever could say.
    pub answer: DnsAnswer,
    /// When that was said.
    pub answered_at: i64,
}

impl LookUp {
    /// What stands after a look-up, with what stood before: no answer takes nothing back.
    pub fn after(before: Option<Self>, answer: DnsAnswer, at: i64) -> Self {
        match before {
            Some(before) if answer == DnsAnswer::Unknown => Self { looked_at: at, ..before },
            _ => Self { looked_at: at, answer, answered_at: at },
        }
    }

    /// The values that were found.
    pub fn values(&self) -> &[String] {
        match &self.answer {
            DnsAnswer::Found(values) => values,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(ip: &str, name: &str) -> Vec<String> {
        subjects(ip.parse().ok(), name).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn of_a_finding_its_address_and_its_host_can_be_asked_about() {
        type Case = (&'static str, &'static str, &'static [&'static str]);
        let cases: [Case; 14] = [
            ("192.0.2.1", "", &["192.0.2.1"]),
            ("::ffff:192.0.2.1", "", &["192.0.2.1"]),
            ("", "WWW.Berkendal.nl.", &["www.berkendal.nl"]),
            ("192.0.2.1", "www.berkendal.nl", &["192.0.2.1", "www.berkendal.nl"]),
            ("", "https://www.berkendal.nl:8443/a?b=c@d", &["www.berkendal.nl"]),
            ("", "https://jan:geheim@www.berkendal.nl/", &["www.berkendal.nl"]),
            ("", "http://192.0.2.7:80/x", &["192.0.2.7"]),
            ("192.0.2.7", "http://192.0.2.7/x", &["192.0.2.7"]),
            ("", "http://[2001:db8::1]:80/x", &["2001:db8::1"]),
            ("", "https://", &[]),
            // Accounts are somebody's.
            ("192.0.2.1", "jan@berkendal.nl", &["192.0.2.1"]),
            ("", "jan jansen", &[]),
            ("", "domain/user", &[]),
            ("", "", &[]),
        ];
        for (ip, name, expected) in cases {
            assert_eq!(shown(ip, name), expected, "{ip} {name}");
        }
    }

    #[test]
    fn no_answer_takes_nothing_back() {
        let found =
            DnsAnswer::of(vec!["b.example".to_owned(), "a.example".to_owned(), "a.example".to_owned()]);
        assert_eq!(found, DnsAnswer::Found(vec!["a.example".to_owned(), "b.example".to_owned()]));
        let first = LookUp::after(None, found.clone(), 10);
        let unanswered = LookUp::after(Some(first.clone()), DnsAnswer::Unknown, 20);
        assert_eq!(unanswered, LookUp { looked_at: 20, answer: found, answered_at: 10 });
        let gone = LookUp::after(Some(unanswered), DnsAnswer::Nothing, 30);
        assert_eq!(gone, LookUp { looked_at: 30, answer: DnsAnswer::Nothing, answered_at: 30 });
        assert_eq!(LookUp::after(None, DnsAnswer::Unknown, 5).answer, DnsAnswer::Unknown);
    }

    #[test]
    fn an_answer_has_a_limit() {
        let many = (0..100).map(|number| format!("{number:03}.example")).collect();
        let DnsAnswer::Found(values) = DnsAnswer::of(many) else { panic!("nothing found") };
        assert_eq!((values.len(), values[15].as_str()), (VALUES_MAX, "015.example"));
        assert_eq!(DnsAnswer::of(Vec::new()), DnsAnswer::Nothing);
    }
}
