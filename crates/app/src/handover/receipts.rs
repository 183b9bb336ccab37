//! What another hub says of our parcels: each gets its fate, and what is not the other's is answered as any recipient answers.

use std::collections::BTreeSet;

use schakel_model::{
    answer::{AnswerKind, AnswerWay},
    hub::{Link, ReceiptOutcome},
    ids::{FindingId, NotificationId},
};
use schakel_rules::{answer::Proof, handover::is_believed};
use schakel_store::{
    Store,
    act::Act,
    answers,
    handovers::{self, HeardReceipt},
    outbox,
};

use crate::answers::{Asked, Said, Voice, weigh};

/// Who enters what other hubs say.
const ACTOR: &str = "schakel";

/// Whether a hub sends too much back is judged by a day.
const LATELY_SECONDS: i64 = 86_400;

/// Why an answer of a hub waits for the desk.
const NOT_BELIEVED: &str =
    "this hub says that more than half of what it gets is not its own: look at its link and at the register";

/// Records receipts, with what follows from them. Gives how many said something new.
pub fn hear(store: &mut Store, link: &Link, receipts: &[HeardReceipt], now: i64) -> anyhow::Result<u64> {
    let heard = store.hear_receipts(now, link.id, receipts)?;
    if heard.unknown > 0 {
        tracing::warn!(hub = %link.peer, count = heard.unknown, "receipts of parcels that we do not know");
    }
    for (notification, findings) in &heard.not_mine {
        say(store, link, *notification, AnswerKind::NotOurs, findings, now)?;
    }
    Ok(heard.counted)
}

/// A receipt as the store takes it.
pub fn receipt(parcel: schakel_model::hub::ParcelId, outcome: ReceiptOutcome, line: Vec<u8>) -> HeardReceipt {
    HeardReceipt { parcel, outcome, line }
}

/// Enters what a hub says of findings that a notification handed over to it, as an answer of the organisation it stands for. What it said before is
/// not entered again.
pub(super) fn say(
    store: &mut Store,
    link: &Link,
    notification: NotificationId,
    kind: AnswerKind,
    findings: &[FindingId],
    now: i64,
) -> anyhow::Result<()> {
    let stored = store.read(|connection| outbox::notification(connection, notification))?;
    let Some(stored) = stored else { return Ok(()) };
    let reader = store.reader()?;
    let Some(asked) = Asked::find(&reader, u64::from(notification.0), stored.epoch, now)? else {
        return Ok(());
    };
    let earlier = store.read(|connection| answers::of_notification(connection, asked.lead))?;
    let said: BTreeSet<FindingId> = earlier
        .iter()
        .filter(|one| one.said.way == AnswerWay::Hub && one.said.kind == kind)
        .flat_map(|one| one.said.findings.iter().copied())
        .collect();
    let is_news = |finding: &&FindingId| match kind {
        AnswerKind::NotOurs => !said.contains(finding),
        // What was fixed, came back and is fixed again is said again.
        _ => asked.follow_ups.iter().any(|one| one.finding == **finding && one.state != kind.into()),
    };
    let findings: BTreeSet<FindingId> = findings.iter().filter(is_news).copied().collect();
    if findings.is_empty() {
        return Ok(());
    }
    let voice = Voice {
        way: AnswerWay::Hub,
        sender: link.peer.to_string(),
        proof: Proof::Hub,
        roles: Vec::new(),
        receipt: None,
    };
    let said = Said {
        kind,
        findings: findings.into_iter().collect(),
        until: None,
        supplier: String::new(),
        decided_by: String::new(),
        reason: String::new(),
        text: String::new(),
    };
    let believed = match kind {
        AnswerKind::NotOurs => {
            let since = now - LATELY_SECONDS;
            is_believed(store.read(|connection| handovers::lately(connection, link.id, since))?)
        }
        _ => true,
    };
    let Ok(mut answer) = weigh(&reader, &asked, &voice, said, now)? else { return Ok(()) };
    if !believed {
        answer.standing = schakel_model::answer::Standing::Proposed;
        answer.why = NOT_BELIEVED.to_owned();
        answer.states.clear();
    }
    store.record_answers(&Act { at: now, actor: ACTOR, reason: "" }, &[answer])?;
    Ok(())
}
