#![no_main]
//! Answers of name servers: whatever the bytes, no panic, and what is taken answers the question that was asked.

use libfuzzer_sys::fuzz_target;
use schakel_formats::dns::{ALIASES_MAX, Answer, Found, Question, Records, name};

fuzz_target!(|input: &[u8]| {
    let asked = name("a.example").expect("it is a name");
    for records in [Records::Txt, Records::A, Records::Aaaa] {
        let question = Question::new(0x1234, &asked, records).expect("it fits");
        let Some(answer) = Answer::read(input, &question) else { continue };
        let _ = (answer.is_cut_off(), answer.has_records(), answer.verdict());
        let mut aliases = 0;
        let texts = answer.texts(&asked, &mut aliases);
        assert!(aliases <= ALIASES_MAX || texts == Ok(Found::TooManyAliases));
        let _ = answer.addresses(&asked, &mut 0);
    }
});
