//! The findings of a group as a table of plain text that fits a line.

use std::borrow::Cow;

use schakel_model::observation::Transport;

use crate::{clean, notice::Item, times::Times, words::Words, wrap::LINE_CHARS_MAX};

/// Rows of one group in the text; the attachment has all. A mail of more is not read.
pub const ROWS_SHOWN_MAX: usize = 20;

/// Characters between columns.
const GAP: usize = 2;

/// A name or detail narrower than this says nothing: it gives way to the attachment.
const TEXT_WIDTH_MIN: usize = 8;

/// A name or detail is cut after this many characters; the attachment has it whole.
const TEXT_WIDTH_MAX: usize = 48;

struct Column {
    heading: String,
    cells: Vec<String>,
    /// May it be cut to fit the line?
    width: Width,
}

#[derive(PartialEq, Eq)]
enum Width {
    Fixed,
    Flexible,
}

impl Column {
    fn width(&self) -> usize {
        self.cells.iter().chain([&self.heading]).map(|cell| cell.chars().count()).max().unwrap_or(0)
    }

    fn is_empty(&self) -> bool {
        self.cells.iter().all(String::is_empty)
    }
}

/// The table of the first [`ROWS_SHOWN_MAX`] items, no line longer than [`LINE_CHARS_MAX`], columns without content left
/// out. Ends without line break.
pub fn table(items: &[Item<'_>], words: &Words, times: &Times) -> String {
    let items = &items[..items.len().min(ROWS_SHOWN_MAX)];
    let column = |key: &str, width: Width, cell: &dyn Fn(&Item<'_>) -> String| Column {
        heading: words.text(key),
        cells: items.iter().map(cell).collect(),
        width,
    };
    let mut columns = vec![
        column("column-finding", Width::Fixed, &|item| item.finding.to_string()),
        column("column-utc", Width::Fixed, &|item| times.utc_minutes(item.observed_at.timestamp())),
        column("column-local", Width::Fixed, &|item| times.local_beside_utc(item.observed_at.timestamp())),
        column("column-address", Width::Fixed, &|item| item.ip.map(|ip| ip.to_string()).unwrap_or_default()),
        column("column-port", Width::Fixed, &port),
        column("column-name", Width::Flexible, &|item| {
            clean::line(&defanged(name(item)), TEXT_WIDTH_MAX).into_owned()
        }),
        column("column-detail", Width::Flexible, &|item| {
            clean::line(detail(item), TEXT_WIDTH_MAX).into_owned()
        }),
    ];
    columns.retain(|column| !column.is_empty());
    fit(&mut columns);
    lines(&columns)
}

fn port(item: &Item<'_>) -> String {
    match (item.port, item.transport) {
        (0, transport) => transport.as_str().to_owned(),
        (port, Transport::Unknown) => port.to_string(),
        (port, transport) => format!("{port}/{transport}", transport = transport.as_str()),
    }
}

fn name<'a>(item: &'a Item<'_>) -> &'a str {
    [&item.account, &item.url, &item.hostname]
        .into_iter()
        .find(|text| !text.is_empty())
        .map_or("", |text| text)
}

/// A URL that no mail program makes a link of: it may be the harmful page itself. The attachment has it as it was.
fn defanged(text: &str) -> Cow<'_, str> {
    match text.strip_prefix("http") {
        Some(rest) if rest.starts_with("://") || rest.starts_with("s://") => {
            Cow::Owned(format!("hxxp{rest}"))
        }
        _ => Cow::Borrowed(text),
    }
}

fn detail<'a>(item: &'a Item<'_>) -> &'a str {
    [&item.malware, &item.tags].into_iter().find(|text| !text.is_empty()).map_or("", |text| text)
}

/// Cuts the widest flexible column until the line fits; one that gets too narrow is left out.
fn fit(columns: &mut Vec<Column>) {
    loop {
        let total = columns.iter().map(|column| column.width() + GAP).sum::<usize>().saturating_sub(GAP);
        let over = total.saturating_sub(LINE_CHARS_MAX);
        let widest = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.width == Width::Flexible)
            .max_by_key(|(_, column)| column.width())
            .map(|(at, _)| at);
        match widest {
            Some(at) if over > 0 => {
                // A step at a time, so that two wide columns end up equally wide.
                let target = columns[at].width() - over.min(4);
                if target < TEXT_WIDTH_MIN {
                    columns.remove(at);
                } else {
                    for cell in columns[at].cells.iter_mut() {
                        *cell = clean::line(cell, target).into_owned();
                    }
                }
            }
            _ => return,
        }
    }
}

fn lines(columns: &[Column]) -> String {
    let widths: Vec<usize> = columns.iter().map(Column::width).collect();
    let rows = columns.first().map_or(0, |column| column.cells.len());
    let mut out = String::new();
    let mut push = |cells: &mut dyn Iterator<Item = &str>| {
        let mut pending = 0;
        for (cell, width) in cells.zip(&widths) {
            out.extend(std::iter::repeat_n(' ', if cell.is_empty() { 0 } else { pending }));
            out.push_str(cell);
            let filled = if cell.is_empty() { pending } else { 0 };
            pending = filled + width - cell.chars().count() + GAP;
        }
        out.push('\n');
    };
    push(&mut columns.iter().map(|column| column.heading.as_str()));
    for row in 0..rows {
        push(&mut columns.iter().map(|column| column.cells[row].as_str()));
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}

#[cfg(test)]
mod tests {
    use schakel_model::language::Language;

    use super::*;
    use crate::sample;

    fn shown(items: &[Item<'_>]) -> String {
        table(items, &Words::of(Language::En), &Times::default())
    }

    #[test]
    fn empty_columns_are_left_out_and_times_stand_side_by_side() {
        let notice = sample::small(Language::En);
        insta::assert_snapshot!(shown(&notice.groups[0].items), @r"
        No    Seen (UTC)        NL time      IP address  Port      Name                       Details
        4020  2026-03-14 22:58  23:58        192.0.2.1   3389/tcp  ts0.hollands-diep.example  rdp;ssl
        4021  2026-03-14 22:59  23:59        192.0.2.2   3389/tcp  ts1.hollands-diep.example  rdp;ssl
        4022  2026-03-14 23:00  15-03 00:00  192.0.2.3   3389/tcp  ts2.hollands-diep.example  rdp;ssl
        ");
    }

    #[test]
    fn a_url_is_no_link() {
        for (url, shown) in [
            ("https://x.example/a", "hxxps://x.example/a"),
            ("http://x.example", "hxxp://x.example"),
            ("httpd.example", "httpd.example"),
        ] {
            assert_eq!(defanged(url), shown);
        }
    }

    #[test]
    fn no_line_is_too_long_whatever_the_source_sends() {
        let notice = sample::small(Language::En);
        let mut item = notice.groups[0].items[0].clone();
        item.ip = "2001:db8:1234:5678:9abc:def0:1234:5678".parse().ok();
        item.hostname = Cow::Owned("très-long.".repeat(40));
        item.tags =
            Cow::Borrowed("evil\r\n\r\n.\r\nBcc: everybody@example.org; and a long story after that one");
        item.observed_at.0 = u32::MAX;
        let text = shown(&[item.clone(), item]);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= LINE_CHARS_MAX), "{text}");
    }
}
