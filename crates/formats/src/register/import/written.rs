//! Values as people write them in a spreadsheet, in the register's words.

use super::columns::plain;

/// Values of one cell. More is no list that a person wrote.
const VALUES_MAX: usize = 1_000;

/// The values between these separators.
pub(super) fn split<'t>(text: &'t str, separators: &[char]) -> Vec<&'t str> {
    text.split(separators).map(str::trim).filter(|part| !part.is_empty()).take(VALUES_MAX).collect()
}

/// A value as the register's files have it.
pub(super) fn normal<'k>(kind: &'k str, text: &str) -> (&'k str, String) {
    match kind {
        "prefix" => network(text),
        "domain" | "hostname" | "mail_domain" => (kind, bare_name(text)),
        // A site without a path is all of that host, by whatever scheme.
        "url" if !has_path(text) => ("hostname", bare_name(text)),
        _ => (kind, text.to_owned()),
    }
}

/// Spaces around `/` and `-` go; `192.0.2.10-20` is written in full; one address alone is an address.
fn network<'k>(text: &str) -> (&'k str, String) {
    let text: String = text.replace(['–', '—'], "-").split_whitespace().collect();
    if let Some((from, to)) = text.split_once('-')
        && !to.is_empty()
        && to.bytes().all(|byte| byte.is_ascii_digit())
        && let Some((net, _)) = from.rsplit_once('.')
    {
        return ("prefix", format!("{from}-{net}.{to}"));
    }
    let single = !text.contains(['/', '-']);
    (if single { "address" } else { "prefix" }, text)
}

/// The host of a URL without path, or the name as it stands.
fn bare_name(text: &str) -> String {
    if has_path(text) {
        return text.to_owned();
    }
    let name = text.split_once("://").map_or(text, |(_, rest)| rest);
    name.trim_end_matches('/').to_owned()
}

fn has_path(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.trim_end_matches('/').contains(['/', '?', '#'])
}

/// The mail addresses in a cell, as a person or a mail program writes them; one empty one when there is none.
pub(super) fn mails(text: &str) -> Vec<String> {
    let mut mails = Vec::new();
    for part in split(text, &[',', ';', '\n']) {
        let part = part.strip_prefix("mailto:").unwrap_or(part);
        match part.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
            Some((mail, _)) => mails.push(mail.trim().to_owned()),
            None if part.matches('@').count() > 1 => {
                mails.extend(part.split_whitespace().map(str::to_owned));
            }
            None => mails.push(part.to_owned()),
        }
    }
    if mails.is_empty() {
        mails.push(String::new());
    }
    mails
}

/// A spreadsheet that takes a number for a number drops its first zero.
pub(super) fn phone(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let dropped = text.len() == 9 && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    if dropped { format!("0{text}") } else { text }
}

/// The language in the register's word; a word that is not known stays as it is.
pub(super) fn language(text: &str) -> &str {
    match plain(text).as_str() {
        "nederlands" | "dutch" => "nl",
        "engels" | "english" => "en",
        _ => text,
    }
}

/// `31-1-2026`, `31/01/2026` and `31.1.2026` as `2026-01-31`; anything else as it is.
pub(super) fn date(text: &str) -> String {
    let parts: Vec<&str> = text.split(['-', '/', '.']).map(str::trim).collect();
    let [day, month, year] = parts[..] else { return text.to_owned() };
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if digits(day, 2) && digits(month, 2) && year.len() == 4 && digits(year, 4) {
        format!("{year}-{month:0>2}-{day:0>2}")
    } else {
        text.to_owned()
    }
}

/// The day after a date; what is no date stays as it is.
pub(super) fn day_after(text: &str) -> String {
    let next = text.parse::<jiff::civil::Date>().ok().and_then(|date| date.tomorrow().ok());
    next.map_or_else(|| text.to_owned(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_write_them() {
        for (kind, text, expected) in [
            ("prefix", "192.0.2.0 / 24", ("prefix", "192.0.2.0/24")),
            ("prefix", "192.0.2.10 – 192.0.2.20", ("prefix", "192.0.2.10-192.0.2.20")),
            ("prefix", "192.0.2.10-20", ("prefix", "192.0.2.10-192.0.2.20")),
            ("prefix", "192.0.2.7", ("address", "192.0.2.7")),
            ("domain", "https://gemeente.example/", ("domain", "gemeente.example")),
            ("url", "www.gemeente.example", ("hostname", "www.gemeente.example")),
            (
                "url",
                "https://www.gemeente.example/afspraak",
                ("url", "https://www.gemeente.example/afspraak"),
            ),
            ("asn", "AS64500", ("asn", "AS64500")),
        ] {
            let (kind, value) = normal(kind, text);
            assert_eq!((kind, value.as_str()), expected);
        }
    }

    #[test]
    fn dates_are_read_the_dutch_way() {
        for (text, expected) in [
            ("31-1-2026", "2026-01-31"),
            ("1/2/2026", "2026-02-01"),
            ("2026-01-31", "2026-01-31"),
            ("31-1-26", "31-1-26"),
            ("morgen", "morgen"),
            ("", ""),
        ] {
            assert_eq!(date(text), expected);
        }
        assert_eq!(day_after("2025-12-31"), "2026-01-01");
        assert_eq!(day_after("straks"), "straks");
    }

    #[test]
    fn mail_addresses_are_found_in_a_cell() {
        for (text, expected) in [
            ("", &[""][..]),
            ("a@b.example", &["a@b.example"]),
            ("a@b.example; c@d.example", &["a@b.example", "c@d.example"]),
            ("a@b.example c@d.example", &["a@b.example", "c@d.example"]),
            ("Jan <a@b.example>", &["a@b.example"]),
            ("mailto:a@b.example", &["a@b.example"]),
        ] {
            assert_eq!(mails(text), expected);
        }
        assert_eq!(phone("612345678"), "0612345678");
        assert_eq!(phone("+31612345678"), "+31612345678");
    }
}
