//! An event in the making: what every transcription does alike.

use schakel_model::{
    classification::ClassificationType,
    event::{Event, Value},
};

use super::Given;
use crate::{hostname, idf_field, json::Json, time::Moment};

/// Characters of one text in an event. A document may repeat what it says of itself in each of its events.
const TEXT_CHARS_MAX: usize = 4_000;

/// Which end of what happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The machine with the problem.
    Source,
    /// Who suffered from it.
    Destination,
}

impl End {
    /// The field of this end.
    pub(crate) fn field(self, part: &str) -> String {
        match self {
            Self::Source => format!("source.{part}"),
            Self::Destination => format!("destination.{part}"),
        }
    }
}

/// An event in the making.
#[derive(Clone)]
pub(crate) struct Draft {
    event: Event,
}

impl Draft {
    /// An event of this feed.
    pub(crate) fn new(feed: &'static str) -> Self {
        let mut event = Event::default();
        event.set("feed.name", Value::Text(feed.to_owned()));
        Self { event }
    }

    /// Sets a field to a text that says something, cut to what an event may hold.
    pub(crate) fn text(&mut self, field: impl Into<String>, text: &str) -> &mut Self {
        let text = text.trim();
        if !text.is_empty() {
            let text = text.chars().take(TEXT_CHARS_MAX).collect();
            self.event.set(field.into(), Value::Text(text));
        }
        self
    }

    /// As [`Draft::text`], when there is one.
    pub(crate) fn maybe(&mut self, field: impl Into<String>, text: Option<&str>) -> &mut Self {
        self.text(field, text.unwrap_or_default())
    }

    /// Sets a field to a value.
    pub(crate) fn value(&mut self, field: impl Into<String>, value: Value) -> &mut Self {
        self.event.set(field.into(), value);
        self
    }

    /// Sets a field to what stands in JSON, lists and objects too; text is cut.
    pub(crate) fn json(&mut self, field: impl Into<String>, json: &Json<'_>) -> &mut Self {
        match json {
            Json::Null => self,
            Json::Text(text) => self.text(field, text),
            json => self.value(field, json.clone().into_value()),
        }
    }

    /// Keeps the fields of an object as `extra`, but for those that are `taken`: they have a place of their own.
    pub(crate) fn rest(&mut self, object: &Json<'_>, taken: &[&str]) -> &mut Self {
        for (name, json) in object.fields() {
            if !taken.contains(&name.as_ref()) {
                self.json(format!("extra.{name}"), json);
            }
        }
        self
    }

    /// A protocol: of transport when it is one, else of application.
    pub(crate) fn protocol(&mut self, name: Option<&str>) -> &mut Self {
        match name {
            Some(name) if idf_field::transport(name).is_some() => self.text("protocol.transport", name),
            Some(name) => self.text("protocol.application", name),
            None => self,
        }
    }

    /// What it is, by RSIT.
    pub(crate) fn kind(&mut self, kind: ClassificationType) -> &mut Self {
        self.text("classification.taxonomy", kind.taxonomy().as_str());
        self.text("classification.type", kind.as_str())
    }

    /// When it was seen: a text that the source wrote.
    pub(crate) fn seen(&mut self, time: &str) -> &mut Self {
        self.text("time.source", time)
    }

    /// When it was seen, seconds since 1970.
    pub(crate) fn seen_at(&mut self, seconds: i64) -> &mut Self {
        self.seen(&Moment { seconds, micros: 0 }.to_idf())
    }

    /// When it came in, for a format that bears no time of its own.
    pub(crate) fn received(&mut self, given: &Given) -> &mut Self {
        self.seen_at(given.received_at)
    }

    /// An address, with or without a port; a network; a URL; a mail address or a host name. Anything else stays as `extra`.
    pub(crate) fn machine(&mut self, end: End, text: &str) -> &mut Self {
        let text = text.trim();
        let fits = |part: &str, text: &str| {
            matches!(idf_field::fit(&end.field(part), Value::Text(text.to_owned())), Some(Value::Text(_)))
        };
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if text.is_empty() {
            return self;
        }
        if fits("ip", bare) {
            return self.text(end.field("ip"), bare);
        }
        if text.contains("://") {
            return self.url(end, text);
        }
        if text.contains('/') && fits("network", text) {
            return self.text(end.field("network"), text);
        }
        if let Some((host, port)) = text.rsplit_once(':')
            && let Ok(port) = port.parse::<u16>()
        {
            let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            if fits("ip", inner) || is_host(inner) {
                return self.machine(end, inner).port(end, port);
            }
        }
        if text.contains('@') {
            return self.account(end, text);
        }
        if is_host(text) {
            return self.text(end.field("fqdn"), text);
        }
        self.text(format!("extra.{}", end.field("name")), text)
    }

    /// A URL, and the machine in it.
    pub(crate) fn url(&mut self, end: End, url: &str) -> &mut Self {
        self.text(end.field("url"), url);
        let host = host_of(url);
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let is_address = idf_field::fit("source.ip", Value::Text(bare.to_owned())).is_some();
        let field = if is_address { "ip" } else { "fqdn" };
        if (is_address || is_host(bare)) && self.event.get(&end.field(field)).is_none() {
            self.text(end.field(field), bare);
        }
        self
    }

    /// A mail address or user name, and the domain in it.
    pub(crate) fn account(&mut self, end: End, account: &str) -> &mut Self {
        self.text(end.field("account"), account);
        if let Some((_, domain)) = account.rsplit_once('@')
            && is_host(domain)
            && self.event.get(&end.field("fqdn")).is_none()
        {
            self.text(end.field("fqdn"), domain);
        }
        self
    }

    /// A port; 0 is none.
    pub(crate) fn port(&mut self, end: End, port: u16) -> &mut Self {
        if port == 0 { self } else { self.value(end.field("port"), Value::Int(port.into())) }
    }

    /// A severity in the source's words; words we do not know are kept as `extra.severity`.
    pub(crate) fn severity(&mut self, word: &str) -> &mut Self {
        let field = match idf_field::fit("severity", Value::Text(word.to_owned())) {
            Some(_) => "severity",
            None => "extra.severity",
        };
        self.text(field, word)
    }

    /// The event so far.
    pub(crate) fn event(&self) -> &Event {
        &self.event
    }
}

/// The host of a URL, without user, port and way; empty when there is none.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[').and_then(|inside| inside.find(']')) {
        Some(end) => &host[..end + 2],
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Is this the name of a host, with a domain? The field takes more: what the reference takes.
pub(crate) fn is_host(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte) || !byte.is_ascii();
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    // No domain at the top is a number; what looks so is a range of addresses or a broken one.
    let has_domain =
        text.trim_end_matches('.').contains('.') && last.starts_with(|c: char| !c.is_ascii_digit());
    has_domain && text.bytes().all(is_plain) && hostname::read(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_told_by_its_looks() {
        for (text, fields) in [
            ("192.0.2.1", &[("source.ip", "192.0.2.1")][..]),
            ("[2001:db8::1]", &[("source.ip", "2001:db8::1")]),
            ("192.0.2.1:8080", &[("source.ip", "192.0.2.1"), ("source.port", "8080")]),
            ("[2001:db8::1]:53", &[("source.ip", "2001:db8::1"), ("source.port", "53")]),
            ("192.0.2.0/24", &[("source.network", "192.0.2.0/24")]),
            ("www.example.nl", &[("source.fqdn", "www.example.nl")]),
            ("www.example.nl:443", &[("source.fqdn", "www.example.nl"), ("source.port", "443")]),
            (
                "https://u:p@www.example.nl:8443/a?b",
                &[("source.url", "https://u:p@www.example.nl:8443/a?b"), ("source.fqdn", "www.example.nl")],
            ),
            (
                "http://[2001:db8::1]:80/",
                &[("source.url", "http://[2001:db8::1]:80/"), ("source.ip", "2001:db8::1")],
            ),
            ("a@example.nl", &[("source.account", "a@example.nl"), ("source.fqdn", "example.nl")]),
            ("no machine", &[("extra.source.name", "no machine")]),
            ("", &[]),
        ] {
            let mut draft = Draft::new("test");
            draft.machine(End::Source, text);
            let found: Vec<(String, String)> = draft
                .event()
                .fields()
                .skip(1)
                .map(|(name, value)| match value {
                    Value::Text(text) => (name.to_owned(), text.clone()),
                    Value::Int(number) => (name.to_owned(), number.to_string()),
                    other => (name.to_owned(), format!("{other:?}")),
                })
                .collect();
            let expected: Vec<(String, String)> =
                fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
