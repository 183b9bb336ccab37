//! Conflicts: two who say that the same is theirs, until the desk decides.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    asset::{AssetKind, AssetValue, Role},
    claim::Ruling,
    ids::{ClaimId, ConflictId, OrganisationId},
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    claims::{ClaimStep, move_claim},
    error::DatabaseContext,
    register::RegisterChange,
    register_rows::{value, word, wrong_word},
    transaction::Transaction,
};

/// A claim meets another's claim or asset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewConflict {
    /// The other's claim; an asset when there is none.
    pub other_claim: Option<ClaimId>,
    /// Who the other is.
    pub organisation: OrganisationId,
    /// What the other has.
    pub value: AssetValue,
    /// In which role: that of the claim.
    pub role: Role,
}

/// A conflict as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// Its number.
    pub id: ConflictId,
    /// The claim that opened it.
    pub claim: ClaimId,
    /// What it met.
    pub other: NewConflict,
    /// When it was opened, in seconds since 1970.
    pub opened_at: i64,
    /// How it ended.
    pub decision: Option<Decision>,
}

/// How a conflict ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who decided.
    pub actor: String,
    /// What.
    pub ruling: Ruling,
    /// Why.
    pub reason: String,
}

const COLUMNS: &str =
    "id, claim, other_claim, organisation, kind, value, role, opened_at, decided_at, decided_by, decided_for,
    reason FROM conflict";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Conflict> {
    let kind: AssetKind = word(row, 4)?;
    let decided_at: Option<i64> = row.get(8)?;
    let decision = match decided_at {
        None => None,
        Some(at) => Some(Decision {
            at,
            actor: row.get(9)?,
            ruling: row
                .get::<_, Option<u32>>(10)?
                .map_or(Ruling::Both, |organisation| Ruling::For(OrganisationId(organisation))),
            reason: row.get(11)?,
        }),
    };
    Ok(Conflict {
        id: ConflictId(row.get(0)?),
        claim: ClaimId(row.get(1)?),
        other: NewConflict {
            other_claim: row.get::<_, Option<u32>>(2)?.map(ClaimId),
            organisation: OrganisationId(row.get(3)?),
            value: value(kind, row.get(5)?).ok_or_else(|| wrong_word(5, "value of a conflict"))?,
            role: word(row, 6)?,
        },
        opened_at: row.get(7)?,
        decision,
    })
}

/// Every conflict, the oldest first.
pub fn list(connection: &Connection) -> Result<Vec<Conflict>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} ORDER BY id"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read the conflicts")
}

/// One conflict.
pub fn get(connection: &Connection, id: ConflictId) -> Result<Option<Conflict>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} WHERE id = ?1"))
        .and_then(|mut statement| statement.query_row([id.0], from_row).optional())
        .doing("read a conflict")
}

/// Does this claim wait for a decision?
pub fn is_disputed(connection: &Connection, claim: ClaimId) -> Result<bool, StoreError> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM conflict WHERE decided_at IS NULL AND (claim = ?1 OR other_claim = ?1))",
        )
        .and_then(|mut statement| statement.query_row([claim.0], |row| row.get(0)))
        .doing("look for conflicts")
}

pub(crate) fn open_conflict(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    claim: ClaimId,
    conflict: &NewConflict,
) -> Result<ConflictId, StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO conflict (claim, other_claim, organisation, kind, value, role, opened_at) VALUES (?1,?2,?3,?4,?5,?6,?7)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                claim.0,
                conflict.other_claim.map(|other| other.0),
                conflict.organisation.0,
                conflict.value.kind().as_str(),
                conflict.value.to_string(),
                Role::as_str(conflict.role),
                act.at
            ])
        })
        .doing("open a conflict")?;
    let id = ConflictId(transaction.last_insert_rowid() as u32);
    let detail = format!("{{\"claim\":{claim},\"value\":{}}}", json(&conflict.value.to_string()));
    act.audit(transaction, Action::ConflictOpened, &format!("conflict:{id}"), &detail)?;
    Ok(id)
}

impl Store {
    /// Records the decision of a conflict, with what it means for claims and register.
    pub fn decide_conflict(
        &mut self,
        act: &Act<'_>,
        id: ConflictId,
        ruling: &Ruling,
        steps: &[ClaimStep],
        change: &RegisterChange,
    ) -> Result<(), StoreError> {
        let decided_for = match ruling {
            Ruling::For(organisation) => Some(organisation.0),
            Ruling::Both => None,
        };
        self.write(|transaction| {
            close(transaction, act, id, decided_for)?;
            steps.iter().try_for_each(|step| move_claim(transaction, act, step))?;
            act.change_register(transaction, change).map(|_| ())
        })
    }
}

/// A claim is over: what is still open about it is decided for the other side.
pub(crate) fn close_conflicts_of(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    claim: ClaimId,
) -> Result<(), StoreError> {
    let open: Vec<(u32, u32)> = transaction
        .prepare_cached(
            "SELECT conflict.id, CASE WHEN conflict.claim = ?1 THEN conflict.organisation ELSE claim.organisation END
             FROM conflict JOIN claim ON claim.id = conflict.claim
             WHERE decided_at IS NULL AND (conflict.claim = ?1 OR other_claim = ?1)",
        )
        .and_then(|mut statement| {
            statement.query_map([claim.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .doing("look for conflicts")?;
    open.into_iter().try_for_each(|(id, other)| close(transaction, act, ConflictId(id), Some(other)))
}

fn close(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    id: ConflictId,
    decided_for: Option<u32>,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE conflict SET decided_at = ?2, decided_by = ?3, decided_for = ?4, reason = ?5 WHERE id = ?1",
            params![id.0, act.at, act.actor, decided_for, act.reason],
        )
        .doing("decide a conflict")?;
    let detail = decided_for.map_or("\"both\"".to_owned(), |organisation| organisation.to_string());
    act.audit(transaction, Action::ConflictDecided, &format!("conflict:{id}"), &detail)
}
