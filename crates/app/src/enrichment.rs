//! What we found out ourselves about the addresses and names of an event or a finding: from the table of announced prefixes and the list of
//! public suffixes, derived whenever it is asked for, and from the DNS, as far as it was looked up. Never mixed with what a source said.

pub mod asking;
pub mod permissions;

use std::{collections::BTreeSet, net::IpAddr};

use ipnet::IpNet;
use schakel_formats::register::registrable::registrable;
use schakel_model::{
    announced::{AnnouncedTable, Origin},
    country::CountryCode,
    enrichment::{Subject, Value, ValueKind, subjects},
    event::Event,
    ids::{FindingId, RegisterVersion},
};
use schakel_rules::enrichment::is_public_name;
use schakel_store::{Reader, StoreError, announced, findings, look_ups, register};
use serde::Serialize;

use crate::explain::rfc3339;

const DNS: &str = "DNS";

/// A value as it is shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Enriched {
    /// The address or name it is about.
    pub subject: String,
    /// What it is: `as`, `prefix`, `country`, `registrable_domain`, `ptr`, `address`.
    pub kind: &'static str,
    /// The value.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
    /// Of when it is, RFC 3339.
    pub at: Option<String>,
    /// Of a name of an address: does it lead back there?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads_back: Option<bool>,
}

impl From<Value> for Enriched {
    fn from(value: Value) -> Self {
        let Value { subject, kind, value, origin, at, leads_back } = value;
        Self {
            subject: subject.to_string(),
            kind: kind.as_str(),
            value,
            origin,
            at: at.map(rfc3339),
            leads_back,
        }
    }
}

/// What of an event can be asked about: the addresses and hosts of both ends.
pub fn subjects_of(event: &Event) -> Vec<Subject> {
    let mut all = Vec::new();
    for (ip, name, url) in [
        ("source.ip", "source.fqdn", "source.url"),
        ("destination.ip", "destination.fqdn", "destination.url"),
    ] {
        all.extend(subjects(event.text(ip).parse().ok(), event.text(name)));
        all.extend(subjects(None, event.text(url)));
    }
    let mut once: Vec<Subject> = Vec::new();
    for subject in all {
        if !once.contains(&subject) {
            once.push(subject);
        }
    }
    once
}

/// Everything we know about these, with the table of announced prefixes as a version of the register has it.
pub fn of(reader: &Reader, version: RegisterVersion, about: &[Subject]) -> Result<Vec<Enriched>, StoreError> {
    let mut values = Vec::new();
    for subject in about {
        match subject {
            Subject::Address(address) => {
                values.extend(announced_around(reader, version, *address)?);
                values.extend(names_of(reader, *address)?);
            }
            Subject::Name(name) => {
                values.extend(registered(name));
                values.extend(looked_up(reader, subject, ValueKind::Address)?);
            }
        }
    }
    Ok(values.into_iter().map(Enriched::from).collect())
}

/// Everything we know about the address and the name of a finding, by the newest table of announced prefixes.
pub fn of_finding(reader: &Reader, finding: FindingId) -> Result<Vec<Enriched>, StoreError> {
    let Some(stored) = reader.read(|connection| findings::get(connection, finding))? else {
        return Ok(Vec::new());
    };
    let about = subjects(stored.first.ip, stored.first.name.as_deref().unwrap_or(""));
    of(reader, reader.read(register::version)?, &about)
}

/// The most specific prefix around an address by AS number: who announces it, and its country. By handle only the country:
/// whose handle it is stands in the explanation.
fn announced_around(
    reader: &Reader,
    version: RegisterVersion,
    address: IpAddr,
) -> Result<Vec<Value>, StoreError> {
    let (by_asn, by_handle) = match address {
        IpAddr::V4(_) => (AnnouncedTable::AsnV4, AnnouncedTable::HandleV4),
        IpAddr::V6(_) => (AnnouncedTable::AsnV6, AnnouncedTable::HandleV6),
    };
    let around = reader.read(|connection| announced::around(connection, version, &[address]))?;
    let mut values = Vec::new();
    for table in [by_asn, by_handle] {
        let lines = || around.prefixes.iter().filter(|line| line.table() == table);
        let Some(longest) = lines().map(|line| line.net).max_by_key(IpNet::prefix_len) else { continue };
        let file = reader.read(|connection| announced::file_of(connection, version, table))?;
        let value = |kind, value| Value {
            subject: Subject::Address(address),
            kind,
            value,
            origin: format!("table of announced prefixes {}", file.as_deref().unwrap_or_default()),
            at: around.dates[table as usize],
            leads_back: None,
        };
        let longest_lines = || lines().filter(|line| line.net == longest);
        values.extend(longest_lines().filter_map(|line| match line.origin {
            Origin::Asn(asn) => Some(value(ValueKind::As, format!("AS{asn}"))),
            Origin::Handle(_) => None,
        }));
        if table == by_asn {
            values.push(value(ValueKind::Prefix, longest.to_string()));
        }
        // A wider line says nothing of the most specific one.
        let countries: BTreeSet<CountryCode> = longest_lines().filter_map(|line| line.country).collect();
        values.extend(countries.iter().map(|code| value(ValueKind::Country, code.to_string())));
    }
    Ok(values)
}

fn registered(name: &str) -> Option<Value> {
    let domain = is_public_name(name).then(|| registrable(name)).flatten()?;
    Some(Value {
        subject: Subject::Name(name.to_owned()),
        kind: ValueKind::RegistrableDomain,
        value: domain.to_owned(),
        origin: "public suffix list".to_owned(),
        at: None,
        leads_back: None,
    })
}

/// The names of an address. Whoever holds an address can give it any name: one that does not lead back proves nothing.
fn names_of(reader: &Reader, address: IpAddr) -> Result<Vec<Value>, StoreError> {
    let mut names = looked_up(reader, &Subject::Address(address), ValueKind::Ptr)?;
    for name in &mut names {
        let subject = Subject::Name(name.value.clone());
        let addresses = reader.read(|connection| look_ups::get(connection, &subject))?;
        name.leads_back = addresses
            .filter(|look_up| look_up.answer.is_known())
            .map(|look_up| look_up.values().contains(&address.to_string()));
    }
    Ok(names)
}

fn looked_up(reader: &Reader, subject: &Subject, kind: ValueKind) -> Result<Vec<Value>, StoreError> {
    let look_up = reader.read(|connection| look_ups::get(connection, subject))?;
    let values = look_up.iter().flat_map(|look_up| {
        look_up.values().iter().map(|value| Value {
            subject: subject.clone(),
            kind,
            value: value.clone(),
            origin: DNS.to_owned(),
            at: Some(look_up.answered_at),
            leads_back: None,
        })
    });
    Ok(values.collect())
}
