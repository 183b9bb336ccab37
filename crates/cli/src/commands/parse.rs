//! `schakel parse`

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::Context as _;
use schakel_app::{
    config,
    parse_files::{RejectLine, RowSink, parse_file},
    reading::Reading,
};
use schakel_model::{event::Event, tlp::Tlp};
use schakel_parse::{
    csaf::{self, Issue},
    idf,
    xarf::{self, Reporter},
};
use serde::Serialize;

use crate::{
    Context,
    args::{EventFormat, ParseArgs},
    output::{Ending, is_watched, plain, say},
};

/// Rows of a preview.
const PREVIEW_ROWS: usize = 10;

#[derive(Default, Serialize)]
struct ParseJson {
    rows: u64,
    events: u64,
    rejected: u64,
    failures: Vec<String>,
}

pub fn run(context: &Context, args: &ParseArgs) -> anyhow::Result<Ending> {
    // What stands in a data directory matters only where there is one.
    let configured = if context.data.root().exists() {
        config::load(&context.data)?.reading()?
    } else {
        Reading::default()
    };
    let reading = super::reading(&args.reading, configured)?;
    if args.preview {
        return preview(context, args, &reading);
    }
    let mut rejects: Box<dyn Write> = match &args.rejects {
        Some(path) => Box::new(BufWriter::new(
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
        )),
        None => Box::new(io::stderr()),
    };
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let mut total = ParseJson::default();
    let mut ending = Ending::Done;
    for file in &args.files {
        let mut events: Box<dyn Write> = match &args.out {
            Some(folder) => {
                let path = folder.join(format!("{}.jsonl", stem(file)));
                Box::new(BufWriter::new(
                    File::create(&path).with_context(|| format!("cannot write {}", path.display()))?,
                ))
            }
            None => Box::new(BufWriter::new(io::stdout())),
        };
        let mut sink = Sink {
            events: &mut events,
            rejects: &mut rejects,
            format: args.format,
            reporter: args.reporter.as_ref(),
            tlp: reading.marking(&file.to_string_lossy(), None),
            now: context.clock.now_seconds(),
            file: file.display().to_string(),
            unwritten: 0,
        };
        let mut failures = match parse_file(file, &reading, context.clock.now_seconds(), &mut sink) {
            Ok(parsed) => {
                total.rows += parsed.rows;
                total.rejected += parsed.rejected;
                if parsed.rejected > 0 {
                    ending = ending.max(Ending::WithRejects);
                }
                parsed.failures
            }
            Err(error) if is_closed_pipe(&error) => return Ok(Ending::Done),
            Err(error) => vec![super::failure(file, &error)],
        };
        failures.extend(sink.unwritten());
        events.flush().or_else(closed_pipe_is_fine)?;
        for failure in failures {
            ending = Ending::Failed;
            if is_watched() {
                say(format!("error: {failure}"));
            }
            // A program that reads rejects must not trip over sentences.
            if !is_watched() || args.rejects.is_some() {
                let line = serde_json::to_string(&unreadable(file, &failure))?;
                writeln!(rejects, "{line}")?;
            }
            total.failures.push(failure);
        }
    }
    rejects.flush()?;
    total.events = total.rows - total.rejected;
    context.out.json(&total)?;
    Ok(ending)
}

/// A file that cannot be read, or not to its end, as a line among the rejects: of no row in particular.
fn unreadable(file: &Path, failure: &str) -> RejectLine {
    RejectLine {
        file: file.display().to_string(),
        row: 0,
        line: 0,
        code: "unreadable_file",
        message: failure.to_owned(),
        raw_base64: String::new(),
    }
}

/// The file's name without its endings.
fn stem(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut stem = name.as_ref();
    for ending in [".gz", ".zip", ".eml", ".csv", ".jsonl", ".ndjson", ".json"] {
        let cut = stem.len().saturating_sub(ending.len());
        if cut > 0 && stem.is_char_boundary(cut) && stem[cut..].eq_ignore_ascii_case(ending) {
            stem = &stem[..cut];
        }
    }
    stem.to_owned()
}

struct Sink<'a> {
    events: &'a mut dyn Write,
    rejects: &'a mut dyn Write,
    format: EventFormat,
    /// Who reports; there for the formats that say so.
    reporter: Option<&'a Reporter>,
    /// The marking of the file.
    tlp: Tlp,
    /// Seconds since 1970.
    now: i64,
    file: String,
    /// Events that the format has no report for.
    unwritten: u64,
}

impl Sink<'_> {
    fn unwritten(&self) -> Option<String> {
        let Self { file, unwritten, .. } = self;
        let why = match self.format {
            EventFormat::Csaf => {
                "name no machine, or no vulnerability that it has, so there is no CSAF advisory of them"
            }
            _ => "name nobody whose problem it is, or no time, so there is no X-ARF report of them",
        };
        (*unwritten > 0).then(|| format!("{file}: {unwritten} events {why}"))
    }

    /// An event in the format that was asked for; `None`: there is none of it.
    fn line(&self, event: &Event) -> Option<String> {
        let Some(reporter) = self.reporter else { return Some(idf::to_json(event)) };
        match self.format {
            EventFormat::Idf => Some(idf::to_json(event)),
            EventFormat::Xarf => xarf::to_json(event, reporter).ok(),
            EventFormat::Csaf => {
                let tlp = event.text("tlp").parse().map_or(self.tlp, |tlp| self.tlp.max(tlp));
                let id = csaf::name_of(event);
                let issue = Issue { publisher: reporter, id: &id, tlp, versions: &[(1, self.now)] };
                csaf::document(event, &issue).map(|document| document.to_string())
            }
        }
    }
}

impl RowSink for Sink<'_> {
    fn event(&mut self, event: &Event) -> anyhow::Result<()> {
        match self.line(event) {
            Some(line) => Ok(writeln!(self.events, "{line}")?),
            None => {
                self.unwritten += 1;
                Ok(())
            }
        }
    }

    fn reject(&mut self, reject: &RejectLine) -> anyhow::Result<()> {
        Ok(writeln!(self.rejects, "{}", serde_json::to_string(reject)?)?)
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn closed_pipe_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

/// The first rows of each file, field by field.
fn preview(context: &Context, args: &ParseArgs, reading: &Reading) -> anyhow::Result<Ending> {
    struct First {
        left: usize,
        lines: Vec<String>,
    }
    impl RowSink for First {
        fn event(&mut self, event: &Event) -> anyhow::Result<()> {
            self.take(|| {
                let json: serde_json::Value = serde_json::from_str(&idf::to_json(event)).unwrap_or_default();
                let fields = json.as_object().into_iter().flatten();
                fields
                    .map(|(name, value)| format!("    {name:<32} {}", plain(&value.to_string(), 100)))
                    .collect()
            })
        }
        fn reject(&mut self, reject: &RejectLine) -> anyhow::Result<()> {
            self.take(|| vec![format!("    rejected ({}): {}", reject.code, plain(&reject.message, 200))])
        }
    }
    impl First {
        fn take(&mut self, lines: impl FnOnce() -> Vec<String>) -> anyhow::Result<()> {
            anyhow::ensure!(self.left > 0, Enough);
            self.left -= 1;
            self.lines.push(format!("  row {}", PREVIEW_ROWS - self.left));
            self.lines.extend(lines());
            Ok(())
        }
    }
    #[derive(Debug)]
    struct Enough;
    impl std::fmt::Display for Enough {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("enough rows")
        }
    }
    impl std::error::Error for Enough {}

    let mut ending = Ending::Done;
    for file in &args.files {
        let mut first = First { left: PREVIEW_ROWS, lines: Vec::new() };
        match parse_file(file, reading, context.clock.now_seconds(), &mut first) {
            Ok(parsed) => {
                for failure in parsed.failures {
                    say(format!("error: {failure}"));
                    ending = Ending::Failed;
                }
            }
            Err(error) if error.is::<Enough>() => {}
            Err(error) => {
                say(format!("error: {}", super::failure(file, &error)));
                ending = Ending::Failed;
            }
        }
        context.out.line(format!("{}", file.display()));
        first.lines.iter().for_each(|line| context.out.line(line));
    }
    Ok(ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_has_no_endings() {
        for (name, expected) in [
            ("scan_rdp.csv", "scan_rdp"),
            ("a/x.CSV.gz", "x"),
            ("day.zip", "day"),
            ("é.csv", "é"),
            (".csv", ".csv"),
        ] {
            assert_eq!(stem(Path::new(name)), expected);
        }
    }
}
