//! What waits for a person: seen with what accepting it would do, accepted, or rejected.

use anyhow::{bail, ensure};
use schakel_model::{
    arrival::Receipt,
    clock::Clock,
    source::{Source, Trust, is_code},
};
use schakel_render::templates::Templates;
use schakel_rules::vetting::Verdict;
use schakel_store::{
    Reader,
    act::Act,
    arrivals::{self, Outcome},
    audit::{self, Action, Entry},
    data_dir::DataDir,
    sources,
    spool::{Kept, SpoolDesk, State},
};

use crate::{
    arrivals::{ArrivalDesk, Became, Looked, Sender, content, look, origin},
    config::Config,
    incoming::Incoming,
    intake::Intake,
    notifiers::{self, News},
    preview::{self, Knows, Most, Preview},
    reading::Reading,
    refused::Refused,
    requests::{AtWork, NotDone},
};

/// What is in something that waits, who sent it, and what accepting it would do by as much of it as `most` says, unless
/// whoever knows has no time. Nothing is done, and who takes reports in need not stop for it.
pub fn preview(
    reader: &Reader,
    config: &Config,
    kept: &Kept,
    knows: &mut dyn Knows,
    now: i64,
    most: Most,
) -> anyhow::Result<(Looked, Result<Preview, NotDone>)> {
    let reading = config.reading()?;
    let mut incoming = content(&SpoolDesk::open(reader.data())?, kept)?;
    let looked = look(reader, &kept.envelope, &mut incoming, &reading, config)?;
    incoming.origin = origin(kept, &looked.sender);
    match preview::preview(incoming, &reading, reader, knows, now, most) {
        Ok(preview) => Ok((looked, Ok(preview))),
        Err(error) => Ok((looked, Err(error.downcast::<NotDone>()?))),
    }
}

/// What waits under this number.
pub fn held(reader: &Reader, spool: &SpoolDesk, receipt: Receipt) -> anyhow::Result<Kept> {
    match spool.get(receipt)? {
        Some(kept) if kept.state == State::Held => Ok(kept),
        Some(kept) if kept.state == State::Waiting => {
            bail!(Refused::JustCame { receipt: receipt.to_string() })
        }
        Some(_) => bail!(Refused::PutAside { receipt: receipt.to_string() }),
        None => match reader.read(|connection| arrivals::get(connection, receipt))? {
            Some(_) => bail!(Refused::WaitsNoMore { receipt: receipt.to_string() }),
            None => bail!(Refused::NothingWaits { receipt: receipt.to_string() }),
        },
    }
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
        held(self.reader, self.spool, receipt)
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
