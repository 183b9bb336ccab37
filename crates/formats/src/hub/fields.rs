//! The members of a JSON object, each of the kind that it has to be.

use std::str::FromStr;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// An object whose members are taken one by one; what is left over at the end is nothing we know.
pub(super) struct Fields<'a> {
    of: &'static str,
    members: &'a Map<String, Value>,
    taken: usize,
}

impl<'a> Fields<'a> {
    /// The members of a value. `of`: what it is, for errors.
    pub fn of(of: &'static str, value: &'a Value) -> Result<Self, String> {
        let members = value.as_object().ok_or_else(|| format!("{of} is no object"))?;
        Ok(Self { of, members, taken: 0 })
    }

    /// A member; `None` when it is not there.
    pub fn any(&mut self, name: &str) -> Option<&'a Value> {
        let found = self.members.get(name)?;
        self.taken += 1;
        Some(found)
    }

    /// A member that has to be there.
    pub fn value(&mut self, name: &str) -> Result<&'a Value, String> {
        self.any(name).ok_or_else(|| format!("{} has no {name}", self.of))
    }

    /// A text.
    pub fn text(&mut self, name: &str) -> Result<&'a str, String> {
        self.value(name)?.as_str().ok_or_else(|| format!("{name} of {} is no text", self.of))
    }

    /// A word, name or identifier.
    pub fn read<T: FromStr<Err = String>>(&mut self, name: &str) -> Result<T, String> {
        self.text(name)?.parse().map_err(|error| format!("{name} of {}: {error}", self.of))
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &str) -> Result<bool, String> {
        self.value(name)?.as_bool().ok_or_else(|| format!("{name} of {} is neither true nor false", self.of))
    }

    /// A number that is not negative.
    pub fn number<T: TryFrom<u64>>(&mut self, name: &str) -> Result<T, String> {
        let number = self.value(name)?.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("{name} of {} is no number that fits", self.of))
    }

    /// A time, in seconds since 1970.
    pub fn time(&mut self, name: &str) -> Result<i64, String> {
        read_time(self.text(name)?).ok_or_else(|| format!("{name} of {} is no time in UTC", self.of))
    }

    /// A list.
    pub fn list(&mut self, name: &str) -> Result<&'a [Value], String> {
        let list = self.value(name)?.as_array();
        list.map(Vec::as_slice).ok_or_else(|| format!("{name} of {} is no list", self.of))
    }

    /// A list of words or names.
    pub fn words<T: FromStr<Err = String>>(&mut self, name: &str) -> Result<Vec<T>, String> {
        let of = self.of;
        let word = |value: &Value| {
            let text = value.as_str().ok_or_else(|| format!("{name} of {of} holds what is no text"))?;
            text.parse().map_err(|error| format!("{name} of {of}: {error}"))
        };
        self.list(name)?.iter().map(word).collect()
    }

    /// Nothing may be left: what we do not know could be what the other side relies on.
    pub fn end(self) -> Result<(), String> {
        match self.taken == self.members.len() {
            true => Ok(()),
            false => Err(format!("{} has a member that is not known here", self.of)),
        }
    }
}

/// A time as it stands on the wire: `2026-03-16T09:00:00Z`.
pub(super) fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

fn read_time(text: &str) -> Option<i64> {
    let read = text.parse::<Timestamp>().ok()?;
    // One way to write a time.
    (read.to_string() == text).then(|| read.as_second())
}
