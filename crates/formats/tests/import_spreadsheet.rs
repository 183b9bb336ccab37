//! Spreadsheets as people send them: XLSX, ODS and CSV, with everything that can be wrong with them.
#![allow(clippy::unwrap_used)]

use std::io::{Cursor, Write};

use schakel_formats::register::{
    RegisterFiles,
    import::{Format, Import, Options, Scope, Source, import},
    read, write,
};
use zip::{ZipWriter, write::SimpleFileOptions};

fn standing() -> RegisterFiles {
    let reading = read(
        b"id,name,kind\nGM0513,Gouda,municipality\nGM0518,'s-Gravenhage,municipality\n",
        b"organisation,kind,value\n",
        b"organisation,role,email\n",
        b"",
    );
    assert_eq!(reading.errors, 0);
    reading.files
}

fn import_one(name: &str, bytes: &[u8], organisation: Option<&str>) -> Import {
    let options = Options { organisation: organisation.map(str::to_owned), ..Options::default() };
    import(&[Source { name, bytes }], &options, &standing()).unwrap()
}

fn assets(import: &Import) -> Vec<String> {
    lines(&write(&import.reading.files).assets)
}

fn contacts(import: &Import) -> Vec<String> {
    lines(&write(&import.reading.files).contacts)
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8(bytes.to_vec()).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// Place, kind and column of every problem, but for the one about contacts at the end.
fn problems(import: &Import) -> Vec<String> {
    let all = import.reading.problems.iter();
    all.map(|problem| format!("{} {} {}", problem.place, problem.kind.as_str(), problem.column)).collect()
}

fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook with these sheets: name and what stands in `worksheet`.
fn xlsx(sheets: &[(&str, &str)]) -> Vec<u8> {
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut workbook = String::from("<workbook xmlns:r=\"r\"><sheets>");
    let mut relations = format!(
        "<Relationships><Relationship Id=\"rS\" Type=\"{relation}/sharedStrings\" Target=\"sharedStrings.xml\"/>\
         <Relationship Id=\"rF\" Type=\"{relation}/styles\" Target=\"/xl/styles.xml\"/>"
    );
    let mut parts = Vec::new();
    for (at, (name, sheet)) in sheets.iter().enumerate() {
        workbook.push_str(&format!("<sheet name=\"{name}\" sheetId=\"{}\" r:id=\"r{at}\"/>", at + 1));
        relations.push_str(&format!(
            "<Relationship Id=\"r{at}\" Type=\"{relation}/worksheet\" Target=\"worksheets/sheet{at}.xml\"/>"
        ));
        parts.push((
            format!("xl/worksheets/sheet{at}.xml"),
            format!("<?xml version=\"1.0\"?><worksheet>{sheet}</worksheet>"),
        ));
    }
    workbook.push_str("</sheets></workbook>");
    relations.push_str("</Relationships>");
    let shared = "<sst><si><t>IP-reeks</t></si><si><r><t>Opmer</t></r><r><t>king</t></r><rPh><t>x</t></rPh></si><si/></sst>";
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"d\\-m\\-yyyy;@\"/></numFmts>\
        <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
        <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>";
    let fixed = [
        ("xl/workbook.xml", workbook.as_str()),
        ("xl/_rels/workbook.xml.rels", &relations),
        ("xl/sharedStrings.xml", shared),
        ("xl/styles.xml", styles),
    ];
    let all: Vec<(&str, &str)> =
        fixed.into_iter().chain(parts.iter().map(|(name, text)| (name.as_str(), text.as_str()))).collect();
    zip(&all)
}

/// A row of texts.
fn row(number: u32, texts: &[&str]) -> String {
    let cells: String = texts
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
        .map(|(at, text)| {
            let letter = char::from(b'A' + at as u8);
            format!("<c r=\"{letter}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        })
        .collect();
    format!("<row r=\"{number}\">{cells}</row>")
}

#[test]
fn a_sheet_with_a_title_merged_cells_formulas_and_dates_is_read() {
    let sheet = [
        "<sheetData>",
        &row(1, &["Overzicht van onze adressen"]),
        "<row r=\"3\"><c r=\"A3\" t=\"inlineStr\"><is><t>Gemeente</t></is></c><c r=\"B3\" t=\"s\"><v>0</v></c>\
         <c r=\"C3\" t=\"inlineStr\"><is><t>Ingangsdatum</t></is></c><c r=\"D3\" t=\"inlineStr\"><is><t>T/m</t></is></c>\
         <c r=\"E3\" t=\"s\"><v>1</v></c><c r=\"F3\" t=\"inlineStr\"><is><t>Kleur</t></is></c></row>",
        // Dates by a format of their own and by a built-in one; a text with a reference in it; a formula with its result.
        "<row r=\"4\"><c r=\"A4\" t=\"inlineStr\"><is><t>Gemeente Gouda</t></is></c>\
         <c r=\"B4\" t=\"str\"><f>CONCATENATE(\"x\")</f><v>192.0.2.0/25</v></c><c r=\"C4\" s=\"1\"><v>46023</v></c>\
         <c r=\"D4\" s=\"2\"><v>46387</v></c><c r=\"E4\" t=\"inlineStr\"><is><t>kantoor &amp; balie</t></is></c></row>",
        // Below the merged cell; no beginning.
        &row(5, &["", "198.51.100.10 - 198.51.100.11, 2001:db8:513::/48"]),
        "<row r=\"6\"><c r=\"B6\"><f>A1&amp;B1</f></c></row>",
        "<row r=\"7\"><c r=\"B7\" t=\"e\"><v>#REF!</v></c></row>",
        &row(8, &["Den Haag", "203.0.113.0/24"]),
        &row(9, &["GM0518", "203.0.113.999"]),
        "<row r=\"10\"><c r=\"A10\" t=\"s\"><v>2</v></c></row>",
        "</sheetData><mergeCells><mergeCell ref=\"A4:A7\"/><mergeCell ref=\"A1:F1\"/></mergeCells>",
    ]
    .concat();
    let notes = ["<sheetData>", &row(1, &["Vragen?", "Bel ons"]), "</sheetData>"].concat();
    let import = import_one("leden.xlsx", &xlsx(&[("Blad 1", &sheet), ("Toelichting", &notes)]), None);
    assert_eq!((import.format, import.scope), (Format::Spreadsheet, Scope::Additions));
    assert_eq!(
        assets(&import),
        [
            "GM0513,prefix,192.0.2.0/25,owner,2026-01-01,2027-01-01,asserted,,kantoor & balie",
            "GM0513,prefix,198.51.100.10/31,owner,,,asserted,,",
            "GM0513,prefix,2001:db8:513::/48,owner,,,asserted,,",
        ]
    );
    assert_eq!(
        problems(&import),
        [
            "leden.xlsx Blad 1!F3 unknown_column ",
            "leden.xlsx Blad 1!B6 no_result ",
            "leden.xlsx Blad 1!B7 no_result ",
            "leden.xlsx Blad 1!A8 unknown_organisation organisation",
            "leden.xlsx not_taken ",
            "leden.xlsx Blad 1!B4 special_range value",
            "leden.xlsx Blad 1!B5 normalised value",
            "leden.xlsx Blad 1!B5 special_range value",
            "leden.xlsx Blad 1!B5 special_range value",
            "leden.xlsx Blad 1!B9 bad_value value",
        ]
    );
    assert_eq!(import.reading.errors, 4);
}

#[test]
fn people_and_what_they_own_stand_in_one_list_or_in_two_sheets() {
    let people = [
        "<sheetData>",
        &row(1, &["Organisatie", "Voornaam", "Tussenvoegsel", "Achternaam", "Functie", "E-mailadres", "Mobiel"]),
        "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>Gouda</t></is></c><c r=\"B2\" t=\"inlineStr\"><is><t>An</t></is></c>\
         <c r=\"C2\" t=\"inlineStr\"><is><t>de</t></is></c><c r=\"D2\" t=\"inlineStr\"><is><t>Vries</t></is></c>\
         <c r=\"E2\" t=\"inlineStr\"><is><t>CISO / VCIB</t></is></c>\
         <c r=\"F2\" t=\"inlineStr\"><is><t>An &lt;an@gouda.example&gt;</t></is></c><c r=\"G2\"><v>6.12345678E8</v></c></row>",
        &row(3, &["Gouda", "", "", "Piket", "24/7", "", "0182 000000"]),
        &row(4, &["Gouda", "", "", "Jansen", "tuinman", "j@gouda.example"]),
        "</sheetData>",
    ]
    .concat();
    let sites = [
        "<sheetData>",
        &row(1, &["Gemeentecode", "Website", "Rol"]),
        &row(2, &["GM0513", "https://www.gouda.example/, shop.gouda.example", "leverancier"]),
        &row(3, &["GM0513", "https://gouda.example/afspraak"]),
        "</sheetData>",
    ]
    .concat();
    let import = import_one("x.xlsx", &xlsx(&[("Mensen", &people), ("Sites", &sites)]), None);
    assert_eq!(
        contacts(&import),
        [
            "GM0513,ciso,An de Vries,an@gouda.example,0612345678,nl,AMBER,0,,",
            "GM0513,vcib,An de Vries,an@gouda.example,0612345678,nl,AMBER,0,,",
            "GM0513,duty,Piket,,0182 000000,nl,AMBER,0,,",
        ]
    );
    assert_eq!(
        assets(&import),
        [
            "GM0513,hostname,www.gouda.example,supplier,,,asserted,,",
            "GM0513,hostname,shop.gouda.example,supplier,,,asserted,,",
            "GM0513,url,https://gouda.example/afspraak,owner,,,asserted,,",
        ]
    );
    assert_eq!(problems(&import), ["x.xlsx Mensen!E4 unknown_word role", "x.xlsx Mensen!3:3 no_mail email"]);
}

fn ods(table: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content><office:body><office:spreadsheet>{table}</office:spreadsheet>\
         </office:body></office:document-content>"
    );
    zip(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", &content)])
}

#[test]
fn an_ods_with_repeated_and_merged_cells_is_read() {
    let text = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let table = [
        "<table:table table:name=\"Adressen\"><table:table-column/>",
        "<table:table-row table:number-rows-repeated=\"2\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>",
        "<table:table-row>",
        &text("Organisatie"),
        &text("IP-adres"),
        &text("Geldig vanaf"),
        "</table:table-row><table:table-row>",
        "<table:table-cell table:number-rows-spanned=\"2\" office:value-type=\"string\"><text:p>Gou<text:span>da</text:span></text:p></table:table-cell>",
        "<table:table-cell office:value-type=\"string\"><office:annotation><text:p>weg hiermee</text:p></office:annotation><text:p>192.0.2.1</text:p><text:p>192.0.2.2</text:p></table:table-cell>",
        "<table:table-cell office:value-type=\"date\" office:date-value=\"2026-01-31\"><text:p>31-01-26</text:p></table:table-cell>",
        "</table:table-row><table:table-row><table:covered-table-cell/>",
        &text("192.0.2.3"),
        "<table:table-cell table:formula=\"of:=1/0\" calcext:value-type=\"error\" office:value-type=\"string\"><text:p>#DIV/0!</text:p></table:table-cell>",
        "</table:table-row><table:table-row><table:table-cell office:value-type=\"string\"><text:p>GM0518</text:p></table:table-cell>",
        "<table:table-cell table:formula=\"of:=[.A1]\"/></table:table-row>",
        "<table:table-row table:number-rows-repeated=\"3\"><table:table-cell office:value-type=\"string\"><text:p>GM0513</text:p></table:table-cell>",
        &text("192.0.2.9"),
        "</table:table-row>",
        "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>",
        "</table:table>",
    ]
    .concat();
    let import = import_one("leden.ods", &ods(&table), None);
    assert_eq!(
        assets(&import),
        [
            "GM0513,address,192.0.2.1,owner,2026-01-31,,asserted,,",
            "GM0513,address,192.0.2.2,owner,2026-01-31,,asserted,,",
            "GM0513,address,192.0.2.9,owner,,,asserted,,",
        ]
    );
    let broken: Vec<_> =
        problems(&import).into_iter().filter(|problem| !problem.contains("special_range")).collect();
    assert_eq!(
        broken,
        [
            "leden.ods Adressen!C5 no_result ",
            "leden.ods Adressen!B6 no_result ",
            "leden.ods Adressen!B8 repeated value",
            "leden.ods Adressen!B9 repeated value",
        ]
    );
}

#[test]
fn a_csv_of_excel_is_read_for_one_organisation() {
    let csv =
        "Lijst\n\nIP-reeks;Domein;Opmerking\n\"192.0.2.0/24\n198.51.100.7\";;twee\n;gouda.example;\n;nl;\n";
    let import = import_one("lijst.csv", csv.as_bytes(), Some("gouda"));
    assert_eq!(
        assets(&import),
        [
            "GM0513,prefix,192.0.2.0/24,owner,,,asserted,,twee",
            "GM0513,address,198.51.100.7,owner,,,asserted,,twee",
            "GM0513,domain,gouda.example,owner,,,asserted,,",
        ]
    );
    let errors: Vec<_> =
        problems(&import).into_iter().filter(|problem| !problem.contains("special_range")).collect();
    assert_eq!(errors, ["lijst.csv:7 public_suffix value"]);
    let import = import_one("lijst.csv", csv.as_bytes(), None);
    assert_eq!((import.reading.errors, problems(&import)[0].as_str()), (3, "lijst.csv:4 empty organisation"));
    let options = Options { organisation: Some("Elders".to_owned()), ..Options::default() };
    let refused = import_error("lijst.csv", csv.as_bytes(), &options);
    assert!(refused.contains("no organisation has the code or name `Elders`"), "{refused}");
}

fn import_error(name: &str, bytes: &[u8], options: &Options) -> String {
    import(&[Source { name, bytes }], options, &standing()).unwrap_err().to_string()
}

#[test]
fn a_header_that_is_not_understood_is_shown_with_what_is() {
    for (name, bytes) in [
        ("l.csv", b"Gemeinde;Netzbereich;Bemerkung\nGouda;192.0.2.0/24;x\n".to_vec()),
        (
            "l.xlsx",
            xlsx(&[(
                "S",
                &["<sheetData>", &row(1, &["Gemeinde", "Netzbereich"]), &row(2, &["Gouda"]), "</sheetData>"]
                    .concat(),
            )]),
        ),
    ] {
        let import = import_one(name, &bytes, None);
        assert_eq!(problems(&import), [format!("{name} missing_column ")]);
        let message = &import.reading.problems[0].message;
        assert!(message.contains("Found: `Gemeinde`, `Netzbereich`"), "{message}");
        assert!(message.contains("IP-reeks, IP-adres, netwerk / prefix, IP address, network"), "{message}");
        assert_eq!(import.reading.errors, 1);
        assert_eq!(import.reading.files, standing());
    }
}

#[test]
fn what_is_no_spreadsheet_is_refused_with_a_reason() {
    let open_zip = zip(&[("readme.txt", "hello")]);
    for (name, bytes, reason) in [
        ("a.xlsx", &b"PK\x03\x04 not really"[..], "damaged or no spreadsheet"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "damaged or no spreadsheet"),
        ("a.ods", b"", "damaged or no spreadsheet"),
        ("a.xlsx", &open_zip, "no spreadsheet that can be read"),
    ] {
        let import = import_one(name, bytes, None);
        assert_eq!(import.reading.errors, 1, "{name}");
        assert!(import.reading.problems[0].message.contains(reason), "{:?}", import.reading.problems);
    }
    let latin = b"gemeente,ip\nGouda,192.0.2.1\n\xe9,192.0.2.2\n";
    let import = import_one("latin.csv", latin, None);
    assert_eq!(problems(&import)[0], "latin.csv:3 not_utf8 ");
    assert_eq!(assets(&import).len(), 1);
}

#[test]
fn bombs_are_refused_by_their_limit() {
    // 300 MiB of spaces pack into 300 kB.
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("content.xml", SimpleFileOptions::default()).unwrap();
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..300 {
        zip.write_all(&spaces).unwrap();
    }
    let bomb = zip.finish().unwrap().into_inner();
    // A cell that is repeated over the whole sheet.
    let filled = ods(
        "<table:table table:name=\"S\"><table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell \
         table:number-columns-repeated=\"16384\" office:value-type=\"string\" office:string-value=\"x\"/></table:table-row></table:table>",
    );
    // Far apart, and beyond what there is.
    let far = xlsx(&[(
        "S",
        "<sheetData><row><c r=\"A1\" t=\"str\"><v>IP</v></c><c r=\"XFD1048576\"><v>1</v></c><c r=\"A99999999999\"><v>1</v></c>\
         <c r=\"ZZZZZZZZZZZZ1\"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref=\"A1:A1048576\"/></mergeCells>",
    )]);
    for (name, bytes, reason) in [
        ("bomb.ods", bomb, "unpacks to more than 256 MiB"),
        ("filled.ods", filled, "more than 2000000 cells"),
        ("far.xlsx", far, ""),
    ] {
        let import = import_one(name, &bytes, None);
        let messages: Vec<_> =
            import.reading.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert!(reason.is_empty() || messages[0].contains(reason), "{name}: {messages:?}");
        assert!(assets(&import).is_empty());
    }
}

#[test]
fn all_there_is_of_an_organisation_replaces_what_it_had() {
    let first = import_one(
        "a.csv",
        b"gemeente,domein\nGouda,a.example\nGouda,b.example\n's-Gravenhage,c.example\n",
        None,
    );
    let standing = first.reading.files;
    let second =
        Source { name: "b.csv", bytes: b"gemeente,domein,bewijs\nGouda,b.example,desk\nGouda,d.example,\n" };
    let whole = Options { scope: Some(Scope::Whole), ..Options::default() };
    assert!(
        import(&[second], &whole, &standing)
            .unwrap_err()
            .to_string()
            .contains("cannot be the whole register")
    );
    for (scope, expected) in [
        (Scope::Additions, &["a.example", "b.example", "c.example", "d.example"][..]),
        (Scope::Organisations, &["b.example", "c.example", "d.example"]),
    ] {
        let options = Options { scope: Some(scope), ..Options::default() };
        let import = import(&[second], &options, &standing).unwrap();
        let mut values: Vec<_> =
            import.reading.files.assets.iter().map(|row| row.value.to_string()).collect();
        values.sort();
        assert_eq!(values, expected, "{scope:?}");
    }
}

#[test]
fn a_hundred_thousand_rows_are_read() {
    let rows: Vec<[String; 3]> = (0..100_000_u32)
        .map(|number| {
            let (a, b) = (number >> 8, number & 255);
            ["Gouda".to_owned(), format!("10.{}.{}.{b}/32", a >> 8, a & 255), format!("rij {number}")]
        })
        .collect();
    let header = ["gemeente", "ip-reeks", "opmerking"];
    let lines = rows.iter().map(|row| row.join(";"));
    let csv: Vec<String> = [header.join(";")].into_iter().chain(lines).collect();
    let mut sheet = format!("<sheetData>{}", row(1, &header));
    for (number, texts) in (2..).zip(&rows) {
        sheet += &row(number, &texts.each_ref().map(String::as_str));
    }
    let workbook = xlsx(&[("Blad 1", &format!("{sheet}</sheetData>"))]);
    for (name, bytes) in [("groot.csv", csv.join("\n").into_bytes()), ("groot.xlsx", workbook)] {
        let started = std::time::Instant::now();
        let import = import_one(name, &bytes, None);
        eprintln!("100,000 rows of {name}: {:?}", started.elapsed());
        assert_eq!((import.reading.errors, import.reading.files.assets.len()), (0, 100_000), "{name}");
        assert_eq!(import.reading.files.assets[99_999].note, "rij 99999");
        // A private range each; no more of them are listed than anybody reads.
        assert_eq!((import.reading.warnings, import.reading.problems.len()), (100_000, 10_000), "{name}");
    }
}
