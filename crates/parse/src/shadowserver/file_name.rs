//! Which report type a file holds, by its name: `[YYYY-MM-DD-]TYPE[-ORGANISATION].csv`.

/// The type in a file name (last path component). It may be a type we do not know.
pub(crate) fn type_of(name: &str) -> Option<&str> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = strip_ignoring_case(name, ".csv")?;
    let stem = without_date(stem);
    let end = stem.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(stem.len());
    let (type_name, rest) = stem.split_at(end);
    (!type_name.is_empty() && (rest.is_empty() || rest.starts_with(['-', '.', ' ', '('])))
        .then_some(type_name)
}

fn strip_ignoring_case<'a>(name: &'a str, extension: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(extension.len())?;
    (name.is_char_boundary(at) && name[at..].eq_ignore_ascii_case(extension)).then(|| &name[..at])
}

fn without_date(stem: &str) -> &str {
    let is_date = |bytes: &[u8]| {
        bytes.len() == 11
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 | 10 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    };
    match stem.as_bytes().get(..11) {
        Some(start) if is_date(start) => &stem[11..],
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_stands_between_date_and_organisation() {
        for (name, type_name) in [
            ("scan_rdp.csv", Some("scan_rdp")),
            ("2026-03-01-scan_rdp.csv", Some("scan_rdp")),
            ("2026-03-01-scan_rdp-example-municipality.csv", Some("scan_rdp")),
            ("scan_rdp-example.CSV", Some("scan_rdp")),
            ("incoming/2026-03-01-event4_sinkhole-nl.csv", Some("event4_sinkhole")),
            ("scan_rdp (1).csv", Some("scan_rdp")),
            ("2026-03-01-.csv", None),
            ("scan_rdp.txt", None),
            (".csv", None),
            ("é.csv", None),
            ("", None),
        ] {
            assert_eq!(type_of(name), type_name, "{name}");
        }
    }
}
