//! Dependencies stand once, in the workspace manifest, with their default features off and a reason. Crates take them from there.

use std::fs;

use crate::run::{Outcome, root};

/// What is wrong with the manifests, one sentence each.
pub fn problems() -> Outcome<Vec<String>> {
    let mut problems = workspace(&fs::read_to_string(root().join("Cargo.toml"))?);
    let mut folders = vec![root().join("xtask")];
    for entry in fs::read_dir(root().join("crates"))? {
        folders.push(entry?.path());
    }
    folders.sort();
    for folder in folders {
        let path = folder.join("Cargo.toml");
        let manifest = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        problems.extend(member(&manifest).into_iter().map(|problem| format!("{name}/Cargo.toml: {problem}")));
    }
    Ok(problems)
}

fn workspace(manifest: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, line) in dependencies(manifest, |section| section == "workspace.dependencies") {
        if line.contains("path = ") {
            continue;
        }
        if line.rsplit_once('#').is_none_or(|(_, reason)| reason.trim().len() <= 3) {
            problems.push(format!("Cargo.toml: {name} has no reason at the end of its line"));
        }
        if !line.contains("default-features = false") {
            problems.push(format!("Cargo.toml: {name} has its default features on"));
        }
    }
    problems
}

fn member(manifest: &str) -> Vec<String> {
    dependencies(manifest, |section| section.ends_with("dependencies"))
        .filter(|(_, line)| !line.contains("workspace = true"))
        .map(|(name, _)| format!("{name} does not come from the workspace (`{name}.workspace = true`)"))
        .collect()
}

/// Name and line of each dependency in the sections that match. Our manifests write one dependency a line.
fn dependencies<'a>(
    manifest: &'a str,
    matches: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
    let mut inside = false;
    manifest.lines().filter_map(move |line| {
        if let Some(section) = line.strip_prefix('[') {
            inside = matches(section.trim_end().trim_end_matches(']'));
            return None;
        }
        let (name, _) = line.split_once('=')?;
        let name = name.trim().trim_end_matches(".workspace");
        (inside && !name.starts_with('#')).then_some((name, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_says_why_it_is_here() {
        let manifest = "[workspace.dependencies]\n\
            schakel-model = { path = \"crates/model\" }\n\
            serde = { version = \"1\", default-features = false } # wire types\n\
            url = { version = \"2\", default-features = false }\n\
            zip = { version = \"9\" } # containers\n\
            [profile.release]\nopt-level = 3\n";
        let problems = workspace(manifest);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("url") && problems[1].contains("zip"));
    }

    #[test]
    fn a_crate_takes_its_dependencies_from_the_workspace() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\nserde.workspace = true\n\
            url = { workspace = true, features = [\"x\"] }\n[dev-dependencies]\nrand = \"1\"\n";
        assert_eq!(member(manifest), ["rand does not come from the workspace (`rand.workspace = true`)"]);
    }
}
