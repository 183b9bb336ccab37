//! Feedback reports (RFC 5965, RFC 6591): somebody's mail provider says that a mail from this address was unwanted.

use schakel_formats::mail::Fields;
use schakel_model::classification::ClassificationType as Kind;

use super::{Letter, When, moments};
use crate::{
    feeds::draft::{Draft, End, host_of, is_host},
    idf_field,
};

/// Fields of the report that an event keeps, and under which name.
const KEPT: [(&str, &str); 6] = [
    ("User-Agent", "extra.user_agent"),
    ("Reporting-MTA", "extra.reporting_mta"),
    ("Original-Envelope-Id", "extra.original_envelope_id"),
    ("Reported-Domain", "extra.reported_domain"),
    ("Incidents", "extra.incidents"),
    ("Auth-Failure", "extra.auth_failure"),
];

/// One event for each machine-readable part that names where the mail came from.
pub(super) fn read(letter: &Letter<'_>) -> Vec<Draft> {
    letter.mail.feedback_reports.iter().filter_map(|report| event(letter, report)).collect()
}

fn event(letter: &Letter<'_>, report: &Fields) -> Option<Draft> {
    let kind = report.text("Feedback-Type").to_ascii_lowercase();
    let classification = match kind.as_str() {
        // Its content is X-ARF, in a part of its own. And `not-spam` takes a complaint back.
        "xarf" | "not-spam" => return None,
        "fraud" => Kind::Phishing,
        "virus" => Kind::MalwareDistribution,
        "auth-failure" => Kind::Masquerade,
        _ => Kind::Spam,
    };
    let mut draft = letter.draft("arf");
    let ip = [report.text("Source-IP"), report.text("Source"), evidence(letter, "X-Originating-IP")]
        .into_iter()
        .map(|text| text.trim_matches(['[', ']', ' ']).to_owned())
        .find(|text| is_address(text));
    match ip {
        Some(ip) => {
            draft.machine(End::Source, &ip);
        }
        None => {
            let url = report.text("Reported-URI");
            let domain = report.text("Reported-Domain");
            if !host_of(&url).is_empty() {
                draft.url(End::Source, &url);
            } else if is_host(&domain) {
                draft.text("source.fqdn", &domain);
            } else {
                return None;
            }
        }
    }
    if let Some(port) = report.first("Source-Port").and_then(|field| field.text().parse().ok()) {
        draft.port(End::Source, port);
    }
    let said = ["Arrival-Date", "Received-Date"].into_iter().find_map(|name| {
        let field = report.first(name)?;
        moments::first(&field.text(), 0).map(|moment| moment.seconds)
    });
    letter.seen(&mut draft, said.map_or(When::OfTheMail, When::Said));
    draft.kind(classification).text("extra.feedback_type", &kind);
    for (field, name) in KEPT {
        draft.text(name, &report.text(field));
    }
    // Who complained is nobody's business but the provider's; what the mail claimed to be from is.
    draft.text("source.account", report.text("Original-Mail-From").trim_matches(['<', '>', ' ']));
    draft.text("extra.recipient", &masked(&report.text("Original-Rcpt-To")));
    if let Some(evidence) = &letter.mail.evidence {
        draft.text("extra.evidence_subject", &evidence.text("Subject"));
        draft.text("extra.evidence_message_id", &evidence.text("Message-ID"));
        draft.text("extra.evidence_from", &evidence.text("From"));
    }
    Some(draft)
}

fn evidence(letter: &Letter<'_>, field: &str) -> String {
    letter.mail.evidence.as_ref().map(|evidence| evidence.text(field)).unwrap_or_default()
}

pub(super) fn is_address(text: &str) -> bool {
    text.contains(['.', ':'])
        && idf_field::fit("source.ip", schakel_model::event::Value::Text(text.to_owned())).is_some()
}

/// `…@example.nl` of a mail address.
fn masked(address: &str) -> String {
    let address = address.trim_matches(['<', '>', ' ']);
    address.rsplit_once('@').map_or(String::new(), |(_, domain)| format!("…@{domain}"))
}
