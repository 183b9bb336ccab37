//! Taking a change of the register back: what stands, with the rows of that change as they were before it.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use foldhash::fast::FixedState;
use schakel_formats::register::{
    AssetRow, ContactRow, OrganisationRow, RegisterFile, RegisterFiles, RelationRow, Row, line,
};

use crate::register_diff::{Changes, RegisterDiff};

/// What would stand, and what could not be taken back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undone {
    /// The register without the change.
    pub files: RegisterFiles,
    /// Rows that stay as they are, because a later change touched them or needs them.
    pub touched: Vec<Touched>,
}

/// A row that is not taken back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Touched {
    /// In which file.
    pub file: RegisterFile,
    /// As the change left it, or as it was before when the change withdrew it.
    pub row: String,
}

/// Takes a change back. `change` is what it did; `current` is what stands now. A row that a later change has touched again stays as it is
/// now, and so does an organisation that later rows belong to.
pub fn undo(change: &RegisterDiff<'_>, current: &RegisterFiles) -> Undone {
    let mut touched = Vec::new();
    let mut organisations = undo_rows(
        &change.organisations,
        &current.organisations,
        |row: &OrganisationRow| row.code.to_string(),
        &mut Touches { file: RegisterFile::Organisations, list: &mut touched },
    );
    let assets = undo_rows(
        &change.assets,
        &current.assets,
        |row: &AssetRow| {
            let (organisation, value, role, from) = row.key();
            (organisation.to_owned(), value.clone(), role, from)
        },
        &mut Touches { file: RegisterFile::Assets, list: &mut touched },
    );
    let contacts = undo_rows(
        &change.contacts,
        &current.contacts,
        |row: &ContactRow| {
            let (organisation, role, who, from) = row.key();
            (organisation.to_owned(), role, who.to_owned(), from)
        },
        &mut Touches { file: RegisterFile::Contacts, list: &mut touched },
    );
    let relations = undo_rows(
        &change.relations,
        &current.relations,
        |row: &RelationRow| {
            let (one, kind, other, until) = row.key();
            (one.to_owned(), kind, other.to_owned(), until)
        },
        &mut Touches { file: RegisterFile::Relations, list: &mut touched },
    );
    // An organisation that the change brought stays when rows of later changes need it; rows come back only to one that stands.
    let mut codes: HashSet<String, FixedState> =
        organisations.iter().map(|row| row.code.to_string()).collect();
    let rows = RegisterFiles { organisations: Vec::new(), assets, contacts, relations };
    let needed = owners(&rows);
    let back = current.organisations.iter().filter(|row| !codes.contains(&*row.code));
    let back: Vec<_> = back.filter(|row| needed.contains(&*row.code)).cloned().collect();
    for row in back {
        touched.push(Touched { file: RegisterFile::Organisations, row: line(&row) });
        codes.insert(row.code.to_string());
        organisations.push(row);
    }
    let RegisterFiles { mut assets, mut contacts, mut relations, .. } = rows;
    let mut stays = |file, row: String, stands: bool| {
        if !stands {
            touched.push(Touched { file, row });
        }
        stands
    };
    let has = |code: &str| codes.contains(code);
    assets.retain(|row| stays(RegisterFile::Assets, line(row), has(&row.organisation)));
    contacts.retain(|row| stays(RegisterFile::Contacts, line(row), has(&row.organisation)));
    relations.retain(|row| stays(RegisterFile::Relations, line(row), has(&row.from) && has(&row.to)));
    Undone { files: RegisterFiles { organisations, assets, contacts, relations }, touched }
}

/// The organisations that rows belong to.
fn owners(rows: &RegisterFiles) -> HashSet<Arc<str>, FixedState> {
    let assets = rows.assets.iter().map(|row| &row.organisation);
    let contacts = rows.contacts.iter().map(|row| &row.organisation);
    let relations = rows.relations.iter().flat_map(|row| [&row.from, &row.to]);
    assets.chain(contacts).chain(relations).cloned().collect()
}

struct Touches<'t> {
    file: RegisterFile,
    list: &'t mut Vec<Touched>,
}

fn undo_rows<T: Clone + PartialEq + Row, K: Eq + Hash>(
    changes: &Changes<'_, T>,
    current: &[T],
    key: impl Fn(&T) -> K,
    touches: &mut Touches<'_>,
) -> Vec<T> {
    // By key: the row as the change left it, and as it was before.
    let mut back: HashMap<K, (Option<&T>, Option<&T>), FixedState> = HashMap::default();
    back.extend(changes.added.iter().map(|row| (key(row), (Some(*row), None))));
    back.extend(
        changes.changed.iter().map(|change| (key(change.after), (Some(change.after), Some(change.before)))),
    );
    back.extend(changes.withdrawn.iter().map(|row| (key(row), (None, Some(*row)))));
    let mut rows = Vec::with_capacity(current.len());
    let mut touched = |row: &T| touches.list.push(Touched { file: touches.file, row: line(row) });
    for row in current {
        match if back.is_empty() { None } else { back.remove(&key(row)) } {
            None => rows.push(row.clone()),
            Some((Some(left), before)) if left == row => rows.extend(before.cloned()),
            // It was withdrawn and stands again, or says something else by now.
            Some((left, before)) => {
                left.or(before).into_iter().for_each(&mut touched);
                rows.push(row.clone());
            }
        }
    }
    // What does not stand any more: it was withdrawn by the change and comes back, or by a later one and stays away.
    for withdrawn in &changes.withdrawn {
        if let Some((None, Some(row))) = back.remove(&key(withdrawn)) {
            rows.push(row.clone());
        }
    }
    for left in changes.added.iter().copied().chain(changes.changed.iter().map(|change| change.after)) {
        if back.remove(&key(left)).is_some() {
            touched(left);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use schakel_formats::register::read;

    use super::*;
    use crate::register_diff::diff;

    fn files(organisations: &[&str], assets: &[&str]) -> RegisterFiles {
        let organisations: String =
            organisations.iter().map(|code| format!("{code},{code}dorp,municipality\n")).collect();
        let reading = read(
            format!("id,name,kind\n{organisations}").as_bytes(),
            format!("organisation,kind,value,note\n{}\n", assets.join("\n")).as_bytes(),
            b"organisation,role,email\n",
            b"",
        );
        assert_eq!(reading.errors, 0, "{:?}", reading.problems);
        reading.files
    }

    fn sorted(files: &RegisterFiles) -> Vec<String> {
        let mut lines: Vec<_> =
            files.organisations.iter().map(line).chain(files.assets.iter().map(line)).collect();
        lines.sort();
        lines
    }

    #[test]
    fn a_change_taken_back_at_once_leaves_what_was_before() {
        let before = files(&["A", "B"], &["A,domain,a.example,old", "B,domain,b.example,"]);
        let after = files(&["A", "C"], &["A,domain,a.example,new", "C,domain,c.example,"]);
        let undone = undo(&diff(&before, &after, &RegisterFile::ALL), &after);
        assert_eq!((sorted(&undone.files), undone.touched), (sorted(&before), vec![]));
    }

    #[test]
    fn what_a_later_change_touched_stays() {
        let before = files(&["A"], &["A,domain,a.example,old", "A,domain,gone.example,"]);
        let after = files(&["A", "C"], &["A,domain,a.example,new", "A,domain,more.example,"]);
        // Later: another note, the new one withdrawn, the withdrawn one back, C got an asset.
        let now = files(
            &["A", "C"],
            &["A,domain,a.example,newer", "A,domain,gone.example,", "C,domain,c.example,"],
        );
        let undone = undo(&diff(&before, &after, &RegisterFile::ALL), &now);
        assert_eq!(sorted(&undone.files), sorted(&now));
        let touched: Vec<_> = undone.touched.iter().map(|one| (one.file, &*one.row)).collect();
        assert_eq!(
            touched,
            [
                (RegisterFile::Assets, "A,domain,a.example,owner,,,asserted,,new"),
                (RegisterFile::Assets, "A,domain,gone.example,owner,,,asserted,,"),
                (RegisterFile::Assets, "A,domain,more.example,owner,,,asserted,,"),
                (RegisterFile::Organisations, "C,Cdorp,municipality,,nl"),
            ]
        );
    }

    #[test]
    fn a_row_comes_back_only_to_an_organisation_that_stands() {
        let before = files(&["A", "B"], &["B,domain,b.example,"]);
        let after = files(&["A", "B"], &[]);
        let now = files(&["A"], &[]);
        let undone = undo(&diff(&before, &after, &RegisterFile::ALL), &now);
        assert_eq!((sorted(&undone.files), undone.touched.len()), (sorted(&now), 1));
    }
}
