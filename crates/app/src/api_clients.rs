//! Clients of the API: made, given new keys and revoked by the desk; and who asks, by what stands in a request.
//!
//! A client has an API key, or a key pair of its own with which it signs who it is and gets an access token for a few minutes (OAuth 2.0 client
//! credentials, RFC 6749, with RFC 7523). An access token is not stored: it names the client, and is sealed with the installation's secret.
//! The client is looked up at every request, so one that is revoked is out at once.

use anyhow::{Context, bail, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schakel_model::api::{Client, ClientOf, Scope};
use schakel_seal::assertion::{self, PublicKey};
use schakel_store::{
    Reader, Store, StoreError,
    act::Act,
    api_clients::{self, KEY_PREFIX, NewClient},
    register::load_organisations_now,
};

use crate::claims::organisation;

/// Requests a minute when nobody says otherwise: a dashboard that looks at ten lists every second does not fit, everything else does.
pub const PER_MINUTE: u32 = 600;

/// The longest name of a client, in bytes.
const CODE_BYTES_MAX: usize = 40;

/// Public keys of one client: one to use, one to change over to, and some to spare.
const PUBLIC_KEYS_MAX: usize = 5;

/// An access token counts for this long: short enough that nobody revokes one, in seconds.
pub const TOKEN_SECONDS: i64 = 600;

/// What stands before an access token.
const TOKEN_PREFIX: &str = "schakel_at_";

/// An access token says: version, client, end, scopes, and the seal over them.
const TOKEN_BYTES: usize = 1 + 4 + 8 + 4 + 32;
const TOKEN_VERSION: u8 = 1;

/// A client as the desk wants it.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// What it is called.
    pub code: &'a str,
    /// The member whose it is, by its code; none is the desk.
    pub organisation: Option<&'a str>,
    /// What it may do.
    pub scopes: &'a [Scope],
    /// Requests in a minute.
    pub per_minute_max: u32,
    /// From when on it counts no more, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// Its public keys (JWK), when it signs who it is.
    pub public_keys: &'a [String],
}

/// Makes a client. Gives its API key, which nobody is shown again; none when it signs who it is.
pub fn add(store: &mut Store, act: Act<'_>, wanted: &Wanted<'_>) -> anyhow::Result<Option<String>> {
    let Wanted { code, organisation: of, scopes, per_minute_max, expires_at, public_keys } = *wanted;
    let usual = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    ensure!(
        (1..=CODE_BYTES_MAX).contains(&code.len()) && code.chars().all(usual),
        "`{code}` cannot be the name of a client: use at most {CODE_BYTES_MAX} of a-z, 0-9, `.`, `_` and `-`"
    );
    ensure!(
        store.read(|connection| api_clients::by_code(connection, code))?.is_none(),
        "there is a client {code} already, or was one: names are not used twice, because the audit log knows them"
    );
    ensure!(!scopes.is_empty(), "say what {code} may do with --scope");
    ensure!(per_minute_max > 0, "a client that may ask nothing needs no key: use --per-minute 1 or more");
    ensure!(expires_at.is_none_or(|at| at > act.at), "it would have expired already");
    let of = match of {
        None => ClientOf::Desk,
        Some(member) => {
            let register = store.read(load_organisations_now)?;
            ClientOf::Member(organisation(&register, member)?.id)
        }
    };
    if let (ClientOf::Member(_), Some(scope)) = (of, scopes.iter().find(|scope| !scope.is_for_members())) {
        let known: Vec<&str> =
            Scope::ALL.iter().filter(|scope| scope.is_for_members()).map(|scope| scope.as_str()).collect();
        bail!("`{scope}` is for the desk only; a member's client can have {}", known.join(", "));
    }
    check_public_keys(public_keys)?;
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let (code, public_keys) = (code.to_owned(), public_keys.to_vec());
    let new = NewClient { code, of, scopes, per_minute_max, expires_at, public_keys };
    Ok(store.add_api_client(act, &new)?)
}

fn check_public_keys(keys: &[String]) -> anyhow::Result<()> {
    ensure!(keys.len() <= PUBLIC_KEYS_MAX, "a client has at most {PUBLIC_KEYS_MAX} public keys");
    keys.iter().try_for_each(|key| PublicKey::read(key.as_bytes()).map(|_| ()).context("a public key"))
}

/// Gives a client a new API key, or the public keys it signs with from now on. An old API key counts for `overlap_seconds` more.
pub fn rotate(
    store: &mut Store,
    act: Act<'_>,
    code: &str,
    public_keys: &[String],
    overlap_seconds: i64,
) -> anyhow::Result<Option<String>> {
    let client = standing(store, code, act.at)?;
    let signs = !store.read(|connection| api_clients::public_keys(connection, client.id))?.is_empty();
    ensure!(
        !signs || !public_keys.is_empty(),
        "{code} signs who it is: give its new public keys with --public-key"
    );
    ensure!(signs || public_keys.is_empty(), "{code} has an API key: make another client for one that signs");
    check_public_keys(public_keys)?;
    let until = act.at.saturating_add(overlap_seconds.max(0));
    Ok(store.rotate_api_client(act, &client, public_keys, until)?)
}

/// Lets a client count no more, at once.
pub fn revoke(store: &mut Store, act: Act<'_>, code: &str) -> anyhow::Result<Client> {
    let client = standing(store, code, act.at)?;
    store.revoke_api_client(act, &client)?;
    Ok(client)
}

fn standing(store: &Store, code: &str, now: i64) -> anyhow::Result<Client> {
    let client = store.read(|connection| api_clients::by_code(connection, code))?;
    let client =
        client.with_context(|| format!("there is no client {code}. `schakel client list` shows them"))?;
    ensure!(client.counts_at(now), "the client {code} counts no more. `schakel client list` says since when");
    Ok(client)
}

/// Who asks with this token, and what they may do now. `None`: nobody who counts, whatever the reason.
pub fn who(reader: &Reader, token: &str, now: i64) -> Result<Option<Client>, StoreError> {
    let found = if token.starts_with(KEY_PREFIX) {
        let hash = api_clients::key_hash(&reader.secret(), token);
        reader.read(|connection| api_clients::by_key(connection, &hash, now))?
    } else {
        match open_token(&reader.secret(), token, now) {
            None => None,
            Some((id, scopes)) => {
                let client = reader.read(|connection| api_clients::by_id(connection, id))?;
                client.map(|mut client| {
                    client.scopes.retain(|scope| scopes & bit(*scope) != 0);
                    client
                })
            }
        }
    };
    Ok(found.filter(|client| client.counts_at(now)))
}

/// Why there is no access token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// Nothing shows who asks. The reason is for our log.
    #[error("the client cannot be told: {0}")]
    Client(String),
    /// It asks for what it may not do.
    #[error("{0}")]
    Scope(String),
    /// The store is in trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An access token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// The token.
    pub token: String,
    /// What it is good for.
    pub scopes: Vec<Scope>,
}

/// An access token for a client that signed who it is. `scopes`: those it asks for; none is all it has.
pub fn access_token(
    reader: &Reader,
    assertion: &str,
    audiences: &[&str],
    scopes: &[Scope],
    now: i64,
) -> Result<Token, NoToken> {
    let refused = |why: &dyn std::fmt::Display| NoToken::Client(why.to_string());
    let code = assertion::claimed_subject(assertion).ok_or_else(|| refused(&"it names nobody"))?;
    let client = reader
        .read(|connection| api_clients::by_code(connection, &code))?
        .filter(|client| client.counts_at(now))
        .ok_or_else(|| refused(&"there is no such client"))?;
    let keys = reader.read(|connection| api_clients::public_keys(connection, client.id))?;
    let keys: Vec<PublicKey> = keys.iter().filter_map(|key| PublicKey::read(key.as_bytes()).ok()).collect();
    let asserted = assertion::check(assertion, &keys, &code, audiences, now).map_err(|why| refused(&why))?;
    if let Some(scope) = scopes.iter().find(|scope| !client.may(**scope)) {
        return Err(NoToken::Scope(format!("this client may not have the scope {scope}")));
    }
    if !api_clients::take_assertion(reader.data(), client.id, &asserted.id, asserted.until, now)? {
        return Err(refused(&"it was used before"));
    }
    let granted = if scopes.is_empty() { client.scopes.clone() } else { scopes.to_vec() };
    let until = now.saturating_add(TOKEN_SECONDS);
    Ok(Token { token: seal_token(&reader.secret(), client.id, until, &granted), scopes: granted })
}

fn bit(scope: Scope) -> u32 {
    1 << scope as u32
}

fn seal(secret: &[u8; 32], bytes: &[u8]) -> blake3::Hash {
    let key = blake3::derive_key("schakel 2026 api access token v1", secret);
    blake3::keyed_hash(&key, bytes)
}

fn seal_token(secret: &[u8; 32], client: u32, until: i64, scopes: &[Scope]) -> String {
    let scopes = scopes.iter().fold(0, |all, scope| all | bit(*scope));
    let mut bytes = Vec::with_capacity(TOKEN_BYTES);
    bytes.push(TOKEN_VERSION);
    bytes.extend(client.to_le_bytes());
    bytes.extend(until.to_le_bytes());
    bytes.extend(scopes.to_le_bytes());
    let sealed = seal(secret, &bytes);
    bytes.extend(sealed.as_bytes());
    format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The client and the scopes of a token that has not run out.
fn open_token(secret: &[u8; 32], token: &str, now: i64) -> Option<(u32, u32)> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(TOKEN_PREFIX)?).ok()?;
    let bytes: [u8; TOKEN_BYTES] = bytes.try_into().ok()?;
    let (said, sealed) = bytes.split_at(TOKEN_BYTES - 32);
    // A hash is compared in constant time.
    let is_ours = seal(secret, said) == blake3::Hash::from_slice(sealed).ok()?;
    let (version, said) = said.split_first()?;
    let client = u32::from_le_bytes(said.get(..4)?.try_into().ok()?);
    let until = i64::from_le_bytes(said.get(4..12)?.try_into().ok()?);
    let scopes = u32::from_le_bytes(said.get(12..16)?.try_into().ok()?);
    (is_ours && *version == TOKEN_VERSION && now < until).then_some((client, scopes))
}

#[cfg(test)]
mod tests {
    use schakel_store::data_dir::DataDir;

    use super::*;

    const ACT: Act<'static> = Act { at: 1_000, actor: "jan", reason: "" };

    fn wanted<'a>(code: &'a str, scopes: &'a [Scope]) -> Wanted<'a> {
        Wanted {
            code,
            organisation: None,
            scopes,
            per_minute_max: 10,
            expires_at: Some(5_000),
            public_keys: &[],
        }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::new(folder.path())).unwrap();
        (folder, store)
    }

    #[test]
    fn who_asks_is_known_until_the_client_expires_or_is_revoked() {
        let (_folder, mut store) = store();
        let key = add(&mut store, ACT, &wanted("siem", &[Scope::LedgerRead])).unwrap().unwrap();
        let reader = store.reader().unwrap();
        let known = |token: &str, now| who(&reader, token, now).unwrap().map(|client| client.code);
        assert_eq!(known(&key, 1_000).as_deref(), Some("siem"));
        assert_eq!(known(&key, 5_000), None);
        for other in ["", "schakel_api_", "schakel_at_AAAA", "schakel_1", &key[..key.len() - 1]] {
            assert_eq!(known(other, 1_000), None, "{other}");
        }
        revoke(&mut store, Act { at: 2_000, ..ACT }, "siem").unwrap();
        assert_eq!(known(&key, 2_000), None);
        let again = add(&mut store, ACT, &wanted("siem", &[Scope::LedgerRead])).unwrap_err().to_string();
        assert!(again.contains("not used twice"), "{again}");
    }

    #[test]
    fn an_access_token_is_good_for_its_scopes_and_minutes_only() {
        let (_folder, mut store) = store();
        add(&mut store, ACT, &wanted("siem", &[Scope::LedgerRead, Scope::AuditRead])).unwrap();
        let token = seal_token(&store.secret(), 1, 2_000, &[Scope::LedgerRead, Scope::PolicyRead]);
        let reader = store.reader().unwrap();
        let client = who(&reader, &token, 1_999).unwrap().unwrap();
        assert_eq!(client.scopes, [Scope::LedgerRead], "no more than the client has");
        assert_eq!(who(&reader, &token, 2_000).unwrap(), None);
        assert_eq!(open_token(&[0; 32], &token, 1_000), None, "sealed by another installation");
        for at in 0..TOKEN_BYTES {
            let mut bytes = URL_SAFE_NO_PAD.decode(&token[TOKEN_PREFIX.len()..]).unwrap();
            bytes[at] ^= 1;
            let forged = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
            assert_eq!(open_token(&store.secret(), &forged, 1_000), None, "byte {at}");
        }
    }

    #[test]
    fn what_cannot_be_a_client_is_refused_in_a_sentence() {
        let (_folder, mut store) = store();
        let says = |store: &mut Store, wanted: &Wanted<'_>| add(store, ACT, wanted).unwrap_err().to_string();
        assert!(says(&mut store, &wanted("Jan", &[Scope::LedgerRead])).contains("cannot be the name"));
        assert!(says(&mut store, &wanted("a", &[])).contains("--scope"));
        let expired = Wanted { expires_at: Some(999), ..wanted("a", &[Scope::LedgerRead]) };
        assert!(says(&mut store, &expired).contains("expired"));
        let keys = vec!["{}".to_owned()];
        let keyed = Wanted { public_keys: &keys, ..wanted("a", &[Scope::LedgerRead]) };
        assert!(says(&mut store, &keyed).contains("a public key"));
    }
}
