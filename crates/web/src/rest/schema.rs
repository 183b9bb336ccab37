//! Is this value what its schema says? All that is wrong, with its place. The schemas are those of the published description, so what is checked
//! is what is described. Of JSON Schema it knows what our own types use, which [`UNDERSTOOD`] names; a test refuses any other.

use jiff::{Timestamp, civil::Date};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

use super::problem::{Fault, Where};

#[cfg(test)]
/// The words of JSON Schema that are heeded, and those that say nothing about what is right.
pub const UNDERSTOOD: [&str; 21] = [
    "$schema",
    "title",
    "description",
    "default",
    "examples",
    "type",
    "enum",
    "const",
    "anyOf",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "format",
    "deprecated",
];

/// The schema of a type that comes in, all of it in one place.
pub fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// What is wrong with a value.
pub fn check(schema: &Value, value: &Value, place: Where) -> Vec<Fault> {
    let mut check = Check { place, faults: Vec::new() };
    check.value(schema, value, &mut String::new());
    check.faults
}

struct Check {
    place: Where,
    faults: Vec<Fault>,
}

impl Check {
    fn fault(&mut self, pointer: &str, code: &'static str, detail: impl Into<String>) {
        let location = match self.place {
            Where::Body => pointer.to_owned(),
            Where::Query | Where::Header => pointer.trim_start_matches('/').to_owned(),
        };
        self.faults.push(Fault { r#in: self.place, location, code, detail: detail.into() });
    }

    fn value(&mut self, schema: &Value, value: &Value, pointer: &mut String) {
        let Value::Object(schema) = schema else {
            if *schema == Value::Bool(false) {
                self.fault(pointer, "unknown", "this is not known here");
            }
            return;
        };
        if let Some(Value::Array(any)) = schema.get("anyOf") {
            let fits = |one: &Value| check(one, value, self.place).is_empty();
            if !any.iter().any(fits) {
                // The first is the type itself; others are `null`.
                any.first().into_iter().for_each(|one| self.value(one, value, pointer));
            }
        }
        if let Some(wanted) = schema.get("type").filter(|wanted| !is_of(wanted, value)) {
            let wanted = match wanted {
                Value::Array(several) => {
                    several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
                }
                one => one.as_str().unwrap_or_default().to_owned(),
            };
            return self.fault(pointer, "type", format!("this must be of the type {wanted}"));
        }
        if let Some(Value::Array(known)) = schema.get("enum").filter(|_| !value.is_null())
            && !known.contains(value)
        {
            let known: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
            self.fault(pointer, "enum", format!("this must be one of {}", known.join(", ")));
        }
        if schema.get("const").is_some_and(|only| only != value) {
            self.fault(pointer, "const", "this has another value than it can have");
        }
        match value {
            Value::String(text) => self.text(schema, text, pointer),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
                if limit("minimum").is_some_and(|least| number < least) {
                    self.fault(pointer, "minimum", "this number is too small");
                }
                if limit("maximum").is_some_and(|most| number > most) {
                    self.fault(pointer, "maximum", "this number is too large");
                }
            }
            Value::Array(items) => {
                self.count(schema, items.len(), ("minItems", "maxItems"), "items", pointer);
                let Some(schema) = schema.get("items") else { return };
                for (at, item) in items.iter().enumerate() {
                    self.below(schema, item, pointer, &at.to_string());
                }
            }
            Value::Object(fields) => self.object(schema, fields, pointer),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn below(&mut self, schema: &Value, value: &Value, pointer: &mut String, name: &str) {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        self.value(schema, value, pointer);
        pointer.truncate(length);
    }

    fn count(
        &mut self,
        schema: &Map<String, Value>,
        count: usize,
        (least, most): (&str, &str),
        of: &str,
        pointer: &str,
    ) {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
        if let Some(least) = limit(least).filter(|least| (count as u64) < *least) {
            self.fault(pointer, "minLength", format!("this must have at least {least} {of}"));
        }
        if let Some(most) = limit(most).filter(|most| count as u64 > *most) {
            self.fault(pointer, "maxLength", format!("this may have at most {most} {of}"));
        }
    }

    fn text(&mut self, schema: &Map<String, Value>, text: &str, pointer: &str) {
        self.count(schema, text.chars().count(), ("minLength", "maxLength"), "characters", pointer);
        match schema.get("format").and_then(Value::as_str) {
            Some("date-time") if text.parse::<Timestamp>().is_err() => {
                self.fault(pointer, "format", "this must be a time such as 2026-11-21T09:00:00Z");
            }
            Some("date") if text.len() != 10 || text.parse::<Date>().is_err() => {
                self.fault(pointer, "format", "this must be a day such as 2026-11-21");
            }
            _ => {}
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, fields: &Map<String, Value>, pointer: &mut String) {
        let none = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                let place = format!("{pointer}/{name}");
                self.fault(&place, "required", format!("`{name}` is missing"));
            }
        }
        for (name, value) in fields {
            if let Some(schema) = known.get(name).or_else(|| schema.get("additionalProperties")) {
                self.below(schema, value, pointer, name);
            }
        }
    }
}

/// Is a value of a type, or of one of these?
fn is_of(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::Array(several) => several.iter().any(|one| is_of(one, value)),
        one => match one.as_str().unwrap_or_default() {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            _ => false,
        },
    }
}

/// The parameters of a query as an object, each of the type that its schema says; what is no such value stays text, and is found by [`check`].
/// A parameter that stands twice is a list where it may be one, and else a fault.
pub fn query(schema: &Value, text: &str) -> Result<Value, Vec<Fault>> {
    let mut fields = Map::new();
    let mut faults = Vec::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let wanted = &schema["properties"][&*name];
        let is = |word: &str| is_type(wanted, word);
        if is("array") {
            let list = fields.entry(name.into_owned()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.extend(value.split(',').map(|one| typed(&wanted["items"], one)));
            }
        } else if fields.contains_key(&*name) {
            let detail = format!("`{name}` stands twice");
            faults.push(Fault { r#in: Where::Query, location: name.into_owned(), code: "twice", detail });
        } else {
            fields.insert(name.into_owned(), typed(wanted, &value));
        }
    }
    if faults.is_empty() { Ok(Value::Object(fields)) } else { Err(faults) }
}

fn is_type(schema: &Value, word: &str) -> bool {
    match &schema["type"] {
        Value::Array(several) => several.iter().any(|one| one == word),
        one => one == word,
    }
}

fn typed(schema: &Value, text: &str) -> Value {
    let as_number = || text.parse::<i64>().ok().filter(|_| is_type(schema, "integer")).map(Value::from);
    let as_bool = || text.parse::<bool>().ok().filter(|_| is_type(schema, "boolean")).map(Value::from);
    as_number().or_else(as_bool).unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    #[schemars(deny_unknown_fields)]
    struct Wanted {
        #[schemars(length(min = 2, max = 3))]
        name: String,
        #[schemars(range(min = 1, max = 5))]
        count: Option<u32>,
        #[schemars(length(max = 2))]
        list: Option<Vec<u32>>,
        flag: Option<bool>,
    }

    fn found(value: Value) -> Vec<(String, &'static str)> {
        check(&of::<Wanted>(), &value, Where::Body)
            .into_iter()
            .map(|fault| (fault.location, fault.code))
            .collect()
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        assert_eq!(found(json!({ "name": "abc", "count": 5, "list": null })), []);
        let wrong = json!({ "count": 6, "list": [1, "2", 3], "other/one": 1, "flag": "yes" });
        let places: Vec<String> =
            found(wrong).into_iter().map(|(place, code)| format!("{place} {code}")).collect();
        let expected = [
            "/name required",
            "/count maximum",
            "/list maxLength",
            "/list/1 type",
            "/other~1one unknown",
            "/flag type",
        ];
        assert_eq!(places, expected);
        assert_eq!(found(json!([])), [(String::new(), "type")]);
        assert_eq!(found(json!({ "name": "a", "count": -1 })).len(), 2);
    }

    #[test]
    fn a_query_is_read_by_its_types() {
        let schema = of::<Wanted>();
        let read = |text: &str| query(&schema, text).unwrap();
        assert_eq!(
            read("name=a%20b&count=3&list=1,2&list=3&flag=true"),
            json!({ "name": "a b", "count": 3, "list": [1, 2, 3], "flag": true })
        );
        assert_eq!(read("name=3&count=x"), json!({ "name": "3", "count": "x" }));
        assert_eq!(query(&schema, "name=a&name=b").unwrap_err()[0].code, "twice");
    }
}
