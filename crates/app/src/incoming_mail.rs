//! A mail that was put aside or waits, and of which a person knows better: it is looked at as a report after all, or it answers a mail of ours.

use anyhow::{bail, ensure};
use schakel_formats::mail::{MailDocument, kind::OurMail};
use schakel_model::{arrival::Receipt, ids::NotificationId};
use schakel_store::{
    act::Act,
    arrivals::{Arrival, Outcome},
    audit::{self, Action, Entry},
    outbox,
    spool::{Kept, State},
};

use crate::{
    answers::mail::{Heard, hear},
    arrivals::{ArrivalDesk, content},
    refused::Refused,
    requests::AtWork,
};

/// As much of a mail is read to understand an answer.
const MAIL_BYTES_MAX: u64 = 1 << 20;

/// A mail whose bytes are still here.
fn kept(at_work: &AtWork<'_>, receipt: Receipt) -> anyhow::Result<Kept> {
    let kept = at_work.spool.get(receipt)?;
    let kept = kept.ok_or_else(|| Refused::NotKept { receipt: receipt.to_string() })?;
    ensure!(kept.envelope.door.is_mail(), Refused::NoMail { receipt: receipt.to_string() });
    ensure!(kept.state != State::Waiting, Refused::JustCame { receipt: receipt.to_string() });
    Ok(kept)
}

/// What was put aside waits for a person again, as a report.
pub fn hand_to_vetting(at_work: &mut AtWork<'_>, act: &Act<'_>, receipt: Receipt) -> anyhow::Result<()> {
    let kept = kept(at_work, receipt)?;
    ensure!(kept.state == State::Aside, Refused::WaitsAlready { receipt: receipt.to_string() });
    let reason = format!("handed over by {}: {}", act.actor, act.reason);
    record(at_work, act, Action::ArrivalReopened, receipt)?;
    Ok(at_work.spool.set_state(receipt, State::Held, &reason)?)
}

/// It answers this notification of ours. Gives what was recorded, in words.
pub fn is_answer(
    at_work: &mut AtWork<'_>,
    act: &Act<'_>,
    receipt: Receipt,
    notification: NotificationId,
) -> anyhow::Result<String> {
    use std::io::Read;
    let kept = kept(at_work, receipt)?;
    let told = at_work.reader.read(|connection| outbox::notification(connection, notification))?;
    let told = told.ok_or_else(|| Refused::NoNotification { number: notification.to_string() })?;
    let mut incoming = content(at_work.spool, &kept)?;
    let (looked, _) = desk(at_work, act.at).look(&kept)?;
    let mut bytes = Vec::new();
    incoming.content()?.take(MAIL_BYTES_MAX).read_to_end(&mut bytes)?;
    let mail = MailDocument::read(&bytes);
    let ours = OurMail { number: u64::from(notification.0), epoch: told.epoch, recipient: None };
    let heard = hear(at_work.intake.store(), &kept, &mail, ours, &looked.sender, act.at)?;
    let Heard::Recorded(said) = heard else {
        bail!(Refused::NothingToAnswer { number: notification.to_string() })
    };
    record(at_work, act, Action::ArrivalAnswers, receipt)?;
    let arrival = Arrival {
        receipt,
        door: kept.envelope.door,
        source: looked.sender.id(),
        received_at: kept.envelope.received_at,
        name: kept.envelope.name.clone(),
        sender: looked.sender.address.clone(),
        size: kept.size,
        outcome: Outcome::NoReport,
        reason: format!("an answer to our notification {notification}: {said}"),
        report: None,
        ended_at: act.at,
        actor: act.actor.to_owned(),
    };
    at_work.intake.store().end_arrival(&arrival)?;
    at_work.spool.set_state(receipt, State::Aside, &arrival.reason)?;
    Ok(said)
}

fn desk<'a>(at_work: &'a mut AtWork<'_>, now: i64) -> ArrivalDesk<'a> {
    let AtWork { intake, reader, spool, reading, config, .. } = at_work;
    ArrivalDesk { intake, reader, spool, reading, config, now }
}

fn record(at_work: &mut AtWork<'_>, act: &Act<'_>, action: Action, receipt: Receipt) -> anyhow::Result<()> {
    let subject = format!("arrival:{receipt}");
    let Act { at, actor, reason } = *act;
    let entry = Entry { at, actor, action, subject: &subject, reason, detail: "" };
    at_work.intake.store().write(|transaction| audit::append(transaction, &entry))?;
    Ok(())
}
