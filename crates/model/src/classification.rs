//! What kind of thing an event is, by the Reference Security Incident Taxonomy (RSIT) and the types IntelMQ adds.
//!
//! Source: <https://github.com/enisaeu/Reference-Security-Incident-Taxonomy-Task-Force>; IntelMQ 3.5 harmonisation.

use std::{fmt, str::FromStr};

macro_rules! types {
    ($($variant:ident $name:literal $taxonomy:ident,)*) => {
        /// The type within a taxonomy.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum ClassificationType {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl ClassificationType {
            /// Every type, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The RSIT name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The taxonomy it belongs to.
            pub fn taxonomy(self) -> Taxonomy {
                match self { $(Self::$variant => Taxonomy::$taxonomy,)* }
            }
        }
    };
}

types! {
    ApplicationCompromise "application-compromise" Intrusions,
    Blocklist "blocklist" Other,
    BruteForce "brute-force" IntrusionAttempts,
    Burglary "burglary" Intrusions,
    C2Server "c2-server" MaliciousCode,
    Copyright "copyright" Fraud,
    DataLeak "data-leak" InformationContentSecurity,
    DataLoss "data-loss" InformationContentSecurity,
    Ddos "ddos" Availability,
    DdosAmplifier "ddos-amplifier" Vulnerable,
    DgaDomain "dga-domain" Other,
    Dos "dos" Availability,
    Exploit "exploit" IntrusionAttempts,
    HarmfulSpeech "harmful-speech" AbusiveContent,
    IdsAlert "ids-alert" IntrusionAttempts,
    InfectedSystem "infected-system" MaliciousCode,
    InformationDisclosure "information-disclosure" Vulnerable,
    MalwareConfiguration "malware-configuration" MaliciousCode,
    MalwareDistribution "malware-distribution" MaliciousCode,
    Malware "malware" Other,
    Masquerade "masquerade" Fraud,
    Misconfiguration "misconfiguration" Availability,
    Other "other" Other,
    Outage "outage" Availability,
    Phishing "phishing" Fraud,
    PotentiallyUnwantedAccessible "potentially-unwanted-accessible" Vulnerable,
    PrivilegedAccountCompromise "privileged-account-compromise" Intrusions,
    Proxy "proxy" Other,
    Sabotage "sabotage" Availability,
    Scanner "scanner" InformationGathering,
    Sniffing "sniffing" InformationGathering,
    SocialEngineering "social-engineering" InformationGathering,
    Spam "spam" AbusiveContent,
    SystemCompromise "system-compromise" Intrusions,
    Test "test" Test,
    Tor "tor" Other,
    UnauthorisedInformationAccess "unauthorised-information-access" InformationContentSecurity,
    UnauthorisedInformationModification "unauthorised-information-modification" InformationContentSecurity,
    UnauthorizedUseOfResources "unauthorized-use-of-resources" Fraud,
    Undetermined "undetermined" Other,
    UnprivilegedAccountCompromise "unprivileged-account-compromise" Intrusions,
    Violence "violence" AbusiveContent,
    VulnerableSystem "vulnerable-system" Vulnerable,
    WeakCrypto "weak-crypto" Vulnerable,
}

/// The RSIT class.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)] // The names are RSIT's own.
pub enum Taxonomy {
    AbusiveContent,
    Availability,
    Fraud,
    InformationContentSecurity,
    InformationGathering,
    IntrusionAttempts,
    Intrusions,
    MaliciousCode,
    Other,
    Test,
    Vulnerable,
}

impl Taxonomy {
    /// The RSIT name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AbusiveContent => "abusive-content",
            Self::Availability => "availability",
            Self::Fraud => "fraud",
            Self::InformationContentSecurity => "information-content-security",
            Self::InformationGathering => "information-gathering",
            Self::IntrusionAttempts => "intrusion-attempts",
            Self::Intrusions => "intrusions",
            Self::MaliciousCode => "malicious-code",
            Self::Other => "other",
            Self::Test => "test",
            Self::Vulnerable => "vulnerable",
        }
    }
}

impl ClassificationType {
    /// Is whatever shows this in somebody else's hands already, rather than only open to it?
    pub fn means_compromised(self) -> bool {
        match self.taxonomy() {
            Taxonomy::MaliciousCode | Taxonomy::Intrusions | Taxonomy::IntrusionAttempts => true,
            Taxonomy::AbusiveContent => self == Self::Spam,
            _ => matches!(
                self,
                Self::DataLeak | Self::Ddos | Self::Dos | Self::Phishing | Self::Scanner | Self::Malware
            ),
        }
    }

    /// The type with this number, as stored.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for ClassificationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ClassificationType {
    type Err = String;

    /// Reads the RSIT name; `blacklist` is IntelMQ's word for `blocklist`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = if text == "blacklist" { "blocklist" } else { text };
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| format!("`{text}` is no RSIT classification type"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_back_by_name_and_by_code() {
        for kind in ClassificationType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert_eq!(ClassificationType::from_code(*kind as u8), Some(*kind));
        }
        assert_eq!("blacklist".parse(), Ok(ClassificationType::Blocklist));
    }
}
