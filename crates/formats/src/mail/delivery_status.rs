//! What a mail server says of a mail of ours that it could not deliver (RFC 3464, RFC 3463).

use super::{Field, MailDocument};

/// Recipients of one delivery report that are looked at. Our mails have one each.
const RECIPIENTS_MAX: usize = 100;

/// Characters of an answer that are kept.
const ANSWER_CHARS_MAX: usize = 300;

/// What became of a mail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// It arrived, or was handed on.
    Delivered,
    /// It is tried again.
    Delayed,
    /// It did not arrive, which says nothing of the next one: full, too large, refused for what it says.
    Failed,
    /// It did not arrive, and none will: there is no such mailbox.
    NoSuchMailbox,
}

/// One recipient of a delivery report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Returned {
    /// Whom it was for; may be empty.
    pub recipient: String,
    /// What became of it.
    pub fate: Fate,
    /// What the other side said, on one line.
    pub answer: String,
}

/// The recipients that a delivery report speaks of. One that a machine cannot read says that a mail failed, and no more.
pub fn returned(mail: &MailDocument) -> Vec<Returned> {
    let Some(status) = &mail.delivery_status else {
        let recipient = mail.fields.text("X-Failed-Recipients");
        return vec![Returned { recipient, fate: Fate::Failed, answer: cut(&mail.subject) }];
    };
    // The blocks are told apart by their fields: one begins where a field comes again.
    let mut blocks: Vec<Vec<&Field>> = vec![Vec::new()];
    for field in status.iter() {
        let known = blocks
            .last()
            .is_some_and(|block| block.iter().any(|one| one.name.eq_ignore_ascii_case(&field.name)));
        if known && blocks.len() <= RECIPIENTS_MAX {
            blocks.push(Vec::new());
        }
        if let Some(block) = blocks.last_mut() {
            block.push(field);
        }
    }
    blocks.iter().filter_map(|block| of_block(block)).collect()
}

fn of_block(block: &[&Field]) -> Option<Returned> {
    let text = |name: &str| {
        block.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.text())
    };
    let action = text("Action")?.to_ascii_lowercase();
    let status = text("Status").unwrap_or_default();
    let recipient = text("Final-Recipient").or_else(|| text("Original-Recipient")).unwrap_or_default();
    Some(Returned {
        recipient: bare(&recipient),
        fate: fate(&action, &status),
        answer: cut(&text("Diagnostic-Code").unwrap_or(status)),
    })
}

/// `rfc822; a@b.example`
fn bare(typed: &str) -> String {
    typed.split_once(';').map_or(typed, |(_, address)| address).trim().trim_matches(['<', '>']).to_owned()
}

fn cut(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(ANSWER_CHARS_MAX).collect()
}

/// RFC 3463: 5.1 is the address, 5.2.1 a mailbox that takes no mail any more, 5.4.4 a domain that takes none.
fn fate(action: &str, status: &str) -> Fate {
    let numbers = status.split_ascii_whitespace().next().unwrap_or_default();
    match action {
        "delivered" | "relayed" | "expanded" => Fate::Delivered,
        "delayed" => Fate::Delayed,
        _ if ["5.1.", "5.2.1", "5.4.4"].iter().any(|hard| numbers.starts_with(hard)) => Fate::NoSuchMailbox,
        _ if numbers.starts_with('4') && action != "failed" => Fate::Delayed,
        _ => Fate::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dsn(blocks: &str) -> Vec<Returned> {
        let mail = format!(
            "From: MAILER-DAEMON@x.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             --b\n\nSorry\n--b\nContent-Type: message/delivery-status\n\n{blocks}\n--b--\n"
        );
        returned(&MailDocument::read(mail.as_bytes()))
    }

    #[test]
    fn each_recipient_has_its_fate() {
        let found = dsn("Reporting-MTA: dns; mx.x.example\nArrival-Date: Mon, 2 Nov 2026 10:00:00 +0100\n\n\
             Final-Recipient: rfc822; els@x.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n no such user\n\n\
             Original-Recipient: rfc822;jan@x.example\nFinal-Recipient: rfc822;jan@y.example\nAction: delayed\nStatus: 4.4.1\n");
        let seen: Vec<_> = found.iter().map(|one| (one.recipient.as_str(), one.fate)).collect();
        assert_eq!(seen, [("els@x.example", Fate::NoSuchMailbox), ("jan@y.example", Fate::Delayed)]);
        assert_eq!(found[0].answer, "smtp; 550 5.1.1 no such user");
    }

    #[test]
    fn a_full_mailbox_is_there_still() {
        for (action, status, fate) in [
            ("failed", "5.1.1", Fate::NoSuchMailbox),
            ("failed", "5.1.10 (null MX)", Fate::NoSuchMailbox),
            ("failed", "5.2.1", Fate::NoSuchMailbox),
            ("failed", "5.4.4", Fate::NoSuchMailbox),
            ("failed", "5.2.2", Fate::Failed),
            ("failed", "5.7.1", Fate::Failed),
            ("failed", "4.4.7", Fate::Failed),
            ("delayed", "4.4.7", Fate::Delayed),
            ("delivered", "2.0.0", Fate::Delivered),
            ("relayed", "2.0.0", Fate::Delivered),
            ("Failed", "", Fate::Failed),
        ] {
            let found =
                dsn(&format!("Final-Recipient: rfc822; a@b.example\nAction: {action}\nStatus: {status}\n"));
            assert_eq!(found[0].fate, fate, "{action} {status}");
        }
        assert!(dsn("Reporting-MTA: dns; x\n").is_empty());
    }
}
