//! The reports that are measured on, written to a folder.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use schakel_demo::bench_corpus::{BenchCorpus, Order};

/// The findings of this run. Any number does.
const SEED: u64 = 1;
/// Rows of the small report that comes in when the store is large.
const SMALL_ROWS: u64 = 100;
/// Its day: behind all others.
const SMALL_DAY: u32 = 1_000;

/// The report of a day; the caller deletes it.
pub fn write_day(folder: &Path, rows: u64, day: u32) -> anyhow::Result<PathBuf> {
    // Day 1 repeats day 0 as it was, all others bring the same findings in an order of their own.
    let order = if day <= 1 { Order::AsBefore } else { Order::Shuffled };
    write(folder, &BenchCorpus { rows, seed: SEED, day, order })
}

/// A small report of another day.
pub fn write_small(folder: &Path) -> anyhow::Result<PathBuf> {
    write(folder, &BenchCorpus { rows: SMALL_ROWS, seed: SEED, day: SMALL_DAY, order: Order::AsBefore })
}

fn write(folder: &Path, corpus: &BenchCorpus) -> anyhow::Result<PathBuf> {
    let path = folder.join(corpus.file_name());
    let writing = || format!("cannot write {}", path.display());
    fs::create_dir_all(folder).with_context(writing)?;
    let mut file = BufWriter::new(File::create(&path).with_context(writing)?);
    corpus.write_to(&mut file).and_then(|()| file.flush()).with_context(writing)?;
    // Nothing of it should still be on its way to the disk while something else is measured.
    file.get_ref().sync_all().with_context(writing)?;
    Ok(path)
}
