//! Finding a table or JSON in the text of a mail.

/// The part of `text` that is a table (a header and at least one row) or JSON, if there is one. A table ends at an
/// empty line; JSON runs to the end.
pub fn find(text: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    while at < text.len() {
        let (line, next) = line_at(text, at);
        if starts_json(line) {
            return Some(&text[at..]);
        }
        if let Some(delimiter) = header_delimiter(line)
            && next < text.len()
            && count(line_at(text, next).0, delimiter) >= count(line, delimiter)
        {
            return Some(&text[at..table_end(text, next)]);
        }
        at = next;
    }
    None
}

/// The first empty line from `at` on, or the end.
fn table_end(text: &[u8], mut at: usize) -> usize {
    while at < text.len() {
        let (line, next) = line_at(text, at);
        if line.trim_ascii().is_empty() {
            break;
        }
        at = next;
    }
    at
}

fn line_at(text: &[u8], at: usize) -> (&[u8], usize) {
    let rest = &text[at..];
    let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    (rest[..end].trim_ascii_end(), at + end)
}

fn starts_json(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    let inner = line.strip_prefix(b"[").map_or(line, <[u8]>::trim_ascii_start);
    inner.starts_with(b"{\"") || line == b"{" || (line == b"[")
}

/// The delimiter of a line that names columns: at least three names, each short and of the characters names are made of.
fn header_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    b",;\t|".iter().copied().find(|delimiter| {
        let mut columns = 0;
        line.split(|byte| byte == delimiter).all(|name| {
            columns += 1;
            let name = name.trim_ascii();
            let name = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
            // Words with spaces between them are a sentence.
            (1..=64).contains(&name.len())
                && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.#:/".contains(byte))
        }) && columns >= 3
    })
}

fn count(line: &[u8], delimiter: u8) -> usize {
    memchr::memchr_iter(delimiter, line).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_tables_and_json_and_leaves_prose() {
        for (text, found) in [
            (&b"a,b,c\n1,2,3\n"[..], Some(&b"a,b,c\n1,2,3\n"[..])),
            (
                b"Dear all,\n\n\"a\";\"b\";\"c\"\r\n1;2;3\r\n4;5;6\r\n\r\n-- \nBye",
                Some(b"\"a\";\"b\";\"c\"\r\n1;2;3\r\n4;5;6\r\n"),
            ),
            (
                b"see below\n{\"source.ip\": \"192.0.2.1\"}\n{}\n",
                Some(b"{\"source.ip\": \"192.0.2.1\"}\n{}\n"),
            ),
            (b"[\n{\"a\":1}]", Some(b"[\n{\"a\":1}]")),
            (b"Hello,\nthis is red, green, and blue, to be sure.\nBye,\n", None),
            (b"red,green,blue\n", None),
            (b"red,green,blue\nno table\n", None),
            (b"", None),
        ] {
            assert_eq!(find(text), found, "{}", String::from_utf8_lossy(text));
        }
    }
}
