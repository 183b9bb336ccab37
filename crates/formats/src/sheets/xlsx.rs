//! XLSX (ECMA-376): the workbook names its sheets, a sheet its cells; texts and formats of numbers are shared.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use jiff::{SignedDuration, civil::DateTime};

use super::{
    Cell, Gathering, Merged, Parts, SHEET_COLUMNS_MAX, SHEET_ROWS_MAX, SHEETS_MAX, Sheet, Visibility, cut,
    into_rows, iso_date, no_result, number_text, shows_error,
    xml::{Step, Xml, attribute, ended, local_name},
};
use crate::register::ProblemKind;

pub(super) fn read(parts: &mut Parts<'_>) -> Result<Vec<Sheet>, String> {
    let relations = match parts.read("_rels/.rels")? {
        Some(text) => read_relations(&text, "")?,
        None => Vec::new(),
    };
    let workbook_path = relations
        .iter()
        .find(|relation| relation.kind == "officeDocument")
        .map_or("xl/workbook.xml", |relation| &relation.path)
        .to_owned();
    let workbook = parts
        .read(&workbook_path)?
        .ok_or("the file is no spreadsheet that can be read; save it as .xlsx or .ods (not .xls or .xlsb)")?;
    let (folder, name) = workbook_path.rsplit_once('/').unwrap_or(("", &workbook_path));
    let relations_path = match folder {
        "" => format!("_rels/{name}.rels"),
        _ => format!("{folder}/_rels/{name}.rels"),
    };
    let relations = match parts.read(&relations_path)? {
        Some(text) => read_relations(&text, folder)?,
        None => Vec::new(),
    };
    let path_of =
        |kind: &str| relations.iter().find(|relation| relation.kind == kind).map(|relation| &relation.path);
    let mut part = |kind: &str| match path_of(kind) {
        Some(path) => parts.read(path),
        None => Ok(None),
    };
    let texts = part("sharedStrings")?.map_or(Ok(Vec::new()), |text| read_texts(&text))?;
    let dated = part("styles")?.map_or(Ok(Vec::new()), |text| read_styles(&text))?;
    let (named, base) = read_workbook(&workbook)?;
    let shared = Shared { texts, dated, base };
    let mut gathering = Gathering::default();
    let mut sheets = Vec::new();
    for Named { name, visibility, id } in named.into_iter().take(SHEETS_MAX) {
        let Some(relation) = relations.iter().find(|relation| relation.id == id) else { continue };
        if relation.kind != "worksheet" {
            continue;
        }
        let Some(text) = parts.read(&relation.path)? else { continue };
        sheets.push(Sheet { name, visibility, rows: read_sheet(&text, &shared, &mut gathering)? });
    }
    Ok(sheets)
}

/// What all sheets refer to.
struct Shared {
    texts: Vec<String>,
    /// By style: is a number a date?
    dated: Vec<bool>,
    base: DateTime,
}

struct Relation {
    id: String,
    /// The last part of its type.
    kind: String,
    path: String,
}

fn read_relations(text: &str, folder: &str) -> Result<Vec<Relation>, String> {
    let mut xml = Xml::new(text, "relations");
    let mut relations = Vec::new();
    while let Some(step) = xml.next()? {
        let (Step::Start(start) | Step::Empty(start)) = step else { continue };
        if let (Some(id), Some(kind), Some(target)) =
            (attribute(&start, "Id"), attribute(&start, "Type"), attribute(&start, "Target"))
        {
            let path = match (target.strip_prefix('/'), folder) {
                (Some(absolute), _) => absolute.to_owned(),
                (None, "") => target,
                (None, folder) => format!("{folder}/{target}"),
            };
            let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
            relations.push(Relation { id, kind, path });
        }
    }
    Ok(relations)
}

/// A sheet as the workbook names it.
struct Named {
    name: String,
    visibility: Visibility,
    /// Of its relation.
    id: String,
}

/// The sheets, and the day that numbers of days count from.
fn read_workbook(text: &str) -> Result<(Vec<Named>, DateTime), String> {
    let mut xml = Xml::new(text, "workbook.xml");
    let mut sheets = Vec::new();
    // Day 1 is 1 January 1900, and 1900 is taken for a leap year.
    let mut base = DateTime::constant(1899, 12, 30, 0, 0, 0, 0);
    while let Some(step) = xml.next()? {
        let (Step::Start(start) | Step::Empty(start)) = step else { continue };
        match local_name(&start) {
            "workbookPr"
                if attribute(&start, "date1904").is_some_and(|value| value == "1" || value == "true") =>
            {
                base = DateTime::constant(1904, 1, 1, 0, 0, 0, 0);
            }
            "sheet" => {
                // Its own `id` is `r:id`; `sheetId` is another.
                if let (Some(name), Some(id)) = (attribute(&start, "name"), attribute(&start, "id")) {
                    let visibility = match attribute(&start, "state").as_deref() {
                        Some("hidden" | "veryHidden") => Visibility::Hidden,
                        _ => Visibility::Shown,
                    };
                    sheets.push(Named { name, visibility, id });
                }
            }
            _ => {}
        }
    }
    Ok((sheets, base))
}

fn read_texts(text: &str) -> Result<Vec<String>, String> {
    let mut xml = Xml::new(text, "sharedStrings.xml");
    let mut texts = Vec::new();
    while let Some(step) = xml.next()? {
        match step {
            Step::Start(start) if local_name(&start) == "si" => {
                // `rPh` says how it is pronounced.
                texts.push(plain(xml.text_until_end("si", &["rPh"])?));
            }
            Step::Empty(start) if local_name(&start) == "si" => texts.push(String::new()),
            _ => {}
        }
    }
    Ok(texts)
}

/// A text without the escape that Excel writes for a carriage return.
fn plain(text: String) -> String {
    cut(if text.contains("_x000D_") { text.replace("_x000D_", "") } else { text })
}

/// By style (`cellXfs`): is a number with it a date? (ECMA-376 part 1, 18.8.30)
fn read_styles(text: &str) -> Result<Vec<bool>, String> {
    let mut xml = Xml::new(text, "styles.xml");
    let mut formats: HashMap<String, bool, FixedState> = HashMap::default();
    let mut dated = Vec::new();
    let mut in_cell_styles = false;
    while let Some(step) = xml.next()? {
        match step {
            Step::Start(start) | Step::Empty(start) => match local_name(&start) {
                "numFmt" => {
                    if let (Some(id), Some(code)) =
                        (attribute(&start, "numFmtId"), attribute(&start, "formatCode"))
                    {
                        formats.insert(id, is_date_format(&code));
                    }
                }
                "cellXfs" => in_cell_styles = true,
                "xf" if in_cell_styles => {
                    let id = attribute(&start, "numFmtId").unwrap_or_default();
                    let built_in = matches!(id.parse(), Ok(14..=22 | 27..=36 | 45..=47 | 50..=58));
                    dated.push(formats.get(&id).copied().unwrap_or(built_in));
                }
                _ => {}
            },
            Step::End(end) if ended(&end) == "cellXfs" => in_cell_styles = false,
            _ => {}
        }
    }
    Ok(dated)
}

/// Has a format of numbers a day, month, year, hour or second in it, outside quotes, brackets and escapes?
fn is_date_format(code: &str) -> bool {
    let mut in_quotes = false;
    let mut in_brackets = false;
    let mut escaped = false;
    for c in code.chars() {
        match c {
            _ if escaped => escaped = false,
            '"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            '\\' | '_' | '*' => escaped = true,
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ if in_brackets => {}
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return true,
            _ => {}
        }
    }
    false
}

fn read_sheet(
    text: &str,
    shared: &Shared,
    gathering: &mut Gathering,
) -> Result<Vec<super::SheetRow>, String> {
    let mut xml = Xml::new(text, "sheet");
    let mut cells = Vec::new();
    let mut merged = Vec::new();
    let (mut row, mut column) = (0, 0);
    while let Some(step) = xml.next()? {
        match step {
            Step::Start(start) => match local_name(&start) {
                "row" => {
                    row = attribute(&start, "r").and_then(|number| row_number(&number)).unwrap_or(row);
                    column = 0;
                }
                "c" => {
                    let place =
                        attribute(&start, "r").and_then(|name| place_of(&name)).unwrap_or((row, column));
                    (row, column) = place;
                    let cell = read_cell(&mut xml, attribute(&start, "t"), attribute(&start, "s"), shared)?;
                    column += 1;
                    if let Some(cell) = cell
                        && place.0 < SHEET_ROWS_MAX
                        && place.1 < SHEET_COLUMNS_MAX
                    {
                        gathering.count(&cell)?;
                        cells.push((place, cell));
                    }
                }
                "mergeCell" => merged.extend(attribute(&start, "ref").and_then(|name| merged_of(&name))),
                _ => {}
            },
            Step::Empty(start) => match local_name(&start) {
                "row" => {
                    row = attribute(&start, "r").and_then(|number| row_number(&number)).unwrap_or(row) + 1
                }
                "c" => {
                    let place =
                        attribute(&start, "r").and_then(|name| place_of(&name)).unwrap_or((row, column));
                    (row, column) = (place.0, place.1 + 1);
                }
                "mergeCell" => merged.extend(attribute(&start, "ref").and_then(|name| merged_of(&name))),
                _ => {}
            },
            Step::End(end) if ended(&end) == "row" => {
                row += 1;
                column = 0;
            }
            _ => {}
        }
    }
    into_rows(cells, &merged, gathering)
}

/// The cell that has just begun, up to its end; `None` when nothing stands in it.
fn read_cell(
    xml: &mut Xml<'_>,
    kind: Option<String>,
    style: Option<String>,
    shared: &Shared,
) -> Result<Option<Cell>, String> {
    let mut value: Option<String> = None;
    let mut has_formula = false;
    while let Some(step) = xml.next()? {
        match step {
            Step::Start(start) => match local_name(&start) {
                "v" => value = Some(xml.text_until_end("v", &[])?),
                "is" => value = Some(plain(xml.text_until_end("is", &["rPh"])?)),
                "f" => {
                    has_formula = true;
                    xml.text_until_end("f", &[])?;
                }
                _ => {}
            },
            Step::Empty(start) if local_name(&start) == "f" => has_formula = true,
            Step::End(end) if ended(&end) == "c" => break,
            _ => {}
        }
    }
    let kind = kind.as_deref().unwrap_or("n");
    let value = match value {
        Some(value) if !value.trim().is_empty() => value,
        // A formula that makes an empty text is an empty cell; one without any result was never worked out.
        Some(_) if kind == "str" => return Ok(None),
        _ if has_formula => {
            return Ok(Some(no_result()));
        }
        _ => return Ok(None),
    };
    Ok(Some(match kind {
        "s" => match value.trim().parse().ok().and_then(|at: usize| shared.texts.get(at)) {
            Some(text) if text.trim().is_empty() => return Ok(None),
            Some(text) => Cell::Text(text.clone()),
            None => Cell::Broken(
                ProblemKind::BadValue,
                "the cell names a text that is not in the file; save the file again".to_owned(),
            ),
        },
        "e" => shows_error(&value),
        "d" => iso_date(value),
        "b" => Cell::Text(if value.trim() == "1" { "yes" } else { "no" }.to_owned()),
        "n" => {
            let is_date = style
                .and_then(|style| shared.dated.get(style.parse::<usize>().ok()?).copied())
                .unwrap_or(false);
            let date =
                value.trim().parse().ok().filter(|_| is_date).and_then(|days| date_of(days, shared.base));
            date.unwrap_or_else(|| Cell::Text(number_text(&value)))
        }
        _ => Cell::Text(cut(value)),
    }))
}

/// Days, counted from a day of the workbook, as a day, perhaps with a time of day.
fn date_of(days: f64, base: DateTime) -> Option<Cell> {
    /// 31 December 9999, the last that a spreadsheet has.
    const DAYS_MAX: f64 = 2_958_465.0;
    if !(0.0..=DAYS_MAX).contains(&days) {
        return None;
    }
    let seconds = (days * 86_400.0).round() as i64;
    let at = base.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    Some(match seconds % 86_400 {
        0 => Cell::Text(at.date().to_string()),
        _ => Cell::Moment(at.to_string()),
    })
}

/// `7` → 6.
fn row_number(text: &str) -> Option<u32> {
    text.trim().parse::<u32>().ok()?.checked_sub(1)
}

/// `C7` → row 6, column 2.
fn place_of(name: &str) -> Option<(u32, u32)> {
    let name = name.trim().as_bytes();
    let letters = name.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let column = name[..letters].iter().try_fold(0_u32, |column, letter| {
        column.checked_mul(26)?.checked_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
    })?;
    let row = row_number(std::str::from_utf8(&name[letters..]).ok()?)?;
    Some((row, column.checked_sub(1)?))
}

/// `A3:B7`
fn merged_of(name: &str) -> Option<Merged> {
    let (first, last) = name.split_once(':')?;
    let (first, last) = (place_of(first)?, place_of(last)?);
    Some(Merged { rows: (first.0, last.0), column: first.1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_names() {
        for (name, place) in [
            ("A1", Some((0, 0))),
            ("c17", Some((16, 2))),
            ("XFD1048576", Some((1_048_575, 16_383))),
            ("A0", None),
            ("7", None),
            ("A", None),
            ("A99999999999", None),
            ("AAAAAAAAAAAAAAAA1", None),
            ("", None),
        ] {
            assert_eq!(place_of(name), place, "{name}");
        }
    }

    #[test]
    fn formats_of_dates_are_known() {
        for (code, expected) in [
            ("dd-mm-yyyy", true),
            ("[$-413]d mmmm yyyy", true),
            ("h:mm", true),
            ("0.00", false),
            ("General", false),
            ("0\" dagen\"", false),
            ("[Red]0", false),
            ("\\d0", false),
        ] {
            assert_eq!(is_date_format(code), expected, "{code}");
        }
    }

    #[test]
    fn days_become_dates() {
        let base = DateTime::constant(1899, 12, 30, 0, 0, 0, 0);
        for (days, expected) in [
            (46_023.0, Some(Cell::Text("2026-01-01".into()))),
            (46_023.5, Some(Cell::Moment("2026-01-01T12:00:00".into()))),
            (0.0, Some(Cell::Text("1899-12-30".into()))),
            (-1.0, None),
            (1e9, None),
            (f64::NAN, None),
        ] {
            assert_eq!(date_of(days, base), expected, "{days}");
        }
        let mac = DateTime::constant(1904, 1, 1, 0, 0, 0, 0);
        assert_eq!(date_of(44_561.0, mac), Some(Cell::Text("2026-01-01".into())));
    }
}
