//! The fields of IntelMQ's data format (IDF) and what may stand in them, by its harmonisation (version 3.5).

use std::borrow::Cow;

use schakel_model::{classification::ClassificationType, event::Value};

use crate::{address, hostname, time};

/// What kind of value a field takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Text,
    Lower,
    Country,
    Severity,
    Transport,
    Printable,
    PrintableLower { length_max: usize },
    Address,
    Network,
    Name,
    Url,
    Port { digits_max: usize },
    Whole,
    Asn,
    Fraction,
    Flag,
    Time,
    Type,
    Taxonomy,
    Registry,
}

/// Is this the name of an IDF field (`extra` and what is in it apart)?
pub(crate) fn exists(field: &str) -> bool {
    kind(field).is_some()
}

/// Transport protocols by name, as IDF allows them.
const TRANSPORTS: &str = " ip icmp igmp ggp ipencap st2 tcp cbt egp igp bbn-rcc nvp nvp-ii pup argus emcon xnet chaos udp mux dcn \
    hmp prm xns-idp trunk-1 trunk-2 leaf-1 leaf-2 rdp irtp iso-tp4 netblt mfe-nsp merit-inp sep 3pc idpr xtp ddp idpr-cmtp tp++ \
    il ipv6 sdrp ipv6-route ipv6-frag idrp rsvp gre mhrp bna esp ah i-nlsp swipe narp mobile tlsp skip ipv6-icmp ipv6-nonxt \
    ipv6-opts cftp sat-expak kryptolan rvd ippc sat-mon visa ipcv cpnx cphb wsn pvp br-sat-mon sun-nd wb-mon wb-expak iso-ip \
    vmtp secure-vmtp vines ttp nsfnet-igp dgp tcf eigrp ospf sprite-rpc larp mtp ax.25 ipip micp scc-sp etherip encap gmtp ifmp \
    pnni pim aris scps qnx a/n ipcomp snp compaq-peer ipx-in-ip vrrp pgm l2tp ddx iatp st srp uti smp sm ptp isis fire crtp \
    crdup sscopmce iplt sps pipe sctp fc divert ";

/// The longest name of a transport protocol IDF takes.
const TRANSPORT_LENGTH_MAX: usize = 11;

fn kind(field: &str) -> Option<Kind> {
    let end = field.strip_prefix("source.").or_else(|| field.strip_prefix("destination."));
    Some(match end.unwrap_or(field) {
        "ip" | "local_ip" if end.is_some() => Kind::Address,
        "network" if end.is_some() => Kind::Network,
        "port" if field == "source.port" => Kind::Port { digits_max: 5 },
        "port" if end.is_some() => Kind::Port { digits_max: 19 },
        "asn" if end.is_some() => Kind::Asn,
        "fqdn" | "reverse_dns" | "domain_suffix" if end.is_some() => Kind::Name,
        "url" if end.is_some() => Kind::Url,
        "allocated" if end.is_some() => Kind::Time,
        "abuse_contact" if end.is_some() => Kind::Lower,
        "tor_node" if end.is_some() => Kind::Flag,
        "registry" if end.is_some() => Kind::Registry,
        "geolocation.cc" | "geolocation.cymru_cc" | "geolocation.geoip_cc" if end.is_some() => Kind::Country,
        "geolocation.latitude" | "geolocation.longitude" if end.is_some() => Kind::Fraction,
        "account"
        | "as_name"
        | "local_hostname"
        | "urlpath"
        | "geolocation.city"
        | "geolocation.country"
        | "geolocation.region"
        | "geolocation.state"
            if end.is_some() =>
        {
            Kind::Text
        }
        _ => match field {
            "classification.identifier"
            | "comment"
            | "constituency"
            | "event_description.target"
            | "event_description.text"
            | "feed.code"
            | "feed.documentation"
            | "feed.name"
            | "feed.provider"
            | "product.full_name"
            | "status"
            | "output"
            | "raw"
            | "event_hash"
            | "misp.attribute_uuid"
            | "misp.event_uuid"
            | "tlp" => Kind::Text,
            "classification.taxonomy" => Kind::Taxonomy,
            "classification.type" => Kind::Type,
            "event_description.url" | "feed.url" | "screenshot_url" => Kind::Url,
            "feed.accuracy" => Kind::Fraction,
            "malware.hash.md5" | "malware.hash.sha1" | "malware.hash.sha256" | "malware.version" => {
                Kind::Printable
            }
            "malware.name" => Kind::PrintableLower { length_max: usize::MAX },
            "product.name" | "product.vendor" | "product.version" | "product.vulnerabilities" => Kind::Lower,
            "protocol.application" => Kind::PrintableLower { length_max: 100 },
            "protocol.transport" => Kind::Transport,
            "rtir_id" => Kind::Whole,
            "severity" => Kind::Severity,
            "time.observation" | "time.source" => Kind::Time,
            _ => return None,
        },
    })
}

/// Does the reference take this text for "nothing said" in an IDF field?
#[inline]
pub(crate) fn says_nothing(text: &str) -> bool {
    matches!(text, "" | "-" | "N/A")
}

/// The value as the field keeps it; `None` when the field does not take it.
pub(crate) fn fit(field: &str, value: Value) -> Option<Value> {
    let kind = kind(field)?;
    match (kind, value) {
        (Kind::Port { digits_max }, Value::Int(number)) => {
            (number.to_string().len() <= digits_max).then_some(Value::Int(number))
        }
        (Kind::Port { .. } | Kind::Whole, Value::Text(text)) => {
            fit(field, Value::Int(crate::number::whole(&text)?))
        }
        (Kind::Whole, Value::Int(number)) => Some(Value::Int(number)),
        (Kind::Asn, Value::Int(number)) => {
            (1..=i64::from(u32::MAX)).contains(&number).then_some(Value::Int(number))
        }
        (Kind::Asn, Value::Text(text)) => fit(field, Value::Int(crate::number::whole(&text)?)),
        (Kind::Fraction, Value::Float(number)) => Some(Value::Float(number)),
        (Kind::Fraction, Value::Int(number)) => Some(Value::Float(number as f64)),
        (Kind::Fraction, Value::Text(text)) => crate::number::fractional(&text).map(Value::Float),
        (Kind::Flag, Value::Bool(flag)) => Some(Value::Bool(flag)),
        (kind, Value::Text(text)) => fit_text(kind, &text).map(|text| Value::Text(text.into_owned())),
        (kind, Value::Int(number)) => {
            fit_text(kind, &number.to_string()).map(|t| Value::Text(t.into_owned()))
        }
        (kind, Value::Float(number)) => {
            fit_text(kind, &format!("{number:?}")).map(|t| Value::Text(t.into_owned()))
        }
        _ => None,
    }
}

fn fit_text(kind: Kind, text: &str) -> Option<Cow<'_, str>> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return None;
    }
    match kind {
        Kind::Text => Some(Cow::Borrowed(trimmed)),
        Kind::Lower => Some(lower(trimmed)),
        Kind::Country => {
            country(trimmed).map(|code| Cow::Owned(code.iter().map(|b| char::from(*b)).collect()))
        }
        Kind::Severity => Some(lower(trimmed))
            .filter(|word| matches!(&**word, "critical" | "high" | "medium" | "low" | "info" | "undefined")),
        Kind::Transport => transport(trimmed),
        Kind::Printable => (printable(trimmed) && trimmed.len() <= 200).then_some(Cow::Borrowed(trimmed)),
        Kind::PrintableLower { length_max } => {
            (printable(trimmed) && trimmed.len() <= length_max).then(|| lower(trimmed))
        }
        Kind::Address => address::reference_address(trimmed).map(Cow::Owned),
        Kind::Network => address::reference_network(trimmed).map(Cow::Owned),
        Kind::Name => hostname::read(trimmed),
        Kind::Url => url(trimmed).map(Cow::Borrowed),
        Kind::Time => time::read(trimmed, time::Zone::Counts).map(|moment| Cow::Owned(moment.to_idf())),
        // The reference keeps its old word; ours is `blocklist`.
        Kind::Type if trimmed == "blacklist" => Some(Cow::Borrowed(trimmed)),
        Kind::Type => trimmed.parse::<ClassificationType>().ok().map(|_| Cow::Borrowed(trimmed)),
        Kind::Taxonomy => ClassificationType::ALL
            .iter()
            .any(|t| t.taxonomy().as_str() == trimmed)
            .then_some(Cow::Borrowed(trimmed)),
        Kind::Registry => {
            let upper = trimmed.to_ascii_uppercase();
            matches!(&*upper, "AFRINIC" | "APNIC" | "ARIN" | "LACNIC" | "RIPE").then_some(Cow::Owned(upper))
        }
        Kind::Port { .. } | Kind::Whole | Kind::Asn | Kind::Fraction | Kind::Flag => None,
    }
}

/// `malware.name` as the field keeps it.
#[inline]
pub(crate) fn malware_name(text: &str) -> Option<Cow<'_, str>> {
    let trimmed = text.trim();
    (!says_nothing(text) && !trimmed.is_empty() && printable(trimmed)).then(|| lower(trimmed))
}

/// A country code in upper case: two letters or digits.
#[inline]
pub(crate) fn country(text: &str) -> Option<[u8; 2]> {
    let code: [u8; 2] = text.trim().as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_alphanumeric).then_some(code.map(|byte| byte.to_ascii_uppercase()))
}

/// A transport protocol that IDF knows, in lower case.
#[inline]
pub(crate) fn transport(text: &str) -> Option<Cow<'_, str>> {
    if matches!(text, "tcp" | "udp") {
        return Some(Cow::Borrowed(text));
    }
    let name = lower(text);
    let known = name.len() <= TRANSPORT_LENGTH_MAX
        && !name.contains(' ')
        && (TRANSPORTS.contains(&format!(" {name} "))
            || matches!(name.as_bytes(), [b'a', b'x', _, b'2', b'5']));
    known.then_some(name)
}

/// An absolute URL: a scheme and a host.
#[inline]
pub(crate) fn url(text: &str) -> Option<&str> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://")?;
    let scheme_fine = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    (scheme_fine && !host.is_empty()).then_some(text)
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

fn printable(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(field: &str, text: &str) -> Option<String> {
        match fit(field, Value::Text(text.to_owned()))? {
            Value::Text(text) => Some(text),
            other => Some(format!("{other:?}")),
        }
    }

    #[test]
    fn fields_keep_what_the_harmonisation_keeps() {
        for (field, text, kept) in [
            ("severity", "HIGH", Some("high")),
            ("severity", "none", None),
            ("protocol.transport", "TCP ", Some("tcp")),
            ("protocol.transport", "axx25", Some("axx25")),
            ("protocol.transport", "6", None),
            ("protocol.transport", "tcp udp", None),
            ("protocol.application", "Session Traversal", Some("session traversal")),
            ("protocol.application", "é", None),
            ("source.geolocation.cc", "nl ", Some("NL")),
            ("source.geolocation.cc", "NLD", None),
            ("source.geolocation.region", " R ", Some("R")),
            ("source.geolocation.region", "  ", None),
            ("source.reverse_dns", "A.NL.", Some("a.nl")),
            ("malware.name", "X Y", Some("x y")),
            ("malware.name", "é", None),
            ("product.name", "Foo BÀR ", Some("foo bàr")),
            ("source.url", "http://h.nl/a", Some("http://h.nl/a")),
            ("source.url", "/a", None),
            ("classification.type", "blacklist", Some("blacklist")),
            ("classification.type", "nonsense", None),
            ("source.asn", "4294967296", None),
            ("source.asn", "0", None),
            ("not.a.field", "x", None),
        ] {
            assert_eq!(fitted(field, text).as_deref(), kept, "{field} {text}");
        }
        assert_eq!(fit("source.port", Value::Int(65_536)), Some(Value::Int(65_536)));
        assert_eq!(fit("source.port", Value::Int(123_456)), None);
    }

    #[test]
    fn both_ends_have_the_same_fields() {
        assert!(exists("source.ip") && exists("destination.ip") && !exists("ip") && !exists("extra.tag"));
    }
}
