//! What hubs say beside parcels: each message has its effect, and none when it comes again.

use std::collections::BTreeSet;

use schakel_formats::hub::{
    message::{Kind, Signed},
    seal_key,
};
use schakel_model::{hub::Link, ids::FindingId};
use schakel_store::{
    Store,
    act::Act,
    audit::Action,
    hub_sealing,
    hubs::{self, PinnedKey},
};

use super::{links::announced, ours::Ours, sealing};
use crate::handover::{
    claims,
    heard::{self, Message},
};

/// Who does what follows from what a hub says.
pub const ACTOR: &str = "schakel";

/// What came of messages.
#[derive(Debug, Default)]
pub struct Heard {
    /// The findings that something was said of.
    pub findings: BTreeSet<FindingId>,
    /// Messages that cannot be understood, and why.
    pub unheard: Vec<String>,
}

/// Hears messages whose signatures hold, in order.
pub fn hear(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    messages: Vec<(Box<Signed>, Vec<u8>)>,
    now: i64,
) -> anyhow::Result<Heard> {
    let mut heard = Heard::default();
    let mut of_findings = Vec::new();
    for (message, line) in messages {
        let (id, kind) = (message.envelope.id.clone(), message.envelope.kind);
        match kind {
            Kind::Keys => {
                if let Err(why) = pin(store, link, &message, now)? {
                    heard.unheard.push(format!("message {id}: {why}"));
                }
            }
            Kind::SealKey => {
                if let Err(why) = know_seal_key(store, link, &message, now)? {
                    heard.unheard.push(format!("message {id}: {why}"));
                }
            }
            Kind::Receipt
            | Kind::Status
            | Kind::StatusCount
            | Kind::Claims
            | Kind::Digest
            | Kind::DigestAsk
            | Kind::Question
            | Kind::Answer
            | Kind::WhoseAsk
            | Kind::WhoseAnswer
            | Kind::Withdrawn => {
                of_findings.push(Message { envelope: message.envelope, line });
            }
            _ => heard.unheard.push(format!("message {id}: {} is not understood here", kind.as_str())),
        }
    }
    heard.findings = heard::hear(store, ours, link, &of_findings, now)?;
    Ok(heard)
}

/// From now on what is for this hub is sealed to the key that it names.
fn know_seal_key(
    store: &mut Store,
    link: &Link,
    message: &Signed,
    now: i64,
) -> anyhow::Result<Result<(), String>> {
    let key = match seal_key::read(&message.envelope.data) {
        Ok(key) if sealing::is_usable(&key, now) => key,
        Ok(_) => return Ok(Err("nothing can be sealed to the key that it names".to_owned())),
        Err(error) => return Ok(Err(error)),
    };
    let reason = format!("announced by a line that was signed by {}", message.key_id);
    let act = Act { at: now, actor: ACTOR, reason: &reason };
    store.write(|transaction| {
        hub_sealing::know_key(transaction, link.id, &key)?;
        let subject = format!("hub:{}", link.peer);
        act.record(transaction, Action::HubKeyPinned, &subject, &sealing::fingerprint(&key))
    })?;
    claims::key_of_hub_below_changed(store, link, now)?;
    Ok(Ok(()))
}

/// Pins the keys that a hub announces under one that counts.
fn pin(store: &mut Store, link: &Link, message: &Signed, now: i64) -> anyhow::Result<Result<(), String>> {
    let keys = match announced(&message.envelope.data) {
        Ok(keys) => keys,
        Err(error) => return Ok(Err(error)),
    };
    // The line was read by a key that counts: it is there.
    let known = store.read(|connection| hubs::by_key_id(connection, &message.key_id))?;
    let announced_by = known.map(|(_, key)| key.key);
    let reason = format!("announced by a line that was signed by {}", message.key_id);
    let act = Act { at: now, actor: ACTOR, reason: &reason };
    let pinned: Vec<PinnedKey> = keys
        .into_iter()
        .map(|(key, valid_until)| PinnedKey {
            link: link.id,
            key,
            announced_by,
            pinned_at: now,
            valid_until,
            revoked_at: None,
        })
        .collect();
    store.write(|transaction| pinned.iter().try_for_each(|key| hubs::pin(transaction, act, link, key)))?;
    Ok(Ok(()))
}
