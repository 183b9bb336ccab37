//! Claims: what overlaps with what, where a proof is looked for, and what becomes of a proof that is not found again.

use std::net::IpAddr;

use ipnet::IpNet;
use schakel_formats::rdap::Holder;
use schakel_model::{asset::AssetValue, claim::Proven};

/// Mailboxes that only those who run a domain read (RFC 2142).
pub const ROLE_MAILBOXES: [&str; 4] = ["hostmaster", "postmaster", "webmaster", "security"];

/// Wrong codes that are taken before a new one must be sent. With eight characters of 32 a guess is one in 2⁴⁰.
pub const CODE_TRIES_MAX: u32 = 5;

/// A code is good for a week: role mailboxes are not read every day.
pub const CODE_SECONDS: i64 = 7 * 86_400;

/// Codes that a member has sent for a claim within a day: whoever reads the role mailbox did not ask for them.
pub const CODES_IN_A_DAY_MAX: usize = 3;

/// How one value lies to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlap {
    /// They are the same.
    Same,
    /// The first lies within the second.
    Inside,
    /// The second lies within the first.
    Around,
}

/// How a claimed value lies to another; `None` when they have nothing to do with each other. Kinds that cover each other are compared:
/// an address with prefixes, a host name with domains. Products and countries are no one's alone.
pub fn overlap(claimed: &AssetValue, other: &AssetValue) -> Option<Overlap> {
    if let (Some(claimed), Some(other)) = (net(claimed), net(other)) {
        return match (claimed == other, other.contains(&claimed), claimed.contains(&other)) {
            (true, ..) => Some(Overlap::Same),
            (_, true, _) => Some(Overlap::Inside),
            (_, _, true) => Some(Overlap::Around),
            _ => None,
        };
    }
    match (claimed, other) {
        (AssetValue::Asn(a), AssetValue::Asn(b)) => (a == b).then_some(Overlap::Same),
        (AssetValue::RipeHandle(a), AssetValue::RipeHandle(b)) => (a == b).then_some(Overlap::Same),
        (AssetValue::MailDomain(a), AssetValue::MailDomain(b)) => names(a, true, b, true),
        (AssetValue::MailDomain(_), _) | (_, AssetValue::MailDomain(_)) => None,
        (AssetValue::Url(a), AssetValue::Url(b)) => match (a == b, a.starts_with(b), b.starts_with(a)) {
            (true, ..) => Some(Overlap::Same),
            (_, true, _) => Some(Overlap::Inside),
            (_, _, true) => Some(Overlap::Around),
            _ => None,
        },
        (a, b) => {
            let (a_name, b_name) = (host(a)?, host(b)?);
            names(a_name, matches!(a, AssetValue::Domain(_)), b_name, matches!(b, AssetValue::Domain(_)))
        }
    }
}

/// How two names lie to each other; `suffix`: with everything below it.
fn names(a: &str, a_suffix: bool, b: &str, b_suffix: bool) -> Option<Overlap> {
    let below = |name: &str, suffix: &str| {
        name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    match (a_suffix, b_suffix) {
        (same, other) if a == b && same == other => Some(Overlap::Same),
        (_, true) if below(a, b) => Some(Overlap::Inside),
        (true, _) if below(b, a) => Some(Overlap::Around),
        _ => None,
    }
}

fn net(value: &AssetValue) -> Option<IpNet> {
    match value {
        AssetValue::Prefix(net) => Some(*net),
        AssetValue::Address(ip) => Some((*ip).into()),
        _ => None,
    }
}

/// The name of a value that stands in the DNS.
pub fn host(value: &AssetValue) -> Option<&str> {
    match value {
        AssetValue::Domain(name) | AssetValue::Hostname(name) | AssetValue::MailDomain(name) => Some(name),
        AssetValue::Url(url) => {
            let rest = url.split_once("://")?.1;
            let host = rest.split(['/', '?', '#']).next()?;
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            // An address has no zone to put a record in.
            (host.parse::<IpAddr>().is_err() && !host.starts_with('[')).then_some(host)
        }
        _ => None,
    }
}

/// Where the TXT record with the token stands.
pub fn challenge_record(value: &AssetValue) -> Option<String> {
    Some(format!("_schakel-challenge.{}", host(value)?))
}

/// Where the file with the token lies (RFC 8615).
pub fn challenge_url(value: &AssetValue, token: &str) -> Option<String> {
    Some(format!("https://{}/.well-known/schakel-{token}.txt", host(value)?))
}

/// Is one of the holders the organisation with this name or one of these handles? Says which, in words for the record.
pub fn holder_matches(holders: &[Holder], name: &str, handles: &[&str]) -> Option<String> {
    let by_handle = holders
        .iter()
        .find(|holder| handles.iter().any(|handle| handle.eq_ignore_ascii_case(&holder.handle)))
        .map(|holder| format!("the registry's holder is {}", holder.handle));
    let wanted = plain_name(name);
    by_handle.or_else(|| {
        holders
            .iter()
            .find(|holder| !wanted.is_empty() && plain_name(&holder.name) == wanted)
            .map(|holder| format!("the registry's holder is called {}", holder.name))
    })
}

/// A name for comparison: case and everything that is neither letter nor digit away. "Gemeente Súdwest-Fryslân" and "gemeente
/// Súdwest Fryslân" are one; "Gemeente X" and "X" are two, for a registry may hold both.
fn plain_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How long proofs count, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProofPolicy {
    /// How long a proof by this means counts.
    pub seconds: i64,
    /// How long a proof that is not found again goes on counting.
    pub grace_seconds: i64,
}

/// What becomes of a proof that was looked at again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterRecheck {
    /// It was found: it counts until then.
    Renewed {
        /// In seconds since 1970.
        expires_at: i64,
    },
    /// Nothing changes yet.
    Stands,
    /// It was not found, or has run out: it goes on counting until then.
    Failing {
        /// Since when, in seconds since 1970.
        since: i64,
        /// Until when it still counts, in seconds since 1970.
        until: i64,
    },
    /// It counts no longer: what it proved is asserted from now on.
    Lapsed,
}

/// Decides about a proof. `found`: was it looked up now, and with which result?
pub fn after_recheck(
    proven: Proven,
    failing_since: Option<i64>,
    found: Option<bool>,
    policy: ProofPolicy,
    now: i64,
) -> AfterRecheck {
    let since = match found {
        Some(true) => return AfterRecheck::Renewed { expires_at: now.saturating_add(policy.seconds) },
        Some(false) => failing_since.unwrap_or(now),
        None if now < proven.expires_at => return AfterRecheck::Stands,
        None => failing_since.unwrap_or(proven.expires_at),
    };
    let until = since.saturating_add(policy.grace_seconds);
    if now < until { AfterRecheck::Failing { since, until } } else { AfterRecheck::Lapsed }
}

/// Is it time to look a proof up again? Once a day, for what can be looked up.
pub fn is_due(proven: Proven, last_looked_at: i64, now: i64) -> bool {
    proven.means.is_repeatable() && now.saturating_sub(last_looked_at) >= RECHECK_SECONDS
        || now >= proven.expires_at
}

/// Proofs are looked up again once a day.
const RECHECK_SECONDS: i64 = 86_400;

#[cfg(test)]
mod tests {
    use schakel_model::claim::Means;

    use super::*;

    fn value(text: &str) -> AssetValue {
        let (kind, text) = text.split_once(' ').unwrap();
        match kind {
            "prefix" => AssetValue::Prefix(text.parse().unwrap()),
            "address" => AssetValue::Address(text.parse().unwrap()),
            "asn" => AssetValue::Asn(text.parse().unwrap()),
            "domain" => AssetValue::Domain(text.into()),
            "host" => AssetValue::Hostname(text.into()),
            "mail" => AssetValue::MailDomain(text.into()),
            "url" => AssetValue::Url(text.into()),
            _ => AssetValue::Product(text.into()),
        }
    }

    #[test]
    fn values_overlap_as_attribution_sees_them() {
        use Overlap::{Around, Inside, Same};
        for (claimed, other, expected) in [
            ("prefix 192.0.2.0/24", "prefix 192.0.2.0/24", Some(Same)),
            ("prefix 192.0.2.0/25", "prefix 192.0.2.0/24", Some(Inside)),
            ("prefix 192.0.2.0/23", "prefix 192.0.2.0/24", Some(Around)),
            ("prefix 192.0.2.0/24", "prefix 192.0.3.0/24", None),
            ("address 192.0.2.7", "prefix 192.0.2.0/24", Some(Inside)),
            ("prefix 192.0.2.0/24", "address 192.0.2.7", Some(Around)),
            ("address 192.0.2.7", "prefix 192.0.2.7/32", Some(Same)),
            ("address 2001:db8::1", "prefix 192.0.2.0/24", None),
            ("asn 64496", "asn 64496", Some(Same)),
            ("asn 64496", "asn 64497", None),
            ("domain a.example", "domain a.example", Some(Same)),
            ("domain www.a.example", "domain a.example", Some(Inside)),
            ("domain a.example", "host www.a.example", Some(Around)),
            ("host a.example", "domain a.example", Some(Inside)),
            ("host a.example", "host www.a.example", None),
            ("domain ba.example", "domain a.example", None),
            ("url https://www.a.example/x", "domain a.example", Some(Inside)),
            ("url https://a.example/x/y", "url https://a.example/x", Some(Inside)),
            ("url https://192.0.2.1/", "domain a.example", None),
            ("mail a.example", "mail b.a.example", Some(Around)),
            ("mail a.example", "domain a.example", None),
            ("product x", "product x", None),
            ("domain a.example", "prefix 192.0.2.0/24", None),
        ] {
            assert_eq!(overlap(&value(claimed), &value(other)), expected, "{claimed} | {other}");
            let back = match expected {
                Some(Inside) => Some(Around),
                Some(Around) => Some(Inside),
                same => same,
            };
            assert_eq!(overlap(&value(other), &value(claimed)), back, "{other} | {claimed}");
        }
    }

    #[test]
    fn a_challenge_stands_at_the_name_of_the_value() {
        for (text, record) in [
            ("domain a.example", Some("_schakel-challenge.a.example")),
            ("url https://www.a.example:8443/x", Some("_schakel-challenge.www.a.example")),
            ("url https://192.0.2.1/x", None),
            ("url https://[2001:db8::1]/x", None),
            ("prefix 192.0.2.0/24", None),
        ] {
            assert_eq!(challenge_record(&value(text)).as_deref(), record, "{text}");
        }
        assert_eq!(
            challenge_url(&value("host a.example"), "t1").as_deref(),
            Some("https://a.example/.well-known/schakel-t1.txt")
        );
    }

    #[test]
    fn a_holder_is_known_by_its_handle_or_by_its_name() {
        let holder = |handle: &str, name: &str| Holder { handle: handle.into(), name: name.into() };
        let holders = [holder("ORG-EX1-RIPE", "Gemeente Súdwest-Fryslân"), holder("", "")];
        for (name, handles, expected) in [
            ("gemeente Súdwest Fryslân", &[][..], true),
            ("Súdwest-Fryslân", &[][..], false),
            ("Adorp", &["org-ex1-ripe"][..], true),
            ("Adorp", &["ORG-EX2-RIPE"][..], false),
            ("", &[][..], false),
            ("---", &[][..], false),
        ] {
            assert_eq!(holder_matches(&holders, name, handles).is_some(), expected, "{name} {handles:?}");
        }
    }

    #[test]
    fn a_proof_that_is_not_found_falls_back_after_the_grace_and_never_before() {
        const DAY: i64 = 86_400;
        let policy = ProofPolicy { seconds: 365 * DAY, grace_seconds: 14 * DAY };
        let proven = Proven { means: Means::Dns, at: 0, expires_at: 365 * DAY };
        for (failing, found, now, expected) in [
            (None, Some(true), DAY, AfterRecheck::Renewed { expires_at: 366 * DAY }),
            (Some(DAY), Some(true), 2 * DAY, AfterRecheck::Renewed { expires_at: 367 * DAY }),
            (None, Some(false), DAY, AfterRecheck::Failing { since: DAY, until: 15 * DAY }),
            (Some(DAY), Some(false), 15 * DAY - 1, AfterRecheck::Failing { since: DAY, until: 15 * DAY }),
            (Some(DAY), Some(false), 15 * DAY, AfterRecheck::Lapsed),
            (None, None, 365 * DAY - 1, AfterRecheck::Stands),
            (None, None, 365 * DAY, AfterRecheck::Failing { since: 365 * DAY, until: 379 * DAY }),
            (None, None, 379 * DAY, AfterRecheck::Lapsed),
        ] {
            assert_eq!(
                after_recheck(proven, failing, found, policy, now),
                expected,
                "{failing:?} {found:?} {now}"
            );
        }
        assert!(!is_due(proven, 0, DAY - 1) && is_due(proven, 0, DAY));
        let by_mail = Proven { means: Means::Mail, ..proven };
        assert!(!is_due(by_mail, 0, 364 * DAY) && is_due(by_mail, 0, 365 * DAY));
    }
}
