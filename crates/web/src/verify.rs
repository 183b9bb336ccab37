//! `/verify`: is a mail ours? Number and check code in, yes or no out. It says no more than that, and not often.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use jiff::Timestamp;
use schakel_app::{calendar, check_code};
use schakel_model::language::Language;
use schakel_render::verify_page::{Shows, render};
use schakel_store::Reader;

use crate::{page::page, server::Served};

/// Nobody types more than this into the form, in bytes.
const FORM_BYTES_MAX: usize = 1_024;

/// Checks in a minute, of everybody together: behind a proxy all have one address. At this rate one of 2^40 codes is guessed after
/// some ten thousand years.
pub(crate) const IN_A_MINUTE_MAX: u32 = 120;

/// `GET /verify`
pub(crate) async fn show(State(served): State<Served>, headers: HeaderMap) -> Response {
    page(StatusCode::OK, render(language(&headers), &served.sender, Shows::Ask))
}

/// `POST /verify`
pub(crate) async fn check(State(served): State<Served>, headers: HeaderMap, body: Bytes) -> Response {
    let language = language(&headers);
    let says = |status, shows: Shows<'_>| page(status, render(language, &served.sender, shows));
    if body.len() > FORM_BYTES_MAX {
        return says(StatusCode::PAYLOAD_TOO_LARGE, Shows::NotOurs);
    }
    if !served.checks.lets_through(served.clock.now_seconds()) {
        return says(StatusCode::TOO_MANY_REQUESTS, Shows::TooOften);
    }
    let field = |wanted: &str| {
        let found = url::form_urlencoded::parse(&body).find(|(name, _)| name == wanted);
        found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let (number, code) = (field("number"), field("code"));
    let (data, asked) = (served.data.clone(), number.clone());
    // The store may make us wait for a moment: not on the thread that answers for health.
    let checked =
        tokio::task::spawn_blocking(move || check_code::check(&Reader::open(&data)?, &asked, &code)).await;
    match checked {
        Ok(Ok(Some(at))) => {
            let day = calendar::day(Timestamp::from_second(at).unwrap_or_default());
            says(StatusCode::OK, Shows::Ours { number: &number, day: &day })
        }
        Ok(Ok(None)) => says(StatusCode::OK, Shows::NotOurs),
        Ok(Err(error)) => {
            tracing::error!(error = %format!("{error:#}"), "a check code cannot be checked");
            page(StatusCode::SERVICE_UNAVAILABLE, String::new())
        }
        Err(_) => page(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    }
}

/// The first language that the browser names and we have; Dutch when there is none.
fn language(headers: &HeaderMap) -> Language {
    let asked =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let names = asked.split(',').filter_map(|one| one.trim().get(..2));
    names.filter_map(|name| name.to_ascii_lowercase().parse().ok()).next().unwrap_or(Language::Nl)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brake::Brake;

    #[test]
    fn who_guesses_is_slowed_down_and_a_minute_later_it_goes_on() {
        let brake = Brake::new(IN_A_MINUTE_MAX);
        let answered = (0..1_000).filter(|_| brake.lets_through(600)).count();
        assert_eq!(answered, IN_A_MINUTE_MAX as usize);
        assert!(!brake.lets_through(659) && brake.lets_through(660));
    }

    #[test]
    fn the_page_is_in_the_language_of_the_browser() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
            language(&headers)
        };
        assert_eq!(of("de-DE,en;q=0.8,nl;q=0.5"), Language::En);
        assert_eq!(of("nl-NL,en;q=0.8"), Language::Nl);
        assert_eq!(
            (of("fr"), of("*"), language(&HeaderMap::new())),
            (Language::Nl, Language::Nl, Language::Nl)
        );
    }
}
