//! Contacts: what each role needs, when a change waits for a second pair of eyes, when a contact is stale, and when nobody is reachable.

use std::fmt;

use schakel_model::{
    register::{Contact, ContactRole},
    tlp::Tlp,
};

use crate::recipients::recipients;

/// A contact that nobody confirmed for this long is stale.
pub const STALE_SECONDS: i64 = 90 * 86_400;

/// A reminder is followed by another one after two weeks, not sooner.
pub const REMINDER_SECONDS: i64 = 14 * 86_400;

/// The link in a reminder is good for a month: long enough for holidays.
pub const CONFIRMATION_SECONDS: i64 = 30 * 86_400;

/// An emergency VCIB ends by itself after at most this long; by then there is a signed form.
pub const EMERGENCY_SECONDS_MAX: i64 = 31 * 86_400;

/// A field that a role may need.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Field {
    Name,
    Email,
    Phone,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
        })
    }
}

/// What each role needs. A VCIB is called back, so there is a number; a 24/7 desk is called, not written to.
pub fn required_fields(role: ContactRole) -> &'static [Field] {
    use Field::{Email, Name, Phone};
    match role {
        ContactRole::Acib | ContactRole::Vcib => &[Name, Email, Phone],
        ContactRole::Findings | ContactRole::Weekly => &[Email],
        ContactRole::Ciso | ContactRole::Fg | ContactRole::Communication | ContactRole::Secretary => {
            &[Name, Email]
        }
        ContactRole::Duty => &[Phone],
        ContactRole::Mayor => &[Name],
    }
}

/// The fields that this contact's role needs and that are empty.
pub fn missing_fields(contact: &Contact) -> impl Iterator<Item = Field> {
    required_fields(contact.role).iter().copied().filter(|field| {
        let text = match field {
            Field::Name => &contact.name,
            Field::Email => &contact.email,
            Field::Phone => &contact.phone,
        };
        text.trim().is_empty()
    })
}

/// Does this change wait for a second pair of eyes and a call back? It does when it touches how an organisation's trusted contact is
/// reached: a VCIB's mail address or telephone number, a longer period, or somebody new in the role beside or after another.
///
/// `before`: the contact that changes, `None` for a new one. The first VCIB of an organisation is named by the form and the intake talk, not
/// by a change.
pub fn needs_approval(before: Option<&Contact>, after: &Contact, trusted: Trusted<'_>) -> bool {
    if after.role != ContactRole::Vcib {
        return false;
    }
    match before.filter(|before| before.role == ContactRole::Vcib) {
        Some(before) => !reached_alike(before, after),
        None => trusted.ever && !trusted.now.iter().any(|one| reached_alike(one, after)),
    }
}

/// The trusted contacts of an organisation.
#[derive(Clone, Copy, Debug)]
pub struct Trusted<'a> {
    /// Those it has now, and those who move to it in the same change (a merger): they are reached as before.
    pub now: &'a [&'a Contact],
    /// Has it, or had it ever, one?
    pub ever: bool,
}

/// Why somebody of a member does not change this about its contacts; the desk can.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotByMember {
    /// The first trusted contact is named by a signed form and an intake talk.
    FirstTrusted,
    /// A trusted contact goes by their own word, or by the desk.
    Trusted,
    /// Nobody would be left who can be told anything.
    LastReachable,
}

/// Who of a member asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asks {
    /// A trusted contact of it.
    Trusted,
    /// Anybody else.
    Another,
}

/// May somebody of a member ask that somebody gets this role?
pub fn may_name_by_member(role: ContactRole, trusted: Trusted<'_>) -> Result<(), NotByMember> {
    match role {
        ContactRole::Vcib if !trusted.ever => Err(NotByMember::FirstTrusted),
        _ => Ok(()),
    }
}

/// May somebody of a member let a contact go? `rest`: who stays.
pub fn may_leave_by_member<'a>(
    gone: &Contact,
    asks: Asks,
    rest: impl IntoIterator<Item = &'a Contact> + Clone,
) -> Result<(), NotByMember> {
    if gone.role == ContactRole::Vcib && asks != Asks::Trusted {
        return Err(NotByMember::Trusted);
    }
    let was_reachable = !is_unreachable([gone]);
    if was_reachable && is_unreachable(rest) { Err(NotByMember::LastReachable) } else { Ok(()) }
}

/// Is nothing new about how they are reached, and for how long?
fn reached_alike(before: &Contact, after: &Contact) -> bool {
    same_address(&before.email, &after.email)
        && same_number(&before.phone, &after.phone)
        && !ends_later(before.valid_until, after.valid_until)
}

fn ends_later(before: Option<i64>, after: Option<i64>) -> bool {
    before.is_some_and(|before| after.is_none_or(|after| after > before))
}

/// Are these the same mail address? Case and spaces do not count.
pub fn same_address(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Are these the same telephone number, however they are written? A number without country is a Dutch one.
pub fn same_number(a: &str, b: &str) -> bool {
    digits(a) == digits(b)
}

/// Is the number that was called one that was known before? An empty one never is.
pub fn is_known_number(called: &str, known: &[&str]) -> bool {
    !digits(called).is_empty() && known.iter().any(|known| same_number(called, known))
}

fn digits(number: &str) -> String {
    // +31 (0)88: the zero in brackets is not dialled after the country code.
    let number = number.replace("(0)", "");
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if number.trim_start().starts_with('+') {
        digits
    } else if let Some(rest) = digits.strip_prefix("00") {
        rest.to_owned()
    } else if let Some(rest) = digits.strip_prefix('0') {
        format!("31{rest}")
    } else {
        digits
    }
}

/// Is a contact stale? `confirmed_at`: when it was recorded, or last confirmed, in seconds since 1970.
pub fn is_stale(confirmed_at: i64, now: i64) -> bool {
    now.saturating_sub(confirmed_at) >= STALE_SECONDS
}

/// Is it time for a reminder to a stale contact?
pub fn reminder_is_due(confirmed_at: i64, reminded_at: Option<i64>, now: i64) -> bool {
    is_stale(confirmed_at, now)
        && reminded_at.is_none_or(|at| at < confirmed_at || now.saturating_sub(at) >= REMINDER_SECONDS)
}

/// Can nobody of an organisation be told anything at all? `contacts`: all of it that are valid now.
pub fn is_unreachable<'a>(contacts: impl IntoIterator<Item = &'a Contact> + Clone) -> bool {
    recipients(contacts, Tlp::Clear).is_err()
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        ids::{ContactId, OrganisationId},
        language::Language,
    };

    use super::*;

    fn contact(role: ContactRole, email: &str, phone: &str) -> Contact {
        Contact {
            id: ContactId(1),
            organisation: OrganisationId(1),
            role,
            name: "A".into(),
            email: email.into(),
            phone: phone.into(),
            language: Language::Nl,
            tlp_max: Tlp::Amber,
            position: 0,
            valid_from: None,
            valid_until: None,
        }
    }

    fn vcib(email: &str, phone: &str) -> Contact {
        contact(ContactRole::Vcib, email, phone)
    }

    #[test]
    fn how_a_trusted_contact_is_reached_changes_only_with_four_eyes() {
        let before = vcib("v@a.example", "+31 6 1234 5678");
        let now = [&before];
        let trusted = Trusted { now: &now, ever: true };
        let (gone, never) = (Trusted { now: &[], ever: true }, Trusted { now: &[], ever: false });
        let mut renamed = before.clone();
        renamed.name = "B".into();
        let mut emergency = before.clone();
        emergency.valid_until = Some(100);
        let mut longer = before.clone();
        longer.valid_until = Some(200);
        let case =
            |what: &str, from: Option<&Contact>, to: &Contact, trusted: Trusted<'_>, expected: bool| {
                assert_eq!(needs_approval(from, to, trusted), expected, "{what}");
            };
        case("another name", Some(&before), &renamed, trusted, false);
        case(
            "the same in other letters",
            Some(&before),
            &vcib("V@A.example ", "06-12345678"),
            trusted,
            false,
        );
        case("another address", Some(&before), &vcib("v@b.example", "0612345678"), trusted, true);
        case("another number", Some(&before), &vcib("v@a.example", "0612345679"), trusted, true);
        case("no number any more", Some(&before), &vcib("v@a.example", ""), trusted, true);
        case("a second one", None, &vcib("w@a.example", "0612345679"), trusted, true);
        case("the first one", None, &vcib("w@a.example", "0612345679"), never, false);
        case("who left comes back", None, &before, gone, true);
        case("the same again", None, &vcib("v@a.example", "0612345678"), trusted, false);
        case("it ends sooner", Some(&before), &emergency, trusted, false);
        case("it ends later", Some(&emergency), &longer, trusted, true);
        case("it ends no more", Some(&emergency), &before, trusted, true);
        let acib = contact(ContactRole::Acib, "x@a.example", "");
        case("an ACIB", None, &acib, trusted, false);
        case("an ACIB who becomes a VCIB", Some(&acib), &vcib("x@a.example", ""), trusted, true);
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        for (a, b, same) in [
            ("+31 6 12345678", "06-12345678", true),
            ("0031 (0)88 373 40 00", "+31 88 3734000", true),
            ("+31 (0)88 373 40 00", "0883734000", true),
            ("+32 88 3734000", "088 3734000", false),
            ("14 030", "14030", true),
            ("06 12345678", "06 12345679", false),
        ] {
            assert_eq!(same_number(a, b), same, "{a} {b}");
        }
        assert!(is_known_number("0612345678", &["", "+31612345678"]));
        assert!(!is_known_number("", &[""]) && !is_known_number("-", &["", "x"]));
    }

    #[test]
    fn a_role_says_what_it_needs() {
        let missing = |contact: &Contact| missing_fields(contact).collect::<Vec<_>>();
        assert_eq!(missing(&vcib("", " ")), [Field::Email, Field::Phone]);
        assert_eq!(missing(&contact(ContactRole::Duty, "", "112")), []);
        assert_eq!(missing(&contact(ContactRole::Findings, "", "112")), [Field::Email]);
        for role in ContactRole::ALL {
            assert!(!required_fields(*role).is_empty(), "{role}");
        }
    }

    #[test]
    fn a_contact_is_stale_after_ninety_days_and_reminded_every_two_weeks() {
        const DAY: i64 = 86_400;
        for (reminded_at, now, due) in [
            (None, 90 * DAY - 1, false),
            (None, 90 * DAY, true),
            (Some(90 * DAY), 104 * DAY - 1, false),
            (Some(90 * DAY), 104 * DAY, true),
        ] {
            assert_eq!(reminder_is_due(0, reminded_at, now), due, "{reminded_at:?} {now}");
        }
        assert!(!reminder_is_due(91 * DAY, Some(90 * DAY), 92 * DAY));
        assert!(reminder_is_due(91 * DAY, Some(90 * DAY), 181 * DAY));
    }

    #[test]
    fn nobody_reachable_is_seen() {
        let (duty, ciso) =
            (contact(ContactRole::Duty, "", "112"), contact(ContactRole::Ciso, "c@a.example", ""));
        assert!(is_unreachable([&duty, &ciso]));
        assert!(!is_unreachable([&duty, &contact(ContactRole::Acib, "a@a.example", "")]));
    }

    #[test]
    fn a_member_names_no_first_trusted_contact_and_leaves_nobody_unreachable() {
        let none = Trusted { now: &[], ever: false };
        let once = Trusted { now: &[], ever: true };
        assert_eq!(may_name_by_member(ContactRole::Vcib, none), Err(NotByMember::FirstTrusted));
        assert_eq!(may_name_by_member(ContactRole::Vcib, once), Ok(()), "it waits for a call back");
        assert_eq!(may_name_by_member(ContactRole::Ciso, none), Ok(()));
        let one = |role| contact(role, "a@a.example", "");
        let (findings, vcib, mayor) =
            (one(ContactRole::Findings), one(ContactRole::Vcib), one(ContactRole::Mayor));
        for (gone, asks, rest, expected) in [
            (&findings, Asks::Another, vec![&vcib], Ok(())),
            (&vcib, Asks::Another, vec![&findings], Err(NotByMember::Trusted)),
            (&vcib, Asks::Trusted, vec![&findings], Ok(())),
            (&findings, Asks::Another, vec![&mayor], Err(NotByMember::LastReachable)),
            (&vcib, Asks::Trusted, vec![], Err(NotByMember::LastReachable)),
            (&mayor, Asks::Another, vec![], Ok(())),
        ] {
            assert_eq!(may_leave_by_member(gone, asks, rest.iter().copied()), expected, "{gone:?}");
        }
    }
}
