//! What holds for all routes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{openapi, routes, schema};

/// The names of the words that schemas are made of, wherever they stand.
fn words(schema: &Value, found: &mut BTreeSet<String>) {
    let Value::Object(fields) = schema else { return };
    for (name, value) in fields {
        found.insert(name.clone());
        match (name.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.values().for_each(|one| words(one, found))
            }
            ("anyOf", Value::Array(any)) => any.iter().for_each(|one| words(one, found)),
            ("items" | "additionalProperties", one) => words(one, found),
            _ => {}
        }
    }
}

#[test]
fn what_comes_in_is_checked_by_words_that_we_heed() {
    for route in routes::all() {
        let mut found = BTreeSet::new();
        words(&route.query, &mut found);
        let unknown: Vec<&String> =
            found.iter().filter(|word| !schema::UNDERSTOOD.contains(&word.as_str())).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", route.id);
    }
}

#[test]
fn every_route_has_its_own_place_and_name_and_an_authorisation_that_can_be_had() {
    let mut seen = BTreeSet::new();
    for route in routes::all() {
        assert!(seen.insert(format!("{:?} {}", route.method, route.path)), "{} stands twice", route.path);
        assert!(seen.insert(route.id.to_owned()), "{} stands twice", route.id);
        if route.members == super::route::Members::Own {
            assert!(route.scope.is_for_members(), "no member can have {} for {}", route.scope, route.id);
        }
        let name = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let camel = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric());
        for part in route.path.split('/').skip(1) {
            let inner = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            assert!(inner.map_or_else(|| name(part), camel), "{} is not kebab-case", route.path);
        }
        assert!(!route.path.ends_with('/') && route.path.starts_with('/'));
        for parameter in route.parameters() {
            assert_ne!(routes::about_parameter(parameter), "", "{parameter} is not described");
        }
        for name in route.query["properties"].as_object().into_iter().flat_map(|fields| fields.keys()) {
            assert!(camel(name) && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
        }
    }
}

#[test]
fn the_description_is_the_one_in_the_repository() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let described = format!("{:#}\n", openapi::describe(&openapi::RunBy::example()));
    if std::env::var_os("SCHAKEL_WRITE_OPENAPI").is_some() {
        std::fs::write(path, &described).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == described,
        "it has changed: look at the difference, with SCHAKEL_WRITE_OPENAPI=1 cargo test -p schakel-web"
    );
}

#[test]
fn every_reference_in_the_description_leads_somewhere() {
    let described = openapi::describe(&openapi::RunBy::example());
    let mut waiting = vec![&described];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(to)) = fields.get("$ref") {
                    let pointer = to.strip_prefix('#').unwrap();
                    assert!(described.pointer(pointer).is_some(), "{to} leads nowhere");
                }
                waiting.extend(fields.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
}
