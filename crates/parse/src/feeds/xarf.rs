//! X-ARF 4 and 3 (<https://xarf.org>): abuse reports in JSON, one object or many.
//!
//! Nothing is demanded of a report but that it is one: an unknown category, type or field is kept. What is attached as
//! evidence is named (kind, size, hash) and stays in the document.

use schakel_model::{classification::ClassificationType as Kind, event::Value, reject::Reject};

use super::{
    Format, Given, How, Markings, Sink, contains,
    draft::{Draft, End},
    not_a_record,
};
use crate::json::Json;

/// Evidence stands in the report as base64: 15 MB of it by the specification, and a third more for the encoding.
const REPORT_BYTES_MAX: usize = 32 << 20;

/// Pieces of evidence of which the event says what they are.
const EVIDENCE_MAX: usize = 100;

pub(super) const FORMAT: Format = Format {
    name: "xarf",
    recognise: |_, head| {
        contains(head, "\"xarf_version\"")
            || (contains(head, "\"ReporterInfo\"") && contains(head, "\"Report\""))
    },
    how: How::Elements { bytes_max: REPORT_BYTES_MAX, read },
    markings: Markings::None,
};

fn read(report: &Json<'_>, given: &Given, sink: &mut dyn Sink) -> Result<(), Reject> {
    let draft = if report.get("xarf_version").is_some() {
        version_4(report, given)
    } else if let (Some(reporter), Some(inner @ Json::Object(_))) =
        (report.get("ReporterInfo"), report.get("Report"))
    {
        version_3(report, reporter, inner, given)
    } else {
        return Err(not_a_record(
            "it is no X-ARF report: it has no `xarf_version` (as version 4 has), and no `ReporterInfo` with `Report` (as version 3 has)",
        ));
    };
    sink.event(draft.event());
    Ok(())
}

/// Fields of version 4 that have a place of their own in the event. `_internal` is never passed on, by the specification.
const TAKEN_4: &[&str] = &[
    "_internal",
    "timestamp",
    "evidence",
    "description",
    "source_identifier",
    "source_port",
    "destination_ip",
    "destination_port",
    "malware_family",
];

/// Fields of version 4 that hold the URL of what is reported.
const URLS: [&str; 2] = ["url", "infringing_url"];

/// Fields of version 4 that hold the port of the reported machine, the surest first.
const PORTS: [&str; 3] = ["source_port", "service_port", "port"];

fn version_4(report: &Json<'_>, given: &Given) -> Draft {
    let mut draft = Draft::new(FORMAT.name);
    // Version 4.0 called it `class`.
    let (category, kind) = (report.text("category").or(report.text("class")), report.text("type"));
    draft.rest(report, TAKEN_4);
    when(&mut draft, report.text("timestamp"), given);
    draft
        .kind(rsit(category, kind))
        .maybe("classification.identifier", kind)
        .maybe("event_description.text", report.text("description"))
        .maybe("malware.name", report.text("malware_family"));
    let reporter = |name| report.at(&["reporter", name]).and_then(Json::as_text);
    draft.maybe("feed.provider", reporter("domain").or(reporter("org")));
    if let Some(url) = URLS.iter().find_map(|name| report.text(name)) {
        draft.url(End::Source, url);
    }
    draft.machine(End::Source, report.text("source_identifier").unwrap_or_default());
    if let Some(port) = PORTS.iter().find_map(|name| report.get(name)) {
        draft.json("source.port", port);
    }
    draft.machine(End::Destination, report.text("destination_ip").unwrap_or_default());
    if let Some(port) = report.get("destination_port") {
        draft.json("destination.port", port);
    }
    if let Some(url) = report.text("target_url") {
        draft.url(End::Destination, url);
    }
    let application = ["service", "p2p_protocol"].iter().find_map(|name| report.text(name));
    draft.protocol(report.text("protocol")).maybe("protocol.application", application);
    if let Some(word) = report.text("severity").or(report.text("risk_level")) {
        draft.severity(word);
    }
    draft.maybe("product.vulnerabilities", report.text("cve_id"));
    if rsit(category, kind) == Kind::MalwareDistribution
        && let Some((algorithm @ ("md5" | "sha1" | "sha256"), hash)) =
            report.text("file_hash").and_then(|hash| hash.split_once(':'))
    {
        draft.text(format!("malware.hash.{algorithm}"), hash);
    }
    evidence(&mut draft, report.get("evidence"));
    draft
}

/// Version 3 was written in two shapes: `Source: {IP, Port, URL}` with `AdditionalInfo` and `Attachment`, and flat:
/// `SourceIp`, `Url`, `Samples`.
fn version_3(report: &Json<'_>, reporter: &Json<'_>, inner: &Json<'_>, given: &Given) -> Draft {
    const TAKEN: &[&str] = &[
        "Date",
        "Source",
        "SourceIp",
        "SourcePort",
        "DestinationIp",
        "DestinationPort",
        "AttackDescription",
        "AdditionalInfo",
        "Attachment",
        "Samples",
    ];
    let mut draft = Draft::new(FORMAT.name);
    let (class, kind) = (inner.text("ReportClass"), inner.text("ReportType"));
    draft.rest(report, &["Report"]).rest(inner, TAKEN);
    when(&mut draft, inner.text("Date"), given);
    draft
        .kind(rsit(class, kind))
        .maybe("classification.identifier", kind)
        .maybe("event_description.text", inner.text("AttackDescription"))
        .maybe("feed.provider", reporter.text("ReporterOrgDomain").or(reporter.text("ReporterOrg")));
    let nothing = Json::Null;
    let source = inner.get("Source").unwrap_or(&nothing);
    let more = inner.get("AdditionalInfo").unwrap_or(&nothing);
    draft.rest(source, &["IP", "Ip", "Value", "Port", "Type"]).rest(more, &[]);
    // `Source` is an object, or the address alone.
    let machines = [source.as_text(), source.text("Value"), source.text("Domain")];
    let addresses = [source.text("IP"), source.text("Ip"), inner.text("SourceIp")];
    let urls = [source.text("URL"), source.text("Url"), inner.text("Url")];
    if let Some(url) = urls.into_iter().flatten().next() {
        draft.url(End::Source, url);
    }
    for machine in machines.into_iter().chain(addresses).flatten() {
        draft.machine(End::Source, machine);
    }
    if let Some(port) = source.get("Port").or(inner.get("SourcePort")) {
        draft.json("source.port", port);
    }
    let target = inner.text("DestinationIp").or(more.text("DestinationIP"));
    draft.machine(End::Destination, target.unwrap_or_default());
    if let Some(port) = inner.get("DestinationPort").or(more.get("DestinationPort")) {
        draft.json("destination.port", port);
    }
    draft.protocol(inner.text("Protocol").or(more.text("Protocol")));
    draft.maybe("malware.name", more.text("MalwareFamily"));
    evidence(&mut draft, inner.get("Attachment").or(inner.get("Samples")));
    draft
}

/// A report that bears no time has that of its receipt; one that cannot be read makes a reject further on.
fn when(draft: &mut Draft, time: Option<&str>, given: &Given) {
    match time {
        Some(time) => draft.seen(time),
        None => draft.received(given),
    };
}

/// What is attached: its kind, size and hash.
fn evidence(draft: &mut Draft, evidence: Option<&Json<'_>>) {
    let pieces: Vec<Value> = evidence
        .map_or(&[][..], Json::items)
        .iter()
        .take(EVIDENCE_MAX)
        .map(|piece| {
            let payload = ["payload", "Payload", "Data"].iter().find_map(|name| piece.text(name));
            let size = payload.map_or(0, |payload| decoded_length(payload) as i64);
            let mut fields = vec![("size".to_owned(), Value::Int(size))];
            for (name, text) in [
                ("content_type", piece.text("content_type").or(piece.text("ContentType"))),
                ("hash", piece.text("hash")),
            ] {
                fields.extend(text.map(|text| (name.to_owned(), Value::Text(text.to_owned()))));
            }
            Value::Object(fields)
        })
        .collect();
    if !pieces.is_empty() {
        draft.value("extra.evidence", Value::List(pieces));
    }
}

/// Bytes that this base64 stands for.
fn decoded_length(base64: &str) -> usize {
    base64.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count() * 3 / 4
}

/// What a type is by RSIT. The types of all categories have names of their own; only where a type is not known, the
/// category may tell.
fn rsit(category: Option<&str>, kind: Option<&str>) -> Kind {
    let plain = |word: &str| word.to_ascii_lowercase().replace('-', "_");
    match plain(kind.unwrap_or_default()).as_str() {
        "spam" | "bulk_messaging" => Kind::Spam,
        "ddos" => Kind::Ddos,
        "infected_host" | "botnet" | "bot" => Kind::InfectedSystem,
        "login_attack" => Kind::BruteForce,
        "port_scan" | "vulnerability_scan" | "reconnaissance" => Kind::Scanner,
        "scraping" => Kind::UnauthorizedUseOfResources,
        "sql_injection" => Kind::Exploit,
        "phishing" => Kind::Phishing,
        "malware" => Kind::MalwareDistribution,
        "csam" | "csem" => Kind::Violence,
        "exposed_data" => Kind::DataLeak,
        "fraud" | "brand_infringement" | "suspicious_registration" => Kind::Masquerade,
        "remote_compromise" | "compromised_server" => Kind::SystemCompromise,
        "cve" | "misconfiguration" => Kind::VulnerableSystem,
        "open_service" => Kind::PotentiallyUnwantedAccessible,
        "blocklist" | "threat_intelligence" => Kind::Blocklist,
        "copyright" | "p2p" | "cyberlocker" | "link_site" | "ugc_platform" | "usenet" => Kind::Copyright,
        _ if category.map(plain).as_deref() == Some("copyright") => Kind::Copyright,
        _ => Kind::Undetermined,
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::reject::RejectCode;

    use crate::feeds::{Feed, recognise, testing};

    /// A report of this category and type with these fields.
    fn report(category: &str, kind: &str, fields: &str) -> String {
        format!(
            r#"{{"xarf_version":"4.2.0","report_id":"r-1","timestamp":"2026-03-01T05:07:57Z",
            "reporter":{{"org":"Melder","contact":"a@melder.example","domain":"melder.example"}},
            "category":"{category}","type":"{kind}",{fields}}}"#
        )
    }

    fn one(document: &str) -> testing::Fields {
        testing::one_event(Feed::Xarf, document.as_bytes())
    }

    #[test]
    fn each_class_of_version_4_has_its_address_and_type() {
        for (category, kind, fields, expected) in [
            (
                "messaging",
                "spam",
                r#""source_identifier":"192.0.2.1","source_port":25,"protocol":"smtp""#,
                &["source.ip=192.0.2.1", "source.port=25", "protocol.application=smtp"][..],
            ),
            (
                "connection",
                "login_attack",
                r#""source_identifier":"2001:db8::1","source_port":50000,"destination_ip":"198.51.100.1","destination_port":22,"protocol":"TCP","service":"ssh""#,
                &[
                    "source.ip=2001:db8::1",
                    "source.port=50000",
                    "destination.ip=198.51.100.1",
                    "destination.port=22",
                    "protocol.transport=tcp",
                    "protocol.application=ssh",
                    "classification.type=brute-force",
                ],
            ),
            (
                "content",
                "malware",
                r#""source_identifier":"192.0.2.1","url":"http://x.example.nl/a.exe","file_hash":"sha256:00ff","malware_family":"Emotet""#,
                &[
                    "source.ip=192.0.2.1",
                    "source.url=http://x.example.nl/a.exe",
                    "source.fqdn=x.example.nl",
                    "malware.hash.sha256=00ff",
                    "malware.name=emotet",
                    "classification.type=malware-distribution",
                ],
            ),
            (
                "copyright",
                "something_new",
                r#""source_identifier":"https://files.example.nl/film""#,
                &[
                    "source.url=https://files.example.nl/film",
                    "source.fqdn=files.example.nl",
                    "classification.type=copyright",
                    "extra.type=something_new",
                ],
            ),
            (
                "vulnerability",
                "cve",
                r#""source_identifier":"192.0.2.1","service_port":8080,"cve_id":"CVE-2026-1","severity":"High""#,
                &[
                    "source.port=8080",
                    "severity=high",
                    "product.vulnerabilities=cve-2026-1",
                    "classification.type=vulnerable-system",
                ],
            ),
            (
                "infrastructure",
                "compromised_server",
                r#""source_identifier":"www.example.nl","c2_server":"c.example.org""#,
                &[
                    "source.fqdn=www.example.nl",
                    "extra.c2_server=c.example.org",
                    "classification.type=system-compromise",
                ],
            ),
            (
                "reputation",
                "blocklist",
                r#""source_identifier":"abuse@example.nl","risk_level":"weird""#,
                &[
                    "source.account=abuse@example.nl",
                    "source.fqdn=example.nl",
                    "extra.severity=weird",
                    "classification.type=blocklist",
                ],
            ),
            (
                "novelty",
                "unheard_of",
                r#""source_identifier":"+31 20 1234567""#,
                &[
                    "extra.source.name=+31 20 1234567",
                    "classification.type=undetermined",
                    "classification.taxonomy=other",
                    "extra.category=novelty",
                    "extra.type=unheard_of",
                ],
            ),
        ] {
            let event = one(&report(category, kind, fields));
            event.has(expected);
            event.has(&[
                "time.source=2026-03-01T05:07:57+00:00",
                "feed.name=xarf",
                "feed.provider=melder.example",
                "extra.report_id=r-1",
            ]);
        }
    }

    #[test]
    fn a_class_of_version_4_0_counts_as_category() {
        let event = one(
            r#"{"xarf_version":"4.0.0","timestamp":"2026-03-01T05:07:57Z","class":"copyright","type":"new",
            "source_identifier":"192.0.2.1"}"#,
        );
        event.has(&["source.ip=192.0.2.1", "classification.type=copyright", "extra.class=copyright"]);
    }

    #[test]
    fn evidence_is_named_and_not_taken_along() {
        let event = one(&report(
            "content",
            "phishing",
            r#""source_identifier":"192.0.2.1","_internal":{"ticket":"SECRET"},
            "evidence":[{"content_type":"text/plain","payload":"aGVsbG8=","hash":"sha256:2c","description":"d"}]"#,
        ));
        event.has(&[r#"extra.evidence=[{"content_type":"text/plain","hash":"sha256:2c","size":5}]"#]);
        assert!(!event.line().contains("aGVsbG8") && !event.line().contains("SECRET"), "{}", event.line());
    }

    #[test]
    fn both_shapes_of_version_3_are_read() {
        let nested = one(
            r#"{"Version":"3.0.0","ReporterInfo":{"ReporterOrg":"Melder","ReporterOrgDomain":"melder.example"},
            "Report":{"ReportClass":"Network","ReportType":"ddos","Date":"2026-03-01T06:07:57+01:00",
            "Source":{"IP":"192.0.2.1","Port":53,"Type":"ip"},"Attachment":[{"ContentType":"text/plain","Data":"aGVsbG8="}],
            "AdditionalInfo":{"Protocol":"udp","DestinationIP":"198.51.100.1","DestinationPort":80,"PacketCount":7}}}"#,
        );
        nested.has(&[
            "source.ip=192.0.2.1",
            "source.port=53",
            "destination.ip=198.51.100.1",
            "destination.port=80",
            "protocol.transport=udp",
            "time.source=2026-03-01T05:07:57+00:00",
            "classification.type=ddos",
            "feed.provider=melder.example",
            "extra.PacketCount=7",
            r#"extra.evidence=[{"content_type":"text/plain","size":5}]"#,
        ]);
        let page =
            one(r#"{"Version":"3","ReporterInfo":{"ReporterOrg":"Melder"},"Report":{"ReportType":"phishing",
            "Date":"2026-03-01T05:07:57Z","Source":{"URL":"https://bank.example.nl/","Type":"uri"}}}"#);
        page.has(&[
            "source.url=https://bank.example.nl/",
            "source.fqdn=bank.example.nl",
            "feed.provider=Melder",
        ]);
        let flat = one(r#"{"Version":"3","ReporterInfo":{"ReporterOrg":"Melder"},
            "Report":{"ReportClass":"Activity","ReportType":"Login-Attack","Date":"2026-03-01T05:07:57Z","SourceIp":"192.0.2.1",
            "SourcePort":50000,"DestinationIp":"198.51.100.1","DestinationPort":22,"Url":"https://x.example.nl/a",
            "Protocol":"tcp","AttackDescription":"Many tries","AttackCount":150}}"#);
        flat.has(&[
            "source.ip=192.0.2.1",
            "source.port=50000",
            "source.url=https://x.example.nl/a",
            "destination.ip=198.51.100.1",
            "destination.port=22",
            "classification.type=brute-force",
            "event_description.text=Many tries",
            "extra.AttackCount=150",
        ]);
    }

    #[test]
    fn a_list_is_many_reports_and_a_bad_one_costs_itself() {
        let good = report("messaging", "spam", r#""source_identifier":"192.0.2.1""#);
        let no_time = r#"{"xarf_version":"4.0.0","type":"spam","source_identifier":"192.0.2.2"}"#;
        let bad_time = r#"{"xarf_version":"4.0.0","type":"spam","timestamp":"yesterday"}"#;
        let document = format!("[{good},{no_time},{bad_time},7,{{\"a\":1}}]");
        assert_eq!(recognise("report.json", document.as_bytes()), Some(Feed::Xarf));
        let found = testing::read(Feed::Xarf, document.as_bytes());
        assert_eq!(found.len(), 5);
        found[0].as_ref().unwrap().has(&["source.ip=192.0.2.1"]);
        found[1].as_ref().unwrap().has(&["source.ip=192.0.2.2", testing::RECEIVED]);
        let codes: Vec<_> =
            found[2..].iter().map(|found| found.as_ref().map_err(|reject| reject.code).err()).collect();
        assert_eq!(
            codes,
            [Some(RejectCode::BadTime), Some(RejectCode::NotARecord), Some(RejectCode::NotARecord)]
        );
    }

    #[test]
    fn odd_values_do_not_hurt() {
        for document in [
            r#"{"xarf_version":null,"timestamp":{}}"#,
            r#"{"xarf_version":4,"timestamp":1e999,"source_port":1e999,"source_identifier":[],"evidence":{"payload":7}}"#,
            r#"{"xarf_version":"4","evidence":[null,1,"x"],"reporter":"x","type":["a"],"file_hash":{"md5":1}}"#,
            r#"{"ReporterInfo":7,"Report":{"Source":"192.0.2.1","Attachment":"x","AdditionalInfo":[1]}}"#,
            r#"{"ReporterInfo":{},"Report":7}"#,
        ] {
            assert_eq!(testing::read(Feed::Xarf, document.as_bytes()).len(), 1, "{document}");
        }
    }
}
