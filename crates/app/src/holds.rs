//! Legal holds: what a hold on a report, a finding or an organisation reaches. Nothing of it is erased.

use std::{collections::HashSet, str::FromStr};

use anyhow::{Context, ensure};
use schakel_model::ids::{FindingId, ReportId};
use schakel_store::{
    Reader, StoreError, audit, findings, id_list, reports,
    retention::{self, holds},
};

use crate::retention::for_each_shown;

/// What a hold can be placed on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A report: its bytes, the findings it shows, and what was told of it.
    Report(ReportId),
    /// A finding, and all reports that show it.
    Finding(FindingId),
    /// An organisation by its code: its contacts, and all that concerns it.
    Organisation(String),
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` cannot be held: write report:17, F12 or organisation:GM0513");
        if let Some(code) = text.strip_prefix("organisation:") {
            return Ok(Self::Organisation(code.to_owned()));
        }
        if let Some(number) = text.strip_prefix("report:") {
            return number.parse().map(Self::Report).map_err(|_| wrong());
        }
        let number = text.strip_prefix("finding:").or_else(|| text.strip_prefix('F'));
        number.and_then(|number| number.parse().ok()).map(Self::Finding).ok_or_else(wrong)
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Report(report) => write!(f, "report:{report}"),
            Self::Finding(finding) => write!(f, "finding:{finding}"),
            Self::Organisation(code) => write!(f, "organisation:{code}"),
        }
    }
}

/// Refuses a subject that is not there, or is gone already.
pub fn check(reader: &Reader, subject: &Subject) -> anyhow::Result<()> {
    match subject {
        Subject::Report(report) => {
            let known = reader.read(|connection| reports::get(connection, *report))?;
            ensure!(known.is_some(), "there is no report {report}. `schakel reports` lists them");
        }
        Subject::Finding(finding) => {
            let known = reader.read(|connection| findings::get(connection, *finding))?;
            ensure!(known.is_some(), "there is no finding F{finding}. `schakel findings` lists them");
        }
        Subject::Organisation(code) => {
            reader
                .read(|connection| retention::organisation(connection, code))?
                .with_context(|| format!("there is no organisation {code}"))?;
        }
    }
    Ok(())
}

/// Everything that holds reach now, by number.
#[derive(Default)]
pub struct Held {
    /// Reports whose bytes stay.
    pub reports: HashSet<u32>,
    /// Findings.
    pub findings: HashSet<u32>,
    /// Messages.
    pub messages: HashSet<u32>,
    /// Contacts.
    pub contacts: HashSet<u32>,
    /// Audit entries that name a held subject.
    pub entries: HashSet<u32>,
}

impl Held {
    /// Follows every hold that was not released.
    pub fn now(reader: &Reader) -> Result<Self, StoreError> {
        let mut held = Self::default();
        let mut organisations = Vec::new();
        let mut named = Vec::new();
        for hold in reader.read(holds)?.into_iter().filter(|hold| hold.released_at.is_none()) {
            match hold.subject.parse() {
                Ok(Subject::Report(report)) => drop(held.reports.insert(report.0)),
                Ok(Subject::Finding(finding)) => drop(held.findings.insert(finding.0)),
                Ok(Subject::Organisation(code)) => {
                    organisations
                        .extend(reader.read(|connection| retention::organisation(connection, &code))?);
                }
                Err(what) => return Err(StoreError::Damaged { what }),
            }
            named.push(hold.subject);
        }
        if !named.is_empty() {
            held.follow(reader, &organisations)?;
            for subject in named {
                let filter = audit::Filter { subject: Some(subject), ..audit::Filter::default() };
                let entries = reader.read(|connection| audit::list(connection, &filter, usize::MAX >> 1))?;
                held.entries.extend(entries.iter().map(|entry| entry.id as u32));
            }
        }
        Ok(held)
    }

    fn follow(&mut self, reader: &Reader, organisations: &[u32]) -> Result<(), StoreError> {
        let held_reports = self.reports.clone();
        let mut told_by = HashSet::new();
        reader.read(|connection| {
            retention::for_each_block(connection, |organisation, report, notification, found| {
                let concerns = organisations.contains(&organisation);
                if concerns {
                    self.findings.extend(id_list::decode(found).map(|finding| finding.0));
                }
                if concerns || held_reports.contains(&report.0) {
                    told_by.extend(notification);
                }
            })
        })?;
        let findings = self.findings.clone();
        for_each_shown(reader, |report, finding| {
            if findings.contains(&finding.0) {
                self.reports.insert(report.0);
            }
            if held_reports.contains(&report.0) {
                self.findings.insert(finding.0);
            }
        })?;
        for (message, organisation, lead) in reader.read(retention::messages_told)? {
            if organisations.contains(&organisation) || told_by.contains(&lead) {
                self.messages.insert(message);
            }
        }
        self.contacts = reader
            .read(|connection| retention::contacts_of(connection, organisations))?
            .into_iter()
            .collect();
        Ok(())
    }
}
