//! What sort of mail it is: a report, an answer to us, or nothing for people to read.
//!
//! A pure decision over what the mail says of itself. Whether to believe it is another question:
//! [`authentication`](super::authentication).

use super::{AttachmentKind, MailDocument, Mailbox};

/// A mail that went through more servers than this goes in circles. Honest mail passes 10; RFC 5321, 6.3 speaks of 100.
pub const HOPS_MAX: usize = 50;

/// The field that our own mails bear.
const OUR_FIELD: &str = "X-Schakel-Number";

/// The start of the mark that our subjects bear, in lower case: `[Schakel #17]`, `[Schakel #17.2]`.
const SUBJECT_MARK: &str = "[schakel #";

/// What only an answering machine writes in front of the subject, in lower case.
const AUTO_REPLY_SUBJECTS: [&str; 11] = [
    "out of office",
    "automatic reply",
    "auto reply",
    "autoreply",
    "auto-reply",
    "auto:",
    "automatisch antwoord",
    "automatische reactie",
    "afwezig",
    "niet aanwezig",
    "vakantie",
];

/// By what we know our own mails.
#[derive(Clone, Debug, Default)]
pub struct OurMarks {
    /// The hosts in our Message-IDs.
    pub message_id_hosts: Vec<String>,
    /// The addresses that we send from.
    pub addresses: Vec<String>,
}

/// One of our mails, as an answer names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OurMail {
    /// The notification.
    pub number: u64,
    /// How often the store had been restored from a backup.
    pub epoch: u32,
    /// Its recipient, counted from 1. The subject does not say.
    pub recipient: Option<u32>,
}

/// What sort of mail it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailKind {
    /// Somebody reports something.
    Report,
    /// Somebody answers one of our mails.
    Answer(OurMail),
    /// Both: an answer with a report attached.
    AnswerWithReport(OurMail),
    /// Nobody wrote it: away, received, read (RFC 3834, RFC 8098).
    AutoReply(Option<OurMail>),
    /// A mail that did not arrive (RFC 3464).
    Bounce(Option<OurMail>),
    /// Somebody marked one of our mails as unwanted (RFC 5965).
    Complaint(OurMail),
    /// One of our own mails, or one from our own address.
    Ourselves,
    /// It goes in circles.
    Loop,
}

/// Decides it.
pub fn kind(mail: &MailDocument, marks: &OurMarks) -> MailKind {
    if our_id(&mail.message_id, marks).is_some() {
        return MailKind::Ourselves;
    }
    if mail.fields.has(OUR_FIELD) || mail.fields.all("Received").count() > HOPS_MAX {
        return MailKind::Loop;
    }
    let answered = answered(mail, marks);
    if is_bounce(mail) {
        return MailKind::Bounce(answered.or_else(|| returned(mail, marks)));
    }
    if let Some(ours) = returned(mail, marks).filter(|_| !mail.feedback_reports.is_empty()) {
        return MailKind::Complaint(ours);
    }
    if is_auto_reply(mail, answered.is_some()) {
        return MailKind::AutoReply(answered);
    }
    let is_us = |from: &Mailbox| marks.addresses.iter().any(|ours| ours.eq_ignore_ascii_case(&from.address));
    if mail.from.iter().any(is_us) {
        return MailKind::Ourselves;
    }
    match answered {
        Some(ours) if holds_report(mail) => MailKind::AnswerWithReport(ours),
        Some(ours) => MailKind::Answer(ours),
        None => MailKind::Report,
    }
}

/// The mail of ours that it answers: by the Message-IDs that it names, the nearest first, or else by the subject.
fn answered(mail: &MailDocument, marks: &OurMarks) -> Option<OurMail> {
    mail.in_reply_to
        .iter()
        .chain(mail.references.iter().rev())
        .find_map(|id| our_id(id, marks))
        .or_else(|| subject_mark(&mail.subject))
}

/// `17.0.3@mail.example`, at one of our hosts.
fn our_id(id: &str, marks: &OurMarks) -> Option<OurMail> {
    let (numbers, host) = id.rsplit_once('@')?;
    if !marks.message_id_hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host)) {
        return None;
    }
    let mut numbers = numbers.split('.');
    let (number, epoch, recipient) = (numbers.next()?, numbers.next()?, numbers.next()?);
    if numbers.next().is_some() {
        return None;
    }
    Some(OurMail { number: digits(number)?, epoch: digits(epoch)?, recipient: Some(digits(recipient)?) })
}

/// `[Schakel #17]`, `[Schakel #17.2]`: the first one, in whatever case a mail program left it.
fn subject_mark(subject: &str) -> Option<OurMail> {
    // Lower case in ASCII leaves every byte in its place.
    let lower = subject.to_ascii_lowercase();
    let (_, after) = lower.split_once(SUBJECT_MARK)?;
    let (inside, _) = after.split_once(']')?;
    let (number, epoch) = match inside.split_once('.') {
        Some((number, epoch)) => (number, digits(epoch)?),
        None => (inside, 0),
    };
    Some(OurMail { number: digits(number)?, epoch, recipient: None })
}

fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Delivery reports, and the older sort that only mail servers write.
fn is_bounce(mail: &MailDocument) -> bool {
    let from_server = mail.from.first().is_some_and(|from| {
        let user = from.address.split('@').next().unwrap_or_default();
        user.eq_ignore_ascii_case("mailer-daemon") || user.eq_ignore_ascii_case("postmaster")
    });
    mail.report_type == "delivery-status"
        || mail.delivery_status.is_some()
        || mail.fields.has("X-Failed-Recipients")
        || (from_server && mail.return_path.as_deref() == Some(""))
}

/// The mail of ours that came back.
fn returned(mail: &MailDocument, marks: &OurMarks) -> Option<OurMail> {
    let id = mail.evidence.as_ref()?.first("Message-ID")?.ids().into_iter().next()?;
    our_id(&id, marks)
}

/// Many reports are sent by a program and say `auto-generated`; those are reports. What answers us by itself is not.
fn is_auto_reply(mail: &MailDocument, answers_us: bool) -> bool {
    let text = |name: &str| mail.fields.text(name).to_ascii_lowercase();
    let submitted = text("Auto-Submitted");
    let precedence = text("Precedence");
    let by_machine = mail.report_type == "disposition-notification"
        || submitted.starts_with("auto-replied")
        || precedence == "auto_reply"
        || ["X-Autoreply", "X-Autorespond", "X-Auto-Reply-From"].iter().any(|name| mail.fields.has(name));
    let wants_no_answer = (!submitted.is_empty() && submitted != "no")
        || matches!(precedence.as_str(), "bulk" | "junk" | "list")
        || mail.return_path.as_deref() == Some("")
        || mail.fields.has("X-Auto-Response-Suppress");
    let subject = mail.subject.to_lowercase();
    let says_so = AUTO_REPLY_SUBJECTS.iter().any(|start| subject.starts_with(start));
    by_machine
        || (answers_us && wants_no_answer)
        || (says_so && (answers_us || wants_no_answer || mail.fields.has("In-Reply-To")))
}

/// Is there something in it that a program made for programs?
fn holds_report(mail: &MailDocument) -> bool {
    !mail.feedback_reports.is_empty()
        || mail.attachments.iter().any(|attachment| {
            let name = attachment.name.to_ascii_lowercase();
            matches!(attachment.kind, AttachmentKind::Rows | AttachmentKind::Mail)
                || [".json", ".xml", ".yaml", ".yml"].iter().any(|extension| name.ends_with(extension))
        })
        || mail.texts.iter().any(|text| text.text.contains("<Infringement "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks() -> OurMarks {
        OurMarks {
            message_id_hosts: vec!["mail.example".to_owned()],
            addresses: vec!["meldpunt@mail.example".to_owned()],
        }
    }

    fn mail(head: &str, body: &str) -> String {
        format!("From: them@else.example\nTo: meldpunt@mail.example\n{head}\n{body}")
    }

    const OURS: OurMail = OurMail { number: 17, epoch: 0, recipient: Some(3) };
    const BY_SUBJECT: OurMail = OurMail { number: 17, epoch: 2, recipient: None };
    const REPLY: &str = "In-Reply-To: <17.0.3@mail.example>\n";

    fn check(raw: &str, expected: MailKind) {
        assert_eq!(kind(&MailDocument::read(raw.as_bytes()), &marks()), expected, "{raw}");
    }

    #[test]
    fn reports_are_told_from_answers() {
        for (head, expected) in [
            ("Subject: abuse\n", MailKind::Report),
            // A report that a program sent.
            ("Auto-Submitted: auto-generated\nPrecedence: bulk\n", MailKind::Report),
            (REPLY, MailKind::Answer(OURS)),
            ("References: <17.0.3@MAIL.example> <x@y.example>\n", MailKind::Answer(OURS)),
            ("Subject: RE: [SCHAKEL #17.2] TLP:AMBER Nieuw\n", MailKind::Answer(BY_SUBJECT)),
            ("In-Reply-To: <17.0.3@other.example>\n", MailKind::Report),
            ("In-Reply-To: <17.0.3.1@mail.example>\n", MailKind::Report),
            ("Subject: [Schakel #x] a\n", MailKind::Report),
        ] {
            check(&mail(head, "x"), expected);
        }
        let both = mail(
            &format!("{REPLY}Content-Type: multipart/mixed; boundary=b\n"),
            "--b\n\nSee this one too\n--b\nContent-Type: text/csv; name=a.csv\n\na,b\n--b--\n",
        );
        check(&both, MailKind::AnswerWithReport(OURS));
    }

    #[test]
    fn what_nobody_wrote_is_told_apart() {
        for (head, expected) in [
            ("In-Reply-To: <17.0.3@mail.example>\nAuto-Submitted: auto-replied\n", Some(OURS)),
            ("Precedence: auto_reply\n", None),
            ("Subject: Automatisch antwoord: [Schakel #17.2] x\n", Some(BY_SUBJECT)),
            ("Subject: Out of office\nX-Auto-Response-Suppress: All\n", None),
            ("References: <17.0.3@mail.example>\nPrecedence: bulk\n", Some(OURS)),
            ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n", None),
        ] {
            check(&mail(head, "x"), MailKind::AutoReply(expected));
        }
        // Out of office is also what somebody may report about.
        check(&mail("Subject: Out of office\n", "x"), MailKind::Report);
    }

    #[test]
    fn bounces_say_what_came_back() {
        let delivery = mail(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
            "--b\n\nSorry\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: x\n--b\n\
             Content-Type: message/rfc822\n\nMessage-ID: <17.0.3@mail.example>\nX-Schakel-Number: 17\n\nx\n--b--\n",
        );
        check(&delivery, MailKind::Bounce(Some(OURS)));
        check(
            "Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nTo: a@b.example\n\nno\n",
            MailKind::Bounce(None),
        );
    }

    #[test]
    fn a_complaint_about_our_mail_is_no_report() {
        let complaint = |id: &str| {
            mail(
                "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n",
                &format!(
                    "--b\n\nx\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x\nVersion: 1\n--b\n\
                     Content-Type: message/rfc822\n\nMessage-ID: <{id}>\n\nx\n--b--\n"
                ),
            )
        };
        check(&complaint("17.0.3@mail.example"), MailKind::Complaint(OURS));
        check(&complaint("1@else.example"), MailKind::Report);
    }

    #[test]
    fn our_own_mail_and_circles_are_noticed() {
        check(&mail("Message-ID: <17.0.3@mail.example>\nX-Schakel-Number: 17\n", ""), MailKind::Ourselves);
        check("From: Us <meldpunt@Mail.Example>\nTo: a@b.example\n\nx\n", MailKind::Ourselves);
        check(&mail("Message-ID: <1@list.example>\nX-Schakel-Number: 17\n", ""), MailKind::Loop);
        check(&mail(&"Received: from a by b; x\n".repeat(HOPS_MAX + 1), ""), MailKind::Loop);
        check(&mail(&"Received: from a by b; x\n".repeat(HOPS_MAX), ""), MailKind::Report);
    }
}
