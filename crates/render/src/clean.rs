//! Source text made safe for a line of text: one line, nothing invisible, no longer than asked.

use std::borrow::Cow;

/// A cell of the attachment is cut after this many characters: enough for any honest URL or tag list, and a spreadsheet
/// takes no more than 32,767.
pub const CELL_CHARS_MAX: usize = 2_000;

/// Is this a character that a person cannot see or that moves what they see: controls, line and paragraph separators,
/// direction marks, zero-width characters, the byte order mark?
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Does this character turn the direction of what stands beside it, or is it a control that is no space? On a page it could make our own words read
/// otherwise; beside that a page shows text as it came.
fn misleads(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') || (c.is_control() && !c.is_whitespace())
}

/// The text with `\u{fffd}` in the place of each character that misleads.
pub(crate) fn for_a_page(text: &str) -> Cow<'_, str> {
    match text.contains(misleads) {
        true => Cow::Owned(text.replace(misleads, "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

/// The text on one line: hidden characters become a space, runs of spaces one, none at the ends; cut with `…` after
/// `chars_max` characters.
pub fn line(text: &str, chars_max: usize) -> Cow<'_, str> {
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if plain && text.len() <= chars_max && !text.contains("  ") && text.trim().len() == text.len() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(chars_max.saturating_mul(4)));
    let mut chars = 0;
    for word in text.split(|c: char| is_hidden(c) || c.is_whitespace()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
            chars += 1;
        }
        for c in word.chars() {
            out.push(c);
            chars += 1;
            if chars > chars_max {
                cut(&mut out, chars_max);
                return Cow::Owned(out);
            }
        }
    }
    Cow::Owned(out)
}

/// Shortens to `chars_max` characters, the last of which is `…`.
fn cut(text: &mut String, chars_max: usize) {
    let keep = text.char_indices().nth(chars_max.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    text.truncate(keep);
    if chars_max > 0 {
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_one_visible_line() {
        let cases = [
            ("host.example", 50, "host.example"),
            ("  a \r\nBcc: b\t\0c ", 50, "a Bcc: b c"),
            ("a\u{2028}b\u{202e}c\u{200b}d", 50, "a b c d"),
            ("één", 3, "één"),
            ("\u{7f}\u{85}", 50, ""),
            ("1234567890", 10, "1234567890"),
            ("12345678901", 10, "123456789…"),
            ("ééééé", 4, "ééé…"),
            ("12345 \n", 5, "12345"),
            ("abc", 0, ""),
        ];
        for (text, chars_max, expected) in cases {
            assert_eq!(line(text, chars_max), expected, "{text:?}");
        }
    }
}
