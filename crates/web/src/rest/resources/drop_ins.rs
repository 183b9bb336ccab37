//! What members run already asks us as it asks others: IntelMQ's `tuency` look-up, and the JSON search of n6. Names and shapes are theirs.
//!
//! - tuency: <https://gitlab.com/intevation/tuency/tuency/-/blob/master/backend/docs/IntelMQ-API.md>
//! - n6: <https://n6.readthedocs.io/> (REST API); an event of theirs is a finding of ours, at the time it was last observed.

use schakel_app::contact_look_up::{Asked, look_up};
use schakel_attribute::{Input, InputKind};
use schakel_model::{classification::ClassificationType, ids::FindingId, severity::Severity};
use schakel_rules::policy::{Action, Rhythm};
use schakel_store::{
    finding_list::{self, Conditions},
    findings::{self, Kind},
    register::load_organisations_now,
    sightings,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rest::{
    call::Call,
    problem::{Fault, Problem, Where},
    values::At,
};

/// What IntelMQ asks.
#[derive(Deserialize, JsonSchema)]
pub struct TuencyQuery {
    classification_type: Option<String>,
    feed_name: Option<String>,
    feed_status: Option<String>,
    ip: Option<String>,
    domain: Option<String>,
}

/// What IntelMQ wants to hear. Empty: nobody is told.
#[derive(Serialize, JsonSchema)]
pub struct Tuency {
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<Destinations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Destinations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppress: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<Interval>,
}

/// Who is told.
#[derive(Serialize, JsonSchema)]
pub struct Destinations {
    destinations: Vec<Destination>,
}

/// An organisation.
#[derive(Serialize, JsonSchema)]
pub struct Destination {
    source: &'static str,
    name: String,
    contacts: Vec<TuencyContact>,
}

/// Where it is told.
#[derive(Serialize, JsonSchema)]
pub struct TuencyContact {
    email: String,
}

/// How soon.
#[derive(Serialize, JsonSchema)]
pub struct Interval {
    unit: &'static str,
    length: u32,
}

/// Feeds that are only tried are not told.
const IN_PRODUCTION: &str = "production";

/// `GET /intelmq/lookup`. A member's client finds only itself.
pub fn tuency(call: &Call, query: TuencyQuery) -> Result<Tuency, Problem> {
    let kind: Option<ClassificationType> =
        query.classification_type.as_deref().and_then(|name| name.parse().ok());
    let tlp = call.rest.config.tlp()?;
    let names = call.reader.read(load_organisations_now)?;
    let is_seen =
        |code: &str| names.organisations.iter().any(|one| one.code == code && call.tenant.sees(one.id));
    let mut faults = Vec::new();
    let mut asked = |input_kind, name: &str, text: &Option<String>| {
        let text = text.as_deref()?;
        Input::read(input_kind, text)
            .map_err(|error| {
                let detail = error.to_string();
                faults.push(Fault { r#in: Where::Query, location: name.to_owned(), code: "format", detail });
            })
            .ok()
    };
    let ip = asked(InputKind::Ip, "ip", &query.ip);
    let domain = asked(InputKind::Domain, "domain", &query.domain);
    if !faults.is_empty() {
        return Err(Problem::faults(faults));
    }
    let feed = query.feed_name.as_deref().unwrap_or_default();
    // What the policy does for each who is told; all of them hear by the one bot, so the soonest counts.
    let (mut is_anybodys, mut soonest): (bool, Option<Action>) = (false, None);
    let mut destinations = |input: Option<Input>| -> Result<Option<Destinations>, Problem> {
        let Some(input) = input else { return Ok(None) };
        let asked = Asked { input, kind, feed, tlp, now: call.now };
        let mut destinations = Vec::new();
        for one in look_up(&call.reader, &asked)?.into_iter().filter(|one| is_seen(&one.organisation)) {
            is_anybodys = true;
            let Some(action) = one.action else { continue };
            soonest = soonest.into_iter().chain([action]).min_by_key(|action| action.rank());
            let contacts = one.addresses.into_iter().map(|email| TuencyContact { email }).collect();
            destinations.push(Destination { source: "portal", name: one.name, contacts });
        }
        Ok(Some(Destinations { destinations }))
    };
    let (ip, domain) = (destinations(ip)?, destinations(domain)?);
    if !is_anybodys {
        return Ok(Tuency { ip: None, domain: None, suppress: None, interval: None });
    }
    let in_production = query.feed_status.is_none_or(|status| status == IN_PRODUCTION);
    let interval = soonest.filter(|_| in_production).map(Interval::of);
    Ok(Tuency { ip, domain, suppress: Some(interval.is_none()), interval })
}

impl Interval {
    /// As tuency names what we do. The bot makes seconds of it.
    fn of(action: Action) -> Self {
        let unit = match action {
            Action::Grouped(Rhythm::Hourly) => "hours",
            Action::Grouped(Rhythm::Daily(..)) => "days",
            Action::Grouped(Rhythm::Weekly(..)) => "weeks",
            Action::AtOnce | Action::Hold | Action::Suppress => "immediate",
        };
        Self { unit, length: 1 }
    }
}

/// What a client of n6 asks. It has more parameters; those that we do not know are left alone, as they only narrow.
#[derive(Deserialize, JsonSchema)]
pub struct N6Query {
    /// Observed at this time or later; n6 requires it
    #[serde(rename = "time.min")]
    time_min: At,
    /// Observed at this time or before
    #[serde(rename = "time.max")]
    time_max: Option<At>,
    /// Observed before this time
    #[serde(rename = "time.until")]
    time_until: Option<At>,
    /// Of these categories
    category: Option<Vec<String>>,
    /// At these addresses
    ip: Option<Vec<String>>,
    /// With these names
    fqdn: Option<Vec<String>>,
    /// How many, at most
    #[serde(rename = "opt.limit")]
    #[schemars(range(min = 1, max = 10000))]
    limit: Option<u32>,
}

/// An event as n6 writes it.
#[derive(Serialize, JsonSchema)]
pub struct N6Event {
    id: String,
    r#type: &'static str,
    source: String,
    restriction: &'static str,
    confidence: &'static str,
    category: &'static str,
    time: String,
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    address: Vec<N6Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fqdn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dport: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proto: Option<&'static str>,
    count: u32,
    severity: &'static str,
}

/// An address in an event.
#[derive(Serialize, JsonSchema)]
pub struct N6Address {
    ip: String,
}

/// Events of one answer.
const N6_MAX: usize = 10_000;

/// Findings that are read from the store at a time.
const PAGE: usize = 1_000;

/// `GET /search/events.json` and `GET /report/inside.json`: for a member both are its own.
pub fn n6(call: &Call, query: N6Query) -> Result<Vec<N6Event>, Problem> {
    let limit = query.limit.map_or(N6_MAX, |limit| limit as usize);
    let kinds = call.reader.read(findings::kinds)?;
    let conditions = Conditions { told: call.tenant.places().map(<[_]>::to_vec), ..Conditions::default() };
    let mut found = Vec::new();
    let mut named = Vec::new();
    let mut before: Option<FindingId> = None;
    loop {
        let page =
            call.reader.read(|connection| finding_list::page(connection, &conditions, before, PAGE))?;
        for stored in page.findings {
            let sighting = call.reader.read(|connection| sightings::get(connection, stored.id))?;
            let seen = i64::from(sighting.last_seen.max(stored.first.first_seen).0);
            let is_in = seen >= query.time_min.0
                && query.time_max.is_none_or(|max| seen <= max.0)
                && query.time_until.is_none_or(|until| seen < until.0);
            let kind = kinds.get(stored.first.kind.0 as usize);
            let category = category(kind);
            let one_of = |wanted: &Option<Vec<String>>, value: &str| {
                wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|one| one == value))
            };
            let ip = stored.first.ip.map(|ip| ip.to_string()).unwrap_or_default();
            let name = stored.first.name.clone().unwrap_or_default();
            let is_wanted = is_in
                && one_of(&query.category.clone(), category)
                && one_of(&query.ip, &ip)
                && one_of(&query.fqdn, &name);
            if !is_wanted || !call.tenant.may_have(&call.reader, stored.first.event)? {
                continue;
            }
            named.push((format!("F{}", stored.id), stored.first.event));
            found.push(event(kind, &stored, category, seen, sighting.count));
            if found.len() >= limit {
                break;
            }
        }
        before = page.next;
        if before.is_none() || found.len() >= limit {
            break;
        }
    }
    call.looker().list("n6", named.into_iter())?;
    Ok(found)
}

fn event(
    kind: Option<&Kind>,
    stored: &findings::Finding,
    category: &'static str,
    seen: i64,
    count: u32,
) -> N6Event {
    let first = &stored.first;
    let name = first.name.clone().unwrap_or_default();
    let is_url = name.contains("://");
    N6Event {
        // n6 has 32 hexadecimal digits.
        id: format!("{:032x}", stored.id.0),
        r#type: "event",
        source: kind.map_or_else(
            || "schakel.other".to_owned(),
            |kind| format!("{}.{}", kind.provider, kind.feed.replace('_', "-")),
        ),
        restriction: "need-to-know",
        confidence: "medium",
        category,
        time: jiff::Timestamp::from_second(seen).unwrap_or_default().to_string(),
        name: kind.map(|kind| kind.identifier.clone()).unwrap_or_default(),
        address: first.ip.iter().map(|ip| N6Address { ip: ip.to_string() }).collect(),
        fqdn: (!is_url && !name.is_empty() && !name.contains('@')).then(|| name.clone()),
        url: is_url.then_some(name),
        dport: (first.port > 0).then_some(first.port),
        proto: match first.transport {
            schakel_model::observation::Transport::Tcp => Some("tcp"),
            schakel_model::observation::Transport::Udp => Some("udp"),
            schakel_model::observation::Transport::Icmp => Some("icmp"),
            _ => None,
        },
        count,
        severity: kind.map_or(Severity::High, |kind| kind.severity).as_str(),
    }
}

/// The category of n6 that comes nearest: the way back of how we read n6.
fn category(kind: Option<&Kind>) -> &'static str {
    use ClassificationType as Kinds;
    match kind.map_or(Kinds::Undetermined, |kind| kind.classification) {
        Kinds::DdosAmplifier => "amplifier",
        Kinds::InfectedSystem => "bots",
        Kinds::SystemCompromise | Kinds::ApplicationCompromise => "backdoor",
        Kinds::C2Server => "cnc",
        Kinds::Ddos | Kinds::Dos => "dos-victim",
        Kinds::Masquerade => "fraud",
        Kinds::DataLeak | Kinds::DataLoss => "leak",
        Kinds::MalwareDistribution => "malurl",
        Kinds::MalwareConfiguration => "malware-action",
        Kinds::Phishing => "phish",
        Kinds::Proxy => "proxy",
        Kinds::Scanner | Kinds::BruteForce => "scanning",
        Kinds::Exploit => "server-exploit",
        Kinds::Spam => "spam",
        Kinds::Tor => "tor",
        Kinds::VulnerableSystem
        | Kinds::WeakCrypto
        | Kinds::PotentiallyUnwantedAccessible
        | Kinds::InformationDisclosure
        | Kinds::Misconfiguration => "vulnerable",
        _ => "other",
    }
}
