//! Addresses in prose: what is left when nobody wrote for a program.
//!
//! Line by line. An address, a URL or a name is an event; a heading above it says what it is about, a time beside it or in the
//! lines below when. What senders write so that nobody clicks on it (`hxxp`, `[.]`) is what they mean: where a mail has such
//! things, its other links are references. So are links in a sentence, and all of the sender's own domain.

use std::collections::HashSet;

use schakel_model::classification::ClassificationType as Kind;

use super::{Letter, When, arf::is_address, mark_extracted, moments, words};
use crate::feeds::draft::{Draft, End, host_of, is_host};

/// Events of one mail by this reader.
const EVENTS_MAX: usize = 10_000;

/// Bytes of one line that are looked at.
const LINE_BYTES_MAX: usize = 10_000;

/// What was found at one place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Found {
    address: String,
    port: u16,
    url: String,
    name: String,
    /// Written so that nobody clicks on it.
    is_defanged: bool,
    /// Alone on its line, but for a label, a bullet or a time.
    stands_alone: bool,
    heading: String,
    line: String,
    times: Vec<i64>,
}

/// An event for each address, URL or name, and each time it was seen.
pub(super) fn read(letter: &Letter<'_>) -> Vec<Draft> {
    let found = chosen(letter, find(letter));
    let mut seen = HashSet::new();
    let mut drafts = Vec::new();
    for one in &found {
        let times: Vec<When> = match one.times.as_slice() {
            [] => vec![When::OfTheMail],
            times => times.iter().map(|time| When::Said(*time)).collect(),
        };
        let kind = classification(letter, one);
        for when in times {
            let key = (
                &one.address,
                &one.url,
                &one.name,
                match when {
                    When::Said(seconds) => Some(seconds),
                    When::OfTheMail => None,
                },
                kind,
            );
            // The same is often said twice, in two languages.
            if drafts.len() < EVENTS_MAX && seen.insert(key) {
                drafts.push(event(letter, one, when, kind));
            }
        }
    }
    drafts
}

fn event(letter: &Letter<'_>, one: &Found, when: When, kind: Kind) -> Draft {
    let mut draft = letter.draft("mail-text");
    draft.machine(End::Source, &one.address).port(End::Source, one.port);
    if !one.url.is_empty() {
        draft.url(End::Source, &one.url);
    }
    draft.text("source.fqdn", &one.name);
    letter.seen(&mut draft, when);
    draft.kind(kind);
    draft.text("extra.heading", &one.heading);
    draft.text("extra.line", &one.line);
    mark_extracted(&mut draft);
    draft
}

/// By the heading, the line, the subject, the whole text: whichever says something first.
fn classification(letter: &Letter<'_>, one: &Found) -> Kind {
    let kind = words::kind(&one.heading)
        .or_else(|| words::kind(&one.line))
        .or_else(|| {
            // Where each part has its heading, what one is silent on is not what another is about.
            let divided =
                !one.heading.is_empty() && one.stands_alone && one.heading.split_whitespace().count() > 2;
            if divided && one.heading.to_lowercase().contains("suspicious") {
                return Some(Kind::Undetermined);
            }
            words::kind(&letter.mail.subject)
        })
        .or_else(|| words::kind(&letter.own_lines().join("\n")))
        .unwrap_or(Kind::Undetermined);
    if kind == Kind::MalwareDistribution && one.url.is_empty() && one.name.is_empty() {
        Kind::InfectedSystem
    } else {
        kind
    }
}

/// Of all that was found, what the mail is about.
fn chosen(letter: &Letter<'_>, found: Vec<Found>) -> Vec<Found> {
    let own = |host: &str| is_own(letter, host);
    let found: Vec<Found> = found
        .into_iter()
        .filter(|one| {
            let host = if one.url.is_empty() { one.name.as_str() } else { host_of(&one.url) };
            one.is_defanged || host.is_empty() || !own(host)
        })
        .collect();
    let keep =
        |test: &dyn Fn(&Found) -> bool| found.iter().filter(|one| test(one)).cloned().collect::<Vec<_>>();
    let defanged = keep(&|one| one.is_defanged);
    if !defanged.is_empty() {
        return keep(&|one| one.is_defanged || (!one.address.is_empty() && one.url.is_empty()));
    }
    let addresses = keep(&|one| !one.address.is_empty());
    if !addresses.is_empty() {
        return addresses;
    }
    let urls = keep(&|one| !one.url.is_empty() && one.stands_alone);
    if !urls.is_empty() {
        return urls;
    }
    keep(&|one| !one.name.is_empty() && one.stands_alone)
}

/// Is this the sender's, or the reader's, own domain?
fn is_own(letter: &Letter<'_>, host: &str) -> bool {
    let host = registrable(host);
    let mail = letter.mail;
    let people = mail.from.iter().chain(&mail.reply_to).chain(&mail.to).map(|one| one.domain());
    people.chain([letter.sender.as_str()]).any(|domain| !domain.is_empty() && registrable(domain) == host)
}

fn registrable(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    schakel_formats::register::registrable::registrable(&host).map(str::to_owned).unwrap_or(host)
}

/// The address that stands beside this URL in the text: `http://… [192.0.2.1]`.
pub(super) fn address_beside(letter: &Letter<'_>, url: &str) -> Option<String> {
    if url.is_empty() {
        return None;
    }
    let found = find(letter);
    let beside = found.iter().find(|one| one.url == url && !one.address.is_empty());
    // Or the only one there is.
    let mut addresses: Vec<&str> =
        found.iter().map(|one| one.address.as_str()).filter(|address| !address.is_empty()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    match (beside, addresses.as_slice()) {
        (Some(one), _) => Some(one.address.clone()),
        (None, [only]) => Some((*only).to_owned()),
        _ => None,
    }
}

/// Everything in the text that looks like a machine.
fn find(letter: &Letter<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut heading = String::new();
    // What was found on the last line that had anything: times below it are its.
    let mut last = 0..0;
    let mut said: Option<i64> = None;
    for line in letter.own_lines() {
        let line = cut(line);
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        let time = moments::first(trimmed, letter.offset).filter(|moment| moment.has_clock);
        let mut here = on_line(trimmed);
        if here.is_empty() {
            match time {
                Some(moment) if !last.is_empty() && is_detail(line) => {
                    for one in &mut found[last.clone()] {
                        one.times.push(moment.seconds);
                    }
                }
                // `Detected at …` above or below a list.
                Some(moment) if words_of_time(trimmed) => said = said.or(Some(moment.seconds)),
                _ => {}
            }
            if trimmed.ends_with(':') && time.is_none() {
                heading = trimmed.trim_end_matches(':').to_owned();
                last = 0..0;
            }
            continue;
        }
        for one in &mut here {
            one.heading.clone_from(&heading);
            one.line = trimmed.to_owned();
            one.times.extend(time.map(|moment| moment.seconds));
        }
        let from = found.len();
        if found.len() < EVENTS_MAX * 2 {
            found.append(&mut here);
        }
        last = from..found.len();
    }
    for one in found.iter_mut().filter(|one| one.times.is_empty()) {
        one.times.extend(said);
    }
    found
}

/// Is the line about what stands above it: indented, or with a bullet?
fn is_detail(line: &str) -> bool {
    line.starts_with([' ', '\t', '-', '*', '•'])
}

fn words_of_time(line: &str) -> bool {
    let lower = line.to_lowercase();
    ["time", "date", "detected", "observed", "seen", "tijd", "datum", "gezien", "waargenomen", "gedetecteerd"]
        .iter()
        .any(|word| lower.contains(word))
}

fn cut(line: &str) -> &str {
    let mut end = line.len().min(LINE_BYTES_MAX);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

/// What one line names. An address behind a URL belongs to it.
fn on_line(line: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let words: Vec<&str> = line.split_whitespace().collect();
    let others = words.iter().filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 2).count();
    for (at, word) in words.iter().enumerate() {
        let before = if at > 0 { words[at - 1] } else { "" };
        let Some(mut one) = machine(word) else { continue };
        if !one.address.is_empty() && (is_version(before) || one.address.starts_with("0.")) {
            continue;
        }
        // Label, bullet, number: no sentence.
        one.stands_alone = others <= 2;
        match found.last_mut() {
            Some(last) if !one.address.is_empty() && last.address.is_empty() && !last.url.is_empty() => {
                last.address = one.address;
                last.is_defanged |= one.is_defanged;
            }
            _ => found.push(one),
        }
    }
    found
}

fn is_version(before: &str) -> bool {
    let before = before.trim_end_matches(':').to_ascii_lowercase();
    matches!(before.as_str(), "version" | "versie" | "v" | "release" | "build")
}

/// The machine that a word names, brackets and full stops around it taken away.
fn machine(word: &str) -> Option<Found> {
    let plain = refanged(word);
    let is_defanged = plain != bare(word);
    let mut found = Found { is_defanged, ..Found::default() };
    if let Some(at) = plain.find("://") {
        let scheme = &plain[..at];
        let known = ["http", "https", "ftp"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
        let host = host_of(&plain);
        let bare = host.trim_matches(['[', ']']);
        if !known || !(is_host(bare) || is_address(bare)) {
            return None;
        }
        if is_address(bare) {
            found.address = bare.to_owned();
        }
        found.url = plain;
        return Some(found);
    }
    if plain.contains('@') {
        return None;
    }
    if let Some((address, port)) = address_at_start(&plain) {
        // A network is no machine.
        if plain.contains('/') && !plain.contains("://") {
            return None;
        }
        return Some(Found { address, port, ..found });
    }
    let name = plain.trim_end_matches('.').to_ascii_lowercase();
    let is_name = is_host(&name)
        && name.is_ascii()
        && !name.contains("..")
        && psl::suffix(name.as_bytes())
            .is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() < name.len())
        && !is_file(&name);
    is_name.then_some(Found { name, ..found })
}

/// `index.php`, `report.zip`: some endings of files are domains as well.
fn is_file(name: &str) -> bool {
    ["php", "zip", "mov", "sh", "py", "pl", "rs", "md", "so", "ps"]
        .iter()
        .any(|ending| name.rsplit('.').next() == Some(*ending))
        && name.matches('.').count() == 1
}

/// What people put around an address.
const AROUND: &[char] =
    &['<', '>', '(', ')', '"', '\'', ',', ';', '!', '`', '*', '|', '‘', '’', '“', '”', '{', '}'];

/// As it was before somebody made it harmless: `hxxp`, `[.]`, `(dot)`, `[:]`; without what stands around it.
pub(super) fn refanged(text: &str) -> String {
    let mut text = bare(text).to_owned();
    for (written, meant) in [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("[punt]", "."),
        ("\\.", "."),
        ("[:]", ":"),
        ("[://]", "://"),
        ("[:]//", "://"),
        ("[/]", "/"),
    ] {
        if text.contains(written) {
            text = text.replace(written, meant);
        }
    }
    let lower = text.to_ascii_lowercase();
    for (written, meant) in [
        ("hxxps://", "https://"),
        ("hxxp://", "http://"),
        ("hxtp://", "http://"),
        ("h**p://", "http://"),
        ("fxp://", "ftp://"),
    ] {
        if lower.starts_with(written) {
            text = format!("{meant}{}", &text[written.len()..]);
            break;
        }
    }
    bare(&text).to_owned()
}

/// Without what stands around it, the full stop of a sentence too; `[192.0.2.1]` without its brackets.
fn bare(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let before = text;
        text = text.trim_matches(AROUND).trim_end_matches(['.', ',', ':']);
        text = text.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')).unwrap_or(text);
        if text == before {
            return text;
        }
    }
}

/// The address that a text begins with, and the port behind it: `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`,
/// `192.0.2.1 (host.example)`.
pub(super) fn address_at_start(text: &str) -> Option<(String, u16)> {
    let word = text.split([' ', '\t', ',', ';', '(']).next()?.trim();
    if is_address(word) {
        return Some((word.to_owned(), 0));
    }
    let (host, port) = word.rsplit_once(':')?;
    let bare = match host.strip_prefix('[') {
        Some(inside) => inside.strip_suffix(']')?,
        None => host,
    };
    // Bytes of `2001:db8::1` behind a colon are no port.
    if bare.contains(':') && !host.starts_with('[') {
        return None;
    }
    is_address(bare).then(|| Some((bare.to_owned(), port.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_writing_is_undone() {
        for (text, expected) in [
            ("hxxp://johndoe[.]nl/", "http://johndoe.nl/"),
            ("hxxps://www[.]hacked[.]nl/a", "https://www.hacked.nl/a"),
            ("1.2.3[.]4", "1.2.3.4"),
            ("[192.0.2.1]", "192.0.2.1"),
            ("(192.0.2.1).", "192.0.2.1"),
            ("<https://a.nl/b>,", "https://a.nl/b"),
            ("evil(dot)nl", "evil.nl"),
            ("hxxp[:]//a[.]nl", "http://a.nl"),
        ] {
            assert_eq!(refanged(text), expected, "{text}");
        }
    }

    #[test]
    fn a_line_names_machines() {
        let named = |line: &str| -> Vec<(String, u16, String, String)> {
            on_line(line).into_iter().map(|one| (one.address, one.port, one.url, one.name)).collect()
        };
        let address = |text: &str, port| vec![(text.to_owned(), port, String::new(), String::new())];
        assert_eq!(named("192.168.1.19 (H)"), address("192.168.1.19", 0));
        assert_eq!(named("from 192.0.2.1:8080."), address("192.0.2.1", 8080));
        assert_eq!(named("fd30::1:ff4e:3e:d:19 (H)"), address("fd30::1:ff4e:3e:d:19", 0));
        assert_eq!(named("[2001:db8::1]:443"), address("2001:db8::1", 443));
        assert_eq!(
            named("http://www.johndoe.tld/a [10.2.2.15]"),
            [("10.2.2.15".to_owned(), 0, "http://www.johndoe.tld/a".to_owned(), String::new())]
        );
        assert_eq!(
            named("evil[.]example.nl"),
            [(String::new(), 0, String::new(), "evil.example.nl".to_owned())]
        );
        for line in [
            "Version: 1.2.3.4",
            "10.0.0.0/8",
            "index.php",
            "mail me at a@b.nl",
            "12:30:45",
            "1.5",
            "e.g. this",
            "no.such-suffix-at-all",
            "Netcraft...",
            "::",
        ] {
            assert_eq!(named(line), [], "{line}");
        }
    }
}
