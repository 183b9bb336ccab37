//! The full advice on every kind in a notice, as a text file: when a notice has more kinds than its mail can explain.

use crate::{
    advice::{Kind, Part, kinds_of},
    context::{AdviceOf, title},
    message::Attachment,
    notice::{Group, Notice},
    words::Words,
    wrap::{self, PROSE_CHARS_MAX},
};

/// Kinds explained in the mail itself: what is longer than three is not read to its end.
pub const KINDS_IN_TEXT_MAX: usize = 3;

/// The kinds of a notice, in the order of its groups, each once, with the title of the first group that shows it.
pub fn kinds(groups: &[&Group<'_>], words: &Words) -> Vec<(&'static Kind, String)> {
    let mut kinds: Vec<(&'static Kind, String)> = Vec::new();
    for group in groups {
        for kind in kinds_of(group) {
            if !kinds.iter().any(|(known, _)| known.name == kind.name) {
                kinds.push((kind, title(group, words)));
            }
        }
    }
    kinds
}

/// The name of the file.
pub fn file_name(notice: &Notice<'_>, words: &Words) -> String {
    format!("schakel-{}-{}.txt", notice.reference, words.text("explanation-file"))
}

/// The file; none when the mail says it all.
pub fn attachment(
    notice: &Notice<'_>,
    groups: &[&Group<'_>],
    words: &Words,
    advice: &AdviceOf<'_>,
) -> Option<Attachment> {
    let kinds = kinds(groups, words);
    if kinds.len() <= KINDS_IN_TEXT_MAX {
        return None;
    }
    let mut text = String::new();
    for (number, (kind, title)) in (1..).zip(&kinds) {
        text += &format!("{number}. {title}\n");
        for part in Part::ALL {
            text += &format!("\n{}\n", words.text(&format!("part-{}", part.word())));
            for line in advice(kind).part(part) {
                text += &wrap::paragraph(line, "- ", PROSE_CHARS_MAX);
                text.push('\n');
            }
        }
        text += "\n\n";
    }
    Some(Attachment {
        name: file_name(notice, words),
        content_type: "text/plain; charset=utf-8",
        bytes: text.trim_end().to_owned().into_bytes(),
    })
}
