//! Claims and every attempt to prove them. A claim that is proven becomes an asset in the same transaction.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    asset::{AssetKind, Role},
    claim::{Claim, ClaimState, Claimed, Means, Proven},
    ids::{ClaimId, ConflictId, OrganisationId},
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    conflicts::{NewConflict, close_conflicts_of, open_conflict},
    error::DatabaseContext,
    register::RegisterChange,
    register_rows::{value, word, wrong_word},
    transaction::Transaction,
};

/// A claim about to be entered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewClaim {
    /// What is said.
    pub claimed: Claimed,
    /// What is published to prove it.
    pub token: String,
}

/// A claim moves on: its new state, and the attempt that moved it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimStep {
    /// Which.
    pub claim: ClaimId,
    /// What happened, for the audit log.
    pub action: Action,
    /// Its state from now on.
    pub state: ClaimState,
    /// Its proof from now on.
    pub proven: Option<Proven>,
    /// Since when it is not found.
    pub failing_since: Option<i64>,
    /// The attempt, when there was one.
    pub attempt: Option<NewAttempt>,
}

/// An attempt to prove a claim, about to be recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAttempt {
    /// By what.
    pub means: Means,
    /// Was the proof found?
    pub found: bool,
    /// What was found, or why not.
    pub detail: String,
}

/// An attempt to prove a claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who asked for it.
    pub actor: String,
    /// By what, was it found, and what.
    pub what: NewAttempt,
}

/// How far a code has come that was sent to a role address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeState {
    /// It was sent.
    Sent,
    /// It came back.
    Used,
    /// It was tried too often, or a newer one was sent.
    Spent,
    /// The mail came back.
    Bounced,
}

impl CodeState {
    /// The word in the store and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Used => "used",
            Self::Spent => "spent",
            Self::Bounced => "bounced",
        }
    }
}

/// A code that was sent to a role address of a claimed domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailCode {
    /// Its number.
    pub id: i64,
    /// To prove what.
    pub claim: ClaimId,
    /// Where to.
    pub address: String,
    /// The hash of the code.
    pub hash: [u8; 32],
    /// When, in seconds since 1970.
    pub sent_at: i64,
    /// Until when it is good.
    pub expires_at: i64,
    /// Wrong codes that were typed.
    pub tries: u32,
    /// How far it has come.
    pub state: CodeState,
}

const COLUMNS: &str =
    "id, organisation, kind, value, role, valid_from, valid_until, note, token, state, means, proven_at,
    expires_at, failing_since, created_at FROM claim";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Claim> {
    let kind: AssetKind = word(row, 2)?;
    let means: Option<String> = row.get(10)?;
    let proven = match means {
        None => None,
        Some(_) => Some(Proven { means: word(row, 10)?, at: row.get(11)?, expires_at: row.get(12)? }),
    };
    Ok(Claim {
        id: ClaimId(row.get(0)?),
        claimed: Claimed {
            organisation: OrganisationId(row.get(1)?),
            value: value(kind, row.get(3)?).ok_or_else(|| wrong_word(3, "value of a claim"))?,
            role: word(row, 4)?,
            valid_from: row.get(5)?,
            valid_until: row.get(6)?,
            note: row.get(7)?,
        },
        token: row.get(8)?,
        state: word(row, 9)?,
        proven,
        failing_since: row.get(13)?,
        created_at: row.get(14)?,
    })
}

/// Every claim, the oldest first.
pub fn list(connection: &Connection) -> Result<Vec<Claim>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} ORDER BY id"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read the claims")
}

/// One claim.
pub fn get(connection: &Connection, id: ClaimId) -> Result<Option<Claim>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} WHERE id = ?1"))
        .and_then(|mut statement| statement.query_row([id.0], from_row).optional())
        .doing("read a claim")
}

/// When a claim's proof was last looked up, in seconds since 1970.
pub fn looked_at(connection: &Connection, id: ClaimId) -> Result<i64, StoreError> {
    connection
        .prepare_cached("SELECT looked_at FROM claim WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id.0], |row| row.get(0)))
        .doing("read a claim")
}

/// The attempts to prove a claim, the oldest first.
pub fn attempts(connection: &Connection, id: ClaimId) -> Result<Vec<Attempt>, StoreError> {
    connection
        .prepare_cached(
            "SELECT at, actor, means, found, detail FROM proof_attempt WHERE claim = ?1 ORDER BY id",
        )
        .and_then(|mut statement| {
            statement
                .query_map([id.0], |row| {
                    Ok(Attempt {
                        at: row.get(0)?,
                        actor: row.get(1)?,
                        what: NewAttempt { means: word(row, 2)?, found: row.get(3)?, detail: row.get(4)? },
                    })
                })?
                .collect()
        })
        .doing("read the proofs of a claim")
}

/// The codes that were sent for a claim, the newest first.
pub fn codes(connection: &Connection, id: ClaimId) -> Result<Vec<MailCode>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, claim, address, code_hash, sent_at, expires_at, tries, state FROM mail_code WHERE claim = ?1
             ORDER BY id DESC",
        )
        .and_then(|mut statement| {
            statement
                .query_map([id.0], |row| {
                    Ok(MailCode {
                        id: row.get(0)?,
                        claim: ClaimId(row.get(1)?),
                        address: row.get(2)?,
                        hash: row.get(3)?,
                        sent_at: row.get(4)?,
                        expires_at: row.get(5)?,
                        tries: row.get(6)?,
                        state: match row.get_ref(7)?.as_str()? {
                            "sent" => CodeState::Sent,
                            "used" => CodeState::Used,
                            "spent" => CodeState::Spent,
                            "bounced" => CodeState::Bounced,
                            other => return Err(wrong_word(7, other)),
                        },
                    })
                })?
                .collect()
        })
        .doing("read the codes of a claim")
}

impl Store {
    /// Enters a claim, with the conflicts it opens and the asset it is at once, where policy says so.
    pub fn add_claim(
        &mut self,
        act: &Act<'_>,
        claim: &NewClaim,
        conflicts: &[NewConflict],
        change: &RegisterChange,
    ) -> Result<(ClaimId, Vec<ConflictId>), StoreError> {
        self.write(|transaction| {
            let entered = insert_claim(transaction, act, claim, conflicts)?;
            act.change_register(transaction, change)?;
            Ok(entered)
        })
    }

    /// Enters many claims, each with its conflicts, and moves others on, with what all of that means for the register. Gives how many conflicts it opened.
    pub fn replace_claims(
        &mut self,
        act: &Act<'_>,
        new: &[(NewClaim, Vec<NewConflict>)],
        steps: &[ClaimStep],
        change: &RegisterChange,
        mark: (&str, &str),
    ) -> Result<u64, StoreError> {
        self.write(|transaction| {
            steps.iter().try_for_each(|step| move_claim(transaction, act, step))?;
            let mut opened = 0;
            for (claim, conflicts) in new {
                opened += insert_claim(transaction, act, claim, conflicts)?.1.len() as u64;
            }
            act.change_register(transaction, change)?;
            transaction
                .prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1,?2)")
                .and_then(|mut statement| statement.execute([mark.0, mark.1]))
                .doing("note which list of claims is in force")?;
            Ok(opened)
        })
    }

    /// Moves claims on, with what that means for the register.
    pub fn move_claims(
        &mut self,
        act: &Act<'_>,
        steps: &[ClaimStep],
        change: &RegisterChange,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            steps.iter().try_for_each(|step| move_claim(transaction, act, step))?;
            act.change_register(transaction, change).map(|_| ())
        })
    }

    /// Records that a code was sent; an earlier one is spent.
    pub fn add_code(
        &mut self,
        act: &Act<'_>,
        claim: ClaimId,
        address: &str,
        hash: [u8; 32],
        expires_at: i64,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "UPDATE mail_code SET state = 'spent' WHERE claim = ?1 AND state = 'sent'",
                    [claim.0],
                )
                .and_then(|_| {
                    transaction.execute(
                        "INSERT INTO mail_code (claim, address, code_hash, sent_at, expires_at, tries, state)
                         VALUES (?1,?2,?3,?4,?5,0,'sent')",
                        params![claim.0, address, hash, act.at, expires_at],
                    )
                })
                .doing("record a code")?;
            act.audit(transaction, Action::CodeSent, &format!("claim:{claim}"), &json(address))
        })
    }

    /// Records what became of a code, with what it means for its claim.
    pub fn set_code(
        &mut self,
        act: &Act<'_>,
        code: &MailCode,
        step: &ClaimStep,
        change: &RegisterChange,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "UPDATE mail_code SET tries = ?2, state = ?3 WHERE id = ?1",
                    params![code.id, code.tries, code.state.as_str()],
                )
                .doing("record what became of a code")?;
            move_claim(transaction, act, step)?;
            act.change_register(transaction, change).map(|_| ())
        })
    }
}

fn insert_claim(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    claim: &NewClaim,
    conflicts: &[NewConflict],
) -> Result<(ClaimId, Vec<ConflictId>), StoreError> {
    let claimed = &claim.claimed;
    transaction
        .prepare_cached(
            "INSERT INTO claim (organisation, kind, value, role, valid_from, valid_until, note, token, state, looked_at,
             created_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?10)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                claimed.organisation.0,
                claimed.value.kind().as_str(),
                claimed.value.to_string(),
                Role::as_str(claimed.role),
                claimed.valid_from,
                claimed.valid_until,
                claimed.note,
                claim.token,
                ClaimState::Open.as_str(),
                act.at
            ])
        })
        .doing("enter a claim")?;
    let id = ClaimId(transaction.last_insert_rowid() as u32);
    let detail = format!(
        "{{\"kind\":\"{}\",\"value\":{},\"role\":\"{}\"}}",
        claimed.value.kind(),
        json(&claimed.value.to_string()),
        claimed.role
    );
    act.audit(transaction, Action::ClaimAdded, &format!("claim:{id}"), &detail)?;
    let opened = conflicts
        .iter()
        .map(|conflict| open_conflict(transaction, act, id, conflict))
        .collect::<Result<_, _>>()?;
    Ok((id, opened))
}

pub(crate) fn move_claim(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    step: &ClaimStep,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "UPDATE claim SET state = ?2, means = ?3, proven_at = ?4, expires_at = ?5, failing_since = ?6, looked_at = ?7
             WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                step.claim.0,
                step.state.as_str(),
                step.proven.map(|proven| proven.means.as_str()),
                step.proven.map(|proven| proven.at),
                step.proven.map(|proven| proven.expires_at),
                step.failing_since,
                act.at
            ])
        })
        .doing("move a claim on")?;
    let mut detail = String::new();
    if let Some(attempt) = &step.attempt {
        transaction
            .prepare_cached(
                "INSERT INTO proof_attempt (claim, at, actor, means, found, detail) VALUES (?1,?2,?3,?4,?5,?6)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    step.claim.0,
                    act.at,
                    act.actor,
                    attempt.means.as_str(),
                    attempt.found,
                    attempt.detail
                ])
            })
            .doing("record an attempt to prove a claim")?;
        detail = format!(
            "{{\"means\":\"{}\",\"found\":{},\"said\":{}}}",
            attempt.means,
            attempt.found,
            json(&attempt.detail)
        );
    }
    act.audit(transaction, step.action, &format!("claim:{}", step.claim), &detail)?;
    if step.state.is_over() { close_conflicts_of(transaction, act, step.claim) } else { Ok(()) }
}
