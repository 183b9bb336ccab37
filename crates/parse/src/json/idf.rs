//! IDF in: IntelMQ's events, flat (`source.ip`) or as objects in each other, as it writes them to files and queues.

use std::borrow::Cow;

use schakel_model::{
    classification::ClassificationType,
    event::Event,
    limits::{COLUMNS_MAX, OBSERVED_AT_MAX, OBSERVED_AT_MIN},
    observation::{Observation, ObservedAt},
    reject::{Reject, RejectCode},
    severity::Severity,
};

use super::{
    Json, object,
    observation::{self, Known, polarity, usual_identity},
    reader,
};
use crate::{
    cut::Record,
    feeds::line,
    idf_field,
    time::{self, Zone},
};

/// Fields of which one at least stands in every event.
const TELLING_FIELDS: [&str; 6] = [
    "__type",
    "classification.type",
    "classification.taxonomy",
    "time.source",
    "time.observation",
    "feed.name",
];

/// Is the file of which these are the first bytes a file of IDF events?
pub(crate) fn looks_like_idf(head: &[u8]) -> bool {
    let mut elements = super::elements::Elements::default();
    let super::elements::Found::Record(first) = elements.next(head, 0, true) else { return false };
    match reader::read(&head[first.clone()]) {
        Ok(Json::Object(fields)) => {
            let mut telling = false;
            for (name, json) in fields {
                flatten(&name, json, &mut |name, _| telling |= TELLING_FIELDS.contains(&name));
            }
            telling
        }
        Ok(_) => false,
        // The head ends in the first event.
        Err(_) => TELLING_FIELDS.iter().any(|field| {
            let quoted = format!("\"{field}\"");
            memchr::memmem::find(&head[first.clone()], quoted.as_bytes()).is_some()
        }),
    }
}

/// Is it a name that JSON files have?
pub(crate) fn is_json_name(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        ["json", "jsonl", "ndjson"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// The event in a record. A value that its field does not take stays as text in `extra`.
pub(crate) fn event(record: &Record<'_>) -> Result<Event, Reject> {
    read(record, |_| true)
}

/// The event with the fields that are wanted; whether it is one does not depend on them.
fn read(record: &Record<'_>, wanted: impl Fn(&str) -> bool) -> Result<Event, Reject> {
    let mut event = Event::default();
    let mut count = 0;
    let mut take = |name: &str, json: Json<'_>| {
        count += 1;
        if count > COLUMNS_MAX || name == "__type" || json == Json::Null || !wanted(name) {
            return;
        }
        let value = json.into_value();
        if name.starts_with("extra.") {
            event.set(name.to_owned(), value);
            return;
        }
        match idf_field::fit(name, value.clone()) {
            Some(fitting) => event.set(name.to_owned(), fitting),
            None => event.set(format!("extra.{name}"), value),
        }
    };
    let fields = object(record)?;
    if let Some(reject) = line::reject_in(&fields) {
        return Err(reject);
    }
    for (name, json) in fields {
        flatten(&name, json, &mut take);
    }
    if count > COLUMNS_MAX {
        let message = format!("the event has {count} fields; more than {COLUMNS_MAX} are not read");
        return Err(Reject::new(RejectCode::TooManyColumns, message));
    }
    observed_at(&event)?;
    Ok(event)
}

/// The bytes that a reject is about: of one in a transcription those of the document.
pub(crate) fn reject_bytes<'r>(record: &Record<'r>) -> Cow<'r, [u8]> {
    let of_document = object(record).ok().and_then(|fields| line::raw_in(&fields));
    of_document.map_or(Cow::Borrowed(record.raw()), Cow::Owned)
}

/// What the data plane needs of a record.
pub(crate) fn observe(record: &Record<'_>) -> Result<Observation<'static>, Reject> {
    let event = read(record, observation::needs)?;
    let classification =
        event.text("classification.type").parse().unwrap_or(ClassificationType::Undetermined);
    let known = Known {
        observed_at: observed_at(&event)?,
        classification,
        // A word that is not ours counts as the rhythm of normal work.
        severity: Severity::from_source_word(event.text("severity")).unwrap_or(Severity::Medium),
        polarity: polarity(&event),
        identity: usual_identity(classification),
    };
    Ok(observation::observation(&event, known))
}

/// `time.source`, else `time.observation`.
fn observed_at(event: &Event) -> Result<ObservedAt, Reject> {
    let text =
        [event.text("time.source"), event.text("time.observation")].into_iter().find(|text| !text.is_empty());
    let Some(text) = text else {
        let unreadable =
            ["extra.time.source", "extra.time.observation"].iter().find_map(|field| event.get(field));
        return Err(match unreadable {
            Some(_) => Reject::new(
                RejectCode::BadTime,
                "the event's time cannot be read: write it as 2024-03-01T12:00:00Z",
            ),
            None => {
                Reject::new(RejectCode::BadTime, "the event has neither time.source nor time.observation")
            }
        });
    };
    let seconds = time::read(text, Zone::Counts).map(|moment| moment.seconds);
    match seconds {
        Some(seconds) if (OBSERVED_AT_MIN..=OBSERVED_AT_MAX).contains(&seconds) => {
            Ok(ObservedAt(u32::try_from(seconds).expect("the range is that of 32 bits")))
        }
        Some(_) => {
            Err(Reject::new(RejectCode::TimeOutOfRange, "the event's time is not between 1970 and 2106"))
        }
        None => Err(Reject::new(RejectCode::BadTime, "the event's time cannot be read")),
    }
}

/// Hands on the fields by their whole names. Objects are followed but in `extra`, of which only the first level makes names.
fn flatten(name: &str, json: Json<'_>, take: &mut dyn FnMut(&str, Json<'_>)) {
    match json {
        Json::Object(inner) if !name.starts_with("extra.") => {
            for (key, json) in inner {
                flatten(&format!("{name}.{key}"), json, take);
            }
        }
        // Some write `extra` as JSON in a text.
        Json::Text(text) if name == "extra" => match reader::read(text.as_bytes()) {
            Ok(inner @ Json::Object(_)) => flatten(name, inner, take),
            _ => take("extra.extra", Json::Text(text)),
        },
        json => take(name, json),
    }
}
