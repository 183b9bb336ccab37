//! Spreadsheets as sheets of cells: XLSX and ODS, within limits.
//!
//! XLSX and ODS are zips of XML. They are read here and not by a library (calamine was tried): that overflows on a
//! cell called `A99999999999`, lays a sheet out as a full rectangle, so that two cells far apart or one repeated cell
//! cost all memory, and tells neither merged cells of an ODS nor formulas without a result. What we need of the two
//! formats is small: the cells.

mod ods;
mod xlsx;
mod xml;

use std::io::{Cursor, Read};

use zip::ZipArchive;

use crate::register::ProblemKind;

/// Bytes of a spreadsheet. A hundred thousand rows of twenty columns are under 10 MB.
pub const SHEET_FILE_BYTES_MAX: usize = 64 << 20;

/// Unpacked bytes of all parts that are read of one. A hundred thousand rows of twenty columns are about 100 MB.
pub const SHEET_UNPACKED_BYTES_MAX: u64 = 256 << 20;

/// Cells with something in them, over all sheets: a hundred thousand rows of twenty columns.
pub const CELLS_MAX: usize = 2_000_000;

/// Bytes of the texts of all cells. A text that cells share is written once in the file and counts for each.
pub const TEXT_BYTES_MAX: usize = 128 << 20;

/// Characters of one cell; more is cut off. Excel's own limit is 32,767.
pub const CELL_CHARS_MAX: usize = 32_767;

/// Rows of a sheet: the limit of every program that makes them.
pub const SHEET_ROWS_MAX: u32 = 1_048_576;

/// Columns of a sheet: the limit of Excel.
pub const SHEET_COLUMNS_MAX: u32 = 16_384;

/// Sheets of one file. People have a handful; some make one for each member.
pub const SHEETS_MAX: usize = 1_000;

/// A sheet: its cells with something in them.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Its name; empty for a CSV file.
    pub name: String,
    /// Do people see it?
    pub visibility: Visibility,
    /// By row, in order.
    pub rows: Vec<SheetRow>,
}

/// Whether people see a sheet when they open the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Visibility {
    /// They do.
    #[default]
    Shown,
    /// They have to ask for it.
    Hidden,
}

/// A row of a sheet.
#[derive(Debug, Default)]
pub struct SheetRow {
    /// Its number, from 1; of a CSV file the line.
    pub number: u32,
    /// By column, in order.
    pub cells: Vec<(u32, Cell)>,
}

/// What stands in a cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Text, or a number or day as text.
    Text(String),
    /// A date and a time of day, without a zone: `2026-03-01T05:07:57`.
    Moment(String),
    /// Nothing that can be used: of which kind, and why.
    Broken(ProblemKind, String),
}

/// Cells that are shown as one: their first and last row, and their first column, from 0.
#[derive(Clone, Copy, Debug)]
struct Merged {
    rows: (u32, u32),
    column: u32,
}

/// Reads an XLSX or ODS file.
///
/// # Errors
/// Why it cannot be read, in English.
pub fn read_workbook(bytes: &[u8]) -> Result<Vec<Sheet>, String> {
    if bytes.len() > SHEET_FILE_BYTES_MAX {
        return Err(format!(
            "the file has {} MiB; a spreadsheet may have {}. Save it as CSV, or split it",
            bytes.len() >> 20,
            SHEET_FILE_BYTES_MAX >> 20
        ));
    }
    let mut parts = Parts::open(bytes)?;
    match parts.has("content.xml") {
        true => ods::read(&mut parts),
        false => xlsx::read(&mut parts),
    }
}

impl Sheet {
    /// With its moments taken as UTC, and written so.
    pub fn in_utc(mut self) -> Self {
        for (_, cell) in self.rows.iter_mut().flat_map(|row| &mut row.cells) {
            if let Cell::Moment(at) = cell {
                *cell = Cell::Text(format!("{at}Z"));
            }
        }
        self
    }
}

/// The parts of a spreadsheet: the files in its zip.
struct Parts<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    unpacked_bytes_left: u64,
}

impl<'a> Parts<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| {
            "the file is damaged or no spreadsheet; open it, save it again as .xlsx or .ods".to_owned()
        })?;
        Ok(Self { zip, unpacked_bytes_left: SHEET_UNPACKED_BYTES_MAX })
    }

    fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// The text of a part; `None` when there is no such part.
    fn read(&mut self, name: &str) -> Result<Option<String>, String> {
        if !self.has(name) {
            return Ok(None);
        }
        let damaged = || {
            format!("its part {name} cannot be unpacked; open the file, take a password off, save it again")
        };
        let part = self.zip.by_name(name).map_err(|_| damaged())?;
        let mut bytes = Vec::new();
        part.take(self.unpacked_bytes_left + 1).read_to_end(&mut bytes).map_err(|_| damaged())?;
        match self.unpacked_bytes_left.checked_sub(bytes.len() as u64) {
            Some(left) => self.unpacked_bytes_left = left,
            None => {
                return Err(format!(
                    "the file unpacks to more than {} MiB, as a zip bomb does. Save it as CSV, or split it",
                    SHEET_UNPACKED_BYTES_MAX >> 20
                ));
            }
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| format!("its part {name} is no UTF-8; save the file again"))?;
        Ok(Some(text))
    }
}

/// Gathers the cells of a file's sheets.
struct Gathering {
    cells_left: usize,
    bytes_left: usize,
}

impl Default for Gathering {
    fn default() -> Self {
        Self { cells_left: CELLS_MAX, bytes_left: TEXT_BYTES_MAX }
    }
}

impl Gathering {
    /// One more cell is kept.
    fn count(&mut self, cell: &Cell) -> Result<(), String> {
        let (Cell::Text(text) | Cell::Moment(text) | Cell::Broken(_, text)) = cell;
        self.cells_left = self.cells_left.checked_sub(1).ok_or_else(|| {
            format!(
                "the file has more than {CELLS_MAX} cells with something in them; save it as CSV, or split it"
            )
        })?;
        self.bytes_left = self.bytes_left.checked_sub(text.len()).ok_or_else(|| {
            format!("the cells of the file hold more than {} MiB of text; split it", TEXT_BYTES_MAX >> 20)
        })?;
        Ok(())
    }
}

/// Sorts cells into rows. Where a place is named twice the first counts.
fn into_rows(
    mut cells: Vec<((u32, u32), Cell)>,
    merged: &[Merged],
    gathering: &mut Gathering,
) -> Result<Vec<SheetRow>, String> {
    if !cells.is_sorted_by_key(|(place, _)| *place) {
        cells.sort_by_key(|(place, _)| *place);
    }
    cells.dedup_by_key(|(place, _)| *place);
    let mut rows: Vec<SheetRow> = Vec::new();
    for ((row, column), cell) in cells {
        match rows.last_mut() {
            Some(last) if last.number == row + 1 => last.cells.push((column, cell)),
            _ => rows.push(SheetRow { number: row + 1, cells: vec![(column, cell)] }),
        }
    }
    // Merged cells that span more rows than there can be cells are no sheet that somebody made.
    let mut rows_left = CELLS_MAX;
    for merged in merged {
        rows_left = rows_left.saturating_sub(1 + merged.rows.1.saturating_sub(merged.rows.0) as usize);
        if rows_left == 0 {
            break;
        }
        spread_down(&mut rows, merged, gathering)?;
    }
    Ok(rows)
}

/// What stands in the first of merged cells holds for all rows that they span.
fn spread_down(rows: &mut [SheetRow], merged: &Merged, gathering: &mut Gathering) -> Result<(), String> {
    let (first, last) = (merged.rows.0 + 1, merged.rows.1 + 1);
    let from = rows.partition_point(|row| row.number < first);
    let Some(row) = rows.get(from).filter(|row| row.number == first) else { return Ok(()) };
    let Some(cell) = row.cells.iter().find(|(column, _)| *column == merged.column) else { return Ok(()) };
    let cell = cell.1.clone();
    for row in rows[from + 1..].iter_mut().take_while(|row| row.number <= last) {
        let at = row.cells.partition_point(|(column, _)| *column < merged.column);
        if row.cells.get(at).is_none_or(|(column, _)| *column != merged.column) {
            gathering.count(&cell)?;
            row.cells.insert(at, (merged.column, cell.clone()));
        }
    }
    Ok(())
}

/// A number as people write it: whole numbers without a point, no exponent.
fn number_text(text: &str) -> String {
    let text = text.trim();
    if !text.contains(['e', 'E', '.']) {
        return text.to_owned();
    }
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Ok(number) if number.is_finite() => number.to_string(),
        _ => text.to_owned(),
    }
}

/// A day, or a day and a time of day.
fn iso_date(value: String) -> Cell {
    match value.split_once('T') {
        Some((date, time)) if time.trim_matches(['0', ':', '.']).is_empty() => Cell::Text(date.to_owned()),
        Some(_) => Cell::Moment(value),
        None => Cell::Text(value),
    }
}

/// A cell with a formula that was never worked out.
fn no_result() -> Cell {
    let message =
        "the formula has no result; open the file in a spreadsheet program, save it, and import it again";
    Cell::Broken(ProblemKind::NoResult, message.to_owned())
}

/// A cell that shows an error.
fn shows_error(error: &str) -> Cell {
    let error: String = error.chars().take(20).collect();
    Cell::Broken(ProblemKind::NoResult, format!("the cell shows the error {error}; correct it"))
}

/// Cuts a text off at [`CELL_CHARS_MAX`].
pub(crate) fn cut(mut text: String) -> String {
    if text.len() > CELL_CHARS_MAX
        && let Some((at, _)) = text.char_indices().nth(CELL_CHARS_MAX)
    {
        text.truncate(at);
    }
    text
}
