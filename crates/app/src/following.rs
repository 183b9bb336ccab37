//! What is due of what was told: told again, taken to somebody else, closed. Looked at as a whole each time, from what stands in the
//! store and the clock: nothing is scheduled, so that a changed policy, a clock change or a week without power need no repair.

use std::collections::{BTreeMap, HashMap, HashSet};

use schakel_model::{
    answer::{FollowUp, RecipientState},
    call::{Call, CallReason},
    ids::{FindingId, NotificationId, OrganisationId},
    severity::Severity,
};
use schakel_rules::{
    follow_up::{self, Due, Observed, Why, is_same_case, unanswered_since},
    ladder::{self, Climbed, OFFICE, Turn},
    policy::Policy,
};
use schakel_store::{
    Reader, StoreError, calls, chunks, exploited, findings,
    follow_ups::{self, StateChange},
    handovers,
    ladders::{self, Ladder},
    outbox,
    sightings::{self, Sighting},
};

use crate::{closing_days::OwnCalendars, tell::Since};

mod carry_out;
mod escalate;
pub mod new_cves;

pub use carry_out::{Done, carry_out};

/// What is due, decided and not done.
#[derive(Debug, Default)]
pub struct Looked {
    /// Findings that are told again, by organisation and the notification that told them last.
    pub again: BTreeMap<(OrganisationId, NotificationId), Vec<AgainFinding>>,
    /// Steps of ladders.
    pub steps: Vec<Step>,
    /// Ladders that somebody's reaction ended.
    pub ended: Vec<Ladder>,
    /// Notifications about which nobody need be called any more.
    pub called_off: Vec<NotificationId>,
    /// What is closed.
    pub closed: Vec<StateChange>,
    /// Findings looked at.
    pub looked_at: u64,
    /// Of those, how many are open.
    pub open: u64,
    /// Steps that are due later, the first first.
    pub ahead: Vec<Ahead>,
    since: HashMap<FindingId, Since>,
}

impl Looked {
    /// Is nothing to be done?
    pub fn is_empty(&self) -> bool {
        self.again.is_empty()
            && self.steps.is_empty()
            && self.ended.is_empty()
            && self.called_off.is_empty()
            && self.closed.is_empty()
    }
}

/// A finding that is told again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgainFinding {
    /// It, as it stood.
    pub follow_up: FollowUp,
    /// Why.
    pub why: Why,
    /// How bad it is now.
    pub severity: Severity,
    /// Is it the same case as before?
    pub same_case: bool,
}

/// A step of a ladder that is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The ladder before it.
    pub ladder: Ladder,
    /// How bad the worst is that waits for a reaction.
    pub severity: Severity,
    /// To whom to turn, each with how many steps are taken then. The first that has somebody is taken: with nobody to turn to the next step
    /// does not wait.
    pub turns: Vec<(Turn, u32)>,
    /// Since when it is due, in seconds since 1970.
    pub due_at: i64,
    /// Why somebody is called, when it is that.
    pub reason: CallReason,
    /// The findings that wait for a reaction, each with the notification that told it first.
    pub findings: Vec<(FindingId, NotificationId)>,
}

/// A step of a ladder that comes if nobody reacts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ahead {
    /// Who was told.
    pub organisation: OrganisationId,
    /// By which notification.
    pub notification: NotificationId,
    /// How bad the worst is that waits for a reaction.
    pub severity: Severity,
    /// To whom it turns.
    pub turn: Turn,
    /// When, in seconds since 1970.
    pub due_at: i64,
}

/// Looks at everything that was told.
pub fn look(reader: &Reader, policy: &Policy, now: i64) -> Result<Looked, StoreError> {
    let mut told = Vec::new();
    reader.read(|connection| follow_ups::for_each(connection, |one| told.push(one)))?;
    let world = World::of(reader, &told)?;
    let calendars = OwnCalendars::of(reader, &policy.calendars)?;
    // Whom another hub tells, that one reminds and calls.
    let handed_over = reader.read(handovers::notifications)?;
    let mut looked = Looked { looked_at: told.len() as u64, ..Looked::default() };
    let mut waiting: BTreeMap<NotificationId, Waiting> = BTreeMap::new();
    for one in told {
        looked.open += u64::from(one.closed_at.is_none());
        let observed = world.observed(&one);
        let due = follow_up::due(&one, &observed, &policy.reminders, now);
        // Also of what is told again: it may be that nobody can be.
        if due != Some(Due::Close)
            && !handed_over.contains(&one.told_by)
            && let Some(office) = calendars.of_organisation(one.organisation).get(OFFICE)
            && let Some(since) = unanswered_since(&one, &policy.reminders, office)
        {
            let waiting = waiting.entry(one.told_by).or_insert_with(|| Waiting::new(one.organisation));
            waiting.add(&one, since, now);
        }
        match due {
            Some(Due::Tell(why)) => {
                let seen_at = observed.last_seen.unwrap_or(now);
                let same_case = is_same_case(&one, &policy.reminders, seen_at);
                let severity = observed.severity.unwrap_or(one.severity);
                let last_seen = world.sightings.get(&one.finding).map(|sighting| sighting.last_seen);
                looked.since.extend(last_seen.map(|last_seen| {
                    (one.finding, Since { last_seen, severity, new_cves: one.new_cves.clone() })
                }));
                let key = (one.organisation, one.told_by);
                looked.again.entry(key).or_default().push(AgainFinding {
                    severity,
                    follow_up: one,
                    why,
                    same_case,
                });
            }
            Some(Due::Close) => looked.closed.push(StateChange {
                organisation: one.organisation,
                finding: one.finding,
                state: one.state,
                at: one.state_at,
                until: None,
                answer: None,
                closed_at: Some(now),
            }),
            None => {}
        }
    }
    // Somebody who is to be called may have answered before any step of a ladder was due.
    let is_waited_for =
        |call: &Call| waiting.get(&call.notification).is_some_and(|waiting| !waiting.findings.is_empty());
    let mut calls = reader.read(calls::open)?;
    calls.retain(|call| !is_waited_for(call));
    looked.called_off = calls.into_iter().map(|call| call.notification).collect();
    climb(reader, (policy, &calendars), now, &waiting, &mut looked)?;
    Ok(looked)
}

/// What of a notification waits for a reaction.
struct Waiting {
    organisation: OrganisationId,
    since: i64,
    severity: Severity,
    deadline_has_passed: bool,
    findings: Vec<(FindingId, NotificationId)>,
}

impl Waiting {
    fn new(organisation: OrganisationId) -> Self {
        Self {
            organisation,
            since: i64::MAX,
            severity: Severity::Low,
            deadline_has_passed: false,
            findings: Vec::new(),
        }
    }

    fn add(&mut self, one: &FollowUp, since: i64, now: i64) {
        // Somebody who said "received" has some days. Who said nothing has none, also when the clock was set back behind the telling.
        if since > now && one.state != RecipientState::Told {
            return;
        }
        self.since = self.since.min(since);
        self.severity = self.severity.max(one.severity);
        self.deadline_has_passed |= one.deadline.is_some_and(|deadline| now >= deadline);
        self.findings.push((one.finding, one.first_told_by));
    }
}

fn climb(
    reader: &Reader,
    (policy, calendars): (&Policy, &OwnCalendars<'_>),
    now: i64,
    waiting: &BTreeMap<NotificationId, Waiting>,
    looked: &mut Looked,
) -> Result<(), StoreError> {
    let mut open: HashMap<NotificationId, Ladder> =
        reader.read(ladders::open)?.into_iter().map(|ladder| (ladder.notification, ladder)).collect();
    let undeliverable: HashSet<NotificationId> = reader.read(outbox::undeliverable)?.into_iter().collect();
    for (&notification, one) in waiting {
        let climbed = open.remove(&notification);
        if one.findings.is_empty() {
            looked.ended.extend(climbed.map(|ladder| Ladder { ended_at: Some(now), ..ladder }));
            continue;
        }
        let ladder = climbed.unwrap_or(Ladder {
            notification,
            organisation: one.organisation,
            started_at: one.since,
            steps: 0,
            stepped_at: None,
            ended_at: None,
        });
        let step = |turns, due_at, reason| Step {
            ladder,
            severity: one.severity,
            turns,
            due_at,
            reason,
            findings: one.findings.clone(),
        };
        let steps = policy.ladders.of(one.severity);
        let top = steps.len() as u32 + 1;
        let next_after = |taken| next_step(policy, calendars, one.severity, ladder, taken);
        // Nobody has it: there is nothing to wait for.
        let lost = undeliverable.contains(&notification) && ladder.steps == 0;
        match next_after(ladder.steps) {
            _ if lost && steps.is_empty() => {
                looked.steps.push(step(vec![(Turn::CallingList, top)], now, CallReason::Undeliverable));
            }
            _ if lost => {
                let all = steps.iter().map(|step| step.to).zip(1..).collect();
                looked.steps.push(step(all, now, CallReason::Undeliverable));
            }
            Some((_, due_at)) if due_at <= now => {
                let due = (ladder.steps..).map_while(|taken| {
                    let (turn, due_at) = next_after(taken)?;
                    (due_at <= now).then_some((turn, taken + 1))
                });
                looked.steps.push(step(due.collect(), due_at, CallReason::NoReaction));
            }
            _ if one.deadline_has_passed && !is_called(policy, one.severity, &ladder) => {
                looked.steps.push(step(vec![(Turn::CallingList, top)], now, CallReason::Deadline));
            }
            Some((turn, due_at)) => looked.ahead.push(Ahead {
                organisation: one.organisation,
                notification,
                severity: one.severity,
                turn,
                due_at,
            }),
            None => {}
        }
    }
    // Everything of it was answered, told again or taken back.
    looked.ended.extend(open.into_values().map(|ladder| Ladder { ended_at: Some(now), ..ladder }));
    looked.ended.sort_by_key(|ladder| ladder.notification);
    looked.ahead.sort_by_key(|ahead| ahead.due_at);
    Ok(())
}

/// The step after so many that were taken, and when it is due.
fn next_step(
    policy: &Policy,
    calendars: &OwnCalendars<'_>,
    severity: Severity,
    ladder: Ladder,
    taken: u32,
) -> Option<(Turn, i64)> {
    let since = ladder.stepped_at.unwrap_or(ladder.started_at);
    let climbed = Climbed { steps: taken as usize, since };
    let calendars = calendars.of_organisation(ladder.organisation);
    ladder::next(&policy.ladders, severity, climbed, |name| calendars.get(name))
}

/// Was the calling list reached? A deadline that passes leads there at once, and counts as the top.
fn is_called(policy: &Policy, severity: Severity, ladder: &Ladder) -> bool {
    let steps = policy.ladders.of(severity);
    let taken = ladder.steps as usize;
    taken > steps.len() || steps.iter().take(taken).any(|step| step.to == Turn::CallingList)
}

/// What observation and the desk know.
struct World {
    sightings: HashMap<FindingId, Sighting>,
    worse: HashMap<FindingId, Severity>,
    exploited: HashMap<FindingId, i64>,
    /// Since when each of these is known to be exploited, in lower case.
    subjects: HashMap<String, i64>,
}

impl World {
    fn of(reader: &Reader, told: &[FollowUp]) -> Result<Self, StoreError> {
        let mut wanted: Vec<FindingId> = told.iter().map(|one| one.finding).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let sightings = reader.read(|connection| sightings::of(connection, &wanted))?;
        let subjects = reader.read(exploited::all)?;
        let exploited = match subjects.is_empty() {
            true => HashMap::new(),
            false => exploited_findings(reader, &wanted, &subjects)?,
        };
        let worse = reader.read(chunks::worse)?.into_iter().collect();
        let sightings = wanted.into_iter().zip(sightings).collect();
        let subjects = subjects.into_iter().map(|one| (one.subject, one.at)).collect();
        Ok(Self { sightings, worse, exploited, subjects })
    }

    fn observed(&self, one: &FollowUp) -> Observed {
        let seen = self.sightings.get(&one.finding).filter(|sighting| sighting.count > 0);
        Observed {
            last_seen: seen.map(|sighting| i64::from(sighting.last_seen.0)),
            severity: self.worse.get(&one.finding).copied(),
            exploited_since: self.exploited.get(&one.finding).copied().max(self.exploited_cve(one)),
        }
    }
}

impl World {
    /// Since when one of its vulnerabilities is known to be exploited.
    fn exploited_cve(&self, one: &FollowUp) -> Option<i64> {
        if self.subjects.is_empty() {
            return None;
        }
        let cves = one.cves.iter().chain(&one.new_cves);
        cves.filter_map(|cve| self.subjects.get(&cve.to_ascii_lowercase()).copied()).max()
    }
}

/// Since when each finding is of a kind that is exploited.
fn exploited_findings(
    reader: &Reader,
    wanted: &[FindingId],
    subjects: &[exploited::Exploited],
) -> Result<HashMap<FindingId, i64>, StoreError> {
    let since: HashMap<&str, i64> = subjects.iter().map(|one| (one.subject.as_str(), one.at)).collect();
    let kinds = reader.read(findings::kinds)?;
    let by_kind: Vec<Option<i64>> = kinds
        .iter()
        .map(|kind| {
            let names = [kind.identifier.to_ascii_lowercase(), kind.feed.to_ascii_lowercase()];
            names.iter().filter_map(|name| since.get(name.as_str()).copied()).max()
        })
        .collect();
    let kind_of = reader.read(|connection| findings::kinds_of(connection, wanted))?;
    Ok(wanted
        .iter()
        .zip(kind_of)
        .filter_map(|(finding, kind)| Some((*finding, by_kind.get(kind?.0 as usize).copied().flatten()?)))
        .collect())
}
