//! What the data plane needs of an event that was read whole: for IDF and for mappings, where the fields of a row are
//! known only once all of them have been read.

use std::{borrow::Cow, net::IpAddr};

use schakel_model::{
    classification::{ClassificationType, Taxonomy},
    event::{Event, Value},
    observation::{
        Endpoint, Identity, MalwareIdentity, Observation, ObservedAt, Polarity, ServiceIdentity,
        TargetIdentity, Transport,
    },
    severity::Severity,
};

use crate::address;

/// What is not in the fields, or was decided before.
pub(crate) struct Known {
    pub observed_at: ObservedAt,
    pub classification: ClassificationType,
    pub severity: Severity,
    pub polarity: Polarity,
    pub identity: Identity,
}

/// Does an observation need this field? The others need not be read for it.
pub(crate) fn needs(field: &str) -> bool {
    let end = field.strip_prefix("source.").or_else(|| field.strip_prefix("destination."));
    match end {
        Some(part) => {
            matches!(
                part,
                "ip" | "network"
                    | "port"
                    | "fqdn"
                    | "reverse_dns"
                    | "url"
                    | "account"
                    | "asn"
                    | "geolocation.cc"
            )
        }
        None => matches!(
            field,
            "classification.identifier"
                | "classification.type"
                | "malware.name"
                | "protocol.transport"
                | "severity"
                | "status"
                | "time.source"
                | "time.observation"
        ),
    }
}

/// The observation in an event of which the fields have been validated.
pub(crate) fn observation(event: &Event, known: Known) -> Observation<'static> {
    let mut observation = Observation {
        observed_at: known.observed_at,
        source: Endpoint::default(),
        target: Endpoint::default(),
        transport: Transport::Unknown,
        classification: known.classification,
        identifier: Cow::Borrowed(""),
        malware: Cow::Borrowed(""),
        severity: known.severity,
        polarity: known.polarity,
        identity: known.identity,
    };
    for (field, value) in event.fields() {
        if let Some(part) = field.strip_prefix("source.") {
            fill(&mut observation.source, part, value);
        } else if let Some(part) = field.strip_prefix("destination.") {
            fill(&mut observation.target, part, value);
        } else if let Value::Text(text) = value {
            match field {
                "classification.identifier" => observation.identifier = text.to_lowercase().into(),
                "malware.name" => observation.malware = text.to_lowercase().into(),
                "protocol.transport" => observation.transport = Transport::from_name(text),
                _ => {}
            }
        }
    }
    for (end, network) in
        [(&mut observation.source, "source.network"), (&mut observation.target, "destination.network")]
    {
        let is_nameless = end.fqdn.is_empty() && end.url.is_empty() && end.account.is_empty();
        if end.ip.is_none() && is_nameless {
            end.ip = first_address(event.text(network));
        }
    }
    observation
}

/// The first address of a network. What is about a whole network stands under it, and concerns whose network it is.
fn first_address(network: &str) -> Option<IpAddr> {
    address::real_address(network.split_once('/')?.0.as_bytes())
}

fn fill(end: &mut Endpoint<'static>, part: &str, value: &Value) {
    match (part, value) {
        ("ip", Value::Text(text)) => end.ip = address::real_address(text.as_bytes()),
        ("fqdn", Value::Text(text)) => end.fqdn = text.clone().into(),
        ("reverse_dns", Value::Text(text)) => end.reverse_dns = text.clone().into(),
        ("url", Value::Text(text)) => end.url = text.clone().into(),
        ("account", Value::Text(text)) => end.account = text.clone().into(),
        ("geolocation.cc", Value::Text(text)) => {
            end.country = <[u8; 2]>::try_from(text.as_bytes()).unwrap_or_default();
        }
        ("port", Value::Int(number)) => end.port = u16::try_from(*number).unwrap_or(0),
        ("asn", Value::Int(number)) => end.asn = u32::try_from(*number).unwrap_or(0),
        _ => {}
    }
}

/// What makes two observations of this kind the same problem, when nobody says otherwise.
pub(crate) fn usual_identity(kind: ClassificationType) -> Identity {
    use ClassificationType as Kind;
    let ignoring_service =
        |target| Identity { target, service: ServiceIdentity::Ignored, malware: MalwareIdentity::Ignored };
    match kind {
        // Addressed by what people are led to.
        Kind::Phishing | Kind::MalwareDistribution | Kind::Masquerade => {
            ignoring_service(TargetIdentity::Url)
        }
        Kind::DgaDomain => ignoring_service(TargetIdentity::NameElseAddress),
        Kind::DataLeak => ignoring_service(TargetIdentity::Account),
        Kind::C2Server => Identity::SERVICE,
        _ => match kind.taxonomy() {
            Taxonomy::MaliciousCode => Identity::INFECTION,
            // The port is that of the service.
            Taxonomy::Vulnerable => Identity::SERVICE,
            // The port is the one a connection went out from, or says nothing.
            _ => ignoring_service(TargetIdentity::AddressElseName),
        },
    }
}

/// Words in IDF's `status` for "looked for and not found". The first is the one we write.
pub(crate) const CLEAR_WORDS: [&str; 3] = ["clear", "not vulnerable", "not-vulnerable"];

/// Does `status` say that the problem was not found?
pub(crate) fn polarity(event: &Event) -> Polarity {
    let status = event.text("status").trim();
    if CLEAR_WORDS.iter().any(|word| status.eq_ignore_ascii_case(word)) {
        Polarity::Clear
    } else {
        Polarity::Seen
    }
}
