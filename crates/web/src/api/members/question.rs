//! What a member asks, and whether it is the one who asks.

use jiff::civil::Date;
use ring::hmac;
use schakel_store::{
    Reader,
    member_keys::{self, MemberKey},
};
use serde::Deserialize;

use super::answer::Refused;

/// A question holds a key and a few words.
pub(super) const QUESTION_BYTES_MAX: usize = 16 << 10;

/// What is asked. Fields we do not know are left alone, as clients may send more.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(super) struct Asked {
    apikey: String,
    #[serde(default)]
    date: Option<String>,
    #[serde(default, rename = "type")]
    type_name: Option<Words>,
    #[serde(default)]
    reports: Option<Words>,
    /// As older clients name it.
    #[serde(default)]
    report: Option<Words>,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub limit: Option<usize>,
}

/// A word, or several.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    /// Is this one of them? None is any.
    fn have(&self, word: &str) -> bool {
        let words = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        };
        let mut words =
            words.iter().flat_map(|one| one.split(',')).map(str::trim).filter(|one| !one.is_empty());
        let Some(first) = words.next() else { return true };
        first.eq_ignore_ascii_case(word) || words.any(|one| one.eq_ignore_ascii_case(word))
    }
}

impl Asked {
    /// Does it ask for this list?
    pub fn wants_list(&self, list: &str) -> bool {
        [&self.reports, &self.report].into_iter().flatten().all(|words| words.have(list))
    }

    /// Does it ask for this report type?
    pub fn wants_type(&self, type_name: &str) -> bool {
        self.type_name.as_ref().is_none_or(|words| words.have(type_name))
    }

    /// The days it asks for, both included; `all` when it names none.
    pub fn days(&self, all: (Date, Date)) -> Result<(Date, Date), Refused> {
        let Some(text) = self.date.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(all);
        };
        let (from, until) = text.split_once(':').unwrap_or((text, text));
        let day = |text: &str| text.trim().parse().ok();
        day(from)
            .zip(day(until))
            .ok_or_else(|| Refused::bad("date must be YYYY-MM-DD, or YYYY-MM-DD:YYYY-MM-DD for several days"))
    }
}

/// The question in these bytes, and the key by which they are signed.
pub(super) fn signed(reader: &Reader, bytes: &[u8], signature: &str) -> Result<(MemberKey, Asked), Refused> {
    let asked: Asked = serde_json::from_slice(bytes)
        .map_err(|_| Refused::bad("the question must be a JSON object with an apikey"))?;
    let found = reader
        .read(|connection| member_keys::with_secret(connection, &asked.apikey))
        .map_err(Refused::trouble)?;
    // A key that is none is checked all the same: both answers take the same time.
    let secret = found.as_ref().map_or(&b""[..], |(_, secret)| secret);
    let right = is_signed(secret, bytes, signature);
    match found {
        Some((key, secret)) if right && !secret.is_empty() => Ok((key, asked)),
        _ => Err(Refused::not_signed()),
    }
}

/// Is this the signature (HMAC-SHA256, hexadecimal) of these bytes?
fn is_signed(secret: &[u8], bytes: &[u8], signature: &str) -> bool {
    let signature = signature.trim();
    let pair = |at: usize| u8::from_str_radix(signature.get(at..at + 2)?, 16).ok();
    let tag: Option<Vec<u8>> = (0..signature.len()).step_by(2).map(pair).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, bytes, &tag.unwrap_or_default()).is_ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_signature_is_of_these_bytes_under_this_secret() {
        // RFC 4231, test case 2.
        let (bytes, right) = (
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        assert!(is_signed(b"Jefe", bytes, right));
        assert!(is_signed(b"Jefe", bytes, &right.to_uppercase()));
        assert!(!is_signed(b"Jeff", bytes, right));
        assert!(!is_signed(b"Jefe", b"what do ya want for nothing", right));
        for wrong in ["", "5b", "zz", &right[..63], &right[..62], "é", &format!("{right}00")] {
            assert!(!is_signed(b"Jefe", bytes, wrong), "{wrong}");
        }
    }

    fn asked(text: &str) -> Asked {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn days_are_read_as_clients_write_them() {
        let all = (date(2026, 10, 22), date(2026, 11, 20));
        let days = |text: &str| asked(&format!(r#"{{"apikey":"k","date":"{text}"}}"#)).days(all).ok();
        assert_eq!(asked(r#"{"apikey":"k"}"#).days(all).ok(), Some(all));
        assert_eq!(days(""), Some(all));
        assert_eq!(days("2026-11-18"), Some((date(2026, 11, 18), date(2026, 11, 18))));
        assert_eq!(days("2026-11-18:2026-11-21"), Some((date(2026, 11, 18), date(2026, 11, 21))));
        for wrong in ["yesterday", "2026-11-31", "2026-11-18:", ":", "2026-11-18:2026-11-19:2026-11-20"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lists_and_types_are_a_word_or_several() {
        for (text, wanted) in [
            (r#"{"apikey":"k"}"#, true),
            (r#"{"apikey":"k","reports":[]}"#, true),
            (r#"{"apikey":"k","reports":["GM1"]}"#, true),
            (r#"{"apikey":"k","reports":"gm2, gm1"}"#, true),
            (r#"{"apikey":"k","report":["gm2"]}"#, false),
            (r#"{"apikey":"k","reports":["gm1"],"report":"gm2"}"#, false),
        ] {
            assert_eq!(asked(text).wants_list("gm1"), wanted, "{text}");
        }
        let one = asked(r#"{"apikey":"k","type":"scan_rdp","limit":3,"unknown":{}}"#);
        assert!(one.wants_type("scan_rdp") && !one.wants_type("scan_ssl"));
        assert_eq!(one.limit, Some(3));
        assert!(serde_json::from_str::<Asked>(r#"{"date":"2026-11-18"}"#).is_err());
    }
}
