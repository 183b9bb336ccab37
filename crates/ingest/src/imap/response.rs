//! A line of an IMAP server into what it says (RFC 3501, 4315, 6851). Only what fetching needs is told apart.
//!
//! In a line given to [`parse`], a literal stands as `{n}`, CR LF and its `n` bytes. The content of a mail never stands in it: the wire
//! hands that on and leaves `{0}` behind.

/// What a server says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// `+`: go on.
    Continue,
    /// A command has ended.
    Done {
        /// Whose.
        tag: String,
        /// How.
        status: Status,
        /// In its words.
        text: String,
    },
    /// `* OK`, `* NO`, `* BAD` or `* PREAUTH`.
    State {
        /// Which.
        status: Status,
        /// In its words.
        text: String,
    },
    /// The server hangs up.
    Bye(String),
    /// What it can do, in upper case.
    Capabilities(Vec<String>),
    /// How many mails there are.
    Exists(u32),
    /// The numbers of mails.
    Search(Vec<u32>),
    /// Something about a mail.
    Fetch {
        /// Its number.
        uid: Option<u32>,
        /// Its content, where it was not handed on already: short ones may stand in quotes, and `NIL` is none.
        body: Option<Vec<u8>>,
    },
    /// Anything else.
    Other,
}

/// How something ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Well.
    Ok,
    /// Not.
    No,
    /// The server does not understand us.
    Bad,
    /// Well, and nobody needs to log in.
    PreAuth,
}

/// A literal that a line ends with: its bytes follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Literal {
    /// Where the `{` is.
    pub at: usize,
    /// How many bytes follow.
    pub bytes: u64,
    /// Is it the content of a mail?
    pub is_mail: bool,
}

/// The literal at the end of a line, which is given without CR LF.
pub fn literal(line: &[u8]) -> Option<Literal> {
    // Texts for people end as they like.
    let data = line.strip_prefix(b"* ")?;
    if [&b"OK "[..], b"NO ", b"BAD ", b"BYE ", b"PREAUTH "].iter().any(|word| starts_with(data, word)) {
        return None;
    }
    let inner = line.strip_suffix(b"}")?;
    let at = memchr::memrchr(b'{', inner)?;
    let digits = &inner[at + 1..];
    let bytes = number(digits.strip_suffix(b"+").unwrap_or(digits))?;
    let before = inner[..at].strip_suffix(b"~").unwrap_or(&inner[..at]);
    let is_mail = before.len() >= MAIL.len() && starts_with(&before[before.len() - MAIL.len()..], MAIL);
    Some(Literal { at, bytes, is_mail })
}

/// What stands before the content of a mail.
const MAIL: &[u8] = b"BODY[] ";

/// What a line says.
pub fn parse(line: &[u8]) -> Response {
    if line.first() == Some(&b'+') {
        return Response::Continue;
    }
    let (tag, rest) = word(line);
    let (first, behind) = word(rest);
    if tag != b"*" {
        return match status(first) {
            Some(status) => Response::Done { tag: text(tag), status, text: text(behind) },
            None => Response::Other,
        };
    }
    if let Some(status) = status(first) {
        return Response::State { status, text: text(behind) };
    }
    if let Some(count) = number(first) {
        let (kind, arguments) = word(behind);
        return match (kind.to_ascii_uppercase().as_slice(), u32::try_from(count)) {
            (b"EXISTS", Ok(count)) => Response::Exists(count),
            (b"FETCH", _) => fetch(arguments),
            _ => Response::Other,
        };
    }
    match first.to_ascii_uppercase().as_slice() {
        b"BYE" => Response::Bye(text(behind)),
        b"CAPABILITY" => Response::Capabilities(
            text(behind).split_ascii_whitespace().map(str::to_ascii_uppercase).collect(),
        ),
        b"SEARCH" => {
            let numbers = behind.split(|byte| *byte == b' ').filter_map(number);
            Response::Search(numbers.filter_map(|uid| u32::try_from(uid).ok()).collect())
        }
        _ => Response::Other,
    }
}

/// `[UIDVALIDITY 17]` in the text of a state.
pub fn uid_validity(text: &str) -> Option<u32> {
    let rest = text.strip_prefix('[')?;
    let (key, value) = rest.split_once(']')?.0.split_once(' ')?;
    if key.eq_ignore_ascii_case("UIDVALIDITY") { value.parse().ok() } else { None }
}

fn fetch(arguments: &[u8]) -> Response {
    let (mut uid, mut body) = (None, None);
    let mut rest = arguments.strip_prefix(b"(").unwrap_or_default();
    while let Some((key, behind)) = atom(rest.trim_ascii_start()) {
        let Some((value, behind)) = value(behind.trim_ascii_start()) else { break };
        match key.to_ascii_uppercase().as_slice() {
            b"UID" => uid = number(&value).and_then(|uid| u32::try_from(uid).ok()),
            b"BODY[]" => body = Some(value),
            _ => {}
        }
        rest = behind;
    }
    Response::Fetch { uid, body }
}

/// Up to a space or a closing parenthesis; `None` where there is nothing.
fn atom(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.iter().position(|byte| matches!(byte, b' ' | b')')).unwrap_or(line.len());
    (end > 0).then(|| line.split_at(end))
}

/// A quoted text, a literal, a list (which is passed over) or an atom; `NIL` is nothing.
fn value(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    match line.first()? {
        b'"' => quoted(&line[1..]),
        b'(' => Some((Vec::new(), behind_list(line)?)),
        b'{' => {
            let end = memchr::memchr(b'}', line)?;
            let bytes = usize::try_from(number(&line[1..end])?).ok()?;
            let rest = line[end + 1..].strip_prefix(b"\r\n")?;
            let (content, behind) = rest.split_at_checked(bytes)?;
            Some((content.to_vec(), behind))
        }
        _ => {
            let (atom, behind) = atom(line)?;
            Some((if atom.eq_ignore_ascii_case(b"NIL") { Vec::new() } else { atom.to_vec() }, behind))
        }
    }
}

fn quoted(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut content = Vec::new();
    let mut at = 0;
    loop {
        match line.get(at)? {
            b'"' => return Some((content, &line[at + 1..])),
            b'\\' => {
                content.push(*line.get(at + 1)?);
                at += 2;
            }
            byte => {
                content.push(*byte);
                at += 1;
            }
        }
    }
}

/// What stands behind a list, lists within it and all.
fn behind_list(line: &[u8]) -> Option<&[u8]> {
    let (mut rest, mut depth) = (line, 0_usize);
    loop {
        match rest.first()? {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'"' | b'{' => {
                rest = value(rest)?.1;
                continue;
            }
            _ => {}
        }
        rest = &rest[1..];
        if depth == 0 {
            return Some(rest);
        }
    }
}

fn status(word: &[u8]) -> Option<Status> {
    match word.to_ascii_uppercase().as_slice() {
        b"OK" => Some(Status::Ok),
        b"NO" => Some(Status::No),
        b"BAD" => Some(Status::Bad),
        b"PREAUTH" => Some(Status::PreAuth),
        _ => None,
    }
}

fn word(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', line) {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &[]),
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn starts_with(line: &[u8], prefix: &[u8]) -> bool {
    line.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fetched(uid: Option<u32>, body: Option<&str>) -> Response {
        Response::Fetch { uid, body: body.map(|body| body.as_bytes().to_vec()) }
    }

    #[test]
    fn lines_are_told_apart() {
        let done =
            |tag: &str, status, text: &str| Response::Done { tag: tag.into(), status, text: text.into() };
        for (line, expected) in [
            ("+ idling", Response::Continue),
            ("+", Response::Continue),
            ("a1 OK done", done("a1", Status::Ok, "done")),
            ("a1 no [TRYCREATE] none", done("a1", Status::No, "[TRYCREATE] none")),
            ("a1 BAD", done("a1", Status::Bad, "")),
            (
                "* OK [UIDVALIDITY 17] valid",
                Response::State { status: Status::Ok, text: "[UIDVALIDITY 17] valid".into() },
            ),
            ("* PREAUTH hello", Response::State { status: Status::PreAuth, text: "hello".into() }),
            ("* BYE gone", Response::Bye("gone".into())),
            ("* CAPABILITY IMAP4rev1 Idle", Response::Capabilities(vec!["IMAP4REV1".into(), "IDLE".into()])),
            ("* 23 EXISTS", Response::Exists(23)),
            ("* 99999999999 EXISTS", Response::Other),
            ("* 1 RECENT", Response::Other),
            ("* SEARCH 2 84 882", Response::Search(vec![2, 84, 882])),
            ("* SEARCH", Response::Search(vec![])),
            ("* SEARCH 2 x 99999999999 3", Response::Search(vec![2, 3])),
            ("* 12 FETCH (UID 5 FLAGS (\\Seen \"a)b\") BODY[] {0}\r\n)", fetched(Some(5), Some(""))),
            ("* 12 FETCH (BODY[] {0}\r\n UID 5)", fetched(Some(5), Some(""))),
            ("* 12 FETCH (X {3}\r\na)b UID 5)", fetched(Some(5), None)),
            ("* 12 FETCH (BODY[] \"a \\\"b\\\\\" UID 5)", fetched(Some(5), Some("a \"b\\"))),
            ("* 12 FETCH (BODY[] NIL)", fetched(None, Some(""))),
            ("* 12 FETCH (UID", fetched(None, None)),
            ("* 12 FETCH", fetched(None, None)),
            ("", Response::Other),
            ("*", Response::Other),
        ] {
            assert_eq!(parse(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn a_literal_is_announced_at_the_end_of_a_line() {
        let some = |at, bytes, is_mail| Some(Literal { at, bytes, is_mail });
        for (line, expected) in [
            ("* 1 FETCH (BODY[] {12}", some(18, 12, true)),
            ("* 1 FETCH (body[] ~{12+}", some(19, 12, true)),
            ("* 1 FETCH (BODY[HEADER] {12}", some(24, 12, false)),
            ("* LIST () \"/\" {3}", some(14, 3, false)),
            ("* OK see {12}", None),
            ("a1 OK see {12}", None),
            ("* 1 FETCH (BODY[] {}", None),
            ("* 1 FETCH (BODY[] {-1}", None),
            ("* 1 FETCH (BODY[] {99999999999999999999999}", None),
            ("}", None),
        ] {
            assert_eq!(literal(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn uid_validity_stands_in_a_code() {
        assert_eq!(uid_validity("[UIDVALIDITY 17] fine"), Some(17));
        assert_eq!(uid_validity("[uidvalidity 17]"), Some(17));
        for text in ["", "[UIDNEXT 17]", "[UIDVALIDITY x]", "UIDVALIDITY 17", "[UIDVALIDITY 17"] {
            assert_eq!(uid_validity(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "(\\* )?([0-9]{1,3} FETCH )?[ (){}\"\\\\\\r\\nA-Z0-9\\[\\]~+]{0,60}") {
            let _ = (parse(line.as_bytes()), literal(line.as_bytes()));
        }

        #[test]
        fn no_bytes_are_too_strange(line in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = (parse(&line), literal(&line));
        }

        #[test]
        fn what_is_quoted_comes_out_again(body in "[^\r\n]{0,40}", uid in 1_u32..) {
            let quoted = body.replace('\\', "\\\\").replace('"', "\\\"");
            let line = format!("* 1 FETCH (FLAGS (\\Seen (x)) BODY[] \"{quoted}\" UID {uid})");
            prop_assert_eq!(parse(line.as_bytes()), fetched(Some(uid), Some(&body)));
        }
    }
}
