//! What is kept from being told, counted, and let go by the desk.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, ensure};
use schakel_model::{
    ids::{OrganisationId, ReportId, SourceId},
    keeping::Keeps,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    keeping::{self, Kept},
    register, reports, sources,
};

/// Which of what is kept; every condition that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// What this rule keeps, from 1.
    pub rule: Option<u32>,
    /// What trial operation keeps.
    pub trial: bool,
    /// What concerns the organisation of this code.
    pub organisation: Option<String>,
    /// What came from the source of this code.
    pub source: Option<String>,
    /// The first load of a source and kind, as `SOURCE/KIND`.
    pub baseline: Option<String>,
    /// Everything that is held.
    pub all: bool,
}

/// What was let go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Released {
    /// Blocks.
    pub blocks: u64,
    /// Assignments in them.
    pub assignments: u64,
}

/// How many assignments are kept, by why.
pub fn counts(reader: &Reader) -> anyhow::Result<BTreeMap<Keeps, u64>> {
    let mut counts = BTreeMap::new();
    for kept in reader.read(keeping::all)? {
        *counts.entry(kept.keeps).or_default() += kept.count;
    }
    Ok(counts)
}

/// Lets go what is kept; it is told at the next turn, and no rule keeps it again.
pub fn release(store: &mut Store, act: &Act<'_>, which: &Which) -> anyhow::Result<Released> {
    let is_narrow =
        which.rule.is_some() || which.trial || which.organisation.is_some() || which.source.is_some();
    ensure!(
        is_narrow || which.baseline.is_some() || which.all,
        "say what: --rule, --trial, --organisation, --source, --baseline or --all"
    );
    let organisation = which.organisation.as_deref().map(|code| organisation(store, code)).transpose()?;
    let source = which.source.as_deref().map(|code| source(store, code)).transpose()?;
    let baseline = which.baseline.as_deref().map(|text| baseline(store, text)).transpose()?;
    let mut source_of: HashMap<ReportId, SourceId> = HashMap::new();
    let mut blocks = Vec::new();
    let mut released = Released::default();
    for kept in store.read(keeping::all)? {
        let matches = is_wanted(which, &kept)
            && organisation.is_none_or(|organisation| organisation == kept.organisation)
            && baseline.as_ref().is_none_or(|one| one.report == kept.report);
        if !matches {
            continue;
        }
        if let Some(source) = source {
            let of = match source_of.get(&kept.report) {
                Some(of) => *of,
                None => {
                    let report = store.read(|connection| reports::get(connection, kept.report))?;
                    *source_of
                        .entry(kept.report)
                        .or_insert(report.map_or(SourceId(0), |report| report.source))
                }
            };
            if of != source {
                continue;
            }
        }
        released.blocks += 1;
        released.assignments += kept.count;
        blocks.push(kept.block);
    }
    let what = format!("{which:?}");
    let baseline = baseline.as_ref().map(|one| (one.source, one.kind.as_str()));
    store.release(act, &what, &blocks, baseline)?;
    Ok(released)
}

/// An overview lets go by itself; only its rule by name lets it go early.
fn is_wanted(which: &Which, kept: &Kept) -> bool {
    let by_rule = which.rule.is_none_or(|rule| rule == kept.rule);
    let is_trial = matches!(kept.keeps, Keeps::Off | Keeps::Shadow | Keeps::Desk);
    let is_baseline = kept.keeps == Keeps::Baseline;
    by_rule
        && kept.keeps != Keeps::Released
        && (kept.keeps != Keeps::Overview || which.rule.is_some())
        && (!which.trial || is_trial)
        && (which.baseline.is_none() || is_baseline)
        // Neither trial operation nor a first load ends by the way.
        && (!is_trial || which.trial || which.all)
        && (!is_baseline || which.baseline.is_some() || which.all)
        // A rule that suppresses is taken back by name.
        && (kept.keeps != Keeps::Suppressed || which.rule.is_some())
}

fn organisation(store: &Store, code: &str) -> anyhow::Result<OrganisationId> {
    let register = store.read(register::load_organisations_now)?;
    let found = register.organisations.iter().find(|one| one.code.eq_ignore_ascii_case(code));
    found.map(|one| one.id).with_context(|| format!("there is no organisation {code}"))
}

fn source(store: &Store, code: &str) -> anyhow::Result<SourceId> {
    let found = store.read(|connection| sources::by_code(connection, code))?;
    found
        .map(|one| one.id)
        .with_context(|| format!("there is no source {code}. `schakel source list` names them"))
}

fn baseline(store: &Store, text: &str) -> anyhow::Result<keeping::Baseline> {
    let (code, kind) = text.split_once('/').context("write the first load as SOURCE/KIND")?;
    let source = source(store, code)?;
    let known = store.read(keeping::baselines)?;
    known
        .into_iter()
        .find(|one| one.source == source && one.kind == kind)
        .with_context(|| format!("no first load of {kind} from {code} is kept"))
}
