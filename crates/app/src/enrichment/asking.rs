//! Asks the DNS about findings: the names of their addresses and whether those lead back, and the addresses of their names. Only where every
//! source that shows a finding permits it, a limited number at a time, and the same not twice a day.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use schakel_lookup::{Lookup, dns::DnsError};
use schakel_model::{
    enrichment::{DnsAnswer, LookUp, Subject, subjects},
    ids::{EventId, FindingId},
};
use schakel_rules::enrichment::{is_due, is_public_name, may_ask_again};
use schakel_store::{
    Reader, StoreError, findings,
    look_ups::{self, Found},
    sightings,
};

use super::permissions::{Permissions, forbidding};

/// So many of the newest findings are looked at: more would never be reached at 2,000 questions an hour.
const FINDINGS_MAX: u32 = 200_000;

/// Findings read at a time.
const PAGE: usize = 10_000;

/// Of one address so many names are followed back. Honest addresses have one or two.
const NAMES_FOLLOWED_MAX: usize = 4;

/// After so many questions in a row without an answer it is not the names: the rest waits. Findings of one network stand side by side, and its
/// name servers may be gone.
const UNANSWERED_MAX: u32 = 20;

/// Answers are recorded so many at a time: what is broken off loses no more.
const RECORD_EVERY: usize = 100;

/// How much is done in one go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// At most so many questions.
    pub questions: usize,
    /// Nothing is begun after this time.
    pub time: Duration,
}

impl Limits {
    /// For a person who asks for it, and can break it off.
    pub const NONE: Self = Self { questions: usize::MAX, time: Duration::MAX };
    /// For the service, which comes back every hour: about three questions a second, which no name server minds.
    pub const HOURLY: Self = Self { questions: 2_000, time: Duration::from_secs(600) };
}

/// What is to be asked, and for which finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The finding.
    pub finding: FindingId,
    /// The address or name.
    pub subject: Subject,
}

/// What can be done for one finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The event that showed it first.
    pub first_event: EventId,
    /// The sources that forbid it, by code. Then nothing is asked.
    pub forbidden_by: Vec<String>,
    /// What is to be asked.
    pub questions: Vec<Question>,
    /// What was asked less than a day ago.
    pub kept: Vec<(Subject, LookUp)>,
    /// What nobody outside is asked about, and why.
    pub inner: Vec<(Subject, String)>,
}

/// What is due of all findings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Due {
    /// What is to be asked, in this order: what was never asked, of the newest findings first.
    pub questions: Vec<Question>,
    /// Findings that a source forbids to look up.
    pub forbidden: usize,
    /// Addresses and names that nobody outside is asked about.
    pub inner: usize,
}

/// What came of asking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answers {
    /// Something was found.
    pub found: usize,
    /// There is nothing.
    pub nothing: usize,
    /// The answer cannot be used.
    pub unusable: usize,
    /// Nobody answered, or nobody could.
    pub unknown: usize,
    /// Not asked this time.
    pub left: usize,
}

/// Why nobody outside is asked about this.
fn inner(lookup: &Lookup, subject: &Subject) -> Option<String> {
    match subject {
        Subject::Address(address) => lookup.may_ask_about(*address).err().map(|refused| refused.to_string()),
        Subject::Name(name) => (!is_public_name(name)).then(|| "it is no name of the public DNS".to_owned()),
    }
}

/// What can be done for a finding.
pub fn plan(reader: &Reader, lookup: &Lookup, finding: FindingId, now: i64) -> anyhow::Result<Plan> {
    let stored = reader
        .read(|connection| findings::get(connection, finding))?
        .ok_or_else(|| anyhow::anyhow!("there is no finding F{finding}. `schakel findings` lists them"))?;
    let mut plan = Plan {
        first_event: stored.first.event,
        forbidden_by: forbidding(reader, finding)?.into_iter().collect(),
        questions: Vec::new(),
        kept: Vec::new(),
        inner: Vec::new(),
    };
    for subject in subjects(stored.first.ip, stored.first.name.as_deref().unwrap_or("")) {
        if let Some(why) = inner(lookup, &subject) {
            plan.inner.push((subject, why));
            continue;
        }
        match reader.read(|connection| look_ups::get(connection, &subject))? {
            Some(look_up) if !may_ask_again(&look_up, now) => plan.kept.push((subject, look_up)),
            _ if plan.forbidden_by.is_empty() => plan.questions.push(Question { finding, subject }),
            _ => {}
        }
    }
    Ok(plan)
}

/// What is due of the newest findings.
pub fn due(reader: &Reader, lookup: &Lookup, now: i64) -> Result<Due, StoreError> {
    let permissions = Permissions::now(reader)?;
    let mut due = Due::default();
    let mut taken: HashSet<Subject, RandomState> = HashSet::default();
    let mut never = Vec::new();
    let mut again: BTreeMap<(i64, FindingId), Vec<Question>> = BTreeMap::new();
    let end = reader.read(findings::count)?;
    let mut first = end.saturating_sub(FINDINGS_MAX);
    while first < end {
        let page = reader.read(|connection| findings::list(connection, FindingId(first), PAGE))?;
        let Some(last) = page.last() else { break };
        first = last.id.0 + 1;
        for finding in &page {
            let about = subjects(finding.first.ip, finding.first.name.as_deref().unwrap_or(""));
            if !permissions.permits(finding.id) {
                due.forbidden += 1;
                continue;
            }
            for subject in about {
                if taken.contains(&subject) {
                    continue;
                }
                if inner(lookup, &subject).is_some() {
                    due.inner += 1;
                    taken.insert(subject);
                    continue;
                }
                let question = Question { finding: finding.id, subject };
                let look_up = reader.read(|connection| look_ups::get(connection, &question.subject))?;
                match look_up {
                    None => {
                        taken.insert(question.subject.clone());
                        never.push(question);
                    }
                    Some(look_up) if may_ask_again(&look_up, now) => {
                        let sighting = reader.read(|connection| sightings::get(connection, finding.id))?;
                        let last_seen = sighting.last_seen.timestamp().as_second();
                        if is_due(Some(&look_up), last_seen, now) {
                            taken.insert(question.subject.clone());
                            again.entry((look_up.looked_at, finding.id)).or_default().push(question);
                        }
                    }
                    Some(_) => {}
                }
            }
        }
    }
    never.reverse();
    due.questions = never;
    due.questions.extend(again.into_values().flatten());
    Ok(due)
}

/// Asks, and records what is answered. Whether it is permitted is looked at again before each question.
pub fn ask(
    reader: &Reader,
    lookup: &Lookup,
    questions: Vec<Question>,
    limits: Limits,
    now: i64,
    on_progress: &dyn Fn(usize),
) -> Result<Answers, StoreError> {
    let mut permissions = Permissions::default();
    let mut questions = VecDeque::from(questions);
    let mut answers = Answers::default();
    let (started, mut done, mut unanswered) = (Instant::now(), 0, 0);
    let mut batch = Vec::new();
    while done < limits.questions && started.elapsed() < limits.time && unanswered < UNANSWERED_MAX {
        let Some(question) = questions.pop_front() else { break };
        permissions.follow(reader)?;
        if !permissions.permits(question.finding) {
            continue;
        }
        let (answer, was_answered) = ask_one(lookup, &question.subject);
        unanswered = if was_answered { 0 } else { unanswered + 1 };
        match &answer {
            DnsAnswer::Found(_) => answers.found += 1,
            DnsAnswer::Nothing => answers.nothing += 1,
            DnsAnswer::Unusable => answers.unusable += 1,
            DnsAnswer::Unknown => answers.unknown += 1,
        }
        if let (Subject::Address(_), DnsAnswer::Found(names)) = (&question.subject, &answer) {
            for name in names.iter().rev().take(NAMES_FOLLOWED_MAX) {
                let subject = Subject::Name(name.clone());
                let known = reader.read(|connection| look_ups::get(connection, &subject))?;
                let is_known = known.is_some_and(|look_up| !may_ask_again(&look_up, now));
                if is_public_name(name) && !is_known {
                    questions.push_front(Question { finding: question.finding, subject });
                }
            }
        }
        batch.push(Found { finding: question.finding, subject: question.subject, answer });
        done += 1;
        on_progress(done);
        if batch.len() >= RECORD_EVERY {
            look_ups::record(reader.data(), &batch, now)?;
            batch.clear();
        }
    }
    if !batch.is_empty() {
        look_ups::record(reader.data(), &batch, now)?;
    }
    answers.left = questions.len();
    Ok(answers)
}

/// What the DNS says, and whether a name server answered at all.
fn ask_one(lookup: &Lookup, subject: &Subject) -> (DnsAnswer, bool) {
    let values = match subject {
        Subject::Address(address) => {
            lookup.names(*address).map(|names| names.iter().map(|name| name.to_ascii_lowercase()).collect())
        }
        Subject::Name(name) => {
            let text = |address: &std::net::IpAddr| address.to_canonical().to_string();
            lookup.addresses(name).map(|addresses| addresses.iter().map(text).collect())
        }
    };
    match values {
        Ok(values) => (DnsAnswer::of(values), true),
        Err(DnsError::NoSuchName(_) | DnsError::Name(_)) => (DnsAnswer::Nothing, true),
        Err(DnsError::TooLarge { .. } | DnsError::Unreadable(_) | DnsError::Aliases(_)) => {
            (DnsAnswer::Unusable, true)
        }
        Err(DnsError::Failed { .. }) => (DnsAnswer::Unknown, true),
        Err(DnsError::Timeout(_) | DnsError::Network { .. }) => (DnsAnswer::Unknown, false),
    }
}
