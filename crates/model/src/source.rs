//! Who reports to us, and what we think of it.

use std::{fmt, str::FromStr};

use crate::{asset::words, ids::SourceId, tlp::Tlp};

/// The longest code of a source, in bytes.
pub const CODE_BYTES_MAX: usize = 64;

/// A source of reports with its settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Its number; 0 until it is stored.
    pub id: SourceId,
    /// The name it is called by in settings and commands: lower-case letters, digits, `-` and `.`.
    pub code: String,
    /// The name people know.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// The mail address to write to; may be empty.
    pub contact: String,
    /// What it may do without a person looking.
    pub trust: Trust,
    /// How reliable it is (Admiralty code).
    pub reliability: Reliability,
    /// How credible what it says is, unless an item says otherwise (Admiralty code).
    pub credibility: Credibility,
    /// The marking of what bears none; `None`: that of the configuration.
    pub tlp: Option<Tlp>,
    /// May those who are affected be told? (FIRST IEP 2.0, `affected-party-notifications`)
    pub may_notify: bool,
    /// May its addresses and names be looked up outside? (FIRST IEP 2.0, `permitted-actions`)
    pub may_look_up: bool,
    /// What recipients see of it.
    pub shown_as: ShownAs,
    /// A report is expected every so many seconds; `None`: learnt from what came.
    pub rhythm_seconds: Option<u32>,
    /// The formats it may send without a person looking; empty: every one.
    pub formats: Vec<String>,
    /// The largest report it may send, in bytes; `None`: that of the door.
    pub bytes_max: Option<u64>,
    /// Reports in an hour beyond this wait for a person; `None`: no limit.
    pub reports_per_hour_max: Option<u32>,
    /// It goes on when other sources flood us.
    pub critical: bool,
    /// The licence or terms of its data; may be empty.
    pub licence: String,
    /// The mail addresses (`a@b.example`) and domains (`b.example`) it writes from.
    pub senders: Vec<String>,
}

impl Source {
    /// A source of which only the code is said: a person looks at what it sends, and its name is shown to nobody.
    pub fn new(code: &str) -> Self {
        Self {
            id: SourceId(0),
            code: code.to_owned(),
            name: code.to_owned(),
            kind: SourceKind::Other,
            contact: String::new(),
            trust: Trust::Vetted,
            reliability: Reliability::F,
            credibility: Credibility(6),
            tlp: None,
            may_notify: true,
            may_look_up: true,
            shown_as: ShownAs::Nothing,
            rhythm_seconds: None,
            formats: Vec::new(),
            bytes_max: None,
            reports_per_hour_max: None,
            critical: false,
            licence: String::new(),
            senders: Vec::new(),
        }
    }

    /// Does it write from this mail address?
    pub fn writes_from(&self, address: &str) -> bool {
        let Some((_, domain)) = address.rsplit_once('@') else { return false };
        let matching = |sender: &String| {
            sender.eq_ignore_ascii_case(if sender.contains('@') { address } else { domain })
        };
        self.senders.iter().any(matching)
    }
}

/// Is this a code of a source?
pub fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= CODE_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
        && !text.starts_with(['.', '-'])
}

/// What a source is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SourceKind {
    /// A person or group that looks for weaknesses.
    Researcher,
    /// A service that sends reports regularly.
    Feed,
    /// A CERT or CSIRT.
    Cert,
    /// A member of the constituency.
    Member,
    /// A scanner or sensor of our own.
    Own,
    /// Police or an authority.
    Authority,
    /// None of these.
    Other,
}

words!(SourceKind, "kind of source", Researcher "researcher", Feed "feed", Cert "cert", Member "member", Own "own", Authority "authority", Other "other");

/// What a source may do without a person looking.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trust {
    /// What it sends is taken in.
    Automatic,
    /// What it sends waits for a person.
    Vetted,
    /// What it sends is refused.
    Blocked,
}

words!(Trust, "trust", Automatic "automatic", Vetted "vetted", Blocked "blocked");

/// How reliable a source is: the letter of the Admiralty code (NATO STANAG 2511).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reliability {
    /// Completely reliable.
    A,
    /// Usually reliable.
    B,
    /// Fairly reliable.
    C,
    /// Not usually reliable.
    D,
    /// Unreliable.
    E,
    /// Cannot be judged.
    F,
}

words!(Reliability, "reliability", A "A", B "B", C "C", D "D", E "E", F "F");

/// How credible an item is: the figure of the Admiralty code, from 1 (confirmed) to 6 (cannot be judged).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Credibility(pub u8);

impl fmt::Display for Credibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Credibility {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(figure @ 1..=6) => Ok(Self(figure)),
            _ => Err(format!("`{text}` is no credibility: use 1 (confirmed) to 6 (cannot be judged)")),
        }
    }
}

/// What recipients see of a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ShownAs {
    /// Its name.
    Name,
    /// Another name.
    Pseudonym(String),
    /// Nothing.
    Nothing,
}

impl fmt::Display for ShownAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Nothing => f.write_str("nothing"),
            Self::Pseudonym(text) => write!(f, "as:{text}"),
        }
    }
}

impl FromStr for ShownAs {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "name" => Ok(Self::Name),
            "nothing" => Ok(Self::Nothing),
            _ => match text.strip_prefix("as:") {
                Some(pseudonym) if !pseudonym.trim().is_empty() => {
                    Ok(Self::Pseudonym(pseudonym.trim().to_owned()))
                }
                _ => Err(format!("`{text}` is none of name, nothing, as:PSEUDONYM")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_what_they_write() {
        for kind in SourceKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(*kind));
        }
        for shown in [ShownAs::Name, ShownAs::Nothing, ShownAs::Pseudonym("a partner".into())] {
            assert_eq!(shown.to_string().parse(), Ok(shown));
        }
        assert_eq!("b".parse(), Ok(Reliability::B));
        assert!("0".parse::<Credibility>().is_err() && "7".parse::<Credibility>().is_err());
        assert_eq!("1".parse(), Ok(Credibility(1)));
        assert!("as: ".parse::<ShownAs>().is_err());
    }

    #[test]
    fn a_code_is_a_word_that_can_be_a_folder() {
        assert!(is_code("shadowserver") && is_code("divd.nl") && is_code("cert-eu"));
        for text in ["", "..", "a/b", "A", "-x", ".hidden", "a b", &"a".repeat(65)] {
            assert!(!is_code(text), "{text}");
        }
    }

    #[test]
    fn a_sender_is_an_address_or_a_whole_domain() {
        let mut source = Source::new("x");
        source.senders = vec!["Melder@example.org".into(), "feed.example".into()];
        assert!(source.writes_from("melder@EXAMPLE.org") && source.writes_from("any@feed.example"));
        for other in ["other@example.org", "a@sub.feed.example", "feed.example", "", "@"] {
            assert!(!source.writes_from(other), "{other}");
        }
    }
}
