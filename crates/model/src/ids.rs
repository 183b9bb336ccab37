//! Identifiers. Each is a newtype, so that a finding is never taken for a report.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(/// A report as it came in, numbered from 1 in order of receipt.
    ReportId);
id!(/// A finding, numbered densely from 0 in order of first sighting.
    FindingId);
id!(/// A notification, numbered from 1.
    NotificationId);
id!(/// An organisation in the register of this installation. Its public name is the organisation's `code`.
    OrganisationId);
id!(/// An asset in the register of this installation.
    AssetId);
id!(/// A contact in the register of this installation.
    ContactId);
id!(/// A relation between two organisations in the register of this installation.
    RelationId);
id!(/// A claim: what a member says is theirs.
    ClaimId);
id!(/// Two who say that the same is theirs, until it is decided.
    ConflictId);
id!(/// A change of a trusted contact that waits for a second pair of eyes.
    PendingChangeId);
id!(/// An answer of a recipient, numbered from 1.
    AnswerId);
id!(/// What is told together at a later time.
    OverviewId);
id!(/// Somebody who is to be called.
    CallId);
id!(/// An action of the desk about one report.
    CampaignId);
id!(/// Somebody who signs in to the portal, numbered from 1.
    AccountId);
id!(/// A link with another hub, numbered from 1.
    LinkId);
id!(/// A source of reports; 0 is nobody in particular.
    SourceId);
id!(/// A desk user of this installation; 0 is the program itself.
    UserId);
id!(/// A state of the register: it grows by one with every applied change.
    RegisterVersion);
id!(/// A set of assignments that many findings share (see [`crate::assignment`]).
    AssignmentSetId);
id!(/// A kind of finding (classification, identifier, feed) known to this installation.
    KindId);

/// An event is named by its report and its row: `17:4023`. Rows count from 1, after the header, over all
/// members of a container.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventId {
    /// The report it came in.
    pub report: ReportId,
    /// The row in that report, from 1.
    pub row: u32,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.report, self.row)
    }
}

impl std::str::FromStr for EventId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text
            .split_once(':')
            .and_then(|(report, row)| Some(Self { report: report.parse().ok()?, row: row.parse().ok()? }));
        parsed.ok_or_else(|| format!("`{text}` is no event: write it as REPORT:ROW, for example 17:4023"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_reads_what_it_writes() {
        let id = EventId { report: ReportId(17), row: 4023 };
        assert_eq!("17:4023".parse(), Ok(id));
        assert_eq!(id.to_string(), "17:4023");
        assert!("17".parse::<EventId>().is_err());
        assert!("17:-1".parse::<EventId>().is_err());
    }
}
