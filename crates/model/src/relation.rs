//! How organisations stand to each other, for how long.

use std::fmt;

use crate::{
    asset::{holds_at, words},
    ids::{OrganisationId, RelationId},
};

/// The kind of relation, read from left to right: *from* serves *to*.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RelationKind {
    /// A partnership or shared service does this work for the other. What concerns the other may be told to it (TLP:AMBER
    /// reaches those it serves and those who serve it).
    Serves,
    /// A supplier runs systems for the other; its [`Mandate`] says what it hears.
    Supplies,
    /// It takes part in a joint arrangement.
    ParticipatesIn,
    /// A municipal merger (herindeling): from `valid_from` on the other takes its place.
    MergedInto,
}

/// What a supplier hears of what concerns its client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Mandate {
    /// Nothing by itself: only the member is told, who passes it on.
    #[default]
    ThroughMember,
    /// It gets a copy of what the member is told.
    Copied,
    /// It may be told directly.
    Direct,
}

/// A relation between two organisations, for a period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Relation {
    /// Its number in the register.
    pub id: RelationId,
    /// Who serves, supplies, takes part or merges.
    pub from: OrganisationId,
    /// Of which kind.
    pub kind: RelationKind,
    /// Whom or what.
    pub to: OrganisationId,
    /// Of a supplier: what it hears. Others have [`Mandate::ThroughMember`] and it means nothing.
    pub mandate: Mandate,
    /// Of a supplier: its client may have this supplier's systems scanned.
    pub scan_consent: bool,
    /// From when, inclusive, in seconds since 1970; `None` is open.
    pub valid_from: Option<i64>,
    /// Until when, exclusive, in seconds since 1970; `None` is open.
    pub valid_until: Option<i64>,
    /// A remark of the desk.
    pub note: String,
}

impl Relation {
    /// Does it hold at this time (seconds since 1970)?
    pub fn valid_at(&self, at: i64) -> bool {
        holds_at(self.valid_from, self.valid_until, at)
    }
}

words!(
    RelationKind, "kind of relation",
    Serves "serves", Supplies "supplies", ParticipatesIn "participates_in", MergedInto "merged_into",
);
words!(Mandate, "mandate", ThroughMember "through_member", Copied "copied", Direct "direct");
