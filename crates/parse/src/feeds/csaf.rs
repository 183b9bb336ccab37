//! Findings as CSAF documents (<https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>), version 2.0 or 2.1: one machine, and the vulnerabilities that
//! it has. What [`crate::csaf`] writes, and what others write who say where the machine is by the same namespace.
//!
//! An advisory of a vendor is something else: it names products and no machine, and is a reject here.

use schakel_model::{
    classification::ClassificationType as Kind, cve::cves, event::Value, reject::Reject, tlp::Tlp,
};

use super::{
    Format, Given, How, Markings, Sink, contains,
    draft::{Draft, End, is_host},
    not_a_record,
};
use crate::{
    csaf::{CVE_BYTES_MAX, CVES_MAX, NAMESPACE, NOTE_TITLE, called},
    json::{Json, reader},
};

/// One machine with some hundred vulnerabilities, and all that is known of it.
const DOCUMENT_BYTES_MAX: usize = 1 << 20;

pub(super) const FORMAT: Format = Format {
    name: "csaf",
    recognise: |_, head| contains(head, "\"csaf_version\"") && contains(head, NAMESPACE),
    how: How::Elements { bytes_max: DOCUMENT_BYTES_MAX, read },
    markings: Markings::OfEvents,
};

fn read(document: &Json<'_>, given: &Given, sink: &mut dyn Sink) -> Result<(), Reject> {
    let nothing = Json::Null;
    let about = document.get("document").unwrap_or(&nothing);
    if !matches!(about.text("csaf_version"), Some("2.0" | "2.1")) {
        return Err(not_a_record("it is no CSAF document of version 2.0 or 2.1"));
    }
    let product = machine_of(document)?;
    let found = affecting(document, product.id)?;
    let place = place(&product)?;
    let mut draft = Draft::new(FORMAT.name);
    match note(about) {
        // Its marking is that of the document.
        Some(note) => {
            for (name, json) in note.fields().iter().filter(|(name, _)| name != "tlp") {
                draft.value(name.to_string(), json.clone().into_value());
            }
        }
        None => {
            draft
                .maybe("feed.provider", about.at(&["publisher", "name"]).and_then(Json::as_text))
                .maybe("event_description.text", about.text("title"))
                .maybe("extra.advisory", about.at(&["tracking", "id"]).and_then(Json::as_text));
        }
    }
    if draft.event().get("time.source").is_none() {
        match about.at(&["tracking", "current_release_date"]).and_then(Json::as_text) {
            Some(time) => draft.seen(time),
            None => draft.received(given),
        };
    }
    if draft.event().get("classification.type").is_none() {
        draft.kind(Kind::VulnerableSystem).text("classification.identifier", &found[0]);
    }
    // What has a member of its own counts as that says it.
    for (field, value) in place {
        draft.value(field, value);
    }
    describe(&mut draft, &product);
    draft
        .value("product.vulnerabilities", Value::Text(found.join(",")))
        .maybe("tlp", marking(about).map(Tlp::as_str));
    if let Some(word) = about.at(&["aggregate_severity", "text"]).and_then(Json::as_text) {
        draft.severity(word);
    }
    sink.event(draft.event());
    Ok(())
}

/// What the document has no member for, when it holds that as one object in JSON.
fn note<'j>(about: &'j Json<'_>) -> Option<Json<'j>> {
    let notes = about.get("notes").map_or(&[][..], Json::items);
    let ours =
        |note: &&Json<'_>| note.text("category") == Some("other") && note.text("title") == Some(NOTE_TITLE);
    let read = reader::read(notes.iter().find(ours)?.text("text")?.as_bytes()).ok();
    read.filter(|note| matches!(note, Json::Object(_)))
}

/// Its marking. Version 2.0 has no label for the strict one, which is said in words.
fn marking(about: &Json<'_>) -> Option<Tlp> {
    let distribution = about.get("distribution")?;
    let label = distribution.at(&["tlp", "label"])?.as_text()?.parse().ok()?;
    let strict = Tlp::AmberStrict.as_str();
    let is_strict =
        label == Tlp::Amber && distribution.text("text").is_some_and(|text| text.contains(strict));
    Some(if is_strict { Tlp::AmberStrict } else { label })
}

/// A product that says where it is.
struct Product<'j> {
    id: &'j str,
    name: &'j str,
    uris: Vec<&'j str>,
    /// The branches that it hangs on, from the outside: category and name.
    branches: Vec<(&'j str, &'j str)>,
}

/// The one machine of a document.
fn machine_of<'j>(document: &'j Json<'_>) -> Result<Product<'j>, Reject> {
    let mut found = Vec::new();
    if let Some(tree) = document.get("product_tree") {
        for product in tree.get("full_product_names").map_or(&[][..], Json::items) {
            found.extend(product_of(product, &[]));
        }
        for relationship in tree.get("relationships").map_or(&[][..], Json::items) {
            found.extend(relationship.get("full_product_name").and_then(|product| product_of(product, &[])));
        }
        walk(tree, &mut Vec::new(), &mut found);
    }
    match (found.pop(), found.len()) {
        (Some(one), 0) => Ok(one),
        (None, _) => Err(not_a_record(format!("no product in it says where it is, by a URI in {NAMESPACE}"))),
        _ => Err(not_a_record("it is about more than one machine")),
    }
}

/// The products of all branches. How deep they go is limited by the reader of JSON.
fn walk<'j>(at: &'j Json<'_>, above: &mut Vec<(&'j str, &'j str)>, found: &mut Vec<Product<'j>>) {
    for branch in at.get("branches").map_or(&[][..], Json::items) {
        let of = |name| branch.text(name).unwrap_or_default();
        above.push((of("category"), of("name")));
        found.extend(branch.get("product").and_then(|product| product_of(product, above)));
        walk(branch, above, found);
        above.pop();
    }
}

fn product_of<'j>(product: &'j Json<'_>, branches: &[(&'j str, &'j str)]) -> Option<Product<'j>> {
    let all = product.at(&["product_identification_helper", "x_generic_uris"])?.items();
    let ours = all.iter().filter(|uri| uri.text("namespace") == Some(NAMESPACE));
    let uris: Vec<&str> = ours.filter_map(|uri| uri.text("uri")).collect();
    let (id, name) = (product.text("product_id")?, product.text("name").unwrap_or_default());
    (!uris.is_empty()).then(|| Product { id, name, uris, branches: branches.to_vec() })
}

/// The vulnerabilities that a product has, each once, in lower case as the field keeps them; at least one.
fn affecting(document: &Json<'_>, product: &str) -> Result<Vec<String>, Reject> {
    let mut found: Vec<String> = Vec::new();
    for vulnerability in document.get("vulnerabilities").map_or(&[][..], Json::items) {
        let status = vulnerability.get("product_status").unwrap_or(&Json::Null);
        let Some(cve) = vulnerability.text("cve").filter(|cve| is_cve(cve)) else { continue };
        let cve = cve.to_ascii_lowercase();
        if status.texts("known_affected").contains(&product) && !found.contains(&cve) {
            found.push(cve);
        }
        if found.len() > CVES_MAX {
            return Err(not_a_record(format!("it names more than {CVES_MAX} vulnerabilities")));
        }
    }
    match found.is_empty() {
        true => {
            Err(not_a_record("it names no vulnerability (CVE) by which the machine is known to be affected"))
        }
        false => Ok(found),
    }
}

fn is_cve(text: &str) -> bool {
    text.len() <= CVE_BYTES_MAX && cves(text).next() == Some(text)
}

/// Where the machine is, by all URIs that say so.
fn place(product: &Product<'_>) -> Result<Vec<(&'static str, Value)>, Reject> {
    let mut place: Vec<(&'static str, Value)> = Vec::new();
    for uri in &product.uris {
        let (scheme, rest) = uri.split_once(':').unwrap_or_default();
        let host = match scheme {
            "dns" => Some(rest).filter(|name| is_host(name)),
            "ip" | "tcp" | "udp" => rest.strip_prefix("//"),
            _ => None,
        };
        let mut one = Draft::new(FORMAT.name);
        one.machine(
            End::Source,
            host.filter(|host| !host.contains(['/', '@', '?', '#'])).unwrap_or_default(),
        );
        one.maybe("protocol.transport", Some(scheme).filter(|scheme| matches!(*scheme, "tcp" | "udp")));
        let event = one.event();
        if event.get("source.ip").or(event.get("source.fqdn")).is_none() {
            return Err(not_a_record("one of its URIs does not say where a machine is"));
        }
        for field in ["source.ip", "source.fqdn", "source.port", "protocol.transport"] {
            let Some(value) = event.get(field) else { continue };
            match place.iter().find(|(known, _)| *known == field) {
                None => place.push((field, value.clone())),
                Some((_, known)) if known == value => {}
                Some(_) => return Err(not_a_record("it is about more than one place")),
            }
        }
    }
    Ok(place)
}

/// What runs on the machine.
fn describe(draft: &mut Draft, product: &Product<'_>) {
    let mut said = Vec::new();
    for (category, name) in &product.branches {
        let field = match *category {
            "vendor" => "product.vendor",
            "product_name" => "product.name",
            "product_version" | "product_version_range" => "product.version",
            _ => continue,
        };
        draft.text(field, name);
        said.push(*name);
    }
    let event = draft.event();
    let machine = match event.text("source.ip") {
        "" => event.text("source.fqdn"),
        ip => ip,
    };
    if product.name != called(&said, machine) {
        draft.text("product.full_name", product.name);
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::reject::RejectCode;
    use serde_json::{Value as Json, json};

    use super::NAMESPACE;
    use crate::feeds::{Feed, recognise, testing};

    /// An advisory as another program may write it: about this machine, which is affected by these.
    fn advisory(uris: &[&str], cves: &[&str]) -> Json {
        let uri = |uri: &&str| json!({"namespace": NAMESPACE, "uri": uri});
        let other = json!({"namespace": "https://assets.example", "uri": "https://assets.example/7"});
        let uris: Vec<Json> = uris.iter().map(uri).chain([other]).collect();
        let status = json!({"known_affected": ["other", "P1"]});
        let vulnerability = |cve: &&str| json!({"cve": cve, "product_status": status});
        json!({
            "document": {
                "category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Update the mail server",
                "publisher": {"category": "coordinator", "name": "CERT Example", "namespace": "https://cert.example"},
                "aggregate_severity": {"text": "Critical"},
                "distribution": {"tlp": {"label": "GREEN"}},
                "tracking": {"id": "CERT-2026-1", "current_release_date": "2026-03-01T05:07:57.000Z"},
            },
            "product_tree": {"branches": [{"category": "vendor", "name": "Example", "branches": [
                {"category": "product_family", "name": "Mail", "branches": [
                    {"category": "product_version", "name": "1.2", "product": {
                        "product_id": "P1", "name": "Example Mail Server 1.2",
                        "product_identification_helper": {"x_generic_uris": uris},
                    }},
                ]},
                {"category": "product_name", "name": "Web", "product": {"product_id": "P2", "name": "no machine"}},
            ]}]},
            "vulnerabilities": cves.iter().map(vulnerability).collect::<Vec<_>>(),
        })
    }

    fn one(document: &Json) -> testing::Fields {
        testing::one_event(Feed::Csaf, document.to_string().as_bytes())
    }

    fn refused(document: &Json) {
        let found = testing::read(Feed::Csaf, document.to_string().as_bytes());
        let [Err(reject)] = &found[..] else { panic!("{document}: {found:?}") };
        assert_eq!(reject.code, RejectCode::NotARecord);
    }

    #[test]
    fn what_another_program_writes_is_an_event() {
        let document =
            advisory(&["tcp://192.0.2.1:25", "dns:mail.example.nl"], &["CVE-2026-1234", "CVE-2025-99999"]);
        assert_eq!(recognise("a.json", document.to_string().as_bytes()), Some(Feed::Csaf));
        one(&document).has(&[
            "source.ip=192.0.2.1",
            "source.port=25",
            "source.fqdn=mail.example.nl",
            "protocol.transport=tcp",
            "classification.type=vulnerable-system",
            "classification.identifier=cve-2026-1234",
            "product.vulnerabilities=cve-2026-1234,cve-2025-99999",
            "product.vendor=example",
            "product.version=1.2",
            "product.full_name=Example Mail Server 1.2",
            "severity=critical",
            "time.source=2026-03-01T05:07:57+00:00",
            "feed.name=csaf",
            "feed.provider=CERT Example",
            "event_description.text=Update the mail server",
            "extra.advisory=CERT-2026-1",
            "tlp=GREEN",
        ]);
        for (uris, expected) in [
            (&["ip://[2001:db8::1]"][..], "source.ip=2001:db8::1"),
            (&["udp://[2001:db8::1]:53"], "source.port=53"),
            (&["dns:mail.example.nl"], "source.fqdn=mail.example.nl"),
            (&["ip://mail.example.nl:25", "dns:mail.example.nl"], "source.port=25"),
            (&["ip://192.0.2.1", "ip://192.0.2.1"], "source.ip=192.0.2.1"),
        ] {
            one(&advisory(uris, &["CVE-2026-1234"])).has(&[expected]);
        }
    }

    #[test]
    fn a_document_about_no_machine_or_more_than_one_is_refused() {
        for uris in [
            &[][..],
            &["tcp://"],
            &["tcp:192.0.2.1"],
            &["192.0.2.1"],
            &["ip://192.0.2.0/24"],
            &["ip://somebody@example.nl"],
            &["tcp://192.0.2.1:99999"],
            &["tcp://192.0.2.999"],
            &["dns:192.0.2.1"],
            &["dns:nowhere"],
            &["https://192.0.2.1/"],
            &["ip://192.0.2.1", "ip://192.0.2.2"],
            &["dns:a.example.nl", "dns:b.example.nl"],
            &["ip://a.example.nl", "dns:b.example.nl"],
            &["tcp://192.0.2.1:25", "tcp://192.0.2.1:80"],
        ] {
            refused(&advisory(uris, &["CVE-2026-1234"]));
        }
        let mut two = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
        let again = two["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"].clone();
        two["product_tree"]["relationships"] = json!([{"full_product_name": again}]);
        refused(&two);
        // An advisory of a vendor is not taken for a finding.
        let vendor = advisory(&[], &["CVE-2026-1234"]);
        assert_eq!(recognise("a.json", vendor.to_string().as_bytes()), None);
    }

    #[test]
    fn only_what_the_machine_has_counts() {
        for cves in [&[][..], &["CVE-26-1"], &["CVE-2026-1234 and more"], &["CWE-79"]] {
            refused(&advisory(&["ip://192.0.2.1"], cves));
        }
        let long = format!("CVE-2026-{}", "1".repeat(20));
        one(&advisory(&["ip://192.0.2.1"], &["CVE-2026-1234", "no", &long, "CVE-2026-1234"]))
            .has(&["product.vulnerabilities=cve-2026-1234"]);
        let many: Vec<String> = (1_000..5_000).map(|number| format!("CVE-2026-{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        refused(&advisory(&["ip://192.0.2.1"], &many));
        one(&advisory(&["ip://192.0.2.1"], &many[..256]));
        for status in [
            json!({"fixed": ["P1"]}),
            json!({"known_not_affected": ["P1"], "known_affected": ["P2"]}),
            json!({"under_investigation": ["P1"]}),
            json!({"known_affected": 7}),
            json!("P1"),
            json!(null),
        ] {
            let mut document = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
            document["vulnerabilities"][0]["product_status"] = status;
            refused(&document);
        }
    }

    #[test]
    fn a_note_says_what_no_member_says_and_nothing_else() {
        let mut document = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
        let note = json!({
            "source.ip": "198.51.100.1", "severity": "low", "product.vulnerabilities": "cve-2020-1", "tlp": "CLEAR",
            "classification.type": "weak-crypto", "extra.tag": "a;b", "source.port": 443, "schakel.reject": {},
        });
        document["document"]["notes"] = json!([
            {"category": "summary", "title": super::NOTE_TITLE, "text": "{\"extra.tag\":\"wrong\"}"},
            {"category": "other", "title": super::NOTE_TITLE, "text": note.to_string()},
        ]);
        let event = one(&document);
        event.has(&[
            "source.ip=192.0.2.1",
            "source.port=443",
            "severity=critical",
            "product.vulnerabilities=cve-2026-1234",
            "classification.type=weak-crypto",
            "extra.tag=a;b",
            "time.source=2026-03-01T05:07:57+00:00",
            "tlp=GREEN",
        ]);
        event.has_not(&["classification.identifier", "feed.provider"]);
        for text in ["no JSON", "[1]", "7", ""] {
            document["document"]["notes"][1]["text"] = text.into();
            one(&document).has(&["classification.type=vulnerable-system"]);
        }
    }

    #[test]
    fn the_strict_marking_is_said_in_words() {
        let mut document = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
        for (label, text, expected) in [
            ("WHITE", "", Some("CLEAR")),
            ("AMBER", "", Some("AMBER")),
            ("AMBER", "TLP:AMBER+STRICT: for your own organisation only.", Some("AMBER+STRICT")),
            ("AMBER+STRICT", "", Some("AMBER+STRICT")),
            ("RED", "TLP:AMBER+STRICT", Some("RED")),
            ("PINK", "", None),
        ] {
            document["document"]["distribution"] = json!({"text": text, "tlp": {"label": label}});
            let event = one(&document);
            match expected {
                Some(marking) => event.has(&[&format!("tlp={marking}")]),
                None => event.has_not(&["tlp"]),
            }
        }
    }

    #[test]
    fn odd_values_do_not_hurt() {
        let good = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
        fn places(at: &Json, way: String, all: &mut Vec<String>) {
            all.push(way.clone());
            match at {
                Json::Object(members) => {
                    members.iter().for_each(|(name, value)| places(value, format!("{way}/{name}"), all));
                }
                Json::Array(items) => {
                    (0..).zip(items).for_each(|(at, item)| places(item, format!("{way}/{at}"), all));
                }
                _ => {}
            }
        }
        let mut all = Vec::new();
        places(&good, String::new(), &mut all);
        for place in &all[1..] {
            for odd in
                [json!(null), json!(7), json!(""), json!([]), json!({}), json!([[{}]]), json!({"a": [1]})]
            {
                let mut document = good.clone();
                *document.pointer_mut(place).unwrap() = odd;
                assert_eq!(testing::read(Feed::Csaf, document.to_string().as_bytes()).len(), 1, "{document}");
            }
        }
    }
}
