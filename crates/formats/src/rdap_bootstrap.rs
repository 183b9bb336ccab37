//! Which registry knows an address or a name: IANA's bootstrap files (RFC 9224), `ipv4.json`, `ipv6.json` and `dns.json`.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

/// Entries that are read: there are about 600 prefixes and 1,200 top-level domains.
const ENTRIES_MAX: usize = 20_000;

/// The services of one or more files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bootstrap {
    prefixes: Vec<(IpNet, String)>,
    domains: Vec<(String, String)>,
}

/// A file that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it is no bootstrap file of registries: {0}")]
pub struct BootstrapError(String);

impl Bootstrap {
    /// Adds what a file says. Entries that are not understood are passed over.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), BootstrapError> {
        let file: Value = serde_json::from_slice(bytes).map_err(|error| BootstrapError(error.to_string()))?;
        let services =
            file["services"].as_array().ok_or_else(|| BootstrapError("it has no `services`".to_owned()))?;
        let mut entries = 0;
        for service in services {
            let texts = |at: usize| {
                let list = service[at].as_array().into_iter().flatten();
                list.filter_map(Value::as_str)
            };
            // Over plain HTTP nobody knows who answers.
            let Some(url) = texts(1).find(|url| url.starts_with("https://")) else { continue };
            for entry in texts(0) {
                entries += 1;
                if entries > ENTRIES_MAX {
                    return Ok(());
                }
                let url = url.trim_end_matches('/').to_owned();
                match entry.parse::<IpNet>() {
                    Ok(net) => self.prefixes.push((net, url)),
                    Err(_) if entry.contains([':', '/']) => {}
                    Err(_) => self.domains.push((entry.trim_matches('.').to_ascii_lowercase(), url)),
                }
            }
        }
        Ok(())
    }

    /// The base URL of the registry that knows an address: that of the longest prefix.
    pub fn of_address(&self, address: IpAddr) -> Option<&str> {
        let around = self.prefixes.iter().filter(|(net, _)| net.contains(&address));
        around.max_by_key(|(net, _)| net.prefix_len()).map(|(_, url)| url.as_str())
    }

    /// The base URL of the registry that knows a domain: that of the longest suffix.
    pub fn of_domain(&self, domain: &str) -> Option<&str> {
        let domain = domain.to_ascii_lowercase();
        let ends = |suffix: &str| domain.strip_suffix(suffix).is_some_and(|before| before.ends_with('.'));
        let around = self.domains.iter().filter(|(suffix, _)| ends(suffix));
        around.max_by_key(|(suffix, _)| suffix.len()).map(|(_, url)| url.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = br#"{"version":"1.0","services":[
        [["192.0.0.0/8","2001:db8::/32","nonsense/x"],["http://plain.example/","https://a.example/rdap/"]],
        [["192.0.2.0/24"],["https://b.example/"]],
        [["nl","co.NL"],["https://nl.example"]],
        [["de"],["http://only-plain.example/"]], 7, [[],[]]]}"#;

    #[test]
    fn the_most_specific_entry_names_the_registry() {
        let mut bootstrap = Bootstrap::default();
        bootstrap.add(FILE).unwrap();
        let of = |address: &str| bootstrap.of_address(address.parse().unwrap());
        assert_eq!(of("192.1.2.3"), Some("https://a.example/rdap"));
        assert_eq!(of("192.0.2.3"), Some("https://b.example"));
        assert_eq!(of("2001:db8::1"), Some("https://a.example/rdap"));
        assert_eq!(of("198.51.100.1"), None);
        assert_eq!(bootstrap.of_domain("WWW.Eikendam.nl"), Some("https://nl.example"));
        assert_eq!(bootstrap.of_domain("eikendam.de"), None);
        assert_eq!(bootstrap.of_domain("nl"), None);
        assert_eq!(bootstrap.of_domain("xnl"), None);
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        for file in [&b""[..], b"[]", b"{}", b"{\"services\":7}", b"\0"] {
            assert!(Bootstrap::default().add(file).is_err());
        }
    }
}
