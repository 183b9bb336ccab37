//! Templates tried with sample data: what they make, and everything that is wrong with them.

use minijinja::{Value, value::Serde};
use schakel_model::{language::Language, tlp::Tlp};

use super::{TemplateProblem, Templates, WEEKLY, built_in::ADVICE, problem};
use crate::{
    advice::{KINDS, Kind},
    context::{Context, in_order},
    letter::{self, LetterContext},
    message::Message,
    sample,
    times::Times,
    weekly::{self, WeeklyContext},
    words::Words,
};

impl Templates {
    /// The mails of this template with sample data.
    pub fn samples(&self, language: Language, name: &str) -> Result<Vec<Message>, TemplateProblem> {
        if let Some(kind) = KINDS.iter().find(|kind| name.strip_prefix(ADVICE) == Some(kind.name)) {
            return Ok(vec![self.render(&kind.sample(language))?]);
        }
        if name.split('.').next() == Some(WEEKLY) {
            return weekly::samples(language).iter().map(|overview| self.weekly(overview)).collect();
        }
        let letters: Vec<_> = letter::samples(language)
            .into_iter()
            .filter(|letter| name.split('.').next() == Some(letter.about.template()))
            .collect();
        if letters.is_empty() {
            let notice = match name.split('.').next() {
                Some("safety_net") => sample::nobodys(language),
                _ => sample::small(language),
            };
            return Ok(vec![self.render(&notice)?]);
        }
        letters.iter().map(|letter| self.letter(letter)).collect()
    }

    /// Everything that is wrong with the templates: each is rendered with sample findings, and asked for variables that do
    /// not exist, also in parts that the samples do not reach.
    pub fn check(&self) -> Vec<TemplateProblem> {
        let mut problems = Vec::new();
        for language in Language::ALL {
            for notice in sample::all(language) {
                problems.extend(self.marked(language, notice.template(), notice.tlp, self.render(&notice)));
            }
            for overview in weekly::samples(language) {
                problems.extend(self.marked(language, WEEKLY, overview.tlp, self.weekly(&overview)));
            }
            for letter in letter::samples(language) {
                problems.extend(self.marked(
                    language,
                    letter.about.template(),
                    letter.tlp,
                    self.letter(&letter),
                ));
            }
        }
        let (of_notification, of_letter) = (known_variables(), known_letter_variables());
        let of_weekly = known_weekly_variables();
        for (name, template) in self.environment.templates() {
            let known = match name.split(['/', '.']).nth(1) {
                Some("notification" | "safety_net") => &of_notification,
                Some(WEEKLY) => &of_weekly,
                _ => &of_letter,
            };
            let unknown =
                template.undeclared_variables(false).into_iter().filter(|name| !known.contains(name));
            problems.extend(unknown.map(|variable| TemplateProblem {
                template: name.to_owned(),
                line:
                    template.source().lines().position(|line| line.contains(&variable)).map(|line| line + 1),
                problem: format!("there is no variable `{variable}`; there are {}", known.join(", ")),
            }));
        }
        problems.sort_by(|a, b| (&a.template, a.line, &a.problem).cmp(&(&b.template, b.line, &b.problem)));
        // A variable that both ways of looking find is one problem: the second knows more.
        problems.dedup_by(|later, first| {
            let same = later.template == first.template && later.line == first.line;
            if same && later.problem.len() > first.problem.len() {
                std::mem::swap(later, first);
            }
            same
        });
        problems
    }

    /// What is wrong with a message made of samples: TLP asks that the marking stands in the text of what is not for everybody.
    fn marked(
        &self,
        language: Language,
        template: &str,
        tlp: Tlp,
        made: Result<Message, TemplateProblem>,
    ) -> Option<TemplateProblem> {
        let message = match made {
            Ok(message) => message,
            Err(problem) => return Some(problem),
        };
        let marking = tlp.to_string();
        (tlp >= Tlp::Amber && !message.text.lines().any(|line| line == marking)).then(|| {
            let hint = "the marking must stand in the text, on a line of its own: put {{ tlp }} at the top";
            problem(&format!("{language}/{template}.txt"), None, hint.to_owned())
        })
    }
}

/// The names a template can use.
fn known_variables() -> Vec<String> {
    let notice = sample::small(Language::Nl);
    let words = (&Words::of(Language::Nl), &Times::default());
    let templates = Templates::new(&[]).expect("the built-in templates can be read; a test shows it");
    let advice = |kind: &'static Kind| templates.advice(Language::Nl, kind);
    let context = Context::new(&notice, &in_order(&notice), "", words, &advice);
    variables(&Value::from(Serde(&context)))
}

/// The names the template of the weekly overview can use.
fn known_weekly_variables() -> Vec<String> {
    let [full, ..] = weekly::samples(Language::Nl);
    let context = WeeklyContext::new(&full, &Words::of(Language::Nl), &Times::default());
    variables(&Value::from(Serde(&context)))
}

/// The names a template of a letter can use.
fn known_letter_variables() -> Vec<String> {
    let (words, times) = (Words::of(Language::Nl), Times::default());
    let contexts = letter::samples(Language::Nl).into_iter().take(1);
    let contexts = contexts.map(|letter| LetterContext::new(&letter, &words, &times));
    contexts.flat_map(|context| variables(&Value::from(Serde(&context)))).collect()
}

fn variables(context: &Value) -> Vec<String> {
    let names = context.try_iter().into_iter().flatten();
    names.map(|name| name.to_string()).collect()
}
