//! Public keys of contacts: the fingerprint is computed here, and compared with the one that was read out loud.

use anyhow::{Context, bail, ensure};
use base64::Engine;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use schakel_model::{ids::ContactId, register::ContactRole};
use schakel_store::{
    Store,
    act::Act,
    contact_changes::NewPending,
    contact_keys::{KeyKind, NewKey},
};

use crate::{
    contacts::{Changed, contact},
    register::standing,
};

/// Keys are a few kB; one with many signatures a few hundred.
pub const KEY_BYTES_MAX: usize = 1 << 20;

/// Reads a key and checks it against the fingerprint that its owner read out loud.
pub fn read(kind: KeyKind, bytes: &[u8], said: &str) -> anyhow::Result<NewKey> {
    ensure!(bytes.len() <= KEY_BYTES_MAX, "a key has at most {KEY_BYTES_MAX} bytes");
    let fingerprint = match kind {
        KeyKind::OpenPgp => openpgp(bytes)?,
        KeyKind::SMime => certificate(bytes)?,
    };
    let said: String = said.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_uppercase();
    ensure!(
        said == fingerprint,
        "the fingerprint of this key is {}, not the one that was read out. Do not use this key, and ask again by telephone",
        spaced(&fingerprint)
    );
    Ok(NewKey { kind, fingerprint, bytes: bytes.to_owned() })
}

/// In groups of four, as people read it out.
pub fn spaced(fingerprint: &str) -> String {
    let groups: Vec<&str> = (0..fingerprint.len())
        .step_by(4)
        .filter_map(|at| fingerprint.get(at..(at + 4).min(fingerprint.len())))
        .collect();
    groups.join(" ")
}

/// Gives a contact a key. For a trusted contact it waits for a second pair of eyes and a call back.
pub fn add(store: &mut Store, act: &Act<'_>, id: ContactId, key: NewKey) -> anyhow::Result<Changed> {
    let register = standing(store)?;
    let contact = contact(&register, id)?;
    ensure!(!contact.email.trim().is_empty(), "a key belongs to a mail address, and contact {id} has none");
    let organisation = register.organisation(contact.organisation).context("its organisation is gone")?;
    if contact.role != ContactRole::Vcib {
        store.add_key(act, organisation.id, &contact.email, &key)?;
        return Ok(Changed::Applied);
    }
    let pending = NewPending {
        contact: Some(id),
        after: contact.clone(),
        key: Some(key),
        register_version: register.version,
    };
    let ids = store.request_changes(act, &organisation.code, &[pending])?;
    Ok(Changed::Waits(ids.first().copied().context("one was asked for")?))
}

/// The fingerprint of the primary key in a transferable public key (RFC 9580, 5.5.4): version 4 and version 6.
fn openpgp(bytes: &[u8]) -> anyhow::Result<String> {
    let binary = dearmoured(bytes, "PGP PUBLIC KEY BLOCK")?;
    let (tag, body) = packet(&binary).context("this is no OpenPGP key: its first packet cannot be read")?;
    ensure!(tag != 5, "this is a PRIVATE key. Ask for the public one, and tell its owner to make a new key");
    ensure!(tag == 6, "this is no OpenPGP public key: it begins with packet {tag}");
    let hash = match body.first() {
        Some(4) => {
            let length = u16::try_from(body.len()).context("the key is too long")?.to_be_bytes();
            digest(&SHA1_FOR_LEGACY_USE_ONLY, &[&[0x99][..], &length, body].concat())
        }
        Some(6) => {
            let length = u32::try_from(body.len()).context("the key is too long")?.to_be_bytes();
            digest(&SHA256, &[&[0x9b][..], &length, body].concat())
        }
        version => bail!(
            "an OpenPGP key of version {} is not supported; ask for one of version 4 or 6",
            version.unwrap_or(&0)
        ),
    };
    Ok(hex(hash.as_ref()))
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

/// SHA-256 over a certificate as it is encoded (DER).
fn certificate(bytes: &[u8]) -> anyhow::Result<String> {
    let der = dearmoured(bytes, "CERTIFICATE")?;
    // A SEQUENCE that is all there is: what else it must be, the mail program of its owner knows.
    let whole = match der.as_slice() {
        [0x30, 0x82, high, low, rest @ ..] => rest.len() == usize::from(*high) << 8 | usize::from(*low),
        [0x30, 0x83, a, b, c, rest @ ..] => {
            rest.len() == usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)
        }
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        _ => false,
    };
    ensure!(whole, "this is no certificate (DER or PEM)");
    Ok(hex(digest(&SHA256, &der).as_ref()))
}

/// The bytes between the lines `-----BEGIN …-----` and `-----END …-----`; binary is left as it is.
fn dearmoured(bytes: &[u8], label: &str) -> anyhow::Result<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(bytes.to_owned()) };
    if !text.trim_start().starts_with("-----BEGIN") {
        return Ok(bytes.to_owned());
    }
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let inside =
        text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).map(|(inside, _)| inside);
    let inside = inside.with_context(|| format!("there is no {label} in this file"))?;
    // Headers have a colon; the checksum (`=abcd`) at the end is no part of the key, and proves less than the fingerprint.
    let lines = inside.lines().map(str::trim).filter(|line| !line.contains(':') && !line.starts_with('='));
    let base64: String = lines.collect();
    base64::engine::general_purpose::STANDARD
        .decode(base64)
        .with_context(|| format!("the {label} is damaged"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
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
    const OPENPGP_FINGERPRINT: &str = "71B3 F9CB A552 7792 CFB4 F14D 7639 22FF F58E 6528";
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
    const CERTIFICATE_FINGERPRINT: &str =
        "51:7B:9F:EC:FF:A6:AB:8C:F1:34:D7:AE:CD:F2:0A:D6:7F:8E:33:EA:17:85:02:9B:22:33:1F:8A:4A:83:6C:2C";

    #[test]
    fn fingerprints_are_those_that_gnupg_and_openssl_show() {
        let key = read(KeyKind::OpenPgp, OPENPGP.as_bytes(), OPENPGP_FINGERPRINT).unwrap();
        assert_eq!(spaced(&key.fingerprint), OPENPGP_FINGERPRINT);
        let binary = dearmoured(OPENPGP.as_bytes(), "PGP PUBLIC KEY BLOCK").unwrap();
        assert_eq!(
            read(KeyKind::OpenPgp, &binary, OPENPGP_FINGERPRINT).unwrap().fingerprint,
            key.fingerprint
        );
        read(KeyKind::SMime, CERTIFICATE.as_bytes(), &CERTIFICATE_FINGERPRINT.to_lowercase()).unwrap();
    }

    #[test]
    fn a_key_of_version_6_is_hashed_as_rfc_9580_says() {
        let mut packet = vec![0xc6, 4, 6, 1, 2, 3];
        let expected = hex(digest(&SHA256, &[0x9b, 0, 0, 0, 4, 6, 1, 2, 3]).as_ref());
        assert_eq!(openpgp(&packet).unwrap(), expected);
        packet[2] = 3;
        assert!(openpgp(&packet).unwrap_err().to_string().contains("version 3"));
    }

    #[test]
    fn a_key_with_another_fingerprint_is_refused() {
        let error = read(KeyKind::OpenPgp, OPENPGP.as_bytes(), "71B3").unwrap_err().to_string();
        assert!(error.contains("71B3 F9CB"), "{error}");
    }

    #[test]
    fn what_is_no_public_key_is_refused_by_what_it_is() {
        let refused = |kind, bytes: &[u8]| read(kind, bytes, "").unwrap_err().to_string();
        assert!(refused(KeyKind::OpenPgp, &[0xc5, 1, 4]).contains("PRIVATE"));
        assert!(refused(KeyKind::OpenPgp, &[0xc2, 1, 4]).contains("packet 2"));
        for bytes in [
            &b""[..],
            b"hello",
            b"\x95",
            b"\xc6\xff\xff\xff\xff\xff",
            b"\xc6\xe1",
            b"\x9b\x00",
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----",
        ] {
            assert!(read(KeyKind::OpenPgp, bytes, "").is_err(), "{bytes:?}");
            assert!(read(KeyKind::SMime, bytes, "").is_err(), "{bytes:?}");
        }
        assert!(refused(KeyKind::SMime, OPENPGP.as_bytes()).contains("no CERTIFICATE"));
        let cut = CERTIFICATE.replace("MIIB", "MIIC");
        assert!(refused(KeyKind::SMime, cut.as_bytes()).contains("no certificate"));
    }
}
