//! What comes in is not always what it should be: a clear message in the right place, the rest goes on, the ledger balances.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::{
    fixtures::{RDP_HEADER, rdp, rdp_name, rdp_row, rdp_row_named, zipped},
    installation::{Installation, count},
    program::{Run, is_root, run},
};

/// `rows rejected events` of the whole ledger.
fn sums(installation: &Installation) -> [u64; 3] {
    let ledger = installation.ledger();
    ["rows", "rejected", "events"].map(|key| count(&ledger[key]))
}

/// A good report after the bad one is taken in as ever.
#[track_caller]
fn assert_goes_on(installation: &Installation) {
    let rows = sums(installation)[0];
    let good = installation.file("2026-11-21-scan_rdp-goes-on.csv", rdp("2026-11-21", &["198.51.100.250"]));
    assert_eq!(count(&installation.ingest(&good)["rows"]), 1);
    assert_eq!(sums(installation)[0], rows + 1);
    installation.assert_sound();
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn an_empty_file_and_one_with_a_header_only_are_reports_without_rows() {
    let installation = Installation::new();
    for (name, content) in
        [("2026-11-20-scan_rdp-empty.csv", ""), ("2026-11-20-scan_rdp-header.csv", RDP_HEADER)]
    {
        let file = installation.file(name, content);
        assert_eq!(installation.run(&["parse", &file]).ended(0).stdout, "");
        let ingested = installation.ingest(&file);
        assert_eq!((count(&ingested["rows"]), &ingested["report_known"]), (0, &json!(false)), "{name}");
        assert_eq!(installation.ingest(&file)["report_known"], true, "{name}");
    }
    assert_goes_on(&installation);
}

#[test]
fn a_field_of_200_kb_is_a_field() {
    let installation = Installation::new();
    let long = "x".repeat(200_000);
    let report = RDP_HEADER.to_owned()
        + &rdp_row("2026-11-20 03:00:00", "198.51.100.200").replace("\"rdp\"", &format!("\"{long}\""))
        + &rdp_row("2026-11-20 03:00:00", "198.51.100.201");
    let file = installation.file(&rdp_name("2026-11-20"), report);
    let events = installation.run(&["parse", &file]).ended(0).json_lines();
    assert_eq!(events[0]["extra.tag"].as_str().unwrap().len(), 200_000);
    assert_eq!(count(&installation.ingest(&file)["events"]), 2);
    installation.json(&["tell"]);
    assert_goes_on(&installation);
}

#[test]
fn ten_thousand_columns_are_a_reject_in_a_row_and_refused_in_a_header() {
    let installation = Installation::new();
    let wide = rdp_row("2026-11-20 03:00:00", "198.51.100.200").replace('\n', &(",1".repeat(10_000) + "\n"));
    let report = RDP_HEADER.to_owned() + &wide + &rdp_row("2026-11-20 03:00:00", "198.51.100.201");
    let file = installation.file(&rdp_name("2026-11-20"), report);
    installation.run(&["ingest", &file]).ended(3);
    assert_eq!(sums(&installation), [2, 1, 1]);
    assert_eq!(installation.json(&["ledger", "--list", "rejected"])["listed"][0]["code"], "too_many_columns");
    let header = RDP_HEADER.trim_end().to_owned() + &",\"c\"".repeat(10_000) + "\n";
    let file = installation.file(&rdp_name("2026-11-19"), header);
    installation.run(&["ingest", &file]).ended(1).says(&["2026-11-19", "columns"]);
    assert_goes_on(&installation);
}

#[test]
fn nul_bytes_are_bytes() {
    let installation = Installation::new();
    let report = RDP_HEADER.to_owned()
        + &rdp_row_named("2026-11-20 03:00:00", "198.51.100.200", "a\0b")
        + "\0\0\0\0\n"
        + &rdp_row("2026-11-20 03:00:00", "198.51.100.201");
    let file = installation.file(&rdp_name("2026-11-20"), report);
    installation.run(&["ingest", &file]).ended(3);
    assert_eq!(sums(&installation), [3, 1, 2]);
    assert_goes_on(&installation);
}

#[test]
fn a_truncated_gzip_or_zip_gives_what_can_be_read_and_says_so() {
    let installation = Installation::new();
    let addresses: Vec<String> =
        (0..5_000).map(|n| format!("10.{}.{}.{}", n % 7, n / 256, n % 256)).collect();
    let report = rdp("2026-11-20", &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    let packed = gzipped(report.as_bytes());
    let zip = zipped(&[("2026-11-20-scan_rdp-nl.csv", report.as_bytes())]);
    for (name, bytes) in [("2026-11-20-scan_rdp-a.csv.gz", packed), ("2026-11-20-day.zip", zip)] {
        let file = installation.file(name, &bytes[..bytes.len() / 2]);
        let before = sums(&installation);
        installation.run(&["ingest", &file]).ended(1).says(&[name]);
        let after = sums(&installation);
        if name.ends_with("gz") {
            assert!(after[2] > before[2], "what was read before the break is taken in: {after:?}");
        }
        installation.assert_sound();
        // Whole, it is another report.
        let whole = installation.file(
            &name.replace("2026-11-20-", "2026-11-20-whole-").replace("whole-scan_rdp", "scan_rdp-whole"),
            bytes,
        );
        assert_eq!(count(&installation.ingest(&whole)["rows"]), 5_000, "{name}");
    }
    assert_goes_on(&installation);
}

#[test]
fn a_bomb_is_stopped() {
    let installation = Installation::new();
    // 400 MiB of one byte in 400 kB.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(rdp("2026-11-20", &["198.51.100.200"]).as_bytes()).unwrap();
    let block = vec![b'0'; 1 << 20];
    (0..400).for_each(|_| bomb.write_all(&block).unwrap());
    let bomb = bomb.finish().unwrap();
    let file = installation.file("2026-11-20-scan_rdp-bomb.csv.gz", &bomb);
    let stopped = measured(installation.command(&["ingest", &file]));
    stopped.run.ended(1).says(&["2026-11-20-scan_rdp-bomb.csv.gz"]);
    assert!(stopped.peak_kb < 300_000, "{} kB", stopped.peak_kb);
    let zip = installation.file(
        "2026-11-20-nested.zip",
        zipped(&[
            ("scan_rdp.csv.gz", &bomb),
            ("scan_rdp-good.csv", rdp("2026-11-20", &["198.51.100.201"]).as_bytes()),
        ]),
    );
    installation.run(&["ingest", &zip]).ended(1);
    assert!(
        installation.json(&["findings"])["findings"].to_string().contains("198.51.100.201"),
        "the other member is read"
    );
    assert_goes_on(&installation);
}

#[test]
fn names_in_a_zip_lead_nowhere() {
    let installation = Installation::new();
    let report = rdp("2026-11-20", &["198.51.100.200"]);
    let zip = zipped(&[
        ("../../2026-11-20-scan_rdp-up.csv", report.as_bytes()),
        ("/etc/2026-11-20-scan_rdp-root.csv", rdp("2026-11-20", &["198.51.100.201"]).as_bytes()),
    ]);
    let file = installation.file("2026-11-20-day.zip", zip);
    let ended = installation.run(&["ingest", &file]);
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:#?}");
    let out = installation.path("deep/out");
    installation.run(&["parse", &file, "--out", out.to_str().unwrap()]);
    let written: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(written, ["2026-11-20-day.jsonl"]);
    for outside in
        [installation.data().parent().unwrap(), installation.path("deep").as_path(), Path::new("/etc")]
    {
        let names =
            fs::read_dir(outside).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(
            !names.into_iter().any(|name| name.contains("scan_rdp-up") || name.contains("scan_rdp-root"))
        );
    }
    assert_goes_on(&installation);
}

/// A run with what it cost.
struct Measured {
    run: Run,
    seconds: f64,
    peak_kb: u64,
}

/// Runs a command and watches its memory.
fn measured(mut command: Command) -> Measured {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak_kb = peak_kb.max(peak.and_then(|peak| peak.parse().ok()).unwrap_or(0));
        thread::sleep(Duration::from_millis(10));
    }
    let run = Run::of(child.wait_with_output().unwrap());
    Measured { run, seconds: started.elapsed().as_secs_f64(), peak_kb }
}

#[test]
fn a_sparse_file_of_5_gb_costs_neither_memory_nor_disk() {
    let installation = Installation::new();
    let sparse = |name: &str, head: &str| {
        let path = installation.file(name, head);
        OpenOptions::new().write(true).open(&path).unwrap().set_len(5_000_000_000).unwrap();
        path
    };
    let nothing = sparse("2026-11-20-scan_rdp-nothing.csv", "");
    let after_rows = sparse(&rdp_name("2026-11-20"), &rdp("2026-11-20", &["198.51.100.200"]));
    let Measured { run, seconds, peak_kb } = measured(installation.command(&["ingest", &nothing]));
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(seconds < 20.0 && peak_kb < 300_000, "{seconds} s, {peak_kb} kB");
    let Measured { run, seconds, peak_kb } = measured(installation.command(&["ingest", &after_rows]));
    assert!(matches!(run.code, Some(1 | 3)), "{run:#?}");
    // The bound is for a development build on a busy machine; a release build takes seconds.
    assert!(seconds < 120.0 && peak_kb < 300_000, "{seconds} s, {peak_kb} kB");
    println!("5 GB behind one row: {seconds:.1} s, {peak_kb} kB");
    let stored: u64 = fs::read_dir(installation.data().join("raw"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(stored < 50_000_000, "{stored} bytes kept");
    assert_eq!(sums(&installation)[2], 1);
    assert_goes_on(&installation);
}

#[test]
fn a_file_that_grows_or_shrinks_while_it_is_read_is_taken_as_it_was_read() {
    let installation = Installation::new();
    let addresses: Vec<String> = (0..60_000).map(|n| format!("10.2.{}.{}", n / 250, n % 250)).collect();
    let report = rdp("2026-11-20", &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    let grows = installation.file("2026-11-20-scan_rdp-grows.csv", &report);
    let child = installation
        .command(&["ingest", &grows])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut file = OpenOptions::new().append(true).open(&grows).unwrap();
    for n in 0..2_000 {
        file.write_all(rdp_row("2026-11-20 05:00:00", &format!("10.9.{}.{}", n / 250, n % 250)).as_bytes())
            .unwrap();
        if n % 50 == 0 {
            thread::sleep(Duration::from_millis(5));
        }
    }
    let ended = Run::of(child.wait_with_output().unwrap());
    assert!(matches!(ended.code, Some(0 | 3)), "{ended:#?}");
    assert!(sums(&installation)[0] >= 60_000);
    installation.assert_sound();
    // What was added comes with the next try, if anything was.
    run(&mut installation.command(&["ingest", &grows])).ended(0);
    assert!(
        installation.json(&["findings"])["count"] == 62_000,
        "{}",
        installation.json(&["findings"])["count"]
    );
    installation.assert_sound();

    let shrinks =
        installation.file("2026-11-19-scan_rdp-shrinks.csv", report.replace("2026-11-20", "2026-11-19"));
    let child = installation
        .command(&["ingest", &shrinks])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(60));
    OpenOptions::new().write(true).open(&shrinks).unwrap().set_len(1_000).unwrap();
    let ended = Run::of(child.wait_with_output().unwrap());
    assert!(matches!(ended.code, Some(0 | 1 | 3)), "{ended:#?}");
    assert_goes_on(&installation);
}

#[test]
fn the_same_file_renamed_or_packed_is_known_or_all_repeats() {
    let installation = Installation::new();
    let report = rdp("2026-11-20", &["198.51.100.200", "198.51.100.201"]);
    let file = installation.file(&rdp_name("2026-11-20"), &report);
    installation.ingest(&file);
    let renamed = installation.file("2026-11-20-scan_rdp-again.csv", &report);
    assert_eq!(installation.ingest(&renamed)["report_known"], true);
    // Packed these are other bytes: another report, with nothing new in it.
    let packed = installation.file("2026-11-20-scan_rdp-again.csv.gz", gzipped(report.as_bytes()));
    let ingested = installation.ingest(&packed);
    assert_eq!((count(&ingested["rows"]), count(&ingested["findings_new"])), (2, 0));
    assert_eq!(installation.fate("known"), 2);
    assert_goes_on(&installation);
}

#[test]
fn a_wrong_type_in_the_name_is_said_or_read_as_far_as_it_goes() {
    let installation = Installation::new();
    let unknown =
        installation.file("2026-11-20-scan_nonsense-nl.csv", rdp("2026-11-20", &["198.51.100.200"]));
    installation.run(&["ingest", &unknown]).ended(1).says(&["scan_nonsense", "--type", "--mapping"]);
    let no_time = installation.file("2026-11-20-scan_rdp-nl.csv", "\"ip\",\"port\"\n\"198.51.100.200\",1\n");
    installation.run(&["ingest", &no_time]).ended(1).says(&["timestamp", "scan_rdp", "--type"]);
    let none = installation.file("rapport.csv", rdp("2026-11-20", &["198.51.100.200"]));
    installation.run(&["ingest", &none]).ended(1).says(&["rapport.csv", "--type", "--mapping"]);
    // Nothing of these stands in the books.
    assert_eq!(sums(&installation), [0, 0, 0]);
    // A known type that it is not: every row is kept.
    let other =
        installation.file("2026-11-20-event4_sinkhole-nl.csv", rdp("2026-11-20", &["198.51.100.200"]));
    installation.run(&["ingest", &other]);
    assert_eq!(sums(&installation)[0], 1);
    assert_goes_on(&installation);
}

#[test]
fn times_of_every_kind() {
    let installation = Installation::new();
    let cases = [
        ("1970-01-01 00:00:00", Ok("1970-01-01T00:00:00+00:00")),
        ("2100-06-01 12:00:00", Ok("2100-06-01T12:00:00+00:00")),
        ("2026-11-20 03:00:00", Ok("2026-11-20T03:00:00+00:00")),
        ("2026-11-20T03:00:00Z", Ok("2026-11-20T03:00:00+00:00")),
        ("2026-11-20T03:00:00+02:00", Ok("2026-11-20T01:00:00+00:00")),
        ("2026-11-20 03:00:00-05:30", Ok("2026-11-20T08:30:00+00:00")),
        ("1969-12-31 23:59:59", Err("time_out_of_range")),
        ("2107-01-01 00:00:00", Err("time_out_of_range")),
        ("2026-13-20 03:00:00", Err("bad_time")),
        ("", Err("bad_time")),
        ("never", Err("bad_time")),
    ];
    let report: String = cases.iter().map(|(time, _)| rdp_row(time, "198.51.100.200")).collect();
    let file = installation.file(&rdp_name("2026-11-20"), RDP_HEADER.to_owned() + &report);
    let parsed = installation.run(&["parse", &file]).ended(3);
    let times: Vec<String> =
        parsed.json_lines().iter().map(|event| event["time.source"].as_str().unwrap().to_owned()).collect();
    let codes: Vec<String> = crate::program::json_lines(&parsed.stderr)
        .iter()
        .map(|reject| reject["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(times, cases.iter().filter_map(|(_, time)| time.ok()).collect::<Vec<_>>());
    assert_eq!(codes, cases.iter().filter_map(|(_, time)| time.err()).collect::<Vec<_>>());
    installation.run(&["ingest", &file]).ended(3);
    // 03:00 is there twice.
    let ledger = installation.ledger();
    assert_eq!(["rows", "rejected", "duplicates", "events"].map(|key| count(&ledger[key])), [11, 5, 1, 5]);
    installation.json(&["tell"]);
    assert_goes_on(&installation);
}

#[test]
fn addresses_of_every_kind() {
    let installation = Installation::new();
    let cases: &[(&str, Option<&str>)] = &[
        ("1.2.3", None),
        ("::ffff:198.51.100.200", Some("GM2")),
        ("fe80::1%eth0", None),
        ("0.0.0.0", None),
        ("198.51.100.201/24", None),
        ("198.51.100.0202", None),
        (" 198.51.100.203 ", Some("GM2")),
        ("2001:DB8:0003::0001", Some("GM3")),
        ("no address", None),
        ("", None),
    ];
    let report: String = cases.iter().map(|(ip, _)| rdp_row("2026-11-20 03:00:00", ip)).collect();
    let file = installation.file(&rdp_name("2026-11-20"), RDP_HEADER.to_owned() + &report);
    let events = installation.run(&["parse", &file]).ended(0).json_lines();
    assert_eq!(events.len(), cases.len(), "no row is lost for its address");
    assert!(
        events[0]["extra.ip"].as_str() == Some("1.2.3") && events[0].get("source.ip").is_none(),
        "{}",
        events[0]
    );
    installation.run(&["ingest", &file]).ended(0);
    assert_owners(&installation, 1, cases);
    assert_goes_on(&installation);
}

#[test]
fn names_of_every_kind() {
    let installation = Installation::new();
    let long = format!("{}.berkendal.nl", "a".repeat(300));
    let cases: &[(&str, Option<&str>)] = &[
        ("www.berkendal.nl", Some("GM3")),
        ("berkendal.nl.", Some("GM3")),
        ("WWW.BerkenDal.NL", Some("GM3")),
        ("_dmarc.a_b.berkendal.nl", Some("GM3")),
        ("☕.berkendal.nl", Some("GM3")),
        ("badberkendal.nl", None),
        ("berkendal.nl.example", None),
        (&long, None),
        ("berkendal..nl", None),
        (".", None),
        ("-", None),
    ];
    let report: String = cases
        .iter()
        .enumerate()
        .map(|(at, (name, _))| rdp_row_named("2026-11-20 03:00:00", &format!("192.0.2.{at}"), name))
        .collect();
    let file = installation.file(&rdp_name("2026-11-20"), RDP_HEADER.to_owned() + &report);
    installation.run(&["ingest", &file]).ended(0);
    assert_owners(&installation, 1, cases);
    installation.json(&["tell"]);
    assert_goes_on(&installation);
}

/// The rows of a report belong to these owners, or to nobody.
#[track_caller]
fn assert_owners(installation: &Installation, report: u32, cases: &[(&str, Option<&str>)]) {
    for (row, (value, owner)) in (1..).zip(cases) {
        let traced = installation.json(&["trace", &format!("{report}:{row}")]);
        let won: Vec<&str> = traced["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|candidate| candidate["won"] == true)
            .map(|candidate| candidate["organisation"].as_str().unwrap())
            .collect();
        assert_eq!(won, owner.iter().copied().collect::<Vec<_>>(), "row {row}, `{value}`: {traced}");
    }
}

#[test]
fn latin_1_a_byte_order_mark_and_windows_line_ends_are_read() {
    let installation = Installation::new();
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    let text = rdp("2026-11-20", &["198.51.100.200"]).replace('\n', "\r\n").replace("\"rdp\"", "\"caf?\"");
    bytes.extend(text.bytes().map(|byte| if byte == b'?' { 0xe9 } else { byte }));
    let file = installation.file(&rdp_name("2026-11-20"), bytes);
    let events = installation.run(&["parse", &file]).ended(0).json_lines();
    assert_eq!(
        (&events[0]["source.ip"], &events[0]["time.source"]),
        (&json!("198.51.100.200"), &json!("2026-11-20T03:00:00+00:00"))
    );
    installation.ingest(&file);
    assert_goes_on(&installation);
}

/// A file system of its own, gone when dropped.
struct Mount {
    folder: tempfile::TempDir,
}

impl Mount {
    /// Of this size; none when the test may not mount, which it then says.
    fn tmpfs(megabytes: u32) -> Option<Self> {
        if !is_root() {
            println!("skipped: only root can mount");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("schakel-mount-").tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { folder }),
            other => {
                println!("skipped: a tmpfs cannot be mounted here: {other:?}");
                None
            }
        }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn remount(&self, options: &str) {
        let status = Command::new("mount")
            .args(["-o", &format!("remount,{options}")])
            .arg(self.folder.path())
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

/// A report too large for a small disk: rows that pack badly.
fn large_report(rows: u32) -> String {
    let mut report = RDP_HEADER.to_owned();
    let mut random = 1_u64;
    for n in 0..rows {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let name = format!("h{random:016x}.berkendal.nl");
        report += &rdp_row_named(
            "2026-11-20 03:00:00",
            &format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255),
            &name,
        );
    }
    report
}

#[test]
fn a_full_disk_is_said_and_with_room_it_goes_on_where_it_was() {
    let Some(mount) = Mount::tmpfs(4) else { return };
    let installation = Installation::empty().with_data(&mount.data());
    installation.import(&crate::fixtures::Register::small());
    let file = installation.file(&rdp_name("2026-11-20"), large_report(120_000));
    let full = installation.run(&["ingest", &file]).ended(1);
    assert!(full.stderr.contains("full") || full.stderr.contains("No space left"), "{full:#?}");
    let said = full.stderr.lines().next_back().unwrap_or_default();
    assert_eq!(said.matches(&rdp_name("2026-11-20")).count(), 1, "said once is enough: {said}");
    // What was committed stands, and a process that only reads works.
    installation.assert_sound();
    let again = installation.run(&["ingest", &file]).ended(1);
    assert!(again.stderr.contains("full") || again.stderr.contains("No space left"), "{again:#?}");
    mount.remount("size=200m");
    installation.run(&["ingest", &file]).ended(0);
    assert_eq!(sums(&installation), [120_000, 0, 120_000]);
    assert_eq!(installation.json(&["reports"])["reports"].as_array().unwrap().len(), 1);
    assert_goes_on(&installation);
}

#[test]
fn a_read_only_disk_is_said() {
    let Some(mount) = Mount::tmpfs(50) else { return };
    let installation = Installation::empty().with_data(&mount.data());
    installation.import(&crate::fixtures::Register::small());
    let file = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    installation.ingest(&file);
    mount.remount("ro");
    let other = installation.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.200"]));
    for command in [&["ingest", &other][..], &["tell"], &["serve"], &["register", "import", "x"]] {
        installation.run(command).ended(1).says(&["ead-only", mount.data().to_str().unwrap()]);
    }
    // Looking back needs no writing.
    assert_eq!(count(&installation.ledger()["rows"]), 1);
    assert_eq!(installation.json(&["verify"])["ok"], true);
    mount.remount("rw");
    assert_goes_on(&installation);
}

#[test]
fn of_two_processes_one_is_refused_and_names_the_other() {
    let installation = Installation::new();
    let large = installation.file(&rdp_name("2026-11-20"), large_report(100_000));
    let mut first = installation
        .command(&["ingest", &large])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let other = installation.file(&rdp_name("2026-11-19"), rdp("2026-11-19", &["198.51.100.200"]));
    let process = first.id().to_string();
    let holds = || fs::read_to_string(installation.data().join("lock")).is_ok_and(|holder| holder == process);
    while !holds() {
        assert!(first.try_wait().unwrap().is_none(), "it never held the lock");
        thread::sleep(Duration::from_millis(2));
    }
    installation.run(&["ingest", &other]).ended(1).says(&[installation.data().to_str().unwrap(), &process]);
    assert!(first.wait().unwrap().success());
    installation.run(&["ingest", &other]).ended(0);
    assert_eq!(sums(&installation)[0], 100_001);
    assert_goes_on(&installation);
}

#[test]
fn a_clock_set_back_loses_and_doubles_nothing() {
    let mut installation = Installation::new();
    installation.at("2026-11-21T09:00:00Z");
    let first = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    installation.ingest(&first);
    installation.json(&["tell"]);
    installation.at("2026-10-01T09:00:00Z");
    let second =
        installation.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.200", "198.51.100.201"]));
    assert_eq!(count(&installation.ingest(&second)["findings_new"]), 1);
    assert_eq!(installation.ingest(&first)["report_known"], true);
    let told = installation.json(&["tell"]);
    assert_eq!((told["notifications"].as_array().unwrap().len(), count(&told["sent"]["accepted"])), (1, 1));
    assert_eq!(installation.mails().len(), 2);
    assert_eq!(count(&installation.json(&["ledger", "--day", "2026-10-01"])["rows"]), 2);
    assert_goes_on(&installation);
}

#[test]
fn a_clock_set_back_makes_no_mail_wait_for_months() {
    use schakel_testkit::fake_smtp::{Act, FakeSmtp, Script, Stage};
    let server =
        FakeSmtp::start(Script::default().first(1, Stage::Recipient, Act::Reply("451 4.7.1 later".into())));
    let mut installation = Installation::new();
    installation.configure(&crate::telling::smtp_config(server.port()));
    let file = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    installation.ingest(&file);
    installation.json(&["tell"]);
    installation.at("2026-01-01T09:00:00Z");
    assert_eq!(count(&installation.json(&["outbox", "--send"])["accepted"]), 1);
    installation.assert_sound();
}

#[test]
fn a_folder_or_a_device_is_no_report() {
    let installation = Installation::new();
    let folder = installation.path("scan_rdp.csv");
    fs::create_dir(&folder).unwrap();
    installation
        .run(&["ingest", folder.to_str().unwrap(), "/dev/null"])
        .ended(1)
        .says(&["scan_rdp.csv", "/dev/null"]);
    assert_eq!(sums(&installation), [0, 0, 0]);
    assert_goes_on(&installation);
}

#[test]
fn every_bad_file_in_one_run_is_no_reason_to_stop() {
    let installation = Installation::new();
    let files = [
        installation.file("holiday.csv", "a\n1\n"),
        installation.file("2026-11-20-scan_rdp-broken.csv.gz", b"\x1f\x8bnothing"),
        installation.file("2026-11-20-scan_rdp-broken.zip", b"PK\x03\x04nothing"),
        installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"])),
        installation.file("2026-11-20-scan_ssl-nl.csv", "\"timestamp\"\n\"x\"\n"),
    ];
    let args: Vec<&str> = ["ingest"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let ended = run(installation.command(&args).arg("--json")).ended(1);
    let json: Value = ended.json();
    assert_eq!((count(&json["rows"]), count(&json["events"]), count(&json["rejected"])), (2, 1, 1), "{json}");
    assert_eq!(json["failures"].as_array().unwrap().len(), 3, "{json}");
    assert_goes_on(&installation);
}
