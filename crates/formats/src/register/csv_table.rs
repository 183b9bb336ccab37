//! A CSV file with a header: rows by column name, with the line on which they start.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use schakel_model::limits::{COLUMNS_MAX, RECORD_BYTES_MAX, REGISTER_FILE_BYTES_MAX};

use super::{
    ROWS_MAX, VALUE_CHARS_MAX,
    problem::{Place, ProblemKind, Problems, RegisterFile},
};

/// A column: its name, and whether the file must have it.
pub(super) struct Column {
    pub name: &'static str,
    pub required: bool,
}

/// A file being read. `N` is the number of columns we know.
pub(super) struct CsvTable<'a, const N: usize> {
    file: RegisterFile,
    columns: &'static [Column; N],
    records: Records<'a>,
    /// Where each known column stands in the file.
    at: [Option<usize>; N],
    width: usize,
    rows: u64,
}

/// A row: the line on which it starts, and the value of each known column, trimmed, empty when it is not there.
pub(super) struct Row<'r, const N: usize> {
    pub place: Place,
    pub values: [&'r str; N],
}

impl<'a, const N: usize> CsvTable<'a, N> {
    /// Reads the header. `None` when the file cannot be read at all; the problems say why.
    pub fn open(
        file: RegisterFile,
        bytes: &'a [u8],
        columns: &'static [Column; N],
        problems: &mut Problems,
    ) -> Option<Self> {
        let whole = Place { file, line: 0 };
        if bytes.len() as u64 > REGISTER_FILE_BYTES_MAX {
            problems.push(whole, "", "", ProblemKind::TooLarge, || {
                format!("the file has {} bytes; at most {REGISTER_FILE_BYTES_MAX} are read", bytes.len())
            });
            return None;
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut records = Records::new(bytes, delimiter(bytes));
        records.read();
        let header: Vec<String> =
            records.fields().map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase()).collect();
        let at = columns.each_ref().map(|column| header.iter().position(|name| name == column.name));
        let place = Place { file, line: records.line };
        for (number, name) in header.iter().enumerate() {
            if !name.is_empty() && !at.contains(&Some(number)) {
                problems.push(place, "", name, ProblemKind::UnknownColumn, || {
                    format!("the column `{name}` is not known, or stands twice; it is not read")
                });
            }
        }
        let mut complete = true;
        for (column, at) in columns.iter().zip(&at) {
            if column.required && at.is_none() {
                complete = false;
                problems.push(place, column.name, "", ProblemKind::MissingColumn, || {
                    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
                    format!("the column is missing; the first line must be `{}`", names.join(","))
                });
            }
        }
        complete.then_some(Self { file, columns, records, at, width: header.len(), rows: 0 })
    }

    /// The next row that can be read. Rows that cannot are in the problems.
    pub fn next_row(&mut self, problems: &mut Problems) -> Option<Row<'_, N>> {
        loop {
            match self.records.read() {
                Record::End => return None,
                Record::Row => {}
                Record::TooLarge => {
                    problems.push(self.place(), "", "", ProblemKind::TooLarge, || {
                        "the row is larger than 1 MiB; perhaps a quote is not closed. The rest is not read".to_owned()
                    });
                    return None;
                }
            }
            if self.records.fields().all(|field| field.trim_ascii().is_empty()) {
                continue; // A line of separators, as spreadsheets leave them.
            }
            self.rows += 1;
            if self.rows > ROWS_MAX {
                problems.push(self.place(), "", "", ProblemKind::TooLarge, || {
                    format!("the file has more than {ROWS_MAX} rows. The rest is not read")
                });
                return None;
            }
            if self.check(problems) {
                break;
            }
        }
        let place = self.place();
        let records = &self.records;
        let values = self.at.map(|at| {
            let field = at.and_then(|at| records.fields().nth(at)).unwrap_or_default();
            std::str::from_utf8(field).unwrap_or_default().trim()
        });
        Some(Row { place, values })
    }

    fn place(&self) -> Place {
        Place { file: self.file, line: self.records.line }
    }

    /// Is the row whole: no more fields than columns, valid text, nothing too long?
    fn check(&self, problems: &mut Problems) -> bool {
        let place = self.place();
        let count = self.records.fields().count();
        if count > self.width && self.records.fields().skip(self.width).any(|field| !field.is_empty()) {
            problems.push(place, "", "", ProblemKind::TooManyFields, || {
                format!(
                    "the row has {count} fields and the header {}; put quotes around a value with the separator in it",
                    self.width
                )
            });
            return false;
        }
        let mut whole = true;
        for (column, at) in self.columns.iter().zip(&self.at) {
            let field = at.and_then(|at| self.records.fields().nth(at)).unwrap_or_default();
            let Ok(text) = std::str::from_utf8(field) else {
                let shown = String::from_utf8_lossy(field);
                problems.push(place, column.name, &shown, ProblemKind::NotUtf8, || {
                    "the value is no UTF-8; save the file as UTF-8".to_owned()
                });
                whole = false;
                continue;
            };
            if text.len() > VALUE_CHARS_MAX && text.chars().count() > VALUE_CHARS_MAX {
                problems.push(place, column.name, text, ProblemKind::TooLarge, || {
                    format!("the value has more than {VALUE_CHARS_MAX} characters; make it shorter")
                });
                whole = false;
            }
            // A note may have several lines.
            let control =
                |c: char| c.is_control() && !(column.name == "note" && matches!(c, '\n' | '\r' | '\t'));
            if text.trim().chars().any(control) {
                problems.push(place, column.name, text, ProblemKind::ControlCharacter, || {
                    "the value has a line end or another control character in it; take it out, or close the quote"
                        .to_owned()
                });
                whole = false;
            }
        }
        whole
    }
}

/// The separator of a file: the one of `,`, `;` and tab that its first line has most of.
pub(crate) fn delimiter(bytes: &[u8]) -> u8 {
    let first =
        bytes.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| !line.is_empty()).unwrap_or_default();
    let count = |separator: u8| first.iter().filter(|byte| **byte == separator).count();
    // Of equals the last one wins: a comma, then.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

pub(crate) enum Record {
    Row,
    TooLarge,
    End,
}

/// Records of CSV and the lines on which they start.
pub(crate) struct Records<'a> {
    reader: Reader,
    rest: &'a [u8],
    buffer: Vec<u8>,
    ends: Vec<usize>,
    fields: usize,
    pub line: u64,
    next_line: u64,
}

impl<'a> Records<'a> {
    pub fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            rest: bytes,
            buffer: vec![0; 4096],
            ends: vec![0; 64],
            fields: 0,
            line: 1,
            next_line: 1,
        }
    }

    /// Empty lines are skipped.
    pub fn read(&mut self) -> Record {
        self.fields = 0;
        let blank = self.rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.skip(blank);
        self.line = self.next_line;
        let mut written = 0;
        loop {
            let (result, read, wrote, ended) = self.reader.read_record(
                self.rest,
                &mut self.buffer[written..],
                &mut self.ends[self.fields..],
            );
            self.skip(read);
            written += wrote;
            self.fields += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.buffer.len() < RECORD_BYTES_MAX => {
                    self.buffer.resize(self.buffer.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < COLUMNS_MAX => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    self.rest = &[];
                    return Record::TooLarge;
                }
                ReadRecordResult::Record => return Record::Row,
                ReadRecordResult::End => {
                    self.fields = 0;
                    return Record::End;
                }
            }
        }
    }

    fn skip(&mut self, count: usize) {
        let (read, rest) = self.rest.split_at(count);
        self.next_line += memchr::memchr_iter(b'\n', read).count() as u64;
        self.rest = rest;
    }

    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = 0;
        self.ends[..self.fields].iter().map(move |&to| {
            let field = &self.buffer[from..to];
            from = to;
            field
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::problem::Level;

    const COLUMNS: [Column; 3] = [
        Column { name: "id", required: true },
        Column { name: "name", required: false },
        Column { name: "note", required: false },
    ];

    fn read(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
        let mut problems = Problems::default();
        let mut rows = Vec::new();
        if let Some(mut table) = CsvTable::open(RegisterFile::Assets, bytes, &COLUMNS, &mut problems) {
            while let Some(row) = table.next_row(&mut problems) {
                rows.push(format!("{}: {}", row.place.line, row.values.join("|")));
            }
        }
        let problems = problems
            .list
            .iter()
            .map(|problem| format!("{} {} {}", problem.line, problem.column, problem.kind.as_str()))
            .collect();
        (rows, problems)
    }

    #[test]
    fn a_file_is_read_however_it_was_saved() {
        let none: Vec<String> = Vec::new();
        for (bytes, rows) in [
            ("id,name,note\na,b,c\n", &["2: a|b|c"][..]),
            ("\u{feff}id,name,note\r\na,b,c\r\n\r\nd,e,f", &["2: a|b|c", "4: d|e|f"]),
            ("Note;ID;Name\nc;a;\"b;b\"\n", &["2: a|b;b|c"]),
            ("id\tname\na\tb\n", &["2: a|b|"]),
            ("id,name,note\n a , b ,\"c\nd\"\n,,\ne\n", &["2: a|b|c\nd", "5: e||"]),
            ("\n\nid,name\n\n\na,\"say \"\"hi\"\"\"\n", &["6: a|say \"hi\"|"]),
            ("id,name\na,b,,\n", &["2: a|b|"]),
            ("id", &[]),
        ] {
            assert_eq!(read(bytes.as_bytes()), (rows.iter().map(|s| s.to_string()).collect(), none.clone()));
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line_and_the_rest_is_read() {
        for (bytes, rows, problems) in [
            (&b""[..], vec![], vec!["1 id missing_column"]),
            (b"name,foo\n", vec![], vec!["1  unknown_column", "1 id missing_column"]),
            (b"id,id\na,b\n", vec!["2: a||"], vec!["1  unknown_column"]),
            (b"id,name\na,b,c\nd,e\n", vec!["3: d|e|"], vec!["2  too_many_fields"]),
            (b"id,name\na,\xff\nd,e\n", vec!["3: d|e|"], vec!["2 name not_utf8"]),
            (b"id,name\na,\"x\ny\"\nd,e\n", vec!["4: d|e|"], vec!["2 name control_character"]),
            (b"id,name\na\0b,c\n", vec![], vec!["2 id control_character"]),
        ] {
            let (found, wrong) = read(bytes);
            assert_eq!(found, rows);
            assert_eq!(wrong, problems);
        }
        let long = format!("id,name\na,{}\nb,c\n", "x".repeat(VALUE_CHARS_MAX + 1));
        assert_eq!(read(long.as_bytes()), (vec!["3: b|c|".to_owned()], vec!["2 name too_large".to_owned()]));
        let open = format!("id,name\na,b\nc,\"{}", "x,y\n".repeat(RECORD_BYTES_MAX));
        assert_eq!(read(open.as_bytes()), (vec!["2: a|b|".to_owned()], vec!["3  too_large".to_owned()]));
        let wide = format!("id{}\n", ",x".repeat(100_000));
        assert!(!read(wide.as_bytes()).1.is_empty());
        assert_eq!(ProblemKind::TooLarge.level(), Level::Error);
    }
}
