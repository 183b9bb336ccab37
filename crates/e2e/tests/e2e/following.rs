//! What happens after telling: reminders, the ladder, the calling list, and what an answer changes.

use serde_json::Value;

use crate::{
    fixtures::{RDP_HEADER, Register, rdp_name},
    installation::{Installation, count},
};

const ADDRESS: &str = "198.51.100.1";

fn register() -> Register {
    Register::small()
        .contact("GM1,ciso,C. Ciso,ciso@eikendam.example,+31 88 000 00 02,nl,AMBER")
        .relation("SV1,serves,GM1")
}

/// Takes a report of this day in at 09:00 UTC: an open RDP at one address of Eikendam.
fn seen(installation: &mut Installation, day: &str, severity: &str) {
    seen_with(installation, day, severity, "rdp");
}

fn seen_with(installation: &mut Installation, day: &str, severity: &str, tags: &str) {
    installation.at(&format!("{day}T09:00:00Z"));
    let row = format!(
        "\"{day} 03:00:00\",\"{severity}\",\"{ADDRESS}\",\"tcp\",3389,\"\",\"{tags}\",64500,\"NL\"\n"
    );
    let file = installation.file(&rdp_name(day), RDP_HEADER.to_owned() + &row);
    installation.ingest(&file);
}

fn told(severity: &str) -> Installation {
    let mut installation = Installation::empty();
    installation.at("2026-11-01T00:00:00Z");
    installation.import(&register());
    installation.json(&["user", "add", "anne"]);
    installation.json(&["user", "add", "bram"]);
    // Eikendam runs it by itself here: its partnership is no operator of the range.
    seen(&mut installation, "2026-11-20", severity);
    installation.json(&["tell"]);
    installation
}

/// Tells at this time what is due, and gives to whom mails went: `recipient: subject`, of Eikendam only, sorted.
fn tell_at(installation: &mut Installation, at: &str) -> Vec<String> {
    let before = installation.mails().len();
    installation.at(at);
    installation.json(&["tell"]);
    let mut mails: Vec<String> = installation.mails()[before..].iter().map(|mail| addressed(mail)).collect();
    mails.sort();
    mails
}

/// `recipient: subject`, on one line.
fn addressed(mail: &str) -> String {
    let head = mail.replace("\r\n", "\n").replace("\n ", " ");
    let field = |name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default().to_owned()
    };
    let to = field("To:");
    let address = to.rsplit('<').next().unwrap_or_default().trim_end_matches('>').to_owned();
    format!("{address}: {}", field("Subject:"))
}

fn due(installation: &Installation) -> Vec<String> {
    let listed = installation.json(&["due"]);
    let row = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("organisation"), text("what"), text("why"))
    };
    let mut rows: Vec<String> = listed["due"].as_array().unwrap().iter().map(row).collect();
    rows.sort();
    rows
}

#[test]
fn without_a_reaction_somebody_else_is_asked_step_by_step_until_the_desk_calls() {
    let mut installation = told("critical");
    assert_eq!(due(&installation), [""; 0]);
    let ahead = installation.json(&["due"])["ahead"].to_string();
    assert!(ahead.contains("second_contact") && ahead.contains("2026-11-20T10:00:00Z"), "{ahead}");

    assert_eq!(tell_at(&mut installation, "2026-11-20T09:59:59Z"), [""; 0]);
    let second = tell_at(&mut installation, "2026-11-20T10:00:00Z");
    assert!(second[..].iter().any(|mail| mail.starts_with("vcib@eikendam.example: ")), "{second:?}");
    assert!(second[0].contains("Geen reactie"), "{second:?}");
    assert_eq!(tell_at(&mut installation, "2026-11-20T10:59:00Z"), [""; 0], "each step has its time");
    let partner = tell_at(&mut installation, "2026-11-20T11:00:00Z");
    assert!(partner.iter().any(|mail| mail.starts_with("dienst@hulpbron.example: ")), "{partner:?}");
    assert_eq!(tell_at(&mut installation, "2026-11-20T13:00:00Z"), [""; 0]);

    let list = installation.json(&["call", "list"]);
    let entry =
        list["calls"].as_array().unwrap().iter().find(|entry| entry["organisation"] == "GM1").unwrap();
    assert_eq!(entry["severity"], "critical");
    let phones: Vec<&str> = entry["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| contact["phone"].as_str().unwrap())
        .collect();
    assert_eq!(phones, ["+31 88 000 00 01", "+31 88 000 00 02"]);
    assert!(entry["say"].as_str().unwrap().contains("Eikendam"), "{entry}");
    assert!(!entry["say"].as_str().unwrap().contains(ADDRESS), "who picks up is not known yet");

    installation.json(&["--as", "anne", "call", "start", "GM1"]);
    installation.run(&["--as", "bram", "call", "start", "GM1"]).ended(1).says(&["anne is calling"]);
    installation.at("2026-11-20T13:31:00Z");
    installation.json(&["--as", "bram", "call", "start", "GM1"]);
    let missed = [
        "call",
        "done",
        "GM1",
        "--result",
        "no_answer",
        "--note",
        "voicemail",
        "--next",
        "2026-11-20T14:30:00Z",
    ];
    installation.json(&[&["--as", "bram"][..], &missed].concat());
    let list = installation.json(&["call", "list"]);
    assert!(
        list.to_string().contains("voicemail") && list.to_string().contains("2026-11-20T14:30:00Z"),
        "{list}"
    );
    installation.json(&["--as", "bram", "call", "done", "GM1", "--result", "reached"]);
    assert!(!installation.json(&["call", "list"]).to_string().contains("GM1"));
    installation.run(&["--as", "bram", "call", "done", "GM1", "--result", "reached"]).ended(1);
    installation.assert_sound();
}

#[test]
fn an_answer_stops_the_ladder_and_silence_after_it_starts_it_again() {
    let mut installation = told("critical");
    tell_at(&mut installation, "2026-11-20T10:00:00Z");
    installation.at("2026-11-20T10:30:00Z");
    answer(&installation, &["received"]);
    assert_eq!(tell_at(&mut installation, "2026-11-21T10:00:00Z"), [""; 0]);
    // Five working days after Friday 11:30 in the Netherlands: the Friday after, and then an hour.
    assert_eq!(tell_at(&mut installation, "2026-11-27T11:29:00Z"), [""; 0]);
    let again = tell_at(&mut installation, "2026-11-27T11:30:00Z");
    assert!(
        again.iter().any(|mail| mail.contains("@eikendam.example") && mail.contains("Geen reactie")),
        "{again:?}"
    );
    answer(&installation, &["fixed"]);
    assert_eq!(tell_at(&mut installation, "2026-11-30T11:30:00Z"), [""; 0]);
    installation.assert_sound();
}

#[test]
fn days_on_which_a_member_is_closed_do_not_count_unless_it_is_critical() {
    let mut installation = told("high");
    // Friday 20 November 2026; the first step comes after one working day.
    let next = |installation: &Installation| {
        let due = installation.json(&["due", "--until", "2027-01-01"]);
        let ahead = due["ahead"].as_array().unwrap();
        let own = ahead.iter().find(|step| step["organisation"] == "GM1").unwrap();
        own["at"].as_str().unwrap().to_owned()
    };
    let usual = next(&installation);
    assert!(usual.starts_with("2026-11-23T"), "{usual}");
    let closed = |installation: &Installation, does: &str, days: &[&str]| {
        let command =
            [&["--as", "anne", "closed", does, "GM1", "--reason", "moving house"][..], days].concat();
        installation.json(&command)["days"].as_u64()
    };
    closed(&installation, "add", &["2026-11-23", "--until", "2026-11-27", "--dry-run"]);
    assert_eq!(next(&installation), usual, "a dry run changes nothing");
    assert_eq!(closed(&installation, "add", &["2026-11-23", "--until", "2026-11-27"]), Some(5));
    assert_eq!(closed(&installation, "add", &["2026-11-27"]), Some(0), "known already");
    assert!(next(&installation).starts_with("2026-11-30T"), "{}", next(&installation));
    let shown = installation.json(&["closed", "show", "GM1"]);
    assert_eq!(shown["closed"].as_array().unwrap().len(), 5, "{shown}");
    assert_eq!(installation.json(&["closed", "show", "GM2"])["closed"].as_array().unwrap().len(), 0);
    assert_eq!(closed(&installation, "remove", &["2026-11-24", "--until", "2026-12-31"]), Some(4));
    assert!(next(&installation).starts_with("2026-11-24T"), "{}", next(&installation));
    assert_eq!(tell_at(&mut installation, "2026-11-23T16:00:00Z"), [""; 0]);
    assert_ne!(tell_at(&mut installation, "2026-11-24T16:00:00Z"), [""; 0]);

    // Critical breaks through.
    let mut installation = told("critical");
    closed(&installation, "add", &["2026-11-20", "--until", "2026-11-27"]);
    assert_ne!(tell_at(&mut installation, "2026-11-20T10:00:00Z"), [""; 0]);

    for (days, says) in [
        (&["2026-11-27", "--until", "2026-11-26"][..], "before the first"),
        (&["2026-11-27", "--until", "2028-11-26"][..], "year by year"),
        (&["2062-11-27"][..], "look at the year"),
        (&["27-11-2026"][..], "write a day such as"),
    ] {
        let command = [&["--as", "anne", "closed", "add", "GM1"][..], days].concat();
        let failed = installation.run(&command);
        assert!(failed.stderr.contains(says), "{}", failed.stderr);
    }
    installation.run(&["--as", "anne", "closed", "add", "GM9", "2026-12-24"]).ended(1);
    assert!(installation.json(&["audit", "list"]).to_string().contains("closing_days.add"));
    installation.assert_sound();
}

/// What Eikendam answers to its first notification, by the desk.
fn answer(installation: &Installation, answer: &[&str]) {
    let number = installation.json(&["outbox"])["messages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|message| message["recipient"] == "cert@eikendam.example")
        .map(|message| count(&message["notification"]))
        .unwrap();
    let about = format!("N{number}");
    let told = [
        "--as",
        "anne",
        "answer",
        "new",
        answer[0],
        "--notification",
        &about,
        "--who",
        "C. Ciso",
        "--reason",
        "by telephone",
    ];
    installation.json(&[&told[..], &answer[1..]].concat());
}

#[test]
fn what_is_still_seen_after_its_time_is_told_again_as_a_reminder() {
    let mut installation = told("low");
    seen(&mut installation, "2026-12-19", "low");
    assert_eq!(tell_at(&mut installation, "2026-12-20T08:59:00Z"), [""; 0]);
    let again = tell_at(&mut installation, "2026-12-20T09:00:01Z");
    assert!(
        again
            .iter()
            .any(|mail| mail.starts_with("cert@eikendam.example: ")
                && mail.contains("Herinnering: 1 bevinding")),
        "{again:?}"
    );
    assert_eq!(tell_at(&mut installation, "2026-12-21T09:00:00Z"), [""; 0], "once");
    let text = installation.mails().into_iter().find(|mail| mail.contains("Herinnering")).unwrap();
    assert!(text.contains("wij zien het nog steeds") && text.contains("2026-11-20"), "{text}");
    installation.assert_sound();
}

#[test]
fn what_got_worse_or_is_exploited_is_told_at_once_and_only_once() {
    let mut installation = told("low");
    seen(&mut installation, "2026-11-21", "low");
    assert_eq!(tell_at(&mut installation, "2026-11-21T09:01:00Z"), [""; 0]);
    seen(&mut installation, "2026-11-22", "high");
    let worse = tell_at(&mut installation, "2026-11-22T09:01:00Z");
    assert!(worse.iter().any(|mail| mail.starts_with("cert@eikendam.example: ")), "{worse:?}");
    seen(&mut installation, "2026-11-23", "low");
    assert_eq!(
        tell_at(&mut installation, "2026-11-23T09:01:00Z"),
        [""; 0],
        "better is not told, worse only once"
    );
    let mark = ["exploited", "mark", "scan_rdp", "--reason", "seen by colleagues"];
    installation.json(&[&["--as", "anne"][..], &mark].concat());
    assert!(
        due(&installation).iter().any(|row| row == "GM1 tell_again exploited"),
        "{:?}",
        due(&installation)
    );
    let exploited = tell_at(&mut installation, "2026-11-23T09:02:00Z");
    assert!(exploited.iter().any(|mail| mail.contains("Herinnering")), "{exploited:?}");
    assert_eq!(tell_at(&mut installation, "2026-11-23T09:03:00Z"), [""; 0]);
    installation.assert_sound();
}

#[test]
fn a_new_cve_is_told_once_and_counts_when_it_becomes_exploited() {
    let mut installation = told("low");
    seen_with(&mut installation, "2026-11-21", "low", "rdp;cve-2026-1234");
    assert_eq!(
        tell_at(&mut installation, "2026-11-21T09:01:00Z").len(),
        2,
        "of the owner and the partnership"
    );
    let text = installation.mails().into_iter().find(|mail| mail.contains("Herinnering")).unwrap();
    assert!(text.contains("kwetsbaarheid (CVE) die het eerder niet had"), "{text}");
    assert!(text.contains("CVE-2026-1234"), "the mail names it: {text}");
    seen_with(&mut installation, "2026-11-22", "low", "cve-2026-1234,rdp");
    assert_eq!(tell_at(&mut installation, "2026-11-22T09:01:00Z"), [""; 0], "once");
    seen_with(&mut installation, "2026-11-23", "low", "rdp");
    assert_eq!(tell_at(&mut installation, "2026-11-23T09:01:00Z"), [""; 0], "nor because it is gone");
    let mark = ["exploited", "mark", "CVE-2026-1234", "--reason", "seen by colleagues"];
    installation.json(&[&["--as", "anne"][..], &mark].concat());
    let rows = due(&installation);
    assert!(rows.iter().any(|row| row == "GM1 tell_again exploited"), "{rows:?}");
    assert_eq!(tell_at(&mut installation, "2026-11-23T09:02:00Z").len(), 2);
    installation.assert_sound();
}

#[test]
fn a_clock_that_changes_or_is_set_back_takes_no_step_twice_and_none_too_soon() {
    let mut installation = Installation::empty();
    installation.at("2026-10-01T00:00:00Z");
    installation.import(&register().without_asset("SV1,prefix"));
    // Saturday night before winter time, at 01:40; from 02:00 to 03:00 comes twice.
    seen(&mut installation, "2026-10-24", "critical");
    installation.at("2026-10-24T23:40:00Z");
    installation.json(&["tell"]);
    for (at, mails) in [
        ("2026-10-25T00:39:59Z", 0),
        ("2026-10-25T00:40:00Z", 1), // 02:40, in summer time
        // Somebody sets the clock of the machine back.
        ("2026-10-25T00:10:00Z", 0),
        ("2026-10-24T20:00:00Z", 0),
        ("2026-10-25T01:39:59Z", 0),
        ("2026-10-25T01:40:00Z", 1), // 02:40 again, in winter time
        ("2026-10-25T03:39:59Z", 0),
        ("2026-10-25T03:40:00Z", 0),
    ] {
        assert_eq!(tell_at(&mut installation, at).len(), mails, "{at}");
    }
    assert_eq!(to_call(&installation).len(), 1);
    installation.assert_sound();
}

fn to_call(installation: &Installation) -> Vec<String> {
    let listed = installation.json(&["call", "list"]);
    let entry =
        |entry: &Value| format!("{} {}", entry["organisation"].as_str().unwrap(), entry["calls"][0]["why"]);
    listed["calls"].as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn what_began_anew_after_it_was_closed_for_long_can_be_told_again_too() {
    let mut installation = told("low");
    installation.at("2026-11-20T12:00:00Z");
    answer(&installation, &["fixed"]);
    tell_at(&mut installation, "2026-11-28T09:00:00Z");
    // More than 90 days later it is another case.
    seen(&mut installation, "2027-03-20", "low");
    let anew = tell_at(&mut installation, "2027-03-20T09:01:00Z");
    assert!(anew.iter().any(|mail| mail.starts_with("cert@eikendam.example: ")), "{anew:?}");
    seen(&mut installation, "2027-03-21", "high");
    let worse = tell_at(&mut installation, "2027-03-21T09:01:00Z");
    assert!(worse.iter().any(|mail| mail.starts_with("cert@eikendam.example: ")), "{worse:?}");
    let second = tell_at(&mut installation, "2027-03-23T09:00:00Z");
    assert!(second.iter().any(|mail| mail.starts_with("vcib@eikendam.example: ")), "{second:?}");
    installation.assert_sound();
}

#[test]
fn a_reminder_that_no_mail_can_bring_is_told_by_telephone() {
    let mut installation = told("low");
    for address in ["cert@eikendam.example", "vcib@eikendam.example", "ciso@eikendam.example"] {
        let mark = ["contact", "compromised", address, "--reason", "all of it was phished"];
        installation.json(&[&["--as", "anne"][..], &mark].concat());
    }
    assert_eq!(to_call(&installation), [""; 0]);
    seen(&mut installation, "2026-12-19", "low");
    let mails = tell_at(&mut installation, "2026-12-20T09:00:01Z");
    assert!(mails.iter().all(|mail| !mail.contains("eikendam")), "{mails:?}");
    assert_eq!(to_call(&installation).len(), 1, "{:?}", to_call(&installation));
    assert!(to_call(&installation)[0].starts_with("GM1"));
    assert!(installation.json(&["call", "list"]).to_string().contains("compromised_channel"));
    assert!(!due(&installation).iter().any(|row| row.starts_with("GM1 tell_again")), "once");
    tell_at(&mut installation, "2026-12-21T09:00:00Z");
    assert_eq!(to_call(&installation).len(), 1);
    // What got worse is told again, also of what only the telephone told.
    seen(&mut installation, "2026-12-21", "high");
    tell_at(&mut installation, "2026-12-21T09:00:30Z");
    assert_eq!(to_call(&installation).len(), 1);
    assert!(installation.json(&["call", "list"]).to_string().contains("\"high\""));
    // An answer takes it off the list, although no step of a ladder was ever due.
    let finding = installation.json(&["findings"])["findings"][0]["finding"].to_string();
    let about = format!("F{}", finding.trim_matches(|c: char| !c.is_ascii_digit()));
    let said = ["answer", "new", "fixed", "--finding", &about, "--organisation", "GM1", "--who", "C. Ciso"];
    installation.json(&[&["--as", "anne"][..], &said].concat());
    tell_at(&mut installation, "2026-12-21T09:01:00Z");
    assert_eq!(to_call(&installation), [""; 0]);
    installation.assert_sound();
}

#[test]
fn a_reminder_that_nobody_may_read_does_not_end_the_way_to_the_calling_list() {
    // Critical, and told; then the only contact may read less than it is marked.
    let mut installation = Installation::empty();
    installation.at("2026-11-01T00:00:00Z");
    let register = |tlp: &str| {
        Register::default()
            .organisation("GM1,Eikendam,municipality,,nl")
            .asset("GM1,prefix,198.51.100.0/25,owner")
            .contact(&format!("GM1,findings,CERT,cert@eikendam.example,+31 88 000 00 01,nl,{tlp}"))
    };
    installation.import(&register("AMBER"));
    installation.json(&["user", "add", "anne"]);
    seen(&mut installation, "2026-11-20", "high");
    installation.json(&["tell"]);
    installation.import(&register("GREEN"));
    seen(&mut installation, "2026-11-20", "critical");
    assert_eq!(tell_at(&mut installation, "2026-11-20T09:01:00Z"), [""; 0]);
    assert_eq!(to_call(&installation).len(), 1, "{:?}", due(&installation));
    installation.assert_sound();
}

#[test]
fn fixed_closes_after_a_week_and_is_told_again_when_it_comes_back() {
    let mut installation = told("low");
    installation.at("2026-11-20T12:00:00Z");
    answer(&installation, &["fixed"]);
    assert_eq!(tell_at(&mut installation, "2026-11-28T09:00:00Z"), [""; 0]);
    let open = count(&installation.json(&["due"])["open"]);
    seen(&mut installation, "2026-12-05", "low");
    let back = tell_at(&mut installation, "2026-12-05T09:01:00Z");
    assert!(back.iter().any(|mail| mail.starts_with("cert@eikendam.example: ")), "{back:?}");
    assert_eq!(count(&installation.json(&["due"])["open"]), open + 1, "it is open again");
    let text = installation.mails().into_iter().find(|mail| mail.contains("Herinnering")).unwrap();
    assert!(text.contains("het was opgelost, maar wij zien het weer"), "{text}");
    installation.assert_sound();
}
