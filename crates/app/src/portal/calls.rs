//! The calling list as a page.

use schakel_model::register::Register;
use schakel_store::{Reader, register};
use serde::Serialize;

use crate::calling_list;

/// The page.
#[derive(Debug, Serialize)]
pub struct Calls {
    /// Whom to call, the most pressing first.
    pub entries: Vec<Entry>,
}

/// An organisation to call.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// A word.
    pub severity: &'static str,
    /// Whom to ask for.
    pub callable: Vec<Callable>,
    /// Who is calling now; empty: nobody.
    pub locked_by: String,
    /// Not before this time, in seconds since 1970.
    pub not_before: Option<i64>,
    /// What to say.
    pub script: String,
}

/// Somebody to ask for.
#[derive(Debug, Serialize)]
pub struct Callable {
    /// Their name; may be empty.
    pub name: String,
    /// A word.
    pub role: &'static str,
    /// Their number.
    pub phone: String,
}

/// The list as it is now.
pub fn calls(reader: &Reader, sender: &str, now: i64) -> anyhow::Result<Calls> {
    let version = reader.read(register::version)?;
    let register: Register = reader.read(|connection| register::load(connection, version))?;
    let entries = calling_list::list(reader, &register, sender, now)?;
    let page = entries.into_iter().map(|one| Entry {
        locked_by: one.locked_by(now).unwrap_or_default().to_owned(),
        not_before: one.not_before(now),
        severity: one.severity.as_str(),
        callable: one
            .callable
            .into_iter()
            .map(|who| Callable { name: who.name, role: who.role.as_str(), phone: who.phone })
            .collect(),
        code: one.code,
        name: one.name,
        script: one.script,
    });
    Ok(Calls { entries: page.collect() })
}
