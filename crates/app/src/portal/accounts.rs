//! Who may sign in: invited by an administrator, or by whoever has the machine.

use anyhow::{bail, ensure};
use schakel_model::{
    account::{Account, PortalRole},
    ids::AccountId,
    language::Language,
};
use schakel_store::{Reader, Store, accounts, act::Act, users};

use super::sign_in;
use crate::{config::Config, refused::Refused};

/// The longest name to sign in with, in bytes: a mail address.
const NAME_BYTES_MAX: usize = 254;

/// Somebody to invite.
#[derive(Clone, Debug)]
pub struct Invite<'a> {
    /// The name they will sign in with.
    pub name: &'a str,
    /// The name that people know; empty: the same.
    pub display_name: &'a str,
    /// The code of their organisation; empty: the desk.
    pub organisation: &'a str,
    /// What they are to be.
    pub roles: &'a [PortalRole],
    /// In which language they read.
    pub language: Language,
}

/// Why nobody is invited.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotInvited {
    /// It cannot be a name.
    #[error("a name to sign in with has no spaces and is not empty: a short name, or a mail address")]
    Name,
    /// Somebody of the desk has it.
    #[error("{0} is a name of the desk already. Choose another name")]
    OfDesk(String),
    /// Somebody elsewhere has it.
    #[error("{0} is somebody of another organisation already. Choose another name")]
    Elsewhere(String),
}

/// Invites somebody, or invites them anew; gives the last part of their link. Somebody of the desk becomes a desk user of the same name.
pub fn invite(store: &mut Store, act: &Act<'_>, invite: &Invite<'_>) -> anyhow::Result<String> {
    let Invite { name, display_name, organisation, roles, language } = *invite;
    let is_name = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    ensure!(is_name, NotInvited::Name);
    ensure!(!roles.is_empty(), Refused::NoRole { roles: sign_in::role_words(organisation.is_empty()) });
    if let Some(other) = roles.iter().find(|role| role.is_of_desk() != organisation.is_empty()) {
        let (role, roles) = (other.to_string(), sign_in::role_words(organisation.is_empty()));
        bail!(match organisation.is_empty() {
            true => Refused::RoleOfMember { role, roles },
            false => Refused::RoleOfDesk { role, roles },
        });
    }
    if !organisation.is_empty() {
        let known = store.read(schakel_store::register::load_organisations_now)?;
        let found = known.organisations.iter().any(|one| one.code == organisation);
        ensure!(found, Refused::NoOrganisation { code: organisation.to_owned() });
        // What they do stands in the audit log under this name, and nobody of the desk is meant by it.
        let is_desks = crate::users::is_reserved(name)
            || store.read(|connection| users::by_name(connection, name))?.is_some();
        ensure!(!is_desks, NotInvited::OfDesk(name.to_owned()));
    }
    let display_name = if display_name.is_empty() { name } else { display_name };
    if let Some(known) = store.read(|connection| accounts::by_name(connection, name))? {
        ensure!(known.organisation == organisation, NotInvited::Elsewhere(name.to_owned()));
    }
    let account = Account {
        id: AccountId(0),
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        organisation: organisation.to_owned(),
        roles: roles.to_vec(),
        language,
        disabled_at: None,
    };
    if organisation.is_empty() && store.read(|connection| users::by_name(connection, name))?.is_none() {
        let actor = crate::users::Actor::part("schakel");
        crate::users::add(store, act.at, &actor, name, display_name)?;
    }
    let secret = store.secret();
    let token = crate::random::token()?;
    store.write(|transaction| sign_in::invite(transaction, act, &account, &secret, &token))?;
    Ok(token)
}

/// Keeps somebody from signing in from now on; what they have open ends.
pub fn disable(store: &mut Store, act: &Act<'_>, name: &str) -> anyhow::Result<()> {
    let Some(account) = store.read(|connection| accounts::by_name(connection, name))? else {
        bail!(Refused::NobodySignsIn { name: name.to_owned() });
    };
    Ok(store.write(|transaction| accounts::disable(transaction, act, account.id))?)
}

/// Everybody who may sign in, or might.
pub fn list(reader: &Reader) -> anyhow::Result<Vec<Account>> {
    Ok(reader.read(accounts::list)?)
}

/// Where an invitation leads.
pub fn link(config: &Config, token: &str) -> String {
    let portal = &config.portal;
    let scheme = if portal.tls_certificate.as_os_str().is_empty() { "http" } else { "https" };
    let base = match (portal.url.trim_end_matches('/'), portal.listen.as_str()) {
        ("", "") => "https://(portal.url in schakel.toml)".to_owned(),
        ("", listen) => format!("{scheme}://{listen}"),
        (url, _) => url.to_owned(),
    };
    format!("{base}/invitation/{token}")
}
