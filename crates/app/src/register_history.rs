//! The versions of the register, and taking one back.

use anyhow::{Context, ensure};
use schakel_formats::register::{Reading, RegisterFile, RegisterFiles};
use schakel_model::ids::RegisterVersion;
use schakel_rules::{
    register_diff::diff,
    register_undo::{Touched, undo},
};
use schakel_store::{Store, register, register_history};

use crate::{register::standing, register_import::Import};

/// A version about to be taken back.
pub struct Undo {
    /// Which.
    pub version: register_history::Version,
    /// What would change, as an import of what would stand.
    pub import: Import,
    /// Rows that stay, because later versions touched them or need them.
    pub touched: Vec<Touched>,
}

/// Prepares to take a version back, the newest when none is named.
///
/// # Errors
/// When there is no such version.
pub fn prepare_undo(store: &Store, number: Option<RegisterVersion>) -> anyhow::Result<Undo> {
    let newest = store.read(register::version)?;
    ensure!(newest.0 > 0, "the register is empty: there is no version to take back");
    let number = number.unwrap_or(newest);
    let version = store.read(|connection| register_history::by_number(connection, number))?;
    let version = version.with_context(|| {
        format!("there is no version {number}; the newest is {newest}. `schakel register history` lists them")
    })?;
    let (before, after) = store.read(|connection| register::load_change(connection, number))?;
    let (before, after) = (RegisterFiles::of(&before), RegisterFiles::of(&after));
    let current = standing(store)?;
    let change = diff(&before, &after, &RegisterFile::ALL);
    let undone = undo(&change, &RegisterFiles::of(&current));
    let reading = Reading { files: undone.files, given: RegisterFile::ALL.to_vec(), ..Reading::default() };
    Ok(Undo { version, import: Import::of(reading, current), touched: undone.touched })
}
