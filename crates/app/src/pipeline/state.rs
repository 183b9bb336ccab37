//! What decisions need in memory, rebuilt from the store at start.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;
use schakel_attribute::Snapshot;
use schakel_model::{
    assignment::Assignee,
    fate::Fate,
    ids::{FindingId, OrganisationId, RegisterVersion},
    register::{Contact, Register},
    tlp::Tlp,
};
use schakel_rules::new_assignment::{Reach, new_assignment};
use schakel_store::{Reader, StoreError, chunks::STORED_KEY_BYTES, findings, varint};

use super::{decide::State, digest::Shared, interner::Interner};

/// The register as decisions use it: swapped whole when it changes.
pub struct RegisterView {
    /// What is recorded.
    pub register: Register,
    /// The tables for attribution.
    pub snapshot: Snapshot,
    reach: HashMap<OrganisationId, Reach, RandomState>,
    nobody: Reach,
}

impl RegisterView {
    /// Builds the tables.
    pub fn new(register: Register) -> Self {
        let mut contacts: HashMap<OrganisationId, Vec<Contact>, RandomState> = HashMap::default();
        for contact in &register.contacts {
            contacts.entry(contact.organisation).or_default().push(contact.clone());
        }
        Self {
            snapshot: Snapshot::build(&register),
            reach: contacts
                .iter()
                .map(|(organisation, contacts)| (*organisation, Reach::of(contacts)))
                .collect(),
            nobody: Reach::of(&[]),
            register,
        }
    }

    /// The fate of a new assignment with this marking.
    pub fn fate_of(&self, assignee: Option<Assignee>, tlp: Tlp) -> Fate {
        let reach = assignee.map(|assignee| self.reach.get(&assignee.organisation).unwrap_or(&self.nobody));
        new_assignment(reach, Some(tlp)).fate()
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
    let damaged = || StoreError::Damaged { what: "the keys of findings".to_owned() };
    reader.read(|connection| {
        findings::for_each_key_blob(connection, |keys, sets, changes| {
            let mut at = 0;
            for key in keys.chunks_exact(STORED_KEY_BYTES) {
                let told = varint::read(sets, &mut at).ok_or_else(damaged)?;
                state.table.insert(key.try_into().map_err(|_| damaged())?, told);
            }
            let mut at = 0;
            while at < changes.len() {
                let finding = varint::read(changes, &mut at).ok_or_else(damaged)?;
                let told = varint::read(changes, &mut at).ok_or_else(damaged)?;
                if finding >= state.table.len() {
                    return Err(damaged());
                }
                state.table.set_told(FindingId(finding), told);
            }
            Ok(())
        })
    })?;
    Ok(state)
}
