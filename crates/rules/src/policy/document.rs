//! The document of a policy as it is written: TOML, unknown keys refused. What its words mean is decided elsewhere.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use toml::{Spanned, value::Datetime};

use super::{
    following::{CalendarSection, DeadlineSection, LadderSection, RemindersSection},
    problem::Problem,
    wrong::Wrong,
};

/// A document is read up to this size: thousands of rules with their reasons.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// All sections.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    pub rule: Vec<Spanned<Rule>>,
    pub preference: Vec<Spanned<Preference>>,
    pub recipient: Vec<Spanned<Recipient>>,
    pub trial: Vec<Spanned<Trial>>,
    pub calendar: Vec<Spanned<CalendarSection>>,
    pub ladder: Vec<Spanned<LadderSection>>,
    pub reminders: RemindersSection,
    pub deadline: DeadlineSection,
}

/// `[[rule]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub name: String,
    pub owner: String,
    pub reason: String,
    pub until: Option<Moment>,
    #[serde(default)]
    pub when: When,
    pub then: String,
    pub at: Option<Moment>,
    pub days: Option<String>,
    pub on: Option<String>,
    #[serde(default)]
    pub fixed: bool,
    #[serde(default)]
    pub encrypt: bool,
}

/// `[[preference]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preference {
    pub organisation: Option<Words>,
    pub contact: Option<Words>,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub when: When,
    pub then: String,
    pub at: Option<Moment>,
    pub days: Option<String>,
    pub on: Option<String>,
}

/// `[[recipient]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipient {
    #[serde(default)]
    pub when: When,
    pub role: Option<Words>,
    #[serde(default)]
    pub encrypt: bool,
}

/// `[[trial]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trial {
    #[serde(default)]
    pub when: When,
    pub mode: String,
    #[serde(default)]
    pub baseline: bool,
}

/// `when`, of any section.
#[derive(Deserialize, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(super) struct When {
    pub severity: Option<Words>,
    pub kind: Option<Words>,
    pub source: Option<Words>,
    pub organisation: Option<Words>,
    pub asset: Option<Words>,
    pub tag: Option<Words>,
    pub cve: Option<Words>,
    pub tlp: Option<Words>,
    pub time: Option<String>,
}

/// One word, or a list of words.
#[derive(Clone, PartialEq)]
pub(super) struct Words(pub Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Words;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a list of texts")
            }
            fn visit_str<E>(self, word: &str) -> Result<Words, E> {
                Ok(Words(vec![word.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(Words(words))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// A day or a time of the day, with or without quotes.
#[derive(Deserialize)]
#[serde(untagged, expecting = "write a day such as 2027-01-31, or a time such as 09:00")]
pub(super) enum Moment {
    Quoted(String),
    Plain(Datetime),
}

impl Moment {
    /// As text.
    pub fn text(&self) -> String {
        match self {
            Self::Quoted(text) => text.trim().to_owned(),
            Self::Plain(moment) => moment.to_string(),
        }
    }
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Document, Problem> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let (bytes, most) = (text.len().to_string(), DOCUMENT_BYTES_MAX.to_string());
        return Err(Problem::error(None, "", Wrong::TooLarge { bytes, most }));
    }
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_at(text, span.start));
        Problem::error(line, "", Wrong::Unreadable { text: error.message().trim().to_owned() })
    })
}

/// The line of a byte, from 1.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    let before = &text.as_bytes()[..byte.min(text.len())];
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
