//! A link by mail, over real mail servers: two Postfixes, each of which hands everything to the mail door of one hub.

use schakel_testkit::postfix::{Postfix, Protocol};

use super::*;

/// A hub that is reached by mail alone: what it sends goes to the mail server at this port, what comes arrives at its door.
fn hub(name: &'static str, register: &Register, server: u16, door: u16) -> Hub {
    let hub = Hub::at(name, register, None);
    let config = format!(
        "[hub]\nname = \"{name}\"\n[outgoing]\nallow = [\"127.0.0.0/8\"]\n\
         [mail]\nchannel = \"smtp\"\nfrom = \"desk@{name}\"\n\
         [mail.smtp]\nhost = \"127.0.0.1\"\nport = {server}\nencryption = \"none\"\n\
         [doors.smtp]\nlisten = [\"127.0.0.1:{door}\"]\nrecipients = [\"@{name}\"]\n"
    );
    hub.installation.configure(&config);
    Hub { config, ..hub }
}

#[test]
fn findings_go_down_and_receipts_come_back_through_real_mail_servers() {
    let (door_above, door_below) = (free_port().unwrap(), free_port().unwrap());
    let Some(down) = Postfix::start_handing_to(Protocol::Smtp, door_below) else { return };
    let Some(up) = Postfix::start_handing_to(Protocol::Smtp, door_above) else { return };
    let (top, bottom) = registers();
    let top = hub("top.example", &top, down.port(), door_above);
    let bottom = hub("bottom.example", &bottom, up.port(), door_below);
    link(&top, &bottom);
    for (hub, peer) in [(&top, "bottom.example"), (&bottom, "top.example")] {
        hub.json(&["hub", "reach", peer, &format!("mailto:hub@{peer}")]);
    }
    let (serving, below) = (top.serve(), bottom.serve());
    top.report("2026-11-20", &["198.51.100.1", "198.51.100.2"].map(str::to_owned));
    let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
    wait("both to come in below", hubs(), || count(&bottom.installation.ledger()["events"]) == 2);
    wait("both receipts", hubs(), || top.installation.fate("handed_over") == 2);
    drop((serving, below));
    let waits = &top.json(&["hub", "queue"])["queue"][0]["waits"];
    assert_eq!((count(&waits["without_receipt"]), count(&waits["parcels"]["normal"])), (0, 0), "{waits}");
    top.installation.assert_sound();
    bottom.installation.assert_sound();
}
