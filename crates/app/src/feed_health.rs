//! Whether each feed comes as it usually does: over what came in the last weeks, by source and feed.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Context;
use schakel_model::ids::SourceId;
use schakel_parse::Plan;
use schakel_rules::feed_health::{Alarm, Came, Health, health};
use schakel_store::{Reader, feeds, reports, sources};

/// What came longer ago says nothing about today: a weekly feed has eight deliveries in this time.
const LOOK_BACK_SECONDS: i64 = 60 * 86_400;

/// A feed of a source, and how it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedHealth {
    /// The source's code; empty: nobody in particular.
    pub source: String,
    /// Who makes it, for example `shadowserver`.
    pub provider: String,
    /// The feed, for example `scan_rdp`.
    pub feed: String,
    /// How it does.
    pub health: Health,
}

impl FeedHealth {
    /// Does a silent feed mean that nobody looks any more?
    pub fn is_silent(&self) -> bool {
        self.health.alarms.contains(&Alarm::Silent)
    }
}

/// Every feed that something came of, by source, provider and name. `now`: seconds since 1970.
pub fn all(reader: &Reader, now: i64) -> anyhow::Result<Vec<FeedHealth>> {
    let files = reader.read(|connection| feeds::files_since(connection, now - LOOK_BACK_SECONDS))?;
    let known = reader.read(sources::list)?;
    let mut plans: HashMap<u32, (String, String)> = HashMap::new();
    let mut came: BTreeMap<(SourceId, String, String), Vec<Came>> = BTreeMap::new();
    for file in files {
        let (provider, feed) = match plans.get(&file.plan) {
            Some(known) => known.clone(),
            None => {
                let definition = reader.read(|connection| reports::plan_definition(connection, file.plan))?;
                let plan = Plan::from_definition(&definition).context("a stored plan cannot be read")?;
                let names = (plan.provider().to_owned(), plan.feed().to_owned());
                plans.entry(file.plan).or_insert(names).clone()
            }
        };
        let one = Came { at: file.received_at, rows: file.rows, layout: file.plan };
        came.entry((file.source, provider, feed)).or_default().push(one);
    }
    let mut found = Vec::new();
    for ((source, provider, feed), came) in came {
        let source = known.iter().find(|one| one.id == source);
        let set = source.and_then(|source| source.rhythm_seconds);
        if let Some(health) = health(&came, set, now) {
            let source = source.map_or_else(String::new, |source| source.code.clone());
            found.push(FeedHealth { source, provider, feed, health });
        }
    }
    Ok(found)
}

/// Feeds of which nothing comes any more, from whatever source, with when the last came (seconds since 1970). What was last seen in one of
/// them is not observed since then: nobody looks.
pub fn silent(reader: &Reader, now: i64) -> anyhow::Result<HashMap<String, i64>> {
    let mut silent: HashMap<String, i64> = HashMap::new();
    let mut heard: HashSet<String> = HashSet::new();
    for one in all(reader, now)? {
        if one.is_silent() {
            let last_at = silent.entry(one.feed).or_insert(one.health.last_at);
            *last_at = one.health.last_at.max(*last_at);
        } else {
            heard.insert(one.feed);
        }
    }
    silent.retain(|feed, _| !heard.contains(feed));
    Ok(silent)
}
