//! What a running service does now and then beside its work: proofs and names looked up again, stale contacts asked, alarms. Looking takes as long
//! as the world takes, so it is done on a thread of its own; what was found is recorded between two reports.

use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use schakel_lookup::{Lookup, settings::OutgoingSettings};
use schakel_model::{claim::ClaimState, clock::Clock};
use schakel_render::templates::Templates;
use schakel_rules::{contact_change::reminder_is_due, feed_health::Alarm};
use schakel_store::{
    Reader, Store,
    act::Act,
    data_dir::DataDir,
    hubs,
    register::{load, version},
};

use crate::{
    config::Config,
    contacts,
    enrichment::asking::{self, Answers},
    feed_health::{self, FeedHealth},
    name_look_ups::{self, Limits, Which},
    portal::sign_in,
    proof::{self, Rechecked},
    safety_net::turn::SafetyNetTurn,
};

/// How often it is looked what is due: each thing has its own, longer, rhythm.
const LOOK_SECONDS: i64 = 3_600;

/// The actor of what the service does by itself.
const ACTOR: &str = "serve";

/// What is under way.
#[derive(Default)]
pub struct Chores {
    next_at: Option<i64>,
    looking: Option<JoinHandle<anyhow::Result<Found>>>,
    naming: Option<JoinHandle<()>>,
    enriching: Option<JoinHandle<()>>,
    safety_net: SafetyNetTurn,
    alarmed: Vec<String>,
    feeds_alarmed: Vec<(String, String, Alarm)>,
}

/// What was not as it should be when it was last looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alarms {
    /// Organisations that nobody can be told anything of.
    pub unreachable: usize,
    /// Feeds that do not come as they usually do.
    pub feeds: usize,
}

/// What was found.
struct Found {
    looked: Vec<Rechecked>,
    unreachable: Vec<String>,
    somebody_is_stale: bool,
    feeds: Vec<FeedHealth>,
}

impl Chores {
    /// One turn: begins to look when it is time, records what was found. Gives the alarms, when it was
    /// looked at.
    pub fn turn(
        &mut self,
        store: &mut Store,
        config: &Config,
        templates: &Templates,
        clock: &Clock,
    ) -> anyhow::Result<Option<Alarms>> {
        let now = clock.now_seconds();
        self.safety_net.turn(store, config, templates, clock.now())?;
        if self.looking.is_none() && self.next_at.is_none_or(|at| now >= at || at - now > LOOK_SECONDS) {
            self.next_at = Some(now.saturating_add(LOOK_SECONDS));
            sign_in::forget_old(store, now)?;
            self.look_names_up(store.data(), config, now);
            self.enrich(store.data(), config, now);
            let (data, config) = (store.data().clone(), config.clone());
            self.looking = Some(thread::spawn(move || look(&data, &config, now)));
        }
        let Some(looking) = self.looking.take_if(|looking| looking.is_finished()) else { return Ok(None) };
        match looking.join() {
            Ok(Ok(found)) => self.record(store, config, templates, now, found).map(Some),
            Ok(Err(error)) => {
                tracing::warn!(error = %format!("{error:#}"), "could not look what is due");
                Ok(None)
            }
            Err(_) => anyhow::bail!("the thread that looks what is due stopped in an unexpected way"),
        }
    }

    /// Looks names up on a thread of its own, which records what it finds: nothing else waits for it.
    fn look_names_up(&mut self, data: &DataDir, config: &Config, now: i64) {
        if !config.register.look_up_names || self.naming.as_ref().is_some_and(|naming| !naming.is_finished())
        {
            return;
        }
        let (data, outgoing) = (data.clone(), config.outgoing.clone());
        self.naming = Some(thread::spawn(move || match look_names_up(&data, &outgoing, now) {
            Ok(name_look_ups::Found { resolve: 0, gone: 0, unknown: 0, .. }) => {}
            Ok(found) => tracing::info!(
                resolve = found.resolve,
                gone = found.gone,
                no_answer = found.unknown,
                left = found.left,
                "looked up whether names still resolve"
            ),
            Err(error) => tracing::warn!(error = %format!("{error:#}"), "could not look names up"),
        }));
    }

    /// Asks the DNS about findings on a thread of its own, which records what it finds.
    fn enrich(&mut self, data: &DataDir, config: &Config, now: i64) {
        let is_under_way = self.enriching.as_ref().is_some_and(|enriching| !enriching.is_finished());
        if !config.enrichment.look_up || is_under_way {
            return;
        }
        let (data, outgoing) = (data.clone(), config.outgoing.clone());
        self.enriching = Some(thread::spawn(move || match ask_about_findings(&data, &outgoing, now) {
            Ok(answers) if answers == Answers::default() => {}
            Ok(answers) => tracing::info!(
                found = answers.found,
                nothing = answers.nothing,
                unusable = answers.unusable,
                no_answer = answers.unknown,
                left = answers.left,
                "asked the DNS about findings"
            ),
            Err(error) => {
                tracing::warn!(error = %format!("{error:#}"), "could not ask the DNS about findings")
            }
        }));
    }

    fn record(
        &mut self,
        store: &mut Store,
        config: &Config,
        templates: &Templates,
        now: i64,
        found: Found,
    ) -> anyhow::Result<Alarms> {
        let act = Act { at: now, actor: ACTOR, reason: "" };
        for after in proof::record_again(store, &config.claims, &act, found.looked)? {
            match (after.state, after.failing_since) {
                (ClaimState::Lapsed, _) => {
                    tracing::warn!(claim = %after.claim, "a proof counts no longer: the asset is asserted");
                }
                (_, Some(since)) => {
                    let since = Timestamp::from_second(since).unwrap_or_default();
                    tracing::warn!(claim = %after.claim, %since, "a proof is not found any more");
                }
                _ => {}
            }
        }
        if found.somebody_is_stale && config.contacts.remind {
            let act = Act { reason: "not confirmed for 90 days", ..act };
            let reminded = contacts::remind(store, config, templates, &act)?;
            tracing::info!(reminded, "asked contacts whether they are still right");
        }
        // The same alarm is said once.
        for code in found.unreachable.iter().filter(|code| !self.alarmed.contains(code)) {
            tracing::error!(organisation = %code, "nobody of this organisation can be told anything");
        }
        self.alarmed = found.unreachable;
        self.look_at_feeds(&found.feeds);
        Ok(Alarms { unreachable: self.alarmed.len(), feeds: self.feeds_alarmed.len() })
    }

    /// Says what is not as usual with a feed, once.
    fn look_at_feeds(&mut self, feeds: &[FeedHealth]) {
        let mut alarmed = Vec::new();
        for one in feeds {
            let FeedHealth { source, provider, feed, health } = one;
            for alarm in &health.alarms {
                let key = (source.clone(), feed.clone(), *alarm);
                if !self.feeds_alarmed.contains(&key) {
                    tracing::error!(
                        source,
                        provider,
                        feed,
                        alarm = alarm.as_str(),
                        last_at = %Timestamp::from_second(health.last_at).unwrap_or_default(),
                        last_rows = health.last_rows,
                        every_seconds = health.every_seconds,
                        usual_rows = health.usual_rows,
                        "a feed is not as usual: `schakel source health` shows it"
                    );
                }
                alarmed.push(key);
            }
        }
        self.feeds_alarmed = alarmed;
    }
}

fn look_names_up(
    data: &DataDir,
    outgoing: &OutgoingSettings,
    now: i64,
) -> anyhow::Result<name_look_ups::Found> {
    let reader = Reader::open(data)?;
    let register = reader.read(|connection| load(connection, version(connection)?))?;
    let lookup = Lookup::new(outgoing)?;
    Ok(name_look_ups::look_up(&reader, &lookup, &register, Which::Due, Limits::HOURLY, now, &|_| {})?)
}

fn ask_about_findings(data: &DataDir, outgoing: &OutgoingSettings, now: i64) -> anyhow::Result<Answers> {
    let reader = Reader::open(data)?;
    let lookup = Lookup::new(outgoing)?;
    let due = asking::due(&reader, &lookup, now)?;
    Ok(asking::ask(&reader, &lookup, due.questions, asking::Limits::HOURLY, now, &|_| {})?)
}

fn look(data: &DataDir, config: &Config, now: i64) -> anyhow::Result<Found> {
    let reader = Reader::open(data)?;
    let register = reader.read(|connection| load(connection, version(connection)?))?;
    let due = proof::due(&reader, now)?;
    let looked = match due.is_empty() {
        true => Vec::new(),
        false => proof::look_again(&Lookup::new(&config.outgoing)?, &register, due),
    };
    let stale = contacts::stale(&reader, &register, now)?;
    let somebody_is_stale = stale.iter().any(|aged| {
        !aged.contact.email.trim().is_empty()
            && reminder_is_due(aged.freshness.confirmed_at, aged.freshness.reminded_at, now)
    });
    let hubs = reader.read(hubs::standing)?;
    let has_hub = |code: &str| hubs.iter().any(|link| link.organisation.eq_ignore_ascii_case(code));
    let alarms = contacts::alarms(&register, now);
    let codes = alarms.iter().map(|organisation| organisation.code.clone());
    let unreachable = codes.filter(|code| !has_hub(code)).collect();
    let feeds = feed_health::all(&reader, now)?;
    Ok(Found { looked, unreachable, somebody_is_stale, feeds })
}
