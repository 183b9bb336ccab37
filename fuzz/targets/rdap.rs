#![no_main]
//! Answers of registries: whatever the bytes, holders or an error come back.

use libfuzzer_sys::fuzz_target;
use schakel_formats::rdap::holders;
use schakel_model::asset::AssetValue;

fuzz_target!(|input: &[u8]| {
    let asked = [
        AssetValue::Prefix("192.0.2.0/25".parse().expect("it is a prefix")),
        AssetValue::Address("2001:db8::1".parse().expect("it is an address")),
        AssetValue::Asn(64_496),
    ];
    let answered = asked.iter().filter(|value| holders(input, value).is_ok()).count();
    // An answer is about one range: of one family, or of AS numbers.
    assert!(answered < asked.len());
});
