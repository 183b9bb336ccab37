//! A CSV file of any shape: its header and its records, for importers that know what the columns mean.

use super::{
    super::{
        ProblemKind, ROWS_MAX, RegisterFile,
        csv_table::{Record, Records, delimiter},
    },
    draft::{Draft, Spot, Table},
};

/// A CSV file being read.
pub(super) struct CsvFile<'a> {
    records: Records<'a>,
    header: Vec<String>,
}

impl<'a> CsvFile<'a> {
    /// Reads the first record as the header, names in lower case.
    pub fn open(bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut records = Records::new(bytes, delimiter(bytes));
        records.read();
        let header = records.fields().map(text).map(|name| name.to_lowercase()).collect();
        Self { records, header }
    }

    /// Has it all these columns?
    pub fn has(&self, columns: &[&str]) -> bool {
        columns.iter().all(|name| self.header.iter().any(|column| column == name))
    }

    /// Hands over every row with its line and the values of these columns; empty rows are passed over. What cannot be
    /// read becomes a problem of the draft.
    pub fn each_row<const N: usize>(
        mut self,
        name: &str,
        file: RegisterFile,
        columns: [&str; N],
        draft: &mut Draft,
        mut take: impl FnMut(&mut Draft, Spot, [String; N]),
    ) {
        let at = columns.map(|name| self.header.iter().position(|column| column == name));
        let table = draft.table(Table::Lines(name.to_owned()));
        let mut rows = 0;
        loop {
            let record = self.records.read();
            let spot = Spot { table, row: self.records.line, cells: None };
            match record {
                Record::End => return,
                Record::TooLarge => {
                    draft.problem(&spot, (file, ""), "", ProblemKind::TooLarge, || {
                        "the row is larger than 1 MiB; perhaps a quote is not closed. The rest is not read"
                            .to_owned()
                    });
                    return;
                }
                Record::Row => {}
            }
            if self.records.fields().all(|field| field.trim_ascii().is_empty()) {
                continue;
            }
            rows += 1;
            if rows > ROWS_MAX {
                draft.problem(&spot, (file, ""), "", ProblemKind::TooLarge, || {
                    format!("the file has more than {ROWS_MAX} rows. The rest is not read")
                });
                return;
            }
            if let Some(wrong) = self.records.fields().find(|field| std::str::from_utf8(field).is_err()) {
                draft.problem(&spot, (file, ""), &text(wrong), ProblemKind::NotUtf8, || {
                    "the row is no UTF-8; save the file as UTF-8".to_owned()
                });
                continue;
            }
            let values =
                at.map(|at| at.and_then(|at| self.records.fields().nth(at)).map(text).unwrap_or_default());
            take(draft, spot, values);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
