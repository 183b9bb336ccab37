//! How far a finding came at a hub that it was handed over to, and beyond: for each finding, or as counts.

use schakel_model::hub::{FindingKeyOnLink, HubStatus};
use serde_json::{Value, json};

use super::fields::{Fields, time};

/// How far one finding came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    /// How the finding is called on this link.
    pub key: FindingKeyOnLink,
    /// How far.
    pub status: HubStatus,
    /// Since when, in seconds since 1970.
    pub at: i64,
}

impl Status {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        json!({"findingKey": self.key.to_string(), "status": self.status.as_str(), "at": time(self.at)})
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("a status", data)?;
        let status =
            Self { key: fields.read("findingKey")?, status: fields.read("status")?, at: fields.time("at")? };
        fields.end()?;
        Ok(status)
    }
}

/// How many findings of a day came so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusCount {
    /// The day on which they were handed over, `2026-11-21`.
    pub day: String,
    /// How far.
    pub status: HubStatus,
    /// How many.
    pub count: u32,
}

impl StatusCount {
    /// What stands in the envelope's `data`.
    pub fn to_data(counts: &[Self]) -> Value {
        let one = |one: &Self| json!({"day": one.day, "status": one.status.as_str(), "count": one.count});
        json!({"counts": counts.iter().map(one).collect::<Vec<_>>()})
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Vec<Self>, String> {
        let mut fields = Fields::of("counts", data)?;
        let mut counts = Vec::new();
        for one in fields.list("counts")? {
            let mut fields = Fields::of("a count", one)?;
            let day = fields.text("day")?;
            day.parse::<jiff::civil::Date>().map_err(|_| format!("`{day}` is no day"))?;
            counts.push(Self {
                day: day.to_owned(),
                status: fields.read("status")?,
                count: fields.number("count")?,
            });
            fields.end()?;
        }
        fields.end()?;
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_reads_back() {
        let status = Status { key: FindingKeyOnLink([3; 16]), status: HubStatus::NotMine, at: 1_773_558_000 };
        assert_eq!(Status::read(&status.to_data()), Ok(status));
        let counts = [StatusCount { day: "2026-03-15".into(), status: HubStatus::Fixed, count: 12 }];
        assert_eq!(StatusCount::read(&StatusCount::to_data(&counts)), Ok(counts.to_vec()));
        assert!(
            StatusCount::read(&json!({"counts": [{"day": "x", "status": "fixed", "count": 1}]})).is_err()
        );
        assert!(
            Status::read(&json!({"findingKey": "x", "status": "fixed", "at": "2026-03-15T00:00:00Z"}))
                .is_err()
        );
    }
}
