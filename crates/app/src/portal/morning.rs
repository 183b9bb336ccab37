//! The desk's first page, from what the store has.

use jiff::{Timestamp, ToSpan};
use schakel_model::fate::Fate;
use schakel_render::portal::morning::{Ahead, Feed, Ledger, Morning, Waiting};
use schakel_store::{
    Reader, answers, asset_requests, calls, chunks, conflicts, contact_changes,
    ledger::{self, Scope},
    mailboxes, outbox,
    spool::{SpoolDesk, State},
};

use super::ahead;
use crate::{breach, calendar, feed_health};

/// Lines of a list on the page.
const LISTED: usize = 8;

/// The picture of this moment.
pub fn morning(reader: &Reader, now: Timestamp) -> anyhow::Result<Morning> {
    let seconds = now.as_second();
    let since = evening_before(now)?;
    let came = reader.read(|connection| chunks::came_since(connection, since))?;
    let sums = reader.read(|connection| ledger::sums(connection, &Scope::All))?;
    let unwell = feed_health::all(reader, seconds)?.into_iter().filter(|one| !one.health.alarms.is_empty());
    let feeds: Vec<Feed> = unwell
        .map(|one| Feed {
            alarms: one.health.alarms.iter().map(|alarm| alarm.as_str()).collect(),
            last_at: Some(one.health.last_at),
            feed: one.feed,
        })
        .collect();
    let (ahead, ahead_count) = steps_ahead(reader, seconds)?;
    Ok(Morning {
        since,
        reports: came.reports,
        rows: came.rows,
        events: came.events,
        rejected: came.rejected,
        new_findings: came.new_findings,
        notifications: reader.read(|connection| outbox::count_since(connection, since))?,
        waiting: waiting(reader, seconds, &sums, feeds.len() as u64)?,
        ahead,
        ahead_count,
        feeds: feeds.into_iter().take(LISTED).collect(),
        ledger: Ledger {
            balanced: sums.balanced(),
            rows: sums.rows,
            assignments: sums.assignments,
            fates: Fate::ALL
                .iter()
                .map(|fate| (fate.as_str(), sums.fate(*fate)))
                .filter(|(_, count)| *count > 0)
                .collect(),
        },
    })
}

/// When people went home: five o'clock in the afternoon, the last time before this morning.
fn evening_before(now: Timestamp) -> anyhow::Result<i64> {
    let local = now.to_zoned(calendar::amsterdam());
    let evening = local.date().checked_sub(1.day())?.at(17, 0, 0, 0);
    Ok(evening.to_zoned(calendar::amsterdam())?.timestamp().as_second())
}

fn waiting(
    reader: &Reader,
    now: i64,
    sums: &schakel_model::fate::Sums,
    feeds: u64,
) -> anyhow::Result<Vec<Waiting>> {
    let (held, _) = SpoolDesk::open(reader.data())?.count(State::Held)?;
    let [_, _, _, given_up, withheld] = reader.read(outbox::counts)?;
    let mut called: Vec<u32> = reader.read(calls::open)?.iter().map(|call| call.organisation.0).collect();
    called.sort_unstable();
    called.dedup();
    let conflicts = reader.read(conflicts::list)?.iter().filter(|one| one.decision.is_none()).count();
    let contacts = reader.read(contact_changes::list)?.iter().filter(|one| one.decision.is_none()).count();
    let changes = contacts + reader.read(asset_requests::waiting)?.len();
    let mailboxes = reader.read(mailboxes::list)?.iter().filter(|one| !one.is_usable()).count();
    let (breaches, overdue) = breach::counts(reader, now)?;
    let at = |key, count, alarm, href, command| Waiting { key, count, alarm, href, command };
    Ok(vec![
        at("waiting-calls", called.len() as u64, true, "/calls", "schakel call list"),
        at("waiting-vetting", held, false, "/vetting", "schakel vetting list"),
        at("waiting-answers", reader.read(answers::open_count)?, false, "/answers", "schakel answer list"),
        at("waiting-breaches", breaches, overdue > 0, "/breaches", "schakel breach list"),
        at("waiting-feeds", feeds, true, "/sources", "schakel source health"),
        at(
            "waiting-unrouted",
            sums.fate(Fate::Unrouted),
            false,
            "/ledger?list=unrouted",
            "schakel register unrouted",
        ),
        at(
            "waiting-no-contact",
            sums.fate(Fate::NoContact),
            false,
            "/ledger?list=no_contact",
            "schakel ledger --list no_contact",
        ),
        at("waiting-withheld", withheld, true, "/outbox?state=withheld", "schakel outbox"),
        at("waiting-given-up", given_up, true, "/outbox?state=given_up", "schakel outbox"),
        at("waiting-mailboxes", mailboxes as u64, false, "/mailboxes", "schakel contact health"),
        at("waiting-conflicts", conflicts as u64, false, "/register/waiting", "schakel conflict list"),
        at("waiting-changes", changes as u64, false, "/register/waiting", "schakel contact pending list"),
    ])
}

fn steps_ahead(reader: &Reader, now: i64) -> anyhow::Result<(Vec<Ahead>, u64)> {
    let mut coming = ahead::coming(reader, now)?;
    coming.retain(|one| one.due_at <= now + ahead::DAY_SECONDS);
    let count = coming.len() as u64;
    let listed = coming.into_iter().take(LISTED).map(|one| Ahead {
        organisation: one.organisation,
        severity: one.severity,
        turn: one.turn,
        due_at: one.due_at,
    });
    Ok((listed.collect(), count))
}

#[cfg(test)]
mod tests {
    use schakel_store::{Store, data_dir::DataDir};

    use super::*;

    #[test]
    fn an_empty_store_is_a_quiet_morning() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::new(folder.path())).unwrap();
        let now: Timestamp = "2026-03-30T07:00:00Z".parse().unwrap();
        let morning = morning(&store.reader().unwrap(), now).unwrap();
        assert!(morning.ledger.balanced && morning.waiting.iter().all(|one| one.count == 0));
        // Five o'clock on the day that summer time begins.
        assert_eq!(Timestamp::from_second(morning.since).unwrap().to_string(), "2026-03-29T15:00:00Z");
    }
}
