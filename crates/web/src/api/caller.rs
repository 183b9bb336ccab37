//! Who asks: the source whose token stands in the request.

use axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};
use schakel_model::source::{Source, Trust};

use super::{Api, problem::Problem};

/// The source that has proven to be it, and may report.
pub(super) struct Caller(pub Source);

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let door = api.door()?;
        let given = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(bearer).unwrap_or_default().to_owned();
        // What is no token is looked up all the same: the answer to everything that does not count takes the same time.
        let found = tokio::task::spawn_blocking(move || door.by_token(&token)).await;
        let source = found.map_err(Problem::trouble)??.ok_or_else(Problem::unauthorized)?;
        if source.trust == Trust::Blocked {
            return Err(Problem::blocked());
        }
        Ok(Self(source))
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_is_one() {
        assert_eq!(bearer("Bearer schakel_1"), Some("schakel_1"));
        assert_eq!(bearer("bearer  schakel_1 "), Some("schakel_1"));
        for other in ["schakel_1", "Basic schakel_1", "", "Bearer"] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
