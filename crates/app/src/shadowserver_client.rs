//! Fetches our reports from Shadowserver: what its list has of the last days, and we have not fetched.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::Ordering::Relaxed,
};

use anyhow::Context;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use schakel_lookup::shadowserver::{Account, Wanted};
use schakel_model::arrival::{Door, Receipt};
use serde::{Deserialize, Serialize};

use crate::{
    config::ShadowserverConfig,
    polls::{Coming, Fetch, Turn, read_checkpoint, write_checkpoint},
};

/// Reports arrive late: so many days back are asked for each time.
const DAYS_BACK: i64 = 4;

/// What was fetched is remembered for longer than it is listed to us.
const REMEMBERED_SECONDS: i64 = 30 * 86_400;

/// Our account at Shadowserver.
pub(crate) struct ShadowserverClient {
    config: ShadowserverConfig,
    secret: String,
    bytes_max: u64,
    file: PathBuf,
    known: Checkpoint,
}

/// What was fetched: the ids of files, and when.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Checkpoint {
    fetched: BTreeMap<String, i64>,
    succeeded_at: i64,
}

impl ShadowserverClient {
    /// As configured, going on where it was.
    pub fn open(config: &ShadowserverConfig, bytes_max: u64, folder: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(!config.key.is_empty(), "`key` is empty: Shadowserver gives it to you");
        for (name, url) in [("url", &config.url), ("files_url", &config.files_url)] {
            let is_folder = url.starts_with("https://") && url.ends_with('/');
            anyhow::ensure!(is_folder, "`{name}` must begin with https:// and end with /");
        }
        let file = folder.join("shadowserver.json");
        let known = read_checkpoint(&file)?.unwrap_or_default();
        Ok(Self { secret: secret(config)?, config: config.clone(), bytes_max, file, known })
    }
}

fn secret(config: &ShadowserverConfig) -> anyhow::Result<String> {
    let (file, variable) = (&config.secret_file, config.secret_env.as_str());
    match (file.as_os_str().is_empty(), variable.is_empty()) {
        (false, true) => {
            let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            Ok(text.trim().to_owned())
        }
        (true, false) => {
            env::var(variable).with_context(|| format!("the environment variable {variable} is not set"))
        }
        _ => anyhow::bail!("set one of `secret_file` and `secret_env`"),
    }
}

/// The last days, as the API wants them.
fn days(now: i64) -> anyhow::Result<String> {
    let today = Timestamp::from_second(now)?.to_zoned(TimeZone::UTC).date();
    Ok(format!("{}:{today}", today.checked_sub(DAYS_BACK.days())?))
}

impl Fetch for ShadowserverClient {
    fn name(&self) -> &str {
        "shadowserver"
    }

    fn every_seconds(&self) -> u64 {
        self.config.every_seconds
    }

    fn succeeded_at(&self) -> i64 {
        self.known.succeeded_at
    }

    fn fetch(&mut self, turn: &Turn<'_>) -> anyhow::Result<Vec<Receipt>> {
        let ShadowserverConfig { url, files_url, key, reports, .. } = &self.config;
        let account = Account { url, files_url, key, secret: &self.secret };
        let listed = turn.poller.shadowserver_list(&account, &Wanted { date: &days(turn.now)?, reports })?;
        let mut kept = Vec::new();
        let mut failed = None;
        for report in listed.iter().filter(|report| report.is_sound()) {
            if self.known.fetched.contains_key(&report.id) {
                continue;
            }
            if turn.stop.load(Relaxed) {
                return Ok(kept);
            }
            let mut coming = Coming::begin(turn, Door::Shadowserver, &self.config.source, &report.file)?;
            // One that cannot be fetched does not keep the others waiting.
            if let Err(error) = turn.poller.shadowserver_file(&account, report, self.bytes_max, &mut coming) {
                failed = Some(error);
                continue;
            }
            if !coming.is_empty() {
                kept.push(coming.finish()?);
            }
            self.known.fetched.insert(report.id.clone(), turn.now);
            write_checkpoint(&self.file, &self.known)?;
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        self.known.fetched.retain(|_, at| turn.now - *at < REMEMBERED_SECONDS);
        self.known.succeeded_at = turn.now;
        write_checkpoint(&self.file, &self.known)?;
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_reports_are_asked_for_too() {
        assert_eq!(days(1_795_305_600).unwrap(), "2026-11-18:2026-11-22");
    }

    #[test]
    fn settings_that_cannot_be_used_are_said() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        fs::write(&secret, "sesame\n").unwrap();
        let good =
            ShadowserverConfig { key: "k".into(), secret_file: secret, ..ShadowserverConfig::default() };
        let open = |config: &ShadowserverConfig| ShadowserverClient::open(config, 1, folder.path());
        assert_eq!(open(&good).unwrap().secret, "sesame");
        for (config, says) in [
            (ShadowserverConfig { key: String::new(), ..good.clone() }, "`key`"),
            (ShadowserverConfig { secret_file: PathBuf::new(), ..good.clone() }, "`secret_file`"),
            (ShadowserverConfig { secret_env: "X".into(), ..good.clone() }, "`secret_file`"),
            (ShadowserverConfig { url: "http://x/".into(), ..good.clone() }, "`url`"),
            (ShadowserverConfig { files_url: "https://x".into(), ..good.clone() }, "`files_url`"),
        ] {
            let error = open(&config).err().unwrap().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
