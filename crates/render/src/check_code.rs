//! The line under a mail that says how to check that it is ours.

use schakel_model::language::Language;

use crate::{notice::Reference, words::Words};

/// `page`: where number and code are checked.
pub fn line(language: Language, reference: Reference, code: &str, page: &str) -> String {
    let number = reference.to_string();
    Words::of(language).with("check-code", &[("number", &number), ("code", code), ("page", page)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_where_and_what_to_fill_in() {
        let reference = Reference { number: 17, epoch: 2 };
        for language in Language::ALL {
            let line = line(language, reference, "7KQ2-M4XD", "https://meldpunt.example/verify");
            for part in ["17.2", "7KQ2-M4XD", "https://meldpunt.example/verify"] {
                assert!(line.contains(part), "{line}");
            }
        }
    }
}
