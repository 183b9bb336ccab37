//! Tokens and codes that nobody can guess, and their hashes.

use anyhow::Context;

/// Without 0, 1, I and O, which people mix up.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A token in small letters: 26 characters, 130 bits.
pub fn token() -> anyhow::Result<String> {
    Ok(characters(26)?.to_ascii_lowercase())
}

/// A code that is read out and typed: 8 characters, 40 bits, `7KQ2-M4XD`.
pub fn code() -> anyhow::Result<String> {
    let mut code = characters(8)?;
    code.insert(4, '-');
    Ok(code)
}

fn characters(count: usize) -> anyhow::Result<String> {
    let mut bytes = vec![0; count];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

/// The hash under which a token or a code is kept: keyed with the installation's secret, for a code is short. Case, spaces and hyphens
/// do not count.
pub fn hash(secret: &[u8; 32], purpose: &str, text: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(purpose.as_bytes()).update(&[0]);
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    hasher.update(plain.to_ascii_uppercase().as_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = code().unwrap();
        assert_eq!((code.len(), token().unwrap().len()), (9, 26));
        assert_ne!(token().unwrap(), token().unwrap());
        let typed = code.to_lowercase().replace('-', " ");
        assert_eq!(hash(&[1; 32], "claim:1", &code), hash(&[1; 32], "claim:1", &typed));
        assert_ne!(hash(&[1; 32], "claim:1", &code), hash(&[1; 32], "claim:2", &code));
        assert_ne!(hash(&[1; 32], "claim:1", &code), hash(&[2; 32], "claim:1", &code));
    }
}
