//! A reply to one of our mails.

use schakel_formats::mail::{
    MailDocument, Mailbox,
    answer_text::{Statement, Unclear, read},
    kind::{MailKind, OurMail},
    written::written,
};
use schakel_model::{
    answer::{AnswerKind, AnswerWay},
    ids::FindingId,
};
use schakel_rules::answer::{Proof, Why};
use schakel_store::{
    Reader, Store,
    act::Act,
    answers::{self, NewAnswer},
    outbox,
    spool::Kept,
};

use super::{
    Asked, Said, Voice, day, end_of_day,
    tokens::{Token, Use, read_address},
    weigh,
};
use crate::arrivals::Sender;

/// Fields in which the address stands that a mail was sent to.
const DELIVERED_TO: [&str; 5] =
    ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To"];

/// A reason has at least so many words: "vals alarm" is none.
const REASON_WORDS_MIN: usize = 4;

/// Who answers when nobody of the desk does.
const ACTOR: &str = "schakel";

/// What became of a reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// It answers no findings: a letter of ours, or a number that was never given out.
    NoFindings,
    /// Nobody is there: nothing is recorded.
    Away,
    /// It was recorded, in words.
    Recorded(String),
}

/// The token for this use in the addresses that a mail was sent to.
pub fn token(mail: &MailDocument, secret: &[u8; 32], purpose: Use) -> Option<Token> {
    let named =
        DELIVERED_TO.iter().flat_map(|name| mail.fields.all(name)).map(|field| field.raw.trim().to_owned());
    let written = mail.to.iter().map(|to: &Mailbox| to.address.clone());
    let copied = mail.fields.first("Cc").map(|field| field.mailboxes()).unwrap_or_default();
    named
        .chain(written)
        .chain(copied.into_iter().map(|to| to.address))
        .find_map(|address| read_address(secret, purpose, address.trim_matches(['<', '>'])))
}

/// What sort of mail it is, when its addresses say more than its fields: a mail program may leave out which mail it answers.
pub fn by_token(kind: MailKind, mail: &MailDocument, secret: &[u8; 32]) -> MailKind {
    let ours =
        |token: Token| OurMail { number: token.number, epoch: token.epoch, recipient: Some(token.recipient) };
    match kind {
        MailKind::Report => {
            token(mail, secret, Use::Reply).map_or(kind, |token| MailKind::Answer(ours(token)))
        }
        // Only what the token says is sure of a mail that comes back.
        MailKind::Bounce(_) => match token(mail, secret, Use::Return) {
            Some(token) => MailKind::Bounce(Some(ours(token))),
            None => kind,
        },
        kind => kind,
    }
}

/// Records what a reply says.
pub fn hear(
    store: &mut Store,
    kept: &Kept,
    mail: &MailDocument,
    ours: OurMail,
    sender: &Sender,
    now: i64,
) -> anyhow::Result<Heard> {
    let reader = store.reader()?;
    // A crash came between this and the end of the arrival.
    let before = reader.read(|connection| answers::of_receipt(connection, kept.receipt))?;
    if !before.is_empty() {
        let said: Vec<String> = before.iter().map(|one| format!("A{}", one.id)).collect();
        return Ok(Heard::Recorded(said.join(", ")));
    }
    let asked = Asked::find(&reader, ours.number, ours.epoch, now)?;
    let Some(asked) = asked.filter(|asked| !asked.follow_ups.is_empty()) else {
        return Ok(Heard::NoFindings);
    };
    let text = written(&mail.body());
    let received_at = kept.envelope.received_at;
    let said = match read(&text, day(mail.sent_at().unwrap_or(received_at).min(received_at))?) {
        Err(Unclear::Away) => return Ok(Heard::Away),
        Err(unclear) => vec![(question(&text), Some(unclear))],
        Ok(statements) => {
            let said = statements.into_iter().map(|statement| Ok((said(statement, &text)?, None)));
            said.collect::<anyhow::Result<Vec<_>>>()?
        }
    };
    let secret = store.secret();
    let has_token = token(mail, &secret, Use::Reply).is_some_and(|token| {
        token.number == u64::from(asked.notification.id.0) && token.epoch == asked.notification.epoch
    });
    let mut new: Vec<NewAnswer> = Vec::new();
    for (nth, asked) in all_asked(&reader, asked, ours, &sender.address, now)?.iter().enumerate() {
        let voice = voice(asked, &asked.messages(&reader)?, sender, has_token, kept, now);
        new.extend(answers_of(&reader, asked, &voice, (&said, nth == 0), now)?);
    }
    let act = Act { at: now, actor: ACTOR, reason: "" };
    let ids = store.record_answers(&act, &new)?;
    let said = ids.iter().zip(&new).map(|(id, new)| format!("A{id} {} ({})", new.kind, new.standing));
    Ok(Heard::Recorded(said.collect::<Vec<_>>().join(", ")))
}

/// What a mail told is answered for all organisations that it named.
fn all_asked(
    reader: &Reader,
    asked: Asked,
    ours: OurMail,
    address: &str,
    now: i64,
) -> anyhow::Result<Vec<Asked>> {
    // Without a number of the recipient only the address says which mail it was.
    let message_id = match ours.recipient {
        Some(recipient) => format!("<{}.{}.{recipient}@", ours.number, ours.epoch),
        None => "<>".to_owned(),
    };
    let others = reader
        .read(|connection| outbox::told_with(connection, asked.notification.id, (address, &message_id)))?;
    let mut all = vec![asked];
    for other in others {
        let found = Asked::find(reader, u64::from(other.0), ours.epoch, now)?;
        all.extend(found.filter(|found| !found.follow_ups.is_empty()));
    }
    Ok(all)
}

/// What a reply says for one organisation. Findings that it names and that are not of this one are left out.
fn answers_of(
    reader: &Reader,
    asked: &Asked,
    voice: &Voice,
    (said, is_first): (&[(Said, Option<Unclear>)], bool),
    now: i64,
) -> anyhow::Result<Vec<NewAnswer>> {
    let mut new: Vec<NewAnswer> = Vec::new();
    for (said, unclear) in said.iter().cloned() {
        let of_this = |finding: &FindingId| asked.follow_ups.iter().any(|one| one.finding == *finding);
        // What names findings is said for whoever they concern; the one that was answered hears all of it.
        if !is_first && !said.findings.is_empty() && !said.findings.iter().any(of_this) {
            continue;
        }
        let question = said.clone();
        let mut answer = match weigh(reader, asked, voice, said, now)? {
            Ok(answer) => answer,
            // Refused is only what the desk enters; whatever else is, a person reads.
            Err(_) => {
                match weigh(reader, asked, voice, Said { kind: AnswerKind::Question, ..question }, now)? {
                    Ok(answer) => answer,
                    Err(why) => anyhow::bail!("a question is never refused, but: {why}"),
                }
            }
        };
        if let Some(unclear) = unclear.filter(|_| answer.why == Why::Asks.to_string()) {
            answer.why = format!("{} ({})", Why::Asks, unclear.as_str());
        }
        new.push(answer);
    }
    Ok(new)
}

fn question(text: &str) -> Said {
    Said {
        kind: AnswerKind::Question,
        findings: Vec::new(),
        until: None,
        supplier: String::new(),
        decided_by: String::new(),
        reason: String::new(),
        text: text.to_owned(),
    }
}

fn said(statement: Statement, text: &str) -> anyhow::Result<Said> {
    let is_reason = text.split_whitespace().count() >= REASON_WORDS_MIN;
    Ok(Said {
        kind: statement.kind,
        findings: statement.findings,
        until: statement.until.map(end_of_day).transpose()?,
        supplier: statement.supplier,
        decided_by: statement.decided_by,
        reason: if is_reason { text.to_owned() } else { String::new() },
        text: text.to_owned(),
    })
}

/// Who wrote it, as far as it is shown.
fn voice(
    asked: &Asked,
    messages: &[schakel_store::outbox::Message],
    sender: &Sender,
    has_token: bool,
    kept: &Kept,
    now: i64,
) -> Voice {
    let roles = asked.roles(&sender.address, now);
    let same = |one: &str| one.trim().eq_ignore_ascii_case(sender.address.trim());
    let was_told = messages.iter().any(|message| same(&message.recipient));
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.trim().to_lowercase());
    let at_their_domain =
        messages.iter().any(|message| domain(&message.recipient) == domain(&sender.address));
    let proof = match sender.proven && !sender.address.is_empty() {
        false => Proof::Nothing,
        true if !roles.is_empty() || was_told => Proof::Contact,
        true if has_token && at_their_domain => Proof::Colleague,
        true => Proof::Stranger,
    };
    Voice { way: AnswerWay::Mail, sender: sender.address.clone(), proof, roles, receipt: Some(kept.receipt) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::tokens::address;

    const SECRET: [u8; 32] = [3; 32];
    const TOKEN: Token = Token { number: 17, epoch: 2, recipient: 1 };
    const OURS: OurMail = OurMail { number: 17, epoch: 2, recipient: Some(1) };

    fn mail(head: &str) -> MailDocument {
        MailDocument::read(format!("From: a@b.example\r\n{head}\r\nx\r\n").as_bytes())
    }

    #[test]
    fn the_address_of_a_reply_says_what_it_answers() {
        let reply = address(&SECRET, Use::Reply, TOKEN, "desk@h.example");
        for head in [
            format!("To: Desk <{reply}>\r\n"),
            format!("To: x@y.example\r\nCc: y@z.example, {}\r\n", reply.to_uppercase()),
            format!("To: desk@h.example\r\nDelivered-To: {reply}\r\n"),
            format!("To: desk@h.example\r\nX-Original-To: <{reply}>\r\n"),
        ] {
            assert_eq!(by_token(MailKind::Report, &mail(&head), &SECRET), MailKind::Answer(OURS), "{head}");
            assert_eq!(
                by_token(MailKind::Bounce(None), &mail(&head), &SECRET),
                MailKind::Bounce(None),
                "{head}"
            );
        }
        let away = MailKind::AutoReply(None);
        assert_eq!(by_token(away, &mail(&format!("To: {reply}\r\n")), &SECRET), away);
        let forged = format!("To: {}\r\n", reply.replace("17.2.1", "18.2.1"));
        assert_eq!(by_token(MailKind::Report, &mail(&forged), &SECRET), MailKind::Report);
    }

    #[test]
    fn the_return_address_says_what_came_back() {
        let back = address(&SECRET, Use::Return, TOKEN, "bounce@h.example");
        let kind = by_token(MailKind::Bounce(None), &mail(&format!("To: <{back}>\r\n")), &SECRET);
        assert_eq!(kind, MailKind::Bounce(Some(OURS)));
        assert_eq!(
            by_token(MailKind::Bounce(None), &mail(&format!("To: <{back}>\r\n")), &[4; 32]),
            MailKind::Bounce(None)
        );
    }
}
