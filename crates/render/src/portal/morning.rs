//! The desk's first page: what came, what waits for a person, and whether the ledger balances.

use serde::Serialize;

/// What it shows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Morning {
    /// From when the counts of what came in are, in seconds since 1970.
    pub since: i64,
    /// Reports since then.
    pub reports: u64,
    /// Rows in them.
    pub rows: u64,
    /// Events among those.
    pub events: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Findings that nobody knew.
    pub new_findings: u64,
    /// Notifications made.
    pub notifications: u64,
    /// What waits for a person, the most pressing first.
    pub waiting: Vec<Waiting>,
    /// The steps of ladders that come next.
    pub ahead: Vec<Ahead>,
    /// How many steps come within a day.
    pub ahead_count: u64,
    /// Feeds that are not as usual.
    pub feeds: Vec<Feed>,
    /// The whole ledger.
    pub ledger: Ledger,
}

/// Something that waits for a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Waiting {
    /// The key of its name.
    pub key: &'static str,
    /// How much there is.
    pub count: u64,
    /// Is it late, or wrong?
    pub alarm: bool,
    /// Where it is; empty: no page shows it yet.
    pub href: &'static str,
    /// The command that shows it.
    pub command: &'static str,
}

/// A step of a ladder that comes if nobody reacts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ahead {
    /// Whose reaction is waited for.
    pub organisation: String,
    /// How bad it is: a word.
    pub severity: &'static str,
    /// To whom it turns: a word.
    pub turn: &'static str,
    /// When, in seconds since 1970.
    pub due_at: i64,
}

/// A feed that is not as usual.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Feed {
    /// Its name.
    pub feed: String,
    /// What is wrong: words.
    pub alarms: Vec<&'static str>,
    /// When it last came, in seconds since 1970.
    pub last_at: Option<i64>,
}

/// The whole ledger.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Ledger {
    /// Does it balance?
    pub balanced: bool,
    /// Rows that ever came in.
    pub rows: u64,
    /// Assignments of their events.
    pub assignments: u64,
    /// How many of those have which fate.
    pub fates: Vec<(&'static str, u64)>,
}
