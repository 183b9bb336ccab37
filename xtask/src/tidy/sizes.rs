//! The longest files and functions: places to look, not limits.

use std::{fs, path::PathBuf};

use crate::run::{Outcome, root};

/// How many of each are shown.
const SHOWN: usize = 5;

/// Prints the longest files and functions and the usual sizes.
pub fn report(files: &[PathBuf]) -> Outcome {
    let mut file_sizes = Vec::new();
    let mut function_sizes = Vec::new();
    for file in files {
        let text = fs::read_to_string(root().join(file))?;
        let name = file.display().to_string();
        function_sizes
            .extend(functions(&text).map(|(lines, function)| (lines, format!("{function} in {name}"))));
        file_sizes.push((text.lines().count(), name));
    }
    show("files", file_sizes);
    show("functions", function_sizes);
    Ok(())
}

fn show(what: &str, mut sizes: Vec<(usize, String)>) {
    sizes.sort();
    let at = |percent: usize| sizes.get(sizes.len() * percent / 100).map_or(0, |(lines, _)| *lines);
    println!("{} {what}: median {} lines, 90 % under {}; the longest:", sizes.len(), at(50), at(90));
    for (lines, name) in sizes.iter().rev().take(SHOWN) {
        println!("  {lines:5}  {name}");
    }
}

/// Lines and name of each function. rustfmt ends a function with a brace in the column where it began.
fn functions(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    (0..lines.len()).filter_map(move |start| {
        let line = lines[start];
        let code = line.trim_start();
        let words = code.split(['(', '<']).next().unwrap_or_default();
        let name = words.strip_prefix("fn ").or_else(|| words.split_once(" fn ").map(|(_, name)| name))?;
        if code.starts_with("//") || code.ends_with(';') {
            return None;
        }
        if code.ends_with('}') {
            return Some((1, name));
        }
        let end = format!("{}}}", &line[..line.len() - code.len()]);
        let length = lines[start..].iter().position(|line| *line == end)?;
        Some((length + 1, name))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn functions_are_measured_from_head_to_closing_brace() {
        let text = "pub fn one() -> u8 { 1 }\nimpl X {\n    fn two<T>(\n        x: T,\n    ) {\n        if x {\n        }\n    }\n    fn later();\n}\n";
        assert_eq!(super::functions(text).collect::<Vec<_>>(), [(1, "one"), (6, "two")]);
    }
}
