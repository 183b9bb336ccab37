//! What somebody sends. A form of somebody who is signed in bears a token that only their pages have; a form of anybody else must say that it
//! comes from a page of ours, as browsers do.

use std::str::FromStr;

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
    response::Response,
};

use jiff::civil::{Date, DateTime};
use schakel_app::{answers::end_of_day, calendar};
use schakel_render::portal::acting::Mistake;

use super::{Portal, plain, visitor::Visitor};

/// Nobody types more than this into a form, in bytes: a template or a policy at its longest, each byte of it as three.
const FORM_BYTES_MAX: usize = 1 << 20;

/// The fields of a form that came from a page of ours.
#[derive(Clone, Debug)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// These fields, when they came from a page of ours that this visitor has now.
    pub fn of(fields: Vec<(String, String)>, headers: &HeaderMap, visitor: &Visitor) -> Option<Self> {
        let form = Self(fields);
        let is_theirs = visitor.person.is_none() || same(form.field("form_token"), &visitor.form_token);
        (comes_from_us(headers) && is_theirs).then_some(form)
    }

    /// A field; empty when it was not sent.
    pub fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }

    /// Every field of this name, as rows that are ticked have it.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// A field without white space around it; empty when it was not sent.
    pub fn trimmed(&self, name: &str) -> &str {
        self.field(name).trim()
    }

    /// A page of ours to go back to: the one that the form stood on.
    pub fn back(&self) -> &str {
        next_page(self.field("back"))
    }

    /// A word of the model; `missing`: the text for when none was chosen.
    pub fn word<T: FromStr>(&self, name: &'static str, missing: &'static str) -> Result<T, Mistake> {
        self.trimmed(name).parse().map_err(|_| Mistake::new(name, missing))
    }

    /// A moment in the Netherlands, in seconds since 1970: a day and a time, or a day until its end. Nothing when nothing was typed.
    pub fn moment(&self, name: &'static str) -> Result<Option<i64>, Mistake> {
        let typed = self.trimmed(name);
        let wrong = || Mistake::new(name, "wrong-moment");
        if typed.is_empty() {
            return Ok(None);
        }
        if let Ok(day) = typed.parse::<Date>()
            && !typed.contains('T')
        {
            return end_of_day(day).map(Some).map_err(|_| wrong());
        }
        let at = typed.parse::<DateTime>().ok().and_then(|at| at.to_zoned(calendar::amsterdam()).ok());
        at.map(|at| Some(at.timestamp().as_second())).ok_or_else(wrong)
    }

    /// What was typed, for the same page again; secrets are typed again.
    pub fn typed(self) -> Vec<(String, String)> {
        const NOT_SHOWN: [&str; 4] = ["form_token", "back", "password", "present"];
        self.0.into_iter().filter(|(name, _)| !NOT_SHOWN.contains(&name.as_str())).collect()
    }
}

impl FromRequest<Portal> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Response> {
        let Some(visitor) = request.extensions().get::<Visitor>().cloned() else {
            return Err(plain::nothing());
        };
        let headers = request.headers().clone();
        let Ok(body) = to_bytes(request.into_body(), FORM_BYTES_MAX).await else {
            return Err(plain::old_form(portal, &visitor));
        };
        let fields = url::form_urlencoded::parse(&body).into_owned().collect();
        Self::of(fields, &headers, &visitor).ok_or_else(|| plain::old_form(portal, &visitor))
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
pub fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// A page of ours to go on to; the first one when it is none.
pub fn next_page(asked: &str) -> &str {
    let is_ours = asked.starts_with('/')
        && !asked.starts_with("//")
        && !asked.contains(|c: char| c == '\\' || c.is_control())
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
            ("/\u{1}", "/"),
            ("https:evil.example", "/"),
            ("\\\\evil.example", "/"),
            (" //evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/sign-in", "/"),
        ] {
            assert_eq!(next_page(asked), page, "{asked}");
        }
    }

    #[test]
    fn a_moment_is_one_in_the_netherlands() {
        let of = |typed: &str| Form(vec![("at".into(), typed.into())]).moment("at").ok();
        assert_eq!(of(""), Some(None));
        assert_eq!(of("2026-11-23T09:00"), Some(Some(1_795_420_800)));
        assert_eq!(of("2026-11-23"), Some(Some(1_795_474_800)), "the whole day");
        for wrong in ["tomorrow", "2026-13-01", "2026-11-23T25:00", "<b>"] {
            assert_eq!(of(wrong), None, "{wrong}");
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
