//! Bytes to events and rejects. Pure: no files, no clock, nothing that fails a whole file for one row.
//!
//! Read it in the order of a file's life:
//! - [`feeds`] turns a document that is not rows into lines of IDF, which are,
//! - [`sheet`] writes the sheet of a spreadsheet that a mapping describes as CSV,
//! - [`Plan::for_file`] decides from a file's name and first bytes how its rows are read; [`shadowserver`] knows the report
//!   types, [`mapping`] other feeds, and IDF is known by its looks,
//! - [`Cutter`] cuts blocks of bytes into [`Records`], fast,
//! - [`Plan::observe`] reads from a record what attribution and the finding's key need, borrowing from it,
//! - [`Plan::event`] reads every field, as IntelMQ 3.5 would; [`idf::to_json`] shows it, [`xarf::to_json`] reports it, and
//!   [`csaf::document`] tells the vulnerabilities of its machine.
//!
//! A row is rejected only when it is no record within limits or its time cannot be read. Any other value that does not
//! convert or validate stays in the event as `extra.COLUMN`.

mod address;
mod convert;
pub mod csaf;
mod cut;
pub mod feeds;
mod fields;
mod hostname;
pub mod idf;
mod idf_field;
mod json;
mod layout;
pub mod mapping;
pub mod masking;
mod number;
mod observe;
mod plan;
mod row;
mod scan;
pub mod shadowserver;
pub mod sheet;
mod text;
mod time;
pub mod xarf;

pub use cut::{Cutter, Dialect, Record, Records};
pub use plan::{Plan, PlanError, PlanOptions};
