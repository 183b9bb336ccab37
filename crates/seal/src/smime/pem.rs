//! The blocks of a PEM file (RFC 7468).

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a block is called and holds.
pub struct Block {
    pub label: String,
    pub bytes: Vec<u8>,
}

/// All blocks in order. What is none is passed over.
pub fn blocks(file: &[u8]) -> Vec<Block> {
    let text = String::from_utf8_lossy(file);
    let mut blocks = Vec::new();
    let mut rest = text.as_ref();
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        rest = after;
        let Some((label, body)) = after.split_once("-----") else { break };
        let Some((body, after)) = body.split_once(&format!("-----END {label}-----")) else { continue };
        rest = after;
        let letters: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        if let Ok(bytes) = LENIENT.decode(letters) {
            blocks.push(Block { label: label.to_owned(), bytes });
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_between_other_lines() {
        let file = b"Bag Attributes\n-----BEGIN A-----\naGVs\nbG8=\n-----END A-----\nx\n-----BEGIN B C-----\n?\n-----END B C-----\n\
            -----BEGIN D-----\r\nYQ==\r\n-----END D-----\r\n-----BEGIN E-----\nYQ==\n";
        let found: Vec<(String, Vec<u8>)> =
            blocks(file).into_iter().map(|block| (block.label, block.bytes)).collect();
        assert_eq!(found, [("A".to_owned(), b"hello".to_vec()), ("D".to_owned(), b"a".to_vec())]);
    }
}
