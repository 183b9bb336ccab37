//! By which assets a finding is an organisation's, by the register as it stands.

use schakel_attribute::{Candidate, Input, Snapshot};
use schakel_model::{
    asset::Asset,
    ids::{FindingId, OrganisationId},
};
use schakel_store::{Reader, StoreError, findings, register};

use crate::{events, narrow_register::narrow, pipeline::derive::Deriver};

/// An asset by which a finding is somebody's.
pub(super) struct Won {
    /// The asset.
    pub asset: Asset,
    /// What of the finding lies in it.
    pub input: Input,
}

/// The assets of these organisations by which a finding is theirs. Nothing for one whose row was erased.
pub(super) fn winners(
    reader: &Reader,
    finding: FindingId,
    of: &[OrganisationId],
) -> Result<Vec<Won>, StoreError> {
    let Some(stored) = reader.read(|connection| findings::get(connection, finding))? else {
        return Ok(Vec::new());
    };
    let mut deriver = Deriver::new(Reader::open(reader.data())?)?;
    let row = events::reread(&mut deriver, stored.first.event)?;
    let Some(query) = row.and_then(|row| row.query) else { return Ok(Vec::new()) };
    let version = reader.read(register::version)?;
    let register = narrow(reader, version, &query)?;
    let won = |candidate: &Candidate| candidate.won && of.contains(&candidate.organisation);
    let found = Snapshot::build(&register).explain(&query).into_iter().filter(won).filter_map(|candidate| {
        let asset = register.assets.iter().find(|asset| asset.id == candidate.asset)?;
        Some(Won { asset: asset.clone(), input: candidate.input })
    });
    Ok(found.collect())
}
