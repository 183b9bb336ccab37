//! IP addresses, as the reference understands them for an event and as we count them for attribution.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address for attribution: dotted IPv4 or IPv6, a zone (`%eth0`) dropped, IPv4-mapped IPv6 made IPv4. The
/// unspecified address is nobody's and counts as none.
#[inline]
pub(crate) fn real_address(bytes: &[u8]) -> Option<IpAddr> {
    let ip = match ipv4(bytes) {
        Some(ip) => IpAddr::V4(ip),
        None => {
            let text = std::str::from_utf8(bytes).ok()?.trim();
            match ipv4(text.as_bytes()) {
                Some(ip) => IpAddr::V4(ip),
                None => IpAddr::V6(ipv6(text)?).to_canonical(),
            }
        }
    };
    (!ip.is_unspecified()).then_some(ip)
}

/// Reads an address as the reference does and shows it as the reference does. Also a whole number is an address to it.
pub(crate) fn reference_address(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(ip) = ipv4(text.as_bytes()) {
        return Some(ip.to_string());
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok().map(|number: u32| Ipv4Addr::from(number).to_string());
    }
    ipv6(text).map(show_ipv6)
}

/// Reads a prefix with its length or mask, as the reference does: host bits are cut off.
pub(crate) fn reference_network(text: &str) -> Option<String> {
    let (address, length) = text.trim().split_once('/')?;
    if let Some(ip) = ipv4(address.as_bytes()) {
        let length = match ipv4(length.as_bytes()) {
            Some(mask) => u32::from(mask).leading_ones(),
            None => small_number(length).filter(|length| *length <= 32)?,
        };
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        return Some(format!("{}/{length}", Ipv4Addr::from(u32::from(ip) & mask)));
    }
    let ip: Ipv6Addr = address.parse().ok()?;
    let length = small_number(length).filter(|length| *length <= 128)?;
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    Some(format!("{}/{length}", show_ipv6(Ipv6Addr::from(u128::from(ip) & mask))))
}

fn small_number(text: &str) -> Option<u32> {
    (!text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// Four numbers of at most three digits, none with a leading zero.
#[inline]
fn ipv4(bytes: &[u8]) -> Option<Ipv4Addr> {
    if bytes.len() < 7 || bytes.len() > 15 {
        return None;
    }
    let mut octets = [0_u8; 4];
    let mut at = 0;
    let mut value = 0_u32;
    let mut digits = 0;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            if digits > 0 && value == 0 {
                return None;
            }
            value = value * 10 + u32::from(digit);
            digits += 1;
        } else if *byte == b'.' && digits > 0 && at < 3 && value <= 255 {
            octets[at] = value as u8;
            at += 1;
            value = 0;
            digits = 0;
        } else {
            return None;
        }
        if digits > 3 {
            return None;
        }
    }
    if at != 3 || digits == 0 || value > 255 {
        return None;
    }
    octets[3] = value as u8;
    Some(Ipv4Addr::from(octets))
}

fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let address = match text.split_once('%') {
        Some((_, "")) => return None,
        Some((address, _)) => address,
        None => text,
    };
    address.parse().ok()
}

/// Hexadecimal throughout: the dotted tail that Rust writes for mapped addresses is not how the reference shows them.
fn show_ipv6(ip: Ipv6Addr) -> String {
    match (ip.to_ipv4_mapped(), ip.segments()) {
        (Some(_), [.., high, low]) => format!("::ffff:{high:x}:{low:x}"),
        _ => ip.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_as_the_reference_shows_them_and_as_they_count() {
        for (text, shown, counted) in [
            ("198.51.100.1", Some("198.51.100.1"), Some("198.51.100.1")),
            (" 198.51.100.1\t", Some("198.51.100.1"), Some("198.51.100.1")),
            ("::ffff:1.2.3.4", Some("::ffff:102:304"), Some("1.2.3.4")),
            ("fe80::1%eth0", Some("fe80::1"), Some("fe80::1")),
            ("2001:DB8:0::1", Some("2001:db8::1"), Some("2001:db8::1")),
            ("::1.2.3.4", Some("::102:304"), Some("::102:304")),
            ("::", Some("::"), None),
            ("0.0.0.0", Some("0.0.0.0"), None),
            ("1", Some("0.0.0.1"), None),
            ("1.2.3", None, None),
            ("1.2.3.4/24", None, None),
            ("1.2.3.4.5", None, None),
            ("01.2.3.4", None, None),
            ("256.1.1.1", None, None),
            ("1.2.3.4:80", None, None),
            ("[::1]", None, None),
            ("1..2.3", None, None),
            ("", None, None),
            ("abc", None, None),
        ] {
            assert_eq!(reference_address(text).as_deref(), shown, "{text}");
            let counted: Option<IpAddr> = counted.map(|ip| ip.parse().unwrap());
            assert_eq!(real_address(text.as_bytes()), counted, "{text}");
        }
    }

    #[test]
    fn prefixes_lose_their_host_bits() {
        for (text, shown) in [
            ("1.2.3.4/24", Some("1.2.3.0/24")),
            ("1.2.3.0/255.255.255.0", Some("1.2.3.0/24")),
            (" 2001:DB8::1/32 ", Some("2001:db8::/32")),
            ("::/0", Some("::/0")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("1.2.3.4", None),
            ("1.2.3.0/33", None),
            ("abc", None),
        ] {
            assert_eq!(reference_network(text).as_deref(), shown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn ipv4_is_read_as_the_standard_library_reads_it(text in "[0-9.]{5,17}") {
            prop_assert_eq!(ipv4(text.as_bytes()), text.parse().ok());
        }

        #[test]
        fn every_ipv4_address_reads_back(number in any::<u32>()) {
            let ip = Ipv4Addr::from(number);
            prop_assert_eq!(ipv4(ip.to_string().as_bytes()), Some(ip));
        }
    }
}
