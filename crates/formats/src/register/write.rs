//! The register back to its files: what is written here reads back as the same rows.

use schakel_model::asset::AssetFlags;

use super::{dates::write_date, rows::RegisterFiles};

/// The bytes of the four files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// `organisations.csv`.
    pub organisations: Vec<u8>,
    /// `assets.csv`.
    pub assets: Vec<u8>,
    /// `contacts.csv`.
    pub contacts: Vec<u8>,
    /// `relations.csv`.
    pub relations: Vec<u8>,
}

/// Writes the files.
pub fn write(files: &RegisterFiles) -> Written {
    let mut organisations = b"id,name,kind,parent,language\n".to_vec();
    for row in &files.organisations {
        let parent = row.parent.as_deref().unwrap_or_default();
        write_row(
            &mut organisations,
            &[&row.code, &row.name, row.kind.as_str(), parent, row.language.as_str()],
        );
    }
    let mut assets = b"organisation,kind,value,role,valid_from,valid_until,proof,flags,note\n".to_vec();
    for row in &files.assets {
        write_row(
            &mut assets,
            &[
                &row.organisation,
                row.value.kind().as_str(),
                &row.value.to_string(),
                row.role.as_str(),
                &date(row.valid_from),
                &date(row.valid_until),
                row.proof.as_str(),
                &write_flags(row.flags),
                &row.note,
            ],
        );
    }
    let mut contacts =
        b"organisation,role,name,email,phone,language,tlp_max,order,valid_from,valid_until\n".to_vec();
    for row in &files.contacts {
        write_row(
            &mut contacts,
            &[
                &row.organisation,
                row.role.as_str(),
                &row.name,
                &row.email,
                &row.phone,
                row.language.as_str(),
                row.tlp_max.as_str(),
                &row.position.to_string(),
                &date(row.valid_from),
                &date(row.valid_until),
            ],
        );
    }
    let mut relations = b"from,kind,to,mandate,scan_consent,valid_from,valid_until,note\n".to_vec();
    for row in &files.relations {
        write_row(
            &mut relations,
            &[
                &row.from,
                row.kind.as_str(),
                &row.to,
                row.mandate.as_str(),
                if row.scan_consent { "yes" } else { "no" },
                &date(row.valid_from),
                &date(row.valid_until),
                &row.note,
            ],
        );
    }
    Written { organisations, assets, contacts, relations }
}

fn date(date: Option<i64>) -> String {
    date.map(write_date).unwrap_or_default()
}

fn write_flags(flags: AssetFlags) -> String {
    let named =
        [(flags.dynamic, "dynamic"), (flags.shared_hosting, "shared_hosting"), (flags.excluded, "excluded")];
    let set: Vec<_> = named.into_iter().filter_map(|(set, name)| set.then_some(name)).collect();
    set.join(";")
}

fn write_row(out: &mut Vec<u8>, values: &[&str]) {
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if value.contains([',', ';', '"', '\n', '\r', '\t']) {
            out.push(b'"');
            out.extend_from_slice(value.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(value.as_bytes());
        }
    }
    out.push(b'\n');
}
