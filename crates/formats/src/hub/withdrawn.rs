//! A hub says that what it handed over is not the receiver's, or that its source took it back.

use schakel_model::hub::FindingKeyOnLink;
use serde_json::{Value, json};

use super::fields::{Fields, time};

/// What is taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TakenBack {
    /// How the finding is called on the link.
    pub key: FindingKeyOnLink,
    /// When, in seconds since 1970.
    pub at: i64,
}

impl TakenBack {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        json!({"findingKey": self.key.to_string(), "at": time(self.at)})
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("what is taken back", data)?;
        let taken_back = Self { key: fields.read("findingKey")?, at: fields.time("at")? };
        fields.end()?;
        Ok(taken_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_and_says_nothing_more() {
        let taken_back = TakenBack { key: FindingKeyOnLink([7; 16]), at: 1_773_558_000 };
        let data = taken_back.to_data();
        assert_eq!(TakenBack::read(&data), Ok(taken_back));
        let mut more = data.clone();
        more["reason"] = json!("x");
        for wrong in [
            more,
            json!({}),
            json!({"findingKey": "x", "at": data["at"]}),
            json!({"findingKey": data["findingKey"]}),
        ] {
            assert!(TakenBack::read(&wrong).is_err(), "{wrong}");
        }
    }
}
