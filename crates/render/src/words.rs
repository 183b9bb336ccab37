//! Short texts by key, from `locales/<language>.ftl` (Project Fluent, <https://projectfluent.org/>).

use std::fmt;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use schakel_model::language::Language;

use crate::portal::Part;

/// The texts of one language.
pub struct Words {
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// The texts of this language, built into the program.
    pub fn of(language: Language) -> Self {
        let resource = FluentResource::try_new(source(language).to_owned())
            .unwrap_or_else(|(_, errors)| panic!("the built-in texts of {language} are broken: {errors:?}"));
        let locale = language.as_str().parse().expect("an ISO code is a language identifier");
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // Marks around numbers and names would be invisible characters in a plain text mail.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).unwrap_or_else(|errors| {
            panic!("the built-in texts of {language} name something twice: {errors:?}")
        });
        Self { bundle }
    }

    /// The texts of this language with those of the portal's pages.
    pub fn of_portal(language: Language) -> Self {
        let mut words = Self::of(language);
        for source in portal_sources(language) {
            let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(_, errors)| {
                panic!("the portal's texts of {language} are broken: {errors:?}")
            });
            words.bundle.add_resource(resource).unwrap_or_else(|errors| {
                panic!("the portal's texts of {language} name something twice: {errors:?}")
            });
        }
        words
    }

    /// The text with this key and these parts in it.
    pub(crate) fn of_parts(&self, key: &str, parts: Vec<(String, Part)>) -> String {
        let mut args = FluentArgs::new();
        for (name, part) in parts {
            match part {
                Part::Number(number) => args.set(name, number),
                Part::Text(text) => args.set(name, text),
            }
        }
        self.fill(key, Some(&args))
    }

    /// Is there a text with this key?
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// The text with this key. A key that is not there shows as itself; the tests prove that none is missing.
    pub fn text(&self, key: &str) -> String {
        self.fill(key, None)
    }

    /// The text with this key and a count in it.
    pub fn count(&self, key: &str, count: u64) -> String {
        let mut args = FluentArgs::new();
        args.set("count", count);
        self.fill(key, Some(&args))
    }

    /// The text with this key and named parts in it.
    pub fn with(&self, key: &str, parts: &[(&'static str, &str)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in parts {
            args.set(*name, *value);
        }
        self.fill(key, Some(&args))
    }

    fn fill(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        self.bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned()
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").field("locales", &self.bundle.locales).finish_non_exhaustive()
    }
}

fn source(language: Language) -> &'static str {
    match language {
        Language::Nl => include_str!("../locales/nl.ftl"),
        Language::En => include_str!("../locales/en.ftl"),
    }
}

/// The texts of the portal: those of all and of the desk, and those of members.
pub(crate) fn portal_sources(language: Language) -> [&'static str; 3] {
    match language {
        Language::Nl => [
            include_str!("../locales/portal/nl.ftl"),
            include_str!("../locales/portal/nl-desk.ftl"),
            include_str!("../locales/portal/nl-member.ftl"),
        ],
        Language::En => [
            include_str!("../locales/portal/en.ftl"),
            include_str!("../locales/portal/en-desk.ftl"),
            include_str!("../locales/portal/en-member.ftl"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schakel_model::{
        affiliation::Step,
        asset::{AssetKind, Role},
        assignment::End,
        register::ContactRole,
        severity::Severity,
    };

    use super::*;
    use crate::{advice::KINDS, kind::Family};

    fn keys(language: Language) -> BTreeSet<&'static str> {
        source(language)
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))
            .filter_map(|line| line.split_once(" =").map(|(key, _)| key))
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_keys() {
        assert_eq!(keys(Language::Nl), keys(Language::En));
        assert!(keys(Language::Nl).len() > 60);
    }

    #[test]
    fn every_value_that_is_shown_has_a_word() {
        let mut wanted: Vec<String> = Vec::new();
        wanted.extend(Severity::ALL.iter().map(|severity| format!("severity-{severity}")));
        wanted.extend(ContactRole::ALL.iter().map(|role| format!("recipient-{role}")));
        wanted.extend(Role::ALL.iter().map(|role| format!("role-{role}")));
        wanted.extend(AssetKind::ALL.iter().map(|kind| format!("asset-{kind}")));
        wanted.extend(Step::ALL.iter().map(|step| format!("step-{step}")));
        wanted.extend([End::Source, End::Target].iter().map(|end| format!("end-{}", end.as_str())));
        for family in Family::ALL {
            wanted.push(format!("family-{}", family.word()));
            wanted.push(format!("advice-{}", family.word()));
        }
        for language in Language::ALL {
            let words = Words::of(language);
            for key in &wanted {
                assert!(words.has(key), "{language}: {key}");
            }
        }
    }

    #[test]
    fn a_report_type_with_its_own_title_has_its_own_advice() {
        for language in Language::ALL {
            let titled: Vec<_> =
                keys(language).into_iter().filter_map(|key| key.strip_prefix("kind-")).collect();
            assert!(titled.len() >= 40, "{language}: {}", titled.len());
            for kind in titled {
                assert!(KINDS.iter().any(|known| known.shows(kind)), "{language}: {kind}");
            }
        }
    }

    #[test]
    fn counts_choose_singular_and_plural() {
        assert_eq!(Words::of(Language::Nl).count("findings-count", 1), "1 bevinding");
        assert_eq!(Words::of(Language::En).count("findings-count", 1_200), "1200 findings");
    }
}
