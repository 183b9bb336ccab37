//! What a campaign holds, told with its own text.

use std::sync::Arc;

use jiff::Timestamp;
use schakel_model::{assignment::Assignee, fate::Fate, language::Language};
use schakel_render::notice::Occasion;
use schakel_rules::{
    confidential::Wish,
    policy::{Mode, Policy},
};
use schakel_store::{
    Reader, Store,
    act::Act,
    campaigns::{self, Campaign},
    chunks::Block,
    outbox, reports, sources,
};

use crate::{
    explain::organisation_name,
    onboarding::not_affiliated,
    pipeline::derive::{DerivedChunk, Deriver},
    policy,
};

use super::{
    Closed, Composed, Composer, Making, Telling, Waiting, batches,
    deciding::Whom,
    facts::{OfChunk, Wanted, for_each_fact},
    one_mailbox::{One, Shared},
};

impl Telling {
    /// Why its findings are told.
    pub(super) fn occasion(&self, language: Language) -> Occasion<'_> {
        match &self.campaign {
            None => Occasion::New,
            Some(campaign) => Occasion::Campaign {
                title: &campaign.title,
                text: campaign.text(language),
                deadline: campaign.deadline.and_then(|at| Timestamp::from_second(at).ok()),
            },
        }
    }
}

impl Composer<'_> {
    /// Tells what the campaign holds; hands each notification to `made`. Without `store` nothing is kept. Broken off, what is held still is
    /// told the next time.
    pub fn compose_campaign(
        &self,
        campaign: &Campaign,
        mut store: Option<(&mut Store, &Act<'_>)>,
        made: &mut dyn FnMut(&Composed),
    ) -> anyhow::Result<usize> {
        let now = self.now.as_second();
        let policy = policy::in_force(self.reader)?;
        let report = self.reader.read(|connection| reports::get(connection, campaign.report))?;
        let source = match report {
            Some(report) => self.reader.read(|connection| sources::by_id(connection, report.source))?,
            None => None,
        };
        let source = source.map_or_else(String::new, |source| source.code);
        let joining = not_affiliated(self.reader)?;
        let (mut waiting, mut others) = (Vec::new(), Vec::new());
        for block in self.reader.read(|connection| campaigns::held(connection, campaign.id))? {
            let Some(assignee) = block.assignee else { continue };
            let terms = self.terms(&block)?;
            let organisation = self.view.successors.at(assignee.organisation, now);
            let (code, _) = organisation_name(&self.view.register, organisation);
            let is_live = policy.mode_of(code, &source, self.now) == Mode::Live;
            if !is_live || joining.contains(&assignee.organisation) {
                // They are kept as ever: by trial operation, or until the organisation has joined.
                others.push((block.id, Fate::Queued));
                continue;
            }
            let wish = self.wish_of(&policy.policy, &block, assignee, code)?;
            match self.view.fate_of(Some(assignee), &[assignee], terms, now) {
                Fate::Queued => waiting.push(Waiting {
                    organisation,
                    block: Block { reference: None, ..block },
                    terms,
                    overview: None,
                    whom: Whom { wish, ..Whom::default() },
                }),
                fate => others.push((block.id, fate)),
            }
        }
        let campaign = Arc::new(campaign.clone());
        let mut next = self.reader.read(outbox::next_notification)?;
        let epoch = self.reader.read(outbox::epoch)?;
        let mut closed = Closed::known(self.reader)?;
        let batches = batches(waiting);
        let last = batches.len();
        let mut count = 0;
        if let (0, Some((store, act))) = (last, &mut store) {
            store.send_campaign(act, campaign.id, &[], &others, true)?;
        }
        for (mut batch, number) in batches.into_iter().zip(1..) {
            batch.iter_mut().for_each(|telling| telling.campaign = Some(Arc::clone(&campaign)));
            let freezer = self.freezer()?;
            let told = self.read_rows(&batch)?;
            self.close_endangered(&mut closed, &batch, &told, store.as_mut().map(|(store, _)| &mut **store))?;
            let making = Making { freezer: &freezer, epoch, closed: &closed, policy: &policy.policy };
            let mut new = Vec::new();
            let mut shared = Shared::of(self, &batch, &told, &closed);
            for (at, telling) in batch.iter().enumerate() {
                let one = One { batch: &batch, told: &told, at };
                let written = self.notifications(making, one, &mut shared, &mut next)?;
                if written.is_empty() {
                    // Mail does not reach them: from now on they are told as usual, by telephone if need be.
                    others.extend(telling.blocks.iter().map(|block| (block.id, Fate::Queued)));
                }
                for (composed, mut stored) in written {
                    // The policy may ask for an earlier answer than the campaign does.
                    for tells in &mut stored.tells {
                        tells.deadline = [tells.deadline, campaign.deadline].into_iter().flatten().min();
                    }
                    made(&composed);
                    new.push(stored);
                    count += 1;
                }
            }
            if let Some((store, act)) = &mut store {
                let others = if number == last { &others[..] } else { &[] };
                store.send_campaign(act, campaign.id, &new, others, number == last)?;
            }
        }
        Ok(count)
    }

    /// What the policy asks beside the marking of what a campaign tells: two people decided that it is told and when, not that others may read it.
    fn wish_of(
        &self,
        policy: &Policy,
        block: &Block,
        assignee: Assignee,
        code: &str,
    ) -> anyhow::Result<Wish> {
        let mut wish = Wish::ByMarking;
        if !policy.asks_for_encryption() {
            return Ok(wish);
        }
        let of = OfChunk::read(self.reader, block.chunk)?;
        let wanted = Wanted { assignee, code, findings: &block.findings };
        let mut reading = (Deriver::new(Reader::open(self.reader.data())?)?, DerivedChunk::default());
        let (in_force, words) = (policy.at(self.now), policy.asks_for_words());
        for_each_fact(self.reader, &of, &[wanted], &mut reading, words, |_, _, facts| {
            wish = wish.max(in_force.decide(facts).wish);
        })?;
        Ok(wish)
    }
}
