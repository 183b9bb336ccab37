//! The house rules that a compiler does not check: who may depend on whom, licences, docs, reasons.

mod direction;
mod manifests;
mod sizes;
mod sources;
mod third_parties;

use std::path::PathBuf;

use crate::run::{Outcome, metadata, output, root};

/// Every check; all problems are shown before it fails.
pub fn tidy() -> Outcome {
    let metadata = metadata()?;
    let files = rust_files()?;
    let mut problems = Vec::new();
    problems.extend(direction::problems(&direction::edges(&metadata)));
    problems.extend(third_parties::problems(&third_parties::packages(&metadata)));
    problems.extend(manifests::problems()?);
    problems.extend(sources::problems(&files)?);
    sizes::report(&files)?;
    for problem in &problems {
        println!("tidy: {problem}");
    }
    match problems.len() {
        0 => Ok(()),
        count => Err(format!("tidy found {count} problems").into()),
    }
}

/// Rust files of the project, relative to its top: tracked, and new ones that git does not ignore.
fn rust_files() -> Outcome<Vec<PathBuf>> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.rs"];
    let list = output(&mut crate::run::command("git", &arguments))?;
    Ok(list.lines().map(PathBuf::from).filter(|path| root().join(path).exists()).collect())
}
