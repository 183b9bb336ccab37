//! Trial operation of an organisation as a whole, for what is no finding: an overview, a campaign.

use jiff::Timestamp;
use schakel_model::{classification::ClassificationType, severity::Severity, tlp::Tlp};
use schakel_rules::policy::{Facts, Mode};

use super::InForce;

impl InForce {
    /// The mode that holds for all that an organisation is told, or all that it is told of one source (empty: of any). Lines of trial operation
    /// that ask for more than that are about findings, and say nothing here.
    pub fn mode_of(&self, organisation: &str, source: &str, now: Timestamp) -> Mode {
        let facts = Facts {
            severity: Severity::Low,
            classification: ClassificationType::Undetermined,
            report_type: "",
            identifier: "",
            source,
            organisation,
            ip: None,
            name: "",
            tags: &[],
            cves: &[],
            tlp: Tlp::Clear,
        };
        self.policy.at(now).decide(&facts).mode
    }
}
