//! Every fuzz target for a while. Needs a nightly toolchain and a C++ compiler (libFuzzer), nothing else: the flags
//! below are those of cargo-fuzz.

use std::process::Command;

use crate::run::{Outcome, cargo, output, root, run, succeeds};

/// How long each target runs when nobody says otherwise.
pub const SECONDS_PER_TARGET: u32 = 60;

/// An input larger than this finds no new kind of mistake, only slower.
const INPUT_BYTES_MAX: u32 = 64 << 10;

/// A single input that takes longer is a mistake of its own.
const INPUT_SECONDS_MAX: u32 = 10;

/// Coverage and address sanitizer, as libFuzzer wants them.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address -Cdebug-assertions -Coverflow-checks";

/// Builds all targets once, then runs each; the first crash fails and leaves its input in `fuzz/artifacts/`.
pub fn fuzz(seconds_per_target: u32) -> Outcome {
    if !succeeds(&mut cargo(&["+nightly", "--version"])) {
        println!(
            "No nightly toolchain (`rustup toolchain install nightly --profile minimal`): fuzzing skipped."
        );
        return Ok(());
    }
    let host = host()?;
    let build =
        ["+nightly", "build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--bins", "--target", &host];
    run(cargo(&build).env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", "fuzz/target"))?;
    for target in targets()? {
        fuzz_target(&target, &host, seconds_per_target)?;
    }
    Ok(())
}

/// Runs one target. What libFuzzer says is shown only when it found something.
fn fuzz_target(target: &str, host: &str, seconds: u32) -> Outcome {
    let folder = |kind: &str| root().join("fuzz").join(kind).join(target);
    std::fs::create_dir_all(folder("corpus"))?;
    std::fs::create_dir_all(folder("artifacts"))?;
    let program = root().join(format!("fuzz/target/{host}/release/{target}"));
    let mut command = Command::new(program);
    // What is found goes into the first folder; the others are read.
    command.arg(folder("corpus")).args(Some(folder("seeds")).filter(|seeds| seeds.exists()));
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-artifact_prefix={}/", folder("artifacts").display()))
        .arg("-print_final_stats=1");
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        eprintln!("{said}");
        return Err(format!("{target} failed; the input is in {}", folder("artifacts").display()).into());
    }
    let inputs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    println!("{target}: {} inputs in {seconds} s, nothing found", inputs.unwrap_or("some").trim());
    Ok(())
}

/// The target triple of this machine: naming it keeps the sanitizer out of build scripts.
fn host() -> Outcome<String> {
    let version = output(&mut crate::run::command("rustc", &["+nightly", "-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc names no host")?.to_owned())
}

/// The names of the fuzz targets: one file each in `fuzz/targets/`.
fn targets() -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join("fuzz/targets"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}
