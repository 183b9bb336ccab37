//! `/assets/…`: styles, script and typeface, built into the program. Their names hold a hash of their content, so browsers keep them.

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use schakel_render::portal::Assets;

/// Name and bytes of every file; a name that ends in `.gz` is the same file, packed.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Where pages find them.
pub fn addresses() -> Assets {
    let of = |stem: &str| {
        let found =
            FILES.iter().map(|(name, _)| *name).find(|name| name.starts_with(stem) && !name.ends_with(".gz"));
        format!("/assets/{}", found.expect("the build makes it"))
    };
    Assets { css: of("portal-css."), js: of("portal-js."), icon: of("icon.") }
}

fn file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(one, _)| *one == name).map(|(_, bytes)| *bytes)
}

/// `GET /assets/{name}`
pub async fn show(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "woff2")) => "font/woff2",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let Some(bytes) = file(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let head = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::VARY, "accept-encoding"),
    ];
    let takes_gzip = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let packed =
        file(&format!("{name}.gz")).filter(|_| takes_gzip.is_some_and(|value| value.contains("gzip")));
    match packed {
        Some(packed) => (head, [(header::CONTENT_ENCODING, "gzip")], packed).into_response(),
        None => (head, bytes).into_response(),
    }
}
