//! The steps of ladders that come if nobody reacts: all of them, or those that are asked for.

use schakel_model::severity::Severity;
use schakel_rules::ladder::Turn;
use schakel_store::{Reader, register::load_organisations_now};
use serde::{Deserialize, Serialize};

use crate::{explain::organisation_name, following, policy};

/// Steps that are listed; with more than these nobody reads a list.
const LISTED_MAX: usize = 5_000;

/// The spans that can be asked for: a word, and seconds.
const SPANS: [(&str, i64); 2] = [("day", DAY_SECONDS), ("week", 7 * DAY_SECONDS)];

/// A day.
pub const DAY_SECONDS: i64 = 24 * 3_600;

/// Which steps; what is empty asks for nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The code of who was told, or a part of their name, in any case.
    pub organisation: String,
    /// How bad it is: a word.
    pub severity: String,
    /// To whom it turns: a word.
    pub turn: String,
    /// Within which span: a word.
    pub within: String,
}

/// A step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Step {
    /// The code of who was told.
    pub code: String,
    /// Their name.
    pub organisation: String,
    /// The number of the notification that told them.
    pub notification: u64,
    /// How bad it is: a word.
    pub severity: &'static str,
    /// To whom it turns: a word.
    pub turn: &'static str,
    /// When, in seconds since 1970.
    pub due_at: i64,
}

/// Some of the steps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ahead {
    /// What was asked for.
    pub asked: Asked,
    /// Words of severities.
    pub severities: [&'static str; 4],
    /// Words of those whom steps turn to.
    pub turns: [&'static str; 3],
    /// Words of spans.
    pub spans: [&'static str; 2],
    /// How many there are.
    pub count: usize,
    /// The first that come; at equal times the worst first.
    pub steps: Vec<Step>,
}

/// The steps that are asked for.
pub fn ahead(reader: &Reader, asked: Asked, now: i64) -> anyhow::Result<Ahead> {
    let mut steps = coming(reader, now)?;
    steps.retain(|step| asked.fits(step, now));
    let count = steps.len();
    steps.truncate(LISTED_MAX);
    Ok(Ahead {
        asked,
        severities: Severity::ALL.map(Severity::as_str),
        turns: Turn::ALL.map(Turn::as_str),
        spans: SPANS.map(|(word, _)| word),
        count,
        steps,
    })
}

/// Every step, the first that comes first; at equal times the worst first.
pub fn coming(reader: &Reader, now: i64) -> anyhow::Result<Vec<Step>> {
    let policy = policy::in_force(reader)?;
    let mut ahead = following::look(reader, &policy.policy, now)?.ahead;
    ahead.sort_by_key(|one| (one.due_at, std::cmp::Reverse(one.severity)));
    let names = reader.read(load_organisations_now)?;
    let step = |one: following::Ahead| {
        let (code, name) = organisation_name(&names, one.organisation);
        Step {
            code: code.to_owned(),
            organisation: name.to_owned(),
            notification: one.notification.0.into(),
            severity: one.severity.as_str(),
            turn: one.turn.as_str(),
            due_at: one.due_at,
        }
    };
    Ok(ahead.into_iter().map(step).collect())
}

impl Asked {
    fn fits(&self, step: &Step, now: i64) -> bool {
        let is = |asked: &str, word: &str| asked.is_empty() || asked == word;
        let sought = self.organisation.trim().to_lowercase();
        let span = SPANS.iter().find(|(word, _)| *word == self.within);
        is(&self.severity, step.severity)
            && is(&self.turn, step.turn)
            && span.is_none_or(|(_, seconds)| step.due_at <= now + seconds)
            && (step.code.to_lowercase() == sought || step.organisation.to_lowercase().contains(&sought))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_found_by_each_thing_that_is_asked() {
        let step = Step {
            code: "GM1".into(),
            organisation: "Gemeente Gouda".into(),
            notification: 4,
            severity: "high",
            turn: "partner",
            due_at: 100 + DAY_SECONDS,
        };
        let fits = |organisation: &str, severity: &str, turn: &str, within: &str| {
            let [organisation, severity, turn, within] =
                [organisation, severity, turn, within].map(str::to_owned);
            Asked { organisation, severity, turn, within }.fits(&step, 100)
        };
        assert!(
            fits("", "", "", "") && fits(" gm1 ", "high", "partner", "day") && fits("gouda", "", "", "week")
        );
        for (organisation, severity, turn) in
            [("GM", "", ""), ("gm12", "", ""), ("", "low", ""), ("", "", "calling_list"), ("", "<b>", "")]
        {
            assert!(!fits(organisation, severity, turn, ""), "{organisation} {severity} {turn}");
        }
        let later = Step { due_at: 101 + DAY_SECONDS, ..step.clone() };
        let within = |word: &str| Asked { within: word.into(), ..Asked::default() }.fits(&later, 100);
        assert!(!within("day") && within("week") && within(""));
    }
}
