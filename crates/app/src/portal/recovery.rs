//! Recovery codes: for who has lost their telephone. Each stands in the place of the second factor, once; the password is asked as well.

use schakel_store::{Reader, credentials};

use super::sign_in::{self, Person};
use crate::random;

/// How many are made at once.
const CODES: usize = 8;

/// What a code is hashed for.
const PURPOSE: &str = "recovery";

/// Makes new codes; those before count no more. They are shown once and kept as hashes.
pub fn make(reader: &Reader, now: i64, person: &Person) -> anyhow::Result<Vec<String>> {
    let codes: Vec<String> = (0..CODES).map(|_| long_code()).collect::<Result<_, _>>()?;
    let hashes: Vec<[u8; 32]> =
        codes.iter().map(|code| random::hash(&reader.secret(), PURPOSE, code)).collect();
    sign_in::change(reader, now, person, |transaction, act| {
        credentials::set_recovery_codes(transaction, act, person.account.id, &hashes).map(|()| true)
    })?;
    Ok(codes)
}

/// Twice the length of a code that is read out: nobody counts the tries at one that was stolen as a hash.
fn long_code() -> anyhow::Result<String> {
    Ok(format!("{}-{}", random::code()?, random::code()?))
}

/// The hash of what was typed.
pub(super) fn hash(secret: &[u8; 32], typed: &str) -> [u8; 32] {
    random::hash(secret, PURPOSE, typed)
}
