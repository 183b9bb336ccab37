//! The part of CBOR (RFC 8949) that authenticators write (CTAP 2 canonical form): whole numbers, bytes, text, lists, maps and simple values, all of
//! known length.

/// The deepest that CTAP 2 nests.
const DEPTH_MAX: u32 = 4;

/// Members of a list or a map: an attestation has a handful.
const MEMBERS_MAX: u64 = 64;

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map, as it was written.
    Map(Vec<(Value, Value)>),
    /// False, true, null and other simple values, by their number.
    Simple(u8),
}

impl Value {
    /// What a map has under a key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        match self {
            Self::Map(members) => members.iter().find(|(one, _)| one == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// What a map has under a text.
    pub fn at(&self, key: &str) -> Option<&Value> {
        self.get(&Self::Text(key.to_owned()))
    }

    /// The bytes, if it is bytes.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }
}

/// Reads one value, and gives the bytes behind it. `None`: it is cut off, or none of what authenticators write.
pub fn read(bytes: &[u8]) -> Option<(Value, &[u8])> {
    value(bytes, DEPTH_MAX)
}

fn value(bytes: &[u8], depth: u32) -> Option<(Value, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (major, short) = (first >> 5, first & 31);
    if major == 7 {
        // Numbers with a fraction do not occur.
        return (short < 24).then_some((Value::Simple(short), rest));
    }
    let (number, rest) = argument(short, rest)?;
    match major {
        0 => Some((Value::Int(i64::try_from(number).ok()?), rest)),
        1 => Some((Value::Int(-1 - i64::try_from(number).ok()?), rest)),
        2 => {
            let (taken, rest) = rest.split_at_checked(usize::try_from(number).ok()?)?;
            Some((Value::Bytes(taken.to_vec()), rest))
        }
        3 => {
            let (taken, rest) = rest.split_at_checked(usize::try_from(number).ok()?)?;
            Some((Value::Text(std::str::from_utf8(taken).ok()?.to_owned()), rest))
        }
        4 | 5 => members(major, number, rest, depth.checked_sub(1)?),
        _ => None,
    }
}

fn members(major: u8, count: u64, mut rest: &[u8], depth: u32) -> Option<(Value, &[u8])> {
    if count > MEMBERS_MAX {
        return None;
    }
    let (mut list, mut map) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (one, after) = value(rest, depth)?;
        rest = after;
        if major == 4 {
            list.push(one);
        } else {
            let (member, after) = value(rest, depth)?;
            rest = after;
            // A key that stands twice means one thing to us and another to somebody else.
            if map.iter().any(|(known, _)| *known == one) {
                return None;
            }
            map.push((one, member));
        }
    }
    Some((if major == 4 { Value::List(list) } else { Value::Map(map) }, rest))
}

/// The number in or behind the first byte. Lengths that are not known in advance are not canonical.
fn argument(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    let length = match short {
        0..=23 => return Some((u64::from(short), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (taken, rest) = rest.split_at_checked(length)?;
    Some((taken.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 8949, appendix A.
    #[test]
    fn examples_of_the_rfc() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (bytes, expected) in [
            (&[0x00][..], Value::Int(0)),
            (&[0x17], Value::Int(23)),
            (&[0x18, 0x64], Value::Int(100)),
            (&[0x1a, 0x00, 0x0f, 0x42, 0x40], Value::Int(1_000_000)),
            (&[0x20], Value::Int(-1)),
            (&[0x39, 0x03, 0xe7], Value::Int(-1000)),
            (&[0x44, 1, 2, 3, 4], Value::Bytes(vec![1, 2, 3, 4])),
            (&[0x64, 0x49, 0x45, 0x54, 0x46], text("IETF")),
            (&[0x83, 1, 2, 3], Value::List(vec![Value::Int(1), Value::Int(2), Value::Int(3)])),
            (&[0xa1, 0x61, 0x61, 0x01], Value::Map(vec![(text("a"), Value::Int(1))])),
            (&[0xf5], Value::Simple(21)),
        ] {
            assert_eq!(read(bytes), Some((expected, &[][..])), "{bytes:02x?}");
        }
        for wrong in [
            &[][..],
            &[0x18],
            &[0x44, 1],
            &[0x5f],
            &[0x7f],
            &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x98, 0x41],
            &[0x81, 0x81, 0x81, 0x81, 0x81, 0x01],
            &[0xa2, 0x01, 0x02, 0x01, 0x03],
            &[0x61, 0xff],
            &[0xc0, 0x01],
        ] {
            assert_eq!(read(wrong), None, "{wrong:02x?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_read_beyond_the_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some((_, rest)) = read(&bytes) {
                prop_assert!(rest.len() < bytes.len());
            }
        }
    }
}
