//! A secret of ours at rest: readable with the secret of the installation only (ChaCha20-Poly1305, RFC 8439).

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::random::Random;

fn key(secret: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, secret).expect("a key has 32 bytes"))
}

/// Closes it. `about` says whose it is: it opens for no other. `secret` is for this purpose only.
pub fn close(secret: &[u8; 32], about: &str, open: &[u8], random: &mut Random) -> Vec<u8> {
    let nonce = random.bytes::<NONCE_LEN>();
    let mut bytes = open.to_vec();
    key(secret)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(about.as_bytes()),
            &mut bytes,
        )
        .expect("a short secret can be closed");
    [&nonce[..], &bytes].concat()
}

/// Opens it, when it is this one's and whole.
pub fn open(secret: &[u8; 32], about: &str, closed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, bytes) = closed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut bytes = bytes.to_vec();
    let opened = key(secret).open_in_place(nonce, Aad::from(about.as_bytes()), &mut bytes).ok()?;
    Some(opened.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_with_its_key_for_its_owner_only() {
        let mut random = Random::from_seed([1; 32]);
        let closed = close(&[2; 32], "account:1", b"secret", &mut random);
        assert_eq!(open(&[2; 32], "account:1", &closed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(open(&[3; 32], "account:1", &closed), None);
        assert_eq!(open(&[2; 32], "account:2", &closed), None);
        for length in 0..closed.len() {
            assert_eq!(open(&[2; 32], "account:1", &closed[..length]), None);
        }
    }
}
