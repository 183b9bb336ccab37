//! A mail that is a report in itself: what a program wrote in it, or else the addresses in its text.
//!
//! The readers are tried from the surest to the least sure; the first that finds something is the one:
//! 1. [`arf`]: feedback reports (RFC 5965),
//! 2. [`acns`]: copyright notices in XML,
//! 3. [`labelled`] in an attachment: `Key: value` lines, X-ARF of before version 3 among them,
//! 4. [`labelled`] in the text,
//! 5. [`plain`]: addresses in prose.
//!
//! What the last two find is marked `extra.extracted`: people look at it before anybody is told.

mod acns;
mod arf;
mod labelled;
mod moments;
mod plain;
mod words;

use schakel_formats::{
    containers::{Container, MAIL_BYTES_MAX, WHOLE_MAIL_EXTENSION, sniff},
    mail::{AttachmentKind, MailDocument},
};
use schakel_model::event::Value;

use super::{Format, Given, How, Markings, Sink, TranscribeError, draft::Draft, not_a_record};

pub(super) const FORMAT: Format = Format {
    name: "mail",
    recognise: |name, head| {
        name.rsplit_once('.').is_some_and(|(_, extension)| extension == WHOLE_MAIL_EXTENSION)
            && (sniff("mail.eml", head) == Container::Mail)
    },
    how: How::Whole { bytes_max: MAIL_BYTES_MAX, read },
    markings: Markings::None,
};

/// The marker of what nobody wrote for a program.
const EXTRACTED: &str = "extra.extracted";

/// Is there an event among these lines of a [`Transcription`](super::Transcription) that was found in the text of a mail?
pub fn has_extracted(lines: &[u8]) -> bool {
    // Within a text the quotes would stand behind a backslash.
    memchr::memmem::find(lines, br#""extra.extracted":true"#).is_some()
}

/// What every reader needs of the mail.
struct Letter<'m> {
    mail: &'m MailDocument,
    /// The text that a person reads.
    body: String,
    /// The time of what bears none.
    sent_at: i64,
    /// Seconds east of Greenwich of the sender's clock, for times in prose without a zone.
    offset: i64,
    /// The domain of who sent it.
    sender: String,
}

/// When something was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum When {
    /// The report says so.
    Said(i64),
    /// It says nothing: the time of the mail.
    OfTheMail,
}

fn read(bytes: &[u8], given: &Given, sink: &mut dyn Sink) -> Result<(), TranscribeError> {
    let mail = MailDocument::read(bytes);
    let sender = match mail.sender_domain() {
        "" => given.sender_domain.clone(),
        domain => domain.to_owned(),
    };
    let letter = Letter {
        body: mail.body(),
        sent_at: mail.sent_at().unwrap_or(given.received_at),
        offset: mail.fields.first("Date").map_or(0, |date| moments::offset_of(&date.raw)),
        sender,
        mail: &mail,
    };
    if mail.protection.is_encrypted() {
        sink.reject(
            not_a_record("the mail is encrypted; it can be read when it was opened with our key"),
            &[],
        );
        return Ok(());
    }
    let readers: [fn(&Letter<'_>) -> Vec<Draft>; 5] =
        [arf::read, acns::read, labelled::read_attached, labelled::read_text, plain::read];
    let found = readers.iter().map(|reader| reader(&letter)).find(|found| !found.is_empty());
    match found {
        Some(drafts) => drafts.iter().for_each(|draft| sink.event(draft.event())),
        None => sink.reject(not_a_record("no address, name or URL was found in the mail"), bytes),
    }
    Ok(())
}

impl Letter<'_> {
    /// An event of this kind of mail.
    fn draft(&self, feed: &'static str) -> Draft {
        let mut draft = Draft::new(feed);
        draft.text("feed.provider", &self.sender);
        draft.text("extra.subject", &self.mail.subject);
        draft
    }

    /// Sets the time, and says when it is only that of the mail.
    fn seen(&self, draft: &mut Draft, when: When) {
        match when {
            When::Said(seconds) => draft.seen_at(seconds),
            When::OfTheMail => draft.seen_at(self.sent_at).text("extra.time_basis", "date of the mail"),
        };
    }

    /// The texts that are attached as files.
    fn attached(&self) -> impl Iterator<Item = &str> {
        self.mail
            .attachments
            .iter()
            .filter(|attachment| attachment.kind == AttachmentKind::Document)
            .filter_map(|attachment| attachment.text.as_deref())
    }

    /// The body without what was quoted from somebody else and without the signature.
    fn own_lines(&self) -> Vec<&str> {
        self.body.lines().take_while(|line| *line != "--" && *line != "-- ").collect()
    }
}

fn mark_extracted(draft: &mut Draft) {
    draft.value(EXTRACTED, Value::Bool(true));
}

#[cfg(test)]
mod tests;
