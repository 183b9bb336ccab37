//! What waits for a person: seen with what accepting it would do, accepted, or rejected.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use schakel_model::{
    arrival::Receipt,
    clock::Clock,
    event::Event,
    fate::{Fate, Sums},
    ids::{OrganisationId, ReportId},
    source::{Source, Trust, is_code},
    tlp::Tlp,
};
use schakel_render::templates::Templates;
use schakel_rules::{recipients::recipients, vetting::Verdict};
use schakel_store::{
    Reader,
    act::Act,
    arrivals::{self, Outcome},
    audit::{self, Action, Entry},
    chunks::{self, Blocks},
    data_dir::DataDir,
    reports, sources,
    spool::{Kept, SpoolDesk, State},
};

use crate::{
    arrivals::{ArrivalDesk, Became, Looked, Sender, is_store_trouble, origin},
    config::Config,
    incoming::Incoming,
    intake::Intake,
    notifiers::{self, News},
    parse_files::{RejectLine, RowSink, parse_incoming},
    reading::Reading,
    refused::Refused,
    requests::AtWork,
};

/// Events and rejects of a preview that are shown: enough to see what it is.
pub const SHOWN_MAX: usize = 10;

/// What accepting something would do.
#[derive(Debug, Default)]
pub struct Preview {
    /// The sums of the report it would be.
    pub sums: Sums,
    /// Findings that would be new.
    pub new_findings: u64,
    /// Findings that would be seen again.
    pub findings_seen: u64,
    /// These bytes came in before.
    pub known: bool,
    /// Whom its findings concern, with how many assignments of each fate.
    pub concerned: Vec<Concerned>,
    /// The first events.
    pub events: Vec<Event>,
    /// The first rows that could not be read.
    pub rejects: Vec<RejectLine>,
    /// What could not be read, in sentences.
    pub failures: Vec<String>,
}

/// An organisation that a report concerns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Concerned {
    /// Its code in the register.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Assignments that would be told.
    pub told: u64,
    /// Other new assignments: nobody may be told, or they would be held.
    pub not_told: u64,
    /// The mail addresses that would be written to.
    pub recipients: Vec<String>,
}

/// Everything that deciding needs, opened on a data directory.
pub struct Vetting {
    intake: Intake,
    reader: Reader,
    spool: SpoolDesk,
    reading: Reading,
    config: Config,
    templates: Templates,
    clock: Clock,
}

impl Vetting {
    /// Opens the store, which must be free or lent.
    pub fn open(data: &DataDir, config: &Config, clock: Clock) -> anyhow::Result<Self> {
        let mut intake = Intake::open(data, clock)?;
        let reader = intake.store().reader()?;
        Ok(Self {
            templates: crate::templates::in_force(&reader)?,
            intake,
            reader,
            spool: SpoolDesk::open(data)?,
            reading: config.reading()?,
            config: config.clone(),
            clock,
        })
    }

    /// What people decide with it.
    pub fn desk(&mut self) -> VettingDesk<'_> {
        VettingDesk {
            intake: &mut self.intake,
            reader: &self.reader,
            spool: &self.spool,
            reading: &self.reading,
            config: &self.config,
            templates: &self.templates,
            clock: self.clock,
        }
    }

    /// Applies what is still to be applied.
    pub fn close(self) -> anyhow::Result<()> {
        self.intake.close().map(|_| ())
    }
}

/// What people decide about what waits, with a store that is open: a command's own, or that of the service.
pub struct VettingDesk<'a> {
    /// The one writer.
    pub intake: &'a mut Intake,
    /// Reads what is committed.
    pub reader: &'a Reader,
    /// What waits.
    pub spool: &'a SpoolDesk,
    /// How reports are read.
    pub reading: &'a Reading,
    /// The configuration.
    pub config: &'a Config,
    /// The texts in force.
    pub templates: &'a Templates,
    /// The clock.
    pub clock: Clock,
}

impl<'a> From<&'a mut AtWork<'_>> for VettingDesk<'a> {
    fn from(at_work: &'a mut AtWork<'_>) -> Self {
        let AtWork { intake, reader, spool, reading, config, templates, clock } = at_work;
        Self { intake, reader, spool, reading, config, templates, clock: *clock }
    }
}

impl VettingDesk<'_> {
    /// What waits under this number.
    pub fn held(&self, receipt: Receipt) -> anyhow::Result<Kept> {
        match self.spool.get(receipt)? {
            Some(kept) if kept.state == State::Held => Ok(kept),
            Some(kept) if kept.state == State::Waiting => {
                bail!(Refused::JustCame { receipt: receipt.to_string() })
            }
            Some(_) => bail!(Refused::PutAside { receipt: receipt.to_string() }),
            None => match self.reader.read(|connection| arrivals::get(connection, receipt))? {
                Some(_) => bail!(Refused::WaitsNoMore { receipt: receipt.to_string() }),
                None => bail!(Refused::NothingWaits { receipt: receipt.to_string() }),
            },
        }
    }

    fn arrivals(&mut self) -> ArrivalDesk<'_> {
        ArrivalDesk {
            intake: &mut *self.intake,
            reader: self.reader,
            spool: self.spool,
            reading: self.reading,
            config: self.config,
            now: self.clock.now_seconds(),
        }
    }

    /// Who sent it and what is in it.
    pub fn look(&mut self, kept: &Kept) -> anyhow::Result<(Looked, Incoming)> {
        self.arrivals().look(kept)
    }

    /// What accepting would do: everything is done, looked at, and undone.
    pub fn preview(&mut self, kept: &Kept) -> anyhow::Result<(Looked, Preview)> {
        let (looked, mut incoming) = self.look(kept)?;
        let (reading, now) = (self.reading, self.clock.now_seconds());
        let mut preview = Preview::default();
        let mut first = First(&mut preview);
        // What cannot be read at all is said by what follows.
        let _ = parse_incoming(&mut incoming, &kept.envelope.name, reading, now, &mut first);
        incoming.origin = origin(kept, &looked.sender);
        self.intake.rehearse(|intake| {
            match intake.take(incoming, reading, &|_| ()) {
                Ok(ingested) => {
                    preview.known = ingested.report_known;
                    if !ingested.report_known {
                        preview.concerned = concerned(intake, ingested.report, now)?;
                    }
                    preview.sums = ingested.progress.sums;
                    preview.new_findings = ingested.progress.new_findings;
                    preview.findings_seen = ingested.findings_seen;
                    preview.failures = ingested.failures;
                }
                Err(error) if is_store_trouble(&error) => return Err(error),
                Err(error) => preview.failures.push(format!("{error:#}")),
            }
            Ok(())
        })?;
        Ok((looked, preview))
    }

    /// Deals with something that has just come in, as the service would.
    pub fn handle(&mut self, kept: &Kept) -> anyhow::Result<Became> {
        let (became, _) = self.arrivals().handle(kept, &|_| ())?;
        self.intake.settle()?;
        Ok(became)
    }

    /// Takes in what waits. `source`: who the desk says it is from, when the desk knows better.
    pub fn accept(
        &mut self,
        act: Act<'_>,
        kept: &Kept,
        source: Option<&Source>,
    ) -> anyhow::Result<(Became, Sender)> {
        let (looked, incoming) = self.look(kept)?;
        let mut sender = looked.sender;
        if let Some(source) = source {
            sender.source = Some(source.clone());
        }
        // The desk answers for it.
        sender.proven = sender.source.is_some();
        let became = self.arrivals().take(kept, incoming, &sender, act.actor, &|_| ())?;
        self.audit(act, Action::ArrivalAccepted, kept.receipt)?;
        self.intake.settle()?;
        if matches!(became, Became::Taken(_)) {
            self.tell(kept, &sender, News::Accepted)?;
        }
        Ok((became, sender))
    }

    /// Puts aside what waits.
    pub fn reject(&mut self, act: Act<'_>, kept: &Kept) -> anyhow::Result<Sender> {
        ensure!(!act.reason.trim().is_empty(), "say why with --reason: the notifier may ask");
        let sender = self.look(kept).map(|(looked, _)| looked.sender).unwrap_or_default();
        self.arrivals().put_aside(kept, &sender, Outcome::Refused, act.reason, act.actor)?;
        self.audit(act, Action::ArrivalRefused, kept.receipt)?;
        self.tell(kept, &sender, News::Rejected)?;
        Ok(sender)
    }

    fn tell(&mut self, kept: &Kept, sender: &Sender, news: News) -> anyhow::Result<bool> {
        let store = self.intake.store();
        notifiers::tell(store, self.config, self.templates, kept, sender, news, self.clock.now())
    }

    /// Lets everything this sender sends be taken in from now on: it becomes a source, or its source is trusted. Only a sender who is
    /// certain can be. Gives the source.
    pub fn trust(&mut self, act: Act<'_>, kept: &Kept, code: Option<&str>) -> anyhow::Result<Source> {
        let (looked, _) = self.look(kept)?;
        let sender = looked.sender;
        let mut source = match (sender.source, sender.proven) {
            (Some(source), true) => source,
            (None, true) => {
                let domain = sender.address.rsplit_once('@').map_or("", |(_, domain)| domain).to_lowercase();
                let code = code.unwrap_or(&domain);
                ensure!(
                    is_code(code),
                    "`{code}` is no code of a source: use --source with lower-case letters, digits, - and ."
                );
                ensure!(
                    self.reader.read(|connection| sources::by_code(connection, code))?.is_none(),
                    "a source {code} is there already, and {} is not among its senders: `schakel source change {code} --add-sender {0}` adds it",
                    sender.address
                );
                Source {
                    name: sender.address.clone(),
                    contact: sender.address.clone(),
                    senders: vec![sender.address],
                    ..Source::new(code)
                }
            }
            (_, false) => bail!(
                "nothing proves who sent {}, so nothing can be promised to them. Accept this one by itself with `schakel vetting accept {0}`",
                kept.receipt
            ),
        };
        source.trust = Trust::Automatic;
        let detail = format!(r#"{{"trust":"automatic","because":"{}"}}"#, kept.receipt);
        source.id = self.intake.store().put_source(act, &source, &detail)?;
        Ok(source)
    }

    /// Everything of this source that waits for no other reason than that it was not trusted.
    pub fn of_source(&mut self, source: &Source) -> anyhow::Result<Vec<Kept>> {
        let mut found = Vec::new();
        for kept in self.spool.list(State::Held)? {
            let (looked, _) = self.look(&kept)?;
            let is_theirs =
                looked.sender.proven && looked.sender.source.is_some_and(|one| one.id == source.id);
            if is_theirs && looked.verdict == Verdict::Take {
                found.push(kept);
            }
        }
        Ok(found)
    }

    fn audit(&mut self, act: Act<'_>, action: Action, receipt: Receipt) -> anyhow::Result<()> {
        let subject = format!("arrival:{receipt}");
        let Act { at, actor, reason } = act;
        let entry = Entry { at, actor, action, subject: &subject, reason, detail: "" };
        Ok(self.intake.store().write(|transaction| audit::append(transaction, &entry)).map(|_| ())?)
    }
}

/// Whom a report concerns, by organisation; the rehearsal sees what nobody else does.
fn concerned(intake: &mut Intake, report: ReportId, now: i64) -> anyhow::Result<Vec<Concerned>> {
    let view = intake.view();
    let store = intake.store();
    let blocks = store.read(|connection| chunks::blocks(connection, &Blocks::OfReport(report)))?;
    let members = store.read(|connection| reports::members(connection, report))?;
    let tlp = members.iter().map(|member| member.terms.tlp).max().unwrap_or(Tlp::Red);
    let mut by_organisation: BTreeMap<OrganisationId, Concerned> = BTreeMap::new();
    for block in &blocks {
        let Some(assignee) = block.assignee else { continue };
        let concerned = by_organisation.entry(assignee.organisation).or_insert_with(|| {
            let organisation = view.register.organisation(assignee.organisation);
            let name = organisation.map_or_else(String::new, |one| one.name.clone());
            let code = organisation.map_or_else(String::new, |one| one.code.clone());
            Concerned { code, name, told: 0, not_told: 0, recipients: Vec::new() }
        });
        if block.fate == Fate::Queued {
            concerned.told += block.count;
        } else {
            concerned.not_told += block.count;
        }
    }
    for (organisation, concerned) in by_organisation.iter_mut().filter(|(_, one)| one.told > 0) {
        let place = view.successors.at(*organisation, now);
        if let Ok(chosen) = recipients(view.contacts(place, now), tlp) {
            let contacts = chosen.by_language.iter().flat_map(|group| &group.contacts);
            concerned.recipients = contacts.map(|contact| contact.email.clone()).collect();
        }
    }
    Ok(by_organisation.into_values().collect())
}

/// Keeps the first events and rejects.
struct First<'p>(&'p mut Preview);

impl RowSink for First<'_> {
    fn event(&mut self, event: &Event) -> anyhow::Result<()> {
        if self.0.events.len() < SHOWN_MAX {
            self.0.events.push(event.clone());
        }
        Ok(())
    }

    fn reject(&mut self, reject: &RejectLine) -> anyhow::Result<()> {
        if self.0.rejects.len() < SHOWN_MAX {
            self.0.rejects.push(reject.clone());
        }
        Ok(())
    }
}
