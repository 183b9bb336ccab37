//! An empty field of an import leaves what stands.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use schakel_model::asset::{AssetKind, AssetValue, Role};

use super::{
    super::{
        AssetRow, ContactRow, RegisterFiles, RelationRow,
        dates::{read_date, write_date},
        value::read_value,
        write::write_flags,
    },
    draft::{AssetText, ContactText, Draft},
};

impl Draft {
    /// Fills what a row leaves empty from the row that stands for the same thing, if it is about the same period.
    pub(super) fn fill_in(&mut self, standing: &RegisterFiles) {
        let known: HashMap<&str, _, FixedState> =
            standing.organisations.iter().map(|row| (&*row.code, row)).collect();
        for (_, row) in &mut self.organisations {
            let Some(known) = known.get(row.code.trim()) else { continue };
            fill(&mut row.name, || known.name.clone());
            fill(&mut row.kind, || known.kind.as_str().to_owned());
            fill(&mut row.parent, || known.parent.as_deref().unwrap_or_default().to_owned());
            fill(&mut row.language, || known.language.as_str().to_owned());
        }
        // Of several periods the last one is meant.
        let mut known: HashMap<(&str, &AssetValue, Role), &AssetRow, FixedState> = HashMap::default();
        for row in &standing.assets {
            let last = known.entry((&row.organisation, &row.value, row.role)).or_insert(row);
            if last.valid_from < row.valid_from {
                *last = row;
            }
        }
        if !known.is_empty() {
            self.assets.iter_mut().for_each(|(_, row)| fill_in_asset(row, &known));
        }
        let mut known: HashMap<(&str, &str, String), &ContactRow, FixedState> = HashMap::default();
        for row in &standing.contacts {
            let who = if row.email.is_empty() { &row.name } else { &row.email };
            let last =
                known.entry((&row.organisation, row.role.as_str(), who.to_ascii_lowercase())).or_insert(row);
            if last.valid_from < row.valid_from {
                *last = row;
            }
        }
        if !known.is_empty() {
            self.contacts.iter_mut().for_each(|(_, row)| fill_in_contact(row, &known));
        }
        let mut known: HashMap<(&str, &str, &str), &RelationRow, FixedState> = HashMap::default();
        for row in &standing.relations {
            let last = known.entry((&row.from, row.kind.as_str(), &row.to)).or_insert(row);
            if last.valid_from < row.valid_from {
                *last = row;
            }
        }
        for (_, row) in &mut self.relations {
            let Some(known) = known.get(&(row.from.trim(), row.kind.trim(), row.to.trim())) else { continue };
            if !is_same_period(&row.valid_from, known.valid_from) {
                continue;
            }
            fill(&mut row.mandate, || known.mandate.as_str().to_owned());
            fill(&mut row.scan_consent, || if known.scan_consent { "yes" } else { "no" }.to_owned());
            fill(&mut row.valid_from, || date(known.valid_from));
            fill(&mut row.valid_until, || date(known.valid_until));
            fill(&mut row.note, || known.note.clone());
        }
    }
}

fn fill(field: &mut String, known: impl FnOnce() -> String) {
    if field.trim().is_empty() {
        *field = known();
    }
}

fn fill_in_asset(row: &mut AssetText, known: &HashMap<(&str, &AssetValue, Role), &AssetRow, FixedState>) {
    let Ok(kind) = row.kind.parse::<AssetKind>() else { return };
    let Ok(values) = read_value(kind, row.value.trim()) else { return };
    let role = row.role.parse().unwrap_or(Role::Owner);
    let Some(known) = values.first().and_then(|value| known.get(&(row.organisation.trim(), value, role)))
    else {
        return;
    };
    if !is_same_period(&row.valid_from, known.valid_from) {
        return;
    }
    fill(&mut row.valid_from, || date(known.valid_from));
    fill(&mut row.valid_until, || date(known.valid_until));
    fill(&mut row.proof, || known.proof.as_str().to_owned());
    fill(&mut row.flags, || write_flags(known.flags));
    fill(&mut row.note, || known.note.clone());
}

fn fill_in_contact(row: &mut ContactText, known: &HashMap<(&str, &str, String), &ContactRow, FixedState>) {
    let who = if row.email.trim().is_empty() { &row.name } else { &row.email };
    let role = row.role.trim().to_ascii_lowercase();
    let key = (row.organisation.trim(), role.as_str(), who.trim().to_ascii_lowercase());
    let Some(known) = known.get(&key) else { return };
    if !is_same_period(&row.valid_from, known.valid_from) {
        return;
    }
    fill(&mut row.name, || known.name.clone());
    fill(&mut row.phone, || known.phone.clone());
    fill(&mut row.language, || known.language.as_str().to_owned());
    fill(&mut row.tlp_max, || known.tlp_max.as_str().to_owned());
    fill(&mut row.order, || known.position.to_string());
    fill(&mut row.valid_from, || date(known.valid_from));
    fill(&mut row.valid_until, || date(known.valid_until));
}

/// No beginning means the one that stands; another beginning is another period.
fn is_same_period(written: &str, known: Option<i64>) -> bool {
    let written = written.trim();
    written.is_empty() || read_date(written) == known
}

fn date(seconds: Option<i64>) -> String {
    seconds.map(write_date).unwrap_or_default()
}
