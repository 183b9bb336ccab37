//! Sensitive values by their shape, within text. In time that grows with the text alone.

use std::{borrow::Cow, ops::Range};

use memchr::memmem;

use super::{Masking, Treatment};

/// No secret of a known shape is shorter.
const LENGTH_MIN: usize = 8;

/// The text with what must not be seen replaced by what `mask` makes of it.
pub(super) fn replace<'t>(text: &'t str, masking: Masking, mask: &dyn Fn(&str) -> String) -> Cow<'t, str> {
    if text.len() < LENGTH_MIN {
        return Cow::Borrowed(text);
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    if masking.secrets == Treatment::Hide {
        private_keys(text, &mut found);
        passwords_in_urls(text, &mut found);
        named_values(text, &mut found);
        tokens(text, &mut found);
    }
    if masking.numbers == Treatment::Hide {
        cards(text, &mut found);
    }
    if masking.personal == Treatment::Hide {
        mail_addresses(text, &mut found);
    }
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_unstable_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for range in found {
        // Within one that was replaced.
        if range.start < from {
            continue;
        }
        shown.push_str(&text[from..range.start]);
        shown.push_str(&mask(&text[range.clone()]));
        from = range.end;
    }
    shown.push_str(&text[from..]);
    Cow::Owned(shown)
}

/// Bytes before `PRIVATE KEY` in which its beginning stands.
const KIND_BYTES_MAX: usize = 40;

/// `-----BEGIN RSA PRIVATE KEY-----` to its end; when that is cut off, the rest.
fn private_keys(text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(at) = memmem::find(&text.as_bytes()[from..], b"PRIVATE KEY-----") {
        let before = text.floor_char_boundary((from + at).saturating_sub(KIND_BYTES_MAX));
        let start = text[before..from + at].rfind("-----BEGIN").map_or(from + at, |start| before + start);
        let behind = from + at + "PRIVATE KEY-----".len();
        let end = memmem::find(&text.as_bytes()[behind..], b"PRIVATE KEY-----")
            .map_or(text.len(), |end| behind + end + "PRIVATE KEY-----".len());
        found.push(start..end);
        from = end;
    }
}

/// `https://user:password@host/`
fn passwords_in_urls(text: &str, found: &mut Vec<Range<usize>>) {
    if memchr::memchr(b'@', text.as_bytes()).is_none() {
        return;
    }
    let mut from = 0;
    while let Some(at) = memmem::find(&text.as_bytes()[from..], b"://") {
        let start = from + at + 3;
        found.extend(password_at(text, start));
        from = start;
    }
}

/// The password in the authority that begins here.
fn password_at(text: &str, start: usize) -> Option<Range<usize>> {
    let ends = |byte: &u8| {
        matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>') || byte.is_ascii_whitespace()
    };
    let authority = &text[start..];
    let authority = &authority[..authority.bytes().position(|byte| ends(&byte)).unwrap_or(authority.len())];
    let user = &authority[..authority.rfind('@')?];
    let colon = user.find(':')?;
    let password = start + colon + 1..start + user.len();
    (!password.is_empty() && !super::is_masked(&text[password.clone()])).then_some(password)
}

/// A URL without the password in it.
pub(super) fn without_password(url: &str) -> Cow<'_, str> {
    if memchr::memchr(b'@', url.as_bytes()).is_none() {
        return Cow::Borrowed(url);
    }
    let password = url.find("://").and_then(|at| password_at(url, at + 3));
    match password {
        Some(password) => Cow::Owned(format!("{}{}", &url[..password.start - 1], &url[password.end..])),
        None => Cow::Borrowed(url),
    }
}

/// Names before `=` or `:` whose value is a secret, and what ends it.
const NAMED: [(&str, Ends); 13] = [
    ("set-cookie", Ends::Line),
    ("cookie", Ends::Line),
    ("authorization", Ends::Line),
    ("password", Ends::Value),
    ("passwd", Ends::Value),
    ("wachtwoord", Ends::Value),
    ("pwd", Ends::Value),
    ("api_key", Ends::Value),
    ("apikey", Ends::Value),
    ("api-key", Ends::Value),
    ("secret", Ends::Value),
    ("token", Ends::Value),
    ("sessionid", Ends::Value),
];

/// How far a value goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// To the end of its line: it is a header.
    Line,
    /// To what ends a word, a quoted text or a field of a form.
    Value,
}

/// `password=…`, `Cookie: …` and the like.
fn named_values(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut free_from = 0;
    for at in memchr::memchr2_iter(b'=', b':', bytes) {
        // Within a value.
        if at < free_from {
            continue;
        }
        // Quotes and spaces may stand around the sign: `"password" : "x"`.
        let name_end = bytes[..at]
            .iter()
            .rposition(|byte| !matches!(byte, b' ' | b'"' | b'\''))
            .map_or(0, |last| last + 1);
        // The longest name.
        let name_start = name_end.saturating_sub(16);
        let before = &bytes[name_start..name_end];
        let Some((name, ends)) = NAMED.iter().find(|(name, _)| {
            before.len() >= name.len()
                && before[before.len() - name.len()..].eq_ignore_ascii_case(name.as_bytes())
        }) else {
            continue;
        };
        if *ends == Ends::Line && bytes[at] != b':' && !name.eq_ignore_ascii_case("cookie") {
            continue;
        }
        let gap = bytes[at + 1..].iter().take_while(|byte| matches!(byte, b' ' | b'"' | b'\'')).count();
        let start = at + 1 + gap;
        let quote = bytes[at + 1..start].iter().rev().find(|byte| matches!(byte, b'"' | b'\'')).copied();
        let ends_here = |byte: &u8| match (ends, quote) {
            (_, Some(quote)) => *byte == quote,
            (Ends::Line, None) => matches!(byte, b'\r' | b'\n'),
            (Ends::Value, None) => {
                matches!(byte, b'&' | b';' | b',' | b'"' | b'\'' | b'<' | b'}' | b')')
                    || byte.is_ascii_whitespace()
            }
        };
        let length = bytes[start..].iter().position(ends_here).unwrap_or(bytes.len() - start);
        let value = start..start + length;
        free_from = value.end;
        // `token://` is a scheme, and a word that says whether is no secret.
        let is_value = length > 0 && !text[value.clone()].starts_with("//");
        if is_value
            && !super::says_whether(&text[value.clone()])
            && !super::is_masked(&text[value.clone()])
            && !text[value.clone()].starts_with("[masked")
        {
            found.push(value);
        }
    }
}

/// What tokens of well-known makers begin with, and how long they are at least.
const PREFIXES: [(&str, usize); 14] = [
    ("AKIA", 20),
    ("ASIA", 20),
    ("ghp_", 40),
    ("gho_", 40),
    ("ghu_", 40),
    ("ghs_", 40),
    ("ghr_", 40),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("AIza", 39),
    ("sk_live_", 24),
    ("eyJ", 30),
];

/// The shortest of them.
const TOKEN_LENGTH_MIN: usize = 20;

/// Words that are tokens: of well-known makers, JSON web tokens, and what follows `Bearer` or `Basic`.
fn tokens(text: &str, found: &mut Vec<Range<usize>>) {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.+/=~".contains(&byte);
    let bytes = text.as_bytes();
    let mut scheme = false;
    let mut at = 0;
    while at < bytes.len() {
        if !is_part(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_part(bytes[at]) {
            at += 1;
        }
        let word = &text[start..at];
        if (scheme && word.len() >= 12) || is_token(word) {
            found.push(start..at);
        } else if let Some(equals) = word.rfind('=').filter(|_| word.len() >= TOKEN_LENGTH_MIN)
            && is_token(&word[equals + 1..])
        {
            found.push(start + equals + 1..at);
        }
        scheme = word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic");
    }
}

fn is_token(word: &str) -> bool {
    if word.len() < TOKEN_LENGTH_MIN {
        return false;
    }
    let Some((prefix, length_min)) = PREFIXES.iter().find(|(prefix, _)| word.starts_with(prefix)) else {
        return false;
    };
    if word.len() < *length_min {
        return false;
    }
    match *prefix {
        "AKIA" | "ASIA" => {
            word.len() == 20 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        }
        // A JSON web token: two parts that are JSON, and a signature.
        "eyJ" => {
            let mut parts = word.split('.');
            parts.next().is_some_and(|part| part.len() >= 10)
                && parts.next().is_some_and(|part| part.starts_with("eyJ"))
                && parts.next().is_some()
        }
        _ => word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)),
    }
}

/// Digits of a payment card's number.
const CARD_DIGITS_MIN: usize = 13;
const CARD_DIGITS_MAX: usize = 19;

/// Numbers of payment cards: 13 to 19 digits in groups, of a known kind, with a check digit that is right.
fn cards(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    if bytes.iter().filter(|byte| byte.is_ascii_digit()).count() < CARD_DIGITS_MIN {
        return;
    }
    let mut at = 0;
    while at < bytes.len() {
        let stands_free = at == 0
            || !(bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'.' | b'-' | b'_'));
        if !bytes[at].is_ascii_digit() || !stands_free {
            at += 1;
            continue;
        }
        let (start, mut digits, mut end) = (at, Vec::new(), at);
        while at < bytes.len() && digits.len() <= CARD_DIGITS_MAX {
            match bytes[at] {
                digit @ b'0'..=b'9' => {
                    digits.push(digit - b'0');
                    end = at + 1;
                }
                b' ' | b'-' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {}
                _ => break,
            }
            at += 1;
        }
        let ends_free = bytes.get(end).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
        if ends_free && is_card(&digits) {
            found.push(start..end);
        }
    }
}

fn is_card(digits: &[u8]) -> bool {
    let two = digits.iter().take(2).fold(0, |number, digit| number * 10 + u32::from(*digit));
    let is_kind = matches!(two, 22..=27 | 34 | 36..=38 | 40..=49 | 50..=59 | 60 | 62 | 64 | 65);
    let luhn: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, u32::from(*digit) * 2) {
            (0, double) => double / 2,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    (CARD_DIGITS_MIN..=CARD_DIGITS_MAX).contains(&digits.len()) && is_kind && luhn.is_multiple_of(10)
}

/// What stands before the `@` of mail addresses.
fn mail_addresses(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let mut free_from = 0;
    for at in memchr::memchr_iter(b'@', bytes) {
        let start = bytes[free_from..at]
            .iter()
            .rposition(|byte| !is_name(byte))
            .map_or(free_from, |last| free_from + last + 1);
        let domain = bytes[at + 1..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
            .count();
        if start < at && text[at + 1..at + 1 + domain].trim_end_matches('.').contains('.') {
            found.push(start..at);
        }
        free_from = at + 1;
    }
}

/// Is it a citizen service number: nine digits (or eight), with the check that the eleven-test is?
pub(super) fn is_bsn(text: &str) -> bool {
    let digits: Vec<i32> = text
        .bytes()
        .filter(|byte| !matches!(byte, b' ' | b'.' | b'-'))
        .map(|byte| if byte.is_ascii_digit() { i32::from(byte - b'0') } else { -1 })
        .collect();
    if digits.contains(&-1) || !(8..=9).contains(&digits.len()) {
        return false;
    }
    let weights = [9, 8, 7, 6, 5, 4, 3, 2, -1];
    let sum: i32 =
        digits.iter().zip(&weights[9 - digits.len()..]).map(|(digit, weight)| digit * weight).sum();
    sum % 11 == 0 && digits.iter().any(|digit| *digit > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        replace(text, Masking::default(), &|found| format!("<{}>", found.len())).into_owned()
    }

    #[test]
    fn secrets_are_known_by_their_shape() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r";
        for (text, expected) in [
            ("https://jan:s3cret@www.example.nl/a", "https://jan:<6>@www.example.nl/a"),
            ("ftp://jan:a@b@192.0.2.1 and ftp://x@y/", "ftp://jan:<3>@192.0.2.1 and ftp://x@y/"),
            ("https://www.example.nl:443/@jan", "https://www.example.nl:443/@jan"),
            ("user=jan&password=s3cret&x=1", "user=jan&password=<6>&x=1"),
            (r#"{"passwd" : "two words", "a": 1}"#, r#"{"passwd" : "<9>", "a": 1}"#),
            ("GET / HTTP/1.1\r\nCookie: a=b; c=d\r\nHost: x", "GET / HTTP/1.1\r\nCookie: <8>\r\nHost: x"),
            ("Authorization: Basic dXNlcjpwYXNz\nx", "Authorization: <18>\nx"),
            ("sent Bearer abcdef0123456789", "sent Bearer <16>"),
            (&format!("({jwt})"), &format!("(<{}>)", jwt.len())),
            (&format!("?t={jwt}&x"), &format!("?t=<{}>&x", jwt.len())),
            ("key AKIAIOSFODNN7EXAMPLE.", "key AKIAIOSFODNN7EXAMPLE."),
            ("key AKIAIOSFODNN7EXAMPLE,", "key <20>,"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nrest", "<65>\nrest"),
            ("a -----BEGIN PRIVATE KEY-----\nMII", "a <31>"),
            ("card 4111 1111 1111 1111.", "card <19>."),
            ("card 4111111111111112", "card 4111111111111112"),
            ("id 4111111111111111a", "id 4111111111111111a"),
            ("time 1772341677000000", "time 1772341677000000"),
            ("password: yes", "password: yes"),
            ("token", "token"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn citizen_service_numbers_are_checked() {
        for (text, expected) in [
            ("111222333", true),
            ("1112.22.333", true),
            ("123456789", false),
            ("000000000", false),
            ("11122233", false),
            ("1112223a3", false),
        ] {
            assert_eq!(is_bsn(text), expected, "{text}");
        }
    }

    #[test]
    fn the_password_of_a_url_goes_without_a_trace() {
        for (url, expected) in [
            ("https://jan:s3cret@www.example.nl/a", "https://jan@www.example.nl/a"),
            ("https://jan@www.example.nl/", "https://jan@www.example.nl/"),
            ("https://www.example.nl/a@b:c", "https://www.example.nl/a@b:c"),
            ("jan@example.nl", "jan@example.nl"),
        ] {
            assert_eq!(without_password(url), expected);
        }
    }

    /// In time that grows with its square this would take minutes.
    #[test]
    fn a_text_of_a_megabyte_is_read_in_no_time() {
        for part in ["://", "=", "@", "a:b@", "password=", "PRIVATE KEY-----", "eyJ.", "4", "Bearer "] {
            let text = part.repeat((1 << 20) / part.len());
            let hide = Masking { personal: Treatment::Hide, ..Masking::default() };
            let shown = replace(&text, hide, &|_| String::new());
            assert!(text.starts_with(&shown[..shown.len().min(part.len())]), "{part}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r#"([a-z:/@=" .&-]|password|eyJ|://|é|4111111111111111|PRIVATE KEY-----){0,40}"#) {
            let hide = Masking { personal: Treatment::Hide, ..Masking::default() };
            replace(&text, hide, &|found| format!("[masked {}]", found.len()));
            without_password(&text);
        }
    }
}
