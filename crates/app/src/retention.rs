//! What is old enough to be erased, class by class; what is held; and erasing it.
//!
//! [`plan`] reads and decides, [`run`] does what a plan says: one audit entry for each class. What waits to be told, or is being taken in, stays
//! until that is done.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    path::PathBuf,
};

use schakel_model::{
    classification::ClassificationType,
    fate::Fate,
    ids::{FindingId, ReportId},
};
use schakel_store::{
    Reader, Store, StoreError,
    audit::{Action, Entry},
    chunks::{self, Blocks},
    data_dir::DataDir,
    erase::{self, Text, ToErase},
    fate_blob::{self, RowFate},
    findings,
    retention::{self, Aged, Entries},
    sightings,
    spool::{Kept, SpoolDesk, State},
};
use serde::Serialize;

use crate::{
    config::{Config, RetentionConfig},
    explain::rfc3339,
    holds::Held,
    intake::Intake,
    users::Actor,
};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The service erases nothing by itself when it last did so longer ago than this: rather a clock that was set wrong than data that is old.
const GAP_DAYS_MAX: i64 = 60;

/// A class of data with a time of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The bytes of reports as they came.
    RawReports,
    /// Reports and findings with leaked credentials.
    LeakedCredentials,
    /// Addresses and names of findings.
    Findings,
    /// Bytes and recipients of messages, and what was answered.
    Messages,
    /// Contacts that were withdrawn.
    Register,
    /// Who looked at what.
    AccessLog,
    /// The other details of the audit log.
    AuditDetail,
    /// Copies of the store from before its layout changed.
    Copies,
}

impl Class {
    /// Every class, in the order in which they are erased: findings go after the reports that show them.
    pub const ALL: [Self; 8] = [
        Self::LeakedCredentials,
        Self::RawReports,
        Self::Findings,
        Self::Messages,
        Self::Register,
        Self::AccessLog,
        Self::AuditDetail,
        Self::Copies,
    ];

    /// Its name in the configuration, without `_days`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RawReports => "raw_reports",
            Self::LeakedCredentials => "leaked_credentials",
            Self::Findings => "findings",
            Self::Messages => "messages",
            Self::Register => "register",
            Self::AccessLog => "access_log",
            Self::AuditDetail => "audit_detail",
            Self::Copies => "copies",
        }
    }

    /// After how many days it is erased; 0 is never.
    pub fn days(self, config: &RetentionConfig) -> u32 {
        match self {
            Self::RawReports => config.raw_reports_days,
            Self::LeakedCredentials => config.leaked_credentials_days,
            Self::Findings => config.findings_days,
            Self::Messages => config.messages_days,
            Self::Register => config.register_days,
            Self::AccessLog => config.access_log_days,
            Self::AuditDetail => config.audit_detail_days,
            Self::Copies => config.copies_days,
        }
    }
}

/// What would be erased of a class.
#[derive(Clone, Debug)]
pub struct ClassPlan {
    /// The class.
    pub class: Class,
    /// What.
    pub what: ToErase,
    /// Files in the data directory that go.
    pub files: Vec<PathBuf>,
    /// What was put aside at the doors.
    pub arrivals: Vec<Kept>,
    /// The oldest, in seconds since 1970.
    pub oldest: Option<i64>,
    /// Old enough, and held.
    pub held: usize,
    /// Old enough, and still waiting to be told.
    pub waiting: usize,
}

/// A class in numbers, for people.
#[derive(Clone, Debug, Serialize)]
pub struct ClassJson {
    /// Its name.
    pub class: Class,
    /// After how many days it is erased; 0 is never.
    pub days: u32,
    /// Reports.
    pub reports: usize,
    /// Findings.
    pub findings: usize,
    /// Messages.
    pub messages: usize,
    /// Contacts.
    pub contacts: usize,
    /// Audit details.
    pub details: usize,
    /// Files.
    pub files: usize,
    /// What was put aside at the doors.
    pub arrivals: usize,
    /// When the oldest is from, RFC 3339.
    pub oldest: Option<String>,
    /// Old enough, and held.
    pub held: usize,
    /// Old enough, and still waiting to be told.
    pub waiting: usize,
}

impl ClassPlan {
    fn new(class: Class) -> Self {
        Self {
            class,
            what: ToErase::default(),
            files: Vec::new(),
            arrivals: Vec::new(),
            oldest: None,
            held: 0,
            waiting: 0,
        }
    }

    /// Is there nothing to erase?
    pub fn is_empty(&self) -> bool {
        self.what.is_empty() && self.files.is_empty() && self.arrivals.is_empty()
    }

    /// In numbers.
    pub fn json(&self, config: &RetentionConfig) -> ClassJson {
        ClassJson {
            class: self.class,
            days: self.class.days(config),
            reports: self.what.reports.len(),
            findings: self.what.findings.len(),
            messages: self.what.messages.len(),
            contacts: self.what.contacts.len(),
            details: self.what.details.len(),
            files: self.files.len(),
            arrivals: self.arrivals.len(),
            oldest: self.oldest.map(rfc3339),
            held: self.held,
            waiting: self.waiting,
        }
    }

    /// Keeps what is free to go; counts what is held.
    fn keep_free(&mut self, aged: Vec<Aged>, held: &HashSet<u32>) -> Vec<u32> {
        let (gone, kept): (Vec<Aged>, Vec<Aged>) = aged.into_iter().partition(|(id, _)| !held.contains(id));
        self.held += kept.len();
        self.oldest = gone.iter().map(|(_, at)| *at).chain(self.oldest).min();
        gone.into_iter().map(|(id, _)| id).collect()
    }
}

/// What is old enough now, class by class.
pub fn plan(reader: &Reader, config: &Config, now: i64) -> Result<Vec<ClassPlan>, StoreError> {
    let held = Held::now(reader)?;
    let mut planner = Planner { reader, config, now, held, reports_gone: touched(reader)? };
    Class::ALL.into_iter().map(|class| planner.class(class)).collect()
}

fn touched(reader: &Reader) -> Result<HashSet<u32>, StoreError> {
    Ok(reader.read(erase::erased_reports)?.into_iter().map(|report| report.0).collect())
}

struct Planner<'a> {
    reader: &'a Reader,
    config: &'a Config,
    now: i64,
    held: Held,
    /// Reports whose bytes are gone, or go with a class before.
    reports_gone: HashSet<u32>,
}

impl Planner<'_> {
    fn class(&mut self, class: Class) -> Result<ClassPlan, StoreError> {
        let mut plan = ClassPlan::new(class);
        let days = class.days(&self.config.retention);
        if days == 0 {
            return Ok(plan);
        }
        let before = self.now - i64::from(days) * DAY;
        let reader = self.reader;
        match class {
            Class::RawReports => {
                self.reports(&mut plan, before, |_| true)?;
                plan.files = files(reader.data(), &with_sources(reader.data(), &["done", "failed"]), before);
                plan.arrivals = SpoolDesk::open(reader.data())?.list(State::Aside)?;
                plan.arrivals.retain(|kept| kept.envelope.received_at < before);
            }
            Class::LeakedCredentials => self.credentials(&mut plan, before)?,
            Class::Findings => {
                let old = self.findings_last_seen(before)?;
                plan.what.findings = self.free_findings(&mut plan, old)?;
            }
            Class::Messages => {
                let old = reader.read(|connection| retention::messages(connection, before))?;
                plan.what.messages = plan.keep_free(old, &self.held.messages);
                plan.what.texts = self.answers(before)?;
            }
            Class::Register => {
                let old = reader.read(|connection| retention::contacts(connection, before))?;
                plan.what.contacts = plan.keep_free(old, &self.held.contacts);
            }
            Class::AccessLog | Class::AuditDetail => {
                let entries = if class == Class::AccessLog { Entries::Access } else { Entries::Changes };
                let old = reader.read(|connection| retention::details(connection, entries, before))?;
                plan.what.details = plan.keep_free(old, &self.held.entries);
            }
            Class::Copies => plan.files = copies(reader.data(), before),
        }
        Ok(plan)
    }

    /// What was answered before a time to what is not held.
    fn answers(&self, before: i64) -> Result<Vec<Text>, StoreError> {
        let old = self.reader.read(|connection| retention::answers(connection, before))?;
        if old.is_empty() {
            return Ok(Vec::new());
        }
        let told = self.reader.read(retention::messages_told)?;
        let held: HashSet<u32> = told
            .into_iter()
            .filter(|(id, ..)| self.held.messages.contains(id))
            .map(|(.., lead)| lead)
            .collect();
        Ok(old.into_iter().filter(|(_, lead)| !held.contains(lead)).map(|(text, _)| text).collect())
    }

    /// Reports received before a time, of those that `wanted` names.
    fn reports(
        &mut self,
        plan: &mut ClassPlan,
        before: i64,
        wanted: impl Fn(u32) -> bool,
    ) -> Result<(), StoreError> {
        let mut old = self.reader.read(|connection| retention::reports(connection, before))?;
        old.retain(|(report, _)| wanted(*report) && !self.reports_gone.contains(report));
        let waiting = self.waiting()?;
        let all = old.len();
        old.retain(|(report, _)| !waiting.contains(report));
        plan.waiting = all - old.len();
        plan.what.reports = plan.keep_free(old, &self.held.reports);
        self.reports_gone.extend(&plan.what.reports);
        Ok(())
    }

    /// Reports with assignments that still wait to be told, or are held: their rows are still to be read.
    fn waiting(&self) -> Result<HashSet<u32>, StoreError> {
        let blocks = |which| self.reader.read(|connection| chunks::blocks(connection, &which));
        let to_tell = blocks(Blocks::ToTell)?;
        let held = blocks(Blocks::WithFate(Fate::Held))?;
        let in_overviews = blocks(Blocks::WithFate(Fate::Digest))?;
        Ok(to_tell.iter().chain(&held).chain(&in_overviews).map(|block| block.report.0).collect())
    }

    fn findings_last_seen(&self, before: i64) -> Result<Vec<Aged>, StoreError> {
        let sightings = self.reader.read(sightings::all)?;
        let mut old = self.reader.read(retention::findings)?;
        for (finding, seen) in &mut old {
            let last = sightings.get(*finding as usize).map_or(0, |sighting| i64::from(sighting.last_seen.0));
            *seen = last.max(*seen);
        }
        old.retain(|(_, seen)| *seen < before);
        Ok(old)
    }

    /// Those that no report shows any more, and that are not held. A finding is only erased when nothing that is left can be read as it.
    fn free_findings(&self, plan: &mut ClassPlan, old: Vec<Aged>) -> Result<Vec<u32>, StoreError> {
        let wanted: HashSet<u32> = old.iter().map(|(finding, _)| *finding).collect();
        let mut shown = HashSet::new();
        if !wanted.is_empty() {
            for_each_shown(self.reader, |report, finding| {
                if !self.reports_gone.contains(&report.0) && wanted.contains(&finding.0) {
                    shown.insert(finding.0);
                }
            })?;
        }
        let free = old.into_iter().filter(|(finding, _)| !shown.contains(finding)).collect();
        Ok(plan.keep_free(free, &self.held.findings))
    }

    fn credentials(&mut self, plan: &mut ClassPlan, before: i64) -> Result<(), StoreError> {
        let kinds = self.reader.read(findings::kinds)?;
        let leaks: Vec<u32> = (0..)
            .zip(&kinds)
            .filter(|(_, kind)| kind.classification == ClassificationType::DataLeak)
            .map(|(number, _)| number)
            .collect();
        let credentials: HashSet<u32> = self
            .reader
            .read(|connection| retention::findings_of_kinds(connection, &leaks))?
            .into_iter()
            .map(|finding| finding.0)
            .collect();
        if credentials.is_empty() {
            return Ok(());
        }
        let mut shown_in = HashSet::new();
        for_each_shown(self.reader, |report, finding| {
            if credentials.contains(&finding.0) {
                shown_in.insert(report.0);
            }
        })?;
        self.reports(plan, before, |report| shown_in.contains(&report))?;
        let mut old = self.findings_last_seen(before)?;
        old.retain(|(finding, _)| credentials.contains(finding));
        plan.what.findings = self.free_findings(plan, old)?;
        Ok(())
    }
}

/// Calls `visit` with every report and finding of every event there is: a scan of the fate blobs.
pub fn for_each_shown(reader: &Reader, mut visit: impl FnMut(ReportId, FindingId)) -> Result<(), StoreError> {
    reader.read(|connection| {
        chunks::for_each_fates(connection, 0, |of, blob| {
            for fate in fate_blob::read(blob) {
                if let Ok(RowFate::Event(finding)) = fate {
                    visit(of.report, finding);
                }
            }
            ControlFlow::Continue(())
        })
    })
}

/// These folders and the folders of sources in them.
fn with_sources(data: &DataDir, folders: &[&str]) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for folder in folders.iter().map(PathBuf::from) {
        let entries = fs::read_dir(data.root().join(&folder)).ok().into_iter().flatten().flatten();
        let sources = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        all.extend(sources.map(|source| folder.join(source.file_name())));
        all.push(folder);
    }
    all
}

/// Files of these folders that have been there since before a time: a file counts from when it was last written or moved.
fn files(data: &DataDir, folders: &[PathBuf], before: i64) -> Vec<PathBuf> {
    let entries = folders.iter().filter_map(|folder| fs::read_dir(data.root().join(folder)).ok()).flatten();
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let metadata = entry.metadata().ok()?;
            let at = metadata.mtime().max(metadata.ctime());
            (metadata.is_file() && at < before).then(|| entry.path())
        })
        .collect();
    files.sort();
    files
}

fn copies(data: &DataDir, before: i64) -> Vec<PathBuf> {
    files(data, &[PathBuf::new()], before)
        .into_iter()
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("before-migration-") && name.ends_with(".sqlite")
        })
        .collect()
}

/// Does what a plan says. Gives the audit entries by class.
pub fn run(
    store: &mut Store,
    config: &Config,
    actor: &Actor,
    now: i64,
    plans: &[ClassPlan],
) -> anyhow::Result<BTreeMap<&'static str, u64>> {
    let mut entries = BTreeMap::new();
    for plan in plans.iter().filter(|plan| !plan.is_empty()) {
        let json = plan.json(&config.retention);
        let detail = serde_json::to_string(&json)?;
        let subject = format!("retention:{}", plan.class.as_str());
        let reason = format!("kept for {} days", json.days);
        remove_mails(store, config, &plan.what.messages)?;
        for file in &plan.files {
            remove(file)?;
        }
        let spool = SpoolDesk::open(store.data())?;
        for kept in &plan.arrivals {
            spool.remove(kept)?;
        }
        let entry = Entry {
            at: now,
            actor: actor.name(),
            action: Action::RetentionRun,
            subject: &subject,
            reason: &reason,
            detail: &detail,
        };
        if let Some(entry) = store.erase(&entry, &plan.what)? {
            entries.insert(plan.class.as_str(), entry);
        }
    }
    store.set_retention_ran(now)?;
    Ok(entries)
}

/// What `schakel serve` does once a day: erases what is old.
pub fn daily(intake: &mut Intake, config: &Config, now: i64) -> anyhow::Result<BTreeMap<&'static str, u64>> {
    let ran_at = intake.store().read(retention::ran_at)?;
    if ran_at.is_some_and(|ran_at| now - ran_at < DAY) {
        return Ok(BTreeMap::new());
    }
    if let Some(days) = ran_at.map(|ran_at| (now - ran_at) / DAY).filter(|days| *days > GAP_DAYS_MAX) {
        anyhow::bail!(
            "nothing was erased: the last time was {days} days ago. If the clock is right, run `schakel retention run`"
        );
    }
    intake.settle()?;
    let plans = plan(&intake.store().reader()?, config, now)?;
    let erased = run(intake.store(), config, &Actor::part("retention"), now, &plans)?;
    intake.store().forget_old_parcels(now)?;
    if plans.iter().any(|plan| !plan.what.findings.is_empty()) {
        intake.rebuild_table()?;
    }
    Ok(erased)
}

/// Mails that went to a folder go with their messages.
pub fn remove_mails(store: &Store, config: &Config, messages: &[u32]) -> anyhow::Result<()> {
    for message in messages {
        let stored =
            store.read(|connection| schakel_store::outbox::message(connection, i64::from(*message)))?;
        let Some(stored) = stored else { continue };
        let name = format!("{}.eml", stored.message_id.trim_matches(['<', '>']));
        remove(&config.mail.folder.path.join(name))?;
    }
    Ok(())
}

/// Overwrites a file and removes it. One that is not there is no error.
fn remove(path: &PathBuf) -> anyhow::Result<()> {
    use anyhow::Context;
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let removing = || format!("cannot remove {}", path.display());
    let mut file = fs::OpenOptions::new().write(true).open(path).with_context(removing)?;
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), metadata.len()), &mut file)
        .with_context(removing)?;
    file.sync_data().with_context(removing)?;
    fs::remove_file(path).with_context(removing)
}
