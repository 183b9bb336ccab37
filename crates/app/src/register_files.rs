//! Files for the register, from paths: read within limits, then recognised and read by `formats`.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::Context;
use schakel_formats::register::{
    RegisterFiles,
    import::{Import, Options, Source, import},
};
use schakel_model::limits::REGISTER_FILE_BYTES_MAX;

/// Files of one folder. A folder of the register has four; a wrong folder may have thousands.
const FILES_MAX: usize = 100;

/// What can be imported ends so; other files of a folder are left alone.
const ENDINGS: [&str; 4] = ["csv", "json", "xlsx", "ods"];

/// Reads files, or the files of folders, into the register that stands. What it gives is the register as it would stand;
/// the difference with what stands is what the files change.
///
/// # Errors
/// When a file cannot be read or is too large, or when it is not clear what the files are. What is wrong inside them
/// stands in the problems.
pub fn read(paths: &[PathBuf], options: &Options, standing: &RegisterFiles) -> anyhow::Result<Import> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            read_folder(path, &mut files)?;
        } else {
            files.push(read_file(path)?);
        }
    }
    let named: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    anyhow::ensure!(
        !files.is_empty(),
        "{} has no file that can be imported. They end in {}",
        named.join(", "),
        ENDINGS.join(", ")
    );
    read_named(&files, options, standing).with_context(|| format!("cannot import {}", named.join(", ")))
}

/// The same of files that are here already, each with its name.
///
/// # Errors
/// When it is not clear what the files are.
pub fn read_named(
    files: &[(String, Vec<u8>)],
    options: &Options,
    standing: &RegisterFiles,
) -> anyhow::Result<Import> {
    let sources: Vec<_> = files.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    Ok(import(&sources, options, standing)?)
}

fn read_folder(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) -> anyhow::Result<()> {
    let reading = || format!("cannot read the folder {}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if path.is_file() && ENDINGS.iter().any(|known| ending == *known) {
            paths.push(path);
        }
    }
    anyhow::ensure!(
        paths.len() <= FILES_MAX,
        "{} has {} files; at most {FILES_MAX} are read at once. Name the files to import",
        folder.display(),
        paths.len()
    );
    paths.sort();
    for path in paths {
        files.push(read_file(&path)?);
    }
    Ok(())
}

fn read_file(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let reading = || format!("cannot read {}", path.display());
    let file = fs::File::open(path).with_context(reading)?;
    let mut bytes = Vec::new();
    file.take(REGISTER_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).with_context(reading)?;
    anyhow::ensure!(
        bytes.len() as u64 <= REGISTER_FILE_BYTES_MAX,
        "{} is larger than {} GiB. Split it and import the parts one after another",
        path.display(),
        REGISTER_FILE_BYTES_MAX >> 30
    );
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, bytes))
}

#[cfg(test)]
mod tests {
    use schakel_formats::register::import::Format;

    use super::*;

    #[test]
    fn a_folder_is_read_for_what_can_be_imported() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let paths = [folder.path().to_owned()];
        let standing = RegisterFiles::default();
        write("readme.txt", "hello");
        let error = read(&paths, &Options::default(), &standing).unwrap_err().to_string();
        assert!(
            error.contains("has no file that can be imported. They end in csv, json, xlsx, ods"),
            "{error}"
        );
        write("b.CSV", "code,name,province,domains\nGM1,Nieuwstad,,nieuwstad.example\n");
        write("other.json", "{}");
        let import = read(&paths, &Options::default(), &standing).unwrap();
        assert_eq!((import.format, import.reading.files.assets.len()), (Format::Roo, 1));
        let places: Vec<_> = import.reading.problems.iter().map(|problem| problem.place.as_str()).collect();
        assert_eq!(places, ["b.CSV", "other.json"]);
        for number in 0..FILES_MAX {
            write(&format!("{number}.csv"), "");
        }
        let error = read(&paths, &Options::default(), &standing).unwrap_err().to_string();
        assert!(error.contains("has 102 files; at most 100 are read at once"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(&["/nowhere/a.xlsx".into()], &Options::default(), &RegisterFiles::default());
        assert_eq!(error.unwrap_err().to_string(), "cannot read /nowhere/a.xlsx");
    }
}
