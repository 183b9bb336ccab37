//! A day of Shadowserver reports over the constituency. The next day is mostly the same again, as it is in life: of a day's
//! findings about 92 % are there the day after, the rest is solved and something else has come up.

use std::io::{self, Write};

use jiff::civil::{Date, date};

use schakel_parse::shadowserver;

use crate::{
    random::{below, mix_all, mix_text, pick},
    report_types::{REPORT_TYPES, ReportType},
    row::{self, Row},
    shuffle::Shuffle,
    world::World,
};

/// One report of a day.
pub struct Report<'a> {
    world: &'a World,
    report: &'static ReportType,
    columns: Vec<&'static str>,
    seed: u64,
    date: Date,
    findings: u64,
}

/// What went into a report, so that a test or a reader can check the ledger against it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Rows, all of them.
    pub rows: u64,
    /// Rows whose time cannot be read.
    pub broken: u64,
    /// Rows that stand twice.
    pub repeated: u64,
    /// Bytes, the header included.
    pub bytes: u64,
}

/// A finding lasts 12.5 days: in 25 days every slot gets two new ones, 8 % of the slots a day.
const HALF_LIVES: u64 = 25;

/// One row in so many stands twice.
const REPEATED_ONE_IN: u64 = 4_000;

/// One row in so many has a time that nobody can read.
const BROKEN_ONE_IN: u64 = 15_000;

/// What a database says when it has no time.
const BROKEN_DATE: &str = "0000-00-00";

/// Rows are handed on in pieces of about this size.
const BUFFER_BYTES: usize = 256 << 10;

/// The reports of this day, `rows` in all (repeated ones come on top).
pub fn day<'a>(world: &'a World, seed: u64, date: Date, rows: u64) -> Vec<Report<'a>> {
    let shares: u64 = REPORT_TYPES.iter().map(|report| u64::from(report.share)).sum();
    let report = |report: &'static ReportType| {
        let findings = (rows * u64::from(report.share)).div_ceil(shares);
        shadowserver::columns(report.name).map(|columns| Report {
            world,
            report,
            columns,
            seed,
            date,
            findings,
        })
    };
    REPORT_TYPES.iter().filter_map(report).collect()
}

impl Report<'_> {
    /// The name of its file: `2026-11-20-scan_http-nederland.csv`.
    pub fn file_name(&self) -> String {
        format!("{}-{}-nederland.csv", self.date, self.report.name)
    }

    /// Writes it, in the order of time.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<Written> {
        let columns = row::Columns::new(self.report, &self.columns);
        let salt = mix_all([self.seed, mix_text(self.report.name)]);
        let day = days_since_1970(self.date);
        let order = Shuffle::new(self.findings, mix_all([salt, day]));
        let date = self.date.to_string();
        let http_date = row::http_date(self.date);
        let mut written = Written { bytes: columns.header().len() as u64, ..Written::default() };
        let mut buffer = columns.header().to_vec();
        for position in 0..self.findings {
            let slot = order.at(position);
            let finding = finding(salt, slot, day);
            let visit = mix_all([finding, day]);
            let broken = visit % BROKEN_ONE_IN == 1;
            let start = buffer.len();
            Row {
                report: self.report,
                subject: &self.world.subject(finding, self.report.family, self.report.hosting),
                port: port(self.report, finding, visit),
                finding,
                visit,
                date: if broken { BROKEN_DATE } else { &date },
                http_date: &http_date,
                second: (position * 86_400 / self.findings) as u32,
                out: &mut buffer,
            }
            .write(&columns);
            let repeated = !broken && visit % REPEATED_ONE_IN == 2;
            if repeated {
                buffer.extend_from_within(start..);
            }
            written.rows += 1 + u64::from(repeated);
            written.broken += u64::from(broken);
            written.repeated += u64::from(repeated);
            written.bytes += (buffer.len() - start) as u64;
            if buffer.len() >= BUFFER_BYTES {
                out.write_all(&buffer)?;
                buffer.clear();
            }
        }
        out.write_all(&buffer)?;
        Ok(written)
    }
}

/// What stands in this slot on this day. A slot's turn comes on a day of its own.
fn finding(salt: u64, slot: u64, day: u64) -> u64 {
    let offset = below(mix_all([salt, slot]), HALF_LIVES);
    mix_all([salt, slot, (2 * day + offset) / HALF_LIVES])
}

/// Half of what is found is on the usual port. An event's source port is another one each time.
fn port(report: &ReportType, finding: u64, visit: u64) -> u16 {
    match report.ports {
        [] => 32_768 + (visit % 28_000) as u16,
        [usual, ..] if finding.is_multiple_of(2) => *usual,
        ports => *pick(mix_all([finding, 8]), ports),
    }
}

fn days_since_1970(day: Date) -> u64 {
    let days = (day - date(1970, 1, 1)).get_days();
    u64::from(days.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use schakel_parse::{Plan, PlanOptions, Records};

    use super::*;

    /// The rows of a day, each behind the name of its kind.
    fn rows(world: &World, seed: u64, on: Date, count: u64) -> Vec<String> {
        let mut rows = Vec::new();
        for report in day(world, seed, on, count) {
            let mut bytes = Vec::new();
            let written = report.write_to(&mut bytes).unwrap();
            assert_eq!(written.bytes, bytes.len() as u64);
            let text = String::from_utf8(bytes).unwrap();
            rows.extend(text.lines().skip(1).map(|line| format!("{},{line}", report.report.name)));
        }
        rows
    }

    #[test]
    fn the_same_seed_and_date_give_the_same_bytes() {
        let world = World::new();
        let on = date(2026, 11, 20);
        assert_eq!(rows(&world, 1, on, 2_000), rows(&world, 1, on, 2_000));
        assert_ne!(rows(&world, 1, on, 2_000), rows(&world, 2, on, 2_000));
    }

    /// Rows and rejects, as the parser that reads real reports sees them.
    fn read(file_name: &str, bytes: &[u8]) -> (u64, u64) {
        let plan = Plan::for_file(file_name, bytes, &PlanOptions::default()).unwrap();
        let body = &bytes[plan.body_offset()..];
        let mut records = Records::new();
        plan.cutter().cut(body, true, usize::MAX, &mut records);
        let rejects = records.iter(body).filter(|record| plan.observe(*record).is_err()).count();
        (records.len() as u64, rejects as u64)
    }

    #[test]
    fn a_day_reads_as_real_reports_do_but_for_its_broken_rows() {
        let world = World::new();
        let reports = day(&world, 1, date(2026, 11, 20), 40_000);
        assert!(reports.len() >= 40);
        let mut sum = Written::default();
        for report in reports {
            let mut bytes = Vec::new();
            let written = report.write_to(&mut bytes).unwrap();
            assert_eq!(
                read(&report.file_name(), &bytes),
                (written.rows, written.broken),
                "{}",
                report.file_name()
            );
            sum.rows += written.rows;
            sum.broken += written.broken;
            sum.repeated += written.repeated;
        }
        assert!(sum.rows >= 40_000);
        assert!((1..=10).contains(&sum.broken), "{sum:?}");
        assert!((3..=25).contains(&sum.repeated), "{sum:?}");
    }

    #[test]
    fn most_of_the_next_day_was_there_the_day_before() {
        let world = World::new();
        // Kind, address and port name a finding of a scan; these three stand in the same columns of every scan.
        let findings = |on| -> HashSet<String> {
            let rows = rows(&world, 1, on, 20_000);
            let scans = rows.iter().filter(|row| row.starts_with("scan"));
            let finding = |row: &String| {
                row.split(',')
                    .enumerate()
                    .filter(|(at, _)| [0, 3, 5].contains(at))
                    .map(|(_, field)| field)
                    .collect()
            };
            scans.map(finding).collect()
        };
        let (today, tomorrow) = (findings(date(2026, 11, 20)), findings(date(2026, 11, 21)));
        let again = tomorrow.intersection(&today).count() * 100 / tomorrow.len();
        assert!((90..=95).contains(&again), "{again} %");
    }

    #[test]
    fn a_file_is_named_as_shadowserver_names_it() {
        let world = World::new();
        let reports = day(&world, 1, date(2026, 11, 20), 100);
        assert_eq!(reports[0].file_name(), "2026-11-20-scan_http-nederland.csv");
    }
}
