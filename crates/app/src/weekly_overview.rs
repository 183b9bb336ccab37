//! Weekly overviews: which are due, what they say, and into the outbox with them.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use jiff::Timestamp;
use schakel_model::{
    answer::NotificationKind,
    ids::{NotificationId, OrganisationId},
    tlp::Tlp,
};
use schakel_render::{
    message::Message,
    notice::Reference,
    templates::Templates,
    weekly::{self, Delivery, SentDetails, WeeklyOverview},
};
use schakel_rules::{
    confidential::Wish,
    policy::Mode,
    tlp_gate::Circle,
    weekly_overview::{Period, Readers, Schedule, readers},
};
use schakel_store::{
    Reader, Store,
    findings::{self, Kind},
    outbox::{self, MessageState, NewNotification, Notification},
    weekly_overviews::{self as stored, NotTold},
};

use crate::{
    config::Config,
    explain::organisation_name,
    onboarding::not_affiliated,
    pipeline::state::RegisterView,
    policy,
    tell::{Closed, Freezer, Mail},
};

/// The marking of an overview that shows nothing but numbers and dates: letters have the same.
const MARKING_MIN: Tlp = Tlp::Green;

/// Reasons are written for the member, and not for everybody.
const REASONS_FROM: Tlp = Tlp::Amber;

/// An overview for readers of one language and clearance.
pub struct Made {
    /// What is stored.
    pub notification: Notification,
    /// The organisation's code and name.
    pub organisation: (String, String),
    /// To whom.
    pub recipients: Vec<String>,
    /// What they read.
    pub message: Message,
    /// Does it say more than that there is nothing?
    pub says_something: bool,
    new: NewNotification,
}

/// Makes overviews.
pub struct Overviews<'a> {
    /// Where to read.
    pub reader: &'a Reader,
    /// The register in force.
    pub view: &'a RegisterView,
    /// Sender, addresses, the schedule.
    pub config: &'a Config,
    /// The words.
    pub templates: &'a Templates,
    /// The time now.
    pub now: Timestamp,
}

/// What is the same for all overviews that are made at one time.
struct Common {
    kinds: Vec<Kind>,
    not_told: HashMap<OrganisationId, Vec<NotTold>>,
    epoch: u32,
    closed: Closed,
}

impl Overviews<'_> {
    /// The organisations whose overview is due, and for which period.
    pub fn due(&self) -> anyhow::Result<Vec<(OrganisationId, Period)>> {
        let schedule = self.config.telling.schedule()?;
        let last = self.reader.read(stored::last)?;
        let known_since = self.reader.read(stored::known_since)?;
        let joining = not_affiliated(self.reader)?;
        let closed = Closed::known(self.reader)?;
        let policy = policy::in_force(self.reader)?;
        let mut due = Vec::new();
        for organisation in &self.view.register.organisations {
            let id = organisation.id;
            // Whoever was merged is told through its successor; who is joining is told nothing yet.
            if joining.contains(&id) || self.view.successors.at(id, self.now.as_second()) != id {
                continue;
            }
            let known = known_since.get(&id).copied().unwrap_or(i64::MAX);
            // In trial operation nothing is sent to a member, an overview neither.
            if policy.mode_of(&organisation.code, "", self.now) != Mode::Live {
                continue;
            }
            if let Some(period) = schedule.due(last.get(&id).copied(), known, self.now)
                && !self.readers(id, &closed).is_empty()
            {
                due.push((id, period));
            }
        }
        Ok(due)
    }

    /// The overviews that are due, as they would be sent. With a store they are put into the outbox, each organisation's in a transaction of
    /// its own: broken off, it goes on with the next.
    pub fn make(&self, mut store: Option<&mut Store>, made: &mut dyn FnMut(&Made)) -> anyhow::Result<usize> {
        let due = self.due()?;
        let mut by_period: BTreeMap<i64, Vec<(OrganisationId, Period)>> = BTreeMap::new();
        due.into_iter().for_each(|one| by_period.entry(one.1.since).or_default().push(one));
        let mut next = self.reader.read(outbox::next_notification)?;
        let mut count = 0;
        for (since, due) in by_period {
            let common = self.common(since)?;
            for (organisation, period) in due {
                let overviews = self.of(organisation, period, &common, &mut next)?;
                let is_worth_it = self.config.telling.weekly_empty
                    || overviews.iter().any(|overview| overview.says_something);
                if overviews.is_empty() || !is_worth_it {
                    continue;
                }
                count += overviews.len();
                overviews.iter().for_each(&mut *made);
                if let Some(store) = store.as_deref_mut() {
                    let new: Vec<_> = overviews.into_iter().map(|overview| overview.new).collect();
                    store.store_weekly_overview(&new, organisation, period.until, self.now.as_second())?;
                }
            }
        }
        Ok(count)
    }

    /// The overview of one organisation over a period, as it would be sent now.
    pub fn show(&self, organisation: OrganisationId, period: Period) -> anyhow::Result<Vec<Made>> {
        let mut next = self.reader.read(outbox::next_notification)?;
        self.of(organisation, period, &self.common(period.since)?, &mut next)
    }

    /// Who gets it: never by an address that takes nothing or that others may read.
    fn readers(&self, organisation: OrganisationId, closed: &Closed) -> Vec<Readers<'_>> {
        readers(
            self.view.contacts(organisation, self.now.as_second()).filter(|contact| closed.is_open(contact)),
        )
    }

    fn common(&self, since: i64) -> anyhow::Result<Common> {
        let mut not_told: HashMap<OrganisationId, Vec<NotTold>> = HashMap::new();
        for one in self.reader.read(|connection| stored::not_told(connection, since))? {
            let organisation = self.view.successors.at(one.organisation, self.now.as_second());
            not_told.entry(organisation).or_default().push(one);
        }
        Ok(Common {
            kinds: self.reader.read(findings::kinds)?,
            not_told,
            epoch: self.reader.read(outbox::epoch)?,
            closed: Closed::known(self.reader)?,
        })
    }

    fn of(
        &self,
        organisation: OrganisationId,
        period: Period,
        common: &Common,
        next: &mut NotificationId,
    ) -> anyhow::Result<Vec<Made>> {
        let now = self.now.as_second();
        let groups = self.readers(organisation, &common.closed);
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let within = (period.since, period.until);
        let sent = self.reader.read(|connection| stored::sent(connection, organisation, within))?;
        let open = self.reader.read(|connection| stored::open(connection, organisation, now))?;
        let not_told = common.not_told.get(&organisation).map_or(&[][..], Vec::as_slice);
        let is_confidential =
            sent.iter().any(|one| one.confidential && one.kind != NotificationKind::Overview)
                || open.iter().any(|one| one.confidential);
        let wish = if is_confidential { Wish::Confidential } else { Wish::ByMarking };
        let lead = *next;
        let mut made = Vec::new();
        for group in &groups {
            let reference = Reference { number: u64::from(next.0), epoch: common.epoch };
            let content = (sent.as_slice(), not_told, open.as_slice());
            let overview = self.overview(organisation, period, (reference, group), content, &common.kinds)?;
            made.push(self.mail(organisation, &overview, group, (*next, lead), wish)?);
            next.0 += 1;
        }
        Ok(made)
    }

    fn overview<'o>(
        &'o self,
        organisation: OrganisationId,
        period: Period,
        (reference, group): (Reference, &Readers<'_>),
        (sent, not_told, open): (&'o [stored::Sent], &'o [NotTold], &[stored::Open]),
        kinds: &'o [Kind],
    ) -> anyhow::Result<WeeklyOverview<'o>> {
        let clearance = group.clearance;
        let (code, name) = organisation_name(&self.view.register, organisation);
        let mut overview = WeeklyOverview {
            reference,
            organisation: name,
            organisation_code: code,
            language: group.language,
            tlp: MARKING_MIN.min(clearance),
            recipient_role: group.role,
            sender: &self.config.sender,
            created_at: self.now,
            since: Timestamp::from_second(period.since)?,
            until: Timestamp::from_second(period.until)?,
            sent: Vec::new(),
            not_told: Vec::new(),
            open: Vec::new(),
            open_confidential: 0,
        };
        for one in sent {
            let may = one.tlp <= clearance;
            if may {
                overview.tlp = overview.tlp.max(one.tlp);
            }
            overview.sent.push(weekly::Sent {
                reference: Reference { number: u64::from(one.id.0), epoch: one.epoch },
                at: Timestamp::from_second(one.at)?,
                details: may.then(|| details(one)),
            });
        }
        for one in not_told {
            let reason = if clearance >= REASONS_FROM { one.reason.as_str() } else { "" };
            if !reason.is_empty() {
                overview.tlp = overview.tlp.max(REASONS_FROM);
            }
            overview.not_told.push(weekly::NotTold {
                fate: one.fate,
                reason,
                count: one.count,
                new: one.new,
            });
        }
        add_open(&mut overview, open, kinds, clearance);
        Ok(overview)
    }

    fn mail(
        &self,
        organisation: OrganisationId,
        overview: &WeeklyOverview<'_>,
        group: &Readers<'_>,
        (id, lead): (NotificationId, NotificationId),
        wish: Wish,
    ) -> anyhow::Result<Made> {
        let message = self.templates.weekly(overview)?;
        let freezer = Freezer::of_reader(self.reader, self.config, self.now)?;
        let mail = Mail {
            message: &message,
            reference: overview.reference,
            kind: NotificationKind::Overview,
            language: overview.language,
            wish,
        };
        let mut messages = Vec::new();
        for (contact, k) in group.contacts.iter().zip(1..) {
            let terms = (overview.tlp.into(), Circle::Concerned);
            match freezer.to_contact(&mail, terms, contact, (k, None)) {
                Ok(message) => messages.push(message),
                // One address that slips through must not hold up everybody else.
                Err(error) => {
                    tracing::warn!(organisation = overview.organisation_code, %error, "a recipient cannot be written to");
                }
            }
        }
        let notification = Notification {
            id,
            epoch: overview.reference.epoch,
            organisation,
            language: overview.language,
            created_at: self.now.as_second(),
            tlp: overview.tlp,
            findings: 0,
            subject: message.subject.clone(),
            lead,
            kind: NotificationKind::Overview,
            thread: None,
            wish,
        };
        Ok(Made {
            notification: notification.clone(),
            organisation: (overview.organisation_code.to_owned(), overview.organisation.to_owned()),
            recipients: group.contacts.iter().map(|contact| contact.email.clone()).collect(),
            message,
            says_something: !overview.says_nothing(),
            new: NewNotification { notification, messages, blocks: Vec::new(), tells: Vec::new() },
        })
    }
}

fn details(sent: &stored::Sent) -> SentDetails<'_> {
    let mut roles: Vec<&str> = sent.messages.iter().map(|(role, _)| role.as_str()).collect();
    roles.dedup();
    let count = |state| sent.messages.iter().filter(|(_, one)| *one == state).count();
    let (accepted, given_up) = (count(MessageState::Accepted), count(MessageState::GivenUp));
    let delivery = match sent.messages.len() {
        all if all > 0 && accepted == all => Delivery::Delivered,
        all if all > 0 && given_up == all => Delivery::Failed,
        _ if accepted > 0 => Delivery::Partly,
        _ => Delivery::Underway,
    };
    SentDetails {
        kind: sent.kind,
        tlp: sent.tlp,
        findings: sent.findings,
        subject: &sent.subject,
        roles,
        delivery,
    }
}

/// Open findings by severity and kind, the worst first; those above the clearance only counted.
fn add_open<'o>(overview: &mut WeeklyOverview<'o>, open: &[stored::Open], kinds: &'o [Kind], clearance: Tlp) {
    let mut by_kind: BTreeMap<_, weekly::Open<'o>> = BTreeMap::new();
    for one in open {
        let Some(kind) = kinds.get(one.kind.0 as usize).filter(|_| one.tlp <= clearance) else {
            overview.open_confidential += one.count;
            continue;
        };
        overview.tlp = overview.tlp.max(one.tlp);
        let place = (std::cmp::Reverse(one.severity), one.kind);
        let entry = by_kind.entry(place).or_insert_with(|| weekly::Open {
            severity: one.severity,
            classification: kind.classification,
            report_type: &kind.feed,
            identifier: &kind.identifier,
            count: 0,
            ages: [0; 3],
            states: BTreeMap::new(),
        });
        entry.count += one.count;
        let age = match one.days {
            0..=7 => 0,
            8..=30 => 1,
            _ => 2,
        };
        entry.ages[age] += one.count;
        *entry.states.entry(one.state.as_str()).or_default() += one.count;
    }
    overview.open.extend(by_kind.into_values());
}

impl crate::config::TellingConfig {
    /// When weekly overviews are made.
    pub fn schedule(&self) -> anyhow::Result<Schedule> {
        self.weekly.parse().map_err(anyhow::Error::msg).context("telling.weekly")
    }
}
