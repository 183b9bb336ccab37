//! Reads files into events without keeping anything: `schakel parse`.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_formats::containers::{Caps, Container, sniff, walk};
use schakel_model::{event::Event, reject::Reject};
use schakel_parse::Plan;
use serde::Serialize;

use crate::{intake::HEAD_BYTES, pipeline::read::ChunkReader, reading::Reading};

/// A reject as a JSON line. The names of the fields are a contract.
#[derive(Debug, Serialize)]
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

/// Reads one file, plain or a container. Fails when nothing of it can be read.
pub fn parse_file(path: &Path, reading: &Reading, sink: &mut dyn RowSink) -> anyhow::Result<Parsed> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let shown = path.display().to_string();
    let mut file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut head = Vec::new();
    (&mut file)
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .with_context(|| format!("cannot read {shown}"))?;
    let mut parsed = Parsed::default();
    if sniff(&name, &head) == Container::Plain {
        let plan = reading.plan(&name, &head)?;
        parse_member(&mut file, head, plan, &shown, sink, &mut parsed)?;
        return Ok(parsed);
    }
    file.seek(SeekFrom::Start(0)).with_context(|| format!("cannot read {shown}"))?;
    let mut failures = Vec::new();
    let walked = walk(&mut file, &name, &Caps::default(), &mut |member, input| {
        let mut head = Vec::new();
        let broken = input.take(HEAD_BYTES as u64).read_to_end(&mut head).err();
        if let (Some(error), true) = (broken, head.is_empty()) {
            failures.push(format!("{}: {error}", member.path));
            return anyhow::Ok(());
        }
        match reading.plan(&member.name, &head) {
            Ok(plan) => parse_member(input, head, plan, &member.path, sink, &mut parsed)?,
            Err(error) => failures.push(format!("{}: {error}", member.path)),
        }
        Ok(())
    })?;
    parsed.failures.append(&mut failures);
    for problem in walked.problems.iter().map(ToString::to_string) {
        if !parsed.failures.iter().any(|failure| failure.contains(&problem)) {
            parsed.failures.push(problem);
        }
    }
    if walked.members == 0 && parsed.failures.is_empty() {
        parsed.failures.push(format!("{shown} holds no report"));
    }
    Ok(parsed)
}

fn parse_member(
    input: &mut dyn Read,
    head: Vec<u8>,
    plan: Plan,
    shown: &str,
    sink: &mut dyn RowSink,
    parsed: &mut Parsed,
) -> anyhow::Result<()> {
    let plan = Arc::new(plan);
    let mut reader = ChunkReader::start(input, head, &plan);
    let mut spare = Vec::new();
    let mut row = 0;
    while let Some(cut) = reader.next(std::mem::take(&mut spare)) {
        for at in 0..cut.records.len() {
            row += 1;
            parsed.rows += 1;
            let record = cut.records.get(&cut.bytes, at);
            match plan.event(record) {
                Ok(event) => sink.event(&event)?,
                Err(Reject { code, message }) => {
                    parsed.rejected += 1;
                    sink.reject(&RejectLine {
                        file: shown.to_owned(),
                        row,
                        line: record.line(),
                        code: code.as_str(),
                        message: message.into_owned(),
                        raw_base64: STANDARD.encode(record.raw()),
                    })?;
                }
            }
        }
        spare = cut.bytes;
    }
    let (_, _, broken) = reader.finish();
    parsed.failures.extend(broken.map(|error| format!("{shown} could be read only in part: {error}")));
    Ok(())
}
