//! The page on which a reader checks that a mail is ours. Plain HTML: no script, no style, no picture. It says yes and of which day, or no; never
//! to whom the mail went or what it says.

use minijinja::context;
use schakel_model::language::Language;

use crate::page;

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows<'a> {
    /// The form.
    Ask,
    /// It is ours.
    Ours {
        /// The number, as it was typed.
        number: &'a str,
        /// The day it was made, `2026-11-22`.
        day: &'a str,
    },
    /// It is not: the number or the code is wrong, and it is not said which.
    NotOurs,
    /// Too many checks at the moment.
    TooOften,
}

/// The page; `sender`: whose mails are checked.
pub fn render(language: Language, sender: &str, shows: Shows<'_>) -> String {
    let source = match language {
        Language::Nl => include_str!("../templates/nl/verify_page.html.j2"),
        Language::En => include_str!("../templates/en/verify_page.html.j2"),
    };
    let (state, number, day) = match shows {
        Shows::Ask => ("ask", "", ""),
        Shows::Ours { number, day } => ("ours", number, day),
        Shows::NotOurs => ("not_ours", "", ""),
        Shows::TooOften => ("too_often", "", ""),
    };
    page::fill(source, context! { state, number, day, sender })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_renders_and_nothing_breaks_out_of_its_place() {
        for language in Language::ALL {
            let page = |shows| render(language, "<b>CERT", shows);
            for shows in [Shows::Ask, Shows::NotOurs, Shows::TooOften] {
                let page = page(shows);
                assert!(page.contains(&format!("lang=\"{language}\"")) && !page.contains("<b>"), "{page}");
            }
            assert!(page(Shows::Ask).contains("method=\"post\""));
            let ours = page(Shows::Ours { number: "<i>17", day: "2026-11-22" });
            assert!(ours.contains("2026-11-22") && ours.contains("&lt;i&gt;17"), "{ours}");
        }
    }
}
