//! Pictures of the whole: the desk's morning, and the sector. Whoever may not see figures of others sees counts in steps, and no organisation.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use schakel_app::portal::{morning::morning, sector::sector};
use schakel_render::portal::{
    map::Map,
    sector::{Sector, Times},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::rest::{call::Call, problem::Problem, route::Nothing, values::At};

/// A picture that is younger than this, in seconds, is given again: it is made of everything that came in over a month.
const FRESH_SECONDS: i64 = 60;

type Kept = Option<(i64, Arc<Sector>)>;

/// The last pictures of the sector: the one that names nobody, and the exact one.
#[derive(Clone, Default)]
pub struct Pictures(Arc<[Mutex<Kept>; 2]>);

impl Pictures {
    fn get(&self, call: &Call, exact: bool) -> Result<Arc<Sector>, Problem> {
        let mut kept = self.0[usize::from(exact)].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_at, picture)) = &*kept
            && (*made_at..*made_at + FRESH_SECONDS).contains(&call.now)
        {
            return Ok(Arc::clone(picture));
        }
        let now = Timestamp::from_second(call.now).map_err(Problem::trouble)?;
        let picture = Arc::new(sector(&call.reader, now, exact, &Map::default())?);
        *kept = Some((call.now, Arc::clone(&picture)));
        Ok(picture)
    }
}

/// The picture of the sector.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SectorPicture {
    /// Are counts exact, or in steps that name nobody?
    exact: bool,
    /// New findings over all days
    total: u64,
    /// The days, the oldest first
    days: Vec<SectorDay>,
    /// The most frequent kinds
    kinds: Vec<SectorKind>,
    /// How long things took, the worst first
    times: Vec<SectorTimes>,
    /// Where it is open, the most first; the desk only
    organisations: Vec<OpenAt>,
}

/// A day in the Netherlands.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SectorDay {
    /// At noon
    at: At,
    total: u64,
    /// By family of kinds
    families: BTreeMap<&'static str, u64>,
}

/// A kind of finding.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SectorKind {
    name: String,
    family: &'static str,
    count: u64,
}

/// How long things took: half of them within the first number of seconds, nine in ten within the second.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SectorTimes {
    severity: &'static str,
    /// Findings that were told
    count: u64,
    /// Those of them that were answered
    answers: u64,
    /// From arrival until told
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<Spread>,
    /// From then until the first answer
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<Spread>,
    /// From then until fixed
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<Spread>,
}

/// Seconds.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    median: i64,
    ninth_decile: i64,
}

/// Findings that are open at an organisation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenAt {
    organisation: String,
    organisation_name: String,
    open: u64,
    /// Those to which nothing was said
    silent: u64,
}

/// `GET /sector`
pub fn of_sector(call: &Call, _: Nothing) -> Result<SectorPicture, Problem> {
    let picture = call.rest.pictures.get(call, call.member().is_none())?;
    let spread =
        |both: Option<(i64, i64)>| both.map(|(median, ninth_decile)| Spread { median, ninth_decile });
    let times = |one: &Times| SectorTimes {
        severity: one.severity,
        count: one.count,
        answers: one.answers,
        told: spread(one.told),
        answered: spread(one.answered),
        fixed: spread(one.fixed),
    };
    Ok(SectorPicture {
        exact: picture.exact,
        total: picture.total,
        days: picture
            .per_day
            .iter()
            .map(|day| SectorDay {
                at: At(day.at),
                total: day.total,
                families: picture.families.iter().copied().zip(day.counts.iter().copied()).collect(),
            })
            .collect(),
        kinds: picture
            .kinds
            .iter()
            .map(|one| SectorKind { name: one.name.clone(), family: one.family, count: one.count })
            .collect(),
        times: picture.times.iter().map(times).collect(),
        organisations: picture
            .organisations
            .iter()
            .map(|one| OpenAt {
                organisation: one.code.clone(),
                organisation_name: one.name.clone(),
                open: one.open,
                silent: one.silent,
            })
            .collect(),
    })
}

/// What came in since the evening before, and what waits for a person.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    since_at: At,
    reports: u64,
    rows: u64,
    events: u64,
    rejected: u64,
    new_findings: u64,
    notifications: u64,
    /// Does the ledger balance?
    balanced: bool,
    /// The most pressing first
    waiting: Vec<WaitingFor>,
    /// The next steps of ladders
    ahead: Vec<AheadStep>,
    /// How many of them come within a day
    ahead_count: u64,
    /// Feeds that are not as usual
    feeds: Vec<UnwellFeed>,
}

/// Something that waits for a person.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingFor {
    what: &'static str,
    count: u64,
    /// Is it late, or wrong?
    alarm: bool,
}

/// A step of a ladder that comes if nobody reacts.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AheadStep {
    organisation_name: String,
    severity: &'static str,
    /// To whom it turns
    turn: &'static str,
    due_at: At,
}

/// A feed that is not as usual.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnwellFeed {
    feed: String,
    alarms: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<At>,
}

/// `GET /overview`
pub fn overview(call: &Call, _: Nothing) -> Result<Overview, Problem> {
    let found = morning(&call.reader, Timestamp::from_second(call.now).map_err(Problem::trouble)?)?;
    Ok(Overview {
        since_at: At(found.since),
        reports: found.reports,
        rows: found.rows,
        events: found.events,
        rejected: found.rejected,
        new_findings: found.new_findings,
        notifications: found.notifications,
        balanced: found.ledger.balanced,
        waiting: found
            .waiting
            .into_iter()
            .map(|one| WaitingFor {
                what: one.key.strip_prefix("waiting-").unwrap_or(one.key),
                count: one.count,
                alarm: one.alarm,
            })
            .collect(),
        ahead: found
            .ahead
            .into_iter()
            .map(|one| AheadStep {
                organisation_name: one.organisation,
                severity: one.severity,
                turn: one.turn,
                due_at: At(one.due_at),
            })
            .collect(),
        ahead_count: found.ahead_count,
        feeds: found
            .feeds
            .into_iter()
            .map(|one| UnwellFeed { feed: one.feed, alarms: one.alarms, last_at: one.last_at.map(At) })
            .collect(),
    })
}
