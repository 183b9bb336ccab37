//! How big the program is: the number of crates in it, and the time of a clean release build.

use std::{collections::BTreeSet, time::Instant};

use crate::{
    readme,
    run::{Outcome, cargo, output, root, run},
};

/// Whether to time a clean release build, which takes minutes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    No,
    Clean,
}

/// Counts, and with [`Build::Clean`] builds too and writes both figures into README.md.
pub fn crates(build: Build) -> Outcome {
    let count = count()?;
    println!("{count} crates (cargo tree -e normal,build, unique, ours included)");
    if build == Build::No {
        return Ok(());
    }
    let target = root().join("target/clean-build");
    let _ = std::fs::remove_dir_all(&target); // Absent is what we want.
    run(&mut cargo(&["fetch", "--locked"]))?; // The network is not what we time.
    let start = Instant::now();
    run(cargo(&["build", "--release", "--locked", "-p", "schakel"]).env("CARGO_TARGET_DIR", &target))?;
    let seconds = start.elapsed().as_secs();
    std::fs::remove_dir_all(&target)?;
    let cores = std::thread::available_parallelism()?;
    let text = format!(
        "{count} crates; a clean release build takes {} min {:02} s on {cores} cores.",
        seconds / 60,
        seconds % 60
    );
    println!("{text}");
    readme::replace("build", &text)
}

/// Unique crates (name and version) that the program is built from.
fn count() -> Outcome<usize> {
    let tree = output(&mut cargo(&["tree", "-p", "schakel", "-e", "normal,build", "--prefix", "none"]))?;
    Ok(unique(&tree))
}

/// Lines are `name vX.Y.Z (path or "*")`; a crate shown again carries `(*)`.
fn unique(tree: &str) -> usize {
    let names = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    names.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_crate_counts_once_and_two_versions_count_twice() {
        let tree =
            "schakel v0.1.0 (/x)\nserde v1.0.0\nserde v1.0.0 (*)\n\nsyn v2.0.0 (proc-macro)\nsyn v3.0.0\n";
        assert_eq!(super::unique(tree), 4);
    }
}
