//! `security.txt` (RFC 9116): whom a web site wants to hear from about its security. A signature around it is passed over, not checked: the
//! file came over TLS from the site itself.

use jiff::Timestamp;

/// Addresses that are taken from one file: they stand in order of preference, and one is enough.
const CONTACTS_MAX: usize = 5;

/// A line is no longer than this; a longer one is passed over.
const LINE_BYTES_MAX: usize = 2 << 10;

/// What a file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityTxt {
    /// Mail addresses, the preferred one first; at least one.
    pub mail: Vec<String>,
    /// Until when it holds, in seconds since 1970.
    pub expires: i64,
}

/// Why a file says nothing that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    /// No line of it is one of such a file: a page that says "not found", for example.
    #[error("it is no security.txt")]
    NoFields,
    /// `Expires` must be there once, with a time.
    #[error("it does not say, once, until when it holds")]
    NoExpires,
    /// It holds no longer.
    #[error("it has expired")]
    Expired,
    /// There is a page or a number to reach them by, and no mail address.
    #[error("it names no mail address")]
    NoMail,
}

/// Reads a file at a time (seconds since 1970).
pub fn read(bytes: &[u8], now: i64) -> Result<SecurityTxt, Unusable> {
    let text = String::from_utf8_lossy(bytes);
    let mut mail: Vec<String> = Vec::new();
    let mut expires = Vec::new();
    let mut contacts = 0;
    for line in text.trim_start_matches('\u{feff}').lines().filter(|line| line.len() <= LINE_BYTES_MAX) {
        // In a signed file a line that starts with a dash has another in front.
        let line = line.strip_prefix("- ").unwrap_or(line);
        if line.starts_with("-----BEGIN PGP SIGNATURE") {
            break;
        }
        let Some((name, value)) = line.split_once(':').filter(|_| !line.starts_with('#')) else { continue };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "contact" => {
                contacts += 1;
                mail.extend(address(value).filter(|address| !mail.contains(address)));
            }
            "expires" => expires.push(value.to_ascii_uppercase().parse::<Timestamp>().ok()),
            _ => {}
        }
    }
    mail.truncate(CONTACTS_MAX);
    match expires[..] {
        [] if contacts == 0 => Err(Unusable::NoFields),
        [Some(expires)] if expires.as_second() <= now => Err(Unusable::Expired),
        [Some(_)] if mail.is_empty() => Err(Unusable::NoMail),
        [Some(expires)] => Ok(SecurityTxt { mail, expires: expires.as_second() }),
        _ => Err(Unusable::NoExpires),
    }
}

/// The address of a `mailto:` link, without what stands behind it. An address without `mailto:`, which the RFC does not allow and many write, counts
/// too.
fn address(value: &str) -> Option<String> {
    let scheme = value.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    let rest = scheme.map_or(value, |scheme| &value[scheme.len()..]);
    let rest = rest.split(['?', ',', '&']).next().unwrap_or(rest).replace("%40", "@");
    plain_address(&rest)
}

/// A mail address as registries and files write them, in lower case after the `@`; `None` when it is none.
pub fn plain_address(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, host) = text.rsplit_once('@')?;
    let is_local = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$&'*+/=?^_`{|}~-".contains(&byte);
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let good = !local.is_empty()
        && text.len() <= 254
        && local.len() <= 64
        && local.bytes().all(is_local)
        && host.contains('.')
        && host.split('.').all(is_label);
    good.then(|| format!("{local}@{}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000;

    fn read_text(text: &str) -> Result<SecurityTxt, Unusable> {
        read(text.as_bytes(), NOW)
    }

    #[test]
    fn the_addresses_stand_in_order_of_preference() {
        let text = "\u{feff}# hello\r\nContact: https://a.example/report\r\ncontact:mailto:CERT@A.example?subject=x\r\n\
                    Contact: security%40a.example\r\nContact: mailto:CERT@a.example\r\nEXPIRES: 2027-01-01t00:00:00z\r\n";
        let read = read_text(text).unwrap();
        assert_eq!(read.mail, ["CERT@a.example", "security@a.example"]);
        assert_eq!(read.expires, 1_798_761_600);
    }

    #[test]
    fn a_signed_file_is_read_without_its_signature() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nContact: mailto:a@a.example\n\
                    - Contact: mailto:b@a.example\nExpires: 2027-01-01T00:00:00+01:00\n-----BEGIN PGP SIGNATURE-----\n\
                    Contact: mailto:c@a.example\n-----END PGP SIGNATURE-----\n";
        assert_eq!(read_text(text).unwrap().mail, ["a@a.example", "b@a.example"]);
    }

    #[test]
    fn what_does_not_hold_says_why() {
        for (text, expected) in [
            ("", Unusable::NoFields),
            ("<html>Contact us</html>", Unusable::NoFields),
            ("Contact: mailto:a@a.example", Unusable::NoExpires),
            ("Contact: mailto:a@a.example\nExpires: tomorrow", Unusable::NoExpires),
            (
                "Contact: mailto:a@a.example\nExpires: 2027-01-01T00:00:00Z\nExpires: 2028-01-01T00:00:00Z",
                Unusable::NoExpires,
            ),
            ("Contact: mailto:a@a.example\nExpires: 2020-01-01T00:00:00Z", Unusable::Expired),
            ("Contact: https://a.example/\nExpires: 2027-01-01T00:00:00Z", Unusable::NoMail),
            ("Contact: mailto:a@localhost\nExpires: 2027-01-01T00:00:00Z", Unusable::NoMail),
        ] {
            assert_eq!(read_text(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn long_lines_and_many_contacts_are_cut_off() {
        let long = format!("Contact: mailto:{}@a.example\n", "a".repeat(10_000));
        let many: String = (0..100).map(|n| format!("Contact: mailto:n{n}@a.example\n")).collect();
        let read = read_text(&format!("{long}{many}Expires: 2027-01-01T00:00:00Z")).unwrap();
        assert_eq!(read.mail, ["n0", "n1", "n2", "n3", "n4"].map(|name| format!("{name}@a.example")));
        assert_eq!(read_text(&"Contact:\0\u{fffd}\n".repeat(1_000)), Err(Unusable::NoExpires));
    }

    #[test]
    fn an_address_is_plain_or_none() {
        for good in ["abuse@isp.example", " Abuse+x@ISP.example ", "o'neill@isp.example"] {
            assert!(plain_address(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "@",
            "a@",
            "@isp.example",
            "a@isp",
            "a b@isp.example",
            "a@isp..example",
            "a\r\nb@isp.example",
        ] {
            assert_eq!(plain_address(bad), None, "{bad}");
        }
    }
}
