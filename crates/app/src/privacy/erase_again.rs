//! Erasing again, after a restore, what a backup has brought back.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
};

use anyhow::{Context, ensure};
use schakel_model::arrival::Receipt;
use schakel_store::{
    Store, StoreError,
    audit::{Action, Entry},
    chunks,
    erase::{Kind, Text, ToErase, erased_numbers},
    privacy,
    spool::SpoolDesk,
};

use super::{
    Erased,
    erase::{erase_and_note, note, redact},
};
use crate::{config::Config, users::Actor};

/// After a restore: erases again what is noted as erased beside the store and what the backup has brought back. Things that the backup does
/// not have are forgotten, for their numbers are given anew. Gives how many erasures were done again.
pub fn erase_again(store: &mut Store, config: &Config, actor: &Actor, now: i64) -> anyhow::Result<usize> {
    let path = store.data().erasures();
    let Ok(noted) = fs::read_to_string(&path) else { return Ok(0) };
    let mut all = Vec::new();
    for (at, line) in noted.lines().enumerate() {
        let erased: Erased = serde_json::from_str(line)
            .with_context(|| format!("line {} of {} is not what was noted", at + 1, path.display()))?;
        all.push(erased);
    }
    crate::register::write_whole(&path, b"")?;
    let mut done = 0;
    for erased in all {
        let what = still_there(store, &erased)?;
        let entry = Entry {
            at: now,
            actor: actor.name(),
            action: Action::Erased,
            subject: "privacy",
            reason: "erased before the restore",
            detail: "",
        };
        let spool = SpoolDesk::open(store.data())?;
        let mut arrivals = Vec::new();
        for receipt in &erased.arrivals {
            if spool.get(Receipt(*receipt))?.is_some() {
                arrivals.push(*receipt);
            }
        }
        match erase_and_note(store, config, &entry, what, arrivals)? {
            Some(_) => done += 1,
            // The backup knew of it.
            None => note(store, &erased)?,
        }
    }
    Ok(done)
}

/// What of an erasure a restored store has.
fn still_there(store: &Store, erased: &Erased) -> anyhow::Result<ToErase> {
    let gone = |kind| -> Result<HashSet<u32>, StoreError> {
        Ok(store
            .read(|connection| erased_numbers(connection, kind))?
            .into_iter()
            .map(|(_, number)| number)
            .collect())
    };
    let left = |kind, numbers: &[u32], end: u32| -> Result<Vec<u32>, StoreError> {
        let gone = gone(kind)?;
        Ok(numbers.iter().copied().filter(|number| !gone.contains(number) && *number < end).collect())
    };
    let end = |table| store.read(|connection| privacy::end_of(connection, table));
    let mut what = ToErase {
        contacts: left(Kind::Contact, &erased.contacts, end("contact")?)?,
        findings: left(Kind::Finding, &erased.findings, end("finding")?)?,
        messages: left(Kind::Message, &erased.messages, end("message")?)?,
        details: left(Kind::Detail, &erased.details, end("audit_detail")?)?,
        reports: left(Kind::Report, &erased.reports, end("report")?)?,
        ..ToErase::default()
    };
    for (table, column, row) in &erased.texts {
        let place = privacy::PLACES.iter().find(|place| place.table == table && place.column == column);
        let Some(place) = place.filter(|_| !what.is_empty()) else { continue };
        what.texts.push(Text { place: *place, row: row.clone() });
    }
    let mut rows = BTreeMap::new();
    for (chunk, numbers) in &erased.rows {
        let known = store.read(|connection| chunks::by_id(connection, *chunk))?;
        let Some(known) = known else { continue };
        let mut left = Vec::new();
        for row in numbers {
            let blanked =
                store.read(|connection| schakel_store::erase::row_erased(connection, known.report, *row))?;
            if blanked.is_none() {
                left.push(*row);
            }
        }
        if !left.is_empty()
            && store
                .read(|connection| schakel_store::erase::report_erased(connection, known.report))?
                .is_none()
        {
            rows.insert(*chunk, left);
        }
    }
    redact(store, &rows, &mut what)?;
    ensure!(what.reports.iter().all(|report| *report > 0), "a report without a number");
    Ok(what)
}
