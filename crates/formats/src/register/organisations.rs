//! `organisations.csv`.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::FixedState;
use schakel_model::{language::Language, register::OrganisationKind};

use super::{
    csv_table::{Column, CsvTable, Row},
    problem::{Place, ProblemKind, Problems, RegisterFile},
    rows::OrganisationRow,
};

const COLUMNS: [Column; 5] = [
    Column { name: "id", required: true },
    Column { name: "name", required: true },
    Column { name: "kind", required: true },
    Column { name: "parent", required: false },
    Column { name: "language", required: false },
];

/// The line of an organisation that stands and was in no file.
const KNOWN_BEFORE: u64 = 0;

/// The organisations that were read, by code, with the place where each stands.
#[derive(Default)]
pub(super) struct Organisations {
    pub rows: Vec<OrganisationRow>,
    pub lines: Vec<u64>,
    pub by_code: HashMap<Arc<str>, usize, FixedState>,
}

impl Organisations {
    /// Those that stand.
    pub fn of(rows: &[OrganisationRow]) -> Self {
        Self {
            rows: rows.to_vec(),
            lines: vec![KNOWN_BEFORE; rows.len()],
            by_code: rows.iter().enumerate().map(|(at, row)| (Arc::clone(&row.code), at)).collect(),
        }
    }

    /// The organisation of this code; a problem when there is none.
    pub fn find(
        &self,
        place: Place,
        column: &'static str,
        code: &str,
        problems: &mut Problems,
    ) -> Option<Arc<str>> {
        if code.is_empty() {
            problems.push(place, column, code, ProblemKind::Empty, || {
                "the code of the organisation is missing; write the id that it has in organisations.csv"
                    .to_owned()
            });
            return None;
        }
        if let Some((known, _)) = self.by_code.get_key_value(code) {
            return Some(Arc::clone(known));
        }
        problems.push(place, column, code, ProblemKind::UnknownOrganisation, || {
            format!("`{code}` is not in organisations.csv, or its row there has an error; add it or correct the code")
        });
        None
    }
}

/// Reads files; `all` are those known before, each of which a row may replace.
pub(super) fn read(mut all: Organisations, files: &[&[u8]], problems: &mut Problems) -> Organisations {
    for bytes in files {
        read_file(bytes, &mut all, problems);
    }
    check_parents(&mut all, problems);
    all
}

fn read_file(bytes: &[u8], all: &mut Organisations, problems: &mut Problems) {
    let Some(mut table) = CsvTable::open(RegisterFile::Organisations, bytes, &COLUMNS, problems) else {
        return;
    };
    while let Some(row) = table.next_row(problems) {
        let place = row.place;
        let Some(organisation) = read_row(row, problems) else { continue };
        if let Some(&known) = all.by_code.get(&organisation.code)
            && all.lines[known] == KNOWN_BEFORE
        {
            all.rows[known] = organisation;
            all.lines[known] = place.line;
            continue;
        }
        if let Some(&first) = all.by_code.get(&organisation.code) {
            let (kind, message) = if all.rows[first] == organisation {
                (ProblemKind::Repeated, "the same row stands on")
            } else {
                (ProblemKind::Duplicate, "another organisation has this id, on")
            };
            problems.push(place, "id", &organisation.code, kind, || {
                format!("{message} line {}; take one of the two out", all.lines[first])
            });
            continue;
        }
        all.by_code.insert(Arc::clone(&organisation.code), all.rows.len());
        all.rows.push(organisation);
        all.lines.push(place.line);
    }
}

fn read_row(row: Row<'_, 5>, problems: &mut Problems) -> Option<OrganisationRow> {
    let place = row.place;
    let [code, name, kind, parent, language] = row.values;
    for (column, value) in [("id", code), ("name", name)] {
        if value.is_empty() {
            problems.push(place, column, value, ProblemKind::Empty, || {
                format!("the {column} is missing; fill it in")
            });
        }
    }
    let kind = match read_kind(kind) {
        Ok(read) => {
            if !read.as_str().eq_ignore_ascii_case(kind) {
                problems.push(place, "kind", kind, ProblemKind::Normalised, || {
                    format!("`{kind}` is kept as {read}")
                });
            }
            Some(read)
        }
        Err(message) => {
            problems.push(place, "kind", kind, ProblemKind::UnknownWord, || message);
            None
        }
    };
    let language = read_language(place, language, Language::default(), problems);
    if code.is_empty() || name.is_empty() {
        return None;
    }
    let parent = (!parent.is_empty()).then(|| parent.into());
    Some(OrganisationRow {
        code: code.into(),
        name: name.to_owned(),
        kind: kind?,
        parent,
        language: language?,
    })
}

fn read_kind(text: &str) -> Result<OrganisationKind, String> {
    match text {
        // What the register of government organisations calls them all.
        _ if text.eq_ignore_ascii_case("partnership") => Ok(OrganisationKind::JointArrangement),
        _ => text.parse(),
    }
}

/// The language, or the default when the field is empty.
pub(super) fn read_language(
    place: Place,
    text: &str,
    default: Language,
    problems: &mut Problems,
) -> Option<Language> {
    if text.is_empty() {
        return Some(default);
    }
    text.parse()
        .map_err(|message| problems.push(place, "language", text, ProblemKind::UnknownWord, || message))
        .ok()
}

/// A parent must be there, and nobody may be their own forebear. What fails is taken out.
fn check_parents(all: &mut Organisations, problems: &mut Problems) {
    let place =
        |all: &Organisations, at: usize| Place { file: RegisterFile::Organisations, line: all.lines[at] };
    let mut wrong = vec![false; all.rows.len()];
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(all.rows.len());
    for (at, organisation) in all.rows.iter().enumerate() {
        let parent = organisation.parent.as_deref();
        let known = parent.and_then(|parent| all.by_code.get(parent).copied());
        if let (Some(parent), None) = (parent, known) {
            wrong[at] = true;
            all.find(place(all, at), "parent", parent, problems);
        }
        parents.push(known);
    }
    // Every organisation is walked from once: a walk that meets itself has found a cycle, a walk that meets an earlier
    // one has not.
    let mut walked_by = vec![usize::MAX; all.rows.len()];
    for start in 0..all.rows.len() {
        let mut at = start;
        let meeting = loop {
            if walked_by[at] != usize::MAX {
                break (walked_by[at] == start).then_some(at);
            }
            walked_by[at] = start;
            match parents[at] {
                Some(parent) => at = parent,
                None => break None,
            }
        };
        let Some(first) = meeting else { continue };
        let mut at = first;
        loop {
            wrong[at] = true;
            let parent = all.rows[at].parent.as_deref().unwrap_or_default();
            problems.push(place(all, at), "parent", parent, ProblemKind::ParentCycle, || {
                "following the parents leads back to this organisation; take one of them out".to_owned()
            });
            match parents[at] {
                Some(parent) if parent != first => at = parent,
                _ => break,
            }
        }
    }
    drop_wrong(all, wrong, &parents, problems);
}

/// Takes the wrong ones out, and with them those whose parent goes: their row would name nobody.
fn drop_wrong(
    all: &mut Organisations,
    mut wrong: Vec<bool>,
    parents: &[Option<usize>],
    problems: &mut Problems,
) {
    if !wrong.contains(&true) {
        return;
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); all.rows.len()];
    for (at, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            children[*parent].push(at);
        }
    }
    let mut gone: Vec<usize> = (0..wrong.len()).filter(|&at| wrong[at]).collect();
    while let Some(parent) = gone.pop() {
        for &child in &children[parent] {
            if !std::mem::replace(&mut wrong[child], true) {
                let place = Place { file: RegisterFile::Organisations, line: all.lines[child] };
                let code = Arc::clone(&all.rows[parent].code);
                problems.push(place, "parent", &code, ProblemKind::UnknownOrganisation, || {
                    format!("the row of `{code}` has an error; correct that first")
                });
                gone.push(child);
            }
        }
    }
    let mut keep = wrong.iter().map(|wrong| !wrong);
    all.rows.retain(|_| keep.next().unwrap_or(true));
    let mut keep = wrong.iter().map(|wrong| !wrong);
    all.lines.retain(|_| keep.next().unwrap_or(true));
    all.by_code = all.rows.iter().enumerate().map(|(at, row)| (Arc::clone(&row.code), at)).collect();
}
