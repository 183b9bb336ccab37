//! The file name of a report in a request: how it is read depends on it.

use axum::http::{
    HeaderMap,
    header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE},
};
use url::form_urlencoded;

/// What a report is called of which only the type is said.
const BY_TYPE: &[(&str, &str)] = &[
    ("application/gzip", "report.gz"),
    ("application/json", "report.json"),
    ("application/jsonl", "report.jsonl"),
    ("application/ndjson", "report.jsonl"),
    ("application/vnd.oasis.opendocument.spreadsheet", "report.ods"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "report.xlsx"),
    ("application/x-gzip", "report.gz"),
    ("application/x-ndjson", "report.jsonl"),
    ("application/xml", "report.xml"),
    ("application/zip", "report.zip"),
    ("message/rfc822", "report.eml"),
    ("text/csv", "report.csv"),
    ("text/plain", "report.txt"),
    ("text/xml", "report.xml"),
];

/// By `Content-Disposition`, or `?name=`, or the type. Bytes that are said to be packed by gzip get its ending.
pub(super) fn file_name(query: Option<&str>, head: &HeaderMap) -> String {
    let text = |name| head.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let given = text(CONTENT_DISPOSITION)
        .and_then(|value| disposition(&value))
        .or_else(|| in_query(query.unwrap_or_default()))
        .filter(|name| !name.trim().is_empty());
    let name = given.unwrap_or_else(|| by_type(&text(CONTENT_TYPE).unwrap_or_default()).to_owned());
    let packed = text(CONTENT_ENCODING).is_some_and(|value| value.trim().eq_ignore_ascii_case("gzip"));
    if packed && !name.to_ascii_lowercase().ends_with(".gz") { name + ".gz" } else { name }
}

fn in_query(query: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "name").map(|(_, name)| name.into_owned())
}

fn by_type(content_type: &str) -> &'static str {
    let word = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    BY_TYPE.iter().find(|(known, _)| *known == word).map_or("report", |(_, name)| name)
}

/// The name in `attachment; filename="a.csv"` (RFC 6266); `filename*` goes before it.
fn disposition(value: &str) -> Option<String> {
    let mut plain = None;
    let mut rest = value;
    while let Some(at) = rest.find(';') {
        let (key, value, after) = parameter(&rest[at + 1..]);
        rest = after;
        if key.eq_ignore_ascii_case("filename*") {
            if let Some(name) = extended(&value) {
                return Some(name);
            }
        } else if key.eq_ignore_ascii_case("filename") {
            plain = plain.or(Some(value));
        }
    }
    plain
}

/// A parameter, and what follows it from its `;` on.
fn parameter(text: &str) -> (&str, String, &str) {
    let end = text.find([';', '=']).unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    let Some(rest) = rest.strip_prefix('=') else { return (key.trim(), String::new(), rest) };
    let rest = rest.trim_start();
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find(';').unwrap_or(rest.len());
        return (key.trim(), rest[..end].trim().to_owned(), &rest[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (key.trim(), value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (key.trim(), value, "")
}

/// `UTF-8''a%20b.csv` (RFC 8187).
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    // A plus stands for itself here.
    let encoded = encoded.replace('+', "%2B");
    form_urlencoded::parse(encoded.as_bytes()).next().map(|(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(query: Option<&str>, head: &[(&'static str, &str)]) -> String {
        let head = head.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        file_name(query, &head)
    }

    #[test]
    fn a_name_is_found_in_each_place_it_may_stand() {
        for (value, name) in [
            ("attachment; filename=a.csv", "a.csv"),
            ("attachment; filename=\"a b;c.csv\"", "a b;c.csv"),
            ("attachment; filename=\"a\\\"b.csv\"; size=3", "a\"b.csv"),
            ("attachment; filename=\"x.csv\"; filename*=UTF-8''m%C3%A9lding+1.csv", "mélding+1.csv"),
            ("attachment; filename*=ISO-8859-1''x; filename=y.csv", "y.csv"),
            ("attachment; filename=\"open", "open"),
            ("attachment", "report.json"),
            (";;;=;=\"", "report.json"),
        ] {
            let head = [("content-disposition", value), ("content-type", "application/json; charset=utf-8")];
            assert_eq!(named(None, &head), name, "{value}");
        }
        assert_eq!(named(Some("name=2026-11-20-scan%20rdp.csv&x=1"), &[]), "2026-11-20-scan rdp.csv");
        assert_eq!(named(Some("name="), &[("content-type", "text/csv")]), "report.csv");
        assert_eq!(named(None, &[]), "report");
    }

    #[test]
    fn what_is_packed_ends_so() {
        let head = [("content-encoding", "gzip"), ("content-type", "text/csv")];
        assert_eq!(named(None, &head), "report.csv.gz");
        assert_eq!(named(Some("name=a.csv.GZ"), &head), "a.csv.GZ");
    }
}
