//! An event as an X-ARF 4.2 report (<https://xarf.org>): the reverse of what `feeds/xarf.rs` reads.
//!
//! Strict in what it writes: only fields that the specification knows for the type of the report, and only values that fit. What has no place
//! is not lost, since the event itself goes along as evidence. An event that lacks what its type demands becomes a report of a wider type; every event
//! fits `threat_intelligence`.

mod fields;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use schakel_model::{classification::ClassificationType as Kind, event::Event};
use serde_json::{Map, Value as Json, json};

use self::fields::class;
use crate::{feeds::host_of, idf};

/// The version of the specification.
const VERSION: &str = "4.2.0";

/// Evidence beyond this is not sent along, by the specification.
const EVIDENCE_BYTES_MAX: usize = 5 << 20;

/// Who writes reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reporter {
    org: String,
    contact: String,
    domain: String,
}

impl Reporter {
    /// An organisation and its mail address.
    pub fn new(org: &str, contact: &str) -> Result<Self, String> {
        let (org, contact) = (org.trim(), contact.trim());
        let domain =
            contact.rsplit_once('@').filter(|(name, _)| !name.is_empty()).map_or("", |(_, domain)| domain);
        if !fields::is_host(domain) || !domain.contains('.') || contact.contains(char::is_whitespace) {
            return Err(format!("`{contact}` is no mail address: write one such as cert@example.nl"));
        }
        if org.is_empty() || org.chars().count() > 200 {
            return Err("the name of the organisation must have 1 to 200 characters".to_owned());
        }
        Ok(Self { org: org.to_owned(), contact: contact.to_owned(), domain: domain.to_owned() })
    }

    /// Its name.
    pub(crate) fn org(&self) -> &str {
        &self.org
    }

    /// Its mail address.
    pub(crate) fn contact(&self) -> &str {
        &self.contact
    }

    /// The domain of that.
    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }

    fn json(&self) -> Json {
        json!({"org": self.org, "contact": self.contact, "domain": self.domain})
    }
}

impl std::str::FromStr for Reporter {
    type Err = String;

    /// `Name <mail address>`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.trim().strip_suffix('>').and_then(|text| text.split_once('<'));
        let (org, contact) =
            parts.ok_or("write a name and a mail address: CERT Example <cert@example.nl>")?;
        Self::new(org.trim().trim_matches('"'), contact)
    }
}

/// Why there is no report of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotWritten {
    /// Nothing says whose problem it is.
    #[error("the event names no address, name, URL, account or network, and an X-ARF report is about one")]
    NoSource,
    /// Nothing says when.
    #[error("the event has no time that can be read")]
    NoTime,
}

/// The report as a line, without its line end. The same event always gives the same report.
pub fn to_json(event: &Event, reporter: &Reporter) -> Result<String, NotWritten> {
    let source = source_identifier(event).ok_or(NotWritten::NoSource)?;
    let time = event.text("time.source");
    if time.parse::<Timestamp>().is_err() {
        return Err(NotWritten::NoTime);
    }
    let line = idf::to_json(event);
    let hash = digest(&SHA256, line.as_bytes());
    let mut shared = Map::new();
    shared.insert("report_id".into(), uuid(hash.as_ref()).into());
    shared.insert("timestamp".into(), time.into());
    shared.insert("reporter".into(), first_reporter(event).unwrap_or_else(|| reporter.json()));
    shared.insert("sender".into(), reporter.json());
    shared.insert("source_identifier".into(), source.into());
    if line.len() <= EVIDENCE_BYTES_MAX {
        let item = json!({
            "content_type": "application/json",
            "description": "The event as Schakel read it, in IntelMQ's data format",
            "payload": STANDARD.encode(&line),
            "hash": format!("sha256:{}", hex(hash.as_ref())),
            "size": line.len(),
        });
        shared.insert("evidence".into(), Json::Array(vec![item]));
    }
    let own = own_choice(event);
    let own = own.iter().map(|(category, kind)| Choice { category, kind, says: &[] });
    let kind = event.text("classification.type").parse().unwrap_or(Kind::Undetermined);
    let mut choices = own.chain(choices(kind).iter().copied()).chain([ANYTHING]);
    let report = choices.find_map(|choice| report(event, &shared, choice));
    let report = report.expect("whatever `threat_intelligence` demands is there");
    Ok(Json::Object(report).to_string())
}

/// A type that an event may be reported as, and what is said of each such event.
#[derive(Clone, Copy)]
struct Choice<'c> {
    category: &'c str,
    kind: &'c str,
    says: &'static [(&'static str, &'static str)],
}

const fn choice(
    category: &'static str,
    kind: &'static str,
    says: &'static [(&'static str, &'static str)],
) -> Choice<'static> {
    Choice { category, kind, says }
}

/// What every event may be reported as.
const ANYTHING: Choice<'_> = choice("reputation", "threat_intelligence", &[]);

/// Who reported it, when the event came as a report; unless that is not said in full.
fn first_reporter(event: &Event) -> Option<Json> {
    class(ANYTHING.category, ANYTHING.kind)?.fit("reporter", &idf::json_value(event.get("extra.reporter")?))
}

/// The type that the event came with, when it was an X-ARF report.
fn own_choice(event: &Event) -> Option<(String, String)> {
    let category = ["extra.category", "extra.class"]
        .iter()
        .map(|field| event.text(field))
        .find(|word| !word.is_empty())?;
    let plain = |word: &str| word.to_ascii_lowercase().replace('-', "_");
    Some((plain(category), plain(event.text("extra.type"))))
}

/// What an event of this RSIT type may be reported as, the best first.
fn choices(kind: Kind) -> &'static [Choice<'static>] {
    match kind {
        Kind::Spam => {
            const { &[choice("messaging", "spam", &[]), choice("messaging", "spam", &[("protocol", "other")])] }
        }
        Kind::Ddos | Kind::Dos => const { &[choice("connection", "ddos", &[])] },
        Kind::BruteForce => const { &[choice("connection", "login_attack", &[])] },
        Kind::Scanner | Kind::Sniffing => {
            const {
                &[
                    choice("connection", "port_scan", &[]),
                    choice("connection", "vulnerability_scan", &[("scan_type", "mixed")]),
                ]
            }
        }
        Kind::Exploit => {
            const { &[choice("connection", "vulnerability_scan", &[("scan_type", "vulnerability_scan")])] }
        }
        Kind::InfectedSystem => const { &[choice("infrastructure", "botnet", &[])] },
        Kind::SystemCompromise
        | Kind::ApplicationCompromise
        | Kind::PrivilegedAccountCompromise
        | Kind::UnprivilegedAccountCompromise => {
            const { &[choice("infrastructure", "compromised_server", &[("compromise_method", "unknown")])] }
        }
        Kind::C2Server => {
            const { &[choice("content", "remote_compromise", &[("compromise_type", "c2_server")])] }
        }
        Kind::Phishing => const { &[choice("content", "phishing", &[])] },
        Kind::MalwareDistribution => const { &[choice("content", "malware", &[])] },
        Kind::Masquerade => const { &[choice("content", "fraud", &[("fraud_type", "other")])] },
        Kind::Copyright => const { &[choice("copyright", "copyright", &[])] },
        Kind::VulnerableSystem | Kind::WeakCrypto | Kind::InformationDisclosure => {
            const { &[choice("vulnerability", "cve", &[]), choice("vulnerability", "misconfiguration", &[])] }
        }
        Kind::Misconfiguration => const { &[choice("vulnerability", "misconfiguration", &[])] },
        Kind::PotentiallyUnwantedAccessible | Kind::DdosAmplifier => {
            const { &[choice("vulnerability", "open_service", &[])] }
        }
        Kind::Blocklist => const { &[choice("reputation", "blocklist", &[])] },
        _ => &[],
    }
}

/// The report of an event as this type; `None` when it lacks what that demands.
fn report(event: &Event, shared: &Map<String, Json>, choice: Choice<'_>) -> Option<Map<String, Json>> {
    let class = class(choice.category, choice.kind)?;
    let mut report = Map::new();
    report.insert("xarf_version".into(), VERSION.into());
    for name in ["report_id", "timestamp", "reporter", "sender", "source_identifier"] {
        report.extend(shared.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    report.insert("category".into(), class.category.into());
    report.insert("type".into(), class.kind.into());
    for name in class.fields() {
        if report.contains_key(name) {
            continue;
        }
        let said = choice.says.iter().filter(|(field, _)| *field == name).map(|(_, word)| Json::from(*word));
        let fit = |value: Json| class.fit(name, &value);
        let value = said.chain(candidates(event, name)).find_map(fit);
        if let Some(value) = value {
            report.insert(name.into(), value);
        }
    }
    if let Some(evidence) = shared.get("evidence") {
        report.insert("evidence".into(), evidence.clone());
    }
    class.is_whole(&report).then_some(report)
}

/// Where the value of a field may come from, the best first.
fn candidates<'e>(event: &'e Event, name: &'static str) -> impl Iterator<Item = Json> + 'e {
    let first = event.get(&format!("extra.{name}")).map(idf::json_value).filter(|_| name != "evidence");
    let fields: &[&str] = match name {
        "source_port" | "service_port" => &["source.port"],
        "destination_ip" => &["destination.ip"],
        "destination_port" => &["destination.port"],
        "protocol" => &["protocol.transport", "protocol.application"],
        "first_seen" | "registration_date" => &["time.source"],
        "url" | "infringing_url" => &["source.url"],
        "target_url" => &["destination.url"],
        "domain" => &["source.fqdn"],
        "asn" => &["source.asn"],
        "country_code" => &["source.geolocation.cc"],
        "service" => &["protocol.application", "classification.identifier", "classification.type"],
        "service_version" => &["product.version"],
        "cve_id" => &["product.vulnerabilities", "classification.identifier"],
        "severity" => &["severity", "extra.severity"],
        "malware_family" => &["malware.name"],
        "compromise_evidence" => {
            &["event_description.text", "malware.name", "classification.identifier", "classification.type"]
        }
        "threat_type" => &["classification.type"],
        "description" => &["event_description.text"],
        "screenshot_url" => &["screenshot_url"],
        _ => &[],
    };
    let of_fields = fields.iter().filter_map(|field| event.get(field)).flat_map(move |value| {
        let value = idf::json_value(value);
        // Of several vulnerabilities the first is named.
        if name == "cve_id" { value.as_array().cloned().unwrap_or_else(|| vec![value]) } else { vec![value] }
    });
    let made = match name {
        "confidence" => event
            .get("feed.accuracy")
            .and_then(|value| idf::json_value(value).as_f64())
            .map(|percent| json!(percent / 100.0)),
        "threat_type" => Some(Kind::Undetermined.as_str().into()),
        "evidence_source" => evidence_source(event.text("feed.name")).map(Json::from),
        _ => None,
    };
    first.into_iter().chain(of_fields).chain(made)
}

/// How a feed came to know, when its name tells.
fn evidence_source(feed: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 5] = [
        ("honeypot", "honeypot"),
        ("sinkhole", "sinkhole"),
        ("scan", "vulnerability_scan"),
        ("nmap", "vulnerability_scan"),
        ("nuclei", "vulnerability_scan"),
    ];
    WORDS.iter().find(|(part, _)| feed.contains(part)).map(|(_, word)| *word)
}

/// Whose problem it is.
fn source_identifier(event: &Event) -> Option<String> {
    const FIELDS: [&str; 6] =
        ["source.ip", "source.fqdn", "source.url", "source.account", "source.network", "source.reverse_dns"];
    let text = FIELDS.iter().map(|field| event.text(field)).find(|text| !text.is_empty());
    let text = text.or(Some(event.text("extra.source_identifier")).filter(|text| !text.is_empty()));
    text.map(|text| match host_of(text) {
        "" => text.to_owned(),
        host => host.to_owned(),
    })
}

/// A UUID of version 8: of our own making, from a hash.
pub(crate) fn uuid(hash: &[u8]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(&bytes);
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
