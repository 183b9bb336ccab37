//! The audit log for people: what an entry says, and whether the chain holds.

use schakel_store::{
    Reader, StoreError,
    audit::{self, Filter, Recorded},
    register_digest, users,
};
use serde::Serialize;

use crate::explain::rfc3339;

/// An entry as it is shown and exported. All that the hashes cover is in it, so that others can compute them again.
#[derive(Debug, Serialize)]
pub struct AuditEntry {
    /// Its number, from 1.
    pub entry: u64,
    /// When, RFC 3339.
    pub at: String,
    /// The desk user's number, 0 for the program.
    pub actor: u32,
    /// Who, as they were called then; when that was erased, as they are called now.
    pub actor_name: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Why; `None` when it was erased.
    pub reason: Option<String>,
    /// Before and after; `None` when there is nothing, or it was erased.
    pub detail: Option<serde_json::Value>,
    /// Were reason and detail erased?
    pub erased: bool,
    /// The salt under the commitment, in hex; `None` when it was erased.
    pub salt: Option<String>,
    /// A digest over rows that are kept elsewhere, in hex.
    pub digest: Option<String>,
    /// What the chain knows of name, reason and detail, in hex.
    pub commitment: String,
    /// The entry's place in the chain, in hex.
    pub hash: String,
    /// The detail as it is hashed, when it is no JSON.
    pub text: Option<String>,
}

/// Makes entries presentable.
pub struct Names(Vec<users::DeskUser>);

impl Names {
    /// As users are called now.
    pub fn load(reader: &Reader) -> Result<Self, StoreError> {
        Ok(Self(reader.read(users::list)?))
    }

    fn of(&self, number: u32) -> String {
        let user = self.0.iter().find(|user| user.id.0 == number);
        user.map_or_else(|| "the program".to_owned(), |user| user.name.clone())
    }

    /// An entry as it is shown.
    pub fn entry(&self, recorded: Recorded) -> AuditEntry {
        let hex = |bytes: [u8; 32]| blake3::Hash::from_bytes(bytes).to_hex().to_string();
        let (erased, salt, actor_name, reason, detail) = match recorded.detail {
            None => (true, None, self.of(recorded.actor), None, String::new()),
            Some(detail) => (false, Some(hex(detail.salt)), detail.actor, Some(detail.reason), detail.detail),
        };
        let json: Option<serde_json::Value> = serde_json::from_str(&detail).ok();
        AuditEntry {
            entry: recorded.id,
            at: rfc3339(recorded.at),
            actor: recorded.actor,
            actor_name,
            action: recorded.action,
            subject: recorded.subject,
            reason,
            text: (json.is_none() && !detail.is_empty()).then_some(detail),
            detail: json,
            erased,
            salt,
            digest: recorded.digest.map(hex),
            commitment: hex(recorded.commitment),
            hash: hex(recorded.hash),
        }
    }
}

/// The newest entries first.
pub fn list(reader: &Reader, filter: &Filter, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
    let names = Names::load(reader)?;
    let entries = reader.read(|connection| audit::list(connection, filter, limit))?;
    Ok(entries.into_iter().map(|entry| names.entry(entry)).collect())
}

/// The number of a desk user, for a filter; 0 for the program.
pub fn actor_number(reader: &Reader, name: &str) -> anyhow::Result<u32> {
    if ["0", "program", "command line"].contains(&name) {
        return Ok(0);
    }
    let user = reader.read(|connection| users::by_name(connection, name))?;
    Ok(user
        .ok_or_else(|| anyhow::anyhow!("there is no desk user {name}. `schakel user list` names them"))?
        .id
        .0)
}

/// What was checked of the audit log, and what is wrong.
#[derive(Debug, Serialize)]
pub struct Audited {
    /// Nothing is wrong.
    pub ok: bool,
    /// Entries in the chain.
    pub entries: u64,
    /// Entries whose detail was erased.
    pub erased: u64,
    /// The head, to note down: `12:5f0c…`.
    pub head: String,
    /// What is wrong, each with what it is about first.
    pub problems: Vec<(String, String)>,
}

/// Walks the chain, and computes again what entries say of the register. `noted` is a head that was written down earlier.
pub fn verify(reader: &Reader, noted: Option<(u64, [u8; 32])>) -> Result<Audited, StoreError> {
    let walk = reader.read(|connection| audit::verify(connection, noted))?;
    let mut problems = Vec::new();
    if let Some(broken) = &walk.broken {
        problems.push((format!("audit entry {}", broken.entry), broken.what.clone()));
    }
    for version in reader.read(register_digest::changed_versions)? {
        problems.push((
            format!("version {version} of the register"),
            "holds other rows than its audit entry says".to_owned(),
        ));
    }
    Ok(Audited {
        ok: problems.is_empty(),
        entries: walk.entries,
        erased: walk.erased,
        head: audit::head_text(&walk.head),
        problems,
    })
}
