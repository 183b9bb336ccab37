//! The rules for telling and the texts of mails: what stands, what another would do, and putting it in force.

use jiff::{Timestamp, ToSpan};
use schakel_model::language::Language;
use schakel_render::templates::{self as built_in, Replacement};
use schakel_rules::policy as rules;
use schakel_store::{Reader, policy as stored, register};
use serde::Serialize;

use crate::{
    pipeline::state::register_view,
    policy::{
        self,
        effect::{Effect, Question, effect},
        release,
    },
    templates,
    whatif::{Span, chunks_in},
};

/// Examples of each rule.
const EXAMPLES: usize = 3;

/// Somebody changed something, when and why.
#[derive(Debug, Serialize)]
pub struct Version {
    /// Its number.
    pub number: u32,
    /// In seconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// Something to look at in a document.
#[derive(Debug, Serialize)]
pub struct Remark {
    /// `warning` or `error`.
    pub weight: &'static str,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// The section, as it is written there; may be empty.
    pub section: String,
    /// The key of the text.
    pub key: &'static str,
    /// What the text is about, by the names in it.
    pub parts: Vec<(&'static str, String)>,
}

impl From<rules::Problem> for Remark {
    fn from(problem: rules::Problem) -> Self {
        let weight = match problem.weight {
            rules::Weight::Warning => "warning",
            rules::Weight::Error => "error",
        };
        let (key, parts) = (problem.what.key(), problem.what.parts());
        Self { weight, line: problem.line, section: problem.section, key, parts }
    }
}

/// The policy.
#[derive(Debug, Serialize)]
pub struct Policy {
    /// 0 is the built-in one.
    pub version: u32,
    /// The document that is shown: the one in force, or one that is tried.
    pub text: String,
    /// Is it tried?
    pub tried: bool,
    /// What to look at in it.
    pub problems: Vec<Remark>,
    /// Could it be put in force?
    pub usable: bool,
    /// What it does with what came in within a day, beside the one in force.
    pub effect: Option<Effect>,
    /// What is kept from being told: why, and how many.
    pub kept: Vec<(&'static str, u64)>,
    /// The newest first.
    pub history: Vec<Version>,
}

/// The policy in force with what each of its rules did, or another with what it would do.
pub fn policy(reader: &Reader, tried: Option<&str>, now: Timestamp) -> anyhow::Result<Policy> {
    let standing = policy::in_force(reader)?;
    let text = tried.unwrap_or(&standing.text).to_owned();
    let problems = policy::problems(reader, &text, now)?;
    let usable = policy::is_usable(&problems);
    let effect = match policy::parse(&text) {
        Ok(other) => {
            let span = Span::Since(now.checked_sub(24.hours())?.as_second());
            Some(effect_of(reader, &standing.policy, &other, span, EXAMPLES)?)
        }
        Err(_) => None,
    };
    let history = reader.read(stored::history)?;
    Ok(Policy {
        version: standing.version,
        text,
        tried: tried.is_some(),
        problems: problems.into_iter().map(Remark::from).collect(),
        usable,
        effect,
        kept: release::counts(reader)?.into_iter().map(|(keeps, count)| (keeps.as_str(), count)).collect(),
        history: history
            .into_iter()
            .map(|one| Version { number: one.version, at: one.at, actor: one.actor, reason: one.reason })
            .collect(),
    })
}

/// What another policy would do with what came in, beside the one in force.
pub fn effect_of(
    reader: &Reader,
    standing: &rules::Policy,
    other: &rules::Policy,
    span: Span,
    examples: usize,
) -> anyhow::Result<Effect> {
    let view = register_view(reader, reader.read(register::version)?)?;
    let chunks = chunks_in(reader, span)?;
    let question = Question { standing, other, view: &view, examples };
    effect(reader, &chunks, &question, &mut |_| ())
}

/// The texts there are.
#[derive(Debug, Serialize)]
pub struct Texts {
    /// Name, and for each language whether it is the desk's own.
    pub texts: Vec<(String, bool, bool)>,
}

/// All of them.
pub fn texts(reader: &Reader) -> anyhow::Result<Texts> {
    let own = reader.read(schakel_store::templates::in_force)?;
    let is_own = |language: Language, name: &str| {
        own.iter().any(|one| one.language == language && one.name == name && one.text.is_some())
    };
    let row = |name: String| {
        let (nl, en) = (is_own(Language::Nl, &name), is_own(Language::En, &name));
        (name, nl, en)
    };
    Ok(Texts { texts: built_in::names().into_iter().map(row).collect() })
}

/// One text.
#[derive(Debug, Serialize)]
pub struct Text {
    /// Its name.
    pub name: String,
    /// In which language: a code.
    pub language: &'static str,
    /// The text that is shown: the one in force, or one that is tried.
    pub text: String,
    /// Is it tried?
    pub tried: bool,
    /// What is wrong with it, a sentence each.
    pub problems: Vec<String>,
    /// Mails with sample data: subject and text.
    pub samples: Vec<(String, String)>,
    /// The newest first.
    pub history: Vec<Version>,
}

/// A text in force with samples, or another in its place; `None` when there is none of this name.
pub fn text(
    reader: &Reader,
    language: Language,
    name: &str,
    tried: Option<&str>,
) -> anyhow::Result<Option<Text>> {
    if templates::known(language, name).is_err() {
        return Ok(None);
    }
    let (standing, _) = templates::text(reader, language, name)?;
    let text = tried.unwrap_or(&standing);
    let (in_force, problems) = templates::tried(reader, Replacement { language, name, text })?;
    let mut samples = Vec::new();
    if let Some(in_force) = in_force.filter(|_| problems.is_empty()) {
        for sample in in_force.samples(language, name)? {
            samples.push((sample.subject, sample.text));
        }
    }
    let history = templates::history(reader, language, name)?;
    Ok(Some(Text {
        name: name.to_owned(),
        language: language.as_str(),
        text: text.to_owned(),
        tried: tried.is_some(),
        problems: problems.iter().map(ToString::to_string).collect(),
        samples,
        history: history
            .into_iter()
            .map(|one| Version { number: one.id, at: one.at, actor: one.actor, reason: one.reason })
            .collect(),
    }))
}
