//! What the columns of one file mean: for each column of its header the fields it fills.

use serde::{Deserialize, Serialize};

use crate::convert::Convert;

/// One column filling one field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Filling {
    /// The column's place in the header; `None` when the header lacks it.
    pub column: usize,
    /// The IDF field, or `extra.NAME`.
    pub field: String,
    /// How the text becomes a value.
    pub convert: Convert,
    /// Is text that says nothing kept as `extra.COLUMN`?
    pub importance: Importance,
}

/// Does the source promise the column?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Importance {
    /// A value that does not convert is kept as `extra.COLUMN`, even when the conversion takes it for nothing.
    #[serde(rename = "required")]
    Required,
    /// Text that says nothing is left out.
    #[serde(rename = "optional")]
    Optional,
}

/// All columns of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Layout {
    /// The header as it stands in the file.
    pub columns: Vec<String>,
    /// Which column fills which field, in the order they are applied.
    pub fillings: Vec<Filling>,
    /// Fields that every row has.
    pub constants: Vec<(String, String)>,
}

impl Layout {
    /// The place of a column; of two with the same name the last counts, as the reference does.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().rposition(|column| column == name)
    }

    /// The first filling of a field.
    pub(crate) fn filling(&self, field: &str) -> Option<&Filling> {
        self.fillings.iter().find(|filling| filling.field == field)
    }

    /// The fields that rows can have.
    pub(crate) fn fields(&self) -> impl Iterator<Item = String> {
        let filled = self.fillings.iter().map(|filling| filling.field.clone());
        let kept = self.columns.iter().map(|column| format!("extra.{column}"));
        filled.chain(kept).chain(self.constants.iter().map(|(field, _)| field.clone()))
    }

    /// The constant of a field.
    pub(crate) fn constant(&self, field: &str) -> Option<&str> {
        self.constants.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_str())
    }
}
