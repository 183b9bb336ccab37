//! What kind of finding this is, for the choice of words: a family, and for well-known report types their own text.

use schakel_model::classification::ClassificationType;

/// Kinds for which the same advice holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// A service that should not be open to everybody.
    OpenService,
    /// A system with a known weakness.
    Vulnerable,
    /// A machine with malware.
    Infected,
    /// A service that amplifies denial-of-service attacks.
    DdosAmplifier,
    /// A system or account in the hands of somebody else.
    Compromised,
    /// A page or file that deceives or harms visitors.
    HarmfulUrl,
    /// Accounts or data that became known.
    Leaked,
    /// A machine that scans or attacks others.
    Attacking,
    /// Anything else.
    Other,
}

impl Family {
    /// Every one.
    #[cfg(test)]
    pub const ALL: [Self; 9] = [
        Self::OpenService,
        Self::Vulnerable,
        Self::Infected,
        Self::DdosAmplifier,
        Self::Compromised,
        Self::HarmfulUrl,
        Self::Leaked,
        Self::Attacking,
        Self::Other,
    ];

    /// The family of an RSIT type.
    pub fn of(classification: ClassificationType) -> Self {
        use ClassificationType as T;
        match classification {
            T::PotentiallyUnwantedAccessible | T::Proxy | T::Tor => Self::OpenService,
            T::VulnerableSystem | T::WeakCrypto | T::InformationDisclosure | T::Misconfiguration => {
                Self::Vulnerable
            }
            T::InfectedSystem | T::Malware | T::MalwareConfiguration | T::DgaDomain => Self::Infected,
            T::DdosAmplifier => Self::DdosAmplifier,
            T::SystemCompromise
            | T::ApplicationCompromise
            | T::PrivilegedAccountCompromise
            | T::UnprivilegedAccountCompromise
            | T::Burglary
            | T::C2Server
            | T::UnauthorisedInformationAccess
            | T::UnauthorisedInformationModification
            | T::UnauthorizedUseOfResources
            | T::Sabotage => Self::Compromised,
            T::Phishing | T::MalwareDistribution | T::Masquerade | T::SocialEngineering | T::Copyright => {
                Self::HarmfulUrl
            }
            T::DataLeak | T::DataLoss => Self::Leaked,
            T::BruteForce
            | T::Scanner
            | T::Exploit
            | T::IdsAlert
            | T::Ddos
            | T::Dos
            | T::Spam
            | T::Sniffing => Self::Attacking,
            T::Blocklist
            | T::HarmfulSpeech
            | T::Other
            | T::Outage
            | T::Test
            | T::Undetermined
            | T::Violence => Self::Other,
        }
    }

    /// The end of its names in the locale files: `family-<word>`, `advice-<word>`.
    pub fn word(self) -> &'static str {
        match self {
            Self::OpenService => "open-service",
            Self::Vulnerable => "vulnerable",
            Self::Infected => "infected",
            Self::DdosAmplifier => "ddos-amplifier",
            Self::Compromised => "compromised",
            Self::HarmfulUrl => "harmful-url",
            Self::Leaked => "leaked",
            Self::Attacking => "attacking",
            Self::Other => "other",
        }
    }
}

/// The report type under which texts are kept: those over IPv6 share the text of IPv4 (`scan6_rdp` is `scan_rdp`).
pub fn text_name(report_type: &str) -> String {
    let kind = report_type.trim_end_matches('6');
    for (v6, v4) in [("scan6_", "scan_"), ("event6_", "event4_"), ("population6_", "population_")] {
        if let Some(rest) = kind.strip_prefix(v6) {
            return format!("{v4}{rest}");
        }
    }
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_types_share_the_texts_of_ipv4() {
        for (kind, name) in [
            ("scan6_rdp", "scan_rdp"),
            ("event6_sinkhole_http", "event4_sinkhole_http"),
            ("compromised_website6", "compromised_website"),
            ("scan_rdp", "scan_rdp"),
            ("", ""),
        ] {
            assert_eq!(text_name(kind), name);
        }
    }
}
