//! JSON (RFC 8259) as sources send it, borrowed where it can be.
//!
//! Not by a library, because a row is lost only when it is no record: a number beyond what a computer holds stays as
//! its text, half a surrogate pair becomes U+FFFD, bytes that are not UTF-8 are Western (see [`crate::text`]), and of a key that
//! stands twice the last counts (as in the reference). Nesting is bounded.

use std::{borrow::Cow, fmt};

use schakel_model::{event::Value, limits::JSON_DEPTH_MAX};

use crate::text;

/// A JSON value that borrows from its text.
#[derive(Clone, PartialEq, Debug)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(&'a str),
    /// Text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object, in order, each key once.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Json<'_> {
    /// As a value of our own: whole numbers as such, numbers too large for either kind as their text.
    pub fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Number(text) => number(text),
            Self::Text(text) => Value::Text(text.into_owned()),
            Self::List(items) => Value::List(items.into_iter().map(Json::into_value).collect()),
            Self::Object(fields) => Value::Object(
                fields.into_iter().map(|(key, value)| (key.into_owned(), value.into_value())).collect(),
            ),
        }
    }
}

fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse() {
        return Value::Int(whole);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && text.contains(['.', 'e', 'E']) => Value::Float(number),
        _ => Value::Text(text.to_owned()),
    }
}

/// Why a text is no JSON, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JsonError {
    /// The byte at which it went wrong, from 0.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {} of the record {} was expected", self.at + 1, self.expected)
    }
}

/// Reads one value; nothing but white space may follow.
pub fn read(bytes: &[u8]) -> Result<Json<'_>, JsonError> {
    let mut reader = Reader { bytes, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    match reader.next() {
        None => Ok(value),
        Some(_) => reader.fail("the end"),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        if depth > JSON_DEPTH_MAX {
            return self.fail("no deeper nesting");
        }
        self.space();
        match self.next() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.text().map(Json::Text),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.fail("a value"),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.at += 1;
        let mut fields = Fields::default();
        self.space();
        if self.take(b'}') {
            return Ok(Json::Object(fields.in_order));
        }
        loop {
            self.space();
            if self.next() != Some(b'"') {
                return self.fail("a name in quotes");
            }
            let key = self.text()?;
            self.space();
            if !self.take(b':') {
                return self.fail("`:`");
            }
            fields.set(key, self.value(depth + 1)?);
            self.space();
            if self.take(b'}') {
                return Ok(Json::Object(fields.in_order));
            }
            if !self.take(b',') {
                return self.fail("`,` or `}`");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Json::List(items));
            }
            if !self.take(b',') {
                return self.fail("`,` or `]`");
            }
        }
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, JsonError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fail("a value");
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Json<'a>, JsonError> {
        let from = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let digits = &self.bytes[from..self.at];
        Ok(Json::Number(std::str::from_utf8(digits).expect("digits, signs, dots and an e are ASCII")))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let from = self.at;
        while self.next().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == from { self.fail("a digit") } else { Ok(()) }
    }

    /// Text between quotes. Line breaks and tabs in it are taken as they are.
    fn text(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.at += 1;
        let plain = self.plain_run()?;
        if self.take(b'"') {
            return Ok(plain);
        }
        let mut text = plain.into_owned();
        loop {
            // A run ends at a quote or a backslash.
            if self.take(b'"') {
                return Ok(Cow::Owned(text));
            }
            self.at += 1;
            text.push(self.escaped()?);
            text.push_str(&self.plain_run()?);
        }
    }

    /// Up to the next quote or backslash.
    fn plain_run(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let rest = &self.bytes[self.at..];
        let Some(end) = memchr::memchr2(b'"', b'\\', rest) else {
            return self.fail("a quote that ends the text");
        };
        self.at += end;
        Ok(text::decode(&rest[..end]))
    }

    /// What stands after a backslash.
    fn escaped(&mut self) -> Result<char, JsonError> {
        let plain = match self.next() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.fail("a known escape"),
        };
        self.at += 1;
        Ok(plain)
    }

    /// `uXXXX`, and the other half of a pair when it follows.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.hex4()?;
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 1;
            let second = self.hex4()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self.bytes.get(self.at + 1..self.at + 5);
        let code = digits.and_then(|digits| {
            digits.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))
        });
        match code {
            Some(code) => {
                self.at += 5;
                Ok(code)
            }
            None => self.fail("four hexadecimal digits"),
        }
    }

    fn space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn next(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let here = self.next() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn fail<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError { at: self.at, expected })
    }
}

/// The fields of an object, each once: a later one of the same name replaces the value of the earlier.
#[derive(Default)]
struct Fields<'a> {
    in_order: Vec<(Cow<'a, str>, Json<'a>)>,
    /// Where each stands, from the moment that comparing them one by one becomes slow.
    places: std::collections::HashMap<Cow<'a, str>, usize>,
}

/// Up to here fields are compared one by one. IDF events have 10 to 60.
const FIELDS_COMPARED_MAX: usize = 100;

impl<'a> Fields<'a> {
    fn set(&mut self, key: Cow<'a, str>, value: Json<'a>) {
        if let Some(place) = self.place(&key) {
            self.in_order[place].1 = value;
            return;
        }
        if self.in_order.len() >= FIELDS_COMPARED_MAX {
            if self.places.is_empty() {
                self.places =
                    self.in_order.iter().enumerate().map(|(place, (key, _))| (key.clone(), place)).collect();
            }
            self.places.insert(key.clone(), self.in_order.len());
        }
        self.in_order.push((key, value));
    }

    fn place(&self, key: &str) -> Option<usize> {
        if self.places.is_empty() {
            self.in_order.iter().position(|(known, _)| known == key)
        } else {
            self.places.get(key).copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &[u8]) -> Result<Value, JsonError> {
        read(text).map(Json::into_value)
    }

    #[test]
    fn reads_what_sources_send() {
        let text = |text: &str| Value::Text(text.into());
        for (json, expected) in [
            (&b" {} "[..], Value::Object(vec![])),
            (
                b"[1, -2.5, true, null]",
                Value::List(vec![Value::Int(1), Value::Float(-2.5), Value::Bool(true), Value::Null]),
            ),
            (b"9223372036854775807", Value::Int(i64::MAX)),
            (b"9223372036854775808", text("9223372036854775808")),
            (b"1e999", text("1e999")),
            (b"1e3", Value::Float(1000.0)),
            (br#""a\n\u00e9\ud83d\ude00\/""#, text("a\n\u{e9}\u{1f600}/")),
            (br#""\ud83d x \udc00 \ud83d\u0041""#, text("\u{fffd} x \u{fffd} \u{fffd}A")),
            (b"\"caf\xe9\"", text("caf\u{e9}")),
            ("\"caf\u{e9}\"".as_bytes(), text("caf\u{e9}")),
            (
                br#"{"a":1,"b":2,"a":3}"#,
                Value::Object(vec![("a".into(), Value::Int(3)), ("b".into(), Value::Int(2))]),
            ),
        ] {
            assert_eq!(value(json), Ok(expected), "{}", String::from_utf8_lossy(json));
        }
    }

    #[test]
    fn says_where_it_is_no_json() {
        for (json, at, expected) in [
            (&b""[..], 0, "a value"),
            (b"{", 1, "a name in quotes"),
            (b"{\"a\"}", 4, "`:`"),
            (b"{\"a\":1,}", 7, "a name in quotes"),
            (b"[1 2]", 3, "`,` or `]`"),
            (b"01", 1, "the end"),
            (b"1.", 2, "a digit"),
            (b"nul", 0, "a value"),
            (b"\"a", 1, "a quote that ends the text"),
            (b"\"\\x\"", 2, "a known escape"),
            (b"\"\\u12g4\"", 2, "four hexadecimal digits"),
            (b"{} {}", 3, "the end"),
        ] {
            assert_eq!(value(json), Err(JsonError { at, expected }), "{}", String::from_utf8_lossy(json));
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(value(nested(JSON_DEPTH_MAX + 1).as_bytes()).is_ok());
        assert!(value(nested(JSON_DEPTH_MAX + 2).as_bytes()).is_err());
        assert!(value("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn many_fields_are_read_in_linear_time_and_each_stands_once() {
        let mut json = "{".to_owned();
        for number in 0..50_000 {
            json.push_str(&format!("\"k{}\":{number},", number % 40_000));
        }
        json.push_str("\"k1\":true}");
        let Ok(Json::Object(fields)) = read(json.as_bytes()) else { panic!("an object") };
        assert_eq!(fields.len(), 40_000);
        assert_eq!((&fields[0].1, &fields[1].1), (&Json::Number("40000"), &Json::Bool(true)));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(prop::sample::select(br#"{}[]",:\u0d8tnfe1-. a"#.to_vec()), 0..60)) {
            // What the library takes, we take.
            if serde_json::from_slice::<serde_json::Value>(&bytes).is_ok() {
                prop_assert!(read(&bytes).is_ok());
            }
        }
    }
}
