//! Who acts: a desk user by name, or the program itself.

use anyhow::{bail, ensure};
use schakel_model::ids::UserId;
use schakel_store::{Reader, Store, data_dir::DataDir, users};

/// What the program calls itself when nobody said who they are.
const PROGRAM: &str = "command line";

/// The longest name a desk user acts under, in bytes: it stands in every list.
const NAME_BYTES_MAX: usize = 40;

/// Names that a part of the program acts under.
const RESERVED: [&str; 6] = ["demo", "serve", "schakel", "program", "retention", "member"];

/// Somebody who acts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    id: UserId,
    name: String,
}

impl Actor {
    /// The program itself.
    pub fn program() -> Self {
        Self { id: UserId(0), name: PROGRAM.to_owned() }
    }

    /// A part of the program, by one of the names that no desk user can have.
    pub fn part(name: &'static str) -> Self {
        Self { id: UserId(0), name: name.to_owned() }
    }

    /// A client of the API: no desk user has a colon in their name.
    pub fn client(code: &str) -> Self {
        Self { id: UserId(0), name: format!("api:{code}") }
    }

    /// Somebody of a member, who signs in under this name.
    pub fn of_member(name: &str) -> Self {
        Self { id: UserId(0), name: name.to_owned() }
    }

    /// Their number; 0 is the program.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// Their name, as the store's functions want it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Are they a person?
    pub fn is_person(&self) -> bool {
        self.id != UserId(0)
    }

    /// Refuses the program: some things need somebody who answers for them.
    pub fn person(self) -> anyhow::Result<Self> {
        ensure!(
            self.is_person(),
            "this needs a person. Say who you are with --as NAME; `schakel user add NAME` adds a user"
        );
        Ok(self)
    }
}

/// The actor of this name, which must be a desk user who may act; the program when there is no name.
pub fn actor(data: &DataDir, name: Option<&str>) -> anyhow::Result<Actor> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(Actor::program()) };
    let unknown = || format!("there is no desk user {name}. `schakel user add {name}` adds one");
    if !data.has_store() {
        bail!(unknown());
    }
    match Reader::open(data)?.read(|connection| users::by_name(connection, name))? {
        None => bail!(unknown()),
        Some(user) if user.disabled_at.is_some() => {
            bail!("{name} may not act any more. `schakel user add {name}` lets them act again")
        }
        Some(user) => Ok(Actor { id: user.id, name: user.name }),
    }
}

/// Is this what a part of the program calls itself?
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || name == PROGRAM
}

/// Adds a desk user, or lets a disabled one act again.
pub fn add(
    store: &mut Store,
    now: i64,
    actor: &Actor,
    name: &str,
    display_name: &str,
) -> anyhow::Result<UserId> {
    let usual = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    ensure!(
        !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(usual),
        "`{name}` cannot be the name of a desk user: use at most {NAME_BYTES_MAX} of a-z, 0-9, `.`, `_` and `-`"
    );
    ensure!(!RESERVED.contains(&name), "`{name}` is what the program calls itself. Choose another name");
    Ok(store.add_user(now, actor.name(), name, display_name)?)
}

/// Keeps a desk user from acting from now on.
pub fn disable(store: &mut Store, now: i64, actor: &Actor, name: &str, reason: &str) -> anyhow::Result<()> {
    let user = store.read(|connection| users::by_name(connection, name))?;
    let user = user.ok_or_else(|| anyhow::anyhow!("there is no desk user {name}"))?;
    ensure!(user.disabled_at.is_none(), "{name} may not act already");
    Ok(store.disable_user(now, actor.name(), user.id, reason)?)
}
