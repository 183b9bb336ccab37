//! Passwords: kept as a hash that is slow to try (Argon2id, RFC 9106), never as they are.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};

use ring::digest;

use crate::random::Random;

/// What one try costs: memory in KiB, passes, lanes. The least that OWASP advises (Password Storage Cheat Sheet); a server that many sign in to at
/// nine o'clock can pay it.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// A shorter one is guessed (NIST SP 800-63B section 3.1.1.2 asks for 15 where it stands alone, 8 beside a second factor).
pub const CHARS_MIN: usize = 12;

/// A longer one is no password, but work for our processor; in bytes.
pub const BYTES_MAX: usize = 256;

/// What people choose first, and what can be guessed about us. A list of what was leaked elsewhere is for the operator.
const FIRST_GUESSES: [&str; 20] = [
    "welkom",
    "wachtwoord",
    "password",
    "qwerty",
    "azerty",
    "gemeente",
    "schakel",
    "123456",
    "abcdef",
    "letmein",
    "iloveyou",
    "zomer",
    "winter",
    "lente",
    "herfst",
    "geheim",
    "admin",
    "login",
    "changeme",
    "voetbal",
];

/// Why a password is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weak {
    /// Too few characters.
    Short,
    /// Too many bytes.
    Long,
    /// Little more than a word that is tried first, the name of its owner, or a few characters again and again.
    Guessable,
}

/// Is a password fit to be somebody's? `name`: what they sign in with.
pub fn weak(password: &str, name: &str) -> Option<Weak> {
    if password.len() > BYTES_MAX {
        return Some(Weak::Long);
    }
    if password.chars().count() < CHARS_MIN {
        return Some(Weak::Short);
    }
    let folded = password.to_lowercase();
    let name = name.to_lowercase();
    let name = name.split('@').next().unwrap_or_default();
    let mut different: Vec<char> = folded.chars().collect();
    different.sort_unstable();
    different.dedup();
    // What is left when the word is taken out must still be a password of some length.
    let hangs_on = |word: &str| word.len() >= 4 && folded.replace(word, "").chars().count() < CHARS_MIN - 4;
    let guessable = different.len() < 5 || FIRST_GUESSES.iter().any(|word| hangs_on(word)) || hangs_on(name);
    guessable.then_some(Weak::Guessable)
}

/// How lists of leaked passwords have it: the SHA-1 hash in capitals. It is compared with, never kept.
pub fn leaked_hash(password: &str) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
}

fn hasher() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("the cost is within the limits of Argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// What is kept of a password (PHC string).
pub fn hash(password: &str, random: &mut Random) -> String {
    let salt = SaltString::encode_b64(&random.bytes::<16>()).expect("16 bytes are a salt");
    let hash = hasher().hash_password(password.as_bytes(), &salt);
    hash.expect("a password within its limit can be hashed").to_string()
}

/// Is this the password that was kept? One that is too long is not tried.
pub fn verify(password: &str, kept: &str) -> bool {
    let Ok(kept) = PasswordHash::new(kept) else { return false };
    password.len() <= BYTES_MAX && hasher().verify_password(password.as_bytes(), &kept).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_fits_its_hash() {
        let mut random = Random::from_seed([7; 32]);
        let kept = hash("drie appels op een fiets", &mut random);
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("drie appels op een fiets", &kept));
        for other in ["", "drie appels op een fietS", &"x".repeat(BYTES_MAX + 1)] {
            assert!(!verify(other, &kept));
        }
        assert!(!verify("x", "no hash"));
        assert_ne!(kept, hash("drie appels op een fiets", &mut random), "the salt is another");
    }

    #[test]
    fn a_leaked_password_is_known_by_the_hash_that_lists_have() {
        assert_eq!(leaked_hash("password"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8");
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for (password, weak_because) in [
            ("kort", Some(Weak::Short)),
            ("élévation12", Some(Weak::Short)),
            ("aaaaaaaaaaaaaaaa", Some(Weak::Guessable)),
            ("Welkom2026-Welkom!", Some(Weak::Guessable)),
            ("Gemeente2026!!", Some(Weak::Guessable)),
            ("janjansen-2026", Some(Weak::Guessable)),
            ("drie appels op een fiets", None),
            ("ik-ga-op-reis-en-neem-mee", None),
        ] {
            assert_eq!(weak(password, "JanJansen@cert.example"), weak_because, "{password}");
        }
        assert_eq!(weak(&"é".repeat(129), "jan"), Some(Weak::Long));
    }
}
