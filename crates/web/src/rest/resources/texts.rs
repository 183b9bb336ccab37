//! The texts of mails: what stands, how mails would read with another, and putting it in force.

use schakel_app::{portal::rules, templates};
use schakel_model::language::Language;
use schakel_render::templates::Replacement;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{claims::DryRun, policy::ChangedAt, register_changes::Because};
use crate::rest::{
    call::Call,
    problem::{Fault, Problem, Where},
    route::{Nothing, Page},
};

/// A text that there is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedText {
    name: String,
    language: &'static str,
    /// Is it the desk's own, or the built-in one?
    own: bool,
}

/// `GET /texts`
pub fn list(call: &Call, _: Nothing) -> Result<Page<ListedText>, Problem> {
    let known = rules::texts(&call.reader)?.texts.into_iter();
    let each = known.flat_map(|(name, nl, en)| {
        [(Language::Nl, nl), (Language::En, en)].map(|(language, own)| ListedText {
            name: name.clone(),
            language: language.as_str(),
            own,
        })
    });
    Ok(Page::all(each.collect()))
}

/// A text, with how mails read that are made of it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Text {
    name: String,
    language: &'static str,
    text: String,
    /// What is wrong with it, a sentence each
    problems: Vec<String>,
    /// Mails with sample data
    samples: Vec<Sample>,
    /// Who changed it, the newest first
    versions: Vec<ChangedAt>,
}

/// A mail with sample data.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    subject: String,
    text: String,
}

/// The text that the path names.
fn named(call: &Call) -> Result<(Language, String), Problem> {
    let language: Language = call.name("language").parse().map_err(|_| Problem::not_found())?;
    let name = call.name("text");
    templates::known(language, name).map_err(|_| Problem::not_found())?;
    Ok((language, name.to_owned()))
}

fn shown(call: &Call, tried: Option<&str>) -> Result<Text, Problem> {
    let (language, name) = named(call)?;
    let text = rules::text(&call.reader, language, &name, tried)?.ok_or_else(Problem::not_found)?;
    Ok(Text {
        name: text.name,
        language: text.language,
        text: text.text,
        problems: text.problems,
        samples: text.samples.into_iter().map(|(subject, text)| Sample { subject, text }).collect(),
        versions: text
            .history
            .into_iter()
            .map(|one| ChangedAt::new(one.number, one.at, one.actor, one.reason))
            .collect(),
    })
}

/// `GET /texts/{language}/{text}`
pub fn one(call: &Call, _: Nothing) -> Result<Text, Problem> {
    shown(call, None)
}

/// A text to be tried.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TextToTry {
    #[schemars(length(max = 200000))]
    text: String,
}

/// `POST /texts/{language}/{text}/check`. Nothing is kept.
pub fn check(call: &Call, _: Nothing, tried: TextToTry) -> Result<Text, Problem> {
    shown(call, Some(&tried.text))
}

/// A text to be put in force.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewText {
    #[schemars(length(max = 200000))]
    text: String,
    /// Why
    #[schemars(length(min = 1, max = 4000))]
    reason: String,
}

/// What is in force.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextSet {
    /// Nothing was kept
    dry_run: bool,
    /// The version that is new; none when nothing was kept
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
}

/// `POST /texts/{language}/{text}`
pub fn set(call: &Call, query: DryRun, new: NewText) -> Result<TextSet, Problem> {
    let (language, name) = named(call)?;
    let (_, problems) =
        templates::tried(&call.reader, Replacement { language, name: &name, text: &new.text })?;
    if !problems.is_empty() {
        let fault = |problem: String| Fault {
            r#in: Where::Body,
            location: "/text".to_owned(),
            code: "template",
            detail: problem,
        };
        let faults = problems.iter().map(|problem| fault(problem.to_string())).collect();
        return Err(Problem::unusable("This text cannot be put in force.", faults));
    }
    if query.dry_run() {
        return Ok(TextSet { dry_run: true, version: None });
    }
    let version = call.change(&new.reason, move |at_work, act| {
        templates::set(at_work.intake.store(), &act, Replacement { language, name: &name, text: &new.text })
    })?;
    Ok(TextSet { dry_run: false, version: Some(version) })
}

/// `POST /texts/{language}/{text}/undo`
pub fn undo(call: &Call, _: Nothing, because: Because) -> Result<TextSet, Problem> {
    let (language, name) = named(call)?;
    let (version, _) = call.change(because.reason(), move |at_work, act| {
        templates::undo(at_work.intake.store(), &act, language, &name)
    })?;
    Ok(TextSet { dry_run: false, version: Some(version) })
}
