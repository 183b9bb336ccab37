//! `relations.csv`.

use std::collections::{HashMap, HashSet};

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
pub(super) fn read(
    files: &[&[u8]],
    organisations: &Organisations,
    problems: &mut Problems,
) -> Vec<RelationRow> {
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for bytes in files.iter().filter(|bytes| !bytes.is_empty()) {
        let Some(mut table) = CsvTable::open(RegisterFile::Relations, bytes, &COLUMNS, problems) else {
            continue;
        };
        while let Some(row) = table.next_row(problems) {
            let line = row.place.line;
            if let Some(relation) = read_row(row, organisations, problems) {
                rows.push(relation);
                lines.push(line);
            }
        }
    }
    let (rows, lines) = drop_repeats(rows, lines, problems);
    drop_circles(rows, &lines, problems)
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
fn drop_circles(rows: Vec<RelationRow>, lines: &[u64], problems: &mut Problems) -> Vec<RelationRow> {
    let circles = circles(&rows);
    if circles.is_empty() {
        return rows;
    }
    for &at in &circles {
        let place = Place { file: RegisterFile::Relations, line: lines[at] };
        problems.push(place, "to", &rows[at].to, ProblemKind::RelationCycle, || circle_message(&rows[at]));
    }
    let mut circles = circles.into_iter().peekable();
    rows.into_iter()
        .enumerate()
        .filter(|(at, _)| circles.next_if_eq(at).is_none())
        .map(|(_, row)| row)
        .collect()
}

/// What to say of a row that closes a circle.
pub fn circle_message(row: &RelationRow) -> String {
    format!(
        "`{}` {} `{}`, which by way of other rows comes back to `{}`; take one of these rows out",
        row.from, row.kind, row.to, row.from
    )
}

/// The rows that close a circle with those before them, in order: mergers, who serves and who supplies must have an end. Who takes
/// part in what may go round.
pub fn circles(rows: &[RelationRow]) -> Vec<usize> {
    let mut numbers: HashMap<&str, usize, FixedState> = HashMap::default();
    let mut next: HashMap<(RelationKind, usize), Vec<usize>, FixedState> = HashMap::default();
    let mut found = Vec::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.kind != RelationKind::ParticipatesIn) {
        let mut number = |code| {
            let new = numbers.len();
            *numbers.entry(code).or_insert(new)
        };
        let (from, to) = (number(&row.from), number(&row.to));
        if reaches(&next, row.kind, to, from) {
            found.push(at);
        } else {
            next.entry((row.kind, from)).or_default().push(to);
        }
    }
    found
}

/// Is there a way from one organisation to another?
fn reaches(
    next: &HashMap<(RelationKind, usize), Vec<usize>, FixedState>,
    kind: RelationKind,
    from: usize,
    to: usize,
) -> bool {
    let mut seen: HashSet<usize, FixedState> = HashSet::default();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            open.extend(next.get(&(kind, at)).into_iter().flatten());
        }
    }
    false
}
