//! An export of tuency, the constituency portal of CERT.at (documentation: `certat/tuency-docs`): organisations below
//! each other, with contacts by role and what they own ("netobjects": AS numbers, networks, domains, RIPE handles).
//!
//! The portal says what there is but not how an export is written, so this is read leniently: a list of organisations, or
//! an object with one under `organisations`, in JSON.
//!
//! | of | names we read |
//! |---|---|
//! | organisation | id or uuid, name; parent or parent_id (of one that stands before it), or organisations inside it (`children`, `suborganisations`) |
//! | contact (`contacts`) | name or first_name and last_name, email, phone or tel, role or roles (words, or objects with a name) |
//! | netobject (`asns`, `networks`, `fqdns` or `domains`, `ripe_handles`; or `netobjects` with type and value) | the value itself, or its asn, address, network, fqdn, domain, handle or value; status, approval or approved |
//!
//! Upper and lower case are the same in names of types and states; numbers may stand in quotes; what is null or missing is not there;
//! where a list is expected, one by itself is a list of one. Names that are not in this table are passed over. A record that cannot be
//! used is named, with its place, and those beside it are read.
//!
//! Claims that were not approved are left out. Tags, keys and rules have no place in the register.

use std::sync::Arc;

use serde_json::Value;

use super::{
    super::{ProblemKind, RegisterFile},
    Source,
    draft::{ContactText, Draft, Spot},
    names::Names,
    peer::Peer,
    tables::{TableRow, json, json_rows, list, list_or_one, plain},
};

/// Organisations below each other; the portal has three levels.
const DEPTH_MAX: usize = 16;

/// Organisations that are looked at to recognise an export: the first may miss what makes it one.
const LOOKED_AT: usize = 20;

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
            organisations(&value).iter().take(LOOKED_AT).any(|one| {
                let has_id = one.get("id").is_some() || one.get("uuid").is_some();
                let lists = OBJECTS.iter().flat_map(|(names, _)| names.iter()).chain(&CHILDREN);
                let owns = lists.chain(&["netobjects", "contacts"]).any(|name| one.get(name).is_some());
                // Ours has the kind beside the name.
                has_id && one.get("name").is_some() && one.get("kind").is_none() && owns
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
    for (row, value) in json_rows(list_of, path, peer.draft) {
        let at = row.spot.row;
        let id = row.first(&["id", "uuid"]);
        let inside = value.get("parent").map(|parent| field(parent, &["id", "uuid"])).unwrap_or_default();
        let parent = match row.first(&["parent", "parent_id"]) {
            "" if inside.is_empty() => above,
            "" => &inside,
            parent => parent,
        };
        let path = |inside: &str| format!("{path}[{at}].{inside}");
        match missing(&row, id, peer) {
            Some(what) => peer.draft.problem(
                &row.spot,
                (RegisterFile::Organisations, what),
                "",
                ProblemKind::Empty,
                || format!("the organisation has no {what}; neither it nor what is its own can be taken"),
            ),
            None => {
                let code = peer.organisation(&row.spot, id, row.get("name"), parent);
                take_own(value, &path, &code, peer);
            }
        }
        let above = if id.is_empty() { above } else { id };
        take_all(list_or_one(value, &CHILDREN), &path("children"), above, depth + 1, peer);
    }
}

/// What an organisation must have and does not. One that we know by its name needs no identifier.
fn missing(row: &TableRow, id: &str, peer: &Peer<'_>) -> Option<&'static str> {
    match (id, row.get("name")) {
        (_, "") => Some("name"),
        ("", name) if !peer.knows(name) => Some("id"),
        _ => None,
    }
}

/// Its contacts and netobjects.
fn take_own(value: &Value, path: &dyn Fn(&str) -> String, code: &Arc<str>, peer: &mut Peer<'_>) {
    for (contact, value) in json_rows(list_or_one(value, &["contacts"]), &path("contacts"), peer.draft) {
        take_contact(&contact, value, code, peer);
    }
    for (names, kind) in OBJECTS {
        take_objects(list_or_one(value, names), kind, &path(names[0]), code, peer);
    }
    take_objects(list_or_one(value, &["netobjects"]), "", &path("netobjects"), code, peer);
    if !list_or_one(value, &["tags"]).is_empty() || !list_or_one(value, &["rules"]).is_empty() {
        peer.leave_out("organisations' tags or rules");
    }
}

/// The first of these that says something, as text.
fn field(value: &Value, names: &[&str]) -> String {
    names.iter().filter_map(|name| plain(value.get(name)?)).find(|text| !text.is_empty()).unwrap_or_default()
}

fn take_contact(row: &TableRow, value: &Value, code: &Arc<str>, peer: &mut Peer<'_>) {
    let name = match row.first(&["name", "full_name"]) {
        "" => {
            format!("{} {}", row.first(&["first_name", "firstname"]), row.first(&["last_name", "lastname"]))
        }
        name => name.to_owned(),
    };
    let named = |role: &Value| plain(role).unwrap_or_else(|| field(role, &["name", "role", "label"]));
    let roles: Vec<String> = list_or_one(value, &["roles", "role"]).iter().map(named).collect();
    let roles = match peer.roles(&row.spot, &roles.join(";")) {
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
        let value = plain(object).unwrap_or_else(|| field(object, &VALUES));
        let word = |names| field(object, names).to_lowercase().replace(['_', ' '], "");
        let written = word(&["type", "kind"]);
        let kind = match written.as_str() {
            _ if !kind.is_empty() => kind,
            "asn" | "autonomoussystem" => "asn",
            "network" => "prefix",
            "fqdn" | "domain" => "domain",
            "ripehandle" | "ripeorghdl" => "ripe_handle",
            _ => {
                peer.draft.problem(
                    &spot,
                    (RegisterFile::Assets, "kind"),
                    &written,
                    ProblemKind::NotTaken,
                    || format!("the type `{written}` of the netobject is not known; it is left out"),
                );
                continue;
            }
        };
        let state = word(&["status", "approval", "approved"]);
        if matches!(state.as_str(), "pending" | "denied" | "rejected" | "no" | "false") {
            peer.leave_out("claims that were not approved");
            continue;
        }
        if value.is_empty() {
            peer.draft.problem(&spot, (RegisterFile::Assets, "value"), "", ProblemKind::Empty, || {
                "the netobject has no value that can be read".to_owned()
            });
            continue;
        }
        peer.asset(&spot, code, kind, &value, &field(object, &["comment", "note"]));
    }
}
