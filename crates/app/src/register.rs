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

/// Writes a register as its four files into a folder.
pub fn export(register: &Register, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let written = files::write(&RegisterFiles::of(register));
    let named = [
        ("organisations.csv", written.organisations),
        ("assets.csv", written.assets),
        ("contacts.csv", written.contacts),
        ("relations.csv", written.relations),
    ];
    for (name, bytes) in named {
        write_whole(&folder.join(name), &bytes)?;
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
