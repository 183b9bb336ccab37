//! What a member may fetch of the reports that came in: for each report type and day a file with the rows that concern it, and no other's.
//!
//! A row is a member's when both hold: the member, or one whose place it has taken, was **told** of its finding (the fate is `notified`),
//! and the row **concerns** it by the register as it stands, at the time of the observation. So a repeat of a finding counts (nobody is
//! told of those again), and a row does not that was seen after an address went to somebody else. Left out are rows that were erased, of
//! reports that their source took back, of sources that may not notify, and of a marking that nobody of the member, or no program, may receive. All of it
//! follows from what is stored: nothing is decided here.
//!
//! A day is a day of receipt in Europe/Amsterdam. It is listed when it is over and nothing of it waits to be told to the member, because
//! clients fetch a file once.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context;
use jiff::{Timestamp, ToSpan, civil::Date};
use schakel_attribute::{Query, Snapshot};
use schakel_model::ids::{FindingId, RegisterVersion};
use schakel_parse::{Plan, Record};
use schakel_store::{
    Reader, StoreError,
    audit::{Action, Entry, record_access},
    chunks, erase,
    fate_blob::{self, RowFate},
    member_keys::{self, MemberKey},
    member_reports::{told, waits},
    register,
    reports::{self, Member, Report, ReportState},
};

use crate::{
    calendar,
    narrow_register::narrow,
    pipeline::derive::{DerivedChunk, Deriver},
    tenant::Member as Owner,
};

mod name;

pub use name::{FileName, list_name};

/// A member may go back so far: longer than any outage of theirs, and what is older is in their own systems.
pub const DAYS_BACK: i64 = 30;

/// Whose reports have this layout: only rows of this provider can be given in it.
const PROVIDER: &str = "shadowserver";

/// Hexadecimal digits of an id that say whose key it is, and those that say which file: 64 and 160 bits.
const KEY_DIGITS: usize = 16;
const FILE_DIGITS: usize = 40;

/// What a member may fetch, for one of its keys, as it is at this moment.
pub struct MemberReports {
    key: MemberKey,
    member: Owner,
    version: RegisterVersion,
    told: Vec<FindingId>,
    today: Date,
    now: i64,
    reader: Reader,
    deriver: Deriver,
    derived: DerivedChunk,
}

/// A file that can be fetched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// What it is fetched by.
    pub id: String,
    /// Its name.
    pub name: FileName,
}

/// A file that may be there: what it is made of.
#[derive(Clone, Debug)]
struct File {
    name: FileName,
    /// The columns of all its parts: mostly they have the same.
    columns: Vec<String>,
    parts: Vec<Part>,
}

/// A file inside a report.
#[derive(Clone, Debug)]
struct Part {
    report: Report,
    member: Member,
    /// Where each column of the file stands in it; `None`: they are the same.
    places: Option<Vec<Option<usize>>>,
}

impl Part {
    /// The cells of a row, as the file has them.
    fn cells(&self, cells: Vec<String>) -> Vec<String> {
        let Some(places) = &self.places else { return cells };
        let cell = |place: &Option<usize>| place.and_then(|at| cells.get(at)).cloned().unwrap_or_default();
        places.iter().map(cell).collect()
    }
}

/// One file, to be written.
#[derive(Clone, Debug)]
pub struct Chosen(File);

impl Chosen {
    /// Its name.
    pub fn name(&self) -> &FileName {
        &self.0.name
    }

    /// The names of its columns.
    pub fn columns(&self) -> &[String] {
        &self.0.columns
    }
}

/// Where rows go: the cells of one, decoded and masked. An error ends it.
pub type Sink<'a> = dyn FnMut(&[String]) -> anyhow::Result<()> + 'a;

impl MemberReports {
    /// For a key that counts.
    pub fn open(reader: Reader, key: &MemberKey, now: i64) -> anyhow::Result<Self> {
        let version = reader.read(register::version)?;
        let member = Owner::of(&reader, key.organisation, now)?;
        let told = reader.read(|connection| told(connection, &member.places))?;
        Ok(Self {
            key: key.clone(),
            member,
            version,
            told,
            today: calendar::day(Timestamp::from_second(now)?).parse().context("a day")?,
            now,
            deriver: Deriver::new(Reader::open(reader.data())?)?,
            reader,
            derived: DerivedChunk::default(),
        })
    }

    /// The days that can be asked for: the last ones that are over.
    pub fn days(&self) -> (Date, Date) {
        let back = |days: i64| self.today.saturating_sub(days.days());
        (back(DAYS_BACK), back(1))
    }

    /// The name of the one list that a member has: its code.
    pub fn list_name(&self) -> String {
        list_name(&self.member.code)
    }

    /// The files of these days, both included.
    pub fn list(&mut self, from: Date, until: Date) -> anyhow::Result<Vec<Listed>> {
        let (first, last) = self.days();
        let mut listed = Vec::new();
        let mut day = from.max(first);
        while day <= until.min(last) {
            for file in self.files(day)? {
                if self.can_be_fetched(&file)? {
                    listed.push(Listed { id: self.id(&file), name: file.name });
                }
            }
            day = day.saturating_add(1.day());
        }
        Ok(listed)
    }

    /// The file with this id; `None`: there is none for this key.
    pub fn find(&mut self, id: &str) -> anyhow::Result<Option<Chosen>> {
        let (first, last) = self.days();
        let mut day = last;
        while day >= first {
            for file in self.files(day)? {
                if self.id(&file) == id {
                    return Ok(self.can_be_fetched(&file)?.then_some(Chosen(file)));
                }
            }
            day = day.saturating_sub(1.day());
        }
        Ok(None)
    }

    /// Records that the file is fetched: before anything of it leaves.
    pub fn record(&self, chosen: &Chosen) -> anyhow::Result<()> {
        let detail =
            serde_json::json!({ "key": self.key.key, "file": chosen.name().to_string() }).to_string();
        let entry = Entry {
            at: self.now,
            actor: "member",
            action: Action::MemberReportRead,
            subject: &format!("organisation:{}", self.member.code),
            reason: "",
            detail: &detail,
        };
        record_access(self.reader.data(), &entry)
            .context("who fetches this is recorded first, and that failed")
            .map(|_| ())
    }

    /// Gives the rows of a file, in the order in which they came.
    pub fn rows(&mut self, chosen: &Chosen, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        chosen.0.parts.iter().try_for_each(|part| self.part(part, sink))
    }

    /// What there may be for somebody on a day, by type.
    fn files(&mut self, day: Date) -> anyhow::Result<Vec<File>> {
        if self.told.is_empty() {
            return Ok(Vec::new());
        }
        let mut reports = self.reader.read(|connection| reports::list(connection, Some(&day.to_string())))?;
        reports.sort_unstable_by_key(|report| report.id);
        let mut by_type: BTreeMap<String, Vec<(Report, Member, Arc<Plan>)>> = BTreeMap::new();
        for report in reports {
            for member in self.reader.read(|connection| reports::members(connection, report.id))? {
                let plan = self.deriver.plan(report.id, member.seq)?;
                if plan.provider() == PROVIDER && plan.columns().len() > 0 {
                    by_type.entry(plan.feed().to_owned()).or_default().push((report.clone(), member, plan));
                }
            }
        }
        let file = |(type_name, parts): (String, Vec<(Report, Member, Arc<Plan>)>)| {
            let mut columns: Vec<String> = Vec::new();
            for column in parts.iter().flat_map(|(_, _, plan)| plan.columns()) {
                if !columns.iter().any(|one| one == column) {
                    columns.push(column.to_owned());
                }
            }
            let part = |(report, member, plan): (Report, Member, Arc<Plan>)| {
                let place = |column: &String| plan.columns().position(|one| one == column);
                let same = plan.columns().eq(columns.iter().map(String::as_str));
                let places = (!same).then(|| columns.iter().map(place).collect());
                Part { report, member, places }
            };
            let parts = parts.into_iter().map(part).collect();
            File { name: FileName { day, type_name, list: self.list_name() }, columns, parts }
        };
        Ok(by_type.into_iter().map(file).collect())
    }

    /// Is there a row in it, and will there be no more?
    fn can_be_fetched(&mut self, file: &File) -> anyhow::Result<bool> {
        for Part { report, .. } in &file.parts {
            let waits = report.state == ReportState::Taking
                || self.reader.read(|connection| waits(connection, report.id, &self.member.places))?;
            if waits {
                return Ok(false);
            }
        }
        let mut found = false;
        for part in &file.parts {
            // The first row is enough.
            let ended = self.part(part, &mut |_| {
                found = true;
                anyhow::bail!("found")
            });
            if found {
                return Ok(true);
            }
            ended?;
        }
        Ok(false)
    }

    /// The rows of one file inside a report.
    fn part(&mut self, part: &Part, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        let (report, member) = (part.report.id, &part.member);
        let stored = self.reader.read(|connection| reports::get(connection, report))?;
        let taken_back = stored.is_none_or(|report| report.withdrawn_at.is_some());
        if taken_back || self.deriver.is_erased(report) || !self.member.may_be_given(member.terms) {
            return Ok(());
        }
        for chunk in self.reader.read(|connection| chunks::of_report(connection, report))? {
            if chunk.member != member.seq || chunk.sums.events == 0 {
                continue;
            }
            let fates = self.reader.read(|connection| chunks::fates(connection, chunk.id))?;
            let mut wanted = Vec::new();
            for (at, fate) in fate_blob::read(&fates).enumerate() {
                let fate = fate.map_err(|what| StoreError::Damaged { what })?;
                if matches!(fate, RowFate::Event(finding) if self.told.binary_search(&finding).is_ok()) {
                    wanted.push(at);
                }
            }
            if wanted.is_empty() {
                continue;
            }
            let plan = self.deriver.chunk(&chunk, &mut self.derived)?;
            for at in wanted {
                let row = chunk.first_row + at as u32;
                let erased = self.deriver.is_touched(report)
                    && self.reader.read(|connection| erase::row_erased(connection, report, row))?.is_some();
                let Some(record) = self.derived.record(at).filter(|_| !erased) else { continue };
                if self.concerns(&plan, record)? {
                    sink(&part.cells(plan.cells(record)))?;
                }
            }
        }
        Ok(())
    }

    /// Does the row concern this member, by the register as it stands?
    fn concerns(&self, plan: &Plan, record: Record<'_>) -> anyhow::Result<bool> {
        let Ok(observation) = plan.observe(record) else { return Ok(false) };
        let query = Query::of(&observation);
        // Only what this row meets: the register of a country has millions of assets.
        let register = narrow(&self.reader, self.version, &query)?;
        let candidates = Snapshot::build(&register).explain(&query);
        Ok(candidates
            .iter()
            .any(|one| one.won && self.member.places.binary_search(&one.organisation).is_ok()))
    }

    /// What a file is fetched by: nobody can guess it, and it says nothing.
    fn id(&self, file: &File) -> String {
        let mut id = key_part(&self.reader.secret(), &self.key);
        let FileName { day, type_name, .. } = &file.name;
        let what = format!("file\0{}\0{day}\0{type_name}", self.key.key);
        id.push_str(&digits(&self.reader.secret(), &what, FILE_DIGITS));
        id
    }
}

/// The key by which this id was given; `None` when no key that counts gave it.
pub fn key_of_id(reader: &Reader, id: &str) -> Result<Option<MemberKey>, StoreError> {
    if id.len() != KEY_DIGITS + FILE_DIGITS || !id.is_ascii() {
        return Ok(None);
    }
    let secret = reader.secret();
    let keys = reader.read(member_keys::list)?;
    Ok(keys.into_iter().filter(MemberKey::counts).find(|key| key_part(&secret, key) == id[..KEY_DIGITS]))
}

fn key_part(secret: &[u8; 32], key: &MemberKey) -> String {
    digits(secret, &format!("key\0{}", key.key), KEY_DIGITS)
}

/// Digits that only the installation can make of this.
fn digits(secret: &[u8; 32], of: &str, count: usize) -> String {
    let key = blake3::derive_key("schakel 2026 member report v1", secret);
    blake3::keyed_hash(&key, of.as_bytes()).to_hex()[..count].to_owned()
}
