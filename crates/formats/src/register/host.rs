//! One way to read a host, for the register and for what is looked up in it: a name in lower-case ASCII (IDNA) without
//! trailing dot, or an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host without its port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Host {
    /// A name; its text was appended to the caller's buffer.
    Name,
    /// An address, IPv4-mapped IPv6 as IPv4. Nothing was appended.
    Address(IpAddr),
}

/// Reads a host in any of the ways in which people and feeds write it: any case, a trailing dot, spaces around it, a
/// port behind it, an IDN, an address with or without brackets or zone. `None` when nothing can be made of it; the
/// buffer is then as it was.
pub fn read_host(text: &str, out: &mut String) -> Option<Host> {
    // Most names come as they should be.
    if is_plain(text.as_bytes()) {
        out.push_str(text);
        return Some(Host::Name);
    }
    let text = text.trim();
    if let Some(ip) = read_address(text) {
        return Some(Host::Address(ip));
    }
    let name = without_port(text);
    let name = name.strip_suffix('.').unwrap_or(name);
    if let Some(ip) = read_address(name) {
        return Some(Host::Address(ip));
    }
    if name.is_empty()
        || name.contains(|c: char| c.is_whitespace() || c.is_control() || "/:@[]?#".contains(c))
    {
        return None;
    }
    if name.is_ascii() {
        let from = out.len();
        out.push_str(name);
        out[from..].make_ascii_lowercase();
        return Some(Host::Name);
    }
    let ascii = idna::domain_to_ascii(name).ok()?;
    let ascii = ascii.strip_suffix('.').unwrap_or(&ascii);
    if ascii.is_empty() {
        return None;
    }
    // IDNA folds full-width digits and dots too.
    if let Some(ip) = read_address(ascii) {
        return Some(Host::Address(ip));
    }
    out.push_str(ascii);
    Some(Host::Name)
}

/// An address as it may stand in a report: brackets and a zone are dropped, IPv4-mapped IPv6 becomes IPv4.
pub fn read_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if text.contains(':') {
        let address = text.split_once('%').map_or(text, |(address, _zone)| address);
        let v6: Ipv6Addr = address.parse().ok()?;
        return Some(IpAddr::V6(v6).to_canonical());
    }
    text.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// The text before `:port`, for names and IPv4 addresses, and for IPv6 addresses in brackets.
fn without_port(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']')) =>
        {
            host
        }
        _ => text,
    }
}

/// Lower-case letters, digits, `-`, `_` and `*` in labels, with a last label that starts with a letter: no address, no
/// port, nothing to fold.
pub fn is_plain(text: &[u8]) -> bool {
    let usual = |byte: u8| {
        byte.is_ascii_lowercase()
            | byte.is_ascii_digit()
            | (byte == b'-')
            | (byte == b'.')
            | (byte == b'_')
            | (byte == b'*')
    };
    // Without a branch in the loops, so that the compiler looks at many bytes at once.
    let odd = text.iter().fold(false, |odd, byte| odd | !usual(*byte));
    let pairs = text.iter().zip(text.iter().skip(1));
    let empty_label = pairs.fold(text.first() == Some(&b'.'), |empty, (before, after)| {
        empty | ((*before == b'.') & (*after == b'.'))
    });
    let last_label = text.rsplit(|byte| *byte == b'.').next();
    !odd && !empty_label && last_label.and_then(<[u8]>::first).is_some_and(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let mut out = String::from("kept");
        match read_host(text, &mut out) {
            Some(Host::Name) => out["kept".len()..].to_owned(),
            Some(Host::Address(ip)) => {
                assert_eq!(out, "kept");
                format!("ip {ip}")
            }
            None => {
                assert_eq!(out, "kept");
                "-".to_owned()
            }
        }
    }

    #[test]
    fn plain_is_what_has_plain_labels_and_a_last_one_that_starts_with_a_letter() {
        let plain = |text: &str| {
            let label = |label: &str| {
                !label.is_empty()
                    && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'*'))
            };
            let last = text.rsplit('.').next().and_then(|label| label.bytes().next());
            text.split('.').all(label) && last.is_some_and(|b| b.is_ascii_lowercase())
        };
        let letters = ["a", "7", ".", "-", "A", ":"];
        for number in 0..letters.len().pow(5) {
            let five = (0..5).map(|at| letters[number / letters.len().pow(at) % letters.len()]);
            let five: String = five.collect();
            for text in [&five[..], &five[..2], "", &format!("www.{five}.municipality-{five}.example{five}")]
            {
                assert_eq!(is_plain(text.as_bytes()), plain(text), "{text}");
            }
        }
    }

    #[test]
    fn a_host_is_read_however_it_is_written() {
        for (text, expected) in [
            ("www.example.nl", "www.example.nl"),
            ("WWW.Example.NL.", "www.example.nl"),
            (" example.nl ", "example.nl"),
            ("example.nl:8443", "example.nl"),
            ("_dmarc.example.nl", "_dmarc.example.nl"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.Example:443", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("straße.example", "xn--strae-oqa.example"),
            ("😀.example", "xn--e28h.example"),
            ("192.0.2.1", "ip 192.0.2.1"),
            ("192.0.2.1:80", "ip 192.0.2.1"),
            ("192.0.2.1.", "ip 192.0.2.1"),
            ("[2001:db8::1]:443", "ip 2001:db8::1"),
            ("2001:DB8::1", "ip 2001:db8::1"),
            ("fe80::1%eth0", "ip fe80::1"),
            ("::ffff:192.0.2.1", "ip 192.0.2.1"),
            ("1.2.3", "1.2.3"),
            ("localhost", "localhost"),
            ("", "-"),
            (".", "-"),
            ("a b.example", "-"),
            ("example.nl/path", "-"),
            ("user@example.nl", "-"),
            ("example.nl:http", "-"),
            ("a\0b", "-"),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
        let long = format!("{}example.nl", "a.".repeat(150));
        assert_eq!(read(&long), long);
    }
}
