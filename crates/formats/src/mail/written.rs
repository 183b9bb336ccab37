//! What the writer of a reply wrote: without what they quoted, their signature and what their mail server put around it.
//!
//! Rather too little than too much: a quoted sentence must never count as an answer, and a lost one only means that the desk reads the mail.

/// Lines of a reply that are looked at. Who writes more than this writes a letter, and the desk reads it.
const LINES_MAX: usize = 2_000;

/// A line longer than this has no line ends at all; of it so many characters are looked at.
const LINE_CHARS_MAX: usize = 4_000;

/// Above the mail that is answered, in lower case: dashes and underscores are taken away first.
const ORIGINAL_MESSAGE: [&str; 10] = [
    "oorspronkelijk bericht",
    "oorspronkelijke bericht",
    "origineel bericht",
    "doorgestuurd bericht",
    "original message",
    "forwarded message",
    "original appointment",
    "begin forwarded message:",
    "begin doorgestuurd bericht:",
    "ursprüngliche nachricht",
];

/// The fields of a mail as Outlook repeats them above what it quotes.
const FROM: [&str; 3] = ["van:", "from:", "de:"];
const OTHER_FIELDS: [&str; 9] =
    ["verzonden:", "sent:", "datum:", "date:", "aan:", "to:", "onderwerp:", "subject:", "cc:"];

/// So many lines below `From:` the other fields stand.
const FIELDS_WITHIN: usize = 5;

/// How a letter ends.
const GREETINGS: [&str; 26] = [
    "met vriendelijke groet",
    "met vriendelijke groeten",
    "vriendelijke groet",
    "vriendelijke groeten",
    "met hartelijke groet",
    "hartelijke groet",
    "hartelijke groeten",
    "met groet",
    "groet",
    "groeten",
    "groetjes",
    "mvg",
    "m.v.g",
    "gr",
    "hoogachtend",
    "namens",
    "kind regards",
    "with kind regards",
    "best regards",
    "warm regards",
    "regards",
    "sincerely",
    "yours sincerely",
    "best wishes",
    "best",
    "cheers",
];

/// A greeting with a name behind it is not longer than this, in words.
const GREETING_WORDS_MAX: usize = 6;

/// How the words of a lawyer, a mail program or a mail server begin.
const NOT_WRITTEN: [&str; 22] = [
    "disclaimer",
    "proclaimer",
    "vertrouwelijkheid:",
    "confidentiality notice",
    "de informatie in dit",
    "de inhoud van dit",
    "dit bericht is uitsluitend",
    "dit bericht is alleen",
    "dit bericht kan informatie",
    "dit e-mailbericht",
    "aan dit bericht kunnen geen rechten",
    "this message is intended",
    "this message and any",
    "this e-mail",
    "this email and any",
    "the information in this",
    "the information contained in this",
    "denk aan het milieu",
    "please consider the environment",
    "verzonden vanaf mijn",
    "verstuurd vanaf",
    "get outlook for",
];

/// Warnings that a mail server puts above a mail from outside.
const BANNERS: [&str; 8] = [
    "[extern",
    "[external",
    "caution:",
    "let op: deze e-mail",
    "let op: deze mail",
    "let op: dit bericht komt",
    "waarschuwing: deze e-mail",
    "warning: this",
];

/// The part of a text (lines end in `\n`) that its writer wrote, with blank lines kept between paragraphs.
pub fn written(body: &str) -> String {
    let lines: Vec<&str> = body.lines().take(LINES_MAX).map(cut).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let plain = plain(lines[at]);
        if ends_here(&lines, at, &plain, &kept) {
            break;
        }
        if let Some(after) = attribution(&lines, at) {
            // With marks in front of the quoted lines the writer may go on below them; without, nobody can tell.
            match lines[after..].iter().find(|line| !line.trim().is_empty()) {
                Some(next) if is_quoted(next) => at = after,
                _ => break,
            }
            continue;
        }
        let drop = is_quoted(lines[at]) || starts(&plain, &BANNERS);
        if !drop {
            kept.push(lines[at].trim_end());
        }
        at += 1;
    }
    kept.join("\n").trim().to_owned()
}

fn cut(line: &str) -> &str {
    line.char_indices().nth(LINE_CHARS_MAX).map_or(line, |(at, _)| &line[..at])
}

/// In lower case, without the marks of bold type and spaces around it.
fn plain(line: &str) -> String {
    line.replace(['*', '\u{a0}'], " ").trim().to_lowercase()
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with(['>', '|'])
}

fn starts(plain: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| plain.starts_with(beginning))
}

/// Is this line, and everything below it, not of the writer?
fn ends_here(lines: &[&str], at: usize, plain: &str, kept: &[&str]) -> bool {
    let bare = plain.trim_matches(['-', '_', ' ', '=']);
    let is_rule = plain.len() >= 10 && plain.chars().all(|c| matches!(c, '_' | '-' | '='));
    let something_is_written = kept.iter().any(|line| !line.trim().is_empty());
    lines[at].trim_end() == "--"
        || is_rule
        || starts(bare, &ORIGINAL_MESSAGE) && bare.split_whitespace().count() <= 4
        || is_field_block(lines, at, plain)
        || is_our_mail(plain)
        || starts(plain, &NOT_WRITTEN)
        || plain.starts_with("sent from my")
        || plain.starts_with("sent from outlook")
        || something_is_written && is_greeting(plain)
}

/// `Van: …`, and below it or behind it `Verzonden: …`, `Aan: …`, `Onderwerp: …`.
fn is_field_block(lines: &[&str], at: usize, plain: &str) -> bool {
    if !starts(plain, &FROM) {
        return false;
    }
    let below = lines[at + 1..]
        .iter()
        .take(FIELDS_WITHIN)
        .take_while(|line| !is_quoted(line))
        .filter(|line| starts(&self::plain(line), &OTHER_FIELDS));
    let beside = OTHER_FIELDS.iter().filter(|field| plain.contains(&format!(" {field}")));
    below.count() + beside.count() >= 1
}

/// Our own mails begin with their marking, and bear their number.
fn is_our_mail(plain: &str) -> bool {
    plain.starts_with("tlp:") || plain.contains("[schakel #")
}

fn is_greeting(plain: &str) -> bool {
    let words = plain.split_whitespace().count();
    words > 0
        && words <= GREETING_WORDS_MAX
        && GREETINGS.iter().any(|greeting| {
            plain.strip_prefix(greeting).is_some_and(|rest| {
                let rest = rest.trim_start_matches('.');
                rest.is_empty()
                    || rest.starts_with([',', '!'])
                    || words <= 4 && rest.starts_with(' ') && greeting.len() > 4
            })
        })
}

/// `Op ma 3 nov. 2026 om 10:00 schreef Jan <jan@x.example>:` over at most three lines; the line behind it.
fn attribution(lines: &[&str], at: usize) -> Option<usize> {
    let begins = plain(lines[at]);
    let opening = ["op ", "on ", "am ", "le ", "in een bericht", "in a message"];
    if !starts(&begins, &opening) {
        // `Jan Jansen schreef op 3-11-2026 om 10:00:`
        let is_one =
            begins.ends_with(':') && (begins.contains(" schreef op ") || begins.contains(" wrote on "));
        return is_one.then_some(at + 1);
    }
    let mut whole = String::new();
    for (next, line) in lines.iter().enumerate().skip(at).take(3) {
        if next > at && (line.trim().is_empty() || is_quoted(line)) {
            return None;
        }
        whole.push(' ');
        whole.push_str(&plain(line));
        let verb = [" schreef", " wrote", " schrieb", " a écrit", " het volgende geschreven"];
        if whole.ends_with(':') && verb.iter().any(|verb| whole.contains(verb)) {
            return Some(next + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_signatures_and_disclaimers_are_taken_away() {
        for (body, expected) in [
            (
                "Opgelost.\n\nOp ma 3 nov. 2026 om 10:00 schreef Meldpunt <m@x.example>:\n> Niet van ons?\n> x\n",
                "Opgelost.",
            ),
            ("> Is dit van u?\nNee.\n> En dit?\nJa.\n", "Nee.\nJa."),
            (
                "Fixed.\n\nOn Mon, Nov 3, 2026 at 10:00 AM Report Desk\n<desk@x.example> wrote:\n\n> not ours\n",
                "Fixed.",
            ),
            // A mail program that marks no quoted lines: nobody can tell what is quoted.
            ("Fixed.\nOn Mon, Nov 3, 2026 Desk wrote:\nnot ours\nfixed\n", "Fixed."),
            ("On 3 November Desk wrote:\n> question\n\nFixed.\n", "Fixed."),
            (
                "Opgelost\n\nVan: Meldpunt <m@x.example>\nVerzonden: maandag 3 november 2026\nAan: cert\nOnderwerp: x\n\nniet van ons\n",
                "Opgelost",
            ),
            (
                "Opgelost\n\n*Van:* Meldpunt *Verzonden:* maandag *Aan:* cert *Onderwerp:* x niet van ons\n",
                "Opgelost",
            ),
            ("Done\n-----Original Message-----\nFrom: x\nnot ours\n", "Done"),
            ("Gedaan\n-----Oorspronkelijk bericht-----\nx\n", "Gedaan"),
            ("Gedaan\n________________________________\nVan: x\nniet van ons\n", "Gedaan"),
            ("Opgelost.\n-- \nJan\nWij hebben het niet\n", "Opgelost."),
            ("Opgelost.\n\nMet vriendelijke groet,\n\nJan, specialist in wat niet van ons is\n", "Opgelost."),
            ("Fixed.\nKind regards,\nJan\n", "Fixed."),
            ("Opgelost.\nGroeten Jan\nTeam", "Opgelost."),
            ("Opgelost.\nmvg\nJan", "Opgelost."),
            ("Opgelost.\n\nDisclaimer: dit bericht is niet voor u.\n", "Opgelost."),
            ("Opgelost.\nVerzonden vanaf mijn iPhone\n", "Opgelost."),
            ("[EXTERN] Let op\nOpgelost.\n", "Opgelost."),
            // Our own mail, quoted by a program that leaves no mark at all.
            ("Opgelost\n\nTLP:AMBER\nVragen, opgelost, of niet van u?\n", "Opgelost"),
            // A greeting above is no end.
            ("Groet,\nwij hebben het opgelost", "Groet,\nwij hebben het opgelost"),
            (
                "Op de server staat een nieuwe versie.\nOpgelost.",
                "Op de server staat een nieuwe versie.\nOpgelost.",
            ),
            ("Jan Jansen schreef op 3-11-2026 om 10:00:\n> x\nOpgelost", "Opgelost"),
            // What is quoted makes no line above it into something else.
            ("Op de server is het opgelost\n> hij schreef:\n", "Op de server is het opgelost"),
            ("Van: de leverancier\n> Aan: ons\n", "Van: de leverancier"),
            ("", ""),
        ] {
            assert_eq!(written(body), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn it_never_panics_and_only_takes_away(body in "\\PC{0,80}(\n\\PC{0,40}){0,8}") {
            let left = written(&body);
            prop_assert!(left.lines().all(|line| body.contains(line)));
        }

        #[test]
        fn what_stands_below_a_mark_never_changes_what_was_written(above in "[a-z ]{0,30}", below in "[a-zA-Z .\n]{0,80}") {
            for mark in ["-----Oorspronkelijk bericht-----", "TLP:AMBER", "-- "] {
                prop_assert_eq!(written(&format!("{above}\n{mark}\n{below}")), written(&above));
            }
            let quoted: String = below.lines().map(|line| format!("> {line}\n")).collect();
            prop_assert_eq!(written(&format!("{above}\n{quoted}")), written(&above));
        }
    }
}
