//! The real Register van Overheidsorganisaties, whole; and small files of the same shape for what it does not have.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, fs, path::PathBuf};

use schakel_formats::register::{
    ProblemKind, RegisterFiles,
    import::{Format, Import, Options, Scope, Source, import},
    read, write,
};
use schakel_model::relation::RelationKind;

fn import_files(files: &[(&str, &[u8])], standing: &RegisterFiles) -> Import {
    let sources: Vec<_> = files.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    import(&sources, &Options::default(), standing).unwrap()
}

fn borrowed<'a>(files: &'a [(&'a str, Vec<u8>)]) -> Vec<(&'a str, &'a [u8])> {
    files.iter().map(|(name, bytes)| (*name, &bytes[..])).collect()
}

fn count(import: &Import, kind: ProblemKind) -> usize {
    import.reading.problems.iter().filter(|problem| problem.kind == kind).count()
}

fn kinds(files: &RegisterFiles) -> BTreeMap<&'static str, usize> {
    let mut kinds = BTreeMap::new();
    for row in &files.organisations {
        *kinds.entry(row.kind.as_str()).or_default() += 1;
    }
    kinds
}

fn relations(files: &RegisterFiles, kind: RelationKind) -> usize {
    files.relations.iter().filter(|row| row.kind == kind).count()
}

#[test]
fn the_real_register_imports_whole() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/real"));
    if !folder.exists() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let names = [
        "municipalities.csv",
        "municipalities-historic.csv",
        "partnerships.csv",
        "partnership-participants.csv",
        "constituency.csv",
        "nl-holidays-2024-2032.csv",
    ];
    let bytes = names.map(|name| (name, fs::read(folder.join(name)).unwrap()));
    let import = import_files(&borrowed(&bytes), &RegisterFiles::default());
    let reading = &import.reading;
    assert_eq!((import.format, import.scope), (Format::Roo, Scope::Additions));
    assert_eq!(reading.errors, 0, "{:#?}", reading.problems);
    let files = &reading.files;
    assert_eq!(
        kinds(files),
        BTreeMap::from([
            ("it_partnership", 21),
            ("joint_arrangement", 391),
            ("municipality", 342 + 271),
            ("social_service", 5),
            ("tax_partnership", 17),
        ])
    );
    assert_eq!(relations(files, RelationKind::ParticipatesIn), 3_181);
    assert_eq!(relations(files, RelationKind::MergedInto), 123);
    assert_eq!(count(&import, ProblemKind::NoSuccessor), 148);
    assert_eq!(count(&import, ProblemKind::SpecialRange), 670, "the prefixes made up for tests");
    assert_eq!(count(&import, ProblemKind::SharedAsset), 12);
    assert_eq!((reading.warnings, reading.notes), (148 + 670 + 2, 12));
    let last_two: Vec<_> = reading.problems.iter().rev().take(2).map(ToString::to_string).collect();
    assert_eq!(
        last_two,
        [
            "nl-holidays-2024-2032.csv: warning: nl-holidays-2024-2032.csv not read: the others are the Register van Overheidsorganisaties as CSV files",
            "municipalities.csv: warning: 1047 organisations have no contact yet; what concerns them cannot be told",
        ]
    );
    let domains = files.assets.iter().filter(|row| row.value.kind().as_str() == "domain").count();
    let prefixes = files.assets.iter().filter(|row| row.value.kind().as_str() == "prefix").count();
    assert_eq!((domains, prefixes), (348 + 18, 652 + 41 + 22 + 18));

    // A second time nothing changes, and what is read is what is written.
    let again = import_files(&borrowed(&bytes), files);
    assert_eq!(again.reading.files, *files);
    let written = write(files);
    let native = read(&written.organisations, &written.assets, &written.contacts, &written.relations);
    assert_eq!(native.files, *files);
}

const MUNICIPALITIES: &str = "code,name,province,valid_from,domains,mail_domains,shared_domains
GM1,Nieuwstad,Utrecht,2019-01-01,nieuwstad.example oudstad.example,nieuwstad.example post.example,samen.example
GM2,Elders,Utrecht,1900-01-01,elders.example,,samen.example
";

const DISSOLVED: &str = "code,name,valid_until,website,successor_codes
GM8,Oudstad,2018-12-31,,GM1
,Zoutdam,2015-01-01,,org:gemeente-oudstad
GM9,Verdwenen,2021-01-01,,
GM7,Weg,2020-01-01,,GM999
";

#[test]
fn dissolved_municipalities_merge_into_their_successors() {
    let import = import_files(
        &[("a.csv", MUNICIPALITIES.as_bytes()), ("b.csv", DISSOLVED.as_bytes())],
        &RegisterFiles::default(),
    );
    let mergers = String::from_utf8(write(&import.reading.files).relations).unwrap();
    assert_eq!(
        mergers,
        "from,kind,to,mandate,scan_consent,valid_from,valid_until,note
GM8,merged_into,GM1,through_member,no,2019-01-01,,
former-zoutdam,merged_into,GM8,through_member,no,2015-01-01,,
"
    );
    let warned: Vec<_> = import
        .reading
        .problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::NoSuccessor)
        .map(|problem| format!("{} {}", problem.place, problem.value))
        .collect();
    assert_eq!(warned, ["b.csv:4 GM9", "b.csv:5 GM999"]);
    let assets: Vec<_> = import
        .reading
        .files
        .assets
        .iter()
        .map(|row| format!("{} {} {}", row.organisation, row.value.kind(), row.value))
        .collect();
    assert_eq!(
        assets,
        [
            "GM1 domain nieuwstad.example",
            "GM1 domain oudstad.example",
            "GM1 domain samen.example",
            "GM1 mail_domain post.example",
            "GM2 domain elders.example",
            "GM2 domain samen.example",
        ]
    );
}

#[test]
fn an_import_adds_and_changes_and_leaves_the_rest() {
    let standing = read(
        b"id,name,kind,parent,language\nGM1,Oude naam,municipality,GM3,en\nGM3,Hub,hub,,\n",
        b"organisation,kind,value,valid_from,proof,flags,note\nGM1,domain,nieuwstad.example,2020-01-01,dns,,ours\nGM3,domain,hub.example,,,,\n",
        b"organisation,role,email\nGM1,vcib,desk@nieuwstad.example\n",
        b"",
    );
    assert_eq!(standing.errors, 0);
    let import = import_files(&[("a.csv", MUNICIPALITIES.as_bytes())], &standing.files);
    let written = write(&import.reading.files);
    assert_eq!(
        String::from_utf8(written.organisations).unwrap(),
        "id,name,kind,parent,language\nGM1,Nieuwstad,municipality,GM3,en\nGM3,Hub,hub,,nl\nGM2,Elders,municipality,,nl\n"
    );
    let assets = String::from_utf8(written.assets).unwrap();
    let assets: Vec<_> = assets.lines().skip(1).take(3).collect();
    assert_eq!(
        assets,
        [
            "GM1,domain,nieuwstad.example,owner,2020-01-01,,dns,,ours",
            "GM3,domain,hub.example,owner,,,asserted,,",
            "GM1,domain,oudstad.example,owner,,,asserted,,",
        ]
    );
    assert_eq!(import.reading.files.contacts, standing.files.contacts);
}
