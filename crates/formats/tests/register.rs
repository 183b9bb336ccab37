//! The register's files: every problem with its place, and what is written reads back.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::{collections::HashSet, fmt::Write, path::Path};

use proptest::prelude::*;
use schakel_formats::register::{
    AssetRow, ContactRow, Level, OrganisationRow, PROBLEMS_MAX, ProblemKind, Reading, RegisterFiles,
    RelationRow, read, write,
};
use schakel_model::{
    asset::{AssetFlags, AssetKind, Proof, Role},
    language::Language,
    register::{ContactRole, OrganisationKind},
    relation::{Mandate, RelationKind},
    tlp::Tlp,
};

const ORGANISATIONS: &str = "id,name,kind,parent,language\nA,Adorp,municipality,,\nB,Bdam,municipality,,en\n";
const CONTACTS: &str = "organisation,role,name,email,phone,language,tlp_max\nA,vcib,Ada,ada@adorp.example,,,\nB,acib,Bob,bob@bdam.example,,,\n";

/// `file:line column kind` of each.
fn told(reading: &Reading) -> Vec<String> {
    let place = |problem: &schakel_formats::register::Problem| {
        let file = problem.file.file_name().trim_end_matches(".csv");
        format!("{file}:{} {} {}", problem.line, problem.column, problem.kind.as_str())
    };
    reading.problems.iter().map(place).collect()
}

#[test]
fn complete_files_are_read_as_they_stand() {
    let assets = "organisation,kind,value,role,valid_from,valid_until,proof,flags,note\n\
        A,prefix,45.85.148.0/22,owner,2020-01-01,2026-01-01T12:00:00+01:00,rdap,dynamic;shared_hosting,\"a, b\"\n\
        B,domain,bdam.example,,,,,,\n";
    let reading = read(ORGANISATIONS.as_bytes(), assets.as_bytes(), CONTACTS.as_bytes(), b"");
    assert_eq!(told(&reading), Vec::<String>::new());
    let [first, second] = &reading.files.assets[..] else { panic!("two assets") };
    assert_eq!(
        first,
        &AssetRow {
            organisation: "A".into(),
            value: schakel_model::asset::AssetValue::Prefix("45.85.148.0/22".parse().unwrap()),
            role: Role::Owner,
            valid_from: Some(1_577_836_800),
            valid_until: Some(1_767_265_200),
            proof: Proof::Rdap,
            flags: AssetFlags { dynamic: true, shared_hosting: true, excluded: false },
            note: "a, b".to_owned(),
        }
    );
    assert_eq!((second.role, second.proof, second.valid_from), (Role::Owner, Proof::Asserted, None));
    let contacts = &reading.files.contacts;
    assert_eq!(
        (contacts[0].language, contacts[1].language),
        (Language::Nl, Language::En),
        "that of the organisation"
    );
    assert_eq!(contacts[0].tlp_max, Tlp::Amber);
}

#[test]
fn every_asset_problem_has_its_place() {
    for (row, expected) in [
        ("X,domain,x.example", "assets:2 organisation unknown_organisation"),
        (",domain,x.example", "assets:2 organisation empty"),
        ("A,domein,x.example", "assets:2 kind unknown_word"),
        ("A,domain,", "assets:2 value empty"),
        ("A,domain,nl", "assets:2 value public_suffix"),
        ("A,domain,co.uk", "assets:2 value public_suffix"),
        ("A,prefix,0.0.0.0/0", "assets:2 value everything"),
        ("A,prefix,::/0", "assets:2 value everything"),
        ("A,prefix,1.2.3", "assets:2 value bad_value"),
        ("A,asn,AS", "assets:2 value bad_value"),
        ("A,domain,x.example,eigenaar", "assets:2 role unknown_word"),
        ("A,domain,x.example,,31-12-2025", "assets:2 valid_from bad_date"),
        ("A,domain,x.example,,2026-01-02,2026-01-02", "assets:2 valid_until end_before_start"),
        ("A,domain,x.example,,,,maybe", "assets:2 proof unknown_word"),
        ("A,domain,x.example,,,,,dynamic;fast", "assets:2 flags unknown_word"),
        ("A,domain,x.example,,,,,,,extra", "assets:2  too_many_fields"),
        (
            "A,domain,x.example\nA,domain,X.example.,,,,desk",
            "assets:3 value normalised|assets:3 value duplicate",
        ),
        ("A,domain,x.example\nA,domain,x.example", "assets:3 value repeated"),
        ("A,domain,x.example\nB,domain,x.example", "assets:3 value shared_asset"),
        ("A,domain,x.example\nB,domain,x.example,operator", ""),
        ("A,domain,x.example,,,2026-01-01\nA,domain,x.example,,2026-01-01", ""),
        ("A,prefix,192.168.0.0/24", "assets:2 value special_range"),
        ("A,prefix,198.18.5.0/24", "assets:2 value special_range"),
        ("A,asn,64512", "assets:2 value special_range"),
        ("A,domain,github.io", "assets:2 value private_suffix"),
        ("A,prefix,8.8.8.8/24", "assets:2 value normalised"),
        ("A,prefix,8.8.8.0-8.8.9.255", "assets:2 value normalised"),
        ("A,asn,3320", ""),
        ("A,hostname,WWW.x.example", "assets:2 value normalised"),
        ("A,url,www.x.example", "assets:2 value normalised"),
        (
            "X,domein,x,eigenaar,gisteren,,maybe,fast",
            "assets:2 organisation unknown_organisation|\
          assets:2 kind unknown_word|assets:2 role unknown_word|assets:2 proof unknown_word|assets:2 flags unknown_word|\
          assets:2 valid_from bad_date",
        ),
    ] {
        let assets = format!("organisation,kind,value,role,valid_from,valid_until,proof,flags,note\n{row}\n");
        let reading = read(ORGANISATIONS.as_bytes(), assets.as_bytes(), CONTACTS.as_bytes(), b"");
        assert_eq!(told(&reading).join("|"), expected, "{row}");
        let errors = reading.problems.iter().filter(|problem| problem.level() == Level::Error).count();
        assert_eq!(reading.errors, errors as u64);
        for problem in &reading.problems {
            assert!(
                !problem.message.is_empty() && problem.to_string().starts_with("assets.csv:"),
                "{problem}"
            );
        }
    }
}

#[test]
fn every_organisation_problem_has_its_place() {
    let header = "id,name,kind,parent,language\n";
    for (rows, expected, left) in [
        ("A,Adorp,municipality", "", 1),
        ("A,Adorp,gemeente", "organisations:2 kind unknown_word", 0),
        ("A,Adorp,partnership", "organisations:2 kind normalised", 1),
        (",Adorp,municipality", "organisations:2 id empty", 0),
        ("A,,municipality", "organisations:2 name empty", 0),
        ("A,Adorp,municipality,,fr", "organisations:2 language unknown_word", 0),
        ("A,Adorp,municipality\nA,Bdam,municipality", "organisations:3 id duplicate", 1),
        ("A,Adorp,municipality\nA,Adorp,municipality", "organisations:3 id repeated", 1),
        ("A,Adorp,municipality,X", "organisations:2 parent unknown_organisation", 0),
        ("A,Adorp,municipality,A", "organisations:2 parent parent_cycle", 0),
        (
            "A,Adorp,municipality,B\nB,Bdam,municipality,A\nC,Cstad,municipality,B\nD,Ddorp,municipality",
            "organisations:2 parent parent_cycle|organisations:3 parent parent_cycle|\
             organisations:4 parent unknown_organisation",
            1,
        ),
        ("C,Cstad,municipality,B\nB,Bdam,municipality,A\nA,Adorp,municipality", "", 3),
    ] {
        let reading = read(
            format!("{header}{rows}\n").as_bytes(),
            b"organisation,kind,value\n",
            b"organisation,role,email\n",
            b"",
        );
        let told: Vec<_> = told(&reading).into_iter().filter(|line| !line.ends_with("no_contact")).collect();
        assert_eq!(told.join("|"), expected, "{rows}");
        assert_eq!(reading.files.organisations.len(), left, "{rows}");
    }
}

#[test]
fn every_contact_problem_has_its_place() {
    for (row, expected) in [
        ("A,vcib,,ada@adorp.example", ""),
        ("A,VCIB,,ada@adorp.example,,NL,tlp:red", ""),
        ("X,vcib,,ada@adorp.example", "contacts:2 organisation unknown_organisation"),
        ("A,baas,,ada@adorp.example", "contacts:2 role unknown_word"),
        ("A,vcib,,ada", "contacts:2 email bad_mail"),
        ("A,vcib,,ada@adorp.example;bob@adorp.example", "contacts:2 email bad_mail"),
        ("A,duty,Desk,,+31 20 555", "contacts:2 email no_mail"),
        ("A,vcib,,Ada@Adorp.Example", "contacts:2 email normalised"),
        ("A,vcib,,ada@adorp.example,,,ORANGE", "contacts:2 tlp_max unknown_word"),
        ("A,vcib,,ada@adorp.example,,fr", "contacts:2 language unknown_word"),
        ("A,vcib,,ada@adorp.example\nA,vcib,,ada@adorp.example", "contacts:3 email repeated"),
        ("A,vcib,,ada@adorp.example\nA,vcib,Ada,ada@adorp.example", "contacts:3 email duplicate"),
        ("A,vcib,,ada@adorp.example\nA,acib,,ada@adorp.example", ""),
    ] {
        let contacts = format!("organisation,role,name,email,phone,language,tlp_max\n{row}\n");
        let reading = read(ORGANISATIONS.as_bytes(), b"organisation,kind,value\n", contacts.as_bytes(), b"");
        let told: Vec<_> = told(&reading).into_iter().filter(|line| !line.ends_with("no_contact")).collect();
        assert_eq!(told.join("|"), expected, "{row}");
    }
    let reading =
        read(ORGANISATIONS.as_bytes(), b"organisation,kind,value\n", b"organisation,role,email\n", b"");
    assert_eq!(told(&reading), ["organisations:2 id no_contact", "organisations:3 id no_contact"]);
}

#[test]
fn a_missing_column_or_an_empty_file_is_told_once_and_not_for_every_row() {
    let reading = read(b"id;naam;kind\nA;Adorp;municipality\n", b"", b"organisation,role\n", b"");
    assert_eq!(
        told(&reading),
        [
            "organisations:1  unknown_column",
            "organisations:1 name missing_column",
            "assets:1 organisation missing_column",
            "assets:1 kind missing_column",
            "assets:1 value missing_column",
            "contacts:1 email missing_column",
        ]
    );
    assert_eq!((reading.errors, reading.warnings), (5, 1));
}

#[test]
fn a_file_from_a_spreadsheet_is_read_like_any_other() {
    let organisations = "\u{feff}Language;KIND;Name;ID\r\nnl;Municipality;\"Bergen; op Zoom\";A\r\n;;;\r\n";
    let assets = "\u{feff}value;kind;organisation;flags\r\nexample.nl;DOMAIN;A;dynamic,shared_hosting\r\n";
    let reading = read(
        organisations.as_bytes(),
        assets.as_bytes(),
        b"organisation;role;email\r\nA;Findings;a@example.nl\r\n",
        b"",
    );
    assert_eq!(told(&reading), Vec::<String>::new());
    assert_eq!(reading.files.organisations[0].name, "Bergen; op Zoom");
    assert!(reading.files.assets[0].flags.dynamic && reading.files.assets[0].flags.shared_hosting);
}

#[test]
fn a_million_problems_are_counted_and_ten_thousand_kept() {
    let mut assets = "organisation,kind,value\n".to_owned();
    for _ in 0..PROBLEMS_MAX + 500 {
        assets.push_str("A,domain,nl\n");
    }
    let reading = read(ORGANISATIONS.as_bytes(), assets.as_bytes(), CONTACTS.as_bytes(), b"");
    assert_eq!(reading.errors, PROBLEMS_MAX + 500);
    assert_eq!(reading.problems.len() as u64, PROBLEMS_MAX);
}

#[test]
fn words_of_problems_are_distinct() {
    let words: HashSet<_> = ProblemKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(words.len(), ProblemKind::ALL.len());
}

/// The real constituency, when it is there: 342 municipalities and their partnerships read without an error.
#[test]
fn the_real_constituency_reads_without_error() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/real/constituency.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let mut organisations = "id,name,kind\n".to_owned();
    let mut assets = "organisation,kind,value\n".to_owned();
    let mut seen = HashSet::new();
    for line in text.lines().skip(1) {
        // owner,owner_name,owner_kind,asset_kind,value,…; a name with a comma stands in quotes.
        let (code, rest) = line.split_once(',').unwrap();
        let Some(at) = rest.find(",municipality,").or_else(|| rest.find(",partnership,")) else { continue };
        let (name, rest) = rest.split_at(at);
        let mut fields = rest[1..].split(',');
        let (kind, asset, value) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        if seen.insert(code.to_owned()) {
            writeln!(organisations, "{code},{name},{kind}").unwrap();
        }
        let asset = if asset == "shared_domain" { "domain" } else { asset };
        writeln!(assets, "{code},{asset},{value}").unwrap();
    }
    let reading = read(organisations.as_bytes(), assets.as_bytes(), b"organisation,role,email\n", b"");
    let errors: Vec<_> = reading.problems.iter().filter(|problem| problem.level() == Level::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert!(reading.files.organisations.len() > 342 && reading.files.assets.len() > 1_000);
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z ,;'\"é\u{1F600}=-]{0,12}".prop_map(|text| text.trim().to_owned())
}

fn note() -> impl Strategy<Value = String> {
    "[a-z,;\"\r\n\t]{0,12}".prop_map(|text| text.trim().to_owned())
}

fn date() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(prop_oneof![(0i64..40_000).prop_map(|day| day * 86_400), 0i64..4_000_000_000])
}

fn asset_value() -> impl Strategy<Value = (AssetKind, String)> {
    let label = "[a-z][a-z0-9-]{0,6}[a-z0-9]";
    prop_oneof![
        (any::<u32>(), 1u8..=32).prop_map(|(ip, len)| (
            AssetKind::Prefix,
            format!("{}/{len}", std::net::Ipv4Addr::from_bits(ip))
        )),
        (any::<u128>(), 1u8..=128).prop_map(|(ip, len)| (
            AssetKind::Prefix,
            format!("{}/{len}", std::net::Ipv6Addr::from_bits(ip))
        )),
        any::<u32>().prop_map(|ip| (AssetKind::Address, std::net::Ipv4Addr::from_bits(ip).to_string())),
        (1..u32::MAX).prop_map(|asn| (AssetKind::Asn, asn.to_string())),
        (label, prop::sample::select(vec![AssetKind::Domain, AssetKind::Hostname, AssetKind::MailDomain]))
            .prop_map(|(label, kind)| (kind, format!("{label}.example"))),
        (label, "[a-zA-Z0-9/?=&,;\"%]{0,10}")
            .prop_map(|(label, path)| (AssetKind::Url, format!("https://{label}.example/{path}"))),
        "[A-Z]{2}".prop_map(|code| (AssetKind::Country, code)),
    ]
}

fn names() -> impl Strategy<Value = [String; 3]> {
    prop::array::uniform3(text())
}

fn files() -> impl Strategy<Value = RegisterFiles> {
    let asset = (
        0usize..3,
        asset_value(),
        prop::sample::select(Role::ALL),
        (date(), date()),
        prop::sample::select(Proof::ALL),
        any::<(bool, bool, bool)>(),
        note(),
    );
    let contact = (
        0usize..3,
        prop::sample::select(ContactRole::ALL),
        text(),
        "[a-zA-Z.+']{0,6}x",
        text(),
        prop::sample::select(&Language::ALL[..]),
        prop::sample::select(&Tlp::ALL[..]),
        (any::<u16>(), date()),
    );
    // From an organisation to a later one, so that there are no circles.
    let relation = (
        prop::sample::select(&[(0usize, 1usize), (0, 2), (1, 2)][..]),
        prop::sample::select(RelationKind::ALL),
        prop::sample::select(Mandate::ALL),
        any::<bool>(),
        date(),
        note(),
    );
    let rows = (
        prop::collection::vec(asset, 0..12),
        prop::collection::vec(contact, 0..6),
        prop::collection::vec(relation, 0..6),
    );
    (names(), rows).prop_map(|(names, (assets, contacts, relations))| {
        let codes = ["GM0001", "a b;c", "=\"x\""];
        let organisations = (0..3)
            .map(|at| OrganisationRow {
                code: codes[at].into(),
                name: format!("x{}", names[at]),
                kind: OrganisationKind::ALL[at],
                parent: (at > 0).then(|| codes[at - 1].into()),
                language: Language::ALL[at % 2],
            })
            .collect();
        let mut files = RegisterFiles { organisations, ..RegisterFiles::default() };
        let mut seen = HashSet::new();
        for (at, (kind, value), role, (from, until), proof, (dynamic, shared_hosting, excluded), note) in
            assets
        {
            let period = from.zip(until).is_none_or(|(from, until)| from < until);
            let Ok(values) = schakel_formats::register::read_value(kind, &value) else { continue };
            for value in values.into_iter().filter(|_| period) {
                let row = AssetRow {
                    organisation: codes[at].into(),
                    value,
                    role,
                    valid_from: from,
                    valid_until: until,
                    proof,
                    flags: AssetFlags { dynamic, shared_hosting, excluded },
                    note: note.clone(),
                };
                if seen.insert(format!("{:?}", row.key())) {
                    files.assets.push(row);
                }
            }
        }
        for (at, role, name, local, phone, language, tlp_max, (position, valid_until)) in contacts {
            let email = match local.starts_with('.') {
                true => String::new(),
                false => format!("{local}@adorp.example"),
            };
            let organisation = codes[at].into();
            let row = ContactRow {
                organisation,
                role,
                name,
                email,
                phone,
                language,
                tlp_max,
                position,
                valid_from: None,
                valid_until,
            };
            if seen.insert(format!("{:?}", row.key())) {
                files.contacts.push(row);
            }
        }
        for ((from, to), kind, mandate, scan_consent, valid_from, note) in relations {
            let row = RelationRow {
                from: codes[from].into(),
                kind,
                to: codes[to].into(),
                mandate,
                scan_consent,
                valid_from,
                valid_until: None,
                note,
            };
            if seen.insert(format!("{:?}", row.key())) {
                files.relations.push(row);
            }
        }
        files
    })
}

#[test]
fn relations_that_cannot_be_are_refused_and_the_others_stay() {
    let organisations = "id,name,kind\nA,Adorp,municipality\nB,Bdam,municipality\nS,Steun,it_partnership\n";
    let relations = "from,kind,to,mandate,scan_consent,valid_from,valid_until\n\
        S,serves,A,,,2020-01-01,\nS,supplies,B,copied,ja,,\nA,merged_into,B,,,2027-01-01,\n\
        B,merged_into,A,,,2028-01-01,\nA,serves,A,,,,\nS,serves,X,,,,\nS,owns,A,,,,\n\
        S,supplies,A,sometimes,,,\nS,supplies,A,,perhaps,,\nS,serves,B,,,2021-01-01,2020-01-01\n\
        S,serves,A,,,2020-01-01,\nA,participates_in,S,,,,\nS,participates_in,A,,,,\n";
    let reading = read(
        organisations.as_bytes(),
        b"organisation,kind,value\n",
        b"organisation,role,email\n",
        relations.as_bytes(),
    );
    let told: Vec<_> = told(&reading).into_iter().filter(|line| line.starts_with("relations")).collect();
    assert_eq!(
        told.join("\n"),
        "relations:5 to relation_cycle\nrelations:6 to relation_to_itself\n\
         relations:7 to unknown_organisation\nrelations:8 kind unknown_word\n\
         relations:9 mandate unknown_word\nrelations:10 scan_consent unknown_word\n\
         relations:11 valid_until end_before_start\nrelations:12 from repeated"
    );
    let kept: Vec<_> = reading
        .files
        .relations
        .iter()
        .map(|row| format!("{} {} {} {}", row.from, row.kind, row.to, row.mandate))
        .collect();
    assert_eq!(
        kept,
        [
            "S serves A through_member",
            "S supplies B copied",
            "A merged_into B through_member",
            "A participates_in S through_member",
            "S participates_in A through_member"
        ]
    );
    assert!(reading.files.relations[1].scan_consent);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_as_the_same_rows(files in files()) {
        let written = write(&files);
        let reading = read(&written.organisations, &written.assets, &written.contacts, &written.relations);
        prop_assert_eq!(reading.errors, 0, "{:?}", reading.problems);
        prop_assert!(reading.problems.iter().all(|problem| problem.kind != ProblemKind::Normalised));
        prop_assert_eq!(&reading.files, &files);
        prop_assert_eq!(write(&reading.files), written);
    }

    #[test]
    fn no_bytes_make_it_panic(
        header in prop::sample::select(vec!["organisation,kind,value", "organisation;role;email", "id,name,kind,parent"]),
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[A,;\"\r\n@./:0-9é-]{0,200}".prop_map(String::into_bytes),
        ],
    ) {
        let file = [header.as_bytes(), b"\n", &bytes].concat();
        let reading = read(&file, &file, &file, &file);
        let organisations = b"id,name,kind\n,A,municipality\nA,A,municipality\n";
        let other = read(organisations, &file, &file, &file);
        prop_assert!(reading.errors > 0 || reading.files.assets.is_empty());
        let again = write(&other.files);
        prop_assert_eq!(read(&again.organisations, &again.assets, &again.contacts, &again.relations).files, other.files);
    }
}
