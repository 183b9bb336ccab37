//! The description of the API (OpenAPI 3.1), made from the table of routes and the types in it. `docs/openapi.json` is what it was when it was last
//! looked at: a test compares them.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use schakel_model::api::Scope;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    API_VERSION, Rest, oauth,
    problem::Problem,
    route::{Members, Method, Route},
    routes,
};
use crate::page::page as html;

/// Who runs it, as the description says.
#[derive(Clone, Debug)]
pub struct RunBy<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its mail address.
    pub email: &'a str,
    /// Where it is reached, without `/api/v1`.
    pub base: &'a str,
}

impl RunBy<'static> {
    /// Nobody: the description in the repository.
    pub fn example() -> Self {
        Self { name: "A CERT", email: "cert@cert.example", base: "https://api.cert.example" }
    }
}

/// `GET /openapi.json`: for everybody, also from other web pages (NL API Design Rules, /core/publish-openapi).
pub async fn document(State(rest): State<Rest>) -> Response {
    let head = [
        (header::CONTENT_TYPE, "application/json"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "max-age=300"),
    ];
    (head, of(&rest).to_string()).into_response()
}

/// `GET /`: the same for people.
pub async fn page(State(rest): State<Rest>) -> Response {
    html(StatusCode::OK, readable(&of(&rest)))
}

fn of(rest: &Rest) -> Value {
    let config = &rest.config;
    // `Name <address>`
    let from = config.mail.from.trim();
    let email = from.rsplit_once('<').map_or(from, |(_, address)| address.trim_end_matches('>'));
    describe(&RunBy { name: &config.sender, email, base: &oauth::public_base(rest) })
}

/// What makes the schemas.
struct Shapes {
    gives: SchemaGenerator,
    takes: SchemaGenerator,
}

/// The description.
pub fn describe(run_by: &RunBy<'_>) -> Value {
    let settings = || {
        SchemaSettings::draft2020_12()
            .with(|settings| settings.definitions_path = "/components/schemas".into())
    };
    // What may be left out on the way in is something else than what may be missing on the way out.
    let mut shapes = Shapes {
        gives: settings().for_serialize().into_generator(),
        takes: settings().for_deserialize().into_generator(),
    };
    let problem = shapes.gives.subschema_for::<Problem>().to_value();
    let mut paths = Map::new();
    let mut tags = BTreeSet::new();
    for route in routes::all() {
        tags.insert(tag(&route));
        let name = match route.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        let described = operation(&route, &mut shapes);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[name] = described;
    }
    let mut schemas = shapes.gives.take_definitions(true);
    for (name, schema) in shapes.takes.take_definitions(true) {
        let known = schemas.insert(name.clone(), schema.clone());
        debug_assert!(known.is_none_or(|known| known == schema), "two shapes are called {name}");
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Schakel",
            "version": API_VERSION,
            "description": "Reports in, the right organisation told, every row accounted for. Times are UTC. What is not yours is not there (404).",
            "contact": { "name": run_by.name, "email": run_by.email, "url": run_by.base },
            "license": { "name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/" },
        },
        "servers": [{ "url": format!("{}/api/v1", run_by.base), "description": "This installation" }],
        "security": [{ "apiKey": [] }],
        "tags": tags.iter().map(|tag| json!({ "name": tag, "description": about(tag) })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": {
                "ApiVersion": { "description": "The version of the API", "schema": { "type": "string" } },
                "Link": { "description": "Where the next page is (RFC 8288); absent on the last", "schema": { "type": "string" } },
                "RetryAfter": { "description": "When to ask again, in seconds", "schema": { "type": "integer" } },
            },
            "responses": { "Problem": {
                "description": "What went wrong (RFC 9457)",
                "headers": {
                    "API-Version": { "$ref": "#/components/headers/ApiVersion" },
                    "Retry-After": { "$ref": "#/components/headers/RetryAfter" },
                },
                "content": { "application/problem+json": { "schema": problem } },
            } },
            "securitySchemes": {
                "apiKey": { "type": "http", "scheme": "bearer", "description": "A key that the CERT gives you, or an access token" },
                "oauth": { "type": "oauth2", "description": "The client signs who it is (private_key_jwt, RFC 7523)", "flows": {
                    "clientCredentials": { "tokenUrl": format!("{}/oauth2/token", run_by.base), "scopes": scopes() } } },
            },
        },
    })
}

fn scopes() -> Map<String, Value> {
    let said = |scope: &Scope| {
        let text = if scope.is_for_members() { "For members too" } else { "For the desk" };
        (scope.to_string(), Value::from(text))
    };
    Scope::ALL.iter().map(said).collect()
}

fn tag(route: &Route) -> &'static str {
    route.path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

fn about(tag: &str) -> String {
    format!("Everything under /{tag}")
}

fn operation(route: &Route, shapes: &mut Shapes) -> Value {
    let mut parameters: Vec<Value> = route
        .parameters()
        .map(|name| {
            json!({
                "name": name, "in": "path", "required": true, "description": routes::about_parameter(name),
                "schema": { "type": "string" },
            })
        })
        .collect();
    let required: Vec<&str> =
        route.query["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, schema) in route.query["properties"].as_object().into_iter().flatten() {
        let mut schema = without_null(schema);
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let mut parameter = json!({ "name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": schema });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        if parameter["schema"]["type"] == "array" {
            // `state=told,fixed`
            parameter["style"] = "form".into();
            parameter["explode"] = false.into();
        }
        parameters.push(parameter);
    }
    let mut headers = json!({ "API-Version": { "$ref": "#/components/headers/ApiVersion" } });
    if route.is_list {
        headers["Link"] = json!({ "$ref": "#/components/headers/Link" });
    }
    let mut responses = Map::new();
    let gives = (route.gives)(&mut shapes.gives).to_value();
    responses.insert(
        route.status.as_u16().to_string(),
        json!({ "description": "Done", "headers": headers, "content": { "application/json": { "schema": gives } } }),
    );
    let mut problems = vec!["400", "401", "403", "404", "422", "429", "503", "504"];
    if route.method == Method::Post {
        problems.extend(["408", "409", "413", "415"]);
    }
    problems.sort_unstable();
    for status in problems {
        responses.insert(status.to_owned(), json!({ "$ref": "#/components/responses/Problem" }));
    }
    let members = match route.members {
        Members::Own => " Members see their own.",
        Members::No => " For the desk.",
    };
    let mut described = json!({
        "operationId": route.id,
        "summary": route.summary,
        "description": format!("{}. Needs the scope `{}`.{members}", route.summary, route.scope),
        "tags": [tag(route)],
        "security": [{ "apiKey": [] }, { "oauth": [route.scope.as_str()] }],
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(takes) = route.takes {
        let schema = takes(&mut shapes.takes).to_value();
        described["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        let key = json!({
            "name": "Idempotency-Key", "in": "header", "required": false, "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            "description": "The same request with the same key is done once, and answered again for a day",
        });
        if let Some(parameters) = described["parameters"].as_array_mut() {
            parameters.push(key);
        }
    }
    described
}

/// A parameter is there or not: there is no null in a query.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(any) = schema["anyOf"].as_array().cloned() {
        let one = any.into_iter().find(|one| one["type"] != "null").unwrap_or_default();
        let mut merged = one.as_object().cloned().unwrap_or_default();
        if let Some(about) = schema.get("description") {
            merged.insert("description".into(), about.clone());
        }
        return Value::Object(merged);
    }
    if let Some(types) = schema["type"].as_array().cloned() {
        schema["type"] = types.into_iter().find(|one| one != "null").unwrap_or_default();
    }
    if let Some(known) = schema["enum"].as_array_mut() {
        known.retain(|one| !one.is_null());
    }
    if let Some(object) = schema.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    schema
}

/// The description as a page: no script, nothing from elsewhere.
fn readable(document: &Value) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Schakel API</title><body><main><h1>Schakel API ",
    );
    out += &escape(document["info"]["version"].as_str().unwrap_or_default());
    out += "</h1><p>";
    out += &escape(document["info"]["description"].as_str().unwrap_or_default());
    out += "</p><p>For programs: <a href=\"/openapi.json\">openapi.json</a>. Ask with <code>Authorization: Bearer</code> and the key that the CERT gave you.</p>";
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            out += &format!(
                "<section><h2><code>{} /api/v1{}</code></h2><p>{}</p>",
                method.to_uppercase(),
                escape(path),
                escape(operation["description"].as_str().unwrap_or_default())
            );
            let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            if !parameters.is_empty() {
                out += "<table><tr><th>Parameter<th>In<th>What it is";
                for parameter in parameters {
                    let text = |name: &str| escape(parameter[name].as_str().unwrap_or_default());
                    out += &format!(
                        "<tr><td><code>{}</code><td>{}<td>{}",
                        text("name"),
                        text("in"),
                        text("description")
                    );
                }
                out += "</table>";
            }
            out += "</section>";
        }
    }
    out + "</main></body></html>"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
