//! Advice by kind of problem: what it is, why it matters, how to check it, how to fix it, and what to keep as evidence.
//!
//! A text is a file `advice/<language>/<kind>.txt` with five parts, each under a line with its name in brackets. A line is a step, or a
//! paragraph. An operator may replace each file, as a template is replaced.

use std::fmt;

use schakel_model::{classification::ClassificationType as T, language::Language};

use crate::{
    kind::text_name,
    notice::{Group, Notice},
    sample,
};

/// The longest part, in characters: what is longer is not read at night.
pub const PART_CHARS_MAX: usize = 900;

/// A part of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// What it is.
    What,
    /// Why it matters.
    Why,
    /// How to check it.
    Check,
    /// How to fix it: what a notification shows as steps.
    Fix,
    /// What to keep as evidence.
    Keep,
}

impl Part {
    /// All, in the order of a text.
    pub const ALL: [Self; 5] = [Self::What, Self::Why, Self::Check, Self::Fix, Self::Keep];

    /// Its name: `[what]` in a text, `part-what` in the locale files.
    pub fn word(self) -> &'static str {
        match self {
            Self::What => "what",
            Self::Why => "why",
            Self::Check => "check",
            Self::Fix => "fix",
            Self::Keep => "keep",
        }
    }
}

/// A text: for each part its lines, none of them empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advice {
    parts: [Vec<String>; 5],
}

/// What is wrong with a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// On which line, from 1; none: in the text as a whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Advice {
    /// Reads a text.
    pub fn parse(source: &str) -> Result<Self, Problem> {
        let mut parts: [Vec<String>; 5] = Default::default();
        let mut current: Option<Part> = None;
        let wrong = |line, text: String| Err(Problem { line, text });
        for (number, line) in (1..).zip(source.lines()) {
            let line = line.trim();
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                let Some(part) = Part::ALL.into_iter().find(|part| part.word() == name) else {
                    return wrong(Some(number), format!("there is no part [{name}]; there are {}", names()));
                };
                if !parts[part as usize].is_empty() || current == Some(part) {
                    return wrong(Some(number), format!("the part [{name}] stands twice"));
                }
                current = Some(part);
            } else if !line.is_empty() {
                match current {
                    Some(part) => parts[part as usize].push(line.to_owned()),
                    None => {
                        return wrong(Some(number), format!("a text begins with [{}]", Part::What.word()));
                    }
                }
            }
        }
        for part in Part::ALL {
            let chars: usize = parts[part as usize].iter().map(|line| line.chars().count()).sum();
            if chars == 0 {
                return wrong(
                    None,
                    format!("the part [{}] is missing; there must be {}", part.word(), names()),
                );
            }
            if chars > PART_CHARS_MAX {
                let word = part.word();
                return wrong(
                    None,
                    format!("the part [{word}] has {chars} characters, {PART_CHARS_MAX} is the most"),
                );
            }
        }
        Ok(Self { parts })
    }

    /// The lines of a part.
    pub fn part(&self, part: Part) -> &[String] {
        &self.parts[part as usize]
    }
}

fn names() -> String {
    Part::ALL.map(|part| format!("[{}]", part.word())).join(", ")
}

/// A kind of problem with advice of its own.
pub struct Kind {
    /// Its name, also that of its files.
    pub name: &'static str,
    /// The Dutch text.
    nl: &'static str,
    /// The English text.
    en: &'static str,
    /// Report types that show it; those over IPv6 are the same.
    report_types: &'static [&'static str],
    /// What it is called by other sources, when the report type says nothing.
    classifications: &'static [T],
    /// Words in tags or identifiers that mean it, whatever the report type.
    words: &'static [&'static str],
}

impl Kind {
    /// The built-in text in a language.
    pub fn built_in(&self, language: Language) -> &'static str {
        match language {
            Language::Nl => self.nl,
            Language::En => self.en,
        }
    }
}

macro_rules! kinds {
    ($($name:literal $types:tt $classifications:tt $words:tt,)*) => {
        /// Every kind with advice of its own.
        pub const KINDS: &[Kind] = &[$(Kind {
            name: $name,
            nl: include_str!(concat!("../advice/nl/", $name, ".txt")),
            en: include_str!(concat!("../advice/en/", $name, ".txt")),
            report_types: &$types,
            classifications: &$classifications,
            words: &$words,
        },)*];
    };
}

kinds! {
    "rdp" ["scan_rdp", "scan_rdpeudp"] [] [],
    "smb" ["scan_smb"] [] [],
    "telnet" ["scan_telnet"] [] [],
    "ftp" ["scan_ftp"] [] [],
    "rsync" ["scan_rsync"] [] [],
    "vnc" ["scan_vnc", "scan_ard"] [] [],
    "vulnerable" ["scan_http_vulnerable", "scan_smtp_vulnerable", "scan_imap_vulnerable", "scan_pop3_vulnerable", "special"]
        [T::VulnerableSystem] [],
    "edge-device" [] [] ["fortinet", "fortios", "fortigate", "citrix", "netscaler", "ivanti", "pulse-secure", "f5-", "big-ip",
        "palo-alto", "globalprotect", "sonicwall", "cisco-asa"],
    "exchange" ["scan_exchange"] [] [],
    "tls" ["scan_ssl_poodle", "scan_ssl_freak"] [T::WeakCrypto] [],
    "snmp" ["scan_snmp"] [] [],
    "dns" ["scan_dns"] [] [],
    "ntp" ["scan_ntp", "scan_ntpmonitor"] [] [],
    "amplifier" ["scan_ssdp", "scan_chargen", "scan_qotd", "scan_portmapper", "scan_netbios", "scan_slp", "scan_coap", "scan_loop_dos",
        "scan_ws_discovery", "scan_mdns", "scan_nat_pmp", "scan_stun"] [T::DdosAmplifier] [],
    "memcached" ["scan_memcached"] [] [],
    "elasticsearch" ["scan_elasticsearch"] [] [],
    "mongodb" ["scan_mongodb", "scan_couchdb"] [] [],
    "redis" ["scan_redis"] [] [],
    "mssql" ["scan_mssql"] [] [],
    "mysql" ["scan_mysql", "scan_postgres"] [] [],
    "ldap" ["scan_ldap_tcp", "scan_ldap_udp"] [] [],
    "ipmi" ["scan_ipmi"] [] [],
    "printer" ["scan_ipp"] [] [],
    "mqtt" ["scan_mqtt", "scan_mqtt_anon", "scan_amqp", "scan_activemq"] [] [],
    "container" ["scan_docker", "scan_kubernetes"] [] [],
    "isakmp" ["scan_isakmp", "population_isakmp"] [] [],
    "sip" ["scan_sip"] [] [],
    "proxy" ["scan_http_proxy", "scan_socks", "population_http_proxy"] [T::Proxy] [],
    "ics" ["scan_ics"] [] [],
    "iot" ["compromised_iot"] [] [],
    "device-id" ["device_id"] [] [],
    "infected" ["event4_sinkhole", "event4_sinkhole_http", "event4_microsoft_sinkhole", "event4_microsoft_sinkhole_http",
        "event4_sinkhole_dns", "sinkhole_http_drone"] [T::InfectedSystem] [],
    "taken-over" ["ransomware_victim"] [T::SystemCompromise, T::PrivilegedAccountCompromise, T::Burglary] ["webshell", "web-shell", "backdoor"],
    "website" ["compromised_website"] [T::ApplicationCompromise] [],
    "account" ["compromised_account"] [T::DataLeak, T::UnprivilegedAccountCompromise] [],
    "c2" ["scan_post_exploitation_framework"] [T::C2Server] [],
    "phishing" [] [T::Phishing] [],
    "malware-url" ["malware_url"] [T::MalwareDistribution] [],
    "spam" [] [T::Spam] [],
    "attacking" ["event4_honeypot_brute_force", "event4_honeypot_http_scan", "event4_honeypot_rdp_scan", "event4_honeypot_smb_scan",
        "event4_ddos_participant"] [T::BruteForce, T::Scanner, T::Exploit] [],
}

/// The kinds that a group of findings shows, the most telling first: a product that words name, then the report type, then what it is.
pub fn kinds_of(group: &Group<'_>) -> Vec<&'static Kind> {
    let mut kinds: Vec<&Kind> = KINDS.iter().filter(|kind| kind.is_named_by(group)).collect();
    let report_type = text_name(group.report_type);
    let by_type = KINDS.iter().find(|kind| kind.report_types.contains(&report_type.as_str()));
    // A scan says only that something answers: what it is called in general says too little for advice.
    let by_class = || {
        let is_scan = report_type.starts_with("scan_") || report_type.starts_with("population_");
        KINDS.iter().find(|kind| !is_scan && kind.classifications.contains(&group.classification))
    };
    let own = by_type.or_else(by_class).filter(|own| !kinds.iter().any(|known| known.name == own.name));
    kinds.extend(own);
    kinds
}

impl Kind {
    /// A notice with a made-up finding of this kind.
    pub(crate) fn sample(&self, language: Language) -> Notice<'static> {
        let mut notice = sample::large(language, 1);
        let group = &mut notice.groups[0];
        group.report_type = self.report_types.first().unwrap_or(&"");
        group.identifier = self.words.first().unwrap_or(&"");
        group.title = "";
        group.classification = self.classifications.first().copied().unwrap_or(group.classification);
        group.items.iter_mut().for_each(|item| item.tags = "".into());
        notice
    }

    /// Does this report type show it?
    #[cfg(test)]
    pub fn shows(&self, report_type: &str) -> bool {
        self.report_types.contains(&report_type)
    }

    fn is_named_by(&self, group: &Group<'_>) -> bool {
        let names = |text: &str| {
            let mut words = text.split([';', ',', ' ', ':']).map(str::to_ascii_lowercase);
            words.any(|word| self.words.iter().any(|own| word.starts_with(own)))
        };
        !self.words.is_empty()
            && (names(group.identifier) || group.items.iter().any(|item| names(&item.tags)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Words that make a text longer and no clearer.
    const FORBIDDEN: [&str; 12] = [
        "!",
        "gewoon",
        "simpelweg",
        "simply",
        "just ",
        "please",
        "gelieve",
        "middels",
        "derhalve",
        "teneinde",
        "leverage",
        "in order to",
    ];

    #[test]
    fn forty_kinds_have_all_five_parts_in_both_languages_and_are_short_enough_to_be_read() {
        assert_eq!(KINDS.len(), 40);
        assert_eq!(KINDS.iter().map(|kind| kind.name).collect::<BTreeSet<_>>().len(), 40);
        for kind in KINDS {
            for language in Language::ALL {
                let source = kind.built_in(language);
                let advice = Advice::parse(source)
                    .unwrap_or_else(|problem| panic!("{language} {}: {problem}", kind.name));
                for part in Part::ALL {
                    let at = format!("{language} {} [{}]", kind.name, part.word());
                    let lines = advice.part(part);
                    let chars: usize = lines.iter().map(|line| line.chars().count()).sum();
                    assert!((40..=700).contains(&chars), "{at}: {chars} characters");
                    assert!(lines.len() <= 5, "{at}: {} lines", lines.len());
                    for line in lines {
                        assert!(
                            line.ends_with(['.', '?']) || line.contains("https://"),
                            "{at} is no sentence: {line}"
                        );
                        for sentence in line.split(". ") {
                            let words = sentence.split_whitespace().count();
                            assert!(words <= 26, "{at}: a sentence of {words} words: {sentence}");
                        }
                    }
                }
                let lower = source.to_lowercase();
                for word in FORBIDDEN {
                    assert!(!lower.contains(word), "{language} {}: `{word}`", kind.name);
                }
                assert!(!source.contains("http://"), "{language} {}: a link without TLS", kind.name);
            }
        }
    }

    #[test]
    fn the_sample_of_a_kind_shows_that_kind() {
        for kind in KINDS {
            assert_eq!(kinds_of(&kind.sample(Language::Nl).groups[0])[0].name, kind.name);
        }
    }

    #[test]
    fn no_report_type_has_two_kinds() {
        let mut seen = BTreeSet::new();
        for report_type in KINDS.iter().flat_map(|kind| kind.report_types) {
            assert!(seen.insert(report_type), "{report_type}");
        }
    }

    #[test]
    fn a_kind_follows_from_a_product_then_the_report_type_then_what_it_is() {
        let named = |report_type: &str, classification, identifier: &str| {
            let mut notice = sample::large(Language::En, 1);
            let group = &mut notice.groups[0];
            (group.report_type, group.classification, group.identifier) = ("", classification, "");
            let group = crate::notice::Group { report_type, identifier, ..group.clone() };
            kinds_of(&group).iter().map(|kind| kind.name).collect::<Vec<_>>().join(" ")
        };
        for (report_type, classification, identifier, expected) in [
            ("scan_rdp", T::PotentiallyUnwantedAccessible, "open-rdp", "rdp"),
            ("scan6_rdp", T::PotentiallyUnwantedAccessible, "open-rdp", "rdp"),
            ("scan_http_vulnerable", T::VulnerableSystem, "vulnerable-http", "vulnerable"),
            ("scan_http_vulnerable", T::VulnerableSystem, "citrix-adc", "edge-device vulnerable"),
            ("", T::Phishing, "", "phishing"),
            ("divd", T::VulnerableSystem, "fortinet", "edge-device vulnerable"),
            ("scan_quic", T::VulnerableSystem, "", ""),
            ("", T::Other, "", ""),
        ] {
            assert_eq!(
                named(report_type, classification, identifier),
                expected,
                "{report_type} {identifier}"
            );
        }
    }

    #[test]
    fn a_text_without_a_part_is_refused_with_its_line_and_what_is_wrong() {
        let problem = |source: &str| Advice::parse(source).unwrap_err();
        assert_eq!(problem("[what]\na\n[wy]\nb").line, Some(3));
        assert_eq!(problem("a").text, "a text begins with [what]");
        assert_eq!(problem("[what]\na\n[what]\nb").line, Some(3));
        let missing = problem("[what]\na\n[why]\nb\n[check]\nc\n[fix]\nd\n").text;
        assert!(missing.contains("[keep] is missing"), "{missing}");
        assert!(problem(&format!("[what]\n{}", "a".repeat(1_000))).text.contains("1000 characters"));
    }
}
