//! A hub that was restored from a backup asks at once what it has lost, and gets it.

use schakel_app::handover::upward::Upward;
use schakel_model::hub::LinkState;
use schakel_store::{
    backup::{self, Waiting},
    findings,
};

use super::*;

/// What a link does by itself at this time.
fn turn(hub: &Hub, now: i64) {
    Upward::default().turn(&mut hub.store(), &hub.config, now).unwrap();
}

fn count(hub: &Hub) -> u32 {
    hub.reader().read(findings::count).unwrap()
}

#[test]
fn a_restored_hub_asks_what_it_has_lost_and_it_has_one_effect() {
    let [_, above, below] = three();
    let backup = tempfile::tempdir().unwrap();
    let target = backup.path().join("backup");
    above.report(&["203.0.113.1", "203.0.113.2"]);
    above.compose();
    above.bring(&below);
    // The service has looked at its links before the backup was made, as it does every ten seconds.
    turn(&below, NOW);
    below.bring(&above);
    backup::backup(&below.reader(), &target).unwrap();
    above.report(&["203.0.113.3", "203.0.113.4", "203.0.113.5"]);
    above.compose();
    above.bring(&below);
    below.bring(&above);
    assert_eq!(count(&below), 5);

    let later = NOW + 3 * 3_600;
    let below = Hub::restored(&below, &target);
    assert_eq!(count(&below), 2);
    turn(&below, later);
    assert_eq!(below.lines(&above).len(), 0, "nothing leaves before somebody has said so");
    backup::confirm_restore(&mut below.store(), later, "jan", Waiting::Send).unwrap();
    // Its own question, without waiting for the daily digest of the other side.
    let asked = below.bring(&above);
    let kinds = |lines: &[Vec<u8>]| -> Vec<Kind> {
        lines.iter().map(|line| message::read(line).unwrap().envelope.kind).collect()
    };
    assert!(kinds(&asked).contains(&Kind::DigestAsk), "{:?}", kinds(&asked));
    for _ in 0..10 {
        if above.bring(&below).len() + below.bring(&above).len() == 0 {
            break;
        }
    }
    assert_eq!(count(&below), 5, "all of it is back, once");
    assert_eq!(above.lines(&below).len(), 0);
    turn(&below, later + 60);
    assert_eq!(below.lines(&above).len(), 0, "it asks once");
    above.check();
    below.check();
}

#[test]
fn a_hub_that_lost_everything_since_the_link_began_gets_all_of_it() {
    let [_, above, below] = three();
    let backup = tempfile::tempdir().unwrap();
    let target = backup.path().join("backup");
    // Not even the mark of its first look is in the backup.
    backup::backup(&below.reader(), &target).unwrap();
    above.report(&["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
    above.compose();
    above.bring(&below);
    below.bring(&above);
    let later = NOW + 2 * 86_400;
    let below = Hub::restored(&below, &target);
    backup::confirm_restore(&mut below.store(), later, "jan", Waiting::Send).unwrap();
    assert_eq!(below.link(&above).state, LinkState::Active);
    turn(&below, later);
    for _ in 0..10 {
        if below.bring(&above).len() + above.bring(&below).len() == 0 {
            break;
        }
    }
    assert_eq!(count(&below), 3);
    below.check();
}
