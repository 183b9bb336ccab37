//! The fields of one record: where each ends, and what stands in it.

use std::borrow::Cow;

use crate::{
    cut::{Dialect, State},
    scan,
};

/// The raw bytes of each field of a record, quotes included.
pub(crate) struct Fields<'a> {
    rest: Option<&'a [u8]>,
    dialect: Dialect,
}

impl<'a> Fields<'a> {
    /// The fields of a record without its line end.
    pub(crate) fn of(record: &'a [u8], dialect: Dialect) -> Self {
        Self { rest: Some(record), dialect }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let end = if rest.first().copied() == self.dialect.quote && !rest.is_empty() {
            let mut state = State::FieldStart;
            rest.iter().position(|byte| {
                state = state.after(*byte, self.dialect);
                state == State::FieldStart
            })
        } else {
            memchr::memchr(self.dialect.delimiter, rest)
        };
        match end {
            Some(end) => {
                self.rest = Some(&rest[end + 1..]);
                Some(&rest[..end])
            }
            None => {
                self.rest = None;
                Some(rest)
            }
        }
    }
}

/// What stands in a field: without its quotes, doubled quotes made one. Borrowed in all but odd cases.
#[inline]
pub(crate) fn value(raw: &[u8], quote: Option<u8>) -> Cow<'_, [u8]> {
    let (Some(quote), Some((first, inner))) = (quote, raw.split_first()) else { return Cow::Borrowed(raw) };
    if *first != quote {
        return Cow::Borrowed(raw);
    }
    match scan::position(inner, quote) {
        None => Cow::Borrowed(inner),
        Some(at) if at + 1 == inner.len() => Cow::Borrowed(&inner[..at]),
        Some(_) => Cow::Owned(unquote(inner, quote)),
    }
}

/// The content of a quoted field behind its opening quote, the slow way.
fn unquote(inner: &[u8], quote: u8) -> Vec<u8> {
    let dialect = Dialect { delimiter: 0, quote: Some(quote) };
    let mut state = State::Quoted;
    let mut content = Vec::with_capacity(inner.len());
    for byte in inner {
        let before = state;
        state = match state {
            // Delimiters and line ends have been dealt with: all that is left here is content.
            State::Unquoted => State::Unquoted,
            State::QuoteInQuoted if *byte != quote => State::Unquoted,
            _ => state.after(*byte, dialect),
        };
        if state != State::QuoteInQuoted || before == State::Unquoted {
            content.push(*byte);
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(record: &str) -> Vec<String> {
        Fields::of(record.as_bytes(), Dialect::CSV)
            .map(|raw| String::from_utf8(value(raw, Some(b'"')).into_owned()).unwrap())
            .collect()
    }

    #[test]
    fn fields_are_read_as_pythons_reader_does() {
        for (record, fields) in [
            ("a,b,c", vec!["a", "b", "c"]),
            ("a,,", vec!["a", "", ""]),
            (r#""a","b,c","d""#, vec!["a", "b,c", "d"]),
            (r#""a ""b"" c",d"#, vec![r#"a "b" c"#, "d"]),
            (r#""ab"c,d"#, vec!["abc", "d"]),
            (r#""ab"c"d,e"#, vec![r#"abc"d"#, "e"]),
            (r#"R"x,y"#, vec![r#"R"x"#, "y"]),
            (r#""a\"b",c"#, vec![r#"a\b""#, "c"]),
            (r#""a\"b,c""#, vec![r#"a\b"#, r#"c""#]),
            (r#""open,b"#, vec!["open,b"]),
            ("\"two\nlines\",x", vec!["two\nlines", "x"]),
            (r#""""#, vec![""]),
            (r#""""""#, vec![r#"""#]),
        ] {
            assert_eq!(read(record), fields, "{record}");
        }
    }
}
