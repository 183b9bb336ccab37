//! Containers as they come, and as nobody should send them.

use std::{
    io::{Cursor, Write},
    path::Path,
};

use ::zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;

const CSV: &[u8] = b"timestamp,ip,port\n2024-01-01 00:00:00,192.0.2.1,443\n";

/// What a visitor saw of one file.
#[derive(Debug, PartialEq)]
struct Seen {
    path: String,
    name: String,
    bytes: Vec<u8>,
    broke_off: bool,
}

fn unpack_within(caps: &Caps, name: &str, mut bytes: &[u8]) -> (Vec<Seen>, Walked) {
    let mut seen = Vec::new();
    let walked = walk::<()>(&mut bytes, name, caps, &mut |member, stream| {
        let mut bytes = Vec::new();
        let outcome = stream.read_to_end(&mut bytes);
        if let Err(error) = &outcome {
            assert!(ContainerError::of(error).is_some(), "{error}");
        }
        let Member { path, name } = member.clone();
        seen.push(Seen { path, name, bytes, broke_off: outcome.is_err() });
        Ok(())
    })
    .expect("the visitor never refuses");
    assert_eq!(walked.members, seen.len());
    (seen, walked)
}

fn unpack(name: &str, bytes: &[u8]) -> (Vec<Seen>, Walked) {
    unpack_within(&Caps::default(), name, bytes)
}

/// All went well, and these are the paths and the bytes.
fn check(name: &str, bytes: &[u8], expected: &[(&str, &[u8])]) {
    let (seen, walked) = unpack(name, bytes);
    assert!(walked.problems.is_empty(), "{:?}", walked.problems);
    let seen: Vec<_> = seen.iter().map(|file| (file.path.as_str(), file.bytes.as_slice())).collect();
    assert_eq!(seen, expected);
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip_of(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_of(files, CompressionMethod::Deflated)
}

/// A zip as it is written to a pipe: sizes and checksums stand after each file.
fn piped_zip(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new_stream(Vec::new());
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Text that does not pack away to nothing.
fn rows(count: u32) -> Vec<u8> {
    let mut bytes = b"timestamp,ip,port\n".to_vec();
    for row in 0..count {
        let number = row.wrapping_mul(2_654_435_761);
        bytes.extend_from_slice(format!("2024-01-01 00:00:00,192.0.2.{},{number}\n", row % 256).as_bytes());
    }
    bytes
}

#[test]
fn a_plain_file_is_handed_over_as_it_is() {
    check("a.csv", CSV, &[("a.csv", CSV)]);
    check("empty.csv", b"", &[("empty.csv", b"")]);
    check("../dir/a.csv", CSV, &[("a.csv", CSV)]);
}

#[test]
fn gzip_loses_its_extension_else_takes_the_name_in_its_header() {
    check("a.csv.gz", &gz(CSV), &[("a.csv.gz/a.csv", CSV)]);
    check("A.CSV.GZ", &gz(CSV), &[("A.CSV.GZ/A.CSV", CSV)]);
    let mut named = flate2::GzBuilder::new().filename("dir/inner.csv").write(Vec::new(), Compression::fast());
    named.write_all(CSV).unwrap();
    check("download", &named.finish().unwrap(), &[("download/inner.csv", CSV)]);
    check("download", &gz(CSV), &[("download/download", CSV)]);
}

#[test]
fn gzip_of_several_streams_is_one_file() {
    let mut bytes = [gz(b"a,b\n"), gz(b"1,2\n"), gz(b""), gz(b"3,4\n")].concat();
    check("a.csv.gz", &bytes, &[("a.csv.gz/a.csv", b"a,b\n1,2\n3,4\n")]);
    bytes.extend([0; 700]);
    check("a.csv.gz", &bytes, &[("a.csv.gz/a.csv", b"a,b\n1,2\n3,4\n")]);
}

#[test]
fn bytes_after_gzip_are_told_and_nothing_is_lost() {
    let (seen, walked) = unpack("a.csv.gz", &[gz(CSV), b"garbage".to_vec()].concat());
    assert_eq!((seen[0].bytes.as_slice(), seen[0].broke_off), (CSV, false));
    assert!(
        matches!(&walked.problems[..], [ContainerError::TrailingBytes { path }] if path == "a.csv.gz/a.csv")
    );
}

#[test]
fn a_cut_off_gzip_gives_what_could_be_read() {
    let whole = rows(20_000);
    let packed = gz(&whole);
    let (seen, walked) = unpack("a.csv.gz", &packed[..packed.len() / 2]);
    assert!(seen[0].broke_off && seen[0].bytes.len() > whole.len() / 4);
    assert!(whole.starts_with(&seen[0].bytes));
    let [ContainerError::Truncated { unpacked_bytes, .. }] = &walked.problems[..] else {
        panic!("{:?}", walked.problems)
    };
    assert_eq!(*unpacked_bytes, seen[0].bytes.len() as u64);

    // Only the checksum is missing: all rows are there, and still it is told.
    let (seen, walked) = unpack("a.csv.gz", &packed[..packed.len() - 3]);
    assert_eq!(seen[0].bytes, whole);
    assert!(matches!(&walked.problems[..], [ContainerError::Truncated { .. }]));
    // Nothing but a name.
    let (seen, walked) = unpack("a.csv.gz", b"");
    assert!(seen[0].broke_off && seen[0].bytes.is_empty());
    assert!(matches!(&walked.problems[..], [ContainerError::Truncated { unpacked_bytes: 0, .. }]));
}

#[test]
fn zips_of_every_usual_make_are_read() {
    let big = rows(5_000);
    let files: &[(&str, &[u8])] = &[("a.csv", CSV), ("empty.csv", b""), ("dir/big.csv", &big)];
    let expected: &[(&str, &[u8])] =
        &[("r.zip/a.csv", CSV), ("r.zip/empty.csv", b""), ("r.zip/big.csv", &big)];
    for method in [CompressionMethod::Deflated, CompressionMethod::Stored] {
        check("r.zip", &zip_of(files, method), expected);
        check("r.zip", &piped_zip(files, method), expected);
    }
    check("r.zip", &zip(&[]), &[]);
}

#[test]
fn a_zip64_header_is_read() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().large_file(true);
    zip.start_file("a.csv", options).unwrap();
    zip.write_all(CSV).unwrap();
    zip.add_directory("folder", SimpleFileOptions::default()).unwrap();
    zip.start_file("b.csv", options).unwrap();
    zip.write_all(CSV).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    check("r.zip", &bytes, &[("r.zip/a.csv", CSV), ("r.zip/b.csv", CSV)]);
}

#[test]
fn names_in_a_zip_are_names_only_and_every_path_is_unique() {
    let mut bytes =
        zip(&[("../../etc/a.csv", CSV), ("x/a.csv", CSV), ("C:\\b.csv", CSV), ("/c.csv", CSV), ("..d", CSV)]);
    // The same length, so the headers stay right.
    let at = memchr::memmem::find(&bytes, b"..d").unwrap();
    bytes[at..at + 3].copy_from_slice(b"a\0b");
    let (seen, _) = unpack("r.zip", &bytes);
    let paths: Vec<_> = seen.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["r.zip/a.csv", "r.zip/a.csv#2", "r.zip/b.csv", "r.zip/c.csv", "r.zip/a_b"]);
    assert_eq!(seen[1].name, "a.csv");
}

#[test]
fn what_a_mac_adds_is_left_alone() {
    let (seen, walked) = unpack("r.zip", &zip(&[("a.csv", CSV), ("__MACOSX/._a.csv", b"\0\x05")]));
    assert_eq!(seen.len(), 1);
    assert_eq!(walked.skipped, [Skipped { path: "r.zip/._a.csv".into(), reason: SkipReason::ResourceFork }]);
}

#[test]
fn a_cut_off_zip_gives_the_files_before_the_cut_and_the_rows_of_the_cut_one() {
    let big = rows(20_000);
    for bytes in [
        zip(&[("a.csv", CSV), ("big.csv", &big), ("c.csv", CSV)]),
        piped_zip(&[("a.csv", CSV), ("big.csv", &big), ("c.csv", CSV)], CompressionMethod::Deflated),
        piped_zip(&[("a.csv", CSV), ("big.csv", &big), ("c.csv", CSV)], CompressionMethod::Stored),
    ] {
        let (seen, walked) = unpack("r.zip", &bytes[..bytes.len() / 2]);
        assert_eq!((seen.len(), seen[0].bytes.as_slice(), seen[0].broke_off), (2, CSV, false));
        assert!(seen[1].broke_off && big.starts_with(&seen[1].bytes) && seen[1].bytes.len() > big.len() / 4);
        assert!(
            matches!(&walked.problems[..], [ContainerError::Truncated { path, unpacked_bytes }]
                if path == "r.zip/big.csv" && *unpacked_bytes == seen[1].bytes.len() as u64),
            "{:?}",
            walked.problems
        );
    }
    // Cut at a border or in a header, the container says so.
    let bytes = zip(&[("a.csv", CSV), ("c.csv", CSV)]);
    let second = memchr::memmem::find(&bytes[4..], b"PK\x03\x04").unwrap() + 4;
    for cut in [second, second + 2, second + 20] {
        let (seen, walked) = unpack("r.zip", &bytes[..cut]);
        assert_eq!(seen.len(), 1);
        assert!(matches!(&walked.problems[..], [ContainerError::Truncated { path, .. }] if path == "r.zip"));
    }
}

#[test]
fn a_damaged_file_in_a_zip_does_not_harm_the_next() {
    let big = rows(20_000);
    for mut bytes in [
        zip(&[("big.csv", &big), ("c.csv", CSV)]),
        piped_zip(&[("big.csv", &big), ("c.csv", CSV)], CompressionMethod::Deflated),
    ] {
        for byte in &mut bytes[40_000..40_100] {
            *byte ^= 0xa5;
        }
        let (seen, walked) = unpack("r.zip", &bytes);
        assert!(seen[0].broke_off);
        assert_eq!(
            (seen.last().unwrap().name.as_str(), seen.last().unwrap().bytes.as_slice()),
            ("c.csv", CSV)
        );
        assert!(
            matches!(&walked.problems[..], [ContainerError::Corrupt { path, .. }] if path == "r.zip/big.csv"),
            "{:?}",
            walked.problems
        );
    }
}

#[test]
fn a_wrong_checksum_is_told_after_all_bytes() {
    let mut bytes = zip_of(&[("a.csv", CSV)], CompressionMethod::Stored);
    let at = memchr::memmem::find(&bytes, b"192.0.2.1").unwrap();
    bytes[at] = b'2';
    let (seen, walked) = unpack("r.zip", &bytes);
    assert!(seen[0].broke_off && seen[0].bytes.len() == CSV.len());
    assert!(matches!(&walked.problems[..], [ContainerError::Corrupt { .. }]));
}

#[test]
fn what_is_no_zip_is_said_to_be_none() {
    let (seen, walked) = unpack("r.zip", b"\0\x01\x02\x03no zip at all");
    assert!(seen.is_empty());
    assert!(matches!(&walked.problems[..], [ContainerError::Corrupt { path, .. }] if path == "r.zip"));
}

#[test]
fn encrypted_and_unknown_methods_are_told_and_the_rest_goes_on() {
    let mut bytes = zip(&[("secret.csv", CSV), ("odd.csv", CSV), ("a.csv", CSV)]);
    bytes[6] |= 1;
    let second = memchr::memmem::find(&bytes[4..], b"PK\x03\x04").unwrap() + 4;
    bytes[second + 8] = 93;
    let (seen, walked) = unpack("r.zip", &bytes);
    assert_eq!(seen.len(), 1);
    assert!(
        matches!(&walked.problems[..], [
            ContainerError::Encrypted { path },
            ContainerError::Unsupported { method, .. },
        ] if path == "r.zip/secret.csv" && method == "zstd"),
        "{:?}",
        walked.problems
    );
}

#[test]
fn nested_containers_are_opened_to_the_limit() {
    let gzipped = gz(CSV);
    let inner = zip(&[("a.csv.gz", &gzipped), ("b.csv", CSV)]);
    let outer = zip(&[("inner.zip", &inner), ("c.csv", CSV)]);
    check(
        "r.zip.gz",
        &gz(&outer),
        &[
            ("r.zip.gz/r.zip/inner.zip/a.csv.gz/a.csv", CSV),
            ("r.zip.gz/r.zip/inner.zip/b.csv", CSV),
            ("r.zip.gz/r.zip/c.csv", CSV),
        ],
    );
    let deeper = zip(&[("r.zip.gz", &gz(&outer)), ("d.csv", CSV)]);
    let (seen, walked) = unpack("deep.zip", &deeper);
    assert!(
        matches!(&walked.problems[..], [ContainerError::TooDeep { path, depth_max: 4 }] if path.ends_with("a.csv.gz")),
        "{:?}",
        walked.problems
    );
    let names: Vec<_> = seen.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["b.csv", "c.csv", "d.csv"]);
}

#[test]
fn a_broken_zip_in_a_zip_does_not_harm_the_next() {
    let big = rows(20_000);
    let inner = zip(&[("big.csv", &big)]);
    let outer = zip(&[("inner.zip", &inner[..inner.len() / 2]), ("c.csv", CSV)]);
    let (seen, walked) = unpack("r.zip", &outer);
    assert_eq!(seen.len(), 2);
    assert!(seen[0].broke_off && !seen[1].broke_off && seen[1].bytes == CSV);
    assert!(
        matches!(&walked.problems[..], [ContainerError::Truncated { path, .. }] if path == "r.zip/inner.zip/big.csv")
    );
}

#[test]
fn ten_thousand_files_are_taken_and_not_one_more() {
    let names: Vec<String> = (0..10_001).map(|number| format!("{number}.csv")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), CSV)).collect();
    let (seen, walked) = unpack("r.zip", &zip_of(&files, CompressionMethod::Stored));
    assert_eq!(seen.len(), 10_000);
    assert!(
        matches!(&walked.problems[..], [ContainerError::TooManyMembers { path, members_max: 10_000 }] if path == "r.zip")
    );
}

/// 1 GiB of zeroes in 1 MB, as gzip and in a zip, then an honest file.
#[test]
fn a_bomb_is_stopped_and_the_next_file_is_read() {
    struct Zeroes;
    impl Read for Zeroes {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            into.fill(0);
            Ok(into.len())
        }
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bomb.csv", SimpleFileOptions::default()).unwrap();
    io::copy(&mut Zeroes.take(256 << 20), &mut zip).unwrap();
    zip.start_file("a.csv", SimpleFileOptions::default()).unwrap();
    zip.write_all(CSV).unwrap();
    let bytes = zip.finish().unwrap().into_inner();

    let mut counted = Vec::new();
    let walked = walk::<()>(&mut &bytes[..], "r.zip", &Caps::default(), &mut |member, stream| {
        let mut sink = io::sink();
        let outcome = io::copy(stream, &mut sink);
        counted.push((member.name.clone(), outcome.ok()));
        Ok(())
    })
    .unwrap();
    assert_eq!(counted, [("bomb.csv".to_owned(), None), ("a.csv".to_owned(), Some(CSV.len() as u64))]);
    let [ContainerError::RatioTooHigh { unpacked_bytes, .. }] = &walked.problems[..] else {
        panic!("{:?}", walked.problems)
    };
    assert!(*unpacked_bytes <= limits::UNPACK_RATIO_FREE_BYTES + (1 << 20));
}

/// Bombs in bombs multiply: each layer alone packs within the ratio.
#[test]
fn the_ratio_counts_from_the_report_and_not_from_the_layer() {
    let caps = Caps { ratio_max: 400, ratio_free_bytes: 1 << 16, ..Caps::default() };
    let once = zip(&[("a.csv", &CSV.repeat(40_000))]);
    assert!(unpack_within(&caps, "r.zip", &once).1.problems.is_empty());
    let twice = zip(&[("in.zip", &once)]);
    let (_, walked) = unpack_within(&caps, "r.zip", &twice);
    assert!(
        matches!(&walked.problems[..], [ContainerError::RatioTooHigh { path, .. }] if path == "r.zip/in.zip/a.csv"),
        "{:?}",
        walked.problems
    );
}

#[test]
fn the_limit_of_bytes_holds_over_all_files_together() {
    let caps = Caps { unpacked_bytes_max: 2 * CSV.len() as u64, ..Caps::default() };
    let (seen, walked) = unpack_within(&caps, "r.zip", &zip(&[("a.csv", CSV), ("b.csv", CSV)]));
    assert!(seen.iter().all(|file| !file.broke_off) && walked.problems.is_empty(), "exactly at the limit");
    let (seen, walked) =
        unpack_within(&caps, "r.zip", &zip(&[("a.csv", CSV), ("b.csv", CSV), ("c.csv", CSV)]));
    assert_eq!(seen.iter().map(|file| file.bytes.len()).sum::<usize>(), 2 * CSV.len());
    assert!(matches!(&walked.problems[..], [ContainerError::TooLarge { path, .. }] if path == "r.zip/c.csv"));
}

#[test]
fn a_visitor_may_stop_reading_and_may_stop_the_walk() {
    let big = rows(20_000);
    let bytes = zip(&[("big.csv", &big), ("c.csv", CSV)]);
    let mut names = Vec::new();
    let walked = walk::<()>(&mut &bytes[..], "r.zip", &Caps::default(), &mut |member, stream| {
        stream.read_exact(&mut [0; 10]).unwrap();
        names.push(member.name.clone());
        Ok(())
    })
    .unwrap();
    assert!(walked.problems.is_empty() && names == ["big.csv", "c.csv"]);
    let mut visits = 0;
    let outcome = walk(&mut &bytes[..], "r.zip", &Caps::default(), &mut |_, _| {
        visits += 1;
        Err("enough")
    });
    assert!(outcome.is_err_and(|error| error == "enough") && visits == 1);
}

/// A disk that fails after the first `good` bytes.
struct FailingDisk<'b> {
    good: &'b [u8],
}

impl Read for FailingDisk<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.good.is_empty() { Err(io::Error::other("bad sector")) } else { self.good.read(into) }
    }
}

#[test]
fn a_disk_that_fails_is_told_once_and_the_rows_before_are_kept() {
    let big = rows(20_000);
    let mail = mail_with("report.csv", "text/csv", "7bit", &String::from_utf8_lossy(&big));
    for (name, bytes) in [
        ("a.csv", big.clone()),
        ("a.csv.gz", gz(&big)),
        ("r.zip", zip(&[("a.csv", &big)])),
        ("r.eml", mail.into_bytes()),
    ] {
        let mut kept = 0;
        let mut disk = FailingDisk { good: &bytes[..bytes.len() / 2] };
        let walked = walk::<()>(&mut disk, name, &Caps::default(), &mut |_, stream| {
            let mut bytes = Vec::new();
            let _ = stream.read_to_end(&mut bytes);
            kept += bytes.len();
            Ok(())
        })
        .unwrap();
        assert!(kept > big.len() / 4, "{name}");
        let reads =
            walked.problems.iter().filter(|problem| matches!(problem, ContainerError::Read { .. })).count();
        assert_eq!(reads, 1, "{name} {:?}", walked.problems);
    }
}

fn mail_with(file: &str, kind: &str, encoding: &str, body: &str) -> String {
    format!(
        "Date: Tue, 1 Oct 2024 20:28:33 +0100\r\nFrom: reports@feed.example\r\nTo: abuse@isp.example\r\n\
         Subject: Report\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"b1\"\r\n\r\n\
         --b1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nDear colleague, see the report.\r\n\r\n\
         --b1\r\nContent-Type: {kind}; name=\"{file}\"\r\nContent-Transfer-Encoding: {encoding}\r\n\
         Content-Disposition: attachment; filename=\"{file}\"\r\n\r\n{body}\r\n--b1--\r\n"
    )
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for (number, three) in bytes.chunks(3).enumerate() {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let pad = at > three.len();
            text.push(if pad { '=' } else { char::from(ALPHABET[(bits >> (18 - 6 * at) & 63) as usize]) });
        }
        if number % 19 == 18 {
            text.push_str("\r\n");
        }
    }
    text
}

#[test]
fn attachments_of_every_kind_are_found_in_a_mail() {
    let text = String::from_utf8_lossy(CSV).replace('\n', "\r\n");
    let csv = text.trim_end().as_bytes();
    check(
        "r.eml",
        mail_with("a.csv", "text/csv", "7bit", &text).as_bytes(),
        &[("r.eml/a.csv", text.as_bytes())],
    );
    check(
        "r.eml",
        mail_with("a.csv.zip", "application/octet-stream", "base64", &base64(&zip(&[("a.csv", CSV)])))
            .as_bytes(),
        &[("r.eml/a.csv.zip/a.csv", CSV)],
    );
    check(
        "r",
        mail_with("a.csv.gz", "application/gzip", "BASE64", &base64(&gz(CSV))).as_bytes(),
        &[("r/a.csv.gz/a.csv", CSV)],
    );
    check(
        "r.eml",
        mail_with("report", "application/json", "quoted-printable", "{\"a\"=3A 1}").as_bytes(),
        &[("r.eml/report.json", b"{\"a\": 1}")],
    );
    check(
        "r.eml",
        mail_with("list.txt", "text/plain", "8bit", &text).as_bytes(),
        &[("r.eml/list.csv", text.as_bytes())],
    );
    check(
        "r.eml",
        mail_with("a.csv", "text/csv", "7bit", text.trim_end()).as_bytes(),
        &[("r.eml/a.csv", csv)],
    );
    // A forwarded mail, and bytes as sent in Latin-1.
    let forwarded = mail_with("a.csv", "text/csv", "7bit", &text);
    let outer = mail_with("fwd", "message/rfc822", "7bit", "INNER").replace("b1", "b0");
    let outer = outer.replace("INNER", &forwarded);
    check("r.eml", outer.as_bytes(), &[("r.eml/fwd.eml/a.csv", text.as_bytes())]);
    let head = mail_with("a.csv", "text/csv", "8bit", "");
    let latin = [head.split_once("\r\n--b1--").unwrap().0.as_bytes(), b"a,b\xe9\n\n--b1--"].concat();
    check("r.eml", &latin, &[("r.eml/a.csv", b"a,b\xe9\n")]);
}

#[test]
fn a_table_or_json_in_the_text_is_found() {
    let head = "From: a@feed.example\nTo: b@isp.example\nSubject: report\n";
    let inline = format!("{head}\nDear all,\n\nip,port,asn\n192.0.2.1,443,64500\n\n-- \nBye\n");
    check(
        "2024-01-01-scan_x-org.eml",
        inline.as_bytes(),
        &[("2024-01-01-scan_x-org.eml/2024-01-01-scan_x-org.csv", b"ip,port,asn\n192.0.2.1,443,64500\n")],
    );
    let quoted = format!(
        "{head}Content-Transfer-Encoding: quoted-printable\n\nip,port,asn\n192.=\n0.2.1,443,6=34500\n"
    );
    check("x.csv.eml", quoted.as_bytes(), &[("x.csv.eml/x.csv", b"ip,port,asn\n192.0.2.1,443,64500\n")]);
    let json = format!("From me Mon Jan  1\n{head}\n{{\"source.ip\": \"192.0.2.1\"}}\n");
    check("m", json.as_bytes(), &[("m/m.json", b"{\"source.ip\": \"192.0.2.1\"}\n")]);
    let (seen, walked) = unpack("m.eml", format!("{head}\nNothing to see, move on, please.\n").as_bytes());
    // The mail is handed over as it is: there may be addresses in its text.
    assert!(walked.problems.is_empty());
    assert_eq!(seen.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["m.mail"]);
    assert_eq!(
        walked.skipped,
        [Skipped { path: "m.eml/text-plain".into(), reason: SkipReason::TextWithoutTable }]
    );
}

#[test]
fn a_cut_off_mail_gives_its_parts_and_says_so() {
    let text = String::from_utf8_lossy(CSV).into_owned();
    let mail = mail_with("a.csv", "text/csv", "7bit", &text.repeat(50));
    let (seen, walked) = unpack("r.eml", &mail.as_bytes()[..mail.len() - 100]);
    assert_eq!(seen.len(), 1);
    assert!(matches!(&walked.problems[..], [ContainerError::Truncated { path, .. }] if path == "r.eml"));
}

#[test]
fn a_mail_beyond_its_limit_is_refused() {
    let caps = Caps { mail_bytes_max: 1_000, ..Caps::default() };
    let mail = mail_with("a.csv", "text/csv", "7bit", &"x".repeat(1_000));
    let (seen, walked) = unpack_within(&caps, "r.eml", mail.as_bytes());
    assert!(seen.is_empty());
    assert!(matches!(&walked.problems[..], [ContainerError::TooLarge { bytes_max: 1_000, .. }]));
}

/// A thousand levels would overflow the stack of a parser that recurses.
#[test]
fn mails_nested_without_end_are_stopped() {
    let in_messages = format!(
        "From: a@b.example\nTo: c@d.example\n{}\nx\n",
        "Content-Type: message/rfc822\n\n".repeat(100_000)
    );
    let mut in_parts = "From: a@b.example\nTo: c@d.example\n".to_owned();
    for level in 0..1_000 {
        in_parts.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
    }
    // Of parts the mail is left, to be looked at as a whole; it has the same limit.
    for (mail, files) in [(in_messages, 0), (in_parts, 1)] {
        let (seen, walked) = unpack("r.eml", mail.as_bytes());
        assert_eq!(seen.len(), files);
        assert!(
            walked.problems.iter().any(|problem| matches!(problem, ContainerError::TooDeep { .. })),
            "{:?}",
            walked.problems
        );
    }
}

#[test]
fn the_mail_an_abuse_report_is_about_is_evidence() {
    let mail = "From: a@feed.example\nTo: b@isp.example\nContent-Type: multipart/report; \
                report-type=feedback-report; boundary=b\n\n--b\n\nAn abuse report.\n--b\nContent-Type: \
                message/feedback-report\n\nVersion: 1\n--b\nContent-Type: message/rfc822\n\nFrom: spam@x.example\n\
                Subject: a\n\nip,port,asn\n1,2,3\n--b--\n";
    let (seen, walked) = unpack("arf.eml", mail.as_bytes());
    assert!(walked.problems.is_empty());
    // There are no rows in it, so it is a report in itself.
    let [whole] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((whole.path.as_str(), &whole.bytes[..]), ("arf.eml/arf.mail", mail.as_bytes()));
    let reasons: Vec<_> = walked.skipped.iter().map(|skipped| skipped.reason).collect();
    assert_eq!(reasons, [SkipReason::TextWithoutTable, SkipReason::NotAReport, SkipReason::Evidence]);
}

/// The real mails beside the project, when they are there.
#[test]
fn real_mails_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mail");
    let Ok(feeds) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    let mut reports = Vec::new();
    for feed in feeds {
        for mail in std::fs::read_dir(feed.unwrap().path()).unwrap() {
            let mail = mail.unwrap();
            let name = mail.file_name().into_string().unwrap();
            let (seen, walked) = unpack(&name, &std::fs::read(mail.path()).unwrap());
            for problem in &walked.problems {
                println!("{problem}");
            }
            reports.extend(seen.into_iter().map(|file| (name.clone(), file.name, file.bytes.len())));
        }
    }
    for report in &reports {
        println!("{report:?}");
    }
    assert!(
        reports
            .iter()
            .filter(|(mail, name, _)| mail.contains(".csv.zip.eml") && name.ends_with(".csv"))
            .count()
            == 6
    );
    assert_eq!(reports.iter().filter(|(mail, ..)| mail.starts_with("Abusehub")).count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever comes: no panic, and never more than the limits.
    #[test]
    fn random_bytes_never_panic_and_stay_within_the_limits(
        magic in prop::sample::select(vec![&b""[..], b"PK\x03\x04", b"\x1f\x8b\x08\0\0\0\0\0\0\0", b"From: a\nTo: b\n\n"]),
        mut bytes in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        bytes.splice(0..0, magic.iter().copied());
        let caps = Caps { unpacked_bytes_max: 10_000, members_max: 3, ..Caps::default() };
        let (seen, _) = unpack_within(&caps, "x", &bytes);
        prop_assert!(seen.len() <= 4);
    }

    /// A good container with some bytes changed and the end cut off.
    #[test]
    fn damaged_containers_never_panic_and_stay_within_the_limits(
        which in 0..4_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let files: &[(&str, &[u8])] = &[("a.csv", CSV), ("b.zip", &zip(&[("c.csv", CSV)])), ("d.csv.gz", &gz(CSV))];
        let whole = match which {
            0 => zip(files),
            1 => piped_zip(files, CompressionMethod::Deflated),
            2 => piped_zip(files, CompressionMethod::Stored),
            _ => mail_with("r.zip", "application/zip", "base64", &base64(&zip(files))).into_bytes(),
        };
        let mut bytes = whole.clone();
        for (at, byte) in &damage {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if cut.index(3) == 0 {
            bytes.truncate(cut.index(whole.len()));
        }
        let caps = Caps { unpacked_bytes_max: 10_000, ..Caps::default() };
        let (seen, walked) = unpack_within(&caps, "x", &bytes);
        prop_assert!(seen.iter().map(|file| file.bytes.len()).sum::<usize>() <= 10_000 + bytes.len());
        if bytes == whole {
            prop_assert!(walked.problems.is_empty());
            prop_assert_eq!(seen.len(), 3);
        }
    }
}
