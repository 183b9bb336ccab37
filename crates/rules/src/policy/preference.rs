//! What recipients prefer: to be told later, of what is low or medium and no rule says `fixed` about. Never sooner, and never not at all.

use schakel_model::severity::Severity;

use super::{Action, Facts, Policy, Problem, Rhythm, Rule, When, document, reading, wrong::Wrong};

/// What an organisation prefers, for low and medium.
#[derive(Clone, PartialEq, Debug)]
pub struct Preference {
    /// Where it stands in the document, from 1.
    pub line: usize,
    /// For what; always names organisations.
    pub when: When,
    /// Why, or who asked for it.
    pub reason: String,
    /// How it would rather be told.
    pub then: Rhythm,
}

/// What a contact prefers, for low and medium.
#[derive(Clone, PartialEq, Debug)]
pub struct ContactPreference {
    /// Where it stands in the document, from 1.
    pub line: usize,
    /// Mail addresses, in small letters.
    pub contacts: Vec<String>,
    /// Why, or who asked for it.
    pub reason: String,
    /// How they would rather be told.
    pub then: Rhythm,
}

/// A preference, by whose it is.
pub(super) enum Preferred {
    ByOrganisation(Preference),
    ByContact(ContactPreference),
}

pub(super) fn read(
    preference: &document::Preference,
    number: u32,
    line: usize,
    problems: &mut Vec<Problem>,
) -> Option<Preferred> {
    let section = format!("preference {number}");
    let no_condition = document::When::default();
    let mut wrong = |what| problems.push(Problem::error(Some(line), &section, what));
    if preference.organisation.is_some() == preference.contact.is_some() {
        wrong(Wrong::WhosePreference {});
    } else if preference.contact.is_some() && preference.when != no_condition {
        wrong(Wrong::ContactWithWhen {});
    }
    let contacts = preference.contact.iter().flat_map(|words| &words.0);
    let contacts: Vec<String> = contacts.map(|word| word.trim().to_lowercase()).collect();
    for word in contacts.iter().filter(|word| !word.contains('@')) {
        wrong(Wrong::NoAddress { written: word.clone() });
    }
    if preference.when.organisation.is_some() {
        wrong(Wrong::OrganisationInWhen {});
    }
    let own = document::When { organisation: preference.organisation.clone(), ..Default::default() };
    let own = When::read(&own, Some(line), &section, problems);
    let when = When::read(&preference.when, Some(line), &section, problems).of_organisations(own);
    let mut wrong = |what| problems.push(Problem::error(Some(line), &section, what));
    if ["at_once", "hold", "suppress"].contains(&preference.then.as_str()) {
        wrong(Wrong::NotForRecipients {});
        return None;
    }
    let written = (preference.at.as_ref(), preference.days.as_deref(), preference.on.as_deref());
    let then = reading::read_rhythm(&preference.then, written, &mut wrong)?;
    let reason = preference.reason.clone();
    Some(match preference.contact {
        None => Preferred::ByOrganisation(Preference { line, when, reason, then }),
        Some(_) => Preferred::ByContact(ContactPreference { line, contacts, reason, then }),
    })
}

impl Policy {
    /// How a contact would rather be told than an action of this rank does, when they say so.
    pub fn prefers(&self, contact: &str, rank: u8) -> Option<Rhythm> {
        let address = contact.trim().to_lowercase();
        let preference = self.contact_preferences.iter().find(|one| one.contacts.contains(&address))?;
        (preference.then.rank() > rank).then_some(preference.then)
    }
}

/// May a recipient prefer to hear later what a rule tells?
pub(super) fn may_wait(rule: &Rule, facts: &Facts<'_>) -> bool {
    let is_told = matches!(rule.then, Action::AtOnce | Action::Grouped(_));
    is_told && !rule.fixed && facts.severity <= Severity::Medium
}
