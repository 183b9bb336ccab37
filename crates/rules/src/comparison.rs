//! Our would-be notifications beside what another system told: why a line of its list is, or is not, in ours.

use std::fmt;

use schakel_model::{ids::OrganisationId, keeping::Keeps};

/// An assignment of ours that a line of their list may mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ours {
    /// Whom it concerns; `None` is nobody.
    pub organisation: Option<OrganisationId>,
    /// When it came in, in seconds since 1970.
    pub at: i64,
    /// What became of it.
    pub became: Became,
}

/// What became of an assignment, as far as telling goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Became {
    /// It was told, or is about to be, or would be but for trial operation.
    Told,
    /// The policy keeps it.
    Kept(Keeps),
    /// It is held for another reason: vetting, an organisation that is joining.
    Held,
    /// The organisation has nobody who may be told.
    NoContact,
    /// Another hears of it in its place, or it was taken back.
    Otherwise,
}

/// What stands behind a line of one of the lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// Both tell it.
    Both,
    /// We told it before, and do not tell it again.
    ToldEarlier,
    /// It came to us later.
    ToldLater,
    /// A rule of the policy keeps it.
    KeptByRule,
    /// It is in the first load of its source.
    FirstLoad,
    /// Trial operation is off for it.
    TrialOff,
    /// It waits for something else than the policy.
    Held,
    /// We know nobody there who may be told.
    NoContact,
    /// By our register it is another's.
    OtherOwner,
    /// By our register it is nobody's.
    Nobodys,
    /// Nothing of it came to us.
    UnknownToUs,
    /// The organisation is not in our register.
    NotInRegister,
    /// We tell it, and they do not.
    TheyDidNotTell,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 13] = [
        Self::Both,
        Self::ToldEarlier,
        Self::ToldLater,
        Self::KeptByRule,
        Self::FirstLoad,
        Self::TrialOff,
        Self::Held,
        Self::NoContact,
        Self::OtherOwner,
        Self::Nobodys,
        Self::UnknownToUs,
        Self::NotInRegister,
        Self::TheyDidNotTell,
    ];

    /// The word in JSON and CSV.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::ToldEarlier => "told_earlier",
            Self::ToldLater => "told_later",
            Self::KeptByRule => "kept_by_rule",
            Self::FirstLoad => "first_load",
            Self::TrialOff => "trial_off",
            Self::Held => "held",
            Self::NoContact => "no_contact",
            Self::OtherOwner => "other_owner",
            Self::Nobodys => "nobodys",
            Self::UnknownToUs => "unknown_to_us",
            Self::NotInRegister => "not_in_register",
            Self::TheyDidNotTell => "they_did_not_tell",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a line of their list comes to, and by which of ours. `near_seconds`: so far apart the same is told by both. Of several the one that
/// came furthest counts, and of those the nearest in time.
pub fn compare(
    organisation: Option<OrganisationId>,
    at: i64,
    near_seconds: i64,
    ours: &[Ours],
) -> (Verdict, Option<usize>) {
    let Some(organisation) = organisation else { return (Verdict::NotInRegister, None) };
    let verdict = |one: &Ours| match (one.organisation, one.became) {
        (None, _) => Verdict::Nobodys,
        (Some(owner), _) if owner != organisation => Verdict::OtherOwner,
        (_, Became::Told | Became::Kept(Keeps::Shadow | Keeps::Desk | Keeps::Overview | Keeps::Released)) => {
            match one.at - at {
                apart if apart < -near_seconds => Verdict::ToldEarlier,
                apart if apart > near_seconds => Verdict::ToldLater,
                _ => Verdict::Both,
            }
        }
        (_, Became::Kept(Keeps::Held | Keeps::Suppressed)) => Verdict::KeptByRule,
        (_, Became::Kept(Keeps::Baseline)) => Verdict::FirstLoad,
        (_, Became::Kept(Keeps::Off)) => Verdict::TrialOff,
        (_, Became::Kept(Keeps::Nobody) | Became::NoContact) => Verdict::NoContact,
        (_, Became::Held) => Verdict::Held,
        (_, Became::Otherwise) => Verdict::OtherOwner,
    };
    let judged = ours.iter().enumerate().map(|(place, one)| (verdict(one), one.at.abs_diff(at), place));
    match judged.min() {
        Some((verdict, _, place)) => (verdict, Some(place)),
        None => (Verdict::UnknownToUs, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const US: Option<OrganisationId> = Some(OrganisationId(1));
    const OTHER: Option<OrganisationId> = Some(OrganisationId(2));

    /// Assignments of ours, by day, and what a line comes to.
    type Case<'a> = (&'a [(Option<OrganisationId>, i64, Became)], Verdict);

    #[test]
    fn a_line_is_explained_by_what_came_furthest() {
        let cases: &[Case<'_>] = &[
            (&[], Verdict::UnknownToUs),
            (&[(US, 10, Became::Told)], Verdict::Both),
            (&[(US, 8, Became::Told)], Verdict::Both),
            (&[(US, 7, Became::Told)], Verdict::ToldEarlier),
            (&[(US, 13, Became::Told)], Verdict::ToldLater),
            (&[(US, 1, Became::Told), (US, 10, Became::Kept(Keeps::Shadow))], Verdict::Both),
            (&[(US, 10, Became::Kept(Keeps::Overview))], Verdict::Both),
            (&[(US, 10, Became::Kept(Keeps::Held)), (OTHER, 10, Became::Told)], Verdict::KeptByRule),
            (&[(US, 10, Became::Kept(Keeps::Suppressed))], Verdict::KeptByRule),
            (&[(US, 10, Became::Kept(Keeps::Baseline))], Verdict::FirstLoad),
            (&[(US, 10, Became::Kept(Keeps::Off))], Verdict::TrialOff),
            (&[(US, 10, Became::Held)], Verdict::Held),
            (&[(US, 10, Became::NoContact)], Verdict::NoContact),
            (&[(OTHER, 10, Became::Told), (None, 10, Became::Otherwise)], Verdict::OtherOwner),
            (&[(None, 10, Became::Otherwise)], Verdict::Nobodys),
        ];
        for (ours, expected) in cases {
            let ours: Vec<Ours> = ours
                .iter()
                .map(|(organisation, day, became)| Ours {
                    organisation: *organisation,
                    at: day * DAY,
                    became: *became,
                })
                .collect();
            assert_eq!(compare(US, 10 * DAY, 2 * DAY, &ours).0, *expected, "{ours:?}");
        }
        assert_eq!(compare(None, 0, 0, &[]), (Verdict::NotInRegister, None));
    }
}
