//! The register as JSON: what is written reads back as the same rows, and what is wrong is told at its place.
#![allow(clippy::unwrap_used)]

use schakel_formats::register::{
    RegisterFile, RegisterFiles,
    import::{Format, Import, ImportError, Options, Scope, Source, import, write_json},
    read,
};

fn register() -> RegisterFiles {
    let reading = read(
        b"id,name,kind,parent,language\nGM1,\"Nieuwstad \"\"aan Zee\"\"\",municipality,SO1,en\nSO1,Samen,it_partnership,,nl\n",
        b"organisation,kind,value,role,valid_from,valid_until,proof,flags,note\n\
          GM1,prefix,192.0.2.0/24,owner,2026-01-01,2027-01-01T12:00:00Z,dns,dynamic;excluded,\"twee\nregels; en , een komma\"\n\
          SO1,product,cpe:2.3:a:example:shop:1.0,supplier,,,,,\nGM1,domain,nieuwstad.example,,,,,,\n",
        b"organisation,role,name,email,phone,language,tlp_max,order,valid_from,valid_until\n\
          GM1,vcib,An,an@nieuwstad.example,0182,nl,RED,2,2026-01-01,\n",
        b"from,kind,to,mandate,scan_consent,valid_from,valid_until,note\nSO1,supplies,GM1,copied,yes,2026-01-01,,\n",
    );
    assert_eq!(reading.errors, 0, "{:?}", reading.problems);
    reading.files
}

fn import_json(json: &[u8], standing: &RegisterFiles) -> Import {
    import(&[Source { name: "register.json", bytes: json }], &Options::default(), standing).unwrap()
}

fn problems(import: &Import) -> Vec<String> {
    let all = import.reading.problems.iter();
    all.map(|problem| format!("{} {} {}", problem.place, problem.kind.as_str(), problem.column)).collect()
}

#[test]
fn what_is_written_reads_back_as_the_same_rows() {
    let register = register();
    let written = write_json(&register);
    let text = String::from_utf8(written.clone()).unwrap();
    assert!(
        text.starts_with(
            "{\n\"format\": \"schakel-register\",\n\"version\": 1,\n\"organisations\": [\n{\"id\":\"GM1\""
        ),
        "{text}"
    );
    for standing in [RegisterFiles::default(), register.clone()] {
        let import = import_json(&written, &standing);
        assert_eq!((import.format, import.scope), (Format::Json, Scope::Whole));
        assert_eq!(import.reading.files, register);
        assert_eq!(import.reading.given, RegisterFile::ALL);
        assert_eq!(import.reading.errors, 0);
    }
    let empty = import_json(&write_json(&RegisterFiles::default()), &register);
    assert_eq!(empty.reading.files, RegisterFiles::default());
}

#[test]
fn a_list_that_is_left_out_changes_nothing_of_its_kind() {
    let json = br#"{"format": "schakel-register", "version": 1, "contacts": [
        {"organisation": "GM1", "role": "acib", "email": "a@nieuwstad.example"},
        {"organisation": "GM1", "role": "acib", "email": "a@nieuwstad.example"},
        {"organisation": "GM9", "role": "acib", "email": "x"}, 7]}"#;
    let import = import_json(json, &register());
    assert_eq!(import.reading.given, [RegisterFile::Contacts]);
    assert_eq!(import.reading.files.contacts.len(), 1);
    assert_eq!(
        problems(&import),
        [
            "register.json contacts[3] bad_value ",
            "register.json contacts[1] repeated email",
            "register.json contacts[2] unknown_organisation organisation",
            "register.json contacts[2] bad_mail email",
        ]
    );
    let repeated = &import.reading.problems[1].message;
    assert!(repeated.contains("register.json contacts[0]"), "{repeated}");
    assert_eq!(import.reading.errors, 3);
}

#[test]
fn json_can_add_to_what_stands() {
    let json = br#"{"format": "schakel-register", "version": 1, "assets": [{"organisation": "GM1", "kind": "domain", "value": "b.example"}]}"#;
    let options = Options { scope: Some(Scope::Additions), ..Options::default() };
    let added = import(&[Source { name: "a.json", bytes: json }], &options, &register()).unwrap();
    assert_eq!(added.reading.files.assets.len(), register().assets.len() + 1);
    assert_eq!(added.reading.files.organisations, register().organisations);
}

#[test]
fn json_of_another_version_or_none_is_refused() {
    for (json, message) in [
        (&br#"{"format": "schakel-register", "version": 2}"#[..], "its version is not 1"),
        (br#"{"format": "schakel-register", "version": 1, "assets": {}}"#, "`assets` is no list"),
    ] {
        let import = import_json(json, &register());
        assert_eq!(import.reading.errors, 1);
        assert!(import.reading.problems[0].message.contains(message), "{:?}", import.reading.problems);
        assert!(import.reading.given.is_empty());
    }
    let refuse = |bytes: &[u8]| {
        import(&[Source { name: "x.json", bytes }], &Options::default(), &register()).unwrap_err()
    };
    assert!(matches!(refuse(b"{\"a\": 1}"), ImportError::Unknown { .. }));
    assert!(matches!(refuse(b"{\"a\": "), ImportError::NoJson { .. }));
    assert!(matches!(refuse(b"\xff\xfe"), ImportError::NoJson { .. }));
    let deep = [b'['; 100_000];
    assert!(matches!(refuse(&deep), ImportError::NoJson { .. }));
}
