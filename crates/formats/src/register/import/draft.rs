//! What an importer makes of a foreign file: rows of the register's own files, as text, each with its place in the file
//! that a person has before them.
//!
//! The rows are then read by the same code as the register's files, so that one set of rules says what a prefix, a mail
//! address or a date is. An empty field says nothing: what stands in the register stays.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::FixedState;

use super::super::{
    Given, OrganisationRow, Problem, ProblemKind, RegisterFile, RegisterFiles,
    problem::{Level, Place, Problems},
    read, read_beside,
    write::write_row,
};

/// Characters of all fields of one row. The longest honest row is a note of a few paragraphs.
const ROW_CHARS_MAX: usize = 64 << 10;

/// How places in a table of a foreign file are called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Table {
    /// `members.csv:17`
    Lines(String),
    /// `members.xlsx Sheet1!C17`
    Sheet(String),
    /// `contacts.json contacts[3]`
    List(String),
}

/// In which columns of a sheet the columns of the register stand.
pub(super) type Cells = Arc<[(&'static str, u32)]>;

/// A row of a foreign file.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// Which table: its number in [`Draft::tables`].
    pub table: usize,
    /// Which row, as a person counts there.
    pub row: u64,
    /// Of a sheet.
    pub cells: Option<Cells>,
}

/// A row of `organisations.csv`.
#[derive(Default, Debug)]
pub(super) struct OrganisationText {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub parent: String,
    pub language: String,
}

/// A row of `assets.csv`.
#[derive(Default, Debug)]
pub(super) struct AssetText {
    pub organisation: String,
    pub kind: String,
    pub value: String,
    pub role: String,
    pub valid_from: String,
    pub valid_until: String,
    pub proof: String,
    pub flags: String,
    pub note: String,
}

/// A row of `contacts.csv`.
#[derive(Default, Debug)]
pub(super) struct ContactText {
    pub organisation: String,
    pub role: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub language: String,
    pub tlp_max: String,
    pub order: String,
    pub valid_from: String,
    pub valid_until: String,
}

/// A row of `relations.csv`.
#[derive(Default, Debug)]
pub(super) struct RelationText {
    pub from: String,
    pub kind: String,
    pub to: String,
    pub mandate: String,
    pub scan_consent: String,
    pub valid_from: String,
    pub valid_until: String,
    pub note: String,
}

/// The rows an importer found, and what it could not make rows of.
#[derive(Default)]
pub(super) struct Draft {
    pub tables: Vec<Table>,
    pub organisations: Vec<(Spot, OrganisationText)>,
    pub assets: Vec<(Spot, AssetText)>,
    pub contacts: Vec<(Spot, ContactText)>,
    pub relations: Vec<(Spot, RelationText)>,
    problems: Problems,
    /// Notes, warnings and errors that were counted but not listed.
    unlisted: [u64; 3],
}

/// What was read of a draft.
pub(super) struct DraftReading {
    /// The rows of the draft alone.
    pub files: RegisterFiles,
    pub problems: Vec<Problem>,
    pub errors: u64,
    pub warnings: u64,
    pub notes: u64,
}

impl Draft {
    /// Adds a table and gives its number.
    pub fn table(&mut self, table: Table) -> usize {
        self.tables.push(table);
        self.tables.len() - 1
    }

    pub fn problem(
        &mut self,
        spot: &Spot,
        (file, column): (RegisterFile, &'static str),
        value: &str,
        kind: ProblemKind,
        message: impl FnOnce() -> String,
    ) {
        let before = self.problems.list.len();
        self.problems.push(Place { file, line: spot.row }, column, value, kind, message);
        if self.problems.list.len() > before
            && let Some(problem) = self.problems.list.last_mut()
        {
            problem.place = place(&self.tables, spot, column);
        }
    }

    /// Something is wrong with a file as a whole.
    pub fn file_problem(&mut self, name: &str, message: String) {
        let table = self.table(Table::Lines(name.to_owned()));
        let spot = Spot { table, row: 0, cells: None };
        self.problem(&spot, (RegisterFile::Organisations, ""), "", ProblemKind::BadValue, || message);
    }

    /// Reads the rows by the rules of the register's files, as all there is of the kinds that are given.
    pub fn read_whole(mut self, given: &[RegisterFile], standing: &RegisterFiles) -> DraftReading {
        self.refuse_long_rows();
        let written = self.write(&[]);
        let [organisations, assets, contacts, relations] = RegisterFile::ALL
            .map(|file| if given.contains(&file) { vec![written.of(file)] } else { Vec::new() });
        let given = Given { organisations, assets, contacts, relations, ..Given::default() };
        let reading = read_beside(&given, standing);
        let lines = written.lines;
        self.unlisted = [reading.notes, reading.warnings, reading.errors];
        for problem in reading.problems {
            self.take(problem, &lines, 0);
        }
        self.finish(reading.files)
    }

    /// Reads the rows by the rules of the register's files, beside what stands. What refers to an organisation may refer to one that stands.
    pub fn read(mut self, standing: &RegisterFiles) -> DraftReading {
        self.refuse_long_rows();
        self.fill_in(standing);
        let mut files = self.read_files(standing);
        let ours: HashMap<&str, (), FixedState> =
            self.organisations.iter().map(|(_, row)| (row.code.trim(), ())).collect();
        files.organisations.retain(|row| ours.contains_key(&*row.code));
        self.finish(files)
    }

    fn finish(self, files: RegisterFiles) -> DraftReading {
        DraftReading {
            files,
            errors: self.count(Level::Error),
            warnings: self.count(Level::Warning),
            notes: self.count(Level::Note),
            problems: self.problems.list,
        }
    }

    fn count(&self, level: Level) -> u64 {
        self.problems.count(level) + self.unlisted[level as usize]
    }

    fn refuse_long_rows(&mut self) {
        let mut long = Vec::new();
        let mut short = |file, spot: &Spot, fields: &[&String]| {
            let short = fields.iter().map(|field| field.len()).sum::<usize>() <= ROW_CHARS_MAX;
            if !short {
                long.push((file, spot.clone()));
            }
            short
        };
        self.organisations.retain(|(spot, row)| {
            short(RegisterFile::Organisations, spot, &[&row.code, &row.name, &row.kind, &row.parent])
        });
        self.assets.retain(|(spot, row)| {
            short(RegisterFile::Assets, spot, &[&row.organisation, &row.value, &row.flags, &row.note])
        });
        self.contacts.retain(|(spot, row)| {
            short(RegisterFile::Contacts, spot, &[&row.organisation, &row.name, &row.email, &row.phone])
        });
        self.relations
            .retain(|(spot, row)| short(RegisterFile::Relations, spot, &[&row.from, &row.to, &row.note]));
        for (file, spot) in long {
            self.problem(&spot, (file, ""), "", ProblemKind::TooLarge, || {
                format!("the row has more than {ROW_CHARS_MAX} characters; make it shorter")
            });
        }
    }

    /// Writes the rows as the register's files and reads those.
    fn read_files(&mut self, standing: &RegisterFiles) -> RegisterFiles {
        let ours: HashMap<&str, (), FixedState> =
            self.organisations.iter().map(|(_, row)| (row.code.trim(), ())).collect();
        let others: Vec<_> =
            standing.organisations.iter().filter(|row| !ours.contains_key(&*row.code)).collect();
        let written = self.write(&others);
        let [organisations, assets, contacts, relations] = RegisterFile::ALL.map(|file| written.of(file));
        let reading = read(organisations, assets, contacts, relations);
        let reached: HashMap<&str, (), FixedState> =
            reading.files.contacts.iter().map(|row| (&*row.organisation, ())).collect();
        let silent =
            reading.files.organisations.iter().filter(|row| !reached.contains_key(&*row.code)).count();
        self.unlisted = [reading.notes, reading.warnings.saturating_sub(silent as u64), reading.errors];
        for problem in reading.problems {
            // Who has nobody to tell is asked of the whole register, when the rows are in it.
            if problem.kind != ProblemKind::NoContact {
                self.take(problem, &written.lines, others.len());
            }
        }
        reading.files
    }

    /// The rows as the register's files; before them the organisations that stand.
    fn write(&self, others: &[&OrganisationRow]) -> WrittenDraft {
        let mut written = WrittenDraft::default();
        let [organisations, assets, contacts, relations] = RegisterFile::ALL;
        written.line(organisations, &["id", "name", "kind", "parent", "language"]);
        for row in others {
            let parent = row.parent.as_deref().unwrap_or_default();
            written.line(
                organisations,
                &[&row.code, &row.name, row.kind.as_str(), parent, row.language.as_str()],
            );
        }
        for (_, row) in &self.organisations {
            let OrganisationText { code, name, kind, parent, language } = row;
            written.line(organisations, &[code, name, kind, parent, language]);
        }
        let columns =
            ["organisation", "kind", "value", "role", "valid_from", "valid_until", "proof", "flags", "note"];
        written.line(assets, &columns);
        for (_, row) in &self.assets {
            let AssetText { organisation, kind, value, role, valid_from, valid_until, proof, flags, note } =
                row;
            written.line(
                assets,
                &[organisation, kind, value, role, valid_from, valid_until, proof, flags, note],
            );
        }
        let columns = [
            "organisation",
            "role",
            "name",
            "email",
            "phone",
            "language",
            "tlp_max",
            "order",
            "valid_from",
            "valid_until",
        ];
        written.line(contacts, &columns);
        for (_, row) in &self.contacts {
            let ContactText { organisation, role, name, email, phone, language, tlp_max, order, .. } = row;
            let ContactText { valid_from, valid_until, .. } = row;
            written.line(
                contacts,
                &[organisation, role, name, email, phone, language, tlp_max, order, valid_from, valid_until],
            );
        }
        let columns = ["from", "kind", "to", "mandate", "scan_consent", "valid_from", "valid_until", "note"];
        written.line(relations, &columns);
        for (_, row) in &self.relations {
            let RelationText { from, kind, to, mandate, scan_consent, valid_from, valid_until, note } = row;
            written.line(relations, &[from, kind, to, mandate, scan_consent, valid_from, valid_until, note]);
        }
        written
    }

    /// A problem of the written files, told at its place in the foreign one.
    fn take(&mut self, problem: Problem, lines: &[Vec<u64>; 4], others: usize) {
        let unlisted = &mut self.unlisted[problem.level() as usize];
        *unlisted = unlisted.saturating_sub(1);
        if problem.line == 0 {
            self.problem(
                &Spot { table: 0, row: 0, cells: None },
                (problem.file, problem.column),
                &problem.value,
                problem.kind,
                || problem.message,
            );
            return;
        }
        let spot_of = |line: u64| {
            // The first line is the header.
            let at = lines[problem.file as usize].binary_search(&line).ok()?.checked_sub(1)?;
            match problem.file {
                RegisterFile::Organisations => {
                    self.organisations.get(at.checked_sub(others)?).map(|row| &row.0)
                }
                RegisterFile::Assets => self.assets.get(at).map(|row| &row.0),
                RegisterFile::Contacts => self.contacts.get(at).map(|row| &row.0),
                RegisterFile::Relations => self.relations.get(at).map(|row| &row.0),
            }
        };
        // What is wrong with a row that stands is not this file's affair.
        let Some(spot) = spot_of(problem.line).cloned() else { return };
        let message = match problem.kind {
            ProblemKind::Repeated | ProblemKind::Duplicate | ProblemKind::SharedAsset => {
                let other = |line| spot_of(line).map(|spot| place(&self.tables, spot, problem.column));
                with_place(&problem.message, other)
            }
            _ => problem.message,
        };
        self.problem(&spot, (problem.file, problem.column), &problem.value, problem.kind, || message);
    }
}

/// `... line 12 ...` with the place that line 12 was made from.
fn with_place(message: &str, place: impl Fn(u64) -> Option<String>) -> String {
    let found = message.rfind("line ").and_then(|at| {
        let rest = &message[at + "line ".len()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        Some((at, &rest[digits..], place(rest[..digits].parse().ok()?)?))
    });
    match found {
        Some((at, rest, place)) => format!("{}{place}{rest}", &message[..at]),
        None => message.to_owned(),
    }
}

fn place(tables: &[Table], spot: &Spot, column: &str) -> String {
    let row = spot.row;
    match tables.get(spot.table) {
        Some(Table::Lines(name) | Table::Sheet(name)) if row == 0 => name.clone(),
        Some(Table::Lines(name)) => format!("{name}:{row}"),
        Some(Table::Sheet(name)) => {
            let known = spot.cells.iter().flat_map(|cells| cells.iter());
            match known.clone().find(|(name, _)| *name == column) {
                Some((_, at)) => format!("{name}!{}{row}", column_letters(*at)),
                None => format!("{name}!{row}:{row}"),
            }
        }
        Some(Table::List(name)) => format!("{name}[{row}]"),
        None => String::new(),
    }
}

/// `A`, `B`, ... `Z`, `AA`: the name of a column, counted from 0.
pub(super) fn column_letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + (left % 26) as u8));
        left /= 26;
    }
    letters.into_iter().rev().collect()
}

/// A draft as the register's files, with the line on which each row begins: a note may have several lines.
#[derive(Default)]
struct WrittenDraft {
    files: [Vec<u8>; 4],
    lines: [Vec<u64>; 4],
    next: [u64; 4],
}

impl WrittenDraft {
    fn of(&self, file: RegisterFile) -> &[u8] {
        &self.files[file as usize]
    }

    fn line(&mut self, file: RegisterFile, values: &[&str]) {
        let file = file as usize;
        write_row(&mut self.files[file], values);
        self.lines[file].push(self.next[file] + 1);
        let ends: usize =
            values.iter().map(|value| memchr::memchr_iter(b'\n', value.as_bytes()).count()).sum();
        self.next[file] += 1 + ends as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_a_spreadsheet_does() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (16_383, "XFD")] {
            assert_eq!(column_letters(column), letters);
        }
    }

    #[test]
    fn a_message_about_two_rows_names_both_places() {
        let place = |line| (line == 12).then(|| "a.xlsx S!C9".to_owned());
        assert_eq!(
            with_place("the same row stands on line 12; take one out", place),
            "the same row stands on a.xlsx S!C9; take one out"
        );
        for untouched in ["no number in line", "the line 13 is another", ""] {
            assert_eq!(with_place(untouched, place), untouched);
        }
    }
}
