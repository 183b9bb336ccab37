//! Phrases as people write them, and what they must not be taken for.

use jiff::civil::date;
use proptest::prelude::*;
use schakel_model::answer::AnswerKind::*;

use super::*;
use crate::mail::written::written;

fn today() -> Date {
    // A Sunday.
    date(2026, 11, 22)
}

/// `12,13: fixed 2026-12-03 | …`, or the reason why it says nothing.
fn said(text: &str) -> String {
    match read(&written(text), today()) {
        Err(unclear) => unclear.as_str().to_owned(),
        Ok(statements) => {
            let show = |one: &Statement| {
                let findings: Vec<String> = one.findings.iter().map(ToString::to_string).collect();
                let until = one.until.map(|until| format!(" {until}")).unwrap_or_default();
                format!("{}:{}{until}", findings.join(","), one.kind)
            };
            statements.iter().map(show).collect::<Vec<_>>().join(" | ")
        }
    }
}

#[test]
fn plain_phrases_are_understood() {
    for (text, kind) in [
        ("Opgelost.", Fixed),
        ("Dit is opgelost", Fixed),
        ("Beste, wij hebben het verholpen.", Fixed),
        ("De server is gepatcht.", Fixed),
        ("De poort is inmiddels gesloten.", Fixed),
        ("RDP staat nu uit.", Fixed),
        ("Bedankt voor de melding, wij hebben het opgelost.", Fixed),
        ("Fixed, thanks.", Fixed),
        ("This has been resolved.", Fixed),
        ("We have patched the server and closed the port.", Fixed),
        ("The host was taken offline.", Fixed),
        ("Opgelost. Er is geen misbruik geweest.", Fixed),
        ("In behandeling.", InProgress),
        ("Wij zijn hier mee bezig.", InProgress),
        ("We pakken het op.", InProgress),
        ("Dit wordt opgelost.", InProgress),
        ("We gaan dit snel oplossen", InProgress),
        ("We are working on it.", InProgress),
        ("This will be fixed.", InProgress),
        ("We are looking into this", InProgress),
        ("Niet van ons.", NotOurs),
        ("Dit IP-adres is niet van ons", NotOurs),
        ("Dit is niet ons systeem.", NotOurs),
        ("Wij beheren dit adres niet", NotOurs),
        ("Not ours.", NotOurs),
        ("This is not our server", NotOurs),
        ("This address does not belong to us.", NotOurs),
        ("It isn't ours", NotOurs),
        ("Onterechte melding.", FalsePositive),
        ("Vals alarm", FalsePositive),
        ("Dit is een false positive.", FalsePositive),
        ("The system is not vulnerable.", FalsePositive),
        ("Doorgezet naar leverancier Voorbeeld BV.", PassedOn),
        ("Wij hebben dit bij onze leverancier neergelegd", PassedOn),
        ("Forwarded to our hosting provider", PassedOn),
        ("We contacted the vendor.", PassedOn),
        ("Risico geaccepteerd.", RiskAccepted),
        ("The risk is accepted.", RiskAccepted),
        ("In goede orde ontvangen.", Received),
        ("Thanks for the report.", Received),
        ("Dank voor de melding", Received),
    ] {
        assert_eq!(said(text), format!(":{kind}"), "{text}");
    }
}

#[test]
fn days_are_understood() {
    for (text, expected) in [
        ("In behandeling, klaar op 3 december", ":in_progress 2026-12-03"),
        ("In behandeling, klaar op 3 december 2026.", ":in_progress 2026-12-03"),
        ("In behandeling tot 03-12-2026", ":in_progress 2026-12-03"),
        ("In behandeling, verwacht gereed 2026-12-03.", ":in_progress 2026-12-03"),
        ("Mee bezig, uiterlijk vrijdag klaar", ":in_progress 2026-11-27"),
        ("We pakken het morgen op", ":in_progress 2026-11-23"),
        ("Dit wordt volgende week opgelost", ":in_progress 2026-11-27"),
        ("In behandeling, klaar op 3 jan.", ":in_progress 2027-01-03"),
        ("Working on it, expected by December 3rd", ":in_progress 2026-12-03"),
        ("Working on it, done by 3rd of December 2026", ":in_progress 2026-12-03"),
        ("Will be fixed on Friday", ":in_progress 2026-11-27"),
        // Either of two days: none.
        ("In progress, done by 03/12/2026", ":in_progress"),
        ("In progress, done by 23/12/2026", ":in_progress 2026-12-23"),
        ("Geaccepteerd tot 1 maart 2027", ":risk_accepted 2027-03-01"),
        (
            "Risico geaccepteerd tot 1 maart 2027, besloten door J. Jansen (CISO) omdat het systeem uitgaat",
            ":risk_accepted 2027-03-01",
        ),
        ("Opgelost op 20 november", ":fixed"),
        ("In behandeling sinds 20-11-2026, klaar op 3 december", ":in_progress 2026-12-03"),
    ] {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn findings_are_answered_one_by_one() {
    for (text, expected) in [
        ("Bevinding 12 opgelost.", "12:fixed"),
        ("bevinding 12 is opgelost, bevinding 13 is niet van ons", "12:fixed | 13:not_ours"),
        ("Bevindingen 12, 13 en 15 zijn opgelost.", "12,13,15:fixed"),
        ("Bevinding 12 t/m 14 opgelost", "12,13,14:fixed"),
        ("Opgelost: bevinding 12 en 13.", "12,13:fixed"),
        ("F12 opgelost\nF13 onterechte melding\n", "12:fixed | 13:false_positive"),
        (
            "- nr. 12: opgelost\n- nr. 13: in behandeling, klaar op 3 december\n",
            "12:fixed | 13:in_progress 2026-12-03",
        ),
        ("#12 fixed; #13 not ours", "12:fixed | 13:not_ours"),
        ("Finding 12 has been fixed. Finding 13 is a false positive.", "12:fixed | 13:false_positive"),
        ("Bevinding 12 opgelost op 3 december", "12:fixed"),
        ("Bevinding 12 opgelost. Bevinding 12 niet van ons.", "contradiction"),
        ("Bevinding 12 opgelost. De rest is niet van ons.", "contradiction"),
        ("Dank voor de melding. Bevinding 12 is opgelost.", "12:fixed"),
    ] {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn whatever_is_not_plain_is_for_the_desk() {
    for (text, expected) in [
        ("Niet opgelost.", "doubt"),
        ("Dit is nog niet opgelost", "doubt"),
        ("Not fixed yet.", "doubt"),
        ("It isn't fixed", "doubt"),
        ("Gedeeltelijk opgelost", "doubt"),
        ("Als het is opgelost laten wij het weten.", "doubt"),
        ("We will tell you once fixed", "doubt"),
        ("Waarschijnlijk opgelost", "doubt"),
        ("Is dit al opgelost?", "question"),
        ("Opgelost. Kunt u dit nog eens meten?", "question"),
        ("Is this ours?", "question"),
        ("Opgelost, en het was een onterechte melding.", "contradiction"),
        ("Fixed. Not ours.", "contradiction"),
        ("Niet van ons. Wij zijn er mee bezig.", "contradiction"),
        ("Kunnen jullie mij bellen", "no_phrase"),
        ("Ok", "no_phrase"),
        ("", "empty"),
        ("> opgelost\n> niet van ons\n", "empty"),
        ("Ik ben afwezig tot 3 december.", "away"),
        ("I am out of the office until Monday", "away"),
        ("Ik ben op vakantie. Bel mijn collega.", "away"),
    ] {
        assert_eq!(said(text), expected, "{text}");
    }
    assert_eq!(said(&"woord ".repeat(WORDS_MAX + 1)), "too_long");
    assert_eq!(said("Bevinding 1 t/m 900 en 2000 t/m 2900 opgelost"), "too_long");
}

#[test]
fn who_was_asked_and_who_decided_is_named() {
    let first = |text: &str| read(text, today()).unwrap().remove(0);
    assert_eq!(first("Doorgezet naar leverancier Voorbeeld BV, zij bellen.").supplier, "Voorbeeld BV");
    assert_eq!(first("Forwarded to our supplier Example Ltd").supplier, "Example Ltd");
    assert_eq!(first("Doorgezet naar Beheerbedrijf").supplier, "Beheerbedrijf");
    let accepted =
        first("Risico geaccepteerd tot 1 maart 2027, besloten door Jan Jansen omdat het systeem uitgaat");
    assert_eq!(accepted.decided_by, "Jan Jansen");
}

proptest! {
    #[test]
    fn it_never_panics(text in "\\PC{0,120}") {
        let _ = read(&text, today());
    }

    #[test]
    fn pieces_of_phrases_never_panic(words in prop::collection::vec(prop::sample::select(vec![
        "niet", "opgelost", "bevinding", "12", ",", "en", "t/m", "F99999999999", "#", "op", "31", "februari", "0000", "december", "?", ".", "\n", "1/2/3",
        "volgende", "week", "van ons", "fixed", "by", "door", "-", "leverancier",
    ]), 0..40)) {
        let _ = read(&words.join(" "), today());
    }

    /// Whatever is quoted, the statement stays the same.
    #[test]
    fn what_is_quoted_never_decides(quoted in prop::collection::vec(prop::sample::select(vec![
        "opgelost", "niet van ons", "fixed", "not ours", "false positive?", "Bevinding 12", "",
    ]), 0..8)) {
        let below: String = quoted.iter().map(|line| format!("> {line}\n")).collect();
        prop_assert_eq!(said(&format!("In behandeling.\n\n{below}")), ":in_progress");
        let original: String = quoted.iter().map(|line| format!("{line}\n")).collect();
        prop_assert_eq!(said(&format!("In behandeling.\n\n-----Oorspronkelijk bericht-----\n{original}")), ":in_progress");
        prop_assert_eq!(said(&format!("Van: x\nVerzonden: y\n{original}")), "empty");
    }
}
