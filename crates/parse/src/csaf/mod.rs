//! A finding as a CSAF 2.0 document (<https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>): the reverse of what `feeds/csaf` reads.
//!
//! It keeps to the profile "security advisory" (section 4.4): the machine is the product, and its vulnerabilities are those of the document. Each field
//! of the event is said once: in the member that CSAF has for it, else in a note that holds the rest as JSON. What is no vulnerability of the machine itself
//! has no such document: an advisory about a machine that attacks with a vulnerability would say that it has it.

mod product;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use schakel_model::{
    classification::{ClassificationType, Taxonomy},
    cve::{self, cves},
    event::Event,
    tlp::Tlp,
};
use serde_json::{Value as Json, json};

pub(crate) use self::product::{NAMESPACE, called};
use crate::{
    idf,
    xarf::{Reporter, uuid},
};

/// The title of the note that holds what CSAF has no member for.
pub(crate) const NOTE_TITLE: &str = "Event in IntelMQ's data format";

/// What the one product of a document is called in it.
const PRODUCT: &str = "machine";

/// Vulnerabilities of one finding. What names more is an inventory.
pub(crate) const CVES_MAX: usize = 256;

/// A number that is longer is none; the longest one has 19 digits behind its year.
pub(crate) const CVE_BYTES_MAX: usize = 28;

/// What a document says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Issue<'a> {
    /// Who publishes it.
    pub publisher: &'a Reporter,
    /// What it is called; the same in each version.
    pub id: &'a str,
    /// Its marking.
    pub tlp: Tlp,
    /// The number of each version, from 1, and when it was made, in seconds since 1970; this one last.
    pub versions: &'a [(u32, i64)],
}

/// What the document of an event is called where nothing else names it. The same event always has the same name.
pub fn name_of(event: &Event) -> String {
    uuid(digest(&SHA256, idf::to_json(event).as_bytes()).as_ref())
}

/// The document of an event. `None`: it names no machine, or no vulnerability (CVE) that the machine has, or hundreds.
pub fn document(event: &Event, issue: &Issue<'_>) -> Option<Json> {
    let found = vulnerabilities(event)?;
    // What has its member is taken out of it.
    let mut rest = event.clone();
    rest.remove("product.vulnerabilities");
    rest.remove("tlp");
    let (tree, machine) = product::tree(&mut rest, PRODUCT)?;
    let severity = take(&mut rest, "severity");
    let mut about = json!({
        "category": "csaf_security_advisory",
        "csaf_version": "2.0",
        "distribution": distribution(issue.tlp),
        "lang": "en",
        "notes": [{"category": "other", "title": NOTE_TITLE, "text": idf::to_json(&rest)}],
        "publisher": issue.publisher.csaf(),
        "title": format!("{} at {machine}", title(&found)),
        "tracking": tracking(issue),
    });
    if let Some(severity) = severity {
        about["aggregate_severity"] = json!({"text": severity});
    }
    let seen = match event.text("time.source") {
        "" => format!("Seen at {machine}."),
        time => format!("Seen at {machine}, {time}."),
    };
    let vulnerability = |cve: &String| {
        json!({
            "cve": cve,
            "notes": [{"category": "description", "text": seen}],
            "product_status": {"known_affected": [PRODUCT]},
        })
    };
    let found: Vec<Json> = found.iter().map(vulnerability).collect();
    let mut document = json!({"document": about, "product_tree": tree, "vulnerabilities": found});
    // Members go by the alphabet (test 6.2.13).
    document.sort_all_objects();
    Some(document)
}

/// The vulnerabilities that the machine has, each once, in capitals; `None` when there are none, or too many.
fn vulnerabilities(event: &Event) -> Option<Vec<String>> {
    let kind: ClassificationType = event.text("classification.type").parse().ok()?;
    if kind.taxonomy() != Taxonomy::Vulnerable {
        return None;
    }
    let text = [&cve::text_of(event), " ", event.text("classification.identifier")].concat();
    let mut found: Vec<String> = Vec::new();
    for cve in cves(&text).filter(|cve| cve.len() <= CVE_BYTES_MAX).map(str::to_ascii_uppercase) {
        if !found.contains(&cve) {
            found.push(cve);
        }
        if found.len() > CVES_MAX {
            return None;
        }
    }
    (!found.is_empty()).then_some(found)
}

fn title(found: &[String]) -> String {
    match found {
        [one] => one.clone(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
        [] => String::new(),
    }
}

/// The labels of CSAF 2.0 are those of TLP 1; what they cannot say is said in words.
fn distribution(tlp: Tlp) -> Json {
    let label = match tlp {
        Tlp::Clear => "WHITE",
        Tlp::Green => "GREEN",
        Tlp::Amber | Tlp::AmberStrict => "AMBER",
        Tlp::Red => "RED",
    };
    let mut said = json!({"tlp": {"label": label, "url": "https://www.first.org/tlp/"}});
    if tlp == Tlp::AmberStrict {
        said["text"] = format!("{tlp}: for your own organisation only.").into();
    }
    said
}

/// The versions so far. What a clock that was set back says is passed over, for the dates rise with the numbers.
fn tracking(issue: &Issue<'_>) -> Json {
    let mut latest = i64::MIN;
    let history: Vec<Json> = issue
        .versions
        .iter()
        .map(|(number, at)| {
            latest = latest.max(*at);
            let summary = if *number == 1 { "First told" } else { "Told again, as it is now" };
            json!({"date": date(latest), "number": number.to_string(), "summary": summary})
        })
        .collect();
    let of = |entry: Option<&Json>, member: &str| entry.map_or(Json::Null, |entry| entry[member].clone());
    json!({
        "current_release_date": of(history.last(), "date"),
        "id": issue.id,
        "initial_release_date": of(history.first(), "date"),
        "status": "final",
        "version": of(history.last(), "number"),
        "revision_history": history,
    })
}

fn date(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

impl Reporter {
    /// As the publisher of a document.
    fn csaf(&self) -> Json {
        json!({
            "category": "coordinator",
            "contact_details": self.contact(),
            "name": self.org(),
            "namespace": format!("https://{}", self.domain()),
        })
    }
}

/// A text that says something, taken out of an event.
fn take(event: &mut Event, field: &str) -> Option<String> {
    let text = event.text(field).trim().to_owned();
    if text.is_empty() {
        return None;
    }
    event.remove(field);
    Some(text)
}

#[cfg(test)]
mod tests;
