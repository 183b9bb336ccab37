#![no_main]
//! Names, addresses and URLs as they stand in reports and registers.

use libfuzzer_sys::fuzz_target;
use schakel_formats::register::{host, read_value, url};
use schakel_model::asset::AssetKind;

fuzz_target!(|text: &str| {
    let mut out = String::new();
    let _ = host::read_host(text, &mut out);
    let _ = host::read_address(text);
    out.clear();
    let _ = url::url_key(text, &mut out);
    for kind in AssetKind::ALL {
        let Ok(values) = read_value(*kind, text) else { continue };
        for value in values {
            // A value's own text reads back as that value.
            let shown = value.to_string();
            assert_eq!(read_value(*kind, &shown).ok(), Some(vec![value]), "{shown}");
        }
    }
});
