//! Tables of announced prefixes: taken in, used where nothing nearer wins, and remembered as they were.

use serde_json::Value;

use crate::{
    fixtures::{RDP_HEADER, Register, rdp_name},
    installation::{Installation, count},
    program::{Run, run},
};

const TABLE: &str =
    "192.0.2.0\t192.0.2.255\t64496\tNL\tEIKENDAM\n192.0.2.128\t192.0.2.191\t64499\tNL\tANOTHER\n";

/// GM1 has an AS number, GM2 a handle.
fn installation() -> Installation {
    let installation = Installation::empty();
    installation.import(
        &Register::small().asset("GM1,asn,AS64496,owner").asset("GM2,ripe_handle,ORG-LV1-RIPE,owner"),
    );
    installation
}

fn import(installation: &Installation, name: &str, table: impl AsRef<[u8]>, options: &[&str]) -> Run {
    let file = installation.file(name, table);
    let args: Vec<&str> = [&["register", "import-prefixes", &file][..], options].concat();
    run(installation.command(&args).arg("--json"))
}

/// Who is told about an address, by which sentence.
fn told(installation: &Installation, ip: &str) -> Vec<(String, String)> {
    let explained = installation.json(&["explain", "--ip", ip]);
    let candidates = explained["candidates"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let won = candidates.iter().filter(|candidate| candidate["won"] == true);
    won.map(|candidate| (text(&candidate["organisation"]), text(&candidate["why"]))).collect()
}

#[test]
fn an_address_is_told_to_who_announces_it_and_old_events_keep_their_table() {
    let installation = installation();
    assert_eq!(told(&installation, "192.0.2.1"), []);
    let table = import(&installation, "table.tsv", TABLE, &["--date", "2026-11-20"]).ended(0).json();
    assert_eq!(
        (&table["applied"], count(&table["prefixes"]), count(&table["bad"])),
        (&Value::Bool(true), 2, 0)
    );
    let handles = "inet6num: 2001:db8:77::/48\norg: ORG-LV1-RIPE\n\ninetnum: 192.0.2.192 - 192.0.2.255\norg: ORG-LV1-RIPE\n";
    import(&installation, "ripe.db", handles, &["--date", "2026-11-19"]).ended(0);

    let why = "No address or name in the register matches as owner. The address is announced by AS64496 in 192.0.2.0/24, by the table of 2026-11-20.";
    assert_eq!(told(&installation, "192.0.2.1"), [("GM1".to_owned(), why.to_owned())]);
    assert_eq!(told(&installation, "192.0.2.130"), [], "somebody else announces it more specifically");
    let by_handle = told(&installation, "192.0.2.200");
    assert_eq!(by_handle.len(), 1);
    assert_eq!(by_handle[0].0, "GM2");
    assert!(
        by_handle[0].1.ends_with("listed under ORG-LV1-RIPE in 192.0.2.192/26, by the table of 2026-11-19.")
    );
    assert_eq!(told(&installation, "2001:db8:77::1")[0].0, "GM2");
    // What is registered wins, and the announcement is not told beside it.
    assert_eq!(told(&installation, "198.51.100.200")[0].0, "GM2");

    // An event without an AS number of its own, and one with another.
    let row = |ip: &str, asn: &str| {
        format!("\"2026-11-21 03:00:00\",\"high\",\"{ip}\",\"tcp\",3389,\"\",\"rdp\",{asn},\"NL\"\n")
    };
    let report = [RDP_HEADER.to_owned(), row("192.0.2.1", "0"), row("192.0.2.2", "64777")].concat();
    let file = installation.file(&rdp_name("2026-11-21"), report);
    let ingested = installation.ingest(&file);
    assert_eq!(count(&ingested["events"]), 2, "{ingested}");
    assert_eq!((installation.fate("queued"), installation.fate("unrouted")), (1, 1));

    // Another table: the old event is still explained by the table of then.
    import(&installation, "newer.tsv", "192.0.2.0\t192.0.2.255\t64499\tNL\tX\n", &[]).ended(0);
    assert_eq!(told(&installation, "192.0.2.1"), []);
    let trace = installation.json(&["trace", "1:1"]);
    assert_eq!(trace["candidates"][0]["organisation"], "GM1", "{trace}");
    assert_eq!(trace["candidates"][0]["why"], why);
    installation.assert_sound();
}

#[test]
fn what_cannot_be_read_is_named_and_half_a_table_is_refused() {
    let installation = installation();
    let bad = "prefix,asn\n192.0.2.0/24,64496\n192.0.2.1/24,64496\n0.0.0.0/0,1\n2001:db8::/32,AS-EIKENDAM\n";
    let dry = import(&installation, "bad.csv", bad, &["--dry-run"]).ended(3).json();
    assert_eq!(
        (&dry["applied"], count(&dry["bad"]), count(&dry["register_version"])),
        (&Value::Bool(false), 3, 1)
    );
    let taken = import(&installation, "bad.csv", bad, &[]).ended(3).json();
    assert_eq!((&taken["applied"], count(&taken["prefixes"])), (&Value::Bool(true), 1), "{taken}");
    let lines: Vec<&str> =
        taken["bad_lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(
        ["line 3: ", "line 4: ", "line 5: "].iter().zip(&lines).all(|(start, line)| line.starts_with(start)),
        "{lines:?}"
    );
    assert_eq!(told(&installation, "192.0.2.1").len(), 1);
    // The same again is no new version.
    let again = import(&installation, "bad.csv", bad, &[]).ended(3).json();
    assert_eq!((&again["applied"], count(&again["register_version"])), (&Value::Bool(false), 2));

    // A gzip file (of the first table, stored without packing) that is cut.
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0];
    packed.extend_from_slice(&(TABLE.len() as u16).to_le_bytes());
    packed.extend_from_slice(&(!(TABLE.len() as u16)).to_le_bytes());
    packed.extend_from_slice(&TABLE.as_bytes()[..TABLE.len() / 2 + 5]);
    let cut = import(&installation, "cut.tsv.gz", &packed, &[])
        .ended(1)
        .says(&["Nothing was changed", "--partial"]);
    assert!(cut.json()["broken_off"].as_str().unwrap().starts_with("it breaks off after line 1"), "{cut:?}");
    let partly = import(&installation, "cut.tsv.gz", &packed, &["--partial"]);
    assert_eq!(count(&partly.json()["prefixes"]), 1);

    for nothing in ["", "id,name\nGM1,Eikendam\n"] {
        import(&installation, "nothing.csv", nothing, &[]).ended(1).says(&["holds no prefix"]);
    }
    let missing = run(&mut installation.command(&["register", "import-prefixes", "/nowhere/table.tsv"]));
    missing.ended(1).says(&["cannot read /nowhere/table.tsv"]);
}

#[test]
fn an_imported_table_is_taken_back_and_brought_again() {
    let installation = installation();
    import(&installation, "first.tsv", TABLE, &["--date", "2026-11-19"]).ended(0);
    let before = told(&installation, "192.0.2.1");
    assert_eq!(before.len(), 1);
    // Somebody takes in a table of another part of the world.
    let wrong = "203.0.113.0\t203.0.113.255\t64496\tNL\tX\n";
    import(&installation, "wrong.tsv", wrong, &["--date", "2026-11-20"]).ended(0);
    assert_eq!(told(&installation, "192.0.2.1"), []);

    let dry = installation.run(&["register", "undo", "--dry-run"]).ended(0);
    let dry = dry.stdout;
    assert!(dry.contains("IPv4 by AS number: 2 new, 1 withdrawn, 0 stay as they are"), "{dry}");
    assert!(dry.contains("A dry run: nothing was changed."), "{dry}");
    assert_eq!(told(&installation, "192.0.2.1"), []);
    let undone = installation.json(&["register", "undo"]);
    let of = |json: &Value| ["undone", "added", "withdrawn", "register_version"].map(|key| count(&json[key]));
    assert_eq!(of(&undone), [3, 2, 1, 4], "{undone}");
    assert_eq!(told(&installation, "192.0.2.1"), before, "by the table of 19 November, as it was");
    // The first import was replaced since, and the undo is what can be taken back.
    let refused = installation.run(&["register", "undo", "2"]).ended(1);
    refused.says(&["Later imports replaced tables of this version"]);
    let again = installation.json(&["register", "undo", "4"]);
    assert_eq!(of(&again), [4, 1, 2, 5], "{again}");
    assert_eq!(told(&installation, "203.0.113.1").len(), 1);

    let history = installation.json(&["register", "history"]);
    let history: Vec<_> = history["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let prefixes = &one["prefixes"];
            (one["reason"].as_str().unwrap(), count(&prefixes["recorded"]), count(&prefixes["withdrawn"]))
        })
        .collect();
    let import = "import of announced prefixes";
    let expected = [
        ("undo of version 4", 1, 2),
        ("undo of version 3", 2, 1),
        (import, 1, 2),
        (import, 2, 0),
        ("import", 0, 0),
    ];
    assert_eq!(history, expected);
    let audit = installation.run(&["audit", "list"]).ended(0).stdout;
    assert!(audit.contains("undo of version 3"), "{audit}");
    installation.assert_sound();
}
