#![no_main]
//! A mail as a document, and as a report in itself: feedback reports, notices, labelled lines, prose.

use libfuzzer_sys::fuzz_target;
use schakel_formats::mail::{
    MailDocument, PARTS_MAX,
    authentication::authentication,
    kind::{OurMarks, kind},
};
use schakel_model::{event::Event, reject::Reject};
use schakel_parse::feeds::{Feed, Given, Sink, transcribe};

#[derive(Default)]
struct Count(usize);

impl Sink for Count {
    fn event(&mut self, _: &Event) {
        self.0 += 1;
    }

    fn reject(&mut self, _: Reject, _: &[u8]) {
        self.0 += 1;
    }
}

fuzz_target!(|input: &[u8]| {
    let mail = MailDocument::read(input);
    assert!(mail.attachments.len() <= PARTS_MAX);
    assert!(!mail.subject.contains(char::is_control), "{:?}", mail.subject);
    let marks =
        OurMarks { message_id_hosts: vec!["mail.example".into()], addresses: vec!["a@mail.example".into()] };
    let _ = kind(&mail, &marks);
    let _ = authentication(&mail, &["mx.example".into()]);
    let mut count = Count::default();
    // What cannot be read shows as a reject, not as nothing.
    if transcribe(Feed::Mail, &mut &input[..], &Given::default(), &mut count).is_ok() {
        assert!(count.0 > 0);
    }
});
