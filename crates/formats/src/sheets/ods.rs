//! ODS (OpenDocument 1.3 part 3, chapter 9): one part with the tables, their rows and cells. Equal neighbours may be
//! written once with a number of times; programs write the empty rest of a sheet so.

use super::{
    CELL_CHARS_MAX, Cell, Gathering, Merged, Parts, SHEET_COLUMNS_MAX, SHEET_ROWS_MAX, SHEETS_MAX, Sheet,
    Visibility, cut, into_rows, iso_date, no_result, number_text, shows_error,
    xml::{Step, Xml, attribute, ended, local_name},
};

pub(super) fn read(parts: &mut Parts<'_>) -> Result<Vec<Sheet>, String> {
    let content = parts.read("content.xml")?.unwrap_or_default();
    let mut xml = Xml::new(&content, "content.xml");
    let mut gathering = Gathering::default();
    let mut sheets = Vec::new();
    // Styles stand before the tables that have them.
    let mut style = String::new();
    let mut hiding = Vec::new();
    while let Some(step) = xml.next()? {
        match step {
            Step::Start(start) if local_name(&start) == "style" => {
                style = attribute(&start, "name").unwrap_or_default();
            }
            Step::Start(start) | Step::Empty(start)
                if local_name(&start) == "table-properties"
                    && attribute(&start, "display").as_deref() == Some("false") =>
            {
                hiding.push(style.clone());
            }
            Step::Start(start) if local_name(&start) == "table" && sheets.len() < SHEETS_MAX => {
                let name = attribute(&start, "name").unwrap_or_default();
                let is_hidden = attribute(&start, "style-name").is_some_and(|style| hiding.contains(&style));
                let visibility = if is_hidden { Visibility::Hidden } else { Visibility::Shown };
                sheets.push(Sheet { name, visibility, rows: read_table(&mut xml, &mut gathering)? });
            }
            _ => {}
        }
    }
    if sheets.is_empty() {
        return Err(
            "the file has no sheets that can be read; take a password off, and save it again".to_owned()
        );
    }
    Ok(sheets)
}

fn read_table(xml: &mut Xml<'_>, gathering: &mut Gathering) -> Result<Vec<super::SheetRow>, String> {
    let mut cells = Vec::new();
    let mut merged = Vec::new();
    let mut row = 0_u32;
    while let Some(step) = xml.next()? {
        match step {
            Step::Start(start) if local_name(&start) == "table-row" => {
                let times = repeated(attribute(&start, "number-rows-repeated"));
                let before = cells.len();
                read_row(xml, row, &mut cells, &mut merged, gathering)?;
                repeat_row(&mut cells, before, times.min(SHEET_ROWS_MAX.saturating_sub(row)), gathering)?;
                row = row.saturating_add(times);
            }
            Step::Empty(start) if local_name(&start) == "table-row" => {
                row = row.saturating_add(repeated(attribute(&start, "number-rows-repeated")));
            }
            // A picture or a table in a cell does not end the sheet: those are read with their cell.
            Step::End(end) if ended(&end) == "table" => break,
            _ => {}
        }
    }
    into_rows(cells, &merged, gathering)
}

/// Copies the cells from `before` on to the rows below.
fn repeat_row(
    cells: &mut Vec<((u32, u32), Cell)>,
    before: usize,
    times: u32,
    gathering: &mut Gathering,
) -> Result<(), String> {
    let count = cells.len() - before;
    if count == 0 {
        return Ok(());
    }
    for below in 1..times {
        for at in before..before + count {
            gathering.count(&cells[at].1)?;
            let ((row, column), cell) = cells[at].clone();
            cells.push(((row + below, column), cell));
        }
    }
    Ok(())
}

fn read_row(
    xml: &mut Xml<'_>,
    row: u32,
    cells: &mut Vec<((u32, u32), Cell)>,
    merged: &mut Vec<Merged>,
    gathering: &mut Gathering,
) -> Result<(), String> {
    let mut column = 0_u32;
    while let Some(step) = xml.next()? {
        match step {
            Step::Start(start) if is_cell(local_name(&start)) => {
                let times = repeated(attribute(&start, "number-columns-repeated"));
                let rows = repeated(attribute(&start, "number-rows-spanned"));
                if rows > 1 {
                    let last = row.saturating_add(rows - 1).min(SHEET_ROWS_MAX);
                    merged.push(Merged { rows: (row, last), column });
                }
                let text = read_text(xml, local_name(&start))?;
                let value = cell(&start, text);
                if let (Some(value), true) = (value, row < SHEET_ROWS_MAX) {
                    for column in column..column.saturating_add(times).min(SHEET_COLUMNS_MAX) {
                        gathering.count(&value)?;
                        cells.push(((row, column), value.clone()));
                    }
                }
                column = column.saturating_add(times);
            }
            Step::Empty(start) if is_cell(local_name(&start)) => {
                let times = repeated(attribute(&start, "number-columns-repeated"));
                if let (Some(value), true) = (cell(&start, String::new()), row < SHEET_ROWS_MAX) {
                    for column in column..column.saturating_add(times).min(SHEET_COLUMNS_MAX) {
                        gathering.count(&value)?;
                        cells.push(((row, column), value.clone()));
                    }
                }
                column = column.saturating_add(times);
            }
            Step::End(end) if ended(&end) == "table-row" => break,
            _ => {}
        }
    }
    Ok(())
}

fn is_cell(name: &str) -> bool {
    name == "table-cell" || name == "covered-table-cell"
}

fn repeated(text: Option<String>) -> u32 {
    text.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// The paragraphs of a cell, a line each, without remarks beside it and pictures in it.
fn read_text(xml: &mut Xml<'_>, cell: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut paragraphs = 0;
    while let Some(step) = xml.next()? {
        match step {
            Step::End(end) if ended(&end) == cell => break,
            Step::Start(start) => match local_name(&start) {
                "p" => {
                    if paragraphs > 0 {
                        text.push('\n');
                    }
                    paragraphs += 1;
                }
                name @ ("annotation" | "frame" | "custom-shape") => {
                    xml.text_until_end(name, &[])?;
                }
                _ => {}
            },
            Step::Empty(start) => match local_name(&start) {
                "s" => text.push(' '),
                "tab" => text.push(' '),
                "line-break" => text.push('\n'),
                _ => {}
            },
            Step::Text(more) if paragraphs > 0 && text.len() <= 4 * CELL_CHARS_MAX => text.push_str(&more),
            _ => {}
        }
    }
    Ok(cut(text))
}

/// What stands in a cell, by its attributes, else its text; `None` when nothing does.
fn cell(start: &quick_xml::events::BytesStart<'_>, text: String) -> Option<Cell> {
    let kind = attribute(start, "value-type").unwrap_or_default();
    let has_formula = attribute(start, "formula").is_some();
    let shown = text.trim();
    // LibreOffice has a type of its own for errors; the text is what it shows.
    if has_formula && (shown.starts_with('#') || shown.starts_with("Err:")) {
        return Some(shows_error(shown));
    }
    let value = match kind.as_str() {
        "date" if attribute(start, "date-value").is_some_and(|value| !value.trim().is_empty()) => {
            return attribute(start, "date-value").map(iso_date);
        }
        "float" | "percentage" | "currency" => attribute(start, "value").map(|value| number_text(&value)),
        "boolean" => attribute(start, "boolean-value")
            .map(|value| if value == "true" { "yes" } else { "no" }.to_owned()),
        "string" => Some(attribute(start, "string-value").map_or(text.clone(), cut)),
        _ => None,
    };
    match value {
        Some(value) if !value.trim().is_empty() => Some(Cell::Text(value)),
        Some(_) => None,
        None if has_formula => Some(no_result()),
        None if shown.is_empty() => None,
        None => Some(Cell::Text(text)),
    }
}
