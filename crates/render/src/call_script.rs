//! What to say on the telephone to an organisation on the calling list.

use jiff::Timestamp;
use schakel_model::{call::CallReason, language::Language, severity::Severity};

use crate::{clean, times::Times, words::Words};

/// Names are cut after this many characters.
const NAME_CHARS_MAX: usize = 120;

/// Numbers that are named one by one; nobody writes down more on the telephone.
const NUMBERS_MAX: usize = 3;

/// What a call is about.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// Who calls.
    pub sender: &'a str,
    /// Whom.
    pub organisation: &'a str,
    /// Why.
    pub reason: CallReason,
    /// The notifications it is about.
    pub notifications: &'a [u32],
    /// How many findings.
    pub findings: u64,
    /// How bad the worst is.
    pub severity: Severity,
    /// When the first of them was sent.
    pub first_told_at: Timestamp,
}

/// What to say, in the language of whoever is called. It names no address and no system: who picks up is not known yet.
pub fn render(language: Language, script: &Script<'_>) -> String {
    let words = Words::of(language);
    let line = |text| clean::line(text, NAME_CHARS_MAX).into_owned();
    let mut numbers: Vec<String> =
        script.notifications.iter().take(NUMBERS_MAX).map(ToString::to_string).collect();
    if script.notifications.len() > NUMBERS_MAX {
        numbers.push("…".to_owned());
    }
    let reason = script.reason.as_str().replace('_', "-");
    words.with(
        &format!("call-{reason}"),
        &[
            ("sender", &line(script.sender)),
            ("organisation", &line(script.organisation)),
            ("numbers", &numbers.join(", ")),
            ("findings", &words.count("findings-count", script.findings)),
            ("severity", &words.text(&format!("severity-{}", script.severity))),
            ("day", &Times::default().local_day(script.first_told_at)),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_words_in_each_language() {
        let mut scripts = Vec::new();
        for language in Language::ALL {
            for reason in CallReason::ALL {
                let script = Script {
                    sender: "Meldpunt Voorbeeld",
                    organisation: "Gemeente Hollands Diep",
                    reason: *reason,
                    notifications: &[12, 17, 18, 19],
                    findings: 3,
                    severity: Severity::Critical,
                    first_told_at: Timestamp::constant(1_773_558_000, 0),
                };
                scripts.push(render(language, &script));
            }
        }
        insta::assert_snapshot!(scripts.join("\n\n"));
    }
}
