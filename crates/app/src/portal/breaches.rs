//! Possible data breaches: what was told to the wrong party, who received it, and the time that is left to decide.

use schakel_store::{Reader, breaches, register};
use serde::Serialize;

use crate::breach::{self, Received, Shown, Subject, received, received_of, shown};

/// The list.
#[derive(Debug, Serialize)]
pub struct Breaches {
    /// They, the newest first.
    pub breaches: Vec<Shown>,
    /// What is asked about before one is opened; none: nothing.
    pub asked: Option<Asked>,
}

/// Something that may have been told to the wrong party.
#[derive(Debug, Serialize)]
pub struct Asked {
    /// As it was typed: `F12`, `N3`.
    pub what: String,
    /// The code of the only organisation that is meant; empty: any.
    pub organisation: String,
    /// Why nothing can be opened: a key; empty: it can.
    pub wrong: &'static str,
    /// Who received it, and would be asked to delete it.
    pub received: Vec<Recipient>,
}

/// One breach.
#[derive(Debug, Serialize)]
pub struct OneBreach {
    /// It.
    #[serde(flatten)]
    pub breach: Shown,
    /// Its number.
    pub number: u32,
    /// Who received what.
    pub received: Vec<Recipient>,
}

/// Somebody who received it.
#[derive(Debug, Serialize)]
pub struct Recipient {
    /// What they received.
    #[serde(flatten)]
    pub received: Received,
    /// The notices that take it back: their names, how many of their mails the other side took, and of how many.
    pub taken_back: Vec<(String, usize, usize)>,
}

fn recipients(received: Vec<Received>) -> Vec<Recipient> {
    let taken_back = |received: &Received| {
        let notices = received.recalled_by.iter();
        notices.map(|one| (format!("N{}", one.notice), one.accepted, one.messages)).collect()
    };
    received.into_iter().map(|received| Recipient { taken_back: taken_back(&received), received }).collect()
}

/// `F12`, `N3` or `K1`; for a finding only what an organisation (its code; empty: any) was told.
pub fn subject(reader: &Reader, what: &str, organisation: &str) -> anyhow::Result<Option<Subject>> {
    let what = what.trim();
    let Some((letter, digits)) = what.split_at_checked(1) else { return Ok(None) };
    let Ok(number) = digits.parse::<u32>() else { return Ok(None) };
    let of = match organisation.trim() {
        "" => None,
        code => {
            let known = reader.read(register::load_organisations_now)?;
            match known.organisations.iter().find(|one| one.code == code) {
                Some(one) => Some(one.id),
                None => return Ok(None),
            }
        }
    };
    Ok(match letter {
        "F" | "f" => Some(Subject::Finding(schakel_model::ids::FindingId(number), of)),
        "N" | "n" => Some(Subject::Notification(schakel_model::ids::NotificationId(number))),
        "K" | "k" => Some(Subject::Correction(number)),
        _ => None,
    })
}

/// All of them; `what`: something that one may be opened about.
pub fn list(reader: &Reader, what: &str, organisation: &str, now: i64) -> anyhow::Result<Breaches> {
    let mut all: Vec<Shown> = reader.read(breaches::list)?.iter().map(|one| shown(one, now)).collect();
    all.reverse();
    let asked = match what.trim() {
        "" => None,
        what => Some(match subject(reader, what, organisation)? {
            None => Asked {
                what: what.to_owned(),
                organisation: organisation.to_owned(),
                wrong: "wrong-breach-subject",
                received: Vec::new(),
            },
            Some(subject) => {
                let leads = breach::leads(reader, subject).unwrap_or_default();
                let register = reader.read(register::load_organisations_now)?;
                let wrong = if leads.is_empty() { "wrong-breach-nobody" } else { "" };
                let received = recipients(received_of(reader, &register, &leads)?);
                Asked { what: what.to_owned(), organisation: organisation.to_owned(), wrong, received }
            }
        }),
    };
    Ok(Breaches { breaches: all, asked })
}

/// One of them; `None` when there is none.
pub fn one(reader: &Reader, number: u32, now: i64) -> anyhow::Result<Option<OneBreach>> {
    let Some(stored) = reader.read(|connection| breaches::get(connection, number))? else { return Ok(None) };
    let register = reader.read(register::load_organisations_now)?;
    let received = recipients(received(reader, &register, number)?);
    Ok(Some(OneBreach { breach: shown(&stored, now), number, received }))
}
