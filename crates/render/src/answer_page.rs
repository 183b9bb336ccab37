//! The page on which a recipient answers. Plain HTML: no script, no style, no picture. It shows a number and how many findings stand how, never what
//! they are.

use minijinja::context;
use schakel_model::{
    answer::{AnswerKind, RecipientState},
    language::Language,
};

use crate::{page, words::Words};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows<'a> {
    /// Where it stands, and the form.
    Ask {
        /// Who asks.
        sender: &'a str,
        /// The number of the notification.
        number: &'a str,
        /// How many findings stand how.
        states: &'a [(RecipientState, u64)],
        /// How many are closed.
        closed: u64,
        /// May this reader accept a risk?
        may_accept_risk: bool,
        /// Was the form sent without what belongs to the answer?
        incomplete: bool,
    },
    /// Thanks.
    Done {
        /// Does the desk look at it first?
        by_desk: bool,
    },
    /// The link is good no more.
    Gone,
}

/// The page, in the language of the reader.
pub fn render(language: Language, shows: Shows<'_>) -> String {
    let source = match language {
        Language::Nl => include_str!("../templates/nl/answer_page.html.j2"),
        Language::En => include_str!("../templates/en/answer_page.html.j2"),
    };
    let words = Words::of(language);
    let values = match shows {
        Shows::Ask { sender, number, states, closed, may_accept_risk, incomplete } => {
            let states: Vec<_> = states
                .iter()
                .map(|(state, count)| context! { name => words.text(&format!("stands-{}", key(state.as_str()))), count })
                .collect();
            let offered =
                AnswerKind::ALL.iter().filter(|kind| may_accept_risk || **kind != AnswerKind::RiskAccepted);
            let answers: Vec<_> = offered
                .map(|kind| context! { value => kind.as_str(), name => words.text(&format!("answer-{}", key(kind.as_str()))) })
                .collect();
            context! { state => "ask", sender, number, states, closed, answers, may_accept_risk, incomplete }
        }
        Shows::Done { by_desk } => context! { state => "done", by_desk },
        Shows::Gone => context! { state => "gone" },
    };
    page::fill(source, values)
}

/// Names in locale files have hyphens.
fn key(word: &str) -> String {
    word.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_renders_and_nothing_breaks_out_of_its_place() {
        for language in Language::ALL {
            let states: Vec<_> = RecipientState::ALL.iter().map(|state| (*state, 2)).collect();
            let ask = |may_accept_risk, incomplete| Shows::Ask {
                sender: "<b>CERT",
                number: "17",
                states: &states,
                closed: 1,
                may_accept_risk,
                incomplete,
            };
            let page = render(language, ask(true, true));
            assert!(
                page.contains("&lt;b&gt;CERT") && !page.contains("<script") && !page.contains("<b>"),
                "{page}"
            );
            assert!(
                page.contains("method=\"post\"") && page.contains(&format!("lang=\"{language}\"")),
                "{page}"
            );
            assert!(
                page.contains("value=\"risk_accepted\"") && page.contains("name=\"decided_by\""),
                "{page}"
            );
            assert!(!page.contains("stands-") && !page.contains("answer-"), "a word is missing: {page}");
            let page = render(language, ask(false, false));
            assert!(!page.contains("risk_accepted\"") && !page.contains("decided_by"), "{page}");
            for shows in [Shows::Done { by_desk: true }, Shows::Done { by_desk: false }, Shows::Gone] {
                assert!(!render(language, shows).contains("<form"));
            }
        }
    }
}
