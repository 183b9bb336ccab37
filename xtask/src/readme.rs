//! Measured text in README.md stands between markers, so that a chore can replace it and nobody copies figures by hand.

use std::fs;

use crate::run::{Outcome, root};

/// Replaces what stands between `<!-- NAME:start -->` and `<!-- NAME:end -->` in README.md.
pub fn replace(name: &str, text: &str) -> Outcome {
    let path = root().join("README.md");
    let old = fs::read_to_string(&path)?;
    let new = replaced(&old, name, text).ok_or_else(|| format!("README.md has no markers for `{name}`"))?;
    fs::write(path, new)?;
    println!("README.md: `{name}` written");
    Ok(())
}

fn replaced(document: &str, name: &str, text: &str) -> Option<String> {
    let (before, rest) = document.split_once(&format!("<!-- {name}:start -->"))?;
    let (_, after) = rest.split_once(&format!("<!-- {name}:end -->"))?;
    Some(format!("{before}<!-- {name}:start -->\n{}\n<!-- {name}:end -->{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let document = "a\n<!-- bench:start -->\nold\n<!-- bench:end -->\nb\n";
        let expected = "a\n<!-- bench:start -->\nnew\n<!-- bench:end -->\nb\n";
        assert_eq!(replaced(document, "bench", "new\n").as_deref(), Some(expected));
        assert_eq!(replaced(expected, "bench", "new").as_deref(), Some(expected));
        assert_eq!(replaced(document, "build", "new"), None);
    }
}
