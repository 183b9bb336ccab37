//! Who asked never to be written to by the safety net: mail addresses and domains.

use rusqlite::{Connection, params};

use crate::{Store, StoreError, act::Act, audit::Action, error::DatabaseContext};

/// Somebody who is not written to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DoNotContact {
    /// A mail address or a domain, in lower case.
    pub subject: String,
    /// Since when, in seconds since 1970.
    pub at: i64,
    /// Who entered it.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// All of them, by subject.
pub fn list(connection: &Connection) -> Result<Vec<DoNotContact>, StoreError> {
    connection
        .prepare_cached("SELECT subject, at, actor, reason FROM do_not_contact ORDER BY subject")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(DoNotContact {
                        subject: row.get(0)?,
                        at: row.get(1)?,
                        actor: row.get(2)?,
                        reason: row.get(3)?,
                    })
                })?
                .collect()
        })
        .doing("read who must not be written to")
}

impl Store {
    /// From now on this address or domain is not written to. The audit entry names only that there was one.
    pub fn do_not_contact(&mut self, act: &Act<'_>, subject: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "REPLACE INTO do_not_contact VALUES (?1,?2,?3,?4)",
                    params![subject, act.at, act.actor, act.reason],
                )
                .doing("record who must not be written to")?;
            act.audit(transaction, Action::ContactBlocked, "safety_net", &detail(subject))
        })
    }

    /// This address or domain may be written to again. Gives whether it was on the list.
    pub fn may_contact(&mut self, act: &Act<'_>, subject: &str) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let gone = transaction
                .execute("DELETE FROM do_not_contact WHERE subject = ?1", [subject])
                .doing("record who may be written to")?;
            if gone > 0 {
                act.audit(transaction, Action::ContactAllowed, "safety_net", &detail(subject))?;
            }
            Ok(gone > 0)
        })
    }
}

/// It may name a person, so it stands where it can be erased.
fn detail(subject: &str) -> String {
    format!("{{\"subject\":\"{}\"}}", subject.replace(['"', '\\'], ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    #[test]
    fn who_asked_stands_until_they_are_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let act = Act { at: 7, actor: "jan", reason: "asked by mail" };
        store.do_not_contact(&act, "isp.example").unwrap();
        let stands = store.read(list).unwrap();
        let expected = DoNotContact {
            subject: "isp.example".into(),
            at: 7,
            actor: "jan".into(),
            reason: "asked by mail".into(),
        };
        assert_eq!(stands, [expected]);
        assert!(store.may_contact(&act, "isp.example").unwrap());
        assert!(!store.may_contact(&act, "isp.example").unwrap());
        assert!(store.read(list).unwrap().is_empty());
    }
}
