//! Hubs (knooppunten): other installations that we hand findings over to, or get them from, over a link that both agreed on.
//!
//! What goes over a link is a *parcel*: one finding for one receiver. It is answered by a *receipt*, and what becomes of it flows back as
//! its *status*.

use std::{fmt, str::FromStr};

use crate::{
    asset::words,
    ids::{FindingId, LinkId, NotificationId},
    tlp::Tlp,
};

/// Hubs that a parcel may pass. A national point, a sector, a shared service, a member and its supplier are five; what goes on longer goes in
/// circles.
pub const HOPS_MAX: u8 = 8;

/// A name in the DNS is shorter (RFC 1035), in bytes.
const NAME_BYTES_MAX: usize = 253;

/// The name of a hub: a host name in the DNS, in small letters, without a dot at its end. It says who a hub is; its keys prove it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HubName(String);

impl HubName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HubName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HubName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_label = |label: &str| {
            let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let name = text.to_ascii_lowercase();
        let is_name = name.len() <= NAME_BYTES_MAX && name.contains('.') && name.split('.').all(is_label);
        match is_name {
            true => Ok(Self(name)),
            false => Err(format!("`{text}` is no name of a hub: write a host name, such as cert.example")),
        }
    }
}

/// What is known of a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LinkState {
    /// We have invited the other, who has not answered.
    Invited,
    /// Both agree, and know each other's keys.
    Active,
    /// We stopped it for a while: what is for it waits, what comes from it is refused for now.
    Paused,
    /// It is over.
    Ended,
}

words!(LinkState, "state of a link", Invited "invited", Active "active", Paused "paused", Ended "ended");

/// Which way parcels go over a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From us to the other.
    Out,
    /// From the other to us.
    In,
    /// Both ways.
    Both,
}

words!(Direction, "direction", Out "out", In "in", Both "both");

impl Direction {
    /// Do we hand findings over?
    pub fn sends(self) -> bool {
        matches!(self, Self::Out | Self::Both)
    }

    /// Do we get findings?
    pub fn receives(self) -> bool {
        matches!(self, Self::In | Self::Both)
    }
}

/// How what is for the other gets there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Transport {
    /// We post it to the other.
    Push,
    /// The other fetches it from us: it has no address that we can reach.
    Pulled,
    /// By mail, when nothing else works.
    Mail,
}

words!(Transport, "transport", Push "push", Pulled "pulled", Mail "mail");

/// How much of what becomes of a parcel flows back to whoever sent it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StatusLevel {
    /// Receipts only.
    None,
    /// Counts, of which small ones are left out.
    Aggregate,
    /// For each finding.
    PerFinding,
}

words!(StatusLevel, "level of status", None "none", Aggregate "aggregate", PerFinding "per_finding");

/// What a link may be used for: three things that the receiver may do with a parcel, and two that have nothing to do with parcels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Purpose {
    /// Tell whoever can solve it.
    Notify,
    /// Look further into it.
    Analyse,
    /// Count it.
    Statistics,
    /// Ask each other whose an address or a name is.
    Ask,
    /// Be named to other hubs, as whom to ask.
    Named,
}

words!(
    Purpose, "purpose",
    Notify "notify", Analyse "analyse", Statistics "statistics", Ask "ask", Named "named",
);

impl Purpose {
    /// Does it say what may be done with a parcel?
    pub fn is_of_parcels(self) -> bool {
        matches!(self, Self::Notify | Self::Analyse | Self::Statistics)
    }
}

/// How a finding is written in a parcel that is not sealed. Every hub reads all of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum PayloadForm {
    /// An event in IntelMQ's data format.
    #[default]
    Idf,
    /// An X-ARF report.
    Xarf,
    /// A CSAF advisory, where it is about vulnerabilities.
    Csaf,
}

words!(PayloadForm, "form of a payload", Idf "idf", Xarf "x-arf", Csaf "csaf");

/// What both agreed on. Each side keeps its own; what is sent keeps to both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkTerms {
    /// Which way parcels go, as we see it.
    pub direction: Direction,
    /// How what is for the other gets there.
    pub transport: Transport,
    /// The highest marking that goes over it; never TLP:RED.
    pub tlp_max: Tlp,
    /// What parcels may be used for.
    pub purposes: Vec<Purpose>,
    /// Parcels that the sender may send in an hour.
    pub parcels_per_hour: u32,
    /// Parcels that may be on their way without a receipt.
    pub credit: u32,
    /// A receipt is expected within so many seconds.
    pub service_level_seconds: u32,
    /// How much flows back.
    pub status: StatusLevel,
    /// How many days parcels and receipts are kept.
    pub retention_days: u32,
}

/// A link with another hub. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// The other hub.
    pub peer: HubName,
    /// Where it listens; empty when it cannot be reached.
    pub url: String,
    /// The code of the organisation in our register that the other hub stands for; empty: none. What concerns that organisation is handed over, and what the
    /// other claims becomes its assets.
    pub organisation: String,
    /// How far it has come.
    pub state: LinkState,
    /// What both agreed on.
    pub terms: LinkTerms,
    /// Since when it is there.
    pub created_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}

impl Link {
    /// Do we hand findings over on it now?
    pub fn sends(&self) -> bool {
        self.state == LinkState::Active && self.terms.direction.sends()
    }
}

/// How pressing a parcel is. What is critical overtakes all else and is never held up by credit for the rest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum ParcelClass {
    /// Of critical severity.
    Critical = 0,
    /// All else.
    Normal = 1,
    /// Of low severity, or of a load that was kept back.
    Bulk = 2,
}

words!(ParcelClass, "class", Critical "critical", Normal "normal", Bulk "bulk");

/// The name of a parcel, for ever: chosen by its sender, and never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ParcelId(pub [u8; 16]);

/// What a finding is called on one link: both ends know it, and nobody can tell it from another link's name for the same finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FindingKeyOnLink(pub [u8; 16]);

macro_rules! hexadecimal {
    ($name:ident, $what:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                let mut bytes = [0; 16];
                if text.len() != 2 * bytes.len() || !text.bytes().all(is_hex) {
                    return Err(format!("`{text}` is no {}: it has 32 digits 0-9 and a-f", $what));
                }
                for (at, byte) in bytes.iter_mut().enumerate() {
                    *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|error| error.to_string())?;
                }
                Ok(Self(bytes))
            }
        }
    };
}

hexadecimal!(ParcelId, "name of a parcel");
hexadecimal!(FindingKeyOnLink, "key of a finding");

/// What the receiver says of a parcel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ReceiptOutcome {
    /// It had its effect.
    Accepted,
    /// It had its effect before.
    Duplicate,
    /// Not now: send it again later.
    Deferred,
    /// Never, for this reason.
    Rejected(Rejection),
    /// It had an effect, but it is nobody's there.
    NotMine,
}

/// Why a parcel is rejected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rejection {
    /// It is no parcel, or its signature does not hold.
    Schema,
    /// Its marking is higher than was agreed.
    Tlp,
    /// It is about what was not agreed.
    Scope,
    /// More came than was agreed.
    Quota,
    /// It is too old, or from the future.
    Expired,
    /// It has been here, or passed too many hubs.
    Loop,
    /// It is sealed, and can neither be opened here nor be handed on.
    Sealed,
}

words!(
    Rejection, "reason",
    Schema "schema", Tlp "tlp", Scope "scope", Quota "quota", Expired "expired", Loop "loop", Sealed "sealed",
);

impl ReceiptOutcome {
    /// The word on the wire, without the reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Deferred => "deferred",
            Self::Rejected(_) => "rejected",
            Self::NotMine => "not_mine",
        }
    }

    /// From its word and reason.
    pub fn read(word: &str, reason: &str) -> Result<Self, String> {
        match word {
            "accepted" => Ok(Self::Accepted),
            "duplicate" => Ok(Self::Duplicate),
            "deferred" => Ok(Self::Deferred),
            "not_mine" => Ok(Self::NotMine),
            "rejected" => Ok(Self::Rejected(reason.parse()?)),
            _ => Err(format!("`{word}` is no outcome of a parcel")),
        }
    }
}

/// What a hub says when it is asked whose something is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Of somebody whom it serves: it does not say of whom.
    Yes,
    /// Of nobody that it knows.
    No,
    /// Ask this hub, which agreed to be named; the one who asks may be named to itself.
    Hub(HubName),
    /// Not now: it was asked enough for a day.
    Later,
    /// Nothing: the link is not for questions.
    Refused,
}

impl Whose {
    /// The word on the wire, and the hub that is named.
    pub fn words(&self) -> (&'static str, Option<&HubName>) {
        match self {
            Self::Yes => ("yes", None),
            Self::No => ("no", None),
            Self::Hub(hub) => ("ask", Some(hub)),
            Self::Later => ("later", None),
            Self::Refused => ("refused", None),
        }
    }

    /// From its word, and the hub that is named.
    pub fn read(word: &str, hub: Option<HubName>) -> Result<Self, String> {
        match (word, hub) {
            ("yes", None) => Ok(Self::Yes),
            ("no", None) => Ok(Self::No),
            ("ask", Some(hub)) => Ok(Self::Hub(hub)),
            ("later", None) => Ok(Self::Later),
            ("refused", None) => Ok(Self::Refused),
            _ => Err(format!("`{word}` is no answer to whose something is")),
        }
    }
}

/// How far a finding came at the hub it was handed over to, and beyond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum HubStatus {
    /// The hub has it.
    Received = 1,
    /// Somebody was told.
    Delivered = 2,
    /// They said that they read it, or work on it.
    Acknowledged = 3,
    /// They said that it is solved.
    Fixed = 4,
    /// They said that it is somebody else's.
    NotMine = 5,
    /// It could not be told to anybody.
    Undeliverable = 6,
}

words!(
    HubStatus, "status",
    Received "received", Delivered "delivered", Acknowledged "acknowledged", Fixed "fixed", NotMine "not_mine",
    Undeliverable "undeliverable",
);

/// How far a parcel of ours has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum ParcelState {
    /// Waiting for its (next) turn.
    Waiting = 0,
    /// The other side has it on its disk; a receipt is to come.
    Sent = 1,
    /// A receipt was given, and what follows from it is done.
    Answered = 2,
    /// It will not be sent any more: taken back, or its link ended.
    GivenUp = 3,
}

words!(ParcelState, "state of a parcel", Waiting "waiting", Sent "sent", Answered "answered", GivenUp "given_up");

/// What became of a finding that another hub handed over and took back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TakeBack {
    /// Nobody else shows it: it was taken back here as well.
    Withdrawn,
    /// Somebody else shows it: it stays.
    ShownByOthers,
    /// A person decides, because the hub takes back so much.
    ForDesk,
    /// A person decided that it stays.
    Kept,
    /// It was noted, and nothing else: so it was done once.
    Noted,
}

words!(TakeBack, "what became of it", Withdrawn "withdrawn", ShownByOthers "shown_by_others", ForDesk "for_desk", Kept "kept", Noted "noted");

/// Why a parcel is not sent, though it is due.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Withheld {
    /// It is to be sealed, and no key of its final recipient is known.
    NoKey,
    /// It is to be sealed, and names neither an address nor a host by which it could find its way.
    NoTarget,
}

words!(Withheld, "reason", NoKey "no_key", NoTarget "no_target");

/// A parcel on its way out, as it is stored. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutgoingParcel {
    /// Its link.
    pub link: LinkId,
    /// Its name.
    pub id: ParcelId,
    /// How pressing it is.
    pub class: ParcelClass,
    /// The finding it tells.
    pub finding: FindingId,
    /// How the finding is called on this link.
    pub key: FindingKeyOnLink,
    /// Grows with each parcel about the same finding on this link, from 1.
    pub revision: u32,
    /// The notification that hands it over.
    pub notification: NotificationId,
    /// The signed envelope: one line of the wire.
    pub body: Vec<u8>,
    /// When it was made.
    pub created_at: i64,
    /// Why it is not sent before somebody does something about that.
    pub withheld: Option<Withheld>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_hub_is_a_host_name() {
        for (text, name) in [("cert.example", "cert.example"), ("CERT.Example", "cert.example")] {
            assert_eq!(text.parse::<HubName>().unwrap().as_str(), name);
        }
        for text in
            ["", "cert", "cert.example.", "-a.example", "a b.example", "é.example", "a..b", "x/y.example"]
        {
            assert!(text.parse::<HubName>().is_err(), "{text}");
        }
        assert!(format!("{}.example", "a".repeat(64)).parse::<HubName>().is_err());
        assert!("a.".repeat(200).parse::<HubName>().is_err());
    }

    #[test]
    fn names_of_parcels_read_back() {
        let id = ParcelId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "AB", &"AB".repeat(16), &"ab".repeat(17), &"é".repeat(16)] {
            assert!(text.parse::<ParcelId>().is_err(), "{text}");
        }
    }

    #[test]
    fn outcomes_read_back() {
        for outcome in [
            ReceiptOutcome::Accepted,
            ReceiptOutcome::Duplicate,
            ReceiptOutcome::Deferred,
            ReceiptOutcome::NotMine,
            ReceiptOutcome::Rejected(Rejection::Loop),
        ] {
            let reason = match outcome {
                ReceiptOutcome::Rejected(reason) => reason.as_str(),
                _ => "",
            };
            assert_eq!(ReceiptOutcome::read(outcome.as_str(), reason), Ok(outcome));
        }
        assert!(ReceiptOutcome::read("rejected", "").is_err());
        assert!(ReceiptOutcome::read("lost", "").is_err());
    }
}
