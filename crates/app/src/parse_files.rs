//! Reads files into events without keeping anything: `schakel parse`.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_formats::containers::{Container, sniff};
use schakel_model::{event::Event, reject::Reject};
use schakel_parse::{Plan, Record};
use serde::Serialize;

use crate::{
    incoming::Incoming,
    pipeline::read::ChunkReader,
    reading::{Opened, Reading, Received, cannot_read, read_head},
};

/// A reject as a JSON line. The names of the fields are a contract.
#[derive(Clone, Debug, Serialize)]
pub struct RejectLine {
    /// The file, inside a container with the way to it.
    pub file: String,
    /// The record in that file, from 1.
    pub row: u64,
    /// Its physical line.
    pub line: u64,
    /// From the closed list.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
    /// The bytes of the record.
    pub raw_base64: String,
}

/// What a file held.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Records.
    pub rows: u64,
    /// Those that could not be read.
    pub rejected: u64,
    /// What could not be read of the file, in sentences.
    pub failures: Vec<String>,
}

/// Where rows go.
pub trait RowSink {
    /// An event.
    fn event(&mut self, event: &Event) -> anyhow::Result<()>;
    /// A reject.
    fn reject(&mut self, reject: &RejectLine) -> anyhow::Result<()>;
}

/// Reads one file, plain or a container. Fails when nothing of it can be read. `now` (seconds since 1970) is the time of what bears none.
pub fn parse_file(
    path: &Path,
    reading: &Reading,
    now: i64,
    sink: &mut dyn RowSink,
) -> anyhow::Result<Parsed> {
    let shown = path.display().to_string();
    parse_incoming(&mut Incoming::file(path)?, &shown, reading, now, sink)
}

/// As [`parse_file`], of whatever came from wherever. `shown`: what it is called in messages.
pub fn parse_incoming(
    incoming: &mut Incoming,
    shown: &str,
    reading: &Reading,
    now: i64,
    sink: &mut dyn RowSink,
) -> anyhow::Result<Parsed> {
    let name = incoming.name.clone();
    reading.unseal(incoming, jiff::Timestamp::from_second(now)?)?;
    let opening = || format!("cannot read {shown}");
    let head = read_head(incoming.content()?).with_context(opening)?;
    let mut content = incoming.content()?;
    let mut parsed = Parsed::default();
    let received = Received { at: now, ..Received::default() };
    if sniff(&name, &head) == Container::Plain {
        drop(head);
        let broken = parse_member(reading.open(&name, &mut content, received)?, shown, sink, &mut parsed)?;
        parsed.failures.extend(broken);
        return Ok(parsed);
    }
    let unread = reading.each_report((&name, shown), &mut content, received, &mut |path, opened| {
        parse_member(opened, path, sink, &mut parsed)
    })?;
    parsed.failures = unread.failures;
    Ok(parsed)
}

/// Gives what broke off.
fn parse_member(
    opened: Opened<'_>,
    shown: &str,
    sink: &mut dyn RowSink,
    parsed: &mut Parsed,
) -> anyhow::Result<Option<String>> {
    let Opened { plan, head, mut input, .. } = opened;
    let plan = Arc::new(plan);
    let mut reader = ChunkReader::start(&mut *input, head, &plan);
    let mut spare = Vec::new();
    let mut row = 0;
    while let Some(cut) = reader.next(std::mem::take(&mut spare)) {
        for at in 0..cut.records.len() {
            row += 1;
            parsed.rows += 1;
            let record = cut.records.get(&cut.bytes, at);
            match plan.event(record) {
                Ok(event) => sink.event(&event)?,
                Err(reject) => {
                    parsed.rejected += 1;
                    sink.reject(&reject_line(&plan, record, shown, row, reject))?;
                }
            }
        }
        spare = cut.bytes;
    }
    let (_, _, broken) = reader.finish();
    Ok(broken.map(|error| cannot_read(shown, &error)))
}

/// A record that cannot be read. `row`: which it is in its file, from 1.
pub fn reject_line(plan: &Plan, record: Record<'_>, file: &str, row: u64, reject: Reject) -> RejectLine {
    RejectLine {
        file: file.to_owned(),
        row,
        line: record.line(),
        code: reject.code.as_str(),
        message: reject.message.into_owned(),
        raw_base64: STANDARD.encode(plan.reject_bytes(record)),
    }
}
