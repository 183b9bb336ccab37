//! What a browser carries between two steps of signing in. It can neither read nor change it, and it counts for a short time and once.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schakel_seal::secret_box;

use super::sign_in::{derived, fresh};

/// Between two steps: the time to find one's telephone.
pub const CARRIED_SECONDS: i64 = 10 * 60;

/// What was used is remembered for as long as it would count.
#[derive(Debug, Default)]
pub struct Used(Mutex<HashMap<[u8; 32], i64>>);

impl Used {
    /// Uses it up; `false` when it was used before.
    pub fn once(&self, carried: &str, now: i64) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| *until > now);
        used.insert(*blake3::hash(carried.as_bytes()).as_bytes(), now + CARRIED_SECONDS).is_none()
    }
}

/// Closes it for this purpose.
pub fn close(secret: &[u8; 32], purpose: &str, text: &str, now: i64) -> anyhow::Result<String> {
    let until = now + CARRIED_SECONDS;
    let key = derived(secret, "carried");
    let closed = secret_box::close(&key, purpose, format!("{until} {text}").as_bytes(), &mut fresh()?);
    Ok(URL_SAFE_NO_PAD.encode(closed))
}

/// Opens it, when it is ours, for this purpose and not too old.
pub fn open(secret: &[u8; 32], purpose: &str, carried: &str, now: i64) -> Option<String> {
    let closed = URL_SAFE_NO_PAD.decode(carried).ok()?;
    let text = String::from_utf8(secret_box::open(&derived(secret, "carried"), purpose, &closed)?).ok()?;
    let (until, rest) = text.split_once(' ')?;
    let counts = until.parse::<i64>().is_ok_and(|until| (now..=now + CARRIED_SECONDS).contains(&until));
    counts.then(|| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_for_its_purpose_for_a_while_and_once() {
        let carried = close(&[1; 32], "passkey", "a b", 100).unwrap();
        let open = |secret, purpose, at| open(&[secret; 32], purpose, &carried, at);
        assert_eq!(open(1, "passkey", 100).as_deref(), Some("a b"));
        assert_eq!(open(1, "passkey", 100 + CARRIED_SECONDS).as_deref(), Some("a b"));
        for other in
            [open(1, "passkey", 101 + CARRIED_SECONDS), open(1, "provider", 100), open(2, "passkey", 100)]
        {
            assert_eq!(other, None);
        }
        assert_eq!(super::open(&[1; 32], "passkey", "AAAA", 100), None);
        let used = Used::default();
        assert!(used.once(&carried, 100) && !used.once(&carried, 101) && used.once("other", 101));
    }
}
