//! Whose is this, and why? What somebody types is understood, and explained.

use jiff::civil::Date;
use schakel_attribute::{Input, InputKind};
use schakel_store::Reader;
use serde::Serialize;

use crate::{
    calendar,
    explain::{Explanation, Question, explain},
};

/// The page.
#[derive(Debug, Default, Serialize)]
pub struct Why {
    /// What was typed.
    pub what: String,
    /// The day that was asked about; empty: now.
    pub at: String,
    /// Could it not be understood?
    pub wrong: bool,
    /// The answer.
    pub answer: Option<Explanation>,
}

/// Explains what was typed, on a day or now.
pub fn why(reader: &Reader, what: &str, day: &str, now: i64) -> anyhow::Result<Why> {
    let what = what.trim();
    if what.is_empty() {
        return Ok(Why::default());
    }
    let asked = Why { what: what.to_owned(), at: day.to_owned(), ..Why::default() };
    let Some(input) = understood(what) else { return Ok(Why { wrong: true, ..asked }) };
    let at = match day.parse::<Date>() {
        Ok(day) => day.at(12, 0, 0, 0).to_zoned(calendar::amsterdam())?.timestamp().as_second(),
        Err(_) => now,
    };
    let question = Question { inputs: vec![input], at, as_known_at: None, now, kind: None };
    Ok(Why { answer: Some(explain(reader, &question)?), ..asked })
}

/// The first that fits: each of them looks like none of those before it.
fn understood(what: &str) -> Option<Input> {
    let upper = what.to_ascii_uppercase();
    let kind = match what {
        _ if what.contains("://") => InputKind::Url,
        _ if what.contains('@') => InputKind::Email,
        _ if upper.strip_prefix("AS").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit())) => {
            InputKind::Asn
        }
        _ if Input::read(InputKind::Ip, what).is_ok() => InputKind::Ip,
        _ if what.contains('.') && !what.contains(char::is_whitespace) => InputKind::Domain,
        _ => return None,
    };
    Input::read(kind, what).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_understood() {
        for (typed, kind) in [
            ("192.0.2.1", Some("Ip")),
            ("2001:db8::1", Some("Ip")),
            ("www.gouda.example", Some("Domain")),
            ("https://gouda.example/x", Some("Url")),
            ("jan@gouda.example", Some("Email")),
            ("as64500", Some("Asn")),
            ("gouda", None),
            ("two words.nl", None),
        ] {
            let understood = understood(typed).map(|input| format!("{input:?}"));
            assert_eq!(understood.as_deref().and_then(|text| text.split('(').next()), kind, "{typed}");
        }
    }
}
