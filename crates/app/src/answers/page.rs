//! The page behind the link in a mail: it shows a number and how many findings stand how, never what they are.

use std::collections::BTreeMap;

use schakel_model::{
    answer::{AnswerKind, AnswerWay, RecipientState, Standing},
    ids::AnswerId,
    language::Language,
    register::ContactRole,
};
use schakel_rules::answer::Proof;
use schakel_store::{Reader, act::Act, answers, mailboxes};

use super::{Asked, Said, Voice, api::FOR_THE_READER, tokens, weigh};
use crate::config::Config;

/// What a page is good for: a fortnight of holidays is longer than most, and a mail that turns up after that is nobody's business.
pub const LINK_SECONDS: i64 = 30 * 86_400;

/// Who answers by the page.
const ACTOR: &str = "the recipient";

/// What the page shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// The number of the notification.
    pub number: String,
    /// In which language it was written.
    pub language: Language,
    /// How many findings stand how. None of those that are closed.
    pub states: Vec<(RecipientState, u64)>,
    /// How many are closed.
    pub closed: u64,
    /// May who reads it accept a risk?
    pub may_accept_risk: bool,
}

/// What came of an answer by the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It counts.
    Taken(AnswerId),
    /// The desk looks at it.
    Proposed(AnswerId),
    /// Something that belongs to it is missing, or its day is past: nothing was recorded.
    Incomplete,
}

/// The link to answer a notification with; empty when no page can be reached from outside. Everybody whom it was sent to has the same one.
pub fn link(config: &Config, secret: &[u8; 32], number: u64, epoch: u32, now: i64) -> String {
    let base = config.http.public_url.trim_end_matches('/');
    if base.is_empty() {
        return String::new();
    }
    let token = tokens::Token { number, epoch, recipient: 0 };
    format!("{base}/answer/{}", tokens::link(secret, token, now.saturating_add(LINK_SECONDS)))
}

/// What is behind a link; `None`: it has run out, is none of ours, or went to somebody whose mail others may read.
pub fn behind_link(reader: &Reader, now: i64, token: &str) -> anyhow::Result<Option<Shown>> {
    let Some((asked, roles)) = asked(reader, now, token)? else { return Ok(None) };
    let mut states: BTreeMap<RecipientState, u64> = BTreeMap::new();
    for one in asked.open(&[]) {
        *states.entry(one.state).or_default() += 1;
    }
    let number = schakel_render::notice::Reference {
        number: u64::from(asked.notification.id.0),
        epoch: asked.notification.epoch,
    };
    Ok(Some(Shown {
        number: number.to_string(),
        language: asked.notification.language,
        closed: asked.follow_ups.iter().filter(|one| one.closed_at.is_some()).count() as u64,
        states: states.into_iter().collect(),
        may_accept_risk: roles.iter().any(|role| matches!(role, ContactRole::Ciso | ContactRole::Vcib)),
    }))
}

/// Answers by the link. The same sent twice is one answer.
pub fn answer(reader: &Reader, now: i64, token: &str, said: Said) -> anyhow::Result<Option<Outcome>> {
    let Some((asked, roles)) = asked(reader, now, token)? else { return Ok(None) };
    let sender = format!("N{}", asked.notification.id);
    let voice = Voice { way: AnswerWay::Page, sender, proof: Proof::Link, roles, receipt: None };
    let asks_nothing = said.kind == AnswerKind::Question && said.text.trim().is_empty();
    let new = match weigh(reader, &asked, &voice, said, now)? {
        Ok(new) if !asks_nothing && !FOR_THE_READER.iter().any(|why| new.why == why.to_string()) => new,
        Ok(_) | Err(_) => return Ok(Some(Outcome::Incomplete)),
    };
    let act = Act { at: now, actor: ACTOR, reason: "by the link in a mail" };
    let id = answers::record_beside(reader.data(), &act, &new)?;
    Ok(Some(match new.standing {
        Standing::Taken => Outcome::Taken(id),
        Standing::Proposed | Standing::Refused => Outcome::Proposed(id),
    }))
}

/// The notification of a link, with the roles of those whom it was sent to.
fn asked(reader: &Reader, now: i64, token: &str) -> anyhow::Result<Option<(Asked, Vec<ContactRole>)>> {
    let Some(token) = tokens::read_link(&reader.secret(), token, now) else { return Ok(None) };
    let Some(asked) = Asked::find(reader, token.number, token.epoch, now)? else { return Ok(None) };
    if asked.follow_ups.is_empty() {
        return Ok(None);
    }
    let unusable = reader.read(mailboxes::list)?;
    let messages = asked.messages(reader)?;
    let is_read_by_others = |recipient: &str| {
        let recipient = recipient.trim().to_lowercase();
        unusable.iter().any(|one| one.compromised_at.is_some() && one.address == recipient)
    };
    if messages.iter().any(|message| is_read_by_others(&message.recipient)) {
        return Ok(None);
    }
    let roles = messages.iter().filter_map(|message| message.role.parse().ok()).collect();
    Ok(Some((asked, roles)))
}
