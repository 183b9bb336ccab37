//! `POST /oauth2/token`: an access token for a client that signs who it is (RFC 6749 section 4.4, RFC 7523 section 2.2). Why there is none is said as
//! OAuth says it, which is: hardly; our log says it.

use std::{collections::HashMap, net::IpAddr, time::Instant};

use axum::{
    body::Body,
    extract::{Extension, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use ipnet::IpNet;
use schakel_app::api_clients::{NoToken, TOKEN_SECONDS, access_token};
use schakel_model::api::{read_scopes, scopes_text};
use serde_json::json;

use super::{
    Rest,
    dispatch::{blocking, read_at_a_pace},
    problem::Problem,
};
use crate::listener::Peer;

/// A signed assertion and a few words.
const FORM_BYTES_MAX: usize = 16 << 10;

const JWT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Tokens that one network may ask for in a minute. A token counts for ten minutes, so this is a network of thousands of clients; and checking a
/// signature costs us more than making a wrong one costs somebody else.
const PER_MINUTE: u32 = 300;

/// `POST /oauth2/token`
pub async fn token(
    State(rest): State<Rest>,
    Extension(Peer(peer)): Extension<Peer>,
    head: HeaderMap,
    body: Body,
) -> Response {
    if let Err(wait) = rest.token_rate.take(network_of(peer), PER_MINUTE, Instant::now()) {
        let seconds = wait.as_secs().saturating_add(1).min(60) as u32;
        return Problem::later(StatusCode::TOO_MANY_REQUESTS, "You ask too often.", seconds).into_response();
    }
    answer(rest, &head, body).await.unwrap_or_else(IntoResponse::into_response)
}

/// A host of IPv4; of IPv6 the network that one host can have all of.
fn network_of(peer: IpAddr) -> IpNet {
    let length = if peer.is_ipv4() { 32 } else { 64 };
    IpNet::new(peer, length).map_or_else(|_| peer.into(), |net| net.trunc())
}

async fn answer(rest: Rest, head: &HeaderMap, body: Body) -> Result<Response, Problem> {
    let of = head.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !of.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Ok(refused(StatusCode::BAD_REQUEST, "invalid_request", "send a form"));
    }
    let bytes = read_at_a_pace(body, FORM_BYTES_MAX).await?;
    let mut form: HashMap<String, String> = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(&bytes) {
        // RFC 6749, section 3.2: no parameter twice.
        if form.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Ok(refused(StatusCode::BAD_REQUEST, "invalid_request", "a parameter stands twice"));
        }
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        let only = "only client_credentials is known here";
        return Ok(refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", only));
    }
    if field("client_assertion_type") != JWT {
        return Ok(refused(StatusCode::UNAUTHORIZED, "invalid_client", "sign who you are (RFC 7523)"));
    }
    let Ok(scopes) = read_scopes(field("scope")) else {
        return Ok(refused(StatusCode::BAD_REQUEST, "invalid_scope", "there is no such scope"));
    };
    let assertion = field("client_assertion").to_owned();
    blocking(move || {
        let base = public_base(&rest);
        let audiences = [format!("{base}/oauth2/token"), base];
        let audiences: Vec<&str> = audiences.iter().map(String::as_str).collect();
        let reader = rest.readers.get()?;
        match access_token(&reader, &assertion, &audiences, &scopes, rest.clock.now_seconds()) {
            Ok(given) => Ok(json_response(
                StatusCode::OK,
                &json!({
                    "access_token": given.token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS,
                    "scope": scopes_text(&given.scopes),
                }),
            )),
            Err(NoToken::Scope(why)) => Ok(refused(StatusCode::BAD_REQUEST, "invalid_scope", &why)),
            Err(NoToken::Client(why)) => {
                tracing::warn!(why, "no access token");
                let us =
                    "the assertion does not count: is it signed by a key we have, for us, for now, and new?";
                Ok(refused(StatusCode::UNAUTHORIZED, "invalid_client", us))
            }
            Err(NoToken::Store(error)) => Err(error.into()),
        }
    })
    .await
}

/// How we are reached from outside.
pub fn public_base(rest: &Rest) -> String {
    let api = &rest.config.api;
    match api.public_url.trim_end_matches('/') {
        "" => {
            let scheme = if api.tls_certificate.as_os_str().is_empty() { "http" } else { "https" };
            format!("{scheme}://{}", api.listen)
        }
        url => url.to_owned(),
    }
}

fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    json_response(status, &json!({ "error": error, "error_description": description }))
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> Response {
    let head = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, head, body.to_string()).into_response()
}
