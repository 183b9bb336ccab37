//! What the DNS said of the addresses and names of findings: the last look-up of each. It can be asked again, so it goes when the finding
//! goes, and whenever somebody has it erased.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    enrichment::{DnsAnswer, LookUp, Subject, subjects},
    ids::FindingId,
};

use crate::{
    StoreError,
    data_dir::DataDir,
    error::DatabaseContext,
    findings,
    open::writer_beside,
    transaction::{Transaction, in_transaction},
};

/// The last look-up of a subject.
pub fn get(connection: &Connection, subject: &Subject) -> Result<Option<LookUp>, StoreError> {
    connection
        .prepare_cached("SELECT answer, found, looked_at, answered_at FROM look_up WHERE subject = ?1")
        .and_then(|mut statement| statement.query_row([subject.to_string()], from_row).optional())
        .doing("read a look-up")
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LookUp> {
    let found: String = row.get(1)?;
    let answer = match row.get(0)? {
        0u8 => DnsAnswer::Found(found.lines().map(str::to_owned).collect()),
        1 => DnsAnswer::Nothing,
        2 => DnsAnswer::Unusable,
        _ => DnsAnswer::Unknown,
    };
    Ok(LookUp { answer, looked_at: row.get(2)?, answered_at: row.get(3)? })
}

/// What was found for a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// For which finding it was asked.
    pub finding: FindingId,
    /// About what.
    pub subject: Subject,
    /// What was said.
    pub answer: DnsAnswer,
}

/// Records what was found. What was asked for a finding that was erased meanwhile is not kept. Beside the one writer: looking takes long, and
/// the service goes on meanwhile.
pub fn record(data: &DataDir, found: &[Found], at: i64) -> Result<(), StoreError> {
    let mut connection = writer_beside(data)?;
    in_transaction(&mut connection, |transaction| {
        for one in found {
            let stands = findings::get(transaction, one.finding)?
                .is_some_and(|finding| finding.first.ip.is_some() || finding.first.name.is_some());
            if stands {
                put(transaction, &one.subject, one.answer.clone(), at)?;
            }
        }
        Ok(())
    })
}

fn put(
    transaction: &Transaction<'_>,
    subject: &Subject,
    answer: DnsAnswer,
    at: i64,
) -> Result<(), StoreError> {
    let before = get(transaction, subject)?;
    let names_before = names(subject, before.as_ref());
    let after = LookUp::after(before, answer, at);
    let number = match after.answer {
        DnsAnswer::Found(_) => 0u8,
        DnsAnswer::Nothing => 1,
        DnsAnswer::Unusable => 2,
        DnsAnswer::Unknown => 3,
    };
    transaction
        .prepare_cached(
            "INSERT INTO look_up (subject, answer, found, looked_at, answered_at) VALUES (?1,?2,?3,?4,?5)
             ON CONFLICT (subject) DO UPDATE SET answer = excluded.answer, found = excluded.found,
             looked_at = excluded.looked_at, answered_at = excluded.answered_at",
        )
        .and_then(|mut statement| {
            let found = after.values().join("\n");
            statement.execute(params![subject.to_string(), number, found, after.looked_at, after.answered_at])
        })
        .doing("record a look-up")?;
    let gone = names_before.iter().filter(|name| !after.values().contains(name));
    gone.cloned().try_for_each(|name| forget(transaction, &Subject::Name(name)))
}

/// The names of an address, which were looked up because of it.
fn names(subject: &Subject, look_up: Option<&LookUp>) -> Vec<String> {
    match (subject, look_up) {
        (Subject::Address(_), Some(look_up)) => look_up.values().to_vec(),
        _ => Vec::new(),
    }
}

fn forget(transaction: &Transaction<'_>, subject: &Subject) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM look_up WHERE subject = ?1")
        .and_then(|mut statement| statement.execute([subject.to_string()]))
        .doing("forget a look-up")
        .map(|_| ())
}

/// Forgets what was looked up for a finding that is about to be erased. Another finding of the same address is looked up again.
pub(crate) fn forget_of(transaction: &Transaction<'_>, finding: u32) -> Result<(), StoreError> {
    let Some(finding) = findings::get(transaction, FindingId(finding))? else { return Ok(()) };
    for subject in subjects(finding.first.ip, finding.first.name.as_deref().unwrap_or("")) {
        for name in names(&subject, get(transaction, &subject)?.as_ref()) {
            forget(transaction, &Subject::Name(name))?;
        }
        forget(transaction, &subject)?;
    }
    Ok(())
}

/// Who forbids to look things up: a source, and which report of another it sent as well (0: its own). When this changes, all that is forbidden
/// may be something else.
pub type Forbidding = Vec<(u32, u32)>;

/// Who forbids to look things up now.
pub fn forbidding(connection: &Connection) -> Result<Forbidding, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, 0 FROM source WHERE may_look_up = 0
             UNION SELECT a.source, a.report FROM arrival a JOIN source s ON s.id = a.source JOIN report r ON r.id = a.report
             WHERE a.outcome = 'known' AND a.report IS NOT NULL AND s.may_look_up = 0 AND r.source <> a.source ORDER BY 1, 2",
        )
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .doing("read which sources forbid look-ups")
}

/// Walks over the fates of the chunks behind this one that a source sent, as the first or once more, that lets nobody look anything up: chunk, code
/// of the source, fates.
pub fn for_each_forbidden(
    connection: &Connection,
    behind: u32,
    mut visit: impl FnMut(u32, &str, &[u8]),
) -> Result<(), StoreError> {
    let mut read = || {
        // From the chunks on: those that are new are few.
        let mut statement = connection.prepare_cached(
            "SELECT c.id, s.code, c.fates FROM chunk c CROSS JOIN report r ON r.id = c.report CROSS JOIN source s ON s.id = r.source
             WHERE c.id > ?1 AND c.events > 0 AND s.may_look_up = 0
             UNION ALL
             SELECT c.id, s.code, c.fates FROM chunk c CROSS JOIN arrival a ON a.report = c.report CROSS JOIN source s ON s.id = a.source
             WHERE c.id > ?1 AND c.events > 0 AND a.outcome = 'known' AND s.may_look_up = 0",
        )?;
        let mut rows = statement.query([behind])?;
        while let Some(row) = rows.next()? {
            visit(row.get(0)?, row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_blob()?);
        }
        Ok(())
    };
    read().doing("read which findings may not be looked up")
}

/// The number of the last chunk.
pub fn last_chunk(connection: &Connection) -> Result<u32, StoreError> {
    connection
        .query_row("SELECT coalesce(max(id), 0) FROM chunk", [], |row| row.get(0))
        .doing("read which findings may not be looked up")
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use schakel_model::source::Source;

    use super::*;
    use crate::{Store, act::Act, privacy};

    fn address(text: &str) -> Subject {
        Subject::Address(text.parse().unwrap())
    }

    fn name(text: &str) -> Subject {
        Subject::Name(text.to_owned())
    }

    fn found(finding: u32, subject: Subject, values: &[&str]) -> Found {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Found { finding: FindingId(finding), subject, answer: DnsAnswer::of(values) }
    }

    /// Findings at these addresses, with these names.
    fn store(data: &DataDir, findings: &[(&str, &str)]) -> Store {
        let mut store = Store::open(data).unwrap();
        store
            .write(|transaction| {
                for (id, (ip, name)) in findings.iter().enumerate() {
                    let ip = ip.parse::<IpAddr>().ok().map(|ip| match ip {
                        IpAddr::V4(ip) => ip.octets().to_vec(),
                        IpAddr::V6(ip) => ip.octets().to_vec(),
                    });
                    let name = (!name.is_empty()).then_some(name);
                    transaction
                        .execute(
                            "INSERT INTO finding VALUES (?1,1,1,0,0,1,80,?2,?3)",
                            params![id as u32, ip, name],
                        )
                        .doing("store a finding")?;
                }
                Ok(())
            })
            .unwrap();
        store
    }

    #[test]
    fn what_was_found_is_kept_as_long_as_the_finding() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let mut store = store(&data, &[("192.0.2.1", ""), ("", "www.berkendal.nl"), ("", "")]);
        let all = [
            found(0, address("192.0.2.1"), &["host.isp.nl"]),
            found(0, name("host.isp.nl"), &["192.0.2.1"]),
            found(1, name("www.berkendal.nl"), &[]),
            found(2, address("192.0.2.9"), &["gone.isp.nl"]),
        ];
        record(&data, &all, 10).unwrap();
        let look_up =
            |store: &Store, subject: &Subject| store.read(|connection| get(connection, subject)).unwrap();
        let stands = look_up(&store, &address("192.0.2.1")).unwrap();
        assert_eq!((stands.values(), stands.answered_at), (&["host.isp.nl".to_owned()][..], 10));
        assert_eq!(look_up(&store, &name("www.berkendal.nl")).unwrap().answer, DnsAnswer::Nothing);
        assert_eq!(look_up(&store, &address("192.0.2.9")), None, "its finding was erased meanwhile");

        // Somebody's name is found wherever it stands.
        let texts = store.read(|connection| privacy::texts(connection, "host.isp")).unwrap();
        let columns: Vec<_> = texts.iter().map(|found| (found.place.column, found.place.remedy)).collect();
        assert_eq!(columns, [("subject", privacy::Remedy::Forget), ("found", privacy::Remedy::Forget)]);

        store.write(|transaction| forget_of(transaction, 0)).unwrap();
        assert_eq!(look_up(&store, &address("192.0.2.1")), None);
        assert_eq!(look_up(&store, &name("host.isp.nl")), None, "it was looked up because of the address");
        assert!(look_up(&store, &name("www.berkendal.nl")).is_some());
    }

    #[test]
    fn no_answer_takes_nothing_back_and_a_name_that_the_address_has_no_more_goes() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let store = store(&data, &[("192.0.2.1", "")]);
        let ip = address("192.0.2.1");
        record(&data, &[found(0, ip.clone(), &["a.isp.nl"]), found(0, name("a.isp.nl"), &["192.0.2.1"])], 10)
            .unwrap();
        let silent = Found { finding: FindingId(0), subject: ip.clone(), answer: DnsAnswer::Unknown };
        record(&data, &[silent], 20).unwrap();
        let stands = store.read(|connection| get(connection, &ip)).unwrap().unwrap();
        assert_eq!(
            (stands.looked_at, stands.answered_at, stands.values()),
            (20, 10, &["a.isp.nl".to_owned()][..])
        );
        record(&data, &[found(0, ip.clone(), &["b.isp.nl"])], 30).unwrap();
        assert_eq!(store.read(|connection| get(connection, &name("a.isp.nl"))).unwrap(), None);
        let unusable = Found { finding: FindingId(0), subject: ip.clone(), answer: DnsAnswer::Unusable };
        record(&data, &[unusable], 40).unwrap();
        assert_eq!(
            store.read(|connection| get(connection, &ip)).unwrap().unwrap().answer,
            DnsAnswer::Unusable
        );
    }

    #[test]
    fn chunks_of_sources_that_forbid_look_ups_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(&DataDir::new(folder.path()), &[]);
        let act = Act { at: 1, actor: "test", reason: "" };
        let mut put = |code: &str, may_look_up| {
            store.put_source(act, &Source { may_look_up, ..Source::new(code) }, "").unwrap().0
        };
        let (open, closed) = (put("open", true), put("closed", false));
        store
            .write(|transaction| {
                for (report, source) in [(1, 0), (2, open), (3, closed)] {
                    transaction
                        .execute(
                            "INSERT INTO report (id, name, received_at, received_day, size, head_hash, state, source)
                             VALUES (?1, '', 0, '', 0, x'', 1, ?2)",
                            [report, source],
                        )
                        .doing("store a report")?;
                }
                for (chunk, report) in [(1, 1), (2, 2), (3, 3), (4, 3)] {
                    transaction
                        .execute(
                            "INSERT INTO chunk (id, report, member, first_row, rows, first_line, end_line, skipping, end_offset,
                             prefix_hash, segment, offset, length, raw_length, register_version, committed_at, rejected, duplicates,
                             clears, events, assignments, known, first_finding, new_findings, keys, sets, changes, fates)
                             VALUES (?1,?2,0,1,1,1,1,0,0,x'',0,0,0,0,0,0,0,0,0,1,0,0,0,0,x'',x'',x'',x'0110')",
                            [chunk, report],
                        )
                        .doing("store a chunk")?;
                }
                Ok(())
            })
            .unwrap();
        let chunks = |store: &Store, behind| {
            let mut chunks = Vec::new();
            let visit =
                |chunk, code: &str, fates: &[u8]| chunks.push((chunk, code.to_owned(), fates.to_vec()));
            store.read(|connection| for_each_forbidden(connection, behind, visit)).unwrap();
            chunks.sort();
            chunks
        };
        let of_closed = |chunk| (chunk, "closed".to_owned(), vec![1, 16]);
        assert_eq!(chunks(&store, 0), [of_closed(3), of_closed(4)]);
        assert_eq!(chunks(&store, 3), [of_closed(4)]);
        assert_eq!(chunks(&store, 4), []);
        assert_eq!(store.read(forbidding).unwrap(), [(closed, 0)]);
        assert_eq!(store.read(last_chunk).unwrap(), 4);

        // The same bytes once more: it shows what is in them too.
        store
            .write(|transaction| {
                for (receipt, source, report) in [(1, open, 1), (2, closed, 2), (3, closed, 3)] {
                    transaction
                        .execute(
                            "INSERT INTO arrival VALUES (?1, 'http', ?2, 0, '', '', 0, 'known', '', ?3, 0, '')",
                            [receipt, source, report],
                        )
                        .doing("store an arrival")?;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(store.read(forbidding).unwrap(), [(closed, 0), (closed, 2)]);
        assert_eq!(chunks(&store, 1)[0], of_closed(2));
        assert_eq!(chunks(&store, 0).iter().filter(|(chunk, ..)| *chunk == 1).count(), 0);
    }
}
