//! The names of the files that members fetch, which say day, type and list as those of Shadowserver do.

use std::fmt;

use jiff::civil::Date;

/// The name of a file: `2026-11-20-scan_rdp-gm0513.csv`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileName {
    /// Its day of receipt.
    pub day: Date,
    /// Its report type.
    pub type_name: String,
    /// Its list, as [`list_name`] gives it.
    pub list: String,
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, type_name, list } = self;
        write!(f, "{day}-{type_name}-{list}.csv")
    }
}

/// The name of the list of an organisation: its code, in characters that may stand in a file name.
pub fn list_name(code: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    code.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_day_type_and_list() {
        let day = jiff::civil::date(2026, 11, 20);
        let name = FileName { day, type_name: "scan_rdp".into(), list: list_name("GM-05/13") };
        assert_eq!(name.to_string(), "2026-11-20-scan_rdp-gm_05_13.csv");
    }
}
