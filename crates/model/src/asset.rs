//! What an organisation can own, in which role, for how long, how sure.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;

use crate::ids::{AssetId, OrganisationId};

/// The kind of asset, as `assets.csv` names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum AssetKind {
    Prefix,
    Address,
    Asn,
    Domain,
    Hostname,
    Url,
    MailDomain,
    Country,
    RipeHandle,
    Product,
}

/// An asset's value, normalised: prefixes without host bits, names in lower-case ASCII (IDNA) without trailing dot, country in upper case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AssetValue {
    /// An IPv4 or IPv6 prefix. IPv4-mapped IPv6 is IPv4.
    Prefix(IpNet),
    /// One address. IPv4-mapped IPv6 is IPv4.
    Address(IpAddr),
    /// An AS number.
    Asn(u32),
    /// A domain with everything below it.
    Domain(String),
    /// Exactly this name.
    Hostname(String),
    /// Everything whose URL starts so. Scheme and host in lower case.
    Url(String),
    /// Accounts at this domain (and below).
    MailDomain(String),
    /// ISO 3166 country code.
    Country([u8; 2]),
    /// A RIPE organisation handle in upper case: whatever the imported table of prefixes says it has.
    RipeHandle(String),
    /// A product, as people or a CPE name it. For vulnerability warnings; no event is attributed by it.
    Product(String),
}

/// In which role an organisation has an asset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Role {
    Owner,
    Operator,
    Supplier,
    Monitor,
}

/// How sure we are, in rising order: proven wins before asserted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Proof {
    /// Somebody says so.
    Asserted,
    /// The desk checked it.
    Desk,
    /// A code sent to a role address of the domain came back.
    Mail,
    /// A DNS TXT token.
    Dns,
    /// A file on the web server.
    File,
    /// The registry's holder matches.
    Rdap,
}

/// What else holds for an asset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct AssetFlags {
    /// Addresses change hands: time and port are needed to find the machine.
    pub dynamic: bool,
    /// Many parties' names live on this address: a match says nothing about the owners of the names.
    pub shared_hosting: bool,
    /// Carved out of a larger asset: whatever falls in here is *not* the organisation's.
    pub excluded: bool,
}

/// An asset of an organisation in a role, for a period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asset {
    /// Its number in the register.
    pub id: AssetId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// What it is.
    pub value: AssetValue,
    /// In which role.
    pub role: Role,
    /// From when, inclusive, in seconds since 1970; `None` is open.
    pub valid_from: Option<i64>,
    /// Until when, exclusive, in seconds since 1970; `None` is open.
    pub valid_until: Option<i64>,
    /// How sure.
    pub proof: Proof,
    /// What else holds.
    pub flags: AssetFlags,
    /// A remark of the desk.
    pub note: String,
}

impl Asset {
    /// Does it hold at this time (seconds since 1970)?
    pub fn valid_at(&self, at: i64) -> bool {
        holds_at(self.valid_from, self.valid_until, at)
    }
}

/// Does a period (from inclusive, until exclusive, `None` open; seconds since 1970) hold at this time?
pub(crate) fn holds_at(from: Option<i64>, until: Option<i64>, at: i64) -> bool {
    from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
}

impl AssetValue {
    /// Its kind.
    pub fn kind(&self) -> AssetKind {
        match self {
            Self::Prefix(_) => AssetKind::Prefix,
            Self::Address(_) => AssetKind::Address,
            Self::Asn(_) => AssetKind::Asn,
            Self::Domain(_) => AssetKind::Domain,
            Self::Hostname(_) => AssetKind::Hostname,
            Self::Url(_) => AssetKind::Url,
            Self::MailDomain(_) => AssetKind::MailDomain,
            Self::Country(_) => AssetKind::Country,
            Self::RipeHandle(_) => AssetKind::RipeHandle,
            Self::Product(_) => AssetKind::Product,
        }
    }
}

impl fmt::Display for AssetValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(net) => net.fmt(f),
            Self::Address(ip) => ip.fmt(f),
            Self::Asn(asn) => write!(f, "AS{asn}"),
            Self::Domain(name)
            | Self::Hostname(name)
            | Self::Url(name)
            | Self::MailDomain(name)
            | Self::RipeHandle(name)
            | Self::Product(name) => f.write_str(name),
            Self::Country(code) => f.write_str(std::str::from_utf8(code).unwrap_or("??")),
        }
    }
}

macro_rules! words {
    ($type:ident, $what:literal, $($variant:ident $word:literal),* $(,)?) => {
        impl $type {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the register's files.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;
            /// Any case, spaces around it ignored.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let word = text.trim();
                Self::ALL
                    .iter()
                    .copied()
                    .find(|value| value.as_str().eq_ignore_ascii_case(word))
                    .ok_or_else(|| {
                        let known: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                        format!("`{word}` is no {}: use {}", $what, known.join(", "))
                    })
            }
        }
    };
}
pub(crate) use words;

words!(
    AssetKind, "kind of asset",
    Prefix "prefix", Address "address", Asn "asn", Domain "domain", Hostname "hostname", Url "url",
    MailDomain "mail_domain", Country "country", RipeHandle "ripe_handle", Product "product",
);
words!(Role, "role of an asset", Owner "owner", Operator "operator", Supplier "supplier", Monitor "monitor");
words!(Proof, "proof", Asserted "asserted", Desk "desk", Mail "mail", Dns "dns", File "file", Rdap "rdap");
