//! What people of a member see: what is their own organisation's, or that of one it serves, and nothing else. What is not theirs is as if it were
//! not there.
//!
//! - [`Own`]: who looks, at whom, and what of that they may see,
//! - [`front`]: their first page,
//! - [`findings`], [`sent`], [`weekly`], [`register`]: what their names say,
//! - [`claims`], [`contacts`], [`people`]: what they change about themselves.

pub mod claims;
pub mod contacts;
pub mod findings;
pub mod front;
pub mod people;
pub mod register;
pub mod sent;
pub mod weekly;

use std::collections::HashMap;

use schakel_model::{
    account::Account,
    answer::FollowUp,
    ids::{EventId, NotificationId, OrganisationId, ReportId},
    register::{Organisation, Register},
    relation::{Relation, RelationKind},
    tlp::{Terms, Tlp},
};
use schakel_rules::{
    access::{Right, may},
    confidential::Wish,
    tlp_gate::{Audience, Circle, Reads, Refusal, gate},
};
use schakel_store::{
    Reader, StoreError, chunks, member_reports::relations, outbox, register as stored, reports,
};
use serde::Serialize;

use crate::{
    access_log::{Looker, is_confidential},
    tenant::{Member, Tenant},
    users::Actor,
};

/// Somebody of a member, who looks at their own organisation or at one that it serves.
pub struct Own {
    /// At whom they look.
    pub organisation: Organisation,
    /// How their own organisation stands to it.
    pub circle: Circle,
    /// It, and those whose place it has taken.
    pub places: Vec<OrganisationId>,
    /// What stands above each page.
    pub head: Head,
    name: String,
    reads: Option<Reads>,
    by: By,
}

/// Is it a person who looks?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// It is.
    Person,
    /// It is a program.
    Program,
}

/// What stands above each page of a member.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// The code of the organisation that is looked at.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whom else they may look at; empty: nobody.
    pub others: Vec<Other>,
}

/// An organisation that somebody may look at.
#[derive(Clone, Debug, Serialize)]
pub struct Other {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// May they see something of those they look at?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// They may.
    Seen,
    /// It is for the trusted contact: they see that there is something.
    Confidential,
    /// It is not for them at all.
    Hidden,
}

impl Own {
    /// Somebody who looks at the organisation with this code. `None`: it is not theirs to look at, or there is no such thing.
    pub fn of(reader: &Reader, account: &Account, code: &str, now: i64) -> anyhow::Result<Option<Self>> {
        let version = reader.read(stored::version)?;
        let names = reader.read(|connection| stored::load_organisations(connection, version))?;
        let Some(own) = organisation(&names, &account.organisation) else { return Ok(None) };
        let theirs = Member::of(reader, own.id, now)?;
        if account.is_of_desk() || theirs.places.is_empty() {
            return Ok(None);
        }
        let relations = reader.read(|connection| relations(connection, version))?;
        let served = served(&relations, &theirs.places, now);
        let Some(wanted) = organisation(&names, code) else { return Ok(None) };
        let (circle, places) = match wanted.id {
            id if id == own.id => (Circle::Concerned, theirs.places),
            id if served.contains(&id) => (Circle::Serves, Member::of(reader, id, now)?.places),
            _ => return Ok(None),
        };
        let others = std::iter::once(own.id)
            .chain(served)
            .filter(|id| *id != wanted.id)
            .filter_map(|id| names.organisation(id))
            .map(|one| Other { code: one.code.clone(), name: one.name.clone() })
            .collect();
        let head = Head { code: wanted.code.clone(), name: wanted.name.clone(), others };
        Ok(Some(Self {
            organisation: wanted.clone(),
            circle,
            places,
            head,
            name: account.name.clone(),
            by: By::Person,
            reads: Some(match may(&account.roles, Right::SeeOwnConfidential) {
                true => Reads::NamedPerson,
                false => Reads::SharedMailbox,
            }),
        }))
    }

    /// A program that acts under this name and looks at the organisation with this code: the member's own, or one of the desk, which sees it as
    /// the member's trusted contact does. `None`: it is not theirs to look at, or there is no such thing.
    pub fn of_program(
        reader: &Reader,
        tenant: &Tenant,
        name: &str,
        code: &str,
        now: i64,
    ) -> anyhow::Result<Option<Self>> {
        let names = reader.read(stored::load_organisations_now)?;
        let Some(wanted) = organisation(&names, code) else { return Ok(None) };
        let (reads, places) = match tenant {
            Tenant::Desk => (Some(Reads::NamedPerson), Member::of(reader, wanted.id, now)?.places),
            Tenant::Member(member) if member.organisation == wanted.id => (None, member.places.clone()),
            Tenant::Member(_) => return Ok(None),
        };
        let head = Head { code: wanted.code.clone(), name: wanted.name.clone(), others: Vec::new() };
        let name = name.to_owned();
        let circle = Circle::Concerned;
        Ok(Some(Self { organisation: wanted.clone(), circle, places, head, name, reads, by: By::Program }))
    }

    /// May they see something with these terms?
    pub fn sight(&self, terms: Terms) -> Sight {
        let audience = match self.reads {
            Some(reads) => Audience::signed_in(self.circle, &self.name, reads),
            None => Audience::machine(self.circle, &self.name),
        };
        match gate(terms, &audience) {
            Ok(_) => Sight::Seen,
            Err(Refusal::Clearance | Refusal::NoNamedPerson) => Sight::Confidential,
            Err(Refusal::Circle | Refusal::Source | Refusal::NoAddress) => Sight::Hidden,
        }
    }

    /// May they see a notification? One that the policy calls confidential is so, whatever its marking.
    pub fn sight_of_notification(&self, tlp: Tlp, wish: Wish) -> Sight {
        self.sight(Terms::from(as_wished(tlp, wish)))
    }

    /// Do they look at their own organisation?
    pub fn is_own(&self) -> bool {
        self.circle == Circle::Concerned
    }

    /// Is whoever looks a trusted contact of their own organisation?
    pub fn is_trusted(&self) -> bool {
        self.reads == Some(Reads::NamedPerson)
    }

    /// Who is trusted, and who administers, is said by people only.
    pub fn by(&self) -> By {
        self.by
    }

    /// The name under which whoever looks signs in.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who looks, for the log.
    pub fn actor(&self) -> Actor {
        Actor::of_member(&self.name)
    }
}

fn as_wished(tlp: Tlp, wish: Wish) -> Tlp {
    match wish {
        Wish::ByMarking | Wish::Open => tlp,
        Wish::Confidential => tlp.max(Tlp::AmberStrict),
    }
}

fn organisation<'r>(names: &'r Register, code: &str) -> Option<&'r Organisation> {
    names.organisations.iter().find(|one| one.code == code)
}

/// Whom one of these serves now, each once.
fn served(relations: &[Relation], by: &[OrganisationId], now: i64) -> Vec<OrganisationId> {
    let serves = |one: &&Relation| {
        one.kind == RelationKind::Serves
            && one.valid_at(now)
            && by.contains(&one.from)
            && !by.contains(&one.to)
    };
    let mut served: Vec<_> = relations.iter().filter(serves).map(|one| one.to).collect();
    served.sort_unstable();
    served.dedup();
    served
}

/// What of many findings somebody may see; it remembers what they have in common.
pub(crate) struct Seeing<'a> {
    reader: &'a Reader,
    own: &'a Own,
    terms: HashMap<(ReportId, u32), Terms>,
    notified: HashMap<NotificationId, Tlp>,
}

impl<'a> Seeing<'a> {
    pub(crate) fn new(reader: &'a Reader, own: &'a Own) -> Self {
        Self { reader, own, terms: HashMap::new(), notified: HashMap::new() }
    }

    /// On which terms they were told of a finding that this event showed first: those of its report and of the notification.
    pub(crate) fn terms(&mut self, told: &FollowUp, event: EventId) -> Result<Terms, StoreError> {
        let chunk = self.reader.read(|connection| chunks::of_row(connection, event.report, event.row))?;
        // Of what is erased nobody knows any more for whom it was.
        let Some(chunk) = chunk else { return Ok(Terms::STRICTEST) };
        let key = (chunk.report, chunk.member);
        let terms = match self.terms.get(&key) {
            Some(terms) => *terms,
            None => {
                let terms = self.reader.read(|connection| reports::terms(connection, key.0, key.1))?;
                *self.terms.entry(key).or_insert(terms)
            }
        };
        let tlp = match self.notified.get(&told.told_by) {
            Some(tlp) => *tlp,
            None => {
                let told_by =
                    self.reader.read(|connection| outbox::notification(connection, told.told_by))?;
                let tlp = told_by.map_or(Tlp::Red, |one| as_wished(one.tlp, one.wish));
                *self.notified.entry(told.told_by).or_insert(tlp)
            }
        };
        Ok(terms.and(Terms::from(tlp)))
    }

    /// May they see it?
    pub(crate) fn sight(&mut self, told: &FollowUp, event: EventId) -> Result<Sight, StoreError> {
        Ok(self.own.sight(self.terms(told, event)?))
    }

    /// Records that they look at a finding, when it is confidential.
    pub(crate) fn record(&mut self, told: &FollowUp, event: EventId, now: i64) -> anyhow::Result<()> {
        let tlp = self.terms(told, event)?.tlp;
        let actor = self.own.actor();
        let looker = Looker { reader: self.reader, actor: &actor, now };
        looker.item(&format!("finding:{}", told.finding), tlp)
    }

    /// Records that they look at a list, when some of it is confidential.
    pub(crate) fn record_list(
        &mut self,
        list: &str,
        items: &[(FollowUp, EventId)],
        now: i64,
    ) -> anyhow::Result<()> {
        let mut confidential = Vec::new();
        for (told, event) in items {
            if is_confidential(self.terms(told, *event)?.tlp) {
                confidential.push(format!("F{}", told.finding));
            }
        }
        let actor = self.own.actor();
        Looker { reader: self.reader, actor: &actor, now }.confidential(list, &confidential)
    }
}
