//! What the scanner nmap found, as it writes it with `-oX`: each open port of each host becomes an event.
//!
//! A host is read at a time, so a scan that was broken off is read as far as it went. Entities that a document declares for
//! itself stand for nothing.

use std::io::Read;

use memchr::memmem;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use schakel_formats::xml::attribute;
use schakel_model::{
    classification::ClassificationType as Kind,
    reject::{Reject, RejectCode},
};

use super::{
    Format, Given, How, Markings, Sink, Step, Steps, TranscribeError, contains,
    draft::{Draft, End},
    not_a_record,
    transcription::{Window, placed},
};
use crate::text;

/// A host with all its ports open and the output of scripts for each.
const HOST_BYTES_MAX: usize = 64 << 20;

/// Scripts per port of which the output goes along.
const SCRIPTS_MAX: usize = 50;

pub(super) const FORMAT: Format = Format {
    name: "nmap",
    recognise: |_, head| contains(head, "<nmaprun"),
    how: How::Steps(|| Box::new(Hosts::default())),
    markings: Markings::None,
};

/// The hosts of a document, one after the other.
#[derive(Default)]
struct Hosts {
    window: Window,
    number: u64,
    /// Bytes of the window in which the host at hand does not end.
    scanned: usize,
    /// In the rest of a host that was too large.
    passing_over: bool,
}

const HOST_END: &[u8] = b"</host>";

impl Steps for Hosts {
    fn step(
        &mut self,
        input: &mut dyn Read,
        given: &Given,
        sink: &mut dyn Sink,
    ) -> Result<Step, TranscribeError> {
        let rest = self.window.rest();
        let from = self.scanned.saturating_sub(HOST_END.len());
        if let Some(found) = memmem::find(&rest[from..], HOST_END) {
            let end = from + found + HOST_END.len();
            if !std::mem::take(&mut self.passing_over) {
                let host = &rest[start_of_host(&rest[..end]).unwrap_or(0)..end];
                self.number += 1;
                if let Err(reject) = read(host, given, sink) {
                    sink.reject(placed("host", self.number, reject), host);
                }
            }
            self.window.pass(end);
            self.scanned = 0;
            return Ok(Step::More);
        }
        self.scanned = rest.len();
        if rest.len() > HOST_BYTES_MAX {
            if !std::mem::replace(&mut self.passing_over, true) {
                self.number += 1;
                let message = format!("it is larger than {HOST_BYTES_MAX} bytes");
                let reject = Reject::new(RejectCode::RecordTooLarge, message);
                sink.reject(placed("host", self.number, reject), rest);
            }
            // The end of the host may be half in.
            self.window.pass(rest.len() - HOST_END.len());
            self.scanned = 0;
            return Ok(Step::More);
        }
        if self.window.is_at_end() {
            if let Some(start) = start_of_host(rest).filter(|_| !self.passing_over) {
                let reject = Reject::new(RejectCode::CutOff, "the document ends in it");
                sink.reject(placed("host", self.number + 1, reject), &rest[start..]);
            }
            return self.window.end();
        }
        self.window.fill(input);
        Ok(Step::More)
    }
}

/// Where `<host>` begins; `<hosthint>` is another element.
fn start_of_host(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, b"<host")
        .find(|at| bytes.get(at + 5).is_some_and(|next| *next == b'>' || next.is_ascii_whitespace()))
}

/// Reads one host.
fn read(host: &[u8], given: &Given, sink: &mut dyn Sink) -> Result<(), Reject> {
    let host = text::decode(host);
    let mut reader = Reader::from_str(&host);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_dangling_amp = true;
    let mut draft = Draft::new(FORMAT.name);
    draft.received(given);
    let mut port: Option<Port> = None;
    loop {
        let event = reader.read_event().map_err(|error| not_a_record(format!("it is no XML: {error}")))?;
        match event {
            Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                "host" => seen(&mut draft, &start),
                "address" if attribute(&start, "addrtype").as_deref() != Some("mac") => {
                    draft.machine(End::Source, &attribute(&start, "addr").unwrap_or_default());
                }
                "hostname" => named(&mut draft, &start),
                "port" => port = Some(Port::begin(&draft, &start)),
                _ => {
                    if let Some(port) = &mut port {
                        port.take(&start);
                    }
                }
            },
            Event::End(end) if end.local_name().as_ref() == "port" => {
                if let Some(port) = port.take().filter(|port| port.is_open) {
                    sink.event(port.draft.event());
                }
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// When the host was looked at.
fn seen(draft: &mut Draft, host: &BytesStart<'_>) {
    let time = attribute(host, "endtime").or_else(|| attribute(host, "starttime"));
    if let Some(seconds) = time.and_then(|time| time.parse().ok()) {
        draft.seen_at(seconds);
    }
}

/// The name that was asked for, or that the address bears.
fn named(draft: &mut Draft, hostname: &BytesStart<'_>) {
    let name = attribute(hostname, "name").unwrap_or_default();
    match attribute(hostname, "type").as_deref() {
        Some("PTR") => draft.text("source.reverse_dns", &name),
        _ => draft.machine(End::Source, &name),
    };
}

/// A port being read.
struct Port {
    draft: Draft,
    is_open: bool,
    scripts: usize,
}

impl Port {
    fn begin(host: &Draft, start: &BytesStart<'_>) -> Self {
        let mut draft = host.clone();
        let (number, protocol) = (attribute(start, "portid"), attribute(start, "protocol"));
        let identifier = format!(
            "open-{}-{}",
            protocol.as_deref().unwrap_or("port"),
            number.as_deref().unwrap_or_default()
        );
        draft
            .kind(Kind::PotentiallyUnwantedAccessible)
            .text("classification.identifier", &identifier)
            .maybe("source.port", number.as_deref())
            .maybe("protocol.transport", protocol.as_deref());
        Self { draft, is_open: false, scripts: 0 }
    }

    fn take(&mut self, start: &BytesStart<'_>) {
        let said = |name| attribute(start, name);
        match start.local_name().as_ref() {
            "state" => self.is_open = said("state").as_deref() == Some("open"),
            "service" => {
                self.draft
                    .maybe("protocol.application", said("name").as_deref())
                    .maybe("product.name", said("product").as_deref())
                    .maybe("product.version", said("version").as_deref())
                    .maybe("extra.extrainfo", said("extrainfo").as_deref())
                    .maybe("extra.tunnel", said("tunnel").as_deref());
            }
            "script" if self.scripts < SCRIPTS_MAX => {
                self.scripts += 1;
                if let Some(id) = said("id") {
                    self.draft.maybe(format!("extra.script.{id}"), said("output").as_deref());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::{Feed, recognise, testing};

    const DOCUMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" args="nmap -sV -oX scan.xml" start="1772341600" version="7.94">
<hosthint><status state="up"/><address addr="192.0.2.1" addrtype="ipv4"/></hosthint>
<host starttime="1772341600" endtime="1772341677"><status state="up" reason="syn-ack"/>
<address addr="192.0.2.1" addrtype="ipv4"/><address addr="00:00:5E:00:53:01" addrtype="mac" vendor="Acme"/>
<hostnames><hostname name="www.example.nl" type="user"/><hostname name="ptr.example.nl" type="PTR"/></hostnames>
<ports><extraports state="closed" count="998"/>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/>
<service name="ssh" product="OpenSSH" version="9.2p1" extrainfo="protocol 2.0"/>
<script id="ssh-hostkey" output="&#xa;  256 &lt;key&gt;"><elem key="x">y</elem></script></port>
<port protocol="tcp" portid="80"><state state="filtered"/></port>
<port protocol="udp" portid="161"><state state="open"/></port></ports></host>
<host><status state="up"/><address addr="2001:db8::1" addrtype="ipv6"/><ports><port protocol="tcp" portid="3389"><state state="open"/></port></ports></host>
<runstats/></nmaprun>"#;

    #[test]
    fn each_open_port_is_an_event() {
        assert_eq!(recognise("scan.xml", DOCUMENT.as_bytes()), Some(Feed::Nmap));
        let found = testing::read(Feed::Nmap, DOCUMENT.as_bytes());
        assert_eq!(found.len(), 3);
        found[0].as_ref().unwrap().has(&[
            "source.ip=192.0.2.1",
            "source.port=22",
            "source.fqdn=www.example.nl",
            "source.reverse_dns=ptr.example.nl",
            "protocol.transport=tcp",
            "protocol.application=ssh",
            "product.name=openssh",
            "product.version=9.2p1",
            "classification.type=potentially-unwanted-accessible",
            "classification.identifier=open-tcp-22",
            "time.source=2026-03-01T05:07:57+00:00",
            "feed.name=nmap",
            "extra.script.ssh-hostkey=256 <key>",
        ]);
        let second = found[1].as_ref().unwrap();
        second.has(&["source.ip=192.0.2.1", "source.port=161", "protocol.transport=udp"]);
        second.has_not(&["protocol.application", "extra.script.ssh-hostkey"]);
        found[2].as_ref().unwrap().has(&["source.ip=2001:db8::1", "source.port=3389", testing::RECEIVED]);
    }

    #[test]
    fn what_is_broken_costs_itself() {
        let broken = DOCUMENT.replacen("<hostnames>", "<!-- <hostnames>", 1);
        let cut = &broken[..broken.rfind("<state").unwrap()];
        let found = testing::read(Feed::Nmap, cut.as_bytes());
        let codes: Vec<_> =
            found.iter().map(|found| found.as_ref().map_err(|reject| reject.code).err()).collect();
        assert_eq!(codes, [Some(RejectCode::NotARecord), Some(RejectCode::CutOff)], "{found:?}");
    }

    #[test]
    fn a_bomb_of_entities_stands_for_nothing() {
        let bomb = r#"<!DOCTYPE nmaprun [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<nmaprun><host><address addr="192.0.2.1" addrtype="ipv4"/><hostnames><hostname name="&b;&c;" type="user"/></hostnames>
<ports><port protocol="tcp" portid="1"><state state="open"/></port></ports></host></nmaprun>"#;
        let event = testing::one_event(Feed::Nmap, bomb.as_bytes());
        event.has(&["source.ip=192.0.2.1", "source.port=1"]);
        assert!(!event.line().contains("aaaa") && !event.line().contains("root"), "{}", event.line());
    }

    #[test]
    fn a_document_is_read_the_same_in_small_bits() {
        struct Slow<'d>(&'d [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                let count = self.0.len().min(into.len()).min(3);
                into[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        // More hosts than are read at once.
        let host = DOCUMENT[DOCUMENT.find("<host ").unwrap()..DOCUMENT.find("<runstats").unwrap()].to_owned();
        let document = format!("<nmaprun>{}</nmaprun>", host.repeat(100));
        let read = |input| {
            let mut lines = Vec::new();
            let mut transcription = crate::feeds::Transcription::start(Feed::Nmap, input, Given::default());
            transcription.read_to_end(&mut lines).unwrap();
            lines
        };
        let whole = read(Box::new(document.as_bytes()) as Box<dyn Read>);
        assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count(), 300);
        assert!(whole == read(Box::new(Slow(document.as_bytes()))));
    }
}
