//! A source takes back what it reported.

use crate::{
    fixtures::{rdp, rdp_name},
    installation::{Installation, count},
};

/// Two reports: the first shows 200 and 201 of GM2 and 1 of nobody; the second shows 201 again and 202.
fn told() -> Installation {
    let installation = Installation::new();
    for (day, addresses) in [
        ("2026-11-19", &["198.51.100.200", "198.51.100.201", "192.0.2.1"][..]),
        ("2026-11-20", &["198.51.100.201", "198.51.100.202"]),
    ] {
        let file = installation.file(&rdp_name(day), rdp(day, addresses));
        installation.ingest(&file);
    }
    installation.run(&["tell"]).ended(0);
    assert_eq!((installation.fate("notified"), installation.fate("unrouted")), (3, 1));
    installation
}

#[test]
fn exactly_those_who_were_told_of_what_nothing_else_shows_hear_it() {
    let installation = told();
    let mails = installation.mails().len();
    let planned = installation.json(&["report", "withdraw", "1", "--dry-run"]);
    assert_eq!((count(&planned["withdrawn"]), count(&planned["notices"])), (2, 0), "{planned}");
    assert_eq!(installation.fate("withdrawn"), 0, "a dry run changes nothing");

    let done = installation.json(&["report", "withdraw", "1", "--reason", "a mistake of our scanner"]);
    assert_eq!((count(&done["withdrawn"]), count(&done["notices"])), (2, 1), "{done}");
    installation.run(&["tell"]).ended(0);
    let new = installation.mails().split_off(mails);
    assert_eq!(new.len(), 1, "one notice, to the one who was told");
    assert!(new[0].contains("vcib@lindeveen.example"), "{}", new[0]);
    // 201 is shown by the second report too.
    assert_eq!(
        (installation.fate("notified"), installation.fate("withdrawn"), installation.fate("unrouted")),
        (2, 2, 0)
    );
    let reports = installation.json(&["reports"]);
    assert_eq!(reports["reports"][1]["state"], "taken back", "{reports}");
    installation
        .run(&["report", "withdraw", "1", "--reason", "again"])
        .ended(1)
        .says(&["taken back already"]);
    installation.assert_sound();

    // What was taken back is told again when somebody else shows it, and only then.
    installation.run(&["reattribute", "--since", "2026-11-01", "--reason", "nothing changed"]).ended(0);
    assert_eq!(installation.fate("withdrawn"), 2);
    let file = installation.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.200"]));
    installation.ingest(&file);
    assert_eq!(installation.fate("queued"), 1);
    installation.assert_sound();
}

#[test]
fn a_mailbox_that_somebody_else_reads_hears_nothing_of_it() {
    let installation = told();
    installation.json(&["user", "add", "jan"]);
    let mails = installation.mails().len();
    let mark = ["contact", "compromised", "vcib@lindeveen.example", "--reason", "phished"];
    installation.json(&[&["--as", "jan"][..], &mark].concat());
    let done = installation.json(&["report", "withdraw", "1", "--reason", "a mistake of our scanner"]);
    assert_eq!((count(&done["withdrawn"]), count(&done["notices"])), (2, 0), "{done}");
    installation.run(&["tell"]).ended(0);
    assert_eq!(installation.mails().len(), mails);
    installation.assert_sound();
}

#[test]
fn the_second_report_taken_back_as_well_leaves_nothing() {
    let installation = told();
    installation.json(&["report", "withdraw", "1", "--reason", "a mistake"]);
    let second = installation.json(&["report", "withdraw", "2", "--reason", "a mistake"]);
    assert_eq!(count(&second["withdrawn"]), 2, "201 lost its last support: {second}");
    assert_eq!((installation.fate("notified"), installation.fate("withdrawn")), (0, 4));
    installation.assert_sound();
}

#[test]
fn a_day_of_a_source_is_taken_back() {
    let installation = Installation::new();
    installation
        .run(&["report", "withdraw", "--source", "divd", "--day", "2026-11-20", "--reason", "x"])
        .ended(1)
        .says(&["no source"]);
    installation.json(&["source", "add", "divd", "--trust", "automatic"]);
    installation
        .run(&["report", "withdraw", "--source", "divd", "--day", "2026-11-20", "--reason", "x"])
        .ended(1)
        .says(&["sent nothing"]);
    installation.run(&["report", "withdraw", "9", "--reason", "x"]).ended(1).says(&["no report 9"]);
    installation.run(&["report", "withdraw", "9"]).ended(2);
}
