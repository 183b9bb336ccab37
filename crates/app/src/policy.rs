//! The policy of an installation: the version in force, and what else there is to compare it with.

use anyhow::Context;
use jiff::Timestamp;
use schakel_rules::policy::{
    BUILT_IN, Policy, Problem, Weight,
    check::{World, check},
};
use schakel_store::{Reader, Store, act::Act, findings, policy as stored, register, sources};

use crate::{calendar::amsterdam, refused::Refused};

pub mod effect;
pub mod explain;
pub mod release;
mod trial;

/// The policy in force.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Its version; 0 is the built-in one.
    pub version: u32,
    /// Its document.
    pub text: String,
    /// What it says.
    pub policy: Policy,
}

/// The policy in force. One that this program cannot read is never taken for another: it stops whatever asks.
pub fn in_force(reader: &Reader) -> anyhow::Result<InForce> {
    let (version, text) = match reader.read(stored::newest)? {
        Some(newest) => (newest.version, newest.text),
        None => (0, BUILT_IN.to_owned()),
    };
    let policy = parse(&text).with_context(|| {
        format!("version {version} of the policy cannot be used. `schakel policy undo` takes it back")
    })?;
    Ok(InForce { version, text, policy })
}

/// Reads a document; its first mistake is the error.
pub fn parse(text: &str) -> anyhow::Result<Policy> {
    Policy::parse(text).map_err(|problems| match problems.into_iter().next() {
        Some(problem) => anyhow::Error::new(problem),
        None => anyhow::anyhow!("the policy cannot be read"),
    })
}

/// Everything that is wrong with a document, or looks wrong, in this installation.
pub fn problems(reader: &Reader, text: &str, now: Timestamp) -> anyhow::Result<Vec<Problem>> {
    Ok(match Policy::parse(text) {
        Err(problems) => problems,
        Ok(policy) => check(&policy, &world(reader, now)?),
    })
}

/// Does a document with these problems come into force?
pub fn is_usable(problems: &[Problem]) -> bool {
    problems.iter().all(|problem| problem.weight < Weight::Error)
}

fn world(reader: &Reader, now: Timestamp) -> anyhow::Result<World> {
    let register = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let kinds = reader.read(findings::kinds)?;
    Ok(World {
        organisations: register.organisations.iter().map(|one| one.code.to_ascii_lowercase()).collect(),
        contacts: register.contacts.iter().map(|one| one.email.trim().to_lowercase()).collect(),
        sources: reader.read(sources::list)?.iter().map(|source| source.code.to_ascii_lowercase()).collect(),
        kinds: kinds
            .iter()
            .flat_map(|kind| [kind.feed.to_ascii_lowercase(), kind.identifier.to_ascii_lowercase()])
            .collect(),
        today: now.to_zoned(amsterdam()).date(),
    })
}

/// Puts the document before the one in force in force again, as a new version. Gives the version that stands again (0: the built-in one)
/// and the new one.
pub fn undo(store: &mut Store, act: &Act<'_>) -> anyhow::Result<(u32, u32)> {
    let history = store.read(stored::history)?;
    let mut history = history.into_iter();
    let newest = history.next().ok_or(Refused::PolicyBuiltIn {})?;
    let (before, text) = match history.find(|one| one.text != newest.text) {
        Some(one) => (one.version, one.text),
        None => (0, BUILT_IN.to_owned()),
    };
    Ok((before, store.set_policy(act, &text)?))
}
