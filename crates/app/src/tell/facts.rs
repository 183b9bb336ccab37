//! What a policy decides on, read from the rows of a chunk.

use std::collections::{HashMap, HashSet};

use anyhow::Context;
use schakel_model::{
    assignment::{Assignee, End},
    cve::{self, cves},
    event::Event,
    ids::{FindingId, SourceId},
    tlp::Terms,
};
use schakel_rules::policy::{Facts, tags};
use schakel_store::{
    Reader,
    chunks::{self, Chunk},
    id_list, reports, sources,
};

use super::rows::{Row, first_rows};
use crate::pipeline::derive::{DerivedChunk, Deriver};

/// Vulnerabilities of one finding that are remembered: what has more is an inventory, and one more is no news.
const CVES_MAX: usize = 64;

/// What the rows of a chunk share.
pub(crate) struct OfChunk {
    pub chunk: Chunk,
    pub terms: Terms,
    pub source: SourceId,
    pub source_code: String,
}

impl OfChunk {
    pub fn read(reader: &Reader, id: u32) -> anyhow::Result<Self> {
        let chunk = reader
            .read(|connection| chunks::by_id(connection, id))?
            .with_context(|| format!("chunk {id} is missing. Run `schakel verify`"))?;
        Self::of(reader, chunk)
    }

    pub fn of(reader: &Reader, chunk: Chunk) -> anyhow::Result<Self> {
        let terms = reader.read(|connection| reports::terms(connection, chunk.report, chunk.member))?;
        let report = reader.read(|connection| reports::get(connection, chunk.report))?;
        let source = report.map_or(SourceId(0), |report| report.source);
        let known = reader.read(|connection| sources::by_id(connection, source))?;
        Ok(Self { chunk, terms, source, source_code: known.map(|one| one.code).unwrap_or_default() })
    }
}

/// Assignments whose findings are asked about.
pub(crate) struct Wanted<'a> {
    pub assignee: Assignee,
    /// The code of whoever is told.
    pub code: &'a str,
    /// As a block has them.
    pub findings: &'a [u8],
}

/// Calls `visit` with the place in `wanted`, the row and the facts of each finding, by its first row in the chunk. Those that cannot be read
/// any more are left out. `asks_for_words`: tags and vulnerabilities are read too, which costs the whole row.
pub(crate) fn for_each_fact(
    reader: &Reader,
    of: &OfChunk,
    wanted: &[Wanted<'_>],
    (deriver, derived): &mut (Deriver, DerivedChunk),
    asks_for_words: bool,
    mut visit: impl FnMut(usize, &Row<'_>, &Facts<'_>),
) -> anyhow::Result<()> {
    let mut by_finding: HashMap<FindingId, Vec<usize>> = HashMap::new();
    for (at, one) in wanted.iter().enumerate() {
        let findings: HashSet<FindingId> = id_list::decode(one.findings).collect();
        findings.into_iter().for_each(|finding| by_finding.entry(finding).or_default().push(at));
    }
    let findings = by_finding.keys().copied().collect();
    first_rows(reader, (deriver, derived), &of.chunk, findings, |row| {
        let words = if asks_for_words { Words::of(&row.event(), row) } else { Words::default() };
        let (tags, cves) = (tags(&words.tags).collect::<Vec<_>>(), cves(&words.cves).collect::<Vec<_>>());
        for at in &by_finding[&row.finding] {
            let observation = row.observation;
            let end = match wanted[*at].assignee.end {
                End::Source => &observation.source,
                End::Target => &observation.target,
            };
            let facts = Facts {
                severity: observation.severity,
                classification: observation.classification,
                report_type: row.plan.feed(),
                identifier: &observation.identifier,
                source: &of.source_code,
                organisation: wanted[*at].code,
                ip: end.ip,
                name: if end.fqdn.is_empty() { &end.reverse_dns } else { &end.fqdn },
                tags: &tags,
                cves: &cves,
                tlp: of.terms.tlp,
            };
            visit(*at, row, &facts);
        }
    })
}

/// The vulnerabilities that a row names, each once, in capitals.
pub(crate) fn cves_of(event: &Event, row: &Row<'_>) -> Vec<String> {
    let words = Words::of(event, row);
    let mut found: Vec<String> = cves(&words.cves).map(str::to_ascii_uppercase).collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(CVES_MAX);
    found
}

/// The words of a row that rules may ask for.
#[derive(Default)]
struct Words {
    tags: String,
    cves: String,
}

impl Words {
    fn of(event: &Event, row: &Row<'_>) -> Self {
        let cves = [&cve::text_of(event), " ", &row.observation.identifier].concat();
        Self { tags: event.text("extra.tag").to_owned(), cves }
    }
}
