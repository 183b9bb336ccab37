//! How long ago something of each organisation was changed.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::Connection;
use schakel_model::ids::OrganisationId;

use crate::{StoreError, error::DatabaseContext};

/// When something of each organisation was last recorded or withdrawn: an asset or a contact, in seconds since 1970.
pub fn last_changes(
    connection: &Connection,
) -> Result<HashMap<OrganisationId, i64, RandomState>, StoreError> {
    connection
        .prepare(
            "SELECT organisation, max(v.at) FROM (
                SELECT organisation, max(recorded_in, coalesce(withdrawn_in, 0)) AS version FROM asset
                UNION ALL SELECT organisation, max(recorded_in, coalesce(withdrawn_in, 0)) FROM contact
             ) JOIN register_version v USING (version) GROUP BY organisation",
        )
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((OrganisationId(row.get(0)?), row.get(1)?)))?.collect()
        })
        .doing("read when organisations changed")
}
