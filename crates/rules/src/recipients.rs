//! Who is told about a finding: the contacts of an organisation who may receive a marking, by role.

use std::{collections::HashSet, fmt};

use schakel_model::{
    language::Language,
    limits::RECIPIENTS_MAX,
    register::{Contact, ContactRole},
    tlp::{Terms, Tlp},
};

use crate::tlp_gate::{Audience, Circle, Refusal, gate};

/// The roles that findings go to. The first role that has somebody who may receive the message gets it.
pub const ROLES: [ContactRole; 3] = [ContactRole::Findings, ContactRole::Vcib, ContactRole::Acib];

/// Who gets the message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recipients<'a> {
    /// The role they all have. It is told to them as the reason why they get the message.
    pub role: ContactRole,
    /// Each language once, Dutch first: one notification each.
    pub by_language: Vec<LanguageGroup<'a>>,
    /// How many were left out because the register names more than [`RECIPIENTS_MAX`].
    pub left_out: usize,
}

/// The recipients who are written to in one language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LanguageGroup<'a> {
    /// The language.
    pub language: Language,
    /// At least one, in the order of the register, no address twice.
    pub contacts: Vec<&'a Contact>,
}

/// Why nobody of an organisation may be told: what stopped the contact that came furthest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NoContact {
    /// The register has no contact in the roles [`ROLES`].
    NoneInRole,
    /// There are contacts in these roles, but none with a mail address.
    NoAddress,
    /// All contacts with an address may only receive less than this marking.
    ClearanceTooLow,
    /// TLP:RED is for named persons: the only contacts cleared for it are general mailboxes.
    NoNamedPerson,
    /// The marking does not reach this organisation, or the source permits nobody to be told.
    NotPermitted,
}

impl NoContact {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::NoneInRole, Self::NoAddress, Self::ClearanceTooLow, Self::NoNamedPerson, Self::NotPermitted];

    /// The word in stores and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoneInRole => "none_in_role",
            Self::NoAddress => "no_address",
            Self::ClearanceTooLow => "clearance_too_low",
            Self::NoNamedPerson => "no_named_person",
            Self::NotPermitted => "not_permitted",
        }
    }
}

impl fmt::Display for NoContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Chooses who of the organisation concerned is told something with this marking: `findings`, else `vcib`, else `acib`.
pub fn recipients<'a>(
    contacts: impl IntoIterator<Item = &'a Contact> + Clone,
    tlp: Tlp,
) -> Result<Recipients<'a>, NoContact> {
    recipients_of(Circle::Concerned, &ROLES, contacts, tlp)
}

/// Chooses who of an organisation in this circle is told something with these terms: the first of the roles that has somebody. A policy can
/// choose among [`ROLES`], and never adds another.
///
/// Whoever the [`gate`] refuses is passed over, so that the next role is asked when nobody of the first is left. Addresses are compared
/// without case.
pub fn recipients_of<'a>(
    circle: Circle,
    roles: &[ContactRole],
    contacts: impl IntoIterator<Item = &'a Contact> + Clone,
    terms: impl Into<Terms>,
) -> Result<Recipients<'a>, NoContact> {
    let terms = terms.into();
    let roles = || roles.iter().copied().filter(|role| ROLES.contains(role));
    let told = |role| contacts.clone().into_iter().filter(move |contact| contact.role == role);
    let may = |contact: &Contact| gate(terms, &Audience::contact(circle, contact)).map(|_| ());
    match roles().find(|role| told(*role).any(|contact| may(contact).is_ok())) {
        Some(role) => Ok(grouped(role, told(role).filter(|contact| may(contact).is_ok()))),
        None => Err(roles()
            .flat_map(told)
            .filter_map(|contact| may(contact).err())
            .map(NoContact::from)
            .max_by_key(|obstacle| *obstacle as u8)
            .unwrap_or(NoContact::NoneInRole)),
    }
}

impl From<Refusal> for NoContact {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoAddress => Self::NoAddress,
            Refusal::Clearance => Self::ClearanceTooLow,
            Refusal::NoNamedPerson => Self::NoNamedPerson,
            Refusal::Circle | Refusal::Source => Self::NotPermitted,
        }
    }
}

fn grouped<'a>(role: ContactRole, contacts: impl Iterator<Item = &'a Contact>) -> Recipients<'a> {
    let mut seen = HashSet::new();
    let mut by_language: Vec<LanguageGroup<'a>> = Vec::new();
    let mut left_out = 0;
    for contact in contacts {
        if !seen.insert(contact.email.trim().to_lowercase()) {
            continue;
        }
        if seen.len() > RECIPIENTS_MAX {
            left_out += 1;
            continue;
        }
        match by_language.iter_mut().find(|group| group.language == contact.language) {
            Some(group) => group.contacts.push(contact),
            None => by_language.push(LanguageGroup { language: contact.language, contacts: vec![contact] }),
        }
    }
    by_language.sort_by_key(|group| Language::ALL.iter().position(|language| *language == group.language));
    Recipients { role, by_language, left_out }
}

#[cfg(test)]
mod tests {
    use schakel_model::ids::{ContactId, OrganisationId};

    use super::*;

    fn contact(role: ContactRole, email: &str, tlp_max: Tlp) -> Contact {
        Contact {
            id: ContactId(1),
            organisation: OrganisationId(1),
            role,
            name: "Jan Jansen".into(),
            email: email.into(),
            phone: String::new(),
            language: Language::Nl,
            tlp_max,
            position: 0,
            valid_from: None,
            valid_until: None,
        }
    }

    /// `role:addresses` in order, or the reason.
    fn told(contacts: &[Contact], tlp: Tlp) -> String {
        match recipients(contacts, tlp) {
            Ok(who) => {
                let groups: Vec<_> = who
                    .by_language
                    .iter()
                    .map(|group| {
                        let emails: Vec<_> =
                            group.contacts.iter().map(|contact| contact.email.as_str()).collect();
                        format!("{}={}", group.language, emails.join(","))
                    })
                    .collect();
                format!("{}:{}", who.role, groups.join(";"))
            }
            Err(reason) => reason.to_string(),
        }
    }

    /// The contacts of an organisation, a marking, and who is told.
    type Case<'a> = (&'a [(ContactRole, &'a str, Tlp)], Tlp, &'a str);

    #[test]
    fn the_first_role_with_somebody_cleared_is_told() {
        use ContactRole::{Acib, Ciso, Findings, Vcib, Weekly};
        use Tlp::{Amber, Green, Red};
        let cases: &[Case<'_>] = &[
            (&[(Acib, "a", Amber), (Vcib, "v", Red), (Findings, "f", Amber)], Amber, "findings:nl=f"),
            (&[(Acib, "a", Amber), (Vcib, "v", Red)], Amber, "vcib:nl=v"),
            (&[(Acib, "a", Amber)], Amber, "acib:nl=a"),
            (&[(Findings, "f", Green), (Vcib, "v", Red)], Amber, "vcib:nl=v"),
            (&[(Findings, "", Red), (Acib, "a", Amber)], Amber, "acib:nl=a"),
            (&[(Findings, "f", Green), (Findings, "g", Amber)], Amber, "findings:nl=g"),
            (&[], Amber, "none_in_role"),
            (&[(Ciso, "c", Red), (Weekly, "w", Red)], Amber, "none_in_role"),
            (&[(Findings, " ", Red)], Amber, "no_address"),
            (&[(Findings, "", Red), (Acib, "a", Green)], Amber, "clearance_too_low"),
            (&[(Findings, "f", Red), (Vcib, "v", Red)], Red, "vcib:nl=v"),
            (&[(Findings, "f", Red), (Acib, "a", Red), (Vcib, "v", Amber)], Red, "no_named_person"),
        ];
        for (contacts, tlp, expected) in cases {
            let contacts: Vec<_> =
                contacts.iter().map(|(role, email, max)| contact(*role, email, *max)).collect();
            assert_eq!(told(&contacts, *tlp), *expected, "{contacts:?} {tlp}");
        }
    }

    #[test]
    fn an_address_is_told_once_and_each_language_apart() {
        let mut english = contact(ContactRole::Findings, "Noc@x.example", Tlp::Amber);
        english.language = Language::En;
        let contacts = [
            english.clone(),
            contact(ContactRole::Findings, "ib@x.example", Tlp::Amber),
            contact(ContactRole::Findings, "noc@X.example", Tlp::Amber),
        ];
        assert_eq!(told(&contacts, Tlp::Amber), "findings:nl=ib@x.example;en=Noc@x.example");
    }

    #[test]
    fn more_recipients_than_the_limit_are_counted_and_left_out() {
        let contacts: Vec<_> = (0..RECIPIENTS_MAX + 3)
            .map(|n| contact(ContactRole::Findings, &format!("n{n}@x.example"), Tlp::Amber))
            .collect();
        let who = recipients(&contacts, Tlp::Amber).unwrap();
        assert_eq!((who.by_language[0].contacts.len(), who.left_out), (RECIPIENTS_MAX, 3));
    }
}
