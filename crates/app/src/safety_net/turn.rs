//! What a running service does for the safety net: asks on a thread of its own, and writes the mails between two reports.

use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use schakel_lookup::Lookup;
use schakel_render::templates::Templates;
use schakel_store::{Reader, Store, data_dir::DataDir};

use super::{
    asking::{self, Asked, Limits},
    plan::plan,
    telling::tell,
};
use crate::config::Config;

/// Once an hour: an answer that a registry gives slowly is there the next time.
const TURN_SECONDS: i64 = 3_600;

/// What is under way.
#[derive(Default)]
pub struct SafetyNetTurn {
    next_at: Option<i64>,
    asking: Option<JoinHandle<anyhow::Result<Asked>>>,
}

impl SafetyNetTurn {
    /// Begins to ask when it is time, and writes mails when that has ended.
    pub fn turn(
        &mut self,
        store: &mut Store,
        config: &Config,
        templates: &Templates,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let at = now.as_second();
        if !config.safety_net.enabled {
            return Ok(());
        }
        if self.asking.is_none() && self.next_at.is_none_or(|next| at >= next || next - at > TURN_SECONDS) {
            self.next_at = Some(at.saturating_add(TURN_SECONDS));
            let (data, config) = (store.data().clone(), config.clone());
            self.asking = Some(thread::spawn(move || ask(&data, &config, at)));
        }
        let Some(asking) = self.asking.take_if(|asking| asking.is_finished()) else { return Ok(()) };
        match asking.join() {
            Ok(Ok(asked)) if asked == Asked::default() => {}
            Ok(Ok(Asked { found, nobody, silent, left })) => {
                tracing::info!(found, nobody, silent, left, "asked whom to tell what is nobody's");
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %format!("{error:#}"), "could not ask whom to tell what is nobody's");
                return Ok(());
            }
            Err(_) => {
                anyhow::bail!("the thread that asks for the safety net stopped in an unexpected way")
            }
        }
        let (made, _) = tell(store, &Lookup::new(&config.outgoing)?, config, templates, now)?;
        if !made.is_empty() {
            let findings: usize = made.iter().map(|one| one.findings.len()).sum();
            tracing::info!(mails = made.len(), findings, "told what is nobody's to whoever is named for it");
        }
        Ok(())
    }
}

fn ask(data: &DataDir, config: &Config, now: i64) -> anyhow::Result<Asked> {
    let reader = Reader::open(data)?;
    let lookup = Lookup::new(&config.outgoing)?;
    let wanted = plan(&reader, &lookup, config, now)?.to_ask;
    Ok(asking::ask(&reader, &lookup, &wanted, Limits::HOURLY, now, &|_| {})?)
}
