//! Events of MISP (<https://www.misp-standard.org>) in JSON: each attribute that names a machine becomes an event.
//!
//! The marking of an attribute, else that of its event, goes along as `tlp`. Hashes, file names and texts name no machine:
//! they stay in the document.

use schakel_model::{classification::ClassificationType as Kind, reject::Reject, tlp::Tlp};

use super::{
    Format, Given, How, Markings, Sink, contains,
    draft::{Draft, End},
    not_a_record,
};
use crate::json::Json;

/// An event with 100,000 attributes.
const EVENT_BYTES_MAX: usize = 64 << 20;

pub(super) const FORMAT: Format = Format {
    name: "misp",
    recognise: |_, head| {
        let has = |field: &str| contains(head, &format!("\"{field}\""));
        (has("Event") && ["Attribute", "Orgc", "threat_level_id"].into_iter().any(has))
            || (has("Attribute")
                && has("info")
                && ["threat_level_id", "Orgc", "analysis"].into_iter().any(has))
    },
    how: How::Elements { bytes_max: EVENT_BYTES_MAX, read },
    markings: Markings::OfEvents,
};

fn read(document: &Json<'_>, given: &Given, sink: &mut dyn Sink) -> Result<(), Reject> {
    // One event, or the answer to a search.
    let found = document.get("response").map_or(std::slice::from_ref(document), Json::items);
    // Some programs write what is in `Event` without it.
    let bare = |json: &&Json<'_>| json.get("Attribute").is_some() && json.get("info").is_some();
    let events: Vec<_> =
        found.iter().filter_map(|json| json.get("Event").or_else(|| Some(json).filter(bare))).collect();
    if events.is_empty() {
        return Err(not_a_record("it is no MISP event: it has no `Event`"));
    }
    for event in events {
        read_event(event, given, sink);
    }
    Ok(())
}

fn read_event(event: &Json<'_>, given: &Given, sink: &mut dyn Sink) {
    let mut draft = Draft::new(FORMAT.name);
    draft
        .maybe("misp.event_uuid", event.text("uuid"))
        .maybe("event_description.text", event.text("info"))
        .maybe("feed.provider", event.at(&["Orgc", "name"]).and_then(Json::as_text));
    match event.text("threat_level_id") {
        Some("1") => draft.severity("high"),
        Some("2") => draft.severity("medium"),
        Some("3") => draft.severity("low"),
        _ => &mut draft,
    };
    let objects = event.get("Object").map_or(&[][..], Json::items);
    for attribute in
        objects.iter().chain([event]).filter_map(|json| json.get("Attribute")).flat_map(Json::items)
    {
        let mut one = draft.clone();
        if machine(&mut one, attribute) {
            describe(&mut one, event, attribute, given);
            sink.event(one.event());
        }
    }
}

/// The machine that an attribute names, if it names one and was not taken back.
fn machine(draft: &mut Draft, attribute: &Json<'_>) -> bool {
    let Some(value) = attribute.text("value") else { return false };
    if attribute.get("deleted") == Some(&Json::Bool(true)) {
        return false;
    }
    let (first, second) = value.split_once('|').unwrap_or((value, ""));
    match attribute.text("type").unwrap_or_default() {
        "ip-src" | "ip-dst" | "domain" | "hostname" | "url" | "email" | "email-src" => {
            draft.machine(End::Source, value);
        }
        "ip-src|port" | "ip-dst|port" | "hostname|port" => {
            draft.machine(End::Source, first).text("source.port", second);
        }
        "domain|ip" => {
            draft.machine(End::Source, first).machine(End::Source, second);
        }
        _ => return false,
    }
    true
}

fn describe(draft: &mut Draft, event: &Json<'_>, attribute: &Json<'_>, given: &Given) {
    let seconds = |json: &Json<'_>| json.text("timestamp").and_then(|text| text.parse::<i64>().ok());
    if let Some(time) = attribute.text("last_seen").or(attribute.text("first_seen")) {
        draft.seen(time);
    } else if let Some(seconds) = seconds(attribute).or(seconds(event)) {
        draft.seen_at(seconds);
    } else {
        // An event that was never in a MISP has only its day.
        match event.text("date") {
            Some(date) => draft.seen(date),
            None => draft.received(given),
        };
    }
    let tags: Vec<&str> = [attribute, event]
        .into_iter()
        .filter_map(|json| json.get("Tag"))
        .flat_map(Json::items)
        .filter_map(|tag| tag.text("name"))
        .collect();
    // What the attribute bears comes first. An event's marking holds for it too: the strictest counts.
    let marking = tags.iter().filter_map(|tag| tag.parse::<Tlp>().ok()).max();
    draft
        .kind(rsit(attribute, &tags))
        .maybe("misp.attribute_uuid", attribute.text("uuid"))
        .maybe("comment", attribute.text("comment"))
        .text("tlp", marking.map_or("", Tlp::as_str))
        .text("extra.tags", &tags.join(","));
    for name in ["type", "category", "to_ids"] {
        if let Some(json) = attribute.get(name) {
            draft.json(format!("extra.{name}"), json);
        }
    }
}

/// What it is by RSIT: as a tag says (`rsit:fraud="phishing"`), else as the category suggests.
fn rsit(attribute: &Json<'_>, tags: &[&str]) -> Kind {
    let tagged = tags.iter().find_map(|tag| {
        let (_, name) = tag.strip_prefix("rsit:")?.split_once('=')?;
        name.trim_matches('"').parse().ok()
    });
    let suggested = match (attribute.text("category"), attribute.text("type")) {
        (Some("Payload delivery"), Some("email" | "email-src")) => Kind::Spam,
        (Some("Payload delivery"), _) => Kind::MalwareDistribution,
        _ => Kind::Undetermined,
    };
    tagged.unwrap_or(suggested)
}

#[cfg(test)]
mod tests {
    use schakel_model::reject::RejectCode;

    use super::*;
    use crate::feeds::{Feed, Transcription, recognise, testing};

    const DOCUMENT: &str = r#"{"Event":{"uuid":"e-1","info":"A campaign","date":"2026-03-01","threat_level_id":"2",
        "timestamp":"1772341677","Orgc":{"name":"CERT example"},"Tag":[{"name":"tlp:green"},{"name":"rsit:fraud=\"phishing\""}],
        "Attribute":[
          {"uuid":"a-1","type":"ip-dst|port","category":"Network activity","value":"192.0.2.1|443","to_ids":true,
           "timestamp":"1772341677","comment":"panel","Tag":[{"name":"tlp:amber"},{"name":"rsit:malicious-code=\"c2-server\""}]},
          {"uuid":"a-2","type":"md5","category":"Payload delivery","value":"d41d8cd98f00b204e9800998ecf8427e"},
          {"uuid":"a-4","type":"ip-src","value":"192.0.2.9","deleted":true}],
        "Object":[{"name":"url","Attribute":[
          {"uuid":"a-3","type":"url","category":"Network activity","value":"https://bank.example.nl/in",
           "last_seen":"2026-03-01T05:00:00+00:00"}]}]}}"#;

    #[test]
    fn attributes_that_name_machines_are_events() {
        assert_eq!(recognise("misp.event.json", DOCUMENT.as_bytes()), Some(Feed::Misp));
        let searched = format!(r#"{{"response":[{DOCUMENT}]}}"#);
        for document in [DOCUMENT, &searched] {
            let found = testing::read(Feed::Misp, document.as_bytes());
            assert_eq!(found.len(), 2);
            found[0].as_ref().unwrap().has(&[
                "source.url=https://bank.example.nl/in",
                "source.fqdn=bank.example.nl",
                "classification.type=phishing",
                "time.source=2026-03-01T05:00:00+00:00",
                "misp.attribute_uuid=a-3",
                "tlp=GREEN",
            ]);
            found[1].as_ref().unwrap().has(&[
                "source.ip=192.0.2.1",
                "source.port=443",
                "classification.type=c2-server",
                "time.source=2026-03-01T05:07:57+00:00",
                "event_description.text=A campaign",
                "feed.name=misp",
                "feed.provider=CERT example",
                "misp.event_uuid=e-1",
                "misp.attribute_uuid=a-1",
                "comment=panel",
                "severity=medium",
                "tlp=AMBER",
                "extra.to_ids=true",
            ]);
        }
    }

    #[test]
    fn the_strictest_marking_holds_for_the_document() {
        let lines = Transcription::start(Feed::Misp, Box::new(DOCUMENT.as_bytes()), Given::default());
        assert_eq!(lines.marking(), Some(Tlp::Amber));
    }

    #[test]
    fn what_is_no_event_is_a_reject() {
        let found = testing::read(
            Feed::Misp,
            br#"{"Event":null} {"response":[]} {"Event":{"Attribute":7,"Object":[1]}}"#,
        );
        let codes: Vec<_> =
            found.iter().map(|found| found.as_ref().map_err(|reject| reject.code).err()).collect();
        assert_eq!(codes, [Some(RejectCode::NotARecord); 2]);
    }

    #[test]
    fn an_event_without_its_wrapping_is_read() {
        let document = br#"{"info":"Voorbeeld","analysis":"1","uuid":"e-1","date":"2026-03-01","Attribute":
            [{"type":"domain","value":"c2.example.nl","to_ids":true}]}"#;
        assert_eq!(recognise("x.json", document), Some(Feed::Misp));
        testing::one_event(Feed::Misp, document).has(&[
            "source.fqdn=c2.example.nl",
            "misp.event_uuid=e-1",
            "event_description.text=Voorbeeld",
            "time.source=2026-03-01T00:00:00+00:00",
        ]);
    }
}
