//! Cuts bytes into records, fast, without reading what stands in them.
//!
//! The rules are those of Python's `csv` reader, not strict, which the reference reads with: a quote opens a quoted
//! field only at the field's start; inside, a doubled quote is a quote; after a closing quote that no delimiter or line
//! end follows, the field goes on unquoted. A record ends at LF or CRLF outside quotes. Lines without a byte are no records.
//!
//! Well-formed text is cut 64 bytes at a time by bit masks; a record with a quote out of place is cut byte by byte.
//! Both ways agree; a property test holds them against a plain automaton.
//!
//! **Too large a record.** When a record is longer than [`RECORD_BYTES_MAX`], its quotes are not believed: its *first line*
//! becomes a record marked as too large, and reading goes on at the next line. When that first line is itself longer,
//! the record holds its first [`RECORD_BYTES_MAX`] bytes and the cutter skips to the next line feed, across as many blocks
//! as it takes. So one stray quote costs one row, not the rest of the file.

use schakel_model::limits::RECORD_BYTES_MAX;

use crate::{
    json::cut::ElementCutter,
    scan::{BLOCK, masks, prefix_xor},
};

/// How a file is divided into records and fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dialect {
    /// The byte between fields.
    pub delimiter: u8,
    /// The byte around fields; `None` for formats where a line is a record (JSON lines).
    pub quote: Option<u8>,
}

impl Dialect {
    /// Comma and double quote, as Shadowserver writes.
    pub const CSV: Self = Self { delimiter: b',', quote: Some(b'"') };
    /// Every line is one record of one field.
    pub const LINES: Self = Self { delimiter: b'\n', quote: None };
}

/// Cuts blocks of a file into records; remembers what it must between blocks.
#[derive(Clone, Debug)]
pub struct Cutter {
    dialect: Dialect,
    /// How many field ends to note down for each record.
    fields_wanted: usize,
    line: u64,
    skipping: bool,
    /// For JSON that is not one record a line.
    elements: Option<ElementCutter>,
    /// What a line starts with that is no record.
    comment: Option<Box<[u8]>>,
}

/// The records of one block: offsets only, to be used again and again.
#[derive(Debug, Default)]
pub struct Records {
    entries: Vec<Entry>,
    /// The ends of the first fields of each record, one after the other.
    field_ends: Vec<u32>,
    line_base: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    end: u32,
    /// Lines after `line_base`.
    line: u32,
    /// Where its field ends begin in `field_ends`.
    first_field: u32,
    size: Size,
}

/// Is the record within the limit?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Size {
    Fits,
    TooLarge,
}

/// One record: its bytes and its place.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    raw: &'a [u8],
    /// Ends of the first fields, counted from the block's start.
    field_ends: &'a [u32],
    start: u32,
    line: u64,
    size: Size,
}

impl<'a> Record<'a> {
    /// A record that stands by itself, without noted fields: for one row looked up again.
    pub fn alone(raw: &'a [u8], line: u64) -> Self {
        let size = if raw.len() > RECORD_BYTES_MAX { Size::TooLarge } else { Size::Fits };
        Self { raw, field_ends: &[], start: 0, line, size }
    }

    /// The bytes of the record without its line end.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The physical line it begins on; the first line of the file is 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    pub(crate) fn is_too_large(&self) -> bool {
        self.size == Size::TooLarge
    }

    /// The raw bytes of a field, quotes included, when the cutter noted its end.
    #[inline]
    pub(crate) fn noted_field(&self, column: usize) -> Option<&'a [u8]> {
        let end = (self.field_ends.get(column)? - self.start) as usize;
        let begin = match column.checked_sub(1) {
            Some(before) => (self.field_ends[before] - self.start) as usize + 1,
            None => 0,
        };
        self.raw.get(begin..end)
    }

    /// Did the cutter note the ends of all its fields, so that a field not noted is not there?
    pub(crate) fn all_fields_noted(&self) -> bool {
        self.field_ends.last().is_some_and(|end| (*end - self.start) as usize == self.raw.len())
    }
}

impl Records {
    /// No records yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the records, keeps the memory.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.field_ends.clear();
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The `i`th record. `bytes` is what [`Cutter::cut`] was given.
    ///
    /// # Panics
    /// When there are not that many records, or `bytes` are others.
    #[inline]
    pub fn get<'a>(&'a self, bytes: &'a [u8], i: usize) -> Record<'a> {
        let entry = self.entries[i];
        let fields_until =
            self.entries.get(i + 1).map_or(self.field_ends.len(), |next| next.first_field as usize);
        Record {
            raw: &bytes[entry.start as usize..entry.end as usize],
            field_ends: &self.field_ends[entry.first_field as usize..fields_until],
            start: entry.start,
            line: self.line_base + u64::from(entry.line),
            size: entry.size,
        }
    }

    /// All records, in order.
    pub fn iter<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Record<'a>> {
        (0..self.len()).map(move |i| self.get(bytes, i))
    }

    /// A record of which no fields are noted.
    pub(crate) fn push_whole(&mut self, start: usize, end: usize, line: u64, size: Size) {
        self.push(start, end, line, self.field_ends.len(), size);
    }

    /// Leaves out the records that start with this. Only for records without noted fields.
    fn leave_out(&mut self, bytes: &[u8], comment: &[u8]) {
        debug_assert!(self.field_ends.is_empty(), "the ends of fields are found by the record after");
        self.entries.retain(|entry| !bytes[entry.start as usize..entry.end as usize].starts_with(comment));
    }

    fn push(&mut self, start: usize, end: usize, line: u64, first_field: usize, size: Size) {
        self.entries.push(Entry {
            start: start as u32,
            end: end as u32,
            line: (line - self.line_base) as u32,
            first_field: first_field as u32,
            size,
        });
    }
}

/// Why the fast cutter stopped.
enum Stop {
    /// As many records as asked for.
    Full,
    /// The record that starts here does not end in the bytes given.
    Incomplete,
    /// The record that starts here has a quote or a CR out of place.
    Malformed,
}

impl Cutter {
    /// A cutter at a record border on physical line `line`, noting the ends of the first `fields_wanted` fields.
    pub(crate) fn new(dialect: Dialect, fields_wanted: usize, line: u64) -> Self {
        Self { dialect, fields_wanted, line, skipping: false, elements: None, comment: None }
    }

    /// A cutter of JSON that is a list, or objects over several lines.
    pub(crate) fn of_elements(line: u64) -> Self {
        Self { elements: Some(ElementCutter::default()), ..Self::new(Dialect::LINES, 0, line) }
    }

    /// Lines that start with `comment` are no records. No fields may be noted.
    pub(crate) fn without_comments(self, comment: &str) -> Self {
        Self { comment: Some(comment.as_bytes().into()), ..self }
    }

    /// The physical line on which the next record begins.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Is the cutter in the middle of a line longer than a record may be? Then what follows up to the next line feed is no
    /// record. A place to resume from must remember this beside the line: see [`Cutter::resume_skipping`].
    pub fn is_skipping(&self) -> bool {
        self.skipping || self.elements.as_ref().is_some_and(ElementCutter::is_passing_over)
    }

    /// Puts a new cutter into the state that [`Cutter::is_skipping`] told of.
    pub fn resume_skipping(mut self) -> Self {
        match &mut self.elements {
            Some(elements) => *elements = ElementCutter::resume_passing_over(),
            None => self.skipping = true,
        }
        self
    }

    /// Cuts `bytes`, which begin where the last call stopped, into at most `records_max` records; `records` is cleared
    /// first. With `last` the bytes are the end of the file, and a final record without line end (even inside quotes) is
    /// taken too. Returns how many bytes are done with; the rest must come again with more behind it. When nothing was
    /// consumed and `last` is not set, more bytes are needed: [`RECORD_BYTES_MAX`] + 2 always do.
    ///
    /// # Panics
    /// When `bytes` are 4 GiB or more.
    pub fn cut(&mut self, bytes: &[u8], last: bool, records_max: usize, records: &mut Records) -> usize {
        assert!(u32::try_from(bytes.len()).is_ok(), "blocks are below 4 GiB");
        records.clear();
        records.line_base = self.line;
        if let Some(elements) = &mut self.elements {
            return elements.cut(bytes, last, records_max, records, &mut self.line);
        }
        let consumed = self.cut_lines(bytes, last, records_max, records);
        if let Some(comment) = &self.comment {
            records.leave_out(bytes, comment);
        }
        consumed
    }

    /// [`Cutter::cut`] for CSV, and for JSON lines.
    fn cut_lines(&mut self, bytes: &[u8], last: bool, records_max: usize, records: &mut Records) -> usize {
        let mut at = 0;
        if self.skipping {
            match memchr::memchr(b'\n', bytes) {
                Some(end) => {
                    at = end + 1;
                    self.skipping = false;
                    self.line += 1;
                }
                None => return bytes.len(),
            }
        }
        while at < bytes.len() && records.len() < records_max {
            let (start, stop) = self.cut_well_formed(bytes, at, records_max, records);
            at = start;
            let available = bytes.len() - start;
            match stop {
                Stop::Full => break,
                Stop::Incomplete if available == 0 => break,
                Stop::Incomplete if available <= RECORD_BYTES_MAX + 1 && !last => break,
                Stop::Incomplete | Stop::Malformed => {
                    match self.cut_one(&bytes[start..], last, start, records) {
                        0 => break,
                        length => at += length,
                    }
                }
            }
        }
        at
    }

    /// Cuts records by masks from `from`, a record border, as long as quotes stand where they should. Returns where the first
    /// record not taken starts.
    fn cut_well_formed(
        &mut self,
        bytes: &[u8],
        from: usize,
        records_max: usize,
        records: &mut Records,
    ) -> (usize, Stop) {
        let quote = self.dialect.quote.unwrap_or(0);
        let quotes_count = if self.dialect.quote.is_some() { u64::MAX } else { 0 };
        let mut start = from;
        let mut first_field = records.field_ends.len();
        let mut wanted = self.fields_wanted;
        let mut lines_inside = 0;
        // Carried from block to block: all ones inside quotes, and one bit for what the byte before the block was.
        let mut inside_carry = 0;
        let mut border_carry = 1;
        let mut closing_carry = 0;
        let mut return_carry = 0;

        let mut base = from;
        while base < bytes.len() {
            let rest = &bytes[base..];
            let (found, valid) = match rest.first_chunk::<BLOCK>() {
                Some(block) => (masks(block, self.dialect.delimiter, quote), u64::MAX),
                None => {
                    let mut block = [0; BLOCK];
                    block[..rest.len()].copy_from_slice(rest);
                    let valid = (1 << rest.len()) - 1;
                    (masks(&block, self.dialect.delimiter, quote), valid)
                }
            };
            let quotes = found.quote & quotes_count & valid;
            let inside = prefix_xor(quotes) ^ inside_carry;
            let opening = quotes & inside;
            let closing = quotes & !inside;
            let border = found.delimiter | found.line_feed | quotes;
            let returns = found.carriage_return & !inside;
            let opened_amid = opening & !((border << 1) | border_carry);
            let closed_amid = ((closing << 1) | closing_carry) & !(border | found.carriage_return);
            let lone_return = ((returns << 1) | return_carry) & !found.line_feed;
            let bad = (opened_amid | closed_amid | lone_return) & valid;
            let good = if bad == 0 { valid } else { (1 << bad.trailing_zeros()) - 1 };

            let line_ends = found.line_feed & !inside & good;
            let mut structure = ((found.delimiter & !inside) | line_ends) & good;
            let mut lines_quoted = found.line_feed & inside & good;
            loop {
                let next = if wanted > 0 { structure } else { structure & line_ends };
                if next == 0 {
                    break;
                }
                let bit = next.trailing_zeros();
                let through = (2_u64 << bit).wrapping_sub(1);
                structure &= !through;
                let place = base + bit as usize;
                if line_ends >> bit & 1 == 0 {
                    records.field_ends.push(place as u32);
                    wanted -= 1;
                    continue;
                }
                if lines_quoted != 0 {
                    lines_inside += u64::from((lines_quoted & through).count_ones());
                    lines_quoted &= !through;
                }
                let end = if place > start && bytes[place - 1] == b'\r' { place - 1 } else { place };
                if end - start > RECORD_BYTES_MAX {
                    records.field_ends.truncate(first_field);
                    return (start, Stop::Malformed);
                }
                if end > start {
                    if wanted > 0 {
                        records.field_ends.push(end as u32);
                    }
                    records.push(start, end, self.line, first_field, Size::Fits);
                }
                self.line += 1 + lines_inside;
                lines_inside = 0;
                start = place + 1;
                first_field = records.field_ends.len();
                wanted = self.fields_wanted;
                if records.len() == records_max {
                    return (start, Stop::Full);
                }
            }
            if bad != 0 {
                records.field_ends.truncate(first_field);
                return (start, Stop::Malformed);
            }
            base += BLOCK;
            if base.saturating_sub(start) > RECORD_BYTES_MAX + BLOCK {
                break;
            }
            lines_inside += u64::from(lines_quoted.count_ones());
            inside_carry = ((inside as i64) >> 63) as u64;
            border_carry = border >> 63;
            closing_carry = closing >> 63;
            return_carry = returns >> 63;
        }
        records.field_ends.truncate(first_field);
        (start, Stop::Incomplete)
    }

    /// Cuts the one record at the start of `bytes`, byte by byte, whatever its quotes. Returns its length with its line end;
    /// 0 when more bytes are needed. `offset` is where `bytes` stand in the block.
    fn cut_one(&mut self, bytes: &[u8], last: bool, offset: usize, records: &mut Records) -> usize {
        let first_field = records.field_ends.len();
        let mut lines_inside = 0;
        let mut state = State::FieldStart;
        // One byte of CR and one of LF may stand behind the longest record.
        let window = bytes.len().min(RECORD_BYTES_MAX + 2);
        for (at, byte) in bytes[..window].iter().copied().enumerate() {
            state = state.after(byte, self.dialect);
            match state {
                State::RecordEnd => {
                    let end = if at > 0 && bytes[at - 1] == b'\r' { at - 1 } else { at };
                    if end > RECORD_BYTES_MAX {
                        break;
                    }
                    self.finish(offset, end, first_field, lines_inside, records);
                    return at + 1;
                }
                State::FieldStart => self.note_field(offset + at, first_field, records),
                State::Quoted if byte == b'\n' => lines_inside += 1,
                State::Quoted | State::Unquoted | State::QuoteInQuoted => {}
            }
        }
        if bytes.len() <= RECORD_BYTES_MAX + 1 || (last && bytes.len() == window) {
            if !last {
                records.field_ends.truncate(first_field);
                return 0;
            }
            let end = match (state, bytes) {
                (State::Quoted, _) => bytes.len(),
                (_, [.., b'\r']) => bytes.len() - 1,
                _ => bytes.len(),
            };
            if end <= RECORD_BYTES_MAX {
                self.finish(offset, end, first_field, lines_inside, records);
                return bytes.len();
            }
        }
        records.field_ends.truncate(first_field);
        self.cut_too_large(bytes, last, offset, records)
    }

    /// Takes the first line of a record that is too large: see the top of this file.
    fn cut_too_large(&mut self, bytes: &[u8], last: bool, offset: usize, records: &mut Records) -> usize {
        let line_end = memchr::memchr(b'\n', bytes);
        let line = &bytes[..line_end.unwrap_or(bytes.len())];
        let raw = line.strip_suffix(b"\r").unwrap_or(line);
        let raw_end = raw.len().min(RECORD_BYTES_MAX);
        records.push_whole(offset, offset + raw_end, self.line, Size::TooLarge);
        match line_end {
            Some(end) => {
                self.line += 1;
                end + 1
            }
            None => {
                self.skipping = !last;
                bytes.len()
            }
        }
    }

    fn note_field(&self, end: usize, first_field: usize, records: &mut Records) {
        if records.field_ends.len() - first_field < self.fields_wanted {
            records.field_ends.push(end as u32);
        }
    }

    fn finish(
        &mut self,
        offset: usize,
        length: usize,
        first_field: usize,
        lines_inside: u64,
        records: &mut Records,
    ) {
        if length > 0 {
            self.note_field(offset + length, first_field, records);
            records.push(offset, offset + length, self.line, first_field, Size::Fits);
        }
        self.line += 1 + lines_inside;
    }
}

/// Where in a record the plain automaton is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    FieldStart,
    Unquoted,
    Quoted,
    QuoteInQuoted,
    RecordEnd,
}

impl State {
    /// The state after this byte.
    #[inline]
    pub(crate) fn after(self, byte: u8, dialect: Dialect) -> Self {
        let is_quote = Some(byte) == dialect.quote;
        match self {
            Self::Quoted if is_quote => Self::QuoteInQuoted,
            Self::Quoted => Self::Quoted,
            Self::FieldStart | Self::QuoteInQuoted if is_quote => Self::Quoted,
            _ if byte == b'\n' => Self::RecordEnd,
            _ if byte == dialect.delimiter => Self::FieldStart,
            _ => Self::Unquoted,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rules at the top of this file, written down as plainly as can be: the records of a text and the lines they begin on,
    /// and the raw fields of each.
    fn plain(text: &[u8]) -> Vec<(Vec<u8>, u64, Vec<Vec<u8>>)> {
        let mut records = Vec::new();
        let (mut record, mut fields, mut field) = (Vec::new(), Vec::new(), Vec::new());
        let (mut quoted, mut line, mut begins) = (false, 1, 1);
        let finish = |record: &mut Vec<u8>,
                      fields: &mut Vec<Vec<u8>>,
                      field: &mut Vec<u8>,
                      quoted: bool,
                      begins: u64| {
            if !quoted && record.last() == Some(&b'\r') {
                record.pop();
                field.pop();
            }
            fields.push(std::mem::take(field));
            let done = (std::mem::take(record), begins, std::mem::take(fields));
            if done.0.is_empty() { None } else { Some(done) }
        };
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            match byte {
                b'"' if quoted && text.get(at + 1) == Some(&b'"') => {
                    field.push(byte);
                    record.push(byte);
                    at += 1;
                }
                b'"' if quoted => quoted = false,
                b'"' if field.is_empty() => quoted = true,
                b'\n' if !quoted => {
                    records.extend(finish(&mut record, &mut fields, &mut field, quoted, begins));
                    line += 1;
                    begins = line;
                    at += 1;
                    continue;
                }
                b',' if !quoted => {
                    fields.push(std::mem::take(&mut field));
                    record.push(byte);
                    at += 1;
                    continue;
                }
                b'\n' => line += 1,
                _ => {}
            }
            field.push(byte);
            record.push(byte);
            at += 1;
        }
        if !record.is_empty() {
            records.extend(finish(&mut record, &mut fields, &mut field, quoted, begins));
        }
        records
    }

    type Cut = Vec<(Vec<u8>, u64, Vec<Vec<u8>>)>;

    /// Cuts a text that comes in pieces of these sizes, over and over.
    fn cut_in_pieces(text: &[u8], pieces: &[usize], records_max: usize) -> Cut {
        const FIELDS: usize = 3;
        let mut cutter = Cutter::new(Dialect::CSV, FIELDS, 1);
        let mut records = Records::new();
        let (mut buffer, mut given, mut found) = (Vec::new(), 0, Vec::new());
        let mut sizes = pieces.iter().cycle();
        loop {
            let more = (*sizes.next().unwrap()).min(text.len() - given);
            buffer.extend_from_slice(&text[given..given + more]);
            given += more;
            let last = given == text.len();
            loop {
                let consumed = cutter.cut(&buffer, last, records_max, &mut records);
                for record in records.iter(&buffer) {
                    let fields =
                        (0..FIELDS).map_while(|n| record.noted_field(n).map(<[u8]>::to_vec)).collect();
                    found.push((record.raw().to_vec(), record.line(), fields));
                }
                buffer.drain(..consumed);
                if consumed == 0 || buffer.is_empty() {
                    break;
                }
            }
            if last {
                assert!(buffer.is_empty(), "left over: {buffer:?}");
                return found;
            }
        }
    }

    fn expected(text: &[u8]) -> Cut {
        let mut records = plain(text);
        for (_, _, fields) in &mut records {
            fields.truncate(3);
        }
        records
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn any_text_in_any_pieces_is_cut_by_the_rules(
            text in prop::collection::vec(prop::sample::select(b"aaab,,,,\"\"\"\n\n\r ".to_vec()), 0..300),
            pieces in prop::collection::vec(1_usize..90, 1..5),
            records_max in 1_usize..5,
        ) {
            prop_assert_eq!(cut_in_pieces(&text, &pieces, records_max), expected(&text));
        }

        #[test]
        fn well_formed_text_too(
            rows in prop::collection::vec(
                prop::collection::vec("(\"([a-z, \n]|\"\"){0,40}\")|([a-z ]{0,30})", 1..8),
                0..20,
            ),
            pieces in prop::collection::vec(1_usize..200, 1..5),
            ending in prop::sample::select(vec!["\n", "\r\n"]),
        ) {
            let text: String = rows.iter().map(|row| row.join(",") + ending).collect();
            prop_assert_eq!(cut_in_pieces(text.as_bytes(), &pieces, 100), expected(text.as_bytes()));
        }
    }

    /// The first bytes, the length and the line of each record, and whether it is too large.
    fn outline(text: &[u8], piece: usize) -> Vec<(usize, u64, bool)> {
        let mut cutter = Cutter::new(Dialect::CSV, 2, 1);
        let mut records = Records::new();
        let (mut at, mut end, mut found) = (0, 0, Vec::new());
        while at < text.len() {
            let last = end == text.len();
            let consumed = cutter.cut(&text[at..end], last, 10, &mut records);
            found.extend(records.iter(&text[at..end]).map(|r| (r.raw().len(), r.line(), r.is_too_large())));
            at += consumed;
            if consumed == 0 {
                assert!(!last && end - at <= RECORD_BYTES_MAX + 1 + piece, "it would wait for ever");
                end = (end + piece).min(text.len());
            }
        }
        found
    }

    #[test]
    fn an_unclosed_quote_costs_one_row() {
        let mut text = b"a,b\nx,\"never closed\n".to_vec();
        let rows = RECORD_BYTES_MAX / 4 + 100;
        text.extend(b"c,d\n".repeat(rows));
        for piece in [1 << 16, 1 << 20, 1 << 23] {
            let found = outline(&text, piece);
            assert_eq!(found[..3], [(3, 1, false), (15, 2, true), (3, 3, false)]);
            assert_eq!(found.len(), rows + 2);
        }
    }

    #[test]
    fn a_line_without_end_is_one_row_and_is_skipped() {
        let mut text = b"a,b\n".to_vec();
        text.extend(std::iter::repeat_n(0, 3 * RECORD_BYTES_MAX));
        text.extend(b"\nc,d\ne,f");
        for piece in [1 << 16, 1 << 20, 1 << 24] {
            let found = outline(&text, piece);
            assert_eq!(found, [(3, 1, false), (RECORD_BYTES_MAX, 2, true), (3, 3, false), (3, 4, false)]);
        }
    }

    #[test]
    fn a_record_of_the_largest_size_is_taken_and_one_byte_more_is_not() {
        for (extra, ending) in [(0, "\n"), (0, "\r\n"), (0, ""), (1, "\n"), (1, "\r\n"), (1, "")] {
            let mut text = vec![b'x'; RECORD_BYTES_MAX + extra];
            text.extend(ending.as_bytes());
            let found = outline(&text, 1 << 19);
            assert_eq!(found, [(RECORD_BYTES_MAX, 1, extra == 1)], "{extra} {ending:?}");
            let mut quoted = vec![b'"'; 1];
            quoted.extend(vec![b'x'; RECORD_BYTES_MAX - 2 + extra]);
            quoted.push(b'"');
            quoted.extend(ending.as_bytes());
            quoted.extend(b"a\n");
            let found = outline(&quoted, 1 << 19);
            assert_eq!(found[0].2, extra == 1 || ending.is_empty(), "{extra} {ending:?}");
        }
    }

    #[test]
    fn a_cutter_resumes_on_any_record_border() {
        let text = b"a,\"x\ny\"\nb,c\n\nd,e\n";
        let mut records = Records::new();
        let mut first = Cutter::new(Dialect::CSV, 1, 1);
        let consumed = first.cut(text, true, 1, &mut records);
        assert_eq!((consumed, first.line()), (8, 3));
        let mut second = Cutter::new(Dialect::CSV, 1, first.line());
        second.cut(&text[consumed..], true, 10, &mut records);
        let lines: Vec<u64> = records.iter(&text[consumed..]).map(|record| record.line()).collect();
        assert_eq!(lines, [3, 5]);
    }
}
