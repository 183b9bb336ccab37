//! Codes that hold for half a minute (TOTP, RFC 6238), from a secret that an app on somebody's telephone has as well.

use ring::hmac;

use crate::random::Random;

/// Seconds for which a code holds.
const STEP_SECONDS: i64 = 30;

/// Steps that a telephone's clock may be off, either way.
const DRIFT_STEPS: i64 = 1;

/// Digits of a code.
pub const DIGITS: usize = 6;

/// The secret, in bytes: as long as the hash (RFC 4226 section 4).
pub const SECRET_BYTES: usize = 20;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret.
pub fn secret(random: &mut Random) -> [u8; SECRET_BYTES] {
    random.bytes()
}

/// The step at a time, in seconds since 1970.
fn step_at(now: i64) -> i64 {
    now.div_euclid(STEP_SECONDS)
}

/// The code of a step (RFC 4226 section 5.3). All authenticator apps take SHA-1; it is not broken in HMAC.
fn code(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 0xf);
    let bytes = [tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]];
    u32::from_be_bytes(bytes) % 10u32.pow(DIGITS as u32)
}

/// The step of a code that holds now and was not used before; `used`: the last step that was.
pub fn verify(secret: &[u8], typed: &str, now: i64, used: Option<i64>) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if typed.len() != DIGITS || !typed.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let typed: u32 = typed.parse().ok()?;
    let now = step_at(now);
    (now - DRIFT_STEPS..=now + DRIFT_STEPS)
        .find(|step| used.is_none_or(|used| *step > used) && code(secret, *step) == typed)
}

/// The code at a time, for tests and for the demo.
pub fn code_at(secret: &[u8], now: i64) -> String {
    format!("{:0width$}", code(secret, step_at(now)), width = DIGITS)
}

/// The secret as apps take it when it is typed (RFC 4648 section 6, without padding).
pub fn base32(secret: &[u8; SECRET_BYTES]) -> String {
    let mut text = String::with_capacity(SECRET_BYTES * 8 / 5);
    for five in secret.chunks_exact(5) {
        let bits = five.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        text.extend((0..8).rev().map(|at| char::from(BASE32[(bits >> (5 * at) & 31) as usize])));
    }
    text
}

/// What a QR code tells an app (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>).
pub fn uri(secret: &[u8; SECRET_BYTES], issuer: &str, name: &str) -> String {
    let quoted = |text: &str| {
        let mut out = String::new();
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    out.push(char::from(byte))
                }
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
        out
    };
    let (issuer, name) = (quoted(issuer), quoted(name));
    format!("otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}", base32(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, whose secret is these twenty digits; its codes have eight digits, ours the last six.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (at, expected) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            assert_eq!(code_at(secret, at), expected);
        }
    }

    #[test]
    fn a_code_holds_for_a_short_time_and_once() {
        let secret = b"12345678901234567890";
        let now = 1_111_111_109;
        let step = verify(secret, "081 804", now, None).unwrap();
        assert_eq!(verify(secret, "081804", now + 30, None), Some(step), "a clock may be half a minute off");
        assert_eq!(verify(secret, "081804", now + 90, None), None);
        assert_eq!(verify(secret, "081804", now, Some(step)), None, "used before");
        for wrong in ["", "81804", "0818040", "x81804", "-81804", "081805"] {
            assert_eq!(verify(secret, wrong, now, None), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_told_all_it_needs() {
        assert_eq!(base32(b"12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            uri(b"12345678901234567890", "CERT Eén", "jan@a.example"),
            "otpauth://totp/CERT%20E%C3%A9n:jan%40a.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CERT%20E%C3%A9n"
        );
    }
}
