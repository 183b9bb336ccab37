//! Proving claims: looking for the proof, recording what was found, looking again every day.

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use schakel_formats::rdap::Holder;
use schakel_lookup::Lookup;
use schakel_model::{
    asset::{AssetValue, Proof},
    claim::{Claim, ClaimState, Means, Proven},
    ids::{ClaimId, NotificationId},
    register::Register,
    tlp::Tlp,
};
use schakel_render::{letter::About, templates::Templates};
use schakel_rules::claim::{
    AfterRecheck, CODE_SECONDS, CODE_TRIES_MAX, ROLE_MAILBOXES, after_recheck, challenge_record,
    challenge_url, holder_matches, is_due,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    audit::Action,
    claims::{self, ClaimStep, CodeState, MailCode, NewAttempt},
    register::RegisterChange,
};

use crate::{
    claims::{asset_change, fallen_back, get, is_disputed},
    config::{ClaimsConfig, Config},
    letters::{Addressed, language_of, post},
    random,
    register::standing,
};

/// What an attempt to prove a claim came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The attempt.
    pub attempt: NewAttempt,
    /// The claim's state now.
    pub state: ClaimState,
    /// It is proven, but waits for the decision of a conflict before it attributes.
    pub disputed: bool,
}

/// Looks for the proof of a claim in the world outside. Changes nothing; takes as long as the world takes.
pub fn look(lookup: &Lookup, register: &Register, claim: &Claim, means: Means) -> anyhow::Result<NewAttempt> {
    let kind = claim.claimed.value.kind();
    ensure!(means.is_for(kind), "a {kind} cannot be proven by {means}");
    let (found, detail) = match means {
        Means::Dns => dns(lookup, claim),
        Means::File => file(lookup, claim),
        Means::Rdap => rdap(lookup, register, claim),
        Means::Mail | Means::Desk => bail!("a proof by {means} is not looked up"),
    };
    Ok(NewAttempt { means, found, detail })
}

fn dns(lookup: &Lookup, claim: &Claim) -> (bool, String) {
    let Some(name) = challenge_record(&claim.claimed.value) else {
        return (false, "it has no name".to_owned());
    };
    match lookup.txt(&name) {
        Ok(texts) if texts.iter().any(|text| text.trim() == claim.token) => {
            (true, format!("{name} holds the token"))
        }
        Ok(texts) if texts.is_empty() => (false, format!("{name} has no TXT record")),
        Ok(texts) => (false, format!("{name} has {} texts, none is the token", texts.len())),
        Err(error) => (false, described(&error)),
    }
}

fn file(lookup: &Lookup, claim: &Claim) -> (bool, String) {
    let Some(url) = challenge_url(&claim.claimed.value, &claim.token) else {
        return (false, "it has no name".to_owned());
    };
    match lookup.file(&url) {
        Ok(body) if body.trim_ascii() == claim.token.as_bytes() => (true, format!("{url} holds the token")),
        Ok(body) => (false, format!("{url} holds {} bytes that are not the token", body.len())),
        Err(error) => (false, described(&error)),
    }
}

fn rdap(lookup: &Lookup, register: &Register, claim: &Claim) -> (bool, String) {
    match lookup.holders(&claim.claimed.value) {
        Ok(holders) => matches_holder(register, claim, &holders),
        Err(error) => (false, described(&error)),
    }
}

fn matches_holder(register: &Register, claim: &Claim, holders: &[Holder]) -> (bool, String) {
    let name = register
        .organisation(claim.claimed.organisation)
        .map_or("", |organisation| organisation.name.as_str());
    // A handle that somebody only says is theirs proves nothing.
    let handles: Vec<&str> = register
        .assets
        .iter()
        .filter(|asset| asset.organisation == claim.claimed.organisation && asset.proof != Proof::Asserted)
        .filter_map(|asset| match &asset.value {
            AssetValue::RipeHandle(handle) => Some(handle.as_str()),
            _ => None,
        })
        .collect();
    match holder_matches(holders, name, &handles) {
        Some(detail) => (true, detail),
        None => {
            let said: Vec<String> =
                holders.iter().take(3).map(|holder| format!("{} ({})", holder.name, holder.handle)).collect();
            let said = if said.is_empty() { "nobody".to_owned() } else { said.join(", ") };
            (false, format!("the registry's holder is {said}"))
        }
    }
}

fn described(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// Records an attempt. What is proven becomes an asset, unless somebody else says it is theirs.
pub fn record(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    id: ClaimId,
    attempt: NewAttempt,
) -> anyhow::Result<Outcome> {
    let claim = get(store, id)?;
    ensure!(!claim.state.is_over(), "claim {id} is {}: enter it again to prove it", claim.state);
    let disputed = is_disputed(store, id)?;
    let register = standing(store)?;
    let (step, change) = after_attempt(config, &register, &claim, disputed, Some(attempt.clone()), act.at);
    let state = step.state;
    store.move_claims(&because(act, &why(id, act, &attempt)), &[step], &change)?;
    Ok(Outcome { attempt, state, disputed: disputed && state == ClaimState::Proven })
}

/// The reason that stands in the history: what the actor said, else what was found.
fn why(id: ClaimId, act: &Act<'_>, attempt: &NewAttempt) -> String {
    if act.reason.is_empty() { format!("claim {id}: {}", attempt.detail) } else { act.reason.to_owned() }
}

fn because<'a>(act: &Act<'a>, reason: &'a str) -> Act<'a> {
    Act { reason, ..*act }
}

/// The step of a claim after an attempt, or after nothing but time.
fn after_attempt(
    config: &ClaimsConfig,
    register: &Register,
    claim: &Claim,
    disputed: bool,
    attempt: Option<NewAttempt>,
    now: i64,
) -> (ClaimStep, RegisterChange) {
    let mut step = ClaimStep {
        claim: claim.id,
        action: Action::ClaimNotProven,
        state: claim.state,
        proven: claim.proven,
        failing_since: claim.failing_since,
        attempt: attempt.clone(),
    };
    let claimed = &claim.claimed;
    let mut change = RegisterChange::default();
    if let Some(attempt) = attempt.as_ref().filter(|attempt| attempt.found) {
        let expires_at = now.saturating_add(config.policy(attempt.means).seconds);
        step.action = Action::ClaimProven;
        step.state = ClaimState::Proven;
        step.proven = Some(Proven { means: attempt.means, at: now, expires_at });
        step.failing_since = None;
        if !disputed {
            change = asset_change(register, claimed, attempt.means.proof(), now);
        }
        return (step, change);
    }
    let Some(proven) = claim.proven.filter(|_| claim.state == ClaimState::Proven) else {
        return (step, change);
    };
    // Another means that is tried in vain says nothing about the one that proved it.
    let found = attempt.filter(|attempt| attempt.means == proven.means).map(|attempt| attempt.found);
    match after_recheck(proven, claim.failing_since, found, config.policy(proven.means), now) {
        AfterRecheck::Renewed { .. } | AfterRecheck::Stands => {}
        AfterRecheck::Failing { since, .. } => step.failing_since = Some(since),
        AfterRecheck::Lapsed => {
            step.action = Action::ClaimLapsed;
            step.state = ClaimState::Lapsed;
            change = fallen_back(register, claimed, now);
        }
    }
    (step, change)
}

/// The desk looked, and says why.
pub fn by_desk(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    id: ClaimId,
) -> anyhow::Result<Outcome> {
    ensure!(!act.reason.trim().is_empty(), "say with --reason what you looked at");
    let attempt = NewAttempt { means: Means::Desk, found: true, detail: act.reason.to_owned() };
    record(store, config, act, id, attempt)
}

/// Sends a code to a role mailbox of the claimed domain.
pub fn send_code(
    store: &mut Store,
    config: &Config,
    templates: &Templates,
    act: &Act<'_>,
    id: ClaimId,
    mailbox: &str,
) -> anyhow::Result<(String, NotificationId)> {
    let claim = get(store, id)?;
    ensure!(!claim.state.is_over(), "claim {id} is {}", claim.state);
    ensure!(
        ROLE_MAILBOXES.contains(&mailbox),
        "`{mailbox}` is no role mailbox; use {}",
        ROLE_MAILBOXES.join(", ")
    );
    let domain = match &claim.claimed.value {
        AssetValue::Domain(name) | AssetValue::MailDomain(name) => name,
        other => bail!("a {} cannot be proven by mail", other.kind()),
    };
    let address = format!("{mailbox}@{domain}");
    let register = standing(store)?;
    let organisation = register
        .organisation(claim.claimed.organisation)
        .context("its organisation is no longer in the register")?;
    let code = random::code()?;
    let expires_at = act.at.saturating_add(CODE_SECONDS);
    let hash = random::hash(&store.secret(), &format!("claim:{id}"), &code);
    let value = claim.claimed.value.to_string();
    // The code is recorded first: one that is good and was not sent harms nobody.
    store.add_code(act, id, &address, hash, expires_at)?;
    let letter = Addressed {
        organisation: Some(organisation),
        language: language_of(domain),
        tlp: Tlp::Green,
        to_name: "",
        to: &address,
        role: "claim",
        about: About::ProofCode {
            value: &value,
            code: &code,
            until: Timestamp::from_second(expires_at).unwrap_or_default(),
        },
        thread: None,
    };
    let now = Timestamp::from_second(act.at).context("the time")?;
    let sent = post(store, config, templates, now, &[letter])?;
    Ok((address, sent.first().copied().unwrap_or_default()))
}

/// A code that was typed back.
pub fn take_code(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    id: ClaimId,
    typed: &str,
) -> anyhow::Result<Outcome> {
    let claim = get(store, id)?;
    ensure!(!claim.state.is_over(), "claim {id} is {}", claim.state);
    let mut code = last_code(store, id)?;
    match code.state {
        CodeState::Sent if act.at < code.expires_at => {}
        CodeState::Sent => bail!("the code has run out; `schakel claim prove {id} --by mail` sends another"),
        state => {
            bail!("the last code is {}; `schakel claim prove {id} --by mail` sends another", state.as_str())
        }
    }
    let found = random::hash(&store.secret(), &format!("claim:{id}"), typed) == code.hash;
    let left = CODE_TRIES_MAX.saturating_sub(code.tries + 1);
    let detail = if found {
        code.state = CodeState::Used;
        format!("the code that was sent to {} came back", code.address)
    } else {
        code.tries += 1;
        if left == 0 {
            code.state = CodeState::Spent;
        }
        format!("a wrong code was typed; {left} tries are left")
    };
    let attempt = NewAttempt { means: Means::Mail, found, detail };
    let disputed = is_disputed(store, id)?;
    let register = standing(store)?;
    let (step, change) = after_attempt(config, &register, &claim, disputed, Some(attempt.clone()), act.at);
    let state = step.state;
    store.set_code(&because(act, &why(id, act, &attempt)), &code, &step, &change)?;
    Ok(Outcome { attempt, state, disputed: disputed && state == ClaimState::Proven })
}

/// The mail with the code came back: the code proves nothing.
pub fn bounced(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    id: ClaimId,
) -> anyhow::Result<Outcome> {
    let claim = get(store, id)?;
    let mut code = last_code(store, id)?;
    ensure!(code.state == CodeState::Sent, "the last code is {} already", code.state.as_str());
    code.state = CodeState::Bounced;
    let detail = format!("the mail to {} came back", code.address);
    let attempt = NewAttempt { means: Means::Mail, found: false, detail };
    let register = standing(store)?;
    let (step, change) = after_attempt(config, &register, &claim, false, Some(attempt.clone()), act.at);
    let state = step.state;
    store.set_code(&because(act, &why(id, act, &attempt)), &code, &step, &change)?;
    Ok(Outcome { attempt, state, disputed: false })
}

fn last_code(store: &Store, id: ClaimId) -> anyhow::Result<MailCode> {
    let codes = store.read(|connection| claims::codes(connection, id))?;
    codes.into_iter().next().with_context(|| {
        format!("no code was sent for claim {id}; `schakel claim prove {id} --by mail` sends one")
    })
}

/// Claims whose proof is to be looked at now, with the register they are compared with.
pub fn due(reader: &Reader, now: i64) -> anyhow::Result<Vec<Claim>> {
    let mut due = Vec::new();
    for claim in reader.read(claims::list)? {
        let Some(proven) = claim.proven.filter(|_| claim.state == ClaimState::Proven) else { continue };
        let looked_at = reader.read(|connection| claims::looked_at(connection, claim.id))?;
        if is_due(proven, looked_at, now) {
            due.push(claim);
        }
    }
    Ok(due)
}

/// A claim that was looked at again.
#[derive(Clone, Debug)]
pub struct Rechecked {
    /// Which.
    pub claim: Claim,
    /// What was found; nothing when its means cannot be looked up.
    pub attempt: Option<NewAttempt>,
}

/// Looks proofs up again. Changes nothing.
pub fn look_again(lookup: &Lookup, register: &Register, claims: Vec<Claim>) -> Vec<Rechecked> {
    let again = |claim: Claim| {
        let means = claim.proven.map(|proven| proven.means).filter(|means| means.is_repeatable());
        let attempt = means.and_then(|means| look(lookup, register, &claim, means).ok());
        Rechecked { claim, attempt }
    };
    claims.into_iter().map(again).collect()
}

/// What became of a proof that was looked at again.
#[derive(Clone, Debug)]
pub struct AfterLook {
    /// Which claim.
    pub claim: ClaimId,
    /// Its state now.
    pub state: ClaimState,
    /// Since when it is not found; it falls back after the grace.
    pub failing_since: Option<i64>,
    /// What was found.
    pub detail: String,
}

/// Records what was found again: a proof that is not is warned of, and falls back after the grace.
pub fn record_again(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    looked: Vec<Rechecked>,
) -> anyhow::Result<Vec<AfterLook>> {
    let mut after = Vec::new();
    if looked.is_empty() {
        return Ok(after);
    }
    let mut register = standing(store)?;
    for Rechecked { claim, attempt } in looked {
        // It may have changed while we looked.
        let now = get(store, claim.id)?;
        if now != claim {
            continue;
        }
        let disputed = is_disputed(store, claim.id)?;
        let detail = attempt.as_ref().map_or("its time is over", |attempt| &attempt.detail).to_owned();
        let (step, change) = after_attempt(config, &register, &claim, disputed, attempt, act.at);
        // The asset is given its proof again only when somebody proves it again: an import may have changed it on purpose.
        let change = if step.state == ClaimState::Lapsed { change } else { RegisterChange::default() };
        after.push(AfterLook {
            claim: claim.id,
            state: step.state,
            failing_since: step.failing_since,
            detail,
        });
        let reason = format!("claim {}: {}", claim.id, after[after.len() - 1].detail);
        let changes = change != RegisterChange::default();
        store.move_claims(&because(act, &reason), &[step], &change)?;
        if changes {
            register = standing(store)?;
        }
    }
    Ok(after)
}
