//! The code by which a reader checks that a mail is ours. Nothing of it is stored: it is a keyed hash over the number of the notification, under
//! the secret of the installation.

use schakel_model::ids::NotificationId;
use schakel_render::notice::Reference;
use schakel_store::{Reader, outbox};

/// Without 0, 1, I and O, which people mix up when they read a code out loud.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// 40 bits, in two groups. Whoever guesses is slowed down by the page.
const CODE_CHARS: usize = 8;

/// Longer is no number of ours: two numbers and a dot.
const NUMBER_CHARS_MAX: usize = 24;

/// The check code of a notification, `7KQ2-M4XD`.
pub fn code(secret: &[u8; 32], reference: Reference) -> String {
    let key = blake3::derive_key("schakel 2026 check code of a mail v1", secret);
    let mut hasher = blake3::Hasher::new_keyed(&key);
    hasher.update(format!("{}.{}", reference.number, reference.epoch).as_bytes());
    let hash = hasher.finalize();
    let letters =
        hash.as_bytes()[..CODE_CHARS].iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    let mut code: String = letters.collect();
    code.insert(CODE_CHARS / 2, '-');
    code
}

/// The notification of ours with this number and this code, however they are typed (`#17`, `7kq2 m4xd`): when it was made, in seconds since
/// 1970. `None`: it is none of ours, and nothing is said of which of the two is wrong.
pub fn check(reader: &Reader, number: &str, typed: &str) -> anyhow::Result<Option<i64>> {
    let Some(reference) = reference(number) else { return Ok(None) };
    // Hashes are compared, so that the time it takes tells nothing.
    let hash = |text: &str| blake3::hash(plain(text).as_bytes());
    if hash(&code(&reader.secret(), reference)) != hash(typed) {
        return Ok(None);
    }
    let Ok(id) = u32::try_from(reference.number) else { return Ok(None) };
    let notification = reader.read(|connection| outbox::notification(connection, NotificationId(id)))?;
    Ok(notification.filter(|one| one.epoch == reference.epoch).map(|one| one.created_at))
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// `17`, `#17`, `N17`, `17.2`.
fn reference(text: &str) -> Option<Reference> {
    let text = text.trim().trim_start_matches(['#', 'N', 'n']);
    if text.len() > NUMBER_CHARS_MAX {
        return None;
    }
    let (number, epoch) = text.split_once('.').unwrap_or((text, "0"));
    Some(Reference { number: number.parse().ok()?, epoch: epoch.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_belongs_to_one_number_of_one_installation() {
        let of = |secret, number, epoch| code(&[secret; 32], Reference { number, epoch });
        let one = of(1, 17, 0);
        assert_eq!((one.len(), one.as_bytes()[4]), (9, b'-'));
        for other in [of(1, 18, 0), of(1, 17, 1), of(2, 17, 0), of(1, 1, 70)] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_number_is_understood_as_people_write_it() {
        let seventeen = Some(Reference { number: 17, epoch: 0 });
        for text in ["17", " #17 ", "N17", "17.0"] {
            assert_eq!(reference(text), seventeen, "{text}");
        }
        assert_eq!(reference("17.2"), Some(Reference { number: 17, epoch: 2 }));
        for text in ["", "#", "-1", "1.2.3", "seventeen", "111111111111111111111111111"] {
            assert_eq!(reference(text), None, "{text}");
        }
        assert_eq!(plain(" 7kq2 m4xd "), plain("7KQ2-M4XD"));
    }
}
