//! "Whose is this?" on the wire: one address or name, and what is said of it.

use schakel_model::hub::{HubName, Whose};
use serde_json::{Value, json};

use super::{fields::Fields, message::exactly};

/// The longest name in the DNS, in bytes.
const VALUE_BYTES_MAX: usize = 253;

/// The name of a question: 16 bytes, as hexadecimal digits on the wire. It is formed as names of parcels are.
pub type QuestionId = schakel_model::hub::ParcelId;

/// A question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WhoseAsk {
    /// Its name; the answer bears it too.
    pub id: QuestionId,
    /// An address or a host name.
    pub value: String,
}

/// Its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WhoseAnswer {
    /// The question.
    pub id: QuestionId,
    /// What is said.
    pub answer: Whose,
}

impl WhoseAsk {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        json!({"question": self.id.to_string(), "value": self.value})
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("a question", data)?;
        let asked = Self { id: fields.read("question")?, value: fields.text("value")?.to_owned() };
        fields.end()?;
        match asked.value.is_empty() || asked.value.len() > VALUE_BYTES_MAX {
            true => Err(format!("an address or a name has 1 to {VALUE_BYTES_MAX} bytes")),
            false => Ok(asked),
        }
    }
}

impl WhoseAnswer {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        let (word, hub) = self.answer.words();
        let mut data = json!({"question": self.id.to_string(), "answer": word});
        if let Some(hub) = hub {
            data["hub"] = Value::from(hub.as_str());
        }
        data
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("an answer", data)?;
        let hub: Option<HubName> = match fields.any("hub") {
            Some(hub) => Some(exactly(hub.as_str().ok_or("the hub is no text")?)?),
            None => None,
        };
        let answer = Self { id: fields.read("question")?, answer: Whose::read(fields.text("answer")?, hub)? };
        fields.end()?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: QuestionId = schakel_model::hub::ParcelId([7; 16]);

    #[test]
    fn questions_and_answers_read_back() {
        let asked = WhoseAsk { id: ID, value: "192.0.2.1".into() };
        assert_eq!(WhoseAsk::read(&asked.to_data()), Ok(asked));
        let named = Whose::Hub("cert.example".parse().unwrap());
        for answer in [Whose::Yes, Whose::No, named, Whose::Later, Whose::Refused] {
            let answer = WhoseAnswer { id: ID, answer };
            assert_eq!(WhoseAnswer::read(&answer.to_data()), Ok(answer));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let id = ID.to_string();
        for data in [
            json!({"question": id}),
            json!({"question": id, "value": ""}),
            json!({"question": id, "value": "a".repeat(254)}),
            json!({"question": "1", "value": "192.0.2.1"}),
            json!({"question": id, "value": 5}),
            json!({"question": id, "value": "192.0.2.1", "and": "198.51.100.1"}),
        ] {
            assert!(WhoseAsk::read(&data).is_err(), "{data}");
        }
        for data in [
            json!({"question": id, "answer": "maybe"}),
            json!({"question": id, "answer": "ask"}),
            json!({"question": id, "answer": "no", "hub": "cert.example"}),
            json!({"question": id, "answer": "ask", "hub": "CERT.example"}),
            json!({"question": id, "answer": "yes", "organisation": "GM1"}),
        ] {
            assert!(WhoseAnswer::read(&data).is_err(), "{data}");
        }
    }
}
