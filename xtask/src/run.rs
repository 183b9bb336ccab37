//! Running other programs and finding our way: the few helpers that every chore shares.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// An error that is shown to the person who ran the chore.
pub type Problem = Box<dyn Error + Send + Sync>;

/// What a chore gives back.
pub type Outcome<T = ()> = Result<T, Problem>;

/// The top of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// `cargo` with these arguments, at the top of the workspace.
pub fn cargo(arguments: &[&str]) -> Command {
    command("cargo", arguments)
}

/// A program with these arguments, at the top of the workspace.
pub fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    // Set by `cargo xtask` itself: they would make crates build twice, or name the wrong package or toolchain.
    for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command
}

/// Runs it with its output on ours; anything but success is an error that names the command.
pub fn run(command: &mut Command) -> Outcome {
    let shown = show(command);
    eprintln!("$ {shown}");
    let status = command.status().map_err(|error| format!("`{shown}` did not start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed ({status})").into()) }
}

/// Runs it and gives back what it wrote on stdout; its stderr stays visible.
pub fn output(command: &mut Command) -> Outcome<String> {
    let shown = show(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{shown}` did not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{shown}` failed ({})", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Does it run and succeed? Its output is dropped. For "is this installed".
pub fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// What `cargo metadata` says of the workspace and everything it depends on.
pub fn metadata() -> Outcome<serde_json::Value> {
    Ok(serde_json::from_str(&output(&mut cargo(&["metadata", "--format-version", "1"]))?)?)
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
