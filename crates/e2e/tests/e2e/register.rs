//! The register from files and back, and the rules by which it says whose something is.

use std::fs;

use serde_json::Value;

use crate::{
    fixtures::{RDP_HEADER, Register, rdp, rdp_name, rdp_row},
    installation::{Installation, count},
    program::run,
};

const FILES: [&str; 4] = ["organisations.csv", "assets.csv", "contacts.csv", "relations.csv"];

fn import(installation: &Installation, register: &Register, options: &[&str]) -> crate::program::Run {
    let folder = register.write_to(&installation.path("register"));
    let args: Vec<&str> = [&["register", "import", &folder][..], options].concat();
    run(installation.command(&args).arg("--json"))
}

fn export(installation: &Installation, name: &str) -> Vec<String> {
    let folder = installation.path(name);
    installation.run(&["register", "export", folder.to_str().unwrap()]).ended(0);
    FILES.map(|file| fs::read_to_string(folder.join(file)).unwrap()).to_vec()
}

#[test]
fn what_is_exported_imports_again_without_a_change() {
    let installation = Installation::new();
    let exported = export(&installation, "first");
    let folder = installation.path("first").display().to_string();
    let again = installation.json(&["register", "import", &folder]);
    assert_eq!((&again["applied"], count(&again["register_version"])), (&Value::Bool(false), 1), "{again}");
    assert_eq!(["added", "changed", "withdrawn"].map(|key| count(&again[key])), [0; 3]);
    let other = Installation::empty();
    other.run(&["register", "import", &folder]).ended(0);
    assert_eq!(export(&other, "second"), exported);
}

#[test]
fn an_error_names_file_and_line_and_nothing_changes() {
    let installation = Installation::new();
    let before = export(&installation, "before");
    let wrong = Register::small()
        .organisation("GM5,Nieuwstad,municipality,,nl")
        .asset("GM5,prefix,198.51.100.0/33,owner")
        .asset("GM77,domain,nieuwstad.nl,owner")
        .contact("GM5,acib,Postvak,geen adres,,nl,AMBER");
    let refused = import(&installation, &wrong, &[]).ended(1).says(&["3 errors", "nothing was changed"]);
    let json = refused.json();
    assert_eq!((count(&json["errors"]), &json["applied"]), (3, &Value::Bool(false)));
    let problems: Vec<_> =
        json["problems"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    for (file_and_line, what) in
        [("assets.csv:8", "198.51.100.0/33"), ("assets.csv:9", "GM77"), ("contacts.csv:8", "geen adres")]
    {
        assert!(
            problems.iter().any(|problem| problem.contains(file_and_line) && problem.contains(what)),
            "{file_and_line} {what} is not named in {problems:#?}"
        );
    }
    assert_eq!(export(&installation, "after"), before);
}

#[test]
fn partial_takes_the_good_rows() {
    let installation = Installation::new();
    let wrong = Register::small()
        .organisation("GM5,Nieuwstad,municipality,,nl")
        .asset("GM5,prefix,198.51.100.0/33,owner")
        .asset("GM5,domain,nieuwstad.nl,owner");
    let taken = import(&installation, &wrong, &["--partial"]).ended(3).json();
    assert_eq!((count(&taken["errors"]), count(&taken["added"])), (1, 2), "{taken}");
    let explained = installation.json(&["explain", "--domain", "www.nieuwstad.nl"]);
    assert_eq!(explained["candidates"][0]["organisation"], "GM5");
}

#[test]
fn a_dry_run_shows_the_difference_and_changes_nothing() {
    let installation = Installation::new();
    let changed = Register::small()
        .organisation("GM5,Nieuwstad,municipality,,nl")
        .contact("GM2,findings,CERT,cert@lindeveen.example,,nl,AMBER");
    let folder = changed.write_to(&installation.path("changed"));
    let shown = installation.run(&["register", "import", &folder, "--dry-run"]).ended(0);
    for line in [
        "organisations: 1 new, 0 changed, 0 withdrawn",
        "contacts: 1 new, 0 changed, 0 withdrawn",
        "A dry run",
    ] {
        assert!(shown.stdout.contains(line), "`{line}` is missing in {}", shown.stdout);
    }
    assert_eq!(count(&installation.json(&["explain", "--ip", "192.0.2.1"])["register_version"]), 1);
    let applied = installation.json(&["register", "import", &folder]);
    assert_eq!((count(&applied["added"]), count(&applied["register_version"])), (2, 2));
}

#[test]
fn what_is_no_longer_in_a_file_is_withdrawn() {
    let installation = Installation::new();
    let less = Register::small().write_to(&installation.path("less"));
    let assets = fs::read_to_string(installation.path("less/assets.csv")).unwrap();
    let without: Vec<_> = assets.lines().filter(|line| !line.contains("berkendal.nl")).collect();
    fs::write(installation.path("less/assets.csv"), without.join("\n")).unwrap();
    let applied = installation.json(&["register", "import", &less]);
    assert_eq!((count(&applied["withdrawn"]), count(&applied["added"])), (1, 0), "{applied}");
    assert_eq!(
        installation.json(&["explain", "--domain", "berkendal.nl"])["candidates"],
        Value::Array(vec![])
    );
}

#[test]
fn a_file_that_is_not_there_changes_nothing_of_its_kind() {
    let installation = Installation::new();
    let only = Register::small().contact("GM2,findings,CERT,cert@lindeveen.example,,nl,AMBER");
    let folder = only.write_to(&installation.path("only"));
    fs::remove_file(installation.path("only/assets.csv")).unwrap();
    fs::remove_file(installation.path("only/organisations.csv")).unwrap();
    let applied = installation.json(&["register", "import", &folder]);
    assert_eq!(["added", "changed", "withdrawn"].map(|key| count(&applied[key])), [1, 0, 0], "{applied}");
    fs::remove_file(installation.path("only/contacts.csv")).unwrap();
    fs::remove_file(installation.path("only/relations.csv")).unwrap();
    installation
        .run(&["register", "import", &folder])
        .ended(1)
        .says(&["no file that can be imported", "csv"]);
}

/// A register with a case for every rule.
fn disputed() -> Register {
    ["A,Alfa", "B,Bravo", "C,Charlie", "D,Delta"]
        .iter()
        .fold(Register::default(), |register, organisation| {
            register.organisation(&format!("{organisation},municipality,,nl"))
        })
        // Longer before shorter; a hole in a range.
        .asset("A,prefix,198.51.100.0/24,owner")
        .asset("B,prefix,198.51.100.64/26,owner")
        .asset("C,address,198.51.100.70,owner")
        .asset("A,prefix,198.51.100.192/26,owner,,,desk,excluded")
        // A host name before the domain above it.
        .asset("A,domain,alfa.nl,owner")
        .asset("B,hostname,loket.alfa.nl,owner")
        .asset("A,mail_domain,alfa.nl,owner")
        .asset("D,domain,example.nl,owner")
        // An AS number only where nothing nearer is known, a country after that.
        .asset("C,asn,64496,owner")
        .asset("D,country,NL,monitor")
        // Proven before asserted.
        .asset("A,prefix,203.0.113.0/25,owner,,,asserted")
        .asset("B,prefix,203.0.113.0/25,owner,,,dns")
        // Until the new year one, from then on another.
        .asset("A,prefix,203.0.113.128/25,owner,,2026-01-01")
        .asset("B,prefix,203.0.113.128/25,owner,2026-01-01")
        // Many names live here.
        .asset("C,address,192.0.2.80,operator,,,desk,shared_hosting")
        .asset("A,url,https://portaal.bravo.nl/alfa/,owner")
}

/// Winners as `organisation role rule`, sorted; losers with a `-` in front.
fn verdicts(installation: &Installation, args: &[&str]) -> Vec<String> {
    let explained = installation.json(&[&["explain"], args].concat());
    let verdict = |candidate: &Value| {
        let text = |key: &str| candidate[key].as_str().unwrap().to_owned();
        let lost = if candidate["won"] == true { "" } else { "-" };
        format!("{lost}{} {} {}", text("organisation"), text("role"), text("rule"))
    };
    let mut verdicts: Vec<_> = explained["candidates"].as_array().unwrap().iter().map(verdict).collect();
    verdicts.sort();
    verdicts
}

#[test]
fn every_rule_decides_and_is_named() {
    let installation = Installation::empty();
    installation.import(&disputed());
    let cases: &[(&[&str], &[&str])] = &[
        (&["--ip", "198.51.100.1"], &["A owner longest_prefix"]),
        (&["--ip", "198.51.100.65"], &["-A owner longest_prefix", "B owner longest_prefix"]),
        (
            &["--ip", "198.51.100.70"],
            &["-A owner longest_prefix", "-B owner longest_prefix", "C owner longest_prefix"],
        ),
        (&["--ip", "::ffff:198.51.100.1"], &["A owner longest_prefix"]),
        (&["--ip", "198.51.100.200"], &["-A owner excluded", "-A owner excluded"]),
        (&["--domain", "www.alfa.nl"], &["A owner host_over_domain"]),
        (&["--domain", "LOKET.Alfa.nl."], &["-A owner host_over_domain", "B owner host_over_domain"]),
        (&["--domain", "x.loket.alfa.nl"], &["A owner host_over_domain"]),
        (&["--domain", "badexample.nl"], &[]),
        (&["--domain", "a.example.nl"], &["D owner host_over_domain"]),
        (&["--url", "https://www.alfa.nl/x"], &["A owner host_over_domain"]),
        (&["--url", "https://portaal.bravo.nl/alfa/login"], &["A owner host_over_domain"]),
        (&["--url", "https://portaal.bravo.nl/bravo/"], &[]),
        (&["--email", "j.jansen@alfa.nl"], &["-A owner host_over_domain", "A owner host_over_domain"]),
        (&["--asn", "AS64496"], &["C owner name_over_asn"]),
        (&["--asn", "64496", "--ip", "198.51.100.1"], &["-C owner name_over_asn", "A owner longest_prefix"]),
        (&["--country", "nl"], &["D monitor country"]),
        (&["--ip", "203.0.113.5"], &["-A owner proven", "B owner proven"]),
        (
            &["--ip", "203.0.113.200", "--at", "2025-12-31T23:59:59Z"],
            &["-B owner not_valid_then", "A owner longest_prefix"],
        ),
        (
            &["--ip", "203.0.113.200", "--at", "2026-01-01"],
            &["-A owner not_valid_then", "B owner longest_prefix"],
        ),
        (&["--ip", "192.0.2.80"], &["C operator longest_prefix"]),
        (
            &["--ip", "192.0.2.80", "--domain", "www.alfa.nl"],
            &["-C operator shared_hosting", "A owner host_over_domain"],
        ),
        (&["--ip", "192.0.2.1"], &[]),
    ];
    for (args, expected) in cases {
        assert_eq!(verdicts(&installation, args), *expected, "{args:?}");
    }
}

#[test]
fn some_kinds_of_event_go_by_names_only() {
    let installation = Installation::empty();
    installation.import(&disputed());
    let both = ["--ip", "198.51.100.1", "--domain", "www.example.nl"];
    let told = |kind: &[&str]| {
        let verdicts = verdicts(&installation, &[&both[..], kind].concat());
        verdicts.into_iter().filter(|verdict| !verdict.starts_with('-')).collect::<Vec<_>>()
    };
    assert_eq!(told(&["--kind", "phishing"]), ["D owner host_over_domain"]);
    assert!(told(&["--kind", "vulnerable-system"]).iter().any(|verdict| verdict.starts_with("D owner")));
}

#[test]
fn a_row_goes_to_whom_it_concerned_when_it_was_observed() {
    let installation = Installation::empty();
    installation.import(
        &disputed()
            .contact("A,vcib,A,vcib@alfa.example,,nl,RED")
            .contact("B,vcib,B,vcib@bravo.example,,nl,RED"),
    );
    let report = RDP_HEADER.to_owned()
        + &rdp_row("2025-12-31 23:59:59", "203.0.113.200")
        + &rdp_row("2026-01-01 00:00:00", "203.0.113.201");
    let file = installation.file(&rdp_name("2026-01-01"), report);
    installation.ingest(&file);
    let told = installation.json(&["tell", "--dry-run"]);
    let told: Vec<_> = told["notifications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["organisation"].as_str().unwrap(), count(&one["findings"])))
        .collect();
    assert_eq!(told, [("A", 1), ("B", 1)]);
    installation.assert_sound();
}

#[test]
fn a_correction_later_leaves_what_was_decided_provable() {
    let installation = Installation::new();
    let file =
        installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.1", "198.51.100.200"]));
    installation.ingest(&file);
    import(&installation, &disputed(), &["--force"]).ended(0);
    installation.assert_sound();
    let traced = installation.json(&["trace", "1:2"]);
    assert_eq!(count(&traced["register_version"]), 1, "{traced}");
}

/// `new changed withdrawn in_conflict`
fn sums(import: &Value) -> [u64; 4] {
    ["added", "changed", "withdrawn", "in_conflict"].map(|key| count(&import[key]))
}

#[test]
fn relations_come_and_go_with_the_others_and_come_back_from_an_export() {
    let installation = Installation::empty();
    let related = Register::small()
        .relation("SV1,serves,GM1,,,2025-01-01")
        .relation("SV1,supplies,GM2,through_member,yes,,2027-01-01,hosting");
    let first = import(&installation, &related, &[]).ended(0).json();
    assert_eq!((sums(&first), count(&first["relations"]["added"])), ([19, 0, 0, 0], 2), "{first}");
    let changed = Register::small().relation("SV1,supplies,GM2,direct,yes,,2027-01-01,hosting");
    let second = import(&installation, &changed, &["--list"]).ended(0).json();
    assert_eq!(sums(&second), [0, 1, 1, 0]);
    let rows: Vec<_> =
        second["rows"].as_array().unwrap().iter().map(|row| row["change"].as_str().unwrap()).collect();
    assert_eq!(rows, ["changed", "withdrawn"]);
    assert_eq!(second["rows"][0]["after"], "SV1,supplies,GM2,direct,yes,,2027-01-01,hosting");
    let exported = export(&installation, "related");
    assert_eq!(exported[3].lines().count(), 2, "{}", exported[3]);
    let again =
        installation.run(&["register", "import", &installation.path("related").display().to_string()]);
    assert!(again.ended(0).stdout.contains("relations: 0 new, 0 changed, 0 withdrawn, 1 stay as they are"));
}

#[test]
fn relations_that_go_in_a_circle_or_name_nobody_are_refused() {
    for (rows, what) in [
        (&["GM1,merged_into,GM2", "GM2,merged_into,GM3", "GM3,merged_into,GM1"][..], "comes back to `GM3`"),
        (&["GM1,serves,GM2", "GM2,serves,GM1"], "comes back to `GM2`"),
        (&["GM1,supplies,GM1"], "cannot stand in a relation to itself"),
        (&["GM1,serves,GM77"], "`GM77` is not in organisations.csv"),
        (&["GM1,helps,GM2"], "`helps` is no kind of relation"),
        (&["GM1,serves,GM2,,,2026-01-01,2025-01-01"], "holds no time"),
    ] {
        let installation = Installation::new();
        let wrong = rows.iter().fold(Register::small(), |register, row| register.relation(row));
        let refused = import(&installation, &wrong, &[]).ended(1).json();
        assert_eq!(count(&refused["errors"]), 1, "{refused}");
        assert!(refused["problems"].to_string().contains(what), "{what}: {refused}");
        assert_eq!(count(&refused["register_version"]), 1);
    }
}

#[test]
fn part_of_an_import_closes_no_circle_that_the_whole_does_not_have() {
    let installation = Installation::new();
    import(&installation, &Register::small().relation("GM1,serves,GM2"), &[]).ended(0);
    // The other way round: whole it is no circle, but its new row beside what stands is one.
    let turned = Register::small().relation("GM2,serves,GM1");
    import(&installation, &turned, &["--only", "new"])
        .ended(1)
        .says(&["nothing was changed", "comes back to"]);
    let history = installation.json(&["register", "history"]);
    assert_eq!(count(&history["versions"][0]["register_version"]), 2, "{history}");
    import(&installation, &turned, &[]).ended(0);
    // Nor does an undo bring one back: the first relation was withdrawn by the version that brought the second.
    installation.run(&["register", "undo", "2", "--partial"]).ended(0);
    assert_eq!(installation.json(&["register", "show", "GM1"])["relations"].as_array().unwrap().len(), 1);
    installation.assert_sound();
}

#[test]
fn part_of_an_import_is_applied() {
    let installation = Installation::new();
    // One new asset, one changed name, one contact gone, one new organisation with a contact.
    let changed = || {
        let register = Register::small()
            .asset("GM2,domain,lindeveen.nl,owner")
            .organisation("GM5,Nieuwstad,municipality,,nl")
            .contact("GM5,acib,Postvak,post@nieuwstad.example,,nl,AMBER");
        let folder = register.write_to(&installation.path("changed"));
        let edit = |name: &str, from: &str, to: &str| {
            let path = installation.path("changed").join(name);
            fs::write(&path, fs::read_to_string(&path).unwrap().replace(from, to)).unwrap();
        };
        edit("organisations.csv", "Eikendam", "Groot-Eikendam");
        edit("contacts.csv", "SV1,findings,Dienst,dienst@hulpbron.example,,nl,AMBER,,,\n", "");
        folder
    };
    let folder = changed();
    let applied = |options: &[&str]| {
        let args = [&["register", "import", &folder][..], options].concat();
        let done = installation.json(&args);
        assert_eq!(done["applied"], true, "{options:?} {done}");
        count(&done["left_out"])
    };
    let shown = installation.json(&["register", "import", &folder, "--dry-run"]);
    assert_eq!(sums(&shown), [3, 1, 1, 0], "{shown}");
    assert_eq!(applied(&["--only", "changed"]), 4);
    assert_eq!(applied(&["--only-organisation", "GM2"]), 3);
    assert_eq!(applied(&["--only", "withdrawn", "--only", "contacts"]), 2);
    let nothing = installation.json(&["register", "import", &folder, "--only", "new,contacts"]);
    assert_eq!(
        (&nothing["applied"], count(&nothing["left_out"])),
        (&Value::Bool(false), 2),
        "GM5 is not there"
    );
    assert_eq!(applied(&["--only", "new"]), 0);
    let done = installation.json(&["register", "import", &folder]);
    assert_eq!((sums(&done), &done["applied"]), ([0, 0, 0, 0], &Value::Bool(false)));
    installation
        .run(&["register", "import", &folder, "--only", "renewed"])
        .ended(2)
        .says(&["withdrawn", "relations"]);
}

#[test]
fn somebody_elses_proven_domain_is_a_conflict() {
    let installation = Installation::new();
    let claimed = Register::small()
        .asset("GM1,domain,berkendal.nl,owner,,,asserted")
        .asset("GM1,domain,berkendal.nl,supplier,,,asserted");
    let shown = import(&installation, &claimed, &["--dry-run"]).ended(0).json();
    assert_eq!(sums(&shown), [2, 0, 0, 1], "{shown}");
    assert!(shown["conflicts"][0]["with"].as_str().unwrap().starts_with("GM3,domain,berkendal.nl,owner"));
    let without = import(&installation, &claimed, &["--without-conflicts"]).ended(0).json();
    assert_eq!(count(&without["assets"]["added"]), 1);
    let folder = installation.path("register").display().to_string();
    let text = installation.run(&["register", "import", &folder]).ended(0).stdout;
    assert!(text.contains("In all: 1 new, 0 changed, 0 withdrawn, 1 in conflict"), "{text}");
    assert!(
        text.contains(
            "`GM1` would be the owner of domain berkendal.nl (asserted), which `GM3` has proven (desk)"
        ),
        "{text}"
    );
    assert_eq!(verdicts(&installation, &["--domain", "berkendal.nl"])[0], "-GM1 owner proven");
    // Two rows of the files that say different things are in conflict too, and an error.
    let twice = Register::small()
        .asset("GM2,domain,lindeveen.nl,owner,,,asserted,,this")
        .asset("GM2,domain,lindeveen.nl,owner,,,asserted,,that");
    let refused = import(&installation, &twice, &[]).ended(1).json();
    assert_eq!((sums(&refused)[3], count(&refused["errors"])), (1, 1), "{refused}");
}

#[test]
fn an_import_is_taken_back_whole() {
    let mut installation = Installation::new();
    let before = export(&installation, "before");
    installation.at("2026-11-22T09:00:00Z");
    let other = Register::small()
        .organisation("GM5,Nieuwstad,municipality,,nl")
        .asset("GM5,domain,nieuwstad.nl,owner")
        .contact("GM5,acib,Postvak,post@nieuwstad.example,,nl,AMBER")
        .relation("SV1,serves,GM5");
    import(&installation, &other, &["--reason", "GM5 joins"]).ended(0);
    let dry = installation.json(&["register", "undo", "--dry-run"]);
    assert_eq!((count(&dry["undone"]), count(&dry["withdrawn"]), count(&dry["register_version"])), (2, 4, 2));
    let undone = installation.json(&["register", "undo"]);
    assert_eq!((count(&undone["withdrawn"]), count(&undone["register_version"])), (4, 3), "{undone}");
    assert_eq!(export(&installation, "after"), before);
    // The undo is a version as any other: taking it back brings all of it again.
    let again = installation.json(&["register", "undo", "3"]);
    assert_eq!((count(&again["added"]), count(&again["register_version"])), (4, 4), "{again}");
    let history = installation.json(&["register", "history"]);
    let history: Vec<_> = history["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (
                count(&one["register_version"]),
                text("actor"),
                text("reason"),
                count(&one["assets"]["recorded"]),
            )
        })
        .collect();
    let line =
        |version, reason: &str, assets| (version, "command line".to_owned(), reason.to_owned(), assets);
    assert_eq!(
        history,
        [
            line(4, "undo of version 3", 1),
            line(3, "undo of version 2", 0),
            line(2, "GM5 joins", 1),
            line(1, "import", 6)
        ]
    );
    installation.run(&["register", "undo", "9"]).ended(1).says(&["there is no version 9"]);
}

#[test]
fn what_a_later_change_touched_is_not_taken_back_in_silence() {
    let installation = Installation::new();
    let with = |note: &str| {
        Register::small()
            .asset(&format!("GM2,domain,lindeveen.nl,owner,,,desk,,{note}"))
            .asset("GM2,domain,linde.example,owner")
    };
    import(&installation, &with("first"), &[]).ended(0);
    import(&installation, &with("second"), &[]).ended(0);
    installation.run(&["register", "undo", "2"]).ended(1).says(&["Later changes touched 1 rows"]);
    let part = installation.json(&["register", "undo", "2", "--partial"]);
    assert_eq!((count(&part["withdrawn"]), count(&part["register_version"])), (1, 4), "{part}");
    assert!(part["stays"][0]["row"].as_str().unwrap().ends_with("first"));
    assert_eq!(verdicts(&installation, &["--domain", "lindeveen.nl"]), ["GM2 owner host_over_domain"]);
    assert_eq!(verdicts(&installation, &["--domain", "linde.example"]), [""; 0]);
}

#[test]
fn a_member_with_open_findings_goes_only_by_force_and_the_ledger_balances() {
    let installation = Installation::new();
    let file =
        installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200", "198.51.100.201"]));
    installation.ingest(&file);
    let folder = Register::small().write_to(&installation.path("without"));
    for name in FILES {
        let path = installation.path("without").join(name);
        let rest: Vec<_> = fs::read_to_string(&path)
            .unwrap()
            .lines()
            .filter(|line| !line.contains("GM2"))
            .map(str::to_owned)
            .collect();
        fs::write(&path, rest.join("\n")).unwrap();
    }
    let refused = installation.run(&["register", "import", &folder]).ended(1);
    let refused = refused.says(&["GM2 has open findings: 2 wait to be told, 0 were told", "register merge"]);
    assert!(!refused.stdout.contains("Applied"));
    installation.run(&["register", "import", &folder, "--force"]).ended(0);
    let told = installation.json(&["tell"]);
    assert_eq!(told["notifications"].as_array().map(Vec::len), Some(0), "{told}");
    let ledger = installation.json(&["ledger"]);
    assert_eq!(count(&ledger["fates"]["no_contact"]), 2, "{ledger}");
    installation.assert_sound();
}

#[test]
fn what_was_known_and_what_was_true_are_two_times() {
    let mut installation = Installation::empty();
    installation.at("2026-11-01T09:00:00Z");
    import(&installation, &Register::small(), &[]).ended(0);
    // Recorded on 10 November: since 5 November the upper half of GM1's range is GM2's.
    installation.at("2026-11-10T09:00:00Z");
    let moved = Register::small()
        .asset("GM2,prefix,198.51.100.64/26,owner,2026-11-05")
        .relation("SV1,serves,GM2,,,2026-11-05");
    import(&installation, &moved, &[]).ended(0);
    installation.at("2026-11-21T09:00:00Z");
    let ip = ["explain", "--ip", "198.51.100.100"];
    let ask = |at: &str, known: &str| {
        let explained = installation.json(&[&ip[..], &["--at", at, "--as-known-at", known]].concat());
        let owner = |explained: &Value| {
            let won = |one: &&Value| one["won"] == true && one["role"] == "owner";
            let found = explained["candidates"].as_array().unwrap().iter().find(won).cloned();
            found.map_or("nobody".to_owned(), |one| one["organisation"].as_str().unwrap().to_owned())
        };
        let now = explained.get("now").map_or("the same".to_owned(), owner);
        (count(&explained["register_version"]), owner(&explained), now)
    };
    let says = |version, then: &str, now: &str| (version, then.to_owned(), now.to_owned());
    // True on 6 November, known on 9 November: GM1; what we know now about it: GM2.
    assert_eq!(ask("2026-11-06", "2026-11-09"), says(1, "GM1", "GM2"));
    assert_eq!(ask("2026-11-06", "2026-11-10T08:59:59Z"), says(1, "GM1", "GM2"));
    assert_eq!(ask("2026-11-06", "2026-11-10T09:00:00Z"), says(2, "GM2", "the same"));
    assert_eq!(ask("2026-11-04", "2026-11-20"), says(2, "GM1", "the same"));
    assert_eq!(ask("2026-11-06", "2026-10-01"), says(0, "nobody", "GM2"));
    let text = installation.run(&[&ip[..], &["--at", "2026-11-06", "--as-known-at", "2026-10-01"]].concat());
    let text = text.ended(0).stdout;
    assert!(text.contains("nothing was known yet") && text.contains("By what is known now"), "{text}");

    let shown = installation.json(&["register", "show", "GM2", "--at", "2026-11-04"]);
    assert_eq!(
        (shown["assets"].as_array().unwrap().len(), shown["relations"].as_array().unwrap().len()),
        (1, 0)
    );
    let shown = installation.json(&["register", "show", "Lindeveen"]);
    assert_eq!(
        (shown["assets"].as_array().unwrap().len(), &shown["relations"][0]["other"]),
        (2, &Value::from("SV1"))
    );
    let then = installation.json(&["register", "show", "GM2", "--as-known-at", "2026-11-09"]);
    assert_eq!((then["assets"].as_array().unwrap().len(), count(&then["register_version"])), (1, 1));
    installation
        .run(&["register", "show", "GM2", "--as-known-at", "2026-10-01"])
        .ended(1)
        .says(&["nothing was known"]);
    installation.run(&["register", "show", "GM77"]).ended(1).says(&["no organisation GM77"]);
    let folder = installation.path("then").display().to_string();
    let exported = installation.json(&["register", "export", &folder, "--as-known-at", "2026-11-09"]);
    assert_eq!((count(&exported["register_version"]), count(&exported["assets"])), (1, 6), "{exported}");
}

#[test]
fn what_no_register_should_hold_is_refused_or_put_right_and_said() {
    let bad: &[(&str, &[&str], i32, &str)] = &[
        ("assets.csv", &["GM1,prefix,0.0.0.0/0"], 1, "0.0.0.0/0"),
        ("assets.csv", &["GM1,prefix,::/0"], 1, "::/0"),
        ("assets.csv", &["GM1,domain,nl"], 1, "`nl`"),
        ("assets.csv", &["GM1,domain,co.uk"], 1, "`co.uk`"),
        ("assets.csv", &["GM1,domain,eikendam.nl,owner,2026-01-01,2025-01-01"], 1, "holds no time"),
        (
            "assets.csv",
            &["GM1,prefix,198.51.100.7/25,operator"],
            0,
            "`198.51.100.7/25` is kept as 198.51.100.0/25",
        ),
        ("assets.csv", &["GM1,domain,EIKENDAM.nl."], 0, "`EIKENDAM.nl.` is kept as eikendam.nl"),
        ("organisations.csv", &["GM1,Anders,municipality"], 1, "another organisation has this id"),
        ("contacts.csv", &["GM1,vcib,X,x@eikendam.example,,,,,2026-01-01,2026-01-01"], 1, "holds no time"),
        ("contacts.csv", &["GM1,vcib,X,x@eikendam.example,,,,eerste"], 1, "`eerste` is no place in an order"),
    ];
    for (file, rows, code, said) in bad {
        let installation = Installation::new();
        let folder = Register::small().write_to(&installation.path("bad"));
        let path = installation.path("bad").join(file);
        fs::write(&path, fs::read_to_string(&path).unwrap() + &rows.join("\n") + "\n").unwrap();
        let run = installation.run(&["register", "import", &folder]).ended(*code);
        assert!(run.stdout.contains(file) && run.stdout.contains(said), "{said}: {}", run.stdout);
    }
    let installation = Installation::new();
    let folder = Register::small().write_to(&installation.path("bad"));
    let path = installation.path("bad/organisations.csv");
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"GM5,Nieuw\xffstad,municipality,,nl\n");
    fs::write(&path, bytes).unwrap();
    let run = installation.run(&["register", "import", &folder]).ended(1);
    assert!(run.stdout.contains("organisations.csv:7") && run.stdout.contains("UTF-8"), "{}", run.stdout);
}

#[test]
fn the_real_register_of_municipalities_imports_whole() {
    let real = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/real");
    if !real.join("municipalities.csv").exists() {
        println!("skipped: ../shared/data/real is not there");
        return;
    }
    let installation = Installation::empty();
    let folder = real.display().to_string();
    let dry = installation.json(&["register", "import", &folder, "--dry-run"]);
    assert_eq!((&dry["applied"], &dry["format"]), (&Value::Bool(false), &Value::from("roo")));
    let done = installation.json(&["register", "import", &folder]);
    assert_eq!((count(&done["errors"]), count(&done["register_version"])), (0, 1));
    let exported = export(&installation, "real");
    let lines = |at: usize, part: &str| exported[at].lines().filter(|line| line.contains(part)).count();
    // 342 of today and 271 that were dissolved.
    assert_eq!(lines(0, ",municipality,"), 342 + 271);
    assert_eq!(exported[0].lines().count() - 1, 342 + 271 + 434);
    assert_eq!(lines(3, ",participates_in,"), 3_181);
    assert!(lines(3, ",merged_into,") > 100);
    // A dissolved one: its successor and since when.
    let shown = installation.json(&["register", "show", "Bussum"]);
    let merged =
        shown["relations"].as_array().unwrap().iter().find(|one| one["kind"] == "merged_into").cloned();
    let merged = merged.unwrap_or_else(|| panic!("{shown}"));
    assert_eq!(
        (&merged["other_name"], &merged["valid_from"]),
        (&Value::from("Gooise Meren"), &Value::from("2016-01-01"))
    );
    let again = installation.json(&["register", "import", &folder]);
    assert_eq!((sums(&again), &again["applied"]), ([0, 0, 0, 0], &Value::Bool(false)), "{again}");
}

#[test]
fn files_can_also_add_to_what_stands() {
    let installation = Installation::new();
    let folder = installation.path("more");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("organisations.csv"),
        "id,name,kind\nGM5,Nieuwstad,municipality\nGM1,Groot-Eikendam,municipality\n",
    )
    .unwrap();
    fs::write(
        folder.join("assets.csv"),
        "organisation,kind,value\nGM5,domain,nieuwstad.nl\nGM2,domain,lindeveen.nl\n",
    )
    .unwrap();
    let folder = folder.display().to_string();
    let added = installation.json(&["register", "import", &folder, "--scope", "additions"]);
    assert_eq!((sums(&added), &added["applied"]), ([3, 1, 0, 0], &Value::Bool(true)), "{added}");
    // As the whole register it would leave contacts of organisations that are not in it.
    let whole = installation.run(&["register", "import", &folder, "--dry-run"]).ended(1);
    assert!(
        whole
            .stdout
            .contains("`GM2` is not in the file, but 0 assets, 1 contacts and 0 relations of it stand"),
        "{}",
        whole.stdout
    );
}
