//! Joining: what is missing, what may be confirmed, and what an organisation hears that has not joined yet.

use std::fmt;

use schakel_model::{
    affiliation::{Joining, Step},
    register::{Contact, ContactRole},
};

use crate::contact_change::missing_fields;

/// A general contact hears at most once a week that something waits.
pub const LETTER_SECONDS: i64 = 7 * 86_400;

/// What the register has of an organisation, as far as joining needs it.
#[derive(Clone, Copy, Debug)]
pub struct Registered<'a> {
    /// Its contacts that are valid now.
    pub contacts: &'a [&'a Contact],
    /// How many assets it has, products left out.
    pub assets: usize,
    /// How many products it has.
    pub products: usize,
}

/// Why a step cannot be confirmed yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotYet {
    /// Another step comes first.
    First(Step),
    /// The register names no contact in this role with every field that the role needs.
    NoContact(ContactRole),
    /// The telephone number is missing.
    NoNumber,
    /// The register has no address, domain or URL of it.
    NoAssets,
    /// The register has no product of it.
    NoProducts,
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First(step) => write!(f, "{step} comes first"),
            Self::NoContact(role) => {
                write!(
                    f,
                    "the register has no {role} with every field this role needs; `schakel contact add` adds one"
                )
            }
            Self::NoNumber => f.write_str("say the telephone number with --number"),
            Self::NoAssets => f.write_str("the register has no address, domain or URL of it"),
            Self::NoProducts => f.write_str("the register has no product of it"),
        }
    }
}

/// May this step be confirmed now?
pub fn may_confirm(
    joining: &Joining,
    step: Step,
    number: &str,
    registered: Registered<'_>,
) -> Result<(), NotYet> {
    let taken = |step: Step| joining.taken.iter().any(|taken| taken.step == step);
    let needs = |first: Step| if taken(first) { Ok(()) } else { Err(NotYet::First(first)) };
    let contact = |role: ContactRole| {
        let whole = |contact: &&&Contact| contact.role == role && missing_fields(contact).next().is_none();
        registered.contacts.iter().find(whole).map(|_| ()).ok_or(NotYet::NoContact(role))
    };
    match step {
        Step::Invitation => Ok(()),
        Step::Acib => needs(Step::Invitation).and_then(|()| contact(ContactRole::Acib)),
        Step::VcibForm => needs(Step::Invitation),
        Step::FormChecked => needs(Step::VcibForm).and_then(|()| contact(ContactRole::Vcib)),
        Step::IntakeTalk => needs(Step::FormChecked),
        Step::OutOfBandNumber if number.trim().is_empty() => Err(NotYet::NoNumber),
        Step::OutOfBandNumber => needs(Step::VcibForm),
        Step::Assets if registered.assets == 0 => Err(NotYet::NoAssets),
        Step::Products if registered.products == 0 => Err(NotYet::NoProducts),
        Step::Assets | Step::Products => Ok(()),
    }
}

/// The steps that are still to be taken, in their order.
pub fn missing(joining: &Joining) -> impl Iterator<Item = Step> {
    let taken = |step: Step| joining.taken.iter().any(|taken| taken.step == step);
    Step::ALL.iter().copied().filter(move |step| !taken(*step))
}

/// Is it officially affiliated (officieel aangesloten)? An organisation that the desk entered without joining steps is.
pub fn is_affiliated(joining: Option<&Joining>) -> bool {
    joining.is_none_or(|joining| !missing(joining).any(Step::is_for_affiliation))
}

/// What waits for an organisation that is not affiliated yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waits {
    /// Assignments that wait.
    pub count: u64,
    /// Those among them that are critical.
    pub critical: u64,
    /// Since when the last of them waits, in seconds since 1970.
    pub newest_at: i64,
    /// When its general contact last heard of it, in seconds since 1970.
    pub letter_at: Option<i64>,
    /// Has it a general contact with a mail address?
    pub can_be_written_to: Answer,
}

/// Yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub enum Answer {
    Yes,
    #[default]
    No,
}

/// What is to be done. Never nothing: what is not written about is on the calling list or was written about before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Care {
    /// Write to the general contact now that something waits; no content.
    pub letter: bool,
    /// Somebody calls them.
    pub call: Option<WhyCall>,
}

/// Why somebody calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhyCall {
    /// Something critical waits.
    Critical,
    /// Nobody there can be written to.
    NobodyToWriteTo,
}

impl fmt::Display for WhyCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Critical => "something critical waits",
            Self::NobodyToWriteTo => "nobody there can be written to",
        })
    }
}

/// Decides for an organisation that is not affiliated.
pub fn care(waits: Waits, now: i64) -> Care {
    if waits.count == 0 {
        return Care { letter: false, call: None };
    }
    let is_news = waits.letter_at.is_none_or(|at| waits.newest_at > at);
    let is_time = waits.letter_at.is_none_or(|at| now.saturating_sub(at) >= LETTER_SECONDS || now < at);
    let reachable = waits.can_be_written_to == Answer::Yes;
    let call = match (waits.critical > 0, reachable) {
        (true, _) => Some(WhyCall::Critical),
        (false, false) => Some(WhyCall::NobodyToWriteTo),
        (false, true) => None,
    };
    Care { letter: reachable && is_news && is_time, call }
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        affiliation::StepTaken,
        ids::{ContactId, OrganisationId},
        language::Language,
        tlp::Tlp,
    };

    use super::*;

    fn joining(steps: &[Step]) -> Joining {
        let taken = |step: &Step| StepTaken {
            step: *step,
            at: 0,
            actor: "desk".into(),
            by: String::new(),
            number: String::new(),
        };
        Joining { organisation: OrganisationId(1), taken: steps.iter().map(taken).collect() }
    }

    fn contact(role: ContactRole, phone: &str) -> Contact {
        Contact {
            id: ContactId(1),
            organisation: OrganisationId(1),
            role,
            name: "A".into(),
            email: "a@a.example".into(),
            phone: phone.into(),
            language: Language::Nl,
            tlp_max: Tlp::Amber,
            position: 0,
            valid_from: None,
            valid_until: None,
        }
    }

    #[test]
    fn affiliated_is_who_has_a_general_and_a_trusted_contact_or_was_entered_by_the_desk() {
        assert!(is_affiliated(None));
        let all = Step::ALL;
        for end in 0..=all.len() {
            assert_eq!(is_affiliated(Some(&joining(&all[..end]))), end >= 6, "{end}");
        }
        let left: Vec<_> = missing(&joining(&[Step::Invitation, Step::VcibForm])).collect();
        assert_eq!(left[..2], [Step::Acib, Step::FormChecked]);
    }

    /// The steps taken, the step to confirm, the number named, contacts, how many assets, and what stands in the way.
    type Case<'a> = (&'a [Step], Step, &'a str, &'a [&'a Contact], usize, Option<NotYet>);

    #[test]
    fn a_step_is_confirmed_when_what_it_needs_is_there() {
        use Step::{Acib, Assets, FormChecked, IntakeTalk, Invitation, OutOfBandNumber, Products, VcibForm};
        let (acib, vcib) =
            (contact(ContactRole::Acib, "0883734000"), contact(ContactRole::Vcib, "0612345678"));
        let without_phone = contact(ContactRole::Vcib, "");
        let nobody: &[&Contact] = &[];
        let cases: &[Case<'_>] = &[
            (&[], Invitation, "", nobody, 0, None),
            (&[], Acib, "", &[&acib], 0, Some(NotYet::First(Invitation))),
            (&[Invitation], Acib, "", nobody, 0, Some(NotYet::NoContact(ContactRole::Acib))),
            (&[Invitation], Acib, "", &[&acib], 0, None),
            (&[Invitation], FormChecked, "", &[&vcib], 0, Some(NotYet::First(VcibForm))),
            (&[VcibForm], FormChecked, "", &[&without_phone], 0, Some(NotYet::NoContact(ContactRole::Vcib))),
            (&[VcibForm], FormChecked, "", &[&acib, &vcib], 0, None),
            (&[VcibForm], IntakeTalk, "", &[&vcib], 0, Some(NotYet::First(FormChecked))),
            (&[VcibForm], OutOfBandNumber, " ", nobody, 0, Some(NotYet::NoNumber)),
            (&[VcibForm], OutOfBandNumber, "088", nobody, 0, None),
            (&[], Assets, "", nobody, 0, Some(NotYet::NoAssets)),
            (&[], Assets, "", nobody, 1, None),
            (&[], Products, "", nobody, 0, Some(NotYet::NoProducts)),
        ];
        for (taken, step, number, contacts, assets, expected) in cases {
            let registered = Registered { contacts, assets: *assets, products: *assets };
            let answer = may_confirm(&joining(taken), *step, number, registered);
            assert_eq!(answer.err(), *expected, "{taken:?} {step}");
        }
    }

    #[test]
    fn there_is_never_silence() {
        let waits = Waits { count: 3, newest_at: 100, can_be_written_to: Answer::Yes, ..Waits::default() };
        let week = LETTER_SECONDS;
        for (what, waits, now, letter, call) in [
            ("nothing waits", Waits { count: 0, ..waits }, 100, false, None),
            ("the first time", waits, 100, true, None),
            ("said already", Waits { letter_at: Some(100), ..waits }, 100 + 2 * week, false, None),
            ("news within the week", Waits { letter_at: Some(50), ..waits }, 100, false, None),
            ("news after a week", Waits { letter_at: Some(50), ..waits }, 50 + week, true, None),
            ("critical", Waits { critical: 1, ..waits }, 100, true, Some(WhyCall::Critical)),
            (
                "nobody to write to",
                Waits { can_be_written_to: Answer::No, ..waits },
                100,
                false,
                Some(WhyCall::NobodyToWriteTo),
            ),
        ] {
            assert_eq!(care(waits, now), Care { letter, call }, "{what}");
        }
    }
}
