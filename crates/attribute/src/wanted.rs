//! What of a register can meet a question, so that a large one need not be read whole.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use schakel_formats::register::host::Host;
use schakel_model::asset::AssetValue;

use crate::{
    candidate::Input,
    names::suffixes,
    selectors::{Selector, Selectors},
};

/// Which assets can meet the inputs of a question: those with one of these values, as [`AssetValue`] displays it. A register of just
/// these, with the announced prefixes around the addresses and whoever announces them, gives the same answer as the whole.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Exactly these values.
    pub values: Vec<String>,
    /// Every URL that starts so.
    pub url_starts: Vec<String>,
    /// The addresses, for announced prefixes.
    pub addresses: Vec<IpAddr>,
}

impl Wanted {
    /// Of these inputs.
    pub fn of(inputs: &[Input]) -> Self {
        let mut selectors = Selectors::default();
        selectors.gather_inputs(inputs);
        let mut wanted = Self::default();
        for group in &selectors.groups {
            match group.selector {
                Selector::Address(ip) => wanted.around(ip),
                Selector::Announced(ip) => wanted.addresses.push(ip),
                Selector::Name { text: name, .. } | Selector::Account(name) => {
                    wanted.below(name.of(&selectors.text));
                }
                Selector::Url(number) => {
                    let key = &selectors.urls[usize::from(number)];
                    wanted.below(&selectors.text[key.host.clone()]);
                    wanted.urls(
                        &selectors.text[key.whole.clone()],
                        &selectors.text[key.host.clone()],
                        key.host_is,
                    );
                }
                Selector::Asn(asn) => wanted.values.push(AssetValue::Asn(asn).to_string()),
                Selector::Country(code) => wanted.values.push(AssetValue::Country(code).to_string()),
            }
        }
        wanted.values.sort_unstable();
        wanted.values.dedup();
        wanted
    }

    /// Every prefix that holds an address.
    fn around(&mut self, ip: IpAddr) {
        self.values.push(AssetValue::Address(ip).to_string());
        let width = if ip.is_ipv4() { 32 } else { 128 };
        let nets = (0..=width).filter_map(|length| IpNet::new(ip, length).ok());
        self.values.extend(nets.map(|net| AssetValue::Prefix(net.trunc()).to_string()));
    }

    /// A name and all that it is below.
    fn below(&mut self, name: &str) {
        if !name.is_empty() {
            self.values.extend(suffixes(name).map(|from| name[from..].to_owned()));
        }
    }

    /// URLs of a host, by their key.
    fn urls(&mut self, key: &str, host: &str, host_is: Host) {
        if let Some((scheme, _)) =
            key.split_once("://").filter(|(scheme, _)| !scheme.contains(['/', '.', ':']))
        {
            // Outside the web a host may stand in a URL as it was written.
            self.url_starts.push(format!("{scheme}://"));
            return;
        }
        let hosts = match host_is {
            Host::Name => vec![host.to_owned()],
            Host::Address(IpAddr::V4(ip)) => {
                let [.., high, low] = ip.to_ipv6_mapped().segments();
                vec![ip.to_string(), format!("[::ffff:{high:x}:{low:x}]")]
            }
            Host::Address(IpAddr::V6(ip)) => vec![bracketed(ip)],
        };
        for host in hosts {
            self.url_starts.extend(["http", "https"].map(|scheme| format!("{scheme}://{host}")));
        }
    }
}

fn bracketed(ip: Ipv6Addr) -> String {
    format!("[{ip}]")
}
