//! What of a finding can be asked about outside, the surest means first.

use std::net::IpAddr;

use schakel_formats::register::registrable::registrable;
use schakel_lookup::Lookup;
use schakel_model::abuse_contact::Means;
use schakel_rules::enrichment::is_public_name;

/// The means that can say something about a finding, each with what it is asked about: its site, its address, its domain. What is not public
/// is nobody's business outside.
pub(super) fn means_of(lookup: &Lookup, ip: Option<IpAddr>, name: &str) -> Vec<(Means, String)> {
    let authority = authority(name);
    let host = authority.as_deref().map(host_of).unwrap_or_default();
    let address = ip.or_else(|| host.parse().ok()).map(|ip| ip.to_canonical());
    let is_name = is_public_name(host) && host.parse::<IpAddr>().is_err();
    let site = authority.as_ref().filter(|_| is_name).map(|site| (Means::SecurityTxt, site.clone()));
    let network = address
        .filter(|address| lookup.may_ask_about(*address).is_ok())
        .map(|address| (Means::Network, address.to_string()));
    let domain = registrable(host).filter(|_| is_name).map(|domain| (Means::Registrar, domain.to_owned()));
    [site, network, domain].into_iter().flatten().collect()
}

/// The host, with the port where the URL is one over TLS and the port is not 443: `security.txt` is asked over TLS only. An account has none.
fn authority(name: &str) -> Option<String> {
    let Some((scheme, rest)) = name.split_once("://") else {
        let is_host = !name.is_empty() && !name.contains(['@', '/', ' ', ':']);
        return is_host.then(|| name.trim_end_matches('.').to_ascii_lowercase());
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase();
    let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| port.parse::<u16>().is_ok());
    match port {
        Some("443") | None => Some(host_of(&authority).to_owned()),
        Some(_) if scheme.eq_ignore_ascii_case("https") => Some(authority),
        Some(_) => Some(host_of(&authority).to_owned()),
    }
    .filter(|authority| !authority.is_empty())
}

fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use schakel_lookup::settings::OutgoingSettings;

    use super::*;

    #[test]
    fn a_site_its_address_and_its_domain_are_asked_about() {
        let settings =
            OutgoingSettings { allow: vec!["198.51.100.0/24".into()], ..OutgoingSettings::default() };
        let lookup = Lookup::new(&settings).unwrap();
        let means = |ip: &str, name: &str| {
            let means = means_of(&lookup, ip.parse().ok(), name).into_iter();
            means.map(|(means, subject)| format!("{means}={subject}")).collect::<Vec<_>>().join(" ")
        };
        let all = "security_txt=www.eikendam.nl network=198.51.100.1 registrar=eikendam.nl";
        assert_eq!(means("198.51.100.1", "WWW.eikendam.nl."), all);
        assert_eq!(means("198.51.100.1", "http://www.eikendam.nl:8080/x"), all);
        assert_eq!(
            means("", "https://u:p@www.eikendam.nl:8443/x?y"),
            "security_txt=www.eikendam.nl:8443 registrar=eikendam.nl"
        );
        assert_eq!(
            means("", "https://www.eikendam.nl:443/"),
            "security_txt=www.eikendam.nl registrar=eikendam.nl"
        );
        assert_eq!(means("198.51.100.1", ""), "network=198.51.100.1");
        assert_eq!(means("", "http://198.51.100.1:8080/"), "network=198.51.100.1");
        assert_eq!(means("", "https://[::ffff:198.51.100.1]:8443/"), "network=198.51.100.1");
        for (ip, name) in [
            ("10.0.0.1", ""),
            ("", "server01"),
            ("", "jan@eikendam.nl"),
            ("", "printer.local"),
            ("", "https:///x"),
        ] {
            assert_eq!(means(ip, name), "", "{ip} {name}");
        }
    }
}
