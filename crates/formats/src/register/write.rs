//! The register back to its files: what is written here reads back as the same rows.

use schakel_model::asset::AssetFlags;

use super::{
    dates::write_date,
    rows::{AssetRow, ContactRow, OrganisationRow, RegisterFiles, RelationRow},
};

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

/// A row of one of the files.
pub trait Row {
    /// The first line of its file.
    const HEADER: &'static str;

    /// Its values, in the order of the header.
    fn values(&self, write: &mut dyn FnMut(&[&str]));
}

impl Row for OrganisationRow {
    const HEADER: &'static str = "id,name,kind,parent,language";

    fn values(&self, write: &mut dyn FnMut(&[&str])) {
        let parent = self.parent.as_deref().unwrap_or_default();
        write(&[&self.code, &self.name, self.kind.as_str(), parent, self.language.as_str()]);
    }
}

impl Row for AssetRow {
    const HEADER: &'static str = "organisation,kind,value,role,valid_from,valid_until,proof,flags,note";

    fn values(&self, write: &mut dyn FnMut(&[&str])) {
        write(&[
            &self.organisation,
            self.value.kind().as_str(),
            &self.value.to_string(),
            self.role.as_str(),
            &date(self.valid_from),
            &date(self.valid_until),
            self.proof.as_str(),
            &write_flags(self.flags),
            &self.note,
        ]);
    }
}

impl Row for ContactRow {
    const HEADER: &'static str =
        "organisation,role,name,email,phone,language,tlp_max,order,valid_from,valid_until";

    fn values(&self, write: &mut dyn FnMut(&[&str])) {
        write(&[
            &self.organisation,
            self.role.as_str(),
            &self.name,
            &self.email,
            &self.phone,
            self.language.as_str(),
            self.tlp_max.as_str(),
            &self.position.to_string(),
            &date(self.valid_from),
            &date(self.valid_until),
        ]);
    }
}

impl Row for RelationRow {
    const HEADER: &'static str = "from,kind,to,mandate,scan_consent,valid_from,valid_until,note";

    fn values(&self, write: &mut dyn FnMut(&[&str])) {
        write(&[
            &self.from,
            self.kind.as_str(),
            &self.to,
            self.mandate.as_str(),
            if self.scan_consent { "yes" } else { "no" },
            &date(self.valid_from),
            &date(self.valid_until),
            &self.note,
        ]);
    }
}

/// A row as its line stands in its file, without line end.
pub fn line(row: &impl Row) -> String {
    let mut out = Vec::new();
    row.values(&mut |values| write_row(&mut out, values));
    String::from_utf8_lossy(&out).trim_end_matches('\n').to_owned()
}

/// Writes the files.
pub fn write(files: &RegisterFiles) -> Written {
    Written {
        organisations: write_file(&files.organisations),
        assets: write_file(&files.assets),
        contacts: write_file(&files.contacts),
        relations: write_file(&files.relations),
    }
}

fn write_file<T: Row>(rows: &[T]) -> Vec<u8> {
    let mut out = format!("{}\n", T::HEADER).into_bytes();
    for row in rows {
        row.values(&mut |values| write_row(&mut out, values));
    }
    out
}

fn date(date: Option<i64>) -> String {
    date.map(write_date).unwrap_or_default()
}

pub(super) fn write_flags(flags: AssetFlags) -> String {
    let named =
        [(flags.dynamic, "dynamic"), (flags.shared_hosting, "shared_hosting"), (flags.excluded, "excluded")];
    let set: Vec<_> = named.into_iter().filter_map(|(set, name)| set.then_some(name)).collect();
    set.join(";")
}

pub(super) fn write_row(out: &mut Vec<u8>, values: &[&str]) {
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
