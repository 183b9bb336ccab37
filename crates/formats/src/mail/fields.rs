//! Header fields (RFC 5322): in the order they stand, as they came and as they read.

use std::borrow::Cow;

use mail_parser::{Address, HeaderValue, parsers::MessageStream};

use super::{
    mime::{HEADER_BYTES_MAX, line_end},
    text,
};

/// Fields of one head beyond this are not looked at. Mails that passed ten servers and two lists have 150.
pub(crate) const FIELDS_MAX: usize = 1_000;

/// Characters of one field that are kept. The longest honest ones are lists of references and recipients.
const VALUE_CHARS_MAX: usize = 16_000;

/// Message-IDs and addresses of one field that are kept.
const LIST_MAX: usize = 200;

/// Header fields in the order they stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields {
    fields: Vec<Field>,
}

/// One header field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name as it was written.
    pub name: String,
    /// What stands behind the colon, as it came: lines and encoded words and all. Bytes that are no UTF-8 read as
    /// Windows-1252.
    pub raw: String,
}

/// Somebody in an address field.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mailbox {
    /// The name in front, on one line; may be empty.
    pub name: String,
    /// `user@host.example`; the host in lower case.
    pub address: String,
}

impl Mailbox {
    /// What stands behind the `@`; empty when there is none.
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// How reading a head went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeadEnd {
    Whole,
    CutAtLimit,
}

impl Fields {
    /// Reads the lines of a head. What is no field is passed over.
    pub(super) fn read(head: &[u8]) -> (Self, HeadEnd) {
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        let mut end = HeadEnd::Whole;
        let mut at = 0;
        while at < head.len() {
            if at >= HEADER_BYTES_MAX || fields.len() >= FIELDS_MAX {
                end = HeadEnd::CutAtLimit;
                break;
            }
            let next = line_end(head, at);
            let line = &head[at..next];
            at = next;
            if matches!(line.first(), Some(b' ' | b'\t')) {
                if let Some((_, raw)) = fields.last_mut() {
                    raw.extend_from_slice(line);
                }
                continue;
            }
            let Some(colon) = memchr::memchr(b':', line) else { continue };
            let name = line[..colon].trim_ascii_end();
            if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_graphic()) {
                continue;
            }
            fields.push((String::from_utf8_lossy(name).into_owned(), line[colon + 1..].to_vec()));
        }
        let fields = fields
            .into_iter()
            .map(|(name, raw)| Field {
                name,
                raw: text::lossless(&raw).trim().chars().take(VALUE_CHARS_MAX).collect(),
            })
            .collect();
        (Self { fields }, end)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter()
    }

    /// Those of this name, from the top.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f Field> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The first of this name.
    pub fn first(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The text of the first of this name on one line, encoded words undone (RFC 2047); empty when there is none.
    pub fn text(&self, name: &str) -> String {
        self.first(name).map(Field::text).unwrap_or_default()
    }

    /// Is there one of this name?
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
}

impl Field {
    /// What it says, on one line, encoded words undone.
    pub fn text(&self) -> String {
        let decoded = match self.parsed(|stream| stream.parse_unstructured()) {
            HeaderValue::Text(text) => text,
            _ => Cow::Borrowed(""),
        };
        one_line(&decoded)
    }

    /// Message-IDs without their angle brackets. Some write them without.
    pub fn ids(&self) -> Vec<String> {
        let ids = match self.parsed(|stream| stream.parse_id()) {
            HeaderValue::Text(id) => vec![id.into_owned()],
            HeaderValue::TextList(ids) => ids.into_iter().take(LIST_MAX).map(Cow::into_owned).collect(),
            _ => Vec::new(),
        };
        if ids.is_empty() {
            return self
                .raw
                .split_ascii_whitespace()
                .filter(|word| word.contains('@') && !word.contains(['<', '>']))
                .take(LIST_MAX)
                .map(one_line)
                .collect();
        }
        ids.iter().map(|id| one_line(id)).collect()
    }

    /// The mailboxes of an address field; groups are opened.
    pub fn mailboxes(&self) -> Vec<Mailbox> {
        let address = match self.parsed(|stream| stream.parse_address()) {
            HeaderValue::Address(address) => address,
            _ => return Vec::new(),
        };
        let list = match address {
            Address::List(list) => list,
            Address::Group(groups) => groups.into_iter().flat_map(|group| group.addresses).collect(),
        };
        list.into_iter()
            .take(LIST_MAX)
            .filter_map(|one| {
                let address = lower_host(&one_line(one.address.as_deref()?));
                address
                    .contains('@')
                    .then(|| Mailbox { name: one.name.as_deref().map(one_line).unwrap_or_default(), address })
            })
            .collect()
    }

    /// The time of a date field, or behind the last `;` of a trace field, in seconds since 1970.
    pub fn date(&self) -> Option<i64> {
        let text = self.raw.rsplit_once(';').map_or(self.raw.as_str(), |(_, date)| date);
        date(text)
    }

    fn parsed(
        &self,
        read: impl for<'m> FnOnce(&mut MessageStream<'m>) -> HeaderValue<'m>,
    ) -> HeaderValue<'static> {
        // The parsers read up to a line that is not folded.
        let line = format!(" {}\r\n", unfold(&self.raw));
        read(&mut MessageStream::new(line.as_bytes())).into_owned()
    }
}

/// The time in the text of a `Date` field (RFC 5322, with the obsolete names of zones), in seconds since 1970.
pub fn date(text: &str) -> Option<i64> {
    let line = format!(" {}\r\n", unfold(text));
    let HeaderValue::DateTime(time) = MessageStream::new(line.as_bytes()).parse_date() else { return None };
    (time.is_valid() && time.year >= 1970).then(|| time.to_timestamp())
}

/// Folded lines as one.
fn unfold(text: &str) -> Cow<'_, str> {
    if text.contains(['\r', '\n']) {
        Cow::Owned(text.split(['\r', '\n']).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(text)
    }
}

/// Controls, line breaks and what moves or hides text become spaces; runs of them one. So a text that is quoted in another
/// mail cannot begin a header field there.
pub fn one_line(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || hidden(c)).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(VALUE_CHARS_MAX).collect()
}

fn lower_host(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((user, host)) => format!("{user}@{}", host.to_ascii_lowercase()),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(head: &str) -> Fields {
        Fields::read(head.as_bytes()).0
    }

    #[test]
    fn fields_are_unfolded_and_decoded() {
        let fields = fields(
            "From: =?UTF-8?B?VGFyamV0YXM=?= <Me@Host.Example>, b@c.example\r\nno field\r\n\
             Subject: =?iso-8859-1?Q?caf=E9?=\r\n =?utf-8?q?_au_lait?=\r\nX-A: 1\r\nx-a: 2\r\n\
             References: <1@a.example>\r\n <2@b.example>\r\nMessage-Id: abc-1@c.example\r\n",
        );
        assert_eq!(fields.text("subject"), "café au lait");
        assert_eq!(fields.all("X-A").map(Field::text).collect::<Vec<_>>(), ["1", "2"]);
        let from = fields.first("from").unwrap().mailboxes();
        assert_eq!(from.len(), 2);
        assert_eq!((from[0].name.as_str(), from[0].address.as_str()), ("Tarjetas", "Me@host.example"));
        assert_eq!(from[0].domain(), "host.example");
        assert_eq!(fields.first("References").unwrap().ids(), ["1@a.example", "2@b.example"]);
        assert_eq!(fields.first("message-id").unwrap().ids(), ["abc-1@c.example"]);
        assert!(!fields.has("no field"));
    }

    #[test]
    fn a_subject_cannot_bring_a_header_field() {
        for raw in [
            "Subject: =?utf-8?Q?Hi=0D=0ABcc:_victim@x.example?=\r\n",
            "Subject: =?utf-8?B?SGkNCkJjYzogdmljdGltQHguZXhhbXBsZQ==?=\r\n",
            "Subject: Hi\r\n Bcc: victim@x.example\r\n",
            "Subject: Hi\0\u{202e}\u{200b}Bcc: victim@x.example\r\n",
        ] {
            assert_eq!(fields(raw).text("subject"), "Hi Bcc: victim@x.example", "{raw:?}");
        }
    }

    #[test]
    fn dates_are_read_as_mail_writes_them() {
        for (text, seconds) in [
            ("Tue, 19 Jan 2016 19:04:10 -0500 (EST)", Some(1_453_248_250)),
            ("Tue, 19 Jan 2016 15:16:34 UTC", Some(1_453_216_594)),
            ("19 Jan 2016 15:16:34 GMT", Some(1_453_216_594)),
            ("Tue, 19 Jan 2016 19:04:15 EST", Some(1_453_248_255)),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(date(text), seconds, "{text}");
        }
        let received = fields("Received: from a by b; Tue, 19 Jan 2016\r\n 15:16:34 +0000\r\n");
        assert_eq!(received.first("received").unwrap().date(), Some(1_453_216_594));
    }

    #[test]
    fn there_is_an_end_to_fields() {
        let many = "A: 1\r\n".repeat(FIELDS_MAX + 10);
        let (fields, end) = Fields::read(many.as_bytes());
        assert_eq!((fields.iter().count(), end), (FIELDS_MAX, HeadEnd::CutAtLimit));
    }
}
