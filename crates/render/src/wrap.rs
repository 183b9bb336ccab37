//! Breaks prose into lines.

/// No line of a mail is longer, so that it can be read and quoted on any screen.
pub const LINE_CHARS_MAX: usize = 100;

/// Prose is easier to read in shorter lines.
pub const PROSE_CHARS_MAX: usize = 76;

/// Breaks one paragraph at spaces; a word longer than a line stays whole. The first line starts with `first`, the others
/// with as many spaces.
pub fn paragraph(text: &str, first: &str, chars_max: usize) -> String {
    let indent = first.chars().count();
    let mut out = first.to_owned();
    let mut width = indent;
    let mut line_is_empty = true;
    for word in text.split_whitespace() {
        let chars = word.chars().count();
        if !line_is_empty && width + 1 + chars > chars_max {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            width = indent;
            line_is_empty = true;
        }
        if !line_is_empty {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += chars;
        line_is_empty = false;
    }
    out
}

/// Breaks only the lines that are longer than [`LINE_CHARS_MAX`], and trims spaces at the end of lines.
pub fn long_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim_end();
        if line.len() > LINE_CHARS_MAX && line.chars().count() > LINE_CHARS_MAX {
            let indent = line.len() - line.trim_start().len();
            out.push_str(&paragraph(line, &line[..indent], LINE_CHARS_MAX));
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_breaks_at_spaces_and_keeps_its_indent() {
        assert_eq!(paragraph("een twee drie vier", "- ", 12), "- een twee\n  drie vier");
        assert_eq!(paragraph("", "- ", 12), "- ");
        assert_eq!(paragraph("lang-woord-zonder-einde en meer", "", 8), "lang-woord-zonder-einde\nen meer");
    }

    #[test]
    fn only_long_lines_are_broken() {
        let long = "woord ".repeat(30);
        let text = format!("kort   met   ruimte  \n  {long}\n");
        let out = long_lines(&text);
        assert!(out.starts_with("kort   met   ruimte\n  woord woord"));
        assert!(out.lines().all(|line| line.chars().count() <= LINE_CHARS_MAX));
    }
}
