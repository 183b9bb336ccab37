//! The keys by which a hub signs from now on, announced under one that is known.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::fields::{Fields, time};

/// Keys of one hub in one message: the one that signs, the next, and some that were withdrawn.
const KEYS_MAX: usize = 8;

/// A key, and until when it counts, in seconds since 1970.
pub type Announced = ([u8; 32], Option<i64>);

/// What stands in the envelope's `data`.
pub fn to_data(keys: &[Announced]) -> Value {
    let one = |(key, until): &Announced| json!({"key": STANDARD.encode(key), "validUntil": until.map(time)});
    json!({"keys": keys.iter().map(one).collect::<Vec<_>>()})
}

/// From the envelope's `data`.
pub fn read(data: &Value) -> Result<Vec<Announced>, String> {
    let mut fields = Fields::of("keys", data)?;
    let list = fields.list("keys")?;
    fields.end()?;
    if list.is_empty() || list.len() > KEYS_MAX {
        return Err(format!("a hub has 1 to {KEYS_MAX} keys"));
    }
    list.iter()
        .map(|one| {
            let mut fields = Fields::of("a key", one)?;
            let key = read_key(fields.text("key")?)?;
            let until = match fields.value("validUntil")? {
                Value::Null => None,
                _ => {
                    let mut again = Fields::of("a key", one)?;
                    Some(again.time("validUntil")?)
                }
            };
            fields.end()?;
            Ok((key, until))
        })
        .collect()
}

/// A key as it stands in text.
pub(super) fn read_key(text: &str) -> Result<[u8; 32], String> {
    let bytes = STANDARD.decode(text).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| "it is no Ed25519 key".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back() {
        let keys = [([1; 32], Some(1_773_558_000)), ([2; 32], None)];
        assert_eq!(read(&to_data(&keys)), Ok(keys.to_vec()));
        assert!(read(&to_data(&[])).is_err() && read(&to_data(&[keys[1]; 9])).is_err());
        assert!(read(&json!({"keys": [{"key": "AA==", "validUntil": null}]})).is_err());
    }
}
