//! A data directory to try things on, with files beside it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    fixtures::Register,
    program::{self, Run},
};

/// When the tests play, unless they say another time: a Saturday in winter, 10:00 in the Netherlands.
pub const NOW: &str = "2026-11-21T09:00:00Z";

/// A data directory and a folder for files. Gone when dropped.
pub struct Installation {
    folder: TempDir,
    data: PathBuf,
    now: String,
    shift: Option<String>,
}

impl Installation {
    /// Nothing in it yet, not even the folder.
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("schakel-e2e-")
            .tempdir()
            .expect("a temporary folder can be made");
        fs::create_dir(folder.path().join("files")).expect("a folder can be made");
        Self { data: folder.path().join("data"), folder, now: NOW.to_owned(), shift: None }
    }

    /// With the small register of [`Register::small`].
    pub fn new() -> Self {
        let installation = Self::empty();
        installation.import(&Register::small());
        installation
    }

    /// Another data directory, for example on another file system.
    pub fn with_data(mut self, data: &Path) -> Self {
        self.data = data.to_owned();
        self
    }

    /// Moves the clock.
    pub fn at(&mut self, now: &str) -> &mut Self {
        now.clone_into(&mut self.now);
        self
    }

    /// Puts what goes by the real clock forward, or back, from the next command on: `+10m`, `-5h`.
    pub fn shift(&mut self, by: &str) {
        self.shift = Some(by.to_owned());
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A path for a file of the test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(name)
    }

    /// Writes a file and says where, for the command line.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("a file can be written");
        path.to_str().expect("paths of tests are UTF-8").to_owned()
    }

    /// Writes the configuration.
    pub fn configure(&self, toml: &str) {
        fs::create_dir_all(&self.data).expect("the data directory can be made");
        fs::write(self.data.join("schakel.toml"), toml).expect("the configuration can be written");
    }

    /// Imports a register; every row of it must be right.
    #[track_caller]
    pub fn import(&self, register: &Register) {
        let folder = register.write_to(&self.path("register"));
        self.run(&["register", "import", &folder]).ended(0);
    }

    /// The command, with `--data` and `--now`.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.command_by_the_real_clock(args);
        command.args(["--now", &self.now]);
        command
    }

    /// The command, with `--data` only.
    pub fn command_by_the_real_clock(&self, args: &[&str]) -> Command {
        let mut command = program::schakel();
        command.args(args).arg("--data").arg(&self.data);
        command
    }

    /// As [`Self::command_by_the_real_clock`], by a clock that [`Self::shift`] may have put forward or back.
    pub fn command_by_a_running_clock(&self, args: &[&str]) -> Command {
        let mut command = self.command_by_the_real_clock(args);
        command.args(self.shift.iter().map(|by| format!("--now={by}")));
        command
    }

    /// Runs the command to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Run {
        program::run(&mut self.command(args))
    }

    /// Runs it with `--json`; it must end well.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let mut command = self.command(args);
        program::run(command.arg("--json")).ended(0).json()
    }

    /// Takes a file in that has no rejects.
    #[track_caller]
    pub fn ingest(&self, file: &str) -> Value {
        self.json(&["ingest", file])
    }

    /// The whole ledger.
    #[track_caller]
    pub fn ledger(&self) -> Value {
        self.json(&["ledger"])
    }

    /// How many assignments have this fate.
    #[track_caller]
    pub fn fate(&self, fate: &str) -> u64 {
        count(&self.ledger()["fates"][fate])
    }

    /// The ledger balances, and everything that is stored follows again from the raw reports.
    #[track_caller]
    pub fn assert_sound(&self) {
        let ledger = self.ledger();
        assert_eq!(ledger["balanced"], true, "{ledger}");
        let mut verify = self.command(&["verify"]);
        let verified = program::run(verify.arg("--json"));
        assert_eq!(verified.code, Some(0), "{verified:#?}");
        assert_eq!(verified.json()["ok"], true);
    }

    /// The mails in the folder `mail/`, by file name; not what is being written there at this moment.
    pub fn mails(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.data.join("mail")) else { return Vec::new() };
        let mut paths: Vec<PathBuf> =
            entries.map(|entry| entry.expect("the folder can be listed").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort();
        paths.iter().map(|path| fs::read_to_string(path).expect("a mail is ASCII")).collect()
    }
}

/// A count in JSON.
#[track_caller]
pub fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}
