//! The name servers of the system, from the text of `resolv.conf(5)`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// As the system's own resolver does it: no more than three.
const SERVERS_MAX: usize = 3;

/// The servers that the text names, else the one on this machine.
pub(crate) fn servers(text: &str) -> Vec<SocketAddr> {
    let named = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = (words.next() == Some("nameserver")).then(|| words.next()).flatten()?;
        // `fe80::1%eth0` needs an interface that we cannot name; the others will do.
        address.parse::<IpAddr>().ok()
    });
    let mut servers: Vec<_> = named.take(SERVERS_MAX).map(|address| SocketAddr::new(address, 53)).collect();
    if servers.is_empty() {
        servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 53));
    }
    servers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_of_the_system_are_read() {
        let text = "# nameserver 9.9.9.9\nsearch x.example\nnameserver 192.0.2.1\nnameserver\tfe80::1%eth0\nnameserver 2001:db8::1 # x\n";
        let read: Vec<_> = servers(text).iter().map(ToString::to_string).collect();
        assert_eq!(read, ["192.0.2.1:53", "[2001:db8::1]:53"]);
        assert_eq!(servers("").len(), 1);
    }
}
