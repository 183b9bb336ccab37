//! Passwords that were leaked elsewhere, in a file of the operator: lines of a SHA-1 hash, sorted, as Have I Been Pwned gives them out
//! (`0018A45C4D1DEF81644B54AB7F969B88D65:3` behind its first digits, or whole). Nothing is asked outside.

use std::{
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom},
    path::Path,
};

use anyhow::Context;

/// A line is a hash, a count and a line end.
const LINE_BYTES_MAX: u64 = 128;

/// Is this hash (40 hexadecimal digits in capitals) in the file? By halves: a file of a thousand million takes thirty looks.
pub fn contains(file: &Path, hash: &str) -> anyhow::Result<bool> {
    let reading = || format!("cannot read portal.breached_passwords ({})", file.display());
    let opened = File::open(file).with_context(reading)?;
    let mut reader = BufReader::with_capacity(512, opened);
    let (mut low, mut high) = (0, reader.seek(SeekFrom::End(0)).with_context(reading)?);
    // What is looked for begins in a line that begins at `low` or later, and before `high`.
    while low < high {
        let middle = low + (high - low) / 2;
        let start = line_start(&mut reader, middle, low).with_context(reading)?;
        let line = line_at(&mut reader, start).with_context(reading)?;
        let known = line.get(..hash.len()).unwrap_or(&line).to_ascii_uppercase();
        match known.as_str().cmp(hash) {
            std::cmp::Ordering::Equal => return Ok(true),
            std::cmp::Ordering::Less => low = reader.stream_position().with_context(reading)?.max(start + 1),
            std::cmp::Ordering::Greater => high = start,
        }
    }
    Ok(false)
}

/// Where the line begins in which this byte lies; not before `low`, where one begins.
fn line_start(reader: &mut BufReader<File>, at: u64, low: u64) -> std::io::Result<u64> {
    let from = at.saturating_sub(LINE_BYTES_MAX).max(low);
    reader.seek(SeekFrom::Start(from))?;
    let mut start = from;
    let mut here = from;
    loop {
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line)? as u64;
        if read == 0 || here + read > at {
            return Ok(start);
        }
        here += read;
        start = here;
    }
}

fn line_at(reader: &mut BufReader<File>, start: u64) -> std::io::Result<String> {
    reader.seek(SeekFrom::Start(start))?;
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fmt::Write, fs};

    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for (count, end) in [(0, "\n"), (1, "\n"), (2, "\r\n"), (1_000, "\r\n"), (777, "\n")] {
            let hashes: BTreeSet<String> = (0..count)
                .map(|n: u32| blake3::hash(&n.to_be_bytes()).to_hex()[..40].to_ascii_uppercase())
                .collect();
            let mut text = String::new();
            for (nth, hash) in hashes.iter().enumerate() {
                write!(text, "{hash}:{}{end}", nth * 37).unwrap();
            }
            let file = folder.path().join("pwned.txt");
            fs::write(&file, text).unwrap();
            for hash in &hashes {
                assert!(contains(&file, hash).unwrap(), "{count}: {hash}");
            }
            for other in 0..200u32 {
                let other = blake3::hash(format!("x{other}").as_bytes()).to_hex()[..40].to_ascii_uppercase();
                assert_eq!(contains(&file, &other).unwrap(), hashes.contains(&other));
            }
            for edge in ["0".repeat(40), "F".repeat(40)] {
                assert!(!contains(&file, &edge).unwrap());
            }
        }
        assert!(contains(&folder.path().join("none"), "00").is_err());
    }
}
