//! Somebody who is signed in gives themselves another password, or another app for codes. Who signs in at a provider can get both, for when that is away;
//! one without the other gets nobody in.

use std::path::Path;

use schakel_seal::{one_time, password, random::Random};
use schakel_store::{
    Reader,
    accounts::{self, Proofs},
};

use super::sign_in::{
    self, Offer, Person, SetUp, closed_secret, derived, fresh, note_failure, refused_password,
};

/// Do they have a password?
pub fn has_password(reader: &Reader, person: &Person) -> anyhow::Result<bool> {
    Ok(!proofs(reader, person)?.password.is_empty())
}

/// What another app of theirs is to know: the same each time it is looked at, until it is taken, and kept nowhere.
pub fn offer(reader: &Reader, person: &Person, issuer: &str) -> anyhow::Result<Offer> {
    let secret = offered(reader, person, &proofs(reader, person)?);
    Ok(Offer::of(&secret, issuer, &person.account))
}

/// Another password, for whoever knows the present one. `breached`: the file of leaked passwords; may be empty.
pub fn password(
    reader: &Reader,
    now: i64,
    person: &Person,
    (present, chosen): (&str, &str),
    breached: &Path,
) -> anyhow::Result<SetUp> {
    let before = proofs(reader, person)?;
    if before.password.is_empty() {
        return Ok(SetUp::Gone);
    }
    if before.locked_until.is_some_and(|until| until > now) {
        return Ok(SetUp::WrongPassword);
    }
    if !password::verify(present, &before.password) {
        note_failure(reader, now, person.account.id, &before)?;
        return Ok(SetUp::WrongPassword);
    }
    if let Some(refused) = refused_password(chosen, &person.account, breached)? {
        return Ok(refused);
    }
    let after = Proofs { password: password::hash(chosen, &mut fresh()?), ..before.clone() };
    renew(reader, now, person, &before, &after)
}

/// Another app, which has shown this code. Who has no password yet chooses one as well.
pub fn app(
    reader: &Reader,
    now: i64,
    person: &Person,
    (chosen, typed): (&str, &str),
    breached: &Path,
) -> anyhow::Result<SetUp> {
    let before = proofs(reader, person)?;
    let mut random = fresh()?;
    let mut after = before.clone();
    if before.password.is_empty() {
        if let Some(refused) = refused_password(chosen, &person.account, breached)? {
            return Ok(refused);
        }
        after.password = password::hash(chosen, &mut random);
    }
    let secret = offered(reader, person, &before);
    after.one_time_used = one_time::verify(&secret, typed, now, None);
    if after.one_time_used.is_none() {
        return Ok(SetUp::WrongCode);
    }
    after.one_time = Some(closed_secret(reader, person.account.id, &secret, &mut random));
    renew(reader, now, person, &before, &after)
}

fn renew(
    reader: &Reader,
    now: i64,
    person: &Person,
    before: &Proofs,
    after: &Proofs,
) -> anyhow::Result<SetUp> {
    let renewed = sign_in::change(reader, now, person, |transaction, act| {
        accounts::renew(transaction, act, person.account.id, (before, after))
    })?;
    Ok(if renewed { SetUp::Ready } else { SetUp::Gone })
}

fn proofs(reader: &Reader, person: &Person) -> anyhow::Result<Proofs> {
    Ok(reader.read(|connection| accounts::proofs(connection, person.account.id))?)
}

/// Follows from the session and from what is kept now, so that one that was taken is never offered again.
fn offered(reader: &Reader, person: &Person, now: &Proofs) -> [u8; one_time::SECRET_BYTES] {
    let mut hasher = blake3::Hasher::new_keyed(&derived(&reader.secret(), "one-time renewal"));
    hasher.update(&person.session.token).update(now.one_time.as_deref().unwrap_or_default());
    one_time::secret(&mut Random::from_seed(*hasher.finalize().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::sign_in::tests::{NOW, PASSWORD, Place, place};

    const BETTER: &str = "vier kranen boven de haven";

    fn person(reader: &Reader, cookie: &str) -> Option<Person> {
        sign_in::person(reader, NOW, cookie).unwrap()
    }

    /// Signed in at two browsers.
    fn twice(reader: &Reader) -> (String, String) {
        let account = reader.read(|connection| accounts::by_name(connection, "jan")).unwrap().unwrap();
        let sign_in = || sign_in::sign_in_as(reader, NOW, &account, "").unwrap();
        (sign_in(), sign_in())
    }

    #[test]
    fn another_password_counts_at_once_and_ends_other_sessions() {
        let Place { reader, secret, .. } = &place();
        let (here, elsewhere) = twice(reader);
        let jan = person(reader, &here).unwrap();
        let change = |typed, breached: &Path| password(reader, NOW, &jan, typed, breached).unwrap();
        let none = Path::new("");
        assert_eq!(change(("wrong", BETTER), none), SetUp::WrongPassword);
        assert_eq!(change((PASSWORD, "kort"), none), SetUp::Weak(password::Weak::Short));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{}:3\n", password::leaked_hash(BETTER))).unwrap();
        assert_eq!(change((PASSWORD, BETTER), file.path()), SetUp::Breached);
        assert!(person(reader, &elsewhere).is_some(), "nothing was changed");
        assert_eq!(change((PASSWORD, BETTER), none), SetUp::Ready);
        assert!(person(reader, &here).is_some() && person(reader, &elsewhere).is_none());
        let try_in = |password: &str| sign_in::by_password(reader, NOW, "jan", password, "").unwrap();
        assert!(try_in(PASSWORD).is_none());
        let code = one_time::code_at(secret, NOW + 90);
        let half = try_in(BETTER).unwrap();
        assert!(sign_in::by_code(reader, NOW + 90, &half, &code, "").unwrap().is_some(), "the same app");
    }

    #[test]
    fn guessing_the_present_password_shuts_the_account() {
        let Place { reader, .. } = &place();
        let jan = person(reader, &twice(reader).0).unwrap();
        let change = |present| password(reader, NOW, &jan, (present, BETTER), Path::new("")).unwrap();
        for _ in 0..5 {
            assert_eq!(change("wrong"), SetUp::WrongPassword);
        }
        assert_eq!(change(PASSWORD), SetUp::WrongPassword, "shut, also for its owner");
        assert!(sign_in::by_password(reader, NOW, "jan", PASSWORD, "").unwrap().is_none());
    }

    #[test]
    fn an_app_counts_once_it_has_shown_a_code() {
        let Place { reader, secret, .. } = &place();
        let (here, elsewhere) = twice(reader);
        let jan = person(reader, &here).unwrap();
        let offered = || super::offered(reader, &jan, &proofs(reader, &jan).unwrap());
        let first = offered();
        assert_eq!(first, offered(), "the same each time");
        let old = one_time::code_at(secret, NOW);
        assert_eq!(app(reader, NOW, &jan, ("", &old), Path::new("")).unwrap(), SetUp::WrongCode);
        let code = one_time::code_at(&first, NOW);
        assert_eq!(app(reader, NOW, &jan, (BETTER, &code), Path::new("")).unwrap(), SetUp::Ready);
        assert_ne!(first, offered(), "never offered again");
        assert!(person(reader, &elsewhere).is_none());
        let by = |secret: &[u8], at| {
            let half = sign_in::by_password(reader, at, "jan", PASSWORD, "").unwrap().unwrap();
            sign_in::by_code(reader, at, &half, &one_time::code_at(secret, at), "").unwrap().is_some()
        };
        assert!(!by(secret, NOW + 60) && by(&first, NOW + 90), "the password stayed, the app did not");
    }

    #[test]
    fn who_has_no_password_gets_one_together_with_an_app() {
        let Place { reader, .. } = &place();
        let jan = person(reader, &twice(reader).0).unwrap();
        let before = proofs(reader, &jan).unwrap();
        renew(reader, NOW, &jan, &before, &Proofs::default()).unwrap();
        assert!(!has_password(reader, &jan).unwrap());
        let none = Path::new("");
        assert_eq!(
            password(reader, NOW, &jan, ("", BETTER), none).unwrap(),
            SetUp::Gone,
            "not without an app"
        );
        let code = one_time::code_at(&super::offered(reader, &jan, &Proofs::default()), NOW);
        let set = |typed: (&str, &str)| app(reader, NOW, &jan, typed, none).unwrap();
        assert_eq!(set(("", &code)), SetUp::Weak(password::Weak::Short));
        assert_eq!(set((BETTER, "000000")), SetUp::WrongCode);
        assert!(!has_password(reader, &jan).unwrap());
        assert_eq!(set((BETTER, &code)), SetUp::Ready);
        assert!(has_password(reader, &jan).unwrap());
    }
}
