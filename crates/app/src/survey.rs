//! What a report holds, looked at before anything of it is recorded.

use std::{
    collections::BTreeSet,
    io::{Cursor, Read},
};

use schakel_parse::feeds::{self, Feed, Given, Transcription};

use crate::{
    incoming::ReadSeek,
    reading::{Reading, read_head},
};

/// What a report holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Survey {
    /// The formats of its files, by name. What cannot be read has none.
    pub formats: BTreeSet<String>,
    /// Were addresses found in text that nobody wrote for a program?
    pub extracted: bool,
}

/// Looks into a report and goes back to its beginning. What cannot be read is told when it is taken in.
pub fn survey(name: &str, mut input: &mut dyn ReadSeek, reading: &Reading) -> std::io::Result<Survey> {
    let mut survey = Survey::default();
    let walked = reading.walk(name, &mut input, &mut |member, input| {
        let Ok(head) = read_head(input) else { return Ok::<(), std::convert::Infallible>(()) };
        match reading.document(&member.name, &head) {
            Some(feed) => {
                survey.formats.insert(feed.name().to_owned());
                survey.extracted |= feed == Feed::Mail && has_extracted(&member.name, head, input);
            }
            None => survey.formats.extend(reading.format(&member.name, &head)),
        }
        Ok(())
    });
    match walked {
        Ok(_) => {}
        Err(never) => match never {},
    }
    input.rewind()?;
    Ok(survey)
}

/// Does the text of a mail hold what somebody must look at first?
fn has_extracted(name: &str, head: Vec<u8>, input: &mut dyn Read) -> bool {
    let given = Given { name: name.to_owned(), ..Given::default() };
    let mut lines = Transcription::start(Feed::Mail, Box::new(Cursor::new(head).chain(input)), given);
    feeds::has_extracted(&read_head(&mut lines).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(name: &str, bytes: &[u8]) -> (Vec<String>, bool) {
        let found = survey(name, &mut Cursor::new(bytes), &Reading::default()).unwrap();
        (found.formats.into_iter().collect(), found.extracted)
    }

    #[test]
    fn what_was_found_in_the_text_of_a_mail_is_seen() {
        let mail =
            b"From: melder@example.org\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\nSubject: scan\r\n\r\n\
            We saw a port scan from 198.51.100.7 at 2026-11-20 02:55 UTC.\r\n";
        assert_eq!(formats("melding.mail", mail), (vec!["mail".to_owned()], true));
    }

    #[test]
    fn formats_are_named_and_what_cannot_be_read_has_none() {
        let csv = b"timestamp,ip\n2026-11-20 00:00:00,192.0.2.1\n";
        assert_eq!(formats("2026-11-20-scan_rdp-x.csv", csv), (vec!["shadowserver".to_owned()], false));
        let idf = br#"{"time.source":"2026-11-20T00:00:00Z","source.ip":"192.0.2.1"}"#;
        assert_eq!(formats("events.jsonl", idf), (vec!["idf".to_owned()], false));
        assert_eq!(formats("cat.jpg", b"\xff\xd8\xff\xe0"), (vec![], false));
    }
}
