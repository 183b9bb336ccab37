//! Who is at a browser. Somebody is invited by a link, chooses a password and shows that an app on their telephone gives codes; both are asked
//! each time. A session is a cookie; only its hash is kept.
//!
//! A wrong name, a wrong password and an account that is shut for a while are answered alike and take as long, so that nobody learns who has
//! an account.

use std::path::Path;

use anyhow::Context;
use schakel_model::{
    account::{Account, PortalRole},
    ids::AccountId,
};
use schakel_seal::{one_time, password, random::Random, secret_box};
use schakel_store::{
    Reader, Store, StoreError,
    accounts::{self, Proofs, beside},
    act::Act,
    credentials,
    sessions::{self, Session, Token},
    transaction::Transaction,
};

use super::{breached, recovery};
use crate::random;

/// An invitation is good for this long: over a weekend, and no longer.
pub const INVITATION_SECONDS: i64 = 72 * 3_600;

/// Between the password and the code.
const CODE_SECONDS: i64 = 10 * 60;

/// A session that is not used ends: whoever went home has left.
pub const IDLE_SECONDS: i64 = 2 * 3_600;

/// A session ends after a shift, used or not.
pub const SESSION_SECONDS: i64 = 12 * 3_600;

/// Whoever changes by what somebody signs in has signed in within this time: a browser that was left open changes nothing of that.
pub const RECENT_SECONDS: i64 = 10 * 60;

/// That a session is used is written down once in this time.
const TOUCH_SECONDS: i64 = 60;

/// A session that is over, and an invitation that ran out, is forgotten after a month: long enough to ask who was there.
const KEPT_SECONDS: i64 = 30 * 24 * 3_600;

/// Wrong tries before an account is shut for a while.
const TRIES: u32 = 5;

/// For how long it is shut: this, twice this, and so on, until an hour.
const SHUT_SECONDS: (i64, i64) = (60, 3_600);

/// What a browser says it is is cut after this many characters.
const AGENT_CHARS_MAX: usize = 200;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub account: Account,
    /// By which session.
    pub session: Session,
}

impl Person {
    /// Did they sign in just now?
    pub fn is_recent(&self, now: i64) -> bool {
        now < self.session.created_at + RECENT_SECONDS
    }
}

/// Somebody who follows an invitation.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Who.
    pub account: Account,
    /// What their app is to know.
    pub offer: Offer,
}

/// A secret for an app.
#[derive(Clone, Debug)]
pub struct Offer {
    /// As it is typed.
    pub secret: String,
    /// As a QR code says it.
    pub uri: String,
}

impl Offer {
    pub(super) fn of(secret: &[u8; one_time::SECRET_BYTES], issuer: &str, account: &Account) -> Self {
        Self { secret: one_time::base32(secret), uri: one_time::uri(secret, issuer, &account.name) }
    }
}

/// What came of setting an account up, or of renewing what proves it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetUp {
    /// It can be signed in to.
    Ready,
    /// The link is used, or too old.
    Gone,
    /// The password is not taken.
    Weak(password::Weak),
    /// The password was leaked elsewhere.
    Breached,
    /// The code is not the one that the app shows now.
    WrongCode,
    /// The password they have now is another, or too many wrong ones were tried.
    WrongPassword,
}

/// Invites somebody within a transaction, by a link that ends in this token. Earlier links of theirs no longer work.
pub fn invite(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    account: &Account,
    secret: &[u8; 32],
    token: &str,
) -> Result<AccountId, StoreError> {
    let hash = token_hash(secret, Kind::Invitation, token);
    accounts::invite(transaction, act, account, &hash, act.at + INVITATION_SECONDS)
}

/// Who follows this link; `None` when it is none, was used or is too old.
pub fn invited(reader: &Reader, now: i64, token: &str, issuer: &str) -> anyhow::Result<Option<Invited>> {
    let hash = token_hash(&reader.secret(), Kind::Invitation, token);
    let Some(invitation) = reader.read(|connection| accounts::invitation(connection, &hash))? else {
        return Ok(None);
    };
    if invitation.used_at.is_some() || invitation.expires_at <= now {
        return Ok(None);
    }
    let Some(account) = reader.read(|connection| accounts::get(connection, invitation.account))? else {
        return Ok(None);
    };
    let offer = Offer::of(&offered(&reader.secret(), &hash), issuer, &account);
    Ok(Some(Invited { account, offer }))
}

/// The secret that a link offers: the same each time it is looked at, and kept nowhere.
fn offered(secret: &[u8; 32], invitation: &[u8; 32]) -> [u8; one_time::SECRET_BYTES] {
    one_time::secret(&mut Random::from_seed(
        *blake3::keyed_hash(&derived(secret, "one-time offer"), invitation).as_bytes(),
    ))
}

/// Sets an account up: a password, and an app that gives the code that was typed.
/// `breached`: the file of leaked passwords; may be empty.
pub fn set_up(
    reader: &Reader,
    now: i64,
    token: &str,
    (chosen, typed): (&str, &str),
    breached: &Path,
) -> anyhow::Result<SetUp> {
    let Some(Invited { account, .. }) = invited(reader, now, token, "")? else { return Ok(SetUp::Gone) };
    if let Some(refused) = refused_password(chosen, &account, breached)? {
        return Ok(refused);
    }
    let hash = token_hash(&reader.secret(), Kind::Invitation, token);
    let secret = offered(&reader.secret(), &hash);
    let Some(step) = one_time::verify(&secret, typed, now, None) else { return Ok(SetUp::WrongCode) };
    let mut random = fresh()?;
    let proofs = Proofs {
        password: password::hash(chosen, &mut random),
        one_time: Some(closed_secret(reader, account.id, &secret, &mut random)),
        one_time_used: Some(step),
        ..Proofs::default()
    };
    let act = Act { at: now, actor: &account.name, reason: "" };
    let ready = beside(reader.data(), |transaction| {
        accounts::make_ready(transaction, &act, account.id, &hash, &proofs)
    })?;
    Ok(if ready { SetUp::Ready } else { SetUp::Gone })
}

/// Why a password is not taken; `None`: it is.
pub(super) fn refused_password(
    chosen: &str,
    account: &Account,
    breached: &Path,
) -> anyhow::Result<Option<SetUp>> {
    if let Some(weak) = password::weak(chosen, &account.name) {
        return Ok(Some(SetUp::Weak(weak)));
    }
    let is_breached =
        !breached.as_os_str().is_empty() && breached::contains(breached, &password::leaked_hash(chosen))?;
    Ok(is_breached.then_some(SetUp::Breached))
}

/// The secret of an app, as it is kept.
pub(super) fn closed_secret(
    reader: &Reader,
    account: AccountId,
    secret: &[u8],
    random: &mut Random,
) -> Vec<u8> {
    secret_box::close(&derived(&reader.secret(), "one-time"), &about(account), secret, random)
}

/// The first step: name and password. Gives the cookie for the second; `None` says nothing about what was wrong.
pub fn by_password(
    reader: &Reader,
    now: i64,
    name: &str,
    typed: &str,
    agent: &str,
) -> anyhow::Result<Option<String>> {
    let account = reader.read(|connection| accounts::by_name(connection, name.trim()))?;
    let account = account.filter(|account| account.disabled_at.is_none());
    let proofs = match &account {
        Some(account) => reader.read(|connection| accounts::proofs(connection, account.id))?,
        None => Proofs::default(),
    };
    let is_shut = proofs.locked_until.is_some_and(|until| until > now);
    // The same work for everybody.
    let kept = if proofs.password.is_empty() { nobodys()? } else { proofs.password.clone() };
    let fits = password::verify(typed, &kept);
    let Some(account) = account else { return Ok(None) };
    if is_shut || proofs.password.is_empty() {
        return Ok(None);
    }
    if !fits {
        note_failure(reader, now, account.id, &proofs)?;
        return Ok(None);
    }
    begin(reader, now, &account, false, agent, None).map(Some)
}

/// The second step: the code of the app. Gives the cookie of the session.
pub fn by_code(
    reader: &Reader,
    now: i64,
    cookie: &str,
    typed: &str,
    agent: &str,
) -> anyhow::Result<Option<String>> {
    let Some((account, session)) = half(reader, now, cookie)? else { return Ok(None) };
    let proofs = reader.read(|connection| accounts::proofs(connection, account.id))?;
    if proofs.locked_until.is_some_and(|until| until > now) {
        return Ok(None);
    }
    let secret = proofs.one_time.as_deref().and_then(|closed| {
        secret_box::open(&derived(&reader.secret(), "one-time"), &about(account.id), closed)
    });
    let step = secret.and_then(|secret| one_time::verify(&secret, typed, now, proofs.one_time_used));
    let Some(step) = step else {
        let hash = recovery::hash(&reader.secret(), typed);
        let act = Act { at: now, actor: &account.name, reason: "" };
        let is_recovery = beside(reader.data(), |transaction| {
            credentials::use_recovery_code(transaction, &act, account.id, &hash)
        })?;
        if is_recovery {
            return begin(reader, now, &account, true, agent, Some(&session.token)).map(Some);
        }
        note_failure(reader, now, account.id, &proofs)?;
        return Ok(None);
    };
    if !beside(reader.data(), |transaction| accounts::use_code(transaction, account.id, step))? {
        return Ok(None);
    }
    begin(reader, now, &account, true, agent, Some(&session.token)).map(Some)
}

/// Whoever has shown the password, and not yet the code.
fn half(reader: &Reader, now: i64, cookie: &str) -> anyhow::Result<Option<(Account, Session)>> {
    let Some(session) = session(reader, cookie)? else { return Ok(None) };
    if session.proven || session.created_at + CODE_SECONDS <= now {
        return Ok(None);
    }
    let account = reader.read(|connection| accounts::get(connection, session.account))?;
    Ok(account.filter(|account| account.disabled_at.is_none()).map(|account| (account, session)))
}

/// Is somebody with this cookie half way in?
pub fn is_half_way(reader: &Reader, now: i64, cookie: &str) -> anyhow::Result<bool> {
    Ok(half(reader, now, cookie)?.is_some())
}

/// Signs somebody in at once: for the demo, whose people are made up.
pub fn sign_in_as(reader: &Reader, now: i64, account: &Account, agent: &str) -> anyhow::Result<String> {
    begin(reader, now, account, true, agent, None)
}

fn begin(
    reader: &Reader,
    now: i64,
    account: &Account,
    proven: bool,
    agent: &str,
    instead_of: Option<&Token>,
) -> anyhow::Result<String> {
    let cookie = random::token()?;
    let session = Session {
        token: token_hash(&reader.secret(), Kind::Session, &cookie),
        account: account.id,
        proven,
        created_at: now,
        used_at: now,
        agent: agent.chars().filter(|c| !c.is_control()).take(AGENT_CHARS_MAX).collect(),
        ended_at: None,
    };
    let act = Act { at: now, actor: &account.name, reason: "" };
    beside(reader.data(), |transaction| sessions::begin(transaction, &act, &session, instead_of))?;
    Ok(cookie)
}

/// Who has this cookie; `None` when it is none, too old, or theirs no more.
pub fn person(reader: &Reader, now: i64, cookie: &str) -> anyhow::Result<Option<Person>> {
    let Some(session) = session(reader, cookie)? else { return Ok(None) };
    let is_over = session.used_at + IDLE_SECONDS <= now || session.created_at + SESSION_SECONDS <= now;
    if !session.proven || is_over {
        return Ok(None);
    }
    let account = reader.read(|connection| accounts::get(connection, session.account))?;
    let Some(account) = account.filter(|account| account.disabled_at.is_none()) else { return Ok(None) };
    if session.used_at + TOUCH_SECONDS <= now {
        beside(reader.data(), |transaction| sessions::touch(transaction, &session.token, now))?;
    }
    Ok(Some(Person { account, session }))
}

fn session(reader: &Reader, cookie: &str) -> Result<Option<Session>, StoreError> {
    let token = token_hash(&reader.secret(), Kind::Session, cookie);
    let session = reader.read(|connection| sessions::get(connection, &token))?;
    Ok(session.filter(|session| session.ended_at.is_none()))
}

/// Ends the session of this cookie.
pub fn sign_out(reader: &Reader, now: i64, cookie: &str) -> anyhow::Result<()> {
    let token = token_hash(&reader.secret(), Kind::Session, cookie);
    Ok(beside(reader.data(), |transaction| sessions::end(transaction, &token, now))?)
}

/// Forgets sessions and invitations that are long over. Who signed in when stays in the audit log.
pub fn forget_old(store: &mut Store, now: i64) -> Result<(), StoreError> {
    store.write(|transaction| sessions::forget(transaction, now - KEPT_SECONDS))
}

/// Ends a session of this person, by the first digits of its hash; `false` when there is none.
pub fn end_session(reader: &Reader, now: i64, person: &Person, shown: &str) -> anyhow::Result<bool> {
    let all = reader.read(|connection| sessions::of(connection, person.account.id))?;
    let Some(found) = all.iter().find(|session| shown_as(&session.token) == shown) else { return Ok(false) };
    beside(reader.data(), |transaction| sessions::end(transaction, &found.token, now))?;
    Ok(true)
}

/// How a session is named on its owner's page.
pub fn shown_as(token: &Token) -> String {
    token[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a form has to bring along to prove that it is ours: it follows from the session, and is worth nothing without it.
pub fn form_token(secret: &[u8; 32], session: &Token) -> String {
    let hash = blake3::keyed_hash(&derived(secret, "form"), session);
    hash.to_hex()[..32].to_owned()
}

/// Changes by what somebody signs in, in their own name; when something was changed, they are signed in nowhere else any more.
pub(super) fn change(
    reader: &Reader,
    now: i64,
    person: &Person,
    work: impl FnOnce(&Transaction<'_>, &Act<'_>) -> Result<bool, StoreError>,
) -> anyhow::Result<bool> {
    let act = Act { at: now, actor: &person.account.name, reason: "" };
    Ok(beside(reader.data(), |transaction| {
        let changed = work(transaction, &act)?;
        if changed {
            sessions::end_others(transaction, &person.session, now)?;
        }
        Ok(changed)
    })?)
}

pub(super) fn note_failure(
    reader: &Reader,
    now: i64,
    account: AccountId,
    proofs: &Proofs,
) -> anyhow::Result<()> {
    let failures = proofs.failures.saturating_add(1);
    let locked_until = shut_for(failures).map(|seconds| now + seconds);
    beside(reader.data(), |transaction| accounts::failed(transaction, account, failures, locked_until))?;
    Ok(())
}

/// For how many seconds an account is shut after so many wrong tries.
fn shut_for(failures: u32) -> Option<i64> {
    let beyond = failures.checked_sub(TRIES)?;
    let (first, longest) = SHUT_SECONDS;
    Some(first.checked_shl(beyond.min(16)).unwrap_or(longest).min(longest))
}

/// The hash under which an invitation is kept.
pub(super) fn invitation_hash(secret: &[u8; 32], token: &str) -> Token {
    token_hash(secret, Kind::Invitation, token)
}

/// The hash of a password that nobody has, made once.
fn nobodys() -> anyhow::Result<String> {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    if let Some(hash) = HASH.get() {
        return Ok(hash.clone());
    }
    let hash = password::hash(&random::token()?, &mut fresh()?);
    Ok(HASH.get_or_init(|| hash).clone())
}

pub(super) fn fresh() -> anyhow::Result<Random> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    Ok(Random::from_seed(seed))
}

#[derive(Clone, Copy)]
enum Kind {
    Invitation,
    Session,
}

fn token_hash(secret: &[u8; 32], kind: Kind, token: &str) -> Token {
    let purpose = match kind {
        Kind::Invitation => "invitation",
        Kind::Session => "session",
    };
    random::hash(secret, purpose, token)
}

pub(super) fn derived(secret: &[u8; 32], purpose: &str) -> [u8; 32] {
    blake3::derive_key(&format!("schakel 2026 portal {purpose} v1"), secret)
}

fn about(account: AccountId) -> String {
    format!("account:{account}")
}

/// Roles that can be given, in words, for messages.
pub fn role_words(of_desk: bool) -> String {
    let fitting = PortalRole::ALL.iter().filter(|role| role.is_of_desk() == of_desk);
    fitting.map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use schakel_model::language::Language;
    use schakel_store::data_dir::DataDir;

    use super::*;

    pub const PASSWORD: &str = "drie appels op een fiets";
    pub const NOW: i64 = 1_800_000_000;

    pub struct Place {
        _folder: tempfile::TempDir,
        pub reader: Reader,
        pub secret: Vec<u8>,
    }

    /// Somebody invited, who has set up their account.
    pub fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let account = Account {
            id: AccountId(0),
            name: "jan".into(),
            display_name: "Jan Jansen".into(),
            organisation: String::new(),
            roles: vec![PortalRole::Handler],
            language: Language::Nl,
            disabled_at: None,
        };
        let act = Act { at: NOW, actor: "test", reason: "" };
        let secret = store.secret();
        let token = random::token().unwrap();
        store.write(|transaction| invite(transaction, &act, &account, &secret, &token)).unwrap();
        let reader = store.reader().unwrap();
        let hash = token_hash(&secret, Kind::Invitation, &token);
        let offered = offered(&secret, &hash);
        let code = one_time::code_at(&offered, NOW);
        let set_up = |password: &str, code: &str, now| {
            set_up(&reader, now, &token, (password, code), Path::new("")).unwrap()
        };
        assert_eq!(set_up("kort", &code, NOW), SetUp::Weak(password::Weak::Short));
        assert_eq!(set_up(PASSWORD, "000", NOW), SetUp::WrongCode);
        assert_eq!(set_up(PASSWORD, &code, NOW + INVITATION_SECONDS), SetUp::Gone);
        assert_eq!(set_up(PASSWORD, &code, NOW), SetUp::Ready);
        assert_eq!(set_up(PASSWORD, &code, NOW), SetUp::Gone);
        Place { _folder: folder, reader, secret: offered.to_vec() }
    }

    #[test]
    fn both_steps_lead_in_and_each_alone_does_not() {
        let Place { reader, secret, .. } = &place();
        let now = NOW + 100;
        let half = by_password(reader, now, " JAN ", PASSWORD, "Firefox").unwrap().unwrap();
        assert!(person(reader, now, &half).unwrap().is_none(), "a password alone is not enough");
        let code = one_time::code_at(secret, now);
        assert!(by_code(reader, now, "another", &code, "").unwrap().is_none());
        let whole = by_code(reader, now, &half, &code, "Firefox").unwrap().unwrap();
        let person = person(reader, now, &whole).unwrap().unwrap();
        assert_eq!((person.account.name.as_str(), person.session.agent.as_str()), ("jan", "Firefox"));
        assert!(by_code(reader, now, &half, &code, "").unwrap().is_none(), "a code and a step are used once");
        let again = by_password(reader, now, "jan", PASSWORD, "").unwrap().unwrap();
        assert!(by_code(reader, now, &again, &code, "").unwrap().is_none(), "the code was used");
    }

    #[test]
    fn a_session_ends_when_it_is_not_used_after_a_shift_and_when_asked() {
        let Place { reader, .. } = &place();
        let account = reader.read(|connection| accounts::by_name(connection, "jan")).unwrap().unwrap();
        let cookie = sign_in_as(reader, NOW, &account, "").unwrap();
        let is_in = |at| person(reader, at, &cookie).unwrap().is_some();
        assert!(!is_in(NOW + IDLE_SECONDS));
        for at in (0..SESSION_SECONDS).step_by(3_600) {
            assert!(is_in(NOW + at));
        }
        assert!(!is_in(NOW + SESSION_SECONDS), "used, but too old");
        let kept = |cookie: &str| session(reader, cookie).unwrap().is_some();
        for (after, is_kept) in [(KEPT_SECONDS, true), (KEPT_SECONDS + SESSION_SECONDS, false)] {
            let before = NOW + after - KEPT_SECONDS;
            beside(reader.data(), |transaction| sessions::forget(transaction, before)).unwrap();
            assert_eq!(kept(&cookie), is_kept, "{after}");
        }
        let other = sign_in_as(reader, NOW, &account, "").unwrap();
        sign_out(reader, NOW, &other).unwrap();
        assert!(person(reader, NOW, &other).unwrap().is_none());
        let third = sign_in_as(reader, NOW, &account, "").unwrap();
        let act = Act { at: NOW, actor: "test", reason: "" };
        beside(reader.data(), |transaction| accounts::disable(transaction, &act, account.id)).unwrap();
        assert!(person(reader, NOW, &third).unwrap().is_none(), "shut out at once");
    }

    #[test]
    fn guessing_shuts_the_account_for_a_while_and_tells_nobody() {
        let Place { reader, secret, .. } = &place();
        for _ in 0..TRIES {
            assert!(by_password(reader, NOW, "jan", "wrong", "").unwrap().is_none());
        }
        assert!(by_password(reader, NOW, "jan", PASSWORD, "").unwrap().is_none(), "shut, also for its owner");
        assert!(by_password(reader, NOW, "nobody", PASSWORD, "").unwrap().is_none());
        let later = NOW + 61;
        let half = by_password(reader, later, "jan", PASSWORD, "").unwrap().unwrap();
        let code = one_time::code_at(secret, later);
        assert!(by_code(reader, later, &half, &code, "").unwrap().is_some());
        let proofs = reader.read(|connection| accounts::proofs(connection, AccountId(1))).unwrap();
        assert_eq!((proofs.failures, proofs.locked_until), (0, None));
        assert_eq!([4, 5, 6, 12, 99].map(shut_for), [None, Some(60), Some(120), Some(3_600), Some(3_600)]);
    }

    #[test]
    fn a_form_of_one_session_is_no_form_of_another() {
        assert_ne!(form_token(&[1; 32], &[2; 32]), form_token(&[1; 32], &[3; 32]));
        assert_ne!(form_token(&[1; 32], &[2; 32]), form_token(&[2; 32], &[2; 32]));
    }
}
