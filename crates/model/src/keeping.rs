//! Why the policy keeps something from being told now.

use std::fmt;

use crate::asset::words;

/// What keeps assignments from being told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Keeps {
    /// They wait for an overview.
    Overview,
    /// A rule holds them.
    Held,
    /// A rule suppresses them.
    Suppressed,
    /// Trial operation: off.
    Off,
    /// Trial operation: decided, and not sent.
    Shadow,
    /// Trial operation: the mail went to the desk.
    Desk,
    /// They are the first load of their source and kind.
    Baseline,
    /// Nobody in the roles that the policy chooses may be told.
    Nobody,
    /// Nothing any more: the desk released them, and no rule keeps them again.
    Released,
}

words!(
    Keeps, "reason for keeping",
    Overview "overview", Held "held", Suppressed "suppressed", Off "off", Shadow "shadow", Desk "desk",
    Baseline "baseline", Nobody "nobody", Released "released",
);

impl Keeps {
    /// Is it decided again when the policy changes? What trial operation keeps waits for the desk: nobody wants to hear a month at once.
    pub fn follows_the_policy(self) -> bool {
        matches!(self, Self::Overview | Self::Held | Self::Suppressed | Self::Nobody)
    }
}
