//! When a weekly overview is due, which period it covers, and who gets it. Times of the day are those of Europe/Amsterdam, also across a change of the
//! clock.

use std::{collections::HashSet, fmt, str::FromStr};

use jiff::{
    Timestamp, ToSpan,
    civil::{Time, Weekday},
    fmt::strtime,
    tz::TimeZone,
};
use schakel_model::{
    language::Language,
    limits::RECIPIENTS_MAX,
    register::{Contact, ContactRole},
    tlp::Tlp,
};

use crate::tlp_gate::{Audience, Circle, gate};

/// What a first overview covers, when nothing says since when: a week, in seconds.
const WEEK_SECONDS: i64 = 7 * 86_400;

/// On which day and at which time overviews are made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Schedule {
    /// Never.
    Off,
    /// Each week.
    Weekly(Weekday, Time),
}

impl FromStr for Schedule {
    type Err = String;

    /// Reads `monday 08:00`, or `off`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self::Off);
        }
        let wrong = || format!("`{text}` is no day and time: write for example \"monday 08:00\", or \"off\"");
        let (day, time) = text.split_once(' ').ok_or_else(wrong)?;
        let day = strtime::parse("%A", day).ok().and_then(|parsed| parsed.weekday()).ok_or_else(wrong)?;
        let time = Time::strptime("%H:%M", time.trim()).map_err(|_| wrong())?;
        Ok(Self::Weekly(day, time))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Weekly(day, time) => {
                let name = format!("{day:?}").to_ascii_lowercase();
                write!(f, "{name} {}", time.strftime("%H:%M"))
            }
        }
    }
}

/// From when, until when: seconds since 1970. What happened at `until`, this overview itself for example, belongs to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period {
    /// The end of the overview before.
    pub since: i64,
    /// The end of this one.
    pub until: i64,
}

impl Schedule {
    /// The last time at or before `now` at which overviews are made.
    pub fn latest(self, now: Timestamp) -> Option<Timestamp> {
        let Self::Weekly(day, time) = self else { return None };
        let zone = TimeZone::get("Europe/Amsterdam").expect("the time zone tables are built in");
        let today = now.to_zoned(zone.clone()).date();
        // Eight days: on the day itself it may not be time yet.
        (0..=7)
            .filter_map(|back| today.checked_sub(back.days()).ok())
            .filter(|date| date.weekday() == day)
            .filter_map(|date| zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok())
            .find(|moment| *moment <= now)
    }

    /// The period whose overview is due. `last_until`: the end of the last overview of the organisation; `known_since`: when we began to know
    /// it. However many weeks were missed, it is one overview for all of them.
    pub fn due(self, last_until: Option<i64>, known_since: i64, now: Timestamp) -> Option<Period> {
        let until = self.latest(now)?.as_second();
        if known_since > until {
            return None;
        }
        let since = last_until.unwrap_or(until - WEEK_SECONDS);
        (since < until).then_some(Period { since, until })
    }
}

/// The roles that get the overview: its own recipient, else whoever may see most. The first that has somebody gets it.
pub const ROLES: [ContactRole; 4] =
    [ContactRole::Weekly, ContactRole::Vcib, ContactRole::Acib, ContactRole::Findings];

/// Readers of one language who may see the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Readers<'a> {
    /// Their language.
    pub language: Language,
    /// The highest marking they may see.
    pub clearance: Tlp,
    /// The role they all have.
    pub role: ContactRole,
    /// Who; no address twice.
    pub contacts: Vec<&'a Contact>,
}

/// Who gets the overview of their own organisation: nobody when no contact may even hear that there is something.
pub fn readers<'a>(contacts: impl IntoIterator<Item = &'a Contact> + Clone) -> Vec<Readers<'a>> {
    let cleared = |role| {
        let of_role = contacts.clone().into_iter().filter(move |contact| contact.role == role);
        of_role.filter_map(|contact| Some((contact, clearance(contact)?))).collect::<Vec<_>>()
    };
    let Some((role, cleared)) =
        ROLES.into_iter().map(|role| (role, cleared(role))).find(|(_, some)| !some.is_empty())
    else {
        return Vec::new();
    };
    let mut seen = HashSet::new();
    let mut groups: Vec<Readers<'a>> = Vec::new();
    for (contact, clearance) in cleared {
        if !seen.insert(contact.email.trim().to_lowercase()) || seen.len() > RECIPIENTS_MAX {
            continue;
        }
        let language = contact.language;
        match groups.iter_mut().find(|group| (group.language, group.clearance) == (language, clearance)) {
            Some(group) => group.contacts.push(contact),
            None => groups.push(Readers { language, clearance, role, contacts: vec![contact] }),
        }
    }
    groups
}

/// The highest marking this contact may see of its own organisation.
fn clearance(contact: &Contact) -> Option<Tlp> {
    let may = |tlp: &&Tlp| gate(**tlp, &Audience::contact(Circle::Concerned, contact)).is_ok();
    Tlp::ALL.iter().rev().find(may).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use schakel_model::ids::{ContactId, OrganisationId};

    use super::*;

    fn contact(role: ContactRole, name: &str, email: &str, tlp_max: Tlp) -> Contact {
        Contact {
            id: ContactId(1),
            organisation: OrganisationId(1),
            role,
            name: name.into(),
            email: email.into(),
            phone: String::new(),
            language: Language::Nl,
            tlp_max,
            position: 0,
            valid_from: None,
            valid_until: None,
        }
    }

    #[test]
    fn its_own_recipient_gets_it_else_whoever_may_see_most_and_each_only_what_they_may() {
        use ContactRole::{Acib, Vcib, Weekly};
        let told = |contacts: &[Contact]| {
            let line = |group: &Readers<'_>| {
                let emails: Vec<_> = group.contacts.iter().map(|contact| contact.email.as_str()).collect();
                format!("{} {}: {}", group.role, group.clearance, emails.join(" "))
            };
            readers(contacts).iter().map(line).collect::<Vec<_>>().join("; ")
        };
        let weekly = contact(Weekly, "", "week@x.example", Tlp::Amber);
        let vcib = contact(Vcib, "Jan de Vries", "jan.devries@x.example", Tlp::Red);
        let acib = contact(Acib, "", "ib@x.example", Tlp::Green);
        assert_eq!(told(&[acib.clone(), vcib.clone(), weekly.clone()]), "weekly TLP:AMBER: week@x.example");
        assert_eq!(told(&[acib.clone(), vcib.clone()]), "vcib TLP:RED: jan.devries@x.example");
        assert_eq!(told(&[acib]), "acib TLP:GREEN: ib@x.example");
        let red_mailbox = contact(Weekly, "", "ib@x.example", Tlp::Red);
        assert_eq!(told(&[red_mailbox]), "weekly TLP:AMBER+STRICT: ib@x.example", "RED is for named persons");
        let twice = contact(Weekly, "", "WEEK@x.example", Tlp::Amber);
        assert_eq!(told(&[weekly.clone(), twice]), "weekly TLP:AMBER: week@x.example");
        let no_address = contact(Weekly, "", " ", Tlp::Amber);
        assert_eq!(told(&[no_address, vcib]), "vcib TLP:RED: jan.devries@x.example");
        assert_eq!(told(&[]), "");
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn monday() -> Schedule {
        "monday 08:00".parse().unwrap()
    }

    #[test]
    fn a_schedule_is_a_day_and_a_time_or_off() {
        for text in ["monday 08:00", "sunday 23:59", "off"] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
        assert_eq!("Friday 9:05".parse::<Schedule>().unwrap().to_string(), "friday 09:05");
        for text in ["", "monday", "maandag 08:00", "monday 25:00", "8:00 monday"] {
            assert!(text.parse::<Schedule>().unwrap_err().contains("monday 08:00"), "{text}");
        }
    }

    #[test]
    fn it_is_due_on_the_day_at_the_time_of_the_netherlands() {
        let cases = [
            ("2026-11-23T06:59:59Z", "2026-11-16T07:00:00Z"),
            ("2026-11-23T07:00:00Z", "2026-11-23T07:00:00Z"),
            ("2026-11-29T12:00:00Z", "2026-11-23T07:00:00Z"),
            ("2026-07-06T06:00:00Z", "2026-07-06T06:00:00Z"),
        ];
        for (now, latest) in cases {
            assert_eq!(monday().latest(at(now)), Some(at(latest)), "{now}");
        }
        // On 29 March 2026 there is no 02:30; on 25 October 2026 there are two.
        let sunday: Schedule = "sunday 02:30".parse().unwrap();
        assert_eq!(sunday.latest(at("2026-03-29T03:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(sunday.latest(at("2026-10-25T03:00:00Z")), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(Schedule::Off.latest(at("2026-11-23T07:00:00Z")), None);
    }

    #[test]
    fn what_was_missed_is_one_overview_and_what_was_made_is_not_made_again() {
        let now = at("2026-11-23T09:00:00Z");
        let until = at("2026-11-23T07:00:00Z").as_second();
        let due = |last: Option<i64>, known| monday().due(last, known, now);
        assert_eq!(due(None, 0), Some(Period { since: until - WEEK_SECONDS, until }));
        let long_ago = until - 5 * WEEK_SECONDS;
        assert_eq!(due(Some(long_ago), 0), Some(Period { since: long_ago, until }));
        assert_eq!(due(Some(until), 0), None);
        assert_eq!(due(Some(until + 1), 0), None, "the clock was set back");
        assert_eq!(due(None, until + 1), None, "a member since this morning has nothing to look back on");
        assert_eq!(Schedule::Off.due(None, 0, now), None);
    }

    proptest! {
        #[test]
        fn however_often_it_is_looked_the_periods_join_without_gap_or_overlap(
            steps in proptest::collection::vec(1_i64..20 * 86_400, 1..40),
        ) {
            let mut now = at("2026-01-01T00:00:00Z").as_second();
            let mut last: Option<i64> = None;
            for step in steps {
                now += step;
                let moment = Timestamp::from_second(now).unwrap();
                if let Some(period) = monday().due(last, 0, moment) {
                    prop_assert!(period.since < period.until && period.until <= now);
                    if let Some(last) = last {
                        prop_assert_eq!(period.since, last);
                    }
                    last = Some(period.until);
                    prop_assert_eq!(monday().due(last, 0, moment), None);
                }
                prop_assert!(last.is_some_and(|until| now - until < 8 * 86_400));
            }
        }
    }
}
