//! One shift hands over to the next: what is open, promised and due, and what whoever goes home says.

use schakel_model::{answer::RecipientState, severity::Severity};
use schakel_store::{Reader, Store, act::Act, calls, follow_ups, shifts, spool::SpoolDesk};
use serde::{Deserialize, Serialize};

/// What is due is looked for this far ahead, in seconds.
const AHEAD_SECONDS: i64 = 86_400;

/// What was handed over that is listed.
const LISTED: usize = 20;

/// One that lies further back is accepted no more.
const ACCEPTED_AMONG: usize = 200;

/// What is open, promised and due.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    /// Open findings at organisations, by severity: from low to critical.
    pub open: [u64; 4],
    /// Findings that somebody said they work on, or passed on.
    pub promised: u64,
    /// Of those: whose term ends within a day, or has ended.
    pub promised_due: u64,
    /// Deadlines within a day, or passed.
    pub deadlines: u64,
    /// Questions that wait for us.
    pub questions: u64,
    /// Organisations to call.
    pub calls: u64,
    /// Reports to be vetted.
    pub vetting: u64,
    /// Answers to be decided.
    pub answers: u64,
}

/// The page.
#[derive(Debug, Serialize)]
pub struct Shifts {
    /// As it stands now.
    pub now: Sums,
    /// Words, in the order of [`Sums::open`].
    pub severities: Vec<&'static str>,
    /// What was handed over, the newest first.
    pub shifts: Vec<Shift>,
}

/// What was handed over.
#[derive(Debug, Serialize)]
pub struct Shift {
    /// Its number.
    pub id: i64,
    /// When, in seconds since 1970.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// What they say.
    pub text: String,
    /// As it stood then.
    pub sums: Sums,
    /// When it was accepted, in seconds since 1970.
    pub accepted_at: Option<i64>,
    /// By whom.
    pub accepted_by: String,
    /// Did whoever looks write it? Then somebody else accepts it.
    pub mine: bool,
}

/// What is open, promised and due now.
pub fn sums(reader: &Reader, now: i64) -> anyhow::Result<Sums> {
    let mut sums = Sums::default();
    let soon = |at: Option<i64>| at.is_some_and(|at| at <= now + AHEAD_SECONDS);
    reader.read(|connection| {
        follow_ups::for_each(connection, |one| {
            if one.closed_at.is_some() {
                return;
            }
            sums.open[one.severity as usize] += 1;
            match one.state {
                RecipientState::InProgress | RecipientState::PassedOn => {
                    sums.promised += 1;
                    sums.promised_due += u64::from(soon(one.until));
                }
                RecipientState::Question => sums.questions += 1,
                _ => {}
            }
            sums.deadlines += u64::from(soon(one.deadline));
        })
    })?;
    let mut called: Vec<u32> = reader.read(calls::open)?.iter().map(|call| call.organisation.0).collect();
    called.sort_unstable();
    called.dedup();
    sums.calls = called.len() as u64;
    sums.vetting = SpoolDesk::open(reader.data())?.count(schakel_store::spool::State::Held)?.0;
    sums.answers = reader.read(schakel_store::answers::open_count)?;
    Ok(sums)
}

/// The page, for whoever has this name.
pub fn page(reader: &Reader, who: &str, now: i64) -> anyhow::Result<Shifts> {
    let shifts = reader.read(|connection| shifts::newest(connection, LISTED))?;
    Ok(Shifts {
        now: sums(reader, now)?,
        severities: Severity::ALL.iter().map(|one| one.as_str()).collect(),
        shifts: shifts
            .into_iter()
            .map(|one| Shift {
                id: one.id,
                at: one.at,
                mine: one.actor == who,
                actor: one.actor,
                text: one.text,
                sums: serde_json::from_str(&one.sums).unwrap_or_default(),
                accepted_at: one.accepted.as_ref().map(|(at, _)| *at),
                accepted_by: one.accepted.map(|(_, by)| by).unwrap_or_default(),
            })
            .collect(),
    })
}

/// Hands over, with what is open, promised and due now. Gives its number.
pub fn hand_over(store: &mut Store, act: &Act<'_>, text: &str) -> anyhow::Result<i64> {
    let sums = serde_json::to_string(&sums(&store.reader()?, act.at)?)?;
    Ok(store.hand_over_shift(act, text, &sums)?)
}

/// What came of accepting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// It is accepted.
    Yes,
    /// Whoever wrote it cannot accept it.
    Own,
    /// There is none, or somebody accepted it already.
    Gone,
}

/// Accepts what somebody else handed over.
pub fn accept(store: &mut Store, act: &Act<'_>, id: i64) -> anyhow::Result<Accepted> {
    let shifts = store.read(|connection| shifts::newest(connection, ACCEPTED_AMONG))?;
    if shifts.iter().any(|one| one.id == id && one.actor == act.actor) {
        return Ok(Accepted::Own);
    }
    Ok(if store.accept_shift(act, id)? { Accepted::Yes } else { Accepted::Gone })
}
