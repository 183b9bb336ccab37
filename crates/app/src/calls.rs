//! What comes in by telephone: written down as a mail that nobody sent, so that the caller's words are kept as they were said, and what the
//! desk made of them beside it.

use std::{net::IpAddr, sync::Arc};

use anyhow::ensure;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{Timestamp, fmt::rfc2822};
use schakel_model::{
    arrival::{Door, Envelope},
    classification::ClassificationType,
};
use schakel_store::{
    Reader, arrivals,
    data_dir::DataDir,
    spool::{Kept, Spool, SpoolDesk},
};
use serde_json::{Map, Value};

/// What somebody says on the telephone is shorter than this, in bytes; longer evidence is mailed or uploaded.
pub const WORDS_BYTES_MAX: usize = 1 << 20;

/// Base64 in mails has lines of this many characters (RFC 2045, 6.8).
const BASE64_LINE: usize = 76;

/// A call that was taken.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Who called, as they say.
    pub who: &'a str,
    /// The number to call back.
    pub call_back: &'a str,
    /// What they said, word for word.
    pub words: &'a str,
    /// Who took the call.
    pub taken_by: &'a str,
    /// When.
    pub at: Timestamp,
    /// The code of the source they are; empty: none of ours.
    pub source: &'a str,
    /// What the desk made of it; `None`: addresses in the words are looked for, and somebody looks at them.
    pub about: Option<About<'a>>,
}

/// What a call is about.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The system.
    pub what: What<'a>,
    /// The port, where it is about one.
    pub port: Option<u16>,
    /// What kind of thing it is.
    pub classification: ClassificationType,
    /// The problem by a word, for example `open-rdp`; may be empty.
    pub identifier: &'a str,
    /// When it was seen.
    pub seen_at: Timestamp,
}

/// A system.
#[derive(Clone, Debug)]
pub enum What<'a> {
    /// By its address.
    Address(IpAddr),
    /// By its name.
    Name(&'a str),
    /// By its URL.
    Url(&'a str),
}

/// The call as a mail: a text with who called and what was said, and what it is about as an IDF event.
pub fn document(call: &Call<'_>) -> anyhow::Result<Vec<u8>> {
    ensure!(!call.who.trim().is_empty(), "say who called with --from");
    ensure!(!call.words.trim().is_empty(), "say what they said with --text");
    ensure!(
        call.words.len() <= WORDS_BYTES_MAX,
        "the text is longer than {WORDS_BYTES_MAX} bytes: put it into a file and take that in"
    );
    let text = format!(
        "By telephone\nCaller: {}\nCall back: {}\nTaken by: {}\n\n{}\n",
        call.who, call.call_back, call.taken_by, call.words
    );
    let date = rfc2822::to_string(&call.at.to_zoned(jiff::tz::TimeZone::UTC))?;
    let mut mail = format!(
        "Date: {date}\r\nSubject: By telephone\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\r\n\r\n"
    );
    part(&mut mail, "text/plain; charset=utf-8", "inline", text.as_bytes());
    if let Some(about) = &call.about {
        part(&mut mail, "application/json", "attachment; filename=\"call.jsonl\"", event(about).as_bytes());
    }
    mail.push_str(&format!("--{BOUNDARY}--\r\n"));
    Ok(mail.into_bytes())
}

/// Both parts are base64, in which this cannot stand.
const BOUNDARY: &str = "-- a call --";

fn part(mail: &mut String, content_type: &str, disposition: &str, bytes: &[u8]) {
    mail.push_str(&format!(
        "--{BOUNDARY}\r\nContent-Type: {content_type}\r\nContent-Disposition: {disposition}\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
    ));
    let encoded = STANDARD.encode(bytes);
    for line in encoded.as_bytes().chunks(BASE64_LINE) {
        mail.extend(line.iter().map(|byte| char::from(*byte)));
        mail.push_str("\r\n");
    }
}

/// An IDF event in a line.
fn event(about: &About<'_>) -> String {
    let mut event = Map::new();
    let mut set = |field: &str, value: Value| event.insert(field.to_owned(), value);
    set("time.source", about.seen_at.to_string().into());
    match about.what {
        What::Address(ip) => set("source.ip", ip.to_string().into()),
        What::Name(name) => set("source.fqdn", name.into()),
        What::Url(url) => set("source.url", url.into()),
    };
    if let Some(port) = about.port {
        set("source.port", port.into());
    }
    set("classification.type", about.classification.as_str().into());
    set("classification.taxonomy", about.classification.taxonomy().as_str().into());
    if !about.identifier.is_empty() {
        set("classification.identifier", about.identifier.into());
    }
    set("feed.name", "telephone".into());
    format!("{}\n", Value::Object(event))
}

/// Keeps a call in the spool, as what waits to be dealt with.
pub fn keep(data: &DataDir, call: &Call<'_>) -> anyhow::Result<Kept> {
    let document = document(call)?;
    let highest = Reader::open(data)?.read(arrivals::highest)?;
    let spool = Arc::new(Spool::beside(data, highest)?);
    let envelope = Envelope {
        door: Door::Desk,
        source: call.source.to_owned(),
        received_at: call.at.as_second(),
        name: "call.eml".to_owned(),
        sender: String::new(),
        peer: None,
    };
    let mut uploading = spool.begin(envelope, 0, u64::MAX);
    uploading.push(&document)?;
    let receipt = uploading.finish()?;
    let kept = SpoolDesk::open(data)?.get(receipt)?;
    kept.ok_or_else(|| {
        anyhow::anyhow!("{receipt} was dealt with by the service already: `schakel arrivals {receipt}`")
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::{reading::Reading, survey::survey};

    fn call<'a>(about: Option<About<'a>>) -> Call<'a> {
        Call {
            who: "Jan\r\nBcc: all@example.org",
            call_back: "+31 88 000 00 00",
            words: "Er staat een server open op 198.51.100.200, zegt hij.",
            taken_by: "els",
            at: Timestamp::from_second(1_790_000_000).unwrap(),
            source: "",
            about,
        }
    }

    fn formats(call: &Call<'_>) -> (Vec<String>, bool) {
        let bytes = document(call).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("Bcc"), "nothing of the caller becomes a field");
        let found = survey("call.eml", &mut Cursor::new(bytes), &Reading::default()).unwrap();
        (found.formats.into_iter().collect(), found.extracted)
    }

    #[test]
    fn what_the_desk_made_of_it_counts_and_mere_words_are_looked_at() {
        let about = About {
            what: What::Address([198, 51, 100, 200].into()),
            port: Some(3389),
            classification: ClassificationType::PotentiallyUnwantedAccessible,
            identifier: "open-rdp",
            seen_at: Timestamp::from_second(1_790_000_000).unwrap(),
        };
        assert_eq!(formats(&call(Some(about))), (vec!["idf".to_owned()], false));
        assert_eq!(formats(&call(None)), (vec!["mail".to_owned()], true));
        assert!(document(&Call { words: " ", ..call(None) }).is_err());
    }
}
