//! One row of a report as the data plane sees it: what attribution and the finding's key need, borrowed from the row.

use std::{borrow::Cow, net::IpAddr};

use crate::{classification::ClassificationType, severity::Severity};

/// When something was observed: whole seconds since 1970-01-01T00:00Z, within
/// [`crate::limits::OBSERVED_AT_MIN`]..=[`crate::limits::OBSERVED_AT_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ObservedAt(pub u32);

impl ObservedAt {
    /// As a timestamp for showing.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::new(i64::from(self.0), 0).expect("32 bits of seconds are within jiff's range")
    }
}

/// One end of an event: the machine it comes from, or the machine it goes to. Empty text means "not said".
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Endpoint<'a> {
    /// The address. IPv4-mapped IPv6 is IPv4.
    pub ip: Option<IpAddr>,
    /// The port, 0 when not said.
    pub port: u16,
    /// The host name the source reports as such (`source.fqdn`), lower case, no trailing dot.
    pub fqdn: Cow<'a, str>,
    /// The name by reverse DNS (PTR), lower case, no trailing dot.
    pub reverse_dns: Cow<'a, str>,
    /// An absolute URL.
    pub url: Cow<'a, str>,
    /// An account or mail address.
    pub account: Cow<'a, str>,
    /// The origin AS number, 0 when not said.
    pub asn: u32,
    /// ISO 3166 country code in upper case, `[0, 0]` when not said.
    pub country: [u8; 2],
}

/// The transport protocol of the service.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Transport {
    #[default]
    Unknown,
    Tcp,
    Udp,
    Icmp,
    Sctp,
    Other,
}

impl Transport {
    /// By its name, any case; a number by IANA (6, 17, 1, 132).
    pub fn from_name(name: &str) -> Self {
        match name.trim() {
            "" => Self::Unknown,
            "6" => Self::Tcp,
            "17" => Self::Udp,
            "1" => Self::Icmp,
            "132" => Self::Sctp,
            n if n.eq_ignore_ascii_case("tcp") => Self::Tcp,
            n if n.eq_ignore_ascii_case("udp") => Self::Udp,
            n if n.eq_ignore_ascii_case("icmp") => Self::Icmp,
            n if n.eq_ignore_ascii_case("sctp") => Self::Sctp,
            _ => Self::Other,
        }
    }

    /// The name as we show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Sctp => "sctp",
            Self::Other => "other",
        }
    }
}

/// Whether a row says that a problem is there, or that it was looked for and not found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Polarity {
    /// The problem was seen.
    #[default]
    Seen,
    /// Tested, not vulnerable: a *clear*.
    Clear,
}

/// What makes two observations the same problem. The source end's address or name always counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    /// What names the target.
    pub target: TargetIdentity,
    /// Do transport and port count? (Not for events whose source port is ephemeral.)
    pub service: ServiceIdentity,
    /// Does the malware name count? (Infections.)
    pub malware: MalwareIdentity,
}

/// What names the target of a finding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TargetIdentity {
    /// Source address, else host name, else URL, else account, else network text.
    AddressElseName,
    /// Host name (also that of the URL), else address.
    NameElseAddress,
    /// The whole URL, else as [`TargetIdentity::NameElseAddress`].
    Url,
    /// The account, with the service's host name.
    Account,
}

/// Whether the service is part of the identity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ServiceIdentity {
    /// Transport and port count.
    Counts,
    /// They do not.
    Ignored,
}

/// Whether the malware name is part of the identity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MalwareIdentity {
    /// The malware name counts.
    Counts,
    /// It does not.
    Ignored,
}

impl Identity {
    /// An open service: address, transport, port.
    pub const SERVICE: Self = Self {
        target: TargetIdentity::AddressElseName,
        service: ServiceIdentity::Counts,
        malware: MalwareIdentity::Ignored,
    };
    /// An infected machine: address and malware name.
    pub const INFECTION: Self = Self {
        target: TargetIdentity::AddressElseName,
        service: ServiceIdentity::Ignored,
        malware: MalwareIdentity::Counts,
    };
}

/// What the data plane needs of one row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Observation<'a> {
    /// When it was observed.
    pub observed_at: ObservedAt,
    /// The source end: the vulnerable, misconfigured or infected machine.
    pub source: Endpoint<'a>,
    /// The target end: what it attacked, contacted or leaked from. Often empty.
    pub target: Endpoint<'a>,
    /// The transport of the service at the source end.
    pub transport: Transport,
    /// The RSIT type.
    pub classification: ClassificationType,
    /// `classification.identifier`, lower case.
    pub identifier: Cow<'a, str>,
    /// `malware.name`, lower case, else the feed's word for the family. Empty when not said.
    pub malware: Cow<'a, str>,
    /// Severity: the row's own word, else that of the report type.
    pub severity: Severity,
    /// Seen or clear.
    pub polarity: Polarity,
    /// What makes it the same problem as another observation.
    pub identity: Identity,
}
