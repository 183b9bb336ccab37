//! The register's files: what an installation knows about organisations, what they own and whom to tell.
//!
//! [`read`] takes the bytes of the four files and returns rows and problems; it never fails and does no I/O.
//! [`write`] is its inverse: what it writes reads back as the same rows. Rows name organisations by their code; numbers
//! are the store's.
//!
//! | file | columns (in any order and case; bold ones must be there) |
//! |---|---|
//! | `organisations.csv` | **id**, **name**, **kind**, parent, language |
//! | `assets.csv` | **organisation**, **kind**, **value**, role, valid_from, valid_until, proof, flags, note |
//! | `contacts.csv` | **organisation**, **role**, name, **email**, phone, language, tlp_max, order, valid_from, valid_until |
//! | `relations.csv` | **from**, **kind**, **to**, mandate, scan_consent, valid_from, valid_until, note |
//!
//! Empty means: role `owner`, proof `asserted`, language that of the organisation (`nl` for an organisation), `tlp_max`
//! `AMBER`, order 0, mandate `through_member`, no consent, a period without end.

pub mod announced;
mod assets;
mod contacts;
pub(crate) mod csv_table;
mod dates;
pub mod host;
pub mod import;
mod organisations;
mod problem;
mod read;
pub mod registrable;
mod relations;
mod rows;
pub mod url;
mod value;
mod write;

pub use problem::{Level, Problem, ProblemKind, RegisterFile};
pub use read::{Given, Reading, Unmentioned, read, read_beside};
pub use relations::{circle_message, circles};
pub use rows::{
    AssetKey, AssetRow, ContactKey, ContactRow, OrganisationRow, RegisterFiles, RelationKey, RelationRow,
};
pub use value::read_value;
pub use write::{Row, Written, line, write};

/// Rows of one file. The largest register we measure with has 5 million assets.
pub const ROWS_MAX: u64 = 10_000_000;

/// Characters of one value. Names and mail addresses are under 300; a note may be a paragraph.
pub const VALUE_CHARS_MAX: usize = 4_000;

/// Problems of one level that are kept in full; beyond, they are counted. Nobody reads more.
pub const PROBLEMS_MAX: u64 = 10_000;
