//! What stands in a column: chosen once a file by the column's name, written once a row.

use std::{io::Write, net::IpAddr};

use jiff::SignedDuration;

use crate::{
    addresses::{SENSORS, SENSORS_ASN},
    random::{below, mix, mix_all, mix_text, pick},
    report_types::ReportType,
    row::Row,
    world::Subject,
};

/// What a column is filled with. What is not named here stays empty, as most columns of real reports do.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    Empty,
    Timestamp,
    Severity,
    Address,
    Port,
    Protocol,
    Hostname,
    Tag,
    Asn,
    Country,
    Region,
    City,
    Naics,
    HostnameSource,
    Sector,
    /// The sinkhole, honeypot or victim at the other end.
    FarAddress,
    FarPort,
    FarAsn,
    Url,
    Account,
    /// Code, reason, content type or demand of an HTTP answer, which go together.
    Http(HttpPart),
    /// Vendor, kind or model of a device, which go together.
    Device(DevicePart),
    /// The name on a certificate.
    CommonName,
    /// A session cookie: another one at every visit, absent for half.
    Cookie,
    /// The server's clock.
    HttpDate,
    /// A time in the past (positive) or the future (negative), in days at most.
    Days(i32),
    /// One of these, always the same for a finding.
    Text(&'static [&'static str]),
    /// A number up to this, always the same for a finding.
    Number(u32),
    /// So many random bytes in hexadecimal, always the same for a finding.
    Hex(u8),
    /// A number with a fraction.
    Ratio,
}

#[derive(Clone, Copy, Debug)]
pub enum HttpPart {
    Code,
    Reason,
    ContentType,
    Authenticate,
}

#[derive(Clone, Copy, Debug)]
pub enum DevicePart {
    Vendor,
    Kind,
    Model,
}

/// Code, reason, content type, what it asks for.
const HTTP_ANSWERS: &[[&str; 4]] = &[
    ["200", "OK", "text/html; charset=utf-8", ""],
    ["200", "OK", "text/html", ""],
    ["401", "Unauthorized", "text/html", "Basic realm=\"\"beheer\"\""],
    ["302", "Found", "text/html; charset=UTF-8", ""],
    ["301", "Moved Permanently", "", ""],
    ["403", "Forbidden", "text/html; charset=iso-8859-1", ""],
    ["404", "Not Found", "text/plain", ""],
];

const DEVICES: &[[&str; 3]] = &[
    ["Fortinet", "firewall", "FortiGate"],
    ["Ivanti", "vpn", "Connect Secure"],
    ["Cisco", "router", "ISR 4331"],
    ["MikroTik", "router", "RouterOS"],
    ["HP", "printer", "LaserJet"],
    ["Synology", "nas", "DiskStation"],
    ["Axis", "ip-camera", "P3245"],
    ["", "", ""],
];

const SERVERS: &[&str] = &[
    "nginx",
    "Apache",
    "Microsoft-IIS/10.0",
    "nginx/1.22.1",
    "Apache/2.4.57 (Debian)",
    "Microsoft-IIS/8.5",
    "cloudflare",
    "lighttpd/1.4.59",
    "Apache-Coyote/1.1",
    "Boa/0.94.14rc21",
    "",
];

/// People with an account at one organisation.
const PEOPLE: u64 = 4_000;

/// Choices of one field of a finding must not depend on each other.
const HTTP_SALT: u64 = 0x4854_5450;
const DEVICE_SALT: u64 = 0x4445_5649;
const TAG_SALT: u64 = 0x5441_4753;

impl Field {
    /// What fills this column of this kind of report.
    pub fn of(report: &ReportType, column: &str) -> Self {
        let own = report.texts.iter().find(|(name, _)| *name == column);
        own.map_or_else(|| common(column), |(_, texts)| Self::Text(texts))
    }
}

/// Columns that mean the same in every kind of report.
fn common(column: &str) -> Field {
    use Field::*;
    match column {
        "timestamp" => Timestamp,
        "severity" => Severity,
        "ip" | "src_ip" => Address,
        "port" | "src_port" => Port,
        "protocol" => Protocol,
        "hostname" | "src_hostname" | "http_host" => Hostname,
        "hostname_source" => HostnameSource,
        "tag" => Tag,
        "asn" | "src_asn" => Asn,
        "geo" | "src_geo" | "dst_geo" => Country,
        "region" | "src_region" => Region,
        "city" | "src_city" => City,
        "naics" | "src_naics" => Naics,
        "sector" | "src_sector" => Sector,
        "dst_ip" => FarAddress,
        "dst_port" => FarPort,
        "dst_asn" => FarAsn,
        "url" => Url,
        "username" | "email" => Account,
        "http_code" => Http(HttpPart::Code),
        "http_reason" => Http(HttpPart::Reason),
        "content_type" => Http(HttpPart::ContentType),
        "www_authenticate" => Http(HttpPart::Authenticate),
        "http" => Text(&["HTTP/1.1", "HTTP/1.0"]),
        "connection" | "http_connection" => Text(&["close", "keep-alive", ""]),
        "set_cookie" => Cookie,
        "server" | "server_type" => Text(SERVERS),
        "content_length" => Number(60_000),
        "transfer_encoding" => Text(&["", "chunked"]),
        "http_date" => HttpDate,
        "device_vendor" => Device(DevicePart::Vendor),
        "device_type" => Device(DevicePart::Kind),
        "device_model" => Device(DevicePart::Model),
        "subject_common_name" => CommonName,
        "issuer_common_name" => {
            Text(&["R3", "R10", "QuoVadis PKIoverheid Server CA 2022", "Sectigo RSA Organization Validation"])
        }
        "subject_country" | "issuer_country" => Country,
        "issuer_organization_name" => Text(&["Let's Encrypt", "QuoVadis Trustlink B.V.", "Sectigo Limited"]),
        "cert_issue_date" => Days(400),
        "cert_expiration_date" => Days(-400),
        "detected_since" | "first_seen_time" => Days(60),
        "build_date" => Days(1_000),
        "sha1_fingerprint" => Hex(20),
        "sha256_fingerprint" | "server_host_key_sha256" | "sha256" => Hex(32),
        "md5_fingerprint" | "hassh" => Hex(16),
        "cert_serial_number" => Hex(12),
        "jarm" => Hex(31),
        "cert_length" => Text(&["2048", "4096", "256"]),
        "handshake" | "ssl_version" => Text(&["TLSv1.2", "TLSv1.0"]),
        "cipher_suite" => Text(&["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"]),
        "signature_algorithm" => Text(&["sha256WithRSAEncryption"]),
        "key_algorithm" => Text(&["rsaEncryption", "id-ecPublicKey"]),
        "self_signed" | "cert_expired" | "freak_vulnerable" | "ssl_poodle" => Text(&["N", "N", "N", "Y"]),
        "cert_valid" | "browser_trusted" | "tlsv13_support" => Text(&["Y", "Y", "N"]),
        "response_size" => Number(2_000),
        "amplification" => Ratio,
        "uptime" => Number(9_000_000),
        "mac" | "mac_address" => Hex(6),
        "initiator_spi" | "responder_spi" | "event_id" => Hex(8),
        _ => Empty,
    }
}

impl Row<'_> {
    /// Writes one field. `salt` tells columns of the same kind apart.
    pub fn write_field(&mut self, field: Field, salt: u64) {
        let hash = mix_all([self.finding, salt]);
        let subject = self.subject;
        match field {
            Field::Empty => {}
            Field::Timestamp => self.time(self.date, ""),
            Field::HttpDate => self.time(self.http_date, " GMT"),
            Field::Days(most) => self.days(hash, most),
            Field::Severity => self.text(self.tag().1),
            Field::Tag => self.text(self.tag().0),
            Field::Address => self.address(subject.address),
            Field::Port => self.number(u64::from(self.port)),
            Field::Protocol => self.text(self.report.protocol),
            Field::Hostname => self.text(&subject.hostname),
            Field::HostnameSource => self.text(if subject.hostname.is_empty() { "" } else { "ptr" }),
            Field::CommonName => self.text(name(subject)),
            Field::Asn => self.number(u64::from(subject.locality.asn)),
            Field::Country => self.text("NL"),
            Field::Region => self.text(&subject.locality.region),
            Field::City => self.text(&subject.locality.city),
            Field::Naics => self.number(u64::from(subject.locality.naics)),
            Field::Sector => self.text(subject.locality.sector),
            Field::FarAddress => {
                self.address(SENSORS.at(below(hash, u64::from(SENSORS.size())) as u32).into())
            }
            Field::FarPort => self.number(*pick(hash, &[80, 443, 22, 23])),
            Field::FarAsn => self.number(SENSORS_ASN),
            Field::Url => self.url(hash),
            Field::Account => self.account(),
            Field::Http(part) => self.http(part),
            Field::Device(part) => {
                self.text(pick(mix_all([self.finding, DEVICE_SALT]), DEVICES)[part as usize])
            }
            Field::Cookie => self.cookie(hash, salt),
            Field::Text(texts) => self.text(pick::<&str>(hash, texts)),
            Field::Number(most) => self.number(below(hash, u64::from(most) + 1)),
            Field::Hex(bytes) => self.quoted(|out| hex(out, hash, bytes)),
            Field::Ratio => self.format(format_args!("{}.{:04}", below(hash, 40), hash % 10_000)),
        }
    }

    /// This moment, behind a day that is written already.
    fn time(&mut self, day: &str, zone: &str) {
        let second = self.second;
        self.quoted(|out| {
            out.extend_from_slice(day.as_bytes());
            out.push(b' ');
            clock(out, second);
            out.extend_from_slice(zone.as_bytes());
        });
    }

    fn days(&mut self, hash: u64, most: i32) {
        let seconds = below(hash, u64::from(most.unsigned_abs()) * 86_400) as i64;
        let ago = SignedDuration::from_secs(seconds * i64::from(most.signum()));
        if let Ok(time) = Row::EPOCH.saturating_sub(ago) {
            self.format(format_args!("\"{}\"", time.strftime("%Y-%m-%d %H:%M:%S")));
        }
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.quoted(|out| {
                for (at, octet) in address.octets().into_iter().enumerate() {
                    if at > 0 {
                        out.push(b'.');
                    }
                    decimal(out, u64::from(octet));
                }
            }),
            IpAddr::V6(address) => self.format(format_args!("\"{address}\"")),
        }
    }

    fn url(&mut self, hash: u64) {
        let path = pick(hash, &["/", "/wp-content/uploads/a.php", "/owa/", "/index.php?id=1"]);
        self.format(format_args!("\"https://{}{path}\"", name(self.subject)));
    }

    /// The same person in every column of the row.
    fn account(&mut self) {
        let person = below(mix(self.finding), PEOPLE);
        let domain = &self.subject.locality.domain;
        self.format(format_args!("\"medewerker{person:04}@{domain}\""));
    }

    fn http(&mut self, part: HttpPart) {
        let text = pick(mix_all([self.finding, HTTP_SALT]), HTTP_ANSWERS)[part as usize];
        match part {
            HttpPart::Code => self.out.extend_from_slice(text.as_bytes()),
            _ => self.text(text),
        }
    }

    fn cookie(&mut self, hash: u64, salt: u64) {
        if hash.is_multiple_of(2) {
            let session = mix_all([self.visit, salt]);
            self.quoted(|out| {
                out.extend_from_slice(b"JSESSIONID=");
                hex(out, session, 16);
                out.extend_from_slice(b"; Path=/; Secure; HttpOnly");
            });
        }
    }

    /// Tag and severity of this finding.
    fn tag(&self) -> (&'static str, &'static str) {
        *pick(mix_all([self.finding, TAG_SALT]), self.report.tags)
    }

    /// Quoted text; nothing at all when it is empty.
    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.quoted(|out| out.extend_from_slice(text.as_bytes()));
        }
    }

    fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }

    fn number(&mut self, number: u64) {
        decimal(self.out, number);
    }

    /// For what is rare: `write!` takes its time.
    fn format(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.out.write_fmt(text); // Writing to memory cannot fail.
    }
}

/// The host name, else the domain.
fn name<'a>(subject: &'a Subject<'_>) -> &'a str {
    if subject.hostname.is_empty() { &subject.locality.domain } else { &subject.hostname }
}

/// A column's own salt.
pub fn salt(column: &str) -> u64 {
    mix_text(column)
}

/// `HH:MM:SS`.
fn clock(out: &mut Vec<u8>, second: u32) {
    for (at, part) in [second / 3600, second / 60 % 60, second % 60].into_iter().enumerate() {
        if at > 0 {
            out.push(b':');
        }
        out.extend_from_slice(&[b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
    }
}

/// A number in decimal, without the detour of `write!`, which is most of the time of a row.
fn decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// So many bytes in hexadecimal, all from this number.
fn hex(out: &mut Vec<u8>, from: u64, bytes: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut state = from;
    for at in 0..bytes {
        if at % 8 == 0 {
            state = mix(state);
        }
        let byte = (state >> (at % 8 * 8)) as u8;
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        let mut out = Vec::new();
        for number in [0, 7, 10, 65_535, u64::MAX] {
            decimal(&mut out, number);
            out.push(b' ');
        }
        clock(&mut out, 86_399);
        assert_eq!(String::from_utf8(out).unwrap(), "0 7 10 65535 18446744073709551615 23:59:59");
    }

    #[test]
    fn hexadecimal_has_two_digits_a_byte() {
        let mut out = Vec::new();
        hex(&mut out, 1, 20);
        assert_eq!(out.len(), 40);
        assert!(out.iter().all(u8::is_ascii_hexdigit));
    }
}
