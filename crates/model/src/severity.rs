//! How bad a finding is: four steps.

use std::{fmt, str::FromStr};

/// Severity, in rising order. Shadowserver's six words fold into these four.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Severity {
    /// Worth knowing; no haste.
    #[default]
    Low,
    /// To be fixed in the normal rhythm of work.
    Medium,
    /// To be fixed soon.
    High,
    /// To be fixed now; breaks through quiet hours.
    Critical,
}

impl Severity {
    /// Every step, in rising order.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word as we store and show it in English.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The step for a word a source uses: ours, and Shadowserver's `info` and `none` (both low).
    pub fn from_source_word(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Some(Self::Critical),
            "high" => Some(Self::High),
            "medium" => Some(Self::Medium),
            "low" | "info" | "none" => Some(Self::Low),
            _ => None,
        }
    }

    /// The step with this number, as stored.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no severity: use low, medium, high or critical"))
    }
}
