//! How far opening goes. A sealed mail costs its sender little and may cost us much.

/// What all layers of one mail may decrypt and unpack to, together. A mail is taken in up to 200 MB, and a layer inside another counts again.
pub const PLAIN_BYTES_MAX: usize = 256 << 20;

/// A message may unpack to this many times its size; rows of text compress 50 times, a bomb a thousand times.
pub const UNPACK_RATIO_MAX: usize = 300;

/// Below this size the ratio does not matter.
pub const UNPACK_RATIO_FREE_BYTES: usize = 16 << 20;

/// Signed in encrypted in signed is as deep as any standard goes (RFC 8551, triple wrapping); one more for what a list adds.
pub const LAYERS_MAX: usize = 4;

/// Parts of a mail that are looked at.
pub const PARTS_MAX: usize = 1_000;

/// OpenPGP packets inside packets: encrypted, compressed, signed, and compressed again by old programs.
pub const PACKET_LAYERS_MAX: usize = 4;

/// Blocks of OpenPGP in one text.
pub const BLOCKS_MAX: usize = 20;

/// Recipients of one message; each that does not say who it is costs a decryption with every key of ours.
pub const RECIPIENTS_MAX: usize = 500;

/// Recipients that do not say who they are (RFC 9580, 5.1.8).
pub const HIDDEN_RECIPIENTS_MAX: usize = 16;

/// Signatures beside each other over the same content.
pub const SIGNATURES_MAX: usize = 16;

/// A key is a few kB; one with many signatures a few hundred.
pub const KEY_BYTES_MAX: usize = 1 << 20;

/// Keys in one file.
pub const KEYS_MAX: usize = 1_000;

/// Elements inside elements in S/MIME; a certificate is 12 deep, in a signed message that is 20.
pub const ASN1_DEPTH_MAX: usize = 40;

/// Certificates in one message.
pub const CERTIFICATES_MAX: usize = 50;

/// A clock of a sender may be ahead of ours by this much.
pub const CLOCK_AHEAD_SECONDS: i64 = 600;

/// RSA and the like below this can be broken by those who want to.
pub const RSA_BITS_MIN: usize = 2048;
