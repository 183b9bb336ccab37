//! Where the rows of a file begin, and which columns it has.

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

/// The lines of [`Bound::definition`]: how the columns are named, then the mapping's own text.
const DEFINITION_MARK: &str = "schakel mapping 1 ";

impl Bound {
    /// The mapping for the file of which these are the first bytes.
    pub(crate) fn for_head(mapping: Mapping, head: &[u8]) -> (Self, Body) {
        match mapping.layout.clone() {
            Layout::Csv(csv) => {
                let (header, body) = csv_front(&csv, head);
                (Self::new(mapping, header, Arrangement::Lines), body)
            }
            Layout::JsonLines => (Self::new(mapping, None, Arrangement::Lines), Body { offset: 0, line: 1 }),
            // Called JSON, it may still be an object a line.
            Layout::Json => (Self::new(mapping, None, arrangement(head)), Body { offset: 0, line: 1 }),
        }
    }

    /// All that is needed to read rows of the same file again.
    pub(crate) fn definition(&self) -> String {
        let header = self.header.as_ref().map(|header| serde_json::Value::from(header.clone()));
        let arrangement = match self.arrangement {
            Arrangement::Lines => "lines",
            Arrangement::Elements => "elements",
        };
        let front = serde_json::json!({ "header": header, "arrangement": arrangement });
        format!("{DEFINITION_MARK}{front}\n{}", self.mapping().text())
    }

    /// Is it a definition of this kind?
    pub(crate) fn is_definition(text: &str) -> bool {
        text.starts_with(DEFINITION_MARK)
    }

    /// From what [`Bound::definition`] gave.
    pub(crate) fn from_definition(text: &str) -> Result<Self, MappingError> {
        let stored = "the stored definition";
        let damaged = |problem: &str| MappingError {
            file: stored.to_owned(),
            line: Some(1),
            key: String::new(),
            problem: format!("{problem}: take the report in again"),
        };
        let (front, toml) =
            text.strip_prefix(DEFINITION_MARK).and_then(|rest| rest.split_once('\n')).ok_or_else(|| damaged("it is not a mapping's"))?;
        let front: serde_json::Value = serde_json::from_str(front).map_err(|_| damaged("its first line is no JSON"))?;
        let header = front["header"]
            .as_array()
            .map(|names| names.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect());
        let arrangement =
            if front["arrangement"] == "elements" { Arrangement::Elements } else { Arrangement::Lines };
        Ok(Self::new(Mapping::parse(stored, toml)?, header, arrangement))
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
