//! The built-in templates.

use schakel_model::language::Language;

use crate::advice::KINDS;

/// How the names of advice texts begin.
pub(super) const ADVICE: &str = "advice/";

macro_rules! built_in {
    ($($name:literal)*) => {
        /// Language and name of each, `nl/notification.txt`, and its text. The texts of [`crate::advice`] are templates as well, by the name
        /// `advice/<kind>`.
        pub(super) const BUILT_IN: &[(&str, &str)] = &[$(
            (concat!("nl/", $name, ".subject"), include_str!(concat!("../../templates/nl/", $name, ".subject.j2"))),
            (concat!("nl/", $name, ".txt"), include_str!(concat!("../../templates/nl/", $name, ".txt.j2"))),
            (concat!("en/", $name, ".subject"), include_str!(concat!("../../templates/en/", $name, ".subject.j2"))),
            (concat!("en/", $name, ".txt"), include_str!(concat!("../../templates/en/", $name, ".txt.j2"))),
        )*];
    };
}

built_in! {
    "notification"
    "campaign_result"
    "weekly_overview"
    "proof_code"
    "something_waits"
    "confidential_waits"
    "hub_silent"
    "confirm_contact"
    "receipt"
    "receipt_decision"
    "withdrawal"
    "reply"
    "safety_net"
}

/// The names of all templates, in the order in which they are listed.
pub fn names() -> Vec<String> {
    let own = BUILT_IN.iter().filter_map(|(path, _)| path.strip_prefix("nl/")).map(str::to_owned);
    own.chain(KINDS.iter().map(|kind| format!("{ADVICE}{}", kind.name))).collect()
}

/// The built-in text of a template.
pub fn built_in(language: Language, name: &str) -> Option<&'static str> {
    if let Some(kind) = name.strip_prefix(ADVICE) {
        return KINDS.iter().find(|known| known.name == kind).map(|kind| kind.built_in(language));
    }
    let wanted = format!("{language}/{name}");
    BUILT_IN.iter().find(|(path, _)| *path == wanted).map(|(_, text)| *text)
}
