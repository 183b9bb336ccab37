//! Told to the wrong party: who received what, the recall, and a possible data breach with its clock.

use std::{collections::BTreeSet, fmt};

use anyhow::{Context, ensure};
use schakel_model::{
    ids::{FindingId, NotificationId, OrganisationId},
    register::Register,
};
use schakel_render::letter::Part;
use schakel_rules::breach::{Clock, clock, deadline};
use schakel_store::{
    Reader, Store,
    act::Act,
    breaches::{self, Breach, Decision},
    chunks::{self, Blocks},
    corrections, id_list,
    outbox::{self, AttemptResult, MessageState},
    recalls,
};
use serde::{Serialize, Serializer};

use crate::{
    events,
    explain::{organisation_name, rfc3339},
    recall::TakeBack,
    refused::Refused,
    tell::Composer,
};

/// What was told to the wrong party.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// One finding; of an organisation, or of all that were told.
    Finding(FindingId, Option<OrganisationId>),
    /// One notification.
    Notification(NotificationId),
    /// What a run of corrections took back.
    Correction(u32),
}

impl Subject {
    fn name(self) -> String {
        match self {
            Self::Finding(id, _) => format!("F{id}"),
            Self::Notification(id) => format!("N{id}"),
            Self::Correction(run) => format!("K{run}"),
        }
    }
}

/// A mail that somebody may have read. The names of the fields are a contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Received {
    /// `N3`
    pub notification: String,
    /// The code of the organisation it was for.
    pub organisation: String,
    /// Its name.
    pub organisation_name: String,
    /// The address.
    pub recipient: String,
    /// In which role.
    pub role: String,
    /// Its Message-ID.
    pub message_id: String,
    /// `accepted`, or where it stands.
    pub state: &'static str,
    /// When the other side took it, RFC 3339.
    pub received_at: Option<String>,
    /// The findings it told, as far as they are in question.
    pub findings: u64,
    /// Notices that take it back.
    pub recalled_by: Vec<RecalledBy>,
}

/// A notice that takes something back; written as `N7 (1 of 2 sent)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecalledBy {
    /// It.
    pub notice: NotificationId,
    /// How many of its mails the other side took.
    pub accepted: usize,
    /// How many mails it is.
    pub messages: usize,
}

impl fmt::Display for RecalledBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "N{} ({} of {} sent)", self.notice, self.accepted, self.messages)
    }
}

impl Serialize for RecalledBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A breach as it is shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Shown {
    /// `B1`
    pub breach: String,
    /// What it is about: `F12`, `N3`, `K1`.
    pub subject: String,
    /// Why it was opened.
    pub reason: String,
    /// When it was discovered, RFC 3339.
    pub discovered_at: String,
    /// When it was opened here, RFC 3339.
    pub opened_at: String,
    /// By whom.
    pub opened_by: String,
    /// Until when it must be decided, RFC 3339.
    pub deadline: String,
    /// Seconds that are left; negative when it is overdue; none when it is decided.
    pub seconds_left: Option<i64>,
    /// Is it overdue?
    pub overdue: bool,
    /// `open`, `reported`, `not_reported`.
    pub decision: &'static str,
    /// When it was decided, RFC 3339.
    pub closed_at: Option<String>,
    /// By whom.
    pub closed_by: Option<String>,
    /// Why.
    pub closed_reason: Option<String>,
}

/// A breach for showing.
pub fn shown(breach: &Breach, now: i64) -> Shown {
    let left = match (breach.decision, clock(breach.discovered_at, now)) {
        (Decision::Open, Clock::Left(left)) => Some(left),
        (Decision::Open, Clock::Overdue(over)) => Some(-over),
        _ => None,
    };
    let closed = breach.closed.as_ref();
    Shown {
        breach: format!("B{}", breach.id),
        subject: breach.subject.clone(),
        reason: breach.reason.clone(),
        discovered_at: rfc3339(breach.discovered_at),
        opened_at: rfc3339(breach.opened_at),
        opened_by: breach.opened_by.clone(),
        deadline: rfc3339(deadline(breach.discovered_at)),
        seconds_left: left,
        overdue: left.is_some_and(|left| left <= 0),
        decision: breach.decision.as_str(),
        closed_at: closed.map(|closed| rfc3339(closed.at)),
        closed_by: closed.map(|closed| closed.by.clone()),
        closed_reason: closed.map(|closed| closed.reason.clone()),
    }
}

/// How many breaches are open, and how many of them overdue.
pub fn counts(reader: &Reader, now: i64) -> anyhow::Result<(u64, u64)> {
    let open = reader.read(breaches::undecided)?;
    let overdue = open.iter().filter(|breach| shown(breach, now).overdue).count();
    Ok((open.len() as u64, overdue as u64))
}

/// What is in question of one notification.
struct InQuestion {
    lead: NotificationId,
    findings: Vec<FindingId>,
    part: Part,
    /// A notice takes it back already, or will.
    is_withdrawn: bool,
}

/// Opens a breach: recalls what was not taken back yet, and lists who received what. Gives its number.
pub fn open(
    store: &mut Store,
    composer: &Composer<'_>,
    subject: Subject,
    discovered_at: i64,
    act: &Act<'_>,
) -> anyhow::Result<u32> {
    let reader = composer.reader;
    let in_question = in_question(reader, subject)?;
    ensure!(!in_question.is_empty(), Refused::NothingTold { subject: subject.name() });
    ensure!(discovered_at <= act.at, "a breach cannot be discovered in the future");
    // What a correction took back has its notice first: a breach does not take the same back again.
    composer.compose_recalls(store)?;
    let leads: Vec<NotificationId> = in_question.iter().map(|one| one.lead).collect();
    let id = store.open_breach(act, discovered_at, &subject.name(), &leads)?;
    for one in in_question.iter().filter(|one| !one.is_withdrawn) {
        if one.part == Part::Whole {
            keep_back(store, one.lead, act.at, id)?;
        }
        let take_back =
            TakeBack { lead: one.lead, findings: &one.findings, part: one.part, run: None, breach: Some(id) };
        composer.take_back(store, &take_back, &[])?;
    }
    Ok(id)
}

/// Mails that nobody has tried to send yet do not leave.
fn keep_back(store: &mut Store, lead: NotificationId, now: i64, breach: u32) -> anyhow::Result<()> {
    let messages = store.read(|connection| outbox::of_telling(connection, lead))?;
    let untried =
        messages.iter().filter(|message| message.state == MessageState::Waiting && message.attempts == 0);
    let results: Vec<_> = untried
        .map(|message| AttemptResult {
            message: message.id,
            state: MessageState::GivenUp,
            next_at: 0,
            outcome: format!("kept back: meant for somebody else (B{breach})"),
            failure: None,
        })
        .collect();
    Ok(store.finish_attempts(now, &results)?)
}

fn in_question(reader: &Reader, subject: Subject) -> anyhow::Result<Vec<InQuestion>> {
    match subject {
        Subject::Notification(id) => {
            let told = reader
                .read(|connection| outbox::notification(connection, id))?
                .with_context(|| format!("there is no notification N{id}. `schakel outbox` lists them"))?;
            Ok(vec![of_lead(reader, told.lead, None)?])
        }
        Subject::Finding(finding, organisation) => of_finding(reader, finding, organisation),
        Subject::Correction(id) => {
            let correction = reader
                .read(|connection| corrections::get(connection, id))?
                .with_context(|| format!("there is no correction K{id}"))?;
            let mut leads = BTreeSet::new();
            for one in reader.read(corrections::list)?.iter().filter(|one| one.run == correction.run) {
                let withdrawn = reader.read(|connection| corrections::withdrawn(connection, one.id))?;
                leads.extend(withdrawn.iter().filter(|one| one.is_recalled()).filter_map(|one| one.told_by));
            }
            leads
                .into_iter()
                .map(|lead| {
                    let findings = told_and_withdrawn(reader, lead, correction.run)?;
                    Ok(InQuestion { lead, findings, part: Part::Some, is_withdrawn: true })
                })
                .collect()
        }
    }
}

/// The findings a notification told that a run of corrections took back.
fn told_and_withdrawn(reader: &Reader, lead: NotificationId, run: u32) -> anyhow::Result<Vec<FindingId>> {
    let mut findings = BTreeSet::new();
    for one in reader.read(corrections::list)?.iter().filter(|one| one.run == run) {
        for withdrawn in reader.read(|connection| corrections::withdrawn(connection, one.id))? {
            if withdrawn.told_by == Some(lead)
                && let Some(block) = reader.read(|connection| chunks::block(connection, withdrawn.block))?
            {
                findings.extend(id_list::decode(&block.findings));
            }
        }
    }
    Ok(findings.into_iter().collect())
}

/// All of a notification that stands, or one finding of it.
fn of_lead(reader: &Reader, lead: NotificationId, only: Option<FindingId>) -> anyhow::Result<InQuestion> {
    let blocks = reader.read(|connection| chunks::blocks(connection, &Blocks::OfNotification(lead.0)))?;
    let all: BTreeSet<FindingId> = blocks.iter().flat_map(|block| id_list::decode(&block.findings)).collect();
    let findings: Vec<FindingId> =
        all.iter().copied().filter(|one| only.is_none_or(|only| only == *one)).collect();
    let part = if findings.len() == all.len() { Part::Whole } else { Part::Some };
    let taken_back = reader.read(|connection| recalls::of_notification(connection, lead))?;
    // A notification of which nothing stands was withdrawn by a correction.
    let is_withdrawn = findings.is_empty() || (only.is_none() && !taken_back.is_empty());
    Ok(InQuestion { lead, findings, part, is_withdrawn })
}

/// The notifications that told a finding: those it was withdrawn from when there are any, else all.
fn of_finding(
    reader: &Reader,
    finding: FindingId,
    organisation: Option<OrganisationId>,
) -> anyhow::Result<Vec<InQuestion>> {
    let mut wanted: BTreeSet<u32> = events::chunks_of_finding(reader, finding)?.into_iter().collect();
    wanted.insert(reader.read(|connection| chunks::that_made(connection, finding))?);
    wanted.extend(reader.read(|connection| corrections::chunks_of_finding(connection, finding))?);
    let (mut standing, mut withdrawn) = (BTreeSet::new(), BTreeSet::new());
    for chunk in wanted {
        for block in reader.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(chunk)))? {
            let Some(assignee) = block.assignee else { continue };
            if organisation.is_some_and(|wanted| wanted != assignee.organisation)
                || !id_list::decode(&block.findings).any(|one| one == finding)
            {
                continue;
            }
            match block.fate {
                schakel_model::fate::Fate::Withdrawn => {
                    withdrawn.extend(reader.read(|connection| corrections::told_by(connection, block.id))?);
                }
                _ => standing.extend(block.reference.map(NotificationId)),
            }
        }
    }
    if !withdrawn.is_empty() {
        let one = |lead| InQuestion { lead, findings: vec![finding], part: Part::Some, is_withdrawn: true };
        return Ok(withdrawn.into_iter().map(one).collect());
    }
    standing.into_iter().map(|lead| of_lead(reader, lead, Some(finding))).collect()
}

/// Who received what: all mails of the notifications a breach is about.
pub fn received(reader: &Reader, register: &Register, breach: u32) -> anyhow::Result<Vec<Received>> {
    let leads = reader.read(|connection| breaches::notifications(connection, breach))?;
    received_of(reader, register, &leads)
}

/// The notifications (leads) that told what is in question.
pub fn leads(reader: &Reader, subject: Subject) -> anyhow::Result<Vec<NotificationId>> {
    Ok(in_question(reader, subject)?.into_iter().map(|one| one.lead).collect())
}

/// The same of these notifications (leads).
pub fn received_of(
    reader: &Reader,
    register: &Register,
    leads: &[NotificationId],
) -> anyhow::Result<Vec<Received>> {
    let mut received = Vec::new();
    for lead in leads.iter().copied() {
        for told in reader.read(|connection| outbox::tellings(connection, lead))? {
            let (code, name) = organisation_name(register, told.organisation);
            let mut recalled_by = Vec::new();
            for recall in reader.read(|connection| recalls::of_notification(connection, told.id))? {
                let messages =
                    reader.read(|connection| outbox::of_notification(connection, recall.notice))?;
                let accepted = messages.iter().filter(|one| one.state == MessageState::Accepted).count();
                recalled_by.push(RecalledBy { notice: recall.notice, accepted, messages: messages.len() });
            }
            for message in reader.read(|connection| recalls::may_have_arrived(connection, told.id))? {
                received.push(Received {
                    notification: format!("N{}", told.id),
                    organisation: code.to_owned(),
                    organisation_name: name.to_owned(),
                    recipient: message.recipient,
                    role: message.role,
                    message_id: message.message_id,
                    state: message.state.as_str(),
                    received_at: message.finished_at.map(rfc3339),
                    findings: told.findings,
                    recalled_by: recalled_by.clone(),
                });
            }
        }
    }
    Ok(received)
}
