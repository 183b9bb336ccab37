//! A `security.txt` from anywhere: it is read or refused, and names few plain addresses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schakel_formats::{
    rdap_abuse,
    rdap_bootstrap::Bootstrap,
    security_txt::{plain_address, read},
};
use schakel_model::asset::AssetValue;

fuzz_target!(|input: &[u8]| {
    if let Ok(file) = read(input, 0) {
        assert!((1..=5).contains(&file.mail.len()) && file.expires > 0);
        assert!(file.mail.iter().all(|mail| plain_address(mail).as_ref() == Some(mail)));
    }
    let address = AssetValue::Address("192.0.2.7".parse().expect("it is an address"));
    if let Ok(abuse) = rdap_abuse::of_address(input, &address) {
        assert!(abuse.mail.len() <= 5);
    }
    let _ = Bootstrap::default().add(input);
});
