//! What a hub says is its own: the whole list, each time, with a number that grows.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::fields::{Fields, time};

/// Claims in one list: more do not fit into a line. Who has more keeps its list private and answers by blind matching.
pub const CLAIMS_MAX: usize = 5_000;

/// Keys on one list: one for each member that has a hub.
pub const KEYS_MAX: usize = 1_000;

/// The largest key, in bytes: one on Curve25519 has some 500.
pub(super) const KEY_BYTES_MAX: usize = 2_048;

/// The longest value, in bytes: a URL of a site.
const VALUE_BYTES_MAX: usize = 500;

/// A list of claims.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClaimList {
    /// Grows with each list; an older one says nothing.
    pub version: u64,
    /// All that is claimed.
    pub claims: Vec<HubClaim>,
    /// Keys (OpenPGP, in bytes) to which what concerns a claim can be sealed, so that nobody between reads it.
    pub keys: Vec<Vec<u8>>,
}

/// One thing that is claimed, in the words of the register's files.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HubClaim {
    /// Its kind.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// In which role.
    pub role: String,
    /// From when it is theirs, in seconds since 1970.
    pub valid_from: Option<i64>,
    /// Until when.
    pub valid_until: Option<i64>,
    /// How sure they are.
    pub proof: String,
    /// Which of the list's keys it is sealed to.
    pub key: Option<usize>,
}

impl ClaimList {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        let one = |one: &HubClaim| {
            let mut claim =
                json!({"kind": one.kind, "value": one.value, "role": one.role, "proof": one.proof});
            if let Some(from) = one.valid_from {
                claim["validFrom"] = Value::from(time(from));
            }
            if let Some(until) = one.valid_until {
                claim["validUntil"] = Value::from(time(until));
            }
            if let Some(key) = one.key {
                claim["key"] = Value::from(key);
            }
            claim
        };
        let keys: Vec<String> = self.keys.iter().map(|key| STANDARD.encode(key)).collect();
        json!({"version": self.version, "claims": self.claims.iter().map(one).collect::<Vec<_>>(), "keys": keys})
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("a list of claims", data)?;
        let version = fields.number("version")?;
        let listed = fields.list("claims")?;
        if listed.len() > CLAIMS_MAX {
            return Err(format!("a list has at most {CLAIMS_MAX} claims"));
        }
        let mut keys = Vec::new();
        let given = if data.get("keys").is_some() { fields.list("keys")? } else { &[] };
        for key in given {
            let key = key.as_str().and_then(|text| STANDARD.decode(text).ok());
            keys.push(key.filter(|key| key.len() <= KEY_BYTES_MAX).ok_or("a key of the list is none")?);
        }
        if keys.len() > KEYS_MAX {
            return Err(format!("a list has at most {KEYS_MAX} keys"));
        }
        let mut claims = Vec::with_capacity(listed.len());
        for one in listed {
            let mut fields = Fields::of("a claim", one)?;
            let dates: Vec<&str> =
                ["validFrom", "validUntil"].into_iter().filter(|name| one.get(*name).is_some()).collect();
            let mut date = |name: &str| match dates.contains(&name) {
                true => fields.time(name).map(Some),
                false => Ok(None),
            };
            let (valid_from, valid_until) = (date("validFrom")?, date("validUntil")?);
            let key = match one.get("key") {
                Some(_) => Some(fields.number("key")?),
                None => None,
            };
            if key.is_some_and(|key: usize| key >= keys.len()) {
                return Err("a claim names a key that is not on the list".to_owned());
            }
            let mut text = |name| fields.text(name).map(str::to_owned);
            let claim = HubClaim {
                key,
                kind: text("kind")?,
                value: text("value")?,
                role: text("role")?,
                proof: text("proof")?,
                valid_from,
                valid_until,
            };
            fields.end()?;
            if claim.value.is_empty() || claim.value.len() > VALUE_BYTES_MAX {
                return Err(format!("the value of a claim has 1 to {VALUE_BYTES_MAX} bytes"));
            }
            claims.push(claim);
        }
        fields.end()?;
        Ok(Self { version, claims, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back() {
        let claim = |valid_from, valid_until| HubClaim {
            kind: "prefix".into(),
            value: "192.0.2.0/24".into(),
            role: "owner".into(),
            proof: "dns".into(),
            valid_from,
            valid_until,
            key: valid_from.map(|_| 1),
        };
        let claims = vec![claim(None, None), claim(Some(1_700_000_000), None), claim(Some(0), Some(10))];
        let list = ClaimList { version: 7, claims, keys: vec![vec![1], vec![2; KEY_BYTES_MAX]] };
        assert_eq!(ClaimList::read(&list.to_data()), Ok(list));
    }

    #[test]
    fn what_is_not_exactly_a_list_is_refused() {
        let claim = json!({"kind": "prefix", "value": "192.0.2.0/24", "role": "owner", "proof": "dns"});
        assert!(ClaimList::read(&json!({"version": 1, "claims": [claim]})).is_ok());
        let mut more = claim.clone();
        more["note"] = json!("x");
        let mut long = claim.clone();
        long["value"] = json!("a".repeat(VALUE_BYTES_MAX + 1));
        let mut when = claim.clone();
        when["validFrom"] = json!("yesterday");
        for wrong in [json!([more]), json!([long]), json!([when]), json!([1]), json!("x"), json!(null)] {
            assert!(ClaimList::read(&json!({"version": 1, "claims": wrong})).is_err(), "{wrong}");
        }
        for (key, keys) in
            [(json!(1), json!(["AA=="])), (json!("0"), json!(["AA=="])), (json!(0), json!(["A"]))]
        {
            let mut sealed = claim.clone();
            sealed["key"] = key;
            assert!(ClaimList::read(&json!({"version": 1, "claims": [sealed], "keys": keys})).is_err());
        }
        for keys in [vec![STANDARD.encode(vec![0; KEY_BYTES_MAX + 1])], vec!["AA==".to_owned(); KEYS_MAX + 1]]
        {
            assert!(ClaimList::read(&json!({"version": 1, "claims": [], "keys": keys})).is_err());
        }
        let many = vec![claim; CLAIMS_MAX + 1];
        assert!(ClaimList::read(&json!({"version": 1, "claims": many})).is_err());
        assert!(ClaimList::read(&json!({"version": -1, "claims": []})).is_err());
    }
}
