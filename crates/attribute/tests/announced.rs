//! Announced prefixes: how AS numbers and RIPE handles count by the prefixes that a table gives them, and what is said of it.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod support;

use schakel_attribute::{Candidate, Input, InputKind, Query, Rule, Snapshot};
use schakel_model::{
    announced::{Announced, AnnouncedPrefix, AnnouncedTable, Origin},
    register::Register,
};
use support::register;

/// 2026-11-20 and 2026-11-21.
const DATES: [Option<i64>; AnnouncedTable::ALL.len()] =
    [Some(1_795_132_800), Some(1_795_132_800), Some(1_795_219_200), None];

fn with_table(assets: &str, table: &[(&str, &str)]) -> Register {
    let prefix = |&(net, origin): &(&str, &str)| AnnouncedPrefix {
        net: net.parse().unwrap(),
        origin: match origin.strip_prefix("AS") {
            Some(asn) => Origin::Asn(asn.parse().unwrap()),
            None => Origin::Handle(origin.to_owned()),
        },
        country: None,
    };
    let announced = Announced { prefixes: table.iter().map(prefix).collect(), dates: DATES };
    Register { announced, ..register(assets) }
}

fn ask(register: &Register, asked: &[(InputKind, &str)]) -> Vec<Candidate> {
    let inputs = asked.iter().map(|(kind, text)| Input::read(*kind, text).unwrap()).collect();
    let mut told =
        Snapshot::build(register).explain(&Query { inputs, at: 1_795_000_000, ..Query::default() });
    told.sort_by_key(|candidate| !candidate.won);
    told
}

/// Code, won, rule and sentence of every candidate, winners first.
fn told(register: &Register, asked: &[(InputKind, &str)]) -> Vec<String> {
    let line = |candidate: &Candidate| {
        let code = &register.organisation(candidate.organisation).unwrap().code;
        let won = if candidate.won { "told" } else { "not" };
        format!("{code} {won} {}: {}", candidate.rule, candidate.why)
    };
    ask(register, asked).iter().map(line).collect()
}

const IP: InputKind = InputKind::Ip;

#[test]
fn an_address_counts_by_who_announces_it_only_where_nothing_nearer_does() {
    let register = with_table(
        "A,asn,AS64496\nB,prefix,192.0.2.0/25\nB,domain,example.nl\nC,country,NL\nA,prefix,203.0.113.0/24,supplier",
        &[("192.0.2.0/24", "AS64496"), ("2001:db8::/32", "AS64496")],
    );
    assert_eq!(
        told(&register, &[(IP, "192.0.2.200")]),
        [
            "A told name_over_asn: No address or name in the register matches as owner. The address is announced by AS64496 in 192.0.2.0/24, by the table of 2026-11-20."
        ]
    );
    assert_eq!(told(&register, &[(IP, "2001:db8::1")]).len(), 1);
    assert_eq!(
        told(&register, &[(IP, "192.0.2.1")]),
        [
            "B told longest_prefix: The prefix 192.0.2.0/25 is the most specific that holds this address, as owner.",
            "A not name_over_asn: The prefix 192.0.2.0/25 matches already as owner, so AS64496 (announces 192.0.2.0/24, by the table of 2026-11-20) does not count."
        ]
    );
    // A name wins as well, and a country loses to an announcement.
    let named = told(&register, &[(IP, "192.0.2.200"), (InputKind::Domain, "www.example.nl")]);
    assert!(named[0].starts_with("B told host_over_domain"), "{named:?}");
    assert!(named[1].starts_with("A not name_over_asn: The domain example.nl matches already"), "{named:?}");
    let country = told(&register, &[(IP, "192.0.2.200"), (InputKind::Country, "NL")]);
    assert!(country[0].starts_with("A told name_over_asn"), "{country:?}");
    assert_eq!(
        country[1],
        "C not country: AS64496 (announces 192.0.2.0/24, by the table of 2026-11-20) matches already as owner, so the country NL does not count."
    );
}

#[test]
fn the_most_specific_announcement_counts_whoever_has_it() {
    let register = with_table(
        "A,asn,AS64496\nB,asn,AS64497",
        &[
            ("10.0.0.0/8", "AS64496"),
            ("10.1.0.0/16", "AS64500"),
            ("10.1.1.0/24", "AS64497"),
            ("10.2.0.0/16", "AS64496"),
            ("10.2.0.0/16", "AS64497"),
        ],
    );
    assert_eq!(
        told(&register, &[(IP, "10.1.2.3")]),
        [
            "A not longest_prefix: The address is announced by AS64500 in 10.1.0.0/16, by the table of 2026-11-20, which is more specific than AS64496 (announces 10.0.0.0/8, by the table of 2026-11-20)."
        ]
    );
    let inner = told(&register, &[(IP, "10.1.1.1")]);
    assert!(inner[0].starts_with("B told name_over_asn"), "{inner:?}");
    assert!(inner[1].starts_with("A not longest_prefix"), "{inner:?}");
    // Announced by both: both are told.
    assert_eq!(ask(&register, &[(IP, "10.2.0.1")]).iter().filter(|one| one.won).count(), 2);
    // Outside every prefix nobody is asked.
    assert_eq!(ask(&register, &[(IP, "11.0.0.1")]), []);
}

#[test]
fn what_the_event_says_of_its_as_number_goes_before_the_table() {
    let register = with_table("A,asn,AS64496\nB,asn,AS64497", &[("192.0.2.0/24", "AS64496")]);
    for (asn, told_first) in [("AS64497", Some("B told name_over_asn")), ("AS64999", None)] {
        let lines = told(&register, &[(IP, "192.0.2.1"), (InputKind::Asn, asn)]);
        if let Some(first) = told_first {
            assert!(lines[0].starts_with(first), "{lines:?}");
        }
        assert_eq!(
            lines.last().unwrap(),
            "A not name_over_asn: The event states an AS number itself, so AS64496 (announces 192.0.2.0/24, by the table of 2026-11-20) does not count."
        );
    }
}

#[test]
fn a_handle_has_what_is_listed_under_it_beside_what_is_announced() {
    let register = with_table(
        "A,asn,AS64496\nB,ripe_handle,ORG-EX1-RIPE\nB,ripe_handle,ORG-EX2-RIPE",
        &[
            ("10.0.0.0/16", "AS64496"),
            ("10.0.0.0/24", "ORG-EX1-RIPE"),
            ("10.0.0.0/8", "ORG-EX1-RIPE"),
            ("10.0.9.0/24", "ORG-EX9-RIPE"),
            ("2001:db8::/32", "ORG-EX2-RIPE"),
        ],
    );
    // The longer of the two wins.
    let longer = told(&register, &[(IP, "10.0.0.1")]);
    assert_eq!(
        longer[0],
        "B told name_over_asn: No address or name in the register matches as owner. The address is listed under ORG-EX1-RIPE in 10.0.0.0/24, by the table of 2026-11-21."
    );
    assert_eq!(
        longer.iter().find(|line| line.starts_with('A')).unwrap(),
        "A not longest_prefix: ORG-EX1-RIPE (has 10.0.0.0/24, by the table of 2026-11-21) is more specific than AS64496 (announces 10.0.0.0/16, by the table of 2026-11-20), as owner."
    );
    assert!(told(&register, &[(IP, "10.0.1.1")])[0].starts_with("A told"), "the /16 is longer than the /8");
    // Listed under somebody else: still announced by AS64496.
    assert!(told(&register, &[(IP, "10.0.9.1")])[0].starts_with("A told"));
    // An AS number in the event says nothing of handles.
    let stated = told(&register, &[(IP, "10.0.0.1"), (InputKind::Asn, "AS64999")]);
    assert!(stated[0].starts_with("B told name_over_asn"), "{stated:?}");
    // A table without a date says so.
    assert!(told(&register, &[(IP, "2001:db8::1")])[0].ends_with("by the table of an unknown day."));
}

#[test]
fn validity_exclusion_and_roles_hold_for_announcements_too() {
    let register = with_table(
        "A,asn,AS64496,owner,2027-01-01\nB,asn,AS64496,supplier\nC,asn,AS64496\nC,prefix,192.0.2.128/25,owner,,,,excluded",
        &[("192.0.2.0/24", "AS64496")],
    );
    let lines = told(&register, &[(IP, "192.0.2.1")]);
    assert!(lines[0].starts_with("B told name_over_asn") && lines[0].contains("as supplier"), "{lines:?}");
    assert!(lines[1].starts_with("C told name_over_asn"), "{lines:?}");
    assert_eq!(
        lines[2],
        "A not not_valid_then: AS64496 (announces 192.0.2.0/24, by the table of 2026-11-20) did not hold on 2026-11-18T11:06:40Z."
    );
    let inside_the_hole = told(&register, &[(IP, "192.0.2.129")]);
    assert!(
        inside_the_hole
            .iter()
            .any(|line| line.starts_with("C not excluded: The prefix 192.0.2.128/25 is excluded")),
        "{inside_the_hole:?}"
    );
    assert!(!inside_the_hole.iter().any(|line| line.starts_with("C told")));
    assert_eq!(ask(&register, &[(IP, "192.0.2.1")])[0].rule, Rule::NameOverAsn);
}
