//! Passkeys: made by somebody who is signed in, and signed in by. The device checks who uses it, so one is both factors.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schakel_seal::passkey::{self, Asked};
use schakel_store::{
    Reader,
    accounts::{self, beside},
    credentials::{self, Passkey},
};

use super::{
    carried::{self, Used},
    sign_in::{self, Person},
};
use crate::config::Config;

/// For what a browser carries the challenge.
const PURPOSE: &str = "passkey";

/// What somebody calls a passkey, in characters.
const NAME_CHARS_MAX: usize = 60;

/// Our pages, as browsers know them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// `https://portal.example:8443`
    pub origin: String,
    /// `portal.example`
    pub host: String,
}

/// Where passkeys are for; `None`: browsers make none here, because the portal has no name of its own.
pub fn site(config: &Config) -> Option<Site> {
    let url = config.portal.url.trim_end_matches('/');
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    // An address is no name, and without TLS only this machine counts (Secure Contexts, section 3.1).
    let is_name = !host.is_empty() && !host.starts_with('[') && host.parse::<std::net::IpAddr>().is_err();
    let is_safe = scheme == "https" || host == "localhost";
    (is_name && is_safe).then(|| Site { origin: format!("{scheme}://{authority}"), host: host.to_owned() })
}

/// A challenge: for the page, and as the browser carries it.
pub fn challenge(reader: &Reader, now: i64) -> anyhow::Result<(String, String)> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let challenge = URL_SAFE_NO_PAD.encode(bytes);
    let carried = carried::close(&reader.secret(), PURPOSE, &challenge, now)?;
    Ok((challenge, carried))
}

/// What a browser sends: base64url, as section 5.1 of Web Authentication Level 3 has it in JSON.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Sent<'a> {
    pub id: &'a str,
    pub client: &'a str,
    pub attestation: &'a str,
    pub authenticator: &'a str,
    pub signature: &'a str,
}

fn challenge_of(reader: &Reader, now: i64, (carried, used): (&str, &Used)) -> Option<Vec<u8>> {
    let challenge = carried::open(&reader.secret(), PURPOSE, carried, now)?;
    if !used.once(carried, now) {
        return None;
    }
    URL_SAFE_NO_PAD.decode(challenge).ok()
}

/// Adds a passkey to the account of whoever is signed in; `false` when it does not count.
pub fn add(
    reader: &Reader,
    now: i64,
    (person, site): (&Person, &Site),
    carried: (&str, &Used),
    sent: Sent<'_>,
    name: &str,
) -> anyhow::Result<bool> {
    let Some(challenge) = challenge_of(reader, now, carried) else { return Ok(false) };
    let asked = Asked { challenge: &challenge, origin: &site.origin, host: &site.host };
    let made = decoded(sent.client)
        .zip(decoded(sent.attestation))
        .ok_or(passkey::Refused::Form)
        .and_then(|(client, attestation)| passkey::made(&client, &attestation, asked));
    let made = match made {
        Ok(made) => made,
        Err(error) => {
            tracing::warn!(%error, "a passkey cannot be added");
            return Ok(false);
        }
    };
    let passkey = Passkey {
        id: made.id,
        account: person.account.id,
        key: made.key,
        counter: made.counter,
        name: name.trim().chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect(),
        created_at: now,
        used_at: None,
    };
    sign_in::change(reader, now, person, |transaction, act| {
        credentials::add_passkey(transaction, act, &passkey)
    })
}

/// Signs somebody in by a passkey. Gives the cookie of the session; `None` says nothing about what was wrong.
pub fn sign_in(
    reader: &Reader,
    now: i64,
    site: &Site,
    carried: (&str, &Used),
    sent: Sent<'_>,
    agent: &str,
) -> anyhow::Result<Option<String>> {
    let Some(challenge) = challenge_of(reader, now, carried) else { return Ok(None) };
    let (Some(id), Some(client), Some(authenticator), Some(signature)) =
        (decoded(sent.id), decoded(sent.client), decoded(sent.authenticator), decoded(sent.signature))
    else {
        return Ok(None);
    };
    let Some(known) = reader.read(|connection| credentials::passkey(connection, &id))? else {
        return Ok(None);
    };
    let asked = Asked { challenge: &challenge, origin: &site.origin, host: &site.host };
    let key = (known.key.as_slice(), known.counter);
    let counter = match passkey::used(&client, &authenticator, &signature, key, asked) {
        Ok(counter) => counter,
        Err(error) => {
            tracing::warn!(account = %known.account, %error, "a passkey does not count");
            return Ok(None);
        }
    };
    let account = reader.read(|connection| accounts::get(connection, known.account))?;
    let Some(account) = account.filter(|account| account.disabled_at.is_none()) else { return Ok(None) };
    beside(reader.data(), |transaction| credentials::use_passkey(transaction, &id, counter, now))?;
    sign_in::sign_in_as(reader, now, &account, agent).map(Some)
}

/// Removes a passkey of whoever is signed in, by its id as the page has it; `false` when they have none by that.
pub fn remove(reader: &Reader, now: i64, person: &Person, id: &str) -> anyhow::Result<bool> {
    let Some(id) = decoded(id) else { return Ok(false) };
    sign_in::change(reader, now, person, |transaction, act| {
        credentials::remove_passkey(transaction, act, person.account.id, &id)
    })
}

/// An id as the page has it.
pub fn shown(id: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_for_a_name_that_browsers_trust() {
        for (url, origin, host) in [
            ("https://portal.cert.example", "https://portal.cert.example", "portal.cert.example"),
            ("https://portal.cert.example:8443/", "https://portal.cert.example:8443", "portal.cert.example"),
            ("http://localhost:8680", "http://localhost:8680", "localhost"),
        ] {
            let mut config = Config::default();
            config.portal.url = url.to_owned();
            let expected = Site { origin: origin.to_owned(), host: host.to_owned() };
            assert_eq!(site(&config), Some(expected));
        }
        for url in
            ["", "http://portal.example", "https://192.0.2.1", "https://[2001:db8::1]:8443", "portal.example"]
        {
            let mut config = Config::default();
            config.portal.url = url.to_owned();
            assert_eq!(site(&config), None, "{url}");
        }
    }
}
