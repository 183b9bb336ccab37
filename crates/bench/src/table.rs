//! The table that comes out, and what was asked for beside each figure.

use std::fmt::{self, Display};

/// Lines of a Markdown table.
#[derive(Default)]
pub struct Table {
    lines: Vec<[String; 4]>,
}

impl Table {
    /// A heading within the table.
    pub fn part(&mut self, name: &str) {
        self.lines.push([format!("**{name}**"), String::new(), String::new(), String::new()]);
    }

    /// A figure: what, as measured, what was asked for (`""`: nothing), and how it stands to its floor.
    pub fn line(&mut self, what: impl Display, measured: impl Display, asked: &str, beside: impl Display) {
        self.lines.push([what.to_string(), measured.to_string(), asked.to_owned(), beside.to_string()]);
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | measured | asked | beside its floor |\n|---|---|---|---|")?;
        self.lines.iter().try_for_each(|[what, measured, asked, beside]| {
            writeln!(f, "| {what} | {measured} | {asked} | {beside} |")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_markdown() {
        let mut table = Table::default();
        table.part("Whole");
        table.line("first day", "5 rows/s", "≥ 4 rows/s", "0.5 × csv-core");
        assert_eq!(
            table.to_string(),
            "| what | measured | asked | beside its floor |\n|---|---|---|---|\n| **Whole** |  |  |  |\n\
             | first day | 5 rows/s | ≥ 4 rows/s | 0.5 × csv-core |\n"
        );
    }
}
