//! `assets.csv`.

use std::{collections::HashMap, str::FromStr, sync::Arc};

use foldhash::fast::FixedState;
use schakel_model::asset::{AssetFlags, AssetKind, AssetValue, Proof, Role};

use super::{
    csv_table::{Column, CsvTable, Row},
    dates::read_date,
    organisations::Organisations,
    problem::{Place, ProblemKind, Problems, RegisterFile},
    rows::{AssetKey, AssetRow},
    value::{doubtful, read_value},
};

const COLUMNS: [Column; 9] = [
    Column { name: "organisation", required: true },
    Column { name: "kind", required: true },
    Column { name: "value", required: true },
    Column { name: "role", required: false },
    Column { name: "valid_from", required: false },
    Column { name: "valid_until", required: false },
    Column { name: "proof", required: false },
    Column { name: "flags", required: false },
    Column { name: "note", required: false },
];

pub(super) fn read(files: &[&[u8]], organisations: &Organisations, problems: &mut Problems) -> Vec<AssetRow> {
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for bytes in files {
        let Some(mut table) = CsvTable::open(RegisterFile::Assets, bytes, &COLUMNS, problems) else {
            continue;
        };
        while let Some(row) = table.next_row(problems) {
            let line = row.place.line;
            read_row(row, organisations, problems, &mut rows);
            lines.resize(rows.len(), line);
        }
    }
    check_repeats(rows, &lines, problems)
}

fn read_row(
    row: Row<'_, 9>,
    organisations: &Organisations,
    problems: &mut Problems,
    rows: &mut Vec<AssetRow>,
) {
    let place = row.place;
    let [organisation, kind, value, role, from, until, proof, flags, note] = row.values;
    // All fields are read before one of them fails the row, so that a person sees everything at once.
    let organisation = organisations.find(place, "organisation", organisation, problems);
    let values = read_values(place, kind, value, problems);
    let role = word(place, "role", role, Role::Owner, problems);
    let proof = word(place, "proof", proof, Proof::Asserted, problems);
    let flags = read_flags(place, flags, problems);
    let period = read_period(place, from, until, problems);
    let (
        Some(organisation),
        Some(values),
        Some(role),
        Some(proof),
        Some(flags),
        Some((valid_from, valid_until)),
    ) = (organisation, values, role, proof, flags, period)
    else {
        return;
    };
    for value in values {
        let organisation = Arc::clone(&organisation);
        let note = note.to_owned();
        rows.push(AssetRow { organisation, value, role, valid_from, valid_until, proof, flags, note });
    }
}

fn read_values(place: Place, kind: &str, text: &str, problems: &mut Problems) -> Option<Vec<AssetValue>> {
    let kind = match kind.parse::<AssetKind>() {
        Ok(kind) => kind,
        Err(message) => {
            problems.push(place, "kind", kind, ProblemKind::UnknownWord, || message);
            return None;
        }
    };
    if text.is_empty() {
        problems.push(place, "value", text, ProblemKind::Empty, || {
            format!("the value is missing; write the {kind}")
        });
        return None;
    }
    let values = match read_value(kind, text) {
        Ok(values) => values,
        Err((wrong, message)) => {
            problems.push(place, "value", text, wrong, || message);
            return None;
        }
    };
    if !is_written_so(&values, text) {
        problems.push(place, "value", text, ProblemKind::Normalised, || {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            format!("`{text}` is kept as {}", values.join(", "))
        });
    }
    if let Some((kind, what)) = values.iter().find_map(doubtful) {
        problems
            .push(place, "value", text, kind, || format!("`{text}` is {what}; make sure that it is meant"));
    }
    Some(values)
}

/// Is the normal form what the person wrote?
fn is_written_so(values: &[AssetValue], text: &str) -> bool {
    match values {
        [
            AssetValue::Domain(name)
            | AssetValue::Hostname(name)
            | AssetValue::MailDomain(name)
            | AssetValue::Url(name)
            | AssetValue::RipeHandle(name)
            | AssetValue::Product(name),
        ] => name == text,
        [AssetValue::Asn(asn)] => text.trim_start_matches("AS").parse() == Ok(*asn),
        [value] => {
            use std::fmt::Write;
            let mut shown = Compare { left: text };
            write!(shown, "{value}").is_ok() && shown.left.is_empty()
        }
        _ => false,
    }
}

/// Compares what is written to it with a text, without a buffer: five million values pass here.
struct Compare<'a> {
    left: &'a str,
}

impl std::fmt::Write for Compare<'_> {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        self.left = self.left.strip_prefix(part).ok_or(std::fmt::Error)?;
        Ok(())
    }
}

/// A word of a closed list, or the default when the field is empty.
pub(super) fn word<T: FromStr<Err = String>>(
    place: Place,
    column: &'static str,
    text: &str,
    default: T,
    problems: &mut Problems,
) -> Option<T> {
    if text.is_empty() {
        return Some(default);
    }
    text.parse()
        .map_err(|message| problems.push(place, column, text, ProblemKind::UnknownWord, || message))
        .ok()
}

/// Flags are separated by `;`; in a file whose columns are, a comma or a space will do.
fn read_flags(place: Place, text: &str, problems: &mut Problems) -> Option<AssetFlags> {
    let mut flags = AssetFlags::default();
    for flag in text.split([';', ',', ' ', '|']).filter(|flag| !flag.is_empty()) {
        let (dynamic, shared, excluded) =
            (&mut flags.dynamic, &mut flags.shared_hosting, &mut flags.excluded);
        let known = [("dynamic", dynamic), ("shared_hosting", shared), ("excluded", excluded)];
        match known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(flag)) {
            Some((_, set)) => *set = true,
            None => {
                problems.push(place, "flags", flag, ProblemKind::UnknownWord, || {
                    format!("`{flag}` is no flag: use dynamic, shared_hosting, excluded")
                });
                return None;
            }
        }
    }
    Some(flags)
}

pub(super) type Period = (Option<i64>, Option<i64>);

/// A period; a problem when it is none.
pub(super) fn read_period(place: Place, from: &str, until: &str, problems: &mut Problems) -> Option<Period> {
    let mut read = |column, text: &str| {
        if text.is_empty() {
            return Some(None);
        }
        let date = read_date(text);
        if date.is_none() {
            problems.push(place, column, text, ProblemKind::BadDate, || {
                format!(
                    "`{text}` is no date; write 2026-01-31, or with time and zone 2026-01-31T13:00:00+01:00"
                )
            });
        }
        date.map(Some)
    };
    let (from_date, until_date) = (read("valid_from", from), read("valid_until", until));
    let (from_date, until_date) = (from_date?, until_date?);
    if let (Some(start), Some(end)) = (from_date, until_date)
        && end <= start
    {
        problems.push(place, "valid_until", until, ProblemKind::EndBeforeStart, || {
            format!("the period from {from} until {until} holds no time; the end is not part of it")
        });
        return None;
    }
    Some((from_date, until_date))
}

/// One row for one organisation, value, role and beginning. Others with the same asset are worth a note.
fn check_repeats(rows: Vec<AssetRow>, lines: &[u64], problems: &mut Problems) -> Vec<AssetRow> {
    let mut first_of: HashMap<(&AssetValue, Role), u32, FixedState> =
        HashMap::with_capacity_and_hasher(rows.len(), FixedState::default());
    let mut keys: HashMap<AssetKey<'_>, u32, FixedState> = HashMap::default();
    let mut dropped = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let place = Place { file: RegisterFile::Assets, line: lines[at] };
        let Some(&first) = first_of.get(&(&row.value, row.role)) else {
            first_of.insert((&row.value, row.role), at as u32);
            continue;
        };
        let first = first as usize;
        // Rare from here on: only values that stand more than once are keyed in full.
        keys.entry(rows[first].key()).or_insert(first as u32);
        let same = *keys.entry(row.key()).or_insert(at as u32) as usize;
        if same != at {
            let (kind, message) = if rows[same] == *row {
                (ProblemKind::Repeated, "the same row stands on")
            } else {
                (
                    ProblemKind::Duplicate,
                    "the same asset, with the same role and beginning, says something else on",
                )
            };
            problems.push(place, "value", &row.value.to_string(), kind, || {
                format!("{message} line {}; take one of the two out", lines[same])
            });
            dropped.push(at);
        } else if rows[first].organisation != row.organisation {
            problems.push(place, "value", &row.value.to_string(), ProblemKind::SharedAsset, || {
                format!(
                    "`{}` is also the {} of this, on line {}; both will be told",
                    rows[first].organisation, row.role, lines[first]
                )
            });
        }
    }
    drop((first_of, keys));
    if dropped.is_empty() {
        return rows;
    }
    let mut dropped = dropped.into_iter().peekable();
    rows.into_iter()
        .enumerate()
        .filter(|(at, _)| dropped.next_if_eq(at).is_none())
        .map(|(_, row)| row)
        .collect()
}
