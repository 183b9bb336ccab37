//! Why a finding is told as it is: the rule that won, and why those before it did not.

use anyhow::Context;
use jiff::Timestamp;
use schakel_model::ids::FindingId;
use schakel_store::{
    Reader,
    chunks::{self, Blocks},
    corrections, id_list,
};
use serde::Serialize;

use super::{InForce, effect::outcome};
use crate::{
    events::chunks_of_finding,
    explain::organisation_name,
    pipeline::{
        derive::{DerivedChunk, Deriver},
        state::RegisterView,
    },
    tell::facts::{OfChunk, Wanted, for_each_fact},
};

/// What the policy says of a finding, for one organisation. The names of the fields are a contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explained {
    /// Who would be told: its code.
    pub organisation: String,
    /// What happens: `weekly monday 09:00`.
    pub outcome: String,
    /// The rule that won, from 1; 0 is none.
    pub rule: u32,
    /// Its name.
    pub name: String,
    /// Why it is there.
    pub reason: String,
    /// Rules before it, and why each did not win.
    pub earlier: Vec<Earlier>,
    /// The fate that the assignment has now.
    pub fate: &'static str,
}

/// A rule that did not win.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Earlier {
    /// Its number, from 1.
    pub rule: u32,
    /// Its name.
    pub name: String,
    /// Why not.
    pub why: String,
}

/// Explains a finding for everybody it concerns.
pub fn explain(
    reader: &Reader,
    view: &RegisterView,
    in_force: &InForce,
    finding: FindingId,
    now: Timestamp,
) -> anyhow::Result<Vec<Explained>> {
    let policy = in_force.policy.at(now);
    let mut reading = (Deriver::new(Reader::open(reader.data())?)?, DerivedChunk::default());
    let mut explained: Vec<Explained> = Vec::new();
    let mut in_chunks = chunks_of_finding(reader, finding)?;
    in_chunks.extend(reader.read(|connection| corrections::chunks_of_finding(connection, finding))?);
    in_chunks.sort_unstable();
    in_chunks.dedup();
    for chunk in in_chunks {
        let mut blocks = reader.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(chunk)))?;
        blocks.retain(|block| id_list::decode(&block.findings).any(|one| one == finding));
        let findings = id_list::encode(&[finding]);
        let wanted: Vec<Wanted<'_>> = blocks
            .iter()
            .filter_map(|block| {
                let assignee = block.assignee?;
                let told = view.successors.at(assignee.organisation, now.as_second());
                let code = organisation_name(&view.register, told).0;
                Some(Wanted { assignee, code, findings: &findings })
            })
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let fates: Vec<_> =
            blocks.iter().filter(|block| block.assignee.is_some()).map(|block| block.fate).collect();
        let of = OfChunk::read(reader, chunk)?;
        for_each_fact(reader, &of, &wanted, &mut reading, true, |at, _, facts| {
            let decision = policy.decide(facts);
            let rule = in_force.policy.rule(decision.rule);
            let earlier = policy.passed(facts).into_iter().map(|(number, why)| Earlier {
                rule: number,
                name: in_force.policy.rule(number).map_or(String::new(), |rule| rule.name.clone()),
                why: why.to_string(),
            });
            explained.push(Explained {
                organisation: wanted[at].code.to_owned(),
                outcome: outcome(&in_force.policy, decision),
                rule: decision.rule,
                name: rule.map_or("no rule".to_owned(), |rule| rule.name.clone()),
                reason: rule.map_or(String::new(), |rule| rule.reason.clone()),
                earlier: earlier.collect(),
                fate: fates[at].as_str(),
            });
        })?;
    }
    explained
        .first()
        .with_context(|| format!("F{finding} concerns nobody, or its rows cannot be read any more"))?;
    Ok(explained)
}
