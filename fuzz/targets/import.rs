#![no_main]
//! Spreadsheets, JSON and what other systems have: whatever the bytes, the import ends, and the rows it gives are rows that the
//! register's files can have.

use libfuzzer_sys::fuzz_target;
use schakel_formats::register::{
    import::{Format, Options, Source, import},
    read, write,
};

const NAMES: [&str; 5] = ["a.csv", "a.xlsx", "a.ods", "a.json", "organisations.csv"];

fuzz_target!(|input: &[u8]| {
    // The first byte chooses the name, the second the format: as recognised, or told.
    let [name, format, bytes @ ..] = input else { return };
    let name = NAMES[usize::from(*name) % NAMES.len()];
    let format = Format::ALL.get(usize::from(*format)).copied();
    let standing = read(
        b"id,name,kind\nGM1,Gouda,municipality\n",
        b"organisation,kind,value\n",
        b"organisation,role,email\n",
        b"",
    );
    let options = Options { format, organisation: Some("GM1".to_owned()), scope: None };
    let Ok(import) = import(&[Source { name, bytes }], &options, &standing.files) else { return };
    if import.reading.given.len() == 4 {
        let written = write(&import.reading.files);
        let again = read(&written.organisations, &written.assets, &written.contacts, &written.relations);
        assert_eq!((again.files, again.errors), (import.reading.files, 0));
    }
});
