//! What the sections of a document mean, or what is wrong with them.

use jiff::civil::{Date, Time, Weekday};
use schakel_model::register::ContactRole;

use super::{
    Action, Days, Problem, Recipient, Rhythm, Rule, When, document, rhythm, rule_section, wrong::Wrong,
};
use crate::recipients::ROLES;

/// When something that is grouped is told, unless the rule says it.
const DEFAULT_AT: Time = Time::constant(9, 0, 0, 0);

pub(super) fn read_rule(
    rule: &document::Rule,
    number: u32,
    line: usize,
    problems: &mut Vec<Problem>,
) -> Rule {
    let section = rule_section(number, &rule.name);
    let when = When::read(&rule.when, Some(line), &section, problems);
    let mut wrong = |what| problems.push(Problem::error(Some(line), &section, what));
    for (key, text) in [("name", &rule.name), ("owner", &rule.owner), ("reason", &rule.reason)] {
        if text.trim().is_empty() {
            wrong(Wrong::Empty { key: key.to_owned() });
        }
    }
    let until = rule.until.as_ref().and_then(|until| {
        let day = until.text().parse::<Date>();
        day.map_err(|_| wrong(Wrong::NoEnd { written: until.text() })).ok()
    });
    if rule.then == "suppress" && rule.until.is_none() {
        wrong(Wrong::SuppressWithoutEnd {});
    }
    let (at, days, on) = (rule.at.as_ref(), rule.days.as_deref(), rule.on.as_deref());
    let then = match rule.then.as_str() {
        "at_once" => Some(Action::AtOnce),
        "hold" => Some(Action::Hold),
        "suppress" => Some(Action::Suppress),
        _ => None,
    };
    let then = match then {
        Some(_) if at.is_some() || days.is_some() || on.is_some() => {
            wrong(Wrong::TimeOfNothing {});
            Action::AtOnce
        }
        Some(then) => then,
        None => read_rhythm(&rule.then, (at, days, on), &mut wrong).map_or(Action::AtOnce, Action::Grouped),
    };
    Rule {
        line,
        name: rule.name.clone(),
        owner: rule.owner.clone(),
        reason: rule.reason.clone(),
        until,
        when,
        then,
        fixed: rule.fixed,
        encrypt: rule.encrypt,
    }
}

/// `at`, `days` and `on` as they are written.
type Written<'a> = (Option<&'a document::Moment>, Option<&'a str>, Option<&'a str>);

pub(super) fn read_rhythm(
    then: &str,
    (at, days, on): Written<'_>,
    wrong: &mut dyn FnMut(Wrong),
) -> Option<Rhythm> {
    let time = match at.map(document::Moment::text) {
        None => DEFAULT_AT,
        Some(text) => match text.parse::<Time>() {
            Ok(time) => time,
            Err(_) => {
                wrong(Wrong::NoTime { key: "at".to_owned(), written: text });
                return None;
            }
        },
    };
    let days = match days {
        None | Some("every") => Days::Every,
        Some("working") => Days::Working,
        Some(other) => {
            wrong(Wrong::NoDays { written: other.to_owned() });
            return None;
        }
    };
    let weekday = match on {
        None => Weekday::Monday,
        Some(word) => match rhythm::weekday(word) {
            Some(day) => day,
            None => {
                wrong(Wrong::NoWeekday { written: format!("on = {word}") });
                return None;
            }
        },
    };
    match then {
        "hourly" if at.is_none() && days == Days::Every && on.is_none() => Some(Rhythm::Hourly),
        "daily" if on.is_none() => Some(Rhythm::Daily(days, time)),
        "weekly" if days == Days::Every => Some(Rhythm::Weekly(weekday, time)),
        "hourly" | "daily" | "weekly" => {
            wrong(Wrong::NoRhythm {});
            None
        }
        other => {
            wrong(Wrong::NoAction { written: other.to_owned() });
            None
        }
    }
}

pub(super) fn read_recipient(
    recipient: &document::Recipient,
    number: u32,
    line: usize,
    problems: &mut Vec<Problem>,
) -> Recipient {
    let section = format!("recipient {number}");
    let when = When::read(&recipient.when, Some(line), &section, problems);
    let words = recipient.role.as_ref().map(|words| &words.0[..]);
    // A line may only say that it is encrypted.
    let mut roles = if words.is_none() && recipient.encrypt { ROLES.to_vec() } else { Vec::new() };
    for word in words.unwrap_or_default() {
        match word.parse::<ContactRole>() {
            Ok(role) if ROLES.contains(&role) => roles.push(role),
            _ => {
                problems.push(Problem::error(Some(line), &section, Wrong::NoRole { written: word.clone() }));
            }
        }
    }
    if words.unwrap_or_default().is_empty() && (words.is_some() || !recipient.encrypt) {
        problems.push(Problem::error(Some(line), &section, Wrong::NobodyInRole {}));
    }
    Recipient { line, when, roles, encrypt: recipient.encrypt }
}
