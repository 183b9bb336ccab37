//! What was told before, told again to whoever was told, or to somebody else.

use std::collections::{BTreeMap, HashMap, HashSet};

use schakel_model::{
    answer::NotificationKind,
    ids::{FindingId, NotificationId, OrganisationId},
    language::Language,
    observation::ObservedAt,
    register::{Contact, ContactRole},
    severity::Severity,
    tlp::Tlp,
};
use schakel_render::notice::{Notice, Occasion, Reference, Standing};
use schakel_rules::{confidential::Wish, tlp_gate::Circle};
use schakel_store::{
    chunks::{self, Block, Blocks},
    id_list,
    outbox::{self, NewNotification, Notification},
};

use super::{Composer, Freezer, Mail, Telling, Told, Whom, groups};

/// A mail about findings that were told before.
pub(crate) struct Retold<'a> {
    /// Who reads it.
    pub reader: OrganisationId,
    /// Who was told of them.
    pub concerned: OrganisationId,
    /// How the reader stands to those.
    pub circle: Circle,
    /// To whom of the reader's organisation.
    pub contacts: &'a [&'a Contact],
    /// The findings, each with the notification that told it first.
    pub findings: &'a [(FindingId, NotificationId)],
    /// What is known of them since.
    pub since: &'a HashMap<FindingId, Since>,
    /// How they are marked.
    pub tlp: Tlp,
    /// What was asked beside the marking when they were told.
    pub wish: Wish,
    /// Why they are told retold.
    pub occasion: Occasion<'a>,
    /// What it is.
    pub kind: NotificationKind,
    /// The notification that it goes on about.
    pub thread: NotificationId,
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
    /// A notification for each language of the contacts; none when nothing is left to tell, because it was erased or taken back.
    pub(crate) fn retold(
        &self,
        retold: &Retold<'_>,
        (freezer, epoch): (&Freezer, u32),
        next: &mut NotificationId,
    ) -> anyhow::Result<Vec<NewNotification>> {
        let told = self.told_before(retold)?;
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let mut by_language: BTreeMap<&str, Vec<&Contact>> = BTreeMap::new();
        // Nobody hears by mail that their mail is read by somebody else.
        for contact in retold.contacts.iter().filter(|contact| self.endangering(contact, &told).is_none()) {
            by_language.entry(contact.language.as_str()).or_default().push(contact);
        }
        let lead = *next;
        let mut made = Vec::new();
        for contacts in by_language.into_values() {
            made.extend(self.in_one_language((freezer, epoch), retold, &told, &contacts, (lead, next))?);
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
        let told = self.told_before(retold)?;
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

    /// What was told, as it is known by now.
    fn told_before(&self, retold: &Retold<'_>) -> anyhow::Result<Vec<Told>> {
        let telling = Telling {
            organisation: retold.reader,
            concerned: retold.concerned,
            terms: retold.tlp.into(),
            whom: Whom::default(),
            campaign: None,
            due_at: None,
            blocks: self.blocks_that_tell(retold.findings)?,
        };
        let mut told = self.read_rows(std::slice::from_ref(&telling))?.pop().unwrap_or_default();
        keep_the_first(&mut told);
        for one in &mut told {
            let Some(since) = retold.since.get(&one.item.finding) else { continue };
            one.item.observed_at = one.item.observed_at.max(since.last_seen);
            one.group.0 = one.group.0.max(since.severity);
            let known = one.item.tags.to_ascii_lowercase();
            for cve in since.new_cves.iter().filter(|cve| !known.contains(&cve.to_ascii_lowercase())) {
                let tags = one.item.tags.to_mut();
                tags.push_str(if tags.is_empty() { "" } else { ";" });
                tags.push_str(cve);
            }
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
            occasion: retold.occasion.clone(),
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
            kind: retold.kind,
            thread: Some(retold.thread),
            wish: retold.wish,
        }
    }

    fn in_one_language(
        &self,
        (freezer, epoch): (&Freezer, u32),
        retold: &Retold<'_>,
        told: &[Told],
        contacts: &[&Contact],
        (lead, next): (NotificationId, &mut NotificationId),
    ) -> anyhow::Result<Option<NewNotification>> {
        let Some(first) = contacts.first() else { return Ok(None) };
        let language: Language = first.language;
        let code = crate::explain::organisation_name(&self.view.register, retold.reader).0;
        let reference = Reference { number: u64::from(next.0), epoch };
        let answer_link = &self.answer_link(reference);
        let notice =
            Notice { answer_link, ..self.notice_of(retold, told, reference, (language, first.role)) };
        let message = self.templates.render(&notice)?;
        let mail = Mail { message: &message, reference, kind: retold.kind, language, wish: retold.wish };
        let mut messages = Vec::new();
        for (contact, k) in contacts.iter().zip(1..) {
            let earlier = self
                .reader
                .read(|connection| outbox::message_id_to(connection, retold.thread, &contact.email))?;
            match freezer.to_contact(&mail, (retold.tlp.into(), retold.circle), contact, (k, earlier)) {
                Ok(message) => messages.push(message),
                Err(error) => tracing::warn!(organisation = code, %error, "a recipient cannot be written to"),
            }
        }
        if messages.is_empty() {
            return Ok(None);
        }
        if lead == *next {
            let (terms, k) = (retold.tlp.into(), contacts.len() as u32 + 1);
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

/// A finding that was told in two reports stands in a reminder once for each role and end.
fn keep_the_first(told: &mut Vec<Told>) {
    let mut seen = HashSet::new();
    told.retain(|one| seen.insert((one.item.finding, one.item.role, one.item.end)));
}
