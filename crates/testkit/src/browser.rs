//! A real browser: Chromium, driven by a script of `crates/e2e/browser` under Node.js. `cargo xtask test` installs both, and the packages of the
//! scripts into the folder that `SCHAKEL_BROWSER` names.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

/// Where Debian installs it.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Runs a script, which must end well. Skips, and says so, where there is no browser.
pub fn run(script: &str, arguments: &[&str]) {
    let folder = env::var_os("SCHAKEL_BROWSER");
    let Some(folder) = folder.filter(|_| Path::new(CHROMIUM).exists()) else {
        eprintln!(
            "skipped: no {CHROMIUM}, or SCHAKEL_BROWSER names no folder with the scripts and their packages"
        );
        return;
    };
    let output = Command::new("node")
        .arg(script)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("node can be run");
    assert!(
        output.status.success(),
        "{script}: {}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
