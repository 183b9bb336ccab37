//! What the demo and the measurements run on: a constituency and its reports, made up from facts that are public.
//!
//! - [`municipalities`] and [`partnerships`] are the real organisations, restated from a public register.
//! - [`addresses`] gives each of them addresses from ranges that exist for tests, so that no real network is named.
//! - [`constituency`] writes them as the register's three files.
//! - [`world`] says where things are seen: who has more, who is not in the register.
//! - [`day`] writes a day of Shadowserver reports about them; the next day is mostly the same again.
//! - [`bench_corpus`] writes one large report for measurements.
//!
//! Everything is a function of a seed and a date: the same input gives the same bytes, without clock or random source.

pub mod addresses;
pub mod bench_corpus;
pub mod constituency;
pub mod day;
mod fields;
pub mod municipalities;
pub mod partnerships;
mod random;
mod report_types;
mod row;
mod shuffle;
pub mod world;
