//! Tables of a peer's database, from CSV files or from lists in JSON: rows with their values by the name of the column.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use serde_json::Value;

use super::{
    super::{
        ProblemKind, ROWS_MAX, RegisterFile,
        csv_table::{Record, Records, delimiter},
    },
    Source,
    draft::{Draft, Spot, Table},
};

/// Bytes of a JSON file: it is held whole, as values of some ten times its size. A register of a hundred thousand
/// organisations is about 100 MB.
pub const JSON_FILE_BYTES_MAX: usize = 256 << 20;

/// A row.
pub(super) struct TableRow {
    pub spot: Spot,
    values: HashMap<String, String, FixedState>,
}

impl TableRow {
    /// The value of a column; empty when it is not there.
    pub fn get(&self, column: &str) -> &str {
        self.values.get(column).map_or("", String::as_str)
    }

    /// The values of these columns; empty for those that are not there.
    pub fn fields<const N: usize>(&self, columns: [&str; N]) -> [String; N] {
        columns.map(|column| self.get(column).to_owned())
    }

    /// The value of the first of these columns that has one.
    pub fn first(&self, columns: &[&str]) -> &str {
        columns.iter().map(|column| self.get(column)).find(|value| !value.is_empty()).unwrap_or_default()
    }

    /// Gives a column its value.
    pub fn set(&mut self, column: &str, value: &str) {
        self.values.insert(column.to_owned(), value.to_owned());
    }

    /// All values, in no order.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.values().map(String::as_str)
    }
}

/// The columns of a CSV file, in lower case, as [`csv_rows`] names them.
pub(super) fn csv_columns(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut records = Records::new(bytes, delimiter(bytes));
    records.read();
    records.fields().map(text).map(|name| name.to_lowercase()).collect()
}

/// Are all these columns there?
pub(super) fn has_all(columns: &[String], known: &[&str]) -> bool {
    known.iter().all(|name| columns.iter().any(|column| column == name))
}

/// The rows of a CSV file. What cannot be read becomes a problem of the draft.
pub(super) fn csv_rows(name: &str, bytes: &[u8], draft: &mut Draft) -> Vec<TableRow> {
    let table = draft.table(Table::Lines(name.to_owned()));
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut records = Records::new(bytes, delimiter(bytes));
    records.read();
    let header: Vec<String> = records.fields().map(text).map(|name| name.to_lowercase()).collect();
    let mut rows = Vec::new();
    loop {
        let record = records.read();
        let spot = Spot { table, row: records.line, cells: None };
        let refused = match record {
            Record::End => return rows,
            Record::TooLarge => {
                Some("the row is larger than 1 MiB; perhaps a quote is not closed. The rest is not read")
            }
            Record::Row if rows.len() as u64 >= ROWS_MAX => {
                Some("the file has too many rows. The rest is not read")
            }
            Record::Row => None,
        };
        if let Some(message) = refused {
            draft.problem(&spot, (RegisterFile::Organisations, ""), "", ProblemKind::TooLarge, || {
                message.to_owned()
            });
            return rows;
        }
        if let Some(wrong) = records.fields().find(|field| std::str::from_utf8(field).is_err()) {
            draft.problem(
                &spot,
                (RegisterFile::Organisations, ""),
                &text(wrong),
                ProblemKind::NotUtf8,
                || "the row is no UTF-8; save the file as UTF-8".to_owned(),
            );
            continue;
        }
        let values =
            header.iter().cloned().zip(records.fields().map(text)).filter(|(_, value)| is_said(value));
        rows.push(TableRow { spot, values: values.collect() });
    }
}

/// What databases write for nothing.
fn is_said(value: &str) -> bool {
    !value.is_empty() && value != "\\N" && value != "NULL"
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// The JSON of a file.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn json(source: &Source<'_>) -> Result<Value, String> {
    if source.bytes.len() > JSON_FILE_BYTES_MAX {
        return Err(format!(
            "the file has {} MiB; a JSON file may have {}. Use the register's CSV files, or split it",
            source.bytes.len() >> 20,
            JSON_FILE_BYTES_MAX >> 20
        ));
    }
    let bytes = source.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source.bytes);
    serde_json::from_slice(bytes).map_err(|error| format!("the file is no JSON: {error}"))
}

/// The objects of a list, with their plain values, called by `path` and their number from 0. Anything else in the list is
/// a problem of the draft.
pub(super) fn json_rows<'v>(list: &'v [Value], path: &str, draft: &mut Draft) -> Vec<(TableRow, &'v Value)> {
    let table = draft.table(Table::List(path.to_owned()));
    let mut rows = Vec::with_capacity(list.len());
    for (row, value) in (0..).zip(list) {
        let spot = Spot { table, row, cells: None };
        let Value::Object(fields) = value else {
            draft.problem(
                &spot,
                (RegisterFile::Organisations, ""),
                &value.to_string(),
                ProblemKind::BadValue,
                || "an object with names and values must stand here".to_owned(),
            );
            continue;
        };
        let values = fields.iter().filter_map(|(name, value)| Some((name.to_lowercase(), plain(value)?)));
        rows.push((TableRow { spot, values: values.filter(|(_, value)| is_said(value)).collect() }, value));
    }
    rows
}

/// A plain value as text; a list of plain values with `;` between them.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Array(list) => {
            let texts: Option<Vec<_>> = list
                .iter()
                .map(|value| match value {
                    Value::Array(_) | Value::Object(_) => None,
                    value => plain(value),
                })
                .collect();
            texts.map(|texts| texts.join(";"))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// The list under the first of these names that is not null; what stands there by itself is a list of one.
pub(super) fn list_or_one<'v>(value: &'v Value, names: &[&str]) -> &'v [Value] {
    match names.iter().filter_map(|name| value.get(name)).find(|value| !value.is_null()) {
        None => &[],
        Some(Value::Array(list)) => list,
        Some(one) => std::slice::from_ref(one),
    }
}

/// The list under one of these names; empty when there is none.
pub(super) fn list<'v>(value: &'v Value, names: &[&str]) -> &'v [Value] {
    names.iter().find_map(|name| value.get(name)?.as_array()).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_column() {
        let mut draft = Draft::default();
        let rows = csv_rows("t.csv", b"ID,Name,note\n1,a,\\N\n2,\xff,x\n3,,NULL\n", &mut draft);
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (rows[0].get("id"), rows[0].get("note"), rows[0].first(&["note", "name"])),
            ("1", "", "a")
        );
        assert_eq!((rows[1].spot.row, rows[1].values().count()), (4, 1));
    }

    #[test]
    fn plain_values_are_text() {
        for (json, expected) in [
            ("\" a \"", Some("a")),
            ("12", Some("12")),
            ("true", Some("yes")),
            ("[\"a\", 1]", Some("a;1")),
            ("[[1]]", None),
            ("{}", None),
            ("null", None),
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(plain(&value).as_deref(), expected, "{json}");
        }
    }
}
