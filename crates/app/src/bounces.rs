//! Mails of ours that came back, and complaints about them: the mailbox is marked, the message is given up, and somebody else is told.
//!
//! Anybody can write a mail that looks like a delivery report. It changes something only when it has what only a mail of ours has: the address that
//! it comes back to, or the one that it is answered at, in the head of the mail that it returns.

use anyhow::Context;
use schakel_formats::mail::{
    MailDocument,
    delivery_status::{Fate as Delivery, Returned, returned},
    kind::OurMail,
};
use schakel_model::{fate::Fate, ids::NotificationId};
use schakel_rules::{
    recipients::{ROLES, recipients_of},
    tlp_gate::Circle,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    mailboxes::{self, Failure},
    outbox::{self, Message},
};

use crate::{
    answers::{
        mail::token,
        tokens::{Token, Use, read_address},
    },
    intake::Intake,
    pipeline::state::RegisterView,
    tell::Closed,
};

/// Who marks mailboxes when nobody of the desk does.
const ACTOR: &str = "schakel";

/// A mailbox from which so many mails came back is as good as none: nothing tells us that it will be emptied.
const SOFT_FAILURES_MAX: u32 = 3;

/// What came of a mail that nothing proves.
pub const UNPROVEN: &str = "a delivery report that no mail of ours can have caused";

/// Deals with a delivery report, and says in words what came of it.
pub fn came_back(intake: &mut Intake, mail: &MailDocument, now: i64) -> anyhow::Result<String> {
    let view = intake.view();
    let store = intake.store();
    let reader = store.reader()?;
    let Some(message) =
        proven(mail, &store.secret()).map(|token| message(&reader, token)).transpose()?.flatten()
    else {
        tracing::warn!("{UNPROVEN}");
        return Ok(UNPROVEN.to_owned());
    };
    let Some(Returned { fate, answer, .. }) = returned(mail).into_iter().max_by_key(|one| one.fate) else {
        return Ok("a delivery report that says nothing of a recipient".to_owned());
    };
    let what = format!("message {} to {}", message.id, message.recipient);
    let failure = match fate {
        Delivery::Delivered => return Ok(format!("{what} arrived")),
        Delivery::Delayed => {
            store.message_delayed(now, &message.recipient, &answer)?;
            return Ok(format!("{what} is late: {answer}"));
        }
        Delivery::NoSuchMailbox => Failure::Hard,
        Delivery::Failed if failures(&reader, &message)? + 1 >= SOFT_FAILURES_MAX => Failure::Hard,
        Delivery::Failed => Failure::Soft,
    };
    give_up(store, &view, &message, failure, &answer, now)?;
    Ok(format!("{what} came back: {answer}"))
}

/// Gives a message up. After a hard failure its findings are told to whoever else of the organisation may have them. When there is nobody, or when it
/// may work another time, they are undeliverable, and the ladder goes on from there.
fn give_up(
    store: &mut Store,
    view: &RegisterView,
    message: &Message,
    failure: Failure,
    answer: &str,
    now: i64,
) -> anyhow::Result<()> {
    let act = Act { at: now, actor: ACTOR, reason: "" };
    let otherwise = match failure {
        Failure::Hard if has_another(store, view, message, now)? => Fate::Queued,
        Failure::Hard | Failure::Soft => Fate::Undeliverable,
    };
    let done = store.message_returned(&act, message.id, failure, answer, otherwise)?;
    if done.new {
        let hard = failure == Failure::Hard;
        tracing::warn!(message = message.id, notification = %message.notification, hard, "a mail came back");
    }
    Ok(())
}

/// Is there somebody else to whom the notification of a message may go?
fn has_another(store: &Store, view: &RegisterView, message: &Message, now: i64) -> anyhow::Result<bool> {
    let stored = store.read(|connection| outbox::notification(connection, message.notification))?;
    let stored = stored.context("a message belongs to a notification")?;
    let closed = Closed::known(&store.reader()?)?;
    let others = view.contacts(stored.organisation, now).filter(|contact| {
        closed.is_open(contact) && !contact.email.trim().eq_ignore_ascii_case(message.recipient.trim())
    });
    Ok(recipients_of(Circle::Concerned, &ROLES, others, stored.tlp).is_ok())
}

/// Deals with a complaint: the mailbox is marked, and the desk talks to its reader. The mail still goes there: who asked for it did so in another way.
pub fn complaint(store: &mut Store, mail: &MailDocument, ours: OurMail, now: i64) -> anyhow::Result<String> {
    let reader = store.reader()?;
    let Some(message) =
        proven(mail, &store.secret()).map(|token| message(&reader, token)).transpose()?.flatten()
    else {
        tracing::warn!("a complaint that no mail of ours can have caused");
        return Ok(format!("a complaint about notification {} that nothing proves", ours.number));
    };
    let act = Act { at: now, actor: ACTOR, reason: "" };
    store.complained(&act, &message.recipient)?;
    tracing::warn!(
        message = message.id,
        "somebody complained about a mail of ours: `schakel contact health` shows who"
    );
    Ok(format!("a complaint of {} about notification {}", message.recipient, message.notification))
}

/// The mail of ours that it is about, when it shows that it had it.
fn proven(mail: &MailDocument, secret: &[u8; 32]) -> Option<Token> {
    let returned = || {
        let evidence = mail.evidence.as_ref()?;
        evidence.iter().find_map(|field| {
            let purpose = match field.name.to_ascii_lowercase().as_str() {
                "return-path" | "errors-to" | "x-return-path" => Use::Return,
                "reply-to" => Use::Reply,
                _ => return None,
            };
            let address = field.mailboxes().first().map(|one| one.address.clone());
            read_address(
                secret,
                purpose,
                &address.unwrap_or_else(|| field.raw.trim_matches(['<', '>', ' ']).to_owned()),
            )
        })
    };
    token(mail, secret, Use::Return).or_else(returned)
}

/// The message that a token names.
fn message(reader: &Reader, token: Token) -> anyhow::Result<Option<Message>> {
    let Ok(number) = u32::try_from(token.number) else { return Ok(None) };
    let start = format!("<{}.{}.{}@", token.number, token.epoch, token.recipient);
    let messages = reader.read(|connection| outbox::of_notification(connection, NotificationId(number)))?;
    Ok(messages.into_iter().find(|message| message.message_id.starts_with(&start)))
}

fn failures(reader: &Reader, message: &Message) -> anyhow::Result<u32> {
    let address = message.recipient.trim().to_lowercase();
    let known = reader.read(mailboxes::list)?;
    Ok(known.iter().find(|one| one.address == address).map_or(0, |one| one.failures))
}
