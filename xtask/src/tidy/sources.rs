//! Every Rust file says on top what it is for, and the pure crates stay pure.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::run::{Outcome, root};

/// The crates without clock, files, sockets or random source: time and randomness are parameters there.
const PURE: &[&str] =
    &["model", "formats", "parse", "attribute", "rules", "advisory", "render", "seal", "demo"];

/// What a pure crate does not name outside its tests. The model's clock is the one place that may ask the machine, and it
/// does so through jiff.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::process",
    "std::thread",
    "File::open",
    "Instant::now",
    "SystemTime::now",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
];

/// What is wrong with these files (relative to the top), one sentence each.
pub fn problems(files: &[PathBuf]) -> Outcome<Vec<String>> {
    let mut problems = Vec::new();
    for file in files {
        let text = fs::read_to_string(root().join(file))?;
        problems.extend(problems_of(file, &text));
    }
    Ok(problems)
}

fn problems_of(file: &Path, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let name = file.display();
    if !starts_with_doc(text) {
        problems.push(format!("{name} does not begin by saying what it is for (`//! ...`)"));
    }
    if is_pure(file) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let found = IMPURE.iter().filter(|word| code.contains(**word));
        problems.extend(found.map(|word| format!("{name} names {word}, but its crate is pure")));
    }
    problems
}

/// A fuzz target begins with `#![no_main]`; attributes may stand before the doc.
fn starts_with_doc(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("#!["));
    lines.next().is_some_and(|line| line.starts_with("//!"))
}

fn is_pure(file: &Path) -> bool {
    let is_test = file.file_name().is_some_and(|name| name == "tests.rs");
    !is_test && PURE.iter().any(|name| file.starts_with(format!("crates/{name}/src")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, text: &str, count: usize) {
        let problems = problems_of(Path::new(file), text);
        assert_eq!(problems.len(), count, "{problems:?}");
    }

    #[test]
    fn a_file_says_what_it_is_for() {
        check("crates/app/src/lib.rs", "//! Use cases.\nuse std::fs;\n", 0);
        check("crates/app/src/lib.rs", "use std::fmt;\n", 1);
        check("fuzz/targets/csv.rs", "#![no_main]\n//! Fuzzes.\n", 0);
        check("crates/app/src/lib.rs", "", 1);
    }

    #[test]
    fn a_pure_crate_opens_no_file_outside_its_tests() {
        check("crates/parse/src/lib.rs", "//! Doc.\nuse std::fs;\n", 1);
        check("crates/parse/src/lib.rs", "//! Doc.\n#[cfg(test)]\nmod tests { use std::fs; }\n", 0);
        check("crates/parse/src/csv/tests.rs", "//! Doc.\nuse std::fs;\n", 0);
        check("crates/parse/tests/all.rs", "//! Doc.\nuse std::fs;\n", 0);
        check("crates/store/src/lib.rs", "//! Doc.\nuse std::fs;\n", 0);
    }
}
