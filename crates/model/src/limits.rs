//! Limits on what comes from outside, each with its reason. Units stand last in the name.

/// A record larger than this is rejected. The largest honest rows (certificates, banners) are under 100 kB;
/// 1 MiB leaves room for a 200 kB field and keeps a chunk's memory bounded.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// A record with more columns than this is rejected. The widest report type has under 150.
pub const COLUMNS_MAX: usize = 2_000;

/// Containers inside containers (a zip in a mail in a zip) deeper than this are refused.
pub const CONTAINER_DEPTH_MAX: usize = 4;

/// Members of one container beyond this are refused: a day of Shadowserver is about 200 files.
pub const CONTAINER_MEMBERS_MAX: usize = 10_000;

/// Unpacked bytes per report. The largest national day is under 20 GB unpacked over all files.
pub const UNPACKED_BYTES_MAX: u64 = 32 << 30;

/// Unpacked bytes may be at most this many times the packed bytes (above 64 MiB unpacked). Real CSV packs 10–40 times;
/// bombs pack over 1,000 times.
pub const UNPACK_RATIO_MAX: u64 = 300;

/// Below this many unpacked bytes the ratio is not looked at: a small file may pack very well.
pub const UNPACK_RATIO_FREE_BYTES: u64 = 64 << 20;

/// Nesting of JSON beyond this is no record.
pub const JSON_DEPTH_MAX: usize = 64;

/// Earliest observation time: 1970-01-01T00:00Z, in seconds.
pub const OBSERVED_AT_MIN: i64 = 0;

/// Latest observation time: 2106-02-07T06:28:15Z, in seconds, so that a time fits 32 bits.
pub const OBSERVED_AT_MAX: i64 = u32::MAX as i64;

/// Duplicates within one report are exact for reports up to this many rows, best effort beyond.
pub const DUPLICATE_WINDOW_ROWS: usize = 1_000_000;

/// Recipients of one notification. More is a mistake in the register.
pub const RECIPIENTS_MAX: usize = 50;

/// Bytes of one file of the register (organisations, assets or contacts).
pub const REGISTER_FILE_BYTES_MAX: u64 = 2 << 30;
