//! What must hold of any change of the register: an undo brings back what was, and a merger changes nothing before its day and only the
//! organisation from it on.

use std::collections::BTreeSet;

use proptest::prelude::*;
use schakel_formats::register::{
    AssetRow, ContactRow, OrganisationRow, RegisterFile, RegisterFiles, RelationRow, line,
};
use schakel_model::{
    asset::{AssetFlags, AssetValue, Proof, Role},
    language::Language,
    register::{ContactRole, OrganisationKind},
    relation::{Mandate, RelationKind},
    tlp::Tlp,
};
use schakel_rules::{
    register_diff::diff,
    register_merge::{Merger, merge},
    register_selection::{Only, Selection, select},
    register_undo::undo,
};

const CODES: [&str; 4] = ["A", "B", "C", "D"];

fn organisation(code: &str, name: u8) -> OrganisationRow {
    OrganisationRow {
        code: code.into(),
        name: format!("{code}-{name}"),
        kind: OrganisationKind::Municipality,
        parent: None,
        language: Language::Nl,
    }
}

/// Times are small, so that periods meet; the end is behind the beginning.
fn period() -> impl Strategy<Value = (Option<i64>, Option<i64>)> {
    (proptest::option::of(0..10_i64), proptest::option::of(1..10_i64))
        .prop_map(|(from, length)| (from, length.map(|length| from.unwrap_or(0) + length)))
}

fn asset() -> impl Strategy<Value = AssetRow> {
    (0..CODES.len(), 0..3_u8, 0..2_usize, period(), 0..2_u8).prop_map(|(code, value, role, period, note)| {
        AssetRow {
            organisation: CODES[code].into(),
            value: AssetValue::Domain(format!("d{value}.example")),
            role: Role::ALL[role],
            valid_from: period.0,
            valid_until: period.1,
            proof: Proof::Desk,
            flags: AssetFlags::default(),
            note: if note == 0 { String::new() } else { "noted".to_owned() },
        }
    })
}

fn contact() -> impl Strategy<Value = ContactRow> {
    (0..CODES.len(), 0..2_usize, 0..2_u8, period()).prop_map(|(code, role, who, period)| ContactRow {
        organisation: CODES[code].into(),
        role: ContactRole::ALL[role],
        name: String::new(),
        email: format!("p{who}@x.example"),
        phone: String::new(),
        language: Language::Nl,
        tlp_max: Tlp::Amber,
        position: 0,
        valid_from: period.0,
        valid_until: period.1,
    })
}

fn relation() -> impl Strategy<Value = RelationRow> {
    (0..CODES.len(), 1..CODES.len(), period()).prop_map(|(from, step, period)| RelationRow {
        from: CODES[from].into(),
        kind: RelationKind::ParticipatesIn,
        to: CODES[(from + step) % CODES.len()].into(),
        mandate: Mandate::default(),
        scan_consent: false,
        valid_from: period.0,
        valid_until: period.1,
        note: String::new(),
    })
}

/// A register of some of the organisations, where every row has one and every key stands once.
fn files() -> impl Strategy<Value = RegisterFiles> {
    let organisations = proptest::collection::vec(0..3_u8, CODES.len());
    let rows = (
        proptest::collection::vec(asset(), 0..8),
        proptest::collection::vec(contact(), 0..6),
        proptest::collection::vec(relation(), 0..6),
    );
    (organisations, rows).prop_map(|(names, (mut assets, mut contacts, mut relations))| {
        let organisations: Vec<_> = CODES
            .iter()
            .zip(names)
            .filter(|(_, name)| *name > 0)
            .map(|(code, name)| organisation(code, name))
            .collect();
        let there = |code: &str| organisations.iter().any(|row| *row.code == *code);
        assets.retain(|row| there(&row.organisation));
        contacts.retain(|row| there(&row.organisation));
        relations.retain(|row| there(&row.from) && there(&row.to));
        let mut keys = BTreeSet::new();
        assets.retain(|row| keys.insert(format!("{:?}", row.key())));
        contacts.retain(|row| keys.insert(format!("{:?}", row.key())));
        relations.retain(|row| keys.insert(format!("{:?}", row.key())));
        RegisterFiles { organisations, assets, contacts, relations }
    })
}

fn sorted(files: &RegisterFiles) -> Vec<String> {
    let mut lines: Vec<_> = files.organisations.iter().map(line).collect();
    lines.extend(files.assets.iter().map(line));
    lines.extend(files.contacts.iter().map(line));
    lines.extend(files.relations.iter().map(line));
    lines.sort();
    lines
}

/// Does every row have its organisations, and stand once by its key?
fn fits_together(files: &RegisterFiles) -> bool {
    let there = |code: &str| files.organisations.iter().any(|row| *row.code == *code);
    let mut keys = BTreeSet::new();
    files.organisations.iter().all(|row| keys.insert(format!("{}", row.code)))
        && files.assets.iter().all(|row| there(&row.organisation) && keys.insert(format!("{:?}", row.key())))
        && files
            .contacts
            .iter()
            .all(|row| there(&row.organisation) && keys.insert(format!("{:?}", row.key())))
        && files
            .relations
            .iter()
            .all(|row| there(&row.from) && there(&row.to) && keys.insert(format!("{:?}", row.key())))
}

fn holds(from: Option<i64>, until: Option<i64>, at: i64) -> bool {
    from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
}

/// What is true at a time, by the words that a merger does not change; `named` says how an organisation is called.
fn true_at<'a>(files: &'a RegisterFiles, at: i64, named: impl Fn(&'a str) -> &'a str) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for row in files.assets.iter().filter(|row| holds(row.valid_from, row.valid_until, at)) {
        facts.insert(format!("{} {} {}", named(&row.organisation), row.value, row.role));
    }
    for row in files.contacts.iter().filter(|row| holds(row.valid_from, row.valid_until, at)) {
        facts.insert(format!("{} {} {}", named(&row.organisation), row.role, row.email));
    }
    let ours = files.relations.iter().filter(|row| row.kind != RelationKind::MergedInto);
    for row in ours.filter(|row| holds(row.valid_from, row.valid_until, at)) {
        let (from, to) = (named(&row.from), named(&row.to));
        if from != to {
            facts.insert(format!("{from} {} {to}", row.kind));
        }
    }
    facts
}

proptest! {
    #[test]
    fn an_undo_at_once_brings_back_what_was(before in files(), after in files()) {
        let undone = undo(&diff(&before, &after, &RegisterFile::ALL), &after);
        prop_assert_eq!(&undone.touched, &[]);
        prop_assert_eq!(sorted(&undone.files), sorted(&before));
    }

    #[test]
    fn an_undo_after_more_changes_leaves_a_register_that_fits(before in files(), after in files(), now in files()) {
        let undone = undo(&diff(&before, &after, &RegisterFile::ALL), &now);
        prop_assert!(fits_together(&undone.files), "{:#?}", sorted(&undone.files));
        if sorted(&undone.files) != sorted(&before) && sorted(&now) == sorted(&after) {
            prop_assert!(false, "nothing came between, and it is not what was before");
        }
    }

    #[test]
    fn part_of_an_import_fits_too(standing in files(), imported in files(), only in proptest::sample::subsequence(Only::ALL.to_vec(), 0..4)) {
        let selection = Selection { only, organisations: Vec::new() };
        let selected = select(diff(&standing, &imported, &RegisterFile::ALL), &selection, &standing).diff;
        let mut files = standing.clone();
        files.organisations.retain(|row| !selected.organisations.withdrawn.contains(&row));
        files.organisations.extend(selected.organisations.added.iter().map(|row| (*row).clone()));
        files.assets.retain(|row| !selected.assets.withdrawn.contains(&row));
        files.assets.extend(selected.assets.added.iter().map(|row| (*row).clone()));
        files.contacts.retain(|row| !selected.contacts.withdrawn.contains(&row));
        files.contacts.extend(selected.contacts.added.iter().map(|row| (*row).clone()));
        files.relations.retain(|row| !selected.relations.withdrawn.contains(&row));
        files.relations.extend(selected.relations.added.iter().map(|row| (*row).clone()));
        prop_assert!(fits_together(&files), "{:#?}", sorted(&files));
    }

    #[test]
    fn a_merger_changes_nothing_before_its_day_and_only_the_name_after(standing in files(), on in 0..12_i64, goes in 1..3_usize) {
        let old: Vec<String> =
            standing.organisations.iter().take(goes).map(|row| row.code.to_string()).collect();
        prop_assume!(!old.is_empty());
        for into in ["N", "D"] {
            if old.iter().any(|code| code == into) {
                continue;
            }
            let merger = Merger { old: old.clone(), into: organisation(into, 1), on };
            let merged = merge(&standing, &merger).unwrap();
            prop_assert!(fits_together(&merged), "{:#?}", sorted(&merged));
            for at in -1..25 {
                let named = |code| if at >= on && old.iter().any(|one| one == code) { into } else { code };
                prop_assert_eq!(
                    true_at(&merged, at, |code| code),
                    true_at(&standing, at, named),
                    "at {} of a merger of {:?} into {} on {}: {:#?}", at, &old, into, on, sorted(&merged)
                );
            }
        }
    }
}
