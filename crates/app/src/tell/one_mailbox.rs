//! One mailbox gets a finding once. When a mail address is a contact of several organisations that are told of the same findings (the mailbox of a
//! partnership that serves three municipalities), it gets one mail that names them all, and each of them keeps a notification of its own. Reminders
//! and escalations too.
//!
//! Only what may reach that mailbox from each of them is put together, and nothing marked TLP:AMBER+STRICT or higher: that is for one organisation.
//! Only tellings of one batch are: beyond 100,000 findings at a time a mailbox may get two mails.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use schakel_model::{
    ids::{FindingId, OrganisationId},
    language::Language,
    register::{Contact, Register},
    tlp::Tlp,
};
use schakel_render::notice::{FINDINGS_IN_NOTICE_MAX, Group, Notice, Standing};
use schakel_rules::{
    policy::Policy,
    recipients::recipients_of,
    tlp_gate::{Audience, Circle, gate},
};
use schakel_store::outbox::NewMessage;

use super::{Closed, Composer, Freezer, Mail, Telling, Told, groups};
use crate::explain::organisation_name;

/// The mailboxes of a batch that are shared.
#[derive(Default)]
pub(super) struct Shared {
    /// By telling, language and address in lower case: which mailbox.
    places: HashMap<(usize, Language, String), usize>,
    mailboxes: Vec<Mailbox>,
}

/// A mailbox that several tellings go to.
struct Mailbox {
    /// The tellings, the bearer's first.
    tellings: Vec<usize>,
    /// The Message-ID of the mail, once it is made.
    sent: Option<String>,
}

/// A contact who reads a telling.
pub(super) struct Reads<'c> {
    /// Which telling.
    pub at: usize,
    /// How it is marked.
    pub tlp: Tlp,
    /// Is it about the contact's own organisation?
    pub is_own: bool,
    /// Who.
    pub contact: &'c Contact,
}

/// How a message is made.
pub(super) struct Ways<'w> {
    /// For one telling.
    pub alone: &'w dyn Fn() -> anyhow::Result<NewMessage>,
    /// For these tellings.
    pub for_all: &'w dyn Fn(&[usize]) -> anyhow::Result<NewMessage>,
    /// Carried by the mail with this Message-ID.
    pub carried: &'w dyn Fn(String) -> anyhow::Result<NewMessage>,
}

/// What becomes of the mail of a telling to an address.
enum Part {
    /// It is a mail like any other.
    Alone,
    /// It is made for all of these tellings.
    Bears(Vec<usize>),
    /// The mail with this Message-ID tells it.
    Carried(String),
}

impl Shared {
    /// Finds them.
    pub(super) fn of(
        composer: &Composer<'_>,
        batch: &[Telling],
        told: &[Vec<Told>],
        closed: &Closed,
    ) -> Self {
        let mut readers = Vec::new();
        for (at, telling) in batch.iter().enumerate() {
            let is_mailed = !telling.whom.desk && telling.whom.link.is_none();
            if telling.organisation != telling.concerned || !is_mailed {
                continue;
            }
            let contacts = composer.view.contacts(telling.organisation, composer.now.as_second());
            let contacts = contacts.filter(|contact| closed.is_open(contact));
            let found = recipients_of(Circle::Concerned, &telling.whom.roles, contacts, telling.terms);
            let Ok(recipients) = found else { continue };
            let contacts = recipients.by_language.into_iter().flat_map(|group| group.contacts);
            readers.extend(contacts.map(|contact| Reads {
                at,
                tlp: telling.terms.tlp,
                is_own: true,
                contact,
            }));
        }
        Self::among(readers, told)
    }

    /// Finds them among those who read.
    pub(super) fn among(readers: Vec<Reads<'_>>, told: &[Vec<Told>]) -> Self {
        let mut by_address: BTreeMap<(String, Language, Tlp, bool), Vec<usize>> = BTreeMap::new();
        for Reads { at, tlp, is_own, contact } in readers {
            if tlp < Tlp::AmberStrict {
                let key = (address(contact), contact.language, tlp, is_own);
                by_address.entry(key).or_default().push(at);
            }
        }
        let findings: Vec<Vec<FindingId>> =
            told.iter().map(|told| told.iter().map(|one| one.item.finding).collect()).collect();
        let mut shared = Self::default();
        for ((address, language, ..), tellings) in by_address {
            for together in that_share_findings(&tellings, &findings) {
                for telling in &together {
                    shared.places.insert((*telling, language, address.clone()), shared.mailboxes.len());
                }
                shared.mailboxes.push(Mailbox { tellings: together, sent: None });
            }
        }
        shared
    }

    /// The message of a telling to a contact, made in one of three ways: for this telling, for all that share the mailbox, or tied to the mail that
    /// tells it.
    pub(super) fn message(
        &mut self,
        telling: usize,
        contact: &Contact,
        ways: &Ways<'_>,
    ) -> anyhow::Result<NewMessage> {
        match self.part(telling, contact) {
            Part::Alone => (ways.alone)(),
            Part::Carried(bearer) => (ways.carried)(bearer),
            Part::Bears(tellings) => {
                let message = (ways.for_all)(&tellings)?;
                // One that waits for a key would hold up the others.
                if message.is_withheld() {
                    return (ways.alone)();
                }
                self.sent(telling, contact, &message);
                Ok(message)
            }
        }
    }

    /// What becomes of the mail of a telling to a contact.
    fn part(&self, telling: usize, contact: &Contact) -> Part {
        let place = self.places.get(&(telling, contact.language, address(contact)));
        let Some(mailbox) = place.map(|place| &self.mailboxes[*place]) else { return Part::Alone };
        match &mailbox.sent {
            _ if mailbox.tellings[0] == telling => Part::Bears(mailbox.tellings.clone()),
            Some(message_id) => Part::Carried(message_id.clone()),
            // The mail for all could not be made.
            None => Part::Alone,
        }
    }

    /// The mail for all tellings of a mailbox was made.
    fn sent(&mut self, telling: usize, contact: &Contact, message: &NewMessage) {
        if let Some(place) = self.places.get(&(telling, contact.language, address(contact))) {
            self.mailboxes[*place].sent = Some(message.message_id().to_owned());
        }
    }
}

fn address(contact: &Contact) -> String {
    contact.email.trim().to_lowercase()
}

/// Tellings that are connected by findings they share, two or more together, in order; not more than fit in one notice.
fn that_share_findings(tellings: &[usize], findings: &[Vec<FindingId>]) -> Vec<Vec<usize>> {
    let mut together: Vec<Vec<usize>> = Vec::new();
    let mut place: HashMap<FindingId, usize> = HashMap::new();
    for telling in tellings {
        let mut met: Vec<usize> =
            findings[*telling].iter().filter_map(|finding| place.get(finding).copied()).collect();
        met.sort_unstable();
        met.dedup();
        let here = met.first().copied().unwrap_or(together.len());
        if met.is_empty() {
            together.push(Vec::new());
        }
        for other in met.iter().skip(1) {
            let moved = std::mem::take(&mut together[*other]);
            place.extend(moved.iter().flat_map(|one| &findings[*one]).map(|finding| (*finding, here)));
            together[here].extend(moved);
        }
        together[here].push(*telling);
        place.extend(findings[*telling].iter().map(|finding| (*finding, here)));
    }
    together.iter_mut().for_each(|one| one.sort_unstable());
    let fits = |one: &Vec<usize>| {
        one.len() > 1 && one.iter().map(|at| findings[*at].len()).sum::<usize>() <= FINDINGS_IN_NOTICE_MAX
    };
    together.into_iter().filter(fits).collect()
}

/// One telling of a batch.
#[derive(Clone, Copy)]
pub(super) struct One<'m> {
    /// All tellings.
    pub batch: &'m [Telling],
    /// What each tells.
    pub told: &'m [Vec<Told>],
    /// Which one.
    pub at: usize,
}

impl<'m> One<'m> {
    /// The telling.
    pub(super) fn telling(self) -> &'m Telling {
        &self.batch[self.at]
    }

    /// What it tells.
    pub(super) fn told(self) -> &'m [Told] {
        &self.told[self.at]
    }
}

/// What a mail for one of several organisations is made of.
pub(super) struct Letter<'m, 'a> {
    /// Which telling is being made.
    pub one: One<'m>,
    /// Its notice, for the reader alone.
    pub notice: &'m Notice<'a>,
    /// Its mail, for the reader alone.
    pub mail: &'m Mail<'m>,
    /// Makes final bytes.
    pub freezer: &'m Freezer,
    /// What contacts prefer.
    pub policy: &'m Policy,
}

impl Composer<'_> {
    /// The message of a telling of its own organisation to one of its contacts, the `k`th.
    pub(super) fn message_to(
        &self,
        shared: &mut Shared,
        making: &Letter<'_, '_>,
        contact: &Contact,
        k: u32,
    ) -> anyhow::Result<NewMessage> {
        let terms = making.one.telling().terms;
        let waits = |at: usize| self.waits_until(making.policy, &making.one.batch[at], contact);
        let alone = || {
            let message =
                making.freezer.to_contact(making.mail, (terms, Circle::Concerned), contact, (k, None))?;
            Ok(message.not_before(waits(making.one.at)))
        };
        let for_all = |tellings: &[usize]| {
            let message = self.for_all(making, tellings, contact, k)?;
            // It waits as long as the most urgent of them may.
            Ok(message.not_before(tellings.iter().map(|at| waits(*at)).min().flatten()))
        };
        let carried = |bearer| {
            let pass = gate(terms, &Audience::contact(Circle::Concerned, contact))?;
            let own = making.freezer.message_id(making.mail.reference, k)?;
            Ok(NewMessage::carried(pass, contact.role.as_str().to_owned(), own, bearer))
        };
        let ways = Ways { alone: &alone, for_all: &for_all, carried: &carried };
        shared.message(making.one.at, contact, &ways)
    }

    fn for_all(
        &self,
        making: &Letter<'_, '_>,
        tellings: &[usize],
        contact: &Contact,
        k: u32,
    ) -> anyhow::Result<NewMessage> {
        let One { batch, told, .. } = making.one;
        let tellings_of: Vec<(OrganisationId, &[Told])> =
            tellings.iter().map(|at| (batch[*at].concerned, &told[*at][..])).collect();
        let (names, all) = together(&self.view.register, &tellings_of);
        let notice =
            Notice { standing: Standing::Together { of: &names }, groups: all, ..making.notice.clone() };
        let message = self.templates.render(&notice)?;
        // Confidential for one of them is confidential for all.
        let wish = tellings.iter().map(|at| batch[*at].whom.wish).max().unwrap_or_default();
        let mail = Mail { message: &message, wish, ..*making.mail };
        // Each of them may be told to this contact, by the gate; the first lets it go, with the marking that they all have.
        let terms = tellings.iter().map(|at| batch[*at].terms).reduce(|one, other| one.and(other));
        let terms = terms.unwrap_or(making.one.telling().terms);
        making.freezer.to_contact(&mail, (terms, Circle::Concerned), contact, (k, None))
    }
}

/// What a mail says that tells several organisations' findings: their names, and each finding once, with all that it concerns.
pub(super) fn together<'r>(
    register: &'r Register,
    tellings: &[(OrganisationId, &'r [Told])],
) -> (Vec<&'r str>, Vec<Group<'r>>) {
    let name = |organisation| organisation_name(register, organisation).1;
    let mut names: Vec<&str> = Vec::new();
    let mut concerns: HashMap<FindingId, Vec<&str>> = HashMap::new();
    for (organisation, told) in tellings {
        let name = name(*organisation);
        if !names.contains(&name) {
            names.push(name);
        }
        for one in *told {
            let of = concerns.entry(one.item.finding).or_default();
            if !of.contains(&name) {
                of.push(name);
            }
        }
    }
    let mut all: Vec<Group<'_>> = Vec::new();
    for (_, told) in tellings {
        for mut group in groups(register, told) {
            group.items.retain_mut(|item| match concerns.remove(&item.finding) {
                Some(of) => {
                    item.concerns = Cow::Owned(of.join("; "));
                    true
                }
                None => false,
            });
            match all.iter_mut().find(|known| same_kind(known, &group)) {
                Some(known) => known.items.append(&mut group.items),
                None if group.items.is_empty() => {}
                None => all.push(group),
            }
        }
    }
    (names, all)
}

fn same_kind(one: &Group<'_>, other: &Group<'_>) -> bool {
    (one.severity, one.classification, one.report_type, one.identifier, one.title)
        == (other.severity, other.classification, other.report_type, other.identifier, other.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tellings by the numbers of their findings.
    fn together(tellings: &[&[u32]]) -> Vec<Vec<usize>> {
        let findings: Vec<Vec<FindingId>> =
            tellings.iter().map(|findings| findings.iter().copied().map(FindingId).collect()).collect();
        that_share_findings(&(0..tellings.len()).collect::<Vec<_>>(), &findings)
    }

    #[test]
    fn tellings_go_together_when_findings_connect_them() {
        assert_eq!(together(&[&[1], &[1], &[1]]), [vec![0, 1, 2]]);
        assert_eq!(together(&[&[1], &[2], &[3]]), [[0; 0]; 0]);
        assert_eq!(together(&[&[1, 2], &[3], &[2, 4]]), [vec![0, 2]]);
        assert_eq!(together(&[&[1], &[2], &[1, 2], &[5], &[2]]), [vec![0, 1, 2, 4]]);
        assert_eq!(together(&[&[1], &[2], &[2], &[1]]), [vec![0, 3], vec![1, 2]]);
        assert_eq!(together(&[]), [[0; 0]; 0]);
    }
}
