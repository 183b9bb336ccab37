#![no_main]
//! The register's files: whatever the bytes, rows and problems come back, and what is written reads back as the same rows.

use libfuzzer_sys::fuzz_target;
use schakel_formats::register::{read, write};

fuzz_target!(|input: &[u8]| {
    // A NUL byte, which no file has, stands between the four.
    let mut files = input.splitn(4, |byte| *byte == 0);
    let mut next = || files.next().unwrap_or_default();
    let first = read(next(), next(), next(), next());
    let written = write(&first.files);
    let again = read(&written.organisations, &written.assets, &written.contacts, &written.relations);
    assert_eq!(first.files, again.files);
});
