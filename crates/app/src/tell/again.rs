//! A notification as it would read with the texts in force now, from what it told: to look at, not to send.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use schakel_model::{
    ids::{NotificationId, OrganisationId},
    tlp::Terms,
};
use schakel_render::{
    message::Message,
    notice::{Notice, Occasion, Reference, Standing},
};
use schakel_rules::recipients::recipients;
use schakel_store::{
    chunks::{self, Block, Blocks},
    outbox::{self, Notification},
    reports,
};

use super::{Composer, Telling, Whom, groups};

impl Composer<'_> {
    /// The notification and its text.
    pub fn again(&self, id: NotificationId) -> anyhow::Result<(Notification, Message)> {
        let notification = self
            .reader
            .read(|connection| outbox::notification(connection, id))?
            .with_context(|| format!("there is no notification {id}. `schakel outbox` lists them"))?;
        let lead = notification.lead.0;
        let blocks =
            self.reader.read(|connection| chunks::blocks(connection, &Blocks::OfNotification(lead)))?;
        ensure!(!blocks.is_empty(), "{id} tells no findings, or they were taken back since");
        let mut by_concerned: BTreeMap<OrganisationId, Vec<Block>> = BTreeMap::new();
        for block in blocks {
            let Some(assignee) = block.assignee else { continue };
            by_concerned.entry(assignee.organisation).or_default().push(block);
        }
        let Some((concerned, blocks)) = by_concerned.pop_first() else {
            bail!("{id} tells nobody's findings")
        };
        let terms = self.terms(&blocks[0])?;
        let whom = Whom::default();
        let telling = Telling {
            organisation: notification.organisation,
            concerned,
            terms,
            whom,
            campaign: None,
            due_at: None,
            blocks,
        };
        let told = self.read_rows(std::slice::from_ref(&telling))?.pop().unwrap_or_default();
        let register = &self.view.register;
        let (code, name) = crate::explain::organisation_name(register, notification.organisation);
        let of = crate::explain::organisation_name(register, concerned).1;
        let contacts = self.view.contacts(notification.organisation, self.now.as_second());
        let role = recipients(contacts, notification.tlp)
            .map(|recipients| recipients.role)
            .ok()
            .with_context(|| format!("nobody of {code} may be told this any more"))?;
        let notice = Notice {
            reference: Reference { number: u64::from(notification.id.0), epoch: notification.epoch },
            organisation: name,
            organisation_code: code,
            language: notification.language,
            tlp: notification.tlp,
            recipient_role: role,
            standing: if concerned == notification.organisation {
                Standing::Own
            } else {
                Standing::Copy { of }
            },
            occasion: Occasion::New,
            answer_link: "",
            sender: &self.config.sender,
            created_at: Timestamp::from_second(notification.created_at)?,
            groups: groups(register, &told),
        };
        let message = self.templates.render(&notice)?;
        Ok((notification, message))
    }

    pub(super) fn terms(&self, block: &Block) -> anyhow::Result<Terms> {
        let chunk = self.reader.read(|connection| chunks::by_id(connection, block.chunk))?;
        let member = chunk.map_or(0, |chunk| chunk.member);
        Ok(self.reader.read(|connection| reports::terms(connection, block.report, member))?)
    }
}
