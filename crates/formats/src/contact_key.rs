//! Public keys of contacts as they come by mail: an OpenPGP key (RFC 9580) or a certificate for S/MIME, binary or in text. Of either only
//! the fingerprint is computed; what else it must be, the mail program of its owner knows.

use base64::Engine;
use ring::digest::{Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// Keys are a few kB; one with many signatures a few hundred.
pub const KEY_BYTES_MAX: usize = 1 << 20;

/// Why something is no key that can be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[allow(missing_docs)] // The messages are the documentation.
pub enum KeyError {
    #[error("a key has at most {KEY_BYTES_MAX} bytes")]
    TooLarge,
    #[error("there is no {label} in this file")]
    NoBlock { label: &'static str },
    #[error("the {label} is damaged")]
    Damaged { label: &'static str },
    #[error("this is no OpenPGP key: its first packet cannot be read")]
    NoPacket,
    #[error("this is a PRIVATE key. Ask for the public one, and tell its owner to make a new key")]
    Private,
    #[error("this is no OpenPGP public key: it begins with packet {tag}")]
    NoPublicKey { tag: u8 },
    #[error("the key is too long")]
    TooLong,
    #[error("an OpenPGP key of version {version} is not supported; ask for one of version 4 or 6")]
    Version { version: u8 },
    #[error("this is no certificate (DER or PEM)")]
    NoCertificate,
}

/// The fingerprint of the primary key in a transferable public key (RFC 9580, 5.5.4), versions 4 and 6: digits of base 16, in upper case.
pub fn openpgp_fingerprint(bytes: &[u8]) -> Result<String, KeyError> {
    let binary = dearmoured(bytes, "PGP PUBLIC KEY BLOCK")?;
    let (tag, body) = packet(&binary).ok_or(KeyError::NoPacket)?;
    match tag {
        6 => {}
        5 => return Err(KeyError::Private),
        tag => return Err(KeyError::NoPublicKey { tag }),
    }
    let hash = match body.first() {
        Some(4) => {
            let length = u16::try_from(body.len()).map_err(|_| KeyError::TooLong)?.to_be_bytes();
            digest(&SHA1_FOR_LEGACY_USE_ONLY, &[&[0x99][..], &length, body].concat())
        }
        Some(6) => {
            let length = u32::try_from(body.len()).map_err(|_| KeyError::TooLong)?.to_be_bytes();
            digest(&SHA256, &[&[0x9b][..], &length, body].concat())
        }
        version => return Err(KeyError::Version { version: *version.unwrap_or(&0) }),
    };
    Ok(hex(&hash))
}

/// The fingerprint of a certificate: SHA-256 over its encoding (DER), digits of base 16, in upper case.
pub fn certificate_fingerprint(bytes: &[u8]) -> Result<String, KeyError> {
    let der = dearmoured(bytes, "CERTIFICATE")?;
    // A SEQUENCE that is all there is.
    let whole = match der.as_slice() {
        [0x30, 0x82, high, low, rest @ ..] => rest.len() == usize::from(*high) << 8 | usize::from(*low),
        [0x30, 0x83, a, b, c, rest @ ..] => {
            rest.len() == usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)
        }
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        _ => false,
    };
    if whole { Ok(hex(&digest(&SHA256, &der))) } else { Err(KeyError::NoCertificate) }
}

/// The first packet (RFC 9580, 4.2): its type, and its body.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (&head, rest) = bytes.split_first()?;
    if head & 0x80 == 0 {
        return None;
    }
    let big_endian = |bytes: &[u8]| bytes.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    let (tag, length, rest) = if head & 0x40 != 0 {
        let (&first, rest) = rest.split_first()?;
        match first {
            0..=191 => (head & 0x3f, usize::from(first), rest),
            192..=223 => {
                let (&second, rest) = rest.split_first()?;
                (head & 0x3f, ((usize::from(first) - 192) << 8) + usize::from(second) + 192, rest)
            }
            255 => (head & 0x3f, big_endian(rest.get(..4)?), rest.get(4..)?),
            // In parts: not for keys.
            _ => return None,
        }
    } else {
        let size = match head & 0x03 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => return None,
        };
        ((head >> 2) & 0x0f, big_endian(rest.get(..size)?), rest.get(size..)?)
    };
    Some((tag, rest.get(..length)?))
}

/// The bytes between the lines `-----BEGIN …-----` and `-----END …-----`; binary is left as it is.
fn dearmoured(bytes: &[u8], label: &'static str) -> Result<Vec<u8>, KeyError> {
    if bytes.len() > KEY_BYTES_MAX {
        return Err(KeyError::TooLarge);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(bytes.to_owned()) };
    if !text.trim_start().starts_with("-----BEGIN") {
        return Ok(bytes.to_owned());
    }
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let inside =
        text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).map(|(inside, _)| inside);
    let inside = inside.ok_or(KeyError::NoBlock { label })?;
    // Headers have a colon; the checksum (`=abcd`) at the end is no part of the key, and proves less than the fingerprint.
    let lines = inside.lines().map(str::trim).filter(|line| !line.contains(':') && !line.starts_with('='));
    let base64: String = lines.collect();
    base64::engine::general_purpose::STANDARD.decode(base64).map_err(|_| KeyError::Damaged { label })
}

fn hex(hash: &Digest) -> String {
    hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENPGP: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\
        \n\
        mDMEawJIVhYJKwYBBAHaRw8BAQdAe9ApiOTuPhN8uGx2L/YpucDQD4gGpjzBOzux\n\
        /HfzZkK0JFYuIFZlcnRyb3V3ZCA8dmNpYkBlaWtlbmRhbS5leGFtcGxlPoiQBBMW\n\
        CAA4FiEEcbP5y6VSd5LPtPFNdjki//WOZSgFAmsCSFYCGwMFCwkIBwIGFQoJCAsC\n\
        BBYCAwECHgECF4AACgkQdjki//WOZSitcwEAw8nojEs30uZi8+gyIQ0SeHyHpXcH\n\
        WvdJgpaY7D3/W8EA/25XqFxQyamnvE/1vFcsYzEz3W5X1ZGNv968liNEcxcJ\n\
        =03e9\n\
        -----END PGP PUBLIC KEY BLOCK-----\n";
    const OPENPGP_FINGERPRINT: &str = "71B3F9CBA5527792CFB4F14D763922FFF58E6528";
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBkDCCATWgAwIBAgIUBjSIfGv6yYgDjKPbaZnLDJd21AQwCgYIKoZIzj0EAwIw\n\
        DDEKMAgGA1UEAwwBVjAeFw0yNjExMjIwMTQxNDJaFw0zNjExMTkwMTQxNDJaMAwx\n\
        CjAIBgNVBAMMAVYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT8E13RaaszQa9A\n\
        bUwcHBDBq39kK41tDRHcTAifzEyNVSQXCE0HXIlOOzaO44shCJQwsDIZ9AkuLA4R\n\
        y7zvieZQo3UwczAdBgNVHQ4EFgQU5OWgpatxutzJAiGA3c0bYVo5t48wHwYDVR0j\n\
        BBgwFoAU5OWgpatxutzJAiGA3c0bYVo5t48wDwYDVR0TAQH/BAUwAwEB/zAgBgNV\n\
        HREEGTAXgRV2Y2liQGVpa2VuZGFtLmV4YW1wbGUwCgYIKoZIzj0EAwIDSQAwRgIh\n\
        AKmWj0hcTgcNRNzgTx+IZiMIpXMHEs7jB39mWq56vhcMAiEA9eaAJGS/nAm+TcvO\n\
        nI7McUuWvzrfmbYBHugCMfDZxB8=\n\
        -----END CERTIFICATE-----\n";
    const CERTIFICATE_FINGERPRINT: &str = "517B9FECFFA6AB8CF134D7AECDF20AD67F8E33EA1785029B22331F8A4A836C2C";

    #[test]
    fn fingerprints_are_those_that_gnupg_and_openssl_show() {
        assert_eq!(openpgp_fingerprint(OPENPGP.as_bytes()).unwrap(), OPENPGP_FINGERPRINT);
        let binary = dearmoured(OPENPGP.as_bytes(), "PGP PUBLIC KEY BLOCK").unwrap();
        assert_eq!(openpgp_fingerprint(&binary).unwrap(), OPENPGP_FINGERPRINT);
        assert_eq!(certificate_fingerprint(CERTIFICATE.as_bytes()).unwrap(), CERTIFICATE_FINGERPRINT);
    }

    #[test]
    fn a_key_of_version_6_is_hashed_as_rfc_9580_says() {
        let mut packet = vec![0xc6, 4, 6, 1, 2, 3];
        let expected = hex(&digest(&SHA256, &[0x9b, 0, 0, 0, 4, 6, 1, 2, 3]));
        assert_eq!(openpgp_fingerprint(&packet).unwrap(), expected);
        packet[2] = 3;
        assert_eq!(openpgp_fingerprint(&packet), Err(KeyError::Version { version: 3 }));
    }

    #[test]
    fn what_is_no_public_key_is_refused_by_what_it_is() {
        let pgp = |bytes: &[u8]| openpgp_fingerprint(bytes).unwrap_err();
        assert_eq!(pgp(&[0xc5, 1, 4]), KeyError::Private);
        assert_eq!(pgp(&[0xc2, 1, 4]), KeyError::NoPublicKey { tag: 2 });
        assert_eq!(pgp(&[0xc6, 0]), KeyError::Version { version: 0 });
        for bytes in [&b""[..], b"hello", b"\x95", b"\xc6\xff\xff\xff\xff\xff", b"\xc6\xe1", b"\x9b\x00"] {
            assert_eq!(pgp(bytes), KeyError::NoPacket, "{bytes:?}");
            assert_eq!(certificate_fingerprint(bytes), Err(KeyError::NoCertificate), "{bytes:?}");
        }
        assert_eq!(
            pgp(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"),
            KeyError::NoBlock { label: "PGP PUBLIC KEY BLOCK" }
        );
        assert_eq!(
            certificate_fingerprint(OPENPGP.as_bytes()),
            Err(KeyError::NoBlock { label: "CERTIFICATE" })
        );
        let cut = CERTIFICATE.replace("MIIB", "MIIC");
        assert_eq!(certificate_fingerprint(cut.as_bytes()), Err(KeyError::NoCertificate));
        let damaged = CERTIFICATE.replace("MIIB", "M??B");
        assert_eq!(
            certificate_fingerprint(damaged.as_bytes()),
            Err(KeyError::Damaged { label: "CERTIFICATE" })
        );
        assert_eq!(pgp(&vec![0x99; KEY_BYTES_MAX + 1]), KeyError::TooLarge);
        let long = [&[0xc6, 0xff, 0, 1, 0, 0, 4][..], &[0; 0xffff]].concat();
        assert_eq!(pgp(&long), KeyError::TooLong);
    }
}
