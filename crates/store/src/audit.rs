//! The audit log: who did what, when and why, as a chain of hashes.
//!
//! The chain (`audit`) holds numbers, times and names of things, never a person's data. What an entry says about people, its reason and
//! what was before and after, lies beside it in `audit_detail`, under a salt. The chain covers that by a commitment, so that it can be
//! erased later and the chain still holds. Erasing is itself an entry.
//!
//! ```text
//! commitment = BLAKE3(salt, actor's name, reason, detail)
//! hash       = BLAKE3(hash of the entry before, id, at, actor, action, subject, digest, commitment)
//! ```
//!
//! The hash of the last entry stands in `meta` as well, so that entries cut off at the end are missed. Whoever notes it down elsewhere
//! (`schakel audit head`) can also prove that nobody wrote the whole chain again.
//!
//! The store of a changing command appends within its own transaction ([`append`]). A reader that only looks at something confidential
//! holds no lock, and the service may hold it at that moment: [`record_access`] appends through a connection of its own. SQLite lets one
//! transaction write at a time, and an entry reads the last hash within its transaction, so both meet in one chain.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params, types::ValueRef};

use crate::{
    StoreError, data_dir::DataDir, erase::Kind, error::DatabaseContext, open::writer_beside,
    transaction::Transaction, users,
};

/// Contexts keep these hashes apart from every other use of BLAKE3 (its `derive_key` mode).
const ENTRY_CONTEXT: &str = "schakel 2026 audit entry v1";
const DETAIL_CONTEXT: &str = "schakel 2026 audit detail v1";

/// What stands before the first entry.
const GENESIS: [u8; 32] = [0; 32];

/// The longest reason, in bytes: a page of text. A longer one is cut.
pub const REASON_BYTES_MAX: usize = 4_096;

macro_rules! actions {
    ($($variant:ident $text:literal),* $(,)?) => {
        /// What was done.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum Action {
            $($variant),*
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As it stands in the log.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }
        }
    };
}

actions!(
    RegisterChanged "register.change",
    UserAdded "user.add",
    UserDisabled "user.disable",
    RawReportRead "read.raw_report",
    ConfidentialRead "read.confidential",
    HoldPlaced "hold.place",
    HoldReleased "hold.release",
    RetentionRun "retention.run",
    Erased "erase",
    DetailErased "erase.audit_detail",
    PrivacyExported "privacy.export",
    RestoreConfirmed "restore.confirm",
    ClaimAdded "claim.add",
    ClaimProven "claim.prove",
    ClaimNotProven "claim.not_proven",
    ClaimLapsed "claim.lapse",
    ClaimWithdrawn "claim.withdraw",
    ClaimRefused "claim.refuse",
    CodeSent "claim.code_sent",
    ConflictOpened "conflict.open",
    ConflictDecided "conflict.decide",
    JoiningStepTaken "joining.step",
    AssetAskedAbout "asset.ask",
    AssetRequestAccepted "asset.ask_accepted",
    AssetRequestRefused "asset.ask_refused",
    ContactChangeRequested "contact.change_requested",
    ContactChangeApproved "contact.change_approved",
    ContactChangeRefused "contact.change_refused",
    ContactLeft "contact.leave",
    ContactConfirmed "contact.confirm",
    ContactReminded "contact.remind",
    ContactKeyAdded "contact.key",
    MessageReleased "message.release",
    Reattributed "reattribute",
    BreachOpened "breach.open",
    BreachClosed "breach.close",
    SourceChanged "source.change",
    SourceTokenAdded "source.token_add",
    SourceTokenRevoked "source.token_revoke",
    HubKeyMade "hub.key_make",
    HubKeyPinned "hub.key_pin",
    HubKeyRevoked "hub.key_revoke",
    HubClaims "hub.claims",
    HubMatching "hub.match",
    HubAsked "hub.whose",
    HubSealing "hub.seal",
    HubTookBack "hub.take_back",
    HubTakeBackDecided "hub.take_back_decide",
    HubLinked "hub.link",
    HubLinkChanged "hub.link_change",
    HubLinkPaused "hub.link_pause",
    HubLinkResumed "hub.link_resume",
    HubLinkEnded "hub.link_end",
    MemberKeyAdded "member_key.add",
    MemberKeyRevoked "member_key.revoke",
    MemberReportRead "read.member_report",
    ApiClientAdded "api_client.add",
    ApiClientRotated "api_client.rotate",
    ApiClientRevoked "api_client.revoke",
    ArrivalAccepted "arrival.accept",
    ArrivalRefused "arrival.refuse",
    ArrivalReopened "arrival.reopen",
    ArrivalAnswers "arrival.answers",
    ReportWithdrawn "report.withdraw",
    RejectsReplayed "report.replay",
    OrganisationCalled "call.record",
    ContactBlocked "safety_net.block",
    ContactAllowed "safety_net.allow",
    ExploitedMarked "exploited.mark",
    ExploitedCleared "exploited.clear",
    ClosingDaysAdded "closing_days.add",
    ClosingDaysRemoved "closing_days.remove",
    TemplateChanged "template.change",
    CampaignCreated "campaign.create",
    CampaignApproved "campaign.approve",
    CampaignSent "campaign.send",
    CampaignClosed "campaign.close",
    CampaignAnswered "campaign.answer_source",
    AnswerTaken "answer.take",
    AnswerProposed "answer.propose",
    AnswerAccepted "answer.accept",
    AnswerRefused "answer.refuse",
    AnswerCarriedOut "answer.carry_out",
    MailReturned "mail.return",
    MailboxChanged "mailbox.change",
    PolicySet "policy.set",
    KeptReleased "policy.release",
    AccountInvited "account.invite",
    AccountChanged "account.change",
    AccountReady "account.ready",
    SignedIn "session.begin",
    IdentityLinked "account.identity",
    PasskeyAdded "account.passkey",
    PasskeyRemoved "account.passkey.remove",
    RecoveryCodesMade "account.recovery",
    RecoveryCodeUsed "account.recovery.use",
    SessionEnded "session.end",
    FindingAssigned "finding.assign",
    FindingSnoozed "finding.snooze",
    FindingNoted "finding.note",
    ReplySent "reply.send",
    ShiftHandedOver "shift.hand_over",
    ShiftAccepted "shift.accept",
);

/// An entry about to be appended.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who: the name of a desk user, or of the part of the program that acted (which counts as user 0).
    pub actor: &'a str,
    /// What.
    pub action: Action,
    /// To what, by its number or code: `claim:12`, `organisation:GM0513`. Nothing personal: this stays.
    pub subject: &'a str,
    /// Why, as the actor said it.
    pub reason: &'a str,
    /// Before and after as JSON, or empty. It may hold personal data, and can be erased.
    pub detail: &'a str,
}

/// Appends an entry to the chain, within the transaction of what it tells. Gives its number, from 1.
pub fn append(transaction: &Transaction<'_>, entry: &Entry<'_>) -> Result<u64, StoreError> {
    append_with_digest(transaction, entry, None)
}

/// Appends an entry that also fixes a digest over rows that are kept elsewhere.
pub(crate) fn append_with_digest(
    transaction: &Transaction<'_>,
    entry: &Entry<'_>,
    digest: Option<[u8; 32]>,
) -> Result<u64, StoreError> {
    let (last, previous) = head(transaction)?;
    let id = last + 1;
    let reason = &entry.reason[..entry.reason.floor_char_boundary(REASON_BYTES_MAX)];
    let salt = random_salt()?;
    let commitment = commitment(&salt, entry.actor, reason, entry.detail);
    let linked = Linked {
        id,
        at: entry.at,
        actor: users::number_of(transaction, entry.actor)?,
        action: entry.action.as_str(),
        subject: entry.subject,
        digest,
        commitment,
    };
    let hash = linked.hash(&previous);
    transaction
        .prepare_cached(
            "INSERT INTO audit (id, at, actor, action, subject, digest, commitment, hash) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                id as i64, linked.at, linked.actor, linked.action, linked.subject, digest, commitment, hash
            ])
        })
        .and_then(|_| {
            transaction
                .prepare_cached("INSERT INTO audit_detail (entry, salt, actor_name, reason, detail) VALUES (?1,?2,?3,?4,?5)")?
                .execute(params![id as i64, salt, entry.actor, reason, entry.detail])
        })
        .and_then(|_| {
            transaction
                .prepare_cached("INSERT INTO meta VALUES ('audit_head', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1")?
                .execute([format!("{id} {}", hex(&hash))])
        })
        .doing("append to the audit log")?;
    Ok(id)
}

/// Appends an entry without the store's lock: somebody looked at something confidential. It stands before they see it.
pub fn record_access(data: &DataDir, entry: &Entry<'_>) -> Result<u64, StoreError> {
    let mut connection = writer_beside(data)?;
    crate::transaction::in_transaction(&mut connection, |transaction| append(transaction, entry))
}

/// The number and hash of the last entry, as noted beside the chain; 0 and zeros before the first.
pub fn head(connection: &Connection) -> Result<(u64, [u8; 32]), StoreError> {
    let noted: Option<String> = connection
        .prepare_cached("SELECT value FROM meta WHERE key = 'audit_head'")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .doing("read the head of the audit log")?;
    match noted {
        None => Ok((0, GENESIS)),
        Some(text) => parse_head(&text)
            .ok_or_else(|| StoreError::Damaged { what: format!("the head of the audit log reads `{text}`") }),
    }
}

/// A head as [`head_text`] writes it.
pub fn parse_head(text: &str) -> Option<(u64, [u8; 32])> {
    let (id, hash) = text.trim().split_once([' ', ':'])?;
    Some((id.parse().ok()?, *blake3::Hash::from_hex(hash).ok()?.as_bytes()))
}

/// A head to note down: `12:5f0c…`.
pub fn head_text(head: &(u64, [u8; 32])) -> String {
    format!("{}:{}", head.0, hex(&head.1))
}

/// An entry as it stands in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// Its number, from 1.
    pub id: u64,
    /// When, in seconds since 1970.
    pub at: i64,
    /// The desk user, 0 for the program.
    pub actor: u32,
    /// What, one of [`Action::as_str`].
    pub action: String,
    /// To what.
    pub subject: String,
    /// A digest over rows that are kept elsewhere.
    pub digest: Option<[u8; 32]>,
    /// What the chain knows of the detail.
    pub commitment: [u8; 32],
    /// The entry's place in the chain.
    pub hash: [u8; 32],
    /// What can be erased; `None` when it was.
    pub detail: Option<Detail>,
}

/// The part of an entry that can be erased.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detail {
    /// Keeps the commitment from being guessed.
    pub salt: [u8; 32],
    /// The actor as they were called then.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Before and after as JSON, or empty.
    pub detail: String,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only with this subject.
    pub subject: Option<String>,
    /// Only by this desk user.
    pub actor: Option<u32>,
    /// Only from this time on, in seconds since 1970.
    pub since: Option<i64>,
    /// Only this action.
    pub action: Option<String>,
    /// Only those before this one.
    pub before: Option<u64>,
}

const COLUMNS: &str = "a.id, a.at, a.actor, a.action, a.subject, a.digest, a.commitment, a.hash,
    d.salt, d.actor_name, d.reason, d.detail FROM audit a LEFT JOIN audit_detail d ON d.entry = a.id";

/// The newest entries first, at most `limit`.
pub fn list(connection: &Connection, filter: &Filter, limit: usize) -> Result<Vec<Recorded>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} WHERE (?1 IS NULL OR a.subject = ?1) AND (?2 IS NULL OR a.actor = ?2)
             AND (?3 IS NULL OR a.at >= ?3) AND (?4 IS NULL OR a.action = ?4) AND (?5 IS NULL OR a.id < ?5)
             ORDER BY a.id DESC LIMIT ?6"
        ))
        .and_then(|mut statement| {
            statement
                .query_map(
                    params![
                        filter.subject,
                        filter.actor,
                        filter.since,
                        filter.action,
                        filter.before.map(|id| id as i64),
                        limit as i64
                    ],
                    from_row,
                )?
                .collect()
        })
        .doing("list the audit log")
}

/// One entry.
pub fn get(connection: &Connection, id: u64) -> Result<Option<Recorded>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} WHERE a.id = ?1"))
        .and_then(|mut statement| statement.query_row([id as i64], from_row).optional())
        .doing("read the audit log")
}

/// Passes every entry, the oldest first.
pub fn each(
    connection: &Connection,
    mut act: impl FnMut(&Recorded) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare(&format!("SELECT {COLUMNS} ORDER BY a.id")).doing("read the audit log")?;
    let mut rows = statement.query([]).doing("read the audit log")?;
    while let Some(row) = rows.next().doing("read the audit log")? {
        act(&from_row(row).doing("read the audit log")?)?;
    }
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    let detail = match row.get_ref(8)? {
        ValueRef::Null => None,
        _ => {
            Some(Detail { salt: row.get(8)?, actor: row.get(9)?, reason: row.get(10)?, detail: row.get(11)? })
        }
    };
    Ok(Recorded {
        id: row.get::<_, i64>(0)? as u64,
        at: row.get(1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        digest: row.get(5)?,
        commitment: row.get(6)?,
        hash: row.get(7)?,
        detail,
    })
}

/// What the walk over the chain found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Walk {
    /// Entries that were read.
    pub entries: u64,
    /// Entries whose detail was erased, by an entry that says so.
    pub erased: u64,
    /// The number and hash of the last entry that was read.
    pub head: (u64, [u8; 32]),
    /// The first entry at which the chain breaks, and how.
    pub broken: Option<Broken>,
}

/// Where the chain breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// The entry.
    pub entry: u64,
    /// What is wrong with it, as the end of a sentence.
    pub what: String,
}

/// Walks the chain from its beginning to its head. With `noted`, a head that was written down earlier, also says whether the chain of then
/// is the beginning of the chain of now.
pub fn verify(connection: &Connection, noted: Option<(u64, [u8; 32])>) -> Result<Walk, StoreError> {
    let mut walk = Walk { head: (0, GENESIS), ..Walk::default() };
    let said: HashMap<u64, u64> = crate::erase::erased_numbers(connection, Kind::Detail)?
        .into_iter()
        .map(|(entry, number)| (u64::from(number), entry))
        .collect();
    let mut lost = None;
    let mut met_noted = noted.is_none_or(|(id, hash)| id == 0 && hash == GENESIS);
    each(connection, |entry| {
        if walk.broken.is_some() {
            return Ok(());
        }
        walk.broken = fault(entry, &walk.head).map(|what| Broken { entry: walk.head.0 + 1, what });
        if let Some((id, hash)) = noted
            && id == entry.id
        {
            met_noted = true;
            if hash != entry.hash && walk.broken.is_none() {
                let what = "is another than the one that was noted down".to_owned();
                walk.broken = Some(Broken { entry: entry.id, what });
            }
        }
        if entry.detail.is_none() {
            // An entry can only be said to be erased by a later one.
            if said.get(&entry.id).is_some_and(|by| *by > entry.id) {
                walk.erased += 1;
            } else {
                lost = lost.or(Some(entry.id));
            }
        }
        walk.entries += 1;
        walk.head = (entry.id, entry.hash);
        Ok(())
    })?;
    if walk.broken.is_none() {
        let what = "erased other things than stand beside it".to_owned();
        let changed = crate::erase::changed_erasures(connection)?;
        walk.broken = changed.first().map(|entry| Broken { entry: *entry, what });
    }
    if walk.broken.is_none() {
        walk.broken = broken_end(&walk, &head(connection)?, noted.filter(|_| !met_noted)).or_else(|| {
            let what = "has lost its detail, and no entry says that it was erased".to_owned();
            lost.map(|entry| Broken { entry, what })
        });
    }
    Ok(walk)
}

fn fault(entry: &Recorded, before: &(u64, [u8; 32])) -> Option<String> {
    if entry.id != before.0 + 1 {
        return Some("is missing".to_owned());
    }
    let linked = Linked {
        id: entry.id,
        at: entry.at,
        actor: entry.actor,
        action: &entry.action,
        subject: &entry.subject,
        digest: entry.digest,
        commitment: entry.commitment,
    };
    if linked.hash(&before.1) != entry.hash {
        return Some("was changed, or does not follow from the one before".to_owned());
    }
    let detail = entry.detail.as_ref()?;
    (commitment(&detail.salt, &detail.actor, &detail.reason, &detail.detail) != entry.commitment)
        .then(|| "has another detail than when it was written".to_owned())
}

fn broken_end(walk: &Walk, head: &(u64, [u8; 32]), not_met: Option<(u64, [u8; 32])>) -> Option<Broken> {
    if *head != walk.head {
        let what = format!("should be followed by more, up to entry {}: the end was cut off", head.0);
        let what =
            if head.0 > walk.head.0 { what } else { "is not the head that is noted beside it".to_owned() };
        return Some(Broken { entry: walk.head.0, what });
    }
    let (id, _) = not_met?;
    let what = format!("is the last, but entry {id} was noted down: the end was cut off");
    Some(Broken { entry: walk.head.0, what })
}

/// The part of an entry that its hash covers.
struct Linked<'a> {
    id: u64,
    at: i64,
    actor: u32,
    action: &'a str,
    subject: &'a str,
    digest: Option<[u8; 32]>,
    commitment: [u8; 32],
}

impl Linked<'_> {
    fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(192 + self.subject.len());
        bytes.extend_from_slice(previous);
        bytes.extend_from_slice(&self.id.to_le_bytes());
        bytes.extend_from_slice(&self.at.to_le_bytes());
        bytes.extend_from_slice(&self.actor.to_le_bytes());
        push_text(&mut bytes, self.action);
        push_text(&mut bytes, self.subject);
        bytes.push(u8::from(self.digest.is_some()));
        bytes.extend_from_slice(&self.digest.unwrap_or_default());
        bytes.extend_from_slice(&self.commitment);
        blake3::derive_key(ENTRY_CONTEXT, &bytes)
    }
}

fn commitment(salt: &[u8; 32], actor: &str, reason: &str, detail: &str) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(64 + actor.len() + reason.len() + detail.len());
    bytes.extend_from_slice(salt);
    push_text(&mut bytes, actor);
    push_text(&mut bytes, reason);
    push_text(&mut bytes, detail);
    blake3::derive_key(DETAIL_CONTEXT, &bytes)
}

/// Length first, so that no two lists of texts make the same bytes.
pub(crate) fn push_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

/// A salt that nobody can guess.
pub(crate) fn random_salt() -> Result<[u8; 32], StoreError> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(|error| StoreError::Damaged {
        what: format!("the system gives no random bytes: {error}"),
    })?;
    Ok(salt)
}

fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*bytes).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, erase::ToErase};

    fn entry<'a>(at: i64, subject: &'a str) -> Entry<'a> {
        Entry { at, actor: "jan", action: Action::HoldPlaced, subject, reason: "why", detail: "{\"a\":1}" }
    }

    /// A store with one user and five entries: the user, and four holds.
    fn five() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        store.add_user(1, "command line", "jan", "Jan").unwrap();
        for at in 2..6 {
            store.write(|transaction| append(transaction, &entry(at, &format!("report:{at}")))).unwrap();
        }
        (folder, store)
    }

    fn broken_after(sql: &str) -> Option<(u64, String)> {
        let (_folder, store) = five();
        store.connection.execute_batch(sql).unwrap();
        let walk = store.read(|connection| verify(connection, None)).unwrap();
        walk.broken.map(|broken| (broken.entry, broken.what))
    }

    #[test]
    fn entries_are_listed_with_who_what_and_why() {
        let (_folder, store) = five();
        let by_jan = Filter { actor: Some(1), since: Some(4), ..Filter::default() };
        let listed = store.read(|connection| list(connection, &by_jan, 10)).unwrap();
        assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [5, 4]);
        assert_eq!(
            (listed[0].actor, listed[0].action.as_str(), listed[0].subject.as_str()),
            (1, "hold.place", "report:5")
        );
        let detail = listed[0].detail.as_ref().unwrap();
        assert_eq!(
            (detail.actor.as_str(), detail.reason.as_str(), detail.detail.as_str()),
            ("jan", "why", "{\"a\":1}")
        );
        let walk = store.read(|connection| verify(connection, None)).unwrap();
        assert_eq!((walk.entries, walk.head.0, walk.broken), (5, 5, None));
    }

    #[test]
    fn every_kind_of_tampering_is_found_and_named() {
        let found = |sql: &str| broken_after(sql).unwrap_or_else(|| panic!("not found: {sql}"));
        let changed = "was changed, or does not follow from the one before";
        assert_eq!(found("UPDATE audit SET subject = 'report:9' WHERE id = 3"), (3, changed.to_owned()));
        assert_eq!(found("UPDATE audit SET at = 0 WHERE id = 5"), (5, changed.to_owned()));
        assert_eq!(found("UPDATE audit SET actor = 0 WHERE id = 2"), (2, changed.to_owned()));
        assert_eq!(found("DELETE FROM audit WHERE id = 2"), (2, "is missing".to_owned()));
        assert_eq!(found("DELETE FROM audit WHERE id = 1"), (1, "is missing".to_owned()));
        assert_eq!(
            found(
                "UPDATE audit SET id = 9 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 9;"
            ),
            (2, changed.to_owned())
        );
        assert_eq!(found("DELETE FROM audit WHERE id > 3").0, 3);
        assert_eq!(found("DELETE FROM meta WHERE key = 'audit_head'").0, 5);
        assert_eq!(
            found("UPDATE audit_detail SET reason = 'other' WHERE entry = 4"),
            (4, "has another detail than when it was written".to_owned())
        );
        assert_eq!(
            found("DELETE FROM audit_detail WHERE entry = 4"),
            (4, "has lost its detail, and no entry says that it was erased".to_owned())
        );
    }

    #[test]
    fn a_chain_written_again_is_found_by_the_head_that_was_noted() {
        let (_folder, mut store) = five();
        let noted = store.read(head).unwrap();
        assert_eq!(parse_head(&head_text(&noted)), Some(noted));
        store
            .connection
            .execute_batch(
                "DELETE FROM audit WHERE id > 3; DELETE FROM audit_detail WHERE entry > 3;
                 UPDATE meta SET value = (SELECT '3 ' || lower(hex(hash)) FROM audit WHERE id = 3) WHERE key = 'audit_head'",
            )
            .unwrap();
        assert_eq!(store.read(|connection| verify(connection, None)).unwrap().broken, None);
        let cut = store.read(|connection| verify(connection, Some(noted))).unwrap().broken.unwrap();
        assert_eq!(cut.entry, 3);
        for at in 4..7 {
            store.write(|transaction| append(transaction, &entry(at, "report:1"))).unwrap();
        }
        assert_eq!(store.read(|connection| verify(connection, None)).unwrap().broken, None);
        let other = store.read(|connection| verify(connection, Some(noted))).unwrap().broken.unwrap();
        assert_eq!((other.entry, other.what.as_str()), (5, "is another than the one that was noted down"));
    }

    #[test]
    fn a_detail_can_be_erased_when_an_entry_says_so() {
        let (_folder, mut store) = five();
        let erasing = Entry { action: Action::DetailErased, ..entry(9, "audit") };
        let what = ToErase { details: vec![2, 3], ..ToErase::default() };
        assert_eq!(store.erase(&erasing, &what).unwrap(), Some(6));
        let walk = store.read(|connection| verify(connection, None)).unwrap();
        assert_eq!((walk.entries, walk.erased, walk.broken), (6, 2, None));
        assert_eq!(store.read(|connection| get(connection, 2)).unwrap().unwrap().detail, None);
        let hide = "DELETE FROM audit_detail WHERE entry = 4; UPDATE erasure SET numbers = x'020101'";
        store.connection.execute_batch(hide).unwrap();
        let broken = store.read(|connection| verify(connection, None)).unwrap().broken.unwrap();
        assert_eq!((broken.entry, broken.what.as_str()), (6, "erased other things than stand beside it"));
    }

    #[test]
    fn who_only_looks_appends_while_the_writer_holds_the_lock() {
        let (folder, mut store) = five();
        let data = DataDir::new(folder.path());
        assert_eq!(record_access(&data, &entry(7, "report:1")).unwrap(), 6);
        assert_eq!(store.write(|transaction| append(transaction, &entry(8, "report:2"))).unwrap(), 7);
        assert_eq!(store.read(|connection| verify(connection, None)).unwrap().broken, None);
    }
}
