//! A QR code as a picture of squares (SVG): no style, no script.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

/// Squares of white around it, as ISO/IEC 18004 asks.
const QUIET_ZONE: i32 = 4;

/// The picture; empty when the text does not fit in one.
pub fn qr_code(text: &str) -> String {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return String::new() };
    let size = code.size() + 2 * QUIET_ZONE;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // A String takes everything.
            let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE);
        }
    }
    format!(
        "<svg viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"QR code\" shape-rendering=\"crispEdges\"><path d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_a_picture_and_a_book_is_none() {
        let picture = qr_code("otpauth://totp/a:b?secret=ABCD");
        assert!(
            picture.starts_with("<svg viewBox=\"0 0 37 37\"") && picture.contains("M4,4h1v1h-1z"),
            "{picture}"
        );
        assert_eq!(qr_code(&"x".repeat(5_000)), "");
    }
}
