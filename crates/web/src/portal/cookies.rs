//! Cookies: who is signed in, and how somebody likes to read. Names that begin with `__Host-` are taken by browsers only from the host itself, over
//! TLS or from this machine.

use axum::http::{HeaderMap, HeaderValue, header};

/// The session.
pub const SESSION: &str = "__Host-schakel";
/// The first step of signing in.
pub const HALF_WAY: &str = "__Host-schakel-step";
/// What is carried to a provider and back, or to a device.
pub const CARRIED: &str = "__Host-schakel-carried";
/// What the next page says came of it.
pub const NOTICE: &str = "__Host-schakel-notice";
/// The language.
pub const LANGUAGE: &str = "__Host-schakel-language";
/// The theme.
pub const THEME: &str = "__Host-schakel-theme";

/// As long as the next page takes to come, in seconds.
const SHORTLY_SECONDS: u32 = 60;

/// How long a taste is remembered, in seconds.
const TASTE_SECONDS: u32 = 31_536_000;

/// The value of a cookie that came along; empty when none did.
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(one, _)| *one == name)
        .map_or("", |(_, value)| value)
}

/// Gives the browser a secret to keep until it is closed; no script can read it.
pub fn keep(headers: &mut HeaderMap, name: &str, value: &str) {
    append(headers, format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax"));
}

/// Gives the browser something for the next page.
pub fn keep_shortly(headers: &mut HeaderMap, name: &str, value: &str) {
    append(
        headers,
        format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={SHORTLY_SECONDS}"),
    );
}

/// Has the browser forget it.
pub fn forget(headers: &mut HeaderMap, name: &str) {
    append(headers, format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
}

/// Gives the browser a taste to keep.
pub fn keep_taste(headers: &mut HeaderMap, name: &str, value: &'static str) {
    append(
        headers,
        format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={TASTE_SECONDS}"),
    );
}

fn append(headers: &mut HeaderMap, cookie: String) {
    // Names and values are ours: letters, digits and what is written above.
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; __Host-schakel=token; b=2"));
        assert_eq!(read(&headers, SESSION), "token");
        assert_eq!(read(&headers, HALF_WAY), "");
    }
}
