//! What a route is: where it is, what comes in and goes out, who may use it, and what it does. All that is known of a route stands in its one row of
//! the table ([`super::routes`]): the router, the authorisation and the published description are made from it, so they cannot differ.

use axum::http::StatusCode;
use schakel_model::api::Scope;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    call::Call,
    problem::{Fault, Problem, Where},
    schema,
};

/// What a request does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Looks.
    Get,
    /// Does something.
    Post,
}

/// May the clients of members use a route? What they see there is their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Members {
    /// They may.
    Own,
    /// It is the desk's.
    No,
}

/// The query of a route that has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A part of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; the `Link` header names it.
    #[serde(skip)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// All there is.
    pub fn all(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// What goes back.
pub struct Reply {
    /// Its body.
    pub body: Value,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What came in, before it is checked.
pub struct Incoming<'a> {
    /// Behind the question mark.
    pub query: &'a str,
    /// The body, when there is one.
    pub body: Option<Value>,
}

/// A body of a request, when its row says nothing else: a few hundred assets or answers.
const BODY_BYTES_MAX: usize = 1 << 20;

type Run = Box<dyn Fn(&Call, Incoming<'_>) -> Result<Reply, Problem> + Send + Sync>;
type Describe = fn(&mut SchemaGenerator) -> Schema;

/// A row of the table.
pub struct Route {
    /// What a request does.
    pub method: Method,
    /// Its path below `/api/v1`, with parameters in braces.
    pub path: &'static str,
    /// What programs call it.
    pub id: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// What a client must be allowed.
    pub scope: Scope,
    /// May members use it?
    pub members: Members,
    /// The status when it went well.
    pub status: StatusCode,
    /// Its parameters behind the question mark.
    pub query: Value,
    /// The most bytes of its body.
    pub body_bytes_max: usize,
    /// The shape of its body, when one comes in.
    pub takes: Option<Describe>,
    /// The shape of what goes out.
    pub gives: Describe,
    /// Is that a page of a list?
    pub is_list: bool,
    /// Is the answer kept for who asks again with the same `Idempotency-Key`?
    pub is_kept: bool,
    /// What it does.
    pub run: Run,
}

/// What all rows have: path, id, summary.
pub type Said = (&'static str, &'static str, &'static str);

fn read<Q: DeserializeOwned>(schema: &Value, text: &str) -> Result<Q, Vec<Fault>> {
    let value = schema::query(schema, text)?;
    checked(schema, value, Where::Query)
}

fn checked<T: DeserializeOwned>(schema: &Value, value: Value, place: Where) -> Result<T, Vec<Fault>> {
    let faults = schema::check(schema, &value, place);
    if !faults.is_empty() {
        return Err(faults);
    }
    // What the schema cannot say.
    serde_json::from_value(value).map_err(|error| {
        vec![Fault { r#in: place, location: String::new(), code: "value", detail: error.to_string() }]
    })
}

fn given<R: Serialize>(value: &R) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(Problem::trouble)
}

/// Looks at one thing.
pub fn get<Q, R>(
    (path, id, summary): Said,
    scope: Scope,
    members: Members,
    run: fn(&Call, Q) -> Result<R, Problem>,
) -> Route
where
    Q: DeserializeOwned + JsonSchema + 'static,
    R: Serialize + JsonSchema + 'static,
{
    let query = schema::of::<Q>();
    let of_query = query.clone();
    Route {
        method: Method::Get,
        path,
        id,
        summary,
        scope,
        members,
        status: StatusCode::OK,
        query,
        body_bytes_max: BODY_BYTES_MAX,
        takes: None,
        gives: |generator| generator.subschema_for::<R>(),
        is_list: false,
        is_kept: true,
        run: Box::new(move |call, incoming| {
            let query = read(&of_query, incoming.query).map_err(Problem::faults)?;
            Ok(Reply { body: given(&run(call, query)?)?, next: None })
        }),
    }
}

/// Looks at a page of a list.
pub fn list<Q, R>(
    (path, id, summary): Said,
    scope: Scope,
    members: Members,
    run: fn(&Call, Q) -> Result<Page<R>, Problem>,
) -> Route
where
    Q: DeserializeOwned + JsonSchema + 'static,
    R: Serialize + JsonSchema + 'static,
{
    let query = schema::of::<Q>();
    let of_query = query.clone();
    Route {
        is_list: true,
        gives: |generator| generator.subschema_for::<Page<R>>(),
        query,
        run: Box::new(move |call, incoming| {
            let query = read(&of_query, incoming.query).map_err(Problem::faults)?;
            let mut page = run(call, query)?;
            let next = page.next.take();
            Ok(Reply { body: given(&page)?, next })
        }),
        ..get::<Q, R>((path, id, summary), scope, members, |_, _| Err(Problem::not_found()))
    }
}

/// Does something. Body and query are checked together, so that all their faults are said at once.
pub fn post<Q, B, R>(
    (path, id, summary): Said,
    scope: Scope,
    members: Members,
    status: StatusCode,
    run: fn(&Call, Q, B) -> Result<R, Problem>,
) -> Route
where
    Q: DeserializeOwned + JsonSchema + 'static,
    B: DeserializeOwned + JsonSchema + 'static,
    R: Serialize + JsonSchema + 'static,
{
    let query = schema::of::<Q>();
    let of_query = query.clone();
    let of_body = schema::of::<B>();
    Route {
        method: Method::Post,
        status,
        query,
        takes: Some(|generator| generator.subschema_for::<B>()),
        run: Box::new(move |call, incoming| {
            let query = read::<Q>(&of_query, incoming.query);
            let body = checked::<B>(&of_body, incoming.body.unwrap_or_default(), Where::Body);
            match (query, body) {
                (Ok(query), Ok(body)) => Ok(Reply { body: given(&run(call, query, body)?)?, next: None }),
                (query, body) => {
                    let faults = [query.err(), body.err()].into_iter().flatten().flatten().collect();
                    Err(Problem::faults(faults))
                }
            }
        }),
        ..get::<Q, R>((path, id, summary), scope, members, |_, _| Err(Problem::not_found()))
    }
}

impl Route {
    /// The same, with a larger body.
    pub fn with_body(self, bytes_max: usize) -> Self {
        Self { body_bytes_max: bytes_max, ..self }
    }

    /// The same, with an answer that is worth something by itself: it stands nowhere. Asked again, it is carried out again.
    pub fn unkept(self) -> Self {
        Self { is_kept: false, ..self }
    }

    /// The names of the parameters in its path, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
