//! The texts of mails in force: the built-in ones, and those that the desk put in their place. They stand in the store and nowhere else, so that
//! who changed what stays known, and a backup has them.

use crate::refused::Refused;
use anyhow::bail;
use schakel_model::language::Language;
use schakel_render::templates::{self as built_in, Replacement, TemplateProblem, Templates};
use schakel_store::{
    Reader, Store,
    act::Act,
    templates::{self as stored, TemplateVersion},
};

/// The templates in force.
pub fn in_force(reader: &Reader) -> anyhow::Result<Templates> {
    let versions = reader.read(stored::in_force)?;
    Ok(Templates::new(&replacements(&versions))?)
}

/// The templates in force as they would be with another text, and what would be wrong with them.
pub fn tried(
    reader: &Reader,
    candidate: Replacement<'_>,
) -> anyhow::Result<(Option<Templates>, Vec<TemplateProblem>)> {
    let versions = reader.read(stored::in_force)?;
    let mut replacements = replacements(&versions);
    replacements.retain(|one| (one.language, one.name) != (candidate.language, candidate.name));
    replacements.push(candidate);
    Ok(match Templates::new(&replacements) {
        Ok(templates) => {
            let problems = templates.check();
            (Some(templates), problems)
        }
        Err(problem) => (None, vec![problem]),
    })
}

/// The text in force, and whether it is the desk's own.
pub fn text(
    reader: &Reader,
    language: Language,
    name: &str,
) -> anyhow::Result<(String, Option<TemplateVersion>)> {
    let built_in = known(language, name)?;
    let newest = history(reader, language, name)?.into_iter().next();
    let own = newest.filter(|version| version.text.is_some());
    let text = own.as_ref().and_then(|version| version.text.clone());
    Ok((text.unwrap_or_else(|| built_in.to_owned()), own))
}

/// All versions of a template, the newest first.
pub fn history(reader: &Reader, language: Language, name: &str) -> anyhow::Result<Vec<TemplateVersion>> {
    known(language, name)?;
    Ok(reader.read(|connection| stored::history(connection, language, name))?)
}

/// Puts a text into force. Refuses one with which not every sample can be made: then nothing has changed.
pub fn set(store: &mut Store, act: &Act<'_>, candidate: Replacement<'_>) -> anyhow::Result<u32> {
    let Replacement { language, name, text } = candidate;
    known(language, name)?;
    let (_, problems) = tried(&store.reader()?, candidate)?;
    if !problems.is_empty() {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        bail!(Refused::TextUnusable { problems: lines.join("\n") });
    }
    Ok(store.set_template(act, language, name, Some(text))?)
}

/// Puts the version before into force again, as a new version; the built-in text when there is none. Gives what is in force now.
pub fn undo(
    store: &mut Store,
    act: &Act<'_>,
    language: Language,
    name: &str,
) -> anyhow::Result<(u32, Option<TemplateVersion>)> {
    let versions = history(&store.reader()?, language, name)?;
    let Some(newest) = versions.first() else {
        bail!(Refused::TextNeverChanged { name: name.to_owned(), language: language.to_string() });
    };
    let before = versions.iter().skip(1).find(|one| one.text != newest.text).cloned();
    let id = match before.as_ref().and_then(|version| version.text.as_deref()) {
        // A text that was good for an older program may not be for this one.
        Some(text) => set(store, act, Replacement { language, name, text })?,
        None => store.set_template(act, language, name, None)?,
    };
    Ok((id, before))
}

/// The built-in text; an error that names the others when there is no such template.
pub fn known(language: Language, name: &str) -> anyhow::Result<&'static str> {
    built_in::built_in(language, name).ok_or_else(|| Refused::NoTemplate { name: name.to_owned() }.into())
}

fn replacements(versions: &[TemplateVersion]) -> Vec<Replacement<'_>> {
    let mut replacements = Vec::new();
    for TemplateVersion { language, name, text, .. } in versions {
        // A template that an older program had is kept in its history, and used no more.
        let (Some(text), true) = (text, built_in::built_in(*language, name).is_some()) else { continue };
        replacements.push(Replacement { language: *language, name, text });
    }
    replacements
}
