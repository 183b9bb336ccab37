//! To whom what is handed over is sealed: what is wanted for a link, the keys that hubs published, and parcels that are kept back for want of one.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{
    hub::{Link, Withheld},
    ids::LinkId,
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    transaction::Transaction,
};

/// Is what is handed over sealed?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sealing {
    /// To its final recipient; what cannot be is kept back.
    Wanted,
    /// It is not.
    Off,
}

/// Which of a list's keys a claim is sealed to: by its kind and value.
pub type OfClaims = HashMap<(String, String), usize>;

/// The keys of a link. A key is OpenPGP, in bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SealKeys {
    /// That of the other hub itself.
    pub own: Option<Vec<u8>>,
    /// Those that it published with its claims.
    pub published: Vec<Vec<u8>>,
    /// Which of those a claim is sealed to.
    pub of_claims: OfClaims,
}

/// Is what goes over a link sealed?
pub fn wanted(connection: &Connection, link: LinkId) -> Result<Sealing, StoreError> {
    let wanted = connection
        .prepare_cached("SELECT wanted FROM hub_sealing WHERE link = ?1")
        .and_then(|mut statement| statement.query_row([link.0], |row| row.get::<_, bool>(0)).optional())
        .doing("read how a link is sealed")?;
    Ok(if wanted == Some(true) { Sealing::Wanted } else { Sealing::Off })
}

/// The keys of a link.
pub fn keys(connection: &Connection, link: LinkId) -> Result<SealKeys, StoreError> {
    let doing = "read the keys that a hub published";
    let own = connection
        .prepare_cached("SELECT key FROM hub_sealing WHERE link = ?1")
        .and_then(|mut statement| statement.query_row([link.0], |row| row.get(0)).optional())
        .doing(doing)?;
    let published = connection
        .prepare_cached("SELECT key FROM hub_seal_key WHERE link = ?1 ORDER BY number")
        .and_then(|mut statement| statement.query_map([link.0], |row| row.get(0))?.collect())
        .doing(doing)?;
    let of_claims = connection
        .prepare_cached("SELECT kind, value, number FROM hub_sealed_claim WHERE link = ?1")
        .and_then(|mut statement| {
            let read =
                |row: &rusqlite::Row<'_>| Ok(((row.get(0)?, row.get(1)?), row.get::<_, u32>(2)? as usize));
            statement.query_map([link.0], read)?.collect()
        })
        .doing(doing)?;
    Ok(SealKeys { own: own.flatten(), published, of_claims })
}

/// Parcels of a link that are kept back, the oldest first, with the line that would be sent without sealing.
pub fn withheld(
    connection: &Connection,
    link: LinkId,
    limit: usize,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, body FROM parcel_out WHERE link = ?1 AND withheld IS NOT NULL AND state = 0 ORDER BY id LIMIT ?2",
        )
        .and_then(|mut statement| {
            statement.query_map(params![link.0, limit as i64], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .doing("read what is kept back")
}

/// How many parcels of a link are kept back, and why.
pub fn count_withheld(connection: &Connection, link: LinkId) -> Result<Vec<(Withheld, u64)>, StoreError> {
    let counts: Vec<(String, i64)> = connection
        .prepare_cached(
            "SELECT withheld, count(*) FROM parcel_out WHERE link = ?1 AND withheld IS NOT NULL AND state = 0
             GROUP BY withheld ORDER BY withheld",
        )
        .and_then(|mut statement| {
            statement.query_map([link.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .doing("count what is kept back")?;
    Ok(counts.into_iter().filter_map(|(why, count)| Some((why.parse().ok()?, count as u64))).collect())
}

/// As [`Store::know_seal_key`], within a transaction.
pub fn know_key(transaction: &Transaction<'_>, link: LinkId, key: &[u8]) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO hub_sealing (link, key) VALUES (?1,?2) ON CONFLICT (link) DO UPDATE SET key = excluded.key",
        )
        .and_then(|mut statement| statement.execute(params![link.0, key]))
        .doing("note the key of a hub")
        .map(|_| ())
}

impl Store {
    /// Lets what is handed over on a link be sealed, or no more.
    pub fn want_sealing(&mut self, act: Act<'_>, link: &Link, sealing: Sealing) -> Result<(), StoreError> {
        self.write(|transaction| {
            let wanted = sealing == Sealing::Wanted;
            transaction
                .prepare_cached(
                    "INSERT INTO hub_sealing (link, wanted) VALUES (?1,?2) ON CONFLICT (link) DO UPDATE SET wanted = excluded.wanted",
                )
                .and_then(|mut statement| statement.execute(params![link.id.0, wanted]))
                .doing("note how a link is sealed")?;
            let detail = if wanted { "sealed to the final recipient" } else { "not sealed" };
            act.audit(transaction, Action::HubSealing, &format!("hub:{}", link.peer), &json(detail))
        })
    }

    /// Notes the key of another hub itself.
    pub fn know_seal_key(&mut self, link: LinkId, key: &[u8]) -> Result<(), StoreError> {
        self.write(|transaction| know_key(transaction, link, key))
    }

    /// Notes the keys of a list of claims in the place of those of the list before.
    pub fn know_seal_keys(
        &mut self,
        link: LinkId,
        published: &[Vec<u8>],
        of_claims: &OfClaims,
    ) -> Result<(), StoreError> {
        let doing = "note the keys that a hub published";
        self.write(|transaction| {
            transaction.execute("DELETE FROM hub_seal_key WHERE link = ?1", [link.0]).doing(doing)?;
            transaction.execute("DELETE FROM hub_sealed_claim WHERE link = ?1", [link.0]).doing(doing)?;
            for (number, key) in published.iter().enumerate() {
                transaction
                    .prepare_cached("INSERT INTO hub_seal_key VALUES (?1,?2,?3)")
                    .and_then(|mut statement| statement.execute(params![link.0, number as i64, key]))
                    .doing(doing)?;
            }
            for ((kind, value), number) in of_claims {
                transaction
                    .prepare_cached("INSERT INTO hub_sealed_claim VALUES (?1,?2,?3,?4)")
                    .and_then(|mut statement| statement.execute(params![link.0, kind, value, *number as i64]))
                    .doing(doing)?;
            }
            Ok(())
        })
    }

    /// Lets parcels go that were kept back, each with the line that is sent.
    pub fn release_parcels(&mut self, released: &[(i64, Vec<u8>)], now: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (parcel, body) in released {
                transaction
                    .prepare_cached(
                        "UPDATE parcel_out SET body = ?2, next_at = ?3, withheld = NULL WHERE id = ?1 AND state = 0 AND withheld IS NOT NULL",
                    )
                    .and_then(|mut statement| statement.execute(params![parcel, body, now]))
                    .doing("let a parcel go")?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        hub::{FindingKeyOnLink, OutgoingParcel, ParcelClass, ParcelId},
        ids::{FindingId, NotificationId},
    };

    use super::*;
    use crate::{
        data_dir::DataDir,
        handovers,
        hubs::tests::{ACT, linked},
        parcels_out,
    };

    #[test]
    fn what_is_kept_back_is_not_sent_before_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let link = linked(&mut store, "a.example");
        assert_eq!(store.read(|connection| wanted(connection, link.id)).unwrap(), Sealing::Off);
        store.want_sealing(ACT, &link, Sealing::Wanted).unwrap();
        store.know_seal_key(link.id, b"own").unwrap();
        assert_eq!(store.read(|connection| wanted(connection, link.id)).unwrap(), Sealing::Wanted);
        let claim = |value: &str| ("prefix".to_owned(), value.to_owned());
        let of_claims = HashMap::from([(claim("192.0.2.0/24"), 1)]);
        store
            .know_seal_keys(link.id, &[b"x".to_vec()], &HashMap::from([(claim("198.51.100.0/24"), 0)]))
            .unwrap();
        store.know_seal_keys(link.id, &[b"0".to_vec(), b"1".to_vec()], &of_claims).unwrap();
        let known = store.read(|connection| keys(connection, link.id)).unwrap();
        let published = vec![b"0".to_vec(), b"1".to_vec()];
        assert_eq!(known, SealKeys { own: Some(b"own".to_vec()), published, of_claims });
        let parcel = |number: u8, withheld| OutgoingParcel {
            link: link.id,
            id: ParcelId([number; 16]),
            class: ParcelClass::Normal,
            finding: FindingId(u32::from(number)),
            key: FindingKeyOnLink([number; 16]),
            revision: 1,
            notification: NotificationId(7),
            body: vec![number],
            created_at: 100,
            withheld,
        };
        for parcel in [parcel(1, None), parcel(2, Some(Withheld::NoKey))] {
            store.write(|transaction| handovers::insert(transaction, &parcel)).unwrap();
        }
        let due = |store: &Store| {
            let due =
                store.read(|connection| parcels_out::due(connection, link.id, ParcelClass::Normal, 200, 9));
            due.unwrap().into_iter().map(|parcel| parcel.body).collect::<Vec<_>>()
        };
        assert_eq!(due(&store), [vec![1]]);
        assert_eq!(
            store.read(|connection| count_withheld(connection, link.id)).unwrap(),
            [(Withheld::NoKey, 1)]
        );
        let kept = store.read(|connection| withheld(connection, link.id, 9)).unwrap();
        assert_eq!(kept.iter().map(|(_, body)| body.clone()).collect::<Vec<_>>(), [vec![2]]);
        store.release_parcels(&[(kept[0].0, b"sealed".to_vec())], 150).unwrap();
        assert_eq!(due(&store), [vec![1], b"sealed".to_vec()]);
        assert_eq!(store.read(|connection| withheld(connection, link.id, 9)).unwrap(), []);
    }
}
