//! The sheet of a spreadsheet (XLSX, ODS) that a mapping describes, written as CSV.
//!
//! Rows are read from the CSV, as those of any feed. Row 7 of the sheet is line 7. The spreadsheet itself is kept as it came.

use std::collections::HashSet;

use schakel_formats::sheets::{self, Cell, SHEET_FILE_BYTES_MAX, Sheet, SheetRow, Visibility};

use crate::mapping::{Layout, Mapping, SheetName};

/// The header is looked for in this many rows; a title and an explanation may stand above it.
const HEADER_ROWS_MAX: usize = 50;

/// Names that a message repeats of a sheet's own.
const NAMES_SHOWN_MAX: usize = 12;

/// Bytes of a spreadsheet. What is larger is refused.
pub const BYTES_MAX: usize = SHEET_FILE_BYTES_MAX;

/// Why there are no rows of a spreadsheet.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// It cannot be read.
    #[error("the spreadsheet cannot be read: {0}")]
    Unreadable(String),
    /// No sheet has the name that the mapping says.
    #[error("the spreadsheet has no sheet `{wanted}`; it has {there}")]
    NoSheet {
        /// What the mapping says.
        wanted: String,
        /// Those that it has.
        there: String,
    },
    /// No sheet has the columns.
    #[error(
        "no row among the first {HEADER_ROWS_MAX} of a sheet has the columns that the mapping needs. Sheet `{sheet}` comes nearest: it lacks {missing}, \
         and has {there}. Name the columns in the mapping as the sheet has them"
    )]
    NoColumns {
        /// The sheet that comes nearest.
        sheet: String,
        /// What it lacks.
        missing: String,
        /// What it has.
        there: String,
    },
}

/// Does the mapping describe spreadsheets?
pub fn is_for(mapping: &Mapping) -> bool {
    choice(mapping).is_some()
}

/// The rows of the sheet that the mapping describes, as CSV with a header.
pub fn to_csv(mapping: &Mapping, spreadsheet: &[u8]) -> Result<Vec<u8>, SheetError> {
    let sheets = sheets::read_workbook(spreadsheet).map_err(SheetError::Unreadable)?;
    let candidates: Vec<&Sheet> = match choice(mapping) {
        Some(SheetName::Named(wanted)) => {
            let found = sheets.iter().find(|sheet| sheet.name.trim() == wanted.trim());
            vec![found.ok_or_else(|| SheetError::NoSheet {
                wanted: wanted.clone(),
                there: listed(sheets.iter().map(|sheet| sheet.name.as_str())),
            })?]
        }
        // What is hidden is not what somebody means to report.
        _ => sheets.iter().filter(|sheet| sheet.visibility == Visibility::Shown).collect(),
    };
    let mut nearest: Option<Header<'_>> = None;
    for sheet in candidates {
        let Some(header) = Header::of(mapping, sheet) else { continue };
        if header.missing.is_empty() {
            return Ok(header.csv());
        }
        if nearest.as_ref().is_none_or(|nearest| header.found > nearest.found) {
            nearest = Some(header);
        }
    }
    let nearest =
        nearest.ok_or_else(|| SheetError::Unreadable("it has no sheet with anything in it".to_owned()))?;
    Err(SheetError::NoColumns {
        sheet: nearest.sheet.name.clone(),
        missing: listed(nearest.missing.iter().copied()),
        there: listed(nearest.names.iter().map(|(_, name)| name.as_str())),
    })
}

fn choice(mapping: &Mapping) -> Option<&SheetName> {
    match &mapping.layout {
        Layout::Csv(csv) => csv.sheet.as_ref(),
        Layout::JsonLines | Layout::Json => None,
    }
}

/// The row of a sheet that names its columns.
struct Header<'s> {
    sheet: &'s Sheet,
    /// Its place among the rows.
    at: usize,
    /// By column.
    names: Vec<(u32, String)>,
    /// How many of them the mapping names.
    found: usize,
    /// Those without which there is no reading the sheet.
    missing: Vec<&'s str>,
}

impl<'s> Header<'s> {
    /// The row that has most of the columns that the mapping names; the first of them.
    fn of(mapping: &'s Mapping, sheet: &'s Sheet) -> Option<Self> {
        let rows = sheet.rows.iter().take(HEADER_ROWS_MAX).enumerate();
        let headers = rows.map(|(at, row)| {
            let names = names(mapping, row);
            let there: HashSet<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
            let found = mapping.columns.iter().filter(|column| there.contains(column.name.as_str())).count();
            let mut missing: Vec<&str> = mapping.needed().filter(|name| !there.contains(name)).collect();
            let ends: Vec<&str> = mapping.ends().collect();
            if !ends.is_empty() && !ends.iter().any(|name| there.contains(name)) {
                missing.extend(ends);
            }
            Self { sheet, at, found, missing, names }
        });
        // Of equals, `max_by_key` would take the last.
        headers.reduce(|best, next| if next.found > best.found { next } else { best })
    }

    fn csv(&self) -> Vec<u8> {
        let mut csv = Vec::new();
        // So that a line has the number of its row.
        let first = self.sheet.rows[self.at].number;
        let mut line = 1;
        let columns: Vec<u32> = self.names.iter().map(|(column, _)| *column).collect();
        write_line(&mut csv, &mut line, first, self.names.iter().map(|(_, name)| name.as_str()));
        for row in &self.sheet.rows[self.at + 1..] {
            let cells =
                columns.iter().map(|column| match row.cells.binary_search_by_key(column, |(at, _)| *at) {
                    Ok(at) => shown(&row.cells[at].1),
                    Err(_) => "",
                });
            write_line(&mut csv, &mut line, row.number, cells);
        }
        csv
    }
}

/// What a cell says. One that cannot be used says why, and is no value of any field.
fn shown(cell: &Cell) -> &str {
    match cell {
        Cell::Text(text) | Cell::Moment(text) => text,
        Cell::Broken(_, why) => why,
    }
}

/// The names in a row, as the mapping writes them.
fn names(mapping: &Mapping, row: &SheetRow) -> Vec<(u32, String)> {
    let name = |text: &str| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let known = mapping.columns.iter().find(|column| column.name.to_lowercase() == text.to_lowercase());
        known.map_or(text, |column| column.name.clone())
    };
    let cells = row.cells.iter().filter(|(_, cell)| !shown(cell).trim().is_empty());
    cells.map(|(column, cell)| (*column, name(shown(cell)))).collect()
}

/// Adds a line at this number, with empty ones before it.
fn write_line<'c>(csv: &mut Vec<u8>, line: &mut u32, number: u32, cells: impl Iterator<Item = &'c str>) {
    csv.resize(csv.len() + number.saturating_sub(*line) as usize, b'\n');
    *line = number.max(*line) + 1;
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            csv.push(b',');
        }
        csv.push(b'"');
        for byte in cell.trim().bytes() {
            match byte {
                // A break would be a line of its own.
                b'\n' | b'\r' | 0 => csv.push(b' '),
                b'"' => csv.extend_from_slice(b"\"\""),
                byte => csv.push(byte),
            }
        }
        csv.push(b'"');
    }
    csv.push(b'\n');
}

/// A few names, for a message.
fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> =
        names.map(|name| format!("`{}`", name.chars().take(40).collect::<String>())).collect();
    match names.len() {
        0 => "none".to_owned(),
        count if count <= NAMES_SHOWN_MAX => names.join(", "),
        count => format!("{} and {} more", names[..NAMES_SHOWN_MAX].join(", "), count - NAMES_SHOWN_MAX),
    }
}
