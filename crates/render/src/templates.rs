//! The texts around the findings: built-in templates that an operator can replace one by one.
//!
//! A template is minijinja (<https://docs.rs/minijinja>) with strict undefined values: a variable that does not exist is an
//! error, never an empty place in a mail. The default templates name all variables.

use std::fmt;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, value::Serde};
use schakel_model::{language::Language, tlp::Tlp};

use crate::{
    attachment::attachment,
    clean,
    context::{Context, in_order},
    letter::{self, Letter, LetterContext},
    message::{Attachment, Message},
    notice::{Notice, Reference},
    sample,
    times::Times,
    words::Words,
    wrap,
};

/// A template larger than this is a mistake: the built-in ones are under 3 kB.
pub const TEMPLATE_BYTES_MAX: usize = 64 << 10;

/// A subject is cut after this many characters: mail programs show fewer.
pub const SUBJECT_CHARS_MAX: usize = 160;

/// The built-in templates: name (also the path in the operator's folder) and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("nl/notification.subject.j2", include_str!("../templates/nl/notification.subject.j2")),
    ("nl/notification.txt.j2", include_str!("../templates/nl/notification.txt.j2")),
    ("en/notification.subject.j2", include_str!("../templates/en/notification.subject.j2")),
    ("en/notification.txt.j2", include_str!("../templates/en/notification.txt.j2")),
    ("nl/proof_code.subject.j2", include_str!("../templates/nl/proof_code.subject.j2")),
    ("nl/proof_code.txt.j2", include_str!("../templates/nl/proof_code.txt.j2")),
    ("en/proof_code.subject.j2", include_str!("../templates/en/proof_code.subject.j2")),
    ("en/proof_code.txt.j2", include_str!("../templates/en/proof_code.txt.j2")),
    ("nl/something_waits.subject.j2", include_str!("../templates/nl/something_waits.subject.j2")),
    ("nl/something_waits.txt.j2", include_str!("../templates/nl/something_waits.txt.j2")),
    ("en/something_waits.subject.j2", include_str!("../templates/en/something_waits.subject.j2")),
    ("en/something_waits.txt.j2", include_str!("../templates/en/something_waits.txt.j2")),
    ("nl/confirm_contact.subject.j2", include_str!("../templates/nl/confirm_contact.subject.j2")),
    ("nl/confirm_contact.txt.j2", include_str!("../templates/nl/confirm_contact.txt.j2")),
    ("en/confirm_contact.subject.j2", include_str!("../templates/en/confirm_contact.subject.j2")),
    ("en/confirm_contact.txt.j2", include_str!("../templates/en/confirm_contact.txt.j2")),
    ("nl/receipt.subject.j2", include_str!("../templates/nl/receipt.subject.j2")),
    ("nl/receipt.txt.j2", include_str!("../templates/nl/receipt.txt.j2")),
    ("en/receipt.subject.j2", include_str!("../templates/en/receipt.subject.j2")),
    ("en/receipt.txt.j2", include_str!("../templates/en/receipt.txt.j2")),
    ("nl/receipt_decision.subject.j2", include_str!("../templates/nl/receipt_decision.subject.j2")),
    ("nl/receipt_decision.txt.j2", include_str!("../templates/nl/receipt_decision.txt.j2")),
    ("en/receipt_decision.subject.j2", include_str!("../templates/en/receipt_decision.subject.j2")),
    ("en/receipt_decision.txt.j2", include_str!("../templates/en/receipt_decision.txt.j2")),
    ("nl/withdrawal.subject.j2", include_str!("../templates/nl/withdrawal.subject.j2")),
    ("nl/withdrawal.txt.j2", include_str!("../templates/nl/withdrawal.txt.j2")),
    ("en/withdrawal.subject.j2", include_str!("../templates/en/withdrawal.subject.j2")),
    ("en/withdrawal.txt.j2", include_str!("../templates/en/withdrawal.txt.j2")),
];

/// The templates in use.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    nl: Words,
    en: Words,
    times: Times,
}

/// What is wrong with a template.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct TemplateProblem {
    /// Which template, for example `nl/notification.txt.j2`.
    pub template: String,
    /// On which line, where known.
    pub line: Option<usize>,
    /// What is wrong, for a person.
    pub problem: String,
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.template, self.problem),
            None => write!(f, "{}: {}", self.template, self.problem),
        }
    }
}

impl Templates {
    /// The built-in templates, with those the operator replaces (name and text). Fails at the first that cannot be read.
    pub fn new(overrides: &[(&str, &str)]) -> Result<Self, TemplateProblem> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_debug(true); // Errors then know their place.
        for (name, source) in BUILT_IN.iter().chain(overrides) {
            let problem =
                |problem: String| TemplateProblem { template: (*name).to_owned(), line: None, problem };
            if !BUILT_IN.iter().any(|(known, _)| known == name) {
                let known = BUILT_IN.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
                return Err(problem(format!("there is no such template; there are {known}")));
            }
            if source.len() > TEMPLATE_BYTES_MAX {
                return Err(problem(format!(
                    "it has {} bytes, {TEMPLATE_BYTES_MAX} is the most",
                    source.len()
                )));
            }
            environment
                .add_template_owned((*name).to_owned(), (*source).to_owned())
                .map_err(|error| described(name, &error))?;
        }
        Ok(Self {
            environment,
            nl: Words::of(Language::Nl),
            en: Words::of(Language::En),
            times: Times::default(),
        })
    }

    /// The message for a notice. Fails only on a template that [`Templates::check`] would have refused.
    pub fn render(&self, notice: &Notice<'_>) -> Result<Message, TemplateProblem> {
        let groups = in_order(notice);
        let attachment = attachment(notice, &groups, &self.times);
        let words = self.words(notice.language);
        let context = Context::new(notice, &groups, &attachment.name, words, &self.times);
        let context = Value::from(Serde(&context));
        self.message(
            notice.language,
            "notification",
            (notice.reference, notice.tlp),
            &context,
            vec![attachment],
        )
    }

    /// The message for a letter. Fails only on a template that [`Templates::check`] would have refused.
    pub fn letter(&self, letter: &Letter<'_>) -> Result<Message, TemplateProblem> {
        let context = LetterContext::new(letter, self.words(letter.language), &self.times);
        let context = Value::from(Serde(&context));
        let head = (letter.reference, letter.tlp);
        self.message(letter.language, letter.about.template(), head, &context, Vec::new())
    }

    fn words(&self, language: Language) -> &Words {
        match language {
            Language::Nl => &self.nl,
            Language::En => &self.en,
        }
    }

    fn message(
        &self,
        language: Language,
        template: &str,
        (reference, tlp): (Reference, Tlp),
        context: &Value,
        attachments: Vec<Attachment>,
    ) -> Result<Message, TemplateProblem> {
        let subject = self.fill(language, template, "subject", context)?;
        let text = self.fill(language, template, "txt", context)?;
        // The start of the subject is what answers are recognised by: no template can leave it out.
        let subject = format!("[Schakel #{reference}] {tlp} {subject}");
        Ok(Message {
            subject: clean::line(&subject, SUBJECT_CHARS_MAX).into_owned(),
            text: wrap::long_lines(&text),
            attachments,
        })
    }

    /// Everything that is wrong with the templates: each is rendered with sample findings, and asked for variables that do
    /// not exist, also in parts that the samples do not reach.
    pub fn check(&self) -> Vec<TemplateProblem> {
        let mut problems = Vec::new();
        for language in Language::ALL {
            for notice in sample::all(language) {
                problems.extend(self.render(&notice).err());
            }
            problems.extend(letter::samples(language).iter().filter_map(|letter| self.letter(letter).err()));
        }
        let (of_notification, of_letter) = (known_variables(), known_letter_variables());
        for (name, template) in self.environment.templates() {
            let known = if name.contains("/notification.") { &of_notification } else { &of_letter };
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

    fn fill(
        &self,
        language: Language,
        template: &str,
        part: &str,
        context: &Value,
    ) -> Result<String, TemplateProblem> {
        let name = format!("{language}/{template}.{part}.j2");
        self.environment
            .get_template(&name)
            .and_then(|template| template.render(context))
            .map_err(|error| described(&name, &error))
    }
}

/// The names a template can use.
fn known_variables() -> Vec<String> {
    let notice = sample::small(Language::Nl);
    let context = Context::new(&notice, &in_order(&notice), "", &Words::of(Language::Nl), &Times::default());
    names(&Value::from(Serde(&context)))
}

/// The names a template of a letter can use.
fn known_letter_variables() -> Vec<String> {
    let (words, times) = (Words::of(Language::Nl), Times::default());
    let contexts = letter::samples(Language::Nl).into_iter().take(1);
    let contexts = contexts.map(|letter| LetterContext::new(&letter, &words, &times));
    contexts.flat_map(|context| names(&Value::from(Serde(&context)))).collect()
}

fn names(context: &Value) -> Vec<String> {
    let names = context.try_iter().into_iter().flatten();
    names.map(|name| name.to_string()).collect()
}

/// The error of the template engine, with the text it is about.
fn described(template: &str, error: &minijinja::Error) -> TemplateProblem {
    let place = error.range().zip(error.template_source()).and_then(|(range, source)| source.get(range));
    let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let problem = match place {
        Some(place) => format!("{} at `{}`{detail}", error.kind(), clean::line(place, 80)),
        None => format!("{}{detail}", error.kind()),
    };
    TemplateProblem { template: template.to_owned(), line: error.line(), problem }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn built_in() -> Templates {
        Templates::new(&[]).unwrap()
    }

    fn whole(message: &Message) -> String {
        format!("Subject: {}\n\n{}", message.subject, message.text)
    }

    #[test]
    fn dutch_reads_like_this() {
        insta::assert_snapshot!(whole(&built_in().render(&sample::small(Language::Nl)).unwrap()));
    }

    #[test]
    fn english_reads_like_this() {
        insta::assert_snapshot!(whole(&built_in().render(&sample::small(Language::En)).unwrap()));
    }

    #[test]
    fn letters_read_like_this() {
        let templates = built_in();
        let letters = Language::ALL.iter().flat_map(|language| letter::samples(*language));
        let texts: Vec<_> = letters.map(|letter| whole(&templates.letter(&letter).unwrap())).collect();
        insta::assert_snapshot!(texts.join("\n==========\n"));
    }

    #[test]
    fn what_does_not_fit_is_counted_and_stands_in_the_attachment() {
        let templates = built_in();
        let many = templates.render(&sample::large(Language::En, 300)).unwrap();
        assert!(many.text.contains("... and 280 more. All 300 are in the attachment."), "{}", many.text);
        assert_eq!(many.attachments[0].bytes.iter().filter(|byte| **byte == b'\n').count(), 301);
        let kinds = templates.render(&sample::many_kinds(Language::En)).unwrap();
        assert!(kinds.text.contains("kinds are in the attachment only."), "{}", kinds.text);
    }

    #[test]
    fn nothing_in_a_notice_breaks_out_of_its_place() {
        let mut notice = sample::large(Language::Nl, 1);
        notice.organisation = "Evil\r\nBcc: all@example.org\r\n\r\n{{ number }}";
        notice.sender = "A\nB";
        notice.groups[0].title = "x\r\ny";
        notice.groups[0].report_type = "unknown\n";
        notice.groups[0].identifier = "id\u{202e}\r\nid";
        notice.groups[0].items[0].hostname = "a\r\n.\r\nb{% raw %}".into();
        let message = built_in().render(&notice).unwrap();
        assert!(!message.subject.contains(['\r', '\n']), "{}", message.subject);
        assert!(message.subject.starts_with("[Schakel #17] TLP:AMBER "), "{}", message.subject);
        assert!(message.text.contains("Evil Bcc: all@example.org {{ number }}"), "{}", message.text);
        assert!(!message.text.contains(['\r', '\u{202e}']) && !message.text.lines().any(|line| line == "."));
        assert!(message.text.lines().all(|line| line.chars().count() <= wrap::LINE_CHARS_MAX));
    }

    #[test]
    fn the_built_in_templates_have_no_problem() {
        assert_eq!(built_in().check(), []);
    }

    #[test]
    fn what_is_told_again_says_why() {
        let start = |notice: &Notice<'_>| {
            let message = built_in().render(notice).unwrap();
            let head = message.text.split("\n1. ").next().unwrap_or_default().to_owned();
            format!("{}\n\n{head}", message.subject)
        };
        let again = Language::ALL
            .iter()
            .flat_map(|language| [sample::reminder(*language), sample::escalation(*language)]);
        insta::assert_snapshot!(again.map(|notice| start(&notice)).collect::<Vec<_>>().join("=====\n"));
    }

    #[test]
    fn an_operator_replaces_one_and_learns_what_is_wrong_with_it() {
        let check = |name: &str, source: &str| {
            let problems = match Templates::new(&[(name, source)]) {
                Ok(templates) => templates.check(),
                Err(problem) => vec![problem],
            };
            problems.iter().map(TemplateProblem::to_string).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(check("nl/notification.subject.j2", "{{ total_text }}"), "");
        insta::assert_snapshot!(check("nl/notification.subject.j2", "a\n{{ totaal }}"), @"nl/notification.subject.j2, line 2: there is no variable `totaal`; there are number, tlp, sender, organisation, about, recipient_role, created_utc, created_local, total, total_text, highest_severity, attachment, occasion, occasion_lines, why, groups, groups_not_shown");
        insta::assert_snapshot!(check("en/notification.txt.j2", "{% for group in groups %}\n{{ group.titel }}{% endfor %}"), @"en/notification.txt.j2, line 2: undefined value at `group.titel` (`group.titel` is undefined)");
        insta::assert_snapshot!(check("en/notification.txt.j2", "{% if false %}\n{{ nooit }}{% endif %}"), @"en/notification.txt.j2, line 2: there is no variable `nooit`; there are number, tlp, sender, organisation, about, recipient_role, created_utc, created_local, total, total_text, highest_severity, attachment, occasion, occasion_lines, why, groups, groups_not_shown");
        insta::assert_snapshot!(check("en/notification.txt.j2", "{% if tlp %}"), @"en/notification.txt.j2, line 1: syntax error at `%}` (unexpected end of input, expected end of block)");
        insta::assert_snapshot!(check("fr/notification.txt.j2", ""), @"fr/notification.txt.j2: there is no such template; there are nl/notification.subject.j2, nl/notification.txt.j2, en/notification.subject.j2, en/notification.txt.j2, nl/proof_code.subject.j2, nl/proof_code.txt.j2, en/proof_code.subject.j2, en/proof_code.txt.j2, nl/something_waits.subject.j2, nl/something_waits.txt.j2, en/something_waits.subject.j2, en/something_waits.txt.j2, nl/confirm_contact.subject.j2, nl/confirm_contact.txt.j2, en/confirm_contact.subject.j2, en/confirm_contact.txt.j2, nl/receipt.subject.j2, nl/receipt.txt.j2, en/receipt.subject.j2, en/receipt.txt.j2, nl/receipt_decision.subject.j2, nl/receipt_decision.txt.j2, en/receipt_decision.subject.j2, en/receipt_decision.txt.j2, nl/withdrawal.subject.j2, nl/withdrawal.txt.j2, en/withdrawal.subject.j2, en/withdrawal.txt.j2");
        let replaced = Templates::new(&[("nl/notification.subject.j2", "Nieuw\nin\n{{ sender }}")]).unwrap();
        let subject = replaced.render(&sample::small(Language::Nl)).unwrap().subject;
        assert_eq!(subject, "[Schakel #17] TLP:AMBER Nieuw in Meldpunt Voorbeeld");
    }

    #[test]
    fn fifty_thousand_findings_of_one_member_take_no_time_to_speak_of() {
        let notice = sample::large(Language::Nl, 50_000);
        let templates = built_in();
        let started = Instant::now();
        let message = templates.render(&notice).unwrap();
        let seconds = started.elapsed().as_secs_f64();
        println!("50,000 findings: {seconds:.3} s, attachment {} bytes", message.attachments[0].bytes.len());
        // A debug build on a busy machine; optimised it is a tenth of a second.
        assert!(seconds < 10.0, "{seconds} s");
    }

    #[test]
    fn templates_can_be_shared_by_threads() {
        fn shared<T: Send + Sync>(_: &T) {}
        shared(&built_in());
    }
}
