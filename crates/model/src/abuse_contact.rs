//! Whom the outside world names for an address or a name that is nobody's, by which means, and how sure that is.

use std::fmt;

use crate::asset::words;

/// How somebody was found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Means {
    /// The site's own `security.txt`.
    SecurityTxt,
    /// The abuse contact of the network, in its registry.
    Network,
    /// The abuse contact of the registrar of the domain.
    Registrar,
}

words!(Means, "means", SecurityTxt "security_txt", Network "network", Registrar "registrar");

impl Means {
    /// How sure it is that whoever is named can do something about it.
    pub fn confidence(self) -> Confidence {
        match self {
            Self::SecurityTxt => Confidence::High,
            Self::Network => Confidence::Medium,
            Self::Registrar => Confidence::Low,
        }
    }
}

/// How sure something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// Perhaps.
    Low,
    /// Mostly.
    Medium,
    /// They say so themselves, and until when.
    High,
}

words!(Confidence, "confidence", Low "low", Medium "medium", High "high");

/// What one means said of one subject. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AbuseContact {
    /// An address, a host with its port where that is not 443, or a domain.
    pub subject: String,
    /// By which means.
    pub means: Means,
    /// Mail addresses, the preferred one first; none: nobody is named.
    pub found: Vec<String>,
    /// The name of the holder or registrar; may be empty.
    pub holder: String,
    /// When it was last asked.
    pub asked_at: i64,
    /// When that was last answered; none: never.
    pub answered_at: Option<i64>,
    /// Until when the answer holds, as it says itself.
    pub until: Option<i64>,
}

/// Why the safety net does not tell a finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NotTold {
    /// A source that shows it forbids it.
    Source,
    /// A source that shows it forbids to look it up outside.
    LookUp,
    /// Its marking.
    Marking,
    /// It is about an account, and the owner of the account is not whoever holds the address.
    Credentials,
    /// Its kind.
    Kind,
    /// It is too mild.
    Severity,
    /// Somebody said that it is not theirs, and the desk has not looked at that yet.
    Disowned,
    /// It is nobody's for too short a time.
    TooEarly,
    /// It was told less than thirty days ago.
    Told,
    /// It has no public address and no name.
    NoSubject,
    /// It is still to be asked who is named.
    NotAsked,
    /// Nobody is named.
    Nobody,
    /// We are named ourselves.
    Ourselves,
    /// Another hub is named: it would send it back.
    Hub,
    /// Whoever is named asked not to be written to.
    DoNotContact,
    /// Whoever is named got a mail less than a day ago.
    DeskHadMail,
    /// Today has had its mails.
    Enough,
}

words!(
    NotTold, "reason",
    Source "source", LookUp "look_up", Marking "marking", Credentials "credentials", Kind "kind", Severity "severity",
    Disowned "disowned", TooEarly "too_early", Told "told", NoSubject "no_subject", NotAsked "not_asked", Nobody "nobody", Ourselves "ourselves",
    Hub "hub", DoNotContact "do_not_contact", DeskHadMail "desk_had_mail", Enough "enough",
);
