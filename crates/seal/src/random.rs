//! Randomness, from a seed that the caller takes from the machine.

use std::fmt;

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};

/// Random bytes for keys of messages. The same seed gives the same bytes: take a fresh one from the machine for each, and use it once.
pub struct Random(ChaCha20Rng);

impl Random {
    /// From 32 bytes that nobody can guess.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    pub(crate) fn rng(&mut self) -> &mut ChaCha20Rng {
        &mut self.0
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
