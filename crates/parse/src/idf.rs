//! An event as a line of IntelMQ's data format: one flat JSON object.

use schakel_model::event::{Event, Value};
use serde_json::{Map, Number, Value as Json};

/// One line, without its line end; fields in the order of the alphabet.
pub fn to_json(event: &Event) -> String {
    let mut fields: Vec<_> = event.fields().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    let object: Map<String, Json> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), json_value(value))).collect();
    Json::Object(object).to_string()
}

pub(crate) fn json_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::Number((*number).into()),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(values) => Json::Array(values.iter().map(json_value).collect()),
        Value::Object(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), json_value(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_flat_object() {
        let mut event = Event::default();
        event.set("source.ip", Value::Text("192.0.2.1".into()));
        event.set("source.port", Value::Int(80));
        event.set("extra.leap", Value::Float(1.5));
        event.set("extra.list", Value::List(vec![Value::Null, Value::Bool(true)]));
        assert_eq!(
            to_json(&event),
            r#"{"extra.leap":1.5,"extra.list":[null,true],"source.ip":"192.0.2.1","source.port":80}"#
        );
    }
}
