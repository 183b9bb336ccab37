//! What somebody of a member says is theirs: entered, proven, taken back. Whose else it may be is nobody's to know but the desk's: a page says that
//! somebody else has it too, never who.

use schakel_lookup::Lookup;
use schakel_model::{
    asset::{AssetKind, Role},
    claim::{Claim, Means},
    ids::ClaimId,
};
use schakel_render::templates::Templates;
use schakel_rules::claim::{
    CODE_TRIES_MAX, CODES_IN_A_DAY_MAX, ROLE_MAILBOXES, challenge_record, challenge_url,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    claims::{self as stored, CodeState, MailCode, NewAttempt},
    conflicts, register,
    rehearsal::Keep,
};
use serde::Serialize;

use super::{Head, Own};
use crate::{
    claims::{self, Entered, Entry, Run, TheAsset},
    config::{ClaimsConfig, Config},
    proof::{self, Outcome},
};

/// Kinds that a member claims. A country is nobody's, and a product is told by the inventory of what a member runs.
const KINDS: [AssetKind; 8] = [
    AssetKind::Domain,
    AssetKind::Hostname,
    AssetKind::Prefix,
    AssetKind::Address,
    AssetKind::Url,
    AssetKind::MailDomain,
    AssetKind::Asn,
    AssetKind::RipeHandle,
];

/// Roles in which a member claims something: whoever only watches has nothing of its own there.
const ROLES: [Role; 3] = [Role::Owner, Role::Operator, Role::Supplier];

/// Claims of a member that wait for proof at once: more were not typed by people, and the desk sees each that meets another's.
const WAITING_MAX: usize = 500;

/// Attempts on a page: a proof is looked up every day.
const ATTEMPTS: usize = 10;

/// The form for something new.
#[derive(Debug, Serialize)]
pub struct NewPage {
    /// At whom one looks.
    pub head: Head,
    /// Words to choose from.
    pub kinds: Vec<&'static str>,
    /// See [`NewPage::kinds`].
    pub roles: Vec<&'static str>,
}

/// The form.
pub fn new_page(own: &Own) -> NewPage {
    NewPage {
        head: own.head.clone(),
        kinds: KINDS.iter().map(|one| one.as_str()).collect(),
        roles: ROLES.iter().map(|one| one.as_str()).collect(),
    }
}

/// A claim, and what shows that it is theirs.
#[derive(Debug, Serialize)]
pub struct ClaimPage {
    /// At whom one looks.
    pub head: Head,
    /// Its number.
    pub id: u32,
    /// A word.
    pub kind: &'static str,
    /// What.
    pub value: String,
    /// A word.
    pub role: &'static str,
    /// A word.
    pub state: &'static str,
    /// A remark.
    pub note: String,
    /// When it was entered, in seconds since 1970.
    pub at: i64,
    /// Is it over?
    pub is_over: bool,
    /// Does somebody else have it too? Then the desk decides.
    pub disputed: bool,
    /// Do findings reach them by it?
    pub counts: bool,
    /// By what it is proven: a word; empty: it is not.
    pub proven_by: &'static str,
    /// Until when the proof counts, in seconds since 1970.
    pub proven_until: Option<i64>,
    /// Since when the proof is not found any more.
    pub failing_since: Option<i64>,
    /// What to publish to prove it.
    pub token: String,
    /// Where, in the DNS; empty: it has no name.
    pub record: String,
    /// Where, on the web server; empty: it has no name.
    pub file: String,
    /// Can the registry say whose it is?
    pub by_registry: bool,
    /// Addresses that a code can be sent to: the part before the @, and the whole.
    pub mailboxes: Vec<(&'static str, String)>,
    /// The code that was sent last and can be typed now.
    pub code: Option<Code>,
    /// The newest attempts to prove it, the newest first.
    pub attempts: Vec<Attempt>,
}

/// A code that waits to be typed.
#[derive(Debug, Serialize)]
pub struct Code {
    /// Where it was sent.
    pub address: String,
    /// Until when it is good, in seconds since 1970.
    pub until: i64,
    /// How often it can still be typed wrong.
    pub tries_left: u32,
}

/// An attempt to prove a claim.
#[derive(Debug, Serialize)]
pub struct Attempt {
    /// When, in seconds since 1970.
    pub at: i64,
    /// By what: a word.
    pub means: &'static str,
    /// Was it found?
    pub found: bool,
    /// What was found, as the program says it; empty: that is the desk's own.
    pub detail: String,
}

/// Why nothing was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Too many wait for proof.
    Many,
    /// It can be proven by other means only, or it is over.
    Means,
    /// A code was sent often enough for today.
    Codes,
    /// No code waits to be typed.
    NoCode,
}

/// A claim of whom they look at; `None`: there is none, or it is another's.
pub fn find(reader: &Reader, own: &Own, id: ClaimId) -> anyhow::Result<Option<Claim>> {
    let found = reader.read(|connection| stored::get(connection, id))?;
    Ok(found.filter(|one| own.places.contains(&one.claimed.organisation)))
}

/// The page of a claim.
pub fn page(reader: &Reader, own: &Own, id: ClaimId, now: i64) -> anyhow::Result<Option<ClaimPage>> {
    let Some(claim) = find(reader, own, id)? else { return Ok(None) };
    let standing = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let value = &claim.claimed.value;
    let kind = value.kind();
    let codes = reader.read(|connection| stored::codes(connection, id))?;
    let attempts = reader.read(|connection| stored::attempts(connection, id))?;
    let domain = Means::Mail.is_for(kind).then(|| value.to_string());
    let mailboxes = domain.map_or_else(Vec::new, |domain| {
        ROLE_MAILBOXES.iter().map(|name| (*name, format!("{name}@{domain}"))).collect()
    });
    Ok(Some(ClaimPage {
        head: own.head.clone(),
        id: id.0,
        kind: kind.as_str(),
        value: value.to_string(),
        role: claim.claimed.role.as_str(),
        state: claim.state.as_str(),
        note: claim.claimed.note.clone(),
        at: claim.created_at,
        is_over: claim.state.is_over(),
        disputed: reader.read(|connection| conflicts::is_disputed(connection, id))?,
        counts: claims::is_asset(&standing, &claim),
        proven_by: claim.proven.map_or("", |proven| proven.means.as_str()),
        proven_until: claim.proven.map(|proven| proven.expires_at),
        failing_since: claim.failing_since,
        token: claim.token.clone(),
        record: challenge_record(value).unwrap_or_default(),
        file: challenge_url(value, &claim.token).unwrap_or_default(),
        by_registry: Means::Rdap.is_for(kind),
        mailboxes,
        code: codes.first().filter(|one| waits(one, now)).map(|one| Code {
            address: one.address.clone(),
            until: one.expires_at,
            tries_left: CODE_TRIES_MAX.saturating_sub(one.tries),
        }),
        attempts: attempts.into_iter().rev().take(ATTEMPTS).map(shown).collect(),
    }))
}

fn waits(code: &MailCode, now: i64) -> bool {
    code.state == CodeState::Sent && now < code.expires_at
}

fn shown(attempt: stored::Attempt) -> Attempt {
    let stored::Attempt { at, what: NewAttempt { means, found, detail }, .. } = attempt;
    // What the desk looked at can be about others.
    let detail = if means == Means::Desk { String::new() } else { detail };
    Attempt { at, means: means.as_str(), found, detail }
}

/// Enters what they say is theirs: all of it, or nothing.
pub fn add(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    own: &Own,
    (kind, value, role, note): (AssetKind, &str, Role, &str),
) -> anyhow::Result<Result<Vec<Entered>, Refused>> {
    if !KINDS.contains(&kind) || !ROLES.contains(&role) {
        return Ok(Err(Refused::Means));
    }
    let all = store.read(stored::list)?;
    let waiting = all.iter().filter(|one| {
        one.claimed.organisation == own.organisation.id && !one.state.is_over() && one.proven.is_none()
    });
    if waiting.count() >= WAITING_MAX {
        return Ok(Err(Refused::Many));
    }
    let code = &own.organisation.code;
    let entry = Entry { code, kind, value, role, valid_from: None, valid_until: None, note };
    let (entered, _) = store.as_one(Keep::All, |store| claims::add(store, config, act, &entry, Run::Real))?;
    Ok(Ok(entered))
}

/// Looks for a proof in the world outside, which takes as long as that takes. Changes nothing.
pub fn look(
    reader: &Reader,
    config: &Config,
    claim: &Claim,
    means: Means,
) -> anyhow::Result<Result<NewAttempt, Refused>> {
    if claim.state.is_over() || !means.is_repeatable() || !means.is_for(claim.claimed.value.kind()) {
        return Ok(Err(Refused::Means));
    }
    let standing = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    Ok(Ok(proof::look(&Lookup::new(&config.outgoing)?, &standing, claim, means)?))
}

/// Sends a code to a mailbox of the domain. Gives its address.
pub fn send_code(
    store: &mut Store,
    config: &Config,
    templates: &Templates,
    act: &Act<'_>,
    (claim, mailbox): (&Claim, &str),
) -> anyhow::Result<Result<String, Refused>> {
    let is_for = Means::Mail.is_for(claim.claimed.value.kind()) && ROLE_MAILBOXES.contains(&mailbox);
    if claim.state.is_over() || !is_for {
        return Ok(Err(Refused::Means));
    }
    // Whoever reads that mailbox did not ask for it.
    let codes = store.read(|connection| stored::codes(connection, claim.id))?;
    if codes.iter().filter(|one| act.at - one.sent_at < DAY_SECONDS).count() >= CODES_IN_A_DAY_MAX {
        return Ok(Err(Refused::Codes));
    }
    let (address, _) = proof::send_code(store, config, templates, act, claim.id, mailbox)?;
    Ok(Ok(address))
}

const DAY_SECONDS: i64 = 86_400;

/// A code that was typed.
pub fn take_code(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    claim: &Claim,
    typed: &str,
) -> anyhow::Result<Result<Outcome, Refused>> {
    let codes = store.read(|connection| stored::codes(connection, claim.id))?;
    if claim.state.is_over() || !codes.first().is_some_and(|one| waits(one, act.at)) {
        return Ok(Err(Refused::NoCode));
    }
    proof::take_code(store, config, act, claim.id, typed).map(Ok)
}

/// Takes a claim back that is not proven: what the register has beside it stays. What is proven is given up as an asset.
pub fn take_back(store: &mut Store, act: &Act<'_>, claim: &Claim) -> anyhow::Result<Result<(), Refused>> {
    if claim.state.is_over() || claim.proven.is_some() {
        return Ok(Err(Refused::Means));
    }
    claims::withdraw(store, act, claim.id, TheAsset::Stays)?;
    Ok(Ok(()))
}
