//! Cutting a JSON text into records: the elements of a list, or objects one after the other.
//!
//! Nothing is read here, only brackets and quotes are followed, across as many buffers as it takes. A broken element is
//! cut off where the next can be found, so that it costs one record and not the rest of the file.

use std::ops::Range;

use schakel_model::limits::RECORD_BYTES_MAX;

/// Where the scan is. Kept between buffers, so that each byte is looked at once.
#[derive(Clone, Debug)]
pub struct Elements {
    /// An element larger than this is given once, and the rest of it is passed over.
    bytes_max: usize,
    /// The brackets that are open in the element at hand, outermost first.
    open: Vec<u8>,
    in_text: bool,
    escaped: bool,
    /// The last byte that was no white space was a comma.
    after_comma: bool,
    /// A text in the element at hand ran into a line break: a quote is missing.
    torn: bool,
    /// Bytes of the element at hand that were looked at.
    scanned: usize,
    /// The element at hand was too large and has been given; the rest of it is passed over.
    passing_over: bool,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// A record. The next call starts after it.
    Record(Range<usize>),
    /// No whole record: bytes from here on are needed again, with more behind them.
    More(usize),
}

/// How a scan of one element went.
enum Scan {
    /// It ends before this byte; what is there belongs to what follows.
    EndsAt(usize),
    Unfinished,
}

impl Default for Elements {
    fn default() -> Self {
        Self::of_at_most(RECORD_BYTES_MAX)
    }
}

impl Elements {
    /// Elements of at most so many bytes.
    pub fn of_at_most(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            open: Vec::new(),
            in_text: false,
            escaped: false,
            after_comma: false,
            torn: false,
            scanned: 0,
            passing_over: false,
        }
    }

    /// In the middle of an element that is too large?
    pub fn is_passing_over(&self) -> bool {
        self.passing_over
    }

    /// In the middle of an object that is too large, at a place that was not kept: its next closing bracket is taken for
    /// its end.
    pub fn resume_passing_over() -> Self {
        Self { passing_over: true, open: vec![b'{'], ..Self::default() }
    }

    /// The next record in `bytes[from..]`. `last`: nothing follows these bytes.
    pub fn next(&mut self, bytes: &[u8], from: usize, last: bool) -> Found {
        let mut from = from;
        if self.scanned == 0 && !self.passing_over {
            from = skip_between(bytes, from);
            if from == bytes.len() {
                return Found::More(from);
            }
        }
        if self.passing_over {
            match self.scan(bytes, from, from) {
                Scan::EndsAt(end) => {
                    self.start_afresh();
                    return self.next(bytes, end, last);
                }
                Scan::Unfinished => {
                    self.scanned = 0;
                    return Found::More(bytes.len());
                }
            }
        }
        match self.scan(bytes, from, from + self.scanned) {
            Scan::EndsAt(end) => {
                self.start_afresh();
                Found::Record(from..trim_end(bytes, from, end))
            }
            Scan::Unfinished if last => {
                self.start_afresh();
                Found::Record(from..trim_end(bytes, from, bytes.len()))
            }
            Scan::Unfinished if bytes.len() - from > self.bytes_max => {
                self.passing_over = true;
                self.scanned = 0;
                Found::Record(from..bytes.len())
            }
            Scan::Unfinished => {
                self.scanned = bytes.len() - from;
                Found::More(from)
            }
        }
    }

    fn scan(&mut self, bytes: &[u8], from: usize, mut at: usize) -> Scan {
        while at < bytes.len() {
            if self.in_text {
                match self.skip_text(bytes, at) {
                    Some(after) => at = after,
                    None => return Scan::Unfinished,
                }
                continue;
            }
            let byte = bytes[at];
            match byte {
                b'"' => self.in_text = true,
                b'{' if self.after_comma && self.open == [b'{'] => {
                    // `{"a": 1, {`: an object that was not closed, and the next.
                    return Scan::EndsAt(comma_before(bytes, from, at));
                }
                b'{' if self.torn && starts_line(&bytes[from..at]) => return Scan::EndsAt(at),
                b'{' | b'[' => self.open.push(byte),
                b'}' => {
                    // Lists left open in the object end with it.
                    while self.open.pop().is_some_and(|open| open != b'{') {}
                    if self.open.is_empty() {
                        return Scan::EndsAt(at + 1);
                    }
                }
                b']' => match self.open.iter().rposition(|open| *open == b'[') {
                    Some(list) => {
                        self.open.truncate(list);
                        if self.open.is_empty() {
                            return Scan::EndsAt(at + 1);
                        }
                    }
                    // The end of the outer list.
                    None => return Scan::EndsAt(at),
                },
                b',' | b'\n' if self.open.is_empty() => return Scan::EndsAt(at),
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                self.after_comma = byte == b',';
            }
            at += 1;
        }
        Scan::Unfinished
    }

    /// Past the end of the text, or `None` when it goes on after the buffer. A line break ends it too: JSON has none in
    /// a text, and a missing quote must not turn the rest of the file inside out.
    fn skip_text(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        while at < bytes.len() {
            if std::mem::take(&mut self.escaped) {
                at += 1;
                continue;
            }
            at += memchr::memchr3(b'"', b'\\', b'\n', &bytes[at..])?;
            if bytes[at] == b'\\' {
                self.escaped = true;
                at += 1;
                continue;
            }
            self.in_text = false;
            self.torn |= bytes[at] == b'\n';
            return Some(at + 1);
        }
        None
    }

    fn start_afresh(&mut self) {
        *self = Self { open: std::mem::take(&mut self.open), ..Self::of_at_most(self.bytes_max) };
        self.open.clear();
    }
}

/// The first byte of the next element.
fn skip_between(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
            // Brackets between records say nothing: where a file is read on from, they stand far back. And the three
            // bytes of a byte order mark begin nothing.
            b'[' | b']' | 0xef | 0xbb | 0xbf => {}
            _ => break,
        }
        at += 1;
    }
    at
}

fn comma_before(bytes: &[u8], from: usize, at: usize) -> usize {
    memchr::memrchr(b',', &bytes[from..at]).map_or(at, |comma| from + comma)
}

/// Is there nothing but white space between the last line break and the end?
fn starts_line(before: &[u8]) -> bool {
    before.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) == Some(&b'\n')
}

/// Without the white space and commas that stand behind a record, so that a broken one has the same end whatever follows.
fn trim_end(bytes: &[u8], from: usize, until: usize) -> usize {
    let is_content = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',');
    bytes[from..until].iter().rposition(is_content).map_or(from, |at| from + at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All records, with the text coming in pieces of this size.
    fn records(text: &[u8], piece: usize) -> Vec<String> {
        let mut elements = Elements::default();
        let (mut consumed, mut end, mut found) = (0, 0, Vec::new());
        loop {
            end = (end + piece).min(text.len());
            let bytes = &text[consumed..end];
            let mut from = 0;
            loop {
                match elements.next(bytes, from, end == text.len()) {
                    Found::Record(range) => {
                        from = range.end;
                        found.push(String::from_utf8_lossy(&bytes[range]).into_owned());
                    }
                    Found::More(again) => {
                        consumed += again;
                        break;
                    }
                }
            }
            if end == text.len() {
                return found;
            }
        }
    }

    #[test]
    fn elements_are_cut_and_broken_ones_cost_one_record() {
        for (text, expected) in [
            ("", &[][..]),
            ("[]", &[]),
            ("\u{feff}[ ]\n", &[]),
            (r#"[{"a":1},{"b":"]},{["}]"#, &[r#"{"a":1}"#, r#"{"b":"]},{["}"#]),
            (
                "[\n  {\n    \"a\": [1, {\"b\": 2}]\n  },\n  {\"c\": \"\\\"\\\\\"}\n]\n",
                &["{\n    \"a\": [1, {\"b\": 2}]\n  }", "{\"c\": \"\\\"\\\\\"}"],
            ),
            ("{\"a\":1}{\"b\":2}\n{\"c\":3}", &["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]),
            ("[1, \"x,y\", null, [2,3], {\"a\":1}]", &["1", "\"x,y\"", "null", "2", "3", "{\"a\":1}"]),
            ("[{\"a\":1},{\"b\":", &["{\"a\":1}", "{\"b\":"]),
            // Not closed, closed twice, wrongly closed, a quote that is missing.
            ("[{\"a\":1,{\"b\":2}]", &["{\"a\":1", "{\"b\":2}"]),
            ("[{\"a\":1}},{\"b\":2}]", &["{\"a\":1}", "}", "{\"b\":2}"]),
            ("[{\"a\":[1,2},{\"b\":2}]", &["{\"a\":[1,2}", "{\"b\":2}"]),
            ("[{\"a\":1],{\"b\":2}", &["{\"a\":1", "{\"b\":2}"]),
            ("[{\"a\":\"x},\n{\"b\":2}\n]", &["{\"a\":\"x}", "{\"b\":2}"]),
        ] {
            for piece in [1, 2, 3, 7, 1_000] {
                assert_eq!(records(text.as_bytes(), piece), expected, "{text} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn an_element_that_is_too_large_is_given_once_and_passed_over() {
        let text = format!("[{{\"a\":\"{}\"}},{{\"b\":2}}]", "x".repeat(3 * RECORD_BYTES_MAX));
        let found = records(text.as_bytes(), 100_000);
        assert_eq!(found.len(), 2);
        assert!(found[0].len() > RECORD_BYTES_MAX && found[1] == "{\"b\":2}");
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            text in prop::collection::vec(prop::sample::select(b"[]{},:\"\\\n 1a".to_vec()), 0..80),
            piece in 1..20_usize,
        ) {
            prop_assert_eq!(records(&text, piece), records(&text, 1_000));
        }

        #[test]
        fn every_element_of_good_json_is_found(values in prop::collection::vec(("[a-z\"\\\\{}\\[\\], \n]{0,8}", any::<i32>()), 0..20), pretty: bool) {
            let list: Vec<_> = values.iter().map(|(text, number)| serde_json::json!({"a": {"b": [text, number]}, "c": text})).collect();
            let text = if pretty { serde_json::to_string_pretty(&list) } else { serde_json::to_string(&list) };
            let found: Vec<serde_json::Value> =
                records(text.unwrap().as_bytes(), 33).iter().map(|record| serde_json::from_str(record).unwrap()).collect();
            prop_assert_eq!(found, list);
        }
    }
}
