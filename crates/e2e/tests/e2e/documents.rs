//! Documents that hold events in their own way: taken in like a container, with the document kept as it came.

use serde_json::{Value, json};

use crate::installation::{Installation, count};

/// An X-ARF report about an address.
fn report(address: &str) -> Value {
    json!({
        "xarf_version": "4.0.0",
        "report_id": "0a9f3f2e-6f0c-4d61-9b6e-5a4a3c7d1e20",
        "timestamp": "2026-11-20T03:00:00Z",
        "reporter": { "org": "Melder", "contact": "abuse@melder.example", "domain": "melder.example" },
        "sender": { "org": "Melder", "contact": "abuse@melder.example", "domain": "melder.example" },
        "source_identifier": address,
        "category": "connection",
        "type": "login_attack",
        "protocol": "tcp",
        "first_seen": "2026-11-20T02:55:00Z",
    })
}

#[test]
fn a_document_is_taken_in_like_a_container_of_events() {
    let installation = Installation::new();
    let whole = json!([report("198.51.100.1"), "not a report", report("192.0.2.1")]).to_string();
    let file = installation.file("report.json", &whole);
    installation.run(&["ingest", &file]).ended(3);
    let ledger = installation.ledger();
    let sums = ["rows", "rejected", "events"].map(|key| count(&ledger[key]));
    assert_eq!(sums, [3, 1, 2], "{ledger}");
    // Eikendam owns the address, Hulpbron operates it, and the other is nobody's.
    assert_eq!([installation.fate("queued"), installation.fate("unrouted")], [2, 1]);
    installation.assert_sound();

    let renamed = installation.file("again.json", &whole);
    assert_eq!(installation.ingest(&renamed)["report_known"], true, "the same bytes are one report");
    assert_eq!(count(&installation.ledger()["rows"]), 3);
}

#[test]
fn an_event_of_a_document_leads_to_its_mail() {
    let installation = Installation::new();
    let file = installation.file("report.json", report("198.51.100.1").to_string());
    installation.ingest(&file);
    installation.run(&["tell"]).ended(0);
    let traced = installation.run(&["trace", "1:1"]).ended(0).stdout;
    for part in ["report.json", "brute-force", "mail to cert@eikendam.example"] {
        assert!(traced.contains(part), "`{part}` is not in {traced}");
    }
    assert_eq!(installation.fate("notified"), 2);
    installation.assert_sound();
}

#[test]
fn a_reject_shows_the_bytes_of_the_document() {
    use base64::{Engine, engine::general_purpose::STANDARD};

    let installation = Installation::new();
    let file = installation.file("report.json", json!([report("192.0.2.1"), "odd"]).to_string());
    let parsed = installation.run(&["parse", &file, "--format", "idf"]).ended(3);
    let rejects = crate::program::json_lines(&parsed.stderr);
    let raw = STANDARD.decode(rejects[0]["raw_base64"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(raw).unwrap(), r#""odd""#);
}

#[test]
fn a_secret_of_a_row_is_shown_to_nobody() {
    let installation = Installation::new();
    let rows = "timestamp,protocol,src_ip,src_port,dst_ip,dst_port,service,username,password,payload_url\n\
        2026-11-20 03:00:00,tcp,198.51.100.1,50000,192.0.2.1,22,ssh,root,s3cr3t-word,http://jan:s3cr3t-word@192.0.2.2/x\n\
        never,tcp,198.51.100.1,50000,192.0.2.1,22,ssh,root,s3cr3t-word,\n";
    let file = installation.file("2026-11-20-event4_honeypot_brute_force-x.csv", rows);
    installation.run(&["ingest", &file]).ended(3);
    installation.run(&["tell"]).ended(0);
    let traced = installation.run(&["trace", "1:1"]).ended(0).stdout;
    assert!(traced.contains("[masked ") && traced.contains("198.51.100.1"), "{traced}");
    let rejects = installation.json(&["ledger", "--list", "rejected"]);
    let raw = rejects["events"].to_string() + &rejects.to_string();
    let sealed = installation.run(&["reports", "--raw", "1"]).ended(0).stdout;
    assert!(sealed.contains("s3cr3t-word"), "the report itself is kept as it came");
    use base64::{Engine, engine::general_purpose::STANDARD};
    let hidden = STANDARD.encode("never,tcp,198.51.100.1,50000,192.0.2.1,22,ssh,root,s3cr3t-word,");
    for shown in [&traced, &raw, &installation.mails().concat()] {
        assert!(!shown.contains("s3cr3t") && !shown.contains(&hidden), "{shown}");
    }
    installation.assert_sound();
}

#[test]
fn a_spreadsheet_is_a_report_by_its_mapping() {
    use std::{
        fs,
        io::{Cursor, Write},
    };

    use base64::{Engine, engine::general_purpose::STANDARD};

    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |texts: &[&str]| {
        let cells: String = texts.iter().map(|text| cell(text)).collect();
        format!("<table:table-row>{cells}</table:table-row>")
    };
    let table = row(&["Lijst"])
        + &row(&["Gezien op", "IP-adres"])
        + &row(&["2026-11-20 04:00", "198.51.100.1"])
        + &row(&["gisteren", "198.51.100.2"]);
    let content = format!(
        "<office:document-content><table:table table:name=\"Blad1\">{table}</table:table></office:document-content>"
    );
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("content.xml", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(content.as_bytes()).unwrap();
    let spreadsheet = zip.finish().unwrap().into_inner();

    let installation = Installation::new();
    let mapping = installation.file(
        "lijst.toml",
        "name = \"lijst\"\nprovider = \"x\"\nformat = \"sheet\"\n[columns]\nIP-adres = \"source.ip\"\n\
         [time]\ncolumn = \"Gezien op\"\nzone = \"Europe/Amsterdam\"\n[classification]\ntype = \"vulnerable-system\"\n",
    );
    let file = installation.file("lijst.ods", &spreadsheet);
    installation.run(&["ingest", "--mapping", &mapping, &file]).ended(3);
    let ledger = installation.ledger();
    assert_eq!(["rows", "rejected", "events"].map(|key| count(&ledger[key])), [2, 1, 1], "{ledger}");
    let traced = installation.run(&["trace", "1:1"]).ended(0).stdout;
    for part in ["lijst.ods", "line 3", "2026-11-20T03:00:00Z"] {
        assert!(traced.contains(part), "`{part}` is not in {traced}");
    }
    let again = installation.json(&["ingest", "--mapping", &mapping, &file]);
    assert_eq!(again["report_known"].as_bool().or(again["reports"][0]["report_known"].as_bool()), Some(true));

    // Attached to a mail it is what its mapping is for, by its name.
    let mappings = installation.data().join("mappings");
    fs::create_dir_all(&mappings).unwrap();
    let named = format!("files = [\"lijst*.ods\"]\n{}", fs::read_to_string(&mapping).unwrap());
    fs::write(mappings.join("lijst.toml"), named).unwrap();
    let encoded = STANDARD.encode(&spreadsheet);
    let part = |name: &str| {
        format!(
            "--b\r\nContent-Type: application/octet-stream; name=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
        )
    };
    let mail = format!(
        "From: a@b.example\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n{}{}--b--\r\n",
        part("lijst-2.ods"),
        part("vakantie.ods")
    );
    let file = installation.file("mail.eml", mail);
    let taken = installation.run(&["--json", "ingest", &file]).ended(3).json();
    assert_eq!((count(&taken["rows"]), count(&taken["events"])), (2, 1), "{taken}");
    installation.assert_sound();
}

#[test]
fn a_list_without_times_is_as_old_as_its_receipt() {
    let installation = Installation::new();
    let mapping = format!("{}/../../docs/mappings/spamhaus-drop.toml", env!("CARGO_MANIFEST_DIR"));
    let lines = "{\"cidr\":\"198.51.100.0/24\"}\n{\"cidr\":\"203.0.113.0/24\"}\n{\"type\":\"metadata\"}\n";
    let file = installation.file("drop_v4.json", lines);
    installation.run(&["ingest", "--mapping", &mapping, &file]).ended(0);
    let ledger = installation.ledger();
    let sums = ["rows", "rejected", "duplicates", "clears", "events"].map(|key| count(&ledger[key]));
    assert_eq!(sums, [3, 0, 0, 1, 2], "{ledger}");
    let traced = installation.run(&["trace", "1:1"]).ended(0).stdout;
    assert!(traced.contains("2026-11-21T09:00:00Z"), "{traced}");
    installation.assert_sound();
}

#[test]
fn x_arf_is_written_of_any_event() {
    let installation = Installation::new();
    let file = installation.file("report.json", report("198.51.100.1").to_string());
    let args = ["parse", &file, "--format", "xarf", "--reporter", "CERT Voorbeeld <cert@example.nl>"];
    let written = installation.run(&args).ended(0).json_lines();
    let text = |name: &str| written[0][name].as_str().unwrap().to_owned();
    // It says no port, without which there is no login attack from an address.
    assert_eq!([text("category"), text("type")], ["reputation", "threat_intelligence"]);
    assert_eq!(written[0]["reporter"]["org"], "Melder");
    assert_eq!(written[0]["sender"]["contact"], "cert@example.nl");
    installation.run(&["parse", &file, "--format", "xarf"]).ended(2).says(&["--reporter"]);
}
