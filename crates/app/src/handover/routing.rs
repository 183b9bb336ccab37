//! What of that which is told now goes by a link. Everything else is told to people, as without a link.

use std::collections::HashMap;

use schakel_model::{
    fate::Fate,
    hub::{HubName, Link},
    ids::{EventId, FindingId, OrganisationId},
    tlp::Terms,
};
use schakel_rules::handover::{Facts, by_link};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Chunk},
    fate_blob::{self, RowFate},
    follow_ups, handovers,
};

/// How a finding is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// By the link.
    Link,
    /// By this notification it was already; nobody could be told otherwise, so that each sighting is assigned anew.
    Before(u32),
    /// To contacts.
    Contacts,
}

/// The way of each finding of a chunk that is about to be told to the organisation that a link is for. `fate`: as its assignments stand.
pub(crate) struct Router<'a> {
    reader: &'a Reader,
    terms: Terms,
    paths: HashMap<FindingId, Vec<HubName>>,
}

impl<'a> Router<'a> {
    pub fn of(reader: &'a Reader, chunk: &Chunk, terms: Terms) -> Result<Self, StoreError> {
        Ok(Self { reader, terms, paths: paths(reader, chunk)? })
    }

    pub fn way(
        &self,
        link: &Link,
        organisation: OrganisationId,
        finding: FindingId,
        fate: Fate,
    ) -> Result<Way, StoreError> {
        let path = self.paths.get(&finding).map_or(&[][..], Vec::as_slice);
        let bounces = self.reader.read(|connection| handovers::bounces(connection, finding))?;
        if by_link(&Facts { link, terms: self.terms, path, bounces }).is_err() {
            return Ok(Way::Contacts);
        }
        if fate == Fate::NoContact {
            let told = self.reader.read(|connection| follow_ups::get(connection, organisation, finding))?;
            let parcels =
                self.reader.read(|connection| handovers::of_finding(connection, link.id, finding))?;
            if let (Some(parcel), true) = (parcels.last(), told.is_some_and(|one| one.closed_at.is_none())) {
                return Ok(Way::Before(parcel.notification.0));
            }
        }
        Ok(Way::Link)
    }
}

/// By which hubs the findings of a chunk came; those that came by none are left out.
fn paths(reader: &Reader, chunk: &Chunk) -> Result<HashMap<FindingId, Vec<HubName>>, StoreError> {
    let rows = chunk.first_row..chunk.first_row.saturating_add(chunk.rows);
    let came = reader.read(|connection| handovers::paths(connection, chunk.report, rows))?;
    let mut paths = HashMap::new();
    if came.is_empty() {
        return Ok(paths);
    }
    let fates = reader.read(|connection| chunks::fates(connection, chunk.id))?;
    for (at, fate) in fate_blob::read(&fates).enumerate() {
        let row = EventId { report: chunk.report, row: chunk.first_row + at as u32 };
        if let (Ok(RowFate::Event(finding)), Some(path)) = (fate, came.get(&row.row)) {
            // Seen by two ways in one chunk: what was on either counts.
            let known: &mut Vec<HubName> = paths.entry(finding).or_default();
            known.extend(path.iter().filter(|hub| !known.contains(hub)).cloned().collect::<Vec<_>>());
        }
    }
    Ok(paths)
}
