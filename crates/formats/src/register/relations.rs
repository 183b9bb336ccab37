//! `relations.csv`.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use schakel_model::relation::{Mandate, RelationKind};

use super::{
    assets::{read_period, word},
    csv_table::{Column, CsvTable, Row},
    organisations::Organisations,
    problem::{Place, ProblemKind, Problems, RegisterFile},
    rows::{RelationKey, RelationRow},
};

const COLUMNS: [Column; 8] = [
    Column { name: "from", required: true },
    Column { name: "kind", required: true },
    Column { name: "to", required: true },
    Column { name: "mandate", required: false },
    Column { name: "scan_consent", required: false },
    Column { name: "valid_from", required: false },
    Column { name: "valid_until", required: false },
    Column { name: "note", required: false },
];

/// Bytes of nothing are a file without rows: not every constituency has relations.
pub(super) fn read(bytes: &[u8], organisations: &Organisations, problems: &mut Problems) -> Vec<RelationRow> {
    let mut rows = Vec::new();
    if bytes.is_empty() {
        return rows;
    }
    let mut lines = Vec::new();
    let Some(mut table) = CsvTable::open(RegisterFile::Relations, bytes, &COLUMNS, problems) else {
        return rows;
    };
    while let Some(row) = table.next_row(problems) {
        let line = row.place.line;
        if let Some(relation) = read_row(row, organisations, problems) {
            rows.push(relation);
            lines.push(line);
        }
    }
    let (rows, lines) = drop_repeats(rows, lines, problems);
    drop_circles(rows, &lines, organisations, problems)
}

fn read_row(row: Row<'_, 8>, organisations: &Organisations, problems: &mut Problems) -> Option<RelationRow> {
    let place = row.place;
    let [from, kind, to, mandate, consent, valid_from, valid_until, note] = row.values;
    // All fields are read before one of them fails the row, so that a person sees everything at once.
    let from = organisations.find(place, "from", from, problems);
    let kind = kind
        .parse::<RelationKind>()
        .map_err(|message| problems.push(place, "kind", kind, ProblemKind::UnknownWord, || message))
        .ok();
    let to = organisations.find(place, "to", to, problems);
    let mandate = word(place, "mandate", mandate, Mandate::default(), problems);
    let scan_consent = read_consent(place, consent, problems);
    let period = read_period(place, valid_from, valid_until, problems);
    let (from, to, (valid_from, valid_until)) = (from?, to?, period?);
    if from == to {
        problems.push(place, "to", &to, ProblemKind::RelationToItself, || {
            format!("`{to}` cannot stand in a relation to itself; correct one of the two")
        });
        return None;
    }
    Some(RelationRow {
        from,
        kind: kind?,
        to,
        mandate: mandate?,
        scan_consent: scan_consent?,
        valid_from,
        valid_until,
        note: note.to_owned(),
    })
}

fn read_consent(place: Place, text: &str, problems: &mut Problems) -> Option<bool> {
    let known =
        [("yes", true), ("no", false), ("ja", true), ("nee", false), ("true", true), ("false", false)];
    if text.is_empty() {
        return Some(false);
    }
    let found = known.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| value);
    if found.is_none() {
        problems.push(place, "scan_consent", text, ProblemKind::UnknownWord, || {
            format!("`{text}` is neither yes nor no: use yes or no")
        });
    }
    found
}

fn drop_repeats(
    rows: Vec<RelationRow>,
    lines: Vec<u64>,
    problems: &mut Problems,
) -> (Vec<RelationRow>, Vec<u64>) {
    let mut known: HashMap<RelationKey<'_>, usize, FixedState> = HashMap::default();
    let mut keep = Vec::with_capacity(rows.len());
    for (at, relation) in rows.iter().enumerate() {
        let first = *known.entry(relation.key()).or_insert(at);
        keep.push(first == at);
        if first != at {
            let (kind, message) = if rows[first] == *relation {
                (ProblemKind::Repeated, "the same row stands on")
            } else {
                (ProblemKind::Duplicate, "the same relation says something else on")
            };
            let place = Place { file: RegisterFile::Relations, line: lines[at] };
            problems.push(place, "from", &relation.from, kind, || {
                format!("{message} line {}; take one of the two out", lines[first])
            });
        }
    }
    drop(known);
    rows.into_iter().zip(lines).zip(keep).filter_map(|(row, keep)| keep.then_some(row)).unzip()
}

/// Takes out the rows that close a circle: of mergers, of those who serve, of those who supply.
fn drop_circles(
    rows: Vec<RelationRow>,
    lines: &[u64],
    organisations: &Organisations,
    problems: &mut Problems,
) -> Vec<RelationRow> {
    let number = |code: &str| organisations.by_code.get(code).copied().unwrap_or(usize::MAX);
    let mut next: HashMap<(RelationKind, usize), Vec<usize>, FixedState> = HashMap::default();
    let mut keep = Vec::with_capacity(rows.len());
    for (row, &line) in rows.iter().zip(lines) {
        let (from, to) = (number(&row.from), number(&row.to));
        let circle = row.kind != RelationKind::ParticipatesIn && reaches(&next, row.kind, to, from);
        keep.push(!circle);
        if circle {
            let place = Place { file: RegisterFile::Relations, line };
            problems.push(place, "to", &row.to, ProblemKind::RelationCycle, || {
                format!(
                    "`{}` {} `{}`, which by way of other rows comes back to `{}`; take one of these rows out",
                    row.from, row.kind, row.to, row.from
                )
            });
        } else {
            next.entry((row.kind, from)).or_default().push(to);
        }
    }
    rows.into_iter().zip(keep).filter_map(|(row, keep)| keep.then_some(row)).collect()
}

/// Is there a way from one organisation to another?
fn reaches(
    next: &HashMap<(RelationKind, usize), Vec<usize>, FixedState>,
    kind: RelationKind,
    from: usize,
    to: usize,
) -> bool {
    let mut seen: HashMap<usize, (), FixedState> = HashMap::default();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at, ()).is_none() {
            open.extend(next.get(&(kind, at)).into_iter().flatten());
        }
    }
    false
}
