//! Whom to tell about an address or a name, and when, for programs that use our register as their contact database: the owners that `explain` gives,
//! with the contacts that would be written to, and what our policy says of it.

use jiff::Timestamp;
use schakel_attribute::Input;
use schakel_model::{classification::ClassificationType, severity::Severity, tlp::Tlp};
use schakel_rules::{
    policy::{Action, Facts, Mode},
    recipients::recipients_of,
    tlp_gate::Circle,
};
use schakel_store::{Reader, member_reports::contacts, register};

use crate::{
    explain::{Question, explain},
    policy,
};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// An address or a name.
    pub input: Input,
    /// The RSIT type of the event.
    pub kind: Option<ClassificationType>,
    /// The report type.
    pub feed: &'a str,
    /// The marking that what is told would have.
    pub tlp: Tlp,
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// An organisation that is told, where, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Destination {
    /// Its code.
    pub organisation: String,
    /// Its name.
    pub name: String,
    /// Mail addresses, in the order of the register.
    pub addresses: Vec<String>,
    /// What the policy does; none is that it is not sent: held, suppressed, or only tried.
    pub action: Option<Action>,
}

/// Who is told about this. An organisation that nobody of may be told is left out.
///
/// Whoever asks does not say how bad it is: it is taken for high, as everything is of which nothing else is known.
pub fn look_up(reader: &Reader, asked: &Asked<'_>) -> anyhow::Result<Vec<Destination>> {
    let now = asked.now;
    let question =
        Question { inputs: vec![asked.input.clone()], at: now, as_known_at: None, now, kind: asked.kind };
    let explanation = explain(reader, &question)?;
    let in_force = policy::in_force(reader)?;
    let at_now = in_force.policy.at(Timestamp::from_second(now)?);
    let version = reader.read(register::version)?;
    let names = reader.read(|connection| register::load_organisations(connection, version))?;
    let (ip, domain) = match &asked.input {
        Input::Ip(ip) => (Some(*ip), String::new()),
        other => (None, other.to_string()),
    };
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
        let decision = at_now.decide(&Facts {
            severity: Severity::High,
            classification: asked.kind.unwrap_or(ClassificationType::Undetermined),
            report_type: asked.feed,
            identifier: "",
            source: "",
            organisation: &code,
            ip,
            name: &domain,
            tags: &[],
            cves: &[],
            tlp: asked.tlp,
        });
        let mut standing = reader.read(|connection| contacts(connection, version, organisation.id))?;
        standing.retain(|contact| contact.valid_at(now));
        let roles = in_force.policy.roles(decision.recipient);
        let Ok(chosen) = recipients_of(Circle::Concerned, roles, &standing, asked.tlp) else { continue };
        let addresses = chosen.by_language.iter().flat_map(|group| &group.contacts);
        let addresses = addresses.map(|contact| contact.email.trim().to_owned()).collect();
        let is_sent =
            decision.mode == Mode::Live && !matches!(decision.action, Action::Hold | Action::Suppress);
        let action = is_sent.then_some(decision.action);
        found.push(Destination { organisation: code, name, addresses, action });
    }
    Ok(found)
}
