//! Which findings may be looked up outside: not one that a report shows whose source forbids it, whoever else shows it too.

use std::collections::{BTreeSet, HashSet};

use foldhash::fast::RandomState;
use schakel_model::ids::FindingId;
use schakel_store::{
    Reader, StoreError,
    fate_blob::{self, RowFate},
    look_ups::{self, Forbidding},
};

/// Follows the store: a report may come in, or a source's settings change, while names are being looked up.
#[derive(Default)]
pub struct Permissions {
    forbidding: Forbidding,
    /// Seen up to this chunk.
    chunk: u32,
    forbidden: HashSet<FindingId, RandomState>,
}

impl Permissions {
    /// As it is now.
    pub fn now(reader: &Reader) -> Result<Self, StoreError> {
        let mut permissions = Self::default();
        permissions.follow(reader)?;
        Ok(permissions)
    }

    /// Takes over what came since.
    pub fn follow(&mut self, reader: &Reader) -> Result<(), StoreError> {
        let forbidding = reader.read(look_ups::forbidding)?;
        if forbidding != self.forbidding {
            *self = Self { forbidding, ..Self::default() };
        }
        let last = reader.read(look_ups::last_chunk)?;
        if last > self.chunk && !self.forbidding.is_empty() {
            let forbidden = &mut self.forbidden;
            reader.read(|connection| {
                look_ups::for_each_forbidden(connection, self.chunk, |_, _, fates| {
                    forbidden.extend(shown_in(fates));
                })
            })?;
        }
        self.chunk = last;
        Ok(())
    }

    /// May it be looked up?
    pub fn permits(&self, finding: FindingId) -> bool {
        !self.forbidden.contains(&finding)
    }
}

/// The codes of the sources that forbid to look a finding up.
pub fn forbidding(reader: &Reader, finding: FindingId) -> Result<BTreeSet<String>, StoreError> {
    let mut codes = BTreeSet::new();
    reader.read(|connection| {
        look_ups::for_each_forbidden(connection, 0, |_, code, fates| {
            if !codes.contains(code) && shown_in(fates).any(|shown| shown == finding) {
                codes.insert(code.to_owned());
            }
        })
    })?;
    Ok(codes)
}

fn shown_in(fates: &[u8]) -> impl Iterator<Item = FindingId> + '_ {
    fate_blob::read(fates).filter_map(|fate| match fate {
        Ok(RowFate::Event(finding)) => Some(finding),
        _ => None,
    })
}
