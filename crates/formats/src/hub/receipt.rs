//! A receipt: what a hub says of a parcel that it got.

use schakel_model::hub::{ParcelId, ReceiptOutcome};
use serde_json::{Value, json};

use super::fields::{Fields, time};

/// A receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Which parcel.
    pub parcel: ParcelId,
    /// What became of it.
    pub outcome: ReceiptOutcome,
    /// When, in seconds since 1970.
    pub at: i64,
}

impl Receipt {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        let mut data = json!({
            "parcel": self.parcel.to_string(),
            "outcome": self.outcome.as_str(),
            "at": time(self.at),
        });
        if let ReceiptOutcome::Rejected(reason) = self.outcome {
            data["reason"] = Value::from(reason.as_str());
        }
        data
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("a receipt", data)?;
        let reason = fields.any("reason").map(|reason| reason.as_str().ok_or("the reason is no text"));
        let outcome = ReceiptOutcome::read(fields.text("outcome")?, reason.transpose()?.unwrap_or_default())?;
        let receipt = Self { parcel: fields.read("parcel")?, outcome, at: fields.time("at")? };
        fields.end()?;
        Ok(receipt)
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::hub::Rejection;

    use super::*;

    #[test]
    fn a_receipt_reads_back() {
        for outcome in [
            ReceiptOutcome::Accepted,
            ReceiptOutcome::Deferred,
            ReceiptOutcome::NotMine,
            ReceiptOutcome::Rejected(Rejection::Quota),
        ] {
            let receipt = Receipt { parcel: ParcelId([9; 16]), outcome, at: 1_773_558_000 };
            assert_eq!(Receipt::read(&receipt.to_data()), Ok(receipt));
        }
        let good = Receipt { parcel: ParcelId([9; 16]), outcome: ReceiptOutcome::Accepted, at: 0 }.to_data();
        for (member, value) in
            [("outcome", json!("rejected")), ("reason", json!(1)), ("parcel", json!("x")), ("more", json!(1))]
        {
            let mut wrong = good.clone();
            wrong[member] = value;
            assert!(Receipt::read(&wrong).is_err(), "{member}");
        }
    }
}
