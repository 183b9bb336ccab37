#![no_main]
//! Public keys as they come by mail: a fingerprint or an error comes back, and no file is both kinds of key.

use libfuzzer_sys::fuzz_target;
use schakel_formats::contact_key::{certificate_fingerprint, openpgp_fingerprint};

fuzz_target!(|input: &[u8]| {
    let openpgp = openpgp_fingerprint(input);
    if let Ok(fingerprint) = &openpgp {
        assert!(matches!(fingerprint.len(), 40 | 64), "{fingerprint}");
    }
    if let Ok(fingerprint) = certificate_fingerprint(input) {
        assert_eq!(fingerprint.len(), 64);
        // A file of text may hold a block of each; a binary one is one thing.
        assert!(openpgp.is_err() || input.starts_with(b"-") || input.is_ascii(), "both kinds of key");
    }
});
