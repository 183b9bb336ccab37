//! Blind matching on the wire: things that are asked without being shown, and the answers with a filter of what is owned.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::fields::Fields;

/// Things in one question: with the filter its answer fits into a line.
pub const ELEMENTS_MAX: usize = 8_000;

/// The largest filter, in bytes: 65,536 values of six.
pub const FILTER_BYTES_MAX: usize = 6 << 16;

/// A question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Its name; the answer bears it too.
    pub id: String,
    /// What is asked, blinded.
    pub elements: Vec<[u8; 32]>,
}

/// Its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The question.
    pub id: String,
    /// What the key makes of each thing, in order.
    pub elements: Vec<[u8; 32]>,
    /// What is owned.
    pub filter: Vec<u8>,
}

impl Question {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        json!({"question": self.id, "elements": texts(&self.elements)})
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("a question", data)?;
        let question = Self { id: fields.text("question")?.to_owned(), elements: elements(&mut fields)? };
        fields.end()?;
        Ok(question)
    }
}

impl Answer {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        json!({
            "question": self.id, "elements": texts(&self.elements), "filter": URL_SAFE_NO_PAD.encode(&self.filter),
        })
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("an answer", data)?;
        let filter =
            URL_SAFE_NO_PAD.decode(fields.text("filter")?).map_err(|_| "the filter is not in base64url")?;
        if filter.len() > FILTER_BYTES_MAX {
            return Err(format!("a filter has at most {FILTER_BYTES_MAX} bytes"));
        }
        let id = fields.text("question")?.to_owned();
        let answer = Self { id, elements: elements(&mut fields)?, filter };
        fields.end()?;
        Ok(answer)
    }
}

fn texts(elements: &[[u8; 32]]) -> Vec<String> {
    elements.iter().map(|element| URL_SAFE_NO_PAD.encode(element)).collect()
}

fn elements(fields: &mut Fields<'_>) -> Result<Vec<[u8; 32]>, String> {
    let listed = fields.list("elements")?;
    if listed.len() > ELEMENTS_MAX {
        return Err(format!("a question has at most {ELEMENTS_MAX} elements"));
    }
    let read = |one: &Value| one.as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok());
    listed
        .iter()
        .map(read)
        .collect::<Option<_>>()
        .ok_or_else(|| "an element is not 32 bytes in base64url".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_answers_read_back_and_fit_into_a_line() {
        let elements: Vec<[u8; 32]> = (0..ELEMENTS_MAX).map(|n| [n as u8; 32]).collect();
        let question = Question { id: "q1".into(), elements: elements.clone() };
        assert_eq!(Question::read(&question.to_data()), Ok(question));
        let answer = Answer { id: "q1".into(), elements, filter: vec![7; FILTER_BYTES_MAX] };
        assert!(answer.to_data().to_string().len() < super::super::message::LINE_BYTES_MAX - 1_000);
        assert_eq!(Answer::read(&answer.to_data()), Ok(answer));
    }

    #[test]
    fn what_is_too_much_or_no_element_is_refused() {
        let many = Question { id: "q".into(), elements: vec![[0; 32]; ELEMENTS_MAX + 1] };
        assert!(Question::read(&many.to_data()).is_err());
        let large = Answer { id: "q".into(), elements: vec![], filter: vec![0; FILTER_BYTES_MAX + 1] };
        assert!(Answer::read(&large.to_data()).is_err());
        assert!(Question::read(&json!({"question": "q", "elements": ["AAAA"]})).is_err());
        assert!(Question::read(&json!({"question": "q", "elements": [1]})).is_err());
    }
}
