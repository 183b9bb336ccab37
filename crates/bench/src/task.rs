//! One measurement in a process of its own: this program starts itself with the task as JSON, and reads the answer as JSON. So peak
//! memory and bytes written are those of one measurement, and nothing is warm but the disk cache.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::Context;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    api, attribution, deliver, drain, floors, hub, ingest, large_register, looking_back, matching, portal,
    verify, whatif,
};

/// The argument that a task follows. Not in the help: only this program uses it.
pub const ARGUMENT: &str = "--task";

/// What to measure.
#[derive(Serialize, Deserialize)]
pub enum Task {
    /// Floors and stages over a file, with an installation at `data`.
    Floors { data: PathBuf, file: PathBuf },
    /// A file taken in, from opening the store to closing it.
    Ingest { data: PathBuf, file: PathBuf },
    /// Questions about the past.
    LookingBack { data: PathBuf },
    /// The whole store proved.
    Verify { data: PathBuf },
    /// A changed register rehearsed.
    Whatif { data: PathBuf },
    /// Notifications composed and written to a folder.
    Deliver { data: PathBuf },
    /// Parcels from one hub to another.
    Hub { data: PathBuf },
    /// Questions over HTTP.
    Api { data: PathBuf },
    /// Pages, and people who click.
    Portal { data: PathBuf },
    /// What waits after an outage.
    Drain { data: PathBuf, parcels: u32 },
    /// Look-ups in one table.
    Attribution { kind: attribution::Kind, assets: usize },
    /// Blind matching.
    Matching,
    /// A large register recorded.
    Record { data: PathBuf },
    /// Tables of announced prefixes taken in.
    Tables { data: PathBuf, folder: PathBuf },
    /// A register swapped while these reports come in.
    Swap { data: PathBuf, files: Vec<PathBuf> },
    /// Questions to a large register.
    Explain { data: PathBuf },
}

impl Task {
    /// In the process that was started for it: measures and answers.
    pub fn answer(&self) -> anyhow::Result<()> {
        let answer = match self {
            Self::Floors { data, file } => serde_json::to_string(&floors::measure(data, file)?),
            Self::Ingest { data, file } => serde_json::to_string(&ingest::measure(data, file)?),
            Self::LookingBack { data } => serde_json::to_string(&looking_back::measure(data)?),
            Self::Verify { data } => serde_json::to_string(&verify::measure(data)?),
            Self::Whatif { data } => serde_json::to_string(&whatif::measure(data)?),
            Self::Deliver { data } => serde_json::to_string(&deliver::measure(data)?),
            Self::Hub { data } => serde_json::to_string(&hub::measure(data)?),
            Self::Api { data } => serde_json::to_string(&api::measure(data)?),
            Self::Portal { data } => serde_json::to_string(&portal::measure(data)?),
            Self::Drain { data, parcels } => serde_json::to_string(&drain::measure(data, *parcels)?),
            Self::Attribution { kind, assets } => {
                serde_json::to_string(&attribution::measure(*kind, *assets))
            }
            Self::Matching => serde_json::to_string(&matching::measure()?),
            Self::Record { data } => serde_json::to_string(&large_register::record(data)?),
            Self::Tables { data, folder } => serde_json::to_string(&large_register::tables(data, folder)?),
            Self::Swap { data, files } => serde_json::to_string(&large_register::swap(data, files)?),
            Self::Explain { data } => serde_json::to_string(&large_register::explained(data)?),
        };
        println!("{}", answer?);
        Ok(())
    }

    /// Starts a process for it and waits for the answer, which must be of the type that this task gives.
    pub fn run<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        let task = serde_json::to_string(self)?;
        let program = std::env::current_exe().context("this program cannot find itself")?;
        let output = Command::new(program)
            .args([ARGUMENT, &task])
            .stderr(Stdio::inherit())
            .output()
            .context("this program cannot start itself")?;
        anyhow::ensure!(output.status.success(), "measuring {task} failed ({})", output.status);
        serde_json::from_slice(&output.stdout).with_context(|| format!("measuring {task} gave no answer"))
    }
}
