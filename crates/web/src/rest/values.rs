//! Values as they stand in JSON: times, days, and the closed words of the model.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A time, in seconds since 1970; RFC 3339 in UTC on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct At(pub i64);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Timestamp::from_second(self.0).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse::<Timestamp>().map(|at| Self(at.as_second())).map_err(D::Error::custom)
    }
}

impl JsonSchema for At {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "At".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Day(pub Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

impl JsonSchema for Day {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

/// A closed set of words.
pub trait Words: Copy + 'static {
    /// What the set is called in the description.
    const NAME: &'static str;
    /// Every one.
    fn all() -> &'static [Self];
    /// The word.
    fn word(self) -> &'static str;
}

macro_rules! words_of {
    ($($type:ty, $name:literal);* $(;)?) => {
        $(impl Words for $type {
            const NAME: &'static str = $name;
            fn all() -> &'static [Self] {
                &Self::ALL[..]
            }
            fn word(self) -> &'static str {
                self.as_str()
            }
        })*
    };
}

words_of!(
    schakel_model::answer::AnswerKind, "AnswerKind";
    schakel_model::answer::RecipientState, "RecipientState";
    schakel_model::answer::NotificationKind, "NotificationKind";
    schakel_model::call::CallResult, "CallResult";
    schakel_model::asset::AssetKind, "AssetKind";
    schakel_model::asset::Role, "AssetRole";
    schakel_model::claim::Means, "ProofMeans";
    schakel_model::claim::AssetWish, "AssetWish";
    schakel_model::answer::Standing, "Standing";
    schakel_model::call::CallReason, "CallReason";
    schakel_model::severity::Severity, "Severity";
    schakel_model::classification::ClassificationType, "ClassificationType";
    schakel_model::fate::Fate, "Fate";
    schakel_model::tlp::Tlp, "Tlp";
    schakel_model::language::Language, "Language";
    schakel_model::register::ContactRole, "ContactRole";
    schakel_model::relation::RelationKind, "RelationKind";
    schakel_model::relation::Mandate, "Mandate";
    schakel_model::account::PortalRole, "PortalRole";
    schakel_model::affiliation::Step, "JoiningStep";
    schakel_formats::register::import::Format, "RegisterFormat";
);

/// One of a closed set of words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word<T>(pub T);

impl<T: Words> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<'de, T: Words> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // As it stands in the description: neither spaces nor capitals.
        let known = T::all().iter().copied().find(|one| one.word() == text);
        known
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is none of the words that may stand here")))
    }
}

impl<T: Words> JsonSchema for Word<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::all().iter().map(|one| one.word()).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}
