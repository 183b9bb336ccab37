//! Whom an event concerns. Many findings share the same set, so a set is stored once and named by its number.

use crate::{asset::Role, ids::OrganisationId};

/// Which end of the event made it theirs: an infected machine and the machine it attacked are different messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum End {
    /// The machine the problem is on.
    Source,
    /// The machine it attacked, contacted or leaked from.
    Target,
}

impl End {
    /// The word as shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// One organisation concerned, in a role, by one end of the event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Assignee {
    /// Who.
    pub organisation: OrganisationId,
    /// In which role.
    pub role: Role,
    /// By which end.
    pub end: End,
}

/// A set of assignees: sorted, no repeats. The empty set is *nobody* and counts as one assignment.
pub type AssignmentSet = Vec<Assignee>;

/// How many assignments a set stands for: an event of nobody still has one, with the fate `unrouted`.
pub fn assignments_of(set: &[Assignee]) -> u64 {
    set.len().max(1) as u64
}
