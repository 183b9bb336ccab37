//! `schakel demo --chain`: a national point, a sectoral CERT and a municipality, three installations that share nothing, linked by the commands that
//! anybody uses; and a researcher's report that travels down and its answer that travels up. Nothing leaves the machine.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, ensure};
use schakel_model::clock::Clock;
use serde_json::{Value, json};

use self::site::{Site, wait};
use crate::{
    Context,
    args::DemoArgs,
    output::{Ending, Out, is_watched, say},
};

mod site;

/// What marks a folder as ours to delete.
const MARK: &str = "made-up-chain";

const NATIONAL: (&str, &str) = ("the national point", "meldpunt.example");
const SECTOR: (&str, &str) = ("the sectoral CERT", "cert.example");
const CITY: (&str, &str) = ("the municipality of Eikendam", "eikendam.example");

const CONTACTS: &str = "organisation,role,name,email,language,tlp_max\n";

/// What is found was seen a minute ago.
const SEEN_SECONDS_AGO: i64 = 60;

/// What the researcher found, by address: three at Eikendam, one at its neighbour, one that is nobody's.
const FOUND: [&str; 5] = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.200", "203.0.113.7"];

pub fn run(context: &Context, args: &DemoArgs, root: &Path) -> anyhow::Result<Ending> {
    prepare(root)?;
    let out = &context.out;
    let mut chain = Chain::set_up(root, context.clock)?;
    let story = chain.travel(out)?;
    let times = chain.measure(args.rounds)?;
    let ledgers = chain.ledgers(out)?;
    summary(out, &chain, &times);
    out.json(&json!({
        "steps": story,
        "latency_ms": { "rounds": times.len(), "p50": percentile(&times, 50), "p95": percentile(&times, 95), "max": times.last() },
        "ledgers": ledgers,
        "data": [chain.national.data(), chain.sector.data(), chain.city.data()],
    }))?;
    Ok(Ending::Done)
}

/// The folder, empty. Only one of ours is emptied.
fn prepare(root: &Path) -> anyhow::Result<()> {
    let mark = root.join(MARK);
    if root.exists() {
        let is_empty = fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_none());
        ensure!(
            is_empty || mark.exists(),
            "{} holds something else than a demo: name another folder with --data",
            root.display()
        );
        fs::remove_dir_all(root).with_context(|| format!("cannot empty {}", root.display()))?;
    }
    fs::create_dir_all(root).with_context(|| format!("cannot make {}", root.display()))?;
    fs::write(&mark, "").with_context(|| format!("cannot write {}", mark.display()))
}

/// Where the demo of the chain lies, beside the data directory.
pub fn folder(beside: &Path) -> PathBuf {
    beside.with_file_name("schakel-demo-chain")
}

struct Chain {
    national: Site,
    sector: Site,
    city: Site,
    clock: Clock,
}

impl Chain {
    fn set_up(root: &Path, clock: Clock) -> anyhow::Result<Self> {
        step("making three installations that share nothing");
        let of_sector =
            "id,name,kind\nGM9001,Gemeente Eikendam,municipality\nGM9002,Gemeente Berkendal,municipality\n";
        let national = Site::new(
            root,
            NATIONAL,
            &[("organisations.csv", "id,name,kind\nCERT,Sectoral CERT,hub\n"), ("contacts.csv", CONTACTS)],
        )?;
        let sector = Site::new(
            root,
            SECTOR,
            &[
                ("organisations.csv", of_sector),
                ("assets.csv", "organisation,kind,value,role\nGM9002,prefix,192.0.2.128/25,owner\n"),
                ("contacts.csv", &format!("{CONTACTS}GM9002,findings,IB,ib@berkendal.example,nl,AMBER\n")),
            ],
        )?;
        let city = Site::new(
            root,
            CITY,
            &[
                ("organisations.csv", "id,name,kind\nICT,ICT-beheer Eikendam,it_partnership\n"),
                ("assets.csv", "organisation,kind,value,role\nICT,prefix,192.0.2.0/25,owner\n"),
                (
                    "contacts.csv",
                    &format!("{CONTACTS}ICT,findings,Beheer,beheer@eikendam.example,nl,AMBER\n"),
                ),
            ],
        )?;
        step("linking them: an invitation, an acceptance, and fingerprints read aloud");
        link(&national, &sector, "CERT")?;
        link(&sector, &city, "GM9001")?;
        let mut chain = Self { national, sector, city, clock };
        for site in [&mut chain.national, &mut chain.sector, &mut chain.city] {
            site.start()?;
        }
        step("telling each upward what is whose: the register by claim");
        chain.city.run(&["hub", "claims", "publish", SECTOR.1])?;
        has_claims(&chain.sector, 1)?;
        chain.sector.run(&["hub", "claims", "publish", NATIONAL.1])?;
        has_claims(&chain.national, 2)?;
        Ok(chain)
    }

    /// A report travels down, and an answer up.
    fn travel(&mut self, out: &Out) -> anyhow::Result<Vec<Value>> {
        out.line("");
        out.line("One report, from a researcher to whoever can solve it, and back");
        out.line("");
        self.national.run(&[
            "source",
            "add",
            "researcher",
            "--kind",
            "researcher",
            "--name",
            "A researcher",
        ])?;
        let token = self.national.run(&["source", "token", "add", "researcher", "--label", "demo"])?;
        let token = token["secret"].as_str().context("the token of the researcher")?.to_owned();
        let mut told = Teller { out, begun: Instant::now(), steps: Vec::new() };
        let mut report: String = FOUND.iter().map(|ip| row(&self.clock, ip)).collect();
        report.push_str("{\"this\": \"is no event\"}\n");
        let receipt = self.national.report(&token, "found.json", &report)?;
        told.say("in", NATIONAL.0, &format!("{receipt} arrives: six rows of somebody it does not know well"));
        wait("the report to be held", || {
            let held = self.national.run(&["vetting", "list"])?;
            Ok(held["held"].as_array().filter(|held| !held.is_empty()).map(|_| ()))
        })?;
        told.say("held", NATIONAL.0, "a person looks before anybody is told");
        self.national.run(&["vetting", "accept", &receipt])?;
        told.say("vetted", NATIONAL.0, "accepted: five events and one row that cannot be read");
        let fates = |site: &Site, fate: &str, count: u64| {
            wait(&format!("{count} {fate} at {}", site.title), || {
                let ledger = site.run(&["ledger"])?;
                Ok(ledger["fates"][fate].as_u64().filter(|found| *found >= count))
            })
        };
        fates(&self.national, "handed_over", 4)?;
        told.say("matched", NATIONAL.0, "four lie in what the CERT has claimed; one is nobody's, and goes on the list of what to find an owner for");
        told.say("handed over", NATIONAL.0, "one signed parcel for each, and a receipt for each");
        fates(&self.sector, "handed_over", 3)?;
        told.say(
            "routed",
            SECTOR.0,
            "three are Eikendam's, which has a hub of its own; one is Berkendal's, which gets a mail",
        );
        fates(&self.city, "notified", 3)?;
        told.say("told", CITY.0, "its IT department gets one mail that tells all three");
        let finding = self.at_top("192.0.2.10", "delivered")?;
        told.say("delivered", NATIONAL.0, &format!("{finding}: somebody was told; not who"));
        let local = finding_at(&self.city, "192.0.2.10")?;
        self.city.run(&[
            "answer",
            "new",
            "fixed",
            "--finding",
            &local,
            "--organisation",
            "ICT",
            "--who",
            "Piet, by telephone",
        ])?;
        told.say("answered", CITY.0, "\"it is fixed\"");
        self.at_top("192.0.2.10", "fixed")?;
        told.say("heard", NATIONAL.0, &format!("{finding} is fixed, says the CERT; the other two wait"));
        Ok(told.steps)
    }

    /// Waits until a finding has come so far below, as the top knows it. Gives its number there.
    fn at_top(&self, ip: &str, status: &str) -> anyhow::Result<String> {
        let finding = finding_at(&self.national, ip)?;
        wait(&format!("{finding} to be {status}"), || {
            let trace = self.national.run(&["trace", &finding])?;
            Ok((trace["assignments"][0]["hub"]["status"] == status).then_some(()))
        })?;
        Ok(finding)
    }

    /// How long a report takes from the door at the top to the mail at the bottom, in milliseconds, the shortest first.
    fn measure(&self, rounds: u8) -> anyhow::Result<Vec<u128>> {
        if rounds == 0 {
            return Ok(Vec::new());
        }
        step(&format!("sending {rounds} more, one by one, to see how long it takes"));
        self.national.run(&[
            "source",
            "add",
            "scanner",
            "--kind",
            "own",
            "--name",
            "Own scans",
            "--trust",
            "automatic",
        ])?;
        let token = self.national.run(&["source", "token", "add", "scanner", "--label", "demo"])?;
        let token = token["secret"].as_str().context("the token of the scanner")?.to_owned();
        let mut times = Vec::with_capacity(usize::from(rounds));
        for round in 0..rounds {
            let before = self.city.mails();
            let report = row(&self.clock, &format!("192.0.2.{}", 20 + u16::from(round % 100)));
            self.national.report(&token, &format!("scan-{round}.json"), &report)?;
            let accepted = Instant::now();
            wait("a mail at the bottom", || Ok((self.city.mails() > before).then_some(())))?;
            times.push(accepted.elapsed().as_millis());
        }
        times.sort_unstable();
        Ok(times)
    }

    /// Each ledger balances, and everything follows again from the raw reports.
    fn ledgers(&mut self, out: &Out) -> anyhow::Result<Vec<Value>> {
        out.line("");
        let mut ledgers = Vec::new();
        for site in [&mut self.national, &mut self.sector, &mut self.city] {
            wait(&format!("quiet at {}", site.title), || {
                Ok((site.run(&["ledger"])?["fates"]["queued"].as_u64().unwrap_or(0) == 0).then_some(()))
            })?;
            let ledger = site.run(&["ledger"])?;
            ensure!(ledger["balanced"] == true, "the ledger of {} does not balance: {ledger}", site.title);
            let process = site.process();
            site.stop();
            let verified = site.run(&["verify"])?;
            ensure!(verified["ok"] == true, "{} does not verify: {verified}", site.title);
            let fates: Vec<String> = ledger["fates"]
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, count)| count.as_u64() != Some(0))
                .map(|(fate, count)| format!("{count} {fate}"))
                .collect();
            out.line(format!(
                "Ledger  {:<30} {} rows, {} assignments = {}",
                site.title,
                ledger["rows"],
                ledger["assignments"],
                fates.join(" + ")
            ));
            ledgers.push(json!({ "hub": site.name, "process": process, "ledger": ledger, "verified": true }));
        }
        out.line("        All three balance, and follow again from the raw reports.");
        Ok(ledgers)
    }
}

struct Teller<'a> {
    out: &'a Out,
    begun: Instant,
    steps: Vec<Value>,
}

impl Teller<'_> {
    fn say(&mut self, what: &str, site: &str, text: &str) {
        let after = self.begun.elapsed();
        self.out.line(format!("{:>6.2} s  {what:<12} {site}", after.as_secs_f64()));
        self.out.line(format!("                       {text}"));
        self.steps.push(json!({ "step": what, "at": site, "after_ms": after.as_millis() as u64 }));
    }
}

/// `above` hands over to `below`, which is this organisation there. Files and fingerprints go from hand to hand.
fn link(above: &Site, below: &Site, organisation: &str) -> anyhow::Result<()> {
    let text = |value: &Value, name: &str| {
        value[name].as_str().map(str::to_owned).with_context(|| format!("{name} of an invitation"))
    };
    let invitation =
        above.run(&["hub", "invite", below.name, "--organisation", organisation, "--direction", "out"])?;
    let file = below.file("invitation", &text(&invitation, "file")?)?;
    let print = text(&invitation, "fingerprint")?;
    let acceptance = below.run(&["hub", "accept", &file, "--fingerprint", &print, "--direction", "in"])?;
    let file = above.file("acceptance", &text(&acceptance, "file")?)?;
    let print = text(&acceptance, "fingerprint")?;
    above.run(&["hub", "confirm", &file, "--fingerprint", &print])?;
    Ok(())
}

/// Waits until so much was claimed.
fn has_claims(site: &Site, count: usize) -> anyhow::Result<()> {
    wait(&format!("{count} claims at {}", site.title), || {
        let claims = site.run(&["claim", "list"])?;
        Ok(claims["claims"].as_array().filter(|claims| claims.len() >= count).map(|_| ()))
    })
}

/// The number of the finding at an address.
fn finding_at(site: &Site, ip: &str) -> anyhow::Result<String> {
    let found = site.run(&["findings"])?;
    let at_ip =
        |one: &&Value| one["target"].as_str().is_some_and(|target| target.split(':').next() == Some(ip));
    let first = found["findings"].as_array().and_then(|all| all.iter().find(at_ip));
    first
        .and_then(|one| one["finding"].as_str())
        .map(str::to_owned)
        .with_context(|| format!("no finding at {ip} at {}", site.title))
}

fn row(clock: &Clock, ip: &str) -> String {
    let seen = jiff::Timestamp::from_second(clock.now_seconds() - SEEN_SECONDS_AGO).unwrap_or_default();
    format!(
        "{{\"time.source\":\"{seen}\",\"source.ip\":\"{ip}\",\"source.port\":3389,\"classification.type\":\"vulnerable-system\",\
         \"classification.identifier\":\"open-rdp\",\"feed.name\":\"found\",\"severity\":\"high\"}}\n"
    )
}

fn percentile(sorted: &[u128], percent: usize) -> Option<u128> {
    let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(at).copied()
}

fn summary(out: &Out, chain: &Chain, times: &[u128]) {
    if let (Some(p50), Some(p95), Some(max)) = (percentile(times, 50), percentile(times, 95), times.last()) {
        out.line(format!(
            "Speed   from the door at the top to the mail at the bottom: {p50} ms, 95 of 100 within {p95} ms, at most {max} ms ({} reports)",
            times.len()
        ));
    }
    out.line(format!("Mails   {} (nothing left this machine)", chain.city.mail_folder()));
    out.line("");
    out.line("Next, try");
    let program = std::env::args().next().unwrap_or_else(|| "schakel".to_owned());
    for (command, site, why) in [
        ("trace F0", &chain.national, "one finding, and how far it came, without who"),
        ("hub status", &chain.national, "what became of what was handed over"),
        ("hub list", &chain.sector, "both links of the CERT"),
        ("outbox", &chain.city, "what the municipality told"),
    ] {
        out.line(format!("  {program} {command} --data {}", site.data()));
        out.line(format!("      {why}"));
    }
}

fn step(text: &str) {
    if is_watched() {
        say(format!("  {text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<u128> = (1..=20).collect();
        assert_eq!(
            (percentile(&times, 50), percentile(&times, 95), percentile(&times, 100)),
            (Some(10), Some(19), Some(20))
        );
        assert_eq!(percentile(&[7], 95), Some(7));
        assert_eq!(percentile(&[], 95), None);
    }
}
