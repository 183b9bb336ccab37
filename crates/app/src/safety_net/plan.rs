//! What the safety net would tell now, to whom, and why not the rest.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
};

use foldhash::fast::RandomState;
use schakel_lookup::Lookup;
use schakel_model::{
    abuse_contact::{Means, NotTold},
    fate::Fate,
    ids::{FindingId, NotificationId},
    severity::Severity,
    tlp::Terms,
};
use schakel_rules::safety_net::{AGAIN_SECONDS, Candidate, DESK_SECONDS, choose, may_be_told};
use schakel_store::{
    Reader, StoreError, abuse_contacts, answers,
    chunks::{self, Blocks},
    findings::{self, NewFinding},
    id_list,
    register::{load, version},
    reports,
    safety_net::{Part, desks_since, told},
};

use super::{guard, subjects::means_of};
use crate::{config::Config, enrichment::permissions::Permissions};

/// Findings in one mail at most: an abuse desk reads a file of this size by a program, if at all.
const FINDINGS_IN_MAIL_MAX: usize = 10_000;

/// A finding that is nobody's, with the blocks in which it is.
#[derive(Clone, PartialEq, Debug)]
pub struct Nobodys {
    /// Which.
    pub id: FindingId,
    /// How bad.
    pub severity: Severity,
    /// What was stored of it.
    pub first: NewFinding,
    /// The strictest terms under which it came.
    pub terms: Terms,
    /// Since when it is nobody's.
    pub since: i64,
    /// The blocks with their chunks, in order.
    pub blocks: Vec<(i64, u32)>,
}

/// One mail.
#[derive(Clone, PartialEq, Debug)]
pub struct Mail {
    /// To whom.
    pub address: String,
    /// How they were found, each means once.
    pub means: Vec<Means>,
    /// What is told.
    pub findings: Vec<Nobodys>,
    /// The strictest terms of those.
    pub terms: Terms,
}

/// What the safety net would do now.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Plan {
    /// The mails, the worst findings first.
    pub mails: Vec<Mail>,
    /// Why other findings are not told, and how many.
    pub not_told: BTreeMap<NotTold, u64>,
    /// What to ask, for each finding that may be told, the surest means first.
    pub to_ask: Vec<(FindingId, Vec<(Means, String)>)>,
    /// New sightings of what was told less than a month ago.
    pub told_before: Vec<(Part, NotificationId)>,
}

/// Makes the plan from what is known; nobody is asked.
pub fn plan(reader: &Reader, lookup: &Lookup, config: &Config, now: i64) -> anyhow::Result<Plan> {
    let net = config.safety_net.net()?;
    let register = reader.read(|connection| load(connection, version(connection)?))?;
    let guard = guard(reader, config, &register)?;
    let permissions = Permissions::now(reader)?;
    let kinds = reader.read(findings::kinds)?;
    let told = reader.read(|connection| told(connection, now.saturating_sub(AGAIN_SECONDS)))?;
    let disowned = reader.read(answers::left_without_the_desk)?;
    let mut plan = Plan::default();
    let mut mails: BTreeMap<String, Mail> = BTreeMap::new();
    for mut one in gather(reader)? {
        let Some(kind) = kinds.get(one.first.kind.0 as usize) else { continue };
        one.severity = kind.severity;
        let name = one.first.name.as_deref().unwrap_or("");
        let candidate = Candidate {
            classification: kind.classification,
            identifier: &kind.identifier,
            severity: kind.severity,
            names_account: !name.contains("://") && name.contains('@'),
            terms: one.terms,
            may_look_up: permissions.permits(one.id),
            since: one.since,
            told_at: told.get(&one.id).map(|(at, _)| *at),
        };
        let mut no = |why| *plan.not_told.entry(why).or_default() += 1;
        // One stolen mailbox must not be enough to send a finding outside.
        if disowned.contains(&one.id) {
            no(NotTold::Disowned);
            continue;
        }
        if let Err(why) = may_be_told(&candidate, &net, now) {
            no(why);
            if let (NotTold::Told, Some((_, notification))) = (why, told.get(&one.id)) {
                plan.told_before.extend(parts(&[&one]).into_iter().map(|part| (part, *notification)));
            }
            continue;
        }
        let means = means_of(lookup, one.first.ip, name);
        let mut broken = None;
        let known = |means: Means, subject: &str| {
            reader.read(|connection| abuse_contacts::get(connection, means, subject)).unwrap_or_else(
                |error| {
                    tracing::warn!(%error, "cannot read an abuse contact");
                    None
                },
            )
        };
        match choose(&means, known, &guard, now) {
            Ok(desk) => {
                let mail = mails.entry(desk.address.to_lowercase()).or_insert_with(|| Mail {
                    address: desk.address.clone(),
                    means: Vec::new(),
                    findings: Vec::new(),
                    terms: one.terms,
                });
                if !mail.means.contains(&desk.means) {
                    mail.means.push(desk.means);
                }
                mail.terms = mail.terms.and(one.terms);
                mail.findings.push(one);
            }
            Err(why) => {
                broken = Some(why);
                if why == NotTold::NotAsked {
                    plan.to_ask.push((one.id, means));
                }
            }
        }
        if let Some(why) = broken {
            no(why);
        }
    }
    within_limits(reader, config, mails, &mut plan, now)?;
    Ok(plan)
}

/// One mail a desk and day, and no more in all than the setting says; the worst first.
fn within_limits(
    reader: &Reader,
    config: &Config,
    mails: BTreeMap<String, Mail>,
    plan: &mut Plan,
    now: i64,
) -> Result<(), StoreError> {
    let had = reader.read(|connection| desks_since(connection, now.saturating_sub(DESK_SECONDS)))?;
    let left = config.safety_net.mails_per_day.saturating_sub(had.len());
    let had: HashSet<String> = had.iter().map(|address| address.to_lowercase()).collect();
    let mut mails: Vec<(String, Mail)> = mails.into_iter().collect();
    let worst = |mail: &Mail| mail.findings.iter().map(|one| one.severity).max();
    mails.sort_by_key(|(_, mail)| (Reverse(worst(mail)), Reverse(mail.findings.len())));
    for (address, mut mail) in mails {
        let why = if had.contains(&address) {
            Some(NotTold::DeskHadMail)
        } else if plan.mails.len() >= left {
            Some(NotTold::Enough)
        } else {
            None
        };
        let mut no = |why, count: usize| *plan.not_told.entry(why).or_default() += count as u64;
        match why {
            Some(why) => no(why, mail.findings.len()),
            None => {
                mail.findings.sort_by_key(|one| (Reverse(one.severity), one.id));
                let beyond = mail.findings.len().saturating_sub(FINDINGS_IN_MAIL_MAX);
                if beyond > 0 {
                    no(NotTold::Enough, beyond);
                    mail.findings.truncate(FINDINGS_IN_MAIL_MAX);
                }
                plan.mails.push(mail);
            }
        }
    }
    Ok(())
}

/// The parts of blocks that these findings are.
pub(super) fn parts(findings: &[&Nobodys]) -> Vec<Part> {
    let mut parts: BTreeMap<i64, HashSet<FindingId, RandomState>> = BTreeMap::new();
    for one in findings {
        for (block, _) in &one.blocks {
            parts.entry(*block).or_default().insert(one.id);
        }
    }
    parts.into_iter().map(|(block, findings)| Part { block, findings }).collect()
}

/// What the blocks say of a finding: see [`Nobodys`].
struct Gathered {
    terms: Terms,
    since: i64,
    blocks: Vec<(i64, u32)>,
}

/// Everything that is nobody's.
fn gather(reader: &Reader) -> Result<Vec<Nobodys>, StoreError> {
    let mut gathered: BTreeMap<FindingId, Gathered> = BTreeMap::new();
    let mut of_chunk: HashMap<u32, (Terms, i64), RandomState> = HashMap::default();
    for block in reader.read(|connection| chunks::blocks(connection, &Blocks::WithFate(Fate::Unrouted)))? {
        let (terms, at) = match of_chunk.get(&block.chunk) {
            Some(known) => *known,
            None => {
                let chunk = reader.read(|connection| chunks::by_id(connection, block.chunk))?;
                let (member, at) = chunk.map_or((0, i64::MAX), |chunk| (chunk.member, chunk.committed_at));
                let terms = reader.read(|connection| reports::terms(connection, block.report, member))?;
                *of_chunk.entry(block.chunk).or_insert((terms, at))
            }
        };
        for finding in id_list::decode(&block.findings) {
            let one = gathered.entry(finding).or_insert(Gathered { terms, since: at, blocks: Vec::new() });
            one.terms = one.terms.and(terms);
            one.since = one.since.min(at);
            // A finding can stand in a block twice.
            if one.blocks.last() != Some(&(block.id, block.chunk)) {
                one.blocks.push((block.id, block.chunk));
            }
        }
    }
    let mut all = Vec::new();
    for (id, Gathered { terms, since, blocks }) in gathered {
        // What was erased has no address any more.
        let stored = reader.read(|connection| findings::get(connection, id))?;
        if let Some(stored) = stored {
            all.push(Nobodys { id, severity: Severity::Low, first: stored.first, terms, since, blocks });
        }
    }
    Ok(all)
}
