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
    /// The vulnerabilities it names, as [`schakel_model::cve`] finds them.
    pub cves: &'a [&'a str],
    /// Its marking.
    pub tlp: Tlp,
}

/// The tags in a text that lists them.
pub fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', ',', '|', ' ']).map(str::trim).filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_in_lists() {
        assert_eq!(tags("rdp;;vpn, ssl").collect::<Vec<_>>(), ["rdp", "vpn", "ssl"]);
    }
}
