//! CSV and JSON feeds by a mapping: a TOML file that says which column is which field. See `docs/mappings`.

mod checked;
mod convert;
mod definition;
mod error;
mod file;
mod glob;
mod read;
#[cfg(test)]
mod tests;
mod time;

pub use self::{checked::Mapping, error::MappingError};
pub(crate) use self::{
    checked::{Layout, SheetName},
    file::Body,
    read::Bound,
};
