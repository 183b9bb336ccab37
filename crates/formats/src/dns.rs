//! Questions to name servers and their answers on the wire (RFC 1035): which answer is one to our question, and what it says of a name.
//! Nothing here asks anybody.

use std::net::IpAddr;

use domain::{
    base::{
        Message, MessageBuilder, ParsedName, Rtype, StreamTarget, ToName,
        iana::{Class, Rcode},
    },
    rdata::{A, Aaaa, AllRecordData, Cname, Mx, Ptr, Txt},
};

/// A name as it stands in the DNS.
pub type Name = domain::base::Name<Vec<u8>>;

/// Aliases that are followed. Honest chains have two or three.
pub const ALIASES_MAX: usize = 8;

/// What we say we take over UDP: it passes every network without being cut up (DNS flag day 2020).
const UDP_BYTES_MAX: u16 = 1232;

/// Which records are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Records {
    Txt,
    A,
    Aaaa,
    Ptr,
    Mx,
    Tlsa,
}

/// A name of letters and dots; `None` when it cannot stand in the DNS.
pub fn name(text: &str) -> Option<Name> {
    Name::vec_from_str(text).ok()
}

/// Where the names of an address stand: below `in-addr.arpa` (RFC 1035) or `ip6.arpa` (RFC 3596).
pub fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let digits = address.octets().into_iter().rev().flat_map(|byte| [byte & 0xf, byte >> 4]);
            digits.map(|digit| format!("{digit:x}.")).collect::<String>() + "ip6.arpa"
        }
    }
}

/// A question, ready to be sent.
#[derive(Clone, Debug)]
pub struct Question {
    id: u16,
    name: Name,
    rtype: Rtype,
    wire: StreamTarget<Vec<u8>>,
}

impl Question {
    /// Asks for records of a name. `id`: unguessable, it is what tells our answer from others.
    pub fn new(id: u16, name: &Name, records: Records) -> Option<Self> {
        let rtype = match records {
            Records::Txt => Rtype::TXT,
            Records::A => Rtype::A,
            Records::Aaaa => Rtype::AAAA,
            Records::Ptr => Rtype::PTR,
            Records::Mx => Rtype::MX,
            Records::Tlsa => Rtype::TLSA,
        };
        let mut builder = MessageBuilder::from_target(StreamTarget::new_vec()).ok()?;
        builder.header_mut().set_id(id);
        builder.header_mut().set_rd(true);
        // RFC 6840 section 5.7: say in the answer whether DNSSEC vouches for it.
        builder.header_mut().set_ad(true);
        let mut builder = builder.question();
        builder.push((name, rtype)).ok()?;
        let mut builder = builder.additional();
        builder
            .opt(|opt| {
                opt.set_udp_payload_size(UDP_BYTES_MAX);
                Ok(())
            })
            .ok()?;
        Some(Self { id, name: name.clone(), rtype, wire: builder.finish() })
    }

    /// As it goes over UDP.
    pub fn datagram(&self) -> &[u8] {
        self.wire.as_dgram_slice()
    }

    /// As it goes over TCP: its length in front.
    pub fn stream(&self) -> &[u8] {
        self.wire.as_stream_slice()
    }
}

/// A certificate, or a key, that a mail server shows (DANE, RFC 6698).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsaRecord {
    /// 2: of an authority, 3: of the server itself. Mail servers use no others (RFC 7672).
    pub usage: u8,
    /// 0: the certificate, 1: its key.
    pub selector: u8,
    /// 0: as it is, 1: its SHA-256, 2: its SHA-512.
    pub matching: u8,
    /// Bytes of what is compared.
    pub data_bytes: usize,
}

/// What a name server says of the question as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It has answered.
    Answered,
    /// There is no such name, or the last alias in the answer leads to one.
    NoSuchName,
    /// It cannot answer, or will not.
    Failed(String),
}

/// The records of an answer cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the records of the answer cannot be read")]
pub struct Unreadable;

impl From<domain::base::wire::ParseError> for Unreadable {
    fn from(_: domain::base::wire::ParseError) -> Self {
        Self
    }
}

/// Where an answer leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found<T> {
    /// To these records; none is possible too.
    Records(Vec<T>),
    /// To another name, of which this answer says nothing.
    Alias(Name),
    /// Past more aliases than are followed, or round.
    TooManyAliases,
}

/// An answer to a question of ours.
#[derive(Clone, Debug)]
pub struct Answer(Message<Vec<u8>>);

impl Answer {
    /// Reads a message; `None` when it is no answer to this question.
    pub fn read(bytes: &[u8], question: &Question) -> Option<Self> {
        let answer = Message::from_octets(bytes.to_vec()).ok()?;
        let header = answer.header();
        let asked = answer.sole_question().ok()?;
        let ours = header.id() == question.id
            && header.qr()
            && *asked.qname() == question.name
            && asked.qtype() == question.rtype;
        ours.then_some(Self(answer))
    }

    /// Did it not fit, and is to be asked for over TCP?
    pub fn is_cut_off(&self) -> bool {
        self.0.header().tc()
    }

    /// Has it any records?
    pub fn has_records(&self) -> bool {
        self.0.header_counts().ancount() > 0
    }

    /// Does the server say that DNSSEC vouches for it? That is worth as much as the way to the server.
    pub fn is_authentic(&self) -> bool {
        self.0.header().ad()
    }

    /// What it says of the question.
    pub fn verdict(&self) -> Verdict {
        match self.0.header().rcode() {
            Rcode::NOERROR => Verdict::Answered,
            Rcode::NXDOMAIN => Verdict::NoSuchName,
            code => Verdict::Failed(code.to_string()),
        }
    }

    /// The texts of a name: each string by itself, and those of one record together. `aliases` counts what was followed so far.
    pub fn texts(&self, name: &Name, aliases: &mut usize) -> Result<Found<String>, Unreadable> {
        self.follow(name, aliases, |name| {
            let mut texts = Vec::new();
            let records = self.0.answer()?.limit_to_in::<Txt<_>>().flatten();
            for record in records.filter(|record| *record.owner() == *name) {
                let strings: Vec<String> =
                    record.data().iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
                if strings.len() > 1 {
                    texts.push(strings.concat());
                }
                texts.extend(strings);
            }
            Ok(texts)
        })
    }

    /// The addresses of a name. `aliases` counts what was followed so far.
    pub fn addresses(&self, name: &Name, aliases: &mut usize) -> Result<Found<IpAddr>, Unreadable> {
        self.follow(name, aliases, |name| {
            let v4 = self.0.answer()?.limit_to_in::<A>().flatten();
            let v4 = v4.filter(|record| *record.owner() == *name).map(|record| record.data().addr().into());
            let v6 = self.0.answer()?.limit_to_in::<Aaaa>().flatten();
            let v6 = v6.filter(|record| *record.owner() == *name).map(|record| record.data().addr().into());
            Ok(v4.chain(v6).collect())
        })
    }

    /// The names that an address's own name points to. `aliases` counts what was followed so far: a part of a network is handed over by
    /// aliases (RFC 2317).
    pub fn pointers(&self, name: &Name, aliases: &mut usize) -> Result<Found<String>, Unreadable> {
        self.follow(name, aliases, |name| {
            let records = self.0.answer()?.limit_to_in::<Ptr<ParsedName<_>>>().flatten();
            let records = records.filter(|record| *record.owner() == *name);
            Ok(records.map(|record| record.data().ptrdname().to_name::<Vec<u8>>().to_string()).collect())
        })
    }

    /// The mail servers of a domain, the preferred ones first. `aliases` counts what was followed so far.
    pub fn mail_servers(&self, name: &Name, aliases: &mut usize) -> Result<Found<String>, Unreadable> {
        self.follow(name, aliases, |name| {
            let records = self.0.answer()?.limit_to_in::<Mx<ParsedName<_>>>().flatten();
            let records = records.filter(|record| *record.owner() == *name);
            let mut servers: Vec<(u16, String)> = records
                .map(|record| {
                    (record.data().preference(), record.data().exchange().to_name::<Vec<u8>>().to_string())
                })
                .collect();
            servers.sort();
            Ok(servers.into_iter().map(|(_, server)| server).collect())
        })
    }

    /// The records for DANE of a name. `aliases` counts what was followed so far.
    pub fn tlsa(&self, name: &Name, aliases: &mut usize) -> Result<Found<TlsaRecord>, Unreadable> {
        self.follow(name, aliases, |name| {
            let mut found = Vec::new();
            for record in self.0.answer()? {
                let record = record?;
                if record.rtype() != Rtype::TLSA || record.class() != Class::IN || record.owner() != *name {
                    continue;
                }
                let record = record.to_any_record::<AllRecordData<_, ParsedName<_>>>()?;
                if let AllRecordData::Tlsa(data) = record.data() {
                    found.push(TlsaRecord {
                        usage: data.usage().into(),
                        selector: data.selector().into(),
                        matching: data.matching_type().into(),
                        data_bytes: data.data().len(),
                    });
                }
            }
            Ok(found)
        })
    }

    /// The records of a name, or of what it is an alias of in this answer.
    fn follow<T>(
        &self,
        name: &Name,
        aliases: &mut usize,
        records: impl Fn(&Name) -> Result<Vec<T>, Unreadable>,
    ) -> Result<Found<T>, Unreadable> {
        let mut owner = name.clone();
        loop {
            let found = records(&owner)?;
            if !found.is_empty() {
                return Ok(Found::Records(found));
            }
            match self.alias(&owner)? {
                Some(target) => owner = target,
                None if owner == *name => return Ok(Found::Records(found)),
                None => return Ok(Found::Alias(owner)),
            }
            *aliases += 1;
            if *aliases > ALIASES_MAX {
                return Ok(Found::TooManyAliases);
            }
        }
    }

    /// What this name is an alias of.
    fn alias(&self, owner: &Name) -> Result<Option<Name>, Unreadable> {
        let records = self.0.answer()?.limit_to_in::<Cname<ParsedName<_>>>().flatten();
        let mut targets = records.filter(|record| *record.owner() == *owner);
        Ok(targets.next().map(|record| record.data().cname().to_name::<Vec<u8>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: u16 = 0x1234;

    /// An answer to a question for TXT records of `a.example`: aliases `a → b → …`, each a letter below `example`.
    fn answered(aliases: &[(u8, u8)], texts: &[(u8, &str)]) -> Vec<u8> {
        let label = |letter: u8| [&[1, letter][..], b"\x07example\x00"].concat();
        let count = (aliases.len() + texts.len()) as u8;
        let mut bytes = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0];
        bytes.extend(label(b'a'));
        bytes.extend([0, 16, 0, 1]);
        let mut record = |owner: u8, rtype: u8, data: &[u8]| {
            bytes.extend(label(owner));
            bytes.extend([0, rtype, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
            bytes.extend(data);
        };
        for (from, to) in aliases {
            record(*from, 5, &label(*to));
        }
        for (owner, text) in texts {
            record(*owner, 16, &[&[text.len() as u8], text.as_bytes()].concat());
        }
        bytes
    }

    fn asked() -> Question {
        Question::new(ID, &name("a.example").unwrap(), Records::Txt).unwrap()
    }

    fn texts(bytes: &[u8]) -> Found<String> {
        let answer = Answer::read(bytes, &asked()).unwrap();
        answer.texts(&name("A.Example.").unwrap(), &mut 0).unwrap()
    }

    #[test]
    fn aliases_are_followed_within_an_answer_and_no_further_than_the_limit() {
        let here = Found::Records(vec!["here".to_owned()]);
        assert_eq!(texts(&answered(&[], &[(b'a', "here"), (b'b', "not ours")])), here);
        assert_eq!(texts(&answered(&[(b'b', b'c'), (b'a', b'b')], &[(b'c', "here")])), here);
        assert_eq!(texts(&answered(&[], &[])), Found::Records(Vec::new()));
        let elsewhere = Found::Alias(name("b.example").unwrap());
        assert_eq!(texts(&answered(&[(b'a', b'b')], &[(b'a', "")][..0])), elsewhere);
        // Round, to itself, and one too many.
        assert_eq!(texts(&answered(&[(b'a', b'b'), (b'b', b'a')], &[])), Found::TooManyAliases);
        assert_eq!(texts(&answered(&[(b'a', b'a')], &[])), Found::TooManyAliases);
        let chain: Vec<(u8, u8)> = (0..=ALIASES_MAX as u8).map(|step| (b'a' + step, b'b' + step)).collect();
        assert_eq!(texts(&answered(&chain, &[(b'b' + ALIASES_MAX as u8, "far")])), Found::TooManyAliases);
        let chain = &chain[..ALIASES_MAX];
        assert_eq!(texts(&answered(chain, &[(b'a' + ALIASES_MAX as u8, "here")])), here);
    }

    #[test]
    fn an_address_has_a_name_of_its_own() {
        for (address, expected) in [
            ("192.0.2.7", "7.2.0.192.in-addr.arpa"),
            (
                "2001:db8::567:89ab",
                "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
            ),
        ] {
            assert_eq!(reverse_name(address.parse().unwrap()), expected);
        }
    }

    #[test]
    fn an_answer_to_another_question_is_none() {
        let right = answered(&[], &[(b'a', "here")]);
        assert!(Answer::read(&right, &asked()).is_some());
        // Another number, a question instead of an answer, another name, another kind of record.
        for (at, byte) in [(0, 0x13), (2, 0x01), (13, b'x'), (24, 1)] {
            let mut wrong = right.clone();
            wrong[at] = byte;
            assert!(Answer::read(&wrong, &asked()).is_none(), "byte {at}");
        }
        assert!(Answer::read(&[], &asked()).is_none());
        assert!(Answer::read(asked().datagram(), &asked()).is_none(), "our own question");
    }

    #[test]
    fn what_cannot_be_read_is_nothing_and_never_a_panic() {
        let right = answered(&[(b'a', b'b')], &[(b'b', "here")]);
        for end in 0..right.len() {
            let Some(answer) = Answer::read(&right[..end], &asked()) else { continue };
            if let Ok(Found::Records(texts)) = answer.texts(&name("a.example").unwrap(), &mut 0) {
                assert!(texts.is_empty(), "cut at {end}: {texts:?}");
            }
        }
        for text in ["a..example", &"x".repeat(64), &"x.".repeat(130)] {
            assert!(name(text).is_none(), "{text}");
        }
    }
}
