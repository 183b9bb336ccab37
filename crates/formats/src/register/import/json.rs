//! The register as one JSON object, by the names of the columns of its files: what `schakel register export register.json`
//! writes.
//!
//! ```json
//! {
//!   "format": "schakel-register",
//!   "version": 1,
//!   "organisations": [{"id": "GM1", "name": "Nieuwstad", "kind": "municipality", "parent": "", "language": "nl"}],
//!   "assets": [{"organisation": "GM1", "kind": "prefix", "value": "192.0.2.0/24", "role": "owner", "valid_from": "2026-01-01",
//!               "valid_until": "", "proof": "desk", "flags": ["dynamic"], "note": ""}],
//!   "contacts": [{"organisation": "GM1", "role": "vcib", "name": "", "email": "desk@nieuwstad.example", "phone": "",
//!                 "language": "nl", "tlp_max": "AMBER", "order": 0, "valid_from": "", "valid_until": ""}],
//!   "relations": [{"from": "GM1", "kind": "participates_in", "to": "SO1", "mandate": "through_member", "scan_consent": false,
//!                  "valid_from": "", "valid_until": "", "note": ""}]
//! }
//! ```
//!
//! It is the whole register, like the files: a list that is left out changes nothing of its kind.

use serde_json::{Value, json};

use super::{
    super::{RegisterFile, RegisterFiles, dates::write_date, write::write_flags},
    Source,
    draft::{AssetText, ContactText, Draft, OrganisationText, RelationText},
    tables::{self, json_rows},
};

const FORMAT: &str = "schakel-register";
const VERSION: u64 = 1;

pub(super) fn recognises(source: &Source<'_>) -> bool {
    source.has_ending(&["json"])
        && tables::json(source).is_ok_and(|value| value.get("format").and_then(Value::as_str) == Some(FORMAT))
}

/// Gives the kinds of rows that the files have.
pub(super) fn draft(sources: &[Source<'_>], draft: &mut Draft) -> Vec<RegisterFile> {
    let mut given = Vec::new();
    for source in sources {
        let value = match tables::json(source) {
            Ok(value) => value,
            Err(message) => {
                draft.file_problem(source.name, message);
                continue;
            }
        };
        if value.get("version").and_then(Value::as_u64) != Some(VERSION) {
            draft.file_problem(
                source.name,
                format!("its version is not {VERSION}, the only one that is known"),
            );
            continue;
        }
        for file in RegisterFile::ALL {
            let name = file.file_name().trim_end_matches(".csv");
            let list = match value.get(name) {
                None => continue,
                Some(Value::Array(list)) => list,
                Some(_) => {
                    draft.file_problem(source.name, format!("`{name}` is no list"));
                    continue;
                }
            };
            if !given.contains(&file) {
                given.push(file);
            }
            read_list(file, list, &format!("{} {name}", source.name), draft);
        }
    }
    given
}

fn read_list(file: RegisterFile, list: &[Value], path: &str, draft: &mut Draft) {
    for (row, _) in json_rows(list, path, draft) {
        let text = |name: &str| row.get(name).to_owned();
        let spot = row.spot.clone();
        match file {
            RegisterFile::Organisations => draft.organisations.push((
                spot,
                OrganisationText {
                    code: text("id"),
                    name: text("name"),
                    kind: text("kind"),
                    parent: text("parent"),
                    language: text("language"),
                },
            )),
            RegisterFile::Assets => draft.assets.push((
                spot,
                AssetText {
                    organisation: text("organisation"),
                    kind: text("kind"),
                    value: text("value"),
                    role: text("role"),
                    valid_from: text("valid_from"),
                    valid_until: text("valid_until"),
                    proof: text("proof"),
                    flags: text("flags"),
                    note: text("note"),
                },
            )),
            RegisterFile::Contacts => draft.contacts.push((
                spot,
                ContactText {
                    organisation: text("organisation"),
                    role: text("role"),
                    name: text("name"),
                    email: text("email"),
                    phone: text("phone"),
                    language: text("language"),
                    tlp_max: text("tlp_max"),
                    order: text("order"),
                    valid_from: text("valid_from"),
                    valid_until: text("valid_until"),
                },
            )),
            RegisterFile::Relations => draft.relations.push((
                spot,
                RelationText {
                    from: text("from"),
                    kind: text("kind"),
                    to: text("to"),
                    mandate: text("mandate"),
                    scan_consent: text("scan_consent"),
                    valid_from: text("valid_from"),
                    valid_until: text("valid_until"),
                    note: text("note"),
                },
            )),
        }
    }
}

/// Writes the register as one JSON object, a row a line, so that versions of it can be compared.
pub fn write_json(files: &RegisterFiles) -> Vec<u8> {
    let date = |date: Option<i64>| date.map(write_date).unwrap_or_default();
    let organisations = files.organisations.iter().map(|row| {
        json!({
            "id": &*row.code,
            "name": row.name,
            "kind": row.kind.as_str(),
            "parent": row.parent.as_deref().unwrap_or_default(),
            "language": row.language.as_str(),
        })
    });
    let assets = files.assets.iter().map(|row| {
        json!({
            "organisation": &*row.organisation,
            "kind": row.value.kind().as_str(),
            "value": row.value.to_string(),
            "role": row.role.as_str(),
            "valid_from": date(row.valid_from),
            "valid_until": date(row.valid_until),
            "proof": row.proof.as_str(),
            "flags": write_flags(row.flags).split(';').filter(|flag| !flag.is_empty()).collect::<Vec<_>>(),
            "note": row.note,
        })
    });
    let contacts = files.contacts.iter().map(|row| {
        json!({
            "organisation": &*row.organisation,
            "role": row.role.as_str(),
            "name": row.name,
            "email": row.email,
            "phone": row.phone,
            "language": row.language.as_str(),
            "tlp_max": row.tlp_max.as_str(),
            "order": row.position,
            "valid_from": date(row.valid_from),
            "valid_until": date(row.valid_until),
        })
    });
    let relations = files.relations.iter().map(|row| {
        json!({
            "from": &*row.from,
            "kind": row.kind.as_str(),
            "to": &*row.to,
            "mandate": row.mandate.as_str(),
            "scan_consent": row.scan_consent,
            "valid_from": date(row.valid_from),
            "valid_until": date(row.valid_until),
            "note": row.note,
        })
    });
    let mut out = format!("{{\n\"format\": \"{FORMAT}\",\n\"version\": {VERSION}").into_bytes();
    write_list(&mut out, "organisations", organisations);
    write_list(&mut out, "assets", assets);
    write_list(&mut out, "contacts", contacts);
    write_list(&mut out, "relations", relations);
    out.extend_from_slice(b"\n}\n");
    out
}

fn write_list(out: &mut Vec<u8>, name: &str, rows: impl Iterator<Item = Value>) {
    out.extend_from_slice(format!(",\n\"{name}\": [").as_bytes());
    for (at, row) in rows.enumerate() {
        out.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        out.extend_from_slice(row.to_string().as_bytes());
    }
    out.extend_from_slice(b"\n]");
}
