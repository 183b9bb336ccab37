//! Do the names of the register still resolve? Looked up a limited number at a time, the one that was not looked at for longest first.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use schakel_lookup::{Lookup, dns::DnsError};
use schakel_model::{ids::OrganisationId, name_look_up::NameAnswer, register::Register};
use schakel_rules::claim::host;
use schakel_store::{
    Reader, StoreError,
    name_look_ups::{self, NameLookUps},
};

/// After so many names in a row for which no name server answered it is not the names: the rest waits for the next time.
const UNANSWERED_MAX: u32 = 5;

/// Found names are recorded so many at a time: what is broken off loses no more.
const RECORD_EVERY: usize = 200;

/// Which names are looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// Those that were not looked up for a day.
    Due,
    /// All, or all of one organisation.
    All(Option<OrganisationId>),
}

/// How much is done in one go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// At most so many names.
    pub names: usize,
    /// Nothing is begun after this time.
    pub time: Duration,
}

impl Limits {
    /// For a person who asks for it, and can break it off.
    pub const NONE: Self = Self { names: usize::MAX, time: Duration::MAX };
    /// For the service, which comes back every hour: about three names a second, which no name server minds.
    pub const HOURLY: Self = Self { names: 2_000, time: Duration::from_secs(600) };
}

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// Names that exist.
    pub resolve: usize,
    /// Names that do not.
    pub gone: usize,
    /// Names for which there was no answer.
    pub unknown: usize,
    /// Names that were to be looked up and were not.
    pub left: usize,
}

/// Looks names up and records what is found.
pub fn look_up(
    reader: &Reader,
    lookup: &Lookup,
    register: &Register,
    which: Which,
    limits: Limits,
    now: i64,
    on_progress: &dyn Fn(usize),
) -> Result<Found, StoreError> {
    let known = reader.read(name_look_ups::all)?;
    let names = in_order(register, &known, which, now);
    let forget = no_longer_there(register, &known, now);
    let started = Instant::now();
    let mut found = Found::default();
    let mut unanswered = 0;
    let mut batch = Vec::new();
    let mut done = 0;
    for name in names.iter().take(limits.names) {
        if started.elapsed() >= limits.time || unanswered >= UNANSWERED_MAX {
            break;
        }
        let (answer, was_answered) = ask(lookup, name);
        unanswered = if was_answered { 0 } else { unanswered + 1 };
        match answer {
            NameAnswer::Resolves => found.resolve += 1,
            NameAnswer::Gone => found.gone += 1,
            NameAnswer::Unknown => found.unknown += 1,
        }
        batch.push(((*name).to_owned(), answer));
        if batch.len() >= RECORD_EVERY {
            name_look_ups::record(reader.data(), &batch, &[], now)?;
            batch.clear();
        }
        done += 1;
        on_progress(done);
    }
    if !batch.is_empty() || !forget.is_empty() {
        name_look_ups::record(reader.data(), &batch, &forget, now)?;
    }
    found.left = names.len() - done;
    Ok(found)
}

/// What the DNS says of a name, and whether a name server answered at all.
fn ask(lookup: &Lookup, name: &str) -> (NameAnswer, bool) {
    match lookup.resolves(name) {
        Ok(_) => (NameAnswer::Resolves, true),
        Err(DnsError::NoSuchName(_) | DnsError::Name(_)) => (NameAnswer::Gone, true),
        Err(DnsError::Timeout(_) | DnsError::Network { .. }) => (NameAnswer::Unknown, false),
        Err(_) => (NameAnswer::Unknown, true),
    }
}

/// The names of what an organisation, or any, has now.
fn names(register: &Register, whose: Option<OrganisationId>, now: i64) -> BTreeSet<&str> {
    register
        .assets
        .iter()
        .filter(|asset| asset.valid_at(now) && whose.is_none_or(|whose| whose == asset.organisation))
        .filter_map(|asset| host(&asset.value))
        .collect()
}

/// The names to look up: never looked at first, then the one that waits longest.
fn in_order<'a>(register: &'a Register, known: &NameLookUps, which: Which, now: i64) -> Vec<&'a str> {
    let whose = match which {
        Which::All(whose) => whose,
        Which::Due => None,
    };
    let is_due = |name: &&str| known.get(*name).is_none_or(|last| last.is_due(now));
    let mut names: Vec<&str> =
        names(register, whose, now).into_iter().filter(|name| which != Which::Due || is_due(name)).collect();
    names.sort_by_key(|name| known.get(*name).map(|last| last.looked_at));
    names
}

fn no_longer_there(register: &Register, known: &NameLookUps, now: i64) -> Vec<String> {
    let standing = names(register, None, now);
    known.keys().filter(|name| !standing.contains(name.as_str())).cloned().collect()
}
