//! Programs of others that tests talk to and that Debian does not have: from PyPI and from npm. Where they cannot be had, the tests that want them
//! say so and skip.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::run::{Outcome, command, root, run};

/// IntelMQ and a client of tus, in the versions that the tests were written with.
const PYTHON_PEERS: &[&str] = &["intelmq==3.5.0", "tuspy==1.1.0"];

/// Tries an API by its description.
const SCHEMATHESIS: &[&str] = &["schemathesis==4.32.5"];

/// Installs them, once, and gives the variables of the environment by which tests find them.
pub fn install() -> Vec<(&'static str, PathBuf)> {
    let peers = root().join("target/peers");
    let (intelmq, schemathesis) = (peers.join("intelmq"), peers.join("schemathesis"));
    let (browser, lint, csaf) = (peers.join("browser"), peers.join("openapi"), peers.join("csaf"));
    let made = [
        ("SCHAKEL_PEERS_PYTHON", intelmq.join("bin/python"), venv(&intelmq, PYTHON_PEERS)),
        ("SCHAKEL_SCHEMATHESIS", schemathesis.join("bin/schemathesis"), venv(&schemathesis, SCHEMATHESIS)),
        ("SCHAKEL_SPECTRAL", lint.join("node_modules/.bin/spectral"), node(&lint, "openapi")),
        ("SCHAKEL_CSAF_CHECK", csaf.join("check.mjs"), node(&csaf, "csaf")),
        ("SCHAKEL_BROWSER", browser.clone(), node(&browser, "browser")),
    ];
    let there = |(name, program, made): (&'static str, PathBuf, Outcome)| match made {
        Ok(()) => Some((name, program)),
        Err(error) => {
            println!("{error}: the tests that want {name} will skip.");
            None
        }
    };
    made.into_iter().filter_map(there).collect()
}

/// A Python with these packages. What says so is written last, so that what was broken off is made again.
fn venv(folder: &Path, packages: &[&str]) -> Outcome {
    let made = folder.join("made");
    let wanted = packages.join("\n");
    if fs::read_to_string(&made).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    run(command("python3", &["-m", "venv"]).arg(folder))?;
    let pip = folder.join("bin/pip");
    run(command(&pip.to_string_lossy(), &["install", "--quiet"]).args(packages))?;
    Ok(fs::write(made, wanted)?)
}

/// A copy of a folder of `crates/e2e` with the packages that its lockfile names, outside the sources.
fn node(folder: &Path, ours: &str) -> Outcome {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(root().join("crates/e2e").join(ours))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    let lock = fs::read_to_string(folder.join("package-lock.json"))?;
    let made = folder.join("made");
    if fs::read_to_string(&made).is_ok_and(|made| made == lock) {
        return Ok(());
    }
    run(command(
        "npm",
        &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
    )
    .current_dir(folder))?;
    Ok(fs::write(made, lock)?)
}
