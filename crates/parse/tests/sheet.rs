//! Spreadsheets as reports: by a mapping, with what people make of them.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{Cursor, Write};

use schakel_model::event::Event;
use schakel_parse::{Plan, PlanOptions, Records, idf, mapping::Mapping, sheet};
use zip::{ZipWriter, write::SimpleFileOptions};

const MAPPING: &str = r#"
name = "lijst"
provider = "Voorbeeld"
format = "sheet"

[columns]
"IP-adres" = "source.ip"
Poort = "source.port"

[time]
column = "Gezien op"
zone = "Europe/Amsterdam"

[classification]
type = "vulnerable-system"
identifier = "lijst"
"#;

fn mapping(more: &str) -> Mapping {
    Mapping::parse(&MAPPING.replace("[columns]", &format!("{more}\n[columns]"))).unwrap()
}

fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook with these sheets: name, more attributes, and what stands in `worksheet`. Style 1 is a date and a time.
fn xlsx(sheets: &[(&str, &str, &str)]) -> Vec<u8> {
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut workbook = String::from("<workbook xmlns:r=\"r\"><sheets>");
    let mut relations = format!(
        "<Relationships><Relationship Id=\"rT\" Type=\"{kind}/sharedStrings\" Target=\"texts.xml\"/>\
         <Relationship Id=\"rS\" Type=\"{kind}/styles\" Target=\"styles.xml\"/>"
    );
    let mut parts = Vec::new();
    for (at, (name, more, sheet)) in sheets.iter().enumerate() {
        workbook.push_str(&format!("<sheet name=\"{name}\" sheetId=\"{}\" r:id=\"r{at}\" {more}/>", at + 1));
        relations.push_str(&format!(
            "<Relationship Id=\"r{at}\" Type=\"{kind}/worksheet\" Target=\"s{at}.xml\"/>"
        ));
        parts.push((format!("xl/s{at}.xml"), format!("<worksheet>{sheet}</worksheet>")));
    }
    let (workbook, relations) = (workbook + "</sheets></workbook>", relations + "</Relationships>");
    let texts = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(30_000));
    let fixed = [
        ("xl/workbook.xml", workbook.as_str()),
        ("xl/_rels/workbook.xml.rels", &relations),
        ("xl/texts.xml", &texts),
        (
            "xl/styles.xml",
            "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>",
        ),
    ];
    let all: Vec<_> =
        fixed.into_iter().chain(parts.iter().map(|(name, text)| (name.as_str(), text.as_str()))).collect();
    zip(&all)
}

/// A row with texts in it.
fn row(number: u32, texts: &[&str]) -> String {
    let cell = |text: &&str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    format!("<row r=\"{number}\">{}</row>", texts.iter().map(cell).collect::<String>())
}

const HEADER: [&str; 3] = ["Gezien op", "IP-adres", "Poort"];

/// The events, each with the line it stands on.
fn read(mapping: &Mapping, spreadsheet: &[u8]) -> Vec<(u64, Result<Event, String>)> {
    let csv = sheet::to_csv(mapping, spreadsheet).unwrap();
    let options = PlanOptions { mapping: Some(mapping), ..PlanOptions::default() };
    let plan = Plan::for_file("x.xlsx", &csv, &options).unwrap();
    // What is stored of the plan reads the same.
    let plan = Plan::from_definition(&plan.definition()).unwrap();
    let body = &csv[plan.body_offset()..];
    let mut records = Records::new();
    assert_eq!(plan.cutter().cut(body, true, usize::MAX, &mut records), body.len());
    records
        .iter(body)
        .map(|record| (record.line(), plan.event(record).map_err(|reject| reject.code.as_str().to_owned())))
        .collect()
}

fn fields(event: &Event, names: &[&str]) -> Vec<String> {
    let line: serde_json::Value = serde_json::from_str(&idf::to_json(event)).unwrap();
    names.iter().map(|name| line[name].to_string()).collect()
}

#[test]
fn rows_of_a_sheet_are_events_and_have_their_numbers() {
    let rows = format!(
        "<sheetData>{}{}{}{}{}{}</sheetData>",
        row(1, &["Lijst van week 9"]),
        row(3, &["gezien  OP", "IP-adres", "Poort", "Opmerking"]),
        // A date cell, a formula with its value, a number.
        "<row r=\"4\"><c r=\"A4\" s=\"1\"><v>46082.25</v></c><c r=\"B4\" t=\"str\"><f>A1</f><v>192.0.2.1</v></c><c r=\"C4\"><v>443</v></c></row>",
        row(6, &["2026-03-01T05:07:57Z", "192.0.2.2", "80", "two\nlines, \"quoted\""]),
        // A formula without a result, and one with an error.
        "<row r=\"7\"><c r=\"A7\" t=\"inlineStr\"><is><t>2026-03-01 06:00</t></is></c><c r=\"B7\"><f>A1</f></c><c r=\"C7\" t=\"e\"><v>#N/A</v></c></row>",
        row(1_000_000, &["gisteren", "192.0.2.3"]),
    );
    let found = read(&mapping(""), &xlsx(&[("Blad1", "", &rows)]));
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 6, 7, 1_000_000]);
    let events: Vec<&Event> = found.iter().filter_map(|(_, event)| event.as_ref().ok()).collect();
    let names = ["time.source", "source.ip", "source.port", "extra.Opmerking"];
    assert_eq!(fields(events[0], &names), ["\"2026-03-01T05:00:00+00:00\"", "\"192.0.2.1\"", "443", "null"]);
    assert_eq!(
        fields(events[1], &names),
        ["\"2026-03-01T05:07:57+00:00\"", "\"192.0.2.2\"", "80", r#""two lines, \"quoted\"""#]
    );
    // What a cell cannot say stays visible.
    assert_eq!(fields(events[2], &names[..3]), ["\"2026-03-01T05:00:00+00:00\"", "null", "null"]);
    assert!(events[2].text("extra.IP-adres").contains("no result"), "{events:?}");
    assert!(events[2].text("extra.Poort").contains("#N/A"), "{events:?}");
    assert_eq!(found[3].1, Err("bad_time".to_owned()));
}

#[test]
fn merged_cells_hold_for_all_their_rows() {
    let rows = format!(
        "<sheetData>{}{}{}</sheetData><mergeCells><mergeCell ref=\"A2:A3\"/></mergeCells>",
        row(1, &HEADER),
        row(2, &["2026-03-01T05:00:00Z", "192.0.2.1", "1"]),
        "<row r=\"3\"><c r=\"B3\" t=\"inlineStr\"><is><t>192.0.2.2</t></is></c></row>",
    );
    let found = read(&mapping(""), &xlsx(&[("Blad1", "", &rows)]));
    assert_eq!(found.len(), 2);
    let second = found[1].1.as_ref().unwrap();
    assert_eq!(
        fields(second, &["time.source", "source.ip"]),
        ["\"2026-03-01T05:00:00+00:00\"", "\"192.0.2.2\""]
    );
}

#[test]
fn the_example_reads_what_it_is_for() {
    let example = Mapping::parse(include_str!("../../../docs/mappings/lijst.toml")).unwrap();
    let rows = format!(
        "<sheetData>{}{}</sheetData>",
        row(2, &["Gezien op", "IP-adres", "Domeinnaam", "Bevinding"]),
        row(3, &["2026-03-01T06:00:00", "192.0.2.1:443", "www[.]example[.]nl", "oud"]),
    );
    let found = read(&example, &xlsx(&[("Blad1", "", &rows)]));
    let names = ["time.source", "source.ip", "source.fqdn", "event_description.text"];
    let expected = ["\"2026-03-01T05:00:00+00:00\"", "\"192.0.2.1\"", "\"www.example.nl\"", "\"oud\""];
    assert_eq!(fields(found[0].1.as_ref().unwrap(), &names), expected);
}

#[test]
fn an_ods_is_read_as_well() {
    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let header: String = HEADER.iter().map(|text| cell(text)).collect();
    let content = format!(
        "<office:document-content><style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/></style:style>\
         <table:table table:name=\"oud\" table:style-name=\"ta2\"><table:table-row>{header}</table:table-row></table:table>\
         <table:table table:name=\"nu\"><table:table-row>{header}</table:table-row>\
         <table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell/></table:table-row>\
         <table:table-row><table:table-cell office:value-type=\"date\" office:date-value=\"2026-03-01T06:00:00\"/>{}\
         <table:table-cell office:value-type=\"float\" office:value=\"22\"/></table:table-row></table:table></office:document-content>",
        cell("2001:db8::1"),
    );
    let found = read(&mapping(""), &zip(&[("content.xml", &content)]));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, 1_000_002);
    assert_eq!(
        fields(found[0].1.as_ref().unwrap(), &["time.source", "source.ip", "source.port"]),
        ["\"2026-03-01T05:00:00+00:00\"", "\"2001:db8::1\"", "22"]
    );
}

#[test]
fn the_sheet_is_the_one_that_is_meant() {
    let sheet = |address: &str| {
        format!(
            "<sheetData>{}{}</sheetData>",
            row(1, &HEADER),
            row(2, &["2026-03-01T05:00:00Z", address, "1"])
        )
    };
    let (hidden, other, wanted) = (sheet("192.0.2.1"), row(1, &["Uitleg"]), sheet("192.0.2.3"));
    let book = xlsx(&[("Oud", "state=\"hidden\"", &hidden), ("Uitleg", "", &other), ("Nu", "", &wanted)]);
    let address =
        |mapping: &Mapping| fields(read(mapping, &book)[0].1.as_ref().unwrap(), &["source.ip"]).remove(0);
    assert_eq!(address(&mapping("")), "\"192.0.2.3\"");
    assert_eq!(address(&mapping("sheet = \"Oud\"")), "\"192.0.2.1\"");
    let error = sheet::to_csv(&mapping("sheet = \"Later\""), &book).unwrap_err().to_string();
    assert_eq!(error, "the spreadsheet has no sheet `Later`; it has `Oud`, `Uitleg`, `Nu`");
}

#[test]
fn what_cannot_be_read_is_told() {
    let english = format!("<sheetData>{}</sheetData>", row(1, &["Seen", "IP-adres", "Port"]));
    let empty = "<sheetData/>";
    // A text that two million cells share.
    let bomb: String = (1..6_000).map(|_| "<c t=\"s\"><v>0</v></c>").collect();
    let bomb = format!("<sheetData><row>{bomb}</row></sheetData>");
    for (book, expected) in [
        (
            xlsx(&[("Blad1", "", &english)]),
            "Sheet `Blad1` comes nearest: it lacks `Gezien op`, and has `Seen`, `IP-adres`, `Port`",
        ),
        (xlsx(&[("Blad1", "", empty)]), "no sheet with anything in it"),
        (xlsx(&[("Blad1", "", &bomb)]), "more than 128 MiB of text"),
        (b"PK\x03\x04 and nothing more".to_vec(), "damaged or no spreadsheet"),
        (b"a;b;c\n".to_vec(), "damaged or no spreadsheet"),
        (Vec::new(), "damaged or no spreadsheet"),
    ] {
        let error = sheet::to_csv(&mapping(""), &book).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let zeros = "0".repeat(1 << 20);
    let parts: Vec<(String, &str)> = (0..300).map(|at| (format!("x{at}"), zeros.as_str())).collect();
    // Parts that nobody asks for cost nothing; the one that is read is capped.
    let mut all: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let content = zeros.repeat(257);
    all.push(("content.xml", &content));
    let error = sheet::to_csv(&mapping(""), &zip(&all)).unwrap_err().to_string();
    assert!(error.contains("zip bomb"), "{error}");
}

#[test]
fn a_mapping_for_sheets_has_no_keys_of_csv() {
    let said = MAPPING.replace("[columns]", "delimiter = \";\"\n[columns]");
    assert!(Mapping::parse(&said).unwrap_err().to_string().contains("delimiter"));
    let said = MAPPING.replace("\"sheet\"", "\"csv\"").replace("[columns]", "sheet = \"Blad1\"\n[columns]");
    assert!(Mapping::parse(&said).unwrap_err().to_string().contains("is for format = \"sheet\" only"));
    assert!(sheet::is_for(&mapping("")));
}
