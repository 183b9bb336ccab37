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
mod tests;
