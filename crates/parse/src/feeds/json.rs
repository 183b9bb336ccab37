//! Looking things up in JSON that may be anything.

use std::borrow::Cow;

use crate::json::Json;

impl<'a> Json<'a> {
    /// What stands under this name, when this is an object that has it. `null` is not there.
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.fields().iter().find(|(key, json)| key == name && *json != Json::Null).map(|(_, json)| json)
    }

    /// What stands at the end of this way through objects.
    pub(crate) fn at(&self, way: &[&str]) -> Option<&Json<'a>> {
        way.iter().try_fold(self, |json, name| json.get(name))
    }

    /// The fields of an object; of anything else none.
    pub(crate) fn fields(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The items of a list; of anything else the thing itself, as some write a list of one.
    pub(crate) fn items(&self) -> &[Json<'a>] {
        match self {
            Self::List(items) => items,
            Self::Null => &[],
            one => std::slice::from_ref(one),
        }
    }

    /// The text under this name, or a number as it was written.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// This as text, when it is text that says something, or a number.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The texts under this name: of a list all, of a text that one.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        self.get(name).map(|json| json.items().iter().filter_map(Json::as_text).collect()).unwrap_or_default()
    }
}
