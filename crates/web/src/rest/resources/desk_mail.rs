//! The desk's mail: what leaves and what is kept back, replies, what came in, and addresses that nothing goes to.

use schakel_app::{
    incoming_mail, mailbox_health,
    portal::{
        conversation::{self, Typed},
        findings::Looking,
        mail::{self, InOutbox},
    },
    reply::{self, Draft, TEXT_CHARS_MAX},
    templates, withheld,
};
use schakel_model::{arrival::Receipt, ids::NotificationId};
use schakel_store::{mailboxes, outbox};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{claims::DryRun, desk::Empty, register_changes::Because};
use crate::rest::{
    call::Call,
    problem::{Fault, Problem, Where},
    route::{Nothing, Page},
    values::At,
};

/// Which messages.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OutboxQuery {
    /// `withheld`, `waiting`, `accepted` or `given_up`; without it what is withheld or waits
    state: Option<String>,
}

/// A message that leaves, left, or is kept back.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutboxMessage {
    id: i64,
    notification: String,
    organisation: String,
    subject: String,
    recipient: String,
    state: &'static str,
    attempts: u32,
    at: At,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<At>,
    /// What the server said last, or why it is kept back
    outcome: String,
}

fn shown(one: InOutbox) -> OutboxMessage {
    OutboxMessage {
        id: one.id,
        notification: format!("N{}", one.notification),
        organisation: one.organisation,
        subject: one.subject,
        recipient: one.recipient,
        state: one.state,
        attempts: one.attempts,
        at: At(one.at),
        next_at: one.next_at.map(At),
        outcome: one.outcome,
    }
}

/// `GET /outbox`: the newest of them.
pub fn outbox(call: &Call, query: OutboxQuery) -> Result<Page<OutboxMessage>, Problem> {
    let state = query.state.unwrap_or_default();
    let page = mail::outbox(&call.reader, &state)?;
    if page.state != state {
        let detail = "this must be one of withheld, waiting, accepted, given_up";
        return Err(Problem::fault(Where::Query, "state", "enum", detail));
    }
    Ok(Page::all(page.messages.into_iter().map(shown).collect()))
}

/// A message as it leaves.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutboxMessageInFull {
    message: OutboxMessage,
    tlp: &'static str,
    /// Its bytes as text; empty when they were erased
    mail: String,
    /// Is there more of it than is shown?
    more: bool,
    erased: bool,
}

/// `GET /outbox/{message}`. Who looks at what is confidential is recorded.
pub fn message(call: &Call, _: Nothing) -> Result<OutboxMessageInFull, Problem> {
    let id: i64 = call.number("message", "")?;
    let looking = Looking { actor: &call.actor, now: call.now };
    let found = mail::message(&call.reader, id, looking)?.ok_or_else(Problem::not_found)?;
    Ok(OutboxMessageInFull {
        message: shown(found.message),
        tlp: found.tlp,
        mail: found.mail,
        more: found.more,
        erased: found.erased,
    })
}

/// How it leaves.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Released {
    /// Or in the open, because the desk says so
    encrypted: bool,
}

/// `POST /outbox/{message}/release`: one that is withheld leaves after all.
pub fn release(call: &Call, _: Nothing, because: Because) -> Result<Released, Problem> {
    let id: i64 = call.number("message", "")?;
    call.reader.read(|connection| outbox::message(connection, id))?.ok_or_else(Problem::not_found)?;
    let how = call.change(because.reason(), move |at_work, act| {
        withheld::release(at_work.intake.store(), at_work.config, &act, id)
    })?;
    Ok(Released { encrypted: matches!(how, withheld::How::Encrypted) })
}

/// What the desk writes, and to whom.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewReply {
    /// Mail addresses of contacts that may read it
    #[schemars(length(min = 1, max = 50))]
    to: Vec<String>,
    #[schemars(length(min = 1, max = 20000))]
    text: String,
}

/// A reply as its readers get it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// Nothing was sent
    dry_run: bool,
    /// Its own number
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<String>,
    /// Messages that are kept back, since they cannot leave as they have to
    withheld: usize,
    to: Vec<String>,
    subject: String,
    text: String,
}

/// `POST /notifications/{notification}/replies`
pub fn reply(call: &Call, query: DryRun, new: NewReply) -> Result<Reply, Problem> {
    let about: NotificationId = call.number("notification", "N")?;
    if new.text.trim().is_empty() || new.text.chars().count() > TEXT_CHARS_MAX {
        let detail = format!("a reply has 1 to {TEXT_CHARS_MAX} characters");
        return Err(Problem::fault(Where::Body, "/text", "length", detail));
    }
    let typed = Typed { to: new.to, text: new.text };
    let looking = Looking { actor: &call.actor, now: call.now };
    let in_force = templates::in_force(&call.reader)?;
    let with = (&*call.rest.config, &in_force);
    let page = conversation::page(&call.reader, with, about.0, Some(&typed), looking)?;
    let page = page.ok_or_else(Problem::not_found)?;
    let may_read =
        |address: &String| page.readers.iter().any(|one| one.address == *address && one.not.is_empty());
    let faults: Vec<Fault> = typed
        .to
        .iter()
        .enumerate()
        .filter(|(_, address)| !may_read(address))
        .map(|(nth, _)| Fault {
            r#in: Where::Body,
            location: format!("/to/{nth}"),
            code: "reader",
            detail: "nobody who may read this has that address".to_owned(),
        })
        .collect();
    if !faults.is_empty() {
        return Err(Problem::faults(faults));
    }
    let preview = page.preview.ok_or_else(Problem::not_found)?;
    let mut reply = Reply {
        dry_run: query.dry_run(),
        notification: None,
        withheld: 0,
        to: preview.to,
        subject: preview.subject,
        text: preview.text,
    };
    if !reply.dry_run {
        let (notification, withheld) = call.change("", move |at_work, act| {
            let draft = Draft { about, to: &typed.to, text: &typed.text };
            reply::send(at_work.intake.store(), (at_work.config, at_work.templates), &act, &draft)
        })?;
        reply.notification = Some(format!("N{notification}"));
        reply.withheld = withheld;
    }
    Ok(reply)
}

/// Which mails.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IncomingQuery {
    /// `aside` or `taken`; without it all
    which: Option<String>,
}

/// A mail that came.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncomingMail {
    receipt: String,
    door: &'static str,
    received_at: At,
    sender: String,
    name: String,
    size: u64,
    /// What became of it
    became: &'static str,
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
    /// Can it still be handed to somebody?
    is_kept: bool,
}

/// `GET /incoming-mails`: the newest of them.
pub fn incoming(call: &Call, query: IncomingQuery) -> Result<Page<IncomingMail>, Problem> {
    let which = query.which.unwrap_or_default();
    let page = mail::incoming(&call.reader, &which)?;
    if page.which != which {
        return Err(Problem::fault(Where::Query, "which", "enum", "this must be aside or taken"));
    }
    let shown = page.mails.into_iter().map(|one| IncomingMail {
        receipt: one.receipt,
        door: one.door,
        received_at: At(one.at),
        sender: one.sender,
        name: one.name,
        size: one.size,
        became: one.became,
        why: one.why,
        report: one.report.map(|report| format!("R{report}")),
        is_kept: one.is_kept,
    });
    Ok(Page::all(shown.collect()))
}

/// To whom it was handed.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandedOn {
    receipt: String,
}

fn receipt(call: &Call) -> Result<Receipt, Problem> {
    let receipt: Receipt = call.name("receipt").parse().map_err(|_| Problem::not_found())?;
    let all = mail::incoming(&call.reader, "")?.mails;
    let is_here = all.iter().any(|one| one.receipt == receipt.to_string());
    if is_here { Ok(receipt) } else { Err(Problem::not_found()) }
}

/// `POST /incoming-mails/{receipt}/vetting`: it waits for a person.
pub fn to_vetting(call: &Call, _: Nothing, _: Empty) -> Result<HandedOn, Problem> {
    let receipt = receipt(call)?;
    call.change("", move |at_work, act| incoming_mail::hand_to_vetting(at_work, &act, receipt).map(|_| ()))?;
    Ok(HandedOn { receipt: receipt.to_string() })
}

/// What a mail answers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AnswersWhat {
    /// The notification, such as N7
    #[schemars(length(min = 1, max = 20))]
    notification: String,
}

/// `POST /incoming-mails/{receipt}/answer`: it answers a notification of ours.
pub fn is_answer(call: &Call, _: Nothing, what: AnswersWhat) -> Result<HandedOn, Problem> {
    let receipt = receipt(call)?;
    let number = what.notification.strip_prefix('N').and_then(|digits| digits.parse().ok());
    let unknown = || Problem::fault(Where::Body, "/notification", "format", "this must be such as N7");
    let number = NotificationId(number.ok_or_else(unknown)?);
    call.change("", move |at_work, act| {
        incoming_mail::is_answer(at_work, &act, receipt, number).map(|_| ())
    })?;
    Ok(HandedOn { receipt: receipt.to_string() })
}

/// A mail address against which something is known.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mailbox {
    address: String,
    /// Does anything go there?
    usable: bool,
    /// The codes of the organisations whose contact it is
    organisations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_at: Option<At>,
    failures: u32,
    failure: String,
    /// The finding that shows that somebody else may read it
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<String>,
}

/// `GET /mailboxes`
pub fn mailboxes_known(call: &Call, _: Nothing) -> Result<Page<Mailbox>, Problem> {
    let found = mail::mailboxes(&call.reader, call.now)?.mailboxes.into_iter();
    let shown = found.map(|one| Mailbox {
        address: one.address,
        usable: one.usable,
        organisations: one.contacts.into_iter().map(|(code, ..)| code).collect(),
        accepted_at: one.accepted_at.map(At),
        failures: one.failures,
        failure: one.failure,
        finding: one.finding.map(|finding| format!("F{finding}")),
    });
    Ok(Page::all(shown.collect()))
}

/// Which it is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfMailbox {
    address: String,
}

/// `POST /mailboxes/{mailbox}/trust`: it is good again.
pub fn trust(call: &Call, _: Nothing, because: Because) -> Result<OfMailbox, Problem> {
    let address = call.name("mailbox").to_owned();
    let known = call.reader.read(mailboxes::list)?;
    known.iter().find(|one| one.address == address).ok_or_else(Problem::not_found)?;
    let of = address.clone();
    call.change(because.reason(), move |at_work, act| {
        mailbox_health::trust_again(at_work.intake.store(), &act, &of).map(|_| ())
    })?;
    Ok(OfMailbox { address })
}

/// `POST /mailboxes/{mailbox}/compromised`: somebody else may read it.
pub fn compromised(call: &Call, _: Nothing, because: Because) -> Result<OfMailbox, Problem> {
    let address = call.name("mailbox").to_owned();
    let of = address.clone();
    call.change(because.reason(), move |at_work, act| {
        mailbox_health::mark_compromised(at_work.intake.store(), &act, &of).map(|_| ())
    })?;
    Ok(OfMailbox { address })
}
