//! What decisions need in memory, rebuilt from the store at start.

use std::sync::Arc;

use schakel_attribute::Snapshot;
use schakel_model::{
    assignment::Assignee,
    fate::Fate,
    ids::{FindingId, OrganisationId, RegisterVersion},
    register::{Contact, Register},
    tlp::Terms,
};
use schakel_rules::{
    mandate::Mandates,
    merger::Successors,
    new_assignment::{Owner, new_assignment},
};
use schakel_store::{
    Reader, StoreError,
    chunks::{ChunkBlobs, STORED_KEY_BYTES, each_worse},
    findings, varint,
};

use super::{
    decide::State,
    digest::Shared,
    interner::Interner,
    key_table::{ERASED_KEY, KeyTable},
};

/// The register as decisions use it: swapped whole when it changes.
pub struct RegisterView {
    /// What is recorded.
    pub register: Register,
    /// The tables for attribution.
    pub snapshot: Snapshot,
    /// Who stands in whose place.
    pub successors: Successors,
    /// What suppliers hear.
    pub mandates: Mandates,
}

impl RegisterView {
    /// Builds the tables.
    pub fn new(register: Register) -> Self {
        Self {
            snapshot: Snapshot::build(&register),
            successors: Successors::of(&register.relations),
            mandates: Mandates::of(&register.relations),
            register,
        }
    }

    /// The contacts of an organisation at this time (seconds since 1970), by role and position.
    pub fn contacts(&self, organisation: OrganisationId, at: i64) -> impl Iterator<Item = &Contact> + Clone {
        let contacts = &self.register.contacts;
        let first = contacts.partition_point(|contact| contact.organisation < organisation);
        contacts[first..]
            .iter()
            .take_while(move |contact| contact.organisation == organisation)
            .filter(move |contact| contact.valid_at(at))
    }

    /// The fate that a new assignment of an event with these terms gets at this time (seconds since 1970). `all` are the assignees of
    /// the event.
    pub fn fate_of(
        &self,
        assignee: Option<Assignee>,
        all: &[Assignee],
        terms: impl Into<Terms>,
        at: i64,
    ) -> Fate {
        let terms = terms.into();
        let place = |organisation| self.successors.at(organisation, at);
        let owner = assignee.map(|assignee| Owner {
            contacts: self.contacts(place(assignee.organisation), at),
            hears: self.mandates.hears(assignee, all, at, place),
        });
        new_assignment(owner, terms.may_notify.then_some(terms.tlp)).fate()
    }
}

/// Loads a version of the register and builds its tables.
pub fn register_view(reader: &Reader, version: RegisterVersion) -> Result<Arc<RegisterView>, StoreError> {
    let register = reader.read(|connection| schakel_store::register::load(connection, version))?;
    Ok(Arc::new(RegisterView::new(register)))
}

/// Kinds and assignment sets as stored. Set 0 is always the empty one.
pub fn shared(reader: &Reader) -> Result<Shared, StoreError> {
    let stored = reader.read(findings::sets)?;
    let sets = match stored.last() {
        None => {
            let sets = Interner::new(Vec::new());
            sets.number(&Vec::new());
            sets
        }
        Some((last, _)) if *last as usize + 1 == stored.len() => {
            Interner::new(stored.into_iter().map(|(_, set)| set).collect())
        }
        Some(_) => return Err(StoreError::Damaged { what: "a set of assignees is missing".to_owned() }),
    };
    Ok(Shared { kinds: Interner::new(reader.read(findings::kinds)?), sets })
}

/// The table of findings as stored.
pub fn decision_state(reader: &Reader) -> Result<State, StoreError> {
    let mut state = State::default();
    state.table.reserve(reader.read(findings::count)?);
    reader.read(|connection| {
        findings::for_each_key_blob(connection, |blobs| take_over(&mut state.table, blobs))
    })?;
    Ok(state)
}

/// Takes over what a chunk has done to the table, as it is stored: new keys with the sets of those told, and changes of sets.
pub fn take_over(table: &mut KeyTable, blobs: &ChunkBlobs) -> Result<(), StoreError> {
    let ChunkBlobs { keys, sets, changes, .. } = blobs;
    let damaged = || StoreError::Damaged { what: "the keys of findings".to_owned() };
    let mut at = 0;
    for (nth, key) in keys.chunks_exact(STORED_KEY_BYTES).enumerate() {
        let told = varint::read(sets, &mut at).ok_or_else(damaged)?;
        match key.try_into().map_err(|_| damaged())? {
            ERASED_KEY => table.push_erased(told),
            key => {
                table.insert(key, told, blobs.severity(nth));
            }
        }
    }
    let mut at = 0;
    while at < changes.len() {
        let finding = varint::read(changes, &mut at).ok_or_else(damaged)?;
        let told = varint::read(changes, &mut at).ok_or_else(damaged)?;
        if finding >= table.len() {
            return Err(damaged());
        }
        table.set_told(FindingId(finding), told);
    }
    let mut all_known = true;
    each_worse(&blobs.worse, |finding, severity| match finding.0 < table.len() {
        true => table.set_severity(finding, severity),
        false => all_known = false,
    })
    .ok_or_else(damaged)?;
    if all_known { Ok(()) } else { Err(damaged()) }
}
