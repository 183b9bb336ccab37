//! An export of tuency, the constituency portal of CERT.at (documentation: `certat/tuency-docs`): organisations below
//! each other, with contacts by role and what they own ("netobjects": AS numbers, networks, domains, RIPE handles).
//!
//! The portal says what there is but not how an export is written, so this is read leniently: a list of organisations, or
//! an object with one under `organisations`, in JSON.
//!
//! | of | names we read |
//! |---|---|
//! | organisation | id or uuid, name; parent, parent_id or organisations inside it (`children`, `suborganisations`) |
//! | contact (`contacts`) | name or first_name and last_name, email, phone or tel, role or roles |
//! | netobject (`asns`, `networks`, `fqdns` or `domains`, `ripe_handles`; or `netobjects` with type and value) | the value itself, or its asn, address, network, fqdn, domain, handle or value; status or approval |
//!
//! Claims that were not approved are left out. Tags, keys and rules have no place in the register.

use std::sync::Arc;

use serde_json::Value;

use super::{
    super::RegisterFile,
    Source,
    draft::{ContactText, Draft, Spot},
    names::Names,
    peer::Peer,
    tables::{TableRow, json, json_rows, list, plain},
};

/// Organisations below each other; the portal has three levels.
const DEPTH_MAX: usize = 16;

const CHILDREN: [&str; 3] = ["children", "suborganisations", "sub_organisations"];

/// Lists of what an organisation owns, with the kind here and the names of the value inside.
const OBJECTS: [(&[&str], &str); 4] = [
    (&["asns", "autonomous_systems"], "asn"),
    (&["networks"], "prefix"),
    (&["fqdns", "domains"], "domain"),
    (&["ripe_handles", "ripe_org_handles"], "ripe_handle"),
];

const VALUES: [&str; 9] =
    ["value", "asn", "address", "network", "cidr", "fqdn", "domain", "handle", "ripe_org_hdl"];

pub(super) fn recognises(source: &Source<'_>) -> bool {
    source.has_ending(&["json"])
        && json(source).is_ok_and(|value| {
            let first = organisations(&value).first();
            first.is_some_and(|first| {
                let has_id = first.get("id").is_some() || first.get("uuid").is_some();
                let lists = OBJECTS.iter().flat_map(|(names, _)| names.iter()).chain(&CHILDREN);
                let owns = lists
                    .chain(&["netobjects", "contacts"])
                    .any(|name| first.get(name).is_some_and(Value::is_array));
                // Ours has the kind beside the name.
                has_id && first.get("name").is_some() && first.get("kind").is_none() && owns
            })
        })
}

fn organisations(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| list(value, &["organisations", "organizations"]), Vec::as_slice)
}

pub(super) fn draft(sources: &[Source<'_>], names: &Names, draft: &mut Draft) {
    let values: Vec<_> = sources
        .iter()
        .filter_map(|source| match json(source) {
            Ok(value) => Some((source.name, value)),
            Err(message) => {
                draft.file_problem(source.name, message);
                None
            }
        })
        .collect();
    let mut peer = Peer::new("tuency", names, draft);
    for (name, value) in &values {
        take_all(organisations(value), &format!("{name} organisations"), "", 0, &mut peer);
    }
    peer.finish(sources);
}

fn take_all(list_of: &[Value], path: &str, above: &str, depth: usize, peer: &mut Peer<'_>) {
    if depth >= DEPTH_MAX {
        peer.leave_out("organisations that stand too deep below others");
        return;
    }
    for (at, (row, value)) in json_rows(list_of, path, peer.draft).into_iter().enumerate() {
        let id = row.first(&["id", "uuid"]);
        let parent = row.first(&["parent", "parent_id"]);
        let parent = if parent.is_empty() { above } else { parent };
        let code = peer.organisation(&row.spot, id, row.get("name"), parent);
        let path = |inside: &str| format!("{path}[{at}].{inside}");
        for (contact, _) in json_rows(list(value, &["contacts"]), &path("contacts"), peer.draft) {
            take_contact(&contact, &code, peer);
        }
        for (names, kind) in OBJECTS {
            take_objects(list(value, names), kind, &path(names[0]), &code, peer);
        }
        take_objects(list(value, &["netobjects"]), "", &path("netobjects"), &code, peer);
        if !list(value, &["tags"]).is_empty() || !list(value, &["rules"]).is_empty() {
            peer.leave_out("organisations' tags or rules");
        }
        take_all(list(value, &CHILDREN), &path("children"), id, depth + 1, peer);
    }
}

fn take_contact(row: &TableRow, code: &Arc<str>, peer: &mut Peer<'_>) {
    let name = match row.first(&["name", "full_name"]) {
        "" => {
            format!("{} {}", row.first(&["first_name", "firstname"]), row.first(&["last_name", "lastname"]))
        }
        name => name.to_owned(),
    };
    let roles = match peer.roles(&row.spot, row.first(&["roles", "role"])) {
        roles if roles.is_empty() => vec!["acib".to_owned()],
        roles => roles,
    };
    let contact = ContactText {
        name: name.trim().to_owned(),
        email: row.first(&["email", "mail"]).to_owned(),
        phone: row.first(&["phone", "tel", "telephone", "mobile"]).to_owned(),
        ..ContactText::default()
    };
    if contact.email.is_empty() {
        peer.leave_out("contacts without a mail address");
    }
    peer.contact(&row.spot, code, &roles, &contact);
}

fn take_objects(objects: &[Value], kind: &str, path: &str, code: &Arc<str>, peer: &mut Peer<'_>) {
    // A value by itself, or one with what is known of it.
    let table = peer.draft.table(super::draft::Table::List(path.to_owned()));
    for (row, object) in (0..).zip(objects) {
        let spot = Spot { table, row, cells: None };
        let field =
            |names: &[&str]| names.iter().find_map(|name| plain(object.get(name)?)).unwrap_or_default();
        let value = plain(object).unwrap_or_else(|| field(&VALUES));
        let kind = match field(&["type", "kind"]).as_str() {
            _ if !kind.is_empty() => kind,
            "asn" | "autonomous_system" | "AutonomousSystem" => "asn",
            "network" | "Network" => "prefix",
            "fqdn" | "domain" | "Fqdn" | "Domain" => "domain",
            "ripe_handle" | "RipeHandle" | "ripe_org_hdl" => "ripe_handle",
            _ => {
                peer.leave_out("netobjects of a type that is not known");
                continue;
            }
        };
        if matches!(field(&["status", "approval"]).as_str(), "pending" | "denied" | "rejected") {
            peer.leave_out("claims that were not approved");
            continue;
        }
        if value.is_empty() {
            peer.draft.problem(
                &spot,
                (RegisterFile::Assets, "value"),
                "",
                super::super::ProblemKind::Empty,
                || "the netobject has no value that can be read".to_owned(),
            );
        }
        peer.asset(&spot, code, kind, &value, &field(&["comment", "note"]));
    }
}
