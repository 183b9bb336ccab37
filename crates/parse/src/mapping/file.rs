//! Where the rows of a file begin, and which columns it has.

use serde::{Deserialize, Serialize};

use super::{
    checked::{Csv, Layout, Mapping},
    error::MappingError,
    read::Bound,
};
use crate::{
    cut::{Cutter, Dialect, Records},
    json::cut::{Arrangement, arrangement},
};

/// Where the first row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Body {
    /// Bytes before it.
    pub offset: usize,
    /// Its line, from 1.
    pub line: u64,
}

/// What [`Bound::definition`] begins with: kind and version. Then [`Front`] as JSON, a line end, and the mapping's own text.
const DEFINITION_MARK: &str = "mapping 1 ";

/// What is known of one file besides the mapping. Stored for ever: a new field gets a default.
#[derive(Serialize, Deserialize)]
struct Front {
    offset: usize,
    line: u64,
    header: Option<Vec<String>>,
    elements: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    received: Option<i64>,
}

impl Bound {
    /// The mapping for the file of which these are the first bytes.
    pub(crate) fn for_head(mapping: Mapping, head: &[u8], received_at: Option<i64>) -> (Self, Body) {
        let (mut bound, body) = match mapping.layout.clone() {
            Layout::Csv(csv) => {
                let (header, body) = csv_front(&csv, head);
                (Self::new(mapping, header, Arrangement::Lines), body)
            }
            Layout::JsonLines => (Self::new(mapping, None, Arrangement::Lines), Body { offset: 0, line: 1 }),
            // Called JSON, it may still be an object a line.
            Layout::Json => (Self::new(mapping, None, arrangement(head)), Body { offset: 0, line: 1 }),
        };
        bound.received_at = received_at.filter(|_| bound.mapping().takes_time_of_receipt());
        (bound, body)
    }

    /// All that is needed to read rows of the same file again.
    pub(crate) fn definition(&self, body: Body) -> String {
        let front = Front {
            offset: body.offset,
            line: body.line,
            header: self.header.clone(),
            elements: self.arrangement == Arrangement::Elements,
            received: self.received_at,
        };
        let front = serde_json::to_string(&front).expect("names and numbers always become JSON");
        format!("{DEFINITION_MARK}{front}\n{}", self.mapping().text())
    }

    /// The text of a definition of this kind, if it is one.
    pub(crate) fn definition_in(bytes: &[u8]) -> Option<&str> {
        std::str::from_utf8(bytes).ok().filter(|text| text.starts_with(DEFINITION_MARK))
    }

    /// From what [`Bound::definition`] gave.
    pub(crate) fn from_definition(text: &str) -> Result<(Self, Body), MappingError> {
        let front = text.strip_prefix(DEFINITION_MARK).and_then(|rest| rest.split_once('\n'));
        let front = front.and_then(|(front, toml)| Some((serde_json::from_str::<Front>(front).ok()?, toml)));
        let Some((front, toml)) = front else {
            let problem = "of the stored mapping is damaged: take the report in again".to_owned();
            return Err(MappingError { line: Some(1), key: String::new(), problem });
        };
        let arrangement = if front.elements { Arrangement::Elements } else { Arrangement::Lines };
        let body = Body { offset: front.offset, line: front.line };
        let mut bound = Self::new(Mapping::parse(toml)?, front.header, arrangement);
        bound.received_at = front.received;
        Ok((bound, body))
    }

    /// How a row is divided into fields.
    pub(crate) fn dialect(&self) -> Dialect {
        match &self.mapping().layout {
            Layout::Csv(csv) => csv.dialect(),
            Layout::JsonLines | Layout::Json => Dialect::LINES,
        }
    }

    /// A cutter at a record that begins on this line.
    pub(crate) fn cutter_at(&self, line: u64) -> Cutter {
        match (&self.mapping().layout, self.arrangement) {
            (Layout::Csv(csv), _) => {
                let cutter = Cutter::new(csv.dialect(), 0, line);
                match &csv.comment {
                    Some(comment) => cutter.without_comments(comment),
                    None => cutter,
                }
            }
            (_, Arrangement::Lines) => Cutter::new(Dialect::LINES, 0, line),
            (_, Arrangement::Elements) => Cutter::of_elements(line),
        }
    }
}

/// The header, when the file has one, and what stands before the rows.
fn csv_front(csv: &Csv, head: &[u8]) -> (Option<Vec<String>>, Body) {
    let mut body = Body { offset: 0, line: 1 };
    if head.starts_with(b"\xef\xbb\xbf") {
        body.offset = 3;
    }
    for _ in 0..csv.skip_lines {
        pass_line(head, &mut body);
    }
    if let Some(comment) = &csv.comment {
        while head[body.offset..].starts_with(comment.as_bytes()) {
            pass_line(head, &mut body);
        }
    }
    if let Some(names) = &csv.names {
        return (Some(names.clone()), body);
    }
    let mut cutter = Cutter::new(csv.dialect(), 0, body.line);
    let mut records = Records::new();
    let rest = &head[body.offset..];
    let consumed = cutter.cut(rest, true, 1, &mut records);
    let header = records.iter(rest).next().map(|record| super::read::header_names(csv, record.raw()));
    (Some(header.unwrap_or_default()), Body { offset: body.offset + consumed, line: cutter.line() })
}

fn pass_line(head: &[u8], body: &mut Body) {
    match memchr::memchr(b'\n', &head[body.offset..]) {
        Some(end) => {
            body.offset += end + 1;
            body.line += 1;
        }
        None => body.offset = head.len(),
    }
}
