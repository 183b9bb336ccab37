//! The gate: what must hold before a change lands.

use std::time::Instant;

use crate::{
    run::{Outcome, cargo, run, succeeds},
    test, tidy,
};

/// Whether the gate runs the tests too (CI runs them as a step of its own).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tests {
    Run,
    Skip,
}

/// Everything, cheapest first, stopping at the first failure.
pub fn ci(tests: Tests) -> Outcome {
    step("fmt", || run(&mut cargo(&["fmt", "--all", "--check"])))?;
    step("tidy", tidy::tidy)?;
    step("deny", deny)?;
    step("clippy", || {
        run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
    })?;
    if tests == Tests::Run {
        step("test", test::test)?;
    }
    Ok(())
}

/// cargo-deny, where it is installed. Its bans, licences and sources are checked by tidy in any case; cargo-deny adds
/// duplicate versions and the finer points of `deny.toml`. Installing it takes minutes, so the gate does not.
fn deny() -> Outcome {
    if succeeds(&mut cargo(&["deny", "--version"])) {
        return run(&mut cargo(&["deny", "check", "bans", "licenses", "sources"]));
    }
    println!("cargo-deny is not installed (`cargo install --locked cargo-deny`): not run.");
    println!("tidy has checked bans, licences and sources of every dependency.");
    Ok(())
}

fn step(name: &str, work: impl FnOnce() -> Outcome) -> Outcome {
    println!("== {name}");
    let start = Instant::now();
    work()?;
    println!("== {name} is fine ({:.0} s)", start.elapsed().as_secs_f64());
    Ok(())
}
