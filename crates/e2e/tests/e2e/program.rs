//! Finds the built program and runs it.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed for machines.
    pub stdout: String,
    /// What it printed for people.
    pub stderr: String,
}

impl Run {
    /// From what a process left.
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Fails the test unless it ended so.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// The JSON object that stands last on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        let last = self.stdout.lines().next_back().unwrap_or_default();
        serde_json::from_str(last)
            .unwrap_or_else(|error| panic!("no JSON object stands last ({error}): {self:#?}"))
    }

    /// Standard output, each line a JSON object.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        json_lines(&self.stdout)
    }

    /// Fails the test unless standard error holds all of these.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not said: {self:#?}");
        }
        self
    }
}

/// Text, each line of which is a JSON object.
#[track_caller]
pub fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The program, with nothing of this machine's own settings.
pub fn schakel() -> Command {
    let mut command = Command::new(binary());
    for name in ["SCHAKEL_AS", "SCHAKEL_DATA", "SCHAKEL_LOG"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// A program that `cargo xtask test` installs; `None` when it is not there, which is said.
pub fn tool(name: &str) -> Option<Command> {
    let found = env::var_os(name).map(Command::new);
    if found.is_none() {
        println!("skipped: {name} names no program; `cargo xtask test` installs it");
    }
    found
}

/// Runs it to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Run {
    Run::of(command.output().expect("the program starts"))
}

fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match env::var_os("SCHAKEL_BIN").filter(|path| !path.is_empty()) {
        Some(path) => path.into(),
        None => built(),
    })
}

/// Builds the program with the profile and into the folder of this test: TARGET/PROFILE/deps/e2e-….
fn built() -> PathBuf {
    let test = env::current_exe().expect("a test knows where it lies");
    let profile = test.ancestors().nth(2).expect("a test lies in PROFILE/deps");
    let target = profile.parent().expect("a profile lies in the target folder");
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--package", "schakel", "--target-dir"]).arg(target);
    if profile.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    let status = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo starts");
    assert!(status.success(), "the program does not build");
    profile.join(format!("schakel{}", env::consts::EXE_SUFFIX))
}

/// Asks a process to stop, as a service manager does.
pub fn terminate(process: u32) {
    let status = Command::new("kill").args(["-TERM", &process.to_string()]).status().expect("kill is there");
    assert!(status.success(), "process {process} is gone");
}

/// Do the tests run as root? Only then can they mount.
pub fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id is there");
    output.stdout.trim_ascii() == b"0"
}
