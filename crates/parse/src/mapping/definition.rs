//! A mapping as it stands in its TOML file. Nothing is checked here but its form; [`super::Mapping`] checks the rest.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What the mapping is called, and the report type shown.
    pub name: String,
    /// Who makes the feed.
    pub provider: String,
    /// The feed's name; the mapping's own when left out.
    pub feed: Option<String>,
    /// Names of files this mapping is for.
    #[serde(default)]
    pub files: Vec<String>,
    /// csv, jsonl, json or sheet.
    pub format: Format,
    /// The name of the sheet, of a spreadsheet.
    pub sheet: Option<String>,
    /// Between columns.
    pub delimiter: Option<char>,
    /// Around values.
    pub quote: Option<char>,
    /// Whether the first line names the columns.
    pub header: Option<bool>,
    /// The columns, where no line names them.
    pub names: Option<Vec<String>>,
    /// Lines to pass over at the front.
    #[serde(default)]
    pub skip_lines: usize,
    /// What a line that is no row starts with.
    pub comment: Option<String>,
    /// Are spaces behind a delimiter no part of the value?
    #[serde(default)]
    pub skip_spaces: bool,
    /// Values that mean that there is none.
    #[serde(default)]
    pub empty: Vec<String>,
    /// What no one wants to keep.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Columns to fields.
    #[serde(default)]
    pub columns: BTreeMap<String, OneOrMore<Target>>,
    /// Fields that are the same in every row.
    #[serde(default)]
    pub constants: BTreeMap<String, toml::Value>,
    /// When it was observed, or `receipt`.
    pub time: ConstantOr<Time>,
    /// What kind of thing it is.
    pub classification: Classification,
    /// How bad.
    pub severity: Option<ConstantOr<Choice>>,
    /// What makes two rows the same problem.
    pub identity: Option<Identity>,
    /// The marking of the feed.
    pub tlp: Option<String>,
    /// Which rows say that the problem is gone.
    pub clear_when: Option<ClearWhen>,
}

/// How the rows are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Rows with a delimiter.
    Csv,
    /// An object a line.
    Jsonl,
    /// A list of objects.
    Json,
    /// A sheet of a spreadsheet.
    Sheet,
}

/// Where a column goes.
pub struct Target {
    /// The IDF field.
    pub field: String,
    /// What is done to the value first.
    pub convert: Option<String>,
}

/// A target as a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetTable {
    field: String,
    convert: Option<String>,
}

impl FromText for Target {
    fn from_text(text: &str) -> Self {
        Self { field: text.to_owned(), convert: None }
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match ConstantOr::<TargetTable>::deserialize(deserializer)? {
            ConstantOr::Constant(text) => Self::from_text(&text),
            ConstantOr::Table(TargetTable { field, convert }) => Self { field, convert },
        })
    }
}

/// When.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// The column, or the columns of date and time.
    pub column: OneOrMore<String>,
    /// How it is written.
    pub format: Option<String>,
    /// Where its clock stands, when it does not say.
    pub zone: Option<String>,
}

/// What kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    /// The RSIT type.
    #[serde(rename = "type")]
    pub kind: ConstantOr<Choice>,
    /// The identifier.
    pub identifier: Option<ConstantOr<Choice>>,
}

/// A value that depends on a column.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Which.
    pub column: String,
    /// Its words to ours.
    #[serde(default)]
    pub table: BTreeMap<String, String>,
    /// What stands for a word that is not in the table.
    pub default: Option<String>,
}

/// What counts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// address, name, url or account.
    pub target: IdentityTarget,
    /// Whether transport and port count.
    pub service: Counts,
    /// Whether the malware's name counts.
    #[serde(default)]
    pub malware: Counts,
}

/// What names the target.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // The words say it.
pub enum IdentityTarget {
    Address,
    Name,
    Url,
    Account,
}

/// Part of the identity or not.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // The words say it.
pub enum Counts {
    Counts,
    #[default]
    Ignored,
}

/// Which rows are a clear.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearWhen {
    /// The column to look at.
    pub column: String,
    /// The words that say so, in any case.
    pub equals: Vec<String>,
}

/// A text, or a table.
pub enum ConstantOr<T> {
    /// The text.
    Constant(String),
    /// The table.
    Table(T),
}

/// One, or a list.
pub struct OneOrMore<T>(pub Vec<T>);

/// What a bare text stands for.
pub trait FromText {
    /// The value.
    fn from_text(text: &str) -> Self;
}

impl FromText for String {
    fn from_text(text: &str) -> Self {
        text.to_owned()
    }
}

// By hand and not `untagged`, which would say no more than that nothing fits.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for ConstantOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = ConstantOr<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a table")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(ConstantOr::Constant(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(ConstantOr::Table)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<'de, T: Deserialize<'de> + FromText> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + FromText> Visitor<'de> for Either<T> {
            type Value = OneOrMore<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a table or a list of these")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(OneOrMore(vec![T::from_text(text)]))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMore(vec![one]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = list.next_element()? {
                    all.push(one);
                }
                Ok(OneOrMore(all))
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}
