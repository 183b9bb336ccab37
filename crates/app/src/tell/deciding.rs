//! What waits, decided by the policy: told now, or kept. What is kept changes its fate in one transaction; what is told now goes on to be
//! composed.

use std::collections::{BTreeMap, HashMap, HashSet};

use schakel_model::{
    assignment::Assignee,
    fate::Fate,
    ids::{FindingId, LinkId, OrganisationId},
    keeping::Keeps,
    register::ContactRole,
    tlp::Terms,
};
use schakel_rules::{
    confidential::Wish,
    policy::{Action, Because, Decision, Mode, Policy, Rhythm},
    recipients::{ROLES, recipients_of},
    tlp_gate::Circle,
};
use schakel_store::{
    Reader, Store, campaigns,
    chunks::{self, Block, Blocks},
    id_list,
    keeping::{self, Decided, Verdict},
};

use super::{
    Composer,
    baselines::Baselines,
    facts::{OfChunk, Wanted, for_each_fact},
};
use crate::{
    explain::organisation_name,
    handover::{
        links::Links,
        routing::{Router, Way},
    },
    onboarding,
    pipeline::derive::{DerivedChunk, Deriver},
    policy::InForce,
};

/// When whoever could not be told is looked for again: the register may have a contact by then.
const NOBODY_SECONDS: i64 = 3_600;

/// Assignments that are told now.
pub(super) struct Waiting {
    pub block: Block,
    /// Who is told: whoever stands in the place of the organisation concerned.
    pub organisation: OrganisationId,
    pub terms: Terms,
    /// The overview they waited for, and when it was due.
    pub overview: Option<(u32, i64)>,
    /// To whom.
    pub whom: Whom,
}

/// To whom something goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Whom {
    /// The roles, the first that has somebody.
    pub roles: Vec<ContactRole>,
    /// Does it go to the desk in their place?
    pub desk: bool,
    /// What the policy asks beside the marking.
    pub wish: Wish,
    /// Some prefer to hear it later than an action of this rank tells it, and get their mail at their own time; `None`: nobody.
    pub later_than: Option<u8>,
    /// By which link it goes in the place of mail.
    pub link: Option<LinkId>,
}

/// As it is without a policy.
impl Default for Whom {
    fn default() -> Self {
        Self { roles: ROLES.to_vec(), desk: false, wish: Wish::ByMarking, later_than: None, link: None }
    }
}

/// A block that is to be decided.
struct Candidate {
    block: Block,
    assignee: Assignee,
    organisation: OrganisationId,
    /// Its overview is due since then.
    due_at: Option<i64>,
    /// The desk released it.
    is_released: bool,
}

/// What is decided about parts of a block, and to whom each goes when it is told.
type Parts = Vec<(Vec<FindingId>, Verdict, Whom)>;

impl Composer<'_> {
    /// Decides everything that waits, and gives what is told now. Without `store` nothing is kept.
    pub(super) fn decide(
        &self,
        store: Option<&mut Store>,
        in_force: &InForce,
        links: &Links,
    ) -> anyhow::Result<Vec<Waiting>> {
        let now = self.now.as_second();
        let mut by_chunk: BTreeMap<u32, Vec<Candidate>> = BTreeMap::new();
        for candidate in self.candidates(in_force, links)? {
            by_chunk.entry(candidate.block.chunk).or_default().push(candidate);
        }
        let mut baselines = Baselines::new(self.reader, now)?;
        let mut reading = None;
        let (mut decided, mut waiting) = (Vec::new(), Vec::new());
        for (chunk, candidates) in by_chunk {
            let chunk = OfChunk::read(self.reader, chunk)?;
            let mut parts: Vec<Parts> = match in_force.policy.tells_everything_at_once() {
                true => candidates.iter().map(told_whole).collect(),
                false => {
                    let reading = match &mut reading {
                        Some(reading) => reading,
                        None => reading.insert((
                            Deriver::new(Reader::open(self.reader.data())?)?,
                            DerivedChunk::default(),
                        )),
                    };
                    self.decide_chunk((in_force, links), &chunk, &candidates, reading, &mut baselines)?
                }
            };
            self.route(links, &chunk, &candidates, &mut parts)?;
            for (candidate, parts) in candidates.into_iter().zip(parts) {
                decided.push(Decided {
                    block: candidate.block.id,
                    parts: parts
                        .iter()
                        .map(|(findings, verdict, _)| (findings.clone(), verdict.clone()))
                        .collect(),
                });
                waiting.push((candidate, chunk.terms, parts));
            }
        }
        let ids = match store {
            Some(store) if !decided.is_empty() => {
                store.keep(now, in_force.version, &decided, &baselines.new)?
            }
            _ => decided.iter().map(|one| vec![one.block; one.parts.len()]).collect(),
        };
        Ok(told_now(waiting, ids))
    }

    /// What waits to be told, and what is kept and must be looked at again.
    fn candidates(&self, in_force: &InForce, links: &Links) -> anyhow::Result<Vec<Candidate>> {
        let now = self.now.as_second();
        let joining = onboarding::not_affiliated(self.reader)?;
        let campaigned = self.reader.read(campaigns::reports_kept_back)?;
        let released: HashSet<i64> = self.reader.read(keeping::released)?.into_iter().collect();
        let mut blocks: Vec<(Block, Option<i64>)> = self
            .reader
            .read(|connection| chunks::blocks(connection, &Blocks::ToTell))?
            .into_iter()
            .map(|block| (block, None))
            .collect();
        for kept in self.reader.read(|connection| keeping::to_decide(connection, in_force.version, now))? {
            let due_at = kept.until.filter(|until| kept.keeps == Keeps::Overview && *until <= now);
            let block = self.reader.read(|connection| chunks::block(connection, kept.block))?;
            blocks.extend(block.map(|block| (block, due_at)));
        }
        // Whom nobody could mail, a hub may tell.
        if !links.is_empty() {
            let untold = self
                .reader
                .read(|connection| chunks::blocks(connection, &Blocks::WithFate(Fate::NoContact)))?;
            let has_link = |block: &Block| {
                block.assignee.is_some_and(|one| {
                    links.of(self.view, self.view.successors.at(one.organisation, now)).is_some()
                })
            };
            blocks.extend(untold.into_iter().filter(has_link).map(|block| (block, None)));
        }
        let mut candidates = Vec::with_capacity(blocks.len());
        for (block, due_at) in blocks {
            let Some(assignee) = block.assignee else { continue };
            if joining.contains(&assignee.organisation) || campaigned.contains(&block.report) {
                continue;
            }
            candidates.push(Candidate {
                organisation: self.view.successors.at(assignee.organisation, now),
                is_released: released.contains(&block.id),
                block,
                assignee,
                due_at,
            });
        }
        Ok(candidates)
    }

    /// Parts that are told now and can go by a link, do.
    fn route(
        &self,
        links: &Links,
        of: &OfChunk,
        candidates: &[Candidate],
        parts: &mut [Parts],
    ) -> anyhow::Result<()> {
        let mut router = None;
        for (candidate, parts) in candidates.iter().zip(parts) {
            let Some(link) = links.of(self.view, candidate.organisation) else { continue };
            let router = match &router {
                Some(router) => router,
                None => router.insert(Router::of(self.reader, &of.chunk, of.terms)?),
            };
            let mut routed: Parts = Vec::new();
            for (findings, verdict, whom) in parts.drain(..) {
                if verdict != Verdict::Told || whom.desk {
                    routed.push((findings, verdict, whom));
                    continue;
                }
                for finding in findings {
                    let fate = candidate.block.fate;
                    let (verdict, link) = match router.way(link, candidate.organisation, finding, fate)? {
                        Way::Link => (Verdict::Told, Some(link.id)),
                        Way::Before(by) => (Verdict::HandedOver { by }, None),
                        Way::Contacts if fate == Fate::NoContact => (Verdict::Left, None),
                        Way::Contacts => (Verdict::Told, None),
                    };
                    let whom = Whom { link, ..whom.clone() };
                    match routed.iter_mut().find(|(_, other, same)| *other == verdict && *same == whom) {
                        Some((findings, ..)) => findings.push(finding),
                        None => routed.push((vec![finding], verdict, whom)),
                    }
                }
            }
            *parts = routed;
        }
        Ok(())
    }

    fn decide_chunk(
        &self,
        (in_force, links): (&InForce, &Links),
        of: &OfChunk,
        candidates: &[Candidate],
        reading: &mut (Deriver, DerivedChunk),
        baselines: &mut Baselines<'_>,
    ) -> anyhow::Result<Vec<Parts>> {
        let policy = in_force.policy.at(self.now);
        let register = &self.view.register;
        let wanted: Vec<Wanted<'_>> = candidates
            .iter()
            .map(|candidate| Wanted {
                assignee: candidate.assignee,
                code: organisation_name(register, candidate.organisation).0,
                findings: &candidate.block.findings,
            })
            .collect();
        let mut decisions: Vec<HashMap<FindingId, Decision>> = vec![HashMap::new(); candidates.len()];
        let mut feed = String::new();
        let words = in_force.policy.asks_for_words();
        for_each_fact(self.reader, of, &wanted, reading, words, |at, row, facts| {
            facts.report_type.clone_into(&mut feed);
            decisions[at].insert(row.finding, policy.decide(facts));
        })?;
        let is_baseline = match decisions.iter().flat_map(HashMap::values).any(|decision| decision.baseline) {
            true => baselines.keeps(of.source, &feed, of.chunk.report)?,
            false => false,
        };
        Ok(candidates
            .iter()
            .zip(decisions)
            .map(|(candidate, decisions)| {
                self.parts((in_force, links), of, candidate, &decisions, is_baseline)
            })
            .collect())
    }

    /// The findings of a block by what becomes of them.
    fn parts(
        &self,
        (in_force, links): (&InForce, &Links),
        of: &OfChunk,
        candidate: &Candidate,
        decisions: &HashMap<FindingId, Decision>,
        is_baseline: bool,
    ) -> Parts {
        let mut verdicts: HashMap<Option<Decision>, usize> = HashMap::new();
        let mut parts: Parts = Vec::new();
        for finding in id_list::decode(&candidate.block.findings) {
            let decision = decisions.get(&finding).copied();
            let at = *verdicts.entry(decision).or_insert_with(|| {
                let (verdict, whom) = match decision {
                    Some(decision) => self.verdict((in_force, links), of, candidate, decision, is_baseline),
                    // It cannot be read any more: it is told as far as it can be.
                    None => (Verdict::Told, Whom::default()),
                };
                let same =
                    parts.iter().position(|(_, other, same_whom)| *other == verdict && *same_whom == whom);
                same.unwrap_or_else(|| {
                    parts.push((Vec::new(), verdict, whom));
                    parts.len() - 1
                })
            });
            parts[at].0.push(finding);
        }
        parts
    }

    fn verdict(
        &self,
        (in_force, links): (&InForce, &Links),
        of: &OfChunk,
        candidate: &Candidate,
        decision: Decision,
        is_baseline: bool,
    ) -> (Verdict, Whom) {
        let policy = &in_force.policy;
        let roles = policy.roles(decision.recipient).to_vec();
        let whom = Whom { roles, desk: false, wish: decision.wish, later_than: None, link: None };
        if candidate.is_released {
            return (Verdict::Told, whom);
        }
        let now = self.now.as_second();
        let until = policy.decided_again_at(decision, self.now).map(|at| at.as_second());
        let kept = |keeps, until, reason: String| {
            (Verdict::Kept { keeps, rule: decision.rule, until, reason }, whom.clone())
        };
        let rule = reason(in_force, decision);
        let trial = format!("trial operation, line {}", decision.trial);
        if decision.mode == Mode::Off {
            return kept(Keeps::Off, None, format!("{trial}: off"));
        }
        if decision.baseline && is_baseline {
            return kept(Keeps::Baseline, None, format!("{trial}: the first load of its source and kind"));
        }
        match decision.action {
            Action::Hold => return kept(Keeps::Held, until, rule),
            Action::Suppress => return kept(Keeps::Suppressed, until, rule),
            _ if decision.mode == Mode::Shadow => {
                return kept(Keeps::Shadow, None, format!("{trial}: shadow. {rule}"));
            }
            Action::Grouped(_) | Action::AtOnce => {}
        }
        let contacts = self.view.contacts(candidate.organisation, now);
        let recipients = recipients_of(Circle::Concerned, &whom.roles, contacts, of.terms);
        let rank = decision.action.rank();
        let preferred: Vec<Option<Rhythm>> = match &recipients {
            Ok(recipients) if decision.may_wait => {
                let contacts = recipients.by_language.iter().flat_map(|group| &group.contacts);
                contacts.map(|contact| policy.prefers(&contact.email, rank)).collect()
            }
            _ => Vec::new(),
        };
        if candidate.due_at.is_none() {
            let (grouped, reason) = match (self.that_all_prefer(policy, &preferred), decision.action) {
                (Some(rhythm), _) => (Some(rhythm), format!("{rule}, as its contacts prefer")),
                (None, Action::Grouped(rhythm)) => (Some(rhythm), rule.clone()),
                _ => (None, rule.clone()),
            };
            if let Some(rhythm) = grouped {
                let overview = Verdict::Overview {
                    organisation: candidate.organisation,
                    rhythm: rhythm.to_string(),
                    due_at: rhythm.next(self.now, &policy.calendars).as_second(),
                    rule: decision.rule,
                    reason,
                };
                return (overview, whom);
            }
        }
        match recipients {
            // Without a policy about it the register is what is wrong, and it stays queued where `schakel doctor` shows it.
            Err(why)
                if (decision.recipient != 0 || candidate.due_at.is_some())
                    && links.of(self.view, candidate.organisation).is_none() =>
            {
                let reason = format!("nobody may be told: {why}. {rule}");
                kept(Keeps::Nobody, Some(now + NOBODY_SECONDS), reason)
            }
            _ => {
                let later_than = preferred.iter().any(Option::is_some).then_some(rank);
                (Verdict::Told, Whom { desk: decision.mode == Mode::Desk, later_than, ..whom })
            }
        }
    }
}

impl Composer<'_> {
    /// When everybody who would be told prefers to hear it later: the rhythm of whoever wants to hear it first.
    fn that_all_prefer(&self, policy: &Policy, preferred: &[Option<Rhythm>]) -> Option<Rhythm> {
        let preferred: Option<Vec<Rhythm>> = preferred.iter().copied().collect();
        preferred?.into_iter().min_by_key(|rhythm| rhythm.next(self.now, &policy.calendars))
    }
}

/// Why, for the history: `rule 2 (open services): weekly monday 09:00`.
fn reason(in_force: &InForce, decision: Decision) -> String {
    let rule = match in_force.policy.rule(decision.rule) {
        Some(rule) => format!("rule {} ({}): {}", decision.rule, rule.name, decision.action),
        None => format!("no rule: {}", decision.action),
    };
    match decision.because {
        Because::Rule => rule,
        Because::Critical => format!("{rule}, because it is critical"),
        Because::Preference(number) => format!("{rule}, by preference {number}"),
    }
}

fn told_whole(candidate: &Candidate) -> Parts {
    vec![(id_list::decode(&candidate.block.findings).collect(), Verdict::Told, Whom::default())]
}

/// The parts that are told now, as the blocks they are.
fn told_now(waiting: Vec<(Candidate, Terms, Parts)>, ids: Vec<Vec<i64>>) -> Vec<Waiting> {
    let mut told = Vec::new();
    for ((candidate, terms, parts), ids) in waiting.into_iter().zip(ids) {
        let overview = candidate.block.reference.zip(candidate.due_at);
        for ((findings, verdict, whom), id) in parts.into_iter().zip(ids) {
            if verdict != Verdict::Told {
                continue;
            }
            let block = Block {
                id,
                count: findings.len() as u64,
                findings: id_list::encode(&findings),
                ..candidate.block.clone()
            };
            told.push(Waiting { block, organisation: candidate.organisation, terms, overview, whom });
        }
    }
    told
}
