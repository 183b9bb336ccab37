//! Signing in at a provider of OpenID Connect (Core 1.0 with discovery, the authorization code flow with PKCE, RFC 7636). Somebody is recognised by
//! issuer and subject and by nothing else, and was linked to their account by an invitation. A second factor must have been shown there.

use std::{
    collections::HashMap,
    fs,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail, ensure};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use schakel_lookup::provider::ProviderClient;
use schakel_seal::{
    assertion::PublicKey,
    id_token::{self, Expected, Refused},
};
use schakel_store::{
    Reader,
    accounts::{self, Proofs, beside},
    act::Act,
    credentials,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    carried::{self, Used},
    sign_in,
};
use crate::{
    config::{Config, ProviderConfig},
    random,
};

/// For what a browser carries the state.
const PURPOSE: &str = "provider";

/// What a provider says of itself holds for this long, in seconds.
const KNOWN_SECONDS: i64 = 3_600;

/// A key that we do not know is asked for once in this time, in seconds: a made-up one must not have us ask without end.
const ASKED_AGAIN_SECONDS: i64 = 60;

/// Keys of a provider; one that has more is read so far.
const KEYS_MAX: usize = 32;

/// The providers of the configuration, with what they said of themselves.
#[derive(Debug)]
pub struct Providers {
    all: Vec<ProviderConfig>,
    /// Where a provider sends people back to; empty: the portal has no address of its own.
    back: String,
    client: Option<ProviderClient>,
    known: Mutex<HashMap<String, Arc<Known>>>,
}

/// What a provider said of itself.
#[derive(Debug)]
struct Known {
    at: i64,
    authorization: String,
    token: String,
    keys: Vec<PublicKey>,
}

/// What the browser carries to the provider and back.
#[derive(Serialize, Deserialize)]
struct Carried {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    invitation: String,
}

/// Somebody is sent to a provider.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Where to.
    pub url: String,
    /// What their browser carries.
    pub carried: String,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// They are signed in: the cookie of the session, and where they wanted to go.
    SignedIn(String, String),
    /// Nobody is linked to who they are there.
    Unknown,
    /// The invitation is used or too old.
    Gone,
    /// They did not show a second factor there.
    NoSecondFactor,
    /// They, or the provider, broke off, or what came back does not count.
    Failed,
}

/// What comes back with somebody.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // OpenID Connect Core 1.0, section 3.1.2.5; `iss`: RFC 9207.
pub struct Back {
    pub code: String,
    pub state: String,
    pub error: String,
    pub iss: String,
}

impl Providers {
    /// As configured; nothing is asked yet.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let all = config.portal.provider.clone();
        let url = config.portal.url.trim_end_matches('/');
        for one in &all {
            let named = one.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            ensure!(
                named && !one.name.is_empty(),
                "portal.provider: `{}` is no name: use a-z, 0-9 and `-`",
                one.name
            );
            ensure!(
                !url.is_empty(),
                "portal.provider {}: set portal.url, so that the provider can send people back",
                one.name
            );
            ensure!(
                !(one.acr.is_empty() && one.amr.is_empty()),
                "portal.provider {}: say in acr or amr by what it shows that a second factor was asked",
                one.name
            );
            ensure!(
                !one.issuer.is_empty() && !one.client_id.is_empty(),
                "portal.provider {}: issuer and client_id are needed",
                one.name
            );
        }
        let client = match all.is_empty() {
            true => None,
            false => Some(ProviderClient::new(&config.outgoing)?),
        };
        Ok(Self { all, back: format!("{url}/sign-in/back"), client, known: Mutex::default() })
    }

    /// Name and what people know them by.
    pub fn shown(&self) -> Vec<(String, String)> {
        self.all.iter().map(|one| (one.name.clone(), one.title().to_owned())).collect()
    }

    fn provider(&self, name: &str) -> Option<&ProviderConfig> {
        self.all.iter().find(|one| one.name == name)
    }

    /// Sends somebody to a provider; `invitation`: the last part of the link by which they came, or empty. `None`: there is no such provider.
    pub fn begin(
        &self,
        reader: &Reader,
        now: i64,
        name: &str,
        (next, invitation): (&str, &str),
    ) -> anyhow::Result<Option<Begun>> {
        let Some(provider) = self.provider(name) else { return Ok(None) };
        let known = self.known(provider, now, false)?;
        let verifier = secret()?;
        let carried = Carried {
            provider: name.to_owned(),
            state: random::token()?,
            nonce: random::token()?,
            verifier: verifier.clone(),
            next: next.to_owned(),
            invitation: invitation.to_owned(),
        };
        let challenge = id_token::code_challenge(&verifier);
        let mut url: url::Url =
            known.authorization.parse().context("the provider's authorization_endpoint")?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", &self.back)
            .append_pair("scope", "openid")
            .append_pair("state", &carried.state)
            .append_pair("nonce", &carried.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if !provider.acr.is_empty() {
            url.query_pairs_mut().append_pair("acr_values", &provider.acr.join(" "));
        }
        let text = serde_json::to_string(&carried)?;
        Ok(Some(Begun {
            url: url.to_string(),
            carried: carried::close(&reader.secret(), PURPOSE, &text, now)?,
        }))
    }

    /// Somebody comes back.
    pub fn finish(
        &self,
        reader: &Reader,
        now: i64,
        (sealed, used): (&str, &Used),
        back: &Back,
        agent: &str,
    ) -> anyhow::Result<Outcome> {
        let opened = carried::open(&reader.secret(), PURPOSE, sealed, now);
        let carried: Option<Carried> = opened.and_then(|text| serde_json::from_str(&text).ok());
        let Some(carried) = carried else { return Ok(Outcome::Failed) };
        let Some(provider) = self.provider(&carried.provider) else { return Ok(Outcome::Failed) };
        let is_answer = back.state == carried.state
            && (back.iss.is_empty() || back.iss == provider.issuer)
            && used.once(sealed, now);
        if !is_answer || !back.error.is_empty() || back.code.is_empty() {
            let error: String = back.error.chars().filter(char::is_ascii_graphic).take(60).collect();
            tracing::warn!(provider = provider.name, error, "signing in at a provider was broken off");
            return Ok(Outcome::Failed);
        }
        let subject = match self.identity(provider, now, &carried, &back.code) {
            Ok(subject) => subject,
            Err(error) if matches!(error.downcast_ref(), Some(Refused::Factors)) => {
                tracing::warn!(provider = provider.name, error = %format!("{error:#}"), "no second factor");
                return Ok(Outcome::NoSecondFactor);
            }
            Err(error) => {
                tracing::warn!(provider = provider.name, error = %format!("{error:#}"), "nobody is signed in");
                return Ok(Outcome::Failed);
            }
        };
        let identity = (provider.issuer.as_str(), subject.as_str());
        if !carried.invitation.is_empty() && !link(reader, now, &carried.invitation, identity)? {
            return Ok(Outcome::Gone);
        }
        let found = reader.read(|connection| credentials::account_of(connection, identity.0, identity.1))?;
        let account = match found {
            Some(id) => reader.read(|connection| accounts::get(connection, id))?,
            None => None,
        };
        match account.filter(|account| account.disabled_at.is_none()) {
            Some(account) => {
                let cookie = sign_in::sign_in_as(reader, now, &account, agent)?;
                Ok(Outcome::SignedIn(cookie, carried.next))
            }
            None => Ok(Outcome::Unknown),
        }
    }

    /// Who it is: the code against a token, and what that says.
    fn identity(
        &self,
        provider: &ProviderConfig,
        now: i64,
        carried: &Carried,
        code: &str,
    ) -> anyhow::Result<String> {
        let known = self.known(provider, now, false)?;
        let client = self.client.as_ref().context("no provider is configured")?;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.back)
            .append_pair("client_id", &provider.client_id)
            .append_pair("code_verifier", &carried.verifier);
        let (status, body) = client.post(&known.token, &form.finish(), &authorization(provider)?)?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status != 200 {
            let why = answer["error"].as_str().unwrap_or_default();
            bail!(
                "the provider gives no token for the code: {status} {why}. Are client_id and client_secret_file right?"
            );
        }
        let token = answer["id_token"].as_str().context("the provider gave no id_token")?;
        let expected = Expected {
            issuer: &provider.issuer,
            client: &provider.client_id,
            nonce: &carried.nonce,
            acr: &provider.acr,
            amr: &provider.amr,
            now,
        };
        match id_token::check(token, &known.keys, &expected) {
            // It may sign with a new key since.
            Err(Refused::NotSigned(_)) if known.at + ASKED_AGAIN_SECONDS <= now => {
                let known = self.known(provider, now, true)?;
                Ok(id_token::check(token, &known.keys, &expected)?)
            }
            checked => Ok(checked?),
        }
    }

    /// What a provider says of itself; asked again when it is old, or when told.
    fn known(&self, provider: &ProviderConfig, now: i64, again: bool) -> anyhow::Result<Arc<Known>> {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&provider.name)
            && !again
            && (known.at..known.at + KNOWN_SECONDS).contains(&now)
        {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(self.ask(provider, now).with_context(|| {
            format!("the provider {} ({}) cannot be asked what it offers", provider.name, provider.issuer)
        })?);
        all.insert(provider.name.clone(), Arc::clone(&known));
        Ok(known)
    }

    /// OpenID Connect Discovery 1.0, section 4.
    fn ask(&self, provider: &ProviderConfig, now: i64) -> anyhow::Result<Known> {
        let client = self.client.as_ref().context("no provider is configured")?;
        let at = format!("{}/.well-known/openid-configuration", provider.issuer.trim_end_matches('/'));
        let says: Value =
            serde_json::from_slice(&client.document(&at)?).context("what it says is no JSON")?;
        // Section 4.3: who says it must be who was asked.
        ensure!(
            says["issuer"] == provider.issuer.as_str(),
            "it says it is another issuer: {}",
            says["issuer"]
        );
        let text =
            |name: &str| says[name].as_str().map(str::to_owned).with_context(|| format!("it has no {name}"));
        let keys: Value =
            serde_json::from_slice(&client.document(&text("jwks_uri")?)?).context("its keys are no JSON")?;
        let keys = keys["keys"].as_array().map_or(&[][..], Vec::as_slice).iter();
        let for_signing = |key: &&Value| key["use"].as_str().is_none_or(|of| of == "sig");
        // Kinds that we do not know are there for others.
        let keys = keys.filter(for_signing).take(KEYS_MAX);
        let keys = keys.filter_map(|key| PublicKey::read(key.to_string().as_bytes()).ok()).collect();
        Ok(Known {
            at: now,
            authorization: text("authorization_endpoint")?,
            token: text("token_endpoint")?,
            keys,
        })
    }
}

/// How we prove who we are (RFC 6749, section 2.3.1); a client without a secret has PKCE.
fn authorization(provider: &ProviderConfig) -> anyhow::Result<String> {
    if provider.client_secret_file.as_os_str().is_empty() {
        return Ok(String::new());
    }
    let file = &provider.client_secret_file;
    let secret = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let quoted = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let both = format!("{}:{}", quoted(&provider.client_id), quoted(secret.trim()));
    Ok(format!("Basic {}", STANDARD.encode(both)))
}

/// Uses an invitation up: from now on that account is signed in to by this identity.
fn link(reader: &Reader, now: i64, token: &str, identity: (&str, &str)) -> anyhow::Result<bool> {
    let Some(invited) = sign_in::invited(reader, now, token, "")? else { return Ok(false) };
    let hash = sign_in::invitation_hash(&reader.secret(), token);
    let act = Act { at: now, actor: &invited.account.name, reason: "" };
    let id = invited.account.id;
    Ok(beside(reader.data(), |transaction| {
        // Nobody else's identity, and nothing used up for it.
        let other = credentials::account_of(transaction, identity.0, identity.1)?;
        Ok(other.is_none_or(|other| other == id)
            && accounts::make_ready(transaction, &act, id, &hash, &Proofs::default())?
            && credentials::link(transaction, &act, id, identity)?)
    })?)
}

/// A secret of 43 characters (RFC 7636, section 4.1).
fn secret() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
