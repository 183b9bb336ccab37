//! Measures how fast rows are read on one core, beside csv-core's floor, on a corpus of its own making:
//! `cargo run --release -p schakel-parse --example rows_per_second [STAGE]`. A stage is one of those it prints.

#![allow(clippy::print_stdout)] // It is for a person to read.

use std::{hint::black_box, time::Instant};

use schakel_parse::{Plan, PlanOptions, Records, shadowserver};

const ROWS: usize = 400_000;
const ROUNDS: usize = 5;
/// What the pipeline reads at a time.
const BLOCK_BYTES: usize = 4 << 20;

fn main() {
    for quoted in [false, true] {
        let file = corpus(quoted);
        let plan = Plan::for_file("scan_http_vulnerable.csv", &file, &PlanOptions::default())
            .expect("the header is right");
        let body = &file[plan.body_offset()..];
        let style = if quoted { "quoted" } else { "unquoted" };
        println!("{style}: {ROWS} rows, {} bytes each", body.len() / ROWS);
        report("csv-core, fields copied", || csv_core_rows(body));
        report("cut", || cut_rows(&plan, body, |_, _| ()));
        report("cut + observe", || {
            cut_rows(&plan, body, |plan, record| {
                let _ = black_box(plan.observe(record));
            })
        });
        report("cut + event", || {
            cut_rows(&plan, body, |plan, record| {
                let _ = black_box(plan.event(record));
            })
        });
    }
}

/// Prints the best of some rounds, when the stage is asked for.
fn report(what: &str, mut run: impl FnMut() -> usize) {
    if std::env::args().nth(1).is_some_and(|stage| stage != what) {
        return;
    }
    let best = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(run(), ROWS, "{what}");
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    println!("  {what:<24} {:>10.0} rows/s", ROWS as f64 / best);
}

fn cut_rows(plan: &Plan, body: &[u8], mut each: impl FnMut(&Plan, schakel_parse::Record<'_>)) -> usize {
    let mut cutter = plan.cutter();
    let mut records = Records::new();
    let (mut at, mut rows) = (0, 0);
    while at < body.len() {
        let end = (at + BLOCK_BYTES).min(body.len());
        let block = &body[at..end];
        at += cutter.cut(block, end == body.len(), usize::MAX, &mut records);
        rows += records.len();
        for record in records.iter(block) {
            each(plan, record);
        }
    }
    rows
}

fn csv_core_rows(mut body: &[u8]) -> usize {
    let mut reader = csv_core::Reader::new();
    let mut fields = vec![0; 1 << 16];
    let mut ends = vec![0; 256];
    let mut rows = 0;
    loop {
        let (result, read, _, _) = reader.read_record(body, &mut fields, &mut ends);
        body = &body[read..];
        match result {
            csv_core::ReadRecordResult::Record => rows += 1,
            csv_core::ReadRecordResult::InputEmpty => {}
            _ => return rows,
        }
    }
}

/// A scan report of 29 columns and about 400 bytes a row, every row another address.
fn corpus(quoted: bool) -> Vec<u8> {
    let columns = shadowserver::columns("scan_http_vulnerable").expect("a known type");
    let mut file = columns.join(",");
    file.push('\n');
    for row in 0..ROWS {
        let cells = columns.iter().map(|column| cell(column, row));
        let line: Vec<String> = cells.map(|cell| if quoted { format!("\"{cell}\"") } else { cell }).collect();
        file += &line.join(",");
        file.push('\n');
    }
    file.into_bytes()
}

fn cell(column: &str, row: usize) -> String {
    match column {
        "timestamp" => format!("2026-03-03 {:02}:{:02}:{:02}", row / 3600 % 24, row / 60 % 60, row % 60),
        "severity" => "high".to_owned(),
        "ip" => format!("198.{}.{}.{}", 18 + row / 65_536, row / 256 % 256, row % 256),
        "protocol" => "tcp".to_owned(),
        "port" => "443".to_owned(),
        "hostname" => format!("host-{row}.example.com"),
        "tag" => "http;cve-2021-41773".to_owned(),
        "asn" => "64500".to_owned(),
        "geo" => "NL".to_owned(),
        "region" => "OVERIJSSEL".to_owned(),
        "city" => "ZWOLLE".to_owned(),
        "naics" => "921190".to_owned(),
        "sector" => "Government".to_owned(),
        "http_code" => "200".to_owned(),
        "content_length" => "16418".to_owned(),
        "http_date" => "Tue 03 Mar 2026 01:02:03 GMT".to_owned(),
        "set_cookie" => "JSESSIONID=0F3A9C6D51E24B7788A1; Path=/; HttpOnly; Secure".to_owned(),
        "content_type" => "text/html; charset=utf-8".to_owned(),
        "server" => "Apache/2.4.49 (Unix) OpenSSL/1.1.1k".to_owned(),
        _ => format!("{column}-{}", row % 100),
    }
}
