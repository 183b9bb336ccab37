//! What the desk does to findings, one or many at once: who handles them, until when they sleep, notes, and answers that somebody gave otherwise.

use std::collections::BTreeMap;

use crate::refused::Refused;
use anyhow::{Context, bail, ensure};
use schakel_model::ids::{AnswerId, FindingId, OrganisationId};
use schakel_store::{
    Reader, Store, StoreError,
    act::Act,
    desk_work::Change,
    findings,
    register::load_organisations_now,
    rehearsal::Keep,
    users::{self, DeskUser},
};

use crate::answers::{
    Said,
    api::{self, NotTaken, Who},
    desk,
};

/// Findings that are worked on at once: what one page of the list shows, ten times.
pub const AT_ONCE_MAX: usize = 1_000;

/// The longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 4_000;

/// The longest that a finding sleeps, in days: longer is forgetting it.
pub const SNOOZE_DAYS_MAX: i64 = 365;

/// A day, in seconds.
pub const DAY: i64 = 86_400;

/// `F12` as a number.
pub fn finding(name: &str) -> Option<FindingId> {
    let digits = name.strip_prefix('F')?;
    let is_plain = digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
    digits.parse().ok().filter(|_| is_plain).map(FindingId)
}

/// Those of these names that there are, each once.
pub fn known<'a>(
    reader: &Reader,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<FindingId>, StoreError> {
    let mut found: Vec<FindingId> = names.filter_map(finding).take(AT_ONCE_MAX).collect();
    found.sort_unstable();
    found.dedup();
    let count = reader.read(findings::count)?;
    found.retain(|id| id.0 < count);
    Ok(found)
}

/// People who may act.
pub fn people(reader: &Reader) -> Result<Vec<DeskUser>, StoreError> {
    let mut people = reader.read(users::list)?;
    people.retain(|one| one.disabled_at.is_none());
    people.sort_by_cached_key(|one| one.display_name.to_lowercase());
    Ok(people)
}

/// Gives findings to somebody, by the name they act under; empty: to nobody. Gives the batch, when something was different.
pub fn assign(
    store: &mut Store,
    act: &Act<'_>,
    findings: &[FindingId],
    handler: &str,
) -> anyhow::Result<Option<i64>> {
    let handler = match handler {
        "" => None,
        name => {
            let user = store.read(|connection| users::by_name(connection, name))?;
            let user = user.filter(|user| user.disabled_at.is_none());
            Some(user.with_context(|| format!("there is no desk user {name}"))?.id)
        }
    };
    Ok(store.change_work(act, findings, Change::Handler(handler))?)
}

/// Lets findings sleep until a time; none wakes them. Gives the batch, when something was different.
pub fn snooze(
    store: &mut Store,
    act: &Act<'_>,
    findings: &[FindingId],
    until: Option<i64>,
) -> anyhow::Result<Option<i64>> {
    ensure!(until.is_none_or(|until| until > act.at), "a finding cannot sleep until a time that has passed");
    ensure!(
        until.is_none_or(|until| until <= act.at + SNOOZE_DAYS_MAX * DAY),
        "a finding sleeps for {SNOOZE_DAYS_MAX} days at most"
    );
    Ok(store.change_work(act, findings, Change::Snooze(until))?)
}

/// Notes something about a finding.
pub fn note(store: &mut Store, act: &Act<'_>, finding: FindingId, text: &str) -> anyhow::Result<()> {
    let text: String = text.trim().chars().take(NOTE_CHARS_MAX).collect();
    ensure!(!text.is_empty(), "there is nothing to note");
    Ok(store.note(act, finding, &text)?)
}

/// Records what an organisation said of findings. With no organisation: each finding's, when exactly one was told. All of it, or nothing. Gives the
/// answers that were made.
pub fn answer(
    store: &mut Store,
    act: &Act<'_>,
    findings: &[FindingId],
    organisation: &str,
    who: &str,
    said: &Said,
) -> anyhow::Result<Vec<AnswerId>> {
    let mut of: BTreeMap<OrganisationId, Vec<FindingId>> = BTreeMap::new();
    let reader = store.reader()?;
    let asked = match organisation {
        "" => None,
        code => {
            let names = reader.read(load_organisations_now)?;
            Some(crate::claims::organisation(&names, code)?.id)
        }
    };
    for finding in findings {
        let told = reader
            .read(|connection| schakel_store::follow_ups::of_finding(connection, *finding))?
            .into_iter()
            .map(|one| one.organisation)
            .filter(|one| asked.is_none_or(|asked| asked == *one))
            .collect::<Vec<_>>();
        match told.as_slice() {
            [one] => of.entry(*one).or_default().push(*finding),
            [] => bail!(Refused::NotTold { finding: format!("F{finding}") }),
            _ => bail!(Refused::SeveralTold { finding: format!("F{finding}") }),
        }
    }
    let (answers, _) = store.as_one(Keep::All, |store| {
        let mut answers = Vec::new();
        for (organisation, findings) in of {
            let who = Who::Desk { who: who.to_owned(), organisation };
            match api::answer(store, act, &who, &findings, said)? {
                Ok(made) => answers.extend(made.into_iter().map(|one| one.id)),
                Err(NotTaken::Refused(why)) => bail!("{why}"),
                Err(NotTaken::NotTold(_)) => bail!("that organisation was not told of all of them"),
            }
        }
        Ok(answers)
    })?;
    Ok(answers)
}

/// Takes answers back that the desk recorded just now.
pub fn take_back(store: &mut Store, act: &Act<'_>, answers: &[AnswerId]) -> anyhow::Result<()> {
    store.as_one(Keep::All, |store| {
        answers.iter().try_for_each(|id| desk::take_back(store, act, *id).map(|_| ()))
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_has_one_name() {
        for (name, number) in [
            ("F0", Some(0)),
            ("F12", Some(12)),
            ("F012", None),
            ("12", None),
            ("F-1", None),
            ("F+1", None),
            ("F", None),
        ] {
            assert_eq!(finding(name).map(|id| id.0), number, "{name}");
        }
    }
}
