//! The official report schema, `shadowserver-schema-*.json`: given by an operator who wants a newer one than ours.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::{convert::Convert, idf_field, layout::Importance};

/// What a column that nobody told of becomes.
pub(crate) const UNKNOWN_COLUMN: Convert = Convert::Kept;

/// One field that a column fills.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Meaning {
    pub field: String,
    pub convert: Convert,
    pub importance: Importance,
}

/// An official schema that has been read.
#[derive(Debug)]
pub struct Schema {
    reports: HashMap<String, Report>,
}

/// The file is no Shadowserver schema.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It is no JSON.
    #[error("the schema is no JSON: {0}. Give a file like shadowserver-schema-2026-03-24.json")]
    NotJson(#[source] serde_json::Error),
    /// It describes no report.
    #[error("the schema describes no report type. Give a file like shadowserver-schema-2026-03-24.json")]
    NoReports,
}

/// One report type of the schema. What we do not know in it is let pass: schemas grow.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    #[serde(default)]
    feed_name: String,
    #[serde(default)]
    file_name: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    constant_fields: HashMap<String, String>,
    #[serde(default)]
    required_fields: Vec<Vec<Json>>,
    #[serde(default)]
    optional_fields: Vec<Vec<Json>>,
}

impl Schema {
    /// Reads the bytes of a schema file.
    pub fn parse(bytes: &[u8]) -> Result<Self, SchemaError> {
        let entries: HashMap<String, Json> = serde_json::from_slice(bytes).map_err(SchemaError::NotJson)?;
        let reports: HashMap<String, Report> = entries
            .into_iter()
            .filter(|(key, _)| !key.starts_with('_'))
            .filter_map(|(key, entry)| {
                let report: Report = serde_json::from_value(entry).ok()?;
                let name = if report.file_name.is_empty() { key } else { report.file_name.clone() };
                Some((name, report))
            })
            .filter(|(_, report)| !report.required_fields.is_empty() || !report.optional_fields.is_empty())
            .collect();
        if reports.is_empty() { Err(SchemaError::NoReports) } else { Ok(Self { reports }) }
    }

    /// The names, as in files, of the report types it describes.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.reports.keys().map(String::as_str)
    }

    pub(crate) fn report(&self, type_name: &str) -> Option<&Report> {
        self.reports.get(type_name)
    }
}

impl Report {
    /// What each column means, in the order of the schema.
    pub(crate) fn meanings(&self) -> Vec<(String, Vec<Meaning>)> {
        let mut meanings: Vec<(String, Vec<Meaning>)> = Vec::new();
        let required = self.required_fields.iter().map(|entry| (entry, Importance::Required));
        let optional = self.optional_fields.iter().map(|entry| (entry, Importance::Optional));
        for (entry, importance) in required.chain(optional) {
            let [Json::String(field), Json::String(column), rest @ ..] = entry.as_slice() else { continue };
            let convert = match rest.first() {
                None => Convert::AsIs,
                // A function we have not heard of: its text is kept.
                Some(name) => name.as_str().and_then(Convert::from_official).unwrap_or(Convert::Text),
            };
            let field = match field.as_str() {
                "extra." => format!("extra.{column}"),
                field if field.starts_with("extra.") || idf_field::exists(field) => field.to_owned(),
                other => format!("extra.{other}"),
            };
            let meaning = Meaning { field, convert, importance };
            match meanings.iter_mut().find(|(name, _)| name == column) {
                Some((_, list)) if list.contains(&meaning) => {}
                Some((_, list)) => list.push(meaning),
                None => meanings.push((column.clone(), vec![meaning])),
            }
        }
        meanings
    }

    /// The fields every row of this type has.
    pub(crate) fn constants(&self) -> Vec<(String, String)> {
        let mut constants: Vec<(String, String)> =
            self.constant_fields.iter().map(|(field, text)| (field.clone(), text.clone())).collect();
        constants.sort();
        constants.push(("feed.name".to_owned(), self.feed_name.clone()));
        if let Some(url) = self.url.as_ref().filter(|url| !url.is_empty()) {
            constants.push(("feed.documentation".to_owned(), url.clone()));
        }
        constants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_with_things_we_do_not_know_still_reads() {
        let schema = Schema::parse(
            br#"{"_meta": {"date_created": "2030"}, "scan_new": {"feed_name": "New", "file_name": "scan_new", "shape": 7,
                "constant_fields": {"classification.type": "other"},
                "required_fields": [["time.source", "timestamp", "add_UTC_to_timestamp"]],
                "optional_fields": [["extra.", "colour", "paint_it"], ["planet.name", "planet"]]}}"#,
        )
        .unwrap();
        let report = schema.report("scan_new").unwrap();
        let meanings = report.meanings();
        assert_eq!(meanings[1].1[0].convert, Convert::Text);
        assert_eq!(meanings[2].1[0].field, "extra.planet.name");
        assert_eq!(schema.types().collect::<Vec<_>>(), ["scan_new"]);
    }

    #[test]
    fn other_json_is_no_schema() {
        assert!(matches!(Schema::parse(b"[1"), Err(SchemaError::NotJson(_))));
        assert!(matches!(Schema::parse(b"{\"a\": 1}"), Err(SchemaError::NoReports)));
    }
}
