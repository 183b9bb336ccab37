//! From new assignments to frozen messages: one notification for each organisation, marking and language.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use anyhow::Context;
use jiff::Timestamp;
use schakel_model::{
    answer::NotificationKind,
    asset::AssetValue,
    assignment::Assignee,
    event::Event,
    ids::{AssetId, FindingId, NotificationId, OrganisationId},
    keeping::Keeps,
    register::{Contact, Register},
    tlp::{Terms, Tlp},
};
use schakel_render::{
    message::Message,
    notice::{FINDINGS_IN_NOTICE_MAX, Group, Item, Notice, Reference, Standing},
    templates::Templates,
};
use schakel_rules::{
    confidential::Wish,
    policy::Policy,
    recipients::recipients_of,
    tlp_gate::{Audience, Circle, gate},
};
use schakel_store::{
    Reader, Store,
    campaigns::Campaign,
    chunks::{self, Block, Chunk},
    id_list,
    keeping::{Decided, Verdict},
    outbox::{self, NewMessage, NewNotification, Notification},
    overviews, sources,
};

use crate::{
    campaigns,
    config::Config,
    handover::{links::Links, parcels::Tellable},
    onboarding,
    pipeline::{
        derive::{DerivedChunk, Deriver},
        state::RegisterView,
    },
    policy,
};

mod again;
mod baselines;
mod campaign;
mod channel;
mod deciding;
mod event;
pub(crate) mod facts;
mod frozen;
pub(crate) mod handing_over;
mod one_mailbox;
mod protection;
mod retold;
pub(crate) mod rows;
mod tells;

use self::{
    deciding::{Waiting, Whom},
    handing_over::Came,
    one_mailbox::{Letter, One, Shared},
    rows::{Row, first_rows},
    tells::{is_urgent, tells},
};

pub(crate) use channel::Closed;
pub use frozen::{Freezer, Mail, To};
pub(crate) use frozen::{message_id_host, outer_subject};
pub(crate) use protection::Protector;
pub(crate) use retold::{Retold, Since, WhyAgain};

/// Findings read from their raw rows at a time: bounds memory at about 100 MB, and re-reads a chunk only once for each such batch.
const FINDINGS_AT_ONCE: u64 = 100_000;

/// A notification as it was, or would be, made.
pub struct Composed {
    /// What is stored.
    pub notification: Notification,
    /// The organisation's code and name.
    pub organisation: (String, String),
    /// To whom.
    pub recipients: Vec<String>,
    /// What they read.
    pub message: Message,
}

/// Composes everything that is waiting to be told. Without `store` nothing is kept: a dry run.
pub struct Composer<'a> {
    /// Where to read.
    pub reader: &'a Reader,
    /// The register in force.
    pub view: &'a RegisterView,
    /// Sender, addresses.
    pub config: &'a Config,
    /// The words.
    pub templates: &'a Templates,
    /// The time now.
    pub now: Timestamp,
}

/// Assignments of one organisation that are told together.
struct Telling {
    /// Who is told: whoever stands in the place of the organisation concerned.
    organisation: OrganisationId,
    /// Whom it concerns.
    concerned: OrganisationId,
    terms: Terms,
    /// To whom.
    whom: Whom,
    /// The campaign that tells them.
    campaign: Option<Arc<Campaign>>,
    /// When the overview was due that tells them.
    due_at: Option<i64>,
    blocks: Vec<Block>,
}

/// What making notifications needs.
#[derive(Clone, Copy)]
struct Making<'m> {
    freezer: &'m Freezer,
    epoch: u32,
    /// Where nothing goes.
    closed: &'m Closed,
    policy: &'m Policy,
}

/// An item with the kind it belongs to.
struct Told {
    group: GroupKey,
    item: Item<'static>,
    asset: Option<AssetId>,
    /// The vulnerabilities that its row names.
    cves: Vec<String>,
    /// Does it have a high chance and high damage? Then there is a deadline.
    urgent: bool,
    /// When its chunk came in, in seconds since 1970.
    received_at: i64,
    /// What another hub is told; only where one is.
    tellable: Option<Box<Tellable>>,
}

/// Severity, classification, report type, identifier.
type GroupKey = (
    schakel_model::severity::Severity,
    schakel_model::classification::ClassificationType,
    String,
    String,
    String,
);

impl Composer<'_> {
    /// What makes the final bytes of its mails.
    pub(crate) fn freezer(&self) -> anyhow::Result<Freezer> {
        Freezer::of_reader(self.reader, self.config, self.now)
    }

    /// Composes; hands each notification to `made` after it is stored.
    pub fn compose(
        &self,
        mut store: Option<&mut Store>,
        made: &mut dyn FnMut(&Composed),
    ) -> anyhow::Result<usize> {
        if let Some(store) = store.as_deref_mut() {
            onboarding::keep_back(
                store,
                self.reader,
                self.config,
                self.templates,
                &self.view.register,
                self.now,
            )?;
        }
        if let Some(store) = store.as_deref_mut() {
            campaigns::keep_back(store, self.now.as_second())?;
        }
        let policy = policy::in_force(self.reader)?;
        let links = Links::known(self.reader, self.config)?;
        let waiting = self.decide(store.as_deref_mut(), &policy, &links)?;
        let mut next = self.reader.read(outbox::next_notification)?;
        let epoch = self.reader.read(outbox::epoch)?;
        let now = self.now.as_second();
        let mut closed = Closed::known(self.reader)?;
        let mut anew = 0;
        let mut count = 0;
        for batch in batches(waiting) {
            let freezer = self.freezer()?;
            let told = self.read_rows(&batch)?;
            anew += self.close_endangered(&mut closed, &batch, &told, store.as_deref_mut())?;
            let making = Making { freezer: &freezer, epoch, closed: &closed, policy: &policy.policy };
            let mut shared = Shared::of(self, &batch, &told, &closed);
            let (mut new, mut for_desk, mut kept, mut shown, mut by_telephone) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
            let mut handed_over = Vec::new();
            for (at, telling) in batch.iter().enumerate() {
                if let Some(link) = telling.whom.link {
                    let told = (telling, &told[at][..]);
                    let (composed, stored) =
                        self.hand_over((&links, epoch), told, link, policy.policy.deadline, &mut next)?;
                    shown.push(composed);
                    handed_over.push(stored);
                    continue;
                }
                let one = One { batch: &batch, told: &told, at };
                let written = self.notifications(making, one, &mut shared, &mut next)?;
                let is_written = !written.is_empty();
                if !is_written
                    && !telling.whom.desk
                    && let Some((composed, stored, why)) =
                        self.by_telephone(making, telling, &told[at], &mut next)?
                {
                    shown.push(composed);
                    by_telephone.push((stored, why));
                }
                for (composed, stored) in written {
                    shown.push(composed);
                    if telling.whom.desk { for_desk.push(stored) } else { new.push(stored) }
                }
                if telling.whom.desk {
                    kept.extend(telling.blocks.iter().map(|block| for_the_desk(block, is_written)));
                }
            }
            if let Some(store) = store.as_deref_mut() {
                store.store_notifications(&new, now)?;
                store.store_for_the_telephone(by_telephone, now)?;
                store.hand_over(handed_over, now)?;
                if !kept.is_empty() {
                    store.store_for_desk(&for_desk, now, policy.version, &kept)?;
                }
            }
            count += shown.len();
            shown.iter().for_each(&mut *made);
        }
        if let Some(store) = store.as_deref_mut()
            && self.reader.read(|connection| overviews::any_due(connection, now))?
        {
            store.close_empty_overviews(now)?;
        }
        // What waited for an address that was closed just now goes to somebody else. None is closed twice, so this ends.
        match anew {
            0 => Ok(count),
            _ => Ok(count + self.compose(store, made)?),
        }
    }

    /// The items of each telling, read from the raw rows; each chunk once.
    fn read_rows(&self, batch: &[Telling]) -> anyhow::Result<Vec<Vec<Told>>> {
        let mut by_chunk: BTreeMap<u32, Vec<(usize, &Block)>> = BTreeMap::new();
        for (at, telling) in batch.iter().enumerate() {
            for block in &telling.blocks {
                by_chunk.entry(block.chunk).or_default().push((at, block));
            }
        }
        let mut told: Vec<Vec<Told>> = batch.iter().map(|_| Vec::new()).collect();
        let mut deriver = Deriver::new(Reader::open(self.reader.data())?)?;
        let mut derived = DerivedChunk::default();
        for (chunk, wanted) in by_chunk {
            let chunk = self
                .reader
                .read(|connection| chunks::by_id(connection, chunk))?
                .with_context(|| format!("chunk {chunk} is missing. Run `schakel verify`"))?;
            self.read_chunk(&mut deriver, &mut derived, (&chunk, batch), &wanted, &mut told)?;
        }
        Ok(told)
    }

    fn read_chunk(
        &self,
        deriver: &mut Deriver,
        derived: &mut DerivedChunk,
        (chunk, batch): (&Chunk, &[Telling]),
        wanted: &[(usize, &Block)],
        told: &mut [Vec<Told>],
    ) -> anyhow::Result<()> {
        let mut by_finding: HashMap<FindingId, Vec<(usize, Assignee)>> = HashMap::new();
        for (at, block) in wanted {
            let Some(assignee) = block.assignee else { continue };
            let findings: HashSet<FindingId> = id_list::decode(&block.findings).collect();
            findings
                .into_iter()
                .for_each(|finding| by_finding.entry(finding).or_default().push((*at, assignee)));
        }
        let reported_by = self.reader.read(|connection| sources::shown(connection, chunk.report))?;
        let by_link = wanted.iter().any(|(at, _)| batch[*at].whom.link.is_some());
        let came = if by_link { Some(Came::of(self.reader, chunk)?) } else { None };
        let findings = by_finding.keys().copied().collect();
        first_rows(self.reader, (deriver, derived), chunk, findings, |row| {
            let event = row.event();
            for (telling, assignee) in by_finding.remove(&row.finding).unwrap_or_default() {
                let item = self.item(row, &event, assignee, &reported_by);
                let came = came.as_ref().filter(|_| batch[telling].whom.link.is_some());
                let tellable = came.map(|came| Box::new(came.tellable(row, &event, &reported_by)));
                told[telling].push(Told { received_at: chunk.committed_at, tellable, ..item });
            }
        })
    }

    fn item(&self, row: &Row<'_>, event: &Event, assignee: Assignee, reported_by: &str) -> Told {
        let observation = row.observation;
        let end = match assignee.end {
            schakel_model::assignment::End::Source => &observation.source,
            schakel_model::assignment::End::Target => &observation.target,
        };
        let host = if end.fqdn.is_empty() { &end.reverse_dns } else { &end.fqdn };
        let owned = |text: &str| std::borrow::Cow::Owned(text.to_owned());
        let candidates = self.view.snapshot.explain(&schakel_attribute::Query::of(observation));
        let asset = candidates.iter().find(|candidate| {
            candidate.won
                && candidate.organisation == assignee.organisation
                && candidate.role == assignee.role
                && candidate.end == assignee.end
        });
        Told {
            group: (
                observation.severity,
                observation.classification,
                row.plan.feed().to_owned(),
                observation.identifier.to_string(),
                event.text("feed.name").to_owned(),
            ),
            item: Item {
                finding: row.finding,
                event: row.id,
                observed_at: observation.observed_at,
                ip: end.ip,
                port: end.port,
                transport: observation.transport,
                hostname: owned(host),
                url: owned(&end.url),
                account: owned(&end.account),
                asn: end.asn,
                malware: owned(&observation.malware),
                tags: owned(event.text("extra.tag")),
                end: assignee.end,
                role: assignee.role,
                asset: None,
                reported_by: owned(reported_by),
                concerns: std::borrow::Cow::Borrowed(""),
            },
            asset: asset.map(|candidate| candidate.asset),
            cves: facts::cves_of(event, row),
            urgent: is_urgent(event),
            received_at: 0,
            tellable: None,
        }
    }

    /// One notification for each language of the recipients, and copies for suppliers who have that mandate.
    fn notifications(
        &self,
        making: Making<'_>,
        one: One<'_>,
        shared: &mut Shared,
        next: &mut NotificationId,
    ) -> anyhow::Result<Vec<(Composed, NewNotification)>> {
        let (telling, told) = (one.telling(), one.told());
        let now = self.now.as_second();
        let name = |organisation| crate::explain::organisation_name(&self.view.register, organisation).1;
        let standing = match self.view.successors.step(telling.concerned, now) {
            Some(merger) if telling.organisation != telling.concerned => Standing::Successor {
                of: name(telling.concerned),
                since: merger.valid_from.and_then(|from| Timestamp::from_second(from).ok()),
            },
            _ => Standing::Own,
        };
        let mut made = self.notify(making, telling.organisation, standing, one, shared, next)?;
        if made.is_empty() || telling.whom.desk {
            return Ok(made);
        }
        // The first tells the assignments; the others, and the copies, only say the same to others.
        made[0].1.blocks = telling.blocks.iter().map(|block| block.id).collect();
        made[0].1.tells = tells(told, making.policy.deadline, now);
        for supplier in self.view.mandates.copied(telling.organisation, telling.terms.tlp, now) {
            let copy = Standing::Copy { of: name(telling.organisation) };
            made.extend(self.notify(making, supplier, copy, one, shared, next)?);
        }
        Ok(made)
    }

    /// What one organisation is told: a notification for each language.
    fn notify(
        &self,
        Making { freezer, epoch, closed, policy }: Making<'_>,
        organisation: OrganisationId,
        standing: Standing<'_>,
        one: One<'_>,
        shared: &mut Shared,
        next: &mut NotificationId,
    ) -> anyhow::Result<Vec<(Composed, NewNotification)>> {
        let (telling, told) = (one.telling(), one.told());
        let register: &Register = &self.view.register;
        let contacts = self.view.contacts(organisation, self.now.as_second());
        let contacts = contacts.filter(|contact| closed.is_open(contact));
        let circle = match standing {
            Standing::Copy { .. } => Circle::Supplier,
            Standing::Own | Standing::Successor { .. } | Standing::Together { .. } => Circle::Concerned,
            Standing::Nobodys { .. } => Circle::Provider,
        };
        let Ok(recipients) = recipients_of(circle, &telling.whom.roles, contacts, telling.terms) else {
            // The register has changed since the fate was given; it stays queued and `schakel doctor` says so.
            return Ok(Vec::new());
        };
        let (code, name) = crate::explain::organisation_name(register, organisation);
        let lead = *next;
        let mut made = Vec::new();
        for group in &recipients.by_language {
            let reference = Reference { number: u64::from(next.0), epoch };
            let notice = Notice {
                reference,
                organisation: name,
                organisation_code: code,
                language: group.language,
                tlp: telling.terms.tlp,
                recipient_role: recipients.role,
                standing,
                answer_link: &self.answer_link(reference),
                occasion: telling.occasion(group.language),
                sender: &self.config.sender,
                created_at: self.now,
                groups: groups(register, told),
            };
            let message = self.templates.render(&notice)?;
            let mail = Mail {
                message: &message,
                reference,
                kind: NotificationKind::Findings,
                language: group.language,
                wish: telling.whom.wish,
            };
            let mut messages = Vec::new();
            if telling.whom.desk {
                messages.extend(self.for_desk(freezer, mail, telling.terms, &group.contacts)?);
            }
            let contacts = group.contacts.iter().filter(|_| !telling.whom.desk);
            for (contact, k) in contacts.zip(1..) {
                let letter = Letter { one, notice: &notice, mail: &mail, freezer, policy };
                let message = match standing {
                    Standing::Own => self.message_to(shared, &letter, contact, k),
                    _ => freezer
                        .to_contact(&mail, (telling.terms, circle), contact, (k, None))
                        .map(|message| message.not_before(self.waits_until(policy, telling, contact))),
                };
                match message {
                    Ok(message) => messages.push(message),
                    // The register checks addresses; one that slips through must not hold up everybody else.
                    Err(error) => {
                        tracing::warn!(organisation = code, %error, "a recipient cannot be written to")
                    }
                }
            }
            if messages.is_empty() {
                continue;
            }
            // A program reads one language.
            if lead == *next && !telling.whom.desk {
                let k = group.contacts.len() as u32 + 1;
                messages.extend(freezer.to_machines(&mail, (telling.terms, circle), code, k)?);
            }
            let notification = Notification {
                id: *next,
                epoch,
                organisation,
                language: group.language,
                created_at: self.now.as_second(),
                tlp: telling.terms.tlp,
                findings: told.len() as u64,
                subject: message.subject.clone(),
                lead,
                kind: match telling.campaign {
                    Some(_) => NotificationKind::Campaign,
                    None => NotificationKind::Findings,
                },
                thread: None,
                wish: telling.whom.wish,
            };
            let notification = match telling.whom.desk {
                // Nobody but the desk was told anything.
                true => Notification {
                    organisation: OrganisationId(0),
                    kind: NotificationKind::Letter,
                    ..notification
                },
                false => notification,
            };
            let composed = Composed {
                notification: notification.clone(),
                organisation: (code.to_owned(), name.to_owned()),
                recipients: group.contacts.iter().map(|contact| contact.email.clone()).collect(),
                message,
            };
            made.push((
                composed,
                NewNotification { notification, messages, blocks: Vec::new(), tells: Vec::new() },
            ));
            next.0 += 1;
        }
        Ok(made)
    }

    /// Until when the mail of a telling to this contact waits, because they prefer that. A campaign, and what is serious, waits for nobody.
    fn waits_until(&self, policy: &Policy, telling: &Telling, contact: &Contact) -> Option<i64> {
        let preferred = policy.prefers(&contact.email, telling.whom.later_than?)?;
        // An overview may be made a moment after the time that they wanted.
        let since = telling.due_at.map_or(self.now.as_second(), |due_at| due_at - 1);
        let until = preferred.next(Timestamp::from_second(since).ok()?, &policy.calendars).as_second();
        (until > self.now.as_second()).then_some(until)
    }

    /// The mail in trial operation: to the desk in their place, with the names of those who would get it. It passes the gate as theirs does; `None`
    /// when a mailbox of several people may not have it.
    fn for_desk(
        &self,
        freezer: &Freezer,
        mail: Mail<'_>,
        terms: Terms,
        contacts: &[&Contact],
    ) -> anyhow::Result<Option<NewMessage>> {
        let settings = &self.config.mail;
        let desk = if settings.reply_to.is_empty() { &settings.from } else { &settings.reply_to };
        let desk = schakel_deliver::mail::address("mail.reply_to", desk)?;
        let Ok(pass) = gate(terms, &Audience::mailbox(Circle::Concerned, &desk, Tlp::Red)) else {
            return Ok(None);
        };
        let instead: Vec<&str> = contacts.iter().map(|contact| contact.email.as_str()).collect();
        let name = format!("instead of {}", instead.join(" "));
        let to = To { name: &name, role: "desk", thread: None };
        // It stays on our own mail server.
        freezer.freeze(&Mail { wish: Wish::Open, ..mail }, pass, &to, 1).map(Some)
    }
}

/// What waits, by organisation, marking and recipients, in batches that fit in memory.
fn batches(waiting: Vec<Waiting>) -> Vec<Vec<Telling>> {
    let mut tellings: BTreeMap<_, Telling> = BTreeMap::new();
    let mut filled: HashMap<_, (u64, u64)> = HashMap::new();
    for Waiting { block, organisation, terms, overview, whom } in waiting {
        let Some(Assignee { organisation: concerned, .. }) = block.assignee else { continue };
        let key = (organisation, concerned, terms.tlp, overview, whom.clone());
        // A notice has a most: what is beyond it goes into another.
        let (part, count) = filled.entry(key.clone()).or_default();
        if *count > 0 && *count + block.count > FINDINGS_IN_NOTICE_MAX as u64 {
            *part += 1;
            *count = 0;
        }
        *count += block.count;
        tellings
            .entry((key, *part))
            .or_insert_with(|| Telling {
                organisation,
                concerned,
                terms,
                whom,
                campaign: None,
                due_at: overview.map(|(_, due_at)| due_at),
                blocks: Vec::new(),
            })
            .blocks
            .push(block);
    }
    let mut batches: Vec<Vec<Telling>> = Vec::new();
    let mut room = 0;
    for telling in tellings.into_values() {
        let count: u64 = telling.blocks.iter().map(|block| block.count).sum();
        if count > room {
            batches.push(Vec::new());
            room = FINDINGS_AT_ONCE;
        }
        room = room.saturating_sub(count);
        batches.last_mut().expect("one was pushed when there was no room").push(telling);
    }
    batches
}

/// What becomes of assignments of which the mail goes to the desk: nobody else was told.
fn for_the_desk(block: &Block, is_written: bool) -> Decided {
    let reason = match is_written {
        true => "trial operation: the mail went to the desk",
        false => "trial operation: nothing went to the desk, whose mailbox may not have it",
    };
    let kept = Verdict::Kept { keeps: Keeps::Desk, rule: 0, until: None, reason: reason.to_owned() };
    Decided { block: block.id, parts: vec![(id_list::decode(&block.findings).collect(), kept)] }
}

/// Groups by severity and kind; the asset's value comes from the register.
fn groups<'r>(register: &'r Register, told: &'r [Told]) -> Vec<Group<'r>> {
    let mut groups: BTreeMap<&GroupKey, Group<'r>> = BTreeMap::new();
    for one in told {
        let (severity, classification, feed, identifier, title) = &one.group;
        let group = groups.entry(&one.group).or_insert_with(|| Group {
            severity: *severity,
            classification: *classification,
            report_type: feed,
            identifier,
            title,
            items: Vec::new(),
        });
        group.items.push(Item {
            asset: one.asset.and_then(|asset| asset_value(register, asset)),
            ..one.item.clone()
        });
    }
    groups.into_values().collect()
}

fn asset_value(register: &Register, id: AssetId) -> Option<&AssetValue> {
    register.assets.binary_search_by_key(&id, |asset| asset.id).ok().map(|at| &register.assets[at].value)
}
