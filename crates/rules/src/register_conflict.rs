//! Which rows of an import claim what somebody else has proven.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use schakel_formats::register::{AssetRow, RegisterFiles};
use schakel_model::asset::{AssetValue, Proof, Role};

use crate::register_diff::RegisterDiff;

/// An imported asset that another organisation has proven in the same role, at the same time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conflict<'a> {
    /// As it would be imported.
    pub row: &'a AssetRow,
    /// What stands, with its proof.
    pub with: &'a AssetRow,
}

/// The conflicts of new rows with rows that stand and stay, in the order of the import. Several organisations may own one thing:
/// a conflict is to be looked at, and is no error.
pub fn conflicts<'a>(standing: &'a RegisterFiles, diff: &RegisterDiff<'a>) -> Vec<Conflict<'a>> {
    let new = diff.assets.added.iter().filter(|row| !row.flags.excluded);
    let mut by_value: HashMap<(&AssetValue, Role), Vec<(usize, &'a AssetRow)>, FixedState> =
        HashMap::default();
    // Of the two sides the smaller one is kept: a first import is large and meets nothing.
    if standing.assets.iter().any(is_claim) {
        for (at, row) in new.enumerate() {
            by_value.entry((&row.value, row.role)).or_default().push((at, row));
        }
    }
    if by_value.is_empty() {
        return Vec::new();
    }
    let mut leaving: Vec<*const AssetRow> =
        diff.assets.withdrawn.iter().map(|row| &raw const **row).collect();
    leaving.sort_unstable();
    let mut found = Vec::new();
    for with in standing.assets.iter().filter(|row| is_claim(row)) {
        let Some(rows) = by_value.get(&(&with.value, with.role)) else { continue };
        if leaving.binary_search(&&raw const *with).is_ok() {
            continue;
        }
        let others =
            rows.iter().filter(|(_, row)| row.organisation != with.organisation && overlap(row, with));
        found.extend(others.map(|(at, row)| (*at, Conflict { row, with })));
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, conflict)| conflict).collect()
}

fn is_claim(row: &AssetRow) -> bool {
    row.proof > Proof::Asserted && !row.flags.excluded
}

/// Is there a time at which both hold?
fn overlap(one: &AssetRow, other: &AssetRow) -> bool {
    let begins_before_end = |from: Option<i64>, until: Option<i64>| match (from, until) {
        (Some(from), Some(until)) => from < until,
        _ => true,
    };
    begins_before_end(one.valid_from, other.valid_until)
        && begins_before_end(other.valid_from, one.valid_until)
}

#[cfg(test)]
mod tests {
    use schakel_formats::register::{RegisterFile, read};

    use super::*;
    use crate::register_diff::diff;

    fn files(assets: &str) -> RegisterFiles {
        let organisations =
            b"id,name,kind\nA,Adorp,municipality\nB,Bdam,municipality\nC,Cstad,municipality\n";
        let assets = format!("organisation,kind,value,role,valid_from,valid_until,proof,flags\n{assets}");
        let reading = read(organisations, assets.as_bytes(), b"organisation,role,email\n", b"");
        assert_eq!(reading.errors, 0, "{:?}", reading.problems);
        reading.files
    }

    #[test]
    fn what_another_has_proven_at_the_same_time_in_the_same_role_is_in_conflict() {
        let stands = "A,domain,adorp.example,owner,,,dns,\nA,prefix,198.18.0.0/24,owner,,2026-01-01,desk,\n\
            A,domain,claimed.example,owner,,,asserted,\n";
        for (what, row, expected) in [
            ("asserted against proven", "B,domain,adorp.example,owner,,,asserted,", 1),
            ("proven against proven", "B,domain,adorp.example,owner,,,desk,", 1),
            ("another role", "B,domain,adorp.example,supplier,,,desk,", 0),
            ("a part of it", "B,hostname,adorp.example,owner,,,desk,", 0),
            ("carved out", "B,domain,adorp.example,owner,,,desk,excluded", 0),
            ("only asserted", "B,domain,claimed.example,owner,,,desk,", 0),
            ("before the other ends", "B,prefix,198.18.0.0/24,owner,2025-12-31,,desk,", 1),
            ("after the other ended", "B,prefix,198.18.0.0/24,owner,2026-01-01,,desk,", 0),
        ] {
            let standing = files(stands);
            let imported = files(&format!("{stands}{row}\n"));
            let diff = diff(&standing, &imported, &RegisterFile::ALL);
            assert_eq!(diff.assets.added.len(), 1, "{what}");
            assert_eq!(conflicts(&standing, &diff).len(), expected, "{what}");
        }
    }

    #[test]
    fn what_moves_to_another_is_no_conflict_and_neither_is_a_first_import() {
        let standing = files("A,domain,adorp.example,owner,,,dns,\n");
        let moved = files("B,domain,adorp.example,owner,,,dns,\nC,domain,adorp.example,owner,,,desk,\n");
        let change = diff(&standing, &moved, &RegisterFile::ALL);
        assert_eq!((change.assets.withdrawn.len(), conflicts(&standing, &change).len()), (1, 0));
        let nothing = RegisterFiles::default();
        let first = diff(&nothing, &moved, &RegisterFile::ALL);
        assert_eq!(conflicts(&nothing, &first), []);
    }
}
