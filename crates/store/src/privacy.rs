//! Where a person or an address occurs in the texts of the store, table by table.

use std::net::IpAddr;

use rusqlite::{Connection, params};

use crate::{StoreError, error::DatabaseContext};

/// What can be done about a text in which somebody occurs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// It is a contact: withdrawn from the register if need be, then blanked.
    Contact,
    /// It is a finding: address, name and key are erased, and the rows that show it.
    Finding,
    /// It is a message, or goes to somebody: its bytes are erased.
    Message,
    /// It is the detail of an audit entry.
    Detail,
    /// The text is replaced.
    Replace,
    /// The row goes: it can be found out again.
    Forget,
    /// The register, or a claim, says it of an organisation: change that.
    Register,
}

/// A text of the store that may name somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What it is, for people.
    pub what: &'static str,
    /// What erasing does.
    pub remedy: Remedy,
    /// What tells its rows apart.
    pub key: &'static str,
}

const fn place(table: &'static str, column: &'static str, what: &'static str, remedy: Remedy) -> Place {
    Place { table, column, what, remedy, key: "rowid" }
}

/// Tables without a number of their own.
const STEP: &str = "organisation || ':' || step";
const MEMBER: &str = "report || ':' || seq";

/// Every text that may name somebody. A new table with such a text adds its lines here.
pub const PLACES: &[Place] = &[
    place("contact", "name", "contact", Remedy::Contact),
    place("contact", "email", "contact", Remedy::Contact),
    place("contact", "phone", "contact", Remedy::Contact),
    place("finding", "name", "finding", Remedy::Finding),
    place("message", "recipient", "message", Remedy::Message),
    place("message", "outcome", "message", Remedy::Message),
    place("audit_detail", "actor_name", "audit detail", Remedy::Detail),
    place("audit_detail", "reason", "audit detail", Remedy::Detail),
    place("audit_detail", "detail", "audit detail", Remedy::Detail),
    place("desk_user", "display_name", "desk user", Remedy::Replace),
    place("legal_hold", "reason", "legal hold", Remedy::Replace),
    place("register_version", "reason", "reason of a register change", Remedy::Replace),
    place("fate_change", "reason", "reason of a fate", Remedy::Replace),
    place("report", "failure", "failure of a report", Remedy::Replace),
    place("report", "name", "file name of a report", Remedy::Replace),
    place("notification", "subject", "subject of a notification", Remedy::Replace),
    place("asset", "note", "note of an asset", Remedy::Register),
    place("asset", "value", "asset", Remedy::Register),
    place("relation", "note", "note of a relation", Remedy::Register),
    place("organisation_state", "name", "organisation", Remedy::Register),
    place("claim", "value", "claim", Remedy::Register),
    place("claim", "note", "note of a claim", Remedy::Replace),
    place("proof_attempt", "detail", "attempt to prove a claim", Remedy::Replace),
    place("mail_code", "address", "code sent to a mail address", Remedy::Replace),
    place("conflict", "value", "conflict", Remedy::Register),
    place("conflict", "reason", "decision of a conflict", Remedy::Replace),
    place("source", "name", "source", Remedy::Replace),
    place("source", "contact", "source", Remedy::Replace),
    place("source", "senders", "source", Remedy::Replace),
    place("source", "licence", "source", Remedy::Replace),
    place("source", "shown_as", "source", Remedy::Replace),
    place("source_token", "label", "token of a source", Remedy::Replace),
    place("member_key", "label", "key of a member", Remedy::Replace),
    place("api_response", "body", "answer to a request", Remedy::Forget),
    place("look_up", "subject", "look-up of an address or a name", Remedy::Forget),
    place("look_up", "found", "look-up of an address or a name", Remedy::Forget),
    place("arrival", "name", "file name of an arrival", Remedy::Replace),
    place("arrival", "sender", "sender of an arrival", Remedy::Replace),
    place("arrival", "reason", "what became of an arrival", Remedy::Replace),
    place("contact_key", "email", "key of a contact", Remedy::Replace),
    place("asset_request", "value", "what a member asks about an asset", Remedy::Replace),
    place("asset_request", "text", "what a member asks about an asset", Remedy::Replace),
    place("asset_request", "reason", "what a member asks about an asset", Remedy::Replace),
    place("pending_change", "name", "change of a contact", Remedy::Replace),
    place("pending_change", "email", "change of a contact", Remedy::Replace),
    place("pending_change", "phone", "change of a contact", Remedy::Replace),
    place("pending_change", "reason", "change of a contact", Remedy::Replace),
    place("pending_change", "called_back", "change of a contact", Remedy::Replace),
    place("correction", "reason", "reason of a correction", Remedy::Replace),
    place("policy_version", "reason", "reason of a policy", Remedy::Replace),
    place("policy_version", "text", "policy", Remedy::Replace),
    place("template_version", "reason", "reason of a template", Remedy::Replace),
    place("template_version", "text", "template", Remedy::Replace),
    place("call", "note", "call", Remedy::Replace),
    place("answer", "decided_by", "answer", Remedy::Replace),
    place("answer", "supplier", "answer", Remedy::Replace),
    place("answer", "reason", "answer", Remedy::Replace),
    place("answer", "text", "answer", Remedy::Replace),
    place("answer", "sender", "answer", Remedy::Replace),
    place("answer", "why", "answer", Remedy::Replace),
    place("hub_question", "value", "question between hubs", Remedy::Forget),
    Place {
        key: "link || ':' || kind || ':' || value",
        ..place("hub_sealed_claim", "value", "claim of a hub", Remedy::Register)
    },
    place("abuse_contact", "subject", "abuse contact", Remedy::Forget),
    place("abuse_contact", "found", "abuse contact", Remedy::Forget),
    place("abuse_contact", "holder", "abuse contact", Remedy::Forget),
    place("campaign", "title", "campaign", Remedy::Replace),
    place("campaign", "text_nl", "campaign", Remedy::Replace),
    place("campaign", "text_en", "campaign", Remedy::Replace),
    Place { key: "address", ..place("mailbox", "address", "state of a mail address", Remedy::Forget) },
    Place { key: "address", ..place("mailbox", "failure", "state of a mail address", Remedy::Replace) },
    Place { key: "subject", ..place("exploited", "reason", "what is exploited", Remedy::Replace) },
    Place {
        key: "subject",
        ..place("do_not_contact", "subject", "who must not be written to", Remedy::Replace)
    },
    Place {
        key: "subject",
        ..place("do_not_contact", "reason", "who must not be written to", Remedy::Replace)
    },
    place("account", "name", "account of the portal", Remedy::Replace),
    place("account", "display_name", "account of the portal", Remedy::Replace),
    Place {
        key: "issuer || ' ' || subject",
        ..place("identity", "subject", "identity of an account", Remedy::Replace)
    },
    Place { key: "hex(id)", ..place("passkey", "name", "passkey of an account", Remedy::Replace) },
    Place { key: "hex(token)", ..place("session", "agent", "session in the portal", Remedy::Replace) },
    place("finding_note", "text", "note about a finding", Remedy::Replace),
    place("reply", "text", "answer of the desk", Remedy::Replace),
    place("saved_view", "name", "list that somebody keeps", Remedy::Replace),
    place("saved_view", "query", "list that somebody keeps", Remedy::Replace),
    place("shift", "text", "what a shift handed over", Remedy::Replace),
    place("breach", "reason", "possible data breach", Remedy::Replace),
    place("breach", "closed_reason", "possible data breach", Remedy::Replace),
    Place { key: "name", ..place("name_look_up", "name", "look-up of a name", Remedy::Register) },
    Place { key: MEMBER, ..place("member", "path", "file of a report", Remedy::Replace) },
    Place { key: STEP, ..place("joining_step", "by_name", "step of joining", Remedy::Replace) },
    Place { key: STEP, ..place("joining_step", "number", "step of joining", Remedy::Replace) },
];

/// A text in which a term occurs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Where.
    pub place: Place,
    /// Its row, by the place's key.
    pub row: String,
    /// The text.
    pub text: String,
}

/// The texts that hold the term, without regard to case (of a-z).
pub fn texts(connection: &Connection, term: &str) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    for place in PLACES {
        let Place { table, column, key, .. } = place;
        let sql = format!(
            "SELECT CAST({key} AS TEXT), {column} FROM {table} WHERE instr(lower({column}), lower(?1)) > 0 ORDER BY {key}"
        );
        let texts: Vec<(String, String)> = connection
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement.query_map([term], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .doing("look where a term occurs")?;
        found.extend(texts.into_iter().map(|(row, text)| Found { place: *place, row, text }));
    }
    Ok(found)
}

/// The findings at this address.
pub fn findings_at(connection: &Connection, ip: IpAddr) -> Result<Vec<u32>, StoreError> {
    let (v4, v6);
    let bytes: &[u8] = match ip {
        IpAddr::V4(ip) => {
            v4 = ip.octets();
            &v4
        }
        IpAddr::V6(ip) => {
            v6 = ip.octets();
            &v6
        }
    };
    connection
        .prepare_cached("SELECT id FROM finding WHERE ip = ?1 ORDER BY id")
        .and_then(|mut statement| statement.query_map(params![bytes], |row| row.get(0))?.collect())
        .doing("look for findings at an address")
}

/// The contacts that stand now, of these.
pub fn standing_contacts(connection: &Connection, contacts: &[u32]) -> Result<Vec<u32>, StoreError> {
    let mut standing = Vec::new();
    for contact in contacts {
        let stands: bool = connection
            .prepare_cached("SELECT withdrawn_in IS NULL FROM contact WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([contact], |row| row.get(0)))
            .doing("read a contact")?;
        if stands {
            standing.push(*contact);
        }
    }
    Ok(standing)
}

/// The number behind the last row of a table.
pub fn end_of(connection: &Connection, table: &'static str) -> Result<u32, StoreError> {
    connection
        .query_row(&format!("SELECT coalesce(max(rowid) + 1, 0) FROM {table}"), [], |row| row.get(0))
        .doing("look where a table ends")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Store, data_dir::DataDir};

    /// Texts that name nobody: words of ours, numbers of things, and names under which desk users act.
    const NOBODY: &[&str] = &[
        "account.language",
        "account.organisation",
        "account.password",
        "account.roles",
        "answer.actor",
        "api_client.code",
        "api_client.scopes",
        "api_public_key.jwk",
        "answer.kind",
        "answer.way",
        "abuse_contact.means",
        "identity.issuer",
        "baseline.actor",
        "baseline.kind",
        "call.actor",
        "call.locked_by",
        "call.result",
        "call.why",
        "campaign.actor",
        "campaign.approved_by",
        "do_not_contact.actor",
        "exploited.actor",
        "hub_link.peer",
        "hub_link.url",
        "hub_link.organisation",
        "hub_link.state",
        "hub_link.direction",
        "hub_link.transport",
        "hub_link.purposes",
        "hub_link.status",
        "hub_link.payload",
        "parcel_out.outcome",
        "parcel_out.reason",
        "parcel_in.path",
        "parcel_in.outcome",
        "parcel_in.reason",
        "hub_message.kind",
        "hub_status_count.day",
        "hub_question.way",
        "hub_sealed_claim.kind",
        "parcel_out.withheld",
        "hub_taken_back.outcome",
        "hub_question.answer",
        "hub_question.hub",
        "exploited.subject",
        "kept_block.keeps",
        "notification.kind",
        "overview.rhythm",
        "policy_version.actor",
        "rdap_bootstrap.name",
        "template_version.actor",
        "template_version.language",
        "template_version.name",
        "announced.country",
        "announced_handle.handle",
        "announced_import.source",
        "asset.kind",
        "asset.proof",
        "asset.role",
        "audit.action",
        "audit.subject",
        "breach.closed_by",
        "breach.opened_by",
        "breach.subject",
        "claim.kind",
        "claim.means",
        "claim.role",
        "claim.state",
        "claim.token",
        "conflict.decided_by",
        "conflict.kind",
        "conflict.role",
        "contact.language",
        "contact.role",
        "contact_confirmation.actor",
        "contact_key.fingerprint",
        "contact_key.kind",
        "correction.actor",
        "desk_user.name",
        "finding_change.actor",
        "finding_note.actor",
        "reply.actor",
        "shift.actor",
        "shift.accepted_by",
        "shift.sums",
        "erasure.kind",
        "joining_step.actor",
        "joining_step.step",
        "arrival.actor",
        "arrival.door",
        "arrival.outcome",
        "source.code",
        "source.formats",
        "source.kind",
        "source.reliability",
        "source.trust",
        "kind.classification",
        "kind.feed",
        "kind.identifier",
        "kind.provider",
        "legal_hold.subject",
        "mail_code.state",
        "member_key.key",
        "message.message_id",
        "message.role",
        "meta.key",
        "meta.value",
        "notification.language",
        "organisation.code",
        "organisation_state.kind",
        "organisation_state.language",
        "organisation_state.parent",
        "asset_request.decided_by",
        "asset_request.kind",
        "asset_request.requested_by",
        "asset_request.role",
        "asset_request.wish",
        "pending_change.decided_by",
        "pending_change.key_fingerprint",
        "pending_change.key_kind",
        "pending_change.language",
        "pending_change.requested_by",
        "pending_change.role",
        "proof_attempt.actor",
        "proof_attempt.means",
        "register_version.actor",
        "relation.kind",
        "relation.mandate",
        "report.received_day",
        "follow_up.cves",
        "follow_up.new_cves",
    ];

    #[test]
    fn every_text_of_the_store_is_looked_at_or_names_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::new(folder.path())).unwrap();
        let columns: Vec<String> = store
            .read(|connection| {
                connection
                    .prepare(
                        "SELECT t.name || '.' || c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
                         WHERE t.type = 'table' AND c.type = 'TEXT' ORDER BY 1",
                    )
                    .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
                    .doing("list its columns")
            })
            .unwrap();
        let places: Vec<String> =
            PLACES.iter().map(|place| format!("{}.{}", place.table, place.column)).collect();
        let unknown: BTreeSet<&String> = columns
            .iter()
            .filter(|column| !places.contains(column) && !NOBODY.contains(&column.as_str()))
            .collect();
        assert!(unknown.is_empty(), "add these to PLACES, or to NOBODY: {unknown:?}");
        let gone: Vec<&String> = places.iter().filter(|place| !columns.contains(place)).collect();
        assert!(gone.is_empty(), "these columns are not there: {gone:?}");
        assert_eq!(store.read(|connection| texts(connection, "nobody")).unwrap(), []);
    }
}
