//! A municipal merger: from a day on, what organisations have is their successor's.

use anyhow::{bail, ensure};
use schakel_formats::register::{OrganisationRow, Reading, RegisterFile, RegisterFiles};
use schakel_model::register::{OrganisationKind, Register};
use schakel_rules::register_merge::{Merger, merge};

use crate::register_import::Import;

/// What is asked.
pub struct MergeRequest {
    /// The codes of those who go.
    pub old: Vec<String>,
    /// The code of the successor.
    pub into: String,
    /// From when, in seconds since 1970.
    pub on: i64,
    /// The name of a successor that is not in the register yet.
    pub name: Option<String>,
    /// Its kind; as that of the first who goes when not said.
    pub kind: Option<OrganisationKind>,
}

/// Prepares a merger, as an import of what would stand.
///
/// # Errors
/// When an organisation is not there, has merged already, or would merge into itself.
pub fn prepare_merge(standing: Register, request: &MergeRequest) -> anyhow::Result<Import> {
    let files = RegisterFiles::of(&standing);
    let known = |code: &str| files.organisations.iter().find(|row| *row.code == *code);
    ensure!(!request.old.is_empty(), "say which organisations merge");
    let into = match (known(&request.into), &request.name) {
        (Some(row), None) => row.clone(),
        (Some(row), Some(name)) if row.name == *name => row.clone(),
        (Some(row), Some(_)) => {
            bail!("{} is in the register already, as {}; leave --name out", row.code, row.name)
        }
        (None, None) => bail!(
            "the register has no organisation {}. Add --name (and --kind) to add it in the same step",
            request.into
        ),
        (None, Some(name)) => {
            let like = known(&request.old[0]);
            OrganisationRow {
                code: request.into.as_str().into(),
                name: name.clone(),
                kind: request.kind.or(like.map(|row| row.kind)).unwrap_or(OrganisationKind::Municipality),
                parent: like.and_then(|row| row.parent.clone()),
                language: like.map(|row| row.language).unwrap_or_default(),
            }
        }
    };
    let merger = Merger { old: request.old.clone(), into, on: request.on };
    let files =
        merge(&files, &merger).map_err(|problem| anyhow::anyhow!("{problem}; nothing was changed"))?;
    let reading = Reading { files, given: RegisterFile::ALL.to_vec(), ..Reading::default() };
    Ok(Import::of(reading, standing))
}
