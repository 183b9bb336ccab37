//! IDEA, the Intrusion Detection Extensible Alert (<https://idea.cesnet.cz>): alerts of Warden and its senders in JSON.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use schakel_model::{classification::ClassificationType as Kind, reject::Reject};

use super::{
    Format, Given, How, Markings, Sink, contains,
    draft::{Draft, End},
    not_a_record,
};
use crate::json::Json;

/// An alert may have attachments and thousands of addresses.
const ALERT_BYTES_MAX: usize = 16 << 20;

pub(super) const FORMAT: Format = Format {
    name: "idea",
    recognise: |_, head| contains(head, "\"IDEA0\"") && contains(head, "\"Format\""),
    how: How::Elements { bytes_max: ALERT_BYTES_MAX, read },
    markings: Markings::None,
};

/// Fields of an alert that have a place of their own in the event. Attachments stay in the document.
const TAKEN: &[&str] =
    &["Format", "EventTime", "DetectTime", "Description", "Source", "Target", "Node", "Attach"];

/// Fields of a source or target that name machines. An address is surer than a name.
const NAMES: [&[&str]; 4] = [&["IP4", "IP6"], &["URL"], &["Hostname"], &["Email"]];

fn read(alert: &Json<'_>, given: &Given, sink: &mut dyn Sink) -> Result<(), Reject> {
    if alert.text("Format") != Some("IDEA0") {
        return Err(not_a_record("it is no IDEA alert: its `Format` is not `IDEA0`"));
    }
    let mut draft = Draft::new(FORMAT.name);
    draft.rest(alert, TAKEN);
    // The time of detection is always there, that of the event is better.
    match alert.text("EventTime").or(alert.text("DetectTime")) {
        Some(time) => draft.seen(time),
        None => draft.received(given),
    };
    let categories = alert.texts("Category");
    draft
        .kind(rsit(&categories))
        .maybe("classification.identifier", categories.first().copied())
        .maybe("event_description.text", alert.text("Description"));
    let nodes = alert.get("Node").map_or(&[][..], Json::items);
    draft.maybe("feed.provider", nodes.iter().find_map(|node| node.text("Name")));
    let targets = alert.get("Target").map_or(&[][..], Json::items);
    if let [target] = targets {
        end(&mut draft, End::Destination, target);
        if let [machine] = machines(target)[..] {
            draft.machine(End::Destination, machine);
        }
    }
    let sources = alert.get("Source").map_or(&[][..], Json::items);
    if sources.iter().all(|source| machines(source).is_empty()) {
        sink.event(draft.event());
    }
    for source in sources {
        let mut of_source = draft.clone();
        end(&mut of_source, End::Source, source);
        for machine in machines(source).into_iter().flat_map(in_networks) {
            let mut one = of_source.clone();
            sink.event(one.machine(End::Source, &machine).event());
        }
    }
    Ok(())
}

/// The surest names there are.
fn machines<'a>(end: &'a Json<'_>) -> Vec<&'a str> {
    let named = |names: &&[&str]| names.iter().flat_map(|name| end.texts(name)).collect::<Vec<_>>();
    NAMES.iter().map(named).find(|machines| !machines.is_empty()).unwrap_or_default()
}

/// A range of addresses (`192.0.2.2-192.0.2.5`) as the networks that it is made of; anything else as it is.
fn in_networks(machine: &str) -> Vec<String> {
    let as_it_is = || vec![machine.to_owned()];
    let Some((first, last)) = machine.split_once('-') else { return as_it_is() };
    let address = |text: &str| text.trim().parse::<IpAddr>();
    let (bits, from, to) = match (address(first), address(last)) {
        (Ok(IpAddr::V4(first)), Ok(IpAddr::V4(last))) => {
            (32, u128::from(first.to_bits()), u128::from(last.to_bits()))
        }
        (Ok(IpAddr::V6(first)), Ok(IpAddr::V6(last))) => (128, first.to_bits(), last.to_bits()),
        _ => return as_it_is(),
    };
    let shown = |number: u128| match u32::try_from(number) {
        Ok(number) if bits == 32 => IpAddr::V4(Ipv4Addr::from_bits(number)),
        _ => IpAddr::V6(Ipv6Addr::from_bits(number)),
    };
    let mut networks = Vec::new();
    let mut next = Some(from).filter(|from| *from <= to);
    while let Some(from) = next {
        // As large as its first address and the rest of the range allow.
        let left = to - from;
        let fits = if left == u128::MAX { 128 } else { (left + 1).ilog2() };
        let host_bits = from.trailing_zeros().min(fits).min(bits);
        let length = bits - host_bits;
        networks.push(if host_bits == 0 {
            shown(from).to_string()
        } else {
            format!("{}/{length}", shown(from))
        });
        next =
            1_u128.checked_shl(host_bits).and_then(|size| from.checked_add(size)).filter(|next| *next <= to);
    }
    if networks.is_empty() { as_it_is() } else { networks }
}

/// What is said of one end, but for its addresses. Of several values there is no telling which belongs to which address.
fn end(draft: &mut Draft, end: End, said: &Json<'_>) {
    if let [url] = said.texts("URL")[..] {
        draft.url(end, url);
    }
    for name in ["Hostname", "Email"] {
        if let [machine] = said.texts(name)[..] {
            draft.machine(end, machine);
        }
    }
    for (field, name) in [("port", "Port"), ("asn", "ASN"), ("reverse_dns", "PTR")] {
        if let [value] = said.texts(name)[..] {
            draft.text(end.field(field), value);
        }
    }
    for protocol in said.texts("Proto") {
        draft.protocol(Some(protocol));
    }
    for name in ["Type", "Note", "AttachHand", "Ref"] {
        if let Some(json) = said.get(name) {
            draft.json(format!("extra.{}", end.field(&name.to_ascii_lowercase())), json);
        }
    }
}

/// What the categories are by RSIT: the first that is known; one of a test is never taken for anything else.
fn rsit(categories: &[&str]) -> Kind {
    if categories.contains(&"Test") {
        return Kind::Test;
    }
    let known = |category: &&str| {
        Some(match *category {
            "Abusive.Spam" => Kind::Spam,
            "Abusive.Harassment" => Kind::HarmfulSpeech,
            "Abusive.Child" | "Abusive.Sexual" | "Abusive.Violence" => Kind::Violence,
            "Recon.Scanning" | "Recon.Searching" => Kind::Scanner,
            "Recon.Sniffing" => Kind::Sniffing,
            "Recon.SocialEngineering" => Kind::SocialEngineering,
            "Attempt.Login" => Kind::BruteForce,
            "Attempt.Exploit" | "Attempt.NewSignature" => Kind::Exploit,
            "Intrusion.AdminCompromise" => Kind::PrivilegedAccountCompromise,
            "Intrusion.UserCompromise" => Kind::UnprivilegedAccountCompromise,
            "Intrusion.AppCompromise" => Kind::ApplicationCompromise,
            "Intrusion.Botnet" => Kind::InfectedSystem,
            "Availability.DoS" => Kind::Dos,
            "Availability.DDoS" => Kind::Ddos,
            "Availability.Sabotage" => Kind::Sabotage,
            "Availability.Outage" => Kind::Outage,
            "Information.UnauthorizedAccess" => Kind::UnauthorisedInformationAccess,
            "Information.UnauthorizedModification" => Kind::UnauthorisedInformationModification,
            "Fraud.UnauthorizedUsage" => Kind::UnauthorizedUseOfResources,
            "Fraud.Copyright" => Kind::Copyright,
            "Fraud.Masquerade" | "Fraud.Scam" => Kind::Masquerade,
            "Fraud.Phishing" => Kind::Phishing,
            "Vulnerable.Open" => Kind::PotentiallyUnwantedAccessible,
            "Vulnerable.Config" => Kind::VulnerableSystem,
            // The general ones, and what may be added below them.
            other => match other.split('.').next()? {
                "Malware" => Kind::InfectedSystem,
                "Recon" => Kind::Scanner,
                "Intrusion" => Kind::SystemCompromise,
                "Availability" => Kind::Dos,
                "Vulnerable" => Kind::VulnerableSystem,
                "Anomaly" | "Other" => Kind::Other,
                _ => return None,
            },
        })
    };
    categories.iter().find_map(known).unwrap_or(Kind::Undetermined)
}

#[cfg(test)]
mod tests {
    use schakel_model::reject::RejectCode;

    use crate::feeds::{Feed, recognise, testing};

    #[test]
    fn each_address_of_a_source_is_an_event() {
        let document = r#"{"Format":"IDEA0","ID":"4390fc3f","DetectTime":"2026-03-01T06:00:00Z",
            "EventTime":"2026-03-01T05:07:57Z","Category":["Attempt.Login"],"Description":"SSH guessing","ConnCount":20,
            "Source":[{"IP4":["192.0.2.1","192.0.2.2"],"Port":[50000],"Proto":["tcp","ssh"],"Hostname":["h.example.nl"],
                       "Type":["OriginBotnet"]},
                      {"IP6":["2001:db8::1"]}],
            "Target":[{"IP4":["198.51.100.1"],"Port":[22]}],
            "Attach":[{"Content":"LOGLINES"}],
            "Node":[{"Name":"nl.example.honey","SW":["Kippo"]}]}
            {"Format":"IDEA0","DetectTime":"2026-03-01T06:00:00Z","Category":["Vulnerable.Open","Test"],
            "Source":[{"URL":["http://w.example.nl/"]}]}
            {"Format":"IDEA0","Category":"Availability.New","Target":[{"Hostname":["v.example.nl"]}]}
            {"Format":"IDEA9"}"#;
        assert_eq!(recognise("alert.idea", document.as_bytes()), Some(Feed::Idea));
        let found = testing::read(Feed::Idea, document.as_bytes());
        assert_eq!(found.len(), 6);
        let first = found[0].as_ref().unwrap();
        first.has(&[
            "source.ip=192.0.2.1",
            "source.port=50000",
            "source.fqdn=h.example.nl",
            "destination.ip=198.51.100.1",
            "destination.port=22",
            "protocol.transport=tcp",
            "protocol.application=ssh",
            "classification.type=brute-force",
            "classification.identifier=Attempt.Login",
            "event_description.text=SSH guessing",
            "time.source=2026-03-01T05:07:57+00:00",
            "feed.name=idea",
            "feed.provider=nl.example.honey",
            "extra.ConnCount=20",
            r#"extra.source.type=["OriginBotnet"]"#,
        ]);
        assert!(!first.line().contains("LOGLINES"));
        found[1].as_ref().unwrap().has(&["source.ip=192.0.2.2", "source.port=50000"]);
        let third = found[2].as_ref().unwrap();
        third.has(&["source.ip=2001:db8::1", "destination.port=22"]);
        third.has_not(&["source.port", "source.fqdn"]);
        found[3].as_ref().unwrap().has(&[
            "source.url=http://w.example.nl/",
            "source.fqdn=w.example.nl",
            "classification.type=test",
            "time.source=2026-03-01T06:00:00+00:00",
        ]);
        found[4].as_ref().unwrap().has(&[
            "destination.fqdn=v.example.nl",
            "classification.type=dos",
            testing::RECEIVED,
        ]);
        assert_eq!(found[5].as_ref().map_err(|reject| reject.code).err(), Some(RejectCode::NotARecord));
    }

    #[test]
    fn a_range_is_the_networks_that_it_is_made_of() {
        for (range, expected) in [
            ("192.0.2.2-192.0.2.5", &["192.0.2.2/31", "192.0.2.4/31"][..]),
            ("192.0.2.1-192.0.2.1", &["192.0.2.1"]),
            ("192.0.2.0-192.0.2.255", &["192.0.2.0/24"]),
            ("0.0.0.0-255.255.255.255", &["0.0.0.0/0"]),
            ("2001:db8::1-2001:db8::2", &["2001:db8::1", "2001:db8::2"]),
            ("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &["::/0"]),
            ("192.0.2.5-192.0.2.2", &["192.0.2.5-192.0.2.2"]),
            ("my-host.example.nl", &["my-host.example.nl"]),
            ("192.0.2.0/25", &["192.0.2.0/25"]),
        ] {
            assert_eq!(super::in_networks(range), expected, "{range}");
        }
        let found = testing::read(
            Feed::Idea,
            br#"{"Format":"IDEA0","ID":"i","DetectTime":"2026-03-01T05:07:57Z","Category":["Recon.Scanning"],
            "Source":[{"IP4":["192.0.2.2-192.0.2.4","192.0.2.9-192.0.2.1"],"Hostname":["www.example.nl"]}]}"#,
        );
        let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
        assert_eq!(found.len(), 3);
        found[0].has(&["source.network=192.0.2.2/31", "source.fqdn=www.example.nl"]);
        found[1].has(&["source.ip=192.0.2.4", "source.fqdn=www.example.nl"]);
        // What is no range is no name either.
        found[2].has(&["extra.source.name=192.0.2.9-192.0.2.1", "source.fqdn=www.example.nl"]);
    }
}
