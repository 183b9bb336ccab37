//! How an attempt to deliver a mail ended.

use std::fmt;

use schakel_rules::retry::Attempt;

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was taken: the server's 250, or the file lies in the folder.
    Accepted(Answer),
    /// Not now: the network, the server or our own login stood in the way.
    Temporary(Answer),
    /// The server refuses this recipient or this mail.
    Permanent(Answer),
    /// The mail went out, the answer did not come back: it may have arrived.
    Unknown(Answer),
}

/// What was said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The SMTP reply code, when there was a reply.
    pub code: Option<u16>,
    /// Where it happened and what was said, on one line, for a person.
    pub text: String,
}

impl Outcome {
    /// The outcome as `schakel_rules::retry` needs it.
    pub fn attempt(&self) -> Attempt {
        match self {
            Self::Accepted(_) => Attempt::Accepted,
            Self::Temporary(_) => Attempt::Temporary,
            Self::Permanent(_) => Attempt::Permanent,
            Self::Unknown(_) => Attempt::Unknown,
        }
    }

    /// What was said.
    pub fn answer(&self) -> &Answer {
        match self {
            Self::Accepted(answer)
            | Self::Temporary(answer)
            | Self::Permanent(answer)
            | Self::Unknown(answer) => answer,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{code} {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}
