//! `schakel trace`

use schakel_app::{
    access_log,
    enrichment::Enriched,
    explain::rfc3339,
    feed_health,
    names::Traced,
    trace::{self, AssignmentTrace, EventTrace, FindingTrace, MessageTrace},
};
use schakel_model::tlp::Tlp;
use schakel_store::Reader;

use crate::{
    Context,
    output::{Ending, Out, plain},
};

pub fn run(context: &Context, traced: Traced) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let out = &context.out;
    match traced {
        Traced::Event(id) => {
            let mut event = trace::event(&reader, id)?;
            event.finding.iter_mut().try_for_each(|finding| say_silence(context, &reader, finding))?;
            context.looker(&reader, &context.actor()?).raw(&format!("event:{id}"))?;
            show_event(out, &event);
            out.json(&event)?;
        }
        Traced::Finding(id) => {
            let mut finding = trace::finding(&reader, id)?;
            say_silence(context, &reader, &mut finding)?;
            let first = finding.first_event.parse().map_err(anyhow::Error::msg)?;
            let tlp = access_log::marking(&reader, first)?;
            context.looker(&reader, &context.actor()?).item(&format!("finding:{id}"), tlp)?;
            show_finding(out, &finding);
            out.json(&finding)?;
        }
        Traced::Notification(id) => {
            let notification = trace::notification(&reader, id)?;
            let tlp = notification.tlp.parse().unwrap_or(Tlp::Red);
            context.looker(&reader, &context.actor()?).item(&format!("notification:{id}"), tlp)?;
            out.line(format!(
                "Notification {}  {}",
                notification.notification,
                plain(&notification.subject, 120)
            ));
            out.line(format!(
                "  to {} {}, made {}, TLP:{}, {} findings",
                notification.organisation,
                notification.organisation_name,
                notification.created_at,
                notification.tlp,
                notification.findings
            ));
            out.line(format!("  such as {}", notification.examples.join(" ")));
            notification.messages.iter().for_each(|message| show_message(out, message));
            out.json(&notification)?;
        }
    }
    Ok(Ending::Done)
}

fn show_event(out: &Out, event: &EventTrace) {
    out.line(format!("Event {}", event.event));
    out.line(format!(
        "  came in report {} ({}), line {}, received {}, TLP:{}",
        event.report.id,
        plain(&event.report.name, 100),
        event.line,
        event.report.received_at,
        event.report.tlp
    ));
    match &event.erased {
        Some(erased) => out.line(format!("  raw: {erased}")),
        None => out.line(format!("  raw: {}", plain(&event.raw, 400))),
    }
    match &event.reject {
        Some(reason) => out.line(format!("  rejected: {}", plain(reason, 200))),
        None => out.line(format!("  row: {}", event.row_fate)),
    }
    if let Some(row) = &event.replayed_as {
        out.line(format!("  read again since: it is {row} now"));
    }
    out.line(format!("Owners, by version {} of the register", event.register_version));
    if event.candidates.is_empty() && event.erased.is_none() {
        out.line("  nobody's: no asset meets it");
    }
    for candidate in &event.candidates {
        let mark = if candidate.won { "told" } else { "not " };
        out.line(format!(
            "  {mark} {} {} ({}) by {} {}: {}",
            candidate.organisation,
            candidate.organisation_name,
            candidate.role,
            candidate.asset.kind,
            candidate.asset.value,
            candidate.why
        ));
    }
    show_enrichment(out, &event.enrichment);
    if let Some(finding) = &event.finding {
        show_finding(out, finding);
    }
}

/// Since when nothing comes of a finding's feed.
fn say_silence(context: &Context, reader: &Reader, finding: &mut FindingTrace) -> anyhow::Result<()> {
    let silent = feed_health::silent(reader, context.clock.now_seconds())?;
    finding.feed_silent_since = silent.get(&finding.feed).map(|at| rfc3339(*at));
    Ok(())
}

fn show_finding(out: &Out, finding: &FindingTrace) {
    let target = finding.erased.clone().unwrap_or_else(|| plain(&finding.target, 100));
    out.line(format!("Finding {}  {} {target}", finding.finding, finding.identifier));
    out.line(format!(
        "  {} ({}), severity {}, first shown by {}",
        finding.classification, finding.feed, finding.severity, finding.first_event
    ));
    out.line(format!(
        "  first seen {}, last seen {}, {} sightings",
        finding.first_seen, finding.last_seen, finding.sightings
    ));
    for back in &finding.taken_back {
        let became = match back.outcome {
            Some("withdrawn") => ": taken back here as well",
            Some("shown_by_others") => ": somebody else shows it, so it stays",
            Some("for_desk") => ": waits for the desk, `schakel hub taken-back`",
            Some("kept") => ": the desk decided that it stays",
            _ => "",
        };
        out.line(format!("  taken back by {}, which handed it over, at {}{became}", back.hub, back.at));
    }
    for told in &finding.told {
        let mut line = format!("  {} says: {} since {}", told.organisation, told.state, told.since);
        for (word, at) in [("until", &told.until), ("by answer", &told.answer), ("closed", &told.closed_at)] {
            if let Some(at) = at {
                line += &format!(", {word} {at}");
            }
        }
        out.line(format!("{line}; told {} times, last {}", told.tellings, told.last_told_at));
    }
    if let Some(since) = &finding.feed_silent_since {
        out.line(format!("  not observed since: its feed has been silent since {since}"));
    }
    finding.assignments.iter().for_each(|assignment| show_assignment(out, assignment));
    show_enrichment(out, finding.enrichment.as_deref().unwrap_or_default());
}

/// What we found out ourselves stands apart from what a source said.
pub fn show_enrichment(out: &Out, values: &[Enriched]) {
    if !values.is_empty() {
        out.line("What we found out ourselves");
    }
    for value in values {
        let kind = match value.kind {
            "as" => "AS number",
            "prefix" => "announced prefix",
            "registrable_domain" => "registrable domain",
            "ptr" => "name (PTR)",
            "address" => "address",
            other => other,
        };
        let back = match value.leads_back {
            Some(true) => ", which leads back to the address",
            Some(false) => ", which does not lead back to the address",
            None => "",
        };
        let at = value.at.as_ref().map(|at| format!(" of {at}")).unwrap_or_default();
        out.line(format!(
            "  {}: {kind} {}{back} [{}{at}]",
            plain(&value.subject, 100),
            plain(&value.value, 100),
            plain(&value.origin, 100)
        ));
    }
}

fn show_assignment(out: &Out, assignment: &AssignmentTrace) {
    let who = match assignment.role {
        Some(role) => format!("{} {} ({role})", assignment.organisation, assignment.organisation_name),
        None => "nobody".to_owned(),
    };
    let named = |number: &Option<String>, what: &str| {
        number.as_ref().map(|number| format!(" {what} {number}")).unwrap_or_default()
    };
    let by = match assignment.fate {
        "withdrawn" => {
            named(&assignment.correction, "by") + &named(&assignment.notification, "after it was told by")
        }
        _ => named(&assignment.notification, "by") + &named(&assignment.correction, "given by"),
    };
    out.line(format!("  {who}: {}{by}, with report {}", assignment.fate, assignment.report));
    for change in &assignment.history {
        out.line(format!("    {} {}: {}", change.at, change.fate, plain(&change.reason, 120)));
    }
    assignment.messages.iter().for_each(|message| show_message(out, message));
    if let Some(at) = &assignment.hub {
        let receipt = at.receipt.map_or_else(String::new, |receipt| {
            format!(", receipt: {receipt}{}", at.reason.map(|why| format!(" ({why})")).unwrap_or_default())
        });
        let kept = at.withheld.map(|why| format!(" and kept back ({why})")).unwrap_or_default();
        let status =
            at.status.map(|status| format!("; there it came as far as {status}")).unwrap_or_default();
        out.line(format!(
            "      handed over to {} at {} as parcel {} revision {}, {}{kept}{receipt}{status}",
            at.hub, at.at, at.parcel, at.revision, at.state
        ));
    }
}

fn show_message(out: &Out, message: &MessageTrace) {
    out.line(format!(
        "    mail to {} ({}) {}: {}, {} attempts{}",
        message.recipient,
        message.role,
        message.message_id,
        message.state,
        message.attempts,
        message.outcome.as_deref().map(|outcome| format!(", {}", plain(outcome, 120))).unwrap_or_default()
    ));
}
