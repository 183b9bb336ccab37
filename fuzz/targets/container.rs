#![no_main]
//! Zip, gzip and mail: whatever the bytes, the walk ends, within its caps.

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use schakel_formats::containers::{Caps, walk};

/// Small, so that a bomb shows as one.
const UNPACKED_BYTES_MAX: u64 = 16 << 20;

fuzz_target!(|input: &[u8]| {
    // The first byte chooses a name, because names decide how a file is looked at.
    let Some((choice, bytes)) = input.split_first() else { return };
    let name = ["report.csv", "report.zip", "report.csv.gz", "report.eml"][usize::from(choice % 4)];
    let caps = Caps { unpacked_bytes_max: UNPACKED_BYTES_MAX, ratio_free_bytes: 1 << 20, ..Caps::default() };
    let mut total = 0;
    let walked = walk(&mut &bytes[..], name, &caps, &mut |_, content: &mut dyn Read| {
        total += std::io::copy(&mut content.take(UNPACKED_BYTES_MAX + 1), &mut std::io::sink()).unwrap_or(0);
        Ok::<(), ()>(())
    });
    assert!(walked.is_ok(), "the visitor never refuses");
    assert!(total <= UNPACKED_BYTES_MAX + bytes.len() as u64, "{total} bytes came out");
});
