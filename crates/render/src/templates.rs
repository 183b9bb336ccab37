//! The texts around the findings: built-in templates that an operator can replace one by one.
//!
//! A template is minijinja (<https://docs.rs/minijinja>) with strict undefined values: a variable that does not exist is an
//! error, never an empty place in a mail. The default templates name all variables.

use std::{collections::BTreeMap, fmt};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, value::Serde};
use schakel_model::{language::Language, tlp::Tlp};

use crate::{
    advice::{Advice, KINDS, Kind},
    attachment::attachment,
    clean,
    context::{Context, in_order},
    explanation,
    letter::{self, Letter, LetterContext},
    message::{Attachment, Message},
    notice::{Notice, Reference},
    sample,
    times::Times,
    weekly::{self, WeeklyContext, WeeklyOverview},
    words::Words,
    wrap,
};

/// A template larger than this is a mistake: the built-in ones are under 3 kB.
pub const TEMPLATE_BYTES_MAX: usize = 64 << 10;

/// Instructions a template may take, so that a loop in a loop cannot hold up everybody: the built-in ones take under 10,000.
const FUEL_MAX: u64 = 2_000_000;

/// A text that grows beyond this with sample data is no mail: the built-in ones stay under 100 kB.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// A subject is cut after this many characters: mail programs show fewer.
pub const SUBJECT_CHARS_MAX: usize = 160;

/// The built-in templates: language, name and `.j2`, and the text. The texts of [`crate::advice`] are templates as well, by the name
/// `advice/<kind>`.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("nl/notification.subject.j2", include_str!("../templates/nl/notification.subject.j2")),
    ("nl/notification.txt.j2", include_str!("../templates/nl/notification.txt.j2")),
    ("en/notification.subject.j2", include_str!("../templates/en/notification.subject.j2")),
    ("en/notification.txt.j2", include_str!("../templates/en/notification.txt.j2")),
    ("nl/campaign_result.subject.j2", include_str!("../templates/nl/campaign_result.subject.j2")),
    ("nl/campaign_result.txt.j2", include_str!("../templates/nl/campaign_result.txt.j2")),
    ("en/campaign_result.subject.j2", include_str!("../templates/en/campaign_result.subject.j2")),
    ("en/campaign_result.txt.j2", include_str!("../templates/en/campaign_result.txt.j2")),
    ("nl/weekly_overview.subject.j2", include_str!("../templates/nl/weekly_overview.subject.j2")),
    ("nl/weekly_overview.txt.j2", include_str!("../templates/nl/weekly_overview.txt.j2")),
    ("en/weekly_overview.subject.j2", include_str!("../templates/en/weekly_overview.subject.j2")),
    ("en/weekly_overview.txt.j2", include_str!("../templates/en/weekly_overview.txt.j2")),
    ("nl/proof_code.subject.j2", include_str!("../templates/nl/proof_code.subject.j2")),
    ("nl/proof_code.txt.j2", include_str!("../templates/nl/proof_code.txt.j2")),
    ("en/proof_code.subject.j2", include_str!("../templates/en/proof_code.subject.j2")),
    ("en/proof_code.txt.j2", include_str!("../templates/en/proof_code.txt.j2")),
    ("nl/something_waits.subject.j2", include_str!("../templates/nl/something_waits.subject.j2")),
    ("nl/something_waits.txt.j2", include_str!("../templates/nl/something_waits.txt.j2")),
    ("en/something_waits.subject.j2", include_str!("../templates/en/something_waits.subject.j2")),
    ("en/something_waits.txt.j2", include_str!("../templates/en/something_waits.txt.j2")),
    ("nl/confidential_waits.subject.j2", include_str!("../templates/nl/confidential_waits.subject.j2")),
    ("nl/confidential_waits.txt.j2", include_str!("../templates/nl/confidential_waits.txt.j2")),
    ("en/confidential_waits.subject.j2", include_str!("../templates/en/confidential_waits.subject.j2")),
    ("en/confidential_waits.txt.j2", include_str!("../templates/en/confidential_waits.txt.j2")),
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
    ("nl/safety_net.subject.j2", include_str!("../templates/nl/safety_net.subject.j2")),
    ("nl/safety_net.txt.j2", include_str!("../templates/nl/safety_net.txt.j2")),
    ("en/safety_net.subject.j2", include_str!("../templates/en/safety_net.subject.j2")),
    ("en/safety_net.txt.j2", include_str!("../templates/en/safety_net.txt.j2")),
];

/// A text that an operator puts in the place of a built-in one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replacement<'a> {
    /// In which language.
    pub language: Language,
    /// The name of the template, for example `notification.txt` or `advice/rdp`.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

/// The names of all templates, in the order in which they are listed.
pub fn names() -> Vec<String> {
    let own = BUILT_IN.iter().filter_map(|(path, _)| key(path).strip_prefix("nl/")).map(str::to_owned);
    own.chain(KINDS.iter().map(|kind| format!("{ADVICE}{}", kind.name))).collect()
}

/// The built-in text of a template.
pub fn built_in(language: Language, name: &str) -> Option<&'static str> {
    if let Some(kind) = name.strip_prefix(ADVICE) {
        return KINDS.iter().find(|known| known.name == kind).map(|kind| kind.built_in(language));
    }
    let wanted = format!("{language}/{name}");
    BUILT_IN.iter().find(|(path, _)| key(path) == wanted).map(|(_, text)| *text)
}

/// The name of the templates of the weekly overview.
const WEEKLY: &str = "weekly_overview";

/// How the names of advice texts begin.
const ADVICE: &str = "advice/";

fn key(path: &'static str) -> &'static str {
    path.strip_suffix(".j2").unwrap_or(path)
}

/// The templates in use.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    advice: BTreeMap<(Language, &'static str), Advice>,
    nl: Words,
    en: Words,
    times: Times,
}

/// What is wrong with a template.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct TemplateProblem {
    /// Which template, for example `nl/notification.txt`.
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
    /// The built-in templates, with those the operator replaces. Fails at the first that cannot be read.
    pub fn new(replacements: &[Replacement<'_>]) -> Result<Self, TemplateProblem> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_debug(true); // Errors then know their place.
        environment.set_fuel(Some(FUEL_MAX));
        for (path, source) in BUILT_IN {
            let name = key(path);
            environment.add_template(name, source).map_err(|error| described(name, &error))?;
        }
        let mut advice = BTreeMap::new();
        for kind in KINDS {
            for language in Language::ALL {
                advice.insert((language, kind.name), read_advice(language, kind, kind.built_in(language))?);
            }
        }
        for Replacement { language, name, text } in replacements {
            let path = format!("{language}/{name}");
            safe(&path, text)?;
            if built_in(*language, name).is_none() {
                return Err(problem(
                    &path,
                    None,
                    format!("there is no such template; there are {}", names().join(", ")),
                ));
            }
            if let Some(kind) = KINDS.iter().find(|kind| name.strip_prefix(ADVICE) == Some(kind.name)) {
                advice.insert((*language, kind.name), read_advice(*language, kind, text)?);
                continue;
            }
            environment
                .add_template_owned(path.clone(), (*text).to_owned())
                .map_err(|error| described(&path, &error))?;
        }
        Ok(Self {
            environment,
            advice,
            nl: Words::of(Language::Nl),
            en: Words::of(Language::En),
            times: Times::default(),
        })
    }

    /// The message for a notice. Fails only on a template that [`Templates::check`] would have refused.
    pub fn render(&self, notice: &Notice<'_>) -> Result<Message, TemplateProblem> {
        let groups = in_order(notice);
        let words = self.words(notice.language);
        let advice = |kind: &'static Kind| self.advice(notice.language, kind);
        let table = attachment(notice, &groups, &self.times);
        let context = Context::new(notice, &groups, &table.name, (words, &self.times), &advice);
        let context = Value::from(Serde(&context));
        let attachments = [Some(table), explanation::attachment(notice, &groups, words, &advice)];
        self.message(
            notice.language,
            notice.template(),
            (notice.reference, notice.tlp),
            &context,
            attachments.into_iter().flatten().collect(),
        )
    }

    /// The message for a weekly overview. Fails only on a template that [`Templates::check`] would have refused.
    pub fn weekly(&self, overview: &WeeklyOverview<'_>) -> Result<Message, TemplateProblem> {
        let context = WeeklyContext::new(overview, self.words(overview.language), &self.times);
        let context = Value::from(Serde(&context));
        let head = (overview.reference, overview.tlp);
        let table = (!overview.sent.is_empty()).then(|| weekly::attachment(overview, &self.times));
        self.message(overview.language, WEEKLY, head, &context, table.into_iter().collect())
    }

    /// The advice in force.
    fn advice(&self, language: Language, kind: &'static Kind) -> &Advice {
        self.advice
            .get(&(language, kind.name))
            .expect("every kind has its text in every language from the start")
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
        if text.len() > TEXT_BYTES_MAX {
            let template = format!("{language}/{template}.txt");
            return Err(problem(
                &template,
                None,
                format!("it makes {} bytes, {TEXT_BYTES_MAX} is the most", text.len()),
            ));
        }
        // The start of the subject is what answers are recognised by: no template can leave it out.
        let subject = format!("[Schakel #{reference}] {tlp} {subject}");
        Ok(Message {
            subject: clean::line(&subject, SUBJECT_CHARS_MAX).into_owned(),
            text: wrap::long_lines(&text),
            attachments,
        })
    }

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

    fn fill(
        &self,
        language: Language,
        template: &str,
        part: &str,
        context: &Value,
    ) -> Result<String, TemplateProblem> {
        let name = format!("{language}/{template}.{part}");
        self.environment
            .get_template(&name)
            .and_then(|template| template.render(context))
            .map_err(|error| described(&name, &error))
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

fn problem(template: &str, line: Option<usize>, problem: String) -> TemplateProblem {
    TemplateProblem { template: template.to_owned(), line, problem }
}

fn read_advice(language: Language, kind: &Kind, text: &str) -> Result<Advice, TemplateProblem> {
    let path = format!("{language}/{ADVICE}{}", kind.name);
    Advice::parse(text).map_err(|wrong| problem(&path, wrong.line, wrong.text))
}

/// Is a text that somebody wrote fit for a mail? The same holds for templates.
pub fn safe_text(text: Replacement<'_>) -> Result<(), TemplateProblem> {
    safe(&format!("{}/{}", text.language, text.name), text.text)
}

/// A text that is no mistake and hides nothing from whoever reads it.
fn safe(path: &str, text: &str) -> Result<(), TemplateProblem> {
    if text.len() > TEMPLATE_BYTES_MAX {
        return Err(problem(
            path,
            None,
            format!("it has {} bytes, {TEMPLATE_BYTES_MAX} is the most", text.len()),
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(hidden) = line.chars().find(|c| clean::is_hidden(*c) && *c != '\t') {
            let code = hidden as u32;
            return Err(problem(
                path,
                Some(number),
                format!("a character nobody can see (U+{code:04X}): remove it"),
            ));
        }
        if line.contains("http://") {
            return Err(problem(path, Some(number), "a link without encryption: write https://".to_owned()));
        }
    }
    Ok(())
}

/// The error of the template engine, with the text it is about.
fn described(template: &str, error: &minijinja::Error) -> TemplateProblem {
    let place = error.range().zip(error.template_source()).and_then(|(range, source)| source.get(range));
    let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let problem = match place {
        Some(place) => format!("{} at `{}`{detail}", error.kind(), clean::line(place, 80)),
        None => format!("{}{detail}", error.kind()),
    };
    self::problem(template, error.line(), problem)
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
    fn weekly_overviews_read_like_this() {
        let templates = built_in();
        let overviews = Language::ALL.iter().flat_map(|language| weekly::samples(*language));
        let texts: Vec<_> = overviews.map(|overview| whole(&templates.weekly(&overview).unwrap())).collect();
        insta::assert_snapshot!(texts.join("\n==========\n"));
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
        assert!(kinds.text.contains("The attachment schakel-17-advice.txt says more"), "{}", kinds.text);
        let advice = String::from_utf8(kinds.attachments[1].bytes.clone()).unwrap();
        assert!(advice.contains("\nWhat do you keep?\n- "), "{advice}");
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
        let again = Language::ALL.iter().flat_map(|language| {
            [sample::reminder(*language), sample::escalation(*language), sample::campaign(*language)]
        });
        insta::assert_snapshot!(again.map(|notice| start(&notice)).collect::<Vec<_>>().join("=====\n"));
    }

    #[test]
    fn an_operator_replaces_one_and_learns_what_is_wrong_with_it() {
        let check = |path: &str, text: &str| {
            let (language, name) = path.split_once('/').unwrap();
            let language = language.parse().unwrap();
            let problems = match Templates::new(&[Replacement { language, name, text }]) {
                Ok(templates) => templates.check(),
                Err(problem) => vec![problem],
            };
            problems.iter().map(TemplateProblem::to_string).collect::<Vec<_>>().join("\n")
        };
        let says = |problem: &str, start: &str| assert!(problem.starts_with(start), "{problem}");
        assert_eq!(check("nl/notification.subject", "{{ total_text }}"), "");
        let unmarked = check("nl/notification.txt", "{{ total_text }}");
        assert!(unmarked.starts_with("nl/notification.txt: the marking must stand"), "{unmarked}");
        for (text, wrong) in [
            (&"{{ tlp }}\nhttp://x.example".to_owned(), "line 2: a link without"),
            (&"{{ tlp }}\u{202e}".to_owned(), "U+202E"),
            (&format!("{}{}", "{% for a in groups %}".repeat(5), "{% endfor %}".repeat(5)), "fuel"),
            (&"a".repeat(TEMPLATE_BYTES_MAX + 1), "is the most"),
        ] {
            let said = check("nl/notification.txt", text);
            assert!(said.contains(wrong), "{said}");
        }
        let advice = check("nl/advice/rdp", "[what]\na\n");
        assert!(advice.starts_with("nl/advice/rdp: the part [why] is missing"), "{advice}");
        says(
            &check("nl/notification.subject", "a\n{{ totaal }}"),
            "nl/notification.subject, line 2: there is no variable `totaal`; there are number, tlp, ",
        );
        insta::assert_snapshot!(check("en/notification.txt", "{% for group in groups %}\n{{ group.titel }}{% endfor %}"), @"en/notification.txt, line 2: undefined value at `group.titel` (`group.titel` is undefined)");
        says(
            &check("en/notification.txt", "{{ tlp }}{% if false %}\n{{ nooit }}{% endif %}"),
            "en/notification.txt, line 2: there is no variable `nooit`; there are number, tlp, ",
        );
        insta::assert_snapshot!(check("en/notification.txt", "{% if tlp %}"), @"en/notification.txt, line 1: syntax error at `%}` (unexpected end of input, expected end of block)");
        assert!(
            check("nl/brief.txt", "")
                .starts_with("nl/brief.txt: there is no such template; there are notification.subject, ")
        );
        let replaced = Templates::new(&[Replacement {
            language: Language::Nl,
            name: "notification.subject",
            text: "Nieuw\nin\n{{ sender }}",
        }])
        .unwrap();
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
