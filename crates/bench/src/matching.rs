//! Blind matching on one core: what each side pays for an event with an address and a name.

use std::{net::Ipv4Addr, time::Instant};

use anyhow::Context;
use schakel_rules::blind_selectors::{of_address, of_name};
use schakel_seal::{
    blind::{BlindKey, ask},
    random::Random as Sealed,
};
use serde::{Deserialize, Serialize};

use crate::{figures::rate, random::Random, table::Table};

/// Events of a round.
const EVENTS: usize = 200;

/// Of some rounds the best counts: other work on the machine only ever makes a round slower.
const ROUNDS: usize = 5;

/// Events a second, on one core.
#[derive(Default, Serialize, Deserialize)]
pub struct Matching {
    /// Selectors of an event.
    pub selectors: f64,
    /// Blinded and finalised, by who asks.
    pub asked: f64,
    /// Evaluated, by who answers.
    pub answered: f64,
}

impl Matching {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        let beside = format!("{:.0} selectors each", self.selectors);
        table.line(
            "who asks: blind and finalise",
            rate(self.asked, "events"),
            "≥ 500 events/s a core",
            &beside,
        );
        table.line("who answers: evaluate", rate(self.answered, "events"), "≥ 500 events/s a core", &beside);
    }
}

/// Asks and answers.
pub fn measure() -> anyhow::Result<Matching> {
    let key = BlindKey::from_seed(&[7; 32], b"bench").context("a key")?;
    let (mut random, mut sealed) = (Random(42), Sealed::from_seed([9; 32]));
    let mut best = Matching::default();
    for _ in 0..ROUNDS {
        let selectors: Vec<String> = (0..EVENTS).flat_map(|_| event(&mut random)).collect();
        let start = Instant::now();
        let asked =
            selectors.iter().map(|one| ask(one.as_bytes(), &mut sealed)).collect::<Result<Vec<_>, _>>()?;
        let blinding = start.elapsed();
        let start = Instant::now();
        let answers = asked.iter().map(|(_, element)| key.answer(element)).collect::<Result<Vec<_>, _>>()?;
        let answering = start.elapsed();
        let start = Instant::now();
        for ((selector, (asked, _)), answer) in selectors.iter().zip(&asked).zip(&answers) {
            asked.value(selector.as_bytes(), answer)?;
        }
        let asking = blinding + start.elapsed();
        let a_second = |seconds: f64| EVENTS as f64 / seconds.max(f64::MIN_POSITIVE);
        best.selectors = selectors.len() as f64 / EVENTS as f64;
        best.asked = best.asked.max(a_second(asking.as_secs_f64()));
        best.answered = best.answered.max(a_second(answering.as_secs_f64()));
    }
    Ok(best)
}

fn event(random: &mut Random) -> Vec<String> {
    let ip = Ipv4Addr::from(random.next() as u32);
    let mut selectors = of_address(ip.into());
    selectors.extend(of_name(&format!(
        "host{}.stad{}.example",
        random.next() % 1_000,
        random.next() % 1_000
    )));
    selectors
}
