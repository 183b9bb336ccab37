//! What reached a door: who sent it, whether it may be taken in without a person looking, and what becomes of it.

use std::io::Read;

use anyhow::Context;
use jiff::Timestamp;
use schakel_formats::mail::{
    MailDocument,
    authentication::authentication,
    kind::{MailKind, OurMarks, kind},
    written::written,
};
use schakel_model::{
    arrival::{Door, Envelope},
    ids::SourceId,
    source::Source,
};
use schakel_rules::{
    safety_net::asks_to_stop,
    vetting::{Facts, Reason, Verdict, decide},
};
use schakel_store::{
    Reader, StoreError,
    arrivals::{self, Arrival, Outcome},
    sources,
    spool::{Content, Kept, SpoolDesk, State},
};

use crate::{
    answers::mail::{Heard, by_token, hear},
    bounces,
    config::Config,
    hub::{
        arrive::HubDesk,
        by_mail::{self, Brought},
        ours::Ours,
    },
    incoming::{Incoming, Origin},
    intake::{Ingested, Intake},
    pipeline::run::{Progress, RunError},
    reading::Reading,
    sealed::Seals,
    survey::survey,
    tell::message_id_host,
};

/// Who decides when no person does.
const ACTOR: &str = "schakel";

/// Of a mail this much is looked at to see who sent it and what sort it is: the fields, and the texts that say so.
const MAIL_LOOK_BYTES: u64 = 8 << 20;

/// The time over which the reports of a source are counted, in seconds.
const HOUR: i64 = 3_600;

/// Who sent something, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    /// The source it is, or says it is.
    pub source: Option<Source>,
    /// Is that certain?
    pub proven: bool,
    /// Of a mail: the address of the one who wrote it.
    pub address: String,
    /// Of a mail: does the domain of that address stand for it (DMARC)? Only then is a receipt sent.
    pub aligned: bool,
    /// Of a mail: its subject.
    pub title: String,
    /// Of a mail: was it encrypted? Then nothing that its sender hears may depend on what was in it.
    pub encrypted: bool,
}

impl Sender {
    /// The number of the source, when it is certain.
    pub fn id(&self) -> SourceId {
        self.source.as_ref().filter(|_| self.proven).map_or(SourceId(0), |source| source.id)
    }
}

/// What an arrival is, looked at before anything of it is recorded.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Who sent it.
    pub sender: Sender,
    /// What sort of mail it is; `None` when it is no mail or came by no mail door.
    pub mail: Option<MailKind>,
    /// How it was sealed; `None` when it was not.
    pub seals: Option<Seals>,
    /// The formats it holds, by name.
    pub formats: Vec<String>,
    /// What is to become of it.
    pub verdict: Verdict,
}

/// What became of an arrival.
#[derive(Debug)]
pub enum Became {
    /// A report.
    Taken(Box<Ingested>),
    /// It waits for a person, for this reason.
    Held(String),
    /// It was put aside, for this reason.
    Aside(Outcome, String),
}

/// Looks at something that came with this envelope.
pub fn look(
    reader: &Reader,
    envelope: &Envelope,
    incoming: &mut Incoming,
    reading: &Reading,
    config: &Config,
) -> anyhow::Result<Looked> {
    let at = Timestamp::from_second(envelope.received_at)?;
    let seals = reading.unseal(incoming, at)?;
    let (sender, mail) = sender(reader, envelope, incoming, seals.as_ref(), config)?;
    let name = incoming.name.clone();
    let found = survey(&name, incoming.content()?, reading).with_context(|| format!("cannot read {name}"))?;
    let formats: Vec<String> = found.formats.into_iter().collect();
    let names: Vec<&str> = formats.iter().map(String::as_str).collect();
    let last_hour = match &sender.source {
        Some(source) => {
            let since = envelope.received_at - HOUR;
            reader.read(|connection| arrivals::count_since(connection, source.id, since))?
        }
        None => 0,
    };
    let verdict = decide(&Facts {
        door: envelope.door,
        source: sender.source.as_ref(),
        proven: sender.proven,
        formats: &names,
        extracted: found.extracted,
        size: incoming.size(),
        last_hour,
    });
    Ok(Looked { sender, mail, seals, formats, verdict })
}

fn sender(
    reader: &Reader,
    envelope: &Envelope,
    incoming: &mut Incoming,
    seals: Option<&Seals>,
    config: &Config,
) -> anyhow::Result<(Sender, Option<MailKind>)> {
    if !envelope.source.is_empty() {
        let source = reader.read(|connection| sources::by_code(connection, &envelope.source))?;
        // A source that was taken away since is nobody.
        let sender = Sender { proven: source.is_some(), source, ..Sender::default() };
        let mail = match envelope.door.is_mail() {
            true => Some(mail_kind(&read_mail(incoming)?, config, &reader.secret())?),
            false => None,
        };
        return Ok((sender, mail));
    }
    if !envelope.door.is_mail() {
        return Ok((Sender::default(), None));
    }
    let mail = read_mail(incoming)?;
    let kind = mail_kind(&mail, config, &reader.secret())?;
    let Some(from) = mail.from.first().filter(|_| mail.from.len() == 1) else {
        // Nobody, or several at once: nobody stands for it.
        return Ok((Sender::default(), Some(kind)));
    };
    let results = authentication(&mail, &config.doors.mail.trusted);
    let aligned =
        results.aligned_domain.as_deref().is_some_and(|domain| domain.eq_ignore_ascii_case(from.domain()));
    let known = reader.read(sources::list)?;
    let source = known.into_iter().find(|source| source.writes_from(&from.address));
    let signed = seals.is_some_and(|seals| seals.vouch_for(&from.address));
    let sender = Sender {
        source,
        proven: aligned || signed,
        address: from.address.clone(),
        aligned,
        title: mail.subject.clone(),
        encrypted: seals.is_some_and(|seals| seals.encrypted.is_some()),
    };
    Ok((sender, Some(kind)))
}

fn read_mail(incoming: &mut Incoming) -> anyhow::Result<MailDocument> {
    let mut head = Vec::new();
    incoming.content()?.take(MAIL_LOOK_BYTES).read_to_end(&mut head)?;
    Ok(MailDocument::read(&head))
}

fn mail_kind(mail: &MailDocument, config: &Config, secret: &[u8; 32]) -> anyhow::Result<MailKind> {
    let host = message_id_host(config)?;
    let marks = OurMarks {
        message_id_hosts: vec![host.to_string()],
        addresses: [&config.mail.from, &config.mail.reply_to]
            .into_iter()
            .filter(|address| !address.is_empty())
            .map(|address| bare(address).to_owned())
            .collect(),
    };
    Ok(by_token(kind(mail, &marks), mail, secret))
}

/// `a@b.example` out of `Name <a@b.example>`.
fn bare(mailbox: &str) -> &str {
    mailbox.rsplit_once('<').map_or(mailbox, |(_, address)| address.trim_end_matches('>')).trim()
}

/// Why a mail is no report; `None` when it may be one.
fn no_report(kind: MailKind) -> Option<&'static str> {
    match kind {
        MailKind::Report
        | MailKind::AnswerWithReport(_)
        | MailKind::Answer(_)
        | MailKind::Bounce(_)
        | MailKind::Complaint(_) => None,
        MailKind::AutoReply(_) => Some("an automatic reply"),
        MailKind::Ourselves => Some("a mail of our own"),
        MailKind::Loop => Some("a mail that goes in circles"),
    }
}

/// Where something kept comes from, as a report.
pub fn origin(kept: &Kept, sender: &Sender) -> Origin {
    Origin {
        source: sender.id(),
        receipt: Some(kept.receipt),
        received_at: Some(kept.envelope.received_at),
        tlp: sender.source.as_ref().and_then(|source| source.tlp),
        untold: sender.source.as_ref().is_some_and(|source| !source.may_notify),
        again: false,
        campaign: None,
    }
}

/// The bytes of something kept.
pub fn content(spool: &SpoolDesk, kept: &Kept) -> anyhow::Result<Incoming> {
    let incoming = match spool.content(kept)? {
        Content::Bytes(bytes) => Incoming::memory(&kept.envelope.name, bytes),
        Content::File(path) => Incoming::file(&path)?,
    };
    Ok(incoming.from(&kept.envelope.name, Origin::default()))
}

/// Where arrivals are dealt with.
pub struct ArrivalDesk<'a> {
    /// Takes reports in.
    pub intake: &'a mut Intake,
    /// Looks things up.
    pub reader: &'a Reader,
    /// What has arrived.
    pub spool: &'a SpoolDesk,
    /// How reports are read.
    pub reading: &'a Reading,
    /// The configuration.
    pub config: &'a Config,
    /// Now, in seconds since 1970.
    pub now: i64,
}

impl ArrivalDesk<'_> {
    /// Looks at something in the spool.
    pub fn look(&self, kept: &Kept) -> anyhow::Result<(Looked, Incoming)> {
        let mut incoming = content(self.spool, kept)?;
        let looked = look(self.reader, &kept.envelope, &mut incoming, self.reading, self.config)?;
        Ok((looked, incoming))
    }

    /// Decides what becomes of something that waits in the spool, and does it. `progress` is called while a large one is read.
    pub fn handle(
        &mut self,
        kept: &Kept,
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> anyhow::Result<(Became, Sender)> {
        if kept.envelope.door == Door::Hub {
            return Ok((self.hub_brought(kept, progress)?, Sender::default()));
        }
        let (looked, mut incoming) = self.look(kept)?;
        let sender = looked.sender;
        if kept.envelope.door.is_mail()
            && let Some(brought) = by_mail::brought(self.reader, self.config, kept, &mut incoming)?
        {
            let became = match brought {
                Brought::Lines(kept, lines) => self.hub_said(&kept, &lines, progress)?,
                Brought::Refused(why) => self.put_aside(kept, &sender, Outcome::Refused, &why, ACTOR)?,
            };
            return Ok((became, sender));
        }
        let became = if let Some(reason) = looked.mail.and_then(no_report) {
            self.put_aside(kept, &sender, Outcome::NoReport, reason, ACTOR)?
        } else if looked.seals.as_ref().is_some_and(Seals::is_closed) {
            self.hold(kept, Reason::Sealed.to_string())?
        } else if let Some(became) = self.correspondence(kept, looked.mail, &sender, &mut incoming)? {
            became
        } else {
            match looked.verdict {
                Verdict::Take => self.take(kept, incoming, &sender, ACTOR, progress)?,
                Verdict::Hold(reason) => self.hold(kept, reason.to_string())?,
                Verdict::Refuse(reason) => {
                    self.put_aside(kept, &sender, Outcome::Refused, &reason.to_string(), ACTOR)?
                }
            }
        };
        Ok((became, sender))
    }

    /// Deals with what another hub brought.
    fn hub_brought(&mut self, kept: &Kept, progress: &(dyn Fn(&Progress) + Sync)) -> anyhow::Result<Became> {
        let mut bytes = Vec::new();
        content(self.spool, kept)?.content()?.read_to_end(&mut bytes)?;
        self.hub_said(kept, &bytes, progress)
    }

    fn hub_said(
        &mut self,
        kept: &Kept,
        bytes: &[u8],
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> anyhow::Result<Became> {
        let ours = Ours::require(self.config)?;
        let mut desk = HubDesk {
            intake: self.intake,
            reader: self.reader,
            spool: self.spool,
            reading: self.reading,
            ours: &ours,
            now: self.now,
        };
        match desk.handle(kept, bytes, progress)? {
            Some(ingested) => Ok(Became::Taken(Box::new(ingested))),
            None => {
                let reason = "there is no link with this hub any more";
                self.put_aside(kept, &Sender::default(), Outcome::Refused, reason, ACTOR)
            }
        }
    }

    /// Deals with what belongs to a mail of ours: an answer, or the mail itself that came back. `None`: there is a report to take in.
    fn correspondence(
        &mut self,
        kept: &Kept,
        kind: Option<MailKind>,
        sender: &Sender,
        incoming: &mut Incoming,
    ) -> anyhow::Result<Option<Became>> {
        let words = match kind {
            Some(MailKind::Answer(ours) | MailKind::AnswerWithReport(ours)) => {
                let mail = read_mail(incoming)?;
                match hear(self.intake.store(), kept, &mail, ours, sender, self.now)? {
                    Heard::Recorded(_) if matches!(kind, Some(MailKind::AnswerWithReport(_))) => {
                        return Ok(None);
                    }
                    Heard::Recorded(said) => format!("an answer to our notification {}: {said}", ours.number),
                    Heard::Away => "an automatic reply".to_owned(),
                    Heard::NoFindings => {
                        // A person decides: a mail that says so may be forged.
                        let stop = match asks_to_stop(&mail.subject, &written(&mail.body())) {
                            true => "; it asks for no more mail: `schakel safety-net block` sees to that",
                            false => "",
                        };
                        let number = ours.number;
                        let reason =
                            format!("an answer to our notification {number}, which tells no findings{stop}");
                        return self.hold(kept, reason).map(Some);
                    }
                }
            }
            Some(MailKind::Bounce(_)) => {
                let mail = read_mail(incoming)?;
                bounces::came_back(self.intake, &mail, self.now)?
            }
            Some(MailKind::Complaint(ours)) => {
                let mail = read_mail(incoming)?;
                bounces::complaint(self.intake.store(), &mail, ours, self.now)?
            }
            _ => return Ok(None),
        };
        self.put_aside(kept, sender, Outcome::NoReport, &words, ACTOR).map(Some)
    }

    /// Takes something kept in as a report. What cannot be read waits for a person, who can set right how it is read.
    pub fn take(
        &mut self,
        kept: &Kept,
        mut incoming: Incoming,
        sender: &Sender,
        actor: &str,
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> anyhow::Result<Became> {
        if kept.envelope.door == Door::Hub {
            return self.hub_brought(kept, progress);
        }
        incoming.origin = origin(kept, sender);
        let ingested = match self.intake.take(incoming, self.reading, progress) {
            Ok(ingested) => ingested,
            Err(error) if is_store_trouble(&error) => return Err(error),
            Err(error) => {
                return self.hold(kept, format!("it cannot be read: {error:#}"));
            }
        };
        let outcome = if ingested.report_known { Outcome::Known } else { Outcome::Taken };
        let reason = ingested.failures.join("; ");
        let ended = self.ended(kept, sender, outcome, reason, actor);
        self.intake.store().end_arrival(&Arrival { report: Some(ingested.report), ..ended })?;
        self.spool.remove(kept)?;
        Ok(Became::Taken(Box::new(ingested)))
    }

    /// Puts something kept aside: its bytes stay for as long as those of reports.
    pub fn put_aside(
        &mut self,
        kept: &Kept,
        sender: &Sender,
        outcome: Outcome,
        reason: &str,
        actor: &str,
    ) -> anyhow::Result<Became> {
        let arrival = self.ended(kept, sender, outcome, reason.to_owned(), actor);
        self.intake.store().end_arrival(&arrival)?;
        self.spool.set_state(kept.receipt, State::Aside, reason)?;
        Ok(Became::Aside(outcome, arrival.reason))
    }

    fn hold(&self, kept: &Kept, reason: String) -> anyhow::Result<Became> {
        self.spool.set_state(kept.receipt, State::Held, &reason)?;
        Ok(Became::Held(reason))
    }

    fn ended(&self, kept: &Kept, sender: &Sender, outcome: Outcome, reason: String, actor: &str) -> Arrival {
        Arrival {
            receipt: kept.receipt,
            door: kept.envelope.door,
            source: sender.id(),
            received_at: kept.envelope.received_at,
            name: kept.envelope.name.clone(),
            sender: sender.address.clone(),
            size: kept.size,
            outcome,
            reason,
            report: None,
            ended_at: self.now,
            actor: actor.to_owned(),
        }
    }
}

/// Is the store itself in trouble, so that no other report will do better?
pub fn is_store_trouble(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.is::<StoreError>() || cause.is::<RunError>())
}
