//! File names out of containers: never a path, never a surprise.

use std::collections::HashMap;

/// The longest name most file systems take; a name longer than this is made up.
const NAME_BYTES_MAX: usize = 255;

/// The name of what has none.
pub const UNNAMED: &str = "unnamed";

/// The last component of what a container calls a file, without control characters. `../../etc/passwd` is
/// `passwd`, `C:\reports\a.csv` is `a.csv`.
pub fn file_name(raw: &[u8]) -> String {
    let last =
        raw.rsplit(|byte| matches!(byte, b'/' | b'\\')).find(|part| !part.is_empty()).unwrap_or_default();
    let mut name: String =
        String::from_utf8_lossy(last).chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    if name.len() > NAME_BYTES_MAX {
        // The end tells what it is (`.csv.gz`), so the front goes.
        let mut from = name.len() - NAME_BYTES_MAX;
        while !name.is_char_boundary(from) {
            from += 1;
        }
        name.drain(..from);
    }
    let name = name.trim();
    match name {
        "" | "." | ".." => UNNAMED.to_owned(),
        _ => name.to_owned(),
    }
}

/// Without the last extension when it is this one, in any case.
pub fn without_extension<'n>(name: &'n str, extension: &str) -> Option<&'n str> {
    let (stem, last) = name.rsplit_once('.')?;
    (last.eq_ignore_ascii_case(extension) && !stem.is_empty()).then_some(stem)
}

/// Gives each path once: the second `a.zip/b.csv` is `a.zip/b.csv#2`.
#[derive(Default)]
pub struct Names {
    seen: HashMap<String, usize>,
}

impl Names {
    /// `path`, or `path#2` when it was given before. Linear in the number of files even when all are named alike.
    pub fn unique(&mut self, path: &str) -> String {
        let times = self.seen.entry(path.to_owned()).or_insert(0);
        *times += 1;
        if *times == 1 { path.to_owned() } else { format!("{path}#{times}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_component_is_a_name() {
        for (raw, name) in [
            (&b"a.csv"[..], "a.csv"),
            (b"../../etc/passwd", "passwd"),
            (b"/abs/a.csv", "a.csv"),
            (b"C:\\reports\\a.csv", "a.csv"),
            (b"a\0b\n.csv", "a_b_.csv"),
            (b"dir/", "dir"),
            (b"..", "unnamed"),
            (b"", "unnamed"),
            (b"/", "unnamed"),
            (b"\xff.csv", "\u{fffd}.csv"),
        ] {
            assert_eq!(file_name(raw), name, "{raw:?}");
        }
        let long = file_name(&[b"x".repeat(10_000), b".csv".to_vec()].concat());
        assert!(long.len() == NAME_BYTES_MAX && long.ends_with("x.csv"));
    }

    #[test]
    fn a_path_is_given_once() {
        let mut names = Names::default();
        assert_eq!(
            [names.unique("a"), names.unique("a"), names.unique("b"), names.unique("a")],
            ["a", "a#2", "b", "a#3"]
        );
    }
}
