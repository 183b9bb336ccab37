//! Another system's list of what it told, beside what we tell or would tell in trial operation: each difference with its reason. This is how
//! a desk dares to switch.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::ensure;
use schakel_attribute::{Candidate, Input, Query};
use schakel_formats::{
    register::import::Names,
    told_list::{self, ToldReject, ToldRow, ToldTarget},
};
use schakel_model::{
    fate::Fate,
    ids::{FindingId, OrganisationId},
    keeping::Keeps,
};
use schakel_rules::comparison::{Became, Ours, Verdict, compare as judge};
use schakel_store::{
    Reader,
    chunks::{self, Block},
    findings::{self, Kind, NewFinding},
    id_list, keeping, outbox,
};
use serde::Serialize;

use crate::{
    calendar::amsterdam,
    explain::{organisation_name, rfc3339},
    pipeline::state::RegisterView,
};

/// Findings read at a time.
const PAGE: usize = 100_000;

/// The same that is told within this time is the same telling: daily lists are a day apart, and weekends lie between.
const NEAR_SECONDS: i64 = 2 * 86_400;

/// Both lists, side by side. The names of the fields are a contract.
#[derive(Debug, Default, Serialize)]
pub struct Comparison {
    /// Lines of their list that were read.
    pub theirs: u64,
    /// What we tell in the same time.
    pub ours: u64,
    /// The time that is compared, RFC 3339.
    pub from: String,
    /// Its end.
    pub until: String,
    /// How many lines come to what.
    pub counts: BTreeMap<&'static str, u64>,
    /// Every line: theirs in their order, then ours that they did not tell.
    pub lines: Vec<Line>,
    /// Lines that could not be read.
    pub rejects: Vec<String>,
}

/// A line.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Its line in their list; none when it is ours.
    pub line: Option<u64>,
    /// The organisation: its code, or as it stands in their list.
    pub who: String,
    /// What.
    pub what: String,
    /// When, RFC 3339.
    pub when: String,
    /// What it comes to.
    pub verdict: &'static str,
    /// Why, in a sentence.
    pub why: String,
    /// Our finding.
    pub finding: Option<String>,
}

/// One of ours.
struct Mine {
    finding: FindingId,
    block: i64,
    ours: Ours,
}

/// Compares. Nothing is changed.
pub fn compare(reader: &Reader, view: &RegisterView, list: &[u8]) -> anyhow::Result<Comparison> {
    let (rows, rejects) = told_list::read(list, &amsterdam());
    ensure!(
        !rows.is_empty(),
        "no line of the list can be read{}",
        rejects.first().map_or(String::new(), |reject| format!(": {}", shown(reject)))
    );
    let mut comparing = Comparing::new(reader, view, &rows)?;
    let mut comparison = Comparison {
        theirs: rows.len() as u64,
        from: rfc3339(comparing.from),
        until: rfc3339(comparing.until),
        rejects: rejects.iter().map(shown).collect(),
        ..Comparison::default()
    };
    let mut met: HashSet<(OrganisationId, FindingId)> = HashSet::new();
    for row in &rows {
        let (line, verdict) = comparing.theirs(row, &mut met)?;
        *comparison.counts.entry(verdict.as_str()).or_default() += 1;
        comparison.lines.push(line);
    }
    let told: BTreeSet<OrganisationId> =
        rows.iter().filter_map(|row| comparing.organisation(&row.who)).collect();
    for (organisation, finding, at) in comparing.told_in_time()? {
        comparison.ours += 1;
        if met.contains(&(organisation, finding)) {
            continue;
        }
        *comparison.counts.entry(Verdict::TheyDidNotTell.as_str()).or_default() += 1;
        let line = comparing.only_ours(organisation, finding, at, told.contains(&organisation))?;
        comparison.lines.push(line);
    }
    Ok(comparison)
}

fn shown(reject: &ToldReject) -> String {
    format!("line {}: {}", reject.line, reject.why)
}

struct Comparing<'a> {
    reader: &'a Reader,
    view: &'a RegisterView,
    names: Names,
    codes: HashMap<&'a str, OrganisationId>,
    kinds: Vec<Kind>,
    /// Findings at the targets of their list.
    by_target: HashMap<ToldTarget, Vec<FindingId>>,
    findings: HashMap<FindingId, NewFinding>,
    /// Assignments of those findings.
    mine: HashMap<FindingId, Vec<Mine>>,
    /// What we tell in the time of their list.
    told: Vec<(OrganisationId, FindingId, i64)>,
    from: i64,
    until: i64,
}

impl<'a> Comparing<'a> {
    fn new(reader: &'a Reader, view: &'a RegisterView, rows: &[ToldRow]) -> anyhow::Result<Self> {
        let times = || rows.iter().map(|row| row.at.as_second());
        let mut names = Names::default();
        let mut codes = HashMap::new();
        for organisation in &view.register.organisations {
            names.add(&organisation.code, &organisation.name);
            codes.insert(organisation.code.as_str(), organisation.id);
        }
        let mut comparing = Self {
            reader,
            view,
            names,
            codes,
            kinds: reader.read(findings::kinds)?,
            by_target: rows.iter().map(|row| (row.target.clone(), Vec::new())).collect(),
            findings: HashMap::new(),
            mine: HashMap::new(),
            told: Vec::new(),
            from: times().min().unwrap_or_default() - NEAR_SECONDS,
            until: times().max().unwrap_or_default() + NEAR_SECONDS,
        };
        comparing.read_findings()?;
        comparing.read_assignments()?;
        Ok(comparing)
    }

    fn read_findings(&mut self) -> anyhow::Result<()> {
        let mut first = FindingId(0);
        loop {
            let page = self.reader.read(|connection| findings::list(connection, first, PAGE))?;
            let Some(last) = page.last() else { return Ok(()) };
            first = FindingId(last.id.0 + 1);
            for one in page {
                let name = one.first.name.as_deref().map(host_of);
                let targets = [one.first.ip.map(ToldTarget::Ip), name.map(ToldTarget::Name)];
                for target in targets.into_iter().flatten() {
                    if let Some(found) = self.by_target.get_mut(&target) {
                        found.push(one.id);
                        self.findings.insert(one.id, one.first.clone());
                    }
                }
            }
        }
    }

    fn read_assignments(&mut self) -> anyhow::Result<()> {
        let kept: HashMap<i64, Keeps> =
            self.reader.read(keeping::all)?.into_iter().map(|kept| (kept.block, kept.keeps)).collect();
        let all = self.reader.read(|connection| chunks::committed_since(connection, i64::MIN))?;
        let times: HashMap<u32, i64> = all.iter().map(|chunk| (chunk.id, chunk.committed_at)).collect();
        let reader = self.reader;
        reader.read(|connection| {
            chunks::for_each_block(connection, |block| {
                let at = times.get(&block.chunk).copied().unwrap_or_default();
                self.take(&block, at, became(&block, kept.get(&block.id).copied()));
            })
        })?;
        Ok(())
    }

    fn take(&mut self, block: &Block, at: i64, became: Became) {
        let organisation =
            block.assignee.map(|assignee| self.view.successors.at(assignee.organisation, self.until));
        let ours = Ours { organisation, at, became };
        let is_told = matches!(
            became,
            Became::Told | Became::Kept(Keeps::Shadow | Keeps::Desk | Keeps::Overview | Keeps::Released)
        );
        let in_time = (self.from..=self.until).contains(&at);
        let findings: BTreeSet<FindingId> = id_list::decode(&block.findings).collect();
        for finding in findings {
            if self.findings.contains_key(&finding) {
                self.mine.entry(finding).or_default().push(Mine { finding, block: block.id, ours });
            }
            if let Some(organisation) = organisation.filter(|_| is_told && in_time) {
                self.told.push((organisation, finding, at));
            }
        }
    }

    /// Each once, the earliest.
    fn told_in_time(&mut self) -> anyhow::Result<Vec<(OrganisationId, FindingId, i64)>> {
        self.told.sort_unstable();
        self.told.dedup_by_key(|(organisation, finding, _)| (*organisation, *finding));
        Ok(std::mem::take(&mut self.told))
    }

    fn organisation(&self, who: &str) -> Option<OrganisationId> {
        let code = self.names.find(who).ok()?;
        self.codes.get(&*code).copied()
    }

    fn code(&self, organisation: OrganisationId) -> &str {
        organisation_name(&self.view.register, organisation).0
    }

    fn kind(&self, finding: FindingId) -> &str {
        let kind = self.findings.get(&finding).and_then(|first| self.kinds.get(first.kind.0 as usize));
        kind.map_or("", |kind| &kind.identifier)
    }

    fn is_of_kind(&self, finding: FindingId, kind: &str) -> bool {
        let stored = self.findings.get(&finding).and_then(|first| self.kinds.get(first.kind.0 as usize));
        kind.is_empty()
            || stored.is_some_and(|stored| {
                [stored.identifier.as_str(), stored.feed.as_str(), stored.classification.as_str()]
                    .iter()
                    .any(|word| word.eq_ignore_ascii_case(kind))
            })
    }

    fn theirs(
        &self,
        row: &ToldRow,
        met: &mut HashSet<(OrganisationId, FindingId)>,
    ) -> anyhow::Result<(Line, Verdict)> {
        let organisation = self.organisation(&row.who);
        let here = self.by_target.get(&row.target).map_or(&[][..], Vec::as_slice);
        let mine: Vec<&Mine> = here
            .iter()
            .filter(|finding| self.is_of_kind(**finding, &row.kind))
            .flat_map(|finding| self.mine.get(finding).into_iter().flatten())
            .collect();
        let ours: Vec<Ours> = mine.iter().map(|one| one.ours).collect();
        let (verdict, place) = judge(organisation, row.at.as_second(), NEAR_SECONDS, &ours);
        let by = place.map(|place| mine[place]);
        // Without a kind their line stands for everything at that place.
        if let Some(organisation) = organisation {
            met.extend(
                mine.iter()
                    .filter(|one| one.ours.organisation == Some(organisation))
                    .map(|one| (organisation, one.finding)),
            );
        }
        let who = organisation.map_or(row.who.as_str(), |id| organisation_name(&self.view.register, id).0);
        let line = Line {
            line: Some(row.line),
            who: who.to_owned(),
            what: row.what.clone(),
            when: row.at.to_string(),
            verdict: verdict.as_str(),
            why: self.why(verdict, by, row, here)?,
            finding: by.map(|one| format!("F{}", one.finding)),
        };
        Ok((line, verdict))
    }

    fn why(
        &self,
        verdict: Verdict,
        by: Option<&Mine>,
        row: &ToldRow,
        here: &[FindingId],
    ) -> anyhow::Result<String> {
        let at = by.map_or(String::new(), |one| rfc3339(one.ours.at));
        let history = match by {
            Some(one) => self.last_reason(one.block)?,
            None => String::new(),
        };
        let owner = by.and_then(|one| one.ours.organisation).map_or("", |id| self.code(id));
        Ok(match verdict {
            Verdict::Both => format!("both tell it; it came to us on {at}"),
            Verdict::ToldEarlier => format!("it came to us on {at}, and is not new since"),
            Verdict::ToldLater => format!("it came to us later, on {at}"),
            Verdict::KeptByRule | Verdict::FirstLoad | Verdict::TrialOff | Verdict::Held => {
                match history.is_empty() {
                    true => "it is held".to_owned(),
                    false => history,
                }
            }
            Verdict::NoContact => "nobody of the organisation may be told".to_owned(),
            Verdict::OtherOwner if owner == self.organisation(&row.who).map_or("", |id| self.code(id)) => {
                "another hears of it in its place, or it was taken back".to_owned()
            }
            Verdict::OtherOwner => format!("it is told to {owner}{}", self.won_by(&row.target, by)),
            Verdict::Nobodys => "it came to us, and is nobody's by the register".to_owned(),
            Verdict::UnknownToUs if !here.is_empty() => {
                let kinds: BTreeSet<&str> = here.iter().map(|finding| self.kind(*finding)).collect();
                let kinds: Vec<&str> = kinds.into_iter().take(5).collect();
                format!("nothing of this kind came to us; at the same place: {}", kinds.join(", "))
            }
            Verdict::UnknownToUs => "nothing at this place came to us".to_owned(),
            Verdict::NotInRegister => match self.names.find(&row.who) {
                Err(why) => why,
                Ok(_) => "the organisation is not in our register".to_owned(),
            },
            Verdict::TheyDidNotTell => String::new(),
        })
    }

    /// By which asset the owner won.
    fn won_by(&self, target: &ToldTarget, by: Option<&Mine>) -> String {
        let Some(one) = by else { return String::new() };
        let input = match target {
            ToldTarget::Ip(ip) => Input::Ip(*ip),
            ToldTarget::Name(name) => Input::Domain(name.clone()),
        };
        let query = Query { inputs: vec![input], at: one.ours.at, ..Query::default() };
        let candidates: Vec<Candidate> = self.view.snapshot.explain(&query);
        let won = candidates.iter().find(|candidate| {
            candidate.won
                && Some(self.view.successors.at(candidate.organisation, self.until)) == one.ours.organisation
        });
        let asset = won.and_then(|won| {
            let assets = &self.view.register.assets;
            assets.binary_search_by_key(&won.asset, |asset| asset.id).ok().map(|at| &assets[at].value)
        });
        asset.map_or(String::new(), |asset| format!(", by {} {asset}", asset.kind()))
    }

    fn last_reason(&self, block: i64) -> anyhow::Result<String> {
        let changes = self.reader.read(|connection| outbox::fate_changes(connection, block))?;
        Ok(changes.into_iter().next_back().map(|change| change.reason).unwrap_or_default())
    }

    fn only_ours(
        &self,
        organisation: OrganisationId,
        finding: FindingId,
        at: i64,
        they_tell_it_something: bool,
    ) -> anyhow::Result<Line> {
        let stored = self.reader.read(|connection| findings::get(connection, finding))?;
        let first = stored.map(|stored| stored.first);
        let kind = first.as_ref().and_then(|first| self.kinds.get(first.kind.0 as usize));
        let place = first.as_ref().map_or(String::new(), |first| match (first.ip, &first.name) {
            (Some(ip), _) => ip.to_string(),
            (None, name) => name.clone().unwrap_or_default(),
        });
        let kind = kind.map_or("", |kind| &kind.identifier);
        Ok(Line {
            line: None,
            who: organisation_name(&self.view.register, organisation).0.to_owned(),
            what: format!("{place} {kind}"),
            when: rfc3339(at),
            verdict: Verdict::TheyDidNotTell.as_str(),
            why: match they_tell_it_something {
                true => "they tell the organisation other things, and not this",
                false => "they tell the organisation nothing at all",
            }
            .to_owned(),
            finding: Some(format!("F{finding}")),
        })
    }
}

fn became(block: &Block, kept: Option<Keeps>) -> Became {
    match (kept, block.fate) {
        (Some(keeps), _) => Became::Kept(keeps),
        (None, Fate::Queued | Fate::Notified | Fate::Undeliverable | Fate::Digest) => Became::Told,
        (None, Fate::Held) => Became::Held,
        (None, Fate::NoContact) => Became::NoContact,
        (None, _) => Became::Otherwise,
    }
}

/// The host of a name that may be a URL or a mail address.
fn host_of(name: &str) -> String {
    let rest = name.split_once("://").map_or(name, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.rsplit_once(':').map_or(host, |(name, port)| {
        if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    host.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn the_host_of_whatever_a_finding_is_called() {
        for (name, host) in [
            ("www.gouda.nl", "www.gouda.nl"),
            ("https://WWW.gouda.nl:8443/a?b", "www.gouda.nl"),
            ("http://u@gouda.nl", "gouda.nl"),
            ("jan@gouda.nl", "gouda.nl"),
        ] {
            assert_eq!(host_of(name), host);
        }
    }
}
