//! `/.well-known/security.txt` (RFC 9116): whom to tell of a weakness here.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, ToSpan};

use super::Portal;

/// The file counts for this long from when it is asked for: it is made from the configuration each time. RFC 9116 advises less than a year.
const DAYS: i64 = 180;

/// `GET /.well-known/security.txt`
pub async fn security_txt(State(portal): State<Portal>) -> Response {
    let config = &portal.config.portal;
    let mut contacts = config.security_contact.clone();
    if contacts.is_empty() && !config.desk_mail.is_empty() {
        contacts.push(format!("mailto:{}", config.desk_mail));
    }
    let expires = Timestamp::from_second(portal.clock.now_seconds())
        .ok()
        .and_then(|now| now.checked_add((DAYS * 24).hours()).ok());
    let (Some(expires), false) = (expires, contacts.is_empty()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let line = |name: &str, value: &str| format!("{name}: {}\n", value.replace(['\r', '\n'], " "));
    let mut text: String = contacts.iter().map(|contact| line("Contact", contact)).collect();
    text += &line("Expires", &expires.to_string());
    text += "Preferred-Languages: nl, en\n";
    if !config.security_policy.is_empty() {
        text += &line("Policy", &config.security_policy);
    }
    let url = config.url.trim_end_matches('/');
    if !url.is_empty() {
        text += &line("Canonical", &format!("{url}/.well-known/security.txt"));
    }
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
