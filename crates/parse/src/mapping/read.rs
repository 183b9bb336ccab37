//! Rows by a mapping: from a record to an event.

use std::{borrow::Cow, collections::HashMap};

use schakel_model::{
    classification::ClassificationType,
    event::{Event, Value},
    limits::{COLUMNS_MAX, RECORD_BYTES_MAX},
    observation::{Observation, ObservedAt, Polarity},
    reject::{Reject, RejectCode},
    severity::Severity,
};

use super::checked::{Csv, Keep, Layout, Mapping, Spaces};
use crate::{
    cut::{Dialect, Record, State},
    fields::{Fields, value},
    idf_field,
    json::{
        Json,
        cut::Arrangement,
        observation::{self, CLEAR_WORDS, Known},
    },
    text,
    time::Moment,
};

/// A mapping and the columns of the file at hand.
#[derive(Clone, Debug)]
pub struct Bound {
    mapping: Mapping,
    /// The place of each name in the mapping's columns.
    places: HashMap<String, usize>,
    /// CSV: the names of the file's columns.
    pub(super) header: Option<Vec<String>>,
    /// What each of them is. Empty for JSON.
    slots: Vec<Slot>,
    /// JSON: how records stand in the file.
    pub(super) arrangement: Arrangement,
    /// When the report came in, seconds since 1970, for rows that have no time of their own.
    pub(super) received_at: Option<i64>,
}

/// What a column of the file is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Slot {
    /// One that the mapping names.
    Mapped(usize),
    /// Another: kept under this field.
    Extra(String),
}

/// A row taken apart.
struct Row<'r> {
    /// By place in the mapping's columns. Empty values are not there.
    mapped: Vec<Option<Cell<'r>>>,
    /// The rest, as fields.
    extra: Vec<(String, Value)>,
}

/// A value and the text of it.
struct Cell<'r> {
    text: Cow<'r, str>,
    /// For JSON: what it was, when that is more than its text.
    json: Option<Json<'r>>,
}

/// How much of a row is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// All fields.
    Everything,
    /// What an observation is made of.
    Observation,
}

impl Bound {
    /// The mapping for a file with these columns (CSV), or with records arranged so (JSON).
    pub(super) fn new(mapping: Mapping, header: Option<Vec<String>>, arrangement: Arrangement) -> Self {
        let places: HashMap<String, usize> =
            mapping.columns.iter().enumerate().map(|(place, column)| (column.name.clone(), place)).collect();
        let slot = |name: &String| match places.get(name) {
            Some(place) => Slot::Mapped(*place),
            None => Slot::Extra(format!("extra.{name}")),
        };
        let slots = header.iter().flatten().map(slot).collect();
        Self { mapping, places, header, slots, arrangement, received_at: None }
    }

    /// The mapping itself.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// The names of the file's columns (CSV).
    pub(crate) fn columns(&self) -> &[String] {
        self.header.as_deref().unwrap_or_default()
    }

    /// A column that the time is read from and that the file, which has others, does not have.
    pub(crate) fn missing_time_column(&self) -> Option<&str> {
        if self.slots.is_empty() {
            return None;
        }
        let missing = |place: &&usize| !self.slots.contains(&Slot::Mapped(**place));
        self.mapping.time.columns.iter().find(missing).map(|place| self.mapping.columns[*place].name.as_str())
    }

    /// The row with all its fields.
    pub(crate) fn event(&self, record: &Record<'_>) -> Result<Event, Reject> {
        self.read(record, Detail::Everything).map(|read| read.event)
    }

    /// What the data plane needs of the row.
    pub(crate) fn observe(&self, record: &Record<'_>) -> Result<Observation<'static>, Reject> {
        let read = self.read(record, Detail::Observation)?;
        let identity = self.mapping.identity.unwrap_or_else(|| observation::usual_identity(read.kind));
        let seconds = u32::try_from(read.at.seconds).expect("a time that is read is in range");
        let known = Known {
            observed_at: ObservedAt(seconds),
            classification: read.kind,
            severity: read.severity,
            polarity: read.polarity,
            identity,
        };
        Ok(observation::observation(&read.event, known))
    }

    fn read(&self, record: &Record<'_>, detail: Detail) -> Result<Read, Reject> {
        let raw = self.fields_of(record.raw());
        let mut row = self.row(record, &raw, detail)?;
        let mapping = &self.mapping;
        let text = |place: usize| row.mapped[place].as_ref().map_or("", |cell| &cell.text);

        let at = match mapping.time.columns.as_slice() {
            [] => {
                let seconds = self.received_at.ok_or_else(|| {
                    Reject::new(
                        RejectCode::BadTime,
                        "the row has no time, and it is not known when it came in",
                    )
                })?;
                Moment { seconds, micros: 0 }
            }
            [place] => mapping.time.format.read(text(*place), &mapping.time.zone)?,
            places => {
                let times: Vec<&str> = places.iter().map(|place| text(*place)).collect();
                mapping.time.format.read(&times.join(" "), &mapping.time.zone)?
            }
        };
        let kind = mapping.kind.of(text);
        let identifier = mapping.identifier.of(text);
        let severity = mapping.severity.of(text);
        let clear = mapping
            .clear_when
            .as_ref()
            .is_some_and(|clear| clear.equals.contains(&text(clear.column).trim().to_lowercase()));

        let wanted = |field: &str| detail == Detail::Everything || observation::needs(field);
        let mut event = Event::default();
        if detail == Detail::Everything {
            event.set("time.source", Value::Text(at.to_idf()));
            event.set("classification.type", Value::Text(kind.as_str().to_owned()));
            event.set("classification.taxonomy", Value::Text(kind.taxonomy().as_str().to_owned()));
            event.set("feed.name", Value::Text(mapping.feed.clone()));
            event.set("feed.provider", Value::Text(mapping.provider.clone()));
            event.set("severity", Value::Text(severity.as_str().to_owned()));
        }
        if !identifier.is_empty() {
            event.set("classification.identifier", Value::Text(identifier));
        }
        for (field, value) in mapping.constants.iter().filter(|(field, _)| wanted(field)) {
            event.set(field.clone(), value.clone());
        }
        for (place, column) in mapping.columns.iter().enumerate() {
            let Some(cell) = row.mapped[place].take() else { continue };
            let mut placed = false;
            for (field, conversion) in column.targets.iter().filter(|(field, _)| wanted(field)) {
                if let Some(value) = cell.first_text(*conversion).and_then(|text| conversion.apply(text))
                    && let Some(value) = idf_field::fit(field, Value::Text(value.into_owned()))
                {
                    event.set(field.clone(), value);
                    placed = true;
                }
            }
            if !placed && column.keep == Keep::AsExtra && detail == Detail::Everything {
                event.set(format!("extra.{}", column.name), cell.into_value());
            }
        }
        for (field, value) in row.extra {
            event.set(field, value);
        }
        let polarity = if clear { Polarity::Clear } else { Polarity::Seen };
        if clear {
            event.set("status", Value::Text(CLEAR_WORDS[0].to_owned()));
        }
        Ok(Read { event, at, kind, severity, polarity })
    }

    /// The bytes of a record of which the fields are read.
    pub(crate) fn fields_of<'r>(&self, raw: &'r [u8]) -> Cow<'r, [u8]> {
        match &self.mapping.layout {
            Layout::Csv(csv) if csv.spaces == Spaces::Skipped => {
                let mut state = State::FieldStart;
                let is_content = |byte: &u8| {
                    let is_content = state != State::FieldStart || *byte != b' ';
                    if is_content {
                        state = state.after(*byte, csv.dialect());
                    }
                    is_content
                };
                Cow::Owned(raw.iter().copied().filter(is_content).collect())
            }
            _ => Cow::Borrowed(raw),
        }
    }

    fn row<'r>(&self, record: &Record<'r>, raw: &'r [u8], detail: Detail) -> Result<Row<'r>, Reject> {
        let mut row = Row { mapped: Vec::new(), extra: Vec::new() };
        row.mapped.resize_with(self.mapping.columns.len(), || None);
        match &self.mapping.layout {
            Layout::Csv(_) if record.is_too_large() => return Err(too_large()),
            Layout::Csv(csv) => self.csv_row(csv, raw, detail, &mut row)?,
            Layout::JsonLines | Layout::Json => {
                let fields = crate::json::object(record)?;
                let mut count = 0;
                self.json_row(String::new(), fields, detail, &mut row, &mut count)?;
            }
        }
        Ok(row)
    }

    fn csv_row<'r>(&self, csv: &Csv, raw: &'r [u8], detail: Detail, row: &mut Row<'r>) -> Result<(), Reject> {
        for (number, raw) in Fields::of(raw, csv.dialect()).enumerate() {
            if number >= COLUMNS_MAX {
                return Err(too_many_columns());
            }
            let text = text::decode_cow(value(raw, Some(csv.quote)));
            let text = trimmed(text);
            if self.means_nothing(&text) {
                continue;
            }
            match self.slots.get(number) {
                Some(Slot::Mapped(place)) => row.mapped[*place] = Some(Cell { text, json: None }),
                Some(Slot::Extra(field)) if detail == Detail::Everything => {
                    row.extra.push((field.clone(), Value::Text(text.into_owned())));
                }
                // More fields than columns: kept by their number.
                None if detail == Detail::Everything => {
                    row.extra.push((format!("extra.column_{}", number + 1), Value::Text(text.into_owned())));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn json_row<'r>(
        &self,
        prefix: String,
        fields: Vec<(Cow<'r, str>, Json<'r>)>,
        detail: Detail,
        row: &mut Row<'r>,
        count: &mut usize,
    ) -> Result<(), Reject> {
        for (key, value) in fields {
            *count += 1;
            if *count > COLUMNS_MAX {
                return Err(too_many_columns());
            }
            let name = if prefix.is_empty() { key.into_owned() } else { format!("{prefix}.{key}") };
            match (self.places.get(&name), value) {
                (_, Json::Null) => {}
                (Some(place), value) => {
                    let cell = Cell::from_json(value);
                    if !self.means_nothing(&cell.text) || cell.json.is_some() {
                        row.mapped[*place] = Some(cell);
                    }
                }
                (None, Json::Object(inner)) => self.json_row(name, inner, detail, row, count)?,
                (None, value) if detail == Detail::Everything => {
                    row.extra.push((format!("extra.{name}"), value.into_value()));
                }
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn means_nothing(&self, text: &str) -> bool {
        idf_field::says_nothing(text) || self.mapping.empty.iter().any(|word| word == text)
    }
}

/// A row that was read.
struct Read {
    event: Event,
    at: Moment,
    kind: ClassificationType,
    severity: Severity,
    polarity: Polarity,
}

impl<'r> Cell<'r> {
    fn from_json(json: Json<'r>) -> Self {
        match json {
            Json::Text(text) => Self { text: trimmed(text), json: None },
            Json::Number(number) => Self { text: Cow::Borrowed(number), json: Some(Json::Number(number)) },
            Json::Bool(truth) => Self {
                text: Cow::Borrowed(if truth { "true" } else { "false" }),
                json: Some(Json::Bool(truth)),
            },
            other => Self { text: Cow::Borrowed(""), json: Some(other) },
        }
    }

    /// The text that is converted: of a list the first that has one.
    fn first_text(&self, conversion: super::convert::Conversion) -> Option<&str> {
        match &self.json {
            Some(Json::List(items)) if conversion == super::convert::Conversion::First => {
                items.iter().find_map(|item| match item {
                    Json::Text(text) if !text.is_empty() => Some(text.as_ref()),
                    Json::Number(number) => Some(*number),
                    _ => None,
                })
            }
            Some(Json::List(_) | Json::Object(_)) => None,
            _ => Some(&self.text),
        }
    }

    fn into_value(self) -> Value {
        match self.json {
            Some(json) => json.into_value(),
            None => Value::Text(self.text.into_owned()),
        }
    }
}

impl Csv {
    pub(crate) fn dialect(&self) -> Dialect {
        Dialect { delimiter: self.delimiter, quote: Some(self.quote) }
    }
}

pub(super) fn header_names(csv: &Csv, header: &[u8]) -> Vec<String> {
    Fields::of(header, csv.dialect())
        .take(COLUMNS_MAX)
        .map(|raw| trimmed(text::decode_cow(value(raw, Some(csv.quote)))).into_owned())
        .collect()
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

fn too_large() -> Reject {
    Reject::new(RejectCode::RecordTooLarge, format!("the row is larger than {RECORD_BYTES_MAX} bytes"))
}

fn too_many_columns() -> Reject {
    Reject::new(RejectCode::TooManyColumns, format!("the row has more than {COLUMNS_MAX} columns"))
}
