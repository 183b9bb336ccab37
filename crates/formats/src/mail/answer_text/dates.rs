//! Days as people write them in a reply, in Dutch and English.

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

/// Behind these words stands until when something is.
const BEFORE_END: [&str; 20] = [
    "tot",
    "t/m",
    "uiterlijk",
    "voor",
    "vóór",
    "op",
    "klaar",
    "gereed",
    "verwacht",
    "gepland",
    "until",
    "till",
    "by",
    "before",
    "on",
    "ready",
    "done",
    "expected",
    "planned",
    "due",
];

/// So many words may stand between one of those and the day.
const WORDS_BETWEEN: usize = 2;

/// The day that a text names as the end of something: the one behind a word such as "until", or the only one.
pub(super) fn until(words: &[&str], today: Date) -> Option<Date> {
    let mut found: Vec<(Date, bool)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let Some((date, used)) = date(&words[at..], today) else {
            at += 1;
            continue;
        };
        let before = &words[at.saturating_sub(WORDS_BETWEEN + 1)..at];
        let marked = before.iter().any(|word| BEFORE_END.contains(&word.to_lowercase().as_str()));
        found.push((date, marked));
        at += used;
    }
    let marked: Vec<Date> = found.iter().filter(|(_, marked)| *marked).map(|(date, _)| *date).collect();
    match (&marked[..], &found[..]) {
        ([date], _) => Some(*date),
        ([], [(date, _)]) => Some(*date),
        _ => None,
    }
}

/// A date at the start of these words, and how many it takes.
fn date(words: &[&str], today: Date) -> Option<(Date, usize)> {
    let first = words.first()?.to_lowercase();
    if let Some(date) = numeric(&first) {
        return Some((date, 1));
    }
    let day_of = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
        let ordinal = &word[digits.len()..];
        let is_day = !digits.is_empty() && ["", "e", "st", "nd", "rd", "th"].contains(&ordinal);
        is_day.then(|| digits.parse::<i8>().ok()).flatten().filter(|day| (1..=31).contains(day))
    };
    let year_at = |at: usize| {
        words.get(at).and_then(|word| word.parse::<i16>().ok()).filter(|year| (2000..2200).contains(year))
    };
    // `3 december 2026`, `3rd of December`
    if let Some(day) = day_of(&first) {
        let skip = usize::from(words.get(1).is_some_and(|word| word.eq_ignore_ascii_case("of")));
        let month = month(words.get(1 + skip)?)?;
        let year = year_at(2 + skip);
        return Some((on(day, month, year, today)?, 2 + skip + usize::from(year.is_some())));
    }
    // `December 3rd, 2026`
    if let Some(month) = month(&first) {
        let day = day_of(&words.get(1)?.to_lowercase())?;
        let year = year_at(2);
        return Some((on(day, month, year, today)?, 2 + usize::from(year.is_some())));
    }
    let tomorrow = today.tomorrow().ok()?;
    match first.as_str() {
        "vandaag" | "today" => return Some((today, 1)),
        "morgen" | "tomorrow" => return Some((tomorrow, 1)),
        "overmorgen" => return Some((tomorrow.tomorrow().ok()?, 1)),
        _ => {}
    }
    if let (true, Some(next)) = (["volgende", "next", "komende"].contains(&first.as_str()), words.get(1)) {
        return match next.to_lowercase().as_str() {
            // By the end of it.
            "week" => Some((
                next_day(
                    Weekday::Friday,
                    today.checked_add(7.days()).ok()?.checked_sub(days_into(today)).ok()?,
                )?,
                2,
            )),
            "maand" | "month" => Some((today.last_of_month().tomorrow().ok()?.last_of_month(), 2)),
            other => Some((next_day(weekday(other)?, tomorrow)?, 2)),
        };
    }
    Some((next_day(weekday(&first)?, tomorrow)?, 1))
}

/// Days since Monday.
fn days_into(day: Date) -> jiff::Span {
    i64::from(day.weekday().to_monday_zero_offset()).days()
}

fn next_day(weekday: Weekday, from: Date) -> Option<Date> {
    let ahead = (weekday.to_monday_zero_offset() - from.weekday().to_monday_zero_offset()).rem_euclid(7);
    from.checked_add(i64::from(ahead).days()).ok()
}

/// A day without a year is the next one.
fn on(day: i8, month: i8, year: Option<i16>, today: Date) -> Option<Date> {
    match year {
        Some(year) => Date::new(year, month, day).ok(),
        None => {
            let date = Date::new(today.year(), month, day).ok()?;
            if date >= today { Some(date) } else { Date::new(today.year() + 1, month, day).ok() }
        }
    }
}

/// `2026-12-03`, `3-12-2026`, `3.12.2026`, and `3/12/2026` when only one reading of it is a day.
fn numeric(word: &str) -> Option<Date> {
    for mark in ['-', '.', '/'] {
        let parts: Vec<&str> = word.split(mark).collect();
        let [a, b, c] = parts[..] else { continue };
        if ![a, b, c].iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit())) {
            return None;
        }
        if a.len() == 4 {
            return Date::new(a.parse().ok()?, b.parse().ok()?, c.parse().ok()?).ok();
        }
        let year: i16 = match c.len() {
            4 => c.parse().ok()?,
            2 => 2000 + c.parse::<i16>().ok()?,
            _ => return None,
        };
        let (a, b): (i8, i8) = (a.parse().ok()?, b.parse().ok()?);
        let dutch = Date::new(year, b, a).ok();
        if mark != '/' {
            return dutch;
        }
        let american = Date::new(year, a, b).ok();
        return match (dutch, american) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other),
        };
    }
    None
}

const MONTHS: [&[&str]; 12] = [
    &["januari", "january", "jan"],
    &["februari", "february", "feb"],
    &["maart", "march", "mrt", "mar"],
    &["april", "apr"],
    &["mei", "may"],
    &["juni", "june", "jun"],
    &["juli", "july", "jul"],
    &["augustus", "august", "aug"],
    &["september", "sept", "sep"],
    &["oktober", "october", "okt", "oct"],
    &["november", "nov"],
    &["december", "dec"],
];

/// The month of this name, from 1.
pub(super) fn month(word: &str) -> Option<i8> {
    let word = word.trim_end_matches('.').to_lowercase();
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&word.as_str())).map(|(number, _)| number)
}

const WEEKDAYS: [(Weekday, [&str; 2]); 7] = [
    (Weekday::Monday, ["maandag", "monday"]),
    (Weekday::Tuesday, ["dinsdag", "tuesday"]),
    (Weekday::Wednesday, ["woensdag", "wednesday"]),
    (Weekday::Thursday, ["donderdag", "thursday"]),
    (Weekday::Friday, ["vrijdag", "friday"]),
    (Weekday::Saturday, ["zaterdag", "saturday"]),
    (Weekday::Sunday, ["zondag", "sunday"]),
];

fn weekday(word: &str) -> Option<Weekday> {
    let word = word.to_lowercase();
    WEEKDAYS.iter().find(|(_, names)| names.contains(&word.as_str())).map(|(day, _)| *day)
}
