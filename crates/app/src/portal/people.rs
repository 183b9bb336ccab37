//! Who may sign in, and who is signed in where.

use schakel_model::account::{Account, PortalRole};
use schakel_store::{Reader, StoreError, accounts, act::Act, audit::Action, sessions};
use serde::Serialize;

use super::sign_in::{IDLE_SECONDS, SESSION_SECONDS, shown_as};

/// The page.
#[derive(Debug, Serialize)]
pub struct People {
    /// Everybody, the desk first.
    pub people: Vec<Person>,
    /// Roles of the desk and of members: words.
    pub roles: Vec<&'static str>,
}

/// Somebody.
#[derive(Debug, Serialize)]
pub struct Person {
    /// The name they sign in with.
    pub name: String,
    /// The name that people know.
    pub display_name: String,
    /// The code of their organisation; empty: the desk.
    pub organisation: String,
    /// Words.
    pub roles: Vec<&'static str>,
    /// Since when they may not sign in, in seconds since 1970.
    pub disabled_at: Option<i64>,
    /// Where they are signed in.
    pub sessions: Vec<Session>,
}

/// Somewhere that somebody is signed in.
#[derive(Debug, Serialize)]
pub struct Session {
    /// How it is named in the form that ends it.
    pub id: String,
    /// What the browser says it is.
    pub agent: String,
    /// When it was last used, in seconds since 1970.
    pub used_at: i64,
}

/// Everybody.
pub fn people(reader: &Reader, now: i64) -> anyhow::Result<People> {
    let mut people = Vec::new();
    for account in reader.read(accounts::list)? {
        people.push(Person {
            sessions: sessions_of(reader, &account, now)?,
            roles: account.roles.iter().map(|role| role.as_str()).collect(),
            name: account.name,
            display_name: account.display_name,
            organisation: account.organisation,
            disabled_at: account.disabled_at,
        });
    }
    Ok(People { people, roles: PortalRole::ALL.iter().map(|role| role.as_str()).collect() })
}

/// Where somebody is signed in.
pub fn sessions_of(reader: &Reader, account: &Account, now: i64) -> Result<Vec<Session>, StoreError> {
    let all = reader.read(|connection| sessions::of(connection, account.id))?;
    let is_open =
        |one: &sessions::Session| one.used_at + IDLE_SECONDS > now && one.created_at + SESSION_SECONDS > now;
    let open = all.into_iter().filter(is_open);
    Ok(open.map(|one| Session { id: shown_as(&one.token), agent: one.agent, used_at: one.used_at }).collect())
}

/// Ends a session of somebody, by the first digits of its hash; `false` when there is none.
pub fn end_session(reader: &Reader, act: &Act<'_>, name: &str, shown: &str) -> anyhow::Result<bool> {
    let Some(account) = reader.read(|connection| accounts::by_name(connection, name))? else {
        return Ok(false);
    };
    let all = reader.read(|connection| sessions::of(connection, account.id))?;
    let Some(found) = all.iter().find(|one| shown_as(&one.token) == shown) else { return Ok(false) };
    accounts::beside(reader.data(), |transaction| {
        sessions::end(transaction, &found.token, act.at)?;
        act.record(transaction, Action::SessionEnded, &format!("account:{}", account.id), "")
    })?;
    Ok(true)
}
