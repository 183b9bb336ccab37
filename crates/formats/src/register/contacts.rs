//! `contacts.csv`.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use schakel_model::{language::Language, register::ContactRole, tlp::Tlp};

use super::{
    assets::{read_period, word},
    csv_table::{Column, CsvTable, Row},
    host::{Host, read_host},
    organisations::{Organisations, read_language},
    problem::{Place, ProblemKind, Problems, RegisterFile},
    rows::{ContactKey, ContactRow},
};

const COLUMNS: [Column; 10] = [
    Column { name: "organisation", required: true },
    Column { name: "role", required: true },
    Column { name: "name", required: false },
    Column { name: "email", required: true },
    Column { name: "phone", required: false },
    Column { name: "language", required: false },
    Column { name: "tlp_max", required: false },
    Column { name: "order", required: false },
    Column { name: "valid_from", required: false },
    Column { name: "valid_until", required: false },
];

pub(super) fn read(
    files: &[&[u8]],
    organisations: &Organisations,
    problems: &mut Problems,
) -> Vec<ContactRow> {
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for bytes in files {
        let Some(mut table) = CsvTable::open(RegisterFile::Contacts, bytes, &COLUMNS, problems) else {
            continue;
        };
        while let Some(row) = table.next_row(problems) {
            let line = row.place.line;
            if let Some(contact) = read_row(row, organisations, problems) {
                rows.push(contact);
                lines.push(line);
            }
        }
    }
    drop_repeats(rows, &lines, problems)
}

fn drop_repeats(rows: Vec<ContactRow>, lines: &[u64], problems: &mut Problems) -> Vec<ContactRow> {
    let mut known: HashMap<ContactKey<'_>, usize, FixedState> = HashMap::default();
    let mut keep = Vec::with_capacity(rows.len());
    for (at, contact) in rows.iter().enumerate() {
        let first = *known.entry(contact.key()).or_insert(at);
        keep.push(first == at);
        if first != at {
            let (kind, message) = if rows[first] == *contact {
                (ProblemKind::Repeated, "the same row stands on")
            } else {
                (ProblemKind::Duplicate, "the same contact says something else on")
            };
            let place = Place { file: RegisterFile::Contacts, line: lines[at] };
            problems.push(place, "email", &contact.email, kind, || {
                format!("{message} line {}; take one of the two out", lines[first])
            });
        }
    }
    drop(known);
    rows.into_iter().zip(keep).filter_map(|(row, keep)| keep.then_some(row)).collect()
}

/// Every organisation should have somebody to tell.
pub(super) fn check_everybody_has_one<'a>(
    organisations: &Organisations,
    contacts: impl Iterator<Item = &'a ContactRow>,
    problems: &mut Problems,
) {
    let reached: HashSet<&str, FixedState> = contacts.map(|contact| &*contact.organisation).collect();
    for (organisation, &line) in organisations.rows.iter().zip(&organisations.lines) {
        if line > 0 && !reached.contains(&*organisation.code) {
            let place = Place { file: RegisterFile::Organisations, line };
            problems.push(place, "id", &organisation.code, ProblemKind::NoContact, || {
                format!(
                    "`{}` has no contact; what concerns it cannot be told. Add one to contacts.csv",
                    organisation.code
                )
            });
        }
    }
}

fn read_row(row: Row<'_, 10>, organisations: &Organisations, problems: &mut Problems) -> Option<ContactRow> {
    let place = row.place;
    let [organisation, role, name, email, phone, language, tlp_max, order, from, until] = row.values;
    let organisation = organisations.find(place, "organisation", organisation, problems);
    let role = role
        .parse::<ContactRole>()
        .map_err(|message| problems.push(place, "role", role, ProblemKind::UnknownWord, || message))
        .ok();
    let email = read_mail(place, email, problems);
    let theirs = organisation
        .as_ref()
        .and_then(|code| organisations.by_code.get(code))
        .map_or(Language::default(), |&at| organisations.rows[at].language);
    let language = read_language(place, language, theirs, problems);
    let tlp_max = word(place, "tlp_max", tlp_max, Tlp::Amber, problems);
    let position = read_position(place, order, problems);
    let period = read_period(place, from, until, problems);
    let email = email?;
    if email.is_empty() {
        problems.push(place, "email", "", ProblemKind::NoMail, || {
            "the contact has no mail address, so no mail can reach it; add one".to_owned()
        });
    }
    let (valid_from, valid_until) = period?;
    Some(ContactRow {
        organisation: organisation?,
        role: role?,
        name: name.to_owned(),
        email,
        phone: phone.to_owned(),
        language: language?,
        tlp_max: tlp_max?,
        position: position?,
        valid_from,
        valid_until,
    })
}

fn read_position(place: Place, text: &str, problems: &mut Problems) -> Option<u16> {
    if text.is_empty() {
        return Some(0);
    }
    let position = text.parse().ok();
    if position.is_none() {
        problems.push(place, "order", text, ProblemKind::BadNumber, || {
            format!("`{text}` is no place in an order; write 0, 1, 2 and so on, up to {}", u16::MAX)
        });
    }
    position
}

/// Characters of a mail address (RFC 5321: a path has 256 with its brackets).
const MAIL_CHARS_MAX: usize = 254;

/// A simple check: one `@`, something before it that needs no quotes, a name behind it. The domain in its normal form.
fn read_mail(place: Place, text: &str, problems: &mut Problems) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    match normal_mail(text) {
        Some(mail) => {
            if mail != text {
                problems.push(place, "email", text, ProblemKind::Normalised, || {
                    format!("`{text}` is kept as {mail}")
                });
            }
            Some(mail)
        }
        None => {
            problems.push(place, "email", text, ProblemKind::BadMail, || {
                format!(
                    "`{text}` is no mail address; write one such as desk@example.nl, and one contact a row"
                )
            });
            None
        }
    }
}

fn normal_mail(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.is_empty() || local.starts_with('.') || local.ends_with('.') || !local.chars().all(plain) {
        return None;
    }
    let mut mail = format!("{local}@");
    match read_host(domain, &mut mail)? {
        Host::Name if !domain.contains(':') => {}
        _ => return None,
    }
    let name = &mail[local.len() + 1..];
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (name.contains('.') && name.split('.').all(label) && mail.len() <= MAIL_CHARS_MAX).then_some(mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_address_is_checked_simply() {
        for (text, expected) in [
            ("desk@example.nl", Some("desk@example.nl")),
            ("Desk.O'Neil+x@Example.NL", Some("Desk.O'Neil+x@example.nl")),
            ("desk@bücher.example", Some("desk@xn--bcher-kva.example")),
            ("desk", None),
            ("@example.nl", None),
            ("desk@", None),
            ("desk@localhost", None),
            ("a@b@example.nl", None),
            ("a@example.nl, b@example.nl", None),
            ("a b@example.nl", None),
            ("<a@example.nl>", None),
            ("a@192.0.2.1", None),
            ("a@example.nl:25", None),
            ("a@example..nl", None),
            (".a@example.nl", None),
            ("a\r\nBcc: x@example.nl", None),
        ] {
            assert_eq!(normal_mail(text).as_deref(), expected, "{text:?}");
        }
    }
}
