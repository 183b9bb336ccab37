//! The first load of a source and kind: what stood there already when the source began, and is told only when the desk releases it.

use std::collections::HashMap;

use anyhow::Context;
use schakel_model::ids::{ReportId, SourceId};
use schakel_parse::Plan;
use schakel_store::{
    Reader, feeds,
    keeping::{self, Baseline},
    reports,
};

/// The first loads that are known, and those that were found now.
pub(super) struct Baselines<'a> {
    reader: &'a Reader,
    known: HashMap<(SourceId, String), Baseline>,
    /// The first report of each feed of a source.
    firsts: HashMap<SourceId, HashMap<String, ReportId>>,
    now: i64,
    /// Those that are not stored yet.
    pub new: Vec<Baseline>,
}

impl<'a> Baselines<'a> {
    pub fn new(reader: &'a Reader, now: i64) -> anyhow::Result<Self> {
        let known = reader.read(keeping::baselines)?;
        let known = known.into_iter().map(|one| ((one.source, one.kind.clone()), one)).collect();
        Ok(Self { reader, known, firsts: HashMap::new(), now, new: Vec::new() })
    }

    /// Is this report the first load of the feed from its source, and not released?
    pub fn keeps(&mut self, source: SourceId, feed: &str, report: ReportId) -> anyhow::Result<bool> {
        if let Some(known) = self.known.get(&(source, feed.to_owned())) {
            return Ok(known.report == report && known.released_at.is_none());
        }
        if self.first(source, feed)? != Some(report) {
            return Ok(false);
        }
        let baseline = Baseline { source, kind: feed.to_owned(), report, at: self.now, released_at: None };
        self.known.insert((source, feed.to_owned()), baseline.clone());
        self.new.push(baseline);
        Ok(true)
    }

    fn first(&mut self, source: SourceId, feed: &str) -> anyhow::Result<Option<ReportId>> {
        if !self.firsts.contains_key(&source) {
            let mut firsts: HashMap<String, ReportId> = HashMap::new();
            for (plan, report) in self.reader.read(|connection| feeds::first_reports(connection, source))? {
                let definition = self.reader.read(|connection| reports::plan_definition(connection, plan))?;
                let plan = Plan::from_definition(&definition).context("a stored plan cannot be read")?;
                let first = firsts.entry(plan.feed().to_owned()).or_insert(report);
                *first = report.min(*first);
            }
            self.firsts.insert(source, firsts);
        }
        Ok(self.firsts.get(&source).and_then(|firsts| firsts.get(feed)).copied())
    }
}
