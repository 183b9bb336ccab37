//! The register as it stands, and back to its files.

use std::{fs, io::Write, path::Path};

use anyhow::Context;
use schakel_formats::register::{self as files, RegisterFiles};
use schakel_model::register::Register;
use schakel_store::{
    Store,
    register::{load, version},
};

pub use crate::register_import::Import;

/// The newest register in a store.
pub fn standing(store: &Store) -> anyhow::Result<Register> {
    Ok(store.read(|connection| load(connection, version(connection)?))?)
}

/// Writes a register as its four files into a folder, or as JSON into a file that ends in `.json`.
pub fn export(register: &Register, to: &Path) -> anyhow::Result<()> {
    let rows = RegisterFiles::of(register);
    if to.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) && !to.is_dir() {
        return write_whole(to, &files::import::write_json(&rows));
    }
    fs::create_dir_all(to).with_context(|| format!("cannot make the folder {}", to.display()))?;
    let written = files::write(&rows);
    let named = [
        ("organisations.csv", written.organisations),
        ("assets.csv", written.assets),
        ("contacts.csv", written.contacts),
        ("relations.csv", written.relations),
    ];
    for (name, bytes) in named {
        write_whole(&to.join(name), &bytes)?;
    }
    Ok(())
}

/// Writes a file so that it is there whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let partial = path.with_extension("partial");
    let writing = || format!("cannot write {}", path.display());
    let mut file = fs::File::create(&partial).with_context(writing)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(writing)?;
    fs::rename(&partial, path).with_context(writing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_ends_in_json_is_written_as_json() {
        let folder = tempfile::tempdir().unwrap();
        let (json, csv) = (folder.path().join("register.JSON"), folder.path().join("register"));
        export(&Register::default(), &json).unwrap();
        export(&Register::default(), &csv).unwrap();
        assert!(fs::read_to_string(json).unwrap().starts_with("{\n\"format\": \"schakel-register\""));
        assert_eq!(fs::read_dir(csv).unwrap().count(), 4);
    }
}
