//! `--dry-run` of commands that change what the desk keeps: the change is made for real, shown, and never committed. So what is shown is what
//! would happen, checks and refusals included.

use clap::Args;
use schakel_store::{
    Store,
    audit::Recorded,
    rehearsal::{Rehearsed, rehearsed},
};
use serde_json::{Value, json};

use crate::{
    Context,
    output::{number, plain},
};

/// Characters of a reason or a detail.
const TEXT_CHARS_MAX: usize = 200;

/// The option.
#[derive(Args, Clone, Copy, Debug)]
pub struct DryRun {
    /// Show what would change and which mails would go, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl Context {
    /// Opens the store and changes it. A dry run shows what that comes to instead, and gives `None`.
    pub fn change<T>(
        &self,
        dry_run: DryRun,
        change: impl FnOnce(&mut Store) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        let mut store = Store::open(&self.data)?;
        if !dry_run.dry_run {
            return change(&mut store).map(Some);
        }
        let since = store.rehearse()?;
        change(&mut store)?;
        let rehearsed = store.read(|connection| rehearsed(connection, since))?;
        self.show(&rehearsed)?;
        Ok(None)
    }

    fn show(&self, rehearsed: &Rehearsed) -> anyhow::Result<()> {
        let out = &self.out;
        for change in &rehearsed.changes {
            out.line(format!("would be recorded  {}", text(change)));
        }
        for mail in &rehearsed.mails {
            out.line(format!(
                "would be mailed    {}: {}",
                plain(&mail.recipient, 80),
                plain(&mail.subject, 100)
            ));
        }
        out.line(format!(
            "A dry run: nothing was changed. It would be {} changes and {} mails.",
            number(rehearsed.changes.len() as u64),
            number(rehearsed.mails.len() as u64)
        ));
        let mails: Vec<Value> = rehearsed
            .mails
            .iter()
            .map(|mail| json!({ "to": mail.recipient, "subject": mail.subject }))
            .collect();
        let changes: Vec<Value> = rehearsed.changes.iter().map(change_json).collect();
        out.json(&json!({ "dry_run": true, "changes": changes, "mails": mails }))
    }
}

fn text(change: &Recorded) -> String {
    let mut text = format!("{} {}", change.action, change.subject);
    for part in change.detail.iter().flat_map(|detail| [&detail.reason, &detail.detail]) {
        if !part.is_empty() {
            text += &format!("  {}", plain(part, TEXT_CHARS_MAX));
        }
    }
    text
}

fn change_json(change: &Recorded) -> Value {
    let detail = change.detail.as_ref().map_or("", |detail| &detail.detail);
    json!({
        "action": change.action,
        "subject": change.subject,
        "reason": change.detail.as_ref().map(|detail| &detail.reason),
        "detail": serde_json::from_str(detail).unwrap_or_else(|_| Value::from(detail)),
    })
}
