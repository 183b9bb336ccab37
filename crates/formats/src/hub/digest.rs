//! What was sent, as counts and digests of times: by them a hub sees what it has lost.

use serde_json::{Value, json};

use super::fields::{Fields, time};

/// Times in one message: the hours of a month.
pub const WINDOWS_MAX: usize = 1_000;

/// A time, in seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// From, inclusive.
    pub from: i64,
    /// Until, exclusive.
    pub until: i64,
}

/// What was made in a time and taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// When.
    pub span: Span,
    /// How many parcels.
    pub count: u64,
    /// Their names, each bit added up without carry.
    pub digest: [u8; 16],
}

/// What a hub that has compared asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DigestAsk {
    /// A closer look at these.
    pub narrow: Vec<Span>,
    /// Everything of these again.
    pub send_again: Vec<Span>,
}

impl Span {
    fn read(value: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("a time", value)?;
        let span = Self { from: fields.time("from")?, until: fields.time("until")? };
        fields.end()?;
        span.checked()
    }

    fn checked(self) -> Result<Self, String> {
        if self.from < self.until { Ok(self) } else { Err("a time ends before it begins".to_owned()) }
    }

    fn to_json(self) -> Value {
        json!({"from": time(self.from), "until": time(self.until)})
    }
}

/// Windows as `data` of an envelope.
pub fn to_data(windows: &[Window]) -> Value {
    let one = |one: &Window| {
        let mut window = one.span.to_json();
        window["count"] = Value::from(one.count);
        window["digest"] = Value::from(schakel_model::hub::ParcelId(one.digest).to_string());
        window
    };
    json!({"windows": windows.iter().map(one).collect::<Vec<_>>()})
}

/// Windows from `data` of an envelope.
pub fn read(data: &Value) -> Result<Vec<Window>, String> {
    let mut fields = Fields::of("a digest", data)?;
    let listed = fields.list("windows")?;
    if listed.len() > WINDOWS_MAX {
        return Err(format!("a digest has at most {WINDOWS_MAX} times"));
    }
    let mut windows = Vec::with_capacity(listed.len());
    for one in listed {
        let mut fields = Fields::of("a window", one)?;
        let span = Span { from: fields.time("from")?, until: fields.time("until")? }.checked()?;
        let digest: schakel_model::hub::ParcelId = fields.read("digest")?;
        windows.push(Window { span, count: fields.number("count")?, digest: digest.0 });
        fields.end()?;
    }
    fields.end()?;
    Ok(windows)
}

impl DigestAsk {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        let list = |spans: &[Span]| spans.iter().map(|span| span.to_json()).collect::<Vec<_>>();
        json!({"narrow": list(&self.narrow), "sendAgain": list(&self.send_again)})
    }

    /// From the envelope's `data`.
    pub fn read(data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("a question about a digest", data)?;
        let mut spans = |name| -> Result<Vec<Span>, String> {
            let listed = fields.list(name)?;
            if listed.len() > WINDOWS_MAX {
                return Err(format!("at most {WINDOWS_MAX} times are asked about"));
            }
            listed.iter().map(Span::read).collect()
        };
        let ask = Self { narrow: spans("narrow")?, send_again: spans("sendAgain")? };
        fields.end()?;
        Ok(ask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span { from: 3_600, until: 7_200 };

    #[test]
    fn digests_and_questions_read_back() {
        let windows = [Window { span: SPAN, count: 7, digest: [0xab; 16] }];
        assert_eq!(read(&to_data(&windows)), Ok(windows.to_vec()));
        let ask = DigestAsk { narrow: vec![SPAN], send_again: vec![SPAN, SPAN] };
        assert_eq!(DigestAsk::read(&ask.to_data()), Ok(ask));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let backwards = Span { from: 7_200, until: 3_600 };
        assert!(read(&to_data(&[Window { span: backwards, count: 1, digest: [0; 16] }])).is_err());
        assert!(
            DigestAsk::read(&DigestAsk { narrow: vec![backwards], send_again: vec![] }.to_data()).is_err()
        );
        let many = vec![SPAN; WINDOWS_MAX + 1];
        assert!(DigestAsk::read(&DigestAsk { narrow: many, send_again: vec![] }.to_data()).is_err());
        assert!(read(&json!({"windows": [{"from": "x"}]})).is_err());
        assert!(read(&json!({})).is_err());
    }
}
