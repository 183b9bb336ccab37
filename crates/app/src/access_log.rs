//! Who looked at a raw report or at confidential items: in the audit log before they see it.

use std::collections::HashMap;

use anyhow::Context;
use schakel_model::{ids::EventId, tlp::Tlp};
use schakel_store::{
    Reader, StoreError,
    audit::{Action, Entry, record_access},
    chunks, reports,
};

use crate::users::Actor;

/// Who looks, and when.
pub struct Looker<'a> {
    /// The store they look into.
    pub reader: &'a Reader,
    /// Who.
    pub actor: &'a Actor,
    /// When, in seconds since 1970.
    pub now: i64,
}

impl Looker<'_> {
    /// At bytes of a report as they came; `subject` is `report:17` or `event:17:4023`.
    pub fn raw(&self, subject: &str) -> anyhow::Result<()> {
        self.record(Action::RawReportRead, subject)
    }

    /// At an item with this marking; what all members may see is not recorded.
    pub fn item(&self, subject: &str, tlp: Tlp) -> anyhow::Result<()> {
        if is_confidential(tlp) { self.record(Action::ConfidentialRead, subject) } else { Ok(()) }
    }

    /// At a list, of which the confidential ones are named. `list` says which list, `items` are names of items with the event that says
    /// how they are marked.
    pub fn list(&self, list: &str, items: impl Iterator<Item = (String, EventId)>) -> anyhow::Result<()> {
        let mut named = Vec::new();
        let mut of_report = HashMap::new();
        for (name, event) in items {
            // Members of a report may be marked differently, but a look-up for each row of a long list would take too long.
            let tlp = match of_report.get(&event.report) {
                Some(tlp) => *tlp,
                None => {
                    let members =
                        self.reader.read(|connection| reports::members(connection, event.report))?;
                    let highest = members.iter().map(|member| member.terms.tlp).max().unwrap_or(Tlp::Red);
                    *of_report.entry(event.report).or_insert(highest)
                }
            };
            if is_confidential(tlp) {
                named.push(name);
            }
        }
        self.confidential(list, &named)
    }

    /// At a list in which these items are confidential.
    pub fn confidential(&self, list: &str, named: &[String]) -> anyhow::Result<()> {
        if named.is_empty() {
            return Ok(());
        }
        self.record_with(Action::ConfidentialRead, list, &serde_json::json!({ "items": named }).to_string())
    }

    fn record(&self, action: Action, subject: &str) -> anyhow::Result<()> {
        self.record_with(action, subject, "")
    }

    fn record_with(&self, action: Action, subject: &str, detail: &str) -> anyhow::Result<()> {
        let entry = Entry { at: self.now, actor: self.actor.name(), action, subject, reason: "", detail };
        record_access(self.reader.data(), &entry)
            .context("who looks at this is recorded first, and that failed")
            .map(|_| ())
    }
}

/// Is it for named persons, or for one organisation only?
pub fn is_confidential(tlp: Tlp) -> bool {
    tlp >= Tlp::AmberStrict
}

/// The marking of an event; of one that does not exist the strictest.
pub fn marking(reader: &Reader, event: EventId) -> Result<Tlp, StoreError> {
    let chunk = reader.read(|connection| chunks::of_row(connection, event.report, event.row))?;
    match chunk {
        Some(chunk) => reader.read(|connection| reports::marking(connection, chunk.report, chunk.member)),
        None => Ok(Tlp::Red),
    }
}
