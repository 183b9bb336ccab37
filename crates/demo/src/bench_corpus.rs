//! One large report for measurements: `scan_http_vulnerable`, 29 columns, about 400 bytes a row, every row a finding of its
//! own. Another day has the same findings at other times, in the same order or shuffled.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr},
};

use jiff::civil::{Date, date};
use schakel_parse::shadowserver;

use crate::{
    random::{mix_all, pick},
    report_types::SCAN_HTTP_VULNERABLE,
    row::{self, Row},
    shuffle::Shuffle,
    world::{Subject, World},
};

/// In which order a day has its findings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// The order of the first day.
    AsBefore,
    /// Another order every day.
    Shuffled,
}

/// A report of this many findings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BenchCorpus {
    /// How many rows, each a finding of its own (up to [`BenchCorpus::ROWS_MAX`]).
    pub rows: u64,
    /// Another seed has other findings.
    pub seed: u64,
    /// Which day it is, from 0.
    pub day: u32,
    /// In which order.
    pub order: Order,
}

/// The first day.
const FIRST_DAY: Date = date(2026, 11, 20);

/// Rows are handed on in pieces of about this size.
const BUFFER_BYTES: usize = 1 << 20;

/// One row in so many is nobody's.
const STRANGER_ONE_IN: u64 = 100;

/// One row in so many is seen over IPv6.
const V6_ONE_IN: u64 = 10;

/// The ports web servers are found on most; when they are used up, high ports follow.
const PORTS: [u16; 12] = [443, 80, 8443, 8080, 8000, 8888, 81, 9443, 10443, 4443, 8081, 7443];

/// Where high ports start.
const HIGH_PORT_FIRST: u16 = 20_000;

impl BenchCorpus {
    /// More rows would need more addresses or ports than the constituency has.
    pub const ROWS_MAX: u64 = 50_000_000;

    /// The name its file should have.
    pub fn file_name(&self) -> String {
        format!("{}-scan_http_vulnerable-nederland.csv", self.date())
    }

    /// Writes it, header first.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let world = World::new();
        let places: Vec<(Ipv4Addr, u16)> = world.v4_addresses().collect();
        let report = &SCAN_HTTP_VULNERABLE;
        let columns = row::Columns::new(report, &shadowserver::columns(report.name).unwrap_or_default());
        let order = Shuffle::new(self.rows, self.order_key());
        let day = self.date().to_string();
        let http_date = row::http_date(self.date());
        let mut buffer = columns.header().to_vec();
        for position in 0..self.rows {
            let number = order.at(position);
            let (subject, port) = place(&world, &places, number);
            let finding = mix_all([self.seed, number]);
            Row {
                report,
                subject: &subject,
                port,
                finding,
                visit: mix_all([finding, u64::from(self.day)]),
                date: &day,
                http_date: &http_date,
                second: (position * 86_400 / self.rows) as u32,
                out: &mut buffer,
            }
            .write(&columns);
            if buffer.len() >= BUFFER_BYTES {
                out.write_all(&buffer)?;
                buffer.clear();
            }
        }
        out.write_all(&buffer)
    }

    fn date(&self) -> Date {
        FIRST_DAY.saturating_add(jiff::Span::new().days(i64::from(self.day)))
    }

    fn order_key(&self) -> u64 {
        match self.order {
            Order::AsBefore => self.seed,
            Order::Shuffled => mix_all([self.seed, 1 + u64::from(self.day)]),
        }
    }
}

/// Where finding `number` is seen. Addresses are counted through, then the next port begins, so that none stands twice.
fn place<'a>(world: &'a World, places: &[(Ipv4Addr, u16)], number: u64) -> (Subject<'a>, u16) {
    if number.is_multiple_of(STRANGER_ONE_IN) {
        let n = number / STRANGER_ONE_IN;
        let strangers = u64::from(crate::world::stranger_count());
        return (world.stranger_numbered(n), port(n / strangers));
    }
    if number % V6_ONE_IN == 1 {
        return (world.v6_numbered(number / V6_ONE_IN), *pick(mix_all([number]), &PORTS));
    }
    let count = places.len() as u64;
    let (address, member) = places[(number % count) as usize];
    (world.at_member(member, IpAddr::from(address)), port(number / count))
}

fn port(nth: u64) -> u16 {
    PORTS.get(nth as usize).copied().unwrap_or_else(|| HIGH_PORT_FIRST.wrapping_add(nth as u16))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn lines(day: u32, order: Order) -> Vec<String> {
        let corpus = BenchCorpus { rows: 30_000, seed: 1, day, order };
        let mut bytes = Vec::new();
        corpus.write_to(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap().lines().skip(1).map(str::to_owned).collect()
    }

    /// Address and port, which name the finding.
    fn findings(lines: &[String]) -> Vec<(String, String)> {
        let finding = |line: &String| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields[2].to_owned(), fields[4].to_owned())
        };
        lines.iter().map(finding).collect()
    }

    #[test]
    fn every_row_is_a_finding_of_its_own_of_about_400_bytes() {
        let lines = lines(0, Order::AsBefore);
        assert_eq!(findings(&lines).into_iter().collect::<BTreeSet<_>>().len(), 30_000);
        let bytes = lines.iter().map(|line| line.len() + 1).sum::<usize>() / lines.len();
        assert!((360..=440).contains(&bytes), "{bytes} bytes a row");
    }

    #[test]
    fn another_day_has_the_same_findings_in_the_same_or_another_order() {
        let first = findings(&lines(0, Order::AsBefore));
        assert_eq!(first, findings(&lines(1, Order::AsBefore)));
        let mut shuffled = findings(&lines(1, Order::Shuffled));
        assert_ne!(first, shuffled);
        let mut sorted = first;
        sorted.sort();
        shuffled.sort();
        assert_eq!(sorted, shuffled);
        assert_ne!(lines(0, Order::AsBefore)[0], lines(1, Order::AsBefore)[0]);
    }
}
