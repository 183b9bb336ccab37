//! Erasing what a search found: rows are blanked, the rest goes, and a file beside the store notes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
};

use anyhow::Context;
use schakel_model::{
    arrival::Receipt,
    ids::{ContactId, ReportId},
};
use schakel_store::{
    Store,
    audit::{self, Action, Entry},
    chunks,
    erase::{Redaction, ToErase},
    privacy,
    register::RegisterChange,
    spool::SpoolDesk,
};
use serde::{Deserialize, Serialize};

use super::Search;
use crate::{
    config::Config,
    pipeline::derive::{DerivedChunk, Deriver},
    retention::remove_mails,
    users::Actor,
};

/// What was erased.
#[derive(Debug, Default, Serialize, Deserialize, Clone, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Erased {
    /// The audit entry.
    pub entry: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Contacts.
    pub contacts: Vec<u32>,
    /// Findings.
    pub findings: Vec<u32>,
    /// What reached a door, by its receipt.
    pub arrivals: Vec<u64>,
    /// Messages.
    pub messages: Vec<u32>,
    /// Details of the audit log.
    pub details: Vec<u32>,
    /// Reports whose bytes went as a whole.
    pub reports: Vec<u32>,
    /// Rows that were blanked: chunk and rows of the report.
    pub rows: Vec<(u32, Vec<u32>)>,
    /// Other texts: table, column, row.
    pub texts: Vec<(String, String, String)>,
}

/// Erases what a search found and what is not kept. `None` when there is nothing.
pub fn erase(
    store: &mut Store,
    config: &Config,
    actor: &Actor,
    now: i64,
    reason: &str,
    search: Search,
) -> anyhow::Result<Option<Erased>> {
    if search.is_empty() {
        return Ok(None);
    }
    let Search { mut what, rows, arrivals, .. } = search;
    redact(store, &rows, &mut what)?;
    let entry = Entry {
        at: now,
        actor: actor.name(),
        action: Action::Erased,
        subject: "privacy",
        reason,
        detail: "",
    };
    erase_and_note(store, config, &entry, what, arrivals)
}

pub(super) fn erase_and_note(
    store: &mut Store,
    config: &Config,
    entry: &Entry<'_>,
    what: ToErase,
    arrivals: Vec<u64>,
) -> anyhow::Result<Option<Erased>> {
    let spool = SpoolDesk::open(store.data())?;
    for receipt in &arrivals {
        if let Some(kept) = spool.get(Receipt(*receipt))? {
            spool.remove(&kept)?;
        }
    }
    // Who stands in the register leaves it first.
    let standing = store.read(|connection| privacy::standing_contacts(connection, &what.contacts))?;
    if !standing.is_empty() {
        let withdrawn_contacts = standing.into_iter().map(ContactId).collect();
        let change = RegisterChange { withdrawn_contacts, ..RegisterChange::default() };
        store.change_register(entry.at, entry.actor, "erased", &change)?;
    }
    remove_mails(store, config, &what.messages)?;
    let number = match store.erase(entry, &what)? {
        Some(number) => number,
        None if arrivals.is_empty() => return Ok(None),
        None => store.write(|transaction| audit::append(transaction, entry))?,
    };
    let erased = Erased {
        entry: number,
        arrivals,
        at: crate::explain::rfc3339(entry.at),
        rows: what.redactions.iter().map(|redaction| (redaction.chunk, redaction.rows.clone())).collect(),
        texts: what
            .texts
            .iter()
            .map(|text| (text.place.table.to_owned(), text.place.column.to_owned(), text.row.clone()))
            .collect(),
        contacts: what.contacts,
        findings: what.findings,
        messages: what.messages,
        details: what.details,
        reports: what.reports,
    };
    note(store, &erased)?;
    Ok(Some(erased))
}

/// Blanks rows in their chunks. A chunk that cannot be cut into the same rows any more goes with its whole report.
pub(super) fn redact(
    store: &Store,
    rows: &BTreeMap<u32, Vec<u32>>,
    what: &mut ToErase,
) -> anyhow::Result<()> {
    let reader = store.reader()?;
    let mut deriver = Deriver::new(store.reader()?)?;
    let mut derived = DerivedChunk::default();
    let mut whole = BTreeSet::new();
    for (chunk, rows) in rows {
        let chunk = reader
            .read(|connection| chunks::by_id(connection, *chunk))?
            .with_context(|| format!("chunk {chunk} is missing. Run `schakel verify`"))?;
        deriver.chunk(&chunk, &mut derived)?;
        let mut bytes = derived.bytes.clone();
        for row in rows {
            let Some(record) = derived.record((row - chunk.first_row) as usize) else { continue };
            let from = record.raw().as_ptr() as usize - derived.bytes.as_ptr() as usize;
            blank(&mut bytes[from..from + record.raw().len()]);
        }
        if deriver.cuts_alike(&chunk, &bytes)? {
            let (report, rows) = (chunk.report, rows.clone());
            what.redactions.push(Redaction { chunk: chunk.id, report, rows, bytes });
        } else {
            whole.insert(chunk.report);
        }
    }
    what.redactions.retain(|redaction| !whole.contains(&redaction.report));
    what.reports.extend(whole.iter().map(|report: &ReportId| report.0));
    Ok(())
}

/// A row becomes one quoted text of the same length, which is a record in every format we cut, and nothing that can be read.
fn blank(row: &mut [u8]) {
    row.fill(b'x');
    if let [first, .., last] = row {
        (*first, *last) = (b'"', b'"');
    }
}

/// Notes what was erased beside the store.
pub(super) fn note(store: &Store, erased: &Erased) -> anyhow::Result<()> {
    let path = store.data().erasures();
    let noting = || format!("cannot note what was erased in {}", path.display());
    let mut line = serde_json::to_string(erased)?;
    line.push('\n');
    let mut file = fs::OpenOptions::new().create(true).append(true).open(&path).with_context(noting)?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).with_context(noting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blanked_row_is_one_text_of_the_same_length() {
        let mut row = *b"2026,\"a\nb\",c";
        blank(&mut row);
        assert_eq!(&row, b"\"xxxxxxxxxx\"");
    }
}
