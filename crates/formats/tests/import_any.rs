//! Whatever the bytes: an import ends, and the rows it gives are rows that the register's files can have.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use schakel_formats::register::{
    RegisterFiles,
    import::{Format, Options, Scope, Source, import, write_json},
    read, write,
};
use zip::{ZipWriter, write::SimpleFileOptions};

const NAMES: [&str; 8] = [
    "a.csv",
    "a.xlsx",
    "a.ods",
    "a.json",
    "organisations.csv",
    "Netblocks.csv",
    "photo.txt",
    "relations.csv",
];

/// Small files of every format, with what the importers look at.
const TEXTS: [&str; 8] = [
    "Gemeente;IP-reeks;Domein;T/m;E-mail;Functie\nGouda;192.0.2.0-9, 10.0.0.1;a.example;31-1-2026;\"x@a.example\n<y@a.example>\";CISO/24/7\n",
    "code,name,province,domains,mail_domains,shared_domains,valid_until,successor_codes\nGM1,Gouda,,a.example b.example,c.example,,2020-01-01,GM2\n",
    "organisation_id,name,ripe_org_hdl\n1,Gouda,ORG-AB1-RIPE\n",
    "\"Contact\", \"Status\", \"First IP\", \"Last IP\"\n\"Gouda (1)\", \"10.0.0.1\", \"10.0.0.9\", \"Enabled\"\n",
    "Vendor,Product,CPE,Type\nA,B,cpe:/a:a:b,x\n",
    r#"{"format":"schakel-register","version":1,"organisations":[{"id":"X","name":"Y","kind":"hub"}],"assets":[{"organisation":"X","kind":"url","value":"a.example/b","flags":["dynamic"]}]}"#,
    r#"[{"id":1,"name":"Gouda","contacts":[{"email":"a@a.example","roles":["x"]}],"networks":["10.0.0.0/8"],"children":[{"id":2,"name":"Z","asns":[1]}]}]"#,
    r#"{"organisation":[{"organisation_id":1,"name":"A"}],"network":[{"network_id":1,"address":"10.0.0.0/8"}],"organisation_to_network":[{"organisation_id":1,"network_id":1}]}"#,
];

const SHEET: &str = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>IP</t></is></c><c t=\"s\"><v>0</v></c></row>\
    <row r=\"2\"><c r=\"A2\" t=\"str\"><f>A1&amp;B1</f><v>10.0.0.1&#10;10.0.0.2</v></c><c r=\"B2\" s=\"1\"><v>46023.5</v></c></row>\
    <row r=\"3\"><c r=\"A3\"><f/></c><c r=\"XFD1048576\" t=\"e\"><v>#N/A</v></c></row></sheetData>\
    <mergeCells><mergeCell ref=\"A2:B9\"/></mergeCells></worksheet>";

const CONTENT: &str = "<office:spreadsheet><table:table table:name=\"S\"><table:table-row table:number-rows-repeated=\"2\">\
    <table:table-cell table:number-columns-repeated=\"3\"/></table:table-row><table:table-row><table:table-cell \
    office:value-type=\"string\"><text:p>IP</text:p></table:table-cell></table:table-row><table:table-row>\
    <table:table-cell table:number-rows-spanned=\"2\" office:value-type=\"string\"><office:annotation><text:p>x</text:p></office:annotation>\
    <text:p>10.0.0.<text:span>1</text:span></text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>";

fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn xlsx(sheet: &[u8]) -> Vec<u8> {
    let workbook = b"<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>";
    let relations = b"<Relationships><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"s.xml\"/>\
        <Relationship Id=\"b\" Type=\"x/sharedStrings\" Target=\"t.xml\"/><Relationship Id=\"c\" Type=\"x/styles\" Target=\"f.xml\"/></Relationships>";
    zip(&[
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", relations),
        ("xl/t.xml", b"<sst><si><t>Vanaf</t></si></sst>"),
        ("xl/f.xml", b"<styleSheet><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"),
        ("xl/s.xml", sheet),
    ])
}

fn standing() -> RegisterFiles {
    read(
        b"id,name,kind\nGM1,Gouda,municipality\nSO1,Samen,it_partnership\n",
        b"organisation,kind,value,valid_from,proof\nGM1,address,10.0.0.1,2020-01-01,dns\nGM1,domain,a.example,,\n",
        b"organisation,role,email,order\nGM1,ciso,x@a.example,3\n",
        b"from,kind,to\nSO1,serves,GM1\n",
    )
    .files
}

/// What holds for every import.
fn check(name: &str, bytes: &[u8], format: Option<Format>, scope: Option<Scope>) {
    let options = Options { format, organisation: Some("GM1".to_owned()), scope };
    let Ok(import) = import(&[Source { name, bytes }], &options, &standing()) else { return };
    let reading = import.reading;
    let errors = reading.problems.iter().filter(|problem| problem.level().as_str() == "error").count() as u64;
    assert!(reading.errors >= errors);
    assert!(reading.problems.iter().all(|problem| !problem.message.is_empty()));
    let whole = reading.given.len() == 4;
    if whole {
        let written = write(&reading.files);
        let again = read(&written.organisations, &written.assets, &written.contacts, &written.relations);
        assert_eq!(again.files, reading.files, "{name}: {:?}", again.problems);
        assert_eq!(again.errors, 0, "{:?}", again.problems);
    }
    if whole && import.scope == Scope::Additions {
        let standing = standing();
        let kept = |code: &str| reading.files.organisations.iter().any(|row| &*row.code == code);
        assert!(standing.organisations.iter().all(|row| kept(&row.code)), "an addition withdraws nobody");
        assert!(reading.files.assets.len() >= standing.assets.len());
        assert!(reading.files.relations.len() >= standing.relations.len());
    }
}

/// A change at a place: taken out, put in, or replaced.
fn change(bytes: &mut Vec<u8>, (at, length, put): &(prop::sample::Index, usize, Vec<u8>)) {
    let at = at.index(bytes.len() + 1);
    let end = (at + length).min(bytes.len());
    bytes.splice(at..end, put.iter().copied());
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, Vec<u8>)>> {
    let put = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(vec![
            &b"\n"[..],
            b"\"",
            b";",
            b"<",
            b"9999999999",
            b"nl",
            b"\xff",
            b"&#0;",
            b"A1:A9",
            b"1",
            b"/>"
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, put), 0..6)
}

fn scopes() -> impl Strategy<Value = Option<Scope>> {
    prop::sample::select(vec![None, Some(Scope::Additions), Some(Scope::Organisations), Some(Scope::Whole)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_of_any_name_are_read_to_the_end(
        name in prop::sample::select(NAMES.to_vec()),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        format in prop::option::of(prop::sample::select(Format::ALL.to_vec())),
        scope in scopes(),
    ) {
        check(name, &bytes, format, scope);
    }

    #[test]
    fn changed_texts_are_read_to_the_end(
        text in prop::sample::select(TEXTS.to_vec()),
        changes in changes(),
        format in prop::option::of(prop::sample::select(Format::ALL.to_vec())),
        scope in scopes(),
    ) {
        let mut bytes = text.as_bytes().to_vec();
        changes.iter().for_each(|each| change(&mut bytes, each));
        let name = if text.starts_with(['[', '{']) { "a.json" } else { "a.csv" };
        check(name, &bytes, format, scope);
    }

    #[test]
    fn changed_spreadsheets_are_read_to_the_end(changes in changes(), ods in any::<bool>(), outside in any::<bool>()) {
        let mut part = if ods { CONTENT } else { SHEET }.as_bytes().to_vec();
        if !outside {
            changes.iter().for_each(|each| change(&mut part, each));
        }
        let mut bytes = if ods { zip(&[("content.xml", &part)]) } else { xlsx(&part) };
        if outside {
            changes.iter().for_each(|each| change(&mut bytes, each));
        }
        check(if ods { "a.ods" } else { "a.xlsx" }, &bytes, None, None);
    }
}

#[test]
fn the_files_that_are_changed_here_are_read() {
    for (name, bytes, assets) in [
        ("a.xlsx", xlsx(SHEET.as_bytes()), 2),
        ("a.ods", zip(&[("content.xml", CONTENT.as_bytes())]), 0),
        ("a.csv", TEXTS[0].as_bytes().to_vec(), 2),
        ("a.json", write_json(&standing()), 0),
    ] {
        let options = Options { organisation: Some("GM1".to_owned()), ..Options::default() };
        let import = import(&[Source { name, bytes: &bytes }], &options, &standing()).unwrap();
        assert_eq!(import.reading.files.assets.len() - standing().assets.len(), assets, "{name}");
    }
}
