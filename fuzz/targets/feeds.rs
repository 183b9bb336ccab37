#![no_main]
//! Documents that hold events in their own way: as every format, whatever they look like.

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use schakel_parse::{
    Plan,
    feeds::{Feed, Given, Transcription, recognise},
};

fuzz_target!(|bytes: &[u8]| {
    let _ = recognise("document", bytes);
    for feed in Feed::ALL {
        let mut lines = Vec::new();
        // A document that breaks off has given what came before.
        let _ = Transcription::start(*feed, Box::new(bytes), Given::default()).read_to_end(&mut lines);
        schakel_fuzz::read_all(&Plan::transcribed(), &lines);
    }
});
