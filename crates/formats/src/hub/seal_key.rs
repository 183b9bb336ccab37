//! The key that a hub wants to be sealed to from now on.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{claims::KEY_BYTES_MAX, fields::Fields};

/// What stands in the envelope's `data`: an OpenPGP key.
pub fn to_data(key: &[u8]) -> Value {
    json!({"key": STANDARD.encode(key)})
}

/// From the envelope's `data`. Whether it is a key that can be used is for others to say.
pub fn read(data: &Value) -> Result<Vec<u8>, String> {
    let mut fields = Fields::of("a key for sealing", data)?;
    let key = STANDARD.decode(fields.text("key")?).ok();
    fields.end()?;
    key.filter(|key| !key.is_empty() && key.len() <= KEY_BYTES_MAX)
        .ok_or_else(|| "it is no key for sealing".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_larger_does() {
        assert_eq!(read(&to_data(&[1, 2])), Ok(vec![1, 2]));
        for bad in [json!({}), json!({"key": "?"}), to_data(&[]), to_data(&[0; KEY_BYTES_MAX + 1])] {
            assert!(read(&bad).is_err(), "{bad}");
        }
        assert!(read(&json!({"key": "AQI=", "more": 1})).is_err());
    }
}
