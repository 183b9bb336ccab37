//! Who of a member signs in, as its own administrators say. What they may is decided by [`schakel_rules::member_accounts`]; whoever asks is looked up
//! again when it is carried out, so that nobody acts who was shut out meanwhile.

use anyhow::Context;
use schakel_model::{
    account::{Account, PortalRole},
    language::Language,
};
use schakel_rules::{
    access::{Right, may},
    member_accounts::{self as rules, ADMINISTRATORS_MAX, Administration, GIVEN, No, Whom, Wish},
    tlp_gate::Circle,
};
use schakel_store::{Reader, Store, StoreError, accounts, act::Act};
use serde::Serialize;

use super::{By, Head, Own};
use crate::portal::{
    accounts::{self as inviting, Invite, NotInvited},
    people::{self, Session},
};

/// Accounts of a member: whoever needs more signs in at a provider of their own, or asks the desk.
const PEOPLE_MAX: usize = 50;

/// The page.
#[derive(Debug, Serialize)]
pub struct OwnPeople {
    /// At whom one looks.
    pub head: Head,
    /// Everybody, whoever can sign in first.
    pub people: Vec<OwnPerson>,
    /// Roles to give: words.
    pub roles: Vec<&'static str>,
    /// Is nobody administrator who can sign in?
    pub nobody: bool,
    /// How many administrators there can be.
    pub administrators_max: usize,
}

/// Somebody.
#[derive(Debug, Serialize)]
pub struct OwnPerson {
    /// The name they sign in with.
    pub name: String,
    /// The name that people know.
    pub display_name: String,
    /// Words.
    pub roles: Vec<&'static str>,
    /// The role that an administrator gave; empty: another.
    pub role: &'static str,
    /// Since when they may not sign in, in seconds since 1970.
    pub disabled_at: Option<i64>,
    /// Until when their invitation can be used.
    pub invited_until: Option<i64>,
    /// Have they set up their account?
    pub ready: bool,
    /// Is it whoever looks?
    pub is_you: bool,
    /// What may be done about them: words.
    pub may: Vec<&'static str>,
    /// Where they are signed in.
    pub sessions: Vec<Session>,
}

/// Why nothing was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// A rule says so.
    Rule(No),
    /// The name cannot be one, or is taken; by whom is not theirs to know.
    Name,
    /// There are as many as there can be.
    Many,
    /// There is nobody of that name.
    Gone,
}

impl From<No> for Refused {
    fn from(no: No) -> Self {
        Self::Rule(no)
    }
}

/// Everybody of whom they look at.
pub fn page(reader: &Reader, own: &Own, now: i64) -> anyhow::Result<OwnPeople> {
    let all = of(reader, own)?;
    let administrators = administrators(reader, &all)?;
    let asks = all.iter().find(|one| one.name == own.name());
    let mut shown = Vec::new();
    for account in &all {
        let ready = reader.read(|connection| accounts::is_ready(connection, account.id))?;
        shown.push(OwnPerson {
            may: allowed(own, account, (asks, ready, administrators)),
            name: account.name.clone(),
            display_name: account.display_name.clone(),
            roles: account.roles.iter().map(|one| one.as_str()).collect(),
            role: GIVEN.iter().find(|one| account.roles.contains(one)).map_or("", |one| one.as_str()),
            disabled_at: account.disabled_at,
            invited_until: reader
                .read(|connection| accounts::invited_until(connection, account.id))?
                .filter(|until| *until > now),
            ready,
            is_you: account.name == own.name(),
            sessions: people::sessions_of(reader, account, now)?,
        });
    }
    shown.sort_by_key(|one| (one.disabled_at.is_some(), !one.is_you));
    Ok(OwnPeople {
        head: own.head.clone(),
        people: shown,
        roles: GIVEN.iter().map(|one| one.as_str()).collect(),
        nobody: administrators == 0 && !asks.is_some_and(is_administrator),
        administrators_max: ADMINISTRATORS_MAX,
    })
}

/// What may be done about somebody.
fn allowed(
    own: &Own,
    account: &Account,
    (asks, ready, administrators): (Option<&Account>, bool, usize),
) -> Vec<&'static str> {
    let whom = whom(own, &account.name);
    let is_in = account.disabled_at.is_none();
    let by_rule = |wish| rules::may(circle(own), wish, whom, &account.roles).is_ok();
    let mut may = Vec::new();
    if by_rule(Wish::InviteAgain) {
        may.push("invite");
    }
    if is_in && by_rule(Wish::ChangeRole) {
        may.push("role");
    }
    if is_in && by_rule(Wish::ShutOut) {
        may.push("disable");
    }
    if by_rule(Wish::EndSessions) {
        may.push("sessions");
    }
    let person = |account: &'static [PortalRole], ready| rules::Person { roles: account, ready };
    let nobody = person(&[], true);
    let other = rules::Person { roles: &account.roles, ready };
    let asks = asks.map_or(nobody, |one| rules::Person { roles: &one.roles, ready: true });
    let is_one = account.roles.contains(&PortalRole::MemberAdministrator);
    for (change, word, fits) in [
        (Administration::Add, "add", !is_one),
        (Administration::HandOver, "hand_over", !is_one && whom == Whom::Another),
        (Administration::LayDown, "lay_down", is_one && whom == Whom::Themselves),
    ] {
        if fits && rules::administration(own.circle, change, administrators, (asks, other)).is_ok() {
            may.push(word);
        }
    }
    may
}

fn whom(own: &Own, name: &str) -> Whom {
    if name.eq_ignore_ascii_case(own.name()) { Whom::Themselves } else { Whom::Another }
}

/// Accounts of whom they look at.
fn of(reader: &Reader, own: &Own) -> Result<Vec<Account>, StoreError> {
    let all = reader.read(accounts::list)?;
    Ok(all.into_iter().filter(|one| one.organisation == own.organisation.code).collect())
}

fn is_administrator(account: &Account) -> bool {
    account.roles.contains(&PortalRole::MemberAdministrator)
}

fn administrators(reader: &Reader, all: &[Account]) -> Result<usize, StoreError> {
    let mut count = 0;
    for account in all.iter().filter(|one| is_administrator(one)) {
        count += usize::from(reader.read(|connection| accounts::is_ready(connection, account.id))?);
    }
    Ok(count)
}

/// Somebody of whom they look at, by name; `None`: there is nobody, or they are another's.
pub fn find(reader: &Reader, own: &Own, name: &str) -> anyhow::Result<Option<Account>> {
    let found = reader.read(|connection| accounts::by_name(connection, name))?;
    Ok(found.filter(|one| one.organisation == own.organisation.code))
}

/// How whoever asks stands to them. A program touches nobody who is trusted or administers, as nobody of another organisation does.
fn circle(own: &Own) -> Circle {
    match own.by() {
        By::Person => own.circle,
        By::Program => Circle::Serves,
    }
}

/// Only an administrator, or a program that the desk lets do it.
fn may_say(reader: &Reader, own: &Own) -> anyhow::Result<()> {
    match own.by() {
        By::Person => asking(reader, own).map(|_| ()),
        By::Program => Ok(()),
    }
}

/// Whoever asks, as they are now: an administrator who is not shut out.
fn asking(reader: &Reader, own: &Own) -> anyhow::Result<Account> {
    let found = reader.read(|connection| accounts::by_name(connection, own.name()))?;
    let is_one = |one: &Account| one.disabled_at.is_none() && may(&one.roles, Right::ManageOwnAccounts);
    found.filter(is_one).context("you are no administrator any more")
}

/// Invites somebody, or gives somebody a new link. Gives its last part.
pub fn invite(
    store: &mut Store,
    act: &Act<'_>,
    own: &Own,
    (name, display_name): (&str, &str),
    (role, language): (PortalRole, Language),
) -> anyhow::Result<Result<String, Refused>> {
    let reader = store.reader()?;
    may_say(&reader, own)?;
    let known = find(&reader, own, name)?;
    if let Some(known) = &known
        && let Err(no) = rules::may(circle(own), Wish::InviteAgain, whom(own, name), &known.roles)
    {
        return Ok(Err(no.into()));
    }
    if known.is_none() && of(&reader, own)?.len() >= PEOPLE_MAX {
        return Ok(Err(Refused::Many));
    }
    let before = known.as_ref().filter(|one| one.disabled_at.is_none());
    let roles = match rules::with_role(role, before.map_or(&[][..], |one| &one.roles)) {
        Ok(roles) => roles,
        Err(no) => return Ok(Err(no.into())),
    };
    let display_name = match (&known, display_name) {
        (Some(known), "") => &known.display_name,
        (_, given) => given,
    };
    let organisation = &own.organisation.code;
    let who = Invite { name, display_name, organisation, roles: &roles, language };
    match inviting::invite(store, act, &who) {
        Ok(token) => Ok(Ok(token)),
        Err(error) if error.is::<NotInvited>() => Ok(Err(Refused::Name)),
        Err(error) => Err(error),
    }
}

/// Does something about somebody, when a rule does not forbid it.
fn about(
    store: &mut Store,
    own: &Own,
    (name, wish): (&str, Wish),
    act: impl FnOnce(&mut Store, &Account) -> anyhow::Result<Result<(), Refused>>,
) -> anyhow::Result<Result<(), Refused>> {
    let reader = store.reader()?;
    may_say(&reader, own)?;
    let Some(account) = find(&reader, own, name)? else { return Ok(Err(Refused::Gone)) };
    match rules::may(circle(own), wish, whom(own, &account.name), &account.roles) {
        Ok(()) => act(store, &account),
        Err(no) => Ok(Err(no.into())),
    }
}

/// Keeps somebody from signing in.
pub fn shut_out(
    store: &mut Store,
    act: &Act<'_>,
    own: &Own,
    name: &str,
) -> anyhow::Result<Result<(), Refused>> {
    about(store, own, (name, Wish::ShutOut), |store, account| {
        store.write(|transaction| accounts::disable(transaction, act, account.id))?;
        Ok(Ok(()))
    })
}

/// Says whether somebody answers or only looks.
pub fn set_role(
    store: &mut Store,
    act: &Act<'_>,
    own: &Own,
    (name, role): (&str, PortalRole),
) -> anyhow::Result<Result<(), Refused>> {
    about(store, own, (name, Wish::ChangeRole), |store, account| {
        let roles = match rules::with_role(role, &account.roles) {
            Ok(roles) => roles,
            Err(no) => return Ok(Err(no.into())),
        };
        store.write(|transaction| accounts::set_roles(transaction, act, account.id, &roles))?;
        Ok(Ok(()))
    })
}

/// Ends a session of somebody, by the first digits of its hash.
pub fn end_session(
    store: &mut Store,
    act: &Act<'_>,
    own: &Own,
    (name, session): (&str, &str),
) -> anyhow::Result<Result<(), Refused>> {
    about(store, own, (name, Wish::EndSessions), |store, account| {
        let reader = store.reader()?;
        match people::end_session(&reader, act, &account.name, session)? {
            true => Ok(Ok(())),
            false => Ok(Err(Refused::Gone)),
        }
    })
}

/// Changes who administers.
pub fn administration(
    store: &mut Store,
    act: &Act<'_>,
    own: &Own,
    (change, name): (Administration, &str),
) -> anyhow::Result<Result<(), Refused>> {
    let reader = store.reader()?;
    let asks = asking(&reader, own)?;
    let Some(other) = find(&reader, own, name)? else { return Ok(Err(Refused::Gone)) };
    if change != Administration::LayDown && whom(own, &other.name) == Whom::Themselves {
        return Ok(Err(No::Yourself.into()));
    }
    let ready = reader.read(|connection| accounts::is_ready(connection, other.id))?;
    let count = administrators(&reader, &of(&reader, own)?)?;
    let people =
        (rules::Person { roles: &asks.roles, ready: true }, rules::Person { roles: &other.roles, ready });
    let (of_asks, of_other) = match rules::administration(own.circle, change, count, people) {
        Ok(roles) => roles,
        Err(no) => return Ok(Err(no.into())),
    };
    store.write(|transaction| {
        for (account, roles) in [(&other, &of_other), (&asks, &of_asks)] {
            if account.roles != *roles {
                accounts::set_roles(transaction, act, account.id, roles)?;
            }
        }
        Ok(())
    })?;
    Ok(Ok(()))
}
