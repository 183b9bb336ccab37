#![no_main]
//! A mail that may be sealed, opened with a key of ours.

use std::sync::LazyLock;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use schakel_seal::{keys::Keys, open::open, openpgp::secret::SecretKey, random::Random};

const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let mut random = Random::from_seed([7; 32]);
    let own = SecretKey::generate("CERT <reports@cert.example>", NOW, None, &mut random)
        .expect("a key can be made");
    Keys { openpgp_public: vec![own.public()], openpgp_secret: vec![own], ..Keys::default() }
});

fuzz_target!(|input: &[u8]| {
    let opened = open(input, &KEYS, NOW);
    // Nothing that was not opened is shown, and nothing is believed without a key that we know.
    if let Some(signer) = opened.signature.trusted_signer() {
        assert!(KEYS.openpgp_public.iter().any(|key| key.fingerprint() == signer.fingerprint));
    }
});
