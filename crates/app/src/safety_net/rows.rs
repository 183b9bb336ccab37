//! What is told of findings that are nobody's, read from their raw rows: only what is about the address or the site itself.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use schakel_model::{
    asset::Role,
    assignment::End,
    classification::ClassificationType,
    event::Event,
    ids::{EventId, FindingId},
    observation::Observation,
    severity::Severity,
};
use schakel_parse::xarf::{self, Reporter};
use schakel_render::{
    message::Attachment,
    notice::{Group, Item},
};
use schakel_store::{
    Reader, chunks, erase,
    fate_blob::{self, RowFate},
    sources,
};

use super::plan::Nobodys;
use crate::pipeline::derive::{DerivedChunk, Deriver};

/// X-ARF reports in one mail; the table has everything.
const XARF_MAX: usize = 20;

/// Fields of an event that are about the address or site it concerns. Whom it attacked, who reported it and what was said there stay with us.
const FIELDS: [&str; 13] = [
    "time.source",
    "source.ip",
    "source.port",
    "source.fqdn",
    "source.reverse_dns",
    "source.asn",
    "protocol.transport",
    "protocol.application",
    "classification.type",
    "classification.identifier",
    "malware.name",
    "product.vulnerabilities",
    "severity",
];

/// What findings are put together by: severity, type, report type, identifier.
pub(super) type Kind = (Severity, ClassificationType, String, String);

/// One finding as it is told.
pub(super) struct Told {
    pub kind: Kind,
    pub item: Item<'static>,
    pub xarf: Option<Attachment>,
}

/// Reads each finding from the newest of its rows that is left. Those whose rows are erased are not among what is given.
pub(super) fn read(
    reader: &Reader,
    findings: &[Nobodys],
    reporter: Option<&Reporter>,
) -> anyhow::Result<Vec<Told>> {
    let mut by_chunk: BTreeMap<u32, HashMap<FindingId, &Nobodys>> = BTreeMap::new();
    for one in findings {
        if let Some((_, chunk)) = one.blocks.last() {
            by_chunk.entry(*chunk).or_default().insert(one.id, one);
        }
    }
    let mut deriver = Deriver::new(Reader::open(reader.data())?)?;
    let mut derived = DerivedChunk::default();
    let mut told = Vec::new();
    for (id, mut wanted) in by_chunk {
        let chunk = reader.read(|connection| chunks::by_id(connection, id))?;
        let Some(chunk) = chunk.filter(|chunk| !deriver.is_erased(chunk.report)) else { continue };
        let plan = deriver.chunk(&chunk, &mut derived)?;
        let reported_by = reader.read(|connection| sources::shown(connection, chunk.report))?;
        let fates = reader.read(|connection| chunks::fates(connection, chunk.id))?;
        for (at, fate) in fate_blob::read(&fates).enumerate() {
            let Ok(RowFate::Event(finding)) = fate else { continue };
            let Some(one) = wanted.remove(&finding) else { continue };
            let event_id = EventId { report: chunk.report, row: chunk.first_row + at as u32 };
            if deriver.is_touched(chunk.report)
                && reader
                    .read(|connection| erase::row_erased(connection, chunk.report, event_id.row))?
                    .is_some()
            {
                continue;
            }
            let Some(record) = derived.record(at) else { continue };
            let Ok(observation) = plan.observe(record) else { continue };
            let event = plan.event(record).unwrap_or_default();
            let has_room = told.iter().filter(|told: &&Told| told.xarf.is_some()).count() < XARF_MAX;
            let item = item(one, event_id, &observation, &reported_by);
            let is_source = item.end == End::Source;
            let reporter = reporter.filter(|_| has_room && is_source);
            let xarf = reporter.and_then(|reporter| attachment(finding, &event, reporter));
            let kind = (
                observation.severity,
                observation.classification,
                plan.feed().to_owned(),
                observation.identifier.to_string(),
            );
            told.push(Told { kind, item, xarf });
        }
    }
    Ok(told)
}

/// The end whose address or name the finding is about, and nothing of the other.
fn item(one: &Nobodys, event: EventId, observation: &Observation<'_>, reported_by: &str) -> Item<'static> {
    let target = &observation.target;
    let is_target =
        one.first.ip.is_some() && observation.source.ip != one.first.ip && target.ip == one.first.ip;
    let (end, which) = if is_target { (target, End::Target) } else { (&observation.source, End::Source) };
    let owned = |text: &str| Cow::Owned(text.to_owned());
    let host = if end.fqdn.is_empty() { &end.reverse_dns } else { &end.fqdn };
    Item {
        finding: one.id,
        event,
        observed_at: observation.observed_at,
        ip: end.ip,
        port: end.port,
        transport: observation.transport,
        hostname: owned(host),
        url: owned(&end.url),
        account: Cow::Borrowed(""),
        asn: end.asn,
        malware: owned(&observation.malware),
        tags: Cow::Borrowed(""),
        end: which,
        role: Role::Operator,
        asset: None,
        reported_by: owned(reported_by),
        concerns: Cow::Borrowed(""),
    }
}

/// The groups of a notice.
pub(super) fn groups(told: &[Told]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<&Kind, Group<'_>> = BTreeMap::new();
    for one in told {
        let (severity, classification, feed, identifier) = &one.kind;
        let group = groups.entry(&one.kind).or_insert_with(|| Group {
            severity: *severity,
            classification: *classification,
            report_type: feed,
            identifier,
            title: "",
            items: Vec::new(),
        });
        group.items.push(one.item.clone());
    }
    groups.into_values().collect()
}

/// The X-ARF report of an event, made of [`FIELDS`] only.
fn attachment(finding: FindingId, event: &Event, reporter: &Reporter) -> Option<Attachment> {
    let mut shown = Event::default();
    for field in FIELDS {
        if let Some(value) = event.get(field) {
            shown.set(field, value.clone());
        }
    }
    let json = xarf::to_json(&shown, reporter).ok()?;
    Some(Attachment {
        name: format!("xarf-F{finding}.json"),
        content_type: "application/json",
        bytes: json.into_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use schakel_model::event::Value;

    use super::*;

    #[test]
    fn an_x_arf_report_says_nothing_of_others() {
        let mut event = Event::default();
        for (field, text) in [
            ("time.source", "2026-11-20T03:00:00+00:00"),
            ("source.ip", "198.51.100.7"),
            ("source.account", "jan@victim.example"),
            ("source.url", "https://198.51.100.7/?token=secret"),
            ("destination.ip", "192.0.2.99"),
            ("destination.fqdn", "victim.example"),
            ("classification.type", "infected-system"),
            ("classification.identifier", "avalanche"),
            ("feed.provider", "secret source"),
            ("raw", "victim.example"),
            ("extra.reporter", "somebody"),
        ] {
            event.set(field, Value::Text(text.to_owned()));
        }
        let reporter = Reporter::new("Meldpunt", "meldpunt@cert.example").unwrap();
        let made = attachment(FindingId(12), &event, &reporter).unwrap();
        let text = String::from_utf8(made.bytes).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (made.name.as_str(), &json["source_identifier"]),
            ("xarf-F12.json", &"198.51.100.7".into())
        );
        let evidence = json["evidence"][0]["payload"].as_str().unwrap();
        let evidence = String::from_utf8(base64_decoded(evidence)).unwrap();
        for secret in ["victim", "192.0.2.99", "token", "secret source", "somebody", "jan@"] {
            assert!(!text.contains(secret) && !evidence.contains(secret), "{secret}: {text} {evidence}");
        }
    }

    fn base64_decoded(text: &str) -> Vec<u8> {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.decode(text).unwrap()
    }
}
