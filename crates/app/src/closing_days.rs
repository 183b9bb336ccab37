//! Days on which an organisation is closed: terms that wait for it do not count them.

use std::{
    collections::{BTreeSet, HashMap},
    ops::RangeInclusive,
};

use anyhow::ensure;
use jiff::{
    Span,
    civil::{Date, date},
};
use schakel_model::{ids::OrganisationId, register::Organisation};
use schakel_rules::policy::Calendars;
use schakel_store::{Reader, Store, StoreError, act::Act, closing_days};

/// Days in one change: a year. Whoever is closed for longer has to tell the desk.
const DAYS_MAX: i32 = 366;

/// How far ahead a day may lie, in years: what lies further is a slip of the pen.
const YEARS_AHEAD_MAX: i16 = 5;

const FIRST: Date = date(1970, 1, 1);

/// The calendars of a policy, as each organisation counts in them.
#[derive(Debug)]
pub struct OwnCalendars<'p> {
    all: &'p Calendars,
    own: HashMap<OrganisationId, Calendars>,
}

impl<'p> OwnCalendars<'p> {
    /// With the closing days that stand in the store.
    pub fn of(reader: &Reader, all: &'p Calendars) -> Result<Self, StoreError> {
        let own = reader.read(closing_days::all)?;
        let own = own.into_iter().map(|(organisation, days)| (organisation, all.without(&dates(days))));
        Ok(Self { own: own.collect(), all })
    }

    /// Those in which terms of this organisation are counted.
    pub fn of_organisation(&self, organisation: OrganisationId) -> &Calendars {
        self.own.get(&organisation).unwrap_or(self.all)
    }
}

/// Closes an organisation from the first day up to and including the last, or opens it again. Gives how many days that changed.
pub fn set(
    store: &mut Store,
    act: &Act<'_>,
    organisation: &Organisation,
    days: RangeInclusive<Date>,
    is_closed: bool,
) -> anyhow::Result<usize> {
    let (first, last) = (*days.start(), *days.end());
    let days = number(first)..=number(last);
    ensure!(first <= last, "the last day, {last}, comes before the first, {first}");
    ensure!(
        days.end() - days.start() < DAYS_MAX,
        "{first} to {last} is more than {DAYS_MAX} days: set them year by year"
    );
    let today = jiff::Timestamp::from_second(act.at)?.to_zoned(crate::calendar::amsterdam()).date();
    let latest = today.saturating_add(Span::new().years(YEARS_AHEAD_MAX));
    ensure!(last <= latest, "{last} is more than {YEARS_AHEAD_MAX} years ahead: look at the year");
    Ok(store.set_closing_days(act, (organisation.id, &organisation.code), days, is_closed)?)
}

/// The days on which an organisation is closed, from this one on.
pub fn of_organisation(
    reader: &Reader,
    organisation: OrganisationId,
    from: Date,
) -> anyhow::Result<Vec<Date>> {
    let mut all = reader.read(closing_days::all)?;
    let days = dates(all.remove(&organisation).unwrap_or_default());
    Ok(days.range(from..).copied().collect())
}

fn number(day: Date) -> i32 {
    day.duration_since(FIRST).as_hours() as i32 / 24
}

fn dates(days: BTreeSet<i32>) -> BTreeSet<Date> {
    days.into_iter().filter_map(|day| FIRST.checked_add(Span::new().days(day)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_numbered_from_1970() {
        for (day, expected) in [(FIRST, 0), (date(2026, 11, 21), 20_778), (date(1969, 12, 31), -1)] {
            assert_eq!(number(day), expected);
            assert_eq!(dates(BTreeSet::from([expected])), BTreeSet::from([day]));
        }
    }
}
