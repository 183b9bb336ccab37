//! Who reports to us: sources, their settings, and the tokens by which they prove themselves.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    answer::RecipientState,
    ids::{ReportId, SourceId},
    source::{Credibility, Reliability, ShownAs, Source, SourceKind, Trust},
    tlp::Tlp,
};

use crate::{Store, StoreError, act::Act, audit::Action, error::DatabaseContext, transaction::Transaction};

/// What stands before a token's random part: so that people and programs that look for lost secrets recognise it.
pub const TOKEN_PREFIX: &str = "schakel_";

/// Random bytes in a token.
const TOKEN_BYTES: usize = 32;

const COLUMNS: &str = "id, code, name, kind, contact, trust, reliability, credibility, tlp, may_notify, may_look_up, shown_as, \
     rhythm_seconds, formats, bytes_max, reports_per_hour_max, critical, licence, senders";

/// All sources by code.
pub fn list(connection: &Connection) -> Result<Vec<Source>, StoreError> {
    select(connection, "1 ORDER BY code", [])
}

/// The source of this code.
pub fn by_code(connection: &Connection, code: &str) -> Result<Option<Source>, StoreError> {
    Ok(select(connection, "code = ?1", [code])?.pop())
}

/// The source of this number.
pub fn by_id(connection: &Connection, id: SourceId) -> Result<Option<Source>, StoreError> {
    Ok(select(connection, "id = ?1", [id.0])?.pop())
}

/// The source that proves itself with this token, as [`token_hash`] gives it.
pub fn by_token(connection: &Connection, hash: &[u8; 32]) -> Result<Option<Source>, StoreError> {
    let condition = "id = (SELECT source FROM source_token WHERE hash = ?1 AND revoked_at IS NULL)";
    Ok(select(connection, condition, [hash])?.pop())
}

/// What recipients see of whoever sent a report; empty: nothing.
pub fn shown(connection: &Connection, report: ReportId) -> Result<String, StoreError> {
    let of_report = "id = (SELECT source FROM report WHERE id = ?1)";
    let source = select(connection, of_report, [report.0])?.pop();
    Ok(source.map_or_else(String::new, |source| match source.shown_as {
        ShownAs::Name => source.name,
        ShownAs::Pseudonym(name) => name,
        ShownAs::Nothing => String::new(),
    }))
}

/// The hash by which a token is known. It has 256 random bits, so a plain hash keeps it.
pub fn token_hash(token: &str) -> [u8; 32] {
    blake3::derive_key("schakel 2026 source token v1", token.as_bytes())
}

/// What a source has sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Record {
    /// Reports that were taken in.
    pub reports: u64,
    /// Rows in them.
    pub rows: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Rows that became events.
    pub events: u64,
    /// Findings that nobody had seen before.
    pub new_findings: u64,
    /// Arrivals that were refused.
    pub refused: u64,
    /// Findings that it was the first to show and that somebody was told, counted for each organisation.
    pub told: u64,
    /// Of those: how many were answered at all.
    pub answered: u64,
    /// Of those: how many the recipient calls fixed.
    pub fixed: u64,
    /// Of those: how many the recipient calls a false positive.
    pub false_positives: u64,
    /// When its last report came, in seconds since 1970.
    pub last_at: Option<i64>,
}

/// The record of a source.
pub fn record(connection: &Connection, source: SourceId) -> Result<Record, StoreError> {
    let read = || {
        let (reports, last_at) = connection
            .prepare_cached("SELECT count(*), max(received_at) FROM report WHERE source = ?1")?
            .query_row([source.0], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))?;
        let mut record = connection
            .prepare_cached(
                "SELECT coalesce(sum(rows), 0), coalesce(sum(rejected), 0), coalesce(sum(events), 0), coalesce(sum(new_findings), 0)
                 FROM chunk WHERE report IN (SELECT id FROM report WHERE source = ?1)",
            )?
            .query_row([source.0], |row| {
                let sum = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)? as u64);
                Ok(Record {
                    rows: sum(0)?,
                    rejected: sum(1)?,
                    events: sum(2)?,
                    new_findings: sum(3)?,
                    ..Record::default()
                })
            })?;
        record.refused = connection
            .prepare_cached("SELECT count(*) FROM arrival WHERE source = ?1 AND outcome = 'refused'")?
            .query_row([source.0], |row| row.get::<_, i64>(0))? as u64;
        let states: Vec<(u8, i64)> = connection
            .prepare_cached(
                "SELECT u.state, count(*) FROM follow_up u JOIN finding f ON f.id = u.finding
                 WHERE f.report IN (SELECT id FROM report WHERE source = ?1) GROUP BY u.state",
            )?
            .query_map([source.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (state, count) in states {
            let count = count as u64;
            let state = RecipientState::from_code(state).unwrap_or(RecipientState::Told);
            record.told += count;
            match state {
                RecipientState::Told => continue,
                RecipientState::Fixed => record.fixed += count,
                RecipientState::FalsePositive => record.false_positives += count,
                _ => {}
            }
            record.answered += count;
        }
        Ok(Record { reports, last_at, ..record })
    };
    read().doing("read the record of a source")
}

/// A token of a source as stored; the token itself is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// Its number.
    pub id: u32,
    /// What it is for, as the desk called it.
    pub label: String,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// Since when it counts no more.
    pub revoked_at: Option<i64>,
}

/// The tokens of a source, the oldest first.
pub fn tokens(connection: &Connection, source: SourceId) -> Result<Vec<Token>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, label, created_at, revoked_at FROM source_token WHERE source = ?1 ORDER BY id",
        )
        .and_then(|mut statement| {
            let token = |row: &Row<'_>| {
                Ok(Token {
                    id: row.get(0)?,
                    label: row.get(1)?,
                    created_at: row.get(2)?,
                    revoked_at: row.get(3)?,
                })
            };
            statement.query_map([source.0], token)?.collect()
        })
        .doing("read the tokens of a source")
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Source>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM source WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read the sources")
}

/// A word of the store that this program does not know is taken at its strictest.
fn from_row(row: &Row<'_>) -> rusqlite::Result<Source> {
    let word = |column: usize| row.get::<_, String>(column);
    let lines = |column: usize| Ok::<_, rusqlite::Error>(word(column)?.lines().map(str::to_owned).collect());
    Ok(Source {
        id: SourceId(row.get(0)?),
        code: row.get(1)?,
        name: row.get(2)?,
        kind: word(3)?.parse().unwrap_or(SourceKind::Other),
        contact: row.get(4)?,
        trust: word(5)?.parse().unwrap_or(Trust::Vetted),
        reliability: word(6)?.parse().unwrap_or(Reliability::F),
        credibility: Credibility(row.get(7)?),
        tlp: row
            .get::<_, Option<u8>>(8)?
            .map(|code| Tlp::ALL.get(usize::from(code)).copied().unwrap_or(Tlp::Red)),
        may_notify: row.get(9)?,
        may_look_up: row.get(10)?,
        shown_as: word(11)?.parse().unwrap_or(ShownAs::Nothing),
        rhythm_seconds: row.get(12)?,
        formats: lines(13)?,
        bytes_max: row.get::<_, Option<i64>>(14)?.map(|bytes| bytes as u64),
        reports_per_hour_max: row.get(15)?,
        critical: row.get(16)?,
        licence: row.get(17)?,
        senders: lines(18)?,
    })
}

impl Store {
    /// Adds a source, or changes the one of the same code. `detail` says before and after, for the audit log.
    pub fn put_source(
        &mut self,
        act: Act<'_>,
        source: &Source,
        detail: &str,
    ) -> Result<SourceId, StoreError> {
        self.write(|transaction| put(transaction, act, source, detail))
    }

    /// Makes a token for a source. Gives its number and the token, which is nowhere else.
    pub fn add_source_token(
        &mut self,
        act: Act<'_>,
        source: &Source,
        label: &str,
    ) -> Result<(u32, String), StoreError> {
        let mut random = [0; TOKEN_BYTES];
        getrandom::fill(&mut random).map_err(|error| StoreError::Damaged {
            what: format!("the system gives no random bytes: {error}"),
        })?;
        let digits = random.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let token = format!("{TOKEN_PREFIX}{digits}");
        let id = self.write(|transaction| {
            let id = transaction
                .prepare_cached(
                    "INSERT INTO source_token (source, hash, label, created_at) VALUES (?1,?2,?3,?4)",
                )
                .and_then(|mut statement| {
                    statement.insert(params![source.id.0, token_hash(&token), label, act.at])
                })
                .doing("make a token")?;
            act.audit(transaction, Action::SourceTokenAdded, &subject(source), &crate::act::json(label))?;
            Ok(id as u32)
        })?;
        Ok((id, token))
    }

    /// Lets a token count no more. Was there such a token that still counted?
    pub fn revoke_source_token(
        &mut self,
        act: Act<'_>,
        source: &Source,
        token: u32,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let revoked = transaction
                .execute(
                    "UPDATE source_token SET revoked_at = ?3 WHERE id = ?1 AND source = ?2 AND revoked_at IS NULL",
                    params![token, source.id.0, act.at],
                )
                .doing("revoke a token")?;
            if revoked > 0 {
                act.audit(transaction, Action::SourceTokenRevoked, &subject(source), &token.to_string())?;
            }
            Ok(revoked > 0)
        })
    }
}

fn subject(source: &Source) -> String {
    format!("source:{}", source.code)
}

/// As [`Store::put_source`], within a transaction.
pub fn put(
    transaction: &Transaction<'_>,
    act: Act<'_>,
    source: &Source,
    detail: &str,
) -> Result<SourceId, StoreError> {
    let known: Option<u32> = transaction
        .query_row("SELECT id FROM source WHERE code = ?1", [&source.code], |row| row.get(0))
        .optional()
        .doing("look a source up")?;
    let values = params![
        known,
        source.code,
        source.name,
        source.kind.as_str(),
        source.contact,
        source.trust.as_str(),
        source.reliability.as_str(),
        source.credibility.0,
        source.tlp.map(|tlp| tlp as u8),
        source.may_notify,
        source.may_look_up,
        source.shown_as.to_string(),
        source.rhythm_seconds,
        source.formats.join("\n"),
        source.bytes_max.map(|bytes| bytes as i64),
        source.reports_per_hour_max,
        source.critical,
        source.licence,
        source.senders.join("\n"),
    ];
    let id = transaction
        .prepare_cached(&format!(
            "INSERT OR REPLACE INTO source ({COLUMNS})
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)"
        ))
        .and_then(|mut statement| statement.insert(values))
        .doing("store a source")?;
    act.audit(transaction, Action::SourceChanged, &subject(source), detail)?;
    Ok(SourceId(id as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    const ACT: Act<'static> = Act { at: 1_700_000_000, actor: "jan", reason: "" };

    #[test]
    fn a_source_is_read_as_it_was_written_and_a_token_counts_until_it_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let mut source = Source {
            tlp: Some(Tlp::AmberStrict),
            rhythm_seconds: Some(86_400),
            formats: vec!["shadowserver".into(), "xarf".into()],
            senders: vec!["a@b.example".into()],
            shown_as: ShownAs::Pseudonym("een partner".into()),
            bytes_max: Some(1 << 40),
            ..Source::new("feed")
        };
        source.id = store.put_source(ACT, &source, "{}").unwrap();
        let read = |store: &Store| store.read(|connection| by_code(connection, "feed")).unwrap().unwrap();
        assert_eq!(read(&store), source);
        source.trust = Trust::Automatic;
        assert_eq!(store.put_source(ACT, &source, "{}").unwrap(), source.id);
        assert_eq!(read(&store), source);

        let (token, secret) = store.add_source_token(ACT, &source, "script").unwrap();
        assert_eq!(secret.len(), TOKEN_PREFIX.len() + 64);
        let who =
            |store: &Store| store.read(|connection| by_token(connection, &token_hash(&secret))).unwrap();
        assert_eq!(who(&store).map(|found| found.code).as_deref(), Some("feed"));
        assert!(store.revoke_source_token(ACT, &source, token).unwrap());
        assert!(!store.revoke_source_token(ACT, &source, token).unwrap());
        assert_eq!(who(&store), None);
    }
}
