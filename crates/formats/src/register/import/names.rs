//! Which organisation a foreign file means, by its code or its name.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::FixedState;
use schakel_model::register::OrganisationKind;

use super::super::RegisterFiles;

/// The organisations that can be meant.
#[derive(Default)]
pub struct Names {
    by_code: HashMap<String, Arc<str>, FixedState>,
    /// `None` when several have this name.
    by_name: HashMap<String, Option<Arc<str>>, FixedState>,
}

impl Names {
    /// Those of the register's files.
    pub(super) fn of(standing: &RegisterFiles) -> Self {
        let mut names = Self::default();
        for row in &standing.organisations {
            names.add(&row.code, &row.name);
        }
        names
    }

    /// Makes an organisation known. The first with a code keeps it.
    pub fn add(&mut self, code: &str, name: &str) {
        let code: Arc<str> = code.trim().into();
        let known = self.by_code.entry(code.to_lowercase()).or_insert_with(|| Arc::clone(&code));
        let known = Arc::clone(known);
        let name = plain(name);
        if name.is_empty() {
            return;
        }
        let named = self.by_name.entry(name).or_insert_with(|| Some(Arc::clone(&known)));
        if named.as_ref().is_some_and(|other| *other != known) {
            *named = None;
        }
    }

    /// The code of the organisation that a text means: its code in any case, else its name, if only one has it.
    ///
    /// # Errors
    /// What to do about it.
    pub fn find(&self, text: &str) -> Result<Arc<str>, String> {
        let text = text.trim();
        if let Some(code) = self.by_code.get(&text.to_lowercase()) {
            return Ok(Arc::clone(code));
        }
        match self.by_name.get(&plain(text)) {
            Some(Some(code)) => Ok(Arc::clone(code)),
            Some(None) => {
                Err(format!("several organisations are called `{text}`; write the code of the one meant"))
            }
            None => Err(format!(
                "no organisation has the code or name `{text}`; correct it, or add the organisation to the register first"
            )),
        }
    }

    /// The organisation with this name, if exactly one has it.
    pub fn find_name(&self, name: &str) -> Option<Arc<str>> {
        self.by_name.get(&plain(name)).cloned().flatten()
    }

    /// Is there an organisation with this code?
    pub fn has_code(&self, code: &str) -> bool {
        self.by_code.contains_key(&code.trim().to_lowercase())
    }
}

/// A name without what people write differently: case, spaces, punctuation, `gemeente` in front of it.
fn plain(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let name = lower.strip_prefix("gemeente ").unwrap_or(&lower);
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The kind of an organisation by its name, when nothing else says it.
pub(super) fn kind_by_name(name: &str) -> OrganisationKind {
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["belasting"]) {
        OrganisationKind::TaxPartnership
    } else if has(&["sociale dienst", "werk en inkomen"]) {
        OrganisationKind::SocialService
    } else if has(&["gemeenschappelijke regeling", "samenwerking", "omgevingsdienst", "veiligheidsregio"]) {
        OrganisationKind::JointArrangement
    } else if name.starts_with("gemeente ") {
        OrganisationKind::Municipality
    } else if name.starts_with("provincie ") {
        OrganisationKind::Province
    } else if has(&["waterschap", "hoogheemraadschap"]) {
        OrganisationKind::WaterBoard
    } else if name.starts_with("ministerie ") {
        OrganisationKind::CentralGovernment
    } else {
        OrganisationKind::Authority
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_is_found_by_code_or_by_a_name_that_one_has() {
        let mut names = Names::default();
        names.add("GM0513", "Gouda");
        names.add("GM0518", "'s-Gravenhage");
        names.add("GM0373", "Bergen (NH.)");
        names.add("A", "Samen");
        names.add("B", "samen ");
        for (text, found) in [
            ("GM0513", Ok("GM0513")),
            (" gm0513 ", Ok("GM0513")),
            ("Gemeente Gouda", Ok("GM0513")),
            ("GOUDA", Ok("GM0513")),
            ("’s Gravenhage", Ok("GM0518")),
            ("Bergen NH", Ok("GM0373")),
            ("Samen", Err("several")),
            ("Elders", Err("no organisation")),
            ("", Err("no organisation")),
        ] {
            match (names.find(text), found) {
                (Ok(code), Ok(expected)) => assert_eq!(&*code, expected, "{text}"),
                (Err(message), Err(start)) => assert!(message.starts_with(start), "{message}"),
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_kind_is_read_from_a_name() {
        for (name, kind) in [
            ("Gemeente Gouda", "municipality"),
            ("Tribuut belastingsamenwerking", "tax_partnership"),
            ("Intergemeentelijke Sociale Dienst Bollenstreek", "social_service"),
            ("Hoogheemraadschap van Rijnland", "water_board"),
            ("Provincie Utrecht", "province"),
            ("Omgevingsdienst Midden-Holland", "joint_arrangement"),
            ("Kadaster", "authority"),
        ] {
            assert_eq!(kind_by_name(name).as_str(), kind, "{name}");
        }
    }
}
