//! Days on which an organisation is closed, besides public holidays.

use std::{
    collections::{BTreeSet, HashMap},
    ops::RangeInclusive,
};

use rusqlite::{Connection, params};
use schakel_model::ids::OrganisationId;

use crate::{Store, StoreError, act::Act, audit::Action, error::DatabaseContext};

/// The days of each organisation that has any, in days since 1970-01-01.
pub type ClosingDays = HashMap<OrganisationId, BTreeSet<i32>>;

impl Store {
    /// Closes an organisation on these days, or with `is_closed` false opens it. Gives how many days that changed.
    pub fn set_closing_days(
        &mut self,
        act: &Act<'_>,
        (organisation, code): (OrganisationId, &str),
        days: RangeInclusive<i32>,
        is_closed: bool,
    ) -> Result<usize, StoreError> {
        self.write(|transaction| {
            let span = format!("{}..{}", days.start(), days.end());
            let mut changed = 0;
            for day in days {
                changed += match is_closed {
                    true => transaction.execute(
                        "INSERT OR IGNORE INTO closing_day VALUES (?1,?2)",
                        params![organisation.0, day],
                    ),
                    false => transaction.execute(
                        "DELETE FROM closing_day WHERE organisation = ?1 AND day = ?2",
                        params![organisation.0, day],
                    ),
                }
                .doing("set closing days")?;
            }
            if changed > 0 {
                let action = if is_closed { Action::ClosingDaysAdded } else { Action::ClosingDaysRemoved };
                act.audit(transaction, action, &format!("organisation:{code}"), &span)?;
            }
            Ok(changed)
        })
    }
}

/// Those of every organisation.
pub fn all(connection: &Connection) -> Result<ClosingDays, StoreError> {
    let mut days = ClosingDays::new();
    let mut statement =
        connection.prepare_cached("SELECT organisation, day FROM closing_day").doing("read closing days")?;
    let rows = statement
        .query_map([], |row| Ok((OrganisationId(row.get(0)?), row.get(1)?)))
        .doing("read closing days")?;
    for row in rows {
        let (organisation, day) = row.doing("read closing days")?;
        days.entry(organisation).or_default().insert(day);
    }
    Ok(days)
}
