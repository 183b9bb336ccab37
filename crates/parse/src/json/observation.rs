//! What the data plane needs of an event that was read whole: for IDF and for mappings, where the fields of a row are
//! known only once all of them have been read.

use std::borrow::Cow;

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

/// The observation in an event of which the fields have been validated.
pub(crate) fn observation(mut event: Event, known: Known) -> Observation<'static> {
    let transport = Transport::from_name(event.text("protocol.transport"));
    let malware = take_text(&mut event, "malware.name").to_lowercase();
    Observation {
        observed_at: known.observed_at,
        source: endpoint(&mut event, "source"),
        target: endpoint(&mut event, "destination"),
        transport,
        classification: known.classification,
        identifier: take_text(&mut event, "classification.identifier").to_lowercase().into(),
        malware: malware.into(),
        severity: known.severity,
        polarity: known.polarity,
        identity: known.identity,
    }
}

fn endpoint(event: &mut Event, end: &str) -> Endpoint<'static> {
    let mut text =
        |field: &str| -> Cow<'static, str> { Cow::Owned(take_text(event, &format!("{end}.{field}"))) };
    let fqdn = text("fqdn");
    let reverse_dns = text("reverse_dns");
    let url = text("url");
    let account = text("account");
    let ip = address::real_address(text("ip").as_bytes());
    let country = text("geolocation.cc");
    Endpoint {
        ip,
        port: number(event, &format!("{end}.port")).and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
        fqdn,
        reverse_dns,
        url,
        account,
        asn: number(event, &format!("{end}.asn")).and_then(|asn| u32::try_from(asn).ok()).unwrap_or(0),
        country: <[u8; 2]>::try_from(country.as_bytes()).unwrap_or_default(),
    }
}

fn take_text(event: &mut Event, field: &str) -> String {
    match event.remove(field) {
        Some(Value::Text(text)) => text,
        _ => String::new(),
    }
}

fn number(event: &Event, field: &str) -> Option<i64> {
    match event.get(field) {
        Some(Value::Int(number)) => Some(*number),
        Some(Value::Text(text)) => text.parse().ok(),
        _ => None,
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
