//! A claim: what a member says is theirs, before it counts. What makes it count is its proof.

use std::fmt;

use crate::{
    asset::{AssetKind, AssetValue, Proof, Role, words},
    ids::{ClaimId, OrganisationId},
};

/// What an organisation says is theirs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claimed {
    /// Who says so.
    pub organisation: OrganisationId,
    /// What would be theirs.
    pub value: AssetValue,
    /// In which role.
    pub role: Role,
    /// From when it would be, inclusive, in seconds since 1970; `None` is open.
    pub valid_from: Option<i64>,
    /// Until when, exclusive, in seconds since 1970; `None` is open.
    pub valid_until: Option<i64>,
    /// A remark of the desk.
    pub note: String,
}

/// A claim of an organisation, as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Its number.
    pub id: ClaimId,
    /// What is said.
    pub claimed: Claimed,
    /// What is published in the DNS or on the web server to prove it.
    pub token: String,
    /// How far it has come.
    pub state: ClaimState,
    /// The proof that counts, when there is one.
    pub proven: Option<Proven>,
    /// Since when looking the proof up again fails, in seconds since 1970.
    pub failing_since: Option<i64>,
    /// When it was entered, in seconds since 1970.
    pub created_at: i64,
}

/// A proof that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proven {
    /// By what.
    pub means: Means,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Until when it counts, in seconds since 1970.
    pub expires_at: i64,
}

/// How far a claim has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ClaimState {
    /// Nothing proves it yet.
    Open,
    /// It is proven.
    Proven,
    /// It was proven once; the proof ran out or was not found again. The asset is asserted.
    Lapsed,
    /// The desk decided against it.
    Refused,
    /// Taken back.
    Withdrawn,
}

impl ClaimState {
    /// Is it over? Nothing can happen to it any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn)
    }
}

/// By what a claim is proven.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Means {
    /// A TXT record with the token at `_schakel-challenge.` and the name.
    Dns,
    /// A file with the token under `/.well-known/` (RFC 8615) of the name.
    File,
    /// A code sent to a role address of the domain (RFC 2142), typed back by the desk.
    Mail,
    /// The registry's holder is the organisation (RDAP, RFC 9083).
    Rdap,
    /// The desk looked, and says why.
    Desk,
}

impl Means {
    /// The proof it gives an asset.
    pub fn proof(self) -> Proof {
        match self {
            Self::Dns => Proof::Dns,
            Self::File => Proof::File,
            Self::Mail => Proof::Mail,
            Self::Rdap => Proof::Rdap,
            Self::Desk => Proof::Desk,
        }
    }

    /// Can it be looked up again without anybody's help?
    pub fn is_repeatable(self) -> bool {
        matches!(self, Self::Dns | Self::File | Self::Rdap)
    }

    /// Can it prove an asset of this kind?
    pub fn is_for(self, kind: AssetKind) -> bool {
        use AssetKind::{Address, Asn, Domain, Hostname, MailDomain, Prefix, Url};
        match self {
            Self::Dns | Self::File => matches!(kind, Domain | Hostname | MailDomain | Url),
            Self::Mail => matches!(kind, Domain | MailDomain),
            Self::Rdap => matches!(kind, Prefix | Address | Asn),
            Self::Desk => true,
        }
    }
}

/// What a member asks the desk to do with an asset of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AssetWish {
    /// Take it from the register: it is theirs no more.
    GiveUp,
    /// Change something about it.
    Change,
}

/// How a conflict ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ruling {
    /// It is this organisation's.
    For(OrganisationId),
    /// Both have it.
    Both,
}

words!(
    ClaimState, "state of a claim",
    Open "open", Proven "proven", Lapsed "lapsed", Refused "refused", Withdrawn "withdrawn",
);
words!(AssetWish, "wish about an asset", GiveUp "give_up", Change "change");
words!(Means, "means of proof", Dns "dns", File "file", Mail "mail", Rdap "rdap", Desk "desk");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_proven_and_every_proof_has_its_means() {
        for kind in AssetKind::ALL {
            assert!(Means::ALL.iter().any(|means| means.is_for(*kind)), "{kind}");
        }
        for means in Means::ALL {
            assert_eq!(means.as_str(), means.proof().as_str());
        }
    }
}
