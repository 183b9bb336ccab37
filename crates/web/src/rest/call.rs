//! One request that may be answered: who asks, what they see, and what there is to answer with.

use std::str::FromStr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schakel_app::{
    access_log::Looker,
    requests::AtWork,
    tenant::{Member, Tenant},
    users::Actor,
};
use schakel_model::api::Client;
use schakel_store::{act::Act, readers::KeptReader};

use super::{
    Rest,
    problem::{Problem, Where},
};

/// Items on a page when nobody says how many, and at most.
pub const LIMIT: u32 = 100;
/// See [`LIMIT`].
pub const LIMIT_MAX: u32 = 1_000;

/// A request.
pub struct Call {
    /// What all requests share.
    pub rest: Rest,
    /// Reads what is committed.
    pub reader: KeptReader,
    /// Who asks.
    pub client: Client,
    /// What they see.
    pub tenant: Tenant,
    /// As whom they act.
    pub actor: Actor,
    /// When, in seconds since 1970.
    pub now: i64,
    /// The parameters in the path.
    pub path: Vec<(String, String)>,
}

impl Call {
    /// A parameter of the path; empty when the route has none of that name.
    pub fn name(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A number in the path, behind a letter such as `F`; what is none is not there.
    pub fn number<T: FromStr>(&self, name: &str, letter: &str) -> Result<T, Problem> {
        let digits = self.name(name).strip_prefix(letter).ok_or_else(Problem::not_found)?;
        // One way to write a number: no sign, no zeros in front.
        let is_plain = digits == "0" || !digits.starts_with(['0', '+', '-']);
        digits.parse().ok().filter(|_| is_plain).ok_or_else(Problem::not_found)
    }

    /// For the access log.
    pub fn looker(&self) -> Looker<'_> {
        Looker { reader: &self.reader, actor: &self.actor, now: self.now }
    }

    /// The member that asks, if it is one.
    pub fn member(&self) -> Option<&Member> {
        match &self.tenant {
            Tenant::Desk => None,
            Tenant::Member(member) => Some(member),
        }
    }

    /// Has the one writer do something in the client's name; what it refuses is said in its words.
    pub fn change<T: Send + 'static>(
        &self,
        reason: &str,
        work: impl FnOnce(&mut AtWork<'_>, Act<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (actor, reason, at) = (self.actor.name().to_owned(), reason.to_owned(), self.now);
        let done = self
            .rest
            .asking
            .carry_out(move |at_work| work(at_work, Act { at, actor: &actor, reason: &reason }))?;
        done.map_err(Problem::refused)
    }
}

/// Where a page begins, as clients see it: they hand it back as it is.
pub fn cursor(after: impl std::fmt::Display) -> String {
    URL_SAFE_NO_PAD.encode(after.to_string())
}

/// What a cursor says; without one the beginning.
pub fn after<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let after = text.and_then(|text| text.parse().ok());
    after.map(Some).ok_or_else(wrong_cursor)
}

/// What is no cursor of ours.
pub fn wrong_cursor() -> Problem {
    Problem::fault(
        Where::Query,
        "cursor",
        "cursor",
        "this is no cursor: use the one in the Link header as it is",
    )
}

/// How many items, within what is allowed.
pub fn limit(wanted: Option<u32>) -> usize {
    wanted.unwrap_or(LIMIT).clamp(1, LIMIT_MAX) as usize
}
