//! What members ask of the desk about what is theirs: to take it from the register, or to change something about it.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    asset::{AssetKind, AssetValue, Role},
    claim::AssetWish,
    ids::OrganisationId,
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    register_rows::{value, word, wrong_word},
};

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAssetRequest {
    /// Whose asset it is.
    pub organisation: OrganisationId,
    /// Which.
    pub value: AssetValue,
    /// In which role.
    pub role: Role,
    /// What shall become of it.
    pub wish: AssetWish,
    /// What is wrong, or why.
    pub text: String,
}

/// A request that waits or waited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AssetRequest {
    /// Its number.
    pub id: i64,
    /// What is asked.
    pub what: NewAssetRequest,
    /// When, in seconds since 1970.
    pub at: i64,
    /// By whom.
    pub by: String,
    /// Does it wait?
    pub waits: bool,
}

const COLUMNS: &str = "id, organisation, kind, value, role, wish, text, requested_at, requested_by, decided_at IS NULL FROM asset_request";

fn from_row(row: &Row<'_>) -> rusqlite::Result<AssetRequest> {
    let kind: AssetKind = word(row, 2)?;
    Ok(AssetRequest {
        id: row.get(0)?,
        what: NewAssetRequest {
            organisation: OrganisationId(row.get(1)?),
            value: value(kind, row.get(3)?).ok_or_else(|| wrong_word(3, "value of an asset"))?,
            role: word(row, 4)?,
            wish: word(row, 5)?,
            text: row.get(6)?,
        },
        at: row.get(7)?,
        by: row.get(8)?,
        waits: row.get(9)?,
    })
}

/// Those that wait, the oldest first.
pub fn waiting(connection: &Connection) -> Result<Vec<AssetRequest>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} WHERE decided_at IS NULL ORDER BY id"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read what members ask about assets")
}

/// One of them.
pub fn get(connection: &Connection, id: i64) -> Result<Option<AssetRequest>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} WHERE id = ?1"))
        .and_then(|mut statement| statement.query_row([id], from_row).optional())
        .doing("read what a member asks about an asset")
}

impl Store {
    /// Puts something before the desk. Gives its number.
    pub fn ask_about_asset(&mut self, act: &Act<'_>, new: &NewAssetRequest) -> Result<i64, StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO asset_request (organisation, kind, value, role, wish, text, requested_at, requested_by)
                     VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
                    params![
                        new.organisation.0,
                        new.value.kind().as_str(),
                        new.value.to_string(),
                        new.role.as_str(),
                        new.wish.as_str(),
                        new.text,
                        act.at,
                        act.actor
                    ],
                )
                .doing("ask about an asset")?;
            let id = transaction.last_insert_rowid();
            let subject = format!("asset_request:{id}");
            act.audit(transaction, Action::AssetAskedAbout, &subject, &json(new.wish.as_str()))?;
            Ok(id)
        })
    }

    /// Records how the desk decided; `false` when it was decided already.
    pub fn decide_asset_request(
        &mut self,
        act: &Act<'_>,
        id: i64,
        accepted: bool,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let decided = transaction
                .execute(
                    "UPDATE asset_request SET decided_at = ?2, decided_by = ?3, accepted = ?4, reason = ?5
                     WHERE id = ?1 AND decided_at IS NULL",
                    params![id, act.at, act.actor, accepted, act.reason],
                )
                .doing("decide what a member asks about an asset")?;
            if decided > 0 {
                let action = match accepted {
                    true => Action::AssetRequestAccepted,
                    false => Action::AssetRequestRefused,
                };
                act.audit(transaction, action, &format!("asset_request:{id}"), "")?;
            }
            Ok(decided > 0)
        })
    }
}
