//! What a template can use: everything already in the words of the reader and safe to print.

use std::{cmp::Reverse, collections::BTreeMap};

use schakel_model::{
    abuse_contact::Means, asset::AssetKind, classification::ClassificationType, severity::Severity,
};
use serde::Serialize;

use crate::{
    advice::{Advice, Kind, Part, kinds_of},
    clean, explanation,
    kind::{Family, text_name},
    notice::{Group, Notice, Occasion, Standing},
    table::{ROWS_SHOWN_MAX, table},
    times::Times,
    words::Words,
    wrap::{self, PROSE_CHARS_MAX},
};

/// Kinds shown in the text; the attachment has all. With 20 rows each the text stays below 1,000 lines.
pub const GROUPS_SHOWN_MAX: usize = 30;

/// A name of an organisation, a sender or a kind is cut after this many characters.
const NAME_CHARS_MAX: usize = 120;

/// The variables of a template. Their names are a contract with operators: the templates list them.
#[derive(Debug, Serialize)]
pub struct Context {
    number: String,
    tlp: String,
    sender: String,
    organisation: Organisation,
    about: String,
    recipient_role: String,
    created_utc: String,
    created_local: String,
    total: u64,
    total_text: String,
    highest_severity: String,
    attachment: String,
    answer_link: String,
    occasion: String,
    occasion_lines: Vec<String>,
    why: Vec<String>,
    groups: Vec<GroupContext>,
    groups_not_shown: usize,
    explained: Vec<Explained>,
    explanation: String,
}

#[derive(Debug, Serialize)]
struct Organisation {
    name: String,
    code: String,
}

#[derive(Debug, Serialize)]
struct GroupContext {
    title: String,
    kind: String,
    severity: String,
    count: usize,
    count_text: String,
    advice: Vec<String>,
    table: String,
    shown: usize,
    not_shown: usize,
}

/// The rest of the advice on a kind: what to do stands with the findings.
#[derive(Debug, Serialize)]
struct Explained {
    title: String,
    what: Vec<String>,
    why: Vec<String>,
    check: Vec<String>,
    keep: Vec<String>,
}

/// The advice in force for a kind.
pub type AdviceOf<'a> = dyn Fn(&'static Kind) -> &'a Advice + 'a;

/// The groups in the order of the message: the worst first, then the largest.
pub fn in_order<'n, 'a>(notice: &'n Notice<'a>) -> Vec<&'n Group<'a>> {
    let mut groups: Vec<_> = notice.groups.iter().collect();
    groups.sort_by_key(|group| {
        (Reverse(group.severity), Reverse(group.items.len()), group.report_type, group.identifier)
    });
    groups
}

impl Context {
    /// For a notice with its groups [`in_order`] and the name of its attachment.
    pub fn new(
        notice: &Notice<'_>,
        groups: &[&Group<'_>],
        attachment: &str,
        (words, times): (&Words, &Times),
        advice: &AdviceOf<'_>,
    ) -> Self {
        let kinds = explanation::kinds(groups, words);
        let inline = if kinds.len() <= explanation::KINDS_IN_TEXT_MAX { &kinds[..] } else { &[] };
        let name = |text| clean::line(text, NAME_CHARS_MAX).into_owned();
        let total = groups.iter().map(|group| group.items.len() as u64).sum();
        let highest = groups.first().map_or(Severity::Low, |group| group.severity);
        Self {
            number: notice.reference.to_string(),
            tlp: notice.tlp.to_string(),
            sender: name(notice.sender),
            organisation: Organisation {
                name: name(notice.organisation),
                code: name(notice.organisation_code),
            },
            about: match (notice.standing, &notice.occasion) {
                (Standing::Copy { of }, _) => name(of),
                (Standing::Together { of }, _) => names(of),
                (_, Occasion::Escalation { to, .. }) if !to.is_empty() => names(to),
                _ => name(notice.organisation),
            },
            recipient_role: words.text(&format!("recipient-{}", notice.recipient_role)),
            created_utc: times.utc_minutes(notice.created_at),
            created_local: times.local_minutes(notice.created_at),
            total,
            total_text: words.count("findings-count", total),
            highest_severity: severity(highest, words),
            attachment: attachment.to_owned(),
            answer_link: notice.answer_link.to_owned(),
            occasion: occasion_word(&notice.occasion, words),
            occasion_lines: occasion_lines(&notice.occasion, words, times),
            why: why(notice.standing, groups, words, times),
            groups: groups
                .iter()
                .take(GROUPS_SHOWN_MAX)
                .map(|group| GroupContext::new(group, words, times, advice))
                .collect(),
            groups_not_shown: groups.len().saturating_sub(GROUPS_SHOWN_MAX),
            explained: inline.iter().map(|(kind, title)| Explained::new(title, advice(kind))).collect(),
            explanation: match inline.len() < kinds.len() {
                true => explanation::file_name(notice, words),
                false => String::new(),
            },
        }
    }
}

impl GroupContext {
    fn new(group: &Group<'_>, words: &Words, times: &Times, in_force: &AdviceOf<'_>) -> Self {
        let count = group.items.len();
        let shown = count.min(ROWS_SHOWN_MAX);
        Self {
            title: title(group, words),
            kind: clean::line(group.identifier, NAME_CHARS_MAX).into_owned(),
            severity: severity(group.severity, words),
            count,
            count_text: words.count("findings-count", count as u64),
            advice: advice(group, words, in_force),
            table: table(&group.items, words, times),
            shown,
            not_shown: count - shown,
        }
    }
}

fn severity(severity: Severity, words: &Words) -> String {
    words.text(&format!("severity-{severity}"))
}

/// Names in a row.
fn names(of: &[&str]) -> String {
    let shown: Vec<_> = of.iter().map(|name| clean::line(name, NAME_CHARS_MAX)).collect();
    shown.join(", ")
}

/// Our own title for a well-known report type; else the family, with the source's name for the kind.
pub(crate) fn title(group: &Group<'_>, words: &Words) -> String {
    title_of(group.classification, group.report_type, group.identifier, group.title, words)
}

/// The same, of what has no findings.
pub(crate) fn title_of(
    classification: ClassificationType,
    report_type: &str,
    identifier: &str,
    title: &str,
    words: &Words,
) -> String {
    let own = format!("kind-{}", text_name(report_type));
    if words.has(&own) {
        return words.text(&own);
    }
    let family = words.text(&format!("family-{}", Family::of(classification).word()));
    let named = [title, identifier, report_type].into_iter().find(|name| !name.is_empty());
    match named {
        Some(name) => {
            words.with("named-kind", &[("family", &family), ("name", &clean::line(name, NAME_CHARS_MAX))])
        }
        None => family,
    }
}

/// What to do, a step a paragraph: for the kind when it has advice of its own, else for the family.
fn advice(group: &Group<'_>, words: &Words, in_force: &AdviceOf<'_>) -> Vec<String> {
    match kinds_of(group).first() {
        Some(kind) => steps(in_force(kind).part(Part::Fix)),
        None => {
            let text = words.text(&format!("advice-{}", Family::of(group.classification).word()));
            text.lines().map(|step| wrap::paragraph(step, "- ", PROSE_CHARS_MAX)).collect()
        }
    }
}

fn steps(lines: &[String]) -> Vec<String> {
    lines.iter().map(|step| wrap::paragraph(step, "- ", PROSE_CHARS_MAX)).collect()
}

fn prose(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| wrap::paragraph(line, "", PROSE_CHARS_MAX)).collect()
}

impl Explained {
    fn new(title: &str, advice: &Advice) -> Self {
        Self {
            title: title.to_owned(),
            what: prose(advice.part(Part::What)),
            why: prose(advice.part(Part::Why)),
            check: steps(advice.part(Part::Check)),
            keep: steps(advice.part(Part::Keep)),
        }
    }
}

/// One word in front of the subject; empty for what is new.
fn occasion_word(occasion: &Occasion<'_>, words: &Words) -> String {
    match occasion {
        Occasion::New => String::new(),
        Occasion::Reminder { .. } => words.text("occasion-reminder"),
        Occasion::Campaign { title, .. } => clean::line(title, NAME_CHARS_MAX).into_owned(),
        Occasion::Escalation { .. } => words.text("occasion-escalation"),
    }
}

/// Why something is told that was told before, a line a paragraph.
fn occasion_lines(occasion: &Occasion<'_>, words: &Words, times: &Times) -> Vec<String> {
    let lines = match occasion {
        Occasion::New => Vec::new(),
        Occasion::Reminder { because, first_told_at } => {
            let first = words.with("occasion-reminder-line", &[("day", &times.local_day(*first_told_at))]);
            let reasons = because.iter().map(|(word, count)| {
                let reason = words.text(&format!("again-{}", word.replace('_', "-")));
                format!("- {}: {reason}", words.count("findings-count", *count))
            });
            std::iter::once(first).chain(reasons).collect()
        }
        Occasion::Campaign { text, deadline, .. } => {
            let own = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned);
            let asks = deadline
                .map(|at| words.with("occasion-campaign-deadline", &[("day", &times.local_minutes(at))]));
            own.chain(asks).collect()
        }
        Occasion::Escalation { of, told_at, to } => {
            let number = of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let day = times.local_day(*told_at);
            vec![match to.is_empty() {
                false => {
                    let to = names(to);
                    words.with(
                        "occasion-escalation-other",
                        &[("number", &number), ("day", &day), ("organisation", &to)],
                    )
                }
                true => words.with("occasion-escalation-own", &[("number", &number), ("day", &day)]),
            }]
        }
    };
    lines.iter().map(|line| wrap::paragraph(line, "", PROSE_CHARS_MAX)).collect()
}

/// Why the reader gets this: by which roles and kinds of asset the findings are theirs, the most frequent first.
fn why(standing: Standing<'_>, groups: &[&Group<'_>], words: &Words, times: &Times) -> Vec<String> {
    let name = |text| clean::line(text, NAME_CHARS_MAX).into_owned();
    let first = match standing {
        Standing::Own => None,
        Standing::Successor { of, since: Some(since) } => {
            Some(words.with(
                "why-successor-since",
                &[("organisation", &name(of)), ("day", &times.local_day(since))],
            ))
        }
        Standing::Successor { of, since: None } => {
            Some(words.with("why-successor", &[("organisation", &name(of))]))
        }
        Standing::Together { of } => Some(words.with("why-together", &[("organisations", &names(of))])),
        Standing::Copy { of } => Some(words.with("why-copy", &[("organisation", &name(of))])),
        Standing::Nobodys { means } => {
            let line =
                |means: &Means| wrap::paragraph(&words.text(&format!("why-{means}")), "- ", PROSE_CHARS_MAX);
            return means.iter().map(line).collect();
        }
    };
    let first = first.map(|line| wrap::paragraph(&line, "- ", PROSE_CHARS_MAX));
    if matches!(standing, Standing::Copy { .. }) {
        return first.into_iter().collect();
    }
    let mut counts = BTreeMap::new();
    for item in groups.iter().flat_map(|group| &group.items) {
        *counts.entry((item.role, item.end, item.asset.map(|asset| asset.kind()))).or_insert(0_u64) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let lines = counts.into_iter().map(|((role, end, kind), count)| {
        words.with(
            "why-line",
            &[
                ("findings", &words.count("findings-count", count)),
                ("role", &words.text(&format!("role-{role}"))),
                ("asset", &words.text(&format!("asset-{}", kind.map_or("unknown", AssetKind::as_str)))),
                ("end", &words.text(&format!("end-{}", end.as_str()))),
            ],
        )
    });
    first.into_iter().chain(lines.map(|line| wrap::paragraph(&line, "- ", PROSE_CHARS_MAX))).collect()
}
