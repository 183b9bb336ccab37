//! Shadowserver: its report types, by our own table or by a newer official schema.
//!
//! Facts about the types (names, columns, meanings) come from the public report schema,
//! <https://interchange.shadowserver.org/intelmq/v1/schema>; severity and identity are our own judgement.

mod file_name;
mod schema;
mod table;

pub(crate) use file_name::type_of;
pub use schema::{Schema, SchemaError};
pub(crate) use table::definition_of;
pub use table::types;

use schakel_model::{
    event::Value,
    observation::{Identity, TargetIdentity},
    severity::Severity,
};

use crate::idf_field;
use crate::layout::{Filling, Importance, Layout};

/// The name of the source.
pub(crate) const PROVIDER: &str = "shadowserver";

/// Pages that explain the feeds stand below this.
const PAGES: &str = "https://www.shadowserver.org/what-we-do/network-reporting/";

/// The true order of the columns of a report type; `None` when we do not know the type.
pub fn columns(type_name: &str) -> Option<Vec<&'static str>> {
    Some(definition_of(type_name)?.columns.iter().map(|column| column.name).collect())
}

/// The meaning of a file's columns and what else holds for its type.
pub(crate) struct Reading {
    pub layout: Layout,
    pub severity: Severity,
    pub identity: Identity,
}

/// How to read a file of this type with these columns: by the schema where it knows the type, else by our own table.
pub(crate) fn reading(type_name: &str, header: Vec<String>, schema: Option<&Schema>) -> Option<Reading> {
    let ours = definition_of(type_name);
    let official = schema.and_then(|schema| schema.report(type_name));
    let (meanings, constants): (Vec<(String, Vec<_>)>, _) = match (official, ours) {
        (Some(report), _) => (report.meanings(), report.constants()),
        (None, Some(ours)) => (ours.meanings(), ours.constants()),
        (None, None) => return None,
    };
    let (severity, identity) = match ours {
        Some(ours) => (ours.severity, ours.identity),
        None => (Severity::Medium, identity_by_name(type_name)),
    };
    let constants = constants.into_iter().filter_map(fitted).collect();
    Some(Reading { layout: layout(header, &meanings, constants), severity, identity })
}

/// A constant as its field keeps it; the schema writes some in capitals.
fn fitted((field, text): (String, String)) -> Option<(String, String)> {
    match idf_field::fit(&field, Value::Text(text))? {
        Value::Text(text) => Some((field, text)),
        _ => None,
    }
}

/// What a type that we do not know yet is most likely about.
fn identity_by_name(type_name: &str) -> Identity {
    if type_name.starts_with("event") {
        Identity::INFECTION
    } else if type_name.ends_with("_url") {
        Identity { target: TargetIdentity::Url, ..Identity::INFECTION }
    } else {
        Identity::SERVICE
    }
}

/// A column's meanings put to the places of a header. Columns nobody told of are kept as `extra.COLUMN`.
fn layout(
    header: Vec<String>,
    meanings: &[(String, Vec<schema::Meaning>)],
    constants: Vec<(String, String)>,
) -> Layout {
    let mut layout = Layout { columns: header, fillings: Vec::new(), constants };
    let mut told = vec![false; layout.columns.len()];
    for (name, meanings) in meanings {
        // Names match in any case: a file that went through a spreadsheet still reads.
        let place = layout
            .column(name)
            .or_else(|| layout.columns.iter().rposition(|column| column.trim().eq_ignore_ascii_case(name)));
        let Some(column) = place else { continue };
        told[column] = true;
        for meaning in meanings {
            layout.fillings.push(Filling {
                column,
                field: meaning.field.clone(),
                convert: meaning.convert,
                importance: meaning.importance,
            });
        }
    }
    for (column, name) in layout.columns.iter().enumerate() {
        if !told[column] && layout.column(name) == Some(column) {
            layout.fillings.push(Filling {
                column,
                field: format!("extra.{name}"),
                convert: schema::UNKNOWN_COLUMN,
                importance: Importance::Optional,
            });
        }
    }
    layout
}
