//! Reports and who sends them: what came, how each feed does, what could not be read, and reading that again.

use anyhow::Context;
use schakel_model::ids::ReportId;
use schakel_store::{
    Reader,
    ledger::{self, Scope},
    listed, reports, sources,
};
use serde::Serialize;

use super::findings::Looking;
use crate::{
    access_log::Looker,
    events::{self, ListedRow, Which},
    feed_health, replay,
    requests::AtWork,
    users::Actor,
};

/// Reports on a page.
const A_PAGE: usize = 100;

/// Rows that could not be read and are shown.
const REJECTS: usize = 50;

/// The list of reports.
#[derive(Debug, Serialize)]
pub struct Reports {
    /// The newest first.
    pub reports: Vec<Listed>,
    /// Where the next page begins; empty: there is none.
    pub next: String,
}

/// A report in the list.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its number.
    pub id: u32,
    /// Its file name.
    pub name: String,
    /// The code of its source; empty: nobody in particular.
    pub source: String,
    /// In seconds since 1970.
    pub received_at: i64,
    /// Bytes.
    pub size: u64,
    /// What went wrong; empty: nothing.
    pub failure: String,
    /// When its source took it back, in seconds since 1970.
    pub withdrawn_at: Option<i64>,
    /// Rows in it.
    pub rows: u64,
    /// Events.
    pub events: u64,
    /// Rows that could not be read.
    pub rejected: u64,
}

/// The newest reports before one.
pub fn list(reader: &Reader, before: &str) -> anyhow::Result<Reports> {
    let before = before.parse().ok().map(ReportId);
    let known = reader.read(sources::list)?;
    let found = reader.read(|connection| listed::reports(connection, before, A_PAGE))?;
    let next = found.last().filter(|_| found.len() == A_PAGE).map(|last| last.id.to_string());
    let mut reports = Vec::with_capacity(found.len());
    for one in found {
        let sums = reader.read(|connection| ledger::sums(connection, &Scope::Report(one.id)))?;
        let source = known.iter().find(|source| source.id == one.source);
        reports.push(Listed {
            id: one.id.0,
            name: one.name,
            source: source.map(|source| source.code.clone()).unwrap_or_default(),
            received_at: one.received_at,
            size: one.size,
            failure: one.failure.unwrap_or_default(),
            withdrawn_at: one.withdrawn_at,
            rows: sums.rows,
            events: sums.events,
            rejected: sums.rejected,
        });
    }
    Ok(Reports { reports, next: next.unwrap_or_default() })
}

/// One report.
#[derive(Debug, Serialize)]
pub struct OneReport {
    /// Its number.
    pub id: u32,
    /// Its file name.
    pub name: String,
    /// In seconds since 1970.
    pub received_at: i64,
    /// What went wrong; empty: nothing.
    pub failure: String,
    /// Its ledger.
    pub ledger: Ledger,
    /// Rows that could not be read, the first of them.
    pub rejects: Vec<ListedRow>,
}

/// The sums of something.
#[derive(Debug, Default, Serialize)]
pub struct Ledger {
    /// Do they balance?
    pub balanced: bool,
    /// What became of rows: a word and how many.
    pub rows: Vec<(&'static str, u64)>,
    /// All rows.
    pub rows_sum: u64,
    /// What became of assignments: a word and how many.
    pub fates: Vec<(&'static str, u64)>,
    /// All assignments.
    pub assignments: u64,
}

/// The sums of a scope.
pub fn ledger_of(reader: &Reader, scope: &Scope) -> anyhow::Result<Ledger> {
    let sums = reader.read(|connection| ledger::sums(connection, scope))?;
    Ok(Ledger {
        balanced: sums.balanced(),
        rows: vec![
            ("events", sums.events),
            ("duplicates", sums.duplicates),
            ("clears", sums.clears),
            ("rejected", sums.rejected),
            ("replayed", sums.replayed),
        ],
        rows_sum: sums.rows,
        fates: schakel_model::fate::Fate::ALL
            .iter()
            .map(|fate| (fate.as_str(), sums.fate(*fate)))
            .filter(|(_, count)| *count > 0)
            .collect(),
        assignments: sums.assignments,
    })
}

/// One report; `None` when there is none. Who looks is recorded when rows are shown.
pub fn one(reader: &Reader, id: u32, looking: Looking<'_>) -> anyhow::Result<Option<OneReport>> {
    let id = ReportId(id);
    let Some(report) = reader.read(|connection| reports::get(connection, id))? else { return Ok(None) };
    let scope = Scope::Report(id);
    let rejects = events::list(reader, &scope, Which::Rejected, REJECTS)?;
    if !rejects.is_empty() {
        let Looking { actor, now } = looking;
        Looker { reader, actor, now }.raw(&format!("report:{id}"))?;
    }
    Ok(Some(OneReport {
        id: id.0,
        name: report.name,
        received_at: report.received_at,
        failure: report.failure.unwrap_or_default(),
        ledger: ledger_of(reader, &scope)?,
        rejects,
    }))
}

/// Reads the rejected rows of a report again and takes in what can be read now. Gives how many rows that is.
pub fn replay(at_work: &mut AtWork<'_>, act: &schakel_store::act::Act<'_>, id: u32) -> anyhow::Result<u64> {
    let report = ReportId(id);
    let planned = replay::plan(at_work.reader, report, at_work.reading, act.at)?;
    let readable = planned.readable;
    if readable > 0 {
        replay::carry_out(at_work.intake, at_work.reader, report, planned, at_work.reading, *act)?;
        at_work.intake.settle()?;
    }
    Ok(readable)
}

/// Who sends reports, and how their feeds do.
#[derive(Debug, Serialize)]
pub struct Sources {
    /// In the order they were added.
    pub sources: Vec<Source>,
    /// Feeds, those that are not as usual first.
    pub feeds: Vec<Feed>,
}

/// A source.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // As the store counts them.
pub struct Source {
    pub code: String,
    pub name: String,
    pub trust: &'static str,
    pub reports: u64,
    pub rows: u64,
    pub rejected: u64,
    pub new_findings: u64,
    pub told: u64,
    pub answered: u64,
    pub fixed: u64,
    pub false_positives: u64,
    pub last_at: Option<i64>,
}

/// A feed.
#[derive(Debug, Serialize)]
pub struct Feed {
    /// The code of its source.
    pub source: String,
    /// Its name.
    pub feed: String,
    /// When it last came, in seconds since 1970, with how many rows.
    pub last_at: i64,
    /// See [`Feed::last_at`].
    pub last_rows: u64,
    /// It comes every so many hours.
    pub every_hours: Option<i64>,
    /// Rows it usually has.
    pub usual_rows: Option<u64>,
    /// What is not as usual: words.
    pub alarms: Vec<&'static str>,
}

/// All of them.
pub fn sources(reader: &Reader, now: i64) -> anyhow::Result<Sources> {
    let mut found = Vec::new();
    for source in reader.read(sources::list)? {
        let record = reader.read(|connection| sources::record(connection, source.id))?;
        found.push(Source {
            code: source.code,
            name: source.name,
            trust: source.trust.as_str(),
            reports: record.reports,
            rows: record.rows,
            rejected: record.rejected,
            new_findings: record.new_findings,
            told: record.told,
            answered: record.answered,
            fixed: record.fixed,
            false_positives: record.false_positives,
            last_at: record.last_at,
        });
    }
    let mut feeds: Vec<Feed> = feed_health::all(reader, now)?
        .into_iter()
        .map(|one| Feed {
            source: one.source,
            feed: one.feed,
            last_at: one.health.last_at,
            last_rows: one.health.last_rows,
            every_hours: one.health.every_seconds.map(|seconds| seconds / 3_600),
            usual_rows: one.health.usual_rows,
            alarms: one.health.alarms.iter().map(|alarm| alarm.as_str()).collect(),
        })
        .collect();
    feeds.sort_by_key(|one| one.alarms.is_empty());
    Ok(Sources { sources: found, feeds })
}

/// The ledger, of everything or of a day, with rows of one fate.
#[derive(Debug, Serialize)]
pub struct LedgerPage {
    /// `2026-11-21`, or empty: everything.
    pub day: String,
    /// The number of a report, or empty.
    pub report: String,
    /// What is listed: a word; empty: nothing.
    pub which: String,
    /// The sums.
    pub ledger: Ledger,
    /// By organisation.
    pub organisations: Vec<OfOrganisation>,
    /// Rows.
    pub rows: Vec<ListedRow>,
}

/// What became of the assignments to an organisation.
#[derive(Debug, Serialize)]
pub struct OfOrganisation {
    /// Its code; empty: nobody.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How many have which fate.
    pub fates: Vec<(&'static str, u64)>,
}

/// Rows of the ledger that are listed.
const LISTED: usize = 100;

/// The ledger as it was asked for. Who looks at rows is recorded.
pub fn ledger_page(
    reader: &Reader,
    (day, report, which): (&str, &str, &str),
    shows_rows: ShowsRows,
    looking: Looking<'_>,
) -> anyhow::Result<LedgerPage> {
    let scope = match (report.parse().ok().map(ReportId), day.parse::<jiff::civil::Date>()) {
        (Some(report), _) => Scope::Report(report),
        (None, Ok(day)) => Scope::Day(day.to_string()),
        (None, Err(_)) => Scope::All,
    };
    let names = reader.read(schakel_store::register::load_organisations_now)?;
    let mut organisations: Vec<OfOrganisation> = Vec::new();
    let mut last = None;
    for (organisation, fate, count) in
        reader.read(|connection| ledger::by_organisation(connection, &scope))?
    {
        if last != Some(organisation) {
            last = Some(organisation);
            let id = schakel_model::ids::OrganisationId(organisation);
            let (code, name) = crate::explain::organisation_name(&names, id);
            let (code, name) = (code.to_owned(), name.to_owned());
            organisations.push(OfOrganisation { code, name, fates: Vec::new() });
        }
        if let Some(last) = organisations.last_mut() {
            last.fates.push((fate.as_str(), count));
        }
    }
    let wanted = Some(which).filter(|_| shows_rows == ShowsRows::Yes).and_then(|word| word.parse().ok());
    let rows = match wanted {
        Some(wanted) => {
            let rows: Vec<ListedRow> = events::list(reader, &scope, wanted, LISTED)?;
            look(reader, looking.actor, looking.now, &rows)?;
            rows
        }
        None => Vec::new(),
    };
    Ok(LedgerPage {
        day: if report.is_empty() { day.to_owned() } else { String::new() },
        report: report.to_owned(),
        which: wanted.map_or_else(String::new, |_| which.to_owned()),
        ledger: ledger_of(reader, &scope)?,
        organisations,
        rows,
    })
}

/// May whoever looks see rows, or only sums?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShowsRows {
    /// They may.
    Yes,
    /// Sums only.
    No,
}

/// Who looks at these rows is recorded.
pub fn look(reader: &Reader, actor: &Actor, now: i64, rows: &[ListedRow]) -> anyhow::Result<()> {
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push((row.id.clone(), row.id.parse().ok().context("a row has a number")?));
    }
    Looker { reader, actor, now }.list("ledger", items.into_iter())
}
