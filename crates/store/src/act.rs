//! Who changes something, when and why; and the two things most changes do with it: a new version of the register, an audit entry.

use schakel_model::ids::RegisterVersion;

use crate::{
    StoreError,
    audit::{self, Action, Entry},
    register::{self, RegisterChange},
    transaction::Transaction,
};

/// Who changes something, when and why.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who: a desk user's name, or a part of the program.
    pub actor: &'a str,
    /// Why, as they said it; may be empty.
    pub reason: &'a str,
}

impl Act<'_> {
    /// Appends an audit entry to the transaction of what it tells.
    pub(crate) fn audit(
        &self,
        transaction: &Transaction<'_>,
        action: Action,
        subject: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        let Self { at, actor, reason } = *self;
        audit::append(transaction, &Entry { at, actor, action, subject, reason, detail }).map(|_| ())
    }

    /// Records something that was done outside the store, in a transaction of the caller.
    pub fn record(
        &self,
        transaction: &Transaction<'_>,
        action: Action,
        subject: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        self.audit(transaction, action, subject, &json(detail))
    }

    /// Changes the register within the transaction; a change of nothing is no new version.
    pub(crate) fn change_register(
        &self,
        transaction: &Transaction<'_>,
        change: &RegisterChange,
    ) -> Result<Option<RegisterVersion>, StoreError> {
        if *change == RegisterChange::default() {
            return Ok(None);
        }
        register::apply(transaction, self.at, self.actor, self.reason, change).map(Some)
    }
}

/// Text as a JSON string, for the detail of an audit entry.
pub(crate) fn json(text: &str) -> String {
    use std::fmt::Write;
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // A string takes everything.
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_becomes_a_json_string() {
        assert_eq!(super::json("a\"b\\c\nd\u{7f}é"), "\"a\\\"b\\\\c\\u000ad\\u007fé\"");
    }
}
