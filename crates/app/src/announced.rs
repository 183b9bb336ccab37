//! Importing tables of announced prefixes: read, compared with what stands, taken in as a new version of the register.

use std::{fs::File, path::Path};

use anyhow::Context;
use schakel_formats::register::announced::{TableFormat, TableReading, read_table};
use schakel_model::ids::RegisterVersion;
use schakel_store::{
    Reader, Store,
    announced::{Import, TableChange, changes},
};

/// A table as read from a file.
pub struct PrefixImport {
    /// What stands in it, with its bad lines.
    pub reading: TableReading,
    source: String,
}

/// Who imports, when, why, and of which day the table is.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// When this happens, seconds since 1970.
    pub now: i64,
    /// Who.
    pub actor: &'a str,
    /// Why.
    pub reason: &'a str,
    /// From when the table is, seconds since 1970.
    pub as_of: i64,
}

impl PrefixImport {
    /// Reads a file, plain or gzip. Without a format it is seen by how the file begins.
    pub fn read(path: &Path, format: Option<TableFormat>) -> anyhow::Result<Self> {
        let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let source = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { reading: read_table(&mut file, format), source })
    }

    /// Why it should not be taken in: a table that is half there would take away what the other half says.
    pub fn objection(&self) -> Option<String> {
        let TableReading { prefixes, broken_off, .. } = &self.reading;
        match broken_off {
            Some(why) => Some(format!(
                "{} cannot be read to its end: {why}. Get the file again, or use --partial to take what could be read",
                self.source
            )),
            None if prefixes.is_empty() => Some(format!(
                "{} holds no prefix, read as {}. Use --format to say what it is",
                self.source, self.reading.format
            )),
            None => None,
        }
    }

    /// What taking it in would change.
    pub fn changes(&self, reader: &Reader) -> anyhow::Result<Vec<TableChange>> {
        Ok(reader.read(|connection| changes(connection, &self.reading.prefixes))?)
    }

    /// Takes it in; no version when nothing changes.
    pub fn apply(
        &self,
        store: &mut Store,
        said: &Said<'_>,
    ) -> anyhow::Result<(Option<RegisterVersion>, Vec<TableChange>)> {
        let Said { now, actor, reason, as_of } = *said;
        let source = self.source.as_str();
        let prefixes = &self.reading.prefixes;
        Ok(store.import_announced(&Import { at: now, actor, reason, source, as_of, prefixes })?)
    }
}
