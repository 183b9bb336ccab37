//! Numbers of vulnerabilities (CVE), as they stand in texts and events.

use crate::event::Event;

/// The CVE numbers in a text: `CVE-2026-1234` in any case, also inside a longer word.
pub fn cves(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let starts = (0..bytes.len())
        .filter(|at| bytes.get(*at..at + 4).is_some_and(|start| start.eq_ignore_ascii_case(b"cve-")));
    starts.filter_map(move |start| {
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let year = start + 4;
        let dash = year + digits(year);
        let is_year = dash == year + 4 && bytes.get(dash) == Some(&b'-');
        let count = if is_year { digits(dash + 1) } else { 0 };
        (count >= 4).then(|| &text[start..dash + 1 + count])
    })
}

/// The fields in which an event names vulnerabilities, as one text. Its identifier may name one too; what that is, the reader of the row says.
pub fn text_of(event: &Event) -> String {
    ["product.vulnerabilities", "extra.tag", "extra.cve"].map(|field| event.text(field)).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vulnerabilities_are_found_in_lists() {
        let found: Vec<_> = cves("x cve-2026-1234;CVE-2025-123456/CVE-26-1 CVE-2026-12 cve-").collect();
        assert_eq!(found, ["cve-2026-1234", "CVE-2025-123456"]);
        assert_eq!(cves("é").count() + cves("").count(), 0);
    }
}
