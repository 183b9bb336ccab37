//! Where a person or an address occurs, and erasing that.
//!
//! [`search`] looks at the texts of the store, at findings, at the raw rows of reports and at messages. [`erase`] does what can be done and leaves
//! the rest, which it names: what is held, what waits to be told or sent, and what the register says of an organisation. What was erased is
//! noted in a file beside the store, so that a backup that is brought back loses it again ([`erase_again`]).

use std::collections::BTreeMap;

use schakel_store::erase::ToErase;
use serde::Serialize;

mod erase;
mod erase_again;
mod search;
mod term;

pub use {
    erase::{Erased, erase},
    erase_again::erase_again,
    search::search,
    term::Term,
};

/// Where a term occurs once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Occurrence {
    /// `contact:12`, `finding:3`, `event:17:4023`, `message:5`, `audit:9`, or a table and its row.
    pub subject: String,
    /// What it is.
    pub what: String,
    /// The text, for an export; a raw row as it came.
    pub text: String,
    /// Why it cannot be erased now; `None` when it can.
    pub kept: Option<String>,
}

/// What a search found, ready to be erased.
pub struct Search {
    /// Every place.
    pub occurrences: Vec<Occurrence>,
    /// What can be erased; rows come with [`Search::rows`].
    what: ToErase,
    /// Rows by chunk.
    rows: BTreeMap<u32, Vec<u32>>,
    /// What lies at the doors.
    arrivals: Vec<u64>,
}

impl Search {
    /// Is there anything that can be erased?
    pub fn is_empty(&self) -> bool {
        self.what.is_empty() && self.rows.is_empty() && self.arrivals.is_empty()
    }
}
