//! What is said where something was erased: when, and by whom or by which rule.

use schakel_store::{
    Reader, StoreError,
    audit::{self, Action},
    erase::ErasedBy,
};

use crate::{audit::Names, explain::rfc3339};

/// "erased on 2026-11-21T09:00:00Z by jan (audit entry 12)".
pub fn words(reader: &Reader, by: ErasedBy) -> Result<String, StoreError> {
    let ErasedBy { entry, at } = by;
    let recorded = reader.read(|connection| audit::get(connection, entry))?;
    let who = match recorded {
        Some(recorded) if recorded.action == Action::RetentionRun.as_str() => {
            format!("the rule {}", recorded.subject)
        }
        Some(recorded) => Names::load(reader)?.entry(recorded).actor_name,
        None => "nobody knows whom".to_owned(),
    };
    Ok(format!("erased on {} by {who} (audit entry {entry})", rfc3339(at)))
}
