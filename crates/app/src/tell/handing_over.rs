//! What another hub tells in our place: a notification with parcels instead of mails.

use std::collections::{HashMap, HashSet};

use anyhow::Context;
use schakel_formats::hub::parcel::ParcelAsset;
use schakel_model::{
    answer::NotificationKind,
    event::Event,
    finding::KeyMaker,
    hub::{HubName, Link},
    ids::{FindingId, LinkId, NotificationId},
    language::Language,
};
use schakel_render::message::Message;
use schakel_rules::{
    handover::{BOUNCES_MAX, Facts, by_link},
    policy::Deadline,
};
use schakel_store::{
    Reader, StoreError,
    chunks::Chunk,
    handovers::{self, NewHandover},
    hub_payload,
    outbox::{NewNotification, Notification},
    reports, sources,
};

use super::{Composed, Composer, Telling, Told, Whom, retold::Since, rows::Row, tells::tells};
use crate::{
    explain::organisation_name,
    handover::{
        links::Links,
        parcels::{Tellable, ToHandOver, Together, parcel},
    },
    hub::sealing::Sealer,
};

/// How the rows of a chunk came to us.
pub(super) struct Came {
    keys: KeyMaker,
    paths: HashMap<u32, Vec<HubName>>,
    may_look_up: bool,
}

impl Came {
    pub fn of(reader: &Reader, chunk: &Chunk) -> Result<Self, StoreError> {
        let rows = chunk.first_row..chunk.first_row.saturating_add(chunk.rows);
        let report = reader.read(|connection| reports::get(connection, chunk.report))?;
        let source = match report {
            Some(report) => reader.read(|connection| sources::by_id(connection, report.source))?,
            None => None,
        };
        Ok(Self {
            keys: KeyMaker::new(reader.secret()),
            paths: reader.read(|connection| handovers::paths(connection, chunk.report, rows))?,
            // Of what nobody in particular sent, nobody has said that it may.
            may_look_up: source.is_some_and(|source| source.may_look_up),
        })
    }

    /// A row as another hub is told of it.
    pub fn tellable(&self, row: &Row<'_>, event: &Event, shown: &str) -> Tellable {
        let key = self.keys.key(row.observation, &mut Vec::new());
        let path = self.paths.get(&row.id.row).cloned().unwrap_or_default();
        Tellable::new(event.clone(), row.observation, row.plan.feed(), shown, key, path, self.may_look_up)
    }
}

/// Findings that were handed over before.
pub(crate) struct Again<'a> {
    /// The notification that did so last.
    pub told: &'a Notification,
    /// Each with the notification that told it first.
    pub findings: &'a [(FindingId, NotificationId)],
    /// What is known of them since.
    pub since: &'a HashMap<FindingId, Since>,
}

impl Composer<'_> {
    /// Hands over what is told by a link.
    pub(super) fn hand_over(
        &self,
        (links, epoch): (&Links, u32),
        (telling, told): (&Telling, &[Told]),
        link: LinkId,
        deadline: Deadline,
        next: &mut NotificationId,
    ) -> anyhow::Result<(Composed, NewHandover)> {
        let link = links.get(link).context("the link is gone")?;
        let now = self.now.as_second();
        let (composed, mut new) = self.parcels((links, epoch), (telling, told), link, None, next)?;
        new.notice.blocks = telling.blocks.iter().map(|block| block.id).collect();
        new.notice.tells = tells(told, deadline, now);
        Ok((composed, new))
    }

    /// Findings that were handed over before, as they are now; `None` when no link carries them any more, or nothing of them can be read.
    pub(crate) fn hand_over_again(
        &self,
        (links, epoch): (&Links, u32),
        again: &Again<'_>,
        next: &mut NotificationId,
    ) -> anyhow::Result<Option<NewHandover>> {
        let Notification { organisation, tlp, id, wish, .. } = *again.told;
        let Some(link) = links.of(self.view, organisation) else { return Ok(None) };
        let telling = Telling {
            organisation,
            concerned: organisation,
            terms: tlp.into(),
            whom: Whom { link: Some(link.id), wish, ..Whom::default() },
            campaign: None,
            due_at: None,
            blocks: self.blocks_that_tell(again.findings)?,
        };
        if by_link(&Facts { link, terms: telling.terms, path: &[], bounces: 0 }).is_err() {
            return Ok(None);
        }
        let mut told = self.read_rows(std::slice::from_ref(&telling))?.pop().unwrap_or_default();
        told.retain(|one| {
            let came = one.tellable.as_ref().is_none_or(|tellable| tellable.path.contains(&link.peer));
            let bounces = self.reader.read(|connection| handovers::bounces(connection, one.item.finding));
            !came && bounces.is_ok_and(|bounces| bounces < BOUNCES_MAX)
        });
        for one in &mut told {
            let (Some(since), Some(tellable)) = (again.since.get(&one.item.finding), &mut one.tellable)
            else {
                continue;
            };
            one.group.0 = since.severity;
            tellable.seen(since.last_seen, since.severity, &since.new_cves);
        }
        if told.is_empty() {
            return Ok(None);
        }
        let (_, new) = self.parcels((links, epoch), (&telling, &told), link, Some(id), next)?;
        Ok(Some(new))
    }

    /// The notification and its parcels, which tell no assignments yet.
    pub(super) fn parcels(
        &self,
        (links, epoch): (&Links, u32),
        (telling, told): (&Telling, &[Told]),
        link: &Link,
        thread: Option<NotificationId>,
        next: &mut NotificationId,
    ) -> anyhow::Result<(Composed, NewHandover)> {
        let secret = self.reader.secret();
        let together = Together {
            ours: links.ours().context("this installation is no hub")?,
            secret: &secret,
            link,
            form: self.reader.read(|connection| hub_payload::form(connection, link.id))?,
            terms: telling.terms,
            notification: *next,
            now: self.now.as_second(),
        };
        let mut sealer = Sealer::of(self.reader, link, self.now.as_second())?;
        let mut handed: HashSet<FindingId> = HashSet::new();
        let mut parcels = Vec::new();
        for one in told {
            let Some(tellable) = &one.tellable else { continue };
            // A finding that is theirs in two roles is told once.
            if !handed.insert(one.item.finding) {
                continue;
            }
            let finding = one.item.finding;
            let mut made = self.reader.read(|connection| handovers::made(connection, link.id, finding))?;
            made.push((made.last().map_or(1, |(revision, _)| revision + 1), together.now));
            let asset = one.asset.and_then(|id| super::asset_value(&self.view.register, id));
            let asset = asset.map(|value| ParcelAsset {
                kind: value.kind().as_str().to_owned(),
                value: value.to_string(),
                role: one.item.role.as_str().to_owned(),
            });
            let severity = one.group.0;
            let one = ToHandOver { finding, tellable, severity, asset, made: &made };
            parcels.push(parcel(together, sealer.as_mut(), one)?);
        }
        let (code, name) = organisation_name(&self.view.register, telling.organisation);
        let subject = format!("{} findings for {}", parcels.len(), link.peer);
        let notification = Notification {
            id: *next,
            epoch,
            organisation: telling.organisation,
            language: Language::default(),
            created_at: self.now.as_second(),
            tlp: telling.terms.tlp,
            findings: parcels.len() as u64,
            subject: subject.clone(),
            lead: *next,
            kind: NotificationKind::Handover,
            thread,
            wish: telling.whom.wish,
        };
        next.0 += 1;
        let composed = Composed {
            notification: notification.clone(),
            organisation: (code.to_owned(), name.to_owned()),
            recipients: vec![format!("hub {}", link.peer)],
            message: Message { subject, text: String::new(), attachments: Vec::new() },
        };
        let notice =
            NewNotification { notification, messages: Vec::new(), blocks: Vec::new(), tells: Vec::new() };
        Ok((composed, NewHandover { notice, parcels }))
    }
}
