//! What an explanation is asked for and what it says.

use std::{borrow::Cow, fmt, net::IpAddr};

use schakel_formats::register::host::read_address;
use schakel_model::{
    asset::Role,
    assignment::End,
    classification::ClassificationType,
    ids::{AssetId, OrganisationId},
    observation::{Endpoint, Observation},
};

/// A value to look up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Input {
    /// An address.
    Ip(IpAddr),
    /// A domain or host name.
    Domain(String),
    /// The name of an address by reverse DNS (PTR).
    ReverseDns(String),
    /// A URL.
    Url(String),
    /// An account or mail address.
    Email(String),
    /// An AS number.
    Asn(u32),
    /// An ISO 3166 country code in upper case.
    Country([u8; 2]),
}

/// The kinds of [`Input`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum InputKind {
    Ip,
    Domain,
    ReverseDns,
    Url,
    Email,
    Asn,
    Country,
}

impl InputKind {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Domain => "domain",
            Self::ReverseDns => "reverse_dns",
            Self::Url => "url",
            Self::Email => "email",
            Self::Asn => "asn",
            Self::Country => "country",
        }
    }
}

impl Input {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn read(kind: InputKind, text: &str) -> Result<Self, String> {
        let text = text.trim();
        match kind {
            InputKind::Ip => read_address(text).map(|ip| Self::Ip(ip.to_canonical())).ok_or_else(|| {
                format!("`{text}` is no IP address: write one such as 192.0.2.1 or 2001:db8::1")
            }),
            InputKind::Domain => Ok(Self::Domain(text.to_owned())),
            InputKind::ReverseDns => Ok(Self::ReverseDns(text.to_owned())),
            InputKind::Url => Ok(Self::Url(text.to_owned())),
            InputKind::Email if !text.contains('@') => {
                Err(format!("`{text}` is no mail address: write one such as name@example.nl"))
            }
            InputKind::Email => Ok(Self::Email(text.to_owned())),
            InputKind::Asn => read_asn(text)
                .map(Self::Asn)
                .ok_or_else(|| format!("`{text}` is no AS number: write one such as AS64496 or 64496")),
            InputKind::Country => match text.as_bytes() {
                [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                    Ok(Self::Country([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
                }
                _ => Err(format!("`{text}` is no country code: write two letters, such as NL")),
            },
        }
    }

    /// Its kind.
    pub fn kind(&self) -> InputKind {
        match self {
            Self::Ip(_) => InputKind::Ip,
            Self::Domain(_) => InputKind::Domain,
            Self::ReverseDns(_) => InputKind::ReverseDns,
            Self::Url(_) => InputKind::Url,
            Self::Email(_) => InputKind::Email,
            Self::Asn(_) => InputKind::Asn,
            Self::Country(_) => InputKind::Country,
        }
    }

    /// What an end of an observation holds.
    pub fn of_endpoint(endpoint: &Endpoint<'_>) -> Vec<Self> {
        let text = |text: &Cow<'_, str>, make: fn(String) -> Self| {
            (!text.is_empty()).then(|| make(text.clone().into_owned()))
        };
        [
            endpoint.ip.map(Self::Ip),
            text(&endpoint.fqdn, Self::Domain),
            text(&endpoint.reverse_dns, Self::ReverseDns),
            text(&endpoint.url, Self::Url),
            text(&endpoint.account, Self::Email),
            (endpoint.asn != 0).then_some(Self::Asn(endpoint.asn)),
            (endpoint.country != [0, 0]).then_some(Self::Country(endpoint.country)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn read_asn(text: &str) -> Option<u32> {
    let digits = match text.get(..2) {
        Some(prefix) if prefix.eq_ignore_ascii_case("as") => text[2..].trim_start(),
        _ => text,
    };
    digits.parse().ok().filter(|&asn| asn != 0)
}

/// The value.
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Domain(text) | Self::ReverseDns(text) | Self::Url(text) | Self::Email(text) => {
                f.write_str(text)
            }
            Self::Asn(asn) => write!(f, "AS{asn}"),
            Self::Country(code) => f.write_str(std::str::from_utf8(code).unwrap_or("??")),
        }
    }
}

/// What to explain: the values at either end, the time, and the kind of event when it is known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// What the source end holds; what a person asks about stands here.
    pub inputs: Vec<Input>,
    /// What the target end holds.
    pub target: Vec<Input>,
    /// The time of observation, in seconds since 1970.
    pub at: i64,
    /// The kind of event: some go by names only.
    pub kind: Option<ClassificationType>,
}

impl Query {
    /// The question that attribution answers for this observation.
    pub fn of(observation: &Observation<'_>) -> Self {
        Self {
            inputs: Input::of_endpoint(&observation.source),
            target: Input::of_endpoint(&observation.target),
            at: i64::from(observation.observed_at.0),
            kind: Some(observation.classification),
        }
    }
}

/// An asset that meets an input, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// What it meets.
    pub input: Input,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The asset.
    pub asset: AssetId,
    /// In which role.
    pub role: Role,
    /// At which end.
    pub end: End,
    /// Is this organisation concerned, by this asset?
    pub won: bool,
    /// The rule that decided.
    pub rule: Rule,
    /// The asset that decided against this one, if it was an asset.
    pub decided_by: Option<AssetId>,
    /// Why, in one English sentence.
    pub why: String,
}

/// The rule that decided: a closed list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Rule {
    /// Among prefixes and addresses the longest wins.
    LongestPrefix,
    /// Among names the most specific wins: URL, host name, mail domain, domain; longer before shorter.
    HostOverDomain,
    /// An AS number counts only where no address or name does.
    NameOverAsn,
    /// Proven wins before asserted.
    Proven,
    /// The asset did not hold at the time of observation.
    NotValidThen,
    /// An address says nothing about whose the name is.
    SharedHosting,
    /// Carved out: what falls in here is not the organisation's.
    Excluded,
    /// A country counts only where nothing else does.
    Country,
}

impl Rule {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LongestPrefix => "longest_prefix",
            Self::HostOverDomain => "host_over_domain",
            Self::NameOverAsn => "name_over_asn",
            Self::Proven => "proven",
            Self::NotValidThen => "not_valid_then",
            Self::SharedHosting => "shared_hosting",
            Self::Excluded => "excluded",
            Self::Country => "country",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
