//! Blind matching between two hubs: an oblivious pseudo-random function over ristretto255 with SHA-512 (RFC 9497, mode OPRF).
//!
//! Whoever holds the key learns nothing of what is asked but how much; whoever asks learns a value for each thing asked, and nothing of the key.

use std::fmt;

use rand_chacha::rand_core::RngCore;
use voprf::{BlindedElement, EvaluationElement, OprfClient, OprfServer, Ristretto255};

use crate::random::Random;

/// Bytes of a blinded or evaluated thing on the wire.
pub const ELEMENT_BYTES: usize = 32;

/// Bytes of a value that are compared. Two different things get the same value once in 2⁴⁸ comparisons: of a million things asked against a million
/// owned, less than one in two hundred times once.
pub const VALUE_BYTES: usize = 6;

/// What a thing comes to under a key, shortened.
pub type BlindValue = [u8; VALUE_BYTES];

/// Something that is asked or answered, on its way.
pub type Element = [u8; ELEMENT_BYTES];

/// The key of whoever answers.
pub struct BlindKey(OprfServer<Ristretto255>);

impl fmt::Debug for BlindKey {
    /// Without anything secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindKey")
    }
}

/// What makes no sense: no element of the group, or nothing to hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this is no element of the group")]
pub struct NoElement;

impl BlindKey {
    /// From a seed that nobody else knows. Another `info` gives another key.
    pub fn from_seed(seed: &[u8; 32], info: &[u8]) -> Result<Self, NoElement> {
        OprfServer::new_from_seed(seed, info).map(Self).map_err(|_| NoElement)
    }

    /// What a thing comes to.
    pub fn value(&self, thing: &[u8]) -> Result<BlindValue, NoElement> {
        self.0.evaluate(thing).map(|output| short(&output)).map_err(|_| NoElement)
    }

    /// Answers what was asked, without learning it.
    pub fn answer(&self, asked: &Element) -> Result<Element, NoElement> {
        let asked = BlindedElement::deserialize(asked).map_err(|_| NoElement)?;
        element(&self.0.blind_evaluate(&asked).serialize())
    }
}

/// A thing that is being asked.
pub struct Asked(OprfClient<Ristretto255>);

impl fmt::Debug for Asked {
    /// Without what opens it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

/// Blinds a thing: what is kept, and what is sent.
pub fn ask(thing: &[u8], random: &mut Random) -> Result<(Asked, Element), NoElement> {
    let blinded = OprfClient::blind(thing, random.rng()).map_err(|_| NoElement)?;
    Ok((Asked(blinded.state), element(&blinded.message.serialize())?))
}

impl Asked {
    /// What the thing comes to, from the answer.
    pub fn value(&self, thing: &[u8], answer: &Element) -> Result<BlindValue, NoElement> {
        let answer = EvaluationElement::deserialize(answer).map_err(|_| NoElement)?;
        self.0.finalize(thing, &answer).map(|output| short(&output)).map_err(|_| NoElement)
    }
}

fn element(bytes: &[u8]) -> Result<Element, NoElement> {
    bytes.try_into().map_err(|_| NoElement)
}

fn short(output: &[u8]) -> BlindValue {
    let mut value = [0; VALUE_BYTES];
    value.copy_from_slice(&output[..VALUE_BYTES]);
    value
}

/// The values of what somebody owns, in which others look. Made-up ones fill it up, so that its size says how much is owned no closer than to a factor of
/// two.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter(Vec<BlindValue>);

/// A filter has at least so many values.
const FILTER_MIN: usize = 1_024;

impl Filter {
    /// Of these values.
    pub fn new(mut values: Vec<BlindValue>, random: &mut Random) -> Self {
        values.sort_unstable();
        values.dedup();
        let room = values.len().next_power_of_two().max(FILTER_MIN);
        for _ in values.len()..room {
            let mut made_up = [0; VALUE_BYTES];
            random.rng().fill_bytes(&mut made_up);
            values.push(made_up);
        }
        values.sort_unstable();
        Self(values)
    }

    /// Is it in there?
    pub fn has(&self, value: &BlindValue) -> bool {
        self.0.binary_search(value).is_ok()
    }

    /// How many values there are, made-up ones included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// From bytes; `None` when they are no filter.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (values, rest) = bytes.as_chunks::<VALUE_BYTES>();
        (rest.is_empty() && values.is_sorted()).then(|| Self(values.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> BlindKey {
        BlindKey::from_seed(&[7; 32], b"test").unwrap()
    }

    #[test]
    fn who_asks_gets_what_the_key_makes_of_it_and_who_answers_sees_something_else_each_time() {
        let (key, mut random) = (key(), Random::from_seed([1; 32]));
        let thing = b"4/24/192.0.2.0";
        let (first, sent_first) = ask(thing, &mut random).unwrap();
        let (second, sent_second) = ask(thing, &mut random).unwrap();
        assert_ne!(sent_first, sent_second, "the same thing looks different each time");
        let value = key.value(thing).unwrap();
        for (asked, sent) in [(first, sent_first), (second, sent_second)] {
            assert_eq!(asked.value(thing, &key.answer(&sent).unwrap()), Ok(value));
        }
        assert_ne!(BlindKey::from_seed(&[7; 32], b"other").unwrap().value(thing), Ok(value));
        assert_ne!(key.value(b"4/24/192.0.3.0"), Ok(value));
    }

    /// RFC 9497, appendix A.1.1: ristretto255-SHA512, OPRF mode, test vector 1.
    #[test]
    fn it_is_the_function_of_the_rfc() {
        let key = BlindKey::from_seed(&[0xa3; 32], b"test key").unwrap();
        let output = "527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3";
        let expected: Vec<u8> =
            (0..VALUE_BYTES).map(|at| u8::from_str_radix(&output[2 * at..2 * at + 2], 16).unwrap()).collect();
        assert_eq!(key.value(&[0]).unwrap().to_vec(), expected);
    }

    #[test]
    fn what_is_no_element_is_refused() {
        let key = key();
        // The identity, and bytes that are no point.
        for bytes in [[0; 32], [0xff; 32]] {
            assert_eq!(key.answer(&bytes), Err(NoElement));
            let (asked, _) = ask(b"x", &mut Random::from_seed([1; 32])).unwrap();
            assert_eq!(asked.value(b"x", &bytes), Err(NoElement));
        }
    }

    #[test]
    fn the_size_of_a_filter_says_little_and_what_is_owned_is_found_in_it() {
        let mut random = Random::from_seed([2; 32]);
        let owned: Vec<BlindValue> = (0..1_500u16).map(|n| [n as u8, (n >> 8) as u8, 3, 4, 5, 6]).collect();
        let filter = Filter::new(owned.clone(), &mut random);
        assert_eq!(filter.len(), 2_048);
        assert_eq!(Filter::new(Vec::new(), &mut random).len(), FILTER_MIN);
        assert!(owned.iter().all(|value| filter.has(value)));
        assert!(!filter.has(&[9; 6]));
        assert_eq!(Filter::read(&filter.to_bytes()), Some(filter));
        assert_eq!(Filter::read(&[1; 7]), None);
        assert_eq!(Filter::read(&[9, 9, 9, 9, 9, 9, 1, 1, 1, 1, 1, 1]), None, "it is sorted");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn whatever_is_asked_comes_to_its_value(thing in proptest::collection::vec(any::<u8>(), 1..80), seed: [u8; 32]) {
            let key = BlindKey::from_seed(&seed, b"x").unwrap();
            let (asked, sent) = ask(&thing, &mut Random::from_seed(seed)).unwrap();
            prop_assert_eq!(asked.value(&thing, &key.answer(&sent).unwrap()), key.value(&thing));
        }
    }
}
