//! Reading and writing the elements of ASN.1: as much of BER as mail programs write, made into DER first.

use std::borrow::Cow;

use crate::limits::ASN1_DEPTH_MAX;

pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OID: u8 = 0x06;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// It cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unreadable;

/// One element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Element<'d> {
    pub tag: u8,
    /// With tag and length.
    pub whole: &'d [u8],
    pub content: &'d [u8],
}

/// Elements behind each other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'d> {
    rest: &'d [u8],
}

impl<'d> Reader<'d> {
    pub fn new(der: &'d [u8]) -> Self {
        Self { rest: der }
    }

    pub fn any(&mut self) -> Result<Element<'d>, Unreadable> {
        let header = header(self.rest)?;
        let length = header.length.ok_or(Unreadable)?;
        let end = header.bytes.checked_add(length).ok_or(Unreadable)?;
        let whole = self.rest.get(..end).ok_or(Unreadable)?;
        self.rest = &self.rest[end..];
        Ok(Element { tag: header.tag, whole, content: &whole[header.bytes..] })
    }

    pub fn element(&mut self, tag: u8) -> Result<Element<'d>, Unreadable> {
        self.any().and_then(|element| if element.tag == tag { Ok(element) } else { Err(Unreadable) })
    }

    /// The next element when it has this tag.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'d>>, Unreadable> {
        if self.rest.first() == Some(&tag) { self.any().map(Some) } else { Ok(None) }
    }

    pub fn oid(&mut self) -> Result<&'d [u8], Unreadable> {
        self.element(OID).map(|element| element.content)
    }

    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }
}

impl<'d> Element<'d> {
    pub fn inside(&self) -> Reader<'d> {
        Reader::new(self.content)
    }

    /// All elements inside.
    pub fn all(&self) -> Result<Vec<Element<'d>>, Unreadable> {
        let mut reader = self.inside();
        let mut all = Vec::new();
        while !reader.is_at_end() {
            all.push(reader.any()?);
        }
        Ok(all)
    }

    /// The bytes of an octet string, also when it is implicitly tagged and in pieces.
    pub fn octets(&self) -> Result<Cow<'d, [u8]>, Unreadable> {
        if self.tag & CONSTRUCTED == 0 {
            return Ok(Cow::Borrowed(self.content));
        }
        let mut octets = Vec::with_capacity(self.content.len());
        for piece in self.all()? {
            if piece.tag != OCTET_STRING {
                return Err(Unreadable);
            }
            octets.extend_from_slice(piece.content);
        }
        Ok(Cow::Owned(octets))
    }

    /// The bytes of a bit string of whole bytes.
    pub fn bits(&self) -> Result<&'d [u8], Unreadable> {
        match self.content {
            [0, bits @ ..] if self.tag == BIT_STRING => Ok(bits),
            _ => Err(Unreadable),
        }
    }
}

const CONSTRUCTED: u8 = 0x20;

struct Header {
    tag: u8,
    /// Of tag and length.
    bytes: usize,
    /// `None` when the element ends where two zeros stand.
    length: Option<usize>,
}

fn header(bytes: &[u8]) -> Result<Header, Unreadable> {
    let [tag, first, rest @ ..] = bytes else { return Err(Unreadable) };
    // Tags of more than one byte occur nowhere in CMS.
    if tag & 0x1f == 0x1f {
        return Err(Unreadable);
    }
    let (bytes, length) = match first {
        0..0x80 => (2, Some(usize::from(*first))),
        0x80 => (2, None),
        _ => {
            let count = usize::from(first & 0x7f);
            let digits = rest.get(..count).filter(|_| count <= 8).ok_or(Unreadable)?;
            let length = digits.iter().fold(0_u64, |length, digit| length << 8 | u64::from(*digit));
            (2 + count, Some(usize::try_from(length).map_err(|_| Unreadable)?))
        }
    };
    Ok(Header { tag: *tag, bytes, length })
}

/// Makes DER of BER as far as lengths go: each element says its length, octet strings are in one piece. DER stays as it is.
pub fn to_der(ber: &[u8]) -> Result<Cow<'_, [u8]>, Unreadable> {
    if let Ok(element) = Reader::new(ber).any()
        && says_its_lengths(element, 0)?
    {
        return Ok(Cow::Borrowed(element.whole));
    }
    let mut rest = ber;
    rewritten(&mut rest, 0).map(Cow::Owned)
}

/// Nothing in it needs to be rewritten.
fn says_its_lengths(element: Element<'_>, depth: usize) -> Result<bool, Unreadable> {
    if depth > ASN1_DEPTH_MAX {
        return Err(Unreadable);
    }
    if element.tag & CONSTRUCTED == 0 {
        return Ok(true);
    }
    if element.tag == OCTET_STRING | CONSTRUCTED {
        return Ok(false);
    }
    let mut reader = element.inside();
    while !reader.is_at_end() {
        let Ok(inner) = reader.any() else { return Ok(false) };
        if !says_its_lengths(inner, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn rewritten(rest: &mut &[u8], depth: usize) -> Result<Vec<u8>, Unreadable> {
    if depth > ASN1_DEPTH_MAX {
        return Err(Unreadable);
    }
    let header = header(rest)?;
    let body = &rest[header.bytes..];
    let is_constructed = header.tag & CONSTRUCTED != 0;
    let mut content = Vec::new();
    let is_in_pieces = header.tag == OCTET_STRING | CONSTRUCTED;
    let mut add = |piece: Vec<u8>| -> Result<(), Unreadable> {
        if is_in_pieces {
            content.extend_from_slice(Reader::new(&piece).element(OCTET_STRING)?.content);
        } else {
            content.extend_from_slice(&piece);
        }
        Ok(())
    };
    match header.length {
        Some(length) => {
            let inner = body.get(..length).ok_or(Unreadable)?;
            *rest = &body[length..];
            if !is_constructed {
                return Ok(element(header.tag, &[inner]));
            }
            let mut inner = inner;
            while !inner.is_empty() {
                add(rewritten(&mut inner, depth + 1)?)?;
            }
        }
        None if is_constructed => {
            let mut inner = body;
            loop {
                if let Some(after) = inner.strip_prefix(&[0, 0]) {
                    *rest = after;
                    break;
                }
                add(rewritten(&mut inner, depth + 1)?)?;
            }
        }
        None => return Err(Unreadable),
    }
    let tag = if is_in_pieces { OCTET_STRING } else { header.tag };
    Ok(element(tag, &[&content]))
}

/// An element of these parts.
pub fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(length + 10);
    bytes.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let digits = length.to_be_bytes();
            let from = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
            bytes.push(0x80 | u8::try_from(digits.len() - from).unwrap_or(8));
            bytes.extend_from_slice(&digits[from..]);
        }
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// A set, its elements in the order that DER wants.
pub fn set(tag: u8, mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    element(tag, &elements.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// An algorithm, with its parameters or with none.
pub fn algorithm(oid: &[u8], parameters: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&element(OID, &[oid]), parameters])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn elements_without_length_get_one() {
        // SEQUENCE without length { OCTET STRING in two pieces, [0] without length { INTEGER 5 } }, and something behind it.
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 2, b'a', b'b', 0x04, 1, b'c', 0, 0, 0xa0, 0x80, 2, 1, 5, 0, 0, 0,
            0, 9, 9,
        ];
        let der = [0x30, 10, 0x04, 3, b'a', b'b', b'c', 0xa0, 3, 2, 1, 5];
        assert_eq!(to_der(&ber).unwrap().as_ref(), der);
        assert_eq!(to_der(&der).unwrap(), Cow::Borrowed(&der[..]));
    }

    #[test]
    fn lengths_are_written_as_der_wants() {
        for (length, head) in [
            (0_usize, vec![4, 0]),
            (127, vec![4, 127]),
            (128, vec![4, 0x81, 128]),
            (300, vec![4, 0x82, 1, 44]),
        ] {
            let content = vec![7; length];
            let bytes = element(OCTET_STRING, &[&content]);
            assert_eq!(bytes[..head.len()], head);
            assert_eq!(Reader::new(&bytes).any().unwrap().content, content);
        }
    }

    #[test]
    fn nesting_and_lies_are_refused() {
        let deep = [0x30, 0x80].repeat(200);
        assert_eq!(to_der(&deep), Err(Unreadable));
        let mut nested = element(INTEGER, &[&[1]]);
        for _ in 0..200 {
            nested = element(SEQUENCE, &[&nested]);
        }
        assert_eq!(to_der(&nested), Err(Unreadable));
        for lie in [
            &[0x30, 5, 1][..],
            &[0x04, 0x88, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0x04, 0x80],
            &[0x30],
            &[],
        ] {
            assert_eq!(to_der(lie), Err(Unreadable), "{lie:?}");
        }
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(der) = to_der(&bytes) {
                let again = to_der(&der).unwrap().into_owned();
                prop_assert_eq!(again, der.into_owned());
            }
        }
    }
}
