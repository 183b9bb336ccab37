//! What somebody sends. A form of somebody who is signed in bears a token that only their pages have; a form of anybody else must say that it
//! comes from a page of ours, as browsers do.

use std::collections::HashMap;

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
    response::Response,
};

use super::{Portal, plain, visitor::Visitor};

/// Nobody types more than this into a form, in bytes.
const FORM_BYTES_MAX: usize = 64 << 10;

/// The fields of a form that came from a page of ours.
#[derive(Debug)]
pub struct Form(HashMap<String, String>);

impl Form {
    /// A field; empty when it was not sent.
    pub fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl FromRequest<Portal> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Response> {
        let Some(visitor) = request.extensions().get::<Visitor>().cloned() else {
            return Err(plain::nothing());
        };
        let ours = comes_from_us(request.headers());
        let Ok(body) = to_bytes(request.into_body(), FORM_BYTES_MAX).await else {
            return Err(plain::old_form(portal, &visitor));
        };
        let fields: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
        let token = fields.get("form_token").map_or("", String::as_str);
        let is_theirs = visitor.person.is_none() || same(token, &visitor.form_token);
        if ours && is_theirs { Ok(Self(fields)) } else { Err(plain::old_form(portal, &visitor)) }
    }
}

/// Browsers say where a form comes from. One that says nothing is no browser, and has no cookies of somebody else to misuse.
fn comes_from_us(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (text("origin"), text(header::HOST.as_str())) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
    }
}

/// In a time that does not depend on how much is the same.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// A page of ours to go on to; the first one when it is none.
pub fn next_page(asked: &str) -> &str {
    let is_ours = asked.starts_with('/')
        && !asked.starts_with("//")
        && !asked.contains(['\\', '\r', '\n', '\t'])
        && !asked.starts_with("/sign-");
    if is_ours { asked } else { "/" }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn nobody_is_led_away() {
        for (asked, page) in [
            ("/", "/"),
            ("/findings?severity=high", "/findings?severity=high"),
            ("", "/"),
            ("https://evil.example", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/sign-in", "/"),
        ] {
            assert_eq!(next_page(asked), page, "{asked}");
        }
    }

    #[test]
    fn a_form_of_another_site_is_not_ours() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            pairs.iter().for_each(|(name, value)| {
                headers.insert(*name, HeaderValue::from_static(value));
            });
            comes_from_us(&headers)
        };
        assert!(of(&[("sec-fetch-site", "same-origin")]));
        assert!(!of(&[("sec-fetch-site", "cross-site")]) && !of(&[("sec-fetch-site", "same-site")]));
        assert!(of(&[("origin", "https://a.example"), ("host", "a.example")]));
        assert!(!of(&[("origin", "https://evil.example"), ("host", "a.example")]));
        assert!(!of(&[("origin", "null"), ("host", "a.example")]));
        assert!(of(&[]));
    }
}
