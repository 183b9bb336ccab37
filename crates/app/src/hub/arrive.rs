//! What a hub brought has its effect: parcels become rows of reports of its link's source, everything else is heard, and every parcel gets a
//! receipt.
//!
//! Parcels have their effect once. They are tied to their report in the transaction that begins it; what is brought again is a duplicate, and
//! what was broken off goes on with the very report that was begun. Receipts are made when all of it is done; after a crash before that they
//! are made again, and say the same.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry};

use schakel_formats::hub::{
    jcs,
    message::Kind,
    parcel::{Content, Parcel},
    receipt::Receipt,
};
use schakel_model::{
    hub::{FindingKeyOnLink, HubName, Link, ParcelId, Purpose, ReceiptOutcome, Rejection},
    ids::{ReportId, SourceId},
    tlp::Tlp,
};
use schakel_parse::{feeds::Feed, idf::to_json};
use schakel_rules::{
    handover::carries,
    hub::{Facts, accept},
    whose::Owner,
};
use schakel_store::{
    Reader,
    arrivals::{Arrival, Outcome},
    chunks,
    fate_blob::{self, RowFate},
    hub_messages, hub_proofs, hubs,
    parcels_in::{self, NewParcelIn, ParcelIn},
    reports::{self, ReportState},
    sources,
    spool::{Kept, SpoolDesk},
    transaction::Transaction,
};

use super::{
    documents, heard,
    lines::{self, Between, Line},
    ours::{Ours, new_id_text},
    sealing::{Arrived, Opener},
};
use crate::{
    handover::whose,
    incoming::{Incoming, Origin, Tied},
    intake::{Ingested, Intake},
    pipeline::run::Progress,
    reading::Reading,
};

/// The time over which parcels of a link are counted, in seconds.
const HOUR: i64 = 3_600;

/// Where what hubs brought is dealt with.
pub struct HubDesk<'a> {
    /// Takes reports in.
    pub intake: &'a mut Intake,
    /// Looks things up.
    pub reader: &'a Reader,
    /// What was brought.
    pub spool: &'a SpoolDesk,
    /// How reports are read.
    pub reading: &'a Reading,
    /// Who we are.
    pub ours: &'a Ours,
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// The terms of a report that parcels become: the marking, may those concerned be told, may it be looked up.
type Terms = (Tlp, bool, bool);

impl HubDesk<'_> {
    /// Deals with what a hub brought. `None`: there is no link with it any more.
    pub fn handle(
        &mut self,
        kept: &Kept,
        bytes: &[u8],
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> anyhow::Result<Option<Ingested>> {
        let peer: Option<HubName> =
            kept.envelope.source.strip_prefix("hub.").and_then(|name| name.parse().ok());
        let link = match peer {
            Some(peer) => self.reader.read(|connection| hubs::by_peer(connection, &peer))?,
            None => None,
        };
        let Some(link) = link else { return Ok(None) };
        let keys = self.reader.read(|connection| hubs::keys(connection, link.id))?;
        let received_at = kept.envelope.received_at;
        let between = Between { peer: &link.peer, keys: &keys, ours: &self.ours.name, received_at };
        let mut parcels = Vec::new();
        let mut receipts: Vec<(ParcelId, ReceiptOutcome)> = Vec::new();
        let mut messages = Vec::new();
        let (mut failures, mut proof) = (Vec::new(), Vec::new());
        for line in lines::read(bytes, between) {
            match line {
                Line::Parcel(parcel, made_at, line) => {
                    parcels.push((*parcel, made_at));
                    proof.push(line);
                }
                Line::Other(message, line) => {
                    if matches!(message.envelope.kind, Kind::Status | Kind::StatusCount | Kind::Claims) {
                        proof.push(line.clone());
                    }
                    messages.push((message, line));
                }
                Line::NoParcel(parcel, why) => {
                    receipts.push((parcel, ReceiptOutcome::Rejected(Rejection::Schema)));
                    failures.push(format!("parcel {parcel}: {why}"));
                }
                Line::Nothing(why) => failures.push(format!("a line that is no message: {why}")),
            }
        }
        let opener = match parcels.iter().any(|(parcel, _)| matches!(parcel.content, Content::Sealed(_))) {
            true => Opener::of(self.ours, received_at)?,
            false => Opener::default(),
        };
        let begun = self.reader.read(|connection| parcels_in::of_arrival(connection, kept.receipt))?;
        let mut ingested = Ingested::default();
        self.go_on(kept, (&parcels, &opener), &begun, progress, &mut ingested)?;
        let made: HashMap<ParcelId, i64> =
            parcels.iter().map(|(parcel, made_at)| (parcel.id, *made_at)).collect();
        let (accepted, others) = self.decide(&link, (parcels, &opener), &begun, received_at)?;
        receipts.extend(others);
        for (number, (terms, group)) in accepted.into_iter().enumerate() {
            let tied: Vec<NewParcelIn> = (1..)
                .zip(&group)
                .map(|(row, (parcel, _))| NewParcelIn {
                    link: link.id,
                    id: parcel.id,
                    key: parcel.key,
                    revision: parcel.revision,
                    row,
                    path: parcel.path.clone(),
                    made_at: made.get(&parcel.id).copied().unwrap_or(received_at),
                })
                .collect();
            let rows = group.iter().map(|(_, row)| row.as_slice());
            let name = format!("{}.{}.{number}.jsonl", kept.envelope.source, kept.receipt);
            self.take(kept, &name, rows, terms, Tied::New(tied), progress, &mut ingested)?;
        }
        let taken = self.reader.read(|connection| parcels_in::of_arrival(connection, kept.receipt))?;
        let outcomes = self.outcomes(&taken)?;
        receipts.extend(taken.iter().map(|parcel| {
            (parcel.parcel, outcomes.get(&parcel.id).copied().unwrap_or(ReceiptOutcome::Accepted))
        }));
        let lines = self.receipt_lines(&link, &receipts)?;
        let (now, intake) = (self.now, &mut *self.intake);
        intake.store().write(|transaction| {
            for (id, outcome) in &outcomes {
                parcels_in::set_outcome(transaction, *id, *outcome)?;
            }
            hub_proofs::keep(transaction, kept.receipt, link.id, &proof, received_at)?;
            queue_all(transaction, &link, &lines, now)
        })?;
        let heard = heard::hear(intake.store(), self.ours, &link, messages, now)?;
        failures.extend(heard.unheard);
        ingested.heard = heard.findings;
        ingested.failures.extend(failures);
        self.end(kept, &link, &ingested)?;
        Ok(Some(ingested))
    }

    /// Takes up again what was broken off: the reports that this arrival had begun.
    fn go_on(
        &mut self,
        kept: &Kept,
        (parcels, opener): (&[(Parcel, i64)], &Opener),
        begun: &[ParcelIn],
        progress: &(dyn Fn(&Progress) + Sync),
        ingested: &mut Ingested,
    ) -> anyhow::Result<()> {
        let mut reports: BTreeMap<ReportId, Vec<&ParcelIn>> = BTreeMap::new();
        for parcel in begun {
            reports.entry(parcel.report).or_default().push(parcel);
        }
        let by_name: HashMap<ParcelId, &(Parcel, i64)> = parcels.iter().map(|one| (one.0.id, one)).collect();
        for (id, tied) in reports {
            let report = self.reader.read(|connection| reports::get(connection, id))?;
            let Some(report) = report.filter(|report| report.state == ReportState::Taking) else {
                ingested.report = id;
                continue;
            };
            let mut rows = Vec::new();
            let mut terms = (Tlp::Red, false, false);
            for (parcel, made_at) in tied.iter().filter_map(|tied| by_name.get(&tied.parcel)) {
                terms = terms_of(parcel);
                rows.push(self.row(parcel, *made_at, opener)?.map_err(|why| anyhow::anyhow!("{why}"))?);
            }
            let rows = rows.iter().map(Vec::as_slice);
            self.take(kept, &report.name, rows, terms, Tied::Begun(id), progress, ingested)?;
        }
        Ok(())
    }

    /// What becomes of parcels that have had no effect by this arrival: those that are accepted, by their terms, and receipts for the others.
    #[allow(clippy::type_complexity)] // Said in the sentence above.
    fn decide(
        &self,
        link: &Link,
        (parcels, opener): (Vec<(Parcel, i64)>, &Opener),
        begun: &[ParcelIn],
        received_at: i64,
    ) -> anyhow::Result<(BTreeMap<Terms, Vec<(Parcel, Vec<u8>)>>, Vec<(ParcelId, ReceiptOutcome)>)> {
        let here: HashSet<ParcelId> = begun.iter().map(|parcel| parcel.parcel).collect();
        let mut last_hour =
            self.reader.read(|connection| parcels_in::count_since(connection, link.id, self.now - HOUR))?;
        let mut accepted: BTreeMap<Terms, Vec<(Parcel, Vec<u8>)>> = BTreeMap::new();
        let mut receipts = Vec::new();
        let mut names: HashSet<ParcelId> = HashSet::new();
        let mut told: HashSet<(FindingKeyOnLink, u32)> = HashSet::new();
        for (parcel, made_at) in parcels {
            if here.contains(&parcel.id) {
                continue;
            }
            let is_known = names.contains(&parcel.id)
                || told.contains(&(parcel.key, parcel.revision))
                || self
                    .reader
                    .read(|connection| {
                        parcels_in::known(connection, link.id, parcel.id, parcel.key, parcel.revision)
                    })?
                    .is_some();
            let outcome = accept(&Facts {
                parcel: &parcel,
                made_at,
                ours: &self.ours.name,
                peer: &link.peer,
                state: link.state,
                terms: &link.terms,
                known: is_known,
                last_hour,
                // What waited here is not late for that.
                now: received_at,
            });
            if outcome != ReceiptOutcome::Accepted {
                receipts.push((parcel.id, outcome));
                continue;
            }
            match self.row(&parcel, made_at, opener)? {
                Ok(row) => {
                    last_hour += 1;
                    names.insert(parcel.id);
                    told.insert((parcel.key, parcel.revision));
                    accepted.entry(terms_of(&parcel)).or_default().push((parcel, row));
                }
                Err(why) => receipts.push((parcel.id, ReceiptOutcome::Rejected(why))),
            }
        }
        Ok((accepted, receipts))
    }

    /// The row that a parcel is. What is sealed to another hub is taken in only when it can be handed on to one.
    fn row(
        &self,
        parcel: &Parcel,
        made_at: i64,
        opener: &Opener,
    ) -> anyhow::Result<Result<Vec<u8>, Rejection>> {
        let of_document = |feed, document| {
            let event = documents::event(feed, document, made_at);
            Ok(event.map(|event| to_json(&event).into_bytes()).ok_or(Rejection::Schema))
        };
        let sealed = match &parcel.content {
            Content::Event(event) => return Ok(jcs::write(event).map_err(|_| Rejection::Schema)),
            Content::Xarf(report) => return of_document(Feed::Xarf, report),
            Content::Csaf(advisory) => return of_document(Feed::Csaf, advisory),
            Content::Sealed(sealed) => sealed,
        };
        Ok(match opener.arrived(parcel, sealed, made_at) {
            Ok(Arrived::Opened(event)) => jcs::write(&event).map_err(|_| Rejection::Schema),
            Ok(Arrived::Carried(event)) if self.can_hand_on(&sealed.target, parcel)? => {
                jcs::write(&event).map_err(|_| Rejection::Schema)
            }
            Ok(Arrived::Carried(_)) | Err(_) => Err(Rejection::Sealed),
        })
    }

    /// Is what this is about of an organisation whose hub gets findings from here, and has not had this one?
    fn can_hand_on(&self, target: &str, parcel: &Parcel) -> anyhow::Result<bool> {
        let Ok(input) = whose::read(target) else { return Ok(false) };
        let owners = whose::owners(self.reader, input, self.now)?;
        Ok(owners.iter().any(|owner| match owner {
            Owner::Hub(link) => carries(link) && !parcel.path.contains(&link.peer),
            Owner::Ours => false,
        }))
    }

    #[allow(clippy::too_many_arguments)]
    fn take<'r>(
        &mut self,
        kept: &Kept,
        name: &str,
        rows: impl Iterator<Item = &'r [u8]>,
        (tlp, may_notify, may_look_up): Terms,
        tied: Tied,
        progress: &(dyn Fn(&Progress) + Sync),
        ingested: &mut Ingested,
    ) -> anyhow::Result<()> {
        let bytes: Vec<u8> = rows.flat_map(|row| row.iter().copied().chain([b'\n'])).collect();
        let closed = if may_look_up { "" } else { hubs::NO_LOOK_UP };
        let code = format!("{}{closed}", kept.envelope.source);
        let source = self.reader.read(|connection| sources::by_code(connection, &code))?;
        let origin = Origin {
            source: source.map_or(SourceId(0), |source| source.id),
            receipt: Some(kept.receipt),
            received_at: Some(kept.envelope.received_at),
            tlp: Some(tlp),
            untold: !may_notify,
            ..Origin::default()
        };
        let mut incoming = Incoming::memory(name, bytes).from(name, origin);
        incoming.tied = tied;
        let more = self.intake.take(incoming, self.reading, progress)?;
        ingested.report = more.report;
        ingested.progress.add(&more.progress);
        ingested.findings_seen += more.findings_seen;
        ingested.failures.extend(more.failures);
        Ok(())
    }

    /// What is said of parcels that had their effect, where it is not simply that they are accepted. That one is nobody's here is said with its
    /// status ([`crate::handover::upward`]).
    fn outcomes(&self, taken: &[ParcelIn]) -> anyhow::Result<HashMap<i64, ReceiptOutcome>> {
        let mut outcomes = HashMap::new();
        let mut fates: HashMap<ReportId, HashMap<u32, RowFate>> = HashMap::new();
        for parcel in taken {
            let fates = match fates.entry(parcel.report) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(self.fates(parcel.report)?),
            };
            if matches!(fates.get(&parcel.row), Some(RowFate::Rejected(_))) {
                outcomes.insert(parcel.id, ReceiptOutcome::Rejected(Rejection::Schema));
            }
        }
        Ok(outcomes)
    }

    fn fates(&self, report: ReportId) -> anyhow::Result<HashMap<u32, RowFate>> {
        let mut found = HashMap::new();
        for chunk in self.reader.read(|connection| chunks::of_report(connection, report))? {
            let fates = self.reader.read(|connection| chunks::fates(connection, chunk.id))?;
            for (row, fate) in (chunk.first_row..).zip(fate_blob::read(&fates)) {
                found.insert(row, fate.map_err(anyhow::Error::msg)?);
            }
        }
        Ok(found)
    }

    fn receipt_lines(
        &self,
        link: &Link,
        receipts: &[(ParcelId, ReceiptOutcome)],
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        let line = |(parcel, outcome): &(ParcelId, ReceiptOutcome)| {
            let receipt = Receipt { parcel: *parcel, outcome: *outcome, at: self.now };
            let (id, subject) = (new_id_text()?, parcel.to_string());
            self.ours.line(&link.peer, Kind::Receipt, &id, Some(&subject), receipt.to_data(), self.now)
        };
        receipts.iter().map(line).collect()
    }

    fn end(&mut self, kept: &Kept, link: &Link, ingested: &Ingested) -> anyhow::Result<()> {
        let source = self.reader.read(|connection| sources::by_code(connection, &kept.envelope.source))?;
        let is_report = ingested.report != ReportId(0);
        let arrival = Arrival {
            receipt: kept.receipt,
            door: kept.envelope.door,
            source: source.map_or(SourceId(0), |source| source.id),
            received_at: kept.envelope.received_at,
            name: kept.envelope.name.clone(),
            sender: link.peer.to_string(),
            size: kept.size,
            outcome: if is_report { Outcome::Taken } else { Outcome::NoReport },
            reason: ingested.failures.join("; "),
            report: is_report.then_some(ingested.report),
            ended_at: self.now,
            actor: heard::ACTOR.to_owned(),
        };
        self.intake.store().end_arrival(&arrival)?;
        self.spool.remove(kept)?;
        Ok(())
    }
}

fn queue_all(
    transaction: &Transaction<'_>,
    link: &Link,
    lines: &[Vec<u8>],
    now: i64,
) -> Result<(), schakel_store::StoreError> {
    for line in lines {
        hub_messages::queue(transaction, link.id, Kind::Receipt.as_str(), line, now)?;
    }
    Ok(())
}

/// What may be done with a parcel's row: what the parcel says, and what it may be used for.
fn terms_of(parcel: &Parcel) -> Terms {
    let may = |purpose| parcel.purposes.contains(&purpose);
    (parcel.tlp, parcel.may_notify && may(Purpose::Notify), parcel.may_look_up && may(Purpose::Analyse))
}
