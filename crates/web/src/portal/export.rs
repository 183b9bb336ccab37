//! The lists of the desk as files: what a page shows, with `format=csv` or `format=json` behind its address. It is the page itself that is written down, so whoever may not see
//! something on it does not get it in a file either. The list of findings and the audit log have files of their own, which hold more than a page.

use axum::response::Response;
use jiff::Timestamp;
use schakel_render::csv::csv_line;
use serde_json::{Map, Value};
use url::form_urlencoded::{Serializer, parse};

use super::findings::file;

/// Pages that are lists, and what they call the list.
const LISTS: &[(&str, &str)] = &[
    ("ahead", "steps"),
    ("answers", "waiting"),
    ("breaches", "breaches"),
    ("calls", "entries"),
    ("disputes", "conflicts"),
    ("incoming", "mails"),
    ("ledger", "organisations"),
    ("mailboxes", "mailboxes"),
    ("organisations", "organisations"),
    ("outbox", "messages"),
    ("people", "people"),
    ("quality", "reasons"),
    ("register_history", "versions"),
    ("reports", "reports"),
    ("sector", "per_day"),
    ("shift", "shifts"),
    ("sources", "sources"),
    ("vetting", "waiting"),
];

/// What of a page is a drawing and no data.
const DRAWN: [&str; 3] = ["bars", "chart", "map"];

/// The address of a list as files, up to the format; empty: this page is none.
pub fn address(page: &str, path: &str, here: &str) -> String {
    if !LISTS.iter().any(|(name, _)| *name == page) || !here.starts_with(path) {
        return String::new();
    }
    let query = here.split_once('?').map_or("", |(_, query)| query);
    let rest = parse(query.as_bytes()).filter(|(name, _)| name != "format");
    let rest = Serializer::new(String::new()).extend_pairs(rest).finish();
    if rest.is_empty() { format!("{path}?format=") } else { format!("{path}?{rest}&format=") }
}

/// A page as the file that its address asks for; `None`: it asks for none, or it is no list.
pub fn of(page: &str, here: &str, shown: &impl serde::Serialize) -> anyhow::Result<Option<Response>> {
    let Some((_, list)) = LISTS.iter().find(|(name, _)| *name == page) else { return Ok(None) };
    let query = here.split_once('?').map_or("", |(_, query)| query);
    let format = parse(query.as_bytes()).find(|(name, _)| name == "format");
    Ok(match format.as_ref().map(|(_, value)| &**value) {
        Some("json") => {
            let mut shown = serde_json::to_value(shown)?;
            if let Value::Object(fields) = &mut shown {
                fields.retain(|name, _| !DRAWN.contains(&name.as_str()));
            }
            let bytes = serde_json::to_vec_pretty(&shown)?;
            Some(file("application/json", "attachment; filename=\"schakel.json\"", bytes))
        }
        Some("csv") => {
            let bytes = csv(&serde_json::to_value(shown)?, list).into_bytes();
            Some(file("text/csv; charset=utf-8", "attachment; filename=\"schakel.csv\"", bytes))
        }
        _ => None,
    })
}

fn csv(page: &Value, list: &str) -> String {
    let families: Vec<String> = page["families"].as_array().into_iter().flatten().map(cell).collect();
    let rows: Vec<Map<String, Value>> = page[list]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|row| in_columns(row, &families))
        .collect();
    let mut columns: Vec<&String> = Vec::new();
    for row in &rows {
        for name in row.keys() {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
    }
    let mut text = csv_line(&columns.iter().map(ToString::to_string).collect::<Vec<_>>());
    for row in &rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|name| match row.get(*name) {
                Some(Value::Number(at)) if is_moment(name) => at
                    .as_i64()
                    .and_then(|at| Timestamp::from_second(at).ok())
                    .map_or_else(String::new, |at| at.to_string()),
                value => value.map_or_else(String::new, cell),
            })
            .collect();
        text += &csv_line(&cells);
    }
    text
}

/// A count for each family becomes a column of each.
fn in_columns(row: &Map<String, Value>, families: &[String]) -> Map<String, Value> {
    let mut row = row.clone();
    if !families.is_empty()
        && let Some(Value::Array(counts)) = row.remove("counts")
    {
        row.extend(families.iter().cloned().zip(counts));
    }
    row
}

fn is_moment(name: &str) -> bool {
    name == "at" || name == "since" || name == "until" || name.ends_with("_at")
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => fields.values().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_written_with_its_columns_and_no_formulas() {
        let page = json!({ "state": "x", "messages": [
            { "id": 1, "at": 1_790_000_000, "to": "=1+1", "states": [["a", 2], ["b", 3]] }, { "id": 2, "more": null },
        ] });
        assert_eq!(
            csv(&page, "messages"),
            "\"id\",\"at\",\"to\",\"states\",\"more\"\n\"1\",\"2026-09-21T14:13:20Z\",\"'=1+1\",\"a; 2; b; 3\",\"\"\n\"2\",\"\",\"\",\"\",\"\"\n"
        );
        let sector = json!({ "families": ["vulnerable", "other"], "per_day": [{ "at": 0, "counts": [5, 2], "total": 7 }] });
        assert_eq!(
            csv(&sector, "per_day"),
            "\"at\",\"total\",\"vulnerable\",\"other\"\n\"1970-01-01T00:00:00Z\",\"7\",\"5\",\"2\"\n"
        );
    }

    #[test]
    fn the_address_keeps_what_is_asked_for() {
        assert_eq!(
            address("outbox", "/outbox", "/outbox?state=given_up&format=csv"),
            "/outbox?state=given_up&format="
        );
        assert_eq!(address("outbox", "/outbox", "/outbox"), "/outbox?format=");
        assert_eq!(address("account", "/account", "/account"), "", "no list");
        assert_eq!(address("answers", "/answers/1/accept", "/"), "", "what a form was answered with");
    }
}
