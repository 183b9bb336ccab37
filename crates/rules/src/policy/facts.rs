//! What a policy decides on.

use std::net::IpAddr;

use schakel_model::{classification::ClassificationType, severity::Severity, tlp::Tlp};

/// What is known of a finding of which an organisation is to be told. Empty text: not known.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// How bad.
    pub severity: Severity,
    /// The RSIT type.
    pub classification: ClassificationType,
    /// The report type, for example `scan_rdp`.
    pub report_type: &'a str,
    /// The identifier, for example `open-rdp`.
    pub identifier: &'a str,
    /// The code of the source; empty: nobody in particular.
    pub source: &'a str,
    /// The code of the organisation that it concerns.
    pub organisation: &'a str,
    /// The address.
    pub ip: Option<IpAddr>,
    /// The host name.
    pub name: &'a str,
    /// What the feed tags it with.
    pub tags: &'a [&'a str],
    /// The vulnerabilities it names, as [`cves`] finds them.
    pub cves: &'a [&'a str],
    /// Its marking.
    pub tlp: Tlp,
}

/// The tags in a text that lists them.
pub fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', ',', '|', ' ']).map(str::trim).filter(|tag| !tag.is_empty())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_vulnerabilities_are_found_in_lists() {
        assert_eq!(tags("rdp;;vpn, ssl").collect::<Vec<_>>(), ["rdp", "vpn", "ssl"]);
        let found: Vec<_> = cves("x cve-2026-1234;CVE-2025-123456/CVE-26-1 CVE-2026-12 cve-").collect();
        assert_eq!(found, ["cve-2026-1234", "CVE-2025-123456"]);
        assert_eq!(cves("é").count() + cves("").count(), 0);
    }
}
