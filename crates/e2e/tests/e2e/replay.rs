//! Rejected rows are read again once the way of reading was set right.

use crate::installation::{Installation, count};

const CSV: &str = "wanneer;adres\n20-11-2026 10:00;198.51.100.200\n20-11-2026 11:00;198.51.100.201\ngisteren;198.51.100.202\n";

fn mapping(format: &str) -> String {
    format!(
        "name = \"lijst\"\nprovider = \"melder\"\nfiles = [\"lijst*.csv\"]\nformat = \"csv\"\ndelimiter = \";\"\n\n\
         [columns]\nadres = \"source.ip\"\n\n[time]\ncolumn = \"wanneer\"\nformat = \"{format}\"\nzone = \"Europe/Amsterdam\"\n\n\
         [classification]\ntype = \"scanner\"\n"
    )
}

fn installation() -> (Installation, String) {
    let installation = Installation::new();
    let wrong = installation.file("wrong.toml", mapping("%Y/%m/%d"));
    let file = installation.file("lijst.csv", CSV);
    installation.run(&["ingest", "--mapping", &wrong, &file]).ended(3);
    (installation, wrong)
}

#[test]
fn rows_move_from_rejected_to_their_new_fate() {
    let (installation, wrong) = installation();
    let groups = installation.json(&["rejects"]);
    let group = &groups["groups"][0];
    assert_eq!((count(&group["rows"]), group["code"].as_str()), (3, Some("bad_time")), "{groups}");
    assert_eq!(group["feed"], "lijst");

    let right = installation.file("right.toml", mapping("%d-%m-%Y %H:%M"));
    let planned = installation
        .run(&["--json", "report", "replay", "1", "--mapping", &right, "--dry-run"])
        .ended(3)
        .json();
    assert_eq!((count(&planned["readable"]), count(&planned["still_rejected"])), (2, 1), "{planned}");
    assert_eq!(count(&installation.ledger()["rejected"]), 3, "a dry run changes nothing");

    let done = installation.run(&["--json", "report", "replay", "1", "--mapping", &right]).ended(3).json();
    assert_eq!(done["as_reports"][0], 2, "{done}");
    let ledger = installation.ledger();
    assert_eq!(
        (
            count(&ledger["rows"]),
            count(&ledger["rejected"]),
            count(&ledger["replayed"]),
            count(&ledger["events"])
        ),
        (5, 1, 2, 2)
    );
    assert_eq!(ledger["balanced"], true);
    let traced = installation.run(&["trace", "1:2"]).ended(0).stdout;
    assert!(traced.contains("it is 2:2 now"), "{traced}");
    assert_eq!(installation.fate("queued"), 2);
    installation.assert_sound();

    // A source that takes the report back takes back what its rows became.
    let planned = installation.json(&["report", "withdraw", "1", "--dry-run"]);
    assert_eq!(
        (&planned["reports"], count(&planned["withdrawn"])),
        (&serde_json::json!([1, 2]), 2),
        "{planned}"
    );

    // Nothing is left that a second time could read.
    let again = installation.run(&["--json", "report", "replay", "1", "--mapping", &right]).ended(3).json();
    assert_eq!((count(&again["readable"]), count(&again["still_rejected"])), (0, 1), "{again}");
    installation.run(&["report", "replay", "1", "--mapping", &wrong]).ended(3);
    installation.run(&["report", "replay", "9"]).ended(1).says(&["no report 9"]);
    installation.assert_sound();
}

#[test]
fn a_report_that_was_misunderstood_is_read_again_whole() {
    let installation = Installation::new();
    let american = installation.file("american.toml", mapping("%m-%d-%Y %H:%M"));
    let file = installation.file(
        "lijst.csv",
        "wanneer;adres\n10-11-2026 10:00;198.51.100.200\n20-11-2026 11:00;198.51.100.201\n",
    );
    installation.run(&["ingest", "--mapping", &american, &file]).ended(3);
    installation.run(&["tell"]).ended(0);
    let mails = installation.mails().len();
    let right = installation.file("right.toml", mapping("%d-%m-%Y %H:%M"));
    let planned = installation.json(&["report", "replay", "1", "--whole", "--mapping", &right, "--dry-run"]);
    assert_eq!((count(&planned["events"]), count(&planned["rejected"])), (2, 0), "{planned}");
    assert_eq!(count(&installation.json(&["findings"])["count"]), 1);

    let done = installation.json(&["report", "replay", "1", "--whole", "--mapping", &right]);
    assert_eq!(
        (count(&done["events"]), count(&done["withdrawn"])),
        (2, 0),
        "what both readings show stays: {done}"
    );
    installation.run(&["tell"]).ended(0);
    assert_eq!(installation.mails().len(), mails + 1, "only what is new is told");
    let reports = installation.json(&["reports"]);
    assert_eq!(reports["reports"][1]["state"], "taken back", "{reports}");
    installation.assert_sound();
}
