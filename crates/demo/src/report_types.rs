//! The kinds of report in a day of the demo: how much of each there is, and what stands in it.
//!
//! Names and columns are Shadowserver's (<https://www.shadowserver.org/what-we-do/network-reporting/>); the values are made up
//! in the style of what such services answer. A quote in a text is doubled, as it is written to the file.

use crate::world::{Family, Hosting};

/// One kind of report.
#[derive(Clone, Copy, Debug)]
pub struct ReportType {
    /// Its name in file names.
    pub name: &'static str,
    /// Its share of a day, in parts of the sum of all shares.
    pub share: u32,
    /// Which addresses it sees.
    pub family: Family,
    /// How much of it is seen on shared addresses.
    pub hosting: Hosting,
    /// The transport.
    pub protocol: &'static str,
    /// The ports, the most usual first.
    pub ports: &'static [u16],
    /// Tag and severity.
    pub tags: &'static [(&'static str, &'static str)],
    /// What stands in columns of its own.
    pub texts: &'static [(&'static str, &'static [&'static str])],
}

/// Every kind.
#[rustfmt::skip] // A table: one kind of report after the other, each text on its line.
pub const REPORT_TYPES: &[ReportType] = &[
    // Web servers
    tcp("scan_http", 900, &[80, 8080, 8000, 8888, 81], &[("http", "info"), ("http;basic-auth", "low")], &[]),
    SCAN_HTTP_VULNERABLE,
    tcp("scan_ssl", 700, &[443, 8443, 10443, 4443, 993],
        &[("ssl", "info"), ("ssl;vpn", "info"), ("ssl;self-signed", "low")], &[
    ]),
    tcp("scan_ssl_poodle", 90, &[443, 8443, 4433], &[("ssl-poodle", "medium")], &[("ssl_poodle", &["Y"])]),
    tcp("scan_exchange", 40, &[443], &[("exchange;cve-2024-21410", "high"), ("exchange;eol", "critical")], &[
        ("version", &["15.0.1497.48", "15.1.2507.37", "15.2.1258.28", "15.2.1544.11"]),
        ("servername", &["EXCH01", "EXCH02", "MAIL01"]),
    ]),
    tcp("scan_badsecrets", 25, &[443, 80], &[("badsecrets", "critical")], &[
        ("badsecret_location", &["http_body", "http_header"]),
        ("badsecret_module", &["ASPNET_Viewstate", "Rails_SecretKeyBase"]),
        ("badsecret_type", &["machine_key", "secret_key"]),
        ("request_path", &["/", "/login.aspx", "/portal/"]),
    ]),
    udp("scan_quic", 160, &[443], &[("quic", "info")], &[
        ("version_field_1", &["Q050", "1"]),
        ("version_field_2", &["Q046", "draft-29"]),
    ]),
    tcp("scan_cwmp", 110, &[7547, 5678], &[("cwmp", "medium")], &[
        ("www_authenticate", &["Digest realm=\"\"HuaweiHomeGateway\"\"", ""]),
    ]),
    tcp("scan_docker", 8, &[2375, 2376], &[("docker", "critical")], &[
        ("version", &["24.0.7", "20.10.21"]),
        ("go_version", &["go1.20.10", "go1.18.7"]),
        ("os", &["linux"]),
        ("kernel_version", &["5.15.0-91-generic", "6.1.0-17-amd64"]),
    ]),
    tcp("scan_kubernetes", 20, &[6443, 443, 10250], &[("kubernetes", "medium"), ("kubernetes;vulnerable", "high")], &[
        ("version", &["v1.27.9", "v1.29.2", "v1.25.16"]),
        ("platform", &["linux/amd64"]),
        ("compiler", &["gc"]),
    ]),
    // Remote access
    tcp("scan_rdp", 260, &[3389, 3390, 33389], &[("rdp", "medium"), ("rdp;cve-2019-0708", "critical")], &[
        ("rdp_protocol", &["RDP", "RDSTLS", "PROTOCOL_SSL"]),
    ]),
    udp("scan_rdpeudp", 50, &[3389], &[("rdpeudp", "medium")], &[]),
    tcp("scan_ssh", 560, &[22, 2222, 22222], &[("ssh", "info"), ("ssh;cve-2024-6387", "high"), ("ssh;weak-kex", "low")], &[
        ("serverid_raw", BANNERS_SSH),
        ("banner", &["", "Authorized users only"]),
        ("algorithm", &["ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-512"]),
        ("selected_kex", &["curve25519-sha256"]),
        ("selected_cipher", &["aes128-ctr", "chacha20-poly1305"]),
        ("userauth_methods", &["publickey", "publickey, password"]),
    ]),
    tcp("scan_telnet", 120, &[23, 2323], &[("telnet", "high"), ("telnet-alt", "medium")], &[
        ("banner", &["|MikroTik v6.49.10 (stable)|Login: ", "|User Access Verification|Username: ", "|login: ", "|Welcome to ViewStation|Password:"]),
    ]),
    tcp("scan_vnc", 45, &[5900, 5901], &[("vnc", "high")], &[
        ("product", &["RealVNC Enterprise", "Ultr@VNC", "Apple remote desktop vnc"]),
        ("banner", &["RFB 003.008", "RFB 003.889"]),
    ]),
    tcp("scan_radmin", 6, &[4899], &[("radmin", "medium")], &[("version", &["3.5.2", "3.4"])]),
    udp("scan_isakmp", 210, &[500, 4500], &[("ike", "medium"), ("ike;cve-2016-6415", "high")], &[]),
    tcp("scan_ip_tunnel", 9, &[0], &[("gre", "medium"), ("ipip", "medium")], &[
        ("response", &["icmp_echo_reply", "icmp_time_exceeded"]),
    ]),
    // Files and printers
    tcp("scan_smb", 130, &[445, 139], &[("smb", "high")], &[
        ("smb_version_string", &["SMB 3.1.1", "SMB 2.1", "SMB 1.0"]),
        ("arch", &["x86_64", "unknown"]),
    ]),
    tcp("scan_ftp", 330, &[21, 2121, 990], &[("ftp", "low"), ("ftp;no-tls", "medium")], &[
        ("banner", BANNERS_FTP),
        ("auth_tls_response", &["234 AUTH TLS successful", "500 AUTH not understood", ""]),
    ]),
    udp("scan_tftp", 35, &[69], &[("tftp", "medium")], &[
        ("error", &["File not found", "Access violation"]),
        ("errorcode", &["1", "2"]),
    ]),
    tcp("scan_rsync", 18, &[873], &[("rsync", "high")], &[
        ("module", &["backup", "data", "www"]),
        ("motd", &["", "Welkom"]),
        ("has_password", &["Y", "N"]),
    ]),
    tcp("scan_afp", 14, &[548], &[("afp", "medium")], &[
        ("machine_type", &["Netatalk", "TimeCapsule8,119"]),
        ("server_name", &["NAS-01", "ARCHIEF"]),
    ]),
    tcp("scan_ipp", 60, &[631], &[("ipp", "medium")], &[
        ("ipp_version", &["IPP/2.1", "IPP/2.0"]),
        ("printer_make_and_model", &["HP LaserJet M507", "KONICA MINOLTA bizhub C360i", "Canon iR-ADV C5535"]),
    ]),
    // Data
    tcp("scan_mysql", 150, &[3306], &[("mysql", "medium")], &[
        ("server_version", &["8.0.36", "5.7.44-log", "10.6.16-MariaDB"]),
        ("mysql_protocol_version", &["10"]),
    ]),
    tcp("scan_postgres", 90, &[5432], &[("postgres", "medium")], &[
        ("protocol_error_code", &["28000", "0A000"]),
        ("supported_protocols", &["3.0"]),
    ]),
    tcp("scan_mongodb", 12, &[27017], &[("mongodb", "critical")], &[
        ("version", &["4.4.29", "5.0.24"]),
        ("visible_databases", &["admin, config, local", "none visible"]),
    ]),
    tcp("scan_redis", 10, &[6379], &[("redis", "critical")], &[
        ("version", &["6.2.14", "7.0.15"]),
        ("mode", &["standalone"]),
        ("os", &["Linux 5.15.0-91-generic x86_64"]),
    ]),
    tcp("scan_elasticsearch", 11, &[9200], &[("elasticsearch", "critical")], &[
        ("version", &["7.17.18", "8.12.1"]),
        ("cluster_name", &["elasticsearch", "zaken", "logging"]),
    ]),
    udp("scan_mssql", 40, &[1434], &[("mssql", "medium")], &[
        ("version", &["15.0.2000.5", "14.0.1000.169"]),
        ("server_name", &["SQL01", "SQLPROD"]),
        ("instance_name", &["MSSQLSERVER", "SQLEXPRESS"]),
    ]),
    tcp("scan_ldap_tcp", 55, &[389, 636], &[("ldap", "high")], &[
        ("dns_host_name", &["dc01.intern.example", "dc02.intern.example"]),
        ("domain_functionality", &["7", "6"]),
        ("supported_ldap_version", &["3", "2"]),
    ]),
    udp("scan_memcached", 5, &[11211], &[("memcached", "critical")], &[("version", &["1.6.9", "1.5.22"])]),
    // Mail
    tcp("scan_smtp", 260, &[25, 587, 465], &[("smtp", "info")], &[("banner", BANNERS_SMTP)]),
    tcp("scan_smtp_vulnerable", 30, &[25], &[("smtp;cve-2023-42115", "critical"), ("smtp;cve-2020-7247", "critical")], &[
        ("banner", &["220 mail ESMTP Exim 4.94.2", "220 smtp ESMTP OpenSMTPD"]),
    ]),
    tcp("scan_imap", 120, &[143, 993], &[("imap", "info")], &[
        ("banner", &["* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.", "* OK The Microsoft Exchange IMAP4 service is ready."]),
    ]),
    tcp("scan_pop3", 80, &[110, 995], &[("pop3", "info")], &[
        ("banner", &["+OK Dovecot ready.", "+OK The Microsoft Exchange POP3 service is ready."]),
    ]),
    // Services that amplify
    udp("scan_dns", 190, &[53], &[("openresolver", "medium"), ("openresolver;amplifier", "high")], &[
        ("dns_version", &["9.16.44-Debian", "dnsmasq-2.85", "unbound 1.17.1", ""]),
        ("min_amplification", &["1.3810", "4.6190"]),
    ]),
    udp("scan_ntp", 200, &[123], &[("ntp", "medium")], &[
        ("version", &["4", "ntpd 4.2.8p15"]),
        ("system", &["Linux/5.10", "UNIX", "cisco"]),
        ("stratum", &["2", "3", "16"]),
    ]),
    udp("scan_snmp", 240, &[161], &[("snmp", "medium"), ("snmp;public", "high")], &[
        ("sysdesc", &["Cisco IOS Software, C2960X", "HP ETHERNET MULTI-ENVIRONMENT", "Linux nas 4.4.180+", "APC Web/SNMP Management Card"]),
        ("version", &["2", "1"]),
        ("community", &["public"]),
    ]),
    udp("scan_ssdp", 70, &[1900], &[("ssdp", "medium")], &[
        ("server", &["Linux/3.14 UPnP/1.0 IpBridge/1.50", "Synology/DSM/192.168.1.10"]),
        ("header", &["HTTP/1.1 200 OK"]),
    ]),
    udp("scan_mdns", 40, &[5353], &[("mdns", "low")], &[
        ("services", &["_http._tcp.local.", "_ipp._tcp.local.; _http._tcp.local."]),
    ]),
    udp("scan_portmapper", 90, &[111], &[("portmapper", "medium")], &[
        ("programs", &["100000 2 111/udp; 100000 4 111/udp", "100000 2 111/udp; 100005 1 635/udp"]),
    ]),
    udp("scan_netbios", 50, &[137], &[("netbios", "medium")], &[
        ("workgroup", &["WORKGROUP", "GEMEENTE"]),
        ("machine_name", &["SRV-FILE01", "KASSA-03", "BALIE-12"]),
    ]),
    udp("scan_sip", 60, &[5060], &[("sip", "low")], &[
        ("user_agent", &["FPBX-16.0.40", "Cisco-SIPGateway/IOS-15.7"]),
        ("sip_code", &["200", "403"]),
    ]),
    udp("scan_ws_discovery", 20, &[3702], &[("ws-discovery", "medium")], &[]),
    // Devices
    udp("scan_ipmi", 22, &[623], &[("ipmi", "critical")], &[
        ("ipmi_version", &["2.0"]),
        ("manufacturername", &["Supermicro", "Dell Inc.", "Hewlett Packard Enterprise"]),
        ("none_auth", &["no", "yes"]),
    ]),
    tcp("scan_ics", 16, &[502, 102, 47808], &[("ics;modbus", "critical"), ("ics;s7", "critical"), ("ics;bacnet", "high")], &[
        ("raw_response", &["AAAAAAAFAQErDgEA", "MiEAAAAA"]),
    ]),
    tcp("scan_mqtt", 15, &[1883, 8883], &[("mqtt", "medium"), ("mqtt;anonymous", "high")], &[
        ("anonymous_access", &["Y", "N"]),
        ("code", &["Connection Accepted", "Connection Refused, not authorized"]),
    ]),
    udp("scan_ubiquiti", 18, &[10001], &[("ubiquiti", "medium")], &[
        ("modelfull", &["NanoStation 5AC", "airFiber 60"]),
        ("firmware", &["XC.qca955x.v8.7.1", "WA.ar934x.v8.7.0"]),
    ]),
    tcp("device_id", 480, &[443, 80, 22, 161], &[("device", "info"), ("device;vpn", "info")], &[]),
    tcp("compromised_iot", 12, &[80, 8080], &[("iot;backdoor", "critical")], &[
        ("category", &["backdoor", "webshell"]),
        ("status", &["compromised"]),
    ]),
    hosted("compromised_website", 18, &[443, 80], &[("webshell", "critical"), ("injected-js", "high")], &[
        ("application", &["wordpress", "joomla", "http"]),
        ("category", &["webshell", "redirect"]),
        ("system", &["linux", ""]),
        ("status", &["compromised"]),
    ]),
    tcp("scan_post_exploitation_framework", 2, &[443, 80, 8443], &[("cobalt-strike", "critical")], &[
        ("beacon_type", &["windows-beacon_https-reverse_https"]),
        ("architecture", &["x64"]),
    ]),
    tcp("blocklist", 60, &[25], &[("blocklist", "low")], &[
        ("source", &["Spamhaus XBL", "Barracuda", "UCEPROTECT L1"]),
        ("reason", &["spam source", "brute force", ""]),
    ]),
    hosted("malware_url", 9, &[443, 80], &[("mirai", "high"), ("js.fakeupdates", "high")], &[
        ("source", &["urlhaus"]),
        ("application", &["http", "https"]),
    ]),
    tcp("compromised_account", 45, &[443], &[("stealer", "high"), ("credential-leak", "medium")], &[
        ("infection", &["redline", "lumma", "vidar"]),
        ("service", &["office365", "citrix", "portaal"]),
        ("status", &["unverified"]),
    ]),
    // Machines that call out
    tcp("event4_sinkhole", 55, &[], INFECTIONS, &[("infection", FAMILIES), ("family", FAMILIES)]),
    tcp("event4_sinkhole_http", 70, &[], INFECTIONS, &[
        ("infection", FAMILIES),
        ("family", FAMILIES),
        ("http_url", &["/", "/gate.php", "/index.php?id=1"]),
        ("http_agent", USER_AGENTS),
        ("http_host", SINKHOLED),
    ]),
    tcp("event4_microsoft_sinkhole", 20, &[], INFECTIONS, &[("infection", FAMILIES), ("family", FAMILIES)]),
    tcp("event4_honeypot_brute_force", 65, &[], &[("ssh-brute-force", "high"), ("telnet-brute-force", "high")], &[
        ("infection", &["ssh-brute-force", "telnet-brute-force"]),
        ("service", &["ssh", "telnet"]),
        ("username", &["root", "admin", "support"]),
        ("client_version", &["SSH-2.0-Go", "SSH-2.0-libssh2_1.10.0"]),
    ]),
    tcp("event4_honeypot_http_scan", 50, &[], &[("http-scan", "medium"), ("cve-2021-44228", "high")], &[
        ("http_url", &["/.env", "/boaform/admin/formLogin", "/cgi-bin/luci/;stok=/locale"]),
        ("http_agent", USER_AGENTS),
        ("http_request_method", &["GET", "POST"]),
        ("url_scheme", &["http", "https"]),
    ]),
    udp("event4_ddos_participant", 12, &[], &[("ddos;mirai", "high")], &[
        ("infection", &["mirai", "ddos-participant"]),
        ("attack", &["udp-flood", "syn-flood"]),
        ("duration", &["60", "120", "300"]),
    ]),
    // The same over IPv6
    v6(tcp("scan6_http", 150, &[80, 8080], &[("http", "info")], &[])),
    v6(tcp("scan6_http_vulnerable", 40, &[443, 80], VULNERABLE, &[("detail", DETAILS)])),
    v6(tcp("scan6_ssl", 140, &[443, 8443], &[("ssl", "info")], &[])),
    v6(tcp("scan6_ssh", 110, &[22], &[("ssh", "info")], &[("serverid_raw", BANNERS_SSH)])),
    v6(udp("scan6_dns", 30, &[53], &[("openresolver", "medium")], &[
        ("dns_version", &["unbound 1.17.1", ""]),
    ])),
    v6(tcp("scan6_smtp", 40, &[25], &[("smtp", "info")], &[("banner", BANNERS_SMTP)])),
    v6(tcp("scan6_rdp", 12, &[3389], &[("rdp", "medium")], &[])),
    v6(udp("scan6_ntp", 15, &[123], &[("ntp", "medium")], &[("version", &["4"])])),
];

/// The kind that measurements use.
pub const SCAN_HTTP_VULNERABLE: ReportType = tcp(
    "scan_http_vulnerable",
    420,
    &[443, 80, 8443, 8080, 9443],
    VULNERABLE,
    &[
        ("detail", DETAILS),
        ("build_branch", &["", "main", "release"]),
        ("version", &["13.1-48.47", "12.1-65.25", "10.2.9-h1", "7.0.6", ""]),
    ],
);

const VULNERABLE: &[(&str, &str)] = &[
    ("http;cve-2023-3519;citrix-adc", "critical"),
    ("http;cve-2024-3400;pan-os", "critical"),
    ("http;cve-2023-4966;citrix-bleed", "critical"),
    ("http;cve-2022-40684;fortios", "critical"),
    ("http;git-config-file", "high"),
    ("http;server-status", "medium"),
    ("http;basic-auth", "medium"),
    ("http;phpinfo", "low"),
];

const DETAILS: &[&str] = &[
    "",
    "version-based detection",
    "version-based detection; patch level from the last modified date of a static file",
    "matched on favicon hash and title of the login page; no attempt to log in was made",
    "an unauthenticated request was answered with product version and build",
];

const INFECTIONS: &[(&str, &str)] =
    &[("android.badbox2", "high"), ("avalanche-andromeda", "high"), ("socgholish", "critical"), ("", "high")];

const FAMILIES: &[&str] =
    &["android.badbox2", "andromeda", "socgholish", "qsnatch", "necurs", "ranbyus", "lumma"];

/// Domains that infected machines call, now answered by the sinkhole.
const SINKHOLED: &[&str] = &["c2-een.example", "c2-twee.example", "update-cdn.example"];

const USER_AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
    "Dalvik/2.1.0 (Linux; U; Android 9; TX6 Build/PPR1.180610.011)",
    "Go-http-client/1.1",
    "curl/7.88.1",
];

const BANNERS_SSH: &[&str] = &[
    "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2",
    "SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u3",
    "SSH-2.0-OpenSSH_7.4",
    "SSH-2.0-Cisco-1.25",
    "SSH-2.0-dropbear_2020.81",
    "SSH-2.0-ROSSSH",
];

const BANNERS_FTP: &[&str] = &[
    "220 ProFTPD Server (Debian) ",
    "220 (vsFTPd 3.0.5)|",
    "220-FileZilla Server 1.8.1|220 Please visit https://filezilla-project.org/|",
    "220 Microsoft FTP Service|",
    "220 KONICA MINOLTA FTP server ready.|",
];

const BANNERS_SMTP: &[&str] = &[
    "220 mail ESMTP Postfix",
    "220 relay ESMTP Postfix (Debian/GNU)",
    "220 EXCH01 Microsoft ESMTP MAIL Service ready",
    "220 gateway ESMTP Sendmail 8.17.1",
];

type Tags = &'static [(&'static str, &'static str)];
type Texts = &'static [(&'static str, &'static [&'static str])];

const fn tcp(name: &'static str, share: u32, ports: &'static [u16], tags: Tags, texts: Texts) -> ReportType {
    ReportType {
        name,
        share,
        family: Family::V4,
        hosting: Hosting::Rare,
        protocol: "tcp",
        ports,
        tags,
        texts,
    }
}

const fn udp(name: &'static str, share: u32, ports: &'static [u16], tags: Tags, texts: Texts) -> ReportType {
    ReportType { protocol: "udp", ..tcp(name, share, ports, tags, texts) }
}

const fn hosted(
    name: &'static str,
    share: u32,
    ports: &'static [u16],
    tags: Tags,
    texts: Texts,
) -> ReportType {
    ReportType { hosting: Hosting::Usual, ..tcp(name, share, ports, tags, texts) }
}

const fn v6(report: ReportType) -> ReportType {
    ReportType { family: Family::V6, ..report }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_more_than_forty_kinds_and_each_has_a_tag_and_severity() {
        let names: BTreeSet<_> = REPORT_TYPES.iter().map(|one| one.name).collect();
        assert!(names.len() >= 40 && names.len() == REPORT_TYPES.len());
        for report in REPORT_TYPES {
            assert!(report.share > 0 && !report.tags.is_empty(), "{}", report.name);
            let known = ["info", "low", "medium", "high", "critical"];
            assert!(report.tags.iter().all(|(_, severity)| known.contains(severity)), "{}", report.name);
        }
    }

    #[test]
    fn every_kind_and_every_column_is_one_of_shadowservers() {
        for report in REPORT_TYPES {
            let columns = schakel_parse::shadowserver::columns(report.name).unwrap_or_default();
            assert!(!columns.is_empty(), "{} is no report type", report.name);
            for (column, _) in report.texts {
                assert!(columns.contains(column), "{} has no column {column}", report.name);
            }
        }
    }
}
