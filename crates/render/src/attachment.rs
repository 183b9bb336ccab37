//! All findings of a notice as CSV in Shadowserver's style: a header row, names as theirs where they have one, times in UTC
//! without zone, cells quoted when needed, lines end in `\n`.

use std::{
    borrow::Cow,
    io::{Cursor, Write},
};

use schakel_model::asset::AssetKind;
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::{
    clean::{self, CELL_CHARS_MAX},
    csv::may_be_a_formula,
    message::Attachment,
    notice::{Group, Item, Notice},
    times::Times,
};

/// The header row. New columns go at the end, so that scripts of readers keep working.
pub const COLUMNS: [&str; 22] = [
    "timestamp",
    "severity",
    "ip",
    "protocol",
    "port",
    "hostname",
    "tag",
    "asn",
    "infection",
    "url",
    "account",
    "type",
    "identifier",
    "report",
    "asset_kind",
    "asset",
    "role",
    "end",
    "finding",
    "event",
    "reported_by",
    "concerns",
];

/// A CSV larger than this goes in a zip, as Shadowserver does: mail servers refuse from 10 MB, and base64 adds a third.
pub const PLAIN_BYTES_MAX: usize = 2 << 20;

/// Makes the attachment.
pub fn attachment(notice: &Notice<'_>, groups: &[&Group<'_>], times: &Times) -> Attachment {
    let name = format!("schakel-{}.csv", notice.reference);
    let bytes = csv(groups, times);
    if bytes.len() <= PLAIN_BYTES_MAX {
        return Attachment { name, content_type: "text/csv; charset=utf-8", bytes };
    }
    let zipped = zip(&name, &bytes).expect("writing to memory does not fail");
    Attachment { name: format!("{name}.zip"), content_type: "application/zip", bytes: zipped }
}

fn csv(groups: &[&Group<'_>], times: &Times) -> Vec<u8> {
    let items: usize = groups.iter().map(|group| group.items.len()).sum();
    let mut out = Vec::with_capacity(200 * (items + 1));
    out.extend_from_slice(COLUMNS.join(",").as_bytes());
    out.push(b'\n');
    for group in groups {
        for item in &group.items {
            push_row(&mut out, group, item, times);
        }
    }
    out
}

fn push_row(out: &mut Vec<u8>, group: &Group<'_>, item: &Item<'_>, times: &Times) {
    let number = |number: u32| if number == 0 { String::new() } else { number.to_string() };
    let cells: [Cow<'_, str>; COLUMNS.len()] = [
        times.utc_seconds(item.observed_at.timestamp()).into(),
        group.severity.as_str().into(),
        item.ip.map(|ip| ip.to_string()).unwrap_or_default().into(),
        item.transport.as_str().into(),
        number(item.port.into()).into(),
        text(&item.hostname),
        text(&item.tags),
        number(item.asn).into(),
        text(&item.malware),
        text(&item.url),
        text(&item.account),
        group.classification.as_str().into(),
        text(group.identifier),
        text(group.report_type),
        item.asset.map(|asset| asset.kind()).map_or("", AssetKind::as_str).into(),
        item.asset.map(|asset| asset.to_string()).unwrap_or_default().into(),
        item.role.as_str().into(),
        item.end.as_str().into(),
        item.finding.to_string().into(),
        item.event.to_string().into(),
        text(&item.reported_by),
        text(&item.concerns),
    ];
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_cell(out, cell);
    }
    out.push(b'\n');
}

/// Source text, cleaned, and harmless in a spreadsheet.
///
/// Readers open this file in a spreadsheet, and what stands in it was chosen by strangers (a PTR record, a banner). A cell
/// that starts with `=`, `+`, `-` or `@` would be run as a formula, also when quoted; it gets a `'` in front. Host names, URLs,
/// tags and accounts do not honestly start so, hence scripts lose nothing.
pub(crate) fn text(source: &str) -> Cow<'_, str> {
    let line = clean::line(source, CELL_CHARS_MAX);
    if may_be_a_formula(&line) {
        return Cow::Owned(format!("'{line}"));
    }
    line
}

pub(crate) fn push_cell(out: &mut Vec<u8>, cell: &str) {
    if !cell.contains(['"', ',', '\n', '\r']) {
        out.extend_from_slice(cell.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

/// A zip with one file, the same bytes for the same input: without a time of its own.
fn zip(name: &str, bytes: &[u8]) -> Result<Vec<u8>, ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(bytes.len() / 8)));
    writer.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))?;
    writer.write_all(bytes)?;
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use schakel_model::language::Language;

    use super::*;
    use crate::sample;

    #[test]
    fn cells_are_quoted_when_needed_and_never_formulas() {
        let cell = |source: &str| {
            let mut out = Vec::new();
            push_cell(&mut out, &text(source));
            String::from_utf8(out).unwrap()
        };
        for (source, expected) in [
            ("rdp;ssl", "rdp;ssl"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "two lines"),
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("\t@SUM(1)", "'@SUM(1)"),
            ("-1", "'-1"),
            ("+31", "'+31"),
        ] {
            assert_eq!(cell(source), expected, "{source:?}");
        }
    }

    #[test]
    fn every_finding_has_its_row() {
        let notice = sample::small(Language::Nl);
        let groups: Vec<_> = notice.groups.iter().collect();
        let made = attachment(&notice, &groups, &Times::default());
        assert_eq!((made.name.as_str(), made.content_type), ("schakel-17.csv", "text/csv; charset=utf-8"));
        insta::assert_snapshot!(String::from_utf8(made.bytes).unwrap(), @r"
        timestamp,severity,ip,protocol,port,hostname,tag,asn,infection,url,account,type,identifier,report,asset_kind,asset,role,end,finding,event,reported_by,concerns
        2026-03-14 22:58:30,medium,192.0.2.1,tcp,3389,ts0.hollands-diep.example,rdp;ssl,64500,,,,potentially-unwanted-accessible,open-rdp,scan_rdp,domain,hollands-diep.example,owner,source,4020,12:1,,
        2026-03-14 22:59:30,medium,192.0.2.2,tcp,3389,ts1.hollands-diep.example,rdp;ssl,64500,,,,potentially-unwanted-accessible,open-rdp,scan_rdp,domain,hollands-diep.example,owner,source,4021,12:2,,
        2026-03-14 23:00:30,medium,192.0.2.3,tcp,3389,ts2.hollands-diep.example,rdp;ssl,64500,,,,potentially-unwanted-accessible,open-rdp,scan_rdp,domain,hollands-diep.example,owner,source,4022,12:3,,
        2026-03-14 23:05:30,critical,192.0.2.8,tcp,50123,,,64500,avalanche-andromeda,,,infected-system,sinkhole,event4_sinkhole,,,supplier,source,4027,12:8,,
        2026-03-14 23:06:30,low,,,,ts8.hollands-diep.example,rdp;ssl,64500,,https://www.hollands-diep.example/oud/pagina.php?id=1,,other,,,domain,hollands-diep.example,owner,target,4028,12:9,,
        ");
    }

    #[test]
    fn a_large_file_is_zipped_and_always_to_the_same_bytes() {
        let notice = sample::large(Language::Nl, 20_000);
        let groups: Vec<_> = notice.groups.iter().collect();
        let made = attachment(&notice, &groups, &Times::default());
        assert_eq!((made.name.as_str(), made.content_type), ("schakel-17.csv.zip", "application/zip"));
        assert_eq!(made, attachment(&notice, &groups, &Times::default()));
        let mut archive = zip::ZipArchive::new(Cursor::new(made.bytes)).unwrap();
        let mut csv = Vec::new();
        std::io::copy(&mut archive.by_name("schakel-17.csv").unwrap(), &mut csv).unwrap();
        assert_eq!(csv.iter().filter(|byte| **byte == b'\n').count(), 20_001);
    }
}
