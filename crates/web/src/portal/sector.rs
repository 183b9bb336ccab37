//! `/sector`: the picture of the sector. Whoever may not see figures of others sees counts in steps, and no organisation.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Extension, extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use schakel_app::portal::sector;
use schakel_render::portal::{map::Map, sector::Sector};
use schakel_rules::access::{Right, may};
use schakel_store::Reader;

use super::{Portal, answer, visitor::Visitor};

/// A picture that is younger than this is shown again: it is made of everything that came in over a month.
const FRESH_SECONDS: i64 = 60;

/// The last pictures, and the map in them.
pub(crate) struct Pictures {
    map: Map,
    /// The exact one, and the one that names nobody; each with when it was made.
    kept: [Mutex<Option<Kept>>; 2],
}

type Kept = (i64, Arc<Sector>);

impl Pictures {
    /// With the map in this file; without one when it cannot be read, and the log says why.
    pub(crate) fn new(file: &Path) -> Self {
        let map = match file.as_os_str().is_empty() {
            true => Map::default(),
            false => sector::load_map(file).unwrap_or_else(|error| {
                tracing::warn!(error = %format!("{error:#}"), "the picture of the sector has no map");
                Map::default()
            }),
        };
        Self { map, kept: [Mutex::new(None), Mutex::new(None)] }
    }

    fn get(&self, reader: &Reader, now: i64, exact: bool) -> anyhow::Result<Arc<Sector>> {
        let mut kept = self.kept[usize::from(exact)].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_at, picture)) = &*kept
            && (*made_at..*made_at + FRESH_SECONDS).contains(&now)
        {
            return Ok(Arc::clone(picture));
        }
        let picture = Arc::new(sector::sector(reader, Timestamp::from_second(now)?, exact, &self.map)?);
        *kept = Some((now, Arc::clone(&picture)));
        Ok(picture)
    }
}

/// `GET /sector`
pub async fn show(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| {
        let roles = visitor.person.as_ref().map_or(&[][..], |person| &person.account.roles);
        let picture = portal.sector.get(reader, visitor.now, may(roles, Right::SeeFigures))?;
        visitor.page(portal, StatusCode::OK, "sector", &*picture)
    })
    .await
}
