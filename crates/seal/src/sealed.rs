//! Something that is not mail, encrypted to one reader (OpenPGP), whoever carries it.

use jiff::Timestamp;

use crate::{
    openpgp::{key::PublicKey, message, secret::SecretKey, write},
    problem::Problem,
    protect::ProtectError,
    random::Random,
};

/// Seals bytes to a key. The same bytes, key, time and randomness give the same.
pub fn seal(
    content: &[u8],
    to: &PublicKey,
    now: Timestamp,
    random: &mut Random,
) -> Result<Vec<u8>, ProtectError> {
    write::encrypt_to_bytes(content, std::slice::from_ref(to), now, random)
}

/// Opens what was sealed to one of these keys; it opens to at most so many bytes. What is not sealed at all is malformed.
pub fn open(sealed: &[u8], keys: &[SecretKey], now: Timestamp, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let content = message::open(sealed, keys, &[], now, bytes_max)?;
    match content.was_encrypted {
        true => Ok(content.bytes),
        false => Err(Problem::Malformed { what: "something sealed" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES_MAX: usize = 1_000;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn key(seed: u8) -> SecretKey {
        SecretKey::generate("bottom.example", now(), None, &mut Random::from_seed([seed; 32])).unwrap()
    }

    fn sealed(content: &[u8], to: &PublicKey) -> Vec<u8> {
        seal(content, to, now(), &mut Random::from_seed([9; 32])).unwrap()
    }

    #[test]
    fn only_the_one_it_is_for_opens_it() {
        let (ours, other) = (key(1), key(2));
        let to = PublicKey::read(&ours.public().to_bytes()).unwrap();
        let bytes = sealed(b"{\"source.ip\":\"192.0.2.1\"}", &to);
        assert!(!bytes.windows(9).any(|part| part == b"192.0.2.1"));
        let open = |keys: &[SecretKey]| open(&bytes, keys, now(), BYTES_MAX);
        assert_eq!(open(&[other.clone(), ours.clone()]), Ok(b"{\"source.ip\":\"192.0.2.1\"}".to_vec()));
        assert!(matches!(open(&[other]), Err(Problem::NoKey { .. })));
        assert!(matches!(open(&[]), Err(Problem::NoKey { .. })));
    }

    #[test]
    fn what_was_changed_is_not_opened() {
        let ours = [key(1)];
        let bytes = sealed(b"content", &ours[0].public());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_ne!(open(&changed, &ours, now(), BYTES_MAX), Ok(b"changed".to_vec()));
            if at > bytes.len() / 2 {
                assert!(open(&changed, &ours, now(), BYTES_MAX).is_err(), "byte {at}");
            }
        }
        for length in 0..bytes.len() {
            assert!(open(&bytes[..length], &ours, now(), BYTES_MAX).is_err(), "the first {length} bytes");
        }
    }

    #[test]
    fn what_is_too_large_or_not_sealed_is_refused() {
        let ours = [key(1)];
        let bomb = sealed(&vec![0; BYTES_MAX + 1], &ours[0].public());
        assert!(open(&bomb, &ours, now(), BYTES_MAX).is_err());
        assert!(open(&bomb, &ours, now(), 2 * BYTES_MAX).is_ok());
        for nothing in [&b""[..], b"{}", &[0xff; 40]] {
            assert!(open(nothing, &ours, now(), BYTES_MAX).is_err());
        }
    }
}
