//! The XML inside spreadsheets: events without namespaces, and text with its references resolved.

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesEnd, BytesRef, BytesStart, Event},
};

pub(super) use crate::xml::attribute;

/// One step through a part.
pub(super) enum Step<'a> {
    Start(BytesStart<'a>),
    /// An element that begins and ends at once.
    Empty(BytesStart<'a>),
    End(BytesEnd<'a>),
    Text(String),
}

/// A part being read.
pub(super) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    part: &'static str,
}

impl<'a> Xml<'a> {
    pub fn new(text: &'a str, part: &'static str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        reader.config_mut().allow_dangling_amp = true;
        Self { reader, part }
    }

    /// The next step; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Step<'a>>, String> {
        loop {
            let event = self.reader.read_event().map_err(|error| {
                format!("its part {} is broken at byte {}: {error}", self.part, self.reader.error_position())
            })?;
            return Ok(Some(match event {
                Event::Start(start) => Step::Start(start),
                Event::Empty(start) => Step::Empty(start),
                Event::End(end) => Step::End(end),
                Event::Text(text) => Step::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Step::Text(text.into_inner().into_owned()),
                Event::GeneralRef(reference) => Step::Text(resolve(&reference)),
                Event::Eof => return Ok(None),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
            }));
        }
    }

    /// All text up to the end of the element that has just begun, but for that of elements that `skip` names.
    pub fn text_until_end(&mut self, element: &str, skip: &[&str]) -> Result<String, String> {
        let mut text = String::new();
        let mut skipping: Option<String> = None;
        while let Some(step) = self.next()? {
            match step {
                Step::End(end) if skipping.as_deref() == Some(ended(&end)) => skipping = None,
                Step::End(end) if skipping.is_none() && ended(&end) == element => break,
                Step::Start(start) if skipping.is_none() && skip.contains(&local_name(&start)) => {
                    skipping = Some(local_name(&start).to_owned());
                }
                Step::Text(more) if skipping.is_none() => text.push_str(&more),
                _ => {}
            }
        }
        Ok(text)
    }
}

fn resolve(reference: &BytesRef<'_>) -> String {
    match reference.resolve_char_ref() {
        Ok(Some(c)) => c.to_string(),
        // An entity of its own makes nothing: spreadsheets have none, bombs do.
        _ => resolve_predefined_entity(&reference.xml10_content()).unwrap_or_default().to_owned(),
    }
}

/// The name of an element without its prefix.
pub(super) fn local_name<'s>(start: &'s BytesStart<'_>) -> &'s str {
    start.local_name().into_inner()
}

/// The name of an element that ends, without its prefix.
pub(super) fn ended<'e>(end: &'e BytesEnd<'_>) -> &'e str {
    end.local_name().into_inner()
}
