//! zip (PKWARE APPNOTE 6.3), read from front to back by the headers that stand before each file.
//!
//! Not by the directory at the end, as libraries do: a zip that was cut off has none, a zip inside a zip cannot be
//! sought in without holding it whole, and files that overlap (the densest zip bombs) do not exist when read in order.

use std::io::{self, BufRead, Read};

use flate2::{Crc, bufread::DeflateDecoder};

use super::{
    ContainerError, Member, SkipReason, Stop, Walker,
    source::{Meter, Source, drain},
};

const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
/// What can follow the last file: the directory, its end, their 64-bit forms.
const DIRECTORY: [&[u8]; 4] = [b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08"];
const LOCAL_HEADER_BYTES: usize = 30;
const DESCRIPTOR_BYTES_MAX: usize = 24;

/// Hands over the files in `source`.
pub fn walk(
    walker: &mut Walker<'_, '_>,
    source: &mut Source<'_>,
    container: &Member,
    depth: usize,
) -> Result<(), Stop> {
    // The mark of a zip once meant for several disks.
    if source.peek(8)?.starts_with(b"PK\x07\x08PK\x03\x04") {
        source.skip(4)?;
    }
    let mut files = 0;
    loop {
        let mark = source.peek(4)?;
        if DIRECTORY.contains(&mark) {
            return Ok(());
        }
        if mark.is_empty() || (mark.len() < 4 && LOCAL_HEADER.starts_with(mark)) {
            walker.shared.record(cut_off(container));
            return Ok(());
        }
        if mark != LOCAL_HEADER {
            let what = if files == 0 { "it is no zip" } else { "what follows a file is no zip header" };
            walker.shared.record(corrupt(container, what));
            if files == 0 || !find_next_header(source)? {
                return Ok(());
            }
            continue;
        }
        let Some(header) = Header::read(source)? else {
            walker.shared.record(cut_off(container));
            return Ok(());
        };
        files += 1;
        if !walker.may_enter(container) {
            return Ok(());
        }
        if !walk_file(walker, source, container, &header, depth)? {
            return Ok(());
        }
    }
}

/// One file; `false` when nothing after it can be found.
fn walk_file(
    walker: &mut Walker<'_, '_>,
    source: &mut Source<'_>,
    container: &Member,
    header: &Header,
    depth: usize,
) -> Result<bool, Stop> {
    if header.is_folder() {
        return pass_over(walker, source, container, header);
    }
    let member = walker.member(container, &header.name);
    let is_resource_fork = header.name.starts_with(b"__MACOSX/");
    if is_resource_fork || header.is_encrypted() || !matches!(header.method, STORED | DEFLATE) {
        if is_resource_fork {
            walker.skip(member.path, SkipReason::ResourceFork);
        } else if header.is_encrypted() {
            walker.shared.record(ContainerError::Encrypted { path: member.path });
        } else {
            let method = method_name(header.method);
            walker.shared.record(ContainerError::Unsupported { path: member.path, method });
        }
        return pass_over(walker, source, container, header);
    }

    let mut meter = Meter::new(walker.shared, &member.path);
    let mut packed = Packed { source, left: header.packed_bytes(), taken: 0, ended_early: false };
    let outcome = {
        let mut file = File {
            body: match (header.method, header.packed_bytes()) {
                (DEFLATE, _) => Body::Deflate(DeflateDecoder::new(&mut packed)),
                (_, Some(_)) => Body::Stored(&mut packed),
                (_, None) => Body::StoredToDescriptor(&mut packed),
            },
            header,
            meter: &mut meter,
            crc: Crc::new(),
            checked: false,
        };
        let outcome = walker.open(&mut Source::new(&mut file), &member, depth + 1);
        // The rest is read for its checksum; what fails is recorded.
        if outcome.is_ok() && !file.checked {
            let _ = drain(&mut file);
        }
        outcome
    };
    if let Err(Stop::Visitor) = outcome {
        return Err(Stop::Visitor);
    }
    let failed = meter.has_failed();
    match packed.left {
        Some(left) => Ok(packed.source.skip(left)?),
        None if failed => Ok(find_next_header(packed.source)?),
        None => Ok(true),
    }
}

/// Leaves a file out; `false` when nothing after it can be found.
fn pass_over(
    walker: &Walker<'_, '_>,
    source: &mut Source<'_>,
    container: &Member,
    header: &Header,
) -> Result<bool, Stop> {
    let more = match header.packed_bytes() {
        Some(bytes) => source.skip(bytes)?,
        None => find_next_header(source)?,
    };
    if !more {
        walker.shared.record(cut_off(container));
    }
    Ok(more)
}

/// After damage: the next place that looks like a header or the directory; `false` when there is none.
fn find_next_header(source: &mut Source<'_>) -> io::Result<bool> {
    loop {
        let here = source.fill_buf()?;
        if here.is_empty() {
            return Ok(false);
        }
        let Some(at) = memchr::memchr(b'P', here) else {
            let count = here.len();
            source.consume(count);
            continue;
        };
        source.consume(at);
        let mark = source.peek(4)?;
        if mark == LOCAL_HEADER || DIRECTORY.contains(&mark) {
            return Ok(true);
        }
        source.consume(1);
    }
}

fn cut_off(container: &Member) -> ContainerError {
    ContainerError::Truncated { path: container.path.clone(), unpacked_bytes: 0 }
}

fn corrupt(container: &Member, what: &str) -> ContainerError {
    ContainerError::Corrupt { path: container.path.clone(), what: what.to_owned(), unpacked_bytes: 0 }
}

const STORED: u16 = 0;
const DEFLATE: u16 = 8;

fn method_name(method: u16) -> String {
    match method {
        9 => "Deflate64".to_owned(),
        12 => "bzip2".to_owned(),
        14 => "LZMA".to_owned(),
        93 => "zstd".to_owned(),
        95 => "xz".to_owned(),
        98 => "PPMd".to_owned(),
        99 => "AES encryption".to_owned(),
        other => format!("method {other}"),
    }
}

/// What stands before a file (APPNOTE 4.3.7).
struct Header {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    unpacked: u64,
}

impl Header {
    /// Takes the header; `None` when the stream ends in it.
    fn read(source: &mut Source<'_>) -> io::Result<Option<Self>> {
        let fixed = source.peek(LOCAL_HEADER_BYTES)?;
        if fixed.len() < LOCAL_HEADER_BYTES {
            return Ok(None);
        }
        let u16_at = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let u32_at = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let (name_bytes, extra_bytes) = (usize::from(u16_at(26)), usize::from(u16_at(28)));
        let mut header = Self {
            name: Vec::new(),
            flags: u16_at(6),
            method: u16_at(8),
            crc: u32_at(14),
            packed: u64::from(u32_at(18)),
            unpacked: u64::from(u32_at(22)),
        };
        source.consume(LOCAL_HEADER_BYTES);
        header.name = vec![0; name_bytes];
        let mut extra = vec![0; extra_bytes];
        for part in [&mut header.name, &mut extra] {
            match source.read_exact(part) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        header.take_zip64(&extra);
        Ok(Some(header))
    }

    /// Sizes beyond 32 bits stand in extra field 1 (APPNOTE 4.5.3).
    fn take_zip64(&mut self, mut extra: &[u8]) {
        while let Some((&[id_low, id_high, size_low, size_high], rest)) = extra.split_first_chunk::<4>() {
            let size = usize::from(u16::from_le_bytes([size_low, size_high]));
            let Some((mut field, rest)) = rest.split_at_checked(size) else { return };
            extra = rest;
            if u16::from_le_bytes([id_low, id_high]) != 1 {
                continue;
            }
            for value in [&mut self.unpacked, &mut self.packed] {
                if *value == u64::from(u32::MAX)
                    && let Some((bytes, rest)) = field.split_first_chunk::<8>()
                {
                    *value = u64::from_le_bytes(*bytes);
                    field = rest;
                }
            }
        }
    }

    /// The packed size, unless it stands after the file.
    fn packed_bytes(&self) -> Option<u64> {
        (!self.has_descriptor()).then_some(self.packed)
    }

    fn has_descriptor(&self) -> bool {
        self.flags & (1 << 3) != 0
    }

    fn is_encrypted(&self) -> bool {
        // Bit 0: the file; bit 6: strongly; bit 13: also the header.
        self.flags & (1 | 1 << 6 | 1 << 13) != 0
    }

    fn is_folder(&self) -> bool {
        self.name.ends_with(b"/") && self.unpacked == 0
    }
}

/// The packed bytes of one file: as many as the header says, or as many as the decompressor takes.
struct Packed<'r, 'b> {
    source: &'r mut Source<'b>,
    left: Option<u64>,
    taken: u64,
    ended_early: bool,
}

impl BufRead for Packed<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == Some(0) {
            return Ok(&[]);
        }
        let here = self.source.fill_buf()?;
        self.ended_early = here.is_empty();
        let most = self.left.and_then(|left| usize::try_from(left).ok()).unwrap_or(usize::MAX);
        Ok(&here[..here.len().min(most)])
    }

    fn consume(&mut self, count: usize) {
        self.source.consume(count);
        self.taken += count as u64;
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(count as u64);
        }
    }
}

impl Read for Packed<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let here = self.fill_buf()?;
        let count = here.len().min(into.len());
        into[..count].copy_from_slice(&here[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// One file as its reader sees it. At its end the sizes and the checksum are compared.
struct File<'f, 'r, 'b, 's> {
    body: Body<'f, 'r, 'b>,
    header: &'f Header,
    meter: &'f mut Meter<'s>,
    crc: Crc,
    checked: bool,
}

enum Body<'f, 'r, 'b> {
    Deflate(DeflateDecoder<&'f mut Packed<'r, 'b>>),
    Stored(&'f mut Packed<'r, 'b>),
    /// Its end is where a descriptor stands that agrees with all before it.
    StoredToDescriptor(&'f mut Packed<'r, 'b>),
}

impl<'r, 'b> Body<'_, 'r, 'b> {
    fn packed(&mut self) -> &mut Packed<'r, 'b> {
        match self {
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Stored(packed) | Self::StoredToDescriptor(packed) => packed,
        }
    }
}

impl Read for File<'_, '_, '_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.checked {
            return Ok(0);
        }
        let (body, crc, unpacked) = (&mut self.body, &self.crc, self.meter.unpacked);
        let count = self.meter.read(into, |room| match body {
            Body::Deflate(decoder) => decoder.read(room),
            Body::Stored(packed) => packed.read(room),
            Body::StoredToDescriptor(packed) => read_to_descriptor(packed, room, crc, unpacked),
        })?;
        if count == 0 && !into.is_empty() {
            self.check()?;
            self.checked = true;
        }
        self.crc.update(&into[..count]);
        Ok(count)
    }
}

impl File<'_, '_, '_, '_> {
    /// At the end: was it the end, and is it what was packed?
    fn check(&mut self) -> io::Result<()> {
        let packed = self.body.packed();
        if packed.left.is_some_and(|left| left > 0) && packed.ended_early {
            return Err(self.meter.truncated());
        }
        let (crc, unpacked) = if self.header.has_descriptor() {
            match take_descriptor(packed, self.crc.sum(), self.meter.unpacked)? {
                Descriptor::Agrees => return Ok(()),
                Descriptor::Differs => return Err(self.meter.corrupt("its checksum does not agree")),
                Descriptor::CutOff => return Err(self.meter.truncated()),
            }
        } else {
            (self.header.crc, self.header.unpacked)
        };
        if unpacked != self.meter.unpacked {
            return Err(self.meter.corrupt(format!("its header says {unpacked} bytes")));
        }
        if crc != self.crc.sum() {
            return Err(self.meter.corrupt("its checksum does not agree"));
        }
        Ok(())
    }
}

enum Descriptor {
    Agrees,
    Differs,
    CutOff,
}

/// Takes the descriptor after a file (APPNOTE 4.3.9): its mark may be missing and its sizes may have 4 or 8 bytes, so
/// the form that agrees is the one.
fn take_descriptor(packed: &mut Packed<'_, '_>, crc: u32, unpacked: u64) -> io::Result<Descriptor> {
    let packed_bytes = packed.taken;
    let bytes = packed.source.peek(DESCRIPTOR_BYTES_MAX)?;
    match descriptor_length(bytes, crc, packed_bytes, unpacked) {
        Some(length) => {
            packed.source.consume(length);
            Ok(Descriptor::Agrees)
        }
        None if bytes.len() < 12 => Ok(Descriptor::CutOff),
        None => Ok(Descriptor::Differs),
    }
}

/// The length of the descriptor at the front of `bytes` that agrees with what was read.
fn descriptor_length(bytes: &[u8], crc: u32, packed: u64, unpacked: u64) -> Option<usize> {
    let narrow = [crc, packed as u32, unpacked as u32].map(u32::to_le_bytes).concat();
    let wide = [&crc.to_le_bytes()[..], &packed.to_le_bytes(), &unpacked.to_le_bytes()].concat();
    for mark in [DESCRIPTOR, b""] {
        let Some(bytes) = bytes.strip_prefix(mark) else { continue };
        for form in [&wide, &narrow] {
            if bytes.starts_with(form) {
                return Some(mark.len() + form.len());
            }
        }
    }
    None
}

/// Reads stored bytes of which the number stands after them: up to a descriptor that agrees with them.
fn read_to_descriptor(
    packed: &mut Packed<'_, '_>,
    into: &mut [u8],
    crc: &Crc,
    unpacked: u64,
) -> io::Result<usize> {
    let here = packed.source.peek(usize::MAX)?;
    if here.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    // What starts in the last bytes may be a descriptor of which the rest has not come in yet.
    let whole =
        if here.len() > DESCRIPTOR_BYTES_MAX { here.len() - DESCRIPTOR_BYTES_MAX } else { here.len() };
    let room = into.len().min(whole);
    let mut so_far = Crc::new();
    so_far.combine(crc);
    let mut counted = 0;
    for at in memchr::memmem::find_iter(here, DESCRIPTOR) {
        if at > room {
            break;
        }
        so_far.update(&here[counted..at]);
        counted = at;
        let total = unpacked + at as u64;
        if descriptor_length(&here[at..], so_far.sum(), total, total).is_some() {
            return take(packed, into, at);
        }
    }
    take(packed, into, room)
}

fn take(packed: &mut Packed<'_, '_>, into: &mut [u8], count: usize) -> io::Result<usize> {
    packed.read(&mut into[..count])
}
