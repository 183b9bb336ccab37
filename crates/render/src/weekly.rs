//! The weekly overview: what was sent to an organisation, what was not told and why, and what is open and how old, so that its reader can
//! check that nothing went missing. It shows no evidence, and of what the reader is not cleared for only that it exists.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use schakel_model::{
    answer::NotificationKind, classification::ClassificationType, fate::Fate, language::Language,
    register::ContactRole, severity::Severity, tlp::Tlp,
};
use serde::Serialize;

use crate::{
    attachment::{push_cell, text},
    clean,
    context::title_of,
    message::Attachment,
    notice::Reference,
    times::Times,
    words::Words,
    wrap::{self, PROSE_CHARS_MAX},
};

mod samples;

pub(crate) use samples::samples;

/// Notifications that the text lists; the attachment has all.
const SENT_SHOWN_MAX: usize = 40;

/// Kinds of open findings that the text lists.
const OPEN_SHOWN_MAX: usize = 40;

/// An overview before it has words.
#[derive(Clone, PartialEq, Debug)]
pub struct WeeklyOverview<'a> {
    /// Its number.
    pub reference: Reference,
    /// Name of the organisation.
    pub organisation: &'a str,
    /// Code of that organisation in the register.
    pub organisation_code: &'a str,
    /// The language of the readers.
    pub language: Language,
    /// Its marking: the highest of what it shows.
    pub tlp: Tlp,
    /// In which role the readers get it.
    pub recipient_role: ContactRole,
    /// Who sends it, as the readers know them.
    pub sender: &'a str,
    /// When it was composed.
    pub created_at: Timestamp,
    /// From when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What was sent, in order.
    pub sent: Vec<Sent<'a>>,
    /// What is not told.
    pub not_told: Vec<NotTold<'a>>,
    /// What is open.
    pub open: Vec<Open<'a>>,
    /// Open findings that the readers are not cleared for.
    pub open_confidential: u64,
}

/// A notification that was sent.
#[derive(Clone, PartialEq, Debug)]
pub struct Sent<'a> {
    /// Its number.
    pub reference: Reference,
    /// When.
    pub at: Timestamp,
    /// What it says; none when the readers are not cleared for it.
    pub details: Option<SentDetails<'a>>,
}

/// What a reader who is cleared for it sees of a notification.
#[derive(Clone, PartialEq, Debug)]
pub struct SentDetails<'a> {
    /// What it is.
    pub kind: NotificationKind,
    /// Its marking.
    pub tlp: Tlp,
    /// How many findings it told.
    pub findings: u64,
    /// Its subject.
    pub subject: &'a str,
    /// To which roles, by their words.
    pub roles: Vec<&'a str>,
    /// How far it has come.
    pub delivery: Delivery,
}

/// How far a notification has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// A mail server took it for every recipient.
    Delivered,
    /// For some.
    Partly,
    /// Not yet.
    Underway,
    /// Every recipient's server refused it.
    Failed,
}

impl Delivery {
    /// The end of its name in the locale files: `delivery-<word>`; and the word in the attachment.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Partly => "partly",
            Self::Underway => "underway",
            Self::Failed => "failed",
        }
    }
}

/// Findings that are not told, for one reason.
#[derive(Clone, PartialEq, Debug)]
pub struct NotTold<'a> {
    /// Why, as the ledger has it.
    pub fate: Fate,
    /// Why, in words; may be empty.
    pub reason: &'a str,
    /// How many.
    pub count: u64,
    /// How many of them came in the period.
    pub new: u64,
}

/// Open findings of one kind and severity.
#[derive(Clone, PartialEq, Debug)]
pub struct Open<'a> {
    /// How bad.
    pub severity: Severity,
    /// What they are.
    pub classification: ClassificationType,
    /// The type of report they came in.
    pub report_type: &'a str,
    /// Their identifier.
    pub identifier: &'a str,
    /// How many.
    pub count: u64,
    /// How many are open for at most a week, at most thirty days, longer.
    pub ages: [u64; 3],
    /// What was said of them: state and number, those without any reaction included.
    pub states: BTreeMap<&'static str, u64>,
}

/// The variables of the template.
#[derive(Debug, Serialize)]
pub(crate) struct WeeklyContext {
    number: String,
    tlp: String,
    sender: String,
    organisation: Organisation,
    recipient_role: String,
    created_utc: String,
    created_local: String,
    since_local: String,
    until_local: String,
    nothing: bool,
    sent_total: usize,
    sent: Vec<SentContext>,
    sent_not_shown: usize,
    not_told: Vec<String>,
    open_total: u64,
    open: Vec<OpenContext>,
    open_not_shown: usize,
    open_confidential: u64,
    attachment: String,
}

#[derive(Debug, Serialize)]
struct Organisation {
    name: String,
    code: String,
}

#[derive(Debug, Serialize)]
struct SentContext {
    number: String,
    at_local: String,
    hidden: bool,
    subject: String,
    delivery: String,
    roles: String,
}

#[derive(Debug, Serialize)]
struct OpenContext {
    title: String,
    severity: String,
    count: u64,
    week: u64,
    month: u64,
    longer: u64,
    states: String,
}

impl WeeklyContext {
    pub fn new(overview: &WeeklyOverview<'_>, words: &Words, times: &Times) -> Self {
        let name = |text| clean::line(text, 120).into_owned();
        let open_known: u64 = overview.open.iter().map(|open| open.count).sum();
        Self {
            number: overview.reference.to_string(),
            tlp: overview.tlp.to_string(),
            sender: name(overview.sender),
            organisation: Organisation {
                name: name(overview.organisation),
                code: name(overview.organisation_code),
            },
            recipient_role: words.text(&format!("recipient-{}", overview.recipient_role)),
            created_utc: times.utc_minutes(overview.created_at),
            created_local: times.local_minutes(overview.created_at),
            since_local: times.local_minutes(overview.since),
            until_local: times.local_minutes(overview.until),
            nothing: overview.says_nothing(),
            sent_total: overview.sent.len(),
            sent: overview
                .sent
                .iter()
                .take(SENT_SHOWN_MAX)
                .map(|sent| SentContext::new(sent, words, times))
                .collect(),
            sent_not_shown: overview.sent.len().saturating_sub(SENT_SHOWN_MAX),
            not_told: overview.not_told.iter().map(|one| not_told(one, words)).collect(),
            open_total: open_known + overview.open_confidential,
            open: overview
                .open
                .iter()
                .take(OPEN_SHOWN_MAX)
                .map(|open| OpenContext::new(open, words))
                .collect(),
            open_not_shown: overview.open.len().saturating_sub(OPEN_SHOWN_MAX),
            open_confidential: overview.open_confidential,
            attachment: file_name(overview),
        }
    }
}

impl WeeklyOverview<'_> {
    /// Is there nothing to say but that?
    pub fn says_nothing(&self) -> bool {
        self.sent.is_empty()
            && self.not_told.is_empty()
            && self.open.is_empty()
            && self.open_confidential == 0
    }
}

impl SentContext {
    fn new(sent: &Sent<'_>, words: &Words, times: &Times) -> Self {
        let details = sent.details.as_ref();
        let subject = details.map_or(Cow::Borrowed(""), |details| {
            let start = format!("[Schakel #{}] {} ", sent.reference, details.tlp);
            clean::line(details.subject.strip_prefix(&start).unwrap_or(details.subject), 160)
        });
        Self {
            number: sent.reference.to_string(),
            at_local: times.local_minutes(sent.at),
            hidden: details.is_none(),
            subject: subject.into_owned(),
            delivery: details.map_or_else(String::new, |details| {
                words.text(&format!("delivery-{}", details.delivery.word()))
            }),
            roles: details.map_or_else(String::new, |details| {
                let names = details.roles.iter().map(|role| match words.has(&format!("short-{role}")) {
                    true => words.text(&format!("short-{role}")),
                    false => clean::line(role, 40).into_owned(),
                });
                names.collect::<Vec<_>>().join(", ")
            }),
        }
    }
}

fn not_told(one: &NotTold<'_>, words: &Words) -> String {
    let mut line = words.with(
        &format!("not-told-{}", one.fate),
        &[("findings", &words.count("findings-count", one.count)), ("new", &one.new.to_string())],
    );
    if !one.reason.is_empty() {
        let reason = clean::line(one.reason, 160);
        line += &format!(" {}", words.with("not-told-reason", &[("reason", &reason)]));
    }
    wrap::paragraph(&line, "- ", PROSE_CHARS_MAX)
}

impl OpenContext {
    fn new(open: &Open<'_>, words: &Words) -> Self {
        let states = open.states.iter().map(|(state, count)| {
            words.with(&format!("open-state-{state}"), &[("count", &count.to_string())])
        });
        Self {
            title: title_of(open.classification, open.report_type, open.identifier, "", words),
            severity: words.text(&format!("severity-{}", open.severity)),
            count: open.count,
            week: open.ages[0],
            month: open.ages[1],
            longer: open.ages[2],
            states: states.collect::<Vec<_>>().join(", "),
        }
    }
}

fn file_name(overview: &WeeklyOverview<'_>) -> String {
    format!("schakel-{}.csv", overview.reference)
}

/// Everything that was sent, as CSV. What the readers are not cleared for is a number and a time.
pub(crate) fn attachment(overview: &WeeklyOverview<'_>, times: &Times) -> Attachment {
    let mut out = b"number,composed_at,kind,tlp,findings,roles,delivery,subject\n".to_vec();
    for sent in &overview.sent {
        let mut cells: Vec<Cow<'_, str>> =
            vec![sent.reference.to_string().into(), times.utc_seconds(sent.at).into()];
        match &sent.details {
            None => cells.extend(["confidential", "", "", "", "", ""].map(Cow::Borrowed)),
            Some(details) => cells.extend([
                details.kind.as_str().into(),
                details.tlp.to_string().into(),
                details.findings.to_string().into(),
                text(&details.roles.join(" ")).into_owned().into(),
                details.delivery.word().into(),
                text(details.subject),
            ]),
        }
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_cell(&mut out, cell);
        }
        out.push(b'\n');
    }
    Attachment { name: file_name(overview), content_type: "text/csv; charset=utf-8", bytes: out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_hides_what_the_reader_is_not_cleared_for() {
        let [full, hidden, _] = samples(Language::Nl);
        let csv = |overview| String::from_utf8(attachment(overview, &Times::default()).bytes).unwrap();
        insta::assert_snapshot!(csv(&full), @r"
        number,composed_at,kind,tlp,findings,roles,delivery,subject
        17,2026-03-10 08:06:40,findings,TLP:AMBER,5,findings vcib,delivered,[Schakel #17] TLP:AMBER 5 bevindingen bij Gemeente Hollands Diep (hoogste ernst: kritiek)
        23,2026-03-12 07:20:00,findings,TLP:GREEN,1,findings vcib,failed,[Schakel #23] TLP:GREEN 1 bevinding bij Gemeente Hollands Diep (hoogste ernst: laag)
        ");
        let hidden = csv(&hidden);
        assert_eq!(hidden.lines().nth(1), Some("17,2026-03-10 08:06:40,confidential,,,,,"));
    }
}
