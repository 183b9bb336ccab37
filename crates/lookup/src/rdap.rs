//! Asking a registry who holds a prefix, an address or an AS number (RDAP: RFC 9082).

use schakel_formats::rdap::AnswerError;
use schakel_model::asset::{AssetKind, AssetValue};

use crate::https::FetchError;

/// Answers of registries are 5 to 50 kB, notices and all.
pub const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Why a holder could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum RdapError {
    /// Registries know prefixes, addresses and AS numbers.
    #[error("a registry knows prefixes, addresses and AS numbers, and no {0}")]
    Kind(AssetKind),
    /// The question.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The answer.
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

/// The URL that asks for a value.
pub(crate) fn question(base: &str, value: &AssetValue) -> Result<String, RdapError> {
    match value {
        AssetValue::Prefix(net) => Ok(format!("{base}/ip/{net}")),
        AssetValue::Address(address) => Ok(format!("{base}/ip/{address}")),
        AssetValue::Asn(asn) => Ok(format!("{base}/autnum/{asn}")),
        other => Err(RdapError::Kind(other.kind())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_does_not_know_is_not_asked() {
        assert_eq!(question("https://r.example", &AssetValue::Asn(7)).unwrap(), "https://r.example/autnum/7");
        assert_eq!(
            question("https://r.example", &AssetValue::Prefix("2001:db8::/32".parse().unwrap())).unwrap(),
            "https://r.example/ip/2001:db8::/32"
        );
        assert!(question("https://r.example", &AssetValue::Domain("a.example".into())).is_err());
    }
}
