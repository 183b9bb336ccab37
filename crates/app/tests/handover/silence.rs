//! Receipts that do not come: the desk gets a mail, once for each link and outage.

use jiff::Timestamp;
use schakel_app::handover::silence::Watch;

use super::*;

impl Hub {
    /// Looks so many seconds after everything began. Was the desk told something?
    fn silent(&mut self, watch: &mut Watch, after: i64) -> bool {
        let templates = templates::in_force(&self.reader()).unwrap();
        let (config, now) = (self.config.clone(), Timestamp::from_second(ACT.at + after).unwrap());
        watch.turn(self.intake.store(), &config, &templates, now).unwrap()
    }

    fn letters(&mut self) -> Vec<(String, String, String)> {
        let all = self.intake.store().read(|connection| outbox::notifications(connection, 99)).unwrap();
        let letters = all.into_iter().filter(|one| one.kind == NotificationKind::Letter);
        letters
            .map(|one| {
                let messages = self
                    .intake
                    .store()
                    .read(|connection| outbox::of_notification(connection, one.id))
                    .unwrap();
                let message = &messages[0];
                (one.subject, message.recipient.clone(), message.role.clone())
            })
            .collect()
    }
}

#[test]
fn the_desk_is_told_once_for_each_outage_that_receipts_do_not_come() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    hub.report(&["192.0.2.1", "192.0.2.2"]);
    hub.compose();
    let parcels = hub.parcels();
    let mut watch = Watch::default();
    assert!(!hub.silent(&mut watch, 899));
    assert_eq!((watch.late, hub.letters().len()), (0, 0));
    assert!(hub.silent(&mut watch, 900 + 10));
    assert_eq!(watch.late, 2);
    let (subject, recipient, role) = hub.letters().remove(0);
    assert_eq!(recipient, "desk@top.example");
    assert_eq!(role, "desk");
    assert!(subject.contains("cert.example") && subject.contains('2'), "{subject}");
    // More of the same outage, a restart, and a day later: nothing new. A receipt does not end it while another is missing.
    hub.receipt(parcels[0].id, ReceiptOutcome::Accepted);
    for (mut watch, after) in [(Watch::default(), 1_000), (Watch::default(), 86_400)] {
        assert!(!hub.silent(&mut watch, after));
        assert_eq!(watch.late, 1);
    }
    // What comes and goes within the hour is one outage.
    hub.receipt(parcels[1].id, ReceiptOutcome::Accepted);
    assert!(!hub.silent(&mut watch, 86_500));
    assert_eq!(watch.late, 0);
    hub.report(&["192.0.2.3"]);
    hub.compose();
    assert!(!hub.silent(&mut watch, 86_510), "it was made long ago by this clock, and is late");
    let last = hub.parcels().remove(0);
    hub.receipt(last.id, ReceiptOutcome::Duplicate);
    assert!(!hub.silent(&mut watch, 90_000));
    assert!(!hub.silent(&mut watch, 90_000 + 3_600));
    assert_eq!(hub.letters().len(), 1);
    // The next one is another.
    hub.report(&["192.0.2.4"]);
    hub.compose();
    assert!(hub.silent(&mut watch, 100_000));
    assert_eq!(hub.letters().len(), 2);
    hub.check();
}

#[test]
fn a_paused_link_is_not_silent_and_without_mail_only_the_log_says_so() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    hub.report(&["192.0.2.1"]);
    hub.compose();
    let paused = Link { state: LinkState::Paused, ..hub.link.clone() };
    hub.intake.store().change_link(ACT, &paused, schakel_store::audit::Action::HubLinkPaused).unwrap();
    let mut watch = Watch::default();
    assert!(!hub.silent(&mut watch, 5_000));
    let active = hub.link.clone();
    hub.intake.store().change_link(ACT, &active, schakel_store::audit::Action::HubLinkResumed).unwrap();
    hub.config.mail.from = String::new();
    assert!(hub.silent(&mut watch, 5_010));
    assert!(hub.letters().is_empty());
    assert!(!hub.silent(&mut watch, 5_020));
    hub.check();
}
