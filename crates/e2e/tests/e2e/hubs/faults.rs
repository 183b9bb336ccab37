//! What can go wrong between two hubs: bad lines, clocks that differ, a hub that forgot what came since its backup. After quiet everything has had
//! its effect once, and the ledgers of both agree.

use schakel_testkit::bad_line::BadLine;

use super::*;

/// Rounds of reports while the line is bad.
const ROUNDS: u64 = 15;

/// Findings of each.
const FINDINGS: u64 = 10;

/// One to each, of all that was reported: what was handed over at the top is what was told at the bottom, and nothing came in twice.
fn agree(top: &Hub, bottom: &Hub, total: u64) {
    top.installation.assert_sound();
    bottom.installation.assert_sound();
    assert_eq!((top.installation.fate("handed_over"), bottom.installation.fate("notified")), (total, total));
    // A parcel that had its effect twice would have been seen twice.
    let below = bottom.installation.ledger();
    assert_eq!((count(&below["events"]), bottom.installation.fate("known")), (total, 0), "{below}");
    let waits = &top.json(&["hub", "queue"])["queue"][0]["waits"];
    assert_eq!((count(&waits["without_receipt"]), count(&waits["parcels"]["normal"])), (0, 0), "{waits}");
}

#[test]
fn over_lines_that_cut_delay_double_and_reorder_each_parcel_has_one_effect() {
    let seed = setting("SCHAKEL_LINE_SEED", u64::from(std::process::id()));
    println!("SCHAKEL_LINE_SEED={seed}");
    let ports = [(); 4].map(|()| free_port().unwrap());
    let line = |port: u16, to: u16, seed| BadLine::start(port, ([127, 0, 0, 1], to).into(), seed).unwrap();
    let (down, up) = (line(ports[0], ports[1], seed), line(ports[2], ports[3], seed + 1));
    let (top, bottom) = registers();
    let top = Hub::at("top.example", &top, Some((ports[3], ports[2])));
    let bottom = Hub::at("bottom.example", &bottom, Some((ports[1], ports[0])));
    link(&top, &bottom);
    let (serving, below) = (top.serve(), bottom.serve());
    for round in 0..ROUNDS {
        let addresses: Vec<String> =
            (1..=FINDINGS).map(|n| format!("198.51.100.{}", round * FINDINGS + n)).collect();
        top.report(&format!("2026-11-{:02}", 1 + round), &addresses);
        // Longer than telling waits for more of the same report.
        thread::sleep(Duration::from_millis(2_000));
    }
    down.heal();
    up.heal();
    let total = ROUNDS * FINDINGS;
    let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
    wait("Eikendam to be told of all", hubs(), || bottom.installation.fate("notified") == total);
    wait("all receipts", hubs(), || top.installation.fate("handed_over") == total);
    let (down, up) = (down.fared(), up.fared());
    println!("down: {down:?}; up: {up:?}");
    let bad =
        [down, up].map(|one| one.cut_before + one.cut_after + one.delayed + one.doubled + one.held_back);
    assert!(bad.iter().sum::<u64>() >= 6, "the lines were bad: {down:?} {up:?}");
    drop((serving, below));
    agree(&top, &bottom, total);
}

#[test]
fn in_a_chain_of_three_with_bad_lines_before_each_every_parcel_has_one_effect() {
    let seed = setting("SCHAKEL_LINE_SEED", u64::from(std::process::id()));
    println!("SCHAKEL_LINE_SEED={seed}");
    let (above, below) = registers();
    let mut lines = Vec::new();
    // Whatever reaches a hub comes over a bad line of its own: what is handed down, and what comes back up.
    let mut hub = |name, register: &Register| {
        let (public, port) = (free_port().unwrap(), free_port().unwrap());
        let seed = seed + lines.len() as u64;
        lines.push(BadLine::start(public, ([127, 0, 0, 1], port).into(), seed).unwrap());
        Hub::at(name, register, Some((port, public)))
    };
    let (top, middle, bottom) =
        (hub("top.example", &above), hub("middle.example", &above), hub("bottom.example", &below));
    link(&top, &middle);
    link(&middle, &bottom);
    let [one, two, three] = [&top, &middle, &bottom].map(Hub::serve);
    let rounds = ROUNDS / 2;
    for round in 0..rounds {
        let addresses: Vec<String> =
            (1..=FINDINGS).map(|n| format!("198.51.100.{}", round * FINDINGS + n)).collect();
        top.report(&format!("2026-11-{:02}", 1 + round), &addresses);
        thread::sleep(Duration::from_millis(2_000));
    }
    lines.iter().for_each(BadLine::heal);
    let total = rounds * FINDINGS;
    let hubs = || [(&top, Some(&one)), (&middle, Some(&two)), (&bottom, Some(&three))];
    wait("Eikendam to be told of all", hubs(), || bottom.installation.fate("notified") == total);
    wait("all receipts in the middle", hubs(), || middle.installation.fate("handed_over") == total);
    wait("all receipts at the top", hubs(), || top.installation.fate("handed_over") == total);
    let bad = |line: &BadLine| {
        let one = line.fared();
        one.cut_before + one.cut_after + one.delayed + one.doubled + one.held_back
    };
    assert!(lines.iter().map(bad).sum::<u64>() >= 6, "the lines were bad");
    drop((one, two, three));
    for hub in [&top, &middle, &bottom] {
        hub.installation.assert_sound();
    }
    for hub in [&middle, &bottom] {
        let ledger = hub.installation.ledger();
        assert_eq!((count(&ledger["events"]), hub.installation.fate("known")), (total, 0), "{ledger}");
    }
}

#[test]
fn hubs_whose_clocks_are_ten_minutes_apart_understand_each_other() {
    for shift in ["+10m", "-10m"] {
        let (top, mut bottom) = two_hubs(true);
        bottom.installation.shift(shift);
        let (serving, below) = (top.serve(), bottom.serve());
        let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
        top.report("2026-11-20", &["198.51.100.1", "198.51.100.2", "198.51.100.3"].map(str::to_owned));
        wait("Eikendam to be told", hubs(), || bottom.installation.fate("notified") == 3);
        wait("every receipt", hubs(), || top.installation.fate("handed_over") == 3);
        drop((serving, below));
        agree(&top, &bottom, 3);
    }
}

#[test]
fn hubs_whose_clocks_are_an_hour_apart_lose_nothing_and_go_on_when_they_are_set_right() {
    let (top, mut bottom) = two_hubs(true);
    bottom.installation.shift("+1h");
    let (serving, below) = (top.serve(), bottom.serve());
    top.report("2026-11-20", &["198.51.100.1".to_owned()]);
    serving.wait("it to say so", || serving.log().contains("what is for a hub has to wait"));
    assert_eq!((top.installation.fate("queued"), bottom.installation.fate("notified")), (1, 0));
    drop(below);
    bottom.installation.shift("+0s");
    let below = bottom.serve();
    let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
    wait("Eikendam to be told", hubs(), || bottom.installation.fate("notified") == 1);
    wait("every receipt", hubs(), || top.installation.fate("handed_over") == 1);
    drop((serving, below));
    agree(&top, &bottom, 1);
}

#[test]
fn a_hub_that_was_restored_from_a_backup_gets_what_it_lost_and_that_once() {
    let (mut top, mut bottom) = two_hubs(true);
    // Yesterday; what was sent within the last hour may still be under way, and is not compared.
    top.installation.shift("-30h");
    bottom.installation.shift("-30h");
    let report = |top: &Hub, last: &[u64]| {
        top.report("2026-11-20", &last.iter().map(|last| format!("198.51.100.{last}")).collect::<Vec<_>>());
    };
    {
        let (serving, below) = (top.serve(), bottom.serve());
        let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
        report(&top, &[1, 2, 3]);
        wait("three to be told", hubs(), || bottom.installation.fate("notified") == 3);
        wait("three receipts", hubs(), || top.installation.fate("handed_over") == 3);
    }
    let backup = bottom.installation.path("backup").display().to_string();
    bottom.json(&["backup", &backup]);
    {
        let (serving, below) = (top.serve(), bottom.serve());
        let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
        report(&top, &[1, 2, 3, 4, 5, 6, 7]);
        wait("all to be told", hubs(), || bottom.installation.fate("notified") == 7);
        wait("all receipts", hubs(), || top.installation.fate("handed_over") == 7);
    }
    // The disk is gone, and what came since the backup with it.
    std::fs::remove_dir_all(bottom.installation.data()).unwrap();
    top.installation.shift("+0s");
    bottom.installation.shift("+0s");
    bottom.json(&["restore", &backup]);
    bottom.json(&["restore", "confirm", "--send-waiting"]);
    assert_eq!(bottom.installation.fate("notified"), 3);
    let (serving, below) = (top.serve(), bottom.serve());
    let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
    wait("what was lost to be told", hubs(), || bottom.installation.fate("notified") == 7);
    wait("all receipts", hubs(), || top.installation.fate("handed_over") == 7);
    drop((serving, below));
    agree(&top, &bottom, 7);
}
