//! A row with every field: the event as the reference would give it.

use std::borrow::Cow;

use schakel_model::{
    event::{Event, Value},
    limits::{OBSERVED_AT_MAX, OBSERVED_AT_MIN},
    reject::{Reject, RejectCode},
};

use crate::{
    convert::{Convert, Converted, Row},
    idf_field,
    layout::{Filling, Importance, Layout},
    time,
};

/// The cells of a row beside the names of their columns.
struct Cells<'a> {
    layout: &'a Layout,
    texts: &'a [Cow<'a, str>],
}

impl Row for Cells<'_> {
    fn text(&self, column: &str) -> &str {
        self.layout.column(column).and_then(|at| self.texts.get(at)).map_or("", |text| text.as_ref())
    }
}

/// The event of a row with these cells.
pub(crate) fn event(layout: &Layout, texts: &[Cow<'_, str>]) -> Result<Event, Reject> {
    let cells = Cells { layout, texts };
    let mut event = Event::default();
    for filling in &layout.fillings {
        fill(&mut event, filling, texts.get(filling.column).map(AsRef::as_ref), &cells)?;
    }
    if event.get("time.source").is_none() {
        return Err(no_time(""));
    }
    for (field, text) in &layout.constants {
        event.set(field.clone(), Value::Text(text.clone()));
    }
    Ok(event)
}

/// Fills one field from the text of its column; `None` when the row ends before the column.
fn fill(event: &mut Event, filling: &Filling, text: Option<&str>, cells: &Cells<'_>) -> Result<(), Reject> {
    if filling.field == "time.source" {
        let text = text.unwrap_or("");
        let moment = read_time(text)?;
        event.set("time.source", Value::Text(moment.to_idf()));
        return Ok(());
    }
    let column = &cells.layout.columns[filling.column];
    let kept = || format!("extra.{column}");
    // The reference keeps what none of a column's fields took up; a second field takes up whatever there is.
    let left_over = || {
        filling.importance == Importance::Required
            && cells.layout.fillings.iter().filter(|other| other.column == filling.column).count() == 1
    };
    let Some(text) = text else {
        if filling.convert == Convert::Kept || left_over() {
            event.set(kept(), Value::Null);
        }
        return Ok(());
    };
    let value = match filling.convert.apply(text, cells) {
        Converted::Value(value) => value,
        Converted::Nothing => {
            if !text.is_empty() && left_over() {
                event.set(kept(), Value::Text(text.to_owned()));
            }
            return Ok(());
        }
        Converted::Failed => {
            event.set(kept(), Value::Text(text.to_owned()));
            return Ok(());
        }
    };
    if filling.field.starts_with("extra.") {
        event.set(filling.field.clone(), value);
        return Ok(());
    }
    if value.as_text().is_some_and(idf_field::says_nothing) {
        return Ok(());
    }
    match idf_field::fit(&filling.field, value) {
        Some(value) => event.set(filling.field.clone(), value),
        None => event.set(kept(), Value::Text(text.to_owned())),
    }
    Ok(())
}

/// The time of an observation.
pub(crate) fn read_time(text: &str) -> Result<time::Moment, Reject> {
    let moment = time::read(text, time::Zone::Counts).ok_or_else(|| no_time(text))?;
    check_time(moment.seconds)?;
    Ok(moment)
}

/// Is it within the times we keep?
#[inline]
pub(crate) fn check_time(seconds: i64) -> Result<u32, Reject> {
    if (OBSERVED_AT_MIN..=OBSERVED_AT_MAX).contains(&seconds) {
        Ok(seconds as u32)
    } else {
        Err(Reject::new(RejectCode::TimeOutOfRange, "the time is before 1970 or after 2106"))
    }
}

/// The reject of a row whose time is this text. The message shows no more of it than a time could have.
pub(crate) fn no_time(text: &str) -> Reject {
    let shown: String = text.chars().take(40).collect();
    let message = if text.is_empty() {
        "the row has no time".to_owned()
    } else {
        format!("`{shown}` is no time; `2026-03-01 05:07:57` would be")
    };
    Reject::new(RejectCode::BadTime, message)
}
