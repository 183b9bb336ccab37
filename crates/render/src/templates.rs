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
    letter::{Letter, LetterContext},
    message::{Attachment, Message},
    notice::{Notice, Reference},
    times::Times,
    weekly::{self, WeeklyContext, WeeklyOverview},
    words::Words,
    wrap,
};

mod built_in;
mod check;

use built_in::{ADVICE, BUILT_IN};
pub use built_in::{built_in, names};

/// A template larger than this is a mistake: the built-in ones are under 3 kB.
pub const TEMPLATE_BYTES_MAX: usize = 64 << 10;

/// Instructions a template may take, so that a loop in a loop cannot hold up everybody: the built-in ones take under 10,000.
const FUEL_MAX: u64 = 2_000_000;

/// A text that grows beyond this with sample data is no mail: the built-in ones stay under 100 kB.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// A subject is cut after this many characters: mail programs show fewer.
pub const SUBJECT_CHARS_MAX: usize = 160;

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

/// The name of the templates of the weekly overview.
const WEEKLY: &str = "weekly_overview";

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
        for (name, source) in BUILT_IN {
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
mod tests;
