//! The value of an asset, from what a person wrote to its normal form.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};
use schakel_model::asset::{AssetKind, AssetValue};

use super::{
    host::{Host, read_address, read_host},
    problem::ProblemKind,
    url::url_key,
};

/// Reads the value of an asset. An address range `a-b` becomes several prefixes, anything else is one value.
///
/// # Errors
/// What is wrong, and what to write instead.
pub fn read_value(kind: AssetKind, text: &str) -> Result<Vec<AssetValue>, (ProblemKind, String)> {
    match kind {
        AssetKind::Prefix => read_prefixes(text),
        AssetKind::Address => read_one_address(text).map(|ip| vec![AssetValue::Address(ip)]),
        AssetKind::Asn => read_asn(text).map(|asn| vec![AssetValue::Asn(asn)]),
        AssetKind::Domain => {
            let name = read_name(text.strip_prefix("*.").unwrap_or(text))?;
            not_a_public_suffix(&name)?;
            Ok(vec![AssetValue::Domain(name)])
        }
        AssetKind::MailDomain => {
            let name = read_name(text.strip_prefix('@').unwrap_or(text))?;
            not_a_public_suffix(&name)?;
            Ok(vec![AssetValue::MailDomain(name)])
        }
        AssetKind::Hostname => Ok(vec![AssetValue::Hostname(read_name(text)?)]),
        AssetKind::Url => read_url(text).map(|url| vec![AssetValue::Url(url)]),
        AssetKind::Country => read_country(text).map(|code| vec![AssetValue::Country(code)]),
        AssetKind::RipeHandle => read_handle(text).map(|handle| vec![AssetValue::RipeHandle(handle)]),
        AssetKind::Product => Ok(vec![AssetValue::Product(text.to_owned())]),
    }
}

/// What deserves a warning, though it is legal.
pub(super) fn doubtful(value: &AssetValue) -> Option<(ProblemKind, &'static str)> {
    match value {
        AssetValue::Prefix(net) => special_range(*net),
        AssetValue::Address(ip) => special_range((*ip).into()),
        AssetValue::Asn(64_496..=64_511 | 65_536..=65_551) => Some("an AS number for documentation"),
        AssetValue::Asn(64_512..=65_534 | 4_200_000_000..=4_294_967_294) => {
            Some("an AS number for private use")
        }
        AssetValue::Asn(23_456 | 65_535 | u32::MAX) => Some("a reserved AS number"),
        _ => None,
    }
    .map(|what| (ProblemKind::SpecialRange, what))
    .or_else(|| match value {
        AssetValue::Domain(name) | AssetValue::MailDomain(name) if is_suffix(name) => {
            Some((ProblemKind::PrivateSuffix, "a domain under which others get names of their own"))
        }
        _ => None,
    })
}

fn wrong(message: impl Into<String>) -> (ProblemKind, String) {
    (ProblemKind::BadValue, message.into())
}

fn read_prefixes(text: &str) -> Result<Vec<AssetValue>, (ProblemKind, String)> {
    let nets = match text.split_once('-') {
        Some((from, to)) => split_range(text, from, to)?,
        None => vec![read_net(text).ok_or_else(|| {
            wrong(format!(
                "`{text}` is no prefix; write one such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.0-192.0.2.9"
            ))
        })?],
    };
    if nets.iter().any(|net| net.prefix_len() == 0) {
        return Err((
            ProblemKind::Everything,
            format!("`{text}` is every address there is; write the prefixes that are theirs"),
        ));
    }
    Ok(nets.into_iter().map(AssetValue::Prefix).collect())
}

/// `a/len`, or an address, which is a prefix of full length. Host bits are cleared, IPv4-mapped IPv6 becomes IPv4.
fn read_net(text: &str) -> Option<IpNet> {
    let (address, len) = text.split_once('/').map_or((text, None), |(address, len)| (address, Some(len)));
    let address: IpAddr = address.trim().parse().ok()?;
    let Some(len) = len else { return Some(address.to_canonical().into()) };
    let len: u8 = len.trim().parse().ok()?;
    let (address, len) = match address.to_canonical() {
        canonical if canonical != address && len >= 96 => (canonical, len - 96),
        _ => (address, len),
    };
    IpNet::new(address, len).ok().map(|net| net.trunc())
}

fn split_range(text: &str, from: &str, to: &str) -> Result<Vec<IpNet>, (ProblemKind, String)> {
    let (Some(from), Some(to)) = (read_address(from), read_address(to)) else {
        return Err(wrong(format!("`{text}` is no address range; write one such as 192.0.2.0-192.0.2.9")));
    };
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) if from <= to => {
            Ok(Ipv4Subnets::new(from, to, 0).map(IpNet::V4).collect())
        }
        (IpAddr::V6(from), IpAddr::V6(to)) if from <= to => {
            Ok(Ipv6Subnets::new(from, to, 0).map(IpNet::V6).collect())
        }
        (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
            Err(wrong(format!("the range `{text}` ends before it begins; turn it around")))
        }
        _ => Err(wrong(format!("the range `{text}` begins in one address family and ends in the other"))),
    }
}

fn read_one_address(text: &str) -> Result<IpAddr, (ProblemKind, String)> {
    if let Some(ip) = read_address(text) {
        return Ok(ip);
    }
    match read_net(text) {
        Some(net) if net.prefix_len() == net.max_prefix_len() => Ok(net.addr()),
        Some(_) => Err(wrong(format!("`{text}` is a prefix, no single address; give it the kind prefix"))),
        None => Err(wrong(format!("`{text}` is no address; write one such as 192.0.2.1 or 2001:db8::1"))),
    }
}

fn read_asn(text: &str) -> Result<u32, (ProblemKind, String)> {
    let digits = match text.get(..2) {
        Some(prefix) if prefix.eq_ignore_ascii_case("as") => text[2..].trim_start(),
        _ => text,
    };
    match digits.parse() {
        Ok(asn) if asn != 0 => Ok(asn),
        _ => Err(wrong(format!("`{text}` is no AS number; write one such as AS64496 or 64496"))),
    }
}

/// `ORG-`, two to four letters, an optional number, `-RIPE` (RIPE Database documentation, "organisation").
fn read_handle(text: &str) -> Result<String, (ProblemKind, String)> {
    let handle = text.to_ascii_uppercase();
    let middle = handle.strip_prefix("ORG-").and_then(|rest| rest.strip_suffix("-RIPE"));
    let plain = |middle: &str| {
        let letters = middle.trim_end_matches(|digit: char| digit.is_ascii_digit());
        let digits = middle.len() - letters.len();
        (2..=4).contains(&letters.len())
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && digits <= 5
    };
    match middle {
        Some(middle) if plain(middle) => Ok(handle),
        _ => Err(wrong(format!("`{text}` is no RIPE organisation handle; write one such as ORG-EX1-RIPE"))),
    }
}

fn read_country(text: &str) -> Result<[u8; 2], (ProblemKind, String)> {
    match text.as_bytes() {
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            Ok([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
        }
        _ => Err(wrong(format!("`{text}` is no country code; write two letters, such as NL"))),
    }
}

/// Octets of a name and of a label of it (RFC 1035).
const NAME_OCTETS_MAX: usize = 253;
const LABEL_OCTETS_MAX: usize = 63;

fn read_name(text: &str) -> Result<String, (ProblemKind, String)> {
    if text.contains("://") {
        return Err(wrong(format!("`{text}` is a URL; give it the kind url, or write the name only")));
    }
    let mut name = String::new();
    match read_host(text, &mut name) {
        Some(Host::Name) => {}
        Some(Host::Address(_)) => {
            return Err(wrong(format!("`{text}` is an address; give it the kind address")));
        }
        None => return Err(wrong(format!("`{text}` is no name; write one such as www.example.nl"))),
    }
    let label = |label: &str| {
        (1..=LABEL_OCTETS_MAX).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if name.len() > NAME_OCTETS_MAX || !name.split('.').all(label) {
        return Err(wrong(format!(
            "`{text}` is no name; a label has 1 to 63 letters, digits and hyphens, a name at most 253 characters"
        )));
    }
    Ok(name)
}

/// Suffixes that a registry hands out names under are nobody's.
fn not_a_public_suffix(name: &str) -> Result<(), (ProblemKind, String)> {
    match psl::suffix(name.as_bytes()) {
        Some(suffix) if suffix.as_bytes() == name.as_bytes() && suffix.typ() != Some(psl::Type::Private) => {
            Err((
                ProblemKind::PublicSuffix,
                format!(
                    "`{name}` is a public suffix, under which everybody gets names; write the domain that is theirs"
                ),
            ))
        }
        _ => Ok(()),
    }
}

fn is_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == name.as_bytes())
}

/// Characters of a URL. Browsers and servers stop at about 2,000 to 8,000.
const URL_CHARS_MAX: usize = 2_000;

fn read_url(text: &str) -> Result<String, (ProblemKind, String)> {
    let no_url = || wrong(format!("`{text}` is no URL; write one such as https://www.example.nl/path"));
    let absolute = match text.contains("://") {
        true => text.to_owned(),
        false => format!("https://{}", text.trim_start_matches('/')),
    };
    let mut url = ::url::Url::parse(&absolute).map_err(|_| no_url())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(format!(
            "the URL of {} has a user in it; take it out",
            url.host_str().unwrap_or("?")
        )));
    }
    if url.path().is_empty() {
        url.set_path("/");
    }
    let url = url.to_string();
    if url.len() > URL_CHARS_MAX || url_key(&url, &mut String::new()).is_none() {
        return Err(no_url());
    }
    Ok(url)
}

/// Ranges with a special meaning (IANA's special-purpose registries), and what it is.
fn special_range(net: IpNet) -> Option<&'static str> {
    const V4: [(Ipv4Addr, u8, &str); 13] = [
        (Ipv4Addr::new(10, 0, 0, 0), 8, PRIVATE),
        (Ipv4Addr::new(172, 16, 0, 0), 12, PRIVATE),
        (Ipv4Addr::new(192, 168, 0, 0), 16, PRIVATE),
        (Ipv4Addr::new(100, 64, 0, 0), 10, "a range for carrier-grade NAT"),
        (Ipv4Addr::new(192, 0, 2, 0), 24, DOCUMENTATION),
        (Ipv4Addr::new(198, 51, 100, 0), 24, DOCUMENTATION),
        (Ipv4Addr::new(203, 0, 113, 0), 24, DOCUMENTATION),
        (Ipv4Addr::new(198, 18, 0, 0), 15, "a range for measurements and tests"),
        (Ipv4Addr::new(127, 0, 0, 0), 8, LOCAL),
        (Ipv4Addr::new(169, 254, 0, 0), 16, LOCAL),
        (Ipv4Addr::new(0, 0, 0, 0), 8, LOCAL),
        (Ipv4Addr::new(224, 0, 0, 0), 4, MULTICAST),
        (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved range"),
    ];
    const V6: [(Ipv6Addr, u8, &str); 6] = [
        (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, PRIVATE),
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, DOCUMENTATION),
        (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, DOCUMENTATION),
        (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, LOCAL),
        (Ipv6Addr::LOCALHOST, 128, LOCAL),
        (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, MULTICAST),
    ];
    match net {
        IpNet::V4(net) => V4
            .iter()
            .find(|(start, len, _)| Ipv4Net::new(*start, *len).is_ok_and(|range| range.contains(&net)))
            .map(|(_, _, what)| *what),
        IpNet::V6(net) => V6
            .iter()
            .find(|(start, len, _)| Ipv6Net::new(*start, *len).is_ok_and(|range| range.contains(&net)))
            .map(|(_, _, what)| *what),
    }
}

const PRIVATE: &str = "a private range";
const DOCUMENTATION: &str = "a range for documentation";
const LOCAL: &str = "a range that does not leave the machine or its link";
const MULTICAST: &str = "a multicast range";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, text: &str) -> String {
        match read_value(kind.parse().unwrap(), text) {
            Ok(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err((kind, _)) => format!("! {}", kind.as_str()),
        }
    }

    #[test]
    fn values_come_in_their_normal_form() {
        for (kind, text, expected) in [
            ("prefix", "192.0.2.0/24", "192.0.2.0/24"),
            ("prefix", "192.0.2.77/24", "192.0.2.0/24"),
            ("prefix", "192.0.2.7", "192.0.2.7/32"),
            ("prefix", "2001:DB8:0::1/48", "2001:db8::/48"),
            ("prefix", "::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("prefix", "::ffff:192.0.2.1", "192.0.2.1/32"),
            ("prefix", "192.0.2.0-192.0.2.255", "192.0.2.0/24"),
            ("prefix", "192.0.2.5 - 192.0.2.9", "192.0.2.5/32 192.0.2.6/31 192.0.2.8/31"),
            ("prefix", "2001:db8::-2001:db8::ffff", "2001:db8::/112"),
            ("prefix", "192.0.2.9-192.0.2.5", "! bad_value"),
            ("prefix", "192.0.2.9-2001:db8::", "! bad_value"),
            ("prefix", "0.0.0.0/0", "! everything"),
            ("prefix", "::/0", "! everything"),
            ("prefix", "::ffff:0.0.0.0/96", "! everything"),
            ("prefix", "0.0.0.0-255.255.255.255", "! everything"),
            ("prefix", "192.0.2.0/33", "! bad_value"),
            ("prefix", "192.0.2/24", "! bad_value"),
            ("prefix", "example.nl", "! bad_value"),
            ("prefix", "", "! bad_value"),
            ("address", "192.0.2.1", "192.0.2.1"),
            ("address", "192.0.2.1/32", "192.0.2.1"),
            ("address", "[2001:db8::1]", "2001:db8::1"),
            ("address", "192.0.2.1/24", "! bad_value"),
            ("asn", "AS38915", "AS38915"),
            ("asn", "38915", "AS38915"),
            ("asn", "as 38915", "AS38915"),
            ("asn", "0", "! bad_value"),
            ("asn", "4294967296", "! bad_value"),
            ("domain", "Example.NL.", "example.nl"),
            ("domain", "*.example.nl", "example.nl"),
            ("domain", "bücher.example", "xn--bcher-kva.example"),
            ("domain", "nl", "! public_suffix"),
            ("domain", "co.uk", "! public_suffix"),
            ("domain", "192.0.2.1", "! bad_value"),
            ("domain", "https://example.nl", "! bad_value"),
            ("domain", "a..example.nl", "! bad_value"),
            ("domain", "exa$mple.nl", "! bad_value"),
            ("domain", "github.io", "github.io"),
            ("hostname", "www.example.nl:443", "www.example.nl"),
            ("hostname", "_sip.example.nl", "_sip.example.nl"),
            ("mail_domain", "@example.nl", "example.nl"),
            ("mail_domain", "co.uk", "! public_suffix"),
            ("url", "HTTPS://WWW.Example.nl:443/Shop", "https://www.example.nl/Shop"),
            ("url", "www.example.nl", "https://www.example.nl/"),
            ("url", "http://www.example.nl/a/../b", "http://www.example.nl/b"),
            ("url", "https://user:secret@www.example.nl/", "! bad_value"),
            ("url", "https://", "! bad_value"),
            ("country", "nl", "NL"),
            ("country", "NLD", "! bad_value"),
        ] {
            assert_eq!(read(kind, text), expected, "{kind} {text:?}");
        }
        assert_eq!(read("domain", &format!("{}.nl", "a".repeat(64))), "! bad_value");
        assert_eq!(read("domain", &format!("{}example.nl", "a.".repeat(150))), "! bad_value");
    }

    #[test]
    fn doubtful_values_are_legal() {
        for (kind, text, expected) in [
            ("prefix", "198.18.4.0/24", true),
            ("prefix", "10.0.0.0/8", true),
            ("prefix", "8.0.0.0/8", false),
            ("prefix", "2001:db8:513::/48", true),
            ("prefix", "2a07:3500::/29", false),
            ("address", "203.0.113.9", true),
            ("asn", "64500", true),
            ("asn", "38915", false),
            ("domain", "github.io", true),
            ("domain", "gouda.nl", false),
        ] {
            let value = read_value(kind.parse().unwrap(), text).unwrap();
            assert_eq!(doubtful(&value[0]).is_some(), expected, "{kind} {text}");
        }
    }
}
