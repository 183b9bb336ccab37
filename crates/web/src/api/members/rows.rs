//! Rows on their way to a member, piece by piece: memory does not grow with a file, and who does not read loses the connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use hyper::body::Frame;
use schakel_app::member_reports::{Chosen, MemberReports};
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::api::streams::Stream;

/// Bytes in a piece, and pieces on their way.
const PIECE_BYTES: usize = 64 << 10;
const PIECES: usize = 4;

/// A member takes a piece within this time, or has gone: 2 KiB a second, below that of any line in use.
const PIECE_TIME_MAX: Duration = Duration::from_secs(30);

/// While nobody takes a piece it is looked so often whether somebody does.
const LOOK: Duration = Duration::from_millis(5);

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layout {
    /// As a file: a header, and a line for each row.
    Csv,
    /// As `reports/download` gives them: an array of objects.
    Json,
}

impl Layout {
    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    fn beginning(self, columns: &[String]) -> String {
        match self {
            Self::Csv => {
                let mut line = String::new();
                push_csv(columns, &mut line);
                line
            }
            Self::Json => "[".to_owned(),
        }
    }

    fn push(self, columns: &[String], cells: &[String], is_first: bool, to: &mut String) {
        match self {
            Self::Csv => push_csv(cells, to),
            Self::Json => {
                to.push_str(if is_first { "\n{" } else { ",\n{" });
                for (at, column) in columns.iter().enumerate() {
                    if at > 0 {
                        to.push(',');
                    }
                    push_json(column, to);
                    to.push(':');
                    push_json(cells.get(at).map_or("", String::as_str), to);
                }
                to.push('}');
            }
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Csv => "",
            Self::Json => "\n]\n",
        }
    }
}

/// A line of CSV (RFC 4180) with every cell in quotes, as Shadowserver writes them.
fn push_csv(cells: &[String], to: &mut String) {
    for (at, cell) in cells.iter().enumerate() {
        to.push_str(if at > 0 { ",\"" } else { "\"" });
        to.push_str(&cell.replace('"', "\"\""));
        to.push('"');
    }
    to.push('\n');
}

fn push_json(text: &str, to: &mut String) {
    to.push_str(&serde_json::Value::from(text).to_string());
}

/// Sends the rows of a file. `held` is given back at its end.
pub(super) fn send(mut reports: MemberReports, chosen: Chosen, layout: Layout, held: Stream) -> Response {
    let (sender, receiver) = mpsc::channel(PIECES);
    let name = chosen.name().to_string();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = write(&mut reports, &chosen, layout, &sender) {
            tracing::warn!(error = %format!("{error:#}"), "a report for a member broke off");
            // So that what came is not taken for the whole; nobody may be there to hear it.
            let _ = give(&sender, Err(io::Error::other("broken off")));
        }
        drop(held);
    });
    let head = [
        (CONTENT_TYPE, layout.content_type().to_owned()),
        // The name has only letters, digits, `-`, `_` and `.`.
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (head, Body::new(Rows(receiver))).into_response()
}

type Piece = io::Result<Bytes>;

fn write(
    reports: &mut MemberReports,
    chosen: &Chosen,
    layout: Layout,
    sender: &mpsc::Sender<Piece>,
) -> anyhow::Result<()> {
    let columns = chosen.columns();
    let mut piece = layout.beginning(columns);
    let mut is_first = true;
    reports.rows(chosen, &mut |cells| {
        layout.push(columns, cells, is_first, &mut piece);
        is_first = false;
        if piece.len() >= PIECE_BYTES {
            give(sender, Ok(std::mem::take(&mut piece).into()))?;
        }
        Ok(())
    })?;
    piece.push_str(layout.end());
    give(sender, Ok(piece.into()))
}

/// Gives a piece to whoever reads, as soon as there is room.
fn give(sender: &mpsc::Sender<Piece>, mut piece: Piece) -> anyhow::Result<()> {
    let since = Instant::now();
    loop {
        piece = match sender.try_send(piece) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => anyhow::bail!("the connection was closed"),
            Err(TrySendError::Full(piece)) => piece,
        };
        anyhow::ensure!(since.elapsed() < PIECE_TIME_MAX, "nobody reads it");
        thread::sleep(LOOK);
    }
}

/// The end that is read.
struct Rows(mpsc::Receiver<Piece>);

impl HttpBody for Rows {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_as_a_file_and_as_objects() {
        let cells = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let columns = cells(&["timestamp", "note"]);
        let rows =
            [cells(&["2026-11-20 03:00:00", "a \"b\", c\nd"]), cells(&["x"]), cells(&["y", "z", "more"])];
        let whole = |layout: Layout| {
            let mut text = layout.beginning(&columns);
            for (at, row) in rows.iter().enumerate() {
                layout.push(&columns, row, at == 0, &mut text);
            }
            text + layout.end()
        };
        assert_eq!(
            whole(Layout::Csv),
            "\"timestamp\",\"note\"\n\"2026-11-20 03:00:00\",\"a \"\"b\"\", c\nd\"\n\"x\"\n\"y\",\"z\",\"more\"\n"
        );
        let parsed: serde_json::Value = serde_json::from_str(&whole(Layout::Json)).unwrap();
        assert_eq!(
            parsed,
            serde_json::json!([
                { "timestamp": "2026-11-20 03:00:00", "note": "a \"b\", c\nd" },
                { "timestamp": "x", "note": "" },
                { "timestamp": "y", "note": "z" },
            ])
        );
    }
}
