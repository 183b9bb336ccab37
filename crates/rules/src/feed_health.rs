//! Is a feed as it usually is? What it usually does is learnt from what came, or set.

/// Reports of one feed that come within this many seconds of each other are one delivery: a day's files do not come at one moment.
const DELIVERY_SECONDS: i64 = 3_600;

/// Deliveries needed before a rhythm or a usual size is believed.
const DELIVERIES_MIN: usize = 5;

/// Deliveries that are looked at: more says what was usual once.
const DELIVERIES_MAX: usize = 30;

/// A feed is late when this share of its rhythm has passed, in per cent, and silent when this one has.
const LATE_PERCENT: i64 = 150;
const SILENT_PERCENT: i64 = 300;

/// No feed is late before this many seconds, whatever its rhythm: reports wait in queues on their way.
const PATIENCE_SECONDS: i64 = 1_800;

/// A delivery has shrunk below this share of the usual rows, and exploded above this one, in per cent.
const SHRUNKEN_PERCENT: u64 = 20;
const EXPLODED_PERCENT: u64 = 500;

/// Small feeds change their size from day to day: below this many rows, usual or now, that says nothing.
const ROWS_MIN: u64 = 50;

/// A report of a feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Came {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Rows in it.
    pub rows: u64,
    /// How it was read: another number is another set of columns.
    pub layout: u32,
}

/// What a feed does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// When its last delivery came, in seconds since 1970.
    pub last_at: i64,
    /// Rows in its last delivery.
    pub last_rows: u64,
    /// It comes every so many seconds; `None`: not known yet.
    pub every_seconds: Option<i64>,
    /// Rows it usually has; `None`: not known yet.
    pub usual_rows: Option<u64>,
    /// What is not as usual, the gravest first; empty: nothing.
    pub alarms: Vec<Alarm>,
}

/// What is not as usual.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Alarm {
    /// It should have come several times by now.
    Silent,
    /// It should have come by now.
    Late,
    /// Far fewer rows than usual.
    Shrunken,
    /// Far more rows than usual.
    Exploded,
    /// The columns of its last report are not those of the one before.
    SchemaChanged,
}

impl Alarm {
    /// As it stands in lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Late => "late",
            Self::Shrunken => "shrunken",
            Self::Exploded => "exploded",
            Self::SchemaChanged => "schema_changed",
        }
    }
}

/// Looks at what came of a feed, in order of time. `set`: the rhythm the desk has set, in seconds. `None` when nothing ever came.
pub fn health(came: &[Came], set: Option<u32>, now: i64) -> Option<Health> {
    let deliveries = deliveries(came);
    let last = deliveries.last()?;
    let every_seconds = set.map(i64::from).or_else(|| rhythm(&deliveries));
    let before = &deliveries[..deliveries.len() - 1];
    let usual_rows = (before.len() >= DELIVERIES_MIN)
        .then(|| median(before.iter().map(|delivery| delivery.rows).collect()));
    let mut alarms = Vec::new();
    if let Some(every) = every_seconds {
        let passed = now - last.at;
        if passed > (every * SILENT_PERCENT / 100).max(PATIENCE_SECONDS) {
            alarms.push(Alarm::Silent);
        } else if passed > (every * LATE_PERCENT / 100).max(PATIENCE_SECONDS) {
            alarms.push(Alarm::Late);
        }
    }
    if let Some(usual) = usual_rows {
        if usual >= ROWS_MIN && last.rows * 100 < usual * SHRUNKEN_PERCENT {
            alarms.push(Alarm::Shrunken);
        }
        if last.rows >= ROWS_MIN && last.rows * 100 > usual * EXPLODED_PERCENT {
            alarms.push(Alarm::Exploded);
        }
    }
    if let [.., previous, newest] = came
        && previous.layout != newest.layout
    {
        alarms.push(Alarm::SchemaChanged);
    }
    Some(Health { last_at: last.at, last_rows: last.rows, every_seconds, usual_rows, alarms })
}

struct Delivery {
    at: i64,
    rows: u64,
}

/// Puts together what came together; the last ones only.
fn deliveries(came: &[Came]) -> Vec<Delivery> {
    let mut deliveries: Vec<Delivery> = Vec::new();
    for one in came {
        match deliveries.last_mut() {
            Some(last) if one.at - last.at <= DELIVERY_SECONDS => last.rows += one.rows,
            _ => deliveries.push(Delivery { at: one.at, rows: one.rows }),
        }
    }
    let surplus = deliveries.len().saturating_sub(DELIVERIES_MAX);
    deliveries.drain(..surplus);
    deliveries
}

fn rhythm(deliveries: &[Delivery]) -> Option<i64> {
    (deliveries.len() >= DELIVERIES_MIN)
        .then(|| median(deliveries.windows(2).map(|pair| pair[1].at - pair[0].at).collect()))
}

fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn daily(rows: &[u64]) -> Vec<Came> {
        rows.iter().zip(0..).map(|(rows, day)| Came { at: day * DAY, rows: *rows, layout: 1 }).collect()
    }

    fn alarms(came: &[Came], set: Option<u32>, now: i64) -> Vec<Alarm> {
        health(came, set, now).unwrap().alarms
    }

    #[test]
    fn a_rhythm_is_learnt_and_a_feed_that_falls_silent_is_noticed() {
        let week = daily(&[100; 7]);
        let last = 6 * DAY;
        for (hours, alarm) in [(24, None), (36, None), (37, Some(Alarm::Late)), (73, Some(Alarm::Silent))] {
            assert_eq!(alarms(&week, None, last + hours * 3_600), Vec::from_iter(alarm), "{hours} h");
        }
        let found = health(&week, None, last).unwrap();
        assert_eq!((found.every_seconds, found.usual_rows), (Some(DAY), Some(100)));
        // What has come four times says nothing yet, unless somebody says how often it comes.
        assert_eq!(alarms(&daily(&[100; 4]), None, 100 * DAY), []);
        assert_eq!(alarms(&daily(&[100; 4]), Some(86_400), 100 * DAY), [Alarm::Silent]);
        assert_eq!(health(&[], None, 0), None);
    }

    #[test]
    fn what_comes_together_is_one_delivery() {
        let mut came = Vec::new();
        for day in 0..6 {
            for minute in 0..5 {
                came.push(Came { at: day * DAY + minute * 60, rows: 20, layout: 1 });
            }
        }
        let found = health(&came, None, 5 * DAY + 3_600).unwrap();
        assert_eq!((found.every_seconds, found.last_rows, found.usual_rows), (Some(DAY), 100, Some(100)));
        assert_eq!(found.alarms, []);
    }

    #[test]
    fn a_size_far_from_the_usual_is_noticed_but_not_of_a_small_feed() {
        for (rows, alarm) in [
            (&[100, 100, 100, 100, 100, 19][..], Some(Alarm::Shrunken)),
            (&[100, 100, 100, 100, 100, 20], None),
            (&[100, 100, 100, 100, 100, 501], Some(Alarm::Exploded)),
            (&[100, 100, 100, 100, 100, 500], None),
            (&[5, 5, 5, 5, 5, 0], None),
            (&[5, 5, 5, 5, 5, 49], None),
            (&[5, 5, 5, 5, 5, 50], Some(Alarm::Exploded)),
        ] {
            assert_eq!(
                alarms(&daily(rows), None, (rows.len() as i64 - 1) * DAY),
                Vec::from_iter(alarm),
                "{rows:?}"
            );
        }
    }

    #[test]
    fn other_columns_are_noticed_once() {
        let mut came = daily(&[100; 6]);
        came[5].layout = 2;
        assert_eq!(alarms(&came, None, 5 * DAY), [Alarm::SchemaChanged]);
        came.push(Came { at: 6 * DAY, rows: 100, layout: 2 });
        assert_eq!(alarms(&came, None, 6 * DAY), []);
    }
}
