//! Printing: machines on standard output, people on standard error where both could be wanted.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

/// How a command ended, as its exit code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ending {
    /// 0: done.
    Done,
    /// 3: done with rejects.
    WithRejects,
    /// 1: failed, or a file was unreadable or unknown.
    Failed,
}

impl Ending {
    /// The exit code. 2 is usage, and clap's.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::WithRejects => 3,
            Self::Failed => 1,
        }
    }
}

/// Prints lines for people; silent when JSON was asked for.
pub struct Out {
    json: bool,
}

impl Out {
    /// With the global option `--json`.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Was JSON asked for?
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A line on standard output, for people.
    pub fn line(&self, text: impl AsRef<str>) {
        if !self.json {
            print_line(text.as_ref());
        }
    }

    /// The JSON object at the end.
    pub fn json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.json {
            print_line(&serde_json::to_string(value)?);
        }
        Ok(())
    }

    /// A table: rows of cells under headings; the columns in `right` are set to the right.
    pub fn table(&self, headings: &[&str], rows: &[Vec<String>], right: &[usize]) {
        if self.json {
            return;
        }
        let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let line = |cells: &[String]| {
            let mut text = String::new();
            for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                let pad = " ".repeat(width - cell.chars().count());
                if at > 0 {
                    text.push_str("  ");
                }
                text.push_str(&if right.contains(&at) { pad + cell } else { format!("{cell}{pad}") });
            }
            print_line(text.trim_end());
        };
        line(&headings.iter().map(|heading| (*heading).to_owned()).collect::<Vec<_>>());
        rows.iter().for_each(|row| line(row));
    }
}

/// A line on standard output. A closed pipe (`| head`) ends the program in silence.
pub fn print_line(text: &str) {
    let mut out = io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).is_err() {
        std::process::exit(0);
    }
}

/// A line on standard error, for people.
#[allow(clippy::print_stderr)]
pub fn say(text: impl AsRef<str>) {
    // Nobody to read it is no reason to stop.
    let _ = writeln!(io::stderr(), "{}", text.as_ref());
}

/// Is a person watching standard error?
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// A number with thousands apart: 2 100 000.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Text from outside, safe for a terminal: control characters are shown as dots, and long text is cut.
pub fn plain(text: &str, most: usize) -> String {
    let clean = |c: char| if c.is_control() { '.' } else { c };
    let mut shown: String = text.chars().take(most).map(clean).collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            ["0", "999", "1 000", "2 100 000"].map(String::from),
            [0, 999, 1000, 2_100_000].map(number)
        );
    }

    #[test]
    fn escape_codes_do_not_reach_a_terminal() {
        assert_eq!(plain("a\u{1b}[31mb\n", 99), "a.[31mb.");
        assert_eq!(plain("abcdef", 3), "abc…");
    }

    #[test]
    fn a_failure_beats_rejects() {
        assert_eq!([Ending::WithRejects, Ending::Failed, Ending::Done].into_iter().max().unwrap().code(), 1);
    }
}
