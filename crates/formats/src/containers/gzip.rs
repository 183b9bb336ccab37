//! gzip (RFC 1952): one file, maybe in several streams one after the other.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::{
    ContainerError, Member, Stop, Walker,
    names::without_extension,
    source::{Meter, Source, drain},
};

/// Hands over what is packed in `source`.
pub fn walk(
    walker: &mut Walker<'_, '_>,
    source: &mut Source<'_>,
    container: &Member,
    depth: usize,
) -> Result<(), Stop> {
    let decoder = GzDecoder::new(source);
    let name = inner_name(&container.name, decoder.header().and_then(|header| header.filename()));
    let member = walker.member(container, &name);
    let mut stream = GzipStream { decoder: Some(decoder), meter: Meter::new(walker.shared, &member.path) };
    walker.open(&mut Source::new(&mut stream), &member, depth + 1)?;
    // Also when the visitor had enough: a cut after it is worth knowing.
    drain(&mut stream)?;
    Ok(())
}

/// `x.csv.gz` holds `x.csv`; else the name in its header; else its own name.
fn inner_name(outer: &str, header: Option<&[u8]>) -> Vec<u8> {
    if let Some(stem) = without_extension(outer, "gz").or_else(|| without_extension(outer, "gzip")) {
        return stem.as_bytes().to_vec();
    }
    match header {
        Some(name) if !name.is_empty() => name.to_vec(),
        _ => outer.as_bytes().to_vec(),
    }
}

/// All streams of a gzip file as one.
struct GzipStream<'r, 'b, 's> {
    /// The stream that is being read; `None` after the last.
    decoder: Option<GzDecoder<&'r mut Source<'b>>>,
    meter: Meter<'s>,
}

impl<'r, 'b> GzipStream<'r, 'b, '_> {
    /// After one stream: another, zeroes (padding of tapes), or bytes that are no gzip.
    fn after(&self, rest: &'r mut Source<'b>) -> io::Result<Option<GzDecoder<&'r mut Source<'b>>>> {
        if rest.peek(2)?.starts_with(b"\x1f\x8b") {
            return Ok(Some(GzDecoder::new(rest)));
        }
        if !only_zeroes(rest)? {
            self.meter.note(ContainerError::TrailingBytes { path: self.meter.path().to_owned() });
        }
        Ok(None)
    }
}

impl Read for GzipStream<'_, '_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(mut decoder) = self.decoder.take() {
            let read = self.meter.read(into, |room| decoder.read(room));
            if into.is_empty() || !matches!(read, Ok(0)) {
                self.decoder = Some(decoder);
                return read;
            }
            match self.after(decoder.into_inner()) {
                Ok(next) => self.decoder = next,
                Err(error) => return Err(self.meter.translate(error)),
            }
        }
        // After an error it gives the error again.
        self.meter.read(into, |_| Ok(0))
    }
}

/// Takes what is left, and says whether it was padding.
fn only_zeroes(rest: &mut Source<'_>) -> io::Result<bool> {
    loop {
        let bytes = rest.fill_buf()?;
        if bytes.is_empty() {
            return Ok(true);
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        let count = bytes.len();
        rest.consume(count);
    }
}
