//! AbuseIO's contacts, netblocks and domains: the CSV files that its pages export (`export` in its Contacts-, Netblocks-
//! and DomainsController), or its database tables (`database/migrations`) as CSV files or lists in one JSON object.
//!
//! | file | columns we read |
//! |---|---|
//! | contacts | reference, name, status or enabled, e-mail address or email, id |
//! | netblocks | contact or contact_id, first ip or first_ip, last ip or last_ip, status or enabled, description |
//! | domains | contact or contact_id, domain name or name, status or enabled |
//!
//! A contact there is a customer: an organisation here, with a contact for findings. Its exports write `", "` between
//! values, and the values of a netblock in another order than its header; both are mended. What is switched off is left
//! out. Addresses in a database's binary form cannot be read.

use super::{
    super::{ProblemKind, RegisterFile, host::read_address},
    Source,
    draft::{ContactText, Draft, Spot},
    names::Names,
    peer::Peer,
    tables::{TableRow, csv_columns, csv_rows, has_all, json, json_rows, list},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Contacts,
    Netblocks,
    Domains,
}

const KINDS: [(Kind, &[&str]); 6] = [
    (Kind::Contacts, &["reference", "name", "e-mail address"]),
    (Kind::Contacts, &["reference", "name", "email", "enabled"]),
    (Kind::Netblocks, &["contact", "first ip", "last ip"]),
    (Kind::Netblocks, &["contact_id", "first_ip", "last_ip"]),
    (Kind::Domains, &["contact", "domain name", "status"]),
    (Kind::Domains, &["contact_id", "name", "enabled"]),
];

pub(super) fn recognises(source: &Source<'_>) -> bool {
    if source.has_ending(&["json"]) {
        return json(source).is_ok_and(|value| {
            let netblocks =
                list(&value, &["netblocks"]).first().is_some_and(|row| row.get("first_ip").is_some());
            netblocks && value.get("contacts").is_some()
        });
    }
    source.has_ending(&["csv"]) && kind(&mended(source.bytes)).is_some()
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    let columns = csv_columns(bytes);
    KINDS.into_iter().find(|(_, known)| has_all(&columns, known)).map(|(kind, _)| kind)
}

/// Without the space before a quote, which would make the quote part of the value. Lengths of lines stay in order.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut mended = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, b"\", \"") {
        mended.extend_from_slice(&rest[..at]);
        mended.extend_from_slice(b"\",\"");
        rest = &rest[at + 4..];
    }
    mended.extend_from_slice(rest);
    mended
}

pub(super) fn draft(sources: &[Source<'_>], names: &Names, draft: &mut Draft) {
    let mut rows: Vec<(Kind, TableRow)> = Vec::new();
    for source in sources {
        if source.has_ending(&["json"]) {
            match json(source) {
                Ok(value) => {
                    for (kind, name) in [
                        (Kind::Contacts, "contacts"),
                        (Kind::Netblocks, "netblocks"),
                        (Kind::Domains, "domains"),
                    ] {
                        let found =
                            json_rows(list(&value, &[name]), &format!("{} {name}", source.name), draft);
                        rows.extend(found.into_iter().map(|(row, _)| (kind, row)));
                    }
                }
                Err(message) => draft.file_problem(source.name, message),
            }
            continue;
        }
        let bytes = mended(source.bytes);
        if let Some(kind) = kind(&bytes) {
            rows.extend(csv_rows(source.name, &bytes, draft).into_iter().map(|row| (kind, row)));
        }
    }
    let mut peer = Peer::new("abuseio", names, draft);
    for wanted in [Kind::Contacts, Kind::Netblocks, Kind::Domains] {
        for (_, row) in rows.iter().filter(|(kind, _)| *kind == wanted) {
            take(wanted, row, &mut peer);
        }
    }
    peer.finish(sources);
}

fn take(kind: Kind, row: &TableRow, peer: &mut Peer<'_>) {
    let off = row.values().any(|value| value == "Disabled")
        || matches!(row.get("enabled"), "0" | "no" | "f" | "false");
    match kind {
        Kind::Contacts => {
            // Also one that is switched off may have netblocks.
            let reference = row.get("reference");
            let code = peer.organisation(&row.spot, reference, row.get("name"), "");
            peer.alias(row.get("id"), reference);
            if off {
                peer.leave_out("contacts that are switched off");
                return;
            }
            let email = row.first(&["e-mail address", "email"]).to_owned();
            let contact = ContactText { name: row.get("name").to_owned(), email, ..ContactText::default() };
            peer.contact(&row.spot, &code, &["findings".to_owned()], &contact);
        }
        Kind::Netblocks | Kind::Domains if off => {
            peer.leave_out("netblocks and domains that are switched off")
        }
        Kind::Netblocks => {
            let Some(code) = owner(row, peer, &row.spot) else { return };
            // Whatever column they stand in.
            let columns = ["first ip", "last ip", "status", "first_ip", "last_ip"];
            let mut addresses =
                columns.iter().map(|column| row.get(column)).filter(|text| read_address(text).is_some());
            match (addresses.next(), addresses.next()) {
                (Some(first), Some(last)) => {
                    // The order of the columns is that of the values: first before last, whatever they are called.
                    let (first, last) = ordered(first, last);
                    peer.asset(&row.spot, &code, "prefix", &format!("{first}-{last}"), row.get("description"));
                }
                _ => peer.draft.problem(
                    &row.spot,
                    (RegisterFile::Assets, "value"),
                    row.first(&["first_ip", "first ip"]),
                    ProblemKind::BadValue,
                    || "the netblock has no first and last address that can be read; export it with addresses as text".to_owned(),
                ),
            }
        }
        Kind::Domains => {
            let Some(code) = owner(row, peer, &row.spot) else { return };
            peer.asset(&row.spot, &code, "domain", row.first(&["domain name", "name"]), "");
        }
    }
}

/// The lower address first.
fn ordered<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    if read_address(one) <= read_address(other) { (one, other) } else { (other, one) }
}

/// `Name (REFERENCE)`, or the number of the contact.
fn owner(row: &TableRow, peer: &mut Peer<'_>, spot: &Spot) -> Option<std::sync::Arc<str>> {
    let contact = row.get("contact");
    let reference = contact.rsplit_once('(').map(|(_, rest)| rest.trim_end_matches(')').trim());
    let id = match reference {
        Some(reference) => reference.to_owned(),
        None => format!("#{}", row.get("contact_id")),
    };
    peer.find(spot, RegisterFile::Assets, &id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_before_a_quote_goes() {
        assert_eq!(mended(b"\"a\", \"b, c\"\n\"\", \"\"\n"), b"\"a\",\"b, c\"\n\"\",\"\"\n");
    }
}
