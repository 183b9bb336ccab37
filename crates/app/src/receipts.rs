//! What a notifier may know of a report of theirs: how far it is, and the sums of what was read. Never why, and never another's.

use schakel_model::{arrival::Receipt, fate::Sums, source::Source};
use schakel_store::{
    Reader, StoreError,
    arrivals::{self, Outcome},
    ledger::{self, Scope},
    spool::{SpoolDesk, State},
};

/// How far a report is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Nobody has looked at it yet.
    Waiting,
    /// It waits for a person.
    Held,
    /// It was taken in; these are its sums.
    Taken(Sums),
    /// It ended in another way.
    Ended(Outcome),
}

impl Progress {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Taken(_) => Outcome::Taken.as_str(),
            Self::Ended(outcome) => outcome.as_str(),
        }
    }
}

/// What became of the report with this receipt; `None`: there is none that this source has sent.
pub fn progress(
    reader: &Reader,
    spool: &SpoolDesk,
    source: &Source,
    receipt: Receipt,
) -> Result<Option<Progress>, StoreError> {
    // The spool first: what leaves it meanwhile stands in the store already.
    let kept = spool.get(receipt)?.filter(|kept| kept.envelope.source == source.code);
    match kept.map(|kept| kept.state) {
        Some(State::Waiting) => return Ok(Some(Progress::Waiting)),
        Some(State::Held) => return Ok(Some(Progress::Held)),
        Some(State::Aside) | None => {}
    }
    let arrival = reader.read(|connection| arrivals::get(connection, receipt))?;
    let Some(arrival) = arrival.filter(|arrival| arrival.source == source.id) else { return Ok(None) };
    match (arrival.outcome, arrival.report) {
        (Outcome::Taken, Some(report)) => {
            let sums = reader.read(|connection| ledger::sums(connection, &Scope::Report(report)))?;
            Ok(Some(Progress::Taken(sums)))
        }
        (outcome, _) => Ok(Some(Progress::Ended(outcome))),
    }
}
