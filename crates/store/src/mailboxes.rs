//! What became known of the mail addresses that we write to: mails that came back, complaints, and those that somebody else may read.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    call::CallReason,
    fate::Fate,
    ids::{FindingId, NotificationId},
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    calls::{self, NewCall},
    error::DatabaseContext,
    follow_ups,
    outbox::{NewNotification, Notification, any_hope, set_fate, withheld},
    transaction::Transaction,
};

/// What is known of an address. Times are seconds since 1970; one that is there: it holds since then.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mailbox {
    /// The address, in small letters.
    pub address: String,
    /// There is no such mailbox.
    pub failed_at: Option<i64>,
    /// Mails that came back since it was last trusted again.
    pub failures: u32,
    /// When the last one came back.
    pub last_failure_at: Option<i64>,
    /// What was said then.
    pub failure: String,
    /// Its reader marked our mail as unwanted.
    pub complained_at: Option<i64>,
    /// Somebody else may read it.
    pub compromised_at: Option<i64>,
    /// The finding that shows that.
    pub compromised_by: Option<FindingId>,
}

impl Mailbox {
    /// May a mail go there?
    pub fn is_usable(&self) -> bool {
        self.failed_at.is_none() && self.compromised_at.is_none()
    }
}

/// Does a mail that came back say anything of the next one?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// There is no such mailbox.
    Hard,
    /// It may work another time.
    Soft,
}

/// What a mail that came back has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Returned {
    /// Was it new? The same mail can come back more than once.
    pub new: bool,
    /// Assignments that nobody has been told now.
    pub untold: u64,
}

impl Store {
    /// Records that a message came back. When none of those that tell the same is left, its assignments get the fate `otherwise`: queued, to be told
    /// to somebody else, or undeliverable.
    pub fn message_returned(
        &mut self,
        act: &Act<'_>,
        message: i64,
        failure: Failure,
        answer: &str,
        otherwise: Fate,
    ) -> Result<Returned, StoreError> {
        self.write(|transaction| {
            let outcome = format!("came back: {answer}");
            let row: Option<(String, u32)> = transaction
                .prepare_cached(
                    "UPDATE message SET state = 3, finished_at = ?2, outcome = ?3 WHERE id = ?1 AND state <> 3
                     RETURNING recipient, (SELECT n.lead FROM notification n WHERE n.id = message.notification)",
                )
                .and_then(|mut statement| {
                    statement
                        .query_row(params![message, act.at, outcome], |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()
                })
                .doing("give a message up that came back")?;
            let Some((recipient, lead)) = row else { return Ok(Returned::default()) };
            failed(transaction, act.at, &recipient, failure, answer)?;
            act.audit(transaction, Action::MailReturned, &format!("message:{message}"), "")?;
            let untold = tell_otherwise(transaction, act.at, lead, otherwise, &outcome)?;
            Ok(Returned { new: true, untold })
        })
    }

    /// Records that a mail is late. It may still arrive.
    pub fn message_delayed(&mut self, at: i64, recipient: &str, answer: &str) -> Result<(), StoreError> {
        self.write(|transaction| failed(transaction, at, recipient, Failure::Soft, answer))
    }

    /// Records that a reader marked our mail as unwanted.
    pub fn complained(&mut self, act: &Act<'_>, address: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            put(transaction, address, "complained_at = coalesce(complained_at, ?2)", act.at)?;
            act.audit(
                transaction,
                Action::MailboxChanged,
                "mailbox",
                &json(&format!("complaint of {address}")),
            )
        })
    }

    /// Somebody else may read what is sent there: nothing goes there any more. Messages that wait are given up, and their assignments get the
    /// fate `otherwise(lead)`. Gives the leads of those that nobody else is told.
    pub fn compromised(
        &mut self,
        act: &Act<'_>,
        address: &str,
        by: Option<FindingId>,
        otherwise: &dyn Fn(NotificationId) -> Fate,
    ) -> Result<Vec<NotificationId>, StoreError> {
        const WHY: &str = "somebody else may read this mailbox";
        self.write(|transaction| {
            put(transaction, address, "compromised_at = coalesce(compromised_at, ?2)", act.at)?;
            if let Some(by) = by {
                transaction
                    .execute(
                        "UPDATE mailbox SET compromised_by = coalesce(compromised_by, ?2) WHERE address = ?1",
                        params![folded(address), by.0],
                    )
                    .doing("mark a mail address")?;
            }
            act.audit(transaction, Action::MailboxChanged, "mailbox", &json(&format!("compromised: {address}")))?;
            let leads: Vec<u32> = transaction
                .prepare_cached(
                    "UPDATE message SET state = 3, finished_at = ?2, outcome = ?3 WHERE state IN (0, 4) AND lower(trim(recipient)) = ?1
                     RETURNING (SELECT n.lead FROM notification n WHERE n.id = message.notification)",
                )
                .and_then(|mut statement| {
                    statement.query_map(params![folded(address), act.at, WHY], |row| row.get(0))?.collect()
                })
                .doing("give up what waits for a mail address")?;
            let mut alone = Vec::new();
            for lead in leads.into_iter().map(NotificationId) {
                if tell_otherwise(transaction, act.at, lead.0, otherwise(lead), WHY)? > 0 {
                    alone.push(lead);
                }
            }
            Ok(alone)
        })
    }

    /// Stores notifications that nobody can be written to: their organisations are put on the calling list, and their assignments have no contact.
    pub fn store_for_the_telephone(
        &mut self,
        new: Vec<(NewNotification, CallReason)>,
        at: i64,
    ) -> Result<(), StoreError> {
        let calls: Vec<(NewCall, Vec<i64>)> = new
            .iter()
            .map(|(one, why)| {
                let Notification { organisation, lead, .. } = one.notification;
                (NewCall { organisation, notification: lead, why: *why }, one.blocks.clone())
            })
            .collect();
        let new: Vec<NewNotification> = new.into_iter().map(|(one, _)| one).collect();
        self.store_notifications_and(&new, at, |transaction| {
            for (call, blocks) in &calls {
                let why = format!(
                    "no mailbox can be used ({}): N{} is on the calling list",
                    call.why, call.notification
                );
                for block in blocks {
                    set_fate(transaction, at, *block, Fate::NoContact, Some(call.notification.0), &why)?;
                }
                calls::add(transaction, at, call)?;
            }
            Ok(())
        })
    }

    /// An address is as good as new. Was anything known of it?
    pub fn trust_mailbox_again(&mut self, act: &Act<'_>, address: &str) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let gone = transaction
                .execute("DELETE FROM mailbox WHERE address = ?1", [folded(address)])
                .doing("trust a mail address again")?;
            if gone > 0 {
                act.audit(
                    transaction,
                    Action::MailboxChanged,
                    "mailbox",
                    &json(&format!("trusted again: {address}")),
                )?;
            }
            Ok(gone > 0)
        })
    }
}

/// The assignments of a notification that no message tells any more get another fate. Gives how many.
fn tell_otherwise(
    transaction: &Transaction<'_>,
    at: i64,
    lead: u32,
    otherwise: Fate,
    why: &str,
) -> Result<u64, StoreError> {
    if any_hope(transaction, lead)? {
        return Ok(0);
    }
    // One that is withheld until it can be read in safety may still go.
    let otherwise = if withheld::any(transaction, lead)? { Fate::Held } else { otherwise };
    let blocks: Vec<(i64, u8, i64)> = transaction
        .prepare_cached(&format!(
            "SELECT id, fate, count FROM assignment_block
             WHERE reference = ?1 AND (fate IN (?2, ?3) OR {})",
            withheld::HELD
        ))
        .and_then(|mut statement| {
            statement
                .query_map(params![lead, Fate::Queued as u8, Fate::Notified as u8], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect()
        })
        .doing("find the assignments of a notification")?;
    // What is told anew names nothing yet.
    let reference = matches!(otherwise, Fate::Undeliverable | Fate::Held).then_some(lead);
    let mut count = 0;
    let is_held = |fate: u8| fate == Fate::Held as u8 && otherwise == Fate::Held;
    for (block, _, findings) in blocks.into_iter().filter(|(_, fate, _)| !is_held(*fate)) {
        set_fate(transaction, at, block, otherwise, reference, why)?;
        count += findings as u64;
    }
    match otherwise {
        Fate::Held => Ok(0),
        Fate::Queued if count > 0 => follow_ups::forget(transaction, lead).map(|()| count),
        _ => Ok(count),
    }
}

fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

fn put(transaction: &Transaction<'_>, address: &str, set: &str, at: i64) -> Result<(), StoreError> {
    let insert = "INSERT INTO mailbox (address, failures, failure) VALUES (?1, 0, '') ON CONFLICT DO NOTHING";
    transaction.execute(insert, [folded(address)]).doing("mark a mail address")?;
    transaction
        .execute(&format!("UPDATE mailbox SET {set} WHERE address = ?1"), params![folded(address), at])
        .doing("mark a mail address")
        .map(|_| ())
}

pub(crate) fn failed(
    transaction: &Transaction<'_>,
    at: i64,
    address: &str,
    failure: Failure,
    answer: &str,
) -> Result<(), StoreError> {
    put(transaction, address, "failures = failures + 1, last_failure_at = ?2", at)?;
    transaction
        .execute("UPDATE mailbox SET failure = ?2 WHERE address = ?1", params![folded(address), answer])
        .doing("mark a mail address")?;
    match failure {
        Failure::Hard => put(transaction, address, "failed_at = coalesce(failed_at, ?2)", at),
        Failure::Soft => Ok(()),
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Mailbox> {
    Ok(Mailbox {
        address: row.get(0)?,
        failed_at: row.get(1)?,
        failures: row.get(2)?,
        last_failure_at: row.get(3)?,
        failure: row.get(4)?,
        complained_at: row.get(5)?,
        compromised_at: row.get(6)?,
        compromised_by: row.get::<_, Option<u32>>(7)?.map(FindingId),
    })
}

/// Every address of which something is known.
pub fn list(connection: &Connection) -> Result<Vec<Mailbox>, StoreError> {
    connection
        .prepare_cached(
            "SELECT address, failed_at, failures, last_failure_at, failure, complained_at, compromised_at, compromised_by
             FROM mailbox ORDER BY address",
        )
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read what is known of mail addresses")
}

/// Addresses, in small letters, to which nothing may be sent.
pub fn unusable(connection: &Connection) -> Result<HashSet<String>, StoreError> {
    Ok(list(connection)?.into_iter().filter(|one| !one.is_usable()).map(|one| one.address).collect())
}

/// When a mail to this address was last accepted.
pub fn last_accepted(connection: &Connection, address: &str) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT max(finished_at) FROM message WHERE recipient = ?1 AND state = 2")
        .and_then(|mut statement| statement.query_row([address], |row| row.get(0)))
        .doing("read when a mail was last accepted")
}

#[cfg(test)]
mod tests {
    use schakel_model::{ids::OrganisationId, severity::Severity};

    use super::*;
    use crate::{
        data_dir::DataDir,
        follow_ups::{Holds, Tells},
    };

    const ACT: Act<'static> = Act { at: 100, actor: "serve", reason: "" };

    /// A notification of one message for each address, accepted, and one assignment that it tells.
    fn store(addresses: &[&str]) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        store
            .write(|transaction| {
                let run = |sql: &str| transaction.execute(sql, []).doing("prepare");
                run("INSERT INTO notification (id, epoch, organisation, language, created_at, tlp, findings, subject, lead, kind)
                     VALUES (7, 0, 1, 'nl', 50, 1, 1, 'x', 7, 'findings')")?;
                for address in addresses {
                    run(&format!(
                        "INSERT INTO message (notification, recipient, role, message_id, segment, offset, length, raw_length, state, attempts,
                            next_at, created_at) VALUES (7, '{address}', 'findings', '{address}', 0, 0, 0, 0, 2, 1, 0, 50)"
                    ))?;
                }
                run("INSERT INTO assignment_block (id, chunk, report, organisation, role, end, count, fate, reference, findings)
                     VALUES (1, 1, 1, 1, 0, 0, 3, 2, 7, x'00')")?;
                let tells = Tells {
                    finding: FindingId(3),
                    severity: Severity::High,
                    compromised: false,
                    deadline: None,
                    same_case: true,
                    cves: Vec::new(),
                };
                follow_ups::tell(transaction, OrganisationId(1), (NotificationId(7), Holds::Assignments), 50, &[tells])
            })
            .unwrap();
        (folder, store)
    }

    /// Is the finding recorded as told?
    fn is_told(store: &Store) -> bool {
        store
            .read(|connection| follow_ups::get(connection, OrganisationId(1), FindingId(3)))
            .unwrap()
            .is_some()
    }

    fn fate(store: &Store) -> u8 {
        let sql = "SELECT fate FROM assignment_block WHERE id = 1";
        store.read(|connection| connection.query_row(sql, [], |row| row.get(0)).doing("read")).unwrap()
    }

    fn known(store: &Store, address: &str) -> Mailbox {
        store.read(list).unwrap().into_iter().find(|one| one.address == address).unwrap_or_default()
    }

    #[test]
    fn when_the_last_message_comes_back_the_findings_are_told_otherwise() {
        let (_folder, mut store) = store(&["a@x.example", "B@x.example"]);
        let mut back = |message, otherwise| {
            store.message_returned(&ACT, message, Failure::Hard, "no such user", otherwise).unwrap()
        };
        assert_eq!(back(1, Fate::Queued), Returned { new: true, untold: 0 });
        assert_eq!(back(2, Fate::Queued), Returned { new: true, untold: 3 });
        // A storm of the same.
        for _ in 0..100 {
            assert_eq!(back(2, Fate::Undeliverable), Returned::default());
        }
        assert_eq!(fate(&store), Fate::Queued as u8);
        assert!(!is_told(&store), "nobody has been told, until somebody is");
        let b = known(&store, "b@x.example");
        assert_eq!((b.failures, b.failed_at, b.failure.as_str()), (1, Some(100), "no such user"));
        assert_eq!(store.read(unusable).unwrap().len(), 2);
        assert!(store.trust_mailbox_again(&ACT, " B@X.example").unwrap());
        assert!(!store.trust_mailbox_again(&ACT, "b@x.example").unwrap());
        assert_eq!(store.read(unusable).unwrap().len(), 1);
    }

    #[test]
    fn a_full_mailbox_is_counted_and_stays_usable() {
        let (_folder, mut store) = store(&["a@x.example"]);
        store.message_delayed(90, "a@x.example", "full").unwrap();
        let back = store.message_returned(&ACT, 1, Failure::Soft, "full", Fate::Undeliverable).unwrap();
        assert_eq!(back, Returned { new: true, untold: 3 });
        assert_eq!(fate(&store), Fate::Undeliverable as u8);
        assert_eq!(known(&store, "a@x.example").failures, 2);
        store.complained(&ACT, "a@x.example").unwrap();
        assert!(known(&store, "a@x.example").is_usable());
    }

    #[test]
    fn nothing_goes_to_a_mailbox_that_somebody_else_reads() {
        let (_folder, mut store) = store(&["a@x.example"]);
        store
            .write(|transaction| {
                transaction.execute("UPDATE message SET state = 0", []).doing("prepare").map(|_| ())
            })
            .unwrap();
        assert!(is_told(&store));
        let alone = store.compromised(&ACT, "A@x.example", Some(FindingId(9)), &|_| Fate::NoContact).unwrap();
        assert_eq!((alone, fate(&store)), (vec![NotificationId(7)], Fate::NoContact as u8));
        let a = known(&store, "a@x.example");
        assert_eq!(
            (a.compromised_at, a.compromised_by, a.is_usable()),
            (Some(100), Some(FindingId(9)), false)
        );
    }

    #[test]
    fn what_was_withheld_for_a_mailbox_that_somebody_else_reads_is_told_otherwise() {
        let (_folder, mut store) = store(&["a@x.example", "b@x.example"]);
        let run = |store: &mut Store, sql: &str| {
            store.write(|transaction| transaction.execute(sql, []).doing("prepare").map(|_| ())).unwrap();
        };
        run(&mut store, "UPDATE message SET state = 4");
        run(&mut store, "UPDATE assignment_block SET fate = 9");
        let mut compromised =
            |address: &str| store.compromised(&ACT, address, None, &|_| Fate::Queued).unwrap();
        assert_eq!(compromised("a@x.example"), [], "another is withheld and may still go");
        assert_eq!(compromised("b@x.example"), [NotificationId(7)]);
        assert_eq!(fate(&store), Fate::Queued as u8);
        // What a campaign holds names the campaign, which may have the same number.
        run(&mut store, "UPDATE assignment_block SET fate = 9, reference = 7");
        run(&mut store, "UPDATE message SET state = 4");
        run(
            &mut store,
            "INSERT INTO campaign (id, report, title, text_nl, text_en, created_at, actor) VALUES (7, 1, '', '', '', 50, 'jan')",
        );
        store.compromised(&ACT, "a@x.example", None, &|_| Fate::Queued).unwrap();
        store.compromised(&ACT, "b@x.example", None, &|_| Fate::Queued).unwrap();
        assert_eq!(fate(&store), Fate::Held as u8);
    }

    #[test]
    fn what_came_back_is_held_while_another_mail_is_withheld() {
        let (_folder, mut store) = store(&["a@x.example", "b@x.example"]);
        store
            .write(|transaction| {
                let sql = "UPDATE message SET state = 4 WHERE recipient = 'b@x.example'";
                transaction.execute(sql, []).doing("prepare").map(|_| ())
            })
            .unwrap();
        let back = store.message_returned(&ACT, 1, Failure::Hard, "no such user", Fate::Queued).unwrap();
        assert_eq!((back, fate(&store)), (Returned { new: true, untold: 0 }, Fate::Held as u8));
        assert!(is_told(&store));
    }
}
