//! The calling list as a page.

use schakel_model::{call::CallResult, register::Register};
use schakel_store::{Reader, register};
use serde::Serialize;

use crate::calling_list;

/// The page.
#[derive(Debug, Serialize)]
pub struct Calls {
    /// Whom to call, the most pressing first.
    pub entries: Vec<Entry>,
    /// What can come of a call: words.
    pub results: Vec<&'static str>,
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
    /// Is it whoever looks?
    pub mine: bool,
    /// Why it is on the list, since when, and for which notification.
    pub about: Vec<About>,
    /// What came of calling before.
    pub before: Option<Before>,
    /// Not before this time, in seconds since 1970.
    pub not_before: Option<i64>,
    /// What to say.
    pub script: String,
}

/// What an organisation is called about.
#[derive(Debug, Serialize)]
pub struct About {
    /// A word.
    pub why: &'static str,
    /// The number of the notification.
    pub notification: u32,
    /// Since when, in seconds since 1970.
    pub since: i64,
}

/// What came of calling.
#[derive(Debug, Serialize)]
pub struct Before {
    /// A word.
    pub result: &'static str,
    /// Who called.
    pub by: String,
    /// What they noted.
    pub note: String,
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

/// The list as it is now, for whoever has this name.
pub fn calls(reader: &Reader, sender: &str, who: &str, now: i64) -> anyhow::Result<Calls> {
    let version = reader.read(register::version)?;
    let register: Register = reader.read(|connection| register::load(connection, version))?;
    let entries = calling_list::list(reader, &register, sender, now)?;
    let page = entries.into_iter().map(|one| Entry {
        locked_by: one.locked_by(now).unwrap_or_default().to_owned(),
        mine: one.locked_by(now) == Some(who),
        not_before: one.not_before(now),
        about: one
            .calls
            .iter()
            .map(|call| About {
                why: call.why.as_str(),
                notification: call.notification.0,
                since: call.added_at,
            })
            .collect(),
        before: one.calls.iter().find_map(|call| {
            let result = call.result?.as_str();
            Some(Before { result, by: call.actor.clone(), note: call.note.clone() })
        }),
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
    Ok(Calls { entries: page.collect(), results: CallResult::ALL.iter().map(|one| one.as_str()).collect() })
}
