//! Two hubs, linked by the commands of the manual: a finding goes over and its receipt comes back, also when both are killed.

mod by_mail;
mod csaf;
mod faults;

use std::{
    thread,
    time::{Duration, Instant},
};

use schakel_testkit::ports::free_port;
use serde_json::Value;

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
    killing::{Killer, setting},
    program,
    serve::{Serving, put},
};

/// A machine under load needs this long at worst.
const PATIENCE: Duration = Duration::from_secs(90);

/// Kills of both hubs together, unless it is said.
const KILLS: u64 = 4;

/// One hub, with a configuration that stays the same.
struct Hub {
    installation: Installation,
    name: &'static str,
    config: String,
}

impl Hub {
    fn new(name: &'static str, register: &Register, listens: bool) -> Self {
        let port = listens.then(|| free_port().unwrap());
        Self::at(name, register, port.map(|port| (port, port)))
    }

    /// Listens at a port, and is reached at another (or the same).
    fn at(name: &'static str, register: &Register, ports: Option<(u16, u16)>) -> Self {
        let installation = Installation::empty();
        installation.import(register);
        let listen = match ports {
            Some((port, public)) => {
                format!("listen = \"127.0.0.1:{port}\"\nurl = \"http://127.0.0.1:{public}\"\n")
            }
            None => String::new(),
        };
        let config = format!(
            "[hub]\nname = \"{name}\"\nfetch_seconds = 1\n{listen}[outgoing]\nallow = [\"127.0.0.0/8\"]\n\
             [mail]\nchannel = \"folder\"\nfrom = \"desk@{name}\"\n"
        );
        installation.configure(&config);
        installation.run(&["user", "add", "jan"]).ended(0);
        Self { installation, name, config }
    }

    /// Runs a command by the real clock, which hubs sign with.
    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let mut command = self.installation.command_by_a_running_clock(args);
        program::run(command.args(["--as", "jan", "--json"])).ended(0).json()
    }

    #[track_caller]
    fn fingerprint(&self) -> String {
        self.json(&["hub", "init"])["fingerprint"].as_str().unwrap().to_owned()
    }

    fn serve(&self) -> Serving {
        Serving::start(&self.installation, &self.config)
    }

    fn report(&self, day: &str, addresses: &[String]) {
        let rows: Vec<&str> = addresses.iter().map(String::as_str).collect();
        put(&self.installation, &rdp_name(day), rdp(day, &rows));
    }
}

/// What concerns CERT at the top is the bottom's, where it is Eikendam's.
fn registers() -> (Register, Register) {
    let top = Register::default()
        .organisation("CERT,Sectoral CERT,hub,,en")
        .asset("CERT,prefix,198.51.100.0/24,owner")
        .asset("CERT,prefix,203.0.113.0/24,owner")
        .contact("CERT,findings,Desk,desk@cert.example,,en,AMBER");
    let bottom = Register::default()
        .organisation("GM1,Eikendam,municipality,,nl")
        .asset("GM1,prefix,198.51.100.0/24,owner")
        .contact("GM1,findings,CERT Eikendam,cert@eikendam.example,,nl,AMBER");
    (top, bottom)
}

fn two_hubs(bottom_listens: bool) -> (Hub, Hub) {
    let (top, bottom) = registers();
    let top = Hub::new("top.example", &top, true);
    let bottom = Hub::new("bottom.example", &bottom, bottom_listens);
    link(&top, &bottom);
    (top, bottom)
}

fn link(top: &Hub, bottom: &Hub) {
    let (of_top, of_bottom) = (top.fingerprint(), bottom.fingerprint());
    let invited = top.json(&["hub", "invite", bottom.name, "--organisation", "CERT", "--direction", "out"]);
    assert_eq!(invited["fingerprint"], of_top.as_str());
    let invitation = bottom.installation.file("invitation", invited["file"].as_str().unwrap());
    let accepted = bottom.json(&["hub", "accept", &invitation, "--fingerprint", &of_top]);
    let acceptance = top.installation.file("acceptance", accepted["file"].as_str().unwrap());
    top.json(&["hub", "confirm", &acceptance, "--fingerprint", &of_bottom]);
    let links = top.json(&["hub", "list"]);
    let links = links["links"].as_array().unwrap();
    assert!(links.iter().all(|link| link["state"] == "active"), "{links:?}");
}

fn wait<const HUBS: usize>(
    what: &str,
    hubs: [(&Hub, Option<&Serving>); HUBS],
    mut is_so: impl FnMut() -> bool,
) {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() > PATIENCE {
            for (hub, serving) in hubs {
                println!("{}: {}", hub.name, hub.installation.ledger());
                println!("{}", serving.map(Serving::log).unwrap_or_default());
            }
            panic!("waited for {what}");
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn goes_over_and_comes_back(bottom_listens: bool) {
    let (top, bottom) = two_hubs(bottom_listens);
    let (serving, below) = (top.serve(), bottom.serve());
    let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
    // Three that are Eikendam's, and one that the bottom knows nobody for.
    top.report(
        "2026-11-20",
        &["198.51.100.1", "198.51.100.2", "198.51.100.3", "203.0.113.9"].map(str::to_owned),
    );
    wait("Eikendam to be told", hubs(), || bottom.installation.fate("notified") == 3);
    // The bottom has them all; of the one that is nobody's there it says so, and the desk at the top weighs that.
    wait("every receipt", hubs(), || top.installation.fate("handed_over") == 4);
    wait("what is not theirs", hubs(), || {
        let answers = top.json(&["answer", "list"]);
        answers["answers"].as_array().is_some_and(|answers| answers.len() == 1)
    });
    let waits = &top.json(&["hub", "queue"])["queue"][0]["waits"];
    assert_eq!((count(&waits["without_receipt"]), count(&waits["parcels"]["normal"])), (0, 0));
    drop((serving, below));
    top.installation.assert_sound();
    bottom.installation.assert_sound();
}

#[test]
fn a_finding_is_handed_over_told_below_and_its_receipt_comes_back() {
    goes_over_and_comes_back(true);
}

#[test]
fn a_hub_that_nobody_can_reach_fetches_what_is_for_it() {
    goes_over_and_comes_back(false);
}

#[test]
fn a_wrong_fingerprint_makes_no_link() {
    let top = Hub::new("top.example", &Register::small(), true);
    let bottom = Hub::new("bottom.example", &Register::small(), true);
    let (of_top, of_bottom) = (top.fingerprint(), bottom.fingerprint());
    let invited = top.json(&["hub", "invite", "bottom.example"]);
    let invitation = bottom.installation.file("invitation", invited["file"].as_str().unwrap());
    let accept = |print: &str| {
        let args = ["hub", "accept", &invitation, "--fingerprint", print, "--as", "jan"];
        bottom.installation.run(&args)
    };
    accept(&of_bottom).ended(1).says(&["fingerprint", "another way"]);
    accept("12345").ended(2).says(&["8 groups of 5 digits"]);
    assert_eq!(bottom.json(&["hub", "list"])["links"].as_array().unwrap().len(), 0);
    let mut dry = bottom.installation.command_by_the_real_clock(&[
        "hub",
        "accept",
        &invitation,
        "--fingerprint",
        &of_top,
    ]);
    program::run(dry.args(["--as", "jan", "--dry-run"])).ended(0);
    assert_eq!(bottom.json(&["hub", "list"])["links"].as_array().unwrap().len(), 0);
}

#[test]
fn both_hubs_are_killed_and_every_finding_has_one_effect() {
    let (top, bottom) = two_hubs(true);
    let kills = setting("SCHAKEL_KILLS", KILLS);
    let mut killer = Killer::new();
    let mut total = 0;
    for round in 0..=kills {
        let addresses: Vec<String> =
            (0..60).map(|n| format!("198.51.100.{}", 1 + (round * 60 + n) % 250)).collect();
        let (serving, below) = (top.serve(), bottom.serve());
        top.report(&format!("2026-11-{:02}", 1 + round % 20), &addresses);
        total = total.max((round * 60 + 60).min(250));
        if round < kills {
            thread::sleep(killer.moment(Duration::from_secs(5)));
            // Dropped is killed.
            match round % 3 {
                0 => drop(serving),
                1 => drop(below),
                _ => drop((serving, below)),
            }
            continue;
        }
        let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
        wait("Eikendam to be told of all", hubs(), || bottom.installation.fate("notified") == total);
        wait("all receipts", hubs(), || top.installation.fate("handed_over") == total);
    }
    top.installation.assert_sound();
    bottom.installation.assert_sound();
    // A parcel that had its effect twice would have been seen twice.
    assert_eq!(bottom.installation.fate("known"), 0);
}

#[test]
fn a_chain_of_three_is_killed_and_the_three_ledgers_agree() {
    let (above, below) = registers();
    let top = Hub::new("top.example", &above, true);
    let middle = Hub::new("middle.example", &above, true);
    let bottom = Hub::new("bottom.example", &below, true);
    link(&top, &middle);
    link(&middle, &bottom);
    let kills = setting("SCHAKEL_KILLS", KILLS);
    let mut killer = Killer::new();
    let mut total = 0;
    for round in 0..=kills {
        let addresses: Vec<String> =
            (0..60).map(|n| format!("198.51.100.{}", 1 + (round * 60 + n) % 250)).collect();
        let mut serving: Vec<Serving> = [&top, &middle, &bottom].map(Hub::serve).into();
        top.report(&format!("2026-11-{:02}", 1 + round % 20), &addresses);
        total = total.max((round * 60 + 60).min(250));
        if round < kills {
            thread::sleep(killer.moment(Duration::from_secs(5)));
            // One of them, while the others go on for a moment; then all.
            drop(serving.swap_remove(round as usize % 3));
            thread::sleep(killer.moment(Duration::from_secs(2)));
            continue;
        }
        let hubs = || [(&top, Some(&serving[0])), (&middle, Some(&serving[1])), (&bottom, Some(&serving[2]))];
        wait("Eikendam to be told of all", hubs(), || bottom.installation.fate("notified") == total);
        wait("all receipts in the middle", hubs(), || middle.installation.fate("handed_over") == total);
        wait("all receipts at the top", hubs(), || top.installation.fate("handed_over") == total);
    }
    for hub in [&top, &middle, &bottom] {
        hub.installation.assert_sound();
    }
    // A parcel that had its effect twice would have been seen twice.
    for hub in [&middle, &bottom] {
        assert_eq!(hub.installation.fate("known"), 0, "{}", hub.name);
    }
}

#[test]
fn a_hub_asks_another_whose_an_address_is_and_both_have_it_in_their_logs() {
    let (top, bottom) = two_hubs(true);
    // Nobody agreed on questions yet.
    let ask = |hub: &Hub, value: &str| {
        let mut command =
            hub.installation.command_by_the_real_clock(&["hub", "whose", "bottom.example", value]);
        program::run(command.args(["--as", "jan", "--wait", "30", "--json"]))
    };
    ask(&top, "198.51.100.7").ended(1).says(&["`ask`"]);
    for (hub, peer) in [(&top, "bottom.example"), (&bottom, "top.example")] {
        hub.json(&["hub", "end", peer]);
    }
    let purposes = ["--purposes", "notify,ask"];
    let invited = top.json(&[&["hub", "invite", "bottom.example"], &purposes[..]].concat());
    let invitation = bottom.installation.file("invitation", invited["file"].as_str().unwrap());
    let of_top = top.fingerprint();
    let accept = ["hub", "accept", &invitation, "--fingerprint", &of_top];
    let accepted = bottom.json(&[&accept[..], &purposes[..]].concat());
    let acceptance = top.installation.file("acceptance", accepted["file"].as_str().unwrap());
    top.json(&["hub", "confirm", &acceptance, "--fingerprint", &bottom.fingerprint()]);
    let (serving, below) = (top.serve(), bottom.serve());
    for (value, answer) in [("198.51.100.7", "yes"), ("192.0.2.200", "no")] {
        let said = ask(&top, value).ended(0).json();
        assert_eq!((said["value"].as_str(), said["answer"].as_str()), (Some(value), Some(answer)), "{said}");
    }
    for (hub, peer, way) in [(&top, "bottom.example", "asked"), (&bottom, "top.example", "heard")] {
        let log = hub.json(&["hub", "log", peer]);
        assert_eq!(log["questions"].as_array().unwrap().len(), 2, "{log}");
        assert_eq!(log["questions"][0]["way"], way);
        assert!(log["log"].as_array().unwrap().iter().any(|entry| entry["action"] == "hub.whose"));
    }
    drop((serving, below));
    // A new key that is only tried leaves nothing behind.
    let mut dry = top.installation.command_by_the_real_clock(&["hub", "key", "rotate", "--dry-run"]);
    program::run(dry.args(["--as", "jan"])).ended(0);
    assert_eq!(top.json(&["hub", "key", "rotate"])["announced_to"], 1);
    top.installation.assert_sound();
    bottom.installation.assert_sound();
}
