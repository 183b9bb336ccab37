//! The contact database of IntelMQ's certbund-contact (`sql/initdb.sql` of intelmq-certbund-contact): a table a CSV file
//! (`\copy organisation to organisation.csv csv header`), the tables as lists in one JSON object, or the organisations
//! with their contacts and networks inside, as fody shows them.
//!
//! | table | columns we read |
//! |---|---|
//! | organisation | organisation_id, name, ripe_org_hdl |
//! | contact | organisation_id, firstname, lastname, tel, email |
//! | network, organisation_to_network | network_id, address, organisation_id |
//! | fqdn, organisation_to_fqdn | fqdn_id, fqdn, organisation_id |
//! | organisation_to_asn | organisation_id, asn |
//! | national_cert | organisation_id, country_code |
//! | email_status | email, enabled |
//!
//! The tables that its RIPE import fills (`organisation_automatic` and so on) have the same columns with other
//! identifiers. A contact hears of findings there, so it has that role here. An FQDN covers what is below it there, so it
//! is a domain. Annotations, sectors and keys have no place in the register's files.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use serde_json::Value;

use super::{
    super::RegisterFile,
    Source,
    draft::{ContactText, Draft},
    names::Names,
    peer::Peer,
    tables::{TableRow, csv_columns, csv_rows, has_all, json, json_rows, list},
};

/// How a table is known by its columns. Those of the automatic ones are the same once `_automatic` is taken out.
const TABLES: [(&str, &[&str]); 9] = [
    ("contact", &["contact_id", "organisation_id", "email"]),
    ("organisation", &["organisation_id", "name", "ripe_org_hdl"]),
    ("organisation_to_network", &["organisation_id", "network_id"]),
    ("organisation_to_fqdn", &["organisation_id", "fqdn_id"]),
    ("organisation_to_asn", &["organisation_id", "asn"]),
    ("national_cert", &["organisation_id", "country_code"]),
    ("network", &["network_id", "address"]),
    ("fqdn", &["fqdn_id", "fqdn"]),
    ("email_status", &["email", "enabled", "added"]),
];

pub(super) fn recognises(source: &Source<'_>) -> bool {
    if source.has_ending(&["json"]) {
        return json(source).is_ok_and(|value| is_contactdb(&value));
    }
    source.has_ending(&["csv"]) && csv_table(source).is_some()
}

fn is_contactdb(value: &Value) -> bool {
    let tables = list(value, &["organisation", "organisation_automatic"]);
    let nested = value.as_array().map_or(tables, Vec::as_slice);
    nested.first().is_some_and(|first| {
        ["organisation_id", "organisation_automatic_id"].iter().any(|id| first.get(id).is_some())
    })
}

/// Which table a CSV file is, and whether it is an automatic one.
fn csv_table(source: &Source<'_>) -> Option<(&'static str, bool)> {
    let columns = csv_columns(source.bytes);
    let automatic = columns.iter().any(|column| column.ends_with("_automatic_id"));
    let columns: Vec<_> = columns.iter().map(|column| column.replace("_automatic_id", "_id")).collect();
    let (name, _) = TABLES.into_iter().find(|(_, known)| has_all(&columns, known))?;
    Some((name, automatic))
}

/// A table's rows, and whether they come from the RIPE import, whose identifiers are others.
type Tables = HashMap<&'static str, Vec<(bool, TableRow)>, FixedState>;

pub(super) fn draft(sources: &[Source<'_>], names: &Names, draft: &mut Draft) {
    let mut tables = Tables::default();
    for source in sources {
        if source.has_ending(&["json"]) {
            match json(source) {
                Ok(value) => read_json(source, &value, &mut tables, draft),
                Err(message) => draft.file_problem(source.name, message),
            }
        } else if let Some((name, automatic)) = csv_table(source) {
            let rows = csv_rows(source.name, source.bytes, draft);
            tables.entry(name).or_default().extend(rows.into_iter().map(|row| (automatic, row)));
        }
    }
    let mut peer = Peer::new("contactdb", names, draft);
    take(&tables, &mut peer);
    peer.finish(sources);
}

fn read_json(source: &Source<'_>, value: &Value, tables: &mut Tables, draft: &mut Draft) {
    for (name, _) in TABLES {
        for automatic in [false, true] {
            let named = if automatic { format!("{name}_automatic") } else { name.to_owned() };
            let rows = json_rows(list(value, &[&named]), &format!("{} {named}", source.name), draft);
            tables.entry(name).or_default().extend(rows.into_iter().map(|(row, _)| (automatic, row)));
        }
    }
    let Some(organisations) = value.as_array() else { return };
    // Fody: what belongs to an organisation stands inside it.
    for (at, (row, organisation)) in json_rows(organisations, source.name, draft).into_iter().enumerate() {
        let id = key(&row, false, "organisation");
        for (inside, table) in [
            ("contacts", "contact"),
            ("asns", "organisation_to_asn"),
            ("networks", "network"),
            ("fqdns", "fqdn"),
            ("national_certs", "national_cert"),
        ] {
            let path = format!("{}[{at}] {inside}", source.name);
            for (mut row, _) in json_rows(list(organisation, &[inside]), &path, draft) {
                row.set("organisation_id", &id);
                tables.entry(table).or_default().push((false, row));
            }
        }
        tables.entry("organisation").or_default().push((false, row));
    }
}

/// The identifier of a row, or of what it refers to.
fn key(row: &TableRow, automatic: bool, of: &str) -> String {
    let id = row.first(&[&format!("{of}_id"), &format!("{of}_automatic_id")]);
    if automatic { format!("auto-{id}") } else { id.to_owned() }
}

fn take(tables: &Tables, peer: &mut Peer<'_>) {
    let rows = |name: &str| tables.get(name).into_iter().flatten();
    for (automatic, row) in rows("organisation") {
        let id = key(row, *automatic, "organisation");
        let code = peer.organisation(&row.spot, &id, row.get("name"), "");
        peer.asset(&row.spot, &code, "ripe_handle", row.get("ripe_org_hdl"), "");
    }
    let disabled: HashMap<String, (), FixedState> = rows("email_status")
        .filter(|(_, row)| matches!(row.get("enabled"), "f" | "false" | "no" | "0"))
        .map(|(_, row)| (row.get("email").to_lowercase(), ()))
        .collect();
    for (automatic, row) in rows("contact") {
        let Some(code) = peer.find(&row.spot, RegisterFile::Contacts, &key(row, *automatic, "organisation"))
        else {
            continue;
        };
        if disabled.contains_key(&row.get("email").to_lowercase()) {
            peer.leave_out("contacts whose mail address is switched off");
            continue;
        }
        if !row.get("openpgp_fpr").is_empty() {
            peer.leave_out("fingerprints of OpenPGP keys");
        }
        let name = format!("{} {}", row.get("firstname"), row.get("lastname"));
        let contact = ContactText {
            name: name.trim().to_owned(),
            email: row.get("email").to_owned(),
            phone: row.get("tel").to_owned(),
            ..ContactText::default()
        };
        peer.contact(&row.spot, &code, &["findings".to_owned()], &contact);
    }
    for (automatic, row) in rows("organisation_to_asn") {
        take_asset(peer, row, *automatic, "asn", row.get("asn"), "");
    }
    for (automatic, row) in rows("national_cert") {
        take_asset(peer, row, *automatic, "country", row.get("country_code"), row.get("comment"));
    }
    for (table, link, id, column, kind) in [
        ("network", "organisation_to_network", "network", "address", "prefix"),
        ("fqdn", "organisation_to_fqdn", "fqdn", "fqdn", "domain"),
    ] {
        let mut by_id: HashMap<String, &TableRow, FixedState> = HashMap::default();
        for (automatic, row) in rows(table) {
            by_id.insert(key(row, *automatic, id), row);
            // Inside its organisation it needs no table between.
            if !row.get("organisation_id").is_empty() {
                take_asset(peer, row, *automatic, kind, row.get(column), row.get("comment"));
            }
        }
        for (automatic, row) in rows(link) {
            match by_id.get(&key(row, *automatic, id)) {
                Some(asset) => {
                    take_asset(peer, row, *automatic, kind, asset.get(column), asset.get("comment"))
                }
                None => peer.leave_out("links to networks or names that are not in the files"),
            }
        }
    }
}

fn take_asset(peer: &mut Peer<'_>, row: &TableRow, automatic: bool, kind: &str, value: &str, note: &str) {
    if let Some(code) = peer.find(&row.spot, RegisterFile::Assets, &key(row, automatic, "organisation")) {
        peer.asset(&row.spot, &code, kind, value, note);
    }
}
