//! Whom to tell about an address or a name, for programs that use our register as their contact database: the same answer as `explain` gives, with
//! the contacts that would be written to.

use schakel_attribute::Input;
use schakel_model::{classification::ClassificationType, tlp::Tlp};
use schakel_rules::recipients::recipients;
use schakel_store::{Reader, member_reports::contacts, register};

use crate::explain::{Question, explain};

/// An organisation that is told, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Destination {
    /// Its code.
    pub organisation: String,
    /// Its name.
    pub name: String,
    /// Mail addresses, in the order of the register.
    pub addresses: Vec<String>,
}

/// Who is told about this, at this time (seconds since 1970), when it is marked so. An organisation that nobody of may be told is left out.
pub fn look_up(
    reader: &Reader,
    input: Input,
    kind: Option<ClassificationType>,
    tlp: Tlp,
    now: i64,
) -> anyhow::Result<Vec<Destination>> {
    let question = Question { inputs: vec![input], at: now, as_known_at: None, now, kind };
    let explanation = explain(reader, &question)?;
    let version = reader.read(register::version)?;
    let names = reader.read(|connection| register::load_organisations(connection, version))?;
    let mut found: Vec<Destination> = Vec::new();
    for candidate in explanation.candidates.into_iter().filter(|one| one.won) {
        let (code, name) = match candidate.told {
            Some(told) => (told.organisation, told.organisation_name),
            None => (candidate.organisation, candidate.organisation_name),
        };
        if found.iter().any(|one| one.organisation == code) {
            continue;
        }
        let Some(organisation) = names.organisations.iter().find(|one| one.code == code) else { continue };
        let mut standing = reader.read(|connection| contacts(connection, version, organisation.id))?;
        standing.retain(|contact| contact.valid_at(now));
        let Ok(chosen) = recipients(&standing, tlp) else { continue };
        let addresses = chosen.by_language.iter().flat_map(|group| &group.contacts);
        let addresses = addresses.map(|contact| contact.email.trim().to_owned()).collect();
        found.push(Destination { organisation: code, name, addresses });
    }
    Ok(found)
}
