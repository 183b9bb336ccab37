//! The calendars that a policy names: when it is open, and on which days people work.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};

use super::rhythm::amsterdam;
use crate::calendar::{Calendar, Weekly};

/// The calendar that says on which days people work.
const WORKING: &str = "office";

/// Calendars by name.
#[derive(Clone, Debug)]
pub struct Calendars(BTreeMap<String, Calendar>);

/// `office` (Monday to Friday from 09:00 to 17:00, without public holidays) and `always`.
impl Default for Calendars {
    fn default() -> Self {
        let office = Calendar::weekly(Weekly::office(), amsterdam());
        let always = Calendar::always(amsterdam());
        Self(BTreeMap::from([(WORKING.to_owned(), office), ("always".to_owned(), always)]))
    }
}

impl Calendars {
    /// Adds a calendar, or puts it in the place of the one of that name.
    pub fn put(&mut self, name: &str, calendar: Calendar) {
        self.0.insert(name.to_owned(), calendar);
    }

    /// The calendar of this name.
    pub fn get(&self, name: &str) -> Option<&Calendar> {
        self.0.get(name)
    }

    /// The same calendars, closed on these days as well.
    pub fn without(&self, days: &BTreeSet<Date>) -> Self {
        Self(self.0.iter().map(|(name, calendar)| (name.clone(), calendar.without(days))).collect())
    }

    /// Do people work on this day?
    pub fn is_working_day(&self, day: Date) -> bool {
        let begins = amsterdam().to_ambiguous_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
        let opens =
            begins.compatible().ok().and_then(|begins: Timestamp| self.0.get(WORKING)?.next_open(begins));
        opens.is_some_and(|opens| opens.to_zoned(amsterdam()).date() == day)
    }
}
