//! How reports are to be read: what the operator says beside the file names.

use std::io::{self, Cursor, Read};

use anyhow::Context;
use schakel_model::tlp::Tlp;
use schakel_parse::{
    Plan, PlanError, PlanOptions,
    feeds::{self, Feed, Given, Transcription},
    mapping::Mapping,
    shadowserver::Schema,
};

/// The bytes by which a report is recognised before it is read whole, and in which its header must stand.
pub const HEAD_BYTES: usize = 1 << 20;

/// Reading as told on the command line or in the configuration.
pub struct Reading {
    /// The report type, when the file name does not say it.
    pub type_name: Option<String>,
    /// A newer official Shadowserver schema.
    pub schema: Option<Schema>,
    /// Mappings for other files, tried by their file patterns in order.
    pub mappings: Vec<Mapping>,
    /// The mapping to use whatever the file is called.
    pub mapping: Option<Mapping>,
    /// The marking of everything read, when the operator says one.
    pub tlp: Option<Tlp>,
    /// The marking of what bears none and whose mapping says none.
    pub default_tlp: Tlp,
    /// What is done with events that were found in the text of a mail.
    pub extracted: Extracted,
}

/// May events be taken in that nobody wrote for a program, and that somebody must look at before anybody is told?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Extracted {
    /// Yes: whoever asks for it has looked.
    #[default]
    Taken,
    /// No: nobody has looked yet.
    Refused,
}

/// A file or a member of a container, ready to be read row by row.
pub struct Opened<'i> {
    /// How its rows are read.
    pub plan: Plan,
    /// Its first bytes.
    pub head: Vec<u8>,
    /// What follows them.
    pub input: Box<dyn Read + 'i>,
    /// Its marking.
    pub tlp: Tlp,
}

impl Default for Reading {
    /// Nothing said, and TLP:AMBER for what bears no marking.
    fn default() -> Self {
        Self {
            type_name: None,
            schema: None,
            mappings: Vec::new(),
            mapping: None,
            tlp: None,
            default_tlp: Tlp::Amber,
            extracted: Extracted::Taken,
        }
    }
}

impl Reading {
    /// The format of a document that holds events in its own way; `None` for a file of rows.
    pub fn document(&self, name: &str, head: &[u8]) -> Option<Feed> {
        match (&self.type_name, self.mapping_for(name)) {
            (_, Some(_)) => None,
            (Some(word), None) => feeds::named(word),
            (None, None) => feeds::recognise(name, head),
        }
    }

    /// Opens a file or a member. What is no file of rows is transcribed while it is read. `received_at`: when the report came in, in
    /// seconds since 1970.
    pub fn open<'i>(
        &self,
        name: &str,
        input: &'i mut dyn Read,
        received_at: i64,
    ) -> anyhow::Result<Opened<'i>> {
        let head = read_head(input).with_context(|| format!("cannot read {name}"))?;
        let Some(feed) = self.document(name, &head) else {
            let plan = self.plan(name, &head)?;
            return Ok(Opened { plan, head, input: Box::new(input), tlp: self.marking(name) });
        };
        let mut lines = transcription(feed, name, head, input, received_at);
        let tlp = self.tlp.or(lines.marking()).unwrap_or(self.default_tlp);
        let head = read_head(&mut lines).with_context(|| format!("cannot read {name}"))?;
        Ok(Opened { plan: Plan::transcribed(), head, input: Box::new(lines), tlp })
    }

    /// Fails when somebody must look at a file or a member first, and nobody has. Asked before anything of a report is recorded, so that it
    /// can still be taken in afterwards.
    pub fn check_looked_at(&self, name: &str, input: &mut dyn Read) -> anyhow::Result<()> {
        if self.extracted == Extracted::Taken {
            return Ok(());
        }
        // What cannot be read is told when it is read.
        let Ok(head) = read_head(input) else { return Ok(()) };
        if self.document(name, &head) != Some(Feed::Mail) {
            return Ok(());
        }
        let lines = read_head(&mut transcription(Feed::Mail, name, head, input, 0)).unwrap_or_default();
        anyhow::ensure!(
            !feeds::has_extracted(&lines),
            "addresses were found in the text of this mail, and somebody must look at them first. `schakel parse FILE --preview` \
             shows them; `schakel ingest FILE` takes them in"
        );
        Ok(())
    }

    /// The plan for a file of rows.
    pub fn plan(&self, name: &str, head: &[u8]) -> Result<Plan, PlanError> {
        let options = PlanOptions {
            type_name: self.type_name.as_deref(),
            schema: self.schema.as_ref(),
            mapping: self.mapping_for(name),
        };
        Plan::for_file(name, head, &options)
    }

    /// The marking of a file's items.
    pub fn marking(&self, name: &str) -> Tlp {
        self.tlp.or_else(|| self.mapping_for(name)?.tlp).unwrap_or(self.default_tlp)
    }

    fn mapping_for(&self, name: &str) -> Option<&Mapping> {
        self.mapping.as_ref().or_else(|| self.mappings.iter().find(|mapping| mapping.matches(name)))
    }
}

/// The lines of a document of which the first bytes were read.
fn transcription<'i>(
    feed: Feed,
    name: &str,
    head: Vec<u8>,
    input: &'i mut dyn Read,
    received_at: i64,
) -> Transcription<'i> {
    let given = Given { received_at, name: name.to_owned(), sender_domain: String::new() };
    Transcription::start(feed, Box::new(Cursor::new(head).chain(input)), given)
}

/// The first bytes of an input.
pub fn read_head(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match input.take(HEAD_BYTES as u64).read_to_end(&mut head) {
        // What could be read before it broke off is read; the break shows again behind it.
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_in_the_text_of_a_mail_is_taken_in_only_on_somebodys_word() {
        let mail =
            b"From: melder@example.org\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\nSubject: scan\r\n\r\n\
            We saw a port scan from 198.51.100.7 at 2026-11-20 02:55 UTC.\r\n";
        assert!(Reading::default().check_looked_at("melding.mail", &mut &mail[..]).is_ok());
        let careful = Reading { extracted: Extracted::Refused, ..Reading::default() };
        let refused = careful.check_looked_at("melding.mail", &mut &mail[..]).unwrap_err();
        assert!(refused.to_string().contains("somebody must look"), "{refused}");
    }
}
