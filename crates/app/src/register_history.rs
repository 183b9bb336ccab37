//! The versions of the register, and taking one back.

use anyhow::{Context, ensure};
use schakel_formats::register::{Reading, RegisterFile, RegisterFiles};
use schakel_model::ids::RegisterVersion;
use schakel_rules::{
    register_diff::diff,
    register_undo::{Touched, undo},
};
use schakel_store::{
    Store,
    announced::{TableUndo, undo_changes},
    register, register_history,
};

use crate::{register::standing, register_import::Import};

/// A version about to be taken back.
pub struct Undo {
    /// Which.
    pub version: register_history::Version,
    /// What would change.
    pub what: Undoes,
}

/// What taking a version back changes. A version changes rows or takes in tables, never both.
pub enum Undoes {
    /// Rows of the register.
    Rows {
        /// What would change, as an import of what would stand.
        import: Box<Import>,
        /// Rows that stay, because later versions touched them or need them.
        touched: Vec<Touched>,
    },
    /// Tables of announced prefixes.
    Tables(Vec<TableUndo>),
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
    let tables = store.read(|connection| undo_changes(connection, number))?;
    if !tables.is_empty() {
        return Ok(Undo { version, what: Undoes::Tables(tables) });
    }
    let (before, after) = store.read(|connection| register::load_change(connection, number))?;
    let (before, after) = (RegisterFiles::of(&before), RegisterFiles::of(&after));
    let current = standing(store)?;
    let change = diff(&before, &after, &RegisterFile::ALL);
    let undone = undo(&change, &RegisterFiles::of(&current));
    let reading = Reading { files: undone.files, given: RegisterFile::ALL.to_vec(), ..Reading::default() };
    let import = Box::new(Import::of(reading, current));
    Ok(Undo { version, what: Undoes::Rows { import, touched: undone.touched } })
}
