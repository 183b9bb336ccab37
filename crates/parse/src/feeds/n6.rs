//! n6 of CERT Polska (<https://github.com/CERT-Polska/n6>): its REST interface gives a list of events (`json`) or one a line
//! (`sjson`).

use schakel_model::{classification::ClassificationType as Kind, reject::Reject};

use super::{
    Format, Given, How, Markings, Sink, contains,
    draft::{Draft, End},
    not_a_record,
};
use crate::json::Json;

/// An event has a few dozen short fields; only `injects` may be long.
const EVENT_BYTES_MAX: usize = 1 << 20;

pub(super) const FORMAT: Format = Format {
    name: "n6",
    recognise: |_, head| {
        ["\"restriction\"", "\"confidence\"", "\"category\"", "\"modified\""]
            .iter()
            .all(|field| contains(head, field))
    },
    how: How::Elements { bytes_max: EVENT_BYTES_MAX, read },
    markings: Markings::None,
};

/// Fields that have a place of their own in the event.
const TAKEN: &[&str] = &[
    "address", "time", "source", "sport", "dip", "dport", "fqdn", "url", "email", "md5", "sha1", "sha256",
    "target",
];

fn read(found: &Json<'_>, _: &Given, sink: &mut dyn Sink) -> Result<(), Reject> {
    let (Some(category), Some(time)) = (found.text("category"), found.text("time")) else {
        return Err(not_a_record("it is no n6 event: that has a `category` and a `time`"));
    };
    let mut draft = Draft::new(FORMAT.name);
    let kind = rsit(category);
    draft
        .rest(found, TAKEN)
        .seen(time)
        .kind(kind)
        .text("classification.identifier", category)
        .maybe("feed.provider", found.text("source"))
        .maybe("event_description.target", found.text("target"))
        .protocol(found.text("proto"));
    // What is called `name` depends on the category; of these it is the malware.
    if matches!(kind, Kind::InfectedSystem | Kind::C2Server | Kind::MalwareDistribution) {
        draft.maybe("malware.name", found.text("name"));
    }
    for hash in ["md5", "sha1", "sha256"] {
        draft.maybe(format!("malware.hash.{hash}"), found.text(hash));
    }
    // Of who connects somewhere, the name is that of where.
    let named = match category {
        "bots" | "scanning" | "dos-attacker" | "server-exploit" => End::Destination,
        _ => End::Source,
    };
    if let Some(url) = found.text("url") {
        draft.url(named, url);
    }
    draft
        .machine(End::Source, found.text("email").unwrap_or_default())
        .machine(named, found.text("fqdn").unwrap_or_default())
        .machine(End::Destination, found.text("dip").unwrap_or_default());
    for (field, name) in [("source.port", "sport"), ("destination.port", "dport")] {
        if let Some(port) = found.get(name) {
            draft.json(field, port);
        }
    }
    let addresses = found.get("address").map_or(&[][..], Json::items);
    if addresses.is_empty() {
        sink.event(draft.event());
    }
    for address in addresses {
        let mut one = draft.clone();
        one.machine(End::Source, address.text("ip").unwrap_or_default())
            .maybe("source.geolocation.cc", address.text("cc"))
            .maybe("source.asn", address.text("asn"));
        sink.event(one.event());
    }
    Ok(())
}

/// What a category is by RSIT.
fn rsit(category: &str) -> Kind {
    match category {
        "amplifier" => Kind::DdosAmplifier,
        "bots" => Kind::InfectedSystem,
        "backdoor" | "deface" => Kind::SystemCompromise,
        "cnc" => Kind::C2Server,
        "dos-attacker" | "dos-victim" => Kind::Ddos,
        "fraud" | "scam" => Kind::Masquerade,
        "leak" => Kind::DataLeak,
        "malurl" => Kind::MalwareDistribution,
        "malware-action" | "webinject" => Kind::MalwareConfiguration,
        "phish" => Kind::Phishing,
        "proxy" => Kind::Proxy,
        "scanning" => Kind::Scanner,
        "server-exploit" => Kind::Exploit,
        "spam" | "spam-url" => Kind::Spam,
        "tor" => Kind::Tor,
        "vulnerable" => Kind::VulnerableSystem,
        "sandbox-url" | "dns-query" | "flow" | "flow-anomaly" | "other" => Kind::Other,
        _ => Kind::Undetermined,
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::reject::RejectCode;

    use crate::feeds::{Feed, recognise, testing};

    const DOCUMENT: &str = r#"[
        {"id":"a1","source":"hidden.42","restriction":"need-to-know","confidence":"medium","category":"bots",
         "modified":"2026-03-01T06:00:00Z","time":"2026-03-01T05:07:57Z",
         "address":[{"ip":"192.0.2.1","cc":"NL","asn":64500},{"ip":"192.0.2.2"}],
         "adip":"x.x.51.198","dport":22,"sport":50000,"name":"andromeda","proto":"tcp","fqdn":"sink.example.org"},
        {"id":"a2","source":"hidden.1","restriction":"public","confidence":"low","category":"phish",
         "modified":"2026-03-01T06:00:00Z","time":"2026-03-01T05:07:57Z","target":"A bank",
         "fqdn":"bank.example.nl","url":"http://bank.example.nl/in"},
        {"category":"bots"}
    ]"#;

    #[test]
    fn each_address_is_an_event() {
        assert_eq!(recognise("inside.json", DOCUMENT.as_bytes()), Some(Feed::N6));
        let found = testing::read(Feed::N6, DOCUMENT.as_bytes());
        assert_eq!(found.len(), 4);
        found[0].as_ref().unwrap().has(&[
            "source.ip=192.0.2.1",
            "source.port=50000",
            "source.geolocation.cc=NL",
            "source.asn=64500",
            "destination.port=22",
            "destination.fqdn=sink.example.org",
            "protocol.transport=tcp",
            "malware.name=andromeda",
            "classification.type=infected-system",
            "time.source=2026-03-01T05:07:57+00:00",
            "feed.name=n6",
            "feed.provider=hidden.42",
            "extra.adip=x.x.51.198",
            "extra.confidence=medium",
        ]);
        let second = found[1].as_ref().unwrap();
        second.has(&["source.ip=192.0.2.2", "source.port=50000"]);
        second.has_not(&["source.asn", "source.fqdn"]);
        found[2].as_ref().unwrap().has(&[
            "source.url=http://bank.example.nl/in",
            "source.fqdn=bank.example.nl",
            "classification.type=phishing",
            "event_description.target=A bank",
        ]);
        assert_eq!(found[3].as_ref().map_err(|reject| reject.code).err(), Some(RejectCode::NotARecord));
    }
}
