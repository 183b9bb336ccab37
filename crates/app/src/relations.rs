//! One relation between two organisations, entered or taken away. What is wrong with it is found as in the register's files.

use anyhow::{Context, bail, ensure};
use schakel_formats::register::{
    Level, RegisterFiles, RelationRow,
    import::{Format, Options, Scope},
    write,
};
use schakel_model::{
    ids::{RegisterVersion, RelationId},
    relation::Relation,
};
use schakel_store::{Store, act::Act, register::RegisterChange};

use crate::{
    register::{Import, standing},
    register_import::Part,
};

/// Enters a relation, or changes the one of the same organisations, kind and beginning. Gives the version of the register that has it.
pub fn add(store: &mut Store, act: &Act<'_>, row: RelationRow) -> anyhow::Result<RegisterVersion> {
    let file = write(&RegisterFiles { relations: vec![row], ..RegisterFiles::default() }).relations;
    let options =
        Options { format: Some(Format::Register), scope: Some(Scope::Additions), ..Options::default() };
    let import = Import::read_named(&[("relations.csv".to_owned(), file)], &options, standing(store)?)?;
    if let Some(problem) = import.reading.problems.iter().find(|problem| problem.level() == Level::Error) {
        bail!("{}", problem.message);
    }
    let changes = import.part(import.diff(), &Part::default(), &[]);
    import.apply(store, &changes.diff, *act)?.context("this relation stands already")
}

/// Takes a relation away.
pub fn withdraw(store: &mut Store, act: &Act<'_>, id: RelationId) -> anyhow::Result<Relation> {
    ensure!(!act.reason.trim().is_empty(), "say why");
    let register = standing(store)?;
    let gone = register.relations.iter().find(|relation| relation.id == id);
    let gone = gone.with_context(|| format!("there is no relation {id}"))?.clone();
    let change = RegisterChange { withdrawn_relations: vec![id], ..RegisterChange::default() };
    store.change_register(act.at, act.actor, act.reason, &change)?;
    Ok(gone)
}
