//! A message that is ready to be put into a mail.

/// What a recipient reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// One line: `[Schakel #17] TLP:AMBER …`.
    pub subject: String,
    /// Plain text, lines end in `\n`.
    pub text: String,
    /// Files that go with it.
    pub attachments: Vec<Attachment>,
}

/// A file that goes with a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attachment {
    /// The file's name, ASCII.
    pub name: String,
    /// Its media type, for example `text/csv; charset=utf-8`.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}
