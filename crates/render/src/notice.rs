//! What is told: the findings that are new for one organisation, for the readers of one language.

use std::{borrow::Cow, fmt, net::IpAddr};

use jiff::Timestamp;
use schakel_model::{
    abuse_contact::Means,
    asset::{AssetValue, Role},
    assignment::End,
    classification::ClassificationType,
    ids::{EventId, FindingId},
    language::Language,
    observation::{ObservedAt, Transport},
    register::ContactRole,
    severity::Severity,
    tlp::Tlp,
};

/// Findings in one notice at most, so that its attachment stays below the size every mail server takes (10 MB) even when
/// it hardly compresses. Whoever composes puts more than this into another notice.
pub const FINDINGS_IN_NOTICE_MAX: usize = 100_000;

/// A notification before it has words.
#[derive(Clone, PartialEq, Debug)]
pub struct Notice<'a> {
    /// Its number, as the reader sees it.
    pub reference: Reference,
    /// Name of the organisation it is for.
    pub organisation: &'a str,
    /// Code of that organisation in the register.
    pub organisation_code: &'a str,
    /// The language of the readers.
    pub language: Language,
    /// Its marking.
    pub tlp: Tlp,
    /// In which role the readers get it.
    pub recipient_role: ContactRole,
    /// Whose findings they are.
    pub standing: Standing<'a>,
    /// Why they are told.
    pub occasion: Occasion<'a>,
    /// The page on which it is answered; empty when there is none.
    pub answer_link: &'a str,
    /// Who sends it, as the readers know them.
    pub sender: &'a str,
    /// When it was composed.
    pub created_at: Timestamp,
    /// What is told, in any order: the worst comes first in the message.
    pub groups: Vec<Group<'a>>,
}

impl Notice<'_> {
    /// The name of its templates.
    pub(crate) fn template(&self) -> &'static str {
        match self.standing {
            Standing::Nobodys { .. } => "safety_net",
            Standing::Own
            | Standing::Successor { .. }
            | Standing::Copy { .. }
            | Standing::Together { .. } => "notification",
        }
    }
}

/// Whose findings a notice tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing<'a> {
    /// Those of the organisation it is for.
    Own,
    /// Those of another, whose place the organisation took in a merger.
    Successor {
        /// The name of the other.
        of: &'a str,
        /// Since when.
        since: Option<Timestamp>,
    },
    /// Those of another, which the organisation supplies: this is a copy of what that one is told.
    Copy {
        /// The name of the other.
        of: &'a str,
    },
    /// Those of several organisations that the reader stands for, in one mailbox.
    Together {
        /// Their names, that of the notice's organisation first.
        of: &'a [&'a str],
    },
    /// Nobody's that we know: the reader is whoever the outside world names.
    Nobodys {
        /// By which means, each once.
        means: &'a [Means],
    },
}

/// Why findings are told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Occasion<'a> {
    /// They are new to the reader's organisation.
    New,
    /// The organisation was told of them before.
    Reminder {
        /// Why they are told again, by its word (`still_seen`, `worse`, …), and how many findings for each.
        because: Vec<(&'a str, u64)>,
        /// When the first of them was first told.
        first_told_at: Timestamp,
    },
    /// They belong to an action of the desk, with a text of its own.
    Campaign {
        /// What the action is called.
        title: &'a str,
        /// What it says: a line is a paragraph.
        text: &'a str,
        /// Until when it asks for an answer.
        deadline: Option<Timestamp>,
    },
    /// Somebody else was told of them, and nobody reacted.
    Escalation {
        /// The earlier notification; several, when several were told of the same.
        of: Vec<Reference>,
        /// When the first of them was composed.
        told_at: Timestamp,
        /// To whom: the names of the organisations, when they are others than the reader's.
        to: Vec<&'a str>,
    },
}

/// The number of a notification: `17`, or `17.2` in an installation that was restored twice, because a restored store
/// may give out numbers again that were used before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Reference {
    /// From 1.
    pub number: u64,
    /// How often the installation was restored from a backup: 0 for most.
    pub epoch: u32,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epoch {
            0 => write!(f, "{}", self.number),
            epoch => write!(f, "{}.{epoch}", self.number),
        }
    }
}

/// Findings of one severity and kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Group<'a> {
    /// How bad they are.
    pub severity: Severity,
    /// What they are.
    pub classification: ClassificationType,
    /// The type of report they came in, for example `scan_rdp`; empty when there is none.
    pub report_type: &'a str,
    /// `classification.identifier`, for example `open-rdp`; empty when there is none.
    pub identifier: &'a str,
    /// The source's own name for the kind, for example `Accessible-RDP`; empty when there is none. Shown when Schakel has
    /// no words of its own for the report type.
    pub title: &'a str,
    /// The findings.
    pub items: Vec<Item<'a>>,
}

/// One finding, as its first observation showed it.
#[derive(Clone, PartialEq, Debug)]
pub struct Item<'a> {
    /// The finding.
    pub finding: FindingId,
    /// The event that showed it.
    pub event: EventId,
    /// When that was observed.
    pub observed_at: ObservedAt,
    /// The address of the reader's machine.
    pub ip: Option<IpAddr>,
    /// Its port, 0 when not said.
    pub port: u16,
    /// The transport of the service.
    pub transport: Transport,
    /// Its name, empty when not said.
    pub hostname: Cow<'a, str>,
    /// The URL, empty when not said.
    pub url: Cow<'a, str>,
    /// The account, empty when not said.
    pub account: Cow<'a, str>,
    /// The AS number, 0 when not said.
    pub asn: u32,
    /// The malware's name, empty when not said.
    pub malware: Cow<'a, str>,
    /// The source's tags, empty when there are none.
    pub tags: Cow<'a, str>,
    /// Which end of the event is the reader's.
    pub end: End,
    /// In which role the reader's organisation has it.
    pub role: Role,
    /// The asset by which it is theirs, when known.
    pub asset: Option<&'a AssetValue>,
    /// Who reported it, as the source lets itself be shown; empty when it does not.
    pub reported_by: Cow<'a, str>,
    /// The organisations it concerns, when the notice is for several; else empty.
    pub concerns: Cow<'a, str>,
}
