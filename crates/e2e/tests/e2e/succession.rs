//! Who is told as organisations, people and suppliers come, go and change: periods of contacts, mandates of suppliers, mergers.

use serde_json::Value;

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
};

/// Takes in a day on which these addresses are seen, at 09:00 on it.
fn day(installation: &mut Installation, day: &str, addresses: &[&str], options: &[&str]) {
    installation.at(&format!("{day}T09:00:00Z"));
    let file = installation.file(&rdp_name(day), rdp(day, addresses));
    installation.json(&[&["ingest", &file][..], options].concat());
}

/// Tells, and gives `organisation findings recipients` of each notification.
fn tell(installation: &Installation) -> Vec<(String, u64, Vec<String>)> {
    let told = installation.json(&["tell"]);
    let one = |one: &Value| {
        let recipients =
            one["recipients"].as_array().unwrap().iter().map(|who| who.as_str().unwrap().to_owned());
        (one["organisation"].as_str().unwrap().to_owned(), count(&one["findings"]), recipients.collect())
    };
    told["notifications"].as_array().unwrap().iter().map(one).collect()
}

fn told(organisation: &str, findings: u64, recipient: &str) -> (String, u64, Vec<String>) {
    (organisation.to_owned(), findings, vec![recipient.to_owned()])
}

#[test]
fn only_contacts_whose_period_it_is_are_told() {
    let mut installation = Installation::empty();
    installation.import(
        &Register::default()
            .organisation("GM1,Eikendam,municipality,,nl")
            .organisation("GM2,Lindeveen,municipality,,nl")
            .asset("GM1,prefix,198.51.100.0/25,owner")
            .asset("GM2,prefix,198.51.100.128/25,owner")
            .contact("GM1,vcib,Was,was@eikendam.example,,nl,RED,1,,2026-11-20T09:00:00Z")
            .contact("GM1,vcib,Is,is@eikendam.example,,nl,RED,2,2026-11-20T09:00:00Z,")
            .contact("GM1,vcib,Was,was@eikendam.example,,nl,RED,3,2026-12-01,")
            .contact("GM2,vcib,Was,was@lindeveen.example,,nl,RED,,,2026-11-20")
            .contact("GM2,acib,Nog,nog@lindeveen.example,,nl,AMBER,,2026-11-22,"),
    );
    day(&mut installation, "2026-11-20", &["198.51.100.1", "198.51.100.200"], &[]);
    assert_eq!((installation.fate("queued"), installation.fate("no_contact")), (1, 1));
    assert_eq!(tell(&installation), [told("GM1", 1, "is@eikendam.example")]);
    // Between being taken in and being told somebody can leave: the one whose period it is then is told.
    day(&mut installation, "2026-11-21", &["198.51.100.2", "198.51.100.200"], &[]);
    installation.at("2026-12-01T00:00:00Z");
    let both = vec!["is@eikendam.example".to_owned(), "was@eikendam.example".to_owned()];
    assert_eq!(tell(&installation), [("GM1".to_owned(), 1, both)]);
    // Who could not be told is tried again when the finding is seen again.
    day(&mut installation, "2026-11-22", &["198.51.100.200"], &[]);
    assert_eq!(tell(&installation), [told("GM2", 1, "nog@lindeveen.example")]);
    installation.assert_sound();
}

fn supplied(mandate: &str) -> Register {
    Register::small()
        .organisation("LV1,Leverancier,supplier,,nl")
        .asset("LV1,prefix,198.51.100.128/26,supplier")
        .asset("LV1,prefix,203.0.113.0/26,supplier")
        .contact("LV1,findings,NOC,noc@leverancier.example,,nl,AMBER")
        .contact("GM4,findings,CERT,cert@stilstad.example,,nl,AMBER")
        .relation(&format!("LV1,supplies,GM2,{mandate}"))
}

#[test]
fn a_supplier_hears_as_its_mandate_says() {
    let seen = ["198.51.100.129", "203.0.113.1"];
    let gm2 = told("GM2", 1, "vcib@lindeveen.example");
    let gm4 = told("GM4", 1, "cert@stilstad.example");
    let noc = |findings| told("LV1", findings, "noc@leverancier.example");
    for (mandate, tlp, expected, suppressed) in [
        // To GM4 it has no relation: there it is told as everybody is.
        ("through_member", "AMBER", vec![gm2.clone(), gm4.clone(), noc(1)], 1),
        ("direct", "AMBER", vec![gm2.clone(), gm4.clone(), noc(2)], 0),
        ("copied", "AMBER", vec![gm2.clone(), gm4.clone(), noc(1)], 1),
        ("copied", "GREEN", vec![gm2, noc(1), gm4, noc(1)], 1),
    ] {
        let mut installation = Installation::empty();
        installation.import(&supplied(mandate));
        day(&mut installation, "2026-11-20", &seen, &["--tlp", tlp]);
        assert_eq!(installation.fate("suppressed"), suppressed, "{mandate} {tlp}");
        assert_eq!(tell(&installation), expected, "{mandate} {tlp}");
        if tlp == "GREEN" {
            let copy = installation.mails().into_iter().find(|mail| mail.contains("Dit is een kopie"));
            let copy = copy.expect("the copy says that it is one");
            assert!(copy.contains("Lindeveen") && copy.contains("198.51.100.129"), "{copy}");
        }
        // Seen again, nobody is told again.
        day(&mut installation, "2026-11-21", &seen, &["--tlp", tlp]);
        assert_eq!(tell(&installation), []);
        installation.assert_sound();
    }
}

#[test]
fn after_a_merger_the_successor_is_told_and_both_are_explained() {
    let mut installation = Installation::empty();
    installation.at("2025-12-01T09:00:00Z");
    installation.import(&Register::small().relation("SV1,serves,GM1").relation("SV1,serves,GM2"));
    let merge = ["register", "merge", "GM1", "GM2", "--into", "GM9", "--on", "2026-01-01"];
    installation.run(&merge).ended(1).says(&["no organisation GM9", "--name"]);
    let named = [&merge[..], &["--name", "Eikenveen"]].concat();
    let dry = installation.json(&[&named[..], &["--dry-run"]].concat());
    assert_eq!((&dry["applied"], count(&dry["register_version"])), (&Value::Bool(false), 1));
    let merged = installation.json(&named);
    assert_eq!(count(&merged["register_version"]), 2, "{merged}");
    installation.run(&named).ended(1).says(&["merged into GM9 already"]);

    // Seen and told before the day: still the old ones. Seen before it and told after: the successor, for the old one.
    day(&mut installation, "2025-12-30", &["198.51.100.1"], &[]);
    let first: Vec<_> = tell(&installation).into_iter().map(|(organisation, ..)| organisation).collect();
    assert_eq!(first, ["GM1", "SV1"]);
    day(&mut installation, "2025-12-31", &["198.51.100.2", "198.51.100.200"], &[]);
    installation.at("2026-01-01T00:00:00Z");
    let second = tell(&installation);
    assert_eq!(
        second,
        [
            told("SV1", 1, "dienst@hulpbron.example"),
            told("GM9", 1, "cert@eikendam.example"),
            told("GM9", 1, "cert@eikendam.example"),
        ]
    );
    let mails = installation.mails().join("\n");
    assert!(mails.contains("Dit gaat over Eikendam, dat sinds 2026-01-01 in uw organisatie is"), "{mails}");
    assert!(mails.contains("Dit gaat over Lindeveen"), "{mails}");
    // Seen after it: the successor's own, also what the old one knew already.
    day(&mut installation, "2026-01-02", &["198.51.100.1", "198.51.100.201"], &[]);
    assert_eq!(tell(&installation), [told("GM9", 2, "cert@eikendam.example")]);
    assert_eq!(installation.fate("no_contact"), 0);

    let explain = |at: &str| {
        let explained = installation.json(&["explain", "--ip", "198.51.100.200", "--at", at]);
        let of = |won: bool| {
            let mut of: Vec<_> = explained["candidates"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|one| one["won"] == won)
                .cloned()
                .collect();
            assert_eq!(of.len(), 1, "{explained}");
            of.remove(0)
        };
        (of(true), of(false))
    };
    let (old, new) = explain("2025-12-31T23:59:59Z");
    assert_eq!(
        (&old["organisation"], &old["told"]["organisation"]),
        (&Value::from("GM2"), &Value::from("GM9"))
    );
    assert_eq!(
        old["told"]["why"],
        "GM2 merged into GM9 on 2026-01-01; it was the owner when this was observed, and GM9 Eikenveen is told in its place"
    );
    assert_eq!((&new["organisation"], &new["rule"]), (&Value::from("GM9"), &Value::from("not_valid_then")));
    let (new, old) = explain("2026-01-01");
    assert_eq!((&new["organisation"], &new["told"]), (&Value::from("GM9"), &Value::Null));
    assert_eq!((&old["organisation"], &old["rule"]), (&Value::from("GM2"), &Value::from("not_valid_then")));
    // What was known before the merger was recorded.
    let then = installation.json(&[
        "explain",
        "--ip",
        "198.51.100.200",
        "--at",
        "2026-01-02",
        "--as-known-at",
        "2025-12-01T08:00:00Z",
    ]);
    assert_eq!(then["register_version"], 0, "{then}");
    assert_eq!(then["now"]["candidates"][0]["organisation"], "GM9");
    let shown = installation.json(&["register", "show", "GM9"]);
    let kinds: Vec<_> =
        shown["relations"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["serves", "merged_into", "merged_into"]);
    installation.assert_sound();
}
