//! What was told before, told again to whoever was told, or to somebody else.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use schakel_model::{
    answer::NotificationKind,
    ids::{FindingId, NotificationId, OrganisationId},
    language::Language,
    observation::ObservedAt,
    register::{Contact, ContactRole},
    severity::Severity,
    tlp::{Terms, Tlp},
};
use schakel_render::notice::{Notice, Occasion, Reference, Standing};
use schakel_rules::{
    confidential::Wish,
    follow_up::Why,
    tlp_gate::{Audience, Circle, gate},
};
use schakel_store::{
    chunks::{self, Block, Blocks},
    id_list,
    outbox::{self, NewMessage, NewNotification, Notification},
};

use super::{
    Composer, FINDINGS_AT_ONCE, Freezer, Mail, Telling, Told, Whom, groups,
    one_mailbox::{Reads, Shared, Ways, together},
};

/// A mail about findings that were told before.
pub(crate) struct Retold<'a> {
    /// Who reads it.
    pub reader: OrganisationId,
    /// Who was told of them.
    pub concerned: OrganisationId,
    /// How the reader stands to those.
    pub circle: Circle,
    /// To whom of the reader's organisation.
    pub contacts: Vec<&'a Contact>,
    /// The findings, each with the notification that told it first.
    pub findings: Vec<(FindingId, NotificationId)>,
    /// What is known of them since.
    pub since: &'a HashMap<FindingId, Since>,
    /// How they are marked.
    pub tlp: Tlp,
    /// What was asked beside the marking when they were told.
    pub wish: Wish,
    /// Why they are told again.
    pub why: WhyAgain<'a>,
    /// The notification that it goes on about.
    pub thread: NotificationId,
}

/// Why something is told again, or to somebody else.
pub(crate) enum WhyAgain<'a> {
    /// To whoever was told: each finding with the reason, and when it was first told.
    Reminder(Vec<(FindingId, Why, i64)>),
    /// To somebody else.
    Escalation {
        /// The notification that nobody reacted to.
        of: Reference,
        /// When that was composed.
        told_at: i64,
        /// To whom it went, when that is another organisation than the reader's.
        to: Option<&'a str>,
    },
}

impl WhyAgain<'_> {
    fn kind(&self) -> NotificationKind {
        match self {
            Self::Reminder(_) => NotificationKind::Reminder,
            Self::Escalation { .. } => NotificationKind::Escalation,
        }
    }
}

/// The occasion of a mail that tells these, which are all of one kind.
fn occasion<'a>(whys: &[&WhyAgain<'a>]) -> Occasion<'a> {
    let mut reasons: BTreeMap<FindingId, Why> = BTreeMap::new();
    let mut first = i64::MAX;
    let (mut numbers, mut names) = (Vec::new(), Vec::new());
    for why in whys {
        match why {
            WhyAgain::Reminder(findings) => {
                for (finding, why, told_at) in findings {
                    let known = reasons.entry(*finding).or_insert(*why);
                    *known = (*known).min(*why);
                    first = first.min(*told_at);
                }
            }
            WhyAgain::Escalation { of, told_at, to } => {
                numbers.push(*of);
                names.extend(*to);
                first = first.min(*told_at);
            }
        }
    }
    let first = Timestamp::from_second(first).unwrap_or(Timestamp::UNIX_EPOCH);
    if !numbers.is_empty() {
        return Occasion::Escalation { of: numbers, told_at: first, to: names };
    }
    let mut because: BTreeMap<Why, u64> = BTreeMap::new();
    reasons.into_values().for_each(|why| *because.entry(why).or_default() += 1);
    Occasion::Reminder {
        because: because.into_iter().map(|(why, count)| (why.as_str(), count)).collect(),
        first_told_at: first,
    }
}

/// Retold together: what each tells, as it is known by now, and the mailboxes that they share.
struct Batch<'b> {
    retolds: &'b [Retold<'b>],
    told: Vec<Vec<Told>>,
    shared: Shared,
}

/// What became known of a finding after it was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Since {
    /// When it was last seen.
    pub last_seen: ObservedAt,
    /// How bad it is now.
    pub severity: Severity,
    /// The vulnerabilities that it has now and that it was not told with.
    pub new_cves: Vec<String>,
}

impl Composer<'_> {
    /// Of each a notification for each language of its contacts; none when nothing is left to tell, because it was erased or taken back, or when
    /// nobody can be written to.
    pub(crate) fn retold(
        &self,
        retolds: &[Retold<'_>],
        (freezer, epoch): (&Freezer, u32),
        next: &mut NotificationId,
    ) -> anyhow::Result<Vec<Vec<NewNotification>>> {
        let mut made = Vec::with_capacity(retolds.len());
        let mut left = retolds;
        while !left.is_empty() {
            let (now, later) = left.split_at(as_many_as_fit(left));
            let told = self.told_before(now)?;
            let mut readers = Vec::new();
            for (at, retold) in now.iter().enumerate() {
                let is_own = retold.reader == retold.concerned;
                let read = self.who_read(retold, &told[at]);
                readers.extend(read.map(|contact| Reads { at, tlp: retold.tlp, is_own, contact }));
            }
            let shared = Shared::among(readers, &told);
            let mut batch = Batch { retolds: now, told, shared };
            for at in 0..now.len() {
                made.push(self.one_retold(&mut batch, at, (freezer, epoch), next)?);
            }
            left = later;
        }
        Ok(made)
    }

    /// Nobody hears by mail that their mail is read by somebody else.
    fn who_read<'c>(&self, retold: &'c Retold<'_>, told: &[Told]) -> impl Iterator<Item = &'c Contact> {
        retold.contacts.iter().copied().filter(move |contact| self.endangering(contact, told).is_none())
    }

    fn one_retold(
        &self,
        batch: &mut Batch<'_>,
        at: usize,
        freezing: (&Freezer, u32),
        next: &mut NotificationId,
    ) -> anyhow::Result<Vec<NewNotification>> {
        let mut made = Vec::new();
        if batch.told[at].is_empty() {
            return Ok(made);
        }
        let mut by_language: BTreeMap<&str, Vec<&Contact>> = BTreeMap::new();
        for contact in self.who_read(&batch.retolds[at], &batch.told[at]) {
            by_language.entry(contact.language.as_str()).or_default().push(contact);
        }
        let lead = *next;
        for contacts in by_language.into_values() {
            made.extend(self.in_one_language(batch, at, freezing, &contacts, (lead, next))?);
        }
        Ok(made)
    }

    /// The same for the telephone: a notification without a message; none when nothing is left to tell.
    pub(crate) fn retold_by_telephone(
        &self,
        retold: &Retold<'_>,
        language: Language,
        epoch: u32,
        next: &mut NotificationId,
    ) -> anyhow::Result<Option<NewNotification>> {
        let told = self.told_before(std::slice::from_ref(retold))?.pop().unwrap_or_default();
        if told.is_empty() {
            return Ok(None);
        }
        let reference = Reference { number: u64::from(next.0), epoch };
        let notice = self.notice_of(retold, &told, reference, (language, ContactRole::Findings));
        let subject = self.templates.render(&notice)?.subject;
        let notification = self.notification_of(retold, &told, (*next, *next), (epoch, language, subject));
        next.0 += 1;
        Ok(Some(NewNotification {
            notification,
            messages: Vec::new(),
            blocks: Vec::new(),
            tells: Vec::new(),
        }))
    }

    /// What each tells, as it is known by now.
    fn told_before(&self, retolds: &[Retold<'_>]) -> anyhow::Result<Vec<Vec<Told>>> {
        let mut tellings = Vec::with_capacity(retolds.len());
        for retold in retolds {
            tellings.push(Telling {
                organisation: retold.reader,
                concerned: retold.concerned,
                terms: retold.tlp.into(),
                whom: Whom::default(),
                campaign: None,
                due_at: None,
                blocks: self.blocks_that_tell(&retold.findings)?,
            });
        }
        let mut told = self.read_rows(&tellings)?;
        for (told, retold) in told.iter_mut().zip(retolds) {
            keep_the_first(told);
            told.iter_mut().for_each(|one| bring_up_to_date(one, retold.since));
        }
        Ok(told)
    }

    fn notice_of<'n>(
        &'n self,
        retold: &'n Retold<'_>,
        told: &'n [Told],
        reference: Reference,
        (language, recipient_role): (Language, ContactRole),
    ) -> Notice<'n> {
        let (code, name) = crate::explain::organisation_name(&self.view.register, retold.reader);
        Notice {
            reference,
            organisation: name,
            organisation_code: code,
            language,
            tlp: retold.tlp,
            recipient_role,
            standing: Standing::Own,
            occasion: occasion(&[&retold.why]),
            answer_link: "",
            sender: &self.config.sender,
            created_at: self.now,
            groups: groups(&self.view.register, told),
        }
    }

    fn notification_of(
        &self,
        retold: &Retold<'_>,
        told: &[Told],
        (id, lead): (NotificationId, NotificationId),
        (epoch, language, subject): (u32, Language, String),
    ) -> Notification {
        Notification {
            id,
            epoch,
            organisation: retold.reader,
            language,
            created_at: self.now.as_second(),
            tlp: retold.tlp,
            findings: told.len() as u64,
            subject,
            lead,
            kind: retold.why.kind(),
            thread: Some(retold.thread),
            wish: retold.wish,
        }
    }

    fn in_one_language(
        &self,
        batch: &mut Batch<'_>,
        at: usize,
        (freezer, epoch): (&Freezer, u32),
        contacts: &[&Contact],
        (lead, next): (NotificationId, &mut NotificationId),
    ) -> anyhow::Result<Option<NewNotification>> {
        let Some(first) = contacts.first() else { return Ok(None) };
        let Batch { retolds, told: all, shared } = batch;
        let (retold, told) = (&retolds[at], &all[at][..]);
        let language: Language = first.language;
        let register = &self.view.register;
        let code = crate::explain::organisation_name(register, retold.reader).0;
        let reference = Reference { number: u64::from(next.0), epoch };
        let answer_link = &self.answer_link(reference);
        let notice =
            Notice { answer_link, ..self.notice_of(retold, told, reference, (language, first.role)) };
        let message = self.templates.render(&notice)?;
        let mail =
            Mail { message: &message, reference, kind: retold.why.kind(), language, wish: retold.wish };
        let terms: Terms = retold.tlp.into();
        let mut messages = Vec::new();
        for (contact, k) in contacts.iter().zip(1..) {
            let earlier = self
                .reader
                .read(|connection| outbox::message_id_to(connection, retold.thread, &contact.email))?;
            let to = |mail: &Mail<'_>| {
                freezer.to_contact(mail, (terms, retold.circle), contact, (k, earlier.clone()))
            };
            let alone = || to(&mail);
            let for_all = |tellings: &[usize]| {
                let of: Vec<_> = tellings.iter().map(|at| (retolds[*at].concerned, &all[*at][..])).collect();
                let (names, groups) = together(register, &of);
                let whys: Vec<&WhyAgain<'_>> = tellings.iter().map(|at| &retolds[*at].why).collect();
                let standing = Standing::Together { of: &names };
                let notice = Notice { standing, groups, occasion: occasion(&whys), ..notice.clone() };
                let message = self.templates.render(&notice)?;
                let wish = tellings.iter().map(|at| retolds[*at].wish).max().unwrap_or_default();
                to(&Mail { message: &message, wish, ..mail })
            };
            let carried = |bearer| {
                let pass = gate(terms, &Audience::contact(retold.circle, contact))?;
                let own = freezer.message_id(reference, k)?;
                Ok(NewMessage::carried(pass, contact.role.as_str().to_owned(), own, bearer))
            };
            let ways = Ways { alone: &alone, for_all: &for_all, carried: &carried };
            match shared.message(at, contact, &ways) {
                Ok(message) => messages.push(message),
                Err(error) => tracing::warn!(organisation = code, %error, "a recipient cannot be written to"),
            }
        }
        if messages.is_empty() {
            return Ok(None);
        }
        if lead == *next {
            let k = contacts.len() as u32 + 1;
            messages.extend(freezer.to_machines(&mail, (terms, retold.circle), code, k)?);
        }
        let notification =
            self.notification_of(retold, told, (*next, lead), (epoch, language, message.subject));
        next.0 += 1;
        Ok(Some(NewNotification { notification, messages, blocks: Vec::new(), tells: Vec::new() }))
    }

    /// The assignments by which findings were told, as far as they stand, narrowed to those findings.
    pub(super) fn blocks_that_tell(
        &self,
        findings: &[(FindingId, NotificationId)],
    ) -> anyhow::Result<Vec<Block>> {
        let mut by_notification: BTreeMap<NotificationId, HashSet<FindingId>> = BTreeMap::new();
        for (finding, told_by) in findings {
            by_notification.entry(*told_by).or_default().insert(*finding);
        }
        let mut found = Vec::new();
        for (told_by, wanted) in by_notification {
            let which = Blocks::OfNotification(told_by.0);
            for mut block in self.reader.read(|connection| chunks::blocks(connection, &which))? {
                let mut of_block: Vec<FindingId> =
                    id_list::decode(&block.findings).filter(|finding| wanted.contains(finding)).collect();
                of_block.dedup();
                if !of_block.is_empty() {
                    block.findings = id_list::encode(&of_block);
                    found.push(block);
                }
            }
        }
        Ok(found)
    }
}

/// What became known of a finding after it was told.
fn bring_up_to_date(one: &mut Told, since: &HashMap<FindingId, Since>) {
    let Some(since) = since.get(&one.item.finding) else { return };
    one.item.observed_at = one.item.observed_at.max(since.last_seen);
    one.group.0 = one.group.0.max(since.severity);
    let known = one.item.tags.to_ascii_lowercase();
    for cve in since.new_cves.iter().filter(|cve| !known.contains(&cve.to_ascii_lowercase())) {
        let tags = one.item.tags.to_mut();
        tags.push_str(if tags.is_empty() { "" } else { ";" });
        tags.push_str(cve);
    }
}

/// How many of these are read in one go: what fits in memory, and one at least.
fn as_many_as_fit(retolds: &[Retold<'_>]) -> usize {
    let mut room = FINDINGS_AT_ONCE;
    let fits = retolds.iter().take_while(|retold| {
        let count = retold.findings.len() as u64;
        let fits = count <= room;
        room = room.saturating_sub(count);
        fits
    });
    fits.count().max(1)
}

/// A finding that was told in two reports stands in a reminder once for each role and end.
fn keep_the_first(told: &mut Vec<Told>) {
    let mut seen = HashSet::new();
    told.retain(|one| seen.insert((one.item.finding, one.item.role, one.item.end)));
}
