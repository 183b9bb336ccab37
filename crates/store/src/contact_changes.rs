//! Changes of contacts that wait for a second pair of eyes, and contacts who leave.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    fate::Fate,
    ids::{ContactId, OrganisationId, PendingChangeId, RegisterVersion},
    register::Contact,
    tlp::Tlp,
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    contact_keys::{NewKey, insert_key},
    error::DatabaseContext,
    outbox::{any_hope, carried, set_fate, withheld},
    register::RegisterChange,
    register_rows::word,
    transaction::Transaction,
};

/// A change about to be put before a second pair of eyes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPending {
    /// Who changes; `None`: somebody new.
    pub contact: Option<ContactId>,
    /// The contact as it would be; its `id` means nothing.
    pub after: Contact,
    /// The key that would be theirs, when the change is a key.
    pub key: Option<NewKey>,
    /// The register when it was asked for: a number that stands in it was known before.
    pub register_version: RegisterVersion,
}

/// A change that waits or waited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    /// Its number.
    pub id: PendingChangeId,
    /// What would change.
    pub change: NewPending,
    /// When it was asked for, in seconds since 1970.
    pub requested_at: i64,
    /// Who asked for it.
    pub requested_by: String,
    /// Why.
    pub reason: String,
    /// How it ended.
    pub decision: Option<Decision>,
}

/// How a change ended that waited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who decided.
    pub actor: String,
    /// Was it approved?
    pub approved: bool,
    /// The number that was called back.
    pub called_back: String,
}

const COLUMNS: &str = "id, organisation, contact, register_version, role, name, email, phone, language, tlp_max, position,
    valid_from, valid_until, key_kind, key_fingerprint, key_bytes, requested_at, requested_by, reason, decided_at, decided_by,
    approved, called_back FROM pending_change";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Pending> {
    let organisation = OrganisationId(row.get(1)?);
    let key = match row.get::<_, Option<String>>(13)? {
        None => None,
        Some(_) => Some(NewKey { kind: word(row, 13)?, fingerprint: row.get(14)?, bytes: row.get(15)? }),
    };
    let decision = match row.get::<_, Option<i64>>(19)? {
        None => None,
        Some(at) => Some(Decision {
            at,
            actor: row.get(20)?,
            approved: row.get(21)?,
            called_back: row.get::<_, Option<String>>(22)?.unwrap_or_default(),
        }),
    };
    Ok(Pending {
        id: PendingChangeId(row.get(0)?),
        change: NewPending {
            contact: row.get::<_, Option<u32>>(2)?.map(ContactId),
            after: Contact {
                id: ContactId(0),
                organisation,
                role: word(row, 4)?,
                name: row.get(5)?,
                email: row.get(6)?,
                phone: row.get(7)?,
                language: word(row, 8)?,
                tlp_max: Tlp::ALL.get(usize::from(row.get::<_, u8>(9)?)).copied().unwrap_or(Tlp::Clear),
                position: row.get(10)?,
                valid_from: row.get(11)?,
                valid_until: row.get(12)?,
            },
            key,
            register_version: RegisterVersion(row.get(3)?),
        },
        requested_at: row.get(16)?,
        requested_by: row.get(17)?,
        reason: row.get(18)?,
        decision,
    })
}

/// Every change that waits or waited, the oldest first.
pub fn list(connection: &Connection) -> Result<Vec<Pending>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} ORDER BY id"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read the changes that wait")
}

/// One change.
pub fn get(connection: &Connection, id: PendingChangeId) -> Result<Option<Pending>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} WHERE id = ?1"))
        .and_then(|mut statement| statement.query_row([id.0], from_row).optional())
        .doing("read a change that waits")
}

/// Has an organisation, or had it ever, a trusted contact, up to a version of the register?
pub fn ever_trusted(
    connection: &Connection,
    organisation: OrganisationId,
    version: RegisterVersion,
) -> Result<bool, StoreError> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM contact WHERE organisation = ?1 AND role = 'vcib' AND recorded_in <= ?2)",
        )
        .and_then(|mut statement| statement.query_row(params![organisation.0, version.0], |row| row.get(0)))
        .doing("look for trusted contacts of an organisation")
}

/// Telephone numbers of contacts of an organisation that stood in the register at a version or before, and that nobody of a member recorded.
pub fn numbers_by_desk(
    connection: &Connection,
    organisation: OrganisationId,
    version: RegisterVersion,
) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached(
            "SELECT DISTINCT contact.phone FROM contact JOIN register_version ON register_version.version = contact.recorded_in
             WHERE contact.organisation = ?1 AND contact.recorded_in <= ?2
               AND NOT EXISTS (SELECT 1 FROM account WHERE account.name = register_version.actor AND account.organisation <> '')",
        )
        .and_then(|mut statement| {
            statement.query_map(params![organisation.0, version.0], |row| row.get(0))?.collect()
        })
        .doing("read the telephone numbers of an organisation")
}

/// What a contact's leaving has done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Left {
    /// Messages that were waiting for them, and are not sent any more.
    pub messages: Vec<i64>,
    /// Assignments that nobody else was to be told of, and that are told anew or wait.
    pub told_anew: u64,
}

impl Store {
    /// Puts changes before a second pair of eyes.
    pub fn request_changes(
        &mut self,
        act: &Act<'_>,
        code: &str,
        changes: &[NewPending],
    ) -> Result<Vec<PendingChangeId>, StoreError> {
        self.write(|transaction| {
            changes.iter().map(|change| request(transaction, act, code, change)).collect()
        })
    }

    /// Changes the register, and in the same transaction puts before a second pair of eyes what was held back from the change, each with the
    /// code of its organisation. A change of nothing is no new version.
    pub fn change_register_but(
        &mut self,
        act: &Act<'_>,
        change: &RegisterChange,
        held: &[(String, NewPending)],
    ) -> Result<Option<RegisterVersion>, StoreError> {
        self.write(|transaction| {
            for (code, one) in held {
                request(transaction, act, code, one)?;
            }
            act.change_register(transaction, change)
        })
    }

    /// Approves a change: the register and the key change in the same transaction.
    pub fn approve_change(
        &mut self,
        act: &Act<'_>,
        pending: &Pending,
        called_back: &str,
        change: &RegisterChange,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            decide(transaction, act, pending, true, called_back)?;
            if let Some(key) = &pending.change.key {
                insert_key(
                    transaction,
                    act,
                    pending.change.after.organisation,
                    &pending.change.after.email,
                    key,
                )?;
            }
            act.change_register(transaction, change)?;
            act.audit(
                transaction,
                Action::ContactChangeApproved,
                &format!("contact_change:{}", pending.id),
                &format!("{{\"called_back\":{}}}", json(called_back)),
            )
        })
    }

    /// Refuses a change.
    pub fn refuse_change(&mut self, act: &Act<'_>, pending: &Pending) -> Result<(), StoreError> {
        self.write(|transaction| {
            decide(transaction, act, pending, false, "")?;
            act.audit(
                transaction,
                Action::ContactChangeRefused,
                &format!("contact_change:{}", pending.id),
                "",
            )
        })
    }

    /// A contact leaves: out of the register, and what was waiting for them is not sent. Assignments that no other message tells get
    /// the fate `otherwise`, so that they are told to whoever is left.
    pub fn contact_leaves(
        &mut self,
        act: &Act<'_>,
        contact: &Contact,
        change: &RegisterChange,
        otherwise: Fate,
    ) -> Result<Left, StoreError> {
        self.write(|transaction| {
            act.change_register(transaction, change)?;
            let left = withdraw_messages(transaction, act.at, contact, otherwise)?;
            let detail = format!(
                "{{\"role\":\"{}\",\"email\":{},\"messages\":{}}}",
                contact.role,
                json(&contact.email),
                left.messages.len()
            );
            act.audit(transaction, Action::ContactLeft, &format!("contact:{}", contact.id), &detail)?;
            Ok(left)
        })
    }
}

fn request(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    code: &str,
    change: &NewPending,
) -> Result<PendingChangeId, StoreError> {
    let id = insert(transaction, act, change).doing("record a change that waits")?;
    let subject = format!("organisation:{code}");
    act.audit(transaction, Action::ContactChangeRequested, &subject, &detail(&change.after))?;
    Ok(id)
}

fn insert(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    change: &NewPending,
) -> rusqlite::Result<PendingChangeId> {
    let NewPending { contact, after, key, register_version } = change;
    transaction
        .prepare_cached(
            "INSERT INTO pending_change (organisation, contact, register_version, role, name, email, phone, language, tlp_max,
             position, valid_from, valid_until, key_kind, key_fingerprint, key_bytes, requested_at, requested_by, reason)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
        )?
        .execute(params![
            after.organisation.0,
            contact.map(|contact| contact.0),
            register_version.0,
            after.role.as_str(),
            after.name,
            after.email,
            after.phone,
            after.language.as_str(),
            after.tlp_max as u8,
            after.position,
            after.valid_from,
            after.valid_until,
            key.as_ref().map(|key| key.kind.as_str()),
            key.as_ref().map(|key| &key.fingerprint),
            key.as_ref().map(|key| &key.bytes),
            act.at,
            act.actor,
            act.reason
        ])?;
    Ok(PendingChangeId(transaction.last_insert_rowid() as u32))
}

fn decide(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    pending: &Pending,
    approved: bool,
    called_back: &str,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE pending_change SET decided_at = ?2, decided_by = ?3, approved = ?4, called_back = ?5 WHERE id = ?1",
            params![pending.id.0, act.at, act.actor, approved, called_back],
        )
        .doing("decide a change that waits")
        .map(|_| ())
}

fn detail(contact: &Contact) -> String {
    format!(
        "{{\"role\":\"{}\",\"name\":{},\"email\":{},\"phone\":{}}}",
        contact.role,
        json(&contact.name),
        json(&contact.email),
        json(&contact.phone)
    )
}

fn withdraw_messages(
    transaction: &Transaction<'_>,
    at: i64,
    contact: &Contact,
    otherwise: Fate,
) -> Result<Left, StoreError> {
    const WHY: &str = "the recipient left the organisation";
    let doing = "withdraw messages of a contact who leaves";
    let rows: Vec<(i64, u32)> = transaction
        .prepare_cached(
            "UPDATE message SET state = 3, finished_at = ?1, outcome = ?2
             WHERE state IN (0, 4) AND role = ?3 AND lower(trim(recipient)) = lower(trim(?4))
                AND notification IN (SELECT id FROM notification WHERE organisation = ?5)
             RETURNING id, (SELECT n.lead FROM notification n WHERE n.id = message.notification)",
        )
        .and_then(|mut statement| {
            statement
                .query_map(
                    params![at, WHY, contact.role.as_str(), contact.email, contact.organisation.0],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )?
                .collect()
        })
        .doing(doing)?;
    let mut left = Left::default();
    for (message, lead) in rows {
        carried::dissolve(transaction, at, message)?;
        left.messages.push(message);
        if any_hope(transaction, lead)? || withheld::any(transaction, lead)? {
            continue;
        }
        let blocks: Vec<(i64, u64)> = transaction
            .prepare_cached("SELECT id, count FROM assignment_block WHERE reference = ?1 AND fate IN (1, 9)")
            .and_then(|mut statement| {
                statement.query_map([lead], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?.collect()
            })
            .doing(doing)?;
        for (block, count) in blocks {
            set_fate(transaction, at, block, otherwise, None, WHY)?;
            left.told_anew += count;
        }
    }
    Ok(left)
}
