//! A day of Shadowserver reports over the constituency. The next day is mostly the same again, as it is in life: of a day's
//! findings about 92 % are there the day after, the rest is solved and something else has come up.

use std::io::{self, Write};

use jiff::civil::{Date, date};

use crate::{
    Columns,
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

/// The reports of this day, `rows` in all (repeated ones come on top). Kinds whose columns are not known are left out.
pub fn day<'a>(world: &'a World, seed: u64, date: Date, rows: u64, columns: Columns) -> Vec<Report<'a>> {
    let shares: u64 = REPORT_TYPES.iter().map(|report| u64::from(report.share)).sum();
    let report = |report: &'static ReportType| {
        let findings = (rows * u64::from(report.share)).div_ceil(shares);
        columns(report.name).map(|columns| Report { world, report, columns, seed, date, findings })
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
    use std::collections::{BTreeSet, HashSet};

    use super::*;

    /// The columns that the tests below look at; enough to fill every kind of report.
    fn columns(name: &str) -> Option<Vec<&'static str>> {
        let event = [
            "timestamp",
            "protocol",
            "src_ip",
            "src_port",
            "src_hostname",
            "severity",
            "dst_ip",
            "tag",
            "infection",
        ];
        let scan = [
            "timestamp",
            "severity",
            "ip",
            "protocol",
            "port",
            "hostname",
            "tag",
            "asn",
            "geo",
            "city",
            "set_cookie",
        ];
        let columns = if name.starts_with("event") { event.as_slice() } else { scan.as_slice() };
        Some(columns.to_vec())
    }

    fn written(world: &World, seed: u64, on: Date, rows: u64) -> (Vec<String>, Written) {
        let mut lines = Vec::new();
        let mut sum = Written::default();
        for report in day(world, seed, on, rows, columns) {
            let mut bytes = Vec::new();
            let written = report.write_to(&mut bytes).unwrap();
            assert_eq!(written.bytes, bytes.len() as u64);
            let text = String::from_utf8(bytes).unwrap();
            let kind = report.report.name;
            lines.extend(text.lines().skip(1).map(|line| format!("{kind},{line}")));
            sum.rows += written.rows;
            sum.broken += written.broken;
            sum.repeated += written.repeated;
        }
        assert_eq!(sum.rows, lines.len() as u64);
        (lines, sum)
    }

    #[test]
    fn the_same_seed_and_date_give_the_same_bytes() {
        let world = World::new();
        let on = date(2026, 11, 20);
        assert_eq!(written(&world, 1, on, 2_000), written(&world, 1, on, 2_000));
        assert_ne!(written(&world, 1, on, 2_000).0, written(&world, 2, on, 2_000).0);
    }

    #[test]
    fn a_day_has_many_kinds_some_broken_rows_and_some_twice() {
        let (lines, sum) = written(&World::new(), 1, date(2026, 11, 20), 200_000);
        assert!(sum.rows >= 200_000);
        assert!((5..=30).contains(&sum.broken), "{sum:?}");
        assert!((25..=90).contains(&sum.repeated), "{sum:?}");
        let kinds: BTreeSet<_> = lines.iter().filter_map(|line| line.split(',').next()).collect();
        assert!(kinds.len() >= 40);
        let text = "\"0000-00-00 ";
        assert_eq!(lines.iter().filter(|line| line.contains(text)).count() as u64, sum.broken);
    }

    #[test]
    fn most_of_the_next_day_was_there_the_day_before() {
        let world = World::new();
        // Kind, address and port name a finding of a scan.
        let findings = |on| -> HashSet<String> {
            let (lines, _) = written(&world, 1, on, 50_000);
            let scans = lines.iter().filter(|line| !line.starts_with("event"));
            scans
                .map(|line| {
                    line.split(',')
                        .enumerate()
                        .filter(|(at, _)| [0, 3, 5].contains(at))
                        .map(|(_, f)| f)
                        .collect()
                })
                .collect()
        };
        let (today, tomorrow) = (findings(date(2026, 11, 20)), findings(date(2026, 11, 21)));
        let again = tomorrow.intersection(&today).count() * 100 / tomorrow.len();
        assert!((90..=95).contains(&again), "{again} %");
    }

    #[test]
    fn a_file_is_named_as_shadowserver_names_it() {
        let world = World::new();
        let reports = day(&world, 1, date(2026, 11, 20), 100, columns);
        assert_eq!(reports[0].file_name(), "2026-11-20-scan_http-nederland.csv");
    }
}
