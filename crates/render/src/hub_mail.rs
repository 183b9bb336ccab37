//! A mail from one hub to another: a program reads its attachment, and a person who finds it reads what it is.

use schakel_model::language::Language;

use crate::{
    message::{Attachment, Message},
    words::Words,
};

/// `ours` and `peer`: the names of both hubs; `lines`: how many lines are in the attachment.
pub fn message(language: Language, ours: &str, peer: &str, lines: usize, attachment: Attachment) -> Message {
    let words = Words::of(language);
    let lines = lines.to_string();
    let parts = [("ours", ours), ("peer", peer), ("lines", lines.as_str())];
    Message {
        subject: words.with("hub-mail-subject", &parts),
        text: words.with("hub-mail-text", &parts) + "\n",
        attachments: vec![attachment],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_finds_it_reads_what_it_is() {
        for language in Language::ALL {
            let attachment =
                Attachment { name: "x".into(), content_type: "application/zstd", bytes: vec![1] };
            let message = message(language, "top.example", "cert.example", 12, attachment);
            for part in ["top.example", "cert.example", "12"] {
                assert!(message.text.contains(part), "{}", message.text);
            }
            assert!(message.subject.contains("cert.example"));
        }
    }
}
