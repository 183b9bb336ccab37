//! Overviews of a made-up organisation, to try templates with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schakel_model::{
    answer::NotificationKind, classification::ClassificationType, fate::Fate, language::Language,
    register::ContactRole, severity::Severity, tlp::Tlp,
};

use super::{Delivery, NotTold, Open, Sent, SentDetails, WeeklyOverview};
use crate::notice::Reference;

/// A full overview, one of a reader without clearance, and one with nothing in it.
pub(crate) fn samples(language: Language) -> [WeeklyOverview<'static>; 3] {
    let at = |seconds| Timestamp::constant(seconds, 0);
    let details = |tlp, findings, subject, delivery| {
        Some(SentDetails {
            kind: NotificationKind::Findings,
            tlp,
            findings,
            subject,
            roles: vec!["findings", "vcib"],
            delivery,
        })
    };
    let sent = |number, seconds, details| Sent {
        reference: Reference { number, epoch: 0 },
        at: at(seconds),
        details,
    };
    let full = WeeklyOverview {
        reference: Reference { number: 41, epoch: 0 },
        organisation: "Gemeente Hollands Diep",
        organisation_code: "GM0999",
        language,
        tlp: Tlp::Amber,
        recipient_role: ContactRole::Weekly,
        sender: "Meldpunt Voorbeeld",
        created_at: at(1_773_644_405),
        since: at(1_773_039_600),
        until: at(1_773_644_400),
        sent: vec![
            sent(
                17,
                1_773_130_000,
                details(
                    Tlp::Amber,
                    5,
                    "[Schakel #17] TLP:AMBER 5 bevindingen bij Gemeente Hollands Diep (hoogste ernst: kritiek)",
                    Delivery::Delivered,
                ),
            ),
            sent(
                23,
                1_773_300_000,
                details(
                    Tlp::Green,
                    1,
                    "[Schakel #23] TLP:GREEN 1 bevinding bij Gemeente Hollands Diep (hoogste ernst: laag)",
                    Delivery::Failed,
                ),
            ),
        ],
        not_told: vec![
            NotTold { fate: Fate::Suppressed, reason: "testopstelling tot 1 mei", count: 2, new: 1 },
            NotTold { fate: Fate::NoContact, reason: "", count: 1, new: 0 },
        ],
        open: vec![
            Open {
                severity: Severity::Critical,
                classification: ClassificationType::InfectedSystem,
                report_type: "event4_sinkhole",
                identifier: "sinkhole",
                count: 1,
                ages: [1, 0, 0],
                states: BTreeMap::from([("told", 1)]),
            },
            Open {
                severity: Severity::Medium,
                classification: ClassificationType::PotentiallyUnwantedAccessible,
                report_type: "scan_rdp",
                identifier: "open-rdp",
                count: 9,
                ages: [2, 3, 4],
                states: BTreeMap::from([("told", 6), ("in_progress", 3)]),
            },
        ],
        open_confidential: 0,
    };
    let mut hidden = full.clone();
    hidden.tlp = Tlp::Green;
    hidden.recipient_role = ContactRole::Acib;
    hidden.sent[0].details = None;
    hidden.open.clear();
    hidden.open_confidential = 10;
    let mut nothing = full.clone();
    nothing.tlp = Tlp::Green;
    nothing.sent.clear();
    nothing.not_told.clear();
    nothing.open.clear();
    [full, hidden, nothing]
}
