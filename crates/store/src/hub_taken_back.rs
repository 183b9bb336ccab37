//! What was handed over and then taken back: by us, to be said to the hub that has it, and by other hubs.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use schakel_model::{
    hub::{FindingKeyOnLink, ReceiptOutcome},
    ids::{FindingId, LinkId},
};
use schakel_rules::handover::was_taken;

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    chunks::{self, Blocks},
    corrections,
    error::DatabaseContext,
    handovers::{self, SentParcel},
    hub_status::Told,
    id_list,
};

/// What corrections behind this one took back of what hubs have, with the last correction: each finding with its newest parcel on the link.
pub fn since(connection: &Connection, after: u32) -> Result<(u32, Vec<SentParcel>), StoreError> {
    let mut gone: BTreeMap<(LinkId, FindingId), SentParcel> = BTreeMap::new();
    let mut last = after;
    for correction in corrections::list(connection)?.into_iter().filter(|one| one.id > after) {
        last = last.max(correction.id);
        for withdrawn in corrections::withdrawn(connection, correction.id)? {
            let Some(notification) = withdrawn.told_by else { continue };
            let parcels = handovers::of_notification(connection, notification)?;
            let Some(block) = chunks::block(connection, withdrawn.block)?.filter(|_| !parcels.is_empty())
            else {
                continue;
            };
            // What is still told in another role stays.
            let standing: BTreeSet<FindingId> =
                chunks::blocks(connection, &Blocks::OfNotification(notification.0))?
                    .iter()
                    .flat_map(|block| id_list::decode(&block.findings).collect::<Vec<_>>())
                    .collect();
            for finding in id_list::decode(&block.findings).filter(|finding| !standing.contains(finding)) {
                let Some(parcel) = parcels.iter().find(|parcel| parcel.finding == finding) else { continue };
                let newest = handovers::of_finding(connection, parcel.link, finding)?.pop();
                // What never left, or was sent back, is not taken back.
                let stays = |one: &SentParcel| {
                    one.outcome
                        .is_none_or(|outcome| was_taken(outcome) || outcome == ReceiptOutcome::Deferred)
                };
                let left = newest.filter(|newest| newest.sent_at.is_some() && stays(newest));
                gone.extend(left.map(|newest| ((newest.link, finding), newest)));
            }
        }
    }
    Ok((last, gone.into_values().collect()))
}

/// By which hubs a finding was taken back that they handed over, and when.
pub fn of_finding(connection: &Connection, finding: FindingId) -> Result<Vec<(LinkId, i64)>, StoreError> {
    connection
        .prepare_cached("SELECT link, at FROM hub_taken_back WHERE finding = ?1 ORDER BY at")
        .and_then(|mut statement| {
            statement.query_map([finding.0], |row| Ok((LinkId(row.get(0)?), row.get(1)?)))?.collect()
        })
        .doing("read what hubs took back")
}

impl Store {
    /// Says to hubs what is taken back, up to this correction.
    pub fn say_taken_back(&mut self, at: i64, told: &[Told], mark: (&str, u32)) -> Result<(), StoreError> {
        self.tell_hubs(at, told, &[(mark.0.to_owned(), mark.1.to_string())])
    }

    /// Notes what another hub takes back. Gives the findings of which that is new.
    pub fn hear_taken_back(
        &mut self,
        act: &Act<'_>,
        link: LinkId,
        keys: &[(FindingKeyOnLink, i64)],
    ) -> Result<BTreeSet<FindingId>, StoreError> {
        let doing = "note what a hub took back";
        self.write(|transaction| {
            let mut new = BTreeSet::new();
            for (key, at) in keys {
                let told: Vec<u32> = transaction
                    .prepare_cached("SELECT DISTINCT finding FROM parcel_in WHERE link = ?1 AND key = ?2 AND finding >= 0")
                    .and_then(|mut statement| statement.query_map(params![link.0, key.0], |row| row.get(0))?.collect())
                    .doing(doing)?;
                for finding in told {
                    let changed = transaction
                        .prepare_cached("INSERT OR IGNORE INTO hub_taken_back VALUES (?1,?2,?3)")
                        .and_then(|mut statement| statement.execute(params![link.0, finding, at]))
                        .doing(doing)?;
                    if changed > 0 {
                        let subject = format!("finding:F{finding}");
                        act.audit(transaction, Action::HubTookBack, &subject, &json("taken back by the hub that handed it over"))?;
                        new.insert(FindingId(finding));
                    }
                }
            }
            Ok(new)
        })
    }
}
