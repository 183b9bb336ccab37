//! How the rows of one file are read, decided once from its name and first bytes.

use std::borrow::Cow;

use schakel_model::{
    event::{Event, Value},
    limits::{COLUMNS_MAX, RECORD_BYTES_MAX},
    observation::{Identity, MalwareIdentity, Observation, ServiceIdentity, TargetIdentity},
    reject::{Reject, RejectCode},
    severity::Severity,
};
use serde::{Deserialize, Serialize};

use crate::{
    convert::Convert,
    cut::{Cutter, Dialect, Record, Records},
    fields::{self, Fields},
    json::{
        cut::{Arrangement, arrangement},
        idf,
    },
    layout::{Filling, Importance, Layout},
    mapping::{Body, Bound, Mapping, MappingError},
    masking::{Masker, url_without_password},
    observe::Lean,
    row,
    shadowserver::{self, Schema},
    text,
};

/// The header is looked for in this many bytes: no header of [`COLUMNS_MAX`] columns is longer.
const HEADER_BYTES_MAX: usize = RECORD_BYTES_MAX;

/// The byte order mark some programs put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How the rows of one file are read: format, header, column mapping, classification. Immutable, shared by threads.
#[derive(Debug)]
pub struct Plan {
    feed: String,
    provider: String,
    body_offset: usize,
    /// Physical lines before the first record, the header's.
    header_lines: u64,
    rows: Rows,
    /// What is taken out of events before anybody sees them.
    masker: Option<Masker>,
}

/// What the rows are.
#[derive(Debug)]
enum Rows {
    /// A Shadowserver report.
    Table(Box<Table>),
    /// IDF events.
    Idf(Arrangement),
    /// A feed that a mapping describes.
    Mapped(Box<Bound>),
}

/// A CSV file of which each column has its place in an event.
#[derive(Debug)]
struct Table {
    dialect: Dialect,
    layout: Layout,
    severity: Severity,
    identity: Identity,
    lean: Lean,
}

/// What the operator says about a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlanOptions<'a> {
    /// The report type, when the file's name does not say it (`--type`).
    pub type_name: Option<&'a str>,
    /// A newer official Shadowserver schema (`--schema`).
    pub schema: Option<&'a Schema>,
    /// The mapping that describes the file (`--mapping`, or one that its name matches). It comes before the type.
    pub mapping: Option<&'a Mapping>,
    /// When the report came in, seconds since 1970: the time of rows that have none, when the mapping says so.
    pub received_at: Option<i64>,
}

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Neither the name nor the options say what it is.
    #[error(
        "`{name}` does not say which report it is. Name it like 2026-03-01-scan_rdp-example.csv, or say it with --type, \
         or describe its columns with --mapping"
    )]
    NoType {
        /// The file's name.
        name: String,
    },
    /// The type is not one we know.
    #[error(
        "`{type_name}` is no report type we know. Say the right one with --type, give a newer Shadowserver schema with \
         --schema, or describe the columns with --mapping"
    )]
    UnknownType {
        /// What was looked for.
        type_name: String,
    },
    /// There is no header in the first bytes.
    #[error("no header line in the first {HEADER_BYTES_MAX} bytes: this is no CSV file with a header")]
    NoHeader,
    /// The header has more columns than a record may have.
    #[error("the header has {columns} columns; more than {COLUMNS_MAX} are not read")]
    HeaderTooWide {
        /// How many it has.
        columns: usize,
    },
    /// The header lacks the column with the time.
    #[error(
        "the header has no column `{column}`, so no row could have a time. Is this the right type (`{type_name}`)? \
         Say another with --type"
    )]
    NoTimeColumn {
        /// The column that says when.
        column: String,
        /// The type by which the file was read.
        type_name: String,
    },
    /// The stored mapping cannot be read.
    #[error("the stored mapping cannot be read")]
    BadMapping(#[from] MappingError),
    /// The stored definition cannot be read.
    #[error("the stored plan cannot be read: {0}")]
    BadDefinition(String),
}

impl Plan {
    /// The plan for a file, from its name and its first bytes (1 MiB of them, or all there are).
    ///
    /// A file without any byte, or with a header only, has a plan and no rows.
    pub fn for_file(name: &str, head: &[u8], options: &PlanOptions<'_>) -> Result<Self, PlanError> {
        if let Some(mapping) = options.mapping {
            return Self::mapped(mapping.clone(), head, options.received_at);
        }
        let type_name = match options.type_name.or_else(|| shadowserver::type_of(name)) {
            Some(type_name) => type_name,
            None if idf::looks_like_idf(head) || (head.is_empty() && idf::is_json_name(name)) => IDF,
            None => return Err(PlanError::NoType { name: name.to_owned() }),
        };
        if type_name == IDF {
            return Ok(Self::idf(arrangement(head)));
        }
        let header = Header::read(head, Dialect::CSV)?;
        let is_empty = header.columns.is_empty();
        let reading = shadowserver::reading(type_name, header.columns, options.schema)
            .ok_or_else(|| PlanError::UnknownType { type_name: type_name.to_owned() })?;
        if !is_empty && reading.layout.filling("time.source").is_none() {
            let (column, type_name) = ("timestamp".to_owned(), type_name.to_owned());
            return Err(PlanError::NoTimeColumn { column, type_name });
        }
        Ok(Self {
            feed: type_name.to_owned(),
            provider: shadowserver::PROVIDER.to_owned(),
            body_offset: header.bytes,
            header_lines: header.lines,
            rows: Rows::Table(Box::new(Table {
                dialect: Dialect::CSV,
                lean: Lean::of(&reading.layout, reading.severity, reading.identity),
                layout: reading.layout,
                severity: reading.severity,
                identity: reading.identity,
            })),
            masker: None,
        })
    }

    /// The plan for the lines of a [`Transcription`](crate::feeds::Transcription).
    pub fn transcribed() -> Self {
        Self::idf(Arrangement::Lines)
    }

    fn mapped(mapping: Mapping, head: &[u8], received_at: Option<i64>) -> Result<Self, PlanError> {
        let (bound, body) = Bound::for_head(mapping, head, received_at);
        if let Some(column) = bound.missing_time_column() {
            let (column, type_name) = (column.to_owned(), bound.mapping().name.clone());
            return Err(PlanError::NoTimeColumn { column, type_name });
        }
        Ok(Self::of_bound(bound, body))
    }

    fn of_bound(bound: Bound, body: Body) -> Self {
        Self {
            feed: bound.mapping().feed.clone(),
            provider: bound.mapping().provider.clone(),
            body_offset: body.offset,
            header_lines: body.line - 1,
            rows: Rows::Mapped(Box::new(bound)),
            masker: None,
        }
    }

    fn idf(arrangement: Arrangement) -> Self {
        Self {
            feed: IDF.to_owned(),
            provider: IDF.to_owned(),
            body_offset: 0,
            header_lines: 0,
            rows: Rows::Idf(arrangement),
            masker: None,
        }
    }

    /// The same plan, but its events and the text of its rows are given as they may be seen.
    pub fn with_masking(self, masker: Masker) -> Self {
        let masker = match &self.rows {
            Rows::Table(table) => masker.of_fields(table.layout.fields()),
            Rows::Idf(_) | Rows::Mapped(_) => masker,
        };
        Self { masker: Some(masker), ..self }
    }

    /// The feed, for example `scan_http_vulnerable`.
    pub fn feed(&self) -> &str {
        &self.feed
    }

    /// Who makes the feed, for example `shadowserver`.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Bytes before the first record: byte order mark and header.
    pub fn body_offset(&self) -> usize {
        self.body_offset
    }

    /// The physical line the first record begins on.
    pub fn body_line(&self) -> u64 {
        self.header_lines + 1
    }

    /// A cutter for the bytes from [`Plan::body_offset`] on.
    pub fn cutter(&self) -> Cutter {
        self.cutter_at(self.body_line())
    }

    /// A cutter for bytes from a record border on this physical line on.
    pub fn cutter_at(&self, line: u64) -> Cutter {
        match &self.rows {
            Rows::Table(table) => Cutter::new(table.dialect, table.lean.columns_wanted(), line),
            Rows::Idf(Arrangement::Lines) => Cutter::new(Dialect::LINES, 0, line),
            Rows::Idf(Arrangement::Elements) => Cutter::of_elements(line),
            Rows::Mapped(bound) => bound.cutter_at(line),
        }
    }

    /// What the data plane needs of a row, without allocating in the usual case.
    pub fn observe<'a>(&'a self, record: Record<'a>) -> Result<Observation<'a>, Reject> {
        let mut observation = self.observe_row(record)?;
        // What an observation holds is stored, whatever the policy of masking is.
        for url in [&mut observation.source.url, &mut observation.target.url] {
            if !url.is_empty()
                && let Cow::Owned(without) = url_without_password(url)
            {
                *url = Cow::Owned(without);
            }
        }
        Ok(observation)
    }

    fn observe_row<'a>(&'a self, record: Record<'a>) -> Result<Observation<'a>, Reject> {
        match &self.rows {
            Rows::Table(table) => {
                table.check_limits(record)?;
                table.lean.observe(record, table.dialect)
            }
            Rows::Idf(_) => idf::observe(&record),
            Rows::Mapped(bound) => bound.observe(&record),
        }
    }

    /// The row with every field, as the reference gives it; masked, when the plan masks.
    pub fn event(&self, record: Record<'_>) -> Result<Event, Reject> {
        let event = self.event_of_row(record)?;
        Ok(match &self.masker {
            Some(masker) => masker.event(event),
            None => event,
        })
    }

    /// Calls `visit` with each field of a row that holds words, and with each text in it; masked, when the plan masks. Much cheaper than the event, of which a table's columns
    /// are given as they stand in the row.
    pub fn for_each_text(&self, record: Record<'_>, visit: &mut dyn FnMut(&str, &str)) -> Result<(), Reject> {
        let Rows::Table(table) = &self.rows else {
            self.event(record)?.fields().for_each(|(field, value)| texts_in(field, value, visit));
            return Ok(());
        };
        table.check_limits(record)?;
        let cells = table.texts(record);
        for filling in table.layout.fillings.iter().filter(|filling| filling.convert.gives_words()) {
            let text = cells.get(filling.column).map_or("", AsRef::as_ref);
            if !text.is_empty() {
                let seen = self.masker.as_ref().map(|masker| masker.text(&filling.field, text));
                visit(&filling.field, seen.as_deref().unwrap_or(text));
            }
        }
        Ok(())
    }

    fn event_of_row(&self, record: Record<'_>) -> Result<Event, Reject> {
        match &self.rows {
            Rows::Table(table) => {
                table.check_limits(record)?;
                row::event(&table.layout, &table.texts(record))
            }
            Rows::Idf(_) => idf::event(&record),
            Rows::Mapped(bound) => bound.event(&record),
        }
    }

    /// The bytes that the reject of a row is about: the row's, or those of the document that it was transcribed from. Masked, when the plan
    /// masks and there is something to mask.
    pub fn reject_bytes<'a>(&self, record: Record<'a>) -> Cow<'a, [u8]> {
        let bytes = self.bytes_as_they_came(record);
        if self.masker.is_none() {
            return bytes;
        }
        let text = self.text(record);
        if text == String::from_utf8_lossy(&bytes) { bytes } else { Cow::Owned(text.into_bytes()) }
    }

    fn bytes_as_they_came<'a>(&self, record: Record<'a>) -> Cow<'a, [u8]> {
        match &self.rows {
            Rows::Idf(_) => idf::reject_bytes(&record),
            Rows::Table(_) | Rows::Mapped(_) => Cow::Borrowed(record.raw()),
        }
    }

    /// The text of a row, or of what its reject is about; masked, when the plan masks.
    pub fn text(&self, record: Record<'_>) -> String {
        let whole = || String::from_utf8_lossy(&self.bytes_as_they_came(record)).into_owned();
        let Some(masker) = &self.masker else { return whole() };
        let (dialect, raw) = match &self.rows {
            Rows::Table(table) => (table.dialect, Cow::Borrowed(record.raw())),
            Rows::Mapped(bound) if !bound.columns().is_empty() => {
                (bound.dialect(), bound.fields_of(record.raw()))
            }
            Rows::Mapped(_) | Rows::Idf(_) => return masker.json(&whole()),
        };
        let delimiter = char::from(dialect.delimiter).to_string();
        let names = self.columns().chain(std::iter::repeat(""));
        let cells: Vec<String> = names
            .zip(Fields::of(&raw, dialect))
            .map(|(name, raw)| {
                let text = text::decode_cow(fields::value(raw, dialect.quote));
                match masker.text(name, &text) {
                    Cow::Borrowed(_) => String::from_utf8_lossy(raw).into_owned(),
                    Cow::Owned(masked) => masked,
                }
            })
            .collect();
        cells.join(&delimiter)
    }

    /// The cells of a row, decoded; masked, when the plan masks. JSON has none.
    pub fn cells(&self, record: Record<'_>) -> Vec<String> {
        let (dialect, raw) = match &self.rows {
            Rows::Table(table) => (table.dialect, Cow::Borrowed(record.raw())),
            Rows::Mapped(bound) if !bound.columns().is_empty() => {
                (bound.dialect(), bound.fields_of(record.raw()))
            }
            Rows::Mapped(_) | Rows::Idf(_) => return Vec::new(),
        };
        let names = self.columns().chain(std::iter::repeat(""));
        let cells = names.zip(Fields::of(&raw, dialect)).map(|(name, raw)| {
            let text = text::decode_cow(fields::value(raw, dialect.quote));
            match &self.masker {
                Some(masker) => masker.text(name, &text).into_owned(),
                None => text.into_owned(),
            }
        });
        cells.collect()
    }

    /// The names of the columns, as the header has them. JSON has none.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        let columns = match &self.rows {
            Rows::Table(table) => table.layout.columns.as_slice(),
            Rows::Mapped(bound) => bound.columns(),
            Rows::Idf(_) => &[],
        };
        columns.iter().map(String::as_str)
    }
}

impl Table {
    fn texts<'a>(&self, record: Record<'a>) -> Vec<Cow<'a, str>> {
        Fields::of(record.raw(), self.dialect)
            .map(|raw| text::decode_cow(fields::value(raw, self.dialect.quote)))
            .collect()
    }

    #[inline]
    fn check_limits(&self, record: Record<'_>) -> Result<(), Reject> {
        if record.is_too_large() {
            return Err(Reject::new(
                RejectCode::RecordTooLarge,
                format!("the row is larger than {RECORD_BYTES_MAX} bytes, or a quote in it is never closed"),
            ));
        }
        // Fewer bytes than that cannot hold too many columns.
        if record.raw().len() >= COLUMNS_MAX {
            let columns = Fields::of(record.raw(), self.dialect).count();
            if columns > COLUMNS_MAX {
                let message = format!("the row has {columns} columns; more than {COLUMNS_MAX} are not read");
                return Err(Reject::new(RejectCode::TooManyColumns, message));
            }
        }
        Ok(())
    }
}

fn texts_in(field: &str, value: &Value, visit: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Text(text) => visit(field, text),
        Value::List(values) => values.iter().for_each(|value| texts_in(field, value, visit)),
        Value::Object(members) => members.iter().for_each(|(_, value)| texts_in(field, value, visit)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}

/// The header of a file.
struct Header {
    columns: Vec<String>,
    bytes: usize,
    lines: u64,
}

impl Header {
    fn read(head: &[u8], dialect: Dialect) -> Result<Self, PlanError> {
        let mark = if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let body = &head[mark..];
        let mut cutter = Cutter::new(dialect, 0, 1);
        let mut records = Records::new();
        let window = &body[..body.len().min(HEADER_BYTES_MAX)];
        let bytes = cutter.cut(window, true, 1, &mut records);
        if records.is_empty() {
            return Ok(Self { columns: Vec::new(), bytes: mark + bytes, lines: cutter.line() - 1 });
        }
        if bytes == window.len() && window.len() < body.len() {
            return Err(PlanError::NoHeader);
        }
        let record = records.get(window, 0);
        let columns: Vec<String> = Fields::of(record.raw(), dialect)
            .map(|raw| text::decode_cow(fields::value(raw, dialect.quote)).into_owned())
            .collect();
        if columns.len() > COLUMNS_MAX {
            return Err(PlanError::HeaderTooWide { columns: columns.len() });
        }
        Ok(Self { columns, bytes: mark + bytes, lines: cutter.line() - 1 })
    }
}

/// A plan as it is stored, so that a row reads the same after our table of types has changed. Stored for ever: a new field
/// gets a default, another meaning gets another version.
#[derive(Serialize, Deserialize)]
struct Definition {
    version: u32,
    feed: String,
    provider: String,
    body_offset: usize,
    header_lines: u64,
    delimiter: u8,
    quote: Option<u8>,
    columns: Vec<String>,
    /// Column's place, field, conversion, importance.
    fillings: Vec<(usize, String, String, Importance)>,
    constants: Vec<(String, String)>,
    severity: String,
    target: String,
    service_counts: bool,
    malware_counts: bool,
}

/// The feed of IDF events: each names its own feed in `feed.name`. Also the word for them after `--type`.
const IDF: &str = "idf";

/// Stored plans for IDF, by how records stand in the file.
const IDF_DEFINITIONS: [(Arrangement, &[u8]); 2] =
    [(Arrangement::Lines, b"idf 1 lines"), (Arrangement::Elements, b"idf 1 elements")];

/// The version of [`Definition`] we write.
const DEFINITION_VERSION: u32 = 1;

/// The words for what names a target, as stored.
const TARGETS: [(TargetIdentity, &str); 4] = [
    (TargetIdentity::AddressElseName, "address_else_name"),
    (TargetIdentity::NameElseAddress, "name_else_address"),
    (TargetIdentity::Url, "url"),
    (TargetIdentity::Account, "account"),
];

impl Plan {
    /// All that is needed to rebuild this plan: [`Plan::from_definition`].
    pub fn definition(&self) -> Vec<u8> {
        let table = match &self.rows {
            Rows::Table(table) => table,
            Rows::Idf(arrangement) => {
                let stored = IDF_DEFINITIONS.iter().find(|(known, _)| known == arrangement);
                return stored.map_or(&b""[..], |(_, bytes)| bytes).to_vec();
            }
            Rows::Mapped(bound) => {
                let body = Body { offset: self.body_offset, line: self.body_line() };
                return bound.definition(body).into_bytes();
            }
        };
        let target = TARGETS.iter().find(|(target, _)| *target == table.identity.target);
        let definition = Definition {
            version: DEFINITION_VERSION,
            feed: self.feed.clone(),
            provider: self.provider.clone(),
            body_offset: self.body_offset,
            header_lines: self.header_lines,
            delimiter: table.dialect.delimiter,
            quote: table.dialect.quote,
            columns: table.layout.columns.clone(),
            fillings: table
                .layout
                .fillings
                .iter()
                .map(|f| (f.column, f.field.clone(), f.convert.word().to_owned(), f.importance))
                .collect(),
            constants: table.layout.constants.clone(),
            severity: table.severity.as_str().to_owned(),
            target: target.map_or("", |(_, word)| word).to_owned(),
            service_counts: table.identity.service == ServiceIdentity::Counts,
            malware_counts: table.identity.malware == MalwareIdentity::Counts,
        };
        serde_json::to_vec(&definition).expect("names and numbers always become JSON")
    }

    /// The plan that [`Plan::definition`] described.
    pub fn from_definition(bytes: &[u8]) -> Result<Self, PlanError> {
        let bad = PlanError::BadDefinition;
        if let Some((arrangement, _)) = IDF_DEFINITIONS.iter().find(|(_, stored)| *stored == bytes) {
            return Ok(Self::idf(*arrangement));
        }
        if let Some(text) = Bound::definition_in(bytes) {
            let (bound, body) = Bound::from_definition(text)?;
            return Ok(Self::of_bound(bound, body));
        }
        let stored: Definition = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
        if stored.version != DEFINITION_VERSION {
            return Err(bad(format!("version {} is newer than this program", stored.version)));
        }
        let columns = stored.columns.len();
        let filling = |(column, field, word, importance): (usize, String, String, Importance)| {
            let convert =
                Convert::from_word(&word).ok_or_else(|| bad(format!("`{word}` is no conversion")))?;
            if column >= columns {
                return Err(bad(format!("there is no column {column}")));
            }
            Ok(Filling { column, field, convert, importance })
        };
        let layout = Layout {
            fillings: stored.fillings.into_iter().map(filling).collect::<Result<_, _>>()?,
            columns: stored.columns,
            constants: stored.constants,
        };
        let target = TARGETS.iter().find(|(_, word)| *word == stored.target);
        let (target, _) = *target.ok_or_else(|| bad(format!("`{}` is no target", stored.target)))?;
        let identity = Identity {
            target,
            service: if stored.service_counts { ServiceIdentity::Counts } else { ServiceIdentity::Ignored },
            malware: if stored.malware_counts { MalwareIdentity::Counts } else { MalwareIdentity::Ignored },
        };
        let severity: Severity = stored.severity.parse().map_err(bad)?;
        Ok(Self {
            feed: stored.feed,
            provider: stored.provider,
            body_offset: stored.body_offset,
            header_lines: stored.header_lines,
            rows: Rows::Table(Box::new(Table {
                dialect: Dialect { delimiter: stored.delimiter, quote: stored.quote },
                lean: Lean::of(&layout, severity, identity),
                layout,
                severity,
                identity,
            })),
            masker: None,
        })
    }
}
