#![no_main]
//! What another hub sends: lines of messages, what stands in them, invitations, and signatures of requests.

use libfuzzer_sys::fuzz_target;
use schakel_formats::{
    http_signature::{self, Posted},
    hub::{invitation, jcs, keys, message, parcel::Parcel, receipt::Receipt, status},
};

fuzz_target!(|input: &[u8]| {
    if let Ok(value) = jcs::read(input) {
        // What is read was written in no other way.
        assert_eq!(jcs::write(&value).as_deref(), Ok(input));
    }
    if let Ok(signed) = message::read(input) {
        let (envelope, signature) = (&signed.envelope, signed.signature);
        assert_eq!(message::write(envelope, &signed.key_id, &|_| signature.to_vec()).as_deref(), Ok(input));
        let data = &envelope.data;
        if let Ok(parcel) = Parcel::read(&envelope.id, data) {
            assert_eq!(Parcel::read(&envelope.id, &parcel.to_data()), Ok(parcel));
        }
        let _ = (Receipt::read(data), status::Status::read(data), status::StatusCount::read(data), keys::read(data));
    }
    let _ = invitation::read(input, &|_, _, _| true);
    let text = String::from_utf8_lossy(input);
    let mut fields = text.splitn(3, '\n');
    let mut field = || fields.next().unwrap_or_default();
    let posted = Posted { target: "https://a.example/", content_type: "text/plain", body: b"" };
    let _ = http_signature::read(&posted, field(), field(), field());
});
